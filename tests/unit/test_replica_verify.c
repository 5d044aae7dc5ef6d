#include "tests/support/replica_case.h"

#include <stdio.h>
#include <string.h>

#include "store/kv_mem.h"

/* -- damage and healing ---------------------------------------------------------------------------
 */

enum harm { HARM_FLIP, HARM_GARBAGE, HARM_DELETE, HARM_COUNT };

static void harm_row(struct fc_test_node *node, enum fc_table table, struct fc_span key,
                     struct fc_span value, enum harm harm, size_t at)
{
    struct fc_kv *kv = fc_replica_kv(node->replica);
    struct fc_txn *txn;
    struct fc_buf copy = {0};
    uint8_t key_copy[FC_KV_KEY_BYTES_MAX];
    memcpy(key_copy, key.data, key.len);
    fc_buf_append(&copy, value.data, value.len);
    assert_ok(fc_kv_begin(kv, true, &txn));
    struct fc_span key_span = fc_span(key_copy, key.len);
    switch (harm) {
    case HARM_FLIP:
        if (copy.len > 0) {
            copy.data[at % copy.len] ^= (uint8_t)(1u << at % 8);
            assert_ok(fc_kv_put(txn, table, key_span, fc_buf_span(&copy)));
            break;
        }
        assert_ok(fc_kv_del(txn, table, key_span)); /* nothing but the key can be hurt */
        key_copy[at % key.len] ^= (uint8_t)(1u << at % 8);
        assert_ok(fc_kv_put(txn, table, key_span, fc_span("", 0)));
        break;
    case HARM_GARBAGE:
        assert_ok(fc_kv_put(txn, table, key_span, fc_span("\xff\x01\x02", 3)));
        break;
    case HARM_DELETE:
    case HARM_COUNT:
        assert_ok(fc_kv_del(txn, table, key_span));
        break;
    }
    assert_ok(fc_kv_commit(txn));
    fc_buf_finish(&copy);
}

/* The nth row of a table, hurt; false when there are fewer. */
static bool harm_nth(struct fc_test_node *node, enum fc_table table, unsigned nth, enum harm harm,
                     size_t at)
{
    struct fc_txn *txn;
    struct fc_kv_cursor *cursor;
    struct fc_span key, value;
    struct fc_buf hold = {0};
    assert_ok(fc_kv_begin(fc_replica_kv(node->replica), false, &txn));
    assert_ok(fc_kv_cursor_open(txn, table, &cursor));
    enum fc_err err = fc_kv_seek(cursor, fc_span(NULL, 0), &key, &value);
    while (err == FC_OK && nth-- > 0)
        err = fc_kv_next(cursor, &key, &value);
    if (err == FC_OK) {
        fc_buf_append(&hold, key.data, key.len);
        fc_buf_append(&hold, value.data, value.len);
        key = fc_span(hold.data, key.len);
        value = fc_span(hold.data + key.len, value.len);
    }
    fc_kv_cursor_close(cursor);
    fc_kv_abort(txn);
    if (err == FC_OK)
        harm_row(node, table, key, value, harm, at);
    fc_buf_finish(&hold);
    return err == FC_OK;
}

static enum fc_err give_record(void *ctx, const struct fc_arrival *arrival)
{
    struct fc_replica *to = ctx;
    if (arrival->type == FC_RECORD_HEAD)
        return FC_OK;
    enum fc_err err = fc_replica_add_record(to, arrival->record);
    assert_true(err == FC_OK || err == FC_E_KNOWN);
    return FC_OK;
}

/* What a peer does for a node that comes back: records, heads that are judged, contents. */
static void heal(struct fc_test_node *from, struct fc_test_node *to,
                 const struct fc_hash *participant)
{
    assert_ok(fc_replica_begin(to->replica));
    assert_ok(fc_replica_arrivals(from->replica, 0, give_record, to->replica));
    assert_ok(fc_replica_commit(to->replica));
    enum fc_err verdict = fc_test_judge(from, to, participant);
    if (verdict == FC_E_GAP)
        assert_ok(fc_test_catch_up(from, to, participant, FC_LOAD_WALK, 0));
    else if (verdict == FC_OK)
        assert_ok(fc_test_pass_delta(from, to, participant, true));
    else
        assert_int_equal(verdict, FC_E_KNOWN);
    struct fc_want wants[64];
    uint32_t count;
    assert_ok(fc_replica_wanted(to->replica, wants, 64, &count));
    assert_ok(fc_replica_begin(to->replica));
    for (uint32_t i = 0; i < count; i++) {
        struct fc_buf hold = {0};
        struct fc_content content;
        assert_ok(fc_replica_content_frame(from->replica, participant, &wants[i].key_hash, &hold,
                                           &content));
        assert_ok(fc_replica_put_content(to->replica, participant, &content));
        fc_buf_finish(&hold);
    }
    assert_ok(fc_replica_commit(to->replica));
}

