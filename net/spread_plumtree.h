/* Dissemination trees: J. Leitao, J. Pereira, L. Rodrigues, "Epidemic broadcast trees", SRDS 2007.
 *
 * News is pushed along a tree and announced, in batches, over all other links. A push that comes
 * twice prunes the link it came over; what was announced and does not come is grafted. Beyond the
 * paper: a tree for each publishing feed, so that each is near the shortest from its source; a
 * group without a tree is flooded once, and pruned; announcements say how old they are, so that a
 * link that would have been quicker is found whatever the batching; who loses its parent grafts
 * another at once; the time until a graft follows from measured round trips.
 *
 * What a broken tree costs is latency: everything announced holds the cursor until it is there. */
#ifndef FC_NET_SPREAD_PLUMTREE_H
#define FC_NET_SPREAD_PLUMTREE_H

#include "net/spread.h"

enum { FC_PLUMTREE_GRAFT_HOPS = 16 }; /* how long a push may take before it is asked for */

extern const struct fc_spread_ops fc_spread_plumtree;        /* a tree for each feed */
extern const struct fc_spread_ops fc_spread_plumtree_shared; /* one for all, as published */

#endif
