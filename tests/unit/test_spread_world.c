/* Trees in whole federations: what is delivered, and at what price. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/inside.h"
#include "net/rng.h"
#include "net/spread_eager.h"
#include "net/spread_message.h"
#include "net/spread_plumtree.h"
#include "net/spread_plumtree_priv.h"
#include "net/view_registry.h"
#include "net/wire.h"
#include "tests/support/overlay.h"

enum { SECOND_US = 1000000, NODES = 50 };

static struct fc_world *make(struct fc_world_config config)
{
    struct fc_world *world;
    config.view = &fc_view_registry;
    if (config.jitter_us == 0)
        config.jitter_us = 4000;
    assert_int_equal(fc_world_create(&config, &world), FC_OK);
    return world;
}

static void must_converge(struct fc_world *world)
{
    assert_true(fc_world_converge(world, 180 * (uint64_t)SECOND_US));
}

static void publish(struct fc_world *world, uint32_t node, uint32_t serial)
{
    char content[64];
    snprintf(content, sizeof content, "{\"name\":\"Offer %u\"}", serial);
    enum fc_err err = fc_world_put(world, node, "urn:offer:1", content);
    assert_true(err == FC_OK || !fc_world_is_up(world, node));
}

struct counts {
    uint64_t in, duplicate, bytes;
};
static struct counts count(const struct fc_world *world)
{
    struct counts counts = {0};
    struct fc_world_stats stats;
    for (uint32_t i = 0; i < fc_world_count(world); i++) {
        struct fc_core_status status;
        fc_core_get_status(fc_world_core(world, i), &status);
        counts.in += status.deltas_in;
        counts.duplicate += status.deltas_duplicate;
    }
    fc_world_get_stats(world, &stats);
    counts.bytes = stats.bytes;
    return counts;
}

static void nothing_comes_twice(void **state)
{
    (void)state;
    enum { BROADCASTS = 20 };
    struct fc_world *world =
        make((struct fc_world_config){.seed = 1, .spread = &fc_spread_plumtree});
    fc_overlay_grow(world, NODES, SECOND_US / 5);
    fc_world_run(world, 60 * (uint64_t)SECOND_US);
    for (uint32_t i = 0; i < 2 * BROADCASTS; i++) {
        publish(world, i % BROADCASTS, i);
        fc_world_run(world, SECOND_US / 4);
    }
    must_converge(world);
    struct counts before = count(world);
    for (uint32_t i = 0; i < BROADCASTS; i++) {
        publish(world, i, 1000 + i);
        fc_world_run(world, SECOND_US);
    }
    must_converge(world);
    struct counts after = count(world);
    uint64_t deliveries = BROADCASTS * (NODES - 1), in = after.in - before.in;
    double redundancy = (double)in / (double)deliveries - 1;
    printf("%llu deltas came in for %llu deliveries, %llu of them again\n", (unsigned long long)in,
           (unsigned long long)deliveries,
           (unsigned long long)(after.duplicate - before.duplicate));
    assert_true(redundancy < 0.02);
    assert_true(in > deliveries * 98 / 100); /* by push, not by cursor */
    fc_world_destroy(world);
}

static uint64_t messages_in(struct fc_world *world, uint64_t for_us)
{
    struct fc_world_stats before, after;
    fc_world_get_stats(world, &before);
    fc_world_run(world, for_us);
    fc_world_get_stats(world, &after);
    return after.messages - before.messages;
}

/* Where a source has gone nobody is nearer to it: neighbours that do not know yet must not lead one
 * another around, farther and farther, in search of a way. */
static void a_source_that_goes_is_given_up(void **state)
{
    (void)state;
    enum { SOURCES = 30, GONE = 12, FOR_S = 20, EACH_MAX = 100 };
    struct fc_world *world = make((struct fc_world_config){
        .seed = 4, .spread = &fc_spread_plumtree, .loss_ppm = 10000, .jitter_us = 20000});
    fc_overlay_grow(world, NODES, SECOND_US / 5);
    fc_world_run(world, 60 * (uint64_t)SECOND_US);
    for (uint32_t i = 0; i < 3 * SOURCES; i++) {
        publish(world, i % SOURCES, i);
        fc_world_run(world, SECOND_US / 4);
    }
    must_converge(world);
    uint64_t calm = messages_in(world, GONE * FOR_S * (uint64_t)SECOND_US), all = 0;
    for (uint32_t i = 0; i < GONE; i++) {
        fc_world_crash(world, i);
        all += messages_in(world, FOR_S * (uint64_t)SECOND_US);
    }
    uint64_t more = all > calm ? all - calm : 0;
    printf("%llu messages for each source that went, of %d nodes\n",
           (unsigned long long)(more / GONE), NODES);
    assert_true(more / GONE < EACH_MAX * NODES);
    fc_world_destroy(world);
}

