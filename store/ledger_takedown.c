/* Takedowns of a participant's contents: there may be many, and every entry is asked about. */
#include "store/ledger_priv.h"

static int compare(const struct fc_takedown *takedown, const struct fc_hash *key,
                   const struct fc_hash *commitment)
{
    int order = fc_hash_cmp(&takedown->key, key);
    return order ? order : fc_hash_cmp(&takedown->commitment, commitment);
}

/* The first that is not below. */
static size_t place(const struct party *party, const struct fc_hash *key,
                    const struct fc_hash *commitment)
{
    size_t low = 0, high = party->takedowns.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(&party->takedowns.list[middle]->fact->held.takedown, key, commitment) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t fc_party_takedown_place(const struct party *party, const struct slot *slot)
{
    return place(party, &slot->fact->held.takedown.key, &slot->fact->held.takedown.commitment);
}

void fc_takedown_count(struct roll *roll, struct slot *slot)
{
    const struct fc_hash *charter = &slot->fact->held.takedown.charter;
    fc_ledger_count(roll, slot, fc_ledger_counts(roll, charter, &slot->fact->held.record.hash));
}

const struct fc_held *fc_ledger_takedown(const struct fc_ledger *ledger,
                                         const struct fc_hash *participant,
                                         const struct fc_hash *key_hash,
                                         const struct fc_hash *commitment)
{
    const struct roll *roll = ledger->roll;
    const struct party *party = fc_ledger_party(roll, participant);
    const struct slot *best = NULL;
    for (size_t i = party ? place(party, key_hash, commitment) : 0;
         party && i < party->takedowns.count; i++) {
        const struct slot *slot = party->takedowns.list[i];
        if (compare(&slot->fact->held.takedown, key_hash, commitment) != 0)
            break;
        if (slot->counts && (!best || fc_hash_cmp(&slot->fact->held.record.hash,
                                                  &best->fact->held.record.hash) < 0))
            best = slot;
    }
    return best ? &best->fact->held : NULL;
}
