/* Starting and stopping a daemon. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "net/spread_plumtree.h"
#include "net/view_registry.h"
#include "node/clock.h"
#include "node/daemon_inside.h"
#include "node/entropy.h"
#include "node/http.h"
#include "node/keyfile.h"
#include "node/passphrase.h"
#include "store/kv_lmdb.h"

enum { LOCK_WAIT_MS = 10000 };

static bool admits(void *ctx, const struct fc_key *key)
{
    const struct fc_daemon *d = ctx;
    return d->core && fc_core_admits(d->core, key);
}

static enum fc_err catch_signals(struct fc_daemon *d)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    signal(SIGPIPE, SIG_IGN);
    /* Before any thread starts: they inherit the mask. */
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0) {
        return FC_E_IO;
    }
    d->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return d->signal_fd < 0 ? FC_E_IO : FC_OK;
}

static void index_progress(void *ctx, const struct fc_index_progress *at)
{
    struct fc_daemon *d = ctx;
    fc_log_say(&d->log, FC_LOG_INFO, "search index: %llu of %llu entries",
               (unsigned long long)at->done, (unsigned long long)at->total);
}

/* The store comes from a version without this index, or one whose index was another. */
static enum fc_err make_index(struct fc_daemon *d)
{
    fc_log_say(&d->log, FC_LOG_INFO, "the search index is made again");
    return fc_replica_reindex(d->replica, index_progress, d);
}

static enum fc_err open_replica(struct fc_daemon *d)
{
    char *path = fc_home_path(&d->cli->home, "store");
    struct fc_kv_lmdb_config kv_config = {.path = path};
    struct fc_replica_config config = {.verifier = fc_verify_pool_verifier(d->pool), .index = true};
    enum fc_err err = path ? fc_entropy_fill(config.seed, sizeof config.seed) : FC_E_NOMEM;
    if (err == FC_OK) {
        err = fc_kv_lmdb_open(&kv_config, &config.kv);
        /* A command may be at work in the store: it ends soon. */
        for (int waited_ms = 0; err == FC_E_LOCKED && waited_ms < LOCK_WAIT_MS; waited_ms += 20) {
            usleep(20000);
            err = fc_kv_lmdb_open(&kv_config, &config.kv);
        }
    }
    if (err == FC_OK) {
        err = fc_replica_open(&config, &d->replica);
    }
    if (err == FC_OK && fc_replica_index_state(d->replica) == FC_INDEX_STALE) {
        err = make_index(d);
    }
    if (err == FC_E_MISSING) {
        fc_cli_warn(d->cli, "%s: this node is in no federation yet (fedcat init, fedcat join)",
                    d->cli->home.path);
        d->cli->status = FC_EXIT_MISSING;
    } else if (err != FC_OK) {
        fc_cli_fail(d->cli, err, "%s", path);
    }
    free(path);
    return err;
}

static bool is_wildcard(const char *endpoint)
{
    return strncmp(endpoint, "tcp://0.0.0.0:", 14) == 0 || strncmp(endpoint, "tcp://*:", 8) == 0 ||
           strncmp(endpoint, "tcp://[::]:", 11) == 0;
}

/* As others dial this node: what the configuration says, else what is bound and is no wildcard. */
static void choose_announced(struct fc_daemon *d)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < d->config->announce_count && count < FC_ENDPOINTS_MAX; i++) {
        d->announced[count++] = d->config->announce[i];
    }
    for (uint32_t i = 0; d->config->announce_count == 0 && count < FC_ENDPOINTS_MAX; i++) {
        const char *bound = fc_transport_endpoint(d->transport, i);
        if (!bound) {
            break;
        }
        if (!is_wildcard(bound)) {
            d->announced[count++] = bound;
        } else {
            fc_log_say(&d->log, FC_LOG_WARNING,
                       "%s is no address that others can dial: set \"announce\"", bound);
        }
    }
    d->service.announced = d->announced;
    d->service.announced_count = count;
}

static enum fc_err open_transport(struct fc_daemon *d)
{
    struct fc_keyfile key = {0};
    char *path = NULL;
    enum fc_exit status;
    const char *failed = NULL;
    enum fc_err err = fc_home_key_path(&d->cli->home, "node", "", &path);
    if (err == FC_OK) {
        err = fc_passphrase_open_key(d->cli, path, &key, &status);
        d->cli->status = err == FC_OK ? d->cli->status : status;
    }
    free(path);
    if (err != FC_OK) {
        return err;
    }
    struct fc_transport_config config = {
        .secret = key.box,
        .bind = (const char *const *)(void *)d->config->listen,
        .bind_count = d->config->listen_count,
        .ctx = d,
        .admits = admits,
    };
    d->service.node_key = key.public_key;
    err = fc_transport_create(&config, &d->transport, &failed);
    fc_wipe(&config.secret, sizeof config.secret);
    fc_keyfile_wipe(&key);
    if (err != FC_OK) {
        fc_cli_fail(d->cli, err, "%s", failed ? failed : "transport");
    }
    return err;
}

