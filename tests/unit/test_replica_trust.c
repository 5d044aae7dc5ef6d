#include "tests/support/replica_case.h"

#include <stdio.h>
#include <string.h>

static void publish(struct fc_test_case *test, struct fc_test_node *node, const char *key,
                    const char *content)
{
    fc_test_publish_one(node, &test->acme, key, content);
}

static enum fc_err contest(struct fc_test_node *node, const struct fc_record *record)
{
    assert_ok(fc_replica_begin(node->replica));
    enum fc_err err = fc_replica_contest(node->replica, record);
    if (err == FC_OK)
        assert_ok(fc_replica_commit(node->replica));
    else
        fc_replica_abort(node->replica);
    return err;
}

static bool contested(struct fc_test_node *node, const struct fc_hash *participant)
{
    struct fc_participant who;
    assert_ok(fc_ledger_participant(fc_replica_ledger(node->replica), participant, &who));
    return who.contested;
}

/* Both nodes hold the owner's key and publish without asking each other. */
static void fork_feed(struct fc_test_case *test)
{
    publish(test, &test->a, "urn:one", "{\"a\":1}");
    assert_ok(fc_test_pass_delta(&test->a, &test->b, &test->acme.id, true));
    publish(test, &test->a, "urn:two", "{\"on\":\"a\"}");
    publish(test, &test->b, "urn:three", "{\"on\":\"b\"}");
}

/* -- judging ------------------------------------------------------------------------------------
 */

static void test_heads_are_judged_by_what_is_held(void **state)
{
    struct fc_test_case *test = *state;
    publish(test, &test->a, "urn:one", "{}");
    assert_int_equal(fc_test_judge(&test->a, &test->b, &test->acme.id), FC_OK);
    assert_ok(fc_test_pass_delta(&test->a, &test->b, &test->acme.id, true));
    assert_int_equal(fc_test_judge(&test->a, &test->b, &test->acme.id), FC_E_KNOWN);
    publish(test, &test->a, "urn:two", "{}");
    assert_int_equal(fc_test_judge(&test->a, &test->b, &test->acme.id), FC_OK);
    assert_int_equal(fc_test_judge(&test->b, &test->a, &test->acme.id), FC_E_STALE);
    publish(test, &test->a, "urn:three", "{}");
    assert_int_equal(fc_test_judge(&test->a, &test->b, &test->acme.id), FC_E_GAP);
}

static void test_a_head_from_the_future_waits(void **state)
{
    struct fc_test_case *test = *state;
    struct fc_test_batch batch = {.now_ms = FC_TEST_NOW_MS};
    fc_test_batch_put(&batch, "urn:one", "{}");
    assert_ok(fc_test_publish(&test->a, &test->acme, &batch, NULL));
    struct fc_buf hold = {0};
    struct fc_record record = fc_test_head_of(&test->a, &test->acme.id, &hold);
    struct fc_head head;
    struct fc_key key;
    assert_ok(fc_head_parse(&record, &head));
    assert_int_equal(
        fc_replica_judge(test->b.replica, &record, &head, FC_TEST_NOW_MS - FC_SKEW_MS - 1, &key),
        FC_E_FUTURE);
    assert_int_equal(
        fc_replica_judge(test->b.replica, &record, &head, FC_TEST_NOW_MS - FC_SKEW_MS, &key),
        FC_OK);
    fc_buf_finish(&hold);
    fc_test_batch_finish(&batch);
}

static void test_time_never_falls(void **state)
{
    struct fc_test_case *test = *state;
    publish(test, &test->a, "urn:one", "{}");
    struct fc_buf hold = {0}, bytes = {0};
    struct fc_record record = fc_test_head_of(&test->a, &test->acme.id, &hold);
    struct fc_head head;
    struct fc_key key;
    assert_ok(fc_head_parse(&record, &head));
    head.previous = record.hash;
    head.version++;
    head.time_ms--;
    fc_test_head(&test->acme, &head, &bytes);
    struct fc_record next = fc_test_parse(&bytes);
    assert_int_equal(fc_replica_judge(test->a.replica, &next, &head, FC_TEST_NOW_MS, &key),
                     FC_E_DENIED);
    fc_buf_finish(&hold);
    fc_buf_finish(&bytes);
}

/* -- forks --------------------------------------------------------------------------------------
 */

