#include "net/transport.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <zmq.h>

#include "net/transport_conns.h"
#include "net/transport_endpoint.h"
#include "net/transport_meter.h"

enum {
    IO_THREADS = 2, /* one for what comes in, one for dials: ZeroMQ resolves names on its thread */
    QUEUE_DEFAULT = 64,
    QUEUE_IN_MAX = 8, /* whole messages that wait unread, per link: 32 MiB at most */
    HANDSHAKE_DEFAULT_MS = 5000,
    HEARTBEAT_DEFAULT_MS = 10000,
    LINK_BYTES_MAX = 2 * FC_FRAME_BYTES_MAX, /* queued for one peer */
    LINKS_PER_KEY_MAX = 4,
    INTAKE_MAX = 64 * 1024 * 1024, /* what may come without making up a message: see below */
    INTAKE_CHECK_MS = 200,
    DESCRIPTORS_KEPT = 128, /* for everything but connections */
    BACKLOG = 512,
    BURST = 32,              /* messages read from one socket before the others have their turn */
    CURVE_OVERHEAD = 33,     /* command name, nonce and box around a message's flags and bytes */
    RECONNECT_MS = 86400000, /* in effect never: -1 would hide failures of name resolution */
    ENDPOINT_TEXT_MAX = 288,
    SPARE_MAX = 64,
};
#define ZAP_ENDPOINT "inproc://zeromq.zap.01"
#define ZAP_DOMAIN   "fedcat"

/* Unread messages, the one that is coming in, and what the kernel's buffer holds. */
_Static_assert(INTAKE_MAX >= (QUEUE_IN_MAX + 2) * (int)FC_FRAME_BYTES_MAX,
               "a link that is merely read slowly is not taken for one that floods");
_Static_assert((int)LINK_BYTES_MAX >= (int)FC_FRAME_BYTES_MAX, "a link's queue takes any message");

struct message { /* handed out, or spare */
    struct message *next;
    zmq_msg_t msg;
};
struct link {
    fc_link id; /* 0: the slot is free */
    struct fc_key key;
    bool inbound, up, blocked;
    int fd; /* dialled: of the connection */
    struct fc_intake intake;
    bool gone; /* dialled: the connection ended, what it delivered is still read */
    uint8_t route[FC_ROUTE_BYTES];
    void *dealer, *monitor;
    struct fc_meter *meter;
    zmq_msg_t stash; /* what ZeroMQ would not take yet: it cannot be asked beforehand */
    bool stashed;
};
struct fc_transport {
    void *zmq;
    void *router, *router_monitor, *zap;
    int wake_fd, timer_fd;
    struct fc_key key;
    struct fc_box_key secret;
    void *ctx;
    bool (*admits)(void *ctx, const struct fc_key *key);
    uint32_t queue_max, handshake_ms, heartbeat_ms;
    struct fc_conns conns;
    struct link *links;
    uint32_t cap, serial;
    struct fc_event *events; /* a ring; at most a few per slot are ever waiting */
    uint32_t event_cap, event_first, event_count;
    struct message *first; /* an inbound link's first message, waiting behind its LINK_UP */
    fc_link first_link;
    struct message *held, *spare;
    uint32_t spare_count;
    uint32_t turn, burst;
    char (*endpoints)[ENDPOINT_TEXT_MAX];
    uint32_t endpoint_count;
    struct fc_transport_stats stats;
};

enum served { SERVED_NOTHING, SERVED_SOMETHING, SERVED_MESSAGE };

/* Events. */

static void push_event(struct fc_transport *t, enum fc_event_kind kind, const struct link *link)
{
    assert(t->event_count < t->event_cap);
    struct fc_event *event = &t->events[(t->event_first + t->event_count++) % t->event_cap];
    *event = (struct fc_event){
        .kind = kind, .link = link->id, .key = link->key, .inbound = link->inbound};
}

static struct link *link_find(const struct fc_transport *t, fc_link id)
{
    struct link *link = &t->links[id % t->cap];
    return id != 0 && link->id == id ? link : NULL;
}

