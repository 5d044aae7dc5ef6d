#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/europe.h"
#include "sim/run_priv.h"

static bool is_named(const char (*countries)[3], uint32_t count, const char *country)
{
    for (uint32_t i = 0; i < count; i++)
        if (strncmp(countries[i], country, 2) == 0)
            return true;
    return false;
}

/* `count` of `from`, chosen at random, to its front. */
static void draw(struct fc_run *run, uint32_t *from, uint32_t total, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t other = i + (uint32_t)fc_rng_below(&run->rng, total - i);
        uint32_t kept = from[i];
        from[i] = from[other];
        from[other] = kept;
    }
}

static int ascending(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

static uint32_t share_of(uint32_t total, uint32_t share_ppm)
{
    uint32_t count = (uint32_t)(((uint64_t)total * share_ppm + 500000) / 1000000);
    return count > total ? total : count == 0 && share_ppm != 0 ? 1 : count;
}

static bool in_region(const struct fc_run *run, uint32_t node, const uint8_t *chosen)
{
    const struct fc_topology *topology = &run->topology;
    uint32_t region = node < topology->node_count ? topology->sites[node].region : FC_TOPOLOGY_NONE;
    return region != FC_TOPOLOGY_NONE && chosen[region];
}

/* Nodes of the countries named, or of a share of all countries. */
static uint32_t pick_countries(struct fc_run *run, const struct fc_pick *pick, const uint8_t *may,
                               uint32_t *out)
{
    const struct fc_topology *topology = &run->topology;
    uint32_t regions = topology->region_count, kept = 0;
    uint8_t *chosen = calloc(regions + 1u, 1);
    uint32_t *order = calloc(regions + 1u, sizeof *order);
    if (!chosen || !order) {
        free(chosen);
        free(order);
        return 0;
    }
    for (uint32_t i = 0; i < regions; i++)
        order[i] = i;
    if (pick->count == 0) {
        uint32_t count = share_of(regions, pick->share_ppm);
        draw(run, order, regions, count);
        for (uint32_t i = 0; i < count; i++)
            chosen[order[i]] = 1;
    } else {
        for (uint32_t i = 0; i < regions; i++)
            chosen[i] =
                is_named((const char(*)[3])pick->countries, pick->count, topology->regions[i]);
    }
    for (uint32_t i = 0; i < run->fleet.nodes; i++)
        if (in_region(run, i, chosen) && (!may || may[i]))
            out[kept++] = i;
    free(chosen);
    free(order);
    return kept;
}

/* Those a pick may choose from, in order. */
static uint32_t *candidates(const struct fc_run *run, const uint8_t *may, uint32_t *count)
{
    uint32_t *list = calloc(run->fleet.nodes + 1u, sizeof *list);
    *count = 0;
    for (uint32_t i = 0; list && i < run->fleet.nodes; i++)
        if (!may || may[i])
            list[(*count)++] = i;
    return list;
}

uint32_t fc_run_pick_asks(const struct fc_run *run, const struct fc_pick *pick)
{
    if (pick->kind == FC_PICK_SHARE)
        return share_of(run->fleet.nodes, pick->share_ppm);
    return pick->kind == FC_PICK_COUNT || pick->kind == FC_PICK_LIST ? pick->count : 1;
}

uint32_t *fc_run_pick(struct fc_run *run, const struct fc_pick *pick, const uint8_t *may,
                      uint32_t *count)
{
    uint32_t left, total = run->fleet.nodes;
    uint32_t *list = candidates(run, may, &left);
    *count = 0;
    if (!list)
        return NULL;
    switch (pick->kind) {
    case FC_PICK_ALL:
        *count = left;
        break;
    case FC_PICK_SHARE:
    case FC_PICK_COUNT:
        *count = fc_run_pick_asks(run, pick);
        *count = *count < left ? *count : left;
        draw(run, list, left, *count);
        break;
    case FC_PICK_LIST:
        for (uint32_t i = 0; i < pick->count; i++)
            if (pick->list[i] < total && (!may || may[pick->list[i]]))
                list[(*count)++] = pick->list[i];
        break;
    case FC_PICK_COUNTRIES:
        *count = pick_countries(run, pick, may, list);
        break;
    }
    qsort(list, *count, sizeof *list, ascending);
    return list;
}

static bool is_country(const struct fc_topology *topology, const char *code)
{
    for (int i = 0; i < FC_EUROPE_COUNTRIES; i++)
        if (strcmp(fc_europe_countries[i].code, code) == 0)
            return true;
    for (uint32_t i = 0; i < topology->region_count; i++)
        if (strcmp(topology->regions[i], code) == 0)
            return true;
    return false;
}

const char *fc_run_pick_fault(const struct fc_run *run, const struct fc_pick *pick, uint32_t found,
                              char text[96])
{
    if (pick->kind != FC_PICK_COUNTRIES)
        return NULL;
    for (uint32_t i = 0; i < pick->count; i++)
        if (!is_country(&run->topology, pick->countries[i])) {
            snprintf(text, 96, "names %s, which is no country of the topology", pick->countries[i]);
            return text;
        }
    if (found > 0)
        return NULL;
    snprintf(text, 96, "is for nobody: no node is in %s%s",
             pick->count ? pick->countries[0] : "any country",
             pick->count > 1 ? " or the others" : "");
    return text;
}
