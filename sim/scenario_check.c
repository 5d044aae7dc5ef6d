#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim/europe.h"
#include "sim/route.h"
#include "sim/scenario_fields.h"

#define F(name) (1u << FC_FAULT_##name)

enum { DELTA_CONTENT_BYTES_MAX = 64 * 1024 * 1024 };

struct check {
    const struct fc_scenario *scenario;
    struct fc_scenario_clash *clash;
};

static bool __attribute__((format(printf, 3, 4)))
clash(const struct check *check, const char *key, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(check->clash->text, sizeof check->clash->text, format, args);
    va_end(args);
    snprintf(check->clash->key, sizeof check->clash->key, "%s", key);
    return false;
}

/* As `clash`, of a key of an item of a list. */
static bool __attribute__((format(printf, 5, 6)))
clash_in(const struct check *check, const char *list, uint32_t index, const char *key,
         const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(check->clash->text, sizeof check->clash->text, format, args);
    va_end(args);
    snprintf(check->clash->key, sizeof check->clash->key, "%s.%u%s%s", list, index,
             key[0] ? "." : "", key);
    return false;
}

static bool before_end(const struct check *check, uint64_t at_us)
{
    return at_us < check->scenario->run_us;
}

static bool sizes_fit(const struct check *check)
{
    const struct fc_federation_spec *federation = &check->scenario->federation;
    bool light = federation->kind == FC_NODE_LIGHT, lmdb = federation->store == FC_STORE_LMDB;
    if (federation->nodes == 0 && !check->scenario->topology_file)
        return clash(check, "federation.nodes", "is 'file', which needs topology.file");
    if (light && lmdb)
        return clash(check, "federation.store",
                     "is not for light nodes, which have no replica; leave it out");
    if (lmdb && federation->nodes > FC_SCENARIO_LMDB_NODES_MAX)
        return clash(check, "federation.nodes", "is more than the %u that store: lmdb is for",
                     FC_SCENARIO_LMDB_NODES_MAX);
    if (!light && federation->nodes > FC_SCENARIO_FULL_NODES_MAX)
        return clash(check, "federation.nodes",
                     "is more than the %u that can be full; set kind: light",
                     FC_SCENARIO_FULL_NODES_MAX);
    return true;
}

static bool federation_fits(const struct check *check)
{
    const struct fc_scenario *scenario = check->scenario;
    const struct fc_federation_spec *federation = &scenario->federation;
    enum fc_topology_kind kind = scenario->topology.kind;
    bool graph = scenario->topology_file || (kind != FC_TOPOLOGY_WHOLE && kind != FC_TOPOLOGY_MAP);
    if (!sizes_fit(check))
        return false;
    if (federation->join_over_us > 0 && federation->start != FC_START_JOIN)
        return clash(check, "federation.join_over", "goes with start: join");
    if (federation->start == FC_START_JOIN && !before_end(check, federation->join_over_us))
        return clash(check, "federation.join_over", "is not over at the end of the run (run.for)");
    bool is_static = strcmp(federation->view, "static") == 0;
    if (graph && !scenario->topology_file && !is_static && federation->nodes > FC_ROUTES_NODES_MAX)
        return clash(
            check, "federation.nodes",
            "a graph of more than %d nodes needs view: static; or take topology.kind whole "
            "or map",
            FC_ROUTES_NODES_MAX);
    if (is_static && !graph)
        return clash(check, "federation.view",
                     "is static, which needs a topology with edges; topology.kind %s has none",
                     fc_topology_kind_name(kind));
    return true;
}

/* What a graph is made from goes together, and with so many nodes. */
static bool topology_fits(const struct check *check)
{
    struct fc_topology_spec spec = check->scenario->topology;
    struct fc_topology_fault fault = {{0}};
    char key[64];
    spec.nodes = check->scenario->federation.nodes;
    if (check->scenario->topology_file || fc_topology_spec_check(&spec, &fault) == FC_OK)
        return true;
    if (fault.param && strcmp(fault.param, "nodes") == 0)
        return clash(check, "federation.nodes", "does not fit: %s", fault.text);
    snprintf(key, sizeof key, "topology%s%s", fault.param ? "." : "",
             fault.param ? fault.param : "");
    for (char *at = key; *at; at++)
        if (*at == '-')
            *at = '_';
    return clash(check, key, "does not fit: %s", fault.text);
}

