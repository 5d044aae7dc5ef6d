#include "tests/support/replica_case.h"

#include <stdio.h>
#include <string.h>

#include "store/item.h"

static struct fc_hash hash_of(const char *key)
{
    return fc_key_hash(fc_span_str(key));
}

/* `count` entries from number `from` on, in one delta. */
static void publish_range(struct fc_test_case *test, unsigned from, unsigned count,
                          const char *word)
{
    struct fc_test_batch batch = {0};
    char(*texts)[2][96] = calloc(count, sizeof *texts);
    assert_non_null(texts);
    for (unsigned i = 0; i < count; i++) {
        snprintf(texts[i][0], sizeof texts[i][0], "https://acme.example/%u", from + i);
        snprintf(texts[i][1], sizeof texts[i][1], "{\"number\":%u,\"word\":\"%s\"}", from + i,
                 word);
        fc_test_batch_put(&batch, texts[i][0], texts[i][1]);
    }
    assert_ok(fc_test_publish(&test->a, &test->acme, &batch, NULL));
    fc_test_batch_finish(&batch);
    free(texts);
}

static void delete_one(struct fc_test_case *test, const char *key)
{
    struct fc_test_batch batch = {0};
    fc_test_batch_delete(&batch, key);
    assert_ok(fc_test_publish(&test->a, &test->acme, &batch, NULL));
    fc_test_batch_finish(&batch);
}

static enum fc_err catch_up(struct fc_test_case *test, enum fc_load_mode mode, size_t block_bytes)
{
    return fc_test_catch_up(&test->a, &test->b, &test->acme.id, mode, block_bytes);
}

static void tidy(struct fc_test_node *node)
{
    bool more = true;
    while (more) {
        assert_ok(fc_replica_begin(node->replica));
        assert_ok(fc_replica_tidy(node->replica, 1000, &more));
        assert_ok(fc_replica_commit(node->replica));
    }
}

/* -- the three ways ------------------------------------------------------------------------------
 */

static void test_a_whole_feed_in_small_blocks(void **state)
{
    struct fc_test_case *test = *state;
    publish_range(test, 0, 400, "first");
    publish_range(test, 100, 50, "second");
    assert_ok(catch_up(test, FC_LOAD_WHOLE, 2000));
    fc_test_expect_equal(&test->a, &test->b);
    fc_test_expect(&test->b, &test->acme.id, "https://acme.example/120",
                   "{\"number\":120,\"word\":\"second\"}");
    struct fc_feed feed = fc_test_feed(&test->b, &test->acme.id);
    assert_true(feed.deletes_from == feed.version && feed.missing == 0);
    /* And once more over itself: the old generation goes. */
    publish_range(test, 50, 10, "third");
    publish_range(test, 60, 10, "third");
    assert_ok(catch_up(test, FC_LOAD_WHOLE, FC_BLOCK_BYTES));
    fc_test_expect_equal(&test->a, &test->b);
    tidy(&test->b);
    struct fc_kv_stat stat;
    assert_ok(fc_kv_stat(fc_replica_kv(test->b.replica), &stat));
    assert_int_equal(stat.rows[FC_TABLE_ENTRY], 400);
    assert_int_equal(stat.rows[FC_TABLE_CONTENT], 400);
    assert_int_equal(stat.rows[FC_TABLE_BYVER], 400);
    fc_test_expect_equal(&test->a, &test->b);
    publish_range(test, 500, 1, "fourth");
    assert_ok(fc_test_pass_delta(&test->a, &test->b, &test->acme.id, true));
    fc_test_expect_equal(&test->a, &test->b);
}

