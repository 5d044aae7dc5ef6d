/* Peers and participants that do not play by the rules, against the store alone. */
#include "tests/support/replica_case.h"

#include <stdio.h>
#include <string.h>

#include "store/item.h"

enum { ENTRIES = 20 };

static void publish(struct fc_test_case *test, unsigned count, const char *word)
{
    struct fc_test_batch batch = {0};
    static char texts[ENTRIES][2][64];
    for (unsigned i = 0; i < count; i++) {
        snprintf(texts[i][0], sizeof texts[i][0], "urn:%u", i);
        snprintf(texts[i][1], sizeof texts[i][1], "{\"n\":%u,\"word\":\"%s\"}", i, word);
        fc_test_batch_put(&batch, texts[i][0], texts[i][1]);
    }
    assert_ok(fc_test_publish(&test->a, &test->acme, &batch, NULL));
    fc_test_batch_finish(&batch);
}

static void read_all(struct fc_test_case *test, fc_version since, struct fc_buf *items,
                     struct fc_buf *frames)
{
    struct fc_resume at = {0};
    bool done = false;
    assert_ok(fc_replica_read_changes(test->a.replica, &test->acme.id, since, &at, FC_BLOCK_BYTES,
                                      items, frames, &done));
    assert_true(done);
}

static struct fc_load *stage_all(struct fc_test_case *test)
{
    struct fc_load *load;
    struct fc_buf items = {0}, frames = {0};
    read_all(test, 0, &items, &frames);
    assert_ok(fc_replica_begin(test->b.replica));
    assert_ok(fc_load_begin(test->b.replica, &test->acme.id, FC_LOAD_WHOLE, &load));
    assert_ok(fc_load_add(load, fc_buf_span(&items), fc_buf_span(&frames)));
    assert_ok(fc_replica_commit(test->b.replica));
    fc_buf_finish(&items);
    fc_buf_finish(&frames);
    return load;
}

static void finish(struct fc_test_case *test, struct fc_load *load)
{
    struct fc_buf hold = {0};
    struct fc_record head = fc_test_head_of(&test->a, &test->acme.id, &hold);
    assert_ok(fc_replica_begin(test->b.replica));
    assert_ok(fc_load_finish(load, &head, FC_TEST_NOW_MS));
    assert_ok(fc_replica_commit(test->b.replica));
    fc_buf_finish(&hold);
}

static enum fc_err content_of(struct fc_test_case *test, const char *key)
{
    struct fc_buf out = {0};
    struct fc_hash hash = fc_key_hash(fc_span_str(key));
    enum fc_err err = fc_replica_content(test->b.replica, &test->acme.id, &hash, &out);
    fc_buf_finish(&out);
    return err;
}

/* Governors take a content down while a feed is on its way here, the content staged already. */
static void test_a_takedown_reaches_what_is_staged(void **state)
{
    struct fc_test_case *test = *state;
    struct fc_hash key = fc_key_hash(fc_span_str("urn:3")),
                   other = fc_key_hash(fc_span_str("urn:4"));
    struct fc_buf hold = {0}, record = {0};
    struct fc_entry entry;
    publish(test, ENTRIES, "first");
    assert_ok(fc_replica_entry(test->a.replica, &test->acme.id, &key, &hold, &entry));
    fc_test_takedown(&test->acme, &test->fed, &key, &entry.commitment, &record);
    struct fc_load *load = stage_all(test);
    assert_ok(fc_test_add(&test->b, &record));
    assert_ok(fc_replica_begin(test->b.replica));
    assert_ok(
        fc_replica_takedown_local(test->b.replica, &test->acme.id, &other, fc_span_str("x"), true));
    assert_ok(fc_replica_commit(test->b.replica));
    finish(test, load);
    assert_int_equal(content_of(test, "urn:3"), FC_E_WITHHELD);
    assert_int_equal(content_of(test, "urn:4"), FC_E_WITHHELD);
    assert_ok(content_of(test, "urn:5"));
    assert_int_equal(fc_test_verify(&test->b, false), 0);
    /* One that is lifted while the feed comes anew is lifted for what is staged too. */
    publish(test, 1, "second");
    load = stage_all(test);
    assert_ok(fc_replica_begin(test->b.replica));
    assert_ok(
        fc_replica_takedown_local(test->b.replica, &test->acme.id, &other, fc_span_str(""), false));
    assert_ok(fc_replica_commit(test->b.replica));
    finish(test, load);
    struct fc_want want;
    uint32_t count;
    assert_ok(fc_replica_wanted(test->b.replica, &want, 1, &count));
    assert_int_equal(count, 1);
    assert_true(fc_hash_eq(&want.key_hash, &other));
    assert_int_equal(content_of(test, "urn:3"), FC_E_WITHHELD);
    fc_buf_finish(&hold);
    fc_buf_finish(&record);
}

