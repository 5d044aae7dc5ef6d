/* Proofs of the state tree: root, H(key), proof. */
#include <stdlib.h>
#include <string.h>

#include "store/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fc_hash root, key_hash;
    struct fc_span leaf;
    struct fc_entry entry;
    bool present;
    if (size < 64)
        return 0;
    memcpy(root.b, data, 32);
    memcpy(key_hash.b, data + 32, 32);
    struct fc_span proof = fc_span(data + 64, size - 64);
    enum fc_err err = fc_tree_check(proof, &root, &key_hash, &present, &leaf);
    if (err == FC_OK && present &&
        (fc_leaf_parse(leaf, &entry) != FC_OK || !fc_hash_eq(&entry.key_hash, &key_hash)))
        abort();
    if (err != FC_OK && err != FC_E_FORMAT && err != FC_E_ROOT)
        abort();
    return 0;
}
