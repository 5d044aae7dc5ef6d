/* Counts of durations in buckets whose width grows with the value: 128 to each power of two, so
 * that a quantile is right to 0.4 %. */
#ifndef FC_SIM_HISTOGRAM_H
#define FC_SIM_HISTOGRAM_H

#include <stdint.h>

enum { FC_HISTOGRAM_PART = 128, FC_HISTOGRAM_BUCKETS = 58 * FC_HISTOGRAM_PART };
struct fc_histogram { /* all zero is empty */
    uint64_t count, sum, max;
    uint64_t buckets[FC_HISTOGRAM_BUCKETS];
};
void fc_histogram_add(struct fc_histogram *histogram, uint64_t value);
/* The middle of the bucket that holds the value of this rank: at least `share` of all lie at or
 * below its end. 0 when empty. */
uint64_t fc_histogram_quantile(const struct fc_histogram *histogram, double share);
uint32_t fc_histogram_bucket(uint64_t value);
uint64_t fc_histogram_bucket_end(uint32_t bucket); /* the greatest value that falls into it */

#endif
