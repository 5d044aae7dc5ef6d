/* What commands share: numbers, times, texts from strangers, JSON, documents in batches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "node/batch.h"
#include "node/cli.h"
#include "node/clock.h"
#include "node/documents.h"
#include "node/faults.h"
#include "node/file.h"
#include "node/search_form.h"
#include "tests/support/tempdir.h"

static void numbers_and_times(void **state)
{
    (void)state;
    uint64_t value;
    char text[FC_CLOCK_TEXT_BYTES];
    assert_int_equal(fc_cli_uint("42", 42, &value), FC_OK);
    assert_int_equal(value, 42);
    assert_int_equal(fc_cli_uint("43", 42, &value), FC_E_BOUND);
    assert_int_equal(fc_cli_uint("99999999999999999999999", UINT64_MAX, &value), FC_E_BOUND);
    assert_int_equal(fc_cli_uint("-1", UINT64_MAX, &value), FC_E_FORMAT);
    assert_int_equal(fc_cli_uint("", UINT64_MAX, &value), FC_E_FORMAT);
    assert_int_equal(fc_cli_uint("4x", UINT64_MAX, &value), FC_E_FORMAT);
    assert_int_equal(fc_cli_duration("90d", &value), FC_OK);
    assert_int_equal(value, 90ull * 86400000);
    assert_int_equal(fc_cli_duration("12min", &value), FC_OK);
    assert_int_equal(value, 720000);
    assert_int_equal(fc_cli_duration("5 h", &value), FC_E_FORMAT);
    assert_int_equal(fc_cli_duration("9223372036854775807d", &value), FC_E_FORMAT);
    assert_int_equal(fc_cli_time("2026-03-01T12:00:00Z", &value), FC_OK);
    assert_string_equal(fc_clock_text(value, text), "2026-03-01T12:00:00Z");
    assert_int_equal(fc_cli_time("2026-03-01", &value), FC_OK);
    assert_int_equal(fc_cli_time("yesterday", &value), FC_E_FORMAT);
    assert_int_equal(fc_cli_time("2026-03-01x", &value), FC_E_FORMAT);
    assert_string_equal(fc_clock_age(1500, text), "1.5 s");
    assert_string_equal(fc_clock_age(180000, text), "3 min");
    assert_string_equal(fc_clock_age(UINT64_MAX, text), "213503982334 d");
    assert_non_null(fc_clock_text(UINT64_MAX, text));
}

static void arguments_take_their_places(void **state)
{
    static const char *const words[] = {"new", "list", NULL};
    const char *verb = NULL, *name = NULL;
    const char **places[] = {&verb, &name};
    struct argp_state at = {.arg_num = 0};
    (void)state;
    assert_int_equal(fc_cli_argument(&at, "new", places, 2), 0);
    at.arg_num = 1;
    assert_int_equal(fc_cli_argument(&at, "mine", places, 2), 0);
    at.arg_num = 2;
    assert_int_equal(fc_cli_argument(&at, "more", places, 2), ARGP_ERR_UNKNOWN);
    assert_string_equal(verb, "new");
    assert_string_equal(name, "mine");
    assert_true(fc_cli_is_one_of(verb, words));
    assert_false(fc_cli_is_one_of(name, words));
    assert_false(fc_cli_is_one_of("ne", words));
    assert_false(fc_cli_is_one_of(NULL, words));
}

static void faults_are_kept_in_order(void **state)
{
    struct fc_faults faults = {0};
    struct fc_buf text = {0};
    char place[16];
    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        snprintf(place, sizeof place, "line %u", i);
        fc_faults_keep(&faults, NULL, place, "wrong");
    }
    assert_int_equal(faults.count, 100);
    assert_string_equal(faults.list[99].place, "line 99");
    faults.count = 1; /* enough to look at */
    struct fc_json *json = fc_json_create();
    fc_json_object(json, NULL);
    fc_faults_json(json, &faults, "entry");
    fc_json_end(json);
    assert_int_equal(fc_json_write(json, &text), FC_OK);
    assert_true(
        fc_span_eq(fc_buf_span(&text),
                   fc_span_str("{\"failed\":[{\"entry\":\"line 0\",\"error\":\"wrong\"}]}")));
    fc_json_destroy(json);
    fc_buf_finish(&text);
    faults.count = 100;
    fc_faults_finish(&faults);
    assert_null(faults.list);
}