static enum fc_err open_core(struct fc_daemon *d)
{
    struct fc_bootstrap nodes[FC_BOOTFILE_NODES_MAX];
    struct fc_core_config config = {
        .replica = d->replica,
        .verifier = fc_verify_pool_verifier(d->pool),
        .node_key = d->service.node_key,
        .bootstrap = nodes,
        .view = &fc_view_registry,
        .spread = &fc_spread_plumtree,
        .peers_active_max = d->config->peers_max,
    };
    struct fc_node self;
    enum fc_err err = fc_bootfile_load(&d->cli->home, &d->boot);
    if (err != FC_OK && err != FC_E_MISSING) {
        fc_cli_fail(d->cli, err, "%s/bootstrap.json", d->cli->home.path);
        return err;
    }
    for (uint32_t i = 0; i < d->boot.node_count; i++) {
        const struct fc_bootfile_node *node = &d->boot.nodes[i];
        if (!fc_key_eq(&node->key, &d->service.node_key)) {
            nodes[config.bootstrap_count++] =
                (struct fc_bootstrap){.key = node->key, .endpoint = fc_span_str(node->endpoint)};
        }
    }
    if (fc_ledger_node(fc_replica_ledger(d->replica), &d->service.node_key, &self) == FC_OK) {
        config.participant = d->service.operator_id = self.participant;
    }
    err = fc_entropy_fill(config.seed, sizeof config.seed);
    if (err == FC_OK) {
        err = fc_core_create(&config, &d->core);
    }
    if (err != FC_OK) {
        fc_cli_fail(d->cli, err, "protocol");
    }
    return err;
}

static enum fc_err open_clients(struct fc_daemon *d)
{
    char *path = fc_home_path(&d->cli->home, "fedcat.sock");
    struct fc_clients_config config = {.path = path, .ctx = d, .answer = fc_daemon_answer};
    enum fc_err err = path ? fc_clients_create(&config, &d->clients) : FC_E_NOMEM;
    if (err == FC_E_BOUND) {
        fc_cli_warn(d->cli, "%s: too long for a socket's name (107 bytes)", path);
        d->cli->status = FC_EXIT_USAGE;
    } else if (err != FC_OK) {
        fc_cli_fail(d->cli, err, "%s", path);
    }
    free(path);
    return err;
}

static enum fc_err open_http(struct fc_daemon *d)
{
    const struct fc_config_http *config = &d->config->http;
    char fault[1024] = "";
    if (!config->listen[0]) {
        return FC_OK;
    }
    struct fc_interop_setup interop = {.node_key = d->service.node_key,
                                       .dsp_default_policy = config->dsp_default_policy};
    enum fc_err err = fc_interop_create(&interop, &d->interop, fault, sizeof fault);
    if (err == FC_OK) {
        err = fc_readers_create(d->replica, &d->readers);
    }
    struct fc_http_setup setup = {.config = config,
                                  .home = &d->cli->home,
                                  .log = &d->log,
                                  .readers = d->readers,
                                  .interop = d->interop,
                                  .groups = fc_http_groups};
    if (err == FC_OK) {
        err = fc_http_create(&setup, &d->http, fault, sizeof fault);
    }
    if (err != FC_OK && fault[0]) {
        fc_cli_warn(d->cli, "http: %s", fault);
        d->cli->status = fc_cli_exit(err);
    } else if (err != FC_OK) {
        fc_cli_fail(d->cli, err, "http");
    }
    return err;
}

enum fc_err fc_daemon_start(struct fc_daemon *d)
{
    enum fc_err err = catch_signals(d);
    if (err == FC_OK) {
        err = fc_verify_pool_create(0, &d->pool);
    }
    if (err != FC_OK) {
        fc_cli_fail(d->cli, err, "cannot start");
        return err;
    }
    err = open_replica(d);
    if (err == FC_OK) {
        err = open_transport(d);
    }
    if (err == FC_OK) {
        err = open_core(d);
    }
    if (err != FC_OK) {
        return err;
    }
    d->service.replica = d->replica;
    d->service.home = &d->cli->home;
    d->service.core = d->core;
    d->service.transport = d->transport;
    d->service.started_ms = fc_clock_wall_ms();
    d->started_us = fc_clock_mono_us();
    d->untidy = true; /* loads that a crash cut off */
    choose_announced(d);
    fc_upkeep_init(&d->upkeep, &d->service, d->config, &d->log, d->service.started_ms);
    err = open_clients(d);
    return err == FC_OK ? open_http(d) : err;
}

void fc_daemon_finish(struct fc_daemon *d)
{
    fc_http_destroy(d->http);
    fc_interop_destroy(d->interop);
    fc_readers_destroy(d->readers);
    fc_clients_destroy(d->clients);
    fc_core_destroy(d->core);
    fc_transport_destroy(d->transport);
    fc_replica_close(d->replica);
    fc_verify_pool_destroy(d->pool);
    fc_effects_finish(&d->effects);
    fc_bootfile_finish(&d->boot);
    for (size_t i = 0; i < d->returned_count; i++) {
        fc_buf_finish(&d->returned[i].bytes);
    }
    free(d->returned);
    free(d->failed_dials);
    if (d->signal_fd >= 0) {
        close(d->signal_fd);
    }
}
