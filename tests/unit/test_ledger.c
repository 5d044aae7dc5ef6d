/* Who may speak: each rule of acceptance, where it says yes and where it says no. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "store/merkle.h"
#include "tests/support/ledger.h"

struct scene {
    struct fc_test_federation fed;
    struct fc_test_party acme, bolt;
    struct fc_ledger *ledger;
    struct fc_buf out; /* the record at hand */
};

static struct scene scene;

/* The three helpers all tests use: make a record into `out` first, or name one. */
#define TAKES(expected, record)                                                                    \
    assert_string_equal(fc_err_name(fc_test_ledger_add(scene.ledger, (record))),                   \
                        fc_err_name(expected))
#define JUDGES(expected, record)                                                                   \
    assert_string_equal(fc_err_name(fc_test_ledger_judge(scene.ledger, (record))),                 \
                        fc_err_name(expected))

static struct fc_buf *fresh(void)
{
    fc_buf_clear(&scene.out);
    return &scene.out;
}

static int setup(void **state)
{
    (void)state;
    memset(&scene, 0, sizeof scene);
    fc_test_federation_init(&scene.fed, "ledger", 3);
    fc_test_party_init(&scene.acme, &scene.fed, "acme");
    fc_test_party_init(&scene.bolt, &scene.fed, "bolt");
    scene.ledger = fc_test_ledger(&scene.fed);
    return 0;
}

static int setup_members(void **state)
{
    setup(state);
    TAKES(FC_OK, &scene.fed.charter_record);
    TAKES(FC_OK, &scene.acme.certificate_record);
    TAKES(FC_OK, &scene.bolt.certificate_record);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fc_ledger_destroy(scene.ledger);
    fc_test_federation_finish(&scene.fed);
    fc_test_party_finish(&scene.acme);
    fc_test_party_finish(&scene.bolt);
    fc_buf_finish(&scene.out);
    return 0;
}

static struct fc_participant ask(const struct fc_test_party *party)
{
    struct fc_participant out;
    assert_int_equal(fc_ledger_participant(scene.ledger, &party->id, &out), FC_OK);
    return out;
}

static void expect_certificate(const struct fc_test_party *party, const struct fc_hash *hash)
{
    assert_memory_equal(&ask(party).certificate->record.hash, hash, sizeof *hash);
}

static void expect_version(uint64_t version, bool disputed)
{
    bool is_disputed;
    const struct fc_held *charter = fc_ledger_charter(scene.ledger, &is_disputed);
    assert_non_null(charter);
    assert_int_equal(charter->charter.version, version);
    assert_int_equal(is_disputed, disputed);
}

static void expect_nodes(size_t count)
{
    assert_int_equal(fc_ledger_node_count(scene.ledger), count);
}

static bool is_node(const struct fc_test_box *box)
{
    struct fc_node node;
    return fc_ledger_node(scene.ledger, &box->pub, &node) == FC_OK;
}

/* A head at a version, under a party's certificate as it stands, complete for an incarnation's
 * first. `salt` makes it another one. */
static struct fc_head head_at(const struct fc_test_party *party, uint16_t incarnation, uint64_t seq,
                              uint64_t salt)
{
    struct fc_head head = {.federation = party->certificate.federation,
                           .certificate = party->certificate_hash,
                           .participant = party->id,
                           .version = fc_version_make(incarnation, seq),
                           .time_ms = FC_TEST_NOW_MS + salt,
                           .ops = fc_ops_hash(fc_span(NULL, 0))};
    if (seq != party->certificate.floor + 1)
        head.previous = fc_key_hash(fc_span_str("the one before"));
    return head;
}

static struct fc_buf *make_head(const struct fc_test_party *party, uint16_t incarnation,
                                uint64_t seq, uint64_t salt)
{
    struct fc_head head = head_at(party, incarnation, seq, salt);
    fc_test_head_by(&head, &party->feed, fresh());
    return &scene.out;
}

static void evidence_of(const struct fc_test_party *party, uint16_t incarnation, uint64_t seq,
                        struct fc_buf *out)
{
    struct fc_head one = head_at(party, incarnation, seq, 1);
    struct fc_head two = head_at(party, incarnation, seq, 2);
    struct fc_buf a = {0}, b = {0};
    fc_test_head_by(&one, &party->feed, &a);
    fc_test_head_by(&two, &party->feed, &b);
    fc_test_evidence(&scene.fed, &a, &b, out);
    fc_buf_finish(&a);
    fc_buf_finish(&b);
}

/* A charter as it stands in `charter`, signed by these. */
static void charter_by(const struct fc_charter *charter, const struct fc_test_key *signers,
                       uint32_t count, struct fc_buf *out)
{
    struct fc_buf body = {0};
    assert_int_equal(fc_charter_body(charter, &body), FC_OK);
    fc_test_sign(FC_RECORD_CHARTER, &body, signers, count, out);
    fc_buf_finish(&body);
}

/* -- charters ---------------------------------------------------------------------------------- */

static void charter_founds_the_federation(void **state)
{
    (void)state;
    assert_null(fc_ledger_charter(scene.ledger, NULL));
    TAKES(FC_E_UNKNOWN, &scene.acme.certificate_record);
    TAKES(FC_OK, &scene.fed.charter_record);
    TAKES(FC_E_KNOWN, &scene.fed.charter_record);
    expect_version(1, false);
    assert_non_null(fc_ledger_find(scene.ledger, &scene.fed.id));
    assert_null(fc_ledger_charter_version(scene.ledger, 0));
    assert_null(fc_ledger_charter_version(scene.ledger, 2));
    assert_int_equal(fc_ledger_record_count(scene.ledger), 1);
}

static void charter_needs_its_quorum(void **state)
{
    (void)state;
    charter_by(&scene.fed.charter, scene.fed.governors, 1, fresh());
    TAKES(FC_E_QUORUM, &scene.out);
    assert_int_equal(fc_ledger_record_count(scene.ledger), 0);
    charter_by(&scene.fed.charter, scene.fed.governors, 2, fresh());
    TAKES(FC_OK, &scene.out);
}

static void other_federations_are_refused(void **state)
{
    (void)state;
    struct fc_test_federation other;
    struct fc_test_party stranger;
    fc_test_federation_init(&other, "another", 3);
    fc_test_party_init(&stranger, &other, "stranger");
    TAKES(FC_E_FEDERATION, &other.charter_record);
    TAKES(FC_E_FEDERATION, &stranger.certificate_record);
    fc_test_party_finish(&stranger);
    fc_test_federation_finish(&other);
}

static void heads_and_applications_do_not_belong(void **state)
{
    (void)state;
    struct fc_buf body = {0};
    TAKES(FC_E_ARG, make_head(&scene.acme, 1, 1, 0));
    struct fc_application application = {.wanted = scene.acme.certificate};
    application.wanted.g = 0;
    memset(&application.wanted.charter, 0, sizeof application.wanted.charter);
    assert_int_equal(fc_application_body(&application, &body), FC_OK);
    fc_test_sign(FC_RECORD_APPLICATION, &body, &scene.acme.feed, 1, fresh());
    TAKES(FC_E_ARG, &scene.out);
    fc_buf_finish(&body);
}

static void rotation_needs_both_quorums(void **state)
{
    (void)state;
    struct fc_test_key old[3], all[6];
    memcpy(old, scene.fed.governors, sizeof old);
    fc_test_rotate(&scene.fed, "next", 3, NULL, 0);
    memcpy(all, old, sizeof old);
    memcpy(all + 3, scene.fed.governors, sizeof old);
    charter_by(&scene.fed.charter, all + 3, 3, fresh());
    TAKES(FC_E_QUORUM, &scene.out); /* new governors alone */
    charter_by(&scene.fed.charter, all + 2, 4, fresh());
    TAKES(FC_E_QUORUM, &scene.out); /* and one of the old */
    charter_by(&scene.fed.charter, all, 3, fresh());
    TAKES(FC_E_QUORUM, &scene.out); /* old governors alone */
    charter_by(&scene.fed.charter, all, 4, fresh());
    TAKES(FC_E_QUORUM, &scene.out); /* and one of the new */
    expect_version(1, false);
    charter_by(&scene.fed.charter, all + 1, 4, fresh());
    TAKES(FC_OK, &scene.out); /* two and two */
    expect_version(2, false);
}

