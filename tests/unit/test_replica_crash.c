/* kill -9 at random moments while publishing: what was acknowledged is there, whole and provable.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "tests/support/child.h"
#include "tests/support/crash.h"
#include "tests/support/publisher.h"
#include "tests/support/tempdir.h"

struct victim {
    struct publisher publisher;
    char *dir;
};

static void work(void *context, uint64_t next, int acks)
{
    struct victim *victim = context;
    struct fc_replica *replica;
    CHILD_CHECK(publisher_open(&victim->publisher, victim->dir, &replica) == FC_OK);
    for (;; next++) {
        CHILD_CHECK(publisher_publish(&victim->publisher, replica, next) == FC_OK);
        crash_acknowledge(acks, next);
    }
}

static bool held(void *context, uint64_t *last)
{
    struct victim *victim = context;
    struct fc_replica *replica;
    if (publisher_open(&victim->publisher, victim->dir, &replica) != FC_OK)
        return false;
    bool sound = publisher_holds(&victim->publisher, replica, last);
    fc_replica_close(replica);
    return sound;
}

static void killed_while_publishing(void **state)
{
    (void)state;
    struct victim victim = {.dir = tempdir_create()};
    struct crash_report report;
    publisher_init(&victim.publisher);
    struct crash_job job = {work, held, &victim, 23, 250, 24000};
    bool sound = crash_run(&job, &report);
    print_message("%u rounds, %u with work, %llu acknowledged, %u ahead\n", report.rounds,
                  report.busy_rounds, (unsigned long long)report.acknowledged, report.ahead);
    assert_true(sound);
    assert_int_equal(report.rounds, 250);
    assert_true(report.busy_rounds > 50);
    publisher_finish(&victim.publisher);
    tempdir_destroy(victim.dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(killed_while_publishing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
