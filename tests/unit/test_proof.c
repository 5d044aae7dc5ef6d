#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "store/pack.h"
#include "store/proof.h"
#include "tests/support/replica.h"

static const char present_key[] = "https://acme.example/offers/17";
static const char absent_key[] = "https://acme.example/offers/none";

/* Places in a proof's outer array. */
enum { CHARTERS = 1, CERTIFICATES, CARRIES, HEAD, STATE, PARTICIPANT, KEY, SALT, CONTENT, CHECKS };

struct scene {
    struct fc_test_federation fed;
    struct fc_test_party acme, other;
    struct fc_test_node node;
    struct fc_buf proof;
};

static int setup(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    struct fc_test_batch batch = {0};
    assert_non_null(scene);
    assert_int_equal(fc_crypto_init(), FC_OK);
    fc_test_federation_init(&scene->fed, "proof", 3);
    fc_test_party_init(&scene->acme, &scene->fed, "acme");
    fc_test_party_init(&scene->other, &scene->fed, "other");
    fc_test_node_init(&scene->node, FC_TEST_MEMORY, &scene->fed, "proof-node");
    fc_test_admit(&scene->node, &scene->fed, &scene->acme);
    assert_int_equal(fc_test_add(&scene->node, &scene->other.certificate_record), FC_OK);
    static char keys[60][64], texts[60][64];
    for (unsigned i = 0; i < 60; i++) {
        snprintf(keys[i], sizeof keys[i], "https://acme.example/offers/%u", i);
        snprintf(texts[i], sizeof texts[i], "{\"id\":\"https://acme.example/offers/%u\"}", i);
        fc_test_batch_put(&batch, keys[i], texts[i]);
    }
    assert_int_equal(fc_test_publish(&scene->node, &scene->acme, &batch, NULL), FC_OK);
    fc_test_batch_finish(&batch);
    *state = scene;
    return 0;
}

static int teardown(void **state)
{
    struct scene *scene = *state;
    fc_buf_finish(&scene->proof);
    fc_test_node_finish(&scene->node);
    fc_test_party_finish(&scene->acme);
    fc_test_party_finish(&scene->other);
    fc_test_federation_finish(&scene->fed);
    free(scene);
    return 0;
}

static enum fc_err check(const struct scene *scene, const struct fc_buf *bytes,
                         struct fc_proof *out)
{
    return fc_proof_check(fc_buf_span(bytes), &scene->fed.id, fc_verifier_plain(), out);
}

/* Makes the proof and checks it. */
static struct fc_proof prove(struct scene *scene, const char *key)
{
    struct fc_proof proof;
    fc_buf_clear(&scene->proof);
    assert_int_equal(
        fc_proof_write(scene->node.replica, &scene->acme.id, fc_span_str(key), &scene->proof),
        FC_OK);
    assert_int_equal(check(scene, &scene->proof, &proof), FC_OK);
    return proof;
}

/* The proof with the value at `place` replaced. */
static enum fc_err check_spliced(const struct scene *scene, int place, const struct fc_buf *value)
{
    struct fc_unpack in;
    struct fc_buf made = {0};
    struct fc_proof proof;
    fc_unpack_init(&in, fc_buf_span(&scene->proof));
    fc_pack_array(&made, fc_unpack_array(&in, 11, 11));
    for (int i = 0; i < 11; i++) {
        struct fc_span item = fc_unpack_any(&in);
        if (i == place)
            item = fc_buf_span(value);
        fc_buf_append(&made, item.data, item.len);
    }
    assert_int_equal(fc_unpack_end(&in), FC_OK);
    enum fc_err err = check(scene, &made, &proof);
    fc_buf_finish(&made);
    return err;
}

static enum fc_err check_with_record(const struct scene *scene, int place, bool in_array,
                                     const struct fc_buf *record)
{
    struct fc_buf value = {0};
    if (in_array)
        fc_pack_array(&value, 1);
    fc_pack_bin(&value, fc_buf_span(record));
    enum fc_err err = check_spliced(scene, place, &value);
    fc_buf_finish(&value);
    return err;
}

