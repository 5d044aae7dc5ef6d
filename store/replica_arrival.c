#include "store/replica_priv.h"

#include <assert.h>
#include <string.h>

enum { ACCEPTED_BYTES = 14 }; /* index (8), accepted_ms (6) */
#define ACCEPTED_MAX 0xffffffffffffu

struct subject_key {
    uint8_t b[33];
};

static struct subject_key subject_key(enum fc_record_type type, const struct fc_hash *subject)
{
    struct subject_key key;
    key.b[0] = (uint8_t)type;
    memcpy(key.b + 1, subject->b, sizeof subject->b);
    return key;
}

enum fc_err fc_replica_arrival_drop(struct fc_replica *replica, enum fc_record_type type,
                                    const struct fc_hash *subject)
{
    struct subject_key key = subject_key(type, subject);
    struct fc_span key_span = fc_span(key.b, sizeof key.b), value;
    enum fc_err err = fc_kv_get(replica->txn, FC_TABLE_SUBJECT, key_span, &value);
    if (err != FC_OK)
        return err == FC_E_MISSING ? FC_OK : err;
    if (value.len < 8)
        return FC_E_CORRUPT;
    uint8_t index[8];
    memcpy(index, value.data, sizeof index);
    err = fc_kv_del(replica->txn, FC_TABLE_ARRIVAL, fc_span(index, sizeof index));
    if (err == FC_OK || err == FC_E_MISSING)
        err = fc_kv_del(replica->txn, FC_TABLE_SUBJECT, key_span);
    return err;
}

enum fc_err fc_replica_arrival_add(struct fc_replica *replica, enum fc_record_type type,
                                   const struct fc_hash *subject, const struct fc_hash *hash,
                                   fc_version version, uint64_t accepted_ms)
{
    enum fc_err err = fc_replica_arrival_drop(replica, type, subject);
    if (err != FC_OK)
        return err;
    struct fc_buf *row = &replica->row;
    fc_buf_clear(row);
    fc_pack_array(row, 4);
    fc_pack_uint(row, type);
    fc_pack_bin(row, fc_span(subject->b, sizeof subject->b));
    fc_pack_bin(row, fc_span(hash->b, sizeof hash->b));
    fc_pack_uint(row, version);
    if (row->failed)
        return FC_E_NOMEM;
    uint8_t index[8], latest[ACCEPTED_BYTES];
    fc_put_be64(index, ++replica->state.index);
    replica->state_changed = true;
    struct subject_key key = subject_key(type, subject);
    err = fc_kv_append(replica->txn, FC_TABLE_ARRIVAL, fc_span(index, sizeof index),
                       fc_buf_span(row));
    /* The clock in six bytes; the index over the two that are nothing. */
    fc_put_be64(latest + sizeof latest - 8,
                accepted_ms < ACCEPTED_MAX ? accepted_ms : ACCEPTED_MAX);
    memcpy(latest, index, sizeof index);
    if (err == FC_OK)
        err = fc_kv_put(replica->txn, FC_TABLE_SUBJECT, fc_span(key.b, sizeof key.b),
                        fc_span(latest, type == FC_RECORD_HEAD ? sizeof latest : sizeof index));
    return err;
}

enum fc_err fc_replica_arrival_index(struct fc_txn *txn, const struct fc_hash *participant,
                                     uint64_t *index)
{
    struct subject_key key = subject_key(FC_RECORD_HEAD, participant);
    struct fc_span value;
    enum fc_err err = fc_kv_get(txn, FC_TABLE_SUBJECT, fc_span(key.b, sizeof key.b), &value);
    if (err == FC_OK && value.len < 8)
        return FC_E_CORRUPT;
    *index = err == FC_OK ? fc_get_be64(value.data) : 0;
    return err;
}

enum fc_err fc_replica_arrival_accepted(struct fc_txn *txn, const struct fc_hash *participant,
                                        uint64_t *accepted_ms)
{
    struct subject_key key = subject_key(FC_RECORD_HEAD, participant);
    struct fc_span value;
    *accepted_ms = 0;
    enum fc_err err = fc_kv_get(txn, FC_TABLE_SUBJECT, fc_span(key.b, sizeof key.b), &value);
    if (err == FC_OK && value.len == ACCEPTED_BYTES)
        *accepted_ms = fc_get_be64(value.data + ACCEPTED_BYTES - 8) & ACCEPTED_MAX;
    return err == FC_E_MISSING ? FC_OK : err;
}

enum fc_err fc_replica_arrival_parse(struct fc_span key, struct fc_span value,
                                     struct fc_arrival *out)
{
    memset(out, 0, sizeof *out);
    struct fc_unpack in;
    fc_unpack_init(&in, value);
    (void)fc_unpack_array(&in, 4, 4);
    out->type = (enum fc_record_type)fc_unpack_uint(&in, FC_RECORD_APPLICATION);
    fc_unpack_fixed(&in, out->subject.b, sizeof out->subject.b);
    fc_unpack_fixed(&in, out->hash.b, sizeof out->hash.b);
    out->version = fc_unpack_uint(&in, UINT64_MAX);
    if (fc_unpack_end(&in) != FC_OK || key.len != 8)
        return FC_E_CORRUPT;
    out->index = fc_get_be64(key.data);
    return FC_OK;
}

enum fc_err fc_replica_arrival_record(struct fc_txn *txn, struct fc_arrival *arrival)
{
    if (arrival->type != FC_RECORD_HEAD)
        return fc_kv_get(txn, FC_TABLE_RECORD, fc_span(arrival->hash.b, sizeof arrival->hash.b),
                         &arrival->record);
    struct fc_head_key key = fc_head_key(&arrival->subject, arrival->version);
    struct fc_span value, ops;
    enum fc_err err = fc_kv_get(txn, FC_TABLE_HEAD, fc_span(key.b, sizeof key.b), &value);
    return err == FC_OK ? fc_replica_head_parse(value, &arrival->record, &ops) : err;
}

enum fc_err fc_replica_arrivals(struct fc_replica *replica, uint64_t after,
                                enum fc_err (*each)(void *ctx, const struct fc_arrival *arrival),
                                void *ctx)
{
    if (after >= replica->state.index)
        return FC_OK;
    struct fc_replica_read read;
    struct fc_kv_cursor *cursor = NULL;
    struct fc_arrival arrival;
    struct fc_span key, value;
    uint8_t start[8];
    fc_put_be64(start, after + 1);
    enum fc_err err = fc_replica_read_begin(replica, &read);
    if (err != FC_OK)
        return err;
    err = fc_kv_cursor_open(read.txn, FC_TABLE_ARRIVAL, &cursor);
    if (err == FC_OK)
        err = fc_kv_seek(cursor, fc_span(start, sizeof start), &key, &value);
    while (err == FC_OK) {
        err = fc_replica_arrival_parse(key, value, &arrival);
        if (err == FC_OK)
            err = fc_replica_arrival_record(read.txn, &arrival);
        if (err == FC_OK)
            err = each(ctx, &arrival);
        else if (err == FC_E_MISSING || err == FC_E_CORRUPT)
            err = FC_OK; /* one damaged row must not end every peer's catch-up: verify finds it */
        if (err != FC_OK)
            goto out;
        err = fc_kv_next(cursor, &key, &value);
    }
    if (err == FC_E_MISSING)
        err = FC_OK;
out:
    fc_kv_cursor_close(cursor);
    fc_replica_read_end(&read);
    return err;
}
