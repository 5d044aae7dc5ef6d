/* Events written and read, base 64, where a reader of events stands, XFSC's lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
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

static struct fc_json_value *written(const struct fc_ces_arrival *one, enum fc_ces_form form)
{
    struct fc_ces_kind kind = fc_ces_kind(one->content);
    struct fc_json *json = fc_json_create();
    struct fc_buf text = {0};
    struct fc_json_value *value;
    fc_ces_event_write(json, one, form, &kind);
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
    struct fc_ces_arrival one = arrival();
    struct fc_json_value *value = written(&one, FC_CES_V2);
    assert_string_equal(fc_json_get_text(value, "time"), "2026-01-01T00:00:00Z");
    assert_ok(fc_ces_event_read(value, &event, fault, sizeof fault));
    assert_true(fc_span_eq(fc_buf_span(&event.content), one.content));
    assert_string_equal(event.subject, "https://x.example/1");
    assert_int_equal(event.pointer_count, 0);
    fc_ces_event_finish(&event);
    fc_json_free(value);
}

/* One document as v1 points at it: what it says, and whether a reader knows the document by it. */
static void is_pointed_at(const char *content, const char *type, const char *version,
                          const char *form)
{
    struct fc_ces_arrival one = arrival();
    struct fc_ces_event event;
    struct fc_ces_pointer pointer;
    char fault[200];
    one.content = fc_span_str(content);
    struct fc_json_value *value = written(&one, FC_CES_V1);
    const struct fc_json_value *subject =
        fc_json_at(fc_json_get(fc_json_get(value, "data"), "credentialSubject"), 0);
    const char *names[] = {"gx:type", "gx:version", "gx:integrityNormalization"};
    const char *texts[] = {type, version, form};
    for (size_t i = 0; i < 3; i++) {
        const char *text = fc_json_get_text(subject, names[i]);
        assert_true(texts[i] ? text && strcmp(text, texts[i]) == 0 : !text);
    }
    assert_ok(fc_ces_event_read(value, &event, fault, sizeof fault));
    assert_int_equal(event.content.len, 0);
    assert_int_equal(event.pointer_count, 1);
    assert_ok(fc_ces_pointer_read(&event, 0, &pointer, fault, sizeof fault));
    assert_string_equal(pointer.iri, "https://x.example/1");
    assert_ok(fc_ces_pointer_check(&pointer, one.content, fault, sizeof fault));
    assert_int_equal(
        fc_ces_pointer_check(&pointer, fc_span_str("{\"id\":\"urn:x\"}"), fault, sizeof fault),
        FC_E_SIGNATURE);
    assert_true(fault[0] != 0);
    fc_ces_event_finish(&event);
    fc_json_free(value);
}

static void test_pointers_written(void **state)
{
    (void)state;
    is_pointed_at("{\"@context\":[\"https://www.w3.org/2018/credentials/v1\"],"
                  "\"type\":[\"VerifiableCredential\"],\"id\":\"https://x.example/1\","
                  "\"issuer\":\"did:web:x.example\",\"credentialSubject\":{"
                  "\"id\":\"https://x.example/1#s\",\"type\":\"gx:ServiceOffering\","
                  "\"gx:name\":\"One\"}}",
                  "gx:ServiceOffering", "22.10", "RFC8785:JCS");
    is_pointed_at("{\"id\":\"https://x.example/1\", \"a\": 1.50}", NULL, NULL, "RFC8785:JCS");
    /* without a canonical form the bytes are hashed, and nothing else is said */
    is_pointed_at("{\"id\":\"https://x.example/1\",\"a\":9007199254740993}", NULL, NULL, NULL);
    is_pointed_at("eyJhbGciOiJFUzI1NiJ9.eyJpZCI6InVybjp4IiwidHlwZSI6IkEifQ.c2ln", "A", NULL, NULL);
}

static enum fc_err pointer_of(const char *subjects, size_t index, struct fc_ces_pointer *out,
                              char fault[200])
{
    struct fc_ces_event event;
    struct fc_json_value *value;
    struct fc_buf text = {0};
    static const char head[] = "{\"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"s\",\"data\":{"
                               "\"credentialSubject\":";
    fc_buf_append(&text, head, sizeof head - 1);
    fc_buf_append(&text, subjects, strlen(subjects));
    fc_buf_append(&text, "}}", 2);
    assert_ok(fc_json_parse(fc_buf_span(&text), &value, NULL));
    enum fc_err err = fc_ces_event_read(value, &event, fault, 200);
    if (err == FC_OK) {
        assert_true(index < event.pointer_count);
        err = fc_ces_pointer_read(&event, index, out, fault, 200);
    }
    out->iri = NULL; /* the value's own */
    fc_ces_event_finish(&event);
    fc_json_free(value);
    fc_buf_finish(&text);
    return err;
}

