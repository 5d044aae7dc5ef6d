/* How news travels over the active links. The host (the core, or a lighter node of a simulator)
 * tells a module what it accepted and from whom; the module tells the host what to send where. A
 * module knows neither replica nor records: subjects are 64-bit ids to it, messages are its own.
 *
 * fc_spread_flood pushes everything over every link; net/spread_plumtree.h has the trees,
 * net/spread_eager.h gossip with a fan-out, for study.
 *
 * What the host guarantees:
 * - Calls come one at a time. Time never goes back. on_tick comes once deadline_us() is reached,
 *   perhaps later, perhaps without need.
 * - A link keeps order. on_open and on_closed alternate for one key; everything else about a peer
 *   comes between the two. What was under way when a link closes is lost.
 * - Each subject that the node accepts is told once, with on_accepted, in the order of its arrival
 *   log. Within that call, for each open peer but `from`, the module settles how the peer comes to
 *   know: push() that was taken, defer(), or skip(). Where it does none of them, the host itself
 *   sees to it that the peer notices and catches up by cursor; so a module may drop anything.
 * - push, announce, send, drop and punish may close the peer's link: on_closed comes before they
 *   return. Nothing else calls back. */
#ifndef FC_NET_SPREAD_H
#define FC_NET_SPREAD_H

#include "net/core.h"

struct fc_spread;

/* A subject and how new it is: of a head the first eight bytes of its participant, and its version;
 * of any other record those of its hash, and version 0. Of one id only the highest version matters.
 */
struct fc_spread_item {
    uint64_t id;
    fc_version version;
};
static inline struct fc_spread_item fc_spread_item_of(const struct fc_arrival *arrival)
{
    return (struct fc_spread_item){fc_get_be64(arrival->subject.b), arrival->version};
}

/* What goes along with each push: the low byte counts hops (1: from who published; 255: that many
 * or more), the rest is the module's own. */
enum { FC_SPREAD_HOPS = 0xff };
static inline uint32_t fc_spread_hops(uint32_t tag)
{
    return tag & FC_SPREAD_HOPS;
}

enum fc_spread_way {
    FC_SPREAD_OWN,     /* accepted from this node's own users; `from` is NULL */
    FC_SPREAD_PUSHED,  /* by `from`, with `tag` */
    FC_SPREAD_FETCHED, /* caught up by cursor, from `from` or NULL; no push that a tree would show
                        */
};

struct fc_spread_host {
    void *ctx;
    /* Pushes what on_accepted is about to an open peer: a head with its delta and small contents,
     * any other record as it is. False: it was not taken, for it is not held any more, or the
     * peer's queue is full. */
    bool (*push)(void *ctx, const struct fc_key *key, const struct fc_arrival *arrival,
                 uint32_t tag);
    /* The peer will hear of it by announce(). */
    void (*defer)(void *ctx, const struct fc_key *key);
    /* The peer holds it: it said so. */
    void (*skip)(void *ctx, const struct fc_key *key);

    /* At any time: pushes what is held of the item's subject now, when that is as new as `item` or
     * newer; for a peer that asks. False as for push. */
    bool (*push_item)(void *ctx, const struct fc_key *key, const struct fc_spread_item *item,
                      uint32_t tag);
    /* Sends an announcement; it arrives at on_announce there. With the `last` one the peer has
     * heard of everything that was deferred: its cursor moves. False: it was not taken, and the
     * peer will catch up by cursor. Not within on_accepted. */
    bool (*announce)(void *ctx, const struct fc_key *key, struct fc_span bytes, bool last);
    /* Nothing that was deferred is left to be announced: either the peer turned out to hold it all
     * (`known`), or it is given up, and left to the cursor. */
    void (*settle)(void *ctx, const struct fc_key *key, bool known);
    /* Sends any other message; it arrives at on_message there. */
    void (*send)(void *ctx, const struct fc_key *key, struct fc_span bytes);

    /* Whether the item, or something newer of its subject, is held here. */
    bool (*holds)(void *ctx, const struct fc_spread_item *item);
    /* Within on_announce: the peer has this and the node has not. The host remembers, holds its
     * cursor below, and in the end asks the peer by cursor when it comes by no other way. */
    void (*missing)(void *ctx, const struct fc_key *key, const struct fc_spread_item *item);

    uint64_t (*round_trip_us)(void *ctx, const struct fc_key *key); /* 0: not measured */
    /* It does not do what a peer should; and: it sent what no honest peer sends. */
    void (*drop)(void *ctx, const struct fc_key *key, const char *why);
    void (*punish)(void *ctx, const struct fc_key *key, const char *why);
    uint64_t (*random)(void *ctx, uint64_t below);
    uint32_t fanout; /* of modules that have one; 0: the module's own */
};

struct fc_spread_ops {
    const char *name;
    enum fc_err (*create)(const struct fc_spread_host *host, struct fc_spread **spread);
    void (*destroy)(struct fc_spread *spread);
    /* News goes over the link to this peer from now on. */
    void (*on_open)(struct fc_spread *spread, const struct fc_key *key, uint64_t now_us);
    void (*on_closed)(struct fc_spread *spread, const struct fc_key *key, uint64_t now_us);
    /* The link will close before long; until then it serves. NULL: of no interest. */
    void (*on_leaving)(struct fc_spread *spread, const struct fc_key *key, uint64_t now_us);
    /* The arrival's record span may be empty. `from` may be a peer that is not open, or not
     * active. */
    void (*on_accepted)(struct fc_spread *spread, const struct fc_arrival *arrival,
                        enum fc_spread_way way, const struct fc_key *from, uint32_t tag,
                        uint64_t now_us);
    /* A push of what was held already, or of something older. */
    void (*on_duplicate)(struct fc_spread *spread, const struct fc_arrival *arrival,
                         const struct fc_key *from, uint32_t tag, uint64_t now_us);
    /* Bytes of a peer, which may be anything. */
    void (*on_announce)(struct fc_spread *spread, const struct fc_key *key, struct fc_span bytes,
                        uint64_t now_us);
    void (*on_message)(struct fc_spread *spread, const struct fc_key *key, struct fc_span bytes,
                       uint64_t now_us);
    void (*on_tick)(struct fc_spread *spread, uint64_t now_us);
    uint64_t (*deadline_us)(const struct fc_spread *spread); /* UINT64_MAX: no timer runs */
};
extern const struct fc_spread_ops fc_spread_flood;

#endif
