#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "../support/topology.h"
#include "net/rng.h"
#include "sim/distance.h"
#include "sim/europe.h"

/* The same by the library's floating point, to compare with. */
static double haversine_m(int32_t lat_a, int32_t lon_a, int32_t lat_b, int32_t lon_b)
{
    const double unit = acos(-1) / 180 / FC_UDEG, metres = 111195 * 180 / acos(-1);
    double lat = sin((lat_b - lat_a) * unit / 2);
    double lon = sin(((double)lon_b - lon_a) * unit / 2);
    double h = lat * lat + cos(lat_a * unit) * cos(lat_b * unit) * lon * lon;
    return 2 * metres * asin(sqrt(h < 1 ? h : 1));
}

static void distances_are_right_to_the_metre(void **state)
{
    (void)state;
    const uint8_t seed[32] = {0};
    struct fc_rng rng;
    fc_rng_init(&rng, seed);
    for (int i = 0; i < 200000; i++) {
        int32_t lat_a = (int32_t)fc_rng_below(&rng, 180000001) - 90000000;
        int32_t lon_a = (int32_t)fc_rng_below(&rng, 360000001) - 180000000;
        /* also near ones, from centimetres up */
        int32_t range = i % 2 ? 180000000 : 1 << fc_rng_below(&rng, 24);
        int32_t lat_b = lat_a / 2 + (int32_t)fc_rng_below(&rng, (uint64_t)range) / 4;
        int32_t lon_b = lon_a / 2 + (int32_t)fc_rng_below(&rng, (uint64_t)range) / 2;
        lat_a /= 2;
        lon_a /= 2;
        struct fc_place a = fc_place_at(lat_a, lon_a), b = fc_place_at(lat_b, lon_b);
        double expected = haversine_m(lat_a, lon_a, lat_b, lon_b);
        uint32_t found = fc_distance_m(&a, &b);
        if (fabs(found - expected) > 1)
            fail_msg("%d %d to %d %d: %u m, not %.2f", lat_a, lon_a, lat_b, lon_b, found, expected);
        assert_int_equal(found, fc_distance_m(&b, &a));
    }
}

static void the_ends_of_the_earth_are_fine(void **state)
{
    (void)state;
    const int32_t ends[][2] = {{90000000, 0},          {-90000000, 0},  {0, 0},
                               {0, 180000000},         {0, -180000000}, {0, 90000000},
                               {-45000000, 135000000}, {0, -90000000},  {90000000, 180000000}};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        for (size_t j = 0; j < sizeof ends / sizeof ends[0]; j++) {
            struct fc_place a = fc_place_at(ends[i][0], ends[i][1]);
            struct fc_place b = fc_place_at(ends[j][0], ends[j][1]);
            double expected = haversine_m(ends[i][0], ends[i][1], ends[j][0], ends[j][1]);
            assert_true(fabs(fc_distance_m(&a, &b) - expected) <= 1);
        }
}

/* One hash over many distances: no machine finds another centimetre. */
static void distances_are_the_same_everywhere(void **state)
{
    (void)state;
    const uint8_t seed[32] = {1};
    struct fc_rng rng;
    uint64_t mixed = 0;
    fc_rng_init(&rng, seed);
    for (int i = 0; i < 100000; i++) {
        struct fc_place places[2];
        for (int k = 0; k < 2; k++) {
            int32_t latitude = (int32_t)fc_rng_below(&rng, 180000001) - 90000000;
            int32_t longitude = (int32_t)fc_rng_below(&rng, 360000001) - 180000000;
            places[k] = fc_place_at(latitude, longitude);
        }
        mixed =
            mixed * 0x9e3779b97f4a7c15u + fc_fibre_us(fc_distance_m(&places[0], &places[1]), 1500);
    }
    if (mixed != 0x1e10c5399840897fu)
        fail_msg("0x%llx", (unsigned long long)mixed);
}

static void light_takes_its_time(void **state)
{
    (void)state;
    assert_int_equal(fc_fibre_us(0, 1500), 0);
    assert_int_equal(fc_fibre_us(199862, 1000), 1000); /* two thirds of 299,792 km/s */
    assert_int_equal(fc_fibre_us(199862, 2000), 2000);
    assert_int_equal(fc_fibre_us(20015100, 10000), 1001448);
}

static uint32_t node_in(const struct fc_topology *topology, const char *city)
{
    for (uint32_t i = 0; i < topology->node_count; i++)
        if (strncmp(topology->sites[i].name, city, strlen(city)) == 0)
            return i;
    fail_msg("nobody in %s", city);
    return 0;
}

