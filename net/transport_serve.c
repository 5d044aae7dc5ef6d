#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/transport_priv.h"

enum {
    LINKS_PER_KEY_MAX = 4,
    INTAKE_MAX = 64 * 1024 * 1024, /* what may come without making up a message: see below */
    BURST = 32, /* messages read from one socket before the others have their turn */
    SPARE_MAX = 64,
};

/* Unread messages, the one that is coming in, and what the kernel's buffer holds. */
_Static_assert(INTAKE_MAX >= (FC_TRANSPORT_QUEUE_IN_MAX + 2) * (int)FC_FRAME_BYTES_MAX,
               "a link that is merely read slowly is not taken for one that floods");

enum served { SERVED_NOTHING, SERVED_SOMETHING, SERVED_MESSAGE };

/* -- events and messages ----------------------------------------------------------------------- */

void fc_transport_push(struct fc_transport *t, enum fc_event_kind kind,
                       const struct fc_transport_link *link)
{
    assert(t->event_count < t->event_cap);
    struct fc_event *event = &t->events[(t->event_first + t->event_count++) % t->event_cap];
    *event = (struct fc_event){
        .kind = kind, .link = link->id, .key = link->key, .inbound = link->inbound};
}

static struct fc_transport_message *message_take(struct fc_transport *t)
{
    struct fc_transport_message *message = t->spare;
    if (message) {
        t->spare = message->next;
        t->spare_count--;
    } else {
        message = malloc(sizeof *message);
    }
    if (message)
        fc_frame_init(&message->frame);
    return message;
}

void fc_transport_message_give(struct fc_transport *t, struct fc_transport_message *message)
{
    if (!message)
        return;
    fc_frame_close(&message->frame);
    if (t->spare_count == SPARE_MAX) {
        free(message);
        return;
    }
    message->next = t->spare;
    t->spare = message;
    t->spare_count++;
}

static void hand_out(struct fc_transport *t, const struct fc_transport_link *link,
                     struct fc_transport_message *message, struct fc_event *event)
{
    message->next = t->held;
    t->held = message;
    struct fc_span bytes = fc_frame_bytes(&message->frame);
    t->stats.bytes_in += bytes.len;
    *event = (struct fc_event){.kind = FC_EVENT_MESSAGE,
                               .link = link->id,
                               .key = link->key,
                               .inbound = link->inbound,
                               .bytes = bytes};
}

void fc_transport_release(struct fc_transport *t)
{
    while (t->held) {
        struct fc_transport_message *message = t->held;
        t->held = message->next;
        fc_transport_message_give(t, message);
    }
}

static bool payload_ok(const struct fc_frame *frame)
{
    size_t len = fc_frame_bytes(frame).len;
    return len > 0 && len <= FC_FRAME_BYTES_MAX;
}

/* -- what comes in ----------------------------------------------------------------------------- */

static void conn_lost(void *ctx, uint32_t id)
{
    struct fc_transport *t = ctx;
    struct fc_transport_link *link = fc_link_find(t, id);
    if (!link)
        return;
    fc_transport_push(t, FC_EVENT_LINK_DOWN, link);
    fc_link_end(t, link);
}

static enum served serve_zap(struct fc_transport *t)
{
    struct fc_zap_request request;
    if (!fc_zap_receive(t->zap, &request))
        return SERVED_NOTHING;
    bool admitted = request.whole && t->admits(t->ctx, &request.key);
    t->stats.handshakes += admitted;
    t->stats.refused += !admitted;
    fc_zap_answer(t->zap, &request, admitted);
    return SERVED_SOMETHING;
}

static enum served serve_router_monitor(struct fc_transport *t)
{
    uint32_t fd = 0;
    enum fc_monitor_event event = fc_monitor_next(t->router_monitor, &fd);
    if (event == FC_MONITOR_ACCEPTED)
        fc_conns_opened(&t->conns, (int)fd);
    else if (event == FC_MONITOR_ENDED)
        fc_conns_lost(&t->conns, (int)fd);
    return event == FC_MONITOR_NOTHING ? SERVED_NOTHING : SERVED_SOMETHING;
}

/* A member's first message makes the link. NULL when there is no room. */
static struct fc_transport_link *link_accept(struct fc_transport *t, struct fc_conn *conn,
                                             const struct fc_key *key)
{
    struct fc_transport_link *oldest = NULL, *link;
    uint32_t same = 0;
    for (uint32_t i = 0; i < t->cap; i++) {
        struct fc_transport_link *other = &t->links[i];
        if (other->id == 0 || !other->inbound || !fc_key_eq(&other->key, key))
            continue;
        same++;
        if (!oldest || other->id / t->cap < oldest->id / t->cap)
            oldest = other;
    }
    if (same >= LINKS_PER_KEY_MAX)
        fc_link_down(t, oldest);
    link = fc_link_create(t, key, true);
    if (!link)
        return NULL;
    memcpy(link->route, conn->route, sizeof link->route);
    link->up = true;
    conn->link = link->id;
    fc_transport_push(t, FC_EVENT_LINK_UP, link);
    return link;
}

