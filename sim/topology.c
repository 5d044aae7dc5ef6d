#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/names.h"
#include "sim/topology_priv.h"
#include "store/pack.h"

enum fc_err fc_topology_fail(struct fc_topology_fault *fault, enum fc_err err, const char *format,
                             ...)
{
    va_list arguments;
    if (!fault)
        return err;
    va_start(arguments, format);
    vsnprintf(fault->text, sizeof fault->text, format, arguments);
    va_end(arguments);
    fault->param = NULL;
    return err;
}

struct fc_rng fc_topology_rng(uint64_t seed, const char *label)
{
    struct fc_rng rng;
    uint8_t bytes[8];
    fc_put_be64(bytes, seed);
    struct fc_hash hash =
        fc_hash2("fedcat.topology", fc_span(bytes, sizeof bytes), fc_span_str(label));
    fc_rng_init(&rng, hash.b);
    return rng;
}

static void drop_index(struct fc_topology *topology)
{
    free(topology->regions);
    free(topology->first);
    free(topology->neighbours);
    free(topology->neighbour_us);
    free(topology->node_place);
    free(topology->places);
    free(topology->place_us);
    topology->regions = NULL;
    topology->first = NULL;
    topology->neighbours = topology->neighbour_us = NULL;
    topology->node_place = topology->place_us = NULL;
    topology->places = NULL;
    topology->region_count = topology->place_count = 0;
}

void fc_topology_finish(struct fc_topology *topology)
{
    drop_index(topology);
    free(topology->sites);
    free(topology->edges);
    *topology = (struct fc_topology){0};
}

/* -- checking --------------------------------------------------------------------------------- */

static bool name_is_fine(const char *name)
{
    size_t len = strnlen(name, FC_TOPOLOGY_NAME_MAX);
    if (len == 0 || len == FC_TOPOLOGY_NAME_MAX || !fc_utf8_valid(fc_span(name, len)))
        return false;
    for (size_t i = 0; i < len; i++)
        if ((uint8_t)name[i] < 0x20 || name[i] == 0x7f)
            return false;
    return name[0] != ' ' && name[len - 1] != ' ';
}

static bool is_upper(char letter)
{
    return letter >= 'A' && letter <= 'Z';
}

static bool country_is_fine(const char country[4])
{
    return country[0] == 0 || (is_upper(country[0]) && is_upper(country[1]) && country[2] == 0);
}

static enum fc_err check_site(const struct fc_topology *topology, uint32_t node,
                              struct fc_topology_fault *fault)
{
    const struct fc_site *site = &topology->sites[node];
    if (!name_is_fine(site->name))
        return fc_topology_fail(fault, FC_E_FORMAT,
                                "node %u has no name, or one that is not printable UTF-8 of at "
                                "most %d bytes",
                                node, FC_TOPOLOGY_NAME_MAX - 1);
    if (!country_is_fine(site->country))
        return fc_topology_fail(fault, FC_E_FORMAT,
                                "node '%s': a country is a code of two upper-case letters",
                                site->name);
    if (site->placed && (site->latitude_udeg < -90000000 || site->latitude_udeg > 90000000 ||
                         site->longitude_udeg < -180000000 || site->longitude_udeg > 180000000))
        return fc_topology_fail(fault, FC_E_FORMAT,
                                "node '%s': latitude is -90 to 90, longitude -180 to 180",
                                site->name);
    if (site->hub != FC_TOPOLOGY_NONE &&
        (site->hub >= topology->node_count || topology->sites[site->hub].hub != site->hub))
        return fc_topology_fail(fault, FC_E_FORMAT, "node '%s': its hub is not a hub", site->name);
    return FC_OK;
}

static enum fc_err check_names(const struct fc_topology *topology, struct fc_topology_fault *fault)
{
    struct fc_names names = {0};
    enum fc_err err = FC_OK;
    for (uint32_t i = 0; i < topology->node_count && err == FC_OK; i++) {
        uint32_t at = i;
        err = fc_names_put(&names, topology->sites, i, &at);
        if (err == FC_OK && at != i)
            err = fc_topology_fail(fault, FC_E_FORMAT, "two nodes have the name '%s'",
                                   topology->sites[i].name);
        else if (err != FC_OK)
            err = fc_topology_fail(fault, err, "%s", fc_err_text(err));
    }
    fc_names_finish(&names);
    return err;
}

