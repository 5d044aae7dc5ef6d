/* Replicas that hold in common what they can: what is told apart, and what is not. */
#include <string.h>

#include "store/kv_mem.h"
#include "store/ledger_priv.h"
#include "store/replica_priv.h"
#include "tests/support/replica_case.h"

static bool is_one(const struct fc_test_node *a, const struct fc_test_node *b)
{
    return fc_replica_ledger(a->replica)->roll == fc_replica_ledger(b->replica)->roll;
}

static uint64_t worked(void)
{
    struct fc_ledger_pool_stat stat;
    fc_ledger_pool_stat(fc_shared_ledgers(fc_test_shared()), &stat);
    return stat.worked;
}

static void a_clone_is_opened_without_reading(void **state)
{
    struct fc_test_case *test = *state;
    uint64_t before = worked();
    assert_true(is_one(&test->a, &test->b));
    fc_test_node_reopen(&test->b);
    assert_true(is_one(&test->a, &test->b));
    assert_int_equal(worked(), before);
    assert_int_equal(fc_test_add(&test->b, &test->other.certificate_record), FC_OK);
    assert_int_equal(fc_test_add(&test->a, &test->other.certificate_record), FC_OK);
    assert_int_equal(worked(), before + 1);
    fc_test_node_reopen(&test->a);
    assert_int_equal(fc_ledger_participant_count(fc_replica_ledger(test->a.replica)), 2);
}

static void checkpoints_are_read_back(void **state)
{
    struct fc_test_case *test = *state;
    struct fc_buf checkpoint = {0};
    struct fc_hash digest = {{3}};
    fc_test_checkpoint(&test->acme, &test->fed, &digest, 1, 1, &checkpoint);
    assert_int_equal(fc_test_add(&test->a, &checkpoint), FC_OK);
    struct fc_hash hash = fc_test_parse(&checkpoint).hash;
    fc_test_node_reopen(&test->a);
    fc_test_node_reopen(&test->b);
    assert_non_null(fc_ledger_find(fc_replica_ledger(test->a.replica), &hash));
    assert_null(fc_ledger_find(fc_replica_ledger(test->b.replica), &hash));
    assert_true(is_one(&test->a, &test->b));
    fc_buf_finish(&checkpoint);
}

static void what_was_not_committed_is_taken_back(void **state)
{
    struct fc_test_case *test = *state;
    fc_test_publish_one(&test->a, &test->acme, "urn:x", "x");
    assert_ok(fc_replica_begin(test->a.replica));
    assert_ok(fc_replica_add_record(test->a.replica, fc_buf_span(&test->other.certificate_record)));
    assert_int_equal(fc_ledger_participant_count(fc_replica_ledger(test->a.replica)), 2);
    assert_int_equal(fc_ledger_participant_count(fc_replica_ledger(test->b.replica)), 1);
    fc_replica_abort(test->a.replica);
    assert_int_equal(fc_ledger_participant_count(fc_replica_ledger(test->a.replica)), 1);
    assert_true(is_one(&test->a, &test->b));
    assert_int_equal(fc_test_feed(&test->a, &test->acme.id).entries, 1);
}

/* One that stands alone works with what others left in the store, and they with what it left. */
static void a_note_does_not_outlive_the_truth(void **state)
{
    struct fc_test_case *test = *state;
    struct fc_kv *kv, *again;
    struct fc_replica *alone, *shared;
    struct fc_replica_config config = {.verifier = fc_verifier_plain(), .federation = test->fed.id};
    assert_ok(fc_kv_mem_clone(fc_kv_fault_inner(test->a.fault), &kv));
    config.kv = kv;
    assert_ok(fc_replica_open(&config, &alone));
    assert_ok(fc_replica_begin(alone));
    assert_ok(fc_replica_add_record(alone, fc_buf_span(&test->other.certificate_record)));
    assert_ok(fc_replica_commit(alone));
    assert_ok(fc_kv_mem_clone(kv, &again));
    fc_replica_close(alone);
    config.kv = again;
    config.shared = fc_test_shared();
    assert_ok(fc_replica_open(&config, &shared));
    assert_int_equal(fc_ledger_participant_count(fc_replica_ledger(shared)), 2);
    fc_replica_close(shared);
}

