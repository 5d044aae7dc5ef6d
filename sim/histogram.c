#include "sim/histogram.h"

#include <math.h>

uint32_t fc_histogram_bucket(uint64_t value)
{
    if (value < 2 * FC_HISTOGRAM_PART)
        return (uint32_t)value;
    unsigned shift = 63u - 7u - (unsigned)__builtin_clzll(value);
    return shift * FC_HISTOGRAM_PART + (uint32_t)(value >> shift);
}

uint64_t fc_histogram_bucket_end(uint32_t bucket)
{
    if (bucket < 2 * FC_HISTOGRAM_PART)
        return bucket;
    uint32_t shift = bucket / FC_HISTOGRAM_PART - 1;
    uint64_t part = bucket % FC_HISTOGRAM_PART + FC_HISTOGRAM_PART;
    return (part << shift) + ((uint64_t)1 << shift) - 1;
}

void fc_histogram_add(struct fc_histogram *histogram, uint64_t value)
{
    histogram->count++;
    histogram->sum += value;
    if (value > histogram->max)
        histogram->max = value;
    histogram->buckets[fc_histogram_bucket(value)]++;
}

uint64_t fc_histogram_quantile(const struct fc_histogram *histogram, double share)
{
    uint64_t rank = (uint64_t)ceil(share * (double)histogram->count), seen = 0;
    if (rank == 0)
        rank = 1;
    for (uint32_t i = 0; i < FC_HISTOGRAM_BUCKETS; i++) {
        seen += histogram->buckets[i];
        if (seen < rank)
            continue;
        uint64_t end = fc_histogram_bucket_end(i);
        uint64_t start = i > 0 ? fc_histogram_bucket_end(i - 1) + 1 : 0;
        uint64_t middle = start + (end - start) / 2;
        return middle < histogram->max ? middle : histogram->max;
    }
    return 0;
}
