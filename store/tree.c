#include "store/tree.h"

#include <assert.h>
#include <string.h>

/* Row of an inner node: a bitmap of the children that are not empty (2 bytes, child 0 lowest),
 * their hashes, and their counts as base-128 numbers, low groups first. Never signed or sent. */
enum {
    PLACES = 16,
    LOOKAHEAD = FC_BUCKET_MAX + 1, /* so many leaves show that a subtree is an inner node */
    WINDOW = 4 * LOOKAHEAD,
    COUNT_BYTES_MAX = 10,
    ROW_BYTES_MAX = 2 + PLACES * (32 + COUNT_BYTES_MAX),
    ROW_KEY_BYTES_MAX = 4 + 1 + 32,
};
_Static_assert((int)FC_BUCKET_MAX == (int)PLACES, "a full bucket fills the places of a node");
_Static_assert((int)ROW_KEY_BYTES_MAX <= (int)FC_KV_KEY_BYTES_MAX, "a node's key fits a key");

struct leaf {
    struct fc_hash key;
    struct fc_hash hash;
};

/* A pass over rows in order, with the leaves read ahead. */
struct pass {
    struct fc_txn *txn;
    uint32_t generation;
    bool write;
    struct fc_kv_cursor *rows;
    struct fc_prefix limit; /* rows outside end the stream */
    bool ended;
    struct leaf window[WINDOW];
    size_t first, count;
    struct fc_buf bytes; /* of one leaf */
};

struct row_key {
    uint8_t b[ROW_KEY_BYTES_MAX];
    size_t len;
};

struct fc_prefix fc_prefix_child(struct fc_prefix prefix, unsigned nibble)
{
    assert(prefix.depth < FC_TREE_DEPTH_MAX && nibble < PLACES);
    prefix.bits.b[prefix.depth / 2] |= (uint8_t)(prefix.depth % 2 == 0 ? nibble << 4 : nibble);
    prefix.depth++;
    return prefix;
}

bool fc_prefix_covers(const struct fc_prefix *prefix, const struct fc_hash *key_hash)
{
    unsigned whole = prefix->depth / 2;
    if (memcmp(prefix->bits.b, key_hash->b, whole) != 0)
        return false;
    return prefix->depth % 2 == 0 || prefix->bits.b[whole] >> 4 == key_hash->b[whole] >> 4;
}

struct fc_hash fc_tree_hash16(const struct fc_hash places[16], bool bucket)
{
    const char *personal = bucket ? "fedcat.bucket.1" : "fedcat.node.1";
    struct fc_hash level[PLACES];
    memcpy(level, places, sizeof level);
    for (unsigned width = PLACES; width > 1; width /= 2) {
        for (unsigned i = 0; i < width / 2; i++) {
            const struct fc_hash *pair = &level[2 * i];
            if (fc_hash_is_zero(&pair[0]) && fc_hash_is_zero(&pair[1]))
                level[i] = (struct fc_hash){0};
            else
                level[i] = fc_hash(personal, fc_span(pair, 2 * sizeof *pair));
        }
    }
    return level[0];
}

/* -- rows of inner nodes ---------------------------------------------------------------------- */

static struct row_key row_key(uint32_t generation, const struct fc_prefix *prefix)
{
    struct row_key key;
    size_t packed = (prefix->depth + 1u) / 2;
    fc_put_be32(key.b, generation);
    key.b[4] = prefix->depth;
    memcpy(key.b + 5, prefix->bits.b, packed);
    key.len = 5 + packed;
    return key;
}

static size_t row_write(const struct fc_subtree children[PLACES], uint8_t row[ROW_BYTES_MAX])
{
    unsigned bitmap = 0;
    size_t len = 2;
    for (unsigned i = 0; i < PLACES; i++) {
        if (children[i].count == 0)
            continue;
        bitmap |= 1u << i;
        memcpy(row + len, children[i].hash.b, 32);
        len += 32;
    }
    for (unsigned i = 0; i < PLACES; i++) {
        uint64_t count = children[i].count;
        for (; count >= 128; count >>= 7)
            row[len++] = (uint8_t)(count | 128);
        if (children[i].count != 0)
            row[len++] = (uint8_t)count;
    }
    row[0] = (uint8_t)(bitmap >> 8);
    row[1] = (uint8_t)bitmap;
    return len;
}

