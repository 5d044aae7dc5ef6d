#include "store/tree.h"

#include <string.h>

#include "store/pack.h"

/* Siblings stand level by level from the root down, those of the bucket last; within a level from
 * the place upwards. Zero is written as nil. */
enum {
    PLACES = 16,
    LEVEL = 4, /* a node of 16 places is a binary tree of 4 levels */
    SIBLINGS_MAX = LEVEL * (FC_TREE_DEPTH_MAX + 1),
    LEAF_BYTES_MAX = 512,
};
_Static_assert((int)LEAF_BYTES_MAX >= 34 + 9 + 1 + 34 + 2 + (int)FC_MEDIA_TYPE_BYTES_MAX + 9 + 1,
               "every leaf fits");

static struct fc_hash pair(const struct fc_hash *left, const struct fc_hash *right, bool bucket)
{
    if (fc_hash_is_zero(left) && fc_hash_is_zero(right))
        return (struct fc_hash){0};
    return fc_hash2(bucket ? "fedcat.bucket.1" : "fedcat.node.1", fc_span(left->b, 32),
                    fc_span(right->b, 32));
}

static void siblings_of(const struct fc_hash places[PLACES], unsigned place, bool bucket,
                        struct fc_hash out[LEVEL])
{
    struct fc_hash level[PLACES];
    memcpy(level, places, sizeof level);
    for (unsigned i = 0, width = PLACES; i < LEVEL; i++, width /= 2, place /= 2) {
        out[i] = level[place ^ 1];
        for (unsigned k = 0; k < width / 2; k++)
            level[k] = pair(&level[2 * k], &level[2 * k + 1], bucket);
    }
}

static struct fc_hash climb(struct fc_hash from, unsigned place, const struct fc_hash side[LEVEL],
                            bool bucket)
{
    for (unsigned i = 0; i < LEVEL; i++, place /= 2)
        from = place % 2 ? pair(&side[i], &from, bucket) : pair(&from, &side[i], bucket);
    return from;
}

/* -- making ----------------------------------------------------------------------------------- */

struct bucket {
    struct fc_buf leaves; /* back to back */
    size_t ends[FC_BUCKET_MAX];
    struct fc_hash hashes[PLACES];
    size_t count;
    size_t position; /* of the key, or count */
};

static struct fc_span bucket_leaf(const struct bucket *bucket, size_t index)
{
    size_t start = index ? bucket->ends[index - 1] : 0;
    return fc_span(bucket->leaves.data + start, bucket->ends[index] - start);
}

static enum fc_err bucket_add(struct bucket *bucket, const struct fc_hash *key_hash,
                              struct fc_span row)
{
    struct fc_entry entry;
    if (bucket->count == FC_BUCKET_MAX)
        return FC_E_CORRUPT; /* an inner node should stand here */
    enum fc_err err = fc_entry_parse(key_hash, row, &entry);
    if (err == FC_OK)
        err = fc_leaf_write(&entry, &bucket->leaves);
    if (err != FC_OK)
        return err;
    bucket->ends[bucket->count++] = bucket->leaves.len;
    bucket->hashes[bucket->count - 1] = fc_leaf_hash(bucket_leaf(bucket, bucket->count - 1));
    return FC_OK;
}

static enum fc_err bucket_read(struct fc_txn *txn, uint32_t generation,
                               const struct fc_prefix *prefix, const struct fc_hash *wanted,
                               struct bucket *bucket)
{
    struct fc_entry_key from = fc_entry_key(generation, &prefix->bits);
    struct fc_kv_cursor *cursor;
    struct fc_span found, row;
    bool present = false;
    enum fc_err err = fc_kv_cursor_open(txn, FC_TABLE_ENTRY, &cursor);
    if (err != FC_OK)
        return err;
    err = fc_kv_seek(cursor, fc_span(from.b, sizeof from.b), &found, &row);
    while (err == FC_OK && found.len == sizeof from && memcmp(found.data, from.b, 4) == 0) {
        struct fc_hash key_hash;
        memcpy(key_hash.b, found.data + 4, sizeof key_hash.b);
        if (!fc_prefix_covers(prefix, &key_hash))
            break;
        if (fc_hash_eq(&key_hash, wanted)) {
            present = true;
            bucket->position = bucket->count;
        }
        err = bucket_add(bucket, &key_hash, row);
        if (err == FC_OK)
            err = fc_kv_next(cursor, &found, &row);
    }
    fc_kv_cursor_close(cursor);
    if (!present)
        bucket->position = bucket->count;
    return err == FC_E_MISSING ? FC_OK : err;
}

static void write_proof(const struct bucket *bucket, unsigned depth,
                        const struct fc_hash siblings[SIBLINGS_MAX], struct fc_buf *out)
{
    bool present = bucket->position < bucket->count;
    unsigned count = LEVEL * (depth + (present ? 1 : 0));
    fc_pack_array(out, 4);
    fc_pack_uint(out, depth);
    fc_pack_array(out, count);
    for (unsigned i = 0; i < count; i++) {
        if (fc_hash_is_zero(&siblings[i]))
            fc_pack_nil(out);
        else
            fc_pack_bin(out, fc_span(siblings[i].b, 32));
    }
    if (present) {
        fc_pack_uint(out, bucket->position);
        fc_pack_array(out, 1);
        fc_pack_bin(out, bucket_leaf(bucket, bucket->position));
        return;
    }
    fc_pack_nil(out);
    fc_pack_array(out, (uint32_t)bucket->count);
    for (size_t i = 0; i < bucket->count; i++)
        fc_pack_bin(out, bucket_leaf(bucket, i));
}

