#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/pack.h"
#include "tests/support/keys.h"
#include "tests/support/rewrite.h"

struct fixture {
    struct fc_test_federation fed;
    struct fc_test_party party;
};

static int setup(void **state)
{
    static struct fixture fixture;
    fc_test_federation_init(&fixture.fed, "record", 3);
    fc_test_party_init(&fixture.party, &fixture.fed, "acme");
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    fc_test_party_finish(&fixture->party);
    fc_test_federation_finish(&fixture->fed);
    return 0;
}

static void make_application(const struct fixture *f, struct fc_buf *out)
{
    struct fc_application application = {f->party.certificate};
    struct fc_test_key signers[2] = {f->party.feed, f->party.recovery};
    struct fc_buf body = {0};
    application.wanted.g = 0;
    application.wanted.charter = (struct fc_hash){{0}};
    assert_int_equal(fc_application_body(&application, &body), FC_OK);
    fc_test_sign(FC_RECORD_APPLICATION, &body, signers, 2, out);
    fc_buf_finish(&body);
}

static void make_evidence(struct fixture *f, struct fc_buf *out)
{
    struct fc_buf one = {0}, two = {0};
    struct fc_hash root = {{7}};
    struct fc_test_party twin = f->party;
    fc_test_next_head(&f->party, fc_span("\x90", 1), &root, 1, 10, &one);
    fc_test_next_head(&twin, fc_span("\x90", 1), &root, 1, 11, &two);
    fc_test_evidence(&f->fed, &one, &two, out);
    fc_buf_finish(&one);
    fc_buf_finish(&two);
}

enum { SAMPLES = 10 };

/* One valid record of each type. */
static void make_samples(struct fixture *f, struct fc_buf samples[SAMPLES])
{
    struct fc_hash a = {{1}}, b = {{2}}, zero = {{0}};
    struct fc_hash carried[3] = {{{9}}, {{3}}, {{5}}};
    memset(samples, 0, SAMPLES * sizeof *samples);
    fc_buf_append(&samples[1], f->party.certificate_record.data, f->party.certificate_record.len);
    fc_test_revocation(&f->party, &f->fed, fc_version_make(1, 3), FC_REVOKE_FREEZE, &samples[2]);
    fc_test_takedown(&f->party, &f->fed, &a, &b, &samples[3]);
    fc_test_descriptor(&f->party, &f->party.node, "tcp://node.example:7070", 4, &samples[4]);
    fc_test_checkpoint(&f->party, &f->fed, &a, 3, 4000, &samples[5]);
    fc_test_next_head(&f->party, fc_span("\x90", 1), &zero, 0, 0, &samples[6]);
    make_application(f, &samples[7]);
    make_evidence(f, &samples[8]);
    fc_test_rotate(&f->fed, "record new", 4, carried, 3);
    fc_buf_append(&samples[0], f->fed.charter_record.data, f->fed.charter_record.len);
    fc_buf_append(&samples[9], f->fed.carry_record.data, f->fed.carry_record.len);
}

static void free_samples(struct fc_buf samples[SAMPLES])
{
    for (int i = 0; i < SAMPLES; i++)
        fc_buf_finish(&samples[i]);
}

static void test_round_trip(void **state)
{
    struct fixture *f = *state;
    struct fc_buf samples[SAMPLES];
    assert_true(fc_test_rewrite_record(fc_buf_span(&f->fed.charter_record)));
    make_samples(f, samples);
    uint32_t seen = 0;
    for (int i = 0; i < SAMPLES; i++) {
        struct fc_record record = fc_test_parse(&samples[i]);
        seen |= 1u << record.type;
        assert_int_equal(fc_record_check_body(&record), FC_OK);
        assert_true(fc_test_rewrite_record(fc_buf_span(&samples[i])));
    }
    assert_int_equal(seen, 0x7fe);
    free_samples(samples);
}

static uint32_t draw(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33);
}

