#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "store/kv_mem.h"
#include "store/kv_undo.h"
#include "tests/support/kv_fault.h"
#include "tests/support/rng.h"

static struct fc_span text(const char *string)
{
    return fc_span_str(string);
}

static void expect_in(struct fc_txn *txn, enum fc_table table, const char *key, const char *value)
{
    struct fc_span found;
    enum fc_err err = fc_kv_get(txn, table, text(key), &found);
    if (!value) {
        assert_int_equal(err, FC_E_MISSING);
        return;
    }
    assert_int_equal(err, FC_OK);
    assert_true(fc_span_eq(found, text(value)));
}

static void expect(struct fc_txn *txn, const char *key, const char *value)
{
    expect_in(txn, FC_TABLE_META, key, value);
}

static void put(struct fc_txn *txn, const char *key, const char *value)
{
    assert_int_equal(fc_kv_put(txn, FC_TABLE_META, text(key), text(value)), FC_OK);
}

static void rolled_back_to_the_mark_and_no_further(void **state)
{
    (void)state;
    struct fc_kv *kv;
    struct fc_txn *txn;
    assert_int_equal(fc_kv_mem_create(&kv), FC_OK);
    assert_int_equal(fc_kv_undo_begin(kv, &txn), FC_OK);
    put(txn, "kept", "1");
    put(txn, "changed", "1");
    put(txn, "deleted", "1");
    fc_kv_undo_mark(txn);
    put(txn, "changed", "2");
    put(txn, "changed", "3");
    put(txn, "new", "1");
    assert_int_equal(fc_kv_append(txn, FC_TABLE_META, text("zzz"), text("1")), FC_OK);
    assert_int_equal(fc_kv_del(txn, FC_TABLE_META, text("deleted")), FC_OK);
    assert_int_equal(fc_kv_del(txn, FC_TABLE_META, text("never there")), FC_E_MISSING);
    put(txn, "deleted", "again");
    assert_int_equal(fc_kv_undo_rollback(txn), FC_OK);
    expect(txn, "kept", "1");
    expect(txn, "changed", "1");
    expect(txn, "deleted", "1");
    expect(txn, "new", NULL);
    expect(txn, "zzz", NULL);
    fc_kv_undo_mark(txn);
    put(txn, "changed", "released");
    assert_int_equal(fc_kv_undo_release(txn), FC_OK);
    fc_kv_undo_mark(txn);
    assert_int_equal(fc_kv_undo_rollback(txn), FC_OK);
    assert_int_equal(fc_kv_commit(txn), FC_OK);
    assert_int_equal(fc_kv_begin(kv, false, &txn), FC_OK);
    expect(txn, "changed", "released");
    expect(txn, "kept", "1");
    fc_kv_abort(txn);
    fc_kv_close(kv);
}

static void a_failed_write_sticks(void **state)
{
    (void)state;
    struct fc_kv_fault *fault;
    struct fc_kv *inner;
    assert_int_equal(fc_kv_mem_create(&inner), FC_OK);
    struct fc_kv *kv = fc_kv_fault_create(inner, &fault);
    struct fc_txn *txn;
    assert_int_equal(fc_kv_undo_begin(kv, &txn), FC_OK);
    fc_kv_undo_mark(txn);
    put(txn, "a", "1");
    fc_kv_fault_arm(fault, 0, FC_E_FULL);
    assert_int_equal(fc_kv_put(txn, FC_TABLE_META, text("b"), text("1")), FC_E_FULL);
    fc_kv_fault_disarm(fault);
    assert_int_equal(fc_kv_put(txn, FC_TABLE_META, text("b"), text("1")), FC_E_FULL);
    assert_int_equal(fc_kv_del(txn, FC_TABLE_META, text("a")), FC_E_FULL);
    assert_int_equal(fc_kv_undo_rollback(txn), FC_E_FULL);
    assert_int_equal(fc_kv_commit(txn), FC_E_FULL);
    assert_int_equal(fc_kv_begin(kv, false, &txn), FC_OK);
    expect(txn, "a", NULL);
    fc_kv_abort(txn);
    fc_kv_close(kv);
}

