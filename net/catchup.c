#include <stdlib.h>
#include <string.h>

#include "net/inside.h"

struct fc_catchup *fc_catchup_find(struct fc_core *core, const struct fc_session *session,
                                   uint64_t id)
{
    for (uint32_t i = 0; i < core->load_count; i++)
        if (core->loads[i].used && core->loads[i].session == session && core->loads[i].id == id)
            return &core->loads[i];
    return NULL;
}

bool fc_catchup_loading(const struct fc_core *core, const struct fc_hash *participant)
{
    for (uint32_t i = 0; i < core->load_count; i++)
        if (core->loads[i].used && fc_hash_eq(&core->loads[i].participant, participant))
            return true;
    return false;
}

static struct fc_backoff *backoff_of(struct fc_core *core, const struct fc_hash *participant)
{
    for (uint32_t i = 0; i < core->backoff_count; i++)
        if (fc_hash_eq(&core->backoffs[i].participant, participant))
            return &core->backoffs[i];
    return NULL;
}

/* A new one; of too many the one that ends first makes room. NULL: core->err is set. */
static struct fc_backoff *backoff_room(struct fc_core *core)
{
    uint32_t at = 0;
    if (core->backoff_count == FC_BACKOFFS_MAX) {
        for (uint32_t i = 1; i < FC_BACKOFFS_MAX; i++)
            if (core->backoffs[i].until_us < core->backoffs[at].until_us)
                at = i;
        return &core->backoffs[at];
    }
    if (core->backoff_count == core->backoff_cap) {
        uint32_t cap = core->backoff_cap ? 2 * core->backoff_cap : 4;
        struct fc_backoff *list = realloc(core->backoffs, cap * sizeof *list);
        if (!list) {
            core->err = FC_E_NOMEM;
            return NULL;
        }
        core->backoffs = list;
        core->backoff_cap = cap;
    }
    return &core->backoffs[core->backoff_count++];
}

static void back_off(struct fc_core *core, const struct fc_hash *participant)
{
    struct fc_backoff *backoff = backoff_of(core, participant);
    if (!backoff) {
        backoff = backoff_room(core);
        if (!backoff)
            return;
        *backoff = (struct fc_backoff){.participant = *participant};
    }
    uint32_t doublings =
        backoff->attempts < FC_BACKOFF_DOUBLINGS_MAX ? backoff->attempts : FC_BACKOFF_DOUBLINGS_MAX;
    backoff->attempts++;
    backoff->until_us =
        core->now_us + fc_rng_jitter(&core->rng, (uint64_t)FC_BACKOFF_US << doublings);
}

static void forgive(struct fc_core *core, const struct fc_hash *participant)
{
    struct fc_backoff *backoff = backoff_of(core, participant);
    if (backoff)
        *backoff = core->backoffs[--core->backoff_count];
}

void fc_catchup_end(struct fc_core *core, struct fc_catchup *load, bool stop)
{
    if (stop && load->session->state == FC_SESSION_OPEN && load->stage != FC_STAGE_WALK) {
        struct fc_wire message = {.kind = FC_WIRE_MORE, .more = {.id = load->id}};
        fc_session_send(core, load->session, &message);
    }
    fc_load_abort(load->load);
    fc_buf_finish(&load->head);
    free(load->queue);
    memset(load, 0, sizeof *load);
    core->catchup_due = true;
    core->tidy_due = true;
}

void fc_catchup_failed(struct fc_core *core, struct fc_catchup *load, const char *why)
{
    fc_effects_log(core->effects, FC_LOG_INFO, "feed %s not caught up from %s: %s",
                   fc_short_hash(&load->participant).text, fc_short_key(&load->session->key).text,
                   why);
    back_off(core, &load->participant);
    fc_catchup_end(core, load, true);
}

void fc_catchup_closed(struct fc_core *core, const struct fc_session *session)
{
    for (uint32_t i = 0; i < core->load_count; i++)
        if (core->loads[i].used && core->loads[i].session == session)
            fc_catchup_end(core, &core->loads[i], false);
}