/* One small change: a byte, a cut, an insertion, a repetition. */
static void mutate(struct fc_buf *buf, uint64_t *seed)
{
    size_t at = draw(seed) % buf->len;
    switch (draw(seed) % 5) {
    case 0:
        buf->data[at] ^= (uint8_t)(1u << draw(seed) % 8);
        break;
    case 1:
        buf->data[at] = (uint8_t)draw(seed);
        break;
    case 2:
        buf->len = at;
        break;
    case 3:
        fc_buf_append(buf, "\xc0", 1);
        memmove(buf->data + at + 1, buf->data + at, buf->len - 1 - at);
        buf->data[at] = (uint8_t)draw(seed);
        break;
    default:
        memmove(buf->data + at, buf->data + at + 1, buf->len - 1 - at);
        buf->len--;
        break;
    }
}

static void test_mutations(void **state)
{
    struct fc_buf samples[SAMPLES], buf = {0};
    uint64_t seed = 42;
    unsigned refused = 0, taken = 0;
    make_samples(*state, samples);
    for (int i = 0; i < SAMPLES * 2000; i++) {
        const struct fc_buf *sample = &samples[i % SAMPLES];
        fc_buf_clear(&buf);
        fc_buf_append(&buf, sample->data, sample->len);
        mutate(&buf, &seed);
        if (fc_test_rewrite_record(fc_buf_span(&buf)))
            taken++;
        else
            refused++;
    }
    assert_true(refused > 1000 && taken > 1000);
    fc_buf_finish(&buf);
    free_samples(samples);
}

/* Every proper prefix and every record with a byte after it is refused. */
static void test_cut(void **state)
{
    struct fc_buf samples[SAMPLES];
    make_samples(*state, samples);
    for (int i = 0; i < SAMPLES; i++) {
        for (size_t len = 0; len < samples[i].len; len++)
            assert_false(fc_test_rewrite_record(fc_span(samples[i].data, len)));
        fc_buf_append(&samples[i], "\xc0", 1);
        assert_false(fc_test_rewrite_record(fc_buf_span(&samples[i])));
    }
    free_samples(samples);
}

static void test_personal_strings_differ(void **state)
{
    (void)state;
    struct fc_span body = fc_span("\x90", 1);
    for (int a = FC_RECORD_CHARTER; a <= FC_RECORD_APPLICATION; a++) {
        assert_non_null(fc_record_type_name((enum fc_record_type)a));
        for (int b = FC_RECORD_CHARTER; b < a; b++) {
            struct fc_hash left = fc_record_hash((enum fc_record_type)a, body);
            struct fc_hash right = fc_record_hash((enum fc_record_type)b, body);
            assert_false(fc_hash_eq(&left, &right));
        }
    }
    assert_null(fc_record_type_name((enum fc_record_type)0));
    assert_null(fc_record_type_name((enum fc_record_type)11));
}

static void write_raw(struct fc_buf *out, uint64_t type, struct fc_span body,
                      const uint8_t *signers, uint32_t count)
{
    uint8_t key[32], sig[64] = {0};
    fc_pack_array(out, 3);
    fc_pack_uint(out, type);
    fc_pack_bin(out, body);
    fc_pack_array(out, count);
    for (uint32_t i = 0; i < count; i++) {
        memset(key, signers[i], sizeof key);
        fc_pack_array(out, 2);
        fc_pack_bin(out, fc_span(key, sizeof key));
        fc_pack_bin(out, fc_span(sig, sizeof sig));
    }
}

static enum fc_err parse_raw(uint64_t type, struct fc_span body, const uint8_t *signers,
                             uint32_t count)
{
    struct fc_buf buf = {0};
    struct fc_record record;
    write_raw(&buf, type, body, signers, count);
    enum fc_err err = fc_record_parse(fc_buf_span(&buf), &record);
    fc_buf_finish(&buf);
    return err;
}

