#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/spread_plumtree.h"
#include "net/view_registry.h"
#include "net/wire.h"
#include "tests/support/story.h"

enum { SECOND_US = 1000000, PARIS = 0, BERLIN = 1, ROME = 2, MADRID = 3 };
static const char *const names[] = {"paris", "berlin", "rome", "madrid"};

static void put(struct fc_story *story, uint32_t node, const char *key, const char *content)
{
    assert_int_equal(fc_world_put(story->world, node, key, content), FC_OK);
}

static void converge(struct fc_story *story)
{
    assert_true(fc_world_converge(story->world, 120 * (uint64_t)SECOND_US));
}

static struct fc_feed feed_at(struct fc_story *story, uint32_t node, uint32_t owner)
{
    struct fc_feed feed = {0};
    struct fc_hash participant = fc_world_participant(story->world, owner);
    enum fc_err err = fc_replica_feed(fc_world_replica(story->world, node), &participant, &feed);
    if (err != FC_OK)
        assert_int_equal(err, FC_E_MISSING);
    return feed;
}

static bool is_contested(struct fc_story *story, uint32_t node, uint32_t owner)
{
    struct fc_participant participant;
    struct fc_hash id = fc_world_participant(story->world, owner);
    assert_int_equal(fc_ledger_participant(fc_replica_ledger(fc_world_replica(story->world, node)),
                                           &id, &participant),
                     FC_OK);
    return participant.contested;
}

/* Bytes that do not compress, different for each number. */
static void noise(char *out, size_t len, uint32_t number)
{
    for (size_t at = 0; at < len; at += 64) {
        uint8_t seed[8];
        char hex[65];
        fc_put_be64(seed, (uint64_t)number << 32 | at);
        struct fc_hash hash = fc_hash("fedcat.noise.1", fc_span(seed, sizeof seed));
        fc_hex(hash.b, sizeof hash.b, hex);
        memcpy(out + at, hex, len - at < 64 ? len - at : 64);
    }
}

static void a_join(void **state)
{
    (void)state;
    struct fc_story story;
    fc_story_begin(&story, 1);
    uint32_t paris = fc_world_add(story.world, "paris", FC_WORLD_NONE, false);
    fc_world_admit(story.world, paris, paris);
    put(&story, paris, "urn:offer:1", "{\"name\":\"Compute in Paris\"}");
    uint32_t berlin = fc_world_add(story.world, "berlin", paris, false);
    fc_world_run(story.world, 5 * (uint64_t)SECOND_US); /* nobody has admitted it yet */
    assert_int_equal(fc_core_peer_count(fc_world_core(story.world, paris)), 0);
    fc_world_admit(story.world, berlin, paris);
    converge(&story);
    uint32_t rome = fc_world_add(story.world, "rome", berlin, true);
    fc_world_admit(story.world, rome, paris);
    converge(&story);
    assert_int_equal(feed_at(&story, rome, paris).entries, 1);
    assert_true(fc_story_end(&story, "join"));
}

static void a_live_delta(void **state)
{
    (void)state;
    struct fc_story story;
    fc_story_begin(&story, 2);
    fc_story_federation(&story, names, 3);
    put(&story, PARIS, "urn:offer:1", "{\"name\":\"Compute\"}");
    fc_world_run(story.world, 50000);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(feed_at(&story, i, PARIS).entries, 1);
    put(&story, PARIS, "urn:offer:1", "{\"name\":\"Compute, faster\"}");
    put(&story, PARIS, "urn:offer:2", "{\"name\":\"Storage\"}");
    fc_world_run(story.world, 50000);
    put(&story, PARIS, "urn:offer:1", NULL);
    fc_world_run(story.world, 50000);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(feed_at(&story, i, PARIS).entries, 1);
        assert_int_equal(feed_at(&story, i, PARIS).version, fc_version_make(1, 4));
        assert_int_equal(feed_at(&story, i, PARIS).missing, 0);
    }
    assert_true(fc_story_end(&story, "live-delta"));
}

