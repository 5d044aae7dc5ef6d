#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/pack.h"
#include "tests/support/keys.h"

static struct fc_op put_of(char *room, unsigned index)
{
    uint8_t salt[FC_SALT_BYTES];
    sprintf(room, "https://offers.example/%u", index);
    return fc_test_put(room, "{}", salt);
}

static void test_ops_round_trip(void **state)
{
    (void)state;
    char keys[30][40];
    struct fc_op ops[30], op;
    struct fc_buf out = {0}, again = {0};
    struct fc_ops reader;
    for (unsigned i = 0; i < 30; i++) {
        ops[i] = put_of(keys[i], i);
        ops[i].kind = (enum fc_op_kind)(1 + i % 3);
        ops[i].status = (enum fc_status)(1 + i % 4);
    }
    assert_int_equal(fc_ops_write(ops, 30, &out), FC_OK);
    assert_int_equal(fc_ops_init(&reader, fc_buf_span(&out)), FC_OK);
    assert_int_equal(reader.count, 30);
    for (unsigned i = 0; i < 30; i++) {
        assert_true(fc_ops_next(&reader, &op));
        assert_true(i == 0 || fc_hash_cmp(&ops[i - 1].key_hash, &op.key_hash) < 0);
        assert_int_equal(op.kind, ops[i].kind);
        assert_true(fc_span_eq(op.key, ops[i].key));
        assert_true(fc_hash_eq(&op.key_hash, &ops[i].key_hash));
        assert_int_equal(op.status, op.kind == FC_OP_DELETE ? 0 : (int)ops[i].status);
        if (op.kind == FC_OP_PUT) {
            assert_true(fc_span_eq(op.media_type, ops[i].media_type));
            assert_int_equal(op.size, 2);
            assert_true(fc_hash_eq(&op.commitment, &ops[i].commitment));
        }
        ops[i] = op;
    }
    assert_false(fc_ops_next(&reader, &op));
    assert_int_equal(fc_ops_write(ops, 30, &again), FC_OK);
    assert_true(fc_span_eq(fc_buf_span(&out), fc_buf_span(&again)));
    fc_buf_finish(&out);
    fc_buf_finish(&again);
}

static void test_order_does_not_matter(void **state)
{
    (void)state;
    char keys[8][40];
    struct fc_op ops[8], turned[8];
    struct fc_buf out = {0}, other = {0};
    for (unsigned i = 0; i < 8; i++)
        turned[7 - i] = ops[i] = put_of(keys[i], i);
    memset(&turned[3].key_hash, 0xee, 32); /* computed anew */
    assert_int_equal(fc_ops_write(ops, 8, &out), FC_OK);
    assert_int_equal(fc_ops_write(turned, 8, &other), FC_OK);
    assert_true(fc_span_eq(fc_buf_span(&out), fc_buf_span(&other)));
    fc_buf_finish(&out);
    fc_buf_finish(&other);
}

static void test_no_ops(void **state)
{
    (void)state;
    struct fc_buf out = {0};
    struct fc_ops reader;
    struct fc_op op;
    assert_int_equal(fc_ops_write(NULL, 0, &out), FC_OK);
    assert_int_equal(out.len, 1);
    assert_int_equal(fc_ops_init(&reader, fc_buf_span(&out)), FC_OK);
    assert_false(fc_ops_next(&reader, &op));
    assert_int_equal(fc_ops_init(&reader, fc_span(NULL, 0)), FC_E_FORMAT);
    fc_buf_finish(&out);
}

