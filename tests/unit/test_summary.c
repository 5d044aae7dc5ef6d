#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/csv.h"
#include "sim/histogram.h"
#include "sim/join.h"

static void near(double value, double expected, double within)
{
    if (!(fabs(value - expected) <= within))
        fail_msg("%.9f is not %.9f", value, expected);
}

static void example(struct fc_summary *summary, uint64_t seed, const char *nodes, double rmr)
{
    fc_summary_init(summary);
    snprintf(summary->name, sizeof summary->name, "europe \"</script>\" ☃, 1");
    snprintf(summary->trace, sizeof summary->trace, "%064x", 0xabcu);
    snprintf(summary->command, sizeof summary->command, "fedcat-sim run europe --seed 1");
    snprintf(summary->sets[0].key, sizeof summary->sets[0].key, "federation.nodes");
    snprintf(summary->sets[0].value, sizeof summary->sets[0].value, "%s", nodes);
    summary->set_count = 1;
    snprintf(summary->expects[0].name, sizeof summary->expects[0].name, "delivery");
    snprintf(summary->expects[0].unit, sizeof summary->expects[0].unit, "share");
    summary->expects[0].at_least = true;
    summary->expects[0].limit = 1;
    summary->expects[0].value = 0.999999;
    summary->expect_count = 1;
    summary->seed = seed;
    summary->value[FC_MEASURE_RMR] = rmr;
    summary->value[FC_MEASURE_LATENCY_P50_US] = 123456.7;
    summary->value[FC_MEASURE_BYTES] = 9007199254740991.0;
}

static void a_summary_is_read_as_it_was_written(void **state)
{
    static const uint64_t seeds[] = {0, 1, INT64_MAX, UINT64_MAX};
    struct fc_summary summary, again;
    struct fc_buf line = {0};
    (void)state;
    for (size_t i = 0; i < sizeof seeds / sizeof seeds[0]; i++) {
        example(&summary, seeds[i], "100", 1.0 / 3);
        fc_buf_clear(&line);
        fc_summary_write_json(&summary, &line);
        assert_int_equal(fc_buf_check(&line), FC_OK);
        assert_ptr_equal(memchr(line.data, '\n', line.len), line.data + line.len - 1);
        assert_int_equal(fc_summary_parse(fc_buf_span(&line), &again), FC_OK);
        assert_true(again.seed == seeds[i]);
        assert_string_equal(again.name, summary.name);
        assert_string_equal(again.trace, summary.trace);
        assert_string_equal(again.command, summary.command);
        assert_string_equal(again.sets[0].value, "100");
        assert_string_equal(again.expects[0].name, "delivery");
        assert_string_equal(again.expects[0].unit, "share");
        assert_true(again.expects[0].at_least);
        near(again.expects[0].value, 0.999999, 1e-12);
        assert_false(again.expects[0].met);
        near(again.value[FC_MEASURE_RMR], 1.0 / 3, 1e-9);
        near(again.value[FC_MEASURE_LATENCY_P50_US], 123457, 0);
        near(again.value[FC_MEASURE_BYTES], 9007199254740991.0, 0);
        assert_true(isnan(again.value[FC_MEASURE_HEAL_RATIO]));
        fc_summary_write_json(&again, &line); /* and again, byte for byte */
        assert_int_equal(line.len % 2, 0);
        assert_memory_equal(line.data, line.data + line.len / 2, line.len / 2);
    }
    fc_buf_finish(&line);
}

static void text_that_is_no_utf8_is_written_all_the_same(void **state)
{
    struct fc_summary summary, again;
    struct fc_buf line = {0};
    (void)state;
    example(&summary, 1, "\xff\xfe", 0);
    fc_summary_write_json(&summary, &line);
    assert_int_equal(fc_summary_parse(fc_buf_span(&line), &again), FC_OK);
    assert_string_equal(again.sets[0].value, "??");
    fc_buf_finish(&line);
}

