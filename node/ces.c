/* The arrival log as a feed of credentials events, v1 and v2. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/ces_event.h"
#include "node/clock.h"
#include "node/interop_publish.h"

enum {
    PAGE_DEFAULT = 20,
    PAGE_MAX = 100,
    PAGE_BYTES_MAX = 4 * 1024 * 1024, /* of contents in one answer */
    SKIP_MAX = 100000,                /* events that `page` may count past */
    SLICE_US = 25 * 1000,             /* then others have their turn */
    BODY_BYTES_MAX = 2 * FC_CONTENT_BYTES_MAX,
};

static void refuse(struct fc_http_call *call, unsigned status, const char *code, const char *text)
{
    fc_http_fail(call, status, code, "%s", text);
}

/* -- a page ------------------------------------------------------------------------------------ */

struct page {
    struct fc_replica *replica;
    struct fc_json *json;
    enum fc_ces_form form;
    struct fc_span type; /* empty: any */
    uint64_t epoch, skip, max;
    size_t count, bytes;
    bool full;
    struct fc_news_mark after; /* how far it came */
    uint64_t until_us;
    struct fc_buf content;
};

static void page_destroy(void *kept)
{
    struct page *page = kept;
    fc_json_destroy(page->json);
    fc_buf_finish(&page->content);
    free(page);
}

static struct fc_span source_of(struct fc_replica *replica, const struct fc_hash *participant,
                                char own[96])
{
    struct fc_participant about;
    if (fc_ledger_participant(fc_replica_ledger(replica), participant, &about) == FC_OK &&
        about.certificate->certificate.url.len > 0) {
        return about.certificate->certificate.url;
    }
    snprintf(own, 96, "urn:fedcat:participant:");
    fc_hex(participant->b, 32, own + strlen(own));
    return fc_span_str(own);
}

/* FC_E_AGAIN: the page is full. */
static enum fc_err write_one(struct page *page, const struct fc_news *news)
{
    char own[96];
    struct fc_ces_arrival arrival = {
        .id = {page->epoch,
               {news->index, news->entry.version, news->entry.key_hash},
               news->participant},
        .source = source_of(page->replica, &news->participant, own),
        .accepted_ms = news->accepted_ms,
        .time_ms = news->time_ms,
        .key = news->entry.key,
        .media_type = news->entry.media_type,
        .commitment = news->entry.commitment,
    };
    fc_buf_clear(&page->content);
    enum fc_err err = fc_replica_content(page->replica, &news->participant, &news->entry.key_hash,
                                         &page->content);
    if (err == FC_E_MISSING || err == FC_E_WITHHELD || err == FC_E_CORRUPT) {
        return FC_OK;
    }
    arrival.content = fc_buf_span(&page->content);
    if (err != FC_OK) {
        return err;
    }
    struct fc_ces_kind kind = fc_ces_kind(arrival.content);
    if (page->type.len > 0 && !fc_span_eq(page->type, fc_span_str(kind.type))) {
        return FC_OK;
    }
    if (page->skip > 0) {
        page->skip--;
        return FC_OK;
    }
    if (page->bytes > 0 && page->bytes + page->content.len > PAGE_BYTES_MAX) {
        page->full = true;
        return FC_E_AGAIN;
    }
    fc_ces_event_write(page->json, &arrival, page->form, &kind);
    page->bytes += page->content.len;
    page->full = ++page->count == page->max;
    return page->full ? FC_E_AGAIN : FC_OK;
}

static enum fc_err each_news(void *ctx, const struct fc_news *news)
{
    struct page *page = ctx;
    bool told = news->entry.state == FC_CONTENT_PRESENT &&
                !fc_replica_hidden(page->replica, &news->participant, news->entry.version);
    enum fc_err err = told ? write_one(page, news) : FC_OK;
    if (err == FC_OK) {
        page->after = (struct fc_news_mark){news->index, news->entry.version, news->entry.key_hash};
        err = fc_clock_mono_us() >= page->until_us ? FC_E_AGAIN : FC_OK;
    }
    return err;
}

static bool read_page(struct fc_http_call *call, struct page *page)
{
    struct fc_span text;
    struct fc_ces_id id;
    uint64_t number = 0;
    page->max = PAGE_DEFAULT;
    if (!fc_http_query_uint(call, "page", SKIP_MAX, &number) ||
        !fc_http_query_uint(call, "size", PAGE_MAX, &page->max)) {
        return false;
    }
    page->skip = number * page->max;
    if (page->max == 0 || page->skip > SKIP_MAX) {
        refuse(call, 400, "QUERY",
               "\"size\" is at least 1, and \"page\" times \"size\" at most 100000: go on with "
               "lastReceivedID.");
        return false;
    }
    fc_http_query(call, "type", &page->type);
    if (!fc_http_query(call, "lastReceivedID", &text) || text.len == 0) {
        return true;
    }
    if (fc_ces_id_read(text, &id) != FC_OK) {
        refuse(call, 400, "LAST_RECEIVED", "\"lastReceivedID\" is no id of an event of this node.");
        return false;
    }
    if (id.epoch != page->epoch) {
        refuse(call, 400, "EPOCH",
               "\"lastReceivedID\" is from before this node was restored or repaired: start again "
               "without it.");
        return false;
    }
    page->after = id.mark;
    return true;
}

