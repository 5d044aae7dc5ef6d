/* One suite for every backend. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/kv_lmdb.h"
#include "store/kv_mem.h"
#include "tests/support/kv_model.h"
#include "tests/support/rng.h"
#include "tests/support/tempdir.h"

#define OK(call) assert_int_equal(call, FC_OK)

struct store {
    struct fc_kv *kv;
    char *dir;
};

static int mem_setup(void **state)
{
    struct store *store = calloc(1, sizeof *store);
    assert_non_null(store);
    OK(fc_kv_mem_create(&store->kv));
    *state = store;
    return 0;
}

static int mem_teardown(void **state)
{
    struct store *store = *state;
    OK(fc_kv_check(store->kv));
    fc_kv_close(store->kv);
    free(store);
    return 0;
}

static int lmdb_setup(void **state)
{
    struct store *store = calloc(1, sizeof *store);
    assert_non_null(store);
    store->dir = tempdir_create();
    struct fc_kv_lmdb_config config = {.path = store->dir, .create = true};
    OK(fc_kv_lmdb_open(&config, &store->kv));
    *state = store;
    return 0;
}

static int lmdb_teardown(void **state)
{
    struct store *store = *state;
    OK(fc_kv_check(store->kv));
    fc_kv_close(store->kv);
    tempdir_destroy(store->dir);
    free(store);
    return 0;
}

static struct fc_kv *kv_of(void **state)
{
    return ((struct store *)*state)->kv;
}

static struct fc_txn *begin(struct fc_kv *kv, bool write)
{
    struct fc_txn *txn;
    OK(fc_kv_begin(kv, write, &txn));
    return txn;
}

static struct fc_span str(const char *text)
{
    return fc_span_str(text);
}

static void put(struct fc_txn *txn, const char *key, const char *value)
{
    OK(fc_kv_put(txn, FC_TABLE_META, str(key), str(value)));
}

static void assert_span(struct fc_span span, const char *text)
{
    assert_int_equal(span.len, strlen(text));
    assert_memory_equal(span.data, text, span.len);
}

static void assert_holds(struct fc_txn *txn, const char *key, const char *value)
{
    struct fc_span got;
    enum fc_err err = fc_kv_get(txn, FC_TABLE_META, str(key), &got);
    if (!value) {
        assert_int_equal(err, FC_E_MISSING);
        return;
    }
    OK(err);
    assert_span(got, value);
}

static void assert_seek(enum fc_err err, struct fc_span found, struct fc_span value,
                        const char *key, const char *text)
{
    OK(err);
    assert_span(found, key);
    assert_span(value, text);
}

static void put_get_del(void **state)
{
    struct fc_txn *txn = begin(kv_of(state), true);
    put(txn, "a", "1");
    put(txn, "b", "");
    put(txn, "a", "2");
    assert_holds(txn, "a", "2");
    assert_holds(txn, "b", "");
    assert_holds(txn, "c", NULL);
    OK(fc_kv_del(txn, FC_TABLE_META, str("a")));
    assert_int_equal(fc_kv_del(txn, FC_TABLE_META, str("a")), FC_E_MISSING);
    assert_holds(txn, "a", NULL);
    OK(fc_kv_commit(txn));
    txn = begin(kv_of(state), false);
    assert_holds(txn, "a", NULL);
    assert_holds(txn, "b", "");
    fc_kv_abort(txn);
}

static void tables_are_apart(void **state)
{
    struct fc_txn *txn = begin(kv_of(state), true);
    struct fc_span value;
    for (unsigned i = 0; i < FC_TABLE_COUNT; i++) {
        uint8_t byte = (uint8_t)i;
        OK(fc_kv_put(txn, (enum fc_table)i, str("key"), fc_span(&byte, 1)));
    }
    OK(fc_kv_commit(txn));
    txn = begin(kv_of(state), false);
    for (unsigned i = 0; i < FC_TABLE_COUNT; i++) {
        OK(fc_kv_get(txn, (enum fc_table)i, str("key"), &value));
        assert_int_equal(value.len, 1);
        assert_int_equal(value.data[0], i);
    }
    fc_kv_abort(txn);
}

static void key_and_value_bounds(void **state)
{
    uint8_t key[FC_KV_KEY_BYTES_MAX + 1];
    memset(key, 0xff, sizeof key);
    struct fc_span value, longest = fc_span(key, FC_KV_KEY_BYTES_MAX);
    struct fc_txn *txn = begin(kv_of(state), true);
    OK(fc_kv_put(txn, FC_TABLE_META, longest, longest));
    OK(fc_kv_get(txn, FC_TABLE_META, longest, &value));
    assert_true(fc_span_eq(value, longest));
    assert_int_equal(fc_kv_put(txn, FC_TABLE_META, fc_span(key, sizeof key), value), FC_E_ARG);
    assert_int_equal(fc_kv_put(txn, FC_TABLE_META, fc_span(key, 0), longest), FC_E_ARG);
    assert_int_equal(
        fc_kv_put(txn, FC_TABLE_META, longest, fc_span(key, FC_KV_VALUE_BYTES_MAX + 1)),
        FC_E_BOUND);
    assert_int_equal(fc_kv_get(txn, FC_TABLE_META, fc_span(key, sizeof key), &value), FC_E_MISSING);
    assert_int_equal(fc_kv_del(txn, FC_TABLE_META, fc_span(key, 0)), FC_E_MISSING);
    fc_kv_abort(txn);
}

static void values_of_every_size(void **state)
{
    static const size_t sizes[] = {0,    1,    63,   64,    65,    1990,   2030,
                                   2031, 4080, 4096, 65536, 65537, 1 << 20};
    enum { COUNT = sizeof sizes / sizeof sizes[0] };
    uint8_t *bytes = malloc(1 << 20);
    assert_non_null(bytes);
    struct fc_txn *txn = begin(kv_of(state), true);
    for (unsigned i = 0; i < COUNT; i++) {
        uint8_t key = (uint8_t)(i + 1);
        memset(bytes, key, sizes[i]);
        OK(fc_kv_put(txn, FC_TABLE_CONTENT, fc_span(&key, 1), fc_span(bytes, sizes[i])));
    }
    OK(fc_kv_commit(txn));
    txn = begin(kv_of(state), false);
    for (unsigned i = 0; i < COUNT; i++) {
        uint8_t key = (uint8_t)(i + 1);
        struct fc_span value;
        OK(fc_kv_get(txn, FC_TABLE_CONTENT, fc_span(&key, 1), &value));
        memset(bytes, key, sizes[i]);
        assert_true(fc_span_eq(value, fc_span(bytes, sizes[i])));
    }
    fc_kv_abort(txn);
    free(bytes);
}

static void readers_see_their_begin(void **state)
{
    struct fc_kv *kv = kv_of(state);
    struct fc_txn *writer = begin(kv, true);
    put(writer, "a", "old");
    OK(fc_kv_commit(writer));
    struct fc_txn *before = begin(kv, false);
    writer = begin(kv, true);
    put(writer, "a", "new");
    put(writer, "b", "new");
    struct fc_txn *during = begin(kv, false);
    assert_holds(during, "a", "old");
    OK(fc_kv_commit(writer));
    struct fc_txn *after = begin(kv, false);
    assert_holds(before, "a", "old");
    assert_holds(before, "b", NULL);
    assert_holds(during, "a", "old");
    assert_holds(after, "a", "new");
    assert_holds(after, "b", "new");
    fc_kv_abort(during);
    OK(fc_kv_commit(before));
    fc_kv_abort(after);
}

static void abort_undoes(void **state)
{
    struct fc_kv *kv = kv_of(state);
    struct fc_txn *txn = begin(kv, true);
    put(txn, "kept", "1");
    OK(fc_kv_commit(txn));
    txn = begin(kv, true);
    put(txn, "kept", "2");
    put(txn, "other", "2");
    fc_kv_abort(txn);
    txn = begin(kv, true);
    OK(fc_kv_del(txn, FC_TABLE_META, str("kept")));
    fc_kv_abort(txn);
    fc_kv_abort(NULL);
    txn = begin(kv, false);
    assert_holds(txn, "kept", "1");
    assert_holds(txn, "other", NULL);
    fc_kv_abort(txn);
}

static void one_writer(void **state)
{
    struct fc_kv *kv = kv_of(state);
    struct fc_txn *txn = begin(kv, true), *second;
    assert_int_equal(fc_kv_begin(kv, true, &second), FC_E_LOCKED);
    assert_null(second);
    fc_kv_abort(txn);
    txn = begin(kv, true);
    OK(fc_kv_commit(txn));
}

static struct fc_kv_cursor *open_cursor(struct fc_txn *txn, enum fc_table table)
{
    struct fc_kv_cursor *cursor;
    OK(fc_kv_cursor_open(txn, table, &cursor));
    return cursor;
}

static void cursor_moves(void **state)
{
    struct fc_txn *txn = begin(kv_of(state), true);
    struct fc_span found, value;
    struct fc_kv_cursor *empty = open_cursor(txn, FC_TABLE_INDEX);
    assert_int_equal(fc_kv_next(empty, &found, &value), FC_E_MISSING);
    assert_int_equal(fc_kv_seek(empty, str("a"), &found, &value), FC_E_MISSING);
    assert_int_equal(fc_kv_seek_before(empty, str(""), &found, &value), FC_E_MISSING);
    fc_kv_cursor_close(empty);
    fc_kv_cursor_close(NULL);
    put(txn, "b", "1");
    put(txn, "bb", "2");
    put(txn, "d", "3");
    struct fc_kv_cursor *cursor = open_cursor(txn, FC_TABLE_META);
    assert_seek(fc_kv_next(cursor, &found, &value), found, value, "b", "1");
    assert_seek(fc_kv_next(cursor, &found, &value), found, value, "bb", "2");
    assert_seek(fc_kv_seek(cursor, str("bb"), &found, &value), found, value, "bb", "2");
    assert_seek(fc_kv_seek(cursor, str("c"), &found, &value), found, value, "d", "3");
    assert_int_equal(fc_kv_next(cursor, &found, &value), FC_E_MISSING);
    assert_int_equal(fc_kv_next(cursor, &found, &value), FC_E_MISSING);
    assert_seek(fc_kv_seek(cursor, str(""), &found, &value), found, value, "b", "1");
    assert_int_equal(fc_kv_seek(cursor, str("e"), &found, &value), FC_E_MISSING);
    assert_int_equal(fc_kv_next(cursor, &found, &value), FC_E_MISSING);
    fc_kv_cursor_close(cursor);
    fc_kv_abort(txn);
}

static void cursor_goes_before(void **state)
{
    struct fc_txn *txn = begin(kv_of(state), true);
    struct fc_span found, value;
    put(txn, "b", "1");
    put(txn, "bb", "2");
    put(txn, "d", "3");
    struct fc_kv_cursor *cursor = open_cursor(txn, FC_TABLE_META);
    assert_seek(fc_kv_seek_before(cursor, str(""), &found, &value), found, value, "d", "3");
    assert_seek(fc_kv_seek_before(cursor, str("z"), &found, &value), found, value, "d", "3");
    assert_seek(fc_kv_seek_before(cursor, str("d"), &found, &value), found, value, "bb", "2");
    assert_seek(fc_kv_next(cursor, &found, &value), found, value, "d", "3");
    assert_seek(fc_kv_seek_before(cursor, str("c"), &found, &value), found, value, "bb", "2");
    assert_seek(fc_kv_seek_before(cursor, str("bb"), &found, &value), found, value, "b", "1");
    assert_int_equal(fc_kv_seek_before(cursor, str("b"), &found, &value), FC_E_MISSING);
    assert_seek(fc_kv_next(cursor, &found, &value), found, value, "b", "1");
    fc_kv_abort(txn); /* and the cursor ends with it */
}

