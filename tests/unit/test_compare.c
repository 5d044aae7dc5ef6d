#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/inside.h"
#include "sim/world.h"
#include "store/replica_priv.h"
#include "tests/support/rng.h"

static const uint64_t second_us = 1000000;
enum { PARIS, BERLIN, FEEDS = 30 };

/* What goes from berlin to paris, counted, and changed if the test says how. */
enum trick { HONEST, GARBAGE, ENDLESS, NONSENSE, LISTS };
struct wire {
    enum trick trick;
    uint32_t compares, sketches, symbols, items, fetches, pages;
    size_t bytes;
    uint64_t rng;
};

static void rewrite(struct wire *wire, struct fc_buf *message, struct fc_wire *sketch)
{
    uint8_t bytes[64 * FC_RIBLT_SYMBOL_BYTES];
    struct fc_riblt_item item = {{0}};
    struct fc_buf out = {0};
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)test_rng_below(&wire->rng, 256);
    struct fc_wire changed = *sketch;
    if (wire->trick == GARBAGE || wire->trick == ENDLESS) {
        changed.sketch.symbols = fc_span(bytes, sizeof bytes);
        changed.sketch.items = (struct fc_span){0};
        changed.sketch.more = false;
        if (wire->trick == ENDLESS)
            changed.sketch.count = UINT32_MAX;
    } else { /* items nobody holds; LISTS: without end */
        fc_put_be64(item.b, UINT64_MAX / 2 + wire->items);
        changed.sketch.symbols = (struct fc_span){0};
        changed.sketch.items = fc_span(item.b, sizeof item.b);
        changed.sketch.more = wire->trick == LISTS;
    }
    assert_int_equal(fc_wire_encode(&changed, &out), FC_OK);
    fc_buf_finish(message);
    *message = out;
}

static bool watch(void *ctx, uint32_t from, uint32_t to, struct fc_buf *message)
{
    struct wire *wire = ctx;
    struct fc_wire decoded;
    if (fc_wire_decode(fc_buf_span(message), &decoded) != FC_OK)
        return true;
    wire->compares += decoded.kind == FC_WIRE_COMPARE;
    wire->fetches += decoded.kind == FC_WIRE_FETCH;
    wire->pages += decoded.kind == FC_WIRE_PAGE;
    if (decoded.kind == FC_WIRE_COMPARE || decoded.kind == FC_WIRE_SKETCH ||
        decoded.kind == FC_WIRE_FETCH || decoded.kind == FC_WIRE_RECORDS)
        wire->bytes += message->len;
    if (decoded.kind != FC_WIRE_SKETCH)
        return true;
    wire->sketches++;
    wire->symbols += decoded.sketch.symbols.len / FC_RIBLT_SYMBOL_BYTES;
    wire->items += decoded.sketch.items.len / FC_RIBLT_ITEM_BYTES;
    if (wire->trick != HONEST && from == BERLIN && to == PARIS) {
        wire->items++;
        rewrite(wire, message, &decoded);
    }
    return true;
}

static struct fc_world *begin(struct wire *wire, uint64_t seed, uint32_t nodes)
{
    struct fc_world_config config = {.seed = seed, .ctx = wire, .tamper = watch, .quota_nodes = 4};
    struct fc_world *world;
    *wire = (struct wire){.rng = seed};
    assert_int_equal(fc_world_create(&config, &world), FC_OK);
    for (uint32_t i = 0; i < nodes; i++) {
        char name[12];
        snprintf(name, sizeof name, "n%u", i);
        fc_world_admit(world, fc_world_add(world, name, i == 0 ? FC_WORLD_NONE : 0, false), 0);
    }
    assert_true(fc_world_converge(world, 60 * second_us));
    fc_world_run(world, 5 * second_us);
    return world;
}

/* Participants that publish at paris: as many feeds. */
static void add_feeds(struct fc_world *world, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        char name[12];
        snprintf(name, sizeof name, "p%u", i);
        uint32_t owner = fc_world_add(world, name, FC_WORLD_NONE, true);
        fc_world_admit(world, owner, PARIS);
        struct fc_world_op op = {"urn:offer:1", "{}", 0};
        assert_int_equal(fc_world_publish(world, PARIS, owner, &op, 1), FC_OK);
        fc_world_crash(world, owner);
    }
}

