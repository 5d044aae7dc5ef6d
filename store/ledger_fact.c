/* Records as they were read. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "store/ledger_priv.h"

static enum fc_err held_parse(struct fc_held *held)
{
    switch (held->record.type) {
    case FC_RECORD_CHARTER:
        return fc_charter_parse(&held->record, &held->charter);
    case FC_RECORD_CARRY:
        return fc_carry_parse(&held->record, &held->carry);
    case FC_RECORD_CERTIFICATE:
        return fc_certificate_parse(&held->record, &held->certificate);
    case FC_RECORD_REVOCATION:
        return fc_revocation_parse(&held->record, &held->revocation);
    case FC_RECORD_TAKEDOWN:
        return fc_takedown_parse(&held->record, &held->takedown);
    case FC_RECORD_DESCRIPTOR:
        return fc_descriptor_parse(&held->record, &held->descriptor);
    case FC_RECORD_EVIDENCE:
        return fc_evidence_parse(&held->record, &held->evidence);
    case FC_RECORD_CHECKPOINT:
        return fc_checkpoint_parse(&held->record, &held->checkpoint);
    case FC_RECORD_HEAD:
    case FC_RECORD_APPLICATION:
        return FC_E_ARG;
    }
    return FC_E_FORMAT;
}

/* A charter is ten times as large as the others: a fact ends where its own type does. */
static size_t fact_size(enum fc_record_type type)
{
    size_t start = offsetof(struct fact, held);
    switch (type) {
    case FC_RECORD_CHARTER:
    case FC_RECORD_HEAD:
    case FC_RECORD_APPLICATION:
        break;
    case FC_RECORD_CARRY:
        return start + offsetof(struct fc_held, carry) + sizeof(struct fc_carry);
    case FC_RECORD_CERTIFICATE:
        return start + offsetof(struct fc_held, certificate) + sizeof(struct fc_certificate);
    case FC_RECORD_REVOCATION:
        return start + offsetof(struct fc_held, revocation) + sizeof(struct fc_revocation);
    case FC_RECORD_TAKEDOWN:
        return start + offsetof(struct fc_held, takedown) + sizeof(struct fc_takedown);
    case FC_RECORD_DESCRIPTOR:
        return start + offsetof(struct fc_held, descriptor) + sizeof(struct fc_descriptor);
    case FC_RECORD_EVIDENCE:
        return start + offsetof(struct fc_held, evidence) + sizeof(struct fc_evidence);
    case FC_RECORD_CHECKPOINT:
        return start + offsetof(struct fc_held, checkpoint) + sizeof(struct fc_checkpoint);
    }
    return sizeof(struct fact);
}

struct fc_hash fc_fact_id(struct fc_span record)
{
    return fc_hash("fedcat.fact.1", record);
}

enum fc_err fc_fact_make(const struct fc_record *record, struct fact **out)
{
    size_t size = fact_size(record->type);
    struct fact *fact = calloc(1, size + record->bytes.len);
    if (!fact)
        return FC_E_NOMEM;
    uint8_t *bytes = (uint8_t *)fact + size;
    memcpy(bytes, record->bytes.data, record->bytes.len);
    fact->refs = 1;
    fact->id = fc_fact_id(record->bytes);
    enum fc_err err = fc_record_parse(fc_span(bytes, record->bytes.len), &fact->held.record);
    if (err == FC_OK)
        err = held_parse(&fact->held);
    if (err != FC_OK) {
        fc_fact_release(fact);
        return err;
    }
    *out = fact;
    return FC_OK;
}

void fc_fact_release(struct fact *fact)
{
    if (!fact || --fact->refs)
        return;
    free(fact->about);
    free(fact);
}

struct slot *fc_slot_create(struct fact *fact)
{
    struct slot *slot = calloc(1, sizeof *slot);
    if (slot)
        slot->fact = fact;
    else
        fc_fact_release(fact);
    return slot;
}

void fc_slot_destroy(struct slot *slot)
{
    if (!slot)
        return;
    fc_fact_release(slot->fact);
    free(slot);
}

/* -- what it is about -------------------------------------------------------------------------- */

static struct fc_hash pair_hash(const struct fc_hash *participant, const struct fc_key *key)
{
    return fc_hash2("fedcat.subject.1", fc_span(participant->b, 32), fc_span(key->b, 32));
}

void fc_fact_name(const struct fact *fact, struct fc_ledger_change *change)
{
    const struct fc_held *held = &fact->held;
    struct fc_hash hash = held->record.hash;
    switch (held->record.type) {
    case FC_RECORD_DESCRIPTOR:
        change->participant = held->descriptor.participant;
        hash = pair_hash(&change->participant, &held->descriptor.node_key);
        hash = fc_hash2("fedcat.subject.1", fc_span(hash.b, 32), fc_span(fact->signer.b, 32));
        break;
    case FC_RECORD_CHECKPOINT:
        change->participant = held->checkpoint.participant;
        hash = pair_hash(&change->participant, &held->checkpoint.node_key);
        break;
    case FC_RECORD_EVIDENCE:
        change->participant = fact->about->participant;
        hash = fc_about_subject(fact->about);
        break;
    case FC_RECORD_CERTIFICATE:
        change->participant = held->certificate.participant;
        break;
    case FC_RECORD_REVOCATION:
        change->participant = held->revocation.participant;
        break;
    case FC_RECORD_TAKEDOWN:
        change->participant = held->takedown.participant;
        break;
    case FC_RECORD_CHARTER:
    case FC_RECORD_CARRY:
    case FC_RECORD_HEAD:
    case FC_RECORD_APPLICATION:
        break;
    }
    change->subject.b[0] = (uint8_t)held->record.type;
    memcpy(change->subject.b + 1, hash.b, sizeof hash.b);
}
