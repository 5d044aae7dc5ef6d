#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/rng.h"
#include "net/view_message.h"
#include "net/view_registry.h"
#include "net/wire.h"
#include "tests/support/overlay.h"

enum { SECOND_US = 1000000, NODES = 80, ACTIVE = FC_REGISTRY_ACTIVE };

static struct fc_world *make(uint64_t seed)
{
    struct fc_world_config config = {.seed = seed, .jitter_us = 4000, .view = &fc_view_registry};
    struct fc_world *world;
    assert_int_equal(fc_world_create(&config, &world), FC_OK);
    return world;
}

static void run_s(struct fc_world *world, uint32_t seconds)
{
    fc_world_run(world, seconds * (uint64_t)SECOND_US);
}

/* One part, symmetric, within bounds, and nobody with too little. */
static void must_be_sound(struct fc_world *world, const char *when)
{
    struct fc_overlay overlay;
    bool settled = fc_overlay_settle(world, 60 * (uint64_t)SECOND_US);
    fc_overlay_look(&overlay, world);
    fc_overlay_print(&overlay, when);
    assert_true(settled);
    assert_int_equal(overlay.parts, 1);
    assert_int_equal(overlay.one_sided, 0);
    assert_in_range(overlay.high, 1, ACTIVE);
    assert_in_range(overlay.low, overlay.up > ACTIVE ? 2 : 1, ACTIVE);
    fc_overlay_finish(&overlay);
}

static void must_converge(struct fc_world *world)
{
    assert_true(fc_world_converge(world, 120 * (uint64_t)SECOND_US));
}

static void publish_everywhere(struct fc_world *world, uint32_t step)
{
    for (uint32_t i = 0; i < fc_world_count(world); i += step)
        if (fc_world_is_up(world, i))
            assert_int_equal(fc_world_put(world, i, "urn:offer:1", "{\"name\":\"Compute\"}"),
                             FC_OK);
}

static void a_federation_grows(void **state)
{
    (void)state;
    struct fc_world *world = make(1);
    fc_overlay_grow(world, NODES, SECOND_US / 5);
    run_s(world, 60);
    must_be_sound(world, "grown one by one");
    must_converge(world);
    publish_everywhere(world, 7);
    must_converge(world);
    fc_world_destroy(world);
}

static void half_of_it_crashes_at_once(void **state)
{
    (void)state;
    struct fc_world *world = make(2);
    fc_overlay_grow(world, NODES, SECOND_US / 5);
    run_s(world, 30);
    must_be_sound(world, "before the crash");
    for (uint32_t i = 0; i < NODES; i += 2)
        fc_world_crash(world, i);
    run_s(world, 20);
    must_be_sound(world, "after half crashed");
    publish_everywhere(world, 9);
    must_converge(world);
    for (uint32_t i = 0; i < NODES; i += 2)
        fc_world_restart(world, i);
    run_s(world, 30);
    must_be_sound(world, "after they came back");
    must_converge(world);
    fc_world_destroy(world);
}

/* Each half mends itself, so that nobody lacks a neighbour when they meet again. */
static void halves_find_each_other(void **state)
{
    (void)state;
    struct fc_world *world = make(3);
    struct fc_overlay overlay;
    fc_overlay_grow(world, NODES, SECOND_US / 5);
    run_s(world, 30);
    for (uint32_t i = NODES / 2; i < NODES; i++)
        fc_world_group(world, i, 1);
    run_s(world, 120);
    fc_overlay_look(&overlay, world);
    fc_overlay_print(&overlay, "parted");
    assert_int_equal(overlay.parts, 2);
    fc_overlay_finish(&overlay);
    publish_everywhere(world, 9);
    fc_world_heal(world);
    run_s(world, 60);
    must_be_sound(world, "a minute after healing");
    must_converge(world);
    fc_world_destroy(world);
}

