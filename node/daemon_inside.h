/* Inside the daemon: what its files share. */
#ifndef FC_NODE_DAEMON_INSIDE_H
#define FC_NODE_DAEMON_INSIDE_H

#include "net/transport.h"
#include "net/verify_pool.h"
#include "node/bootfile.h"
#include "node/clients.h"
#include "node/daemon.h"
#include "node/http_server.h"
#include "node/interop.h"
#include "node/upkeep.h"

/* A message that a link did not take; it goes back to the core. */
struct returned {
    fc_link link;
    struct fc_buf bytes;
};

struct fc_daemon {
    struct fc_cli *cli;
    const struct fc_config *config;
    struct fc_log log;
    struct fc_replica *replica;
    struct fc_verify_pool *pool;
    struct fc_transport *transport;
    struct fc_core *core;
    struct fc_clients *clients;
    struct fc_readers *readers;
    struct fc_http *http; /* NULL: none is wanted */
    struct fc_interop *interop;
    struct fc_service service;
    struct fc_upkeep upkeep;
    struct fc_effects effects;
    struct fc_bootfile boot;
    const char *announced[FC_ENDPOINTS_MAX];
    int signal_fd;
    bool stop, settled, notified_in_sync;
    bool untidy; /* rows are left behind, to be seen to at `tidy_us` or when there is time then */
    uint64_t tidy_us, tidy_arrivals;
    struct returned *returned;
    size_t returned_count, returned_cap;
    struct fc_key *failed_dials; /* to be told to the core */
    size_t failed_count, failed_cap;
    bool lost;           /* the core is to be told that a transaction was lost */
    uint64_t backoff_ms; /* 0: the store takes writes */
    uint64_t resume_us;  /* when to try writing again */
    uint64_t started_us;
    uint64_t recheck_us, notify_us, watchdog_us; /* next times; watchdog_us 0: none */
    uint64_t watchdog_interval_us;
    uint64_t seen_arrivals;
};

/* Opens everything in order; prints what keeps it from starting. Finish it either way. */
FC_MUST_USE enum fc_err fc_daemon_start(struct fc_daemon *d);
void fc_daemon_finish(struct fc_daemon *d);
/* Answers one request of a command (fc_clients_config). */
void fc_daemon_answer(void *ctx, struct fc_span request, struct fc_buf *response);

#endif