static void test_signers(void **state)
{
    struct fixture *f = *state;
    struct fc_record record = fc_test_parse(&f->party.certificate_record);
    uint8_t many[FC_SIGNATURES_MAX + 1];
    for (unsigned i = 0; i < sizeof many; i++)
        many[i] = (uint8_t)i;
    assert_int_equal(parse_raw(3, record.body, (const uint8_t *)"\1\2\3", 3), FC_OK);
    assert_int_equal(parse_raw(3, record.body, (const uint8_t *)"\1\2\2", 3), FC_E_FORMAT);
    assert_int_equal(parse_raw(3, record.body, (const uint8_t *)"\2\1", 2), FC_E_FORMAT);
    assert_int_equal(parse_raw(3, record.body, many, FC_SIGNATURES_MAX), FC_OK);
    assert_int_equal(parse_raw(3, record.body, many, FC_SIGNATURES_MAX + 1), FC_E_BOUND);
    assert_int_equal(parse_raw(3, record.body, NULL, 0), FC_OK);
    assert_int_equal(parse_raw(0, record.body, NULL, 0), FC_E_FORMAT);
    assert_int_equal(parse_raw(11, record.body, NULL, 0), FC_E_FORMAT);
    assert_int_equal(parse_raw(UINT64_MAX, record.body, NULL, 0), FC_E_FORMAT);
    /* Kinds that one key signs, two sign, and none does. */
    static const struct {
        uint64_t type;
        uint32_t most;
    } kinds[] = {{FC_RECORD_HEAD, 1},        {FC_RECORD_DESCRIPTOR, 1}, {FC_RECORD_CHECKPOINT, 1},
                 {FC_RECORD_APPLICATION, 2}, {FC_RECORD_CARRY, 0},      {FC_RECORD_EVIDENCE, 0}};
    for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        assert_int_equal(parse_raw(kinds[i].type, record.body, many, kinds[i].most), FC_OK);
        assert_int_equal(parse_raw(kinds[i].type, record.body, many, kinds[i].most + 1),
                         FC_E_FORMAT);
    }
}

static void test_write_refuses(void **state)
{
    struct fixture *f = *state;
    struct fc_record record = fc_test_parse(&f->party.certificate_record);
    struct fc_signature two[2] = {{{{1}}, {{0}}}, {{{1}}, {{0}}}};
    struct fc_buf out = {0};
    assert_int_equal(fc_record_write(FC_RECORD_CERTIFICATE, record.body, two, 2, &out), FC_E_ARG);
    assert_int_equal(fc_record_write((enum fc_record_type)99, record.body, two, 1, &out), FC_E_ARG);
    assert_int_equal(fc_record_write(FC_RECORD_HEAD, record.body, two, 2, &out), FC_E_BOUND);
    assert_int_equal(fc_record_write(FC_RECORD_HEAD, fc_span("\xc0", 1), two, 1, &out), FC_E_ARG);
    assert_int_equal(fc_record_write(FC_RECORD_HEAD, fc_span("", 0), two, 1, &out), FC_E_ARG);
    assert_int_equal(
        fc_record_sign((enum fc_record_type)0, record.body, &f->party.feed.secret, &out), FC_E_ARG);
    assert_int_equal(fc_record_sign(FC_RECORD_CARRY, record.body, &f->party.feed.secret, &out),
                     FC_E_BOUND);
    assert_int_equal(out.len, 0);
    fc_buf_finish(&out);
}

/* A body of any size: [format, federation, filler]. */
static void make_body(struct fc_buf *out, size_t len)
{
    uint8_t federation[32] = {1};
    uint8_t *filler = calloc(1, len);
    fc_buf_clear(out);
    fc_pack_array(out, 3);
    fc_pack_uint(out, FC_FORMAT);
    fc_pack_bin(out, fc_span(federation, sizeof federation));
    size_t left = len - out->len;
    fc_pack_bin(out, fc_span(filler, left - (left - 3 <= UINT16_MAX ? 3 : 5)));
    assert_int_equal(out->len, len);
    free(filler);
}

