#include "net/inside.h"

/* Peers with a link, then those being dialled. */
static bool is_dialling(const struct fc_peer *peer)
{
    return !peer->session && (peer->dialling || peer->wanted);
}

size_t fc_core_peer_count(const struct fc_core *core)
{
    size_t count = core->session_count;
    for (uint32_t i = 0; i < core->peer_count; i++)
        count += is_dialling(core->peers[i]);
    return count;
}

static enum fc_peer_state state_of(const struct fc_session *session)
{
    switch (session->state) {
    case FC_SESSION_GREETING:
        return FC_PEER_GREETING;
    case FC_SESSION_CHARTERS:
        return FC_PEER_CHARTERS;
    case FC_SESSION_OPEN:
    case FC_SESSION_CLOSED:
        break;
    }
    return FC_PEER_OPEN;
}

static void describe(const struct fc_session *session, struct fc_peer_info *out)
{
    const struct fc_sync *sync = &session->sync;
    out->key = session->key;
    out->state = state_of(session);
    out->inbound = session->inbound;
    out->active = session->active && !session->leaving;
    out->in_sync = fc_sync_is_done(session);
    out->behind =
        (sync->index > sync->reached ? sync->index - sync->reached : 0) + session->pending_count;
    out->synced_ms = session->synced_ms;
    out->round_trip_us = session->round_trip_us;
    out->bytes_in = session->bytes_in;
    out->bytes_out = session->bytes_out;
    out->messages_in = session->messages_in;
    out->messages_out = session->messages_out;
}

void fc_core_peer_at(const struct fc_core *core, size_t index, struct fc_peer_info *out)
{
    struct fc_node node;
    *out = (struct fc_peer_info){.state = FC_PEER_DIALLING};
    if (index < core->session_count) {
        describe(core->sessions[index], out);
    } else {
        index -= core->session_count;
        for (uint32_t i = 0; i < core->peer_count; i++)
            if (is_dialling(core->peers[i]) && index-- == 0) {
                out->key = core->peers[i]->key;
                out->synced_ms = core->peers[i]->synced_ms;
                break;
            }
    }
    if (fc_ledger_node(fc_replica_ledger(core->config.replica), &out->key, &node) == FC_OK)
        out->participant = node.participant;
}

static enum fc_err add_missing(void *ctx, const struct fc_feed *feed)
{
    uint64_t *missing = ctx;
    *missing += feed->missing;
    return FC_OK;
}

void fc_core_get_status(const struct fc_core *core, struct fc_core_status *out)
{
    *out = (struct fc_core_status){.synced_ms = core->synced_ms,
                                   .deltas_in = core->deltas_in,
                                   .deltas_duplicate = core->deltas_duplicate,
                                   .deltas_refused = core->deltas_refused,
                                   .audit = core->audit,
                                   .witnessed = core->witness.agreed,
                                   .witnessed_ms = core->witness.agreed_ms,
                                   .changed_us = core->state_us};
    for (uint32_t i = 0; i < core->session_count; i++) {
        out->open += core->sessions[i]->state == FC_SESSION_OPEN;
        out->in_sync_with += fc_sync_is_done(core->sessions[i]);
    }
    for (uint32_t i = 0; i < core->peer_count; i++)
        out->dialling += is_dialling(core->peers[i]);
    for (uint32_t i = 0; i < core->load_count; i++)
        out->loading += core->loads[i].used;
    if (fc_replica_feeds(core->config.replica, add_missing, &out->contents_wanted) != FC_OK)
        out->contents_wanted = 0;
}
