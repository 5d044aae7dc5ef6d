#include "store/btree_priv.h"

#include <assert.h>

enum { GRAIN = 4, SPARSE = 4, MERGED_MAX = FC_BTREE_FANOUT * 3 / 4 };

typedef struct fc_btree_node node;

/* rows */

/* A row apart holds its value in a row of the pool's that has no key. */
static struct fc_row *row_apart(const struct fc_row *row)
{
    struct fc_row *apart;
    memcpy(&apart, row->bytes + row->key_len, sizeof apart);
    return apart;
}

struct fc_span fc_row_value(const struct fc_row *row)
{
    switch ((enum fc_row_kind)row->kind) {
    case FC_ROW_POOL:
        return fc_pool_value(row);
    case FC_ROW_APART:
        return fc_pool_value(row_apart(row));
    case FC_ROW_OWN:
        break;
    }
    return fc_span(row->bytes + row->key_len, row->value_len);
}

static void copy_bytes(uint8_t *to, struct fc_span from)
{
    if (from.len)
        memcpy(to, from.data, from.len);
}

static struct fc_row *row_own(enum fc_row_kind kind, struct fc_span key, struct fc_span held)
{
    struct fc_row *row = malloc(sizeof *row + key.len + held.len);
    if (!row)
        return NULL;
    *row = (struct fc_row){.refs = 1,
                           .kind = (uint8_t)kind,
                           .key_len = (uint8_t)key.len,
                           .value_len = (uint16_t)held.len};
    copy_bytes(row->bytes, key);
    copy_bytes(row->bytes + key.len, held);
    return row;
}

static struct fc_row *row_create(struct fc_pool *pool, bool alone, struct fc_span key,
                                 struct fc_span value)
{
    if (!alone)
        return fc_pool_take(pool, key, value);
    if (value.len <= FC_BTREE_INLINE_BYTES_MAX)
        return row_own(FC_ROW_OWN, key, value);
    struct fc_row *apart = fc_pool_take(pool, fc_span(NULL, 0), value);
    if (!apart)
        return NULL;
    struct fc_row *row = row_own(FC_ROW_APART, key, fc_span(&apart, sizeof(struct fc_row *)));
    if (!row)
        fc_pool_row_release(apart);
    return row;
}

void fc_row_release(struct fc_row *row)
{
    if (row && row->kind == FC_ROW_POOL) {
        fc_pool_row_release(row);
        return;
    }
    if (!row || --row->refs)
        return;
    if (row->kind == FC_ROW_APART)
        fc_pool_row_release(row_apart(row));
    free(row);
}

/* nodes */

static node *node_alloc(unsigned height, unsigned cap)
{
    size_t slot = height ? sizeof(struct fc_branch) : sizeof(struct fc_leaf);
    node *made = malloc(sizeof *made + cap * slot);
    if (!made)
        return NULL;
    made->stamp = 0;
    made->refs = 1;
    made->count = 0;
    made->cap = (uint8_t)cap;
    made->height = (uint8_t)height;
    return made;
}

static node *node_create(unsigned height, unsigned count)
{
    assert(height < FC_BTREE_HEIGHT_MAX);
    unsigned cap = (count / GRAIN + 1) * GRAIN;
    return node_alloc(height, cap > FC_BTREE_FANOUT ? FC_BTREE_FANOUT : cap);
}

void fc_btree_node_release(node *at)
{
    if (!at || --at->refs)
        return;
    for (unsigned i = 0; i < at->count; i++) {
        if (at->height == 0) {
            fc_row_release(fc_btree_leaves(at)[i].row);
        } else {
            fc_row_release(fc_btree_branches(at)[i].least);
            fc_btree_node_release(fc_btree_branches(at)[i].child);
        }
    }
    free(at);
}

/* Appends slots `from`.. of one node to another, which has the room; references are not counted. */
static void move_slots(node *to, const node *from, unsigned first, unsigned count)
{
    if (to->height == 0)
        memcpy(&fc_btree_leaves(to)[to->count], &fc_btree_leaves(from)[first],
               count * sizeof(struct fc_leaf));
    else
        memcpy(&fc_btree_branches(to)[to->count], &fc_btree_branches(from)[first],
               count * sizeof(struct fc_branch));
    to->count = (uint8_t)(to->count + count);
}