static enum fc_err check_latency(const struct fc_topology *topology,
                                 struct fc_topology_fault *fault)
{
    const struct fc_latency *latency = &topology->latency;
    switch (latency->kind) {
    case FC_LATENCY_CONSTANT:
        if (latency->min_us < 1 || latency->min_us > FC_TOPOLOGY_LATENCY_MAX_US)
            return fc_topology_fail(fault, FC_E_BOUND, "a latency is 1 us to 60 s");
        return FC_OK;
    case FC_LATENCY_UNIFORM:
        return fc_topology_fail(fault, FC_E_ARG,
                                "a range of latencies needs edges to draw them for; where all "
                                "may talk it is one latency or the map");
    case FC_LATENCY_MAP:
        break;
    }
    if (latency->inflation_permille < 1000 || latency->inflation_permille > 10000 ||
        latency->hop_us > FC_TOPOLOGY_LATENCY_MAX_US)
        return fc_topology_fail(fault, FC_E_BOUND, "inflation is 1 to 10, a hop at most 60 s");
    for (uint32_t i = 0; i < topology->node_count; i++)
        if (!topology->sites[i].placed)
            return fc_topology_fail(fault, FC_E_FORMAT,
                                    "node '%s' has no coordinates to take latencies from",
                                    topology->sites[i].name);
    return FC_OK;
}

static enum fc_err check(const struct fc_topology *topology, struct fc_topology_fault *fault)
{
    enum fc_err err = FC_OK;
    if (topology->node_count == 0)
        return fc_topology_fail(fault, FC_E_FORMAT, "there is no node");
    if (topology->node_count > FC_TOPOLOGY_NODES_MAX)
        return fc_topology_fail(fault, FC_E_BOUND, "more than %d nodes", FC_TOPOLOGY_NODES_MAX);
    if (topology->edge_count > FC_TOPOLOGY_EDGES_MAX)
        return fc_topology_fail(fault, FC_E_BOUND, "more than %d edges", FC_TOPOLOGY_EDGES_MAX);
    if (topology->whole && topology->edge_count > 0)
        return fc_topology_fail(fault, FC_E_FORMAT, "it is whole and has edges: one or the other");
    for (uint32_t i = 0; i < topology->node_count && err == FC_OK; i++)
        err = check_site(topology, i, fault);
    if (err == FC_OK)
        err = check_names(topology, fault);
    if (err == FC_OK && topology->whole)
        err = check_latency(topology, fault);
    return err;
}

/* -- regions and places ----------------------------------------------------------------------- */

static uint32_t country_number(const char country[4])
{
    return (uint32_t)(country[0] - 'A') * 26 + (uint32_t)(country[1] - 'A');
}

static enum fc_err make_regions(struct fc_topology *topology)
{
    uint32_t index[26 * 26];
    bool seen[26 * 26] = {0};
    uint32_t count = 0;
    for (uint32_t i = 0; i < topology->node_count; i++)
        if (topology->sites[i].country[0])
            seen[country_number(topology->sites[i].country)] = true;
    topology->regions = calloc(26 * 26, sizeof topology->regions[0]);
    if (!topology->regions)
        return FC_E_NOMEM;
    for (uint32_t i = 0; i < 26 * 26; i++)
        if (seen[i]) {
            topology->regions[count][0] = (char)('A' + i / 26);
            topology->regions[count][1] = (char)('A' + i % 26);
            index[i] = count++;
        }
    topology->region_count = count;
    for (uint32_t i = 0; i < topology->node_count; i++) {
        struct fc_site *site = &topology->sites[i];
        site->region = site->country[0] ? index[country_number(site->country)] : FC_TOPOLOGY_NONE;
    }
    return FC_OK;
}

static int by_place(const void *a, const void *b)
{
    const struct fc_site *const *left = a, *const *right = b;
    if ((*left)->latitude_udeg != (*right)->latitude_udeg)
        return (*left)->latitude_udeg < (*right)->latitude_udeg ? -1 : 1;
    if ((*left)->longitude_udeg != (*right)->longitude_udeg)
        return (*left)->longitude_udeg < (*right)->longitude_udeg ? -1 : 1;
    return 0;
}

static struct fc_place place_of(const struct fc_site *site)
{
    return fc_place_at(site->latitude_udeg, site->longitude_udeg);
}

static enum fc_err make_places(struct fc_topology *topology)
{
    uint32_t placed = 0;
    struct fc_site **order = malloc(topology->node_count * sizeof(struct fc_site *));
    topology->node_place = malloc(topology->node_count * sizeof *topology->node_place);
    topology->places = malloc(topology->node_count * sizeof *topology->places);
    topology->place_count = 0;
    if (!order || !topology->node_place || !topology->places) {
        free(order);
        return FC_E_NOMEM;
    }
    for (uint32_t i = 0; i < topology->node_count; i++) {
        topology->node_place[i] = FC_TOPOLOGY_NONE;
        if (topology->sites[i].placed)
            order[placed++] = &topology->sites[i];
    }
    qsort(order, placed, sizeof(struct fc_site *), by_place);
    for (uint32_t i = 0; i < placed; i++) {
        if (i == 0 || by_place(&order[i - 1], &order[i]) != 0)
            topology->places[topology->place_count++] = place_of(order[i]);
        topology->node_place[order[i] - topology->sites] = topology->place_count - 1;
    }
    free(order);
    return FC_OK;
}

