#include <assert.h>
#include <string.h>

#include "store/index_priv.h"
#include "store/load_priv.h"

enum {
    ROWS_PER_COMMIT = 16384,
    ROWS_DELETED_PER_COMMIT = 100000,
    ROOM_BYTES = 256 * 1024 * 1024, /* that one transaction may need */
};

struct rebuild {
    struct fc_replica *replica;
    void (*progress)(void *ctx, const struct fc_index_progress *at);
    void *ctx;
    struct fc_index_progress at;
    uint32_t written; /* since the last commit */
};

/* Commits and begins again; when the map had to grow, what was lost is for the caller to redo. */
static enum fc_err turn(struct fc_replica *replica)
{
    enum fc_err err = fc_replica_commit(replica);
    if (err == FC_OK)
        err = fc_kv_reserve(replica->kv, ROOM_BYTES);
    enum fc_err again = fc_replica_begin(replica);
    return err != FC_OK ? err : again;
}

/* -- the old rows go --------------------------------------------------------------------------- */

static enum fc_err delete_some(struct fc_replica *replica, bool *more)
{
    struct fc_kv_cursor *cursor = NULL;
    struct fc_span key, value;
    enum fc_err err = fc_kv_cursor_open(replica->txn, FC_TABLE_INDEX, &cursor);
    if (err != FC_OK)
        return err;
    err = fc_kv_seek(cursor, fc_span(NULL, 0), &key, &value);
    uint32_t left = ROWS_DELETED_PER_COMMIT;
    for (; err == FC_OK && left > 0; left--) {
        uint8_t copy[FC_KV_KEY_BYTES_MAX];
        size_t len = key.len;
        memcpy(copy, key.data, len);
        if (!(len == 1 && copy[0] == 'I'))
            err = fc_kv_del(replica->txn, FC_TABLE_INDEX, fc_span(copy, len));
        if (err == FC_OK)
            err = fc_kv_next(cursor, &key, &value);
    }
    fc_kv_cursor_close(cursor);
    *more = err == FC_OK;
    return err == FC_E_MISSING ? FC_OK : err;
}

/* From here on the store says that there is no index, until it is whole. */
static enum fc_err clear(struct fc_replica *replica)
{
    bool more = true;
    enum fc_err err = fc_index_reset(replica, false);
    if (err == FC_OK)
        err = turn(replica);
    while (err == FC_OK && more) {
        err = delete_some(replica, &more);
        if (err == FC_OK)
            err = turn(replica);
    }
    return err;
}

/* -- the new ones come ------------------------------------------------------------------------- */

static enum fc_err add_entry(struct rebuild *rebuild, uint32_t generation,
                             const struct fc_hash *key_hash)
{
    struct fc_replica *replica = rebuild->replica;
    struct fc_entry_key key = fc_entry_key(generation, key_hash);
    struct fc_buf *hold = &replica->old;
    struct fc_entry entry;
    struct fc_span frame = {0};
    fc_buf_clear(hold);
    enum fc_err err = fc_replica_entry_get(replica->txn, generation, key_hash, hold, &entry);
    if (err != FC_OK) /* a row that is damaged is not indexed; fc_replica_verify reports it */
        return err == FC_E_MISSING || err == FC_E_CORRUPT ? FC_OK : err;
    if (entry.state == FC_CONTENT_PRESENT)
        err = fc_kv_get(replica->txn, FC_TABLE_CONTENT, fc_span(key.b, sizeof key.b), &frame);
    if (err == FC_OK || err == FC_E_MISSING)
        err = fc_index_put(replica, generation, NULL, &entry, frame, false);
    return err;
}

/* The entry after `at` by version, so that later ones have greater numbers. FC_E_MISSING. */
static enum fc_err next_entry(struct fc_replica *replica, struct fc_version_key *at)
{
    struct fc_kv_cursor *cursor = NULL;
    struct fc_span key, value, from = fc_span(at->b, sizeof at->b);
    enum fc_err err = fc_kv_cursor_open(replica->txn, FC_TABLE_BYVER, &cursor);
    if (err != FC_OK)
        return err;
    err = fc_kv_seek(cursor, from, &key, &value);
    if (err == FC_OK && fc_span_eq(key, from))
        err = fc_kv_next(cursor, &key, &value);
    if (err == FC_OK && (key.len != sizeof at->b || memcmp(key.data, at->b, 4) != 0))
        err = FC_E_MISSING;
    if (err == FC_OK)
        memcpy(at->b, key.data, sizeof at->b);
    fc_kv_cursor_close(cursor);
    return err;
}