static void test_size_bound(void **state)
{
    (void)state;
    static const struct {
        enum fc_record_type type;
        size_t most;
    } kinds[] = {{FC_RECORD_CHARTER, FC_RECORD_BYTES_MAX},
                 {FC_RECORD_EVIDENCE, FC_EVIDENCE_BYTES_MAX},
                 {FC_RECORD_CARRY, FC_CARRY_BYTES_MAX}};
    for (int i = 0; i < 3; i++) {
        struct fc_buf body = {0}, out = {0};
        struct fc_record record;
        size_t lead = kinds[i].most > UINT16_MAX + 6 ? 8 : 6; /* around the body: both edges fit */
        make_body(&body, kinds[i].most - lead);
        assert_int_equal(fc_record_write(kinds[i].type, fc_buf_span(&body), NULL, 0, &out), FC_OK);
        assert_true(out.len <= kinds[i].most && out.len + 4 > kinds[i].most);
        assert_int_equal(fc_record_parse(fc_buf_span(&out), &record), FC_OK);
        while (out.len <= kinds[i].most) {
            fc_buf_clear(&out);
            make_body(&body, body.len + 1);
            write_raw(&out, kinds[i].type, fc_buf_span(&body), NULL, 0);
        }
        assert_int_equal(fc_record_parse(fc_buf_span(&out), &record), FC_E_BOUND);
        fc_buf_clear(&out);
        assert_int_equal(fc_record_write(kinds[i].type, fc_buf_span(&body), NULL, 0, &out),
                         FC_E_BOUND);
        assert_int_equal(out.len, 0);
        fc_buf_finish(&body);
        fc_buf_finish(&out);
    }
}

static void test_cosign(void **state)
{
    struct fixture *f = *state;
    struct fc_buf body = {0}, one = {0}, two = {0}, both = {0}, again = {0};
    assert_int_equal(fc_certificate_body(&f->party.certificate, &body), FC_OK);
    fc_test_sign(FC_RECORD_CERTIFICATE, &body, NULL, 0, &one);
    struct fc_record record = fc_test_parse(&one);
    assert_false(fc_record_signed_by(&record, &f->fed.governors[2].pub));
    assert_int_equal(fc_record_cosign(&record, &f->fed.governors[2].secret, &two), FC_OK);
    record = fc_test_parse(&two);
    assert_true(fc_record_signed_by(&record, &f->fed.governors[2].pub));
    assert_int_equal(fc_record_cosign(&record, &f->fed.governors[0].secret, &both), FC_OK);
    record = fc_test_parse(&both);
    assert_int_equal(record.signature_count, 2);
    assert_true(fc_record_signed_by(&record, &f->fed.governors[0].pub));
    assert_true(fc_record_signed_by(&record, &f->fed.governors[2].pub));
    assert_false(fc_record_signed_by(&record, &f->fed.governors[1].pub));
    assert_int_equal(fc_record_cosign(&record, &f->fed.governors[2].secret, &again), FC_OK);
    assert_true(fc_span_eq(fc_buf_span(&both), fc_buf_span(&again)));
    again.data[again.len - 1] ^= 1;
    record = fc_test_parse(&again);
    assert_false(fc_record_signed_by(&record, &f->fed.governors[2].pub));
    fc_buf_finish(&body);
    fc_buf_finish(&one);
    fc_buf_finish(&two);
    fc_buf_finish(&both);
    fc_buf_finish(&again);
}

/* Two governors' worth of charter fields, each fault refused by the writer; and what a writer
 * without scruples would send is refused by the reader, since both ask the same rule. */
static enum fc_err write_charter(const struct fc_charter *charter)
{
    struct fc_buf body = {0};
    enum fc_err err = fc_charter_body(charter, &body);
    if (err != FC_OK)
        assert_int_equal(body.len, 0);
    fc_buf_finish(&body);
    return err;
}

