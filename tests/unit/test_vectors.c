/* Frozen bytes: tests/vectors holds what is hashed, signed and sent, for us and for anyone who
 * writes another implementation. `test_vectors --print DIR` writes the files anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>
#include <msgpack.h>
#include <sodium.h>

#include "store/entry.h"
#include "store/merkle.h"
#include "store/pack.h"
#include "tests/support/keys.h"

enum { NOW_S = 1790000000 };

static json_t *hex(struct fc_span bytes)
{
    char *text = malloc(2 * bytes.len + 1);
    assert_non_null(text);
    fc_hex(bytes.data, bytes.len, text);
    json_t *value = json_string(text);
    free(text);
    return value;
}

static json_t *hex32(const void *bytes)
{
    return hex(fc_span(bytes, 32));
}

static json_t *number(uint64_t value)
{
    return json_integer((json_int_t)value);
}

/* Seeds are one byte, 32 times. */
static struct fc_test_key sign_key(uint8_t byte)
{
    struct fc_test_key key;
    uint8_t seed[32];
    memset(seed, byte, sizeof seed);
    fc_sign_key_from_seed(seed, &key.secret, &key.pub);
    return key;
}

static struct fc_test_box box_key(uint8_t byte)
{
    struct fc_test_box box;
    uint8_t seed[32];
    memset(seed, byte, sizeof seed);
    fc_box_key_from_seed(seed, &box.secret, &box.pub);
    return box;
}

enum { GOVERNOR = 0x01, FEED = 0x11, RECOVERY = 0x12, FEED_NEXT = 0x13, NODE = 0x21 };

static struct fc_hash id_of_party(void)
{
    struct fc_test_key feed = sign_key(FEED), recovery = sign_key(RECOVERY);
    return fc_participant_id(&feed.pub, &recovery.pub);
}

static json_t *make_keys(void)
{
    static const uint8_t signing[] = {1, 2, 3, FEED, RECOVERY, FEED_NEXT};
    json_t *all = json_object(), *ed = json_array(), *curve = json_array();
    uint8_t seed[32];
    for (unsigned i = 0; i < sizeof signing; i++) {
        struct fc_test_key key = sign_key(signing[i]);
        memset(seed, signing[i], sizeof seed);
        json_array_append_new(
            ed, json_pack("{so so}", "seed", hex32(seed), "public", hex32(key.pub.b)));
    }
    struct fc_test_box box = box_key(NODE);
    memset(seed, NODE, sizeof seed);
    json_array_append_new(curve, json_pack("{so so so}", "seed", hex32(seed), "secret",
                                           hex32(box.secret.b), "public", hex32(box.pub.b)));
    struct fc_test_key feed = sign_key(FEED), recovery = sign_key(RECOVERY);
    struct fc_hash id = id_of_party();
    json_object_set_new(all, "ed25519", ed);
    json_object_set_new(all, "curve25519", curve);
    json_object_set_new(all, "participant",
                        json_pack("{so so so}", "feed_key", hex32(feed.pub.b), "recovery_key",
                                  hex32(recovery.pub.b), "id", hex32(id.b)));
    return all;
}

static json_t *make_hashes(void)
{
    static const char *const personals[] = {"fedcat.head.1", "fedcat.charter.1", "fedcat.key.1"};
    static const char *const inputs[] = {"", "abc"};
    static const char *const keys[] = {"https://offers.example/1", "did:web:acme.example",
                                       "urn:\xc3\xa9nergie:7"};
    uint8_t salt[FC_SALT_BYTES] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    struct fc_span content = fc_span_str("{\"id\":\"https://offers.example/1\"}");
    json_t *all = json_object(), *hashes = json_array(), *places = json_array();
    for (unsigned i = 0; i < 6; i++) {
        struct fc_span input = fc_span_str(inputs[i % 2]);
        struct fc_hash hash = fc_hash(personals[i / 2], input);
        json_array_append_new(hashes, json_pack("{ss so so}", "personal", personals[i / 2], "input",
                                                hex(input), "hash", hex32(hash.b)));
    }
    for (unsigned i = 0; i < 3; i++) {
        struct fc_hash hash = fc_key_hash(fc_span_str(keys[i]));
        json_array_append_new(places, json_pack("{ss so}", "key", keys[i], "hash", hex32(hash.b)));
    }
    struct fc_hash commitment = fc_commitment(salt, content);
    json_object_set_new(all, "hashes", hashes);
    json_object_set_new(all, "keys", places);
    json_object_set_new(all, "commitment",
                        json_pack("{so so so}", "salt", hex(fc_span(salt, sizeof salt)), "content",
                                  hex(content), "commitment", hex32(commitment.b)));
    return all;
}

