#include "net/spread_groups.h"

#include <assert.h>
#include <stdlib.h>

enum { WAYS = 8, USED_SHIFT = 23, ROOM_FIRST = 16 }; /* a use is dated to some 8 s */
_Static_assert(sizeof(struct fc_group) == 56, "thousands of nodes with thousands of groups");

struct fc_group_place {
    uint32_t id; /* 0: free */
    uint32_t at; /* in the list */
};

void fc_groups_finish(struct fc_groups *groups)
{
    free(groups->list);
    free(groups->places);
    *groups = (struct fc_groups){0};
}

/* A group is found in one of the few places of its set. */
static struct fc_group_place *set_of(const struct fc_groups *groups, uint32_t id)
{
    uint32_t sets = groups->cap / WAYS;
    return groups->places + (size_t)((id * 2654435769u) >> 16 & (sets - 1)) * WAYS;
}

struct fc_group *fc_groups_find(struct fc_groups *groups, uint32_t id, uint64_t now_us)
{
    const struct fc_group_place *set = groups->cap ? set_of(groups, id) : NULL;
    assert(id != 0);
    for (int i = 0; set && i < WAYS; i++) {
        if (set[i].id != id)
            continue;
        struct fc_group *group = &groups->list[set[i].at];
        group->used = (uint16_t)(now_us >> USED_SHIFT);
        return group;
    }
    return NULL;
}

/* The least recently used place of the set; a free one comes first. */
static struct fc_group_place *oldest(const struct fc_groups *groups, struct fc_group_place *set,
                                     uint16_t now)
{
    struct fc_group_place *best = set;
    for (int i = 0; i < WAYS; i++) {
        if (set[i].id == 0)
            return &set[i];
        if ((uint16_t)(now - groups->list[set[i].at].used) >
            (uint16_t)(now - groups->list[best->at].used))
            best = &set[i];
    }
    return best;
}

/* Groups that find no place among more go. */
static void grow(struct fc_groups *groups, uint64_t now_us)
{
    uint32_t cap = groups->cap ? 2 * groups->cap : WAYS, kept = 0;
    struct fc_group_place *places = calloc(cap, sizeof *places);
    if (!places)
        return;
    free(groups->places);
    groups->places = places;
    groups->cap = cap;
    for (uint32_t i = 0; i < groups->count; i++) {
        struct fc_group_place *place =
            oldest(groups, set_of(groups, groups->list[i].id), (uint16_t)(now_us >> USED_SHIFT));
        uint32_t at = place->id == 0 ? kept++ : place->at;
        groups->list[at] = groups->list[i];
        *place = (struct fc_group_place){groups->list[at].id, at};
    }
    groups->count = kept;
}

static bool make_room(struct fc_groups *groups)
{
    if (groups->count < groups->room)
        return true;
    uint32_t room = groups->room ? 2 * groups->room : ROOM_FIRST;
    struct fc_group *list = realloc(groups->list, room * sizeof *list);
    if (!list)
        return false;
    groups->list = list;
    groups->room = room;
    return true;
}

struct fc_group *fc_groups_add(struct fc_groups *groups, uint32_t id, bool evict, uint64_t now_us)
{
    uint16_t now = (uint16_t)(now_us >> USED_SHIFT);
    if (groups->cap == 0)
        grow(groups, now_us);
    if (groups->cap == 0)
        return NULL;
    struct fc_group_place *place = oldest(groups, set_of(groups, id), now);
    for (int i = 0;
         i < 2 && place->id != 0 && groups->cap < FC_GROUPS_MAX && groups->count >= groups->cap / 4;
         i++) {
        grow(groups, now_us);
        place = oldest(groups, set_of(groups, id), now);
    }
    if ((place->id != 0 && !evict) || (place->id == 0 && !make_room(groups)))
        return NULL;
    *place = (struct fc_group_place){id, place->id == 0 ? groups->count++ : place->at};
    struct fc_group *group = &groups->list[place->at];
    *group = (struct fc_group){.id = id,
                               .used = now,
                               .parent = FC_GROUP_NONE,
                               .before = FC_GROUP_NONE,
                               .far = FC_GROUPS_FAR_UNKNOWN,
                               .low = FC_GROUPS_FAR_UNKNOWN};
    for (int i = 0; i < FC_GROUPS_FAR_MAX; i++)
        group->told[i] = FC_GROUPS_FAR_UNKNOWN;
    return group;
}

struct fc_group *fc_groups_next(struct fc_groups *groups, uint32_t *at)
{
    return *at < groups->count ? &groups->list[(*at)++] : NULL;
}
