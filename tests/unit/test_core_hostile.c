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
#include "tests/support/messages.h"
#include "tests/support/rng.h"

enum { PARIS, BERLIN, MALLORY };
static const uint64_t second_us = 1000000;

static bool swallow(void *ctx, uint32_t from, uint32_t to, struct fc_buf *message)
{
    const bool *on = ctx;
    (void)message;
    return !*on || from != MALLORY || to == MALLORY;
}

/* A federation of three, one of which is about to misbehave. */
static struct fc_world *begin(const struct fc_world_config *config)
{
    static const char *const names[] = {"paris", "berlin", "mallory"};
    struct fc_world *world;
    assert_int_equal(fc_world_create(config, &world), FC_OK);
    for (uint32_t i = 0; i < 3; i++)
        fc_world_admit(world, fc_world_add(world, names[i], i == 0 ? FC_WORLD_NONE : 0, false), 0);
    assert_true(fc_world_converge(world, 30 * second_us));
    fc_world_run(world, 3 * second_us);
    return world;
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

static void send(struct fc_world *world, const struct fc_wire *message)
{
    struct fc_buf bytes = {0};
    assert_int_equal(fc_wire_encode(message, &bytes), FC_OK);
    fc_world_inject(world, MALLORY, PARIS, fc_buf_span(&bytes));
    fc_buf_finish(&bytes);
}

static void still_works(struct fc_world *world)
{
    struct fc_feed feed;
    struct fc_hash participant = fc_world_participant(world, PARIS);
    assert_int_equal(fc_world_put(world, PARIS, "urn:offer:after", "{}"), FC_OK);
    fc_world_run(world, second_us);
    assert_int_equal(fc_replica_feed(fc_world_replica(world, BERLIN), &participant, &feed), FC_OK);
}

static void garbage_costs_the_link(void **state)
{
    (void)state;
    struct fc_world_config config = {.seed = 1};
    struct fc_world *world = begin(&config);
    assert_non_null(session_with(world, PARIS, MALLORY));
    fc_world_inject(world, MALLORY, PARIS, fc_span_str("\xff\xff\xff\xff"));
    fc_world_run(world, second_us / 2);
    assert_null(session_with(world, PARIS, MALLORY));
    fc_world_run(world, 20 * second_us); /* it comes back and is turned away */
    assert_null(session_with(world, PARIS, MALLORY));
    fc_world_run(world, 120 * second_us); /* it has been long enough */
    assert_non_null(session_with(world, PARIS, MALLORY));
    still_works(world);
    fc_world_destroy(world);
}

/* Every kind of message at any time: refused or harmless, and the others go on. */
static void messages_out_of_place_do_no_harm(void **state)
{
    (void)state;
    for (int kind = FC_WIRE_HELLO; kind <= FC_WIRE_SKETCH; kind++) {
        if (!fc_wire_kind_name((enum fc_wire_kind)kind))
            continue;
        struct fc_world_config config = {.seed = 2};
        struct fc_world *world = begin(&config);
        struct fc_buf bytes = {0};
        fc_test_message((enum fc_wire_kind)kind, &bytes);
        for (int i = 0; i < 3; i++) {
            fc_world_inject(world, MALLORY, PARIS, fc_buf_span(&bytes));
            fc_world_run(world, second_us / 10);
        }
        still_works(world);
        fc_buf_finish(&bytes);
        fc_world_destroy(world);
    }
}

static void a_flood_is_dropped_and_closed(void **state)
{
    (void)state;
    struct fc_world_config config = {.seed = 3};
    struct fc_world *world = begin(&config);
    struct fc_wire more = {.kind = FC_WIRE_MORE, .more = {77, 1}};
    for (int i = 0; i < FC_MESSAGES_BURST + FC_DROPPED_MAX + 1000; i++)
        send(world, &more);
    fc_world_run(world, 11000);
    assert_null(session_with(world, PARIS, MALLORY));
    still_works(world);
    fc_world_destroy(world);
}

static void feeds_served_at_once_are_bounded(void **state)
{
    (void)state;
    bool on = true;
    struct fc_world_config config = {.seed = 4, .ctx = &on, .tamper = NULL};
    struct fc_world *world = begin(&config);
    char *content = malloc(600 * 1024);
    assert_non_null(content);
    for (size_t i = 0; i < 600 * 1024; i++)
        content[i] = (char)('a' + (i * 7919 ^ i >> 5) % 26);
    struct fc_world_op op = {"urn:large", content, 600 * 1024};
    assert_int_equal(fc_world_publish(world, PARIS, PARIS, &op, 1), FC_OK);
    struct fc_wire feed = {.kind = FC_WIRE_FEED,
                           .feed = {.participant = fc_world_participant(world, PARIS)}};
    for (uint64_t id = 0; id < 1000; id++) {
        feed.feed.id = id; /* without credit they stay */
        send(world, &feed);
    }
    fc_world_run(world, second_us);
    struct fc_session *session = session_with(world, PARIS, MALLORY);
    assert_non_null(session);
    uint32_t used = 0;
    for (uint32_t i = 0; i < FC_SERVED_MAX; i++)
        used += session->served[i].used;
    assert_int_equal(used, FC_SERVED_MAX);
    free(content);
    still_works(world);
    fc_world_destroy(world);
}

/* Records that name what nobody holds wait, but not without bound. */
static void records_that_wait_are_bounded(void **state)
{
    (void)state;
    struct fc_world_config config = {.seed = 5};
    struct fc_world *world = begin(&config);
    uint8_t seed[32] = {9};
    struct fc_sign_key secret;
    struct fc_key pub;
    fc_sign_key_from_seed(seed, &secret, &pub);
    for (uint32_t i = 0; i < FC_PENDING_MAX + 500; i++) {
        struct fc_buf body = {0}, record = {0};
        struct fc_head head = {.federation = fc_replica_federation(fc_world_replica(world, 0)),
                               .version = fc_version_make(1, 1),
                               .time_ms = FC_WORLD_EPOCH_MS};
        fc_put_be32(head.participant.b, i + 1);
        fc_put_be32(head.certificate.b, i + 1);
        head.ops.b[0] = 1;
        assert_int_equal(fc_head_body(&head, &body), FC_OK);
        assert_int_equal(fc_record_sign(FC_RECORD_HEAD, fc_buf_span(&body), &secret, &record),
                         FC_OK);
        struct fc_wire message = {.kind = FC_WIRE_RECORD,
                                  .record = {{1, 1, 2}, 1, fc_buf_span(&record)}};
        send(world, &message);
        fc_buf_finish(&body);
        fc_buf_finish(&record);
    }
    fc_world_run(world, 11000);
    struct fc_session *session = session_with(world, PARIS, MALLORY);
    assert_non_null(session);
    assert_in_range(session->pending_count, FC_PENDING_MAX / 2, FC_PENDING_MAX);
    assert_true(session->pending_bytes <= FC_PENDING_BYTES_MAX);
    still_works(world);
    fc_world_destroy(world);
}

static void a_signature_that_fails_costs_the_link(void **state)
{
    (void)state;
    struct fc_world_config config = {.seed = 6};
    struct fc_world *world = begin(&config);
    assert_int_equal(fc_world_put(world, BERLIN, "urn:offer:1", "{}"), FC_OK);
    fc_world_run(world, second_us);
    struct fc_buf forged = {0};
    /* mallory's key under a head of berlin's feed: made as if for its own, owner swapped */
    struct fc_record record;
    struct fc_head head;
    struct fc_buf held = {0}, body = {0};
    struct fc_hash berlin = fc_world_participant(world, BERLIN);
    uint8_t seed[32] = {7};
    struct fc_sign_key secret;
    struct fc_key pub;
    bool has_ops;
    fc_sign_key_from_seed(seed, &secret, &pub);
    assert_int_equal(
        fc_replica_head(fc_world_replica(world, PARIS), &berlin, &held, NULL, &has_ops), FC_OK);
    assert_int_equal(fc_record_parse(fc_buf_span(&held), &record), FC_OK);
    assert_int_equal(fc_head_parse(&record, &head), FC_OK);
    head.version++;
    head.previous = record.hash;
    assert_int_equal(fc_head_body(&head, &body), FC_OK);
    assert_int_equal(fc_record_sign(FC_RECORD_HEAD, fc_buf_span(&body), &secret, &forged), FC_OK);
    struct fc_wire message = {.kind = FC_WIRE_RECORD,
                              .record = {{1, 1, 2}, 1, fc_buf_span(&forged)}};
    send(world, &message);
    fc_world_run(world, second_us / 2);
    assert_null(session_with(world, PARIS, MALLORY));
    struct fc_participant participant;
    assert_int_equal(fc_ledger_participant(fc_replica_ledger(fc_world_replica(world, PARIS)),
                                           &berlin, &participant),
                     FC_OK);
    assert_false(participant.contested);
    fc_buf_finish(&held);
    fc_buf_finish(&body);
    fc_buf_finish(&forged);
    still_works(world);
    fc_world_destroy(world);
}

/* A peer that says nothing any more is found out by pings, and its link closed. */
static void silence_is_noticed(void **state)
{
    (void)state;
    bool on = false;
    struct fc_world_config config = {.seed = 7, .ctx = &on, .tamper = swallow};
    struct fc_world *world = begin(&config);
    assert_non_null(session_with(world, PARIS, MALLORY));
    on = true;
    fc_world_run(world, 60 * second_us);
    struct fc_session *session = session_with(world, PARIS, MALLORY);
    assert_true(session == NULL || session->state != FC_SESSION_OPEN);
    on = false;
    fc_world_run(world, 200 * second_us);
    session = session_with(world, PARIS, MALLORY);
    assert_non_null(session);
    assert_int_equal(session->state, FC_SESSION_OPEN);
    still_works(world);
    fc_world_destroy(world);
}

/* Announces feeds, then serves nothing: others serve instead. */
static bool no_blocks(void *ctx, uint32_t from, uint32_t to, struct fc_buf *message)
{
    struct fc_wire wire;
    (void)ctx;
    (void)to;
    return from != MALLORY || fc_wire_decode(fc_buf_span(message), &wire) != FC_OK ||
           (wire.kind != FC_WIRE_BLOCK && wire.kind != FC_WIRE_CONTENTS);
}

static void withholding_only_delays(void **state)
{
    (void)state;
    struct fc_world_config config = {.seed = 8, .tamper = no_blocks};
    struct fc_world *world = begin(&config);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(fc_world_put(world, i, "urn:offer:1", "{\"a\":1}"), FC_OK);
    fc_world_run(world, second_us);
    uint32_t rome = fc_world_add(world, "rome", MALLORY, false);
    fc_world_admit(world, rome, PARIS);
    assert_true(fc_world_converge(world, 300 * second_us));
    fc_world_destroy(world);
}

struct noise {
    uint64_t rng;
    bool on;
};

/* Damages, repeats pieces of, and cuts what mallory says. */
static bool damage(void *ctx, uint32_t from, uint32_t to, struct fc_buf *message)
{
    struct noise *noise = ctx;
    (void)to;
    if (!noise->on || from != MALLORY || test_rng_below(&noise->rng, 3) != 0)
        return true;
    uint32_t len = (uint32_t)message->len;
    switch (test_rng_below(&noise->rng, 4)) {
    case 0:
        message->data[test_rng_below(&noise->rng, len)] ^=
            (uint8_t)(1 << test_rng_below(&noise->rng, 8));
        break;
    case 1:
        message->len = test_rng_below(&noise->rng, len + 1);
        break;
    case 2:
        message->data[test_rng_below(&noise->rng, len)] = (uint8_t)test_rng(&noise->rng);
        break;
    default:
        return false;
    }
    return true;
}

static void damaged_messages_do_no_harm(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct noise noise = {.rng = seed};
        struct fc_world_config config = {.seed = seed, .ctx = &noise, .tamper = damage};
        struct fc_world *world = begin(&config);
        noise.on = true;
        for (uint32_t i = 0; i < 60; i++) {
            char key[32];
            snprintf(key, sizeof key, "urn:offer:%u", i % 7);
            enum fc_err err = fc_world_put(world, i % 3, key, i % 2 ? "{\"a\":1}" : "{\"b\":2}");
            assert_true(err == FC_OK || err == FC_E_KNOWN);
            fc_world_run(world, i % 10 == 0 ? 70 * second_us : second_us / 50);
            if (i % 8 == 0)
                fc_world_cut(world, PARIS, MALLORY);
        }
        noise.on = false;
        assert_true(fc_world_converge(world, 36000 * second_us));
        for (uint32_t i = 0; i < 3; i++) { /* what mallory said in its name, it had not signed */
            struct fc_participant participant;
            struct fc_hash id = fc_world_participant(world, i);
            assert_int_equal(fc_ledger_participant(fc_replica_ledger(fc_world_replica(world, 0)),
                                                   &id, &participant),
                             FC_OK);
            assert_false(participant.contested);
        }
        fc_world_destroy(world);
    }
}

