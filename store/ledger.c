#include "store/ledger.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/ledger_pool.h"
#include "store/ledger_priv.h"

enum fc_err fc_ledger_create(const struct fc_hash *federation, struct fc_verifier verifier,
                             struct fc_ledger **out)
{
    struct fc_ledger *ledger = calloc(1, sizeof *ledger);
    if (ledger)
        ledger->roll = fc_roll_create(federation, verifier);
    if (!ledger || !ledger->roll) {
        free(ledger);
        return FC_E_NOMEM;
    }
    *out = ledger;
    return FC_OK;
}

void fc_ledger_destroy(struct fc_ledger *ledger)
{
    if (!ledger)
        return;
    if (ledger->pool)
        fc_ledger_pool_leave(ledger->pool, ledger->roll);
    else
        fc_roll_release(ledger->roll);
    for (size_t i = 0; i < ledger->checkpoint_count; i++)
        fc_fact_release(ledger->checkpoints[i]);
    free(ledger->checkpoints);
    free(ledger);
}

enum fc_err fc_ledger_share(const struct fc_ledger *ledger, struct fc_ledger **out)
{
    assert(!ledger->pool);
    struct fc_ledger *shared = calloc(1, sizeof *shared);
    size_t count = ledger->checkpoint_count;
    *out = NULL;
    if (shared)
        shared->checkpoints = calloc(count + 1, sizeof(struct fact *));
    if (!shared || !shared->checkpoints) {
        free(shared);
        return FC_E_NOMEM;
    }
    shared->still = true;
    shared->roll = ledger->roll;
    shared->roll->refs++;
    for (size_t i = 0; i < count; i++) {
        shared->checkpoints[i] = ledger->checkpoints[i];
        shared->checkpoints[i]->refs++;
    }
    shared->checkpoint_count = shared->checkpoint_cap = count;
    *out = shared;
    return FC_OK;
}

void fc_ledger_verify_with(struct fc_ledger *ledger, struct fc_verifier verifier)
{
    ledger->roll->verifier = verifier;
}

/* -- checkpoints ------------------------------------------------------------------------------- */

