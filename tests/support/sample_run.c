#include "tests/support/sample_run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/europe.h"
#include "tests/support/rng.h"

enum {
    LINKS = 4, /* that each node opens */
    RUN_S = 240,
    CUT_S = 80,
    HEAL_S = 140,
    CRASH_S = 180,
    BACK_S = 190,
    DELTA_BYTES = 4600,
};
struct happening {
    uint64_t at_us;
    uint32_t order, delta, node, from;
    bool accepted;
};
struct sample {
    struct fc_results *results;
    uint32_t nodes, link_count;
    uint64_t rng;
    struct {
        uint32_t a, b;
        uint64_t latency_us;
    } * links;
    struct happening *happenings;
    uint32_t count, cap;
    uint64_t *reached_us;
    uint32_t *via;
};

static const struct fc_city *city_of(uint32_t node)
{
    return &fc_europe_cities[node * 37 % FC_EUROPE_CITIES];
}

static uint64_t latency_of(uint32_t a, uint32_t b)
{
    const struct fc_city *from = city_of(a), *to = city_of(b);
    double north = (from->latitude_e4 - to->latitude_e4) / 1e4 * 111;
    double east = (from->longitude_e4 - to->longitude_e4) / 1e4 * 70;
    return 500 + (uint64_t)(sqrt(north * north + east * east) * 1.5 * 5); /* km in fibre */
}

static bool is_cut(uint32_t a, uint32_t b)
{
    static const char *const south[] = {"ES", "PT", "FR", "IT", "GR", "MT"};
    bool side[2] = {false, false};
    for (size_t i = 0; i < sizeof south / sizeof south[0]; i++) {
        side[0] = side[0] || strcmp(city_of(a)->country, south[i]) == 0;
        side[1] = side[1] || strcmp(city_of(b)->country, south[i]) == 0;
    }
    return side[0] != side[1];
}

static void make_nodes(struct sample *sample)
{
    char name[64];
    for (uint32_t i = 0; i < sample->nodes; i++) {
        const struct fc_city *city = city_of(i);
        int32_t off = (int32_t)test_rng_below(&sample->rng, 600000) - 300000;
        snprintf(name, sizeof name, i == 3 ? "%s </script><b>, \"%u\"" : "%s %u", city->name,
                 (unsigned)i);
        fc_results_node(sample->results, i, name, city->country, city->latitude_e4 * 100 + off,
                        city->longitude_e4 * 100 - off);
        fc_results_up(sample->results, 0, i, true);
    }
}

static void make_links(struct sample *sample)
{
    sample->links = calloc(sample->nodes * LINKS, sizeof *sample->links);
    for (uint32_t i = 1; i < sample->nodes; i++)
        for (uint32_t k = 0; k < LINKS && k < i; k++) {
            uint32_t best = test_rng_below(&sample->rng, i);
            for (int tries = 0; k < LINKS / 2 && tries < 6; tries++) { /* some are near */
                uint32_t other = test_rng_below(&sample->rng, i);
                best = latency_of(i, other) < latency_of(i, best) ? other : best;
            }
            bool twice = false;
            for (uint32_t l = 0; l < sample->link_count; l++)
                twice = twice || (sample->links[l].a == i && sample->links[l].b == best);
            if (!twice) {
                sample->links[sample->link_count].a = i;
                sample->links[sample->link_count].b = best;
                sample->links[sample->link_count++].latency_us = latency_of(i, best);
            }
        }
}

static void happens(struct sample *sample, uint64_t at_us, uint32_t delta, uint32_t node,
                    uint32_t from, bool accepted)
{
    if (sample->count == sample->cap) {
        sample->cap = sample->cap ? sample->cap * 2 : 1024;
        sample->happenings = realloc(sample->happenings, sample->cap * sizeof(struct happening));
    }
    sample->happenings[sample->count] =
        (struct happening){at_us, sample->count, delta, node, from, accepted};
    sample->count++;
}

