/* Records for people: one walk over the fields, shown as lines or as JSON. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "node/cli.h"
#include "node/clock.h"
#include "node/record_file.h"

/* Where the walk puts what it meets: lines to `out`, or members to `json`. */
struct shown {
    FILE *out;
    struct fc_json *json;
    const struct fc_ledger *ledger;
};

static void label(const struct shown *at, const char *name)
{
    fprintf(at->out, "  %-13s ", name);
}

static void show_text(const struct shown *at, const char *name, struct fc_span text)
{
    if (at->json) {
        fc_json_span(at->json, name, text);
    } else if (text.len > 0) {
        label(at, name);
        fc_cli_put(at->out, text, FC_TEXT_BYTES_MAX, false);
        fputc('\n', at->out);
    }
}

static void show_uint(const struct shown *at, const char *name, uint64_t value)
{
    if (at->json) {
        fc_json_uint(at->json, name, value);
    } else {
        label(at, name);
        fprintf(at->out, "%" PRIu64 "\n", value);
    }
}

static void show_hash(const struct shown *at, const char *name, const uint8_t bytes[32])
{
    static const uint8_t zero[32];
    char hex[65];
    bool none = memcmp(bytes, zero, 32) == 0;
    if (at->json) {
        if (none)
            fc_json_null(at->json, name);
        else
            fc_json_hex(at->json, name, bytes, 32);
    } else if (!none) {
        fc_hex(bytes, 32, hex);
        label(at, name);
        fprintf(at->out, "%s\n", hex);
    }
}

static void show_time(const struct shown *at, const char *name, uint64_t wall_ms)
{
    char text[FC_CLOCK_TEXT_BYTES];
    if (at->json) {
        fc_json_time(at->json, name, wall_ms);
    } else if (wall_ms > 0) {
        label(at, name);
        fprintf(at->out, "%s\n", fc_clock_text(wall_ms, text));
    }
}

static void show_duration(const struct shown *at, const char *name, uint64_t ms)
{
    char text[FC_CLOCK_TEXT_BYTES];
    if (at->json) {
        fc_json_uint(at->json, name, ms);
    } else {
        label(at, name);
        fprintf(at->out, "%s\n", fc_clock_age(ms, text));
    }
}

static void show_version(const struct shown *at, const char *name, fc_version version)
{
    char text[FC_CLI_VERSION_BYTES];
    if (at->json) {
        fc_json_text(at->json, name, fc_cli_version(version, text));
    } else {
        label(at, name);
        fprintf(at->out, "%s\n", fc_cli_version(version, text));
    }
}

static void show_endpoints(const struct shown *at, const struct fc_span *endpoints, uint32_t count)
{
    if (at->json)
        fc_json_array(at->json, "endpoints");
    for (uint32_t i = 0; i < count; i++)
        show_text(at, at->json ? NULL : "endpoint", endpoints[i]);
    if (at->json)
        fc_json_end(at->json);
}

static void show_charter(const struct shown *at, const struct fc_charter *charter)
{
    show_uint(at, "version", charter->version);
    show_text(at, "name", charter->name);
    show_uint(at, "quorum", charter->quorum);
    show_uint(at, "admit", charter->admit);
    show_duration(at, at->json ? "heartbeat_ms" : "heartbeat", charter->heartbeat_ms);
    show_uint(at, "quota_entries", charter->quota_entries);
    show_uint(at, "quota_bytes", charter->quota_bytes);
    show_uint(at, "quota_ops", charter->quota_ops);
    show_uint(at, "quota_nodes", charter->quota_nodes);
    show_hash(at, "previous", charter->previous.b);
    show_uint(at, "carried", charter->carried_count);
    if (at->json)
        fc_json_array(at->json, "governors");
    for (uint32_t i = 0; i < charter->governor_count; i++) {
        const struct fc_governor *governor = &charter->governors[i];
        if (at->json) {
            fc_json_object(at->json, NULL);
            fc_json_span(at->json, "name", governor->name);
            fc_json_span(at->json, "country", governor->country);
            fc_json_key(at->json, "key", &governor->key);
            fc_json_end(at->json);
        } else {
            char hex[65];
            fc_hex(governor->key.b, 32, hex);
            label(at, "governor");
            fprintf(at->out, "%s ", hex);
            fc_cli_put(at->out, governor->country, 2, false);
            fputc(' ', at->out);
            fc_cli_put(at->out, governor->name, 60, false);
            fputc('\n', at->out);
        }
    }
    if (at->json)
        fc_json_end(at->json);
}