static void latencies_are_those_of_europe(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        uint32_t min_us, max_us;
    } known[] = {
        {"lisbon-", "helsinki-", 25000, 28000}, {"london-", "paris-", 3000, 4500},
        {"berlin-", "warsaw-", 4500, 6000},     {"madrid-", "athens-", 17000, 20000},
        {"vienna-", "bratislava-", 1200, 1700}, {"dublin-", "nicosia-", 27000, 31000},
    };
    struct fc_topology topology;
    topology_make("map nodes=2000", 1, &topology);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        assert_in_range(fc_topology_latency_us(&topology, node_in(&topology, known[i].a),
                                               node_in(&topology, known[i].b)),
                        known[i].min_us, known[i].max_us);
    /* In one city it is the hop alone. */
    assert_int_equal(fc_topology_latency_us(&topology, fc_topology_find(&topology, "paris-1"),
                                            fc_topology_find(&topology, "paris-2")),
                     1000);
    fc_topology_finish(&topology);
}

/* No detour over a third place is quicker, hops aside: they lie on a sphere. */
static void triangles_close(void **state)
{
    (void)state;
    struct fc_topology topology;
    topology_make("map nodes=150 hop=0us", 1, &topology);
    for (uint32_t a = 0; a < 150; a++)
        for (uint32_t b = 0; b < 150; b++)
            for (uint32_t c = 0; c < 150; c++)
                if (a != b && b != c && a != c)
                    assert_true(fc_topology_latency_us(&topology, a, b) <=
                                fc_topology_latency_us(&topology, a, c) +
                                    fc_topology_latency_us(&topology, c, b) + 1);
    fc_topology_finish(&topology);
}

static void the_map_is_in_order(void **state)
{
    (void)state;
    uint64_t people = 0;
    uint32_t country = 0;
    for (int i = 0; i < FC_EUROPE_COUNTRIES; i++) {
        people += fc_europe_countries[i].people_thousand;
        assert_true(i == 0 ||
                    strcmp(fc_europe_countries[i - 1].code, fc_europe_countries[i].code) < 0);
    }
    assert_in_range(people, 532000, 533000); /* 449 million in the EU, 83 beside it */
    for (int i = 0; i < FC_EUROPE_CITIES; i++) {
        const struct fc_city *city = &fc_europe_cities[i];
        if (strcmp(fc_europe_countries[country].code, city->country) != 0) {
            country++;
            assert_string_equal(fc_europe_countries[country].code, city->country);
        } else if (i > 0) {
            assert_true(city->weight <= fc_europe_cities[i - 1].weight);
        }
        assert_in_range(city->latitude_e4, 340000, 720000);
        assert_in_range(city->longitude_e4 + 250000, 0, 600000);
        assert_true(city->weight > 0);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(city->name, fc_europe_cities[j].name);
    }
    assert_int_equal(country, FC_EUROPE_COUNTRIES - 1);
}

static uint32_t count_in(const struct fc_topology *topology, const char *country)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < topology->node_count; i++)
        count += strcmp(topology->sites[i].country, country) == 0;
    return count;
}

static void countries_get_their_share(void **state)
{
    (void)state;
    struct fc_topology topology;
    topology_make("map nodes=1000", 3, &topology);
    assert_int_equal(count_in(&topology, "DE"), 157); /* 1000 x 83445 / 532706 = 156.6 */
    assert_int_equal(count_in(&topology, "PT"), 20);
    assert_int_equal(count_in(&topology, "MT"), 1);
    for (uint32_t i = 0; i < topology.node_count; i++)
        assert_string_equal(topology.regions[topology.sites[i].region], topology.sites[i].country);
    fc_topology_finish(&topology);
    topology_make("map nodes=50 countries=PT,ES", 3, &topology);
    assert_int_equal(topology.region_count, 2);
    assert_int_equal(count_in(&topology, "PT") + count_in(&topology, "ES"), 50);
    fc_topology_finish(&topology);
}

static void shares_add_up(void **state)
{
    (void)state;
    const uint32_t weights[] = {7, 0, 5, 5, 1};
    uint32_t shares[5];
    for (uint32_t seats = 0; seats < 100; seats++) {
        uint32_t sum = 0;
        fc_apportion(seats, weights, 5, shares);
        for (int i = 0; i < 5; i++) {
            sum += shares[i];
            assert_true(18 * shares[i] <= seats * weights[i] + 17);
            assert_true(18 * shares[i] + 17 >= seats * weights[i]);
        }
        assert_int_equal(sum, seats);
        assert_int_equal(shares[1], 0);
    }
    fc_apportion(3, weights, 5, shares); /* 1.17 0 0.83 0.83 0.17 */
    assert_int_equal(shares[0], 1);
    assert_int_equal(shares[2], 1);
    assert_int_equal(shares[3], 1);
}

