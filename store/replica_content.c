#include "store/replica_priv.h"

#include <assert.h>
#include <string.h>

struct fc_local_key fc_takedown_key(const struct fc_hash *participant,
                                    const struct fc_hash *key_hash)
{
    struct fc_local_key key = {.len = 65};
    key.b[0] = 'T';
    memcpy(key.b + 1, participant->b, 32);
    memcpy(key.b + 33, key_hash->b, 32);
    return key;
}

enum fc_err fc_replica_withheld(struct fc_replica *replica, struct fc_txn *txn,
                                const struct fc_hash *participant, const struct fc_hash *key_hash,
                                const struct fc_hash *commitment, bool *withheld)
{
    *withheld = fc_ledger_takedown(replica->ledger, participant, key_hash, commitment) != NULL;
    if (*withheld || replica->takedowns_local == 0)
        return FC_OK;
    struct fc_local_key key = fc_takedown_key(participant, key_hash);
    struct fc_span value;
    enum fc_err err = fc_kv_get(txn, FC_TABLE_LOCAL, fc_span(key.b, key.len), &value);
    *withheld = err == FC_OK;
    return err == FC_E_MISSING ? FC_OK : err;
}

enum fc_err fc_replica_takedown_reason(struct fc_replica *replica,
                                       const struct fc_hash *participant,
                                       const struct fc_hash *key_hash,
                                       const struct fc_hash *commitment, struct fc_buf *reason,
                                       struct fc_hash *record)
{
    const struct fc_held *held =
        fc_ledger_takedown(replica->ledger, participant, key_hash, commitment);
    if (held) {
        *record = held->record.hash;
        fc_buf_append(reason, held->takedown.reason.data, held->takedown.reason.len);
        return fc_buf_check(reason);
    }
    struct fc_local_key key = fc_takedown_key(participant, key_hash);
    struct fc_replica_read read;
    struct fc_span value;
    *record = (struct fc_hash){{0}};
    enum fc_err err = fc_replica_read_begin(replica, &read);
    if (err != FC_OK)
        return err;
    err = fc_kv_get(read.txn, FC_TABLE_LOCAL, fc_span(key.b, key.len), &value);
    if (err == FC_OK) {
        fc_buf_append(reason, value.data, value.len);
        err = fc_buf_check(reason);
    }
    fc_replica_read_end(&read);
    return err;
}

/* -- checking and packing ---------------------------------------------------------------------- */

static enum fc_err plain_of(struct fc_replica *replica, const struct fc_content *content,
                            uint64_t size, struct fc_span *plain)
{
    struct fc_codec *codec;
    *plain = content->bytes;
    if (!content->compressed)
        return FC_OK;
    enum fc_err err = fc_replica_codec(replica, &codec);
    fc_buf_clear(&replica->plain);
    if (err == FC_OK)
        err = fc_content_unpack(codec, content->bytes, (size_t)size, &replica->plain);
    if (err == FC_E_FORMAT || err == FC_E_BOUND)
        err = FC_E_SIGNATURE;
    *plain = fc_buf_span(&replica->plain);
    return err;
}

enum fc_err fc_replica_content_commit(struct fc_replica *replica, const struct fc_content *content,
                                      uint64_t size, struct fc_hash *commitment)
{
    struct fc_span plain;
    if (size > FC_CONTENT_BYTES_MAX || content->bytes.len > FC_ITEM_FRAME_BYTES_MAX)
        return FC_E_SIGNATURE;
    enum fc_err err = plain_of(replica, content, size, &plain);
    if (err == FC_OK && plain.len != size)
        err = FC_E_SIGNATURE;
    if (err == FC_OK)
        *commitment = fc_commitment(content->salt, plain);
    return err;
}

enum fc_err fc_replica_content_check(struct fc_replica *replica, const struct fc_content *content,
                                     uint64_t size, const struct fc_hash *commitment,
                                     struct fc_span *frame)
{
    struct fc_hash actual;
    struct fc_codec *codec;
    struct fc_content_memo *memo = replica->shared ? replica->shared->contents : NULL;
    bool known = memo && fc_content_memo_knows(memo, content, size, commitment);
    enum fc_err err = known ? FC_OK : fc_replica_content_commit(replica, content, size, &actual);
    if (err == FC_OK && !known && !fc_hash_eq(&actual, commitment))
        err = FC_E_SIGNATURE;
    if (err == FC_OK && memo && !known)
        fc_content_memo_note(memo, content, size, commitment);
    *frame = content->bytes;
    if (err != FC_OK || content->compressed)
        return err;
    fc_buf_clear(&replica->frame);
    err = fc_replica_codec(replica, &codec);
    if (err == FC_OK)
        err = fc_content_pack(codec, content->bytes, &replica->frame);
    *frame = fc_buf_span(&replica->frame);
    return err;
}

