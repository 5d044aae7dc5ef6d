/* Ledgers of one pool: those that hold the same are one, and a change to one is no other's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "store/ledger_pool.h"
#include "store/ledger_priv.h"
#include "tests/support/ledger.h"

struct scene {
    struct fc_test_federation fed;
    struct fc_test_party acme, bolt;
    struct fc_ledger_pool *pool;
    struct fc_ledger *one, *two;
};

static struct fc_ledger *pooled(const struct scene *scene)
{
    struct fc_ledger *ledger = fc_test_ledger(&scene->fed);
    fc_ledger_pool_join(scene->pool, ledger);
    return ledger;
}

static int setup(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    fc_test_federation_init(&scene->fed, "pool", 3);
    fc_test_party_init(&scene->acme, &scene->fed, "acme");
    fc_test_party_init(&scene->bolt, &scene->fed, "bolt");
    scene->pool = fc_ledger_pool_create(fc_verifier_plain());
    scene->one = pooled(scene);
    scene->two = pooled(scene);
    *state = scene;
    return scene->pool ? 0 : -1;
}

static int teardown(void **state)
{
    struct scene *scene = *state;
    fc_ledger_destroy(scene->one);
    fc_ledger_destroy(scene->two);
    fc_ledger_pool_destroy(scene->pool);
    fc_test_party_finish(&scene->acme);
    fc_test_party_finish(&scene->bolt);
    fc_test_federation_finish(&scene->fed);
    free(scene);
    return 0;
}

static void expect_add(struct fc_ledger *ledger, const struct fc_buf *record, enum fc_err expected)
{
    assert_int_equal(fc_test_ledger_add(ledger, record), expected);
}

static bool are_one(const struct fc_ledger *a, const struct fc_ledger *b)
{
    return a->roll == b->roll;
}

static void admit_both(const struct scene *scene)
{
    for (int i = 0; i < 2; i++) {
        struct fc_ledger *ledger = i ? scene->two : scene->one;
        expect_add(ledger, &scene->fed.charter_record, FC_OK);
        expect_add(ledger, &scene->acme.certificate_record, FC_OK);
        expect_add(ledger, &scene->bolt.certificate_record, FC_OK);
    }
}

static struct fc_ledger_pool_stat stat_of(const struct scene *scene)
{
    struct fc_ledger_pool_stat stat;
    fc_ledger_pool_stat(scene->pool, &stat);
    return stat;
}

static void equal_sets_are_one(void **state)
{
    const struct scene *scene = *state;
    assert_int_equal(stat_of(scene).ledgers, 1);
    expect_add(scene->one, &scene->fed.charter_record, FC_OK);
    expect_add(scene->one, &scene->acme.certificate_record, FC_OK);
    expect_add(scene->one, &scene->bolt.certificate_record, FC_OK);
    expect_add(scene->two, &scene->fed.charter_record, FC_OK);
    assert_false(are_one(scene->one, scene->two));
    expect_add(scene->two, &scene->bolt.certificate_record, FC_OK);
    assert_false(are_one(scene->one, scene->two));
    expect_add(scene->two, &scene->acme.certificate_record, FC_OK);
    assert_true(are_one(scene->one, scene->two));
    assert_int_equal(fc_ledger_participant_count(scene->two), 2);
    struct fc_hash a, b;
    assert_int_equal(fc_ledger_digest(scene->one, &a), FC_OK);
    assert_int_equal(fc_ledger_digest(scene->two, &b), FC_OK);
    assert_true(fc_hash_eq(&a, &b));
}

static void what_was_worked_out_is_found(void **state)
{
    const struct scene *scene = *state;
    expect_add(scene->one, &scene->fed.charter_record, FC_OK);
    expect_add(scene->one, &scene->acme.certificate_record, FC_OK);
    uint64_t worked = stat_of(scene).worked;
    struct fc_ledger_change first, second;
    struct fc_record record = fc_test_parse(&scene->bolt.certificate_record);
    expect_add(scene->two, &scene->fed.charter_record, FC_OK);
    expect_add(scene->two, &scene->acme.certificate_record, FC_OK);
    assert_int_equal(stat_of(scene).worked, worked);
    assert_int_equal(fc_ledger_add(scene->one, &record, &first), FC_OK);
    assert_int_equal(fc_ledger_add(scene->two, &record, &second), FC_OK);
    assert_int_equal(stat_of(scene).worked, worked + 1);
    assert_memory_equal(&first.subject, &second.subject, sizeof first.subject);
    assert_true(fc_hash_eq(&second.participant, &scene->bolt.id));
    assert_true(second.membership && second.feeds && !second.charter);
    expect_add(scene->two, &scene->bolt.certificate_record, FC_E_KNOWN);
}

static void a_change_is_its_own(void **state)
{
    struct scene *scene = *state;
    struct fc_buf before = {0}, after = {0}, revocation = {0};
    struct fc_test_question question = {0};
    admit_both(scene);
    assert_true(are_one(scene->one, scene->two));
    fc_test_ledger_dump(scene->two, &question, &before);
    fc_test_revocation(&scene->acme, &scene->fed, 0, FC_REVOKE_REMOVE, &revocation);
    expect_add(scene->one, &revocation, FC_OK);
    assert_false(are_one(scene->one, scene->two));
    struct fc_participant who;
    assert_int_equal(fc_ledger_participant(scene->one, &scene->acme.id, &who), FC_OK);
    assert_non_null(who.revocation);
    fc_test_ledger_dump(scene->two, &question, &after);
    assert_true(fc_span_eq(fc_buf_span(&before), fc_buf_span(&after)));
    /* What nobody else holds is changed as it is, and found by who comes later. */
    fc_ledger_destroy(scene->one);
    scene->one = NULL;
    expect_add(scene->two, &revocation, FC_OK);
    assert_int_equal(fc_ledger_participant(scene->two, &scene->acme.id, &who), FC_OK);
    assert_non_null(who.revocation);
    fc_buf_finish(&before);
    fc_buf_finish(&after);
    fc_buf_finish(&revocation);
}

