/* What a ledger decides follows from the records it was given and never from their order: small
 * sets in all orders, large ones in many. Records that wait are offered again, evidence that shows
 * itself is added. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/ledger_pool.h"
#include "store/ledger_priv.h"
#include "tests/support/ledger.h"
#include "tests/support/rng.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* Under the sanitizers, which are ten times slower, every fourth order of a set will do. */
enum { ITEMS_MAX = 512, VERDICTS = 4096, STRIDE = SANITIZED ? 4 : 1, KEPT = 3 };

/* -- signatures, verified once ----------------------------------------------------------------- */

struct verdicts {
    struct fc_verify_job jobs[VERDICTS];
    bool used[VERDICTS];
};

static bool same_job(const struct fc_verify_job *a, const struct fc_verify_job *b)
{
    return fc_key_eq(&a->key, &b->key) && fc_hash_eq(&a->hash, &b->hash) &&
           memcmp(&a->sig, &b->sig, sizeof a->sig) == 0;
}

static void verify_once(void *ctx, struct fc_verify_job *jobs, size_t count)
{
    struct verdicts *verdicts = ctx;
    for (size_t i = 0; i < count; i++) {
        uint32_t at = (uint32_t)(jobs[i].sig.b[0] << 8 | jobs[i].sig.b[1]) % VERDICTS;
        while (verdicts->used[at] && !same_job(&verdicts->jobs[at], &jobs[i]))
            at = (at + 1) % VERDICTS;
        if (!verdicts->used[at]) {
            verdicts->jobs[at] = jobs[i];
            verdicts->jobs[at].valid = fc_verify(&jobs[i].key, &jobs[i].hash, &jobs[i].sig);
            verdicts->used[at] = true;
        }
        jobs[i].valid = verdicts->jobs[at].valid;
    }
}

/* -- sets -------------------------------------------------------------------------------------- */

struct set {
    struct fc_test_federation fed; /* charter 1 */
    struct fc_test_party acme, bolt;
    struct fc_buf items[ITEMS_MAX]; /* records; an empty one is the pin */
    size_t count;
    struct fc_hash pin;
    struct fc_test_question question;
    struct verdicts *verdicts;
    struct fc_ledger_pool *pool;  /* of all ledgers that are filled once more in it */
    struct fc_ledger *kept[KEPT]; /* of the last orders */
    size_t turns;
};

static struct set set;

static int setup(void **state)
{
    (void)state;
    memset(&set, 0, sizeof set);
    set.verdicts = calloc(1, sizeof *set.verdicts);
    set.pool = fc_ledger_pool_create((struct fc_verifier){set.verdicts, verify_once});
    fc_test_federation_init(&set.fed, "order", 3);
    fc_test_party_init(&set.acme, &set.fed, "acme");
    fc_test_party_init(&set.bolt, &set.fed, "bolt");
    return set.verdicts && set.pool ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < set.count; i++)
        fc_buf_finish(&set.items[i]);
    for (size_t i = 0; i < set.question.head_count; i++)
        fc_buf_finish(&set.question.heads[i]);
    for (size_t i = 0; i < KEPT; i++)
        fc_ledger_destroy(set.kept[i]);
    fc_ledger_pool_destroy(set.pool);
    fc_test_federation_finish(&set.fed);
    fc_test_party_finish(&set.acme);
    fc_test_party_finish(&set.bolt);
    free(set.verdicts);
    return 0;
}

/* The next item, empty. */
static struct fc_buf *item(void)
{
    assert_true(set.count < ITEMS_MAX);
    return &set.items[set.count++];
}

static void take(const struct fc_buf *record)
{
    fc_buf_append(item(), record->data, record->len);
}

static void take_certificate(const struct fc_test_party *party)
{
    take(&party->certificate_record);
}

/* A copy that signs on its own. */
static struct fc_test_party fork_of(const struct fc_test_party *party)
{
    struct fc_test_party copy = *party;
    copy.certificate_record = (struct fc_buf){0};
    return copy;
}

