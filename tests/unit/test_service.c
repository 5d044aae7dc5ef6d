/* Every verb over a replica in memory, as a command or a stranger's bytes may ask it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/author.h"
#include "node/bundle.h"
#include "store/proof.h"
#include "tests/support/home.h"
#include "tests/support/tempdir.h"

static int setup(void **state)
{
    struct fc_test_home *home = calloc(1, sizeof *home);
    fc_test_home_init(home, false);
    *state = home;
    return 0;
}

static int teardown(void **state)
{
    fc_test_home_finish(*state);
    free(*state);
    return 0;
}

static enum fc_err put(struct fc_test_home *home, const char *key, const char *content,
                       uint32_t *ops)
{
    struct fc_unpack body;
    enum fc_err err = fc_test_home_author(home, FC_VERB_AUTHOR, key, content, &body);
    if (err == FC_OK) {
        fc_unpack_array(&body, 2, 2);
        fc_unpack_uint(&body, UINT64_MAX);
        *ops = (uint32_t)fc_unpack_uint(&body, FC_OPS_MAX);
        assert_int_equal(fc_unpack_end(&body), FC_OK);
    }
    return err;
}

static struct fc_hash head_hash(struct fc_test_home *home)
{
    struct fc_feed feed;
    assert_int_equal(fc_replica_feed(home->replica, &home->party.id, &feed), FC_OK);
    return feed.head_hash;
}

static enum fc_err find(struct fc_test_home *home, const char *key, struct fc_message_entry *entry)
{
    struct fc_buf arguments = {0};
    struct fc_unpack body;
    fc_pack_array(&arguments, 2);
    fc_pack_nil(&arguments);
    fc_pack_str(&arguments, fc_span_str(key));
    enum fc_err err = fc_test_home_call(home, FC_VERB_FIND, &arguments, &body);
    if (err == FC_OK) {
        fc_unpack_array(&body, 1, 1);
        fc_message_get_entry(&body, entry);
        assert_int_equal(fc_unpack_end(&body), FC_OK);
    }
    return err;
}

static enum fc_err content(struct fc_test_home *home, const char *key, struct fc_span *out)
{
    struct fc_buf arguments = {0};
    struct fc_unpack body;
    struct fc_hash key_hash = fc_key_hash(fc_span_str(key));
    fc_pack_array(&arguments, 2);
    fc_message_put_hash(&arguments, &home->party.id);
    fc_message_put_hash(&arguments, &key_hash);
    enum fc_err err = fc_test_home_call(home, FC_VERB_CONTENT, &arguments, &body);
    if (err == FC_OK) {
        fc_unpack_array(&body, 1, 1);
        *out = fc_unpack_bin(&body, FC_CONTENT_BYTES_MAX);
        assert_int_equal(fc_unpack_end(&body), FC_OK);
    }
    return err;
}

static void publishing_again_changes_nothing(void **state)
{
    struct fc_test_home *home = *state;
    struct fc_message_entry entry;
    struct fc_span bytes;
    uint32_t ops = 9;
    assert_int_equal(put(home, "urn:a", "{\"a\":1}", &ops), FC_OK);
    assert_int_equal(ops, 1);
    assert_true(home->service.changed);
    struct fc_hash before = head_hash(home);
    assert_int_equal(put(home, "urn:a", "{\"a\":1}", &ops), FC_OK);
    assert_int_equal(ops, 0);
    struct fc_hash after = head_hash(home);
    assert_true(fc_hash_eq(&before, &after));
    assert_int_equal(put(home, "urn:a", "{\"a\":2}", &ops), FC_OK);
    assert_int_equal(find(home, "urn:a", &entry), FC_OK);
    assert_int_equal(entry.entry.version, fc_version_make(1, 2));
    assert_int_equal(entry.entry.state, FC_CONTENT_PRESENT);
    assert_int_equal(content(home, "urn:a", &bytes), FC_OK);
    assert_true(fc_span_eq(bytes, fc_span_str("{\"a\":2}")));
    /* a delete, and one of what is not there */
    assert_int_equal(put(home, "urn:a", NULL, &ops), FC_OK);
    assert_int_equal(find(home, "urn:a", &entry), FC_E_MISSING);
    assert_int_equal(content(home, "urn:a", &bytes), FC_E_MISSING);
    assert_int_equal(put(home, "urn:a", NULL, &ops), FC_E_MISSING);
    /* a heartbeat is a version without operations */
    assert_int_equal(put(home, NULL, NULL, &ops), FC_OK);
    assert_int_equal(ops, 0);
    struct fc_feed feed;
    assert_int_equal(fc_replica_feed(home->replica, &home->party.id, &feed), FC_OK);
    assert_int_equal(feed.version, fc_version_make(1, 4));
}