/* Messages. */

static struct message *message_take(struct fc_transport *t)
{
    struct message *message = t->spare;
    if (message) {
        t->spare = message->next;
        t->spare_count--;
    } else {
        message = malloc(sizeof *message);
    }
    if (message)
        zmq_msg_init(&message->msg);
    return message;
}

static void message_give(struct fc_transport *t, struct message *message)
{
    if (!message)
        return;
    zmq_msg_close(&message->msg);
    if (t->spare_count == SPARE_MAX) {
        free(message);
        return;
    }
    message->next = t->spare;
    t->spare = message;
    t->spare_count++;
}

static void hand_out(struct fc_transport *t, const struct link *link, struct message *message,
                     struct fc_event *event)
{
    message->next = t->held;
    t->held = message;
    size_t len = zmq_msg_size(&message->msg);
    t->stats.bytes_in += len;
    *event = (struct fc_event){.kind = FC_EVENT_MESSAGE,
                               .link = link->id,
                               .key = link->key,
                               .inbound = link->inbound,
                               .bytes = fc_span(zmq_msg_data(&message->msg), len)};
}

void fc_transport_release(struct fc_transport *t)
{
    while (t->held) {
        struct message *message = t->held;
        t->held = message->next;
        message_give(t, message);
    }
}

enum received { RECEIVED_NOTHING, RECEIVED_ONE, RECEIVED_SEVERAL };

/* The rest of a message. Of several frames the last is kept, for none of them counts. */
static enum received receive_rest(void *socket, zmq_msg_t *msg)
{
    enum received received = RECEIVED_ONE;
    if (zmq_msg_recv(msg, socket, ZMQ_DONTWAIT) < 0)
        return RECEIVED_NOTHING;
    while (zmq_msg_more(msg)) {
        received = RECEIVED_SEVERAL;
        if (zmq_msg_recv(msg, socket, ZMQ_DONTWAIT) < 0)
            break;
    }
    return received;
}

static bool payload_ok(zmq_msg_t *msg)
{
    return zmq_msg_size(msg) > 0 && zmq_msg_size(msg) <= FC_FRAME_BYTES_MAX;
}

/* Links. */

static struct link *link_create(struct fc_transport *t, const struct fc_key *key, bool inbound)
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
    t->links[slot] = (struct link){
        .id = t->serial * t->cap + slot, .key = *key, .inbound = inbound, .meter = meter};
    t->stats.links++;
    return &t->links[slot];
}

static void monitored_close(void *socket, void *monitor)
{
    /* First, so that ZeroMQ's thread never waits for a monitor that nobody reads. */
    if (monitor && socket)
        zmq_socket_monitor(socket, NULL, 0);
    if (monitor)
        zmq_close(monitor);
    if (socket)
        zmq_close(socket);
}

static void link_end(struct fc_transport *t, struct link *link)
{
    monitored_close(link->dealer, link->monitor);
    if (link->stashed)
        zmq_msg_close(&link->stash);
    fc_meter_release(link->meter);
    *link = (struct link){0};
    t->stats.links--;
}

/* Ends a link and, for one that came in, the connection under it. */
static void link_close(struct fc_transport *t, struct link *link)
{
    struct fc_conn *conn = link->inbound ? fc_conns_by_route(&t->conns, link->route) : NULL;
    if (conn) {
        conn->link = 0;
        fc_conns_shut(&t->conns, conn);
    }
    link_end(t, link);
}

static void link_down(struct fc_transport *t, struct link *link)
{
    push_event(t, link->up ? FC_EVENT_LINK_DOWN : FC_EVENT_DIAL_FAILED, link);
    link_close(t, link);
}

static void conn_lost(void *ctx, uint32_t id)
{
    struct fc_transport *t = ctx;
    struct link *link = link_find(t, id);
    if (!link)
        return;
    push_event(t, FC_EVENT_LINK_DOWN, link);
    link_end(t, link);
}

/* Sockets. */

static bool set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