static void rows_are_alike_whatever_came_first(void **state)
{
    struct fc_test_case *test = *state;
    struct fc_test_node *a = &test->a, *b = &test->b, c;
    fc_test_node_init(&c, FC_TEST_SHARED, &test->fed, "node c");
    fc_test_admit(&c, &test->fed, &test->acme);
    assert_int_equal(fc_test_add(a, &test->other.certificate_record), FC_OK);
    assert_int_equal(fc_test_add(b, &test->other.certificate_record), FC_OK);
    assert_int_equal(fc_test_add(&c, &test->other.certificate_record), FC_OK);
    fc_test_publish_one(&c, &test->acme, "urn:x", "x");
    fc_test_publish_one(&c, &test->other, "urn:y", "y");
    const struct fc_hash *const orders[2][2] = {{&test->acme.id, &test->other.id},
                                                {&test->other.id, &test->acme.id}};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(fc_test_pass_delta(&c, a, orders[0][i], true), FC_OK);
        assert_int_equal(fc_test_pass_delta(&c, b, orders[1][i], true), FC_OK);
    }
    struct fc_feed of_a = fc_test_feed(a, &test->acme.id), of_b = fc_test_feed(b, &test->acme.id);
    assert_int_equal(of_a.generation, of_b.generation);
    assert_true(of_a.generation >= FC_GENERATION_NAMED);
    assert_true(of_a.accepted_ms > 0);
    fc_test_expect_equal(a, b);
    fc_test_node_finish(&c);
}

/* Two feeds whose names begin alike, and one that is loaded anew. */
static void a_generation_is_nobody_elses(void **state)
{
    struct fc_test_case *test = *state;
    struct fc_hash twin = {{0}};
    uint32_t first, second, third, again;
    struct fc_replica *replica = test->a.replica;
    memcpy(twin.b, test->acme.id.b, 4);
    assert_ok(fc_replica_begin(replica));
    assert_ok(fc_replica_generation_new(replica, &test->acme.id, &first));
    assert_ok(fc_replica_generation_keep(replica, first));
    assert_ok(fc_replica_generation_new(replica, &twin, &second));
    assert_int_not_equal(first, second);
    assert_ok(fc_replica_generation_new(replica, &test->acme.id, &third));
    assert_true(third != first && third != second);
    assert_ok(fc_replica_generation_keep(replica, third));
    assert_ok(fc_replica_generation_drop(replica, first));
    bool more = true;
    while (more)
        assert_ok(fc_replica_tidy(replica, 100, &more));
    assert_ok(fc_replica_generation_new(replica, &test->acme.id, &again));
    assert_int_equal(again, first); /* nothing is left of it */
    for (int i = 0; i < 8; i++)
        assert_ok(fc_replica_generation_new(replica, &test->acme.id, &third));
    assert_true(third < FC_GENERATION_NAMED); /* it is counted when names run out */
    fc_replica_abort(replica);
}

static void a_content_is_judged_as_before(void **state)
{
    struct fc_test_case *test = *state;
    struct fc_content content = {.salt = {1}, .bytes = fc_span_str("plain")};
    struct fc_hash right = fc_commitment(content.salt, content.bytes), wrong = right;
    struct fc_span frame;
    wrong.b[31] ^= 1; /* kept at the same place */
    for (int i = 0; i < 2; i++) {
        assert_ok(fc_replica_content_check(test->a.replica, &content, 5, &right, &frame));
        assert_true(frame.len > 0);
        assert_int_equal(fc_replica_content_check(test->b.replica, &content, 5, &wrong, &frame),
                         FC_E_SIGNATURE);
        assert_int_equal(fc_replica_content_check(test->b.replica, &content, 4, &right, &frame),
                         FC_E_SIGNATURE);
        struct fc_content other = content;
        other.salt[0] = 2;
        assert_int_equal(fc_replica_content_check(test->b.replica, &other, 5, &right, &frame),
                         FC_E_SIGNATURE);
        other = content;
        other.bytes = fc_span_str("plaim");
        assert_int_equal(fc_replica_content_check(test->b.replica, &other, 5, &right, &frame),
                         FC_E_SIGNATURE);
        other.bytes = content.bytes;
        other.compressed = true;
        assert_int_equal(fc_replica_content_check(test->b.replica, &other, 5, &right, &frame),
                         FC_E_SIGNATURE);
    }
}

