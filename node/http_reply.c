/* Answers. */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/gzip.h"
#include "node/http_inside.h"

enum { WORTH_PACKING_BYTES = 1024 }; /* below, it is one packet either way */

static const struct {
    unsigned status;
    const char *text;
} statuses[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {300, "Multiple Choices"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {507, "Insufficient Storage"},
};

const char *fc_http_status_text(unsigned status)
{
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        if (statuses[i].status == status) {
            return statuses[i].text;
        }
    }
    return "Status";
}

unsigned fc_http_status_of(enum fc_err err)
{
    switch (err) {
    case FC_OK:
    case FC_E_KNOWN:
        return 200;
    case FC_E_ARG:
    case FC_E_FORMAT:
    case FC_E_VERSION:
    case FC_E_JSON:
    case FC_E_SUBJECT:
        return 400;
    case FC_E_BOUND:
        return 413;
    case FC_E_MISSING:
    case FC_E_UNKNOWN:
        return 404;
    case FC_E_WITHHELD:
        return 451;
    case FC_E_STALE:
    case FC_E_GAP:
    case FC_E_CONTESTED:
    case FC_E_DISPUTED:
    case FC_E_ROOT:
    case FC_E_FUTURE:
        return 409;
    case FC_E_QUOTA:
    case FC_E_FEDERATION:
    case FC_E_SIGNATURE:
    case FC_E_QUORUM:
        return 422;
    case FC_E_REVOKED:
    case FC_E_DENIED:
    case FC_E_PASSPHRASE:
    case FC_E_COUNTER:
    case FC_E_PERMISSION:
    case FC_E_NO_KEY:
        return 403;
    case FC_E_FULL:
        return 507;
    case FC_E_AGAIN:
    case FC_E_LOCKED:
    case FC_E_CLOSED:
    case FC_E_MAP_FULL:
        return 503;
    case FC_E_NOMEM:
    case FC_E_IO:
    case FC_E_CORRUPT:
        return 500;
    }
    return 500;
}

/* -- headers ----------------------------------------------------------------------------------- */

void fc_http_set(struct fc_http_call *call, const char *header, const char *value)
{
    char *copy = strdup(value);
    if (!copy) {
        return; /* an answer without it says less, and nothing wrong */
    }
    for (size_t i = 0; i < call->header_count; i++) {
        if (strcmp(call->headers[i].name, header) == 0) {
            free(call->headers[i].value);
            call->headers[i].value = copy;
            return;
        }
    }
    assert(call->header_count < FC_HTTP_HEADERS_MAX);
    call->headers[call->header_count++] = (struct fc_http_header){header, copy};
}

bool fc_http_etag(struct fc_http_call *call, const char *tag)
{
    snprintf(call->tag, sizeof call->tag, "%s", tag);
    const char *held = fc_http_header(call, "If-None-Match");
    if (!held || !fc_etag_listed(held, call->tag)) {
        return false;
    }
    fc_http_reply_empty(call, 304);
    return true;
}

/* -- bodies ------------------------------------------------------------------------------------ */

static void answer(struct fc_http_call *call, unsigned status, const char *media_type)
{
    call->status = status;
    call->media_type = media_type;
    call->outcome = FC_HTTP_REPLY;
    call->still = fc_span(NULL, 0);
    fc_buf_finish(&call->answer);
}

void fc_http_reply(struct fc_http_call *call, unsigned status, const char *media_type,
                   struct fc_buf *body)
{
    if (body->failed) {
        fc_buf_finish(body);
        fc_http_fail_err(call, FC_E_NOMEM, NULL);
        return;
    }
    answer(call, status, media_type);
    call->answer = *body;
    *body = (struct fc_buf){0};
}

void fc_http_reply_as(struct fc_http_call *call, unsigned status, struct fc_span media_type,
                      struct fc_buf *body)
{
    free(call->media_copy);
    call->media_copy = (char *)fc_span_dup(media_type);
    if (!call->media_copy) {
        fc_buf_finish(body);
        fc_http_fail_err(call, FC_E_NOMEM, NULL);
        return;
    }
    fc_http_reply(call, status, call->media_copy, body);
}

void fc_http_reply_static(struct fc_http_call *call, unsigned status, const char *media_type,
                          struct fc_span body)
{
    answer(call, status, media_type);
    call->still = body;
}

void fc_http_reply_empty(struct fc_http_call *call, unsigned status)
{
    answer(call, status, NULL);
}

