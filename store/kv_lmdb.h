/* The LMDB backend: one environment, one owning process, every commit synced. For one
 * thread, but for its readers (fc_kv_reader_open). Transactions are kept in memory until they end:
 * bound what one of them writes.
 *
 * The map grows by itself, when a write transaction begins or after one met its end, but only while
 * no other transaction is open: readers are waited for. A process that limits the size of its files
 * ignores SIGXFSZ. */
#ifndef FC_STORE_KV_LMDB_H
#define FC_STORE_KV_LMDB_H

#include "store/kv.h"

struct fc_kv_lmdb_config {
    const char *path;       /* a directory; made with mode 0700 when absent */
    bool create;            /* else FC_E_MISSING when there is no store */
    uint64_t map_bytes;     /* first size of the map, 0 for the default; it grows by itself */
    uint64_t map_bytes_max; /* 0: none */
};
/* FC_E_LOCKED when another process owns the store; FC_E_VERSION when it was written in a format
 * this program does not read; FC_E_CORRUPT; FC_E_FULL; FC_E_IO; FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_kv_lmdb_open(const struct fc_kv_lmdb_config *config, struct fc_kv **kv);

#endif