static void test_changes_bring_puts_and_deletes(void **state)
{
    struct fc_test_case *test = *state;
    publish_range(test, 0, 100, "first");
    assert_ok(catch_up(test, FC_LOAD_WHOLE, FC_BLOCK_BYTES));
    publish_range(test, 90, 20, "second");
    delete_one(test, "https://acme.example/5");
    delete_one(test, "https://acme.example/95");
    delete_one(test, "https://acme.example/6");
    publish_range(test, 6, 1, "again");
    uint64_t entries, bytes;
    assert_ok(fc_replica_count_changes(test->a.replica, &test->acme.id, fc_version_make(1, 1),
                                       &entries, &bytes));
    assert_int_equal(entries, 20);
    assert_true(bytes > 20 * 20);
    assert_int_equal(fc_test_judge(&test->a, &test->b, &test->acme.id), FC_E_GAP);
    assert_ok(catch_up(test, FC_LOAD_CHANGES, 300));
    fc_test_expect_equal(&test->a, &test->b);
    fc_test_expect(&test->b, &test->acme.id, "https://acme.example/5", NULL);
    fc_test_expect(&test->b, &test->acme.id, "https://acme.example/6",
                   "{\"number\":6,\"word\":\"again\"}");
    /* What came by changes can be passed on by changes: nothing was lost of the deletes. */
    struct fc_feed feed = fc_test_feed(&test->b, &test->acme.id);
    assert_true(feed.deletes_from == fc_version_make(1, 1));
    publish_range(test, 300, 1, "more");
    assert_ok(catch_up(test, FC_LOAD_CHANGES, 300));
    fc_test_expect_equal(&test->a, &test->b);
}

static void test_a_walk_finds_what_differs(void **state)
{
    struct fc_test_case *test = *state;
    publish_range(test, 0, 1500, "first");
    assert_ok(catch_up(test, FC_LOAD_WHOLE, FC_BLOCK_BYTES));
    publish_range(test, 700, 30, "second");
    publish_range(test, 1500, 20, "new");
    for (unsigned i = 0; i < 5; i++) {
        char key[40];
        snprintf(key, sizeof key, "https://acme.example/%u", i * 31);
        delete_one(test, key);
    }
    assert_ok(catch_up(test, FC_LOAD_WALK, 0));
    fc_test_expect_equal(&test->a, &test->b);
    struct fc_feed feed = fc_test_feed(&test->b, &test->acme.id);
    assert_true(feed.deletes_from == feed.version && feed.entries == 1515);
    fc_test_expect(&test->b, &test->acme.id, "https://acme.example/31", NULL);
    fc_test_expect(&test->b, &test->acme.id, "https://acme.example/1510",
                   "{\"number\":1510,\"word\":\"new\"}");
}

static void test_a_walk_starts_from_nothing_and_ends_at_nothing(void **state)
{
    struct fc_test_case *test = *state;
    publish_range(test, 0, 60, "first");
    assert_ok(catch_up(test, FC_LOAD_WALK, 0));
    fc_test_expect_equal(&test->a, &test->b);
    struct fc_test_batch batch = {0};
    static char keys[60][40];
    for (unsigned i = 0; i < 60; i++) {
        snprintf(keys[i], sizeof keys[i], "https://acme.example/%u", i);
        fc_test_batch_delete(&batch, keys[i]);
    }
    assert_ok(fc_test_publish(&test->a, &test->acme, &batch, NULL));
    assert_ok(catch_up(test, FC_LOAD_WALK, 0));
    fc_test_expect_equal(&test->a, &test->b);
    assert_int_equal(fc_test_feed(&test->b, &test->acme.id).entries, 0);
    fc_test_batch_finish(&batch);
}

static void test_a_walk_asks_as_much_as_it_may(void **state)
{
    struct fc_test_case *test = *state;
    publish_range(test, 0, 800, "first");
    struct fc_load *load;
    struct fc_buf hold = {0};
    assert_ok(fc_replica_begin(test->b.replica));
    assert_ok(fc_load_begin(test->b.replica, &test->acme.id, FC_LOAD_WALK, &load));
    assert_ok(fc_test_walk(&test->a, load, &test->acme.id, 1));
    struct fc_record head = fc_test_head_of(&test->a, &test->acme.id, &hold);
    assert_ok(fc_load_finish(load, &head, FC_TEST_NOW_MS));
    assert_ok(fc_replica_commit(test->b.replica));
    fc_test_expect_equal(&test->a, &test->b);
    fc_buf_finish(&hold);
}

/* -- gaps ----------------------------------------------------------------------------------------
 */