/* -- records -- */

/* Names of a body's fields in their order, after the format, which is always first. */
static const struct layout {
    enum fc_record_type type;
    const char *personal;
    const char *fields[24];
} layouts[] = {
    {FC_RECORD_CHARTER,
     "fedcat.charter.1",
     {"federation", "version", "name", "governors", "quorum", "admit", "record_format",
      "heartbeat_ms", "quota_entries", "quota_bytes", "quota_ops", "quota_nodes", "previous",
      "carried_count", "carried"}},
    {FC_RECORD_CARRY, "fedcat.carry.1", {"federation", "version", "hashes"}},
    {FC_RECORD_CERTIFICATE,
     "fedcat.cert.1",
     {"federation",    "participant",  "g",           "r",
      "charter",       "name",         "country",     "url",
      "feed_key",      "recovery_key", "incarnation", "floor",
      "quota_entries", "quota_bytes",  "quota_ops",   "quota_nodes",
      "heartbeat_ms",  "node_key",     "endpoints",   "not_before_ms",
      "not_after_ms"}},
    {FC_RECORD_REVOCATION,
     "fedcat.revoke.1",
     {"federation", "charter", "participant", "g", "last_valid", "last_head", "mode", "reason"}},
    {FC_RECORD_TAKEDOWN,
     "fedcat.takedn.1",
     {"federation", "charter", "participant", "key", "commitment", "reason"}},
    {FC_RECORD_DESCRIPTOR,
     "fedcat.descr.1",
     {"federation", "participant", "node_key", "endpoints", "region", "seq", "time_ms", "retired"}},
    {FC_RECORD_EVIDENCE, "fedcat.evid.1", {"federation", "first", "second"}},
    {FC_RECORD_CHECKPOINT,
     "fedcat.check.1",
     {"federation", "participant", "node_key", "charter", "digest", "feeds", "entries", "time_ms"}},
    {FC_RECORD_HEAD,
     "fedcat.head.1",
     {"federation", "certificate", "participant", "version", "time_ms", "previous", "ops", "root",
      "entries", "bytes"}},
    {FC_RECORD_APPLICATION,
     "fedcat.apply.1",
     {"federation",    "participant",  "g",           "r",
      "charter",       "name",         "country",     "url",
      "feed_key",      "recovery_key", "incarnation", "floor",
      "quota_entries", "quota_bytes",  "quota_ops",   "quota_nodes",
      "heartbeat_ms",  "node_key",     "endpoints",   "not_before_ms",
      "not_after_ms"}},
};

static const struct layout *layout_of(uint64_t type)
{
    for (unsigned i = 0; i < sizeof layouts / sizeof layouts[0]; i++)
        if (layouts[i].type == type)
            return &layouts[i];
    fail_msg("no layout for a record's type");
    return NULL;
}

/* What msgpack-c makes of a value: text as it is, binary in hexadecimal. */
static json_t *plain(const msgpack_object *value)
{
    json_t *array;
    switch (value->type) {
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
        return number(value->via.u64);
    case MSGPACK_OBJECT_STR:
        return json_stringn(value->via.str.ptr, value->via.str.size);
    case MSGPACK_OBJECT_BIN:
        return hex(fc_span(value->via.bin.ptr, value->via.bin.size));
    case MSGPACK_OBJECT_NIL:
        return json_null();
    case MSGPACK_OBJECT_ARRAY:
        array = json_array();
        for (uint32_t i = 0; i < value->via.array.size; i++)
            json_array_append_new(array, plain(&value->via.array.ptr[i]));
        return array;
    case MSGPACK_OBJECT_BOOLEAN:
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64:
    case MSGPACK_OBJECT_MAP:
    case MSGPACK_OBJECT_EXT:
        break;
    }
    fail_msg("a value that is none of ours");
    return NULL;
}