/* Contents that do not fit beside their delta are announced, and pulled. */
static void large_contents(void **state)
{
    (void)state;
    enum { COUNT = 3, LEN = 900 * 1024 };
    struct fc_story story;
    struct fc_world_op ops[COUNT];
    char *contents[COUNT];
    static const char *const keys[] = {"urn:map:1", "urn:map:2", "urn:map:3"};
    fc_story_begin(&story, 3);
    fc_story_federation(&story, names, 3);
    for (uint32_t i = 0; i < COUNT; i++) {
        contents[i] = malloc(LEN);
        assert_non_null(contents[i]);
        noise(contents[i], LEN, i);
        ops[i] = (struct fc_world_op){keys[i], contents[i], LEN};
    }
    assert_int_equal(fc_world_publish(story.world, PARIS, PARIS, ops, COUNT), FC_OK);
    converge(&story);
    assert_int_equal(feed_at(&story, ROME, PARIS).missing, 0);
    assert_int_equal(feed_at(&story, ROME, PARIS).entries, COUNT);
    for (uint32_t i = 0; i < COUNT; i++)
        free(contents[i]);
    assert_true(fc_story_end(&story, "large-contents"));
}

static void publish_many(struct fc_story *story, uint32_t node, uint32_t count, size_t len)
{
    struct fc_world_op *ops = calloc(count, sizeof *ops);
    char *contents = malloc(count * len), (*keys)[32] = calloc(count, sizeof *keys);
    assert_true(ops && contents && keys);
    for (uint32_t i = 0; i < count; i++) {
        snprintf(keys[i], sizeof keys[i], "urn:offer:%u", i);
        noise(contents + i * len, len, i);
        ops[i] = (struct fc_world_op){keys[i], contents + i * len, len};
    }
    assert_int_equal(fc_world_publish(story->world, node, node, ops, count), FC_OK);
    free(ops);
    free(contents);
    free(keys);
}

static void catch_up_from_scratch(void **state)
{
    (void)state;
    struct fc_story story;
    fc_story_begin(&story, 4);
    fc_story_federation(&story, names, 2);
    publish_many(&story, PARIS, 400, 8192);
    put(&story, BERLIN, "urn:offer:1", "{\"name\":\"Compute in Berlin\"}");
    converge(&story);
    uint32_t rome = fc_world_add(story.world, "rome", PARIS, false);
    fc_world_admit(story.world, rome, PARIS);
    converge(&story);
    assert_int_equal(feed_at(&story, rome, PARIS).entries, 400);
    assert_int_equal(feed_at(&story, rome, BERLIN).entries, 1);
    assert_true(fc_story_end(&story, "catch-up-from-scratch"));
}

static void catch_up_after_a_partition(void **state)
{
    (void)state;
    struct fc_story story;
    fc_story_begin(&story, 5);
    fc_story_federation(&story, names, 4);
    put(&story, PARIS, "urn:offer:1", "{\"name\":\"Compute\"}");
    put(&story, ROME, "urn:offer:2", "{\"name\":\"Storage\"}");
    converge(&story);
    fc_world_group(story.world, ROME, 1);
    fc_world_group(story.world, MADRID, 1);
    fc_world_run(story.world, 3 * (uint64_t)SECOND_US);
    put(&story, PARIS, "urn:offer:3", "{\"name\":\"Network\"}");
    put(&story, PARIS, "urn:offer:1", NULL);
    put(&story, ROME, "urn:offer:2", "{\"name\":\"Storage, larger\"}");
    fc_world_run(story.world, SECOND_US);
    assert_int_equal(feed_at(&story, ROME, PARIS).version, fc_version_make(1, 1));
    fc_world_heal(story.world);
    converge(&story);
    assert_int_equal(feed_at(&story, MADRID, PARIS).version, fc_version_make(1, 3));
    assert_int_equal(feed_at(&story, BERLIN, ROME).version, fc_version_make(1, 2));
    assert_true(fc_story_end(&story, "catch-up-after-partition"));
}

