#include "net/core.h"

#include <stdlib.h>
#include <string.h>

#include "net/inside.h"
#include "net/view_ledger.h"

struct fc_short fc_short_key(const struct fc_key *key)
{
    struct fc_short text;
    fc_hex(key->b, 4, text.text);
    return text;
}

struct fc_short fc_short_hash(const struct fc_hash *hash)
{
    struct fc_short text;
    fc_hex(hash->b, 4, text.text);
    return text;
}

bool fc_core_store_failed(struct fc_core *core, enum fc_err err)
{
    if (err == FC_E_NOMEM || err == FC_E_FULL || err == FC_E_IO || err == FC_E_MAP_FULL ||
        err == FC_E_LOCKED) {
        core->err = err;
        return true;
    }
    if (err == FC_E_CORRUPT)
        fc_effects_log(core->effects, FC_LOG_ERROR, "%s; run a verification", fc_err_text(err));
    return core->err != FC_OK;
}

struct fc_codec *fc_core_codec(struct fc_core *core)
{
    struct fc_codec *codec;
    if (fc_replica_codec(core->config.replica, &codec) == FC_OK)
        return codec;
    core->err = FC_E_NOMEM;
    return NULL;
}

void fc_core_digests(struct fc_core *core, struct fc_hash *heads, struct fc_hash *records)
{
    uint64_t index = fc_replica_arrival_mark(core->config.replica).index;
    if (!core->digest_known || core->digest_index != index) {
        struct fc_digest digest;
        enum fc_err err = fc_replica_digest(core->config.replica, &digest);
        if (fc_core_store_failed(core, err) || err != FC_OK) {
            *heads = *records = (struct fc_hash){{0}};
            return;
        }
        core->digest_heads = digest.hash;
        err = fc_ledger_digest(fc_replica_ledger(core->config.replica), &core->digest_records);
        if (fc_core_store_failed(core, err)) {
            *heads = *records = (struct fc_hash){{0}};
            return;
        }
        core->digest_index = index;
        core->digest_known = true;
    }
    *heads = core->digest_heads;
    *records = core->digest_records;
}

enum fc_core_state fc_core_state_of(struct fc_core *core, const struct fc_hash *heads,
                                    const struct fc_hash *records, uint64_t *index)
{
    struct fc_hash own_heads, own_records;
    fc_core_digests(core, &own_heads, &own_records);
    *index = fc_replica_arrival_mark(core->config.replica).index;
    if (fc_hash_eq(heads, &own_heads) && fc_hash_eq(records, &own_records))
        return FC_STATE_PRESENT;
    const struct fc_moment *moment = fc_history_find(&core->history, heads, records);
    if (!moment)
        return FC_STATE_UNKNOWN;
    *index = moment->index;
    return FC_STATE_PAST;
}

static struct fc_arrival_mark state_mark(struct fc_core *core)
{
    return fc_replica_arrival_mark(core->config.replica);
}

/* A state is noted once it has lasted a while; others saw it too. */
static void note_state(struct fc_core *core)
{
    struct fc_digest digest;
    struct fc_hash heads, records;
    if (core->state_noted || core->now_us < core->state_us + FC_CALM_US ||
        state_mark(core).index != core->state_index)
        return;
    core->state_noted = true;
    fc_core_digests(core, &heads, &records);
    enum fc_err err = fc_replica_digest(core->config.replica, &digest);
    if (fc_core_store_failed(core, err) || err != FC_OK)
        return;
    struct fc_moment moment = {.index = core->state_index,
                               .from_ms = core->state_ms,
                               .feeds = digest.feeds,
                               .entries = digest.entries};
    if (fc_history_add(&core->history, &moment, &heads, &records) != FC_OK)
        core->err = FC_E_NOMEM;
}

static void watch_state(struct fc_core *core)
{
    uint64_t index = state_mark(core).index;
    if (index == core->state_index)
        return;
    if (core->state_noted)
        fc_history_end(&core->history, core->wall_ms);
    core->state_index = index;
    core->state_us = core->now_us;
    core->state_ms = core->wall_ms;
    core->state_noted = false;
}

bool fc_core_admits(const struct fc_core *core, const struct fc_key *key)
{
    struct fc_node node;
    for (uint32_t i = 0; i < core->config.bootstrap_count; i++)
        if (fc_key_eq(&core->bootstrap[i].key, key))
            return true;
    return fc_ledger_node(fc_replica_ledger(core->config.replica), key, &node) == FC_OK;
}

