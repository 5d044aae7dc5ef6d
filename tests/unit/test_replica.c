#include "tests/support/replica_case.h"

#include <stdio.h>
#include <string.h>

#include "store/kv_mem.h"

static struct fc_hash hash_of(const char *key)
{
    return fc_key_hash(fc_span_str(key));
}

static void put_many(struct fc_test_case *test, struct fc_test_batch *batch, unsigned from,
                     unsigned to, const char *word)
{
    static char keys[1024][40], contents[1024][64];
    (void)test;
    for (unsigned i = from; i < to; i++) {
        snprintf(keys[i], sizeof keys[i], "https://acme.example/%u", i);
        snprintf(contents[i], sizeof contents[i], "{\"number\":%u,\"word\":\"%s\"}", i, word);
        fc_test_batch_put(batch, keys[i], contents[i]);
    }
}

/* -- open ---------------------------------------------------------------------------------------
 */

static void test_open_wants_the_right_store(void **state)
{
    struct fc_test_case *test = *state;
    struct fc_replica *replica;
    struct fc_replica_config config = {.verifier = fc_verifier_plain()};
    assert_ok(fc_kv_mem_create(&config.kv));
    assert_int_equal(fc_replica_open(&config, &replica), FC_E_MISSING);
    assert_ok(fc_kv_mem_create(&config.kv));
    config.create = true;
    assert_int_equal(fc_replica_open(&config, &replica), FC_E_ARG);

    struct fc_kv *inner = fc_kv_fault_inner(test->a.fault);
    if (test->backend != FC_TEST_MEMORY)
        return;
    assert_ok(fc_kv_mem_clone(inner, &config.kv));
    config.federation = hash_of("another");
    assert_int_equal(fc_replica_open(&config, &replica), FC_E_FEDERATION);
    assert_ok(fc_kv_mem_clone(inner, &config.kv));
    struct fc_txn *txn;
    assert_ok(fc_kv_begin(config.kv, true, &txn));
    assert_ok(fc_kv_put(txn, FC_TABLE_META, fc_span_str("format"), fc_span("\0\0\0\11", 4)));
    assert_ok(fc_kv_commit(txn));
    config.federation = test->fed.id;
    assert_int_equal(fc_replica_open(&config, &replica), FC_E_VERSION);
}

static void test_reopened_it_is_the_same(void **state)
{
    struct fc_test_case *test = *state;
    fc_test_publish_one(&test->a, &test->acme, "urn:one", "{\"a\":1}");
    struct fc_digest before, after;
    struct fc_arrival_mark mark = fc_replica_arrival_mark(test->a.replica);
    assert_ok(fc_replica_digest(test->a.replica, &before));
    fc_test_node_reopen(&test->a);
    assert_ok(fc_replica_digest(test->a.replica, &after));
    assert_true(fc_hash_eq(&before.hash, &after.hash));
    assert_int_equal(after.entries, 1);
    struct fc_arrival_mark again = fc_replica_arrival_mark(test->a.replica);
    assert_true(mark.epoch == again.epoch && mark.index == again.index);
    struct fc_participant who;
    assert_ok(fc_ledger_participant(fc_replica_ledger(test->a.replica), &test->acme.id, &who));
    fc_test_publish_one(&test->a, &test->acme, "urn:two", "{\"a\":2}");
    fc_test_expect(&test->a, &test->acme.id, "urn:one", "{\"a\":1}");
    assert_int_equal(fc_test_verify(&test->a, false), 0);
}

/* -- publishing and applying ---------------------------------------------------------------------
 */

