#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/europe.h"
#include "sim/graph.h"
#include "sim/names.h"
#include "sim/topology_priv.h"

/* The attributes, the first of each being what is written; the others are what the Topology Zoo and
 * common tools write. */
static const char *const names_of_name[] = {"name", "id", NULL};
static const char *const names_of_country[] = {"country", "Country", NULL};
static const char *const names_of_latitude[] = {"lat", "latitude", "Latitude", NULL};
static const char *const names_of_longitude[] = {"lon", "longitude", "Longitude", NULL};
static const char *const names_of_hub[] = {"hub", NULL};
static const char *const names_of_us[] = {"latency_us", NULL};
static const char *const names_of_ms[] = {"latency_ms", "weight", NULL};
static const char *const names_of_whole[] = {"whole", NULL};

/* A column of this type, or an absent one. */
static enum fc_err find(const struct fc_graph_document *document, enum fc_graph_element element,
                        const char *const *names, enum fc_graph_type type,
                        struct fc_graph_column *out, struct fc_topology_fault *fault)
{
    static const char *const words[] = {"", "number", "boolean", "string"};
    *out = fc_graph_find(document, element, names);
    if (out->type == type || !out->name)
        return FC_OK;
    return fc_topology_fail(fault, FC_E_FORMAT, "the attribute '%s' must be a %s", out->name,
                            words[type]);
}

/* -- reading nodes ---------------------------------------------------------------------------- */

struct site_columns {
    struct fc_graph_column name, country, latitude, longitude, hub;
};

static enum fc_err find_site_columns(const struct fc_graph_document *document,
                                     struct site_columns *out, struct fc_topology_fault *fault)
{
    const enum fc_graph_element nodes = FC_GRAPH_NODES;
    out->name = fc_graph_find(document, nodes, names_of_name);
    if (out->name.type == FC_GRAPH_BOOLEAN)
        return fc_topology_fail(fault, FC_E_FORMAT, "the attribute 'name' must be a string");
    enum fc_err err = find(document, nodes, names_of_country, FC_GRAPH_TEXT, &out->country, fault);
    if (err == FC_OK)
        err = find(document, nodes, names_of_latitude, FC_GRAPH_NUMBER, &out->latitude, fault);
    if (err == FC_OK)
        err = find(document, nodes, names_of_longitude, FC_GRAPH_NUMBER, &out->longitude, fault);
    if (err == FC_OK)
        err = find(document, nodes, names_of_hub, FC_GRAPH_TEXT, &out->hub, fault);
    return err;
}

static bool is_letter(char letter)
{
    return (letter | 0x20) >= 'a' && (letter | 0x20) <= 'z';
}

/* A code, or the name of a country on the map; anything else is none. */
static void read_country(const char *text, char country[4])
{
    memset(country, 0, 4);
    if (strlen(text) == 2 && is_letter(text[0]) && is_letter(text[1])) {
        country[0] = (char)(text[0] & ~0x20);
        country[1] = (char)(text[1] & ~0x20);
    }
    for (int i = 0; i < FC_EUROPE_COUNTRIES; i++)
        if (strcmp(fc_europe_countries[i].name, text) == 0)
            memcpy(country, fc_europe_countries[i].code, 4);
}

static enum fc_err read_place(double latitude, double longitude, struct fc_site *site,
                              struct fc_topology_fault *fault)
{
    if (isnan(latitude) && isnan(longitude))
        return FC_OK;
    if (!(fabs(latitude) <= 90) || !(fabs(longitude) <= 180))
        return fc_topology_fail(fault, FC_E_FORMAT,
                                "node '%s' needs a latitude of -90 to 90 and a longitude of -180 "
                                "to 180, or neither",
                                site->name);
    site->placed = true;
    site->latitude_udeg = (int32_t)lround(latitude * FC_UDEG);
    site->longitude_udeg = (int32_t)lround(longitude * FC_UDEG);
    return FC_OK;
}