static void test_charter_rules(void **state)
{
    struct fixture *f = *state;
    struct fc_charter good = f->fed.charter, bad;
    struct fc_hash some = {{1}};
    assert_int_equal(write_charter(&good), FC_OK);
#define REFUSED(change)                                                                            \
    do {                                                                                           \
        bad = good;                                                                                \
        change;                                                                                    \
        assert_int_equal(write_charter(&bad), FC_E_ARG);                                           \
    } while (0)
    REFUSED(bad.version = 0);
    REFUSED(bad.version = FC_NUMBER_MAX + 1);
    REFUSED(bad.version = 2);
    REFUSED(bad.federation = some);
    REFUSED(bad.previous = some);
    REFUSED(bad.name = fc_span("", 0));
    REFUSED(bad.name = fc_span_str("two\nlines"));
    REFUSED(bad.name = fc_span("\xc2\x9b", 2));
    REFUSED(bad.name = fc_span("\xff", 1));
    REFUSED(bad.governor_count = 0);
    REFUSED(bad.governor_count = FC_GOVERNORS_MAX + 1);
    REFUSED(bad.governors[1] = bad.governors[0]);
    REFUSED(bad.governors[0] = bad.governors[2]);
    REFUSED(bad.governors[0].country = fc_span_str("fr"));
    REFUSED(bad.governors[0].country = fc_span_str("FRA"));
    REFUSED(bad.governors[0].key = (struct fc_key){{0}});
    REFUSED(bad.quorum = 1);
    REFUSED(bad.quorum = 4);
    REFUSED(bad.admit = 0);
    REFUSED(bad.admit = 4);
    REFUSED(bad.format = 2);
    REFUSED(bad.carried_count = 1);
    REFUSED(bad.carried = some);
    REFUSED((bad.carried_count = 1, bad.carried = some));
    good.version = 2;
    good.federation = good.previous = f->fed.id;
    assert_int_equal(write_charter(&good), FC_OK);
    REFUSED(bad.previous = some);
    REFUSED(bad.federation = (struct fc_hash){{0}});
    REFUSED(bad.version = 3);
    good.carried = some;
    good.carried_count = FC_CARRIED_MAX;
    assert_int_equal(write_charter(&good), FC_OK);
    REFUSED(bad.carried_count++);
#undef REFUSED
}

/* The largest charter, fully signed by old and new governors, fits a record. */
static void test_largest_charter(void **state)
{
    (void)state;
    char name[FC_TEXT_BYTES_MAX + 1];
    struct fc_test_federation fed;
    struct fc_buf body = {0}, out = {0};
    struct fc_test_key signers[FC_SIGNATURES_MAX];
    memset(name, 'n', sizeof name);
    fc_test_federation_init(&fed, "many", FC_GOVERNORS_MAX);
    fed.charter.name = fc_span(name, FC_TEXT_BYTES_MAX);
    for (int i = 0; i < FC_GOVERNORS_MAX; i++)
        fed.charter.governors[i].name = fc_span(name, FC_TEXT_BYTES_MAX);
    assert_int_equal(fc_charter_body(&fed.charter, &body), FC_OK);
    for (unsigned i = 0; i < FC_SIGNATURES_MAX; i++)
        signers[i] = fc_test_key("signer", i);
    fc_test_sign(FC_RECORD_CHARTER, &body, signers, FC_SIGNATURES_MAX, &out);
    assert_true(fc_test_rewrite_record(fc_buf_span(&out)));
    fed.charter.governors[63].name = fc_span(name, FC_TEXT_BYTES_MAX + 1);
    assert_int_equal(write_charter(&fed.charter), FC_E_ARG);
    fc_buf_finish(&body);
    fc_buf_finish(&out);
    fc_test_federation_finish(&fed);
}

static enum fc_err write_certificate(const struct fc_certificate *certificate)
{
    struct fc_buf body = {0};
    enum fc_err err = fc_certificate_body(certificate, &body);
    fc_buf_finish(&body);
    return err;
}

static void test_certificate_rules(void **state)
{
    struct fixture *f = *state;
    struct fc_certificate good = f->party.certificate, bad;
    struct fc_test_key other = fc_test_key("other", 0);
    assert_int_equal(write_certificate(&good), FC_OK);
#define REFUSED(change)                                                                            \
    do {                                                                                           \
        bad = good;                                                                                \
        change;                                                                                    \
        assert_int_equal(write_certificate(&bad), FC_E_ARG);                                       \
    } while (0)
    REFUSED(bad.g = 0);
    REFUSED(bad.feed_key = other.pub);
    REFUSED(bad.participant.b[0] ^= 1);
    REFUSED(memset(&bad.charter, 0, sizeof bad.charter));
    REFUSED(memset(&bad.federation, 0, sizeof bad.federation));
    REFUSED(bad.incarnation = 0);
    REFUSED(bad.floor = FC_SEQ_MAX);
    REFUSED(bad.quota_bytes = FC_NUMBER_MAX + 1);
    REFUSED(bad.not_after_ms = bad.not_before_ms - 1);
    REFUSED(bad.country = fc_span_str("F"));
    REFUSED(bad.url = fc_span("", 0));
    REFUSED((bad.g = 2, bad.feed_key = bad.recovery_key));
    good.endpoint_count = FC_ENDPOINTS_MAX;
    for (int i = 0; i < FC_ENDPOINTS_MAX; i++)
        good.endpoints[i] = fc_span_str("tcp://[2001:db8::1]:65535");
    assert_int_equal(write_certificate(&good), FC_OK);
    REFUSED(memset(&bad.node_key, 0, sizeof bad.node_key));
    REFUSED(bad.endpoints[7] = fc_span_str("tcp://host:65536"));
    REFUSED(bad.endpoint_count++);
    bad = good;
    bad.g = 2;
    bad.feed_key = other.pub;
    bad.floor = FC_SEQ_MAX - 1;
    bad.quota_bytes = FC_NUMBER_MAX;
    assert_int_equal(write_certificate(&bad), FC_OK);
#undef REFUSED
}