static json_t *unpack(struct fc_span bytes)
{
    msgpack_unpacked result;
    size_t used = 0;
    msgpack_unpacked_init(&result);
    assert_int_equal(msgpack_unpack_next(&result, (const char *)bytes.data, bytes.len, &used),
                     MSGPACK_UNPACK_SUCCESS);
    assert_int_equal(used, bytes.len);
    json_t *value = plain(&result.data);
    msgpack_unpacked_destroy(&result);
    return value;
}

static json_t *name_fields(const struct layout *layout, struct fc_span body)
{
    json_t *values = unpack(body), *fields = json_object();
    assert_int_equal(json_integer_value(json_array_get(values, 0)), 1);
    size_t i = 1;
    for (; layout->fields[i - 1]; i++)
        json_object_set(fields, layout->fields[i - 1], json_array_get(values, i));
    assert_int_equal(json_array_size(values), i);
    json_decref(values);
    return fields;
}

static void add_record(json_t *all, const char *name, const struct fc_buf *bytes)
{
    struct fc_record record = fc_test_parse(bytes);
    const struct layout *layout = layout_of(record.type);
    json_t *signatures = json_array();
    assert_int_equal(fc_record_check_body(&record), FC_OK);
    for (uint32_t i = 0; i < record.signature_count; i++) {
        struct fc_signature signature;
        fc_record_signature(&record, i, &signature);
        json_array_append_new(signatures,
                              json_pack("{so so}", "signer", hex32(signature.signer.b), "signature",
                                        hex(fc_span(signature.sig.b, sizeof signature.sig.b))));
    }
    json_array_append_new(all, json_pack("{ss ss si ss so so so so so}", "name", name, "type",
                                         fc_record_type_name(record.type), "number",
                                         (int)record.type, "personal", layout->personal, "fields",
                                         name_fields(layout, record.body), "body", hex(record.body),
                                         "hash", hex32(record.hash.b), "signatures", signatures,
                                         "record", hex(record.bytes)));
}

struct scene {
    struct fc_test_federation fed;
    struct fc_test_party party;
};

/* The helpers' federation and participant, with the seeds said above. */
static void set_scene(struct scene *scene, uint32_t governors, uint8_t first)
{
    struct fc_charter *charter = &scene->fed.charter;
    static const char *const names[] = {"Premier", "Zweite", "Terzo"};
    static const char *const countries[] = {"FR", "DE", "IT"};
    scene->fed.governor_count = charter->governor_count = governors;
    for (uint32_t i = 0; i < governors; i++)
        scene->fed.governors[i] = sign_key((uint8_t)(first + i));
    for (uint32_t i = 0; i + 1 < governors; i++)
        for (uint32_t j = i + 1; j < governors; j++)
            if (fc_key_cmp(&scene->fed.governors[i].pub, &scene->fed.governors[j].pub) > 0) {
                struct fc_test_key key = scene->fed.governors[i];
                scene->fed.governors[i] = scene->fed.governors[j];
                scene->fed.governors[j] = key;
            }
    for (uint32_t i = 0; i < governors; i++)
        charter->governors[i] = (struct fc_governor){
            fc_span_str(names[i]), fc_span_str(countries[i]), scene->fed.governors[i].pub};
    charter->quorum = governors / 2 + 1;
    charter->admit = governors > 1 ? 2 : 1;
    charter->version++;
    charter->name = fc_span_str("Catalogue de l'\xc3\x89t\xc3\xa9");
    charter->format = FC_FORMAT;
    charter->heartbeat_ms = 3600000;
    charter->quota_entries = 100000;
    charter->quota_bytes = 1000000000;
    charter->quota_ops = 1000;
    charter->quota_nodes = 2;
}