static void test_two_heads_of_one_version_are_evidence(void **state)
{
    struct fc_test_case *test = *state;
    fork_feed(test);
    assert_int_equal(fc_test_judge(&test->b, &test->a, &test->acme.id), FC_E_CONTESTED);
    struct fc_buf hold = {0}, own = {0};
    struct fc_record rival = fc_test_head_of(&test->b, &test->acme.id, &hold);
    struct fc_record held = fc_test_head_of(&test->a, &test->acme.id, &own);
    assert_int_equal(contest(&test->a, &held), FC_E_ARG);
    assert_false(contested(&test->a, &test->acme.id));
    assert_ok(contest(&test->a, &rival));
    assert_true(contested(&test->a, &test->acme.id));
    /* Entries stay, nothing new comes in, and the next one is refused. */
    fc_test_expect(&test->a, &test->acme.id, "urn:two", "{\"on\":\"a\"}");
    struct fc_test_batch batch = {0};
    fc_test_batch_put(&batch, "urn:more", "{}");
    assert_int_equal(fc_test_publish(&test->a, &test->acme, &batch, NULL), FC_E_CONTESTED);
    publish(test, &test->b, "urn:four", "{}");
    assert_int_equal(fc_test_judge(&test->b, &test->a, &test->acme.id), FC_E_CONTESTED);
    fc_test_node_reopen(&test->a);
    assert_true(contested(&test->a, &test->acme.id));
    assert_int_equal(fc_test_verify(&test->a, false), 0);
    fc_buf_finish(&hold);
    fc_buf_finish(&own);
    fc_test_batch_finish(&batch);
}

static void test_a_next_head_that_denies_the_held_one_is_evidence(void **state)
{
    struct fc_test_case *test = *state;
    fork_feed(test);
    publish(test, &test->b, "urn:four", "{}"); /* version 3 over another version 2 */
    assert_int_equal(fc_test_judge(&test->b, &test->a, &test->acme.id), FC_E_CONTESTED);
    struct fc_buf hold = {0};
    struct fc_record rival = fc_test_head_of(&test->b, &test->acme.id, &hold);
    assert_ok(contest(&test->a, &rival));
    assert_true(contested(&test->a, &test->acme.id));
    fc_buf_finish(&hold);
}

static void test_an_older_head_is_checked_against_the_history(void **state)
{
    struct fc_test_case *test = *state;
    fork_feed(test);
    publish(test, &test->a, "urn:four", "{}");
    publish(test, &test->a, "urn:five", "{}");
    assert_int_equal(fc_test_judge(&test->b, &test->a, &test->acme.id), FC_E_CONTESTED);
    struct fc_buf hold = {0};
    struct fc_record rival = fc_test_head_of(&test->b, &test->acme.id, &hold);
    assert_ok(contest(&test->a, &rival));
    assert_true(contested(&test->a, &test->acme.id));
    fc_buf_finish(&hold);
}

static void test_a_newcomer_loads_a_contested_feed(void **state)
{
    struct fc_test_case *test = *state;
    fork_feed(test);
    struct fc_buf hold = {0};
    struct fc_record rival = fc_test_head_of(&test->b, &test->acme.id, &hold);
    assert_ok(contest(&test->a, &rival));
    struct fc_test_node c;
    fc_test_node_init(&c, test->backend, &test->fed, "newcomer");
    fc_test_admit(&c, &test->fed, &test->acme);
    struct fc_buf own = {0}, evidence = {0};
    struct fc_record held = fc_test_head_of(&test->a, &test->acme.id, &own);
    assert_ok(
        fc_ledger_evidence(fc_replica_ledger(test->a.replica), held.bytes, rival.bytes, &evidence));
    assert_ok(fc_test_add(&c, &evidence));
    assert_int_equal(fc_test_judge(&test->a, &c, &test->acme.id), FC_E_GAP);
    assert_ok(fc_test_catch_up(&test->a, &c, &test->acme.id, FC_LOAD_WHOLE, FC_BLOCK_BYTES));
    fc_test_expect_equal(&test->a, &c);
    assert_true(contested(&c, &test->acme.id));
    assert_int_equal(fc_test_judge(&test->b, &c, &test->acme.id), FC_E_CONTESTED);
    fc_test_node_finish(&c);
    fc_buf_finish(&hold);
    fc_buf_finish(&own);
    fc_buf_finish(&evidence);
}