static enum fc_err read_site(const struct fc_graph_document *document,
                             const struct site_columns *columns, uint32_t node,
                             struct fc_site *site, struct fc_topology_fault *fault)
{
    const enum fc_graph_element nodes = FC_GRAPH_NODES;
    int len;
    *site = (struct fc_site){.region = FC_TOPOLOGY_NONE, .hub = FC_TOPOLOGY_NONE};
    if (columns->name.type == FC_GRAPH_NUMBER)
        len = snprintf(site->name, sizeof site->name, "%.15g",
                       fc_graph_number(document, nodes, columns->name, node));
    else if (columns->name.type == FC_GRAPH_TEXT)
        len = snprintf(site->name, sizeof site->name, "%s",
                       fc_graph_text(document, nodes, columns->name, node));
    else
        len = snprintf(site->name, sizeof site->name, "n%u", node + 1);
    if (len <= 0 || len >= FC_TOPOLOGY_NAME_MAX)
        return fc_topology_fail(fault, FC_E_FORMAT,
                                "node %u has no name, or one of more than %d bytes", node,
                                FC_TOPOLOGY_NAME_MAX - 1);
    read_country(fc_graph_text(document, nodes, columns->country, node), site->country);
    return read_place(fc_graph_number(document, nodes, columns->latitude, node),
                      fc_graph_number(document, nodes, columns->longitude, node), site, fault);
}

static enum fc_err read_hubs(const struct fc_graph_document *document,
                             struct fc_graph_column column, struct fc_topology *out,
                             struct fc_topology_fault *fault)
{
    struct fc_names names = {0};
    enum fc_err err = FC_OK;
    uint32_t at;
    for (uint32_t i = 0; i < out->node_count && err == FC_OK; i++)
        err = fc_names_put(&names, out->sites, i, &at);
    for (uint32_t i = 0; i < out->node_count && err == FC_OK; i++) {
        const char *hub = fc_graph_text(document, FC_GRAPH_NODES, column, i);
        if (*hub == 0)
            continue;
        out->sites[i].hub = fc_names_find(&names, out->sites, hub);
        if (out->sites[i].hub == FC_TOPOLOGY_NONE)
            err = fc_topology_fail(fault, FC_E_FORMAT, "node '%s': there is no hub '%.60s'",
                                   out->sites[i].name, hub);
    }
    fc_names_finish(&names);
    return err;
}

static enum fc_err read_sites(const struct fc_graph_document *document, struct fc_topology *out,
                              struct fc_topology_fault *fault)
{
    struct site_columns columns;
    uint64_t count = fc_graph_count(document, FC_GRAPH_NODES);
    if (count > FC_TOPOLOGY_NODES_MAX)
        return fc_topology_fail(fault, FC_E_BOUND, "more than %d nodes", FC_TOPOLOGY_NODES_MAX);
    enum fc_err err = find_site_columns(document, &columns, fault);
    if (err != FC_OK)
        return err;
    out->node_count = (uint32_t)count;
    out->sites = calloc(count + 1, sizeof *out->sites);
    if (!out->sites)
        return FC_E_NOMEM;
    for (uint32_t i = 0; i < out->node_count && err == FC_OK; i++)
        err = read_site(document, &columns, i, &out->sites[i], fault);
    if (err == FC_OK && columns.hub.name)
        err = read_hubs(document, columns.hub, out, fault);
    return err;
}

/* -- reading edges and the graph's own -------------------------------------------------------- */

static bool read_latency(double value, double unit_us, uint32_t *out)
{
    *out = FC_TOPOLOGY_NONE;
    if (isnan(value))
        return true;
    if (!(value * unit_us >= 0.5) || !(value * unit_us <= FC_TOPOLOGY_LATENCY_MAX_US))
        return false;
    *out = (uint32_t)lround(value * unit_us);
    return unit_us > 1 || *out == value;
}

static enum fc_err find_latency(const struct fc_graph_document *document,
                                struct fc_graph_column *column, double *unit_us,
                                struct fc_topology_fault *fault)
{
    *unit_us = 1;
    enum fc_err err = find(document, FC_GRAPH_EDGES, names_of_us, FC_GRAPH_NUMBER, column, fault);
    if (err == FC_OK && !column->name) {
        *unit_us = 1000;
        err = find(document, FC_GRAPH_EDGES, names_of_ms, FC_GRAPH_NUMBER, column, fault);
    }
    return err;
}

