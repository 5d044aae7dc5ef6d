#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sim/csv.h"
#include "sim/results.h"
#include "tests/support/tempdir.h"

static struct fc_results *start(uint32_t nodes, const char *events)
{
    struct fc_results_config config = {
        .nodes = nodes, .feeds = nodes, .run_us = 60000000, .events_path = events};
    struct fc_results *results = NULL;
    assert_int_equal(fc_results_create(&config, &results), FC_OK);
    for (uint32_t i = 0; i < nodes; i++)
        fc_results_up(results, 0, i, true);
    return results;
}

static void publish(struct fc_results *results, uint64_t at_us, uint32_t node, uint64_t version)
{
    struct fc_results_delta delta = {node, node, version, 1000, 10000};
    fc_results_publish(results, at_us, &delta);
}

static void finish(struct fc_results *results, uint64_t at_us, struct fc_summary *summary)
{
    struct fc_results_cost cost = {2000000, 1000000, 4096000, 500};
    fc_summary_init(summary);
    assert_int_equal(fc_results_finish(results, at_us, &cost, summary), FC_OK);
}

static void equal(const struct fc_summary *summary, enum fc_measure measure, double expected)
{
    if (fabs(summary->value[measure] - expected) > 1e-9 * (fabs(expected) + 1))
        fail_msg("%s is %f, not %f", fc_measure_info(measure)->name, summary->value[measure],
                 expected);
}

/* 0 -> 1 -> 2 and 0 -> 3, with one payload too many: 3 -> 2. */
static void a_delta_goes_its_way(void **state)
{
    struct fc_summary summary;
    struct fc_results *results = start(4, NULL);
    (void)state;
    publish(results, 1000000, 0, 1);
    fc_results_message(results, 1000000, 0, 1, FC_TRAFFIC_PAYLOAD, 1100);
    fc_results_message(results, 1000000, 0, 3, FC_TRAFFIC_PAYLOAD, 1100);
    fc_results_payload(results, 1010000, 0, 1, 0, 1);
    fc_results_deliver(results, 1010000, 1, 0, 0, 1);
    fc_results_message(results, 1010000, 1, 2, FC_TRAFFIC_PAYLOAD, 1100);
    fc_results_message(results, 1010000, 1, 0, FC_TRAFFIC_CONTROL, 100);
    assert_false(fc_results_is_converged(results));
    fc_results_payload(results, 1020000, 0, 3, 0, 1);
    fc_results_deliver(results, 1020000, 3, 0, 0, 1);
    fc_results_payload(results, 1030000, 1, 2, 0, 1);
    fc_results_deliver(results, 1030000, 2, 1, 0, 1);
    assert_true(fc_results_is_converged(results));
    fc_results_payload(results, 1040000, 3, 2, 0, 1); /* after it was everywhere */
    fc_results_deliver(results, 1040000, 2, 3, 0, 1);
    fc_results_link(results, 0, 1, 10000);
    fc_results_link(results, 1, 2, 20000);
    finish(results, 2000000, &summary);
    equal(&summary, FC_MEASURE_DELTAS, 1);
    equal(&summary, FC_MEASURE_DELIVERIES, 3);
    equal(&summary, FC_MEASURE_DELIVERY, 1);
    equal(&summary, FC_MEASURE_ATOMIC, 1);
    equal(&summary, FC_MEASURE_LATENCY_MEAN_US, 20000);
    assert_true(fabs(summary.value[FC_MEASURE_LATENCY_P50_US] - 20000) <= 20000 * 0.004);
    equal(&summary, FC_MEASURE_LATENCY_MAX_US, 30000);
    equal(&summary, FC_MEASURE_LAST_P99_US, 30000);
    equal(&summary, FC_MEASURE_LAST_RATIO_P99, 3);
    equal(&summary, FC_MEASURE_RMR, 1.0 / 3); /* 4 payloads for 3 receivers */
    equal(&summary, FC_MEASURE_DUPLICATES, 1);
    equal(&summary, FC_MEASURE_LDH_MAX, 2);
    equal(&summary, FC_MEASURE_CONTROL, 1);
    equal(&summary, FC_MEASURE_BYTES, 3400);
    equal(&summary, FC_MEASURE_BYTES_PAYLOAD, 825);
    equal(&summary, FC_MEASURE_BYTES_FLOOR, 3000);
    equal(&summary, FC_MEASURE_BYTES_RATIO, 3400.0 / 3000);
    equal(&summary, FC_MEASURE_DEGREE_MEAN, 1);
    equal(&summary, FC_MEASURE_DEGREE_MAX, 2);
    equal(&summary, FC_MEASURE_EVENTS_PER_S, 250);
    assert_true(isnan(summary.value[FC_MEASURE_CONVERGE_MAX_US]));
    fc_results_destroy(results);
}

