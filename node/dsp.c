/* Dataspace Protocol 2025-1, catalogue, HTTPS binding: this node as a catalogue broker. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/clock.h"
#include "node/dsp_scan.h"
#include "node/http.h"
#include "node/http_text.h"
#include "node/interop.h"

enum {
    BODY_BYTES_MAX = 256 * 1024,
    SLICE_US = 25 * 1000,
    SCAN_US_MAX = 8 * 1000 * 1000, /* then the page is as long as it came */
    LINK_BYTES_MAX = 4 * FC_DSP_FILTER_BYTES_MAX,
};
static const char *const base_path = "/dsp/2025-1";

/* -- errors ------------------------------------------------------------------------------------ */

static void refuse(struct fc_http_call *call, unsigned status, const char *code, const char *format,
                   ...) __attribute__((format(printf, 4, 5)));
static void refuse(struct fc_http_call *call, unsigned status, const char *code, const char *format,
                   ...)
{
    char reason[FC_WITHHELD_BYTES + 64];
    va_list args;
    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    struct fc_json *json = fc_json_create();
    fc_json_object(json, NULL);
    fc_dsp_context(json);
    fc_json_text(json, "@type", "CatalogError");
    fc_json_text(json, "code", code);
    fc_json_array(json, "reason");
    fc_json_text(json, NULL, reason);
    fc_json_end(json);
    fc_json_end(json);
    fc_http_reply_json(call, status, json);
}

static void refuse_err(struct fc_http_call *call, enum fc_err err)
{
    refuse(call, fc_http_status_of(err), fc_err_name(err), "The catalogue cannot be read: %s.",
           fc_err_text(err));
}

/* -- versions ---------------------------------------------------------------------------------- */

static void get_versions(struct fc_http_call *call)
{
    struct fc_json *json = fc_json_create();
    fc_json_object(json, NULL);
    fc_json_array(json, "protocolVersions");
    fc_json_object(json, NULL);
    fc_json_text(json, "version", "2025-1");
    fc_json_text(json, "path", base_path);
    fc_json_text(json, "binding", "HTTPS");
    fc_json_end(json);
    fc_json_end(json);
    fc_json_end(json);
    fc_http_reply_json(call, 200, json);
}

/* -- the catalogue ----------------------------------------------------------------------------- */

struct asking {
    struct fc_dsp_scan scan;
    uint64_t offset; /* of the page's first */
    uint64_t give_up_us;
};

static void asking_destroy(void *kept)
{
    struct asking *asking = kept;
    fc_dsp_scan_finish(&asking->scan);
    free(asking);
}

/* One link of a page, and a comma before it where it is not the first. */
static void add_link(struct fc_buf *links, const char *base, const struct fc_dsp_token *token,
                     const char *rel)
{
    char text[FC_HTTP_BASE_BYTES + 128];
    struct fc_buf made = {0};
    fc_dsp_token_write(token, &made);
    int len = snprintf(text, sizeof text,
                       "%s<%s%s/catalog/request?continuationToken=", links->len > 0 ? ", " : "",
                       base, base_path);
    fc_buf_append(links, text, (size_t)len);
    fc_buf_append(links, made.data, made.len);
    len = snprintf(text, sizeof text, ">; rel=\"%s\"", rel);
    fc_buf_append(links, text, (size_t)len);
    links->failed = links->failed || made.failed;
    fc_buf_finish(&made);
}

static void set_links(struct fc_http_call *call, const struct asking *asking)
{
    const struct fc_dsp_scan *scan = &asking->scan;
    char base[FC_HTTP_BASE_BYTES];
    struct fc_buf links = {0};
    struct fc_dsp_token token = {.limit = scan->limit, .filter = fc_buf_span(&scan->query.filter)};
    fc_http_base(call, base);
    if (scan->more || !scan->done) {
        token.offset = asking->offset + scan->count;
        token.skip = scan->skip - scan->passed;
        token.place = scan->done ? scan->last : scan->at;
        add_link(&links, base, &token, "next");
    }
    if (asking->offset > 0) {
        token.offset = asking->offset > scan->limit ? asking->offset - scan->limit : 0;
        token.skip = token.offset;
        token.place = (struct fc_dsp_place){.placed = false};
        add_link(&links, base, &token, "previous");
    }
    fc_buf_append(&links, "", 1);
    if (!links.failed && links.len > 1) {
        fc_http_set(call, "Link", (const char *)links.data);
    }
    fc_buf_finish(&links);
}