/* A feed key used on both sides of a partition: everyone sees it, and a new incarnation heals it.
 */
static void a_fork_and_its_healing(void **state)
{
    (void)state;
    struct fc_story story;
    struct fc_world_op mine = {.key = "urn:offer:1", .content = "{\"name\":\"This one\"}"};
    struct fc_world_op other = {.key = "urn:offer:1", .content = "{\"name\":\"Or that\"}"};
    fc_story_begin(&story, 6);
    fc_story_federation(&story, names, 3);
    put(&story, PARIS, "urn:offer:0", "{\"name\":\"Compute\"}");
    converge(&story);
    fc_world_group(story.world, ROME, 1);
    fc_world_run(story.world, 2 * (uint64_t)SECOND_US);
    assert_int_equal(fc_world_publish(story.world, PARIS, PARIS, &mine, 1), FC_OK);
    assert_int_equal(fc_world_publish(story.world, ROME, PARIS, &other, 1), FC_OK);
    fc_world_heal(story.world);
    fc_world_run(story.world, 20 * (uint64_t)SECOND_US);
    for (uint32_t i = 0; i < 3; i++)
        assert_true(is_contested(&story, i, PARIS));
    assert_int_equal(fc_world_publish(story.world, PARIS, PARIS, &mine, 1), FC_E_CONTESTED);
    fc_world_recover(story.world, PARIS, PARIS);
    fc_world_run(story.world, SECOND_US);
    put(&story, PARIS, "urn:offer:1", "{\"name\":\"This one it is\"}");
    converge(&story);
    for (uint32_t i = 0; i < 3; i++) {
        assert_false(is_contested(&story, i, PARIS));
        assert_int_equal(fc_version_incarnation(feed_at(&story, i, PARIS).version), 2);
        assert_int_equal(feed_at(&story, i, PARIS).entries, 2);
    }
    assert_true(fc_story_end(&story, "fork-and-healing"));
}

static void a_revocation(void **state)
{
    (void)state;
    struct fc_story story;
    fc_story_begin(&story, 7);
    fc_story_federation(&story, names, 3);
    put(&story, ROME, "urn:offer:1", "{\"name\":\"Compute\"}");
    converge(&story);
    fc_world_revoke(story.world, ROME, PARIS, fc_version_make(1, 1), FC_REVOKE_REMOVE);
    fc_world_run(story.world, 5 * (uint64_t)SECOND_US);
    for (uint32_t i = 0; i < 2; i++) {
        struct fc_key rome = fc_world_node_key(story.world, ROME);
        assert_int_equal(feed_at(&story, i, ROME).entries, 0);
        assert_false(fc_core_admits(fc_world_core(story.world, i), &rome));
    }
    put(&story, BERLIN, "urn:offer:2", "{\"name\":\"Storage\"}");
    fc_world_run(story.world, SECOND_US);
    assert_int_equal(feed_at(&story, PARIS, BERLIN).entries, 1);
    assert_int_equal(feed_at(&story, ROME, BERLIN).entries, 0);
    assert_true(fc_story_end(&story, "revocation"));
}

static void a_charter_rotation(void **state)
{
    (void)state;
    struct fc_story story;
    fc_story_begin(&story, 8);
    fc_story_federation(&story, names, 3);
    put(&story, PARIS, "urn:offer:1", "{\"name\":\"Compute\"}");
    converge(&story);
    fc_world_crash(story.world, ROME);
    fc_world_rotate(story.world, PARIS);
    fc_world_run(story.world, SECOND_US);
    uint32_t madrid = fc_world_add(story.world, "madrid", BERLIN, false);
    fc_world_admit(story.world, madrid, PARIS);
    fc_world_run(story.world, 3 * (uint64_t)SECOND_US);
    put(&story, madrid, "urn:offer:2", "{\"name\":\"Storage\"}");
    fc_world_restart(story.world, ROME);
    converge(&story);
    for (uint32_t i = 0; i < 4; i++) {
        const struct fc_held *charter =
            fc_ledger_charter(fc_replica_ledger(fc_world_replica(story.world, i)), NULL);
        assert_int_equal(charter->charter.version, 2);
        assert_int_equal(feed_at(&story, i, madrid).entries, 1);
    }
    assert_true(fc_story_end(&story, "charter-rotation"));
}

