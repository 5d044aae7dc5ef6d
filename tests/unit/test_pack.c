#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <msgpack.h>

#include "store/limits.h"
#include "store/pack.h"

#define BYTES(text) fc_span(text, sizeof text - 1)

/* Whether these bytes are one canonical value. */
static enum fc_err any(struct fc_span bytes)
{
    struct fc_unpack in;
    fc_unpack_init(&in, bytes);
    struct fc_span whole = fc_unpack_any(&in);
    if (in.err == FC_OK)
        assert_true(whole.data == bytes.data);
    return fc_unpack_end(&in);
}

static void test_uint_edges(void **state)
{
    (void)state;
    static const struct {
        uint64_t value;
        size_t len;
    } rows[] = {
        {0, 1},      {0x7f, 1},    {0x80, 2},       {0xff, 2},       {0x100, 3},
        {0xffff, 3}, {0x10000, 5}, {0xffffffff, 5}, {1ull << 32, 9}, {UINT64_MAX, 9},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fc_buf out = {0};
        struct fc_unpack in;
        fc_pack_uint(&out, rows[i].value);
        assert_int_equal(out.len, rows[i].len);
        fc_unpack_init(&in, fc_buf_span(&out));
        assert_true(fc_unpack_uint(&in, rows[i].value) == rows[i].value);
        assert_int_equal(fc_unpack_end(&in), FC_OK);
        if (rows[i].value > 0) {
            fc_unpack_init(&in, fc_buf_span(&out));
            assert_true(fc_unpack_uint(&in, rows[i].value - 1) == 0);
            assert_int_equal(fc_unpack_end(&in), FC_E_BOUND);
        }
        fc_buf_finish(&out);
    }
}

/* Lengths on both sides of every form of binary and text. */
static void test_run_edges(void **state)
{
    (void)state;
    static const size_t lens[] = {0, 1, 31, 32, 255, 256, 65535, 65536};
    char *text = malloc(65536);
    memset(text, 'x', 65536);
    for (unsigned i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        struct fc_buf out = {0};
        struct fc_unpack in;
        size_t len = lens[i];
        fc_pack_str(&out, fc_span(text, len));
        size_t lead = len < 32 ? 1 : len < 256 ? 2 : len < 65536 ? 3 : 5;
        assert_int_equal(out.len, lead + len);
        fc_pack_bin(&out, fc_span(text, len));
        assert_int_equal(out.len, lead + 2 * len + (len < 256 ? 2 : len < 65536 ? 3 : 5));
        fc_unpack_init(&in, fc_buf_span(&out));
        assert_true(fc_span_eq(fc_unpack_str(&in, len), fc_span(text, len)));
        assert_true(fc_span_eq(fc_unpack_bin(&in, len), fc_span(text, len)));
        assert_int_equal(fc_unpack_end(&in), FC_OK);
        fc_unpack_init(&in, fc_buf_span(&out));
        if (len > 0) {
            fc_unpack_str(&in, len - 1);
            assert_int_equal(fc_unpack_end(&in), FC_E_BOUND);
        }
        fc_buf_finish(&out);
    }
    free(text);
}

static void test_array_edges(void **state)
{
    (void)state;
    static const uint32_t counts[] = {0, 15, 16, 65535, 65536};
    for (unsigned i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct fc_buf out = {0};
        struct fc_unpack in;
        uint32_t count = counts[i];
        fc_pack_array(&out, count);
        assert_int_equal(out.len, count < 16 ? 1 : count < 65536 ? 3 : 5);
        for (uint32_t j = 0; j < count; j++)
            fc_pack_nil(&out);
        assert_int_equal(any(fc_buf_span(&out)), FC_OK);
        fc_unpack_init(&in, fc_buf_span(&out));
        assert_int_equal(fc_unpack_array(&in, count, count), count);
        for (uint32_t j = 0; j < count; j++)
            assert_true(fc_unpack_nil(&in));
        assert_int_equal(fc_unpack_end(&in), FC_OK);
        if (count > 0)
            assert_int_equal(any(fc_span(out.data, out.len - 1)), FC_E_FORMAT);
        fc_buf_finish(&out);
    }
}

static void test_array_range(void **state)
{
    (void)state;
    struct fc_unpack in;
    fc_unpack_init(&in, BYTES("\x92\x01\x02"));
    assert_int_equal(fc_unpack_array(&in, 0, 1), 0);
    assert_int_equal(fc_unpack_end(&in), FC_E_BOUND);
    fc_unpack_init(&in, BYTES("\x92\x01\x02"));
    assert_int_equal(fc_unpack_array(&in, 3, 9), 0);
    assert_int_equal(fc_unpack_end(&in), FC_E_FORMAT);
    fc_unpack_init(&in, BYTES("\x92\x01\x02"));
    assert_int_equal(fc_unpack_array(&in, 1, 1), 0);
    assert_int_equal(fc_unpack_end(&in), FC_E_FORMAT);
}