/* No root covers the version of a delete: a relay can say what it likes, to no effect. */
static void test_a_false_version_of_a_delete_is_not_passed_on(void **state)
{
    static const fc_version said[] = {1, 0, UINT64_MAX};
    struct fc_test_case *test = *state;
    struct fc_test_batch batch = {0};
    publish(test, ENTRIES, "first");
    assert_ok(fc_test_pass_delta(&test->a, &test->b, &test->acme.id, true));
    for (unsigned i = 0; i < sizeof said / sizeof said[0]; i++) {
        char key[16];
        fc_version since = fc_test_feed(&test->b, &test->acme.id).version;
        snprintf(key, sizeof key, "urn:%u", i);
        fc_test_batch_delete(&batch, key);
        assert_ok(fc_test_publish(&test->a, &test->acme, &batch, NULL));
        struct fc_item item = {.deleted = true, .key_hash = fc_key_hash(fc_span_str(key))};
        item.version = said[i] > 1 ? said[i] : fc_version_make(1, 1 + said[i]);
        struct fc_buf items = {0}, frames = {0};
        fc_item_write(&item, &items);
        struct fc_load *load;
        assert_ok(fc_replica_begin(test->b.replica));
        assert_ok(fc_load_begin(test->b.replica, &test->acme.id, FC_LOAD_CHANGES, &load));
        assert_ok(fc_load_add(load, fc_buf_span(&items), fc_buf_span(&frames)));
        assert_ok(fc_replica_commit(test->b.replica));
        finish(test, load);
        /* Whoever stands where b stood learns of the delete from b. */
        struct fc_resume at = {0};
        bool done;
        fc_buf_clear(&items);
        assert_ok(fc_replica_read_changes(test->b.replica, &test->acme.id, since, &at,
                                          FC_BLOCK_BYTES, &items, &frames, &done));
        struct fc_unpack in;
        fc_unpack_init(&in, fc_buf_span(&items));
        assert_ok(fc_item_read(&in, &item));
        assert_ok(fc_unpack_end(&in));
        assert_true(item.deleted);
        assert_true(item.version == fc_test_feed(&test->b, &test->acme.id).version);
        fc_buf_finish(&items);
        fc_buf_finish(&frames);
    }
    fc_test_batch_finish(&batch);
}

/* Contents that a staged or dropped feed lacks are neither asked for nor in the way. */
static void test_what_is_staged_is_not_wanted(void **state)
{
    struct fc_test_case *test = *state;
    struct fc_want wants[ENTRIES + 1];
    uint32_t count;
    publish(test, ENTRIES, "first");
    assert_ok(fc_test_pass_delta(&test->a, &test->b, &test->acme.id, false));
    for (unsigned i = 0; i < 3; i++) { /* staged without contents, and given up twice */
        struct fc_load *load;
        struct fc_buf items = {0};
        assert_ok(fc_replica_begin(test->b.replica));
        assert_ok(fc_load_begin(test->b.replica, &test->acme.id, FC_LOAD_WHOLE, &load));
        struct fc_item item = {.key = fc_span_str("urn:x"),
                               .version = fc_version_make(1, 1),
                               .status = FC_STATUS_ACTIVE,
                               .media_type = fc_span_str("text/plain"),
                               .size = 1};
        fc_item_write(&item, &items);
        assert_ok(fc_load_add(load, fc_buf_span(&items), (struct fc_span){0}));
        assert_ok(fc_replica_commit(test->b.replica));
        for (unsigned j = 0; j < 3; j++) {
            assert_ok(fc_replica_wanted(test->b.replica, wants, ENTRIES + 1, &count));
            assert_true(count == ENTRIES || count == ENTRIES + 1); /* it may begin anew */
            for (uint32_t k = 0; k < count; k++)
                assert_false(fc_hash_eq(&wants[k].key_hash, &(struct fc_hash){{0}}));
        }
        if (i < 2)
            fc_load_abort(load);
        fc_buf_finish(&items);
    }
    assert_ok(fc_replica_wanted(test->b.replica, wants, 7, &count));
    assert_int_equal(count, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FC_TEST_BOTH(test_a_takedown_reaches_what_is_staged),
        FC_TEST_BOTH(test_a_false_version_of_a_delete_is_not_passed_on),
        FC_TEST_BOTH(test_what_is_staged_is_not_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