/* One slice; then the answer, or a moment for others. */
static void go_on(struct fc_http_call *call)
{
    struct page *page = fc_http_kept(call);
    page->replica = fc_http_replica(call);
    if (!page->replica) {
        return;
    }
    page->until_us = fc_clock_mono_us() + SLICE_US;
    struct fc_news_mark after = page->after;
    enum fc_err err = fc_replica_news(page->replica, &after, each_news, page);
    if (err == FC_E_AGAIN && !page->full && !fc_http_stopping(call)) {
        fc_http_wait(call, fc_replica_arrival_mark(page->replica), 1, go_on);
    } else if (err == FC_OK || page->full) {
        fc_json_end(page->json);
        fc_http_reply_json(call, 200, page->json);
        page->json = NULL;
    } else {
        fc_http_fail_err(call, err, "the arrivals cannot be read");
    }
}

static void list(struct fc_http_call *call, enum fc_ces_form form)
{
    struct fc_replica *replica = fc_http_replica(call);
    struct page *page = calloc(1, sizeof *page);
    if (!replica || !page) {
        free(page);
        if (replica) {
            fc_http_fail_err(call, FC_E_NOMEM, NULL);
        }
        return;
    }
    fc_http_keep(call, page, page_destroy);
    page->form = form;
    page->epoch = fc_replica_arrival_mark(replica).epoch;
    page->json = fc_json_create();
    fc_json_array(page->json, NULL);
    if (read_page(call, page)) {
        go_on(call);
    }
}

static void list_v1(struct fc_http_call *call)
{
    list(call, FC_CES_V1);
}

static void list_v2(struct fc_http_call *call)
{
    list(call, FC_CES_V2);
}

/* -- one event --------------------------------------------------------------------------------- */

static void get(struct fc_http_call *call, enum fc_ces_form form)
{
    struct page page = {
        .form = form, .max = UINT64_MAX, .until_us = UINT64_MAX, .replica = fc_http_replica(call)};
    struct fc_buf hold = {0};
    struct fc_news news;
    struct fc_ces_id id;
    if (!page.replica) {
        return;
    }
    page.epoch = fc_replica_arrival_mark(page.replica).epoch;
    enum fc_err err = fc_ces_id_read(fc_http_param(call, "id"), &id);
    if (err == FC_OK) {
        err = id.epoch == page.epoch
                  ? fc_replica_news_arrival(page.replica, &id.participant, id.mark.version, &news)
                  : FC_E_MISSING;
    }
    if (err == FC_OK) {
        err =
            fc_replica_entry(page.replica, &id.participant, &id.mark.key_hash, &hold, &news.entry);
    }
    if (err == FC_OK && news.entry.version == id.mark.version) {
        news.index = id.mark.index;
        page.json = fc_json_create();
        err = each_news(&page, &news);
    }
    if (err == FC_OK && page.count == 1) {
        fc_http_reply_json(call, 200, page.json);
        page.json = NULL;
    } else if (err == FC_OK || err == FC_E_MISSING || err == FC_E_FORMAT) {
        refuse(call, 404, "MISSING", "There is no such event, or no longer.");
    } else {
        fc_http_fail_err(call, err, "the event cannot be read");
    }
    fc_json_destroy(page.json);
    fc_buf_finish(&page.content);
    fc_buf_finish(&hold);
}

static void get_v1(struct fc_http_call *call)
{
    get(call, FC_CES_V1);
}

static void get_v2(struct fc_http_call *call)
{
    get(call, FC_CES_V2);
}

/* -- publishing -------------------------------------------------------------------------------- */

struct posting {
    struct fc_hash participant, key_hash;
    bool v2;
};

static void posted(struct fc_http_call *call, enum fc_err code, struct fc_span text,
                   struct fc_span body)
{
    const struct posting *posting = fc_http_kept(call);
    struct fc_replica *replica = code == FC_OK ? fc_http_replica(call) : NULL;
    struct fc_buf hold = {0}, none = {0};
    struct fc_entry entry;
    struct fc_news news;
    char id[FC_CES_ID_BYTES], location[FC_CES_ID_BYTES + 32];
    (void)body;
    if (code != FC_OK) {
        fc_http_fail(call, fc_http_status_of(code), fc_err_name(code), "%.*s.",
                     (int)(text.len ? text.len : strlen(fc_err_text(code))),
                     text.len ? (const char *)text.data : fc_err_text(code));
        return;
    }
    if (!replica) {
        return;
    }
    enum fc_err err =
        fc_replica_entry(replica, &posting->participant, &posting->key_hash, &hold, &entry);
    if (err == FC_OK) {
        err = fc_replica_news_arrival(replica, &posting->participant, entry.version, &news);
    }
    if (err == FC_OK) {
        struct fc_ces_id made = {fc_replica_arrival_mark(replica).epoch,
                                 {news.index, entry.version, entry.key_hash},
                                 posting->participant};
        snprintf(location, sizeof location, "%s/credentials-events/%s", posting->v2 ? "/v2" : "",
                 fc_ces_id_write(&made, id));
        fc_http_set(call, "Location", location);
    }
    fc_buf_finish(&hold);
    fc_http_reply(call, 201, "application/json", &none);
}

