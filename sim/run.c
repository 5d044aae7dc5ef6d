#include "sim/run.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/run_priv.h"
#include "sim/traffic.h"
#include "store/checkpoint.h"

enum {
    SECOND_US = 1000000,
    START_OVER_US = 2 * SECOND_US, /* seeded nodes start within it */
    SETTLE_STEP_US = SECOND_US / 10,
    KNOWN_WITHIN_US = 60 * SECOND_US, /* who holds everything knows it by then */
    PROGRESS_STEPS = 2000,
};

uint64_t fc_run_wait_us(struct fc_run *run, uint64_t mean_us)
{
    double even = ((double)(fc_rng_next(&run->rng) >> 11) + 1) / 9007199254740993.0;
    return (uint64_t)(-log(even) * (double)mean_us);
}

/* Of light nodes, whose trace hash is over arrivals alone. */
static void say_line(const struct fc_run *run, const char *text)
{
    char line[1100];
    snprintf(line, sizeof line, "%12.6f %s", (double)fc_run_now_us(run) / 1e6, text);
    run->config.line(run->config.ctx, line);
}

void fc_run_say(struct fc_run *run, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (run->fleet.world)
        fc_world_say(run->fleet.world, "%s", text);
    else if (run->config.line && run->fleet.light)
        say_line(run, text);
}

/* -- what happens to nodes, into the measures and the promises -------------------------------- */

static void on_line(void *ctx, const char *text)
{
    const struct fc_run *run = ctx;
    run->config.line(run->config.ctx, text);
}

static void on_sent(void *ctx, uint32_t from, uint32_t to, struct fc_span message)
{
    struct fc_run *run = ctx;
    enum fc_traffic traffic = fc_traffic_of(message);
    fc_results_message(run->results, fc_run_now_us(run), from, to, traffic, message.len);
    if (run->events)
        fc_event_message(run, "send", from, to, traffic, message.len);
}

static void on_arrived(void *ctx, uint32_t from, uint32_t to, struct fc_span message)
{
    fc_event_message(ctx, "arrive", to, from, fc_traffic_of(message), message.len);
}

static void on_pushed(void *ctx, uint32_t node, uint32_t from, uint32_t owner, fc_version version)
{
    struct fc_run *run = ctx;
    if (owner < run->fleet.feeds)
        fc_results_payload(run->results, fc_run_now_us(run), from, node, owner, version);
}

static void on_accepted(void *ctx, uint32_t node, uint32_t from, uint32_t owner,
                        const struct fc_arrival *head)
{
    struct fc_run *run = ctx;
    if (owner < run->fleet.feeds) {
        if (run->events)
            fc_event_accepted(run, node, from, owner, head->version);
        fc_results_deliver(run->results, fc_run_now_us(run), node, from, owner, head->version);
    }
    fc_promise_accepted(run, node, owner, head);
}

static void on_signed(void *ctx, uint32_t owner, fc_version version, const struct fc_hash *hash)
{
    fc_promise_signed(ctx, owner, version, hash);
}

static void on_life(void *ctx, uint32_t node, bool up)
{
    struct fc_run *run = ctx;
    fc_event_life(run, node, up);
    if (run->fleet.light)
        fc_run_say(run, "n%u %s", node, up ? "starts" : "crashes");
    if (node < run->total)
        fc_results_up(run->results, fc_run_now_us(run), node, up);
    if (up)
        fc_promise_started(run, node);
}

/* Each node's own, spread over the interval that the protocol gives a federation of this size. */
static void checkpoint(struct fc_run *run, uint32_t node)
{
    uint64_t interval_us =
        fc_checkpoint_interval_ms(run->fleet.nodes, FC_CHECKPOINT_LEAST_MS) * 1000;
    bool first = !run->checkpointed[node];
    uint64_t wait_us =
        first ? fc_rng_below(&run->rng, interval_us) : fc_rng_jitter(&run->rng, interval_us);
    enum fc_err err = FC_OK;
    if (!first && run->honest[node] && fc_fleet_is_up(&run->fleet, node) &&
        fc_world_can_govern(run->fleet.world, node))
        err = fc_world_checkpoint(run->fleet.world, node);
    if (err != FC_OK)
        fc_run_say(run, "%s makes no checkpoint: %s", fc_fleet_name(&run->fleet, node),
                   fc_err_text(err));
    run->checkpointed[node] = 1;
    if (fc_run_now_us(run) + wait_us < run->scenario->run_us)
        fc_run_alarm(run, fc_run_now_us(run) + wait_us, FC_ACTION_CHECKPOINT, node);
}