static void rotation_follows_one_that_is_held(void **state)
{
    (void)state;
    struct fc_test_key old[3], signers[6];
    memcpy(old, scene.fed.governors, sizeof old);
    fc_test_rotate(&scene.fed, "next", 3, NULL, 0);
    struct fc_charter skipping = scene.fed.charter;
    struct fc_buf second = {0};
    fc_buf_append(&second, scene.fed.charter_record.data, scene.fed.charter_record.len);
    memcpy(signers, scene.fed.governors, sizeof old);
    fc_test_rotate(&scene.fed, "third", 3, NULL, 0);
    TAKES(FC_E_UNKNOWN, &scene.fed.charter_record);
    TAKES(FC_OK, &second);
    TAKES(FC_OK, &scene.fed.charter_record);
    expect_version(3, false);
    /* Version 4 after version 2. */
    skipping.version = 4;
    skipping.previous = fc_test_parse(&second).hash;
    charter_by(&skipping, signers, 3, fresh());
    TAKES(FC_E_DENIED, &scene.out);
    fc_buf_finish(&second);
}

/* -- carry lists ------------------------------------------------------------------------------- */

static void carry_of(uint64_t version, unsigned label, struct fc_buf *out)
{
    struct fc_buf body = {0};
    struct fc_key hash = fc_test_box("junk", label).pub;
    struct fc_carry carry = {scene.fed.id, version, 1, fc_span(hash.b, 32)};
    assert_int_equal(fc_carry_body(&carry, &body), FC_OK);
    assert_int_equal(fc_record_write(FC_RECORD_CARRY, fc_buf_span(&body), NULL, 0, out), FC_OK);
    fc_buf_finish(&body);
}

static void charter_waits_for_its_list(void **state)
{
    (void)state;
    struct fc_test_party cord;
    fc_test_rotate(&scene.fed, "next", 3, &scene.acme.certificate_hash, 1);
    fc_test_party_init(&cord, &scene.fed, "cord");
    TAKES(FC_OK, &scene.fed.charter_record);
    expect_version(1, false);
    TAKES(FC_OK, &cord.certificate_record);
    JUDGES(FC_E_UNKNOWN, make_head(&cord, 1, 1, 0)); /* not yet, rather than no */
    carry_of(2, 1, fresh());
    TAKES(FC_E_KNOWN, &scene.fed.charter_record);
    TAKES(FC_E_UNKNOWN, &scene.out); /* another list does not help */
    expect_version(1, false);
    TAKES(FC_OK, &scene.fed.carry_record);
    expect_version(2, false);
    JUDGES(FC_OK, make_head(&cord, 1, 1, 0));
    fc_test_party_finish(&cord);
}

static void carry_list_may_come_first(void **state)
{
    (void)state;
    fc_test_rotate(&scene.fed, "next", 3, &scene.acme.certificate_hash, 1);
    TAKES(FC_OK, &scene.fed.carry_record);
    expect_version(1, false);
    TAKES(FC_OK, &scene.fed.charter_record);
    expect_version(2, false);
    expect_certificate(&scene.acme, &scene.acme.certificate_hash);
    assert_int_equal(
        fc_ledger_participant(scene.ledger, &scene.bolt.id, &(struct fc_participant){0}),
        FC_E_MISSING);
}

static void lists_nobody_asked_for_are_few(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        carry_of(2, i, fresh());
        TAKES(FC_OK, &scene.out);
    }
    carry_of(2, 4, fresh());
    TAKES(FC_E_UNKNOWN, &scene.out);
    carry_of(3, 0, fresh());
    TAKES(FC_E_UNKNOWN, &scene.out);
    fc_test_rotate(&scene.fed, "next", 3, &scene.acme.certificate_hash, 1);
    TAKES(FC_E_UNKNOWN, &scene.fed.carry_record);
    TAKES(FC_OK, &scene.fed.charter_record);
    TAKES(FC_OK, &scene.fed.carry_record);
    expect_version(2, false);
    struct fc_record list = fc_test_parse(&scene.fed.carry_record);
    assert_ptr_equal(fc_ledger_carry(scene.ledger, 2), fc_ledger_find(scene.ledger, &list.hash));
    assert_null(fc_ledger_carry(scene.ledger, 1));
    assert_null(fc_ledger_carry(scene.ledger, 3));
    /* Those for version 2 have had their turn. */
    size_t before = fc_ledger_record_count(scene.ledger);
    for (unsigned i = 0; i < 4; i++) {
        carry_of(3, i, fresh());
        TAKES(FC_OK, &scene.out);
        assert_int_equal(fc_ledger_record_count(scene.ledger), before);
    }
    carry_of(2, 9, fresh());
    TAKES(FC_E_UNKNOWN, &scene.out);
    carry_of(3, 4, fresh());
    TAKES(FC_E_UNKNOWN, &scene.out);
}

/* -- what counts ------------------------------------------------------------------------------- */

static void retired_quorum_cannot_backdate(void **state)
{
    (void)state;
    struct fc_test_federation old = scene.fed;
    struct fc_test_party late;
    struct fc_participant unused;
    fc_test_party_init(&late, &scene.fed, "late");
    memset(&scene.fed.charter_record, 0, sizeof scene.fed.charter_record);
    fc_test_rotate(&scene.fed, "next", 3, &scene.acme.certificate_hash, 1);
    TAKES(FC_OK, &scene.fed.charter_record);
    TAKES(FC_OK, &scene.fed.carry_record);
    /* Kept, for a pin might make it count; but it stands for nothing. */
    TAKES(FC_OK, &late.certificate_record);
    assert_int_equal(fc_ledger_participant(scene.ledger, &late.id, &unused), FC_E_MISSING);
    assert_false(is_node(&late.node));
    JUDGES(FC_E_DENIED, make_head(&late, 1, 1, 0));
    assert_false(fc_ledger_in_force(scene.ledger, &late.certificate_hash));
    assert_true(fc_ledger_in_force(scene.ledger, &scene.acme.certificate_hash));
    /* Nor does a higher g for one who was carried, */
    struct fc_hash stands = scene.acme.certificate_hash;
    scene.acme.certificate.g = 2;
    fc_test_certify(&scene.acme, &old);
    TAKES(FC_OK, &scene.acme.certificate_record);
    expect_certificate(&scene.acme, &stands);
    /* nor a revocation or takedown. */
    fc_test_revocation(&scene.acme, &old, 0, FC_REVOKE_REMOVE, fresh());
    TAKES(FC_OK, &scene.out);
    assert_null(ask(&scene.acme).revocation);
    struct fc_hash key = fc_key_hash(fc_span_str("k")), commitment = fc_key_hash(fc_span_str("c"));
    fc_test_takedown(&scene.acme, &old, &key, &commitment, fresh());
    TAKES(FC_OK, &scene.out);
    assert_null(fc_ledger_takedown(scene.ledger, &scene.acme.id, &key, &commitment));
    fc_test_party_finish(&late);
    fc_buf_finish(&old.charter_record);
}