static void add_charter(json_t *all, const char *name, struct scene *scene,
                        const struct fc_test_key *signers, uint32_t count)
{
    struct fc_buf body = {0};
    fc_buf_clear(&scene->fed.charter_record);
    assert_int_equal(fc_charter_body(&scene->fed.charter, &body), FC_OK);
    fc_test_sign(FC_RECORD_CHARTER, &body, signers, count, &scene->fed.charter_record);
    scene->fed.charter_hash = fc_record_hash(FC_RECORD_CHARTER, fc_buf_span(&body));
    add_record(all, name, &scene->fed.charter_record);
    fc_buf_finish(&body);
}

static void add_certificate(json_t *all, struct scene *scene)
{
    struct fc_test_party *party = &scene->party;
    *party = (struct fc_test_party){.feed = sign_key(FEED),
                                    .recovery = sign_key(RECOVERY),
                                    .node = box_key(NODE),
                                    .id = id_of_party()};
    party->head.time_ms = (uint64_t)NOW_S * 1000;
    party->certificate = (struct fc_certificate){
        .participant = party->id,
        .g = 1,
        .name = fc_span_str("ACME Cloud SAS"),
        .country = fc_span_str("FR"),
        .url = fc_span_str("did:web:acme.example"),
        .feed_key = party->feed.pub,
        .recovery_key = party->recovery.pub,
        .incarnation = 1,
        .quota_entries = 100000,
        .quota_bytes = 1000000000,
        .quota_ops = 1000,
        .quota_nodes = 2,
        .heartbeat_ms = 3600000,
        .node_key = party->node.pub,
        .endpoint_count = 2,
        .endpoints = {fc_span_str("tcp://node.acme.example:7070"),
                      fc_span_str("tcp://[2001:db8::7]:7070")},
        .not_before_ms = (uint64_t)NOW_S * 1000,
        .not_after_ms = (uint64_t)(NOW_S + 31536000) * 1000,
    };
    fc_test_certify(party, &scene->fed);
    add_record(all, "certificate", &party->certificate_record);
}

static void add_application(json_t *all, struct scene *scene)
{
    struct fc_application application = {scene->party.certificate};
    struct fc_test_key both[2] = {scene->party.feed, scene->party.recovery};
    struct fc_buf body = {0}, record = {0};
    application.wanted.g = 0;
    memset(&application.wanted.charter, 0, sizeof application.wanted.charter);
    assert_int_equal(fc_application_body(&application, &body), FC_OK);
    fc_test_sign(FC_RECORD_APPLICATION, &body, both, 2, &record);
    add_record(all, "application", &record);
    fc_buf_finish(&body);
    fc_buf_finish(&record);
}

/* Two heads of one version, the evidence of it, and the head that would have followed. */
static void add_heads(json_t *all, struct scene *scene)
{
    struct fc_buf one = {0}, two = {0}, next = {0}, evidence = {0};
    struct fc_hash root = fc_hash("fedcat.node.1", fc_span("a", 1)), none = {{0}};
    struct fc_span ops = fc_span("\x90", 1);
    struct fc_test_party twin = scene->party;
    fc_test_next_head(&scene->party, ops, &root, 2, 4096, &one);
    fc_test_next_head(&twin, ops, &none, 0, 0, &two);
    fc_test_evidence(&scene->fed, &one, &two, &evidence);
    fc_test_next_head(&scene->party, ops, &root, 2, 4096, &next);
    add_record(all, "head 1.1", &one);
    add_record(all, "head 1.1, another", &two);
    add_record(all, "head 1.2, a heartbeat", &next);
    add_record(all, "evidence", &evidence);
    fc_buf_finish(&one);
    fc_buf_finish(&two);
    fc_buf_finish(&next);
    fc_buf_finish(&evidence);
}