static void test_deletes_are_kept_up_to_a_bound(void **state)
{
    struct fc_test_case *test = *state;
    struct fc_test_batch batch = {0};
    char(*keys)[16] = calloc(8000, sizeof *keys);
    assert_non_null(keys);
    test->acme.certificate.g++;
    test->acme.certificate.quota_ops = FC_OPS_MAX;
    test->acme.certificate.quota_entries = 100000;
    fc_test_certify(&test->acme, &test->fed);
    assert_ok(fc_test_add(&test->a, &test->acme.certificate_record));
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < 8000; i++) {
            snprintf(keys[i], sizeof keys[i], "urn:%u:%u", round, i);
            fc_test_batch_put(&batch, keys[i], "{}");
        }
        assert_ok(fc_test_publish(&test->a, &test->acme, &batch, NULL));
        for (unsigned i = 0; i < 8000; i++)
            fc_test_batch_delete(&batch, keys[i]);
        assert_ok(fc_test_publish(&test->a, &test->acme, &batch, NULL));
    }
    struct fc_feed feed = fc_test_feed(&test->a, &test->acme.id);
    assert_true(feed.deletes_from == fc_version_make(1, 2)); /* 8,000 of the 24,000 went */
    struct fc_resume at = {0};
    struct fc_buf items = {0}, frames = {0};
    bool done;
    assert_int_equal(fc_replica_read_changes(test->a.replica, &test->acme.id, fc_version_make(1, 1),
                                             &at, 1000, &items, &frames, &done),
                     FC_E_GAP);
    assert_ok(fc_replica_read_changes(test->a.replica, &test->acme.id, fc_version_make(1, 2), &at,
                                      FC_FRAME_BYTES_MAX, &items, &frames, &done));
    assert_true(done && frames.len == 0);
    assert_int_equal(fc_test_verify(&test->a, false), 0);
    fc_buf_finish(&items);
    fc_buf_finish(&frames);
    free(keys);
    fc_test_batch_finish(&batch);
}

/* -- wrong from the peer --------------------------------------------------------------------------
 */

static void test_a_wrong_root_changes_nothing(void **state)
{
    struct fc_test_case *test = *state;
    publish_range(test, 0, 50, "first");
    assert_ok(catch_up(test, FC_LOAD_WHOLE, FC_BLOCK_BYTES));
    publish_range(test, 50, 5, "second");
    publish_range(test, 10, 5, "second");
    struct fc_buf hold = {0}, items = {0}, frames = {0};
    struct fc_record head = fc_test_head_of(&test->a, &test->acme.id, &hold);
    struct fc_resume at = {0};
    struct fc_load *load;
    bool done;
    /* The peer leaves the last of the entries out. */
    assert_ok(fc_replica_read_changes(test->a.replica, &test->acme.id, fc_version_make(1, 1), &at,
                                      1, &items, &frames, &done));
    assert_false(done);
    struct fc_hash before = fc_test_fingerprint(&test->b);
    assert_ok(fc_replica_begin(test->b.replica));
    assert_ok(fc_load_begin(test->b.replica, &test->acme.id, FC_LOAD_CHANGES, &load));
    assert_ok(fc_load_add(load, fc_buf_span(&items), fc_buf_span(&frames)));
    assert_int_equal(fc_load_finish(load, &head, FC_TEST_NOW_MS), FC_E_ROOT);
    assert_true(fc_test_feed(&test->b, &test->acme.id).version == fc_version_make(1, 1));
    assert_ok(fc_replica_commit(test->b.replica));
    struct fc_hash after = fc_test_fingerprint(&test->b);
    assert_true(fc_hash_eq(&before, &after));
    /* The same load walks the trees and gets there. */
    assert_ok(fc_replica_begin(test->b.replica));
    assert_ok(fc_test_walk(&test->a, load, &test->acme.id, 64));
    assert_ok(fc_load_finish(load, &head, FC_TEST_NOW_MS));
    assert_ok(fc_replica_commit(test->b.replica));
    fc_test_expect_equal(&test->a, &test->b);
    fc_buf_finish(&hold);
    fc_buf_finish(&items);
    fc_buf_finish(&frames);
}

