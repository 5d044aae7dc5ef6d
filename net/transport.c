#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "net/transport_endpoint.h"
#include "net/transport_priv.h"

enum {
    IO_THREADS = 2, /* one for what comes in, one for dials: ZeroMQ resolves names on its thread */
    QUEUE_DEFAULT = 64,
    HANDSHAKE_DEFAULT_MS = 5000,
    HEARTBEAT_DEFAULT_MS = 10000,
    INTAKE_CHECK_MS = 200,
    DESCRIPTORS_KEPT = 128, /* for everything but connections */
};

void fc_transport_get_stats(const struct fc_transport *t, struct fc_transport_stats *out)
{
    *out = t->stats;
}

const char *fc_transport_endpoint(const struct fc_transport *t, uint32_t index)
{
    return index < t->endpoint_count ? t->endpoints[index] : NULL;
}

struct fc_transport_socket_options fc_transport_options(const struct fc_transport *t)
{
    return (struct fc_transport_socket_options){
        .queue_out = (int)t->queue_max,
        .queue_in = (int)(t->queue_max < FC_TRANSPORT_QUEUE_IN_MAX ? t->queue_max
                                                                   : FC_TRANSPORT_QUEUE_IN_MAX),
        .handshake_ms = (int)t->handshake_ms,
        .heartbeat_ms = (int)t->heartbeat_ms,
        .secret = &t->secret};
}

static enum fc_err bind_one(struct fc_transport *t, const char *endpoint)
{
    struct fc_span span = fc_span_str(endpoint);
    if (!fc_endpoint_bindable(span))
        return FC_E_ARG;
    enum fc_err err =
        fc_transport_socket_bind(t->router, endpoint, fc_endpoint_may_be_ipv6(span),
                                 t->endpoints[t->endpoint_count], FC_TRANSPORT_ENDPOINT_TEXT_MAX);
    t->endpoint_count += err == FC_OK;
    return err;
}

static bool open_listeners(struct fc_transport *t)
{
    const struct fc_transport_socket_options options = fc_transport_options(t);
    t->zap = fc_transport_socket_open(t->sockets, FC_SOCKET_ZAP);
    t->router = fc_transport_socket_open(t->sockets, FC_SOCKET_ROUTER);
    return t->zap && t->router && fc_transport_socket_bind_zap(t->zap) &&
           fc_transport_socket_set_router(t->router, &options);
}

static enum fc_err listen_all(struct fc_transport *t, const struct fc_transport_config *config,
                              const char **failed)
{
    if (config->bind_count == 0)
        return FC_OK;
    t->endpoints = calloc(config->bind_count, sizeof *t->endpoints);
    if (!t->endpoints)
        return FC_E_NOMEM;
    if (!open_listeners(t))
        return FC_E_IO;
    for (uint32_t i = 0; i < config->bind_count; i++) {
        enum fc_err err = bind_one(t, config->bind[i]);
        if (err != FC_OK) {
            if (failed)
                *failed = config->bind[i];
            return err;
        }
    }
    /* After the binds: they report to the monitor too, and would wait for it to be read. */
    t->router_monitor = fc_monitor_open(t->sockets, t->router, FC_SOCKET_ROUTER, "inproc://router");
    return t->router_monitor ? FC_OK : FC_E_IO;
}

static enum fc_err prepare(struct fc_transport *t, const struct fc_transport_config *config)
{
    const struct timespec interval = {.tv_nsec = INTAKE_CHECK_MS * 1000000L};
    const struct itimerspec period = {.it_interval = interval, .it_value = interval};
    t->secret = config->secret;
    t->key = fc_box_key_public(&config->secret);
    t->ctx = config->ctx;
    t->admits = config->admits;
    t->queue_max = config->queue_max ? config->queue_max : QUEUE_DEFAULT;
    t->handshake_ms = config->handshake_ms ? config->handshake_ms : HANDSHAKE_DEFAULT_MS;
    t->heartbeat_ms = config->heartbeat_ms ? config->heartbeat_ms : HEARTBEAT_DEFAULT_MS;
    t->cap = config->links_max ? config->links_max : FC_LINKS_MAX;
    t->event_cap = 4 * t->cap + 4;
    t->conns.pending_max = fc_conns_pending_max(DESCRIPTORS_KEPT + (size_t)t->cap * 3);
    t->links = calloc(t->cap, sizeof *t->links);
    t->events = calloc(t->event_cap, sizeof *t->events);
    t->sockets = fc_sockets_create();
    t->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    t->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (!t->links || !t->events || !t->sockets)
        return FC_E_NOMEM;
    if (t->wake_fd < 0 || t->timer_fd < 0 || timerfd_settime(t->timer_fd, 0, &period, NULL) != 0 ||
        !fc_sockets_set(t->sockets, IO_THREADS, (int)t->cap * 3 + 16))
        return FC_E_IO;
    return FC_OK;
}

enum fc_err fc_transport_create(const struct fc_transport_config *config,
                                struct fc_transport **transport, const char **failed)
{
    enum { TIMES_MAX_MS = 3600 * 1000 };
    if (!config->admits || config->handshake_ms > TIMES_MAX_MS ||
        config->heartbeat_ms > TIMES_MAX_MS || config->links_max > 65536)
        return FC_E_ARG;
    struct fc_transport *made = calloc(1, sizeof *made);
    if (!made)
        return FC_E_NOMEM;
    made->wake_fd = made->timer_fd = -1;
    if (failed)
        *failed = NULL;
    enum fc_err err = prepare(made, config);
    if (err == FC_OK)
        err = listen_all(made, config, failed);
    if (err == FC_OK)
        *transport = made;
    else
        fc_transport_destroy(made);
    return err;
}

void fc_transport_destroy(struct fc_transport *t)
{
    if (!t)
        return;
    fc_sockets_shutdown(t->sockets); /* wakes a thread that waits for a monitor's reader */
    fc_transport_release(t);
    fc_transport_message_give(t, t->first);
    for (uint32_t i = 0; t->links && i < t->cap; i++)
        if (t->links[i].id != 0)
            fc_link_end(t, &t->links[i]);
    fc_transport_socket_close(t->router, t->router_monitor);
    fc_transport_socket_close(t->zap, NULL);
    fc_sockets_destroy(t->sockets);
    while (t->spare) {
        struct fc_transport_message *message = t->spare;
        t->spare = message->next;
        free(message);
    }
    if (t->timer_fd >= 0)
        close(t->timer_fd);
    if (t->wake_fd >= 0)
        close(t->wake_fd); /* after the context: its last messages may still write to it */
    fc_conns_finish(&t->conns);
    fc_wipe(&t->secret, sizeof t->secret);
    free(t->endpoints);
    free(t->events);
    free(t->links);
    free(t);
}