/* -- reading ----------------------------------------------------------------------------------- */

/* The frame of an entry's content, in the store. */
static enum fc_err frame_of(struct fc_replica *replica, struct fc_txn *txn,
                            const struct fc_hash *participant, const struct fc_hash *key_hash,
                            struct fc_entry *entry, struct fc_span *frame)
{
    struct fc_replica_row row;
    fc_buf_clear(&replica->old);
    enum fc_err err = fc_replica_row_get(replica, participant, &row);
    if (err == FC_OK)
        err = fc_replica_entry_get(txn, row.feed.generation, key_hash, &replica->old, entry);
    if (err != FC_OK)
        return err;
    if (entry->state != FC_CONTENT_PRESENT)
        return entry->state == FC_CONTENT_REFUSED ? FC_E_WITHHELD : FC_E_MISSING;
    struct fc_entry_key key = fc_entry_key(row.feed.generation, key_hash);
    err = fc_kv_get(txn, FC_TABLE_CONTENT, fc_span(key.b, sizeof key.b), frame);
    return err == FC_E_MISSING ? FC_E_CORRUPT : err;
}

enum fc_err fc_replica_content(struct fc_replica *replica, const struct fc_hash *participant,
                               const struct fc_hash *key_hash, struct fc_buf *out)
{
    struct fc_replica_read read;
    struct fc_entry entry;
    struct fc_span frame;
    struct fc_codec *codec;
    size_t start = out->len;
    enum fc_err err = fc_replica_read_begin(replica, &read);
    if (err != FC_OK)
        return err;
    err = frame_of(replica, read.txn, participant, key_hash, &entry, &frame);
    if (err == FC_OK)
        err = fc_replica_codec(replica, &codec);
    if (err == FC_OK)
        err = fc_content_unpack(codec, frame, (size_t)entry.size, out);
    if (err == FC_E_FORMAT || err == FC_E_BOUND)
        err = FC_E_CORRUPT;
    if (err == FC_OK) {
        struct fc_hash actual =
            fc_commitment(entry.salt, fc_span(out->data + start, out->len - start));
        err = fc_hash_eq(&actual, &entry.commitment) ? FC_OK : FC_E_CORRUPT;
    }
    if (err != FC_OK && !out->failed)
        out->len = start;
    fc_replica_read_end(&read);
    return err;
}

enum fc_err fc_replica_content_frame(struct fc_replica *replica, const struct fc_hash *participant,
                                     const struct fc_hash *key_hash, struct fc_buf *hold,
                                     struct fc_content *out)
{
    struct fc_replica_read read;
    struct fc_entry entry;
    struct fc_span frame;
    enum fc_err err = fc_replica_read_begin(replica, &read);
    if (err != FC_OK)
        return err;
    err = frame_of(replica, read.txn, participant, key_hash, &entry, &frame);
    if (err == FC_OK) {
        size_t start = hold->len;
        fc_buf_append(hold, frame.data, frame.len);
        err = fc_buf_check(hold);
        *out = (struct fc_content){.key_hash = *key_hash, .compressed = true};
        memcpy(out->salt, entry.salt, sizeof out->salt);
        if (err == FC_OK)
            out->bytes = fc_span(hold->data + start, frame.len);
    }
    fc_replica_read_end(&read);
    return err;
}

/* -- filling in what is missing ---------------------------------------------------------------- */

enum fc_err fc_replica_put_content(struct fc_replica *replica, const struct fc_hash *participant,
                                   const struct fc_content *content)
{
    assert(replica->txn);
    struct fc_replica_row next;
    struct fc_buf hold = {0};
    struct fc_entry entry;
    struct fc_span frame;
    enum fc_err err = fc_replica_row_get(replica, participant, &next);
    if (err == FC_OK)
        err = fc_replica_entry_get(replica->txn, next.feed.generation, &content->key_hash, &hold,
                                   &entry);
    if (err == FC_OK && entry.state != FC_CONTENT_MISSING)
        err = entry.state == FC_CONTENT_PRESENT ? FC_E_KNOWN : FC_E_WITHHELD;
    if (err == FC_OK)
        err = fc_replica_content_check(replica, content, entry.size, &entry.commitment, &frame);
    if (err == FC_OK) {
        entry.state = FC_CONTENT_PRESENT;
        memcpy(entry.salt, content->salt, sizeof entry.salt);
        err = fc_replica_entry_put(replica, &next, &entry, frame, false);
    }
    if (err == FC_OK)
        err = fc_replica_row_store(replica, &next);
    fc_buf_finish(&hold);
    return err;
}