static void test_a_whole_load_that_lacks_entries_can_walk(void **state)
{
    struct fc_test_case *test = *state;
    publish_range(test, 0, 80, "first");
    struct fc_buf hold = {0}, items = {0}, frames = {0};
    struct fc_record head = fc_test_head_of(&test->a, &test->acme.id, &hold);
    struct fc_resume at = {0};
    struct fc_load *load;
    bool done;
    assert_ok(fc_replica_read_changes(test->a.replica, &test->acme.id, 0, &at, 2000, &items,
                                      &frames, &done));
    assert_false(done);
    assert_ok(fc_replica_begin(test->b.replica));
    assert_ok(fc_load_begin(test->b.replica, &test->acme.id, FC_LOAD_WHOLE, &load));
    struct fc_load *second;
    assert_int_equal(fc_load_begin(test->b.replica, &test->acme.id, FC_LOAD_WALK, &second),
                     FC_E_AGAIN);
    assert_ok(fc_load_add(load, fc_buf_span(&items), fc_buf_span(&frames)));
    assert_int_equal(fc_load_finish(load, &head, FC_TEST_NOW_MS), FC_E_ROOT);
    struct fc_feed feed;
    assert_int_equal(fc_replica_feed(test->b.replica, &test->acme.id, &feed), FC_E_MISSING);
    assert_ok(fc_replica_commit(test->b.replica));
    assert_ok(fc_replica_begin(test->b.replica));
    assert_ok(fc_test_walk(&test->a, load, &test->acme.id, 64));
    assert_ok(fc_load_finish(load, &head, FC_TEST_NOW_MS));
    assert_ok(fc_replica_commit(test->b.replica));
    fc_test_expect_equal(&test->a, &test->b);
    fc_buf_finish(&hold);
    fc_buf_finish(&items);
    fc_buf_finish(&frames);
}

static enum fc_err add_to_new_load(struct fc_test_case *test, enum fc_load_mode mode,
                                   struct fc_span items, struct fc_span frames)
{
    struct fc_load *load;
    assert_ok(fc_replica_begin(test->b.replica));
    assert_ok(fc_load_begin(test->b.replica, &test->acme.id, mode, &load));
    enum fc_err err = fc_load_add(load, items, frames);
    fc_load_abort(load);
    fc_replica_abort(test->b.replica);
    return err;
}

static void test_blocks_are_checked(void **state)
{
    struct fc_test_case *test = *state;
    publish_range(test, 0, 3, "first");
    struct fc_buf items = {0}, frames = {0};
    struct fc_resume at = {0};
    bool done;
    assert_ok(fc_replica_read_changes(test->a.replica, &test->acme.id, 0, &at, FC_BLOCK_BYTES,
                                      &items, &frames, &done));
    assert_true(done);
    struct fc_span whole = fc_buf_span(&items), frame = fc_buf_span(&frames);
    for (int mode = FC_LOAD_WHOLE; mode <= FC_LOAD_CHANGES; mode++) {
        enum fc_load_mode as = (enum fc_load_mode)mode;
        assert_ok(add_to_new_load(test, as, whole, frame));
        assert_int_equal(add_to_new_load(test, as, fc_span(whole.data, whole.len - 1), frame),
                         FC_E_FORMAT);
        assert_int_equal(add_to_new_load(test, as, whole, fc_span(frame.data, frame.len - 1)),
                         FC_E_FORMAT);
        fc_buf_append(&frames, "x", 1);
        assert_int_equal(add_to_new_load(test, as, whole, fc_buf_span(&frames)), FC_E_FORMAT);
        frames.len--;
        frame = fc_buf_span(&frames);
    }
    /* Whole feeds come in order and without deletes. */
    size_t len = items.len;
    uint8_t *room = fc_buf_extend(&items, len);
    memcpy(room, items.data, len);
    size_t frame_len = frames.len;
    room = fc_buf_extend(&frames, frame_len);
    memcpy(room, frames.data, frame_len);
    assert_int_equal(
        add_to_new_load(test, FC_LOAD_WHOLE, fc_buf_span(&items), fc_buf_span(&frames)),
        FC_E_FORMAT);
    struct fc_item item = {
        .deleted = true, .version = fc_version_make(1, 1), .key_hash = hash_of("x")};
    fc_buf_clear(&items);
    fc_item_write(&item, &items);
    assert_int_equal(add_to_new_load(test, FC_LOAD_WHOLE, fc_buf_span(&items), (struct fc_span){0}),
                     FC_E_FORMAT);
    assert_ok(add_to_new_load(test, FC_LOAD_CHANGES, fc_buf_span(&items), (struct fc_span){0}));
    fc_buf_finish(&items);
    fc_buf_finish(&frames);
}