static void test_head_rules(void **state)
{
    struct fixture *f = *state;
    struct fc_buf out = {0};
    struct fc_hash root = {{5}};
    fc_test_next_head(&f->party, fc_span("\x90", 1), &root, 1, 1, &out);
    struct fc_head good = f->party.head, bad;
#define REFUSED(change)                                                                            \
    do {                                                                                           \
        bad = good;                                                                                \
        change;                                                                                    \
        fc_buf_clear(&out);                                                                        \
        assert_int_equal(fc_head_body(&bad, &out), FC_E_ARG);                                      \
    } while (0)
    REFUSED(bad.version = 0);
    REFUSED(bad.version = fc_version_make(1, 0));
    REFUSED(bad.version = fc_version_make(0, 1));
    REFUSED(bad.previous = root);
    REFUSED(bad.entries = 0);
    REFUSED(memset(&bad.root, 0, sizeof bad.root));
    REFUSED((memset(&bad.root, 0, sizeof bad.root), bad.entries = 0));
    REFUSED(memset(&bad.ops, 0, sizeof bad.ops));
    REFUSED(bad.time_ms = FC_NUMBER_MAX + 1);
#undef REFUSED
    good.version = fc_version_make(UINT16_MAX, FC_SEQ_MAX);
    good.previous = root;
    good.entries = good.bytes = good.time_ms = FC_NUMBER_MAX;
    fc_buf_clear(&out);
    assert_int_equal(fc_head_body(&good, &out), FC_OK);
    fc_buf_finish(&out);
}

static void test_other_rules(void **state)
{
    struct fixture *f = *state;
    struct fc_buf out = {0};
    struct fc_hash a = {{1}};
    struct fc_revocation revocation = {f->fed.id, a, a, 1, 0, {{0}}, FC_REVOKE_REMOVE, {NULL, 0}};
    assert_int_equal(fc_revocation_body(&revocation, &out), FC_OK);
    revocation.last_head = a;
    assert_int_equal(fc_revocation_body(&revocation, &out), FC_E_ARG);
    revocation.last_valid = fc_version_make(1, 1);
    assert_int_equal(fc_revocation_body(&revocation, &out), FC_OK);
    revocation.last_valid = 1;
    assert_int_equal(fc_revocation_body(&revocation, &out), FC_E_ARG);
    revocation.last_valid = fc_version_make(1, 1);
    revocation.mode = (enum fc_revocation_mode)3;
    assert_int_equal(fc_revocation_body(&revocation, &out), FC_E_ARG);
    revocation.mode = FC_REVOKE_FREEZE;
    revocation.g = 0;
    assert_int_equal(fc_revocation_body(&revocation, &out), FC_E_ARG);
    struct fc_hash three[3] = {{{1}}, {{2}}, {{2}}};
    struct fc_carry carry = {f->fed.id, 2, 2, fc_span(three, 64)};
    assert_int_equal(fc_carry_body(&carry, &out), FC_OK);
    carry.hashes.len = 96;
    assert_int_equal(fc_carry_body(&carry, &out), FC_E_ARG);
    carry.count = 3;
    assert_int_equal(fc_carry_body(&carry, &out), FC_E_ARG);
    carry.count = 0;
    carry.hashes.len = 0;
    assert_int_equal(fc_carry_body(&carry, &out), FC_OK);
    carry.version = 1;
    assert_int_equal(fc_carry_body(&carry, &out), FC_E_ARG);
    fc_buf_finish(&out);
}