static void what_every_later_charter_carries_counts(void **state)
{
    (void)state;
    struct fc_hash both[2] = {scene.acme.certificate_hash, scene.bolt.certificate_hash};
    struct fc_participant unused;
    fc_test_rotate(&scene.fed, "next", 3, both, 2);
    TAKES(FC_OK, &scene.fed.charter_record);
    TAKES(FC_OK, &scene.fed.carry_record);
    expect_certificate(&scene.bolt, &both[1]);
    fc_test_rotate(&scene.fed, "third", 3, both, 1);
    TAKES(FC_OK, &scene.fed.charter_record);
    TAKES(FC_OK, &scene.fed.carry_record);
    expect_certificate(&scene.acme, &both[0]);
    assert_int_equal(fc_ledger_participant(scene.ledger, &scene.bolt.id, &unused), FC_E_MISSING);
    JUDGES(FC_E_DENIED, make_head(&scene.bolt, 1, 1, 0));
    assert_int_equal(fc_ledger_participant_count(scene.ledger), 1);
    expect_nodes(1);
    /* Carried by the third alone, it has a gap and stays out. */
    fc_test_rotate(&scene.fed, "fourth", 3, both, 2);
    TAKES(FC_OK, &scene.fed.charter_record);
    TAKES(FC_OK, &scene.fed.carry_record);
    assert_int_equal(fc_ledger_participant(scene.ledger, &scene.bolt.id, &unused), FC_E_MISSING);
    /* A new certificate brings it back. */
    scene.bolt.certificate.g = 2;
    fc_test_certify(&scene.bolt, &scene.fed);
    TAKES(FC_OK, &scene.bolt.certificate_record);
    expect_nodes(2);
}

static void recovery_counts_as_its_base_does(void **state)
{
    (void)state;
    struct fc_hash base = scene.acme.certificate_hash;
    fc_test_rotate(&scene.fed, "next", 3, &base, 1);
    TAKES(FC_OK, &scene.fed.charter_record);
    TAKES(FC_OK, &scene.fed.carry_record);
    fc_test_recover(&scene.acme, 1, 0);
    TAKES(FC_OK, &scene.acme.certificate_record);
    expect_certificate(&scene.acme, &scene.acme.certificate_hash);
}

/* -- certificates ------------------------------------------------------------------------------ */

static void certificate_needs_governors(void **state)
{
    (void)state;
    struct fc_test_party late;
    struct fc_test_key signers[2] = {scene.fed.governors[0], fc_test_key("stranger", 0)};
    fc_test_party_init(&late, &scene.fed, "late");
    fc_test_certificate_by(&late, scene.fed.governors, 1, fresh());
    TAKES(FC_E_QUORUM, &scene.out);
    fc_test_certificate_by(&late, signers, 2, fresh());
    TAKES(FC_E_QUORUM, &scene.out);
    fc_test_certificate_by(&late, signers, 0, fresh());
    TAKES(FC_E_QUORUM, &scene.out);
    /* One that does not verify is none. */
    fc_test_certificate_by(&late, scene.fed.governors, 2, fresh());
    scene.out.data[scene.out.len - 1] ^= 1;
    TAKES(FC_E_QUORUM, &scene.out);
    scene.out.data[scene.out.len - 1] ^= 1;
    TAKES(FC_OK, &scene.out);
    fc_test_party_finish(&late);
}

/* The form itself has no room for one governor signing twice. */
static void nobody_signs_twice(void **state)
{
    (void)state;
    struct fc_buf body = {0};
    struct fc_record record;
    assert_int_equal(fc_certificate_body(&scene.acme.certificate, &body), FC_OK);
    struct fc_hash hash = fc_record_hash(FC_RECORD_CERTIFICATE, fc_buf_span(&body));
    const struct fc_test_key *governor = &scene.fed.governors[0];
    struct fc_signature same = {governor->pub, fc_sign(&governor->secret, &hash)};
    struct fc_signature twice[2] = {same, same};
    assert_int_equal(
        fc_record_write(FC_RECORD_CERTIFICATE, fc_buf_span(&body), twice, 2, &scene.out), FC_E_ARG);
    fc_test_certificate_by(&scene.acme, scene.fed.governors, 2, fresh());
    size_t pair = 1 + 34 + 66;
    memcpy(scene.out.data + scene.out.len - pair, scene.out.data + scene.out.len - 2 * pair, pair);
    assert_int_equal(fc_record_parse(fc_buf_span(&scene.out), &record), FC_E_FORMAT);
    fc_buf_finish(&body);
}

static void later_certificates_follow_the_first_keys(void **state)
{
    (void)state;
    struct fc_test_party late;
    struct fc_buf first = {0};
    fc_test_party_init(&late, &scene.fed, "late");
    fc_buf_append(&first, late.certificate_record.data, late.certificate_record.len);
    late.certificate.g = 2;
    late.certificate.incarnation = 2;
    late.certificate.feed_key = fc_test_key("late/feed", 7).pub;
    fc_test_certify(&late, &scene.fed);
    TAKES(FC_E_UNKNOWN, &late.certificate_record);
    TAKES(FC_OK, &first);
    TAKES(FC_OK, &late.certificate_record);
    expect_certificate(&late, &late.certificate_hash);
    fc_buf_finish(&first);
    fc_test_party_finish(&late);
}

static void highest_g_stands_then_the_lower_hash(void **state)
{
    (void)state;
    struct fc_hash lowest = {{0}};
    for (uint32_t i = 0; i < 4; i++) {
        scene.acme.certificate.g = 2;
        scene.acme.certificate.quota_ops = 100 + i;
        fc_test_certify(&scene.acme, &scene.fed);
        TAKES(FC_OK, &scene.acme.certificate_record);
        if (i == 0 || fc_hash_cmp(&scene.acme.certificate_hash, &lowest) < 0)
            lowest = scene.acme.certificate_hash;
        expect_certificate(&scene.acme, &lowest);
    }
    scene.acme.certificate.g = 4;
    fc_test_certify(&scene.acme, &scene.fed);
    TAKES(FC_OK, &scene.acme.certificate_record);
    struct fc_hash highest = scene.acme.certificate_hash;
    scene.acme.certificate.g = 3;
    fc_test_certify(&scene.acme, &scene.fed);
    TAKES(FC_OK, &scene.acme.certificate_record);
    expect_certificate(&scene.acme, &highest);
}

/* -- recovery ---------------------------------------------------------------------------------- */

static void recovery_changes_keys_and_nothing_else(void **state)
{
    (void)state;
    struct fc_test_party was = scene.acme;
    fc_test_recover(&scene.acme, 1, 5);
    struct fc_certificate good = scene.acme.certificate;
    for (int i = 0; i < 10; i++) {
        struct fc_certificate *bad = &scene.acme.certificate;
        *bad = good;
        switch (i) {
        case 0:
            bad->name = fc_span_str("Other");
            break;
        case 1:
            bad->country = fc_span_str("DE");
            break;
        case 2:
            bad->url = fc_span_str("did:web:other.example");
            break;
        case 3:
            bad->quota_entries++;
            break;
        case 4:
            bad->quota_bytes++;
            break;
        case 5:
            bad->quota_ops++;
            break;
        case 6:
            bad->quota_nodes++;
            break;
        case 7:
            bad->incarnation++;
            break;
        case 8:
            bad->not_after_ms++;
            break;
        case 9:
            bad->node_key = scene.bolt.node.pub;
            break;
        }
        fc_test_certificate_by(&scene.acme, &scene.acme.recovery, 1, fresh());
        TAKES(FC_E_UNKNOWN, &scene.out); /* there is nothing it extends */
    }
    scene.acme.certificate = good;
    expect_certificate(&scene.acme, &was.certificate_hash);
    fc_test_certificate_by(&scene.acme, &was.feed, 1, fresh());
    TAKES(FC_E_SIGNATURE, &scene.out);
    fc_test_certificate_by(&scene.acme, scene.fed.governors, 3, fresh());
    TAKES(FC_E_SIGNATURE, &scene.out);
    TAKES(FC_OK, &scene.acme.certificate_record);
    expect_certificate(&scene.acme, &scene.acme.certificate_hash);
    assert_int_equal(ask(&scene.acme).certificate->certificate.incarnation, 2);
}

