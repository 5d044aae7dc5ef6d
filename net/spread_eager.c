#include "net/spread_eager.h"

#include <stdlib.h>
#include <string.h>

#define NEVER UINT64_MAX
struct link {
    struct fc_key key;
    bool chosen;
    uint64_t settle_at_us; /* NEVER: it was pushed all there was */
};
struct fc_spread {
    struct fc_spread_host host;
    struct link *links;
    uint32_t count, cap;
};

static enum fc_err create(const struct fc_spread_host *host, struct fc_spread **out)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return FC_E_NOMEM;
    (*out)->host = *host;
    if ((*out)->host.fanout == 0)
        (*out)->host.fanout = FC_EAGER_FANOUT;
    return FC_OK;
}

static void destroy(struct fc_spread *spread)
{
    free(spread->links);
    free(spread);
}

static struct link *find(const struct fc_spread *spread, const struct fc_key *key)
{
    for (uint32_t i = 0; key && i < spread->count; i++)
        if (fc_key_eq(&spread->links[i].key, key))
            return &spread->links[i];
    return NULL;
}

/* Without memory for one more the peer hears of everything by cursor. */
static void on_open(struct fc_spread *spread, const struct fc_key *key, uint64_t now_us)
{
    (void)now_us;
    if (spread->count == spread->cap) {
        uint32_t cap = spread->cap ? 2 * spread->cap : 8;
        struct link *links = realloc(spread->links, cap * sizeof *links);
        if (!links)
            return;
        spread->links = links;
        spread->cap = cap;
    }
    spread->links[spread->count++] = (struct link){.key = *key, .settle_at_us = NEVER};
}

static void on_closed(struct fc_spread *spread, const struct fc_key *key, uint64_t now_us)
{
    (void)now_us;
    struct link *link = find(spread, key);
    if (link)
        *link = spread->links[--spread->count];
}

static void choose(struct fc_spread *spread, const struct link *from)
{
    uint32_t left = spread->count - (from != NULL), wanted = spread->host.fanout;
    for (uint32_t i = 0; i < spread->count; i++) {
        struct link *link = &spread->links[i];
        link->chosen = false;
        if (link == from)
            continue;
        link->chosen = spread->host.random(spread->host.ctx, left--) < wanted;
        wanted -= link->chosen;
    }
}

static void on_accepted(struct fc_spread *spread, const struct fc_arrival *arrival,
                        enum fc_spread_way way, const struct fc_key *from, uint32_t tag,
                        uint64_t now_us)
{
    (void)way;
    uint32_t hops = fc_spread_hops(tag);
    choose(spread, find(spread, from));
    for (uint32_t i = spread->count; i-- > 0;) { /* a push may close the link */
        if (i >= spread->count)
            continue;
        struct link *link = &spread->links[i];
        if (from && fc_key_eq(&link->key, from))
            continue;
        if (link->chosen) {
            spread->host.push(spread->host.ctx, &link->key, arrival,
                              hops < FC_SPREAD_HOPS ? hops + 1 : hops);
            continue;
        }
        spread->host.defer(spread->host.ctx, &link->key);
        if (link->settle_at_us == NEVER)
            link->settle_at_us = now_us + FC_EAGER_CURSOR_US / 4 * 3 +
                                 spread->host.random(spread->host.ctx, FC_EAGER_CURSOR_US / 2);
    }
}

static void on_duplicate(struct fc_spread *spread, const struct fc_arrival *arrival,
                         const struct fc_key *from, uint32_t tag, uint64_t now_us)
{
    (void)spread, (void)arrival, (void)from, (void)tag, (void)now_us;
}

static void on_bytes(struct fc_spread *spread, const struct fc_key *key, struct fc_span bytes,
                     uint64_t now_us)
{
    (void)spread, (void)key, (void)bytes, (void)now_us;
}

static void on_tick(struct fc_spread *spread, uint64_t now_us)
{
    for (uint32_t i = 0; i < spread->count; i++) {
        struct link *link = &spread->links[i];
        if (link->settle_at_us > now_us)
            continue;
        link->settle_at_us = NEVER;
        spread->host.settle(spread->host.ctx, &link->key, false);
    }
}

static uint64_t deadline_us(const struct fc_spread *spread)
{
    uint64_t at_us = NEVER;
    for (uint32_t i = 0; i < spread->count; i++)
        if (spread->links[i].settle_at_us < at_us)
            at_us = spread->links[i].settle_at_us;
    return at_us;
}

const struct fc_spread_ops fc_spread_eager = {
    .name = "eager",
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
