#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>

#include "net/riblt.h"
#include "tests/support/golden.h"
#include "tests/support/rng.h"

static const struct fc_sip_key key = {{1, 2, 3}};

static struct fc_riblt_item item_of(uint64_t number)
{
    struct fc_riblt_item item;
    uint8_t bytes[8];
    fc_put_be64(bytes, number);
    struct fc_hash hash = fc_hash("fedcat.test.1", fc_span(bytes, sizeof bytes));
    memcpy(item.b, hash.b, sizeof item.b);
    return item;
}

/* Items numbered from `from` on. */
static struct fc_riblt_item *set_of(uint64_t from, uint32_t count)
{
    struct fc_riblt_item *items = calloc(count + 1u, sizeof *items);
    assert_non_null(items);
    for (uint32_t i = 0; i < count; i++)
        items[i] = item_of(from + i);
    return items;
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct fc_riblt_item));
}

/* Symbols it took, a step of them at a time, until all is found; 0: never. Checks what is found. */
static uint32_t reconcile(uint32_t common, uint32_t here, uint32_t there, uint32_t step,
                          uint64_t seed)
{
    struct fc_sip_key fresh = key;
    fc_put_be64(fresh.b + 8, seed);
    struct fc_riblt_item *own = set_of(0, common + here);
    struct fc_riblt_item *other = set_of(here, common + there);
    struct fc_riblt riblt = {.key = fresh};
    uint32_t taken = 0, result = 0;
    while (result == 0 && taken + step <= FC_RIBLT_SYMBOLS_MAX) {
        struct fc_buf symbols = {0};
        fc_riblt_encode(&fresh, other, common + there, taken, taken + step, &symbols);
        assert_int_equal(symbols.len, (size_t)step * FC_RIBLT_SYMBOL_BYTES);
        assert_int_equal(fc_riblt_add(&riblt, own, common + here, fc_buf_span(&symbols)), FC_OK);
        fc_buf_finish(&symbols);
        taken += step;
        if (fc_riblt_is_done(&riblt))
            result = taken;
    }
    if (result != 0) {
        assert_int_equal(riblt.item_count, here + there);
        if (riblt.item_count != 0)
            qsort(riblt.items, riblt.item_count, sizeof *riblt.items, compare);
        for (uint32_t i = 0; i < here; i++)
            assert_non_null(
                bsearch(&own[i], riblt.items, riblt.item_count, sizeof *riblt.items, compare));
        for (uint32_t i = 0; i < there; i++)
            assert_non_null(bsearch(&other[common + i], riblt.items, riblt.item_count,
                                    sizeof *riblt.items, compare));
    }
    fc_riblt_finish(&riblt);
    free(own);
    free(other);
    return result;
}

static void differences_come_out(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {0, 1, 2, 3, 7, 50, 1000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t j = 0; j < sizeof sizes / sizeof *sizes; j++)
            assert_int_not_equal(reconcile(500, sizes[i], sizes[j], 8, i * 10 + j), 0);
}

/* The paper's figure: 1.35 symbols for each of many differences, up to 1.72 for few. */
static void overhead_is_as_published(void **state)
{
    (void)state;
    uint32_t symbols = 0;
    for (uint64_t seed = 0; seed < 20; seed++)
        symbols += reconcile(100, 500, 500, 1, seed);
    assert_in_range(symbols / 20, 1250, 1550);
    symbols = 0;
    for (uint64_t seed = 0; seed < 300; seed++)
        symbols += reconcile(100, 3, 3, 1, seed);
    assert_in_range(symbols / 3, 6 * 100, 6 * 210);
}

static void one_set_empty(void **state)
{
    (void)state;
    assert_int_not_equal(reconcile(0, 0, 200, 16, 1), 0);
    assert_int_not_equal(reconcile(0, 200, 0, 16, 2), 0);
    assert_int_equal(reconcile(0, 0, 0, 1, 3), 1);
}

/* What comes in pieces is what comes at once. */
static void pieces_join(void **state)
{
    (void)state;
    struct fc_riblt_item *items = set_of(0, 300);
    struct fc_buf whole = {0}, parts = {0};
    fc_riblt_encode(&key, items, 300, 0, 100, &whole);
    fc_riblt_encode(&key, items, 300, 0, 1, &parts);
    fc_riblt_encode(&key, items, 300, 1, 37, &parts);
    fc_riblt_encode(&key, items, 300, 37, 37, &parts);
    fc_riblt_encode(&key, items, 300, 37, 100, &parts);
    assert_true(fc_span_eq(fc_buf_span(&whole), fc_buf_span(&parts)));
    fc_buf_finish(&whole);
    fc_buf_finish(&parts);
    free(items);
}

static void garbage_ends(void **state)
{
    (void)state;
    uint64_t rng = 5;
    struct fc_riblt_item *own = set_of(0, 100);
    for (int round = 0; round < 50; round++) {
        struct fc_riblt riblt = {.key = key};
        enum fc_err err = FC_OK;
        for (int frame = 0; frame < 20 && err == FC_OK; frame++) {
            uint8_t bytes[64 * FC_RIBLT_SYMBOL_BYTES];
            for (size_t i = 0; i < sizeof bytes; i++)
                bytes[i] = (uint8_t)test_rng_below(&rng, 256);
            err = fc_riblt_add(&riblt, own, 100, fc_span(bytes, sizeof bytes));
            assert_false(fc_riblt_is_done(&riblt));
        }
        fc_riblt_finish(&riblt);
    }
    free(own);
}

/* Symbols that each hold one and the same item, where a set has it in few: it would come out for
 * ever. */
