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

/* Nobody is left, or one alone: there is nothing to differ in, and nothing to look at. */
static void a_run_may_end_with_nobody_up(void **state)
{
    static const char *const kinds[] = {"full", "light"};
    static const char *const crashes[] = {"at: 5 s", "at: 5 s, count: 12", "at: 5 s, count: 11",
                                          "at: 5 s, nodes: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]"};
    static const double up[] = {0, 0, 1, 1};
    (void)state;
    for (int kind = 0; kind < 2; kind++)
        for (int i = 0; i < 4; i++) {
            char yaml[512];
            snprintf(yaml, sizeof yaml,
                     "federation: {nodes: 12, kind: %s}\n"
                     "workload: [{rate: 30/s, content: 30 KB}]\n"
                     "links: {bandwidth: 1 Mbit/s}\n"
                     "faults: [{what: crash, %s}]\n"
                     "run: {for: 8 s, settle: 5 s}\n",
                     kinds[kind], crashes[i]);
            struct fc_summary summary = play(yaml, 0);
            assert_string_equal(summary.failure, "");
            assert_true(summary.value[FC_MEASURE_NODES_UP] == up[i]);
        }
}

/* The charter that is in force is known to nobody any more: the one before it counts. */
static void those_who_knew_the_charter_may_go(void **state)
{
    (void)state;
    for (unsigned gone = 0; gone < 4; gone++) { /* one of them is where it was handed in */
        char yaml[512];
        snprintf(yaml, sizeof yaml,
                 "federation: {nodes: 4}\n"
                 "workload: [{rate: 3/s}]\n"
                 "faults:\n"
                 "  - {what: isolate, at: 5 s, for: 1 s}\n"
                 "  - {what: rotate, at: 5.5 s}\n"
                 "  - {what: crash, at: 5.6 s, nodes: [%u]}\n"
                 "run: {for: 8 s}\n",
                 gone);
        struct fc_summary summary = play(yaml, 0);
        assert_string_equal(summary.failure, "");
    }
}

static void governors_may_be_as_many_as_a_charter_names(void **state)
{
    static const unsigned counts[] = {1, 16, 17, 64};
    (void)state;
    for (int i = 0; i < 4; i++) {
        char yaml[512];
        snprintf(yaml, sizeof yaml,
                 "federation: {nodes: 3, governors: %u}\n"
                 "workload: [{rate: 2/s}]\n"
                 "faults: [{what: rotate, at: 4 s}, {what: recover, at: 5 s, nodes: [1]}]\n"
                 "run: {for: 8 s}\n"
                 "expect: {delivery: 100 %%}\n",
                 counts[i]);
        struct fc_summary summary = play(yaml, 0);
        assert_true(fc_run_passed(&summary));
    }
}

/* Feeds without a node of their own, and room for those who may join, are no nodes. */
static void figures_are_of_nodes_that_took_part(void **state)
{
    (void)state;
    struct fc_summary plain = play(small, 0);
    struct fc_summary feeds = play("federation: {nodes: 9, feeds: 100}\n"
                                   "workload: [{rate: 3/s, content: 700, from: 3 s, for: 8 s}]\n"
                                   "run: {for: 14 s}\n",
                                   0);
    assert_true(feeds.value[FC_MEASURE_NODES] == 9);
    assert_true(feeds.value[FC_MEASURE_DEGREE_MEAN] == plain.value[FC_MEASURE_DEGREE_MEAN]);
    assert_true(feeds.value[FC_MEASURE_RSS_PER_NODE] == feeds.value[FC_MEASURE_RSS_BYTES] / 9);
    assert_true(feeds.value[FC_MEASURE_COMPONENTS] == 1);
    struct fc_summary joined = play("federation: {nodes: 9, feeds: 20}\n"
                                    "workload: [{rate: 3/s, content: 700, from: 3 s, for: 8 s}]\n"
                                    "faults: [{what: join, at: 3 s, count: 4},\n"
                                    "         {what: random, at: 5 s, rate: 1/h}]\n"
                                    "run: {for: 14 s}\n",
                                    0);
    assert_true(joined.value[FC_MEASURE_NODES] == 13);
    assert_true(joined.value[FC_MEASURE_NODES_UP] == 13);
    assert_true(joined.value[FC_MEASURE_COMPONENTS] == 1);
    assert_true(joined.value[FC_MEASURE_DEGREE_MEAN] > 3);
}