static void retain_slots(const node *at)
{
    for (unsigned i = 0; i < at->count; i++) {
        if (at->height == 0) {
            fc_btree_leaves(at)[i].row->refs++;
            continue;
        }
        fc_btree_branches(at)[i].child->refs++;
        if (fc_btree_branches(at)[i].least)
            fc_btree_branches(at)[i].least->refs++;
    }
}

/* Makes a node ready to be changed: one that others share becomes a copy. */
static enum fc_err own(struct fc_btree_log *log, node **where)
{
    node *old = *where;
    if (old->refs == 1)
        return fc_btree_log_touch(log, old);
    node *made = node_create(old->height, old->count);
    if (!made)
        return FC_E_NOMEM;
    move_slots(made, old, 0, old->count);
    retain_slots(made);
    old->refs--;
    *where = made;
    fc_btree_log_copied(log, made, old);
    return fc_btree_log_touch(log, made);
}

/* A larger node in its place, where it has no room. */
static enum fc_err make_room(struct fc_btree_log *log, node **where, unsigned count)
{
    node *at = *where;
    if (count <= at->cap)
        return FC_OK;
    node *made = node_alloc(at->height, (count + GRAIN - 1) / GRAIN * GRAIN);
    if (!made)
        return FC_E_NOMEM;
    move_slots(made, at, 0, at->count);
    fc_btree_log_made(log, made);
    fc_btree_log_left(log, at);
    *where = made;
    return FC_OK;
}

/* searching */

static uint64_t head_of(struct fc_span key)
{
    uint8_t head[8] = {0};
    if (key.len >= sizeof head)
        return fc_get_be64(key.data);
    copy_bytes(head, key);
    return fc_get_be64(head);
}

/* As fc_span_cmp of the row's key and `key`. */
static int compare(uint64_t row_head, const struct fc_row *row, uint64_t head, struct fc_span key)
{
    if (row_head != head)
        return row_head < head ? -1 : 1;
    return fc_span_cmp(fc_row_key(row), key);
}

