#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/graph.h"
#include "sim/topology_priv.h"

enum { TRIES = 100 };

static enum fc_err refuse(struct fc_topology_fault *fault, const char *what)
{
    return fc_topology_fail(fault, FC_E_ARG, "%s", what);
}

/* That is the parameter to change. */
static enum fc_err blame(struct fc_topology_fault *fault, const char *param, enum fc_err err)
{
    if (fault && err != FC_OK)
        fault->param = param;
    return err;
}

/* -- parameters that must go together --------------------------------------------------------- */

static enum fc_err check_torus(struct fc_topology_spec *spec, struct fc_topology_fault *fault)
{
    if (spec->rows == 0) {
        for (uint32_t i = 1; (uint64_t)i * i <= spec->nodes; i++)
            if (spec->nodes % i == 0)
                spec->rows = i;
        if (spec->rows == 1 && spec->nodes > 3)
            return blame(
                fault, "nodes",
                fc_topology_fail(fault, FC_E_ARG,
                                 "%u nodes make no rectangle: take a number that is not prime",
                                 spec->nodes));
    }
    if (spec->nodes % spec->rows != 0)
        return blame(fault, "rows",
                     fc_topology_fail(fault, FC_E_ARG, "%u nodes cannot stand in %u equal rows",
                                      spec->nodes, spec->rows));
    return FC_OK;
}

static enum fc_err check_erdos(struct fc_topology_spec *spec, struct fc_topology_fault *fault)
{
    double nodes = spec->nodes, pairs = nodes * (nodes - 1) / 2;
    if (spec->edges > 0) {
        if (spec->probability >= 0)
            return refuse(fault, "give edges or a probability, not both");
        if ((double)spec->edges > pairs)
            return fc_topology_fail(fault, FC_E_ARG, "%u nodes have only %.0f pairs to link",
                                    spec->nodes, pairs);
        if (spec->edges + 1 < spec->nodes && !spec->giant)
            return fc_topology_fail(fault, FC_E_ARG,
                                    "%u nodes need at least %u edges to hold together, or giant",
                                    spec->nodes, spec->nodes - 1);
        return FC_OK;
    }
    /* Where such a graph is connected almost surely; rounded, so that the last bits of a logarithm
     * do not matter. */
    if (spec->probability < 0) {
        double mean = 2 * log(nodes) / nodes;
        spec->probability = mean < 1 ? round(mean * 1e6) / 1e6 : 1;
    }
    if (pairs * spec->probability > FC_TOPOLOGY_EDGES_MAX)
        return fc_topology_fail(fault, FC_E_BOUND,
                                "about %.0f edges would come out, more than %d: take a smaller "
                                "probability",
                                pairs * spec->probability, FC_TOPOLOGY_EDGES_MAX);
    return FC_OK;
}

static enum fc_err check_degree(const struct fc_topology_spec *spec,
                                struct fc_topology_fault *fault)
{
    if (spec->degree >= spec->nodes)
        return fc_topology_fail(fault, FC_E_ARG, "a node has at most %u others to link to, not %u",
                                spec->nodes - 1, spec->degree);
    if ((uint64_t)spec->degree * spec->nodes / 2 > FC_TOPOLOGY_EDGES_MAX)
        return fc_topology_fail(fault, FC_E_BOUND, "more than %d edges", FC_TOPOLOGY_EDGES_MAX);
    if (spec->kind == FC_TOPOLOGY_WATTS_STROGATZ && spec->degree % 2 != 0)
        return fc_topology_fail(
            fault, FC_E_ARG, "degree %u is odd: half of the links go to either side", spec->degree);
    if ((uint64_t)spec->degree * spec->nodes % 2 != 0)
        return fc_topology_fail(fault, FC_E_ARG,
                                "%u nodes of %u links each cannot be: one of the two must be even",
                                spec->nodes, spec->degree);
    if (spec->degree == 1 && spec->nodes > 2 && !spec->giant)
        return refuse(fault,
                      "with one link each, pairs never hold together: take degree 2 or more");
    return FC_OK;
}

static enum fc_err check_edges_per_node(const struct fc_topology_spec *spec,
                                        struct fc_topology_fault *fault)
{
    if (spec->edges_per_node >= spec->nodes)
        return fc_topology_fail(fault, FC_E_ARG, "%u edges per node need at least %u nodes, not %u",
                                spec->edges_per_node, spec->edges_per_node + 1, spec->nodes);
    if ((uint64_t)spec->edges_per_node * spec->nodes > FC_TOPOLOGY_EDGES_MAX)
        return fc_topology_fail(fault, FC_E_BOUND, "more than %d edges", FC_TOPOLOGY_EDGES_MAX);
    return FC_OK;
}

