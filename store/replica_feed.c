#include "store/replica_priv.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct fc_head_key fc_head_key(const struct fc_hash *participant, fc_version version)
{
    struct fc_head_key key;
    memcpy(key.b, participant->b, 32);
    fc_put_be64(key.b + 32, version);
    return key;
}

/* -- rows of table FEED ------------------------------------------------------------------------ */

static void row_write(const struct fc_replica_row *row, struct fc_buf *out)
{
    const struct fc_feed *feed = &row->feed;
    fc_pack_array(out, 13);
    fc_pack_uint(out, feed->generation);
    fc_pack_uint(out, feed->version);
    fc_pack_bin(out, fc_span(feed->head_hash.b, sizeof feed->head_hash.b));
    fc_pack_bin(out, fc_span(feed->certificate.b, sizeof feed->certificate.b));
    fc_pack_bin(out, fc_span(feed->root.b, sizeof feed->root.b));
    fc_pack_uint(out, feed->entries);
    fc_pack_uint(out, feed->bytes);
    fc_pack_uint(out, feed->time_ms);
    fc_pack_uint(out, feed->deletes_from);
    fc_pack_uint(out, feed->missing);
    fc_pack_uint(out, feed->damaged);
    fc_pack_uint(out, row->deletes);
    fc_pack_uint(out, row->heads);
}

enum fc_err fc_replica_row_parse(const struct fc_hash *participant, struct fc_span value,
                                 struct fc_replica_row *out)
{
    memset(out, 0, sizeof *out);
    struct fc_feed *feed = &out->feed;
    feed->participant = *participant;
    struct fc_unpack in;
    fc_unpack_init(&in, value);
    (void)fc_unpack_array(&in, 13, 13);
    feed->generation = (uint32_t)fc_unpack_uint(&in, UINT32_MAX);
    feed->version = fc_unpack_uint(&in, UINT64_MAX);
    fc_unpack_fixed(&in, feed->head_hash.b, sizeof feed->head_hash.b);
    fc_unpack_fixed(&in, feed->certificate.b, sizeof feed->certificate.b);
    fc_unpack_fixed(&in, feed->root.b, sizeof feed->root.b);
    feed->entries = fc_unpack_uint(&in, UINT64_MAX);
    feed->bytes = fc_unpack_uint(&in, UINT64_MAX);
    feed->time_ms = fc_unpack_uint(&in, UINT64_MAX);
    feed->deletes_from = fc_unpack_uint(&in, UINT64_MAX);
    feed->missing = fc_unpack_uint(&in, UINT64_MAX);
    feed->damaged = fc_unpack_uint(&in, 1) == 1;
    out->deletes = (uint32_t)fc_unpack_uint(&in, UINT32_MAX);
    out->heads = (uint32_t)fc_unpack_uint(&in, UINT32_MAX);
    return fc_unpack_end(&in) == FC_OK ? FC_OK : FC_E_CORRUPT;
}

enum fc_err fc_replica_row_store(struct fc_replica *replica, const struct fc_replica_row *row)
{
    fc_buf_clear(&replica->row);
    row_write(row, &replica->row);
    if (replica->row.failed)
        return FC_E_NOMEM;
    const struct fc_hash *participant = &row->feed.participant;
    enum fc_err err = fc_replica_digest_follow(replica, participant, row);
    if (err != FC_OK)
        return err;
    replica->row_known = true;
    replica->last_row = *row;
    return fc_kv_put(replica->txn, FC_TABLE_FEED, fc_span(participant->b, sizeof participant->b),
                     fc_buf_span(&replica->row));
}

enum fc_err fc_replica_row_get(struct fc_replica *replica, const struct fc_hash *participant,
                               struct fc_replica_row *out)
{
    struct fc_replica_read read;
    struct fc_span value;
    if (replica->row_known && fc_hash_eq(&replica->last_row.feed.participant, participant)) {
        *out = replica->last_row;
        return FC_OK;
    }
    enum fc_err err = fc_replica_read_begin(replica, &read);
    if (err != FC_OK)
        return err;
    err =
        fc_kv_get(read.txn, FC_TABLE_FEED, fc_span(participant->b, sizeof participant->b), &value);
    if (err == FC_OK && fc_replica_row_parse(participant, value, out) != FC_OK)
        err = FC_E_MISSING;
    fc_replica_read_end(&read);
    replica->row_known = err == FC_OK;
    if (err == FC_OK)
        replica->last_row = *out;
    return err;
}

