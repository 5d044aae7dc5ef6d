/* Nodes: descriptors, who holds which place, checkpoints. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/ledger_priv.h"

/* -- places by key ----------------------------------------------------------------------------- */

static size_t claim_place(const struct claims *claims, const struct fc_key *key)
{
    size_t low = 0, high = claims->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (fc_key_cmp(&claims->list[middle]->key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct claim *claim_find(const struct claims *claims, const struct fc_key *key)
{
    size_t at = claim_place(claims, key);
    bool found = at < claims->count && fc_key_eq(&claims->list[at]->key, key);
    return found ? claims->list[at] : NULL;
}

static enum fc_err claims_insert(struct claims *claims, size_t at, struct claim *claim)
{
    if (claims->count == claims->cap) {
        size_t cap = claims->cap ? claims->cap * 2 : 4;
        struct claim **list = realloc(claims->list, cap * sizeof *list);
        if (!list)
            return FC_E_NOMEM;
        claims->list = list;
        claims->cap = cap;
    }
    memmove(claims->list + at + 1, claims->list + at, (claims->count - at) * sizeof *claims->list);
    claims->list[at] = claim;
    claims->count++;
    return FC_OK;
}

static void claims_remove(struct claims *claims, size_t at)
{
    claims->count--;
    memmove(claims->list + at, claims->list + at + 1, (claims->count - at) * sizeof *claims->list);
}

void fc_claims_finish(struct claims *claims)
{
    for (size_t i = 0; i < claims->count; i++)
        free(claims->list[i]);
    free(claims->list);
    *claims = (struct claims){0};
}

/* A key two operators name belongs to the one whose certificate has it, else to the lower id. */
static bool outranks(const struct claim *a, const struct claim *b)
{
    return a->first != b->first ? a->first : fc_hash_cmp(&a->party->id, &b->party->id) < 0;
}

static enum fc_err raise_claim(struct roll *roll, struct claim *claim)
{
    size_t at = claim_place(&roll->nodes, &claim->key);
    bool taken = at < roll->nodes.count && fc_key_eq(&roll->nodes.list[at]->key, &claim->key);
    claim->raised = true;
    if (!taken)
        return claims_insert(&roll->nodes, at, claim);
    struct claim *holder = roll->nodes.list[at];
    bool wins = outranks(claim, holder);
    struct claim *loser = wins ? holder : claim;
    enum fc_err err = claims_insert(&roll->rivals, claim_place(&roll->rivals, &loser->key), loser);
    if (err == FC_OK && wins)
        roll->nodes.list[at] = claim;
    return err;
}

static void drop_claim(struct roll *roll, const struct claim *claim)
{
    struct claims *rivals = &roll->rivals;
    size_t at = claim_place(&roll->nodes, &claim->key);
    size_t first = claim_place(rivals, &claim->key), best = first;
    bool holds = at < roll->nodes.count && roll->nodes.list[at] == claim;
    for (size_t i = first; i < rivals->count && fc_key_eq(&rivals->list[i]->key, &claim->key);
         i++) {
        if (!holds && rivals->list[i] == claim) {
            claims_remove(rivals, i);
            return;
        }
        if (outranks(rivals->list[i], rivals->list[best]))
            best = i;
    }
    if (!holds)
        return;
    if (best < rivals->count && fc_key_eq(&rivals->list[best]->key, &claim->key)) {
        roll->nodes.list[at] = rivals->list[best];
        claims_remove(rivals, best);
    } else {
        claims_remove(&roll->nodes, at);
    }
}

/* -- what a party claims ----------------------------------------------------------------------- */

struct rank {
    uint64_t g, r;
};

/* How new a feed key is: by the latest certificate that counts and names it. */
static bool signer_rank(const struct party *party, const struct fc_key *signer, struct rank *rank)
{
    bool found = false;
    *rank = (struct rank){0, 0};
    for (size_t i = 0; i < party->certificates.count; i++) {
        const struct slot *slot = party->certificates.list[i];
        const struct fc_certificate *certificate = &slot->fact->held.certificate;
        if (!slot->counts || !fc_key_eq(&certificate->feed_key, signer))
            continue;
        if (certificate->g > rank->g || (certificate->g == rank->g && certificate->r > rank->r))
            *rank = (struct rank){certificate->g, certificate->r};
        found = true;
    }
    return found;
}

/* The higher sequence number stands, of equals the lower hash. */
static bool newer(const struct slot *a, const struct slot *b)
{
    uint64_t x = a->fact->held.descriptor.seq, y = b->fact->held.descriptor.seq;
    return x != y ? x > y : fc_hash_cmp(&a->fact->held.record.hash, &b->fact->held.record.hash) < 0;
}

/* Of the descriptors for one node from *at on, the one by the newest key; NULL when none counts.
 * A key that was lost speaks no more once its successor has. */
static struct slot *standing_descriptor(const struct party *party, size_t *at)
{
    const struct slots *descriptors = &party->descriptors;
    const struct fc_key *key = &descriptors->list[*at]->fact->held.descriptor.node_key;
    struct slot *best = NULL;
    struct rank best_rank = {0, 0}, rank;
    for (; *at < descriptors->count &&
           fc_key_eq(&descriptors->list[*at]->fact->held.descriptor.node_key, key);
         (*at)++) {
        struct slot *slot = descriptors->list[*at];
        if (!signer_rank(party, &slot->fact->signer, &rank))
            continue;
        bool equal = rank.g == best_rank.g && rank.r == best_rank.r;
        bool higher = rank.g > best_rank.g || (rank.g == best_rank.g && rank.r > best_rank.r);
        if (!best || higher || (equal && newer(slot, best))) {
            best = slot;
            best_rank = rank;
        }
    }
    return best;
}

static enum fc_err claim_make(struct party *party, struct claims *claims, const struct fc_key *key,
                              struct slot *descriptor, bool first)
{
    struct claim *claim = malloc(sizeof *claim);
    if (!claim)
        return FC_E_NOMEM;
    *claim = (struct claim){.key = *key, .party = party, .descriptor = descriptor, .first = first};
    enum fc_err err = claims_insert(claims, claim_place(claims, key), claim);
    if (err != FC_OK)
        free(claim);
    return err;
}

/* The certificate's first node, then the lowest keys up to the quota. */
static enum fc_err list_claims(struct party *party, struct claims *claims)
{
    const struct fc_certificate *certificate = &party->certificate->fact->held.certificate;
    const struct slots *descriptors = &party->descriptors;
    uint32_t room = certificate->quota_nodes;
    bool first = !fc_key_is_zero(&certificate->node_key);
    struct slot *of_first = NULL;
    enum fc_err err = FC_OK;
    for (size_t i = 0; first && i < descriptors->count;) {
        bool same = fc_key_eq(&descriptors->list[i]->fact->held.descriptor.node_key,
                              &certificate->node_key);
        struct slot *slot = standing_descriptor(party, &i);
        of_first = same ? slot : of_first;
    }
    if (first && !(of_first && of_first->fact->held.descriptor.retired)) {
        err = claim_make(party, claims, &certificate->node_key, of_first, true);
        room -= room > 0;
    }
    for (size_t i = 0; i < descriptors->count && room > 0 && err == FC_OK;) {
        struct slot *slot = standing_descriptor(party, &i);
        if (!slot || slot->fact->held.descriptor.retired ||
            fc_key_eq(&slot->fact->held.descriptor.node_key, &certificate->node_key))
            continue;
        err = claim_make(party, claims, &slot->fact->held.descriptor.node_key, slot, false);
        room--;
    }
    return err;
}

enum fc_err fc_party_claim(struct roll *roll, struct party *party)
{
    struct claims now = {0}, before = party->claims;
    enum fc_err err = FC_OK;
    if (party->certificate && !party->unsettled && !party->revocation)
        err = list_claims(party, &now);
    if (err != FC_OK) {
        fc_claims_finish(&now);
        return err;
    }
    /* What stays keeps its place in the registry; the rest is taken out before the new comes in. */
    for (size_t i = 0; i < before.count; i++) {
        struct claim *old = before.list[i];
        size_t at = claim_place(&now, &old->key);
        bool stays = at < now.count && fc_key_eq(&now.list[at]->key, &old->key) &&
                     now.list[at]->first == old->first;
        if (stays) {
            old->descriptor = now.list[at]->descriptor;
            free(now.list[at]);
            now.list[at] = old;
        } else {
            drop_claim(roll, old);
            free(old);
        }
    }
    party->claims = now;
    for (size_t i = 0; i < now.count && err == FC_OK; i++)
        if (!now.list[i]->raised)
            err = raise_claim(roll, now.list[i]);
    free(before.list);
    return err;
}

/* -- adding ------------------------------------------------------------------------------------ */

static enum fc_err check_signer(const struct roll *roll, const struct party *party,
                                struct fact *fact)
{
    struct fc_signature signature;
    bool known = false;
    if (fact->held.record.signature_count == 0)
        return FC_E_SIGNATURE;
    fc_record_signature(&fact->held.record, 0, &signature);
    for (size_t i = 0; party && i < party->certificates.count && !known; i++)
        known = fc_key_eq(&party->certificates.list[i]->fact->held.certificate.feed_key,
                          &signature.signer);
    if (!known)
        return FC_E_UNKNOWN;
    fact->signer = signature.signer;
    return fc_ledger_verify(roll, &fact->held.record, &signature.signer) ? FC_OK : FC_E_SIGNATURE;
}

static int compare_descriptors(const struct slot *a, const struct slot *b)
{
    int order = fc_key_cmp(&a->fact->held.descriptor.node_key, &b->fact->held.descriptor.node_key);
    return order ? order : fc_key_cmp(&a->fact->signer, &b->fact->signer);
}

size_t fc_party_descriptor_place(const struct party *party, const struct slot *slot)
{
    size_t low = 0, high = party->descriptors.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_descriptors(party->descriptors.list[middle], slot) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

enum fc_err fc_ledger_add_descriptor(const struct roll *roll, struct slot *slot,
                                     struct slot **displaced)
{
    const struct party *party = fc_ledger_party(roll, &slot->fact->held.descriptor.participant);
    enum fc_err err = check_signer(roll, party, slot->fact);
    if (err != FC_OK)
        return err;
    const struct slots *descriptors = &party->descriptors;
    size_t at = fc_party_descriptor_place(party, slot), same = 0;
    if (at < descriptors->count && compare_descriptors(descriptors->list[at], slot) == 0) {
        *displaced = descriptors->list[at];
        return newer(slot, *displaced) ? FC_OK : FC_E_STALE;
    }
    struct slot *last = NULL;
    for (size_t i = 0; i < descriptors->count; i++) {
        if (fc_key_eq(&descriptors->list[i]->fact->signer, &slot->fact->signer)) {
            last = descriptors->list[i];
            same++;
        }
    }
    if (same < LEDGER_NODE_KEYS_MAX)
        return FC_OK;
    /* The lower keys stay, whatever came first. */
    *displaced = last;
    return compare_descriptors(slot, last) < 0 ? FC_OK : FC_E_DENIED;
}

static bool is_node_of(const struct roll *roll, const struct party *party, const struct fc_key *key)
{
    const struct claim *claim = claim_find(&roll->nodes, key);
    return claim && claim->party == party;
}

enum fc_err fc_roll_check_checkpoint(const struct roll *roll, struct fact *fact)
{
    const struct fc_checkpoint *checkpoint = &fact->held.checkpoint;
    const struct party *party = fc_ledger_party(roll, &checkpoint->participant);
    struct rank rank;
    enum fc_err err = check_signer(roll, party, fact);
    if (err == FC_OK && (!is_node_of(roll, party, &checkpoint->node_key) ||
                         !signer_rank(party, &fact->signer, &rank)))
        err = FC_E_UNKNOWN;
    return err;
}

bool fc_roll_is_node_of(const struct roll *roll, const struct fc_hash *participant,
                        const struct fc_key *key)
{
    return is_node_of(roll, fc_ledger_party(roll, participant), key);
}

/* -- what others ask --------------------------------------------------------------------------- */

static void describe_node(const struct claim *claim, struct fc_node *out)
{
    *out = (struct fc_node){.key = claim->key, .participant = claim->party->id};
    if (claim->descriptor) {
        const struct fc_descriptor *descriptor = &claim->descriptor->fact->held.descriptor;
        out->endpoint_count = descriptor->endpoint_count;
        memcpy(out->endpoints, descriptor->endpoints, sizeof out->endpoints);
        out->region = descriptor->region;
        out->descriptor = &claim->descriptor->fact->held;
    } else {
        const struct fc_certificate *certificate =
            &claim->party->certificate->fact->held.certificate;
        out->endpoint_count = certificate->endpoint_count;
        memcpy(out->endpoints, certificate->endpoints, sizeof out->endpoints);
        out->region = certificate->country;
    }
}

static bool holds_place(const struct roll *roll, const struct claim *claim)
{
    return claim_find(&roll->nodes, &claim->key) == claim;
}

size_t fc_ledger_participant_node_count(const struct fc_ledger *ledger, const struct fc_hash *id)
{
    const struct roll *roll = ledger->roll;
    const struct party *party = fc_ledger_party(roll, id);
    size_t count = 0;
    for (size_t i = 0; party && i < party->claims.count; i++)
        count += holds_place(roll, party->claims.list[i]);
    return count;
}

void fc_ledger_participant_node_at(const struct fc_ledger *ledger, const struct fc_hash *id,
                                   size_t index, struct fc_node *out)
{
    const struct roll *roll = ledger->roll;
    const struct party *party = fc_ledger_party(roll, id);
    size_t at = 0;
    assert(party);
    while (!holds_place(roll, party->claims.list[at]) || index-- != 0)
        at++;
    describe_node(party->claims.list[at], out);
}

size_t fc_ledger_node_count(const struct fc_ledger *ledger)
{
    const struct roll *roll = ledger->roll;
    return roll->nodes.count;
}

void fc_ledger_node_at(const struct fc_ledger *ledger, size_t index, struct fc_node *out)
{
    const struct roll *roll = ledger->roll;
    assert(index < roll->nodes.count);
    describe_node(roll->nodes.list[index], out);
}

enum fc_err fc_ledger_node(const struct fc_ledger *ledger, const struct fc_key *key,
                           struct fc_node *out)
{
    const struct roll *roll = ledger->roll;
    const struct claim *claim = claim_find(&roll->nodes, key);
    if (!claim)
        return FC_E_MISSING;
    describe_node(claim, out);
    return FC_OK;
}