/* As one finds it that shares nothing and has just read the store. */
static void expect_digest_of_rows(const struct fc_test_case *test, const struct fc_test_node *node,
                                  uint64_t feeds)
{
    struct fc_digest digest, afresh;
    struct fc_replica *replica;
    struct fc_replica_config config = {.verifier = fc_verifier_plain(), .federation = test->fed.id};
    assert_ok(fc_kv_mem_clone(fc_kv_fault_inner(node->fault), &config.kv));
    assert_ok(fc_replica_open(&config, &replica));
    assert_ok(fc_replica_digest(replica, &afresh));
    fc_replica_close(replica);
    assert_ok(fc_replica_digest(node->replica, &digest));
    assert_int_equal(digest.feeds, feeds);
    assert_int_equal(digest.feeds, afresh.feeds);
    assert_int_equal(digest.entries, afresh.entries);
    assert_int_equal(digest.bytes, afresh.bytes);
    assert_true(fc_hash_eq(&digest.hash, &afresh.hash));
}

static void a_digest_follows_what_is_held(void **state)
{
    struct fc_test_case *test = *state;
    struct fc_test_node *a = &test->a, *b = &test->b;
    struct fc_test_batch batch = {0};
    struct fc_buf revocation = {0};
    expect_digest_of_rows(test, a, 0);
    expect_digest_of_rows(test, b, 0);
    assert_int_equal(fc_test_add(a, &test->other.certificate_record), FC_OK);
    assert_int_equal(fc_test_add(b, &test->other.certificate_record), FC_OK);
    fc_test_publish_one(a, &test->other, "urn:y", "other");
    fc_test_publish_one(a, &test->acme, "urn:x", "first");
    expect_digest_of_rows(test, a, 2);
    assert_int_equal(fc_test_pass_delta(a, b, &test->acme.id, true), FC_OK);
    expect_digest_of_rows(test, b, 1);
    assert_int_equal(fc_test_pass_delta(a, b, &test->other.id, true), FC_OK);
    expect_digest_of_rows(test, b, 2);
    fc_test_publish_one(a, &test->acme, "urn:z", "second");
    expect_digest_of_rows(test, a, 2);
    fc_test_batch_delete(&batch, "urn:x");
    fc_kv_fault_arm(a->fault, 8, FC_E_FULL);
    assert_int_equal(fc_test_publish(a, &test->acme, &batch, NULL), FC_E_FULL);
    fc_kv_fault_disarm(a->fault);
    expect_digest_of_rows(test, a, 2);
    fc_test_revocation(&test->acme, &test->fed, fc_test_feed(a, &test->acme.id).version,
                       FC_REVOKE_REMOVE, &revocation);
    assert_int_equal(fc_test_add(a, &revocation), FC_OK);
    expect_digest_of_rows(test, a, 1);
    assert_int_equal(fc_test_add(b, &revocation), FC_OK);
    expect_digest_of_rows(test, b, 1);
    fc_test_expect_equal(a, b);
    fc_buf_finish(&revocation);
    fc_test_batch_finish(&batch);
}

#define SHARED(f) FC_TEST_ON(f, "", 2)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        SHARED(a_clone_is_opened_without_reading),    SHARED(checkpoints_are_read_back),
        SHARED(what_was_not_committed_is_taken_back), SHARED(a_note_does_not_outlive_the_truth),
        SHARED(rows_are_alike_whatever_came_first),   SHARED(a_generation_is_nobody_elses),
        SHARED(a_content_is_judged_as_before),        SHARED(a_digest_follows_what_is_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
