#include "node/daemon.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "node/clock.h"
#include "node/daemon_inside.h"
#include "node/show.h"

enum {
    TRANSPORT_FDS_MAX = 2 * FC_LINKS_MAX + 8,
    BATCH_EVENTS_MAX = 512,
    BATCH_BYTES_MAX = 8 * 1024 * 1024,
    BATCH_OUT_BYTES_MAX = 32 * 1024 * 1024, /* a batch that is to send more ends */
    BATCH_ROOM_BYTES = 64 * 1024 * 1024,    /* what a batch's transaction may dirty */
    WAIT_MAX_MS = 1000,
    TIDY_ROWS = 2000,
    TIDY_QUIET_MS = 2000, /* without news, before what waits in the index is merged */
    SETTLE_MS = 3000,     /* how long to wait for a peer's word on our own feeds after a start */
    BACKOFF_FIRST_MS = 1000,
    BACKOFF_MAX_MS = 60000,
    RECHECK_MS = 1000,
    STOP_HTTP_MS = 5000,
};

/* -- effects ---------------------------------------------------------------------------------- */

static bool was_returned(const struct fc_daemon *d, fc_link link)
{
    for (size_t i = 0; i < d->returned_count; i++) {
        if (d->returned[i].link == link) {
            return true;
        }
    }
    return false;
}

static void give_back(struct fc_daemon *d, fc_link link, struct fc_span bytes)
{
    if (d->returned_count == d->returned_cap) {
        size_t cap = d->returned_cap ? 2 * d->returned_cap : 16;
        struct returned *grown = realloc(d->returned, cap * sizeof *grown);
        if (!grown) {
            fc_transport_close(d->transport, link); /* it resumes by cursor */
            return;
        }
        d->returned = grown;
        d->returned_cap = cap;
    }
    struct returned *one = &d->returned[d->returned_count];
    *one = (struct returned){.link = link};
    fc_buf_append(&one->bytes, bytes.data, bytes.len);
    if (fc_buf_check(&one->bytes) != FC_OK) {
        fc_buf_finish(&one->bytes);
        fc_transport_close(d->transport, link);
        return;
    }
    d->returned_count++;
}

/* What follows a message that was not taken is not offered: order is kept. */
static void carry_send(struct fc_daemon *d, const struct fc_effect *effect)
{
    if (was_returned(d, effect->link) ||
        fc_transport_send(d->transport, effect->link, effect->bytes) == FC_E_AGAIN) {
        give_back(d, effect->link, effect->bytes);
    }
}

static void carry_dial(struct fc_daemon *d, const struct fc_effect *effect)
{
    if (fc_transport_dial(d->transport, &effect->key, effect->bytes) == FC_OK) {
        return;
    }
    if (d->failed_count == d->failed_cap) {
        size_t cap = d->failed_cap ? 2 * d->failed_cap : 16;
        struct fc_key *grown = realloc(d->failed_dials, cap * sizeof *grown);
        if (!grown) {
            return;
        }
        d->failed_dials = grown;
        d->failed_cap = cap;
    }
    d->failed_dials[d->failed_count++] = effect->key;
}

static void carry_out(struct fc_daemon *d)
{
    for (size_t i = 0; i < d->effects.count; i++) {
        const struct fc_effect *effect = &d->effects.list[i];
        switch (effect->kind) {
        case FC_EFFECT_SEND:
            carry_send(d, effect);
            break;
        case FC_EFFECT_DIAL:
            carry_dial(d, effect);
            break;
        case FC_EFFECT_CLOSE:
            fc_transport_close(d->transport, effect->link);
            break;
        case FC_EFFECT_LOG:
            fc_log_say(&d->log, effect->level, "%.*s", (int)effect->bytes.len,
                       (const char *)effect->bytes.data);
            break;
        }
    }
    fc_effects_clear(&d->effects);
}

/* -- batches ---------------------------------------------------------------------------------- */

static void stamp(struct fc_event *event)
{
    event->now_us = fc_clock_mono_us();
    event->wall_ms = fc_clock_wall_ms();
}

static enum fc_err step(struct fc_daemon *d, struct fc_event *event)
{
    stamp(event);
    return fc_core_step(d->core, event, &d->effects);
}

static enum fc_err step_kind(struct fc_daemon *d, enum fc_event_kind kind)
{
    struct fc_event event = {.kind = kind};
    return step(d, &event);
}

