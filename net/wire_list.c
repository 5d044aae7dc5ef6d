#include "net/wire.h"

#include <string.h>

void fc_wire_items(struct fc_unpack *at, const struct fc_wire_list *list)
{
    fc_unpack_init(at, list->bytes);
}

static void put_hash(struct fc_buf *out, const struct fc_hash *hash)
{
    fc_pack_bin(out, fc_span(hash->b, sizeof hash->b));
}

static void get_hash(struct fc_unpack *at, struct fc_hash *hash)
{
    fc_unpack_fixed(at, hash->b, sizeof hash->b);
}

void fc_wire_put_row(struct fc_buf *out, const struct fc_wire_row *row)
{
    fc_pack_array(out, 2);
    fc_pack_uint(out, row->index);
    fc_pack_bin(out, row->record);
}

void fc_wire_get_row(struct fc_unpack *at, struct fc_wire_row *row)
{
    fc_unpack_array(at, 2, 2);
    row->index = fc_unpack_uint(at, UINT64_MAX);
    row->record = fc_wire_get_record(at);
}

struct fc_span fc_wire_get_record(struct fc_unpack *at)
{
    struct fc_span record = fc_unpack_bin(at, FC_CARRY_BYTES_MAX);
    if (record.len == 0)
        fc_unpack_fail(at, FC_E_FORMAT);
    return record;
}

void fc_wire_put_content(struct fc_buf *out, const struct fc_hash *participant,
                         const struct fc_content *content)
{
    fc_pack_array(out, participant ? 5 : 4);
    if (participant)
        put_hash(out, participant);
    put_hash(out, &content->key_hash);
    fc_pack_bin(out, fc_span(content->salt, sizeof content->salt));
    fc_pack_uint(out, content->compressed);
    fc_pack_bin(out, content->bytes);
}

void fc_wire_get_content(struct fc_unpack *at, struct fc_hash *participant,
                         struct fc_content *content)
{
    *content = (struct fc_content){0};
    uint32_t fields = participant ? 5 : 4;
    fc_unpack_array(at, fields, fields);
    if (participant)
        get_hash(at, participant);
    get_hash(at, &content->key_hash);
    fc_unpack_fixed(at, content->salt, sizeof content->salt);
    content->compressed = fc_unpack_uint(at, 1) != 0;
    content->bytes = fc_unpack_bin(at, FC_CONTENT_BYTES_MAX + 1);
}

void fc_wire_put_want(struct fc_buf *out, const struct fc_hash *participant,
                      const struct fc_hash *key_hash)
{
    fc_pack_array(out, 2);
    put_hash(out, participant);
    put_hash(out, key_hash);
}

void fc_wire_get_want(struct fc_unpack *at, struct fc_hash *participant, struct fc_hash *key_hash)
{
    fc_unpack_array(at, 2, 2);
    get_hash(at, participant);
    get_hash(at, key_hash);
}

static void put_prefix_fields(struct fc_buf *out, const struct fc_prefix *prefix)
{
    fc_pack_uint(out, prefix->depth);
    fc_pack_bin(out, fc_span(prefix->bits.b, (prefix->depth + 1u) / 2));
}

/* Only the nibbles that count travel; an odd depth's last byte ends in a zero nibble. */
static void get_prefix_fields(struct fc_unpack *at, struct fc_prefix *prefix)
{
    *prefix = (struct fc_prefix){0};
    uint64_t depth = fc_unpack_uint(at, FC_TREE_DEPTH_MAX);
    struct fc_span bits = fc_unpack_bin(at, sizeof prefix->bits.b);
    if (at->err != FC_OK)
        return;
    if (bits.len != (depth + 1) / 2 || (depth % 2 != 0 && (bits.data[bits.len - 1] & 15) != 0)) {
        fc_unpack_fail(at, FC_E_FORMAT);
        return;
    }
    prefix->depth = (uint8_t)depth;
    if (bits.len != 0)
        memcpy(prefix->bits.b, bits.data, bits.len);
}

void fc_wire_put_prefix(struct fc_buf *out, const struct fc_prefix *prefix)
{
    fc_pack_array(out, 2);
    put_prefix_fields(out, prefix);
}

void fc_wire_get_prefix(struct fc_unpack *at, struct fc_prefix *prefix)
{
    fc_unpack_array(at, 2, 2);
    get_prefix_fields(at, prefix);
}

void fc_wire_put_place(struct fc_buf *out, const struct fc_wire_place *place)
{
    fc_pack_array(out, 5);
    put_prefix_fields(out, &place->prefix);
    fc_pack_bin(out, place->nodes);
    fc_pack_bin(out, place->items);
    fc_pack_bin(out, place->frames);
}

void fc_wire_get_place(struct fc_unpack *at, struct fc_wire_place *place)
{
    fc_unpack_array(at, 5, 5);
    get_prefix_fields(at, &place->prefix);
    place->nodes = fc_unpack_bin(at, FC_ITEMS_BYTES_MAX);
    place->items = fc_unpack_bin(at, FC_ITEMS_BYTES_MAX);
    place->frames = fc_unpack_bin(at, FC_FRAME_BYTES_MAX);
}