static struct fc_spread *spread_of(const struct fc_world *world, uint32_t node)
{
    return fc_world_core(world, node)->spread;
}

/* The node that this one has news of the source from, FC_WORLD_NONE if nobody would push it. */
static uint32_t parent_of(struct fc_world *world, uint32_t node, uint32_t id)
{
    struct fc_spread *spread = spread_of(world, node);
    const struct fc_group *group = fc_groups_find(&spread->groups, id, spread->now_us);
    if (!group || !fc_tree_is_open(spread, group->parent))
        return FC_WORLD_NONE;
    uint32_t parent = fc_world_node_of(world, &spread->links[group->parent].key);
    struct fc_key own = fc_world_node_key(world, node);
    spread = spread_of(world, parent);
    group = fc_groups_find(&spread->groups, id, spread->now_us);
    uint8_t link = fc_tree_link_of(spread, &own);
    bool pushes = group && link != FC_GROUP_NONE && !(group->lazy & fc_tree_bit(link));
    return pushes ? parent : FC_WORLD_NONE;
}

static uint32_t unreached(struct fc_world *world, uint32_t source, uint32_t id)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < fc_world_count(world); i++) {
        uint32_t at = i, hops = 0;
        while (at != source && at != FC_WORLD_NONE && hops++ < fc_world_count(world))
            at = parent_of(world, at, id);
        count += at != source;
    }
    return count;
}

static uint64_t apart(void *ctx, uint32_t from, uint32_t to)
{
    (void)ctx;
    int x = (int)(from * 37 % 101) - (int)(to * 37 % 101);
    int y = (int)(from * 53 % 97) - (int)(to * 53 % 97);
    return 1000 + 200 * (uint64_t)(abs(x) + abs(y));
}

/* The one that begins here; each node publishes into one. */
static uint32_t own_group(const struct fc_world *world, uint32_t node)
{
    struct fc_groups *groups = &spread_of(world, node)->groups;
    struct fc_group *group;
    uint32_t at = 0;
    while ((group = fc_groups_next(groups, &at)) != NULL)
        if (group->far == 0)
            return group->id;
    return 0;
}

static void cut_a_link(struct fc_world *world, struct fc_rng *rng)
{
    uint32_t node = (uint32_t)fc_rng_below(rng, fc_world_count(world));
    struct fc_spread *spread = spread_of(world, node);
    uint32_t link;
    do
        link = (uint32_t)fc_rng_below(rng, spread->link_cap);
    while (!fc_tree_is_open(spread, link));
    fc_world_cut(world, node, fc_world_node_of(world, &spread->links[link].key));
}

/* Links come and go while nothing is published, and more are open than the view has neighbours:
 * news would find its way all the same, but for what is being mended just then. */
static void trees_are_mended_before_there_is_news(void **state)
{
    (void)state;
    enum { SOURCES = 40, CUTS = 2 };
    bool slow = getenv("FEDCAT_SANITIZED") != NULL;
    uint32_t nodes = slow ? 50 : 100, rounds = slow ? 10 : 60, ways = nodes * SOURCES * rounds;
    struct fc_rng rng;
    uint8_t seed[32] = {9};
    uint32_t ids[SOURCES], lost = 0;
    struct fc_world *world = make((struct fc_world_config){
        .seed = 6, .spread = &fc_spread_plumtree, .latency = apart, .jitter_us = 1000});
    fc_rng_init(&rng, seed);
    fc_overlay_grow(world, nodes, SECOND_US / 5);
    fc_world_run(world, 60 * (uint64_t)SECOND_US);
    for (uint32_t i = 0; i < 3 * SOURCES; i++) {
        publish(world, i % SOURCES, i);
        fc_world_run(world, SECOND_US / 4);
    }
    must_converge(world);
    for (uint32_t i = 0; i < SOURCES; i++)
        assert_true((ids[i] = own_group(world, i)) != 0);
    for (uint32_t round = 0; round < rounds; round++) {
        for (uint32_t i = 0; i < CUTS; i++)
            cut_a_link(world, &rng);
        fc_world_run(world, 4 * (uint64_t)SECOND_US);
        for (uint32_t i = 0; i < SOURCES; i++)
            lost += unreached(world, i, ids[i]);
    }
    printf("%u of %u ways are broken\n", lost, ways);
    assert_true(lost < ways / 2000);
    fc_world_destroy(world);
}

