#include <string.h>

#include "store/body.h"

#define HASH(type, member)                                                                         \
    {                                                                                              \
        FC_FIELD_HASH, offsetof(struct type, member), 0, 0, 0                                      \
    }
#define HASH_SET(type, member)                                                                     \
    {                                                                                              \
        FC_FIELD_HASH, offsetof(struct type, member), 0, 1, 0                                      \
    }
#define U16(type, member, least)                                                                   \
    {                                                                                              \
        FC_FIELD_U16, offsetof(struct type, member), 0, least, UINT16_MAX                          \
    }
#define U32(type, member)                                                                          \
    {                                                                                              \
        FC_FIELD_U32, offsetof(struct type, member), 0, 0, UINT32_MAX                              \
    }
#define U32_OF(type, member, least, most)                                                          \
    {                                                                                              \
        FC_FIELD_U32, offsetof(struct type, member), 0, least, most                                \
    }
#define U64(type, member, least)                                                                   \
    {                                                                                              \
        FC_FIELD_U64, offsetof(struct type, member), 0, least, FC_NUMBER_MAX                       \
    }
#define VERSION(type, member)                                                                      \
    {                                                                                              \
        FC_FIELD_U64, offsetof(struct type, member), 0, 0, UINT64_MAX                              \
    }
#define FLAG(type, member)                                                                         \
    {                                                                                              \
        FC_FIELD_FLAG, offsetof(struct type, member), 0, 0, 1                                      \
    }
#define TEXT(type, member, least)                                                                  \
    {                                                                                              \
        FC_FIELD_TEXT, offsetof(struct type, member), 0, least, FC_TEXT_BYTES_MAX                  \
    }
#define COUNTRY(type, member)                                                                      \
    {                                                                                              \
        FC_FIELD_COUNTRY, offsetof(struct type, member), 0, 0, 0                                   \
    }
#define BINARY(type, member, most)                                                                 \
    {                                                                                              \
        FC_FIELD_BINARY, offsetof(struct type, member), 0, 1, most                                 \
    }
#define MANY(kind, type, member, count, least, most)                                               \
    {                                                                                              \
        kind, offsetof(struct type, member), offsetof(struct type, count), least, most             \
    }
#define COUNT(fields) (uint32_t)(sizeof fields / sizeof fields[0])

static const struct fc_field charter_fields[] = {
    HASH(fc_charter, federation),
    U64(fc_charter, version, 1),
    TEXT(fc_charter, name, 1),
    MANY(FC_FIELD_GOVERNORS, fc_charter, governors, governor_count, 1, FC_GOVERNORS_MAX),
    U32_OF(fc_charter, quorum, 1, FC_GOVERNORS_MAX),
    U32_OF(fc_charter, admit, 1, FC_GOVERNORS_MAX),
    U32_OF(fc_charter, format, FC_FORMAT, FC_FORMAT),
    U64(fc_charter, heartbeat_ms, 0),
    U64(fc_charter, quota_entries, 0),
    U64(fc_charter, quota_bytes, 0),
    U32(fc_charter, quota_ops),
    U32(fc_charter, quota_nodes),
    HASH(fc_charter, previous),
    U32_OF(fc_charter, carried_count, 0, FC_CARRIED_MAX),
    HASH(fc_charter, carried),
};

/* Version 1 stands alone; its hash is the federation's id, so version 2 names it twice. */
static bool charter_rule(const void *object)
{
    const struct fc_charter *charter = object;
    bool first = charter->version == 1;
    bool second = charter->version == 2;
    if (fc_hash_is_zero(&charter->federation) != first ||
        fc_hash_is_zero(&charter->previous) != first)
        return false;
    if (!first && fc_hash_eq(&charter->federation, &charter->previous) != second)
        return false;
    if ((charter->carried_count == 0) != fc_hash_is_zero(&charter->carried))
        return false;
    if (first && charter->carried_count > 0)
        return false;
    return 2 * charter->quorum > charter->governor_count &&
           charter->quorum <= charter->governor_count && charter->admit <= charter->governor_count;
}

static const struct fc_body charter_body = {FC_RECORD_CHARTER, sizeof(struct fc_charter),
                                            charter_fields, COUNT(charter_fields), charter_rule};

enum fc_err fc_charter_parse(const struct fc_record *record, struct fc_charter *out)
{
    return fc_body_read(&charter_body, record, out);
}

