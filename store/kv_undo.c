#include "store/kv_undo.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct undo_txn {
    struct fc_txn base;
    struct fc_txn *inner;
    enum fc_err failed; /* of the first write that failed */
    bool marked;
    bool within;          /* the inner transaction keeps the mark itself */
    struct fc_buf rows;   /* as they were: struct before, key, value */
    struct fc_buf starts; /* size_t: where each begins in `rows` */
    struct fc_buf later;  /* contents' writes that wait: struct later, key, value */
    struct fc_buf places; /* size_t: where each begins in `later`, ascending by key */
};

struct later {
    bool put;
    size_t key_len, value_len;
};

struct before {
    enum fc_table table;
    bool present;
    size_t key_len, value_len;
};

static const struct fc_kv_ops undo_ops;

static struct undo_txn *undo_of(struct fc_txn *txn)
{
    assert(txn->ops == &undo_ops);
    return (struct undo_txn *)txn;
}

static void forget(struct undo_txn *undo)
{
    undo->marked = false;
    fc_buf_clear(&undo->rows);
    fc_buf_clear(&undo->starts);
    fc_buf_clear(&undo->later);
    fc_buf_clear(&undo->places);
}

static void destroy(struct undo_txn *undo)
{
    fc_buf_finish(&undo->rows);
    fc_buf_finish(&undo->starts);
    fc_buf_finish(&undo->later);
    fc_buf_finish(&undo->places);
    free(undo);
}

static enum fc_err undo_commit(struct fc_txn *txn)
{
    struct undo_txn *undo = undo_of(txn);
    enum fc_err err = undo->failed;
    if (err == FC_OK)
        err = fc_kv_commit(undo->inner);
    else
        fc_kv_abort(undo->inner);
    destroy(undo);
    return err;
}

static void undo_abort(struct fc_txn *txn)
{
    struct undo_txn *undo = undo_of(txn);
    fc_kv_abort(undo->inner);
    destroy(undo);
}

/* -- writes that wait -------------------------------------------------------------------------- */

static bool waits(const struct undo_txn *undo, enum fc_table table)
{
    return undo->marked && !undo->within && table == FC_TABLE_CONTENT;
}

static bool remembers(const struct undo_txn *undo)
{
    return undo->marked && !undo->within;
}

static struct later later_at(const struct undo_txn *undo, size_t index, struct fc_span *key,
                             struct fc_span *value)
{
    struct later later;
    size_t start;
    memcpy(&start, undo->places.data + index * sizeof start, sizeof start);
    const uint8_t *at = undo->later.data + start;
    memcpy(&later, at, sizeof later);
    *key = fc_span(at + sizeof later, later.key_len);
    *value = fc_span(at + sizeof later + later.key_len, later.value_len);
    return later;
}