static void recovery_is_bounded(void **state)
{
    (void)state;
    while (scene.acme.certificate.r < 64) {
        fc_test_recover(&scene.acme, (unsigned)scene.acme.certificate.r + 1, 0);
        if (scene.acme.certificate.r > 62)
            TAKES(FC_OK, &scene.acme.certificate_record);
    }
    expect_certificate(&scene.acme, &scene.acme.certificate_hash);
    struct fc_hash last = scene.acme.certificate_hash;
    fc_test_recover(&scene.acme, 99, 0);
    TAKES(FC_E_BOUND, &scene.acme.certificate_record);
    expect_certificate(&scene.acme, &last);
}

static void two_recoveries_freeze_until_the_next_g(void **state)
{
    (void)state;
    struct fc_test_party twin = scene.acme;
    memset(&twin.certificate_record, 0, sizeof twin.certificate_record);
    struct fc_hash base = scene.acme.certificate_hash;
    fc_test_recover(&scene.acme, 1, 0);
    fc_test_recover(&twin, 2, 0);
    struct fc_record record = fc_test_parse(&twin.certificate_record);
    struct fc_ledger_change change;
    TAKES(FC_OK, &scene.acme.certificate_record);
    JUDGES(FC_OK, make_head(&scene.acme, 2, 1, 0));
    assert_false(ask(&scene.acme).recovery_frozen);
    assert_int_equal(fc_ledger_add(scene.ledger, &record, &change), FC_OK);
    assert_true(change.evidence.len > 0);
    TAKES(FC_OK, &change.evidence);
    TAKES(FC_E_KNOWN, &change.evidence);
    fc_buf_finish(&change.evidence);
    assert_true(ask(&scene.acme).recovery_frozen);
    expect_certificate(&scene.acme, &base);
    JUDGES(FC_E_REVOKED, make_head(&scene.acme, 2, 1, 0));
    JUDGES(FC_E_REVOKED, make_head(&twin, 2, 1, 0));
    assert_true(is_node(&scene.acme.node)); /* nobody loses a seat over it */
    /* What is recovered on top of the conflict is as frozen. */
    fc_test_recover(&twin, 3, 0);
    TAKES(FC_OK, &twin.certificate_record);
    JUDGES(FC_E_REVOKED, make_head(&twin, 3, 1, 0));
    fc_test_party_finish(&twin);

    struct fc_test_party healed = scene.acme;
    memset(&healed.certificate_record, 0, sizeof healed.certificate_record);
    healed.certificate.g = 2;
    healed.certificate.r = 0;
    healed.feed = fc_test_key("acme/feed", 9);
    healed.certificate.feed_key = healed.feed.pub;
    fc_test_certify(&healed, &scene.fed);
    TAKES(FC_OK, &healed.certificate_record);
    assert_false(ask(&healed).recovery_frozen);
    JUDGES(FC_OK, make_head(&healed, 2, 1, 0));
    JUDGES(FC_E_REVOKED, make_head(&scene.acme, 2, 1, 0));
    /* Heads under either of the two do not follow the participant into what heals it. */
    evidence_of(&scene.acme, 2, 1, fresh());
    TAKES(FC_OK, &scene.out);
    assert_false(ask(&healed).contested);
    JUDGES(FC_OK, make_head(&healed, 2, 1, 0));
    fc_test_party_finish(&healed);
}

static void third_recovery_says_nothing_new(void **state)
{
    (void)state;
    struct fc_buf variants[3] = {{0}};
    struct fc_hash hashes[3];
    size_t before = fc_ledger_record_count(scene.ledger);
    struct fc_test_party was = scene.acme;
    for (unsigned i = 0; i < 3; i++) {
        struct fc_test_party twin = was;
        memset(&twin.certificate_record, 0, sizeof twin.certificate_record);
        fc_test_recover(&twin, i + 1, 0);
        variants[i] = twin.certificate_record;
        hashes[i] = twin.certificate_hash;
    }
    unsigned low = 0, high = 0;
    for (unsigned i = 1; i < 3; i++) {
        low = fc_hash_cmp(&hashes[i], &hashes[low]) < 0 ? i : low;
        high = fc_hash_cmp(&hashes[i], &hashes[high]) > 0 ? i : high;
    }
    TAKES(FC_OK, &variants[high]);
    TAKES(FC_OK, &variants[3 - low - high]);
    TAKES(FC_OK, &variants[low]);
    TAKES(FC_E_STALE, &variants[high]);
    assert_null(fc_ledger_find(scene.ledger, &hashes[high]));
    assert_int_equal(fc_ledger_record_count(scene.ledger), before + 3); /* two, and evidence */
    for (unsigned i = 0; i < 3; i++)
        fc_buf_finish(&variants[i]);
}

/* -- revocations, takedowns -------------------------------------------------------------------- */

static void revocation_needs_governors(void **state)
{
    (void)state;
    struct fc_buf body = {0};
    fc_test_revocation(&scene.acme, &scene.fed, 0, FC_REVOKE_FREEZE, fresh());
    struct fc_record record = fc_test_parse(&scene.out);
    fc_buf_append(&body, record.body.data, record.body.len);
    struct fc_test_key signers[2] = {scene.fed.governors[0], scene.acme.feed};
    fc_test_sign(FC_RECORD_REVOCATION, &body, signers, 2, fresh());
    TAKES(FC_E_QUORUM, &scene.out);
    fc_buf_finish(&body);
    struct fc_test_federation next = scene.fed;
    memset(&next.charter_record, 0, sizeof next.charter_record);
    fc_test_rotate(&next, "next", 3, NULL, 0);
    fc_test_revocation(&scene.acme, &next, 0, FC_REVOKE_FREEZE, fresh());
    TAKES(FC_E_UNKNOWN, &scene.out);
    fc_test_takedown(&scene.acme, &next, &scene.acme.id, &scene.acme.id, fresh());
    TAKES(FC_E_UNKNOWN, &scene.out);
    assert_null(ask(&scene.acme).revocation);
    fc_test_federation_finish(&next);
}

static void lowest_revocation_stands_until_a_higher_g(void **state)
{
    (void)state;
    fc_test_revocation(&scene.acme, &scene.fed, fc_version_make(1, 5), FC_REVOKE_FREEZE, fresh());
    TAKES(FC_OK, &scene.out);
    assert_int_equal(ask(&scene.acme).revocation->revocation.last_valid, fc_version_make(1, 5));
    assert_false(is_node(&scene.acme.node));
    assert_true(is_node(&scene.bolt.node));
    JUDGES(FC_OK, make_head(&scene.acme, 1, 5, 0));
    JUDGES(FC_E_REVOKED, make_head(&scene.acme, 1, 6, 0));
    fc_test_revocation(&scene.acme, &scene.fed, fc_version_make(1, 9), FC_REVOKE_FREEZE, fresh());
    TAKES(FC_OK, &scene.out);
    JUDGES(FC_E_REVOKED, make_head(&scene.acme, 1, 6, 0));
    fc_test_revocation(&scene.acme, &scene.fed, fc_version_make(1, 3), FC_REVOKE_REMOVE, fresh());
    TAKES(FC_OK, &scene.out);
    assert_int_equal(ask(&scene.acme).revocation->revocation.mode, FC_REVOKE_REMOVE);
    JUDGES(FC_E_REVOKED, make_head(&scene.acme, 1, 1, 0));
    /* It covers every r, and ends with g. */
    struct fc_test_party recovered = scene.acme;
    memset(&recovered.certificate_record, 0, sizeof recovered.certificate_record);
    fc_test_recover(&recovered, 1, 0);
    TAKES(FC_OK, &recovered.certificate_record);
    JUDGES(FC_E_REVOKED, make_head(&recovered, 2, 1, 0));
    fc_test_party_finish(&recovered);
    scene.acme.certificate.g = 2;
    fc_test_certify(&scene.acme, &scene.fed);
    TAKES(FC_OK, &scene.acme.certificate_record);
    assert_null(ask(&scene.acme).revocation);
    assert_true(is_node(&scene.acme.node));
    JUDGES(FC_OK, make_head(&scene.acme, 1, 6, 0));
}