static void test_a_content_of_another_size_is_caught(void **state)
{
    struct fc_test_case *test = *state;
    struct fc_buf items = {0};
    uint8_t raw[] = {1, 'a', 'b', 'c'}; /* a frame that is not compressed */
    struct fc_item item = {.key = fc_span_str("urn:x"),
                           .version = fc_version_make(1, 1),
                           .status = FC_STATUS_ACTIVE,
                           .media_type = fc_span_str("text/plain"),
                           .size = 3,
                           .has_content = true,
                           .frame_len = sizeof raw};
    fc_item_write(&item, &items);
    assert_ok(add_to_new_load(test, FC_LOAD_WHOLE, fc_buf_span(&items), fc_span(raw, sizeof raw)));
    for (item.size = 2; item.size <= 4; item.size += 2) {
        fc_buf_clear(&items);
        fc_item_write(&item, &items);
        assert_int_equal(
            add_to_new_load(test, FC_LOAD_WHOLE, fc_buf_span(&items), fc_span(raw, sizeof raw)),
            FC_E_SIGNATURE);
    }
    fc_buf_finish(&items);
}

static void test_loads_are_bounded(void **state)
{
    struct fc_test_case *test = *state;
    unsigned quota = (unsigned)test->acme.certificate.quota_entries;
    test->acme.certificate.g++;
    test->acme.certificate.quota_entries = 19;
    fc_test_certify(&test->acme, &test->fed);
    publish_range(test, 0, 20, "first");
    assert_true(quota > 20);
    assert_ok(fc_test_add(&test->b, &test->acme.certificate_record));
    assert_ok(catch_up(test, FC_LOAD_WHOLE, FC_BLOCK_BYTES)); /* under the older certificate */
    fc_test_node_finish(&test->b); /* a node that never heard of that one */
    fc_test_node_init(&test->b, test->backend, &test->fed, "node c");
    fc_test_admit(&test->b, &test->fed, &test->acme);
    struct fc_buf items = {0}, frames = {0};
    struct fc_resume at = {0};
    bool done;
    assert_ok(fc_replica_read_changes(test->a.replica, &test->acme.id, 0, &at, FC_BLOCK_BYTES,
                                      &items, &frames, &done));
    assert_int_equal(
        add_to_new_load(test, FC_LOAD_WHOLE, fc_buf_span(&items), fc_buf_span(&frames)),
        FC_E_BOUND);
    fc_buf_finish(&items);
    fc_buf_finish(&frames);
}

/* Changes are gathered in memory, and no further than they may. */
static void test_gathering_is_bounded(void **state)
{
    struct fc_test_case *test = *state;
    struct fc_buf items = {0};
    struct fc_load *load;
    char key[16];
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "urn:%u", i);
        struct fc_item item = {
            .deleted = true, .version = fc_version_make(1, 1), .key_hash = hash_of(key)};
        fc_item_write(&item, &items);
    }
    assert_ok(fc_replica_begin(test->b.replica));
    assert_ok(fc_load_begin(test->b.replica, &test->acme.id, FC_LOAD_CHANGES, &load));
    enum fc_err err = FC_OK;
    unsigned rounds = 0;
    for (; err == FC_OK && rounds < 1000; rounds++)
        err = fc_load_add(load, fc_buf_span(&items), (struct fc_span){0});
    assert_int_equal(err, FC_E_BOUND);
    assert_true(rounds > 150 && rounds < 400);
    fc_load_abort(load);
    fc_replica_abort(test->b.replica);
    fc_buf_finish(&items);
}

/* -- moving feeds, lost transactions
 * --------------------------------------------------------------- */