static void write_left_out(struct fc_json *json, const struct fc_dsp_scan *scan)
{
    static const char *const names[FC_DSP_OUTCOMES] = {
        [FC_DSP_NO_POLICY] = "urn:fedcat:withoutPolicy",
        [FC_DSP_FOREIGN] = "urn:fedcat:policyNotExpressible",
        [FC_DSP_NO_ENDPOINT] = "urn:fedcat:withoutEndpoint",
    };
    fc_json_object(json, "urn:fedcat:leftOut");
    for (size_t i = 0; i < FC_DSP_OUTCOMES; i++) {
        if (names[i]) {
            fc_json_uint(json, names[i], scan->left_out[i]);
        }
    }
    fc_json_end(json);
}

static void write_identity(struct fc_json *json, struct fc_http_call *call,
                           struct fc_replica *replica, const struct fc_interop *interop)
{
    struct fc_participant self;
    struct fc_hash federation = fc_replica_federation(replica);
    char catalog[96] = "urn:fedcat:catalog:", own[96] = "urn:fedcat:participant:";
    char base[FC_HTTP_BASE_BYTES];
    fc_hex(federation.b, 32, catalog + strlen(catalog));
    fc_json_text(json, "@id", catalog);
    fc_json_text(json, "@type", "Catalog");
    if (!fc_interop_operator(interop, fc_replica_ledger(replica), &self)) {
        fc_json_text(json, "participantId", fc_http_base(call, base));
        return;
    }
    struct fc_span did = self.certificate->certificate.url;
    if (did.len > 4 && memcmp(did.data, "did:", 4) == 0) {
        fc_json_span(json, "participantId", did);
    } else {
        fc_hex(self.id.b, 32, own + strlen(own));
        fc_json_text(json, "participantId", own);
    }
}

static void reply_catalog(struct fc_http_call *call, struct fc_replica *replica,
                          struct asking *asking)
{
    struct fc_dsp_scan *scan = &asking->scan;
    struct fc_interop *interop = fc_http_interop(call);
    struct fc_json *json = fc_json_create();
    struct fc_buf list = {0};
    char as_of[FC_CLOCK_TEXT_BYTES];
    if (scan->done && scan->passed == scan->skip && scan->more) {
        fc_interop_remember(interop, &scan->query.hash, asking->offset + scan->count, &scan->last);
    }
    set_links(call, asking);
    if (scan->as_of_ms > 0) {
        fc_http_set(call, "Fedcat-As-Of", fc_clock_text(scan->as_of_ms, as_of));
    }
    fc_json_object(json, NULL);
    fc_dsp_context(json);
    write_identity(json, call, replica, interop);
    if (scan->count > 0) {
        fc_buf_append(&list, "[", 1);
        fc_buf_append(&list, scan->items.data, scan->items.len);
        fc_buf_append(&list, "]", 1);
        fc_json_made(json, "dataset", fc_buf_span(&list));
    }
    write_left_out(json, scan);
    fc_json_end(json);
    bool failed = list.failed;
    fc_buf_finish(&list);
    if (failed) {
        fc_json_destroy(json);
        refuse_err(call, FC_E_NOMEM);
        return;
    }
    fc_http_reply_json(call, 200, json);
}

/* One slice; then the answer, or a moment for others. */
static void go_on(struct fc_http_call *call)
{
    struct asking *asking = fc_http_kept(call);
    struct fc_replica *replica = fc_http_replica(call);
    uint64_t now_us = fc_clock_mono_us();
    if (!replica) {
        return;
    }
    enum fc_err err = fc_dsp_scan_run(&asking->scan, replica, now_us + SLICE_US);
    if (err != FC_OK) {
        refuse_err(call, err);
    } else if (asking->scan.done || now_us > asking->give_up_us || fc_http_stopping(call)) {
        reply_catalog(call, replica, asking);
    } else {
        fc_http_wait(call, fc_replica_arrival_mark(replica), 1, go_on);
    }
}

/* The query of a token stands for the body's. False: refused. */
static bool take_token(struct fc_http_call *call, struct fc_span text, struct asking *asking,
                       char *fault, size_t fault_bytes)
{
    struct fc_dsp_token token;
    struct fc_buf hold = {0};
    struct fc_json_value *filter = NULL;
    enum fc_err err = fc_dsp_token_read(text, &hold, &token);
    if (err == FC_OK && token.filter.len > 0) {
        err = fc_json_parse(token.filter, &filter, NULL);
    }
    if (err == FC_OK) {
        err = fc_dsp_query_read(filter, &asking->scan.query, fault, fault_bytes);
        asking->offset = token.offset;
        asking->scan.skip = token.skip;
        asking->scan.limit = token.limit;
        asking->scan.at = token.place;
    } else {
        refuse(call, 400, "TOKEN", "continuationToken is not one of this catalogue's.");
    }
    if (err == FC_OK && !token.place.placed && token.skip > 0) {
        asking->scan.skip -= fc_interop_recall(fc_http_interop(call), &asking->scan.query.hash,
                                               token.skip, &asking->scan.at);
    }
    fc_json_free(filter);
    fc_buf_finish(&hold);
    return err == FC_OK;
}

