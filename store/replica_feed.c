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

/* -- rows, in memory and in table FEED --------------------------------------------------------- */

static size_t place_of(const struct fc_replica *replica, const struct fc_hash *participant,
                       bool *found)
{
    size_t low = 0, high = replica->row_count;
    *found = false;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = fc_hash_cmp(&replica->rows[mid]->feed.participant, participant);
        if (order == 0) {
            *found = true;
            return mid;
        }
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

struct fc_replica_row *fc_replica_row_find(const struct fc_replica *replica,
                                           const struct fc_hash *participant)
{
    bool found;
    size_t place = place_of(replica, participant, &found);
    return found ? replica->rows[place] : NULL;
}

static enum fc_err remember(struct fc_replica *replica, const struct fc_replica_row *row)
{
    bool found;
    size_t place = place_of(replica, &row->feed.participant, &found);
    replica->digest_known = false;
    if (found) {
        *replica->rows[place] = *row;
        return FC_OK;
    }
    if (replica->row_count == replica->row_cap) {
        size_t cap = replica->row_cap ? replica->row_cap * 2 : 16;
        struct fc_replica_row **rows = realloc(replica->rows, cap * sizeof *rows);
        if (!rows)
            return FC_E_NOMEM;
        replica->rows = rows;
        replica->row_cap = cap;
    }
    struct fc_replica_row *copy = malloc(sizeof *copy);
    if (!copy)
        return FC_E_NOMEM;
    *copy = *row;
    memmove(replica->rows + place + 1, replica->rows + place,
            (replica->row_count - place) * sizeof replica->rows[0]);
    replica->rows[place] = copy;
    replica->row_count++;
    return FC_OK;
}

static void forget(struct fc_replica *replica, const struct fc_hash *participant)
{
    bool found;
    size_t place = place_of(replica, participant, &found);
    if (!found)
        return;
    free(replica->rows[place]);
    replica->row_count--;
    memmove(replica->rows + place, replica->rows + place + 1,
            (replica->row_count - place) * sizeof replica->rows[0]);
    replica->digest_known = false;
}

void fc_replica_rows_clear(struct fc_replica *replica)
{
    for (size_t i = 0; i < replica->row_count; i++)
        free(replica->rows[i]);
    replica->row_count = 0;
    replica->digest_known = false;
}

static void row_write(const struct fc_replica_row *row, struct fc_buf *out)
{
    const struct fc_feed *feed = &row->feed;
    fc_pack_array(out, 14);
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
    fc_pack_uint(out, feed->accepted_ms);
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
    (void)fc_unpack_array(&in, 14, 14);
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
    feed->accepted_ms = fc_unpack_uint(&in, UINT64_MAX);
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
    replica->rows_changed = true;
    const struct fc_hash *participant = &row->feed.participant;
    enum fc_err err =
        fc_kv_put(replica->txn, FC_TABLE_FEED, fc_span(participant->b, sizeof participant->b),
                  fc_buf_span(&replica->row));
    return err == FC_OK ? remember(replica, row) : err;
}

/* Rows that do not parse are left out: fc_replica_verify reports them, peers bring the feeds. */
enum fc_err fc_replica_rows_load(struct fc_replica *replica, struct fc_txn *txn)
{
    fc_replica_rows_clear(replica);
    struct fc_kv_cursor *cursor = NULL;
    struct fc_span key, value;
    enum fc_err err = fc_kv_cursor_open(txn, FC_TABLE_FEED, &cursor);
    if (err != FC_OK)
        return err;
    err = fc_kv_seek(cursor, fc_span(NULL, 0), &key, &value);
    while (err == FC_OK) {
        struct fc_hash participant;
        struct fc_replica_row row;
        if (key.len == sizeof participant.b) {
            memcpy(participant.b, key.data, sizeof participant.b);
            if (fc_replica_row_parse(&participant, value, &row) == FC_OK)
                err = remember(replica, &row);
        }
        if (err == FC_OK)
            err = fc_kv_next(cursor, &key, &value);
    }
    fc_kv_cursor_close(cursor);
    return err == FC_E_MISSING ? FC_OK : err;
}

enum fc_err fc_replica_feed(struct fc_replica *replica, const struct fc_hash *participant,
                            struct fc_feed *out)
{
    const struct fc_replica_row *row = fc_replica_row_find(replica, participant);
    if (!row)
        return FC_E_MISSING;
    *out = row->feed;
    return FC_OK;
}

enum fc_err fc_replica_feeds(struct fc_replica *replica,
                             enum fc_err (*each)(void *ctx, const struct fc_feed *feed), void *ctx)
{
    struct fc_hash last;
    bool found;
    for (size_t i = 0; i < replica->row_count;) {
        struct fc_feed feed = replica->rows[i]->feed;
        last = feed.participant;
        enum fc_err err = each(ctx, &feed);
        if (err != FC_OK)
            return err;
        i = place_of(replica, &last, &found);
        i += found ? 1 : 0;
    }
    return FC_OK;
}

/* A damaged feed's entries are not what its head says, so it is no part of the digest. */
enum fc_err fc_replica_digest(struct fc_replica *replica, struct fc_digest *out)
{
    if (!replica->digest_known) {
        struct fc_digest digest = {0};
        struct fc_hasher hasher;
        fc_hasher_init(&hasher, "fedcat.digest.1");
        for (size_t i = 0; i < replica->row_count; i++) {
            const struct fc_feed *feed = &replica->rows[i]->feed;
            if (feed->damaged)
                continue;
            struct fc_head_key key = fc_head_key(&feed->participant, feed->version);
            fc_hasher_add(&hasher, fc_span(key.b, sizeof key.b));
            fc_hasher_add(&hasher, fc_span(feed->head_hash.b, sizeof feed->head_hash.b));
            digest.feeds++;
            digest.entries += feed->entries;
            digest.bytes += feed->bytes;
        }
        digest.hash = fc_hasher_end(&hasher);
        replica->digest = digest;
        replica->digest_known = true;
    }
    *out = replica->digest;
    return FC_OK;
}

enum fc_err fc_replica_feed_remove(struct fc_replica *replica, const struct fc_hash *participant)
{
    const struct fc_replica_row *row = fc_replica_row_find(replica, participant);
    if (!row)
        return FC_OK;
    replica->rows_changed = true;
    enum fc_err err = fc_replica_generation_drop(replica, row->feed.generation);
    if (err == FC_OK)
        err = fc_replica_arrival_drop(replica, FC_RECORD_HEAD, participant);
    if (err == FC_OK)
        err = fc_replica_heads_trim(replica, participant, UINT32_MAX);
    if (err == FC_OK)
        err =
            fc_kv_del(replica->txn, FC_TABLE_FEED, fc_span(participant->b, sizeof participant->b));
    if (err == FC_OK)
        forget(replica, participant);
    return err;
}
