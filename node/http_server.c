/* The server over libmicrohttpd: connections, and calls from their first byte to their last. */
#include "node/http_server.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "node/clock.h"
#include "node/entropy.h"
#include "node/http_address.h"
#include "node/http_framing.h"
#include "node/http_inside.h"
#include "node/http_listen.h"
#include "node/http_rate.h"
#include "node/http_watch.h"

enum {
    MEMORY_BYTES = 32 * 1024, /* of a connection: request line, headers, answer's headers */
    URI_BYTES_MAX = 8 * 1024,
    READ_BYTES = 4 * 1024,
    ASK_US_DEFAULT = 20 * 1000 * 1000,
    SERVE_MAX = 64, /* questions in one turn of the daemon */
    LATER_S = 2,    /* than the sweep: who is silent within a request is to be told */
    PLAIN_TOLD_US = 60 * 1000 * 1000,
    STREAM_CHUNK_BYTES = 16 * 1024,
    SHARE_BURST = 16,
    SHARE_PERIOD_S = 3600,
    RATE_SIX_BYTES = 8, /* what an IPv6 client is known by */
    SHARE_SIX_BYTES = 6,
    HELD_BYTES_MAX = 128 * 1024 * 1024, /* bodies and answers of all calls together */
};

struct fc_http {
    struct fc_http_setup setup;
    struct MHD_Daemon *daemon;
    struct fc_http_toolbox *toolbox;
    struct fc_http_asks *asks;
    struct fc_http_pulse *pulse;
    struct fc_http_rate *rate, *share; /* of requests; of what strangers may leave here */
    bool rate_loopback;                /* holds for clients of this machine as well */
    char url[FC_HTTP_BASE_BYTES];
    char *certificate, *key; /* PEM */
    struct fc_watches *watches;
    bool stopping; /* atomic, as the counts below */
    uint64_t held_bytes;
    uint64_t active; /* calls */
    uint64_t swept_us;
    uint64_t told_us; /* of a client without TLS; atomic */
    const char *sync; /* atomic; NULL before the daemon has said it */
    bool heads_in_place;
    struct fc_http_stats stats;
};

static uint64_t load(const uint64_t *value)
{
    return __atomic_load_n(value, __ATOMIC_RELAXED);
}

static void add(uint64_t *value, uint64_t more)
{
    __atomic_fetch_add(value, more, __ATOMIC_RELAXED);
}

struct fc_http_toolbox *fc_http_toolbox_of(struct fc_http *http)
{
    return http->toolbox;
}

struct fc_http_asks *fc_http_asks_of(struct fc_http *http)
{
    return http->asks;
}

struct fc_interop *fc_http_interop_of(const struct fc_http *server)
{
    return server->setup.interop;
}

const struct fc_home *fc_http_home_of(const struct fc_http *http)
{
    return http->setup.home;
}

const struct fc_log *fc_http_log_of(const struct fc_http *http)
{
    return http->setup.log;
}

bool fc_http_is_stopping(const struct fc_http *http)
{
    return __atomic_load_n(&http->stopping, __ATOMIC_ACQUIRE);
}

const char *fc_http_url(const struct fc_http *http)
{
    return http->url;
}

int fc_http_fd(const struct fc_http *http)
{
    return fc_asks_fd(http->asks);
}

bool fc_http_serve(struct fc_http *http, void *ctx,
                   void (*answer)(void *ctx, struct fc_span request, struct fc_buf *response))
{
    return fc_asks_serve(http->asks, SERVE_MAX, ctx, answer);
}

void fc_http_committed(struct fc_http *http, struct fc_arrival_mark mark, const char *sync)
{
    __atomic_store_n(&http->sync, sync, __ATOMIC_RELEASE);
    fc_pulse_mark(http->pulse, mark);
}

void fc_http_get_stats(struct fc_http *http, struct fc_http_stats *stats)
{
    for (int i = 0; i < 6; i++) {
        stats->answers[i] = load(&http->stats.answers[i]);
    }
    stats->connections = load(&http->stats.connections);
    stats->asked = load(&http->stats.asked);
    stats->throttled = load(&http->stats.throttled);
    stats->bytes_out = load(&http->stats.bytes_out);
    stats->waiting = fc_pulse_waiting(http->pulse);
}