static enum fc_err read_edges(const struct fc_graph_document *document, struct fc_topology *out,
                              struct fc_topology_fault *fault)
{
    struct fc_graph_column column;
    double unit_us;
    enum fc_err err = find_latency(document, &column, &unit_us, fault);
    uint64_t count = fc_graph_count(document, FC_GRAPH_EDGES);
    if (err != FC_OK)
        return err;
    if (count > FC_TOPOLOGY_EDGES_MAX)
        return fc_topology_fail(fault, FC_E_BOUND, "more than %d edges", FC_TOPOLOGY_EDGES_MAX);
    out->edges = calloc(count + 1, sizeof *out->edges);
    if (!out->edges)
        return FC_E_NOMEM;
    out->edge_count = count;
    for (uint64_t i = 0; i < count; i++) {
        struct fc_edge *edge = &out->edges[i];
        fc_graph_ends(document, i, &edge->a, &edge->b);
        if (!read_latency(fc_graph_number(document, FC_GRAPH_EDGES, column, i), unit_us,
                          &edge->latency_us))
            return fc_topology_fail(
                fault, FC_E_FORMAT, "the edge between '%s' and '%s': '%s' must be %s, at most 60 s",
                out->sites[edge->a].name, out->sites[edge->b].name, column.name,
                unit_us > 1 ? "milliseconds above 0" : "whole microseconds above 0");
    }
    return FC_OK;
}

static enum fc_err read_number(const struct fc_graph_document *document, const char *name,
                               uint32_t max, uint32_t *out, struct fc_topology_fault *fault)
{
    const char *const names[] = {name, NULL};
    struct fc_graph_column column;
    enum fc_err err = find(document, FC_GRAPH_ITSELF, names, FC_GRAPH_NUMBER, &column, fault);
    double value = fc_graph_number(document, FC_GRAPH_ITSELF, column, 0);
    if (err != FC_OK || isnan(value))
        return err;
    if (!(value >= 0) || !(value <= max) || value != floor(value))
        return fc_topology_fail(fault, FC_E_FORMAT,
                                "the graph's '%s' must be a whole number from 0 to %u", name, max);
    *out = (uint32_t)value;
    return FC_OK;
}

static enum fc_err read_whole(const struct fc_graph_document *document, struct fc_topology *out,
                              struct fc_topology_fault *fault)
{
    struct fc_graph_column column;
    struct fc_latency *latency = &out->latency;
    enum fc_err err =
        find(document, FC_GRAPH_ITSELF, names_of_whole, FC_GRAPH_BOOLEAN, &column, fault);
    if (err != FC_OK || !column.name || fc_graph_number(document, FC_GRAPH_ITSELF, column, 0) == 0)
        return err;
    out->whole = true;
    err = read_number(document, "inflation_permille", 10000, &latency->inflation_permille, fault);
    latency->kind = latency->inflation_permille > 0 ? FC_LATENCY_MAP : FC_LATENCY_CONSTANT;
    if (err == FC_OK)
        err = read_number(document, "hop_us", FC_TOPOLOGY_LATENCY_MAX_US, &latency->hop_us, fault);
    if (err == FC_OK)
        err = read_number(document, "latency_us", FC_TOPOLOGY_LATENCY_MAX_US, &latency->min_us,
                          fault);
    latency->max_us = latency->min_us;
    return err;
}

/* igraph tells the line of broken XML; of other faults the place is the node or edge named. */
static void locate(const char *where, struct fc_topology_fault *fault)
{
    struct fc_topology_fault inner = *fault;
    unsigned line;
    int from = 0;
    if (sscanf(inner.text, "Line %u: %n", &line, &from) == 1 && from > 0)
        fc_topology_fail(fault, FC_E_FORMAT, "%.100s:%u: %.200s", where, line, inner.text + from);
    else
        fc_topology_fail(fault, FC_E_FORMAT, "%.100s: %.200s", where, inner.text);
}