enum fc_err fc_charter_body(const struct fc_charter *in, struct fc_buf *out)
{
    return fc_body_write(&charter_body, in, out);
}

static const struct fc_field carry_fields[] = {
    HASH_SET(fc_carry, federation),
    U64(fc_carry, version, 2),
    MANY(FC_FIELD_HASHES, fc_carry, hashes, count, 0, FC_CARRIED_MAX),
};

static const struct fc_body carry_body = {FC_RECORD_CARRY, sizeof(struct fc_carry), carry_fields,
                                          COUNT(carry_fields), NULL};

enum fc_err fc_carry_parse(const struct fc_record *record, struct fc_carry *out)
{
    return fc_body_read(&carry_body, record, out);
}

enum fc_err fc_carry_body(const struct fc_carry *in, struct fc_buf *out)
{
    return fc_body_write(&carry_body, in, out);
}

static const struct fc_field certificate_fields[] = {
    HASH_SET(fc_certificate, federation),
    HASH_SET(fc_certificate, participant),
    U64(fc_certificate, g, 0),
    U64(fc_certificate, r, 0),
    HASH(fc_certificate, charter),
    TEXT(fc_certificate, name, 1),
    COUNTRY(fc_certificate, country),
    TEXT(fc_certificate, url, 1),
    HASH_SET(fc_certificate, feed_key),
    HASH_SET(fc_certificate, recovery_key),
    U16(fc_certificate, incarnation, 1),
    {FC_FIELD_U64, offsetof(struct fc_certificate, floor), 0, 0, FC_SEQ_MAX - 1},
    U64(fc_certificate, quota_entries, 0),
    U64(fc_certificate, quota_bytes, 0),
    U32(fc_certificate, quota_ops),
    U32(fc_certificate, quota_nodes),
    U64(fc_certificate, heartbeat_ms, 0),
    HASH(fc_certificate, node_key),
    MANY(FC_FIELD_ENDPOINTS, fc_certificate, endpoints, endpoint_count, 0, FC_ENDPOINTS_MAX),
    U64(fc_certificate, not_before_ms, 0),
    U64(fc_certificate, not_after_ms, 0),
};

static bool has_first_keys(const struct fc_certificate *certificate)
{
    struct fc_hash id = fc_participant_id(&certificate->feed_key, &certificate->recovery_key);
    return fc_hash_eq(&id, &certificate->participant);
}

static bool certificate_common(const struct fc_certificate *certificate)
{
    return certificate->not_before_ms <= certificate->not_after_ms &&
           !fc_key_eq(&certificate->feed_key, &certificate->recovery_key) &&
           (certificate->endpoint_count == 0 || !fc_key_is_zero(&certificate->node_key));
}

static bool certificate_rule(const void *object)
{
    const struct fc_certificate *certificate = object;
    if (!certificate_common(certificate) || certificate->g == 0 ||
        fc_hash_is_zero(&certificate->charter))
        return false;
    return certificate->g > 1 || certificate->r > 0 || has_first_keys(certificate);
}

static bool application_rule(const void *object)
{
    const struct fc_certificate *wanted = object;
    if (!certificate_common(wanted) || wanted->g != 0 || wanted->r != 0 ||
        !fc_hash_is_zero(&wanted->charter))
        return false;
    return wanted->incarnation > 1 || has_first_keys(wanted);
}

static const struct fc_body certificate_body = {FC_RECORD_CERTIFICATE,
                                                sizeof(struct fc_certificate), certificate_fields,
                                                COUNT(certificate_fields), certificate_rule};

static const struct fc_body application_body = {FC_RECORD_APPLICATION,
                                                sizeof(struct fc_certificate), certificate_fields,
                                                COUNT(certificate_fields), application_rule};

enum fc_err fc_certificate_parse(const struct fc_record *record, struct fc_certificate *out)
{
    return fc_body_read(&certificate_body, record, out);
}

enum fc_err fc_certificate_body(const struct fc_certificate *in, struct fc_buf *out)
{
    return fc_body_write(&certificate_body, in, out);
}

enum fc_err fc_application_parse(const struct fc_record *record, struct fc_application *out)
{
    return fc_body_read(&application_body, record, &out->wanted);
}

enum fc_err fc_application_body(const struct fc_application *in, struct fc_buf *out)
{
    return fc_body_write(&application_body, &in->wanted, out);
}

_Static_assert(sizeof(enum fc_revocation_mode) == sizeof(uint32_t), "read as a number");

