#include "sim/fleet.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/view_hyparview.h"
#include "sim/modules.h"
#include "sim/view_static.h"

/* -- making ----------------------------------------------------------------------------------- */

static uint64_t latency(void *ctx, uint32_t from, uint32_t to)
{
    return fc_fleet_latency_us(ctx, from, to);
}

uint64_t fc_fleet_latency_us(const struct fc_fleet *fleet, uint32_t from, uint32_t to)
{
    const struct fc_topology *topology = fleet->topology;
    uint32_t us = FC_TOPOLOGY_NONE;
    if (from < topology->node_count && to < topology->node_count)
        us = fc_topology_latency_us(topology, from, to);
    if (us == FC_TOPOLOGY_NONE && fleet->routes && from < topology->node_count &&
        to < topology->node_count)
        us = fc_routes_us(fleet->routes, from, to);
    return us == FC_TOPOLOGY_NONE ? fleet->latency_us : us;
}

bool fc_fleet_knows_ways(const struct fc_fleet *fleet)
{
    return fleet->topology->whole || fleet->routes;
}

static bool has_static_view(const struct fc_fleet *fleet)
{
    return strcmp(fleet->config.scenario->federation.view, fc_view_static.name) == 0;
}

/* With a static view links are edges, and ways are for measures alone. */
static enum fc_err find_ways(struct fc_fleet *fleet, struct fc_run_error *error)
{
    const struct fc_topology *topology = fleet->topology;
    bool is_static = has_static_view(fleet);
    if (topology->whole)
        return FC_OK;
    if (is_static && topology->node_count != fleet->nodes) {
        snprintf(error->text, sizeof error->text,
                 "federation.view static: federation.nodes must be the topology's %u, not %u",
                 topology->node_count, fleet->nodes);
        return FC_E_ARG;
    }
    enum fc_err err = fc_routes_create(topology, &fleet->routes);
    if (err == FC_E_BOUND && is_static)
        return FC_OK;
    if (err == FC_E_BOUND) {
        snprintf(error->text, sizeof error->text,
                 "federation.view %s: a graph of more than %d nodes needs view: static; or take "
                 "topology.kind whole or map",
                 fleet->config.scenario->federation.view, FC_ROUTES_NODES_MAX);
        return FC_E_ARG;
    }
    return err;
}

static struct fc_network_config network_of(const struct fc_scenario *scenario)
{
    const struct fc_links_spec *links = &scenario->links;
    return (struct fc_network_config){.seed = scenario->seed,
                                      .latency_us = latency,
                                      .jitter_us = links->jitter_us,
                                      .bandwidth_bps = links->bandwidth_bps,
                                      .access_bps = links->access_bps,
                                      .loss_ppm = links->loss_ppm,
                                      .duplicate_ppm = links->duplicate_ppm,
                                      .reorder_ppm = links->reorder_ppm,
                                      .queue_max = links->queue_max};
}

static uint32_t (*edges_of(const struct fc_topology *topology))[2]
{
    uint32_t(*edges)[2] = calloc(topology->edge_count + 1, sizeof *edges);
    assert(edges);
    for (uint64_t i = 0; i < topology->edge_count; i++) {
        edges[i][0] = topology->edges[i].a;
        edges[i][1] = topology->edges[i].b;
    }
    return edges;
}

static void light_arrived(void *ctx, const struct fc_light_arrival *arrival)
{
    const struct fc_fleet *fleet = ctx;
    fleet->config.arrived(fleet->config.ctx, arrival);
}

static void light_sent(void *ctx, uint32_t from, uint32_t to, enum fc_light_class class,
                       uint32_t bytes)
{
    const struct fc_fleet *fleet = ctx;
    fleet->config.light_sent(fleet->config.ctx, from, to, class, bytes);
}

static void light_heard(void *ctx, const struct fc_light_message *message)
{
    const struct fc_fleet *fleet = ctx;
    fleet->config.light_heard(fleet->config.ctx, message);
}

static void light_alarm(void *ctx, uint32_t node, uint64_t tag)
{
    const struct fc_fleet *fleet = ctx;
    fleet->config.light_alarm(fleet->config.ctx, node, tag);
}

