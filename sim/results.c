#include <stdlib.h>
#include <string.h>

#include "sim/results_priv.h"

const char *fc_traffic_name(enum fc_traffic traffic)
{
    static const char *const names[FC_TRAFFIC_COUNT] = {"payload", "control", "membership", "sync",
                                                        "other"};
    return names[traffic];
}

/* `array` is the address of a pointer. */
bool fc_results_room(struct fc_results *results, void *array, uint32_t *cap, uint32_t count,
                     size_t size)
{
    void *held;
    if (count < *cap)
        return true;
    uint32_t wider = *cap ? *cap * 2 : 64;
    memcpy(&held, array, sizeof held);
    void *grown = realloc(held, (size_t)wider * size);
    if (!grown) {
        results->failed = true;
        return false;
    }
    memset((char *)grown + (size_t)*cap * size, 0, (size_t)(wider - *cap) * size);
    memcpy(array, &grown, sizeof grown);
    *cap = wider;
    return true;
}

static bool bit(const uint64_t *map, uint32_t index)
{
    return map[index / 64] >> index % 64 & 1;
}

static void set_bit(uint64_t *map, uint32_t index, bool on)
{
    uint64_t mask = (uint64_t)1 << index % 64;
    map[index / 64] = on ? map[index / 64] | mask : map[index / 64] & ~mask;
}

static bool allocate(struct fc_results *results)
{
    uint32_t nodes = results->config.nodes, feeds = results->config.feeds;
    results->words = (nodes + 63) / 64;
    results->nodes = calloc(nodes, sizeof *results->nodes);
    results->up_honest = calloc(results->words, sizeof(uint64_t));
    results->scratch = calloc(results->words, sizeof(uint64_t));
    results->feed_newest = malloc((feeds + 1) * sizeof(uint32_t));
    results->feed_open = malloc((feeds + 1) * sizeof(uint32_t));
    results->to_each = calloc(1, sizeof *results->to_each);
    results->pair_cap = 1024;
    results->pairs = calloc(results->pair_cap, sizeof *results->pairs);
    if (!results->nodes || !results->up_honest || !results->scratch || !results->feed_newest ||
        !results->feed_open || !results->to_each || !results->pairs)
        return false;
    memset(results->feed_newest, 0xff, (feeds + 1) * sizeof(uint32_t));
    memset(results->feed_open, 0xff, (feeds + 1) * sizeof(uint32_t));
    for (uint32_t i = 0; i < nodes; i++)
        results->nodes[i].latitude_udeg = results->nodes[i].longitude_udeg = FC_RESULTS_NOWHERE;
    return true;
}

enum fc_err fc_results_create(const struct fc_results_config *config, struct fc_results **out)
{
    enum { SECOND_US = 1000000 };
    if (config->nodes == 0 || config->nodes > FC_RESULTS_NODES_MAX ||
        config->feeds > FC_RESULTS_NODES_MAX)
        return FC_E_ARG;
    struct fc_results *results = calloc(1, sizeof *results);
    if (!results)
        return FC_E_NOMEM;
    results->config = *config;
    results->config.events_path = NULL;
    if (config->interval_us == 0) {
        uint64_t part_us = config->run_us / 600;
        results->config.interval_us = part_us > SECOND_US ? part_us : SECOND_US;
    }
    if (config->behind_us == 0)
        results->config.behind_us = SECOND_US;
    results->fastest = results->slowest = FC_RESULTS_NONE;
    results->sample_stride = 1;
    enum fc_err err = allocate(results) ? FC_OK : FC_E_NOMEM;
    if (err == FC_OK && config->events_path) {
        results->events = fopen(config->events_path, "we");
        if (!results->events)
            err = FC_E_IO;
    }
    if (err != FC_OK) {
        fc_results_destroy(results);
        return err;
    }
    *out = results;
    return FC_OK;
}

static void land(struct fc_result_flight *flight)
{
    free(flight->wanted);
    free(flight->have);
    free(flight->hops);
    flight->wanted = flight->have = NULL;
    flight->hops = NULL;
}