static void a_later_version_brings_the_older(void **state)
{
    struct fc_summary summary;
    struct fc_results *results = start(3, NULL);
    (void)state;
    publish(results, 0, 0, 5);
    publish(results, 100, 0, 7);
    publish(results, 200, 1, 1);
    fc_results_deliver(results, 300, 1, FC_RESULTS_NONE, 0, 7);
    fc_results_deliver(results, 300, 2, 0, 0, 5);
    fc_results_deliver(results, 400, 2, 1, 0, 9);
    fc_results_deliver(results, 400, 2, 1, 0, 9);
    finish(results, 1000, &summary);
    equal(&summary, FC_MEASURE_DELIVERIES, 4);
    equal(&summary, FC_MEASURE_DELIVERY, 4.0 / 6);
    equal(&summary, FC_MEASURE_DELIVERY_MIN, 0);
    equal(&summary, FC_MEASURE_ATOMIC, 2.0 / 3);
    fc_results_destroy(results);
}

/* A node that was down counts for delivery and not for latency; one that stays down is excused,
 * and a dishonest one is never asked. */
static void the_absent_are_judged_mildly(void **state)
{
    struct fc_summary summary;
    struct fc_results *results = start(5, NULL);
    (void)state;
    fc_results_dishonest(results, 4);
    fc_results_up(results, 1000, 2, false);
    fc_results_up(results, 1000, 3, false);
    publish(results, 2000, 0, 1);
    fc_results_deliver(results, 3000, 1, 0, 0, 1);
    assert_true(fc_results_is_converged(results));
    fc_results_up(results, 9000000, 2, true);
    assert_false(fc_results_is_converged(results));
    fc_results_deliver(results, 9001000, 2, 1, 0, 1);
    finish(results, 10000000, &summary);
    equal(&summary, FC_MEASURE_DELIVERY, 1);
    equal(&summary, FC_MEASURE_DELIVERIES, 2);
    equal(&summary, FC_MEASURE_LATENCY_MAX_US, 1000);
    equal(&summary, FC_MEASURE_BYTES_FLOOR, 2000);
    equal(&summary, FC_MEASURE_NODES_UP, 4);
    fc_results_destroy(results);
}

static void convergence_is_measured_from_the_end_of_a_fault(void **state)
{
    struct fc_summary summary;
    struct fc_results *results = start(3, NULL);
    (void)state;
    uint32_t fault = fc_results_fault(results, 1000000, "partition", 1);
    publish(results, 2000000, 0, 1);
    fc_results_message(results, 2000000, 0, 1, FC_TRAFFIC_PAYLOAD, 7777);
    fc_results_deliver(results, 2010000, 1, 0, 0, 1);
    fc_results_fault_end(results, 5000000, fault);
    publish(results, 5100000, 1, 1); /* a newer one, whose bytes are none of healing */
    fc_results_message(results, 5100000, 1, 0, FC_TRAFFIC_PAYLOAD, 1000);
    fc_results_deliver(results, 5110000, 0, 1, 1, 1);
    fc_results_message(results, 5200000, 0, 2, FC_TRAFFIC_SYNC, 1200);
    fc_results_deliver(results, 5300000, 2, FC_RESULTS_NONE, 0, 1);
    fc_results_deliver(results, 5400000, 2, 1, 1, 1);
    fc_results_message(results, 9000000, 0, 2, FC_TRAFFIC_SYNC, 50000);
    finish(results, 10000000, &summary);
    equal(&summary, FC_MEASURE_FAULTS, 1);
    equal(&summary, FC_MEASURE_CONVERGE_MAX_US, 300000);
    equal(&summary, FC_MEASURE_HEAL_MISSING, 1000);
    equal(&summary, FC_MEASURE_HEAL_BYTES, 1200);
    equal(&summary, FC_MEASURE_HEAL_RATIO, 1.2);
    fc_results_destroy(results);
}

