#include "sim/names.h"

#include <stdlib.h>
#include <string.h>

/* FNV-1a */
static uint32_t hash_of(const char *name)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *name; name++)
        hash = (hash ^ (uint8_t)*name) * 0x100000001b3u;
    return (uint32_t)(hash ^ hash >> 32);
}

/* The slot of the name, or the free one where it would go. */
static uint32_t *slot_of(const struct fc_names *names, const struct fc_site *sites,
                         const char *name)
{
    uint32_t at = hash_of(name) & (names->cap - 1);
    while (names->slots[at] && strcmp(sites[names->slots[at] - 1].name, name) != 0)
        at = (at + 1) & (names->cap - 1);
    return &names->slots[at];
}

static enum fc_err grow(struct fc_names *names, const struct fc_site *sites)
{
    struct fc_names larger = {.cap = names->cap ? 2 * names->cap : 64, .count = names->count};
    larger.slots = calloc(larger.cap, sizeof *larger.slots);
    if (!larger.slots)
        return FC_E_NOMEM;
    for (uint32_t i = 0; i < names->cap; i++)
        if (names->slots[i])
            *slot_of(&larger, sites, sites[names->slots[i] - 1].name) = names->slots[i];
    free(names->slots);
    *names = larger;
    return FC_OK;
}

enum fc_err fc_names_put(struct fc_names *names, const struct fc_site *sites, uint32_t index,
                         uint32_t *at)
{
    if (2 * names->count >= names->cap) {
        enum fc_err err = grow(names, sites);
        if (err != FC_OK)
            return err;
    }
    uint32_t *slot = slot_of(names, sites, sites[index].name);
    if (*slot == 0) {
        *slot = index + 1;
        names->count++;
    }
    *at = *slot - 1;
    return FC_OK;
}

uint32_t fc_names_find(const struct fc_names *names, const struct fc_site *sites, const char *name)
{
    if (names->cap == 0)
        return FC_TOPOLOGY_NONE;
    uint32_t found = *slot_of(names, sites, name);
    return found ? found - 1 : FC_TOPOLOGY_NONE;
}

void fc_names_finish(struct fc_names *names)
{
    free(names->slots);
    *names = (struct fc_names){0};
}