static void a_storm_of_joins(void **state)
{
    (void)state;
    struct fc_world *world = make(4);
    struct fc_overlay before, after;
    enum { OLD = 20, NEW = 100 };
    fc_overlay_grow(world, OLD, SECOND_US / 5);
    run_s(world, 30);
    fc_overlay_look(&before, world);
    for (uint32_t i = 0; i < NEW; i++)
        fc_overlay_add(world, 0, false);
    run_s(world, 12); /* the first dials come before their admission, the next after 5 s */
    fc_overlay_look(&after, world);
    fc_overlay_print(&after, "12 s after 100 joined at once");
    uint32_t kept = 0, had = 0;
    for (uint32_t i = 0; i < OLD; i++) {
        uint32_t kept_before = kept;
        for (uint32_t j = 0; j < OLD; j++) {
            had += before.edge[i * before.count + j];
            kept += before.edge[i * before.count + j] && after.edge[i * after.count + j];
        }
        assert_true(kept > kept_before); /* nobody is cut off from all it knew */
    }
    printf("of %u links between the old nodes %u are left\n", had / 2, kept / 2);
    assert_true(kept * 2 >= had);
    fc_overlay_finish(&before);
    fc_overlay_finish(&after);
    run_s(world, 60);
    must_be_sound(world, "a minute after 100 joined at once");
    publish_everywhere(world, 30);
    must_converge(world);
    fc_world_destroy(world);
}

/* They choose for themselves, and take nobody's place. */
static void nodes_without_endpoints(void **state)
{
    (void)state;
    struct fc_world *world = make(5);
    struct fc_overlay overlay;
    enum { OPEN = 20, CLOSED = 20 };
    fc_overlay_grow(world, OPEN, SECOND_US / 5);
    for (uint32_t i = 0; i < CLOSED; i++)
        fc_overlay_add(world, 0, true);
    run_s(world, 60);
    assert_true(fc_overlay_settle(world, 60 * (uint64_t)SECOND_US));
    fc_overlay_look(&overlay, world);
    fc_overlay_print(&overlay, "half of them only dial");
    for (uint32_t i = 0; i < OPEN + CLOSED; i++) {
        uint32_t reachable = 0, dialling = 0;
        for (uint32_t j = 0; j < OPEN + CLOSED; j++) {
            reachable += j < OPEN && overlay.edge[i * overlay.count + j];
            dialling += j >= OPEN && overlay.edge[i * overlay.count + j];
        }
        assert_in_range(reachable, 2, ACTIVE);
        assert_in_range(dialling, 0, i < OPEN ? ACTIVE : 0);
    }
    fc_overlay_finish(&overlay);
    publish_everywhere(world, 7);
    must_converge(world);
    fc_world_destroy(world);
}

static struct fc_buf neighbor(enum fc_view_priority priority)
{
    struct fc_view_message message = {.kind = FC_VIEW_NEIGHBOR, .priority = priority};
    struct fc_buf bytes = {0}, wire = {0};
    fc_view_encode(&message, &bytes);
    struct fc_wire outer = {.kind = FC_WIRE_VIEW, .opaque = {.bytes = fc_buf_span(&bytes)}};
    assert_int_equal(fc_wire_encode(&outer, &wire), FC_OK);
    fc_buf_finish(&bytes);
    return wire;
}

static bool had_link(const struct fc_overlay *overlay, uint32_t a, uint32_t b)
{
    return overlay->edge[a * overlay->count + b] != 0;
}

/* Two that hold links with the victim say again and again that they have no neighbour; so does
 * whoever else gets in touch with it. */
static void a_flood_of_neighbors(void **state)
{
    (void)state;
    enum { COUNT = 30, VICTIM = 7, ROUNDS = 200 };
    struct fc_world *world = make(6);
    struct fc_overlay before, after;
    struct fc_buf high = neighbor(FC_VIEW_HIGH);
    fc_overlay_grow(world, COUNT, SECOND_US / 5);
    run_s(world, 60);
    fc_overlay_look(&before, world);
    for (int round = 0; round < ROUNDS; round++) {
        for (uint32_t i = 0; i < COUNT; i++)
            if (i != VICTIM)
                fc_world_inject(world, i, VICTIM, fc_buf_span(&high));
        fc_world_run(world, SECOND_US / 20);
    }
    fc_overlay_look(&after, world);
    fc_overlay_print(&after, "after 10 s of false alarms");
    uint32_t kept = 0;
    for (uint32_t i = 0; i < COUNT; i++)
        kept += had_link(&before, VICTIM, i) && had_link(&after, VICTIM, i);
    printf("of %u neighbours of the victim %u are left\n", before.degree[VICTIM], kept);
    assert_in_range(after.degree[VICTIM], 1, ACTIVE);
    assert_true(kept + 2 >= before.degree[VICTIM]); /* two evictions in twenty seconds */
    fc_overlay_finish(&before);
    fc_overlay_finish(&after);
    fc_buf_finish(&high);
    run_s(world, 30);
    must_be_sound(world, "and half a minute later");
    fc_world_destroy(world);
}

