#include <stdlib.h>
#include <string.h>

#include "net/inside.h"

struct fc_session *fc_session_create(struct fc_core *core, fc_link link, const struct fc_key *key,
                                     bool inbound)
{
    struct fc_session *session = calloc(1, sizeof *session);
    if (session && core->session_count == core->session_cap) {
        uint32_t cap = core->session_cap ? 2 * core->session_cap : 8;
        struct fc_session **list = realloc(core->sessions, cap * sizeof(*list));
        if (list) {
            core->sessions = list;
            core->session_cap = cap;
        } else {
            free(session);
            session = NULL;
        }
    }
    if (!session) {
        core->err = FC_E_NOMEM;
        return NULL;
    }
    session->link = link;
    session->key = *key;
    session->inbound = inbound;
    session->up_us = core->now_us;
    session->greeting_until_us = core->now_us + FC_GREETING_US;
    session->ping_at_us = core->now_us + fc_rng_jitter(&core->rng, FC_PING_US);
    fc_bucket_init(&session->messages, FC_MESSAGES_PER_S, FC_MESSAGES_BURST, core->now_us);
    fc_bucket_init(&session->bytes, FC_BYTES_PER_S, FC_BYTES_BURST, core->now_us);
    fc_bucket_init(&session->questions, FC_QUESTIONS_PER_S, FC_QUESTIONS_BURST, core->now_us);
    core->sessions[core->session_count++] = session;
    return session;
}

static void outbox_clear(struct fc_session *session)
{
    for (uint32_t i = 0; i < session->outbox_count; i++)
        fc_buf_finish(&session->outbox[i]);
    session->outbox_count = 0;
    session->outbox_returned = 0;
    session->outbox_bytes = 0;
}

void fc_session_destroy(struct fc_session *session)
{
    fc_pending_clear(session);
    outbox_clear(session);
    fc_buf_finish(&session->certificate);
    fc_buf_finish(&session->descriptor);
    free(session->outbox);
    free(session->pending);
    free(session->served);
    fc_compare_drop(session);
    free(session);
}

struct fc_session *fc_session_find(struct fc_core *core, fc_link link)
{
    for (uint32_t i = 0; i < core->session_count; i++)
        if (core->sessions[i]->link == link && core->sessions[i]->state != FC_SESSION_CLOSED)
            return core->sessions[i];
    return NULL;
}

struct fc_session *fc_session_of(struct fc_core *core, const struct fc_key *key)
{
    struct fc_peer *peer = fc_peer_find(core, key);
    struct fc_session *session = peer ? peer->session : NULL;
    return session && session->state == FC_SESSION_OPEN ? session : NULL;
}

/* Which state may follow which. */
static const bool follows[4][4] = {
    [FC_SESSION_GREETING] =
        {[FC_SESSION_CHARTERS] = true, [FC_SESSION_OPEN] = true, [FC_SESSION_CLOSED] = true},
    [FC_SESSION_CHARTERS] = {[FC_SESSION_OPEN] = true, [FC_SESSION_CLOSED] = true},
    [FC_SESSION_OPEN] = {[FC_SESSION_CLOSED] = true},
};

void fc_session_move(struct fc_session *session, enum fc_session_state state)
{
    assert(follows[session->state][state]);
    session->state = state;
}

/* Keeps a message at `place` of the outbox. */
static void keep(struct fc_core *core, struct fc_session *session, struct fc_buf *message,
                 uint32_t place)
{
    if (session->outbox_count == session->outbox_cap) {
        uint32_t cap = session->outbox_cap ? 2 * session->outbox_cap : 8;
        struct fc_buf *list = realloc(session->outbox, cap * sizeof *list);
        if (!list) {
            core->err = FC_E_NOMEM;
            fc_buf_finish(message);
            return;
        }
        session->outbox = list;
        session->outbox_cap = cap;
    }
    memmove(session->outbox + place + 1, session->outbox + place,
            (session->outbox_count - place) * sizeof *session->outbox);
    session->outbox[place] = *message;
    session->outbox_count++;
    session->outbox_bytes += message->len;
    *message = (struct fc_buf){0};
}

static bool outbox_full(const struct fc_session *session)
{
    return session->outbox_count >= FC_OUTBOX_MAX || session->outbox_bytes >= FC_OUTBOX_BYTES_MAX;
}

void fc_session_send_bytes(struct fc_core *core, struct fc_session *session, struct fc_buf *message)
{
    if (session->state == FC_SESSION_CLOSED) {
        fc_buf_finish(message);
        return;
    }
    if (message->failed)
        core->err = FC_E_NOMEM;
    session->messages_out++;
    session->bytes_out += message->len;
    if (!session->blocked) {
        fc_effects_send(core->effects, session->link, message);
    } else if (outbox_full(session)) {
        fc_buf_finish(message);
        fc_effects_log(core->effects, FC_LOG_WARNING, "peer %s takes no messages: closed",
                       fc_short_key(&session->key).text);
        fc_effects_close(core->effects, session->link);
        fc_session_lost(core, session);
    } else {
        keep(core, session, message, session->outbox_count);
    }
}