static enum fc_err make_light(const struct fc_fleet_config *config, struct fc_fleet *fleet)
{
    const struct fc_federation_spec *spec = &config->scenario->federation;
    uint32_t(*edges)[2] = edges_of(fleet->topology);
    struct fc_light_config light = {.seed = config->scenario->seed,
                                    .nodes = fleet->nodes,
                                    .feeds = fleet->feeds,
                                    .view = fc_module_view(spec->view),
                                    .spread = fc_module_spread(spec->spread),
                                    .active_max = spec->active,
                                    .fanout = spec->fanout,
                                    .links = network_of(config->scenario),
                                    .edges = (const uint32_t(*)[2])edges,
                                    .edge_count =
                                        has_static_view(fleet) ? fleet->topology->edge_count : 0,
                                    .ctx = fleet,
                                    .arrived = light_arrived,
                                    .alarm = light_alarm,
                                    .heard = config->light_heard ? light_heard : NULL,
                                    .sent = light_sent};
    enum fc_err err = fc_light_create(&light, &fleet->light);
    free(edges);
    return err;
}

/* Countries come from the topology; without one a few take turns. */
static void name_member(const struct fc_fleet *fleet, uint32_t index, struct fc_world_member *out)
{
    static const char *const countries[] = {"FR", "DE", "IT", "ES", "NL", "BE", "PL", "SE"};
    const struct fc_topology *topology = fleet->topology;
    const char *country = countries[index % 8];
    snprintf(out->name, sizeof out->name, "n%u", index);
    if (index < topology->node_count && topology->sites[index].country[0] != 0)
        country = topology->sites[index].country;
    memcpy(out->country, country, 2);
}

/* Those beyond the nodes are participants whose feeds are published at others' nodes. */
static void seed_world(const struct fc_fleet_config *config, struct fc_fleet *fleet)
{
    const struct fc_federation_spec *spec = &config->scenario->federation;
    uint32_t count = fleet->nodes > fleet->feeds ? fleet->nodes : fleet->feeds;
    struct fc_world_member *members = calloc(count, sizeof *members);
    uint64_t dials_only = (uint64_t)fleet->nodes * spec->dials_only_ppm / 1000000;
    assert(members);
    for (uint32_t i = 0; i < count; i++) {
        name_member(fleet, i, &members[i]);
        members[i].dials_only = i >= fleet->nodes - dials_only;
    }
    fc_world_seed(fleet->world, members, count, fleet->feeds);
    free(members);
}

static enum fc_err prepare_world(const struct fc_fleet_config *config, struct fc_fleet *fleet)
{
    uint64_t dials_only =
        (uint64_t)fleet->nodes * config->scenario->federation.dials_only_ppm / 1000000;
    fleet->outside = malloc(fleet->nodes);
    if (!fleet->outside)
        return FC_E_NOMEM;
    memset(fleet->outside, 1, fleet->nodes);
    for (uint32_t i = 0; i < fleet->nodes; i++) {
        struct fc_world_member member = {{0}, {0}, false};
        name_member(fleet, i, &member);
        uint32_t made = fc_world_prepare(fleet->world, member.name, i == 0 ? FC_WORLD_NONE : 0,
                                         i >= fleet->nodes - dials_only);
        assert(made == i);
        fc_world_country(fleet->world, i, member.country);
    }
    return FC_OK;
}

static void set_neighbours(struct fc_fleet *fleet)
{
    for (uint32_t i = 0; i < fleet->nodes; i++) {
        uint32_t count = 0;
        const uint32_t *list = fc_topology_neighbours(fleet->topology, i, &count);
        fc_world_contacts(fleet->world, i, list, count);
    }
}

/* The others find whom to hold in the registry; HyParView begins with a contact, as light nodes do.
 */
static void set_contacts(struct fc_fleet *fleet)
{
    const uint32_t first = 0;
    for (uint32_t i = 1; i < fleet->nodes; i++)
        fc_world_contacts(fleet->world, i, &first, 1);
}

