#include "sim/queue.h"

#include <assert.h>
#include <stdlib.h>

enum { BLOCK = 15, SLAB = 256, AHEAD_SLOTS = 8 };

struct fc_queue_block {
    struct fc_queue_block *next;
    uint64_t spare[3]; /* so that nothing in the list crosses a cache line */
    struct fc_happening list[BLOCK];
};
struct fc_queue_slab {
    struct fc_queue_block blocks[SLAB];
    struct fc_queue_slab *next;
};

static struct fc_queue_block *new_block(struct fc_queue *queue)
{
    struct fc_queue_block *block = queue->free;
    if (!block) {
        size_t bytes = (sizeof(struct fc_queue_slab) + 63) / 64 * 64;
        struct fc_queue_slab *slab = aligned_alloc(64, bytes);
        if (!slab)
            return NULL;
        slab->next = queue->slabs;
        queue->slabs = slab;
        queue->slab_count++;
        for (int i = SLAB; i-- > 0;) {
            slab->blocks[i].next = queue->free;
            queue->free = &slab->blocks[i];
        }
        block = queue->free;
    }
    queue->free = block->next;
    block->next = NULL;
    return block;
}

static void free_block(struct fc_queue *queue, struct fc_queue_block *block)
{
    block->next = queue->free;
    queue->free = block;
}

static bool append(struct fc_queue *queue, const struct fc_happening *happening)
{
    uint64_t differs = happening->at_us ^ queue->now_us;
    int level = differs == 0 ? 0 : (63 - __builtin_clzll(differs)) / 8;
    uint32_t at = happening->at_us >> 8 * level & 255;
    struct fc_queue_slot *slot = &queue->slots[level][at];
    if (!slot->last || slot->filled == BLOCK) {
        struct fc_queue_block *block = new_block(queue);
        if (!block)
            return false;
        if (slot->last) {
            slot->last->next = block;
        } else {
            slot->first = block;
            slot->taken = 0;
            queue->used[level][at / 64] |= UINT64_C(1) << at % 64;
        }
        slot->last = block;
        slot->filled = 0;
    }
    slot->last->list[slot->filled++] = *happening;
    return true;
}

enum fc_err fc_queue_put(struct fc_queue *queue, const struct fc_happening *happening)
{
    assert(happening->at_us >= queue->now_us);
    if (!append(queue, happening))
        return FC_E_NOMEM;
    if (++queue->count > queue->count_max)
        queue->count_max = queue->count;
    return FC_OK;
}

static int first_used(const struct fc_queue *queue, int level)
{
    for (int i = 0; i < FC_QUEUE_SLOTS / 64; i++)
        if (queue->used[level][i])
            return 64 * i + __builtin_ctzll(queue->used[level][i]);
    return -1;
}

static void take_first(struct fc_queue *queue, int at, struct fc_happening *out)
{
    struct fc_queue_slot *slot = &queue->slots[0][at];
    struct fc_queue_block *block = slot->first;
    *out = block->list[slot->taken++];
    if (slot->taken != (block == slot->last ? slot->filled : BLOCK))
        return;
    slot->first = block->next;
    slot->taken = 0;
    if (!slot->first) {
        slot->last = NULL;
        queue->used[0][at / 64] &= ~(UINT64_C(1) << at % 64);
    }
    free_block(queue, block);
}

/* The present moves to the slot's beginning; what waits there goes to finer slots, in its order. */
static void spread_out(struct fc_queue *queue, int level, int at, uint64_t start_us)
{
    struct fc_queue_slot slot = queue->slots[level][at];
    queue->slots[level][at] = (struct fc_queue_slot){0};
    queue->used[level][at / 64] &= ~(UINT64_C(1) << at % 64);
    queue->now_us = start_us;
    while (slot.first) {
        struct fc_queue_block *block = slot.first;
        uint32_t count = block == slot.last ? slot.filled : BLOCK;
        for (uint32_t i = 0; i < count; i++) {
            bool fits = append(queue, &block->list[i]);
            assert(fits); /* memory for a few hundred blocks more */
        }
        slot.first = block->next;
        free_block(queue, block);
    }
}

bool fc_queue_take(struct fc_queue *queue, uint64_t until_us, struct fc_happening *out)
{
    int level = 0;
    if (queue->count == 0)
        return false;
    for (;;) {
        int at = first_used(queue, level);
        if (at < 0) {
            level++;
            continue;
        }
        uint64_t below = level == 7 ? UINT64_MAX : (UINT64_C(1) << 8 * (level + 1)) - 1;
        uint64_t start_us = (queue->now_us & ~below) | (uint64_t)at << 8 * level;
        if (start_us > until_us)
            return false;
        if (level == 0) {
            queue->now_us = start_us;
            queue->count--;
            take_first(queue, at, out);
            return true;
        }
        spread_out(queue, level, at, start_us);
        level = 0;
    }
}

const struct fc_happening *fc_queue_ahead(const struct fc_queue *queue, uint32_t steps)
{
    uint32_t at = queue->now_us & 255;
    for (int looked = 0; looked < AHEAD_SLOTS; looked++) {
        const struct fc_queue_slot *slot = &queue->slots[0][at];
        uint32_t begin = slot->taken;
        for (const struct fc_queue_block *block = slot->first; block; block = block->next) {
            uint32_t end = block == slot->last ? slot->filled : BLOCK;
            if (begin + steps < end)
                return &block->list[begin + steps];
            steps -= end - begin;
            begin = 0;
        }
        uint64_t left = at == 255 ? 0 : queue->used[0][(at + 1) / 64] >> (at + 1) % 64;
        if (left == 0)
            return NULL;
        at += 1 + (uint32_t)__builtin_ctzll(left);
    }
    return NULL;
}

size_t fc_queue_memory_bytes(const struct fc_queue *queue)
{
    return sizeof *queue + queue->slab_count * sizeof(struct fc_queue_slab);
}

void fc_queue_finish(struct fc_queue *queue)
{
    while (queue->slabs) {
        struct fc_queue_slab *next = queue->slabs->next;
        free(queue->slabs);
        queue->slabs = next;
    }
    *queue = (struct fc_queue){0};
}
