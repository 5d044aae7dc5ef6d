/* Reading along: each entry once, in the order in which it came, and again from any of them on. */
#include "tests/support/replica_case.h"

#include <stdio.h>

#include "store/news.h"

struct seen {
    struct fc_news_mark mark;
    char key[64];
};
struct reading {
    struct seen list[512];
    size_t count, max;
};

static enum fc_err note(void *ctx, const struct fc_news *news)
{
    struct reading *reading = ctx;
    if (reading->count == reading->max) {
        return FC_E_AGAIN;
    }
    struct seen *seen = &reading->list[reading->count++];
    seen->mark = (struct fc_news_mark){news->index, news->entry.version, news->entry.key_hash};
    snprintf(seen->key, sizeof seen->key, "%.*s", (int)news->entry.key.len,
             (const char *)news->entry.key.data);
    return FC_OK;
}

/* Up to `max` after a mark, or from the start. */
static struct reading *follow(struct fc_test_node *node, const struct fc_news_mark *after,
                              size_t max)
{
    static const struct fc_news_mark start;
    struct reading *reading = calloc(1, sizeof *reading);
    assert_non_null(reading);
    reading->max = max;
    enum fc_err err = fc_replica_news(node->replica, after ? after : &start, note, reading);
    assert_true(err == FC_OK || err == FC_E_AGAIN);
    return reading;
}

static void expect(struct fc_test_node *node, const struct fc_news_mark *after,
                   const char *const *keys)
{
    struct reading *reading = follow(node, after, 512);
    size_t i = 0;
    for (; keys[i]; i++) {
        assert_true(i < reading->count);
        assert_string_equal(reading->list[i].key, keys[i]);
    }
    assert_int_equal(reading->count, i);
    free(reading);
}

static void test_in_order_of_arrival(void **state)
{
    struct fc_test_case *test = *state;
    expect(&test->a, NULL, (const char *[]){NULL});
    fc_test_publish_one(&test->a, &test->acme, "urn:one", "{\"a\":1}");
    fc_test_publish_one(&test->a, &test->acme, "urn:two", "{\"a\":2}");
    expect(&test->a, NULL, (const char *[]){"urn:one", "urn:two", NULL});
    /* an entry that changes comes again, at its new place, and not at its old one */
    fc_test_publish_one(&test->a, &test->acme, "urn:one", "{\"a\":3}");
    expect(&test->a, NULL, (const char *[]){"urn:two", "urn:one", NULL});
    struct fc_test_batch batch = {0};
    fc_test_batch_delete(&batch, "urn:two");
    assert_ok(fc_test_publish(&test->a, &test->acme, &batch, NULL));
    fc_test_batch_finish(&batch);
    expect(&test->a, NULL, (const char *[]){"urn:one", NULL});
}

static void test_from_any_place_on(void **state)
{
    struct fc_test_case *test = *state;
    char key[64];
    for (unsigned i = 0; i < 20; i++) {
        struct fc_test_batch batch = {0};
        char keys[3][32];
        for (unsigned k = 0; k < 3; k++) {
            snprintf(keys[k], sizeof keys[k], "urn:%u-%u", i, k);
            fc_test_batch_put(&batch, keys[k], "{\"a\":1}");
        }
        assert_ok(fc_test_publish(&test->a, &test->acme, &batch, NULL));
        fc_test_batch_finish(&batch);
    }
    struct reading *all = follow(&test->a, NULL, 512);
    assert_int_equal(all->count, 60);
    for (size_t i = 0; i < all->count; i++) {
        struct reading *rest = follow(&test->a, &all->list[i].mark, 512);
        assert_int_equal(rest->count, all->count - i - 1);
        if (rest->count > 0) {
            assert_string_equal(rest->list[0].key, all->list[i + 1].key);
        }
        free(rest);
    }
    /* what comes later is after all of them, and the place of one that is gone still counts */
    struct fc_test_batch batch = {0};
    fc_test_batch_delete(&batch, all->list[30].key);
    assert_ok(fc_test_publish(&test->a, &test->acme, &batch, NULL));
    fc_test_batch_finish(&batch);
    snprintf(key, sizeof key, "%s", all->list[31].key);
    struct reading *rest = follow(&test->a, &all->list[30].mark, 1);
    assert_string_equal(rest->list[0].key, key);
    free(rest);
    fc_test_publish_one(&test->a, &test->acme, "urn:later", "{}");
    expect(&test->a, &all->list[59].mark, (const char *[]){"urn:later", NULL});
    free(all);
}

/* A reader misses nothing however long it was away; beyond what is kept it meets some again. */
static void test_after_a_long_absence(void **state)
{
    struct fc_test_case *test = *state;
    enum { DELTAS = FC_STEPS_KEPT + 20 };
    char key[32];
    struct fc_news_mark mark = {0};
    for (unsigned i = 0; i < DELTAS; i++) {
        snprintf(key, sizeof key, "urn:%u", i);
        fc_test_publish_one(&test->a, &test->acme, key, "{\"a\":1}");
        if (i == 9) {
            struct reading *reading = follow(&test->a, NULL, 512);
            mark = reading->list[reading->count - 1].mark;
            free(reading);
        }
    }
    struct reading *rest = follow(&test->a, &mark, 512);
    bool met[DELTAS] = {false};
    for (size_t i = 0; i < rest->count; i++) {
        met[atoi(rest->list[i].key + 4)] = true;
    }
    for (unsigned i = 10; i < DELTAS; i++) {
        assert_true(met[i]);
    }
    assert_true(rest->count >= DELTAS - 10);
    free(rest);
    struct reading *all = follow(&test->a, NULL, 512);
    assert_int_equal(all->count, DELTAS);
    free(all);
}

static void test_when_a_version_came(void **state)
{
    struct fc_test_case *test = *state;
    struct fc_news news;
    fc_test_publish_one(&test->a, &test->acme, "urn:one", "{\"a\":1}");
    uint64_t first = fc_replica_arrival_mark(test->a.replica).index;
    fc_test_publish_one(&test->a, &test->acme, "urn:two", "{\"a\":2}");
    assert_ok(
        fc_replica_news_arrival(test->a.replica, &test->acme.id, fc_version_make(1, 1), &news));
    assert_int_equal(news.index, first);
    assert_ok(
        fc_replica_news_arrival(test->a.replica, &test->acme.id, fc_version_make(1, 2), &news));
    assert_int_equal(news.index, first + 1);
    assert_int_equal(
        fc_replica_news_arrival(test->a.replica, &test->acme.id, fc_version_make(1, 3), &news),
        FC_E_MISSING);
}

static void test_after_a_reopening(void **state)
{
    struct fc_test_case *test = *state;
    fc_test_publish_one(&test->a, &test->acme, "urn:one", "{\"a\":1}");
    struct reading *reading = follow(&test->a, NULL, 512);
    fc_test_node_reopen(&test->a);
    fc_test_publish_one(&test->a, &test->acme, "urn:two", "{\"a\":2}");
    expect(&test->a, &reading->list[0].mark, (const char *[]){"urn:two", NULL});
    free(reading);
}

int main(void)
{
    /* Replicas that share keep no steps: nobody reads along there. */
#define BOTH(f) FC_TEST_ON(f, " (memory)", 0), FC_TEST_ON(f, " (lmdb)", 1)
    const struct CMUnitTest tests[] = {
        BOTH(test_in_order_of_arrival),  BOTH(test_from_any_place_on),
        BOTH(test_after_a_long_absence), BOTH(test_when_a_version_came),
        BOTH(test_after_a_reopening),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