/* A link that takes nothing costs a bounded outbox, then the link. */
static void a_reader_that_never_reads_is_let_go(void **state)
{
    (void)state;
    struct fc_world_config config = {.seed = 9};
    struct fc_world *world = begin(&config);
    struct fc_core *core = fc_world_core(world, PARIS);
    struct fc_session *session = session_with(world, PARIS, MALLORY);
    struct fc_effects effects = {0};
    struct fc_wire sync = {.kind = FC_WIRE_SYNC,
                           .sync = {.epoch = 1, .heads = {{1}}, .records = {{1}}}};
    struct fc_buf bytes = {0};
    fc_link link = session->link;
    assert_int_equal(fc_wire_encode(&sync, &bytes), FC_OK);
    struct fc_event event = {.kind = FC_EVENT_BLOCKED,
                             .link = link,
                             .now_us = fc_world_now_us(world),
                             .wall_ms = FC_WORLD_EPOCH_MS};
    for (int i = 0; i < FC_OUTBOX_MAX + 2; i++) {
        assert_int_equal(fc_replica_begin(fc_world_replica(world, PARIS)), FC_OK);
        assert_int_equal(fc_core_step(core, &event, &effects), FC_OK);
        assert_int_equal(fc_replica_commit(fc_world_replica(world, PARIS)), FC_OK);
        for (size_t j = 0; j < effects.count; j++)
            assert_false(effects.list[j].kind == FC_EFFECT_SEND && effects.list[j].link == link);
        fc_effects_clear(&effects);
        session = session_with(world, PARIS, MALLORY);
        if (session)
            assert_true(session->outbox_count <= FC_OUTBOX_MAX);
        event.kind = FC_EVENT_MESSAGE;
        event.bytes = fc_buf_span(&bytes);
    }
    assert_null(session);
    fc_effects_finish(&effects);
    fc_buf_finish(&bytes);
    fc_world_destroy(world);
}