void fc_run_start(struct fc_run *run, uint32_t node)
{
    if (fc_fleet_is_up(&run->fleet, node) || run->faulty[node] != 0)
        return;
    if (fc_fleet_can_start(&run->fleet, node))
        fc_fleet_start(&run->fleet, node);
    else
        fc_run_alarm(run, fc_run_now_us(run) + SECOND_US, FC_ACTION_START, node);
}

static void on_alarm(void *ctx, uint64_t tag)
{
    struct fc_run *run = ctx;
    uint32_t number = (uint32_t)tag;
    switch ((enum fc_action)(tag >> 32)) {
    case FC_ACTION_START:
        fc_run_start(run, number);
        break;
    case FC_ACTION_PUBLISH:
        fc_work_alarm(run, number);
        break;
    case FC_ACTION_LIE:
        fc_lie_alarm(run, number);
        break;
    case FC_ACTION_CHECKPOINT:
        checkpoint(run, number);
        break;
    case FC_ACTION_FAULT:
    case FC_ACTION_FAULT_END:
    case FC_ACTION_CHURN:
    case FC_ACTION_RETURN:
    case FC_ACTION_TRACE:
    case FC_ACTION_RANDOM:
        fc_fault_alarm(run, (enum fc_action)(tag >> 32), number);
        break;
    }
}

static void on_light_alarm(void *ctx, uint32_t node, uint64_t tag)
{
    (void)node;
    on_alarm(ctx, tag);
}

static enum fc_traffic light_traffic(enum fc_light_class class)
{
    static const enum fc_traffic traffic[] = {[FC_LIGHT_PAYLOAD] = FC_TRAFFIC_PAYLOAD,
                                              [FC_LIGHT_SPREAD] = FC_TRAFFIC_CONTROL,
                                              [FC_LIGHT_VIEW] = FC_TRAFFIC_MEMBERSHIP};
    return traffic[class];
}

static void on_light_sent(void *ctx, uint32_t from, uint32_t to, enum fc_light_class class,
                          uint32_t bytes)
{
    struct fc_run *run = ctx;
    fc_results_message(run->results, fc_run_now_us(run), from, to, light_traffic(class), bytes);
    if (run->events)
        fc_event_message(run, "send", from, to, light_traffic(class), bytes);
}

static void on_light_heard(void *ctx, const struct fc_light_message *message)
{
    struct fc_run *run = ctx;
    struct fc_buf text = {0};
    fc_event_message(run, "arrive", message->to, message->from, light_traffic(message->class),
                     message->size);
    if (!run->config.line)
        return;
    fc_light_print(run->fleet.light, message, &text);
    fc_buf_append(&text, "", 1);
    if (!text.failed)
        say_line(run, (const char *)text.data);
    fc_buf_finish(&text);
}

static void on_light_arrived(void *ctx, const struct fc_light_arrival *arrival)
{
    struct fc_run *run = ctx;
    const struct fc_light_delta *delta = fc_light_delta(run->fleet.light, arrival->delta);
    uint8_t row[17];
    if (arrival->from != FC_LIGHT_NONE)
        fc_results_payload(run->results, arrival->now_us, arrival->from, arrival->node, delta->feed,
                           delta->version);
    if (!arrival->duplicate) {
        if (run->events)
            fc_event_accepted(run, arrival->node, arrival->from, delta->feed, delta->version);
        fc_results_deliver(run->results, arrival->now_us, arrival->node, arrival->from, delta->feed,
                           delta->version);
    }
    fc_put_be64(row, arrival->now_us);
    fc_put_be32(row + 8, arrival->node);
    fc_put_be32(row + 12, arrival->delta);
    row[16] = arrival->duplicate;
    fc_hasher_add(&run->trace, fc_span(row, sizeof row));
}

/* -- beginning -------------------------------------------------------------------------------- */

static enum fc_err take_scenario(struct fc_run *run)
{
    run->scenario = &run->own;
    return fc_scenario_copy(run->config.scenario, &run->own);
}

