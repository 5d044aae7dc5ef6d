#include "store/merkle.h"

#include <assert.h>

enum { HASH_BYTES = sizeof(struct fc_hash) };

static struct fc_hash pair(const struct fc_hash *left, const struct fc_hash *right)
{
    return fc_hash2("fedcat.merkle.1", fc_span(left->b, HASH_BYTES), fc_span(right->b, HASH_BYTES));
}

/* The largest power of two below `count`, for count > 1. */
static size_t split_of(size_t count)
{
    size_t split = 1;
    while (split * 2 < count)
        split *= 2;
    return split;
}

static struct fc_span part(struct fc_span hashes, size_t from, size_t count)
{
    return fc_span(hashes.data + from * HASH_BYTES, count * HASH_BYTES);
}

struct fc_hash fc_merkle_root(struct fc_span hashes)
{
    struct fc_hash root = {{0}};
    size_t count = hashes.len / HASH_BYTES;
    assert(hashes.len % HASH_BYTES == 0);
    if (count == 0)
        return root;
    if (count == 1) {
        for (size_t i = 0; i < HASH_BYTES; i++)
            root.b[i] = hashes.data[i];
        return root;
    }
    size_t split = split_of(count);
    struct fc_hash left = fc_merkle_root(part(hashes, 0, split));
    struct fc_hash right = fc_merkle_root(part(hashes, split, count - split));
    return pair(&left, &right);
}

uint32_t fc_merkle_prove(struct fc_span hashes, uint32_t index,
                         struct fc_hash path[FC_MERKLE_PROOF_MAX])
{
    struct fc_hash down[FC_MERKLE_PROOF_MAX];
    uint32_t depth = 0;
    assert(index < hashes.len / HASH_BYTES);
    for (size_t count; (count = hashes.len / HASH_BYTES) > 1; depth++) {
        assert(depth < FC_MERKLE_PROOF_MAX);
        size_t split = split_of(count);
        struct fc_span left = part(hashes, 0, split);
        struct fc_span right = part(hashes, split, count - split);
        bool is_left = index < split;
        down[depth] = fc_merkle_root(is_left ? right : left);
        hashes = is_left ? left : right;
        index -= is_left ? 0 : (uint32_t)split;
    }
    for (uint32_t i = 0; i < depth; i++)
        path[i] = down[depth - 1 - i];
    return depth;
}

/* RFC 9162, section 2.1.3.2: the path's length and turns follow from count and index alone. */
bool fc_merkle_check(const struct fc_hash *root, uint32_t count, uint32_t index,
                     const struct fc_hash *leaf, const struct fc_hash *path, uint32_t path_count)
{
    if (index >= count)
        return false;
    uint32_t at = index, last = count - 1;
    struct fc_hash hash = *leaf;
    for (uint32_t i = 0; i < path_count; i++) {
        if (last == 0)
            return false;
        if (at % 2 == 1 || at == last) {
            hash = pair(&path[i], &hash);
            while (at % 2 == 0 && at != 0) {
                at /= 2;
                last /= 2;
            }
        } else {
            hash = pair(&hash, &path[i]);
        }
        at /= 2;
        last /= 2;
    }
    return last == 0 && fc_hash_eq(&hash, root);
}