/* Faults strike those that have not joined, too, and the one who lets them in. */
static void joining_withstands_faults(void **state)
{
    static const char *const faults[] = {
        "{what: crash, at: 2 s, for: 2 s, nodes: [9]}",
        "{what: crash, at: 2 s, for: 9 s, nodes: [3, 4]}",
        "{what: crash, at: 0, for: 7 s, nodes: [0]}",
        "{what: crash, at: 3 s, for: 7 s, nodes: [0]}",
        "{what: disk-full, at: 3 s, for: 7 s, nodes: [0]}",
        "{what: restart, at: 0, nodes: [5]}, {what: crash, at: 3 s, nodes: [0]}",
        "{what: join, at: 3 s, count: 3}, {what: churn, rate: 100000 %/h, down: 2 s}"};
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        char yaml[512];
        snprintf(yaml, sizeof yaml,
                 "federation: {nodes: 12, start: join, join_over: 12 s}\n"
                 "workload: [{rate: 3/s, content: 700}]\n"
                 "faults: [%s]\n"
                 "run: {for: 20 s, settle: 5 min}\n",
                 faults[i]);
        struct fc_summary summary = play(yaml, 0);
        assert_string_equal(summary.failure, "");
        assert_true(summary.value[FC_MEASURE_NODES] >= 12);
        assert_true(summary.value[FC_MEASURE_DELIVERY] > 0.8); /* all but what went with node 0 */
    }
}

/* Edges are the ground: a message between two that have none takes the quickest way along them. */
static void messages_go_along_the_edges_of_a_graph(void **state)
{
    static const char *const kinds[] = {"whole", "ring", "star", "barabasi-albert", "two-tier"};
    struct fc_summary summary[5];
    (void)state;
    for (int i = 0; i < 5; i++) {
        char yaml[512];
        snprintf(yaml, sizeof yaml,
                 "federation: {nodes: 40}\n"
                 "topology: {kind: %s, latency: 10 ms}\n"
                 "workload: [{rate: 2/s, content: 700, from: 3 s, for: 8 s}]\n"
                 "run: {for: 14 s}\n"
                 "expect: {delivery: 100 %%}\n",
                 kinds[i]);
        summary[i] = play(yaml, 0);
        assert_true(fc_run_passed(&summary[i]));
        for (int before = 0; before < i; before++)
            assert_string_not_equal(summary[i].trace, summary[before].trace);
    }
    /* The farthest of 40 on a ring is 20 edges away, and two on a star. */
    assert_true(summary[1].value[FC_MEASURE_LAST_MAX_US] > 200000);
    assert_true(summary[2].value[FC_MEASURE_LAST_P50_US] >= 20000);
    assert_true(summary[1].value[FC_MEASURE_LAST_P50_US] >
                2 * summary[0].value[FC_MEASURE_LAST_P50_US]);
    /* A static view goes edge by edge, and no sooner than the quickest way. */
    struct fc_summary edges = play("federation: {nodes: 40, view: static}\n"
                                   "topology: {kind: ring, latency: 10 ms}\n"
                                   "workload: [{rate: 2/s, content: 700, from: 3 s, for: 8 s}]\n"
                                   "run: {for: 14 s}\n",
                                   0);
    assert_true(edges.value[FC_MEASURE_DEGREE_MAX] == 2);
    assert_true(edges.value[FC_MEASURE_LDH_MAX] >= 20);
    assert_true(edges.value[FC_MEASURE_LAST_RATIO_P99] >= 1);
    assert_true(edges.value[FC_MEASURE_LAST_P50_US] >= 200000);
}

static void each_view_goes_with_each_spread(void **state)
{
    static const char *const views[] = {"registry", "hyparview", "all", "static"};
    static const char *const spreads[] = {"plumtree", "plumtree-shared", "eager", "flood",
                                          "example"};
    static const char *const kinds[] = {"full", "light"};
    struct fc_summary summary;
    (void)state;
    for (size_t i = 0; i < 4 * 5 * 2; i++) {
        const char *view = views[i % 4], *spread = spreads[i / 4 % 5], *kind = kinds[i / 20];
        char yaml[512];
        snprintf(yaml, sizeof yaml,
                 "federation: {nodes: 12, view: %s, spread: %s, kind: %s}\n"
                 "topology: {kind: watts-strogatz, latency: 10 ms}\n"
                 "workload: [{rate: 2/s, content: 700, from: 4 s, for: 8 s}]\n"
                 "run: {for: 16 s}\n",
                 view, spread, kind);
        summary = play(yaml, 0);
        bool sure = i < 20 || i / 4 % 5 < 2 || i / 4 % 5 == 3; /* the others only push, once */
        if (summary.failure[0] || summary.value[FC_MEASURE_DELIVERY] < (sure ? 1 : 0.7) ||
            summary.value[FC_MEASURE_COMPONENTS] != 1)
            fail_msg("%s, %s, %s: %s, delivered %f, %f parts", view, spread, kind, summary.failure,
                     summary.value[FC_MEASURE_DELIVERY], summary.value[FC_MEASURE_COMPONENTS]);
    }
}