/* Cuts, crashes and restarts at any time; everything gets everywhere all the same. */
static void suffer(const struct fc_spread_ops *ops, uint64_t seed, uint32_t nodes,
                   uint32_t queue_max)
{
    enum { MESSAGES_MAX = 100000 };
    struct fc_world_stats stats;
    struct fc_world *world =
        make((struct fc_world_config){.seed = seed, .spread = ops, .queue_max = queue_max});
    uint8_t bytes[32] = {(uint8_t)seed, 1};
    struct fc_rng rng;
    fc_rng_init(&rng, bytes);
    fc_overlay_grow(world, nodes, SECOND_US / 5);
    fc_world_run(world, 10 * (uint64_t)SECOND_US);
    for (uint32_t i = 0; i < 150; i++) {
        uint32_t a = (uint32_t)fc_rng_below(&rng, nodes), b = (uint32_t)fc_rng_below(&rng, nodes);
        switch (fc_rng_below(&rng, 10)) {
        case 0:
            fc_world_cut(world, a, b);
            break;
        case 1:
            fc_world_crash(world, a);
            break;
        case 2:
        case 3:
            fc_world_restart(world, b);
            break;
        default:
            publish(world, a, i);
            break;
        }
        fc_world_run(world, fc_rng_below(&rng, SECOND_US / 2));
    }
    for (uint32_t i = 0; i < nodes; i++)
        fc_world_restart(world, i);
    must_converge(world);
    fc_world_get_stats(world, &stats);
    assert_true(stats.messages < MESSAGES_MAX);
    fc_world_destroy(world);
}

/* Sanitizers take ten times as long. */
static uint64_t seeds(uint64_t many)
{
    return getenv("FEDCAT_SANITIZED") ? 1 : many;
}

static void faults_cost_no_delivery(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= seeds(4); seed++)
        suffer(&fc_spread_plumtree, seed, 24, 0);
    suffer(&fc_spread_plumtree_shared, 9, 24, 0);
    suffer(&fc_spread_eager, 9, 16, 0);
    suffer(&fc_spread_flood, 9, 16, 0);
}

static void full_links_cost_no_delivery(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= seeds(4); seed++)
        suffer(&fc_spread_plumtree, seed, 16, 2);
}

/* Announcements are held up for ever, or say what is not so: news is late, and comes. */
enum { LIARS = 5 };
static bool hide_news(void *ctx, uint32_t from, uint32_t to, struct fc_buf *bytes)
{
    struct fc_wire message;
    (void)ctx, (void)to;
    if (from == 0 || from > LIARS || fc_wire_decode(fc_buf_span(bytes), &message) != FC_OK)
        return true;
    return message.kind != FC_WIRE_DELTA;
}

static bool invent_news(void *ctx, uint32_t from, uint32_t to, struct fc_buf *bytes)
{
    struct fc_wire message;
    struct fc_buf items = {0}, news = {0}, lied = {0};
    struct fc_spread_list list;
    struct fc_unpack at;
    (void)ctx, (void)to;
    if (from == 0 || from > LIARS || fc_wire_decode(fc_buf_span(bytes), &message) != FC_OK ||
        message.kind != FC_WIRE_ANNOUNCE ||
        fc_spread_decode_news(message.announce.bytes, &list) != FC_OK)
        return true;
    fc_unpack_init(&at, list.bytes);
    for (uint32_t i = 0; i < list.count; i++) {
        struct fc_spread_news item;
        fc_spread_get_news(&at, &item);
        item.item.version += 1000;
        item.far = 0;
        fc_spread_put_news(&items, &item);
    }
    fc_spread_encode_news(&(struct fc_spread_list){list.count, fc_buf_span(&items)}, &news);
    message.announce.bytes = fc_buf_span(&news);
    if (fc_wire_encode(&message, &lied) != FC_OK)
        abort();
    fc_buf_finish(&items);
    fc_buf_finish(&news);
    fc_buf_finish(bytes);
    *bytes = lied;
    return true;
}

static void liars_cost_no_delivery(void **state)
{
    (void)state;
    bool (*const tampers[])(void *, uint32_t, uint32_t, struct fc_buf *) = {hide_news, invent_news};
    for (int lie = 0; lie < 2; lie++) {
        struct fc_world *world = make((struct fc_world_config){
            .seed = 5, .spread = &fc_spread_plumtree, .tamper = tampers[lie]});
        fc_overlay_grow(world, 25, SECOND_US / 5);
        fc_world_run(world, 20 * (uint64_t)SECOND_US);
        for (uint32_t i = 0; i < 60; i++) {
            publish(world, i % 25, i);
            fc_world_run(world, SECOND_US / 2);
        }
        must_converge(world);
        fc_world_destroy(world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_comes_twice),
        cmocka_unit_test(trees_are_mended_before_there_is_news),
        cmocka_unit_test(a_source_that_goes_is_given_up),
        cmocka_unit_test(faults_cost_no_delivery),
        cmocka_unit_test(full_links_cost_no_delivery),
        cmocka_unit_test(liars_cost_no_delivery),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
