/* Gossip without a tree, for study: each node pushes what it hears of for the first time to
 * `fanout` of its active links, chosen at random each time, and announces nothing. What chance
 * leaves out comes by cursor, some seconds later. P. Eugster, R. Guerraoui, A.-M. Kermarrec, L.
 * Massoulie, "Epidemic information dissemination in distributed systems", IEEE Computer 37(5),
 * 2004. */
#ifndef FC_NET_SPREAD_EAGER_H
#define FC_NET_SPREAD_EAGER_H

#include "net/spread.h"

enum {
    FC_EAGER_FANOUT = 4,
    FC_EAGER_CURSOR_US = 10000000, /* until peers that were not pushed to may ask (+- 25 %) */
};
extern const struct fc_spread_ops fc_spread_eager;

#endif
