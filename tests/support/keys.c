#include "tests/support/keys.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/merkle.h"

static void must(enum fc_err err)
{
    if (err == FC_OK)
        return;
    fprintf(stderr, "test support: %s\n", fc_err_text(err));
    abort();
}

void fc_test_seed(const char *label, unsigned index, uint8_t seed[32])
{
    uint8_t number[4];
    must(fc_crypto_init());
    fc_put_be32(number, index);
    struct fc_hash hash =
        fc_hash2("fedcat.test.1", fc_span(number, sizeof number), fc_span_str(label));
    memcpy(seed, hash.b, 32);
}

struct fc_test_key fc_test_key(const char *label, unsigned index)
{
    uint8_t seed[32];
    struct fc_test_key key;
    fc_test_seed(label, index, seed);
    fc_sign_key_from_seed(seed, &key.secret, &key.pub);
    return key;
}

struct fc_test_box fc_test_box(const char *label, unsigned index)
{
    uint8_t seed[32];
    struct fc_test_box box;
    fc_test_seed(label, index, seed);
    fc_box_key_from_seed(seed, &box.secret, &box.pub);
    return box;
}

void fc_test_sign(enum fc_record_type type, const struct fc_buf *body,
                  const struct fc_test_key *signers, uint32_t count, struct fc_buf *out)
{
    struct fc_signature signatures[FC_SIGNATURES_MAX];
    struct fc_hash hash = fc_record_hash(type, fc_buf_span(body));
    uint32_t unique = 0;
    assert(count <= FC_SIGNATURES_MAX);
    for (uint32_t i = 0; i < count; i++) {
        bool again = false;
        for (uint32_t j = 0; j < unique; j++)
            again = again || fc_key_eq(&signatures[j].signer, &signers[i].pub);
        if (!again)
            signatures[unique++] =
                (struct fc_signature){signers[i].pub, fc_sign(&signers[i].secret, &hash)};
    }
    must(fc_record_write(type, fc_buf_span(body), signatures, unique, out));
}

struct fc_record fc_test_parse(const struct fc_buf *bytes)
{
    struct fc_record record;
    must(fc_record_parse(fc_buf_span(bytes), &record));
    return record;
}

static int compare_keys(const void *a, const void *b)
{
    const struct fc_test_key *left = a, *right = b;
    return fc_key_cmp(&left->pub, &right->pub);
}

static void make_governors(struct fc_test_federation *fed, const char *label, uint32_t count)
{
    static const char *const countries[] = {"FR", "DE", "IT", "NL", "ES", "PL"};
    static const char *const names[] = {"Governor one", "Governor two", "Governor three"};
    fed->governor_count = count;
    for (uint32_t i = 0; i < count; i++)
        fed->governors[i] = fc_test_key(label, i);
    qsort(fed->governors, count, sizeof *fed->governors, compare_keys);
    fed->charter.governor_count = count;
    for (uint32_t i = 0; i < count; i++)
        fed->charter.governors[i] = (struct fc_governor){
            fc_span_str(names[i % 3]), fc_span_str(countries[i % 6]), fed->governors[i].pub};
    fed->charter.quorum = count / 2 + 1;
    fed->charter.admit = count > 1 ? 2 : 1;
}

void fc_test_federation_init(struct fc_test_federation *fed, const char *label, uint32_t governors)
{
    struct fc_buf body = {0};
    memset(fed, 0, sizeof *fed);
    make_governors(fed, label, governors);
    fed->charter.version = 1;
    fed->charter.name = fc_span_str("A federation under test");
    fed->charter.format = FC_FORMAT;
    fed->charter.heartbeat_ms = 3600 * 1000;
    fed->charter.quota_entries = 1000000;
    fed->charter.quota_bytes = (uint64_t)1 << 33;
    fed->charter.quota_ops = FC_OPS_MAX;
    fed->charter.quota_nodes = 4;
    must(fc_charter_body(&fed->charter, &body));
    fc_test_sign(FC_RECORD_CHARTER, &body, fed->governors, governors, &fed->charter_record);
    fed->charter_hash = fc_record_hash(FC_RECORD_CHARTER, fc_buf_span(&body));
    fed->id = fed->charter_hash;
    fc_buf_finish(&body);
}

void fc_test_federation_finish(struct fc_test_federation *fed)
{
    fc_buf_finish(&fed->charter_record);
    fc_buf_finish(&fed->carry_record);
}

static int compare_hashes(const void *a, const void *b)
{
    return fc_hash_cmp(a, b);
}

static void make_carry(struct fc_test_federation *fed, const struct fc_hash *carried,
                       uint32_t count)
{
    struct fc_buf body = {0}, hashes = {0};
    fc_buf_append(&hashes, carried, count * sizeof *carried);
    if (count > 1)
        qsort(hashes.data, count, sizeof *carried, compare_hashes);
    struct fc_carry carry = {fed->id, fed->charter.version, count, fc_buf_span(&hashes)};
    must(fc_carry_body(&carry, &body));
    fc_buf_clear(&fed->carry_record);
    must(fc_record_write(FC_RECORD_CARRY, fc_buf_span(&body), NULL, 0, &fed->carry_record));
    fed->charter.carried_count = count;
    fed->charter.carried = fc_merkle_root(fc_buf_span(&hashes));
    fc_buf_finish(&hashes);
    fc_buf_finish(&body);
}