static void facets_are_listed(void **state)
{
    uint32_t facets = 0;
    (void)state;
    assert_true(fc_search_facets(fc_span_str("kind,state"), &facets));
    assert_int_equal(facets, 1u << FC_FACET_KIND | 1u << FC_FACET_STATE);
    assert_true(fc_search_facets(fc_span_str("country"), &facets));
    assert_int_equal(facets, 1u << FC_FACET_KIND | 1u << FC_FACET_STATE | 1u << FC_FACET_COUNTRY);
    assert_true(fc_search_facets(fc_span_str("all"), &facets));
    assert_int_equal(facets, FC_FACETS_ALL);
    assert_false(fc_search_facets(fc_span_str("kind,colour"), &facets));
    assert_false(fc_search_facets(fc_span_str("kind,,state"), &facets));
    assert_false(fc_search_facets(fc_span_str("kin"), &facets));
}

static void exit_statuses(void **state)
{
    (void)state;
    assert_int_equal(fc_cli_exit(FC_OK), 0);
    assert_int_equal(fc_cli_exit(FC_E_IO), 1);
    assert_int_equal(fc_cli_exit(FC_E_JSON), 2);
    assert_int_equal(fc_cli_exit(FC_E_MISSING), 4);
    assert_int_equal(fc_cli_exit(FC_E_QUORUM), 5);
    assert_int_equal(fc_cli_exit(FC_E_LOCKED), 6);
}

static void expect_put(const char *text, size_t len, unsigned columns, bool pad, const char *wanted)
{
    char *out = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&out, &size);
    fc_cli_put(memory, fc_span(text, len), columns, pad);
    fclose(memory);
    assert_string_equal(out, wanted);
    free(out);
}

/* Nothing that a stranger wrote moves the cursor, changes colours or breaks the encoding. */
static void texts_from_strangers(void **state)
{
    (void)state;
    expect_put("plain", 5, 10, false, "plain");
    expect_put("plain", 5, 8, true, "plain   ");
    expect_put("plain", 5, 3, true, "pla");
    expect_put("plain", 5, 5, true, "plain");
    expect_put("plainer", 7, 5, true, "plai\xe2\x80\xa6");
    expect_put("\033[31mred\n", 9, 20, false, "?[31mred?");
    expect_put("caf\xc3\xa9 \xe2\x82\xac", 9, 20, false, "caf\xc3\xa9 \xe2\x82\xac");
    expect_put("a\xe2\x80\xaelive\xe2\x80\xac b", 13, 20, false, "alive b"); /* no override */
    expect_put("\xe2\x81\xa6x\xe2\x81\xa9\xe2\x80\x8f", 10, 2, false, "x\xe2\x80\x8f");
    expect_put("\xc3", 1, 20, false, "?");
    expect_put("\xc2\x9b", 2, 20, false, "??"); /* a C1 control */
    expect_put("\xff\xfe", 2, 20, false, "??");
    expect_put("a\0b", 3, 20, false, "a?b");
}

static void json_comes_out_right(void **state)
{
    (void)state;
    char *out = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&out, &size);
    struct fc_json *json = fc_json_create();
    fc_json_object(json, NULL);
    fc_json_text(json, "text", "a\"b");
    fc_json_uint(json, "large", UINT64_MAX);
    fc_json_array(json, "list");
    fc_json_bool(json, NULL, true);
    fc_json_null(json, NULL);
    fc_json_end(json);
    fc_json_span(json, "broken", fc_span("\xff", 1));
    fc_json_embed(json, "json", fc_span_str("{\"x\":[1]}"));
    fc_json_embed(json, "jwt", fc_span_str("eyJ.x.y"));
    fc_json_time(json, "never", 0);
    fc_json_end(json);
    assert_int_equal(fc_json_print(json, memory, false), FC_OK);
    /* two values at the top are a mistake, reported */
    fc_json_bool(json, NULL, true);
    fc_json_bool(json, NULL, true);
    assert_int_equal(fc_json_print(json, memory, false), FC_E_NOMEM);
    fc_json_destroy(json);
    fclose(memory);
    assert_string_equal(out, "{\"text\":\"a\\\"b\",\"large\":\"18446744073709551615\","
                             "\"list\":[true,null],\"broken\":{\"hex\":\"ff\"},"
                             "\"json\":{\"x\":[1]},\"jwt\":\"eyJ.x.y\",\"never\":null}\n");
    free(out);
}