static void cursor_stands_by_key(void **state)
{
    struct fc_txn *txn = begin(kv_of(state), true);
    struct fc_span found, value;
    put(txn, "b", "1");
    put(txn, "d", "2");
    put(txn, "f", "3");
    struct fc_kv_cursor *cursor = open_cursor(txn, FC_TABLE_META);
    struct fc_kv_cursor *other = open_cursor(txn, FC_TABLE_META);
    OK(fc_kv_seek(cursor, str("b"), &found, &value));
    put(txn, "c", "new");
    put(txn, "a", "new");
    assert_seek(fc_kv_next(cursor, &found, &value), found, value, "c", "new");
    OK(fc_kv_del(txn, FC_TABLE_META, str("c")));
    assert_seek(fc_kv_next(cursor, &found, &value), found, value, "d", "2");
    put(txn, "d", "replaced by something longer");
    assert_seek(fc_kv_next(cursor, &found, &value), found, value, "f", "3");
    assert_int_equal(fc_kv_next(cursor, &found, &value), FC_E_MISSING);
    put(txn, "g", "4");
    assert_seek(fc_kv_next(cursor, &found, &value), found, value, "g", "4");
    assert_seek(fc_kv_next(other, &found, &value), found, value, "a", "new");
    OK(fc_kv_del(txn, FC_TABLE_META, str("g")));
    OK(fc_kv_del(txn, FC_TABLE_META, str("f")));
    assert_int_equal(fc_kv_next(cursor, &found, &value), FC_E_MISSING);
    OK(fc_kv_commit(txn));
}

