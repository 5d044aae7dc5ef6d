#include "store/ledger_pool.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/ledger_priv.h"

enum {
    CHAINS = 4096,                    /* of rolls */
    STEPS_MAX = 16384,                /* a power of two */
    RECENT_MAX = 32,                  /* rolls that others may soon come to */
    RECENT_RECORDS_MAX = 1024 * 1024, /* in all of those, but for the last */
    FACTS_LEAST = 1024,
};

/* What became of a roll when it was given a record. */
struct step {
    struct set_sum from, to;
    struct fc_hash fact;
    enum fc_err err;
    struct fc_ledger_change change;
};

struct fc_ledger_pool {
    struct fc_verifier verifier;
    struct roll *chains[CHAINS];
    struct step *steps[STEPS_MAX]; /* the last at its place */
    struct roll *recent[RECENT_MAX];
    size_t recent_count, recent_records;
    struct fact **facts; /* by id: open addressing, twice the size it needs */
    size_t fact_count, fact_size;
    struct fc_ledger_pool_stat stat;
};

struct fc_ledger_pool *fc_ledger_pool_create(struct fc_verifier verifier)
{
    struct fc_ledger_pool *pool = calloc(1, sizeof *pool);
    if (pool)
        pool->verifier = verifier;
    return pool;
}

void fc_ledger_pool_stat(const struct fc_ledger_pool *pool, struct fc_ledger_pool_stat *stat)
{
    *stat = pool->stat;
    for (size_t i = 0; i < CHAINS; i++) {
        for (const struct roll *roll = pool->chains[i]; roll; roll = roll->next) {
            stat->ledgers++;
            stat->records += roll->records.count;
        }
    }
}

/* -- rolls by what they hold ------------------------------------------------------------------- */