static void add_others(json_t *all, struct scene *scene)
{
    struct fc_buf record = {0};
    struct fc_hash a = fc_key_hash(fc_span_str("https://offers.example/1")), b = {{0xbb}};
    fc_test_revocation(&scene->party, &scene->fed, fc_version_make(1, 2), FC_REVOKE_FREEZE,
                       &record);
    add_record(all, "revocation, freeze", &record);
    fc_buf_clear(&record);
    fc_test_revocation(&scene->party, &scene->fed, 0, FC_REVOKE_REMOVE, &record);
    add_record(all, "revocation, remove", &record);
    fc_buf_clear(&record);
    fc_test_takedown(&scene->party, &scene->fed, &a, &b, &record);
    add_record(all, "takedown", &record);
    fc_buf_clear(&record);
    fc_test_descriptor(&scene->party, &scene->party.node, "tcp://node.acme.example:7070", 1,
                       &record);
    add_record(all, "descriptor", &record);
    fc_buf_clear(&record);
    fc_test_descriptor(&scene->party, &scene->party.node, NULL, 2, &record);
    add_record(all, "descriptor, dials out only", &record);
    fc_buf_clear(&record);
    fc_test_checkpoint(&scene->party, &scene->fed, &b, 22, 4000, &record);
    add_record(all, "checkpoint", &record);
    fc_buf_finish(&record);
}

static void add_recovery(json_t *all, struct scene *scene)
{
    struct fc_certificate *certificate = &scene->party.certificate;
    struct fc_buf body = {0}, record = {0};
    struct fc_test_key feed = sign_key(FEED_NEXT);
    certificate->r = 1;
    certificate->feed_key = feed.pub;
    certificate->incarnation = 2;
    certificate->floor = 1;
    assert_int_equal(fc_certificate_body(certificate, &body), FC_OK);
    fc_test_sign(FC_RECORD_CERTIFICATE, &body, &scene->party.recovery, 1, &record);
    add_record(all, "certificate, recovered", &record);
    fc_buf_finish(&body);
    fc_buf_finish(&record);
}

/* One of three governors leaves; the certificate and one more record are carried. */
static void add_rotation(json_t *all, struct scene *scene)
{
    struct fc_test_key signers[5];
    struct fc_hash carried[2] = {scene->party.certificate_hash, {{0x01}}};
    struct fc_buf body = {0}, record = {0};
    if (fc_hash_cmp(&carried[0], &carried[1]) > 0) {
        carried[1] = carried[0];
        carried[0] = (struct fc_hash){{0x01}};
    }
    struct fc_carry carry = {scene->fed.id, 2, 2, fc_span(carried, sizeof carried)};
    assert_int_equal(fc_carry_body(&carry, &body), FC_OK);
    assert_int_equal(fc_record_write(FC_RECORD_CARRY, fc_buf_span(&body), NULL, 0, &record), FC_OK);
    add_record(all, "carry", &record);
    memcpy(signers, scene->fed.governors, 3 * sizeof *signers);
    scene->fed.charter.federation = scene->fed.id;
    scene->fed.charter.previous = scene->fed.charter_hash;
    scene->fed.charter.carried_count = 2;
    scene->fed.charter.carried = fc_merkle_root(carry.hashes);
    set_scene(scene, 2, GOVERNOR + 1);
    memcpy(signers + 3, scene->fed.governors, 2 * sizeof *signers);
    add_charter(all, "charter 2", scene, signers, 5);
    fc_buf_finish(&body);
    fc_buf_finish(&record);
}

static json_t *make_records(void)
{
    json_t *all = json_array();
    static struct scene scene;
    memset(&scene, 0, sizeof scene);
    set_scene(&scene, 3, GOVERNOR);
    add_charter(all, "charter 1", &scene, scene.fed.governors, 3);
    scene.fed.id = scene.fed.charter_hash;
    add_certificate(all, &scene);
    add_application(all, &scene);
    add_heads(all, &scene);
    add_others(all, &scene);
    add_recovery(all, &scene);
    add_rotation(all, &scene);
    fc_test_party_finish(&scene.party);
    fc_test_federation_finish(&scene.fed);
    return all;
}

/* -- feeds -- */

