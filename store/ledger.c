#include "store/ledger_priv.h"

#include <assert.h>
#include <stddef.h>
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

enum fc_err fc_slots_insert(struct slots *slots, size_t at, struct slot *slot)
{
    enum fc_err err = fc_slots_add(slots, slot);
    if (err != FC_OK)
        return err;
    memmove(slots->list + at + 1, slots->list + at,
            (slots->count - 1 - at) * sizeof slots->list[0]);
    slots->list[at] = slot;
    return FC_OK;
}

void fc_slots_remove(struct slots *slots, const struct slot *slot)
{
    for (size_t i = 0; i < slots->count; i++) {
        if (slots->list[i] == slot) {
            slots->count--;
            memmove(slots->list + i, slots->list + i + 1,
                    (slots->count - i) * sizeof slots->list[0]);
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
    fc_claims_finish(&party->claims);
    free(party);
}

static void slot_destroy(struct slot *slot)
{
    if (!slot)
        return;
    free(slot->about);
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
    free(ledger->disputes.list);
    free(ledger->chain.list);
    free(ledger->pins);
    free(ledger->parties);
    free(ledger->certified);
    free(ledger->nodes.list);
    free(ledger->rivals.list);
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

/* A charter is ten times as large as the others: a slot ends where its own type does. */
static size_t slot_size(enum fc_record_type type)
{
    size_t start = offsetof(struct slot, held);
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
    return sizeof(struct slot);
}

/* A slot with its own copy of the bytes, read again from there; not yet in the ledger. */
static enum fc_err slot_make(const struct fc_record *record, struct slot **out)
{
    size_t size = slot_size(record->type);
    struct slot *slot = calloc(1, size + record->bytes.len);
    if (!slot)
        return FC_E_NOMEM;
    uint8_t *bytes = (uint8_t *)slot + size;
    memcpy(bytes, record->bytes.data, record->bytes.len);
    enum fc_err err = fc_record_parse(fc_span(bytes, record->bytes.len), &slot->held.record);
    if (err == FC_OK)
        err = held_parse(&slot->held);
    if (err != FC_OK) {
        slot_destroy(slot);
        return err;
    }
    *out = slot;
    return FC_OK;
}

static bool is_governed(const struct slot *slot)
{
    enum fc_record_type type = slot->held.record.type;
    return type == FC_RECORD_CERTIFICATE || type == FC_RECORD_REVOCATION ||
           type == FC_RECORD_TAKEDOWN;
}

static enum fc_err enter(struct fc_ledger *ledger, struct slot *slot)
{
    enum fc_err err = table_room(ledger);
    slot->at = ledger->records.count;
    if (err == FC_OK)
        err = fc_slots_add(&ledger->records, slot);
    if (err != FC_OK)
        return err;
    ledger->table[place(ledger, &slot->held.record.hash)] = slot;
    ledger->idle_count += is_governed(slot);
    return FC_OK;
}

void fc_ledger_count(struct fc_ledger *ledger, struct slot *slot, bool counts)
{
    if (slot->counts == counts)
        return;
    slot->counts = counts;
    ledger->idle_count += counts ? (size_t)-1 : 1;
}

static void forget(struct fc_ledger *ledger, struct slot *slot)
{
    ledger->idle_count -= is_governed(slot) && !slot->counts;
    size_t at = place(ledger, &slot->held.record.hash);
    assert(ledger->table[at] == slot && ledger->records.list[slot->at] == slot);
    ledger->table[at] = NULL;
    /* What came after in the same run moves up to where it is found. */
    for (size_t i = (at + 1) & (ledger->table_size - 1); ledger->table[i];
         i = (i + 1) & (ledger->table_size - 1)) {
        struct slot *moved = ledger->table[i];
        ledger->table[i] = NULL;
        ledger->table[place(ledger, &moved->held.record.hash)] = moved;
    }
    struct slot *last = ledger->records.list[--ledger->records.count];
    ledger->records.list[slot->at] = last;
    last->at = slot->at;
    slot_destroy(slot);
}

const struct fc_held *fc_ledger_find(const struct fc_ledger *ledger, const struct fc_hash *hash)
{
    const struct slot *slot = fc_ledger_slot(ledger, hash);
    return slot ? &slot->held : NULL;
}

const struct fc_held *fc_ledger_find_prefix(const struct fc_ledger *ledger, const uint8_t prefix[8])
{
    size_t at;
    _Static_assert(sizeof at == 8, "all that a place in the table depends on");
    memcpy(&at, prefix, sizeof at);
    for (; ledger->table_size; at++) {
        const struct slot *slot = ledger->table[at & (ledger->table_size - 1)];
        if (!slot)
            break;
        if (memcmp(slot->held.record.hash.b, prefix, 8) == 0)
            return &slot->held;
    }
    return NULL;
}

bool fc_ledger_in_force(const struct fc_ledger *ledger, const struct fc_hash *record)
{
    const struct slot *slot = fc_ledger_slot(ledger, record);
    return slot && slot->counts && slot->held.record.type != FC_RECORD_EVIDENCE;
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

static struct fc_hash pair_hash(const struct fc_hash *participant, const struct fc_key *key)
{
    return fc_hash2("fedcat.subject.1", fc_span(participant->b, 32), fc_span(key->b, 32));
}

static void name_subject(const struct slot *slot, struct fc_ledger_change *change)
{
    const struct fc_held *held = &slot->held;
    struct fc_hash hash = held->record.hash;
    switch (held->record.type) {
    case FC_RECORD_DESCRIPTOR:
        change->participant = held->descriptor.participant;
        hash = pair_hash(&change->participant, &held->descriptor.node_key);
        hash = fc_hash2("fedcat.subject.1", fc_span(hash.b, 32), fc_span(slot->signer.b, 32));
        break;
    case FC_RECORD_CHECKPOINT:
        change->participant = held->checkpoint.participant;
        hash = pair_hash(&change->participant, &held->checkpoint.node_key);
        break;
    case FC_RECORD_EVIDENCE:
        change->participant = slot->about->participant;
        hash = fc_about_subject(slot->about);
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

static enum fc_err check(struct fc_ledger *ledger, struct slot *slot, struct slot **displaced,
                         struct fc_ledger_change *change)
{
    switch (slot->held.record.type) {
    case FC_RECORD_CHARTER:
        return fc_ledger_add_charter(ledger, slot, change);
    case FC_RECORD_CARRY:
        return fc_ledger_add_carry(ledger, slot, displaced);
    case FC_RECORD_CERTIFICATE:
        return fc_ledger_add_certificate(ledger, slot, displaced);
    case FC_RECORD_REVOCATION:
        return fc_ledger_add_governed(ledger, slot, &slot->held.revocation.charter);
    case FC_RECORD_TAKEDOWN:
        return fc_ledger_add_governed(ledger, slot, &slot->held.takedown.charter);
    case FC_RECORD_DESCRIPTOR:
        return fc_ledger_add_descriptor(ledger, slot, displaced);
    case FC_RECORD_CHECKPOINT:
        return fc_ledger_add_checkpoint(ledger, slot, displaced);
    case FC_RECORD_EVIDENCE:
        return fc_ledger_add_evidence(ledger, slot, displaced);
    case FC_RECORD_HEAD:
    case FC_RECORD_APPLICATION:
        break;
    }
    return FC_E_ARG;
}

static enum fc_err decide_all(struct fc_ledger *ledger)
{
    enum fc_err err = fc_ledger_rechain(ledger);
    for (size_t i = 0; i < ledger->party_count && err == FC_OK; i++) {
        const struct slots *takedowns = &ledger->parties[i]->takedowns;
        for (size_t j = 0; j < takedowns->count; j++)
            fc_takedown_count(ledger, takedowns->list[j]);
        err = fc_party_decide(ledger, ledger->parties[i]);
    }
    return err;
}

static enum fc_err file_governance(struct fc_ledger *ledger, struct slot *slot,
                                   struct slot *displaced, struct fc_ledger_change *change)
{
    struct slots *slots = slot->held.record.type == FC_RECORD_CHARTER ? &ledger->charters
                          : slot->held.record.type == FC_RECORD_CARRY ? &ledger->carries
                                                                      : &ledger->disputes;
    if (displaced)
        fc_slots_remove(slots, displaced);
    enum fc_err err = fc_slots_add(slots, slot);
    if (err != FC_OK)
        return err;
    fc_ledger_match(ledger, slot);
    change->charter = change->membership = change->feeds = true;
    return decide_all(ledger);
}

/* A second recovery certificate at one (g, r) is evidence together with the first. */
static enum fc_err reveal_recovery(struct fc_ledger *ledger, struct party *party, struct slot *slot,
                                   struct fc_ledger_change *change)
{
    const struct slot *other = fc_party_double(party, slot);
    if (!other)
        return FC_OK;
    return fc_ledger_evidence(ledger, other->held.record.bytes, slot->held.record.bytes,
                              &change->evidence);
}

static size_t place_for_party(const struct party *party, const struct slots *slots,
                              const struct slot *slot)
{
    if (slots == &party->certificates)
        return fc_party_certificate_place(party, slot);
    if (slots == &party->descriptors)
        return fc_party_descriptor_place(party, slot);
    return slots == &party->takedowns ? fc_party_takedown_place(party, slot) : slots->count;
}

static enum fc_err file_for_party(struct fc_ledger *ledger, struct slot *slot,
                                  struct slot *displaced, struct fc_ledger_change *change)
{
    struct party *party;
    enum fc_record_type type = slot->held.record.type;
    enum fc_err err = party_make(ledger, &change->participant, &party);
    if (err != FC_OK)
        return err;
    struct slots *slots = party_slots(party, type);
    if (displaced)
        fc_slots_remove(slots, displaced);
    err = fc_slots_insert(slots, place_for_party(party, slots, slot), slot);
    if (err == FC_OK && type == FC_RECORD_CERTIFICATE && slot->held.certificate.r > 0)
        err = reveal_recovery(ledger, party, slot, change);
    if (type == FC_RECORD_TAKEDOWN)
        fc_takedown_count(ledger, slot);
    else if (err == FC_OK && type != FC_RECORD_CHECKPOINT)
        err = fc_party_decide(ledger, party);
    change->membership = type == FC_RECORD_CERTIFICATE || type == FC_RECORD_REVOCATION ||
                         type == FC_RECORD_DESCRIPTOR;
    change->feeds = type != FC_RECORD_DESCRIPTOR && type != FC_RECORD_CHECKPOINT;
    return err;
}

static enum fc_err file(struct fc_ledger *ledger, struct slot *slot, struct slot *displaced,
                        struct fc_ledger_change *change)
{
    enum fc_err err = enter(ledger, slot);
    if (err != FC_OK) {
        slot_destroy(slot);
        return err;
    }
    name_subject(slot, change);
    if (displaced)
        change->displaced[change->displaced_count++] = displaced->held.record.hash;
    if (fc_hash_is_zero(&change->participant))
        err = file_governance(ledger, slot, displaced, change);
    else
        err = file_for_party(ledger, slot, displaced, change);
    if (displaced)
        forget(ledger, displaced);
    return err;
}

enum fc_err fc_ledger_add(struct fc_ledger *ledger, const struct fc_record *record,
                          struct fc_ledger_change *change)
{
    struct slot *slot = NULL, *displaced = NULL;
    *change = (struct fc_ledger_change){0};
    bool first = record->type == FC_RECORD_CHARTER && fc_hash_is_zero(&record->federation);
    if (record->type == FC_RECORD_HEAD || record->type == FC_RECORD_APPLICATION)
        return FC_E_ARG;
    if (!fc_hash_eq(first ? &record->hash : &record->federation, &ledger->federation))
        return FC_E_FEDERATION;
    if (fc_ledger_slot(ledger, &record->hash))
        return FC_E_KNOWN;
    enum fc_err err = slot_make(record, &slot);
    if (err != FC_OK)
        return err;
    err = check(ledger, slot, &displaced, change);
    if (err != FC_OK) {
        slot_destroy(slot);
        fc_buf_finish(&change->evidence);
        return err;
    }
    return file(ledger, slot, displaced, change);
}

enum fc_err fc_ledger_pin(struct fc_ledger *ledger, const struct fc_hash *charter)
{
    if (!fc_ledger_held_charter(ledger, charter))
        return FC_E_MISSING;
    struct fc_hash *pins = realloc(ledger->pins, (ledger->pin_count + 1) * sizeof *pins);
    if (!pins)
        return FC_E_NOMEM;
    ledger->pins = pins;
    size_t kept = 0;
    for (size_t i = 0; i < ledger->pin_count; i++)
        if (!fc_hash_eq(&pins[i], charter) && !fc_ledger_rivals(ledger, &pins[i], charter))
            pins[kept++] = pins[i];
    pins[kept++] = *charter;
    ledger->pin_count = kept;
    return decide_all(ledger);
}
