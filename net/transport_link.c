#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/transport_endpoint.h"
#include "net/transport_priv.h"

enum { LINK_BYTES_MAX = 2 * FC_FRAME_BYTES_MAX /* queued for one peer */ };
_Static_assert((int)LINK_BYTES_MAX >= (int)FC_FRAME_BYTES_MAX, "a link's queue takes any message");

struct fc_transport_link *fc_link_find(const struct fc_transport *t, fc_link id)
{
    struct fc_transport_link *link = &t->links[id % t->cap];
    return id != 0 && link->id == id ? link : NULL;
}

struct fc_transport_link *fc_link_create(struct fc_transport *t, const struct fc_key *key,
                                         bool inbound)
{
    uint32_t slot = 0;
    while (slot < t->cap && t->links[slot].id != 0)
        slot++;
    if (slot == t->cap)
        return NULL;
    struct fc_meter *meter = fc_meter_create(t->wake_fd);
    if (!meter)
        return NULL;
    if (++t->serial >= UINT32_MAX / t->cap)
        t->serial = 1;
    t->links[slot] = (struct fc_transport_link){
        .id = t->serial * t->cap + slot, .key = *key, .inbound = inbound, .meter = meter};
    t->stats.links++;
    return &t->links[slot];
}

void fc_link_end(struct fc_transport *t, struct fc_transport_link *link)
{
    fc_transport_socket_close(link->dealer, link->monitor);
    if (link->stashed)
        fc_frame_close(&link->stash);
    fc_meter_release(link->meter);
    *link = (struct fc_transport_link){0};
    t->stats.links--;
}

/* Ends a link and, for one that came in, the connection under it. */
static void link_close(struct fc_transport *t, struct fc_transport_link *link)
{
    struct fc_conn *conn = link->inbound ? fc_conns_by_route(&t->conns, link->route) : NULL;
    if (conn) {
        conn->link = 0;
        fc_conns_shut(&t->conns, conn);
    }
    fc_link_end(t, link);
}

void fc_link_down(struct fc_transport *t, struct fc_transport_link *link)
{
    fc_transport_push(t, link->up ? FC_EVENT_LINK_DOWN : FC_EVENT_DIAL_FAILED, link);
    link_close(t, link);
}

/* -- what goes out ----------------------------------------------------------------------------- */

/* Hands the stashed message to ZeroMQ: FC_OK, FC_E_AGAIN, FC_E_CLOSED. */
static enum fc_err stash_send(struct fc_transport *t, struct fc_transport_link *link)
{
    void *socket = link->inbound ? t->router : link->dealer;
    size_t len = fc_frame_bytes(&link->stash).len;
    enum fc_err err =
        link->inbound ? fc_transport_socket_send_route(socket, fc_span(link->route, FC_ROUTE_BYTES))
                      : FC_OK;
    if (err == FC_OK)
        err = fc_frame_send(&link->stash, socket);
    if (err != FC_OK)
        return err;
    link->stashed = false;
    t->stats.bytes_out += len;
    return FC_OK;
}

enum fc_err fc_transport_send(struct fc_transport *t, fc_link id, struct fc_span bytes)
{
    struct fc_transport_link *link = fc_link_find(t, id);
    if (!link || !link->up || link->gone)
        return FC_E_CLOSED;
    if (bytes.len == 0 || bytes.len > FC_FRAME_BYTES_MAX)
        return FC_E_BOUND;
    if (link->stashed || !fc_meter_fits(link->meter, bytes.len, LINK_BYTES_MAX)) {
        link->blocked = true;
        return FC_E_AGAIN;
    }
    struct fc_packet *packet = fc_packet_create(link->meter, bytes);
    if (!packet)
        return FC_E_NOMEM;
    enum fc_err err = fc_frame_pack(&link->stash, packet);
    if (err != FC_OK)
        return err;
    link->stashed = true;
    err = stash_send(t, link);
    if (err == FC_E_CLOSED)
        fc_link_down(t, link);
    return err == FC_E_AGAIN ? FC_OK : err;
}

void fc_links_flush(struct fc_transport *t)
{
    if (t->router)
        fc_transport_socket_refresh(t->router);
    for (uint32_t i = 0; i < t->cap; i++) {
        struct fc_transport_link *link = &t->links[i];
        if (link->id == 0 || !link->up || link->gone || !(link->stashed || link->blocked))
            continue;
        if (link->stashed) {
            if (link->dealer)
                fc_transport_socket_refresh(link->dealer);
            enum fc_err err = stash_send(t, link);
            if (err == FC_E_CLOSED)
                fc_link_down(t, link);
            if (err != FC_OK)
                continue;
        }
        if (link->blocked && t->event_count < t->cap &&
            fc_meter_fits(link->meter, FC_FRAME_BYTES_MAX, LINK_BYTES_MAX)) {
            link->blocked = false;
            fc_transport_push(t, FC_EVENT_WRITABLE, link);
        }
    }
}

/* -- from the outside -------------------------------------------------------------------------- */

enum fc_err fc_transport_dial(struct fc_transport *t, const struct fc_key *key,
                              struct fc_span endpoint)
{
    char text[FC_ENDPOINT_BYTES_MAX + 1], name[48];
    const struct fc_transport_socket_options options = fc_transport_options(t);
    if (!fc_endpoint_dialable(endpoint))
        return FC_E_ARG;
    memcpy(text, endpoint.data, endpoint.len);
    text[endpoint.len] = '\0';
    struct fc_transport_link *link = fc_link_create(t, key, false);
    if (!link)
        return FC_E_BOUND;
    snprintf(name, sizeof name, "inproc://dial-%u", link->id);
    link->dealer = fc_transport_socket_open(t->sockets, FC_SOCKET_DEALER);
    if (!link->dealer || !fc_transport_socket_set_dealer(link->dealer, &options, &t->key, key,
                                                         fc_endpoint_may_be_ipv6(endpoint)))
        goto failed;
    link->monitor = fc_monitor_open(t->sockets, link->dealer, FC_SOCKET_DEALER, name);
    if (!link->monitor || !fc_transport_socket_connect(link->dealer, text))
        goto failed;
    return FC_OK;
failed:;
    enum fc_err err = errno == EINVAL ? FC_E_ARG : FC_E_IO;
    fc_link_end(t, link);
    return err;
}

void fc_transport_close(struct fc_transport *t, fc_link id)
{
    struct fc_transport_link *link = fc_link_find(t, id);
    if (link)
        link_close(t, link);
}

void fc_transport_recheck(struct fc_transport *t)
{
    for (uint32_t i = 0; i < t->cap; i++) {
        struct fc_transport_link *link = &t->links[i];
        if (link->id != 0 && link->up && !t->admits(t->ctx, &link->key))
            fc_link_down(t, link);
    }
}