static void read_block(struct fc_test_case *test, fc_version since, struct fc_resume *at,
                       size_t bytes_max, struct fc_load *load, bool *done)
{
    struct fc_buf items = {0}, frames = {0};
    assert_ok(fc_replica_read_changes(test->a.replica, &test->acme.id, since, at, bytes_max, &items,
                                      &frames, done));
    assert_ok(fc_load_add(load, fc_buf_span(&items), fc_buf_span(&frames)));
    fc_buf_finish(&items);
    fc_buf_finish(&frames);
}

static void test_a_whole_load_resumes_and_follows_a_moving_feed(void **state)
{
    struct fc_test_case *test = *state;
    publish_range(test, 0, 300, "first");
    struct fc_load *load;
    struct fc_resume at = {0};
    bool done = false;
    assert_ok(fc_replica_begin(test->b.replica));
    assert_ok(fc_load_begin(test->b.replica, &test->acme.id, FC_LOAD_WHOLE, &load));
    read_block(test, 0, &at, 4000, load, &done);
    assert_ok(fc_replica_commit(test->b.replica));
    assert_false(done);
    /* The link breaks; the feed moves on; another peer goes on from where the load stands. */
    publish_range(test, 0, 40, "second");
    publish_range(test, 300, 40, "second");
    delete_one(test, "https://acme.example/77");
    at = fc_load_at(load);
    for (unsigned round = 0; !done; round++) {
        assert_ok(fc_replica_begin(test->b.replica));
        read_block(test, 0, &at, 4000, load, &done);
        assert_ok(fc_replica_commit(test->b.replica));
        if (round == 1)
            delete_one(test, "https://acme.example/78");
    }
    bool more;
    assert_ok(fc_replica_begin(test->b.replica));
    assert_ok(fc_replica_tidy(test->b.replica, 10000, &more)); /* leaves what is being loaded */
    assert_false(more);
    assert_ok(fc_load_follow(load));
    assert_int_equal(fc_load_follow(load), FC_E_ARG);
    at = fc_load_at(load);
    assert_true(at.version == 0 && !at.deletes);
    for (done = false; !done;)
        read_block(test, fc_version_make(1, 1), &at, 500, load, &done);
    struct fc_buf hold = {0};
    struct fc_record head = fc_test_head_of(&test->a, &test->acme.id, &hold);
    assert_ok(fc_load_finish(load, &head, FC_TEST_NOW_MS));
    assert_ok(fc_replica_commit(test->b.replica));
    fc_test_expect_equal(&test->a, &test->b);
    fc_test_expect(&test->b, &test->acme.id, "https://acme.example/78", NULL);
    fc_buf_finish(&hold);
}

static void test_a_lost_transaction_ends_the_load(void **state)
{
    struct fc_test_case *test = *state;
    publish_range(test, 0, 30, "first");
    struct fc_hash before = fc_test_fingerprint(&test->b);
    struct fc_load *load;
    struct fc_resume at = {0};
    bool done;
    assert_ok(fc_replica_begin(test->b.replica));
    assert_ok(fc_load_begin(test->b.replica, &test->acme.id, FC_LOAD_WHOLE, &load));
    read_block(test, 0, &at, 100, load, &done);
    fc_replica_abort(test->b.replica);
    struct fc_hash after = fc_test_fingerprint(&test->b);
    assert_true(fc_hash_eq(&before, &after));
    struct fc_buf hold = {0};
    struct fc_record head = fc_test_head_of(&test->a, &test->acme.id, &hold);
    assert_ok(fc_replica_begin(test->b.replica));
    assert_int_equal(fc_load_add(load, (struct fc_span){0}, (struct fc_span){0}), FC_E_CLOSED);
    assert_int_equal(fc_load_finish(load, &head, FC_TEST_NOW_MS), FC_E_CLOSED);
    fc_replica_abort(test->b.replica);
    fc_load_abort(load);
    assert_ok(catch_up(test, FC_LOAD_WHOLE, 500));
    fc_test_expect_equal(&test->a, &test->b);
    fc_buf_finish(&hold);
}

