#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/view_hyparview.h"
#include "net/view_registry.h"
#include "tests/support/overlay.h"

enum { SECOND_US = 1000000, NODES = 80, ACTIVE = FC_HYPARVIEW_ACTIVE };

static struct fc_world *make(uint64_t seed)
{
    struct fc_world_config config = {.seed = seed, .jitter_us = 4000, .view = &fc_view_hyparview};
    struct fc_world *world;
    assert_int_equal(fc_world_create(&config, &world), FC_OK);
    return world;
}

static void run_s(struct fc_world *world, uint32_t seconds)
{
    fc_world_run(world, seconds * (uint64_t)SECOND_US);
}

static void must_be_sound(struct fc_world *world, const char *when)
{
    struct fc_overlay overlay;
    bool settled = fc_overlay_settle(world, 60 * (uint64_t)SECOND_US);
    fc_overlay_look(&overlay, world);
    fc_overlay_print(&overlay, when);
    assert_true(settled);
    assert_in_range(overlay.high, 1, ACTIVE);
    assert_in_range(overlay.low, 1, ACTIVE);
    assert_true(overlay.mean > ACTIVE - 1);
    fc_overlay_finish(&overlay);
}

static void publish_at(struct fc_world *world, uint32_t node)
{
    assert_int_equal(fc_world_put(world, node, "urn:offer:1", "{\"name\":\"Compute\"}"), FC_OK);
}

/* -- who is in whose view, line by line ------------------------------------------------------- */

struct story {
    struct fc_world *world;
    unsigned asked, replied;
};

static bool has(const struct fc_world *world, uint32_t node, uint32_t other)
{
    const struct fc_core *core = fc_world_core(world, node);
    for (size_t i = 0; core && i < fc_core_peer_count(core); i++) {
        struct fc_peer_info info;
        fc_core_peer_at(core, i, &info);
        if (info.active && fc_world_node_of(world, &info.key) == other)
            return true;
    }
    return false;
}

/* A line is told before the node has looked at its message. */
static void on_line(void *ctx, const char *text)
{
    struct story *story = ctx;
    unsigned from, to;
    char word[16];
    if (sscanf(text, "%*f n%u -> n%u VIEW %15s", &from, &to, word) != 3)
        return;
    if (strcmp(word, "NEIGHBOR") == 0 || strcmp(word, "JOIN") == 0) {
        assert_false(has(story->world, from, to));
        assert_false(has(story->world, to, from));
        story->asked++;
    } else if (strstr(text, "REPLY yes")) {
        assert_true(has(story->world, from, to)); /* who was asked, when it sent this */
        assert_false(has(story->world, to, from));
        story->replied++;
    }
}

static void in_the_view_only_after_the_reply(void **state)
{
    (void)state;
    const struct fc_view_ops *views[] = {&fc_view_hyparview, &fc_view_registry};
    for (int i = 0; i < 2; i++) {
        struct story story = {0};
        struct fc_world_config config = {
            .seed = 4, .view = views[i], .ctx = &story, .line = on_line};
        assert_int_equal(fc_world_create(&config, &story.world), FC_OK);
        fc_world_admit(story.world, fc_world_add(story.world, "n0", FC_WORLD_NONE, false), 0);
        fc_world_admit(story.world, fc_world_add(story.world, "n1", 0, false), 0);
        run_s(story.world, 20);
        assert_int_equal(story.asked, 1);
        assert_int_equal(story.replied, 1);
        assert_true(has(story.world, 0, 1) && has(story.world, 1, 0));
        fc_world_destroy(story.world);
    }
}

static void a_federation_grows(void **state)
{
    (void)state;
    struct fc_world *world = make(1);
    fc_overlay_grow(world, NODES, SECOND_US / 5);
    run_s(world, 60);
    must_be_sound(world, "grown one by one");
    for (uint32_t i = 0; i < NODES; i += 7)
        publish_at(world, i);
    assert_true(fc_world_converge(world, 120 * (uint64_t)SECOND_US));
    fc_world_destroy(world);
}

static void half_of_it_crashes_at_once(void **state)
{
    (void)state;
    struct fc_world *world = make(2);
    fc_overlay_grow(world, NODES, SECOND_US / 5);
    run_s(world, 60);
    must_be_sound(world, "before the crash");
    for (uint32_t i = 1; i < NODES; i += 2)
        fc_world_crash(world, i);
    run_s(world, 40);
    must_be_sound(world, "after half crashed");
    publish_at(world, 0);
    assert_true(fc_world_converge(world, 120 * (uint64_t)SECOND_US));
    for (uint32_t i = 1; i < NODES; i += 2)
        fc_world_restart(world, i);
    run_s(world, 60);
    must_be_sound(world, "after they came back");
    assert_true(fc_world_converge(world, 120 * (uint64_t)SECOND_US));
    fc_world_destroy(world);
}

static void a_storm_of_joins(void **state)
{
    (void)state;
    struct fc_world *world = make(3);
    fc_overlay_grow(world, 20, SECOND_US / 5);
    run_s(world, 30);
    for (uint32_t i = 0; i < 100; i++)
        fc_overlay_add(world, 0, false);
    run_s(world, 90);
    must_be_sound(world, "after 100 joined at once");
    publish_at(world, 119);
    assert_true(fc_world_converge(world, 120 * (uint64_t)SECOND_US));
    fc_world_destroy(world);
}

/* The mean degree two seconds after a crash: nobody mends what it has not found broken. */
static double after_crash(bool news)
{
    struct fc_world *world = make(4);
    struct fc_overlay overlay;
    fc_overlay_grow(world, 40, SECOND_US / 5);
    run_s(world, 60);
    for (uint32_t i = 1; i < 40; i += 3)
        fc_world_crash(world, i);
    fc_world_run(world, SECOND_US / 10);
    if (news)
        publish_at(world, 0);
    fc_world_run(world, 3 * (uint64_t)SECOND_US / 2);
    fc_overlay_look(&overlay, world);
    fc_overlay_print(&overlay, news ? "after a crash, with news" : "after a crash, without");
    double mean = overlay.mean;
    fc_overlay_finish(&overlay);
    fc_world_destroy(world);
    return mean;
}

static void failures_are_found_on_send(void **state)
{
    (void)state;
    double with = after_crash(true), without = after_crash(false);
    assert_true(with > without + 0.3);
}

static struct fc_hash story(uint64_t seed)
{
    struct fc_world *world = make(seed);
    fc_overlay_grow(world, 30, SECOND_US / 10);
    run_s(world, 30);
    for (uint32_t i = 2; i < 30; i += 3)
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
        cmocka_unit_test(in_the_view_only_after_the_reply),
        cmocka_unit_test(a_federation_grows),
        cmocka_unit_test(half_of_it_crashes_at_once),
        cmocka_unit_test(a_storm_of_joins),
        cmocka_unit_test(failures_are_found_on_send),
        cmocka_unit_test(the_same_seed_is_the_same_story),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