static void test_a_new_incarnation_heals(void **state)
{
    struct fc_test_case *test = *state;
    fork_feed(test);
    struct fc_buf hold_a = {0}, hold_b = {0};
    struct fc_record on_a = fc_test_head_of(&test->a, &test->acme.id, &hold_a);
    struct fc_record on_b = fc_test_head_of(&test->b, &test->acme.id, &hold_b);
    assert_ok(contest(&test->a, &on_b));
    assert_ok(contest(&test->b, &on_a));
    fc_test_recover(&test->acme, 1, 2);
    assert_ok(fc_test_add(&test->a, &test->acme.certificate_record));
    assert_ok(fc_test_add(&test->b, &test->acme.certificate_record));
    assert_false(contested(&test->a, &test->acme.id));
    publish(test, &test->a, "urn:healed", "{}");
    struct fc_feed feed = fc_test_feed(&test->a, &test->acme.id);
    assert_true(feed.version == fc_version_make(2, 3) && feed.entries == 3);
    /* Changes since another incarnation are not known; the trees are walked. */
    assert_int_equal(fc_test_judge(&test->a, &test->b, &test->acme.id), FC_E_GAP);
    assert_int_equal(
        fc_test_catch_up(&test->a, &test->b, &test->acme.id, FC_LOAD_CHANGES, FC_BLOCK_BYTES),
        FC_E_GAP);
    assert_ok(fc_test_catch_up(&test->a, &test->b, &test->acme.id, FC_LOAD_WALK, FC_BLOCK_BYTES));
    fc_test_expect_equal(&test->a, &test->b);
    fc_test_expect(&test->b, &test->acme.id, "urn:two", "{\"on\":\"a\"}");
    fc_test_expect(&test->b, &test->acme.id, "urn:three", NULL);
    publish(test, &test->a, "urn:on", "{}");
    assert_ok(fc_test_pass_delta(&test->a, &test->b, &test->acme.id, true));
    fc_test_expect_equal(&test->a, &test->b);
    fc_buf_finish(&hold_a);
    fc_buf_finish(&hold_b);
}

/* -- revocations --------------------------------------------------------------------------------
 */

static void test_freeze_hides_later_entries(void **state)
{
    struct fc_test_case *test = *state;
    publish(test, &test->a, "urn:one", "{\"a\":1}");
    publish(test, &test->a, "urn:two", "{\"a\":2}");
    struct fc_buf freeze = {0};
    fc_test_revocation(&test->acme, &test->fed, fc_version_make(1, 1), FC_REVOKE_FREEZE, &freeze);
    assert_ok(fc_test_add(&test->a, &freeze));
    assert_false(fc_replica_hidden(test->a.replica, &test->acme.id, fc_version_make(1, 1)));
    assert_true(fc_replica_hidden(test->a.replica, &test->acme.id, fc_version_make(1, 2)));
    fc_test_expect(&test->a, &test->acme.id, "urn:one", "{\"a\":1}");
    struct fc_test_batch batch = {0};
    fc_test_batch_put(&batch, "urn:three", "{}");
    assert_int_equal(fc_test_publish(&test->a, &test->acme, &batch, NULL), FC_E_REVOKED);
    assert_int_equal(fc_test_verify(&test->a, false), 0);
    fc_test_batch_finish(&batch);
    fc_buf_finish(&freeze);
}

static void test_remove_drops_the_feed_and_its_rows(void **state)
{
    struct fc_test_case *test = *state;
    struct fc_test_batch batch = {0};
    char keys[100][16];
    for (unsigned i = 0; i < 100; i++) {
        snprintf(keys[i], sizeof keys[i], "urn:%u", i);
        fc_test_batch_put(&batch, keys[i], "{}");
    }
    assert_ok(fc_test_publish(&test->a, &test->acme, &batch, NULL));
    assert_ok(fc_test_pass_delta(&test->a, &test->b, &test->acme.id, false));
    struct fc_buf remove = {0};
    fc_test_revocation(&test->acme, &test->fed, fc_version_make(1, 1), FC_REVOKE_REMOVE, &remove);
    assert_ok(fc_test_add(&test->b, &remove));
    struct fc_feed feed;
    struct fc_digest digest;
    struct fc_want want;
    uint32_t count;
    assert_int_equal(fc_replica_feed(test->b.replica, &test->acme.id, &feed), FC_E_MISSING);
    assert_ok(fc_replica_digest(test->b.replica, &digest));
    assert_int_equal(digest.feeds, 0);
    assert_ok(fc_replica_wanted(test->b.replica, &want, 1, &count));
    assert_int_equal(count, 0);
    assert_int_equal(fc_test_verify(&test->b, false), 0);
    bool more = true;
    unsigned rounds = 0;
    while (more) { /* in small steps, each a transaction */
        assert_ok(fc_replica_begin(test->b.replica));
        assert_ok(fc_replica_tidy(test->b.replica, 17, &more));
        assert_ok(fc_replica_commit(test->b.replica));
        rounds++;
    }
    assert_true(rounds > 10);
    struct fc_kv_stat stat;
    assert_ok(fc_kv_stat(fc_replica_kv(test->b.replica), &stat));
    assert_int_equal(stat.rows[FC_TABLE_ENTRY] + stat.rows[FC_TABLE_BYVER] +
                         stat.rows[FC_TABLE_CONTENT] + stat.rows[FC_TABLE_TREE] +
                         stat.rows[FC_TABLE_HEAD] + stat.rows[FC_TABLE_FEED] +
                         stat.rows[FC_TABLE_LOCAL],
                     0);
    assert_int_equal(fc_test_judge(&test->a, &test->b, &test->acme.id), FC_E_REVOKED);
    assert_int_equal(fc_test_verify(&test->b, false), 0);
    fc_buf_finish(&remove);
    fc_test_batch_finish(&batch);
}

