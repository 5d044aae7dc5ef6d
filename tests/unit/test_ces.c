/* Events written and read, base 64, where a reader of events stands, XFSC's lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "node/base64.h"
#include "node/follow.h"
#include "node/xfsc_map.h"

#define assert_ok(expression) assert_int_equal((expression), FC_OK)

/* RFC 4648, section 10 */
static void test_base64(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {{"", ""},
                                           {"f", "Zg=="},
                                           {"fo", "Zm8="},
                                           {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="},
                                           {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct fc_buf out = {0}, back = {0};
        fc_base64_encode(fc_span_str(pairs[i][0]), &out);
        assert_true(fc_span_eq(fc_buf_span(&out), fc_span_str(pairs[i][1])));
        assert_ok(fc_base64_decode(fc_buf_span(&out), &back));
        assert_true(fc_span_eq(fc_buf_span(&back), fc_span_str(pairs[i][0])));
        fc_buf_finish(&out);
        fc_buf_finish(&back);
    }
    static const char *const bad[] = {
        "Z", "Zg=", "Zh==", "Zm9v=", "Zg==Zg==", "Z g=", "Zm-_", "===="};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct fc_buf out = {0};
        assert_int_equal(fc_base64_decode(fc_span_str(bad[i]), &out), FC_E_FORMAT);
        fc_buf_finish(&out);
    }
}

static struct fc_ces_arrival arrival(void)
{
    return (struct fc_ces_arrival){
        .id = {5, {7, fc_version_make(1, 2), {{3}}}, {{4}}},
        .source = fc_span_str("did:web:x.example"),
        .accepted_ms = 1767225600000,
        .time_ms = 1767225600000,
        .key = fc_span_str("https://x.example/1"),
        .media_type = fc_span_str("application/vc+jwt"),
        .content = fc_span_str("{\"id\":\"https://x.example/1\"}"),
    };
}

static struct fc_json_value *written(enum fc_ces_form form)
{
    struct fc_ces_arrival one = arrival();
    struct fc_json *json = fc_json_create();
    struct fc_buf text = {0};
    struct fc_json_value *value;
    fc_ces_event_write(json, &one, form, "eu.gaia-x.credential");
    assert_ok(fc_json_write(json, &text));
    assert_ok(fc_json_parse(fc_buf_span(&text), &value, NULL));
    fc_json_destroy(json);
    fc_buf_finish(&text);
    return value;
}

static void test_ids(void **state)
{
    (void)state;
    struct fc_ces_arrival one = arrival();
    struct fc_ces_id read;
    char text[FC_CES_ID_BYTES];
    fc_ces_id_write(&one.id, text);
    assert_ok(fc_ces_id_read(fc_span_str(text), &read));
    assert_true(read.epoch == 5 && read.mark.index == 7 &&
                read.mark.version == one.id.mark.version);
    assert_true(fc_hash_eq(&read.participant, &one.id.participant));
    for (size_t len = 0; len < strlen(text); len++) {
        assert_int_equal(fc_ces_id_read(fc_span(text, len), &read), FC_E_FORMAT);
    }
}

static void test_events_both_ways(void **state)
{
    (void)state;
    struct fc_ces_event event;
    char fault[200];
    struct fc_json_value *value = written(FC_CES_V2);
    assert_string_equal(fc_json_get_text(value, "time"), "2026-01-01T00:00:00Z");
    assert_ok(fc_ces_event_read(value, &event, fault, sizeof fault));
    assert_true(fc_span_eq(fc_buf_span(&event.content), arrival().content));
    assert_string_equal(event.subject, "https://x.example/1");
    fc_ces_event_finish(&event);
    fc_json_free(value);
    value = written(FC_CES_V1);
    assert_ok(fc_ces_event_read(value, &event, fault, sizeof fault));
    assert_int_equal(event.content.len, 0);
    assert_string_equal(event.pointer, "https://x.example/1");
    assert_int_equal(strlen(event.integrity), 64);
    fc_ces_event_finish(&event);
    fc_json_free(value);
}

static void test_events_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "[]",
        "{}",
        "{\"specversion\":\"0.3\",\"type\":\"t\",\"source\":\"s\",\"data\":{}}",
        "{\"specversion\":\"1.0\",\"source\":\"s\",\"data\":{}}",
        "{\"specversion\":\"1.0\",\"type\":\"\",\"source\":\"s\",\"data\":{}}",
        "{\"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"s\"}",
        "{\"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"s\",\"data_base64\":\"*\"}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct fc_json_value *value;
        struct fc_ces_event event;
        char fault[200];
        assert_ok(fc_json_parse(fc_span_str(bad[i]), &value, NULL));
        assert_int_equal(fc_ces_event_read(value, &event, fault, sizeof fault), FC_E_FORMAT);
        assert_true(fault[0] != 0);
        fc_ces_event_finish(&event);
        fc_json_free(value);
    }
}

