/* What a node knows of itself, its peers and the federation. */
#include <stdlib.h>
#include <string.h>

#include "node/service_call.h"

struct sums {
    uint64_t missing, newest_ms;
};

static enum fc_err add_feed(void *ctx, const struct fc_feed *feed)
{
    struct sums *sums = ctx;
    sums->missing += feed->missing;
    sums->newest_ms = feed->time_ms > sums->newest_ms ? feed->time_ms : sums->newest_ms;
    return FC_OK;
}

static void describe_federation(const struct fc_service *service, struct fc_message_status *status)
{
    const struct fc_ledger *ledger = fc_replica_ledger(service->replica);
    const struct fc_held *charter = fc_ledger_charter(ledger, &status->disputed);
    status->federation = fc_replica_federation(service->replica);
    if (charter) {
        status->charter = charter->record.hash;
        status->charter_version = charter->charter.version;
        status->charter_name = charter->charter.name;
    }
    status->participants = fc_ledger_participant_count(ledger);
    for (size_t i = 0; i < status->participants; i++) {
        struct fc_participant participant;
        fc_ledger_participant_at(ledger, i, &participant);
        status->contested += participant.contested;
    }
    status->records = fc_ledger_record_count(ledger);
}

static enum fc_err describe_store(struct fc_replica *replica, struct fc_message_status *status)
{
    struct fc_kv_stat stat;
    struct sums sums = {0};
    struct fc_arrival_mark mark = fc_replica_arrival_mark(replica);
    enum fc_err err = fc_replica_digest(replica, &status->digest);
    if (err == FC_OK) {
        err = fc_replica_feeds(replica, add_feed, &sums);
    }
    if (err == FC_OK) {
        err = fc_kv_stat(fc_replica_kv(replica), &stat);
    }
    if (err == FC_OK) {
        status->used_bytes = stat.used_bytes;
        status->map_bytes = stat.map_bytes;
    }
    status->missing = sums.missing;
    status->newest_ms = sums.newest_ms;
    status->epoch = mark.epoch;
    status->arrivals = mark.index;
    return err;
}

/* Of the operator of a node; empty when it is not known. */
static struct fc_span operator_name(const struct fc_ledger *ledger, const struct fc_key *node_key)
{
    struct fc_node node;
    struct fc_participant owner;
    if (fc_ledger_node(ledger, node_key, &node) == FC_OK &&
        fc_ledger_participant(ledger, &node.participant, &owner) == FC_OK) {
        return owner.certificate->certificate.name;
    }
    return fc_span(NULL, 0);
}

static void describe_core(const struct fc_service *service, struct fc_message_status *status)
{
    const struct fc_ledger *ledger = fc_replica_ledger(service->replica);
    fc_core_get_status(service->core, &status->core);
    status->audit_name = operator_name(ledger, &status->core.audit.peer);
    size_t count = fc_core_witness_count(service->core);
    for (size_t i = 0; i < count && i < FC_MESSAGE_WITNESSES_MAX; i++) {
        struct fc_message_witness *witness = &status->witnesses[status->witness_count++];
        fc_core_witness_at(service->core, i, &witness->about);
        witness->name = operator_name(ledger, &witness->about.node_key);
    }
}

enum fc_err fc_service_status(struct fc_call *call)
{
    const struct fc_service *service = call->service;
    struct fc_message_status status = {
        .version = fc_span_str(FEDCAT_VERSION),
        .node_key = service->node_key,
        .operator_id = service->operator_id,
        .running = service->core != NULL,
        .started_ms = service->started_ms,
        .now_ms = call->now_ms,
    };
    enum fc_err err = fc_call_ready(call);
    if (err != FC_OK) {
        return err;
    }
    describe_federation(service, &status);
    err = describe_store(call->replica, &status);
    if (service->core) {
        describe_core(service, &status);
    }
    if (service->transport) {
        struct fc_transport_stats stats;
        fc_transport_get_stats(service->transport, &stats);
        status.links = stats.links;
        status.handshakes = stats.handshakes;
        status.refused = stats.refused;
        status.bytes_in = stats.bytes_in;
        status.bytes_out = stats.bytes_out;
    }
    fc_message_put_status(&call->body, &status);
    return err;
}