static void test_writer_refuses(void **state)
{
    (void)state;
    char room[40], long_key[FC_KEY_BYTES_MAX + 1], long_type[FC_MEDIA_TYPE_BYTES_MAX + 1];
    struct fc_op good = put_of(room, 1), bad, two[2] = {good, good};
    struct fc_buf out = {0};
    memset(long_key, 'k', sizeof long_key);
    memset(long_type, 't', sizeof long_type);
    assert_int_equal(fc_ops_write(two, 2, &out), FC_E_ARG);
    assert_int_equal(out.len, 0);
#define REFUSED(change)                                                                            \
    do {                                                                                           \
        bad = good;                                                                                \
        change;                                                                                    \
        assert_int_equal(fc_ops_write(&bad, 1, &out), FC_E_ARG);                                   \
    } while (0)
    REFUSED(bad.kind = (enum fc_op_kind)0);
    REFUSED(bad.kind = (enum fc_op_kind)4);
    REFUSED(bad.status = (enum fc_status)0);
    REFUSED(bad.status = (enum fc_status)5);
    REFUSED(bad.key.len = 0);
    REFUSED(bad.key = fc_span_str("a\x01"));
    REFUSED(bad.key = fc_span(long_key, FC_KEY_BYTES_MAX + 1));
    REFUSED(bad.media_type.len = 0);
    REFUSED(bad.media_type = fc_span(long_type, FC_MEDIA_TYPE_BYTES_MAX + 1));
    REFUSED(bad.size = FC_CONTENT_BYTES_MAX + 1);
#undef REFUSED
    good.key = fc_span(long_key, FC_KEY_BYTES_MAX);
    good.media_type = fc_span(long_type, FC_MEDIA_TYPE_BYTES_MAX);
    good.size = FC_CONTENT_BYTES_MAX;
    assert_int_equal(fc_ops_write(&good, 1, &out), FC_OK);
    struct fc_ops reader;
    assert_int_equal(fc_ops_init(&reader, fc_buf_span(&out)), FC_OK);
    fc_buf_finish(&out);
}

/* What a writer without scruples might send. */
static enum fc_err read_raw(struct fc_span bytes)
{
    struct fc_ops reader;
    return fc_ops_init(&reader, bytes);
}

static void test_reader_refuses(void **state)
{
    (void)state;
    assert_int_equal(read_raw(fc_span("\x91\x92\x03\xa1k", 5)), FC_OK);
    assert_int_equal(read_raw(fc_span("\x91\x92\x01\xa1k", 5)), FC_E_FORMAT); /* a put of nothing */
    assert_int_equal(read_raw(fc_span("\x91\x92\x00\xa1k", 5)), FC_E_FORMAT);
    assert_int_equal(read_raw(fc_span("\x91\x92\x04\xa1k", 5)), FC_E_BOUND);
    assert_int_equal(read_raw(fc_span("\x91\x92\x03\xa0", 4)), FC_E_FORMAT);
    assert_int_equal(read_raw(fc_span("\x91\x92\x03\xa1\x01", 5)), FC_E_FORMAT);
    assert_int_equal(read_raw(fc_span("\x91\x93\x02\xa1k\x01", 6)), FC_OK);
    assert_int_equal(read_raw(fc_span("\x91\x93\x02\xa1k\x00", 6)), FC_E_FORMAT);
    assert_int_equal(read_raw(fc_span("\x91\x93\x02\xa1k\x05", 6)), FC_E_BOUND);
    assert_int_equal(read_raw(fc_span("\x91\x93\x03\xa1k\x01", 6)), FC_E_FORMAT);
    assert_int_equal(read_raw(fc_span("\x92\x92\x03\xa1k\x92\x03\xa1k", 9)), FC_E_FORMAT);
    /* Two deletes: one of the two orders is right. */
    enum fc_err ab = read_raw(fc_span("\x92\x92\x03\xa1"
                                      "a\x92\x03\xa1"
                                      "b",
                                      9));
    enum fc_err ba = read_raw(fc_span("\x92\x92\x03\xa1"
                                      "b\x92\x03\xa1"
                                      "a",
                                      9));
    assert_true((ab == FC_OK && ba == FC_E_FORMAT) || (ab == FC_E_FORMAT && ba == FC_OK));
}

