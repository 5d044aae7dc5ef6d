#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/queue.h"
#include "tests/support/rng.h"

static void put(struct fc_queue *queue, uint64_t at_us, uint64_t number)
{
    const struct fc_happening happening = {.at_us = at_us, .number = number};
    assert_int_equal(fc_queue_put(queue, &happening), FC_OK);
}

static void nothing_comes_of_nothing(void **state)
{
    struct fc_queue queue = {0};
    struct fc_happening out;
    (void)state;
    assert_false(fc_queue_take(&queue, UINT64_MAX, &out));
    fc_queue_finish(&queue);
}

static void equals_keep_their_order(void **state)
{
    struct fc_queue queue = {0};
    struct fc_happening out;
    (void)state;
    /* the same moment, put in from far away, from near, and at that moment itself */
    for (uint64_t i = 0; i < 100; i++)
        put(&queue, 5000000, i);
    put(&queue, 4999990, 1000);
    assert_true(fc_queue_take(&queue, UINT64_MAX, &out));
    assert_int_equal(out.number, 1000);
    for (uint64_t i = 100; i < 200; i++)
        put(&queue, 5000000, i);
    for (uint64_t i = 0; i < 300; i++) {
        assert_true(fc_queue_take(&queue, UINT64_MAX, &out));
        assert_int_equal(out.number, i);
        if (i < 100)
            put(&queue, 5000000, 200 + i);
    }
    assert_false(fc_queue_take(&queue, UINT64_MAX, &out));
    fc_queue_finish(&queue);
}

static void nothing_is_taken_early(void **state)
{
    struct fc_queue queue = {0};
    struct fc_happening out;
    (void)state;
    put(&queue, 1000, 1);
    put(&queue, 70000, 2);
    put(&queue, UINT64_MAX, 3);
    assert_false(fc_queue_take(&queue, 999, &out));
    assert_true(fc_queue_take(&queue, 1000, &out));
    assert_false(fc_queue_take(&queue, 69999, &out));
    put(&queue, 69999, 4); /* no earlier than what was looked for */
    assert_true(fc_queue_take(&queue, 69999, &out));
    assert_int_equal(out.number, 4);
    assert_true(fc_queue_take(&queue, 70000, &out));
    assert_int_equal(out.number, 2);
    assert_false(fc_queue_take(&queue, UINT64_MAX - 1, &out));
    assert_true(fc_queue_take(&queue, UINT64_MAX, &out));
    assert_int_equal(out.number, 3);
    assert_int_equal(queue.count, 0);
    fc_queue_finish(&queue);
}

struct model {
    struct fc_happening list[2000];
    size_t count;
};

static bool model_take(struct model *model, uint64_t until_us, struct fc_happening *out)
{
    size_t best = 0;
    for (size_t i = 1; i < model->count; i++)
        if (model->list[i].at_us < model->list[best].at_us)
            best = i;
    if (model->count == 0 || model->list[best].at_us > until_us)
        return false;
    *out = model->list[best];
    model->count--;
    for (size_t i = best; i < model->count; i++)
        model->list[i] = model->list[i + 1];
    return true;
}

/* Ahead by anything from nothing to days, often to the same moments. */
static uint64_t ahead_us(uint64_t *rng)
{
    static const uint64_t most_us[] = {1, 3, 300, 70000, 20000000, 40000000000u, 1ull << 50};
    uint64_t below = most_us[test_rng_below(rng, 7)];
    uint64_t step = test_rng_below(rng, 2) ? 1 : below / 4 + 1;
    return test_rng(rng) % below / step * step;
}

static void the_order_is_that_of_a_list_searched_through(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        uint64_t rng = seed;
        struct fc_queue queue = {0};
        static struct model model;
        uint64_t now_us = test_rng_below(&rng, 1u << 30), number = 0;
        model.count = 0;
        for (int i = 0; i < 4000; i++) {
            struct fc_happening got, want;
            bool more = test_rng_below(&rng, 1000) < (i < 2000 ? 600u : 450u);
            if (more && model.count < 2000) {
                struct fc_happening new = {.at_us = now_us + ahead_us(&rng), .number = number++};
                assert_int_equal(fc_queue_put(&queue, &new), FC_OK);
                model.list[model.count++] = new;
                continue;
            }
            uint64_t until_us = now_us + ahead_us(&rng);
            bool is = model_take(&model, until_us, &want);
            assert_int_equal(fc_queue_take(&queue, until_us, &got), is);
            if (is) {
                assert_int_equal(got.number, want.number);
                assert_int_equal(got.at_us, want.at_us);
            }
            now_us = is ? got.at_us : until_us;
            assert_int_equal(queue.count, model.count);
        }
        fc_queue_finish(&queue);
    }
}

/* What has been used is used again: as many as ever were under way take no more memory later. */
static void memory_is_used_again(void **state)
{
    struct fc_queue queue = {0};
    uint64_t rng = 7;
    struct fc_happening out;
    (void)state;
    size_t most = 0;
    for (int i = 0; i < 20000; i++)
        put(&queue, test_rng_below(&rng, 100000), 0);
    for (int i = 0; i < 1000000; i++) {
        assert_true(fc_queue_take(&queue, UINT64_MAX, &out));
        put(&queue, out.at_us + test_rng_below(&rng, 100000), 0);
        if (i == 100000)
            most = fc_queue_memory_bytes(&queue);
    }
    assert_true(fc_queue_memory_bytes(&queue) <= most + most / 4);
    assert_int_equal(queue.count_max, 20000);
    fc_queue_finish(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_comes_of_nothing),
        cmocka_unit_test(equals_keep_their_order),
        cmocka_unit_test(nothing_is_taken_early),
        cmocka_unit_test(the_order_is_that_of_a_list_searched_through),
        cmocka_unit_test(memory_is_used_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
