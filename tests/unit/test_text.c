#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/record.h"

static void test_endpoints(void **state)
{
    (void)state;
    static const char *const good[] = {"tcp://a:1",           "tcp://127.0.0.1:7070",
                                       "tcp://[::1]:65535",   "tcp://node-1.example:80",
                                       "tcp://EXAMPLE.org:9", "tcp://[::ffff:10.0.0.1]:1"};
    static const char *const bad[] = {
        "",
        "tcp://",
        "tcp://:1",
        "tcp://a",
        "tcp://a:",
        "tcp://a:0",
        "tcp://a:01",
        "tcp://a:65536",
        "tcp://a:100000",
        "tcp://a:+1",
        "udp://a:1",
        "TCP://a:1",
        "tcp://a b:1",
        "tcp://*:1",
        "tcp://a/b:1",
        "tcp://::1:1",
        "tcp://[]:1",
        "tcp://[g]:1",
        "tcp://[::1:1",
        "tcp://a:1/",
        "tcp://a:1 ",
        "tcp://\xc3\xa9:1",
        "tcp://user@a:1",
        "ipc:///tmp/x",
        "tcp://a:b",
    };
    for (unsigned i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(fc_endpoint_valid(fc_span_str(good[i])));
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(fc_endpoint_valid(fc_span_str(bad[i])));
    char longest[300] = "tcp://";
    memset(longest + 6, 'h', 254);
    strcpy(longest + 6 + 253, ":1");
    assert_true(fc_endpoint_valid(fc_span_str(longest)));
    strcpy(longest + 6 + 253, "h:1");
    assert_false(fc_endpoint_valid(fc_span_str(longest)));
}

static bool text(const char *bytes)
{
    return fc_text_valid(fc_span_str(bytes), 0, FC_TEXT_BYTES_MAX);
}

static void test_text(void **state)
{
    (void)state;
    assert_true(text(""));
    assert_true(text("Soci\xc3\xa9t\xc3\xa9 d'\xc3\x89nergie"));
    assert_true(text("\xc2\xa0"));
    assert_true(text("\xf0\x9f\x87\xaa\xf0\x9f\x87\xba"));
    assert_false(text("\x1b[2J"));
    assert_false(text("a\nb"));
    assert_false(text("\x7f"));
    assert_false(text("\xc2\x80"));
    assert_false(text("\xc2\x9f"));
    assert_false(text("\xc0\xaf"));
    assert_false(fc_text_valid(fc_span("a\0b", 3), 0, 9));
}

static void test_text_length(void **state)
{
    (void)state;
    struct fc_span five = fc_span_str("fives");
    assert_true(fc_text_valid(five, 5, 5));
    assert_false(fc_text_valid(five, 6, 9));
    assert_false(fc_text_valid(five, 0, 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_endpoints),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_text_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
