#include <assert.h>

#include "store/btree_priv.h"

struct fc_btree_log {
    struct fc_pool *pool;
    uint64_t stamp; /* nodes that have it can be put back already; no other log has it */
    struct fc_change_note *notes;
    uint32_t count, cap;
    uint8_t tag;
    struct fc_buf slots; /* of nodes, as they were */
};

enum { SPARE_NOTES_MAX = 1024, SPARE_SLOTS_MAX = 64 * 1024 };

struct fc_btree_log *fc_btree_log_create(struct fc_pool *pool)
{
    struct fc_btree_log *log = fc_pool_borrow(pool);
    if (!log)
        log = calloc(1, sizeof *log);
    if (!log)
        return NULL;
    log->pool = pool;
    log->stamp = fc_pool_stamp(pool);
    return log;
}

void fc_btree_log_tag(struct fc_btree_log *log, uint8_t tag)
{
    log->tag = tag;
}

uint32_t fc_btree_log_mark(struct fc_btree_log *log)
{
    log->stamp = fc_pool_stamp(log->pool);
    return log->count;
}

static void destroy_spare(void *spare)
{
    struct fc_btree_log *log = spare;
    fc_buf_finish(&log->slots);
    free(log->notes);
    free(log);
}

/* Its memory serves the next one. */
static void put_away(struct fc_btree_log *log)
{
    if (log->cap > SPARE_NOTES_MAX || log->slots.cap > SPARE_SLOTS_MAX) {
        destroy_spare(log);
        return;
    }
    log->count = 0;
    fc_buf_clear(&log->slots);
    fc_pool_give_back(log->pool, log, destroy_spare);
}

/* -- noting ------------------------------------------------------------------------------------ */

enum { NOTES_A_LEVEL = 16 };

enum fc_err fc_btree_log_reserve(struct fc_btree_log *log, unsigned height)
{
    uint32_t wanted = log->count + NOTES_A_LEVEL * (height + 2);
    if (wanted <= log->cap)
        return FC_OK;
    uint32_t cap = 2 * log->cap > wanted ? 2 * log->cap : wanted;
    struct fc_change_note *notes = realloc(log->notes, cap * sizeof *notes);
    if (!notes)
        return FC_E_NOMEM;
    log->notes = notes;
    log->cap = cap;
    return FC_OK;
}

static struct fc_change_note *note(struct fc_btree_log *log, enum fc_change_kind kind,
                                   struct fc_btree_node *node)
{
    assert(log->count < log->cap);
    struct fc_change_note *made = &log->notes[log->count++];
    *made = (struct fc_change_note){.kind = (uint8_t)kind, .tag = log->tag, .node = node};
    return made;
}

enum fc_err fc_btree_log_touch(struct fc_btree_log *log, struct fc_btree_node *node)
{
    if (node->stamp == log->stamp)
        return FC_OK;
    size_t at = log->slots.len;
    fc_buf_append(&log->slots, fc_btree_leaves(node), node->count * fc_btree_slot_bytes(node));
    if (log->slots.failed)
        return FC_E_NOMEM;
    struct fc_change_note *made = note(log, FC_CHANGE_NODE, node);
    made->count = node->count;
    made->of.at = at;
    node->stamp = log->stamp;
    return FC_OK;
}

void fc_btree_log_made(struct fc_btree_log *log, struct fc_btree_node *node)
{
    node->stamp = log->stamp;
    (void)note(log, FC_CHANGE_MADE, node);
}

void fc_btree_log_copied(struct fc_btree_log *log, struct fc_btree_node *node,
                         struct fc_btree_node *of)
{
    note(log, FC_CHANGE_COPIED, node)->of.other = of;
}

void fc_btree_log_left(struct fc_btree_log *log, struct fc_btree_node *node)
{
    assert(node->refs == 1);
    (void)note(log, FC_CHANGE_LEFT, node);
}