/* A store that keeps no marks of its own. */
static struct fc_kv *without_marks(void)
{
    struct fc_kv_fault *fault;
    struct fc_kv *inner;
    assert_int_equal(fc_kv_mem_create(&inner), FC_OK);
    return fc_kv_fault_create(inner, &fault);
}

/* Random work, undone, leaves what was there. */
static void any_work_in(struct fc_kv *kv, enum fc_table table)
{
    struct fc_txn *txn;
    uint64_t rng = 7;
    char values[64][16] = {{0}};
    assert_int_equal(fc_kv_undo_begin(kv, &txn), FC_OK);
    for (unsigned round = 0; round < 200; round++) {
        bool keep = test_rng_below(&rng, 2) == 0;
        char now[64][16];
        memcpy(now, values, sizeof now);
        fc_kv_undo_mark(txn);
        for (unsigned step = 0; step < 40; step++) {
            unsigned slot = test_rng_below(&rng, 64);
            char key[16];
            snprintf(key, sizeof key, "key %u", slot);
            if (test_rng_below(&rng, 3) == 0) {
                enum fc_err err = fc_kv_del(txn, table, text(key));
                assert_int_equal(err, now[slot][0] ? FC_OK : FC_E_MISSING);
                now[slot][0] = 0;
            } else {
                snprintf(now[slot], sizeof now[slot], "%u.%u", round, step);
                assert_int_equal(fc_kv_put(txn, table, text(key), text(now[slot])), FC_OK);
            }
        }
        if (keep) {
            assert_int_equal(fc_kv_undo_release(txn), FC_OK);
            memcpy(values, now, sizeof now);
        } else {
            assert_int_equal(fc_kv_undo_rollback(txn), FC_OK);
        }
        for (unsigned slot = 0; slot < 64; slot++) {
            char key[16];
            snprintf(key, sizeof key, "key %u", slot);
            expect_in(txn, table, key, values[slot][0] ? values[slot] : NULL);
        }
    }
    fc_kv_abort(txn);
    fc_kv_close(kv);
}

static void any_work_is_undone(void **state)
{
    (void)state;
    struct fc_kv *with_marks;
    any_work_in(without_marks(), FC_TABLE_META);
    any_work_in(without_marks(), FC_TABLE_CONTENT);
    for (int table = FC_TABLE_META; table <= FC_TABLE_CONTENT; table++) {
        assert_int_equal(fc_kv_mem_create(&with_marks), FC_OK);
        any_work_in(with_marks, (enum fc_table)table);
    }
}

/* What a delta displaces may be a thousand times its own size: it is not copied. */
static void contents_wait_where_they_are(void **state)
{
    (void)state;
    struct fc_kv *kv = without_marks();
    struct fc_txn *txn;
    struct fc_kv_cursor *cursor;
    struct fc_span key, value;
    assert_int_equal(fc_kv_undo_begin(kv, &txn), FC_OK);
    assert_int_equal(fc_kv_put(txn, FC_TABLE_CONTENT, text("a"), text("large")), FC_OK);
    for (int release = 0; release < 2; release++) {
        fc_kv_undo_mark(txn);
        assert_int_equal(fc_kv_del(txn, FC_TABLE_CONTENT, text("a")), FC_OK);
        assert_int_equal(fc_kv_del(txn, FC_TABLE_CONTENT, text("a")), FC_E_MISSING);
        expect_in(txn, FC_TABLE_CONTENT, "a", NULL);
        assert_int_equal(fc_kv_cursor_open(txn, FC_TABLE_CONTENT, &cursor), FC_OK);
        assert_int_equal(fc_kv_seek(cursor, text("a"), &key, &value), FC_OK);
        fc_kv_cursor_close(cursor);
        if (release)
            assert_int_equal(fc_kv_undo_release(txn), FC_OK);
        else
            assert_int_equal(fc_kv_undo_rollback(txn), FC_OK);
        expect_in(txn, FC_TABLE_CONTENT, "a", release ? NULL : "large");
    }
    fc_kv_abort(txn);
    fc_kv_close(kv);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rolled_back_to_the_mark_and_no_further),
        cmocka_unit_test(a_failed_write_sticks),
        cmocka_unit_test(any_work_is_undone),
        cmocka_unit_test(contents_wait_where_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