void fc_catchup_reset(struct fc_core *core)
{
    for (uint32_t i = 0; i < core->load_count; i++)
        if (core->loads[i].used)
            fc_catchup_end(core, &core->loads[i], false);
}

void fc_catchup_ask(struct fc_core *core, struct fc_catchup *load, bool whole)
{
    struct fc_feed feed = {0};
    enum fc_err err = fc_replica_feed(core->config.replica, &load->participant, &feed);
    if (fc_core_store_failed(core, err))
        return;
    struct fc_wire message = {.kind = FC_WIRE_FEED,
                              .feed = {.id = core->next_id++,
                                       .participant = load->participant,
                                       .since = err == FC_OK ? feed.version : 0,
                                       .whole = whole,
                                       .credit = FC_CREDIT}};
    fc_load_abort(load->load);
    load->load = NULL;
    load->id = message.feed.id;
    load->whole = whole;
    load->stage = FC_STAGE_ASKED;
    load->head_hash = (struct fc_hash){{0}};
    load->items_bytes = load->frames_bytes = 0;
    load->deadline_us = core->now_us + FC_BLOCK_US;
    fc_session_send(core, load->session, &message);
}

static void begin(struct fc_core *core, struct fc_session *session,
                  const struct fc_pending *pending, struct fc_catchup *load)
{
    load->used = true;
    load->begun_us = core->now_us;
    load->participant = pending->participant;
    load->session = session;
    struct fc_feed feed;
    enum fc_err err = fc_replica_feed(core->config.replica, &load->participant, &feed);
    if (err == FC_OK && feed.damaged)
        fc_walk_begin(core, load); /* most of it is right: fetch what is not */
    else if (!fc_core_store_failed(core, err))
        fc_catchup_ask(core, load, false);
}

/* Whether a waiting head may be loaded now; notes when to look again. */
static bool is_ripe(struct fc_core *core, const struct fc_pending *pending)
{
    if (pending->wait != FC_WAIT_LOAD || fc_catchup_loading(core, &pending->participant))
        return false;
    const struct fc_backoff *backoff = backoff_of(core, &pending->participant);
    uint64_t at_us = backoff ? backoff->until_us : 0;
    if (at_us < pending->due_us)
        at_us = pending->due_us;
    if (at_us > core->now_us)
        core->catchup_at_us = fc_earlier(core->catchup_at_us, at_us);
    return at_us <= core->now_us;
}

/* The next head of one session worth loading; those that lost their point are dropped. */
static struct fc_pending *candidate(struct fc_core *core, struct fc_session *session)
{
    for (uint32_t i = session->pending_count; i-- > 0 && core->err == FC_OK;) {
        struct fc_record record;
        struct fc_head head;
        if (i >= session->pending_count || !is_ripe(core, &session->pending[i]))
            continue;
        enum fc_err err = fc_accept_judge(core, session->pending[i].bytes, &record, &head);
        if (fc_core_store_failed(core, err))
            return NULL;
        if (err == FC_OK || err == FC_E_GAP)
            return &session->pending[i];
        if (!fc_pending_again(core, session, i)) /* waits for something else now, or for nothing */
            return NULL;
    }
    return NULL;
}

/* A load that brings next to nothing holds its place, and its feed, no longer than others have
 * nothing to load; with each attempt it is given twice the time, for a slow line is no crime. */
