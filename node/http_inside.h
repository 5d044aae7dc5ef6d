/* Inside the HTTP server: what its files share. */
#ifndef FC_NODE_HTTP_INSIDE_H
#define FC_NODE_HTTP_INSIDE_H

#include "node/http.h"
#include "node/http_asks.h"
#include "node/http_pulse.h"
#include "node/http_server.h"
#include "node/http_text.h"
#include "node/http_tools.h"
#include "node/http_watch.h"
#include "node/token.h"

enum { FC_HTTP_FIELDS_MAX = 32, FC_HTTP_HEADERS_MAX = 12 };

enum fc_http_outcome {
    FC_HTTP_NOTHING, /* the handler has not said anything yet */
    FC_HTTP_REPLY,
    FC_HTTP_QUESTION,
    FC_HTTP_WAITING,
    FC_HTTP_STREAMING,
};

struct fc_http_call {
    struct fc_http *server;
    void *link; /* the library's connection */
    struct fc_watch *watch;
    uint64_t now_ms;

    /* the request */
    bool started, complete, head;
    enum fc_http_method method; /* 0: one that no route has */
    struct fc_buf uri, decoded, body;
    struct fc_span authority; /* of a target that names it, instead of Host */
    struct fc_span path, query;
    const struct fc_http_route *route;
    size_t body_bytes_max;
    size_t held_bytes;                                     /* taken from what all calls may hold */
    struct fc_pattern_param params[FC_PATTERN_PARAMS_MAX]; /* values decoded */
    size_t param_count;
    struct fc_pattern_param fields[FC_HTTP_FIELDS_MAX]; /* of the query, both decoded */
    size_t field_count;
    struct fc_token token;
    struct fc_http_tools *tools; /* while a handler runs */
    struct fc_replica *replica;

    /* what the handler decided */
    enum fc_http_outcome outcome;
    fc_http_handler *next; /* after a wait */
    fc_http_then *then;    /* after a question */
    struct fc_buf question;
    struct fc_http_ask *ask;
    struct fc_http_waiter waiter;
    struct fc_arrival_mark after;
    uint64_t wait_ms;
    void *kept;
    void (*kept_destroy)(void *kept);

    /* the answer */
    unsigned status;
    bool closes; /* the connection with it */
    const char *media_type;
    char *media_copy;
    struct fc_buf answer;
    struct fc_span still; /* bytes that outlive the server, instead */
    struct fc_http_header {
        const char *name;
        char *value;
    } headers[FC_HTTP_HEADERS_MAX];
    size_t header_count;
    char tag[80]; /* the entity's; empty: none */
    void (*produce)(struct fc_http_call *call, struct fc_buf *out);
    struct fc_buf chunk; /* of a stream, not sent yet */
    size_t chunk_sent;
    bool stream_waits, stream_ended;
};

/* node/http_server.c */
struct fc_http_toolbox *fc_http_toolbox_of(struct fc_http *server);
struct fc_http_asks *fc_http_asks_of(struct fc_http *server);
const struct fc_home *fc_http_home_of(const struct fc_http *server);
const struct fc_log *fc_http_log_of(const struct fc_http *server);
struct fc_interop *fc_http_interop_of(const struct fc_http *server);
bool fc_http_is_stopping(const struct fc_http *server);
const char *fc_http_link_header(const struct fc_http_call *call, const char *name);

/* node/http_call.c: finds the route and reads the request; answers the call when that fails. */
struct fc_http_call *fc_http_call_create(struct fc_http *server, const char *uri, uint64_t now_ms);
void fc_http_call_destroy(struct fc_http_call *call);
void fc_http_call_route(struct fc_http_call *call, const struct fc_http_group *const *groups,
                        const char *method);
/* Runs a handler; afterwards the outcome is not FC_HTTP_NOTHING. */
void fc_http_call_run(struct fc_http_call *call, fc_http_handler *handler);
/* Runs what was to come after a question. */
void fc_http_call_answered(struct fc_http_call *call);
/* Gives back the view of the replica, and what works on it. */
void fc_http_call_leave(struct fc_http_call *call);

/* node/http_reply.c: chooses a coding for the answer and sets the headers that follow from it. */
void fc_http_reply_finish(struct fc_http_call *call);
const char *fc_http_status_text(unsigned status);

#endif