static const struct fc_field revocation_fields[] = {
    HASH_SET(fc_revocation, federation),
    HASH_SET(fc_revocation, charter),
    HASH_SET(fc_revocation, participant),
    U64(fc_revocation, g, 1),
    VERSION(fc_revocation, last_valid),
    HASH(fc_revocation, last_head),
    U32_OF(fc_revocation, mode, FC_REVOKE_FREEZE, FC_REVOKE_REMOVE),
    TEXT(fc_revocation, reason, 0),
};

static bool version_valid(fc_version version)
{
    return fc_version_incarnation(version) > 0 && fc_version_seq(version) > 0;
}

static bool revocation_rule(const void *object)
{
    const struct fc_revocation *revocation = object;
    if (revocation->last_valid == 0)
        return fc_hash_is_zero(&revocation->last_head);
    return version_valid(revocation->last_valid);
}

static const struct fc_body revocation_body = {FC_RECORD_REVOCATION, sizeof(struct fc_revocation),
                                               revocation_fields, COUNT(revocation_fields),
                                               revocation_rule};

enum fc_err fc_revocation_parse(const struct fc_record *record, struct fc_revocation *out)
{
    return fc_body_read(&revocation_body, record, out);
}

enum fc_err fc_revocation_body(const struct fc_revocation *in, struct fc_buf *out)
{
    return fc_body_write(&revocation_body, in, out);
}

static const struct fc_field takedown_fields[] = {
    HASH_SET(fc_takedown, federation),  HASH_SET(fc_takedown, charter),
    HASH_SET(fc_takedown, participant), HASH_SET(fc_takedown, key),
    HASH_SET(fc_takedown, commitment),  TEXT(fc_takedown, reason, 0),
};

static const struct fc_body takedown_body = {FC_RECORD_TAKEDOWN, sizeof(struct fc_takedown),
                                             takedown_fields, COUNT(takedown_fields), NULL};

enum fc_err fc_takedown_parse(const struct fc_record *record, struct fc_takedown *out)
{
    return fc_body_read(&takedown_body, record, out);
}

enum fc_err fc_takedown_body(const struct fc_takedown *in, struct fc_buf *out)
{
    return fc_body_write(&takedown_body, in, out);
}

static const struct fc_field descriptor_fields[] = {
    HASH_SET(fc_descriptor, federation),
    HASH_SET(fc_descriptor, participant),
    HASH_SET(fc_descriptor, node_key),
    MANY(FC_FIELD_ENDPOINTS, fc_descriptor, endpoints, endpoint_count, 0, FC_ENDPOINTS_MAX),
    TEXT(fc_descriptor, region, 0),
    U64(fc_descriptor, seq, 0),
    U64(fc_descriptor, time_ms, 0),
    FLAG(fc_descriptor, retired),
};

static const struct fc_body descriptor_body = {FC_RECORD_DESCRIPTOR, sizeof(struct fc_descriptor),
                                               descriptor_fields, COUNT(descriptor_fields), NULL};

enum fc_err fc_descriptor_parse(const struct fc_record *record, struct fc_descriptor *out)
{
    return fc_body_read(&descriptor_body, record, out);
}

enum fc_err fc_descriptor_body(const struct fc_descriptor *in, struct fc_buf *out)
{
    return fc_body_write(&descriptor_body, in, out);
}

static const struct fc_field evidence_fields[] = {
    HASH_SET(fc_evidence, federation),
    BINARY(fc_evidence, first, FC_RECORD_BYTES_MAX),
    BINARY(fc_evidence, second, FC_RECORD_BYTES_MAX),
};

static bool can_be_evidence(enum fc_record_type type)
{
    return type == FC_RECORD_CHARTER || type == FC_RECORD_CERTIFICATE || type == FC_RECORD_HEAD;
}

/* Form only: whether the two contradict each other is the ledger's to say. */
static bool evidence_rule(const void *object)
{
    const struct fc_evidence *evidence = object;
    struct fc_record first, second;
    if (fc_record_parse(evidence->first, &first) != FC_OK ||
        fc_record_parse(evidence->second, &second) != FC_OK)
        return false;
    if (first.type != second.type || !can_be_evidence(first.type) ||
        fc_hash_cmp(&first.hash, &second.hash) >= 0)
        return false;
    return fc_hash_eq(&first.federation, &evidence->federation) &&
           fc_hash_eq(&second.federation, &evidence->federation) &&
           fc_record_check_body(&first) == FC_OK && fc_record_check_body(&second) == FC_OK;
}

