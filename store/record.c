#include "store/record.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/pack.h"

/* A signature's encoding has one length: array of 2, 32 bytes and 64 bytes of binary. */
enum { SIGNATURE_BYTES = 1 + 2 + 32 + 2 + 64 };

/* What holds for all records of a type. */
static const struct kind {
    const char *name;
    const char *personal; /* at most 16 bytes, hence the short forms */
    uint32_t signatures_max;
    size_t bytes_max;
} kinds[] = {
    [FC_RECORD_CHARTER] = {"charter", "fedcat.charter.1", FC_SIGNATURES_MAX, FC_RECORD_BYTES_MAX},
    [FC_RECORD_CARRY] = {"carry", "fedcat.carry.1", 0, FC_CARRY_BYTES_MAX},
    [FC_RECORD_CERTIFICATE] = {"certificate", "fedcat.cert.1", FC_SIGNATURES_MAX,
                               FC_RECORD_BYTES_MAX},
    [FC_RECORD_REVOCATION] = {"revocation", "fedcat.revoke.1", FC_SIGNATURES_MAX,
                              FC_RECORD_BYTES_MAX},
    [FC_RECORD_TAKEDOWN] = {"takedown", "fedcat.takedn.1", FC_SIGNATURES_MAX, FC_RECORD_BYTES_MAX},
    [FC_RECORD_DESCRIPTOR] = {"descriptor", "fedcat.descr.1", 1, FC_RECORD_BYTES_MAX},
    [FC_RECORD_EVIDENCE] = {"evidence", "fedcat.evid.1", 0, FC_EVIDENCE_BYTES_MAX},
    [FC_RECORD_CHECKPOINT] = {"checkpoint", "fedcat.check.1", 1, FC_RECORD_BYTES_MAX},
    [FC_RECORD_HEAD] = {"head", "fedcat.head.1", 1, FC_RECORD_BYTES_MAX},
    [FC_RECORD_APPLICATION] = {"application", "fedcat.apply.1", 2, FC_RECORD_BYTES_MAX},
};

static const struct kind *kind_of(uint64_t type)
{
    if (type >= sizeof kinds / sizeof kinds[0] || !kinds[type].name)
        return NULL;
    return &kinds[type];
}

const char *fc_record_type_name(enum fc_record_type type)
{
    const struct kind *kind = kind_of(type);
    return kind ? kind->name : NULL;
}

struct fc_hash fc_record_hash(enum fc_record_type type, struct fc_span body)
{
    const struct kind *kind = kind_of(type);
    assert(kind);
    return fc_hash(kind->personal, body);
}

/* A canonical array that begins [format, federation, ...]. */
static enum fc_err read_body(struct fc_span body, struct fc_hash *federation)
{
    struct fc_unpack in;
    fc_unpack_init(&in, body);
    fc_unpack_any(&in);
    enum fc_err err = fc_unpack_end(&in);
    if (err != FC_OK)
        return err;
    fc_unpack_init(&in, body);
    fc_unpack_array(&in, 2, UINT32_MAX);
    uint64_t format = fc_unpack_uint(&in, UINT64_MAX);
    fc_unpack_fixed(&in, federation->b, sizeof federation->b);
    if (format != FC_FORMAT)
        fc_unpack_fail(&in, FC_E_FORMAT);
    return in.err;
}

static void read_signatures(struct fc_unpack *in, const struct kind *kind, struct fc_record *record)
{
    struct fc_signature last = {0}, next;
    uint32_t count = fc_unpack_array(in, 0, FC_SIGNATURES_MAX);
    if (count > kind->signatures_max)
        fc_unpack_fail(in, FC_E_FORMAT);
    size_t start = in->pos;
    for (uint32_t i = 0; i < count && in->err == FC_OK; i++, last = next) {
        fc_unpack_array(in, 2, 2);
        fc_unpack_fixed(in, next.signer.b, sizeof next.signer.b);
        fc_unpack_fixed(in, next.sig.b, sizeof next.sig.b);
        if (i > 0 && fc_key_cmp(&last.signer, &next.signer) >= 0)
            fc_unpack_fail(in, FC_E_FORMAT);
    }
    record->signature_count = count;
    record->signatures = fc_span(in->data + start, in->pos - start);
}

enum fc_err fc_record_parse(struct fc_span bytes, struct fc_record *record)
{
    struct fc_unpack in;
    *record = (struct fc_record){.bytes = bytes};
    if (bytes.len > FC_CARRY_BYTES_MAX)
        return FC_E_BOUND;
    fc_unpack_init(&in, bytes);
    fc_unpack_array(&in, 3, 3);
    uint64_t type = fc_unpack_uint(&in, UINT64_MAX);
    const struct kind *kind = kind_of(type);
    if (in.err != FC_OK || !kind)
        return FC_E_FORMAT;
    if (bytes.len > kind->bytes_max)
        return FC_E_BOUND;
    record->type = (enum fc_record_type)type;
    record->body = fc_unpack_bin(&in, kind->bytes_max);
    read_signatures(&in, kind, record);
    enum fc_err err = fc_unpack_end(&in);
    if (err == FC_OK)
        err = read_body(record->body, &record->federation);
    if (err == FC_OK)
        record->hash = fc_hash(kind->personal, record->body);
    return err;
}

