/* Runs of scenarios from C: what must be the same, what must be noticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/check.h"
#include "sim/run.h"

static struct fc_summary play(const char *yaml, uint64_t until_us)
{
    struct fc_scenario scenario;
    struct fc_scenario_error wrong;
    struct fc_run_error error;
    struct fc_summary summary;
    enum fc_err err = fc_scenario_parse("test", fc_span_str(yaml), &scenario, &wrong);
    if (err != FC_OK)
        fail_msg("%s", wrong.text);
    struct fc_run_config config = {.scenario = &scenario, .until_us = until_us};
    err = fc_run(&config, &summary, &error);
    if (err != FC_OK)
        fail_msg("%s", error.text);
    fc_scenario_finish(&scenario);
    return summary;
}

static const char small[] = "federation: {nodes: 9}\n"
                            "links: {jitter: 3 ms}\n"
                            "workload: [{rate: 3/s, content: 700, from: 3 s, for: 8 s}]\n"
                            "run: {for: 14 s}\n"
                            "expect: {delivery: 100 %}\n";

static void the_same_seed_is_the_same_run(void **state)
{
    (void)state;
    char other[512];
    struct fc_summary one = play(small, 0), two = play(small, 0);
    snprintf(other, sizeof other, "seed: 2\n%s", small);
    struct fc_summary three = play(other, 0);
    assert_true(fc_run_passed(&one));
    assert_string_equal(one.trace, two.trace);
    assert_string_not_equal(one.trace, three.trace);
    assert_true(one.value[FC_MEASURE_DELIVERY] == 1);
    assert_true(one.value[FC_MEASURE_DELTAS] > 10);
}

/* Bytes are counted where they are sent, in whatever class; a flood sends each delta over each
 * link. */
static void a_flood_costs_what_a_tree_saves(void **state)
{
    (void)state;
    char flood[512];
    snprintf(flood, sizeof flood, "%s", small);
    char *at = strstr(flood, "nodes: 9");
    memmove(at + strlen("nodes: 9, spread: flood"), at + strlen("nodes: 9"),
            strlen(at + strlen("nodes: 9")) + 1);
    memcpy(at, "nodes: 9, spread: flood", strlen("nodes: 9, spread: flood"));
    struct fc_summary tree = play(small, 0), all = play(flood, 0);
    assert_true(all.value[FC_MEASURE_RMR] > 2 * tree.value[FC_MEASURE_RMR]);
    assert_true(all.value[FC_MEASURE_BYTES_RATIO] > tree.value[FC_MEASURE_BYTES_RATIO]);
}

static void an_unmet_expectation_is_a_failure(void **state)
{
    (void)state;
    struct fc_summary summary = play("federation: {nodes: 5, spread: flood}\n"
                                     "workload: [{rate: 3/s, content: 700, from: 3 s}]\n"
                                     "run: {for: 8 s}\n"
                                     "expect: {redundancy: 0 %}\n",
                                     0);
    assert_int_equal(summary.expect_count, 1);
    assert_false(summary.expects[0].met);
    assert_false(fc_run_passed(&summary));
    assert_string_equal(summary.failure, "");
}

/* A partition that never heals is healed at the end; nobody is left behind. */
static void faults_end_with_the_run(void **state)
{
    (void)state;
    struct fc_summary summary = play("federation: {nodes: 8}\n"
                                     "workload: [{rate: 4/s, content: 300, from: 2 s}]\n"
                                     "faults:\n"
                                     "  - {at: 4 s, what: partition, share: 50 %, for: 1 h}\n"
                                     "  - {at: 5 s, what: crash, count: 2, for: 3 s}\n"
                                     "run: {for: 12 s, settle: 2 min}\n"
                                     "expect: {delivery: 100 %}\n",
                                     0);
    assert_true(fc_run_passed(&summary));
    assert_true(summary.value[FC_MEASURE_NODES_UP] == 8);
}

static void a_run_can_stop_early(void **state)
{
    (void)state;
    struct fc_summary summary = play(small, 5000000);
    assert_true(summary.value[FC_MEASURE_RUN_US] == 5000000);
}

static void random_federations_can_be_read(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < 500; seed++) {
        struct fc_scenario scenario;
        struct fc_scenario_error error;
        char text[16];
        snprintf(text, sizeof text, "%u", seed);
        if (fc_check_scenario(text, &scenario, &error) != FC_OK)
            fail_msg("%s", error.text);
        assert_int_equal(scenario.seed, seed);
        fc_scenario_finish(&scenario);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_same_seed_is_the_same_run),
                                       cmocka_unit_test(a_flood_costs_what_a_tree_saves),
                                       cmocka_unit_test(an_unmet_expectation_is_a_failure),
                                       cmocka_unit_test(faults_end_with_the_run),
                                       cmocka_unit_test(a_run_can_stop_early),
                                       cmocka_unit_test(random_federations_can_be_read)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
