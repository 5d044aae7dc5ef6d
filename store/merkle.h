/* A binary Merkle tree over a sorted list of hashes (RFC 9162's shape: the left side takes the
 * largest power of two below the count). Commits a charter to the records it carries over. */
#ifndef FC_STORE_MERKLE_H
#define FC_STORE_MERKLE_H

#include "store/crypto.h"

enum { FC_MERKLE_PROOF_MAX = 17 };

/* Root of `count` hashes, 32 bytes each, back to back; zero for none. */
struct fc_hash fc_merkle_root(struct fc_span hashes);
/* The path for the hash at `index`: sibling hashes from leaf to root; returns how many. */
uint32_t fc_merkle_prove(struct fc_span hashes, uint32_t index,
                         struct fc_hash path[FC_MERKLE_PROOF_MAX]);
bool fc_merkle_check(const struct fc_hash *root, uint32_t count, uint32_t index,
                     const struct fc_hash *leaf, const struct fc_hash *path, uint32_t path_count);

#endif
