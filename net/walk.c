#include <stdlib.h>
#include <string.h>

#include "net/inside.h"

enum { CHILDREN_MAX = 256, RESTARTS_MAX = 4 };

static bool enqueue(struct fc_core *core, struct fc_catchup *load, const struct fc_prefix *prefixes,
                    uint32_t count)
{
    uint64_t needed = (uint64_t)load->queue_count + count;
    if (needed > FC_WALK_QUEUE_MAX)
        return false;
    if (needed > load->queue_cap) {
        uint32_t cap = load->queue_cap ? load->queue_cap : CHILDREN_MAX;
        while (cap < needed)
            cap *= 2;
        struct fc_prefix *queue = realloc(load->queue, cap * sizeof *queue);
        if (!queue) {
            core->err = FC_E_NOMEM;
            return true;
        }
        load->queue = queue;
        load->queue_cap = cap;
    }
    if (count != 0)
        memcpy(load->queue + load->queue_count, prefixes, count * sizeof *prefixes);
    load->queue_count += count;
    return true;
}

static void ask(struct fc_core *core, struct fc_catchup *load)
{
    struct fc_wire message = {.kind = FC_WIRE_WALK,
                              .walk = {.id = load->id, .participant = load->participant}};
    struct fc_buf prefixes = {0};
    load->asked = load->queue_count < FC_PREFIXES_MAX ? load->queue_count : FC_PREFIXES_MAX;
    for (uint32_t i = 0; i < load->asked; i++)
        fc_wire_put_prefix(&prefixes, &load->queue[i]);
    if (prefixes.failed)
        core->err = FC_E_NOMEM;
    message.walk.prefixes = (struct fc_wire_list){load->asked, fc_buf_span(&prefixes)};
    load->deadline_us = core->now_us + FC_BLOCK_US;
    fc_session_send(core, load->session, &message);
    fc_buf_finish(&prefixes);
}

void fc_walk_begin(struct fc_core *core, struct fc_catchup *load)
{
    const struct fc_prefix root = {0};
    fc_load_abort(load->load);
    load->load = NULL;
    load->walked = true;
    load->stage = FC_STAGE_WALK;
    load->id = core->next_id++;
    load->queue_count = load->asked = 0;
    load->whole = false;
    load->head_hash = (struct fc_hash){{0}};
    enum fc_err err =
        fc_load_begin(core->config.replica, &load->participant, FC_LOAD_WALK, &load->load);
    if (fc_core_store_failed(core, err))
        return;
    if (err != FC_OK)
        fc_catchup_failed(core, load, fc_err_text(err));
    else if (enqueue(core, load, &root, 1) && core->err == FC_OK)
        ask(core, load);
}

/* Places come in the order they were asked for, as many as fitted. */
static enum fc_err take(struct fc_core *core, struct fc_catchup *load,
                        const struct fc_wire_list *places)
{
    struct fc_unpack at;
    uint32_t done = 0;
    if (places->count == 0 || places->count > load->asked)
        return FC_E_FORMAT;
    fc_wire_items(&at, places);
    while (fc_wire_more_items(&at)) {
        struct fc_wire_place place;
        struct fc_prefix next[CHILDREN_MAX];
        uint32_t count = 0;
        fc_wire_get_place(&at, &place);
        const struct fc_prefix *asked = &load->queue[done];
        if (place.prefix.depth != asked->depth ||
            memcmp(place.prefix.bits.b, asked->bits.b, sizeof asked->bits.b) != 0)
            return FC_E_FORMAT;
        enum fc_err err = fc_load_walk(load->load, &place.prefix, place.nodes, place.items,
                                       place.frames, next, CHILDREN_MAX, &count);
        if (err != FC_OK)
            return err;
        if (!enqueue(core, load, next, count))
            return FC_E_BOUND;
        done++;
    }
    memmove(load->queue, load->queue + done, (load->queue_count - done) * sizeof *load->queue);
    load->queue_count -= done;
    load->asked = 0;
    return FC_OK;
}

/* True when the answer belongs to the head the walk began with. */
static bool same_head(struct fc_core *core, struct fc_catchup *load, struct fc_span head)
{
    struct fc_hash before = load->head_hash;
    if (!fc_catchup_head(core, load, head))
        return false;
    if (fc_hash_is_zero(&before) || fc_hash_eq(&before, &load->head_hash))
        return true;
    if (++load->restarts > RESTARTS_MAX)
        fc_catchup_failed(core, load, "the feed moves faster than it can be walked");
    else
        fc_walk_begin(core, load);
    return false;
}

void fc_walk_nodes(struct fc_core *core, struct fc_session *session,
                   const struct fc_wire_nodes *nodes)
{
    struct fc_catchup *load = fc_catchup_find(core, session, nodes->id);
    if (!load || load->stage != FC_STAGE_WALK)
        return;
    load->bytes_in += nodes->places.bytes.len;
    if (nodes->head.len == 0) {
        fc_catchup_failed(core, load, "no such feed there");
        return;
    }
    if (!same_head(core, load, nodes->head))
        return;
    enum fc_err err = take(core, load, &nodes->places);
    if (fc_core_store_failed(core, err) || core->err != FC_OK)
        return;
    if (err == FC_E_BOUND)
        fc_catchup_ask(core, load, true);
    else if (err != FC_OK)
        fc_session_punish(core, session, fc_err_text(err));
    else if (load->queue_count != 0)
        ask(core, load);
    else
        fc_catchup_finish(core, load);
}