enum fc_err fc_replica_row_next(struct fc_kv_cursor *cursor, struct fc_span from,
                                struct fc_replica_row *row)
{
    struct fc_span key, value;
    enum fc_err err =
        from.data ? fc_kv_seek(cursor, from, &key, &value) : fc_kv_next(cursor, &key, &value);
    for (; err == FC_OK; err = fc_kv_next(cursor, &key, &value)) {
        struct fc_hash participant;
        if (key.len != sizeof participant.b)
            continue;
        memcpy(participant.b, key.data, sizeof participant.b);
        if (fc_replica_row_parse(&participant, value, row) == FC_OK)
            break;
    }
    return err;
}

enum fc_err fc_replica_rows_each(struct fc_replica *replica,
                                 enum fc_err (*each)(void *ctx, const struct fc_replica_row *row),
                                 void *ctx)
{
    uint8_t from[33] = {0}; /* a byte more than a key: just above the last one */
    struct fc_replica_row row;
    enum fc_err err = FC_OK;
    for (size_t len = 32; err == FC_OK; len = sizeof from) {
        struct fc_replica_read read;
        struct fc_kv_cursor *cursor = NULL;
        err = fc_replica_read_begin(replica, &read);
        if (err != FC_OK)
            return err;
        err = fc_kv_cursor_open(read.txn, FC_TABLE_FEED, &cursor);
        if (err == FC_OK)
            err = fc_replica_row_next(cursor, fc_span(from, len), &row);
        if (cursor)
            fc_kv_cursor_close(cursor);
        fc_replica_read_end(&read);
        if (err != FC_OK)
            return err == FC_E_MISSING ? FC_OK : err;
        memcpy(from, row.feed.participant.b, sizeof row.feed.participant.b);
        err = each(ctx, &row);
    }
    return err;
}

static enum fc_err add_accepted(struct fc_replica *replica, struct fc_feed *feed)
{
    struct fc_replica_read read;
    enum fc_err err = fc_replica_read_begin(replica, &read);
    if (err != FC_OK)
        return err;
    err = fc_replica_arrival_accepted(read.txn, &feed->participant, &feed->accepted_ms);
    fc_replica_read_end(&read);
    return err;
}

enum fc_err fc_replica_feed(struct fc_replica *replica, const struct fc_hash *participant,
                            struct fc_feed *out)
{
    struct fc_replica_row row;
    enum fc_err err = fc_replica_row_get(replica, participant, &row);
    if (err != FC_OK)
        return err;
    *out = row.feed;
    return add_accepted(replica, out);
}

struct feeds {
    struct fc_replica *replica;
    enum fc_err (*each)(void *ctx, const struct fc_feed *feed);
    void *ctx;
};

static enum fc_err each_feed(void *ctx, const struct fc_replica_row *row)
{
    const struct feeds *feeds = ctx;
    struct fc_feed feed = row->feed;
    enum fc_err err = add_accepted(feeds->replica, &feed);
    return err == FC_OK ? feeds->each(feeds->ctx, &feed) : err;
}

enum fc_err fc_replica_feeds(struct fc_replica *replica,
                             enum fc_err (*each)(void *ctx, const struct fc_feed *feed), void *ctx)
{
    struct feeds feeds = {replica, each, ctx};
    return fc_replica_rows_each(replica, each_feed, &feeds);
}

enum fc_err fc_replica_feed_remove(struct fc_replica *replica, const struct fc_hash *participant)
{
    struct fc_replica_row row;
    enum fc_err err = fc_replica_row_get(replica, participant, &row);
    if (err != FC_OK)
        return err == FC_E_MISSING ? FC_OK : err;
    err = fc_replica_digest_follow(replica, participant, NULL);
    if (err == FC_OK)
        err = fc_replica_generation_drop(replica, row.feed.generation);
    if (err == FC_OK)
        err = fc_replica_arrival_drop(replica, FC_RECORD_HEAD, participant);
    if (err == FC_OK)
        err = fc_replica_heads_trim(replica, participant, UINT32_MAX);
    if (err == FC_OK)
        err =
            fc_kv_del(replica->txn, FC_TABLE_FEED, fc_span(participant->b, sizeof participant->b));
    replica->row_known = false;
    return err;
}
