/* Topologies as a test writes them down: "barabasi-albert nodes=100 latency=map". */
#ifndef FC_TESTS_TOPOLOGY_H
#define FC_TESTS_TOPOLOGY_H

#include "sim/topology.h"

/* One fault may come from a parameter or from generating. */
enum fc_err topology_try(const char *words, uint64_t seed, struct fc_topology *out,
                         struct fc_topology_fault *fault);
/* Fails the test when it cannot be. */
void topology_make(const char *words, uint64_t seed, struct fc_topology *out);
/* Symmetric latencies, edges in order, neighbours that agree with them, one part. */
void topology_check(const struct fc_topology *topology);
void topology_hex(const struct fc_topology *topology, char out[65]);

#endif
