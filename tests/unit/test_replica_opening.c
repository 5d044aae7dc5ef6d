/* The first delta of an incarnation, handed in by whoever keeps the key elsewhere: it is taken by a
 * node with the entries it was made on, and by no other. */
#include "tests/support/replica_case.h"

struct opening {
    struct fc_buf record, ops, bytes;
    struct fc_delta delta;
};

/* The delta of the head that `from` holds. */
static void take(struct fc_test_node *from, const struct fc_hash *participant, struct opening *out)
{
    bool has_ops;
    *out = (struct opening){0};
    assert_ok(fc_replica_head(from->replica, participant, &out->record, &out->ops, &has_ops));
    assert_true(has_ops);
    assert_ok(fc_delta_write(fc_buf_span(&out->record), fc_buf_span(&out->ops), &out->bytes));
    assert_ok(fc_delta_parse(fc_buf_span(&out->bytes), &out->delta));
}

static void finish(struct opening *opening)
{
    fc_buf_finish(&opening->record);
    fc_buf_finish(&opening->ops);
    fc_buf_finish(&opening->bytes);
}

/* In a transaction that is committed whatever comes of it: a refusal must leave nothing behind. */
static enum fc_err hand_in(struct fc_test_node *node, const struct fc_delta *delta)
{
    uint32_t bad;
    assert_ok(fc_replica_begin(node->replica));
    enum fc_err err =
        fc_replica_apply_opening(node->replica, delta, NULL, 0, delta->head.time_ms, &bad);
    assert_ok(fc_replica_commit(node->replica));
    return err;
}

static void refused(struct fc_test_node *node, const struct fc_delta *delta, enum fc_err why)
{
    struct fc_hash before = fc_test_fingerprint(node);
    assert_int_equal(hand_in(node, delta), why);
    struct fc_hash after = fc_test_fingerprint(node);
    assert_true(fc_hash_eq(&before, &after));
    assert_int_equal(fc_test_verify(node, false), 0);
}

/* Both hold 1.1 (one entry); then a recovery at floor 1. */
static void recover_both(struct fc_test_case *test)
{
    fc_test_publish_one(&test->a, &test->acme, "urn:one", "{\"a\":1}");
    assert_ok(fc_test_pass_delta(&test->a, &test->b, &test->acme.id, true));
    fc_test_recover(&test->acme, 1, 1);
    assert_ok(fc_test_add(&test->a, &test->acme.certificate_record));
}

static void test_taken_on_the_same_entries(void **state)
{
    struct fc_test_case *test = *state;
    struct opening opening;
    struct fc_key key;
    recover_both(test);
    fc_test_publish_one(&test->a, &test->acme, "urn:two", "{\"a\":2}");
    take(&test->a, &test->acme.id, &opening);
    assert_true(opening.delta.head.version == fc_version_make(2, 2));
    refused(&test->b, &opening.delta, FC_E_GAP); /* its certificate is not here yet */
    assert_ok(fc_test_add(&test->b, &test->acme.certificate_record));
    assert_int_equal(fc_replica_judge(test->b.replica, &opening.delta.record, &opening.delta.head,
                                      opening.delta.head.time_ms, &key),
                     FC_E_GAP);
    assert_true(fc_record_signed_by(&opening.delta.record, &key));
    assert_ok(hand_in(&test->b, &opening.delta));
    assert_true(fc_test_feed(&test->b, &test->acme.id).version == fc_version_make(2, 2));
    assert_int_equal(fc_test_verify(&test->b, false), 0);
    fc_test_expect(&test->b, &test->acme.id, "urn:one", "{\"a\":1}");
    refused(&test->b, &opening.delta, FC_E_GAP); /* a second time it opens nothing */
    /* and what follows is a delta like any other */
    fc_test_publish_one(&test->a, &test->acme, "urn:three", "{\"a\":3}");
    assert_ok(fc_test_pass_delta(&test->a, &test->b, &test->acme.id, true));
    finish(&opening);
}