static const struct fc_body evidence_body = {FC_RECORD_EVIDENCE, sizeof(struct fc_evidence),
                                             evidence_fields, COUNT(evidence_fields),
                                             evidence_rule};

enum fc_err fc_evidence_parse(const struct fc_record *record, struct fc_evidence *out)
{
    return fc_body_read(&evidence_body, record, out);
}

enum fc_err fc_evidence_body(const struct fc_evidence *in, struct fc_buf *out)
{
    return fc_body_write(&evidence_body, in, out);
}

static const struct fc_field checkpoint_fields[] = {
    HASH_SET(fc_checkpoint, federation), HASH_SET(fc_checkpoint, participant),
    HASH_SET(fc_checkpoint, node_key),   HASH_SET(fc_checkpoint, charter),
    HASH(fc_checkpoint, digest),         U64(fc_checkpoint, feeds, 0),
    U64(fc_checkpoint, entries, 0),      U64(fc_checkpoint, time_ms, 0),
};

static const struct fc_body checkpoint_body = {FC_RECORD_CHECKPOINT, sizeof(struct fc_checkpoint),
                                               checkpoint_fields, COUNT(checkpoint_fields), NULL};

enum fc_err fc_checkpoint_parse(const struct fc_record *record, struct fc_checkpoint *out)
{
    return fc_body_read(&checkpoint_body, record, out);
}

enum fc_err fc_checkpoint_body(const struct fc_checkpoint *in, struct fc_buf *out)
{
    return fc_body_write(&checkpoint_body, in, out);
}

static const struct fc_field head_fields[] = {
    HASH_SET(fc_head, federation),  HASH_SET(fc_head, certificate),
    HASH_SET(fc_head, participant), VERSION(fc_head, version),
    U64(fc_head, time_ms, 0),       HASH(fc_head, previous),
    HASH_SET(fc_head, ops),         HASH(fc_head, root),
    U64(fc_head, entries, 0),       U64(fc_head, bytes, 0),
};

static bool head_rule(const void *object)
{
    const struct fc_head *head = object;
    if (!version_valid(head->version))
        return false;
    if (fc_version_seq(head->version) == 1 && !fc_hash_is_zero(&head->previous))
        return false;
    if ((head->entries == 0) != fc_hash_is_zero(&head->root))
        return false;
    return head->entries > 0 || head->bytes == 0;
}

static const struct fc_body head_body = {FC_RECORD_HEAD, sizeof(struct fc_head), head_fields,
                                         COUNT(head_fields), head_rule};

enum fc_err fc_head_parse(const struct fc_record *record, struct fc_head *out)
{
    return fc_body_read(&head_body, record, out);
}

enum fc_err fc_head_body(const struct fc_head *in, struct fc_buf *out)
{
    return fc_body_write(&head_body, in, out);
}

enum fc_err fc_record_check_body(const struct fc_record *record)
{
    union {
        struct fc_charter charter;
        struct fc_carry carry;
        struct fc_certificate certificate;
        struct fc_revocation revocation;
        struct fc_takedown takedown;
        struct fc_descriptor descriptor;
        struct fc_evidence evidence;
        struct fc_checkpoint checkpoint;
        struct fc_head head;
        struct fc_application application;
    } any;
    switch (record->type) {
    case FC_RECORD_CHARTER:
        return fc_charter_parse(record, &any.charter);
    case FC_RECORD_CARRY:
        return fc_carry_parse(record, &any.carry);
    case FC_RECORD_CERTIFICATE:
        return fc_certificate_parse(record, &any.certificate);
    case FC_RECORD_REVOCATION:
        return fc_revocation_parse(record, &any.revocation);
    case FC_RECORD_TAKEDOWN:
        return fc_takedown_parse(record, &any.takedown);
    case FC_RECORD_DESCRIPTOR:
        return fc_descriptor_parse(record, &any.descriptor);
    case FC_RECORD_EVIDENCE:
        return fc_evidence_parse(record, &any.evidence);
    case FC_RECORD_CHECKPOINT:
        return fc_checkpoint_parse(record, &any.checkpoint);
    case FC_RECORD_HEAD:
        return fc_head_parse(record, &any.head);
    case FC_RECORD_APPLICATION:
        return fc_application_parse(record, &any.application);
    }
    return FC_E_FORMAT;
}