static uint32_t map_us(const struct fc_latency *latency, const struct fc_place *a,
                       const struct fc_place *b)
{
    uint64_t us =
        (uint64_t)latency->hop_us + fc_fibre_us(fc_distance_m(a, b), latency->inflation_permille);
    if (us > FC_TOPOLOGY_LATENCY_MAX_US)
        us = FC_TOPOLOGY_LATENCY_MAX_US;
    return us > 0 ? (uint32_t)us : 1;
}

uint32_t fc_topology_map_us(const struct fc_latency *latency, const struct fc_site *a,
                            const struct fc_site *b)
{
    struct fc_place from = place_of(a), to = place_of(b);
    return map_us(latency, &from, &to);
}

/* Of every two places, for whole topologies that take latencies from the map. */
static enum fc_err make_table(struct fc_topology *topology)
{
    size_t count = topology->place_count;
    if (!topology->whole || topology->latency.kind != FC_LATENCY_MAP ||
        count > FC_TOPOLOGY_TABLE_MAX)
        return FC_OK;
    topology->place_us = malloc(count * count * sizeof *topology->place_us);
    if (!topology->place_us)
        return FC_E_NOMEM;
    for (size_t a = 0; a < count; a++)
        for (size_t b = 0; b <= a; b++)
            topology->place_us[a * count + b] = topology->place_us[b * count + a] =
                map_us(&topology->latency, &topology->places[a], &topology->places[b]);
    return FC_OK;
}

/* -- edges ------------------------------------------------------------------------------------ */

static int by_ends(const void *a, const void *b)
{
    const struct fc_edge *left = a, *right = b;
    if (left->a != right->a)
        return left->a < right->a ? -1 : 1;
    return left->b < right->b ? -1 : left->b > right->b;
}

static enum fc_err tidy_edges(struct fc_topology *topology, struct fc_topology_fault *fault)
{
    struct fc_edge *edges = topology->edges;
    const struct fc_site *sites = topology->sites;
    uint64_t kept = 0;
    for (uint64_t i = 0; i < topology->edge_count; i++) {
        struct fc_edge *edge = &edges[i];
        if (edge->a >= topology->node_count || edge->b >= topology->node_count)
            return fc_topology_fail(fault, FC_E_FORMAT, "an edge ends at no node");
        if (edge->a == edge->b)
            return fc_topology_fail(fault, FC_E_FORMAT, "node '%s' has an edge to itself",
                                    sites[edge->a].name);
        if (edge->latency_us < 1 || edge->latency_us > FC_TOPOLOGY_LATENCY_MAX_US)
            return fc_topology_fail(fault, FC_E_FORMAT,
                                    "the edge between '%s' and '%s': a latency is 1 us to 60 s",
                                    sites[edge->a].name, sites[edge->b].name);
        if (edge->a > edge->b)
            *edge = (struct fc_edge){edge->b, edge->a, edge->latency_us};
    }
    if (topology->edge_count > 0)
        qsort(edges, topology->edge_count, sizeof *edges, by_ends);
    for (uint64_t i = 0; i < topology->edge_count; i++) {
        if (kept == 0 || by_ends(&edges[kept - 1], &edges[i]) != 0)
            edges[kept++] = edges[i];
        else if (edges[kept - 1].latency_us != edges[i].latency_us)
            return fc_topology_fail(fault, FC_E_FORMAT,
                                    "'%s' and '%s' have two edges with different latencies",
                                    sites[edges[i].a].name, sites[edges[i].b].name);
    }
    topology->edge_count = kept;
    return FC_OK;
}

static enum fc_err make_neighbours(struct fc_topology *topology)
{
    uint64_t *first = calloc((size_t)topology->node_count + 1, sizeof *first);
    uint64_t ends = 2 * topology->edge_count;
    topology->first = first;
    topology->neighbours = malloc((ends + 1) * sizeof *topology->neighbours);
    topology->neighbour_us = malloc((ends + 1) * sizeof *topology->neighbour_us);
    if (!first || !topology->neighbours || !topology->neighbour_us)
        return FC_E_NOMEM;
    for (uint64_t i = 0; i < topology->edge_count; i++) {
        first[topology->edges[i].a + 1]++;
        first[topology->edges[i].b + 1]++;
    }
    for (uint32_t i = 0; i < topology->node_count; i++)
        first[i + 1] += first[i];
    /* Two passes over ascending edges fill each node's lower neighbours, then its higher ones. */
    for (int higher = 0; higher < 2; higher++)
        for (uint64_t i = 0; i < topology->edge_count; i++) {
            const struct fc_edge *edge = &topology->edges[i];
            uint64_t at = first[higher ? edge->a : edge->b]++;
            topology->neighbours[at] = higher ? edge->b : edge->a;
            topology->neighbour_us[at] = edge->latency_us;
        }
    for (uint32_t i = topology->node_count; i > 0; i--)
        first[i] = first[i - 1];
    first[0] = 0;
    return FC_OK;
}