void fc_results_destroy(struct fc_results *results)
{
    if (!results)
        return;
    if (results->events)
        (void)fclose(results->events);
    for (uint32_t i = 0; results->nodes && i < results->config.nodes; i++)
        free(results->nodes[i].name);
    for (uint32_t i = 0; i < results->delta_count; i++) {
        land(&results->deltas[i].flight);
        free(results->deltas[i].flight.arrivals);
    }
    free(results->nodes);
    free(results->up_honest);
    free(results->scratch);
    free(results->deltas);
    free(results->feed_newest);
    free(results->feed_open);
    free(results->open);
    free(results->to_each);
    free(results->intervals);
    free(results->changes);
    free(results->faults);
    free(results->links);
    free(results->pairs);
    free(results);
}

/* -- nodes ------------------------------------------------------------------------------------ */

static void take_part(struct fc_results *results, struct fc_result_node *node)
{
    results->here_count += !node->here;
    node->here = true;
}

void fc_results_node(struct fc_results *results, uint32_t node, const char *name,
                     const char *country, int32_t latitude_udeg, int32_t longitude_udeg)
{
    struct fc_result_node *it = &results->nodes[node];
    free(it->name);
    it->name = name ? strdup(name) : NULL;
    if (name && !it->name)
        results->failed = true;
    snprintf(it->country, sizeof it->country, "%s", country ? country : "");
    it->latitude_udeg = latitude_udeg;
    it->longitude_udeg = longitude_udeg;
    take_part(results, it);
}

void fc_results_up(struct fc_results *results, uint64_t at_us, uint32_t node, bool up)
{
    struct fc_result_node *it = &results->nodes[node];
    fc_results_clock(results, at_us);
    if (it->up == up)
        return;
    it->up = up;
    it->known = true;
    take_part(results, it);
    if (up)
        it->up_since_us = at_us;
    results->up_count = up ? results->up_count + 1 : results->up_count - 1;
    set_bit(results->up_honest, node, up && !it->dishonest && !it->left);
}

void fc_results_dishonest(struct fc_results *results, uint32_t node)
{
    results->nodes[node].dishonest = true;
    set_bit(results->up_honest, node, false);
}

void fc_results_leave(struct fc_results *results, uint64_t at_us, uint32_t node)
{
    fc_results_clock(results, at_us);
    results->nodes[node].left = true;
    set_bit(results->up_honest, node, false);
    for (uint32_t i = results->open_count; i-- > 0;) { /* one that closes makes way for a later */
        struct fc_result_delta *delta = &results->deltas[results->open[i]];
        if (delta->node == node) {
            delta->wanted = delta->reached;
        } else if (bit(delta->flight.wanted, node) && !bit(delta->flight.have, node)) {
            set_bit(delta->flight.wanted, node, false);
            delta->wanted--;
        }
        if (delta->reached == delta->wanted)
            fc_results_close(results, results->open[i]);
    }
}

/* -- traffic ---------------------------------------------------------------------------------- */

static struct fc_result_interval *interval_of(struct fc_results *results, uint64_t at_us)
{
    fc_results_clock(results, at_us);
    if (!fc_results_room(results, &results->intervals, &results->interval_cap,
                         results->interval_now, sizeof *results->intervals))
        return NULL;
    if (results->interval_count <= results->interval_now)
        results->interval_count = results->interval_now + 1;
    return &results->intervals[results->interval_now];
}

void fc_results_message(struct fc_results *results, uint64_t at_us, uint32_t from, uint32_t to,
                        enum fc_traffic traffic, uint64_t bytes)
{
    struct fc_result_interval *interval = interval_of(results, at_us);
    if (!interval)
        return;
    interval->bytes[traffic] += bytes;
    results->bytes_all += bytes;
    if (at_us < results->config.measure_us)
        return;
    results->bytes_measured[traffic] += bytes;
    results->nodes[from].bytes_out[traffic] += bytes;
    results->nodes[to].bytes_in[traffic] += bytes;
    if (traffic == FC_TRAFFIC_CONTROL)
        results->control_measured++;
}

