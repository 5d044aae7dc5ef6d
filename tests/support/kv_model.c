#include "tests/support/kv_model.h"

#include <stdlib.h>
#include <string.h>

static void row_finish(struct kv_model_row *row)
{
    fc_buf_finish(&row->key);
    fc_buf_finish(&row->value);
}

void kv_model_finish(struct kv_model *model)
{
    for (size_t i = 0; i < model->count; i++)
        row_finish(&model->rows[i]);
    free(model->rows);
    *model = (struct kv_model){0};
}

static struct kv_model_row row_of(struct fc_span key, struct fc_span value)
{
    struct kv_model_row row = {0};
    fc_buf_append(&row.key, key.data, key.len);
    fc_buf_append(&row.value, value.data, value.len);
    if (row.key.failed || row.value.failed)
        abort();
    return row;
}

static void resize(struct kv_model *model, size_t count)
{
    struct kv_model_row *rows = realloc(model->rows, (count + 1) * sizeof *rows);
    if (!rows)
        abort();
    model->rows = rows;
}

void kv_model_copy(struct kv_model *to, const struct kv_model *from)
{
    kv_model_finish(to);
    resize(to, from->count);
    for (size_t i = 0; i < from->count; i++)
        to->rows[i] = row_of(fc_buf_span(&from->rows[i].key), fc_buf_span(&from->rows[i].value));
    to->count = from->count;
}

size_t kv_model_find(const struct kv_model *model, struct fc_span key, bool *equal)
{
    size_t low = 0, high = model->count;
    *equal = false;
    while (low < high) {
        size_t mid = (low + high) / 2;
        int order = fc_span_cmp(fc_buf_span(&model->rows[mid].key), key);
        *equal |= order == 0;
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

void kv_model_put(struct kv_model *model, struct fc_span key, struct fc_span value)
{
    bool equal;
    size_t at = kv_model_find(model, key, &equal);
    if (equal) {
        row_finish(&model->rows[at]);
    } else {
        resize(model, model->count + 1);
        memmove(&model->rows[at + 1], &model->rows[at], (model->count - at) * sizeof *model->rows);
        model->count++;
    }
    model->rows[at] = row_of(key, value);
}

bool kv_model_del(struct kv_model *model, struct fc_span key)
{
    bool equal;
    size_t at = kv_model_find(model, key, &equal);
    if (!equal)
        return false;
    row_finish(&model->rows[at]);
    model->count--;
    memmove(&model->rows[at], &model->rows[at + 1], (model->count - at) * sizeof *model->rows);
    return true;
}

static bool row_matches(const struct kv_model_row *row, struct fc_span key, struct fc_span value)
{
    return fc_span_eq(fc_buf_span(&row->key), key) && fc_span_eq(fc_buf_span(&row->value), value);
}

bool kv_model_matches(const struct kv_model *model, struct fc_txn *txn, enum fc_table table)
{
    struct fc_kv_cursor *cursor;
    struct fc_span key, value;
    if (fc_kv_cursor_open(txn, table, &cursor))
        return false;
    bool same = true;
    for (size_t i = 0; i < model->count && same; i++) {
        same =
            fc_kv_next(cursor, &key, &value) == FC_OK && row_matches(&model->rows[i], key, value);
        if (same)
            same = fc_kv_get(txn, table, fc_buf_span(&model->rows[i].key), &value) == FC_OK &&
                   fc_span_eq(value, fc_buf_span(&model->rows[i].value));
    }
    same = same && fc_kv_next(cursor, &key, &value) == FC_E_MISSING;
    fc_kv_cursor_close(cursor);
    return same;
}