static void malformed_summaries_are_refused(void **state)
{
    static const struct {
        const char *text;
        enum fc_err err;
    } cases[] = {
        {"", FC_E_JSON},
        {"{", FC_E_JSON},
        {"[]", FC_E_FORMAT},
        {"{\"measures\":{}}", FC_E_FORMAT},
        {"{\"seed\":-1,\"measures\":{}}", FC_E_FORMAT},
        {"{\"seed\":\"99999999999999999999999\",\"measures\":{}}", FC_E_FORMAT},
        {"{\"seed\":1}", FC_E_FORMAT},
        {"{\"seed\":1,\"name\":7,\"measures\":{}}", FC_E_FORMAT},
        {"{\"seed\":1,\"name\":\"a\\u0000b\",\"measures\":{}}", FC_E_JSON},
        {"{\"seed\":1,\"set\":[],\"measures\":{}}", FC_E_FORMAT},
        {"{\"seed\":1,\"set\":{\"a\":1},\"measures\":{}}", FC_E_FORMAT},
        {"{\"seed\":1,\"expect\":{},\"measures\":{}}", FC_E_FORMAT},
        {"{\"seed\":1,\"measures\":{\"rmr\":\"0\"}}", FC_E_FORMAT},
        {"{\"seed\":1,\"seed\":2,\"measures\":{}}", FC_E_JSON},
        {"{\"seed\":1,\"expect\":[0,0,0,0,0,0,0,0,0],\"measures\":{}}", FC_E_BOUND},
        {"{\"seed\":1,\"newer\":[1,2],\"measures\":{\"newer\":{}}}", FC_OK},
    };
    struct fc_summary summary;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (fc_summary_parse(fc_span_str(cases[i].text), &summary) != cases[i].err)
            fail_msg("%s", cases[i].text);
    char *large = malloc(FC_SUMMARY_LINE_MAX + 1);
    memset(large, ' ', FC_SUMMARY_LINE_MAX + 1);
    assert_int_equal(fc_summary_parse(fc_span(large, FC_SUMMARY_LINE_MAX + 1), &summary),
                     FC_E_BOUND);
    free(large);
}

/* Published tables of Student's distribution, two-sided. */
static void student_t_is_as_in_the_tables(void **state)
{
    static const struct {
        double confidence;
        uint32_t freedom;
        double t;
    } table[] = {
        {0.95, 1, 12.7062},       {0.95, 2, 4.30265},   {0.95, 3, 3.18245},  {0.95, 4, 2.77645},
        {0.95, 5, 2.57058},       {0.95, 9, 2.26216},   {0.95, 10, 2.22814}, {0.95, 29, 2.04523},
        {0.95, 30, 2.04227},      {0.95, 100, 1.98397}, {0.99, 10, 3.16927}, {0.90, 5, 2.01505},
        {0.95, 1000000, 1.95997},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        near(fc_student_t(table[i].confidence, table[i].freedom), table[i].t, table[i].t * 5e-6);
}

static void a_figure_of_values(void **state)
{
    static const double values[] = {2, 4, 4, NAN, 4, 5, 5, 7, 9};
    struct fc_figure figure = fc_figure_of(values, 9);
    (void)state;
    assert_int_equal(figure.count, 8);
    near(figure.mean, 5, 1e-12);
    near(figure.deviation, sqrt(32.0 / 7), 1e-12);
    near(figure.half, 2.364624 * sqrt(32.0 / 7) / sqrt(8), 1e-5);
    near(figure.min, 2, 0);
    near(figure.max, 9, 0);
    figure = fc_figure_of(values, 1);
    near(figure.mean, 2, 0);
    assert_true(isnan(figure.half));
    assert_true(isnan(fc_figure_of(values, 0).mean));
}

static void runs_are_joined_over_seeds(void **state)
{
    struct fc_join join = {0};
    struct fc_buf text = {0}, csv = {0};
    struct fc_summary summary;
    uint32_t line;
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) { /* two settings, three seeds each, mixed */
        example(&summary, seed, seed % 2 ? "100" : "1000", (double)seed);
        fc_summary_write_json(&summary, &text);
        fc_buf_append(&text, "\r\n", 2);
    }
    assert_int_equal(fc_join_add(&join, fc_buf_span(&text), &line), FC_OK);
    assert_int_equal(line, 12);
    assert_int_equal(fc_join_finish_groups(&join), FC_OK);
    assert_int_equal(join.run_count, 6);
    assert_int_equal(join.group_count, 2);
    assert_int_equal(join.groups[0].runs, 3);
    assert_string_equal(join.groups[1].sets[0].value, "1000");
    near(join.groups[0].measure[FC_MEASURE_RMR].mean, 3, 1e-9);
    near(join.groups[1].measure[FC_MEASURE_RMR].mean, 4, 1e-9);
    near(join.groups[0].measure[FC_MEASURE_RMR].half, 4.302653 * 2 / sqrt(3), 1e-5);
    fc_join_write_csv(&join, &csv);
    fc_buf_append(&csv, "", 1);
    assert_non_null(strstr((char *)csv.data, ",federation.nodes=100,rmr,1,3,3.000000,2.000000,"));
    assert_int_equal(fc_join_add(&join, fc_span_str("\n{\n"), &line), FC_E_JSON);
    assert_int_equal(line, 2);
    fc_join_finish(&join);
    fc_buf_finish(&text);
    fc_buf_finish(&csv);
}