static void long_lists_come_in_pages(void **state)
{
    struct fc_test_home *home = *state;
    enum { COUNT = 2500, PAGE = 1000 };
    struct fc_buf arguments = {0};
    struct fc_unpack body;
    char(*keys)[24] = calloc(COUNT, sizeof *keys);
    struct fc_content *contents = calloc(COUNT, sizeof *contents);
    fc_pack_array(&arguments, 3);
    fc_message_put_hash(&arguments, &home->party.id);
    fc_pack_array(&arguments, COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        snprintf(keys[i], sizeof keys[i], "urn:entry:%u", i);
        struct fc_op op = {.kind = FC_OP_PUT,
                           .key = fc_span_str(keys[i]),
                           .media_type = fc_span_str("application/json"),
                           .size = 2,
                           .status = FC_STATUS_ACTIVE};
        fc_message_put_op(&arguments, &op);
        contents[i] =
            (struct fc_content){.key_hash = fc_key_hash(op.key), .bytes = fc_span_str("{}")};
    }
    fc_message_put_contents(&arguments, contents, COUNT);
    assert_int_equal(fc_test_home_call(home, FC_VERB_AUTHOR, &arguments, &body), FC_OK);

    struct fc_hash last;
    uint32_t seen = 0, pages = 0;
    bool more = true;
    while (more) {
        fc_pack_array(&arguments, 3);
        fc_message_put_hash(&arguments, &home->party.id);
        fc_message_put_hash_or_nil(&arguments, pages ? &last : NULL);
        fc_pack_uint(&arguments, PAGE);
        assert_int_equal(fc_test_home_call(home, FC_VERB_LIST, &arguments, &body), FC_OK);
        fc_unpack_array(&body, 2, 2);
        uint32_t count = fc_unpack_array(&body, 0, PAGE);
        for (uint32_t i = 0; i < count; i++) {
            struct fc_message_entry entry;
            fc_message_get_entry(&body, &entry);
            assert_true(seen == 0 || fc_hash_cmp(&entry.entry.key_hash, &last) > 0);
            last = entry.entry.key_hash;
            seen++;
        }
        more = fc_unpack_uint(&body, 1) == 1;
        assert_int_equal(fc_unpack_end(&body), FC_OK);
        pages++;
    }
    assert_int_equal(seen, COUNT);
    assert_int_equal(pages, 3);
    free(keys);
    free(contents);
}

/* What PREPARE answers, kept beyond the next call. */
struct prepared {
    struct fc_buf bytes;
    struct fc_span head_body, ops;
    struct fc_content *contents;
    uint32_t count;
};

static void prepare(struct fc_test_home *home, const char *key, const char *text,
                    struct prepared *out)
{
    struct fc_unpack body;
    *out = (struct prepared){0};
    assert_int_equal(fc_test_home_author(home, FC_VERB_PREPARE, key, text, &body), FC_OK);
    fc_buf_append(&out->bytes, body.data, body.len);
    fc_unpack_init(&body, fc_buf_span(&out->bytes));
    fc_unpack_array(&body, 3, 3);
    out->head_body = fc_unpack_bin(&body, FC_RECORD_BYTES_MAX);
    out->ops = fc_unpack_bin(&body, FC_OPS_BYTES_MAX);
    assert_int_equal(fc_message_get_contents(&body, &out->contents, &out->count), FC_OK);
    assert_int_equal(fc_unpack_end(&body), FC_OK);
}

static void prepared_finish(struct prepared *prepared)
{
    fc_buf_finish(&prepared->bytes);
    free(prepared->contents);
}