static void members_stand_under_a_hub_of_their_country(void **state)
{
    (void)state;
    static const char *const words[] = {"two-tier nodes=300 hubs=2", "map nodes=300 hubs=2"};
    for (int k = 0; k < 2; k++) {
        struct fc_topology topology;
        uint32_t members[300] = {0};
        topology_make(words[k], 1, &topology);
        for (uint32_t i = 0; i < 300; i++) {
            uint32_t hub = topology.sites[i].hub;
            assert_true(hub < 64);
            assert_string_equal(topology.sites[i].country, topology.sites[hub].country);
            assert_int_equal(topology.sites[hub].hub, hub);
            assert_int_equal(i < 64, hub == i);
            members[hub]++;
            if (i >= 64)
                assert_int_not_equal(fc_topology_latency_us(&topology, i, hub), FC_TOPOLOGY_NONE);
        }
        for (uint32_t i = 0; i < 64; i += 2) /* in turn */
            assert_in_range(members[i], members[i + 1], members[i + 1] + 1);
        fc_topology_finish(&topology);
    }
    struct fc_topology topology;
    topology_make("map nodes=10", 1, &topology);
    for (uint32_t i = 0; i < 10; i++)
        assert_int_equal(topology.sites[i].hub, FC_TOPOLOGY_NONE);
    fc_topology_finish(&topology);
}

/* Beyond the table's size the same values are computed. */
static void many_places_are_looked_up_without_a_table(void **state)
{
    (void)state;
    struct fc_topology topology, small;
    topology_make("map nodes=5000", 1, &topology);
    topology_make("map nodes=5000", 1, &small);
    for (uint32_t i = 0; i < 5000; i++)
        topology.sites[i].longitude_udeg += (int32_t)i;
    assert_int_equal(fc_topology_index(&topology, NULL), FC_OK);
    assert_null(topology.place_us);
    assert_true(topology.place_count > FC_TOPOLOGY_TABLE_MAX);
    for (uint32_t i = 0; i < 5000; i++)
        assert_in_range(fc_topology_latency_us(&topology, 0, i) + 10,
                        fc_topology_latency_us(&small, 0, i),
                        fc_topology_latency_us(&small, 0, i) + 20);
    fc_topology_finish(&topology);
    fc_topology_finish(&small);
}

/* Asked for every message: it must not be what a simulation waits for. The floor is far below what
 * any machine does (some 100 million a second here), so that a busy one passes too. */
static void lookups_are_quick(void **state)
{
    (void)state;
    enum { LOOKUPS = 20000000, NODES = 100000 };
    struct fc_topology topology;
    struct timespec start, end;
    uint64_t sum = 0;
    uint32_t a = 1, b = 2;
    topology_make("map nodes=100000", 1, &topology);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
    for (int i = 0; i < LOOKUPS; i++) {
        a = (a * 1664525u + 1013904223u);
        b = (b * 22695477u + 1);
        sum += fc_topology_latency_us(&topology, (uint32_t)((uint64_t)a * NODES >> 32),
                                      (uint32_t)((uint64_t)b * NODES >> 32));
    }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    double seconds =
        (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
    print_message("%.0f million lookups a second, %.1f ms on average\n", LOOKUPS / seconds / 1e6,
                  (double)sum / LOOKUPS / 1e3);
    assert_true(sum > 0);
#ifdef __OPTIMIZE__
    assert_true(LOOKUPS / seconds > 5e6);
#endif
    fc_topology_finish(&topology);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_are_right_to_the_metre),
        cmocka_unit_test(the_ends_of_the_earth_are_fine),
        cmocka_unit_test(distances_are_the_same_everywhere),
        cmocka_unit_test(light_takes_its_time),
        cmocka_unit_test(latencies_are_those_of_europe),
        cmocka_unit_test(triangles_close),
        cmocka_unit_test(the_map_is_in_order),
        cmocka_unit_test(countries_get_their_share),
        cmocka_unit_test(shares_add_up),
        cmocka_unit_test(members_stand_under_a_hub_of_their_country),
        cmocka_unit_test(many_places_are_looked_up_without_a_table),
        cmocka_unit_test(lookups_are_quick),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
