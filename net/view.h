/* Which peers to hold links with. The core asks; a module answers. fc_view_all keeps a link to
 * every node it knows an endpoint of, up to a bound; net/view_registry.h has the view that scales,
 * net/view_hyparview.h the one that papers compare with. */
#ifndef FC_NET_VIEW_H
#define FC_NET_VIEW_H

#include "net/core.h"

struct fc_view;
struct fc_rng;

/* A node of the registry. */
struct fc_view_node {
    struct fc_key key;
    struct fc_hash participant; /* its operator */
    bool can_dial;              /* has an endpoint */
};

/* What a view may ask of its host, the core or a lighter node of a simulator. drop() and punish()
 * of an open peer come back as on_closed(), before they return; so may a send() or activate() to a
 * peer that takes no messages. */
struct fc_view_host {
    void *ctx;
    /* The registry of nodes. */
    bool (*find_node)(void *ctx, const struct fc_key *key, struct fc_view_node *out);
    size_t (*node_count)(void *ctx);
    void (*node_at)(void *ctx, size_t index, struct fc_view_node *out);
    /* A random operator first, then one of its nodes, so that one with many nodes gets no more
     * weight. False: that operator has none; there may be others. */
    bool (*draw_node)(void *ctx, struct fc_view_node *out);
    /* Wants a link to a node; the core dials with backoff and jitter and reports back. */
    void (*dial)(void *ctx, const struct fc_key *key);
    void (*drop)(void *ctx, const struct fc_key *key);
    /* Sends a view message to an open peer; it arrives at on_message there. */
    void (*send)(void *ctx, const struct fc_key *key, struct fc_span bytes);
    /* Whether news goes over the link to an open peer. Until told so a link is only there to be
     * asked over: both ends catch up by cursor. A link that closes is active no more. */
    void (*activate)(void *ctx, const struct fc_key *key, bool active);
    /* An active link will be dropped before long: news still goes over it, but what rests on it
     * should come to rest on others. */
    void (*retire)(void *ctx, const struct fc_key *key);
    /* To an open peer, as its pings show; 0: not measured. */
    uint64_t (*round_trip_us)(void *ctx, const struct fc_key *key);
    /* It sent what no honest node sends: loses its link, and is avoided for a time. */
    void (*punish)(void *ctx, const struct fc_key *key, const char *why);
    uint64_t (*random)(void *ctx, uint64_t below);
    struct fc_key self;
    uint32_t active_max;
    const struct fc_bootstrap *bootstrap;
    uint32_t bootstrap_count;
};

struct fc_view_ops {
    const char *name;
    uint32_t active_default; /* active_max when the configuration has none */
    enum fc_err (*create)(const struct fc_view_host *host, struct fc_view **view);
    void (*destroy)(struct fc_view *view);
    void (*on_membership)(struct fc_view *view, uint64_t now_us); /* the registry changed */
    void (*on_open)(struct fc_view *view, const struct fc_key *key, bool inbound, uint64_t now_us);
    void (*on_closed)(struct fc_view *view, const struct fc_key *key, uint64_t now_us);
    /* A dial of a node that this view wants came to nothing; the core will try again. */
    void (*on_unreachable)(struct fc_view *view, const struct fc_key *key, uint64_t now_us);
    void (*on_message)(struct fc_view *view, const struct fc_key *key, struct fc_span bytes,
                       uint64_t now_us);
    /* News is about to go over the active links. NULL: of no interest. */
    void (*on_news)(struct fc_view *view, uint64_t now_us);
    void (*on_tick)(struct fc_view *view, uint64_t now_us);
    uint64_t (*deadline_us)(const struct fc_view *view);
};
extern const struct fc_view_ops fc_view_all;

#endif