enum fc_err fc_service_peers(struct fc_call *call)
{
    const struct fc_core *core = call->service->core;
    const struct fc_ledger *ledger = fc_replica_ledger(call->replica);
    size_t count = core ? fc_core_peer_count(core) : 0;
    enum fc_err err = fc_call_ready(call);
    if (err != FC_OK) {
        return err;
    }
    fc_pack_array(&call->body, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        struct fc_message_peer peer = {0};
        struct fc_node node;
        struct fc_participant owner;
        fc_core_peer_at(core, i, &peer.info);
        if (fc_ledger_node(ledger, &peer.info.key, &node) == FC_OK) {
            peer.info.participant = node.participant;
            peer.endpoint = node.endpoint_count ? node.endpoints[0] : fc_span(NULL, 0);
            if (fc_ledger_participant(ledger, &node.participant, &owner) == FC_OK) {
                peer.name = owner.certificate->certificate.name;
            }
        }
        fc_message_put_peer(&call->body, &peer);
    }
    return FC_OK;
}

enum fc_err fc_service_digest(struct fc_call *call)
{
    struct fc_digest digest;
    enum fc_err err = fc_call_ready(call);
    if (err == FC_OK) {
        err = fc_replica_digest(call->replica, &digest);
    }
    if (err == FC_OK) {
        fc_pack_array(&call->body, 4);
        fc_message_put_hash(&call->body, &digest.hash);
        fc_pack_uint(&call->body, digest.feeds);
        fc_pack_uint(&call->body, digest.entries);
        fc_pack_uint(&call->body, digest.bytes);
    }
    return err;
}

static enum fc_err put_participant(struct fc_call *call, const struct fc_participant *participant,
                                   struct fc_buf *out)
{
    struct fc_message_participant message = {
        .id = participant->id,
        .certificate = participant->certificate->record.bytes,
        .recovery_frozen = participant->recovery_frozen,
        .contested = participant->contested,
        .unsettled = participant->unsettled,
    };
    if (participant->revocation) {
        message.revoked = participant->revocation->revocation.mode;
    }
    enum fc_err err = fc_replica_feed(call->replica, &participant->id, &message.feed);
    if (err == FC_E_MISSING) {
        message.feed = (struct fc_feed){.participant = participant->id};
        err = FC_OK;
    }
    if (err == FC_OK) {
        fc_message_put_participant(out, &message);
    }
    return err;
}

enum fc_err fc_service_participants(struct fc_call *call)
{
    const struct fc_ledger *ledger = fc_replica_ledger(call->replica);
    struct fc_hash after;
    bool resumed = fc_message_get_hash_or_nil(&call->in, &after);
    struct fc_page page = {.call = call, .max = (uint32_t)fc_unpack_uint(&call->in, UINT16_MAX)};
    enum fc_err err = fc_call_ready(call);
    for (size_t i = 0; i < fc_ledger_participant_count(ledger) && err == FC_OK; i++) {
        struct fc_participant participant;
        fc_ledger_participant_at(ledger, i, &participant);
        if (resumed && fc_hash_cmp(&participant.id, &after) <= 0) {
            continue;
        }
        if (!fc_page_room(&page)) {
            break;
        }
        err = put_participant(call, &participant, &page.items);
        page.count++;
    }
    return fc_page_end(&page, err);
}

enum fc_err fc_service_participant(struct fc_call *call)
{
    struct fc_hash id = fc_message_get_hash(&call->in);
    struct fc_participant participant;
    enum fc_err err = fc_call_ready(call);
    if (err == FC_OK) {
        err = fc_ledger_participant(fc_replica_ledger(call->replica), &id, &participant);
    }
    return err == FC_OK ? put_participant(call, &participant, &call->body) : err;
}

enum fc_err fc_service_by_feed_key(struct fc_call *call)
{
    const struct fc_ledger *ledger = fc_replica_ledger(call->replica);
    struct fc_key key;
    fc_unpack_fixed(&call->in, key.b, sizeof key.b);
    enum fc_err err = fc_call_ready(call);
    if (err != FC_OK) {
        return err;
    }
    for (size_t i = 0; i < fc_ledger_participant_count(ledger); i++) {
        struct fc_participant participant;
        fc_ledger_participant_at(ledger, i, &participant);
        if (fc_key_eq(&participant.certificate->certificate.feed_key, &key)) {
            return put_participant(call, &participant, &call->body);
        }
    }
    return FC_E_MISSING;
}