/* Which connection a message came by. Its key was put there by serve_zap and cannot be forged. */
static struct fc_conn *conn_of(struct fc_transport *t, const uint8_t route[FC_ROUTE_BYTES],
                               const struct fc_frame *frame)
{
    struct fc_conn *conn = fc_conns_by_route(&t->conns, route);
    if (conn)
        return conn;
    /* It was reported before it could deliver, so the report can be read by now. */
    while (serve_router_monitor(t) != SERVED_NOTHING)
        ;
    conn = fc_conns_unnamed(&t->conns, fc_frame_fd(frame));
    if (conn)
        fc_conns_name(&t->conns, conn, route);
    return conn;
}

static bool key_of(const struct fc_frame *frame, struct fc_key *key)
{
    const char *user = fc_frame_user(frame);
    return user && strlen(user) == 2 * sizeof key->b &&
           fc_unhex(user, key->b, sizeof key->b) == FC_OK;
}

/* What is to be done with a message from the ROUTER: its link, or NULL to drop it. */
static struct fc_transport_link *route_message(struct fc_transport *t,
                                               const uint8_t route[FC_ROUTE_BYTES],
                                               const struct fc_frame *frame)
{
    struct fc_key key;
    struct fc_conn *conn = conn_of(t, route, frame);
    if (!conn || conn->shut)
        return NULL;
    struct fc_transport_link *link = fc_link_find(t, conn->link);
    bool admitted = key_of(frame, &key) && t->admits(t->ctx, &key);
    if (admitted && payload_ok(frame))
        link = link ? link : link_accept(t, conn, &key);
    else if (admitted)
        return NULL;
    else if (link)
        fc_link_down(t, link);
    if (!admitted || !link)
        fc_conns_shut(&t->conns, conn);
    conn->intake.delivered = true;
    return admitted ? link : NULL;
}

static enum served serve_router(struct fc_transport *t, struct fc_event *event)
{
    struct fc_frame route;
    struct fc_transport_message *message = message_take(t);
    if (!message)
        return SERVED_NOTHING;
    fc_frame_init(&route);
    if (!fc_frame_receive(&route, t->router)) {
        fc_transport_message_give(t, message);
        fc_conns_sweep(&t->conns, t, conn_lost);
        return SERVED_NOTHING;
    }
    struct fc_transport_link *link = NULL;
    bool single = fc_frame_receive_rest(&message->frame, t->router) == FC_RECEIVED_ONE;
    /* Peers of ours leave their routing id to the ROUTER; whoever sets one squats on others'. */
    if (single && fc_frame_bytes(&route).len == FC_ROUTE_BYTES)
        link = route_message(t, fc_frame_bytes(&route).data, &message->frame);
    fc_frame_close(&route);
    if (!link) {
        t->stats.dropped++;
        fc_transport_message_give(t, message);
        return SERVED_SOMETHING;
    }
    if (t->event_count == 0) {
        hand_out(t, link, message, event);
        return SERVED_MESSAGE;
    }
    t->first = message;
    t->first_link = link->id;
    return SERVED_SOMETHING;
}

static enum served serve_dial_monitor(struct fc_transport *t, struct fc_transport_link *link)
{
    uint32_t value = 0;
    enum fc_monitor_event event = fc_monitor_next(link->monitor, &value);
    if (event == FC_MONITOR_NOTHING)
        return SERVED_NOTHING;
    if (event == FC_MONITOR_CONNECTED) {
        link->fd = (int)value;
    } else if (event == FC_MONITOR_READY) {
        link->up = true;
        fc_transport_push(t, FC_EVENT_LINK_UP, link);
    } else {
        link->gone = true;
    }
    return SERVED_SOMETHING;
}

static enum served serve_dealer(struct fc_transport *t, struct fc_transport_link *link,
                                struct fc_event *event)
{
    struct fc_transport_message *message = message_take(t);
    if (!message)
        return SERVED_NOTHING;
    enum fc_received received = fc_frame_receive_rest(&message->frame, link->dealer);
    link->intake.delivered |= received != FC_RECEIVED_NOTHING;
    if (received == FC_RECEIVED_ONE && payload_ok(&message->frame) &&
        t->admits(t->ctx, &link->key)) {
        hand_out(t, link, message, event);
        return SERVED_MESSAGE;
    }
    fc_transport_message_give(t, message);
    if (received == FC_RECEIVED_NOTHING) {
        if (link->gone)
            fc_link_down(t, link);
        return SERVED_NOTHING;
    }
    t->stats.dropped++;
    return SERVED_SOMETHING;
}

