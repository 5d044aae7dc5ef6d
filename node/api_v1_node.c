/* What this node is, whether it can serve, and what it counts. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/api_v1.h"
#include "node/http_server.h"
#include "node/openapi.h"
#include "node/show.h"

static const char text_plain[] = "text/plain; charset=utf-8";

static void get_health(struct fc_http_call *call)
{
    fc_http_reply_static(call, 200, text_plain, fc_span_str("ok\n"));
}

/* Reads what the daemon answered; false: the call was answered. */
static bool read_status(struct fc_http_call *call, enum fc_err code, struct fc_span text,
                        struct fc_span body, struct fc_message_status *status)
{
    struct fc_unpack in;
    if (code != FC_OK) {
        fc_api_refuse(call, code, text, "the node does not say");
        return false;
    }
    fc_unpack_init(&in, body);
    fc_message_get_status(&in, status);
    if (fc_unpack_end(&in) != FC_OK) {
        fc_http_fail_err(call, FC_E_FORMAT, "the node's answer cannot be read");
        return false;
    }
    fc_http_set(call, "Cache-Control", "no-store");
    return true;
}

static void ask_status(struct fc_http_call *call, fc_http_then *then)
{
    struct fc_buf none = {0};
    fc_pack_array(&none, 0);
    fc_http_ask(call, FC_VERB_STATUS, fc_buf_span(&none), then);
    fc_buf_finish(&none);
}

static void then_status(struct fc_http_call *call, enum fc_err code, struct fc_span text,
                        struct fc_span body)
{
    struct fc_message_status status;
    if (read_status(call, code, text, body, &status)) {
        struct fc_json *json = fc_json_create();
        fc_show_status_json(json, &status);
        fc_http_reply_json(call, 200, json);
    }
}

static void get_status(struct fc_http_call *call)
{
    ask_status(call, then_status);
}

/* Ready: it stands where its peers stand, or has none to stand by. */
static void then_ready(struct fc_http_call *call, enum fc_err code, struct fc_span text,
                       struct fc_span body)
{
    struct fc_message_status status;
    struct fc_buf line = {0};
    if (!read_status(call, code, text, body, &status)) {
        return;
    }
    const char *word = fc_show_sync(&status);
    bool ready =
        status.core.loading == 0 && (status.core.in_sync_with > 0 || status.core.open == 0);
    fc_buf_append(&line, word, strlen(word));
    fc_buf_append(&line, "\n", 1);
    fc_http_reply(call, ready ? 200 : 503, text_plain, &line);
}

static void get_ready(struct fc_http_call *call)
{
    ask_status(call, then_ready);
}

static void then_peers(struct fc_http_call *call, enum fc_err code, struct fc_span text,
                       struct fc_span body)
{
    struct fc_unpack in;
    if (code != FC_OK) {
        fc_api_refuse(call, code, text, "the node does not say");
        return;
    }
    struct fc_json *json = fc_json_create();
    fc_json_object(json, NULL);
    fc_json_array(json, "peers");
    fc_unpack_init(&in, body);
    uint32_t count = fc_unpack_array(&in, 0, UINT16_MAX);
    for (uint32_t i = 0; i < count && in.err == FC_OK; i++) {
        struct fc_message_peer peer;
        fc_message_get_peer(&in, &peer);
        fc_show_peer_json(json, &peer);
    }
    fc_json_end(json);
    fc_json_end(json);
    fc_http_set(call, "Cache-Control", "no-store");
    fc_http_reply_json(call, 200, json);
}

static void get_peers(struct fc_http_call *call)
{
    struct fc_buf none = {0};
    fc_pack_array(&none, 0);
    fc_http_ask(call, FC_VERB_PEERS, fc_buf_span(&none), then_peers);
    fc_buf_finish(&none);
}

/* -- counts (Prometheus text exposition format 0.0.4) ------------------------------------------ */

static void say(struct fc_buf *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct fc_buf *out, const char *format, ...)
{
    char line[400];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    fc_buf_append(out, line, len > 0 ? (size_t)len : 0);
}

static void metric(struct fc_buf *out, const char *name, const char *type, const char *help,
                   uint64_t value)
{
    say(out, "# HELP %s %s\n# TYPE %s %s\n%s %" PRIu64 "\n", name, help, name, type, name, value);
}

