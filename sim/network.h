/* The network between nodes, under a virtual clock: who reaches whom, links (connections) with
 * latency, jitter, bandwidth, loss and order, and what is under way on them. It knows nothing of
 * what nodes say. All of it follows from one seed and the order of calls.
 *
 * What is modelled. A link is ordered, as TCP is: loss, duplication and reordering on the wire are
 * seen as delay, a message waits for those before it, and a link that is reset loses what is under
 * way. A message that is lost goes again after a timeout of max(200 ms, 2 round trips), doubled
 * with each loss up to a minute; after 15 losses in a row the link is reset. A message takes its
 * bytes / bandwidth on its sender's access line, which all links of the node share, then on the
 * link, each first come first served. Where two ends no longer reach each other their links are
 * lost at once, and both notice after a silence.
 *
 * What is not. Congestion control, slow start, acknowledgements, packets (loss is of a whole
 * message whatever its size), fast retransmission, the line time of what goes again, a limit of the
 * receiver's line. Dials go again after a loss as messages do, and take no line time. */
#ifndef FC_SIM_NETWORK_H
#define FC_SIM_NETWORK_H

#include "store/bytes.h"

enum {
    FC_NETWORK_NODES_MAX = 0x7fffffff,
    FC_NETWORK_GROUP_MAX = 0x7fffffff,
    FC_NETWORK_RESENDS_MAX = 15,
};
#define FC_NETWORK_SILENCE_US    1000000u /* a link that leads nowhere is noticed after this */
#define FC_NETWORK_RESEND_MIN_US 200000u
#define FC_NETWORK_RESEND_MAX_US 60000000u

enum fc_news_kind {
    FC_NEWS_MESSAGE,     /* link, peer; bytes or tag, as it was sent */
    FC_NEWS_UP,          /* link, peer, inbound; the dialled end hears first, half a round trip on,
                            the dialler after a whole one */
    FC_NEWS_DOWN,        /* link, peer; after all that was sent before it was closed. Nothing more
                            comes of this link, and its number may be another's soon */
    FC_NEWS_DIAL_FAILED, /* peer: refused, after a round trip; or out of reach, after a silence */
    FC_NEWS_WRITABLE,    /* link, peer: takes messages again after FC_E_AGAIN */
    FC_NEWS_TIMER,       /* the node's fc_network_timer */
    FC_NEWS_ALARM,       /* an fc_network_alarm; tag */
};
struct fc_news { /* what happens to a node, at fc_network_now_us() */
    enum fc_news_kind kind;
    uint32_t node; /* whom it happens to */
    uint32_t link; /* from 1 */
    uint32_t peer; /* node at the other end */
    bool inbound;
    uint32_t mark; /* of the link, as the node set it; 0 */
    uint64_t tag;
    struct fc_buf *bytes; /* of a message, NULL when it was posted; may be taken over, else freed
                             after the call */
};
struct fc_network_config {
    uint64_t seed;
    uint32_t node_count; /* at the start; all down */
    void *ctx;
    /* One way, asked for when a link is made and kept with it; NULL: latency_same_us. */
    uint64_t (*latency_us)(void *ctx, uint32_t from, uint32_t to);
    uint64_t latency_same_us; /* 0: 10 ms */
    uint64_t silence_us;      /* a link or dial that leads nowhere is noticed after this; 0: 1 s */
    uint64_t jitter_us;       /* even over 0 to this much more, of each message */
    uint64_t bandwidth_bps;   /* of each link and direction, bits a second; 0: any */
    uint64_t access_bps;      /* of each node's own line out; 0: any */
    uint32_t loss_ppm, duplicate_ppm, reorder_ppm; /* of messages */
    uint32_t queue_max; /* messages under way on a link, each way, before it is blocked; 0: any */
    bool datagrams;     /* no order, loss is loss, duplicates arrive: for bare messages */
    void (*happen)(void *ctx, const struct fc_news *news);
    /* News of the node comes soon, perhaps: what it will touch may be fetched into the cache, in
     * steps 0, 1 and 2, each for what the one before has led to. NULL: of no interest. */
    void (*soon)(void *ctx, uint32_t node, uint64_t tag, int step);
    /* Whether a dial is taken, asked when it arrives; NULL: always. */
    bool (*accepts)(void *ctx, uint32_t from, uint32_t to);
    /* Each message with bytes as it arrives, before `happen`, for traces; NULL: none. */
    void (*delivered)(void *ctx, uint32_t from, uint32_t to, struct fc_span bytes);
};
struct fc_network;

/* Fails with FC_E_NOMEM, FC_E_BOUND (nodes). Out of memory later on ends the program. */
FC_MUST_USE enum fc_err fc_network_create(const struct fc_network_config *config,
                                          struct fc_network **network);
