#include "net/spread_groups.h"

#include <assert.h>
#include <stdlib.h>

enum { WAYS = 8, USED_SHIFT = 23 }; /* a use is dated to some 8 s */
_Static_assert(sizeof(struct fc_group) == 36, "thousands of nodes with thousands of groups");

void fc_groups_finish(struct fc_groups *groups)
{
    free(groups->list);
    *groups = (struct fc_groups){0};
}

/* A group is in one of the few places of its set. */
static struct fc_group *set_of(const struct fc_groups *groups, uint32_t id)
{
    uint32_t sets = groups->cap / WAYS;
    return groups->list + (size_t)((id * 2654435769u) >> 16 & (sets - 1)) * WAYS;
}

struct fc_group *fc_groups_find(struct fc_groups *groups, uint32_t id, uint64_t now_us)
{
    struct fc_group *set = groups->cap ? set_of(groups, id) : NULL;
    assert(id != 0);
    for (int i = 0; set && i < WAYS; i++) {
        if (set[i].id != id)
            continue;
        set[i].used = (uint16_t)(now_us >> USED_SHIFT);
        return &set[i];
    }
    return NULL;
}

/* The least recently used place of the set; an empty one comes first. */
static struct fc_group *oldest(struct fc_group *set, uint16_t now)
{
    struct fc_group *best = set;
    for (int i = 0; i < WAYS; i++) {
        if (set[i].id == 0)
            return &set[i];
        if ((uint16_t)(now - set[i].used) > (uint16_t)(now - best->used))
            best = &set[i];
    }
    return best;
}

static void grow(struct fc_groups *groups, uint64_t now_us)
{
    struct fc_groups old = *groups;
    uint32_t cap = old.cap ? 2 * old.cap : WAYS;
    struct fc_group *list = calloc(cap, sizeof *list);
    if (!list)
        return;
    *groups = (struct fc_groups){.list = list, .cap = cap};
    for (uint32_t i = 0; i < old.cap; i++) {
        if (old.list[i].id == 0)
            continue;
        struct fc_group *place =
            oldest(set_of(groups, old.list[i].id), (uint16_t)(now_us >> USED_SHIFT));
        groups->count += place->id == 0;
        *place = old.list[i];
    }
    free(old.list);
}

struct fc_group *fc_groups_add(struct fc_groups *groups, uint32_t id, bool evict, uint64_t now_us)
{
    uint16_t now = (uint16_t)(now_us >> USED_SHIFT);
    if (groups->cap == 0)
        grow(groups, now_us);
    if (groups->cap == 0)
        return NULL;
    struct fc_group *place = oldest(set_of(groups, id), now);
    for (int i = 0;
         i < 2 && place->id != 0 && groups->cap < FC_GROUPS_MAX && groups->count >= groups->cap / 4;
         i++) {
        grow(groups, now_us);
        place = oldest(set_of(groups, id), now);
    }
    if (place->id != 0 && !evict)
        return NULL;
    groups->count += place->id == 0;
    *place = (struct fc_group){.id = id,
                               .used = now,
                               .parent = FC_GROUP_NONE,
                               .before = FC_GROUP_NONE,
                               .far = FC_GROUPS_FAR_UNKNOWN,
                               .low = FC_GROUPS_FAR_UNKNOWN};
    for (int i = 0; i < FC_GROUPS_FAR_MAX; i++)
        place->told[i] = FC_GROUPS_FAR_UNKNOWN;
    return place;
}

struct fc_group *fc_groups_next(struct fc_groups *groups, uint32_t *at)
{
    while (*at < groups->cap)
        if (groups->list[(*at)++].id != 0)
            return &groups->list[*at - 1];
    return NULL;
}