static bool gives_way(struct fc_core *core, const struct fc_catchup *load)
{
    const struct fc_backoff *backoff = backoff_of(core, &load->participant);
    uint32_t doublings = backoff ? backoff->attempts : 0;
    if (doublings > FC_BACKOFF_DOUBLINGS_MAX)
        doublings = FC_BACKOFF_DOUBLINGS_MAX;
    uint64_t took_us = core->now_us - load->begun_us;
    if (took_us < (uint64_t)FC_SLOW_US << doublings ||
        load->bytes_in >= took_us / FC_SECOND_US * FC_SLOW_BYTES_PER_S)
        return false;
    for (uint32_t i = 0; i < core->session_count; i++) {
        const struct fc_session *session = core->sessions[i];
        for (uint32_t j = 0; session != load->session && j < session->pending_count; j++)
            if (session->state == FC_SESSION_OPEN && session->pending[j].wait == FC_WAIT_LOAD)
                return true;
    }
    return false;
}

static void time_out(struct fc_core *core)
{
    for (uint32_t i = 0; i < core->load_count; i++) {
        struct fc_catchup *load = &core->loads[i];
        if (load->used && gives_way(core, load))
            fc_catchup_failed(core, load, "too slow");
        if (!load->used || load->deadline_us > core->now_us)
            continue;
        struct fc_session *session = load->session;
        fc_catchup_failed(core, load, "no answer");
        /* Its feeds are to be had elsewhere: a peer that serves nothing must not keep the places.
         */
        if (++session->loads_lost >= FC_LOADS_LOST_MAX)
            fc_session_close(core, session, FC_GOODBYE_SILENT, "announces what it does not serve");
    }
}

/* The next head worth loading, in turn from all sessions. */
static struct fc_pending *next_candidate(struct fc_core *core, struct fc_session **from)
{
    struct fc_pending *pending = NULL;
    for (uint32_t j = 0; j < core->session_count && !pending && core->err == FC_OK; j++) {
        uint32_t turn = core->catchup_next++ % core->session_count;
        struct fc_session *session = core->sessions[turn];
        if (session->state != FC_SESSION_OPEN || session->blocked)
            continue;
        pending = candidate(core, session);
        *from = session;
    }
    return pending;
}

static bool loads_room(struct fc_core *core)
{
    if (core->loads)
        return true;
    core->loads = calloc(FC_LOADS_MAX, sizeof *core->loads);
    if (core->loads)
        core->load_count = FC_LOADS_MAX;
    else
        core->err = FC_E_NOMEM;
    return core->loads != NULL;
}

void fc_catchup_run(struct fc_core *core)
{
    time_out(core);
    if (!core->catchup_due && core->now_us < core->catchup_at_us)
        return;
    core->catchup_due = false;
    core->catchup_at_us = FC_NEVER;
    for (uint32_t i = 0; i < FC_LOADS_MAX; i++) {
        if (core->loads && core->loads[i].used)
            continue;
        struct fc_session *session = NULL;
        struct fc_pending *pending = next_candidate(core, &session);
        if (!pending || !loads_room(core))
            return;
        begin(core, session, pending, &core->loads[i]);
    }
}

/* What a feed under this certificate can take at most, deletes and overlap included. */
static void set_limits(struct fc_core *core, struct fc_catchup *load)
{
    struct fc_participant participant;
    const uint64_t item_bytes_max = FC_KEY_BYTES_MAX + FC_MEDIA_TYPE_BYTES_MAX + 256;
    load->items_max = load->frames_max = 64 * 1024 * 1024;
    if (fc_ledger_participant(fc_replica_ledger(core->config.replica), &load->participant,
                              &participant) != FC_OK)
        return;
    uint64_t entries = participant.certificate->certificate.quota_entries + FC_DELETES_KEPT;
    load->items_max += entries < UINT32_MAX ? 2 * entries * item_bytes_max : UINT64_MAX / 4;
    uint64_t bytes = participant.certificate->certificate.quota_bytes;
    load->frames_max += bytes < UINT64_MAX / 8 ? 2 * bytes : UINT64_MAX / 4;
}

