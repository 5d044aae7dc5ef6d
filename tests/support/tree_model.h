/* A feed's entries for tests of the state tree, and its root computed straight from the
 * definition, with nothing of the code under test but the hashes. */
#ifndef FC_TESTS_TREE_MODEL_H
#define FC_TESTS_TREE_MODEL_H

#include "store/tree.h"

/* An entry whose every field follows from the two numbers. */
struct fc_entry test_tree_entry(const struct fc_hash *key_hash, uint64_t version);
struct fc_hash test_tree_key(uint64_t number); /* H("https://offers.example/<number>") */

void test_tree_put(struct fc_txn *txn, uint32_t generation, const struct fc_entry *entry);
void test_tree_delete(struct fc_txn *txn, uint32_t generation, const struct fc_hash *key_hash);

/* Root of `count` entries, in any order; they are sorted in place. */
struct fc_hash test_tree_root(struct fc_entry *entries, size_t count);

#endif