static struct fc_test_federation rotated(const struct fc_test_federation *fed, const char *label,
                                         const struct fc_hash *carried, uint32_t count)
{
    struct fc_test_federation next = *fed;
    next.charter_record = next.carry_record = (struct fc_buf){0};
    fc_test_rotate(&next, label, 3, carried, count);
    return next;
}

static struct fc_head head_at(const struct fc_test_party *party, uint64_t seq, uint64_t salt)
{
    struct fc_head head = {.federation = party->certificate.federation,
                           .certificate = party->certificate_hash,
                           .participant = party->id,
                           .version = fc_version_make(party->certificate.incarnation, seq),
                           .time_ms = FC_TEST_NOW_MS + salt,
                           .ops = fc_ops_hash(fc_span(NULL, 0))};
    if (seq != party->certificate.floor + 1)
        head.previous = head.ops;
    return head;
}

/* Asks for a verdict on a head under the party's certificate as it stands. */
static void ask_head(const struct fc_test_party *party, uint64_t seq)
{
    struct fc_head head = head_at(party, seq, 0);
    assert_true(set.question.head_count < 8);
    fc_test_head_by(&head, &party->feed, &set.question.heads[set.question.head_count++]);
}

static void take_evidence(const struct fc_test_party *party, uint64_t seq)
{
    struct fc_head one = head_at(party, seq, 1), two = head_at(party, seq, 2);
    struct fc_buf a = {0}, b = {0};
    fc_test_head_by(&one, &party->feed, &a);
    fc_test_head_by(&two, &party->feed, &b);
    fc_test_evidence(&set.fed, &a, &b, item());
    fc_buf_finish(&a);
    fc_buf_finish(&b);
}

static void take_descriptor(const struct fc_test_party *party, const struct fc_test_box *box,
                            uint64_t seq, bool retired)
{
    struct fc_buf body = {0};
    struct fc_descriptor descriptor = {.federation = set.fed.id,
                                       .participant = party->id,
                                       .node_key = box->pub,
                                       .seq = seq,
                                       .retired = retired};
    assert_int_equal(fc_descriptor_body(&descriptor, &body), FC_OK);
    fc_test_sign(FC_RECORD_DESCRIPTOR, &body, &party->feed, 1, item());
    fc_buf_finish(&body);
}

/* -- orders ------------------------------------------------------------------------------------ */

static bool offer(struct fc_ledger *ledger, const struct fc_buf *what)
{
    if (what->len == 0)
        return fc_ledger_pin(ledger, &set.pin) == FC_OK;
    return fc_test_ledger_add(ledger, what) != FC_E_UNKNOWN;
}

static void fill(struct fc_ledger *ledger, const size_t *order)
{
    bool done[ITEMS_MAX] = {false}, again = true;
    while (again) {
        again = false;
        for (size_t i = 0; i < set.count; i++) {
            if (done[order[i]])
                continue;
            done[order[i]] = offer(ledger, &set.items[order[i]]);
            again = again || done[order[i]];
        }
    }
}

/* Among those of other orders, which it may share with. */
static struct fc_ledger *fill_in_pool(const size_t *order)
{
    struct fc_ledger *ledger;
    struct fc_verifier verifier = {set.verdicts, verify_once};
    assert_int_equal(fc_ledger_create(&set.fed.id, verifier, &ledger), FC_OK);
    fc_ledger_pool_join(set.pool, ledger);
    fill(ledger, order);
    struct fc_ledger **place = &set.kept[set.turns++ % KEPT];
    fc_ledger_destroy(*place);
    return *place = ledger;
}

static void decide(const size_t *order, struct fc_buf *out)
{
    struct fc_ledger *alone, *shared = fill_in_pool(order);
    struct fc_verifier verifier = {set.verdicts, verify_once};
    struct fc_buf same = {0};
    assert_int_equal(fc_ledger_create(&set.fed.id, verifier, &alone), FC_OK);
    fill(alone, order);
    fc_buf_clear(out);
    fc_test_ledger_dump(alone, &set.question, out);
    fc_test_ledger_dump(shared, &set.question, &same);
    assert_true(fc_span_eq(fc_buf_span(&same), fc_buf_span(out)));
    struct fc_ledger_id id = fc_ledger_id(alone), shared_id = fc_ledger_id(shared);
    assert_memory_equal(&id, &shared_id, sizeof id);
    fc_buf_finish(&same);
    fc_ledger_destroy(alone);
}

