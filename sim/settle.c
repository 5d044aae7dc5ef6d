#include <stdio.h>
#include <string.h>

#include "sim/europe.h"
#include "sim/topology_priv.h"

static bool is_chosen(const struct fc_topology_spec *spec, const char *code)
{
    return spec->countries[0] == 0 || strstr(spec->countries, code) != NULL;
}

static void put(struct fc_site *site, const struct fc_city *city, const char *name)
{
    *site = (struct fc_site){.placed = true,
                             .latitude_udeg = city->latitude_e4 * 100,
                             .longitude_udeg = city->longitude_e4 * 100,
                             .region = FC_TOPOLOGY_NONE,
                             .hub = FC_TOPOLOGY_NONE};
    memcpy(site->country, city->country, sizeof site->country);
    snprintf(site->name, sizeof site->name, "%s", name);
}

/* Hubs stand in the country's cities, the heaviest first: "hub-pt", "hub-pt-2". */
static void put_hub(struct fc_site *sites, uint32_t node, const struct fc_city *city,
                    uint32_t number)
{
    char name[FC_TOPOLOGY_NAME_MAX];
    int len =
        snprintf(name, sizeof name, "hub-%c%c", city->country[0] | 0x20, city->country[1] | 0x20);
    if (number > 0)
        snprintf(name + len, sizeof name - (size_t)len, "-%u", number + 1);
    put(&sites[node], city, name);
    sites[node].hub = node;
}

static const struct fc_city *cities_of(const char *code, uint32_t *count)
{
    const struct fc_city *first = NULL;
    *count = 0;
    for (int i = 0; i < FC_EUROPE_CITIES; i++)
        if (strcmp(fc_europe_cities[i].country, code) == 0) {
            if (!first)
                first = &fc_europe_cities[i];
            ++*count;
        }
    return first;
}

static void shuffle(struct fc_rng *rng, struct fc_site *sites, uint32_t count)
{
    for (uint32_t i = count; i > 1; i--) {
        uint32_t other = (uint32_t)fc_rng_below(rng, i);
        struct fc_site kept = sites[i - 1];
        sites[i - 1] = sites[other];
        sites[other] = kept;
    }
}

/* A country's members, shared out over its cities; hubs in turn, from `hub` on. */
static uint32_t put_members(struct fc_site *sites, uint32_t node, const char *code, uint32_t count,
                            uint32_t hub, uint32_t hubs)
{
    uint32_t cities, weights[FC_EUROPE_CITIES], shares[FC_EUROPE_CITIES], turn = 0;
    const struct fc_city *city = cities_of(code, &cities);
    for (uint32_t i = 0; i < cities; i++)
        weights[i] = city[i].weight;
    fc_apportion(count, weights, cities, shares);
    for (uint32_t i = 0; i < cities; i++)
        for (uint32_t k = 0; k < shares[i]; k++) {
            char name[FC_TOPOLOGY_NAME_MAX];
            snprintf(name, sizeof name, "%s-%u", city[i].name, k + 1);
            put(&sites[node], &city[i], name);
            if (hubs > 0)
                sites[node].hub = hub + turn++ % hubs;
            node++;
        }
    return node;
}

enum fc_err fc_topology_settle(const struct fc_topology_spec *spec, struct fc_rng *rng,
                               struct fc_site *sites, struct fc_topology_fault *fault)
{
    uint32_t weights[FC_EUROPE_COUNTRIES] = {0}, shares[FC_EUROPE_COUNTRIES];
    uint32_t chosen = 0, node = 0, hub = 0;
    for (int i = 0; i < FC_EUROPE_COUNTRIES; i++)
        if (is_chosen(spec, fc_europe_countries[i].code)) {
            weights[i] = fc_europe_countries[i].people_thousand;
            chosen++;
        }
    uint32_t hubs = spec->hubs * chosen;
    if (spec->nodes < hubs)
        return fc_topology_fail(fault, FC_E_ARG,
                                "%u hubs in each of %u countries are more than %u nodes: take more "
                                "nodes or fewer countries",
                                spec->hubs, chosen, spec->nodes);
    for (int i = 0; i < FC_EUROPE_COUNTRIES; i++) {
        uint32_t cities;
        const struct fc_city *city = cities_of(fc_europe_countries[i].code, &cities);
        for (uint32_t k = 0; weights[i] && k < spec->hubs; k++)
            put_hub(sites, node++, &city[k % cities], k);
    }
    fc_apportion(spec->nodes - hubs, weights, FC_EUROPE_COUNTRIES, shares);
    for (int i = 0; i < FC_EUROPE_COUNTRIES; i++) {
        if (weights[i] == 0)
            continue;
        node = put_members(sites, node, fc_europe_countries[i].code, shares[i], hub, spec->hubs);
        hub += spec->hubs;
    }
    shuffle(rng, sites + hubs, spec->nodes - hubs);
    return FC_OK;
}
