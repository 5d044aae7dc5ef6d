/* When a feed's versions were signed, as far as its heads are kept. */
#ifndef FC_NODE_FEED_TIMES_H
#define FC_NODE_FEED_TIMES_H

#include "store/limits.h"
#include "store/record.h"

struct fc_feed_times {
    fc_version versions[FC_HEADS_KEPT]; /* the newest first */
    uint64_t times_ms[FC_HEADS_KEPT];
    uint32_t count;
};
/* Of the heads, given from the newest on; those beyond the room are left out. */
void fc_feed_times_add(struct fc_feed_times *times, fc_version version, uint64_t time_ms);
/* When a version was signed; of one whose head is no longer kept, when the oldest one after it that
 * is was: never too early, so that nobody who asks for what is new misses it. 0: nothing is known.
 */
uint64_t fc_feed_times_of(const struct fc_feed_times *times, fc_version version);

#endif
