#include "node/follow.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "node/clock.h"
#include "node/file.h"
#include "node/http_text.h"

enum { STATE_BYTES_MAX = 8192, TIMEOUT_MS = 60 * 1000 };

struct fc_follow {
    struct fc_follow_setup setup;
    struct fc_fetch *fetch, *documents; /* pages; what events point at */
    char *path;                         /* of what is kept */
    uint64_t waiting_ms; /* since when the page waits for a document; 0: it does not */
    char last[FC_FOLLOW_ID_BYTES_MAX + 1];
};

/* Where a sentence for people goes. */
struct fault {
    char *text;
    size_t bytes;
};

/* -- what is kept ------------------------------------------------------------------------------ */

/* <home>/follow/<32 digits>, of the service, the type and whose feed it goes into. */
static enum fc_err state_path(struct fc_follow *follow)
{
    const struct fc_follow_setup *setup = &follow->setup;
    struct fc_hasher hasher;
    char digits[33];
    char *folder = fc_home_path(setup->home, "follow");
    const char *type = setup->type ? setup->type : "";
    fc_hasher_init(&hasher, "fedcat.follow.1");
    fc_hasher_add(&hasher, fc_span(setup->url, strlen(setup->url) + 1));
    fc_hasher_add(&hasher, fc_span(type, strlen(type) + 1));
    fc_hasher_add(&hasher, fc_span(setup->participant->b, 32));
    struct fc_hash hash = fc_hasher_end(&hasher);
    fc_hex(hash.b, 16, digits);
    enum fc_err err = folder ? FC_OK : FC_E_NOMEM;
    if (err == FC_OK && mkdir(folder, 0700) != 0 && errno != EEXIST) {
        err = fc_file_error(errno);
    }
    if (err == FC_OK && asprintf(&follow->path, "%s/%s.json", folder, digits) < 0) {
        follow->path = NULL;
        err = FC_E_NOMEM;
    }
    free(folder);
    return err;
}

static enum fc_err read_state(struct fc_follow *follow)
{
    struct fc_buf text = {0};
    struct fc_json_value *value = NULL;
    enum fc_err err = fc_file_read(follow->path, STATE_BYTES_MAX, &text);
    if (err == FC_E_MISSING) {
        return FC_OK;
    }
    if (err == FC_OK) {
        err = fc_json_parse(fc_buf_span(&text), &value, NULL);
    }
    const char *last = fc_json_get_text(value, "lastReceivedID");
    if (err == FC_OK && last && strlen(last) <= FC_FOLLOW_ID_BYTES_MAX) {
        strcpy(follow->last, last);
        if (fc_json_get_uint(value, "waitingSince", &follow->waiting_ms) != FC_OK) {
            follow->waiting_ms = 0;
        }
    } else if (err == FC_OK || err == FC_E_JSON || err == FC_E_BOUND) {
        err = FC_E_FORMAT;
    }
    fc_json_free(value);
    fc_buf_finish(&text);
    return err;
}

static enum fc_err write_state(struct fc_follow *follow)
{
    struct fc_buf text = {0};
    struct fc_json *json = fc_json_create();
    fc_json_object(json, NULL);
    fc_json_text(json, "url", follow->setup.url);
    fc_json_text(json, "type", follow->setup.type);
    fc_json_hash(json, "participant", follow->setup.participant);
    fc_json_text(json, "lastReceivedID", follow->last);
    if (follow->waiting_ms > 0) {
        fc_json_uint(json, "waitingSince", follow->waiting_ms);
    }
    fc_json_end(json);
    enum fc_err err = fc_json_write(json, &text);
    if (err == FC_OK) {
        err = fc_file_write(follow->path, fc_buf_span(&text), 0600, false);
    }
    fc_json_destroy(json);
    fc_buf_finish(&text);
    return err;
}

/* -- life -------------------------------------------------------------------------------------- */