static void test_count_bound(void **state)
{
    (void)state;
    uint32_t count = FC_OPS_MAX + 1;
    struct fc_op *ops = calloc(count, sizeof *ops);
    char(*keys)[16] = calloc(count, sizeof *keys);
    struct fc_buf out = {0}, more = {0};
    assert_non_null(ops);
    assert_non_null(keys);
    for (uint32_t i = 0; i < count; i++) {
        sprintf(keys[i], "urn:%u", i);
        ops[i] = (struct fc_op){.kind = FC_OP_DELETE, .key = fc_span_str(keys[i])};
    }
    assert_int_equal(fc_ops_write(ops, count, &out), FC_E_BOUND);
    assert_int_equal(fc_ops_write(ops, FC_OPS_MAX, &out), FC_OK);
    assert_int_equal(read_raw(fc_buf_span(&out)), FC_OK);
    fc_pack_array(&more, FC_OPS_MAX + 1);
    fc_buf_append(&more, out.data + 3, out.len - 3);
    fc_buf_append(&more, "\x92\x03\xa1z", 4);
    assert_int_equal(read_raw(fc_buf_span(&more)), FC_E_BOUND);
    fc_buf_finish(&out);
    fc_buf_finish(&more);
    free(ops);
    free(keys);
}

/* Deletes whose keys fill a delta to the last byte, then one byte more. */
static void test_size_bound(void **state)
{
    (void)state;
    enum { COUNT = FC_OPS_BYTES_MAX / (FC_KEY_BYTES_MAX + 5) + 1 };
    struct fc_op *ops = calloc(COUNT, sizeof *ops);
    char(*keys)[FC_KEY_BYTES_MAX] = calloc(COUNT, sizeof *keys);
    struct fc_buf out = {0};
    assert_non_null(ops);
    assert_non_null(keys);
    size_t left = FC_OPS_BYTES_MAX - 3;
    for (uint32_t i = 0; i < COUNT; i++) {
        memset(keys[i], 'a', sizeof keys[i]);
        sprintf(keys[i], "%05u", i);
        keys[i][5] = 'a';
        size_t len = left - 5 < FC_KEY_BYTES_MAX ? left - 5 : FC_KEY_BYTES_MAX;
        len = i == COUNT - 2 && left < 2 * (FC_KEY_BYTES_MAX + 5) - 300 ? len - 300 : len;
        ops[i] = (struct fc_op){.kind = FC_OP_DELETE, .key = fc_span(keys[i], len)};
        left -= len + (len < 32 ? 3 : len < 256 ? 4 : 5);
    }
    assert_int_equal(left, 0);
    assert_int_equal(fc_ops_write(ops, COUNT, &out), FC_OK);
    assert_int_equal(out.len, FC_OPS_BYTES_MAX);
    assert_int_equal(read_raw(fc_buf_span(&out)), FC_OK);
    fc_buf_append(&out, "x", 1);
    assert_int_equal(read_raw(fc_buf_span(&out)), FC_E_BOUND);
    fc_buf_clear(&out);
    for (uint32_t i = 0; i < COUNT; i++)
        if (ops[i].key.len < FC_KEY_BYTES_MAX) {
            ops[i].key.len++;
            break;
        }
    assert_int_equal(fc_ops_write(ops, COUNT, &out), FC_E_BOUND);
    assert_int_equal(out.len, 0);
    fc_buf_finish(&out);
    free(ops);
    free(keys);
}

struct fixture {
    struct fc_test_federation fed;
    struct fc_test_party party;
};