/* What governors fill in: absent from an application. */
static void show_granted(const struct shown *at, const struct fc_certificate *certificate)
{
    show_uint(at, "g", certificate->g);
    show_uint(at, "r", certificate->r);
    show_hash(at, "charter", certificate->charter.b);
    show_uint(at, "incarnation", certificate->incarnation);
    show_uint(at, "floor", certificate->floor);
    show_uint(at, "quota_entries", certificate->quota_entries);
    show_uint(at, "quota_bytes", certificate->quota_bytes);
    show_uint(at, "quota_ops", certificate->quota_ops);
    show_uint(at, "quota_nodes", certificate->quota_nodes);
    show_duration(at, at->json ? "heartbeat_ms" : "heartbeat", certificate->heartbeat_ms);
    show_time(at, "not_before", certificate->not_before_ms);
    show_time(at, "not_after", certificate->not_after_ms);
}

static void show_certificate(const struct shown *at, const struct fc_certificate *certificate)
{
    show_hash(at, "participant", certificate->participant.b);
    show_text(at, "name", certificate->name);
    show_text(at, "country", certificate->country);
    show_text(at, "url", certificate->url);
    show_hash(at, "feed_key", certificate->feed_key.b);
    show_hash(at, "recovery_key", certificate->recovery_key.b);
    show_hash(at, "node_key", certificate->node_key.b);
    show_endpoints(at, certificate->endpoints, certificate->endpoint_count);
    if (certificate->g > 0)
        show_granted(at, certificate);
}

static void show_revocation(const struct shown *at, const struct fc_revocation *revocation)
{
    show_hash(at, "participant", revocation->participant.b);
    show_uint(at, "g", revocation->g);
    show_text(at, "mode", fc_span_str(revocation->mode == FC_REVOKE_REMOVE ? "remove" : "freeze"));
    show_version(at, "last_valid", revocation->last_valid);
    show_hash(at, "last_head", revocation->last_head.b);
    show_hash(at, "charter", revocation->charter.b);
    show_text(at, "reason", revocation->reason);
}

static void show_takedown(const struct shown *at, const struct fc_takedown *takedown)
{
    show_hash(at, "participant", takedown->participant.b);
    show_hash(at, "key_hash", takedown->key.b);
    show_hash(at, "commitment", takedown->commitment.b);
    show_hash(at, "charter", takedown->charter.b);
    show_text(at, "reason", takedown->reason);
}

static void show_descriptor(const struct shown *at, const struct fc_descriptor *descriptor)
{
    show_hash(at, "participant", descriptor->participant.b);
    show_hash(at, "node_key", descriptor->node_key.b);
    show_text(at, "region", descriptor->region);
    show_uint(at, "seq", descriptor->seq);
    show_time(at, "time", descriptor->time_ms);
    if (descriptor->retired)
        show_text(at, "state", fc_span_str("retired"));
    show_endpoints(at, descriptor->endpoints, descriptor->endpoint_count);
}

static void show_head(const struct shown *at, const struct fc_head *head)
{
    show_hash(at, "participant", head->participant.b);
    show_version(at, "version", head->version);
    show_time(at, "time", head->time_ms);
    show_uint(at, "entries", head->entries);
    show_uint(at, "bytes", head->bytes);
    show_hash(at, "root", head->root.b);
    show_hash(at, "certificate", head->certificate.b);
    show_hash(at, "previous", head->previous.b);
}