static enum fc_err create_fetches(struct fc_follow *follow)
{
    const struct fc_fetch_setup pages = {.timeout_ms = TIMEOUT_MS,
                                         .bytes_max = FC_FOLLOW_PAGE_BYTES_MAX,
                                         .accept = "application/json, */*;q=0.5"};
    const struct fc_fetch_setup documents = {
        .timeout_ms = TIMEOUT_MS,
        .bytes_max = FC_CONTENT_BYTES_MAX,
        .accept = "application/vc+jwt, application/ld+json, application/json, */*;q=0.5",
        .public_only = !follow->setup.any_address};
    enum fc_err err = fc_fetch_create(&pages, &follow->fetch);
    return err == FC_OK && follow->setup.pointers ? fc_fetch_create(&documents, &follow->documents)
                                                  : err;
}

enum fc_err fc_follow_create(const struct fc_follow_setup *setup, struct fc_follow **out)
{
    bool fits =
        (strncmp(setup->url, "http://", 7) == 0 || strncmp(setup->url, "https://", 8) == 0) &&
        strlen(setup->url) <= FC_FOLLOW_URL_BYTES_MAX;
    struct fc_follow *follow = fits ? calloc(1, sizeof *follow) : NULL;
    *out = NULL;
    if (!follow) {
        return fits ? FC_E_NOMEM : FC_E_ARG;
    }
    follow->setup = *setup;
    enum fc_err err = state_path(follow);
    if (err == FC_OK) {
        err = read_state(follow);
    }
    if (err == FC_OK) {
        err = create_fetches(follow);
    }
    if (err != FC_OK) {
        fc_follow_destroy(follow);
        return err;
    }
    *out = follow;
    return FC_OK;
}

void fc_follow_destroy(struct fc_follow *follow)
{
    if (follow) {
        fc_fetch_destroy(follow->fetch);
        fc_fetch_destroy(follow->documents);
        free(follow->path);
        free(follow);
    }
}

const char *fc_follow_last(const struct fc_follow *follow)
{
    return follow->last;
}

uint64_t fc_follow_backoff_ms(unsigned failures)
{
    enum { FIRST_MS = 1000, MOST_MS = 5 * 60 * 1000, DOUBLINGS_MAX = 9 };
    unsigned doublings = failures > 0 ? failures - 1 : 0;
    uint64_t wait_ms = (uint64_t)FIRST_MS
                       << (doublings < DOUBLINGS_MAX ? doublings : DOUBLINGS_MAX);
    return wait_ms < MOST_MS ? wait_ms : MOST_MS;
}

/* -- a page ------------------------------------------------------------------------------------ */

static void append(struct fc_buf *out, const char *text)
{
    fc_buf_append(out, text, strlen(text));
}

void fc_follow_url(const char *url, const char *type, const char *last, struct fc_buf *out)
{
    char size[32];
    append(out, url);
    if (!strstr(url, "credentials-events")) {
        append(out,
               url[strlen(url) - 1] == '/' ? "v2/credentials-events" : "/v2/credentials-events");
    }
    snprintf(size, sizeof size, "%cpage=0&size=%d", strchr(url, '?') ? '&' : '?', FC_FOLLOW_PAGE);
    append(out, size);
    if (type) {
        append(out, "&type=");
        fc_percent_encode(fc_span_str(type), out);
    }
    if (last[0]) {
        append(out, "&lastReceivedID=");
        fc_percent_encode(fc_span_str(last), out);
    }
    fc_buf_append(out, "", 1);
}

/* -- pointers ---------------------------------------------------------------------------------- */

static bool is_passing(unsigned status)
{
    return status >= 500 || status == 429 || status == 408;
}

