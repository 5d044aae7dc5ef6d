#include "store/load_priv.h"

#include <string.h>

/* One answer of a peer against what is held. */
struct walk {
    struct fc_load *load;
    struct fc_txn *txn;
    uint32_t generation;
};

static enum fc_err ask(struct walk *walk, const struct fc_prefix *prefix)
{
    struct fc_buf *queue = &walk->load->queue;
    if (queue->len + sizeof *prefix > FC_LOAD_GATHER_BYTES_MAX)
        return FC_E_BOUND;
    fc_buf_append(queue, prefix, sizeof *prefix);
    return fc_buf_check(queue);
}

static enum fc_err gather_delete(struct walk *walk, const struct fc_hash *key_hash)
{
    const struct fc_item item = {.deleted = true, .key_hash = *key_hash};
    return fc_load_gather(walk->load, &item, (struct fc_span){0});
}

/* -- a bucket against what is held below its prefix -------------------------------------------- */

struct bucket {
    struct fc_item items[FC_BUCKET_MAX];
    struct fc_span frames[FC_BUCKET_MAX];
    bool held[FC_BUCKET_MAX]; /* the very same, content and all */
    uint32_t count;
};

static bool same_leaf(const struct fc_entry *entry, const struct fc_item *item)
{
    return entry->version == item->version && entry->status == item->status &&
           entry->size == item->size && fc_hash_eq(&entry->commitment, &item->commitment) &&
           fc_span_eq(entry->media_type, item->media_type);
}

/* A held row that the peer has not, or has otherwise. */
static enum fc_err match_held(struct walk *walk, struct bucket *bucket,
                              const struct fc_hash *key_hash, struct fc_span row)
{
    struct fc_entry entry;
    for (uint32_t i = 0; i < bucket->count; i++) {
        const struct fc_item *item = &bucket->items[i];
        if (!fc_hash_eq(&item->key_hash, key_hash))
            continue;
        bucket->held[i] = fc_entry_parse(key_hash, row, &entry) == FC_OK &&
                          same_leaf(&entry, item) &&
                          (entry.state == FC_CONTENT_PRESENT || !item->has_content);
        return FC_OK;
    }
    return gather_delete(walk, key_hash);
}

static enum fc_err match_below(struct walk *walk, const struct fc_prefix *prefix,
                               struct bucket *bucket)
{
    struct fc_kv_cursor *cursor = NULL;
    struct fc_entry_key key = fc_entry_key(walk->generation, &prefix->bits);
    struct fc_span found, value;
    enum fc_err err = fc_kv_cursor_open(walk->txn, FC_TABLE_ENTRY, &cursor);
    if (err != FC_OK)
        return err;
    err = fc_kv_seek(cursor, fc_span(key.b, sizeof key.b), &found, &value);
    while (err == FC_OK && found.len == sizeof key.b && memcmp(found.data, key.b, 4) == 0) {
        struct fc_hash key_hash;
        memcpy(key_hash.b, found.data + 4, sizeof key_hash.b);
        if (!fc_prefix_covers(prefix, &key_hash))
            break;
        err = match_held(walk, bucket, &key_hash, value);
        if (err == FC_OK)
            err = fc_kv_next(cursor, &found, &value);
    }
    fc_kv_cursor_close(cursor);
    return err == FC_E_MISSING ? FC_OK : err;
}

static enum fc_err read_bucket(struct walk *walk, const struct fc_prefix *prefix,
                               struct fc_span items, struct fc_span frames, struct bucket *bucket)
{
    struct fc_unpack in;
    fc_unpack_init(&in, items);
    while (in.pos < in.len) {
        if (bucket->count == FC_BUCKET_MAX)
            return FC_E_FORMAT;
        struct fc_item *item = &bucket->items[bucket->count];
        struct fc_span *frame = &bucket->frames[bucket->count];
        enum fc_err err = fc_item_read(&in, item);
        if (err == FC_OK && (item->deleted || !fc_prefix_covers(prefix, &item->key_hash)))
            err = FC_E_FORMAT;
        if (err == FC_OK && bucket->count > 0 &&
            fc_hash_cmp(&item[-1].key_hash, &item->key_hash) >= 0)
            err = FC_E_FORMAT;
        if (err == FC_OK)
            err = fc_load_frame(item, &frames, frame);
        if (err == FC_OK && item->has_content)
            err = fc_load_commit(walk->load->replica, item, *frame);
        if (err != FC_OK)
            return err;
        bucket->count++;
    }
    return frames.len > 0 ? FC_E_FORMAT : FC_OK;
}