/* Refused messages come out again in their order, before what was kept since. */
static void what_was_refused_is_sent_again_in_order(void **state)
{
    (void)state;
    struct fc_world_config config = {.seed = 10};
    struct fc_world *world = begin(&config);
    struct fc_core *core = fc_world_core(world, PARIS);
    struct fc_replica *replica = fc_world_replica(world, PARIS);
    fc_link link = session_with(world, PARIS, MALLORY)->link;
    static const char *const refused[] = {"first", "second", "third"};
    struct fc_effects effects = {0};
    struct fc_event event = {
        .link = link, .now_us = fc_world_now_us(world), .wall_ms = FC_WORLD_EPOCH_MS};
    assert_int_equal(fc_replica_begin(replica), FC_OK);
    for (int i = 0; i < 3; i++) {
        event.kind = FC_EVENT_BLOCKED;
        event.bytes = fc_span_str(refused[i]);
        assert_int_equal(fc_core_step(core, &event, &effects), FC_OK);
    }
    fc_effects_clear(&effects);
    event.kind = FC_EVENT_WRITABLE;
    assert_int_equal(fc_core_step(core, &event, &effects), FC_OK);
    assert_int_equal(fc_replica_commit(replica), FC_OK);
    int found = 0;
    for (size_t i = 0; i < effects.count && found < 3; i++)
        if (effects.list[i].kind == FC_EFFECT_SEND && effects.list[i].link == link)
            assert_true(fc_span_eq(effects.list[i].bytes, fc_span_str(refused[found++])));
    assert_int_equal(found, 3);
    fc_effects_finish(&effects);
    fc_world_destroy(world);
}