/* -- records ------------------------------------------------------------------------------------
 */

static void test_records_are_refused_as_the_ledger_says(void **state)
{
    struct fc_test_case *test = *state;
    struct fc_hash before = fc_test_fingerprint(&test->a);
    assert_int_equal(fc_test_add(&test->a, &test->acme.certificate_record), FC_E_KNOWN);
    struct fc_test_federation foreign;
    struct fc_test_party stranger;
    fc_test_federation_init(&foreign, "foreign", 3);
    fc_test_party_init(&stranger, &foreign, "stranger");
    assert_int_equal(fc_test_add(&test->a, &stranger.certificate_record), FC_E_FEDERATION);
    struct fc_buf garbage = {0};
    fc_buf_append(&garbage, "garbage", 7);
    assert_int_equal(fc_test_add(&test->a, &garbage), FC_E_FORMAT);
    struct fc_hash after = fc_test_fingerprint(&test->a);
    assert_true(fc_hash_eq(&before, &after));
    fc_buf_finish(&garbage);
    fc_test_party_finish(&stranger);
    fc_test_federation_finish(&foreign);
}

/* Two charters of version 2, both properly signed: governance stops until this node pins one. */
static void test_a_pin_is_kept(void **state)
{
    struct fc_test_case *test = *state;
    struct fc_test_federation rival;
    fc_test_federation_init(&rival, "replica", 3);
    assert_true(fc_hash_eq(&rival.id, &test->fed.id));
    fc_test_rotate(&test->fed, "one", 3, &test->acme.certificate_hash, 1);
    fc_test_rotate(&rival, "two", 3, &test->acme.certificate_hash, 1);
    assert_ok(fc_test_add(&test->a, &test->fed.carry_record));
    assert_ok(fc_test_add(&test->a, &test->fed.charter_record));
    assert_ok(fc_test_add(&test->a, &rival.charter_record));
    bool disputed;
    fc_ledger_charter(fc_replica_ledger(test->a.replica), &disputed);
    assert_true(disputed);
    fc_test_node_reopen(&test->a);
    fc_ledger_charter(fc_replica_ledger(test->a.replica), &disputed);
    assert_true(disputed);
    struct fc_hash nothing = {{1}};
    assert_ok(fc_replica_begin(test->a.replica));
    assert_int_equal(fc_replica_pin(test->a.replica, &nothing), FC_E_MISSING);
    assert_ok(fc_replica_pin(test->a.replica, &test->fed.charter_hash));
    assert_ok(fc_replica_commit(test->a.replica));
    for (unsigned round = 0; round < 2; round++) {
        const struct fc_held *charter =
            fc_ledger_charter(fc_replica_ledger(test->a.replica), &disputed);
        assert_false(disputed);
        assert_true(fc_hash_eq(&charter->record.hash, &test->fed.charter_hash));
        fc_test_node_reopen(&test->a);
    }
    struct fc_participant who;
    assert_ok(fc_ledger_participant(fc_replica_ledger(test->a.replica), &test->acme.id, &who));
    publish(test, &test->a, "urn:one", "{}");
    assert_int_equal(fc_test_verify(&test->a, false), 0);
    /* A pin of the other takes it back, here and on disk. */
    assert_ok(fc_replica_begin(test->a.replica));
    assert_ok(fc_replica_pin(test->a.replica, &rival.charter_hash));
    assert_ok(fc_replica_commit(test->a.replica));
    for (unsigned round = 0; round < 2; round++) {
        const struct fc_held *charter =
            fc_ledger_charter(fc_replica_ledger(test->a.replica), &disputed);
        assert_false(disputed);
        assert_true(fc_hash_eq(&charter->record.hash, &rival.charter_hash));
        fc_test_node_reopen(&test->a);
    }
    fc_test_federation_finish(&rival);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        FC_TEST_BOTH(test_heads_are_judged_by_what_is_held),
        FC_TEST_BOTH(test_a_head_from_the_future_waits),
        FC_TEST_BOTH(test_time_never_falls),
        FC_TEST_BOTH(test_two_heads_of_one_version_are_evidence),
        FC_TEST_BOTH(test_a_next_head_that_denies_the_held_one_is_evidence),
        FC_TEST_BOTH(test_an_older_head_is_checked_against_the_history),
        FC_TEST_BOTH(test_a_newcomer_loads_a_contested_feed),
        FC_TEST_BOTH(test_a_new_incarnation_heals),
        FC_TEST_BOTH(test_freeze_hides_later_entries),
        FC_TEST_BOTH(test_remove_drops_the_feed_and_its_rows),
        FC_TEST_BOTH(test_records_are_refused_as_the_ledger_says),
        FC_TEST_BOTH(test_a_pin_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
