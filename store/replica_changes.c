#include "store/replica_priv.h"

#include <string.h>

/* What a peer is given of one feed, and where that stands. */
struct reader {
    struct fc_txn *txn;
    struct fc_codec *codec;
    const struct fc_feed *feed;
    fc_version since;
    struct fc_resume *at;
    size_t len_max; /* of items and frames together */
    struct fc_buf *items, *frames;
};

static bool full(const struct reader *reader)
{
    return reader->items->len + reader->frames->len >= reader->len_max;
}

/* -- one entry --------------------------------------------------------------------------------- */

/* `codec` opens frames, for blocks that are compressed as a whole; NULL leaves them as they are. A
 * frame that does not open is damaged here: the entry goes without its content. */
static void append_frame(struct fc_codec *codec, struct fc_span frame, size_t size,
                         struct fc_buf *frames)
{
    if (!codec)
        fc_buf_append(frames, frame.data, frame.len);
    else if (fc_content_open(codec, frame, size, frames) == FC_E_NOMEM)
        frames->failed = true;
}

static enum fc_err append_entry(struct fc_txn *txn, struct fc_codec *codec, uint32_t generation,
                                const struct fc_entry *entry, size_t frames_max,
                                struct fc_buf *items, struct fc_buf *frames)
{
    struct fc_item item = {.key = entry->key,
                           .version = entry->version,
                           .status = entry->status,
                           .media_type = entry->media_type,
                           .size = entry->size,
                           .commitment = entry->commitment};
    struct fc_span frame = {0};
    if (entry->state == FC_CONTENT_PRESENT) {
        struct fc_entry_key key = fc_entry_key(generation, &entry->key_hash);
        enum fc_err err = fc_kv_get(txn, FC_TABLE_CONTENT, fc_span(key.b, sizeof key.b), &frame);
        if (err != FC_OK && err != FC_E_MISSING)
            return err;
        if (err == FC_OK && frame.len > 0 && frames->len + frame.len <= frames_max) {
            size_t start = frames->len;
            append_frame(codec, frame, entry->size, frames);
            item.frame_len = (uint32_t)(frames->len - start);
            item.has_content = item.frame_len > 0;
            if (item.has_content)
                memcpy(item.salt, entry->salt, sizeof item.salt);
        }
    }
    fc_item_write(&item, items);
    return items->failed || frames->failed ? FC_E_NOMEM : FC_OK;
}

static enum fc_err append_held(struct reader *reader, const struct fc_hash *key_hash)
{
    struct fc_entry_key key = fc_entry_key(reader->feed->generation, key_hash);
    struct fc_span value;
    struct fc_entry entry;
    enum fc_err err = fc_kv_get(reader->txn, FC_TABLE_ENTRY, fc_span(key.b, sizeof key.b), &value);
    if (err == FC_OK)
        err = fc_entry_parse(key_hash, value, &entry);
    if (err != FC_OK) /* damaged: the root will differ there, and a walk helps */
        return err == FC_E_MISSING || err == FC_E_CORRUPT ? FC_OK : err;
    return append_entry(reader->txn, reader->codec, reader->feed->generation, &entry, SIZE_MAX,
                        reader->items, reader->frames);
}

/* -- a whole feed ------------------------------------------------------------------------------ */

static enum fc_err read_whole(struct reader *reader, bool *done)
{
    struct fc_kv_cursor *cursor = NULL;
    struct fc_entry_key key = fc_entry_key(reader->feed->generation, &reader->at->key_hash);
    struct fc_span start = fc_span(key.b, sizeof key.b), found, value;
    enum fc_err err = fc_kv_cursor_open(reader->txn, FC_TABLE_ENTRY, &cursor);
    if (err != FC_OK)
        return err;
    err = fc_kv_seek(cursor, start, &found, &value);
    if (err == FC_OK && fc_span_eq(found, start))
        err = fc_kv_next(cursor, &found, &value);
    while (err == FC_OK && found.len == sizeof key.b && memcmp(found.data, key.b, 4) == 0) {
        struct fc_hash key_hash;
        struct fc_entry entry;
        if (full(reader))
            goto out;
        memcpy(key_hash.b, found.data + 4, sizeof key_hash.b);
        if (fc_entry_parse(&key_hash, value, &entry) == FC_OK)
            err = append_entry(reader->txn, reader->codec, reader->feed->generation, &entry,
                               SIZE_MAX, reader->items, reader->frames);
        reader->at->key_hash = key_hash;
        if (err == FC_OK)
            err = fc_kv_next(cursor, &found, &value);
    }
    *done = err == FC_OK || err == FC_E_MISSING;
out:
    fc_kv_cursor_close(cursor);
    return err == FC_E_MISSING ? FC_OK : err;
}

/* -- changes ----------------------------------------------------------------------------------- */

