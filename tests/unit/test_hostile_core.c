/* Members that abuse what the protocol lets them ask, say and put off. */
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

enum { PARIS, BERLIN, MALLORY };
static const uint64_t second_us = 1000000;

static struct fc_world *begin(const struct fc_world_config *config, uint32_t count)
{
    static const char *const names[] = {"paris", "berlin", "mallory", "m1", "m2", "m3"};
    struct fc_world *world;
    assert_int_equal(fc_world_create(config, &world), FC_OK);
    for (uint32_t i = 0; i < count; i++)
        fc_world_admit(world, fc_world_add(world, names[i], i == 0 ? FC_WORLD_NONE : 0, false), 0);
    assert_true(fc_world_converge(world, 30 * second_us));
    fc_world_run(world, 5 * second_us);
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

static bool holds(const struct fc_world *world, uint32_t node, uint32_t owner)
{
    struct fc_feed feed;
    struct fc_hash participant = fc_world_participant(world, owner);
    return fc_replica_feed(fc_world_replica(world, node), &participant, &feed) == FC_OK;
}

static void rewrite(const struct fc_wire *wire, struct fc_buf *message)
{
    struct fc_buf out = {0};
    assert_int_equal(fc_wire_encode(wire, &out), FC_OK);
    fc_buf_clear(message);
    fc_buf_append(message, out.data, out.len);
    fc_buf_finish(&out);
}

/* -- a few words that ask for much ------------------------------------------------------------ */

static void publish_large(struct fc_world *world, struct fc_hash keys[8])
{
    const size_t len = FC_CONTENT_BYTES_MAX;
    char *content = malloc(len);
    uint64_t state = 1;
    assert_non_null(content);
    for (int i = 0; i < 8; i++) {
        char key[16];
        snprintf(key, sizeof key, "urn:%d", i);
        for (size_t j = 0; j < len; j++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            content[j] = (char)(33 + (state >> 33) % 90);
        }
        struct fc_world_op op = {key, content, len};
        assert_int_equal(fc_world_publish(world, PARIS, PARIS, &op, 1), FC_OK);
        keys[i] = fc_key_hash(fc_span_str(key));
    }
    free(content);
}

static void answers_of_one_batch_are_bounded(void **state)
{
    (void)state;
    struct fc_world_config config = {.seed = 1};
    struct fc_world *world = begin(&config, 3);
    struct fc_hash keys[8], paris = fc_world_participant(world, PARIS);
    publish_large(world, keys);
    fc_world_run(world, 5 * second_us);
    struct fc_session *session = session_with(world, PARIS, MALLORY);
    assert_non_null(session);
    struct fc_wire want = {.kind = FC_WIRE_WANT, .want = {.id = 1, .wants = {.count = 8}}};
    struct fc_buf list = {0}, bytes = {0};
    for (int i = 0; i < 8; i++)
        fc_wire_put_want(&list, &paris, &keys[i]);
    want.want.wants.bytes = fc_buf_span(&list);
    assert_int_equal(fc_wire_encode(&want, &bytes), FC_OK);
    struct fc_event event = {.kind = FC_EVENT_MESSAGE,
                             .link = session->link,
                             .now_us = fc_world_now_us(world),
                             .wall_ms = FC_WORLD_EPOCH_MS,
                             .bytes = fc_buf_span(&bytes)};
    struct fc_effects effects = {0};
    assert_int_equal(fc_replica_begin(fc_world_replica(world, PARIS)), FC_OK);
    for (int i = 0; i < 200; i++) {
        event.now_us++;
        assert_int_equal(fc_core_step(fc_world_core(world, PARIS), &event, &effects), FC_OK);
    }
    assert_int_equal(fc_replica_commit(fc_world_replica(world, PARIS)), FC_OK);
    assert_true(effects.bytes > FC_CONTENT_BYTES_MAX / 2); /* the first are answered */
    assert_true(effects.bytes < FC_ANSWERED_BYTES_MAX + FC_FRAME_BYTES_MAX);
    assert_null(session_with(world, PARIS, MALLORY));
    fc_effects_finish(&effects);
    fc_buf_finish(&list);
    fc_buf_finish(&bytes);
    fc_world_destroy(world);
}

/* -- answers that answer nothing --------------------------------------------------------------- */

struct liar {
    uint32_t questions, feeds;
    uint64_t feed_id;
    uint64_t counted[6];
    bool on;
};

/* Pushes without contents, and of those asked for always has looked at one and found none. */
static bool looks_at_one(void *ctx, uint32_t from, uint32_t to, struct fc_buf *message)
{
    struct liar *liar = ctx;
    struct fc_wire wire;
    if (fc_wire_decode(fc_buf_span(message), &wire) != FC_OK)
        return true;
    liar->questions += to == MALLORY && wire.kind == FC_WIRE_WANT;
    if (from != MALLORY || to != PARIS)
        return true;
    if (wire.kind == FC_WIRE_DELTA)
        wire.delta.contents = (struct fc_wire_list){0};
    else if (wire.kind == FC_WIRE_CONTENTS)
        wire.contents = (struct fc_wire_contents){.id = wire.contents.id, .looked = 1};
    else
        return true;
    rewrite(&wire, message);
    return true;
}

static void contents_are_asked_of_others_too(void **state)
{
    (void)state;
    struct liar liar = {0};
    struct fc_world_config config = {.seed = 2, .ctx = &liar, .tamper = looks_at_one};
    struct fc_world *world = begin(&config, 3);
    struct fc_world_op ops[] = {{"urn:1", "{\"a\":1}", 0}, {"urn:2", "{\"a\":2}", 0}};
    assert_int_equal(fc_world_publish(world, MALLORY, MALLORY, ops, 2), FC_OK);
    assert_true(fc_world_converge(world, 60 * second_us));
    assert_in_range(liar.questions, 1, 20);
    fc_world_destroy(world);
}

/* -- loads that never end ---------------------------------------------------------------------- */

/* Always leads to a walk, and a walk to nothing. */
static bool leads_in_circles(void *ctx, uint32_t from, uint32_t to, struct fc_buf *message)
{
    struct liar *liar = ctx;
    struct fc_wire wire;
    if (fc_wire_decode(fc_buf_span(message), &wire) != FC_OK)
        return true;
    liar->feeds += from == PARIS && to == MALLORY && wire.kind == FC_WIRE_FEED;
    if (from != MALLORY || to != PARIS)
        return true;
    if (wire.kind == FC_WIRE_DELTA)
        return false;
    struct fc_buf places = {0};
    if (wire.kind == FC_WIRE_BLOCK) {
        wire.block.mode = FC_MODE_WALK;
        wire.block.items = wire.block.frames = (struct fc_span){0};
    } else if (wire.kind == FC_WIRE_NODES) {
        const struct fc_wire_place root = {0};
        fc_wire_put_place(&places, &root);
        wire.nodes.places = (struct fc_wire_list){1, fc_buf_span(&places)};
    } else {
        return true;
    }
    rewrite(&wire, message);
    fc_buf_finish(&places);
    return true;
}

static void walks_in_circles_end(void **state)
{
    (void)state;
    struct liar liar = {0};
    struct fc_world_config config = {.seed = 3, .ctx = &liar, .tamper = leads_in_circles};
    struct fc_world *world = begin(&config, 3);
    fc_world_group(world, BERLIN, 1);
    fc_world_run(world, second_us);
    assert_int_equal(fc_world_put(world, MALLORY, "urn:1", "{}"), FC_OK);
    fc_world_run(world, 50 * second_us);
    assert_in_range(liar.feeds, 1, 4);
    assert_false(holds(world, PARIS, MALLORY));
    fc_world_heal(world);
    fc_world_run(world, 60 * second_us);
    assert_true(holds(world, PARIS, MALLORY));
    fc_world_destroy(world);
}

/* Serves a block now and then with nothing in it. */
static bool trickles(void *ctx, uint32_t from, uint32_t to, struct fc_buf *message)
{
    struct liar *liar = ctx;
    struct fc_wire wire;
    if (to != PARIS || fc_wire_decode(fc_buf_span(message), &wire) != FC_OK)
        return true;
    if (wire.kind == FC_WIRE_DELTA)
        return false;
    if (from != MALLORY || wire.kind != FC_WIRE_BLOCK)
        return true;
    liar->feed_id = wire.block.id;
    wire.block.done = false;
    wire.block.items = wire.block.frames = (struct fc_span){0};
    rewrite(&wire, message);
    return true;
}

static void a_load_that_trickles_gives_way(void **state)
{
    (void)state;
    struct liar liar = {0};
    struct fc_world_config config = {.seed = 4, .ctx = &liar, .tamper = trickles};
    struct fc_world *world = begin(&config, 3);
    fc_world_group(world, BERLIN, 1);
    fc_world_run(world, second_us);
    assert_int_equal(fc_world_put(world, MALLORY, "urn:1", "{}"), FC_OK);
    for (int i = 0; i < 60 && !holds(world, PARIS, MALLORY); i++) {
        struct fc_wire block = {.kind = FC_WIRE_BLOCK, .block = {.mode = FC_MODE_WHOLE}};
        struct fc_buf bytes = {0};
        fc_world_run(world, 5 * second_us);
        if (i == 3)
            fc_world_heal(world);
        block.block.id = liar.feed_id;
        assert_int_equal(fc_wire_encode(&block, &bytes), FC_OK);
        if (liar.feed_id != 0 && session_with(world, PARIS, MALLORY))
            fc_world_inject(world, MALLORY, PARIS, fc_buf_span(&bytes));
        fc_buf_finish(&bytes);
    }
    assert_true(liar.feed_id != 0);
    assert_true(holds(world, PARIS, MALLORY));
    fc_world_destroy(world);
}

/* -- pages without end ------------------------------------------------------------------------- */

/* All but berlin say that they hold ever so much, and page through it one by one; nothing is
 * pushed to paris. */
static bool pages_on(void *ctx, uint32_t from, uint32_t to, struct fc_buf *message)
{
    const uint64_t far = (uint64_t)1 << 40;
    struct liar *liar = ctx;
    struct fc_wire wire;
    if (!liar->on || to != PARIS || fc_wire_decode(fc_buf_span(message), &wire) != FC_OK)
        return true;
    if (wire.kind == FC_WIRE_DELTA || wire.kind == FC_WIRE_RECORD)
        return false;
    if (from < MALLORY)
        return true;
    if (wire.kind == FC_WIRE_PING || wire.kind == FC_WIRE_PONG) {
        wire.ping.mark.prev = wire.ping.mark.index = far;
    } else if (wire.kind == FC_WIRE_PAGE) {
        wire.page.next = 1000 + ++liar->counted[from];
        wire.page.index = far;
        wire.page.rows = (struct fc_wire_list){0};
    } else {
        return true;
    }
    rewrite(&wire, message);
    return true;
}

static void pages_without_end_leave_room_for_others(void **state)
{
    (void)state;
    struct liar liar = {0};
    struct fc_world_config config = {.seed = 5, .ctx = &liar, .tamper = pages_on};
    struct fc_world *world = begin(&config, 6);
    fc_world_cut(world, PARIS, BERLIN); /* its link is the last, then */
    fc_world_run(world, 20 * second_us);
    assert_non_null(session_with(world, PARIS, BERLIN));
    liar.on = true;
    fc_world_run(world, 20 * second_us);
    for (uint32_t i = MALLORY; i < 6; i++)
        assert_true(liar.counted[i] > 10);
    assert_int_equal(fc_world_put(world, BERLIN, "urn:1", "{}"), FC_OK);
    fc_world_run(world, 30 * second_us);
    assert_true(holds(world, PARIS, BERLIN));
    fc_world_destroy(world);
}

/* -- words for people -------------------------------------------------------------------------- */

static void a_goodbye_writes_no_lines_of_its_own(void **state)
{
    (void)state;
    struct fc_world_config config = {.seed = 6};
    struct fc_world *world = begin(&config, 3);
    struct fc_wire goodbye = {.kind = FC_WIRE_GOODBYE,
                              .goodbye = {.text = fc_span_str("x\n2026 ERROR \x1b[2J\xc2\x9b")}};
    struct fc_buf bytes = {0};
    assert_int_equal(fc_wire_encode(&goodbye, &bytes), FC_OK);
    struct fc_event event = {.kind = FC_EVENT_MESSAGE,
                             .link = session_with(world, PARIS, MALLORY)->link,
                             .now_us = fc_world_now_us(world),
                             .wall_ms = FC_WORLD_EPOCH_MS,
                             .bytes = fc_buf_span(&bytes)};
    struct fc_effects effects = {0};
    bool said = false;
    assert_int_equal(fc_replica_begin(fc_world_replica(world, PARIS)), FC_OK);
    assert_int_equal(fc_core_step(fc_world_core(world, PARIS), &event, &effects), FC_OK);
    assert_int_equal(fc_replica_commit(fc_world_replica(world, PARIS)), FC_OK);
    for (size_t i = 0; i < effects.count; i++) {
        const struct fc_effect *effect = &effects.list[i];
        for (size_t j = 0; effect->kind == FC_EFFECT_LOG && j < effect->bytes.len; j++) {
            assert_true(effect->bytes.data[j] >= 0x20 && effect->bytes.data[j] < 0x7f);
            said = said || effect->bytes.data[j] == '?';
        }
    }
    assert_true(said);
    fc_effects_finish(&effects);
    fc_buf_finish(&bytes);
    fc_world_destroy(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_of_one_batch_are_bounded),
        cmocka_unit_test(contents_are_asked_of_others_too),
        cmocka_unit_test(walks_in_circles_end),
        cmocka_unit_test(a_load_that_trickles_gives_way),
        cmocka_unit_test(pages_without_end_leave_room_for_others),
        cmocka_unit_test(a_goodbye_writes_no_lines_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