static void expect_url(const char *url, const char *type, const char *last, const char *expected)
{
    struct fc_buf out = {0};
    fc_follow_url(url, type, last, &out);
    assert_string_equal((const char *)out.data, expected);
    fc_buf_finish(&out);
}

static void test_what_is_asked(void **state)
{
    (void)state;
    expect_url("https://x.example", NULL, "",
               "https://x.example/v2/credentials-events?page=0&size=20");
    expect_url("https://x.example/", "eu.a b", "a/b",
               "https://x.example/v2/credentials-events?page=0&size=20&type=eu.a%20b"
               "&lastReceivedID=a%2Fb");
    expect_url("https://x.example/credentials-events?key=1", NULL, "",
               "https://x.example/credentials-events?key=1&page=0&size=20");
    assert_int_equal(fc_follow_backoff_ms(0), 1000);
    assert_int_equal(fc_follow_backoff_ms(1), 1000);
    assert_int_equal(fc_follow_backoff_ms(2), 2000);
    assert_int_equal(fc_follow_backoff_ms(9), 256000);
    assert_int_equal(fc_follow_backoff_ms(10), 300000);
    assert_int_equal(fc_follow_backoff_ms(4000000000u), 300000);
}

static void test_xfsc_words(void **state)
{
    (void)state;
    uint64_t from, to;
    struct fc_span list = fc_span_str("a,,b,"), value;
    assert_true(fc_xfsc_next(&list, &value) && fc_span_eq(value, fc_span_str("a")));
    assert_true(fc_xfsc_next(&list, &value) && value.len == 0);
    assert_true(fc_xfsc_next(&list, &value) && fc_span_eq(value, fc_span_str("b")));
    assert_false(fc_xfsc_next(&list, &value));
    assert_true(
        fc_xfsc_range_read(fc_span_str("2026-01-01T00:00:00Z/2026-01-01T00:00:01Z"), &from, &to));
    assert_true(to - from == 1000);
    assert_false(fc_xfsc_range_read(fc_span_str("2026-01-01T00:00:00Z"), &from, &to));
    assert_false(
        fc_xfsc_range_read(fc_span_str("2026-01-02T00:00:00Z/2026-01-01T00:00:00Z"), &from, &to));
    for (int status = FC_STATUS_ACTIVE; status <= FC_STATUS_REVOKED; status++) {
        enum fc_status read;
        const char *name = fc_xfsc_status_name((enum fc_status)status);
        assert_true(fc_xfsc_status_read(fc_span_str(name), &read) && (int)read == status);
    }
}

/* FIPS 180-4's example */
static void test_sha256(void **state)
{
    (void)state;
    char digits[65];
    struct fc_hash hash = fc_sha256(fc_span_str("abc"));
    fc_hex(hash.b, 32, digits);
    assert_string_equal(digits, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base64),           cmocka_unit_test(test_ids),
        cmocka_unit_test(test_events_both_ways), cmocka_unit_test(test_events_refused),
        cmocka_unit_test(test_what_is_asked),    cmocka_unit_test(test_xfsc_words),
        cmocka_unit_test(test_sha256),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