static void test_a_restart_drops_what_was_staged(void **state)
{
    struct fc_test_case *test = *state;
    publish_range(test, 0, 100, "first");
    struct fc_load *load;
    struct fc_resume at = {0};
    bool done;
    assert_ok(fc_replica_begin(test->b.replica));
    assert_ok(fc_load_begin(test->b.replica, &test->acme.id, FC_LOAD_WHOLE, &load));
    read_block(test, 0, &at, 3000, load, &done);
    assert_ok(fc_replica_commit(test->b.replica));
    fc_test_node_reopen(&test->b);
    struct fc_digest digest;
    assert_ok(fc_replica_digest(test->b.replica, &digest));
    assert_int_equal(digest.entries, 0);
    assert_int_equal(fc_test_verify(&test->b, false), 0);
    tidy(&test->b);
    struct fc_kv_stat stat;
    assert_ok(fc_kv_stat(fc_replica_kv(test->b.replica), &stat));
    assert_int_equal(stat.rows[FC_TABLE_ENTRY] + stat.rows[FC_TABLE_CONTENT], 0);
    assert_ok(catch_up(test, FC_LOAD_WHOLE, 3000));
    fc_test_expect_equal(&test->a, &test->b);
}

/* The feed moved on by live deltas while its changes were gathered. */
static void test_a_load_that_was_overtaken(void **state)
{
    struct fc_test_case *test = *state;
    publish_range(test, 0, 10, "first");
    assert_ok(catch_up(test, FC_LOAD_WHOLE, FC_BLOCK_BYTES));
    publish_range(test, 10, 1, "second");
    struct fc_load *load;
    struct fc_resume at = {0};
    struct fc_buf hold = {0};
    bool done;
    struct fc_record head = fc_test_head_of(&test->a, &test->acme.id, &hold);
    assert_ok(fc_replica_begin(test->b.replica));
    assert_ok(fc_load_begin(test->b.replica, &test->acme.id, FC_LOAD_CHANGES, &load));
    read_block(test, fc_version_make(1, 1), &at, FC_BLOCK_BYTES, load, &done);
    assert_ok(fc_replica_commit(test->b.replica));
    assert_ok(fc_test_pass_delta(&test->a, &test->b, &test->acme.id, true));
    assert_ok(fc_replica_begin(test->b.replica));
    assert_int_equal(fc_load_finish(load, &head, FC_TEST_NOW_MS), FC_E_KNOWN);
    fc_load_abort(load);
    assert_ok(fc_replica_commit(test->b.replica));
    fc_test_expect_equal(&test->a, &test->b);
    fc_buf_finish(&hold);
}

/* -- contents that did not come along
 * -------------------------------------------------------------- */

static void test_missing_contents_stay_missing_and_are_pulled(void **state)
{
    struct fc_test_case *test = *state;
    publish_range(test, 0, 30, "first");
    assert_ok(fc_test_pass_delta(&test->a, &test->b, &test->acme.id, false));
    struct fc_test_node c;
    fc_test_node_init(&c, test->backend, &test->fed, "third");
    fc_test_admit(&c, &test->fed, &test->acme);
    assert_ok(fc_test_catch_up(&test->b, &c, &test->acme.id, FC_LOAD_WHOLE, FC_BLOCK_BYTES));
    assert_int_equal(fc_test_feed(&c, &test->acme.id).missing, 30);
    fc_test_expect_equal(&test->a, &c);
    struct fc_want wants[40];
    uint32_t count;
    assert_ok(fc_replica_wanted(c.replica, wants, 40, &count));
    assert_int_equal(count, 30);
    fc_test_node_finish(&c);
}

/* Entries that come again without their contents keep the ones that are here. */
static void test_contents_that_are_here_are_kept(void **state)
{
    struct fc_test_case *test = *state;
    publish_range(test, 0, 10, "first");
    assert_ok(fc_test_pass_delta(&test->a, &test->b, &test->acme.id, false));
    struct fc_test_node c;
    fc_test_node_init(&c, test->backend, &test->fed, "third");
    fc_test_admit(&c, &test->fed, &test->acme);
    assert_ok(fc_test_catch_up(&test->a, &c, &test->acme.id, FC_LOAD_WHOLE, FC_BLOCK_BYTES));
    struct fc_test_batch batch = {0};
    fc_test_batch_status(&batch, "https://acme.example/3", FC_STATUS_ENDED);
    assert_ok(fc_test_publish(&test->a, &test->acme, &batch, NULL));
    assert_ok(fc_test_pass_delta(&test->a, &test->b, &test->acme.id, false));
    assert_ok(fc_test_catch_up(&test->b, &c, &test->acme.id, FC_LOAD_CHANGES, FC_BLOCK_BYTES));
    assert_int_equal(fc_test_feed(&c, &test->acme.id).missing, 0);
    fc_test_expect(&c, &test->acme.id, "https://acme.example/3",
                   "{\"number\":3,\"word\":\"first\"}");
    fc_test_expect_equal(&test->a, &c);
    fc_test_node_finish(&c);
    fc_test_batch_finish(&batch);
}

