#include "net/history.h"

#include <stdlib.h>
#include <string.h>

void fc_history_finish(struct fc_history *history)
{
    free(history->ring);
    *history = (struct fc_history){0};
}

static struct fc_moment *latest(const struct fc_history *history)
{
    if (history->count == 0)
        return NULL;
    return &history->ring[(history->next + history->cap - 1) % history->cap];
}

/* The oldest of a full ring gives way; one that is not as long as it may be grows first. */
static enum fc_err grow(struct fc_history *history)
{
    if (history->count < history->cap || history->cap == FC_HISTORY_MAX)
        return FC_OK;
    uint32_t cap = history->cap ? 2 * history->cap : 8;
    struct fc_moment *ring = realloc(history->ring, cap * sizeof *ring);
    if (!ring)
        return FC_E_NOMEM;
    history->ring = ring; /* full and never wrapped: it is in order from 0 on */
    history->cap = cap;
    history->next = history->count;
    return FC_OK;
}

enum fc_err fc_history_add(struct fc_history *history, const struct fc_moment *moment,
                           const struct fc_hash *heads, const struct fc_hash *records)
{
    struct fc_moment *last = latest(history);
    if (last && memcmp(last->heads, heads->b, sizeof last->heads) == 0 &&
        memcmp(last->records, records->b, sizeof last->records) == 0) {
        last->index = moment->index;
        last->until_ms = 0;
        return FC_OK;
    }
    fc_history_end(history, moment->from_ms);
    if (grow(history) != FC_OK)
        return FC_E_NOMEM;
    struct fc_moment *place = &history->ring[history->next];
    *place = *moment;
    memcpy(place->heads, heads->b, sizeof place->heads);
    memcpy(place->records, records->b, sizeof place->records);
    history->next = (history->next + 1) % history->cap;
    if (history->count < history->cap)
        history->count++;
    return FC_OK;
}

void fc_history_end(struct fc_history *history, uint64_t now_ms)
{
    struct fc_moment *last = latest(history);
    if (last && last->until_ms == 0)
        last->until_ms = now_ms;
}

static const struct fc_moment *back(const struct fc_history *history, uint32_t steps)
{
    return &history->ring[(history->next + history->cap - steps) % history->cap];
}

const struct fc_moment *fc_history_find(const struct fc_history *history,
                                        const struct fc_hash *heads, const struct fc_hash *records)
{
    for (uint32_t i = 1; i <= history->count; i++) {
        const struct fc_moment *moment = back(history, i);
        if (memcmp(moment->heads, heads->b, sizeof moment->heads) == 0 &&
            (!records || memcmp(moment->records, records->b, sizeof moment->records) == 0))
            return moment;
    }
    return NULL;
}

const struct fc_moment *fc_history_first(const struct fc_history *history)
{
    return history->count ? back(history, history->count) : NULL;
}

const struct fc_moment *fc_history_at(const struct fc_history *history, uint64_t time_ms)
{
    for (uint32_t i = 1; i <= history->count; i++)
        if (back(history, i)->from_ms <= time_ms)
            return back(history, i);
    return NULL;
}
