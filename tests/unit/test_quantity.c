/* Numbers with units: what is read, what is refused, and that what is written reads back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "sim/quantity.h"
#include "tests/support/rng.h"

static void values_in_every_unit(void **state)
{
    (void)state;
    static const struct {
        enum fc_quantity_kind kind;
        const char *text;
        uint64_t value;
    } cases[] = {
        {FC_QUANTITY_COUNT, "0", 0},
        {FC_QUANTITY_COUNT, " 12 ", 12},
        {FC_QUANTITY_COUNT, "18446744073709551615", UINT64_MAX},
        {FC_QUANTITY_COUNT, "3.0", 3},
        {FC_QUANTITY_DURATION, "0", 0},
        {FC_QUANTITY_DURATION, "250 us", 250},
        {FC_QUANTITY_DURATION, "250us", 250},
        {FC_QUANTITY_DURATION, "250 µs", 250},
        {FC_QUANTITY_DURATION, "20 ms", 20000},
        {FC_QUANTITY_DURATION, "1.5 s", 1500000},
        {FC_QUANTITY_DURATION, "0.000001 s", 1},
        {FC_QUANTITY_DURATION, "5 min", 300000000},
        {FC_QUANTITY_DURATION, "1 h", 3600000000},
        {FC_QUANTITY_DURATION, "2 d", 172800000000},
        {FC_QUANTITY_OFFSET, "-5 s", (uint64_t)-5000},
        {FC_QUANTITY_OFFSET, "- 5 s", (uint64_t)-5000},
        {FC_QUANTITY_OFFSET, "+1 h", 3600000},
        {FC_QUANTITY_OFFSET, "250 ms", 250},
        {FC_QUANTITY_OFFSET, "0", 0},
        {FC_QUANTITY_SIZE, "512", 512},
        {FC_QUANTITY_SIZE, "512 B", 512},
        {FC_QUANTITY_SIZE, "4 KB", 4000},
        {FC_QUANTITY_SIZE, "4 kB", 4000},
        {FC_QUANTITY_SIZE, "0.5 KiB", 512},
        {FC_QUANTITY_SIZE, "1 MiB", 1048576},
        {FC_QUANTITY_SIZE, "8 GB", 8000000000},
        {FC_QUANTITY_SHARE, "20 %", 200000},
        {FC_QUANTITY_SHARE, "20%", 200000},
        {FC_QUANTITY_SHARE, "0.2", 200000},
        {FC_QUANTITY_SHARE, "0.0001 %", 1},
        {FC_QUANTITY_SHARE, "1", 1000000},
        {FC_QUANTITY_RATIO, "1.15", 1150000},
        {FC_QUANTITY_RATIO, "115 %", 1150000},
        {FC_QUANTITY_RATIO, "3", 3000000},
        {FC_QUANTITY_FACTOR, "2.5", 2500},
        {FC_QUANTITY_RATE, "10/s", 36000},
        {FC_QUANTITY_RATE, "10 / s", 36000},
        {FC_QUANTITY_RATE, "1/min", 60},
        {FC_QUANTITY_RATE, "0.5/min", 30},
        {FC_QUANTITY_RATE, "5 /h", 5},
        {FC_QUANTITY_TURNOVER, "20 %/h", 200000},
        {FC_QUANTITY_TURNOVER, "20 % / h", 200000},
        {FC_QUANTITY_TURNOVER, "2/h", 2000000},
        {FC_QUANTITY_BANDWIDTH, "100 Mbit/s", 100000000},
        {FC_QUANTITY_BANDWIDTH, "2.5 Gbit/s", 2500000000},
        {FC_QUANTITY_BANDWIDTH, "64 kbit/s", 64000},
        {FC_QUANTITY_BANDWIDTH, "1 bit/s", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fc_quantity_fault fault = {""};
        uint64_t value = 77;
        if (fc_quantity_parse(cases[i].kind, cases[i].text, &value, &fault) != FC_OK)
            fail_msg("%s: %s", cases[i].text, fault.text);
        if (value != cases[i].value)
            fail_msg("%s: read as %llu", cases[i].text, (unsigned long long)value);
    }
}

static void what_is_none_is_told(void **state)
{
    (void)state;
    static const struct {
        enum fc_quantity_kind kind;
        const char *text;
        enum fc_err err;
        const char *says;
    } cases[] = {
        {FC_QUANTITY_COUNT, "", FC_E_FORMAT, "'' is not a whole number"},
        {FC_QUANTITY_COUNT, "-1", FC_E_FORMAT, "'-1' is not a whole number"},
        {FC_QUANTITY_COUNT, "1e3", FC_E_FORMAT, "'1e3' is not a whole number"},
        {FC_QUANTITY_COUNT, "0x10", FC_E_FORMAT, "is not a whole number"},
        {FC_QUANTITY_COUNT, "2.5", FC_E_BOUND, "'2.5' is no whole multiple of 1"},
        {FC_QUANTITY_COUNT, "18446744073709551616", FC_E_FORMAT, "is not a whole number"},
        {FC_QUANTITY_DURATION, "10", FC_E_FORMAT, "'10' is not a duration with its unit: 250 us"},
        {FC_QUANTITY_DURATION, "10 sec", FC_E_FORMAT, "'10 sec' is not a duration"},
        {FC_QUANTITY_DURATION, "10 S", FC_E_FORMAT, "is not a duration"},
        {FC_QUANTITY_DURATION, "s", FC_E_FORMAT, "'s' is not a duration"},
        {FC_QUANTITY_DURATION, ".5 s", FC_E_FORMAT, "is not a duration"},
        {FC_QUANTITY_DURATION, "5. s", FC_E_FORMAT, "is not a duration"},
        {FC_QUANTITY_DURATION, "1 s 5 ms", FC_E_FORMAT, "is not a duration"},
        {FC_QUANTITY_DURATION, "-1 s", FC_E_FORMAT, "is not a duration"},
        {FC_QUANTITY_DURATION, "0.1 us", FC_E_BOUND, "'0.1 us' is no whole multiple of 1 us"},
        {FC_QUANTITY_DURATION, "999999999999 d", FC_E_BOUND, "is too large"},
        {FC_QUANTITY_OFFSET, "5", FC_E_FORMAT, "is not a time forward or back"},
        {FC_QUANTITY_OFFSET, "--5 s", FC_E_FORMAT, "is not a time"},
        {FC_QUANTITY_OFFSET, "9223372036854775808 ms", FC_E_BOUND, "is too large"},
        {FC_QUANTITY_SIZE, "4 kb", FC_E_FORMAT, "'4 kb' is not a size: 512, 4 KB"},
        {FC_QUANTITY_SIZE, "0.5", FC_E_BOUND, "is no whole multiple of 1 byte"},
        {FC_QUANTITY_SHARE, "20 percent", FC_E_FORMAT, "is not a share: 20 % or 0.2"},
        {FC_QUANTITY_SHARE, "0.00001 %", FC_E_BOUND, "is no whole multiple of 0.0001 %"},
        {FC_QUANTITY_RATIO, "1.15x", FC_E_FORMAT, "is not a ratio"},
        {FC_QUANTITY_FACTOR, "1.0001", FC_E_BOUND, "is no whole multiple of 0.001"},
        {FC_QUANTITY_RATE, "10", FC_E_FORMAT, "is not a rate: 10/s, 1/min or 5/h"},
        {FC_QUANTITY_RATE, "0.01/h", FC_E_BOUND, "is no whole multiple of 1/h"},
        {FC_QUANTITY_TURNOVER, "20 %", FC_E_FORMAT, "20 %/h"},
        {FC_QUANTITY_BANDWIDTH, "100 Mb/s", FC_E_FORMAT, "is not a bandwidth"},
        {FC_QUANTITY_BANDWIDTH, "100 MB/s", FC_E_FORMAT, "100 Mbit/s"},
        {FC_QUANTITY_COUNT, "\x1b[31m\n", FC_E_FORMAT, "'?[31m?' is not"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fc_quantity_fault fault = {""};
        uint64_t value;
        assert_int_equal(fc_quantity_parse(cases[i].kind, cases[i].text, &value, &fault),
                         cases[i].err);
        if (!strstr(fault.text, cases[i].says))
            fail_msg("%s: \"%s\" does not say \"%s\"", cases[i].text, fault.text, cases[i].says);
    }
}

static void written_for_people(void **state)
{
    (void)state;
    static const struct {
        enum fc_quantity_kind kind;
        uint64_t value;
        const char *text;
    } cases[] = {
        {FC_QUANTITY_COUNT, 1000, "1000"},
        {FC_QUANTITY_DURATION, 0, "0"},
        {FC_QUANTITY_DURATION, 90000000, "90 s"},
        {FC_QUANTITY_DURATION, 120000000, "2 min"},
        {FC_QUANTITY_DURATION, 86400000000, "1 d"},
        {FC_QUANTITY_DURATION, 1500, "1500 us"},
        {FC_QUANTITY_OFFSET, (uint64_t)-300000, "-5 min"},
        {FC_QUANTITY_SIZE, 4000, "4 KB"},
        {FC_QUANTITY_SIZE, 1048576, "1 MiB"},
        {FC_QUANTITY_SIZE, 4097, "4097"},
        {FC_QUANTITY_SHARE, 1000, "0.1 %"},
        {FC_QUANTITY_SHARE, 1000000, "100 %"},
        {FC_QUANTITY_RATIO, 1150000, "1.15"},
        {FC_QUANTITY_FACTOR, 2500, "2.5"},
        {FC_QUANTITY_RATE, 3600, "1/s"},
        {FC_QUANTITY_RATE, 61, "61/h"},
        {FC_QUANTITY_TURNOVER, 200000, "20 %/h"},
        {FC_QUANTITY_BANDWIDTH, 100000000, "100 Mbit/s"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[FC_QUANTITY_TEXT_MAX];
        fc_quantity_write(cases[i].kind, cases[i].value, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void what_is_written_reads_back(void **state)
{
    (void)state;
    uint64_t rng = 7;
    for (int i = 0; i < 20000; i++) {
        enum fc_quantity_kind kind = (enum fc_quantity_kind)(i % FC_QUANTITY_KINDS);
        uint64_t value = test_rng(&rng) >> test_rng_below(&rng, 64), again;
        char text[FC_QUANTITY_TEXT_MAX];
        struct fc_quantity_fault fault;
        if (i % 3 == 0)
            value -= value % 1000000;
        fc_quantity_write(kind, value, text);
        if (fc_quantity_parse(kind, text, &again, &fault) != FC_OK || again != value) {
            /* the most negative offset alone has no positive counterpart */
            assert_true(kind == FC_QUANTITY_OFFSET && value == (uint64_t)INT64_MIN);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_in_every_unit),
        cmocka_unit_test(what_is_none_is_told),
        cmocka_unit_test(written_for_people),
        cmocka_unit_test(what_is_written_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
