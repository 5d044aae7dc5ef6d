/* What travels in catch-up: items, one per entry or delete, back to back; and the nodes of a walk.
 *
 *     entry  [1, key, version, status, media type, size, salt or nil, commitment or nil, frame len]
 *     delete [3, version, H(key)]
 * An entry whose content comes along has its salt, and a frame of that many bytes in the frames
 * beside the items; its commitment is left out, for the receiver computes it. One whose content
 * does not come has its commitment, no salt, and frame len 0.
 *
 * Nodes are the sixteen children of a subtree, as one array of sixteen:
 *     nil                      empty
 *     [hash, leaves]           a bucket
 *     [hash, leaves, [16 x (nil or [hash, leaves])]]   an inner node and its children */
#ifndef FC_STORE_ITEM_H
#define FC_STORE_ITEM_H

#include "store/entry.h"
#include "store/pack.h"
#include "store/tree.h"

struct fc_item {
    bool deleted;
    struct fc_hash key_hash; /* computed on reading, of an entry */
    struct fc_span key;
    fc_version version;
    enum fc_status status;
    struct fc_span media_type;
    uint64_t size;
    bool has_content; /* else commitment is set and salt is not */
    uint8_t salt[FC_SALT_BYTES];
    struct fc_hash commitment;
    uint32_t frame_len;
};
enum { FC_ITEM_FRAME_BYTES_MAX = FC_CONTENT_BYTES_MAX + 64 };

void fc_item_write(const struct fc_item *item, struct fc_buf *out);
/* Reads the next item; spans borrow from the input. FC_E_FORMAT, FC_E_BOUND. */
FC_MUST_USE enum fc_err fc_item_read(struct fc_unpack *in, struct fc_item *out);

struct fc_walk_node {
    struct fc_subtree self;
    bool inner;
    struct fc_subtree children[16]; /* when inner */
};
void fc_walk_nodes_write(const struct fc_walk_node nodes[16], struct fc_buf *out);
/* Checks too that children hash to their parent and that counts add up. */
FC_MUST_USE enum fc_err fc_walk_nodes_parse(struct fc_span bytes, struct fc_walk_node nodes[16]);

#endif
