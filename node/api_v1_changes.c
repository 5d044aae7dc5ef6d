/* What arrived here, in order, from a cursor that survives restarts: as pages, as a page that is
 * waited for, or as a stream of events (WHATWG HTML, 9.2). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/api_v1.h"
#include "node/http_text.h"
#include "node/show.h"

enum { WAIT_SECONDS_MAX = 60, STREAM_PAGE = 100, SILENCE_MS = 15000, CURSOR_BYTES = 48 };

/* One reader of the log. */
struct following {
    struct fc_arrival_mark at; /* the last that was told */
    uint64_t limit;
    bool waited; /* long poll: this is the second look */
};

static char *cursor_text(struct fc_arrival_mark mark, char out[CURSOR_BYTES])
{
    snprintf(out, CURSOR_BYTES, "%016" PRIx64 ".%" PRIu64, mark.epoch, mark.index);
    return out;
}

static bool read_cursor(struct fc_span text, struct fc_arrival_mark *mark)
{
    uint8_t epoch[8];
    char digits[CURSOR_BYTES], *end;
    if (text.len < 18 || text.len >= sizeof digits || text.data[16] != '.') {
        return false;
    }
    memcpy(digits, text.data, text.len);
    digits[text.len] = digits[16] = 0;
    if (fc_unhex(digits, epoch, sizeof epoch) != FC_OK ||
        strspn(digits + 17, "0123456789") != text.len - 17 || text.len > 17 + 19) {
        return false;
    }
    mark->epoch = fc_get_be64(epoch);
    mark->index = strtoull(digits + 17, &end, 10);
    return true;
}

/* -- one change -------------------------------------------------------------------------------- */

struct page {
    struct fc_replica *replica;
    struct fc_json *json;
    uint64_t left;
    struct fc_arrival_mark at;
    bool more;
};

/* The newest held head's operations, if this arrival is of it and they are held. */
static enum fc_err take_ops(void *ctx, struct fc_span head_record, struct fc_span ops)
{
    struct fc_buf *out = ctx;
    (void)head_record;
    if (ops.data) {
        fc_buf_append(out, ops.data, ops.len);
    }
    return FC_E_AGAIN; /* one is enough */
}

static void head_json(struct page *page, const struct fc_arrival *arrival)
{
    struct fc_record record;
    struct fc_head head;
    struct fc_ops ops;
    struct fc_buf bytes = {0};
    if (fc_record_parse(arrival->record, &record) != FC_OK ||
        fc_head_parse(&record, &head) != FC_OK) {
        fc_json_null(page->json, "feed");
        return;
    }
    enum fc_err err = fc_replica_history(page->replica, &arrival->subject, 0, take_ops, &bytes);
    bool known = (err == FC_OK || err == FC_E_AGAIN) && bytes.len > 0 && !bytes.failed &&
                 fc_ops_init(&ops, fc_buf_span(&bytes)) == FC_OK;
    fc_json_hash(page->json, "participant", &arrival->subject);
    fc_show_head_json(page->json, "feed", &record, &head, known ? &ops : NULL);
    fc_buf_finish(&bytes);
}

/* Fields into an open object. */
static void change_json(struct page *page, const struct fc_arrival *arrival)
{
    char cursor[CURSOR_BYTES];
    fc_json_text(page->json, "cursor", cursor_text(page->at, cursor));
    fc_json_text(page->json, "type", fc_record_type_name(arrival->type));
    fc_json_hash(page->json, "record", &arrival->hash);
    if (arrival->type == FC_RECORD_HEAD) {
        head_json(page, arrival);
    }
}

static enum fc_err add_change(void *ctx, const struct fc_arrival *arrival)
{
    struct page *page = ctx;
    if (page->left == 0) {
        page->more = true;
        return FC_E_AGAIN;
    }
    page->left--;
    page->at.index = arrival->index;
    fc_json_object(page->json, NULL);
    change_json(page, arrival);
    fc_json_end(page->json);
    return FC_OK;
}