static void publish_range(struct fc_test_case *test, unsigned from, unsigned to, const char *word)
{
    struct fc_test_batch batch = {0};
    char(*texts)[2][64] = calloc(to - from, sizeof *texts);
    assert_non_null(texts);
    for (unsigned i = from; i < to; i++) {
        char(*text)[64] = texts[i - from];
        snprintf(text[0], sizeof text[0], "https://acme.example/%u", i);
        snprintf(text[1], sizeof text[1], "{\"number\":%u,\"word\":\"%s\"}", i, word);
        fc_test_batch_put(&batch, text[0], text[1]);
    }
    assert_ok(fc_test_publish(&test->a, &test->acme, &batch, NULL));
    fc_test_batch_finish(&batch);
    free(texts);
}

/* Some of everything, the same on both nodes. */
static void fill(struct fc_test_case *test)
{
    struct fc_buf descriptor = {0};
    struct fc_test_batch batch = {0};
    fc_test_descriptor(&test->acme, &test->acme.node, "tcp://node.example:7400", 1, &descriptor);
    assert_ok(fc_test_add(&test->a, &descriptor));
    assert_ok(fc_test_add(&test->b, &descriptor));
    publish_range(test, 0, 20, "first");
    assert_ok(fc_test_pass_delta(&test->a, &test->b, &test->acme.id, true));
    publish_range(test, 15, 24, "second");
    assert_ok(fc_test_pass_delta(&test->a, &test->b, &test->acme.id, true));
    fc_test_batch_delete(&batch, "https://acme.example/3");
    assert_ok(fc_test_publish(&test->a, &test->acme, &batch, NULL));
    assert_ok(fc_test_pass_delta(&test->a, &test->b, &test->acme.id, true));
    fc_buf_finish(&descriptor);
    fc_test_batch_finish(&batch);
}

static void expect_healed(struct fc_test_case *test, struct fc_test_node *node)
{
    heal(&test->a, node, &test->acme.id);
    fc_test_expect_equal(&test->a, node);
    assert_int_equal(fc_test_feed(node, &test->acme.id).missing, 0);
    for (unsigned i = 0; i < 24; i++) {
        char key[64], content[64];
        snprintf(key, sizeof key, "https://acme.example/%u", i);
        snprintf(content, sizeof content, "{\"number\":%u,\"word\":\"%s\"}", i,
                 i < 15 ? "first" : "second");
        fc_test_expect(node, &test->acme.id, key, i == 3 ? NULL : content);
    }
    size_t records = fc_ledger_record_count(fc_replica_ledger(test->a.replica));
    assert_int_equal(fc_ledger_record_count(fc_replica_ledger(node->replica)), records);
}

/* -- one by one, over both backends
 * ----------------------------------------------------------------- */

static void test_a_sound_replica_has_no_damage(void **state)
{
    struct fc_test_case *test = *state;
    assert_int_equal(fc_test_verify(&test->a, false), 0);
    fill(test);
    assert_int_equal(fc_test_verify(&test->b, false), 0);
    struct fc_arrival_mark before = fc_replica_arrival_mark(test->b.replica);
    assert_int_equal(fc_test_verify(&test->b, true), 0);
    assert_true(fc_replica_arrival_mark(test->b.replica).epoch == before.epoch);
}

static void test_a_damaged_content_is_pulled_again(void **state)
{
    struct fc_test_case *test = *state;
    fill(test);
    struct fc_arrival_mark before = fc_replica_arrival_mark(test->b.replica);
    assert_true(harm_nth(&test->b, FC_TABLE_CONTENT, 4, HARM_FLIP, 9));
    assert_int_equal(fc_test_verify(&test->b, false), 1);
    assert_int_equal(fc_test_verify(&test->b, true), 1);
    assert_int_equal(fc_test_verify(&test->b, false), 0);
    struct fc_feed feed = fc_test_feed(&test->b, &test->acme.id);
    assert_true(feed.missing == 1 && !feed.damaged);
    assert_true(fc_replica_arrival_mark(test->b.replica).epoch != before.epoch);
    expect_healed(test, &test->b);
}

