#include "tests/support/replica_case.h"

#include <stdio.h>
#include <string.h>

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

static void test_missing_contents_are_wanted_and_filled(void **state)
{
    struct fc_test_case *test = *state;
    struct fc_test_batch batch = {0};
    put_many(test, &batch, 0, 10, "pull");
    assert_ok(fc_test_publish(&test->a, &test->acme, &batch, NULL));
    assert_ok(fc_test_pass_delta(&test->a, &test->b, &test->acme.id, false));
    assert_int_equal(fc_test_feed(&test->b, &test->acme.id).missing, 10);
    assert_int_equal(fc_test_verify(&test->b, false), 0);
    struct fc_want wants[16];
    bool seen[10] = {false};
    uint32_t count, filled = 0;
    for (unsigned round = 0; round < 4; round++) { /* a roving place comes by everything */
        assert_ok(fc_replica_wanted(test->b.replica, wants, 3, &count));
        assert_int_equal(count, 3);
        for (uint32_t i = 0; i < count; i++)
            for (unsigned k = 0; k < 10; k++) {
                char key[40];
                snprintf(key, sizeof key, "https://acme.example/%u", k);
                struct fc_hash key_hash = hash_of(key);
                seen[k] = seen[k] || fc_hash_eq(&key_hash, &wants[i].key_hash);
            }
    }
    for (unsigned k = 0; k < 10; k++)
        assert_true(seen[k]);
    assert_ok(fc_replica_wanted(test->b.replica, wants, 16, &count));
    assert_int_equal(count, 10);
    for (uint32_t i = 0; i < count; i++) {
        struct fc_buf hold = {0};
        struct fc_content content;
        assert_ok(fc_replica_content_frame(test->a.replica, &wants[i].participant,
                                           &wants[i].key_hash, &hold, &content));
        assert_ok(fc_replica_begin(test->b.replica));
        content.salt[0] ^= 1;
        assert_int_equal(fc_replica_put_content(test->b.replica, &test->acme.id, &content),
                         FC_E_SIGNATURE);
        content.salt[0] ^= 1;
        assert_ok(fc_replica_put_content(test->b.replica, &test->acme.id, &content));
        assert_int_equal(fc_replica_put_content(test->b.replica, &test->acme.id, &content),
                         FC_E_KNOWN);
        assert_ok(fc_replica_commit(test->b.replica));
        fc_buf_finish(&hold);
        filled++;
    }
    assert_int_equal(filled, 10);
    assert_ok(fc_replica_wanted(test->b.replica, wants, 16, &count));
    assert_int_equal(count, 0);
    fc_test_expect_equal(&test->a, &test->b);
    fc_test_expect(&test->b, &test->acme.id, "https://acme.example/3",
                   "{\"number\":3,\"word\":\"pull\"}");
    fc_test_batch_finish(&batch);
}

static void test_contents_that_do_not_match_are_counted(void **state)
{
    struct fc_test_case *test = *state;
    fc_test_publish_one(&test->a, &test->acme, "urn:one", "{\"a\":1}");
    struct fc_buf record = {0}, ops = {0}, bytes = {0}, hold = {0};
    struct fc_delta delta;
    struct fc_content contents[2];
    struct fc_hash key = hash_of("urn:one");
    bool has_ops;
    uint32_t bad;
    assert_ok(fc_replica_head(test->a.replica, &test->acme.id, &record, &ops, &has_ops));
    assert_ok(fc_delta_write(fc_buf_span(&record), fc_buf_span(&ops), &bytes));
    assert_ok(fc_delta_parse(fc_buf_span(&bytes), &delta));
    assert_ok(fc_replica_content_frame(test->a.replica, &test->acme.id, &key, &hold, &contents[0]));
    contents[0].salt[3] ^= 1;
    contents[1] = contents[0];
    contents[1].key_hash = hash_of("urn:unasked");
    assert_ok(fc_replica_begin(test->b.replica));
    assert_ok(fc_replica_apply(test->b.replica, &delta, contents, 2, FC_TEST_NOW_MS, &bad));
    assert_ok(fc_replica_commit(test->b.replica));
    assert_int_equal(bad, 2);
    assert_int_equal(fc_test_feed(&test->b, &test->acme.id).missing, 1);
    fc_test_expect(&test->b, &test->acme.id, "urn:one", NULL);
    contents[0].salt[3] ^= 1; /* plain bytes do as well as a frame */
    struct fc_buf plain = {0};
    assert_ok(fc_replica_content(test->a.replica, &test->acme.id, &key, &plain));
    contents[0].compressed = false;
    contents[0].bytes = fc_buf_span(&plain);
    assert_ok(fc_replica_begin(test->b.replica));
    assert_ok(fc_replica_put_content(test->b.replica, &test->acme.id, &contents[0]));
    assert_ok(fc_replica_commit(test->b.replica));
    fc_test_expect(&test->b, &test->acme.id, "urn:one", "{\"a\":1}");
    fc_buf_finish(&plain);
    fc_buf_finish(&record);
    fc_buf_finish(&ops);
    fc_buf_finish(&bytes);
    fc_buf_finish(&hold);
}

