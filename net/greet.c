#include "net/inside.h"

static struct fc_span own_certificate(struct fc_core *core, const struct fc_node *self)
{
    struct fc_participant operator;
    const struct fc_ledger *ledger = fc_replica_ledger(core->config.replica);
    if (fc_ledger_participant(ledger, &self->participant, &operator) != FC_OK)
        return (struct fc_span){0};
    return operator.certificate->record.bytes;
}

static void send_hello(struct fc_core *core, struct fc_session *session)
{
    const struct fc_ledger *ledger = fc_replica_ledger(core->config.replica);
    const struct fc_held *charter = fc_ledger_charter(ledger, NULL);
    struct fc_arrival_mark mark = fc_replica_arrival_mark(core->config.replica);
    struct fc_wire message = {.kind = FC_WIRE_HELLO};
    struct fc_wire_hello *hello = &message.hello;
    struct fc_node self;

    hello->version_min = FC_WIRE_VERSION;
    hello->version_max = FC_WIRE_VERSION;
    hello->federation = fc_replica_federation(core->config.replica);
    if (charter) {
        hello->charter_version = charter->charter.version;
        hello->charter = charter->record.hash;
    }
    hello->node_key = core->config.node_key;
    if (fc_ledger_node(ledger, &core->config.node_key, &self) == FC_OK) {
        hello->certificate = own_certificate(core, &self);
        if (self.descriptor)
            hello->descriptor = self.descriptor->record.bytes;
    }
    hello->epoch = mark.epoch;
    hello->index = mark.index;
    fc_core_digests(core, &hello->heads, &hello->records);
    session->said_charter = hello->charter;
    session->told = mark.index;
    fc_session_send(core, session, &message);
}

/* Of two links between one pair the one stays that the node with the lower key dialled; both ends
 * come to the same answer. Of two in one direction the older is a leftover. */
static bool newer_stays(const struct fc_core *core, const struct fc_session *old, bool inbound)
{
    if (old->inbound == inbound)
        return true;
    bool self_is_lower = fc_key_cmp(&core->config.node_key, &old->key) < 0;
    return !inbound == self_is_lower;
}

void fc_greet_link_up(struct fc_core *core, const struct fc_event *event)
{
    struct fc_peer *peer = fc_peer_get(core, &event->key);
    struct fc_session *session =
        peer ? fc_session_create(core, event->link, &event->key, event->inbound) : NULL;
    if (!session)
        return;
    session->peer = peer;
    core->peers_changed = true;
    peer->used_us = core->now_us;
    struct fc_session *old = peer->session;
    if (!fc_core_admits(core, &event->key)) {
        fc_session_close(core, session, FC_GOODBYE_MEMBER, "not a node of a member");
    } else if (peer->avoid_until_us > core->now_us) {
        fc_session_close(core, session, FC_GOODBYE_AVOIDED, "was found dishonest not long ago");
    } else if (core->session_count > FC_LINKS_MAX) {
        fc_session_close(core, session, FC_GOODBYE_BUSY, "too many links");
    } else if (old && !newer_stays(core, old, event->inbound)) {
        fc_session_close(core, session, FC_GOODBYE_DUPLICATE, "another link stays");
    } else {
        peer->session = session;
        if (old)
            fc_session_close(core, old, FC_GOODBYE_DUPLICATE, "another link stays");
        if (!event->inbound) {
            peer->dialling = false;
            send_hello(core, session);
        }
    }
}

static void send_charter(struct fc_core *core, struct fc_session *session, uint64_t version,
                         bool last)
{
    const struct fc_ledger *ledger = fc_replica_ledger(core->config.replica);
    const struct fc_held *charter = fc_ledger_charter_version(ledger, version);
    const struct fc_held *carry = fc_ledger_carry(ledger, version);
    struct fc_wire message = {.kind = FC_WIRE_CHARTERS, .charters = {.last = last}};
    struct fc_buf records = {0};
    if (charter) {
        fc_pack_bin(&records, charter->record.bytes);
        message.charters.records.count++;
    }
    if (carry) {
        fc_pack_bin(&records, carry->record.bytes);
        message.charters.records.count++;
    }
    message.charters.records.bytes = fc_buf_span(&records);
    fc_session_send(core, session, &message);
    fc_buf_finish(&records);
}

/* All charters the peer cannot have, the one in dispute included. */
static void send_charters(struct fc_core *core, struct fc_session *session)
{
    const struct fc_ledger *ledger = fc_replica_ledger(core->config.replica);
    const struct fc_held *own = fc_ledger_charter(ledger, NULL);
    uint64_t version = own ? own->charter.version : 0;
    uint64_t from = session->charter_version < version ? session->charter_version : version;
    const struct fc_held *same = from ? fc_ledger_charter_version(ledger, from) : NULL;
    if (same && fc_hash_eq(&same->record.hash, &session->charter))
        from++;
    if (from == 0 && version != 0)
        from = 1;
    for (uint64_t i = from; i < version; i++)
        send_charter(core, session, i, false);
    send_charter(core, session, from <= version ? version : 0, true);
}