static void refusals_are_remembered(void **state)
{
    const struct scene *scene = *state;
    struct fc_buf forged = {0}, descriptor = {0};
    fc_buf_append(&forged, scene->acme.certificate_record.data, scene->acme.certificate_record.len);
    forged.data[forged.len - 1] ^= 1;
    fc_test_descriptor(&scene->acme, &scene->acme.node, "tcp://[::1]:7400", 1, &descriptor);
    expect_add(scene->one, &scene->fed.charter_record, FC_OK);
    expect_add(scene->two, &scene->fed.charter_record, FC_OK);
    expect_add(scene->one, &forged, FC_E_QUORUM);
    expect_add(scene->one, &descriptor, FC_E_UNKNOWN);
    uint64_t worked = stat_of(scene).worked;
    expect_add(scene->two, &forged, FC_E_QUORUM);
    expect_add(scene->two, &descriptor, FC_E_UNKNOWN);
    assert_int_equal(stat_of(scene).worked, worked);
    /* One is not the other, though their hash is the same; and what was unknown may come to be. */
    expect_add(scene->two, &scene->acme.certificate_record, FC_OK);
    expect_add(scene->two, &descriptor, FC_OK);
    expect_add(scene->one, &forged, FC_E_QUORUM);
    expect_add(scene->one, &scene->acme.certificate_record, FC_OK);
    expect_add(scene->one, &descriptor, FC_OK);
    assert_true(are_one(scene->one, scene->two));
    fc_buf_finish(&forged);
    fc_buf_finish(&descriptor);
}

static void pins_tell_ledgers_apart(void **state)
{
    struct scene *scene = *state;
    struct fc_test_federation left = {0};
    fc_test_federation_init(&left, "pool", 3);
    fc_test_rotate(&left, "left", 3, NULL, 0);
    fc_test_rotate(&scene->fed, "right", 3, NULL, 0);
    struct fc_test_federation first;
    fc_test_federation_init(&first, "pool", 3);
    for (int i = 0; i < 2; i++) {
        struct fc_ledger *ledger = i ? scene->two : scene->one;
        expect_add(ledger, &first.charter_record, FC_OK);
        expect_add(ledger, &left.charter_record, FC_OK);
        expect_add(ledger, &scene->fed.charter_record, FC_OK);
    }
    bool disputed;
    assert_true(are_one(scene->one, scene->two));
    assert_int_equal(fc_ledger_pin(scene->one, &left.charter_hash), FC_OK);
    (void)fc_ledger_charter(scene->one, &disputed);
    assert_false(disputed);
    (void)fc_ledger_charter(scene->two, &disputed);
    assert_true(disputed);
    assert_int_equal(fc_ledger_pin(scene->two, &scene->fed.charter_hash), FC_OK);
    assert_false(are_one(scene->one, scene->two));
    assert_int_equal(fc_ledger_pin(scene->two, &left.charter_hash), FC_OK);
    assert_true(are_one(scene->one, scene->two));
    struct fc_hash nobody = {{1}};
    assert_int_equal(fc_ledger_pin(scene->two, &nobody), FC_E_MISSING);
    fc_test_federation_finish(&left);
    fc_test_federation_finish(&first);
}