void fc_network_destroy(struct fc_network *network); /* NULL is fine */

/* -- nodes ------------------------------------------------------------------------------------ */

/* One more, down; its number follows the last. */
uint32_t fc_network_add(struct fc_network *network);
uint32_t fc_network_count(const struct fc_network *network);
void fc_network_up(struct fc_network *network, uint32_t node);
/* It hears of nothing any more, dials of its own included, until it is up again; the other ends of
 * its links notice after one latency. Its timer is gone; alarms stay. */
void fc_network_down(struct fc_network *network, uint32_t node);
bool fc_network_is_up(const struct fc_network *network, uint32_t node);

/* Nodes of different groups do not reach each other; all begin in group 0. Links that lead across
 * are lost. */
void fc_network_group(struct fc_network *network, uint32_t node, uint32_t group);
/* On its own: reaches nobody. */
void fc_network_isolate(struct fc_network *network, uint32_t node);
void fc_network_heal(struct fc_network *network); /* all into group 0 */
bool fc_network_reaches(const struct fc_network *network, uint32_t a, uint32_t b);

/* Latency and jitter of its links times `factor_milli` / 1000; of both ends the larger counts. */
void fc_network_slow(struct fc_network *network, uint32_t node, uint32_t factor_milli);
/* Loss on its links beyond that of the network. */
void fc_network_lose(struct fc_network *network, uint32_t node, uint32_t loss_ppm);

/* -- links ------------------------------------------------------------------------------------ */

/* News tells what came of it: up, or dial failed. Between two nodes there may be several. */
void fc_network_dial(struct fc_network *network, uint32_t from, uint32_t to);
/* FC_E_CLOSED: the link is no longer this node's, the message is dropped. FC_E_AGAIN: queue_max are
 * under way; news says when the link is writable. A link that was cut takes all and loses it. */
FC_MUST_USE enum fc_err fc_network_send(struct fc_network *network, uint32_t from, uint32_t link,
                                        struct fc_span bytes);
/* A message of one number that stands for `wire_bytes`: what the line carries. */
FC_MUST_USE enum fc_err fc_network_post(struct fc_network *network, uint32_t from, uint32_t link,
                                        uint64_t tag, uint32_t wire_bytes);
/* The far end hears of it after all that was sent before; this end hears no more of the link. */
void fc_network_close(struct fc_network *network, uint32_t from, uint32_t link);
/* Resets every link between the two: what is under way is lost, both ends notice after one
 * latency. */
void fc_network_cut(struct fc_network *network, uint32_t a, uint32_t b);
void fc_network_cut_all(struct fc_network *network, uint32_t node);
/* The newest link of `node` with `peer` that is up at both ends; 0: none. */
uint32_t fc_network_link(const struct fc_network *network, uint32_t node, uint32_t peer);
/* The other end; 0xffffffff: the node has no such link any more. */
uint32_t fc_network_peer(const struct fc_network *network, uint32_t node, uint32_t link);
/* A number that comes with news of a link of the node's. */
void fc_network_mark(struct fc_network *network, uint32_t node, uint32_t link, uint32_t mark);
/* The link will be sent over soon: its record is fetched into the cache. */
void fc_network_fetch(const struct fc_network *network, uint32_t link);
/* There and back over a link of the node's, without jitter and queues. */
uint64_t fc_network_round_trip_us(const struct fc_network *network, uint32_t node, uint32_t link);

/* -- time ------------------------------------------------------------------------------------- */

uint64_t fc_network_now_us(const struct fc_network *network);
/* A node's one timer: sets it, in place of what it was. UINT64_MAX: none. What is past is now. Of
 * all that happens in one microsecond timers come last, in the order they were set. */
void fc_network_timer(struct fc_network *network, uint32_t node, uint64_t at_us);
/* Once, whether the node is up or not. */
void fc_network_alarm(struct fc_network *network, uint64_t at_us, uint32_t node, uint64_t tag);
/* All that happens up to and at `until_us`; the time is then `until_us`. */
void fc_network_run(struct fc_network *network, uint64_t until_us);
/* The next thing that happens up to `until_us`; false: nothing, and the time is then `until_us`. */
bool fc_network_step(struct fc_network *network, uint64_t until_us);

struct fc_network_stats {
    uint64_t events;
    uint64_t messages, bytes;             /* that arrived; a posted one counts as it stands for */
    uint64_t blocked;                     /* sends refused */
    uint64_t lost, duplicated, reordered; /* on the wire, by chance */
    uint64_t dropped;                     /* with their link */
    uint64_t links, links_max;            /* now; at most at once */
    uint64_t under_way_max;               /* events at once */
    uint64_t memory_bytes;                /* of the network itself */
};
void fc_network_get_stats(const struct fc_network *network, struct fc_network_stats *out);

#endif
