#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/spread_eager.h"
#include "net/spread_plumtree.h"
#include "net/view_hyparview.h"
#include "net/view_registry.h"
#include "sim/example_spread.h"
#include "sim/light.h"
#include "sim/modules.h"
#include "sim/view_static.h"
#include "tests/support/rng.h"

enum { MS = 1000, SECOND = 1000 * MS, NODES_MAX = 1000, SIZE = 500 };

struct scene {
    struct fc_light *light;
    uint32_t arrived, duplicates, alarms;
    uint64_t trace; /* over all arrivals */
};

static void arrived(void *ctx, const struct fc_light_arrival *arrival)
{
    struct scene *scene = ctx;
    uint64_t numbers[] = {arrival->node, arrival->from, arrival->delta, arrival->hops,
                          arrival->now_us};
    scene->arrived += !arrival->duplicate;
    scene->duplicates += arrival->duplicate;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        scene->trace = (scene->trace ^ numbers[i]) * 1099511628211u;
}

static void begin(struct scene *scene, struct fc_light_config config)
{
    *scene = (struct scene){.trace = 14695981039346656037u};
    config.ctx = scene;
    config.arrived = arrived;
    config.feeds = config.feeds ? config.feeds : config.nodes;
    config.view = config.view ? config.view : &fc_view_static;
    config.spread = config.spread ? config.spread : &fc_spread_flood;
    assert_int_equal(fc_light_create(&config, &scene->light), FC_OK);
    if (config.view != &fc_view_static)
        return;
    for (uint32_t i = 0; i < config.nodes; i++)
        fc_light_start(scene->light, i, FC_LIGHT_NONE);
}

static void run(struct scene *scene, uint64_t for_us)
{
    struct fc_network *network = fc_light_network(scene->light);
    fc_network_run(network, fc_network_now_us(network) + for_us);
}

/* A ring, and so many chords. */
static size_t ring(uint32_t nodes, uint32_t chords, uint32_t (*edges)[2])
{
    uint64_t rng = 4;
    size_t count = 0;
    for (uint32_t i = 0; i < nodes; i++, count++) {
        edges[count][0] = i;
        edges[count][1] = (i + 1) % nodes;
    }
    for (uint32_t i = 0; i < chords; i++, count++) {
        edges[count][0] = test_rng_below(&rng, nodes);
        edges[count][1] = (edges[count][0] + 2 + test_rng_below(&rng, nodes - 3)) % nodes;
    }
    return count;
}

static void a_flood_goes_round_a_ring(void **state)
{
    (void)state;
    struct scene scene;
    uint32_t edges[20][2], got[4];
    size_t count = ring(20, 0, edges);
    begin(&scene, (struct fc_light_config){.nodes = 20, .edges = edges, .edge_count = count});
    run(&scene, 5 * SECOND);
    assert_int_equal(fc_light_neighbours(scene.light, 0, got, 4), 2);
    assert_int_equal(got[0], 1);
    assert_int_equal(got[1], 19);
    uint32_t delta = fc_light_publish(scene.light, 7, 3, SIZE);
    assert_int_equal(scene.arrived, 1);
    run(&scene, 5 * SECOND);
    const struct fc_light_delta *seen = fc_light_delta(scene.light, delta);
    assert_int_equal(seen->delivered, 20);
    assert_int_equal(seen->hops_max, 10);
    assert_int_equal(seen->last_us, 5 * SECOND + 10 * 10 * MS);
    assert_int_equal(seen->version, 1);
    assert_int_equal(seen->feed, 3);
    assert_int_equal(scene.arrived, 20);
    assert_int_equal(scene.duplicates, 2); /* where both halves meet */
    struct fc_light_counts counts;
    fc_light_counts(scene.light, &counts);
    assert_int_equal(counts.sent[FC_LIGHT_PAYLOAD], 21);
    assert_int_equal(counts.sent_bytes[FC_LIGHT_PAYLOAD], 21 * SIZE);
    assert_int_equal(counts.received[FC_LIGHT_PAYLOAD], 21);
    assert_int_equal(counts.received[FC_LIGHT_VIEW], 0);
    assert_int_equal(counts.deltas, 20);
    assert_int_equal(counts.duplicates, 2);
    fc_light_node_counts(scene.light, 7, &counts);
    assert_int_equal(counts.sent[FC_LIGHT_PAYLOAD], 2);
    assert_int_equal(counts.received[FC_LIGHT_PAYLOAD], 0);
    fc_light_reset_counts(scene.light);
    fc_light_counts(scene.light, &counts);
    assert_int_equal(counts.deltas, 0);
    assert_true(fc_light_has(scene.light, 19, delta));
    assert_false(fc_light_has(scene.light, 19, delta + 1));
    fc_light_destroy(scene.light);
}

