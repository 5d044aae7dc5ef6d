/* RFC 8785's own vectors, and a hundred thousand numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/jcs.h"
#include "store/crypto.h"

static double of_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* RFC 8785, appendix B */
static void test_numbers(void **state)
{
    (void)state;
    static const struct {
        uint64_t bits;
        const char *text;
    } numbers[] = {
        {0x0000000000000000, "0"},
        {0x8000000000000000, "0"},
        {0x0000000000000001, "5e-324"},
        {0x8000000000000001, "-5e-324"},
        {0x7fefffffffffffff, "1.7976931348623157e+308"},
        {0xffefffffffffffff, "-1.7976931348623157e+308"},
        {0x4340000000000000, "9007199254740992"},
        {0xc340000000000000, "-9007199254740992"},
        {0x4430000000000000, "295147905179352830000"},
        {0x44b52d02c7e14af5, "9.999999999999997e+22"},
        {0x44b52d02c7e14af6, "1e+23"},
        {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
        {0x444b1ae4d6e2ef4e, "999999999999999700000"},
        {0x444b1ae4d6e2ef4f, "999999999999999900000"},
        {0x444b1ae4d6e2ef50, "1e+21"},
        {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
        {0x3eb0c6f7a0b5ed8d, "0.000001"},
        {0x41b3de4355555553, "333333333.3333332"},
        {0x41b3de4355555554, "333333333.33333325"},
        {0x41b3de4355555555, "333333333.3333333"},
        {0x41b3de4355555556, "333333333.3333334"},
        {0x41b3de4355555557, "333333333.33333343"},
        {0xbecbf647612f3696, "-0.0000033333333333333333"},
        {0x43143ff3c1cb0959, "1424953923781206.2"},
        /* 2^-44: the nearest 16 digits are not read back, the next ones are */
        {0x3d30000000000000, "5.684341886080802e-14"},
    };
    char text[FC_JCS_NUMBER_BYTES];
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        assert_string_equal(fc_jcs_number(of_bits(numbers[i].bits), text), numbers[i].text);
    }
}

/* Every power of two, and bits that follow from one another by SHA-256. What an ECMAScript engine
 * makes of the same numbers hashes to this: tests/vectors/ecmascript-numbers.js. */
static void test_many_numbers(void **state)
{
    (void)state;
    static const char expected[] =
        "b3f110a75e6506cec77dcc9442fd21468053428eff0191578a26bb9d23f35e79";
    enum { BLOCKS = 25000 };
    struct fc_buf lines = {0};
    struct fc_hash block = {{0}};
    char text[FC_JCS_NUMBER_BYTES], digits[65];
    for (int power = -1074; power < 1024; power++) {
        fc_jcs_number(ldexp(1, power), text);
        fc_buf_append(&lines, text, strlen(text));
        fc_buf_append(&lines, "\n", 1);
    }
    for (int i = 0; i < BLOCKS; i++) {
        block = fc_sha256(fc_span(block.b, 32));
        for (int k = 0; k < 32; k += 8) {
            double value = of_bits(fc_get_be64(block.b + k));
            if (isfinite(value)) {
                fc_jcs_number(value, text);
                fc_buf_append(&lines, text, strlen(text));
                fc_buf_append(&lines, "\n", 1);
            }
        }
    }
    assert_int_equal(fc_buf_check(&lines), FC_OK);
    struct fc_hash hash = fc_sha256(fc_buf_span(&lines));
    fc_hex(hash.b, 32, digits);
    fc_buf_finish(&lines);
    assert_string_equal(digits, expected);
}

static void is_written(const char *json, const char *expected)
{
    struct fc_buf out = {0};
    char fault[200];
    assert_int_equal(fc_jcs_write(fc_span_str(json), &out, fault, sizeof fault), FC_OK);
    fc_buf_append(&out, "", 1);
    assert_string_equal((const char *)out.data, expected);
    fc_buf_finish(&out);
}

/* RFC 8785, 3.2.2 to 3.2.4 */
static void test_example(void **state)
{
    (void)state;
    is_written("{\"numbers\": [333333333.33333329, 1E30, 4.50, 2e-3,\n"
               " 0.000000000000000000000000001],\n"
               "\"string\": \"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\",\n"
               "\"literals\": [null, true, false]}",
               "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,"
               "1e-27],\"string\":\"\u20ac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
}

/* RFC 8785, 3.2.3: order by UTF-16 code units */
static void test_order(void **state)
{
    (void)state;
    is_written("{\"\\u20ac\":\"Euro Sign\",\"\\r\":\"Carriage Return\","
               "\"\\ufb33\":\"Hebrew Letter Dalet With Dagesh\",\"1\":\"One\","
               "\"\\ud83d\\ude00\":\"Emoji: Grinning Face\",\"\\u0080\":\"Control\","
               "\"\\u00f6\":\"Latin Small Letter O With Diaeresis\"}",
               "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\","
               "\"\u00f6\":\"Latin Small Letter O With Diaeresis\",\"\u20ac\":\"Euro Sign\","
               "\"\U0001f600\":\"Emoji: Grinning Face\","
               "\"\ufb33\":\"Hebrew Letter Dalet With Dagesh\"}");
    is_written("{\"b\":{\"z\":1,\"a\":2},\"ab\":[{\"y\":[],\"x\":{}}],\"a\":0,\"\":1}",
               "{\"\":1,\"a\":0,\"ab\":[{\"x\":{},\"y\":[]}],\"b\":{\"a\":2,\"z\":1}}");
    is_written("{\"\\ud83d\\ude01\":1,\"\\ud83d\\ude00\":2,\"\\uffff\":3,\"\\ue000\":4}",
               "{\"\U0001f600\":2,\"\U0001f601\":1,\"\ue000\":4,\"\uffff\":3}");
}

static void test_integers(void **state)
{
    (void)state;
    is_written("[0,-0,-1,9007199254740991,-9007199254740993.0,9223372036854774784,"
               "-9223372036854775808,1e21,123456789012345680000.0,1e-400]",
               "[0,0,-1,9007199254740991,-9007199254740992,9223372036854775000,"
               "-9223372036854776000,1e+21,123456789012345680000,0]");
}

static void is_refused(const char *json)
{
    struct fc_buf out = {0};
    char fault[200];
    fc_buf_append(&out, "kept", 4);
    assert_int_equal(fc_jcs_write(fc_span_str(json), &out, fault, sizeof fault), FC_E_FORMAT);
    assert_true(fault[0] != 0);
    assert_true(fc_span_eq(fc_buf_span(&out), fc_span_str("kept")));
    fc_buf_finish(&out);
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "{",
        "1",
        "\"text\"",
        "[9007199254740993]",
        "[-9007199254740993]",
        "[9223372036854775807]",
        "[100000000000000000000]",
        "[1e999]",
        "[NaN]",
        "{\"a\":1,\"a\":1}",
        "[\"\\u0000\"]",
        "{\"\\u0000\":1}",
        "[\"\\ud800\"]",
        "[\"\xff\"]",
        "[1,{\"b\":1,\"a\":[18014398509481985]}]",
        "eyJhbGciOiJFUzI1NiJ9.eyJpZCI6MX0.c2ln",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        is_refused(bad[i]);
    }
}

static void test_depth(void **state)
{
    (void)state;
    char text[2 * (FC_JCS_DEPTH_MAX + 1) + 2];
    for (int depth = FC_JCS_DEPTH_MAX; depth <= FC_JCS_DEPTH_MAX + 1; depth++) {
        memset(text, '[', (size_t)depth);
        text[depth] = '1';
        memset(text + depth + 1, ']', (size_t)depth);
        text[2 * depth + 1] = 0;
        if (depth == FC_JCS_DEPTH_MAX) {
            is_written(text, text);
        } else {
            is_refused(text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),  cmocka_unit_test(test_many_numbers),
        cmocka_unit_test(test_example),  cmocka_unit_test(test_order),
        cmocka_unit_test(test_integers), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