struct seen {
    char places[64][512];
    size_t count, faults;
    uint32_t sent[64]; /* sizes of deltas */
    size_t sends;
    enum fc_err answer; /* of a send */
    uint32_t quota;     /* a send of more entries in all is refused */
    uint32_t held;
};

static enum fc_err take(void *ctx, const char *place, struct fc_span bytes)
{
    struct seen *seen = ctx;
    assert_true(seen->count < 64);
    snprintf(seen->places[seen->count++], 512, "%s=%zu", place, bytes.len);
    return FC_OK;
}

static void fault(void *ctx, const char *place, const char *text)
{
    struct seen *seen = ctx;
    seen->faults++;
    assert_true(strlen(place) > 0 && strlen(text) > 0);
}

static void write_file(const char *dir, const char *name, const char *text)
{
    char *path = tempdir_path(dir, name);
    assert_int_equal(fc_file_write(path, fc_span_str(text), 0644, false), FC_OK);
    free(path);
}

static bool ends(const char *text, const char *end)
{
    size_t len = strlen(text), tail = strlen(end);
    return len >= tail && strcmp(text + len - tail, end) == 0;
}

static void documents_are_found_in_order(void **state)
{
    (void)state;
    char *dir = tempdir_create(), *deep = tempdir_path(dir, "b");
    struct seen seen = {0};
    struct fc_documents documents = {.ctx = &seen, .each = take, .fault = fault};
    uint64_t skipped = 0;
    mkdir(deep, 0700);
    write_file(dir, "c.json", "{}");
    write_file(dir, "a.jwt", "eyJ");
    write_file(dir, ".hidden.json", "{}");
    write_file(dir, "notes.txt", "x");
    write_file(deep, "lines.ndjson", "{\"a\":1}\r\n\n  \n{\"b\":22}");
    assert_int_equal(fc_documents_read(&documents, dir, &skipped), FC_OK);
    assert_int_equal(seen.count, 4);
    assert_true(ends(seen.places[0], "/a.jwt=3"));
    assert_true(ends(seen.places[1], "/b/lines.ndjson:1=7"));
    assert_true(ends(seen.places[2], "/b/lines.ndjson:4=8"));
    assert_true(ends(seen.places[3], "/c.json=2"));
    assert_int_equal(skipped, 1);
    assert_int_equal(fc_documents_read(&documents, "/nonexistent", &skipped), FC_OK);
    assert_int_equal(seen.faults, 1);

    /* a document at the limit goes through, one byte more does not: whole, and as a line */
    char *large = malloc(FC_CONTENT_BYTES_MAX + 3);
    for (size_t extra = 0; extra < 2; extra++) {
        memset(large, 'x', FC_CONTENT_BYTES_MAX + extra);
        large[FC_CONTENT_BYTES_MAX + extra] = '\0';
        tempdir_clear(dir);
        write_file(dir, "large.json", large);
        large[FC_CONTENT_BYTES_MAX + extra] = '\n';
        large[FC_CONTENT_BYTES_MAX + extra + 1] = '\0';
        write_file(dir, "large.ndjson", large);
        seen = (struct seen){0};
        assert_int_equal(fc_documents_read(&documents, dir, &skipped), FC_OK);
        assert_int_equal(seen.count, extra ? 0 : 2);
        assert_int_equal(seen.faults, extra ? 2 : 0);
    }
    free(large);
    free(deep);
    tempdir_destroy(dir);
}

static enum fc_err send(void *ctx, const struct fc_op *ops, uint32_t op_count,
                        const struct fc_content *contents, uint32_t content_count,
                        uint32_t *changed)
{
    struct seen *seen = ctx;
    assert_int_equal(op_count, content_count);
    assert_true(op_count > 0 && fc_hash_eq(&ops[0].key_hash, &contents[0].key_hash));
    if (seen->answer != FC_OK) {
        return seen->answer;
    }
    if (seen->quota && seen->held + op_count > seen->quota) {
        return FC_E_QUOTA;
    }
    seen->held += op_count;
    seen->sent[seen->sends++ % 64] = op_count;
    *changed = op_count;
    return FC_OK;
}

static const char *explain(void *ctx, enum fc_err err)
{
    (void)ctx;
    return fc_err_text(err);
}

static struct fc_batch *make_batch(struct seen *seen, uint32_t ops_max)
{
    struct fc_batch *batch = NULL;
    struct fc_batch_config config = {
        .ops_max = ops_max, .ctx = seen, .send = send, .explain = explain, .fault = fault};
    assert_int_equal(fc_batch_create(&config, &batch), FC_OK);
    return batch;
}

