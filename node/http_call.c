/* One call: from its first line to a handler, and what a handler may ask of it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "node/http_inside.h"
#include "store/pack.h"

/* The target's path and query. A target with a scheme names the host as well (RFC 9112, 3.2.2). */
static void split_target(struct fc_http_call *call, struct fc_span target)
{
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < 2; i++) {
        size_t len = strlen(schemes[i]);
        if (target.len <= len || strncasecmp((const char *)target.data, schemes[i], len) != 0) {
            continue;
        }
        size_t host = strcspn((const char *)target.data + len, "/?");
        if (host > 0) {
            call->authority = fc_span(target.data + len, host);
            target = fc_span(target.data + len + host, target.len - len - host);
        }
        break;
    }
    const uint8_t *mark = memchr(target.data, '?', target.len);
    call->path = fc_span(target.data, mark ? (size_t)(mark - target.data) : target.len);
    if (mark) {
        call->query = fc_span(mark + 1, target.len - call->path.len - 1);
    }
    if (call->path.len == 0 && call->authority.len > 0) {
        call->path = fc_span_str("/");
    }
}

/* -- life -------------------------------------------------------------------------------------- */

struct fc_http_call *fc_http_call_create(struct fc_http *server, const char *uri, uint64_t now_ms)
{
    struct fc_http_call *call = calloc(1, sizeof *call);
    if (!call) {
        return NULL;
    }
    call->server = server;
    call->now_ms = now_ms;
    fc_buf_append(&call->uri, uri, strlen(uri) + 1);
    if (call->uri.failed) {
        free(call);
        return NULL;
    }
    split_target(call, fc_span_str((const char *)call->uri.data));
    return call;
}

void fc_http_call_destroy(struct fc_http_call *call)
{
    if (!call) {
        return;
    }
    fc_http_call_leave(call);
    if (call->kept_destroy) {
        call->kept_destroy(call->kept);
    }
    for (size_t i = 0; i < call->header_count; i++) {
        free(call->headers[i].value);
    }
    free(call->media_copy);
    fc_buf_finish(&call->uri);
    fc_buf_finish(&call->decoded);
    fc_buf_finish(&call->body);
    fc_buf_finish(&call->question);
    fc_buf_finish(&call->answer);
    fc_buf_finish(&call->chunk);
    free(call);
}

/* -- reading the request ----------------------------------------------------------------------- */

/* `decoded` has room for all, so that what points into it stays. */
static bool decode(struct fc_http_call *call, struct fc_span *text, bool plus)
{
    size_t start = call->decoded.len;
    if (fc_percent_decode(*text, plus, &call->decoded) != FC_OK) {
        return false;
    }
    *text = fc_span(call->decoded.data + start, call->decoded.len - start);
    return fc_utf8_valid(*text);
}

static bool decode_all(struct fc_http_call *call)
{
    struct fc_span rest = call->query, name, value;
    if (!fc_buf_extend(&call->decoded, call->uri.len)) {
        return false;
    }
    fc_buf_clear(&call->decoded);
    bool good = true;
    for (size_t i = 0; i < call->param_count && good; i++) {
        good = decode(call, &call->params[i].value, false);
    }
    while (good && fc_query_next(&rest, &name, &value)) {
        good = call->field_count < FC_HTTP_FIELDS_MAX && decode(call, &name, true) &&
               decode(call, &value, true);
        if (good) {
            call->fields[call->field_count++] = (struct fc_pattern_param){name, value};
        }
    }
    return good;
}

static const struct {
    const char *name;
    enum fc_http_method method;
    bool head;
} methods[] = {{"GET", FC_HTTP_GET, false},
               {"HEAD", FC_HTTP_GET, true},
               {"POST", FC_HTTP_POST, false},
               {"PUT", FC_HTTP_PUT, false},
               {"DELETE", FC_HTTP_DELETE, false}};
enum { METHODS = sizeof methods / sizeof methods[0] };

static void allow_text(unsigned allowed, char text[64])
{
    text[0] = 0;
    for (size_t i = 0; i < METHODS; i++) {
        if (allowed & methods[i].method) {
            strcat(text, methods[i].name);
            strcat(text, ", ");
        }
    }
    strcat(text, "OPTIONS");
}

/* A browser's question before a request of another origin (Fetch, 3.2.2). */
static void answer_options(struct fc_http_call *call, unsigned allowed)
{
    char text[64];
    allow_text(allowed, text);
    fc_http_set(call, "Allow", text);
    if (fc_http_header(call, "Access-Control-Request-Method")) {
        fc_http_set(call, "Access-Control-Allow-Methods", text);
        fc_http_set(call, "Access-Control-Allow-Headers",
                    "Accept, Authorization, Content-Type, If-Match, If-None-Match, Last-Event-ID");
        fc_http_set(call, "Access-Control-Max-Age", "86400");
    }
    fc_http_reply_empty(call, 204);
}

