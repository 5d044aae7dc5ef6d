/* The network's inside, for the files that make it up. */
#ifndef FC_SIM_NETWORK_PRIV_H
#define FC_SIM_NETWORK_PRIV_H

#include "net/rng.h"
#include "sim/network.h"
#include "sim/queue.h"

enum { FC_NONE = 0xffffffff };

/* A link's end at a node, and what is under way towards it. */
struct fc_network_end {
    uint64_t last_us; /* arrival of the last message; before that, of UP */
    uint32_t node;
    uint32_t next, prev;  /* of the node's ends: 2 * link index + end, or FC_NONE */
    uint32_t latency_us;  /* towards it */
    uint32_t mark;        /* the node's own */
    uint32_t queued : 24; /* messages under way */
    uint32_t pending : 4; /* other happenings under way */
    uint32_t listed : 1;  /* among the node's: from the dial until it is closed, lost or dead */
    uint32_t open : 1;    /* the node knows of the link */
    uint32_t blocked : 1; /* the other end was refused */
    uint32_t cut : 1;     /* of the first end, for both: what is under way is lost */
};
enum { FC_NETWORK_QUEUED_MAX = 0xffffff, FC_NETWORK_PENDING_MAX = 15 };
struct fc_network_link {
    struct fc_network_end end[2]; /* of who dialled, of who was dialled */
};
_Static_assert(sizeof(struct fc_network_link) == 64, "a cache line");
struct fc_network_node {
    uint64_t line_free_ns; /* its access line */
    uint32_t first;        /* end, newest first */
    uint32_t degree;       /* ends */
    uint32_t group, life;
    uint32_t factor_milli, loss_ppm;
    uint32_t timer; /* place in the heap, or FC_NONE */
    bool up;
};
struct fc_network_timer {
    uint64_t at_us, order;
    uint32_t node;
};
struct fc_network_ahead { /* a happening that will be reached soon */
    uint64_t tag;
    uint32_t node;
};
enum { FC_NETWORK_AHEAD = 16 };
struct fc_network {
    struct fc_network_config config;
    struct fc_rng rng;
    uint64_t now_us;
    struct fc_queue queue;
    struct fc_network_node *nodes;
    uint32_t node_count, node_cap;
    bool uneven;                   /* some node was made slow or lossy */
    struct fc_network_link *links; /* on a cache line each */
    uint64_t (*free_ns)[2];        /* where bandwidth_bps: when the line towards each end is free */
    uint32_t link_count, link_cap;
    uint32_t free_first, free_last;  /* links no longer used, by end[0].next; the oldest first */
    struct fc_network_timer *timers; /* a heap, four below each */
    uint32_t timer_count, timer_cap;
    uint64_t timer_order;
    struct fc_network_ahead ahead[FC_NETWORK_AHEAD];
    uint32_t ahead_at;
    struct fc_network_stats stats;
};

enum fc_network_kind { /* of happenings */
                       FC_HAPPENS_MESSAGE,
                       FC_HAPPENS_POSTED,
                       FC_HAPPENS_DIALLED,  /* the dial arrives */
                       FC_HAPPENS_ANSWERED, /* what came of it is back */
                       FC_HAPPENS_DOWN,
                       FC_HAPPENS_UNREACHED, /* link: the peer; size: the dialler's life */
                       FC_HAPPENS_ALARM,
};
enum { FC_HAPPENS_AT_END = 1 }; /* flags: which end */

void fc_network_put(struct fc_network *network, const struct fc_happening *happening);
void fc_network_tell(struct fc_network *network, const struct fc_news *news);
/* Both ends of the link notice so much later, where they know of it. */
void fc_network_lose_link(struct fc_network *network, uint32_t link, uint64_t noticed_us);
/* The same for all links of a node. */
void fc_network_lose_links(struct fc_network *network, uint32_t node, bool unreached_only);
/* The node's end is no longer its own. */
void fc_network_leave_link(struct fc_network *network, uint32_t link, int end);
void fc_network_on_link(struct fc_network *network, const struct fc_happening *at);
/* Frees what it owns. */
void fc_network_forget(struct fc_happening *happening);

/* The timer due first: UINT64_MAX when there is none. */
uint64_t fc_network_timer_next_us(const struct fc_network *network);
uint32_t fc_network_timer_take(struct fc_network *network);

#endif
