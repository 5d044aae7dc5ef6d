/* How many events per second the simulator plays: a bare flood over light nodes, k-regular and over
 * HyParView. The limit is the queue alone with as many events under way; PeerSim's figures are
 * those of its own toy flood on the same kind of machine. */
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "net/rng.h"
#include "net/view_hyparview.h"
#include "sim/light.h"
#include "sim/queue.h"
#include "sim/view_static.h"
#include "tests/bench/bench.h"

enum { DEGREE = 10, SECOND = 1000000, EVERY_US = 20000, SIZE = 500 };

struct flood {
    const struct fc_view_ops *view;
    uint32_t nodes, messages;
};
struct result {
    double events_per_s, queue_per_s, node_bytes;
    uint64_t under_way;
};

/* Processor time: the work is one thread's, and other programs' shall not count. */
static double spent_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Each node in DEGREE / 2 random rings. */
static size_t make_edges(uint32_t nodes, struct fc_rng *rng, uint32_t (**out)[2])
{
    uint32_t(*edges)[2] = malloc((size_t)nodes * DEGREE / 2 * sizeof *edges);
    uint32_t *ring = malloc(nodes * sizeof *ring);
    size_t count = 0;
    if (!edges || !ring)
        bench_die("out of memory");
    for (uint32_t i = 0; i < nodes; i++)
        ring[i] = i;
    for (int round = 0; round < DEGREE / 2; round++) {
        for (uint32_t i = nodes - 1; i > 0; i--) {
            uint32_t j = (uint32_t)fc_rng_below(rng, i + 1), kept = ring[i];
            ring[i] = ring[j];
            ring[j] = kept;
        }
        for (uint32_t i = 0; i < nodes; i++, count++) {
            edges[count][0] = ring[i];
            edges[count][1] = ring[(i + 1) % nodes];
        }
    }
    free(ring);
    *out = edges;
    return count;
}

static double queue_per_s(uint64_t under_way, struct fc_rng *rng)
{
    enum { ROUNDS = 5000000 };
    static struct fc_queue queue;
    struct fc_happening at = {0};
    queue = (struct fc_queue){0};
    for (uint64_t i = 0; i < under_way; i++) {
        at.at_us = fc_rng_next(rng) % EVERY_US;
        bench_check(fc_queue_put(&queue, &at), "queue");
    }
    double start_s = spent_s();
    for (int i = 0; i < ROUNDS; i++) {
        if (!fc_queue_take(&queue, UINT64_MAX, &at))
            bench_die("the queue lost an event");
        at.at_us += EVERY_US / 2 + fc_rng_next(rng) % (EVERY_US / 2);
        bench_check(fc_queue_put(&queue, &at), "queue");
    }
    double took_s = spent_s() - start_s;
    fc_queue_finish(&queue);
    return ROUNDS / took_s;
}

static struct result play(const struct flood *flood)
{
    static const uint8_t seed[32] = {'f', 'l', 'o', 'o', 'd'};
    struct fc_rng rng;
    struct fc_light *light;
    struct fc_network_stats before, after;
    struct rusage usage;
    uint32_t(*edges)[2] = NULL;
    bool is_static = flood->view == &fc_view_static;
    fc_rng_init(&rng, seed);
    struct fc_light_config config = {
        .seed = 1,
        .nodes = flood->nodes,
        .feeds = 1,
        .view = flood->view,
        .spread = &fc_spread_flood,
        .links = {.latency_same_us = EVERY_US / 2, .jitter_us = EVERY_US / 2}};
    config.edge_count = is_static ? make_edges(flood->nodes, &rng, &edges) : 0;
    config.edges = edges;
    bench_check(fc_light_create(&config, &light), "light nodes");
    free(edges);
    struct fc_network *network = fc_light_network(light);
    for (uint32_t i = 0; i < flood->nodes; i++) {
        fc_light_start(light, i, is_static || i == 0 ? FC_LIGHT_NONE : 0);
        if (!is_static)
            fc_network_run(network, fc_network_now_us(network) + 1000);
    }
    fc_network_run(network, fc_network_now_us(network) + 10 * SECOND);
    fc_network_get_stats(network, &before);
    double start_s = spent_s();
    for (uint32_t i = 0; i < flood->messages; i++) {
        fc_light_publish(light, (uint32_t)fc_rng_below(&rng, flood->nodes), 0, SIZE);
        fc_network_run(network, fc_network_now_us(network) + EVERY_US);
    }
    fc_network_run(network, fc_network_now_us(network) + SECOND);
    double took_s = spent_s() - start_s;
    fc_network_get_stats(network, &after);
    for (uint32_t i = 0; i < flood->messages; i++)
        if (fc_light_delta(light, i)->delivered < flood->nodes * UINT64_C(99) / 100)
            bench_die("a flood did not reach everybody");
    getrusage(RUSAGE_SELF, &usage);
    struct result result = {.events_per_s = (double)(after.events - before.events) / took_s,
                            .under_way = after.under_way_max,
                            .node_bytes = (double)usage.ru_maxrss * 1024 / flood->nodes};
    fc_light_destroy(light);
    result.queue_per_s = queue_per_s(result.under_way, &rng);
    return result;
}

/* In a process of its own, so that memory is that of this run. */
static struct result play_apart(const struct flood *flood)
{
    struct result result;
    int ends[2];
    if (pipe(ends) != 0)
        bench_die("pipe");
    pid_t pid = fork();
    if (pid < 0)
        bench_die("fork");
    if (pid == 0) {
        result = play(flood);
        _exit(write(ends[1], &result, sizeof result) == sizeof result ? 0 : 1);
    }
    close(ends[1]);
    if (read(ends[0], &result, sizeof result) != sizeof result)
        bench_die("a flood ended early");
    close(ends[0]);
    waitpid(pid, NULL, 0);
    return result;
}

void bench_flood(struct bench *bench)
{
    static const struct {
        const char *name, *memory, *peersim;
        struct flood flood;
    } runs[] = {
        {"flood_10k_events_per_s",
         "flood_10k_node_bytes",
         "1.3 to 1.4 million",
         {&fc_view_static, 10000, 50}},
        {"flood_100k_events_per_s",
         "flood_100k_node_bytes",
         "0.35 to 0.7 million",
         {&fc_view_static, 100000, 10}},
        {"flood_hyparview_10k_events_per_s",
         "flood_hyparview_10k_node_bytes",
         "1.3 to 1.4 million",
         {&fc_view_hyparview, 10000, 50}},
    };
    for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
        const char *const names[] = {runs[i].name, runs[i].memory, NULL};
        if (!bench_wants(bench, names))
            continue;
        struct result result = play_apart(&runs[i].flood);
        bench_figure(bench, runs[i].name, result.events_per_s, "1/s", BENCH_HIGHER,
                     result.queue_per_s, "the queue alone");
        bench_figure(bench, runs[i].memory, result.node_bytes, "B", BENCH_LOWER, 0, NULL);
        bench_note(bench, "PeerSim at %u nodes: %s events/s; %llu events under way at most",
                   runs[i].flood.nodes, runs[i].peersim, (unsigned long long)result.under_way);
    }
}
