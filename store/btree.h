/* A B+tree of byte strings whose nodes and rows carry counted references, so that a copy of a tree
 * costs nothing and a change to one copies only the path to what changed, as far as others share
 * it. What is a tree's own changes in place; a log can put it back.
 *
 * Not safe across threads: trees that share nodes belong to one thread at a time. */
#ifndef FC_STORE_BTREE_H
#define FC_STORE_BTREE_H

#include "store/pool.h"

enum {
    FC_BTREE_FANOUT = 16,
    FC_BTREE_HEIGHT_MAX = 32,
    FC_BTREE_INLINE_BYTES_MAX = 64, /* larger values are in the pool at any rate */
    FC_BTREE_KEY_BYTES_MAX = 255,
};

struct fc_btree_node;

/* All zero is the empty tree. */
struct fc_btree {
    struct fc_btree_node *root;
    uint64_t rows;
    uint64_t bytes; /* keys and values, shared ones counted in full */
};

/* The changes of one transaction to trees of a pool, as they were before. */
struct fc_btree_log;
struct fc_btree_log *fc_btree_log_create(struct fc_pool *pool); /* NULL without memory */
/* Changes that follow are to the tree of that number. */
void fc_btree_log_tag(struct fc_btree_log *log, uint8_t tag);
/* Changes that follow can be undone apart. */
uint32_t fc_btree_log_mark(struct fc_btree_log *log);
/* All nodes and rows are as they were at the mark, 0: at the beginning. What trees said of
 * themselves, the struct, the caller puts back. */
void fc_btree_log_undo(struct fc_btree_log *log, uint32_t mark);
/* Frees what changes left behind, and the log. */
void fc_btree_log_keep(struct fc_btree_log *log);
void fc_btree_log_destroy(struct fc_btree_log *log); /* undoes all; NULL is fine */
/* A tree of its own as the one of that number, now `now`, was at the beginning. FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_btree_log_before(const struct fc_btree_log *log, uint8_t tag,
                                            const struct fc_btree *now, struct fc_btree *before);

void fc_btree_finish(struct fc_btree *tree); /* gives up its references; the tree is empty after */
struct fc_btree fc_btree_copy(const struct fc_btree *tree); /* shares everything */

/* FC_E_MISSING. `value` lives until the tree changes. */
FC_MUST_USE enum fc_err fc_btree_get(const struct fc_btree *tree, struct fc_span key,
                                     struct fc_span *value);
/* The row is one of the pool's, where other trees may have put the same; or, with `alone`, the
 * tree's and its copies', which is less where no other has it. FC_E_NOMEM: the log must be undone.
 */
FC_MUST_USE enum fc_err fc_btree_put(struct fc_btree *tree, struct fc_btree_log *log,
                                     struct fc_pool *pool, bool alone, struct fc_span key,
                                     struct fc_span value);
/* FC_E_MISSING; FC_E_NOMEM as with put. */
FC_MUST_USE enum fc_err fc_btree_del(struct fc_btree *tree, struct fc_btree_log *log,
                                     struct fc_span key);

/* A place in a tree that has not changed since. */
struct fc_btree_path {
    const struct fc_btree_node *nodes[FC_BTREE_HEIGHT_MAX]; /* by height, the leaf first */
    uint8_t index[FC_BTREE_HEIGHT_MAX];
};
/* These return false when there is no such row. */
bool fc_btree_seek(const struct fc_btree *tree, struct fc_span key, struct fc_btree_path *path);
bool fc_btree_seek_after(const struct fc_btree *tree, struct fc_span key,
                         struct fc_btree_path *path);
bool fc_btree_seek_before(const struct fc_btree *tree, struct fc_span key,
                          struct fc_btree_path *path); /* an empty key means the end */
bool fc_btree_next(const struct fc_btree *tree, struct fc_btree_path *path);
void fc_btree_row(const struct fc_btree_path *path, struct fc_span *key, struct fc_span *value);

/* Walks everything; FC_E_CORRUPT when order, heights or counts do not hold. */
FC_MUST_USE enum fc_err fc_btree_check(const struct fc_btree *tree);

#endif