static struct fc_result_pair *slot_of(struct fc_result_pair *pairs, uint32_t cap, uint32_t from,
                                      uint32_t to)
{
    uint64_t mixed = (((uint64_t)from << 32) | to) * 0x9e3779b97f4a7c15u;
    mixed = (mixed ^ mixed >> 32) * 0x9e3779b97f4a7c15u; /* else neighbours of one gather */
    uint32_t at = (uint32_t)(mixed >> 32) & (cap - 1);
    while (pairs[at].from != pairs[at].to && (pairs[at].from != from || pairs[at].to != to))
        at = (at + 1) & (cap - 1);
    return &pairs[at];
}

static void widen_pairs(struct fc_results *results)
{
    uint32_t cap = results->pair_cap * 2;
    struct fc_result_pair *wider = calloc(cap, sizeof *wider);
    if (!wider) {
        results->failed = true;
        return;
    }
    for (uint32_t i = 0; i < results->pair_cap; i++) {
        const struct fc_result_pair *pair = &results->pairs[i];
        if (pair->from != pair->to)
            *slot_of(wider, cap, pair->from, pair->to) = *pair;
    }
    free(results->pairs);
    results->pairs = wider;
    results->pair_cap = cap;
}

static void count_pair(struct fc_results *results, uint32_t from, uint32_t to)
{
    if (from == to)
        return;
    if (results->pair_count >= results->pair_cap / 2 && results->pair_cap < FC_RESULTS_LINKS_MAX)
        widen_pairs(results);
    struct fc_result_pair *pair = slot_of(results->pairs, results->pair_cap, from, to);
    if (pair->from == pair->to) {
        if (results->pair_count >= results->pair_cap / 4 * 3)
            return;
        results->pair_count++;
    }
    pair->from = from;
    pair->to = to;
    pair->payloads++;
}

uint64_t fc_results_payloads_of(const struct fc_results *results, uint32_t from, uint32_t to)
{
    return slot_of(results->pairs, results->pair_cap, from, to)->payloads;
}

void fc_results_payload(struct fc_results *results, uint64_t at_us, uint32_t from, uint32_t to,
                        uint32_t feed, uint64_t version)
{
    struct fc_result_interval *interval = interval_of(results, at_us);
    uint32_t at = feed < results->config.feeds ? results->feed_newest[feed] : FC_RESULTS_NONE;
    while (at != FC_RESULTS_NONE && results->deltas[at].version > version)
        at = results->deltas[at].older;
    if (!interval || at == FC_RESULTS_NONE || results->deltas[at].version != version)
        return;
    struct fc_result_delta *delta = &results->deltas[at];
    bool held = !delta->flight.have || bit(delta->flight.have, to);
    delta->payloads++;
    interval->payloads++;
    count_pair(results, from, to);
    if (!held)
        return;
    delta->duplicates++;
    interval->duplicates++;
    results->nodes[to].duplicates++;
}

/* -- deltas ----------------------------------------------------------------------------------- */

static bool take_off(struct fc_results *results, struct fc_result_delta *delta)
{
    struct fc_result_flight *flight = &delta->flight;
    uint32_t nodes = results->config.nodes;
    flight->wanted = calloc(results->words, sizeof(uint64_t));
    flight->have = calloc(results->words, sizeof(uint64_t));
    flight->hops = malloc(nodes);
    if (!flight->wanted || !flight->have || !flight->hops) {
        land(flight);
        results->failed = true;
        return false;
    }
    memset(flight->hops, FC_HOPS_UNKNOWN, nodes);
    for (uint32_t i = 0; i < nodes; i++) {
        const struct fc_result_node *node = &results->nodes[i];
        if (!node->known || node->dishonest || node->left || i == delta->node)
            continue;
        set_bit(flight->wanted, i, true);
        delta->wanted++;
    }
    set_bit(flight->have, delta->node, true);
    flight->hops[delta->node] = 0;
    return true;
}

