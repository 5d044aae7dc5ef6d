#include "net/inside.h"

/* -- what the spread may ask ------------------------------------------------------------------ */

static bool host_push(void *ctx, const struct fc_key *key, const struct fc_arrival *arrival,
                      uint32_t tag)
{
    return fc_push_one(ctx, key, arrival, tag);
}

/* The arrival being told of is the last one: all that is not noted as handled is a hole. */
static void host_defer(void *ctx, const struct fc_key *key)
{
    struct fc_core *core = ctx;
    struct fc_session *session = fc_session_of(core, key);
    if (!session)
        return;
    session->deferred = true;
    session->pushed = core->telling;
}

static void host_skip(void *ctx, const struct fc_key *key)
{
    struct fc_core *core = ctx;
    struct fc_session *session = fc_session_of(core, key);
    if (session)
        session->pushed = core->telling;
}

/* The first participant, in order of id, that begins with these bytes or comes after. */
static size_t participant_from(const struct fc_ledger *ledger, uint64_t prefix)
{
    size_t low = 0, high = fc_ledger_participant_count(ledger);
    while (low < high) {
        struct fc_participant participant;
        size_t middle = low + (high - low) / 2;
        fc_ledger_participant_at(ledger, middle, &participant);
        if (fc_get_be64(participant.id.b) < prefix)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The oldest of the held heads that the item may be about: there is hardly ever more than one. */
static bool find_head(struct fc_core *core, const struct fc_spread_item *item,
                      struct fc_arrival *out)
{
    const struct fc_ledger *ledger = fc_replica_ledger(core->config.replica);
    size_t count = fc_ledger_participant_count(ledger);
    bool found = false;
    for (size_t i = participant_from(ledger, item->id); i < count; i++) {
        struct fc_participant participant;
        struct fc_feed feed;
        fc_ledger_participant_at(ledger, i, &participant);
        if (fc_get_be64(participant.id.b) != item->id)
            break;
        enum fc_err err = fc_replica_feed(core->config.replica, &participant.id, &feed);
        if (fc_core_store_failed(core, err) || err != FC_OK || feed.version < item->version)
            return false;
        if (!found || feed.version < out->version)
            *out = (struct fc_arrival){.type = FC_RECORD_HEAD,
                                       .subject = participant.id,
                                       .hash = feed.head_hash,
                                       .version = feed.version};
        found = true;
    }
    return found;
}

static bool find(struct fc_core *core, const struct fc_spread_item *item, struct fc_arrival *out)
{
    uint8_t prefix[8];
    if (item->version != 0)
        return find_head(core, item, out);
    fc_put_be64(prefix, item->id);
    const struct fc_held *held =
        fc_ledger_find_prefix(fc_replica_ledger(core->config.replica), prefix);
    if (held)
        *out = (struct fc_arrival){
            .type = held->record.type, .subject = held->record.hash, .hash = held->record.hash};
    return held != NULL;
}

static bool host_push_item(void *ctx, const struct fc_key *key, const struct fc_spread_item *item,
                           uint32_t tag)
{
    struct fc_core *core = ctx;
    struct fc_session *session = fc_session_of(core, key);
    struct fc_arrival arrival;
    return session && find(core, item, &arrival) && fc_push_again(core, session, &arrival, tag);
}

/* The peer's next mark shows that something above is missing there. */
static void give_up(struct fc_core *core, struct fc_session *session)
{
    session->deferred = false;
    if (session->told < core->seen_index)
        session->told = core->seen_index;
    session->hole = true;
}

static bool host_announce(void *ctx, const struct fc_key *key, struct fc_span bytes, bool last)
{
    struct fc_core *core = ctx;
    struct fc_session *session = fc_session_of(core, key);
    if (!session)
        return false;
    struct fc_wire message = {.kind = FC_WIRE_ANNOUNCE, .announce = {.bytes = bytes}};
    struct fc_wire_mark mark = {core->seen_epoch, session->told, core->seen_index};
    if (mark.index < mark.prev || !last)
        mark.index = mark.prev;
    if (session->blocked || core->effects->bytes > FC_EFFECTS_BYTES_MAX) {
        give_up(core, session);
        return false;
    }
    session->told = mark.index;
    if (last)
        session->deferred = session->hole = false;
    message.announce.mark = mark;
    fc_session_send(core, session, &message);
    return true;
}

static void host_settle(void *ctx, const struct fc_key *key, bool known)
{
    struct fc_core *core = ctx;
    struct fc_session *session = fc_session_of(core, key);
    if (!session)
        return;
    if (known)
        session->deferred = false;
    else
        give_up(core, session);
}

static void host_send(void *ctx, const struct fc_key *key, struct fc_span bytes)
{
    struct fc_session *session = fc_session_of(ctx, key);
    struct fc_wire message = {.kind = FC_WIRE_SPREAD, .opaque = {.bytes = bytes}};
    if (session)
        fc_session_send(ctx, session, &message);
}

static bool host_holds(void *ctx, const struct fc_spread_item *item)
{
    struct fc_arrival arrival;
    return find(ctx, item, &arrival);
}

static void host_missing(void *ctx, const struct fc_key *key, const struct fc_spread_item *item)
{
    struct fc_session *session = fc_session_of(ctx, key);
    if (session)
        fc_pending_add_news(ctx, session, item);
}

static uint64_t host_round_trip_us(void *ctx, const struct fc_key *key)
{
    const struct fc_session *session = fc_session_of(ctx, key);
    return session ? session->round_trip_us : 0;
}

static void host_drop(void *ctx, const struct fc_key *key, const char *why)
{
    struct fc_session *session = fc_session_of(ctx, key);
    if (session)
        fc_session_close(ctx, session, FC_GOODBYE_SILENT, why);
}

static void host_punish(void *ctx, const struct fc_key *key, const char *why)
{
    struct fc_session *session = fc_session_of(ctx, key);
    if (session)
        fc_session_punish(ctx, session, why);
}

static uint64_t host_random(void *ctx, uint64_t below)
{
    struct fc_core *core = ctx;
    return fc_rng_below(&core->rng, below);
}

struct fc_spread_host fc_news_host(struct fc_core *core)
{
    return (struct fc_spread_host){.ctx = core,
                                   .push = host_push,
                                   .defer = host_defer,
                                   .skip = host_skip,
                                   .push_item = host_push_item,
                                   .announce = host_announce,
                                   .settle = host_settle,
                                   .send = host_send,
                                   .holds = host_holds,
                                   .missing = host_missing,
                                   .round_trip_us = host_round_trip_us,
                                   .drop = host_drop,
                                   .punish = host_punish,
                                   .random = host_random,
                                   .fanout = core->config.spread_fanout};
}

/* -- what peers say --------------------------------------------------------------------------- */

/* Whatever became of it, the peer need not be asked for it again. */
static void answered(struct fc_core *core, struct fc_session *session, struct fc_span bytes)
{
    struct fc_record record;
    struct fc_head head;
    if (session->news_count == 0 || fc_record_parse(bytes, &record) != FC_OK)
        return;
    struct fc_spread_item item = {.id = fc_get_be64(record.hash.b)};
    if (record.type == FC_RECORD_HEAD) {
        if (fc_head_parse(&record, &head) != FC_OK)
            return;
        item = (struct fc_spread_item){fc_get_be64(head.participant.b), head.version};
    }
    fc_pending_drop_news(core, session, &item);
}

void fc_news_record(struct fc_core *core, struct fc_session *session,
                    const struct fc_wire_record *message)
{
    session->no_room = false;
    core->in_push = true;
    core->tag = message->tag;
    /* A mark that does not move says nothing of where the record stands, but that it is above. */
    bool open = fc_accept_record(core, session, message->mark.prev + 1, message->record);
    core->in_push = false;
    if (!open)
        return;
    answered(core, session, message->record);
    if (!session->no_room)
        fc_sync_mark(core, session, &message->mark);
}

void fc_news_delta(struct fc_core *core, struct fc_session *session,
                   const struct fc_wire_delta *message)
{
    core->in_push = true;
    core->tag = message->tag;
    fc_accept_delta(core, session, message);
    core->in_push = false;
}

void fc_news_duplicate(struct fc_core *core, struct fc_session *session,
                       const struct fc_arrival *arrival)
{
    if (core->in_push)
        core->spread_ops->on_duplicate(core->spread, arrival, &session->key, core->tag,
                                       core->now_us);
}

void fc_news_announce(struct fc_core *core, struct fc_session *session,
                      const struct fc_wire_announce *message)
{
    session->no_room = false;
    session->news_index = message->mark.prev + 1;
    if (session->active)
        core->spread_ops->on_announce(core->spread, &session->key, message->bytes, core->now_us);
    else /* there it counts as active, here not: what it says was not looked at */
        session->no_room = session->sync.needed = true;
    if (session->state != FC_SESSION_CLOSED && !session->no_room)
        fc_sync_mark(core, session, &message->mark);
}
