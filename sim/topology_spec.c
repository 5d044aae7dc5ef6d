#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/europe.h"
#include "sim/topology_priv.h"

static const struct {
    const char *name, *summary;
} kinds[FC_TOPOLOGY_KINDS] = {
    [FC_TOPOLOGY_WHOLE] = {"whole", "any pair may talk, one latency for all"},
    [FC_TOPOLOGY_MAP] = {"map", "any pair may talk; places in Europe"},
    [FC_TOPOLOGY_RING] = {"ring", "each node and its two neighbours"},
    [FC_TOPOLOGY_TORUS] = {"torus", "a grid of rows and columns, closed both ways"},
    [FC_TOPOLOGY_STAR] = {"star", "all nodes around the first"},
    [FC_TOPOLOGY_ERDOS_RENYI] = {"erdos-renyi", "each pair with a probability, or so many edges"},
    [FC_TOPOLOGY_REGULAR] = {"regular", "random, with the same number of links for each node"},
    [FC_TOPOLOGY_BARABASI_ALBERT] = {"barabasi-albert",
                                     "each new node links to those with many links"},
    [FC_TOPOLOGY_WATTS_STROGATZ] = {"watts-strogatz", "a ring with near links, some moved far"},
    [FC_TOPOLOGY_TWO_TIER] = {"two-tier", "hubs of countries, and members linked to theirs"},
};

#define BIT(kind) (1u << FC_TOPOLOGY_##kind)
enum {
    ALL = (1 << FC_TOPOLOGY_KINDS) - 1,
    FALLS_APART =
        1 << FC_TOPOLOGY_ERDOS_RENYI | 1 << FC_TOPOLOGY_REGULAR | 1 << FC_TOPOLOGY_WATTS_STROGATZ,
};
const struct fc_topology_param fc_topology_params[] = {
    {"nodes", "N", "How many (100)", ALL},
    {"latency", "TIME", "One way: 10ms for all, 5ms..80ms even between, or map", ALL},
    {"inflation", "X", "Of the map: a fibre's length over the great circle's (1.5)", ALL},
    {"hop", "TIME", "Of the map: added to each latency for routers and the last mile (1ms)", ALL},
    {"countries", "LIST", "Of the map: these alone, as DE,FR,PT (all 32)", ALL},
    {"hubs", "N", "Of each country: map 0, all nodes on their own; two-tier 1",
     BIT(MAP) | BIT(TWO_TIER)},
    {"hub-degree", "K", "Links of a hub to other hubs; 0: to all (0)", BIT(TWO_TIER)},
    {"rows", "N", "A divisor of the nodes (the one nearest to the root)", BIT(TORUS)},
    {"probability", "P",
     "Erdos-Renyi: of an edge between two nodes (2 ln n / n); Watts-Strogatz: that an end is "
     "moved (0.1)",
     BIT(ERDOS_RENYI) | BIT(WATTS_STROGATZ)},
    {"edges", "M", "Exactly so many, in place of a probability", BIT(ERDOS_RENYI)},
    {"degree", "K", "Links of each node (4); Watts-Strogatz: before moving, even",
     BIT(REGULAR) | BIT(WATTS_STROGATZ)},
    {"edges-per-node", "M", "Of each node that comes (3)", BIT(BARABASI_ALBERT)},
    {"giant", "yes|no",
     "Keep the largest part of a graph that falls apart, instead of trying again", FALLS_APART},
    {0},
};

const char *fc_topology_kind_name(enum fc_topology_kind kind)
{
    return kinds[kind].name;
}

const char *fc_topology_kind_summary(enum fc_topology_kind kind)
{
    return kinds[kind].summary;
}

enum fc_err fc_topology_kind_find(const char *name, enum fc_topology_kind *kind)
{
    for (int i = 0; i < FC_TOPOLOGY_KINDS; i++)
        if (strcmp(kinds[i].name, name) == 0) {
            *kind = (enum fc_topology_kind)i;
            return FC_OK;
        }
    return FC_E_MISSING;
}

