#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sim/batch.h"
#include "sim/numbers.h"
#include "store/crypto.h"

struct told {
    uint32_t count, stop_at;
    char said[64][32];
    int status[64];
};

/* The later jobs are through first. */
static int work(void *ctx, uint32_t job, FILE *out)
{
    (void)ctx;
    usleep(job < 3 ? 60000 - 20000 * job : 0);
    if (job == 5)
        raise(SIGKILL);
    fprintf(out, "job %u", job);
    return job == 4 ? 3 : 0;
}

static bool done(void *ctx, uint32_t job, struct fc_span said, int status)
{
    struct told *told = ctx;
    assert_int_equal(job, told->count);
    memcpy(told->said[job], said.data ? said.data : (const uint8_t *)"", said.len);
    told->said[job][said.len] = 0;
    told->status[job] = status;
    told->count++;
    return job != told->stop_at;
}

static void jobs_are_told_in_order(void **state)
{
    (void)state;
    struct told told = {.stop_at = 100};
    struct fc_batch batch = {.count = 8, .workers = 4, .ctx = &told, .work = work, .done = done};
    uint32_t ran = 0;
    assert_int_equal(fc_batch_run(&batch, &ran), FC_OK);
    assert_int_equal(ran, 8);
    assert_int_equal(told.count, 8);
    assert_string_equal(told.said[0], "job 0");
    assert_string_equal(told.said[7], "job 7");
    assert_int_equal(told.status[4], 3);
    assert_int_equal(told.status[5], -SIGKILL);
    assert_string_equal(told.said[5], "");
    assert_int_equal(told.status[6], 0);
}

static void a_stop_starts_no_more(void **state)
{
    (void)state;
    struct told told = {.stop_at = 1};
    struct fc_batch batch = {.count = 60, .workers = 1, .ctx = &told, .work = work, .done = done};
    uint32_t ran = 0;
    assert_int_equal(fc_batch_run(&batch, &ran), FC_OK);
    assert_int_equal(ran, 2);
    batch.count = 0;
    told.count = 0;
    assert_int_equal(fc_batch_run(&batch, &ran), FC_OK);
    assert_int_equal(ran, 0);
}

static void numbers_are_found_by_their_keys(void **state)
{
    (void)state;
    struct fc_numbers index = {0};
    uint8_t none[32] = {1, 2, 3};
    assert_int_equal(fc_numbers_get(&index, none), FC_NUMBERS_NONE);
    for (uint32_t i = 0; i < 5000; i++) {
        struct fc_hash key = fc_hash("fedcat.sim.1", fc_span(&i, sizeof i));
        fc_numbers_put(&index, key.b, i);
    }
    for (uint32_t i = 0; i < 5000; i++) {
        struct fc_hash key = fc_hash("fedcat.sim.1", fc_span(&i, sizeof i));
        assert_int_equal(fc_numbers_get(&index, key.b), i);
    }
    assert_int_equal(fc_numbers_get(&index, none), FC_NUMBERS_NONE);
    fc_numbers_finish(&index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(jobs_are_told_in_order),
                                       cmocka_unit_test(a_stop_starts_no_more),
                                       cmocka_unit_test(numbers_are_found_by_their_keys)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