/* A cursor that deletes what it stands on sees every row once. */
static void cursor_deletes_as_it_goes(void **state)
{
    enum { ROWS = 3000 };
    struct fc_txn *txn = begin(kv_of(state), true);
    uint8_t key[8];
    for (uint64_t i = 0; i < ROWS; i++) {
        fc_put_be64(key, i);
        OK(fc_kv_append(txn, FC_TABLE_ENTRY, fc_span(key, 8), fc_span(key, 8)));
    }
    struct fc_kv_cursor *cursor = open_cursor(txn, FC_TABLE_ENTRY);
    struct fc_span found, value;
    for (uint64_t i = 0; i < ROWS; i++) {
        OK(fc_kv_next(cursor, &found, &value));
        assert_int_equal(fc_get_be64(found.data), i);
        assert_int_equal(fc_get_be64(value.data), i);
        fc_put_be64(key, i);
        if (i % 5)
            OK(fc_kv_del(txn, FC_TABLE_ENTRY, fc_span(key, 8)));
    }
    assert_int_equal(fc_kv_next(cursor, &found, &value), FC_E_MISSING);
    OK(fc_kv_commit(txn));
    struct fc_kv_stat stat;
    OK(fc_kv_stat(kv_of(state), &stat));
    assert_int_equal(stat.rows[FC_TABLE_ENTRY], ROWS / 5);
    assert_int_equal(stat.rows[FC_TABLE_META], 0);
    assert_true(stat.used_bytes > ROWS / 5 * 16);
}