/* Those that hold the same are one; what was refused as of no more use may differ. */
static void expect_one(void)
{
    struct fc_ledger_id first = fc_ledger_id(set.kept[0]);
    for (size_t i = 1; i < KEPT && set.kept[i]; i++) {
        struct fc_ledger_id id = fc_ledger_id(set.kept[i]);
        assert_int_equal(set.kept[i]->roll == set.kept[0]->roll,
                         memcmp(&id, &first, sizeof id) == 0);
    }
}

static void compare(const struct fc_buf *expected, const struct fc_buf *got, const size_t *order)
{
    if (fc_span_eq(fc_buf_span(expected), fc_buf_span(got)))
        return;
    print_message("order:");
    for (size_t i = 0; i < set.count; i++)
        print_message(" %zu", order[i]);
    print_message("\n%.*s\ndiffers from\n%.*s\n", (int)got->len, (const char *)got->data,
                  (int)expected->len, (const char *)expected->data);
    fail();
}

static bool next_order(size_t *order, size_t count)
{
    size_t i = count - 1, j = count - 1;
    while (i > 0 && order[i - 1] >= order[i])
        i--;
    if (i == 0)
        return false;
    while (order[j] <= order[i - 1])
        j--;
    size_t swapped = order[i - 1];
    order[i - 1] = order[j];
    order[j] = swapped;
    for (j = count - 1; i < j; i++, j--) {
        swapped = order[i];
        order[i] = order[j];
        order[j] = swapped;
    }
    return true;
}

/* The answers hold `says`, whatever the order. */
static void all_orders(const char *says)
{
    size_t order[ITEMS_MAX];
    struct fc_buf expected = {0}, got = {0};
    assert_in_range(set.count, 2, 7);
    for (size_t i = 0; i < set.count; i++)
        order[i] = i;
    decide(order, &expected);
    fc_buf_append(&expected, "", 1);
    if (!strstr((const char *)expected.data, says))
        print_message("%s\n", (const char *)expected.data);
    assert_non_null(strstr((const char *)expected.data, says));
    expected.len--;
    for (size_t turn = 1; next_order(order, set.count); turn++) {
        if (turn % STRIDE != 0)
            continue;
        decide(order, &got);
        compare(&expected, &got, order);
        expect_one();
    }
    fc_buf_finish(&expected);
    fc_buf_finish(&got);
}

static void some_orders(unsigned rounds, uint64_t seed)
{
    size_t order[ITEMS_MAX];
    struct fc_buf expected = {0}, got = {0};
    for (size_t i = 0; i < set.count; i++)
        order[i] = i;
    decide(order, &expected);
    for (unsigned round = 0; round < rounds; round++) {
        for (size_t i = set.count - 1; i > 0; i--) {
            size_t j = test_rng_below(&seed, (uint32_t)i + 1), swapped = order[i];
            order[i] = order[j];
            order[j] = swapped;
        }
        decide(order, &got);
        compare(&expected, &got, order);
        expect_one();
    }
    fc_buf_finish(&expected);
    fc_buf_finish(&got);
}

/* -- small sets -------------------------------------------------------------------------------- */

static void rotation_with_carry(void **state)
{
    (void)state;
    struct fc_test_party late, cord;
    struct fc_test_federation next = rotated(&set.fed, "next", &set.acme.certificate_hash, 1);
    fc_test_party_init(&late, &set.fed, "late");
    fc_test_party_init(&cord, &next, "cord");
    take(&set.fed.charter_record);
    take(&next.charter_record);
    take(&next.carry_record);
    take_certificate(&set.acme);
    take_certificate(&late);
    take_certificate(&cord);
    take_descriptor(&cord, &set.bolt.node, 1, false);
    ask_head(&set.acme, 1);
    ask_head(&late, 1);
    ask_head(&cord, 1);
    all_orders(" OK DENIED OK\n");
    fc_test_party_finish(&late);
    fc_test_party_finish(&cord);
    fc_test_federation_finish(&next);
}