static void test_a_damaged_entry_is_walked_for(void **state)
{
    struct fc_test_case *test = *state;
    fill(test);
    assert_true(harm_nth(&test->b, FC_TABLE_ENTRY, 7, HARM_GARBAGE, 0));
    assert_true(fc_test_verify(&test->b, false) >= 1);
    assert_true(fc_test_verify(&test->b, true) >= 1);
    struct fc_feed feed = fc_test_feed(&test->b, &test->acme.id);
    assert_true(feed.damaged && feed.entries == 22);
    /* Until then it is told to nobody as what the head says it is. */
    struct fc_digest digest;
    struct fc_buf out = {0};
    struct fc_resume at = {0};
    bool done;
    assert_ok(fc_replica_digest(test->b.replica, &digest));
    assert_int_equal(digest.feeds, 0);
    assert_int_equal(fc_replica_head(test->b.replica, &test->acme.id, &out, NULL, NULL),
                     FC_E_MISSING);
    assert_int_equal(
        fc_replica_read_changes(test->b.replica, &test->acme.id, 0, &at, 1000, &out, &out, &done),
        FC_E_MISSING);
    struct fc_test_batch batch = {0};
    fc_test_batch_put(&batch, "urn:more", "{}");
    assert_int_equal(fc_test_publish(&test->b, &test->acme, &batch, NULL), FC_E_CORRUPT);
    assert_int_equal(fc_test_judge(&test->a, &test->b, &test->acme.id), FC_E_GAP);
    fc_test_node_reopen(&test->b);
    expect_healed(test, &test->b);
    fc_test_batch_finish(&batch);
}

static void test_a_damaged_head_is_fetched_again(void **state)
{
    struct fc_test_case *test = *state;
    fill(test);
    assert_true(harm_nth(&test->b, FC_TABLE_HEAD, 2, HARM_FLIP, 100));
    assert_true(fc_test_verify(&test->b, true) >= 1);
    assert_true(fc_test_feed(&test->b, &test->acme.id).damaged);
    expect_healed(test, &test->b);
}

static void test_a_damaged_record_is_fetched_again(void **state)
{
    struct fc_test_case *test = *state;
    fill(test);
    for (unsigned nth = 0; nth < 3; nth++) {
        assert_true(harm_nth(&test->b, FC_TABLE_RECORD, nth, HARM_FLIP, 60 + nth));
        fc_test_node_reopen(&test->b);
        assert_true(fc_test_verify(&test->b, false) >= 1);
        assert_true(fc_test_verify(&test->b, true) >= 1);
        expect_healed(test, &test->b);
    }
}

static void test_what_can_be_rebuilt_is(void **state)
{
    struct fc_test_case *test = *state;
    static const enum fc_table tables[] = {FC_TABLE_BYVER, FC_TABLE_TREE, FC_TABLE_ARRIVAL,
                                           FC_TABLE_SUBJECT};
    fill(test);
    for (unsigned i = 0; i < 4; i++)
        for (int harm = 0; harm < HARM_COUNT; harm++) {
            if (!harm_nth(&test->b, tables[i], 0, (enum harm)harm, 3))
                continue;
            fc_test_node_reopen(&test->b);
            fc_test_verify(&test->b, true);
            assert_int_equal(fc_test_verify(&test->b, false), 0);
            assert_false(fc_test_feed(&test->b, &test->acme.id).damaged);
            fc_test_expect_equal(&test->a, &test->b);
        }
}

struct seen {
    uint64_t last, total;
    unsigned calls;
};

static void watch(void *ctx, const struct fc_verify_progress *at)
{
    struct seen *seen = ctx;
    assert_true(at->done > seen->last && at->done <= at->total);
    seen->last = at->done;
    seen->total = at->total;
    seen->calls++;
}

static void test_progress_is_told(void **state)
{
    struct fc_test_case *test = *state;
    publish_range(test, 0, 600, "many");
    struct seen seen = {0};
    assert_ok(fc_replica_verify(test->a.replica, false, NULL, watch, &seen));
    assert_int_equal(seen.total, 600);
    assert_int_equal(seen.calls, 2);
}

/* -- every row of every table, in every way
 * ---------------------------------------------------------- */

static void clone_of(struct fc_test_node *from, struct fc_test_node *clone)
{
    *clone = *from;
    clone->replica = NULL;
    struct fc_kv *kv;
    assert_ok(fc_kv_mem_clone(fc_kv_fault_inner(from->fault), &kv));
    struct fc_replica_config config = {.kv = fc_kv_fault_create(kv, &clone->fault),
                                       .verifier = fc_verifier_plain(),
                                       .federation = from->federation,
                                       .seed = {7}};
    assert_ok(fc_replica_open(&config, &clone->replica));
}

/* What nothing else says, a flipped bit can change unseen: when the head was accepted, how far back
 * deletes are known, which entry was deleted. */
