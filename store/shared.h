/* What the replicas of one process hold in common, so that thousands fit into it: ledgers that are
 * alike, a codec, what was found of contents, and digests. Verdicts are the same as without it. For
 * one thread at a time. */
#ifndef FC_STORE_SHARED_H
#define FC_STORE_SHARED_H

#include "store/ledger_pool.h"

struct fc_shared;
/* FC_E_NOMEM. The ledgers' signatures are checked with `verifier`. */
FC_MUST_USE enum fc_err fc_shared_create(struct fc_verifier verifier, struct fc_shared **shared);
/* Its replicas must be closed. NULL is fine. */
void fc_shared_destroy(struct fc_shared *shared);

struct fc_ledger_pool *fc_shared_ledgers(struct fc_shared *shared);

#endif