const char *fc_http_link_header(const struct fc_http_call *call, const char *name)
{
    return MHD_lookup_connection_value(call->link, MHD_HEADER_KIND, name);
}

/* -- connections that do not get on ------------------------------------------------------------ */

static void connection_comes(struct fc_http *http, struct MHD_Connection *connection, void **slot)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    add(&http->stats.connections, 1);
    *slot = info ? fc_watch_begin(http->watches, info->connect_fd, fc_clock_mono_us()) : NULL;
}

/* Whoever asks for http where https is spoken: the library has found the first bytes to be no TLS
 * and closes, which tells the client nothing. So the operator is told, now and then. */
static void note_plain(struct fc_http *http, int fd)
{
    char rest[4096];
    ssize_t len = recv(fd, rest, sizeof rest, MSG_DONTWAIT);
    uint64_t now_us = fc_clock_mono_us(), told_us = load(&http->told_us);
    if (len > 0 && memmem(rest, (size_t)len, " HTTP/1.", 8) &&
        (told_us == 0 || now_us - told_us >= PLAIN_TOLD_US) &&
        __atomic_compare_exchange_n(&http->told_us, &told_us, now_us, false, __ATOMIC_RELAXED,
                                    __ATOMIC_RELAXED)) {
        fc_log_say(http->setup.log, FC_LOG_WARNING,
                   "http: a client asks for http: at %s, which speaks https only", http->url);
    }
}

static void connection_goes(struct fc_http *http, struct MHD_Connection *connection, void **slot)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct fc_watch *watch = *slot;
    add(&http->stats.connections, (uint64_t)-1);
    if (http->certificate && watch && !fc_watch_spoke(watch) && info) {
        note_plain(http, info->connect_fd);
    }
    fc_watch_end(http->watches, watch);
    *slot = NULL;
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **slot,
                          enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        connection_comes(cls, connection, slot);
    } else {
        connection_goes(cls, connection, slot);
    }
}

static struct fc_watch *watch_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

/* The library's own patience ends with silence, without a word; a byte now and then would hold a
 * connection for ever. So a request that is not whole in time is told so and its socket shut. */
static void sweep(struct fc_http *http, uint64_t now_us)
{
    uint64_t patience_us = (uint64_t)http->setup.config->request_seconds * 1000000;
    add(&http->stats.answers[4],
        fc_watches_sweep(http->watches, now_us, patience_us, http->certificate != NULL));
}

static void beat(void *ctx, uint64_t now_us)
{
    struct fc_http *http = ctx;
    fc_asks_expire(http->asks, now_us);
    if (now_us - http->swept_us >= 500000) {
        http->swept_us = now_us;
        sweep(http, now_us);
    }
}

static void wake(void *link)
{
    MHD_resume_connection(link);
}

/* -- limits ------------------------------------------------------------------------------------ */

static bool address_of(struct MHD_Connection *connection, struct fc_http_address *out)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    return info && fc_http_address_read(info->client_addr, out);
}

static bool is_throttled(struct fc_http *http, struct MHD_Connection *connection)
{
    struct fc_http_address address;
    return address_of(connection, &address) && (!address.loopback || http->rate_loopback) &&
           !fc_http_rate_take(http->rate, fc_http_address_network(&address, RATE_SIX_BYTES),
                              fc_clock_mono_us());
}

static enum MHD_Result note_forwarded(void *cls, enum MHD_ValueKind kind, const char *name,
                                      const char *value)
{
    const char **last = cls;
    (void)kind;
    if (value && strcasecmp(name, "X-Forwarded-For") == 0) {
        *last = value;
    }
    return MHD_YES;
}

/* A proxy beside the node says in its last word where what it hands on came from. */
bool fc_http_share(struct fc_http_call *call)
{
    struct fc_http *http = call->server;
    struct fc_http_address address;
    const char *forwarded = NULL;
    if (!address_of(call->link, &address)) {
        return true;
    }
    if (address.loopback) {
        MHD_get_connection_values(call->link, MHD_HEADER_KIND, note_forwarded, &forwarded);
        if (!forwarded || !fc_http_address_forwarded(fc_span_str(forwarded), &address)) {
            return true;
        }
    }
    if (fc_http_rate_take(http->share, fc_http_address_network(&address, SHARE_SIX_BYTES),
                          fc_clock_mono_us())) {
        return true;
    }
    add(&http->stats.throttled, 1);
    fc_http_set(call, "Retry-After", "3600");
    fc_http_fail(call, 429, "SHARE",
                 "From one address this node takes %d of these at once, and then one an hour.",
                 SHARE_BURST);
    return false;
}

