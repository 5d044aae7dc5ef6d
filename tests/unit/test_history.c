#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/history.h"

static struct fc_hash digest_of(uint64_t number)
{
    uint8_t bytes[8];
    fc_put_be64(bytes, number);
    return fc_hash("fedcat.test.1", fc_span(bytes, sizeof bytes));
}

static void add(struct fc_history *history, uint64_t number)
{
    struct fc_hash heads = digest_of(number), records = digest_of(number / 2);
    struct fc_moment moment = {.index = number, .from_ms = 1000 * number, .feeds = number};
    assert_int_equal(fc_history_add(history, &moment, &heads, &records), FC_OK);
}

static const struct fc_moment *find(const struct fc_history *history, uint64_t number)
{
    struct fc_hash heads = digest_of(number), records = digest_of(number / 2);
    const struct fc_moment *moment = fc_history_find(history, &heads, &records);
    if (moment)
        assert_int_equal(moment->feeds, number);
    assert_ptr_equal(moment, fc_history_find(history, &heads, NULL));
    return moment;
}

static void the_latest_are_kept(void **state)
{
    (void)state;
    struct fc_history history = {0};
    assert_null(find(&history, 1));
    assert_null(fc_history_first(&history));
    for (uint64_t i = 1; i <= 3 * FC_HISTORY_MAX + 5; i++) {
        add(&history, i);
        uint64_t first = i > FC_HISTORY_MAX ? i - FC_HISTORY_MAX + 1 : 1;
        assert_int_equal(fc_history_first(&history)->from_ms, 1000 * first);
        assert_non_null(find(&history, first));
        assert_non_null(find(&history, i));
        assert_int_equal(find(&history, i)->until_ms, 0);
        if (first < i)
            assert_int_equal(find(&history, i - 1)->until_ms, 1000 * i);
        assert_ptr_equal(fc_history_at(&history, 1000 * i + 1), find(&history, i));
        assert_ptr_equal(fc_history_at(&history, 1000 * first), find(&history, first));
        assert_null(fc_history_at(&history, 1000 * first - 1));
        assert_null(find(&history, first - 1));
        assert_null(find(&history, i + 1));
    }
    fc_history_finish(&history);
    assert_null(find(&history, 1));
}

static void the_same_goes_on(void **state)
{
    (void)state;
    struct fc_history history = {0};
    struct fc_hash heads = digest_of(4), records = digest_of(2), other = digest_of(9);
    add(&history, 4);
    fc_history_end(&history, 4500);
    assert_int_equal(find(&history, 4)->until_ms, 4500);
    fc_history_end(&history, 4700);
    assert_int_equal(find(&history, 4)->until_ms, 4500);
    struct fc_moment later = {.index = 6, .from_ms = 6000, .feeds = 4};
    assert_int_equal(fc_history_add(&history, &later, &heads, &records), FC_OK);
    assert_int_equal(history.count, 1);
    assert_int_equal(find(&history, 4)->from_ms, 4000);
    assert_int_equal(find(&history, 4)->until_ms, 0);
    assert_int_equal(find(&history, 4)->index, 6);
    assert_null(fc_history_find(&history, &heads, &other));
    fc_history_finish(&history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_latest_are_kept),
        cmocka_unit_test(the_same_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