/* Events that the daemon itself owes the core. */
static enum fc_err step_own(struct fc_daemon *d)
{
    enum fc_err err = FC_OK;
    if (d->lost) {
        err = step_kind(d, FC_EVENT_RESET);
        d->lost = err != FC_OK;
    }
    for (size_t i = 0; i < d->returned_count; i++) {
        struct fc_event event = {.kind = FC_EVENT_BLOCKED,
                                 .link = d->returned[i].link,
                                 .bytes = fc_buf_span(&d->returned[i].bytes)};
        if (err == FC_OK) {
            err = step(d, &event);
        }
        fc_buf_finish(&d->returned[i].bytes);
    }
    d->returned_count = 0;
    for (size_t i = 0; i < d->failed_count && err == FC_OK; i++) {
        struct fc_event event = {.kind = FC_EVENT_DIAL_FAILED, .key = d->failed_dials[i]};
        err = step(d, &event);
    }
    d->failed_count = 0;
    if (err == FC_OK && d->service.changed) {
        d->service.changed = false;
        err = step_kind(d, FC_EVENT_LOCAL);
    }
    return err;
}

static enum fc_err step_network(struct fc_daemon *d, bool *full)
{
    struct fc_event event;
    size_t bytes = 0;
    enum fc_err err = FC_OK;
    *full = true;
    for (int i = 0; i < BATCH_EVENTS_MAX && bytes < BATCH_BYTES_MAX &&
                    d->effects.bytes < BATCH_OUT_BYTES_MAX && err == FC_OK;
         i++) {
        if (!fc_transport_next(d->transport, &event)) {
            *full = false;
            break;
        }
        bytes += event.bytes.len;
        err = step(d, &event);
    }
    return err;
}

static void note_failure(struct fc_daemon *d, enum fc_err err)
{
    if (err == FC_E_MAP_FULL) {
        return; /* it has grown; what was in the batch comes again */
    }
    if (d->backoff_ms == 0) {
        fc_log_say(&d->log, FC_LOG_ERROR, "cannot write to the store: %s%s", fc_err_text(err),
                   err == FC_E_FULL ? "; reads go on, writing is tried again" : "");
    }
    d->backoff_ms = d->backoff_ms ? 2 * d->backoff_ms : BACKOFF_FIRST_MS;
    d->backoff_ms = d->backoff_ms < BACKOFF_MAX_MS ? d->backoff_ms : BACKOFF_MAX_MS;
    d->resume_us = fc_clock_mono_us() + d->backoff_ms * 1000;
}

/* One transaction: what the daemon owes the core, what came in, and a tick. Nothing is sent before
 * the commit returned. */
static bool run_batch(struct fc_daemon *d)
{
    bool full = false;
    uint64_t arrivals = fc_replica_arrival_mark(d->replica).index;
    enum fc_err err = fc_kv_reserve(fc_replica_kv(d->replica), BATCH_ROOM_BYTES);
    if (err == FC_OK) {
        err = fc_replica_begin(d->replica);
    }
    if (err == FC_OK) {
        err = step_own(d);
        if (err == FC_OK) {
            err = step_network(d, &full);
        }
        if (err == FC_OK) {
            err = step_kind(d, FC_EVENT_TICK);
        }
        if (err == FC_OK) {
            err = fc_replica_commit(d->replica);
        } else {
            fc_replica_abort(d->replica);
        }
    }
    if (err == FC_OK && d->backoff_ms && fc_replica_arrival_mark(d->replica).index > arrivals) {
        fc_log_say(&d->log, FC_LOG_INFO, "the store takes writes again");
        d->backoff_ms = 0;
    }
    fc_transport_release(d->transport);
    if (err == FC_OK) {
        carry_out(d);
        return full;
    }
    fc_effects_clear(&d->effects);
    d->lost = true;
    note_failure(d, err);
    return false;
}

static enum fc_err tidy(struct fc_daemon *d)
{
    bool more = false;
    enum fc_err err = fc_kv_reserve(fc_replica_kv(d->replica), BATCH_ROOM_BYTES);
    if (err == FC_OK) {
        err = fc_replica_begin(d->replica);
    }
    if (err != FC_OK) {
        return err;
    }
    err = fc_replica_tidy(d->replica, TIDY_ROWS, &more);
    if (err == FC_OK) {
        err = fc_replica_commit(d->replica);
    } else {
        fc_replica_abort(d->replica);
    }
    d->untidy = err == FC_OK && more;
    return err;
}

/* What has come leaves rows behind that searches read one by one, until they are merged: at some
 * commit while more comes, here when nothing does. */