enum fc_err fc_replica_content_reset(struct fc_replica *replica, struct fc_replica_row *row,
                                     const struct fc_hash *key_hash, enum fc_content_state state)
{
    assert(state != FC_CONTENT_PRESENT);
    struct fc_buf hold = {0};
    struct fc_entry entry;
    enum fc_err err =
        fc_replica_entry_get(replica->txn, row->feed.generation, key_hash, &hold, &entry);
    if (err == FC_OK && entry.state != state) {
        entry.state = state;
        memset(entry.salt, 0, sizeof entry.salt);
        err = fc_replica_entry_put(replica, row, &entry, (struct fc_span){0}, false);
    }
    fc_buf_finish(&hold);
    return err;
}

enum fc_err fc_replica_content_settle(struct fc_replica *replica, struct fc_replica_row *row,
                                      const struct fc_hash *key_hash)
{
    struct fc_buf hold = {0};
    struct fc_entry entry;
    bool withheld = false;
    enum fc_err err =
        fc_replica_entry_get(replica->txn, row->feed.generation, key_hash, &hold, &entry);
    if (err == FC_OK)
        err = fc_replica_withheld(replica, replica->txn, &row->feed.participant, key_hash,
                                  &entry.commitment, &withheld);
    if (err == FC_OK && withheld != (entry.state == FC_CONTENT_REFUSED))
        err = fc_replica_content_reset(replica, row, key_hash,
                                       withheld ? FC_CONTENT_REFUSED : FC_CONTENT_MISSING);
    fc_buf_finish(&hold);
    return err == FC_E_MISSING ? FC_OK : err;
}

static bool want_of(struct fc_replica *replica, struct fc_span key, struct fc_span value,
                    struct fc_want *want)
{
    if (key.len != sizeof(struct fc_missing_key) || value.len != 40)
        return false;
    memcpy(want->participant.b, value.data, 32);
    memcpy(want->key_hash.b, key.data + 5, 32);
    want->size = fc_get_be64(value.data + 32);
    struct fc_replica_row row;
    return fc_replica_row_get(replica, &want->participant, &row) == FC_OK &&
           row.feed.generation == fc_get_be32(key.data + 1);
}

/* From above `*from` up to `to`, or to the last with `to` NULL. */
static enum fc_err wanted_range(struct fc_replica *replica, struct fc_txn *txn,
                                struct fc_missing_key *from, const struct fc_missing_key *to,
                                struct fc_want *out, uint32_t max, uint32_t *count)
{
    struct fc_kv_cursor *cursor = NULL;
    enum fc_err err = fc_kv_cursor_open(txn, FC_TABLE_LOCAL, &cursor);
    if (err != FC_OK)
        return err;
    struct fc_span found, value, start = fc_span(from->b, sizeof from->b);
    err = fc_kv_seek(cursor, start, &found, &value);
    if (err == FC_OK && fc_span_eq(found, start))
        err = fc_kv_next(cursor, &found, &value);
    while (err == FC_OK && *count < max && found.len == sizeof from->b && found.data[0] == 'M' &&
           (!to || memcmp(found.data, to->b, sizeof to->b) <= 0)) {
        memcpy(from->b, found.data, sizeof from->b);
        bool wanted = want_of(replica, found, value, &out[*count]);
        *count += wanted ? 1 : 0;
        if (!wanted && value.len == 40) /* staged or dropped: on past all of its generation */
            memset(from->b + 5, 0xff, sizeof from->b - 5);
        err = fc_kv_seek(cursor, start, &found, &value);
        if (err == FC_OK && fc_span_eq(found, start))
            err = fc_kv_next(cursor, &found, &value);
    }
    fc_kv_cursor_close(cursor);
    return err == FC_E_MISSING ? FC_OK : err;
}

enum fc_err fc_replica_wanted(struct fc_replica *replica, struct fc_want *out, uint32_t max,
                              uint32_t *count)
{
    *count = 0;
    if (max == 0)
        return FC_OK;
    struct fc_missing_key at = {.b = {'M'}}, end;
    memcpy(at.b + 1, replica->rove, sizeof replica->rove);
    end = at;
    struct fc_replica_read read;
    enum fc_err err = fc_replica_read_begin(replica, &read);
    if (err != FC_OK)
        return err;
    err = wanted_range(replica, read.txn, &at, NULL, out, max, count);
    if (err == FC_OK && *count < max) {
        at = (struct fc_missing_key){.b = {'M'}};
        err = wanted_range(replica, read.txn, &at, &end, out, max, count);
    }
    memcpy(replica->rove, at.b + 1, sizeof replica->rove);
    fc_replica_read_end(&read);
    return err;
}
