/* The pages of an LMDB data file, read without LMDB: the library trusts what it maps, and a damaged
 * page can end the process that asked for it. Reads the file only, by bounded steps.
 *
 * The format is LMDB 0.9's (data version 1) with 64-bit words of the machine's own order. */
#ifndef FC_STORE_KV_LMDB_PAGES_H
#define FC_STORE_KV_LMDB_PAGES_H

#include "store/bytes.h"

enum fc_lmdb_pages_depth {
    FC_LMDB_PAGES_HEAD, /* metas, free lists, table roots and some branches: cheap */
    FC_LMDB_PAGES_ALL,  /* every page is read, in its place, and used exactly once */
};
/* FC_E_CORRUPT; FC_E_VERSION for another version of the library's format; FC_E_IO; FC_E_NOMEM.
 * No one may commit to the file meanwhile. */
FC_MUST_USE enum fc_err fc_lmdb_pages_check(const char *path, enum fc_lmdb_pages_depth depth);

#endif
