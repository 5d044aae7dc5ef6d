#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/spread_message.h"

static const struct fc_spread_item items[] = {
    {0x0102030405060708, 0},
    {0xffffffffffffffff, (fc_version)1 << 48 | 7},
    {1, UINT64_MAX},
};

static void put_items(struct fc_buf *out, struct fc_spread_list *list)
{
    for (size_t i = 0; i < 3; i++)
        fc_spread_put_item(out, &items[i]);
    *list = (struct fc_spread_list){3, fc_buf_span(out)};
}

static void an_announcement_comes_back(void **state)
{
    (void)state;
    struct fc_buf list_bytes = {0}, bytes = {0};
    struct fc_spread_list list;
    struct fc_unpack at;
    for (uint32_t i = 0; i < 3; i++)
        fc_spread_put_news(&list_bytes,
                           &(struct fc_spread_news){items[i], i * 100, FC_SPREAD_FAR_UNKNOWN - i});
    fc_spread_encode_news(&(struct fc_spread_list){3, fc_buf_span(&list_bytes)}, &bytes);
    assert_int_equal(fc_spread_decode_news(fc_buf_span(&bytes), &list), FC_OK);
    assert_int_equal(list.count, 3);
    fc_unpack_init(&at, list.bytes);
    for (uint32_t i = 0; i < 3; i++) {
        struct fc_spread_news news;
        fc_spread_get_news(&at, &news);
        assert_true(news.item.id == items[i].id && news.item.version == items[i].version);
        assert_int_equal(news.hops, i * 100);
        assert_int_equal(news.far, FC_SPREAD_FAR_UNKNOWN - i);
    }
    for (size_t len = 0; len < bytes.len; len++)
        assert_int_not_equal(fc_spread_decode_news(fc_span(bytes.data, len), &list), FC_OK);
    fc_buf_finish(&list_bytes);
    fc_buf_finish(&bytes);
}

/* One announced item must stay small: some hundred bytes a second are all there is for them. */
static void an_announced_head_is_small(void **state)
{
    (void)state;
    struct fc_buf one = {0};
    fc_spread_put_news(&one, &(struct fc_spread_news){items[1], 9, 450});
    assert_in_range(one.len, 1, 18);
    fc_buf_finish(&one);
}

static void check(const struct fc_spread_message *message)
{
    struct fc_buf bytes = {0}, again = {0};
    struct fc_spread_message got;
    fc_spread_encode(message, &bytes);
    assert_int_equal(fc_spread_decode(fc_buf_span(&bytes), &got), FC_OK);
    assert_int_equal(got.kind, message->kind);
    assert_int_equal(got.rest, message->rest);
    assert_int_equal(got.groups.count, message->groups.count);
    assert_int_equal(got.items.count, message->items.count);
    fc_spread_encode(&got, &again);
    assert_true(fc_span_eq(fc_buf_span(&bytes), fc_buf_span(&again)));
    for (size_t len = 0; len < bytes.len; len++)
        assert_int_not_equal(fc_spread_decode(fc_span(bytes.data, len), &got), FC_OK);
    fc_buf_finish(&bytes);
    fc_buf_finish(&again);
}

static void messages_come_back(void **state)
{
    (void)state;
    struct fc_buf group_bytes = {0}, item_bytes = {0}, far = {0};
    struct fc_spread_list list;
    uint16_t distance;
    fc_spread_put_group(&group_bytes, 1);
    fc_spread_put_group(&group_bytes, UINT32_MAX);
    put_items(&item_bytes, &list);
    fc_spread_put_far(&far, 0x01020304, 0);
    fc_spread_put_far(&far, UINT32_MAX, 0x1234);
    struct fc_spread_list groups = {2, fc_buf_span(&group_bytes)};
    check(&(struct fc_spread_message){.kind = FC_SPREAD_GRAFT, .groups = groups, .items = list});
    check(&(struct fc_spread_message){.kind = FC_SPREAD_GRAFT, .rest = true});
    check(&(struct fc_spread_message){.kind = FC_SPREAD_PRUNE, .groups = groups});
    check(&(struct fc_spread_message){.kind = FC_SPREAD_WANT, .items = list});
    check(&(struct fc_spread_message){.kind = FC_SPREAD_FAR, .distances = fc_buf_span(&far)});
    assert_int_equal(fc_spread_get_far(fc_buf_span(&far), 1, &distance), UINT32_MAX);
    assert_int_equal(distance, 0x1234);
    fc_buf_finish(&group_bytes);
    fc_buf_finish(&item_bytes);
    fc_buf_finish(&far);
}

static void refused(const char *bytes, size_t len, enum fc_err why)
{
    struct fc_spread_message message;
    assert_int_equal(fc_spread_decode(fc_span((const uint8_t *)bytes, len), &message), why);
}

static void what_is_none_is_refused(void **state)
{
    (void)state;
    struct fc_buf many = {0};
    struct fc_spread_message message;
    refused("", 0, FC_E_FORMAT);
    refused("\x92\x00\x90", 3, FC_E_FORMAT);               /* no such kind */
    refused("\x92\x05\x90", 3, FC_E_BOUND);                /* nor this */
    refused("\x92\x01\x90", 3, FC_E_FORMAT);               /* a graft has three fields */
    refused("\x94\x01\x02\x90\x90", 5, FC_E_BOUND);        /* rest is 0 or 1 */
    refused("\x92\x04\xc4\x05\1\2\3\4\5", 9, FC_E_FORMAT); /* half a distance */
    refused("\x92\x02\x90\x00", 4, FC_E_FORMAT);           /* more after the end */
    fc_pack_array(&many, 2);
    fc_pack_uint(&many, FC_SPREAD_PRUNE);
    fc_pack_array(&many, FC_SPREAD_GROUPS_MAX + 1);
    for (uint32_t i = 0; i <= FC_SPREAD_GROUPS_MAX; i++)
        fc_pack_uint(&many, i);
    assert_int_equal(fc_spread_decode(fc_buf_span(&many), &message), FC_E_BOUND);
    fc_buf_finish(&many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_announcement_comes_back),
        cmocka_unit_test(an_announced_head_is_small),
        cmocka_unit_test(messages_come_back),
        cmocka_unit_test(what_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