static void two_rotations(void **state)
{
    (void)state;
    struct fc_hash both[2] = {set.acme.certificate_hash, set.bolt.certificate_hash};
    struct fc_test_federation next = rotated(&set.fed, "next", both, 2);
    struct fc_test_federation third = rotated(&next, "third", both, 1);
    take(&set.fed.charter_record);
    take(&next.charter_record);
    take(&next.carry_record);
    take(&third.charter_record);
    take(&third.carry_record);
    take_certificate(&set.acme);
    take_certificate(&set.bolt);
    ask_head(&set.acme, 1);
    ask_head(&set.bolt, 1);
    all_orders(" OK DENIED\n");
    fc_test_federation_finish(&next);
    fc_test_federation_finish(&third);
}

struct rivals {
    struct fc_test_federation one, two, three;
    struct fc_test_party late, tail;
};

static void rivals_init(struct rivals *rivals)
{
    rivals->one = rotated(&set.fed, "one", &set.acme.certificate_hash, 1);
    rivals->two = rotated(&set.fed, "two", NULL, 0);
    rivals->three = rotated(&set.fed, "three", NULL, 0);
    fc_test_party_init(&rivals->late, &rivals->one, "late");
    fc_test_party_init(&rivals->tail, &rivals->two, "tail");
}

static void rivals_finish(struct rivals *rivals)
{
    fc_test_federation_finish(&rivals->one);
    fc_test_federation_finish(&rivals->two);
    fc_test_federation_finish(&rivals->three);
    fc_test_party_finish(&rivals->late);
    fc_test_party_finish(&rivals->tail);
}

static void take_rivals(const struct rivals *rivals)
{
    take(&set.fed.charter_record);
    take(&rivals->one.charter_record);
    take(&rivals->one.carry_record);
    take(&rivals->two.charter_record);
    take_certificate(&rivals->late);
    take_certificate(&rivals->tail);
    ask_head(&set.acme, 1);
    ask_head(&rivals->late, 1);
    ask_head(&rivals->tail, 1);
}

static void rivals_and_no_pin(void **state)
{
    (void)state;
    struct rivals rivals;
    rivals_init(&rivals);
    take_rivals(&rivals);
    take_certificate(&set.acme);
    all_orders(" OK DISPUTED DISPUTED\n");
    rivals_finish(&rivals);
}

static void rivals_and_a_pin(void **state)
{
    (void)state;
    struct rivals rivals;
    rivals_init(&rivals);
    take_rivals(&rivals);
    item();
    set.pin = rivals.one.charter_hash;
    all_orders(" UNKNOWN OK DENIED\n");
    rivals_finish(&rivals);
}

static void three_rivals(void **state)
{
    (void)state;
    struct rivals rivals;
    rivals_init(&rivals);
    take(&set.fed.charter_record);
    take(&rivals.one.charter_record);
    take(&rivals.two.charter_record);
    take(&rivals.three.charter_record);
    fc_test_evidence(&set.fed, &rivals.two.charter_record, &rivals.three.charter_record, item());
    take_certificate(&rivals.tail);
    item();
    set.pin = rivals.two.charter_hash;
    ask_head(&rivals.tail, 1);
    all_orders(" OK\n");
    rivals_finish(&rivals);
}

static void rival_known_by_evidence_alone(void **state)
{
    (void)state;
    struct rivals rivals;
    rivals_init(&rivals);
    take(&set.fed.charter_record);
    take(&rivals.one.charter_record);
    take(&rivals.one.carry_record);
    fc_test_evidence(&set.fed, &rivals.one.charter_record, &rivals.three.charter_record, item());
    fc_test_evidence(&set.fed, &rivals.one.charter_record, &rivals.two.charter_record, item());
    take_certificate(&rivals.late);
    take_certificate(&rivals.tail);
    ask_head(&rivals.late, 1);
    ask_head(&rivals.tail, 1);
    all_orders(" DISPUTED UNKNOWN\n");
    rivals_finish(&rivals);
}