static void test_author_then_apply_gives_equal_replicas(void **state)
{
    struct fc_test_case *test = *state;
    struct fc_test_batch batch = {0};
    fc_version version;
    put_many(test, &batch, 0, 300, "first");
    assert_ok(fc_test_publish(&test->a, &test->acme, &batch, &version));
    assert_true(version == fc_version_make(1, 1));
    assert_ok(fc_test_pass_delta(&test->a, &test->b, &test->acme.id, true));
    fc_test_expect_equal(&test->a, &test->b);

    put_many(test, &batch, 100, 110, "second");
    fc_test_batch_delete(&batch, "https://acme.example/7");
    fc_test_batch_status(&batch, "https://acme.example/8", FC_STATUS_DEPRECATED);
    assert_ok(fc_test_publish(&test->a, &test->acme, &batch, &version));
    assert_true(version == fc_version_make(1, 2));
    assert_ok(fc_test_pass_delta(&test->a, &test->b, &test->acme.id, true));
    fc_test_expect_equal(&test->a, &test->b);
    fc_test_expect(&test->b, &test->acme.id, "https://acme.example/100",
                   "{\"number\":100,\"word\":\"second\"}");
    fc_test_expect(&test->b, &test->acme.id, "https://acme.example/7", NULL);

    struct fc_buf hold = {0};
    struct fc_entry entry;
    struct fc_hash key = hash_of("https://acme.example/8");
    assert_ok(fc_replica_entry(test->b.replica, &test->acme.id, &key, &hold, &entry));
    assert_int_equal(entry.status, FC_STATUS_DEPRECATED);
    assert_true(entry.version == version && entry.state == FC_CONTENT_PRESENT);
    fc_buf_finish(&hold);
    struct fc_feed feed = fc_test_feed(&test->b, &test->acme.id);
    assert_int_equal(feed.entries, 299);
    assert_int_equal(feed.missing, 0);
    fc_test_batch_finish(&batch);
}

static void test_same_bytes_again_change_nothing(void **state)
{
    struct fc_test_case *test = *state;
    struct fc_test_batch batch = {0};
    fc_version version;
    put_many(test, &batch, 0, 20, "same");
    assert_ok(fc_test_publish(&test->a, &test->acme, &batch, &version));
    struct fc_hash before = fc_test_fingerprint(&test->a);
    put_many(test, &batch, 0, 20, "same");
    assert_int_equal(fc_test_publish(&test->a, &test->acme, &batch, &version), FC_E_KNOWN);
    struct fc_hash after = fc_test_fingerprint(&test->a);
    assert_true(fc_hash_eq(&before, &after));

    put_many(test, &batch, 0, 21, "same"); /* one of them is new */
    assert_ok(fc_test_publish(&test->a, &test->acme, &batch, &version));
    struct fc_buf record = {0}, ops_bytes = {0};
    struct fc_ops ops;
    bool has_ops;
    assert_ok(fc_replica_head(test->a.replica, &test->acme.id, &record, &ops_bytes, &has_ops));
    assert_ok(fc_ops_init(&ops, fc_buf_span(&ops_bytes)));
    assert_int_equal(ops.count, 1);
    fc_buf_finish(&record);
    fc_buf_finish(&ops_bytes);
    fc_test_batch_finish(&batch);
}

static void test_heartbeat_has_no_operations(void **state)
{
    struct fc_test_case *test = *state;
    struct fc_test_batch batch = {.now_ms = FC_TEST_NOW_MS};
    fc_test_publish_one(&test->a, &test->acme, "urn:one", "{}");
    batch.heartbeat = true;
    batch.now_ms = FC_TEST_NOW_MS + 5000;
    fc_version version;
    assert_ok(fc_test_publish(&test->a, &test->acme, &batch, &version));
    assert_true(version == fc_version_make(1, 2));
    struct fc_feed feed = fc_test_feed(&test->a, &test->acme.id);
    assert_true(feed.time_ms == FC_TEST_NOW_MS + 5000 && feed.entries == 1);
    batch.heartbeat = true; /* the signed time never falls */
    batch.now_ms = FC_TEST_NOW_MS;
    assert_ok(fc_test_publish(&test->a, &test->acme, &batch, &version));
    assert_true(fc_test_feed(&test->a, &test->acme.id).time_ms == FC_TEST_NOW_MS + 5000);
    assert_int_equal(fc_test_verify(&test->a, false), 0);
}

static void expect_untouched(struct fc_test_case *test, struct fc_test_batch *batch,
                             enum fc_err expected)
{
    struct fc_hash before = fc_test_fingerprint(&test->a);
    struct fc_feed held = fc_test_feed(&test->a, &test->acme.id);
    assert_int_equal(fc_test_publish(&test->a, &test->acme, batch, NULL), expected);
    struct fc_hash after = fc_test_fingerprint(&test->a);
    struct fc_feed now = fc_test_feed(&test->a, &test->acme.id);
    assert_true(fc_hash_eq(&before, &after));
    assert_true(held.version == now.version && held.entries == now.entries);
}