static bool set_common(const struct fc_transport *t, void *socket)
{
    int64_t frame_max = FC_FRAME_BYTES_MAX + CURVE_OVERHEAD;
    int queue_in = (int)(t->queue_max < QUEUE_IN_MAX ? t->queue_max : QUEUE_IN_MAX);
    int silence_ms = (int)t->heartbeat_ms * 3;
    return set_int(socket, ZMQ_LINGER, 0) && set_int(socket, ZMQ_SNDHWM, (int)t->queue_max) &&
           set_int(socket, ZMQ_RCVHWM, queue_in) &&
           set_int(socket, ZMQ_HANDSHAKE_IVL, (int)t->handshake_ms) &&
           set_int(socket, ZMQ_HEARTBEAT_IVL, (int)t->heartbeat_ms) &&
           set_int(socket, ZMQ_HEARTBEAT_TIMEOUT, silence_ms) &&
           set_int(socket, ZMQ_HEARTBEAT_TTL, silence_ms) &&
           set_int(socket, ZMQ_TCP_KEEPALIVE, 1) &&
           zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &frame_max, sizeof frame_max) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, t->secret.b, 32) == 0;
}

/* The reading end of a socket's monitor, or NULL. */
static void *monitor_open(struct fc_transport *t, void *socket, const char *name, int events)
{
    void *monitor = zmq_socket(t->zmq, ZMQ_PAIR);
    if (monitor && set_int(monitor, ZMQ_LINGER, 0) &&
        zmq_socket_monitor(socket, name, events) == 0 && zmq_connect(monitor, name) == 0)
        return monitor;
    if (monitor) {
        zmq_socket_monitor(socket, NULL, 0);
        zmq_close(monitor);
    }
    return NULL;
}

/* 0 when nothing waits. */
static uint16_t monitor_next(void *monitor, uint32_t *value)
{
    zmq_msg_t msg;
    uint16_t event = 0;
    zmq_msg_init(&msg);
    if (zmq_msg_recv(&msg, monitor, ZMQ_DONTWAIT) == 6) {
        const uint8_t *data = zmq_msg_data(&msg);
        memcpy(&event, data, sizeof event);
        memcpy(value, data + sizeof event, sizeof *value);
    }
    while (zmq_msg_more(&msg) && zmq_msg_recv(&msg, monitor, ZMQ_DONTWAIT) >= 0)
        ;
    zmq_msg_close(&msg);
    return event;
}

static short socket_events(void *socket)
{
    int events = 0;
    size_t len = sizeof events;
    if (zmq_getsockopt(socket, ZMQ_EVENTS, &events, &len) != 0)
        return 0;
    return (short)events;
}

static bool readable(void *socket)
{
    return socket && (socket_events(socket) & ZMQ_POLLIN);
}

/* Sending. */