static void recoveries_of_two_lines(void **state)
{
    (void)state;
    struct fc_test_party other = fork_of(&set.acme), recovered, twice, recovered_other;
    other.certificate.name = fc_span_str("Under another name");
    fc_test_certify(&other, &set.fed);
    recovered = fork_of(&set.acme);
    fc_test_recover(&recovered, 1, 0);
    twice = fork_of(&recovered);
    fc_test_recover(&twice, 2, 0);
    recovered_other = fork_of(&other);
    fc_test_recover(&recovered_other, 3, 0);
    take(&set.fed.charter_record);
    take_certificate(&set.acme);
    take_certificate(&other);
    take_certificate(&recovered);
    take_certificate(&twice);
    take_certificate(&recovered_other);
    ask_head(&set.acme, 1);
    ask_head(&recovered, 1);
    ask_head(&twice, 1);
    ask_head(&recovered_other, 1);
    all_orders("frozen 0");
    fc_test_party_finish(&other);
    fc_test_party_finish(&recovered);
    fc_test_party_finish(&twice);
    fc_test_party_finish(&recovered_other);
}

static void one_recovery_on_two_bases(void **state)
{
    (void)state;
    struct fc_test_party other = fork_of(&set.acme), recovered = fork_of(&set.acme);
    other.certificate.floor = 9;
    fc_test_certify(&other, &set.fed);
    fc_test_recover(&recovered, 1, 0);
    struct fc_test_federation next = rotated(&set.fed, "next", &other.certificate_hash, 1);
    take(&set.fed.charter_record);
    take_certificate(&set.acme);
    take_certificate(&other);
    take_certificate(&recovered);
    take(&next.charter_record);
    take(&next.carry_record);
    ask_head(&recovered, 1);
    ask_head(&other, 10);
    all_orders(" OK STALE\n");
    fc_test_party_finish(&other);
    fc_test_party_finish(&recovered);
    fc_test_federation_finish(&next);
}

static void recoveries_in_conflict(void **state)
{
    (void)state;
    struct fc_test_party variants[4];
    take(&set.fed.charter_record);
    take_certificate(&set.acme);
    for (unsigned i = 0; i < 4; i++) {
        variants[i] = fork_of(i < 3 ? &set.acme : &variants[0]);
        fc_test_recover(&variants[i], i + 1, 0);
        take_certificate(&variants[i]);
        ask_head(&variants[i], 1);
    }
    ask_head(&set.acme, 1);
    all_orders("frozen 1");
    for (unsigned i = 0; i < 4; i++)
        fc_test_party_finish(&variants[i]);
}

/* The evidence of heads under a certificate that a lower one displaces. */
static void evidence_under_recoveries_in_conflict(void **state)
{
    (void)state;
    struct fc_test_party variants[3], healed = fork_of(&set.acme);
    for (unsigned i = 0; i < 3; i++) {
        variants[i] = fork_of(&set.acme);
        fc_test_recover(&variants[i], i + 1, 0);
        take_certificate(&variants[i]);
        ask_head(&variants[i], 1);
    }
    unsigned high = 0;
    for (unsigned i = 1; i < 3; i++)
        if (fc_hash_cmp(&variants[i].certificate_hash, &variants[high].certificate_hash) > 0)
            high = i;
    take_evidence(&variants[high], 1);
    healed.certificate.g = 2;
    healed.certificate.incarnation = 2;
    fc_test_certify(&healed, &set.fed);
    take_certificate(&healed);
    take(&set.fed.charter_record);
    take_certificate(&set.acme);
    ask_head(&healed, 1);
    all_orders("contested 0");
    for (unsigned i = 0; i < 3; i++)
        fc_test_party_finish(&variants[i]);
    fc_test_party_finish(&healed);
}

