#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../support/topology.h"
#include "sim/route.h"

/* The start of each digest: what seed 7 gives on every machine, as long as igraph 0.10 draws in the
 * same order. */
static const struct {
    const char *words;
    uint64_t edges;
    uint32_t degree_min, degree_max; /* 0, 0: not fixed by the kind */
    const char *digest;
} kinds[] = {
    {"whole nodes=100", 0, 99, 99, "83e38d0ff9f9a056"},
    {"whole nodes=60 latency=map", 0, 59, 59, "5fd9bec7adad39d8"},
    {"map nodes=1000", 0, 999, 999, "185bb72f5bf16fff"},
    {"map nodes=200 hubs=1 countries=DE,FR,PT inflation=2.1 hop=0us", 0, 199, 199,
     "b78402ebcf60e6f5"},
    {"ring nodes=100", 100, 2, 2, "3e950cd927fde1fe"},
    {"torus nodes=100", 200, 4, 4, "362bd00e78c5e893"},
    {"torus nodes=60 rows=4", 120, 4, 4, "8f5187fcf076b9e5"},
    {"star nodes=100", 99, 1, 99, "10de5c2aaf145620"},
    {"erdos-renyi nodes=500 probability=0.02", 0, 0, 0, "a210b0c3d6abec24"},
    {"erdos-renyi nodes=500 edges=2000", 2000, 0, 0, "aef2d857f3f2090e"},
    {"erdos-renyi nodes=200 probability=0.01 giant=yes", 0, 0, 0, "dc9a37398f95649f"},
    {"regular nodes=501 degree=4", 1002, 4, 4, "0f3e64ab5520c76a"},
    {"barabasi-albert nodes=300 edges-per-node=3 latency=map", 894, 3, 0, "6c38a07d843123fa"},
    {"watts-strogatz nodes=300 degree=6 probability=0.05 latency=5ms..80ms", 900, 0, 0,
     "c259e1447d5bd366"},
    {"two-tier nodes=300", 764, 1, 0, "40ccb216477d51fa"},
    {"two-tier nodes=300 hubs=2 hub-degree=4", 364, 1, 0, "4c60259593adea4a"},
};

/* Against ways found by relaxing all edges until nothing changes. */
static void ways_are_the_quickest(void **state)
{
    static const char *const words[] = {"ring nodes=30", "star nodes=20",
                                        "watts-strogatz nodes=60 degree=4 latency=1ms..80ms",
                                        "two-tier nodes=80 hub-degree=3"};
    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        struct fc_topology topology;
        struct fc_routes *routes;
        uint64_t us[80];
        topology_make(words[i], 7, &topology);
        assert_int_equal(fc_routes_create(&topology, &routes), FC_OK);
        for (uint32_t from = 0; from < topology.node_count; from++) {
            bool changed = true;
            for (uint32_t to = 0; to < topology.node_count; to++)
                us[to] = to == from ? 0 : UINT32_MAX;
            while (changed) {
                changed = false;
                for (uint64_t e = 0; e < topology.edge_count; e++) {
                    const struct fc_edge *edge = &topology.edges[e];
                    if (us[edge->a] + edge->latency_us < us[edge->b])
                        us[edge->b] = us[edge->a] + edge->latency_us, changed = true;
                    if (us[edge->b] + edge->latency_us < us[edge->a])
                        us[edge->a] = us[edge->b] + edge->latency_us, changed = true;
                }
            }
            for (uint32_t to = 0; to < topology.node_count; to++)
                assert_int_equal(fc_routes_us(routes, from, to), us[to]);
        }
        fc_routes_destroy(routes);
        fc_topology_finish(&topology);
    }
}

static void ways_are_of_so_many_nodes(void **state)
{
    struct fc_topology topology;
    struct fc_routes *routes;
    (void)state;
    topology_make("ring nodes=10000", 7, &topology);
    assert_int_equal(fc_routes_create(&topology, &routes), FC_OK);
    assert_int_equal(fc_routes_us(routes, 1, 5001), 5000 * 10000);
    assert_int_equal(fc_routes_us(routes, 0, 1), 10000);
    fc_routes_destroy(routes);
    fc_topology_finish(&topology);
    topology_make("ring nodes=10001", 7, &topology);
    assert_int_equal(fc_routes_create(&topology, &routes), FC_E_BOUND);
    assert_null(routes);
    fc_topology_finish(&topology);
}