static enum fc_err submit(struct fc_test_home *home, const struct prepared *prepared,
                          const struct fc_sign_key *key)
{
    struct fc_buf record = {0}, delta = {0}, arguments = {0};
    assert_int_equal(fc_record_sign(FC_RECORD_HEAD, prepared->head_body, key, &record), FC_OK);
    assert_int_equal(fc_delta_write(fc_buf_span(&record), prepared->ops, &delta), FC_OK);
    fc_pack_array(&arguments, 2);
    fc_pack_bin(&arguments, fc_buf_span(&delta));
    fc_message_put_contents(&arguments, prepared->contents, prepared->count);
    enum fc_err err = fc_test_home_call(home, FC_VERB_SUBMIT_DELTA, &arguments, NULL);
    fc_buf_finish(&record);
    fc_buf_finish(&delta);
    return err;
}

static void a_delta_may_be_signed_elsewhere(void **state)
{
    struct fc_test_home *home = *state;
    struct prepared first, rival;
    struct fc_message_entry entry;
    struct fc_span bytes;
    struct fc_test_key stranger = fc_test_key("stranger", 0);
    prepare(home, "urn:a", "{}", &first);
    assert_int_equal(find(home, "urn:a", &entry), FC_E_MISSING); /* nothing changed here */
    prepare(home, "urn:b", "{}", &rival);
    assert_int_equal(submit(home, &first, &stranger.secret), FC_E_SIGNATURE);
    assert_int_equal(submit(home, &first, &home->party.feed.secret), FC_OK);
    assert_int_equal(content(home, "urn:a", &bytes), FC_OK);
    assert_int_equal(submit(home, &first, &home->party.feed.secret), FC_OK); /* again: no harm */
    /* a second delta at that version is evidence */
    assert_int_equal(submit(home, &rival, &home->party.feed.secret), FC_E_CONTESTED);
    struct fc_participant owner;
    assert_int_equal(
        fc_ledger_participant(fc_replica_ledger(home->replica), &home->party.id, &owner), FC_OK);
    assert_true(owner.contested);
    assert_int_equal(find(home, "urn:a", &entry), FC_OK);
    prepared_finish(&first);
    prepared_finish(&rival);
}

/* Deletes "urn:a" if it is as `condition` says. */
static enum fc_err delete_if(struct fc_test_home *home,
                             const struct fc_message_condition *condition)
{
    struct fc_buf arguments = {0};
    struct fc_unpack body;
    const struct fc_op op = {.kind = FC_OP_DELETE, .key = fc_span_str("urn:a")};
    fc_pack_array(&arguments, 4);
    fc_message_put_hash(&arguments, &home->party.id);
    fc_pack_array(&arguments, 1);
    fc_message_put_op(&arguments, &op);
    fc_message_put_contents(&arguments, NULL, 0);
    fc_message_put_condition(&arguments, condition);
    return fc_test_home_call(home, FC_VERB_AUTHOR, &arguments, &body);
}

static void an_entry_is_as_it_was_seen_or_nothing_is_done(void **state)
{
    struct fc_test_home *home = *state;
    struct fc_message_entry entry;
    uint32_t ops;
    struct fc_message_condition none = {.key_hash = fc_key_hash(fc_span_str("urn:a"))};
    assert_int_equal(put(home, "urn:a", "{}", &ops), FC_OK);
    assert_int_equal(find(home, "urn:a", &entry), FC_OK);
    struct fc_message_condition seen = none, other;
    seen.there = true;
    seen.commitment = entry.entry.commitment;
    seen.status = entry.entry.status;
    assert_int_equal(delete_if(home, &none), FC_E_STALE);
    other = seen;
    other.status = FC_STATUS_ENDED;
    assert_int_equal(delete_if(home, &other), FC_E_STALE);
    other = seen;
    other.commitment.b[31] ^= 1;
    assert_int_equal(delete_if(home, &other), FC_E_STALE);
    assert_int_equal(put(home, "urn:a", "{\"b\":1}", &ops), FC_OK);
    assert_int_equal(delete_if(home, &seen), FC_E_STALE);
    assert_int_equal(find(home, "urn:a", &entry), FC_OK);
    seen.commitment = entry.entry.commitment;
    assert_int_equal(delete_if(home, &seen), FC_OK);
    assert_int_equal(find(home, "urn:a", &entry), FC_E_MISSING);
    assert_int_equal(delete_if(home, &seen), FC_E_STALE);
    assert_int_equal(delete_if(home, &none), FC_E_MISSING); /* it is; and nothing to delete */
}