static void an_item_that_never_leaves_is_refused(void **state)
{
    (void)state;
    struct fc_riblt_item item = item_of(7);
    struct fc_buf first = {0}, all = {0};
    struct fc_riblt riblt = {.key = key};
    fc_riblt_encode(&key, &item, 1, 0, 1, &first);
    for (int i = 0; i < 200; i++)
        fc_buf_append(&all, first.data, first.len);
    assert_int_equal(fc_riblt_add(&riblt, NULL, 0, fc_buf_span(&all)), FC_E_FORMAT);
    fc_riblt_finish(&riblt);
    fc_buf_finish(&first);
    fc_buf_finish(&all);
}

static void symbols_are_bounded(void **state)
{
    (void)state;
    struct fc_riblt riblt = {.key = key};
    size_t len = (size_t)FC_RIBLT_SYMBOLS_MAX * FC_RIBLT_SYMBOL_BYTES;
    uint8_t *zero = calloc(1, len + FC_RIBLT_SYMBOL_BYTES);
    assert_non_null(zero);
    assert_int_equal(fc_riblt_add(&riblt, NULL, 0, fc_span(zero, len + FC_RIBLT_SYMBOL_BYTES)),
                     FC_E_BOUND);
    assert_int_equal(fc_riblt_add(&riblt, NULL, 0, fc_span(zero, len)), FC_OK);
    assert_true(fc_riblt_is_done(&riblt));
    assert_int_equal(fc_riblt_add(&riblt, NULL, 0, fc_span(zero, FC_RIBLT_SYMBOL_BYTES)),
                     FC_E_BOUND);
    fc_riblt_finish(&riblt);
    free(zero);
}

static uint32_t estimate(uint32_t common, uint32_t here, uint32_t there)
{
    struct fc_riblt_tally a, b;
    struct fc_riblt_item *own = set_of(0, common + here), *other = set_of(here, common + there);
    fc_riblt_count(&key, own, common + here, &a);
    fc_riblt_count(&key, other, common + there, &b);
    free(own);
    free(other);
    return fc_riblt_estimate(&a, &b);
}

static void estimates_are_near(void **state)
{
    (void)state;
    assert_int_equal(estimate(1000, 0, 0), 0);
    assert_int_equal(estimate(1000, 1, 0), 1);
    assert_int_equal(estimate(1000, 0, 1), 1);
    assert_in_range(estimate(1000, 50, 50), 40, 200);
    assert_in_range(estimate(1000, 1000, 1000), 1000, 4000);
    assert_in_range(estimate(0, 10, 3000), 2990, 6000);
    struct fc_riblt_tally none = {0}, lie = {.count = UINT32_MAX};
    for (int i = 0; i < FC_RIBLT_TALLIES; i++)
        lie.ones[i] = (uint32_t)i * 0x08000000u;
    assert_int_equal(fc_riblt_estimate(&none, &lie), UINT32_MAX);
    assert_int_equal(fc_riblt_estimate(&lie, &none), UINT32_MAX);
}

static void places_end(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 200; i++) {
        struct fc_riblt_item item = item_of(i);
        struct fc_riblt_walk walk = fc_riblt_walk(&key, &item);
        assert_int_equal(walk.at, 0);
        for (int steps = 0; walk.at != UINT32_MAX; steps++) {
            uint32_t before = walk.at;
            fc_riblt_step(&walk);
            assert_true(walk.at > before && steps < 200);
        }
        fc_riblt_step(&walk);
        assert_int_equal(walk.at, UINT32_MAX);
    }
}

static json_t *hex(const void *bytes, size_t len)
{
    char text[4096];
    assert_true(2 * len < sizeof text);
    fc_hex(bytes, len, text);
    return json_string(text);
}

/* tests/vectors/riblt.json; FEDCAT_GOLDEN_WRITE=1 writes it anew. */
static void symbols_are_frozen(void **state)
{
    (void)state;
    enum { COUNT = 5, SYMBOLS = 24 };
    struct fc_riblt_item *items = set_of(0, COUNT);
    struct fc_riblt_tally tally;
    struct fc_buf symbols = {0};
    json_t *list = json_array(), *ones = json_array(), *coded = json_array();
    for (uint32_t i = 0; i < COUNT; i++) {
        json_t *places = json_array();
        for (struct fc_riblt_walk walk = fc_riblt_walk(&key, &items[i]); walk.at < 100000;
             fc_riblt_step(&walk))
            json_array_append_new(places, json_integer(walk.at));
        json_array_append_new(
            list, json_pack("{s:o,s:o}", "item", hex(items[i].b, 16), "symbols", places));
    }
    fc_riblt_count(&key, items, COUNT, &tally);
    for (int i = 0; i < FC_RIBLT_TALLIES; i++)
        json_array_append_new(ones, json_integer(tally.ones[i]));
    fc_riblt_encode(&key, items, COUNT, 0, SYMBOLS, &symbols);
    for (size_t i = 0; i < SYMBOLS; i++)
        json_array_append_new(coded,
                              hex(symbols.data + i * FC_RIBLT_SYMBOL_BYTES, FC_RIBLT_SYMBOL_BYTES));
    json_t *now = json_pack("{s:o,s:o,s:o,s:o}", "key", hex(key.b, sizeof key.b), "items", list,
                            "tally", ones, "symbols", coded);
    assert_true(fc_golden_json("tests/vectors/riblt.json", now));
    fc_buf_finish(&symbols);
    free(items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(differences_come_out),
        cmocka_unit_test(overhead_is_as_published),
        cmocka_unit_test(one_set_empty),
        cmocka_unit_test(pieces_join),
        cmocka_unit_test(garbage_ends),
        cmocka_unit_test(an_item_that_never_leaves_is_refused),
        cmocka_unit_test(symbols_are_bounded),
        cmocka_unit_test(estimates_are_near),
        cmocka_unit_test(places_end),
        cmocka_unit_test(symbols_are_frozen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