static void each_kind_is_what_it_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct fc_topology topology;
        struct fc_topology_shape shape;
        topology_make(kinds[i].words, 7, &topology);
        topology_check(&topology);
        assert_int_equal(fc_topology_describe(&topology, 0, &shape), FC_OK);
        if (kinds[i].edges > 0 || topology.whole)
            assert_int_equal(topology.edge_count, kinds[i].edges);
        if (kinds[i].degree_min > 0)
            assert_int_equal(shape.degree_min, kinds[i].degree_min);
        if (kinds[i].degree_max > 0)
            assert_int_equal(shape.degree_max, kinds[i].degree_max);
        fc_topology_shape_finish(&shape);
        fc_topology_finish(&topology);
    }
}

static void a_seed_gives_the_same_everywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct fc_topology topology;
        char hex[65];
        topology_make(kinds[i].words, 7, &topology);
        topology_hex(&topology, hex);
        hex[strlen(kinds[i].digest)] = 0;
        if (strcmp(hex, kinds[i].digest) != 0)
            fail_msg("%s: %s", kinds[i].words, hex);
        fc_topology_finish(&topology);
    }
}

static void another_seed_gives_another(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct fc_topology one, two, again;
        topology_make(kinds[i].words, 1, &one);
        topology_make(kinds[i].words, 2, &two);
        topology_make(kinds[i].words, 1, &again);
        struct fc_hash a = fc_topology_digest(&one), b = fc_topology_digest(&two),
                       c = fc_topology_digest(&again);
        bool fixed = strchr("rts", kinds[i].words[0]) && kinds[i].degree_min > 0 &&
                     !strstr(kinds[i].words, "regular") && !strstr(kinds[i].words, "two");
        fixed = fixed || strcmp(kinds[i].words, "whole nodes=100") == 0;
        assert_int_equal(fc_hash_eq(&a, &b), fixed);
        assert_true(fc_hash_eq(&a, &c));
        fc_topology_finish(&one);
        fc_topology_finish(&two);
        fc_topology_finish(&again);
    }
}

/* A generator of one's own between two of igraph's runs does not show. */
static void drawing_latencies_does_not_move_links(void **state)
{
    (void)state;
    struct fc_topology plain, timed;
    topology_make("regular nodes=50", 3, &plain);
    topology_make("regular nodes=50 latency=1ms..9ms", 3, &timed);
    assert_int_equal(plain.edge_count, timed.edge_count);
    for (uint64_t i = 0; i < plain.edge_count; i++) {
        assert_int_equal(plain.edges[i].a, timed.edges[i].a);
        assert_int_equal(plain.edges[i].b, timed.edges[i].b);
        assert_in_range(timed.edges[i].latency_us, 1000, 9000);
        assert_int_equal(plain.edges[i].latency_us, 10000);
    }
    fc_topology_finish(&plain);
    fc_topology_finish(&timed);
}

static void the_smallest_are_fine(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        uint64_t edges;
    } small[] = {
        {"whole nodes=1", 0},
        {"map nodes=1", 0},
        {"ring nodes=1", 0},
        {"torus nodes=1", 0},
        {"star nodes=1", 0},
        {"erdos-renyi nodes=1", 0},
        {"two-tier nodes=1 countries=PT", 0},
        {"whole nodes=2", 0},
        {"map nodes=2", 0},
        {"ring nodes=2", 1},
        {"torus nodes=2", 1},
        {"star nodes=2", 1},
        {"erdos-renyi nodes=2", 1},
        {"regular nodes=2 degree=1", 1},
        {"ring nodes=3", 3},
        {"regular nodes=3 degree=2", 3},
        {"barabasi-albert nodes=2 edges-per-node=1", 1},
        {"watts-strogatz nodes=3 degree=2 probability=1", 3},
        {"two-tier nodes=2 countries=PT", 1},
        {"torus nodes=4", 4},
        {"two-tier nodes=2 countries=PT,ES", 1},
        {"torus nodes=6 rows=2", 9},
    };
    for (size_t i = 0; i < sizeof small / sizeof small[0]; i++) {
        struct fc_topology topology;
        topology_make(small[i].words, 1, &topology);
        topology_check(&topology);
        assert_int_equal(topology.edge_count, small[i].edges);
        assert_int_equal(fc_topology_latency_us(&topology, 0, 0), 0);
        fc_topology_finish(&topology);
    }
}