void fc_topology_spec_init(struct fc_topology_spec *spec, enum fc_topology_kind kind)
{
    bool on_map = kind == FC_TOPOLOGY_MAP || kind == FC_TOPOLOGY_TWO_TIER;
    *spec = (struct fc_topology_spec){
        .kind = kind,
        .nodes = 100,
        .latency = {.kind = on_map ? FC_LATENCY_MAP : FC_LATENCY_CONSTANT,
                    .min_us = 10000,
                    .max_us = 10000,
                    .inflation_permille = 1500,
                    .hop_us = 1000},
        .probability = kind == FC_TOPOLOGY_WATTS_STROGATZ ? 0.1 : -1,
        .degree = 4,
        .edges_per_node = 3,
        .hubs = kind == FC_TOPOLOGY_TWO_TIER ? 1 : 0,
    };
}

/* -- values ----------------------------------------------------------------------------------- */

static bool read_number(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
    char *end;
    if (*text < '0' || *text > '9' || strlen(text) > 18)
        return false;
    *out = strtoull(text, &end, 10);
    return *end == 0 && *out >= min && *out <= max;
}

/* A decimal such as "1.5" in units of 10^-digits; more digits are refused. */
static bool read_decimal(const char *text, const char **end, unsigned digits, uint64_t *out)
{
    uint64_t value = 0;
    unsigned after = 0;
    bool point = false, any = false;
    for (; (*text >= '0' && *text <= '9') || (*text == '.' && !point); text++) {
        if (*text == '.') {
            point = true;
            continue;
        }
        if (value > UINT64_MAX / 100 || (point && after == digits))
            return false;
        value = value * 10 + (uint64_t)(*text - '0');
        after += point;
        any = true;
    }
    for (; after < digits; after++) {
        if (value > UINT64_MAX / 100)
            return false;
        value *= 10;
    }
    *end = text;
    *out = value;
    return any;
}

/* "10ms", "250us", "1.5s" */
static bool read_time(const char *text, const char **end, uint32_t *us)
{
    static const struct {
        const char *unit;
        unsigned digits;
    } units[] = {{"us", 0}, {"ms", 3}, {"s", 6}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        uint64_t value;
        size_t len = strlen(units[i].unit);
        if (read_decimal(text, end, units[i].digits, &value) &&
            strncmp(*end, units[i].unit, len) == 0) {
            *end += len;
            *us = (uint32_t)value;
            return value <= FC_TOPOLOGY_LATENCY_MAX_US;
        }
    }
    return false;
}

static bool read_latency(const char *text, struct fc_latency *latency)
{
    const char *end;
    if (strcmp(text, "map") == 0) {
        latency->kind = FC_LATENCY_MAP;
        return true;
    }
    if (!read_time(text, &end, &latency->min_us) || latency->min_us == 0)
        return false;
    latency->max_us = latency->min_us;
    latency->kind = FC_LATENCY_CONSTANT;
    if (*end == 0)
        return true;
    latency->kind = FC_LATENCY_UNIFORM;
    return strncmp(end, "..", 2) == 0 && read_time(end + 2, &end, &latency->max_us) && *end == 0 &&
           latency->max_us >= latency->min_us;
}

static bool read_probability(const char *text, double *out)
{
    char *end;
    if ((*text < '0' || *text > '9') && *text != '.')
        return false;
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
        return false;
    *out = strtod(text, &end);
    return *end == 0 && *out >= 0 && *out <= 1;
}

static bool is_country(const char *code)
{
    for (int i = 0; i < FC_EUROPE_COUNTRIES; i++)
        if (strncmp(fc_europe_countries[i].code, code, 2) == 0)
            return true;
    return false;
}

static enum fc_err read_countries(const char *text, struct fc_topology_spec *spec,
                                  struct fc_topology_fault *fault)
{
    size_t len = strlen(text);
    bool fine = len < sizeof spec->countries && len % 3 == 2;
    for (size_t i = 0; fine && i < len; i++)
        fine = i % 3 == 2 ? text[i] == ',' : text[i] >= 'A' && text[i] <= 'Z';
    if (!fine)
        return fc_topology_fail(fault, FC_E_FORMAT,
                                "countries is a list of codes like DE,FR,PT, not '%.40s'", text);
    for (size_t i = 0; i < len; i += 3) {
        if (!is_country(text + i))
            return fc_topology_fail(fault, FC_E_FORMAT, "the map has no country '%.2s'", text + i);
        for (size_t j = 0; j < i; j += 3)
            if (strncmp(text + j, text + i, 2) == 0)
                return fc_topology_fail(fault, FC_E_FORMAT, "countries has %.2s twice", text + i);
    }
    memcpy(spec->countries, text, len + 1);
    return FC_OK;
}