static json_t *make_entry(const struct fc_op *put, const uint8_t salt[FC_SALT_BYTES])
{
    struct fc_entry entry = {
        .key_hash = put->key_hash,
        .version = fc_version_make(1, 1),
        .status = put->status,
        .commitment = put->commitment,
        .media_type = put->media_type,
        .size = put->size,
        .key = put->key,
        .state = FC_CONTENT_PRESENT,
    };
    struct fc_buf leaf = {0}, row = {0};
    memcpy(entry.salt, salt, FC_SALT_BYTES);
    assert_int_equal(fc_leaf_write(&entry, &leaf), FC_OK);
    assert_int_equal(fc_entry_write(&entry, &row), FC_OK);
    struct fc_hash hash = fc_leaf_hash(fc_buf_span(&leaf));
    json_t *value =
        json_pack("{so so so so so so}", "key_hash", hex32(entry.key_hash.b), "version",
                  number(entry.version), "salt", hex(fc_span(salt, FC_SALT_BYTES)), "leaf",
                  hex(fc_buf_span(&leaf)), "hash", hex32(hash.b), "row", hex(fc_buf_span(&row)));
    fc_buf_finish(&leaf);
    fc_buf_finish(&row);
    return value;
}

static json_t *make_feeds(void)
{
    static struct scene scene;
    json_t *ignored = json_array(), *all = json_object(), *rows = json_array();
    struct fc_buf ops = {0}, head = {0}, delta = {0};
    uint8_t salts[2][FC_SALT_BYTES];
    memset(&scene, 0, sizeof scene);
    set_scene(&scene, 3, GOVERNOR);
    add_charter(ignored, "charter 1", &scene, scene.fed.governors, 3);
    scene.fed.id = scene.fed.charter_hash;
    add_certificate(ignored, &scene);
    memset(salts[0], 0xa1, FC_SALT_BYTES);
    memset(salts[1], 0xa2, FC_SALT_BYTES);
    struct fc_op op[4] = {
        {.kind = FC_OP_PUT, .key = fc_span_str("https://offers.example/1")},
        {.kind = FC_OP_PUT, .key = fc_span_str("https://offers.example/2")},
        {.kind = FC_OP_STATUS, .key = fc_span_str("https://offers.example/3")},
        {.kind = FC_OP_DELETE, .key = fc_span_str("https://offers.example/4")},
    };
    struct fc_span content = fc_span_str("{\"name\":\"Speicher\"}");
    op[2].status = FC_STATUS_DEPRECATED;
    for (int i = 0; i < 2; i++) {
        op[i].key_hash = fc_key_hash(op[i].key);
        op[i].media_type = fc_span_str("application/ld+json");
        op[i].size = content.len;
        op[i].status = FC_STATUS_ACTIVE;
        op[i].commitment = fc_commitment(salts[i], content);
        json_array_append_new(rows, make_entry(&op[i], salts[i]));
    }
    assert_int_equal(fc_ops_write(op, 4, &ops), FC_OK);
    struct fc_hash root = fc_hash("fedcat.node.1", fc_span("a", 1));
    fc_test_next_head(&scene.party, fc_buf_span(&ops), &root, 2, 2 * content.len, &head);
    assert_int_equal(fc_delta_write(fc_buf_span(&head), fc_buf_span(&ops), &delta), FC_OK);
    struct fc_hash hash = fc_ops_hash(fc_buf_span(&ops)), none = fc_ops_hash(fc_span("\x90", 1));
    json_object_set_new(all, "content", hex(content));
    json_object_set_new(all, "entries", rows);
    json_object_set_new(all, "ops",
                        json_pack("{so so so}", "values", unpack(fc_buf_span(&ops)), "bytes",
                                  hex(fc_buf_span(&ops)), "hash", hex32(hash.b)));
    json_object_set_new(all, "no_ops", json_pack("{ss so}", "bytes", "90", "hash", hex32(none.b)));
    json_object_set_new(all, "delta", hex(fc_buf_span(&delta)));
    fc_buf_finish(&ops);
    fc_buf_finish(&head);
    fc_buf_finish(&delta);
    json_decref(ignored);
    fc_test_party_finish(&scene.party);
    fc_test_federation_finish(&scene.fed);
    return all;
}