/* HyParView's nodes come back: also the one that all began with. */
static void hyparview_withstands_restarts(void **state)
{
    static const char *const faults[] = {"{what: restart, at: 8 s}",
                                         "{what: crash, at: 8 s, for: 20 s, nodes: [0]}",
                                         "{what: crash, at: 8 s, for: 10 s, share: 50 %}"};
    (void)state;
    for (int i = 0; i < 3; i++) {
        char yaml[512];
        snprintf(yaml, sizeof yaml,
                 "federation: {nodes: 16, view: hyparview}\n"
                 "workload: [{rate: 2/s, content: 700, from: 4 s, for: 40 s}]\n"
                 "faults: [%s]\n"
                 "run: {for: 60 s}\n",
                 faults[i]);
        struct fc_summary summary = play(yaml, 0);
        assert_string_equal(summary.failure, "");
        assert_true(summary.value[FC_MEASURE_COMPONENTS] == 1);
    }
}

/* Wanted for nothing from then on; what it publishes meanwhile is nobody's. */
static void the_revoked_are_not_waited_for(void **state)
{
    static const char *const picks[] = {"nodes: [3]", "nodes: [0]", "count: 4"};
    (void)state;
    for (int i = 0; i < 3; i++) {
        char yaml[512];
        snprintf(yaml, sizeof yaml,
                 "federation: {nodes: 12}\n"
                 "workload: [{rate: 10/s, content: 300}]\n"
                 "faults: [{what: revoke, at: 5 s, %s}, {what: recover, at: 8 s, nodes: [5]}]\n"
                 "run: {for: 14 s}\n"
                 "expect: {delivery: 100 %%, converge: 30 s}\n",
                 picks[i]);
        struct fc_summary summary = play(yaml, 0);
        assert_string_equal(summary.failure, "");
        assert_true(fc_run_passed(&summary));
        assert_true(summary.value[FC_MEASURE_DELTAS] > 60);
    }
}

static void a_head_from_the_future_is_waited_for(void **state)
{
    static const char *const skews[] = {"{what: skew, at: 1 s, for: 10 s, skew: 1 h, share: 50 %}",
                                        "{what: skew, at: 1 s, skew: -10 min, share: 30 %}",
                                        ("{what: skew, at: 1 s, skew: 10 min, nodes: [1]}, "
                                         "{what: skew, at: 1 s, skew: -10 min, nodes: [2]}")};
    static const double at_least_us[] = {3000e6, 0, 600e6};
    (void)state;
    for (int i = 0; i < 3; i++) {
        char yaml[512];
        snprintf(yaml, sizeof yaml,
                 "federation: {nodes: 8}\n"
                 "workload: [{rate: 4/s, content: 300}]\n"
                 "faults: [%s]\n"
                 "run: {for: 14 s}\n"
                 "expect: {delivery: 100 %%}\n",
                 skews[i]);
        struct fc_summary summary = play(yaml, 0);
        assert_string_equal(summary.failure, "");
        assert_true(fc_run_passed(&summary));
        assert_true(summary.value[FC_MEASURE_RUN_US] > at_least_us[i]);
    }
}

static void a_static_view_has_no_other_links(void **state)
{
    static const char *const ways[] = {"kind: full", "kind: light",
                                       "kind: full, start: join, join_over: 4 s"};
    (void)state;
    for (int i = 0; i < 3; i++) {
        char yaml[512];
        snprintf(yaml, sizeof yaml,
                 "federation: {nodes: 20, view: static, spread: flood, %s}\n"
                 "topology: {kind: ring, latency: 10 ms}\n"
                 "workload: [{rate: 3/s, content: 300, from: 8 s}]\n"
                 "run: {for: 20 s}\n"
                 "expect: {delivery: 100 %%}\n",
                 ways[i]);
        struct fc_summary summary = play(yaml, 0);
        assert_string_equal(summary.failure, "");
        assert_true(fc_run_passed(&summary));
        assert_true(summary.value[FC_MEASURE_DEGREE_MAX] == 2);
    }
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
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_is_the_same_run),
        cmocka_unit_test(a_flood_costs_what_a_tree_saves),
        cmocka_unit_test(an_unmet_expectation_is_a_failure),
        cmocka_unit_test(faults_end_with_the_run),
        cmocka_unit_test(a_run_may_end_with_nobody_up),
        cmocka_unit_test(those_who_knew_the_charter_may_go),
        cmocka_unit_test(governors_may_be_as_many_as_a_charter_names),
        cmocka_unit_test(figures_are_of_nodes_that_took_part),
        cmocka_unit_test(joining_withstands_faults),
        cmocka_unit_test(messages_go_along_the_edges_of_a_graph),
        cmocka_unit_test(each_view_goes_with_each_spread),
        cmocka_unit_test(hyparview_withstands_restarts),
        cmocka_unit_test(the_revoked_are_not_waited_for),
        cmocka_unit_test(a_head_from_the_future_is_waited_for),
        cmocka_unit_test(a_static_view_has_no_other_links),
        cmocka_unit_test(a_run_can_stop_early),
        cmocka_unit_test(random_federations_can_be_read)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