static enum fc_err put_arrival(void *ctx, const struct fc_arrival *arrival)
{
    struct fc_page *page = ctx;
    if (!fc_page_room(page)) {
        return FC_E_AGAIN;
    }
    fc_pack_array(&page->items, 3);
    fc_pack_uint(&page->items, arrival->index);
    fc_pack_uint(&page->items, (uint64_t)arrival->type);
    fc_pack_bin(&page->items, arrival->record);
    page->count++;
    return FC_OK;
}

enum fc_err fc_service_records(struct fc_call *call)
{
    uint64_t after = fc_unpack_uint(&call->in, UINT64_MAX);
    struct fc_page page = {.call = call, .max = (uint32_t)fc_unpack_uint(&call->in, UINT16_MAX)};
    enum fc_err err = fc_call_ready(call);
    if (err == FC_OK) {
        err = fc_replica_arrivals(call->replica, after, put_arrival, &page);
    }
    return fc_page_end(&page, err);
}

enum fc_err fc_service_record(struct fc_call *call)
{
    struct fc_hash hash = fc_message_get_hash(&call->in);
    enum fc_err err = fc_call_ready(call);
    if (err != FC_OK) {
        return err;
    }
    const struct fc_held *held = fc_ledger_find(fc_replica_ledger(call->replica), &hash);
    if (!held) {
        return FC_E_MISSING;
    }
    fc_pack_array(&call->body, 1);
    fc_pack_bin(&call->body, held->record.bytes);
    return FC_OK;
}

enum fc_err fc_service_charter(struct fc_call *call)
{
    const struct fc_ledger *ledger = fc_replica_ledger(call->replica);
    uint64_t version = fc_unpack_uint(&call->in, UINT64_MAX);
    bool disputed = false;
    enum fc_err err = fc_call_ready(call);
    if (err != FC_OK) {
        return err;
    }
    const struct fc_held *held = fc_ledger_charter(ledger, &disputed);
    if (version != 0) {
        held = fc_ledger_charter_version(ledger, version);
    }
    if (!held) {
        return FC_E_MISSING;
    }
    fc_pack_array(&call->body, 2);
    fc_pack_bin(&call->body, held->record.bytes);
    fc_pack_uint(&call->body, disputed);
    return FC_OK;
}

static void put_node(struct fc_buf *out, const struct fc_key *key, const struct fc_span *endpoints,
                     uint32_t count)
{
    fc_pack_array(out, 2);
    fc_pack_bin(out, fc_span(key->b, sizeof key->b));
    fc_pack_array(out, count);
    for (uint32_t i = 0; i < count; i++) {
        fc_pack_str(out, endpoints[i]);
    }
}

/* This node first, then others with an endpoint, a handful. */
static void put_nodes(const struct fc_service *service, struct fc_buf *out)
{
    enum { NODES_MAX = 8 };
    const struct fc_ledger *ledger = fc_replica_ledger(service->replica);
    struct fc_span own[FC_ENDPOINTS_MAX];
    struct fc_buf nodes = {0};
    struct fc_node node;
    uint32_t count = 0, own_count = 0;
    for (; own_count < service->announced_count && own_count < FC_ENDPOINTS_MAX; own_count++) {
        own[own_count] = fc_span_str(service->announced[own_count]);
    }
    if (own_count > 0) {
        put_node(&nodes, &service->node_key, own, own_count);
        count++;
    }
    for (size_t i = 0; i < fc_ledger_node_count(ledger) && count < NODES_MAX; i++) {
        fc_ledger_node_at(ledger, i, &node);
        bool self = fc_key_eq(&node.key, &service->node_key);
        if (node.endpoint_count > 0 && (!self || own_count == 0)) {
            put_node(&nodes, &node.key, node.endpoints, node.endpoint_count);
            count++;
        }
    }
    fc_pack_array(out, count);
    fc_buf_append(out, nodes.data, nodes.len);
    out->failed = out->failed || nodes.failed;
    fc_buf_finish(&nodes);
}

enum fc_err fc_service_bootstrap(struct fc_call *call)
{
    const struct fc_held *charter = fc_ledger_charter_version(fc_replica_ledger(call->replica), 1);
    struct fc_hash federation = fc_replica_federation(call->replica);
    enum fc_err err = fc_call_ready(call);
    if (err != FC_OK) {
        return err;
    }
    fc_pack_array(&call->body, 3);
    fc_message_put_hash(&call->body, &federation);
    put_nodes(call->service, &call->body);
    fc_pack_array(&call->body, charter ? 1 : 0);
    if (charter) {
        fc_pack_bin(&call->body, charter->record.bytes);
    }
    return FC_OK;
}