static json_t *make_merkle(void)
{
    json_t *all = json_array();
    struct fc_hash hashes[7], path[FC_MERKLE_PROOF_MAX];
    for (uint32_t count = 0; count <= 7; count++) {
        json_t *leaves = json_array(), *proofs = json_array();
        for (uint32_t i = 0; i < count; i++) {
            memset(hashes[i].b, (int)i + 1, sizeof hashes[i].b);
            json_array_append_new(leaves, hex32(hashes[i].b));
        }
        struct fc_span list = fc_span(hashes, count * sizeof *hashes);
        for (uint32_t i = 0; i < count; i++) {
            json_t *steps = json_array();
            uint32_t step_count = fc_merkle_prove(list, i, path);
            for (uint32_t j = 0; j < step_count; j++)
                json_array_append_new(steps, hex32(path[j].b));
            json_array_append_new(proofs, steps);
        }
        struct fc_hash root = fc_merkle_root(list);
        json_array_append_new(all, json_pack("{so so so}", "hashes", leaves, "root", hex32(root.b),
                                             "proofs", proofs));
    }
    return all;
}

static json_t *make_seal(void)
{
    uint8_t salt[16], nonce[24], secret[32];
    struct fc_buf sealed = {0};
    memset(salt, 0x31, sizeof salt);
    memset(nonce, 0x32, sizeof nonce);
    memset(secret, 0x33, sizeof secret);
    assert_int_equal(
        fc_seal(fc_span_str("open sesame"), salt, nonce, fc_span(secret, sizeof secret), &sealed),
        FC_OK);
    json_t *value =
        json_pack("{ss so so so so}", "passphrase", "open sesame", "salt",
                  hex(fc_span(salt, sizeof salt)), "nonce", hex(fc_span(nonce, sizeof nonce)),
                  "plain", hex32(secret), "sealed", hex(fc_buf_span(&sealed)));
    fc_buf_finish(&sealed);
    return value;
}

static const struct file {
    const char *name;
    json_t *(*make)(void);
} files[] = {
    {"keys.json", make_keys},   {"hashes.json", make_hashes}, {"records.json", make_records},
    {"feeds.json", make_feeds}, {"merkle.json", make_merkle}, {"seal.json", make_seal},
};
enum { FILES = sizeof files / sizeof files[0] };

static json_t *load(const char *name)
{
    char path[4096];
    json_error_t error;
    snprintf(path, sizeof path, "%s/tests/vectors/%s", FEDCAT_SOURCE_DIR, name);
    json_t *value = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (!value)
        fail_msg("%s:%d: %s", path, error.line, error.text);
    return value;
}

static void test_frozen(void **state)
{
    (void)state;
    for (unsigned i = 0; i < FILES; i++) {
        json_t *frozen = load(files[i].name), *made = files[i].make();
        if (!json_equal(frozen, made))
            fail_msg("%s is not what is written today", files[i].name);
        json_decref(frozen);
        json_decref(made);
    }
}

/* A member in hexadecimal, appended. */
static struct fc_span bytes_of(const json_t *object, const char *name, struct fc_buf *out)
{
    const char *text = json_string_value(json_object_get(object, name));
    assert_non_null(text);
    fc_buf_clear(out);
    size_t len = strlen(text) / 2;
    uint8_t *room = fc_buf_extend(out, len ? len : 1);
    assert_non_null(room);
    assert_int_equal(fc_unhex(text, room, len), FC_OK);
    return fc_span(room, len);
}

static void hash_by_sodium(const char *personal, struct fc_span bytes, uint8_t out[32])
{
    uint8_t padded[16] = {0};
    memcpy(padded, personal, strlen(personal));
    assert_int_equal(crypto_generichash_blake2b_salt_personal(out, 32, bytes.data, bytes.len, NULL,
                                                              0, NULL, padded),
                     0);
}

