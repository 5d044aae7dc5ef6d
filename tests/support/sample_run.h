/* A run told to sim/results.h without a simulator: deltas flood an overlay of European cities, with
 * a partition, crashes and catch-up. It has something of everything a report shows. */
#ifndef FC_TESTS_SAMPLE_RUN_H
#define FC_TESTS_SAMPLE_RUN_H

#include "sim/results.h"

/* Fills a summary and, unless NULL, a directory. Same seed, same files. */
void sample_run(uint32_t nodes, uint64_t seed, struct fc_summary *summary, const char *dir);

#endif