/* Where the file says how many nodes there are, it is only now that they can be checked. */
static enum fc_err count_nodes(struct fc_run *run)
{
    struct fc_scenario_error wrong;
    struct fc_federation_spec *federation = &run->own.federation;
    if (federation->nodes != 0 && run->topology.node_count < federation->nodes) {
        snprintf(run->error->text, sizeof run->error->text,
                 "%s has %u nodes, federation.nodes asks for %u",
                 run->own.topology_file ? run->own.topology_file : "the topology",
                 run->topology.node_count, federation->nodes);
        return FC_E_ARG;
    }
    if (federation->nodes != 0)
        return FC_OK;
    federation->nodes = run->own.topology.nodes = run->topology.node_count;
    if (fc_scenario_check(&run->own, &wrong) == FC_OK)
        return FC_OK;
    snprintf(run->error->text, sizeof run->error->text, "%s", wrong.text);
    return FC_E_ARG;
}

static enum fc_err make_topology(struct fc_run *run)
{
    struct fc_topology_fault fault = {{0}};
    const struct fc_scenario *scenario = run->scenario;
    enum fc_err err =
        scenario->topology_file
            ? fc_topology_load(scenario->topology_file, FC_TOPOLOGY_BY_NAME, NULL, scenario->seed,
                               &run->topology, &fault)
            : fc_topology_generate(&scenario->topology, scenario->seed, &run->topology, &fault);
    if (err != FC_OK)
        snprintf(run->error->text, sizeof run->error->text, "%s",
                 fault.text[0] ? fault.text : fc_err_text(err));
    return err == FC_OK ? count_nodes(run) : err;
}

static enum fc_err make_fleet(struct fc_run *run)
{
    struct fc_fleet_config config = {
        .scenario = run->scenario,
        .topology = &run->topology,
        .lmdb_dir = run->config.lmdb_dir,
        .observer = {.ctx = run,
                     .sent = on_sent,
                     .arrived = run->events ? on_arrived : NULL,
                     .pushed = on_pushed,
                     .accepted = on_accepted,
                     .signed_head = on_signed,
                     .life = on_life,
                     .alarm = on_alarm},
        .tamper = run->scenario->dishonest_count ? fc_lie_tamper : NULL,
        .arrived = on_light_arrived,
        .light_sent = on_light_sent,
        .light_heard = run->events || run->config.line ? on_light_heard : NULL,
        .light_alarm = on_light_alarm,
        .ctx = run,
        .line = run->config.line ? on_line : NULL,
        .log = run->config.log};
    return fc_fleet_create(&config, &run->fleet, run->error);
}

/* New members beyond the nodes and feeds of the start. */
static uint32_t newcomers(const struct fc_scenario *scenario)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < scenario->fault_count; i++)
        if (scenario->faults[i].kind == FC_FAULT_JOIN)
            count += scenario->faults[i].pick.count;
        else if (scenario->faults[i].kind == FC_FAULT_RANDOM)
            count += 64;
    return count;
}

static enum fc_err make_results(struct fc_run *run)
{
    const struct fc_scenario *scenario = run->scenario;
    struct fc_results_config config = {.nodes = run->total,
                                       .feeds = run->feed_total,
                                       .run_us = scenario->run_us,
                                       .measure_us = scenario->measure_us,
                                       .events_path = run->config.events_path};
    enum fc_err err = fc_results_create(&config, &run->results);
    if (err != FC_OK)
        snprintf(run->error->text, sizeof run->error->text, "%s: %s",
                 run->config.events_path ? run->config.events_path : "results",
                 err == FC_E_IO ? strerror(errno) : fc_err_text(err));
    else if (fc_results_wants_events(run->results))
        run->events = run->results;
    return err;
}

static void describe_nodes(struct fc_run *run)
{
    for (uint32_t i = 0; i < run->scenario->federation.nodes; i++) {
        const struct fc_site *site = &run->topology.sites[i];
        fc_results_node(run->results, i, site->name, site->country,
                        site->placed ? site->latitude_udeg : FC_RESULTS_NOWHERE,
                        site->placed ? site->longitude_udeg : FC_RESULTS_NOWHERE);
    }
}

static void start_nodes(struct fc_run *run)
{
    const struct fc_federation_spec *spec = &run->scenario->federation;
    uint32_t nodes = run->fleet.nodes;
    uint64_t over_us = spec->start == FC_START_JOIN ? spec->join_over_us : START_OVER_US;
    for (uint32_t i = 0; i < nodes; i++) {
        fc_run_alarm(run, over_us * i / nodes, FC_ACTION_START, i);
        if (spec->checkpoints && run->fleet.world)
            checkpoint(run, i);
    }
}

