#include "store/ledger_priv.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum fc_err fc_slots_add(struct slots *slots, struct slot *slot)
{
    if (slots->count == slots->cap) {
        size_t cap = slots->cap ? slots->cap * 2 : 4;
        struct slot **list = realloc(slots->list, cap * sizeof *list);
        if (!list)
            return FC_E_NOMEM;
        slots->list = list;
        slots->cap = cap;
    }
    slots->list[slots->count++] = slot;
    return FC_OK;
}

void fc_slots_remove(struct slots *slots, const struct slot *slot)
{
    for (size_t i = 0; i < slots->count; i++) {
        if (slots->list[i] == slot) {
            slots->list[i] = slots->list[--slots->count];
            return;
        }
    }
}

enum fc_err fc_ledger_create(const struct fc_hash *federation, struct fc_verifier verifier,
                             struct fc_ledger **out)
{
    struct fc_ledger *ledger = calloc(1, sizeof *ledger);
    if (!ledger)
        return FC_E_NOMEM;
    ledger->federation = *federation;
    ledger->verifier = verifier;
    *out = ledger;
    return FC_OK;
}

static void party_destroy(struct party *party)
{
    if (!party)
        return;
    free(party->certificates.list);
    free(party->revocations.list);
    free(party->takedowns.list);
    free(party->descriptors.list);
    free(party->evidence.list);
    free(party->checkpoints.list);
    free(party);
}

static void slot_destroy(struct slot *slot)
{
    if (!slot)
        return;
    free(slot->bytes);
    free(slot);
}

void fc_ledger_destroy(struct fc_ledger *ledger)
{
    if (!ledger)
        return;
    for (size_t i = 0; i < ledger->records.count; i++)
        slot_destroy(ledger->records.list[i]);
    for (size_t i = 0; i < ledger->party_count; i++)
        party_destroy(ledger->parties[i]);
    free(ledger->records.list);
    free(ledger->table);
    free(ledger->charters.list);
    free(ledger->carries.list);
    free(ledger->chain.list);
    free(ledger->pins);
    free(ledger->parties);
    free(ledger->certified);
    free(ledger->nodes);
    free(ledger);
}

/* -- records by hash --------------------------------------------------------------------------- */

static size_t place(const struct fc_ledger *ledger, const struct fc_hash *hash)
{
    size_t at;
    memcpy(&at, hash->b, sizeof at);
    at &= ledger->table_size - 1;
    while (ledger->table[at] && !fc_hash_eq(&ledger->table[at]->held.record.hash, hash))
        at = (at + 1) & (ledger->table_size - 1);
    return at;
}

struct slot *fc_ledger_slot(const struct fc_ledger *ledger, const struct fc_hash *hash)
{
    return ledger->table_size ? ledger->table[place(ledger, hash)] : NULL;
}

static enum fc_err table_room(struct fc_ledger *ledger)
{
    if ((ledger->records.count + 1) * 2 <= ledger->table_size)
        return FC_OK;
    size_t size = ledger->table_size ? ledger->table_size * 2 : 64;
    struct slot **table = calloc(size, sizeof *table);
    if (!table)
        return FC_E_NOMEM;
    free(ledger->table);
    ledger->table = table;
    ledger->table_size = size;
    for (size_t i = 0; i < ledger->records.count; i++)
        table[place(ledger, &ledger->records.list[i]->held.record.hash)] = ledger->records.list[i];
    return FC_OK;
}

enum fc_err fc_held_parse(struct fc_held *held)
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