static enum fc_err make_world(const struct fc_fleet_config *config, struct fc_fleet *fleet)
{
    const struct fc_scenario *scenario = config->scenario;
    const struct fc_federation_spec *spec = &scenario->federation;
    struct fc_world_config world = {.seed = scenario->seed,
                                    .latency_us = fleet->latency_us,
                                    .jitter_us = scenario->links.jitter_us,
                                    .bandwidth_bps = scenario->links.bandwidth_bps,
                                    .access_bps = scenario->links.access_bps,
                                    .loss_ppm = scenario->links.loss_ppm,
                                    .duplicate_ppm = scenario->links.duplicate_ppm,
                                    .reorder_ppm = scenario->links.reorder_ppm,
                                    .queue_max = scenario->links.queue_max,
                                    .governors = spec->governors,
                                    .peers_active_max = spec->active,
                                    .view = fc_module_view(spec->view),
                                    .spread = fc_module_spread(spec->spread),
                                    .spread_fanout = spec->fanout,
                                    .lmdb_dir = config->lmdb_dir,
                                    .ctx = config->ctx,
                                    .line = config->line,
                                    .latency_ctx = fleet,
                                    .latency = latency,
                                    .tamper = config->tamper,
                                    .observer = config->observer,
                                    .counters = true,
                                    .log = config->log};
    enum fc_err err = fc_world_create(&world, &fleet->world);
    if (err != FC_OK)
        return err;
    if (spec->start == FC_START_SEEDED)
        seed_world(config, fleet);
    if (spec->start == FC_START_JOIN)
        err = prepare_world(config, fleet);
    if (err == FC_OK && has_static_view(fleet))
        set_neighbours(fleet);
    if (spec->start == FC_START_SEEDED && world.view == &fc_view_hyparview)
        set_contacts(fleet);
    return err;
}

enum fc_err fc_fleet_create(const struct fc_fleet_config *config, struct fc_fleet *fleet,
                            struct fc_run_error *error)
{
    const struct fc_federation_spec *spec = &config->scenario->federation;
    *fleet = (struct fc_fleet){.config = *config,
                               .topology = config->topology,
                               .latency_us = config->topology->latency.min_us,
                               .nodes = spec->nodes,
                               .feeds = spec->feeds ? spec->feeds : spec->nodes};
    if (fleet->latency_us == 0)
        fleet->latency_us = 10000;
    if (fleet->feeds > fleet->nodes && spec->start == FC_START_JOIN) {
        snprintf(error->text, sizeof error->text,
                 "federation.feeds: more feeds than nodes need federation.start: seeded");
        return FC_E_ARG;
    }
    enum fc_err err = find_ways(fleet, error);
    if (err == FC_OK)
        err = spec->kind == FC_NODE_LIGHT ? make_light(config, fleet) : make_world(config, fleet);
    if (err != FC_OK && error->text[0] == 0)
        snprintf(error->text, sizeof error->text, "%u nodes cannot be made: %s", fleet->nodes,
                 fc_err_text(err));
    return err;
}

void fc_fleet_finish(struct fc_fleet *fleet)
{
    fc_world_destroy(fleet->world);
    fc_light_destroy(fleet->light);
    fc_routes_destroy(fleet->routes);
    fleet->routes = NULL;
    free(fleet->outside);
    fleet->outside = NULL;
    fleet->world = NULL;
    fleet->light = NULL;
}

/* -- nodes ------------------------------------------------------------------------------------ */

struct fc_network *fc_fleet_network(const struct fc_fleet *fleet)
{
    return fleet->world ? fc_world_network(fleet->world) : fc_light_network(fleet->light);
}

uint32_t fc_fleet_count(const struct fc_fleet *fleet)
{
    return fleet->world ? fc_world_count(fleet->world) : fc_light_count(fleet->light);
}

const char *fc_fleet_name(const struct fc_fleet *fleet, uint32_t node)
{
    return fleet->world && node < fc_world_count(fleet->world) ? fc_world_name(fleet->world, node)
                                                               : "node";
}

static uint32_t who_lets_in(const struct fc_fleet *fleet)
{
    for (uint32_t i = 0; i < fleet->nodes; i++)
        if (fc_world_can_govern(fleet->world, i))
            return i;
    return FC_WORLD_NONE;
}

static bool is_outside(const struct fc_fleet *fleet, uint32_t node)
{
    return fleet->outside && node < fleet->nodes && fleet->outside[node];
}

bool fc_fleet_can_start(const struct fc_fleet *fleet, uint32_t node)
{
    return !is_outside(fleet, node) || node == 0 || who_lets_in(fleet) != FC_WORLD_NONE;
}

/* It starts, dials the one that lets it in, and governors admit it there. */
static void join(struct fc_fleet *fleet, uint32_t node)
{
    uint32_t at = node == 0 ? 0 : who_lets_in(fleet);
    assert(at != FC_WORLD_NONE);
    fleet->outside[node] = 0;
    if (node != 0 && !has_static_view(fleet))
        fc_world_contacts(fleet->world, node, &at, 1);
    fc_world_start(fleet->world, node);
    fc_world_admit(fleet->world, node, at);
}