static void append_takes_any_order(void **state)
{
    struct fc_txn *txn = begin(kv_of(state), true);
    OK(fc_kv_append(txn, FC_TABLE_META, str("m"), str("1")));
    OK(fc_kv_append(txn, FC_TABLE_META, str("x"), str("2")));
    OK(fc_kv_append(txn, FC_TABLE_META, str("c"), str("3")));
    OK(fc_kv_append(txn, FC_TABLE_META, str("x"), str("4")));
    OK(fc_kv_append(txn, FC_TABLE_META, str("m"), str("5")));
    OK(fc_kv_append(txn, FC_TABLE_META, str("y"), str("6")));
    assert_holds(txn, "c", "3");
    assert_holds(txn, "m", "5");
    assert_holds(txn, "x", "4");
    assert_holds(txn, "y", "6");
    OK(fc_kv_commit(txn));
}

static void reserve_makes_room(void **state)
{
    struct fc_kv *kv = kv_of(state);
    OK(fc_kv_reserve(kv, 8 << 20));
    uint8_t *bytes = calloc(1, 8 << 20);
    assert_non_null(bytes);
    struct fc_txn *txn = begin(kv, true);
    OK(fc_kv_put(txn, FC_TABLE_CONTENT, str("large"), fc_span(bytes, 8 << 20)));
    OK(fc_kv_commit(txn));
    free(bytes);
}

/* The model check: random operations in random transactions, some undone. */

struct ops {
    uint64_t rng;
    enum fc_table table;
    uint32_t keys;        /* how many different ones; fewer make more replacements and deletes */
    uint32_t value_bytes; /* at most */
};

static struct fc_span random_key(struct ops *ops, uint8_t key[FC_KV_KEY_BYTES_MAX])
{
    uint64_t number = test_rng_below(&ops->rng, ops->keys) * 0x9e3779b97f4a7c15u;
    size_t len = 1 + number % 61;
    for (size_t i = 0; i < len; i++)
        key[i] = (uint8_t)((number >> (i % 8 * 8)) & (i < 2 ? 0x0f : 0xff));
    return fc_span(key, len);
}

static void random_write(struct ops *ops, struct fc_txn *txn, struct kv_model *model)
{
    uint8_t key_bytes[FC_KV_KEY_BYTES_MAX], value_bytes[8192];
    struct fc_span key = random_key(ops, key_bytes);
    uint32_t what = test_rng_below(&ops->rng, 8);
    if (what < 3) {
        bool there = kv_model_del(model, key);
        assert_int_equal(fc_kv_del(txn, ops->table, key), there ? FC_OK : FC_E_MISSING);
        return;
    }
    size_t len = test_rng_below(&ops->rng, ops->value_bytes);
    memset(value_bytes, (int)test_rng(&ops->rng), len);
    struct fc_span value = fc_span(value_bytes, len);
    kv_model_put(model, key, value);
    if (what == 3)
        OK(fc_kv_append(txn, ops->table, key, value));
    else
        OK(fc_kv_put(txn, ops->table, key, value));
}