static enum fc_err walk_bucket(struct walk *walk, const struct fc_prefix *prefix,
                               struct fc_span items, struct fc_span frames)
{
    struct bucket bucket = {.count = 0};
    enum fc_err err = read_bucket(walk, prefix, items, frames, &bucket);
    if (err == FC_OK)
        err = match_below(walk, prefix, &bucket);
    for (uint32_t i = 0; i < bucket.count && err == FC_OK; i++)
        if (!bucket.held[i])
            err = fc_load_gather(walk->load, &bucket.items[i], bucket.frames[i]);
    return err;
}

/* -- nodes ------------------------------------------------------------------------------------- */

static enum fc_err held_at(struct walk *walk, const struct fc_prefix *prefix,
                           struct fc_subtree *self, bool *inner, struct fc_subtree children[16])
{
    memset(children, 0, 16 * sizeof children[0]);
    return fc_tree_node(walk->txn, walk->generation, prefix, self, inner, children);
}

/* The peer's subtree at `prefix` differs from the held one. */
static enum fc_err walk_differing(struct walk *walk, const struct fc_prefix *prefix,
                                  const struct fc_subtree *theirs, const struct fc_subtree *held)
{
    if (fc_hash_eq(&theirs->hash, &held->hash))
        return FC_OK;
    if (theirs->count > 0)
        return ask(walk, prefix);
    return walk_bucket(walk, prefix, (struct fc_span){0}, (struct fc_span){0});
}

static enum fc_err walk_node(struct walk *walk, const struct fc_prefix *prefix,
                             const struct fc_walk_node *node)
{
    struct fc_subtree held, held_children[16];
    bool inner;
    enum fc_err err = held_at(walk, prefix, &held, &inner, held_children);
    if (err != FC_OK || fc_hash_eq(&held.hash, &node->self.hash))
        return err;
    if (!node->inner)
        return walk_differing(walk, prefix, &node->self, &held);
    for (unsigned i = 0; i < 16 && err == FC_OK; i++) {
        struct fc_prefix child = fc_prefix_child(*prefix, i);
        if (!inner) {
            struct fc_subtree below[16];
            bool deeper;
            err = held_at(walk, &child, &held_children[i], &deeper, below);
        }
        if (err == FC_OK)
            err = walk_differing(walk, &child, &node->children[i], &held_children[i]);
    }
    return err;
}

static enum fc_err walk_nodes(struct walk *walk, const struct fc_prefix *prefix,
                              struct fc_span bytes)
{
    struct fc_walk_node nodes[16];
    if (prefix->depth + 2 > FC_TREE_DEPTH_MAX)
        return FC_E_FORMAT;
    enum fc_err err = fc_walk_nodes_parse(bytes, nodes);
    for (unsigned i = 0; i < 16 && err == FC_OK; i++) {
        struct fc_prefix child = fc_prefix_child(*prefix, i);
        err = walk_node(walk, &child, &nodes[i]);
    }
    return err;
}

/* The last found are asked first, so that the queue stays short. */
static void take_questions(struct fc_load *load, struct fc_prefix *next, uint32_t next_max,
                           uint32_t *next_count)
{
    struct fc_buf *queue = &load->queue;
    while (*next_count < next_max && queue->len > 0) {
        queue->len -= sizeof *next;
        memcpy(&next[*next_count], queue->data + queue->len, sizeof *next);
        (*next_count)++;
    }
}

enum fc_err fc_load_walk(struct fc_load *load, const struct fc_prefix *prefix, struct fc_span nodes,
                         struct fc_span items, struct fc_span frames, struct fc_prefix *next,
                         uint32_t next_max, uint32_t *next_count)
{
    *next_count = 0;
    if (load->lost)
        return FC_E_CLOSED;
    if (prefix->depth > FC_TREE_DEPTH_MAX)
        return FC_E_ARG;
    if (load->mode != FC_LOAD_WALK)
        fc_load_forget_gathered(load);
    load->mode = FC_LOAD_WALK;
    struct walk walk = {.load = load, .generation = fc_load_generation(load)};
    if (walk.generation == 0)
        return FC_E_MISSING;
    struct fc_replica_read read;
    enum fc_err err = fc_replica_read_begin(load->replica, &read);
    if (err != FC_OK)
        return err;
    walk.txn = read.txn;
    if (nodes.len > 0)
        err = items.len || frames.len ? FC_E_FORMAT : walk_nodes(&walk, prefix, nodes);
    else
        err = walk_bucket(&walk, prefix, items, frames);
    fc_replica_read_end(&read);
    if (err == FC_OK)
        take_questions(load, next, next_max, next_count);
    return err;
}