static enum fc_err allocate(struct fc_run *run)
{
    const struct fc_federation_spec *spec = &run->scenario->federation;
    uint32_t feeds = spec->feeds ? spec->feeds : spec->nodes;
    run->total = (feeds > spec->nodes ? feeds : spec->nodes) + newcomers(run->scenario);
    run->feed_total = run->total;
    run->honest = malloc(run->total);
    run->left = calloc(run->total, 1);
    run->faulty = calloc(run->total, 1);
    run->checkpointed = calloc(run->total, 1);
    if (!run->honest || !run->left || !run->faulty || !run->checkpointed)
        return FC_E_NOMEM;
    memset(run->honest, 1, run->total);
    return FC_OK;
}

static enum fc_err begin(struct fc_run *run)
{
    uint8_t seed[32] = {0};
    enum fc_err err = take_scenario(run);
    fc_put_be64(seed, run->scenario->seed);
    fc_rng_init(&run->rng, seed);
    fc_hasher_init(&run->trace, "fedcat.light.1");
    if (err == FC_OK)
        err = make_topology(run);
    if (err == FC_OK)
        err = allocate(run);
    if (err == FC_OK)
        err = make_results(run);
    if (err == FC_OK)
        err = make_fleet(run);
    if (err != FC_OK)
        return err;
    describe_nodes(run);
    start_nodes(run);
    err = fc_work_begin(run);
    if (err == FC_OK)
        err = fc_fault_begin_all(run);
    if (err == FC_OK)
        err = fc_lie_begin(run);
    return err;
}

/* -- playing ---------------------------------------------------------------------------------- */

static void tell_progress(const struct fc_run *run, uint64_t end_us, bool settling)
{
    struct fc_run_progress progress = {.now_us = fc_run_now_us(run),
                                       .end_us = end_us,
                                       .up = run->fleet.nodes,
                                       .published = run->published,
                                       .events = fc_fleet_events(&run->fleet),
                                       .settling = settling};
    if (run->config.progress)
        run->config.progress(run->config.ctx, &progress);
}

/* Until the time, or until a promise is broken. */
static void play_until(struct fc_run *run, uint64_t until_us)
{
    struct fc_network *network = fc_fleet_network(&run->fleet);
    uint64_t step_us = run->scenario->run_us / PROGRESS_STEPS + 1;
    while (fc_run_now_us(run) < until_us && run->failure[0] == 0) {
        uint64_t next_us = fc_run_now_us(run) + step_us;
        fc_network_run(network, next_us < until_us ? next_us : until_us);
        tell_progress(run, run->scenario->run_us, false);
    }
}

/* A head from the future waits until its time has come: by then the last of those that may have
 * been signed by clocks ahead of others. */
static uint64_t all_due_us(const struct fc_run *run)
{
    const struct fc_scenario *scenario = run->scenario;
    uint64_t ahead_us = 0, behind_us = 0, due_us = 0;
    for (uint32_t i = 0; i < scenario->fault_count; i++) {
        const struct fc_fault_spec *spec = &scenario->faults[i];
        bool for_good = spec->for_us == 0;
        uint64_t end_us = for_good ? scenario->run_us : spec->at_us + spec->for_us;
        uint64_t skew_us = (uint64_t)(spec->skew_ms < 0 ? -spec->skew_ms : spec->skew_ms) * 1000;
        if (spec->kind != FC_FAULT_SKEW)
            continue;
        end_us = end_us < scenario->run_us ? end_us : scenario->run_us;
        if (spec->skew_ms > 0 && end_us + skew_us > due_us)
            due_us = end_us + skew_us;
        if (for_good && spec->skew_ms > 0 && skew_us > ahead_us)
            ahead_us = skew_us;
        if (for_good && spec->skew_ms < 0 && skew_us > behind_us)
            behind_us = skew_us;
    }
    uint64_t apart_us = scenario->run_us + ahead_us + behind_us;
    return ahead_us + behind_us > 0 && apart_us > due_us ? apart_us : due_us;
}

static bool settle(struct fc_run *run)
{
    uint64_t now_us = fc_run_now_us(run), due_us = all_due_us(run);
    uint64_t end_us = (due_us > now_us ? due_us : now_us) + run->scenario->settle_us;
    bool converged = fc_promise_is_converged(run);
    while (!converged && fc_run_now_us(run) < end_us && run->failure[0] == 0) {
        uint64_t until_us = fc_run_now_us(run) + SETTLE_STEP_US;
        fc_network_run(fc_fleet_network(&run->fleet), until_us < end_us ? until_us : end_us);
        converged = fc_promise_is_converged(run);
        tell_progress(run, end_us, true);
    }
    uint64_t known_us = fc_run_now_us(run) + KNOWN_WITHIN_US;
    while (converged && !fc_promise_all_know(run) && fc_run_now_us(run) < known_us)
        fc_network_run(fc_fleet_network(&run->fleet), fc_run_now_us(run) + SETTLE_STEP_US);
    return converged;
}