static bool find_route(struct fc_http_call *call, const struct fc_http_group *const *groups,
                       unsigned *allowed)
{
    struct fc_pattern_param params[FC_PATTERN_PARAMS_MAX];
    size_t count;
    for (; *groups; groups++) {
        for (size_t i = 0; i < (*groups)->count; i++) {
            const struct fc_http_route *route = &(*groups)->routes[i];
            if (!fc_pattern_match(route->pattern, call->path, params, &count)) {
                continue;
            }
            *allowed |= route->method;
            if (route->method == call->method && !call->route) {
                call->route = route;
                memcpy(call->params, params, sizeof params);
                call->param_count = count;
            }
        }
    }
    return *allowed != 0;
}

enum fc_err fc_http_token(struct fc_http_call *call, struct fc_span text, struct fc_token *token)
{
    enum fc_err err = fc_token_check(fc_http_home(call), text, token);
    if (err == FC_E_PERMISSION) {
        fc_log_say(
            fc_http_log_of(call->server), FC_LOG_WARNING,
            "http: a token is refused, as others may read its file: chmod 600 %s/tokens/%s.token",
            fc_http_home(call)->path, token->name);
        *token = (struct fc_token){.any = false};
        err = FC_E_DENIED;
    }
    return err;
}

/* Browsers name it; programs that take anything do not. */
static bool wants_page(const struct fc_http_call *call)
{
    const char *accept = fc_http_header(call, "Accept");
    return accept && strstr(accept, "text/html") && fc_accepts(accept, "text/html");
}

/* A path that has a route but for the slash at its end leads there. False: it does not. */
static bool redirect(struct fc_http_call *call, const struct fc_http_group *const *groups)
{
    struct fc_span path = call->path;
    char location[1024];
    unsigned allowed = 0;
    if (path.len < 3 || path.data[1] == '/' || path.data[path.len - 1] != '/' ||
        path.len + call->query.len + 2 > sizeof location) {
        return false;
    }
    call->path.len--;
    bool found = find_route(call, groups, &allowed);
    call->path = path;
    call->route = NULL;
    call->param_count = 0;
    if (found) {
        snprintf(location, sizeof location, "%.*s%s%.*s", (int)path.len - 1,
                 (const char *)path.data, call->query.len ? "?" : "", (int)call->query.len,
                 call->query.len ? (const char *)call->query.data : "");
        fc_http_set(call, "Location", location);
        fc_http_fail(call, 308, "PATH", "This path ends without a slash.");
    }
    return found;
}

static void find_nowhere(struct fc_http_call *call, const struct fc_http_group *const *groups)
{
    bool page = call->method == FC_HTTP_GET && wants_page(call);
    for (; *groups && page && !call->route; groups++) {
        call->route = (*groups)->nowhere;
    }
    if (!call->route) {
        fc_http_fail(call, 404, "PATH", "There is nothing under this path; see /v1/openapi.json.");
    }
}

static void check_token(struct fc_http_call *call)
{
    struct fc_span text = fc_bearer(fc_http_header(call, "Authorization"));
    enum fc_err err = text.len ? fc_http_token(call, text, &call->token) : FC_E_DENIED;
    if (err == FC_E_DENIED) {
        fc_http_set(call, "WWW-Authenticate",
                    text.len ? "Bearer realm=\"fedcat\", error=\"invalid_token\""
                             : "Bearer realm=\"fedcat\"");
        fc_http_fail(call, 401, "TOKEN", "%s",
                     text.len ? "This token is not valid here."
                              : "This takes a bearer token; fedcat token new makes one.");
    } else if (err != FC_OK) {
        fc_http_fail_err(call, err, "the tokens cannot be read");
    }
}

void fc_http_call_route(struct fc_http_call *call, const struct fc_http_group *const *groups,
                        const char *method)
{
    unsigned allowed = 0;
    char text[64];
    for (size_t i = 0; i < METHODS; i++) {
        if (strcmp(method, methods[i].name) == 0) {
            call->method = methods[i].method;
            call->head = methods[i].head;
        }
    }
    bool known = find_route(call, groups, &allowed);
    call->body_bytes_max = call->route ? call->route->body_bytes_max : 0;
    if (!known) {
        if (!redirect(call, groups)) {
            find_nowhere(call, groups);
        }
    } else if (strcmp(method, "OPTIONS") == 0) {
        answer_options(call, allowed);
    } else if (!call->route) {
        allow_text(allowed, text);
        fc_http_set(call, "Allow", text);
        fc_http_fail(call, 405, "METHOD", "This path takes %s.", text);
    } else if (!decode_all(call)) {
        fc_http_fail(call, 400, "URI",
                     "The path or query is not percent-encoded UTF-8, or has more than %d fields.",
                     FC_HTTP_FIELDS_MAX);
    } else if (call->route->flags & FC_HTTP_TOKEN) {
        check_token(call);
    }
}