static enum fc_err check_latency(const struct fc_topology_spec *spec,
                                 struct fc_topology_fault *fault)
{
    bool whole = spec->kind == FC_TOPOLOGY_WHOLE || spec->kind == FC_TOPOLOGY_MAP;
    bool on_map = spec->kind == FC_TOPOLOGY_MAP || spec->kind == FC_TOPOLOGY_TWO_TIER;
    if (whole && spec->latency.kind == FC_LATENCY_UNIFORM)
        return blame(fault, "latency",
                     refuse(fault, "a range of latencies is drawn for edges, and where any pair "
                                   "may talk there are none: give one latency or map"));
    if (spec->countries[0] && !on_map && spec->latency.kind != FC_LATENCY_MAP)
        return blame(fault, "countries",
                     refuse(fault, "countries choose places on the map: they need latency map"));
    return FC_OK;
}

/* Fills in what follows from the rest. */
static enum fc_err check(struct fc_topology_spec *spec, struct fc_topology_fault *fault)
{
    if (spec->nodes < 1 || spec->nodes > FC_TOPOLOGY_NODES_MAX)
        return blame(fault, "nodes",
                     fc_topology_fail(fault, FC_E_BOUND, "a topology has 1 to %d nodes",
                                      FC_TOPOLOGY_NODES_MAX));
    enum fc_err err = check_latency(spec, fault);
    if (err != FC_OK)
        return err;
    switch (spec->kind) {
    case FC_TOPOLOGY_TORUS:
        return check_torus(spec, fault);
    case FC_TOPOLOGY_ERDOS_RENYI:
        return blame(fault, spec->edges > 0 ? "edges" : "probability", check_erdos(spec, fault));
    case FC_TOPOLOGY_REGULAR:
    case FC_TOPOLOGY_WATTS_STROGATZ:
        return blame(fault, "degree", check_degree(spec, fault));
    case FC_TOPOLOGY_BARABASI_ALBERT:
        return blame(fault, "edges-per-node", check_edges_per_node(spec, fault));
    case FC_TOPOLOGY_TWO_TIER:
        return spec->hubs > 0
                   ? FC_OK
                   : blame(fault, "hubs", refuse(fault, "two-tier needs a hub in each country"));
    case FC_TOPOLOGY_WHOLE:
    case FC_TOPOLOGY_MAP:
    case FC_TOPOLOGY_RING:
    case FC_TOPOLOGY_STAR:
        return FC_OK;
    case FC_TOPOLOGY_KINDS:
        break;
    }
    return refuse(fault, "no such kind of topology");
}

/* -- graphs ----------------------------------------------------------------------------------- */

/* The pair of nodes with this number: (0,1), (0,2), (1,2), (0,3) and so on. */
static struct fc_edge pair_of(uint64_t number)
{
    uint64_t b = (uint64_t)sqrt(2 * (double)number) + 1; /* near; then exact */
    while (b * (b - 1) / 2 > number)
        b--;
    while (b * (b + 1) / 2 <= number)
        b++;
    return (struct fc_edge){(uint32_t)(number - b * (b - 1) / 2), (uint32_t)b, FC_TOPOLOGY_NONE};
}

/* A set of numbers below 2^64 - 1 by open addressing. False when it was in. */
static bool insert(uint64_t *slots, uint64_t mask, uint64_t number)
{
    uint64_t at = number * 0x9e3779b97f4a7c15u >> 20 & mask;
    while (slots[at] && slots[at] != number + 1)
        at = (at + 1) & mask;
    bool fresh = slots[at] == 0;
    slots[at] = number + 1;
    return fresh;
}

/* Erdos-Renyi with exactly so many edges, by Floyd's sampling (Bentley and Floyd 1987): all sets of
 * that size are equally likely. */
static enum fc_err make_by_count(const struct fc_topology_spec *spec, struct fc_rng *rng,
                                 struct fc_graph *out)
{
    uint64_t pairs = (uint64_t)spec->nodes * (spec->nodes - 1) / 2, size = 4;
    while (size < 2 * spec->edges)
        size *= 2;
    uint64_t *slots = calloc(size, sizeof *slots);
    struct fc_edge *edges = malloc(spec->edges * sizeof *edges);
    if (!slots || !edges) {
        free(slots);
        free(edges);
        return FC_E_NOMEM;
    }
    for (uint64_t i = 0; i < spec->edges; i++) {
        uint64_t last = pairs - spec->edges + i;
        uint64_t number = fc_rng_below(rng, last + 1);
        if (!insert(slots, size - 1, number)) {
            insert(slots, size - 1, last);
            number = last;
        }
        edges[i] = pair_of(number);
    }
    free(slots);
    *out = (struct fc_graph){spec->nodes, spec->edges, edges};
    return FC_OK;
}