static void show_checkpoint(const struct shown *at, const struct fc_checkpoint *checkpoint)
{
    show_hash(at, "participant", checkpoint->participant.b);
    show_hash(at, "node_key", checkpoint->node_key.b);
    show_hash(at, "charter", checkpoint->charter.b);
    show_hash(at, "digest", checkpoint->digest.b);
    show_uint(at, "feeds", checkpoint->feeds);
    show_uint(at, "entries", checkpoint->entries);
    show_time(at, "time", checkpoint->time_ms);
}

static void show_evidence(const struct shown *at, const struct fc_evidence *evidence)
{
    struct fc_record record;
    const struct fc_span both[] = {evidence->first, evidence->second};
    for (int i = 0; i < 2; i++) {
        char line[FC_RECORD_LINE_BYTES];
        if (fc_record_parse(both[i], &record) != FC_OK)
            continue;
        show_text(at, i == 0 ? "first" : "second", fc_span_str(fc_record_line(&record, line)));
        show_hash(at, i == 0 ? "first_hash" : "second_hash", record.hash.b);
    }
}

union body {
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
};

static enum fc_err parse(const struct fc_record *record, union body *body)
{
    switch (record->type) {
    case FC_RECORD_CHARTER:
        return fc_charter_parse(record, &body->charter);
    case FC_RECORD_CARRY:
        return fc_carry_parse(record, &body->carry);
    case FC_RECORD_CERTIFICATE:
        return fc_certificate_parse(record, &body->certificate);
    case FC_RECORD_REVOCATION:
        return fc_revocation_parse(record, &body->revocation);
    case FC_RECORD_TAKEDOWN:
        return fc_takedown_parse(record, &body->takedown);
    case FC_RECORD_DESCRIPTOR:
        return fc_descriptor_parse(record, &body->descriptor);
    case FC_RECORD_EVIDENCE:
        return fc_evidence_parse(record, &body->evidence);
    case FC_RECORD_CHECKPOINT:
        return fc_checkpoint_parse(record, &body->checkpoint);
    case FC_RECORD_HEAD:
        return fc_head_parse(record, &body->head);
    case FC_RECORD_APPLICATION:
        return fc_application_parse(record, &body->application);
    }
    return FC_E_FORMAT;
}

static void show_body(const struct shown *at, const struct fc_record *record,
                      const union body *body)
{
    switch (record->type) {
    case FC_RECORD_CHARTER:
        show_charter(at, &body->charter);
        break;
    case FC_RECORD_CARRY:
        show_uint(at, "version", body->carry.version);
        show_uint(at, "carried", body->carry.count);
        break;
    case FC_RECORD_CERTIFICATE:
        show_certificate(at, &body->certificate);
        break;
    case FC_RECORD_REVOCATION:
        show_revocation(at, &body->revocation);
        break;
    case FC_RECORD_TAKEDOWN:
        show_takedown(at, &body->takedown);
        break;
    case FC_RECORD_DESCRIPTOR:
        show_descriptor(at, &body->descriptor);
        break;
    case FC_RECORD_EVIDENCE:
        show_evidence(at, &body->evidence);
        break;
    case FC_RECORD_CHECKPOINT:
        show_checkpoint(at, &body->checkpoint);
        break;
    case FC_RECORD_HEAD:
        show_head(at, &body->head);
        break;
    case FC_RECORD_APPLICATION:
        show_certificate(at, &body->application.wanted);
        break;
    }
}