/* -- what views may ask ------------------------------------------------------------------------ */

static const struct fc_ledger *ledger_of(void *ctx)
{
    struct fc_core *core = ctx;
    return fc_replica_ledger(core->config.replica);
}

static uint64_t host_random(void *ctx, uint64_t below)
{
    struct fc_core *core = ctx;
    return fc_rng_below(&core->rng, below);
}

static bool host_find_node(void *ctx, const struct fc_key *key, struct fc_view_node *out)
{
    return fc_view_ledger_find(ledger_of(ctx), key, out);
}

static size_t host_node_count(void *ctx)
{
    return fc_ledger_node_count(ledger_of(ctx));
}

static void host_node_at(void *ctx, size_t index, struct fc_view_node *out)
{
    fc_view_ledger_at(ledger_of(ctx), index, out);
}

static bool host_draw_node(void *ctx, struct fc_view_node *out)
{
    return fc_view_ledger_draw(ledger_of(ctx), host_random, ctx, out);
}

static void host_dial(void *ctx, const struct fc_key *key)
{
    struct fc_core *core = ctx;
    struct fc_peer *peer = fc_peer_get(core, key);
    if (!peer || peer->wanted)
        return;
    peer->wanted = true;
    core->peers_changed = true;
    bool idle = peer->dial_at_us == FC_NEVER || peer->dial_at_us <= core->now_us;
    if (!peer->session && !peer->dialling && (idle || peer->attempts == 0))
        peer->dial_at_us =
            core->now_us > peer->avoid_until_us ? core->now_us : peer->avoid_until_us;
}

static void host_drop(void *ctx, const struct fc_key *key)
{
    struct fc_core *core = ctx;
    struct fc_peer *peer = fc_peer_find(core, key);
    if (!peer)
        return;
    peer->wanted = false;
    core->peers_changed = true;
    if (!peer->session || peer->session->state != FC_SESSION_OPEN)
        return; /* the view has not heard of this one: it is asked when it opens */
    fc_session_close(core, peer->session, FC_GOODBYE_SPARE, "not among the active peers");
    peer->attempts = 0;
}

static void host_activate(void *ctx, const struct fc_key *key, bool active)
{
    struct fc_core *core = ctx;
    struct fc_session *session = fc_session_of(core, key);
    if (!session || session->active == active)
        return;
    session->active = active;
    if (active)
        core->spread_ops->on_open(core->spread, key, core->now_us);
    else
        core->spread_ops->on_closed(core->spread, key, core->now_us);
}

static void host_retire(void *ctx, const struct fc_key *key)
{
    struct fc_core *core = ctx;
    struct fc_session *session = fc_session_of(core, key);
    if (!session || !session->active || session->leaving)
        return;
    session->leaving = true;
    if (core->spread_ops->on_leaving)
        core->spread_ops->on_leaving(core->spread, key, core->now_us);
}

static uint64_t host_round_trip_us(void *ctx, const struct fc_key *key)
{
    const struct fc_session *session = fc_session_of(ctx, key);
    return session ? session->round_trip_us : 0;
}

static void host_punish(void *ctx, const struct fc_key *key, const char *why)
{
    struct fc_core *core = ctx;
    struct fc_session *session = fc_session_of(core, key);
    if (session)
        fc_session_punish(core, session, why);
}

static void host_send_view(void *ctx, const struct fc_key *key, struct fc_span bytes)
{
    struct fc_session *session = fc_session_of(ctx, key);
    struct fc_wire message = {.kind = FC_WIRE_VIEW, .opaque = {.bytes = bytes}};
    if (session)
        fc_session_send(ctx, session, &message);
}

/* -- life ------------------------------------------------------------------------------------- */

static enum fc_err copy_bootstrap(struct fc_core *core, const struct fc_core_config *config)
{
    core->bootstrap = calloc(config->bootstrap_count + 1u, sizeof *core->bootstrap);
    if (!core->bootstrap)
        return FC_E_NOMEM;
    for (uint32_t i = 0; i < config->bootstrap_count; i++) {
        struct fc_span endpoint = config->bootstrap[i].endpoint;
        uint8_t *copy = fc_span_dup(endpoint);
        if (!copy)
            return FC_E_NOMEM;
        core->bootstrap[i].key = config->bootstrap[i].key;
        core->bootstrap[i].endpoint = fc_span(copy, endpoint.len);
    }
    core->config.bootstrap = core->bootstrap;
    return FC_OK;
}