static void what_cannot_be_is_said_in_one_line(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        enum fc_err err;
        const char *says;
    } bad[] = {
        {"whole nodes=0", FC_E_FORMAT, "nodes must be a number from 1 to 1000000, not '0'"},
        {"whole nodes=1000001", FC_E_FORMAT, "nodes must be a number"},
        {"whole nodes=ten", FC_E_FORMAT, "not 'ten'"},
        {"whole latency=5ms..80ms", FC_E_ARG, "give one latency or map"},
        {"map latency=5ms..80ms", FC_E_ARG, "give one latency or map"},
        {"ring latency=80ms..5ms", FC_E_FORMAT, "latency must be"},
        {"ring latency=0ms", FC_E_FORMAT, "latency must be"},
        {"ring latency=61s", FC_E_FORMAT, "latency must be"},
        {"ring latency=10", FC_E_FORMAT, "latency must be"},
        {"ring latency=1.0001ms..", FC_E_FORMAT, "latency must be"},
        {"ring degree=3", FC_E_MISSING, "ring has no parameter 'degree'"},
        {"ring colour=3", FC_E_MISSING, "no topology has a parameter 'colour'"},
        {"ring countries=PT", FC_E_ARG, "they need latency map"},
        {"map countries=PT,XX", FC_E_FORMAT, "the map has no country 'XX'"},
        {"map countries=PT,PT", FC_E_FORMAT, "countries has PT twice"},
        {"map countries=Portugal", FC_E_FORMAT, "list of codes"},
        {"map countries=PT;ES", FC_E_FORMAT, "list of codes"},
        {"map inflation=0.9", FC_E_FORMAT, "inflation must be"},
        {"map hop=1", FC_E_FORMAT, "hop must be"},
        {"torus nodes=97", FC_E_ARG, "97 nodes make no rectangle"},
        {"torus nodes=100 rows=3", FC_E_ARG, "100 nodes cannot stand in 3 equal rows"},
        {"erdos-renyi nodes=10 edges=46", FC_E_ARG, "10 nodes have only 45 pairs"},
        {"erdos-renyi nodes=10 edges=5", FC_E_ARG, "at least 9 edges"},
        {"erdos-renyi nodes=10 edges=9 probability=0.5", FC_E_ARG, "not both"},
        {"erdos-renyi probability=1.5", FC_E_FORMAT, "probability must be"},
        {"erdos-renyi probability=nan", FC_E_FORMAT, "probability must be"},
        {"erdos-renyi probability=0x1", FC_E_FORMAT, "probability must be"},
        {"erdos-renyi nodes=100 probability=0.001", FC_E_AGAIN, "fell apart"},
        {"erdos-renyi nodes=1000000 probability=0.5", FC_E_BOUND, "smaller probability"},
        {"regular nodes=5 degree=5", FC_E_ARG, "at most 4 others"},
        {"regular nodes=5 degree=3", FC_E_ARG, "one of the two must be even"},
        {"regular nodes=6 degree=1", FC_E_ARG, "take degree 2 or more"},
        {"regular nodes=1000000 degree=1000", FC_E_BOUND, "more than 20000000 edges"},
        {"watts-strogatz nodes=20 degree=5", FC_E_ARG, "degree 5 is odd"},
        {"watts-strogatz nodes=2 degree=2", FC_E_ARG, "at most 1 others"},
        {"barabasi-albert nodes=3 edges-per-node=3", FC_E_ARG, "need at least 4 nodes"},
        {"two-tier nodes=31", FC_E_ARG, "1 hubs in each of 32 countries"},
        {"two-tier nodes=100 countries=PT,ES hub-degree=2", FC_E_ARG, "only 1 others"},
        {"two-tier nodes=100 hubs=0", FC_E_FORMAT, "hubs must be"},
        {"erdos-renyi giant=maybe", FC_E_FORMAT, "giant must be yes or no"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct fc_topology topology;
        struct fc_topology_fault fault;
        enum fc_err err = topology_try(bad[i].words, 1, &topology, &fault);
        if (err != bad[i].err || !strstr(fault.text, bad[i].says))
            fail_msg("%s: %s: '%s'", bad[i].words, fc_err_name(err), fault.text);
        assert_null(strchr(fault.text, '\n'));
        assert_null(topology.sites);
    }
}

