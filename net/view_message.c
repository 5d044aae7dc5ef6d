#include "net/view_message.h"

#include <assert.h>

static void get_keys(struct fc_unpack *in, struct fc_view_message *out)
{
    out->count = fc_unpack_array(in, 0, FC_VIEW_KEYS_MAX);
    for (uint32_t i = 0; i < out->count; i++)
        fc_unpack_fixed(in, out->keys[i].b, sizeof out->keys[i].b);
}

static void put_keys(const struct fc_view_message *message, struct fc_buf *out)
{
    assert(message->count <= FC_VIEW_KEYS_MAX);
    fc_pack_array(out, message->count);
    for (uint32_t i = 0; i < message->count; i++)
        fc_pack_bin(out, fc_span(message->keys[i].b, sizeof message->keys[i].b));
}

static const uint32_t lengths[] = {
    [FC_VIEW_NEIGHBOR] = 2,      [FC_VIEW_REPLY] = 2,        [FC_VIEW_DISCONNECT] = 1,
    [FC_VIEW_JOIN] = 1,          [FC_VIEW_FORWARD_JOIN] = 3, [FC_VIEW_SHUFFLE] = 4,
    [FC_VIEW_SHUFFLE_REPLY] = 2,
};

static void get_fields(struct fc_unpack *in, struct fc_view_message *out)
{
    switch (out->kind) {
    case FC_VIEW_NEIGHBOR:
        out->priority = (enum fc_view_priority)fc_unpack_uint(in, FC_VIEW_SWAP);
        break;
    case FC_VIEW_REPLY:
        out->accepted = fc_unpack_uint(in, 1) != 0;
        break;
    case FC_VIEW_DISCONNECT:
    case FC_VIEW_JOIN:
        break;
    case FC_VIEW_FORWARD_JOIN:
    case FC_VIEW_SHUFFLE:
        fc_unpack_fixed(in, out->node.b, sizeof out->node.b);
        out->walk = (uint32_t)fc_unpack_uint(in, FC_VIEW_WALK_MAX);
        if (out->kind == FC_VIEW_SHUFFLE)
            get_keys(in, out);
        break;
    case FC_VIEW_SHUFFLE_REPLY:
        get_keys(in, out);
        break;
    }
}

enum fc_err fc_view_decode(struct fc_span bytes, struct fc_view_message *out)
{
    struct fc_unpack in;
    *out = (struct fc_view_message){.kind = FC_VIEW_DISCONNECT};
    fc_unpack_init(&in, bytes);
    uint32_t count = fc_unpack_array(&in, 1, 4);
    uint64_t kind = fc_unpack_uint(&in, FC_VIEW_SHUFFLE_REPLY);
    if (in.err == FC_OK && (kind < FC_VIEW_NEIGHBOR || lengths[kind] != count))
        fc_unpack_fail(&in, FC_E_FORMAT);
    if (in.err != FC_OK)
        return in.err;
    out->kind = (enum fc_view_kind)kind;
    get_fields(&in, out);
    return fc_unpack_end(&in);
}

void fc_view_encode(const struct fc_view_message *message, struct fc_buf *out)
{
    fc_pack_array(out, lengths[message->kind]);
    fc_pack_uint(out, message->kind);
    switch (message->kind) {
    case FC_VIEW_NEIGHBOR:
        fc_pack_uint(out, message->priority);
        break;
    case FC_VIEW_REPLY:
        fc_pack_uint(out, message->accepted);
        break;
    case FC_VIEW_DISCONNECT:
    case FC_VIEW_JOIN:
        break;
    case FC_VIEW_FORWARD_JOIN:
    case FC_VIEW_SHUFFLE:
        fc_pack_bin(out, fc_span(message->node.b, sizeof message->node.b));
        fc_pack_uint(out, message->walk);
        if (message->kind == FC_VIEW_SHUFFLE)
            put_keys(message, out);
        break;
    case FC_VIEW_SHUFFLE_REPLY:
        put_keys(message, out);
        break;
    }
}