static enum fc_err create_modules(struct fc_core *core)
{
    struct fc_view_host view = {.ctx = core,
                                .find_node = host_find_node,
                                .node_count = host_node_count,
                                .node_at = host_node_at,
                                .draw_node = host_draw_node,
                                .dial = host_dial,
                                .drop = host_drop,
                                .send = host_send_view,
                                .activate = host_activate,
                                .retire = host_retire,
                                .round_trip_us = host_round_trip_us,
                                .punish = host_punish,
                                .random = host_random,
                                .self = core->config.node_key,
                                .active_max = core->config.peers_active_max,
                                .bootstrap = core->bootstrap,
                                .bootstrap_count = core->config.bootstrap_count};
    struct fc_spread_host spread = fc_news_host(core);
    enum fc_err err = core->view_ops->create(&view, &core->view);
    if (err == FC_OK)
        err = core->spread_ops->create(&spread, &core->spread);
    return err;
}

/* True when another charter is in force than at the last look, or a dispute began or ended. */
static bool look_at_charter(struct fc_core *core, bool keep)
{
    bool disputed = false;
    const struct fc_held *charter =
        fc_ledger_charter(fc_replica_ledger(core->config.replica), &disputed);
    struct fc_hash now = charter ? charter->record.hash : (struct fc_hash){{0}};
    bool changed = disputed != core->disputed || !fc_hash_eq(&now, &core->charter);
    if (keep) {
        core->charter = now;
        core->disputed = disputed;
    }
    return changed;
}

enum fc_err fc_core_create(const struct fc_core_config *config, struct fc_core **out)
{
    struct fc_core *core = calloc(1, sizeof *core);
    *out = NULL;
    if (!core)
        return FC_E_NOMEM;
    core->config = *config;
    core->view_ops = config->view ? config->view : &fc_view_all;
    if (core->config.peers_active_max == 0)
        core->config.peers_active_max = core->view_ops->active_default;
    core->spread_ops = config->spread ? config->spread : &fc_spread_flood;
    fc_rng_init(&core->rng, config->seed);
    core->next_id = 1;
    core->catchup_at_us = core->pending_at_us = FC_NEVER;
    core->membership_changed = true; /* the first step looks at it */
    core->tidy_due = true;
    core->want_due = true;
    struct fc_arrival_mark mark = fc_replica_arrival_mark(config->replica);
    core->seen_epoch = mark.epoch;
    core->seen_index = mark.index;
    look_at_charter(core, true);
    enum fc_err err = copy_bootstrap(core, config);
    if (err == FC_OK)
        err = create_modules(core);
    if (err != FC_OK)
        fc_core_destroy(core);
    else
        *out = core;
    return err;
}

void fc_core_destroy(struct fc_core *core)
{
    struct fc_effects none = {0};
    if (!core)
        return;
    core->effects = &none;
    for (uint32_t i = 0; i < core->session_count; i++)
        core->sessions[i]->state = FC_SESSION_CLOSED; /* nothing is sent any more */
    fc_catchup_reset(core);
    for (uint32_t i = 0; i < core->session_count; i++)
        fc_session_destroy(core->sessions[i]);
    for (uint32_t i = 0; i < core->peer_count; i++)
        free(core->peers[i]);
    for (uint32_t i = 0; core->bootstrap && i < core->config.bootstrap_count; i++)
        free((void *)(uintptr_t)core->bootstrap[i].endpoint.data);
    if (core->view)
        core->view_ops->destroy(core->view);
    if (core->spread)
        core->spread_ops->destroy(core->spread);
    fc_history_finish(&core->history);
    free(core->witness.list);
    fc_buf_finish(&core->push_tail);
    fc_effects_finish(&none);
    free(core->bootstrap);
    free(core->sessions);
    free(core->peers);
    free(core->peer_heads);
    free(core->relayed);
    free(core->loads);
    free(core->backoffs);
    fc_want_finish(core);
    free(core);
}

/* -- a step ----------------------------------------------------------------------------------- */

/* Questions are short and answers are not: what one batch of steps answers is bounded, for nothing
 * of it leaves before the batch is through. */
