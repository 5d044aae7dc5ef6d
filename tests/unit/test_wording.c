#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sim/wording.h"

static void figures_are_said_in_the_unit_that_suits(void **state)
{
    static const struct {
        const char *unit;
        double value;
        const char *text;
    } cases[] = {
        {"us", 0, "0 s"},
        {"us", 7, "7 us"},
        {"us", 999, "999 us"},
        {"us", 1000, "1 ms"},
        {"us", 22340, "22.3 ms"},
        {"us", 19990000, "20 s"},
        {"us", 3.6e9, "3,600 s"},
        {"us", 0.25, "0.25 us"},
        {"s", 30, "30 s"},
        {"s", 0.924228, "924 ms"},
        {"B", 0, "0 B"},
        {"B", 18970 * 1024.0, "19.4 MB"},
        {"B", 999, "999 B"},
        {"B", 1.5e13, "15 TB"},
        {"share", 1, "100 %"},
        {"share", 0.9999999, "99.9999 %"},
        {"share", 0, "0 %"},
        {"share", 0.95, "95 %"},
        {"", 7408, "7,408"},
        {"", 1234567, "1,234,567"},
        {"", 1, "1"},
        {"1", 0.66521, "0.665"},
        {"1", -0.998, "-0.998"},
        {"1", -123456.7, "-123,457"},
        {"1", 1.15, "1.15"},
        {"1", 151.3, "151"},
        {"1", 8.2e-05, "0.000082"},
        {"1", 1e29, "99,999,999,999,999,991,433,150,857,216"},
        {"us", NAN, "none"},
        {"1", INFINITY, "beyond measure"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[FC_WORDING_MAX];
        fc_wording_value(cases[i].unit, cases[i].value, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void what_is_not_there_is_explained(void **state)
{
    static struct fc_summary summary;
    struct fc_summary_expect expect = {.name = "delivery", .unit = "share", .value = NAN};
    char text[FC_WORDING_MAX];
    (void)state;
    fc_summary_init(&summary);
    summary.value[FC_MEASURE_DELTAS] = summary.value[FC_MEASURE_FAULTS] = 0;
    fc_wording_expect(&summary, &expect, text);
    assert_string_equal(text, "nothing was published");
    summary.value[FC_MEASURE_DELTAS] = 3;
    fc_wording_expect(&summary, &expect, text);
    assert_string_equal(text, "none");
    strcpy(expect.name, "converge");
    fc_wording_expect(&summary, &expect, text);
    assert_string_equal(text, "no fault ended");
    summary.value[FC_MEASURE_FAULTS] = 2;
    fc_wording_expect(&summary, &expect, text);
    assert_string_equal(text, "not in this run");
    expect.value = 12;
    strcpy(expect.unit, "s");
    fc_wording_expect(&summary, &expect, text);
    assert_string_equal(text, "12 s");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(figures_are_said_in_the_unit_that_suits),
                                       cmocka_unit_test(what_is_not_there_is_explained)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