static bool body_announced_too_large(const struct fc_http_call *call)
{
    const char *length = fc_http_link_header(call, "Content-Length");
    return length && strtoull(length, NULL, 10) > call->body_bytes_max;
}

/* A body that is of no use and longer than is read for the connection's sake. */
static bool body_not_worth_reading(const struct fc_http_call *call)
{
    const char *length = fc_http_link_header(call, "Content-Length");
    return length && strtoull(length, NULL, 10) > call->body_bytes_max + MEMORY_BYTES;
}

/* Takes from what all calls together may hold; given back at the call's end. */
static bool hold_bytes(struct fc_http_call *call, size_t bytes)
{
    uint64_t *held = &call->server->held_bytes;
    if (__atomic_add_fetch(held, bytes, __ATOMIC_RELAXED) > HELD_BYTES_MAX) {
        __atomic_fetch_sub(held, bytes, __ATOMIC_RELAXED);
        return false;
    }
    call->held_bytes += bytes;
    return true;
}

static void too_much_held(struct fc_http_call *call)
{
    fc_http_set(call, "Retry-After", "5");
    fc_http_fail(call, 503, "MEMORY", "This node has too many large requests in hand.");
}

static void too_large(struct fc_http_call *call)
{
    if (call->body_bytes_max == 0) {
        fc_http_fail(call, 413, "BODY", "This path takes no body with this method.");
    } else {
        fc_http_fail(call, 413, "BODY", "This path takes a body of at most %zu bytes.",
                     call->body_bytes_max);
    }
}

/* -- the answer's way out ---------------------------------------------------------------------- */

static bool origin_fits(const struct fc_http *http, const char *origin)
{
    const struct fc_config_http *config = http->setup.config;
    for (uint32_t i = 0; origin && i < config->cors_count; i++) {
        if (strcmp(config->cors[i], origin) == 0) {
            return true;
        }
    }
    return false;
}

static void add_cors(struct fc_http_call *call, struct MHD_Response *response)
{
    const struct fc_config_http *config = call->server->setup.config;
    const char *origin = fc_http_link_header(call, "Origin");
    if (!origin || config->cors_count == 0) {
        return;
    }
    bool all = strcmp(config->cors[0], "*") == 0;
    if (!all) {
        MHD_add_response_header(response, "Vary", "Origin");
    }
    if (all || origin_fits(call->server, origin)) {
        MHD_add_response_header(response, "Access-Control-Allow-Origin", all ? "*" : origin);
        MHD_add_response_header(response, "Access-Control-Expose-Headers",
                                "ETag, Fedcat-Feed, Fedcat-Sync, Link, Location, "
                                "Retry-After");
    }
}

