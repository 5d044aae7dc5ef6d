#include "node/follow.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "node/file.h"
#include "node/http_text.h"

enum { STATE_BYTES_MAX = 8192, TIMEOUT_MS = 60 * 1000 };

struct fc_follow {
    struct fc_follow_setup setup;
    struct fc_fetch *fetch;
    char *path; /* of what is kept */
    char last[FC_FOLLOW_ID_BYTES_MAX + 1];
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

enum fc_err fc_follow_create(const struct fc_follow_setup *setup, struct fc_follow **out)
{
    struct fc_fetch_setup fetch = {.timeout_ms = TIMEOUT_MS,
                                   .bytes_max = FC_FOLLOW_PAGE_BYTES_MAX,
                                   .accept = "application/json, */*;q=0.5"};
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
        err = fc_fetch_create(&fetch, &follow->fetch);
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

/* The document a v1 event points at, if its bytes hash to what the event says. */
static enum fc_err fetch_pointer(struct fc_follow *follow, const char *place,
                                 const struct fc_ces_event *event)
{
    const struct fc_follow_setup *setup = &follow->setup;
    struct fc_buf content = {0};
    char fault[300], digits[65];
    unsigned status;
    enum fc_err err =
        fc_fetch_get(follow->fetch, event->pointer, &content, &status, fault, sizeof fault);
    if (err == FC_OK && status != 200) {
        snprintf(fault, sizeof fault, "it is answered with status %u", status);
        err = FC_E_MISSING;
    }
    struct fc_hash sha = fc_sha256(fc_buf_span(&content));
    fc_hex(sha.b, 32, digits);
    if (err == FC_OK && event->integrity[0] && strcmp(digits, event->integrity) != 0) {
        snprintf(fault, sizeof fault,
                 "what is there does not hash to gx:integrity (another normalization, or changed)");
        err = FC_E_SIGNATURE;
    }
    if (err == FC_OK) {
        err = setup->document(setup->ctx, place, fc_buf_span(&content));
    } else if (err != FC_E_NOMEM) {
        char text[FC_FOLLOW_URL_BYTES_MAX + 400];
        snprintf(text, sizeof text, "%.2000s: %s", event->pointer, fault);
        setup->skip(setup->ctx, place, text);
        err = FC_OK;
    }
    fc_buf_finish(&content);
    return err;
}

static enum fc_err take_event(struct fc_follow *follow, const struct fc_json_value *value)
{
    const struct fc_follow_setup *setup = &follow->setup;
    struct fc_ces_event event;
    char fault[200], place[FC_FOLLOW_ID_BYTES_MAX + 16];
    enum fc_err err = fc_ces_event_read(value, &event, fault, sizeof fault);
    snprintf(place, sizeof place, "event %.512s", event.id ? event.id : "without an id");
    if (err == FC_E_FORMAT) {
        setup->skip(setup->ctx, place, fault);
        err = FC_OK;
    } else if (err == FC_OK && event.content.len > 0) {
        err = setup->document(setup->ctx, place, fc_buf_span(&event.content));
    } else if (err == FC_OK && setup->pointers) {
        err = fetch_pointer(follow, place, &event);
    } else if (err == FC_OK) {
        setup->skip(setup->ctx, place,
                    "points at a credential and does not hold it: follow the service's v2, or use "
                    "--pointers");
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
    return status >= 500 || status == 429 || status == 408 ? FC_E_AGAIN : FC_E_DENIED;
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
    for (size_t i = 0; i < count && err == FC_OK; i++) {
        err = take_event(follow, fc_json_at(page, i));
    }
    if (err == FC_OK) {
        err = follow->setup.page(follow->setup.ctx);
    }
    if (err == FC_OK) {
        strcpy(follow->last, last);
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
