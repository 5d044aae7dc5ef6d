#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/entry.h"
#include "store/pack.h"

static struct fc_entry sample(void)
{
    struct fc_entry entry = {
        .version = fc_version_make(1, 7),
        .status = FC_STATUS_ACTIVE,
        .commitment = {{3, 4}},
        .media_type = fc_span_str("application/ld+json"),
        .size = 2048,
        .key = fc_span_str("https://offers.example/1"),
        .salt = {9, 8, 7},
        .state = FC_CONTENT_PRESENT,
    };
    entry.key_hash = fc_key_hash(entry.key);
    return entry;
}

static void test_row(void **state)
{
    (void)state;
    struct fc_entry entry = sample(), read;
    struct fc_buf row = {0}, again = {0};
    assert_int_equal(fc_entry_write(&entry, &row), FC_OK);
    assert_int_equal(fc_entry_parse(&entry.key_hash, fc_buf_span(&row), &read), FC_OK);
    assert_true(read.version == entry.version && read.size == 2048);
    assert_int_equal(read.status, FC_STATUS_ACTIVE);
    assert_int_equal(read.state, FC_CONTENT_PRESENT);
    assert_true(fc_hash_eq(&read.key_hash, &entry.key_hash));
    assert_true(fc_hash_eq(&read.commitment, &entry.commitment));
    assert_true(fc_span_eq(read.key, entry.key));
    assert_true(fc_span_eq(read.media_type, entry.media_type));
    assert_memory_equal(read.salt, entry.salt, FC_SALT_BYTES);
    assert_int_equal(fc_entry_write(&read, &again), FC_OK);
    assert_true(fc_span_eq(fc_buf_span(&row), fc_buf_span(&again)));
    for (size_t len = 0; len < row.len; len++)
        assert_int_equal(fc_entry_parse(&entry.key_hash, fc_span(row.data, len), &read),
                         FC_E_CORRUPT);
    fc_buf_finish(&row);
    fc_buf_finish(&again);
}

static void test_leaf(void **state)
{
    (void)state;
    struct fc_entry entry = sample(), read;
    struct fc_buf leaf = {0}, again = {0};
    assert_int_equal(fc_leaf_write(&entry, &leaf), FC_OK);
    assert_int_equal(fc_leaf_parse(fc_buf_span(&leaf), &read), FC_OK);
    assert_true(fc_hash_eq(&read.key_hash, &entry.key_hash));
    assert_int_equal(read.key.len, 0);
    assert_int_equal(fc_leaf_write(&read, &again), FC_OK);
    assert_true(fc_span_eq(fc_buf_span(&leaf), fc_buf_span(&again)));
    for (size_t len = 0; len < leaf.len; len++)
        assert_int_equal(fc_leaf_parse(fc_span(leaf.data, len), &read), FC_E_FORMAT);
    fc_buf_finish(&leaf);
    fc_buf_finish(&again);
}

/* The leaf says what is published; what a node holds of it is not in there. */
static void test_leaf_hash(void **state)
{
    (void)state;
    struct fc_entry entry = sample(), other = sample();
    struct fc_buf one = {0}, two = {0};
    memset(other.salt, 0, sizeof other.salt);
    other.state = FC_CONTENT_MISSING;
    assert_int_equal(fc_leaf_write(&entry, &one), FC_OK);
    assert_int_equal(fc_leaf_write(&other, &two), FC_OK);
    assert_true(fc_span_eq(fc_buf_span(&one), fc_buf_span(&two)));
    struct fc_hash hash = fc_leaf_hash(fc_buf_span(&one));
    other.status = FC_STATUS_ENDED;
    fc_buf_clear(&two);
    assert_int_equal(fc_leaf_write(&other, &two), FC_OK);
    struct fc_hash changed = fc_leaf_hash(fc_buf_span(&two));
    assert_false(fc_hash_eq(&hash, &changed));
    fc_buf_finish(&one);
    fc_buf_finish(&two);
}