static void checkpoints_tell_nothing_apart(void **state)
{
    const struct scene *scene = *state;
    struct fc_buf acme = {0}, bolt = {0};
    struct fc_hash digest = {{1}}, a, b;
    admit_both(scene);
    fc_test_checkpoint(&scene->acme, &scene->fed, &digest, 1, 1, &acme);
    fc_test_checkpoint(&scene->bolt, &scene->fed, &digest, 1, 1, &bolt);
    expect_add(scene->one, &acme, FC_OK);
    expect_add(scene->one, &acme, FC_E_KNOWN);
    expect_add(scene->two, &bolt, FC_OK);
    assert_true(are_one(scene->one, scene->two));
    assert_int_equal(fc_ledger_checkpoint_count(scene->one), 1);
    assert_int_equal(fc_ledger_record_count(scene->one), 4);
    struct fc_hash of_acme = fc_test_parse(&acme).hash, of_bolt = fc_test_parse(&bolt).hash;
    assert_non_null(fc_ledger_find(scene->one, &of_acme));
    assert_null(fc_ledger_find(scene->one, &of_bolt));
    assert_true(fc_hash_eq(&fc_ledger_checkpoint_at(scene->two, 0)->record.hash, &of_bolt));
    assert_true(fc_hash_eq(&fc_ledger_record_at(scene->two, 3)->record.hash, &of_bolt));
    assert_null(fc_ledger_record_at(scene->two, 4));
    expect_add(scene->two, &acme, FC_OK);
    assert_ptr_equal(fc_ledger_find(scene->one, &of_acme), fc_ledger_find(scene->two, &of_acme));
    assert_int_equal(fc_ledger_digest(scene->one, &a), FC_OK);
    assert_int_equal(fc_ledger_digest(scene->two, &b), FC_OK);
    assert_true(fc_hash_eq(&a, &b));
    fc_buf_finish(&acme);
    fc_buf_finish(&bolt);
}

static void an_id_opens(void **state)
{
    struct scene *scene = *state;
    struct fc_ledger *again = NULL;
    struct fc_ledger_id empty = fc_ledger_id(scene->one);
    admit_both(scene);
    struct fc_ledger_id id = fc_ledger_id(scene->one);
    assert_int_equal(fc_ledger_pool_open(scene->pool, &scene->fed.id, &id, &again), FC_OK);
    assert_true(are_one(scene->one, again));
    fc_ledger_destroy(again);
    struct fc_hash other = {{9}};
    assert_int_equal(fc_ledger_pool_open(scene->pool, &other, &id, &again), FC_E_MISSING);
    assert_int_equal(fc_ledger_pool_open(scene->pool, &scene->fed.id, &empty, &again),
                     FC_E_MISSING);
}

/* More than the pool remembers: what is forgotten is worked out again. */
static void many_pass_through(void **state)
{
    const struct scene *scene = *state;
    struct fc_test_party parties[80];
    struct fc_ledger *third = pooled(scene);
    expect_add(scene->one, &scene->fed.charter_record, FC_OK);
    for (int i = 0; i < 80; i++) {
        char label[8] = {'p', (char)('0' + i / 10), (char)('0' + i % 10)};
        fc_test_party_init(&parties[i], &scene->fed, label);
        expect_add(scene->one, &parties[i].certificate_record, FC_OK);
    }
    assert_in_range(stat_of(scene).ledgers, 3, 40);
    expect_add(scene->two, &scene->fed.charter_record, FC_OK);
    for (int i = 80; i-- > 0;)
        expect_add(scene->two, &parties[i].certificate_record, FC_OK);
    assert_true(are_one(scene->one, scene->two));
    expect_add(third, &scene->fed.charter_record, FC_OK);
    for (int i = 0; i < 80; i++) {
        expect_add(third, &parties[i].certificate_record, FC_OK);
        fc_test_party_finish(&parties[i]);
    }
    assert_true(are_one(scene->one, third));
    fc_ledger_destroy(third);
}

#define POOL(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        POOL(equal_sets_are_one),
        POOL(what_was_worked_out_is_found),
        POOL(a_change_is_its_own),
        POOL(refusals_are_remembered),
        POOL(pins_tell_ledgers_apart),
        POOL(checkpoints_tell_nothing_apart),
        POOL(an_id_opens),
        POOL(many_pass_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
