/* What the tree's two files share: rows, nodes, and the log of what a transaction changes. */
#ifndef FC_STORE_BTREE_PRIV_H
#define FC_STORE_BTREE_PRIV_H

#include <stdlib.h>
#include <string.h>

#include "store/btree.h"

/* `head` is how a key begins: most are told apart by it, and the row need not be looked at. */
struct fc_leaf {
    uint64_t head;
    struct fc_row *row;
};
struct fc_branch {
    uint64_t head;
    struct fc_row *least; /* no key of the child is less; NULL in the first slot */
    struct fc_btree_node *child;
};

struct fc_btree_node {
    uint64_t stamp; /* of the log that can put it back as it was */
    uint32_t refs;
    uint8_t count;
    uint8_t cap;
    uint8_t height; /* 0: a leaf; the slots follow */
};

static inline struct fc_leaf *fc_btree_leaves(const struct fc_btree_node *node)
{
    return (struct fc_leaf *)(uintptr_t)(node + 1);
}
static inline struct fc_branch *fc_btree_branches(const struct fc_btree_node *node)
{
    return (struct fc_branch *)(uintptr_t)(node + 1);
}
_Static_assert(sizeof(struct fc_btree_node) % _Alignof(struct fc_branch) == 0, "slots follow it");
static inline size_t fc_btree_slot_bytes(const struct fc_btree_node *node)
{
    return node->height ? sizeof(struct fc_branch) : sizeof(struct fc_leaf);
}

static inline struct fc_span fc_row_key(const struct fc_row *row)
{
    return fc_span(row->bytes, row->key_len);
}
struct fc_span fc_row_value(const struct fc_row *row);
void fc_row_release(struct fc_row *row); /* NULL is fine */

/* Drops a reference, and with the last one those that its slots are. NULL is fine. */
void fc_btree_node_release(struct fc_btree_node *node);

/* -- the log ----------------------------------------------------------------------------------- */

enum fc_change_kind {
    FC_CHANGE_NODE,    /* a node's slots as they were lie at `at` */
    FC_CHANGE_COPIED,  /* `node` was made of `other`, which trees of others share */
    FC_CHANGE_MADE,    /* a node; what is in its slots came from elsewhere */
    FC_CHANGE_LEFT,    /* a node that is in the tree no longer, nor are its slots its own */
    FC_CHANGE_IN,      /* a row that was put */
    FC_CHANGE_OUT,     /* a row that was replaced or deleted */
    FC_CHANGE_LIMIT,   /* a row that bounds a child */
    FC_CHANGE_NO_LIMIT /* does so no longer */
};
struct fc_change_note {
    uint8_t kind, tag;
    uint8_t count; /* of slots that are kept */
    struct fc_btree_node *node;
    union {
        struct fc_btree_node *other;
        struct fc_row *row;
        size_t at;
    } of;
};

/* Room for what one change can come to; after that none of these fails but fc_btree_log_touch, for
 * which a node's slots are copied. */
FC_MUST_USE enum fc_err fc_btree_log_reserve(struct fc_btree_log *log, unsigned height);
FC_MUST_USE enum fc_err fc_btree_log_touch(struct fc_btree_log *log, struct fc_btree_node *node);
void fc_btree_log_made(struct fc_btree_log *log, struct fc_btree_node *node);
void fc_btree_log_copied(struct fc_btree_log *log, struct fc_btree_node *node,
                         struct fc_btree_node *of);
void fc_btree_log_left(struct fc_btree_log *log, struct fc_btree_node *node);
void fc_btree_log_row(struct fc_btree_log *log, enum fc_change_kind kind, struct fc_row *row);

#endif