static void plan_tidying(struct fc_daemon *d)
{
    uint64_t arrivals = fc_replica_arrival_mark(d->replica).index;
    if (arrivals != d->tidy_arrivals) {
        d->tidy_arrivals = arrivals;
        d->untidy = true;
        d->tidy_us = fc_clock_mono_us() + TIDY_QUIET_MS * 1000ull;
    }
}

/* -- commands --------------------------------------------------------------------------------- */

void fc_daemon_answer(void *ctx, struct fc_span request, struct fc_buf *response)
{
    struct fc_daemon *d = ctx;
    enum fc_verb verb;
    struct fc_span arguments;
    if (!d->settled && fc_service_parse(request, &verb, &arguments) == FC_OK &&
        (verb == FC_VERB_AUTHOR || verb == FC_VERB_PREPARE)) {
        fc_service_response(FC_E_AGAIN, "the node has just started and asks its peers first",
                            fc_span(NULL, 0), response);
        return;
    }
    enum fc_err err = fc_service_run(&d->service, request, fc_clock_wall_ms(), response);
    if (err != FC_OK && err != FC_E_FORMAT && err != FC_E_VERSION) {
        note_failure(d, err);
        d->lost = true; /* the replica was set back under the core */
    } else if (d->service.changed) {
        d->backoff_ms = 0;
    }
}

/* -- time ------------------------------------------------------------------------------------- */

/* A key that was copied back from a snapshot, counter and all, shows when a peer holds more of its
 * feed than we do: so nothing is signed before a peer was heard, if any can be. */
static void settle(struct fc_daemon *d)
{
    struct fc_core_status status;
    fc_core_get_status(d->core, &status);
    bool alone =
        d->boot.node_count == 0 && fc_ledger_node_count(fc_replica_ledger(d->replica)) <= 1;
    d->settled = d->settled || alone || status.in_sync_with > 0 ||
                 fc_clock_mono_us() - d->started_us > SETTLE_MS * 1000ull;
}

static void recheck_members(struct fc_daemon *d, uint64_t now_us)
{
    struct fc_node node;
    uint64_t arrivals = fc_replica_arrival_mark(d->replica).index;
    if (now_us < d->recheck_us || arrivals == d->seen_arrivals) {
        return;
    }
    d->recheck_us = now_us + RECHECK_MS * 1000;
    d->seen_arrivals = arrivals;
    fc_transport_recheck(d->transport);
    if (fc_ledger_node(fc_replica_ledger(d->replica), &d->service.node_key, &node) == FC_OK) {
        d->service.operator_id = node.participant;
    }
}

static void notify(struct fc_daemon *d, uint64_t now_us)
{
    struct fc_core_status status;
    if (d->watchdog_interval_us && now_us >= d->watchdog_us) {
        sd_notify(0, "WATCHDOG=1");
        d->watchdog_us = now_us + d->watchdog_interval_us / 2;
    }
    if (now_us >= d->notify_us) {
        d->notify_us = now_us + 5000000;
        fc_core_get_status(d->core, &status);
        sd_notifyf(0, "STATUS=in sync with %u of %u peers, %u feeds on their way",
                   status.in_sync_with, status.open, status.loading);
    }
}

static void tell_http(struct fc_daemon *d)
{
    struct fc_message_status status = {.running = true};
    if (d->http) {
        fc_core_get_status(d->core, &status.core);
        fc_http_committed(d->http, fc_replica_arrival_mark(d->replica), fc_show_sync(&status));
    }
}

static int wait_ms(struct fc_daemon *d, bool more)
{
    uint64_t now_us = fc_clock_mono_us();
    if (d->backoff_ms && d->resume_us > now_us) {
        uint64_t left_ms = (d->resume_us - now_us) / 1000 + 1;
        return (int)(left_ms < WAIT_MAX_MS ? left_ms : WAIT_MAX_MS);
    }
    if (more || d->lost || d->returned_count || d->failed_count || d->service.changed ||
        fc_transport_pending(d->transport)) {
        return 0;
    }
    uint64_t deadline_us = fc_core_deadline_us(d->core);
    if (d->untidy && d->tidy_us < deadline_us) {
        deadline_us = d->tidy_us;
    }
    if (deadline_us <= now_us) {
        return 0;
    }
    uint64_t left_ms = (deadline_us - now_us) / 1000 + 1;
    return (int)(left_ms < WAIT_MAX_MS ? left_ms : WAIT_MAX_MS);
}

/* -- the loop --------------------------------------------------------------------------------- */

static void read_signals(struct fc_daemon *d)
{
    struct signalfd_siginfo info;
    while (read(d->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT) {
            d->stop = true;
        }
    }
}

