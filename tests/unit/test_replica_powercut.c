/* Power cuts at every write and sync, and errors at every write and sync, while publishing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/iolog.h"
#include "tests/support/powercut.h"
#include "tests/support/publisher.h"
#include "tests/support/tempdir.h"

enum { DELTAS = 8 };

static struct iolog *record_run(const struct publisher *publisher, const char *dir)
{
    struct fc_replica *replica;
    iolog_start(dir);
    assert_int_equal(publisher_open(publisher, dir, &replica), FC_OK);
    for (uint64_t number = 1; number <= DELTAS; number++) {
        assert_int_equal(publisher_publish(publisher, replica, number), FC_OK);
        iolog_mark(number);
    }
    struct iolog *log = iolog_stop();
    fc_replica_close(replica);
    return log;
}

static bool survives(const struct publisher *publisher, const struct iolog *log,
                     const struct powercut *cut, const char *dir)
{
    struct fc_replica *replica;
    uint64_t acknowledged = powercut_acknowledged(log, cut->cut), last;
    tempdir_clear(dir);
    powercut_replay(log, cut, dir);
    if (publisher_open(publisher, dir, &replica) != FC_OK)
        return false;
    bool sound = publisher_holds(publisher, replica, &last) && last >= acknowledged &&
                 last <= acknowledged + 1;
    sound = sound && publisher_publish(publisher, replica, last + 1) == FC_OK;
    fc_replica_close(replica);
    return sound;
}

static void cut_everywhere(void **state)
{
    (void)state;
    struct publisher publisher;
    publisher_init(&publisher);
    char *dir = tempdir_create(), *after = tempdir_create();
    struct iolog *log = record_run(&publisher, dir);
    assert_true(log->count > DELTAS * 4);
    for (size_t cut = 0; cut <= log->count; cut++) {
        unsigned ways[] = {POWERCUT_NONE, POWERCUT_ALL, POWERCUT_SOME, POWERCUT_SOME_SECTORS};
        for (unsigned i = 0; i < 4; i++) {
            struct powercut powercut = {cut, (enum powercut_kept)ways[i], cut * 100 + i, false};
            if (!survives(&publisher, log, &powercut, after))
                fail_msg("cut %zu of %zu, kept %u", cut, log->count, ways[i]);
        }
    }
    print_message("%zu events\n", log->count);
    iolog_destroy(log);
    tempdir_destroy(dir);
    tempdir_destroy(after);
    publisher_finish(&publisher);
}

/* The same on a disk whose syncs are lies must lose something, else the above says nothing. */
static void cut_without_syncs(void **state)
{
    (void)state;
    struct publisher publisher;
    publisher_init(&publisher);
    char *dir = tempdir_create(), *after = tempdir_create();
    struct iolog *log = record_run(&publisher, dir);
    unsigned lost = 0;
    for (size_t cut = log->count / 2; cut <= log->count; cut += 3) {
        struct powercut powercut = {cut, POWERCUT_SOME, cut, true};
        lost += !survives(&publisher, log, &powercut, after);
    }
    assert_true(lost > 2);
    iolog_destroy(log);
    tempdir_destroy(dir);
    tempdir_destroy(after);
    publisher_finish(&publisher);
}

/* A replica that is told of a full or failing disk says so, stands as it stood, and goes on when
 * there is room. False when the run ended before the fault came. */
static bool run_with_fault(const struct publisher *publisher, const char *dir, unsigned nth,
                           enum iolog_fault fault)
{
    struct fc_replica *replica;
    uint64_t last;
    enum fc_err err;
    assert_int_equal(publisher_open(publisher, dir, &replica), FC_OK);
    iolog_start(dir);
    iolog_fail(nth, fault);
    for (uint64_t number = 1; number <= 4; number++) {
        while ((err = publisher_publish(publisher, replica, number)) != FC_OK) {
            assert_true(err == FC_E_FULL || err == FC_E_IO);
            assert_true(publisher_holds(publisher, replica, &last));
            assert_int_equal(last, number - 1);
        }
    }
    bool failed = iolog_failed();
    iolog_destroy(iolog_stop());
    assert_true(publisher_holds(publisher, replica, &last));
    assert_int_equal(last, 4);
    fc_replica_close(replica);
    return failed;
}

static void error_everywhere(void **state)
{
    (void)state;
    struct publisher publisher;
    publisher_init(&publisher);
    static const enum iolog_fault faults[] = {IOLOG_FAULT_FULL, IOLOG_FAULT_IO};
    for (unsigned i = 0; i < 2; i++) {
        unsigned nth = 0;
        bool failed = true;
        while (failed) {
            char *dir = tempdir_create();
            failed = run_with_fault(&publisher, dir, ++nth, faults[i]);
            tempdir_destroy(dir);
        }
        assert_true(nth > 10);
    }
    publisher_finish(&publisher);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cut_everywhere),
        cmocka_unit_test(cut_without_syncs),
        cmocka_unit_test(error_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
