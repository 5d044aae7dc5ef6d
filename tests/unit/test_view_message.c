#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/view_message.h"

static void round_trip(const struct fc_view_message *message)
{
    struct fc_view_message back;
    struct fc_buf bytes = {0}, again = {0};
    fc_view_encode(message, &bytes);
    assert_int_equal(fc_view_decode(fc_buf_span(&bytes), &back), FC_OK);
    fc_view_encode(&back, &again);
    assert_true(fc_span_eq(fc_buf_span(&bytes), fc_buf_span(&again)));
    assert_int_equal(back.kind, message->kind);
    for (size_t len = 0; len < bytes.len; len++)
        assert_int_not_equal(fc_view_decode(fc_span(bytes.data, len), &back), FC_OK);
    fc_buf_append(&bytes, "", 1);
    assert_int_equal(fc_view_decode(fc_buf_span(&bytes), &back), FC_E_FORMAT);
    fc_buf_finish(&bytes);
    fc_buf_finish(&again);
}

static void every_kind_comes_back(void **state)
{
    (void)state;
    for (int kind = FC_VIEW_NEIGHBOR; kind <= FC_VIEW_SHUFFLE_REPLY; kind++) {
        struct fc_view_message message = {.kind = (enum fc_view_kind)kind,
                                          .priority = FC_VIEW_SWAP,
                                          .accepted = true,
                                          .walk = FC_VIEW_WALK_MAX,
                                          .count = FC_VIEW_KEYS_MAX};
        memset(&message.node, kind, sizeof message.node);
        round_trip(&message);
        message.walk = message.count = 0;
        round_trip(&message);
    }
}

static enum fc_err decode(const char *bytes, size_t len)
{
    struct fc_view_message message;
    return fc_view_decode(fc_span(bytes, len), &message);
}

static void bounds_hold(void **state)
{
    (void)state;
    assert_int_equal(decode("\x92\x01\x02", 3), FC_OK);
    assert_int_equal(decode("\x92\x01\x03", 3), FC_E_BOUND); /* no such priority */
    assert_int_equal(decode("\x92\x02\x01", 3), FC_OK);
    assert_int_equal(decode("\x92\x02\x02", 3), FC_E_BOUND);
    assert_int_equal(decode("\x91\x00", 2), FC_E_FORMAT); /* no such kind */
    assert_int_equal(decode("\x91\x08", 2), FC_E_BOUND);
    assert_int_equal(decode("\x91\x01", 2), FC_E_FORMAT); /* a field is missing */
    assert_int_equal(decode("\x92\x03\x00", 3), FC_E_FORMAT);
}

static struct fc_buf lists(uint32_t walk, uint32_t count)
{
    static const uint8_t key[32] = {1};
    struct fc_buf bytes = {0};
    fc_pack_array(&bytes, 4);
    fc_pack_uint(&bytes, FC_VIEW_SHUFFLE);
    fc_pack_bin(&bytes, fc_span(key, sizeof key));
    fc_pack_uint(&bytes, walk);
    fc_pack_array(&bytes, count);
    for (uint32_t i = 0; i < count; i++)
        fc_pack_bin(&bytes, fc_span(key, sizeof key));
    return bytes;
}

static void lists_have_a_bound(void **state)
{
    (void)state;
    struct fc_view_message message;
    struct fc_buf fits = lists(FC_VIEW_WALK_MAX, FC_VIEW_KEYS_MAX);
    struct fc_buf far = lists(FC_VIEW_WALK_MAX + 1, 1), many = lists(1, FC_VIEW_KEYS_MAX + 1);
    assert_int_equal(fc_view_decode(fc_buf_span(&fits), &message), FC_OK);
    assert_int_equal(message.count, FC_VIEW_KEYS_MAX);
    assert_int_equal(fc_view_decode(fc_buf_span(&far), &message), FC_E_BOUND);
    assert_int_equal(fc_view_decode(fc_buf_span(&many), &message), FC_E_BOUND);
    fc_buf_finish(&fits);
    fc_buf_finish(&far);
    fc_buf_finish(&many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_comes_back),
        cmocka_unit_test(bounds_hold),
        cmocka_unit_test(lists_have_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
