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

struct roll *fc_roll_create(const struct fc_hash *federation, struct fc_verifier verifier)
{
    struct roll *roll = calloc(1, sizeof *roll);
    if (!roll)
        return NULL;
    roll->refs = 1;
    roll->federation = *federation;
    roll->verifier = verifier;
    return roll;
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
    fc_claims_finish(&party->claims);
    free(party);
}

void fc_roll_release(struct roll *roll)
{
    if (!roll || --roll->refs)
        return;
    assert(!roll->pooled);
    for (size_t i = 0; i < roll->records.count; i++)
        fc_slot_destroy(roll->records.list[i]);
    for (size_t i = 0; i < roll->party_count; i++)
        party_destroy(roll->parties[i]);
    free(roll->records.list);
    free(roll->table);
    free(roll->charters.list);
    free(roll->carries.list);
    free(roll->disputes.list);
    free(roll->chain.list);
    free(roll->pins);
    free(roll->parties);
    free(roll->certified);
    free(roll->nodes.list);
    free(roll->rivals.list);
    free(roll);
}

/* -- records by hash --------------------------------------------------------------------------- */

static size_t place(const struct roll *roll, const struct fc_hash *hash)
{
    size_t at;
    memcpy(&at, hash->b, sizeof at);
    at &= roll->table_size - 1;
    while (roll->table[at] && !fc_hash_eq(&roll->table[at]->fact->held.record.hash, hash))
        at = (at + 1) & (roll->table_size - 1);
    return at;
}

struct slot *fc_ledger_slot(const struct roll *roll, const struct fc_hash *hash)
{
    return roll->table_size ? roll->table[place(roll, hash)] : NULL;
}

static enum fc_err table_room(struct roll *roll)
{
    if ((roll->records.count + 1) * 2 <= roll->table_size)
        return FC_OK;
    size_t size = roll->table_size ? roll->table_size * 2 : 64;
    struct slot **table = calloc(size, sizeof *table);
    if (!table)
        return FC_E_NOMEM;
    free(roll->table);
    roll->table = table;
    roll->table_size = size;
    for (size_t i = 0; i < roll->records.count; i++)
        table[place(roll, &roll->records.list[i]->fact->held.record.hash)] = roll->records.list[i];
    return FC_OK;
}

static void set_add(struct roll *roll, const struct fc_hash *hash, bool takes_away)
{
    roll->digest_known = false;
    for (int i = 0; i < 4; i++) {
        uint64_t word = fc_get_be64(hash->b + 8 * i);
        roll->set.words[i] += takes_away ? -word : word;
    }
}

static bool is_governed(const struct slot *slot)
{
    enum fc_record_type type = slot->fact->held.record.type;
    return type == FC_RECORD_CERTIFICATE || type == FC_RECORD_REVOCATION ||
           type == FC_RECORD_TAKEDOWN;
}

static enum fc_err enter(struct roll *roll, struct slot *slot)
{
    enum fc_err err = table_room(roll);
    slot->at = roll->records.count;
    if (err == FC_OK)
        err = fc_slots_add(&roll->records, slot);
    if (err != FC_OK)
        return err;
    roll->table[place(roll, &slot->fact->held.record.hash)] = slot;
    roll->idle_count += is_governed(slot);
    set_add(roll, &slot->fact->id, false);
    return FC_OK;
}

void fc_ledger_count(struct roll *roll, struct slot *slot, bool counts)
{
    if (slot->counts == counts)
        return;
    slot->counts = counts;
    roll->idle_count += counts ? (size_t)-1 : 1;
}

static void forget(struct roll *roll, struct slot *slot)
{
    roll->idle_count -= is_governed(slot) && !slot->counts;
    size_t at = place(roll, &slot->fact->held.record.hash);
    assert(roll->table[at] == slot && roll->records.list[slot->at] == slot);
    roll->table[at] = NULL;
    /* What came after in the same run moves up to where it is found. */
    for (size_t i = (at + 1) & (roll->table_size - 1); roll->table[i];
         i = (i + 1) & (roll->table_size - 1)) {
        struct slot *moved = roll->table[i];
        roll->table[i] = NULL;
        roll->table[place(roll, &moved->fact->held.record.hash)] = moved;
    }
    set_add(roll, &slot->fact->id, true);
    struct slot *last = roll->records.list[--roll->records.count];
    roll->records.list[slot->at] = last;
    last->at = slot->at;
    fc_slot_destroy(slot);
}

