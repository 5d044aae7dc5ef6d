#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "net/rng.h"
#include "net/view_ledger.h"
#include "net/view_pick.h"
#include "tests/support/ledger.h"

enum { SMALL = 4, NODES_OF_LARGE = 16, PICKS = 5000 };

struct scene {
    struct fc_test_federation fed;
    struct fc_test_party small[SMALL], large;
    struct fc_ledger *ledger;
    struct fc_rng rng;
    struct fc_view_host host;
    bool none_fits;
};

static uint64_t get_random(void *ctx, uint64_t below)
{
    return fc_rng_below(&((struct scene *)ctx)->rng, below);
}

static bool find_node(void *ctx, const struct fc_key *key, struct fc_view_node *out)
{
    return fc_view_ledger_find(((struct scene *)ctx)->ledger, key, out);
}

static size_t node_count(void *ctx)
{
    return fc_ledger_node_count(((struct scene *)ctx)->ledger);
}

static void node_at(void *ctx, size_t index, struct fc_view_node *out)
{
    fc_view_ledger_at(((struct scene *)ctx)->ledger, index, out);
}

static bool draw_node(void *ctx, struct fc_view_node *out)
{
    return fc_view_ledger_draw(((struct scene *)ctx)->ledger, get_random, ctx, out);
}

static bool fits(void *ctx, const struct fc_key *key)
{
    (void)key;
    return !((struct scene *)ctx)->none_fits;
}

static void add_node(struct scene *scene, const struct fc_test_party *party,
                     const struct fc_test_box *node, const char *endpoint)
{
    struct fc_buf record = {0};
    fc_test_descriptor(party, node, endpoint, 1, &record);
    assert_int_equal(fc_test_ledger_add(scene->ledger, &record), FC_OK);
    fc_buf_finish(&record);
}

/* Operators with one node each, the last of them one that only dials, and one with sixteen. */
static void begin(struct scene *scene)
{
    static const uint8_t seed[32] = {7};
    *scene = (struct scene){.none_fits = false};
    fc_test_federation_init(&scene->fed, "pick", 3);
    scene->ledger = fc_test_ledger(&scene->fed);
    assert_int_equal(fc_test_ledger_add(scene->ledger, &scene->fed.charter_record), FC_OK);
    for (int i = 0; i < SMALL; i++) {
        char label[16];
        snprintf(label, sizeof label, "small-%d", i);
        fc_test_party_init(&scene->small[i], &scene->fed, label);
        assert_int_equal(fc_test_ledger_add(scene->ledger, &scene->small[i].certificate_record),
                         FC_OK);
        if (i != SMALL - 1)
            add_node(scene, &scene->small[i], &scene->small[i].node, "tcp://small.example:7400");
    }
    fc_test_party_init(&scene->large, &scene->fed, "large");
    scene->large.certificate.quota_nodes = NODES_OF_LARGE;
    fc_test_certify(&scene->large, &scene->fed);
    assert_int_equal(fc_test_ledger_add(scene->ledger, &scene->large.certificate_record), FC_OK);
    add_node(scene, &scene->large, &scene->large.node, "tcp://large.example:7400");
    for (unsigned i = 1; i < NODES_OF_LARGE; i++) {
        struct fc_test_box node = fc_test_box("large-node", i);
        add_node(scene, &scene->large, &node, "tcp://large.example:7400");
    }
    fc_rng_init(&scene->rng, seed);
    scene->host = (struct fc_view_host){.ctx = scene,
                                        .find_node = find_node,
                                        .node_count = node_count,
                                        .node_at = node_at,
                                        .draw_node = draw_node,
                                        .random = get_random,
                                        .self = scene->small[0].node.pub};
}

static void end(struct scene *scene)
{
    fc_ledger_destroy(scene->ledger);
    for (int i = 0; i < SMALL; i++)
        fc_test_party_finish(&scene->small[i]);
    fc_test_party_finish(&scene->large);
    fc_test_federation_finish(&scene->fed);
}