static void a_crashed_node_is_dialled_again(void **state)
{
    (void)state;
    struct scene scene;
    uint32_t edges[20][2], got[2];
    size_t count = ring(20, 0, edges);
    begin(&scene, (struct fc_light_config){.nodes = 20, .edges = edges, .edge_count = count});
    run(&scene, 5 * SECOND);
    fc_light_crash(scene.light, 5);
    assert_false(fc_light_is_up(scene.light, 5));
    run(&scene, SECOND);
    assert_int_equal(fc_light_neighbours(scene.light, 4, got, 2), 1);
    uint32_t delta = fc_light_publish(scene.light, 0, 0, SIZE);
    run(&scene, 5 * SECOND);
    assert_int_equal(fc_light_delta(scene.light, delta)->delivered, 19);
    assert_int_equal(fc_light_delta(scene.light, delta)->hops_max, 14);
    fc_light_start(scene.light, 5, FC_LIGHT_NONE);
    run(&scene, 70 * SECOND);
    assert_int_equal(fc_light_neighbours(scene.light, 4, got, 2), 2);
    assert_int_equal(fc_light_neighbours(scene.light, 5, got, 2), 2);
    delta = fc_light_publish(scene.light, 5, 0, SIZE);
    run(&scene, 5 * SECOND);
    assert_int_equal(fc_light_delta(scene.light, delta)->delivered, 20);
    assert_false(fc_light_has(scene.light, 5, delta - 1)); /* nothing is caught up here */
    fc_light_destroy(scene.light);
}

static void parts_and_lossy_links(void **state)
{
    (void)state;
    struct scene scene;
    uint32_t edges[60][2];
    size_t count = ring(40, 20, edges);
    begin(&scene, (struct fc_light_config){.nodes = 40,
                                           .edges = edges,
                                           .edge_count = count,
                                           .links = {.jitter_us = 3 * MS, .loss_ppm = 50000}});
    struct fc_network *network = fc_light_network(scene.light);
    run(&scene, 20 * SECOND);
    uint32_t delta = fc_light_publish(scene.light, 0, 0, SIZE);
    run(&scene, 20 * SECOND);
    assert_int_equal(fc_light_delta(scene.light, delta)->delivered, 40);
    for (uint32_t i = 0; i < 10; i++)
        fc_network_group(network, i, 1);
    run(&scene, 20 * SECOND);
    delta = fc_light_publish(scene.light, 0, 0, SIZE);
    run(&scene, 20 * SECOND);
    assert_int_equal(fc_light_delta(scene.light, delta)->delivered, 10);
    fc_network_heal(network);
    run(&scene, 120 * SECOND);
    delta = fc_light_publish(scene.light, 0, 0, SIZE);
    run(&scene, 20 * SECOND);
    assert_int_equal(fc_light_delta(scene.light, delta)->delivered, 40);
    fc_light_destroy(scene.light);
}

/* -- overlays of their own -------------------------------------------------------------------- */

/* How many nodes are reached from node `from` over active links. */
static uint32_t reached(const struct fc_light *light, uint32_t from)
{
    uint32_t list[NODES_MAX], next[64], count = 0;
    bool seen[NODES_MAX] = {false};
    list[count++] = from;
    seen[from] = true;
    for (uint32_t at = 0; at < count; at++) {
        uint32_t degree = fc_light_neighbours(light, list[at], next, 64);
        for (uint32_t i = 0; i < degree; i++)
            if (!seen[next[i]]) {
                seen[next[i]] = true;
                list[count++] = next[i];
            }
    }
    return count;
}

static void join_all(struct scene *scene, uint64_t every_us)
{
    for (uint32_t i = 0; i < fc_light_count(scene->light); i++) {
        fc_light_start(scene->light, i, i == 0 ? FC_LIGHT_NONE : 0);
        run(scene, every_us);
    }
    run(scene, 60 * SECOND);
}

