#include "net/bucket.h"

void fc_bucket_init(struct fc_bucket *bucket, uint64_t rate_per_s, uint64_t burst, uint64_t now_us)
{
    *bucket = (struct fc_bucket){
        .rate_per_s = rate_per_s, .burst = burst, .tokens = burst, .at_us = now_us};
}

static void refill(struct fc_bucket *bucket, uint64_t now_us)
{
    const uint64_t second_us = 1000000;
    uint64_t elapsed_us = now_us > bucket->at_us ? now_us - bucket->at_us : 0;
    bucket->at_us = now_us > bucket->at_us ? now_us : bucket->at_us;
    if (bucket->rate_per_s == 0)
        return;
    if (elapsed_us / second_us >= bucket->burst / bucket->rate_per_s + 1) {
        bucket->tokens = bucket->burst;
        bucket->fraction_us = 0;
        return;
    }
    uint64_t earned = bucket->fraction_us + elapsed_us * bucket->rate_per_s;
    bucket->tokens += earned / second_us;
    bucket->fraction_us = earned % second_us;
    if (bucket->tokens >= bucket->burst) {
        bucket->tokens = bucket->burst;
        bucket->fraction_us = 0;
    }
}

bool fc_bucket_take(struct fc_bucket *bucket, uint64_t cost, uint64_t now_us)
{
    refill(bucket, now_us);
    if (cost > bucket->burst)
        cost = bucket->burst;
    if (bucket->tokens < cost)
        return false;
    bucket->tokens -= cost;
    return true;
}

bool fc_bucket_full(struct fc_bucket *bucket, uint64_t now_us)
{
    refill(bucket, now_us);
    return bucket->tokens == bucket->burst;
}
