#include "store/news.h"

#include <string.h>

#include "store/replica_priv.h"

/* Table STEP: 'I' index -> participant; 'P' participant, index -> version, accepted_ms, time_ms. */
struct index_key {
    uint8_t b[9];
};
struct step_key {
    uint8_t b[41];
};
enum { STEP_BYTES = 24 };

static struct index_key index_key(uint64_t index)
{
    struct index_key key = {{'I'}};
    fc_put_be64(key.b + 1, index);
    return key;
}

static struct step_key step_key(const struct fc_hash *participant, uint64_t index)
{
    struct step_key key = {{'P'}};
    memcpy(key.b + 1, participant->b, 32);
    fc_put_be64(key.b + 33, index);
    return key;
}

static bool is_of(struct fc_span found, const struct step_key *key)
{
    return found.len == sizeof key->b && memcmp(found.data, key->b, 33) == 0;
}

/* -- writing ----------------------------------------------------------------------------------- */

static enum fc_err drop(struct fc_replica *replica, const struct step_key *key)
{
    struct index_key index = index_key(fc_get_be64(key->b + 33));
    enum fc_err err = fc_kv_del(replica->txn, FC_TABLE_STEP, fc_span(key->b, sizeof key->b));
    if (err == FC_OK || err == FC_E_MISSING)
        err = fc_kv_del(replica->txn, FC_TABLE_STEP, fc_span(index.b, sizeof index.b));
    return err == FC_E_MISSING ? FC_OK : err;
}

/* Drops the oldest until one more has room. */
static enum fc_err trim(struct fc_replica *replica, const struct fc_hash *participant)
{
    struct step_key key = step_key(participant, 0), oldest[4];
    struct fc_kv_cursor *cursor = NULL;
    struct fc_span found, value;
    size_t count = 0;
    enum fc_err err = fc_kv_cursor_open(replica->txn, FC_TABLE_STEP, &cursor);
    if (err != FC_OK)
        return err;
    err = fc_kv_seek(cursor, fc_span(key.b, sizeof key.b), &found, &value);
    for (; err == FC_OK && is_of(found, &key); count++) {
        if (count < 4)
            memcpy(oldest[count].b, found.data, sizeof key.b);
        err = fc_kv_next(cursor, &found, &value);
    }
    fc_kv_cursor_close(cursor);
    err = err == FC_E_MISSING ? FC_OK : err;
    for (size_t i = 0; i < 4 && err == FC_OK && count >= FC_STEPS_KEPT; i++, count--)
        err = drop(replica, &oldest[i]);
    return err;
}

enum fc_err fc_replica_step_add(struct fc_replica *replica, const struct fc_hash *participant,
                                uint64_t at, const struct fc_head *head, uint64_t accepted_ms)
{
    struct index_key index = index_key(at);
    struct step_key key = step_key(participant, at);
    uint8_t value[STEP_BYTES];
    enum fc_err err = trim(replica, participant);
    fc_put_be64(value, head->version);
    fc_put_be64(value + 8, accepted_ms);
    fc_put_be64(value + 16, head->time_ms);
    if (err == FC_OK)
        err = fc_kv_put(replica->txn, FC_TABLE_STEP, fc_span(key.b, sizeof key.b),
                        fc_span(value, sizeof value));
    if (err == FC_OK)
        err = fc_kv_put(replica->txn, FC_TABLE_STEP, fc_span(index.b, sizeof index.b),
                        fc_span(participant->b, sizeof participant->b));
    return err;
}

/* -- one feed ---------------------------------------------------------------------------------- */