void fc_session_send(struct fc_core *core, struct fc_session *session,
                     const struct fc_wire *message)
{
    struct fc_buf bytes = {0};
    if (session->state == FC_SESSION_CLOSED)
        return;
    enum fc_err err = fc_wire_encode(message, &bytes);
    if (err == FC_OK) {
        fc_session_send_bytes(core, session, &bytes);
        return;
    }
    fc_buf_finish(&bytes);
    if (err == FC_E_NOMEM)
        core->err = err;
    else
        fc_effects_log(core->effects, FC_LOG_ERROR, "a %s message does not fit a frame",
                       fc_wire_kind_name(message->kind));
}

/* News is superseded sooner than a full link takes it: the peer's cursor finds what is newest. */
static bool is_push(struct fc_span message)
{
    return message.len > 1 &&
           (message.data[1] == FC_WIRE_DELTA || message.data[1] == FC_WIRE_RECORD);
}

/* A refused message goes before what was kept since, and after those refused before it. */
void fc_session_blocked(struct fc_core *core, struct fc_session *session, struct fc_span refused)
{
    session->blocked = true;
    if (is_push(refused)) {
        session->hole = true;
        session->deferred = false;
        if (session->told < core->seen_index)
            session->told = core->seen_index;
        return;
    }
    if (refused.len == 0)
        return;
    if (outbox_full(session)) {
        fc_effects_close(core->effects, session->link);
        fc_session_lost(core, session);
        return;
    }
    struct fc_buf copy = {0};
    fc_buf_append(&copy, refused.data, refused.len);
    if (copy.failed) {
        core->err = FC_E_NOMEM;
        return;
    }
    keep(core, session, &copy, session->outbox_returned);
    session->outbox_returned++;
}

void fc_session_writable(struct fc_core *core, struct fc_session *session)
{
    session->blocked = false;
    for (uint32_t i = 0; i < session->outbox_count; i++)
        fc_effects_send(core->effects, session->link, &session->outbox[i]);
    outbox_clear(session);
    core->serve_due = true; /* what was held back while it was blocked */
    core->catchup_due = true;
}

void fc_session_lost(struct fc_core *core, struct fc_session *session)
{
    if (session->state == FC_SESSION_CLOSED)
        return;
    bool was_open = session->state == FC_SESSION_OPEN;
    fc_session_move(session, FC_SESSION_CLOSED);
    core->sessions_closed = true;
    struct fc_peer *peer = session->peer;
    if (was_open) {
        peer->cursor_epoch = session->sync.epoch;
        peer->cursor_index = fc_pending_cursor(session);
    }
    fc_catchup_closed(core, session);
    fc_want_closed(core, session);
    if (peer && peer->session == session) {
        core->peers_changed = true;
        peer->session = NULL;
        peer->used_us = core->now_us;
        peer->synced_ms = session->synced_ms;
        if (was_open && core->now_us - session->opened_us >= FC_STEADY_US)
            peer->attempts = 0;
        fc_peer_dial_later(core, peer);
    }
    if (session->active)
        core->spread_ops->on_closed(core->spread, &session->key, core->now_us);
    session->active = false;
    if (was_open) {
        core->view_ops->on_closed(core->view, &session->key, core->now_us);
        fc_effects_log(core->effects, FC_LOG_INFO, "peer %s: link closed",
                       fc_short_key(&session->key).text);
    }
}

void fc_session_close(struct fc_core *core, struct fc_session *session, enum fc_goodbye code,
                      const char *text)
{
    if (session->state == FC_SESSION_CLOSED)
        return;
    struct fc_wire goodbye = {.kind = FC_WIRE_GOODBYE,
                              .goodbye = {.code = code, .text = fc_span_str(text)}};
    session->blocked = false; /* nothing that was kept matters any more */
    fc_session_send(core, session, &goodbye);
    fc_effects_log(core->effects, code == FC_GOODBYE_DUPLICATE ? FC_LOG_DEBUG : FC_LOG_INFO,
                   "peer %s: goodbye, %s", fc_short_key(&session->key).text, text);
    fc_effects_close(core->effects, session->link);
    fc_session_lost(core, session);
}

void fc_session_punish(struct fc_core *core, struct fc_session *session, const char *text)
{
    if (session->state == FC_SESSION_CLOSED)
        return;
    fc_effects_log(core->effects, FC_LOG_WARNING, "peer %s is dishonest: %s",
                   fc_short_key(&session->key).text, text);
    fc_peer_strike(core, session->peer);
    fc_session_close(core, session, FC_GOODBYE_INVALID, text);
}

void fc_session_sweep(struct fc_core *core)
{
    if (!core->sessions_closed)
        return;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < core->session_count; i++) {
        if (core->sessions[i]->state == FC_SESSION_CLOSED)
            fc_session_destroy(core->sessions[i]);
        else
            core->sessions[kept++] = core->sessions[i];
    }
    core->session_count = kept;
    core->sessions_closed = false;
}