static void overlays_join_and_deliver(void **state)
{
    (void)state;
    static const struct fc_view_ops *const views[] = {&fc_view_hyparview, &fc_view_registry};
    static const struct fc_spread_ops *const spreads[] = {&fc_spread_flood, &fc_spread_plumtree,
                                                          &fc_spread_plumtree_shared};
    for (int v = 0; v < 2; v++)
        for (int s = 0; s < 3; s++) {
            struct scene scene;
            begin(&scene, (struct fc_light_config){.seed = 3,
                                                   .nodes = 200,
                                                   .view = views[v],
                                                   .spread = spreads[s],
                                                   .links = {.jitter_us = 2 * MS}});
            join_all(&scene, 100 * MS);
            assert_int_equal(reached(scene.light, 17), 200);
            for (uint32_t i = 0; i < 30; i++) {
                uint32_t delta = fc_light_publish(scene.light, 7, 7, SIZE);
                run(&scene, 5 * SECOND);
                assert_int_equal(fc_light_delta(scene.light, delta)->delivered, 200);
            }
            struct fc_light_counts counts;
            fc_light_reset_counts(scene.light);
            fc_light_publish(scene.light, 7, 7, SIZE);
            run(&scene, 5 * SECOND);
            fc_light_counts(scene.light, &counts);
            assert_int_equal(counts.deltas, 200);
            assert_int_equal(counts.refused, 0);
            assert_int_equal(counts.punished, 0);
            if (spreads[s] == &fc_spread_flood)
                assert_true(counts.duplicates > 200);
            else
                assert_true(counts.duplicates < 20);
            fc_light_destroy(scene.light);
        }
}

static void failures_are_healed(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, (struct fc_light_config){
                      .seed = 9, .nodes = 300, .view = &fc_view_hyparview, .feeds = 1});
    join_all(&scene, 100 * MS);
    for (uint32_t i = 0; i < 300; i += 2)
        fc_light_crash(scene.light, i);
    for (int i = 0; i < 20; i++) {
        fc_light_publish(scene.light, 151, 0, SIZE);
        run(&scene, 5 * SECOND);
    }
    uint32_t delta = fc_light_publish(scene.light, 3, 0, SIZE);
    run(&scene, 5 * SECOND);
    assert_int_equal(fc_light_delta(scene.light, delta)->delivered, 150);
    fc_light_destroy(scene.light);
}

static void the_same_seed_gives_the_same_run(void **state)
{
    (void)state;
    uint64_t trace[3];
    for (int i = 0; i < 3; i++) {
        struct scene scene;
        begin(&scene, (struct fc_light_config){.seed = i == 2 ? 6 : 5,
                                               .nodes = 100,
                                               .view = &fc_view_hyparview,
                                               .spread = &fc_spread_plumtree,
                                               .links = {.jitter_us = 5 * MS, .loss_ppm = 10000}});
        join_all(&scene, 50 * MS);
        for (uint32_t k = 0; k < 20; k++) {
            fc_light_publish(scene.light, k, k, SIZE);
            if (k == 10)
                fc_light_crash(scene.light, 50);
            run(&scene, 300 * MS);
        }
        run(&scene, 10 * SECOND);
        trace[i] = scene.trace;
        fc_light_destroy(scene.light);
    }
    assert_true(trace[0] == trace[1]);
    assert_true(trace[0] != trace[2]);
}

/* -- protocols of one's own ------------------------------------------------------------------- */