/* The files alone, with none of our code: msgpack-c reads the bodies, libsodium hashes and
 * verifies. */
static void test_records_by_others(void **state)
{
    (void)state;
    json_t *all = load("records.json"), *row;
    struct fc_buf body = {0}, record = {0}, other = {0};
    size_t i, j;
    json_array_foreach(all, i, row)
    {
        uint8_t hash[32];
        const struct layout *layout =
            layout_of((uint64_t)json_integer_value(json_object_get(row, "number")));
        struct fc_span bytes = bytes_of(row, "body", &body);
        json_t *fields = name_fields(layout, bytes), *signature;
        assert_true(json_equal(fields, json_object_get(row, "fields")));
        json_decref(fields);
        assert_string_equal(json_string_value(json_object_get(row, "personal")), layout->personal);
        hash_by_sodium(layout->personal, bytes, hash);
        assert_memory_equal(bytes_of(row, "hash", &other).data, hash, 32);
        json_array_foreach(json_object_get(row, "signatures"), j, signature)
        {
            uint8_t signer[32];
            memcpy(signer, bytes_of(signature, "signer", &other).data, 32);
            struct fc_span sig = bytes_of(signature, "signature", &other);
            assert_int_equal(crypto_sign_verify_detached(sig.data, hash, 32, signer), 0);
        }
        json_t *envelope = unpack(bytes_of(row, "record", &record));
        assert_int_equal(json_array_size(envelope), 3);
        assert_true(json_equal(json_array_get(envelope, 0), json_object_get(row, "number")));
        assert_true(json_equal(json_array_get(envelope, 1), json_object_get(row, "body")));
        assert_int_equal(json_array_size(json_array_get(envelope, 2)),
                         json_array_size(json_object_get(row, "signatures")));
        json_decref(envelope);
    }
    assert_true(i >= 16);
    json_decref(all);
    fc_buf_finish(&body);
    fc_buf_finish(&record);
    fc_buf_finish(&other);
}

static void test_leaves_by_others(void **state)
{
    (void)state;
    json_t *all = load("feeds.json"), *row, *leaf;
    struct fc_buf bytes = {0}, other = {0};
    uint8_t hash[32];
    size_t i;
    json_array_foreach(json_object_get(all, "entries"), i, row)
    {
        struct fc_span span = bytes_of(row, "leaf", &bytes);
        leaf = unpack(span);
        assert_int_equal(json_array_size(leaf), 6);
        assert_true(json_equal(json_array_get(leaf, 0), json_object_get(row, "key_hash")));
        assert_true(json_equal(json_array_get(leaf, 1), json_object_get(row, "version")));
        hash_by_sodium("fedcat.leaf.1", span, hash);
        assert_memory_equal(bytes_of(row, "hash", &other).data, hash, 32);
        json_decref(leaf);
    }
    assert_int_equal(i, 2);
    const json_t *ops = json_object_get(all, "ops");
    struct fc_span span = bytes_of(ops, "bytes", &bytes);
    hash_by_sodium("fedcat.ops.1", span, hash);
    assert_memory_equal(bytes_of(ops, "hash", &other).data, hash, 32);
    json_t *values = unpack(span);
    assert_true(json_equal(values, json_object_get(ops, "values")));
    json_decref(values);
    json_decref(all);
    fc_buf_finish(&bytes);
    fc_buf_finish(&other);
}

static int print(const char *directory)
{
    char path[4096];
    for (unsigned i = 0; i < FILES; i++) {
        json_t *value = files[i].make();
        snprintf(path, sizeof path, "%s/%s", directory, files[i].name);
        int failed = json_dump_file(value, path, JSON_INDENT(2));
        json_decref(value);
        if (failed) {
            perror(path);
            return 1;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frozen),
        cmocka_unit_test(test_records_by_others),
        cmocka_unit_test(test_leaves_by_others),
    };
    if (fc_crypto_init() != FC_OK)
        return 1;
    if (argc == 3 && strcmp(argv[1], "--print") == 0)
        return print(argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