static enum fc_err count_read(struct fc_span row, size_t *pos, uint64_t *count)
{
    *count = 0;
    for (unsigned shift = 0; shift < 63; shift += 7) {
        if (*pos == row.len)
            return FC_E_CORRUPT;
        uint8_t byte = row.data[(*pos)++];
        *count |= (uint64_t)(byte & 127) << shift;
        if (byte < 128)
            return *count > 0 && *count <= UINT32_MAX * (uint64_t)UINT16_MAX ? FC_OK : FC_E_CORRUPT;
    }
    return FC_E_CORRUPT;
}

static enum fc_err row_parse(struct fc_span row, struct fc_subtree children[PLACES])
{
    memset(children, 0, PLACES * sizeof *children);
    if (row.len < 2)
        return FC_E_CORRUPT;
    unsigned bitmap = (unsigned)row.data[0] << 8 | row.data[1];
    size_t pos = 2;
    for (unsigned i = 0; i < PLACES; i++) {
        if (!(bitmap >> i & 1))
            continue;
        if (row.len - pos < 32)
            return FC_E_CORRUPT;
        memcpy(children[i].hash.b, row.data + pos, 32);
        pos += 32;
    }
    for (unsigned i = 0; i < PLACES; i++) {
        if (!(bitmap >> i & 1))
            continue;
        enum fc_err err = count_read(row, &pos, &children[i].count);
        if (err != FC_OK)
            return err;
    }
    return pos == row.len ? FC_OK : FC_E_CORRUPT;
}

/* FC_E_MISSING: no inner node there. */
static enum fc_err node_read(struct fc_txn *txn, uint32_t generation,
                             const struct fc_prefix *prefix, struct fc_subtree children[PLACES])
{
    struct row_key key = row_key(generation, prefix);
    struct fc_span row;
    enum fc_err err = fc_kv_get(txn, FC_TABLE_TREE, fc_span(key.b, key.len), &row);
    return err == FC_OK ? row_parse(row, children) : err;
}

static enum fc_err node_write(struct pass *pass, const struct fc_prefix *prefix,
                              const struct fc_subtree children[PLACES])
{
    uint8_t row[ROW_BYTES_MAX];
    struct row_key key = row_key(pass->generation, prefix);
    size_t len = row_write(children, row);
    return fc_kv_put(pass->txn, FC_TABLE_TREE, fc_span(key.b, key.len), fc_span(row, len));
}

static struct fc_subtree node_sum(const struct fc_subtree children[PLACES])
{
    struct fc_hash places[PLACES];
    struct fc_subtree sum = {0};
    for (unsigned i = 0; i < PLACES; i++) {
        places[i] = children[i].hash;
        sum.count += children[i].count;
    }
    sum.hash = fc_tree_hash16(places, false);
    return sum;
}

/* -- the stream of leaves --------------------------------------------------------------------- */

static enum fc_err pass_open(struct pass *pass, struct fc_txn *txn, uint32_t generation, bool write)
{
    pass->txn = txn;
    pass->generation = generation;
    pass->write = write;
    pass->rows = NULL;
    pass->first = pass->count = 0;
    pass->bytes = (struct fc_buf){0};
    return fc_kv_cursor_open(txn, FC_TABLE_ENTRY, &pass->rows);
}

static void pass_close(struct pass *pass)
{
    if (pass->rows)
        fc_kv_cursor_close(pass->rows);
    fc_buf_finish(&pass->bytes);
}

/* Takes in the row the cursor stands on, as `err` says, or ends the stream. */
static enum fc_err pass_take(struct pass *pass, enum fc_err err, struct fc_span found,
                             struct fc_span value)
{
    struct fc_entry entry;
    struct fc_hash key_hash;
    if (err != FC_OK) {
        pass->ended = err == FC_E_MISSING;
        return pass->ended ? FC_OK : err;
    }
    if (found.len != sizeof(struct fc_entry_key))
        return FC_E_CORRUPT;
    memcpy(key_hash.b, found.data + 4, sizeof key_hash.b);
    if (fc_get_be32(found.data) != pass->generation || !fc_prefix_covers(&pass->limit, &key_hash)) {
        pass->ended = true;
        return FC_OK;
    }
    err = fc_entry_parse(&key_hash, value, &entry);
    if (err != FC_OK)
        return err;
    fc_buf_clear(&pass->bytes);
    err = fc_leaf_write(&entry, &pass->bytes);
    if (err != FC_OK)
        return err;
    struct leaf *leaf = &pass->window[pass->first + pass->count++];
    leaf->key = key_hash;
    leaf->hash = fc_leaf_hash(fc_buf_span(&pass->bytes));
    return FC_OK;
}