bool fc_catchup_head(struct fc_core *core, struct fc_catchup *load, struct fc_span bytes)
{
    struct fc_record record;
    struct fc_head head;
    if (bytes.len == 0) {
        fc_session_punish(core, load->session, "a feed without its head");
        return false;
    }
    enum fc_err err = fc_accept_judge(core, bytes, &record, &head);
    if (fc_core_store_failed(core, err))
        return false;
    if (err == FC_E_FORMAT || err == FC_E_BOUND || err == FC_E_SIGNATURE ||
        !fc_hash_eq(&head.participant, &load->participant)) {
        fc_session_punish(core, load->session, "a head no honest peer holds");
        return false;
    }
    if (err == FC_E_KNOWN || err == FC_E_STALE) {
        struct fc_hash participant = load->participant;
        struct fc_session *session = load->session;
        fc_catchup_end(core, load, true);
        fc_pending_drop_here(core, session, &participant);
        return false;
    }
    if (err != FC_OK && err != FC_E_GAP) {
        fc_catchup_failed(core, load, fc_err_text(err));
        return false;
    }
    load->head_hash = record.hash;
    fc_buf_clear(&load->head);
    fc_buf_append(&load->head, bytes.data, bytes.len);
    if (load->head.failed)
        core->err = FC_E_NOMEM;
    return core->err == FC_OK;
}

static void finished(struct fc_core *core, struct fc_catchup *load, const struct fc_record *record)
{
    struct fc_session *session = load->session;
    struct fc_hash participant = load->participant;
    struct fc_hash hash = record->hash;
    struct fc_feed feed;
    load->load = NULL;
    session->loads_lost = 0;
    fc_catchup_end(core, load, false);
    forgive(core, &participant);
    enum fc_err err = fc_replica_feed(core->config.replica, &participant, &feed);
    if (fc_core_store_failed(core, err) || err != FC_OK)
        return;
    fc_effects_log(core->effects, FC_LOG_DEBUG, "feed %s caught up from %s to %u.%llu",
                   fc_short_hash(&participant).text, fc_short_key(&session->key).text,
                   fc_version_incarnation(feed.version),
                   (unsigned long long)fc_version_seq(feed.version));
    fc_pending_drop_feed(core, &participant, feed.version);
    fc_push_new(core, session, &hash);
    if (feed.missing != 0)
        fc_want_soon(core, session);
}

/* Changes, then a walk of the trees, then the whole feed; a peer whose whole feed does not hash to
 * the root it showed claims what it cannot serve. */
static void wrong_root(struct fc_core *core, struct fc_catchup *load)
{
    if (load->whole) {
        back_off(core, &load->participant);
        fc_session_punish(core, load->session, "claims a root it cannot serve");
    } else if (!load->walked) {
        fc_walk_begin(core, load);
    } else {
        fc_catchup_ask(core, load, true);
    }
}

void fc_catchup_finish(struct fc_core *core, struct fc_catchup *load)
{
    struct fc_record record;
    enum fc_err err = fc_record_parse(fc_buf_span(&load->head), &record);
    assert(err == FC_OK); /* it was judged */
    err = fc_load_finish(load->load, &record, core->wall_ms);
    if (fc_core_store_failed(core, err))
        return;
    if (err == FC_OK)
        finished(core, load, &record);
    else if (err == FC_E_ROOT)
        wrong_root(core, load);
    else
        fc_catchup_failed(core, load, fc_err_text(err));
}

/* The first block says how the feed comes, and under which head. */
static bool first_block(struct fc_core *core, struct fc_catchup *load,
                        const struct fc_wire_block *block)
{
    if (!fc_catchup_head(core, load, block->head))
        return false;
    if (block->mode == FC_MODE_WALK && !load->whole && !load->walked) {
        fc_walk_begin(core, load);
        return false;
    }
    bool whole = block->mode == FC_MODE_WHOLE;
    if (load->whole && !whole) {
        fc_session_punish(core, load->session, "something else in place of a whole feed");
        return false;
    }
    load->whole = whole;
    load->stage = FC_STAGE_BLOCKS;
    set_limits(core, load);
    enum fc_err err = fc_load_begin(core->config.replica, &load->participant,
                                    whole ? FC_LOAD_WHOLE : FC_LOAD_CHANGES, &load->load);
    if (fc_core_store_failed(core, err))
        return false;
    if (err != FC_OK)
        fc_catchup_failed(core, load, fc_err_text(err));
    return err == FC_OK;
}