/* A governor's name by the charters the ledger holds. */
static bool governor_name(const struct fc_ledger *ledger, const struct fc_key *key,
                          struct fc_span *name)
{
    const struct fc_held *held = ledger ? fc_ledger_charter(ledger, NULL) : NULL;
    for (uint64_t version = held ? held->charter.version : 0; version > 0; version--) {
        held = fc_ledger_charter_version(ledger, version);
        for (uint32_t i = 0; held && i < held->charter.governor_count; i++) {
            if (fc_key_eq(&held->charter.governors[i].key, key)) {
                *name = held->charter.governors[i].name;
                return true;
            }
        }
    }
    return false;
}

static bool participant_name(const struct fc_ledger *ledger, const struct fc_key *key,
                             struct fc_span *name)
{
    for (size_t i = 0; ledger && i < fc_ledger_participant_count(ledger); i++) {
        struct fc_participant participant;
        fc_ledger_participant_at(ledger, i, &participant);
        const struct fc_held *held = participant.certificate;
        if (held && (fc_key_eq(&held->certificate.feed_key, key) ||
                     fc_key_eq(&held->certificate.recovery_key, key))) {
            *name = held->certificate.name;
            return true;
        }
    }
    return false;
}

/* As many whole characters as fit. Text of a record has no control characters: its parser saw to
 * that. */
static void copy_text(char *out, size_t size, struct fc_span text)
{
    size_t len = text.len < size ? text.len : size - 1;
    while (len > 0 && len < text.len && (text.data[len] & 0xc0) == 0x80)
        len--;
    if (len > 0)
        memcpy(out, text.data, len);
    out[len] = 0;
}

void fc_record_signer(const struct fc_ledger *ledger, const struct fc_key *key, char *out,
                      size_t size)
{
    struct fc_span name = {0};
    char hex[17];
    if (!governor_name(ledger, key, &name) && !participant_name(ledger, key, &name)) {
        fc_hex(key->b, 8, hex);
        name = fc_span_str(hex);
    }
    copy_text(out, size, name);
}

static void show_signer(const struct shown *at, const struct fc_signature *signature, bool valid)
{
    struct fc_span name = {0};
    bool governs = governor_name(at->ledger, &signature->signer, &name);
    bool known = governs || participant_name(at->ledger, &signature->signer, &name);
    if (at->json) {
        fc_json_object(at->json, NULL);
        fc_json_key(at->json, "key", &signature->signer);
        fc_json_bool(at->json, "valid", valid);
        if (known)
            fc_json_span(at->json, governs ? "governor" : "participant", name);
        fc_json_end(at->json);
    } else {
        char hex[65];
        fc_hex(signature->signer.b, 32, hex);
        label(at, "signed by");
        fprintf(at->out, "%s %s ", hex, valid ? "valid" : "INVALID");
        fc_cli_put(at->out, name, 60, false);
        fputc('\n', at->out);
    }
}

static void show_signers(const struct shown *at, const struct fc_record *record)
{
    if (at->json)
        fc_json_array(at->json, "signed_by");
    for (uint32_t i = 0; i < record->signature_count; i++) {
        struct fc_signature signature;
        fc_record_signature(record, i, &signature);
        show_signer(at, &signature, fc_verify(&signature.signer, &record->hash, &signature.sig));
    }
    if (at->json)
        fc_json_end(at->json);
}

void fc_record_print(const struct fc_record *record, const struct fc_ledger *ledger, FILE *out)
{
    struct shown at = {.out = out, .ledger = ledger};
    union body *body = calloc(1, sizeof *body);
    char line[FC_RECORD_LINE_BYTES];
    fprintf(out, "%s\n", fc_record_line(record, line));
    show_hash(&at, "hash", record->hash.b);
    show_hash(&at, "federation", record->federation.b);
    if (body && parse(record, body) == FC_OK)
        show_body(&at, record, body);
    show_signers(&at, record);
    free(body);
}

