/* Which certificates go on with a feed, whose heads belong to it, and what bounds hold what
 * governors can sign without end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "tests/support/ledger.h"

struct scene {
    struct fc_test_federation fed;
    struct fc_test_party acme;
    struct fc_ledger *ledger;
    struct fc_buf out; /* the record at hand */
};

static struct scene scene;

#define TAKES(expected, record)                                                                    \
    assert_string_equal(fc_err_name(fc_test_ledger_add(scene.ledger, (record))),                   \
                        fc_err_name(expected))
#define JUDGES(expected, party, incarnation, seq)                                                  \
    assert_string_equal(fc_err_name(judge((party), (incarnation), (seq))), fc_err_name(expected))

static struct fc_buf *fresh(void)
{
    fc_buf_clear(&scene.out);
    return &scene.out;
}

static int setup_with(uint32_t governors)
{
    memset(&scene, 0, sizeof scene);
    fc_test_federation_init(&scene.fed, "lines", governors);
    fc_test_party_init(&scene.acme, &scene.fed, "acme");
    scene.ledger = fc_test_ledger(&scene.fed);
    TAKES(FC_OK, &scene.fed.charter_record);
    TAKES(FC_OK, &scene.acme.certificate_record);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    return setup_with(3);
}

static int setup_one_governor(void **state)
{
    (void)state;
    return setup_with(1);
}

static int teardown(void **state)
{
    (void)state;
    fc_ledger_destroy(scene.ledger);
    fc_test_federation_finish(&scene.fed);
    fc_test_party_finish(&scene.acme);
    fc_buf_finish(&scene.out);
    return 0;
}

/* The party with certificate (g, 0), its feed key number `key`; a copy that is finished on its
 * own. */
static struct fc_test_party renewed(const struct fc_test_party *party, uint64_t g,
                                    uint16_t incarnation, unsigned key, uint64_t floor)
{
    struct fc_test_party next = *party;
    next.certificate_record = (struct fc_buf){0};
    next.certificate.g = g;
    next.certificate.r = 0;
    next.certificate.incarnation = incarnation;
    next.certificate.floor = floor;
    if (key > 0) {
        next.feed = fc_test_key("acme/later", key);
        next.certificate.feed_key = next.feed.pub;
    }
    fc_test_certify(&next, &scene.fed);
    return next;
}

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

static enum fc_err judge(const struct fc_test_party *party, uint16_t incarnation, uint64_t seq)
{
    struct fc_head head = head_at(party, incarnation, seq, 0);
    fc_test_head_by(&head, &party->feed, fresh());
    return fc_test_ledger_judge(scene.ledger, &scene.out);
}