/* Reads ahead until LOOKAHEAD leaves are there, or the stream has ended. */
static enum fc_err pass_fill(struct pass *pass)
{
    if (pass->ended || pass->count >= LOOKAHEAD)
        return FC_OK;
    if (pass->first + LOOKAHEAD > WINDOW) {
        memmove(pass->window, pass->window + pass->first, pass->count * sizeof pass->window[0]);
        pass->first = 0;
    }
    while (!pass->ended && pass->count < LOOKAHEAD) {
        struct fc_span found, value;
        enum fc_err err = fc_kv_next(pass->rows, &found, &value);
        err = pass_take(pass, err, found, value);
        if (err != FC_OK)
            return err;
    }
    return FC_OK;
}

static enum fc_err pass_seek(struct pass *pass, const struct fc_prefix *prefix)
{
    struct fc_entry_key key = fc_entry_key(pass->generation, &prefix->bits);
    struct fc_span found, value;
    pass->limit = *prefix;
    pass->ended = false;
    pass->first = pass->count = 0;
    enum fc_err err = fc_kv_seek(pass->rows, fc_span(key.b, sizeof key.b), &found, &value);
    return pass_take(pass, err, found, value);
}

/* How many of the leaves read ahead lie under `prefix`: beyond FC_BUCKET_MAX there may be more. */
static size_t pass_covered(const struct pass *pass, const struct fc_prefix *prefix)
{
    size_t n = 0;
    while (n < pass->count && fc_prefix_covers(prefix, &pass->window[pass->first + n].key))
        n++;
    return n;
}

static void pass_bucket(struct pass *pass, size_t count, struct fc_subtree *out)
{
    struct fc_hash places[PLACES] = {0};
    for (size_t i = 0; i < count; i++)
        places[i] = pass->window[pass->first + i].hash;
    out->hash = fc_tree_hash16(places, true);
    out->count = count;
    pass->first += count;
    pass->count -= count;
}

/* The subtree at `prefix` from the leaves that come next; inner nodes are written as they end. */
static enum fc_err grow(struct pass *pass, struct fc_prefix prefix, struct fc_subtree *out)
{
    struct fc_subtree children[PLACES];
    enum fc_err err = pass_fill(pass);
    if (err != FC_OK)
        return err;
    size_t covered = pass_covered(pass, &prefix);
    if (covered <= FC_BUCKET_MAX) {
        pass_bucket(pass, covered, out);
        return FC_OK;
    }
    if (prefix.depth == FC_TREE_DEPTH_MAX)
        return FC_E_CORRUPT; /* one key in two rows */
    for (unsigned i = 0; i < PLACES; i++) {
        err = grow(pass, fc_prefix_child(prefix, i), &children[i]);
        if (err != FC_OK)
            return err;
    }
    *out = node_sum(children);
    return pass->write ? node_write(pass, &prefix, children) : FC_OK;
}

static enum fc_err grow_at(struct pass *pass, const struct fc_prefix *prefix,
                           struct fc_subtree *out)
{
    enum fc_err err = pass_seek(pass, prefix);
    return err == FC_OK ? grow(pass, *prefix, out) : err;
}

/* -- update ----------------------------------------------------------------------------------- */

static enum fc_err collapse(struct pass *pass, const struct fc_prefix *prefix,
                            struct fc_subtree *out)
{
    struct row_key key = row_key(pass->generation, prefix);
    enum fc_err err = fc_kv_del(pass->txn, FC_TABLE_TREE, fc_span(key.b, key.len));
    return err == FC_OK ? grow_at(pass, prefix, out) : err;
}

/* `keys` all lie under `prefix`; `inner` says whether a node stands there now. */
static enum fc_err change(struct pass *pass, struct fc_prefix prefix, const struct fc_hash *keys,
                          size_t count, bool inner, struct fc_subtree *out)
{
    struct fc_subtree children[PLACES];
    if (!inner)
        return grow_at(pass, &prefix, out);
    enum fc_err err = node_read(pass->txn, pass->generation, &prefix, children);
    if (err != FC_OK)
        return err == FC_E_MISSING ? FC_E_CORRUPT : err;
    bool changed = false;
    for (size_t at = 0, end; at < count; at = end) {
        unsigned nibble = fc_nibble(&keys[at], prefix.depth);
        for (end = at + 1; end < count && fc_nibble(&keys[end], prefix.depth) == nibble;)
            end++;
        struct fc_subtree *child = &children[nibble], before = *child;
        err = change(pass, fc_prefix_child(prefix, nibble), keys + at, end - at,
                     before.count > FC_BUCKET_MAX, child);
        if (err != FC_OK)
            return err;
        changed =
            changed || child->count != before.count || !fc_hash_eq(&child->hash, &before.hash);
    }
    *out = node_sum(children);
    if (out->count <= FC_BUCKET_MAX)
        return collapse(pass, &prefix, out);
    return changed ? node_write(pass, &prefix, children) : FC_OK;
}