static void test_author_refuses_and_changes_nothing(void **state)
{
    struct fc_test_case *test = *state;
    struct fc_test_batch batch = {0};
    fc_test_publish_one(&test->a, &test->acme, "urn:one", "{}");
    fc_test_batch_put(&batch, "urn:two", "{}");
    fc_test_batch_delete(&batch, "urn:three");
    expect_untouched(test, &batch, FC_E_MISSING);
    fc_test_batch_status(&batch, "urn:three", FC_STATUS_ENDED);
    expect_untouched(test, &batch, FC_E_MISSING);
    fc_test_batch_put(&batch, "urn:two", "{}");
    fc_test_batch_put(&batch, "urn:two", "{\"twice\":1}");
    expect_untouched(test, &batch, FC_E_ARG);
    fc_test_batch_put(&batch, "urn:two", "{}");
    batch.sign_err = FC_E_COUNTER;
    expect_untouched(test, &batch, FC_E_COUNTER);
    batch.sign_err = FC_OK;
    fc_test_batch_put(&batch, "urn:two", "{}");
    assert_int_equal(fc_test_publish(&test->a, &test->other, &batch, NULL), FC_E_UNKNOWN);
    fc_test_batch_finish(&batch);
}

/* An authoring that fails inside a batch leaves the rest of the batch standing. */
static void test_failed_delta_leaves_the_batch(void **state)
{
    struct fc_test_case *test = *state;
    struct fc_test_batch batch = {0};
    fc_test_publish_one(&test->a, &test->acme, "urn:one", "{\"a\":1}");
    assert_ok(fc_test_pass_delta(&test->a, &test->b, &test->acme.id, true));
    fc_test_publish_one(&test->a, &test->acme, "urn:two", "{\"a\":2}");
    struct fc_buf record = {0}, ops = {0}, bytes = {0};
    struct fc_delta delta;
    bool has_ops;
    uint32_t bad;
    assert_ok(fc_replica_head(test->a.replica, &test->acme.id, &record, &ops, &has_ops));
    assert_ok(fc_delta_write(fc_buf_span(&record), fc_buf_span(&ops), &bytes));
    assert_ok(fc_delta_parse(fc_buf_span(&bytes), &delta));

    assert_ok(fc_replica_begin(test->b.replica));
    assert_ok(fc_replica_add_record(test->b.replica, fc_buf_span(&test->other.certificate_record)));
    struct fc_delta wrong = delta;
    wrong.head.root.b[5] ^= 1;
    struct fc_feed held = fc_test_feed(&test->b, &test->acme.id);
    struct fc_arrival_mark mark = fc_replica_arrival_mark(test->b.replica);
    assert_int_equal(fc_replica_apply(test->b.replica, &wrong, NULL, 0, FC_TEST_NOW_MS, &bad),
                     FC_E_ROOT);
    struct fc_feed now = fc_test_feed(&test->b, &test->acme.id);
    assert_true(now.version == held.version && now.entries == 1 && now.missing == 0);
    assert_true(fc_replica_arrival_mark(test->b.replica).index == mark.index);
    assert_ok(fc_replica_apply(test->b.replica, &delta, NULL, 0, FC_TEST_NOW_MS, &bad));
    assert_ok(fc_replica_commit(test->b.replica));
    assert_int_equal(fc_test_feed(&test->b, &test->acme.id).entries, 2);
    assert_int_equal(fc_ledger_participant_count(fc_replica_ledger(test->b.replica)), 2);
    assert_int_equal(fc_test_verify(&test->b, false), 0);
    fc_buf_finish(&record);
    fc_buf_finish(&ops);
    fc_buf_finish(&bytes);
    fc_test_batch_finish(&batch);
}

