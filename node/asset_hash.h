/* Entries by the SHA-256 of their content, as the XFSC catalogue names them. Nothing signed is over
 * that hash and no table of the store has it: this is worked out when it is first asked for, kept
 * in memory, and kept up with what arrives. For any number of threads at once. */
#ifndef FC_NODE_ASSET_HASH_H
#define FC_NODE_ASSET_HASH_H

#include "store/crypto.h"
#include "store/replica.h"

enum { FC_ASSET_HASHES_MAX = 4 * 1024 * 1024 }; /* 24 bytes each; entries beyond are not found */

struct fc_asset_hashes;
FC_MUST_USE enum fc_err fc_asset_hashes_create(struct fc_asset_hashes **hashes);
void fc_asset_hashes_destroy(struct fc_asset_hashes *hashes); /* NULL is fine */

/* Hashes what is new, until `until_us` of the monotonic clock. FC_E_AGAIN: there is more; store
 * errors, FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_asset_hashes_update(struct fc_asset_hashes *hashes,
                                               struct fc_replica *replica, uint64_t until_us);
/* Calls back for each entry whose content has that hash now. As far as it is up to date. */
FC_MUST_USE enum fc_err fc_asset_hashes_find(struct fc_asset_hashes *hashes,
                                             struct fc_replica *replica,
                                             const struct fc_hash *sha256,
                                             enum fc_err (*each)(void *ctx,
                                                                 const struct fc_hash *participant,
                                                                 const struct fc_hash *key_hash),
                                             void *ctx);

#endif
