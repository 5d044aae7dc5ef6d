/* JSON as it is written: what a strict reader reads back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "node/json.h"

static void written(struct fc_json *json, const char *expected)
{
    struct fc_buf out = {0};
    assert_int_equal(fc_json_write(json, &out), FC_OK);
    assert_int_equal(out.len, strlen(expected));
    assert_memory_equal(out.data, expected, out.len);
    fc_buf_finish(&out);
}

static void values(void **state)
{
    (void)state;
    struct fc_json *json = fc_json_create();
    fc_json_object(json, NULL);
    fc_json_text(json, "t", "é\"\\/\n\t\b\f\r\x01\x1f");
    fc_json_text(json, "n", NULL);
    fc_json_uint(json, "u", 0);
    fc_json_uint(json, "v", INT64_MAX);
    fc_json_uint(json, "w", UINT64_MAX);
    fc_json_bool(json, "b", true);
    fc_json_array(json, "a");
    fc_json_object(json, NULL);
    fc_json_end(json);
    fc_json_array(json, NULL);
    fc_json_end(json);
    fc_json_hex(json, NULL, "\x0a\xff", 2);
    fc_json_span(json, NULL, fc_span("\xff", 1));
    fc_json_embed(json, NULL, fc_span_str(" {\"x\" : [1, 2.5]} "));
    fc_json_embed(json, NULL, fc_span_str("no json"));
    fc_json_end(json);
    fc_json_time(json, "time", 1000);
    fc_json_end(json);
    written(json, "{\"t\":\"é\\\"\\\\/\\n\\t\\b\\f\\r\\u0001\\u001f\",\"n\":null,\"u\":0,"
                  "\"v\":9223372036854775807,\"w\":\"18446744073709551615\",\"b\":true,"
                  "\"a\":[{},[],\"0aff\",{\"hex\":\"ff\"},{\"x\":[1,2.5]},\"no json\"],"
                  "\"time\":\"1970-01-01T00:00:01Z\"}");
    fc_json_text(json, NULL, "again"); /* it is empty after, and any value may be the top */
    written(json, "\"again\"");
    fc_json_destroy(json);
}

static void faults_stick(void **state)
{
    (void)state;
    struct fc_buf out = {0};
    struct fc_json *json = fc_json_create();
    assert_int_equal(fc_json_write(json, &out), FC_E_NOMEM);
    fc_json_object(json, NULL);
    fc_json_text(json, NULL, "a member without a name");
    fc_json_text(json, "x", "y");
    assert_int_equal(fc_json_write(json, &out), FC_E_NOMEM);
    fc_json_bool(json, NULL, true);
    fc_json_bool(json, NULL, true); /* two tops */
    assert_int_equal(fc_json_write(json, &out), FC_E_NOMEM);
    for (int i = 0; i < 17; i++) {
        fc_json_array(json, NULL);
    }
    assert_int_equal(fc_json_write(json, &out), FC_E_NOMEM);
    assert_int_equal(out.len, 0);
    assert_int_equal(fc_json_write(NULL, &out), FC_E_NOMEM);
    fc_json_destroy(json);
}

static void every_character_reads_back(void **state)
{
    (void)state;
    char text[2] = {0}, key[8];
    struct fc_buf out = {0};
    struct fc_json_value *value;
    struct fc_json *json = fc_json_create();
    fc_json_object(json, NULL);
    for (int c = 1; c < 128; c++) {
        snprintf(key, sizeof key, "%d", c);
        text[0] = (char)c;
        fc_json_text(json, key, text);
    }
    assert_int_equal(fc_json_write(json, &out), FC_OK);
    assert_int_equal(fc_json_parse(fc_buf_span(&out), &value, NULL), FC_OK);
    for (int c = 1; c < 128; c++) {
        snprintf(key, sizeof key, "%d", c);
        text[0] = (char)c;
        assert_string_equal(fc_json_get_text(value, key), text);
    }
    fc_json_free(value);
    fc_buf_finish(&out);
    fc_json_destroy(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),
        cmocka_unit_test(faults_stick),
        cmocka_unit_test(every_character_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