/* A head over a root its operations do not lead to, properly signed, is never held. */
static void test_unreachable_root_is_never_held(void **state)
{
    struct fc_test_case *test = *state;
    struct fc_buf ops_bytes = {0}, record = {0}, bytes = {0};
    struct fc_delta delta;
    struct fc_key key;
    struct fc_hash root = hash_of("no such root");
    uint8_t salt[FC_SALT_BYTES];
    struct fc_op op = fc_test_put("urn:one", "{}", salt);
    uint32_t bad;
    assert_ok(fc_ops_write(&op, 1, &ops_bytes));
    fc_test_next_head(&test->acme, fc_buf_span(&ops_bytes), &root, 1, 2, &record);
    assert_ok(fc_delta_write(fc_buf_span(&record), fc_buf_span(&ops_bytes), &bytes));
    assert_ok(fc_delta_parse(fc_buf_span(&bytes), &delta));
    struct fc_hash before = fc_test_fingerprint(&test->b);
    assert_ok(
        fc_replica_judge(test->b.replica, &delta.record, &delta.head, delta.head.time_ms, &key));
    assert_ok(fc_replica_begin(test->b.replica));
    assert_int_equal(fc_replica_apply(test->b.replica, &delta, NULL, 0, FC_TEST_NOW_MS, &bad),
                     FC_E_ROOT);
    assert_ok(fc_replica_commit(test->b.replica));
    struct fc_hash after = fc_test_fingerprint(&test->b);
    assert_true(fc_hash_eq(&before, &after));
    struct fc_digest digest;
    struct fc_feed feed;
    assert_ok(fc_replica_digest(test->b.replica, &digest));
    assert_int_equal(digest.feeds, 0);
    assert_int_equal(fc_replica_feed(test->b.replica, &test->acme.id, &feed), FC_E_MISSING);
    struct fc_buf out = {0};
    assert_int_equal(fc_replica_head(test->b.replica, &test->acme.id, &out, NULL, NULL),
                     FC_E_MISSING);
    fc_buf_finish(&ops_bytes);
    fc_buf_finish(&record);
    fc_buf_finish(&bytes);
}

/* Whatever write of a batch fails, the replica stands where it stood, on disk and in memory. */
static void test_every_failing_write_undoes_all(void **state)
{
    struct fc_test_case *test = *state;
    struct fc_test_batch batch = {0};
    put_many(test, &batch, 0, 40, "first");
    assert_ok(fc_test_publish(&test->a, &test->acme, &batch, NULL));
    struct fc_hash before = fc_test_fingerprint(&test->a);
    struct fc_digest digest;
    assert_ok(fc_replica_digest(test->a.replica, &digest));
    unsigned failures = 0;
    for (uint64_t n = 0;; n += 1 + n / 16) {
        put_many(test, &batch, 30, 50, "second");
        fc_test_batch_delete(&batch, "https://acme.example/3");
        fc_test_batch_status(&batch, "https://acme.example/4", FC_STATUS_ENDED);
        fc_kv_fault_arm(test->a.fault, n, n % 2 ? FC_E_FULL : FC_E_IO);
        enum fc_err err = fc_test_publish(&test->a, &test->acme, &batch, NULL);
        fc_kv_fault_disarm(test->a.fault);
        if (err == FC_OK)
            break;
        assert_int_equal(err, n % 2 ? FC_E_FULL : FC_E_IO);
        struct fc_hash after = fc_test_fingerprint(&test->a);
        struct fc_digest now;
        assert_ok(fc_replica_digest(test->a.replica, &now));
        assert_true(fc_hash_eq(&before, &after) && fc_hash_eq(&digest.hash, &now.hash));
        failures++;
    }
    assert_true(failures > 20);
    assert_int_equal(fc_test_feed(&test->a, &test->acme.id).entries, 49);
    assert_int_equal(fc_test_verify(&test->a, false), 0);
    fc_test_batch_finish(&batch);
}

static void test_every_failing_write_of_a_record_undoes_it(void **state)
{
    struct fc_test_case *test = *state;
    fc_test_publish_one(&test->a, &test->acme, "urn:one", "{}");
    struct fc_buf revocation = {0};
    fc_test_revocation(&test->acme, &test->fed, fc_version_make(1, 1), FC_REVOKE_REMOVE,
                       &revocation);
    struct fc_hash before = fc_test_fingerprint(&test->a);
    enum fc_err err = FC_E_IO;
    unsigned failures = 0;
    for (uint64_t n = 0; err != FC_OK; n++) {
        fc_kv_fault_arm(test->a.fault, n, FC_E_FULL);
        assert_ok(fc_replica_begin(test->a.replica));
        err = fc_replica_add_record(test->a.replica, fc_buf_span(&revocation));
        if (err == FC_OK)
            err = fc_replica_commit(test->a.replica);
        else
            fc_replica_abort(test->a.replica);
        fc_kv_fault_disarm(test->a.fault);
        if (err == FC_OK)
            break;
        failures++;
        struct fc_participant who;
        assert_int_equal(err, FC_E_FULL);
        assert_ok(fc_ledger_participant(fc_replica_ledger(test->a.replica), &test->acme.id, &who));
        assert_null(who.revocation);
        struct fc_hash after = fc_test_fingerprint(&test->a);
        assert_true(fc_hash_eq(&before, &after));
        assert_int_equal(fc_test_feed(&test->a, &test->acme.id).entries, 1);
    }
    assert_true(failures > 5);
    assert_int_equal(fc_test_feed(&test->a, &test->acme.id).version, 0);
    fc_buf_finish(&revocation);
}

