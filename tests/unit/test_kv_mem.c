/* The memory backend when memory ends: with each allocation failing in turn, a transaction is
 * undone, what was there stays, and nothing is leaked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static unsigned fail_in; /* 0: never */

static int is_refused(void)
{
    return fail_in && --fail_in == 0;
}

static void *test_malloc_(size_t len)
{
    return is_refused() ? NULL : malloc(len);
}

static void *test_calloc_(size_t count, size_t len)
{
    return is_refused() ? NULL : calloc(count, len);
}

static void *test_realloc_(void *old, size_t len)
{
    return is_refused() ? NULL : realloc(old, len);
}

#define malloc  test_malloc_
#define calloc  test_calloc_
#define realloc test_realloc_
#include "store/btree_log.c"

#include "store/btree.c"
#include "store/kv_mem.c"
#include "store/pool.c"
#undef malloc
#undef calloc
#undef realloc

#include "tests/support/kv_model.h"
#include "tests/support/rng.h"

#define OK(call) assert_int_equal(call, FC_OK)

enum { KEYS = 400, OPS = 120 };

/* Runs writes until one fails; the model follows those that did not. */
static enum fc_err write_some(struct fc_txn *txn, uint64_t seed, struct kv_model *model)
{
    uint8_t key[8], bytes[200];
    enum fc_err err = FC_OK;
    for (unsigned i = 0; i < OPS && !err; i++) {
        fc_put_be64(key, test_rng_below(&seed, KEYS) * 0x9e3779b97f4a7c15u);
        memset(bytes, (int)test_rng(&seed), sizeof bytes);
        struct fc_span value = fc_span(bytes, test_rng_below(&seed, sizeof bytes));
        if (test_rng_below(&seed, 3) == 0) {
            err = fc_kv_del(txn, FC_TABLE_ENTRY, fc_span(key, 8));
            kv_model_del(model, fc_span(key, 8));
            err = err == FC_E_MISSING ? FC_OK : err;
        } else {
            err = fc_kv_put(txn, FC_TABLE_ENTRY, fc_span(key, 8), value);
            kv_model_put(model, fc_span(key, 8), value);
        }
    }
    return err;
}

static void assert_matches(struct fc_kv *kv, const struct kv_model *model)
{
    struct fc_txn *txn;
    OK(fc_kv_check(kv));
    OK(fc_kv_begin(kv, false, &txn));
    assert_true(kv_model_matches(model, txn, FC_TABLE_ENTRY));
    fc_kv_abort(txn);
}

/* One transaction on a clone, the nth allocation failing; whether there were as many. */
static bool run(struct fc_kv *kv, const struct kv_model *model, uint64_t seed, unsigned nth)
{
    struct fc_kv *clone = NULL;
    struct fc_txn *txn;
    struct fc_kv_cursor *cursor;
    struct kv_model after = {0};
    kv_model_copy(&after, model);
    fail_in = nth;
    enum fc_err err = fc_kv_mem_clone(kv, &clone);
    if (!err)
        err = fc_kv_begin(clone, true, &txn);
    if (!err) {
        err = fc_kv_cursor_open(txn, FC_TABLE_ENTRY, &cursor);
        if (!err)
            err = write_some(txn, seed, &after);
        if (err)
            fc_kv_abort(txn);
        else
            OK(fc_kv_commit(txn));
    }
    bool failed = err != FC_OK;
    assert_int_equal(err, failed ? FC_E_NOMEM : FC_OK);
    bool reached = fail_in == 0;
    fail_in = 0;
    if (clone)
        assert_matches(clone, failed ? model : &after);
    assert_matches(kv, model);
    fc_kv_close(clone);
    kv_model_finish(&after);
    return reached;
}

/* The same in the store itself, whose nodes nobody shares, and always undone; a reader that comes
 * while the writer is not done sees what the last commit left. */
static bool run_in_place(struct fc_kv *kv, const struct kv_model *model, uint64_t seed,
                         unsigned nth)
{
    struct fc_txn *txn, *reader;
    struct kv_model after = {0};
    kv_model_copy(&after, model);
    fail_in = nth;
    enum fc_err err = fc_kv_begin(kv, true, &txn);
    if (!err) {
        err = write_some(txn, seed, &after);
        if (!err && fc_kv_begin(kv, false, &reader) == FC_OK) {
            unsigned left = fail_in;
            fail_in = 0;
            assert_true(kv_model_matches(model, reader, FC_TABLE_ENTRY));
            fail_in = left;
            err = write_some(txn, seed + 1, &after);
            left = fail_in;
            fail_in = 0;
            assert_true(kv_model_matches(model, reader, FC_TABLE_ENTRY));
            fc_kv_abort(reader);
            fail_in = left;
        }
        fc_kv_abort(txn);
    }
    bool reached = fail_in == 0;
    fail_in = 0;
    assert_matches(kv, model);
    kv_model_finish(&after);
    return reached;
}

static void every_allocation_fails_once(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct kv_model model = {0};
        struct fc_kv *kv;
        struct fc_txn *txn;
        OK(fc_kv_mem_create(&kv));
        for (unsigned i = 0; i < 4 * seed; i++) {
            OK(fc_kv_begin(kv, true, &txn));
            OK(write_some(txn, seed * 100 + i, &model));
            OK(fc_kv_commit(txn));
        }
        unsigned nth = 1;
        while (run(kv, &model, seed, nth))
            nth++;
        assert_true(nth > OPS / 2);
        nth = 1;
        while (run_in_place(kv, &model, seed, nth))
            nth++;
        assert_true(nth > 2 * OPS);
        fc_kv_close(kv);
        kv_model_finish(&model);
    }
}

static void creation_fails_whole(void **state)
{
    (void)state;
    struct fc_kv *kv;
    for (fail_in = 1; fc_kv_mem_create(&kv) != FC_OK;) {
        static unsigned nth = 1;
        assert_null(kv);
        fail_in = ++nth;
        assert_true(nth < 10);
    }
    fail_in = 0;
    fc_kv_close(kv);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_fails_once),
        cmocka_unit_test(creation_fails_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