void fc_http_reply_json_as(struct fc_http_call *call, unsigned status, const char *media_type,
                           struct fc_json *json)
{
    struct fc_buf body = {0};
    enum fc_err err = fc_json_write(json, &body);
    fc_json_destroy(json);
    if (err == FC_OK) {
        fc_http_reply(call, status, media_type, &body);
    } else {
        fc_buf_finish(&body);
        static const char text[] =
            "{\"type\":\"about:blank\",\"title\":\"Internal Server Error\",\"status\":500,"
            "\"code\":\"NOMEM\",\"detail\":\"out of memory\"}";
        fc_http_reply_static(call, 500, "application/problem+json", fc_span_str(text));
    }
}

void fc_http_reply_json(struct fc_http_call *call, unsigned status, struct fc_json *json)
{
    fc_http_reply_json_as(call, status, "application/json", json);
}

void fc_http_fail(struct fc_http_call *call, unsigned status, const char *code, const char *format,
                  ...)
{
    char detail[512];
    va_list args;
    va_start(args, format);
    vsnprintf(detail, sizeof detail, format, args);
    va_end(args);
    call->tag[0] = 0;
    struct fc_json *json = fc_json_create();
    fc_json_object(json, NULL);
    fc_json_text(json, "type", "about:blank");
    fc_json_text(json, "title", fc_http_status_text(status));
    fc_json_uint(json, "status", status);
    fc_json_text(json, "code", code);
    fc_json_text(json, "detail", detail);
    fc_json_end(json);
    fc_http_reply_json_as(call, status, "application/problem+json", json);
}

void fc_http_fail_err(struct fc_http_call *call, enum fc_err err, const char *what)
{
    fc_http_fail(call, fc_http_status_of(err), fc_err_name(err), "%s%s%s.", what ? what : "",
                 what ? ": " : "", fc_err_text(err));
}

/* -- on the way out ---------------------------------------------------------------------------- */

/* Text of one kind or another; images and archives are packed already. */
static bool packs(const char *media_type)
{
    return media_type && (strncmp(media_type, "text/", 5) == 0 || strstr(media_type, "json") ||
                          strstr(media_type, "xml") || strstr(media_type, "javascript") ||
                          strstr(media_type, "rdf") || strstr(media_type, "turtle") ||
                          strstr(media_type, "n-triples") || strstr(media_type, "jwt") ||
                          strstr(media_type, "svg"));
}

static enum fc_err pack(struct fc_http_call *call, enum fc_coding coding, struct fc_span plain,
                        struct fc_buf *out)
{
    if (coding == FC_CODING_GZIP) {
        return fc_gzip_pack(plain, out);
    }
    enum fc_err err = FC_OK;
    if (!call->tools) {
        err = fc_toolbox_take(fc_http_toolbox_of(call->server), &call->tools);
    }
    return err == FC_OK ? fc_zstd_pack(call->tools->codec, plain, out) : err;
}

/* The coding that was used. Where it fails or gains nothing, the answer goes plain. */
static enum fc_coding pack_answer(struct fc_http_call *call)
{
    struct fc_span plain = call->still.data ? call->still : fc_buf_span(&call->answer);
    struct fc_buf packed = {0};
    enum fc_coding coding = fc_coding_choose(fc_http_header(call, "Accept-Encoding"));
    if (coding == FC_CODING_NONE || plain.len < WORTH_PACKING_BYTES ||
        pack(call, coding, plain, &packed) != FC_OK || packed.len >= plain.len) {
        fc_buf_finish(&packed);
        return FC_CODING_NONE;
    }
    fc_buf_finish(&call->answer);
    call->answer = packed;
    call->still = fc_span(NULL, 0);
    return coding;
}

void fc_http_reply_finish(struct fc_http_call *call)
{
    enum fc_coding coding = FC_CODING_NONE;
    char text[sizeof call->tag + 8];
    if (packs(call->media_type)) {
        coding = pack_answer(call);
        fc_http_set(call, "Vary", "Accept-Encoding");
    }
    if (coding != FC_CODING_NONE) {
        fc_http_set(call, "Content-Encoding", fc_coding_name(coding));
    }
    if (call->tag[0]) {
        const char *suffix = coding == FC_CODING_NONE ? "" : fc_coding_name(coding);
        snprintf(text, sizeof text, "\"%s%s%s\"", call->tag, *suffix ? "-" : "", suffix);
        fc_http_set(call, "ETag", text);
    }
}

void fc_http_stream(struct fc_http_call *call, const char *media_type,
                    void (*produce)(struct fc_http_call *call, struct fc_buf *out))
{
    answer(call, 200, media_type);
    call->produce = produce;
    call->outcome = FC_HTTP_STREAMING;
}

void fc_http_stream_wait(struct fc_http_call *call, struct fc_arrival_mark after, uint64_t wait_ms)
{
    call->after = after;
    call->wait_ms = wait_ms;
    call->stream_waits = true;
}

void fc_http_stream_end(struct fc_http_call *call)
{
    call->stream_ended = true;
}