enum fc_err fc_tree_update(struct fc_txn *txn, uint32_t generation, const struct fc_hash *keys,
                           size_t count, struct fc_subtree *root)
{
    const struct fc_prefix top = {0};
    struct row_key key = row_key(generation, &top);
    struct fc_span row;
    struct pass pass;
    if (count == 0)
        return fc_tree_root(txn, generation, root);
    for (size_t i = 1; i < count; i++)
        assert(fc_hash_cmp(&keys[i - 1], &keys[i]) < 0);
    enum fc_err err = pass_open(&pass, txn, generation, true);
    if (err != FC_OK)
        goto out;
    err = fc_kv_get(txn, FC_TABLE_TREE, fc_span(key.b, key.len), &row);
    if (err != FC_OK && err != FC_E_MISSING)
        goto out;
    err = change(&pass, top, keys, count, err == FC_OK, root);
out:
    pass_close(&pass);
    return err;
}

/* -- build ------------------------------------------------------------------------------------ */

static enum fc_err clear(struct fc_txn *txn, uint32_t generation)
{
    uint8_t from[4];
    uint8_t key[ROW_KEY_BYTES_MAX];
    struct fc_kv_cursor *cursor = NULL;
    struct fc_span found, value;
    fc_put_be32(from, generation);
    enum fc_err err = fc_kv_cursor_open(txn, FC_TABLE_TREE, &cursor);
    if (err != FC_OK)
        return err;
    err = fc_kv_seek(cursor, fc_span(from, sizeof from), &found, &value);
    while (err == FC_OK && found.len >= 4 && memcmp(found.data, from, 4) == 0) {
        size_t len = found.len;
        if (len > sizeof key) {
            err = FC_E_CORRUPT;
            break;
        }
        memcpy(key, found.data, len);
        err = fc_kv_del(txn, FC_TABLE_TREE, fc_span(key, len));
        if (err == FC_OK)
            err = fc_kv_next(cursor, &found, &value);
    }
    fc_kv_cursor_close(cursor);
    return err == FC_E_MISSING ? FC_OK : err;
}

static enum fc_err whole(struct fc_txn *txn, uint32_t generation, bool write,
                         struct fc_subtree *root)
{
    const struct fc_prefix top = {0};
    struct pass pass;
    enum fc_err err = pass_open(&pass, txn, generation, write);
    if (err == FC_OK)
        err = grow_at(&pass, &top, root);
    pass_close(&pass);
    return err;
}

enum fc_err fc_tree_build(struct fc_txn *txn, uint32_t generation, struct fc_subtree *root)
{
    enum fc_err err = clear(txn, generation);
    return err == FC_OK ? whole(txn, generation, true, root) : err;
}

enum fc_err fc_tree_compute(struct fc_txn *txn, uint32_t generation, struct fc_subtree *root)
{
    return whole(txn, generation, false, root);
}

/* -- reading ---------------------------------------------------------------------------------- */

enum fc_err fc_tree_root(struct fc_txn *txn, uint32_t generation, struct fc_subtree *root)
{
    const struct fc_prefix top = {0};
    bool inner;
    return fc_tree_node(txn, generation, &top, root, &inner, NULL);
}

static enum fc_err read_bucket(struct fc_txn *txn, uint32_t generation,
                               const struct fc_prefix *prefix, struct fc_subtree *self)
{
    struct pass pass;
    enum fc_err err = pass_open(&pass, txn, generation, false);
    if (err == FC_OK)
        err = pass_seek(&pass, prefix);
    if (err == FC_OK)
        err = pass_fill(&pass);
    if (err == FC_OK && pass.count > FC_BUCKET_MAX)
        err = FC_E_CORRUPT; /* a node should stand here */
    if (err == FC_OK)
        pass_bucket(&pass, pass.count, self);
    pass_close(&pass);
    return err;
}

enum fc_err fc_tree_node(struct fc_txn *txn, uint32_t generation, const struct fc_prefix *prefix,
                         struct fc_subtree *self, bool *inner, struct fc_subtree children[16])
{
    struct fc_subtree nodes[PLACES];
    enum fc_err err = node_read(txn, generation, prefix, nodes);
    *inner = err == FC_OK;
    if (err == FC_E_MISSING)
        return read_bucket(txn, generation, prefix, self);
    if (err != FC_OK)
        return err;
    *self = node_sum(nodes);
    if (children)
        memcpy(children, nodes, sizeof nodes);
    return FC_OK;
}