static size_t later_place(const struct undo_txn *undo, struct fc_span key, bool *found)
{
    size_t low = 0, high = undo->places.len / sizeof(size_t);
    *found = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct fc_span other, value;
        (void)later_at(undo, middle, &other, &value);
        int order = fc_span_cmp(other, key);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static enum fc_err later_write(struct undo_txn *undo, bool put, struct fc_span key,
                               struct fc_span value)
{
    struct later later = {.put = put, .key_len = key.len, .value_len = value.len};
    bool found;
    size_t place = later_place(undo, key, &found), start = undo->later.len;
    fc_buf_append(&undo->later, &later, sizeof later);
    fc_buf_append(&undo->later, key.data, key.len);
    fc_buf_append(&undo->later, value.data, value.len);
    if (!found && fc_buf_extend(&undo->places, sizeof start)) {
        uint8_t *at = undo->places.data + place * sizeof start;
        memmove(at + sizeof start, at, undo->places.len - (place + 1) * sizeof start);
    }
    if (undo->later.failed || undo->places.failed)
        return FC_E_NOMEM;
    memcpy(undo->places.data + place * sizeof start, &start, sizeof start);
    return FC_OK;
}

static enum fc_err later_apply(struct undo_txn *undo)
{
    enum fc_err err = undo->failed;
    for (size_t i = 0; i < undo->places.len / sizeof(size_t) && err == FC_OK; i++) {
        struct fc_span key, value;
        if (later_at(undo, i, &key, &value).put)
            err = fc_kv_put(undo->inner, FC_TABLE_CONTENT, key, value);
        else
            err = fc_kv_del(undo->inner, FC_TABLE_CONTENT, key);
        err = err == FC_E_MISSING ? FC_OK : err;
    }
    return err;
}

static enum fc_err undo_get(struct fc_txn *txn, enum fc_table table, struct fc_span key,
                            struct fc_span *value)
{
    struct undo_txn *undo = undo_of(txn);
    bool found = false;
    size_t place = waits(undo, table) ? later_place(undo, key, &found) : 0;
    if (!found)
        return fc_kv_get(undo->inner, table, key, value);
    struct fc_span same;
    return later_at(undo, place, &same, value).put ? FC_OK : FC_E_MISSING;
}

static enum fc_err remember(struct undo_txn *undo, enum fc_table table, struct fc_span key)
{
    struct fc_span value = {0};
    enum fc_err err = fc_kv_get(undo->inner, table, key, &value);
    if (err != FC_OK && err != FC_E_MISSING)
        return err;
    struct before before = {.table = table,
                            .present = err == FC_OK,
                            .key_len = key.len,
                            .value_len = err == FC_OK ? value.len : 0};
    size_t start = undo->rows.len;
    fc_buf_append(&undo->rows, &before, sizeof before);
    fc_buf_append(&undo->rows, key.data, before.key_len);
    fc_buf_append(&undo->rows, value.data, before.value_len);
    fc_buf_append(&undo->starts, &start, sizeof start);
    return undo->rows.failed || undo->starts.failed ? FC_E_NOMEM : FC_OK;
}

static enum fc_err undo_put(struct fc_txn *txn, enum fc_table table, struct fc_span key,
                            struct fc_span value, bool append)
{
    struct undo_txn *undo = undo_of(txn);
    if (undo->failed != FC_OK)
        return undo->failed;
    if (waits(undo, table))
        return undo->failed = later_write(undo, true, key, value);
    enum fc_err err = remembers(undo) ? remember(undo, table, key) : FC_OK;
    if (err == FC_OK)
        err = append ? fc_kv_append(undo->inner, table, key, value)
                     : fc_kv_put(undo->inner, table, key, value);
    undo->failed = err;
    return err;
}

static enum fc_err undo_del(struct fc_txn *txn, enum fc_table table, struct fc_span key)
{
    struct undo_txn *undo = undo_of(txn);
    if (undo->failed != FC_OK)
        return undo->failed;
    enum fc_err err = remembers(undo) && !waits(undo, table) ? remember(undo, table, key) : FC_OK;
    if (waits(undo, table)) {
        struct fc_span value;
        err = undo_get(txn, table, key, &value);
        if (err == FC_OK)
            err = later_write(undo, false, key, (struct fc_span){0});
    } else if (err == FC_OK) {
        err = fc_kv_del(undo->inner, table, key);
    }
    if (err != FC_E_MISSING)
        undo->failed = err;
    return err;
}

static enum fc_err undo_cursor_open(struct fc_txn *txn, enum fc_table table,
                                    struct fc_kv_cursor **cursor)
{
    return fc_kv_cursor_open(undo_of(txn)->inner, table, cursor);
}

/* Cursors are the inner transaction's own, and the store's other operations have no part here. */
static uint64_t undo_number(const struct fc_txn *txn)
{
    return fc_kv_txn_number(((const struct undo_txn *)txn)->inner);
}

static const struct fc_kv_ops undo_ops = {.commit = undo_commit,
                                          .abort = undo_abort,
                                          .get = undo_get,
                                          .put = undo_put,
                                          .del = undo_del,
                                          .cursor_open = undo_cursor_open,
                                          .number = undo_number};

enum fc_err fc_kv_undo_begin(struct fc_kv *kv, struct fc_txn **txn)
{
    struct undo_txn *undo = calloc(1, sizeof *undo);
    if (!undo)
        return FC_E_NOMEM;
    undo->base.ops = &undo_ops;
    enum fc_err err = fc_kv_begin(kv, true, &undo->inner);
    if (err != FC_OK) {
        free(undo);
        return err;
    }
    undo->within = undo->inner->ops->mark != NULL;
    *txn = &undo->base;
    return FC_OK;
}

void fc_kv_undo_mark(struct fc_txn *txn)
{
    struct undo_txn *undo = undo_of(txn);
    assert(!undo->marked);
    undo->marked = true;
    if (undo->within)
        undo->inner->ops->mark(undo->inner);
}

enum fc_err fc_kv_undo_release(struct fc_txn *txn)
{
    struct undo_txn *undo = undo_of(txn);
    if (undo->within)
        undo->inner->ops->unmark(undo->inner, false);
    else
        undo->failed = later_apply(undo);
    forget(undo);
    return undo->failed;
}

static enum fc_err put_back(struct undo_txn *undo, size_t start)
{
    struct before before;
    memcpy(&before, undo->rows.data + start, sizeof before);
    const uint8_t *key = undo->rows.data + start + sizeof before;
    struct fc_span key_span = fc_span(key, before.key_len);
    if (before.present)
        return fc_kv_put(undo->inner, before.table, key_span,
                         fc_span(key + before.key_len, before.value_len));
    enum fc_err err = fc_kv_del(undo->inner, before.table, key_span);
    return err == FC_E_MISSING ? FC_OK : err;
}

enum fc_err fc_kv_undo_rollback(struct fc_txn *txn)
{
    struct undo_txn *undo = undo_of(txn);
    assert(undo->marked);
    if (undo->within && undo->failed == FC_OK)
        undo->inner->ops->unmark(undo->inner, true);
    size_t count = undo->starts.len / sizeof(size_t);
    while (undo->failed == FC_OK && count-- > 0) {
        size_t start;
        memcpy(&start, undo->starts.data + count * sizeof start, sizeof start);
        undo->failed = put_back(undo, start);
    }
    forget(undo);
    return undo->failed;
}