void fc_record_json(struct fc_json *json, const char *key, const struct fc_record *record,
                    const struct fc_ledger *ledger)
{
    struct shown at = {.json = json, .ledger = ledger};
    union body *body = calloc(1, sizeof *body);
    fc_json_object(json, key);
    fc_json_text(json, "type", fc_record_type_name(record->type));
    show_hash(&at, "hash", record->hash.b);
    show_hash(&at, "federation", record->federation.b);
    if (body && parse(record, body) == FC_OK)
        show_body(&at, record, body);
    show_signers(&at, record);
    fc_json_end(json);
    free(body);
}

static void name_line(char out[FC_RECORD_LINE_BYTES], const char *what, struct fc_span name,
                      struct fc_span country)
{
    char text[101];
    copy_text(text, sizeof text, name);
    snprintf(out, FC_RECORD_LINE_BYTES, "%s %s (%.*s)", what, text, (int)country.len,
             (const char *)country.data);
}

static void charter_line(char out[FC_RECORD_LINE_BYTES], const struct fc_charter *charter)
{
    char what[48], rule[32];
    snprintf(what, sizeof what, "charter %" PRIu64 " of", charter->version);
    snprintf(rule, sizeof rule, "%u of %u", charter->quorum, charter->governor_count);
    name_line(out, what, charter->name, fc_span_str(rule));
}

static void evidence_line(char out[FC_RECORD_LINE_BYTES], const struct fc_evidence *evidence)
{
    struct fc_record first;
    const char *type =
        fc_record_parse(evidence->first, &first) == FC_OK ? fc_record_type_name(first.type) : NULL;
    snprintf(out, FC_RECORD_LINE_BYTES, "evidence of two %ss that contradict each other",
             type ? type : "record");
}

static void body_line(char out[FC_RECORD_LINE_BYTES], enum fc_record_type type,
                      const union body *body)
{
    char version[FC_CLI_VERSION_BYTES], hex[17];
    const uint8_t *id = NULL;
    const char *what = NULL;
    switch (type) {
    case FC_RECORD_CHARTER:
        charter_line(out, &body->charter);
        return;
    case FC_RECORD_CARRY:
        snprintf(out, FC_RECORD_LINE_BYTES, "carry list of charter %" PRIu64 ": %u records",
                 body->carry.version, body->carry.count);
        return;
    case FC_RECORD_CERTIFICATE:
        name_line(out, "certificate of", body->certificate.name, body->certificate.country);
        return;
    case FC_RECORD_APPLICATION:
        name_line(out, "application of", body->application.wanted.name,
                  body->application.wanted.country);
        return;
    case FC_RECORD_EVIDENCE:
        evidence_line(out, &body->evidence);
        return;
    case FC_RECORD_HEAD:
        fc_hex(body->head.participant.b, 8, hex);
        snprintf(out, FC_RECORD_LINE_BYTES, "head %s of %s",
                 fc_cli_version(body->head.version, version), hex);
        return;
    case FC_RECORD_REVOCATION:
        what = body->revocation.mode == FC_REVOKE_REMOVE ? "revocation (remove) of"
                                                         : "revocation (freeze) of";
        id = body->revocation.participant.b;
        break;
    case FC_RECORD_TAKEDOWN:
        what = "takedown of a content of";
        id = body->takedown.participant.b;
        break;
    case FC_RECORD_DESCRIPTOR:
        what = "descriptor of node";
        id = body->descriptor.node_key.b;
        break;
    case FC_RECORD_CHECKPOINT:
        what = "checkpoint of node";
        id = body->checkpoint.node_key.b;
        break;
    }
    if (id) {
        fc_hex(id, 8, hex);
        snprintf(out, FC_RECORD_LINE_BYTES, "%s %s", what, hex);
    }
}

char *fc_record_line(const struct fc_record *record, char out[FC_RECORD_LINE_BYTES])
{
    union body *body = calloc(1, sizeof *body);
    const char *type = fc_record_type_name(record->type);
    snprintf(out, FC_RECORD_LINE_BYTES, "%s", type ? type : "record");
    if (body && parse(record, body) == FC_OK)
        body_line(out, record->type, body);
    free(body);
    return out;
}