/* -- where to begin ---------------------------------------------------------------------------- */

/* "after", or Last-Event-ID: a cursor; "now"; or none: from the first. False: answered. */
static bool begin(struct fc_http_call *call, struct fc_replica *replica, struct following *out)
{
    struct fc_arrival_mark now = fc_replica_arrival_mark(replica);
    struct fc_span text;
    const char *last = fc_http_header(call, "Last-Event-ID");
    bool given = fc_http_query(call, "after", &text);
    if (last) {
        text = fc_span_str(last); /* a stream that was cut goes on behind what it was sent */
        given = true;
    }
    out->at = (struct fc_arrival_mark){.epoch = now.epoch};
    if (given && fc_span_eq(text, fc_span_str("now"))) {
        out->at = now;
    } else if (given && !read_cursor(text, &out->at)) {
        fc_http_fail(call, 400, "CURSOR",
                     "\"after\" takes a cursor from an answer before, or the word now.");
        return false;
    }
    if (out->at.epoch != now.epoch || out->at.index > now.index) {
        fc_http_fail(call, 410, "CURSOR",
                     "This cursor is of a log that was begun anew (a restore, a repair, another "
                     "node): read everything once more without \"after\", then go on from there.");
        return false;
    }
    return true;
}

/* -- pages ------------------------------------------------------------------------------------- */

static void reply_page(struct fc_http_call *call, struct fc_replica *replica,
                       const struct following *following)
{
    char cursor[CURSOR_BYTES];
    struct page page = {.replica = replica,
                        .json = fc_json_create(),
                        .left = following->limit,
                        .at = following->at};
    fc_json_object(page.json, NULL);
    fc_json_array(page.json, "changes");
    enum fc_err err = fc_replica_arrivals(replica, following->at.index, add_change, &page);
    fc_json_end(page.json);
    fc_json_text(page.json, "cursor", cursor_text(page.at, cursor));
    fc_json_bool(page.json, "more", page.more);
    fc_json_end(page.json);
    fc_http_set(call, "Cache-Control", "no-store");
    if (err == FC_OK || err == FC_E_AGAIN) {
        fc_http_reply_json(call, 200, page.json);
    } else {
        fc_json_destroy(page.json);
        fc_http_fail_err(call, err, "the log cannot be read");
    }
}

static void look_again(struct fc_http_call *call)
{
    struct following *following = fc_http_kept(call);
    struct fc_replica *replica = fc_http_replica(call);
    if (!replica) {
        return;
    }
    if (fc_replica_arrival_mark(replica).epoch != following->at.epoch) {
        fc_http_fail(call, 410, "CURSOR", "The log was begun anew: read everything once more.");
        return;
    }
    reply_page(call, replica, following);
}

/* -- streams ----------------------------------------------------------------------------------- */

struct events {
    struct page page;
    struct fc_buf *out;
};

static void put_event(struct fc_buf *out, const char *id, const char *name, struct fc_json *json)
{
    struct fc_buf data = {0};
    char lead[CURSOR_BYTES + 32];
    int len = snprintf(lead, sizeof lead, "id: %s\nevent: %s\ndata: ", id, name);
    enum fc_err err = fc_json_write(json, &data); /* one line: JSON has none but escaped */
    fc_buf_append(out, lead, (size_t)len);
    fc_buf_append(out, data.data, data.len);
    fc_buf_append(out, "\n\n", 2);
    out->failed = out->failed || err != FC_OK;
    fc_buf_finish(&data);
}

static enum fc_err add_event(void *ctx, const struct fc_arrival *arrival)
{
    struct events *events = ctx;
    char cursor[CURSOR_BYTES];
    if (events->page.left == 0) {
        events->page.more = true;
        return FC_E_AGAIN;
    }
    events->page.left--;
    events->page.at.index = arrival->index;
    fc_json_object(events->page.json, NULL);
    change_json(&events->page, arrival);
    fc_json_end(events->page.json);
    put_event(events->out, cursor_text(events->page.at, cursor), "change", events->page.json);
    return FC_OK;
}