static void test_inclusion(void **state)
{
    struct scene *scene = *state;
    struct fc_proof proof = prove(scene, present_key);
    static const char content[] = "{\"id\":\"https://acme.example/offers/17\"}";
    assert_true(proof.present);
    assert_true(proof.has_content);
    assert_true(fc_span_eq(proof.content, fc_span_str(content)));
    assert_true(fc_span_eq(proof.key, fc_span_str(present_key)));
    assert_true(fc_span_eq(proof.entry.key, fc_span_str(present_key)));
    assert_int_equal(proof.entry.status, FC_STATUS_ACTIVE);
    assert_int_equal(proof.entry.size, strlen(content));
    assert_memory_equal(proof.participant.b, scene->acme.id.b, 32);
    assert_true(fc_span_eq(proof.name, scene->acme.certificate.name));
    assert_true(fc_span_eq(proof.country, scene->acme.certificate.country));
    assert_true(fc_span_eq(proof.url, scene->acme.certificate.url));
    assert_int_equal(proof.version, fc_version_make(1, 1));
    assert_int_equal(proof.time_ms, FC_TEST_NOW_MS);
    assert_int_equal(proof.charter_version, 1);
    assert_true(fc_span_eq(proof.charter_name, scene->fed.charter.name));
    assert_int_equal(proof.certificate_signatures, scene->fed.charter.admit);
    assert_int_equal(proof.checkpoint_ms, 0);
    print_message("a proof with a content of %zu bytes: %zu bytes\n", strlen(content),
                  scene->proof.len);
}

static void test_absence(void **state)
{
    struct scene *scene = *state;
    struct fc_proof proof = prove(scene, absent_key);
    assert_false(proof.present);
    assert_false(proof.has_content);
    assert_true(fc_span_eq(proof.key, fc_span_str(absent_key)));
    assert_int_equal(proof.version, fc_version_make(1, 1));
    /* gone after a delete */
    struct fc_test_batch batch = {0};
    assert_true(prove(scene, present_key).present);
    fc_test_batch_delete(&batch, present_key);
    assert_int_equal(fc_test_publish(&scene->node, &scene->acme, &batch, NULL), FC_OK);
    fc_test_batch_finish(&batch);
    proof = prove(scene, present_key);
    assert_false(proof.present);
    assert_int_equal(proof.version, fc_version_make(1, 2));
}

static void test_content_that_is_not_here(void **state)
{
    struct scene *scene = *state;
    struct fc_hash key_hash = fc_key_hash(fc_span_str(present_key));
    assert_int_equal(fc_replica_begin(scene->node.replica), FC_OK);
    assert_int_equal(fc_replica_takedown_local(scene->node.replica, &scene->acme.id, &key_hash,
                                               fc_span_str("test"), true),
                     FC_OK);
    assert_int_equal(fc_replica_commit(scene->node.replica), FC_OK);
    struct fc_proof proof = prove(scene, present_key);
    assert_true(proof.present);
    assert_false(proof.has_content);
    assert_int_equal(proof.entry.state, FC_CONTENT_MISSING);
}

static void test_nothing_to_prove(void **state)
{
    struct scene *scene = *state;
    struct fc_hash nobody = {{7}};
    struct fc_buf out = {0};
    assert_int_equal(fc_proof_write(scene->node.replica, &nobody, fc_span_str("a"), &out),
                     FC_E_MISSING);
    assert_int_equal(fc_proof_write(scene->node.replica, &scene->other.id, fc_span_str("a"), &out),
                     FC_E_MISSING);
    assert_int_equal(out.len, 0);
    fc_buf_finish(&out);
}

static void test_other_federation(void **state)
{
    struct scene *scene = *state;
    struct fc_test_federation foreign;
    struct fc_proof proof;
    fc_test_federation_init(&foreign, "foreign", 3);
    prove(scene, present_key);
    assert_int_equal(
        fc_proof_check(fc_buf_span(&scene->proof), &foreign.id, fc_verifier_plain(), &proof),
        FC_E_FEDERATION);
    assert_int_equal(check_with_record(scene, CHARTERS, true, &foreign.charter_record),
                     FC_E_FEDERATION);
    fc_test_federation_finish(&foreign);
}