static void conflict_known_by_evidence_alone(void **state)
{
    (void)state;
    struct fc_test_party variants[3];
    take(&set.fed.charter_record);
    take_certificate(&set.acme);
    for (unsigned i = 0; i < 3; i++) {
        variants[i] = fork_of(&set.acme);
        fc_test_recover(&variants[i], i + 1, 0);
        ask_head(&variants[i], 1);
    }
    take_certificate(&variants[2]);
    fc_test_evidence(&set.fed, &variants[0].certificate_record, &variants[1].certificate_record,
                     item());
    fc_test_evidence(&set.fed, &variants[0].certificate_record, &variants[2].certificate_record,
                     item());
    take_evidence(&variants[2], 4);
    take_evidence(&set.acme, 4);
    all_orders("frozen 1 contested 1");
    for (unsigned i = 0; i < 3; i++)
        fc_test_party_finish(&variants[i]);
}

static void revocations_and_takedowns(void **state)
{
    (void)state;
    struct fc_test_party again = fork_of(&set.acme);
    struct fc_hash key = fc_key_hash(fc_span_str("k")), commitment = fc_key_hash(fc_span_str("c"));
    again.certificate.g = 2;
    fc_test_certify(&again, &set.fed);
    take(&set.fed.charter_record);
    take_certificate(&set.acme);
    take_certificate(&again);
    fc_test_revocation(&set.acme, &set.fed, 0, FC_REVOKE_REMOVE, item());
    fc_test_revocation(&again, &set.fed, fc_version_make(1, 5), FC_REVOKE_FREEZE, item());
    fc_test_revocation(&again, &set.fed, fc_version_make(1, 5), FC_REVOKE_REMOVE, item());
    fc_test_takedown(&set.acme, &set.fed, &key, &commitment, item());
    set.question.takedowns[0][0] = set.acme.id;
    set.question.takedowns[0][1] = key;
    set.question.takedowns[0][2] = commitment;
    set.question.takedown_count = 1;
    ask_head(&set.acme, 5);
    ask_head(&again, 6);
    all_orders(" takedown ");
    fc_test_party_finish(&again);
}

static void revocation_of_a_retired_charter(void **state)
{
    (void)state;
    struct fc_hash carried[2] = {set.acme.certificate_hash, {{0}}};
    struct fc_buf revocation = {0}, backdated = {0};
    fc_test_revocation(&set.acme, &set.fed, fc_version_make(1, 5), FC_REVOKE_FREEZE, &revocation);
    carried[1] = fc_test_parse(&revocation).hash;
    fc_test_revocation(&set.acme, &set.fed, fc_version_make(1, 2), FC_REVOKE_REMOVE, &backdated);
    struct fc_test_federation next = rotated(&set.fed, "next", carried, 2);
    take(&revocation);
    take(&backdated);
    take(&set.fed.charter_record);
    take(&next.charter_record);
    take(&next.carry_record);
    take_certificate(&set.acme);
    ask_head(&set.acme, 5);
    ask_head(&set.acme, 6);
    all_orders(" OK REVOKED\n");
    fc_buf_finish(&revocation);
    fc_buf_finish(&backdated);
    fc_test_federation_finish(&next);
}

static void node_quota(void **state)
{
    (void)state;
    struct fc_test_box boxes[3];
    struct fc_test_party grown = fork_of(&set.acme);
    set.acme.certificate.quota_nodes = 2;
    fc_test_certify(&set.acme, &set.fed);
    grown.certificate.g = 2;
    grown.certificate.quota_nodes = 3;
    fc_test_certify(&grown, &set.fed);
    take(&set.fed.charter_record);
    take_certificate(&set.acme);
    take_certificate(&grown);
    for (unsigned i = 0; i < 3; i++) {
        boxes[i] = fc_test_box("acme/more", i);
        take_descriptor(&set.acme, &boxes[i], 1, false);
    }
    take_descriptor(&set.acme, &boxes[1], 2, true);
    all_orders("node");
    fc_test_party_finish(&grown);
}

static void keys_two_operators_name(void **state)
{
    (void)state;
    struct fc_test_box shared = fc_test_box("shared", 0);
    struct fc_test_party named = fork_of(&set.acme);
    named.certificate.g = 2;
    named.certificate.node_key = shared.pub;
    fc_test_certify(&named, &set.fed);
    take(&set.fed.charter_record);
    take_certificate(&set.acme);
    take_certificate(&set.bolt);
    take_certificate(&named);
    take_descriptor(&set.acme, &shared, 1, false);
    take_descriptor(&set.bolt, &shared, 1, false);
    take_descriptor(&set.acme, &set.bolt.node, 1, false);
    all_orders("node");
    fc_test_party_finish(&named);
}