static void test_largest_carry(void **state)
{
    struct fixture *f = *state;
    struct fc_hash *hashes = calloc(FC_CARRIED_MAX + 1, sizeof *hashes);
    struct fc_buf body = {0}, out = {0};
    assert_non_null(hashes);
    for (uint32_t i = 0; i <= FC_CARRIED_MAX; i++)
        fc_put_be32(hashes[i].b, i);
    struct fc_carry carry = {f->fed.id, 2, FC_CARRIED_MAX, fc_span(hashes, 32 * FC_CARRIED_MAX)};
    assert_int_equal(fc_carry_body(&carry, &body), FC_OK);
    fc_test_sign(FC_RECORD_CARRY, &body, NULL, 0, &out);
    assert_true(fc_test_rewrite_record(fc_buf_span(&out)));
    carry.count++;
    carry.hashes.len += 32;
    assert_int_equal(fc_carry_body(&carry, &body), FC_E_ARG);
    fc_buf_clear(&body);
    fc_pack_array(&body, 4);
    fc_pack_uint(&body, FC_FORMAT);
    fc_pack_bin(&body, fc_span(f->fed.id.b, 32));
    fc_pack_uint(&body, 2);
    fc_pack_bin(&body, carry.hashes);
    fc_buf_clear(&out);
    fc_test_sign(FC_RECORD_CARRY, &body, NULL, 0, &out);
    struct fc_record record = fc_test_parse(&out);
    assert_int_equal(fc_record_check_body(&record), FC_E_BOUND);
    fc_buf_finish(&body);
    fc_buf_finish(&out);
    free(hashes);
}

static void test_evidence_rules(void **state)
{
    struct fixture *f = *state;
    struct fc_buf record = {0}, out = {0};
    struct fc_evidence good, bad;
    make_evidence(f, &record);
    struct fc_record parsed = fc_test_parse(&record);
    assert_int_equal(fc_evidence_parse(&parsed, &good), FC_OK);
    bad = (struct fc_evidence){good.federation, good.second, good.first};
    assert_int_equal(fc_evidence_body(&bad, &out), FC_E_ARG);
    bad = (struct fc_evidence){good.federation, good.first, good.first};
    assert_int_equal(fc_evidence_body(&bad, &out), FC_E_ARG);
    bad = (struct fc_evidence){good.federation, good.first,
                               fc_buf_span(&f->party.certificate_record)};
    assert_int_equal(fc_evidence_body(&bad, &out), FC_E_ARG);
    bad = good;
    bad.federation.b[0] ^= 1;
    assert_int_equal(fc_evidence_body(&bad, &out), FC_E_ARG);
    bad = good;
    bad.first.len--;
    assert_int_equal(fc_evidence_body(&bad, &out), FC_E_ARG);
    bad.first = fc_buf_span(&record); /* evidence about evidence */
    assert_int_equal(fc_evidence_body(&bad, &out), FC_E_ARG);
    fc_buf_finish(&record);
    fc_buf_finish(&out);
}

static void test_application(void **state)
{
    struct fixture *f = *state;
    struct fc_application application = {f->party.certificate};
    struct fc_buf out = {0};
    assert_int_equal(fc_application_body(&application, &out), FC_E_ARG);
    application.wanted.g = 0;
    assert_int_equal(fc_application_body(&application, &out), FC_E_ARG);
    memset(&application.wanted.charter, 0, 32);
    assert_int_equal(fc_application_body(&application, &out), FC_OK);
    application.wanted.participant.b[0] ^= 1;
    assert_int_equal(fc_application_body(&application, &out), FC_E_ARG);
    application.wanted.incarnation = 2; /* of one who has been a participant under other keys */
    assert_int_equal(fc_application_body(&application, &out), FC_OK);
    fc_buf_finish(&out);
}

