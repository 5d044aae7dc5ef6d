/* Who can talk to whom, where they stand and how far apart they are: the ground a run stands on.
 *
 * A topology is either whole (any pair may talk) or a simple undirected connected graph. Its edges
 * are the only links there are for a view that is static; for others they are the ground, and
 * messages go over the quickest way of edges (route.h). It follows from a
 * specification and a seed alone, is the same on every machine, and does not change afterwards:
 * latencies are integer microseconds, one way, the same in both directions.
 *
 * A topology that is made can be read by many threads. Generating, describing, loading and saving
 * take a lock around igraph, whose generator and error handler belong to the whole process. */
#ifndef FC_SIM_TOPOLOGY_H
#define FC_SIM_TOPOLOGY_H

#include "sim/distance.h"
#include "store/bytes.h"
#include "store/crypto.h"

enum {
    FC_TOPOLOGY_NODES_MAX = 1000000,
    FC_TOPOLOGY_EDGES_MAX = 20000000,
    FC_TOPOLOGY_LATENCY_MAX_US = 60000000,
    FC_TOPOLOGY_NAME_MAX = 64,           /* with the NUL */
    FC_TOPOLOGY_FILE_BYTES_MAX = 1 << 29 /* of a file that is loaded */
};
#define FC_TOPOLOGY_NONE UINT32_MAX

struct fc_site {
    char name[FC_TOPOLOGY_NAME_MAX]; /* unique: printable, without blanks */
    char country[4];                 /* ISO 3166-1, two letters; empty: none */
    bool placed;                     /* it has coordinates */
    int32_t latitude_udeg, longitude_udeg;
    uint32_t region; /* index into regions; FC_TOPOLOGY_NONE without a country */
    uint32_t hub;    /* the node it belongs to, itself for a hub; FC_TOPOLOGY_NONE: on its own */
};
struct fc_edge {
    uint32_t a, b; /* a < b; edges ascend by (a, b) */
    uint32_t latency_us;
};
/* Where latencies come from. On a whole topology it is asked for each pair, on a graph it has been
 * applied to each edge. */
enum fc_latency_kind {
    FC_LATENCY_CONSTANT, /* min_us */
    FC_LATENCY_UNIFORM,  /* even over min_us..max_us; of graphs only */
    FC_LATENCY_MAP,      /* great circle in fibre (distance.h), plus hop_us */
};
struct fc_latency {
    enum fc_latency_kind kind;
    uint32_t min_us, max_us;
    uint32_t inflation_permille; /* length of the fibre over the great circle's; 1000 to 10000 */
    uint32_t hop_us;             /* routers and the last mile, for each message */
};

struct fc_topology {
    uint32_t node_count;
    struct fc_site *sites;
    bool whole;
    uint64_t edge_count; /* 0 when whole */
    struct fc_edge *edges;
    struct fc_latency latency;
    uint32_t region_count; /* the countries that occur, ascending */
    char (*regions)[4];

    /* Made from the above by fc_topology_index. */
    uint64_t *first; /* node_count + 1: where a node's neighbours begin */
    uint32_t *neighbours, *neighbour_us;
    uint32_t *node_place; /* sites at the same coordinates share one; FC_TOPOLOGY_NONE: none */
    uint32_t place_count;
    struct fc_place *places;
    uint32_t *place_us; /* place_count squared, or NULL beyond FC_TOPOLOGY_TABLE_MAX places */
};
enum { FC_TOPOLOGY_TABLE_MAX = 4096 };

/* What went wrong in one line that a person can act on, without a full stop or newline. */
struct fc_topology_fault {
    char text[320];
    const char *param; /* the parameter to change, where it is one; else NULL */
};

/* -- generating ------------------------------------------------------------------------------- */

enum fc_topology_kind {
    FC_TOPOLOGY_WHOLE,
    FC_TOPOLOGY_MAP, /* whole, on the European map */
    FC_TOPOLOGY_RING,
    FC_TOPOLOGY_TORUS,
    FC_TOPOLOGY_STAR,
    FC_TOPOLOGY_ERDOS_RENYI,
    FC_TOPOLOGY_REGULAR,
    FC_TOPOLOGY_BARABASI_ALBERT,
    FC_TOPOLOGY_WATTS_STROGATZ,
    FC_TOPOLOGY_TWO_TIER, /* hubs of countries, on the European map */
    FC_TOPOLOGY_KINDS
};
struct fc_topology_spec {
    enum fc_topology_kind kind;
    uint32_t nodes;
    struct fc_latency latency;
    uint32_t rows;           /* torus; 0: the divisor of `nodes` nearest to its root */
    double probability;      /* erdos-renyi: of each pair; watts-strogatz: that an end is moved */
    uint64_t edges;          /* erdos-renyi: exactly so many, in place of the probability */
    uint32_t degree;         /* regular; watts-strogatz before rewiring, even */
    uint32_t edges_per_node; /* barabasi-albert: of each node that comes */
    uint32_t hubs;           /* map: hubs per country, 0: all on their own; two-tier: at least 1 */
    uint32_t hub_degree;     /* two-tier: links of a hub to other hubs; 0: to all */
    bool giant;              /* keep the largest part of a graph that falls apart */
    char countries[160];     /* "DE,FR,PT"; empty: all of the map */
};

