#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/inside.h"
#include "sim/world_priv.h"
#include "tests/support/rng.h"

enum { NODES = 6, ROUNDS = 40 };
static const uint64_t second_us = 1000000;

static void publish(struct fc_world *world, uint64_t *rng, uint32_t node, uint32_t serial)
{
    char keys[3][32], contents[3][256];
    struct fc_world_op ops[3];
    uint32_t count = 1 + test_rng_below(rng, 3);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t key = 3 * test_rng_below(rng, 6) + i;
        snprintf(keys[i], sizeof keys[i], "urn:offer:%u", key);
        snprintf(contents[i], sizeof contents[i], "{\"@id\":\"%s\",\"serial\":%u}", keys[i],
                 serial);
        bool delete = test_rng_below(rng, 4) == 0;
        ops[i] = (struct fc_world_op){.key = keys[i], .content = delete ? NULL : contents[i]};
    }
    enum fc_err err = fc_world_publish(world, node, node, ops, count);
    /* A delete of what is not there, a node that is down, or not yet heard of its admission. */
    assert_true(err == FC_OK || err == FC_E_MISSING || err == FC_E_CLOSED || err == FC_E_UNKNOWN);
}

static void fault(struct fc_world *world, uint64_t *rng)
{
    uint32_t a = test_rng_below(rng, NODES), b = test_rng_below(rng, NODES);
    switch (test_rng_below(rng, 8)) {
    case 0:
        fc_world_crash(world, a);
        break;
    case 1:
        fc_world_restart(world, a);
        break;
    case 2:
        fc_world_group(world, a, 1 + test_rng_below(rng, 2));
        break;
    case 3:
        fc_world_heal(world);
        break;
    case 4:
        if (fc_world_is_up(world, a))
            fc_world_fail_commit(world, a, FC_E_FULL);
        break;
    default:
        if (a != b)
            fc_world_cut(world, a, b);
        break;
    }
}

/* True when it ends with one catalogue everywhere. */
static bool run(uint64_t seed, uint32_t queue_max, struct fc_hash *trace)
{
    struct fc_world_stats stats;
    struct fc_world_config config = {.seed = seed, .jitter_us = 30000, .queue_max = queue_max};
    struct fc_world *world;
    uint64_t rng = seed;
    assert_int_equal(fc_world_create(&config, &world), FC_OK);
    for (uint32_t i = 0; i < NODES; i++) {
        char name[8];
        snprintf(name, sizeof name, "n%u", i);
        fc_world_admit(world, fc_world_add(world, name, i == 0 ? FC_WORLD_NONE : 0, i == NODES - 1),
                       0);
    }
    for (uint32_t round = 0; round < ROUNDS; round++) {
        publish(world, &rng, test_rng_below(&rng, NODES), round);
        if (test_rng_below(&rng, 3) == 0)
            fault(world, &rng);
        fc_world_run(world, test_rng_below(&rng, 400000));
    }
    fc_world_heal(world);
    for (uint32_t i = 0; i < NODES; i++)
        fc_world_restart(world, i);
    bool converged = fc_world_converge(world, 600 * second_us);
    *trace = fc_world_trace_hash(world);
    fc_world_get_stats(world, &stats);
    assert_int_equal(stats.blocked != 0, queue_max != 0);
    fc_world_destroy(world);
    return converged;
}

static void faults_end_in_one_catalogue(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        struct fc_hash trace;
        bool converged = run(seed, 0, &trace);
        if (!converged)
            fprintf(stderr, "seed %llu does not converge\n", (unsigned long long)seed);
        assert_true(converged);
    }
}

static void links_that_take_little_lose_nothing(void **state)
{
    (void)state;
    for (uint64_t seed = 100; seed < 110; seed++) {
        struct fc_hash trace;
        bool converged = run(seed, 1, &trace);
        if (!converged)
            fprintf(stderr, "seed %llu does not converge\n", (unsigned long long)seed);
        assert_true(converged);
    }
}

static void one_seed_is_one_trace(void **state)
{
    (void)state;
    struct fc_hash first, again, other;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        run(seed, 2, &first);
        run(seed, 2, &again);
        run(seed + 1000, 2, &other);
        assert_memory_equal(first.b, again.b, sizeof first.b);
        assert_memory_not_equal(first.b, other.b, sizeof first.b);
    }
}

static uint32_t open_links(const struct fc_world *world, uint32_t node)
{
    struct fc_core_status status;
    fc_core_get_status(fc_world_core(world, node), &status);
    return status.open;
}