enum fc_err fc_topology_index(struct fc_topology *topology, struct fc_topology_fault *fault)
{
    drop_index(topology);
    enum fc_err err = check(topology, fault);
    if (err == FC_OK)
        err = tidy_edges(topology, fault);
    if (err != FC_OK)
        return err;
    err = make_regions(topology);
    if (err == FC_OK)
        err = make_places(topology);
    if (err == FC_OK)
        err = make_table(topology);
    if (err == FC_OK && !topology->whole)
        err = make_neighbours(topology);
    if (err != FC_OK)
        return fc_topology_fail(fault, err, "%s", fc_err_text(err));
    if (!topology->whole)
        topology->latency = (struct fc_latency){0}; /* it is in the edges */
    return FC_OK;
}

/* -- asking ----------------------------------------------------------------------------------- */

static uint32_t edge_us(const struct fc_topology *topology, uint32_t a, uint32_t b)
{
    const uint64_t *first = topology->first;
    if (first[b + 1] - first[b] < first[a + 1] - first[a]) { /* the centre of a star has many */
        uint32_t other = a;
        a = b;
        b = other;
    }
    uint64_t low = first[a], high = first[a + 1];
    while (low < high) {
        uint64_t middle = (low + high) / 2;
        if (topology->neighbours[middle] < b)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < first[a + 1] && topology->neighbours[low] == b;
    return found ? topology->neighbour_us[low] : FC_TOPOLOGY_NONE;
}

uint32_t fc_topology_latency_us(const struct fc_topology *topology, uint32_t a, uint32_t b)
{
    if (a == b)
        return 0;
    if (!topology->whole)
        return edge_us(topology, a, b);
    if (topology->latency.kind == FC_LATENCY_CONSTANT)
        return topology->latency.min_us;
    uint32_t from = topology->node_place[a], to = topology->node_place[b];
    if (topology->place_us)
        return topology->place_us[(size_t)from * topology->place_count + to];
    return map_us(&topology->latency, &topology->places[from], &topology->places[to]);
}

const uint32_t *fc_topology_neighbours(const struct fc_topology *topology, uint32_t node,
                                       uint32_t *count)
{
    *count = 0;
    if (topology->whole)
        return NULL;
    *count = (uint32_t)(topology->first[node + 1] - topology->first[node]);
    return topology->neighbours + topology->first[node];
}

uint32_t fc_topology_find(const struct fc_topology *topology, const char *name)
{
    for (uint32_t i = 0; i < topology->node_count; i++)
        if (strcmp(topology->sites[i].name, name) == 0)
            return i;
    return FC_TOPOLOGY_NONE;
}

static void add_number(struct fc_hasher *hasher, uint64_t value)
{
    uint8_t bytes[8];
    fc_put_be64(bytes, value);
    fc_hasher_add(hasher, fc_span(bytes, sizeof bytes));
}

struct fc_hash fc_topology_digest(const struct fc_topology *topology)
{
    struct fc_hasher hasher;
    const struct fc_latency *latency = &topology->latency;
    fc_hasher_init(&hasher, "fedcat.topology");
    add_number(&hasher, topology->node_count);
    add_number(&hasher, topology->whole);
    for (uint32_t i = 0; i < topology->node_count; i++) {
        const struct fc_site *site = &topology->sites[i];
        fc_hasher_add(&hasher, fc_span(site->name, strlen(site->name) + 1));
        fc_hasher_add(&hasher, fc_span(site->country, strlen(site->country) + 1));
        add_number(&hasher, site->placed);
        add_number(&hasher, (uint64_t)(site->placed ? site->latitude_udeg : 0));
        add_number(&hasher, (uint64_t)(site->placed ? site->longitude_udeg : 0));
        add_number(&hasher, site->hub);
    }
    if (topology->whole) {
        bool map = latency->kind == FC_LATENCY_MAP;
        add_number(&hasher, latency->kind);
        add_number(&hasher, map ? latency->inflation_permille : latency->min_us);
        add_number(&hasher, map ? latency->hop_us : 0);
    }
    add_number(&hasher, topology->edge_count);
    for (uint64_t i = 0; i < topology->edge_count; i++) {
        add_number(&hasher, topology->edges[i].a);
        add_number(&hasher, topology->edges[i].b);
        add_number(&hasher, topology->edges[i].latency_us);
    }
    return fc_hasher_end(&hasher);
}