static void what_never_converged_has_no_time(void **state)
{
    struct fc_summary summary;
    struct fc_results *results = start(3, NULL);
    (void)state;
    publish(results, 0, 0, 1);
    fc_results_deliver(results, 10, 1, 0, 0, 1);
    fc_results_fault_end(results, 1000, fc_results_fault(results, 500, "isolate", 1));
    finish(results, 10000000, &summary);
    equal(&summary, FC_MEASURE_FAULTS, 1);
    assert_true(isnan(summary.value[FC_MEASURE_CONVERGE_MAX_US]));
    equal(&summary, FC_MEASURE_DELIVERY, 0.5);
    fc_results_destroy(results);
}

/* Many deltas over few nodes, against figures reckoned in a plain way. */
static void ten_thousand_deltas_agree_with_a_plain_count(void **state)
{
    enum { NODES = 70, DELTAS = 10000 };
    struct fc_summary summary;
    struct fc_results *results = start(NODES, NULL);
    (void)state;
    uint64_t sum_us = 0, max_us = 0;
    for (uint32_t i = 0; i < DELTAS; i++) {
        uint64_t at_us = (uint64_t)i * 100000;
        publish(results, at_us, i % NODES, i + 1);
        for (uint32_t node = 0; node < NODES; node++) {
            uint64_t after_us = (uint64_t)node * 300 + i % 7;
            if (node == i % NODES)
                continue;
            fc_results_payload(results, at_us + after_us, i % NODES, node, i % NODES, i + 1);
            fc_results_deliver(results, at_us + after_us, node, i % NODES, i % NODES, i + 1);
            sum_us += after_us;
            max_us = after_us > max_us ? after_us : max_us;
        }
    }
    finish(results, (uint64_t)DELTAS * 100000, &summary);
    equal(&summary, FC_MEASURE_DELIVERY, 1);
    equal(&summary, FC_MEASURE_RMR, 0);
    equal(&summary, FC_MEASURE_LDH_MEAN, 1);
    equal(&summary, FC_MEASURE_LATENCY_MEAN_US, (double)sum_us / ((NODES - 1.0) * DELTAS));
    equal(&summary, FC_MEASURE_LATENCY_MAX_US, (double)max_us);
    fc_results_destroy(results);
}

/* -- files ------------------------------------------------------------------------------------ */

static char *text_of(const char *dir, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *text = calloc(1, 1 << 20);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
    assert_int_equal(fclose(file), 0);
    return text;
}

static void fill(struct fc_results *results)
{
    fc_results_node(results, 0, "</script><b>\"A\", Ltd\n", "DE", 52520000, -13405000);
    fc_results_node(results, 1, "Ærø ☃", "DK", -500000, 0);
    uint32_t fault = fc_results_fault(results, 0, "isolate, \"one\"", 1);
    publish(results, 1000, 0, 1);
    fc_results_payload(results, 2000, 0, 1, 0, 1);
    fc_results_deliver(results, 2000, 1, 0, 0, 1);
    fc_results_fault_end(results, 2000000, fault);
    fc_results_deliver(results, 2300000, 2, FC_RESULTS_NONE, 0, 1);
    fc_results_link(results, 0, 1, 1000);
    fc_results_event(results, &(struct fc_results_event){1000, "publish", 0, FC_RESULTS_NONE, NULL,
                                                         1000, 0, 1, NULL, 0});
    fc_results_event(results, &(struct fc_results_event){2000, "arrive", 1, 0, "payload", 1100,
                                                         FC_RESULTS_NONE, 0, NULL, 0});
    fc_results_event(results,
                     &(struct fc_results_event){3000, "heal", FC_RESULTS_NONE, FC_RESULTS_NONE,
                                                NULL, 0, FC_RESULTS_NONE, 0, "partition", 2});
}