static void fork_of(const struct fc_test_party *party, uint16_t incarnation, uint64_t seq,
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

static bool stands(const struct fc_test_party *party)
{
    struct fc_participant who;
    assert_int_equal(fc_ledger_participant(scene.ledger, &party->id, &who), FC_OK);
    return fc_hash_eq(&who.certificate->record.hash, &party->certificate_hash);
}

static bool contested(void)
{
    struct fc_participant who;
    assert_int_equal(fc_ledger_participant(scene.ledger, &scene.acme.id, &who), FC_OK);
    return who.contested;
}

/* -- incarnations ------------------------------------------------------------------------------ */

static void incarnation_never_falls(void **state)
{
    (void)state;
    struct fc_test_party risen = renewed(&scene.acme, 2, 3, 1, 10);
    struct fc_test_party fallen = renewed(&scene.acme, 3, 2, 2, 0);
    TAKES(FC_OK, &risen.certificate_record);
    assert_true(stands(&risen));
    TAKES(FC_OK, &fallen.certificate_record);
    assert_true(stands(&risen));
    JUDGES(FC_OK, &risen, 3, 11);
    JUDGES(FC_E_DENIED, &fallen, 2, 1);
    fc_test_party_finish(&risen);
    fc_test_party_finish(&fallen);
}

static void within_an_incarnation_key_and_floor_stay(void **state)
{
    (void)state;
    struct fc_test_party key = renewed(&scene.acme, 2, 1, 1, 0);
    struct fc_test_party floor = renewed(&scene.acme, 3, 1, 0, 5);
    struct fc_test_party same = renewed(&scene.acme, 4, 1, 0, 0);
    struct fc_test_party next = renewed(&scene.acme, 5, 2, 1, 5);
    TAKES(FC_OK, &key.certificate_record);
    TAKES(FC_OK, &floor.certificate_record);
    assert_true(stands(&scene.acme));
    JUDGES(FC_E_DENIED, &key, 1, 1);
    JUDGES(FC_E_DENIED, &floor, 1, 6);
    TAKES(FC_OK, &same.certificate_record);
    assert_true(stands(&same));
    JUDGES(FC_OK, &scene.acme, 1, 1); /* what was published under the one before goes on */
    JUDGES(FC_OK, &same, 1, 2);
    TAKES(FC_OK, &next.certificate_record);
    assert_true(stands(&next));
    JUDGES(FC_OK, &next, 2, 6);
    JUDGES(FC_OK, &same, 1, 5);
    JUDGES(FC_E_STALE, &same, 1, 6);
    fc_test_party_finish(&key);
    fc_test_party_finish(&floor);
    fc_test_party_finish(&same);
    fc_test_party_finish(&next);
}

/* Two certificates at one g: who holds only the other's key publishes nothing, now or later. */
static void the_other_of_two_certificates_speaks_for_nobody(void **state)
{
    (void)state;
    struct fc_test_party one = renewed(&scene.acme, 2, 2, 1, 0);
    struct fc_test_party two = renewed(&scene.acme, 2, 2, 2, 0);
    bool lower = fc_hash_cmp(&one.certificate_hash, &two.certificate_hash) < 0;
    const struct fc_test_party *winner = lower ? &one : &two, *loser = lower ? &two : &one;
    TAKES(FC_OK, &loser->certificate_record);
    JUDGES(FC_OK, loser, 2, 1);
    TAKES(FC_OK, &winner->certificate_record);
    assert_true(stands(winner));
    JUDGES(FC_OK, winner, 2, 1);
    JUDGES(FC_E_DENIED, loser, 2, 1);
    struct fc_test_party next = renewed(&scene.acme, 3, 3, 3, 10);
    TAKES(FC_OK, &next.certificate_record);
    JUDGES(FC_OK, winner, 2, 5);
    JUDGES(FC_E_DENIED, loser, 2, 5);
    fc_test_party_finish(&one);
    fc_test_party_finish(&two);
    fc_test_party_finish(&next);
}

/* The participant recovered, and governors signed the next g without knowing. */
static void next_g_ends_the_recoveries_of_the_one_before(void **state)
{
    (void)state;
    struct fc_test_party base = scene.acme;
    base.certificate_record = (struct fc_buf){0};
    fc_test_recover(&scene.acme, 1, 0);
    TAKES(FC_OK, &scene.acme.certificate_record);
    JUDGES(FC_OK, &scene.acme, 2, 1);
    struct fc_test_party next = renewed(&base, 2, 2, 7, 0);
    TAKES(FC_OK, &next.certificate_record);
    assert_true(stands(&next));
    JUDGES(FC_OK, &next, 2, 1);
    JUDGES(FC_E_DENIED, &scene.acme, 2, 1);
    fc_test_party_finish(&next);
}

static void renewal_with_the_recovered_key_goes_on(void **state)
{
    (void)state;
    fc_test_recover(&scene.acme, 1, 4);
    TAKES(FC_OK, &scene.acme.certificate_record);
    struct fc_test_party next = renewed(&scene.acme, 2, 2, 0, 4);
    TAKES(FC_OK, &next.certificate_record);
    assert_true(stands(&next));
    JUDGES(FC_OK, &scene.acme, 2, 5);
    JUDGES(FC_OK, &next, 2, 6);
    fc_test_party_finish(&next);
}

static size_t take_turn(size_t *order, size_t count, size_t turn)
{
    size_t left = turn;
    for (size_t i = 0; i < count; i++)
        order[i] = i;
    for (size_t i = 0; i < count; i++) {
        size_t pick = i + left % (count - i), chosen = order[pick];
        left /= count - i;
        memmove(order + i + 1, order + i, (pick - i) * sizeof *order);
        order[i] = chosen;
    }
    return left; /* 0 while `turn` is below count! */
}

static void lines_are_the_same_in_every_order(void **state)
{
    (void)state;
    struct fc_test_party risen = renewed(&scene.acme, 2, 3, 1, 0);
    struct fc_test_party fallen = renewed(&scene.acme, 3, 2, 2, 0);
    struct fc_test_party same = renewed(&risen, 4, 3, 0, 0);
    struct fc_test_party recovered = risen;
    recovered.certificate_record = (struct fc_buf){0};
    fc_test_recover(&recovered, 5, 0);
    struct fc_buf records[6] = {scene.fed.charter_record, scene.acme.certificate_record,
                                risen.certificate_record, fallen.certificate_record,
                                same.certificate_record,  recovered.certificate_record};
    struct fc_test_question question = {.head_count = 5};
    const struct fc_test_party *asked[5] = {&scene.acme, &risen, &fallen, &same, &recovered};
    for (size_t i = 0; i < 5; i++) {
        struct fc_head head = head_at(asked[i], asked[i]->certificate.incarnation, 1, 0);
        fc_test_head_by(&head, &asked[i]->feed, &question.heads[i]);
    }
    struct fc_buf first = {0}, dump = {0};
    size_t order[6], turn = 0;
    for (; take_turn(order, 6, turn) == 0; turn++) {
        struct fc_ledger *ledger = fc_test_ledger(&scene.fed);
        fc_test_ledger_fill(ledger, records, 6, order);
        fc_buf_clear(&dump);
        fc_test_ledger_dump(ledger, &question, turn == 0 ? &first : &dump);
        if (turn > 0)
            assert_true(fc_span_eq(fc_buf_span(&first), fc_buf_span(&dump)));
        fc_ledger_destroy(ledger);
    }
    assert_int_equal(turn, 720);
    for (size_t i = 0; i < 5; i++)
        fc_buf_finish(&question.heads[i]);
    fc_buf_finish(&first);
    fc_buf_finish(&dump);
    fc_test_party_finish(&risen);
    fc_test_party_finish(&fallen);
    fc_test_party_finish(&same);
    fc_test_party_finish(&recovered);
}

/* -- evidence ---------------------------------------------------------------------------------- */

static void fork_is_not_forgotten_in_a_rotation(void **state)
{
    (void)state;
    struct fc_test_party renewal = renewed(&scene.acme, 2, 1, 0, 0);
    fork_of(&scene.acme, 1, 1, fresh());
    TAKES(FC_OK, &scene.out);
    TAKES(FC_OK, &renewal.certificate_record);
    assert_true(contested());
    /* Only the renewal is carried over: the key is the same, and so is what it signed. */
    fc_test_rotate(&scene.fed, "next", 3, &renewal.certificate_hash, 1);
    TAKES(FC_OK, &scene.fed.charter_record);
    TAKES(FC_OK, &scene.fed.carry_record);
    assert_true(stands(&renewal));
    assert_true(contested());
    JUDGES(FC_E_CONTESTED, &renewal, 1, 2);
    struct fc_test_party healed = renewed(&renewal, 3, 2, 1, 2);
    TAKES(FC_OK, &healed.certificate_record);
    assert_false(contested());
    JUDGES(FC_OK, &healed, 2, 3);
    fc_test_party_finish(&renewal);
    fc_test_party_finish(&healed);
}

static void fork_by_a_key_that_was_not_carried_says_nothing(void **state)
{
    (void)state;
    struct fc_test_party other = renewed(&scene.acme, 2, 2, 1, 0);
    fork_of(&other, 2, 1, fresh());
    TAKES(FC_E_UNKNOWN, &scene.out);
    TAKES(FC_OK, &other.certificate_record);
    TAKES(FC_OK, &scene.out);
    assert_true(contested());
    fc_test_rotate(&scene.fed, "next", 3, &scene.acme.certificate_hash, 1);
    TAKES(FC_OK, &scene.fed.charter_record);
    TAKES(FC_OK, &scene.fed.carry_record);
    struct fc_test_party next = renewed(&scene.acme, 3, 2, 2, 0);
    TAKES(FC_OK, &next.certificate_record);
    assert_false(contested());
    JUDGES(FC_OK, &next, 2, 1);
    fc_test_party_finish(&other);
    fc_test_party_finish(&next);
}

/* -- bounds ------------------------------------------------------------------------------------ */

static struct fc_hash numbered(uint32_t number)
{
    uint8_t bytes[4];
    fc_put_be32(bytes, number);
    return fc_key_hash(fc_span(bytes, sizeof bytes));
}

static void takedowns_are_found_among_many(void **state)
{
    (void)state;
    struct fc_hash carried = {{0}};
    for (uint32_t i = 0; i < 200; i++) {
        struct fc_hash key = numbered(i / 2), commitment = numbered(1000 + i);
        fc_test_takedown(&scene.acme, &scene.fed, &key, &commitment, fresh());
        TAKES(FC_OK, &scene.out);
        TAKES(FC_E_KNOWN, &scene.out);
        if (i == 77)
            carried = fc_test_parse(&scene.out).hash;
    }
    for (uint32_t i = 0; i < 200; i++) {
        struct fc_hash key = numbered(i / 2), commitment = numbered(1000 + i);
        const struct fc_held *held =
            fc_ledger_takedown(scene.ledger, &scene.acme.id, &key, &commitment);
        assert_non_null(held);
        assert_true(fc_hash_eq(&held->takedown.commitment, &commitment));
        assert_true(fc_ledger_in_force(scene.ledger, &held->record.hash));
        commitment = numbered(2000 + i);
        assert_null(fc_ledger_takedown(scene.ledger, &scene.acme.id, &key, &commitment));
    }
    fc_test_rotate(&scene.fed, "next", 3, &carried, 1);
    TAKES(FC_OK, &scene.fed.charter_record);
    TAKES(FC_OK, &scene.fed.carry_record);
    for (uint32_t i = 0; i < 200; i++) {
        struct fc_hash key = numbered(i / 2), commitment = numbered(1000 + i);
        const struct fc_held *held =
            fc_ledger_takedown(scene.ledger, &scene.acme.id, &key, &commitment);
        assert_int_equal(held != NULL, i == 77);
    }
    assert_false(fc_ledger_in_force(scene.ledger, &scene.acme.certificate_hash));
    assert_true(fc_ledger_in_force(scene.ledger, &carried));
}

static void rivals_are_bounded(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 17; i++) {
        struct fc_test_federation rival = scene.fed;
        char label[16] = {'r', (char)('a' + i)};
        rival.charter_record = rival.carry_record = (struct fc_buf){0};
        fc_test_rotate(&rival, label, 3, NULL, 0);
        TAKES(i < 16 ? FC_OK : FC_E_AGAIN, &rival.charter_record);
        fc_test_federation_finish(&rival);
    }
    bool disputed;
    assert_int_equal(fc_ledger_charter(scene.ledger, &disputed)->charter.version, 1);
    assert_true(disputed);
}