void fc_results_publish(struct fc_results *results, uint64_t at_us,
                        const struct fc_results_delta *given)
{
    struct fc_result_interval *interval = interval_of(results, at_us);
    if (!interval || given->feed >= results->config.feeds ||
        !fc_results_room(results, &results->deltas, &results->delta_cap, results->delta_count,
                         sizeof *results->deltas) ||
        !fc_results_room(results, &results->open, &results->open_cap, results->open_count,
                         sizeof *results->open))
        return;
    uint32_t index = results->delta_count;
    struct fc_result_delta *delta = &results->deltas[index];
    *delta = (struct fc_result_delta){.node = given->node,
                                      .feed = given->feed,
                                      .version = given->version,
                                      .bytes = given->bytes,
                                      .farthest_direct_us = given->farthest_direct_us,
                                      .at_us = at_us,
                                      .measured = at_us >= results->config.measure_us,
                                      .older = results->feed_newest[given->feed],
                                      .open_older = results->feed_open[given->feed],
                                      .open_newer = FC_RESULTS_NONE,
                                      .open_index = results->open_count};
    if (!take_off(results, delta))
        return;
    results->delta_count++;
    interval->published++;
    results->feed_newest[given->feed] = results->feed_open[given->feed] = index;
    if (delta->open_older != FC_RESULTS_NONE)
        results->deltas[delta->open_older].open_newer = index;
    results->open[results->open_count++] = index;
    if (delta->wanted == 0)
        fc_results_close(results, index);
}

static void arrive(struct fc_results *results, struct fc_result_delta *delta, uint32_t node,
                   uint32_t from, uint64_t at_us)
{
    struct fc_result_flight *flight = &delta->flight;
    uint8_t hops = from != FC_RESULTS_NONE ? flight->hops[from] : (uint8_t)FC_HOPS_UNKNOWN;
    if (hops < FC_HOPS_MAX)
        hops++;
    flight->hops[node] = hops;
    set_bit(flight->have, node, true);
    if (!bit(flight->wanted, node) ||
        !fc_results_room(results, &flight->arrivals, &flight->arrival_cap, delta->arrivals,
                         sizeof *flight->arrivals))
        return;
    uint64_t after_us = at_us - delta->at_us;
    bool timed = results->nodes[node].up && results->nodes[node].up_since_us <= delta->at_us;
    flight->arrivals[delta->arrivals++] = (struct fc_result_arrival){
        node, from, after_us < UINT32_MAX ? (uint32_t)after_us : UINT32_MAX, hops, timed};
    delta->reached++;
    results->nodes[node].delivered++;
    if (hops != FC_HOPS_UNKNOWN) {
        delta->hops_known++;
        delta->hops_sum += hops;
        if (hops > delta->hops_max)
            delta->hops_max = hops;
    }
    if (!timed)
        return;
    delta->timed++;
    if (delta->measured)
        fc_histogram_add(results->to_each, after_us);
}

/* Bytes of healing: until the last of what is older arrived, what is newer aside. */
static void note_healing(struct fc_results *results, const struct fc_result_delta *delta,
                         uint64_t at_us)
{
    if (results->fault_active == 0)
        return;
    for (uint32_t i = 0; i < results->fault_count; i++) {
        struct fc_result_fault *fault = &results->faults[i];
        if (!fault->active)
            continue;
        if (delta->at_us >= fault->end_us) {
            fault->bytes_newer += delta->bytes;
            continue;
        }
        uint64_t sent = results->bytes_all - fault->bytes_before;
        fault->last_us = at_us;
        fault->bytes = sent > fault->bytes_newer ? sent - fault->bytes_newer : 0;
    }
}

