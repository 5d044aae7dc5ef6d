#include "net/spread_recent.h"

#include <assert.h>
#include <stdlib.h>

enum { FIRST = 16 };
_Static_assert(FC_RECENTS_MAX < UINT16_MAX, "a place fits 16 bits");

void fc_recents_finish(struct fc_recents *recents)
{
    free(recents->list);
    free(recents->chains);
    *recents = (struct fc_recents){0};
}

static uint16_t *chain_of(const struct fc_recents *recents, uint64_t id)
{
    return &recents->chains[(id * 0x9e3779b97f4a7c15u) >> 32 & (recents->cap - 1)];
}

static struct fc_recent *at(const struct fc_recents *recents, uint16_t place)
{
    return place ? &recents->list[place - 1] : NULL;
}

static uint16_t place_of(const struct fc_recents *recents, const struct fc_recent *recent)
{
    return (uint16_t)(recent - recents->list + 1);
}

struct fc_recent *fc_recents_find(const struct fc_recents *recents, uint64_t id)
{
    struct fc_recent *recent = recents->cap ? at(recents, *chain_of(recents, id)) : NULL;
    while (recent && recent->id != id)
        recent = at(recents, recent->next);
    return recent;
}

/* -- in order of time ------------------------------------------------------------------------- */

static void unlink_from_order(struct fc_recents *recents, struct fc_recent *recent)
{
    struct fc_recent *newer = at(recents, recent->newer), *older = at(recents, recent->older);
    if (newer)
        newer->older = recent->older;
    else
        recents->newest = recent->older;
    if (older)
        older->newer = recent->newer;
    else
        recents->oldest = recent->newer;
}

static void put_first(struct fc_recents *recents, struct fc_recent *recent)
{
    uint16_t place = place_of(recents, recent);
    recent->newer = 0;
    recent->older = recents->newest;
    if (recents->newest)
        at(recents, recents->newest)->newer = place;
    else
        recents->oldest = place;
    recents->newest = place;
}

void fc_recents_touch(struct fc_recents *recents, struct fc_recent *recent)
{
    unlink_from_order(recents, recent);
    put_first(recents, recent);
}

struct fc_recent *fc_recents_before(const struct fc_recents *recents,
                                    const struct fc_recent *recent)
{
    return at(recents, recent ? recent->older : recents->newest);
}

/* -- places ----------------------------------------------------------------------------------- */

static bool grow(struct fc_recents *recents)
{
    uint32_t cap = recents->cap ? 2 * recents->cap : FIRST;
    uint16_t *chains = calloc(cap, sizeof *chains);
    struct fc_recent *list = chains ? realloc(recents->list, cap * sizeof *list) : NULL;
    if (!list) {
        free(chains);
        return false;
    }
    free(recents->chains);
    recents->list = list;
    recents->chains = chains;
    recents->cap = cap;
    for (uint32_t i = 0; i < recents->count; i++) {
        uint16_t *chain = chain_of(recents, list[i].id);
        list[i].next = *chain;
        *chain = (uint16_t)(i + 1);
    }
    return true;
}

static bool is_done_with(const struct fc_recent *recent, uint64_t now_us)
{
    return recent->announce == 0 && !recent->is_wanted && recent->at_us + FC_RECENT_US < now_us;
}

struct fc_recent *fc_recents_victim(struct fc_recents *recents, uint64_t now_us)
{
    struct fc_recent *oldest = at(recents, recents->oldest);
    bool room = recents->count < recents->cap || recents->cap < FC_RECENTS_MAX;
    if (room && !(oldest && recents->count == recents->cap && is_done_with(oldest, now_us)))
        return NULL;
    return oldest;
}

static void take_out(struct fc_recents *recents, struct fc_recent *recent)
{
    uint16_t *link = chain_of(recents, recent->id), place = place_of(recents, recent);
    while (*link != place)
        link = &at(recents, *link)->next;
    *link = recent->next;
    unlink_from_order(recents, recent);
}

struct fc_recent *fc_recents_add(struct fc_recents *recents, uint64_t id, uint64_t now_us)
{
    struct fc_recent *recent = fc_recents_victim(recents, now_us);
    assert(!fc_recents_find(recents, id));
    if (recent)
        take_out(recents, recent);
    else if (recents->count < recents->cap || grow(recents))
        recent = &recents->list[recents->count++];
    else
        return NULL;
    uint16_t *chain = chain_of(recents, id);
    *recent = (struct fc_recent){.id = id, .next = *chain};
    *chain = place_of(recents, recent);
    put_first(recents, recent);
    return recent;
}
