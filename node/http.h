/* The HTTP server as a group of routes sees it. A group is a file that defines one
 * `const struct fc_http_group` and is listed in node/http_groups.c; that is all there is to adding
 * routes. What is a protocol's own (Dataspace Protocol, DCAT, a web page) stays in its group.
 *
 * Handlers run on the server's few threads and must not block: they read the replica as of the last
 * commit (fc_http_replica), and what only the daemon can do they ask of it (fc_http_ask) and go on
 * in a function of their own when the answer has come. Every handler, and every such function, ends
 * in exactly one of: a reply, a question, a wait, a stream. */
#ifndef FC_NODE_HTTP_H
#define FC_NODE_HTTP_H

#include "node/json.h"
#include "node/service.h"
#include "store/replica.h"

enum fc_http_method {
    FC_HTTP_GET = 1, /* and HEAD */
    FC_HTTP_POST = 2,
    FC_HTTP_PUT = 4,
    FC_HTTP_DELETE = 8,
};
enum {
    FC_HTTP_TOKEN = 1, /* a route's flag: only with a valid bearer token; see fc_http_may */
};

struct fc_http_call; /* one request and its answer */
typedef void fc_http_handler(struct fc_http_call *call);

struct fc_http_route {
    enum fc_http_method method;
    /* "/v1/participants/{id}/entries/{key}": a name in braces stands for one segment that is not
     * empty, "{rest*}" at the end for what is left, slashes and all, also when nothing is. Of two
     * patterns that fit, the one listed first has the request. */
    const char *pattern;
    fc_http_handler *handle;
    size_t body_bytes_max; /* 0: takes none. A larger one is answered 413 */
    unsigned flags;
};
struct fc_http_group {
    const char *name;
    const struct fc_http_route *routes;
    size_t count;
    /* Has what asks for a page (Accept names text/html) and has no route; NULL: a problem answers.
     * Of several groups that have one, the first counts. */
    const struct fc_http_route *nowhere;
};
/* Ends with NULL. */
extern const struct fc_http_group *const fc_http_groups[];

/* -- the request: spans are valid until the reply ---------------------------------------------- */

bool fc_http_is_head(const struct fc_http_call *call);
/* The path as it was sent, without the query. */
struct fc_span fc_http_path(const struct fc_http_call *call);
/* A named segment, percent-decoded. */
struct fc_span fc_http_param(const struct fc_http_call *call, const char *name);
/* The first value of a query's field, percent-decoded ('+' is a space); false: it is not there. */
bool fc_http_query(const struct fc_http_call *call, const char *name, struct fc_span *value);
/* The value at `index` of a field that may come again and again; false: there are no more. */
bool fc_http_query_at(const struct fc_http_call *call, const char *name, size_t index,
                      struct fc_span *value);
/* NULL when there is no such header. */
const char *fc_http_header(const struct fc_http_call *call, const char *name);
struct fc_span fc_http_body(const struct fc_http_call *call);
/* "https://host:port" as the client sees this server: from Host and, behind a proxy that sets it,
 * X-Forwarded-Proto. Returns `out`, cut to fit. */
enum { FC_HTTP_BASE_BYTES = 300 };
char *fc_http_base(const struct fc_http_call *call, char out[FC_HTTP_BASE_BYTES]);
/* Of a route with FC_HTTP_TOKEN: whether the token is good for this participant's feed. */
bool fc_http_may(const struct fc_http_call *call, const struct fc_hash *participant);

/* fc_token_check; a token whose file others may read is FC_E_DENIED, and the log says so. */
struct fc_token;
FC_MUST_USE enum fc_err fc_http_token(struct fc_http_call *call, struct fc_span text,
                                      struct fc_token *token);
/* Takes one of what the client's address may leave at this node: 16 at once, then one an hour. One
 * on this machine may leave any number, unless it is a proxy that says for whom it asks. False: the
 * call has been answered 429. */
bool fc_http_share(struct fc_http_call *call);

/* A query's or segment's value read as a number or hash. False: it does not fit, and the call has
 * been answered 400. An absent query field leaves `*out` as it is. */
bool fc_http_query_uint(struct fc_http_call *call, const char *name, uint64_t max, uint64_t *out);
/* The same of a number that is 1 at least. */
bool fc_http_query_count(struct fc_http_call *call, const char *name, uint64_t max, uint64_t *out);
bool fc_http_param_hash(struct fc_http_call *call, const char *name, struct fc_hash *out);
/* Whether the query has no field but these, the last of which is NULL. False: it has, and the call
 * has been answered 400. */