static bool must_be_seen(enum fc_table table, enum harm harm, size_t at)
{
    switch (table) {
    case FC_TABLE_FEED:
        return harm == HARM_GARBAGE;
    case FC_TABLE_DELETED:
        return harm == HARM_DELETE;
    case FC_TABLE_META:
    case FC_TABLE_LOCAL:
    case FC_TABLE_INDEX:
    case FC_TABLE_COUNT:
        return false;
    case FC_TABLE_STEP: /* and when earlier heads came */
        return harm != HARM_FLIP;
    case FC_TABLE_BYVER: /* says all in its key */
        return harm != HARM_GARBAGE;
    case FC_TABLE_SUBJECT: /* of a feed: index (8), accepted (6) */
        return harm != HARM_FLIP || at % 14 < 8;
    case FC_TABLE_RECORD:
    case FC_TABLE_ARRIVAL:
    case FC_TABLE_HEAD:
    case FC_TABLE_ENTRY:
    case FC_TABLE_CONTENT:
    case FC_TABLE_TREE:
        return true;
    }
    return true;
}

/* The charter is signed by all governors where a quorum is enough: it stands with one signature
 * hurt. */
static bool spare_signature(struct fc_test_case *test, enum fc_table table, unsigned nth,
                            enum harm harm)
{
    struct fc_txn *txn;
    struct fc_kv_cursor *cursor;
    struct fc_span key, value;
    if (table != FC_TABLE_RECORD || harm != HARM_FLIP)
        return false;
    assert_ok(fc_kv_begin(fc_replica_kv(test->b.replica), false, &txn));
    assert_ok(fc_kv_cursor_open(txn, table, &cursor));
    assert_ok(fc_kv_seek(cursor, fc_span(NULL, 0), &key, &value));
    while (nth-- > 0)
        assert_ok(fc_kv_next(cursor, &key, &value));
    bool charter = fc_span_eq(key, fc_span(test->fed.charter_hash.b, 32));
    fc_kv_cursor_close(cursor);
    fc_kv_abort(txn);
    return charter;
}

static void hurt_and_heal(struct fc_test_case *test, enum fc_table table, unsigned nth,
                          enum harm harm, size_t at)
{
    struct fc_test_node node;
    clone_of(&test->b, &node);
    assert_true(harm_nth(&node, table, nth, harm, at));
    fc_test_node_reopen(&node);
    unsigned found = fc_test_verify(&node, false);
    if (found == 0 && must_be_seen(table, harm, at) && !spare_signature(test, table, nth, harm))
        fail_msg("table %d row %u harm %d at %zu: not seen", table, nth, harm, at);
    fc_test_verify(&node, true);
    heal(&test->a, &node, &test->acme.id);
    found = fc_test_verify(&node, false);
    if (found != 0)
        fail_msg("table %d row %u harm %d at %zu: %u left", table, nth, harm, at, found);
    expect_healed(test, &node);
    fc_test_node_finish(&node);
}

static void test_any_row_hurt_is_found_and_healed(void **state)
{
    struct fc_test_case *test = *state;
    if (test->backend != FC_TEST_MEMORY)
        return; /* what is above the store is the same, and clones are cheap here */
    fill(test);
    struct fc_kv_stat stat;
    assert_ok(fc_kv_stat(fc_replica_kv(test->b.replica), &stat));
    unsigned cases = 0;
    for (int table = FC_TABLE_RECORD; table <= FC_TABLE_TREE; table++)
        for (unsigned nth = 0; nth < stat.rows[table]; nth++)
            for (int harm = 0; harm < HARM_COUNT; harm++) {
                unsigned ways = harm == HARM_FLIP ? 4 : 1;
                for (unsigned way = 0; way < ways; way++, cases++)
                    hurt_and_heal(test, (enum fc_table)table, nth, (enum harm)harm,
                                  nth * 31 + way * 53 + 5);
            }
    assert_true(cases > 500);
}

/* Every bit of a feed's row and of the arrival mark's. */
static void test_every_bit_of_the_rows_all_hangs_on(void **state)
{
    struct fc_test_case *test = *state;
    if (test->backend != FC_TEST_MEMORY)
        return;
    fill(test);
    for (size_t at = 0; at < 180; at++)
        hurt_and_heal(test, FC_TABLE_FEED, 0, HARM_FLIP, at);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        FC_TEST_BOTH(test_a_sound_replica_has_no_damage),
        FC_TEST_BOTH(test_a_damaged_content_is_pulled_again),
        FC_TEST_BOTH(test_a_damaged_entry_is_walked_for),
        FC_TEST_BOTH(test_a_damaged_head_is_fetched_again),
        FC_TEST_BOTH(test_a_damaged_record_is_fetched_again),
        FC_TEST_BOTH(test_what_can_be_rebuilt_is),
        FC_TEST_BOTH(test_progress_is_told),
        FC_TEST_BOTH(test_any_row_hurt_is_found_and_healed),
        FC_TEST_BOTH(test_every_bit_of_the_rows_all_hangs_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