static struct fc_session *session_with(const struct fc_world *world, uint32_t at, uint32_t peer)
{
    struct fc_core *core = fc_world_core(world, at);
    struct fc_key key = fc_world_node_key(world, peer);
    for (uint32_t i = 0; i < core->session_count; i++)
        if (fc_key_eq(&core->sessions[i]->key, &key))
            return core->sessions[i];
    return NULL;
}

static struct fc_core_audit audit_of(const struct fc_world *world, uint32_t node)
{
    struct fc_core_status status;
    fc_core_get_status(fc_world_core(world, node), &status);
    return status.audit;
}

static bool agree(struct fc_world *world)
{
    struct fc_digest a, b;
    assert_int_equal(fc_replica_digest(fc_world_replica(world, PARIS), &a), FC_OK);
    assert_int_equal(fc_replica_digest(fc_world_replica(world, BERLIN), &b), FC_OK);
    return fc_hash_eq(&a.hash, &b.hash);
}

static void change_feeds(struct fc_world *world, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++) {
        struct fc_world_op op = {"urn:offer:2", "{\"a\":1}", 0};
        assert_int_equal(fc_world_publish(world, PARIS, 2 + i, &op, 1), FC_OK);
    }
}

/* Berlin is away while some feeds move on, and both forget their cursors. */
static void part_and_change(struct fc_world *world, uint32_t changed)
{
    fc_world_crash(world, BERLIN);
    change_feeds(world, 0, changed);
    fc_world_run(world, second_us);
    fc_world_restart(world, BERLIN);
}

static void few_differences_take_few_symbols(void **state)
{
    (void)state;
    struct wire wire;
    struct fc_world *world = begin(&wire, 1, 2);
    add_feeds(world, FEEDS);
    fc_world_run(world, 5 * second_us);
    assert_true(agree(world));
    /* berlin's state is not one that paris noted: it lasted no moment there */
    fc_history_finish(&fc_world_core(world, PARIS)->history);
    wire = (struct wire){0};
    part_and_change(world, 2);
    fc_history_finish(&fc_world_core(world, PARIS)->history);
    fc_world_run(world, 5 * second_us);
    assert_true(agree(world));
    assert_in_range(wire.symbols, 4, 60);
    assert_int_equal(wire.items, 0);
    assert_int_equal(wire.fetches, 1);
    assert_true(fc_sync_is_done(session_with(world, BERLIN, PARIS)));
    assert_true(fc_sync_is_done(session_with(world, PARIS, BERLIN)));
    /* the cursor is set: after a cut one page follows, and nothing is compared for it */
    struct fc_sync *sync = &session_with(world, BERLIN, PARIS)->sync;
    assert_int_equal(sync->reached, fc_replica_arrival_mark(fc_world_replica(world, PARIS)).index);
    fc_world_destroy(world);
}

static void many_differences_take_all_items(void **state)
{
    (void)state;
    struct wire wire;
    struct fc_world *world = begin(&wire, 2, 2);
    add_feeds(world, FEEDS);
    fc_world_run(world, 5 * second_us);
    wire = (struct wire){0};
    part_and_change(world, FEEDS);
    fc_history_finish(&fc_world_core(world, PARIS)->history);
    fc_world_run(world, 5 * second_us);
    assert_true(agree(world));
    assert_int_not_equal(wire.items, 0);
    assert_true(fc_sync_is_done(session_with(world, BERLIN, PARIS)));
    fc_world_destroy(world);
}

/* Where the state berlin comes back with was held at paris, a page says what came since. */
static void a_state_of_late_is_a_cursor(void **state)
{
    (void)state;
    struct wire wire;
    struct fc_world *world = begin(&wire, 3, 2);
    add_feeds(world, FEEDS);
    fc_world_run(world, 5 * second_us);
    wire = (struct wire){0};
    part_and_change(world, 3);
    fc_world_run(world, 5 * second_us);
    assert_true(agree(world));
    assert_true(wire.symbols <= 24); /* of an audit, once the page was taken */
    assert_int_equal(wire.items, 0);
    assert_int_equal(wire.fetches, 0);
    fc_world_destroy(world);
}