static enum fc_err append_delete(struct reader *reader, fc_version version,
                                 const struct fc_hash *key_hash)
{
    struct fc_entry_key key = fc_entry_key(reader->feed->generation, key_hash);
    struct fc_span value;
    enum fc_err err = fc_kv_get(reader->txn, FC_TABLE_ENTRY, fc_span(key.b, sizeof key.b), &value);
    if (err != FC_E_MISSING)
        return err; /* put again since: it went with the entries */
    struct fc_item item = {.deleted = true, .version = version, .key_hash = *key_hash};
    fc_item_write(&item, reader->items);
    return fc_buf_check(reader->items);
}

/* Rows of BYVER or DELETED above `since`, from where `at` stands. */
static enum fc_err read_table(struct reader *reader, enum fc_table table, bool *through)
{
    struct fc_kv_cursor *cursor = NULL;
    struct fc_resume *at = reader->at;
    fc_version from = at->version > reader->since ? at->version : reader->since + 1;
    struct fc_hash zero = {{0}};
    struct fc_version_key key =
        fc_version_key(reader->feed->generation, from, from == at->version ? &at->key_hash : &zero);
    struct fc_span start = fc_span(key.b, sizeof key.b), found, value;
    enum fc_err err = fc_kv_cursor_open(reader->txn, table, &cursor);
    if (err != FC_OK)
        return err;
    err = fc_kv_seek(cursor, start, &found, &value);
    if (err == FC_OK && from == at->version && fc_span_eq(found, start))
        err = fc_kv_next(cursor, &found, &value);
    while (err == FC_OK && found.len == sizeof key.b && memcmp(found.data, key.b, 4) == 0) {
        if (full(reader))
            goto out;
        at->version = fc_get_be64(found.data + 4);
        memcpy(at->key_hash.b, found.data + 12, sizeof at->key_hash.b);
        err = table == FC_TABLE_BYVER ? append_held(reader, &at->key_hash)
                                      : append_delete(reader, at->version, &at->key_hash);
        if (err == FC_OK)
            err = fc_kv_next(cursor, &found, &value);
    }
    *through = err == FC_OK || err == FC_E_MISSING;
out:
    fc_kv_cursor_close(cursor);
    return err == FC_E_MISSING ? FC_OK : err;
}

static enum fc_err read_since(struct reader *reader, bool *done)
{
    enum fc_err err = FC_OK;
    if (!reader->at->deletes) {
        bool through = false;
        err = read_table(reader, FC_TABLE_BYVER, &through);
        if (err != FC_OK || !through)
            return err;
        *reader->at = (struct fc_resume){.deletes = true};
    }
    return read_table(reader, FC_TABLE_DELETED, done);
}

/* Since another incarnation anything may have changed without a trace. */
static bool changes_known(const struct fc_feed *feed, fc_version since)
{
    return since == 0 || (fc_version_incarnation(since) == fc_version_incarnation(feed->version) &&
                          since >= feed->deletes_from);
}

enum fc_err fc_replica_read_changes(struct fc_replica *replica, const struct fc_hash *participant,
                                    fc_version since, struct fc_resume *at, size_t bytes_max,
                                    struct fc_buf *items, struct fc_buf *frames, bool *done)
{
    *done = false;
    struct fc_replica_row row;
    enum fc_err err = fc_replica_row_get(replica, participant, &row);
    if (err == FC_OK && row.feed.damaged)
        err = FC_E_MISSING;
    if (err != FC_OK)
        return err;
    if (!changes_known(&row.feed, since))
        return FC_E_GAP;
    if (since > row.feed.version || (since == 0 && at->deletes)) {
        *done = true;
        return FC_OK;
    }
    struct fc_replica_read read;
    struct fc_codec *codec;
    err = fc_replica_codec(replica, &codec);
    if (err == FC_OK)
        err = fc_replica_read_begin(replica, &read);
    if (err != FC_OK)
        return err;
    struct reader reader = {.txn = read.txn,
                            .codec = codec,
                            .feed = &row.feed,
                            .since = since,
                            .at = at,
                            .len_max = items->len + frames->len + (bytes_max ? bytes_max : 1),
                            .items = items,
                            .frames = frames};
    err = since == 0 ? read_whole(&reader, done) : read_since(&reader, done);
    fc_replica_read_end(&read);
    return err;
}

enum { COUNTED_MAX = 4096 }; /* a few words from a peer must not make for more work than this */

static enum fc_err count_since(struct fc_txn *txn, uint32_t generation, fc_version since,
                               uint64_t *entries, uint64_t *bytes)
{
    struct fc_kv_cursor *cursor = NULL;
    struct fc_hash zero = {{0}};
    struct fc_version_key key = fc_version_key(generation, since + 1, &zero);
    struct fc_span found, value;
    enum fc_err err = fc_kv_cursor_open(txn, FC_TABLE_BYVER, &cursor);
    if (err != FC_OK)
        return err;
    err = fc_kv_seek(cursor, fc_span(key.b, sizeof key.b), &found, &value);
    while (err == FC_OK && found.len == sizeof key.b && memcmp(found.data, key.b, 4) == 0 &&
           *entries < COUNTED_MAX) {
        struct fc_hash key_hash;
        struct fc_entry entry;
        memcpy(key_hash.b, found.data + 12, sizeof key_hash.b);
        struct fc_entry_key row = fc_entry_key(generation, &key_hash);
        err = fc_kv_get(txn, FC_TABLE_ENTRY, fc_span(row.b, sizeof row.b), &value);
        if (err == FC_OK && fc_entry_parse(&key_hash, value, &entry) == FC_OK) {
            *entries += 1;
            *bytes += entry.size;
        }
        if (err == FC_OK || err == FC_E_MISSING)
            err = fc_kv_next(cursor, &found, &value);
    }
    fc_kv_cursor_close(cursor);
    return err == FC_E_MISSING ? FC_OK : err;
}