static bool read_uint32(const char *text, uint32_t min, uint32_t max, uint32_t *out)
{
    uint64_t value;
    if (!read_number(text, min, max, &value))
        return false;
    *out = (uint32_t)value;
    return true;
}

static bool read_permille(const char *text, uint32_t *out)
{
    uint64_t value;
    const char *end;
    if (!read_decimal(text, &end, 3, &value) || *end != 0 || value < 1000 || value > 10000)
        return false;
    *out = (uint32_t)value;
    return true;
}

static bool read_yes(const char *text, bool *out)
{
    *out = strcmp(text, "yes") == 0;
    return *out || strcmp(text, "no") == 0;
}

static const struct fc_topology_param *find_param(const char *name)
{
    const struct fc_topology_param *param = fc_topology_params;
    while (param->name && strcmp(param->name, name) != 0)
        param++;
    return param->name ? param : NULL;
}

enum fc_err fc_topology_spec_set(struct fc_topology_spec *spec, const char *name, const char *value,
                                 struct fc_topology_fault *fault)
{
    const struct fc_topology_param *param = find_param(name);
    const char *end, *need = NULL;
    if (!param)
        return fc_topology_fail(fault, FC_E_MISSING, "no topology has a parameter '%.40s'", name);
    if (!(param->kinds & 1u << spec->kind))
        return fc_topology_fail(fault, FC_E_MISSING, "%s has no parameter '%s'",
                                fc_topology_kind_name(spec->kind), name);
    if (strcmp(name, "countries") == 0)
        return read_countries(value, spec, fault);
    if (strcmp(name, "nodes") == 0 && !read_uint32(value, 1, FC_TOPOLOGY_NODES_MAX, &spec->nodes))
        need = "a number from 1 to 1000000";
    if (strcmp(name, "latency") == 0 && !read_latency(value, &spec->latency))
        need = "a time from 1us to 60s like 10ms, a range like 5ms..80ms, or map";
    if (strcmp(name, "inflation") == 0 && !read_permille(value, &spec->latency.inflation_permille))
        need = "a factor from 1 to 10 like 1.5";
    if (strcmp(name, "hop") == 0 && (!read_time(value, &end, &spec->latency.hop_us) || *end != 0))
        need = "a time up to 60s like 1ms";
    if (strcmp(name, "hubs") == 0 &&
        !read_uint32(value, spec->kind == FC_TOPOLOGY_TWO_TIER, 1000, &spec->hubs))
        need = spec->kind == FC_TOPOLOGY_TWO_TIER ? "a number from 1 to 1000"
                                                  : "a number from 0 to 1000";
    if (strcmp(name, "hub-degree") == 0 && !read_uint32(value, 0, 10000, &spec->hub_degree))
        need = "a number from 0 to 10000";
    if (strcmp(name, "rows") == 0 && !read_uint32(value, 1, FC_TOPOLOGY_NODES_MAX, &spec->rows))
        need = "a number from 1 to 1000000";
    if (strcmp(name, "probability") == 0 && !read_probability(value, &spec->probability))
        need = "a number from 0 to 1";
    if (strcmp(name, "edges") == 0 && !read_number(value, 1, FC_TOPOLOGY_EDGES_MAX, &spec->edges))
        need = "a number from 1 to 20000000";
    if (strcmp(name, "degree") == 0 && !read_uint32(value, 1, 10000, &spec->degree))
        need = "a number from 1 to 10000";
    if (strcmp(name, "edges-per-node") == 0 && !read_uint32(value, 1, 10000, &spec->edges_per_node))
        need = "a number from 1 to 10000";
    if (strcmp(name, "giant") == 0 && !read_yes(value, &spec->giant))
        need = "yes or no";
    if (need)
        return fc_topology_fail(fault, FC_E_FORMAT, "%s must be %s, not '%.40s'", name, need,
                                value);
    return FC_OK;
}
