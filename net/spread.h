/* How news travels to the peers a node has links with. The core tells a module what it accepted and
 * from whom; the module tells the core what to send where. fc_spread_flood pushes everything on to
 * every open peer that is not known to have it. */
#ifndef FC_NET_SPREAD_H
#define FC_NET_SPREAD_H

#include "net/core.h"

struct fc_spread;

struct fc_spread_item {
    struct fc_arrival arrival; /* record spans may be empty: the host reads them when it sends */
};
struct fc_spread_host {
    void *ctx;
    /* Pushes the arrival to a peer: a head with its delta and small contents, any other record as
     * it is. False when the peer has it already, or its queue is full (it will resume by cursor).
     */
    bool (*push)(void *ctx, const struct fc_key *key, const struct fc_arrival *arrival);
    /* Sends a spread message to an open peer; it arrives at on_message there. */
    void (*send)(void *ctx, const struct fc_key *key, struct fc_span bytes);
    uint64_t (*random)(void *ctx, uint64_t below);
};
struct fc_spread_ops {
    const char *name;
    enum fc_err (*create)(const struct fc_spread_host *host, struct fc_spread **spread);
    void (*destroy)(struct fc_spread *spread);
    void (*on_open)(struct fc_spread *spread, const struct fc_key *key, uint64_t now_us);
    void (*on_closed)(struct fc_spread *spread, const struct fc_key *key, uint64_t now_us);
    /* `from` is NULL for this node's own. */
    void (*on_accepted)(struct fc_spread *spread, const struct fc_arrival *arrival,
                        const struct fc_key *from, uint64_t now_us);
    void (*on_duplicate)(struct fc_spread *spread, const struct fc_arrival *arrival,
                         const struct fc_key *from, uint64_t now_us);
    void (*on_message)(struct fc_spread *spread, const struct fc_key *key, struct fc_span bytes,
                       uint64_t now_us);
    void (*on_tick)(struct fc_spread *spread, uint64_t now_us);
    uint64_t (*deadline_us)(const struct fc_spread *spread);
};
extern const struct fc_spread_ops fc_spread_flood;

#endif
