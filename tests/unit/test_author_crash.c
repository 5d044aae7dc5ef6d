/* kill -9 at random moments while a key signs under its counter: nothing that was acknowledged is
 * lost, and no version is ever signed with two different heads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "node/author.h"
#include "tests/support/child.h"
#include "tests/support/crash.h"
#include "tests/support/home.h"

enum { VERSIONS_MAX = 65536 };

struct victim {
    struct fc_test_home home;
    struct fc_hash *signed_heads; /* by seq: what left the counter or was held */
    unsigned resumed;             /* rounds in which the counter was ahead of the store */
};

static void key_of(uint64_t number, char out[32])
{
    snprintf(out, 32, "urn:number:%llu", (unsigned long long)number);
}

static void work(void *context, uint64_t next, int acks)
{
    struct victim *victim = context;
    CHILD_CHECK(fc_test_home_open(&victim->home) == FC_OK);
    for (;; next++) {
        char key[32];
        key_of(next, key);
        CHILD_CHECK(fc_test_home_author(&victim->home, FC_VERB_AUTHOR, key, "{\"offer\":true}",
                                        NULL) == FC_OK);
        crash_acknowledge(acks, next);
    }
}

/* One head for each version, for good. */
static bool same_as_before(struct victim *victim, fc_version version, const struct fc_hash *hash)
{
    uint64_t seq = fc_version_seq(version);
    if (seq >= VERSIONS_MAX) {
        return false;
    }
    struct fc_hash *seen = &victim->signed_heads[seq];
    if (fc_hash_is_zero(seen)) {
        *seen = *hash;
    }
    return fc_hash_eq(seen, hash);
}

static bool note_counter(struct victim *victim, const struct fc_feed *feed)
{
    struct fc_author_key key;
    if (fc_author_key_find(&victim->home.home, &victim->home.party.feed.pub, &key) != FC_OK) {
        return false;
    }
    const struct fc_counter_state *last = fc_counter_state(key.counter);
    bool good = last->serial == 0 || same_as_before(victim, last->version, &last->head_hash);
    victim->resumed += last->version > feed->version;
    uint64_t held = fc_version_seq(feed->version), counted = fc_version_seq(last->version);
    good = good && counted >= held && counted <= held + 1;
    fc_author_key_finish(&key);
    return good;
}

static enum fc_err note_head(void *ctx, struct fc_span head_record, struct fc_span ops)
{
    struct victim *victim = ctx;
    struct fc_record record;
    struct fc_head head;
    (void)ops;
    bool good = fc_record_parse(head_record, &record) == FC_OK &&
                fc_head_parse(&record, &head) == FC_OK &&
                same_as_before(victim, head.version, &record.hash);
    return good ? FC_OK : FC_E_CORRUPT;
}

static bool check(struct victim *victim, uint64_t *last)
{
    struct fc_replica *replica = victim->home.replica;
    struct fc_feed feed = {0};
    enum fc_err err = fc_replica_feed(replica, &victim->home.party.id, &feed);
    if (err != FC_OK && err != FC_E_MISSING) {
        return false;
    }
    if (!note_counter(victim, &feed) ||
        (err == FC_OK &&
         fc_replica_history(replica, &victim->home.party.id, 0, note_head, victim) != FC_OK)) {
        return false;
    }
    *last = feed.entries;
    if (feed.entries > 0) {
        char key[32];
        struct fc_buf bytes = {0};
        key_of(feed.entries, key);
        struct fc_hash key_hash = fc_key_hash(fc_span_str(key));
        bool there =
            fc_replica_content(replica, &victim->home.party.id, &key_hash, &bytes) == FC_OK &&
            fc_span_eq(fc_buf_span(&bytes), fc_span_str("{\"offer\":true}"));
        fc_buf_finish(&bytes);
        return there;
    }
    return true;
}

static bool held(void *context, uint64_t *last)
{
    struct victim *victim = context;
    if (fc_test_home_open(&victim->home) != FC_OK) {
        return false;
    }
    bool good = check(victim, last);
    fc_test_home_close(&victim->home);
    return good;
}

static void killed_while_signing(void **state)
{
    (void)state;
    struct victim victim = {0};
    struct crash_report report;
    fc_test_home_init(&victim.home, true);
    fc_test_home_close(&victim.home);
    victim.signed_heads = calloc(VERSIONS_MAX, sizeof *victim.signed_heads);
    struct crash_job job = {work, held, &victim, 41, 250, 20000};
    bool sound = crash_run(&job, &report);
    print_message(
        "%u rounds, %u with work, %llu acknowledged, %u ahead, %u with the counter ahead\n",
        report.rounds, report.busy_rounds, (unsigned long long)report.acknowledged, report.ahead,
        victim.resumed);
    assert_true(sound);
    assert_true(report.busy_rounds > 50);
    assert_true(victim.resumed > 0); /* the crash points that matter were met */
    free(victim.signed_heads);
    assert_int_equal(fc_test_home_open(&victim.home), FC_OK);
    fc_test_home_finish(&victim.home);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(killed_while_signing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
