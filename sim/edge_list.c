/* A line of an edge list is an edge `a b [latency_us]` or one name, which only says that there is
 * such a node; # begins a comment. Nodes are numbered in the order in which they come up. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/names.h"
#include "sim/topology_priv.h"
#include "store/pack.h"

enum { WORDS_MAX = 3 };

struct reader {
    const char *where;
    unsigned line;
    struct fc_topology *out;
    struct fc_names names;
    uint32_t sites_cap;
    uint64_t edges_cap;
    struct fc_topology_fault *fault;
};

static enum fc_err fail(struct reader *reader, enum fc_err err, const char *what)
{
    return fc_topology_fail(reader->fault, err, "%.100s:%u: %s", reader->where, reader->line, what);
}

static enum fc_err grow_sites(struct reader *reader)
{
    struct fc_topology *out = reader->out;
    if (out->node_count < reader->sites_cap)
        return FC_OK;
    if (out->node_count >= FC_TOPOLOGY_NODES_MAX)
        return fail(reader, FC_E_BOUND, "more than 1000000 nodes");
    uint32_t cap = reader->sites_cap ? 2 * reader->sites_cap : 64;
    struct fc_site *sites = realloc(out->sites, cap * sizeof *sites);
    if (!sites)
        return fail(reader, FC_E_NOMEM, "out of memory");
    out->sites = sites;
    reader->sites_cap = cap;
    return FC_OK;
}

static enum fc_err grow_edges(struct reader *reader)
{
    struct fc_topology *out = reader->out;
    if (out->edge_count < reader->edges_cap)
        return FC_OK;
    if (out->edge_count >= FC_TOPOLOGY_EDGES_MAX)
        return fail(reader, FC_E_BOUND, "more than 20000000 edges");
    uint64_t cap = reader->edges_cap ? 2 * reader->edges_cap : 64;
    struct fc_edge *edges = realloc(out->edges, cap * sizeof *edges);
    if (!edges)
        return fail(reader, FC_E_NOMEM, "out of memory");
    out->edges = edges;
    reader->edges_cap = cap;
    return FC_OK;
}

static enum fc_err read_node(struct reader *reader, struct fc_span word, uint32_t *node)
{
    struct fc_topology *out = reader->out;
    if (word.len >= FC_TOPOLOGY_NAME_MAX)
        return fail(reader, FC_E_FORMAT, "a name has at most 63 bytes");
    if (!fc_utf8_valid(word))
        return fail(reader, FC_E_FORMAT, "a name is not UTF-8");
    enum fc_err err = grow_sites(reader);
    if (err != FC_OK)
        return err;
    struct fc_site *site = &out->sites[out->node_count];
    *site = (struct fc_site){.region = FC_TOPOLOGY_NONE, .hub = FC_TOPOLOGY_NONE};
    memcpy(site->name, word.data, word.len);
    if (fc_names_put(&reader->names, out->sites, out->node_count, node) != FC_OK)
        return fail(reader, FC_E_NOMEM, "out of memory");
    out->node_count += *node == out->node_count;
    return FC_OK;
}

static enum fc_err read_latency(struct reader *reader, struct fc_span word, uint32_t *out)
{
    uint64_t value = 0;
    bool fine = word.len > 0 && word.len <= 8;
    for (size_t i = 0; fine && i < word.len; i++) {
        fine = word.data[i] >= '0' && word.data[i] <= '9';
        value = value * 10 + (uint64_t)(word.data[i] - '0');
    }
    if (!fine || value < 1 || value > FC_TOPOLOGY_LATENCY_MAX_US)
        return fail(reader, FC_E_FORMAT,
                    "a latency is whole microseconds from 1 to 60000000, after the two nodes");
    *out = (uint32_t)value;
    return FC_OK;
}

static enum fc_err read_edge(struct reader *reader, const struct fc_span *words, size_t count)
{
    struct fc_edge edge = {0, 0, FC_TOPOLOGY_NONE};
    enum fc_err err = read_node(reader, words[0], &edge.a);
    if (err != FC_OK || count == 1)
        return err;
    err = read_node(reader, words[1], &edge.b);
    if (err == FC_OK && count == 3)
        err = read_latency(reader, words[2], &edge.latency_us);
    if (err == FC_OK && edge.a == edge.b)
        err = fail(reader, FC_E_FORMAT, "an edge from a node to itself");
    if (err == FC_OK)
        err = grow_edges(reader);
    if (err == FC_OK)
        reader->out->edges[reader->out->edge_count++] = edge;
    return err;
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

static enum fc_err read_line(struct reader *reader, struct fc_span line)
{
    struct fc_span words[WORDS_MAX];
    size_t count = 0;
    for (size_t at = 0; at < line.len;) {
        if (is_blank(line.data[at])) {
            at++;
            continue;
        }
        if (line.data[at] == '#')
            break;
        size_t from = at;
        while (at < line.len && !is_blank(line.data[at])) {
            if (line.data[at] < 0x20 || line.data[at] == 0x7f)
                return fail(reader, FC_E_FORMAT, "a byte that is no text");
            at++;
        }
        if (count == WORDS_MAX)
            return fail(reader, FC_E_FORMAT, "more than a line 'a b latency_us' has");
        words[count++] = fc_span(line.data + from, at - from);
    }
    return count > 0 ? read_edge(reader, words, count) : FC_OK;
}

enum fc_err fc_edge_list_parse(struct fc_span text, const char *where, struct fc_topology *out,
                               struct fc_topology_fault *fault)
{
    struct reader reader = {.where = where, .out = out, .fault = fault};
    enum fc_err err = FC_OK;
    *out = (struct fc_topology){0};
    for (size_t at = 0; at < text.len && err == FC_OK;) {
        const uint8_t *from = text.data + at;
        const uint8_t *stop = memchr(from, '\n', text.len - at);
        size_t len = stop ? (size_t)(stop - from) : text.len - at;
        reader.line++;
        err = read_line(&reader, fc_span(from, len));
        at += len + 1;
    }
    fc_names_finish(&reader.names);
    if (err == FC_OK && out->node_count == 0)
        err = fc_topology_fail(fault, FC_E_FORMAT, "%.100s: there is no edge in it", where);
    if (err != FC_OK)
        fc_topology_finish(out);
    return err;
}

static bool fits(const char *name)
{
    return name[0] != '#' && !strchr(name, ' ');
}

enum fc_err fc_edge_list_write(const struct fc_topology *topology, struct fc_buf *out,
                               struct fc_topology_fault *fault)
{
    static const char head[] = "# The nodes in their order, then the edges: a b latency_us\n";
    char line[2 * FC_TOPOLOGY_NAME_MAX + 16];
    if (topology->whole)
        return fc_topology_fail(fault, FC_E_ARG,
                                "a whole topology has no edges to list: write GraphML, or its "
                                "matrix of latencies");
    fc_buf_append(out, head, sizeof head - 1);
    for (uint32_t i = 0; i < topology->node_count; i++) {
        const char *name = topology->sites[i].name;
        if (!fits(name))
            return fc_topology_fail(
                fault, FC_E_ARG, "the name '%s' has a blank or begins with #: write GraphML", name);
        int len = snprintf(line, sizeof line, "%s\n", name);
        fc_buf_append(out, line, (size_t)len);
    }
    for (uint64_t i = 0; i < topology->edge_count; i++) {
        const struct fc_edge *edge = &topology->edges[i];
        int len = snprintf(line, sizeof line, "%s %s %u\n", topology->sites[edge->a].name,
                           topology->sites[edge->b].name, edge->latency_us);
        fc_buf_append(out, line, (size_t)len);
    }
    return fc_buf_check(out);
}