static void takedown_covers_one_content(void **state)
{
    (void)state;
    struct fc_hash key = fc_key_hash(fc_span_str("k")), commitment = fc_key_hash(fc_span_str("c"));
    fc_test_takedown(&scene.acme, &scene.fed, &key, &commitment, fresh());
    assert_null(fc_ledger_takedown(scene.ledger, &scene.acme.id, &key, &commitment));
    TAKES(FC_OK, &scene.out);
    const struct fc_held *held =
        fc_ledger_takedown(scene.ledger, &scene.acme.id, &key, &commitment);
    assert_non_null(held);
    assert_true(fc_span_eq(held->takedown.reason, fc_span_str("by order of a court")));
    assert_null(fc_ledger_takedown(scene.ledger, &scene.bolt.id, &key, &commitment));
    assert_null(fc_ledger_takedown(scene.ledger, &scene.acme.id, &commitment, &commitment));
    assert_null(fc_ledger_takedown(scene.ledger, &scene.acme.id, &key, &key));
}

/* -- nodes ------------------------------------------------------------------------------------- */

static void first_node_comes_with_the_certificate(void **state)
{
    (void)state;
    struct fc_node node;
    expect_nodes(2);
    assert_int_equal(fc_ledger_node(scene.ledger, &scene.acme.node.pub, &node), FC_OK);
    assert_memory_equal(&node.participant, &scene.acme.id, sizeof node.participant);
    assert_null(node.descriptor);
    assert_int_equal(node.endpoint_count, 0);
    fc_test_descriptor(&scene.acme, &scene.acme.node, "tcp://acme.example:7800", 1, fresh());
    TAKES(FC_OK, &scene.out);
    expect_nodes(2);
    assert_int_equal(fc_ledger_node(scene.ledger, &scene.acme.node.pub, &node), FC_OK);
    assert_non_null(node.descriptor);
    assert_true(fc_span_eq(node.endpoints[0], fc_span_str("tcp://acme.example:7800")));
}

static void latest_descriptor_stands(void **state)
{
    (void)state;
    struct fc_test_box box = fc_test_box("acme/second", 0);
    struct fc_node node;
    fc_test_descriptor(&scene.acme, &box, "tcp://a.example:1", 2, fresh());
    TAKES(FC_OK, &scene.out);
    fc_test_descriptor(&scene.acme, &box, "tcp://b.example:1", 1, fresh());
    TAKES(FC_E_STALE, &scene.out);
    fc_test_descriptor(&scene.acme, &box, "tcp://c.example:1", 3, fresh());
    TAKES(FC_OK, &scene.out);
    assert_int_equal(fc_ledger_node(scene.ledger, &box.pub, &node), FC_OK);
    assert_true(fc_span_eq(node.endpoints[0], fc_span_str("tcp://c.example:1")));
    /* Of equals the lower hash: one of the two is refused, whichever. */
    struct fc_hash held = node.descriptor->record.hash;
    fc_test_descriptor(&scene.acme, &box, "tcp://d.example:1", 3, fresh());
    struct fc_hash hash = fc_test_parse(&scene.out).hash;
    bool lower = fc_hash_cmp(&hash, &held) < 0;
    TAKES(lower ? FC_OK : FC_E_STALE, &scene.out);
}

static void descriptor_by(const struct fc_test_party *party, const struct fc_test_box *box,
                          uint64_t seq, bool retired, const struct fc_test_key *signer,
                          struct fc_buf *out)
{
    struct fc_buf body = {0};
    struct fc_descriptor descriptor = {.federation = scene.fed.id,
                                       .participant = party->id,
                                       .node_key = box->pub,
                                       .seq = seq,
                                       .retired = retired};
    assert_int_equal(fc_descriptor_body(&descriptor, &body), FC_OK);
    fc_test_sign(FC_RECORD_DESCRIPTOR, &body, signer, signer ? 1 : 0, out);
    fc_buf_finish(&body);
}

static void descriptor_needs_a_feed_key(void **state)
{
    (void)state;
    struct fc_test_box box = fc_test_box("acme/second", 0);
    struct fc_test_party late;
    descriptor_by(&scene.acme, &box, 1, false, &scene.bolt.feed, fresh());
    TAKES(FC_E_UNKNOWN, &scene.out);
    descriptor_by(&scene.acme, &box, 1, false, NULL, fresh());
    TAKES(FC_E_SIGNATURE, &scene.out);
    descriptor_by(&scene.acme, &box, 1, false, &scene.acme.feed, fresh());
    scene.out.data[scene.out.len - 1] ^= 1;
    TAKES(FC_E_SIGNATURE, &scene.out);
    fc_test_party_init(&late, &scene.fed, "late");
    descriptor_by(&late, &box, 1, false, &late.feed, fresh());
    TAKES(FC_E_UNKNOWN, &scene.out);
    assert_false(is_node(&box));
    TAKES(FC_OK, &late.certificate_record);
    TAKES(FC_OK, &scene.out);
    assert_true(is_node(&box));
    fc_test_party_finish(&late);
}

static void lowest_keys_fill_the_quota(void **state)
{
    (void)state;
    struct fc_test_box boxes[8], low;
    for (unsigned i = 0; i < 8; i++) {
        boxes[i] = fc_test_box("acme/many", i);
        fc_test_descriptor(&scene.acme, &boxes[i], NULL, 1, fresh());
        TAKES(FC_OK, &scene.out);
    }
    expect_nodes(1 + 4); /* of bolt; of acme the first and three */
    assert_true(is_node(&scene.acme.node));
    low = boxes[0];
    for (unsigned i = 0; i < 8; i++) {
        unsigned below = 0;
        for (unsigned j = 0; j < 8; j++)
            below += fc_key_cmp(&boxes[j].pub, &boxes[i].pub) < 0;
        assert_int_equal(is_node(&boxes[i]), below < 3);
        low = below == 0 ? boxes[i] : low;
    }
    /* One that retires makes room for the next. */
    descriptor_by(&scene.acme, &low, 2, true, &scene.acme.feed, fresh());
    TAKES(FC_OK, &scene.out);
    expect_nodes(1 + 4);
    assert_false(is_node(&low));
    /* A larger quota seats them all, a quota of none leaves the first. */
    scene.acme.certificate.g = 2;
    scene.acme.certificate.quota_nodes = 20;
    fc_test_certify(&scene.acme, &scene.fed);
    TAKES(FC_OK, &scene.acme.certificate_record);
    expect_nodes(1 + 8);
    scene.acme.certificate.g = 3;
    scene.acme.certificate.quota_nodes = 0;
    fc_test_certify(&scene.acme, &scene.fed);
    TAKES(FC_OK, &scene.acme.certificate_record);
    expect_nodes(1 + 1);
    assert_true(is_node(&scene.acme.node));
    descriptor_by(&scene.acme, &scene.acme.node, 1, true, &scene.acme.feed, fresh());
    TAKES(FC_OK, &scene.out);
    expect_nodes(1);
}

static void one_key_describes_so_many_nodes(void **state)
{
    (void)state;
    struct fc_key highest = {{0}};
    for (unsigned i = 0; i < 256; i++) {
        struct fc_test_box box = fc_test_box("acme/flood", i);
        descriptor_by(&scene.acme, &box, 1, false, &scene.acme.feed, fresh());
        TAKES(FC_OK, &scene.out);
        highest = fc_key_cmp(&box.pub, &highest) > 0 ? box.pub : highest;
    }
    size_t full = fc_ledger_record_count(scene.ledger);
    bool above = false, below = false;
    for (unsigned i = 256; i < 10000 && !(above && below); i++) {
        struct fc_test_box box = fc_test_box("acme/flood", i);
        bool lower = fc_key_cmp(&box.pub, &highest) < 0;
        if (lower ? below : above)
            continue;
        descriptor_by(&scene.acme, &box, 1, false, &scene.acme.feed, fresh());
        TAKES(lower ? FC_OK : FC_E_DENIED, &scene.out);
        assert_int_equal(fc_ledger_record_count(scene.ledger), full);
        above = above || !lower;
        below = true;
        if (lower)
            break;
    }
    assert_true(below);
}

