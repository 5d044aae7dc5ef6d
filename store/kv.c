#include "store/kv.h"

#include <assert.h>

static bool key_fits(struct fc_span key)
{
    return key.len >= 1 && key.len <= FC_KV_KEY_BYTES_MAX;
}

static bool table_exists(enum fc_table table)
{
    return (unsigned)table < FC_TABLE_COUNT;
}

enum fc_err fc_kv_begin(struct fc_kv *kv, bool write, struct fc_txn **txn)
{
    *txn = NULL;
    return kv->ops->begin(kv, write, txn);
}

enum fc_err fc_kv_commit(struct fc_txn *txn)
{
    return txn->ops->commit(txn);
}

void fc_kv_abort(struct fc_txn *txn)
{
    if (txn)
        txn->ops->abort(txn);
}

enum fc_err fc_kv_get(struct fc_txn *txn, enum fc_table table, struct fc_span key,
                      struct fc_span *value)
{
    assert(table_exists(table));
    *value = fc_span(NULL, 0);
    if (!key_fits(key))
        return FC_E_MISSING;
    return txn->ops->get(txn, table, key, value);
}

static enum fc_err put(struct fc_txn *txn, enum fc_table table, struct fc_span key,
                       struct fc_span value, bool append)
{
    assert(table_exists(table));
    if (!key_fits(key))
        return FC_E_ARG;
    if (value.len > FC_KV_VALUE_BYTES_MAX)
        return FC_E_BOUND;
    return txn->ops->put(txn, table, key, value, append);
}

enum fc_err fc_kv_put(struct fc_txn *txn, enum fc_table table, struct fc_span key,
                      struct fc_span value)
{
    return put(txn, table, key, value, false);
}

enum fc_err fc_kv_append(struct fc_txn *txn, enum fc_table table, struct fc_span key,
                         struct fc_span value)
{
    return put(txn, table, key, value, true);
}

enum fc_err fc_kv_del(struct fc_txn *txn, enum fc_table table, struct fc_span key)
{
    assert(table_exists(table));
    if (!key_fits(key))
        return FC_E_MISSING;
    return txn->ops->del(txn, table, key);
}

enum fc_err fc_kv_cursor_open(struct fc_txn *txn, enum fc_table table, struct fc_kv_cursor **cursor)
{
    assert(table_exists(table));
    *cursor = NULL;
    return txn->ops->cursor_open(txn, table, cursor);
}

void fc_kv_cursor_close(struct fc_kv_cursor *cursor)
{
    if (cursor)
        cursor->ops->cursor_close(cursor);
}

enum fc_err fc_kv_seek(struct fc_kv_cursor *cursor, struct fc_span key, struct fc_span *found,
                       struct fc_span *value)
{
    if (key.len > FC_KV_KEY_BYTES_MAX)
        return FC_E_ARG;
    return cursor->ops->seek(cursor, key, found, value);
}

enum fc_err fc_kv_next(struct fc_kv_cursor *cursor, struct fc_span *found, struct fc_span *value)
{
    return cursor->ops->next(cursor, found, value);
}

enum fc_err fc_kv_seek_before(struct fc_kv_cursor *cursor, struct fc_span key,
                              struct fc_span *found, struct fc_span *value)
{
    if (key.len > FC_KV_KEY_BYTES_MAX)
        return FC_E_ARG;
    return cursor->ops->seek_before(cursor, key, found, value);
}

enum fc_err fc_kv_reader_open(struct fc_kv *kv, struct fc_kv_reader **reader)
{
    *reader = NULL;
    return kv->ops->reader_open ? kv->ops->reader_open(kv, reader) : FC_E_ARG;
}

void fc_kv_reader_close(struct fc_kv_reader *reader)
{
    if (reader)
        reader->ops->reader_close(reader);
}

enum fc_err fc_kv_reader_begin(struct fc_kv_reader *reader, struct fc_txn **txn)
{
    *txn = NULL;
    return reader->ops->reader_begin(reader, txn);
}

void fc_kv_reader_end(struct fc_kv_reader *reader)
{
    reader->ops->reader_end(reader);
}

uint64_t fc_kv_txn_number(const struct fc_txn *txn)
{
    return txn->ops->number ? txn->ops->number(txn) : 0;
}

enum fc_err fc_kv_stat(struct fc_kv *kv, struct fc_kv_stat *stat)
{
    *stat = (struct fc_kv_stat){0};
    return kv->ops->stat(kv, stat);
}

enum fc_err fc_kv_reserve(struct fc_kv *kv, uint64_t bytes)
{
    return kv->ops->reserve(kv, bytes);
}

enum fc_err fc_kv_backup(struct fc_kv *kv, const char *path)
{
    return kv->ops->backup(kv, path);
}

enum fc_err fc_kv_check(struct fc_kv *kv)
{
    return kv->ops->check(kv);
}

void fc_kv_close(struct fc_kv *kv)
{
    if (kv)
        kv->ops->close(kv);
}