/* FC_E_AGAIN: it cannot be had for now; FC_E_MISSING: it cannot be had. */
static enum fc_err fetch_document(struct fc_follow *follow, const struct fc_ces_pointer *pointer,
                                  struct fc_buf *content, char *fault, size_t fault_bytes)
{
    unsigned status;
    enum fc_err err =
        fc_fetch_get(follow->documents, pointer->iri, content, &status, fault, fault_bytes);
    if (err == FC_E_DENIED) {
        snprintf(fault, fault_bytes,
                 "its address is of this machine or a private network, which takes --any-address");
        return FC_E_MISSING;
    }
    if (err == FC_OK && status != 200) {
        snprintf(fault, fault_bytes, "it is answered with status %u", status);
        return is_passing(status) ? FC_E_AGAIN : FC_E_MISSING;
    }
    if (err == FC_E_IO) {
        return FC_E_AGAIN;
    }
    return err == FC_OK || err == FC_E_NOMEM ? err : FC_E_MISSING;
}

/* What cannot be had for now ends the page, which comes again, until patience is at its end. */
static enum fc_err wait_or_skip(struct fc_follow *follow, const char *place, const char *iri,
                                const char *why, struct fault *fault)
{
    const struct fc_follow_setup *setup = &follow->setup;
    char text[FC_FOLLOW_URL_BYTES_MAX + 400];
    uint64_t now_ms = fc_clock_wall_ms();
    if (follow->waiting_ms == 0 || follow->waiting_ms > now_ms) {
        follow->waiting_ms = now_ms;
        enum fc_err err = write_state(follow);
        if (err != FC_OK) {
            return err;
        }
    }
    if (now_ms - follow->waiting_ms < setup->patience_ms) {
        snprintf(fault->text, fault->bytes, "%.160s cannot be had for now: %.100s", iri, why);
        return FC_E_AGAIN;
    }
    snprintf(text, sizeof text, "%.2000s: %s; given up, as this page waited for long enough", iri,
             why);
    setup->skip(setup->ctx, place, text);
    return FC_OK;
}

/* The document that an event of v1 points at, if it is what the event says. */
static enum fc_err take_pointer(struct fc_follow *follow, const char *place,
                                const struct fc_ces_event *event, size_t index, struct fault *fault)
{
    const struct fc_follow_setup *setup = &follow->setup;
    struct fc_ces_pointer pointer;
    struct fc_buf content = {0};
    char why[300], text[FC_FOLLOW_URL_BYTES_MAX + 400];
    enum fc_err err = fc_ces_pointer_read(event, index, &pointer, why, sizeof why);
    if (err == FC_OK) {
        err = fetch_document(follow, &pointer, &content, why, sizeof why);
    }
    if (err == FC_OK) {
        err = fc_ces_pointer_check(&pointer, fc_buf_span(&content), why, sizeof why);
    }
    if (err == FC_OK) {
        err = setup->document(setup->ctx, place, fc_buf_span(&content));
    } else if (err == FC_E_AGAIN) {
        err = wait_or_skip(follow, place, pointer.iri, why, fault);
    } else if (err != FC_E_NOMEM) {
        snprintf(text, sizeof text, "%.2000s%s%s", pointer.iri ? pointer.iri : "",
                 pointer.iri ? ": " : "", why);
        setup->skip(setup->ctx, place, text);
        err = FC_OK;
    }
    fc_buf_finish(&content);
    return err;
}

static enum fc_err take_pointers(struct fc_follow *follow, const char *place,
                                 const struct fc_ces_event *event, struct fault *fault)
{
    const struct fc_follow_setup *setup = &follow->setup;
    enum fc_err err = FC_OK;
    if (!setup->pointers) {
        setup->skip(setup->ctx, place,
                    "points at a credential and does not hold it: follow the service's v2, or use "
                    "--pointers");
        return FC_OK;
    }
    for (size_t i = 0; i < event->pointer_count && err == FC_OK; i++) {
        err = take_pointer(follow, place, event, i, fault);
    }
    return err;
}

/* -- events ------------------------------------------------------------------------------------ */