static bool may_ask(struct fc_core *core, struct fc_session *session)
{
    if (session->answered_in != core->batch) {
        session->answered_in = core->batch;
        session->answered = 0;
    }
    if (session->answered < FC_ANSWERED_BYTES_MAX)
        return true;
    fc_session_close(core, session, FC_GOODBYE_BUSY, "asks for more at once than it can take");
    return false;
}

static void dispatch_question(struct fc_core *core, struct fc_session *session,
                              const struct fc_wire *message)
{
    uint64_t before = session->bytes_out;
    bool looks_at_all = message->kind == FC_WIRE_FETCH || message->kind == FC_WIRE_COMPARE;
    if (!may_ask(core, session))
        return;
    if (looks_at_all && !fc_bucket_take(&session->questions, 1, core->now_us)) {
        fc_session_close(core, session, FC_GOODBYE_BUSY, "asks too often");
        return;
    }
    if (message->kind == FC_WIRE_SYNC)
        fc_serve_sync(core, session, &message->sync);
    else if (message->kind == FC_WIRE_FETCH)
        fc_compare_fetch(core, session, &message->fetch);
    else if (message->kind == FC_WIRE_COMPARE)
        fc_compare_serve(core, session, &message->compare);
    else if (message->kind == FC_WIRE_WALK)
        fc_serve_walk(core, session, &message->walk);
    else if (message->kind == FC_WIRE_WANT)
        fc_serve_want(core, session, &message->want);
    session->answered += session->bytes_out - before;
}

static void dispatch_open(struct fc_core *core, struct fc_session *session,
                          const struct fc_wire *message)
{
    switch (message->kind) {
    case FC_WIRE_PING:
        fc_ping_ping(core, session, &message->ping);
        break;
    case FC_WIRE_PONG:
        fc_ping_pong(core, session, &message->ping);
        break;
    case FC_WIRE_SYNC:
    case FC_WIRE_FETCH:
    case FC_WIRE_WALK:
    case FC_WIRE_WANT:
    case FC_WIRE_COMPARE:
        dispatch_question(core, session, message);
        break;
    case FC_WIRE_PAGE:
        fc_sync_page(core, session, &message->page);
        break;
    case FC_WIRE_SKETCH:
        fc_compare_sketch(core, session, &message->sketch);
        break;
    case FC_WIRE_RECORDS:
        fc_compare_records(core, session, &message->records);
        break;
    case FC_WIRE_RECORD:
        fc_news_record(core, session, &message->record);
        break;
    case FC_WIRE_DELTA:
        fc_news_delta(core, session, &message->delta);
        break;
    case FC_WIRE_FEED:
        fc_serve_feed(core, session, &message->feed);
        break;
    case FC_WIRE_MORE:
        fc_serve_more(core, session, &message->more);
        break;
    case FC_WIRE_BLOCK:
        fc_catchup_block(core, session, &message->block);
        break;
    case FC_WIRE_NODES:
        fc_walk_nodes(core, session, &message->nodes);
        break;
    case FC_WIRE_CONTENTS:
        fc_want_contents(core, session, &message->contents);
        break;
    case FC_WIRE_VIEW:
        core->view_ops->on_message(core->view, &session->key, message->opaque.bytes, core->now_us);
        break;
    case FC_WIRE_SPREAD:
        core->spread_ops->on_message(core->spread, &session->key, message->opaque.bytes,
                                     core->now_us);
        break;
    case FC_WIRE_ANNOUNCE:
        fc_news_announce(core, session, &message->announce);
        break;
    case FC_WIRE_HELLO:
    case FC_WIRE_GOODBYE:
    case FC_WIRE_CHARTERS:
        break;
    }
}

static void dispatch(struct fc_core *core, struct fc_session *session,
                     const struct fc_wire *message)
{
    if (message->kind == FC_WIRE_HELLO)
        fc_greet_hello(core, session, &message->hello);
    else if (message->kind == FC_WIRE_GOODBYE)
        fc_greet_goodbye(core, session, &message->goodbye);
    else if (message->kind == FC_WIRE_CHARTERS)
        fc_greet_charters(core, session, &message->charters);
    else if (session->state == FC_SESSION_OPEN)
        dispatch_open(core, session, message);
    else
        fc_session_close(core, session, FC_GOODBYE_PROTOCOL, "a message before its time");
}

/* Above its rate a peer's message is dropped: the peer's marks will show the gap, and the cursor
 * closes it. One that keeps on loses its link. */
