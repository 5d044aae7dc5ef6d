/* How a node and its peers look. */
#include "node/show.h"

/* The answer to "in sync?": yes, no, alone, or stopped. */
const char *fc_show_sync(const struct fc_message_status *status)
{
    if (!status->running) {
        return "not running";
    }
    if (status->core.open == 0) {
        return "no peers";
    }
    if (status->core.loading > 0 || status->core.in_sync_with == 0) {
        return "catching up";
    }
    return "in sync";
}

const char *fc_show_witness(enum fc_witness_view view)
{
    switch (view) {
    case FC_WITNESS_BEHIND:
        return "behind";
    case FC_WITNESS_OTHER:
        return "another catalogue";
    case FC_WITNESS_WITHHELD:
        return "fewer feeds";
    }
    return "?";
}

static void audit_json(struct fc_json *json, const struct fc_message_status *status)
{
    const struct fc_core_audit *audit = &status->core.audit;
    fc_json_uint(json, "audits", audit->count);
    fc_json_uint(json, "audits_lacking", audit->found);
    fc_json_uint(json, "records_fetched", audit->fetched);
    fc_json_time(json, "audited", audit->last_ms);
    if (audit->last_ms) {
        fc_json_key(json, "audited_with", &audit->peer);
    } else {
        fc_json_null(json, "audited_with");
    }
    fc_json_uint(json, "audit_lacking", audit->lacking);
    fc_json_uint(json, "audit_ahead", audit->ahead);
    fc_json_uint(json, "checkpoints_agreeing", status->core.witnessed);
    fc_json_time(json, "checkpoint_agreed", status->core.witnessed_ms);
    fc_json_array(json, "checkpoints_differing");
    for (uint32_t i = 0; i < status->witness_count; i++) {
        const struct fc_message_witness *witness = &status->witnesses[i];
        fc_json_object(json, NULL);
        fc_json_key(json, "node_key", &witness->about.node_key);
        fc_json_span(json, "name", witness->name);
        fc_json_text(json, "view", fc_show_witness(witness->about.view));
        fc_json_time(json, "since", witness->about.since_ms);
        fc_json_time(json, "time", witness->about.time_ms);
        fc_json_time(json, "as_of", witness->about.as_of_ms);
        fc_json_uint(json, "feeds", witness->about.feeds);
        fc_json_end(json);
    }
    fc_json_end(json);
}

void fc_show_status_json(struct fc_json *json, const struct fc_message_status *status)
{
    fc_json_object(json, NULL);
    fc_json_span(json, "program", status->version);
    fc_json_bool(json, "running", status->running);
    fc_json_text(json, "sync", fc_show_sync(status));
    fc_json_hash(json, "federation", &status->federation);
    fc_json_span(json, "charter", status->charter_name);
    fc_json_uint(json, "charter_version", status->charter_version);
    fc_json_bool(json, "disputed", status->disputed);
    fc_json_key(json, "node_key", &status->node_key);
    if (fc_hash_is_zero(&status->operator_id)) {
        fc_json_null(json, "operator");
    } else {
        fc_json_hash(json, "operator", &status->operator_id);
    }
    fc_json_time(json, "started", status->started_ms);
    fc_json_time(json, "now", status->now_ms);
    fc_json_hash(json, "digest", &status->digest.hash);
    fc_json_uint(json, "feeds", status->digest.feeds);
    fc_json_uint(json, "entries", status->digest.entries);
    fc_json_uint(json, "bytes", status->digest.bytes);
    fc_json_uint(json, "participants", status->participants);
    fc_json_uint(json, "contested", status->contested);
    fc_json_uint(json, "contents_missing", status->missing);
    fc_json_time(json, "newest_signed", status->newest_ms);
    fc_json_uint(json, "peers_open", status->core.open);
    fc_json_uint(json, "peers_dialling", status->core.dialling);
    fc_json_uint(json, "peers_in_sync", status->core.in_sync_with);
    fc_json_time(json, "synced", status->core.synced_ms);
    fc_json_uint(json, "feeds_loading", status->core.loading);
    fc_json_uint(json, "deltas_in", status->core.deltas_in);
    fc_json_uint(json, "deltas_duplicate", status->core.deltas_duplicate);
    fc_json_uint(json, "deltas_refused", status->core.deltas_refused);
    fc_json_uint(json, "handshakes", status->handshakes);
    fc_json_uint(json, "handshakes_refused", status->refused);
    fc_json_uint(json, "bytes_in", status->bytes_in);
    fc_json_uint(json, "bytes_out", status->bytes_out);
    fc_json_uint(json, "store_bytes", status->used_bytes);
    fc_json_uint(json, "map_bytes", status->map_bytes);
    fc_json_uint(json, "arrivals", status->arrivals);
    audit_json(json, status);
    fc_json_end(json);
}

const char *fc_show_peer_state(enum fc_peer_state state)
{
    switch (state) {
    case FC_PEER_DIALLING:
        return "dialling";
    case FC_PEER_GREETING:
        return "greeting";
    case FC_PEER_CHARTERS:
        return "charters";
    case FC_PEER_OPEN:
        return "open";
    }
    return "?";
}

void fc_show_peer_json(struct fc_json *json, const struct fc_message_peer *peer)
{
    const struct fc_peer_info *info = &peer->info;
    fc_json_object(json, NULL);
    fc_json_key(json, "key", &info->key);
    fc_json_span(json, "name", peer->name);
    fc_json_hash(json, "participant", &info->participant);
    fc_json_span(json, "endpoint", peer->endpoint);
    fc_json_text(json, "state", fc_show_peer_state(info->state));
    fc_json_bool(json, "inbound", info->inbound);
    fc_json_bool(json, "in_sync", info->in_sync);
    fc_json_uint(json, "behind", info->behind);
    fc_json_time(json, "synced", info->synced_ms);
    fc_json_uint(json, "round_trip_us", info->round_trip_us);
    fc_json_uint(json, "bytes_in", info->bytes_in);
    fc_json_uint(json, "bytes_out", info->bytes_out);
    fc_json_uint(json, "messages_in", info->messages_in);
    fc_json_uint(json, "messages_out", info->messages_out);
    fc_json_end(json);
}