/* -- quota ---------------------------------------------------------------------------------------
 */

static void test_quota_holds_for_authors(void **state)
{
    struct fc_test_case *test = *state;
    struct fc_test_batch batch = {0};
    test->acme.certificate.g++;
    test->acme.certificate.quota_entries = 3;
    test->acme.certificate.quota_bytes = 40;
    test->acme.certificate.quota_ops = 4;
    fc_test_certify(&test->acme, &test->fed);
    assert_ok(fc_test_add(&test->a, &test->acme.certificate_record));
    put_many(test, &batch, 0, 5, "x");
    expect_untouched(test, &batch, FC_E_BOUND);
    for (unsigned i = 0; i < 4; i++) {
        static const char *const keys[] = {"urn:0", "urn:1", "urn:2", "urn:3"};
        fc_test_batch_put(&batch, keys[i], "{}");
    }
    expect_untouched(test, &batch, FC_E_QUOTA);
    fc_test_batch_put(&batch, "urn:0", "{\"text\":\"much longer than the forty bytes\"}");
    expect_untouched(test, &batch, FC_E_QUOTA);
    fc_test_batch_put(&batch, "urn:0", "{}");
    fc_test_batch_put(&batch, "urn:1", "{}");
    fc_test_batch_put(&batch, "urn:2", "{}");
    assert_ok(fc_test_publish(&test->a, &test->acme, &batch, NULL));
    fc_test_batch_finish(&batch);
}

static void test_quota_of_operations_holds_for_deltas(void **state)
{
    struct fc_test_case *test = *state;
    struct fc_test_batch batch = {0};
    test->acme.certificate.g++;
    test->acme.certificate.quota_ops = 2;
    fc_test_certify(&test->acme, &test->fed);
    assert_ok(fc_test_add(&test->b, &test->acme.certificate_record));
    struct fc_buf ops_bytes = {0}, record = {0}, bytes = {0};
    uint8_t salt[FC_SALT_BYTES];
    struct fc_op ops[3] = {fc_test_put("urn:0", "{}", salt), fc_test_put("urn:1", "{}", salt),
                           fc_test_put("urn:2", "{}", salt)};
    struct fc_hash root = hash_of("any");
    struct fc_delta delta;
    uint32_t bad;
    assert_ok(fc_ops_write(ops, 3, &ops_bytes));
    fc_test_next_head(&test->acme, fc_buf_span(&ops_bytes), &root, 3, 6, &record);
    assert_ok(fc_delta_write(fc_buf_span(&record), fc_buf_span(&ops_bytes), &bytes));
    assert_ok(fc_delta_parse(fc_buf_span(&bytes), &delta));
    assert_ok(fc_replica_begin(test->b.replica));
    assert_int_equal(fc_replica_apply(test->b.replica, &delta, NULL, 0, FC_TEST_NOW_MS, &bad),
                     FC_E_QUOTA);
    fc_replica_abort(test->b.replica);
    fc_buf_finish(&ops_bytes);
    fc_buf_finish(&record);
    fc_buf_finish(&bytes);
    fc_test_batch_finish(&batch);
}

/* -- entries, proofs, history --------------------------------------------------------------------
 */

struct listing {
    struct fc_hash last;
    unsigned count, stop_at;
};

static enum fc_err list_entry(void *ctx, const struct fc_entry *entry)
{
    struct listing *listing = ctx;
    assert_true(fc_hash_cmp(&listing->last, &entry->key_hash) < 0);
    listing->last = entry->key_hash;
    listing->count++;
    return listing->count == listing->stop_at ? FC_E_CLOSED : FC_OK;
}