static bool within_rate(struct fc_core *core, struct fc_session *session, size_t len)
{
    if (fc_bucket_take(&session->messages, 1, core->now_us) &&
        fc_bucket_take(&session->bytes, len, core->now_us))
        return true;
    if (session->dropped == 0)
        fc_effects_log(core->effects, FC_LOG_WARNING, "peer %s sends more than its share",
                       fc_short_key(&session->key).text);
    if (++session->dropped > FC_DROPPED_MAX)
        fc_session_close(core, session, FC_GOODBYE_BUSY, "sends far more than its share");
    session->sync.needed = true;
    fc_catchup_closed(core, session); /* a block may be among what is dropped */
    fc_want_closed(core, session);
    return false;
}

static void on_message(struct fc_core *core, const struct fc_event *event)
{
    struct fc_session *session = fc_session_find(core, event->link);
    struct fc_wire message;
    if (!session)
        return;
    session->messages_in++;
    session->bytes_in += event->bytes.len;
    if (!within_rate(core, session, event->bytes.len))
        return;
    enum fc_err err = fc_wire_decode(event->bytes, &message);
    if (err == FC_OK)
        dispatch(core, session, &message);
    else
        fc_session_punish(core, session, fc_err_text(err));
}

static void on_reset(struct fc_core *core)
{
    fc_catchup_reset(core);
    for (uint32_t i = 0; i < core->session_count; i++)
        fc_session_close(core, core->sessions[i], FC_GOODBYE_SHUTDOWN, "starts afresh");
    for (uint32_t i = 0; i < core->peer_count; i++)
        core->peers[i]->cursor_epoch = 0;
    struct fc_arrival_mark mark = fc_replica_arrival_mark(core->config.replica);
    core->seen_epoch = mark.epoch;
    core->seen_index = mark.index;
    core->digest_known = false;
    fc_history_finish(&core->history);
    core->state_noted = false;
    core->membership_changed = true;
    core->want_due = true;
}

static void on_event(struct fc_core *core, const struct fc_event *event)
{
    struct fc_session *session = event->link ? fc_session_find(core, event->link) : NULL;
    struct fc_peer *peer;
    switch (event->kind) {
    case FC_EVENT_TICK:
        break;
    case FC_EVENT_LINK_UP:
        fc_greet_link_up(core, event);
        break;
    case FC_EVENT_LINK_DOWN:
        if (session)
            fc_session_lost(core, session);
        break;
    case FC_EVENT_DIAL_FAILED:
        peer = fc_peer_find(core, &event->key);
        if (peer && !peer->session) {
            fc_peer_dial_later(core, peer);
            core->view_ops->on_unreachable(core->view, &event->key, core->now_us);
        }
        break;
    case FC_EVENT_MESSAGE:
        on_message(core, event);
        break;
    case FC_EVENT_WRITABLE:
        if (session)
            fc_session_writable(core, session);
        break;
    case FC_EVENT_BLOCKED:
        if (session)
            fc_session_blocked(core, session, event->bytes);
        break;
    case FC_EVENT_LOCAL:
        fc_push_new(core, NULL, NULL);
        core->want_due = true;
        if (look_at_charter(core, false)) /* a pin leaves no arrival */
            core->membership_changed = true;
        break;
    case FC_EVENT_RESET:
        on_reset(core);
        break;
    }
}

/* New records may admit, shut out, or make acceptable what was waiting. */
static void on_membership(struct fc_core *core)
{
    core->membership_changed = false;
    fc_pending_retry_unknown(core);
    bool had_charter = !fc_hash_is_zero(&core->charter);
    if (look_at_charter(core, true) && had_charter)
        fc_sync_afresh(core); /* what was refused may be acceptable now */
    for (uint32_t i = 0; i < core->session_count; i++) {
        struct fc_session *session = core->sessions[i];
        if (session->state != FC_SESSION_CLOSED && !fc_core_admits(core, &session->key))
            fc_session_close(core, session, FC_GOODBYE_MEMBER, "not a node of a member any more");
    }
    fc_peer_membership(core);
    core->view_ops->on_membership(core->view, core->now_us);
    core->catchup_due = true;
    core->tidy_due = true; /* a removal leaves rows behind */
}

