#include <stdlib.h>
#include <string.h>

#include "net/spread.h"

struct fc_spread {
    struct fc_spread_host host;
    struct fc_key *open;
    uint32_t count, cap;
};

static enum fc_err create(const struct fc_spread_host *host, struct fc_spread **out)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return FC_E_NOMEM;
    (*out)->host = *host;
    return FC_OK;
}

static void destroy(struct fc_spread *spread)
{
    free(spread->open);
    free(spread);
}

static uint32_t find(const struct fc_spread *spread, const struct fc_key *key)
{
    uint32_t at = 0;
    while (at < spread->count && !fc_key_eq(&spread->open[at], key))
        at++;
    return at;
}

/* Without memory for one more the peer hears of everything by cursor instead. */
static void on_open(struct fc_spread *spread, const struct fc_key *key, uint64_t now_us)
{
    (void)now_us;
    if (find(spread, key) < spread->count)
        return;
    if (spread->count == spread->cap) {
        uint32_t cap = spread->cap ? 2 * spread->cap : 8;
        struct fc_key *list = realloc(spread->open, cap * sizeof *list);
        if (!list)
            return;
        spread->open = list;
        spread->cap = cap;
    }
    spread->open[spread->count++] = *key;
}

static void on_closed(struct fc_spread *spread, const struct fc_key *key, uint64_t now_us)
{
    (void)now_us;
    uint32_t at = find(spread, key);
    if (at == spread->count)
        return;
    spread->count--;
    memmove(spread->open + at, spread->open + at + 1, (spread->count - at) * sizeof *spread->open);
}

static void on_accepted(struct fc_spread *spread, const struct fc_arrival *arrival,
                        enum fc_spread_way way, const struct fc_key *from, uint32_t tag,
                        uint64_t now_us)
{
    (void)way, (void)now_us;
    uint32_t hops = fc_spread_hops(tag);
    for (uint32_t i = 0; i < spread->count; i++)
        if (!from || !fc_key_eq(&spread->open[i], from))
            spread->host.push(spread->host.ctx, &spread->open[i], arrival,
                              hops < FC_SPREAD_HOPS ? hops + 1 : hops);
}

static void on_duplicate(struct fc_spread *spread, const struct fc_arrival *arrival,
                         const struct fc_key *from, uint32_t tag, uint64_t now_us)
{
    (void)spread, (void)arrival, (void)from, (void)tag, (void)now_us;
}

static void on_bytes(struct fc_spread *spread, const struct fc_key *key, struct fc_span bytes,
                     uint64_t now_us)
{
    (void)spread, (void)key, (void)bytes, (void)now_us; /* flooding has nothing to say */
}

static void on_tick(struct fc_spread *spread, uint64_t now_us)
{
    (void)spread, (void)now_us;
}

static uint64_t deadline_us(const struct fc_spread *spread)
{
    (void)spread;
    return UINT64_MAX;
}

const struct fc_spread_ops fc_spread_flood = {
    .name = "flood",
    .create = create,
    .destroy = destroy,
    .on_open = on_open,
    .on_closed = on_closed,
    .on_accepted = on_accepted,
    .on_duplicate = on_duplicate,
    .on_announce = on_bytes,
    .on_message = on_bytes,
    .on_tick = on_tick,
    .deadline_us = deadline_us,
};