static void record_links(struct fc_run *run)
{
    enum { MAX = 4096 };
    uint32_t *peers = malloc(MAX * sizeof *peers);
    for (uint32_t i = 0; peers && i < fc_fleet_count(&run->fleet); i++) {
        if (!fc_fleet_is_up(&run->fleet, i))
            continue;
        uint32_t count = fc_fleet_neighbours(&run->fleet, i, peers, MAX);
        for (uint32_t j = 0; j < count && j < MAX; j++)
            if (peers[j] != FC_WORLD_NONE && i < peers[j])
                fc_results_link(run->results, i, peers[j],
                                fc_fleet_latency_us(&run->fleet, i, peers[j]));
    }
    free(peers);
}

/* -- ending ----------------------------------------------------------------------------------- */

/* The overlay as a graph of its own, of those that are up. False: out of memory. */
static bool overlay_of(const struct fc_run *run, struct fc_topology *graph)
{
    struct fc_topology_fault fault;
    uint32_t links = fc_results_link_count(run->results), total = fc_fleet_count(&run->fleet);
    uint32_t *number = calloc(total, sizeof *number);
    graph->sites = calloc(total, sizeof *graph->sites);
    graph->edges = calloc(links, sizeof *graph->edges);
    bool made = number && graph->sites && graph->edges;
    for (uint32_t i = 0; made && i < total; i++) {
        if (!fc_fleet_is_up(&run->fleet, i))
            continue;
        struct fc_site *site = &graph->sites[graph->node_count];
        snprintf(site->name, sizeof site->name, "n%u", i);
        site->hub = FC_TOPOLOGY_NONE;
        number[i] = graph->node_count++;
    }
    for (uint32_t i = 0; made && i < links; i++) {
        uint32_t a, b;
        fc_results_link_at(run->results, i, &a, &b);
        graph->edges[graph->edge_count++] = (struct fc_edge){number[a], number[b], 1};
    }
    free(number);
    return made && fc_topology_index(graph, &fault) == FC_OK;
}

/* What the graph library knows of the overlay. */
static void describe_overlay(const struct fc_run *run, struct fc_summary *summary)
{
    enum { NODES_MAX = 20000, SOURCES = 200 };
    struct fc_topology graph = {0};
    struct fc_topology_shape shape;
    if (fc_results_link_count(run->results) == 0 || run->fleet.nodes > NODES_MAX)
        return;
    if (overlay_of(run, &graph) && fc_topology_describe(&graph, SOURCES, &shape) == FC_OK) {
        summary->value[FC_MEASURE_PATH_MEAN] = shape.path_hops_mean;
        summary->value[FC_MEASURE_DIAMETER] = shape.diameter_hops;
        summary->value[FC_MEASURE_CLUSTERING] = shape.clustering;
        summary->value[FC_MEASURE_COMPONENTS] = shape.components;
        fc_topology_shape_finish(&shape);
    }
    fc_topology_finish(&graph);
}

static void expect(struct fc_summary *summary, const char *name, const char *unit, double value,
                   double limit, bool at_least)
{
    struct fc_summary_expect *one = &summary->expects[summary->expect_count++];
    snprintf(one->name, sizeof one->name, "%s", name);
    snprintf(one->unit, sizeof one->unit, "%s", unit);
    one->limit = limit;
    one->value = value;
    one->at_least = at_least;
    one->met = at_least ? value >= limit : value <= limit;
}

static void expect_at_most(struct fc_summary *summary, const char *name, uint32_t limit_ppm,
                           enum fc_measure measure)
{
    if (limit_ppm != UINT32_MAX)
        expect(summary, name, "1", summary->value[measure], limit_ppm / 1e6, false);
}

