#include <assert.h>
#include <stdlib.h>

#include "sim/network_priv.h"

enum { BELOW = 4 };

static bool before(const struct fc_network_timer *a, const struct fc_network_timer *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

static void place(struct fc_network *network, uint32_t at, const struct fc_network_timer *timer)
{
    network->timers[at] = *timer;
    network->nodes[timer->node].timer = at;
}

static void rise(struct fc_network *network, uint32_t at, struct fc_network_timer timer)
{
    while (at > 0 && before(&timer, &network->timers[(at - 1) / BELOW])) {
        place(network, at, &network->timers[(at - 1) / BELOW]);
        at = (at - 1) / BELOW;
    }
    place(network, at, &timer);
}

static void sink(struct fc_network *network, uint32_t at, struct fc_network_timer timer)
{
    for (;;) {
        uint32_t best = BELOW * at + 1;
        if (best >= network->timer_count)
            break;
        for (uint32_t i = best + 1; i < network->timer_count && i <= BELOW * at + BELOW; i++)
            if (before(&network->timers[i], &network->timers[best]))
                best = i;
        if (!before(&network->timers[best], &timer))
            break;
        place(network, at, &network->timers[best]);
        at = best;
    }
    place(network, at, &timer);
}

static void move(struct fc_network *network, uint32_t at, struct fc_network_timer timer)
{
    if (at > 0 && before(&timer, &network->timers[(at - 1) / BELOW]))
        rise(network, at, timer);
    else
        sink(network, at, timer);
}

static void take_out(struct fc_network *network, uint32_t at)
{
    network->nodes[network->timers[at].node].timer = FC_NONE;
    struct fc_network_timer last = network->timers[--network->timer_count];
    if (at < network->timer_count)
        move(network, at, last);
}

void fc_network_timer(struct fc_network *network, uint32_t node, uint64_t at_us)
{
    uint32_t at = network->nodes[node].timer;
    if (at_us == UINT64_MAX) {
        if (at != FC_NONE)
            take_out(network, at);
        return;
    }
    if (at_us < network->now_us)
        at_us = network->now_us;
    if (at != FC_NONE && network->timers[at].at_us == at_us)
        return;
    struct fc_network_timer timer = {at_us, network->timer_order++, node};
    if (at != FC_NONE) {
        move(network, at, timer);
        return;
    }
    if (network->timer_count == network->timer_cap) {
        network->timer_cap = network->timer_cap ? 2 * network->timer_cap : 64;
        network->timers = realloc(network->timers, network->timer_cap * sizeof *network->timers);
        assert(network->timers);
    }
    rise(network, network->timer_count++, timer);
}

uint64_t fc_network_timer_next_us(const struct fc_network *network)
{
    return network->timer_count ? network->timers[0].at_us : UINT64_MAX;
}

uint32_t fc_network_timer_take(struct fc_network *network)
{
    uint32_t node = network->timers[0].node;
    take_out(network, 0);
    return node;
}