static size_t checkpoint_place(const struct fc_ledger *ledger, const struct fc_hash *hash,
                               bool *found)
{
    size_t low = 0, high = ledger->checkpoint_count;
    *found = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = fc_hash_cmp(&ledger->checkpoints[middle]->held.record.hash, hash);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The one of the same node, or one that a node of this operator's left behind that is one no more.
 * FC_E_STALE when the former is later. */
static enum fc_err find_displaced(const struct fc_ledger *ledger, const struct fact *fact,
                                  size_t *at)
{
    const struct fc_checkpoint *checkpoint = &fact->held.checkpoint;
    *at = ledger->checkpoint_count;
    for (size_t i = 0; i < ledger->checkpoint_count; i++) {
        const struct fact *other = ledger->checkpoints[i];
        const struct fc_checkpoint *before = &other->held.checkpoint;
        if (!fc_hash_eq(&before->participant, &checkpoint->participant))
            continue;
        if (fc_key_eq(&before->node_key, &checkpoint->node_key)) {
            *at = i;
            bool later = checkpoint->time_ms != before->time_ms
                             ? checkpoint->time_ms > before->time_ms
                             : fc_hash_cmp(&fact->held.record.hash, &other->held.record.hash) < 0;
            return later ? FC_OK : FC_E_STALE;
        }
        if (!fc_roll_is_node_of(ledger->roll, &before->participant, &before->node_key))
            *at = i;
    }
    return FC_OK;
}

static enum fc_err checkpoint_room(struct fc_ledger *ledger)
{
    if (ledger->checkpoint_count < ledger->checkpoint_cap)
        return FC_OK;
    size_t cap = ledger->checkpoint_cap ? ledger->checkpoint_cap * 2 : 4;
    struct fact **list = realloc(ledger->checkpoints, cap * sizeof(struct fact *));
    if (!list)
        return FC_E_NOMEM;
    ledger->checkpoints = list;
    ledger->checkpoint_cap = cap;
    return FC_OK;
}

static void checkpoint_take_out(struct fc_ledger *ledger, size_t at)
{
    struct fact **place = ledger->checkpoints + at;
    fc_fact_release(*place);
    ledger->checkpoint_count--;
    memmove(place, place + 1, (ledger->checkpoint_count - at) * sizeof *place);
}

static void checkpoint_put_in(struct fc_ledger *ledger, struct fact *fact)
{
    bool found;
    size_t at = checkpoint_place(ledger, &fact->held.record.hash, &found);
    struct fact **place = ledger->checkpoints + at;
    memmove(place + 1, place, (ledger->checkpoint_count - at) * sizeof *place);
    *place = fact;
    ledger->checkpoint_count++;
}

static enum fc_err make_checkpoint(const struct fc_ledger *ledger, const struct fc_record *record,
                                   struct fact **out)
{
    if (ledger->pool)
        return fc_ledger_pool_fact(ledger->pool, record, out);
    return fc_fact_make(record, out);
}

static enum fc_err add_checkpoint(struct fc_ledger *ledger, const struct fc_record *record,
                                  struct fc_ledger_change *change)
{
    struct fact *fact = NULL;
    bool held;
    size_t displaced;
    (void)checkpoint_place(ledger, &record->hash, &held);
    enum fc_err err = held ? FC_E_KNOWN : make_checkpoint(ledger, record, &fact);
    if (err == FC_OK)
        err = fc_roll_check_checkpoint(ledger->roll, fact);
    if (err == FC_OK)
        err = find_displaced(ledger, fact, &displaced);
    if (err == FC_OK)
        err = checkpoint_room(ledger);
    if (err != FC_OK) {
        fc_fact_release(fact);
        return err;
    }
    fc_fact_name(fact, change);
    if (displaced < ledger->checkpoint_count) {
        change->displaced[change->displaced_count++] =
            ledger->checkpoints[displaced]->held.record.hash;
        checkpoint_take_out(ledger, displaced);
    }
    checkpoint_put_in(ledger, fact);
    return FC_OK;
}

/* -- adding ------------------------------------------------------------------------------------ */

/* The ledger's roll is its own from here on. */
static enum fc_err own_roll(struct fc_ledger *ledger)
{
    if (ledger->roll->refs == 1)
        return FC_OK;
    struct roll *own = fc_roll_clone(ledger->roll);
    if (!own)
        return FC_E_NOMEM;
    fc_roll_release(ledger->roll);
    ledger->roll = own;
    return FC_OK;
}

static enum fc_err add_alone(struct fc_ledger *ledger, const struct fc_record *record,
                             struct fc_ledger_change *change)
{
    struct fact *fact;
    struct slot *displaced = NULL;
    enum fc_err err = fc_fact_make(record, &fact);
    struct slot *slot = err == FC_OK ? fc_slot_create(fact) : NULL;
    if (!slot)
        return err != FC_OK ? err : FC_E_NOMEM;
    err = fc_roll_check(ledger->roll, slot, &displaced, change);
    size_t at = displaced ? displaced->at : 0;
    if (err == FC_OK)
        err = own_roll(ledger);
    if (err == FC_OK)
        return fc_roll_file(ledger->roll, slot, displaced ? ledger->roll->records.list[at] : NULL,
                            change);
    fc_slot_destroy(slot);
    fc_buf_finish(&change->evidence);
    return err;
}

static enum fc_err pin_alone(struct fc_ledger *ledger, const struct fc_hash *charter)
{
    enum fc_err err = own_roll(ledger);
    return err == FC_OK ? fc_roll_pin(ledger->roll, charter) : err;
}

enum fc_err fc_ledger_add(struct fc_ledger *ledger, const struct fc_record *record,
                          struct fc_ledger_change *change)
{
    *change = (struct fc_ledger_change){0};
    bool first = record->type == FC_RECORD_CHARTER && fc_hash_is_zero(&record->federation);
    if (record->type == FC_RECORD_HEAD || record->type == FC_RECORD_APPLICATION)
        return FC_E_ARG;
    if (!fc_hash_eq(first ? &record->hash : &record->federation, &ledger->roll->federation))
        return FC_E_FEDERATION;
    if (record->type == FC_RECORD_CHECKPOINT)
        return add_checkpoint(ledger, record, change);
    if (fc_ledger_slot(ledger->roll, &record->hash))
        return FC_E_KNOWN;
    return ledger->pool ? fc_ledger_pool_add(ledger, record, change)
                        : add_alone(ledger, record, change);
}

enum fc_err fc_ledger_pin(struct fc_ledger *ledger, const struct fc_hash *charter)
{
    return ledger->pool ? fc_ledger_pool_pin(ledger, charter) : pin_alone(ledger, charter);
}

/* -- what others ask --------------------------------------------------------------------------- */

const struct fc_held *fc_ledger_find(const struct fc_ledger *ledger, const struct fc_hash *hash)
{
    const struct slot *slot = fc_ledger_slot(ledger->roll, hash);
    if (slot)
        return &slot->fact->held;
    bool found;
    size_t at = checkpoint_place(ledger, hash, &found);
    return found ? &ledger->checkpoints[at]->held : NULL;
}

const struct fc_held *fc_ledger_find_prefix(const struct fc_ledger *ledger, const uint8_t prefix[8])
{
    const struct roll *roll = ledger->roll;
    struct fc_hash from = {{0}};
    size_t at;
    _Static_assert(sizeof at == 8, "all that a place in the table depends on");
    memcpy(&at, prefix, sizeof at);
    for (; roll->table_size; at++) {
        const struct slot *slot = roll->table[at & (roll->table_size - 1)];
        if (!slot)
            break;
        if (memcmp(slot->fact->held.record.hash.b, prefix, 8) == 0)
            return &slot->fact->held;
    }
    bool found;
    memcpy(from.b, prefix, 8);
    at = checkpoint_place(ledger, &from, &found);
    bool begins = at < ledger->checkpoint_count &&
                  memcmp(ledger->checkpoints[at]->held.record.hash.b, prefix, 8) == 0;
    return begins ? &ledger->checkpoints[at]->held : NULL;
}

bool fc_ledger_in_force(const struct fc_ledger *ledger, const struct fc_hash *record)
{
    const struct slot *slot = fc_ledger_slot(ledger->roll, record);
    return slot && slot->counts && slot->fact->held.record.type != FC_RECORD_EVIDENCE;
}

size_t fc_ledger_checkpoint_count(const struct fc_ledger *ledger)
{
    return ledger->checkpoint_count;
}

const struct fc_held *fc_ledger_checkpoint_at(const struct fc_ledger *ledger, size_t index)
{
    return &ledger->checkpoints[index]->held;
}

size_t fc_ledger_record_count(const struct fc_ledger *ledger)
{
    return ledger->roll->records.count + ledger->checkpoint_count;
}

const struct fc_held *fc_ledger_record_at(const struct fc_ledger *ledger, size_t index)
{
    const struct slots *records = &ledger->roll->records;
    if (index < records->count)
        return &records->list[index]->fact->held;
    index -= records->count;
    return index < ledger->checkpoint_count ? &ledger->checkpoints[index]->held : NULL;
}

static int compare_hashes(const void *a, const void *b)
{
    return fc_hash_cmp(a, b);
}

enum fc_err fc_ledger_digest(const struct fc_ledger *ledger, struct fc_hash *out)
{
    struct roll *roll = ledger->roll;
    size_t count = roll->records.count;
    if (ledger->still || !roll->digest_known) {
        struct fc_hash *hashes = malloc((count + 1) * sizeof *hashes);
        if (!hashes)
            return FC_E_NOMEM;
        for (size_t i = 0; i < count; i++)
            hashes[i] = roll->records.list[i]->fact->held.record.hash;
        qsort(hashes, count, sizeof *hashes, compare_hashes);
        *out = fc_hash("fedcat.ledger.1", fc_span(hashes, count * sizeof *hashes));
        free(hashes);
        if (ledger->still)
            return FC_OK;
        roll->digest = *out;
        roll->digest_known = true;
    }
    *out = roll->digest;
    return FC_OK;
}