/* Bellman and Ford's way of finding when each is reached; then an extra payload here and there. */
static void spread(struct sample *sample, uint32_t delta, uint32_t origin, uint64_t at_us)
{
    bool cut = at_us > CUT_S * 1000000ull && at_us < HEAL_S * 1000000ull, moved = true;
    memset(sample->reached_us, 0xff, sample->nodes * sizeof(uint64_t));
    sample->reached_us[origin] = at_us;
    while (moved) {
        moved = false;
        for (uint32_t l = 0; l < sample->link_count; l++)
            for (int way = 0; way < 2; way++) {
                uint32_t from = way ? sample->links[l].b : sample->links[l].a;
                uint32_t to = way ? sample->links[l].a : sample->links[l].b;
                uint64_t then_us = sample->reached_us[from] + sample->links[l].latency_us + 900 +
                                   (delta * 7919 + l * 31) % 1500;
                if (sample->reached_us[from] == UINT64_MAX || (cut && is_cut(from, to)) ||
                    then_us >= sample->reached_us[to])
                    continue;
                sample->reached_us[to] = then_us;
                sample->via[to] = from;
                moved = true;
            }
    }
    for (uint32_t i = 0; i < sample->nodes; i++) {
        if (i == origin)
            continue;
        if (sample->reached_us[i] == UINT64_MAX)
            happens(sample, HEAL_S * 1000000ull + 150000 + delta * 9000 + i * 2500, delta, i,
                    FC_RESULTS_NONE, true);
        else
            happens(sample, sample->reached_us[i], delta, i, sample->via[i], true);
        if (sample->reached_us[i] != UINT64_MAX && test_rng_below(&sample->rng, 100) < 18)
            happens(sample, sample->reached_us[i] + 7000, delta, i, sample->via[i], false);
    }
}

static int by_time(const void *left, const void *right)
{
    const struct happening *a = left, *b = right;
    if (a->at_us != b->at_us)
        return a->at_us < b->at_us ? -1 : 1;
    return a->order < b->order ? -1 : 1;
}

static void tell(struct sample *sample, const struct happening *it)
{
    uint32_t feed = it->delta % sample->nodes;
    uint64_t version = it->delta + 1;
    if (it->from == FC_RESULTS_NONE) {
        fc_results_message(sample->results, it->at_us, feed, it->node, FC_TRAFFIC_SYNC,
                           DELTA_BYTES + 300);
    } else {
        fc_results_message(sample->results, it->at_us, it->from, it->node, FC_TRAFFIC_PAYLOAD,
                           DELTA_BYTES + 40);
        fc_results_message(sample->results, it->at_us, it->node, it->from, FC_TRAFFIC_CONTROL, 96);
        fc_results_payload(sample->results, it->at_us, it->from, it->node, feed, version);
    }
    if (it->accepted)
        fc_results_deliver(sample->results, it->at_us, it->node, it->from, feed, version);
}

static void tell_second(struct sample *sample, uint32_t second, uint32_t *fault)
{
    uint64_t at_us = second * 1000000ull;
    if (second == CUT_S)
        *fault = fc_results_fault(sample->results, at_us, "partition", sample->nodes / 3);
    if (second == HEAL_S)
        fc_results_fault_end(sample->results, at_us, *fault);
    if (second == CRASH_S)
        *fault = fc_results_fault(sample->results, at_us, "crash", sample->nodes / 10);
    for (uint32_t i = 0; i < sample->nodes; i += 10)
        if (second == CRASH_S || second == BACK_S)
            fc_results_up(sample->results, at_us, i, second == BACK_S);
    if (second == BACK_S)
        fc_results_fault_end(sample->results, at_us, *fault);
    for (uint32_t i = 0; i < sample->nodes; i++)
        if (i % 5 == second % 5)
            fc_results_message(sample->results, at_us, i, (i + 1) % sample->nodes,
                               FC_TRAFFIC_MEMBERSHIP, 120);
}