/* A specification of this kind with the defaults: 100 nodes, latency as fits the kind. */
void fc_topology_spec_init(struct fc_topology_spec *spec, enum fc_topology_kind kind);
/* "barabasi-albert" and so on. */
const char *fc_topology_kind_name(enum fc_topology_kind kind);
/* One line for people. */
const char *fc_topology_kind_summary(enum fc_topology_kind kind);
/* FC_E_MISSING when no kind has this name. */
FC_MUST_USE enum fc_err fc_topology_kind_find(const char *name, enum fc_topology_kind *kind);

/* One parameter, as the command and scenarios write it. `latency` is "map", "10ms" or "5ms..80ms";
 * `inflation` "1.5"; `hop` "1ms". FC_E_MISSING: this kind has no such parameter; FC_E_FORMAT: not
 * a value it can have. */
struct fc_topology_param {
    const char *name, *value, *summary; /* value: what to write, for help */
    uint32_t kinds;                     /* bit 1 << kind: who has it */
};
extern const struct fc_topology_param fc_topology_params[]; /* ends with a NULL name */
FC_MUST_USE enum fc_err fc_topology_spec_set(struct fc_topology_spec *spec, const char *name,
                                             const char *value, struct fc_topology_fault *fault);

/* What fc_topology_generate asks of them before it begins. FC_E_ARG: parameters that do not go
 * together; FC_E_BOUND: too large. */
FC_MUST_USE enum fc_err fc_topology_spec_check(const struct fc_topology_spec *spec,
                                               struct fc_topology_fault *fault);
/* FC_E_ARG, FC_E_BOUND: as fc_topology_spec_check; FC_E_AGAIN: no connected
 * graph came out in 100 tries; FC_E_NOMEM. `out` is empty on error. */
FC_MUST_USE enum fc_err fc_topology_generate(const struct fc_topology_spec *spec, uint64_t seed,
                                             struct fc_topology *out,
                                             struct fc_topology_fault *fault);
void fc_topology_finish(struct fc_topology *topology); /* all zero is fine */

/* For those who fill in sites and edges themselves (heap arrays, handed over): checks names, hubs
 * and bounds, sorts the edges, merges those given twice alike, and makes the indexes. Regions and
 * places are made from the sites. FC_E_FORMAT, FC_E_BOUND, FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_topology_index(struct fc_topology *topology,
                                          struct fc_topology_fault *fault);

/* -- asking ----------------------------------------------------------------------------------- */

/* One way. FC_TOPOLOGY_NONE between nodes of a graph that have no edge; 0 from a node to itself. */
uint32_t fc_topology_latency_us(const struct fc_topology *topology, uint32_t a, uint32_t b);
/* Ascending; NULL and 0 on a whole topology, where everyone is a neighbour. */
const uint32_t *fc_topology_neighbours(const struct fc_topology *topology, uint32_t node,
                                       uint32_t *count);
/* FC_TOPOLOGY_NONE: no node has the name. Linear. */
uint32_t fc_topology_find(const struct fc_topology *topology, const char *name);
/* Over everything above that is not an index: equal for equal topologies. */
struct fc_hash fc_topology_digest(const struct fc_topology *topology);

struct fc_topology_shape {
    uint32_t components, largest; /* parts, and nodes in the largest */
    uint32_t degree_min, degree_max;
    double degree_mean;
    uint32_t *degree_counts; /* degree_max + 1 of them; free with fc_topology_shape_finish */
    double clustering;       /* global transitivity; 1 when whole */
    uint32_t sources;        /* from so many nodes paths were measured; node_count: exact */
    uint32_t diameter_hops;  /* the longest shortest path seen */
    double path_hops_mean;
    double path_us_mean; /* over the quickest paths */
    uint64_t path_us_max;
    uint32_t link_us_min, link_us_median, link_us_p99, link_us_max; /* of edges, or of pairs */
    double link_us_mean;
};
/* Paths from at most `sources_max` nodes, evenly spaced (0: all of them, or as many as take some
 * seconds). FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_topology_describe(const struct fc_topology *topology,
                                             uint32_t sources_max, struct fc_topology_shape *out);
void fc_topology_shape_finish(struct fc_topology_shape *shape);

/* -- files ------------------------------------------------------------------------------------ */

enum fc_topology_format {
    FC_TOPOLOGY_BY_NAME, /* .graphml and .xml; .edges, .el and .txt; .csv: sites */
    FC_TOPOLOGY_GRAPHML, /* everything */
    FC_TOPOLOGY_EDGES,   /* names and edges with their latencies */
    FC_TOPOLOGY_SITES,   /* CSV, written only */
    FC_TOPOLOGY_MATRIX,  /* CSV of every pair's latency, written only; up to 5,000 nodes */
};
/* Edges without a latency get one by `missing`, ranges drawn from the seed; NULL: from the map
 * where both ends are placed, else 10 ms. FC_E_FORMAT: "file:line: what"; FC_E_BOUND, FC_E_MISSING,
 * FC_E_IO, FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_topology_load(const char *path, enum fc_topology_format format,
                                         const struct fc_latency *missing, uint64_t seed,
                                         struct fc_topology *out, struct fc_topology_fault *fault);
/* Replaces the file when all is written; "-" is standard output. What is written as GraphML and
 * loaded again has the same digest; as edge list too, when no site has a country or a place.
 * FC_E_ARG: the format cannot say it; FC_E_BOUND, FC_E_IO, FC_E_FULL, FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_topology_save(const struct fc_topology *topology, const char *path,
                                         enum fc_topology_format format,
                                         struct fc_topology_fault *fault);

#endif