/* A head is lost here without a trace, while all cursors say in sync. */
static void lose_head(struct fc_world *world, uint32_t node, uint32_t owner)
{
    struct fc_replica *replica = fc_world_replica(world, node);
    struct fc_hash id = fc_world_participant(world, owner);
    assert_int_equal(fc_replica_begin(replica), FC_OK);
    assert_int_equal(fc_replica_feed_remove(replica, &id), FC_OK);
    assert_int_equal(fc_replica_commit(replica), FC_OK);
    fc_world_core(world, node)->digest_known = false;
}

static void a_lost_head_is_found_and_mended(void **state)
{
    (void)state;
    for (uint32_t at = PARIS; at <= BERLIN; at++) {
        struct wire wire;
        struct fc_world *world = begin(&wire, 4 + at, 2);
        add_feeds(world, FEEDS);
        fc_world_run(world, 5 * second_us);
        uint64_t before = audit_of(world, at).found;
        lose_head(world, at, 7);
        assert_false(agree(world));
        assert_true(fc_sync_is_done(session_with(world, at, 1 - at)));
        fc_world_run(world, 200 * second_us);
        assert_true(agree(world));
        struct fc_core_audit audit = audit_of(world, at);
        assert_int_equal(audit.found, before + 1);
        assert_true(audit.last_ms > FC_WORLD_EPOCH_MS);
        struct fc_key peer = fc_world_node_key(world, 1 - at);
        assert_true(fc_key_eq(&audit.peer, &peer));
        fc_world_destroy(world);
    }
}

/* A cursor that says more than was taken in. */
static void a_wrong_cursor_is_found_and_mended(void **state)
{
    (void)state;
    struct wire wire;
    struct fc_world *world = begin(&wire, 8, 2);
    add_feeds(world, 4);
    fc_world_run(world, 2 * second_us);
    fc_world_group(world, BERLIN, 1);
    change_feeds(world, 0, 2);
    fc_world_run(world, 40 * second_us);
    struct fc_core *core = fc_world_core(world, BERLIN);
    struct fc_key key = fc_world_node_key(world, PARIS);
    struct fc_peer *peer = fc_peer_find(core, &key);
    assert_non_null(peer);
    peer->cursor_index += 2;
    fc_world_heal(world);
    fc_world_run(world, 100 * second_us);
    assert_true(agree(world));
    fc_world_destroy(world);
}

/* News is on its way all the time: comparisons find nothing lacking that does not come by itself.
 */
static void news_under_way_is_not_lacking(void **state)
{
    (void)state;
    struct wire wire;
    struct fc_world *world = begin(&wire, 9, 4);
    uint64_t count = 0, found = 0; /* some was, while they joined */
    for (uint32_t i = 0; i < 4; i++)
        found += audit_of(world, i).found;
    wire = (struct wire){0};
    for (uint32_t i = 0; i < 1200; i++) {
        char content[32];
        snprintf(content, sizeof content, "{\"n\":%u}", i);
        assert_int_equal(fc_world_put(world, i % 4, "urn:offer:1", content), FC_OK);
        fc_world_run(world, second_us / 2);
    }
    for (uint32_t i = 0; i < 4; i++) {
        count += audit_of(world, i).count;
        found -= audit_of(world, i).found;
    }
    assert_int_equal(found, 0);
    printf("  %.1f bytes a second and node\n", (double)wire.bytes / (600 * 4));
    assert_true(wire.bytes < 600 * 4 * 10);
    assert_true(count >= 8);
    fc_world_destroy(world);
}

