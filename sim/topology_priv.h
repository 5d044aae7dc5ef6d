/* The inside of topologies, for the files that make them up. */
#ifndef FC_SIM_TOPOLOGY_PRIV_H
#define FC_SIM_TOPOLOGY_PRIV_H

#include "net/rng.h"
#include "sim/topology.h"

/* Writes the fault's text (NULL: nowhere) and returns `err`. */
enum fc_err fc_topology_fail(struct fc_topology_fault *fault, enum fc_err err, const char *format,
                             ...) __attribute__((format(printf, 3, 4)));

/* A generator that follows from the seed and a label. */
struct fc_rng fc_topology_rng(uint64_t seed, const char *label);

/* settle.c: puts sites on the European map by the specification's countries, hubs first where it
 * asks for them, the others in random order. FC_E_ARG. */
FC_MUST_USE enum fc_err fc_topology_settle(const struct fc_topology_spec *spec, struct fc_rng *rng,
                                           struct fc_site *sites, struct fc_topology_fault *fault);

/* By the map, at least 1. Both are placed. */
uint32_t fc_topology_map_us(const struct fc_latency *latency, const struct fc_site *a,
                            const struct fc_site *b);

/* Gives a latency to each edge that has FC_TOPOLOGY_NONE. FC_E_ARG: by the map, and not placed. */
FC_MUST_USE enum fc_err fc_topology_time(struct fc_topology *topology,
                                         const struct fc_latency *latency, struct fc_rng *rng,
                                         struct fc_topology_fault *fault);

/* edge_list.c. `where` names the text in faults. Edges without a latency have FC_TOPOLOGY_NONE; not
 * indexed yet. */
FC_MUST_USE enum fc_err fc_edge_list_parse(struct fc_span text, const char *where,
                                           struct fc_topology *out,
                                           struct fc_topology_fault *fault);
FC_MUST_USE enum fc_err fc_edge_list_write(const struct fc_topology *topology, struct fc_buf *out,
                                           struct fc_topology_fault *fault);

/* graphml.c, in the same way. Documents with a DTD are refused. FC_E_FORMAT, FC_E_BOUND,
 * FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_graphml_parse(struct fc_span text, const char *where,
                                         struct fc_topology *out, struct fc_topology_fault *fault);
FC_MUST_USE enum fc_err fc_graphml_write(const struct fc_topology *topology, struct fc_buf *out,
                                         struct fc_topology_fault *fault);

#endif
