#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/core.h"
#include "sim/world_priv.h"
#include "store/checkpoint.h"
#include "tests/support/keys.h"

static const uint64_t second_us = 1000000;
enum { NODES = 4, MALLORY = 3, LEAST_MS = FC_CHECKPOINT_LEAST_MS };

static void intervals_grow_with_the_federation(void **state)
{
    (void)state;
    assert_int_equal(fc_checkpoint_interval_ms(0, LEAST_MS), LEAST_MS);
    assert_int_equal(fc_checkpoint_interval_ms(60, LEAST_MS), LEAST_MS);
    assert_int_equal(fc_checkpoint_interval_ms(61, LEAST_MS), 610 * 1000);
    assert_int_equal(fc_checkpoint_interval_ms(1000, LEAST_MS), 10000 * 1000);
}

/* All start at one moment, and go on from what they signed last: no second has many. */
static void nodes_do_not_publish_together(void **state)
{
    (void)state;
    enum { COUNT = 1000, START_S = 50000 };
    static uint32_t first[COUNT * 10], next[COUNT * 20];
    uint32_t most_first = 0, most_next = 0;
    for (unsigned i = 0; i < COUNT; i++) {
        struct fc_key key = fc_test_box("node", i).pub;
        uint64_t start_ms = (uint64_t)START_S * 1000;
        uint64_t due_ms = fc_checkpoint_due_ms(&key, 0, start_ms, COUNT, LEAST_MS);
        assert_in_range(due_ms, start_ms, start_ms + 2500 * 1000);
        uint64_t second = due_ms / 1000 - START_S;
        most_first = ++first[second] > most_first ? first[second] : most_first;
        uint64_t later_ms = fc_checkpoint_due_ms(&key, due_ms, start_ms, COUNT, LEAST_MS);
        assert_in_range(later_ms, due_ms + 7500 * 1000, due_ms + 12500 * 1000);
        second = later_ms / 1000 - START_S;
        most_next = ++next[second] > most_next ? next[second] : most_next;
    }
    assert_true(most_first <= 6);
    assert_true(most_next <= 6);
}

/* -- in a federation -------------------------------------------------------------------------- */

struct wire {
    bool apart; /* the last node hears nothing of heads */
};

static bool part(void *ctx, uint32_t from, uint32_t to, struct fc_buf *message)
{
    const struct wire *wire = ctx;
    (void)message;
    return !wire->apart || (from != MALLORY && to != MALLORY);
}

static struct fc_world *begin(struct wire *wire, uint64_t seed)
{
    struct fc_world_config config = {.seed = seed, .ctx = wire, .tamper = part};
    struct fc_world *world;
    *wire = (struct wire){false};
    assert_int_equal(fc_world_create(&config, &world), FC_OK);
    for (uint32_t i = 0; i < NODES; i++) {
        char name[8];
        snprintf(name, sizeof name, "n%u", i);
        fc_world_admit(world, fc_world_add(world, name, i == 0 ? FC_WORLD_NONE : 0, false), 0);
    }
    assert_true(fc_world_converge(world, 30 * second_us));
    fc_world_run(world, 5 * second_us);
    return world;
}

static void put(struct fc_world *world, uint32_t node, unsigned serial)
{
    char content[32];
    snprintf(content, sizeof content, "{\"n\":%u}", serial);
    assert_int_equal(fc_world_put(world, node, "urn:offer:1", content), FC_OK);
}

static struct fc_core_status status_of(const struct fc_world *world, uint32_t node)
{
    struct fc_core_status status;
    fc_core_get_status(fc_world_core(world, node), &status);
    return status;
}

static void honest_checkpoints_agree(void **state)
{
    (void)state;
    struct wire wire;
    struct fc_world *world = begin(&wire, 1);
    struct fc_replica *replica = fc_world_replica(world, 0);
    for (unsigned i = 0; i < 200; i++) {
        put(world, i % NODES, i);
        fc_world_run(world, second_us);
        if (i % 10 == 9)
            assert_int_equal(fc_world_checkpoint(world, i / 10 % NODES), FC_OK);
    }
    fc_world_run(world, 60 * second_us);
    for (uint32_t i = 0; i < NODES; i++) {
        assert_int_equal(fc_core_witness_count(fc_world_core(world, i)), 0);
        assert_int_equal(status_of(world, i).witnessed, 15);
        assert_true(status_of(world, i).witnessed_ms > FC_WORLD_EPOCH_MS);
    }
    struct fc_key key = fc_world_node_key(world, 2);
    const struct fc_ledger *ledger = fc_replica_ledger(replica);
    assert_true(fc_checkpoint_last_ms(ledger, &key) > FC_WORLD_EPOCH_MS);
    fc_world_destroy(world);
}