/* No byte may be changed, cut off or added; `stride` 1 tries all of them. */
static void check_bytes(struct scene *scene, size_t stride)
{
    struct fc_proof proof;
    struct fc_buf *bytes = &scene->proof;
    for (size_t i = 0; i < bytes->len; i += stride) {
        uint8_t flip = (uint8_t)(1u << i % 8);
        bytes->data[i] ^= flip;
        enum fc_err err = check(scene, bytes, &proof);
        assert_true(err == FC_E_FORMAT || err == FC_E_FEDERATION || err == FC_E_QUORUM ||
                    err == FC_E_SIGNATURE || err == FC_E_ROOT || err == FC_E_DENIED);
        assert_int_equal(proof.name.len, 0);
        bytes->data[i] ^= flip;
    }
    for (size_t len = 0; len < bytes->len; len += 1 + len / 40)
        assert_int_equal(
            fc_proof_check(fc_span(bytes->data, len), &scene->fed.id, fc_verifier_plain(), &proof),
            FC_E_FORMAT);
    fc_buf_append(bytes, "", 1);
    assert_int_equal(check(scene, bytes, &proof), FC_E_FORMAT);
    bytes->len--;
    assert_int_equal(check(scene, bytes, &proof), FC_OK);
}

static void add_checkpoint(struct scene *scene)
{
    struct fc_digest digest;
    struct fc_buf record = {0};
    assert_int_equal(fc_replica_digest(scene->node.replica, &digest), FC_OK);
    fc_test_checkpoint(&scene->other, &scene->fed, &digest.hash, digest.feeds, digest.entries,
                       &record);
    assert_int_equal(fc_test_add(&scene->node, &record), FC_OK);
    fc_buf_finish(&record);
}

static void test_tampering(void **state)
{
    struct scene *scene = *state;
    prove(scene, absent_key);
    check_bytes(scene, 1);
    add_checkpoint(scene);
    assert_int_equal(prove(scene, present_key).checkpoint_ms, FC_TEST_NOW_MS);
    check_bytes(scene, 1);
}

/* Parts of another proof, each right where it came from. */
static void test_parts_from_elsewhere(void **state)
{
    struct scene *scene = *state;
    struct fc_buf spliced[11] = {{0}};
    struct fc_unpack in;
    prove(scene, "https://acme.example/offers/18");
    fc_unpack_init(&in, fc_buf_span(&scene->proof));
    fc_unpack_array(&in, 11, 11);
    for (int i = 0; i < 11; i++) {
        struct fc_span item = fc_unpack_any(&in);
        fc_buf_append(&spliced[i], item.data, item.len);
    }
    prove(scene, present_key);
    assert_int_equal(check_spliced(scene, HEAD, &spliced[HEAD]), FC_OK);
    assert_int_equal(check_spliced(scene, STATE, &spliced[STATE]), FC_E_ROOT);
    assert_int_equal(check_spliced(scene, KEY, &spliced[KEY]), FC_E_ROOT);
    assert_int_equal(check_spliced(scene, SALT, &spliced[SALT]), FC_E_ROOT);
    assert_int_equal(check_spliced(scene, CONTENT, &spliced[CONTENT]), FC_E_ROOT);
    struct fc_buf value = {0};
    fc_pack_nil(&value);
    assert_int_equal(check_spliced(scene, SALT, &value), FC_E_FORMAT);
    assert_int_equal(check_spliced(scene, CONTENT, &value), FC_E_FORMAT);
    fc_buf_clear(&value);
    fc_pack_bin(&value, fc_span(scene->other.id.b, 32));
    assert_int_equal(check_spliced(scene, PARTICIPANT, &value), FC_E_DENIED);
    assert_int_equal(check_with_record(scene, CERTIFICATES, true, &scene->other.certificate_record),
                     FC_E_DENIED);
    assert_int_equal(check_with_record(scene, HEAD, false, &scene->acme.certificate_record),
                     FC_E_FORMAT);
    fc_buf_finish(&value);
    /* a content where there is no entry */
    prove(scene, absent_key);
    struct fc_buf both = {0};
    fc_unpack_init(&in, fc_buf_span(&scene->proof));
    fc_unpack_array(&in, 11, 11);
    fc_pack_array(&both, 11);
    for (int i = 0; i < 11; i++) {
        struct fc_span item = fc_unpack_any(&in);
        if (i == SALT || i == CONTENT)
            item = fc_buf_span(&spliced[i]);
        fc_buf_append(&both, item.data, item.len);
    }
    struct fc_proof proof;
    assert_int_equal(check(scene, &both, &proof), FC_E_FORMAT);
    fc_buf_finish(&both);
    for (int i = 0; i < 11; i++)
        fc_buf_finish(&spliced[i]);
}