/* What no view sends costs the link, and nothing else. */
static void a_message_that_is_none(void **state)
{
    (void)state;
    struct fc_world *world = make(7);
    struct fc_wire outer = {.kind = FC_WIRE_VIEW, .opaque = {.bytes = fc_span_str("\x92\x01\x07")}};
    struct fc_buf wire = {0};
    struct fc_overlay overlay;
    assert_int_equal(fc_wire_encode(&outer, &wire), FC_OK);
    fc_overlay_grow(world, 4, SECOND_US / 5);
    run_s(world, 20);
    fc_overlay_look(&overlay, world);
    assert_true(had_link(&overlay, 2, 1));
    fc_overlay_finish(&overlay);
    fc_world_inject(world, 1, 2, fc_buf_span(&wire));
    run_s(world, 5);
    fc_overlay_look(&overlay, world);
    assert_false(had_link(&overlay, 2, 1));
    assert_int_equal(overlay.parts, 1);
    fc_overlay_finish(&overlay);
    fc_buf_finish(&wire);
    fc_world_destroy(world);
}

/* Two continents, 2 ms within and 80 ms between. */
static uint64_t continents(void *ctx, uint32_t from, uint32_t to)
{
    (void)ctx;
    return from % 2 == to % 2 ? 2000 : 80000;
}

static double share_near(const struct fc_world *world)
{
    struct fc_overlay overlay;
    uint32_t near = 0, all = 0;
    fc_overlay_look(&overlay, world);
    for (uint32_t i = 0; i < overlay.count; i++) {
        for (uint32_t j = 0; j < overlay.count; j++) {
            all += had_link(&overlay, i, j);
            near += had_link(&overlay, i, j) && i % 2 == j % 2;
        }
    }
    fc_overlay_finish(&overlay);
    return all ? (double)near / all : 0;
}

static void near_links_are_found(void **state)
{
    (void)state;
    struct fc_world_config config = {.seed = 8, .latency = continents, .view = &fc_view_registry};
    struct fc_world *world;
    assert_int_equal(fc_world_create(&config, &world), FC_OK);
    fc_overlay_grow(world, 40, SECOND_US / 5);
    run_s(world, 20);
    double before = share_near(world);
    run_s(world, 900);
    double after = share_near(world);
    printf("links within a continent: %.0f %% at first, %.0f %% later\n", 100 * before,
           100 * after);
    assert_true(after > 0.6);
    assert_true(after < 0.95); /* the continents stay linked, and not by a thread */
    must_be_sound(world, "two continents");
    fc_world_destroy(world);
}

static struct fc_hash story(uint64_t seed)
{
    struct fc_world *world = make(seed);
    fc_overlay_grow(world, 30, SECOND_US / 10);
    run_s(world, 10);
    for (uint32_t i = 0; i < 30; i += 3)
        fc_world_crash(world, i);
    run_s(world, 60);
    struct fc_hash hash = fc_world_trace_hash(world);
    fc_world_destroy(world);
    return hash;
}

static void the_same_seed_is_the_same_story(void **state)
{
    (void)state;
    struct fc_hash first = story(9), again = story(9), other = story(10);
    assert_true(fc_hash_eq(&first, &again));
    assert_false(fc_hash_eq(&first, &other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_federation_grows),
        cmocka_unit_test(half_of_it_crashes_at_once),
        cmocka_unit_test(halves_find_each_other),
        cmocka_unit_test(a_storm_of_joins),
        cmocka_unit_test(nodes_without_endpoints),
        cmocka_unit_test(a_flood_of_neighbors),
        cmocka_unit_test(a_message_that_is_none),
        cmocka_unit_test(near_links_are_found),
        cmocka_unit_test(the_same_seed_is_the_same_story),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