/* Only what is dropped is to be made up for: one ping that waits is enough. */
static void a_refused_ping_makes_no_other(void **state)
{
    (void)state;
    struct fc_world_config config = {.seed = 11};
    struct fc_world *world = begin(&config);
    struct fc_core *core = fc_world_core(world, PARIS);
    struct fc_replica *replica = fc_world_replica(world, PARIS);
    fc_link link = session_with(world, PARIS, MALLORY)->link;
    struct fc_wire ping = {.kind = FC_WIRE_PING, .ping = {.nonce = 1}};
    struct fc_effects effects = {0};
    struct fc_buf bytes = {0};
    struct fc_event event = {
        .link = link, .now_us = fc_world_now_us(world), .wall_ms = FC_WORLD_EPOCH_MS};
    assert_int_equal(fc_wire_encode(&ping, &bytes), FC_OK);
    assert_int_equal(fc_replica_begin(replica), FC_OK);
    for (int round = 0; round < 3; round++) {
        uint32_t sent = 0;
        event.kind = FC_EVENT_BLOCKED;
        event.bytes = fc_buf_span(&bytes);
        assert_int_equal(fc_core_step(core, &event, &effects), FC_OK);
        fc_effects_clear(&effects);
        event.kind = FC_EVENT_WRITABLE;
        event.bytes = (struct fc_span){0};
        assert_int_equal(fc_core_step(core, &event, &effects), FC_OK);
        for (size_t i = 0; i < effects.count; i++)
            sent += effects.list[i].kind == FC_EFFECT_SEND && effects.list[i].link == link;
        assert_int_equal(sent, 1);
        fc_effects_clear(&effects);
    }
    assert_int_equal(fc_replica_commit(replica), FC_OK);
    fc_effects_finish(&effects);
    fc_buf_finish(&bytes);
    fc_world_destroy(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(garbage_costs_the_link),
        cmocka_unit_test(messages_out_of_place_do_no_harm),
        cmocka_unit_test(a_flood_is_dropped_and_closed),
        cmocka_unit_test(feeds_served_at_once_are_bounded),
        cmocka_unit_test(records_that_wait_are_bounded),
        cmocka_unit_test(a_signature_that_fails_costs_the_link),
        cmocka_unit_test(silence_is_noticed),
        cmocka_unit_test(withholding_only_delays),
        cmocka_unit_test(damaged_messages_do_no_harm),
        cmocka_unit_test(a_reader_that_never_reads_is_let_go),
        cmocka_unit_test(what_was_refused_is_sent_again_in_order),
        cmocka_unit_test(a_refused_ping_makes_no_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
