/* The inside of light nodes, for the files that make them up. */
#ifndef FC_SIM_LIGHT_PRIV_H
#define FC_SIM_LIGHT_PRIV_H

#include "net/rng.h"
#include "sim/light.h"

/* Another node this one has to do with. Two that dial each other at once have two links for a
 * while: what comes over either counts, what is said goes over the one that was there first. */
struct fc_light_peer {
    uint32_t node;
    uint32_t link[2]; /* dialled by this node, by the other; 0: none */
    uint8_t current;  /* of the two */
    uint8_t attempts;
    bool wanted;   /* by the view */
    bool dialling; /* and the network has not answered */
    bool active;
    bool leaving;        /* and to be dropped before long */
    uint64_t dial_at_us; /* of one wanted and neither linked nor being dialled */
};
struct fc_light_node {
    /* A delta that is known already touches the first two cache lines alone. */
    _Alignas(64) struct fc_light *light;
    struct fc_spread *spread;
    struct fc_light_peer *peers; /* ascending by node */
    uint64_t *had;               /* a bit for each delta */
    uint32_t had_words, peer_count;
    uint32_t waiting;                /* peers to be dialled at their time */
    bool view_called, spread_called; /* since they were asked for their next deadline */
    uint64_t timer_us, spread_us;

    uint64_t view_us;
    struct fc_view *view;                                                    /* NULL: down */
    uint64_t received, received_bytes, duplicates, deltas, sent, sent_bytes; /* of payload */

    struct fc_light_counts counts; /* of all else */
    struct fc_bootstrap *bootstrap;
    uint32_t peer_cap;
    uint32_t ticks; /* in a row at one moment */
    uint64_t ticked_us;
};
_Static_assert(offsetof(struct fc_light_node, view_us) == 64, "a cache line");
_Static_assert(offsetof(struct fc_light_node, counts) == 128, "two cache lines");
/* To be called for anything that a module does: it may have another deadline then. */
static inline struct fc_view *fc_light_view(struct fc_light_node *node)
{
    node->view_called = true;
    return node->view;
}
static inline struct fc_spread *fc_light_spread(struct fc_light_node *node)
{
    node->spread_called = true;
    return node->spread;
}

struct fc_light_feed {
    uint32_t *deltas; /* by version - 1 */
    uint32_t count, cap;
};
struct fc_light {
    struct fc_light_config config;
    struct fc_network *network;
    struct fc_rng rng;
    struct fc_light_node *nodes;
    struct fc_light_feed *feeds;
    struct fc_light_delta *deltas;
    struct fc_arrival *arrivals; /* of each delta, as modules see it; index: its number + 1 */
    uint32_t delta_count, delta_cap;
    uint32_t *first_edge, *neighbours; /* of node i: first_edge[i] to first_edge[i + 1] */
    struct fc_buf message;             /* for what is being sent */
};

enum fc_light_kind { FC_LIGHT_SAYS_VIEW, FC_LIGHT_SAYS_SPREAD, FC_LIGHT_SAYS_ANNOUNCE };

uint32_t fc_light_index(const struct fc_light_node *node);
uint64_t fc_light_now_us(const struct fc_light_node *node);
bool fc_light_holds(const struct fc_light_node *node, uint32_t delta);
/* FC_LIGHT_NONE: there is no such delta. */
uint32_t fc_light_delta_of(const struct fc_light *light, const struct fc_spread_item *item);
struct fc_view_host fc_light_view_host(struct fc_light_node *node);
struct fc_spread_host fc_light_spread_host(struct fc_light_node *node);

struct fc_light_peer *fc_light_peer_find(const struct fc_light_node *node, uint32_t peer);
bool fc_light_peer_is_open(const struct fc_light_peer *peer);
/* Its links say whether it is active. */
void fc_light_peer_mark(struct fc_light_node *node, const struct fc_light_peer *peer);
void fc_light_peer_want(struct fc_light_node *node, uint32_t peer);
/* Wanted no more, and closed: the modules have heard of it when this returns. */
void fc_light_peer_drop(struct fc_light_node *node, uint32_t peer);
void fc_light_peer_up(struct fc_light_node *node, const struct fc_news *news);
void fc_light_peer_down(struct fc_light_node *node, const struct fc_news *news);
void fc_light_peer_failed(struct fc_light_node *node, const struct fc_news *news);
void fc_light_peer_tick(struct fc_light_node *node);
uint64_t fc_light_peer_deadline_us(const struct fc_light_node *node);

#endif