static void test_versions(void **state)
{
    (void)state;
    fc_version version = fc_version_make(UINT16_MAX, FC_SEQ_MAX);
    assert_true(version == UINT64_MAX);
    assert_int_equal(fc_version_incarnation(version), UINT16_MAX);
    assert_true(fc_version_seq(version) == FC_SEQ_MAX);
    assert_true(fc_version_make(1, FC_SEQ_MAX) < fc_version_make(2, 1));
}

/* The golden first charter must not depend on who signed, nor on the order. */
static void test_hash_ignores_signatures(void **state)
{
    struct fixture *f = *state;
    struct fc_buf body = {0}, one = {0};
    assert_int_equal(fc_charter_body(&f->fed.charter, &body), FC_OK);
    fc_test_sign(FC_RECORD_CHARTER, &body, f->fed.governors + 1, 1, &one);
    struct fc_record few = fc_test_parse(&one);
    struct fc_record all = fc_test_parse(&f->fed.charter_record);
    assert_true(fc_hash_eq(&few.hash, &all.hash));
    assert_true(fc_hash_is_zero(&all.federation));
    assert_int_equal(all.signature_count, 3);
    fc_buf_finish(&body);
    fc_buf_finish(&one);
}

/* Memory that runs out while writing is told, at every writer. */
static void test_no_memory(void **state)
{
    struct fixture *f = *state;
    struct fc_buf full = {.failed = true}, evidence = {0};
    struct fc_application application = {f->party.certificate};
    struct fc_carry carry = {f->fed.id, 2, 0, {NULL, 0}};
    struct fc_hash a = {{1}};
    struct fc_revocation revocation = {f->fed.id, a, a, 1, 0, {{0}}, FC_REVOKE_REMOVE, {NULL, 0}};
    struct fc_takedown takedown = {f->fed.id, a, a, a, a, {NULL, 0}};
    struct fc_descriptor descriptor = {f->fed.id, a, f->party.node.pub};
    struct fc_checkpoint checkpoint = {f->fed.id, a, f->party.node.pub, a};
    struct fc_record record = fc_test_parse(&f->party.certificate_record);
    struct fc_evidence two;
    make_evidence(f, &evidence);
    struct fc_record parsed = fc_test_parse(&evidence);
    assert_int_equal(fc_evidence_parse(&parsed, &two), FC_OK);
    application.wanted.g = 0;
    memset(&application.wanted.charter, 0, 32);
    assert_int_equal(fc_charter_body(&f->fed.charter, &full), FC_E_NOMEM);
    assert_int_equal(fc_carry_body(&carry, &full), FC_E_NOMEM);
    assert_int_equal(fc_certificate_body(&f->party.certificate, &full), FC_E_NOMEM);
    assert_int_equal(fc_revocation_body(&revocation, &full), FC_E_NOMEM);
    assert_int_equal(fc_takedown_body(&takedown, &full), FC_E_NOMEM);
    assert_int_equal(fc_descriptor_body(&descriptor, &full), FC_E_NOMEM);
    assert_int_equal(fc_evidence_body(&two, &full), FC_E_NOMEM);
    assert_int_equal(fc_checkpoint_body(&checkpoint, &full), FC_E_NOMEM);
    assert_int_equal(fc_head_body(&f->party.head, &full), FC_E_NOMEM);
    assert_int_equal(fc_application_body(&application, &full), FC_E_NOMEM);
    assert_int_equal(fc_record_write(record.type, record.body, NULL, 0, &full), FC_E_NOMEM);
    assert_int_equal(fc_record_cosign(&record, &f->party.recovery.secret, &full), FC_E_NOMEM);
    assert_int_equal(full.len, 0);
    fc_buf_finish(&evidence);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_round_trip),
        TEST(test_mutations),
        TEST(test_cut),
        TEST(test_personal_strings_differ),
        TEST(test_signers),
        TEST(test_write_refuses),
        TEST(test_size_bound),
        TEST(test_cosign),
        TEST(test_charter_rules),
        TEST(test_largest_charter),
        TEST(test_certificate_rules),
        TEST(test_head_rules),
        TEST(test_other_rules),
        TEST(test_largest_carry),
        TEST(test_evidence_rules),
        TEST(test_application),

        TEST(test_versions),
        TEST(test_hash_ignores_signatures),
        TEST(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