static void assert_row(const struct kv_model *model, size_t at, enum fc_err err,
                       struct fc_span found, struct fc_span value)
{
    if (at >= model->count) {
        assert_int_equal(err, FC_E_MISSING);
        return;
    }
    OK(err);
    assert_true(fc_span_eq(found, fc_buf_span(&model->rows[at].key)));
    assert_true(fc_span_eq(value, fc_buf_span(&model->rows[at].value)));
}

/* Wherever the cursor is and whatever was written since, it agrees with the model. `stands` is the
 * key it stands at, empty for the start. */
static void random_look(struct ops *ops, struct fc_kv_cursor *cursor, const struct kv_model *model,
                        struct fc_buf *stands)
{
    uint8_t key_bytes[FC_KV_KEY_BYTES_MAX];
    struct fc_span found = {0}, value = {0}, missed, key = random_key(ops, key_bytes);
    enum fc_err err;
    bool equal;
    size_t at = kv_model_find(model, key, &equal);
    switch (test_rng_below(&ops->rng, 4)) {
    case 0:
        err = fc_kv_seek(cursor, key, &found, &value);
        missed = key;
        break;
    case 1:
        at = at ? at - 1 : model->count;
        err = fc_kv_seek_before(cursor, key, &found, &value);
        missed = fc_span(NULL, 0);
        break;
    default:
        at = kv_model_find(model, fc_buf_span(stands), &equal);
        at += equal;
        err = fc_kv_next(cursor, &found, &value);
        missed = fc_span(key_bytes, stands->len);
        memcpy(key_bytes, stands->data ? stands->data : key_bytes, stands->len);
    }
    assert_row(model, at, err, found, value);
    fc_buf_clear(stands);
    fc_buf_append(stands, err ? missed.data : found.data, err ? missed.len : found.len);
}

static void random_txn(struct ops *ops, struct fc_kv *kv, struct kv_model *model)
{
    struct kv_model before = {0};
    struct fc_buf stands = {0};
    kv_model_copy(&before, model);
    struct fc_txn *txn = begin(kv, true);
    struct fc_kv_cursor *cursor = open_cursor(txn, ops->table);
    uint32_t steps = test_rng_below(&ops->rng, 120);
    for (uint32_t i = 0; i < steps; i++) {
        random_write(ops, txn, model);
        for (uint32_t look = test_rng_below(&ops->rng, 4); look > 0; look--)
            random_look(ops, cursor, model, &stands);
    }
    assert_true(kv_model_matches(model, txn, ops->table));
    if (test_rng_below(&ops->rng, 4) == 0) {
        fc_kv_abort(txn);
        kv_model_copy(model, &before);
    } else {
        OK(fc_kv_commit(txn));
    }
    kv_model_finish(&before);
    fc_buf_finish(&stands);
}

static void run_model(struct fc_kv *kv, struct ops ops, unsigned txns)
{
    struct kv_model model = {0};
    for (unsigned i = 0; i < txns; i++) {
        random_txn(&ops, kv, &model);
        struct fc_txn *txn = begin(kv, false);
        assert_true(kv_model_matches(&model, txn, ops.table));
        fc_kv_abort(txn);
        struct fc_kv_stat stat;
        OK(fc_kv_stat(kv, &stat));
        assert_int_equal(stat.rows[ops.table], model.count);
        if (i % 16 == 0)
            OK(fc_kv_check(kv));
    }
    kv_model_finish(&model);
}

static void model_of_few_keys(void **state)
{
    run_model(kv_of(state), (struct ops){1, FC_TABLE_ENTRY, 40, 200}, 150);
}

static void model_of_many_keys(void **state)
{
    run_model(kv_of(state), (struct ops){2, FC_TABLE_BYVER, 4000, 100}, 150);
}

static void model_of_large_values(void **state)
{
    run_model(kv_of(state), (struct ops){3, FC_TABLE_CONTENT, 200, 8192}, 60);
}

/* The memory backend alone: clones. */

static void fill(struct fc_kv *kv, uint64_t rows)
{
    uint8_t key[8];
    struct fc_txn *txn = begin(kv, true);
    for (uint64_t i = 0; i < rows; i++) {
        fc_put_be64(key, i * 0x9e3779b97f4a7c15u);
        OK(fc_kv_put(txn, FC_TABLE_ENTRY, fc_span(key, 8), fc_span(key, 8)));
    }
    OK(fc_kv_commit(txn));
}