static void lost_key_does_not_outbid_its_successor(void **state)
{
    (void)state;
    struct fc_test_key lost = scene.acme.feed;
    struct fc_test_box box = fc_test_box("acme/second", 0);
    descriptor_by(&scene.acme, &box, 1, false, &lost, fresh());
    TAKES(FC_OK, &scene.out);
    fc_test_recover(&scene.acme, 1, 0);
    TAKES(FC_OK, &scene.acme.certificate_record);
    assert_true(is_node(&box)); /* a recovered key unseats no node */
    descriptor_by(&scene.acme, &box, FC_NUMBER_MAX, true, &lost, fresh());
    TAKES(FC_OK, &scene.out);
    assert_false(is_node(&box));
    descriptor_by(&scene.acme, &box, 2, false, &scene.acme.feed, fresh());
    TAKES(FC_OK, &scene.out);
    assert_true(is_node(&box));
}

static void uncounted_keys_seat_nobody(void **state)
{
    (void)state;
    struct fc_test_federation old = scene.fed;
    struct fc_test_party thief = scene.acme;
    struct fc_test_box box = fc_test_box("thief/node", 0);
    memset(&thief.certificate_record, 0, sizeof thief.certificate_record);
    memset(&scene.fed.charter_record, 0, sizeof scene.fed.charter_record);
    fc_test_rotate(&scene.fed, "next", 3, &scene.acme.certificate_hash, 1);
    TAKES(FC_OK, &scene.fed.charter_record);
    TAKES(FC_OK, &scene.fed.carry_record);
    /* Backdated by retired governors, with a key of their own. */
    thief.feed = fc_test_key("thief", 0);
    thief.certificate.g = 9;
    thief.certificate.feed_key = thief.feed.pub;
    fc_test_certify(&thief, &old);
    TAKES(FC_OK, &thief.certificate_record);
    fc_test_descriptor(&thief, &box, NULL, 1, fresh());
    TAKES(FC_OK, &scene.out);
    assert_false(is_node(&box));
    descriptor_by(&thief, &scene.acme.node, 9, true, &thief.feed, fresh());
    TAKES(FC_OK, &scene.out);
    assert_true(is_node(&scene.acme.node));
    /* Nor do two heads of theirs contest the feed. */
    evidence_of(&thief, 1, 1, fresh());
    TAKES(FC_OK, &scene.out);
    assert_false(ask(&scene.acme).contested);
    JUDGES(FC_OK, make_head(&scene.acme, 1, 1, 0));
    fc_test_party_finish(&thief);
    fc_buf_finish(&old.charter_record);
}

static void key_two_operators_name_has_one_holder(void **state)
{
    (void)state;
    struct fc_node node;
    const struct fc_test_party *low = &scene.acme, *high = &scene.bolt;
    if (fc_hash_cmp(&low->id, &high->id) > 0) {
        low = &scene.bolt;
        high = &scene.acme;
    }
    struct fc_test_box shared = fc_test_box("shared", 0);
    fc_test_descriptor(high, &shared, NULL, 1, fresh());
    TAKES(FC_OK, &scene.out);
    fc_test_descriptor(low, &shared, NULL, 1, fresh());
    TAKES(FC_OK, &scene.out);
    expect_nodes(3);
    assert_int_equal(fc_ledger_node(scene.ledger, &shared.pub, &node), FC_OK);
    assert_memory_equal(&node.participant, &low->id, sizeof low->id);
    descriptor_by(low, &shared, 2, true, &low->feed, fresh());
    TAKES(FC_OK, &scene.out);
    assert_int_equal(fc_ledger_node(scene.ledger, &shared.pub, &node), FC_OK);
    assert_memory_equal(&node.participant, &high->id, sizeof high->id);
    /* A certificate that names the node settles it. */
    fc_test_descriptor(low, &high->node, NULL, 1, fresh());
    TAKES(FC_OK, &scene.out);
    assert_int_equal(fc_ledger_node(scene.ledger, &high->node.pub, &node), FC_OK);
    assert_memory_equal(&node.participant, &high->id, sizeof high->id);
    expect_nodes(3);
}

static void checkpoint_by(uint64_t time_ms, const struct fc_key *node,
                          const struct fc_test_key *signer, struct fc_buf *out)
{
    struct fc_buf body = {0};
    struct fc_checkpoint checkpoint = {.federation = scene.fed.id,
                                       .participant = scene.acme.id,
                                       .node_key = *node,
                                       .charter = scene.fed.charter_hash,
                                       .time_ms = time_ms};
    assert_int_equal(fc_checkpoint_body(&checkpoint, &body), FC_OK);
    fc_test_sign(FC_RECORD_CHECKPOINT, &body, signer, 1, out);
    fc_buf_finish(&body);
}

static void latest_checkpoint_of_a_node_stands(void **state)
{
    (void)state;
    size_t before = fc_ledger_record_count(scene.ledger);
    struct fc_test_box box = fc_test_box("acme/second", 0);
    checkpoint_by(5, &scene.acme.node.pub, &scene.acme.feed, fresh());
    TAKES(FC_OK, &scene.out);
    checkpoint_by(4, &scene.acme.node.pub, &scene.acme.feed, fresh());
    TAKES(FC_E_STALE, &scene.out);
    checkpoint_by(6, &scene.acme.node.pub, &scene.acme.feed, fresh());
    TAKES(FC_OK, &scene.out);
    assert_int_equal(fc_ledger_record_count(scene.ledger), before + 1);
    checkpoint_by(6, &scene.bolt.node.pub, &scene.acme.feed, fresh());
    TAKES(FC_E_UNKNOWN, &scene.out); /* somebody else's node */
    checkpoint_by(7, &scene.acme.node.pub, &scene.bolt.feed, fresh());
    TAKES(FC_E_UNKNOWN, &scene.out);
    checkpoint_by(7, &scene.acme.node.pub, &scene.acme.feed, fresh());
    scene.out.data[scene.out.len - 1] ^= 1;
    TAKES(FC_E_SIGNATURE, &scene.out);
    checkpoint_by(7, &box.pub, &scene.acme.feed, fresh());
    TAKES(FC_E_UNKNOWN, &scene.out);
    fc_test_descriptor(&scene.acme, &box, NULL, 1, fresh());
    TAKES(FC_OK, &scene.out);
    checkpoint_by(7, &box.pub, &scene.acme.feed, fresh());
    TAKES(FC_OK, &scene.out);
}

/* -- evidence ---------------------------------------------------------------------------------- */

static void two_heads_contest_an_incarnation(void **state)
{
    (void)state;
    evidence_of(&scene.acme, 1, 3, fresh());
    assert_false(fc_ledger_contested(scene.ledger, &scene.acme.id, 1));
    TAKES(FC_OK, &scene.out);
    assert_true(fc_ledger_contested(scene.ledger, &scene.acme.id, 1));
    assert_false(fc_ledger_contested(scene.ledger, &scene.acme.id, 2));
    assert_false(fc_ledger_contested(scene.ledger, &scene.bolt.id, 1));
    assert_true(ask(&scene.acme).contested);
    JUDGES(FC_E_CONTESTED, make_head(&scene.acme, 1, 4, 0));
    fc_test_recover(&scene.acme, 1, 3);
    TAKES(FC_OK, &scene.acme.certificate_record);
    assert_false(ask(&scene.acme).contested);
    JUDGES(FC_OK, make_head(&scene.acme, 2, 4, 0));
}