void fc_fleet_start(struct fc_fleet *fleet, uint32_t node)
{
    if (fleet->light) {
        fleet->config.observer.life(fleet->config.observer.ctx, node, true);
        fc_light_start(fleet->light, node, node == 0 || has_static_view(fleet) ? FC_LIGHT_NONE : 0);
    } else if (is_outside(fleet, node)) {
        join(fleet, node);
    } else {
        fc_world_start(fleet->world, node);
    }
}

void fc_fleet_crash(struct fc_fleet *fleet, uint32_t node)
{
    if (fleet->light) {
        fleet->config.observer.life(fleet->config.observer.ctx, node, false);
        fc_light_crash(fleet->light, node);
    } else {
        fc_world_crash(fleet->world, node);
    }
}

bool fc_fleet_is_up(const struct fc_fleet *fleet, uint32_t node)
{
    if (fleet->light)
        return fc_light_is_up(fleet->light, node);
    return node < fc_world_count(fleet->world) && fc_world_is_up(fleet->world, node);
}

uint32_t fc_fleet_neighbours(const struct fc_fleet *fleet, uint32_t node, uint32_t *out,
                             uint32_t max)
{
    if (fleet->light)
        return fc_light_neighbours(fleet->light, node, out, max);
    const struct fc_core *core = fc_world_core(fleet->world, node);
    uint32_t count = 0;
    for (size_t i = 0; core && i < fc_core_peer_count(core); i++) {
        struct fc_peer_info info;
        fc_core_peer_at(core, i, &info);
        if (!info.active)
            continue;
        if (count < max)
            out[count] = fc_world_node_of(fleet->world, &info.key);
        count++;
    }
    return count;
}

/* -- publishing ------------------------------------------------------------------------------- */

/* As a push carries it: the signed head with its operations, and the frames of its contents. */
static uint64_t bytes_of(const struct fc_fleet *fleet, uint32_t node,
                         const struct fc_publication *publication)
{
    struct fc_replica *replica = fc_world_replica(fleet->world, node);
    struct fc_hash owner = fc_world_participant(fleet->world, publication->feed);
    struct fc_buf record = {0}, ops = {0}, frame = {0};
    bool has_ops;
    uint64_t bytes = 0;
    if (fc_replica_head(replica, &owner, &record, &ops, &has_ops) == FC_OK)
        bytes = record.len + ops.len;
    for (uint32_t i = 0; i < publication->count; i++) {
        struct fc_content content;
        struct fc_hash key_hash = fc_key_hash(fc_span_str(publication->ops[i].key));
        fc_buf_clear(&frame);
        if (publication->ops[i].content &&
            fc_replica_content_frame(replica, &owner, &key_hash, &frame, &content) == FC_OK)
            bytes += content.bytes.len;
    }
    fc_buf_finish(&record);
    fc_buf_finish(&ops);
    fc_buf_finish(&frame);
    return bytes;
}

enum fc_err fc_fleet_publish(struct fc_fleet *fleet, struct fc_publication *publication)
{
    uint32_t node = fc_fleet_host(fleet, publication->feed);
    struct fc_feed feed;
    if (!fc_fleet_is_up(fleet, node))
        return FC_E_CLOSED;
    if (fleet->light) {
        publication->bytes = publication->content_bytes;
        uint32_t delta =
            fc_light_publish(fleet->light, node, publication->feed, (uint32_t)publication->bytes);
        publication->version = fc_light_delta(fleet->light, delta)->version;
        return FC_OK;
    }
    enum fc_err err = fc_world_publish(fleet->world, node, publication->feed, publication->ops,
                                       publication->count);
    if (err != FC_OK)
        return err;
    struct fc_hash owner = fc_world_participant(fleet->world, publication->feed);
    err = fc_replica_feed(fc_world_replica(fleet->world, node), &owner, &feed);
    publication->version = feed.version;
    publication->bytes = bytes_of(fleet, node, publication);
    return err;
}

/* -- the whole -------------------------------------------------------------------------------- */

uint64_t fc_fleet_events(const struct fc_fleet *fleet)
{
    struct fc_network_stats stats;
    fc_network_get_stats(fc_fleet_network(fleet), &stats);
    return stats.events;
}

void fc_fleet_alarm(struct fc_fleet *fleet, uint64_t at_us, uint64_t tag)
{
    if (fleet->world)
        fc_world_alarm(fleet->world, at_us, tag);
    else
        fc_network_alarm(fc_light_network(fleet->light), at_us, 0, tag);
}