static void files_say_what_was_measured(void **state)
{
    char *dir = tempdir_create(), *events = tempdir_path(dir, "events.jsonl"), *text;
    struct fc_summary summary, again;
    struct fc_csv *csv = malloc(sizeof *csv);
    (void)state;
    assert_non_null(csv);
    struct fc_results *results = start(3, events);
    assert_true(fc_results_wants_events(results));
    fill(results);
    finish(results, 3000000, &summary);
    snprintf(summary.name, sizeof summary.name, "</script>");
    assert_int_equal(fc_results_write(results, &summary, fc_span_str("seed: 1\n"), dir), FC_OK);

    text = text_of(dir, "nodes.csv");
    fc_csv_init(csv, fc_span_str(text));
    assert_int_equal(fc_csv_next(csv), FC_OK);
    assert_int_equal(fc_csv_next(csv), FC_OK);
    assert_true(fc_span_eq(csv->fields[1], fc_span_str("</script><b>\"A\", Ltd ")));
    assert_true(fc_span_eq(csv->fields[3], fc_span_str("52.520000")));
    assert_true(fc_span_eq(csv->fields[4], fc_span_str("-13.405000")));
    assert_int_equal(fc_csv_next(csv), FC_OK);
    assert_true(fc_span_eq(csv->fields[1], fc_span_str("Ærø ☃")));
    assert_true(fc_span_eq(csv->fields[3], fc_span_str("-0.500000")));
    assert_int_equal(fc_csv_next(csv), FC_OK);
    assert_true(fc_span_eq(csv->fields[1], fc_span_str("node-2")));
    assert_int_equal(csv->fields[3].len, 0);
    assert_int_equal(csv->fields[4].len, 0);
    assert_int_equal(fc_csv_next(csv), FC_E_MISSING);
    free(text);

    text = text_of(dir, "deltas.csv");
    assert_non_null(strstr(text, "\n0,0,1,0,1000,1000,2,2,1000,2299000,2299000,2299000,10000,1.000,"
                                 "1,1,0\n"));
    free(text);
    text = text_of(dir, "faults.csv");
    assert_non_null(strstr(text, "\n0,\"isolate, \"\"one\"\"\",1,2000000,300000,1000,0\n"));
    free(text);
    text = text_of(dir, "states.csv");
    assert_string_equal(text, "time_us,node,state\n1000000,0,up\n1000000,1,up\n1000000,2,up\n"
                              "2000000,2,behind\n3000000,2,up\n");
    free(text);
    text = text_of(dir, "links.csv");
    assert_string_equal(text, "a,b,latency_us,payloads_ab,payloads_ba\n0,1,1000,1,0\n");
    free(text);
    text = text_of(dir, "events.jsonl");
    assert_string_equal(text, "{\"t_us\":1000,\"kind\":\"publish\",\"node\":0,\"bytes\":1000,"
                              "\"feed\":0,\"version\":1}\n{\"t_us\":2000,\"kind\":\"arrive\","
                              "\"node\":1,\"peer\":0,\"class\":\"payload\",\"bytes\":1100}\n"
                              "{\"t_us\":3000,\"kind\":\"heal\",\"what\":\"partition\","
                              "\"fault\":2}\n");
    free(text);
    text = text_of(dir, "scenario.yaml");
    assert_string_equal(text, "seed: 1\n");
    free(text);
    text = text_of(dir, "summary.json");
    assert_int_equal(fc_summary_parse(fc_span_str(text), &again), FC_OK);
    assert_string_equal(again.name, "</script>");
    equal(&again, FC_MEASURE_LATENCY_MEAN_US, (1000 + 2299000) / 2);
    free(text);
    fc_results_destroy(results);
    tempdir_destroy(dir);
    free(events);
    free(csv);
}