static void test_entries_come_in_order_from_anywhere(void **state)
{
    struct fc_test_case *test = *state;
    struct fc_test_batch batch = {0};
    put_many(test, &batch, 0, 50, "x");
    assert_ok(fc_test_publish(&test->a, &test->acme, &batch, NULL));
    struct listing listing = {.stop_at = 20};
    assert_int_equal(
        fc_replica_entries(test->a.replica, &test->acme.id, NULL, list_entry, &listing),
        FC_E_CLOSED);
    struct fc_hash after = listing.last;
    listing.stop_at = 0;
    assert_ok(fc_replica_entries(test->a.replica, &test->acme.id, &after, list_entry, &listing));
    assert_int_equal(listing.count, 50);
    assert_int_equal(
        fc_replica_entries(test->a.replica, &test->other.id, NULL, list_entry, &listing),
        FC_E_MISSING);
    fc_test_batch_finish(&batch);
}

struct keeping {
    struct fc_hash who[2];
    unsigned count, stop_at;
};

static enum fc_err keep_holder(void *ctx, const struct fc_hash *participant,
                               const struct fc_entry *entry)
{
    struct keeping *keeping = ctx;
    assert_true(fc_span_eq(entry->key, fc_span_str("urn:shared")));
    assert_true(keeping->count < 2);
    keeping->who[keeping->count++] = *participant;
    return keeping->count == keeping->stop_at ? FC_E_CLOSED : FC_OK;
}

static void test_a_key_is_found_in_all_feeds(void **state)
{
    struct fc_test_case *test = *state;
    struct fc_hash shared = hash_of("urn:shared"), absent = hash_of("urn:absent");
    struct keeping keeping = {.stop_at = 0};
    assert_ok(fc_replica_holders(test->a.replica, &shared, keep_holder, &keeping));
    assert_int_equal(keeping.count, 0);
    fc_test_admit(&test->a, &test->fed, &test->other);
    fc_test_publish_one(&test->a, &test->acme, "urn:shared", "{\"a\":1}");
    fc_test_publish_one(&test->a, &test->acme, "urn:acme", "{\"a\":1}");
    fc_test_publish_one(&test->a, &test->other, "urn:shared", "{\"a\":2}");
    assert_ok(fc_replica_holders(test->a.replica, &absent, keep_holder, &keeping));
    assert_int_equal(keeping.count, 0);
    assert_ok(fc_replica_holders(test->a.replica, &shared, keep_holder, &keeping));
    assert_int_equal(keeping.count, 2);
    assert_true(fc_hash_cmp(&keeping.who[0], &keeping.who[1]) < 0);
    keeping = (struct keeping){.stop_at = 1};
    assert_int_equal(fc_replica_holders(test->a.replica, &shared, keep_holder, &keeping),
                     FC_E_CLOSED);
    assert_int_equal(keeping.count, 1);
}

static void test_proofs_lead_to_the_held_root(void **state)
{
    struct fc_test_case *test = *state;
    struct fc_test_batch batch = {0};
    put_many(test, &batch, 0, 100, "x");
    assert_ok(fc_test_publish(&test->a, &test->acme, &batch, NULL));
    struct fc_feed feed = fc_test_feed(&test->a, &test->acme.id);
    struct fc_hash keys[] = {hash_of("https://acme.example/5"), hash_of("urn:absent")};
    for (unsigned i = 0; i < 2; i++) {
        struct fc_buf proof = {0};
        struct fc_span leaf;
        bool present;
        assert_ok(fc_replica_prove(test->a.replica, &test->acme.id, &keys[i], &proof));
        assert_ok(fc_tree_check(fc_buf_span(&proof), &feed.root, &keys[i], &present, &leaf));
        assert_int_equal(present, i == 0);
        fc_buf_finish(&proof);
    }
    fc_test_batch_finish(&batch);
}

struct history {
    fc_version last;
    unsigned count, with_ops;
};

static enum fc_err list_head(void *ctx, struct fc_span head_record, struct fc_span ops)
{
    struct history *history = ctx;
    struct fc_record record;
    struct fc_head head;
    assert_ok(fc_record_parse(head_record, &record));
    assert_ok(fc_head_parse(&record, &head));
    assert_true(history->count == 0 || head.version < history->last);
    history->last = head.version;
    history->count++;
    history->with_ops += ops.data ? 1 : 0;
    return FC_OK;
}

