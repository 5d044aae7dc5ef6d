#include "sim/network.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/network_priv.h"

enum { AHEAD = 18 };
#define ALONE 0x80000000u /* a group of one's own */

static void grow(struct fc_network *network, uint32_t count)
{
    if (count <= network->node_cap)
        return;
    uint32_t cap = network->node_cap ? 2 * network->node_cap : 16;
    network->node_cap = cap > count ? cap : count;
    network->nodes = realloc(network->nodes, network->node_cap * sizeof *network->nodes);
    assert(network->nodes);
}

enum fc_err fc_network_create(const struct fc_network_config *config, struct fc_network **out)
{
    uint8_t seed[32] = {'n', 'e', 't', 'w', 'o', 'r', 'k'};
    *out = NULL;
    if (config->node_count > FC_NETWORK_NODES_MAX)
        return FC_E_BOUND;
    struct fc_network *network = calloc(1, sizeof *network);
    if (!network)
        return FC_E_NOMEM;
    network->config = *config;
    if (network->config.latency_same_us == 0)
        network->config.latency_same_us = 10000;
    if (network->config.silence_us == 0)
        network->config.silence_us = FC_NETWORK_SILENCE_US;
    fc_put_be64(seed + 8, config->seed);
    fc_rng_init(&network->rng, seed);
    network->free_first = network->free_last = FC_NONE;
    for (int i = 0; i < FC_NETWORK_AHEAD; i++)
        network->ahead[i].node = FC_NONE;
    grow(network, config->node_count);
    for (uint32_t i = 0; i < config->node_count; i++)
        fc_network_add(network);
    *out = network;
    return FC_OK;
}

void fc_network_forget(struct fc_happening *happening)
{
    if (happening->kind == FC_HAPPENS_MESSAGE)
        free(happening->data);
}

void fc_network_destroy(struct fc_network *network)
{
    struct fc_happening at;
    if (!network)
        return;
    while (fc_queue_take(&network->queue, UINT64_MAX, &at))
        fc_network_forget(&at);
    fc_queue_finish(&network->queue);
    free(network->timers);
    free(network->links);
    free(network->free_ns);
    free(network->nodes);
    free(network);
}

/* -- nodes ------------------------------------------------------------------------------------ */

uint32_t fc_network_add(struct fc_network *network)
{
    assert(network->node_count < FC_NETWORK_NODES_MAX);
    grow(network, network->node_count + 1);
    network->nodes[network->node_count] =
        (struct fc_network_node){.first = FC_NONE, .factor_milli = 1000, .timer = FC_NONE};
    return network->node_count++;
}

uint32_t fc_network_count(const struct fc_network *network)
{
    return network->node_count;
}

void fc_network_up(struct fc_network *network, uint32_t node)
{
    network->nodes[node].up = true;
}

void fc_network_down(struct fc_network *network, uint32_t index)
{
    struct fc_network_node *node = &network->nodes[index];
    if (!node->up)
        return;
    node->up = false;
    node->life++;
    node->line_free_ns = 0;
    fc_network_timer(network, index, UINT64_MAX);
    while (node->first != FC_NONE) {
        uint32_t link = node->first / 2;
        int end = (int)(node->first % 2);
        fc_network_leave_link(network, link, end);
        fc_network_lose_link(network, link, network->links[link].end[1 - end].latency_us);
    }
}

bool fc_network_is_up(const struct fc_network *network, uint32_t node)
{
    return network->nodes[node].up;
}

bool fc_network_reaches(const struct fc_network *network, uint32_t a, uint32_t b)
{
    return network->nodes[a].up && network->nodes[b].up &&
           network->nodes[a].group == network->nodes[b].group;
}

static void put_into(struct fc_network *network, uint32_t node, uint32_t group)
{
    if (network->nodes[node].group == group)
        return;
    network->nodes[node].group = group;
    fc_network_lose_links(network, node, true);
}

void fc_network_group(struct fc_network *network, uint32_t node, uint32_t group)
{
    assert(group <= FC_NETWORK_GROUP_MAX);
    put_into(network, node, group);
}

void fc_network_isolate(struct fc_network *network, uint32_t node)
{
    put_into(network, node, ALONE | node);
}

/* No link leads across any more: they were lost with the parting. */
void fc_network_heal(struct fc_network *network)
{
    for (uint32_t i = 0; i < network->node_count; i++)
        network->nodes[i].group = 0;
}