static bool is_disputed(struct fc_story *story, uint32_t node)
{
    bool disputed;
    fc_ledger_charter(fc_replica_ledger(fc_world_replica(story->world, node)), &disputed);
    return disputed;
}

/* Governors signed two next charters: everyone sees both, nothing is governed any more, and pins
 * settle it. */
static void rival_charters(void **state)
{
    (void)state;
    struct fc_story story;
    fc_story_begin(&story, 10);
    fc_story_federation(&story, names, 4);
    put(&story, PARIS, "urn:offer:1", "{\"name\":\"Compute\"}");
    converge(&story);
    fc_world_group(story.world, ROME, 1);
    fc_world_group(story.world, MADRID, 1);
    fc_world_run(story.world, 2 * (uint64_t)SECOND_US);
    fc_world_rotate_twice(story.world, PARIS, ROME);
    fc_world_run(story.world, SECOND_US);
    for (uint32_t i = 0; i < 4; i++)
        assert_false(is_disputed(&story, i));
    fc_world_heal(story.world);
    fc_world_run(story.world, 10 * (uint64_t)SECOND_US);
    for (uint32_t i = 0; i < 4; i++)
        assert_true(is_disputed(&story, i));
    converge(&story);
    for (uint32_t i = 0; i < 4; i++)
        fc_world_pin(story.world, i);
    put(&story, MADRID, "urn:offer:2", "{\"name\":\"Storage\"}");
    converge(&story);
    for (uint32_t i = 0; i < 4; i++) {
        assert_false(is_disputed(&story, i));
        assert_int_equal(feed_at(&story, i, MADRID).entries, 1);
    }
    assert_true(fc_story_end(&story, "rival-charters"));
}

/* Puts the false head in the place of the true one in all the liar serves of the feed. */
static bool lie(void *ctx, uint32_t from, uint32_t to, struct fc_buf *bytes)
{
    struct fc_story *story = ctx;
    struct fc_wire message;
    struct fc_buf lied = {0};
    (void)to;
    if (from != story->liar || fc_wire_decode(fc_buf_span(bytes), &message) != FC_OK)
        return true;
    if (message.kind == FC_WIRE_BLOCK) {
        if (message.block.mode == FC_MODE_NONE)
            message.block.mode = FC_MODE_CHANGES;
        message.block.head = fc_buf_span(&story->false_head);
    } else if (message.kind == FC_WIRE_NODES) {
        message.nodes.head = fc_buf_span(&story->false_head);
    } else {
        return true;
    }
    if (fc_wire_encode(&message, &lied) != FC_OK)
        abort();
    fc_buf_finish(bytes);
    *bytes = lied;
    return true;
}

static void claim(struct fc_story *story, uint32_t liar, uint32_t to)
{
    struct fc_arrival_mark mark = fc_replica_arrival_mark(fc_world_replica(story->world, liar));
    struct fc_wire message = {
        .kind = FC_WIRE_RECORD,
        .record = {{mark.epoch, mark.index, mark.index + 1}, 1, fc_buf_span(&story->false_head)}};
    struct fc_buf bytes = {0};
    assert_int_equal(fc_wire_encode(&message, &bytes), FC_OK);
    fc_world_inject(story->world, liar, to, fc_buf_span(&bytes));
    fc_buf_finish(&bytes);
}