static void a_giant_part_is_renumbered(void **state)
{
    (void)state;
    struct fc_topology topology;
    topology_make("erdos-renyi nodes=200 probability=0.01 giant=yes latency=map", 5, &topology);
    topology_check(&topology);
    assert_in_range(topology.node_count, 100, 199);
    for (uint32_t i = 0; i < topology.node_count; i++)
        assert_true(topology.sites[i].placed);
    fc_topology_finish(&topology);
}

static void measures_are_those_of_known_graphs(void **state)
{
    (void)state;
    struct fc_topology topology;
    struct fc_topology_shape shape;
    topology_make("ring nodes=100 latency=3ms", 1, &topology);
    assert_int_equal(fc_topology_describe(&topology, 0, &shape), FC_OK);
    assert_int_equal(shape.diameter_hops, 50);
    assert_int_equal(shape.path_us_max, 150000);
    assert_true(shape.path_hops_mean > 25.2525 && shape.path_hops_mean < 25.2526);
    assert_int_equal(shape.sources, 100);
    assert_int_equal(shape.degree_counts[2], 100);
    fc_topology_shape_finish(&shape);
    assert_int_equal(fc_topology_describe(&topology, 7, &shape), FC_OK);
    assert_int_equal(shape.sources, 7);
    assert_int_equal(shape.diameter_hops, 50);
    fc_topology_shape_finish(&shape);
    fc_topology_finish(&topology);
    topology_make("watts-strogatz nodes=1000 degree=10 probability=0", 1, &topology);
    assert_int_equal(fc_topology_describe(&topology, 0, &shape), FC_OK);
    assert_true(shape.clustering > 0.6666 && shape.clustering < 0.6667); /* 3(k-2)/4(k-1) */
    assert_int_equal(shape.diameter_hops, 100);
    fc_topology_shape_finish(&shape);
    fc_topology_finish(&topology);
}

/* The number of edges of G(n,p) over seeds: mean pq and its spread, which a bias of the geometric
 * draws would move. */
static void erdos_renyi_has_the_right_density(void **state)
{
    (void)state;
    enum { SEEDS = 200, NODES = 200 };
    const double pairs = NODES * (NODES - 1) / 2.0, p = 0.05;
    double sum = 0, squares = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct fc_topology topology;
        topology_make("erdos-renyi nodes=200 probability=0.05 giant=yes", seed, &topology);
        sum += (double)topology.edge_count;
        squares += (double)topology.edge_count * (double)topology.edge_count;
        fc_topology_finish(&topology);
    }
    double mean = sum / SEEDS, variance = squares / SEEDS - mean * mean;
    assert_true(mean > pairs * p - 10 && mean < pairs * p + 10); /* standard error 2.2 */
    assert_true(variance > 700 && variance < 1250);              /* 945 */
}

static void barabasi_albert_has_a_tail(void **state)
{
    (void)state;
    struct fc_topology topology;
    struct fc_topology_shape shape;
    topology_make("barabasi-albert nodes=10000 edges-per-node=3", 1, &topology);
    assert_int_equal(fc_topology_describe(&topology, 1, &shape), FC_OK);
    assert_int_equal(shape.degree_min, 3);
    assert_true(shape.degree_max > 150);
    /* P(k = m) = 2 / (m + 2) in the limit */
    assert_in_range(shape.degree_counts[3], 3800, 4200);
    fc_topology_shape_finish(&shape);
    fc_topology_finish(&topology);
}

static void large_ones_are_made(void **state)
{
    (void)state;
    static const char *const large[] = {"map nodes=100000",
                                        "barabasi-albert nodes=100000 latency=map",
                                        "regular nodes=100000 degree=10",
                                        "erdos-renyi nodes=100000",
                                        "watts-strogatz nodes=100000 degree=10",
                                        "star nodes=100000"};
    for (size_t i = 0; i < sizeof large / sizeof large[0]; i++) {
        struct fc_topology topology;
        topology_make(large[i], 1, &topology);
        assert_int_equal(topology.node_count, 100000);
        fc_topology_finish(&topology);
    }
}

