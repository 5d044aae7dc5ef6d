#include "sim/numbers.h"

#include <assert.h>
#include <stdlib.h>

static struct fc_numbers_slot *place_of(const struct fc_numbers *index, uint64_t prefix)
{
    uint64_t at = prefix & (index->cap - 1);
    while (index->slots[at].used && index->slots[at].prefix != prefix)
        at = (at + 1) & (index->cap - 1);
    return &index->slots[at];
}

static void grow(struct fc_numbers *index)
{
    struct fc_numbers larger = {.count = index->count, .cap = index->cap ? 2 * index->cap : 64};
    larger.slots = calloc(larger.cap, sizeof *larger.slots);
    assert(larger.slots);
    for (uint64_t i = 0; i < index->cap; i++)
        if (index->slots[i].used)
            *place_of(&larger, index->slots[i].prefix) = index->slots[i];
    free(index->slots);
    *index = larger;
}

void fc_numbers_put(struct fc_numbers *index, const uint8_t key[32], uint32_t value)
{
    if (2 * (index->count + 1) > index->cap)
        grow(index);
    uint64_t prefix = fc_get_be64(key);
    struct fc_numbers_slot *slot = place_of(index, prefix);
    assert(!slot->used);
    *slot = (struct fc_numbers_slot){prefix, value, true};
    index->count++;
}

uint32_t fc_numbers_get(const struct fc_numbers *index, const uint8_t key[32])
{
    if (index->cap == 0)
        return FC_NUMBERS_NONE;
    const struct fc_numbers_slot *slot = place_of(index, fc_get_be64(key));
    return slot->used ? slot->value : FC_NUMBERS_NONE;
}

void fc_numbers_finish(struct fc_numbers *index)
{
    free(index->slots);
    *index = (struct fc_numbers){0};
}
