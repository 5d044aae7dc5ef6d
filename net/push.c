#include <stdlib.h>

#include "net/inside.h"

static enum fc_err add_contents(struct fc_core *core, const struct fc_hash *participant,
                                struct fc_span ops_bytes, struct fc_buf *list, uint32_t *count)
{
    struct fc_ops ops;
    struct fc_op op;
    struct fc_buf frame = {0};
    enum fc_err err = fc_ops_init(&ops, ops_bytes);
    while (err == FC_OK && fc_ops_next(&ops, &op)) {
        struct fc_content content;
        if (op.kind != FC_OP_PUT)
            continue;
        fc_buf_clear(&frame);
        enum fc_err got = fc_replica_content_frame(core->config.replica, participant, &op.key_hash,
                                                   &frame, &content);
        if (fc_core_store_failed(core, got)) {
            err = got;
        } else if (got == FC_OK && list->len + content.bytes.len + 64 <= FC_PUSH_CONTENT_BYTES) {
            fc_wire_put_content(list, NULL, &content);
            (*count)++;
        }
    }
    fc_buf_finish(&frame);
    return err;
}

/* What a push of the held head is, past the mark: with its operations where they are held. */
static enum fc_err encode_head(struct fc_core *core, const struct fc_hash *participant,
                               struct fc_buf *tail, enum fc_wire_kind *kind)
{
    struct fc_buf record = {0}, ops = {0}, delta = {0}, list = {0};
    bool has_ops = false;
    uint32_t count = 0;
    enum fc_err err = fc_replica_head(core->config.replica, participant, &record, &ops, &has_ops);
    *kind = has_ops ? FC_WIRE_DELTA : FC_WIRE_RECORD;
    if (err == FC_OK && !has_ops)
        fc_pack_bin(tail, fc_buf_span(&record));
    if (err == FC_OK && has_ops)
        err = fc_delta_write(fc_buf_span(&record), fc_buf_span(&ops), &delta);
    if (err == FC_OK && has_ops)
        err = add_contents(core, participant, fc_buf_span(&ops), &list, &count);
    if (err == FC_OK && has_ops) {
        fc_pack_bin(tail, fc_buf_span(&delta));
        fc_pack_array(tail, count);
        fc_buf_append(tail, list.data, list.len);
    }
    if (record.failed || ops.failed || list.failed || tail->failed)
        err = FC_E_NOMEM;
    fc_buf_finish(&record);
    fc_buf_finish(&ops);
    fc_buf_finish(&delta);
    fc_buf_finish(&list);
    return err;
}

static enum fc_err encode_record(struct fc_core *core, const struct fc_hash *hash,
                                 struct fc_buf *tail)
{
    const struct fc_held *held = fc_ledger_find(fc_replica_ledger(core->config.replica), hash);
    if (!held)
        return FC_E_MISSING;
    fc_pack_bin(tail, held->record.bytes);
    return fc_buf_check(tail);
}

/* Encoded once, whatever the number of receivers. */
static bool encode(struct fc_core *core, const struct fc_arrival *arrival)
{
    if (fc_hash_eq(&core->pushed_hash, &arrival->hash) && core->push_tail.len != 0)
        return true;
    fc_buf_clear(&core->push_tail);
    core->pushed_hash = arrival->hash;
    core->push_kind = FC_WIRE_RECORD;
    enum fc_err err = arrival->type == FC_RECORD_HEAD
                          ? encode_head(core, &arrival->subject, &core->push_tail, &core->push_kind)
                          : encode_record(core, &arrival->hash, &core->push_tail);
    if (err != FC_OK) {
        fc_buf_clear(&core->push_tail);
        fc_core_store_failed(core, err);
    }
    return err == FC_OK;
}

static bool may_push(const struct fc_core *core, const struct fc_session *session)
{
    return session && !session->blocked && core->effects->bytes <= FC_EFFECTS_BYTES_MAX;
}

static void send(struct fc_core *core, struct fc_session *session, const struct fc_wire_mark *mark,
                 uint32_t tag)
{
    struct fc_buf message = {0};
    fc_wire_push(&message, core->push_kind, mark, tag);
    fc_buf_append(&message, core->push_tail.data, core->push_tail.len);
    fc_session_send_bytes(core, session, &message);
}

bool fc_push_one(struct fc_core *core, const struct fc_key *key, const struct fc_arrival *arrival,
                 uint32_t tag)
{
    struct fc_session *session = fc_session_of(core, key);
    if (!may_push(core, session) || session->pushed >= arrival->index || !encode(core, arrival))
        return false;
    struct fc_arrival_mark own = fc_replica_arrival_mark(core->config.replica);
    struct fc_wire_mark mark = {own.epoch, session->told, arrival->index};
    if (mark.prev > mark.index)
        mark.prev = mark.index;
    if (session->deferred) /* moves with the announcement */
        mark.index = mark.prev;
    session->told = mark.index;
    session->pushed = arrival->index;
    send(core, session, &mark, tag);
    return true;
}

bool fc_push_again(struct fc_core *core, struct fc_session *session,
                   const struct fc_arrival *arrival, uint32_t tag)
{
    if (!may_push(core, session) || !encode(core, arrival))
        return false;
    struct fc_arrival_mark own = fc_replica_arrival_mark(core->config.replica);
    uint64_t at = fc_earlier(session->told, own.index);
    send(core, session, &(struct fc_wire_mark){own.epoch, at, at}, tag);
    return true;
}