static bool next_block(struct fc_core *core, struct fc_catchup *load,
                       const struct fc_wire_block *block)
{
    enum fc_err err = FC_OK;
    if (load->stage == FC_STAGE_ASKED)
        return first_block(core, load, block);
    if (block->mode == FC_MODE_WALK) {
        if (load->walked) /* an honest peer's feed moved on too far, twice */
            fc_catchup_failed(core, load, "the feed moves faster than it can be loaded");
        else if (fc_catchup_head(core, load, block->head))
            fc_walk_begin(core, load);
        return false;
    }
    if (block->mode == FC_MODE_CHANGES && load->whole && load->stage == FC_STAGE_BLOCKS) {
        load->stage = FC_STAGE_FOLLOW;
        err = fc_load_follow(load->load);
        if (fc_core_store_failed(core, err))
            return false;
    } else if (block->mode == FC_MODE_WHOLE && (!load->whole || load->stage == FC_STAGE_FOLLOW)) {
        fc_session_punish(core, load->session, "a whole feed in place of changes");
        return false;
    }
    if (err != FC_OK)
        fc_catchup_failed(core, load, fc_err_text(err));
    return err == FC_OK;
}

static enum fc_err add(struct fc_core *core, struct fc_catchup *load,
                       const struct fc_wire_block *block)
{
    struct fc_buf items = {0}, frames = {0};
    struct fc_codec *codec = fc_core_codec(core);
    enum fc_err err = codec ? FC_OK : FC_E_NOMEM;
    if (err == FC_OK && block->items.len != 0)
        err = fc_block_unpack(codec, block->items, FC_ITEMS_BYTES_MAX, &items);
    if (err == FC_OK && block->frames.len != 0)
        err = fc_block_unpack(codec, block->frames, FC_FRAMES_BYTES_MAX, &frames);
    load->items_bytes += items.len;
    load->frames_bytes += frames.len;
    if (err == FC_OK &&
        (load->items_bytes > load->items_max || load->frames_bytes > load->frames_max))
        err = FC_E_QUOTA;
    if (err == FC_OK)
        err = fc_load_add(load->load, fc_buf_span(&items), fc_buf_span(&frames));
    fc_buf_finish(&items);
    fc_buf_finish(&frames);
    return err;
}

void fc_catchup_block(struct fc_core *core, struct fc_session *session,
                      const struct fc_wire_block *block)
{
    struct fc_catchup *load = fc_catchup_find(core, session, block->id);
    if (!load || load->stage == FC_STAGE_WALK)
        return;
    load->deadline_us = core->now_us + FC_BLOCK_US;
    load->bytes_in += block->items.len + block->frames.len;
    if (block->mode == FC_MODE_NONE) {
        struct fc_hash participant = load->participant;
        fc_catchup_failed(core, load, "nothing newer there");
        fc_pending_drop_here(core, session, &participant);
        return;
    }
    if (!next_block(core, load, block))
        return;
    enum fc_err err = add(core, load, block);
    if (fc_core_store_failed(core, err))
        return;
    if (err == FC_E_BOUND && !load->whole) {
        fc_catchup_ask(core, load, true); /* more changes than are worth keeping in memory */
    } else if (err != FC_OK) {
        back_off(core, &load->participant);
        fc_session_punish(core, session, fc_err_text(err));
    } else if (!block->done) {
        struct fc_wire message = {.kind = FC_WIRE_MORE, .more = {.id = load->id, .credit = 1}};
        fc_session_send(core, session, &message);
    } else if (fc_catchup_head(core, load, block->head)) {
        fc_catchup_finish(core, load);
    }
}
