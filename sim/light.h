/* Light nodes: each hosts a view and a spread module directly over sim/network, without core,
 * replica or contents, for 100,000 nodes, published tables and protocols of one's own.
 *
 * A delta is a number: feed, version and the bytes it stands for on the wire. A node remembers
 * which versions it has (of each feed the highest without a gap, and those above it). Everybody is
 * in the registry from the start and can be dialled.
 *
 * What is not modelled: signatures, stores, catching up by cursor on connect and audits. What the
 * dissemination module does not deliver is not delivered, so that its own reliability shows. For
 * the same reason a later version does not stand for an earlier one. Pings cost nothing: a round
 * trip is known at once. A message that a full link refuses is lost, and counted. */
#ifndef FC_SIM_LIGHT_H
#define FC_SIM_LIGHT_H

#include "net/spread.h"
#include "net/view.h"
#include "sim/network.h"

enum { FC_LIGHT_NONE = 0xffffffff };

/* What a message carries, for the counters. */
enum fc_light_class {
    FC_LIGHT_PAYLOAD, /* deltas */
    FC_LIGHT_SPREAD,  /* what spread modules say to each other */
    FC_LIGHT_VIEW,    /* what views say to each other */
    FC_LIGHT_CLASSES,
};
/* Bytes of a light node's own on top of what a module says in a message. */
enum { FC_LIGHT_FRAME_BYTES = 1 };
struct fc_light_delta {
    uint32_t feed;
    uint64_t version; /* of the feed, from 1 */
    uint32_t size;    /* bytes on the wire */
    uint32_t node;    /* that published it */
    uint64_t published_us;
    uint32_t delivered; /* to so many nodes, the publisher included */
    uint32_t hops_max;  /* of the first arrival at each node */
    uint64_t last_us;   /* first arrival at the node that got it last */
};
struct fc_light_arrival {
    uint32_t node, from; /* FC_LIGHT_NONE: its own */
    uint32_t delta;
    uint32_t hops; /* from its publisher; 0 there */
    bool duplicate;
    uint64_t now_us;
};
struct fc_light_message { /* as it arrives */
    uint32_t from, to;
    enum fc_light_class class;
    uint32_t size;        /* bytes on the wire */
    uint32_t delta;       /* of payload */
    uint32_t hops;        /* of payload: from its publisher */
    bool announces;       /* what the spread module says is an announcement */
    struct fc_span bytes; /* what the module says; empty: payload */
};
struct fc_light_config {
    uint64_t seed;
    uint32_t nodes, feeds;
    const struct fc_view_ops *view;
    const struct fc_spread_ops *spread;
    uint32_t active_max; /* 0: the view's own */
    uint32_t fanout;     /* of spread modules that have one; 0: the module's own */
    /* Latency, bandwidth, loss and so on; seed, node_count, ctx and the callbacks but latency_us
     * are not read. latency_us gets this ctx. */
    struct fc_network_config links;
    /* Pairs of nodes: each gets its neighbours for bootstrap peers, which is what fc_view_static
     * keeps links with. Borrowed for the call. */
    const uint32_t (*edges)[2];
    size_t edge_count;
    void *ctx;
    /* Each arrival of a delta at a node, duplicates too; NULL: none. */
    void (*arrived)(void *ctx, const struct fc_light_arrival *arrival);
    /* Each message as it is sent; NULL: none. */
    void (*sent)(void *ctx, uint32_t from, uint32_t to, enum fc_light_class class, uint32_t bytes);
    /* Each message as it arrives, before the node looks at it; NULL: none. */
    void (*heard)(void *ctx, const struct fc_light_message *message);
    /* An fc_network_alarm of the caller's; NULL: none are set. */
    void (*alarm)(void *ctx, uint32_t node, uint64_t tag);
};
struct fc_light;

/* All nodes down. FC_E_NOMEM, FC_E_ARG (an edge that leads nowhere), FC_E_BOUND. */
FC_MUST_USE enum fc_err fc_light_create(const struct fc_light_config *config,
                                        struct fc_light **light);
void fc_light_destroy(struct fc_light *light); /* NULL is fine */
/* For faults (groups, slow nodes, loss, cuts), alarms and time: up and down are this module's. */
struct fc_network *fc_light_network(struct fc_light *light);
uint32_t fc_light_count(const struct fc_light *light);

/* Starts a node that is down, with what it had received. `contact`: its bootstrap peer, beside the
 * neighbours `edges` gave it; or FC_LIGHT_NONE. */
void fc_light_start(struct fc_light *light, uint32_t node, uint32_t contact);
void fc_light_crash(struct fc_light *light, uint32_t node);
bool fc_light_is_up(const struct fc_light *light, uint32_t node);

/* The node's view, for what a module offers beside fc_view_ops; NULL: it is down. */
struct fc_view *fc_light_view_of(const struct fc_light *light, uint32_t node);
/* A module of the node was called from elsewhere: its next deadline is looked up. */
void fc_light_look(struct fc_light *light, uint32_t node);

/* The next version of a feed, at a node that is up. The delta's number, from 0. */
uint32_t fc_light_publish(struct fc_light *light, uint32_t node, uint32_t feed, uint32_t size);
const struct fc_light_delta *fc_light_delta(const struct fc_light *light, uint32_t delta);
uint32_t fc_light_delta_count(const struct fc_light *light);
bool fc_light_has(const struct fc_light *light, uint32_t node, uint32_t delta);

/* A message as people read it, of nodes n0, n1, ...; appends. */
void fc_light_print(const struct fc_light *light, const struct fc_light_message *message,
                    struct fc_buf *out);

/* Nodes it has an active link with, up to `max` of them; all of them are counted. */
uint32_t fc_light_neighbours(const struct fc_light *light, uint32_t node, uint32_t *out,
                             uint32_t max);

struct fc_light_counts {
    uint64_t sent[FC_LIGHT_CLASSES], sent_bytes[FC_LIGHT_CLASSES];
    uint64_t received[FC_LIGHT_CLASSES], received_bytes[FC_LIGHT_CLASSES];
    uint64_t deltas;     /* first arrivals, own ones included */
    uint64_t duplicates; /* payload that was there already */
    uint64_t refused;    /* sends that a full link did not take */
    uint64_t punished;   /* links closed for what came over them */
};
void fc_light_node_counts(const struct fc_light *light, uint32_t node, struct fc_light_counts *out);
/* Of all nodes. */
void fc_light_counts(const struct fc_light *light, struct fc_light_counts *out);
/* From now on, of all. */
void fc_light_reset_counts(struct fc_light *light);

/* The transport key a node goes by, and back; FC_LIGHT_NONE: nobody's. */
struct fc_key fc_light_key(uint32_t node);
uint32_t fc_light_node_of(const struct fc_light *light, const struct fc_key *key);

#endif