static void test_history_keeps_the_last_heads(void **state)
{
    struct fc_test_case *test = *state;
    struct fc_test_batch batch = {0};
    for (unsigned i = 0; i < FC_HEADS_KEPT + 6; i++) {
        batch.heartbeat = true;
        assert_ok(fc_test_publish(&test->a, &test->acme, &batch, NULL));
    }
    struct history history = {0};
    assert_ok(fc_replica_history(test->a.replica, &test->acme.id, 0, list_head, &history));
    assert_int_equal(history.count, FC_HEADS_KEPT);
    assert_int_equal(history.with_ops, FC_HEADS_KEPT);
    assert_true(history.last == fc_version_make(1, 7));
    struct history older = {0};
    assert_ok(fc_replica_history(test->a.replica, &test->acme.id, fc_version_make(1, 10), list_head,
                                 &older));
    assert_int_equal(older.count, 3);
    assert_int_equal(fc_test_verify(&test->a, false), 0);
    fc_test_batch_finish(&batch);
}

/* -- many feeds ----------------------------------------------------------------------------------
 */

struct feeds {
    struct fc_hash last;
    unsigned count;
    struct fc_hasher hasher;
};

static enum fc_err list_feed(void *ctx, const struct fc_feed *feed)
{
    struct feeds *feeds = ctx;
    uint8_t version[8];
    fc_put_be64(version, feed->version);
    assert_true(feeds->count == 0 || fc_hash_cmp(&feeds->last, &feed->participant) < 0);
    feeds->last = feed->participant;
    feeds->count++;
    fc_hasher_add(&feeds->hasher, fc_span(feed->participant.b, 32));
    fc_hasher_add(&feeds->hasher, fc_span(version, sizeof version));
    fc_hasher_add(&feeds->hasher, fc_span(feed->head_hash.b, 32));
    return FC_OK;
}

static void test_feeds_come_in_order_and_make_the_digest(void **state)
{
    struct fc_test_case *test = *state;
    enum { PARTIES = 40 };
    for (unsigned i = 0; i < PARTIES; i++) {
        struct fc_test_party party;
        char label[16], key[16];
        snprintf(label, sizeof label, "party %u", i);
        snprintf(key, sizeof key, "urn:%u", i);
        fc_test_party_init(&party, &test->fed, label);
        assert_ok(fc_test_add(&test->a, &party.certificate_record));
        assert_ok(fc_test_add(&test->b, &party.certificate_record));
        fc_test_publish_one(&test->a, &party, key, "{}");
        assert_ok(fc_test_pass_delta(&test->a, &test->b, &party.id, true));
        fc_test_party_finish(&party);
    }
    fc_test_expect_equal(&test->a, &test->b);
    fc_test_node_reopen(&test->b);
    fc_test_expect_equal(&test->a, &test->b);
    struct feeds feeds = {.count = 0};
    struct fc_digest digest;
    fc_hasher_init(&feeds.hasher, "fedcat.digest.1");
    assert_ok(fc_replica_feeds(test->a.replica, list_feed, &feeds));
    assert_ok(fc_replica_digest(test->a.replica, &digest));
    struct fc_hash expected = fc_hasher_end(&feeds.hasher);
    assert_int_equal(feeds.count, PARTIES);
    assert_true(fc_hash_eq(&expected, &digest.hash));
    assert_int_equal(digest.feeds, PARTIES);
    assert_int_equal(digest.entries, PARTIES);
    assert_int_equal(digest.bytes, 2 * PARTIES);
}

/* -- arrivals ------------------------------------------------------------------------------------
 */

struct arrivals {
    uint64_t last;
    unsigned heads, records;
    fc_version version;
};

static enum fc_err list_arrival(void *ctx, const struct fc_arrival *arrival)
{
    struct arrivals *arrivals = ctx;
    struct fc_record record;
    assert_true(arrival->index > arrivals->last);
    assert_ok(fc_record_parse(arrival->record, &record));
    assert_true(fc_hash_eq(&record.hash, &arrival->hash) && record.type == arrival->type);
    arrivals->last = arrival->index;
    if (arrival->type == FC_RECORD_HEAD) {
        arrivals->heads++;
        arrivals->version = arrival->version;
    } else {
        arrivals->records++;
    }
    return FC_OK;
}