static void an_operator_has_one_weight(void **state)
{
    (void)state;
    struct scene scene;
    struct fc_key key;
    struct fc_node node;
    uint32_t small[SMALL] = {0}, large = 0;
    begin(&scene);
    assert_int_equal(fc_ledger_participant_node_count(scene.ledger, &scene.large.id),
                     NODES_OF_LARGE);
    assert_int_equal(fc_ledger_participant_node_count(scene.ledger, &scene.small[1].id), 1);
    assert_int_equal(fc_ledger_participant_node_count(scene.ledger, &scene.fed.id), 0);
    for (int i = 0; i < PICKS; i++) {
        assert_true(fc_view_pick(&scene.host, fits, &scene, &key));
        assert_int_equal(fc_ledger_node(scene.ledger, &key, &node), FC_OK);
        large += fc_hash_eq(&node.participant, &scene.large.id);
        for (int j = 0; j < SMALL; j++)
            small[j] += fc_hash_eq(&node.participant, &scene.small[j].id);
    }
    assert_int_equal(small[0], 0);         /* the node itself */
    assert_int_equal(small[SMALL - 1], 0); /* cannot be dialled */
    assert_in_range(small[1], PICKS * 3 / 10, PICKS * 37 / 100);
    assert_in_range(small[2], PICKS * 3 / 10, PICKS * 37 / 100);
    assert_in_range(large, PICKS * 3 / 10, PICKS * 37 / 100);
    end(&scene);
}

static void every_node_of_an_operator_is_found(void **state)
{
    (void)state;
    struct scene scene;
    struct fc_node node, other;
    begin(&scene);
    for (size_t i = 0; i < NODES_OF_LARGE; i++) {
        fc_ledger_participant_node_at(scene.ledger, &scene.large.id, i, &node);
        assert_true(fc_hash_eq(&node.participant, &scene.large.id));
        for (size_t j = 0; j < i; j++) {
            fc_ledger_participant_node_at(scene.ledger, &scene.large.id, j, &other);
            assert_false(fc_key_eq(&node.key, &other.key));
        }
    }
    end(&scene);
}

/* A bootstrap peer when nobody else fits; nobody when that does not either. */
static void bootstrap_peers_come_last(void **state)
{
    (void)state;
    struct scene scene;
    struct fc_key key;
    struct fc_bootstrap bootstrap[2] = {{.key = fc_test_box("boot", 0).pub}};
    begin(&scene);
    bootstrap[1].key = scene.host.self;
    scene.host.bootstrap = bootstrap;
    scene.host.bootstrap_count = 2;
    for (int i = 0; i < 100; i++) {
        assert_true(fc_view_pick(&scene.host, fits, &scene, &key));
        assert_false(fc_key_eq(&key, &bootstrap[0].key));
    }
    struct fc_ledger *full = scene.ledger;
    scene.ledger = fc_test_ledger(&scene.fed); /* a newcomer's: empty */
    for (int i = 0; i < 20; i++) {
        assert_true(fc_view_pick(&scene.host, fits, &scene, &key));
        assert_true(fc_key_eq(&key, &bootstrap[0].key));
    }
    scene.none_fits = true;
    assert_false(fc_view_pick(&scene.host, fits, &scene, &key));
    fc_ledger_destroy(scene.ledger);
    scene.ledger = full;
    assert_false(fc_view_pick(&scene.host, fits, &scene, &key));
    end(&scene);
}

static void notes_have_a_bound_and_an_end(void **state)
{
    (void)state;
    struct fc_view_notes notes = {0};
    struct fc_key keys[FC_VIEW_NOTES_MAX + 1];
    for (uint32_t i = 0; i <= FC_VIEW_NOTES_MAX; i++) {
        keys[i] = fc_test_box("note", i).pub;
        fc_view_note(&notes, &keys[i], 100 + i);
    }
    assert_int_equal(notes.count, FC_VIEW_NOTES_MAX);
    assert_false(fc_view_noted(&notes, &keys[0], 0)); /* the oldest gave way */
    assert_true(fc_view_noted(&notes, &keys[1], 100));
    assert_false(fc_view_noted(&notes, &keys[1], 101));
    fc_view_note(&notes, &keys[1], 200);
    assert_true(fc_view_noted(&notes, &keys[1], 199));
    assert_int_equal(notes.count, FC_VIEW_NOTES_MAX);
    for (uint32_t i = 1; i <= FC_VIEW_NOTES_MAX; i++)
        assert_true(fc_view_unnote(&notes, &keys[i]));
    assert_false(fc_view_unnote(&notes, &keys[1]));
    assert_int_equal(notes.count, 0);
    fc_view_notes_finish(&notes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_operator_has_one_weight),
        cmocka_unit_test(every_node_of_an_operator_is_found),
        cmocka_unit_test(bootstrap_peers_come_last),
        cmocka_unit_test(notes_have_a_bound_and_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