static void first_place_given_up(void **state)
{
    (void)state;
    struct fc_test_box shared = fc_test_box("shared", 0);
    struct fc_test_party renamed = fork_of(&set.acme);
    set.acme.certificate.node_key = shared.pub;
    fc_test_certify(&set.acme, &set.fed);
    renamed.certificate.g = 2;
    fc_test_certify(&renamed, &set.fed);
    take(&set.fed.charter_record);
    take_certificate(&set.acme);
    take_certificate(&set.bolt);
    take_certificate(&renamed);
    take_descriptor(&set.acme, &shared, 1, false);
    take_descriptor(&set.bolt, &shared, 1, false);
    fc_test_revocation(&set.bolt, &set.fed, 0, FC_REVOKE_REMOVE, item());
    all_orders("node");
    fc_test_party_finish(&renamed);
}

static void keys_lost_and_recovered(void **state)
{
    (void)state;
    struct fc_test_box box = fc_test_box("acme/second", 0);
    struct fc_test_party recovered = fork_of(&set.acme);
    fc_test_recover(&recovered, 1, 0);
    take(&set.fed.charter_record);
    take_certificate(&set.acme);
    take_certificate(&recovered);
    take_descriptor(&set.acme, &box, 1, false);
    take_descriptor(&set.acme, &box, 9, true);
    take_descriptor(&recovered, &box, 2, false);
    fc_test_checkpoint(&set.acme, &set.fed, &set.fed.id, 1, 1, item());
    all_orders("node");
    fc_test_party_finish(&recovered);
}

static void keys_that_do_not_count(void **state)
{
    (void)state;
    struct fc_test_party thief = fork_of(&set.acme);
    struct fc_test_federation next = rotated(&set.fed, "next", &set.acme.certificate_hash, 1);
    thief.feed = fc_test_key("thief", 0);
    thief.certificate.g = 9;
    thief.certificate.feed_key = thief.feed.pub;
    fc_test_certify(&thief, &set.fed);
    take(&set.fed.charter_record);
    take(&next.charter_record);
    take(&next.carry_record);
    take_certificate(&set.acme);
    take_certificate(&thief);
    take_descriptor(&thief, &set.acme.node, 5, true);
    take_evidence(&thief, 2);
    ask_head(&set.acme, 3);
    ask_head(&thief, 3);
    all_orders(" OK DENIED\n");
    fc_test_party_finish(&thief);
    fc_test_federation_finish(&next);
}

static void evidence_of_heads(void **state)
{
    (void)state;
    struct fc_test_party recovered = fork_of(&set.acme);
    fc_test_recover(&recovered, 1, 3);
    take(&set.fed.charter_record);
    take_certificate(&set.acme);
    take_certificate(&recovered);
    take_evidence(&set.acme, 1);
    take_evidence(&set.acme, 2);
    take_evidence(&set.acme, 3);
    take_evidence(&recovered, 5);
    ask_head(&set.acme, 3);
    ask_head(&recovered, 4);
    all_orders(" CONTESTED CONTESTED\n");
    fc_test_party_finish(&recovered);
}

/* -- large ones -------------------------------------------------------------------------------- */

static void more_nodes_than_a_key_describes(void **state)
{
    (void)state;
    set.acme.certificate.quota_nodes = 400;
    fc_test_certify(&set.acme, &set.fed);
    take(&set.fed.charter_record);
    take_certificate(&set.acme);
    for (unsigned i = 0; i < 300; i++) {
        struct fc_test_box box = fc_test_box("acme/flood", i);
        take_descriptor(&set.acme, &box, 1, i % 7 == 0);
        if (i % 5 == 0)
            take_descriptor(&set.acme, &box, 2, false);
    }
    some_orders(12, 1);
}