static enum MHD_Result queue(struct fc_http_call *call, struct MHD_Response *response)
{
    if (!response) {
        return MHD_NO;
    }
    if (call->media_type) {
        MHD_add_response_header(response, "Content-Type", call->media_type);
        MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    }
    for (size_t i = 0; i < call->header_count; i++) {
        MHD_add_response_header(response, call->headers[i].name, call->headers[i].value);
    }
    const char *sync = __atomic_load_n(&call->server->sync, __ATOMIC_ACQUIRE);
    if (sync) {
        MHD_add_response_header(response, "Fedcat-Sync", sync);
    }
    if (call->closes) {
        MHD_add_response_header(response, "Connection", "close");
    }
    add_cors(call, response);
    add(&call->server->stats.answers[call->status / 100 % 6], 1);
    enum MHD_Result result = MHD_queue_response(call->link, call->status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result queue_reply(struct fc_http_call *call)
{
    if (call->status != 503 && !hold_bytes(call, call->answer.len)) {
        too_much_held(call);
        fc_http_reply_finish(call);
    }
    struct fc_span still = call->still;
    size_t len = still.data ? still.len : call->answer.len;
    add(&call->server->stats.bytes_out, len);
    if (still.data) {
        void *bytes;
        memcpy(&bytes, &still.data, sizeof bytes); /* the library does not write there */
        return queue(call, MHD_create_response_from_buffer(len, bytes, MHD_RESPMEM_PERSISTENT));
    }
    void *bytes = call->answer.data;
    struct MHD_Response *response = MHD_create_response_from_buffer(
        len, bytes, bytes ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
    if (response) {
        call->answer = (struct fc_buf){0};
    }
    return queue(call, response);
}

/* -- streams ----------------------------------------------------------------------------------- */

static void suspend_until_news(struct fc_http_call *call)
{
    struct fc_http *http = call->server;
    call->waiter = (struct fc_http_waiter){
        .after = call->after,
        .until_us = fc_clock_mono_us() + call->wait_ms * 1000,
        .link = call->link,
    };
    MHD_suspend_connection(call->link);
    if (fc_pulse_wait(http->pulse, &call->waiter) != FC_OK) {
        call->stream_ended = true;
        MHD_resume_connection(call->link);
    }
}

static ssize_t read_stream(void *cls, uint64_t pos, char *out, size_t max)
{
    struct fc_http_call *call = cls;
    (void)pos;
    if (call->chunk_sent == call->chunk.len) {
        fc_buf_clear(&call->chunk);
        call->chunk_sent = 0;
        call->stream_waits = false;
        if (!call->stream_ended && !fc_http_is_stopping(call->server)) {
            call->produce(call, &call->chunk);
            fc_http_call_leave(call);
        }
        if (call->chunk.failed) {
            return MHD_CONTENT_READER_END_WITH_ERROR;
        }
    }
    size_t left = call->chunk.len - call->chunk_sent;
    if (left == 0) {
        if (!call->stream_waits) {
            return MHD_CONTENT_READER_END_OF_STREAM;
        }
        suspend_until_news(call);
        return 0;
    }
    size_t len = left < max ? left : max;
    memcpy(out, call->chunk.data + call->chunk_sent, len);
    call->chunk_sent += len;
    add(&call->server->stats.bytes_out, len);
    return (ssize_t)len;
}

/* -- a call, step by step ---------------------------------------------------------------------- */

static void put_question(struct fc_http_call *call)
{
    struct fc_http *http = call->server;
    add(&http->stats.asked, 1);
    MHD_suspend_connection(call->link);
    uint64_t patience_us = http->setup.ask_us ? http->setup.ask_us : ASK_US_DEFAULT;
    enum fc_err err = fc_asks_put(http->asks, &call->question, fc_clock_mono_us() + patience_us,
                                  call->link, &call->ask);
    if (err != FC_OK) {
        call->ask = NULL; /* stands for: too much to do */
        MHD_resume_connection(call->link);
    }
}

static void put_waiter(struct fc_http_call *call)
{
    call->waiter = (struct fc_http_waiter){
        .after = call->after,
        .until_us = fc_clock_mono_us() + call->wait_ms * 1000,
        .link = call->link,
    };
    MHD_suspend_connection(call->link);
    if (fc_pulse_wait(call->server->pulse, &call->waiter) != FC_OK) {
        call->next = NULL; /* stands for: too many wait */
        MHD_resume_connection(call->link);
    }
}

static void too_many_wait(struct fc_http_call *call)
{
    fc_http_set(call, "Retry-After", "10");
    fc_http_fail(call, 503, "WAITING", "Too many others wait for news; ask without waiting.");
}

static void run_next(struct fc_http_call *call)
{
    switch (call->outcome) {
    case FC_HTTP_NOTHING:
        fc_http_call_run(call, call->route->handle);
        break;
    case FC_HTTP_QUESTION:
        fc_http_call_answered(call);
        break;
    case FC_HTTP_WAITING:
        fc_http_call_run(call, call->next ? call->next : too_many_wait);
        break;
    case FC_HTTP_REPLY:
        fc_http_reply_finish(call); /* decided before there was a handler */
        fc_http_call_leave(call);
        break;
    case FC_HTTP_STREAMING:
        break;
    }
}

static enum MHD_Result advance(struct fc_http_call *call)
{
    run_next(call);
    switch (call->outcome) {
    case FC_HTTP_QUESTION:
        put_question(call);
        return MHD_YES;
    case FC_HTTP_WAITING:
        put_waiter(call);
        return MHD_YES;
    case FC_HTTP_STREAMING:
        return queue(call, MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_CHUNK_BYTES,
                                                             read_stream, call, NULL));
    case FC_HTTP_NOTHING:
    case FC_HTTP_REPLY:
        break;
    }
    return queue_reply(call);
}

static enum MHD_Result look_at_field(void *cls, enum MHD_ValueKind kind, const char *name,
                                     size_t name_len, const char *value, size_t value_len)
{
    (void)kind;
    return fc_http_framing_field(cls, fc_span(name, name_len), fc_span(value, value_len)) ? MHD_YES
                                                                                          : MHD_NO;
}

/* Whether all who read this request find its end at the same place. False: answered. */
static bool is_well_framed(struct fc_http_call *call, const char *method, const char *version)
{
    struct fc_http_framing framing;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(call->link, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    fc_http_framing_line(&framing, fc_span_str(method), fc_span(call->uri.data, call->uri.len - 1),
                         fc_span_str(version), call->server->heads_in_place && info);
    MHD_get_connection_values_n(call->link, MHD_HEADER_KIND, look_at_field, &framing);
    bool fits = fc_http_framing_end(&framing, info ? info->header_size : 0);
    if (!fits) {
        fc_http_fail(call, framing.status, framing.code, "%s", framing.fault);
    }
    /* The library ends a chunk's line where others may not: nothing after such a body is taken for
     * a request. */
    call->closes = !fits || fc_http_framing_chunked(&framing);
    return fits;
}

/* An answer that does without what is still to come of the request. */
static enum MHD_Result answer_at_once(struct fc_http_call *call)
{
    call->closes = true;
    call->complete = true;
    fc_watch_whole(call->server->watches, call->watch);
    return advance(call);
}

/* The headers are there. */
static enum MHD_Result start(struct fc_http_call *call, struct MHD_Connection *connection,
                             const char *method, const char *version)
{
    struct fc_http *http = call->server;
    call->started = true;
    call->link = connection;
    call->watch = watch_of(connection);
    if (!is_well_framed(call, method, version)) {
        return answer_at_once(call);
    }
    if (call->uri.len - 1 > URI_BYTES_MAX) { /* it ends with a NUL */
        fc_http_fail(call, 414, "URI", "A path with its query has at most %d bytes.",
                     URI_BYTES_MAX);
    } else if (is_throttled(http, connection)) {
        add(&http->stats.throttled, 1);
        fc_http_set(call, "Retry-After", "1");
        fc_http_fail(call, 429, "RATE", "More requests than this node takes from one address.");
    } else {
        fc_http_call_route(call, http->setup.groups, method);
    }
    if (call->outcome == FC_HTTP_NOTHING && body_announced_too_large(call)) {
        too_large(call);
    }
    return call->outcome == FC_HTTP_REPLY && body_not_worth_reading(call) ? answer_at_once(call)
                                                                          : MHD_YES;
}

/* What an answer does without is read to its end all the same, within bounds: a client that is cut
 * off while it sends may never see the answer. */
static enum MHD_Result take(struct fc_http_call *call, const char *bytes, size_t *len)
{
    size_t size = *len, held = call->body.len;
    *len = 0;
    if (call->outcome == FC_HTTP_REPLY) {
        call->chunk_sent += size;
        return call->chunk_sent > call->body_bytes_max + MEMORY_BYTES ? MHD_NO : MHD_YES;
    }
    if (size > call->body_bytes_max - held) {
        fc_buf_finish(&call->body);
        call->chunk_sent = held + size;
        too_large(call);
        return MHD_YES;
    }
    if (!hold_bytes(call, size)) {
        fc_buf_finish(&call->body);
        too_much_held(call);
        return MHD_YES;
    }
    fc_buf_append(&call->body, bytes, size);
    return call->body.failed ? MHD_NO : MHD_YES;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_len, void **slot)
{
    struct fc_http_call *call = *slot;
    (void)cls, (void)url;
    if (!call) {
        return MHD_NO; /* there was no memory for it */
    }
    if (!call->started) {
        return start(call, connection, method, version);
    }
    if (*upload_len > 0) {
        return take(call, upload, upload_len);
    }
    if (!call->complete) {
        call->complete = true;
        call->chunk_sent = 0;
        fc_watch_whole(call->server->watches, call->watch);
    }
    return advance(call);
}

/* The first line is there: the only time its target is seen as it was sent. */
static void *on_line(void *cls, const char *uri, struct MHD_Connection *connection)
{
    struct fc_http *http = cls;
    struct fc_http_call *call = fc_http_call_create(http, uri ? uri : "", fc_clock_wall_ms());
    fc_watch_line(http->watches, watch_of(connection), fc_clock_mono_us());
    if (call) {
        __atomic_fetch_add(&http->active, 1, __ATOMIC_ACQ_REL);
    }
    return call;
}

static void on_end(void *cls, struct MHD_Connection *connection, void **slot,
                   enum MHD_RequestTerminationCode code)
{
    struct fc_http *http = cls;
    struct fc_http_call *call = *slot;
    (void)code;
    if (!call) {
        return;
    }
    fc_watch_answered(http->watches, watch_of(connection), fc_clock_mono_us());
    if (!call->status) {
        add(&http->stats.answers[0], 1);
    }
    __atomic_fetch_sub(&http->held_bytes, call->held_bytes, __ATOMIC_RELAXED);
    fc_http_call_destroy(call);
    *slot = NULL;
    __atomic_fetch_sub(&http->active, 1, __ATOMIC_ACQ_REL);
}

/* Escapes are read by us, segment by segment. */
static size_t leave_escapes(void *cls, struct MHD_Connection *connection, char *text)
{
    (void)cls, (void)connection;
    return strlen(text);
}

/* -- listening --------------------------------------------------------------------------------- */

static enum fc_err read_pems(struct fc_http *http, char *fault, size_t fault_bytes)
{
    const struct fc_config_http *config = http->setup.config;
    if (!config->tls_certificate[0]) {
        return FC_OK;
    }
    enum fc_err err =
        fc_http_pem_read(config->tls_certificate, &http->certificate, fault, fault_bytes);
    return err == FC_OK ? fc_http_pem_read(config->tls_key, &http->key, fault, fault_bytes) : err;
}

static void on_library_log(void *cls, const char *format, va_list args)
{
    const struct fc_http *http = cls;
    char line[300];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    vsnprintf(line, sizeof line, format, args);
#pragma GCC diagnostic pop
    line[strcspn(line, "\n")] = 0;
    fc_log_say(http->setup.log, FC_LOG_DEBUG, "http: %s", line);
}

/* Of these versions it is known that the parts of a request's head stay where they were received.
 * Later ones look at how lines end themselves. */
static bool heads_in_place(void)
{
    const char *version = MHD_get_version();
    return strncmp(version, "0.9.7", 5) == 0 && version[5] >= '0' && version[5] <= '6' &&
           version[6] == 0;
}

static enum fc_err start_daemon(struct fc_http *http, int fd, char *fault, size_t fault_bytes)
{
    char priorities[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"; /* read at the start */
    const struct fc_config_http *config = http->setup.config;
    struct MHD_OptionItem options[] = {
        {MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)config->threads, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, (intptr_t)config->connections_max, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, (intptr_t)config->request_seconds + LATER_S, NULL},
        {MHD_OPTION_PER_IP_CONNECTION_LIMIT, (intptr_t)config->connections_per_address_max, NULL},
        {http->certificate ? MHD_OPTION_HTTPS_MEM_CERT : MHD_OPTION_END, 0, http->certificate},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, http->key},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, priorities},
        {MHD_OPTION_END, 0, NULL},
    };
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
                     (http->certificate ? MHD_USE_TLS : 0);
    http->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, http, MHD_OPTION_EXTERNAL_LOGGER, on_library_log, http,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_URI_LOG_CALLBACK, on_line, http,
        MHD_OPTION_NOTIFY_COMPLETED, on_end, http, MHD_OPTION_NOTIFY_CONNECTION, on_connection,
        http, MHD_OPTION_UNESCAPE_CALLBACK, leave_escapes, NULL, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)MEMORY_BYTES, MHD_OPTION_CONNECTION_MEMORY_INCREMENT, (size_t)READ_BYTES,
        MHD_OPTION_ARRAY, options, MHD_OPTION_END);
    if (http->daemon) {
        return FC_OK;
    }
    close(fd);
    if (http->certificate) {
        snprintf(
            fault, fault_bytes,
            "tls_certificate and tls_key are no certificate and its private key in PEM: %s, %s",
            config->tls_certificate, config->tls_key);
        return FC_E_ARG;
    }
    snprintf(fault, fault_bytes, "the HTTP server does not start");
    return FC_E_IO;
}