static bool has_work(struct fc_daemon *d, bool network)
{
    return network || d->lost || d->returned_count || d->failed_count || d->service.changed ||
           fc_core_deadline_us(d->core) <= fc_clock_mono_us();
}

static bool turn(struct fc_daemon *d, struct pollfd *fds, uint32_t transport_count, bool more)
{
    bool network = more || fc_transport_pending(d->transport);
    for (uint32_t i = 0; i < transport_count; i++) {
        network = network || fds[i].revents;
    }
    read_signals(d);
    fc_clients_serve(d->clients);
    if (d->http) {
        fc_http_serve(d->http, d, fc_daemon_answer);
    }
    uint64_t now_us = fc_clock_mono_us();
    bool held_back = d->backoff_ms && now_us < d->resume_us;
    bool idle = true;
    more = false;
    if (!held_back && has_work(d, network)) {
        more = run_batch(d);
        idle = !network;
    }
    settle(d);
    if (!held_back && !d->lost) {
        enum fc_err err = fc_upkeep_run(&d->upkeep, fc_clock_wall_ms(), d->settled);
        plan_tidying(d);
        if (err == FC_OK && idle && !more && d->untidy && now_us >= d->tidy_us) {
            err = tidy(d);
        }
        if (err != FC_OK) {
            note_failure(d, err);
            d->lost = true;
        }
    }
    tell_http(d);
    recheck_members(d, now_us);
    notify(d, now_us);
    return more;
}

static enum fc_err loop(struct fc_daemon *d)
{
    enum { FDS_MAX = TRANSPORT_FDS_MAX + FC_CLIENTS_MAX + 3 };
    struct pollfd *fds = calloc(FDS_MAX, sizeof *fds);
    int *transport_fds = calloc(TRANSPORT_FDS_MAX, sizeof *transport_fds);
    enum fc_err err = fds && transport_fds ? FC_OK : FC_E_NOMEM;
    bool more = true;
    while (err == FC_OK && !d->stop) {
        uint32_t transport_count = fc_transport_fds(d->transport, transport_fds, TRANSPORT_FDS_MAX);
        bool held_back = d->backoff_ms && fc_clock_mono_us() < d->resume_us;
        for (uint32_t i = 0; i < transport_count; i++) {
            /* While nothing can be stored, what peers send waits in their queues. */
            fds[i] = (struct pollfd){.fd = held_back ? -1 : transport_fds[i], .events = POLLIN};
        }
        uint32_t count = transport_count;
        fds[count++] = (struct pollfd){.fd = d->signal_fd, .events = POLLIN};
        if (d->http) {
            fds[count++] = (struct pollfd){.fd = fc_http_fd(d->http), .events = POLLIN};
        }
        count += fc_clients_poll(d->clients, fds + count);
        if (poll(fds, count, wait_ms(d, more)) < 0 && errno != EINTR) {
            err = FC_E_IO;
        } else {
            more = turn(d, fds, transport_count, more);
        }
    }
    free(fds);
    free(transport_fds);
    return err;
}

enum fc_exit fc_daemon_run(struct fc_cli *cli, const struct fc_config *config)
{
    struct fc_daemon d = {.cli = cli, .config = config, .signal_fd = -1};
    char key[65];
    uint64_t watchdog_us = 0;
    fc_log_init(&d.log, &config->log);
    setvbuf(stderr, NULL, _IOLBF, 0);
    enum fc_err err = fc_daemon_start(&d);
    enum fc_exit status = cli->status;
    if (err == FC_OK) {
        fc_hex(d.service.node_key.b, 32, key);
        fc_log_say(&d.log, FC_LOG_INFO, "fedcat %s runs in %s, node %s", FEDCAT_VERSION,
                   cli->home.path, key);
        for (uint32_t i = 0; fc_transport_endpoint(d.transport, i); i++) {
            fc_log_say(&d.log, FC_LOG_INFO, "takes connections at %s",
                       fc_transport_endpoint(d.transport, i));
        }
        if (d.http) {
            fc_log_say(&d.log, FC_LOG_INFO, "answers at %s", fc_http_url(d.http));
        }
        if (sd_watchdog_enabled(0, &watchdog_us) > 0) {
            d.watchdog_interval_us = watchdog_us;
        }
        sd_notify(0, "READY=1");
        err = loop(&d);
        sd_notify(0, "STOPPING=1");
        fc_http_stop(d.http, STOP_HTTP_MS);
        status = err == FC_OK ? FC_EXIT_OK : fc_cli_fail(cli, err, "stopped");
        fc_log_say(&d.log, FC_LOG_INFO, "stopped");
    }
    fc_daemon_finish(&d);
    return status;
}