static bool workload_fits(const struct check *check)
{
    const struct fc_scenario *scenario = check->scenario;
    for (uint32_t i = 0; i < scenario->workload_count; i++) {
        const struct fc_workload_spec *item = &scenario->workload[i];
        if (!before_end(check, item->from_us))
            return clash_in(check, "workload", i, "from", "is after the end of the run (run.for)");
        if (item->update_ppm + item->delete_ppm > 1000000)
            return clash_in(check, "workload", i, "deletes", "and updates are more than all");
        if (item->content_bytes > item->content_bytes_max)
            return clash_in(check, "workload", i, "content", "goes from the smaller to the larger");
        if (item->ops * item->content_bytes_max > DELTA_CONTENT_BYTES_MAX)
            return clash_in(check, "workload", i, "ops",
                            "with such contents are over 64 MiB a delta");
    }
    return true;
}

static bool on_map(const struct fc_scenario *scenario)
{
    return scenario->topology_file || scenario->topology.kind == FC_TOPOLOGY_MAP ||
           scenario->topology.kind == FC_TOPOLOGY_TWO_TIER;
}

static bool has_country(const struct fc_topology_spec *spec, const char *code)
{
    for (int i = 0; i < FC_EUROPE_COUNTRIES; i++)
        if (strcmp(fc_europe_countries[i].code, code) == 0)
            return spec->countries[0] == 0 || strstr(spec->countries, code);
    return false;
}

static bool pick_fits(const struct check *check, const char *list, uint32_t index,
                      const struct fc_pick *pick)
{
    const struct fc_scenario *scenario = check->scenario;
    uint64_t nodes = scenario->federation.nodes;
    if (pick->kind == FC_PICK_COUNTRIES && !on_map(scenario))
        return clash_in(check, list, index, "countries",
                        "needs a topology with countries; topology.kind %s has none, map and "
                        "two-tier have",
                        fc_topology_kind_name(scenario->topology.kind));
    for (uint32_t i = 0; pick->kind == FC_PICK_COUNTRIES && i < pick->count; i++)
        if (!scenario->topology_file && !has_country(&scenario->topology, pick->countries[i]))
            return clash_in(check, list, index, "countries", "names %s, which is not on the map%s",
                            pick->countries[i],
                            scenario->topology.countries[0] ? " of topology.countries" : "");
    if (nodes == 0)
        return true; /* known later */
    if (pick->kind == FC_PICK_COUNT && pick->count > nodes)
        return clash_in(check, list, index, "count", "is more than the nodes there are");
    if (pick->kind == FC_PICK_LIST && pick->list[pick->count - 1] >= nodes)
        return clash_in(check, list, index, "nodes", "names node %u; the last is %llu",
                        pick->list[pick->count - 1], (unsigned long long)nodes - 1);
    return true;
}

static bool fault_fits(const struct check *check, uint32_t index)
{
    const struct fc_fault_spec *fault = &check->scenario->faults[index];
    const char *word = fc_fault_words[fault->kind];
    uint32_t bit = 1u << fault->kind;
    bool picked = fault->pick.kind != FC_PICK_ALL;
    if (check->scenario->federation.kind == FC_NODE_LIGHT &&
        (bit & (F(DISK_FULL) | F(SKEW) | F(JOIN) | F(REVOKE) | F(RECOVER) | F(ROTATE))))
        return clash_in(check, "faults", index, "what",
                        "is %s, which light nodes do not know; set kind: full", word);
    if (!before_end(check, fault->at_us))
        return clash_in(check, "faults", index, "at", "is after the end of the run (run.for)");
    if (fault->kind == FC_FAULT_PARTITION && picked && fault->parts)
        return clash_in(check, "faults", index, "parts",
                        "parts everyone alike; leave it or the picked nodes out");
    if (fault->kind == FC_FAULT_PARTITION && !picked && !fault->parts)
        return clash_in(check, "faults", index, "",
                        "partition needs share, count, nodes, countries or parts");
    if ((bit & (F(REVOKE) | F(RECOVER))) && !picked)
        return clash_in(check, "faults", index, "", "%s needs share, count, nodes or countries",
                        word);
    return fault->kind == FC_FAULT_JOIN || pick_fits(check, "faults", index, &fault->pick);
}

