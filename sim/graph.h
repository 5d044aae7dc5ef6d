/* Graph algorithms and GraphML; igraph underneath, under one lock, with its generator and handlers
 * put back afterwards. Random graphs follow from the generator that is handed in, by whole numbers
 * and operations IEEE 754 fixes, so that every machine makes the same. */
#ifndef FC_SIM_GRAPH_H
#define FC_SIM_GRAPH_H

#include "net/rng.h"
#include "sim/topology.h"

/* A simple undirected graph: edges a < b, ascending, no latency yet. */
struct fc_graph {
    uint32_t node_count;
    uint64_t edge_count;
    struct fc_edge *edges; /* owned: free() */
};
/* Ring, torus (spec->rows set), star, erdos-renyi by probability, regular, barabasi-albert or
 * watts-strogatz; parameters have been checked. FC_E_NOMEM; FC_E_ARG: igraph refused. */
FC_MUST_USE enum fc_err fc_graph_make(const struct fc_topology_spec *spec, struct fc_rng *rng,
                                      struct fc_graph *out, struct fc_topology_fault *fault);
/* How many parts there are, and which nodes are in the largest (the first of equals): one flag a
 * node, freed with free(). FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_graph_parts(uint32_t node_count, const struct fc_edge *edges,
                                       uint64_t edge_count, uint32_t *parts, bool **in_largest,
                                       uint32_t *largest);
/* Fills in parts, clustering and paths of a topology that is not whole. FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_graph_measure(const struct fc_topology *topology, uint32_t sources_max,
                                         struct fc_topology_shape *shape);

/* -- graphs with attributes, and GraphML ------------------------------------------------------ */

/* Holds igraph's lock until it is closed: nothing else of this header may be called meanwhile. */
struct fc_graph_document;
enum fc_graph_element {
    FC_GRAPH_ITSELF, /* has the one index 0 */
    FC_GRAPH_NODES,
    FC_GRAPH_EDGES,
};
enum fc_graph_type {
    FC_GRAPH_ABSENT,
    FC_GRAPH_NUMBER,
    FC_GRAPH_BOOLEAN,
    FC_GRAPH_TEXT,
};
struct fc_graph_column {
    const char *name; /* one of those asked for */
    enum fc_graph_type type;
};
/* Reads the first graph of a GraphML text, which is not empty. FC_E_FORMAT, with "Line 5: what"
 * where XML is broken; FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_graph_read(struct fc_span text, struct fc_graph_document **out,
                                      struct fc_topology_fault *fault);
/* Makes one without attributes. FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_graph_open(uint32_t node_count, const struct fc_edge *edges,
                                      uint64_t edge_count, struct fc_graph_document **out,
                                      struct fc_topology_fault *fault);
void fc_graph_close(struct fc_graph_document *document); /* NULL is fine */
/* GraphML. FC_E_NOMEM, FC_E_IO. */
FC_MUST_USE enum fc_err fc_graph_write(struct fc_graph_document *document, struct fc_buf *out,
                                       struct fc_topology_fault *fault);

uint64_t fc_graph_count(const struct fc_graph_document *document, enum fc_graph_element element);
void fc_graph_ends(const struct fc_graph_document *document, uint64_t edge, uint32_t *a,
                   uint32_t *b);
/* The first of these names (NULL ends them) that is an attribute of the element. */
struct fc_graph_column fc_graph_find(const struct fc_graph_document *document,
                                     enum fc_graph_element element, const char *const *names);
/* Of a column found with the type asked for. A number that is not there is NAN, a text empty. */
double fc_graph_number(const struct fc_graph_document *document, enum fc_graph_element element,
                       struct fc_graph_column column, uint64_t index);
const char *fc_graph_text(const struct fc_graph_document *document, enum fc_graph_element element,
                          struct fc_graph_column column, uint64_t index);
/* Sets one value, the others stay as they are or absent; booleans are of the graph itself only.
 * FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_graph_set(struct fc_graph_document *document,
                                     enum fc_graph_element element, const char *name,
                                     uint64_t index, double value);
FC_MUST_USE enum fc_err fc_graph_set_text(struct fc_graph_document *document, const char *name,
                                          uint32_t node, const char *text);
FC_MUST_USE enum fc_err fc_graph_set_true(struct fc_graph_document *document, const char *name);

#endif