static void keys_that_cannot_sign(void **state)
{
    struct fc_test_home *home = *state;
    uint32_t ops;
    char *path = fc_test_home_key(home);
    char *counter = tempdir_path(home->dir, "keys/feed-operator.key.count0");
    char *aside = tempdir_path(home->dir, "aside");
    assert_int_equal(put(home, "urn:a", "{}", &ops), FC_OK);
    assert_int_equal(rename(counter, aside), 0);
    assert_int_equal(put(home, "urn:b", "{}", &ops), FC_E_COUNTER);
    assert_int_equal(rename(aside, counter), 0);
    assert_int_equal(put(home, "urn:b", "{}", &ops), FC_OK);
    assert_int_equal(rename(path, aside), 0);
    assert_int_equal(put(home, "urn:c", "{}", &ops), FC_E_NO_KEY);
    assert_int_equal(rename(aside, path), 0);
    assert_int_equal(put(home, "urn:c", "{}", &ops), FC_OK);
    free(path);
    free(counter);
    free(aside);
}

/* The counter is ahead of the store, as after a crash between signing and committing, or behind it,
 * as after the counter was copied back from somewhere. */
static void counter_and_store_part_ways(void **state)
{
    struct fc_test_home *home = *state;
    struct fc_author_key key;
    struct prepared lost;
    struct fc_buf record = {0};
    struct fc_message_entry entry;
    uint32_t ops;
    assert_int_equal(put(home, "urn:a", "{}", &ops), FC_OK);
    prepare(home, "urn:lost", "{\"x\":1}", &lost);
    assert_int_equal(fc_author_key_find(&home->home, &home->party.feed.pub, &key), FC_OK);
    assert_int_equal(
        fc_author_sign_head(&key, lost.head_body, lost.ops, lost.contents, lost.count, &record),
        FC_OK);
    fc_author_key_finish(&key);
    assert_int_equal(find(home, "urn:lost", &entry), FC_E_MISSING);
    /* the next delta brings it along, with its content, and follows it */
    assert_int_equal(put(home, "urn:b", "{}", &ops), FC_OK);
    struct fc_span bytes;
    assert_int_equal(content(home, "urn:lost", &bytes), FC_OK);
    assert_true(fc_span_eq(bytes, fc_span_str("{\"x\":1}")));
    struct fc_feed feed;
    assert_int_equal(fc_replica_feed(home->replica, &home->party.id, &feed), FC_OK);
    assert_int_equal(feed.version, fc_version_make(1, 3));
    fc_buf_finish(&record);
    prepared_finish(&lost);
    /* signed elsewhere with a copy of the key: this counter does not know of it */
    prepare(home, "urn:elsewhere", "{}", &lost);
    assert_int_equal(submit(home, &lost, &home->party.feed.secret), FC_OK);
    assert_int_equal(put(home, "urn:c", "{}", &ops), FC_E_COUNTER);
    assert_int_equal(find(home, "urn:c", &entry), FC_E_MISSING);
    prepared_finish(&lost);
}

static void records_are_judged(void **state)
{
    struct fc_test_home *home = *state;
    struct fc_test_federation other;
    struct fc_test_party stranger, member;
    struct fc_buf arguments = {0}, head = {0};
    struct fc_unpack body;
    struct fc_hash root = {{1}};
    fc_test_federation_init(&other, "other", 3);
    fc_test_party_init(&stranger, &other, "stranger");
    fc_test_party_init(&member, &home->fed, "member");
    const struct {
        const struct fc_buf *record;
        enum fc_err err;
    } cases[] = {
        {&stranger.certificate_record, FC_E_FEDERATION},
        {&member.certificate_record, FC_OK},
        {&member.certificate_record, FC_OK}, /* again */
    };
    for (size_t i = 0; i < 3; i++) {
        fc_pack_array(&arguments, 1);
        fc_pack_bin(&arguments, fc_buf_span(cases[i].record));
        assert_int_equal(fc_test_home_call(home, FC_VERB_SUBMIT_RECORD, &arguments, &body),
                         cases[i].err);
    }
    fc_test_next_head(&member, fc_span("\x90", 1), &root, 1, 2, &head);
    fc_pack_array(&arguments, 1);
    fc_pack_bin(&arguments, fc_buf_span(&head));
    assert_int_equal(fc_test_home_call(home, FC_VERB_SUBMIT_RECORD, &arguments, &body), FC_E_ARG);

    /* by id and by key */
    struct fc_message_participant found;
    fc_pack_array(&arguments, 1);
    fc_pack_bin(&arguments, fc_span(member.feed.pub.b, 32));
    assert_int_equal(fc_test_home_call(home, FC_VERB_BY_FEED_KEY, &arguments, &body), FC_OK);
    fc_message_get_participant(&body, &found);
    assert_int_equal(fc_unpack_end(&body), FC_OK);
    assert_true(fc_hash_eq(&found.id, &member.id));
    assert_int_equal(found.feed.version, 0);
    fc_pack_array(&arguments, 1);
    fc_message_put_hash(&arguments, &stranger.id);
    assert_int_equal(fc_test_home_call(home, FC_VERB_PARTICIPANT, &arguments, &body), FC_E_MISSING);
    fc_pack_array(&arguments, 2);
    fc_pack_nil(&arguments);
    fc_pack_uint(&arguments, 1);
    assert_int_equal(fc_test_home_call(home, FC_VERB_PARTICIPANTS, &arguments, &body), FC_OK);
    fc_unpack_array(&body, 2, 2);
    assert_int_equal(fc_unpack_array(&body, 0, 10), 1);
    fc_message_get_participant(&body, &found);
    assert_int_equal(fc_unpack_uint(&body, 1), 1); /* there are more */
    assert_int_equal(fc_unpack_end(&body), FC_OK);
    fc_buf_finish(&head);
    fc_test_party_finish(&member);
    fc_test_party_finish(&stranger);
    fc_test_federation_finish(&other);
}