/* The port is the machine's own, or speaks TLS: else the operator is told. */
static void warn_if_open(const struct fc_http *http, int fd)
{
    if (!http->certificate && !fc_http_listen_is_loopback(fd)) {
        fc_log_say(http->setup.log, FC_LOG_WARNING,
                   "http: %s speaks no TLS to whoever reaches it, and tokens can be read on the "
                   "way: set tls_certificate and tls_key, or listen on 127.0.0.1 behind a proxy",
                   http->url);
    }
}

static enum fc_err make_parts(struct fc_http *http)
{
    const struct fc_config_http *config = http->setup.config;
    struct fc_http_pulse_setup pulse = {.wake = wake, .ctx = http, .beat = beat};
    uint64_t count = config->rate_per_second ? config->rate_per_second : FC_HTTP_RATE_DEFAULT;
    struct fc_http_rate_setup rate = {.count = count, .period_s = 1, .burst = 2 * count};
    struct fc_http_rate_setup share = {
        .count = 1, .period_s = SHARE_PERIOD_S, .burst = SHARE_BURST};
    enum fc_err err = fc_toolbox_create(http->setup.readers, &http->toolbox);
    if (err == FC_OK) {
        err = fc_watches_create(&http->watches);
    }
    if (err == FC_OK) {
        err = fc_asks_create(wake, &http->asks);
    }
    if (err == FC_OK) {
        err = fc_entropy_fill(&rate.seed, sizeof rate.seed);
    }
    http->rate_loopback = config->rate_per_second > 0;
    share.seed = rate.seed;
    if (err == FC_OK) {
        err = fc_http_rate_create(&rate, &http->rate);
    }
    if (err == FC_OK) {
        err = fc_http_rate_create(&share, &http->share);
    }
    return err == FC_OK ? fc_pulse_create(&pulse, &http->pulse) : err;
}

