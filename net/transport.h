/* Links between nodes over ZeroMQ: CURVE both ways, members only.
 *
 * One ROUTER is bound; each dial has a DEALER of its own. All calls from one thread. Messages are
 * single frames of at most FC_FRAME_BYTES_MAX. An inbound link is up with its first message, so the
 * one that dialled speaks first. Facts that shaped it: docs/architecture.md. */
#ifndef FC_NET_TRANSPORT_H
#define FC_NET_TRANSPORT_H

#include "net/core.h"

struct fc_transport_config {
    struct fc_box_key secret;
    /* "tcp://0.0.0.0:7400", "tcp://127.0.0.1:*"; none: the node only dials out. Borrowed for
     * create. */
    const char *const *bind;
    uint32_t bind_count;
    void *ctx;
    /* Asked at every handshake and for every message that comes in. */
    bool (*admits)(void *ctx, const struct fc_key *key);
    uint32_t links_max;    /* 0: FC_LINKS_MAX */
    uint32_t queue_max;    /* messages queued per link, each way; 0: 64 */
    uint32_t handshake_ms; /* 0: 5000 */
    uint32_t heartbeat_ms; /* 0: 10000; a peer silent for three is gone */
};
struct fc_transport;
/* FC_E_IO when an endpoint cannot be bound, FC_E_ARG when it is no endpoint; `*failed`, if not
 * NULL, then points at it in config->bind. FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_transport_create(const struct fc_transport_config *config,
                                            struct fc_transport **transport, const char **failed);
void fc_transport_destroy(struct fc_transport *transport); /* NULL is fine; does not linger */

/* The endpoint really bound (a wildcard port filled in); NULL past the last. */
const char *fc_transport_endpoint(const struct fc_transport *transport, uint32_t index);

/* Begins a dial; LINK_UP or DIAL_FAILED follows. FC_E_ARG bad endpoint, FC_E_BOUND links_max,
 * FC_E_IO when no socket is to be had. A link that was lost is not dialled again by itself. */
FC_MUST_USE enum fc_err fc_transport_dial(struct fc_transport *transport, const struct fc_key *key,
                                          struct fc_span endpoint);
/* FC_E_AGAIN when the link's queue is full: FC_EVENT_WRITABLE follows. FC_E_CLOSED, FC_E_NOMEM;
 * FC_E_BOUND for no bytes at all or more than FC_FRAME_BYTES_MAX. */
FC_MUST_USE enum fc_err fc_transport_send(struct fc_transport *transport, fc_link link,
                                          struct fc_span bytes);
/* No LINK_DOWN follows: the caller knows. What was queued is lost. */
void fc_transport_close(struct fc_transport *transport, fc_link link);

/* File descriptors to poll for reading before the next fc_transport_next; they can fire without
 * cause. Returns how many, at most `max`. */
uint32_t fc_transport_fds(const struct fc_transport *transport, int *fds, uint32_t max);
/* Whether something may be waiting although no descriptor will fire (ZeroMQ's are edge-triggered).
 */
bool fc_transport_pending(struct fc_transport *transport);
/* The next event: LINK_UP, LINK_DOWN, DIAL_FAILED, MESSAGE, WRITABLE. Its bytes are valid until the
 * transport is told to forget them with fc_transport_release. False: nothing now. The times of
 * the event are the caller's to fill in. */
bool fc_transport_next(struct fc_transport *transport, struct fc_event *event);
void fc_transport_release(struct fc_transport *transport); /* all messages handed out so far */
/* Members may have changed: closes links of those that are no longer admitted; LINK_DOWN follows
 * for each. */
void fc_transport_recheck(struct fc_transport *transport);

struct fc_transport_stats {
    uint64_t handshakes, refused; /* by the ZAP handler */
    uint64_t dropped;             /* messages of peers not admitted any more, and malformed ones */
    uint64_t bytes_in, bytes_out;
    uint32_t links;
};
void fc_transport_get_stats(const struct fc_transport *transport, struct fc_transport_stats *out);

#endif