void fc_network_slow(struct fc_network *network, uint32_t node, uint32_t factor_milli)
{
    network->nodes[node].factor_milli = factor_milli;
    network->uneven = true;
}

void fc_network_lose(struct fc_network *network, uint32_t node, uint32_t loss_ppm)
{
    network->nodes[node].loss_ppm = loss_ppm;
    network->uneven = true;
}

/* -- time ------------------------------------------------------------------------------------- */

uint64_t fc_network_now_us(const struct fc_network *network)
{
    return network->now_us;
}

void fc_network_put(struct fc_network *network, const struct fc_happening *happening)
{
    enum fc_err err = fc_queue_put(&network->queue, happening);
    assert(err == FC_OK);
}

void fc_network_alarm(struct fc_network *network, uint64_t at_us, uint32_t node, uint64_t tag)
{
    if (at_us < network->now_us)
        at_us = network->now_us;
    fc_network_put(network,
                   &(struct fc_happening){
                       .at_us = at_us, .kind = FC_HAPPENS_ALARM, .node = node, .number = tag});
}

void fc_network_tell(struct fc_network *network, const struct fc_news *news)
{
    network->config.happen(network->config.ctx, news);
}

static void happen(struct fc_network *network, const struct fc_happening *at)
{
    switch ((enum fc_network_kind)at->kind) {
    case FC_HAPPENS_MESSAGE:
    case FC_HAPPENS_POSTED:
    case FC_HAPPENS_DIALLED:
    case FC_HAPPENS_ANSWERED:
    case FC_HAPPENS_DOWN:
        fc_network_on_link(network, at);
        break;
    case FC_HAPPENS_UNREACHED:
        if (network->nodes[at->node].life == at->size && network->nodes[at->node].up)
            fc_network_tell(
                network,
                &(struct fc_news){.kind = FC_NEWS_DIAL_FAILED, .node = at->node, .peer = at->link});
        break;
    case FC_HAPPENS_ALARM:
        fc_network_tell(
            network, &(struct fc_news){.kind = FC_NEWS_ALARM, .node = at->node, .tag = at->number});
        break;
    }
}

/* Events come from all over memory: what they will touch is on its way when they are reached. What
 * is found ahead now is nearer some steps later. */
static void look_ahead(struct fc_network *network)
{
    static const uint32_t later[] = {0, 7, 13};
    struct fc_network_ahead *ring = network->ahead;
    uint32_t place = network->ahead_at++;
    const struct fc_happening *at = fc_queue_ahead(&network->queue, AHEAD);
    bool is_link = at && at->kind <= FC_HAPPENS_DOWN;
    ring[place % FC_NETWORK_AHEAD] = is_link ? (struct fc_network_ahead){at->number, at->node}
                                             : (struct fc_network_ahead){0, FC_NONE};
    if (is_link)
        fc_network_fetch(network, at->link + 1);
    for (int step = 0; step < 3 && network->config.soon; step++) {
        const struct fc_network_ahead *one = &ring[(place - later[step]) % FC_NETWORK_AHEAD];
        if (one->node != FC_NONE)
            network->config.soon(network->config.ctx, one->node, one->tag, step);
    }
}

bool fc_network_step(struct fc_network *network, uint64_t until_us)
{
    struct fc_happening at;
    uint64_t timer_us = fc_network_timer_next_us(network);
    uint64_t limit_us = timer_us < until_us ? timer_us : until_us;
    if (fc_queue_take(&network->queue, limit_us, &at)) {
        network->now_us = at.at_us;
        network->stats.events++;
        look_ahead(network);
        happen(network, &at);
        return true;
    }
    if (limit_us > network->now_us)
        network->now_us = limit_us;
    if (timer_us > until_us)
        return false;
    uint32_t node = fc_network_timer_take(network);
    network->stats.events++;
    fc_network_tell(network, &(struct fc_news){.kind = FC_NEWS_TIMER, .node = node});
    return true;
}

void fc_network_run(struct fc_network *network, uint64_t until_us)
{
    while (fc_network_step(network, until_us))
        ;
}

void fc_network_get_stats(const struct fc_network *network, struct fc_network_stats *out)
{
    *out = network->stats;
    out->under_way_max = network->queue.count_max;
    out->memory_bytes = sizeof *network + fc_queue_memory_bytes(&network->queue) +
                        network->node_cap * sizeof *network->nodes +
                        network->link_cap * sizeof *network->links +
                        (network->free_ns ? network->link_cap * sizeof *network->free_ns : 0) +
                        network->timer_cap * sizeof *network->timers;
}
