/* The chain of charters, and which records under older ones still count. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/ledger_priv.h"
#include "store/merkle.h"

uint32_t fc_ledger_signatures(const struct fc_ledger *ledger, const struct fc_record *record,
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
        ledger->verifier.verify(ledger->verifier.ctx, jobs, count);
    for (uint32_t i = 0; i < count; i++)
        valid += jobs[i].valid;
    return valid;
}

struct slot *fc_ledger_held_charter(const struct fc_ledger *ledger, const struct fc_hash *hash)
{
    struct slot *slot = fc_ledger_slot(ledger, hash);
    return slot && slot->held.record.type == FC_RECORD_CHARTER ? slot : NULL;
}

/* -- carry lists ------------------------------------------------------------------------------- */

static struct slot *carry_list(const struct fc_ledger *ledger, const struct fc_charter *charter)
{
    for (size_t i = 0; i < ledger->carries.count; i++) {
        struct slot *slot = ledger->carries.list[i];
        if (slot->held.carry.version == charter->version &&
            slot->held.carry.count == charter->carried_count) {
            struct fc_hash root = fc_merkle_root(slot->held.carry.hashes);
            if (fc_hash_eq(&root, &charter->carried))
                return slot;
        }
    }
    return NULL;
}

static bool wanted(const struct fc_ledger *ledger, const struct slot *carry)
{
    for (size_t i = 0; i < ledger->charters.count; i++)
        if (carry_list(ledger, &ledger->charters.list[i]->held.charter) == carry)
            return true;
    return false;
}

enum fc_err fc_ledger_add_carry(struct fc_ledger *ledger, const struct fc_held *held,
                                struct fc_ledger_change *change)
{
    uint64_t last = 0;
    size_t waiting = 0;
    struct slot *oldest = NULL;
    for (size_t i = 0; i < ledger->charters.count; i++)
        if (ledger->charters.list[i]->held.charter.version > last)
            last = ledger->charters.list[i]->held.charter.version;
    if (held->carry.version > last + 1)
        return FC_E_UNKNOWN;
    for (size_t i = 0; i < ledger->carries.count; i++) {
        struct slot *slot = ledger->carries.list[i];
        if (!wanted(ledger, slot)) {
            oldest = oldest ? oldest : slot;
            waiting++;
        }
    }
    /* Anyone can send a list: those that no charter asks for make room for one another. The list
     * and its charter travel one behind the other, so the right one is there when it is needed. */
    if (waiting >= LEDGER_CARRIES_WAITING_MAX) {
        change->displaced[change->displaced_count++] = oldest->held.record.hash;
        fc_slots_remove(&ledger->carries, oldest);
        fc_ledger_forget(ledger, oldest);
    }
    return FC_OK;
}

static bool carries(const struct slot *carry, const struct fc_hash *record)
{
    size_t low = 0, high = carry->held.carry.count;
    const uint8_t *hashes = carry->held.carry.hashes.data;
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

bool fc_ledger_counts(const struct fc_ledger *ledger, const struct fc_hash *charter,
                      const struct fc_hash *record)
{
    size_t at = 0;
    while (at < ledger->chain.count &&
           !fc_hash_eq(&ledger->chain.list[at]->held.record.hash, charter))
        at++;
    if (at == ledger->chain.count)
        return false;
    for (size_t later = at + 1; later < ledger->chain.count; later++) {
        const struct fc_charter *next = &ledger->chain.list[later]->held.charter;
        const struct slot *carry = next->carried_count ? carry_list(ledger, next) : NULL;
        if (!carry || !carries(carry, record))
            return false;
    }
    return true;
}

/* -- charters ---------------------------------------------------------------------------------- */

enum fc_err fc_ledger_charter_signed(const struct fc_ledger *ledger, const struct fc_held *held)
{
    const struct fc_charter *charter = &held->charter;
    if (fc_ledger_signatures(ledger, &held->record, charter) < charter->quorum)
        return FC_E_QUORUM;
    if (charter->version == 1)
        return FC_OK;
    const struct slot *before = fc_ledger_held_charter(ledger, &charter->previous);
    if (!before)
        return FC_E_UNKNOWN;
    if (before->held.charter.version + 1 != charter->version)
        return FC_E_DENIED;
    if (fc_ledger_signatures(ledger, &held->record, &before->held.charter) <
        before->held.charter.quorum)
        return FC_E_QUORUM;
    return FC_OK;
}

enum fc_err fc_ledger_add_charter(struct fc_ledger *ledger, const struct fc_held *held,
                                  struct fc_ledger_change *change)
{
    const struct fc_charter *charter = &held->charter;
    enum fc_err err = fc_ledger_charter_signed(ledger, held);
    if (err != FC_OK)
        return err;
    if (charter->carried_count > 0 && !carry_list(ledger, charter))
        return FC_E_UNKNOWN;
    for (size_t i = 0; i < ledger->charters.count && change->evidence.len == 0; i++) {
        const struct fc_held *rival = &ledger->charters.list[i]->held;
        if (charter->version > 1 && rival->charter.version == charter->version &&
            fc_hash_eq(&rival->charter.previous, &charter->previous))
            err = fc_ledger_evidence(ledger, rival->record.bytes, held->record.bytes,
                                     &change->evidence);
    }
    return err;
}

static bool pinned(const struct fc_ledger *ledger, const struct fc_hash *charter)
{
    for (size_t i = 0; i < ledger->pin_count; i++)
        if (fc_hash_eq(&ledger->pins[i], charter))
            return true;
    return false;
}

/* The one successor of `last` (NULL: version 1); NULL where there is none, or rivals unsettled. */
static struct slot *successor(struct fc_ledger *ledger, const struct slot *last)
{
    struct slot *found = NULL, *chosen = NULL;
    size_t count = 0, pins = 0;
    for (size_t i = 0; i < ledger->charters.count; i++) {
        struct slot *slot = ledger->charters.list[i];
        const struct fc_charter *charter = &slot->held.charter;
        if (last ? fc_hash_eq(&charter->previous, &last->held.record.hash)
                 : charter->version == 1) {
            found = slot;
            count++;
            if (pinned(ledger, &slot->held.record.hash)) {
                chosen = slot;
                pins++;
            }
        }
    }
    if (count > 1) {
        ledger->disputed = pins != 1;
        found = pins == 1 ? chosen : NULL;
    }
    /* A rival known from evidence alone may lack its list: then it cannot be followed yet. */
    if (found && found->held.charter.carried_count > 0 && !carry_list(ledger, &found->held.charter))
        return NULL;
    return found;
}

enum fc_err fc_ledger_rechain(struct fc_ledger *ledger)
{
    struct slot *last = NULL;
    enum fc_err err = FC_OK;
    ledger->chain.count = 0;
    ledger->disputed = false;
    while (err == FC_OK && (last = successor(ledger, last)))
        err = fc_slots_add(&ledger->chain, last);
    return err;
}

const struct fc_held *fc_ledger_charter(const struct fc_ledger *ledger, bool *disputed)
{
    if (disputed)
        *disputed = ledger->disputed;
    size_t count = ledger->chain.count;
    return count > 0 ? &ledger->chain.list[count - 1]->held : NULL;
}

const struct fc_held *fc_ledger_charter_version(const struct fc_ledger *ledger, uint64_t version)
{
    return version > 0 && version <= ledger->chain.count ? &ledger->chain.list[version - 1]->held
                                                         : NULL;
}
