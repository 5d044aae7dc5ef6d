#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>
#include <msgpack.h>

#include "tests/support/golden.h"
#include "tests/support/messages.h"

static const enum fc_wire_kind last_kind = FC_WIRE_SKETCH;

static enum fc_err decode(const struct fc_buf *bytes)
{
    struct fc_wire message;
    return fc_wire_decode(fc_buf_span(bytes), &message);
}

static void every_kind_comes_back(void **state)
{
    (void)state;
    for (int kind = FC_WIRE_HELLO; kind <= (int)last_kind; kind++) {
        if (!fc_wire_kind_name((enum fc_wire_kind)kind))
            continue;
        struct fc_buf bytes = {0};
        struct fc_wire message;
        fc_test_message((enum fc_wire_kind)kind, &bytes);
        assert_int_equal(fc_wire_decode(fc_buf_span(&bytes), &message), FC_OK);
        assert_int_equal(message.kind, kind);
        assert_true(fc_test_rewrite_message(fc_buf_span(&bytes)));
        assert_non_null(fc_wire_kind_name((enum fc_wire_kind)kind));
        fc_buf_finish(&bytes);
    }
    assert_null(fc_wire_kind_name((enum fc_wire_kind)0));
    assert_null(fc_wire_kind_name((enum fc_wire_kind)(FC_WIRE_SKETCH + 1)));
}

static void nothing_shorter_or_longer_passes(void **state)
{
    (void)state;
    for (int kind = FC_WIRE_HELLO; kind <= (int)last_kind; kind++) {
        if (!fc_wire_kind_name((enum fc_wire_kind)kind))
            continue;
        struct fc_buf bytes = {0};
        struct fc_wire message;
        fc_test_message((enum fc_wire_kind)kind, &bytes);
        for (size_t len = 0; len < bytes.len; len++)
            assert_int_not_equal(fc_wire_decode(fc_span(bytes.data, len), &message), FC_OK);
        fc_buf_append(&bytes, "", 1);
        assert_int_equal(decode(&bytes), FC_E_FORMAT);
        fc_buf_finish(&bytes);
    }
}

/* Whatever one byte is changed to: refused, or still its own canonical form. */
static void changed_bytes_stay_canonical(void **state)
{
    (void)state;
    for (int kind = FC_WIRE_HELLO; kind <= (int)last_kind; kind++) {
        if (!fc_wire_kind_name((enum fc_wire_kind)kind))
            continue;
        struct fc_buf bytes = {0};
        fc_test_message((enum fc_wire_kind)kind, &bytes);
        for (size_t at = 0; at < bytes.len; at++) {
            uint8_t kept = bytes.data[at];
            for (int bit = 0; bit < 8; bit++) {
                bytes.data[at] = (uint8_t)(kept ^ 1 << bit);
                fc_test_rewrite_message(fc_buf_span(&bytes));
            }
            bytes.data[at] = kept;
        }
        fc_buf_finish(&bytes);
    }
}

static void kinds_and_field_counts_are_exact(void **state)
{
    (void)state;
    struct fc_buf bytes = {0};
    fc_pack_array(&bytes, 2);
    fc_pack_uint(&bytes, 0);
    fc_pack_uint(&bytes, 1);
    assert_int_equal(decode(&bytes), FC_E_FORMAT);
    fc_buf_clear(&bytes);
    fc_pack_array(&bytes, 2);
    fc_pack_uint(&bytes, FC_WIRE_SKETCH + 1);
    fc_pack_bin(&bytes, fc_span_str("x"));
    assert_int_not_equal(decode(&bytes), FC_OK);
    fc_buf_clear(&bytes);
    fc_pack_array(&bytes, 4);
    fc_pack_uint(&bytes, FC_WIRE_MORE);
    for (int i = 0; i < 3; i++)
        fc_pack_uint(&bytes, 1);
    assert_int_equal(decode(&bytes), FC_E_FORMAT);
    fc_buf_finish(&bytes);
}

static enum fc_err with_goodbye(size_t len)
{
    struct fc_buf bytes = {0}, text = {0};
    memset(fc_buf_extend(&text, len), 'x', len);
    struct fc_wire message = {.kind = FC_WIRE_GOODBYE, .goodbye = {1, fc_buf_span(&text)}};
    assert_int_equal(fc_wire_encode(&message, &bytes), FC_OK);
    enum fc_err err = decode(&bytes);
    fc_buf_finish(&bytes);
    fc_buf_finish(&text);
    return err;
}

