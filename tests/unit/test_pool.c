#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/pool.h"
#include "tests/support/rng.h"

static void equal_bytes_are_one_blob(void **state)
{
    (void)state;
    struct fc_pool *pool = fc_pool_create();
    struct fc_pool_blob *a = fc_pool_take(pool, fc_span_str("one"));
    struct fc_pool_blob *b = fc_pool_take(pool, fc_span_str("two"));
    struct fc_pool_blob *c = fc_pool_take(pool, fc_span_str("one"));
    assert_ptr_equal(a, c);
    assert_ptr_not_equal(a, b);
    assert_int_equal(fc_pool_count(pool), 2);
    fc_pool_blob_release(a);
    assert_int_equal(fc_pool_count(pool), 2);
    assert_memory_equal(c->bytes, "one", 3);
    fc_pool_blob_release(c);
    assert_int_equal(fc_pool_count(pool), 1);
    fc_pool_release(pool); /* the last blob keeps it */
    assert_memory_equal(b->bytes, "two", 3);
    fc_pool_blob_release(b);
    fc_pool_release(NULL);
}

static void many_come_and_go(void **state)
{
    enum { BLOBS = 3000, ROUNDS = 20000 };
    (void)state;
    static struct fc_pool_blob *blobs[BLOBS];
    struct fc_pool *pool = fc_pool_create();
    uint64_t rng = 1;
    size_t held = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint32_t which = test_rng_below(&rng, BLOBS);
        uint8_t bytes[4];
        fc_put_be32(bytes, which);
        if (blobs[which]) {
            fc_pool_blob_release(blobs[which]);
            blobs[which] = NULL;
            held--;
        } else {
            blobs[which] = fc_pool_take(pool, fc_span(bytes, sizeof bytes));
            assert_non_null(blobs[which]);
            held++;
        }
        assert_int_equal(fc_pool_count(pool), held);
    }
    for (uint32_t i = 0; i < BLOBS; i++) {
        if (!blobs[i])
            continue;
        assert_int_equal(fc_get_be32(blobs[i]->bytes), i);
        fc_pool_blob_release(blobs[i]);
    }
    assert_int_equal(fc_pool_count(pool), 0);
    fc_pool_release(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_bytes_are_one_blob),
        cmocka_unit_test(many_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