static bool take_body(struct fc_http_call *call, struct asking *asking)
{
    struct fc_dsp_scan *scan = &asking->scan;
    char fault[300];
    enum fc_err err = fc_dsp_message_read(fc_http_body(call), &scan->query, fault, sizeof fault);
    if (err != FC_OK) {
        refuse(call, err == FC_E_NOMEM ? 500 : 400, "FILTER", "%s.",
               err == FC_E_NOMEM ? fc_err_text(err) : fault);
        return false;
    }
    scan->limit = scan->query.limit;
    asking->offset = scan->query.offset;
    scan->skip = asking->offset - fc_interop_recall(fc_http_interop(call), &scan->query.hash,
                                                    asking->offset, &scan->at);
    return true;
}

static bool is_json(const char *media_type)
{
    static const char json[] = "application/json";
    size_t len = sizeof json - 1;
    return !media_type || (strncmp(media_type, json, len) == 0 &&
                           (media_type[len] == 0 || strchr("; ", media_type[len])));
}

static void post_request(struct fc_http_call *call)
{
    struct fc_span token;
    char fault[300];
    struct asking *asking = calloc(1, sizeof *asking);
    if (!asking) {
        refuse_err(call, FC_E_NOMEM);
        return;
    }
    fc_http_keep(call, asking, asking_destroy);
    asking->scan.default_policy = fc_interop_default_policy(fc_http_interop(call));
    asking->give_up_us = fc_clock_mono_us() + SCAN_US_MAX;
    if (!is_json(fc_http_header(call, "Content-Type"))) {
        refuse(call, 415, "CONTENT_TYPE", "The body is application/json.");
        return;
    }
    bool good = fc_http_query(call, "continuationToken", &token)
                    ? take_token(call, token, asking, fault, sizeof fault)
                    : take_body(call, asking);
    if (good) {
        go_on(call);
    }
}

/* -- a dataset --------------------------------------------------------------------------------- */

static const char *why_not(enum fc_dsp_outcome outcome)
{
    switch (outcome) {
    case FC_DSP_DATASET:
    case FC_DSP_OTHER:
        return "there is no offer of that id";
    case FC_DSP_NO_POLICY:
        return "the entry of that id has no policy, and this node no default";
    case FC_DSP_FOREIGN:
        return "the policy of the entry of that id cannot be said in this protocol";
    case FC_DSP_NO_ENDPOINT:
        return "the entry of that id does not say where it is to be had";
    }
    return "";
}

static void get_dataset(struct fc_http_call *call)
{
    struct fc_replica *replica = fc_http_replica(call);
    struct fc_span id = fc_http_param(call, "id");
    struct fc_buf body = {0};
    struct fc_feed feed = {.version = 0};
    enum fc_dsp_outcome outcome;
    char as_of[FC_CLOCK_TEXT_BYTES], lack[FC_WITHHELD_BYTES];
    if (!replica) {
        return;
    }
    enum fc_err err = fc_dsp_find(replica, id, fc_interop_default_policy(fc_http_interop(call)),
                                  &body, &feed, &outcome, lack);
    if (err == FC_OK) {
        fc_http_set(call, "Fedcat-As-Of", fc_clock_text(feed.time_ms, as_of));
        fc_http_reply(call, 200, "application/json", &body);
    } else if (err == FC_E_WITHHELD) {
        refuse(call, 451, "WITHHELD", "%s", lack);
    } else if (err == FC_E_MISSING && outcome == FC_DSP_OTHER && lack[0]) {
        refuse(call, 404, "MISSING", "%s.", lack);
    } else if (err == FC_E_MISSING) {
        refuse(call, 404, "MISSING", "No dataset: %s.", why_not(outcome));
    } else {
        refuse_err(call, err);
    }
    fc_buf_finish(&body);
}

static const struct fc_http_route routes[] = {
    {FC_HTTP_GET, "/.well-known/dspace-version", get_versions, 0, 0},
    {FC_HTTP_POST, "/dsp/2025-1/catalog/request", post_request, BODY_BYTES_MAX, 0},
    {FC_HTTP_GET, "/dsp/2025-1/catalog/datasets/{id*}", get_dataset, 0, 0},
};
const struct fc_http_group fc_dsp_group = {"dsp", routes, sizeof routes / sizeof routes[0]};
