/* The HTTP server as the daemon sees it: made beside a replica, told of commits, asked for what
 * clients want of the daemon. Threads of its own. */
#ifndef FC_NODE_HTTP_SERVER_H
#define FC_NODE_HTTP_SERVER_H

#include "node/config.h"
#include "node/log.h"
#include "store/reader.h"

struct fc_http;
struct fc_http_group;
struct fc_interop;

struct fc_http_setup {
    const struct fc_config_http *config; /* borrowed, as all of these, until the end */
    const struct fc_home *home;
    const struct fc_log *log;
    struct fc_readers *readers;
    const struct fc_http_group *const *groups; /* fc_http_groups */
    struct fc_interop *interop;
    uint64_t ask_us; /* how long the daemon may take to answer a question; 0: 20 s */
};
/* Listens from here on. FC_E_LOCKED: the address is taken; FC_E_ARG: it cannot be listened on, or
 * the certificate and key are none; FC_E_MISSING, FC_E_IO: of their files; FC_E_NOMEM. `fault` says
 * more. */
FC_MUST_USE enum fc_err fc_http_create(const struct fc_http_setup *setup, struct fc_http **http,
                                       char *fault, size_t fault_bytes);
/* "http://127.0.0.1:7480" */
const char *fc_http_url(const struct fc_http *http);

/* On the daemon's thread: what to poll for questions (POLLIN); answering those that wait, up to a
 * number of them; telling of commits. */
int fc_http_fd(const struct fc_http *http);
bool fc_http_serve(struct fc_http *http, void *ctx,
                   void (*answer)(void *ctx, struct fc_span request, struct fc_buf *response));
/* `sync` is said with every answer ("in sync", fc_show_sync) and must be a constant. */
void fc_http_committed(struct fc_http *http, struct fc_arrival_mark mark, const char *sync);

/* Takes no more connections, ends waits and streams, refuses questions, and gives requests that are
 * being answered up to `wait_ms`. NULL is fine. */
void fc_http_stop(struct fc_http *http, uint64_t wait_ms);
void fc_http_destroy(struct fc_http *http); /* NULL is fine; stops first */

struct fc_http_stats {
    uint64_t answers[6]; /* by first digit of the status; 0: none, the connection ended */
    uint64_t connections, waiting, asked, throttled, bytes_out;
};
void fc_http_get_stats(struct fc_http *http, struct fc_http_stats *stats);

#endif