static enum fc_err check_head(struct scene *scene, const struct fc_head *head,
                              const struct fc_test_key *feed)
{
    struct fc_test_party signer = scene->acme;
    struct fc_buf record = {0};
    signer.feed = *feed;
    fc_test_head(&signer, head, &record);
    enum fc_err err = check_with_record(scene, HEAD, false, &record);
    fc_buf_finish(&record);
    return err;
}

/* Heads the certificate does not allow, each rightly signed but one. */
static void test_heads_that_are_denied(void **state)
{
    struct scene *scene = *state;
    struct fc_buf hold = {0};
    struct fc_head held, head;
    const struct fc_test_key *feed = &scene->acme.feed;
    prove(scene, present_key);
    struct fc_record record = fc_test_head_of(&scene->node, &scene->acme.id, &hold);
    assert_int_equal(fc_head_parse(&record, &held), FC_OK);
    head = held;
    assert_int_equal(check_head(scene, &head, feed), FC_OK);
    assert_int_equal(check_head(scene, &head, &scene->acme.recovery), FC_E_SIGNATURE);
    head.entries = scene->acme.certificate.quota_entries;
    assert_int_equal(check_head(scene, &head, feed), FC_OK);
    head.entries++;
    assert_int_equal(check_head(scene, &head, feed), FC_E_DENIED);
    head = held;
    head.bytes = scene->acme.certificate.quota_bytes;
    assert_int_equal(check_head(scene, &head, feed), FC_OK);
    head.bytes++;
    assert_int_equal(check_head(scene, &head, feed), FC_E_DENIED);
    head = held;
    head.version = fc_version_make(2, 1);
    assert_int_equal(check_head(scene, &head, feed), FC_E_DENIED);
    head = held;
    head.certificate = scene->other.certificate_hash;
    assert_int_equal(check_head(scene, &head, feed), FC_E_DENIED);
    head = held;
    head.root.b[0] ^= 1;
    assert_int_equal(check_head(scene, &head, feed), FC_E_ROOT);
    fc_buf_finish(&hold);
}

static enum fc_err check_signed(struct scene *scene, int place, const struct fc_buf *record,
                                const struct fc_test_key *signers, uint32_t count)
{
    struct fc_record parsed = fc_test_parse(record);
    struct fc_buf body = {0}, made = {0};
    fc_buf_append(&body, parsed.body.data, parsed.body.len);
    fc_test_sign(parsed.type, &body, signers, count, &made);
    enum fc_err err = check_with_record(scene, place, true, &made);
    fc_buf_finish(&body);
    fc_buf_finish(&made);
    return err;
}

