#include <assert.h>
#include <string.h>

#include "store/index_priv.h"
#include "store/load_priv.h"

enum {
    ROWS_PER_COMMIT = FC_DOCS_CHUNK,
    ROWS_DELETED_PER_COMMIT = 100000,
    ROOM_BYTES = 256 * 1024 * 1024, /* that one transaction may need */
};

struct rebuild {
    struct fc_replica *replica;
    void (*progress)(void *ctx, const struct fc_index_progress *at);
    void *ctx;
    struct fc_index_progress at;
    struct fc_bulk *bulk;
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

/* Writes what was gathered and commits; in the store the index stays stale until the end. */
static enum fc_err turn_bulk(struct rebuild *rebuild)
{
    struct fc_index *index = rebuild->replica->index;
    index->stale = false;
    enum fc_err err = fc_bulk_write(rebuild->bulk);
    index->stale = true;
    if (err == FC_OK && rebuild->progress)
        rebuild->progress(rebuild->ctx, &rebuild->at);
    return err == FC_OK ? turn(rebuild->replica) : err;
}

static enum fc_err add_generation(struct rebuild *rebuild, uint32_t generation,
                                  const struct fc_hash *participant)
{
    const struct fc_index_generation row = {.participant = *participant};
    bool done = false;
    enum fc_err err = fc_index_generation_put(rebuild->replica, generation, &row);
    while (err == FC_OK && !done) {
        uint32_t added;
        err = fc_bulk_add(rebuild->bulk, generation, ROWS_PER_COMMIT - rebuild->written, &added,
                          &done);
        rebuild->at.done += added;
        rebuild->written += added;
        if (err == FC_OK && !done) {
            err = turn_bulk(rebuild);
            rebuild->written = 0;
        }
    }
    return err;
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
    enum fc_err err = fc_bulk_write(rebuild->bulk);
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
            err = fc_bulk_create(replica, &rebuild.bulk);
        if (err == FC_OK)
            err = fc_replica_rows_each(replica, count_feed, &rebuild);
        if (err == FC_OK)
            err = fc_replica_rows_each(replica, add_feed, &rebuild);
        if (err == FC_OK)
            err = add_loads(&rebuild);
        if (err == FC_OK)
            err = finish(&rebuild);
        fc_bulk_destroy(rebuild.bulk);
        rebuild.bulk = NULL;
        if (err == FC_OK)
            err = fc_replica_commit(replica);
        else
            fc_replica_abort(replica);
    } while (err == FC_E_MAP_FULL); /* it has been grown */
    if (progress && err == FC_OK)
        progress(ctx, &rebuild.at);
    return err;
}