/* -- parties by id ----------------------------------------------------------------------------- */

static size_t party_place(const struct roll *roll, const struct fc_hash *id)
{
    size_t low = 0, high = roll->party_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (fc_hash_cmp(&roll->parties[middle]->id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct party *fc_ledger_party(const struct roll *roll, const struct fc_hash *id)
{
    size_t at = party_place(roll, id);
    bool found = at < roll->party_count && fc_hash_eq(&roll->parties[at]->id, id);
    return found ? roll->parties[at] : NULL;
}

static enum fc_err party_make(struct roll *roll, const struct fc_hash *id, struct party **out)
{
    *out = fc_ledger_party(roll, id);
    if (*out)
        return FC_OK;
    if (roll->party_count == roll->party_cap) {
        size_t cap = roll->party_cap ? roll->party_cap * 2 : 16;
        struct party **list = realloc(roll->parties, cap * sizeof *list);
        if (!list)
            return FC_E_NOMEM;
        roll->parties = list;
        struct party **certified = realloc(roll->certified, cap * sizeof *certified);
        if (!certified)
            return FC_E_NOMEM;
        roll->certified = certified;
        roll->party_cap = cap;
    }
    struct party *party = calloc(1, sizeof *party);
    if (!party)
        return FC_E_NOMEM;
    party->id = *id;
    size_t at = party_place(roll, id);
    memmove(roll->parties + at + 1, roll->parties + at,
            (roll->party_count - at) * sizeof roll->parties[0]);
    roll->parties[at] = party;
    roll->party_count++;
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
    case FC_RECORD_CHARTER:
    case FC_RECORD_CARRY:
    case FC_RECORD_HEAD:
    case FC_RECORD_APPLICATION:
    case FC_RECORD_CHECKPOINT:
        break;
    }
    return NULL;
}

/* -- adding ------------------------------------------------------------------------------------ */

enum fc_err fc_roll_check(const struct roll *roll, struct slot *slot, struct slot **displaced,
                          struct fc_ledger_change *change)
{
    switch (slot->fact->held.record.type) {
    case FC_RECORD_CHARTER:
        return fc_ledger_add_charter(roll, slot, change);
    case FC_RECORD_CARRY:
        return fc_ledger_add_carry(roll, slot, displaced);
    case FC_RECORD_CERTIFICATE:
        return fc_ledger_add_certificate(roll, slot, displaced);
    case FC_RECORD_REVOCATION:
        return fc_ledger_add_governed(roll, slot, &slot->fact->held.revocation.charter);
    case FC_RECORD_TAKEDOWN:
        return fc_ledger_add_governed(roll, slot, &slot->fact->held.takedown.charter);
    case FC_RECORD_DESCRIPTOR:
        return fc_ledger_add_descriptor(roll, slot, displaced);
    case FC_RECORD_EVIDENCE:
        return fc_ledger_add_evidence(roll, slot, displaced);
    case FC_RECORD_CHECKPOINT:
    case FC_RECORD_HEAD:
    case FC_RECORD_APPLICATION:
        break;
    }
    return FC_E_ARG;
}

static enum fc_err decide_all(struct roll *roll)
{
    enum fc_err err = fc_ledger_rechain(roll);
    for (size_t i = 0; i < roll->party_count && err == FC_OK; i++) {
        const struct slots *takedowns = &roll->parties[i]->takedowns;
        for (size_t j = 0; j < takedowns->count; j++)
            fc_takedown_count(roll, takedowns->list[j]);
        err = fc_party_decide(roll, roll->parties[i]);
    }
    return err;
}

static enum fc_err file_governance(struct roll *roll, struct slot *slot, struct slot *displaced,
                                   struct fc_ledger_change *change)
{
    struct slots *slots = slot->fact->held.record.type == FC_RECORD_CHARTER ? &roll->charters
                          : slot->fact->held.record.type == FC_RECORD_CARRY ? &roll->carries
                                                                            : &roll->disputes;
    if (displaced)
        fc_slots_remove(slots, displaced);
    enum fc_err err = fc_slots_add(slots, slot);
    if (err != FC_OK)
        return err;
    fc_ledger_match(roll, slot);
    change->charter = change->membership = change->feeds = true;
    return decide_all(roll);
}

/* A second recovery certificate at one (g, r) is evidence together with the first. */
static enum fc_err reveal_recovery(struct roll *roll, struct party *party, struct slot *slot,
                                   struct fc_ledger_change *change)
{
    const struct slot *other = fc_party_double(party, slot);
    if (!other)
        return FC_OK;
    return fc_roll_evidence(roll, other->fact->held.record.bytes, slot->fact->held.record.bytes,
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

static enum fc_err file_for_party(struct roll *roll, struct slot *slot, struct slot *displaced,
                                  struct fc_ledger_change *change)
{
    struct party *party;
    enum fc_record_type type = slot->fact->held.record.type;
    enum fc_err err = party_make(roll, &change->participant, &party);
    if (err != FC_OK)
        return err;
    struct slots *slots = party_slots(party, type);
    if (displaced)
        fc_slots_remove(slots, displaced);
    err = fc_slots_insert(slots, place_for_party(party, slots, slot), slot);
    if (err == FC_OK && type == FC_RECORD_CERTIFICATE && slot->fact->held.certificate.r > 0)
        err = reveal_recovery(roll, party, slot, change);
    if (type == FC_RECORD_TAKEDOWN)
        fc_takedown_count(roll, slot);
    else if (err == FC_OK)
        err = fc_party_decide(roll, party);
    change->membership = type == FC_RECORD_CERTIFICATE || type == FC_RECORD_REVOCATION ||
                         type == FC_RECORD_DESCRIPTOR;
    change->feeds = type != FC_RECORD_DESCRIPTOR;
    return err;
}

enum fc_err fc_roll_file(struct roll *roll, struct slot *slot, struct slot *displaced,
                         struct fc_ledger_change *change)
{
    enum fc_err err = enter(roll, slot);
    if (err != FC_OK) {
        fc_slot_destroy(slot);
        return err;
    }
    fc_fact_name(slot->fact, change);
    if (displaced)
        change->displaced[change->displaced_count++] = displaced->fact->held.record.hash;
    if (fc_hash_is_zero(&change->participant))
        err = file_governance(roll, slot, displaced, change);
    else
        err = file_for_party(roll, slot, displaced, change);
    if (displaced)
        forget(roll, displaced);
    return err;
}

static void set_add_pin(struct roll *roll, const struct fc_hash *charter, bool takes_away)
{
    struct fc_hash hash = fc_hash("fedcat.pin.1", fc_span(charter->b, sizeof charter->b));
    set_add(roll, &hash, takes_away);
}

enum fc_err fc_roll_pin(struct roll *roll, const struct fc_hash *charter)
{
    if (!fc_ledger_held_charter(roll, charter))
        return FC_E_MISSING;
    struct fc_hash *pins = realloc(roll->pins, (roll->pin_count + 1) * sizeof *pins);
    if (!pins)
        return FC_E_NOMEM;
    roll->pins = pins;
    size_t kept = 0;
    for (size_t i = 0; i < roll->pin_count; i++) {
        if (!fc_hash_eq(&pins[i], charter) && !fc_ledger_rivals(roll, &pins[i], charter))
            pins[kept++] = pins[i];
        else
            set_add_pin(roll, &pins[i], true);
    }
    pins[kept++] = *charter;
    set_add_pin(roll, charter, false);
    roll->pin_count = kept;
    return decide_all(roll);
}