static enum fc_err pause(struct rebuild *rebuild)
{
    struct fc_index *index = rebuild->replica->index;
    rebuild->at.done++;
    if (++rebuild->written < ROWS_PER_COMMIT)
        return FC_OK;
    rebuild->written = 0;
    if (rebuild->progress)
        rebuild->progress(rebuild->ctx, &rebuild->at);
    index->stale = false; /* so that it merges */
    enum fc_err err = fc_index_merge(rebuild->replica, true);
    index->stale = true; /* in the store */
    if (err == FC_OK)
        err = turn(rebuild->replica);
    return err;
}

static enum fc_err add_generation(struct rebuild *rebuild, uint32_t generation,
                                  const struct fc_hash *participant)
{
    static const struct fc_hash first;
    struct fc_replica *replica = rebuild->replica;
    struct fc_version_key at = fc_version_key(generation, 0, &first);
    replica->index->stale = false;
    enum fc_err err = fc_index_generation_new(replica, generation, participant);
    while (err == FC_OK) {
        err = next_entry(replica, &at);
        if (err != FC_OK)
            break;
        struct fc_hash key_hash;
        memcpy(key_hash.b, at.b + 12, sizeof key_hash.b);
        replica->index->stale = false;
        err = add_entry(rebuild, generation, &key_hash);
        if (err == FC_OK)
            err = pause(rebuild);
    }
    replica->index->stale = true;
    return err == FC_E_MISSING ? FC_OK : err;
}

static enum fc_err add_feed(void *ctx, const struct fc_replica_row *row)
{
    return add_generation(ctx, row->feed.generation, &row->feed.participant);
}

static enum fc_err keep_feed(void *ctx, const struct fc_replica_row *row)
{
    struct rebuild *rebuild = ctx;
    return fc_index_generation_keep(rebuild->replica, row->feed.generation);
}

static enum fc_err count_feed(void *ctx, const struct fc_replica_row *row)
{
    struct rebuild *rebuild = ctx;
    rebuild->at.total += row->feed.entries;
    return FC_OK;
}

/* Loads that are under way are indexed as they come. */
static enum fc_err add_loads(struct rebuild *rebuild)
{
    enum fc_err err = FC_OK;
    for (const struct fc_load *load = rebuild->replica->loads; load && err == FC_OK;
         load = load->next)
        if (load->staged && !load->lost)
            err = add_generation(rebuild, load->row.feed.generation, &load->row.feed.participant);
    return err;
}

static enum fc_err finish(struct rebuild *rebuild)
{
    struct fc_replica *replica = rebuild->replica;
    replica->index->stale = false;
    enum fc_err err = fc_index_merge(replica, true);
    if (err == FC_OK)
        err = fc_replica_rows_each(replica, keep_feed, rebuild);
    replica->index->changed = true;
    return err;
}

enum fc_err fc_replica_reindex(struct fc_replica *replica,
                               void (*progress)(void *ctx, const struct fc_index_progress *at),
                               void *ctx)
{
    struct rebuild rebuild = {.replica = replica, .progress = progress, .ctx = ctx};
    if (!replica->index)
        return FC_E_ARG;
    assert(!replica->txn);
    enum fc_err err;
    do {
        err = fc_replica_begin(replica);
        if (err != FC_OK)
            return err;
        rebuild.at = (struct fc_index_progress){0};
        rebuild.written = 0;
        err = clear(replica);
        if (err == FC_OK)
            err = fc_replica_rows_each(replica, count_feed, &rebuild);
        if (err == FC_OK)
            err = fc_replica_rows_each(replica, add_feed, &rebuild);
        if (err == FC_OK)
            err = add_loads(&rebuild);
        if (err == FC_OK)
            err = finish(&rebuild);
        if (err == FC_OK)
            err = fc_replica_commit(replica);
        else
            fc_replica_abort(replica);
    } while (err == FC_E_MAP_FULL); /* it has been grown */
    if (progress && err == FC_OK)
        progress(ctx, &rebuild.at);
    return err;
}