static void test_every_failing_write_of_a_load_undoes_it(void **state)
{
    struct fc_test_case *test = *state;
    publish_range(test, 0, 30, "first");
    assert_ok(catch_up(test, FC_LOAD_WHOLE, FC_BLOCK_BYTES));
    publish_range(test, 25, 10, "second");
    delete_one(test, "https://acme.example/1");
    struct fc_hash before = fc_test_fingerprint(&test->b);
    unsigned failures = 0;
    for (uint64_t n = 0;; n += 1 + n / 16) {
        fc_kv_fault_arm(test->b.fault, n, FC_E_FULL);
        struct fc_load *load = NULL;
        struct fc_buf items = {0}, frames = {0}, hold = {0};
        struct fc_resume at = {0};
        bool done;
        assert_ok(fc_replica_read_changes(test->a.replica, &test->acme.id, fc_version_make(1, 1),
                                          &at, FC_BLOCK_BYTES, &items, &frames, &done));
        struct fc_record head = fc_test_head_of(&test->a, &test->acme.id, &hold);
        assert_ok(fc_replica_begin(test->b.replica));
        assert_ok(fc_load_begin(test->b.replica, &test->acme.id, FC_LOAD_CHANGES, &load));
        assert_ok(fc_load_add(load, fc_buf_span(&items), fc_buf_span(&frames)));
        enum fc_err err = fc_load_finish(load, &head, FC_TEST_NOW_MS);
        if (err == FC_OK) {
            err = fc_replica_commit(test->b.replica);
        } else {
            fc_load_abort(load);
            fc_replica_abort(test->b.replica);
        }
        fc_kv_fault_disarm(test->b.fault);
        fc_buf_finish(&items);
        fc_buf_finish(&frames);
        fc_buf_finish(&hold);
        if (err == FC_OK)
            break;
        assert_int_equal(err, FC_E_FULL);
        struct fc_hash after = fc_test_fingerprint(&test->b);
        assert_true(fc_hash_eq(&before, &after));
        failures++;
    }
    assert_true(failures > 15);
    fc_test_expect_equal(&test->a, &test->b);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        FC_TEST_BOTH(test_a_whole_feed_in_small_blocks),
        FC_TEST_BOTH(test_changes_bring_puts_and_deletes),
        FC_TEST_BOTH(test_a_walk_finds_what_differs),
        FC_TEST_BOTH(test_a_walk_starts_from_nothing_and_ends_at_nothing),
        FC_TEST_BOTH(test_a_walk_asks_as_much_as_it_may),
        FC_TEST_BOTH(test_deletes_are_kept_up_to_a_bound),
        FC_TEST_BOTH(test_a_wrong_root_changes_nothing),
        FC_TEST_BOTH(test_a_whole_load_that_lacks_entries_can_walk),
        FC_TEST_BOTH(test_blocks_are_checked),
        FC_TEST_BOTH(test_a_content_of_another_size_is_caught),
        FC_TEST_BOTH(test_loads_are_bounded),
        FC_TEST_BOTH(test_gathering_is_bounded),
        FC_TEST_BOTH(test_a_whole_load_resumes_and_follows_a_moving_feed),
        FC_TEST_BOTH(test_a_lost_transaction_ends_the_load),
        FC_TEST_BOTH(test_a_restart_drops_what_was_staged),
        FC_TEST_BOTH(test_a_load_that_was_overtaken),
        FC_TEST_BOTH(test_missing_contents_stay_missing_and_are_pulled),
        FC_TEST_BOTH(test_contents_that_are_here_are_kept),
        FC_TEST_BOTH(test_every_failing_write_of_a_load_undoes_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
