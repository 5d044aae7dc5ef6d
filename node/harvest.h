/* A catalogue of others brought into a feed: what is new or changed is put, what is gone is
 * deleted, what is the same costs nothing. */
#ifndef FC_NODE_HARVEST_H
#define FC_NODE_HARVEST_H

#include "node/publisher.h"
#include "node/rdf.h"

enum {
    FC_HARVEST_DELETES_FREE = 10,    /* entries that may go without being asked for */
    FC_HARVEST_DELETES_PERCENT = 10, /* or this share of those the catalogue had */
};

struct fc_harvest {
    struct fc_publisher *publisher;
    const char *prefix; /* only keys that begin so belong to this catalogue; NULL: all */
    bool keep;          /* nothing is deleted */
    bool dry_run;       /* nothing is signed */
    bool limited;       /* `deletes_max` was given */
    uint64_t deletes_max;
    bool percent; /* of those the catalogue had */
    void *ctx;
    void (*fault)(void *ctx, const char *name, const char *text);
    void (*progress)(void *ctx, uint64_t done, uint64_t total);
};
struct fc_harvest_counts {
    uint64_t fresh, changed, unchanged, deleted, failed;
    uint64_t held; /* entries of this catalogue in the feed before */
    uint64_t gone; /* of those, no longer in the catalogue */
};
/* FC_E_DENIED: more entries would go than the limit allows, and nothing was done; otherwise errors
 * of the calls to the node. The graph is sorted. Entries that were published in another way than by
 * an import are never deleted. */
FC_MUST_USE enum fc_err fc_harvest_run(const struct fc_harvest *harvest, const struct fc_rdf *rdf,
                                       struct fc_harvest_counts *counts);

#endif