static void open_session(struct fc_core *core, struct fc_session *session)
{
    struct fc_span certificate = fc_buf_span(&session->certificate);
    struct fc_span descriptor = fc_buf_span(&session->descriptor);
    if (certificate.len != 0 && !fc_accept_record(core, session, 0, certificate))
        return;
    if (descriptor.len != 0 && !fc_accept_record(core, session, 0, descriptor))
        return;
    fc_buf_finish(&session->certificate);
    fc_buf_finish(&session->descriptor);
    if (core->err != FC_OK)
        return;
    if (!fc_core_admits(core, &session->key)) {
        fc_session_close(core, session, FC_GOODBYE_MEMBER, "not a node of a member");
        return;
    }
    fc_session_move(session, FC_SESSION_OPEN);
    session->opened_us = core->now_us;
    session->synced_ms = session->peer->synced_ms;
    fc_effects_log(core->effects, FC_LOG_INFO, "peer %s: session open",
                   fc_short_key(&session->key).text);
    fc_sync_open(core, session);
    core->view_ops->on_open(core->view, &session->key, session->inbound, core->now_us);
}

static bool acceptable(struct fc_core *core, struct fc_session *session,
                       const struct fc_wire_hello *hello)
{
    struct fc_hash federation = fc_replica_federation(core->config.replica);
    if (session->state != FC_SESSION_GREETING || session->greeted)
        fc_session_close(core, session, FC_GOODBYE_PROTOCOL, "a second hello");
    else if (hello->version_min > FC_WIRE_VERSION || hello->version_max < FC_WIRE_VERSION)
        fc_session_close(core, session, FC_GOODBYE_PROTOCOL, "no protocol version in common");
    else if (!fc_hash_eq(&hello->federation, &federation))
        fc_session_close(core, session, FC_GOODBYE_FEDERATION, "of another federation");
    else if (!fc_key_eq(&hello->node_key, &session->key))
        fc_session_close(core, session, FC_GOODBYE_KEY, "the node key is not the link's");
    return session->state != FC_SESSION_CLOSED;
}

void fc_greet_hello(struct fc_core *core, struct fc_session *session,
                    const struct fc_wire_hello *hello)
{
    if (!acceptable(core, session, hello))
        return;
    session->greeted = true;
    session->charter_version = hello->charter_version;
    session->charter = hello->charter;
    session->hello_epoch = hello->epoch;
    session->hello_index = hello->index;
    session->hello_heads = hello->heads;
    session->hello_records = hello->records;
    fc_buf_append(&session->certificate, hello->certificate.data, hello->certificate.len);
    fc_buf_append(&session->descriptor, hello->descriptor.data, hello->descriptor.len);
    if (session->certificate.failed || session->descriptor.failed) {
        core->err = FC_E_NOMEM;
        return;
    }
    if (session->inbound)
        send_hello(core, session);
    if (fc_hash_eq(&session->said_charter, &hello->charter)) {
        open_session(core, session);
    } else {
        fc_session_move(session, FC_SESSION_CHARTERS);
        send_charters(core, session);
    }
}

void fc_greet_charters(struct fc_core *core, struct fc_session *session,
                       const struct fc_wire_charters *charters)
{
    struct fc_unpack at;
    if (session->state != FC_SESSION_CHARTERS) {
        fc_session_close(core, session, FC_GOODBYE_PROTOCOL, "charters out of place");
        return;
    }
    fc_wire_items(&at, &charters->records);
    while (fc_wire_more_items(&at))
        if (!fc_accept_record(core, session, 0, fc_wire_get_record(&at)))
            return;
    if (charters->last && core->err == FC_OK)
        open_session(core, session);
}

void fc_greet_goodbye(struct fc_core *core, struct fc_session *session,
                      const struct fc_wire_goodbye *goodbye)
{
    bool duplicate = goodbye->code == FC_GOODBYE_DUPLICATE;
    bool spare = goodbye->code == FC_GOODBYE_SPARE;
    fc_effects_log(core->effects, duplicate ? FC_LOG_DEBUG : FC_LOG_INFO,
                   "peer %s says goodbye: %.*s", fc_short_key(&session->key).text,
                   (int)goodbye->text.len, (const char *)goodbye->text.data);
    if (spare && session->peer)
        session->peer->attempts = 0; /* no failure: views change */
    else if (!duplicate && session->peer)
        session->peer->attempts += 2; /* it meant it: come back later rather than sooner */
    fc_effects_close(core->effects, session->link);
    fc_session_lost(core, session);
}