static void local_decisions(void **state)
{
    struct fc_test_home *home = *state;
    struct fc_hash key_hash = fc_key_hash(fc_span_str("urn:a"));
    struct fc_buf arguments = {0};
    struct fc_span bytes;
    uint32_t ops;
    assert_int_equal(put(home, "urn:a", "{}", &ops), FC_OK);
    for (int on = 1; on >= 0; on--) {
        fc_pack_array(&arguments, 4);
        fc_message_put_hash(&arguments, &home->party.id);
        fc_message_put_hash(&arguments, &key_hash);
        fc_pack_str(&arguments, fc_span_str("a court's order"));
        fc_pack_uint(&arguments, (uint64_t)on);
        assert_int_equal(fc_test_home_call(home, FC_VERB_TAKEDOWN_LOCAL, &arguments, NULL), FC_OK);
        assert_int_equal(content(home, "urn:a", &bytes), on ? FC_E_WITHHELD : FC_E_MISSING);
    }
    fc_pack_array(&arguments, 1);
    fc_message_put_hash(&arguments, &key_hash);
    assert_int_equal(fc_test_home_call(home, FC_VERB_PIN, &arguments, NULL), FC_E_MISSING);
}

static void what_a_node_says_of_itself(void **state)
{
    struct fc_test_home *home = *state;
    struct fc_message_status status;
    struct fc_unpack body;
    struct fc_buf arguments = {0};
    uint32_t ops;
    assert_int_equal(put(home, "urn:a", "{}", &ops), FC_OK);
    assert_int_equal(fc_test_home_call(home, FC_VERB_STATUS, NULL, &body), FC_OK);
    fc_message_get_status(&body, &status);
    assert_int_equal(fc_unpack_end(&body), FC_OK);
    assert_false(status.running);
    assert_int_equal(status.digest.entries, 1);
    assert_int_equal(status.participants, 1);
    assert_int_equal(status.charter_version, 1);
    assert_int_equal(status.newest_ms, home->now_ms - 1000);
    assert_true(fc_key_eq(&status.node_key, &home->party.node.pub));
    assert_true(fc_hash_eq(&status.federation, &home->fed.id));

    assert_int_equal(fc_test_home_call(home, FC_VERB_PEERS, NULL, &body), FC_OK);
    assert_int_equal(fc_unpack_array(&body, 0, 9), 0);
    assert_int_equal(fc_test_home_call(home, FC_VERB_DIGEST, NULL, &body), FC_OK);
    fc_unpack_array(&body, 4, 4);
    struct fc_hash digest = fc_message_get_hash(&body);
    assert_true(fc_hash_eq(&digest, &status.digest.hash));

    fc_pack_array(&arguments, 1);
    fc_pack_uint(&arguments, 0);
    assert_int_equal(fc_test_home_call(home, FC_VERB_CHARTER, &arguments, &body), FC_OK);
    fc_unpack_array(&body, 2, 2);
    assert_true(fc_span_eq(fc_unpack_bin(&body, FC_RECORD_BYTES_MAX),
                           fc_buf_span(&home->fed.charter_record)));
    fc_pack_array(&arguments, 1);
    fc_pack_uint(&arguments, 2);
    assert_int_equal(fc_test_home_call(home, FC_VERB_CHARTER, &arguments, &body), FC_E_MISSING);
    fc_pack_array(&arguments, 1);
    fc_message_put_hash(&arguments, &home->party.certificate_hash);
    assert_int_equal(fc_test_home_call(home, FC_VERB_RECORD, &arguments, &body), FC_OK);

    /* the arrival log: charter, certificate, head; resumable */
    fc_pack_array(&arguments, 2);
    fc_pack_uint(&arguments, 0);
    fc_pack_uint(&arguments, 2);
    assert_int_equal(fc_test_home_call(home, FC_VERB_RECORDS, &arguments, &body), FC_OK);
    fc_unpack_array(&body, 2, 2);
    assert_int_equal(fc_unpack_array(&body, 0, 9), 2);

    const char *announced[] = {"tcp://node.example:7400"};
    home->service.announced = announced;
    home->service.announced_count = 1;
    assert_int_equal(fc_test_home_call(home, FC_VERB_BOOTSTRAP, NULL, &body), FC_OK);
    fc_unpack_array(&body, 3, 3);
    struct fc_hash federation = fc_message_get_hash(&body);
    assert_true(fc_hash_eq(&federation, &home->fed.id));
    assert_int_equal(fc_unpack_array(&body, 0, 9), 1);
}