static void test_refused(void **state)
{
    (void)state;
    struct fc_entry good = sample(), bad;
    struct fc_buf out = {0};
    char text[FC_KEY_BYTES_MAX + 1];
    memset(text, 'x', sizeof text);
#define REFUSED(write, change)                                                                     \
    do {                                                                                           \
        bad = good;                                                                                \
        change;                                                                                    \
        assert_int_equal(write(&bad, &out), FC_E_ARG);                                             \
    } while (0)
    REFUSED(fc_leaf_write, bad.version = 0);
    REFUSED(fc_leaf_write, bad.version = 7);
    REFUSED(fc_leaf_write, bad.version = fc_version_make(1, 0));
    REFUSED(fc_leaf_write, bad.status = (enum fc_status)0);
    REFUSED(fc_leaf_write, bad.status = (enum fc_status)5);
    REFUSED(fc_leaf_write, bad.size = FC_CONTENT_BYTES_MAX + 1);
    REFUSED(fc_leaf_write, bad.media_type.len = 0);
    REFUSED(fc_leaf_write, bad.media_type = fc_span(text, FC_MEDIA_TYPE_BYTES_MAX + 1));
    REFUSED(fc_entry_write, bad.version = 0);
    REFUSED(fc_entry_write, bad.key.len = 0);
    REFUSED(fc_entry_write, bad.key = fc_span(text, FC_KEY_BYTES_MAX + 1));
    REFUSED(fc_entry_write, bad.state = (enum fc_content_state)0);
    REFUSED(fc_entry_write, bad.state = (enum fc_content_state)4);
    REFUSED(fc_entry_write, bad.state = FC_CONTENT_MISSING);
    REFUSED(fc_entry_write, bad.state = FC_CONTENT_REFUSED);
#undef REFUSED
    assert_int_equal(out.len, 0);
    good.key = fc_span(text, FC_KEY_BYTES_MAX);
    good.media_type = fc_span(text, FC_MEDIA_TYPE_BYTES_MAX);
    good.size = FC_CONTENT_BYTES_MAX;
    good.version = UINT64_MAX;
    assert_int_equal(fc_entry_write(&good, &out), FC_OK);
    assert_int_equal(fc_entry_parse(&good.key_hash, fc_buf_span(&out), &bad), FC_OK);
    fc_buf_finish(&out);
}

/* A changed byte is a fault, or another entry that is written the same way. */
static void test_mutations(void **state)
{
    (void)state;
    struct fc_entry entry = sample(), read;
    struct fc_buf leaf = {0}, again = {0};
    assert_int_equal(fc_leaf_write(&entry, &leaf), FC_OK);
    for (size_t at = 0; at < leaf.len; at++) {
        for (unsigned flip = 1; flip < 256; flip++) {
            leaf.data[at] ^= (uint8_t)flip;
            if (fc_leaf_parse(fc_buf_span(&leaf), &read) == FC_OK) {
                fc_buf_clear(&again);
                assert_int_equal(fc_leaf_write(&read, &again), FC_OK);
                assert_true(fc_span_eq(fc_buf_span(&leaf), fc_buf_span(&again)));
            }
            leaf.data[at] ^= (uint8_t)flip;
        }
    }
    fc_buf_finish(&leaf);
    fc_buf_finish(&again);
}

static void test_key(void **state)
{
    (void)state;
    struct fc_hash hash = {{0xaa}};
    struct fc_entry_key key = fc_entry_key(0x01020304, &hash);
    assert_memory_equal(key.b, "\x01\x02\x03\x04\xaa", 5);
    assert_memory_equal(key.b + 4, hash.b, 32);
}

static void test_no_memory(void **state)
{
    (void)state;
    struct fc_entry entry = sample();
    struct fc_buf full = {.failed = true};
    assert_int_equal(fc_entry_write(&entry, &full), FC_E_NOMEM);
    assert_int_equal(fc_leaf_write(&entry, &full), FC_E_NOMEM);
    assert_int_equal(full.len, 0);
}

static void test_state_names(void **state)
{
    (void)state;
    assert_string_equal(fc_content_state_name(FC_CONTENT_PRESENT), "present");
    assert_string_equal(fc_content_state_name(FC_CONTENT_MISSING), "missing");
    assert_string_equal(fc_content_state_name(FC_CONTENT_REFUSED), "refused");
    assert_null(fc_content_state_name((enum fc_content_state)0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_row),         cmocka_unit_test(test_leaf),
        cmocka_unit_test(test_leaf_hash),   cmocka_unit_test(test_refused),
        cmocka_unit_test(test_mutations),   cmocka_unit_test(test_key),
        cmocka_unit_test(test_state_names), cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
