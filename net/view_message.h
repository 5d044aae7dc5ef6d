/* Messages between two views: bytes to structure and back. Each is one canonical array
 * [kind, fields...]; what is taken is written back byte for byte. docs/protocol.md has the fields.
 */
#ifndef FC_NET_VIEW_MESSAGE_H
#define FC_NET_VIEW_MESSAGE_H

#include "store/crypto.h"
#include "store/pack.h"

enum {
    FC_VIEW_WALK_MAX = 32, /* steps of a random walk */
    FC_VIEW_KEYS_MAX = 32, /* nodes in a shuffle */
};
enum fc_view_kind {
    FC_VIEW_NEIGHBOR = 1,
    FC_VIEW_REPLY = 2,
    FC_VIEW_DISCONNECT = 3,
    FC_VIEW_JOIN = 4,
    FC_VIEW_FORWARD_JOIN = 5,
    FC_VIEW_SHUFFLE = 6,
    FC_VIEW_SHUFFLE_REPLY = 7,
};
enum fc_view_priority {
    FC_VIEW_LOW = 0,  /* only where there is room */
    FC_VIEW_HIGH = 1, /* from a node without neighbours */
    FC_VIEW_SWAP = 2, /* from one that gives up another link for it, or finds no room anywhere */
};
struct fc_view_message {
    enum fc_view_kind kind;
    enum fc_view_priority priority; /* of a neighbor */
    bool accepted;                  /* of a reply */
    struct fc_key node;             /* who joins, or began the shuffle */
    uint32_t walk;                  /* steps left */
    uint32_t count;                 /* nodes in a shuffle */
    struct fc_key keys[FC_VIEW_KEYS_MAX];
};

/* FC_E_FORMAT, FC_E_BOUND. */
FC_MUST_USE enum fc_err fc_view_decode(struct fc_span bytes, struct fc_view_message *out);
void fc_view_encode(const struct fc_view_message *message, struct fc_buf *out);

#endif