static void bounds_hold_at_their_edge(void **state)
{
    (void)state;
    struct fc_buf bytes = {0};
    assert_int_equal(with_goodbye(FC_TEXT_BYTES_MAX), FC_OK);
    assert_int_not_equal(with_goodbye(FC_TEXT_BYTES_MAX + 1), FC_OK);
    for (uint64_t credit = FC_CREDIT_MAX; credit <= FC_CREDIT_MAX + 1; credit++) {
        struct fc_wire more = {.kind = FC_WIRE_MORE, .more = {1, credit}};
        fc_buf_clear(&bytes);
        assert_int_equal(fc_wire_encode(&more, &bytes), FC_OK);
        assert_int_equal(decode(&bytes) == FC_OK, credit == FC_CREDIT_MAX);
    }
    for (uint32_t count = FC_PREFIXES_MAX; count <= FC_PREFIXES_MAX + 1; count++) {
        struct fc_buf items = {0};
        struct fc_prefix root = {0};
        for (uint32_t i = 0; i < count; i++)
            fc_wire_put_prefix(&items, &root);
        struct fc_wire walk = {.kind = FC_WIRE_WALK,
                               .walk = {1, {{0}}, {count, fc_buf_span(&items)}}};
        fc_buf_clear(&bytes);
        assert_int_equal(fc_wire_encode(&walk, &bytes), FC_OK);
        assert_int_equal(decode(&bytes) == FC_OK, count == FC_PREFIXES_MAX);
        fc_buf_finish(&items);
    }
    fc_buf_finish(&bytes);
}

static void a_frame_is_bounded(void **state)
{
    (void)state;
    struct fc_buf bytes = {0}, large = {0};
    memset(fc_buf_extend(&large, FC_FRAME_BYTES_MAX), 0, FC_FRAME_BYTES_MAX);
    struct fc_wire message = {.kind = FC_WIRE_VIEW, .opaque = {fc_buf_span(&large)}};
    assert_int_equal(fc_wire_encode(&message, &bytes), FC_E_BOUND);
    fc_buf_append(&large, "", 1);
    assert_int_equal(decode(&large), FC_E_BOUND);
    fc_buf_finish(&bytes);
    fc_buf_finish(&large);
}

static enum fc_err prefix_err(unsigned depth, const uint8_t *bits, size_t len)
{
    struct fc_buf bytes = {0};
    struct fc_unpack in;
    struct fc_prefix prefix;
    fc_pack_array(&bytes, 2);
    fc_pack_uint(&bytes, depth);
    fc_pack_bin(&bytes, fc_span(bits, len));
    fc_unpack_init(&in, fc_buf_span(&bytes));
    fc_wire_get_prefix(&in, &prefix);
    enum fc_err err = fc_unpack_end(&in);
    fc_buf_finish(&bytes);
    return err;
}

/* A prefix has one encoding: as many nibbles as it is deep, and nothing after them. */
static void prefixes_have_one_form(void **state)
{
    (void)state;
    const uint8_t bits[33] = {0xab, 0xc0};
    assert_int_equal(prefix_err(0, bits, 0), FC_OK);
    assert_int_equal(prefix_err(3, bits, 2), FC_OK);
    assert_int_equal(prefix_err(1, bits, 1), FC_E_FORMAT);
    assert_int_equal(prefix_err(2, bits, 2), FC_E_FORMAT);
    assert_int_equal(prefix_err(0, bits, 1), FC_E_FORMAT);
    assert_int_equal(prefix_err(FC_TREE_DEPTH_MAX, bits, 32), FC_OK);
    assert_int_not_equal(prefix_err(FC_TREE_DEPTH_MAX + 1, bits, 33), FC_OK);
}