static void test_too_few_or_foreign_signatures(void **state)
{
    struct scene *scene = *state;
    struct fc_test_key signers[4];
    const struct fc_buf *charter = &scene->fed.charter_record;
    const struct fc_buf *certificate = &scene->acme.certificate_record;
    prove(scene, present_key);
    memcpy(signers, scene->fed.governors, 3 * sizeof signers[0]);
    signers[3] = scene->acme.feed;
    assert_int_equal(check_signed(scene, CHARTERS, charter, signers, 2), FC_OK);
    assert_int_equal(check_signed(scene, CHARTERS, charter, signers, 1), FC_E_QUORUM);
    assert_int_equal(check_signed(scene, CHARTERS, charter, signers, 0), FC_E_QUORUM);
    assert_int_equal(check_signed(scene, CHARTERS, charter, signers, 4), FC_E_SIGNATURE);
    assert_int_equal(check_signed(scene, CERTIFICATES, certificate, signers, 3), FC_OK);
    assert_int_equal(check_signed(scene, CERTIFICATES, certificate, signers + 1, 2), FC_OK);
    assert_int_equal(check_signed(scene, CERTIFICATES, certificate, signers, 1), FC_E_QUORUM);
    assert_int_equal(check_signed(scene, CERTIFICATES, certificate, signers + 2, 2),
                     FC_E_SIGNATURE);
}

/* A signature that does not count is left out when a proof is made. */
static void test_surplus_signature_is_left_out(void **state)
{
    struct scene *scene = *state;
    struct fc_test_key signers[4];
    struct fc_record parsed = fc_test_parse(&scene->other.certificate_record);
    struct fc_buf body = {0}, record = {0};
    struct fc_test_node node;
    memcpy(signers, scene->fed.governors, 3 * sizeof signers[0]);
    signers[3] = scene->acme.feed;
    fc_buf_append(&body, parsed.body.data, parsed.body.len);
    fc_test_sign(FC_RECORD_CERTIFICATE, &body, signers, 4, &record);
    fc_test_node_init(&node, FC_TEST_MEMORY, &scene->fed, "surplus");
    assert_int_equal(fc_test_add(&node, &scene->fed.charter_record), FC_OK);
    assert_int_equal(fc_test_add(&node, &record), FC_OK);
    fc_test_publish_one(&node, &scene->other, "https://other.example/1", "{}");
    fc_buf_clear(&scene->proof);
    struct fc_proof proof;
    assert_int_equal(fc_proof_write(node.replica, &scene->other.id,
                                    fc_span_str("https://other.example/1"), &scene->proof),
                     FC_OK);
    assert_int_equal(check(scene, &scene->proof, &proof), FC_OK);
    assert_int_equal(proof.certificate_signatures, 3);
    fc_test_node_finish(&node);
    fc_buf_finish(&body);
    fc_buf_finish(&record);
}

static void rotate(struct scene *scene, const char *label, uint32_t governors, bool carry)
{
    const struct fc_hash carried[] = {scene->acme.certificate_hash, scene->other.certificate_hash};
    fc_test_rotate(&scene->fed, label, governors, carried, carry ? 2 : 0);
    if (carry)
        assert_int_equal(fc_test_add(&scene->node, &scene->fed.carry_record), FC_OK);
    assert_int_equal(fc_test_add(&scene->node, &scene->fed.charter_record), FC_OK);
}

static void test_rotations_carry_the_certificate(void **state)
{
    struct scene *scene = *state;
    struct fc_buf empty = {0};
    rotate(scene, "second", 4, true);
    rotate(scene, "third", 5, true);
    add_checkpoint(scene);
    struct fc_proof proof = prove(scene, present_key);
    assert_int_equal(proof.charter_version, 3);
    assert_int_equal(proof.checkpoint_ms, FC_TEST_NOW_MS);
    assert_int_equal(proof.certificate_signatures, 2);
    fc_pack_array(&empty, 0);
    assert_int_equal(check_spliced(scene, CARRIES, &empty), FC_E_DENIED);
    /* the last charter left out: one path too many, and the checkpoint names another */
    struct fc_unpack in, list;
    struct fc_buf shorter = {0};
    fc_unpack_init(&in, fc_buf_span(&scene->proof));
    fc_unpack_array(&in, 11, 11);
    fc_unpack_any(&in);
    fc_unpack_init(&list, fc_unpack_any(&in));
    fc_unpack_array(&list, 3, 3);
    fc_pack_array(&shorter, 2);
    for (int i = 0; i < 2; i++) {
        struct fc_span one = fc_unpack_any(&list);
        fc_buf_append(&shorter, one.data, one.len);
    }
    assert_int_equal(check_spliced(scene, CHARTERS, &shorter), FC_E_DENIED);
    check_bytes(scene, 7);
    fc_buf_finish(&shorter);
    fc_buf_finish(&empty);
}