static void run_sessions(struct fc_core *core)
{
    for (uint32_t i = 0; i < core->session_count; i++) {
        struct fc_session *session = core->sessions[i];
        bool greeting =
            session->state == FC_SESSION_GREETING || session->state == FC_SESSION_CHARTERS;
        if (greeting && core->now_us >= session->greeting_until_us)
            fc_session_close(core, session, FC_GOODBYE_SILENT, "no hello in time");
        else
            fc_ping_run(core, session);
    }
}

static void run_tidy(struct fc_core *core)
{
    bool more = false;
    if (!core->tidy_due || core->now_us < core->tidy_at_us)
        return;
    enum fc_err err = fc_replica_tidy(core->config.replica, FC_TIDY_ROWS, &more);
    if (fc_core_store_failed(core, err))
        return;
    core->tidy_due = err == FC_OK && more;
    core->tidy_at_us = core->now_us + FC_TIDY_US;
}

/* Whatever the event was, what has become due is done; errors stop it early. */
static void run(struct fc_core *core)
{
    for (int rounds = 0; core->membership_changed && core->err == FC_OK && rounds < 8; rounds++)
        on_membership(core);
    fc_pending_run(core);
    fc_witness_run(core);
    if (core->view_ops->deadline_us(core->view) <= core->now_us)
        core->view_ops->on_tick(core->view, core->now_us);
    if (core->spread_ops->deadline_us(core->spread) <= core->now_us)
        core->spread_ops->on_tick(core->spread, core->now_us);
    if (core->err == FC_OK)
        fc_sync_run(core);
    if (core->err == FC_OK)
        fc_catchup_run(core);
    if (core->err == FC_OK)
        fc_want_run(core);
    if (core->err == FC_OK)
        fc_serve_run(core);
    if (core->err == FC_OK)
        run_tidy(core);
    run_sessions(core);
    fc_peer_run(core);
}

static uint64_t session_deadline_us(const struct fc_core *core, const struct fc_session *session)
{
    if (session->state != FC_SESSION_OPEN)
        return session->greeting_until_us;
    uint64_t deadline_us = session->blocked ? FC_NEVER : session->ping_at_us;
    if (session->hole && !session->blocked)
        deadline_us = core->now_us;
    if (session->sync.state != FC_SYNC_IDLE)
        deadline_us = fc_earlier(deadline_us, session->sync.deadline_us);
    return deadline_us;
}

static uint64_t find_deadline_us(struct fc_core *core)
{
    uint64_t at_us = fc_earlier(core->pending_at_us, core->catchup_at_us);
    at_us = fc_earlier(at_us, fc_peer_deadline_us(core));
    at_us = fc_earlier(at_us, core->view_ops->deadline_us(core->view));
    at_us = fc_earlier(at_us, core->spread_ops->deadline_us(core->spread));
    for (uint32_t i = 0; i < core->session_count; i++)
        at_us = fc_earlier(at_us, session_deadline_us(core, core->sessions[i]));
    for (uint32_t i = 0; i < core->load_count; i++)
        if (core->loads[i].used)
            at_us = fc_earlier(at_us, core->loads[i].deadline_us);
    at_us = fc_earlier(at_us, fc_want_deadline_us(core));
    at_us = fc_earlier(at_us, fc_witness_deadline_us(core));
    if (core->session_count != 0)
        at_us = fc_earlier(at_us, core->audit_at_us);
    if (core->tidy_due)
        at_us = fc_earlier(at_us, core->tidy_at_us);
    if (!core->state_noted)
        at_us = fc_earlier(at_us, core->state_us + FC_CALM_US);
    if (core->serve_due || core->catchup_due || core->membership_changed)
        at_us = core->now_us;
    return at_us;
}

enum fc_err fc_core_step(struct fc_core *core, const struct fc_event *event,
                         struct fc_effects *effects)
{
    core->effects = effects;
    core->err = FC_OK;
    core->batch += effects->bytes == 0;
    if (event->now_us > core->now_us)
        core->now_us = event->now_us;
    core->wall_ms = event->wall_ms;
    note_state(core);
    on_event(core, event);
    if (core->err == FC_OK)
        run(core);
    watch_state(core);
    fc_session_sweep(core);
    fc_buf_finish(&core->push_tail);
    if (core->err == FC_OK && effects->failed)
        core->err = FC_E_NOMEM;
    core->deadline_us = find_deadline_us(core);
    core->effects = NULL;
    return core->err;
}

uint64_t fc_core_deadline_us(const struct fc_core *core)
{
    return core->deadline_us;
}