static void test_takedown_drops_content_and_keeps_the_leaf(void **state)
{
    struct fc_test_case *test = *state;
    fc_test_publish_one(&test->a, &test->acme, "urn:one", "{\"a\":1}");
    struct fc_hash key = hash_of("urn:one");
    struct fc_buf hold = {0}, takedown = {0}, content = {0};
    struct fc_entry entry;
    assert_ok(fc_replica_entry(test->a.replica, &test->acme.id, &key, &hold, &entry));
    fc_test_takedown(&test->acme, &test->fed, &key, &entry.commitment, &takedown);
    struct fc_feed before = fc_test_feed(&test->a, &test->acme.id);
    assert_ok(fc_test_add(&test->a, &takedown));
    assert_int_equal(fc_replica_content(test->a.replica, &test->acme.id, &key, &content),
                     FC_E_WITHHELD);
    fc_buf_clear(&hold);
    assert_ok(fc_replica_entry(test->a.replica, &test->acme.id, &key, &hold, &entry));
    static const uint8_t zero[FC_SALT_BYTES];
    assert_int_equal(entry.state, FC_CONTENT_REFUSED);
    assert_memory_equal(entry.salt, zero, sizeof zero);
    struct fc_feed after = fc_test_feed(&test->a, &test->acme.id);
    assert_true(fc_hash_eq(&before.root, &after.root) && after.entries == 1 && after.missing == 0);
    assert_int_equal(fc_test_verify(&test->a, false), 0);
    /* One that knew the takedown first refuses the content when it comes. */
    assert_ok(fc_test_add(&test->b, &takedown));
    assert_ok(fc_test_pass_delta(&test->a, &test->b, &test->acme.id, true));
    assert_int_equal(fc_replica_content(test->b.replica, &test->acme.id, &key, &content),
                     FC_E_WITHHELD);
    fc_test_expect_equal(&test->a, &test->b);
    fc_buf_finish(&hold);
    fc_buf_finish(&takedown);
    fc_buf_finish(&content);
}

static void test_local_takedown_is_lifted_again(void **state)
{
    struct fc_test_case *test = *state;
    fc_test_publish_one(&test->a, &test->acme, "urn:one", "{\"a\":1}");
    struct fc_hash key = hash_of("urn:one");
    struct fc_buf content = {0}, hold = {0};
    struct fc_content frame;
    struct fc_span reason = fc_span_str("court order 7");
    assert_ok(fc_replica_content_frame(test->a.replica, &test->acme.id, &key, &hold, &frame));
    assert_ok(fc_replica_begin(test->a.replica));
    assert_ok(fc_replica_takedown_local(test->a.replica, &test->acme.id, &key, reason, true));
    assert_ok(fc_replica_commit(test->a.replica));
    assert_int_equal(fc_replica_content(test->a.replica, &test->acme.id, &key, &content),
                     FC_E_WITHHELD);
    fc_test_node_reopen(&test->a);
    assert_ok(fc_replica_begin(test->a.replica));
    assert_int_equal(fc_replica_put_content(test->a.replica, &test->acme.id, &frame),
                     FC_E_WITHHELD);
    assert_ok(fc_replica_takedown_local(test->a.replica, &test->acme.id, &key, reason, false));
    assert_int_equal(
        fc_replica_takedown_local(test->a.replica, &test->acme.id, &key, reason, false),
        FC_E_MISSING);
    assert_ok(fc_replica_commit(test->a.replica));
    assert_int_equal(fc_replica_content(test->a.replica, &test->acme.id, &key, &content),
                     FC_E_MISSING);
    struct fc_want want;
    uint32_t count;
    assert_ok(fc_replica_wanted(test->a.replica, &want, 1, &count));
    assert_int_equal(count, 1);
    assert_ok(fc_replica_begin(test->a.replica));
    assert_ok(fc_replica_put_content(test->a.replica, &test->acme.id, &frame));
    assert_ok(fc_replica_commit(test->a.replica));
    fc_test_expect(&test->a, &test->acme.id, "urn:one", "{\"a\":1}");
    assert_int_equal(fc_test_verify(&test->a, false), 0);
    fc_buf_finish(&content);
    fc_buf_finish(&hold);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        FC_TEST_BOTH(test_missing_contents_are_wanted_and_filled),
        FC_TEST_BOTH(test_contents_that_do_not_match_are_counted),
        FC_TEST_BOTH(test_takedown_drops_content_and_keeps_the_leaf),
        FC_TEST_BOTH(test_local_takedown_is_lifted_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