enum fc_err fc_ledger_keep(struct fc_ledger *ledger, const struct fc_record *record,
                           struct slot **out)
{
    struct slot *slot = calloc(1, sizeof *slot);
    enum fc_err err = slot ? table_room(ledger) : FC_E_NOMEM;
    if (err == FC_OK) {
        slot->bytes = fc_span_dup(record->bytes);
        err = slot->bytes ? FC_OK : FC_E_NOMEM;
    }
    if (err == FC_OK)
        err = fc_record_parse(fc_span(slot->bytes, record->bytes.len), &slot->held.record);
    if (err == FC_OK)
        err = fc_held_parse(&slot->held);
    if (err == FC_OK)
        err = fc_slots_add(&ledger->records, slot);
    if (err != FC_OK) {
        slot_destroy(slot);
        return err;
    }
    ledger->table[place(ledger, &slot->held.record.hash)] = slot;
    *out = slot;
    return FC_OK;
}

void fc_ledger_forget(struct fc_ledger *ledger, struct slot *slot)
{
    size_t at = place(ledger, &slot->held.record.hash);
    assert(ledger->table[at] == slot);
    ledger->table[at] = NULL;
    /* What came after in the same run moves up to where it is found. */
    for (size_t i = (at + 1) & (ledger->table_size - 1); ledger->table[i];
         i = (i + 1) & (ledger->table_size - 1)) {
        struct slot *moved = ledger->table[i];
        ledger->table[i] = NULL;
        ledger->table[place(ledger, &moved->held.record.hash)] = moved;
    }
    fc_slots_remove(&ledger->records, slot);
    slot_destroy(slot);
}

const struct fc_held *fc_ledger_find(const struct fc_ledger *ledger, const struct fc_hash *hash)
{
    const struct slot *slot = fc_ledger_slot(ledger, hash);
    return slot ? &slot->held : NULL;
}

size_t fc_ledger_record_count(const struct fc_ledger *ledger)
{
    return ledger->records.count;
}

const struct fc_held *fc_ledger_record_at(const struct fc_ledger *ledger, size_t index)
{
    return index < ledger->records.count ? &ledger->records.list[index]->held : NULL;
}

/* -- parties by id ----------------------------------------------------------------------------- */