/* A lost transaction closes all sessions, and all comes back from what the store holds. */
static void a_failed_commit_starts_afresh(void **state)
{
    (void)state;
    struct fc_world_config config = {.seed = 5};
    struct fc_world *world;
    assert_int_equal(fc_world_create(&config, &world), FC_OK);
    for (uint32_t i = 0; i < 3; i++) {
        const char *const names[] = {"a", "b", "c"};
        fc_world_admit(world, fc_world_add(world, names[i], i == 0 ? FC_WORLD_NONE : 0, false), 0);
    }
    assert_true(fc_world_converge(world, 30 * second_us));
    fc_world_run(world, 3 * second_us);
    assert_int_equal(open_links(world, 1), 2);
    fc_world_fail_commit(world, 1, FC_E_FULL);
    assert_int_equal(fc_world_put(world, 0, "urn:offer:1", "{}"), FC_OK);
    fc_world_run(world, 200000);
    assert_int_equal(open_links(world, 1), 0);
    assert_true(fc_world_converge(world, 30 * second_us));
    fc_world_run(world, 5 * second_us);
    assert_int_equal(open_links(world, 1), 2);
    fc_world_destroy(world);
}

/* A head from the future is kept back until its time, and is not lost meanwhile. */
static void a_head_from_the_future_waits(void **state)
{
    (void)state;
    struct fc_world_config config = {.seed = 6};
    struct fc_world *world;
    struct fc_feed feed;
    assert_int_equal(fc_world_create(&config, &world), FC_OK);
    for (uint32_t i = 0; i < 3; i++) {
        const char *const names[] = {"a", "b", "c"};
        fc_world_admit(world, fc_world_add(world, names[i], i == 0 ? FC_WORLD_NONE : 0, false), 0);
    }
    assert_true(fc_world_converge(world, 30 * second_us));
    fc_world_skew(world, 1, FC_SKEW_MS + 60000);
    assert_int_equal(fc_world_put(world, 1, "urn:offer:1", "{}"), FC_OK);
    fc_world_run(world, 50 * second_us);
    struct fc_hash participant = fc_world_participant(world, 1);
    assert_int_equal(fc_replica_feed(fc_world_replica(world, 0), &participant, &feed),
                     FC_E_MISSING);
    assert_true(fc_world_converge(world, 20 * second_us));
    assert_int_equal(fc_replica_feed(fc_world_replica(world, 0), &participant, &feed), FC_OK);
    fc_world_destroy(world);
}

/* With fewer links than nodes everything still reaches everyone. */
static void few_links_are_enough(void **state)
{
    (void)state;
    enum { MANY = 24 };
    struct fc_world_config config = {.seed = 7, .peers_active_max = 4};
    struct fc_world *world;
    assert_int_equal(fc_world_create(&config, &world), FC_OK);
    for (uint32_t i = 0; i < MANY; i++) {
        char name[8];
        snprintf(name, sizeof name, "n%u", i);
        fc_world_admit(world, fc_world_add(world, name, i == 0 ? FC_WORLD_NONE : 0, false), 0);
    }
    assert_true(fc_world_converge(world, 120 * second_us));
    for (uint32_t i = 0; i < MANY; i++)
        assert_int_equal(fc_world_put(world, i, "urn:offer:1", "{}"), FC_OK);
    assert_true(fc_world_converge(world, 120 * second_us));
    for (uint32_t i = 1; i <= MANY / 2; i++) /* those left find each other */
        fc_world_crash(world, i);
    assert_int_equal(fc_world_put(world, 0, "urn:offer:2", "{}"), FC_OK);
    assert_int_equal(fc_world_put(world, MANY - 1, "urn:offer:3", "{}"), FC_OK);
    assert_true(fc_world_converge(world, 300 * second_us));
    fc_world_destroy(world);
}

/* More contents are missing than two questions cover: the rest is asked for as answers come, and
 * nobody spins meanwhile (the world asserts that). */