/* Rows above (version, key_hash) up to `last`, with the transaction open. */
static enum fc_err since(struct fc_replica *replica, struct fc_txn *txn, uint32_t generation,
                         fc_version version, const struct fc_hash *key_hash, fc_version last,
                         enum fc_err (*each)(void *ctx, const struct fc_entry *entry), void *ctx)
{
    struct fc_version_key key = fc_version_key(generation, version, key_hash);
    struct fc_span start = fc_span(key.b, sizeof key.b), found, value;
    struct fc_kv_cursor *cursor = NULL;
    struct fc_buf hold = {0};
    (void)replica;
    enum fc_err err = fc_kv_cursor_open(txn, FC_TABLE_BYVER, &cursor);
    if (err != FC_OK)
        return err;
    err = fc_kv_seek(cursor, start, &found, &value);
    if (err == FC_OK && fc_span_eq(found, start))
        err = fc_kv_next(cursor, &found, &value);
    while (err == FC_OK && found.len == sizeof key.b && memcmp(found.data, key.b, 4) == 0 &&
           fc_get_be64(found.data + 4) <= last) {
        struct fc_entry entry;
        struct fc_hash at;
        memcpy(at.b, found.data + 12, sizeof at.b);
        fc_buf_clear(&hold);
        err = fc_replica_entry_get(txn, generation, &at, &hold, &entry);
        if (err == FC_OK)
            err = each(ctx, &entry);
        else if (err == FC_E_MISSING || err == FC_E_CORRUPT)
            err = FC_OK; /* verify finds it */
        if (err != FC_OK)
            goto out;
        err = fc_kv_next(cursor, &found, &value);
    }
    err = err == FC_E_MISSING ? FC_OK : err;
out:
    fc_kv_cursor_close(cursor);
    fc_buf_finish(&hold);
    return err;
}

enum fc_err fc_replica_since(struct fc_replica *replica, const struct fc_hash *participant,
                             fc_version version, const struct fc_hash *key_hash,
                             enum fc_err (*each)(void *ctx, const struct fc_entry *entry),
                             void *ctx)
{
    struct fc_replica_row row;
    struct fc_replica_read read;
    enum fc_err err = fc_replica_row_get(replica, participant, &row);
    if (err == FC_OK)
        err = fc_replica_read_begin(replica, &read);
    if (err != FC_OK)
        return err;
    err = since(replica, read.txn, row.feed.generation, version, key_hash, UINT64_MAX, each, ctx);
    fc_replica_read_end(&read);
    return err;
}

/* -- all of them ------------------------------------------------------------------------------- */

struct telling {
    struct fc_replica *replica;
    struct fc_txn *txn;
    const struct fc_news_mark *after;
    struct fc_news news;
    enum fc_err (*each)(void *ctx, const struct fc_news *news);
    void *ctx;
};

static enum fc_err tell_entry(void *ctx, const struct fc_entry *entry)
{
    struct telling *telling = ctx;
    telling->news.entry = *entry;
    return telling->each(telling->ctx, &telling->news);
}

static enum fc_err parse_step(struct fc_span value, struct fc_news *out, fc_version *version)
{
    if (value.len != STEP_BYTES)
        return FC_E_CORRUPT;
    *version = fc_get_be64(value.data);
    out->accepted_ms = fc_get_be64(value.data + 8);
    out->time_ms = fc_get_be64(value.data + 16);
    return FC_OK;
}

/* The version of the step before, 0: this is the oldest that is known. */
static enum fc_err step_before(struct fc_txn *txn, const struct step_key *key, fc_version *version)
{
    struct fc_kv_cursor *cursor = NULL;
    struct fc_span found, value;
    struct fc_news ignored;
    *version = 0;
    enum fc_err err = fc_kv_cursor_open(txn, FC_TABLE_STEP, &cursor);
    if (err != FC_OK)
        return err;
    err = fc_kv_seek_before(cursor, fc_span(key->b, sizeof key->b), &found, &value);
    if (err == FC_OK && is_of(found, key))
        err = parse_step(value, &ignored, version);
    fc_kv_cursor_close(cursor);
    return err == FC_E_MISSING ? FC_OK : err;
}