static size_t party_place(const struct fc_ledger *ledger, const struct fc_hash *id)
{
    size_t low = 0, high = ledger->party_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (fc_hash_cmp(&ledger->parties[middle]->id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct party *fc_ledger_party(const struct fc_ledger *ledger, const struct fc_hash *id)
{
    size_t at = party_place(ledger, id);
    bool found = at < ledger->party_count && fc_hash_eq(&ledger->parties[at]->id, id);
    return found ? ledger->parties[at] : NULL;
}

static enum fc_err party_make(struct fc_ledger *ledger, const struct fc_hash *id,
                              struct party **out)
{
    *out = fc_ledger_party(ledger, id);
    if (*out)
        return FC_OK;
    if (ledger->party_count == ledger->party_cap) {
        size_t cap = ledger->party_cap ? ledger->party_cap * 2 : 16;
        struct party **list = realloc(ledger->parties, cap * sizeof *list);
        if (!list)
            return FC_E_NOMEM;
        ledger->parties = list;
        struct party **certified = realloc(ledger->certified, cap * sizeof *certified);
        if (!certified)
            return FC_E_NOMEM;
        ledger->certified = certified;
        ledger->party_cap = cap;
    }
    struct party *party = calloc(1, sizeof *party);
    if (!party)
        return FC_E_NOMEM;
    party->id = *id;
    size_t at = party_place(ledger, id);
    memmove(ledger->parties + at + 1, ledger->parties + at,
            (ledger->party_count - at) * sizeof ledger->parties[0]);
    ledger->parties[at] = party;
    ledger->party_count++;
    *out = party;
    return FC_OK;
}

static struct slots *party_slots(struct party *party, enum fc_record_type type)
{
    switch (type) {
    case FC_RECORD_CERTIFICATE:
        return &party->certificates;
    case FC_RECORD_REVOCATION:
        return &party->revocations;
    case FC_RECORD_TAKEDOWN:
        return &party->takedowns;
    case FC_RECORD_DESCRIPTOR:
        return &party->descriptors;
    case FC_RECORD_EVIDENCE:
        return &party->evidence;
    case FC_RECORD_CHECKPOINT:
        return &party->checkpoints;
    case FC_RECORD_CHARTER:
    case FC_RECORD_CARRY:
    case FC_RECORD_HEAD:
    case FC_RECORD_APPLICATION:
        break;
    }
    return NULL;
}

/* -- adding ------------------------------------------------------------------------------------ */

static struct fc_subject subject_of(enum fc_record_type type, const struct fc_hash *hash)
{
    struct fc_subject subject;
    subject.b[0] = (uint8_t)type;
    memcpy(subject.b + 1, hash->b, sizeof hash->b);
    return subject;
}

static struct fc_hash subject_hash(const struct fc_held *held, struct fc_hash *participant)
{
    uint16_t incarnation;
    switch (held->record.type) {
    case FC_RECORD_DESCRIPTOR:
        *participant = held->descriptor.participant;
        return fc_hash2("fedcat.subject.1", fc_span(participant->b, 32),
                        fc_span(held->descriptor.node_key.b, 32));
    case FC_RECORD_CHECKPOINT:
        *participant = held->checkpoint.participant;
        return fc_hash2("fedcat.subject.1", fc_span(participant->b, 32),
                        fc_span(held->checkpoint.node_key.b, 32));
    case FC_RECORD_EVIDENCE:
        return fc_evidence_subject(held, participant, &incarnation);
    case FC_RECORD_CERTIFICATE:
        *participant = held->certificate.participant;
        break;
    case FC_RECORD_REVOCATION:
        *participant = held->revocation.participant;
        break;
    case FC_RECORD_TAKEDOWN:
        *participant = held->takedown.participant;
        break;
    case FC_RECORD_CHARTER:
    case FC_RECORD_CARRY:
    case FC_RECORD_HEAD:
    case FC_RECORD_APPLICATION:
        break;
    }
    return held->record.hash;
}

static enum fc_err check(struct fc_ledger *ledger, const struct fc_held *held,
                         struct slot **displaced, struct fc_ledger_change *change)
{
    switch (held->record.type) {
    case FC_RECORD_CHARTER:
        return fc_ledger_add_charter(ledger, held, change);
    case FC_RECORD_CARRY:
        return fc_ledger_add_carry(ledger, held, change);
    case FC_RECORD_CERTIFICATE:
        return fc_ledger_add_certificate(ledger, held);
    case FC_RECORD_REVOCATION:
        return fc_ledger_add_governed(ledger, held, &held->revocation.charter);
    case FC_RECORD_TAKEDOWN:
        return fc_ledger_add_governed(ledger, held, &held->takedown.charter);
    case FC_RECORD_DESCRIPTOR:
        return fc_ledger_add_descriptor(ledger, held, displaced);
    case FC_RECORD_CHECKPOINT:
        return fc_ledger_add_checkpoint(ledger, held, displaced);
    case FC_RECORD_EVIDENCE:
        return fc_ledger_add_evidence(ledger, held, &change->participant, displaced, change);
    case FC_RECORD_HEAD:
    case FC_RECORD_APPLICATION:
        break;
    }
    return FC_E_ARG;
}

static enum fc_err decide_all(struct fc_ledger *ledger)
{
    enum fc_err err = fc_ledger_rechain(ledger);
    for (size_t i = 0; i < ledger->party_count && err == FC_OK; i++)
        err = fc_party_decide(ledger, ledger->parties[i]);
    return err;
}

static enum fc_err file_for_party(struct fc_ledger *ledger, struct slot *slot,
                                  struct slot *displaced, struct fc_ledger_change *change)
{
    struct party *party;
    enum fc_err err = party_make(ledger, &change->participant, &party);
    if (err != FC_OK)
        return err;
    struct slots *slots = party_slots(party, slot->held.record.type);
    if (displaced) {
        change->displaced[change->displaced_count++] = displaced->held.record.hash;
        fc_slots_remove(slots, displaced);
    }
    err = fc_slots_add(slots, slot);
    if (err == FC_OK)
        err = fc_party_decide(ledger, party);
    if (displaced)
        fc_ledger_forget(ledger, displaced);
    change->membership = slot->held.record.type == FC_RECORD_CERTIFICATE ||
                         slot->held.record.type == FC_RECORD_REVOCATION ||
                         slot->held.record.type == FC_RECORD_DESCRIPTOR;
    change->feeds = slot->held.record.type != FC_RECORD_DESCRIPTOR &&
                    slot->held.record.type != FC_RECORD_CHECKPOINT;
    return err;
}

/* A second recovery certificate at one (g, r) is evidence together with the first. */
static enum fc_err reveal_recovery(struct fc_ledger *ledger, const struct slot *slot,
                                   struct fc_ledger_change *change)
{
    const struct fc_certificate *mine = &slot->held.certificate;
    const struct party *party = fc_ledger_party(ledger, &mine->participant);
    for (size_t i = 0; mine->r > 0 && i < party->certificates.count; i++) {
        const struct fc_held *other = &party->certificates.list[i]->held;
        if (other != &slot->held && other->certificate.g == mine->g &&
            other->certificate.r == mine->r)
            return fc_ledger_evidence(ledger, other->record.bytes, slot->held.record.bytes,
                                      &change->evidence);
    }
    return FC_OK;
}

enum fc_err fc_ledger_add(struct fc_ledger *ledger, const struct fc_record *record,
                          struct fc_ledger_change *change)
{
    struct fc_held *held = calloc(1, sizeof *held);
    struct slot *slot = NULL, *displaced = NULL;
    *change = (struct fc_ledger_change){0};
    if (!held)
        return FC_E_NOMEM;
    held->record = *record;
    enum fc_err err = fc_held_parse(held);
    bool first = record->type == FC_RECORD_CHARTER && fc_hash_is_zero(&record->federation);
    if (err == FC_OK &&
        !fc_hash_eq(first ? &record->hash : &record->federation, &ledger->federation))
        err = FC_E_FEDERATION;
    if (err == FC_OK && fc_ledger_slot(ledger, &record->hash))
        err = FC_E_KNOWN;
    if (err == FC_OK)
        err = check(ledger, held, &displaced, change);
    if (err == FC_OK)
        err = fc_ledger_keep(ledger, record, &slot);
    if (err == FC_OK) {
        struct fc_hash subject = subject_hash(&slot->held, &change->participant);
        change->subject = subject_of(record->type, &subject);
        change->charter = record->type == FC_RECORD_CHARTER || record->type == FC_RECORD_CARRY;
        if (change->charter) {
            change->membership = change->feeds = true;
            err = fc_slots_add(
                record->type == FC_RECORD_CARRY ? &ledger->carries : &ledger->charters, slot);
        } else {
            err = file_for_party(ledger, slot, displaced, change);
        }
    }
    if (err == FC_OK && record->type == FC_RECORD_CERTIFICATE)
        err = reveal_recovery(ledger, slot, change);
    /* Evidence may have brought a rival charter. */
    if (err == FC_OK && (change->charter || record->type == FC_RECORD_EVIDENCE))
        err = decide_all(ledger);
    free(held);
    return err;
}

enum fc_err fc_ledger_pin(struct fc_ledger *ledger, const struct fc_hash *charter)
{
    if (!fc_ledger_held_charter(ledger, charter))
        return FC_E_MISSING;
    struct fc_hash *pins = realloc(ledger->pins, (ledger->pin_count + 1) * sizeof *pins);
    if (!pins)
        return FC_E_NOMEM;
    ledger->pins = pins;
    pins[ledger->pin_count++] = *charter;
    return decide_all(ledger);
}