static void many_missing_contents_are_pulled(void **state)
{
    (void)state;
    enum { COUNT = 1500, LEN = 4096 };
    struct fc_world_config config = {.seed = 9};
    struct fc_world *world;
    struct fc_world_op *ops = calloc(COUNT, sizeof *ops);
    char *contents = malloc((size_t)COUNT * LEN), (*keys)[32] = calloc(COUNT, sizeof *keys);
    uint64_t rng = 9;
    assert_true(ops && contents && keys);
    assert_int_equal(fc_world_create(&config, &world), FC_OK);
    for (uint32_t i = 0; i < 2; i++) {
        const char *const names[] = {"a", "b"};
        fc_world_admit(world, fc_world_add(world, names[i], i == 0 ? FC_WORLD_NONE : 0, false), 0);
    }
    assert_true(fc_world_converge(world, 30 * second_us));
    for (size_t i = 0; i < (size_t)COUNT * LEN; i++)
        contents[i] = (char)('!' + test_rng_below(&rng, 90));
    for (uint32_t i = 0; i < COUNT; i++) {
        snprintf(keys[i], sizeof keys[i], "urn:offer:%u", i);
        ops[i] = (struct fc_world_op){keys[i], contents + (size_t)i * LEN, LEN};
    }
    assert_int_equal(fc_world_publish(world, 0, 0, ops, COUNT), FC_OK);
    assert_true(fc_world_converge(world, 10 * second_us));
    free(ops);
    free(contents);
    free(keys);
    fc_world_destroy(world);
}

static void count_damage(void *ctx, const struct fc_damage *damage)
{
    uint32_t *count = ctx;
    (void)damage;
    (*count)++;
}

static enum fc_err repair(void *ctx, struct fc_replica *replica)
{
    return fc_replica_verify(replica, true, count_damage, NULL, ctx);
}

/* Takes the first row of a table away, as a failing disk might. */
static void lose_row(struct fc_world *world, uint32_t node, enum fc_table table)
{
    struct fc_kv *kv = fc_replica_kv(fc_world_replica(world, node));
    struct fc_kv_cursor *cursor;
    struct fc_txn *txn;
    struct fc_span key, value;
    uint8_t copy[FC_KV_KEY_BYTES_MAX];
    assert_int_equal(fc_kv_begin(kv, true, &txn), FC_OK);
    assert_int_equal(fc_kv_cursor_open(txn, table, &cursor), FC_OK);
    assert_int_equal(fc_kv_seek(cursor, (struct fc_span){0}, &key, &value), FC_OK);
    memcpy(copy, key.data, key.len);
    size_t len = key.len;
    fc_kv_cursor_close(cursor);
    assert_int_equal(fc_kv_del(txn, table, fc_span(copy, len)), FC_OK);
    assert_int_equal(fc_kv_commit(txn), FC_OK);
}

/* What a repair had to throw away comes back from peers, entry by entry. */
static void damage_is_repaired_from_peers(void **state)
{
    (void)state;
    static const enum fc_table tables[] = {FC_TABLE_ENTRY, FC_TABLE_CONTENT};
    struct fc_world_config config = {.seed = 8};
    struct fc_world *world;
    struct fc_feed feed;
    assert_int_equal(fc_world_create(&config, &world), FC_OK);
    for (uint32_t i = 0; i < 3; i++) {
        const char *const names[] = {"a", "b", "c"};
        fc_world_admit(world, fc_world_add(world, names[i], i == 0 ? FC_WORLD_NONE : 0, false), 0);
    }
    for (uint32_t i = 0; i < 50; i++) {
        char key[32];
        snprintf(key, sizeof key, "urn:offer:%u", i);
        assert_int_equal(fc_world_put(world, 0, key, key), FC_OK);
    }
    assert_true(fc_world_converge(world, 30 * second_us));
    struct fc_hash participant = fc_world_participant(world, 0);
    for (uint32_t i = 0; i < 2; i++) {
        uint32_t damages = 0;
        lose_row(world, 1, tables[i]);
        assert_int_equal(fc_world_local(world, 1, repair, &damages), FC_OK);
        assert_int_not_equal(damages, 0);
        assert_int_equal(fc_replica_feed(fc_world_replica(world, 1), &participant, &feed), FC_OK);
        assert_true(feed.damaged || feed.missing != 0);
        assert_true(fc_world_converge(world, 60 * second_us));
        assert_int_equal(fc_replica_feed(fc_world_replica(world, 1), &participant, &feed), FC_OK);
        assert_false(feed.damaged);
        assert_int_equal(feed.missing, 0);
        assert_int_equal(feed.entries, 50);
        damages = 0;
        assert_int_equal(fc_world_local(world, 1, repair, &damages), FC_OK);
        assert_int_equal(damages, 0);
    }
    fc_world_destroy(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults_end_in_one_catalogue),
        cmocka_unit_test(links_that_take_little_lose_nothing),
        cmocka_unit_test(one_seed_is_one_trace),
        cmocka_unit_test(a_failed_commit_starts_afresh),
        cmocka_unit_test(a_head_from_the_future_waits),
        cmocka_unit_test(few_links_are_enough),
        cmocka_unit_test(many_missing_contents_are_pulled),
        cmocka_unit_test(damage_is_repaired_from_peers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
