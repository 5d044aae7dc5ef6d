#include "sim/example_spread.h"

#include <stdlib.h>

enum { LINKS_MAX = 256 }; /* more are left out */

struct fc_spread {
    struct fc_spread_host host;
    struct fc_key links[LINKS_MAX];
    uint32_t count;
};

static enum fc_err create(const struct fc_spread_host *host, struct fc_spread **out)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return FC_E_NOMEM;
    (*out)->host = *host;
    if (host->fanout == 0)
        (*out)->host.fanout = FC_EXAMPLE_FANOUT;
    return FC_OK;
}

static void destroy(struct fc_spread *spread)
{
    free(spread);
}

static void on_open(struct fc_spread *spread, const struct fc_key *key, uint64_t now_us)
{
    (void)now_us;
    if (spread->count < LINKS_MAX)
        spread->links[spread->count++] = *key;
}

static void on_closed(struct fc_spread *spread, const struct fc_key *key, uint64_t now_us)
{
    (void)now_us;
    for (uint32_t i = 0; i < spread->count; i++)
        if (fc_key_eq(&spread->links[i], key))
            spread->links[i] = spread->links[--spread->count];
}

/* Draws without putting back: the first `pushed` of the list have had theirs. */
static void on_accepted(struct fc_spread *spread, const struct fc_arrival *arrival,
                        enum fc_spread_way way, const struct fc_key *from, uint32_t tag,
                        uint64_t now_us)
{
    (void)way, (void)now_us;
    uint32_t hops = fc_spread_hops(tag) < FC_SPREAD_HOPS ? fc_spread_hops(tag) + 1 : tag;
    for (uint32_t drawn = 0, pushed = 0; drawn < spread->count && pushed < spread->host.fanout;) {
        uint64_t at = drawn + spread->host.random(spread->host.ctx, spread->count - drawn);
        struct fc_key key = spread->links[at];
        spread->links[at] = spread->links[drawn];
        spread->links[drawn++] = key;
        if (!from || !fc_key_eq(&key, from))
            pushed += spread->host.push(spread->host.ctx, &key, arrival, hops);
    }
}

static void on_duplicate(struct fc_spread *spread, const struct fc_arrival *arrival,
                         const struct fc_key *from, uint32_t tag, uint64_t now_us)
{
    (void)spread, (void)arrival, (void)from, (void)tag, (void)now_us; /* it has died already */
}

static void on_bytes(struct fc_spread *spread, const struct fc_key *key, struct fc_span bytes,
                     uint64_t now_us)
{
    (void)bytes, (void)now_us; /* this protocol sends nothing but pushes */
    spread->host.punish(spread->host.ctx, key, "not of this protocol");
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

const struct fc_spread_ops fc_spread_example = {
    .name = "example",
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