static void the_example_reaches_what_chance_allows(void **state)
{
    (void)state;
    uint64_t delivered[4] = {0};
    for (uint32_t fanout = 1; fanout <= 3; fanout++) {
        struct scene scene;
        static uint32_t edges[2500][2];
        size_t count = ring(500, 2000, edges); /* ten links each, on average */
        begin(&scene, (struct fc_light_config){.nodes = 500,
                                               .spread = fc_module_spread("example"),
                                               .fanout = fanout,
                                               .edges = edges,
                                               .edge_count = count});
        run(&scene, 5 * SECOND);
        for (uint32_t i = 0; i < 50; i++) {
            fc_light_publish(scene.light, i, i, SIZE);
            run(&scene, SECOND);
        }
        struct fc_light_counts counts;
        fc_light_counts(scene.light, &counts);
        delivered[fanout] = counts.deltas;
        /* Who has it pushes it to exactly so many, and says nothing else. */
        assert_in_range(counts.sent[FC_LIGHT_PAYLOAD], counts.deltas * fanout * 98 / 100,
                        counts.deltas * fanout);
        assert_int_equal(counts.sent[FC_LIGHT_SPREAD], 0);
        fc_light_destroy(scene.light);
    }
    /* The share reached is that of a branching process: z = 1 - exp(-fanout z), about. */
    assert_true(delivered[1] < 25000 * 20 / 100);
    assert_in_range(delivered[2], 25000 * 70 / 100, 25000 * 90 / 100);
    assert_in_range(delivered[3], 25000 * 90 / 100, 25000 * 99 / 100);
}

static void modules_have_names(void **state)
{
    (void)state;
    for (uint32_t i = 0; fc_module_view_name(i); i++)
        assert_string_equal(fc_module_view(fc_module_view_name(i))->name, fc_module_view_name(i));
    for (uint32_t i = 0; fc_module_spread_name(i); i++)
        assert_string_equal(fc_module_spread(fc_module_spread_name(i))->name,
                            fc_module_spread_name(i));
    assert_ptr_equal(fc_module_view("static"), &fc_view_static);
    assert_ptr_equal(fc_module_spread("example"), &fc_spread_example);
    assert_ptr_equal(fc_module_spread("plumtree-shared"), &fc_spread_plumtree_shared);
    assert_null(fc_module_view("example"));
    assert_null(fc_module_spread(""));
}

/* -- the host's promises ---------------------------------------------------------------------- */

static void keys_are_names_of_nodes(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, (struct fc_light_config){.nodes = 1000});
    for (uint32_t i = 0; i < 1000; i++) {
        struct fc_key key = fc_light_key(i);
        assert_int_equal(fc_light_node_of(scene.light, &key), i);
    }
    struct fc_key other = fc_light_key(1000);
    assert_int_equal(fc_light_node_of(scene.light, &other), FC_LIGHT_NONE);
    other = fc_light_key(FC_LIGHT_NONE);
    assert_int_equal(fc_light_node_of(scene.light, &other), FC_LIGHT_NONE);
    fc_light_destroy(scene.light);
}

static void edges_that_lead_nowhere_are_refused(void **state)
{
    (void)state;
    struct fc_light *light;
    const uint32_t edges[1][2] = {{0, 5}};
    struct fc_light_config config = {.nodes = 5,
                                     .view = &fc_view_static,
                                     .spread = &fc_spread_flood,
                                     .edges = edges,
                                     .edge_count = 1};
    assert_int_equal(fc_light_create(&config, &light), FC_E_ARG);
    assert_null(light);
}

static void a_full_link_refuses(void **state)
{
    (void)state;
    struct scene scene;
    const uint32_t edges[1][2] = {{0, 1}};
    begin(&scene, (struct fc_light_config){
                      .nodes = 2, .edges = edges, .edge_count = 1, .links = {.queue_max = 10}});
    run(&scene, 5 * SECOND);
    for (int i = 0; i < 25; i++)
        fc_light_publish(scene.light, 0, 0, SIZE);
    run(&scene, 5 * SECOND);
    struct fc_light_counts counts;
    fc_light_counts(scene.light, &counts);
    assert_int_equal(counts.refused, 15);
    assert_int_equal(counts.received[FC_LIGHT_PAYLOAD], 10);
    fc_light_destroy(scene.light);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flood_goes_round_a_ring),
        cmocka_unit_test(a_crashed_node_is_dialled_again),
        cmocka_unit_test(parts_and_lossy_links),
        cmocka_unit_test(overlays_join_and_deliver),
        cmocka_unit_test(failures_are_healed),
        cmocka_unit_test(the_same_seed_gives_the_same_run),
        cmocka_unit_test(the_example_reaches_what_chance_allows),
        cmocka_unit_test(modules_have_names),
        cmocka_unit_test(keys_are_names_of_nodes),
        cmocka_unit_test(edges_that_lead_nowhere_are_refused),
        cmocka_unit_test(a_full_link_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