void fc_test_rotate(struct fc_test_federation *fed, const char *label, uint32_t governors,
                    const struct fc_hash *carried, uint32_t carried_count)
{
    struct fc_test_key signers[2 * FC_GOVERNORS_MAX];
    struct fc_buf body = {0};
    uint32_t old = fed->governor_count;
    memcpy(signers, fed->governors, old * sizeof *signers);
    make_governors(fed, label, governors);
    memcpy(signers + old, fed->governors, governors * sizeof *signers);
    fed->charter.version++;
    fed->charter.federation = fed->id;
    fed->charter.previous = fed->charter_hash;
    make_carry(fed, carried, carried_count);
    must(fc_charter_body(&fed->charter, &body));
    fc_buf_clear(&fed->charter_record);
    fc_test_sign(FC_RECORD_CHARTER, &body, signers, old + governors, &fed->charter_record);
    fed->charter_hash = fc_record_hash(FC_RECORD_CHARTER, fc_buf_span(&body));
    fc_buf_finish(&body);
}

static struct fc_test_key party_key(const struct fc_test_party *party, const char *role,
                                    unsigned index)
{
    char text[64];
    snprintf(text, sizeof text, "%s/%s", party->label, role);
    return fc_test_key(text, index);
}

static void certify_by(struct fc_test_party *party, const struct fc_test_key *signers,
                       uint32_t count)
{
    struct fc_buf body = {0};
    must(fc_certificate_body(&party->certificate, &body));
    fc_buf_clear(&party->certificate_record);
    fc_test_sign(FC_RECORD_CERTIFICATE, &body, signers, count, &party->certificate_record);
    party->certificate_hash = fc_record_hash(FC_RECORD_CERTIFICATE, fc_buf_span(&body));
    fc_buf_finish(&body);
}

void fc_test_certify(struct fc_test_party *party, const struct fc_test_federation *fed)
{
    party->certificate.federation = fed->id;
    party->certificate.charter = fed->charter_hash;
    certify_by(party, fed->governors, fed->charter.admit);
}

void fc_test_party_init(struct fc_test_party *party, const struct fc_test_federation *fed,
                        const char *label)
{
    char text[64];
    memset(party, 0, sizeof *party);
    snprintf(party->label, sizeof party->label, "%s", label);
    party->feed = party_key(party, "feed", 0);
    party->recovery = party_key(party, "recovery", 0);
    snprintf(text, sizeof text, "%s/node", party->label);
    party->node = fc_test_box(text, 0);
    party->id = fc_participant_id(&party->feed.pub, &party->recovery.pub);
    party->certificate = (struct fc_certificate){
        .participant = party->id,
        .g = 1,
        .name = fc_span_str(party->label),
        .country = fc_span_str("FR"),
        .url = fc_span_str("did:web:provider.example"),
        .feed_key = party->feed.pub,
        .recovery_key = party->recovery.pub,
        .incarnation = 1,
        .quota_entries = 1000000,
        .quota_bytes = (uint64_t)1 << 33,
        .quota_ops = FC_OPS_MAX,
        .quota_nodes = 4,
        .heartbeat_ms = 3600 * 1000,
        .node_key = party->node.pub,
        .not_before_ms = FC_TEST_NOW_MS - 1000,
        .not_after_ms = FC_TEST_NOW_MS + (uint64_t)365 * 24 * 3600 * 1000,
    };
    party->head.time_ms = FC_TEST_NOW_MS;
    fc_test_certify(party, fed);
}

void fc_test_party_finish(struct fc_test_party *party)
{
    fc_buf_finish(&party->certificate_record);
}

void fc_test_recover(struct fc_test_party *party, unsigned index, uint64_t floor)
{
    party->feed = party_key(party, "feed", index);
    party->certificate.r++;
    party->certificate.incarnation++;
    party->certificate.floor = floor;
    party->certificate.feed_key = party->feed.pub;
    certify_by(party, &party->recovery, 1);
}

void fc_test_head(const struct fc_test_party *party, const struct fc_head *head, struct fc_buf *out)
{
    struct fc_buf body = {0};
    must(fc_head_body(head, &body));
    fc_test_sign(FC_RECORD_HEAD, &body, &party->feed, 1, out);
    fc_buf_finish(&body);
}