static enum served serve_dial(struct fc_transport *t, struct fc_transport_link *link,
                              struct fc_event *event)
{
    enum served served = serve_dial_monitor(t, link);
    if (served != SERVED_NOTHING || !(link->up || link->gone))
        return served;
    return serve_dealer(t, link, event);
}

/* A message's frames are not handed on before the last has come, and no option bounds them. */
static void check_intake(struct fc_transport *t)
{
    fc_conns_check_intake(&t->conns, INTAKE_MAX);
    for (uint32_t i = 0; i < t->cap; i++) {
        struct fc_transport_link *link = &t->links[i];
        if (link->dealer && link->up && !link->gone &&
            fc_intake_exceeds(&link->intake, link->fd, INTAKE_MAX))
            link->gone = true;
    }
}

/* The sources, one after the other: 0 what waits to be sent, 1 ZAP, 2 monitor, 3 ROUTER, dials. */
enum { FIRST_DIAL = 4 };

static enum served serve(struct fc_transport *t, uint32_t source, struct fc_event *event)
{
    if (source >= FIRST_DIAL) {
        struct fc_transport_link *link = &t->links[source - FIRST_DIAL];
        return link->dealer ? serve_dial(t, link, event) : SERVED_NOTHING;
    }
    if (source == 0) {
        uint64_t count;
        ssize_t got = read(t->wake_fd, &count, sizeof count);
        if (read(t->timer_fd, &count, sizeof count) > 0)
            check_intake(t);
        (void)got;
        fc_links_flush(t);
        return SERVED_NOTHING;
    }
    if (!t->router)
        return SERVED_NOTHING;
    if (source == 1)
        return serve_zap(t);
    return source == 2 ? serve_router_monitor(t) : serve_router(t, event);
}

static bool pop_event(struct fc_transport *t, struct fc_event *event)
{
    if (t->event_count > 0) {
        *event = t->events[t->event_first];
        t->event_first = (t->event_first + 1) % t->event_cap;
        t->event_count--;
        return true;
    }
    if (!t->first)
        return false;
    struct fc_transport_message *message = t->first;
    struct fc_transport_link *link = fc_link_find(t, t->first_link);
    t->first = NULL;
    if (link)
        hand_out(t, link, message, event);
    else
        fc_transport_message_give(t, message);
    return link != NULL;
}

bool fc_transport_next(struct fc_transport *t, struct fc_event *event)
{
    uint32_t idle = 0, sources = FIRST_DIAL + t->cap;
    for (;;) {
        if (pop_event(t, event))
            return true;
        if (idle == sources)
            return false;
        enum served served = serve(t, t->turn, event);
        t->burst++;
        if (served != SERVED_NOTHING)
            idle = 0;
        else
            idle++;
        if (served == SERVED_NOTHING || t->burst >= BURST) {
            t->turn = (t->turn + 1) % sources;
            t->burst = 0;
        }
        if (served == SERVED_MESSAGE)
            return true;
    }
}

bool fc_transport_pending(struct fc_transport *t)
{
    fc_links_flush(t);
    if (t->event_count > 0 || t->first || fc_transport_socket_readable(t->zap) ||
        fc_transport_socket_readable(t->router_monitor) || fc_transport_socket_readable(t->router))
        return true;
    for (uint32_t i = 0; i < t->cap; i++)
        if (fc_transport_socket_readable(t->links[i].monitor) ||
            fc_transport_socket_readable(t->links[i].dealer))
            return true;
    return false;
}

static void add_fd(void *socket, int *fds, uint32_t max, uint32_t *count)
{
    int fd = socket && *count < max ? fc_transport_socket_fd(socket) : -1;
    if (fd >= 0)
        fds[(*count)++] = fd;
}

uint32_t fc_transport_fds(const struct fc_transport *t, int *fds, uint32_t max)
{
    uint32_t count = 0;
    if (max > 0)
        fds[count++] = t->wake_fd;
    if (max > 1 && t->stats.links > 0)
        fds[count++] = t->timer_fd;
    add_fd(t->zap, fds, max, &count);
    add_fd(t->router_monitor, fds, max, &count);
    add_fd(t->router, fds, max, &count);
    for (uint32_t i = 0; i < t->cap; i++) {
        add_fd(t->links[i].monitor, fds, max, &count);
        add_fd(t->links[i].dealer, fds, max, &count);
    }
    return count;
}