/* The log was begun anew: the client is told, with an id it can go on from. */
static void put_reset(struct fc_buf *out, struct following *following, struct fc_arrival_mark now)
{
    char cursor[CURSOR_BYTES];
    struct fc_json *json = fc_json_create();
    following->at = (struct fc_arrival_mark){.epoch = now.epoch};
    fc_json_object(json, NULL);
    fc_json_text(json, "cursor", cursor_text(following->at, cursor));
    fc_json_text(json, "detail", "the log was begun anew: everything follows once more");
    fc_json_end(json);
    put_event(out, cursor, "reset", json);
    fc_json_destroy(json);
}

static void produce(struct fc_http_call *call, struct fc_buf *out)
{
    struct following *following = fc_http_kept(call);
    struct fc_replica *replica = fc_http_replica(call);
    if (!replica) {
        fc_http_stream_end(call);
        return;
    }
    struct fc_arrival_mark now = fc_replica_arrival_mark(replica);
    if (now.epoch != following->at.epoch) {
        put_reset(out, following, now);
        return;
    }
    struct events events = {.page = {.replica = replica,
                                     .json = fc_json_create(),
                                     .left = STREAM_PAGE,
                                     .at = following->at},
                            .out = out};
    enum fc_err err = fc_replica_arrivals(replica, following->at.index, add_event, &events);
    fc_json_destroy(events.page.json);
    if (err != FC_OK && err != FC_E_AGAIN) {
        fc_http_stream_end(call);
        return;
    }
    /* What is damaged is stepped over, so the end of the log is where the next look begins. */
    following->at.index = events.page.more ? events.page.at.index : now.index;
    if (out->len > 0) {
        following->waited = false;
    } else if (following->waited) {
        following->waited = false;
        fc_buf_append(out, ": still here\n\n", 14); /* so that an end that left is noticed */
    } else {
        following->waited = true;
        fc_http_stream_wait(call, following->at, SILENCE_MS);
    }
}

static void start_stream(struct fc_http_call *call)
{
    fc_http_set(call, "Cache-Control", "no-store");
    fc_http_set(call, "X-Accel-Buffering", "no"); /* proxies that hold answers back */
    fc_http_stream(call, "text/event-stream", produce);
}

static void get_changes(struct fc_http_call *call)
{
    uint64_t wait_s = 0;
    const char *accept = fc_http_header(call, "Accept");
    struct following *following = calloc(1, sizeof *following);
    if (!following) {
        fc_http_fail_err(call, FC_E_NOMEM, NULL);
        return;
    }
    fc_http_keep(call, following, free);
    following->limit = FC_API_PAGE_DEFAULT;
    struct fc_replica *replica = fc_http_replica(call);
    if (!replica || !fc_http_query_uint(call, "wait", WAIT_SECONDS_MAX, &wait_s) ||
        !fc_http_query_count(call, "limit", FC_API_PAGE_MAX, &following->limit) ||
        !begin(call, replica, following)) {
        return;
    }
    bool nothing_new = following->at.index == fc_replica_arrival_mark(replica).index;
    bool stream = accept && fc_accepts(accept, "text/event-stream") &&
                  !fc_accepts(accept, "application/json");
    if (stream && !fc_http_is_head(call)) {
        start_stream(call);
    } else if (wait_s > 0 && nothing_new) {
        fc_http_wait(call, following->at, wait_s * 1000, look_again);
    } else {
        reply_page(call, replica, following);
    }
}

static const struct fc_http_route routes[] = {
    {FC_HTTP_GET, "/v1/changes", get_changes, 0, 0},
};
const struct fc_http_group fc_api_v1_changes = {"changes", routes,
                                                sizeof routes / sizeof routes[0]};