/* Hands the stashed message to ZeroMQ: FC_OK, FC_E_AGAIN, FC_E_CLOSED. */
static enum fc_err stash_send(struct fc_transport *t, struct link *link)
{
    void *socket = link->inbound ? t->router : link->dealer;
    size_t len = zmq_msg_size(&link->stash);
    if (link->inbound &&
        zmq_send(socket, link->route, FC_ROUTE_BYTES, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0)
        return errno == EAGAIN ? FC_E_AGAIN : FC_E_CLOSED;
    if (zmq_msg_send(&link->stash, socket, ZMQ_DONTWAIT) < 0)
        return errno == EAGAIN ? FC_E_AGAIN : FC_E_CLOSED;
    link->stashed = false;
    t->stats.bytes_out += len;
    return FC_OK;
}

enum fc_err fc_transport_send(struct fc_transport *t, fc_link id, struct fc_span bytes)
{
    struct link *link = link_find(t, id);
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
    if (zmq_msg_init_data(&link->stash, packet->bytes, packet->len, fc_packet_free, packet) != 0) {
        fc_packet_free(NULL, packet);
        return FC_E_NOMEM;
    }
    link->stashed = true;
    enum fc_err err = stash_send(t, link);
    if (err == FC_E_CLOSED)
        link_down(t, link);
    return err == FC_E_AGAIN ? FC_OK : err;
}

/* Sends on what was stashed, and says so once a blocked link takes messages again. */
static void flush_links(struct fc_transport *t)
{
    if (t->router)
        socket_events(t->router); /* takes note of room that was made */
    for (uint32_t i = 0; i < t->cap; i++) {
        struct link *link = &t->links[i];
        if (link->id == 0 || !link->up || link->gone || !(link->stashed || link->blocked))
            continue;
        if (link->stashed) {
            if (link->dealer)
                socket_events(link->dealer);
            enum fc_err err = stash_send(t, link);
            if (err == FC_E_CLOSED)
                link_down(t, link);
            if (err != FC_OK)
                continue;
        }
        if (link->blocked && t->event_count < t->cap &&
            fc_meter_fits(link->meter, FC_FRAME_BYTES_MAX, LINK_BYTES_MAX)) {
            link->blocked = false;
            push_event(t, FC_EVENT_WRITABLE, link);
        }
    }
}

/* Receiving. */

/* RFC 27: version, request id, domain, address, identity, mechanism, credentials. */
static enum served serve_zap(struct fc_transport *t)
{
    enum { FRAMES = 7 };
    char request_id[256], mechanism[16] = "";
    struct fc_key key;
    int id_len = 0, mechanism_len = 0, key_len = 0, count = 0, more = 1;
    size_t size = sizeof more;
    while (more) {
        zmq_msg_t msg;
        zmq_msg_init(&msg);
        int len = zmq_msg_recv(&msg, t->zap, ZMQ_DONTWAIT);
        if (len < 0)
            return SERVED_NOTHING;
        const void *data = zmq_msg_data(&msg);
        if (count == 1 && len < (int)sizeof request_id)
            memcpy(request_id, data, (size_t)(id_len = len));
        if (count == 5 && len < (int)sizeof mechanism)
            memcpy(mechanism, data, (size_t)(mechanism_len = len));
        if (count == 6 && len == (int)sizeof key)
            memcpy(&key, data, (size_t)(key_len = len));
        zmq_msg_close(&msg);
        count++;
        zmq_getsockopt(t->zap, ZMQ_RCVMORE, &more, &size);
    }
    bool admitted = count == FRAMES && key_len == (int)sizeof key && mechanism_len == 5 &&
                    memcmp(mechanism, "CURVE", 5) == 0 && t->admits(t->ctx, &key);
    char user[2 * sizeof key + 1] = "";
    if (admitted)
        fc_hex(key.b, sizeof key, user);
    t->stats.handshakes += admitted;
    t->stats.refused += !admitted;
    zmq_send(t->zap, "1.0", 3, ZMQ_SNDMORE);
    zmq_send(t->zap, request_id, (size_t)id_len, ZMQ_SNDMORE);
    zmq_send(t->zap, admitted ? "200" : "400", 3, ZMQ_SNDMORE);
    zmq_send(t->zap, "", 0, ZMQ_SNDMORE);
    zmq_send(t->zap, user, strlen(user), ZMQ_SNDMORE);
    zmq_send(t->zap, "", 0, 0);
    return SERVED_SOMETHING;
}

static enum served serve_router_monitor(struct fc_transport *t)
{
    uint32_t fd = 0;
    uint16_t event = monitor_next(t->router_monitor, &fd);
    if (event == ZMQ_EVENT_ACCEPTED)
        fc_conns_opened(&t->conns, (int)fd);
    else if (event == ZMQ_EVENT_DISCONNECTED)
        fc_conns_lost(&t->conns, (int)fd);
    return event ? SERVED_SOMETHING : SERVED_NOTHING;
}

/* A member's first message makes the link. NULL when there is no room. */
static struct link *link_accept(struct fc_transport *t, struct fc_conn *conn,
                                const struct fc_key *key)
{
    struct link *oldest = NULL, *link;
    uint32_t same = 0;
    for (uint32_t i = 0; i < t->cap; i++) {
        struct link *other = &t->links[i];
        if (other->id == 0 || !other->inbound || !fc_key_eq(&other->key, key))
            continue;
        same++;
        if (!oldest || other->id / t->cap < oldest->id / t->cap)
            oldest = other;
    }
    if (same >= LINKS_PER_KEY_MAX)
        link_down(t, oldest);
    link = link_create(t, key, true);
    if (!link)
        return NULL;
    memcpy(link->route, conn->route, sizeof link->route);
    link->up = true;
    conn->link = link->id;
    push_event(t, FC_EVENT_LINK_UP, link);
    return link;
}

/* Which connection a message came by. Its key was put there by serve_zap and cannot be forged. */
static struct fc_conn *conn_of(struct fc_transport *t, const uint8_t route[FC_ROUTE_BYTES],
                               zmq_msg_t *msg)
{
    struct fc_conn *conn = fc_conns_by_route(&t->conns, route);
    if (conn)
        return conn;
    /* It was reported before it could deliver, so the report can be read by now. */
    while (serve_router_monitor(t) != SERVED_NOTHING)
        ;
    conn = fc_conns_unnamed(&t->conns, zmq_msg_get(msg, ZMQ_SRCFD));
    if (conn)
        fc_conns_name(&t->conns, conn, route);
    return conn;
}

static bool key_of(zmq_msg_t *msg, struct fc_key *key)
{
    const char *user = zmq_msg_gets(msg, "User-Id");
    return user && strlen(user) == 2 * sizeof key->b &&
           fc_unhex(user, key->b, sizeof key->b) == FC_OK;
}

/* What is to be done with a message from the ROUTER: its link, or NULL to drop it. */
static struct link *route_message(struct fc_transport *t, const uint8_t route[FC_ROUTE_BYTES],
                                  zmq_msg_t *msg)
{
    struct fc_key key;
    struct fc_conn *conn = conn_of(t, route, msg);
    if (!conn || conn->shut)
        return NULL;
    struct link *link = link_find(t, conn->link);
    bool admitted = key_of(msg, &key) && t->admits(t->ctx, &key);
    if (admitted && payload_ok(msg))
        link = link ? link : link_accept(t, conn, &key);
    else if (admitted)
        return NULL;
    else if (link)
        link_down(t, link);
    if (!admitted || !link)
        fc_conns_shut(&t->conns, conn);
    conn->intake.delivered = true;
    return admitted ? link : NULL;
}

static enum served serve_router(struct fc_transport *t, struct fc_event *event)
{
    zmq_msg_t route;
    struct message *message = message_take(t);
    if (!message)
        return SERVED_NOTHING;
    zmq_msg_init(&route);
    if (zmq_msg_recv(&route, t->router, ZMQ_DONTWAIT) < 0) {
        message_give(t, message);
        fc_conns_sweep(&t->conns, t, conn_lost);
        return SERVED_NOTHING;
    }
    struct link *link = NULL;
    bool single = receive_rest(t->router, &message->msg) == RECEIVED_ONE;
    /* Peers of ours leave their routing id to the ROUTER; whoever sets one squats on others'. */
    if (single && zmq_msg_size(&route) == FC_ROUTE_BYTES)
        link = route_message(t, zmq_msg_data(&route), &message->msg);
    zmq_msg_close(&route);
    if (!link) {
        t->stats.dropped++;
        message_give(t, message);
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

static enum served serve_dial_monitor(struct fc_transport *t, struct link *link)
{
    uint32_t value = 0;
    uint16_t event = monitor_next(link->monitor, &value);
    if (event == 0)
        return SERVED_NOTHING;
    if (event == ZMQ_EVENT_CONNECTED) {
        link->fd = (int)value;
    } else if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
        link->up = true;
        push_event(t, FC_EVENT_LINK_UP, link);
    } else {
        link->gone = true;
    }
    return SERVED_SOMETHING;
}

static enum served serve_dealer(struct fc_transport *t, struct link *link, struct fc_event *event)
{
    struct message *message = message_take(t);
    if (!message)
        return SERVED_NOTHING;
    enum received received = receive_rest(link->dealer, &message->msg);
    link->intake.delivered |= received != RECEIVED_NOTHING;
    if (received == RECEIVED_ONE && payload_ok(&message->msg) && t->admits(t->ctx, &link->key)) {
        hand_out(t, link, message, event);
        return SERVED_MESSAGE;
    }
    message_give(t, message);
    if (received == RECEIVED_NOTHING) {
        if (link->gone)
            link_down(t, link);
        return SERVED_NOTHING;
    }
    t->stats.dropped++;
    return SERVED_SOMETHING;
}

static enum served serve_dial(struct fc_transport *t, struct link *link, struct fc_event *event)
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
        struct link *link = &t->links[i];
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
        struct link *link = &t->links[source - FIRST_DIAL];
        return link->dealer ? serve_dial(t, link, event) : SERVED_NOTHING;
    }
    if (source == 0) {
        uint64_t count;
        ssize_t got = read(t->wake_fd, &count, sizeof count);
        if (read(t->timer_fd, &count, sizeof count) > 0)
            check_intake(t);
        (void)got;
        flush_links(t);
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
    struct message *message = t->first;
    struct link *link = link_find(t, t->first_link);
    t->first = NULL;
    if (link)
        hand_out(t, link, message, event);
    else
        message_give(t, message);
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
    flush_links(t);
    if (t->event_count > 0 || t->first || readable(t->zap) || readable(t->router_monitor) ||
        readable(t->router))
        return true;
    for (uint32_t i = 0; i < t->cap; i++)
        if (readable(t->links[i].monitor) || readable(t->links[i].dealer))
            return true;
    return false;
}

static void add_fd(void *socket, int *fds, uint32_t max, uint32_t *count)
{
    int fd;
    size_t len = sizeof fd;
    if (socket && *count < max && zmq_getsockopt(socket, ZMQ_FD, &fd, &len) == 0)
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

/* Links from the outside. */

enum fc_err fc_transport_dial(struct fc_transport *t, const struct fc_key *key,
                              struct fc_span endpoint)
{
    char text[FC_ENDPOINT_BYTES_MAX + 1], name[48];
    uint64_t first_thread_but_one = 2;
    const int events = ZMQ_EVENT_CONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
                       ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                       ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_CONNECT_RETRIED |
                       ZMQ_EVENT_CLOSED | ZMQ_EVENT_DISCONNECTED;
    if (!fc_endpoint_dialable(endpoint))
        return FC_E_ARG;
    memcpy(text, endpoint.data, endpoint.len);
    text[endpoint.len] = '\0';
    struct link *link = link_create(t, key, false);
    if (!link)
        return FC_E_BOUND;
    snprintf(name, sizeof name, "inproc://dial-%u", link->id);
    link->dealer = zmq_socket(t->zmq, ZMQ_DEALER);
    if (!link->dealer || !set_common(t, link->dealer) ||
        zmq_setsockopt(link->dealer, ZMQ_AFFINITY, &first_thread_but_one,
                       sizeof first_thread_but_one) != 0 ||
        zmq_setsockopt(link->dealer, ZMQ_CURVE_PUBLICKEY, t->key.b, 32) != 0 ||
        zmq_setsockopt(link->dealer, ZMQ_CURVE_SERVERKEY, key->b, 32) != 0 ||
        !set_int(link->dealer, ZMQ_IPV6, fc_endpoint_may_be_ipv6(endpoint)) ||
        !set_int(link->dealer, ZMQ_CONNECT_TIMEOUT, (int)t->handshake_ms) ||
        !set_int(link->dealer, ZMQ_RECONNECT_IVL, RECONNECT_MS))
        goto failed;
    link->monitor = monitor_open(t, link->dealer, name, events);
    if (!link->monitor || zmq_connect(link->dealer, text) != 0)
        goto failed;
    return FC_OK;
failed:;
    enum fc_err err = errno == EINVAL ? FC_E_ARG : FC_E_IO;
    link_end(t, link);
    return err;
}

void fc_transport_close(struct fc_transport *t, fc_link id)
{
    struct link *link = link_find(t, id);
    if (link)
        link_close(t, link);
}

void fc_transport_recheck(struct fc_transport *t)
{
    for (uint32_t i = 0; i < t->cap; i++) {
        struct link *link = &t->links[i];
        if (link->id != 0 && link->up && !t->admits(t->ctx, &link->key))
            link_down(t, link);
    }
}

void fc_transport_get_stats(const struct fc_transport *t, struct fc_transport_stats *out)
{
    *out = t->stats;
}

const char *fc_transport_endpoint(const struct fc_transport *t, uint32_t index)
{
    return index < t->endpoint_count ? t->endpoints[index] : NULL;
}

/* Life. */

static enum fc_err bind_one(struct fc_transport *t, const char *endpoint)
{
    struct fc_span span = fc_span_str(endpoint);
    size_t len = ENDPOINT_TEXT_MAX;
    if (!fc_endpoint_bindable(span))
        return FC_E_ARG;
    bool ipv6 = fc_endpoint_may_be_ipv6(span);
    if (!set_int(t->router, ZMQ_IPV6, ipv6))
        return FC_E_IO;
    if (zmq_bind(t->router, endpoint) != 0) {
        /* "*" and names have a second meaning where the machine has no IPv6. */
        if (!ipv6 || errno == EADDRINUSE || !set_int(t->router, ZMQ_IPV6, 0) ||
            zmq_bind(t->router, endpoint) != 0)
            return FC_E_IO;
    }
    if (zmq_getsockopt(t->router, ZMQ_LAST_ENDPOINT, t->endpoints[t->endpoint_count], &len) != 0)
        return FC_E_IO;
    t->endpoint_count++;
    return FC_OK;
}

static bool open_listeners(struct fc_transport *t)
{
    uint64_t first_thread = 1;
    t->zap = zmq_socket(t->zmq, ZMQ_REP);
    t->router = zmq_socket(t->zmq, ZMQ_ROUTER);
    return t->zap && t->router && set_int(t->zap, ZMQ_LINGER, 0) &&
           zmq_bind(t->zap, ZAP_ENDPOINT) == 0 && set_common(t, t->router) &&
           zmq_setsockopt(t->router, ZMQ_AFFINITY, &first_thread, sizeof first_thread) == 0 &&
           set_int(t->router, ZMQ_ROUTER_MANDATORY, 1) &&
           set_int(t->router, ZMQ_ROUTER_HANDOVER, 0) && set_int(t->router, ZMQ_BACKLOG, BACKLOG) &&
           set_int(t->router, ZMQ_CURVE_SERVER, 1) &&
           zmq_setsockopt(t->router, ZMQ_ZAP_DOMAIN, ZAP_DOMAIN, strlen(ZAP_DOMAIN)) == 0;
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
    t->router_monitor =
        monitor_open(t, t->router, "inproc://router", ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED);
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
    t->zmq = zmq_ctx_new();
    t->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    t->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (!t->links || !t->events || !t->zmq)
        return FC_E_NOMEM;
    if (t->wake_fd < 0 || t->timer_fd < 0 || timerfd_settime(t->timer_fd, 0, &period, NULL) != 0 ||
        zmq_ctx_set(t->zmq, ZMQ_IO_THREADS, IO_THREADS) != 0 ||
        zmq_ctx_set(t->zmq, ZMQ_MAX_SOCKETS, (int)t->cap * 3 + 16) != 0)
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
    if (t->zmq)
        zmq_ctx_shutdown(t->zmq); /* wakes a thread of ZeroMQ's that waits for a monitor's reader */
    fc_transport_release(t);
    message_give(t, t->first);
    for (uint32_t i = 0; t->links && i < t->cap; i++)
        if (t->links[i].id != 0)
            link_end(t, &t->links[i]);
    monitored_close(t->router, t->router_monitor);
    if (t->zap)
        zmq_close(t->zap);
    if (t->zmq)
        zmq_ctx_term(t->zmq);
    while (t->spare) {
        struct message *message = t->spare;
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