static bool sum_eq(const struct set_sum *a, const struct set_sum *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static struct roll **chain_of(struct fc_ledger_pool *pool, const struct set_sum *set)
{
    return &pool->chains[set->words[0] % CHAINS];
}

static struct roll *roll_find(struct fc_ledger_pool *pool, const struct fc_hash *federation,
                              const struct set_sum *set)
{
    for (struct roll *roll = *chain_of(pool, set); roll; roll = roll->next)
        if (sum_eq(&roll->set, set) && fc_hash_eq(&roll->federation, federation))
            return roll;
    return NULL;
}

static void roll_link(struct fc_ledger_pool *pool, struct roll *roll)
{
    struct roll **chain = chain_of(pool, &roll->set);
    roll->next = *chain;
    *chain = roll;
    roll->pooled = true;
}

static void roll_unlink(struct fc_ledger_pool *pool, struct roll *roll)
{
    struct roll **link = chain_of(pool, &roll->set);
    while (*link != roll)
        link = &(*link)->next;
    *link = roll->next;
    roll->pooled = false;
}

void fc_ledger_pool_leave(struct fc_ledger_pool *pool, struct roll *roll)
{
    if (roll->refs == 1 && roll->pooled)
        roll_unlink(pool, roll);
    fc_roll_release(roll);
}

/* The ledger holds `roll` instead of its own; the caller's reference goes over to it. */
static void hold(struct fc_ledger *ledger, struct roll *roll)
{
    fc_ledger_pool_leave(ledger->pool, ledger->roll);
    ledger->roll = roll;
}

static void forget_oldest(struct fc_ledger_pool *pool)
{
    struct roll *oldest = pool->recent[0];
    pool->recent_count--;
    memmove(pool->recent, pool->recent + 1, pool->recent_count * sizeof(struct roll *));
    pool->recent_records -= oldest->records.count;
    fc_ledger_pool_leave(pool, oldest);
}

/* Others that hold what this one came from may be about to follow. */
static void keep_recent(struct fc_ledger_pool *pool, struct roll *roll)
{
    if (pool->recent_count == RECENT_MAX)
        forget_oldest(pool);
    roll->refs++;
    pool->recent[pool->recent_count++] = roll;
    pool->recent_records += roll->records.count;
    while (pool->recent_records > RECENT_RECORDS_MAX && pool->recent_count > 1)
        forget_oldest(pool);
}

/* -- facts by what they hold ------------------------------------------------------------------- */

static size_t fact_place(const struct fc_ledger_pool *pool, const struct fc_hash *id)
{
    size_t at = fc_get_be32(id->b) & (pool->fact_size - 1);
    while (pool->facts[at] && !fc_hash_eq(&pool->facts[at]->id, id))
        at = (at + 1) & (pool->fact_size - 1);
    return at;
}

/* Lets go of those nobody else holds and makes room for twice as many as are left. */
static bool facts_sweep(struct fc_ledger_pool *pool)
{
    struct fc_ledger_pool next = {.fact_size = FACTS_LEAST};
    size_t used = 0;
    for (size_t i = 0; i < pool->fact_size; i++)
        used += pool->facts[i] && pool->facts[i]->refs > 1;
    while (next.fact_size < 4 * (used + 1))
        next.fact_size *= 2;
    next.facts = calloc(next.fact_size, sizeof(struct fact *));
    if (!next.facts)
        return false;
    for (size_t i = 0; i < pool->fact_size; i++) {
        struct fact *fact = pool->facts[i];
        if (fact && fact->refs > 1)
            next.facts[fact_place(&next, &fact->id)] = fact;
        else
            fc_fact_release(fact);
    }
    free(pool->facts);
    pool->facts = next.facts;
    pool->fact_size = next.fact_size;
    pool->fact_count = used;
    return true;
}

enum fc_err fc_ledger_pool_fact(struct fc_ledger_pool *pool, const struct fc_record *record,
                                struct fact **out)
{
    struct fc_hash id = fc_fact_id(record->bytes);
    if (2 * (pool->fact_count + 1) > pool->fact_size && !facts_sweep(pool))
        return FC_E_NOMEM;
    struct fact **place = &pool->facts[fact_place(pool, &id)];
    if (!*place) {
        enum fc_err err = fc_fact_make(record, place);
        if (err != FC_OK)
            return err;
        pool->fact_count++;
    }
    (*place)->refs++;
    *out = *place;
    return FC_OK;
}

void fc_ledger_pool_destroy(struct fc_ledger_pool *pool)
{
    if (!pool)
        return;
    while (pool->recent_count > 0)
        forget_oldest(pool);
    for (size_t i = 0; i < CHAINS; i++)
        assert(!pool->chains[i]);
    for (size_t i = 0; i < STEPS_MAX; i++) {
        if (pool->steps[i])
            fc_buf_finish(&pool->steps[i]->change.evidence);
        free(pool->steps[i]);
    }
    for (size_t i = 0; i < pool->fact_size; i++)
        fc_fact_release(pool->facts[i]);
    free(pool->facts);
    free(pool);
}

/* -- steps ------------------------------------------------------------------------------------- */

static struct step **step_place(struct fc_ledger_pool *pool, const struct set_sum *from,
                                const struct fc_hash *fact)
{
    return &pool->steps[(from->words[0] ^ fc_get_be64(fact->b)) % STEPS_MAX];
}

static const struct step *step_find(struct fc_ledger_pool *pool, const struct set_sum *from,
                                    const struct fc_hash *fact)
{
    const struct step *step = *step_place(pool, from, fact);
    return step && sum_eq(&step->from, from) && fc_hash_eq(&step->fact, fact) ? step : NULL;
}

static bool change_copy(struct fc_ledger_change *to, const struct fc_ledger_change *from)
{
    *to = *from;
    to->evidence = (struct fc_buf){0};
    fc_buf_append(&to->evidence, from->evidence.data, from->evidence.len);
    return !to->evidence.failed;
}

/* Without the memory for it, it is worked out again. */
static void step_keep(struct fc_ledger_pool *pool, const struct step *made)
{
    struct step **place = step_place(pool, &made->from, &made->fact);
    struct step *step = *place ? *place : calloc(1, sizeof *step);
    if (!step)
        return;
    fc_buf_finish(&step->change.evidence);
    *step = *made;
    *place = step;
    if (!change_copy(&step->change, &made->change)) {
        fc_buf_finish(&step->change.evidence);
        free(step);
        *place = NULL;
    }
}

/* -- changing ---------------------------------------------------------------------------------- */

/* A roll of this ledger's alone, not to be found in the pool, to be changed; NULL when out of
 * memory. */
static struct roll *detach(struct fc_ledger *ledger, bool *shared)
{
    *shared = ledger->roll->refs > 1;
    if (*shared)
        return fc_roll_clone(ledger->roll);
    if (ledger->roll->pooled)
        roll_unlink(ledger->pool, ledger->roll);
    return ledger->roll;
}

/* What `detach` gave has been changed: it, or one that is alike, is the ledger's. */
static void attach(struct fc_ledger *ledger, struct roll *roll, bool shared)
{
    struct roll *alike = roll_find(ledger->pool, &roll->federation, &roll->set);
    if (shared)
        hold(ledger, roll);
    if (alike) {
        alike->refs++;
        hold(ledger, alike);
        return;
    }
    roll_link(ledger->pool, roll);
    if (shared)
        keep_recent(ledger->pool, roll);
}

static enum fc_err file(struct fc_ledger *ledger, struct slot *slot, const struct slot *displaced,
                        struct fc_ledger_change *change)
{
    bool shared;
    struct roll *roll = detach(ledger, &shared);
    if (!roll) {
        fc_slot_destroy(slot);
        return FC_E_NOMEM;
    }
    struct slot *own = displaced ? roll->records.list[displaced->at] : NULL;
    enum fc_err err = fc_roll_file(roll, slot, own, change);
    if (err == FC_OK)
        attach(ledger, roll, shared);
    else if (shared)
        fc_roll_release(roll);
    return err;
}

static enum fc_err work_out(struct fc_ledger *ledger, struct slot *slot, struct step *step)
{
    struct slot *displaced = NULL;
    enum fc_err err = fc_roll_check(ledger->roll, slot, &displaced, &step->change);
    if (err == FC_OK)
        err = file(ledger, slot, displaced, &step->change);
    else
        fc_slot_destroy(slot);
    if (err != FC_OK) {
        fc_buf_finish(&step->change.evidence);
        step->change = (struct fc_ledger_change){0};
    }
    step->err = err;
    step->to = ledger->roll->set;
    return err;
}

enum fc_err fc_ledger_pool_add(struct fc_ledger *ledger, const struct fc_record *record,
                               struct fc_ledger_change *change)
{
    struct fc_ledger_pool *pool = ledger->pool;
    struct fact *fact;
    enum fc_err err = fc_ledger_pool_fact(pool, record, &fact);
    if (err != FC_OK)
        return err;
    struct step made = {.from = ledger->roll->set, .fact = fact->id};
    const struct step *known = step_find(pool, &made.from, &made.fact);
    struct roll *next = known && known->err == FC_OK
                            ? roll_find(pool, &ledger->roll->federation, &known->to)
                            : NULL;
    if (known && (next || known->err != FC_OK)) {
        pool->stat.found++;
        fc_fact_release(fact);
        if (known->err != FC_OK)
            return known->err;
        if (!change_copy(change, &known->change)) {
            fc_buf_finish(&change->evidence);
            return FC_E_NOMEM;
        }
        next->refs++;
        hold(ledger, next);
        return FC_OK;
    }
    struct slot *slot = fc_slot_create(fact);
    if (!slot)
        return FC_E_NOMEM;
    pool->stat.worked++;
    err = work_out(ledger, slot, &made);
    if (err != FC_E_NOMEM)
        step_keep(pool, &made);
    *change = made.change;
    return err;
}

enum fc_err fc_ledger_pool_pin(struct fc_ledger *ledger, const struct fc_hash *charter)
{
    bool shared;
    if (!fc_ledger_held_charter(ledger->roll, charter))
        return FC_E_MISSING;
    struct roll *roll = detach(ledger, &shared);
    if (!roll)
        return FC_E_NOMEM;
    enum fc_err err = fc_roll_pin(roll, charter);
    if (err == FC_OK)
        attach(ledger, roll, shared);
    else if (shared)
        fc_roll_release(roll);
    return err;
}

/* -- opening ----------------------------------------------------------------------------------- */

struct fc_ledger_id fc_ledger_id(const struct fc_ledger *ledger)
{
    struct fc_ledger_id id;
    for (int i = 0; i < 4; i++)
        fc_put_be64(id.b + 8 * i, ledger->roll->set.words[i]);
    return id;
}

enum fc_err fc_ledger_pool_open(struct fc_ledger_pool *pool, const struct fc_hash *federation,
                                const struct fc_ledger_id *id, struct fc_ledger **out)
{
    struct set_sum set;
    for (int i = 0; i < 4; i++)
        set.words[i] = fc_get_be64(id->b + 8 * i);
    struct roll *roll = roll_find(pool, federation, &set);
    if (!roll)
        return FC_E_MISSING;
    struct fc_ledger *ledger = calloc(1, sizeof *ledger);
    if (!ledger)
        return FC_E_NOMEM;
    ledger->pool = pool;
    ledger->roll = roll;
    roll->refs++;
    *out = ledger;
    return FC_OK;
}

void fc_ledger_pool_join(struct fc_ledger_pool *pool, struct fc_ledger *ledger)
{
    assert(!ledger->pool && ledger->roll->refs == 1);
    ledger->pool = pool;
    ledger->roll->verifier = pool->verifier;
    attach(ledger, ledger->roll, false);
}
