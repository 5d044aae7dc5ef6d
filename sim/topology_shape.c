#include <stdlib.h>

#include "sim/graph.h"
#include "sim/topology_priv.h"

/* Nodes and ends of edges that are walked over, some seconds' worth. */
enum { STEPS_MAX = 40000000, SOURCES_MIN = 20, PAIRS_SEEN_MAX = 4000000 };

static int by_value(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return left < right ? -1 : left > right;
}

/* `values` are sorted on the way. */
static void measure_links(uint32_t *values, uint64_t count, struct fc_topology_shape *shape)
{
    double sum = 0;
    if (count == 0)
        return;
    qsort(values, count, sizeof *values, by_value);
    for (uint64_t i = 0; i < count; i++)
        sum += values[i];
    shape->link_us_min = values[0];
    shape->link_us_median = values[count / 2];
    shape->link_us_p99 = values[(count * 99 + 99) / 100 - 1];
    shape->link_us_max = values[count - 1];
    shape->link_us_mean = sum / (double)count;
}

static enum fc_err measure_edges(const struct fc_topology *topology,
                                 struct fc_topology_shape *shape)
{
    uint32_t *values = malloc((topology->edge_count + 1) * sizeof *values);
    if (!values)
        return FC_E_NOMEM;
    for (uint64_t i = 0; i < topology->edge_count; i++)
        values[i] = topology->edges[i].latency_us;
    measure_links(values, topology->edge_count, shape);
    free(values);
    return FC_OK;
}

/* Of a whole topology: pairs from evenly spaced nodes, as many as memory is spent on. */
static enum fc_err measure_pairs(const struct fc_topology *topology, uint32_t sources_max,
                                 struct fc_topology_shape *shape)
{
    uint64_t nodes = topology->node_count, count = 0;
    uint64_t sources = sources_max < nodes ? sources_max : nodes;
    if (sources * nodes > PAIRS_SEEN_MAX)
        sources = PAIRS_SEEN_MAX / nodes > 0 ? PAIRS_SEEN_MAX / nodes : 1;
    uint32_t *values = malloc(sources * nodes * sizeof *values);
    if (!values)
        return FC_E_NOMEM;
    for (uint64_t i = 0; i < sources; i++)
        for (uint32_t b = 0; b < nodes; b++) {
            uint32_t a = (uint32_t)(i * nodes / sources);
            if (a != b)
                values[count++] = fc_topology_latency_us(topology, a, b);
        }
    measure_links(values, count, shape);
    free(values);
    shape->sources = (uint32_t)sources;
    shape->path_us_mean = shape->link_us_mean;
    shape->path_us_max = shape->link_us_max;
    return FC_OK;
}

static uint32_t degree_of(const struct fc_topology *topology, uint32_t node)
{
    uint32_t count;
    fc_topology_neighbours(topology, node, &count);
    return topology->whole ? topology->node_count - 1 : count;
}

static enum fc_err measure_degrees(const struct fc_topology *topology,
                                   struct fc_topology_shape *shape)
{
    double sum = 0;
    shape->degree_min = UINT32_MAX;
    for (uint32_t i = 0; i < topology->node_count; i++) {
        uint32_t degree = degree_of(topology, i);
        sum += degree;
        if (degree < shape->degree_min)
            shape->degree_min = degree;
        if (degree > shape->degree_max)
            shape->degree_max = degree;
    }
    shape->degree_mean = sum / topology->node_count;
    shape->degree_counts = calloc((size_t)shape->degree_max + 1, sizeof *shape->degree_counts);
    if (!shape->degree_counts)
        return FC_E_NOMEM;
    for (uint32_t i = 0; i < topology->node_count; i++)
        shape->degree_counts[degree_of(topology, i)]++;
    return FC_OK;
}

static uint32_t usual_sources(const struct fc_topology *topology)
{
    uint64_t sources = STEPS_MAX / (topology->node_count + 2 * topology->edge_count);
    if (topology->whole || sources > topology->node_count)
        return topology->node_count;
    return sources < SOURCES_MIN ? SOURCES_MIN : (uint32_t)sources;
}

enum fc_err fc_topology_describe(const struct fc_topology *topology, uint32_t sources_max,
                                 struct fc_topology_shape *out)
{
    *out = (struct fc_topology_shape){0};
    if (sources_max == 0)
        sources_max = usual_sources(topology);
    enum fc_err err = measure_degrees(topology, out);
    if (err == FC_OK && topology->whole) {
        out->components = 1;
        out->largest = topology->node_count;
        out->diameter_hops = topology->node_count > 1;
        out->path_hops_mean = topology->node_count > 1;
        out->clustering = topology->node_count > 2;
        err = measure_pairs(topology, sources_max, out);
    } else if (err == FC_OK) {
        err = measure_edges(topology, out);
        if (err == FC_OK)
            err = fc_graph_measure(topology, sources_max, out);
    }
    if (err != FC_OK)
        fc_topology_shape_finish(out);
    return err;
}

void fc_topology_shape_finish(struct fc_topology_shape *shape)
{
    free(shape->degree_counts);
    *shape = (struct fc_topology_shape){0};
}