/* Governors of old can sign as much as they like: what does not count is held up to a bound, and
 * what counts is held beyond it. */
static void what_does_not_count_is_bounded(void **state)
{
    (void)state;
    enum { IDLE_MAX = 16384 };
    struct fc_hash key = numbered(0);
    struct fc_test_federation old = scene.fed;
    scene.fed.charter_record = scene.fed.carry_record = (struct fc_buf){0};
    fc_test_rotate(&scene.fed, "next", 1, &scene.acme.certificate_hash, 1);
    TAKES(FC_OK, &scene.fed.charter_record);
    TAKES(FC_OK, &scene.fed.carry_record);
    for (uint32_t i = 0; i < IDLE_MAX; i++) {
        struct fc_hash commitment = numbered(i);
        fc_test_takedown(&scene.acme, &old, &key, &commitment, fresh());
        TAKES(FC_OK, &scene.out);
    }
    struct fc_hash commitment = numbered(IDLE_MAX);
    fc_test_takedown(&scene.acme, &old, &key, &commitment, fresh());
    TAKES(FC_E_AGAIN, &scene.out);
    fc_test_revocation(&scene.acme, &old, 0, FC_REVOKE_REMOVE, fresh());
    TAKES(FC_E_AGAIN, &scene.out);
    JUDGES(FC_OK, &scene.acme, 1, 1);
    fc_test_takedown(&scene.acme, &scene.fed, &key, &commitment, fresh());
    TAKES(FC_OK, &scene.out);
    fc_test_revocation(&scene.acme, &scene.fed, 0, FC_REVOKE_REMOVE, fresh());
    TAKES(FC_OK, &scene.out);
    JUDGES(FC_E_REVOKED, &scene.acme, 1, 1);
    fc_test_federation_finish(&old);
}

int main(void)
{
#define LINES(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    static const struct CMUnitTest tests[] = {
        LINES(incarnation_never_falls),
        LINES(within_an_incarnation_key_and_floor_stay),
        LINES(the_other_of_two_certificates_speaks_for_nobody),
        LINES(next_g_ends_the_recoveries_of_the_one_before),
        LINES(renewal_with_the_recovered_key_goes_on),
        LINES(lines_are_the_same_in_every_order),
        LINES(fork_is_not_forgotten_in_a_rotation),
        LINES(fork_by_a_key_that_was_not_carried_says_nothing),
        LINES(takedowns_are_found_among_many),
        LINES(rivals_are_bounded),
        cmocka_unit_test_setup_teardown(what_does_not_count_is_bounded, setup_one_governor,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