static enum fc_err make_once(const struct fc_topology_spec *spec, struct fc_rng *rng,
                             struct fc_graph *out, struct fc_topology_fault *fault)
{
    if (spec->nodes == 1) {
        *out = (struct fc_graph){1, 0, NULL};
        return FC_OK;
    }
    if (spec->kind == FC_TOPOLOGY_ERDOS_RENYI && spec->edges > 0)
        return make_by_count(spec, rng, out);
    return fc_graph_make(spec, rng, out, fault);
}

/* Only what is in the largest part stays, numbered anew. */
static enum fc_err keep_largest(struct fc_graph *graph, const bool *in_largest, uint32_t largest)
{
    uint32_t *number = malloc(graph->node_count * sizeof *number), next = 0;
    uint64_t kept = 0;
    if (!number)
        return FC_E_NOMEM;
    for (uint32_t i = 0; i < graph->node_count; i++)
        number[i] = in_largest[i] ? next++ : 0;
    for (uint64_t i = 0; i < graph->edge_count; i++) {
        struct fc_edge edge = graph->edges[i];
        if (in_largest[edge.a])
            graph->edges[kept++] =
                (struct fc_edge){number[edge.a], number[edge.b], edge.latency_us};
    }
    free(number);
    graph->edge_count = kept;
    graph->node_count = largest;
    return FC_OK;
}

/* Graphs are drawn until one is connected. */
static enum fc_err make_connected(const struct fc_topology_spec *spec, struct fc_rng *rng,
                                  struct fc_graph *out, struct fc_topology_fault *fault)
{
    uint32_t parts = 0, largest = 0;
    for (int i = 0; i < TRIES; i++) {
        bool *in_largest;
        enum fc_err err = make_once(spec, rng, out, fault);
        if (err == FC_OK)
            err = fc_graph_parts(out->node_count, out->edges, out->edge_count, &parts, &in_largest,
                                 &largest);
        if (err == FC_OK && parts > 1 && spec->giant)
            err = keep_largest(out, in_largest, largest);
        if (err == FC_OK)
            free(in_largest);
        if (err == FC_OK && (parts == 1 || spec->giant))
            return FC_OK;
        free(out->edges);
        *out = (struct fc_graph){0};
        if (err != FC_OK)
            return err;
    }
    return fc_topology_fail(fault, FC_E_AGAIN,
                            "%d graphs were drawn and all fell apart, the last into %u parts with "
                            "%u nodes in the largest: ask for more links, or for the giant part",
                            TRIES, parts, largest);
}

/* -- hubs ------------------------------------------------------------------------------------- */

/* Links among `hubs`: all of them, or a random regular graph. */
static enum fc_err link_hubs(const struct fc_topology_spec *spec, uint32_t hubs, struct fc_rng *rng,
                             struct fc_graph *out, struct fc_topology_fault *fault)
{
    struct fc_topology_spec mesh = {
        .kind = FC_TOPOLOGY_REGULAR, .nodes = hubs, .degree = spec->hub_degree};
    if (spec->hub_degree >= hubs && hubs > 1)
        return fc_topology_fail(fault, FC_E_ARG, "a hub has only %u others to link to, not %u",
                                hubs - 1, spec->hub_degree);
    if (spec->hub_degree == 0) {
        mesh.degree = hubs - 1;
        if (hubs == 1)
            return make_once(&mesh, rng, out, fault);
    }
    enum fc_err err = check_degree(&mesh, fault);
    return err == FC_OK ? make_connected(&mesh, rng, out, fault) : err;
}

static enum fc_err make_two_tier(const struct fc_topology_spec *spec, struct fc_rng *rng,
                                 struct fc_topology *out, struct fc_topology_fault *fault)
{
    struct fc_graph mesh = {0};
    uint32_t hubs = 0;
    while (hubs < out->node_count && out->sites[hubs].hub == hubs)
        hubs++;
    enum fc_err err = link_hubs(spec, hubs, rng, &mesh, fault);
    if (err != FC_OK)
        return err;
    out->edge_count = mesh.edge_count + out->node_count - hubs;
    out->edges = malloc((out->edge_count + 1) * sizeof *out->edges);
    if (out->edges) {
        if (mesh.edge_count > 0)
            memcpy(out->edges, mesh.edges, mesh.edge_count * sizeof *out->edges);
        for (uint32_t i = hubs; i < out->node_count; i++)
            out->edges[mesh.edge_count + i - hubs] =
                (struct fc_edge){out->sites[i].hub, i, FC_TOPOLOGY_NONE};
    }
    free(mesh.edges);
    return out->edges ? FC_OK : FC_E_NOMEM;
}