static enum fc_err add(struct fc_batch *batch, unsigned number)
{
    char text[96], place[32];
    snprintf(text, sizeof text, "{\"id\":\"https://x.example/%u\",\"type\":\"x\"}", number);
    snprintf(place, sizeof place, "place %u", number);
    return fc_batch_add(batch, place, fc_span_str(text));
}

static void batches_are_split(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct fc_batch *batch = make_batch(&seen, 10);
    for (unsigned i = 0; i < 25; i++) {
        assert_int_equal(add(batch, i), FC_OK);
    }
    assert_int_equal(add(batch, 3), FC_OK); /* a repeat, of a document that went out before */
    assert_int_equal(fc_batch_add(batch, "bad", fc_span_str("{\"id\":")), FC_OK);
    assert_int_equal(fc_batch_flush(batch), FC_OK);
    assert_int_equal(seen.sends, 3);
    assert_int_equal(seen.sent[0], 10);
    assert_int_equal(seen.sent[2], 5);
    struct fc_batch_counts counts = fc_batch_counts(batch);
    assert_int_equal(counts.published, 25);
    assert_int_equal(counts.failed, 2);
    assert_int_equal(seen.faults, 2);
    fc_batch_destroy(batch);
}

static void large_documents_fill_a_batch(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct fc_batch *batch = make_batch(&seen, 1000);
    enum { BYTES = 700 * 1024 };
    char *text = malloc(BYTES);
    for (unsigned i = 0; i < 5; i++) {
        int head = snprintf(text, BYTES, "{\"id\":\"https://x.example/%u\",\"a\":\"", i);
        memset(text + head, 'a', (size_t)(BYTES - head));
        memcpy(text + BYTES - 2, "\"}", 2);
        assert_int_equal(fc_batch_add(batch, "large", fc_span(text, BYTES)), FC_OK);
    }
    assert_int_equal(fc_batch_flush(batch), FC_OK);
    assert_int_equal(seen.sends, 3); /* two of 0.7 MB fit in 2 MiB */
    assert_int_equal(seen.sent[0], 2);
    free(text);
    fc_batch_destroy(batch);
}

static void the_good_ones_go_through(void **state)
{
    (void)state;
    struct seen seen = {.quota = 13};
    struct fc_batch *batch = make_batch(&seen, 10);
    for (unsigned i = 0; i < 30; i++) {
        assert_int_equal(add(batch, i), FC_OK);
    }
    assert_int_equal(fc_batch_flush(batch), FC_OK);
    struct fc_batch_counts counts = fc_batch_counts(batch);
    assert_int_equal(counts.published, 13);
    assert_int_equal(counts.failed, 17);
    assert_int_equal(seen.faults, 17);
    fc_batch_destroy(batch);
    /* a fault that is not the documents' ends the run */
    seen = (struct seen){.answer = FC_E_FULL};
    batch = make_batch(&seen, 2);
    assert_int_equal(add(batch, 0), FC_OK);
    assert_int_equal(add(batch, 1), FC_OK);
    assert_int_equal(add(batch, 2), FC_E_FULL);
    assert_int_equal(fc_batch_counts(batch).failed, 2);
    fc_batch_destroy(batch);
}

static void many_keys_are_remembered(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct fc_batch *batch = make_batch(&seen, 8192);
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < 3000; i++) {
            assert_int_equal(add(batch, i), FC_OK);
        }
    }
    assert_int_equal(fc_batch_flush(batch), FC_OK);
    assert_int_equal(fc_batch_counts(batch).published, 3000);
    assert_int_equal(seen.faults, 3000);
    fc_batch_destroy(batch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_and_times),
        cmocka_unit_test(arguments_take_their_places),
        cmocka_unit_test(faults_are_kept_in_order),
        cmocka_unit_test(facets_are_listed),
        cmocka_unit_test(exit_statuses),
        cmocka_unit_test(texts_from_strangers),
        cmocka_unit_test(json_comes_out_right),
        cmocka_unit_test(documents_are_found_in_order),
        cmocka_unit_test(batches_are_split),
        cmocka_unit_test(large_documents_fill_a_batch),
        cmocka_unit_test(the_good_ones_go_through),
        cmocka_unit_test(many_keys_are_remembered),
    };
    return fc_crypto_init() == FC_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