static struct fc_topology by_hand(uint32_t nodes, uint64_t edges)
{
    struct fc_topology topology = {.node_count = nodes, .edge_count = edges};
    topology.sites = calloc(nodes, sizeof *topology.sites);
    topology.edges = calloc(edges + 1, sizeof *topology.edges);
    for (uint32_t i = 0; i < nodes; i++) {
        snprintf(topology.sites[i].name, sizeof topology.sites[i].name, "n%u", i);
        topology.sites[i].hub = FC_TOPOLOGY_NONE;
    }
    return topology;
}

static void what_is_made_by_hand_is_checked(void **state)
{
    (void)state;
    static const char *const says[] = {
        "ends at no node",    "to itself",    "a latency is 1 us to 60 s", "two edges with",
        "two nodes have the", "has no name",  "two upper-case letters",    "latitude is -90",
        "its hub is not",     "is whole and",
    };
    for (int i = 0; i < 10; i++) {
        struct fc_topology topology = by_hand(3, 2);
        struct fc_topology_fault fault;
        topology.edges[0] = (struct fc_edge){1, 0, 500};
        topology.edges[1] = (struct fc_edge){0, 1, 500};
        switch (i) {
        case 0:
            topology.edges[1].b = 3;
            break;
        case 1:
            topology.edges[1].b = 0;
            break;
        case 2:
            topology.edges[1].latency_us = 0;
            break;
        case 3:
            topology.edges[1].latency_us = 501;
            break;
        case 4:
            strcpy(topology.sites[2].name, "n1");
            break;
        case 5:
            strcpy(topology.sites[2].name, "a\tb");
            break;
        case 6:
            strcpy(topology.sites[2].country, "pt");
            break;
        case 7:
            topology.sites[2].placed = true;
            topology.sites[2].latitude_udeg = 90000001;
            break;
        case 8:
            topology.sites[2].hub = 1;
            break;
        default:
            topology.whole = true;
        }
        assert_int_not_equal(fc_topology_index(&topology, &fault), FC_OK);
        if (!strstr(fault.text, says[i]))
            fail_msg("%d: %s", i, fault.text);
        fc_topology_finish(&topology);
    }
}

static void edges_given_twice_are_one(void **state)
{
    (void)state;
    struct fc_topology topology = by_hand(3, 3);
    topology.edges[0] = (struct fc_edge){2, 1, 700};
    topology.edges[1] = (struct fc_edge){1, 0, 500};
    topology.edges[2] = (struct fc_edge){0, 1, 500};
    assert_int_equal(fc_topology_index(&topology, NULL), FC_OK);
    assert_int_equal(topology.edge_count, 2);
    assert_int_equal(fc_topology_latency_us(&topology, 2, 1), 700);
    assert_int_equal(fc_topology_latency_us(&topology, 0, 2), FC_TOPOLOGY_NONE);
    assert_int_equal(fc_topology_find(&topology, "n2"), 2);
    assert_int_equal(fc_topology_find(&topology, "n3"), FC_TOPOLOGY_NONE);
    fc_topology_finish(&topology);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ways_are_the_quickest),
        cmocka_unit_test(ways_are_of_so_many_nodes),
        cmocka_unit_test(each_kind_is_what_it_says),
        cmocka_unit_test(a_seed_gives_the_same_everywhere),
        cmocka_unit_test(another_seed_gives_another),
        cmocka_unit_test(drawing_latencies_does_not_move_links),
        cmocka_unit_test(the_smallest_are_fine),
        cmocka_unit_test(what_cannot_be_is_said_in_one_line),
        cmocka_unit_test(a_giant_part_is_renumbered),
        cmocka_unit_test(measures_are_those_of_known_graphs),
        cmocka_unit_test(erdos_renyi_has_the_right_density),
        cmocka_unit_test(barabasi_albert_has_a_tail),
        cmocka_unit_test(large_ones_are_made),
        cmocka_unit_test(what_is_made_by_hand_is_checked),
        cmocka_unit_test(edges_given_twice_are_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