/* Five bytes must not make anyone take gigabytes. */
static void test_huge_claims(void **state)
{
    (void)state;
    struct fc_unpack in;
    assert_int_equal(any(BYTES("\xdd\xff\xff\xff\xff")), FC_E_FORMAT);
    assert_int_equal(any(BYTES("\xc6\xff\xff\xff\xff")), FC_E_FORMAT);
    assert_int_equal(any(BYTES("\xdb\xff\xff\xff\xff")), FC_E_FORMAT);
    fc_unpack_init(&in, BYTES("\xdd\xff\xff\xff\xff"));
    assert_int_equal(fc_unpack_array(&in, 0, UINT32_MAX), 0);
    assert_int_equal(fc_unpack_end(&in), FC_E_FORMAT);
    fc_unpack_init(&in, BYTES("\xc6\xff\xff\xff\xff"));
    assert_int_equal(fc_unpack_bin(&in, SIZE_MAX).len, 0);
    assert_int_equal(fc_unpack_end(&in), FC_E_FORMAT);
}

static void test_longer_forms_refused(void **state)
{
    (void)state;
    static const struct fc_span rows[] = {
        {(const uint8_t *)"\xcc\x7f", 2},
        {(const uint8_t *)"\xcd\x00\xff", 3},
        {(const uint8_t *)"\xce\x00\x00\xff\xff", 5},
        {(const uint8_t *)"\xcf\x00\x00\x00\x00\xff\xff\xff\xff", 9},
        {(const uint8_t *)"\xd9\x01x", 3},
        {(const uint8_t *)"\xda\x00\x01x", 4},
        {(const uint8_t *)"\xdb\x00\x00\x00\x01x", 6},
        {(const uint8_t *)"\xc5\x00\x01x", 4},
        {(const uint8_t *)"\xc6\x00\x00\x00\x01x", 6},
        {(const uint8_t *)"\xdc\x00\x01\x01", 4},
        {(const uint8_t *)"\xdd\x00\x00\x00\x01\x01", 6},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(any(rows[i]), FC_E_FORMAT);
}

/* Of all 256 first bytes, ours are these. */
static void test_kinds(void **state)
{
    (void)state;
    for (unsigned tag = 0; tag < 256; tag++) {
        uint8_t bytes[16] = {(uint8_t)tag};
        struct fc_unpack in;
        fc_unpack_init(&in, fc_span(bytes, 1));
        fc_unpack_any(&in);
        bool alone = in.err == FC_OK;
        assert_true(alone == (tag < 0x80 || tag == 0x90 || tag == 0xa0 || tag == 0xc0));
        bytes[1] = 0xff; /* the least a long form may say, and more */
        memset(bytes + 2, 0xff, sizeof bytes - 2);
        fc_unpack_init(&in, fc_span(bytes, 9));
        fc_unpack_any(&in);
        bool number = in.err == FC_OK && in.pos > 1;
        assert_true(number == (tag >= 0xcc && tag <= 0xcf));
    }
}

static void test_nesting(void **state)
{
    (void)state;
    uint8_t bytes[16];
    memset(bytes, 0x91, sizeof bytes);
    bytes[FC_NESTING_MAX] = 0x01;
    assert_int_equal(any(fc_span(bytes, FC_NESTING_MAX + 1)), FC_OK);
    bytes[FC_NESTING_MAX] = 0x90;
    assert_int_equal(any(fc_span(bytes, FC_NESTING_MAX + 1)), FC_E_FORMAT);
    bytes[FC_NESTING_MAX - 1] = 0x90;
    assert_int_equal(any(fc_span(bytes, FC_NESTING_MAX)), FC_OK);
    /* Wide, and up and down again: [[1, 2], [], [[nil]], 3] */
    assert_int_equal(any(BYTES("\x94\x92\x01\x02\x90\x91\x91\xc0\x03")), FC_OK);
    assert_int_equal(any(BYTES("\x94\x92\x01\x02\x90\x91\x91\xc0\x03\x04")), FC_E_FORMAT);
    assert_int_equal(any(BYTES("\x94\x92\x01\x02\x90\x91\x91\xc0")), FC_E_FORMAT);
}

static void test_utf8(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t len;
        bool valid;
    } rows[] = {
        {"\x7f", 1, true},
        {"\xc2\x80", 2, true},
        {"\xdf\xbf", 2, true},
        {"\xe0\xa0\x80", 3, true},
        {"\xed\x9f\xbf", 3, true},
        {"\xee\x80\x80", 3, true},
        {"\xef\xbf\xbf", 3, true},
        {"\xf0\x90\x80\x80", 4, true},
        {"\xf4\x8f\xbf\xbf", 4, true},
        {"\0", 1, false},
        {"\x80", 1, false},
        {"\xc1\xbf", 2, false},
        {"\xc2", 1, false},
        {"\xc2\x7f", 2, false},
        {"\xe0\x9f\xbf", 3, false},
        {"\xed\xa0\x80", 3, false},
        {"\xed\xbf\xbf", 3, false},
        {"\xe2\x82", 2, false},
        {"\xe2\x82\xc0", 3, false},
        {"\xf0\x8f\xbf\xbf", 4, false},
        {"\xf4\x90\x80\x80", 4, false},
        {"\xf5\x80\x80\x80", 4, false},
        {"\xf0\x90\x80", 3, false},
        {"\xff", 1, false},
        {"a\0b", 3, false},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fc_span text = fc_span(rows[i].text, rows[i].len);
        struct fc_buf out = {0};
        struct fc_unpack in;
        fc_pack_str(&out, text);
        fc_unpack_init(&in, fc_buf_span(&out));
        assert_true(fc_unpack_str(&in, 16).len == (rows[i].valid ? text.len : 0));
        assert_int_equal(fc_unpack_end(&in), rows[i].valid ? FC_OK : FC_E_FORMAT);
        assert_int_equal(any(fc_buf_span(&out)), rows[i].valid ? FC_OK : FC_E_FORMAT);
        assert_true(fc_utf8_valid(text) == rows[i].valid);
        fc_buf_finish(&out);
    }
}