static void impossible_numbers_are_refused(void **state)
{
    (void)state;
    struct fc_buf bytes = {0};
    struct fc_wire ping = {.kind = FC_WIRE_PING, .ping = {1, {1, 5, 4}}};
    assert_int_equal(fc_wire_encode(&ping, &bytes), FC_OK);
    assert_int_equal(decode(&bytes), FC_E_FORMAT);
    fc_buf_clear(&bytes);
    struct fc_wire page = {.kind = FC_WIRE_PAGE, .page = {1, 6, 5, {0}}};
    assert_int_equal(fc_wire_encode(&page, &bytes), FC_OK);
    assert_int_equal(decode(&bytes), FC_E_FORMAT);
    fc_buf_clear(&bytes);
    struct fc_wire hello = {.kind = FC_WIRE_HELLO, .hello = {.version_min = 2, .version_max = 1}};
    assert_int_equal(fc_wire_encode(&hello, &bytes), FC_OK);
    assert_int_equal(decode(&bytes), FC_E_FORMAT);
    fc_buf_finish(&bytes);
}

/* A count that its bytes cannot hold takes no memory and no time. */
static void large_counts_cost_nothing(void **state)
{
    (void)state;
    const uint8_t bytes[] = {0x92, FC_WIRE_FETCH, 0xdd, 0xff, 0xff, 0xff, 0xff};
    struct fc_wire message;
    assert_int_not_equal(fc_wire_decode(fc_span(bytes, sizeof bytes), &message), FC_OK);
}

static json_t *hex(const void *bytes, size_t len)
{
    char *text = malloc(2 * len + 1);
    assert_non_null(text);
    fc_hex(bytes, len, text);
    json_t *value = json_string(text);
    free(text);
    return value;
}

/* As msgpack-c's own unpacker sees it. */
static json_t *render(const msgpack_object *object)
{
    json_t *list;
    if (object->type == MSGPACK_OBJECT_POSITIVE_INTEGER)
        return json_integer((json_int_t)object->via.u64);
    if (object->type == MSGPACK_OBJECT_STR)
        return json_stringn(object->via.str.ptr, object->via.str.size);
    if (object->type == MSGPACK_OBJECT_BIN)
        return json_pack("{s:o}", "bin", hex(object->via.bin.ptr, object->via.bin.size));
    if (object->type == MSGPACK_OBJECT_NIL)
        return json_null();
    assert_int_equal(object->type, MSGPACK_OBJECT_ARRAY);
    list = json_array();
    for (uint32_t i = 0; i < object->via.array.size; i++)
        json_array_append_new(list, render(&object->via.array.ptr[i]));
    return list;
}

static json_t *vector_of(enum fc_wire_kind kind)
{
    struct fc_buf bytes = {0};
    msgpack_unpacked unpacked;
    size_t end = 0;
    fc_test_message(kind, &bytes);
    msgpack_unpacked_init(&unpacked);
    assert_int_equal(msgpack_unpack_next(&unpacked, (const char *)bytes.data, bytes.len, &end),
                     MSGPACK_UNPACK_SUCCESS);
    assert_int_equal(end, bytes.len);
    json_t *vector = json_pack("{s:s,s:o,s:o}", "message", fc_wire_kind_name(kind), "value",
                               render(&unpacked.data), "bytes", hex(bytes.data, bytes.len));
    assert_non_null(vector);
    msgpack_unpacked_destroy(&unpacked);
    fc_buf_finish(&bytes);
    return vector;
}

/* tests/vectors/messages.json; FEDCAT_GOLDEN_WRITE=1 writes it anew. */
static void messages_are_frozen(void **state)
{
    (void)state;
    json_t *now = json_array();
    for (int kind = FC_WIRE_HELLO; kind <= (int)last_kind; kind++)
        if (fc_wire_kind_name((enum fc_wire_kind)kind))
            json_array_append_new(now, vector_of((enum fc_wire_kind)kind));
    assert_true(fc_golden_json("tests/vectors/messages.json", now));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_comes_back),
        cmocka_unit_test(nothing_shorter_or_longer_passes),
        cmocka_unit_test(changed_bytes_stay_canonical),
        cmocka_unit_test(kinds_and_field_counts_are_exact),
        cmocka_unit_test(bounds_hold_at_their_edge),
        cmocka_unit_test(a_frame_is_bounded),
        cmocka_unit_test(prefixes_have_one_form),
        cmocka_unit_test(impossible_numbers_are_refused),
        cmocka_unit_test(large_counts_cost_nothing),
        cmocka_unit_test(messages_are_frozen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
