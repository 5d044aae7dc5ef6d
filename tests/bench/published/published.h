/* Tables of papers, made again with this code's own modules on light nodes (sim/light.h): each
 * figure beside the published one. */
#ifndef FC_BENCH_PUBLISHED_H
#define FC_BENCH_PUBLISHED_H

#include "net/rng.h"
#include "sim/light.h"

enum { PUBLISHED_MS = 1000, PUBLISHED_SECOND = 1000000 };
struct published {
    uint32_t nodes, messages, cycles;
    uint64_t seed;
};
struct overlay {
    struct fc_light *light;
    struct fc_rng rng;
};

/* HyParView as published: all join through one node, then `steps` membership steps. Ends the
 * program when it cannot. */
void overlay_grow(struct overlay *overlay, const struct published *options,
                  const struct fc_spread_ops *spread, uint32_t steps);
void overlay_run(struct overlay *overlay, uint64_t for_us);
uint32_t overlay_random_up(struct overlay *overlay);
/* Crashes so many of those that are up. */
void overlay_crash(struct overlay *overlay, uint32_t count);
uint32_t overlay_up(const struct overlay *overlay);

/* Publishes at a random node and waits until nothing more of it is under way. */
struct broadcast {
    double reliability;        /* of the nodes up, those it reached */
    uint64_t payload, control; /* messages sent meanwhile; of the spread module only */
    uint64_t view;             /* messages of the views */
    double redundancy;         /* payload received / (nodes it reached - 1) - 1 */
    uint32_t hops;             /* of the last delivery */
    double last_s;             /* until it */
};
struct broadcast overlay_broadcast(struct overlay *overlay, uint64_t wait_us);

void published_hyparview(const struct published *options);
void published_plumtree(const struct published *options);

#endif