static void test_refused_on_other_entries(void **state)
{
    struct fc_test_case *test = *state;
    struct opening opening;
    recover_both(test);
    fc_test_publish_one(&test->a, &test->acme, "urn:two", "{\"a\":2}");
    take(&test->a, &test->acme.id, &opening);
    /* the same participant, whose node b has never heard of urn:one */
    fc_test_node_finish(&test->b);
    fc_test_node_init(&test->b, test->backend, &test->fed, "node b");
    fc_test_party_finish(&test->other);
    fc_test_party_init(&test->other, &test->fed, "acme");
    fc_test_admit(&test->b, &test->fed, &test->other);
    fc_test_publish_one(&test->b, &test->other, "urn:elsewhere", "{\"b\":1}");
    assert_ok(fc_test_add(&test->b, &test->acme.certificate_record));
    refused(&test->b, &opening.delta, FC_E_ROOT);
    fc_test_expect(&test->b, &test->acme.id, "urn:elsewhere", "{\"b\":1}");
    finish(&opening);
}

static void test_only_an_opening_is_taken(void **state)
{
    struct fc_test_case *test = *state;
    struct opening first, second;
    recover_both(test);
    assert_ok(fc_test_add(&test->b, &test->acme.certificate_record));
    fc_test_publish_one(&test->a, &test->acme, "urn:two", "{\"a\":2}");
    take(&test->a, &test->acme.id, &first);
    fc_test_publish_one(&test->a, &test->acme, "urn:three", "{\"a\":3}");
    take(&test->a, &test->acme.id, &second);
    refused(&test->b, &second.delta, FC_E_GAP);
    struct fc_delta wrong = first.delta;
    wrong.head.version++; /* above the floor's next */
    refused(&test->b, &wrong, FC_E_GAP);
    wrong = first.delta;
    wrong.head.previous.b[0] = 1;
    refused(&test->b, &wrong, FC_E_GAP);
    wrong = first.delta;
    wrong.head.time_ms = 1; /* older than what is held */
    refused(&test->b, &wrong, FC_E_GAP);
    wrong = first.delta;
    wrong.head.root.b[7] ^= 1;
    refused(&test->b, &wrong, FC_E_ROOT);
    wrong = first.delta;
    wrong.head.entries = (uint64_t)1 << 50;
    refused(&test->b, &wrong, FC_E_QUOTA);
    assert_ok(hand_in(&test->b, &first.delta));
    finish(&first);
    finish(&second);
}

/* Recovered before anything was published: there is nothing to stand on. */
static void test_a_feed_that_begins_with_a_recovery(void **state)
{
    struct fc_test_case *test = *state;
    struct opening opening;
    fc_test_recover(&test->acme, 1, 0);
    assert_ok(fc_test_add(&test->a, &test->acme.certificate_record));
    assert_ok(fc_test_add(&test->b, &test->acme.certificate_record));
    fc_test_publish_one(&test->a, &test->acme, "urn:one", "{}");
    take(&test->a, &test->acme.id, &opening);
    assert_true(opening.delta.head.version == fc_version_make(2, 1));
    assert_ok(hand_in(&test->b, &opening.delta));
    assert_int_equal(fc_test_feed(&test->b, &test->acme.id).entries, 1);
    assert_int_equal(fc_test_verify(&test->b, false), 0);
    finish(&opening);
}

static void test_a_frozen_feed_opens_nothing(void **state)
{
    struct fc_test_case *test = *state;
    struct opening opening;
    struct fc_buf revocation = {0};
    recover_both(test);
    assert_ok(fc_test_add(&test->b, &test->acme.certificate_record));
    fc_test_publish_one(&test->a, &test->acme, "urn:two", "{\"a\":2}");
    take(&test->a, &test->acme.id, &opening);
    fc_test_revocation(&test->acme, &test->fed, fc_version_make(1, 1), FC_REVOKE_FREEZE,
                       &revocation);
    assert_ok(fc_test_add(&test->b, &revocation));
    refused(&test->b, &opening.delta, FC_E_REVOKED);
    fc_buf_finish(&revocation);
    finish(&opening);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FC_TEST_BOTH(test_taken_on_the_same_entries),
        FC_TEST_BOTH(test_refused_on_other_entries),
        FC_TEST_BOTH(test_only_an_opening_is_taken),
        FC_TEST_BOTH(test_a_feed_that_begins_with_a_recovery),
        FC_TEST_BOTH(test_a_frozen_feed_opens_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
