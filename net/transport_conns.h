/* The TCP connections a ROUTER has accepted. ZeroMQ says when one comes and goes, by descriptor
 * alone, and offers no way to end one; this table ends them by shutting the socket down, and keeps
 * the number of those that have not shown themselves to be members within a bound. */
#ifndef FC_NET_TRANSPORT_CONNS_H
#define FC_NET_TRANSPORT_CONNS_H

#include <sys/socket.h>

#include "store/bytes.h"

enum { FC_ROUTE_BYTES = 5 }; /* the routing ids ROUTER draws */

/* How much a connection has taken in since it last delivered a message. ZeroMQ keeps the frames of
 * an unfinished message without bound and without a word; the kernel's count shows them. */
struct fc_intake {
    uint64_t mark; /* the kernel's count when a message had been delivered */
    bool delivered;
};
/* To be asked now and then: whether more than `max` bytes came in without a message. */
bool fc_intake_exceeds(struct fc_intake *intake, int fd, uint64_t max);

struct fc_conn {
    int fd;
    struct sockaddr_storage peer; /* zeroed beyond its length */
    socklen_t peer_len;
    uint64_t serial; /* order of arrival */
    uint32_t link;   /* 0: none */
    uint8_t route[FC_ROUTE_BYTES];
    struct fc_intake intake;
    bool named; /* a message came, so `route` is known */
    bool shut;  /* ended by us; what it still delivers is ignored */
    bool gone;  /* ended; kept until all it delivered has been read */
};
struct fc_conns {
    struct fc_conn *list; /* in order of arrival */
    size_t count, cap;
    size_t pending; /* neither named, shut nor gone */
    size_t pending_max;
    uint64_t serial;
    uint64_t evicted; /* pending ones ended to make room */
};

/* How many unproven connections may stand, so that `kept` descriptors remain for everything else:
 * half of what the process's limit leaves, 16 to 1024. */
size_t fc_conns_pending_max(size_t kept);
void fc_conns_finish(struct fc_conns *conns);
/* A connection was accepted. Over the bound, the oldest pending one is ended: of the same address
 * if that holds a quarter of the room, else of all, so that a flood from one place throws itself
 * out first. */
void fc_conns_opened(struct fc_conns *conns, int fd);
void fc_conns_lost(struct fc_conns *conns, int fd);
/* The connection that delivers under a routing id; NULL. Valid until the next opened or sweep. */
struct fc_conn *fc_conns_by_route(const struct fc_conns *conns,
                                  const uint8_t route[FC_ROUTE_BYTES]);
/* The one with this descriptor that has not delivered yet; NULL. */
struct fc_conn *fc_conns_unnamed(const struct fc_conns *conns, int fd);
void fc_conns_name(struct fc_conns *conns, struct fc_conn *conn,
                   const uint8_t route[FC_ROUTE_BYTES]);
void fc_conns_shut(struct fc_conns *conns, struct fc_conn *conn);
/* Shuts those whose intake exceeds `max`; they are reported as lost in time. */
void fc_conns_check_intake(struct fc_conns *conns, uint64_t max);
/* Forgets those that are gone; `lost` is told of each that had a link. */
void fc_conns_sweep(struct fc_conns *conns, void *ctx, void (*lost)(void *ctx, uint32_t link));

#endif