/* A head that its owner signed, over a root that leads nowhere: only who claims to hold it is to
 * blame, and nobody passes it on. */
static void a_false_root(void **state)
{
    (void)state;
    struct fc_story story;
    fc_story_begin(&story, 9);
    fc_world_destroy(story.world);
    story.config.tamper = lie;
    assert_int_equal(fc_world_create(&story.config, &story.world), FC_OK);
    static const char *const cast[] = {"paris", "berlin", "mallory"};
    enum { MALLORY = 2 };
    fc_story_federation(&story, cast, 3);
    put(&story, MALLORY, "urn:offer:1", "{\"name\":\"Compute\"}");
    converge(&story);
    fc_world_false_head(story.world, MALLORY, MALLORY, &story.false_head);
    story.liar = MALLORY;
    fc_world_say(story.world, "mallory claims a head whose root leads nowhere");
    claim(&story, MALLORY, PARIS);
    fc_world_run(story.world, 10 * (uint64_t)SECOND_US);
    struct fc_key mallory = fc_world_node_key(story.world, MALLORY);
    const struct fc_core *paris = fc_world_core(story.world, PARIS);
    for (size_t i = 0; i < fc_core_peer_count(paris); i++) {
        struct fc_peer_info peer;
        fc_core_peer_at(paris, i, &peer);
        assert_false(fc_key_eq(&peer.key, &mallory) && peer.state == FC_PEER_OPEN);
    }
    for (uint32_t i = 0; i < 2; i++)
        assert_int_equal(feed_at(&story, i, MALLORY).version, fc_version_make(1, 1));
    put(&story, BERLIN, "urn:offer:2", "{\"name\":\"Storage\"}");
    fc_world_run(story.world, SECOND_US);
    assert_int_equal(feed_at(&story, PARIS, BERLIN).entries, 1);
    assert_true(fc_story_end(&story, "false-root"));
}

/* A tree grows out of the first delta, carries the next ones, and is mended where a link goes. */
static void a_tree(void **state)
{
    (void)state;
    static const char *const cast[] = {"paris", "berlin", "rome", "madrid", "vienna"};
    struct fc_story story;
    fc_story_begin(&story, 11);
    fc_world_destroy(story.world);
    fc_buf_clear(&story.text);
    story.config.view = &fc_view_registry;
    story.config.spread = &fc_spread_plumtree;
    story.config.peers_active_max = 3;
    assert_int_equal(fc_world_create(&story.config, &story.world), FC_OK);
    fc_story_federation(&story, cast, 5);
    fc_world_run(story.world, 20 * (uint64_t)SECOND_US);
    for (int i = 0; i < 3; i++) {
        char content[32];
        snprintf(content, sizeof content, "{\"name\":\"Offer %d\"}", i);
        put(&story, PARIS, "urn:offer:1", content);
        fc_world_run(story.world, SECOND_US);
        for (uint32_t node = 0; node < 5; node++)
            assert_int_equal(feed_at(&story, node, PARIS).version,
                             fc_version_make(1, (uint64_t)i + 1));
    }
    fc_world_crash(story.world, BERLIN);
    fc_world_run(story.world, SECOND_US);
    put(&story, PARIS, "urn:offer:2", "{\"name\":\"One more\"}");
    fc_world_run(story.world, SECOND_US);
    fc_world_restart(story.world, BERLIN);
    converge(&story);
    assert_true(fc_story_end(&story, "plumtree"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_join),
        cmocka_unit_test(a_live_delta),
        cmocka_unit_test(large_contents),
        cmocka_unit_test(catch_up_from_scratch),
        cmocka_unit_test(catch_up_after_a_partition),
        cmocka_unit_test(a_fork_and_its_healing),
        cmocka_unit_test(a_revocation),
        cmocka_unit_test(a_charter_rotation),
        cmocka_unit_test(rival_charters),
        cmocka_unit_test(a_false_root),
        cmocka_unit_test(a_tree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