static void proofs_history_verification(void **state)
{
    struct fc_test_home *home = *state;
    struct fc_buf arguments = {0};
    struct fc_unpack body;
    struct fc_proof proof;
    uint32_t ops;
    assert_int_equal(put(home, "urn:a", "{}", &ops), FC_OK);
    assert_int_equal(put(home, "urn:b", "{}", &ops), FC_OK);
    for (int present = 0; present < 2; present++) {
        fc_pack_array(&arguments, 2);
        fc_message_put_hash(&arguments, &home->party.id);
        fc_pack_str(&arguments, fc_span_str(present ? "urn:b" : "urn:z"));
        assert_int_equal(fc_test_home_call(home, FC_VERB_PROVE, &arguments, &body), FC_OK);
        fc_unpack_array(&body, 1, 1);
        struct fc_span bytes = fc_unpack_bin(&body, FC_RESPONSE_BYTES_MAX);
        assert_int_equal(fc_proof_check(bytes, &home->fed.id, fc_verifier_plain(), &proof), FC_OK);
        assert_int_equal(proof.present, present);
    }
    fc_pack_array(&arguments, 3);
    fc_message_put_hash(&arguments, &home->party.id);
    fc_pack_uint(&arguments, 0);
    fc_pack_uint(&arguments, 1);
    assert_int_equal(fc_test_home_call(home, FC_VERB_HISTORY, &arguments, &body), FC_OK);
    fc_unpack_array(&body, 2, 2);
    assert_int_equal(fc_unpack_array(&body, 0, 9), 1);
    fc_unpack_any(&body);
    assert_int_equal(fc_unpack_uint(&body, 1), 1);

    for (int repair = 0; repair < 2; repair++) {
        fc_pack_array(&arguments, 1);
        fc_pack_uint(&arguments, (uint64_t)repair);
        assert_int_equal(fc_test_home_call(home, FC_VERB_VERIFY, &arguments, &body), FC_OK);
        fc_unpack_array(&body, 2, 2);
        assert_int_equal(fc_unpack_array(&body, 0, 9), 0);
        assert_int_equal(fc_unpack_uint(&body, 9), 0);
    }
    fc_pack_array(&arguments, 1);
    fc_pack_str(&arguments, fc_span_str("relative/path"));
    assert_int_equal(fc_test_home_call(home, FC_VERB_BACKUP, &arguments, &body), FC_E_ARG);
}