static void family(struct fc_buf *out, const char *name, const char *type, const char *help)
{
    say(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void time_metric(struct fc_buf *out, const char *name, const char *help, uint64_t wall_ms)
{
    family(out, name, "gauge", help);
    say(out, "%s %" PRIu64 ".%03u\n", name, wall_ms / 1000, (unsigned)(wall_ms % 1000));
}

static void catalogue_metrics(struct fc_buf *out, const struct fc_message_status *status)
{
    family(out, "fedcat_build_info", "gauge", "The program; always 1.");
    say(out, "fedcat_build_info{version=\"%.*s\"} 1\n", (int)status->version.len,
        (const char *)status->version.data);
    metric(out, "fedcat_participants", "gauge", "Participants that hold a certificate.",
           status->participants);
    metric(out, "fedcat_contested_feeds", "gauge", "Feeds whose owner signed twice.",
           status->contested);
    metric(out, "fedcat_disputed", "gauge", "1 while two rival charters halt governance.",
           status->disputed);
    metric(out, "fedcat_feeds", "gauge", "Feeds of which a head is held.", status->digest.feeds);
    metric(out, "fedcat_entries", "gauge", "Entries in all feeds.", status->digest.entries);
    metric(out, "fedcat_content_bytes", "gauge", "Size of all contents, as published.",
           status->digest.bytes);
    metric(out, "fedcat_missing_contents", "gauge", "Entries whose content is still to come.",
           status->missing);
    metric(out, "fedcat_records", "gauge", "Records of governance held.", status->records);
    metric(out, "fedcat_arrivals_total", "counter", "Records and heads taken in, over all time.",
           status->arrivals);
    time_metric(out, "fedcat_newest_signed_timestamp_seconds",
                "Latest time a participant signed, of all heads held.", status->newest_ms);
    metric(out, "fedcat_store_used_bytes", "gauge", "Bytes of the store in use.",
           status->used_bytes);
    metric(out, "fedcat_store_map_bytes", "gauge", "Bytes of the store's map.", status->map_bytes);
}

static void network_metrics(struct fc_buf *out, const struct fc_message_status *status)
{
    const struct fc_core_status *core = &status->core;
    metric(out, "fedcat_open_peers", "gauge", "Peers with an open session.", core->open);
    metric(out, "fedcat_dialling_peers", "gauge", "Peers being dialled.", core->dialling);
    metric(out, "fedcat_in_sync_peers", "gauge", "Open peers that hold nothing this node lacks.",
           core->in_sync_with);
    metric(out, "fedcat_loading_feeds", "gauge", "Feeds being caught up.", core->loading);
    time_metric(out, "fedcat_synced_timestamp_seconds",
                "When this node was last in sync with a peer.", core->synced_ms);
    family(out, "fedcat_deltas_total", "counter", "Deltas received, by what became of them.");
    say(out, "fedcat_deltas_total{result=\"taken\"} %" PRIu64 "\n", core->deltas_in);
    say(out, "fedcat_deltas_total{result=\"duplicate\"} %" PRIu64 "\n", core->deltas_duplicate);
    say(out, "fedcat_deltas_total{result=\"refused\"} %" PRIu64 "\n", core->deltas_refused);
    metric(out, "fedcat_links", "gauge", "Connections of the transport.", status->links);
    metric(out, "fedcat_handshakes_total", "counter", "Handshakes that succeeded.",
           status->handshakes);
    metric(out, "fedcat_refused_handshakes_total", "counter", "Handshakes of strangers.",
           status->refused);
    metric(out, "fedcat_received_bytes_total", "counter", "Bytes from peers.", status->bytes_in);
    metric(out, "fedcat_sent_bytes_total", "counter", "Bytes to peers.", status->bytes_out);
    metric(out, "fedcat_differing_checkpoints", "gauge",
           "Nodes whose checkpoints are not this node's states.", status->witness_count);
}

static void http_metrics(struct fc_buf *out, const struct fc_http_stats *stats)
{
    family(out, "fedcat_http_responses_total", "counter", "HTTP answers, by class of status.");
    for (int i = 2; i < 6; i++) {
        say(out, "fedcat_http_responses_total{class=\"%dxx\"} %" PRIu64 "\n", i, stats->answers[i]);
    }
    metric(out, "fedcat_http_aborted_requests_total", "counter",
           "HTTP requests whose connection ended first.", stats->answers[0]);
    metric(out, "fedcat_http_connections", "gauge", "HTTP connections.", stats->connections);
    metric(out, "fedcat_http_waiting_requests", "gauge", "HTTP requests that wait for news.",
           stats->waiting);
    metric(out, "fedcat_http_throttled_requests_total", "counter",
           "HTTP requests beyond the rate of their address.", stats->throttled);
    metric(out, "fedcat_http_sent_bytes_total", "counter", "Bytes of HTTP bodies.",
           stats->bytes_out);
}

/* What process_* is by convention, from the kernel. */
static void process_metrics(struct fc_buf *out, uint64_t started_ms)
{
    unsigned long long size, resident;
    time_metric(out, "process_start_time_seconds", "When this process started.", started_ms);
    FILE *file = fopen("/proc/self/statm", "re");
    if (file && fscanf(file, "%llu %llu", &size, &resident) == 2) {
        metric(out, "process_resident_memory_bytes", "gauge", "Memory held, the map's pages too.",
               resident * 4096);
    }
    if (file) {
        fclose(file);
    }
}

static void then_metrics(struct fc_http_call *call, enum fc_err code, struct fc_span text,
                         struct fc_span body)
{
    struct fc_message_status status;
    struct fc_http_stats stats;
    struct fc_buf out = {0};
    struct fc_replica *replica;
    if (!read_status(call, code, text, body, &status) || !(replica = fc_http_replica(call))) {
        return;
    }
    fc_http_stats_of(call, &stats);
    catalogue_metrics(&out, &status);
    metric(&out, "fedcat_index_waiting_entries", "gauge",
           "Entries that searches read one by one until they are merged.",
           fc_replica_index_waiting(replica));
    network_metrics(&out, &status);
    http_metrics(&out, &stats);
    process_metrics(&out, status.started_ms);
    fc_http_reply(call, 200, "text/plain; version=0.0.4; charset=utf-8", &out);
}

static void get_metrics(struct fc_http_call *call)
{
    ask_status(call, then_metrics);
}

/* -- what there is ----------------------------------------------------------------------------- */

static void get_openapi(struct fc_http_call *call)
{
    struct fc_span text = fc_openapi();
    struct fc_hash hash = fc_hash("fedcat.asset.1", text);
    char tag[33];
    fc_hex(hash.b, 16, tag);
    if (!fc_http_etag(call, tag)) {
        fc_http_reply_static(call, 200, "application/json", text);
    }
}

static void get_index(struct fc_http_call *call)
{
    static const char *const names[] = {"entries", "participants", "search",       "changes",
                                        "charter", "records",      "nodes",        "status",
                                        "peers",   "deltas",       "applications", "openapi.json"};
    char path[64];
    struct fc_json *json = fc_json_create();
    fc_json_object(json, NULL);
    fc_json_text(json, "program", "fedcat");
    fc_json_text(json, "version", FEDCAT_VERSION);
    fc_json_object(json, "links");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "/v1/%s", names[i]);
        fc_json_text(json, names[i], path);
    }
    fc_json_end(json);
    fc_json_end(json);
    fc_http_reply_json(call, 200, json);
}

static const struct fc_http_route routes[] = {
    {FC_HTTP_GET, "/healthz", get_health, 0, 0},
    {FC_HTTP_GET, "/readyz", get_ready, 0, 0},
    {FC_HTTP_GET, "/metrics", get_metrics, 0, 0},
    {FC_HTTP_GET, "/v1", get_index, 0, 0},
    {FC_HTTP_GET, "/v1/status", get_status, 0, 0},
    {FC_HTTP_GET, "/v1/peers", get_peers, 0, 0},
    {FC_HTTP_GET, "/v1/openapi.json", get_openapi, 0, 0},
};
const struct fc_http_group fc_api_v1_node = {"node", routes, sizeof routes / sizeof routes[0]};