/* A bad byte is found wherever it stands in a run of plain ones, the last byte included. */
static void test_utf8_places(void **state)
{
    (void)state;
    for (size_t len = 1; len <= 20; len++) {
        for (size_t at = 0; at < len; at++) {
            uint8_t text[20];
            memset(text, 'a', sizeof text);
            for (unsigned byte = 0; byte < 256; byte++) {
                text[at] = (uint8_t)byte;
                assert_true(fc_utf8_valid(fc_span(text, len)) == (byte >= 0x01 && byte <= 0x7f));
            }
        }
    }
}

static void test_fault_sticks(void **state)
{
    (void)state;
    struct fc_unpack in;
    uint8_t fixed[2] = {9, 9};
    fc_unpack_init(&in, BYTES("\xa1x\x05\x90\xc0\xc4\x01y"));
    assert_int_equal(fc_unpack_uint(&in, 9), 0); /* text, not a number */
    assert_int_equal(fc_unpack_uint(&in, 9), 0);
    assert_int_equal(fc_unpack_array(&in, 0, 9), 0);
    assert_false(fc_unpack_nil(&in));
    assert_int_equal(fc_unpack_bin(&in, 9).len, 0);
    assert_int_equal(fc_unpack_str(&in, 9).len, 0);
    assert_int_equal(fc_unpack_any(&in).len, 0);
    fc_unpack_fixed(&in, fixed, 2);
    assert_int_equal(fixed[0] + fixed[1], 0);
    fc_unpack_fail(&in, FC_E_BOUND);
    assert_int_equal(fc_unpack_end(&in), FC_E_FORMAT);
}

static void test_fixed(void **state)
{
    (void)state;
    struct fc_unpack in;
    uint8_t out[2];
    fc_unpack_init(&in, BYTES("\xc4\x02hi"));
    fc_unpack_fixed(&in, out, 2);
    assert_memory_equal(out, "hi", 2);
    assert_int_equal(fc_unpack_end(&in), FC_OK);
    fc_unpack_init(&in, BYTES("\xc4\x01h"));
    fc_unpack_fixed(&in, out, 2);
    assert_int_equal(fc_unpack_end(&in), FC_E_FORMAT);
    fc_unpack_init(&in, BYTES("\xc4\x03hih"));
    fc_unpack_fixed(&in, out, 2);
    assert_int_not_equal(fc_unpack_end(&in), FC_OK);
}