void fc_btree_log_row(struct fc_btree_log *log, enum fc_change_kind kind, struct fc_row *row)
{
    if (row)
        note(log, kind, NULL)->of.row = row;
}

/* -- keeping and undoing ----------------------------------------------------------------------- */

void fc_btree_log_keep(struct fc_btree_log *log)
{
    for (uint32_t i = 0; i < log->count; i++) {
        struct fc_change_note *at = &log->notes[i];
        switch ((enum fc_change_kind)at->kind) {
        case FC_CHANGE_LEFT:
            free(at->node);
            break;
        case FC_CHANGE_OUT:
        case FC_CHANGE_NO_LIMIT:
            fc_row_release(at->of.row);
            break;
        case FC_CHANGE_NODE:
        case FC_CHANGE_COPIED:
        case FC_CHANGE_MADE:
        case FC_CHANGE_IN:
        case FC_CHANGE_LIMIT:
            break;
        }
    }
    put_away(log);
}

static void undo_note(struct fc_btree_log *log, const struct fc_change_note *at)
{
    switch ((enum fc_change_kind)at->kind) {
    case FC_CHANGE_NODE:
        at->node->count = at->count;
        if (at->count > 0)
            memcpy(fc_btree_leaves(at->node), log->slots.data + at->of.at,
                   at->count * fc_btree_slot_bytes(at->node));
        log->slots.len = at->of.at;
        break;
    case FC_CHANGE_COPIED:
        at->of.other->refs++;
        fc_btree_node_release(at->node);
        break;
    case FC_CHANGE_MADE:
        free(at->node);
        break;
    case FC_CHANGE_IN:
    case FC_CHANGE_LIMIT:
        fc_row_release(at->of.row);
        break;
    case FC_CHANGE_LEFT:
    case FC_CHANGE_OUT:
    case FC_CHANGE_NO_LIMIT:
        break;
    }
}

void fc_btree_log_undo(struct fc_btree_log *log, uint32_t mark)
{
    while (log->count > mark)
        undo_note(log, &log->notes[--log->count]);
    log->stamp = fc_pool_stamp(log->pool); /* nodes changed since must be kept anew */
    log->slots.failed = false;
}

void fc_btree_log_destroy(struct fc_btree_log *log)
{
    if (!log)
        return;
    fc_btree_log_undo(log, 0);
    put_away(log);
}

static enum fc_err put_all(const struct fc_btree *from, struct fc_pool *pool,
                           struct fc_btree_log *log, struct fc_btree *to)
{
    struct fc_btree_path path;
    struct fc_span key, value;
    enum fc_err err = FC_OK;
    for (bool there = fc_btree_seek(from, fc_span(NULL, 0), &path); there && err == FC_OK;
         there = fc_btree_next(from, &path)) {
        fc_btree_row(&path, &key, &value);
        err = fc_btree_put(to, log, pool, false, key, value);
    }
    return err;
}

enum fc_err fc_btree_log_before(const struct fc_btree_log *log, uint8_t tag,
                                const struct fc_btree *now, struct fc_btree *before)
{
    struct fc_pool *pool = log->pool;
    struct fc_btree_log *made = fc_btree_log_create(pool);
    *before = (struct fc_btree){0};
    if (!made)
        return FC_E_NOMEM;
    enum fc_err err = put_all(now, pool, made, before);
    for (uint32_t i = log->count; i-- > 0 && err == FC_OK;) {
        const struct fc_change_note *at = &log->notes[i];
        if (at->tag != tag)
            continue;
        if (at->kind == FC_CHANGE_IN)
            err = fc_btree_del(before, made, fc_row_key(at->of.row));
        else if (at->kind == FC_CHANGE_OUT)
            err = fc_btree_put(before, made, pool, false, fc_row_key(at->of.row),
                               fc_row_value(at->of.row));
    }
    if (err == FC_OK) {
        fc_btree_log_keep(made);
        return FC_OK;
    }
    *before = (struct fc_btree){0};
    fc_btree_log_destroy(made);
    return err;
}