void fc_results_deliver(struct fc_results *results, uint64_t at_us, uint32_t node, uint32_t from,
                        uint32_t feed, uint64_t version)
{
    struct fc_result_interval *interval = interval_of(results, at_us);
    uint32_t at = feed < results->config.feeds ? results->feed_open[feed] : FC_RESULTS_NONE;
    while (interval && at != FC_RESULTS_NONE) {
        struct fc_result_delta *delta = &results->deltas[at];
        uint32_t index = at;
        at = delta->open_older;
        if (delta->version > version)
            continue;
        if (bit(delta->flight.have, node))
            break;
        uint32_t reached = delta->reached;
        arrive(results, delta, node, delta->version == version ? from : FC_RESULTS_NONE, at_us);
        if (delta->reached == reached)
            continue;
        interval->delivered++;
        note_healing(results, delta, at_us);
        if (delta->reached == delta->wanted)
            fc_results_close(results, index);
    }
}

/* Whether a delta's arrivals are worth keeping: it is the fastest or slowest so far, or one of a
 * few in even steps. What it takes the place of is let go. */
static void let_go(struct fc_results *results, uint32_t index)
{
    if (index == FC_RESULTS_NONE || index == results->fastest || index == results->slowest)
        return;
    for (uint32_t i = 0; i < results->sample_count; i++)
        if (results->samples[i] == index)
            return;
    free(results->deltas[index].flight.arrivals);
    results->deltas[index].flight.arrivals = NULL;
}

static void thin_samples(struct fc_results *results)
{
    uint32_t old[FC_SAMPLES_MAX];
    memcpy(old, results->samples, sizeof old);
    results->sample_count = FC_SAMPLES_MAX / 2;
    for (uint32_t i = 0; i < results->sample_count; i++)
        results->samples[i] = old[2 * i];
    for (uint32_t i = 0; i < results->sample_count; i++)
        let_go(results, old[2 * i + 1]);
    results->sample_stride *= 2;
}

static void consider(struct fc_results *results, uint32_t index)
{
    const struct fc_result_delta *delta = &results->deltas[index];
    uint32_t fastest = results->fastest, slowest = results->slowest;
    if (!delta->measured || delta->timed == 0) {
        let_go(results, index);
        return;
    }
    if (fastest == FC_RESULTS_NONE || delta->last_us < results->deltas[fastest].last_us)
        results->fastest = index;
    if (slowest == FC_RESULTS_NONE || delta->last_us > results->deltas[slowest].last_us)
        results->slowest = index;
    if (results->closed_count++ % results->sample_stride == 0) {
        if (results->sample_count == FC_SAMPLES_MAX)
            thin_samples(results);
        results->samples[results->sample_count++] = index;
    }
    let_go(results, fastest);
    let_go(results, slowest);
    let_go(results, index);
}

static uint64_t timed_at(const struct fc_result_delta *delta, double share)
{
    double exact = share * delta->timed;
    uint32_t rank = (uint32_t)exact + ((double)(uint32_t)exact < exact), seen = 0;
    for (uint32_t i = 0; i < delta->arrivals; i++)
        if (delta->flight.arrivals[i].timed && ++seen >= rank)
            return delta->flight.arrivals[i].after_us;
    return 0;
}

void fc_results_close(struct fc_results *results, uint32_t index)
{
    struct fc_result_delta *delta = &results->deltas[index];
    delta->p50_us = timed_at(delta, 0.5);
    delta->p95_us = timed_at(delta, 0.95);
    delta->p99_us = timed_at(delta, 0.99);
    delta->last_us = timed_at(delta, 1);
    uint32_t last = results->open[--results->open_count];
    results->open[delta->open_index] = last;
    results->deltas[last].open_index = delta->open_index;
    if (delta->open_older != FC_RESULTS_NONE)
        results->deltas[delta->open_older].open_newer = delta->open_newer;
    if (delta->open_newer != FC_RESULTS_NONE)
        results->deltas[delta->open_newer].open_older = delta->open_older;
    else
        results->feed_open[delta->feed] = delta->open_older;
    land(&delta->flight);
    consider(results, index);
}
