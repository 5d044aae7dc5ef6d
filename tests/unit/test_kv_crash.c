/* kill -9 at random moments: what was acknowledged is there, whole, and nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "store/kv_lmdb.h"
#include "tests/support/child.h"
#include "tests/support/crash.h"
#include "tests/support/numbered.h"
#include "tests/support/tempdir.h"

struct victim {
    char *dir;
    struct kv_model model; /* after `held` transactions */
    uint64_t held;
};

static struct fc_kv *open_store(const struct victim *victim)
{
    struct fc_kv *kv;
    struct fc_kv_lmdb_config config = {.path = victim->dir, .create = true, .map_bytes = 1 << 20};
    return fc_kv_lmdb_open(&config, &kv) ? NULL : kv;
}

static void work(void *context, uint64_t next, int acks)
{
    struct fc_kv *kv = open_store(context);
    CHILD_CHECK(kv);
    for (;; next++) {
        struct fc_txn *txn;
        enum fc_err err;
        do {
            CHILD_CHECK(fc_kv_begin(kv, true, &txn) == FC_OK);
            err = numbered_write(txn, next);
            if (err)
                fc_kv_abort(txn);
            else
                err = fc_kv_commit(txn);
        } while (err == FC_E_MAP_FULL);
        CHILD_CHECK(!err);
        crash_acknowledge(acks, next);
    }
}

static bool held(void *context, uint64_t *last)
{
    struct victim *victim = context;
    struct fc_txn *txn;
    struct fc_kv *kv = open_store(victim);
    if (!kv)
        return false;
    bool sound = fc_kv_check(kv) == FC_OK && fc_kv_begin(kv, false, &txn) == FC_OK;
    if (sound) {
        sound = numbered_last(txn, last) == FC_OK && *last >= victim->held;
        while (sound && victim->held < *last)
            numbered_apply(&victim->model, ++victim->held);
        sound = sound && kv_model_matches(&victim->model, txn, FC_TABLE_ENTRY);
        fc_kv_abort(txn);
    }
    fc_kv_close(kv);
    return sound;
}

static void killed_at_random_moments(void **state)
{
    (void)state;
    struct victim victim = {.dir = tempdir_create()};
    struct crash_report report;
    struct crash_job job = {work, held, &victim, 11, 300, 24000};
    bool sound = crash_run(&job, &report);
    print_message("%u rounds, %u with work, %llu acknowledged, %u ahead\n", report.rounds,
                  report.busy_rounds, (unsigned long long)report.acknowledged, report.ahead);
    assert_true(sound);
    assert_int_equal(report.rounds, 300);
    assert_true(report.busy_rounds > 100);
    kv_model_finish(&victim.model);
    tempdir_destroy(victim.dir);
}

/* The same where the kill comes while the store is being made. */
static void killed_while_being_made(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 40; i++) {
        struct victim victim = {.dir = tempdir_create()};
        struct crash_report report;
        struct crash_job job = {work, held, &victim, i, 1, 6000};
        assert_true(crash_run(&job, &report));
        kv_model_finish(&victim.model);
        tempdir_destroy(victim.dir);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_at_random_moments),
        cmocka_unit_test(killed_while_being_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