static void test_pointers_read(void **state)
{
    (void)state;
    static const char written[] = "{\"b\":1.0,\"a\":\"x\"}", same[] = "{ \"a\":\"x\", \"b\":1 }";
    struct fc_ces_pointer pointer;
    struct fc_hash sha = fc_sha256(fc_span_str("{\"a\":\"x\",\"b\":1}"));
    char fault[200], digits[65], subjects[1000];
    fc_hex(sha.b, 32, digits);
    snprintf(subjects, sizeof subjects,
             "[{\"id\":\"https://x.example/1\",\"gx:integrity\":\"sha256-%s\","
             "\"gx:integrityNormalization\":\"RFC8785:JCS\"},"
             "{\"id\":\"https://x.example/2\",\"gx:integrity\":\"sha256-%s\"},"
             "{\"id\":\"https://x.example/3\"}]",
             digits, digits);
    assert_ok(pointer_of(subjects, 0, &pointer, fault));
    assert_ok(fc_ces_pointer_check(&pointer, fc_span_str(written), fault, sizeof fault));
    assert_ok(fc_ces_pointer_check(&pointer, fc_span_str(same), fault, sizeof fault));
    assert_int_equal(fc_ces_pointer_check(&pointer, fc_span_str("{"), fault, sizeof fault),
                     FC_E_FORMAT);
    assert_ok(pointer_of(subjects, 1, &pointer, fault)); /* of its bytes */
    assert_int_equal(fc_ces_pointer_check(&pointer, fc_span_str(written), fault, sizeof fault),
                     FC_E_SIGNATURE);
    assert_ok(
        fc_ces_pointer_check(&pointer, fc_span_str("{\"a\":\"x\",\"b\":1}"), fault, sizeof fault));
    assert_int_equal(pointer_of(subjects, 2, &pointer, fault), FC_E_FORMAT);
    static const struct {
        const char *id, *before;
        int digits;
        const char *after;
    } bad[] = {
        {"https://x.example/1", "\"sha384-", 0, "nonsense\""},
        {"https://x.example/1", "\"sha256-", 0, "0\""},
        {"https://x.example/1", "\"SHA256-", 64, "\""},
        {"https://x.example/1", "\"sha256-", 64, "0\""},
        {"https://x.example/1", "\"sha256-", 63, "\""},
        {"https://x.example/1", "\"sha256-", 63, "g\""},
        {"https://x.example/1", "[\"sha256-", 64, "\"]"},
        {"https://x.example/1", "null", 0, ""},
        {"https://x.example/1", "\"sha256-", 64, "\",\"gx:integrityNormalization\":\"RFC8785\""},
        {"https://x.example/1", "\"sha256-", 64, "\",\"gx:integrityNormalization\":null"},
        {"no iri", "\"sha256-", 64, "\""},
        {"", "\"sha256-", 64, "\""},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(subjects, sizeof subjects, "{\"id\":\"%s\",\"gx:integrity\":%s%.*s%s}", bad[i].id,
                 bad[i].before, bad[i].digits, digits, bad[i].after);
        assert_int_equal(pointer_of(subjects, 0, &pointer, fault), FC_E_FORMAT);
        assert_true(fault[0] != 0);
    }
}

static void test_pointers_counted(void **state)
{
    (void)state;
    struct fc_ces_pointer pointer;
    struct fc_hash sha = fc_sha256(fc_span_str("{}"));
    char fault[200], digits[65], one[200];
    fc_hex(sha.b, 32, digits);
    int len =
        snprintf(one, sizeof one, ",{\"id\":\"urn:x:1\",\"gx:integrity\":\"sha256-%s\"}", digits);
    for (size_t count = FC_CES_POINTERS_MAX; count <= FC_CES_POINTERS_MAX + 1; count++) {
        struct fc_buf list = {0};
        for (size_t i = 0; i < count; i++) {
            fc_buf_append(&list, i == 0 ? "[" : one, i == 0 ? 1 : 0);
            fc_buf_append(&list, i == 0 ? one + 1 : one, (size_t)(i == 0 ? len - 1 : len));
        }
        fc_buf_append(&list, "]", 2);
        assert_int_equal(pointer_of((const char *)list.data, count - 1, &pointer, fault),
                         count > FC_CES_POINTERS_MAX ? FC_E_FORMAT : FC_OK);
        fc_buf_finish(&list);
    }
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
        "{\"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"s\",\"data_base64\":\"\"}",
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
        cmocka_unit_test(test_events_both_ways), cmocka_unit_test(test_pointers_written),
        cmocka_unit_test(test_pointers_read),    cmocka_unit_test(test_pointers_counted),
        cmocka_unit_test(test_events_refused),   cmocka_unit_test(test_what_is_asked),
        cmocka_unit_test(test_xfsc_words),       cmocka_unit_test(test_sha256),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