/* The first row that is not less than the key. */
static unsigned leaf_find(const node *leaf, struct fc_span key, bool *equal)
{
    const struct fc_leaf *slots = fc_btree_leaves(leaf);
    uint64_t head = head_of(key);
    unsigned low = 0, high = leaf->count;
    *equal = false;
    while (low < high) {
        unsigned mid = (low + high) / 2;
        int order = compare(slots[mid].head, slots[mid].row, head, key);
        if (order == 0)
            *equal = true;
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static unsigned branch_find(const node *at, struct fc_span key)
{
    const struct fc_branch *slots = fc_btree_branches(at);
    uint64_t head = head_of(key);
    unsigned low = 1, high = at->count;
    while (low < high) {
        unsigned mid = (low + high) / 2;
        if (compare(slots[mid].head, slots[mid].least, head, key) <= 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low - 1;
}

/* inserting */

/* The new right neighbour of a node that had to be split. */
struct split {
    struct fc_row *least;
    node *right;
};

static void insert_row(node *leaf, unsigned index, struct fc_row *row)
{
    struct fc_leaf *at = &fc_btree_leaves(leaf)[index];
    memmove(at + 1, at, (leaf->count - index) * sizeof *at);
    *at = (struct fc_leaf){head_of(fc_row_key(row)), row};
    leaf->count++;
}

static void insert_branch(node *at, unsigned index, struct split split)
{
    memmove(&fc_btree_branches(at)[index + 1], &fc_btree_branches(at)[index],
            (at->count - index) * sizeof(struct fc_branch));
    fc_btree_branches(at)[index] = (struct fc_branch){
        split.least ? head_of(fc_row_key(split.least)) : 0, split.least, split.right};
    at->count++;
}

/* The shortest key above `left` that is not above `right`. */
static struct fc_row *separator(struct fc_span left, struct fc_span right)
{
    size_t same = 0;
    while (same < left.len && left.data[same] == right.data[same])
        same++;
    return row_own(FC_ROW_OWN, fc_span(right.data, same + 1), fc_span(NULL, 0));
}

/* A full leaf is cut in the middle, but rows that arrive in order fill their leaves. */
static enum fc_err leaf_split(struct fc_btree_log *log, node *leaf, unsigned index,
                              struct fc_row *row, struct split *split)
{
    unsigned cut = index == leaf->count ? leaf->count : leaf->count / 2u;
    node *right = node_create(0, leaf->count - cut + 1u);
    if (!right)
        return FC_E_NOMEM;
    fc_btree_log_made(log, right);
    move_slots(right, leaf, cut, leaf->count - cut);
    leaf->count = (uint8_t)cut;
    if (index > cut || right->count == 0)
        insert_row(right, index - cut, row);
    else
        insert_row(leaf, index, row);
    split->right = right;
    split->least = separator(fc_row_key(fc_btree_leaves(leaf)[leaf->count - 1].row),
                             fc_row_key(fc_btree_leaves(right)[0].row));
    fc_btree_log_row(log, FC_CHANGE_LIMIT, split->least);
    return split->least ? FC_OK : FC_E_NOMEM;
}

static enum fc_err branch_split(struct fc_btree_log *log, node *at, unsigned index,
                                struct split add, struct split *split)
{
    unsigned cut = index == at->count ? at->count - 1u : at->count / 2u;
    node *right = node_create(at->height, at->count - cut + 1u);
    if (!right)
        return FC_E_NOMEM;
    fc_btree_log_made(log, right);
    move_slots(right, at, cut, at->count - cut);
    at->count = (uint8_t)cut;
    split->right = right;
    split->least = fc_btree_branches(right)[0].least;
    fc_btree_branches(right)[0].least = NULL;
    if (index > cut)
        insert_branch(right, index - cut, add);
    else
        insert_branch(at, index, add);
    return FC_OK;
}

/* What one put or delete does to the tree around the leaf. */
struct change {
    struct fc_btree_log *log;
    struct fc_pool *pool;
    bool alone;
    struct split split;
    bool counted;     /* a row came or went, rather than being replaced */
    uint64_t removed; /* bytes of the row that went */
};

static uint64_t row_bytes(const struct fc_row *row)
{
    return (uint64_t)row->key_len + fc_row_value(row).len;
}

static enum fc_err leaf_put(node **where, struct fc_span key, struct fc_span value,
                            struct change *change)
{
    bool equal;
    unsigned index = leaf_find(*where, key, &equal);
    struct fc_row *row = row_create(change->pool, change->alone, key, value);
    if (!row)
        return FC_E_NOMEM;
    if (equal) {
        struct fc_row **old = &fc_btree_leaves(*where)[index].row;
        change->removed = row_bytes(*old);
        fc_btree_log_row(change->log, FC_CHANGE_OUT, *old);
        fc_btree_log_row(change->log, FC_CHANGE_IN, row);
        *old = row;
        return FC_OK;
    }
    fc_btree_log_row(change->log, FC_CHANGE_IN, row);
    change->counted = true;
    if ((*where)->count == FC_BTREE_FANOUT)
        return leaf_split(change->log, *where, index, row, &change->split);
    enum fc_err err = make_room(change->log, where, (*where)->count + 1u);
    if (err == FC_OK)
        insert_row(*where, index, row);
    return err;
}

static enum fc_err branch_add(node **where, unsigned index, struct change *change)
{
    struct split add = change->split;
    change->split = (struct split){NULL, NULL};
    if ((*where)->count == FC_BTREE_FANOUT)
        return branch_split(change->log, *where, index, add, &change->split);
    enum fc_err err = make_room(change->log, where, (*where)->count + 1u);
    if (err == FC_OK)
        insert_branch(*where, index, add);
    return err;
}

static enum fc_err node_put(node **where, struct fc_span key, struct fc_span value,
                            struct change *change)
{
    enum fc_err err = own(change->log, where);
    if (err)
        return err;
    if ((*where)->height == 0)
        return leaf_put(where, key, value, change);
    unsigned index = branch_find(*where, key);
    err = node_put(&fc_btree_branches(*where)[index].child, key, value, change);
    if (err || !change->split.right)
        return err;
    return branch_add(where, index + 1, change);
}

static enum fc_err grow_root(struct fc_btree *tree, struct fc_btree_log *log, struct split split)
{
    node *root = node_create(tree->root->height + 1u, 2);
    if (!root)
        return FC_E_NOMEM;
    fc_btree_log_made(log, root);
    insert_branch(root, 0, (struct split){NULL, tree->root});
    insert_branch(root, 1, split);
    tree->root = root;
    return FC_OK;
}

static enum fc_err plant(struct fc_btree *tree, struct fc_btree_log *log)
{
    tree->root = node_create(0, 1);
    if (!tree->root)
        return FC_E_NOMEM;
    fc_btree_log_made(log, tree->root);
    return FC_OK;
}

enum fc_err fc_btree_put(struct fc_btree *tree, struct fc_btree_log *log, struct fc_pool *pool,
                         bool alone, struct fc_span key, struct fc_span value)
{
    assert(key.len <= FC_BTREE_KEY_BYTES_MAX && value.len <= UINT32_MAX);
    struct change change = {.log = log, .pool = pool, .alone = alone};
    enum fc_err err = fc_btree_log_reserve(log, tree->root ? tree->root->height : 0);
    if (err == FC_OK && !tree->root)
        err = plant(tree, log);
    if (err == FC_OK)
        err = node_put(&tree->root, key, value, &change);
    if (err == FC_OK && change.split.right)
        err = grow_root(tree, log, change.split);
    if (err != FC_OK)
        return err;
    tree->rows += change.counted;
    tree->bytes += key.len + value.len - change.removed;
    return FC_OK;
}

/* deleting */

static void drop_slot(struct fc_btree_log *log, node *at, unsigned index)
{
    unsigned after = at->count - index - 1u;
    if (at->height == 0) {
        fc_btree_log_row(log, FC_CHANGE_OUT, fc_btree_leaves(at)[index].row);
        memmove(&fc_btree_leaves(at)[index], &fc_btree_leaves(at)[index + 1],
                after * sizeof(struct fc_leaf));
    } else {
        fc_btree_log_row(log, FC_CHANGE_NO_LIMIT, fc_btree_branches(at)[index].least);
        fc_btree_log_left(log, fc_btree_branches(at)[index].child); /* it is empty */
        memmove(&fc_btree_branches(at)[index], &fc_btree_branches(at)[index + 1],
                after * sizeof(struct fc_branch));
    }
    at->count--;
    if (at->height && index == 0 && at->count) {
        fc_btree_log_row(log, FC_CHANGE_NO_LIMIT, fc_btree_branches(at)[0].least);
        fc_btree_branches(at)[0].least = NULL;
    }
}

/* Empties the child right of `index` into the one at `index`. */
static enum fc_err merge(struct fc_btree_log *log, node *at, unsigned index)
{
    struct fc_branch *left = &fc_btree_branches(at)[index], *right = left + 1;
    unsigned moved = right->child->count;
    enum fc_err err = own(log, &left->child);
    if (!err)
        err = own(log, &right->child);
    if (!err)
        err = make_room(log, &left->child, left->child->count + moved);
    if (err)
        return err;
    move_slots(left->child, right->child, 0, moved);
    if (left->child->height) {
        struct fc_branch *first = &fc_btree_branches(left->child)[left->child->count - moved];
        first->head = right->head;
        first->least = right->least;
        right->least = NULL;
    }
    right->child->count = 0;
    drop_slot(log, at, index + 1);
    return FC_OK;
}

static enum fc_err tidy(struct fc_btree_log *log, node *at, unsigned index)
{
    const struct fc_branch *slots = fc_btree_branches(at);
    unsigned count = slots[index].child->count;
    if (count == 0) {
        drop_slot(log, at, index);
        return FC_OK;
    }
    if (count > SPARSE)
        return FC_OK;
    if (index > 0 && slots[index - 1].child->count + count <= MERGED_MAX)
        return merge(log, at, index - 1);
    if (index + 1u < at->count && slots[index + 1].child->count + count <= MERGED_MAX)
        return merge(log, at, index);
    return FC_OK;
}

static enum fc_err node_del(node **where, struct fc_span key, struct change *change)
{
    enum fc_err err = own(change->log, where);
    if (err)
        return err;
    node *at = *where;
    if (at->height == 0) {
        bool equal;
        unsigned index = leaf_find(at, key, &equal);
        assert(equal);
        change->removed = row_bytes(fc_btree_leaves(at)[index].row);
        drop_slot(change->log, at, index);
        return FC_OK;
    }
    unsigned index = branch_find(at, key);
    err = node_del(&fc_btree_branches(at)[index].child, key, change);
    return err ? err : tidy(change->log, at, index);
}

enum fc_err fc_btree_del(struct fc_btree *tree, struct fc_btree_log *log, struct fc_span key)
{
    struct fc_span value;
    struct change change = {.log = log};
    enum fc_err err = fc_btree_get(tree, key, &value);
    if (err == FC_OK)
        err = fc_btree_log_reserve(log, tree->root->height);
    if (err == FC_OK)
        err = node_del(&tree->root, key, &change);
    if (err != FC_OK)
        return err;
    tree->rows--;
    tree->bytes -= change.removed;
    while (tree->root && tree->root->count <= 1 && (tree->root->height || !tree->root->count)) {
        node *old = tree->root;
        err = own(log, &old);
        if (err != FC_OK)
            return err;
        tree->root = old->count ? fc_btree_branches(old)[0].child : NULL;
        fc_btree_log_left(log, old);
    }
    return FC_OK;
}

/* reading */

void fc_btree_finish(struct fc_btree *tree)
{
    fc_btree_node_release(tree->root);
    *tree = (struct fc_btree){0};
}

struct fc_btree fc_btree_copy(const struct fc_btree *tree)
{
    if (tree->root)
        tree->root->refs++;
    return *tree;
}

enum fc_err fc_btree_get(const struct fc_btree *tree, struct fc_span key, struct fc_span *value)
{
    const node *at = tree->root;
    if (!at)
        return FC_E_MISSING;
    while (at->height)
        at = fc_btree_branches(at)[branch_find(at, key)].child;
    bool equal;
    unsigned index = leaf_find(at, key, &equal);
    if (!equal)
        return FC_E_MISSING;
    *value = fc_row_value(fc_btree_leaves(at)[index].row);
    return FC_OK;
}

/* To the leaf where `key` belongs and the first row there that is not less; may be past its last.
 */
static bool descend(const struct fc_btree *tree, struct fc_span key, struct fc_btree_path *path,
                    bool *equal)
{
    const node *at = tree->root;
    *equal = false;
    if (!at)
        return false;
    for (; at->height; at = fc_btree_branches(at)[path->index[at->height]].child) {
        path->nodes[at->height] = at;
        path->index[at->height] = (uint8_t)branch_find(at, key);
    }
    path->nodes[0] = at;
    path->index[0] = (uint8_t)leaf_find(at, key, equal);
    return true;
}

/* Down the first or the last slots, from the child chosen at `height`. */
static void fall(struct fc_btree_path *path, unsigned height, bool last)
{
    for (; height > 0; height--) {
        const node *at = fc_btree_branches(path->nodes[height])[path->index[height]].child;
        path->nodes[height - 1] = at;
        path->index[height - 1] = last ? (uint8_t)(at->count - 1) : 0;
    }
}

/* Stands on a row of the leaf, or goes to the first of the next leaf. */
static bool settle(const struct fc_btree *tree, struct fc_btree_path *path)
{
    if (path->index[0] < path->nodes[0]->count)
        return true;
    for (unsigned height = 1; height <= tree->root->height; height++) {
        if (path->index[height] + 1 < path->nodes[height]->count) {
            path->index[height]++;
            fall(path, height, false);
            return true;
        }
    }
    return false;
}

bool fc_btree_seek(const struct fc_btree *tree, struct fc_span key, struct fc_btree_path *path)
{
    bool equal;
    return descend(tree, key, path, &equal) && settle(tree, path);
}

bool fc_btree_seek_after(const struct fc_btree *tree, struct fc_span key,
                         struct fc_btree_path *path)
{
    bool equal;
    if (!descend(tree, key, path, &equal))
        return false;
    path->index[0] = (uint8_t)(path->index[0] + equal);
    return settle(tree, path);
}

bool fc_btree_next(const struct fc_btree *tree, struct fc_btree_path *path)
{
    path->index[0]++;
    return settle(tree, path);
}

static bool seek_last(const struct fc_btree *tree, struct fc_btree_path *path)
{
    const node *root = tree->root;
    if (!root)
        return false;
    path->nodes[root->height] = root;
    path->index[root->height] = (uint8_t)(root->count - 1);
    fall(path, root->height, true);
    return true;
}

bool fc_btree_seek_before(const struct fc_btree *tree, struct fc_span key,
                          struct fc_btree_path *path)
{
    bool equal;
    if (!key.len)
        return seek_last(tree, path);
    if (!descend(tree, key, path, &equal))
        return false;
    if (path->index[0] > 0) {
        path->index[0]--;
        return true;
    }
    for (unsigned height = 1; height <= tree->root->height; height++) {
        if (path->index[height] > 0) {
            path->index[height]--;
            fall(path, height, true);
            return true;
        }
    }
    return false;
}

void fc_btree_row(const struct fc_btree_path *path, struct fc_span *key, struct fc_span *value)
{
    const struct fc_row *row = fc_btree_leaves(path->nodes[0])[path->index[0]].row;
    *key = fc_row_key(row);
    *value = fc_row_value(row);
}

/* checking */

struct walk {
    struct fc_span last;
    uint64_t rows;
    uint64_t bytes;
};

static bool leaf_holds(const node *leaf, struct walk *walk)
{
    for (unsigned i = 0; i < leaf->count; i++) {
        const struct fc_row *row = fc_btree_leaves(leaf)[i].row;
        if (!row->refs || fc_btree_leaves(leaf)[i].head != head_of(fc_row_key(row)) ||
            (walk->rows && fc_span_cmp(walk->last, fc_row_key(row)) >= 0))
            return false;
        walk->last = fc_row_key(row);
        walk->rows++;
        walk->bytes += row_bytes(row);
    }
    return true;
}

static bool node_holds(const node *at, struct walk *walk)
{
    if (!at->refs || !at->count || at->count > at->cap || at->cap > FC_BTREE_FANOUT)
        return false;
    if (at->height == 0)
        return leaf_holds(at, walk);
    for (unsigned i = 0; i < at->count; i++) {
        const struct fc_branch *branch = &fc_btree_branches(at)[i];
        if (branch->least && branch->head != head_of(fc_row_key(branch->least)))
            return false;
        if ((i == 0) != !branch->least || branch->child->height + 1 != at->height)
            return false;
        if (i > 0 && fc_span_cmp(walk->last, fc_row_key(branch->least)) >= 0)
            return false;
        if (!node_holds(branch->child, walk))
            return false;
        const node *first = branch->child;
        while (first->height)
            first = fc_btree_branches(first)[0].child;
        if (i > 0 &&
            fc_span_cmp(fc_row_key(fc_btree_leaves(first)[0].row), fc_row_key(branch->least)) < 0)
            return false;
    }
    return true;
}

enum fc_err fc_btree_check(const struct fc_btree *tree)
{
    struct walk walk = {0};
    if (tree->root && !node_holds(tree->root, &walk))
        return FC_E_CORRUPT;
    return walk.rows == tree->rows && walk.bytes == tree->bytes ? FC_OK : FC_E_CORRUPT;
}