enum fc_err fc_http_create(const struct fc_http_setup *setup, struct fc_http **out, char *fault,
                           size_t fault_bytes)
{
    struct fc_http *http = calloc(1, sizeof *http);
    int fd = -1;
    *out = NULL;
    fault[0] = 0;
    if (!http) {
        return FC_E_NOMEM;
    }
    http->setup = *setup;
    http->heads_in_place = heads_in_place();
    enum fc_err err = read_pems(http, fault, fault_bytes);
    if (err == FC_OK) {
        err = make_parts(http);
    }
    if (err == FC_OK) {
        err = fc_http_listen(setup->config, &fd, fault, fault_bytes);
    }
    if (err == FC_OK) {
        fc_http_listen_url(fd, http->certificate != NULL, http->url, sizeof http->url);
        warn_if_open(http, fd);
        err = start_daemon(http, fd, fault, fault_bytes);
    }
    if (err != FC_OK) {
        fc_http_destroy(http);
        return err;
    }
    *out = http;
    return FC_OK;
}

/* -- the end ----------------------------------------------------------------------------------- */

void fc_http_stop(struct fc_http *http, uint64_t wait_ms)
{
    if (!http || fc_http_is_stopping(http)) {
        return;
    }
    __atomic_store_n(&http->stopping, true, __ATOMIC_RELEASE);
    MHD_socket fd = http->daemon ? MHD_quiesce_daemon(http->daemon) : MHD_INVALID_SOCKET;
    if (fd != MHD_INVALID_SOCKET) {
        close(fd);
    }
    fc_asks_close(http->asks);
    fc_pulse_end(http->pulse);
    uint64_t until_us = fc_clock_mono_us() + wait_ms * 1000;
    while (__atomic_load_n(&http->active, __ATOMIC_ACQUIRE) > 0 && fc_clock_mono_us() < until_us) {
        usleep(5000);
    }
}

void fc_http_destroy(struct fc_http *http)
{
    if (!http) {
        return;
    }
    if (http->daemon) {
        fc_http_stop(http, 0);
        MHD_stop_daemon(http->daemon);
    }
    fc_pulse_destroy(http->pulse);
    fc_asks_destroy(http->asks);
    fc_toolbox_destroy(http->toolbox);
    fc_http_rate_destroy(http->rate);
    fc_http_rate_destroy(http->share);
    fc_watches_destroy(http->watches);
    if (http->key) {
        fc_wipe(http->key, strlen(http->key));
    }
    free(http->certificate);
    free(http->key);
    free(http);
}
