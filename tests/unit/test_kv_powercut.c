/* Power cuts at every write and sync, and errors at every write and sync. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "store/kv_lmdb.h"
#include "tests/support/iolog.h"
#include "tests/support/numbered.h"
#include "tests/support/powercut.h"
#include "tests/support/tempdir.h"

#define OK(call) assert_int_equal(call, FC_OK)

enum { TXNS = 24 };

static enum fc_err open_store(const char *dir, bool create, struct fc_kv **kv)
{
    char *path = tempdir_path(dir, "store");
    struct fc_kv_lmdb_config config = {.path = path, .create = create, .map_bytes = 1 << 20};
    enum fc_err err = fc_kv_lmdb_open(&config, kv);
    free(path);
    return err;
}

static enum fc_err run_txn(struct fc_kv *kv, uint64_t number)
{
    struct fc_txn *txn;
    enum fc_err err = fc_kv_begin(kv, true, &txn);
    if (err)
        return err;
    err = numbered_write(txn, number);
    if (!err)
        return fc_kv_commit(txn);
    fc_kv_abort(txn);
    return err;
}

static struct iolog *record_run(const char *dir)
{
    struct fc_kv *kv;
    iolog_start(dir);
    OK(open_store(dir, true, &kv));
    for (uint64_t number = 1; number <= TXNS; number++) {
        OK(run_txn(kv, number));
        iolog_mark(number);
    }
    struct iolog *log = iolog_stop();
    fc_kv_close(kv);
    return log;
}

/* Whether the store that the cut leaves holds all that was acknowledged, at most one transaction
 * more, and nothing else. */
static bool survives(const struct iolog *log, const struct powercut *cut, const char *dir)
{
    struct fc_kv *kv;
    uint64_t acknowledged = powercut_acknowledged(log, cut->cut), last = 0;
    tempdir_clear(dir);
    powercut_replay(log, cut, dir);
    if (open_store(dir, acknowledged == 0, &kv))
        return false;
    bool sound = fc_kv_check(kv) == FC_OK && numbered_holds(kv, &last) && last >= acknowledged &&
                 last <= acknowledged + 1;
    sound = sound && run_txn(kv, last + 1) == FC_OK; /* and it goes on from there */
    fc_kv_close(kv);
    return sound;
}

static bool files_are_equal(const char *a, const char *b)
{
    FILE *left = fopen(a, "rb"), *right = fopen(b, "rb");
    assert_true(left && right);
    int from_left, from_right;
    size_t len = 0;
    do {
        from_left = getc(left);
        from_right = getc(right);
        len++;
    } while (from_left == from_right && from_left != EOF);
    fclose(left);
    fclose(right);
    return from_left == from_right && len > 1;
}

static void assert_recorded(const struct iolog *log, enum iolog_kind kind, bool durable,
                            size_t least)
{
    size_t count = 0;
    for (size_t i = 0; i < log->count; i++)
        count += log->events[i].kind == kind && log->events[i].durable == durable;
    assert_true(count >= least);
}

/* That the record is one of all the store does. */
static void record_is_whole(void **state)
{
    (void)state;
    char *dir = tempdir_create();
    struct iolog *log = record_run(dir);
    assert_recorded(log, IOLOG_WRITE, false, TXNS);
    assert_recorded(log, IOLOG_WRITE, true, TXNS); /* meta pages */
    assert_recorded(log, IOLOG_SYNC, false, TXNS);
    assert_recorded(log, IOLOG_SYNC_DIR, false, 2);
    assert_recorded(log, IOLOG_RENAME, false, 1);
    assert_recorded(log, IOLOG_MARK, false, TXNS);
    struct powercut all = {log->count, POWERCUT_ALL, 0, false};
    char *after = tempdir_create(), *path = tempdir_path(dir, "store/data.mdb");
    char *path_after = tempdir_path(after, "store/data.mdb");
    powercut_replay(log, &all, after);
    assert_true(files_are_equal(path, path_after));
    iolog_destroy(log);
    free(path);
    free(path_after);
    tempdir_destroy(dir);
    tempdir_destroy(after);
}

static void cut_everywhere(void **state)
{
    (void)state;
    char *dir = tempdir_create(), *after = tempdir_create();
    struct iolog *log = record_run(dir);
    assert_true(log->count > TXNS * 4);
    for (size_t cut = 0; cut <= log->count; cut++) {
        for (unsigned kept = 0; kept < POWERCUT_KEPT_COUNT; kept++) {
            struct powercut powercut = {cut, (enum powercut_kept)kept, cut * 100 + kept, false};
            if (!survives(log, &powercut, after))
                fail_msg("cut %zu of %zu, kept %u", cut, log->count, kept);
        }
    }
    print_message("%zu events, %u ways each\n", log->count, (unsigned)POWERCUT_KEPT_COUNT);
    iolog_destroy(log);
    tempdir_destroy(dir);
    tempdir_destroy(after);
}

/* The same record on a disk whose syncs are lies must lose something, else the above says nothing.
 */
static void cut_without_syncs(void **state)
{
    (void)state;
    char *dir = tempdir_create(), *after = tempdir_create();
    struct iolog *log = record_run(dir);
    unsigned lost = 0;
    for (size_t cut = log->count / 2; cut <= log->count; cut += 3) {
        struct powercut powercut = {cut, POWERCUT_SOME, cut, true};
        lost += !survives(log, &powercut, after);
    }
    assert_true(lost > 5);
    iolog_destroy(log);
    tempdir_destroy(dir);
    tempdir_destroy(after);
}

static bool is_said(enum fc_err err)
{
    return err == FC_E_FULL || err == FC_E_IO;
}

/* A store that was told of an error is as it was before, and takes the work when it is done again.
 * False when the run ended before the fault came. */
static bool run_with_fault(const char *dir, unsigned nth, enum iolog_fault fault)
{
    enum { NUMBERS = 5 };
    struct fc_kv *kv;
    uint64_t last;
    unsigned errors = 0;
    enum fc_err err;
    iolog_start(dir);
    iolog_fail(nth, fault);
    while ((err = open_store(dir, true, &kv))) {
        assert_true(is_said(err));
        assert_int_equal(++errors, 1);
    }
    for (uint64_t number = 1; number <= NUMBERS; number++) {
        while ((err = run_txn(kv, number))) {
            assert_true(is_said(err));
            assert_int_equal(++errors, 1);
            assert_true(numbered_holds(kv, &last));
            assert_int_equal(last, number - 1);
        }
    }
    bool failed = iolog_failed();
    iolog_destroy(iolog_stop());
    assert_int_equal(errors, failed);
    OK(fc_kv_check(kv));
    fc_kv_close(kv);
    OK(open_store(dir, false, &kv));
    assert_true(numbered_holds(kv, &last));
    assert_int_equal(last, NUMBERS);
    fc_kv_close(kv);
    return failed;
}

static void error_everywhere(void **state)
{
    (void)state;
    static const enum iolog_fault faults[] = {IOLOG_FAULT_FULL, IOLOG_FAULT_IO, IOLOG_FAULT_SHORT};
    for (unsigned i = 0; i < 3; i++) {
        unsigned nth = 0;
        bool failed = true;
        while (failed) {
            char *dir = tempdir_create();
            failed = run_with_fault(dir, ++nth, faults[i]);
            tempdir_destroy(dir);
        }
        assert_true(nth > 20);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(record_is_whole),
        cmocka_unit_test(cut_everywhere),
        cmocka_unit_test(cut_without_syncs),
        cmocka_unit_test(error_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
