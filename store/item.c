#include "store/item.h"

#include <string.h>

enum { ITEM_ENTRY = 1, ITEM_DELETE = 3 };

void fc_item_write(const struct fc_item *item, struct fc_buf *out)
{
    if (item->deleted) {
        fc_pack_array(out, 3);
        fc_pack_uint(out, ITEM_DELETE);
        fc_pack_uint(out, item->version);
        fc_pack_bin(out, fc_span(item->key_hash.b, sizeof item->key_hash.b));
        return;
    }
    fc_pack_array(out, 9);
    fc_pack_uint(out, ITEM_ENTRY);
    fc_pack_str(out, item->key);
    fc_pack_uint(out, item->version);
    fc_pack_uint(out, item->status);
    fc_pack_str(out, item->media_type);
    fc_pack_uint(out, item->size);
    if (item->has_content) {
        fc_pack_bin(out, fc_span(item->salt, sizeof item->salt));
        fc_pack_nil(out);
        fc_pack_uint(out, item->frame_len);
    } else {
        fc_pack_nil(out);
        fc_pack_bin(out, fc_span(item->commitment.b, sizeof item->commitment.b));
        fc_pack_uint(out, 0);
    }
}

static void read_content(struct fc_unpack *in, struct fc_item *out)
{
    out->has_content = !fc_unpack_nil(in);
    if (out->has_content) {
        fc_unpack_fixed(in, out->salt, sizeof out->salt);
        if (!fc_unpack_nil(in))
            fc_unpack_fail(in, FC_E_FORMAT);
        out->frame_len = (uint32_t)fc_unpack_uint(in, FC_ITEM_FRAME_BYTES_MAX);
    } else {
        fc_unpack_fixed(in, out->commitment.b, sizeof out->commitment.b);
        (void)fc_unpack_uint(in, 0);
    }
    if (out->has_content != (out->frame_len > 0))
        fc_unpack_fail(in, FC_E_FORMAT);
}

static void read_entry(struct fc_unpack *in, struct fc_item *out)
{
    out->key = fc_unpack_str(in, FC_KEY_BYTES_MAX);
    out->version = fc_unpack_uint(in, UINT64_MAX);
    uint64_t status = fc_unpack_uint(in, FC_STATUS_REVOKED);
    out->status = (enum fc_status)status;
    out->media_type = fc_unpack_str(in, FC_MEDIA_TYPE_BYTES_MAX);
    out->size = fc_unpack_uint(in, FC_CONTENT_BYTES_MAX);
    read_content(in, out);
    if (out->key.len == 0 || out->media_type.len == 0 || status < FC_STATUS_ACTIVE)
        fc_unpack_fail(in, FC_E_FORMAT);
    if (in->err == FC_OK)
        out->key_hash = fc_key_hash(out->key);
}

enum fc_err fc_item_read(struct fc_unpack *in, struct fc_item *out)
{
    memset(out, 0, sizeof *out);
    uint32_t fields = fc_unpack_array(in, 3, 9);
    uint64_t kind = fc_unpack_uint(in, ITEM_DELETE);
    if (fields == 9 && kind == ITEM_ENTRY) {
        read_entry(in, out);
    } else if (fields == 3 && kind == ITEM_DELETE) {
        out->deleted = true;
        out->version = fc_unpack_uint(in, UINT64_MAX);
        fc_unpack_fixed(in, out->key_hash.b, sizeof out->key_hash.b);
    } else {
        fc_unpack_fail(in, FC_E_FORMAT);
    }
    if (fc_version_incarnation(out->version) == 0 || fc_version_seq(out->version) == 0)
        fc_unpack_fail(in, FC_E_FORMAT);
    return in->err;
}

static void write_subtree(const struct fc_subtree *subtree, uint32_t fields, struct fc_buf *out)
{
    if (subtree->count == 0) {
        fc_pack_nil(out);
        return;
    }
    fc_pack_array(out, fields);
    fc_pack_bin(out, fc_span(subtree->hash.b, sizeof subtree->hash.b));
    fc_pack_uint(out, subtree->count);
}

void fc_walk_nodes_write(const struct fc_walk_node nodes[16], struct fc_buf *out)
{
    fc_pack_array(out, 16);
    for (unsigned i = 0; i < 16; i++) {
        write_subtree(&nodes[i].self, nodes[i].inner ? 3 : 2, out);
        if (nodes[i].self.count == 0 || !nodes[i].inner)
            continue;
        fc_pack_array(out, 16);
        for (unsigned j = 0; j < 16; j++)
            write_subtree(&nodes[i].children[j], 2, out);
    }
}

/* Returns how many fields the subtree's array has; 0 when it is empty. */
static uint32_t read_subtree(struct fc_unpack *in, uint32_t fields_max, struct fc_subtree *out)
{
    *out = (struct fc_subtree){0};
    if (fc_unpack_nil(in))
        return 0;
    uint32_t fields = fc_unpack_array(in, 2, fields_max);
    fc_unpack_fixed(in, out->hash.b, sizeof out->hash.b);
    out->count = fc_unpack_uint(in, UINT32_MAX);
    if (out->count == 0)
        fc_unpack_fail(in, FC_E_FORMAT);
    return fields;
}

static void read_children(struct fc_unpack *in, struct fc_walk_node *node)
{
    struct fc_hash places[16];
    uint64_t count = 0;
    (void)fc_unpack_array(in, 16, 16);
    for (unsigned i = 0; i < 16; i++) {
        (void)read_subtree(in, 2, &node->children[i]);
        places[i] = node->children[i].hash;
        count += node->children[i].count;
    }
    if (in->err != FC_OK)
        return;
    struct fc_hash hash = fc_tree_hash16(places, false);
    if (count != node->self.count || !fc_hash_eq(&hash, &node->self.hash))
        fc_unpack_fail(in, FC_E_FORMAT);
}

enum fc_err fc_walk_nodes_parse(struct fc_span bytes, struct fc_walk_node nodes[16])
{
    struct fc_unpack in;
    fc_unpack_init(&in, bytes);
    memset(nodes, 0, 16 * sizeof nodes[0]);
    (void)fc_unpack_array(&in, 16, 16);
    for (unsigned i = 0; i < 16 && in.err == FC_OK; i++) {
        nodes[i].inner = read_subtree(&in, 3, &nodes[i].self) == 3;
        if (nodes[i].inner != (nodes[i].self.count > FC_BUCKET_MAX))
            fc_unpack_fail(&in, FC_E_FORMAT);
        if (nodes[i].inner)
            read_children(&in, &nodes[i]);
    }
    return fc_unpack_end(&in);
}