static void take_life_of(struct fc_test_party *party, const struct fc_test_federation *fed,
                         uint64_t *seed)
{
    struct fc_test_party twin;
    for (unsigned i = 0; i < 4; i++) {
        struct fc_test_box box = fc_test_box("pool", test_rng_below(seed, 8));
        take_descriptor(party, &box, i, test_rng_below(seed, 4) == 0);
        if (test_rng_below(seed, 3) == 0)
            fc_test_revocation(party, fed, fc_version_make(1, 1 + test_rng_below(seed, 5)),
                               test_rng_below(seed, 2) ? FC_REVOKE_FREEZE : FC_REVOKE_REMOVE,
                               item());
        if (test_rng_below(seed, 3) == 0)
            take_evidence(party, party->certificate.floor + 1 + test_rng_below(seed, 3));
        if (test_rng_below(seed, 3) == 0) {
            twin = fork_of(party);
            fc_test_recover(&twin, 50 + i, 0);
            take_certificate(&twin);
            take_descriptor(&twin, &box, test_rng_below(seed, 9), false);
            fc_test_party_finish(&twin);
        }
        if (test_rng_below(seed, 2)) {
            party->certificate.g++;
            party->certificate.r = 0;
            party->certificate.quota_nodes = 1 + test_rng_below(seed, 4);
            fc_test_certify(party, fed);
        } else {
            fc_test_recover(party, i + 1, test_rng_below(seed, 3));
        }
        take_certificate(party);
    }
}

static void mixed_lives(void **state)
{
    (void)state;
    static const char *const labels[] = {"north", "east", "south", "west", "centre"};
    for (uint64_t seed = 1; seed <= 6; seed++) {
        uint64_t draw = seed;
        struct fc_hash carried[ITEMS_MAX];
        uint32_t carried_count = 0;
        setup(NULL);
        take(&set.fed.charter_record);
        for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
            struct fc_test_party party;
            fc_test_party_init(&party, &set.fed, labels[i]);
            take_certificate(&party);
            take_life_of(&party, &set.fed, &draw);
            fc_test_party_finish(&party);
        }
        for (size_t i = 0; i < set.count; i++) {
            struct fc_record record = fc_test_parse(&set.items[i]);
            if (test_rng_below(&draw, 3) &&
                (record.type == FC_RECORD_CERTIFICATE || record.type == FC_RECORD_REVOCATION))
                carried[carried_count++] = record.hash;
        }
        struct fc_test_federation one = rotated(&set.fed, "one", carried, carried_count);
        struct fc_test_federation two = rotated(&set.fed, "two", carried, carried_count / 2);
        take(&one.charter_record);
        take(&one.carry_record);
        if (seed % 2) {
            take(&two.charter_record);
            take(&two.carry_record);
        }
        if (seed % 3 == 0) {
            set.pin = one.charter_hash;
            item();
        }
        struct fc_test_party late;
        fc_test_party_init(&late, &one, "late");
        take_certificate(&late);
        take_life_of(&late, &one, &draw);
        fc_test_party_finish(&late);
        some_orders(25, seed * 1000);
        fc_test_federation_finish(&one);
        fc_test_federation_finish(&two);
        teardown(NULL);
    }
}

#define ORDERS(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ORDERS(rotation_with_carry),
        ORDERS(two_rotations),
        ORDERS(rivals_and_no_pin),
        ORDERS(rivals_and_a_pin),
        ORDERS(three_rivals),
        ORDERS(rival_known_by_evidence_alone),
        ORDERS(recoveries_of_two_lines),
        ORDERS(one_recovery_on_two_bases),
        ORDERS(recoveries_in_conflict),
        ORDERS(evidence_under_recoveries_in_conflict),
        ORDERS(conflict_known_by_evidence_alone),
        ORDERS(revocations_and_takedowns),
        ORDERS(revocation_of_a_retired_charter),
        ORDERS(node_quota),
        ORDERS(keys_two_operators_name),
        ORDERS(first_place_given_up),
        ORDERS(keys_lost_and_recovered),
        ORDERS(keys_that_do_not_count),
        ORDERS(evidence_of_heads),
        ORDERS(more_nodes_than_a_key_describes),
        cmocka_unit_test(mixed_lives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
