#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>

#include "net/holding.h"
#include "tests/support/golden.h"

static const struct fc_sip_key key = {{1, 2, 3}};

static struct fc_hash hash_of(uint64_t number)
{
    uint8_t bytes[8];
    fc_put_be64(bytes, number);
    return fc_hash("fedcat.test.1", fc_span(bytes, sizeof bytes));
}

static struct fc_riblt_item head(uint64_t feed, fc_version version)
{
    struct fc_hash participant = hash_of(feed), hash = hash_of(1000 * feed + version);
    return fc_holding_head(&key, &participant, version, &hash);
}

static struct fc_riblt_item record(uint64_t number)
{
    struct fc_hash hash = hash_of(number);
    return fc_holding_record(&key, &hash);
}

static void only_a_newer_head_covers(void **state)
{
    (void)state;
    struct fc_riblt_item three = head(1, 3), four = head(1, 4), other = head(2, 9);
    struct fc_hash participant = hash_of(1), forked = hash_of(77);
    struct fc_riblt_item fork = fc_holding_head(&key, &participant, 3, &forked);
    assert_true(fc_holding_covers(&three, &three));
    assert_true(fc_holding_covers(&four, &three));
    assert_false(fc_holding_covers(&three, &four));
    assert_false(fc_holding_covers(&other, &three));
    assert_int_not_equal(fc_holding_compare(&fork, &three), 0);
}

static void what_is_newer_here_is_not_lacking(void **state)
{
    (void)state;
    struct fc_hash participant = hash_of(1), forked = hash_of(77);
    struct fc_riblt_item fork = fc_holding_head(&key, &participant, 4, &forked);
    struct fc_riblt_item own[] = {head(1, 4), head(2, 2), head(3, 1), record(50), record(51)};
    struct fc_holding holding = {.items = own, .count = 5, .heads = 3};
    struct fc_riblt_item items[] = {head(1, 3), head(2, 3), head(3, 1), record(50),
                                    record(60), head(9, 1), fork};
    const struct fc_riblt_item lacking[] = {head(2, 3), record(60), head(9, 1), fork};
    uint32_t here;
    enum fc_err err;
    assert_int_equal(fc_holding_lacking(&holding, items, 7, &here, &err), 4);
    assert_int_equal(err, FC_OK);
    assert_int_equal(here, 2);
    for (size_t i = 0; i < 4; i++) {
        bool found = false;
        for (size_t j = 0; j < 4; j++)
            found = found || fc_holding_compare(&lacking[i], &items[j]) == 0;
        assert_true(found);
    }
    assert_int_equal(fc_holding_lacking(&holding, items, 0, &here, &err), 0);
    assert_int_equal(here, 0);
}

static json_t *hex(const void *bytes, size_t len)
{
    char text[129];
    assert_true(2 * len < sizeof text);
    fc_hex(bytes, len, text);
    return json_string(text);
}

/* tests/vectors/items.json; FEDCAT_GOLDEN_WRITE=1 writes it anew. */
static void items_are_frozen(void **state)
{
    (void)state;
    struct fc_hash participant = hash_of(1), hash = hash_of(2);
    fc_version version = fc_version_make(3, 258);
    struct fc_riblt_item a = fc_holding_head(&key, &participant, version, &hash);
    struct fc_riblt_item b = fc_holding_record(&key, &hash);
    json_t *now = json_pack("{s:o,s:{s:o,s:I,s:o,s:o},s:{s:o,s:o}}", "key",
                            hex(key.b, sizeof key.b), "head", "participant", hex(participant.b, 32),
                            "version", (json_int_t)version, "hash", hex(hash.b, 32), "item",
                            hex(a.b, 16), "record", "hash", hex(hash.b, 32), "item", hex(b.b, 16));
    assert_true(fc_golden_json("tests/vectors/items.json", now));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_newer_head_covers),
        cmocka_unit_test(what_is_newer_here_is_not_lacking),
        cmocka_unit_test(items_are_frozen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