static void tell_all(struct sample *sample)
{
    uint32_t next = 0, fault = 0;
    qsort(sample->happenings, sample->count, sizeof *sample->happenings, by_time);
    for (uint32_t second = 0; second <= RUN_S; second++) {
        uint64_t at_us = second * 1000000ull;
        while (next < sample->count && sample->happenings[next].at_us < at_us)
            tell(sample, &sample->happenings[next++]);
        tell_second(sample, second, &fault);
        if (second > 0 && second <= RUN_S - 10) {
            struct fc_results_delta delta = {second % sample->nodes, second % sample->nodes,
                                             second + 1, DELTA_BYTES, 0};
            for (uint32_t i = 0; i < sample->nodes; i++)
                if (latency_of(delta.node, i) > delta.farthest_direct_us)
                    delta.farthest_direct_us = latency_of(delta.node, i);
            fc_results_publish(sample->results, at_us, &delta);
        }
    }
}

static void describe(struct fc_summary *summary, uint32_t nodes, uint64_t seed)
{
    fc_summary_init(summary);
    snprintf(summary->name, sizeof summary->name, "sample");
    snprintf(summary->about, sizeof summary->about,
             "%u nodes in Europe's cities, a partition of the south, one node in ten restarted",
             (unsigned)nodes);
    snprintf(summary->version, sizeof summary->version, "%s", FEDCAT_VERSION);
    snprintf(summary->trace, sizeof summary->trace, "%064llx", (unsigned long long)seed);
    snprintf(summary->command, sizeof summary->command,
             "fedcat-sim run sample --nodes %u --seed %llu", (unsigned)nodes,
             (unsigned long long)seed);
    snprintf(summary->sets[0].key, sizeof summary->sets[0].key, "federation.nodes");
    snprintf(summary->sets[0].value, sizeof summary->sets[0].value, "%u", (unsigned)nodes);
    summary->set_count = 1;
    summary->seed = seed;
}

static void expect(struct fc_summary *summary, const char *name, double limit, double value,
                   bool met)
{
    struct fc_summary_expect *it = &summary->expects[summary->expect_count++];
    snprintf(it->name, sizeof it->name, "%s", name);
    bool share = strcmp(name, "delivery") == 0;
    snprintf(it->unit, sizeof it->unit, "%s", share ? "share" : "1");
    it->at_least = share;
    it->limit = limit;
    it->value = value;
    it->met = met;
}

void sample_run(uint32_t nodes, uint64_t seed, struct fc_summary *summary, const char *dir)
{
    static const char yaml[] = "# A sample: </script> must do no harm.\nseed: 1\nfederation:\n"
                               "  nodes: 150\n  spread: plumtree\ntopology:\n  kind: map\n"
                               "workload:\n  - per: 1/s\n    content: 4 KB\nfaults:\n"
                               "  - partition: [ES, PT, FR, IT, GR, MT]\n    at: 80 s\n"
                               "    for: 60 s\nrun:\n  for: 240 s\n";
    struct sample sample = {.nodes = nodes, .rng = seed};
    struct fc_results_config config = {
        .nodes = nodes, .feeds = nodes, .run_us = RUN_S * 1000000ull, .measure_us = 10000000};
    struct fc_results_cost cost = {3100000, 2900000, 90 << 20, 1234567};
    if (fc_results_create(&config, &sample.results) != FC_OK)
        abort();
    sample.reached_us = calloc(nodes, sizeof(uint64_t));
    sample.via = calloc(nodes, sizeof(uint32_t));
    make_nodes(&sample);
    make_links(&sample);
    for (uint32_t second = 1; second <= RUN_S - 10; second++)
        spread(&sample, second, second % nodes, second * 1000000ull);
    tell_all(&sample);
    for (uint32_t i = 0; i < sample.link_count; i++)
        fc_results_link(sample.results, sample.links[i].a, sample.links[i].b,
                        sample.links[i].latency_us);
    describe(summary, nodes, seed);
    if (fc_results_finish(sample.results, RUN_S * 1000000ull, &cost, summary) != FC_OK)
        abort();
    expect(summary, "delivery", 1, summary->value[FC_MEASURE_DELIVERY], true);
    expect(summary, "bytes_ratio", 1.15, summary->value[FC_MEASURE_BYTES_RATIO], false);
    if (dir && fc_results_write(sample.results, summary, fc_span_str(yaml), dir) != FC_OK)
        abort();
    fc_results_destroy(sample.results);
    free(sample.links);
    free(sample.happenings);
    free(sample.reached_us);
    free(sample.via);
}