static void rows_keep_their_fields(void **state)
{
    struct fc_buf out = {0};
    struct fc_csv *csv = malloc(sizeof *csv);
    (void)state;
    fc_csv_text(&out, "");
    fc_csv_text(&out, "a,\"b\"\r\n\tc");
    fc_csv_text(&out, "");
    fc_csv_real(&out, NAN, 3);
    fc_csv_real(&out, 0.12345, 3);
    fc_csv_uint(&out, UINT64_MAX);
    fc_csv_micro(&out, -1);
    fc_csv_end(&out);
    fc_csv_init(csv, fc_buf_span(&out));
    assert_int_equal(fc_csv_next(csv), FC_OK);
    static const char *const expected[] = {"",      "a,\"b\"   c",          "",         "",
                                           "0.123", "18446744073709551615", "-0.000001"};
    assert_int_equal(csv->count, 7);
    for (size_t i = 0; i < 7; i++)
        assert_true(fc_span_eq(csv->fields[i], fc_span_str(expected[i])));
    assert_int_equal(fc_csv_next(csv), FC_E_MISSING);
    static const char *const wrong[] = {"a\"b\n", "\"a\n", "\"a\"b\n", "\"a"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        fc_csv_init(csv, fc_span_str(wrong[i]));
        assert_int_equal(fc_csv_next(csv), FC_E_FORMAT);
    }
    fc_buf_clear(&out);
    for (int i = 0; i < FC_CSV_COLUMNS_MAX; i++)
        fc_buf_append(&out, ",", 1);
    fc_csv_init(csv, fc_buf_span(&out));
    assert_int_equal(fc_csv_next(csv), FC_E_BOUND);
    fc_buf_finish(&out);
    free(csv);
}

static void buckets_cover_every_value_once(void **state)
{
    uint64_t below = 0;
    struct fc_histogram *histogram = calloc(1, sizeof *histogram);
    (void)state;
    for (uint32_t i = 0; i < FC_HISTOGRAM_BUCKETS; i++) {
        uint64_t end = fc_histogram_bucket_end(i), start = i > 0 ? below + 1 : 0;
        assert_int_equal(fc_histogram_bucket(start), i);
        assert_int_equal(fc_histogram_bucket(end), i);
        assert_true((double)(end - start) <= (double)start / FC_HISTOGRAM_PART);
        below = end;
    }
    assert_true(below == UINT64_MAX);
    for (uint64_t value = 1; value <= 100000; value++)
        fc_histogram_add(histogram, value);
    near((double)fc_histogram_quantile(histogram, 0.5), 50000, 200);
    near((double)fc_histogram_quantile(histogram, 0.99), 99000, 400);
    near((double)fc_histogram_quantile(histogram, 1), 100000, 400);
    assert_true(histogram->max == 100000 && histogram->count == 100000);
    free(histogram);
}

static void a_scenario_stands_with_one(void **state)
{
    static char huge[FC_SUMMARY_LINE_MAX];
    struct fc_summary summary, again;
    struct fc_buf line = {0}, text = {0};
    (void)state;
    fc_summary_init(&summary);
    summary.seed = 7;
    fc_summary_write_json_with(&summary, fc_span_str("seed: 1\nabout: \"x\"\n"), &line);
    assert_int_equal(fc_summary_parse(fc_buf_span(&line), &again), FC_OK);
    assert_int_equal(again.seed, 7);
    assert_true(fc_summary_read_scenario(fc_buf_span(&line), &text));
    assert_true(fc_span_eq(fc_buf_span(&text), fc_span_str("seed: 1\nabout: \"x\"\n")));

    /* What would make a line that cannot be read is left out. */
    memset(huge, 'x', sizeof huge);
    fc_buf_clear(&line);
    fc_summary_write_json_with(&summary, fc_span(huge, sizeof huge), &line);
    assert_int_equal(fc_summary_parse(fc_buf_span(&line), &again), FC_OK);
    assert_false(fc_summary_read_scenario(fc_buf_span(&line), &text));
    assert_false(fc_summary_read_scenario(fc_span_str("{\"scenario\":7}"), &text));
    assert_false(fc_summary_read_scenario(fc_span_str("[]"), &text));
    assert_false(fc_summary_read_scenario(fc_span_str("{"), &text));
    fc_buf_finish(&text);
    fc_buf_finish(&line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_scenario_stands_with_one),
        cmocka_unit_test(a_summary_is_read_as_it_was_written),
        cmocka_unit_test(text_that_is_no_utf8_is_written_all_the_same),
        cmocka_unit_test(malformed_summaries_are_refused),
        cmocka_unit_test(student_t_is_as_in_the_tables),
        cmocka_unit_test(a_figure_of_values),
        cmocka_unit_test(runs_are_joined_over_seeds),
        cmocka_unit_test(rows_keep_their_fields),
        cmocka_unit_test(buckets_cover_every_value_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