/* -- all together ----------------------------------------------------------------------------- */

static enum fc_err make_sites(const struct fc_topology_spec *spec, struct fc_rng *rng,
                              struct fc_topology *out, struct fc_topology_fault *fault)
{
    bool on_map = spec->kind == FC_TOPOLOGY_MAP || spec->kind == FC_TOPOLOGY_TWO_TIER ||
                  spec->latency.kind == FC_LATENCY_MAP;
    out->node_count = spec->nodes;
    out->sites = calloc(spec->nodes, sizeof *out->sites);
    if (!out->sites)
        return FC_E_NOMEM;
    if (on_map)
        return fc_topology_settle(spec, rng, out->sites, fault);
    for (uint32_t i = 0; i < spec->nodes; i++) {
        out->sites[i] = (struct fc_site){.region = FC_TOPOLOGY_NONE, .hub = FC_TOPOLOGY_NONE};
        snprintf(out->sites[i].name, sizeof out->sites[i].name, "n%u", i + 1);
    }
    return FC_OK;
}

static enum fc_err make(struct fc_topology_spec *spec, uint64_t seed, struct fc_topology *out,
                        struct fc_topology_fault *fault)
{
    struct fc_rng links = fc_topology_rng(seed, "links");
    struct fc_rng places = fc_topology_rng(seed, "places");
    struct fc_rng times = fc_topology_rng(seed, "times");
    struct fc_graph graph = {0};
    enum fc_err err = FC_OK;
    out->whole = spec->kind == FC_TOPOLOGY_WHOLE || spec->kind == FC_TOPOLOGY_MAP;
    out->latency = spec->latency;
    bool drawn = !out->whole && spec->kind != FC_TOPOLOGY_TWO_TIER;
    if (drawn)
        err = make_connected(spec, &links, &graph, fault);
    if (err == FC_OK && drawn) {
        spec->nodes = graph.node_count; /* the giant part has fewer */
        out->edges = graph.edges;
        out->edge_count = graph.edge_count;
    }
    if (err == FC_OK)
        err = make_sites(spec, &places, out, fault);
    if (err == FC_OK && spec->kind == FC_TOPOLOGY_TWO_TIER)
        err = make_two_tier(spec, &links, out, fault);
    if (err == FC_OK && !out->whole)
        err = fc_topology_time(out, &spec->latency, &times, fault);
    return err == FC_OK ? fc_topology_index(out, fault) : err;
}

enum fc_err fc_topology_spec_check(const struct fc_topology_spec *spec,
                                   struct fc_topology_fault *fault)
{
    struct fc_topology_spec filled = *spec;
    return check(&filled, fault);
}

enum fc_err fc_topology_generate(const struct fc_topology_spec *spec, uint64_t seed,
                                 struct fc_topology *out, struct fc_topology_fault *fault)
{
    struct fc_topology_spec filled = *spec;
    *out = (struct fc_topology){0};
    enum fc_err err = check(&filled, fault);
    if (err != FC_OK)
        return err;
    err = make(&filled, seed, out, fault);
    if (err == FC_E_NOMEM)
        fc_topology_fail(fault, err, "%s", fc_err_text(err));
    if (err != FC_OK)
        fc_topology_finish(out);
    return err;
}

enum fc_err fc_topology_time(struct fc_topology *topology, const struct fc_latency *latency,
                             struct fc_rng *rng, struct fc_topology_fault *fault)
{
    for (uint64_t i = 0; i < topology->edge_count; i++) {
        struct fc_edge *edge = &topology->edges[i];
        const struct fc_site *a = &topology->sites[edge->a], *b = &topology->sites[edge->b];
        if (edge->latency_us != FC_TOPOLOGY_NONE)
            continue;
        switch (latency->kind) {
        case FC_LATENCY_CONSTANT:
            edge->latency_us = latency->min_us;
            break;
        case FC_LATENCY_UNIFORM:
            edge->latency_us =
                latency->min_us +
                (uint32_t)fc_rng_below(rng, (uint64_t)latency->max_us - latency->min_us + 1);
            break;
        case FC_LATENCY_MAP:
            if (!a->placed || !b->placed)
                return fc_topology_fail(fault, FC_E_ARG,
                                        "node '%s' has no coordinates to take latencies from",
                                        a->placed ? b->name : a->name);
            edge->latency_us = fc_topology_map_us(latency, a, b);
            break;
        }
    }
    return FC_OK;
}