static void tricks_end_in_one_catalogue(void **state)
{
    (void)state;
    for (int trick = GARBAGE; trick <= LISTS; trick++) {
        struct wire wire;
        struct fc_world *world = begin(&wire, 20 + (uint64_t)trick, 3);
        add_feeds(world, FEEDS);
        fc_world_run(world, 5 * second_us);
        fc_world_crash(world, PARIS);
        struct fc_world_op op = {"urn:offer:3", "{}", 0};
        assert_int_equal(fc_world_publish(world, BERLIN, BERLIN, &op, 1), FC_OK);
        fc_world_run(world, second_us);
        for (uint32_t i = BERLIN; i <= 2; i++)
            fc_history_finish(&fc_world_core(world, i)->history);
        wire.trick = (enum trick)trick;
        fc_world_restart(world, PARIS);
        fc_world_run(world, 300 * second_us);
        assert_true(agree(world)); /* the third brought what berlin held back */
        const struct fc_peer *peer;
        struct fc_key key = fc_world_node_key(world, BERLIN);
        peer = fc_peer_find(fc_world_core(world, PARIS), &key);
        assert_non_null(peer);
        assert_int_equal(peer->strikes, 0); /* nothing of it is proof of dishonesty */
        const struct fc_session *session = session_with(world, PARIS, BERLIN);
        if (session && session->sync.compare)
            assert_int_equal(session->sync.state == FC_SYNC_IDLE, 0);
        fc_world_destroy(world);
    }
}

static void send(struct fc_world *world, const struct fc_wire *message)
{
    struct fc_buf bytes = {0};
    assert_int_equal(fc_wire_encode(message, &bytes), FC_OK);
    fc_world_inject(world, BERLIN, PARIS, fc_buf_span(&bytes));
    fc_buf_finish(&bytes);
}

/* Each costs a look at all that is held: not more than so many in a row. */
static void questions_are_bounded(void **state)
{
    (void)state;
    struct wire wire;
    struct fc_world *world = begin(&wire, 30, 3);
    struct fc_wire message = {.kind = FC_WIRE_COMPARE, .compare = {.want = 8}};
    for (uint32_t i = 0; i < FC_QUESTIONS_BURST + 10; i++)
        send(world, &message);
    fc_world_run(world, 11000);
    assert_null(session_with(world, PARIS, BERLIN));
    fc_world_run(world, 20 * second_us);
    assert_int_equal(fc_world_put(world, 2, "urn:offer:1", "{}"), FC_OK);
    fc_world_run(world, second_us);
    assert_true(agree(world));
    fc_world_destroy(world);
}

/* The most of everything that a message may ask for. */
static void large_questions_are_answered(void **state)
{
    (void)state;
    struct wire wire;
    struct fc_world *world = begin(&wire, 31, 2);
    add_feeds(world, 4);
    fc_world_run(world, second_us);
    struct fc_riblt_item item = {{0xff}};
    struct fc_wire message = {.kind = FC_WIRE_COMPARE,
                              .compare = {.tally = {.count = UINT32_MAX},
                                          .tallied = true,
                                          .index = 3,
                                          .from = FC_RIBLT_SYMBOLS_MAX,
                                          .want = FC_SKETCH_SYMBOLS}};
    send(world, &message);
    message.compare.tallied = false;
    send(world, &message);
    message.compare.index = fc_replica_arrival_mark(fc_world_replica(world, PARIS)).index;
    send(world, &message);
    message.compare.after = fc_span(item.b, sizeof item.b);
    send(world, &message);
    struct fc_riblt_item many[FC_FETCH_MAX];
    memset(many, 7, sizeof many);
    message = (struct fc_wire){.kind = FC_WIRE_FETCH, .fetch = {{{1}}, fc_span(many, sizeof many)}};
    send(world, &message);
    fc_world_run(world, second_us);
    assert_non_null(session_with(world, PARIS, BERLIN));
    assert_int_equal(fc_world_put(world, PARIS, "urn:offer:after", "{}"), FC_OK);
    fc_world_run(world, second_us);
    assert_true(agree(world));
    fc_world_destroy(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_differences_take_few_symbols),
        cmocka_unit_test(many_differences_take_all_items),
        cmocka_unit_test(a_state_of_late_is_a_cursor),
        cmocka_unit_test(a_lost_head_is_found_and_mended),
        cmocka_unit_test(a_wrong_cursor_is_found_and_mended),
        cmocka_unit_test(news_under_way_is_not_lacking),
        cmocka_unit_test(tricks_end_in_one_catalogue),
        cmocka_unit_test(questions_are_bounded),
        cmocka_unit_test(large_questions_are_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
