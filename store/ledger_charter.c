/* The chain of charters, and which records under older ones still count. */
#include <string.h>

#include "store/ledger_priv.h"
#include "store/merkle.h"

uint32_t fc_ledger_signatures(const struct roll *roll, const struct fc_record *record,
                              const struct fc_charter *charter)
{
    struct fc_verify_job jobs[FC_SIGNATURES_MAX];
    uint32_t count = 0, valid = 0;
    for (uint32_t i = 0; i < record->signature_count; i++) {
        struct fc_signature signature;
        fc_record_signature(record, i, &signature);
        for (uint32_t j = 0; j < charter->governor_count; j++)
            if (fc_key_eq(&charter->governors[j].key, &signature.signer))
                jobs[count++] = (struct fc_verify_job){
                    .key = signature.signer, .hash = record->hash, .sig = signature.sig};
    }
    if (count > 0)
        roll->verifier.verify(roll->verifier.ctx, jobs, count);
    for (uint32_t i = 0; i < count; i++)
        valid += jobs[i].valid;
    return valid;
}

struct slot *fc_ledger_held_charter(const struct roll *roll, const struct fc_hash *hash)
{
    struct slot *slot = fc_ledger_slot(roll, hash);
    return slot && slot->fact->held.record.type == FC_RECORD_CHARTER ? slot : NULL;
}

/* -- carry lists ------------------------------------------------------------------------------- */

static bool commits(const struct fc_charter *charter, const struct fc_carry *carry)
{
    if (charter->carried_count == 0 || carry->version != charter->version ||
        carry->count != charter->carried_count)
        return false;
    struct fc_hash root = fc_merkle_root(carry->hashes);
    return fc_hash_eq(&root, &charter->carried);
}

void fc_ledger_match(struct roll *roll, struct slot *slot)
{
    if (slot->fact->held.record.type == FC_RECORD_CHARTER) {
        for (size_t i = 0; i < roll->carries.count && !slot->carry; i++)
            if (commits(&slot->fact->held.charter, &roll->carries.list[i]->fact->held.carry))
                slot->carry = roll->carries.list[i];
    } else if (slot->fact->held.record.type == FC_RECORD_CARRY) {
        for (size_t i = 0; i < roll->charters.count; i++)
            if (commits(&roll->charters.list[i]->fact->held.charter, &slot->fact->held.carry))
                roll->charters.list[i]->carry = slot;
    }
}

static bool wanted(const struct roll *roll, const struct slot *carry)
{
    for (size_t i = 0; i < roll->charters.count; i++)
        if (roll->charters.list[i]->carry == carry ||
            (!roll->charters.list[i]->carry &&
             commits(&roll->charters.list[i]->fact->held.charter, &carry->fact->held.carry)))
            return true;
    return false;
}

/* Anyone can write a list. One that a held charter commits to is taken; a few may come before the
 * next charter, and those whose turn has passed make room. */
enum fc_err fc_ledger_add_carry(const struct roll *roll, const struct slot *slot,
                                struct slot **displaced)
{
    uint64_t last = 0;
    size_t waiting = 0;
    if (wanted(roll, slot))
        return FC_OK;
    for (size_t i = 0; i < roll->charters.count; i++)
        if (roll->charters.list[i]->fact->held.charter.version > last)
            last = roll->charters.list[i]->fact->held.charter.version;
    if (slot->fact->held.carry.version != last + 1)
        return FC_E_UNKNOWN;
    for (size_t i = 0; i < roll->carries.count; i++) {
        struct slot *other = roll->carries.list[i];
        if (!wanted(roll, other)) {
            waiting++;
            if (other->fact->held.carry.version <= last)
                *displaced = other;
        }
    }
    if (waiting < LEDGER_CARRIES_WAITING_MAX)
        *displaced = NULL;
    return waiting < LEDGER_CARRIES_WAITING_MAX || *displaced ? FC_OK : FC_E_UNKNOWN;
}