void fc_test_next_head(struct fc_test_party *party, struct fc_span ops, const struct fc_hash *root,
                       uint64_t entries, uint64_t bytes, struct fc_buf *out)
{
    const struct fc_certificate *certificate = &party->certificate;
    struct fc_buf body = {0};
    bool first = fc_version_incarnation(party->head.version) != certificate->incarnation;
    uint64_t seq = first ? certificate->floor + 1 : fc_version_seq(party->head.version) + 1;
    party->head = (struct fc_head){
        .federation = certificate->federation,
        .certificate = party->certificate_hash,
        .participant = party->id,
        .version = fc_version_make(certificate->incarnation, seq),
        .time_ms = party->head.time_ms + 1000,
        .previous = first ? (struct fc_hash){{0}} : party->head_hash,
        .ops = fc_ops_hash(ops),
        .root = *root,
        .entries = entries,
        .bytes = bytes,
    };
    must(fc_head_body(&party->head, &body));
    party->head_hash = fc_record_hash(FC_RECORD_HEAD, fc_buf_span(&body));
    fc_test_sign(FC_RECORD_HEAD, &body, &party->feed, 1, out);
    fc_buf_finish(&body);
}

void fc_test_descriptor(const struct fc_test_party *party, const struct fc_test_box *node,
                        const char *endpoint, uint64_t seq, struct fc_buf *out)
{
    struct fc_buf body = {0};
    struct fc_descriptor descriptor = {
        .federation = party->certificate.federation,
        .participant = party->id,
        .node_key = node->pub,
        .endpoint_count = endpoint ? 1 : 0,
        .region = fc_span_str("FR"),
        .seq = seq,
        .time_ms = FC_TEST_NOW_MS,
    };
    if (endpoint)
        descriptor.endpoints[0] = fc_span_str(endpoint);
    must(fc_descriptor_body(&descriptor, &body));
    fc_test_sign(FC_RECORD_DESCRIPTOR, &body, &party->feed, 1, out);
    fc_buf_finish(&body);
}

void fc_test_revocation(const struct fc_test_party *party, const struct fc_test_federation *fed,
                        fc_version last_valid, enum fc_revocation_mode mode, struct fc_buf *out)
{
    struct fc_buf body = {0};
    struct fc_revocation revocation = {
        .federation = fed->id,
        .charter = fed->charter_hash,
        .participant = party->id,
        .g = party->certificate.g,
        .last_valid = last_valid,
        .mode = mode,
        .reason = fc_span_str("left the federation"),
    };
    must(fc_revocation_body(&revocation, &body));
    fc_test_sign(FC_RECORD_REVOCATION, &body, fed->governors, fed->charter.admit, out);
    fc_buf_finish(&body);
}

void fc_test_takedown(const struct fc_test_party *party, const struct fc_test_federation *fed,
                      const struct fc_hash *key_hash, const struct fc_hash *commitment,
                      struct fc_buf *out)
{
    struct fc_buf body = {0};
    struct fc_takedown takedown = {
        .federation = fed->id,
        .charter = fed->charter_hash,
        .participant = party->id,
        .key = *key_hash,
        .commitment = *commitment,
        .reason = fc_span_str("by order of a court"),
    };
    must(fc_takedown_body(&takedown, &body));
    fc_test_sign(FC_RECORD_TAKEDOWN, &body, fed->governors, fed->charter.admit, out);
    fc_buf_finish(&body);
}

void fc_test_checkpoint(const struct fc_test_party *party, const struct fc_test_federation *fed,
                        const struct fc_hash *digest, uint64_t feeds, uint64_t entries,
                        struct fc_buf *out)
{
    struct fc_buf body = {0};
    struct fc_checkpoint checkpoint = {
        .federation = fed->id,
        .participant = party->id,
        .node_key = party->node.pub,
        .charter = fed->charter_hash,
        .digest = *digest,
        .feeds = feeds,
        .entries = entries,
        .time_ms = FC_TEST_NOW_MS,
    };
    must(fc_checkpoint_body(&checkpoint, &body));
    fc_test_sign(FC_RECORD_CHECKPOINT, &body, &party->feed, 1, out);
    fc_buf_finish(&body);
}

void fc_test_evidence(const struct fc_test_federation *fed, const struct fc_buf *a,
                      const struct fc_buf *b, struct fc_buf *out)
{
    struct fc_buf body = {0};
    struct fc_record left = fc_test_parse(a), right = fc_test_parse(b);
    bool ordered = fc_hash_cmp(&left.hash, &right.hash) < 0;
    struct fc_evidence evidence = {
        .federation = fed->id,
        .first = fc_buf_span(ordered ? a : b),
        .second = fc_buf_span(ordered ? b : a),
    };
    must(fc_evidence_body(&evidence, &body));
    must(fc_record_write(FC_RECORD_EVIDENCE, fc_buf_span(&body), NULL, 0, out));
    fc_buf_finish(&body);
}

struct fc_op fc_test_put(const char *key, const char *content, uint8_t salt[FC_SALT_BYTES])
{
    struct fc_hash drawn = fc_hash2("fedcat.test.1", fc_span_str(key), fc_span_str(content));
    memcpy(salt, drawn.b, FC_SALT_BYTES);
    return (struct fc_op){
        .kind = FC_OP_PUT,
        .key = fc_span_str(key),
        .key_hash = fc_key_hash(fc_span_str(key)),
        .media_type = fc_span_str("application/ld+json"),
        .size = strlen(content),
        .status = FC_STATUS_ACTIVE,
        .commitment = fc_commitment(salt, fc_span_str(content)),
    };
}