bool fc_http_is_head(const struct fc_http_call *call)
{
    return call->head;
}

struct fc_span fc_http_path(const struct fc_http_call *call)
{
    return call->path;
}

struct fc_span fc_http_param(const struct fc_http_call *call, const char *name)
{
    for (size_t i = 0; i < call->param_count; i++) {
        if (fc_span_eq(call->params[i].name, fc_span_str(name))) {
            return call->params[i].value;
        }
    }
    return fc_span(NULL, 0);
}

bool fc_http_query_at(const struct fc_http_call *call, const char *name, size_t index,
                      struct fc_span *value)
{
    for (size_t i = 0; i < call->field_count; i++) {
        if (fc_span_eq(call->fields[i].name, fc_span_str(name)) && index-- == 0) {
            *value = call->fields[i].value;
            return true;
        }
    }
    return false;
}

bool fc_http_query(const struct fc_http_call *call, const char *name, struct fc_span *value)
{
    return fc_http_query_at(call, name, 0, value);
}

const char *fc_http_header(const struct fc_http_call *call, const char *name)
{
    return fc_http_link_header(call, name);
}

struct fc_span fc_http_body(const struct fc_http_call *call)
{
    return fc_buf_span(&call->body);
}

/* What may stand in a Host (RFC 9110, 7.2): nothing that would end or split a URL. */
static bool host_fits(struct fc_span host)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:[]";
    for (size_t i = 0; i < host.len; i++) {
        if (!memchr(allowed, host.data[i], sizeof allowed - 1)) {
            return false;
        }
    }
    return host.len > 0 && host.len < 256;
}

char *fc_http_base(const struct fc_http_call *call, char out[FC_HTTP_BASE_BYTES])
{
    const char *named = fc_http_header(call, "Host");
    struct fc_span host = call->authority.len ? call->authority : fc_span_str(named ? named : "");
    const char *scheme = fc_http_header(call, "X-Forwarded-Proto");
    const char *own = fc_http_url(call->server);
    if (!host_fits(host)) {
        snprintf(out, FC_HTTP_BASE_BYTES, "%s", own);
        return out;
    }
    bool secure = scheme ? strcmp(scheme, "https") == 0 : strncmp(own, "https:", 6) == 0;
    snprintf(out, FC_HTTP_BASE_BYTES, "http%s://%.*s", secure ? "s" : "", (int)host.len,
             (const char *)host.data);
    return out;
}

bool fc_http_may(const struct fc_http_call *call, const struct fc_hash *participant)
{
    return call->token.name[0] &&
           (call->token.any || fc_hash_eq(&call->token.participant, participant));
}

