/* The state tree: a history-independent Merkle tree over a feed's live entries.
 *
 * 16-ary radix on H(key). A subtree of at most FC_BUCKET_MAX leaves is a bucket: its leaves' hashes
 * sorted by H(key), filled up with zero to 16 places. A larger one is an inner node of 16 children.
 * Both hash their 16 places as a binary tree of four levels, personal "fedcat.bucket.1" and
 * "fedcat.node.1"; a pair of zeros hashes to zero; an empty subtree is zero. The shape depends on
 * the set of entries alone, so equal sets have equal roots whatever happened before.
 *
 * The tree is kept beside the rows of table ENTRY and reads leaves from there: change rows first,
 * then update the tree with the keys that changed. */
#ifndef FC_STORE_TREE_H
#define FC_STORE_TREE_H

#include "store/entry.h"
#include "store/kv.h"

/* Nibble `index` of a hash, 0 to 63, the upper half of a byte first. */
static inline unsigned fc_nibble(const struct fc_hash *hash, unsigned index)
{
    return index % 2 == 0 ? hash->b[index / 2] >> 4 : hash->b[index / 2] & 15;
}

struct fc_prefix { /* the first `depth` nibbles of `bits`; the rest is zero */
    uint8_t depth;
    struct fc_hash bits;
};
struct fc_prefix fc_prefix_child(struct fc_prefix prefix, unsigned nibble);
bool fc_prefix_covers(const struct fc_prefix *prefix, const struct fc_hash *key_hash);

struct fc_subtree {
    struct fc_hash hash;
    uint64_t count; /* leaves below */
};

/* Brings the tree in line with rows of `generation` after those `keys` (sorted, unique) were put or
 * deleted. O(keys x log n). Errors of fc_kv_put. */
FC_MUST_USE enum fc_err fc_tree_update(struct fc_txn *txn, uint32_t generation,
                                       const struct fc_hash *keys, size_t count,
                                       struct fc_subtree *root);
/* The whole tree from the rows, bottom up, replacing what is there: after a load, or a repair. */
FC_MUST_USE enum fc_err fc_tree_build(struct fc_txn *txn, uint32_t generation,
                                      struct fc_subtree *root);
/* The same without writing: what the root should be. */
FC_MUST_USE enum fc_err fc_tree_compute(struct fc_txn *txn, uint32_t generation,
                                        struct fc_subtree *root);
FC_MUST_USE enum fc_err fc_tree_root(struct fc_txn *txn, uint32_t generation,
                                     struct fc_subtree *root);
/* The subtree at `prefix`: count 0 when empty. `children`, if not NULL, gets 16 subtrees when it is
 * an inner node; `*inner` says whether it is. */
FC_MUST_USE enum fc_err fc_tree_node(struct fc_txn *txn, uint32_t generation,
                                     const struct fc_prefix *prefix, struct fc_subtree *self,
                                     bool *inner, struct fc_subtree children[16]);
/* Hash of 16 places; `bucket` picks the personal string. */
struct fc_hash fc_tree_hash16(const struct fc_hash places[16], bool bucket);

/* Proof that an entry is, or is not, among those a root commits to.
 * Encoding: [depth, [siblings, 4 a level from the root down], position or nil, [leaf bytes...]];
 * within a level siblings stand from the place upwards, and a zero one is nil.
 * Inclusion: one leaf, its position in its bucket and 4 sibling hashes appended to the others.
 * Absence: position nil, and all leaves of the bucket where the key would be (maybe none).
 * About 700 B at a hundred thousand entries. */
FC_MUST_USE enum fc_err fc_tree_prove(struct fc_txn *txn, uint32_t generation,
                                      const struct fc_hash *key_hash, struct fc_buf *out);
/* FC_OK: *present says which was proven, *leaf is the proven leaf when present. FC_E_ROOT when the
 * proof does not lead to `root`; FC_E_FORMAT. */
FC_MUST_USE enum fc_err fc_tree_check(struct fc_span proof, const struct fc_hash *root,
                                      const struct fc_hash *key_hash, bool *present,
                                      struct fc_span *leaf);

#endif