/* Twice the places, for buckets that are not full: full ones need none. */
static bool relayed_grow(struct fc_core *core)
{
    uint32_t cap = core->relayed_cap ? 2 * core->relayed_cap : FC_RELAYED_LEAST;
    struct fc_relayed *table = calloc(cap, sizeof *table);
    if (!table)
        return false;
    for (uint32_t i = 0; i < core->relayed_cap; i++) {
        struct fc_relayed *old = &core->relayed[i];
        if (old->bucket.burst != 0 && !fc_bucket_full(&old->bucket, core->now_us))
            table[fc_get_be32(old->participant.b) % cap] = *old;
    }
    free(core->relayed);
    core->relayed = table;
    core->relayed_cap = cap;
    return true;
}

/* How fast one participant's heads are relayed; above it peers hear of them by cursor. */
static bool may_relay(struct fc_core *core, const struct fc_hash *participant)
{
    struct fc_relayed *place;
    for (;;) {
        if (core->relayed_cap == 0 && !relayed_grow(core)) {
            core->err = FC_E_NOMEM;
            return false;
        }
        place = &core->relayed[fc_get_be32(participant->b) % core->relayed_cap];
        if (fc_hash_eq(&place->participant, participant))
            return fc_bucket_take(&place->bucket, 1, core->now_us);
        if (place->bucket.burst == 0 || fc_bucket_full(&place->bucket, core->now_us))
            break;
        if (core->relayed_cap >= FC_RELAYED_KEPT || !relayed_grow(core))
            return fc_bucket_take(&place->bucket, 1, core->now_us); /* they share, for a while */
    }
    place->participant = *participant;
    fc_bucket_init(&place->bucket, FC_RELAYED_PER_S, FC_RELAYED_BURST, core->now_us);
    return fc_bucket_take(&place->bucket, 1, core->now_us);
}

struct arrivals {
    struct fc_arrival *list;
    uint32_t count, cap;
};

static enum fc_err gather(void *ctx, const struct fc_arrival *arrival)
{
    struct arrivals *all = ctx;
    if (all->count == all->cap) {
        uint32_t cap = all->cap ? 2 * all->cap : 16;
        struct fc_arrival *list = realloc(all->list, cap * sizeof *list);
        if (!list)
            return FC_E_NOMEM;
        all->list = list;
        all->cap = cap;
    }
    all->list[all->count] = *arrival;
    all->list[all->count++].record = (struct fc_span){0};
    return FC_OK;
}

static void tell(struct fc_core *core, struct fc_session *from, const struct fc_arrival *arrival,
                 bool is_theirs)
{
    const struct fc_core_observer *observer = &core->config.observer;
    if (arrival->type == FC_RECORD_CHECKPOINT)
        fc_witness_take(core, &arrival->hash);
    else if (arrival->type != FC_RECORD_HEAD)
        core->membership_changed = true;
    else if (observer->accepted)
        observer->accepted(observer->ctx, is_theirs ? &from->key : NULL, arrival);
    bool relayed =
        from == NULL || arrival->type != FC_RECORD_HEAD || may_relay(core, &arrival->subject);
    if (relayed && core->view_ops->on_news)
        core->view_ops->on_news(core->view, core->now_us);
    struct fc_spread_item item = fc_spread_item_of(arrival);
    enum fc_spread_way way = !is_theirs      ? FC_SPREAD_OWN
                             : core->in_push ? FC_SPREAD_PUSHED
                                             : FC_SPREAD_FETCHED;
    core->telling = arrival->index;
    if (relayed)
        core->spread_ops->on_accepted(core->spread, arrival, way, is_theirs ? &from->key : NULL,
                                      way == FC_SPREAD_PUSHED ? core->tag : 0, core->now_us);
    for (uint32_t i = 0; i < core->session_count; i++) {
        struct fc_session *session = core->sessions[i];
        fc_pending_drop_news(core, session, &item);
        if (session->pushed >= arrival->index || (is_theirs && session == from))
            continue;
        session->told = arrival->index;
        session->hole = session->state == FC_SESSION_OPEN && session->active;
    }
}

void fc_push_new(struct fc_core *core, struct fc_session *session, const struct fc_hash *hash)
{
    struct arrivals all = {0};
    struct fc_arrival_mark mark = fc_replica_arrival_mark(core->config.replica);
    if (mark.epoch != core->seen_epoch) {
        core->seen_epoch = mark.epoch;
        core->seen_index = 0;
        for (uint32_t i = 0; i < core->session_count; i++)
            core->sessions[i]->pushed = core->sessions[i]->told = core->sessions[i]->deferred = 0;
        fc_sync_afresh(core); /* after a repair less may be held than was taken in */
        fc_history_finish(&core->history);
    }
    core->digest_known = false;
    enum fc_err err = fc_replica_arrivals(core->config.replica, core->seen_index, gather, &all);
    if (!fc_core_store_failed(core, err)) {
        core->seen_index = mark.index;
        for (uint32_t i = 0; i < all.count && core->err == FC_OK; i++)
            tell(core, session, &all.list[i], hash && fc_hash_eq(hash, &all.list[i].hash));
    }
    free(all.list);
}