static void test_delta(void **state)
{
    (void)state;
    static struct fixture f;
    char room[40];
    struct fc_buf ops = {0}, head = {0}, delta = {0}, other = {0};
    struct fc_delta parsed;
    struct fc_hash root = {{1}};
    struct fc_op op = put_of(room, 3);
    fc_test_federation_init(&f.fed, "delta", 2);
    fc_test_party_init(&f.party, &f.fed, "acme");
    assert_int_equal(fc_ops_write(&op, 1, &ops), FC_OK);
    fc_test_next_head(&f.party, fc_buf_span(&ops), &root, 1, 2, &head);
    assert_int_equal(fc_delta_write(fc_buf_span(&head), fc_buf_span(&ops), &delta), FC_OK);
    assert_int_equal(fc_delta_parse(fc_buf_span(&delta), &parsed), FC_OK);
    assert_true(fc_span_eq(parsed.ops, fc_buf_span(&ops)));
    assert_true(fc_span_eq(parsed.record.bytes, fc_buf_span(&head)));
    assert_true(parsed.head.version == fc_version_make(1, 1));
    assert_true(fc_record_signed_by(&parsed.record, &f.party.feed.pub));
    assert_int_equal(fc_delta_write(parsed.record.bytes, parsed.ops, &other), FC_OK);
    assert_true(fc_span_eq(fc_buf_span(&delta), fc_buf_span(&other)));
    for (size_t len = 0; len < delta.len; len++)
        assert_int_not_equal(fc_delta_parse(fc_span(delta.data, len), &parsed), FC_OK);
    /* Other operations than the head's. */
    fc_buf_clear(&other);
    assert_int_equal(fc_delta_write(fc_buf_span(&head), fc_span("\x90", 1), &other), FC_OK);
    assert_int_equal(fc_delta_parse(fc_buf_span(&other), &parsed), FC_E_FORMAT);
    /* A record that is no head. */
    fc_buf_clear(&other);
    assert_int_equal(
        fc_delta_write(fc_buf_span(&f.party.certificate_record), fc_buf_span(&ops), &other), FC_OK);
    assert_int_equal(fc_delta_parse(fc_buf_span(&other), &parsed), FC_E_FORMAT);
    fc_buf_finish(&ops);
    fc_buf_finish(&head);
    fc_buf_finish(&delta);
    fc_buf_finish(&other);
    fc_test_party_finish(&f.party);
    fc_test_federation_finish(&f.fed);
}

static void test_delta_bounds(void **state)
{
    (void)state;
    uint8_t *large = calloc(1, FC_DELTA_BYTES_MAX + 1);
    struct fc_buf out = {0};
    struct fc_delta parsed;
    assert_int_equal(
        fc_delta_write(fc_span(large, FC_RECORD_BYTES_MAX + 1), fc_span(large, 1), &out),
        FC_E_BOUND);
    assert_int_equal(fc_delta_write(fc_span(large, 1), fc_span(large, FC_OPS_BYTES_MAX + 1), &out),
                     FC_E_BOUND);
    assert_int_equal(out.len, 0);
    assert_int_equal(
        fc_delta_write(fc_span(large, FC_RECORD_BYTES_MAX), fc_span(large, FC_OPS_BYTES_MAX), &out),
        FC_OK);
    assert_true(out.len <= FC_DELTA_BYTES_MAX);
    assert_int_equal(fc_delta_parse(fc_buf_span(&out), &parsed), FC_E_FORMAT);
    assert_int_equal(fc_delta_parse(fc_span(large, FC_DELTA_BYTES_MAX + 1), &parsed), FC_E_BOUND);
    fc_buf_finish(&out);
    free(large);
}

static void test_no_memory(void **state)
{
    (void)state;
    char room[40];
    struct fc_op op = put_of(room, 1);
    struct fc_buf full = {.failed = true};
    assert_int_equal(fc_ops_write(&op, 1, &full), FC_E_NOMEM);
    assert_int_equal(fc_delta_write(fc_span("x", 1), fc_span("\x90", 1), &full), FC_E_NOMEM);
    assert_int_equal(full.len, 0);
}

static void test_status_names(void **state)
{
    (void)state;
    assert_string_equal(fc_status_name(FC_STATUS_ACTIVE), "active");
    assert_string_equal(fc_status_name(FC_STATUS_REVOKED), "revoked");
    assert_null(fc_status_name((enum fc_status)0));
    assert_null(fc_status_name((enum fc_status)5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ops_round_trip), cmocka_unit_test(test_order_does_not_matter),
        cmocka_unit_test(test_no_ops),         cmocka_unit_test(test_writer_refuses),
        cmocka_unit_test(test_reader_refuses), cmocka_unit_test(test_count_bound),
        cmocka_unit_test(test_size_bound),     cmocka_unit_test(test_delta),
        cmocka_unit_test(test_delta_bounds),   cmocka_unit_test(test_status_names),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