static void test_certificate_that_was_not_carried(void **state)
{
    struct scene *scene = *state;
    rotate(scene, "second", 3, false);
    fc_buf_clear(&scene->proof);
    enum fc_err err = fc_proof_write(scene->node.replica, &scene->acme.id, fc_span_str(present_key),
                                     &scene->proof);
    assert_true(err == FC_E_UNKNOWN || err == FC_E_MISSING);
    assert_int_equal(scene->proof.len, 0);
}

static void test_recovered_feed(void **state)
{
    struct scene *scene = *state;
    fc_test_recover(&scene->acme, 1, 1);
    assert_int_equal(fc_test_add(&scene->node, &scene->acme.certificate_record), FC_OK);
    fc_test_publish_one(&scene->node, &scene->acme, present_key, "{\"again\":true}");
    struct fc_proof proof = prove(scene, present_key);
    assert_true(proof.present);
    assert_int_equal(fc_version_incarnation(proof.version), 2);
    assert_int_equal(proof.certificate_signatures, scene->fed.charter.admit);
    check_bytes(scene, 7);
    /* the recovery certificate alone, and one that changes more than it may */
    assert_int_equal(check_with_record(scene, CERTIFICATES, true, &scene->acme.certificate_record),
                     FC_E_DENIED);
    struct fc_unpack in;
    struct fc_buf value = {0}, body = {0}, record = {0};
    fc_unpack_init(&in, fc_buf_span(&scene->proof));
    fc_unpack_array(&in, 11, 11);
    fc_unpack_any(&in);
    fc_unpack_any(&in);
    fc_unpack_array(&in, 2, 2);
    fc_unpack_any(&in);
    struct fc_span base = fc_unpack_any(&in);
    struct fc_certificate greedy = scene->acme.certificate;
    greedy.quota_entries++;
    assert_int_equal(fc_certificate_body(&greedy, &body), FC_OK);
    fc_test_sign(FC_RECORD_CERTIFICATE, &body, &scene->acme.recovery, 1, &record);
    fc_pack_array(&value, 2);
    fc_pack_bin(&value, fc_buf_span(&record));
    fc_buf_append(&value, base.data, base.len);
    assert_int_equal(check_spliced(scene, CERTIFICATES, &value), FC_E_DENIED);
    fc_buf_finish(&value);
    fc_buf_finish(&body);
    fc_buf_finish(&record);
}

static void test_as_many_charters_as_fit(void **state)
{
    struct scene *scene = *state;
    char label[32];
    for (unsigned version = 2; version <= FC_PROOF_CHARTERS_MAX; version++) {
        snprintf(label, sizeof label, "governor-%u", version);
        rotate(scene, label, 1, true);
    }
    assert_int_equal(prove(scene, present_key).charter_version, FC_PROOF_CHARTERS_MAX);
    print_message("with %d charters: %zu bytes\n", FC_PROOF_CHARTERS_MAX, scene->proof.len);
    rotate(scene, "one-more", 1, true);
    fc_buf_clear(&scene->proof);
    assert_int_equal(fc_proof_write(scene->node.replica, &scene->acme.id, fc_span_str(present_key),
                                    &scene->proof),
                     FC_E_BOUND);
    assert_int_equal(scene->proof.len, 0);
}

/* -- vectors ---------------------------------------------------------------------------------- */

static const char vectors_path[] = FEDCAT_SOURCE_DIR "/tests/vectors/proofs.json";

static json_t *hex(struct fc_span bytes)
{
    char *text = malloc(2 * bytes.len + 1);
    assert_non_null(text);
    fc_hex(bytes.data, bytes.len, text);
    json_t *string = json_string(text);
    free(text);
    return string;
}

