/* Offers for benchmarks: Gaia-X service offerings in Loire form, 2,084 bytes each on average, that
 * differ in names, numbers, identifiers and prose as real ones do. From a number alone, so that
 * every run and every process makes the same ones. */
#ifndef FC_BENCH_OFFERS_H
#define FC_BENCH_OFFERS_H

#include "store/bytes.h"

/* Appends offer `number` of revision `revision` as JSON. Its id is the same in all revisions. */
void offer_write(uint64_t number, uint32_t revision, struct fc_buf *out);
/* The id alone. */
void offer_key(uint64_t number, struct fc_buf *out);

#endif