static void head_that_denies_the_one_before_is_evidence(void **state)
{
    (void)state;
    struct fc_buf one = {0}, two = {0}, made = {0};
    struct fc_head first = head_at(&scene.acme, 1, 1, 0), next = head_at(&scene.acme, 1, 2, 0);
    fc_test_head_by(&first, &scene.acme.feed, &one);
    fc_test_head_by(&next, &scene.acme.feed, &two);
    assert_int_equal(fc_ledger_evidence(scene.ledger, fc_buf_span(&two), fc_buf_span(&one), &made),
                     FC_OK);
    TAKES(FC_OK, &made);
    assert_true(ask(&scene.acme).contested);
    /* One that follows is none. */
    fc_buf_clear(&two);
    fc_buf_clear(&made);
    next.previous = fc_test_parse(&one).hash;
    fc_test_head_by(&next, &scene.acme.feed, &two);
    assert_int_equal(fc_ledger_evidence(scene.ledger, fc_buf_span(&one), fc_buf_span(&two), &made),
                     FC_E_ARG);
    assert_int_equal(fc_ledger_evidence(scene.ledger, fc_buf_span(&one), fc_buf_span(&one), &made),
                     FC_E_ARG);
    fc_test_evidence(&scene.fed, &one, &two, fresh());
    TAKES(FC_E_DENIED, &scene.out);
    fc_buf_finish(&one);
    fc_buf_finish(&two);
    fc_buf_finish(&made);
}

static void evidence_needs_both_signatures(void **state)
{
    (void)state;
    struct fc_head one = head_at(&scene.acme, 1, 1, 1), two = head_at(&scene.acme, 1, 1, 2);
    struct fc_head far = head_at(&scene.acme, 1, 9, 2), other = head_at(&scene.bolt, 1, 1, 2);
    struct fc_buf a = {0}, b = {0};
    fc_test_head_by(&one, &scene.acme.feed, &a);
    fc_test_head_by(&two, &scene.bolt.feed, &b);
    fc_test_evidence(&scene.fed, &a, &b, fresh());
    TAKES(FC_E_SIGNATURE, &scene.out);
    fc_buf_clear(&b);
    fc_test_head_by(&far, &scene.acme.feed, &b);
    fc_test_evidence(&scene.fed, &a, &b, fresh());
    TAKES(FC_E_DENIED, &scene.out);
    fc_buf_clear(&b);
    fc_test_head_by(&other, &scene.bolt.feed, &b);
    fc_test_evidence(&scene.fed, &a, &b, fresh());
    TAKES(FC_E_DENIED, &scene.out);
    fc_buf_clear(&b);
    two.certificate = scene.bolt.certificate_hash;
    fc_test_head_by(&two, &scene.bolt.feed, &b);
    fc_test_evidence(&scene.fed, &a, &b, fresh());
    TAKES(FC_E_DENIED, &scene.out); /* somebody else's certificate */
    fc_buf_clear(&b);
    two.certificate = scene.acme.id;
    fc_test_head_by(&two, &scene.acme.feed, &b);
    fc_test_evidence(&scene.fed, &a, &b, fresh());
    TAKES(FC_E_UNKNOWN, &scene.out);
    assert_false(ask(&scene.acme).contested);
    fc_buf_finish(&a);
    fc_buf_finish(&b);
}

static void one_evidence_is_enough(void **state)
{
    (void)state;
    struct fc_buf all[3] = {{0}};
    for (unsigned i = 0; i < 3; i++)
        evidence_of(&scene.acme, 1, i + 1, &all[i]);
    size_t before = fc_ledger_record_count(scene.ledger), refused = 0;
    for (unsigned i = 0; i < 3; i++) {
        enum fc_err err = fc_test_ledger_add(scene.ledger, &all[i]);
        assert_true(err == FC_OK || err == FC_E_STALE);
        refused += err == FC_E_STALE;
        assert_int_equal(fc_ledger_record_count(scene.ledger), before + 1);
    }
    for (unsigned i = 0; i < 3; i++) {
        enum fc_err err = fc_test_ledger_add(scene.ledger, &all[i]);
        assert_true(err == FC_E_KNOWN || err == FC_E_STALE);
        fc_buf_finish(&all[i]);
    }
    assert_true(refused < 3);
}

static void governors_certificates_are_no_contradiction(void **state)
{
    (void)state;
    struct fc_buf first = {0};
    fc_buf_append(&first, scene.acme.certificate_record.data, scene.acme.certificate_record.len);
    scene.acme.certificate.quota_ops = 7;
    fc_test_certify(&scene.acme, &scene.fed);
    fc_test_evidence(&scene.fed, &first, &scene.acme.certificate_record, fresh());
    TAKES(FC_E_DENIED, &scene.out);
    fc_buf_finish(&first);
}

/* -- rivals ------------------------------------------------------------------------------------ */

struct rivals { /* two charters after the first, each with a member of its own */
    struct fc_test_federation one, two;
    struct fc_test_party late, tail;
};

static void rivals_init(struct rivals *rivals)
{
    rivals->one = rivals->two = scene.fed;
    memset(&rivals->one.charter_record, 0, sizeof rivals->one.charter_record);
    memset(&rivals->two.charter_record, 0, sizeof rivals->two.charter_record);
    fc_test_rotate(&rivals->one, "one", 3, &scene.acme.certificate_hash, 1);
    fc_test_rotate(&rivals->two, "two", 3, &scene.bolt.certificate_hash, 1);
    fc_test_party_init(&rivals->late, &rivals->one, "late");
    fc_test_party_init(&rivals->tail, &rivals->two, "tail");
}

static void rivals_finish(struct rivals *rivals)
{
    fc_test_party_finish(&rivals->late);
    fc_test_party_finish(&rivals->tail);
    fc_test_federation_finish(&rivals->one);
    fc_test_federation_finish(&rivals->two);
}

static void rivals_halt_governance_until_a_pin(void **state)
{
    (void)state;
    struct rivals rivals;
    rivals_init(&rivals);
    TAKES(FC_OK, &rivals.one.carry_record);
    TAKES(FC_OK, &rivals.one.charter_record);
    TAKES(FC_OK, &rivals.late.certificate_record);
    expect_version(2, false);
    JUDGES(FC_OK, make_head(&rivals.late, 1, 1, 0));
    assert_int_equal(fc_ledger_pin(scene.ledger, &rivals.two.charter_hash), FC_E_MISSING);
    TAKES(FC_OK, &rivals.two.charter_record);
    TAKES(FC_OK, &rivals.two.carry_record);
    expect_version(1, true);
    /* What charter 1 said stands; what hangs on a rival is shown, and no more than that. */
    assert_false(ask(&scene.acme).unsettled);
    assert_true(ask(&rivals.late).unsettled);
    assert_false(is_node(&rivals.late.node));
    JUDGES(FC_OK, make_head(&scene.bolt, 1, 1, 0));
    JUDGES(FC_E_DISPUTED, make_head(&rivals.late, 1, 1, 0));
    TAKES(FC_OK, &rivals.tail.certificate_record);
    JUDGES(FC_E_DISPUTED, make_head(&rivals.tail, 1, 1, 0));
    assert_int_equal(fc_ledger_participant_count(scene.ledger), 4);
    expect_nodes(2);

    assert_int_equal(fc_ledger_pin(scene.ledger, &rivals.one.charter_hash), FC_OK);
    assert_int_equal(fc_ledger_pin(scene.ledger, &rivals.one.charter_hash), FC_OK);
    expect_version(2, false);
    assert_int_equal(fc_ledger_participant_count(scene.ledger), 2);
    assert_true(is_node(&rivals.late.node));
    JUDGES(FC_OK, make_head(&rivals.late, 1, 1, 0));
    JUDGES(FC_E_DENIED, make_head(&rivals.tail, 1, 1, 0));
    JUDGES(FC_E_DENIED, make_head(&scene.bolt, 1, 1, 0));
    /* A pin of the other takes it back. */
    assert_int_equal(fc_ledger_pin(scene.ledger, &rivals.two.charter_hash), FC_OK);
    expect_version(2, false);
    JUDGES(FC_E_DENIED, make_head(&rivals.late, 1, 1, 0));
    JUDGES(FC_OK, make_head(&rivals.tail, 1, 1, 0));
    rivals_finish(&rivals);
}

