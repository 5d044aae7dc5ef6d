/* What the sources of the transport share: transport.c its life, transport_link.c links and what
 * goes out, transport_serve.c what comes in. */
#ifndef FC_NET_TRANSPORT_PRIV_H
#define FC_NET_TRANSPORT_PRIV_H

#include "net/transport.h"
#include "net/transport_conns.h"
#include "net/transport_meter.h"
#include "net/transport_socket.h"

enum {
    FC_TRANSPORT_QUEUE_IN_MAX = 8, /* whole messages that wait unread, per link: 32 MiB at most */
    FC_TRANSPORT_ENDPOINT_TEXT_MAX = 288,
};

struct fc_transport_message { /* handed out, or spare */
    struct fc_transport_message *next;
    struct fc_frame frame;
};
struct fc_transport_link {
    fc_link id; /* 0: the slot is free */
    struct fc_key key;
    bool inbound, up, blocked;
    int fd; /* dialled: of the connection */
    struct fc_intake intake;
    bool gone; /* dialled: the connection ended, what it delivered is still read */
    uint8_t route[FC_ROUTE_BYTES];
    void *dealer, *monitor;
    struct fc_meter *meter;
    struct fc_frame stash; /* what ZeroMQ would not take yet: it cannot be asked beforehand */
    bool stashed;
};
struct fc_transport {
    void *sockets;
    void *router, *router_monitor, *zap;
    int wake_fd, timer_fd;
    struct fc_key key;
    struct fc_box_key secret;
    void *ctx;
    bool (*admits)(void *ctx, const struct fc_key *key);
    uint32_t queue_max, handshake_ms, heartbeat_ms;
    struct fc_conns conns;
    struct fc_transport_link *links;
    uint32_t cap, serial;
    struct fc_event *events; /* a ring; at most a few per slot are ever waiting */
    uint32_t event_cap, event_first, event_count;
    /* An inbound link's first message, waiting behind its LINK_UP. */
    struct fc_transport_message *first;
    fc_link first_link;
    struct fc_transport_message *held, *spare;
    uint32_t spare_count;
    uint32_t turn, burst;
    char (*endpoints)[FC_TRANSPORT_ENDPOINT_TEXT_MAX];
    uint32_t endpoint_count;
    struct fc_transport_stats stats;
};

void fc_transport_push(struct fc_transport *t, enum fc_event_kind kind,
                       const struct fc_transport_link *link);
void fc_transport_message_give(struct fc_transport *t, struct fc_transport_message *message);
struct fc_transport_socket_options fc_transport_options(const struct fc_transport *t);

/* NULL: there is none of that number any more. */
struct fc_transport_link *fc_link_find(const struct fc_transport *t, fc_link id);
/* NULL: there is no room. */
struct fc_transport_link *fc_link_create(struct fc_transport *t, const struct fc_key *key,
                                         bool inbound);
/* Forgets it and closes its sockets. */
void fc_link_end(struct fc_transport *t, struct fc_transport_link *link);
/* The same, with the connection under it, and says so. */
void fc_link_down(struct fc_transport *t, struct fc_transport_link *link);
/* Sends on what was stashed, and says so once a blocked link takes messages again. */
void fc_links_flush(struct fc_transport *t);

#endif