bool fc_http_query_only(struct fc_http_call *call, const char *const names[]);

/* -- what there is to tell --------------------------------------------------------------------- */

/* The replica at the last commit, the same for the whole of this handler, and gone after it; of
 * replica.h what store/reader.h lists. NULL: it cannot be had and the call has been answered. */
struct fc_replica *fc_http_replica(struct fc_http_call *call);
/* The request's time, Unix milliseconds. */
uint64_t fc_http_now_ms(const struct fc_http_call *call);
/* Whatever the server's owner set at its creation. */
const struct fc_home *fc_http_home(const struct fc_http_call *call);
/* What the groups that speak others' protocols share (node/interop.h). */
struct fc_interop;
struct fc_interop *fc_http_interop(const struct fc_http_call *call);

struct fc_http_stats; /* node/http_server.h */
void fc_http_stats_of(const struct fc_http_call *call, struct fc_http_stats *stats);

/* Hands a request of node/service.h to the daemon. `then` runs with what came of it; `code` is the
 * answer's, FC_E_AGAIN when the daemon is too busy, FC_E_CLOSED when it is stopping; spans are
 * valid until `then` returns. `arguments` is a packed array and is copied. */
typedef void fc_http_then(struct fc_http_call *call, enum fc_err code, struct fc_span text,
                          struct fc_span body);
void fc_http_ask(struct fc_http_call *call, enum fc_verb verb, struct fc_span arguments,
                 fc_http_then *then);
/* Runs `then` when something arrived after `index` in the arrival log's epoch, when `wait_ms` have
 * passed, or when the server stops, whichever is first. Too many that wait: answered 503. */
void fc_http_wait(struct fc_http_call *call, struct fc_arrival_mark after, uint64_t wait_ms,
                  fc_http_handler *then);
bool fc_http_stopping(const struct fc_http_call *call);
/* Something of a handler's own that lives as long as the call; freed with `destroy`, if not NULL.
 */
void fc_http_keep(struct fc_http_call *call, void *kept, void (*destroy)(void *kept));
void *fc_http_kept(const struct fc_http_call *call);

/* -- the answer -------------------------------------------------------------------------------- */

/* `value` is copied. */
void fc_http_set(struct fc_http_call *call, const char *header, const char *value);
/* Takes over what is in `body` and leaves it empty. Compressed on the way when the client takes
 * that and it is worth it. `media_type` must outlive the call. */
void fc_http_reply(struct fc_http_call *call, unsigned status, const char *media_type,
                   struct fc_buf *body);
/* The same for a copy of a media type that is no constant. */
void fc_http_reply_as(struct fc_http_call *call, unsigned status, struct fc_span media_type,
                      struct fc_buf *body);
/* Bytes that outlive the server, as they are: static assets. */
void fc_http_reply_static(struct fc_http_call *call, unsigned status, const char *media_type,
                          struct fc_span body);
/* Prints and destroys `json`. "application/json", or another media type. */
void fc_http_reply_json(struct fc_http_call *call, unsigned status, struct fc_json *json);
void fc_http_reply_json_as(struct fc_http_call *call, unsigned status, const char *media_type,
                           struct fc_json *json);
void fc_http_reply_empty(struct fc_http_call *call, unsigned status);
/* A problem (RFC 9457): title from the status, `code` names it for programs ("MISSING"), the rest
 * is one sentence for people. */
void fc_http_fail(struct fc_http_call *call, unsigned status, const char *code, const char *format,
                  ...) __attribute__((format(printf, 4, 5)));
/* The same for an error of ours, under the status that stands for it. `what` may be NULL. */
void fc_http_fail_err(struct fc_http_call *call, enum fc_err err, const char *what);
unsigned fc_http_status_of(enum fc_err err);

/* Sets the ETag, strong, over `tag` (hexadecimal digits, say) and whatever encoding the answer will
 * have. True when the client holds it: the call has been answered 304. */
bool fc_http_etag(struct fc_http_call *call, const char *tag);

/* An answer without end. `produce` is called again and again: it appends to `out` what there is to
 * send, or calls fc_http_stream_wait when that is nothing, or fc_http_stream_end. */
void fc_http_stream(struct fc_http_call *call, const char *media_type,
                    void (*produce)(struct fc_http_call *call, struct fc_buf *out));
void fc_http_stream_wait(struct fc_http_call *call, struct fc_arrival_mark after, uint64_t wait_ms);
void fc_http_stream_end(struct fc_http_call *call);

#endif