/* Signs over a digest nobody else ever had. */
static void false_checkpoint(struct fc_world *world, uint32_t node, uint32_t at, unsigned serial,
                             uint64_t feeds)
{
    const struct fc_world_node *signer = world->nodes[node];
    uint8_t bytes[8];
    fc_put_be64(bytes, serial);
    struct fc_checkpoint checkpoint = {.federation = world->federation,
                                       .participant = signer->participant,
                                       .node_key = signer->node_key,
                                       .charter = world->charter_hash,
                                       .digest = fc_hash("fedcat.test.1", fc_span(bytes, 8)),
                                       .feeds = feeds,
                                       .entries = 1,
                                       .time_ms = fc_world_wall_ms(world, world->nodes[at])};
    struct fc_buf body = {0}, record = {0};
    assert_int_equal(fc_checkpoint_body(&checkpoint, &body), FC_OK);
    assert_int_equal(
        fc_record_sign(FC_RECORD_CHECKPOINT, fc_buf_span(&body), &signer->feed_key, &record),
        FC_OK);
    assert_int_equal(fc_world_hand_in(world, at, fc_buf_span(&record)), FC_OK);
    fc_buf_finish(&body);
    fc_buf_finish(&record);
}

static void another_catalogue_is_seen(void **state)
{
    (void)state;
    struct wire wire;
    struct fc_world *world = begin(&wire, 2);
    struct fc_core_witness witness;
    uint64_t since_ms = 0;
    put(world, 0, 1);
    fc_world_run(world, 400 * second_us);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(fc_core_witness_count(fc_world_core(world, 0)), 0);
        if (i == 0)
            since_ms = fc_world_wall_ms(world, world->nodes[1]);
        false_checkpoint(world, MALLORY, 1, i, i == 2 ? 0 : 1);
        fc_world_run(world, 60 * second_us);
    }
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(fc_core_witness_count(fc_world_core(world, i)), 1);
        fc_core_witness_at(fc_world_core(world, i), 0, &witness);
        assert_int_equal(witness.view, FC_WITNESS_WITHHELD);
        assert_int_equal(witness.since_ms, since_ms);
        assert_int_equal(witness.feeds, 0);
        assert_int_equal(witness.own_feeds, 1);
        struct fc_key key = fc_world_node_key(world, MALLORY);
        assert_true(fc_key_eq(&witness.node_key, &key));
    }
    /* one that agrees settles it */
    assert_int_equal(fc_world_checkpoint(world, MALLORY), FC_OK);
    fc_world_run(world, 5 * second_us);
    assert_int_equal(fc_core_witness_count(fc_world_core(world, 0)), 0);
    fc_world_destroy(world);
}

static void a_node_kept_apart_is_seen_as_behind(void **state)
{
    (void)state;
    struct wire wire;
    struct fc_world *world = begin(&wire, 3);
    struct fc_core_witness witness;
    put(world, 0, 1);
    fc_world_run(world, 10 * second_us);
    wire.apart = true;
    for (unsigned i = 2; i < 20; i++) {
        put(world, 0, i);
        fc_world_run(world, 30 * second_us);
    }
    /* what it signs is brought to the others by somebody all the same */
    struct fc_buf body = {0}, record = {0};
    const struct fc_world_node *node = world->nodes[MALLORY];
    assert_int_equal(fc_replica_checkpoint(node->replica, &node->participant, &node->node_key,
                                           fc_world_wall_ms(world, node), &body),
                     FC_OK);
    assert_int_equal(
        fc_record_sign(FC_RECORD_CHECKPOINT, fc_buf_span(&body), &node->feed_key, &record), FC_OK);
    assert_int_equal(fc_world_hand_in(world, 1, fc_buf_span(&record)), FC_OK);
    fc_world_run(world, 5 * second_us);
    assert_int_equal(fc_core_witness_count(fc_world_core(world, 0)), 1);
    fc_core_witness_at(fc_world_core(world, 0), 0, &witness);
    assert_int_equal(witness.view, FC_WITNESS_BEHIND);
    assert_in_range(witness.as_of_ms, FC_WORLD_EPOCH_MS, witness.time_ms - 300 * 1000);
    fc_buf_finish(&body);
    fc_buf_finish(&record);
    fc_world_destroy(world);
}

/* A checkpoint of what is on its way is not held against anybody. */
static void what_comes_late_agrees(void **state)
{
    (void)state;
    struct wire wire;
    struct fc_world *world = begin(&wire, 4);
    put(world, 0, 1);
    fc_world_run(world, 5 * second_us);
    put(world, 1, 2);
    assert_int_equal(fc_world_checkpoint(world, 1), FC_OK);
    fc_world_run(world, 60 * second_us);
    assert_int_equal(fc_core_witness_count(fc_world_core(world, 0)), 0);
    assert_int_equal(status_of(world, 0).witnessed, 1);
    fc_world_destroy(world);
}

static void doubts_are_bounded(void **state)
{
    (void)state;
    struct wire wire;
    struct fc_world *world = begin(&wire, 5);
    put(world, 0, 1);
    fc_world_run(world, 5 * second_us);
    for (unsigned i = 0; i < 300; i++) {
        false_checkpoint(world, MALLORY, 1, i, 1);
        fc_world_run(world, 2000);
    }
    fc_world_run(world, 60 * second_us);
    assert_true(fc_core_witness_count(fc_world_core(world, 0)) <= 1);
    fc_world_destroy(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_grow_with_the_federation),
        cmocka_unit_test(nodes_do_not_publish_together),
        cmocka_unit_test(honest_checkpoints_agree),
        cmocka_unit_test(another_catalogue_is_seen),
        cmocka_unit_test(a_node_kept_apart_is_seen_as_behind),
        cmocka_unit_test(what_comes_late_agrees),
        cmocka_unit_test(doubts_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