enum fc_err fc_replica_count_changes(struct fc_replica *replica, const struct fc_hash *participant,
                                     fc_version since, uint64_t *entries, uint64_t *bytes)
{
    *entries = *bytes = 0;
    struct fc_replica_row row;
    enum fc_err err = fc_replica_row_get(replica, participant, &row);
    if (err == FC_OK && row.feed.damaged)
        err = FC_E_MISSING;
    if (err != FC_OK)
        return err;
    if (!changes_known(&row.feed, since))
        return FC_E_GAP;
    if (since == 0) {
        *entries = row.feed.entries;
        *bytes = row.feed.bytes;
        return FC_OK;
    }
    if (since >= row.feed.version)
        return FC_OK;
    struct fc_replica_read read;
    err = fc_replica_read_begin(replica, &read);
    if (err != FC_OK)
        return err;
    err = count_since(read.txn, row.feed.generation, since, entries, bytes);
    fc_replica_read_end(&read);
    return err;
}

/* -- a walk ------------------------------------------------------------------------------------ */

static enum fc_err read_bucket(struct fc_txn *txn, uint32_t generation,
                               const struct fc_prefix *prefix, struct fc_buf *items,
                               struct fc_buf *frames)
{
    struct fc_kv_cursor *cursor = NULL;
    struct fc_entry_key key = fc_entry_key(generation, &prefix->bits);
    struct fc_span found, value;
    size_t frames_max = frames->len + FC_BLOCK_BYTES; /* larger contents are pulled by themselves */
    enum fc_err err = fc_kv_cursor_open(txn, FC_TABLE_ENTRY, &cursor);
    if (err != FC_OK)
        return err;
    err = fc_kv_seek(cursor, fc_span(key.b, sizeof key.b), &found, &value);
    while (err == FC_OK && found.len == sizeof key.b && memcmp(found.data, key.b, 4) == 0) {
        struct fc_hash key_hash;
        struct fc_entry entry;
        memcpy(key_hash.b, found.data + 4, sizeof key_hash.b);
        if (!fc_prefix_covers(prefix, &key_hash))
            break;
        if (fc_entry_parse(&key_hash, value, &entry) == FC_OK)
            err = append_entry(txn, NULL, generation, &entry, frames_max, items, frames);
        if (err == FC_OK)
            err = fc_kv_next(cursor, &found, &value);
    }
    fc_kv_cursor_close(cursor);
    return err == FC_E_MISSING ? FC_OK : err;
}

static enum fc_err read_nodes(struct fc_txn *txn, uint32_t generation,
                              const struct fc_prefix *prefix, const struct fc_subtree children[16],
                              struct fc_buf *nodes)
{
    struct fc_walk_node walk[16];
    memset(walk, 0, sizeof walk);
    for (unsigned i = 0; i < 16; i++) {
        struct fc_prefix child = fc_prefix_child(*prefix, i);
        walk[i].self = children[i];
        if (children[i].count <= FC_BUCKET_MAX)
            continue;
        struct fc_subtree self;
        enum fc_err err =
            fc_tree_node(txn, generation, &child, &self, &walk[i].inner, walk[i].children);
        if (err != FC_OK)
            return err;
    }
    fc_walk_nodes_write(walk, nodes);
    return fc_buf_check(nodes);
}

enum fc_err fc_replica_read_walk(struct fc_replica *replica, const struct fc_hash *participant,
                                 const struct fc_prefix *prefix, struct fc_buf *nodes,
                                 struct fc_buf *items, struct fc_buf *frames)
{
    struct fc_replica_row row;
    enum fc_err err = fc_replica_row_get(replica, participant, &row);
    if (err == FC_OK && row.feed.damaged)
        err = FC_E_MISSING;
    if (err != FC_OK)
        return err;
    if (prefix->depth > FC_TREE_DEPTH_MAX)
        return FC_E_BOUND;
    struct fc_replica_read read;
    struct fc_subtree self, children[16];
    bool inner = false;
    uint32_t generation = row.feed.generation;
    err = fc_replica_read_begin(replica, &read);
    if (err != FC_OK)
        return err;
    err = fc_tree_node(read.txn, generation, prefix, &self, &inner, children);
    if (err == FC_OK && inner)
        err = read_nodes(read.txn, generation, prefix, children, nodes);
    else if (err == FC_OK)
        err = read_bucket(read.txn, generation, prefix, items, frames);
    fc_replica_read_end(&read);
    return err;
}