enum fc_err fc_graphml_parse(struct fc_span text, const char *where, struct fc_topology *out,
                             struct fc_topology_fault *fault)
{
    struct fc_graph_document *document;
    struct fc_topology_fault inner = {{0}};
    *out = (struct fc_topology){0};
    if (text.len == 0)
        return fc_topology_fail(fault, FC_E_FORMAT, "%s: the file is empty", where);
    /* Entities are how a small document becomes a large one, or reads another file. */
    if (memmem(text.data, text.len, "<!DOCTYPE", 9) || memchr(text.data, 0, text.len))
        return fc_topology_fail(fault, FC_E_FORMAT,
                                "%s: GraphML here is UTF-8 without a document type", where);
    enum fc_err err = fc_graph_read(text, &document, &inner);
    if (err == FC_OK)
        err = read_sites(document, out, &inner);
    if (err == FC_OK)
        err = read_edges(document, out, &inner);
    if (err == FC_OK)
        err = read_whole(document, out, &inner);
    fc_graph_close(document);
    if (err != FC_OK) {
        fc_topology_finish(out);
        if (inner.text[0] == 0)
            fc_topology_fail(&inner, err, "%s", fc_err_text(err));
        locate(where, &inner);
        fc_topology_fail(fault, err, "%s", inner.text);
    }
    return err;
}

/* -- writing ---------------------------------------------------------------------------------- */

static enum fc_err write_site(struct fc_graph_document *document,
                              const struct fc_topology *topology, uint32_t node)
{
    const struct fc_site *site = &topology->sites[node];
    const enum fc_graph_element nodes = FC_GRAPH_NODES;
    enum fc_err err = fc_graph_set_text(document, names_of_name[0], node, site->name);
    if (err == FC_OK && site->country[0])
        err = fc_graph_set_text(document, names_of_country[0], node, site->country);
    if (err == FC_OK && site->placed)
        err = fc_graph_set(document, nodes, names_of_latitude[0], node,
                           (double)site->latitude_udeg / FC_UDEG);
    if (err == FC_OK && site->placed)
        err = fc_graph_set(document, nodes, names_of_longitude[0], node,
                           (double)site->longitude_udeg / FC_UDEG);
    if (err == FC_OK && site->hub != FC_TOPOLOGY_NONE)
        err = fc_graph_set_text(document, names_of_hub[0], node, topology->sites[site->hub].name);
    return err;
}

static enum fc_err write_whole(struct fc_graph_document *document, const struct fc_latency *latency)
{
    enum fc_err err = fc_graph_set_true(document, names_of_whole[0]);
    if (err != FC_OK)
        return err;
    if (latency->kind != FC_LATENCY_MAP)
        return fc_graph_set(document, FC_GRAPH_ITSELF, "latency_us", 0, latency->min_us);
    err = fc_graph_set(document, FC_GRAPH_ITSELF, "inflation_permille", 0,
                       latency->inflation_permille);
    if (err == FC_OK)
        err = fc_graph_set(document, FC_GRAPH_ITSELF, "hop_us", 0, latency->hop_us);
    return err;
}

enum fc_err fc_graphml_write(const struct fc_topology *topology, struct fc_buf *out,
                             struct fc_topology_fault *fault)
{
    struct fc_graph_document *document;
    enum fc_err err = fc_graph_open(topology->node_count, topology->edges, topology->edge_count,
                                    &document, fault);
    for (uint32_t i = 0; i < topology->node_count && err == FC_OK; i++)
        err = write_site(document, topology, i);
    for (uint64_t i = 0; i < topology->edge_count && err == FC_OK; i++)
        err = fc_graph_set(document, FC_GRAPH_EDGES, names_of_us[0], i,
                           topology->edges[i].latency_us);
    if (err == FC_OK && topology->whole)
        err = write_whole(document, &topology->latency);
    if (err == FC_OK)
        err = fc_graph_write(document, out, fault);
    fc_graph_close(document);
    return err;
}