/* Whether the feed holds these very bytes under that key. */
static bool is_held(struct fc_replica *replica, const struct posting *posting,
                    struct fc_span content)
{
    struct fc_buf held = {0};
    bool same =
        fc_replica_content(replica, &posting->participant, &posting->key_hash, &held) == FC_OK &&
        fc_span_eq(fc_buf_span(&held), content);
    fc_buf_finish(&held);
    return same;
}

static void publish(struct fc_http_call *call, struct fc_replica *replica, struct posting *posting,
                    const struct fc_ces_event *event)
{
    struct fc_document document;
    struct fc_document_fault fault = {.text = ""};
    struct fc_span content = fc_buf_span(&event->content);
    enum fc_err err = fc_document_read(content, &document, &fault);
    if (err != FC_OK) {
        fc_http_fail(call, 400, fc_err_name(err), "The document in the event: %s.",
                     fault.text[0] ? fault.text : fc_err_text(err));
    } else {
        struct fc_op op = {.kind = FC_OP_PUT,
                           .key = fc_span_str(document.key),
                           .media_type = fc_span_str(document.media_type),
                           .size = content.len,
                           .status = FC_STATUS_ACTIVE};
        posting->key_hash = fc_key_hash(op.key);
        if (is_held(replica, posting, content)) {
            refuse(call, 409, "KNOWN", "The feed holds this very document already.");
        } else {
            fc_interop_author(call, &posting->participant, &op, content, posted);
        }
    }
    fc_document_finish(&document);
}

static bool authorize(struct fc_http_call *call, struct fc_replica *replica,
                      struct fc_hash *participant)
{
    enum fc_err err = fc_interop_caller(call, replica, participant);
    if (err == FC_OK) {
        return true;
    }
    if (err == FC_E_MISSING || err == FC_E_DENIED) {
        fc_http_set(call, "WWW-Authenticate", "Bearer realm=\"fedcat\"");
        refuse(call, 401, "TOKEN", "This takes a bearer token that is valid here.");
    } else if (err == FC_E_ARG) {
        refuse(call, 400, "QUERY", "\"participant\" takes 64 hexadecimal digits.");
    } else {
        fc_http_fail_err(call, err, "the tokens cannot be read");
    }
    return false;
}

static void post(struct fc_http_call *call)
{
    struct fc_json_value *value = NULL;
    struct fc_json_fault at = {0};
    struct fc_ces_event event = {.id = NULL};
    struct posting *posting = calloc(1, sizeof *posting);
    struct fc_replica *replica = fc_http_replica(call);
    char fault[200];
    if (!posting || !replica) {
        free(posting);
        if (replica) {
            fc_http_fail_err(call, FC_E_NOMEM, NULL);
        }
        return;
    }
    struct fc_span path = fc_http_path(call);
    fc_http_keep(call, posting, free);
    posting->v2 = path.len > 3 && memcmp(path.data, "/v2", 3) == 0;
    if (!authorize(call, replica, &posting->participant)) {
        return;
    }
    enum fc_err err = fc_json_parse(fc_http_body(call), &value, &at);
    if (err != FC_OK) {
        fc_http_fail(call, 400, fc_err_name(err), "The body is no JSON: line %u, column %u: %s.",
                     at.line, at.column, at.text);
    } else if (fc_ces_event_read(value, &event, fault, sizeof fault) != FC_OK) {
        fc_http_fail(call, 400, "EVENT", "%s.", fault[0] ? fault : "out of memory");
    } else if (event.content.len == 0) {
        refuse(call, 400, "POINTER",
               "The event points at a credential and does not hold it: send it in data_base64.");
    } else {
        publish(call, replica, posting, &event);
    }
    fc_ces_event_finish(&event);
    fc_json_free(value);
}

static const struct fc_http_route routes[] = {
    {FC_HTTP_GET, "/credentials-events", list_v1, 0, 0},
    {FC_HTTP_POST, "/credentials-events", post, BODY_BYTES_MAX, 0},
    {FC_HTTP_GET, "/credentials-events/{id}", get_v1, 0, 0},
    {FC_HTTP_GET, "/v2/credentials-events", list_v2, 0, 0},
    {FC_HTTP_POST, "/v2/credentials-events", post, BODY_BYTES_MAX, 0},
    {FC_HTTP_GET, "/v2/credentials-events/{id}", get_v2, 0, 0},
};
const struct fc_http_group fc_ces_group = {"ces", routes, sizeof routes / sizeof routes[0]};
