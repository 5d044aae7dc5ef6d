#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/bucket.h"
#include "net/rng.h"

enum { SECOND_US = 1000000 };

static void a_burst_passes_and_then_the_rate(void **state)
{
    (void)state;
    struct fc_bucket bucket;
    fc_bucket_init(&bucket, 10, 5, 1000);
    for (int i = 0; i < 5; i++)
        assert_true(fc_bucket_take(&bucket, 1, 1000));
    assert_false(fc_bucket_take(&bucket, 1, 1000));
    assert_false(fc_bucket_take(&bucket, 1, 1000 + SECOND_US / 10 - 1));
    assert_true(fc_bucket_take(&bucket, 1, 1000 + SECOND_US / 10));
    assert_false(fc_bucket_take(&bucket, 1, 1000 + SECOND_US / 10));
}

/* Asking often must not lose the fractions: over ten seconds exactly the rate. */
static void fractions_are_not_lost(void **state)
{
    (void)state;
    struct fc_bucket bucket;
    unsigned passed = 0;
    fc_bucket_init(&bucket, 7, 7, 0);
    for (int i = 0; i < 7; i++)
        assert_true(fc_bucket_take(&bucket, 1, 0));
    for (uint64_t at_us = 0; at_us <= 10 * SECOND_US; at_us += 13)
        passed += fc_bucket_take(&bucket, 1, at_us);
    assert_in_range(passed, 69, 70);
}

static void it_never_holds_more_than_the_burst(void **state)
{
    (void)state;
    struct fc_bucket bucket;
    fc_bucket_init(&bucket, 1000, 3, 0);
    assert_true(fc_bucket_full(&bucket, 0));
    assert_true(fc_bucket_take(&bucket, 3, UINT64_MAX / 2));
    assert_false(fc_bucket_take(&bucket, 1, UINT64_MAX / 2));
    assert_false(fc_bucket_full(&bucket, UINT64_MAX / 2));
    assert_true(fc_bucket_take(&bucket, 1000, UINT64_MAX / 2 + SECOND_US)); /* as a full one */
    assert_false(fc_bucket_take(&bucket, 1, 0)); /* time that goes back earns nothing */
}

static void numbers_follow_from_the_seed(void **state)
{
    (void)state;
    const uint8_t zero[32] = {0}, other[32] = {1};
    struct fc_rng a, b, c;
    fc_rng_init(&a, zero);
    fc_rng_init(&b, zero);
    fc_rng_init(&c, other);
    unsigned same = 0;
    for (int i = 0; i < 1000; i++) {
        uint64_t value = fc_rng_next(&a);
        assert_int_equal(value, fc_rng_next(&b));
        same += value == fc_rng_next(&c);
    }
    assert_int_equal(same, 0);
}

static void numbers_are_even_and_within(void **state)
{
    (void)state;
    const uint8_t zero[32] = {0};
    struct fc_rng rng;
    unsigned seen[10] = {0};
    fc_rng_init(&rng, zero);
    for (int i = 0; i < 100000; i++) {
        uint64_t value = fc_rng_below(&rng, 10);
        assert_true(value < 10);
        seen[value]++;
    }
    for (int i = 0; i < 10; i++)
        assert_in_range(seen[i], 9500, 10500);
    assert_int_equal(fc_rng_below(&rng, 0), 0);
    assert_int_equal(fc_rng_below(&rng, 1), 0);
    for (int i = 0; i < 1000; i++)
        assert_in_range(fc_rng_jitter(&rng, 1000), 750, 1250);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_passes_and_then_the_rate),
        cmocka_unit_test(fractions_are_not_lost),
        cmocka_unit_test(it_never_holds_more_than_the_burst),
        cmocka_unit_test(numbers_follow_from_the_seed),
        cmocka_unit_test(numbers_are_even_and_within),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
