#include "net/spread_message.h"

#define SEQ_MAX 0xffffffffffffu

static void get_version(struct fc_unpack *at, fc_version *version)
{
    uint16_t incarnation = (uint16_t)fc_unpack_uint(at, UINT16_MAX);
    *version = fc_version_make(incarnation, fc_unpack_uint(at, SEQ_MAX));
}

static void put_version(struct fc_buf *out, fc_version version)
{
    fc_pack_uint(out, fc_version_incarnation(version));
    fc_pack_uint(out, fc_version_seq(version));
}

void fc_spread_put_news(struct fc_buf *out, const struct fc_spread_news *news)
{
    fc_pack_array(out, 5);
    fc_pack_uint(out, news->item.id);
    put_version(out, news->item.version);
    fc_pack_uint(out, news->hops);
    fc_pack_uint(out, news->far);
}

void fc_spread_get_news(struct fc_unpack *at, struct fc_spread_news *news)
{
    fc_unpack_array(at, 5, 5);
    news->item.id = fc_unpack_uint(at, UINT64_MAX);
    get_version(at, &news->item.version);
    news->hops = (uint32_t)fc_unpack_uint(at, FC_SPREAD_HOPS);
    news->far = (uint32_t)fc_unpack_uint(at, FC_SPREAD_FAR_UNKNOWN);
}

void fc_spread_put_item(struct fc_buf *out, const struct fc_spread_item *item)
{
    fc_pack_array(out, 3);
    fc_pack_uint(out, item->id);
    put_version(out, item->version);
}

void fc_spread_get_item(struct fc_unpack *at, struct fc_spread_item *item)
{
    fc_unpack_array(at, 3, 3);
    item->id = fc_unpack_uint(at, UINT64_MAX);
    get_version(at, &item->version);
}

static void check_item(struct fc_unpack *at)
{
    struct fc_spread_item item;
    fc_spread_get_item(at, &item);
}

static void check_news(struct fc_unpack *at)
{
    struct fc_spread_news news;
    fc_spread_get_news(at, &news);
}

static void check_group(struct fc_unpack *at)
{
    fc_spread_get_group(at);
}

static void get_list(struct fc_unpack *at, uint32_t max, void (*check)(struct fc_unpack *at),
                     struct fc_spread_list *list)
{
    *list = (struct fc_spread_list){.count = fc_unpack_array(at, 0, max)};
    size_t start = at->pos;
    for (uint32_t i = 0; i < list->count && at->err == FC_OK; i++)
        check(at);
    if (at->err == FC_OK)
        list->bytes = fc_span(at->data + start, at->pos - start);
    else
        list->count = 0;
}

static void put_list(struct fc_buf *out, const struct fc_spread_list *list)
{
    fc_pack_array(out, list->count);
    fc_buf_append(out, list->bytes.data, list->bytes.len);
}

static const uint32_t lengths[] = {
    [FC_SPREAD_GRAFT] = 4, [FC_SPREAD_PRUNE] = 2, [FC_SPREAD_WANT] = 2, [FC_SPREAD_FAR] = 2};

enum fc_err fc_spread_decode(struct fc_span bytes, struct fc_spread_message *out)
{
    struct fc_unpack in;
    *out = (struct fc_spread_message){.kind = FC_SPREAD_PRUNE};
    fc_unpack_init(&in, bytes);
    uint32_t count = fc_unpack_array(&in, 2, 4);
    uint64_t kind = fc_unpack_uint(&in, FC_SPREAD_FAR);
    if (in.err == FC_OK && (kind < FC_SPREAD_GRAFT || lengths[kind] != count))
        fc_unpack_fail(&in, FC_E_FORMAT);
    if (in.err != FC_OK)
        return in.err;
    out->kind = (enum fc_spread_kind)kind;
    if (kind == FC_SPREAD_GRAFT)
        out->rest = fc_unpack_uint(&in, 1) != 0;
    if (kind == FC_SPREAD_GRAFT || kind == FC_SPREAD_PRUNE)
        get_list(&in, FC_SPREAD_GROUPS_MAX, check_group, &out->groups);
    if (kind == FC_SPREAD_GRAFT || kind == FC_SPREAD_WANT)
        get_list(&in, FC_SPREAD_ITEMS_MAX, check_item, &out->items);
    if (kind == FC_SPREAD_FAR)
        out->distances = fc_unpack_bin(&in, FC_SPREAD_GROUPS_MAX * FC_SPREAD_FAR_BYTES);
    if (out->distances.len % FC_SPREAD_FAR_BYTES != 0)
        fc_unpack_fail(&in, FC_E_FORMAT);
    return fc_unpack_end(&in);
}

void fc_spread_encode(const struct fc_spread_message *message, struct fc_buf *out)
{
    fc_pack_array(out, lengths[message->kind]);
    fc_pack_uint(out, message->kind);
    if (message->kind == FC_SPREAD_GRAFT)
        fc_pack_uint(out, message->rest);
    if (message->kind == FC_SPREAD_GRAFT || message->kind == FC_SPREAD_PRUNE)
        put_list(out, &message->groups);
    if (message->kind == FC_SPREAD_GRAFT || message->kind == FC_SPREAD_WANT)
        put_list(out, &message->items);
    if (message->kind == FC_SPREAD_FAR)
        fc_pack_bin(out, message->distances);
}

enum fc_err fc_spread_decode_news(struct fc_span bytes, struct fc_spread_list *out)
{
    struct fc_unpack in;
    fc_unpack_init(&in, bytes);
    get_list(&in, FC_SPREAD_NEWS_MAX, check_news, out);
    return fc_unpack_end(&in);
}

void fc_spread_encode_news(const struct fc_spread_list *list, struct fc_buf *out)
{
    put_list(out, list);
}