enum fc_err fc_tree_prove(struct fc_txn *txn, uint32_t generation, const struct fc_hash *key_hash,
                          struct fc_buf *out)
{
    struct fc_hash siblings[SIBLINGS_MAX];
    struct fc_prefix prefix = {0};
    struct bucket bucket = {0};
    enum fc_err err;
    for (;;) {
        struct fc_subtree self, children[PLACES];
        struct fc_hash places[PLACES];
        bool inner;
        err = fc_tree_node(txn, generation, &prefix, &self, &inner, children);
        if (err != FC_OK)
            goto out;
        if (!inner)
            break;
        if (prefix.depth == FC_TREE_DEPTH_MAX) {
            err = FC_E_CORRUPT;
            goto out;
        }
        for (unsigned i = 0; i < PLACES; i++)
            places[i] = children[i].hash;
        unsigned place = fc_nibble(key_hash, prefix.depth);
        siblings_of(places, place, false, siblings + (size_t)LEVEL * prefix.depth);
        prefix = fc_prefix_child(prefix, place);
    }
    err = bucket_read(txn, generation, &prefix, key_hash, &bucket);
    if (err != FC_OK)
        goto out;
    if (bucket.position < bucket.count)
        siblings_of(bucket.hashes, (unsigned)bucket.position, true,
                    siblings + (size_t)LEVEL * prefix.depth);
    write_proof(&bucket, prefix.depth, siblings, out);
    err = fc_buf_check(out);
out:
    fc_buf_finish(&bucket.leaves);
    return err;
}

/* -- checking --------------------------------------------------------------------------------- */

struct claim {
    unsigned depth;
    uint32_t sibling_count;
    struct fc_hash siblings[SIBLINGS_MAX];
    bool present;
    unsigned position;
    uint32_t leaf_count;
    struct fc_span leaves[FC_BUCKET_MAX];
};

static enum fc_err claim_parse(struct fc_span proof, struct claim *claim)
{
    struct fc_unpack in;
    fc_unpack_init(&in, proof);
    fc_unpack_array(&in, 4, 4);
    claim->depth = (unsigned)fc_unpack_uint(&in, FC_TREE_DEPTH_MAX);
    claim->sibling_count = fc_unpack_array(&in, 0, SIBLINGS_MAX);
    for (uint32_t i = 0; i < claim->sibling_count; i++) {
        claim->siblings[i] = (struct fc_hash){0};
        if (fc_unpack_nil(&in))
            continue;
        fc_unpack_fixed(&in, claim->siblings[i].b, 32);
        if (fc_hash_is_zero(&claim->siblings[i]))
            fc_unpack_fail(&in, FC_E_FORMAT);
    }
    claim->present = !fc_unpack_nil(&in);
    claim->position = claim->present ? (unsigned)fc_unpack_uint(&in, FC_BUCKET_MAX - 1) : 0;
    claim->leaf_count =
        fc_unpack_array(&in, claim->present ? 1 : 0, claim->present ? 1 : FC_BUCKET_MAX);
    for (uint32_t i = 0; i < claim->leaf_count; i++)
        claim->leaves[i] = fc_unpack_bin(&in, LEAF_BYTES_MAX);
    if (claim->sibling_count != LEVEL * (claim->depth + (claim->present ? 1 : 0)))
        fc_unpack_fail(&in, FC_E_FORMAT);
    return fc_unpack_end(&in) == FC_OK ? FC_OK : FC_E_FORMAT;
}

/* The hash of the bucket where the key is, or would be. */
static enum fc_err claim_bucket(const struct claim *claim, const struct fc_hash *key_hash,
                                struct fc_hash *out)
{
    struct fc_hash places[PLACES] = {0};
    struct fc_prefix prefix = {0};
    struct fc_entry before = {0};
    for (unsigned i = 0; i < claim->depth; i++)
        prefix = fc_prefix_child(prefix, fc_nibble(key_hash, i));
    for (uint32_t i = 0; i < claim->leaf_count; i++) {
        struct fc_entry entry;
        enum fc_err err = fc_leaf_parse(claim->leaves[i], &entry);
        if (err != FC_OK)
            return FC_E_FORMAT;
        if (fc_hash_eq(&entry.key_hash, key_hash) != claim->present ||
            !fc_prefix_covers(&prefix, &entry.key_hash) ||
            (i > 0 && fc_hash_cmp(&before.key_hash, &entry.key_hash) >= 0))
            return FC_E_ROOT;
        places[i] = fc_leaf_hash(claim->leaves[i]);
        before = entry;
    }
    *out = claim->present ? climb(places[0], claim->position,
                                  claim->siblings + (size_t)LEVEL * claim->depth, true)
                          : fc_tree_hash16(places, true);
    return FC_OK;
}

enum fc_err fc_tree_check(struct fc_span proof, const struct fc_hash *root,
                          const struct fc_hash *key_hash, bool *present, struct fc_span *leaf)
{
    struct claim claim;
    struct fc_hash hash;
    enum fc_err err = claim_parse(proof, &claim);
    if (err == FC_OK)
        err = claim_bucket(&claim, key_hash, &hash);
    if (err != FC_OK)
        return err;
    for (unsigned depth = claim.depth; depth-- > 0;)
        hash =
            climb(hash, fc_nibble(key_hash, depth), claim.siblings + (size_t)LEVEL * depth, false);
    if (!fc_hash_eq(&hash, root))
        return FC_E_ROOT;
    *present = claim.present;
    *leaf = claim.present ? claim.leaves[0] : fc_span(NULL, 0);
    return FC_OK;
}