/* The number in a text; false when it is none, or above `max`. */
static bool read_uint(struct fc_span text, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;
    if (text.len == 0) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
        unsigned digit = text.data[i] - '0';
        if (value > (max - digit) / 10 || digit > max) {
            return false;
        }
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

static bool query_number(struct fc_http_call *call, const char *name, uint64_t min, uint64_t max,
                         uint64_t *out)
{
    struct fc_span text;
    uint64_t value;
    if (!fc_http_query(call, name, &text)) {
        return true;
    }
    if (read_uint(text, max, &value) && value >= min) {
        *out = value;
        return true;
    }
    fc_http_fail(call, 400, "QUERY", "\"%s\" takes a whole number %s%llu.", name,
                 min ? "from 1 to " : "up to ", (unsigned long long)max);
    return false;
}

bool fc_http_query_uint(struct fc_http_call *call, const char *name, uint64_t max, uint64_t *out)
{
    return query_number(call, name, 0, max, out);
}

bool fc_http_query_count(struct fc_http_call *call, const char *name, uint64_t max, uint64_t *out)
{
    return query_number(call, name, 1, max, out);
}

bool fc_http_query_only(struct fc_http_call *call, const char *const names[])
{
    for (size_t i = 0; i < call->field_count; i++) {
        struct fc_span name = call->fields[i].name;
        size_t k = 0;
        while (names[k] && !fc_span_eq(name, fc_span_str(names[k]))) {
            k++;
        }
        if (!names[k]) {
            fc_http_fail(call, 400, "QUERY", "There is no field \"%.*s\" here.",
                         (int)(name.len < 40 ? name.len : 40), (const char *)name.data);
            return false;
        }
    }
    return true;
}

bool fc_http_param_hash(struct fc_http_call *call, const char *name, struct fc_hash *out)
{
    struct fc_span text = fc_http_param(call, name);
    char digits[65] = "";
    if (text.len == 64) {
        memcpy(digits, text.data, 64);
        if (fc_unhex(digits, out->b, 32) == FC_OK) {
            return true;
        }
    }
    fc_http_fail(call, 400, "PATH", "\"%s\" stands for 64 hexadecimal digits.", name);
    return false;
}

/* -- what there is to tell --------------------------------------------------------------------- */

void fc_http_call_leave(struct fc_http_call *call)
{
    if (call->replica) {
        fc_reader_end(call->tools->reader);
        call->replica = NULL;
    }
    if (call->tools) {
        fc_toolbox_give(fc_http_toolbox_of(call->server), call->tools);
        call->tools = NULL;
    }
}

struct fc_replica *fc_http_replica(struct fc_http_call *call)
{
    enum fc_err err = FC_OK;
    if (!call->tools) {
        err = fc_toolbox_take(fc_http_toolbox_of(call->server), &call->tools);
    }
    if (err == FC_OK && !call->replica) {
        err = fc_reader_begin(call->tools->reader, &call->replica);
    }
    if (err != FC_OK) {
        fc_http_fail(call, 503, fc_err_name(err), "The store cannot be read just now: %s.",
                     fc_err_text(err));
    }
    return call->replica;
}

uint64_t fc_http_now_ms(const struct fc_http_call *call)
{
    return call->now_ms;
}

const struct fc_home *fc_http_home(const struct fc_http_call *call)
{
    return fc_http_home_of(call->server);
}

void fc_http_stats_of(const struct fc_http_call *call, struct fc_http_stats *stats)
{
    fc_http_get_stats(call->server, stats);
}

struct fc_interop *fc_http_interop(const struct fc_http_call *call)
{
    return fc_http_interop_of(call->server);
}

void fc_http_ask(struct fc_http_call *call, enum fc_verb verb, struct fc_span arguments,
                 fc_http_then *then)
{
    fc_buf_clear(&call->question);
    fc_service_request(verb, arguments, &call->question);
    if (call->question.failed) {
        fc_http_fail_err(call, FC_E_NOMEM, NULL);
        return;
    }
    call->then = then;
    call->outcome = FC_HTTP_QUESTION;
}

void fc_http_wait(struct fc_http_call *call, struct fc_arrival_mark after, uint64_t wait_ms,
                  fc_http_handler *then)
{
    call->after = after;
    call->wait_ms = wait_ms;
    call->next = then;
    call->outcome = FC_HTTP_WAITING;
}

bool fc_http_stopping(const struct fc_http_call *call)
{
    return fc_http_is_stopping(call->server);
}

void fc_http_keep(struct fc_http_call *call, void *kept, void (*destroy)(void *kept))
{
    if (call->kept_destroy) {
        call->kept_destroy(call->kept);
    }
    call->kept = kept;
    call->kept_destroy = destroy;
}

void *fc_http_kept(const struct fc_http_call *call)
{
    return call->kept;
}

/* -- running ----------------------------------------------------------------------------------- */

static void must_have_said(struct fc_http_call *call)
{
    if (call->outcome == FC_HTTP_NOTHING) {
        fc_http_fail(call, 500, "INTERNAL", "This request was left without an answer.");
    }
}

void fc_http_call_run(struct fc_http_call *call, fc_http_handler *handler)
{
    call->outcome = FC_HTTP_NOTHING;
    handler(call);
    must_have_said(call);
    if (call->outcome == FC_HTTP_REPLY) {
        fc_http_reply_finish(call);
    }
    fc_http_call_leave(call);
}

void fc_http_call_answered(struct fc_http_call *call)
{
    struct fc_buf response = {0};
    struct fc_span text = fc_span(NULL, 0), body = fc_span(NULL, 0);
    enum fc_err code = FC_OK;
    enum fc_err err =
        call->ask ? fc_asks_take(fc_http_asks_of(call->server), call->ask, &response) : FC_E_AGAIN;
    call->ask = NULL;
    call->outcome = FC_HTTP_NOTHING;
    if (err == FC_OK) {
        err = fc_service_read(fc_buf_span(&response), &code, &text, &body);
    }
    if (err == FC_E_IO) {
        fc_http_fail(call, 504, "UNFINISHED",
                     "The node is still at it: look whether it was done before you ask again.");
    } else if (err == FC_E_AGAIN || err == FC_E_CLOSED) {
        fc_http_set(call, "Retry-After", "5");
        fc_http_fail(call, 503, fc_err_name(err), "%s",
                     err == FC_E_AGAIN ? "The node has too much to do; nothing was begun."
                                       : "The node is stopping; nothing was begun.");
    } else {
        call->then(call, err == FC_OK ? code : err, text, body);
        must_have_said(call);
    }
    if (call->outcome == FC_HTTP_REPLY) {
        fc_http_reply_finish(call);
    }
    fc_buf_finish(&response);
    fc_http_call_leave(call);
}
