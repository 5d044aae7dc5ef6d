#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/assets.h"
#include "sim/report.h"
#include "tests/support/sample_run.h"
#include "tests/support/tempdir.h"

static char *file_text(const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *text = calloc(1, 8 << 20);
    assert_non_null(text);
    assert_true(fread(text, 1, (8 << 20) - 1, file) > 0);
    assert_int_equal(fclose(file), 0);
    return text;
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static uint32_t count_of(const char *text, const char *word)
{
    uint32_t count = 0;
    size_t len = strlen(word);
    for (const char *at = text; *at; at++) /* strstr under a sanitizer reads all each time */
        count += *at == *word && strncmp(at, word, len) == 0;
    return count;
}

static void a_page_stands_alone(void **state)
{
    char *dir = tempdir_create(), *run = tempdir_path(dir, "run");
    char *page = tempdir_path(dir, "page.html");
    const char *paths[] = {run};
    struct fc_summary summary;
    struct fc_report_error error;
    (void)state;
    sample_run(30, 7, &summary, run);
    assert_int_equal(fc_report_write(paths, 1, page, &error), FC_OK);
    char *text = file_text(page);
    assert_int_equal(count_of(text, "<!doctype html>"), 1);
    /* What a name or the scenario says ends no element: four scripts, and no more ends than they.
     */
    assert_int_equal(count_of(text, "<script"), 4);
    assert_int_equal(count_of(text, "</script>"), 4);
    assert_non_null(strstr(text, "\\u003c/script\\u003e\\u003cb\\u003e"));
    assert_null(strstr(text, "<script src"));
    assert_null(strstr(text, "<link"));
    assert_null(strstr(text, "@import"));
    assert_non_null(strstr(text, "default-src 'none'"));
    assert_non_null(strstr(text, "\"kind\":\"run\""));
    free(text);
    free(page);
    free(run);
    tempdir_destroy(dir);
}

static void runs_are_taken_together(void **state)
{
    char *dir = tempdir_create(), *lines = tempdir_path(dir, "runs.jsonl");
    char *run = tempdir_path(dir, "run"), *page = tempdir_path(dir, "page.html");
    const char *paths[] = {lines, run};
    struct fc_summary summary;
    struct fc_report_error error;
    struct fc_buf text = {0};
    (void)state;
    sample_run(20, 1, &summary, run);
    for (uint64_t seed = 2; seed < 5; seed++) {
        sample_run(20, seed, &summary, NULL);
        if (seed == 3)
            fc_summary_write_json_with(&summary, fc_span_str("seed: 1 # </script>\n"), &text);
        else
            fc_summary_write_json(&summary, &text);
    }
    fc_buf_append(&text, "", 1);
    write_file(lines, (char *)text.data);
    assert_int_equal(fc_report_write(paths, 2, page, &error), FC_OK);
    char *html = file_text(page);
    assert_non_null(strstr(html, "\"kind\":\"sweep\""));
    assert_non_null(strstr(html, "sample,federation.nodes=20,delivery,1,4,1.000000,"));
    assert_non_null(strstr(html, "\"scenario\":\"seed: 1 # \\u003c/script\\u003e\\u000a\""));
    free(html);
    fc_buf_finish(&text);
    free(page);
    free(run);
    free(lines);
    tempdir_destroy(dir);
}

static void large_tables_are_thinned(void **state)
{
    enum { ROWS = 400000 };
    char *dir = tempdir_create(), *run = tempdir_path(dir, "run");
    char *page = tempdir_path(dir, "page.html"), *links = tempdir_path(run, "links.csv");
    char *states = tempdir_path(run, "states.csv");
    const char *paths[] = {run};
    struct fc_summary summary;
    struct fc_report_error error;
    (void)state;
    sample_run(10, 7, &summary, run);
    FILE *file = fopen(links, "w");
    assert_non_null(file);
    fputs("a,b,latency_us,payloads_ab,payloads_ba\n", file);
    for (int i = 0; i < ROWS; i++)
        fprintf(file, "1,2,%d,1234,5678\n", i % 10);
    assert_int_equal(fclose(file), 0);
    file = fopen(states, "w");
    assert_non_null(file);
    fputs("time_us,node,state\n", file);
    for (int i = 0; i < ROWS; i++)
        fprintf(file, "%d,1,behind\n", i + 1000000);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(fc_report_write(paths, 1, page, &error), FC_OK);
    char *text = file_text(page);
    assert_non_null(strstr(text, "\"links.csv\":{\"step\":2,"));
    assert_non_null(strstr(text, "\"states.csv\":{\"step\":0,\"text\":\"\"}"));
    assert_int_equal(count_of(text, "1234,5678"), ROWS / 2);
    free(text);
    free(states);
    free(links);
    free(page);
    free(run);
    tempdir_destroy(dir);
}

static void faults_are_said_in_a_line(void **state)
{
    char *dir = tempdir_create(), *lines = tempdir_path(dir, "runs.jsonl");
    char *page = tempdir_path(dir, "page.html"), *run = tempdir_path(dir, "run");
    char *deltas = tempdir_path(run, "deltas.csv");
    const char *empty[] = {dir}, *wrong[] = {lines}, *foreign[] = {run}, *none[] = {"no/such/file"};
    struct fc_summary summary;
    struct fc_report_error error;
    (void)state;
    assert_int_equal(fc_report_write(empty, 1, page, &error), FC_E_MISSING);
    assert_non_null(strstr(error.text, "no summary.json in it; `fedcat-sim run"));
    assert_int_equal(fc_report_write(none, 1, page, &error), FC_E_MISSING);
    write_file(lines, "\n");
    assert_int_equal(fc_report_write(wrong, 1, page, &error), FC_E_MISSING);
    assert_non_null(strstr(error.text, "no run in it"));
    write_file(lines, "\n{\"seed\":1,\"measures\":7}\n");
    assert_int_equal(fc_report_write(wrong, 1, page, &error), FC_E_FORMAT);
    assert_non_null(strstr(error.text, "runs.jsonl:2: no summary of a run"));
    sample_run(10, 7, &summary, run);
    write_file(deltas, "delta,feed\n1,2\n");
    assert_int_equal(fc_report_write(foreign, 1, page, &error), FC_E_FORMAT);
    assert_non_null(strstr(error.text, "deltas.csv: the columns are not those"));
    sample_run(10, 7, &summary, run);
    assert_int_equal(fc_report_write(foreign, 1, "no/such/place/page.html", &error), FC_E_IO);
    assert_non_null(strstr(error.text, "No such file"));
    free(deltas);
    free(run);
    free(page);
    free(lines);
    tempdir_destroy(dir);
}

/* They stand in the page as they are. */
static void no_asset_ends_its_element(void **state)
{
    const struct fc_span assets[] = {fc_asset_echarts(),  fc_asset_europe(), fc_asset_data_js(),
                                     fc_asset_plots_js(), fc_asset_run_js(), fc_asset_map_js(),
                                     fc_asset_sweep_js(), fc_asset_page_js()};
    (void)state;
    for (size_t i = 0; i < sizeof assets / sizeof assets[0]; i++) {
        assert_true(assets[i].len > 500);
        assert_null(memmem(assets[i].data, assets[i].len, "</script", 8));
        assert_null(memmem(assets[i].data, assets[i].len, "<!--", 4));
    }
    assert_null(memmem(fc_asset_page_css().data, fc_asset_page_css().len, "</style", 7));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_stands_alone),       cmocka_unit_test(runs_are_taken_together),
        cmocka_unit_test(large_tables_are_thinned),  cmocka_unit_test(faults_are_said_in_a_line),
        cmocka_unit_test(no_asset_ends_its_element),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
