/* The memory backend: B+trees with counted references, so that a snapshot or a clone of a whole
 * store costs nothing until it changes. A reader that begins while a writer has changed a table
 * gets a copy of that table, row by row. There is no backup (FC_E_ARG): clone it. */
#ifndef FC_STORE_KV_MEM_H
#define FC_STORE_KV_MEM_H

#include "store/kv.h"

FC_MUST_USE enum fc_err fc_kv_mem_create(struct fc_kv **kv);
/* A new store that shares all of `from`'s memory, and later keeps one copy of what both are given:
 * of values beyond some tens of bytes. They belong to one thread at a time. No write transaction
 * may be open in `from`. */
FC_MUST_USE enum fc_err fc_kv_mem_clone(struct fc_kv *from, struct fc_kv **kv);

#endif