static void test_arrivals_are_bounded_by_subjects(void **state)
{
    struct fc_test_case *test = *state;
    for (unsigned i = 0; i < 12; i++) {
        char content[16];
        snprintf(content, sizeof content, "{\"a\":%u}", i);
        fc_test_publish_one(&test->a, &test->acme, "urn:one", content);
    }
    struct arrivals arrivals = {0};
    assert_ok(fc_replica_arrivals(test->a.replica, 0, list_arrival, &arrivals));
    assert_int_equal(arrivals.heads, 1);
    assert_int_equal(arrivals.records, 2); /* charter and certificate */
    assert_true(arrivals.version == fc_version_make(1, 12));
    struct fc_arrival_mark mark = fc_replica_arrival_mark(test->a.replica);
    assert_true(arrivals.last == mark.index);
    struct arrivals none = {0};
    assert_ok(fc_replica_arrivals(test->a.replica, mark.index, list_arrival, &none));
    assert_int_equal(none.heads + none.records, 0);
    struct arrivals last = {.last = mark.index - 1};
    assert_ok(fc_replica_arrivals(test->a.replica, mark.index - 1, list_arrival, &last));
    assert_int_equal(last.heads, 1);
    /* A descriptor that takes another's place takes its arrival's too. */
    for (uint64_t seq = 1; seq <= 3; seq++) {
        struct fc_buf descriptor = {0};
        fc_test_descriptor(&test->acme, &test->acme.node, "tcp://node.example:7400", seq,
                           &descriptor);
        assert_ok(fc_test_add(&test->a, &descriptor));
        fc_buf_finish(&descriptor);
    }
    struct arrivals again = {0};
    assert_ok(fc_replica_arrivals(test->a.replica, 0, list_arrival, &again));
    assert_int_equal(again.records, 3);
    assert_int_equal(fc_test_verify(&test->a, false), 0);
}

static void test_epochs_differ(void **state)
{
    struct fc_test_case *test = *state;
    struct fc_arrival_mark a = fc_replica_arrival_mark(test->a.replica);
    struct fc_arrival_mark b = fc_replica_arrival_mark(test->b.replica);
    assert_true(a.epoch != b.epoch && a.epoch != 0);
    assert_ok(fc_replica_begin(test->a.replica));
    assert_ok(fc_replica_new_epoch(test->a.replica));
    struct fc_arrival_mark drawn = fc_replica_arrival_mark(test->a.replica);
    assert_true(drawn.epoch != a.epoch);
    fc_replica_abort(test->a.replica);
    assert_true(fc_replica_arrival_mark(test->a.replica).epoch == a.epoch);
    assert_ok(fc_replica_begin(test->a.replica));
    assert_ok(fc_replica_new_epoch(test->a.replica));
    assert_ok(fc_replica_commit(test->a.replica));
    assert_true(fc_replica_arrival_mark(test->a.replica).epoch == drawn.epoch);
    fc_test_node_reopen(&test->a);
    assert_true(fc_replica_arrival_mark(test->a.replica).epoch == drawn.epoch);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        FC_TEST_BOTH(test_open_wants_the_right_store),
        FC_TEST_BOTH(test_reopened_it_is_the_same),
        FC_TEST_BOTH(test_author_then_apply_gives_equal_replicas),
        FC_TEST_BOTH(test_same_bytes_again_change_nothing),
        FC_TEST_BOTH(test_heartbeat_has_no_operations),
        FC_TEST_BOTH(test_author_refuses_and_changes_nothing),
        FC_TEST_BOTH(test_failed_delta_leaves_the_batch),
        FC_TEST_BOTH(test_unreachable_root_is_never_held),
        FC_TEST_BOTH(test_every_failing_write_undoes_all),
        FC_TEST_BOTH(test_every_failing_write_of_a_record_undoes_it),
        FC_TEST_BOTH(test_quota_holds_for_authors),
        FC_TEST_BOTH(test_quota_of_operations_holds_for_deltas),
        FC_TEST_BOTH(test_entries_come_in_order_from_anywhere),
        FC_TEST_BOTH(test_a_key_is_found_in_all_feeds),
        FC_TEST_BOTH(test_proofs_lead_to_the_held_root),
        FC_TEST_BOTH(test_history_keeps_the_last_heads),
        FC_TEST_BOTH(test_feeds_come_in_order_and_make_the_digest),
        FC_TEST_BOTH(test_arrivals_are_bounded_by_subjects),
        FC_TEST_BOTH(test_epochs_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