/* Every file and column that is written is described, and nothing else is. */
static void the_schema_page_is_true(void **state)
{
    static const char *const names[] = {"deltas.csv", "series.csv", "latency.csv", "nodes.csv",
                                        "links.csv",  "faults.csv", "states.csv",  "spread.csv"};
    char *dir = tempdir_create(), heading[64], cell[80];
    char *page = text_of(FEDCAT_SOURCE_DIR "/docs", "simulating-results.md");
    struct fc_summary summary;
    struct fc_results *results = start(3, NULL);
    (void)state;
    fill(results);
    finish(results, 3000000, &summary);
    assert_int_equal(fc_results_write(results, &summary, fc_span_str(""), dir), FC_OK);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *text = text_of(dir, names[i]), *rest = NULL;
        size_t columns = 0, rows = 0;
        *strchr(text, '\n') = 0;
        snprintf(heading, sizeof heading, "\n## %s\n", names[i]);
        const char *section = strstr(page, heading);
        assert_non_null(section);
        const char *end = strstr(section + 3, "\n## ");
        for (const char *at = section; (at = strstr(at, "\n| `")) && (!end || at < end); at++)
            rows++;
        for (char *column = strtok_r(text, ",", &rest); column;
             column = strtok_r(NULL, ",", &rest)) {
            snprintf(cell, sizeof cell, "\n| `%s` |", column);
            const char *found = strstr(section, cell);
            if (!found || (end && found > end))
                fail_msg("docs/simulating-results.md: %s has no %s", names[i], column);
            columns++;
        }
        assert_int_equal(rows, columns);
        free(text);
    }
    for (int i = 0; i < FC_MEASURE_COUNT; i++) {
        const struct fc_measure_info *info = fc_measure_info((enum fc_measure)i);
        char row[512];
        snprintf(row, sizeof row, "\n| `%s` | %s | %s |\n", info->name, info->unit, info->text);
        if (!strstr(page, row))
            fail_msg("docs/simulating-results.md lacks:%s", row);
    }
    fc_results_destroy(results);
    tempdir_destroy(dir);
    free(page);
}

static void nonsense_is_refused(void **state)
{
    struct fc_results *results = NULL;
    struct fc_results_config none = {.nodes = 0}, many = {.nodes = FC_RESULTS_NODES_MAX + 1};
    struct fc_results_config nowhere = {.nodes = 1, .events_path = "no/such/directory/events"};
    struct fc_summary summary;
    (void)state;
    assert_int_equal(fc_results_create(&none, &results), FC_E_ARG);
    assert_int_equal(fc_results_create(&many, &results), FC_E_ARG);
    assert_int_equal(fc_results_create(&nowhere, &results), FC_E_IO);
    results = start(2, NULL);
    fc_results_payload(results, 10, 0, 1, 77, 1); /* no such feed, no such delta */
    fc_results_deliver(results, 10, 1, 0, 77, 1);
    fc_results_payload(results, 10, 0, 1, 0, 99);
    finish(results, 20, &summary);
    assert_int_equal(fc_results_write(results, &summary, fc_span_str(""), "no/such/place"),
                     FC_E_IO);
    assert_int_equal(fc_results_prepare("no/such/place"), FC_E_IO);
    assert_int_equal(errno, ENOENT);
    char *dir = tempdir_create(), *inside = tempdir_path(dir, "made");
    assert_int_equal(fc_results_prepare(inside), FC_OK);
    assert_int_equal(fc_results_prepare(inside), FC_OK);
    assert_int_equal(rmdir(inside), 0); /* nothing is left in it */
    free(inside);
    tempdir_destroy(dir);
    fc_results_destroy(results);
    fc_results_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_delta_goes_its_way),
        cmocka_unit_test(a_later_version_brings_the_older),
        cmocka_unit_test(the_absent_are_judged_mildly),
        cmocka_unit_test(convergence_is_measured_from_the_end_of_a_fault),
        cmocka_unit_test(what_never_converged_has_no_time),
        cmocka_unit_test(ten_thousand_deltas_agree_with_a_plain_count),
        cmocka_unit_test(files_say_what_was_measured),
        cmocka_unit_test(the_schema_page_is_true),
        cmocka_unit_test(nonsense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
