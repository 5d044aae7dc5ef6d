/* Ledgers that are alike, held once: for many replicas in one process.
 *
 * What a ledger decides follows from the set of records it holds, so ledgers of one pool that hold
 * the same ones share them and all that was decided. The first to take a record works it out; the
 * others find the result. Checkpoints, on which nothing rests, are each ledger's own list. */
#ifndef FC_STORE_LEDGER_POOL_H
#define FC_STORE_LEDGER_POOL_H

#include "store/ledger.h"

struct fc_ledger_pool;

/* NULL when out of memory. All ledgers of the pool verify with `verifier`. */
struct fc_ledger_pool *fc_ledger_pool_create(struct fc_verifier verifier);
/* Its ledgers must be gone. NULL is fine. */
void fc_ledger_pool_destroy(struct fc_ledger_pool *pool);

/* Which records, but for checkpoints, a ledger holds, and which charters it has pinned. */
struct fc_ledger_id {
    uint8_t b[32];
};
struct fc_ledger_id fc_ledger_id(const struct fc_ledger *ledger);

/* A ledger that holds what one with this id held, without checkpoints. FC_E_MISSING when none is
 * known to the pool: fill one, and have it join. */
FC_MUST_USE enum fc_err fc_ledger_pool_open(struct fc_ledger_pool *pool,
                                            const struct fc_hash *federation,
                                            const struct fc_ledger_id *id,
                                            struct fc_ledger **ledger);
/* A ledger that was filled by itself is one of the pool's from here on. */
void fc_ledger_pool_join(struct fc_ledger_pool *pool, struct fc_ledger *ledger);

struct fc_ledger_pool_stat {
    size_t ledgers;         /* different ones */
    size_t records;         /* in all of them, each as often as it is held */
    uint64_t worked, found; /* additions that were worked out, and that were known */
};
void fc_ledger_pool_stat(const struct fc_ledger_pool *pool, struct fc_ledger_pool_stat *stat);

#endif
