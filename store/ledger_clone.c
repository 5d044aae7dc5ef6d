/* A roll's copy, to be changed: the facts are shared, all else points within the copy. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/ledger_priv.h"

static void *copy_of(const void *from, size_t count, size_t size, bool *failed)
{
    if (count == 0)
        return NULL;
    void *copy = malloc(count * size);
    if (copy)
        memcpy(copy, from, count * size);
    else
        *failed = true;
    return copy;
}

static void copy_records(struct roll *to, const struct roll *from, bool *failed)
{
    size_t count = from->records.count;
    to->records.list = calloc(count + 1, sizeof(struct slot *));
    if (!to->records.list) {
        *failed = true;
        return;
    }
    to->records.cap = count + 1;
    for (size_t i = 0; i < count && !*failed; i++) {
        const struct slot *slot = from->records.list[i];
        to->records.list[i] = copy_of(slot, 1, sizeof *slot, failed);
        if (!*failed) {
            slot->fact->refs++;
            to->records.count++;
        }
    }
}

static struct slot *twin(const struct roll *to, const struct slot *slot)
{
    return slot ? to->records.list[slot->at] : NULL;
}

static void copy_slots(const struct roll *to, struct slots *list, const struct slots *from,
                       bool *failed)
{
    *list = (struct slots){0};
    if (*failed || from->count == 0)
        return;
    list->list = malloc(from->count * sizeof(struct slot *));
    if (!list->list) {
        *failed = true;
        return;
    }
    list->count = list->cap = from->count;
    for (size_t i = 0; i < from->count; i++)
        list->list[i] = twin(to, from->list[i]);
}

static void copy_table(struct roll *to, const struct roll *from, bool *failed)
{
    to->table = calloc(from->table_size + 1, sizeof(struct slot *));
    if (!to->table) {
        *failed = true;
        return;
    }
    to->table_size = from->table_size;
    for (size_t i = 0; i < from->table_size; i++)
        to->table[i] = twin(to, from->table[i]);
    for (size_t i = 0; i < to->records.count; i++)
        to->records.list[i]->carry = twin(to, from->records.list[i]->carry);
}

/* -- parties and their places ------------------------------------------------------------------ */

static void copy_claims(const struct roll *to, struct party *party, const struct party *from,
                        bool *failed)
{
    party->claims = (struct claims){0};
    if (*failed || from->claims.count == 0)
        return;
    party->claims.list = malloc(from->claims.count * sizeof(struct claim *));
    if (!party->claims.list) {
        *failed = true;
        return;
    }
    party->claims.cap = from->claims.count;
    for (size_t i = 0; i < from->claims.count; i++) {
        struct claim *claim = copy_of(from->claims.list[i], 1, sizeof *claim, failed);
        if (!claim)
            return;
        claim->party = party;
        claim->descriptor = twin(to, claim->descriptor);
        party->claims.list[party->claims.count++] = claim;
    }
}

static struct party *copy_party(const struct roll *to, const struct party *from, bool *failed)
{
    struct party *party = copy_of(from, 1, sizeof *party, failed);
    if (!party)
        return NULL;
    copy_slots(to, &party->certificates, &from->certificates, failed);
    copy_slots(to, &party->takedowns, &from->takedowns, failed);
    copy_slots(to, &party->descriptors, &from->descriptors, failed);
    copy_slots(to, &party->revocations, &from->revocations, failed);
    copy_slots(to, &party->evidence, &from->evidence, failed);
    copy_claims(to, party, from, failed);
    party->certificate = twin(to, from->certificate);
    party->revocation = twin(to, from->revocation);
    return party;
}

static void copy_parties(struct roll *to, const struct roll *from, bool *failed)
{
    to->parties = calloc(from->party_count + 1, sizeof(struct party *));
    to->certified = calloc(from->party_count + 1, sizeof(struct party *));
    if (!to->parties || !to->certified) {
        *failed = true;
        return;
    }
    to->party_cap = from->party_count + 1;
    for (size_t i = 0; i < from->party_count && !*failed; i++) {
        to->parties[i] = copy_party(to, from->parties[i], failed);
        to->party_count += to->parties[i] != NULL;
        if (to->certified_count < from->certified_count &&
            from->certified[to->certified_count] == from->parties[i])
            to->certified[to->certified_count++] = to->parties[i];
    }
    assert(*failed || to->certified_count == from->certified_count);
}

static struct claim *claim_twin(const struct roll *to, const struct claim *claim)
{
    const struct claims *claims = &fc_ledger_party(to, &claim->party->id)->claims;
    for (size_t i = 0; i < claims->count; i++)
        if (fc_key_eq(&claims->list[i]->key, &claim->key))
            return claims->list[i];
    return NULL;
}

static void copy_registry(const struct roll *to, struct claims *list, const struct claims *from,
                          bool *failed)
{
    if (*failed || from->count == 0)
        return;
    list->list = malloc(from->count * sizeof(struct claim *));
    if (!list->list) {
        *failed = true;
        return;
    }
    list->cap = from->count;
    for (size_t i = 0; i < from->count; i++) {
        struct claim *claim = claim_twin(to, from->list[i]);
        assert(claim);
        list->list[list->count++] = claim;
    }
}

struct roll *fc_roll_clone(const struct roll *from)
{
    bool failed = false;
    struct roll *to = fc_roll_create(&from->federation, from->verifier);
    if (!to)
        return NULL;
    to->set = from->set;
    to->idle_count = from->idle_count;
    to->disputed = from->disputed;
    to->waiting = from->waiting;
    copy_records(to, from, &failed);
    if (!failed)
        copy_table(to, from, &failed);
    copy_slots(to, &to->charters, &from->charters, &failed);
    copy_slots(to, &to->carries, &from->carries, &failed);
    copy_slots(to, &to->disputes, &from->disputes, &failed);
    copy_slots(to, &to->chain, &from->chain, &failed);
    if (!failed)
        to->pins = copy_of(from->pins, from->pin_count, sizeof *to->pins, &failed);
    to->pin_count = to->pins ? from->pin_count : 0;
    if (!failed)
        copy_parties(to, from, &failed);
    copy_registry(to, &to->nodes, &from->nodes, &failed);
    copy_registry(to, &to->rivals, &from->rivals, &failed);
    if (failed) {
        fc_roll_release(to);
        return NULL;
    }
    return to;
}
