/* The links news goes over, in a whole world: their graph, and what a view must make of it. */
#ifndef FC_TESTS_SUPPORT_OVERLAY_H
#define FC_TESTS_SUPPORT_OVERLAY_H

#include "sim/world.h"

struct fc_overlay {
    uint32_t count;     /* nodes of the world */
    uint8_t *edge;      /* count x count: the first takes the second for a neighbour */
    uint32_t *degree;   /* of each */
    uint32_t up;        /* nodes */
    uint32_t parts;     /* of the graph over those that are up */
    uint32_t one_sided; /* links only one end takes for active */
    uint32_t low, high; /* degrees of those up */
    double mean;
};
void fc_overlay_look(struct fc_overlay *overlay, const struct fc_world *world);
void fc_overlay_finish(struct fc_overlay *overlay);
/* One line: how many nodes have each degree. */
void fc_overlay_print(const struct fc_overlay *overlay, const char *when);
/* Runs until the overlay is one part and symmetric, or the time is over; true when it is. */
bool fc_overlay_settle(struct fc_world *world, uint64_t within_us);

/* A founder and `count` - 1 more that join through it, one every `every_us`. */
void fc_overlay_grow(struct fc_world *world, uint32_t count, uint64_t every_us);
/* The same, with the operators admitted at once. */
uint32_t fc_overlay_add(struct fc_world *world, uint32_t bootstrap, bool dials_only);

#endif