static void test_end(void **state)
{
    (void)state;
    struct fc_unpack in;
    fc_unpack_init(&in, fc_span(NULL, 0));
    assert_int_equal(fc_unpack_end(&in), FC_OK);
    assert_false(fc_unpack_nil(&in));
    assert_int_equal(fc_unpack_uint(&in, 1), 0);
    assert_int_equal(fc_unpack_end(&in), FC_E_FORMAT);
    fc_unpack_init(&in, BYTES("\x01\x01"));
    assert_int_equal(fc_unpack_uint(&in, 1), 1);
    assert_int_equal(fc_unpack_end(&in), FC_E_FORMAT);
}

/* Writes what it reads: the other half of "nothing that is not canonical is accepted". */
static void rewrite(struct fc_unpack *in, struct fc_buf *out)
{
    uint8_t tag = in->data[in->pos];
    if (fc_unpack_nil(in)) {
        fc_pack_nil(out);
    } else if (tag < 0x80 || (tag >= 0xcc && tag <= 0xcf)) {
        fc_pack_uint(out, fc_unpack_uint(in, UINT64_MAX));
    } else if (tag >= 0xc4 && tag <= 0xc6) {
        fc_pack_bin(out, fc_unpack_bin(in, SIZE_MAX));
    } else if ((tag & 0xe0) == 0xa0 || (tag >= 0xd9 && tag <= 0xdb)) {
        fc_pack_str(out, fc_unpack_str(in, SIZE_MAX));
    } else {
        uint32_t count = fc_unpack_array(in, 0, UINT32_MAX);
        fc_pack_array(out, count);
        for (uint32_t i = 0; i < count; i++)
            rewrite(in, out);
    }
}

/* Random bytes with a taste for tags. What passes is written back alike, and msgpack-c, which
 * takes far more, takes it too. */
static void test_random_bytes(void **state)
{
    (void)state;
    static const uint8_t tags[] = {0x90, 0x91, 0x92, 0x93, 0xa0, 0xa1, 0xc0, 0xc4,
                                   0xcc, 0xcd, 0xd9, 0xdc, 0x80, 0xca, 0xc2, 0xe0};
    uint64_t seed = 7;
    unsigned taken = 0;
    for (int i = 0; i < 100000; i++) {
        uint8_t bytes[24];
        for (unsigned j = 0; j < sizeof bytes; j++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            uint32_t drawn = (uint32_t)(seed >> 33);
            bytes[j] = drawn & 0x100 ? tags[drawn % sizeof tags] : (uint8_t)(drawn % 4);
        }
        struct fc_unpack in;
        struct fc_buf out = {0};
        fc_unpack_init(&in, fc_span(bytes, sizeof bytes));
        struct fc_span whole = fc_unpack_any(&in);
        if (in.err == FC_OK) {
            taken++;
            fc_unpack_init(&in, whole);
            rewrite(&in, &out);
            assert_int_equal(fc_unpack_end(&in), FC_OK);
            assert_true(fc_span_eq(whole, fc_buf_span(&out)));
            msgpack_unpacked result;
            msgpack_unpacked_init(&result);
            size_t used = 0;
            assert_int_equal(
                msgpack_unpack_next(&result, (const char *)whole.data, whole.len, &used),
                MSGPACK_UNPACK_SUCCESS);
            assert_int_equal(used, whole.len);
            msgpack_unpacked_destroy(&result);
        }
        fc_buf_finish(&out);
    }
    assert_true(taken > 1000);
}

static void test_failed_buffer(void **state)
{
    (void)state;
    struct fc_buf out = {.failed = true};
    fc_pack_array(&out, 3);
    fc_pack_uint(&out, 1);
    fc_pack_bin(&out, BYTES("x"));
    fc_pack_str(&out, BYTES("x"));
    fc_pack_nil(&out);
    assert_int_equal(out.len, 0);
    assert_int_equal(fc_buf_check(&out), FC_E_NOMEM);
    fc_buf_finish(&out);
    fc_pack_bin(&out, fc_span("", (size_t)UINT32_MAX + 1));
    assert_true(out.failed);
    fc_buf_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uint_edges),    cmocka_unit_test(test_run_edges),
        cmocka_unit_test(test_array_edges),   cmocka_unit_test(test_array_range),
        cmocka_unit_test(test_huge_claims),   cmocka_unit_test(test_longer_forms_refused),
        cmocka_unit_test(test_kinds),         cmocka_unit_test(test_nesting),
        cmocka_unit_test(test_utf8),          cmocka_unit_test(test_utf8_places),
        cmocka_unit_test(test_fault_sticks),  cmocka_unit_test(test_fixed),
        cmocka_unit_test(test_end),           cmocka_unit_test(test_random_bytes),
        cmocka_unit_test(test_failed_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