/* Arguments that are none, for every verb: an answer with a fault, and nothing else happens. */
static void nonsense_is_answered(void **state)
{
    struct fc_test_home *home = *state;
    static const char *const nonsense[] = {"",
                                           "\x90",
                                           "\x91\xc0",
                                           "\x94\x00\x00\x00\x00",
                                           "\x93\xc4\x01x\x91\x00\x90",
                                           "\xdd\xff\xff\xff\xff"};
    static const size_t lengths[] = {0, 1, 2, 5, 7, 5};
    uint64_t index = fc_replica_arrival_mark(home->replica).index;
    for (int verb = FC_VERB_DIGEST + 1; fc_verb_name((enum fc_verb)verb); verb++) {
        for (size_t i = 0; i < 6; i++) {
            struct fc_buf arguments = {0};
            if (verb == FC_VERB_BOOTSTRAP && i == 1) {
                continue; /* it takes no arguments */
            }
            fc_buf_append(&arguments, nonsense[i], lengths[i]);
            assert_int_not_equal(fc_test_home_call(home, (enum fc_verb)verb, &arguments, NULL),
                                 FC_OK);
        }
    }
    assert_int_equal(fc_replica_arrival_mark(home->replica).index, index);
    assert_false(fc_replica_writing(home->replica));

    struct fc_span text, body;
    enum fc_err code;
    struct fc_buf response = {0}, request = {0};
    fc_pack_array(&request, 3);
    fc_pack_uint(&request, FC_SERVICE_FORMAT + 1);
    fc_pack_uint(&request, FC_VERB_STATUS);
    fc_pack_bin(&request, fc_span("\x90", 1));
    assert_int_equal(fc_service_run(&home->service, fc_buf_span(&request), 1, &response), FC_OK);
    assert_int_equal(fc_service_read(fc_buf_span(&response), &code, &text, &body), FC_OK);
    assert_int_equal(code, FC_E_VERSION);
    fc_buf_clear(&response);
    assert_int_equal(fc_service_run(&home->service, fc_span("\xc0", 1), 1, &response), FC_OK);
    assert_int_equal(fc_service_read(fc_buf_span(&response), &code, &text, &body), FC_OK);
    assert_int_equal(code, FC_E_FORMAT);
    assert_int_equal(fc_service_read(fc_span("\xc0", 1), &code, &text, &body), FC_E_FORMAT);
    assert_null(fc_verb_name((enum fc_verb)99));
    fc_buf_finish(&response);
    fc_buf_finish(&request);
}

static void bundles(void **state)
{
    struct fc_test_home *home = *state;
    struct prepared prepared;
    struct fc_buf bytes = {0};
    struct fc_bundle bundle, back;
    prepare(home, "urn:a", "{}", &prepared);
    bundle = (struct fc_bundle){.head_body = prepared.head_body,
                                .ops = prepared.ops,
                                .contents = prepared.contents,
                                .content_count = prepared.count};
    assert_int_equal(fc_bundle_write(&bundle, &bytes), FC_OK);
    assert_true(fc_bundle_is(fc_buf_span(&bytes)));
    assert_int_equal(fc_bundle_parse(fc_buf_span(&bytes), &back), FC_OK);
    assert_false(back.is_signed);
    assert_true(fc_span_eq(back.ops, prepared.ops));
    assert_int_equal(back.content_count, 1);
    fc_bundle_finish(&back);
    for (size_t len = 0; len < bytes.len; len++) {
        assert_int_not_equal(fc_bundle_parse(fc_span(bytes.data, len), &back), FC_OK);
    }
    assert_false(fc_bundle_is(fc_buf_span(&home->fed.charter_record)));
    fc_buf_finish(&bytes);
    prepared_finish(&prepared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(publishing_again_changes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(long_lists_come_in_pages, setup, teardown),
        cmocka_unit_test_setup_teardown(a_delta_may_be_signed_elsewhere, setup, teardown),
        cmocka_unit_test_setup_teardown(an_entry_is_as_it_was_seen_or_nothing_is_done, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(keys_that_cannot_sign, setup, teardown),
        cmocka_unit_test_setup_teardown(counter_and_store_part_ways, setup, teardown),
        cmocka_unit_test_setup_teardown(records_are_judged, setup, teardown),
        cmocka_unit_test_setup_teardown(local_decisions, setup, teardown),
        cmocka_unit_test_setup_teardown(what_a_node_says_of_itself, setup, teardown),
        cmocka_unit_test_setup_teardown(proofs_history_verification, setup, teardown),
        cmocka_unit_test_setup_teardown(nonsense_is_answered, setup, teardown),
        cmocka_unit_test_setup_teardown(bundles, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