static void check_expectations(const struct fc_run *run, struct fc_summary *summary)
{
    const struct fc_expect_spec *want = &run->scenario->expect;
    const double *value = summary->value;
    if (want->delivery_ppm_min != UINT32_MAX)
        expect(summary, "delivery", "share", value[FC_MEASURE_DELIVERY],
               want->delivery_ppm_min / 1e6, true);
    expect_at_most(summary, "redundancy", want->redundancy_ppm_max, FC_MEASURE_RMR);
    expect_at_most(summary, "bytes_ratio", want->bytes_ratio_ppm_max, FC_MEASURE_BYTES_RATIO);
    expect_at_most(summary, "last_ratio", want->last_ratio_ppm_max, FC_MEASURE_LAST_RATIO_P99);
    if (want->converge_us_max != FC_SCENARIO_ANY)
        expect(summary, "converge", "s", value[FC_MEASURE_CONVERGE_MAX_US] / 1e6,
               (double)want->converge_us_max / 1e6, false);
    expect_at_most(summary, "heal_bytes", want->heal_bytes_ratio_ppm_max, FC_MEASURE_HEAL_RATIO);
    if (want->memory_bytes_max != FC_SCENARIO_ANY)
        expect(summary, "memory", "B", value[FC_MEASURE_RSS_BYTES], (double)want->memory_bytes_max,
               false);
    if (want->speed_milli_min != UINT32_MAX)
        expect(summary, "speed", "1", value[FC_MEASURE_RUN_US] / value[FC_MEASURE_WALL_US],
               want->speed_milli_min / 1000.0, true);
}

static enum fc_err conclude(struct fc_run *run, const struct fc_results_cost *start,
                            struct fc_summary *summary)
{
    struct fc_results_cost cost = {0};
    fc_results_cost_read(&cost, start);
    cost.events = fc_fleet_events(&run->fleet);
    record_links(run);
    fc_summary_init(summary);
    enum fc_err err = fc_results_finish(run->results, fc_run_now_us(run), &cost, summary);
    if (err == FC_E_IO || err == FC_E_FULL)
        snprintf(run->error->text, sizeof run->error->text, "%s: %s", run->config.events_path,
                 strerror(errno));
    if (err != FC_OK)
        return err;
    snprintf(summary->name, sizeof summary->name, "%s", run->scenario->name);
    snprintf(summary->about, sizeof summary->about, "%s", run->scenario->about);
    snprintf(summary->version, sizeof summary->version, "%s", FEDCAT_VERSION);
    snprintf(summary->failure, sizeof summary->failure, "%s", run->failure);
    if (run->config.command)
        snprintf(summary->command, sizeof summary->command, "%s", run->config.command);
    summary->seed = run->scenario->seed;
    for (uint32_t i = 0; i < run->config.set_count && i < FC_SUMMARY_SETS_MAX; i++)
        summary->sets[summary->set_count++] = run->config.sets[i];
    struct fc_hash trace =
        run->fleet.world ? fc_world_trace_hash(run->fleet.world) : fc_hasher_end(&run->trace);
    fc_hex(trace.b, sizeof trace.b, summary->trace);
    describe_overlay(run, summary);
    check_expectations(run, summary);
    return run->config.out_dir ? fc_run_write(run, summary) : FC_OK;
}

static void finish(struct fc_run *run)
{
    fc_work_finish(run);
    fc_fault_finish(run);
    fc_lie_finish(run);
    fc_fleet_finish(&run->fleet);
    fc_promise_finish(run);
    fc_topology_finish(&run->topology);
    fc_results_destroy(run->results);
    free(run->honest);
    free(run->left);
    free(run->faulty);
    free(run->checkpointed);
    fc_scenario_finish(&run->own);
}

enum fc_err fc_run(const struct fc_run_config *config, struct fc_summary *summary,
                   struct fc_run_error *error)
{
    struct fc_run run = {.config = *config, .error = error};
    struct fc_results_cost start = {0};
    error->text[0] = 0;
    fc_results_cost_read(&start, NULL);
    enum fc_err err = begin(&run);
    if (err == FC_OK) {
        uint64_t end_us = run.scenario->run_us;
        bool whole = config->until_us == 0 || config->until_us >= end_us;
        play_until(&run, whole ? end_us : config->until_us);
        if (whole && run.failure[0] == 0) {
            fc_fault_end_all(&run);
            fc_promise_end(&run, settle(&run));
            if (config->probe)
                fc_probe(&run);
        }
        err = conclude(&run, &start, summary);
    }
    if (err != FC_OK && error->text[0] == 0)
        snprintf(error->text, sizeof error->text, "%s", fc_err_text(err));
    finish(&run);
    return err;
}

bool fc_run_passed(const struct fc_summary *summary)
{
    for (uint32_t i = 0; i < summary->expect_count; i++)
        if (!summary->expects[i].met)
            return false;
    return summary->failure[0] == 0;
}