static enum fc_err tell_step(struct telling *telling, uint64_t index,
                             const struct fc_hash *participant)
{
    struct step_key key = step_key(participant, index);
    struct fc_news *news = &telling->news;
    struct fc_hash last_of_all;
    struct fc_replica_row row;
    struct fc_span value;
    fc_version from = 0, to = 0;
    memset(last_of_all.b, 0xff, sizeof last_of_all.b);
    *news = (struct fc_news){.index = index, .participant = *participant};
    enum fc_err err = fc_kv_get(telling->txn, FC_TABLE_STEP, fc_span(key.b, sizeof key.b), &value);
    if (err == FC_OK)
        err = parse_step(value, news, &to);
    if (err == FC_OK)
        err = step_before(telling->txn, &key, &from);
    if (err == FC_OK)
        err = fc_replica_row_get(telling->replica, participant, &row);
    if (err == FC_E_MISSING || err == FC_E_CORRUPT || (err == FC_OK && row.feed.damaged))
        return FC_OK;
    if (err != FC_OK)
        return err;
    const struct fc_hash *key_hash = &last_of_all;
    if (index == telling->after->index && telling->after->version > from) {
        from = telling->after->version;
        key_hash = &telling->after->key_hash;
    }
    return since(telling->replica, telling->txn, row.feed.generation, from, key_hash, to,
                 tell_entry, telling);
}

enum fc_err fc_replica_news(struct fc_replica *replica, const struct fc_news_mark *after,
                            enum fc_err (*each)(void *ctx, const struct fc_news *news), void *ctx)
{
    struct telling telling = {.replica = replica, .after = after, .each = each, .ctx = ctx};
    struct index_key key = index_key(after->index);
    struct fc_kv_cursor *cursor = NULL;
    struct fc_replica_read read;
    struct fc_span found, value;
    enum fc_err err = fc_replica_read_begin(replica, &read);
    if (err != FC_OK)
        return err;
    telling.txn = read.txn;
    err = fc_kv_cursor_open(read.txn, FC_TABLE_STEP, &cursor);
    if (err == FC_OK)
        err = fc_kv_seek(cursor, fc_span(key.b, sizeof key.b), &found, &value);
    while (err == FC_OK && found.len == sizeof key.b && found.data[0] == 'I') {
        struct fc_hash participant;
        if (value.len == sizeof participant.b) {
            memcpy(participant.b, value.data, sizeof participant.b);
            err = tell_step(&telling, fc_get_be64(found.data + 1), &participant);
        }
        if (err != FC_OK)
            goto out;
        err = fc_kv_next(cursor, &found, &value);
    }
    err = err == FC_E_MISSING ? FC_OK : err;
out:
    fc_kv_cursor_close(cursor);
    fc_replica_read_end(&read);
    return err;
}

enum fc_err fc_replica_news_arrival(struct fc_replica *replica, const struct fc_hash *participant,
                                    fc_version version, struct fc_news *out)
{
    struct step_key key = step_key(participant, 0);
    struct fc_kv_cursor *cursor = NULL;
    struct fc_replica_read read;
    struct fc_span found, value;
    fc_version there = 0;
    *out = (struct fc_news){.participant = *participant};
    enum fc_err err = fc_replica_read_begin(replica, &read);
    if (err != FC_OK)
        return err;
    err = fc_kv_cursor_open(read.txn, FC_TABLE_STEP, &cursor);
    if (err == FC_OK)
        err = fc_kv_seek(cursor, fc_span(key.b, sizeof key.b), &found, &value);
    while (err == FC_OK) {
        err = is_of(found, &key) ? parse_step(value, out, &there) : FC_E_MISSING;
        if (err == FC_OK && there >= version) {
            out->index = fc_get_be64(found.data + 33);
            break;
        }
        if (err == FC_OK)
            err = fc_kv_next(cursor, &found, &value);
    }
    fc_kv_cursor_close(cursor);
    fc_replica_read_end(&read);
    return err;
}