static bool carries(const struct slot *carry, const struct fc_hash *record)
{
    size_t low = 0, high = carry->fact->held.carry.count;
    const uint8_t *hashes = carry->fact->held.carry.hashes.data;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = memcmp(hashes + 32 * middle, record->b, 32);
        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

bool fc_ledger_counts(const struct roll *roll, const struct fc_hash *charter,
                      const struct fc_hash *record)
{
    const struct slot *under = fc_ledger_held_charter(roll, charter);
    if (!under || under->chain_at == 0)
        return false;
    for (size_t later = under->chain_at; later < roll->chain.count; later++) {
        const struct slot *carry = roll->chain.list[later]->carry;
        if (!carry || !carries(carry, record))
            return false;
    }
    return true;
}

/* -- charters ---------------------------------------------------------------------------------- */

enum fc_err fc_ledger_charter_signed(const struct roll *roll, const struct fc_record *record,
                                     const struct fc_charter *charter)
{
    if (fc_ledger_signatures(roll, record, charter) < charter->quorum)
        return FC_E_QUORUM;
    if (charter->version == 1)
        return FC_OK;
    const struct slot *before = fc_ledger_held_charter(roll, &charter->previous);
    if (!before)
        return FC_E_UNKNOWN;
    if (before->fact->held.charter.version + 1 != charter->version)
        return FC_E_DENIED;
    if (fc_ledger_signatures(roll, record, &before->fact->held.charter) <
        before->fact->held.charter.quorum)
        return FC_E_QUORUM;
    return FC_OK;
}

static bool follows(const struct slot *slot, const struct slot *last)
{
    const struct fc_charter *charter = &slot->fact->held.charter;
    return last ? fc_hash_eq(&charter->previous, &last->fact->held.record.hash)
                : charter->version == 1;
}

enum fc_err fc_ledger_add_charter(const struct roll *roll, const struct slot *slot,
                                  struct fc_ledger_change *change)
{
    const struct fc_charter *charter = &slot->fact->held.charter;
    enum fc_err err = fc_ledger_charter_signed(roll, &slot->fact->held.record, charter);
    const struct slot *rival = NULL;
    if (err != FC_OK || charter->version == 1)
        return err;
    const struct slot *before = fc_ledger_held_charter(roll, &charter->previous);
    size_t rivals = 0;
    /* The lowest of them: so that all see the same pair in the end, whichever came when. */
    for (size_t i = 0; i < roll->charters.count; i++) {
        const struct slot *other = roll->charters.list[i];
        if (!follows(other, before))
            continue;
        rivals++;
        if (!rival ||
            fc_hash_cmp(&other->fact->held.record.hash, &rival->fact->held.record.hash) < 0)
            rival = other;
    }
    if (rivals >= LEDGER_RIVALS_MAX)
        return FC_E_AGAIN;
    return rival ? fc_roll_evidence(roll, rival->fact->held.record.bytes,
                                    slot->fact->held.record.bytes, &change->evidence)
                 : FC_OK;
}

bool fc_ledger_rivals(const struct roll *roll, const struct fc_hash *a, const struct fc_hash *b)
{
    const struct slot *x = fc_ledger_held_charter(roll, a), *y = fc_ledger_held_charter(roll, b);
    return x && y && x != y && x->fact->held.charter.version > 1 &&
           fc_hash_eq(&x->fact->held.charter.previous, &y->fact->held.charter.previous);
}

static bool pinned(const struct roll *roll, const struct fc_hash *charter)
{
    for (size_t i = 0; i < roll->pin_count; i++)
        if (fc_hash_eq(&roll->pins[i], charter))
            return true;
    return false;
}

/* Two charters that follow `last` exist, though perhaps only one of them is held. */
static bool in_dispute(const struct roll *roll, const struct slot *last)
{
    for (size_t i = 0; last && i < roll->disputes.count; i++)
        if (fc_hash_eq(&roll->disputes.list[i]->fact->about->previous,
                       &last->fact->held.record.hash))
            return true;
    return false;
}

/* The one successor of `last` (NULL: version 1); NULL where there is none, or rivals unsettled. */
static struct slot *successor(struct roll *roll, const struct slot *last)
{
    struct slot *found = NULL, *chosen = NULL;
    size_t count = 0, pins = 0;
    for (size_t i = 0; i < roll->charters.count; i++) {
        struct slot *slot = roll->charters.list[i];
        if (!follows(slot, last))
            continue;
        found = slot;
        count++;
        if (pinned(roll, &slot->fact->held.record.hash)) {
            chosen = slot;
            pins++;
        }
    }
    if (count > 1 || in_dispute(roll, last)) {
        roll->disputed = pins != 1;
        found = pins == 1 ? chosen : NULL;
    }
    if (found && found->fact->held.charter.carried_count > 0 && !found->carry) {
        roll->waiting = true;
        return NULL;
    }
    return found;
}

enum fc_err fc_ledger_rechain(struct roll *roll)
{
    struct slot *last = NULL;
    enum fc_err err = FC_OK;
    for (size_t i = 0; i < roll->chain.count; i++)
        roll->chain.list[i]->chain_at = 0;
    roll->chain.count = 0;
    roll->disputed = roll->waiting = false;
    while (err == FC_OK && (last = successor(roll, last))) {
        err = fc_slots_add(&roll->chain, last);
        last->chain_at = roll->chain.count;
    }
    return err;
}

const struct fc_held *fc_ledger_charter(const struct fc_ledger *ledger, bool *disputed)
{
    const struct roll *roll = ledger->roll;
    if (disputed)
        *disputed = roll->disputed;
    size_t count = roll->chain.count;
    return count > 0 ? &roll->chain.list[count - 1]->fact->held : NULL;
}

const struct fc_held *fc_ledger_charter_version(const struct fc_ledger *ledger, uint64_t version)
{
    const struct roll *roll = ledger->roll;
    return version > 0 && version <= roll->chain.count ? &roll->chain.list[version - 1]->fact->held
                                                       : NULL;
}

const struct fc_held *fc_ledger_carry(const struct fc_ledger *ledger, uint64_t version)
{
    const struct roll *roll = ledger->roll;
    bool known = version > 0 && version <= roll->chain.count;
    const struct slot *carry = known ? roll->chain.list[version - 1]->carry : NULL;
    return carry ? &carry->fact->held : NULL;
}