static enum fc_err take_event(struct fc_follow *follow, const struct fc_json_value *value,
                              struct fault *fault)
{
    const struct fc_follow_setup *setup = &follow->setup;
    struct fc_ces_event event;
    char why[200], place[FC_FOLLOW_ID_BYTES_MAX + 16];
    enum fc_err err = fc_ces_event_read(value, &event, why, sizeof why);
    snprintf(place, sizeof place, "event %.512s", event.id ? event.id : "without an id");
    if (err == FC_E_FORMAT) {
        setup->skip(setup->ctx, place, why);
        err = FC_OK;
    } else if (err == FC_OK && event.content.len > 0) {
        err = setup->document(setup->ctx, place, fc_buf_span(&event.content));
    } else if (err == FC_OK) {
        err = take_pointers(follow, place, &event, fault);
    }
    fc_ces_event_finish(&event);
    return err;
}

static enum fc_err judge_status(struct fc_follow *follow, unsigned status, char *fault,
                                size_t fault_bytes)
{
    if (status == 200) {
        return FC_OK;
    }
    if ((status == 400 || status == 404 || status == 410) && follow->last[0]) {
        snprintf(fault, fault_bytes,
                 "status %u: the service does not know the last event any more; once more from its "
                 "first",
                 status);
        follow->last[0] = 0;
        return FC_E_STALE;
    }
    snprintf(fault, fault_bytes, "the service answers with status %u", status);
    return is_passing(status) ? FC_E_AGAIN : FC_E_DENIED;
}

/* The id to go on from; NULL when the page has none that can be used. */
static const char *last_id(const struct fc_json_value *page)
{
    size_t count = fc_json_count(page);
    const char *id = count > 0 ? fc_json_get_text(fc_json_at(page, count - 1), "id") : NULL;
    return id && id[0] && strlen(id) <= FC_FOLLOW_ID_BYTES_MAX ? id : NULL;
}

static enum fc_err take_page(struct fc_follow *follow, const struct fc_json_value *page,
                             size_t *events, char *fault, size_t fault_bytes)
{
    size_t count = fc_json_count(page);
    const char *last = last_id(page);
    enum fc_err err = FC_OK;
    if (fc_json_kind(page) != FC_JSON_ARRAY || (count > 0 && !last)) {
        snprintf(fault, fault_bytes, "the answer is no list of CloudEvents with ids");
        return FC_E_FORMAT;
    }
    if (count == 0 || strcmp(last, follow->last) == 0) {
        return FC_OK; /* nothing new; some services hand the last one out again */
    }
    struct fault said = {fault, fault_bytes};
    for (size_t i = 0; i < count && err == FC_OK; i++) {
        err = take_event(follow, fc_json_at(page, i), &said);
    }
    if (err == FC_OK) {
        err = follow->setup.page(follow->setup.ctx);
    }
    if (err == FC_OK) {
        strcpy(follow->last, last);
        follow->waiting_ms = 0;
        *events = count;
        err = write_state(follow);
    }
    return err;
}

enum fc_err fc_follow_step(struct fc_follow *follow, size_t *events, char *fault,
                           size_t fault_bytes)
{
    struct fc_buf url = {0}, body = {0};
    struct fc_json_value *page = NULL;
    struct fc_json_fault at = {0};
    unsigned status = 0;
    *events = 0;
    fault[0] = 0;
    fc_follow_url(follow->setup.url, follow->setup.type, follow->last, &url);
    enum fc_err err = fc_buf_check(&url);
    if (err == FC_OK) {
        err =
            fc_fetch_get(follow->fetch, (const char *)url.data, &body, &status, fault, fault_bytes);
    }
    if (err == FC_OK) {
        err = judge_status(follow, status, fault, fault_bytes);
    }
    if (err == FC_OK) {
        err = fc_json_parse(fc_buf_span(&body), &page, &at);
        if (err == FC_E_JSON) {
            snprintf(fault, fault_bytes, "the answer is no JSON: line %u, column %u: %s", at.line,
                     at.column, at.text);
            err = FC_E_FORMAT;
        }
    }
    if (err == FC_OK) {
        err = take_page(follow, page, events, fault, fault_bytes);
    }
    fc_json_free(page);
    fc_buf_finish(&body);
    fc_buf_finish(&url);
    return err;
}