static void clones_are_independent(void **state)
{
    enum { CLONES = 8 };
    struct fc_kv *kv = kv_of(state), *clones[CLONES];
    struct kv_model models[CLONES] = {0}, model = {0};
    struct ops ops = {7, FC_TABLE_ENTRY, 300, 150};
    for (unsigned i = 0; i < 10; i++)
        random_txn(&ops, kv, &model);
    for (unsigned i = 0; i < CLONES; i++) {
        OK(fc_kv_mem_clone(i % 2 ? clones[i - 1] : kv, &clones[i]));
        kv_model_copy(&models[i], i % 2 ? &models[i - 1] : &model);
        for (unsigned j = 0; j < 8; j++)
            random_txn(&ops, clones[i], &models[i]);
    }
    fc_kv_close(clones[2]);
    for (unsigned i = 0; i < CLONES; i++) {
        if (i == 2)
            continue;
        struct fc_txn *txn = begin(clones[i], false);
        assert_true(kv_model_matches(&models[i], txn, ops.table));
        fc_kv_abort(txn);
        OK(fc_kv_check(clones[i]));
        fc_kv_close(clones[i]);
    }
    struct fc_txn *txn = begin(kv, false);
    assert_true(kv_model_matches(&model, txn, ops.table));
    fc_kv_abort(txn);
    for (unsigned i = 0; i < CLONES; i++)
        kv_model_finish(&models[i]);
    kv_model_finish(&model);
}

static void clone_outlives_its_source(void **state)
{
    (void)state;
    struct fc_kv *kv, *clone;
    struct fc_kv_stat stat;
    OK(fc_kv_mem_create(&kv));
    fill(kv, 5000);
    OK(fc_kv_mem_clone(kv, &clone));
    fc_kv_close(kv);
    OK(fc_kv_check(clone));
    OK(fc_kv_stat(clone, &stat));
    assert_int_equal(stat.rows[FC_TABLE_ENTRY], 5000);
    fc_kv_close(clone);
}

/* What two clones are given separately is kept once: the values lie at one place. */
static void clones_keep_one_copy(void **state)
{
    uint8_t bytes[500];
    struct fc_kv *clone, *stranger;
    struct fc_txn *txns[3];
    struct fc_span values[3];
    memset(bytes, 'x', sizeof bytes);
    OK(fc_kv_mem_clone(kv_of(state), &clone));
    OK(fc_kv_mem_create(&stranger));
    struct fc_kv *stores[3] = {kv_of(state), clone, stranger};
    for (unsigned i = 0; i < 3; i++) {
        txns[i] = begin(stores[i], true);
        OK(fc_kv_put(txns[i], FC_TABLE_RECORD, str("key"), fc_span(bytes, sizeof bytes)));
        OK(fc_kv_get(txns[i], FC_TABLE_RECORD, str("key"), &values[i]));
    }
    assert_ptr_equal(values[0].data, values[1].data);
    assert_ptr_not_equal(values[0].data, values[2].data);
    for (unsigned i = 0; i < 3; i++)
        OK(fc_kv_commit(txns[i]));
    fc_kv_close(clone);
    fc_kv_close(stranger);
}

static void memory_has_no_backup(void **state)
{
    assert_int_equal(fc_kv_backup(kv_of(state), "nowhere"), FC_E_ARG);
}

#define ON(backend, test)                                                                          \
    {                                                                                              \
#backend " " #test, test, backend##_setup, backend##_teardown, NULL                        \
    }
#define SUITE(backend)                                                                             \
    ON(backend, put_get_del), ON(backend, tables_are_apart), ON(backend, key_and_value_bounds),    \
        ON(backend, values_of_every_size), ON(backend, readers_see_their_begin),                   \
        ON(backend, abort_undoes), ON(backend, one_writer), ON(backend, cursor_moves),             \
        ON(backend, cursor_goes_before), ON(backend, cursor_stands_by_key),                        \
        ON(backend, cursor_deletes_as_it_goes), ON(backend, append_takes_any_order),               \
        ON(backend, reserve_makes_room), ON(backend, model_of_few_keys),                           \
        ON(backend, model_of_many_keys), ON(backend, model_of_large_values)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUITE(mem),
        SUITE(lmdb),
        ON(mem, clones_are_independent),
        ON(mem, clone_outlives_its_source),
        ON(mem, clones_keep_one_copy),
        ON(mem, memory_has_no_backup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
