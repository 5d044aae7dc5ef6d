/* The nodes of a run behind one face: whole ones (sim/world.h) or light ones (sim/light.h). */
#ifndef FC_SIM_FLEET_H
#define FC_SIM_FLEET_H

#include "sim/light.h"
#include "sim/route.h"
#include "sim/run.h"
#include "sim/world.h"

struct fc_fleet_config {
    const struct fc_scenario *scenario;
    const struct fc_topology *topology;
    const char *lmdb_dir;
    struct fc_world_observer observer;
    bool (*tamper)(void *ctx, uint32_t from, uint32_t to, struct fc_buf *message); /* or NULL */
    void (*arrived)(void *ctx, const struct fc_light_arrival *arrival); /* at light nodes */
    void (*light_sent)(void *ctx, uint32_t from, uint32_t to, enum fc_light_class class,
                       uint32_t bytes);
    void (*light_heard)(void *ctx, const struct fc_light_message *message); /* or NULL */
    void (*light_alarm)(void *ctx, uint32_t node, uint64_t tag);
    void *ctx; /* of all but the observer */
    void (*line)(void *ctx, const char *text);
    bool log;
};
struct fc_fleet {
    struct fc_fleet_config config;
    struct fc_world *world; /* one of the two */
    struct fc_light *light;
    const struct fc_topology *topology; /* borrowed */
    struct fc_routes *routes;           /* of a graph, up to FC_ROUTES_NODES_MAX; else NULL */
    uint64_t latency_us;                /* between nodes the topology does not know */
    uint32_t nodes;                     /* that can be up */
    uint32_t feeds;
    uint8_t *outside; /* of each node: not a member yet; NULL: all are from the start */
};

/* What a delta is made of, and what became of it. */
struct fc_publication {
    uint32_t feed;
    const struct fc_world_op *ops;
    uint32_t count;
    uint64_t content_bytes; /* of all ops */
    fc_version version;     /* out */
    uint64_t bytes;         /* out: encoded signed delta + contents, as they travel */
};

/* All nodes made and down, members where the scenario seeds them. FC_E_ARG with a line. */
FC_MUST_USE enum fc_err fc_fleet_create(const struct fc_fleet_config *config,
                                        struct fc_fleet *fleet, struct fc_run_error *error);
void fc_fleet_finish(struct fc_fleet *fleet);

struct fc_network *fc_fleet_network(const struct fc_fleet *fleet);
/* Numbers of nodes are below it. Of whole nodes those that have joined, too, and participants
 * without a node, which are never up. */
uint32_t fc_fleet_count(const struct fc_fleet *fleet);
/* Light nodes share one. */
const char *fc_fleet_name(const struct fc_fleet *fleet, uint32_t node);
/* False: the node is not a member yet, and nobody is up who could let it in. */
bool fc_fleet_can_start(const struct fc_fleet *fleet, uint32_t node);
/* The first start joins where nodes are not members from the start, through node 0 while it can. */
void fc_fleet_start(struct fc_fleet *fleet, uint32_t node);
void fc_fleet_crash(struct fc_fleet *fleet, uint32_t node);
bool fc_fleet_is_up(const struct fc_fleet *fleet, uint32_t node);
/* One way, without jitter: over the edge between the two, else the quickest way along edges. */
uint64_t fc_fleet_latency_us(const struct fc_fleet *fleet, uint32_t from, uint32_t to);
/* False: a graph too large for ways between nodes that have no edge. */
bool fc_fleet_knows_ways(const struct fc_fleet *fleet);
/* Which node publishes a feed. */
static inline uint32_t fc_fleet_host(const struct fc_fleet *fleet, uint32_t feed)
{
    return feed % fleet->nodes;
}
/* At the feed's host. FC_E_CLOSED when it is down; else what signing and storing say. */
FC_MUST_USE enum fc_err fc_fleet_publish(struct fc_fleet *fleet,
                                         struct fc_publication *publication);
/* Active neighbours, up to `max`; how many there are. */
uint32_t fc_fleet_neighbours(const struct fc_fleet *fleet, uint32_t node, uint32_t *out,
                             uint32_t max);
uint64_t fc_fleet_events(const struct fc_fleet *fleet);
void fc_fleet_alarm(struct fc_fleet *fleet, uint64_t at_us, uint64_t tag);
static inline uint64_t fc_fleet_now_us(const struct fc_fleet *fleet)
{
    return fc_network_now_us(fc_fleet_network(fleet));
}

#endif
