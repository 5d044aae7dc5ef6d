#include <stdlib.h>
#include <string.h>

#include "net/inside.h"

static struct fc_doubt *find(struct fc_core *core, const struct fc_key *node_key)
{
    struct fc_witnesses *all = &core->witness;
    for (uint32_t i = 0; i < all->count; i++)
        if (fc_key_eq(&all->list[i].about.node_key, node_key))
            return &all->list[i];
    return NULL;
}

static void forget(struct fc_core *core, struct fc_doubt *doubt)
{
    *doubt = core->witness.list[--core->witness.count];
}

/* The one that was heard of longest ago gives way. */
static struct fc_doubt *add(struct fc_core *core, const struct fc_key *node_key)
{
    struct fc_witnesses *all = &core->witness;
    if (all->count == FC_WITNESS_MAX) {
        struct fc_doubt *oldest = &all->list[0];
        for (uint32_t i = 1; i < all->count; i++)
            if (all->list[i].about.time_ms < oldest->about.time_ms)
                oldest = &all->list[i];
        forget(core, oldest);
    }
    if (all->count == all->cap) {
        uint32_t cap = all->cap ? 2 * all->cap : 4;
        struct fc_doubt *list = realloc(all->list, cap * sizeof *list);
        if (!list) {
            core->err = FC_E_NOMEM;
            return NULL;
        }
        all->list = list;
        all->cap = cap;
    }
    struct fc_doubt *doubt = &all->list[all->count++];
    *doubt = (struct fc_doubt){.about = {.node_key = *node_key, .view = FC_WITNESS_OTHER}};
    return doubt;
}

/* What this node held by heads at some time of late; NULL: never. The present counts too. */
static const struct fc_moment *match(struct fc_core *core, const struct fc_hash *digest,
                                     struct fc_moment *present)
{
    struct fc_hash heads, records;
    fc_core_digests(core, &heads, &records);
    if (fc_hash_eq(&heads, digest)) {
        *present = (struct fc_moment){.from_ms = core->state_ms};
        return present;
    }
    return fc_history_find(&core->history, digest, NULL);
}

static void agrees(struct fc_core *core, const struct fc_key *node_key, uint64_t time_ms)
{
    struct fc_doubt *doubt = find(core, node_key);
    if (doubt)
        forget(core, doubt);
    core->witness.agreed++;
    if (time_ms > core->witness.agreed_ms)
        core->witness.agreed_ms = time_ms;
}

static void differs(struct fc_core *core, struct fc_doubt *doubt, const struct fc_moment *moment)
{
    struct fc_core_witness *about = &doubt->about;
    const struct fc_moment *before =
        fc_history_at(&core->history, about->time_ms - FC_WITNESS_LATE_MS);
    struct fc_digest digest;
    doubt->waiting = false;
    if (doubt->misses++ == 0)
        about->since_ms = about->time_ms;
    if (moment) {
        about->view = FC_WITNESS_BEHIND;
        about->as_of_ms = moment->until_ms;
        return;
    }
    if (fc_replica_digest(core->config.replica, &digest) == FC_OK)
        about->own_feeds = digest.feeds;
    bool long_fewer = before && before->feeds > about->feeds && about->own_feeds > about->feeds;
    about->view = long_fewer ? FC_WITNESS_WITHHELD : FC_WITNESS_OTHER;
}

static void wait_for(struct fc_core *core, struct fc_doubt *doubt, const struct fc_hash *digest)
{
    doubt->waiting = true;
    doubt->digest = *digest;
    doubt->due_ms = core->wall_ms + FC_WITNESS_WAIT_MS;
    if (core->witness.due_ms == 0 || doubt->due_ms < core->witness.due_ms)
        core->witness.due_ms = doubt->due_ms;
}

/* A state that was left here long before the checkpoint's time is not the catalogue of that time.
 */
static bool is_late(const struct fc_moment *moment, uint64_t time_ms)
{
    return moment->until_ms != 0 && moment->until_ms + FC_WITNESS_LATE_MS < time_ms;
}

void fc_witness_take(struct fc_core *core, const struct fc_hash *record)
{
    const struct fc_held *held = fc_ledger_find(fc_replica_ledger(core->config.replica), record);
    const struct fc_moment *first = fc_history_first(&core->history);
    struct fc_moment present;
    if (!held || held->record.type != FC_RECORD_CHECKPOINT)
        return;
    const struct fc_checkpoint *checkpoint = &held->checkpoint;
    if (fc_key_eq(&checkpoint->node_key, &core->config.node_key))
        return;
    const struct fc_moment *moment = match(core, &checkpoint->digest, &present);
    if (moment && !is_late(moment, checkpoint->time_ms)) {
        agrees(core, &checkpoint->node_key, checkpoint->time_ms);
        return;
    }
    /* Of a time before the first state that is remembered nothing can be said. */
    if (!moment && (!first || checkpoint->time_ms < first->from_ms))
        return;
    struct fc_doubt *doubt = find(core, &checkpoint->node_key);
    if (!doubt)
        doubt = add(core, &checkpoint->node_key);
    if (!doubt)
        return;
    doubt->about.time_ms = checkpoint->time_ms;
    doubt->about.feeds = checkpoint->feeds;
    if (moment)
        differs(core, doubt, moment);
    else
        wait_for(core, doubt, &checkpoint->digest);
}

void fc_witness_run(struct fc_core *core)
{
    struct fc_witnesses *all = &core->witness;
    struct fc_moment present;
    if (all->due_ms == 0 || core->wall_ms < all->due_ms)
        return;
    all->due_ms = 0;
    for (uint32_t i = all->count; i-- > 0;) {
        struct fc_doubt *doubt = &all->list[i];
        if (!doubt->waiting)
            continue;
        if (core->wall_ms < doubt->due_ms) {
            if (all->due_ms == 0 || doubt->due_ms < all->due_ms)
                all->due_ms = doubt->due_ms;
            continue;
        }
        const struct fc_moment *moment = match(core, &doubt->digest, &present);
        struct fc_key key = doubt->about.node_key;
        if (moment && !is_late(moment, doubt->about.time_ms))
            agrees(core, &key, doubt->about.time_ms);
        else
            differs(core, doubt, moment);
    }
}

/* Wall clocks may jump; being late by a tick is no harm. */
uint64_t fc_witness_deadline_us(const struct fc_core *core)
{
    uint64_t due_ms = core->witness.due_ms;
    if (due_ms == 0)
        return FC_NEVER;
    uint64_t left_ms = due_ms > core->wall_ms ? due_ms - core->wall_ms : 1;
    return core->now_us + (left_ms < FC_WITNESS_WAIT_MS ? left_ms : FC_WITNESS_WAIT_MS) * 1000;
}

static bool is_said(const struct fc_doubt *doubt)
{
    return doubt->misses >= FC_WITNESS_MISSES ||
           (doubt->misses != 0 && doubt->about.view == FC_WITNESS_BEHIND);
}

size_t fc_core_witness_count(const struct fc_core *core)
{
    size_t count = 0;
    for (uint32_t i = 0; i < core->witness.count; i++)
        count += is_said(&core->witness.list[i]);
    return count;
}

void fc_core_witness_at(const struct fc_core *core, size_t index, struct fc_core_witness *out)
{
    *out = (struct fc_core_witness){0};
    for (uint32_t i = 0; i < core->witness.count; i++)
        if (is_said(&core->witness.list[i]) && index-- == 0) {
            *out = core->witness.list[i].about;
            return;
        }
}
