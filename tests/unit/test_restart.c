/* All nodes of a federation start again at one moment: each resumes, and it costs next to nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/view_registry.h"
#include "net/wire.h"
#include "sim/world.h"

static const uint64_t second_us = 1000000;
enum { NODES = 40 };

struct wire {
    size_t bytes[FC_WIRE_SKETCH + 1]; /* by kind, of what was sent */
    uint32_t messages[FC_WIRE_SKETCH + 1];
};

static bool count(void *ctx, uint32_t from, uint32_t to, struct fc_buf *message)
{
    struct wire *wire = ctx;
    struct fc_wire decoded;
    (void)from, (void)to;
    if (fc_wire_decode(fc_buf_span(message), &decoded) == FC_OK) {
        wire->bytes[decoded.kind] += message->len;
        wire->messages[decoded.kind]++;
    }
    return true;
}

static size_t sum(const struct wire *wire, const enum fc_wire_kind *kinds, size_t len)
{
    size_t bytes = 0;
    for (size_t i = 0; i < len; i++)
        bytes += wire->bytes[kinds[i]];
    return bytes;
}

static void put(struct fc_world *world, uint32_t node, unsigned serial)
{
    char content[32];
    snprintf(content, sizeof content, "{\"n\":%u}", serial);
    assert_int_equal(fc_world_put(world, node, "urn:offer:1", content), FC_OK);
}

/* A federation in which everybody has published a few times. */
static struct fc_world *begin(struct wire *wire, uint64_t seed)
{
    struct fc_world_config config = {
        .seed = seed, .ctx = wire, .tamper = count, .view = &fc_view_registry};
    struct fc_world *world;
    assert_int_equal(fc_world_create(&config, &world), FC_OK);
    for (uint32_t i = 0; i < NODES; i++) {
        char name[8];
        snprintf(name, sizeof name, "n%u", i);
        fc_world_admit(world, fc_world_add(world, name, i == 0 ? FC_WORLD_NONE : 0, false), 0);
    }
    assert_true(fc_world_converge(world, 120 * second_us));
    for (unsigned i = 0; i < 5 * NODES; i++) {
        put(world, i % NODES, i);
        fc_world_run(world, second_us / 10);
    }
    assert_true(fc_world_converge(world, 30 * second_us));
    fc_world_run(world, 60 * second_us);
    return world;
}

static void restart_all(struct fc_world *world)
{
    for (uint32_t i = 0; i < NODES; i++)
        fc_world_crash(world, i);
    fc_world_run(world, second_us);
    for (uint32_t i = 0; i < NODES; i++)
        fc_world_restart(world, i);
}

static void show(const struct wire *wire)
{
    for (int kind = FC_WIRE_HELLO; kind <= FC_WIRE_SKETCH; kind++)
        if (wire->messages[kind] != 0)
            printf("  %-9s %6u messages %8zu bytes\n", fc_wire_kind_name((enum fc_wire_kind)kind),
                   wire->messages[kind], wire->bytes[kind]);
}

static void nothing_new_costs_greetings_alone(void **state)
{
    (void)state;
    static struct wire wire;
    struct fc_world *world = begin(&wire, 1);
    memset(&wire, 0, sizeof wire);
    restart_all(world);
    fc_world_run(world, 20 * second_us);
    show(&wire);
    assert_true(fc_world_is_converged(world));
    const enum fc_wire_kind none[] = {
        FC_WIRE_SYNC,    FC_WIRE_PAGE,   FC_WIRE_COMPARE, FC_WIRE_SKETCH, FC_WIRE_FETCH,
        FC_WIRE_RECORDS, FC_WIRE_RECORD, FC_WIRE_DELTA,   FC_WIRE_FEED,   FC_WIRE_CHARTERS};
    assert_int_equal(sum(&wire, none, sizeof none / sizeof *none), 0);
    /* a hello each way for each link that is kept or tried, some 5 a node */
    assert_true(wire.messages[FC_WIRE_HELLO] <= 2 * NODES * 12);
    fc_world_destroy(world);
}

/* News that reached half of them before they stopped, and was superseded while they were down. */
static void what_was_missed_comes_once(void **state)
{
    (void)state;
    static struct wire wire;
    enum { NEWS = 8 };
    struct fc_world *world = begin(&wire, 2);
    for (uint32_t i = NODES / 2; i < NODES; i++)
        fc_world_crash(world, i);
    for (unsigned round = 0; round < 10; round++)
        for (uint32_t i = 0; i < NEWS; i++) {
            put(world, i, 1000 + 10 * round + i);
            fc_world_run(world, second_us / 5);
        }
    memset(&wire, 0, sizeof wire);
    restart_all(world);
    assert_true(fc_world_converge(world, 30 * second_us));
    fc_world_run(world, 20 * second_us);
    show(&wire);
    /* NODES / 2 lack NEWS heads: each of these, its entries and what is said of them. */
    const enum fc_wire_kind payload[] = {FC_WIRE_DELTA, FC_WIRE_RECORD, FC_WIRE_BLOCK,
                                         FC_WIRE_RECORDS, FC_WIRE_PAGE};
    const enum fc_wire_kind asking[] = {FC_WIRE_SYNC,  FC_WIRE_COMPARE, FC_WIRE_SKETCH,
                                        FC_WIRE_FETCH, FC_WIRE_FEED,    FC_WIRE_MORE};
    size_t lacked = (size_t)NODES / 2 * NEWS * 1000; /* about a head and its change, as a block */
    printf("  lacked about %zu, payload %zu, asking %zu\n", lacked,
           sum(&wire, payload, sizeof payload / sizeof *payload),
           sum(&wire, asking, sizeof asking / sizeof *asking));
    assert_true(sum(&wire, payload, sizeof payload / sizeof *payload) < 2 * lacked);
    assert_true(sum(&wire, asking, sizeof asking / sizeof *asking) < lacked);
    fc_world_destroy(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_new_costs_greetings_alone),
        cmocka_unit_test(what_was_missed_comes_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