static bool faults_fit(const struct check *check)
{
    for (uint32_t i = 0; i < check->scenario->fault_count; i++)
        if (!fault_fits(check, i))
            return false;
    return true;
}

static bool is_in(const struct fc_pick *pick, uint32_t node)
{
    for (uint32_t i = 0; pick->kind == FC_PICK_LIST && i < pick->count; i++)
        if (pick->list[i] == node)
            return true;
    return false;
}

/* Nodes that are named are in one group, and not the first: that lets newcomers in. */
static bool liars_are_named_once(const struct check *check, uint32_t index)
{
    const struct fc_dishonest_spec *groups = check->scenario->dishonest;
    const struct fc_pick *pick = &groups[index].pick;
    if (is_in(pick, 0))
        return clash_in(check, "dishonest", index, "nodes",
                        "names node 0, which stays honest: it lets newcomers in");
    for (uint32_t i = 0; pick->kind == FC_PICK_LIST && i < pick->count; i++)
        for (uint32_t other = 0; other < index; other++)
            if (is_in(&groups[other].pick, pick->list[i]))
                return clash_in(check, "dishonest", index, "nodes",
                                "names node %u, which is in dishonest.%u", pick->list[i], other);
    return true;
}

static bool dishonest_fit(const struct check *check)
{
    const struct fc_scenario *scenario = check->scenario;
    uint64_t all_ppm = 0, nodes = scenario->federation.nodes;
    for (uint32_t i = 0; i < scenario->dishonest_count; i++) {
        const struct fc_dishonest_spec *group = &scenario->dishonest[i];
        const struct fc_pick *pick = &group->pick;
        if (scenario->federation.kind == FC_NODE_LIGHT)
            return clash_in(check, "dishonest", i, "what",
                            "is not for light nodes, which are all honest; set kind: full");
        if (!before_end(check, group->from_us))
            return clash_in(check, "dishonest", i, "from", "is after the end of the run (run.for)");
        if (pick->kind == FC_PICK_ALL)
            return clash_in(check, "dishonest", i, "", "needs share, count, nodes or countries");
        if (!pick_fits(check, "dishonest", i, pick) || !liars_are_named_once(check, i))
            return false;
        bool counted = pick->kind == FC_PICK_COUNT || pick->kind == FC_PICK_LIST;
        all_ppm += counted && nodes ? pick->count * 1000000ull / nodes : pick->share_ppm;
        if (all_ppm >= 1000000)
            return clash_in(check, "dishonest", i, "", "leaves no honest node");
    }
    return true;
}

enum fc_err fc_scenario_find_clash(const struct fc_scenario *scenario,
                                   struct fc_scenario_clash *out)
{
    const struct check check = {scenario, out};
    bool fits = federation_fits(&check) && topology_fits(&check) && workload_fits(&check) &&
                faults_fit(&check) && dishonest_fit(&check);
    if (fits && !before_end(&check, scenario->measure_us))
        fits = clash(&check, "measure.from", "is after the end of the run (run.for)");
    return fits ? FC_OK : FC_E_FORMAT;
}

enum fc_err fc_scenario_check_small(const struct fc_scenario_source *source,
                                    const struct fc_yaml_node *list,
                                    const struct fc_scenario *scenario)
{
    struct fc_scenario_error inner = {{0}};
    struct fc_scenario copy;
    if (scenario->small_count == 0)
        return FC_OK;
    enum fc_err err = fc_scenario_copy(scenario, &copy);
    if (err != FC_OK)
        return fc_scenario_fail(source, err, NULL, "out of memory");
    for (uint32_t i = 0; err == FC_OK && i < scenario->small_count; i++) {
        err = fc_scenario_set(&copy, scenario->small[i], &inner);
        if (err != FC_OK)
            fc_scenario_fail(source, err, list ? &list->nodes[i] : NULL, "small: %s", inner.text);
    }
    fc_scenario_finish(&copy);
    return err;
}

enum fc_err fc_scenario_check(const struct fc_scenario *scenario, struct fc_scenario_error *error)
{
    const struct fc_scenario_source source = {scenario->name, false, error};
    struct fc_scenario_clash found;
    if (fc_scenario_find_clash(scenario, &found) != FC_OK)
        return fc_scenario_fail(&source, FC_E_FORMAT, NULL, "%s %s", found.key, found.text);
    return fc_scenario_check_small(&source, NULL, scenario);
}
