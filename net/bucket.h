/* Token buckets: a rate with a burst. */
#ifndef FC_NET_BUCKET_H
#define FC_NET_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

struct fc_bucket {
    uint64_t rate_per_s, burst;
    uint64_t tokens;
    uint64_t fraction_us; /* elapsed time not yet worth a token, times the rate */
    uint64_t at_us;
};
/* Full at the start. */
void fc_bucket_init(struct fc_bucket *bucket, uint64_t rate_per_s, uint64_t burst, uint64_t now_us);
/* Takes `cost` tokens when they are there. A cost above the burst passes when the bucket is full.
 */
bool fc_bucket_take(struct fc_bucket *bucket, uint64_t cost, uint64_t now_us);
bool fc_bucket_full(struct fc_bucket *bucket, uint64_t now_us);

#endif