static void evidence_alone_halts_governance(void **state)
{
    (void)state;
    struct rivals rivals;
    rivals_init(&rivals);
    TAKES(FC_OK, &rivals.one.charter_record);
    TAKES(FC_OK, &rivals.one.carry_record);
    expect_version(2, false);
    fc_test_evidence(&scene.fed, &rivals.one.charter_record, &rivals.two.charter_record, fresh());
    TAKES(FC_OK, &scene.out);
    expect_version(1, true);
    assert_int_equal(fc_ledger_pin(scene.ledger, &rivals.two.charter_hash), FC_E_MISSING);
    assert_int_equal(fc_ledger_pin(scene.ledger, &rivals.one.charter_hash), FC_OK);
    expect_version(2, false);
    rivals_finish(&rivals);
}

static void evidence_of_charters_needs_their_quorums(void **state)
{
    (void)state;
    struct rivals rivals;
    struct fc_buf lone = {0};
    rivals_init(&rivals);
    charter_by(&rivals.two.charter, rivals.two.governors, 3, &lone);
    fc_test_evidence(&scene.fed, &rivals.one.charter_record, &lone, fresh());
    TAKES(FC_E_QUORUM, &scene.out);
    expect_version(1, false);
    fc_buf_finish(&lone);
    rivals_finish(&rivals);
}

/* -- heads ------------------------------------------------------------------------------------- */

static void heads_are_judged_by_their_certificate(void **state)
{
    (void)state;
    struct fc_key key = {{0}};
    struct fc_head head = head_at(&scene.acme, 1, 1, 0);
    assert_int_equal(fc_ledger_judge(scene.ledger, &head, &key), FC_OK);
    assert_memory_equal(&key, &scene.acme.feed.pub, sizeof key);
    head.entries = scene.acme.certificate.quota_entries;
    head.bytes = scene.acme.certificate.quota_bytes;
    assert_int_equal(fc_ledger_judge(scene.ledger, &head, &key), FC_OK);
    head.entries++;
    assert_int_equal(fc_ledger_judge(scene.ledger, &head, &key), FC_E_QUOTA);
    head.entries--;
    head.bytes++;
    assert_int_equal(fc_ledger_judge(scene.ledger, &head, &key), FC_E_QUOTA);
    head = head_at(&scene.acme, 1, 1, 0);
    head.previous = head.ops;
    assert_int_equal(fc_ledger_judge(scene.ledger, &head, &key), FC_E_DENIED);
    head = head_at(&scene.acme, 1, 2, 0);
    memset(&head.previous, 0, sizeof head.previous);
    assert_int_equal(fc_ledger_judge(scene.ledger, &head, &key), FC_E_DENIED);
    head = head_at(&scene.acme, 2, 2, 0);
    assert_int_equal(fc_ledger_judge(scene.ledger, &head, &key), FC_E_DENIED);
    head = head_at(&scene.acme, 1, 1, 0);
    head.participant = scene.bolt.id;
    assert_int_equal(fc_ledger_judge(scene.ledger, &head, &key), FC_E_DENIED);
    head = head_at(&scene.acme, 1, 1, 0);
    head.certificate = scene.acme.id;
    assert_int_equal(fc_ledger_judge(scene.ledger, &head, &key), FC_E_UNKNOWN);
    head.certificate = scene.fed.charter_hash;
    assert_int_equal(fc_ledger_judge(scene.ledger, &head, &key), FC_E_UNKNOWN);
}

static void incarnations_end_where_the_next_begins(void **state)
{
    (void)state;
    struct fc_test_party was = scene.acme;
    was.certificate_record = (struct fc_buf){0};
    fc_test_recover(&scene.acme, 1, 5);
    JUDGES(FC_OK, make_head(&was, 1, 6, 0));
    JUDGES(FC_E_UNKNOWN, make_head(&scene.acme, 2, 6, 0));
    TAKES(FC_OK, &scene.acme.certificate_record);
    JUDGES(FC_OK, make_head(&scene.acme, 2, 6, 0));
    JUDGES(FC_E_DENIED, make_head(&scene.acme, 2, 5, 0)); /* at the floor */
    JUDGES(FC_OK, make_head(&was, 1, 5, 0));
    JUDGES(FC_E_STALE, make_head(&was, 1, 6, 0));
    /* Governors may take an incarnation back. */
    was.certificate.g = 2;
    fc_test_certify(&was, &scene.fed);
    TAKES(FC_OK, &was.certificate_record);
    JUDGES(FC_E_DENIED, make_head(&scene.acme, 2, 6, 0));
    JUDGES(FC_OK, make_head(&was, 1, 6, 0));
    fc_test_party_finish(&was);
}

#define EMPTY(name)   cmocka_unit_test_setup_teardown(name, setup, teardown)
#define MEMBERS(name) cmocka_unit_test_setup_teardown(name, setup_members, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EMPTY(charter_founds_the_federation),
        EMPTY(charter_needs_its_quorum),
        EMPTY(other_federations_are_refused),
        EMPTY(heads_and_applications_do_not_belong),
        MEMBERS(rotation_needs_both_quorums),
        MEMBERS(rotation_follows_one_that_is_held),
        MEMBERS(charter_waits_for_its_list),
        MEMBERS(carry_list_may_come_first),
        MEMBERS(lists_nobody_asked_for_are_few),
        MEMBERS(retired_quorum_cannot_backdate),
        MEMBERS(what_every_later_charter_carries_counts),
        MEMBERS(recovery_counts_as_its_base_does),
        MEMBERS(certificate_needs_governors),
        MEMBERS(nobody_signs_twice),
        MEMBERS(later_certificates_follow_the_first_keys),
        MEMBERS(highest_g_stands_then_the_lower_hash),
        MEMBERS(recovery_changes_keys_and_nothing_else),
        MEMBERS(recovery_is_bounded),
        MEMBERS(two_recoveries_freeze_until_the_next_g),
        MEMBERS(third_recovery_says_nothing_new),
        MEMBERS(revocation_needs_governors),
        MEMBERS(lowest_revocation_stands_until_a_higher_g),
        MEMBERS(takedown_covers_one_content),
        MEMBERS(first_node_comes_with_the_certificate),
        MEMBERS(latest_descriptor_stands),
        MEMBERS(descriptor_needs_a_feed_key),
        MEMBERS(lowest_keys_fill_the_quota),
        MEMBERS(one_key_describes_so_many_nodes),
        MEMBERS(lost_key_does_not_outbid_its_successor),
        MEMBERS(uncounted_keys_seat_nobody),
        MEMBERS(key_two_operators_name_has_one_holder),
        MEMBERS(latest_checkpoint_of_a_node_stands),
        MEMBERS(two_heads_contest_an_incarnation),
        MEMBERS(head_that_denies_the_one_before_is_evidence),
        MEMBERS(evidence_needs_both_signatures),
        MEMBERS(one_evidence_is_enough),
        MEMBERS(governors_certificates_are_no_contradiction),
        MEMBERS(rivals_halt_governance_until_a_pin),
        MEMBERS(evidence_alone_halts_governance),
        MEMBERS(evidence_of_charters_needs_their_quorums),
        MEMBERS(heads_are_judged_by_their_certificate),
        MEMBERS(incarnations_end_where_the_next_begins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