static json_t *vector(struct scene *scene, const char *name, const char *key)
{
    struct fc_proof proof = prove(scene, key);
    return json_pack("{s:s, s:s, s:b, s:I, s:I, s:I, s:o, s:o}", "name", name, "key", key,
                     "present", proof.present, "version", (json_int_t)proof.version, "charter",
                     (json_int_t)proof.charter_version, "checkpoint_ms",
                     (json_int_t)proof.checkpoint_ms, "federation",
                     hex(fc_span(scene->fed.id.b, 32)), "proof", hex(fc_buf_span(&scene->proof)));
}

static void write_vectors(struct scene *scene)
{
    json_t *proofs = json_array();
    json_array_append_new(proofs, vector(scene, "absence", absent_key));
    json_array_append_new(proofs, vector(scene, "inclusion", present_key));
    rotate(scene, "second", 2, true);
    add_checkpoint(scene);
    json_array_append_new(proofs, vector(scene, "rotated", present_key));
    fc_test_recover(&scene->acme, 1, 1);
    assert_int_equal(fc_test_add(&scene->node, &scene->acme.certificate_record), FC_OK);
    fc_test_publish_one(&scene->node, &scene->acme, present_key, "{}");
    json_array_append_new(proofs, vector(scene, "recovered", present_key));
    json_t *all = json_pack("{s:s, s:o}", "about", "Proofs that stand alone, and what they show.",
                            "proofs", proofs);
    assert_int_equal(json_dump_file(all, vectors_path, JSON_INDENT(1)), 0);
    json_decref(all);
}

static void check_vector(const json_t *vector)
{
    const char *digits = json_string_value(json_object_get(vector, "proof"));
    const char *key = json_string_value(json_object_get(vector, "key"));
    struct fc_buf bytes = {0};
    struct fc_hash federation;
    struct fc_proof proof;
    assert_non_null(digits);
    assert_int_equal(
        fc_unhex(json_string_value(json_object_get(vector, "federation")), federation.b, 32),
        FC_OK);
    uint8_t *room = fc_buf_extend(&bytes, strlen(digits) / 2);
    assert_non_null(room);
    assert_int_equal(fc_unhex(digits, room, bytes.len), FC_OK);
    assert_int_equal(fc_proof_check(fc_buf_span(&bytes), &federation, fc_verifier_plain(), &proof),
                     FC_OK);
    assert_int_equal(proof.present, json_is_true(json_object_get(vector, "present")));
    assert_true(fc_span_eq(proof.key, fc_span_str(key)));
    assert_int_equal(proof.version, json_integer_value(json_object_get(vector, "version")));
    assert_int_equal(proof.charter_version, json_integer_value(json_object_get(vector, "charter")));
    assert_int_equal(proof.checkpoint_ms,
                     json_integer_value(json_object_get(vector, "checkpoint_ms")));
    fc_buf_finish(&bytes);
}

/* FEDCAT_VECTORS_WRITE=1 writes them anew; what was written once must check for ever. */
static void test_vectors(void **state)
{
    const json_t *one;
    size_t index;
    if (getenv("FEDCAT_VECTORS_WRITE"))
        write_vectors(*state);
    json_t *frozen = json_load_file(vectors_path, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(frozen);
    assert_int_equal(json_array_size(json_object_get(frozen, "proofs")), 4);
    json_array_foreach(json_object_get(frozen, "proofs"), index, one) check_vector(one);
    json_decref(frozen);
}

#define WITH_SCENE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SCENE(test_inclusion),
        WITH_SCENE(test_absence),
        WITH_SCENE(test_content_that_is_not_here),
        WITH_SCENE(test_nothing_to_prove),
        WITH_SCENE(test_other_federation),
        WITH_SCENE(test_tampering),
        WITH_SCENE(test_parts_from_elsewhere),
        WITH_SCENE(test_heads_that_are_denied),
        WITH_SCENE(test_too_few_or_foreign_signatures),
        WITH_SCENE(test_surplus_signature_is_left_out),
        WITH_SCENE(test_rotations_carry_the_certificate),
        WITH_SCENE(test_certificate_that_was_not_carried),
        WITH_SCENE(test_recovered_feed),
        WITH_SCENE(test_as_many_charters_as_fit),
        WITH_SCENE(test_vectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
