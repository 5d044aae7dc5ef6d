#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/pool.h"
#include "tests/support/rng.h"

static void equal_bytes_are_one_row(void **state)
{
    (void)state;
    struct fc_pool *pool = fc_pool_create();
    struct fc_row *a = fc_pool_take(pool, fc_span(NULL, 0), fc_span_str("one"));
    struct fc_row *b = fc_pool_take(pool, fc_span(NULL, 0), fc_span_str("two"));
    struct fc_row *c = fc_pool_take(pool, fc_span(NULL, 0), fc_span_str("one"));
    assert_ptr_equal(a, c);
    assert_ptr_not_equal(a, b);
    assert_int_equal(fc_pool_count(pool), 2);
    fc_pool_row_release(a);
    assert_int_equal(fc_pool_count(pool), 2);
    assert_memory_equal(c->bytes, "one", 3);
    fc_pool_row_release(c);
    assert_int_equal(fc_pool_count(pool), 1);
    fc_pool_release(pool); /* the last row keeps it */
    assert_memory_equal(b->bytes, "two", 3);
    fc_pool_row_release(b);
    fc_pool_release(NULL);
}

static void keys_and_values_do_not_run_together(void **state)
{
    (void)state;
    struct fc_pool *pool = fc_pool_create();
    struct fc_row *a = fc_pool_take(pool, fc_span_str("key"), fc_span_str("value"));
    struct fc_row *b = fc_pool_take(pool, fc_span_str("keyv"), fc_span_str("alue"));
    struct fc_row *c = fc_pool_take(pool, fc_span_str("key"), fc_span_str("value"));
    struct fc_row *d = fc_pool_take(pool, fc_span_str("key"), fc_span(NULL, 0));
    assert_ptr_equal(a, c);
    assert_ptr_not_equal(a, b);
    assert_int_equal(fc_pool_count(pool), 3);
    assert_true(fc_span_eq(fc_pool_value(b), fc_span_str("alue")));
    assert_int_equal(fc_pool_value(d).len, 0);
    fc_pool_release(pool);
    fc_pool_row_release(a);
    fc_pool_row_release(b);
    fc_pool_row_release(c);
    fc_pool_row_release(d);
}

static void many_come_and_go(void **state)
{
    enum { ROWS = 3000, ROUNDS = 20000 };
    (void)state;
    static struct fc_row *rows[ROWS];
    struct fc_pool *pool = fc_pool_create();
    uint64_t rng = 1;
    size_t held = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint32_t which = test_rng_below(&rng, ROWS);
        uint8_t bytes[4];
        fc_put_be32(bytes, which);
        if (rows[which]) {
            fc_pool_row_release(rows[which]);
            rows[which] = NULL;
            held--;
        } else {
            rows[which] = fc_pool_take(pool, fc_span(NULL, 0), fc_span(bytes, sizeof bytes));
            assert_non_null(rows[which]);
            held++;
        }
        assert_int_equal(fc_pool_count(pool), held);
    }
    for (uint32_t i = 0; i < ROWS; i++) {
        if (!rows[i])
            continue;
        assert_int_equal(fc_get_be32(rows[i]->bytes), i);
        fc_pool_row_release(rows[i]);
    }
    assert_int_equal(fc_pool_count(pool), 0);
    fc_pool_release(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_bytes_are_one_row),
        cmocka_unit_test(keys_and_values_do_not_run_together),
        cmocka_unit_test(many_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
