#include "node/feed_times.h"

void fc_feed_times_add(struct fc_feed_times *times, fc_version version, uint64_t time_ms)
{
    if (times->count == FC_HEADS_KEPT)
        return;
    times->versions[times->count] = version;
    times->times_ms[times->count++] = time_ms;
}

uint64_t fc_feed_times_of(const struct fc_feed_times *times, fc_version version)
{
    uint64_t time_ms = 0;
    for (uint32_t i = 0; i < times->count && times->versions[i] >= version; i++)
        time_ms = times->times_ms[i];
    return time_ms;
}