void fc_record_signature(const struct fc_record *record, uint32_t index, struct fc_signature *out)
{
    assert(index < record->signature_count);
    const uint8_t *at = record->signatures.data + (size_t)index * SIGNATURE_BYTES;
    memcpy(out->signer.b, at + 3, sizeof out->signer.b);
    memcpy(out->sig.b, at + 3 + sizeof out->signer.b + 2, sizeof out->sig.b);
}

bool fc_record_signed_by(const struct fc_record *record, const struct fc_key *key)
{
    struct fc_signature signature;
    for (uint32_t i = 0; i < record->signature_count; i++) {
        fc_record_signature(record, i, &signature);
        if (fc_key_eq(&signature.signer, key))
            return fc_verify(key, &record->hash, &signature.sig);
    }
    return false;
}

static int compare_signers(const void *a, const void *b)
{
    const struct fc_signature *left = a, *right = b;
    return fc_key_cmp(&left->signer, &right->signer);
}

static void write_record(enum fc_record_type type, struct fc_span body,
                         const struct fc_signature *signatures, uint32_t count, struct fc_buf *out)
{
    fc_pack_array(out, 3);
    fc_pack_uint(out, type);
    fc_pack_bin(out, body);
    fc_pack_array(out, count);
    for (uint32_t i = 0; i < count; i++) {
        fc_pack_array(out, 2);
        fc_pack_bin(out, fc_span(signatures[i].signer.b, sizeof signatures[i].signer.b));
        fc_pack_bin(out, fc_span(signatures[i].sig.b, sizeof signatures[i].sig.b));
    }
}

enum fc_err fc_record_write(enum fc_record_type type, struct fc_span body,
                            const struct fc_signature *signatures, uint32_t count,
                            struct fc_buf *out)
{
    struct fc_signature sorted[FC_SIGNATURES_MAX];
    struct fc_hash federation;
    const struct kind *kind = kind_of(type);
    if (!kind)
        return FC_E_ARG;
    if (count > kind->signatures_max || body.len > kind->bytes_max)
        return FC_E_BOUND;
    if (read_body(body, &federation) != FC_OK)
        return FC_E_ARG;
    if (count > 0)
        memcpy(sorted, signatures, count * sizeof *signatures);
    qsort(sorted, count, sizeof *sorted, compare_signers);
    for (uint32_t i = 1; i < count; i++)
        if (fc_key_eq(&sorted[i - 1].signer, &sorted[i].signer))
            return FC_E_ARG;
    size_t start = out->len;
    write_record(type, body, sorted, count, out);
    enum fc_err err = fc_buf_check(out);
    if (err == FC_OK && out->len - start > kind->bytes_max) {
        out->len = start;
        err = FC_E_BOUND;
    }
    return err;
}

enum fc_err fc_record_cosign(const struct fc_record *record, const struct fc_sign_key *secret,
                             struct fc_buf *out)
{
    struct fc_signature signatures[FC_SIGNATURES_MAX + 1];
    struct fc_key key = fc_sign_key_public(secret);
    uint32_t count = 0;
    for (uint32_t i = 0; i < record->signature_count; i++) {
        fc_record_signature(record, i, &signatures[count]);
        if (!fc_key_eq(&signatures[count].signer, &key))
            count++;
    }
    signatures[count++] = (struct fc_signature){key, fc_sign(secret, &record->hash)};
    return fc_record_write(record->type, record->body, signatures, count, out);
}

enum fc_err fc_record_sign(enum fc_record_type type, struct fc_span body,
                           const struct fc_sign_key *secret, struct fc_buf *out)
{
    if (!kind_of(type))
        return FC_E_ARG;
    struct fc_hash hash = fc_record_hash(type, body);
    struct fc_signature signature = {fc_sign_key_public(secret), fc_sign(secret, &hash)};
    return fc_record_write(type, body, &signature, 1, out);
}

struct fc_hash fc_participant_id(const struct fc_key *feed_key, const struct fc_key *recovery_key)
{
    return fc_hash2("fedcat.party.1", fc_span(feed_key->b, sizeof feed_key->b),
                    fc_span(recovery_key->b, sizeof recovery_key->b));
}

struct fc_hash fc_key_hash(struct fc_span key)
{
    return fc_hash("fedcat.key.1", key);
}

struct fc_hash fc_commitment(const uint8_t salt[FC_SALT_BYTES], struct fc_span content)
{
    return fc_hash2("fedcat.commit.1", fc_span(salt, FC_SALT_BYTES), content);
}
