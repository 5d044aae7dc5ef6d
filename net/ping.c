#include "net/inside.h"

/* Everything above `told` up to the log's end is with the peer, or is still to be announced: else
 * `told` would be higher. */
static struct fc_wire_mark next_mark(struct fc_core *core, struct fc_session *session)
{
    struct fc_arrival_mark own = fc_replica_arrival_mark(core->config.replica);
    struct fc_wire_mark mark = {own.epoch, session->told, own.index};
    if (mark.prev > mark.index) /* a new epoch began */
        mark.prev = mark.index;
    if (session->deferred)
        mark.index = mark.prev;
    session->told = mark.index;
    session->hole = false;
    return mark;
}

static void send(struct fc_core *core, struct fc_session *session, enum fc_wire_kind kind,
                 uint64_t nonce)
{
    struct fc_wire message = {.kind = kind,
                              .ping = {.nonce = nonce, .mark = next_mark(core, session)}};
    fc_session_send(core, session, &message);
}

void fc_ping_run(struct fc_core *core, struct fc_session *session)
{
    if (session->state != FC_SESSION_OPEN || session->blocked)
        return;
    if (!session->hole && core->now_us < session->ping_at_us)
        return;
    bool due = core->now_us >= session->ping_at_us;
    if (due && session->ping_under_way && ++session->pings_lost >= FC_PINGS_LOST_MAX) {
        fc_session_close(core, session, FC_GOODBYE_SILENT, "no answer to three pings");
        return;
    }
    if (due)
        session->ping_at_us = core->now_us + fc_rng_jitter(&core->rng, FC_PING_US);
    if (!session->ping_under_way || due) {
        session->ping_nonce = fc_rng_next(&core->rng);
        session->ping_sent_us = core->now_us;
        session->ping_under_way = true;
    }
    send(core, session, FC_WIRE_PING, session->ping_nonce);
}

void fc_ping_ping(struct fc_core *core, struct fc_session *session, const struct fc_wire_ping *ping)
{
    if (!session->blocked)
        send(core, session, FC_WIRE_PONG, ping->nonce);
    fc_sync_mark(core, session, &ping->mark);
}

void fc_ping_pong(struct fc_core *core, struct fc_session *session, const struct fc_wire_ping *pong)
{
    if (session->ping_under_way && pong->nonce == session->ping_nonce) {
        uint64_t sample_us = core->now_us - session->ping_sent_us;
        if (sample_us == 0)
            sample_us = 1;
        session->round_trip_us =
            session->round_trip_us ? (7 * session->round_trip_us + sample_us) / 8 : sample_us;
        session->ping_under_way = false;
        session->pings_lost = 0;
    }
    fc_sync_mark(core, session, &pong->mark);
}
