#include "sim/light.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/light_priv.h"

enum { IDLE_TICKS_MAX = 10000 }; /* at one moment: then a module spins */

/* -- names ------------------------------------------------------------------------------------ */

#define SCATTER 0x9e3779b1u /* odd: one to one; keys in no order of the nodes */
#define GATHER  0x0e8b2f51u
#define MIX     0x9e3779b97f4a7c15u
#define UNMIX   0xf1de83e19937733du
_Static_assert((uint32_t)(SCATTER *GATHER) == 1, "one undoes the other");
_Static_assert((uint64_t)(MIX *UNMIX) == 1, "one undoes the other");

struct fc_key fc_light_key(uint32_t node)
{
    struct fc_key key = {{0}};
    fc_put_be32(key.b, (node + 1) * SCATTER);
    return key;
}

uint32_t fc_light_node_of(const struct fc_light *light, const struct fc_key *key)
{
    uint32_t node = fc_get_be32(key->b) * GATHER - 1;
    return node < light->config.nodes ? node : FC_LIGHT_NONE;
}

static uint64_t feed_id(uint32_t feed)
{
    return (feed + UINT64_C(1)) * MIX;
}

uint32_t fc_light_delta_of(const struct fc_light *light, const struct fc_spread_item *item)
{
    uint64_t feed = item->id * UNMIX - 1;
    if (feed >= light->config.feeds || item->version == 0 ||
        item->version > light->feeds[feed].count)
        return FC_LIGHT_NONE;
    return light->feeds[feed].deltas[item->version - 1];
}

uint32_t fc_light_index(const struct fc_light_node *node)
{
    return (uint32_t)(node - node->light->nodes);
}

uint64_t fc_light_now_us(const struct fc_light_node *node)
{
    return fc_network_now_us(node->light->network);
}

/* -- deltas ----------------------------------------------------------------------------------- */

bool fc_light_holds(const struct fc_light_node *node, uint32_t delta)
{
    return delta / 64 < node->had_words && (node->had[delta / 64] >> delta % 64 & 1);
}

static void hold(struct fc_light_node *node, uint32_t delta)
{
    if (delta / 64 >= node->had_words) {
        uint32_t words = node->had_words + node->had_words / 2 + 1;
        words = words > delta / 64 + 1 ? words : delta / 64 + 1;
        node->had = realloc(node->had, words * sizeof *node->had);
        assert(node->had);
        memset(node->had + node->had_words, 0, (words - node->had_words) * sizeof *node->had);
        node->had_words = words;
    }
    node->had[delta / 64] |= UINT64_C(1) << delta % 64;
}

static void tell(struct fc_light_node *node, uint32_t delta, uint32_t from, uint32_t hops,
                 bool duplicate)
{
    struct fc_light *light = node->light;
    if (light->config.arrived)
        light->config.arrived(light->config.ctx,
                              &(struct fc_light_arrival){.node = fc_light_index(node),
                                                         .from = from,
                                                         .delta = delta,
                                                         .hops = hops,
                                                         .duplicate = duplicate,
                                                         .now_us = fc_light_now_us(node)});
}

static void accept(struct fc_light_node *node, uint32_t index, uint32_t from, uint32_t tag)
{
    struct fc_light *light = node->light;
    struct fc_light_delta *delta = &light->deltas[index];
    const struct fc_light_config *config = &light->config;
    const struct fc_key key = fc_light_key(from);
    uint64_t now_us = fc_light_now_us(node);
    uint32_t hops = fc_spread_hops(tag);
    bool own = from == FC_LIGHT_NONE;
    hold(node, index);
    node->deltas++;
    delta->delivered++;
    delta->last_us = now_us;
    if (hops > delta->hops_max)
        delta->hops_max = hops;
    tell(node, index, from, hops, false);
    if (config->view->on_news)
        config->view->on_news(fc_light_view(node), now_us);
    config->spread->on_accepted(fc_light_spread(node), &light->arrivals[index],
                                own ? FC_SPREAD_OWN : FC_SPREAD_PUSHED, own ? NULL : &key, tag,
                                now_us);
}

static void on_delta(struct fc_light_node *node, const struct fc_news *news)
{
    struct fc_light *light = node->light;
    uint32_t delta = (uint32_t)news->tag, tag = (uint32_t)(news->tag >> 32);
    node->received++;
    node->received_bytes += light->deltas[delta].size;
    if (!fc_light_holds(node, delta)) {
        accept(node, delta, news->peer, tag);
        return;
    }
    node->duplicates++;
    tell(node, delta, news->peer, fc_spread_hops(tag), true);
    if (!news->mark) /* not active */
        return;
    const struct fc_key key = fc_light_key(news->peer);
    light->config.spread->on_duplicate(fc_light_spread(node), &light->arrivals[delta], &key, tag,
                                       fc_light_now_us(node));
}

static void grow_deltas(struct fc_light *light)
{
    if (light->delta_count < light->delta_cap)
        return;
    light->delta_cap = light->delta_cap ? 2 * light->delta_cap : 64;
    light->deltas = realloc(light->deltas, light->delta_cap * sizeof *light->deltas);
    light->arrivals = realloc(light->arrivals, light->delta_cap * sizeof *light->arrivals);
    assert(light->deltas && light->arrivals);
}

static void settle(struct fc_light_node *node);

uint32_t fc_light_publish(struct fc_light *light, uint32_t node, uint32_t feed, uint32_t size)
{
    assert(node < light->config.nodes && feed < light->config.feeds && light->nodes[node].view);
    grow_deltas(light);
    uint32_t delta = light->delta_count++;
    struct fc_light_feed *versions = &light->feeds[feed];
    if (versions->count == versions->cap) {
        versions->cap = versions->cap ? 2 * versions->cap : 4;
        versions->deltas = realloc(versions->deltas, versions->cap * sizeof *versions->deltas);
        assert(versions->deltas);
    }
    versions->deltas[versions->count++] = delta;
    light->deltas[delta] =
        (struct fc_light_delta){.feed = feed,
                                .version = versions->count,
                                .size = size,
                                .node = node,
                                .published_us = fc_network_now_us(light->network)};
    struct fc_arrival *arrival = &light->arrivals[delta];
    *arrival = (struct fc_arrival){
        .index = delta + UINT64_C(1), .type = FC_RECORD_HEAD, .version = versions->count};
    fc_put_be64(arrival->subject.b, feed_id(feed));
    fc_put_be64(arrival->hash.b, (delta + UINT64_C(1)) * MIX);
    accept(&light->nodes[node], delta, FC_LIGHT_NONE, 0);
    settle(&light->nodes[node]);
    return delta;
}

const struct fc_light_delta *fc_light_delta(const struct fc_light *light, uint32_t delta)
{
    assert(delta < light->delta_count);
    return &light->deltas[delta];
}

uint32_t fc_light_delta_count(const struct fc_light *light)
{
    return light->delta_count;
}

bool fc_light_has(const struct fc_light *light, uint32_t node, uint32_t delta)
{
    return fc_light_holds(&light->nodes[node], delta);
}

/* -- what happens to a node ------------------------------------------------------------------- */

static void on_words(struct fc_light_node *node, const struct fc_news *news)
{
    const struct fc_light_config *config = &node->light->config;
    const struct fc_key key = fc_light_key(news->peer);
    struct fc_span bytes = fc_span(news->bytes->data + 1, news->bytes->len - 1);
    uint64_t now_us = fc_light_now_us(node);
    enum fc_light_kind kind = (enum fc_light_kind)news->bytes->data[0];
    enum fc_light_class class = kind == FC_LIGHT_SAYS_VIEW ? FC_LIGHT_VIEW : FC_LIGHT_SPREAD;
    node->counts.received[class]++;
    node->counts.received_bytes[class] += news->bytes->len;
    if (kind == FC_LIGHT_SAYS_VIEW)
        config->view->on_message(fc_light_view(node), &key, bytes, now_us);
    else if (news->mark && kind == FC_LIGHT_SAYS_SPREAD)
        config->spread->on_message(fc_light_spread(node), &key, bytes, now_us);
    else if (news->mark)
        config->spread->on_announce(fc_light_spread(node), &key, bytes, now_us);
}

static void tell_heard(const struct fc_light_node *node, const struct fc_news *news)
{
    const struct fc_light *light = node->light;
    struct fc_light_message message = {.from = news->peer, .to = fc_light_index(node)};
    if (news->bytes) {
        message.class =
            news->bytes->data[0] == FC_LIGHT_SAYS_VIEW ? FC_LIGHT_VIEW : FC_LIGHT_SPREAD;
        message.announces = news->bytes->data[0] == FC_LIGHT_SAYS_ANNOUNCE;
        message.size = (uint32_t)news->bytes->len;
        message.bytes = fc_span(news->bytes->data + 1, news->bytes->len - 1);
        message.delta = FC_LIGHT_NONE;
    } else {
        message.class = FC_LIGHT_PAYLOAD;
        message.delta = (uint32_t)news->tag;
        message.size = light->deltas[message.delta].size;
        message.hops = fc_spread_hops((uint32_t)(news->tag >> 32));
    }
    light->config.heard(light->config.ctx, &message);
}

static void on_timer(struct fc_light_node *node)
{
    const struct fc_light_config *config = &node->light->config;
    uint64_t now_us = fc_light_now_us(node);
    node->timer_us = UINT64_MAX;
    node->ticks = node->ticked_us == now_us ? node->ticks + 1 : 0;
    node->ticked_us = now_us;
    assert(node->ticks < IDLE_TICKS_MAX);
    fc_light_peer_tick(node);
    if (node->view_us <= now_us)
        config->view->on_tick(fc_light_view(node), now_us);
    if (node->spread_us <= now_us)
        config->spread->on_tick(fc_light_spread(node), now_us);
}

/* After anything that happened: when to look again. */
static void settle(struct fc_light_node *node)
{
    const struct fc_light_config *config = &node->light->config;
    if (node->view_called)
        node->view_us = config->view->deadline_us(node->view);
    if (node->spread_called)
        node->spread_us = config->spread->deadline_us(node->spread);
    node->view_called = node->spread_called = false;
    uint64_t at_us = node->view_us < node->spread_us ? node->view_us : node->spread_us;
    uint64_t peers_us = fc_light_peer_deadline_us(node);
    at_us = peers_us < at_us ? peers_us : at_us;
    if (at_us == node->timer_us)
        return;
    node->timer_us = at_us;
    fc_network_timer(node->light->network, fc_light_index(node), at_us);
}

static void happen(void *ctx, const struct fc_news *news)
{
    struct fc_light *light = ctx;
    struct fc_light_node *node = &light->nodes[news->node];
    switch (news->kind) {
    case FC_NEWS_MESSAGE:
        if (light->config.heard)
            tell_heard(node, news);
        if (news->bytes)
            on_words(node, news);
        else
            on_delta(node, news);
        break;
    case FC_NEWS_UP:
        fc_light_peer_up(node, news);
        break;
    case FC_NEWS_DOWN:
        fc_light_peer_down(node, news);
        break;
    case FC_NEWS_DIAL_FAILED:
        fc_light_peer_failed(node, news);
        break;
    case FC_NEWS_WRITABLE:
        break;
    case FC_NEWS_TIMER:
        on_timer(node);
        break;
    case FC_NEWS_ALARM:
        if (light->config.alarm)
            light->config.alarm(light->config.ctx, news->node, news->tag);
        return;
    }
    settle(node);
}

static void soon(void *ctx, uint32_t index, uint64_t tag, int step)
{
    const struct fc_light *light = ctx;
    const struct fc_light_node *node = &light->nodes[index];
    uint32_t delta = (uint32_t)tag;
    if (step == 0) {
        __builtin_prefetch(node, 1);
        __builtin_prefetch(&node->view_us, 1);
    } else if (step == 1) {
        if (delta / 64 < node->had_words)
            __builtin_prefetch(&node->had[delta / 64], 1);
        __builtin_prefetch(node->peers);
        if (node->peer_count > 2)
            __builtin_prefetch(node->peers + 2);
        __builtin_prefetch(node->spread);
    } else if (!fc_light_holds(node, delta)) {
        for (uint32_t i = 0; i < node->peer_count && i < 16; i++)
            fc_network_fetch(light->network, node->peers[i].link[node->peers[i].current]);
    }
}

/* -- life ------------------------------------------------------------------------------------- */

static uint64_t latency_us(void *ctx, uint32_t from, uint32_t to)
{
    struct fc_light *light = ctx;
    return light->config.links.latency_us(light->config.ctx, from, to);
}

static enum fc_err create_network(struct fc_light *light)
{
    struct fc_network_config config = light->config.links;
    config.seed = light->config.seed;
    config.node_count = light->config.nodes;
    config.ctx = light;
    if (config.latency_us)
        config.latency_us = latency_us;
    config.happen = happen;
    config.soon = soon;
    config.accepts = NULL;
    config.delivered = NULL;
    return fc_network_create(&config, &light->network);
}

static enum fc_err take_edges(struct fc_light *light)
{
    const struct fc_light_config *config = &light->config;
    uint32_t *first = calloc((size_t)config->nodes + 2, sizeof *first);
    light->first_edge = first;
    if (!first || config->edge_count >= UINT32_MAX / 2)
        return first ? FC_E_BOUND : FC_E_NOMEM;
    light->neighbours = malloc((2 * config->edge_count + 1) * sizeof *light->neighbours);
    if (!light->neighbours)
        return FC_E_NOMEM;
    for (size_t i = 0; i < config->edge_count; i++)
        for (int end = 0; end < 2; end++) {
            if (config->edges[i][end] >= config->nodes)
                return FC_E_ARG;
            first[config->edges[i][end] + 2]++;
        }
    for (uint32_t i = 2; i < config->nodes + 2; i++)
        first[i] += first[i - 1];
    for (size_t i = 0; i < config->edge_count; i++)
        for (int end = 0; end < 2; end++)
            light->neighbours[first[config->edges[i][end] + 1]++] = config->edges[i][1 - end];
    return FC_OK;
}

enum fc_err fc_light_create(const struct fc_light_config *config, struct fc_light **out)
{
    uint8_t seed[32] = {'l', 'i', 'g', 'h', 't'};
    *out = NULL;
    if (config->nodes >= FC_NETWORK_NODES_MAX || config->feeds == FC_LIGHT_NONE)
        return FC_E_BOUND;
    struct fc_light *light = calloc(1, sizeof *light);
    if (!light)
        return FC_E_NOMEM;
    light->config = *config;
    fc_put_be64(seed + 8, config->seed);
    fc_rng_init(&light->rng, seed);
    size_t bytes = ((size_t)config->nodes + 1) * sizeof *light->nodes;
    light->nodes = aligned_alloc(64, (bytes + 63) / 64 * 64);
    if (light->nodes)
        memset(light->nodes, 0, bytes);
    light->feeds = calloc((size_t)config->feeds + 1, sizeof *light->feeds);
    enum fc_err err = light->nodes && light->feeds ? create_network(light) : FC_E_NOMEM;
    if (err == FC_OK)
        err = take_edges(light);
    for (uint32_t i = 0; err == FC_OK && i < config->nodes; i++)
        light->nodes[i].light = light;
    light->config.edges = NULL;
    if (err == FC_OK)
        *out = light;
    else
        fc_light_destroy(light);
    return err;
}

static void stop(struct fc_light_node *node)
{
    const struct fc_light_config *config = &node->light->config;
    if (node->view)
        config->view->destroy(node->view);
    if (node->spread)
        config->spread->destroy(node->spread);
    free(node->peers);
    free(node->bootstrap);
    node->view = NULL;
    node->spread = NULL;
    node->peers = NULL;
    node->bootstrap = NULL;
    node->peer_count = node->peer_cap = node->waiting = 0;
}

void fc_light_destroy(struct fc_light *light)
{
    if (!light)
        return;
    for (uint32_t i = 0; light->nodes && i < light->config.nodes; i++) {
        if (light->nodes[i].light)
            stop(&light->nodes[i]);
        free(light->nodes[i].had);
    }
    for (uint32_t i = 0; light->feeds && i < light->config.feeds; i++)
        free(light->feeds[i].deltas);
    fc_network_destroy(light->network);
    fc_buf_finish(&light->message);
    free(light->first_edge);
    free(light->neighbours);
    free(light->deltas);
    free(light->arrivals);
    free(light->feeds);
    free(light->nodes);
    free(light);
}

struct fc_network *fc_light_network(struct fc_light *light)
{
    return light->network;
}

uint32_t fc_light_count(const struct fc_light *light)
{
    return light->config.nodes;
}

void fc_light_start(struct fc_light *light, uint32_t index, uint32_t contact)
{
    struct fc_light_node *node = &light->nodes[index];
    struct fc_view_host view = fc_light_view_host(node);
    struct fc_spread_host spread = fc_light_spread_host(node);
    uint32_t first = light->first_edge[index], last = light->first_edge[index + 1];
    if (node->view)
        return;
    node->bootstrap = calloc((size_t)last - first + 1, sizeof *node->bootstrap);
    assert(node->bootstrap);
    for (uint32_t i = first; i < last; i++)
        node->bootstrap[view.bootstrap_count++].key = fc_light_key(light->neighbours[i]);
    if (contact != FC_LIGHT_NONE)
        node->bootstrap[view.bootstrap_count++].key = fc_light_key(contact);
    view.bootstrap = node->bootstrap;
    fc_network_up(light->network, index);
    enum fc_err err = light->config.view->create(&view, &node->view);
    if (err == FC_OK)
        err = light->config.spread->create(&spread, &node->spread);
    assert(err == FC_OK); /* out of memory */
    node->timer_us = UINT64_MAX;
    node->spread_called = true;
    light->config.view->on_membership(fc_light_view(node), fc_light_now_us(node));
    settle(node);
}

void fc_light_crash(struct fc_light *light, uint32_t node)
{
    fc_network_down(light->network, node);
    stop(&light->nodes[node]);
}

bool fc_light_is_up(const struct fc_light *light, uint32_t node)
{
    return light->nodes[node].view != NULL;
}

struct fc_view *fc_light_view_of(const struct fc_light *light, uint32_t node)
{
    return light->nodes[node].view;
}

void fc_light_look(struct fc_light *light, uint32_t index)
{
    struct fc_light_node *node = &light->nodes[index];
    if (!node->view)
        return;
    node->view_called = node->spread_called = true;
    settle(node);
}

/* -- measures --------------------------------------------------------------------------------- */

uint32_t fc_light_neighbours(const struct fc_light *light, uint32_t node, uint32_t *out,
                             uint32_t max)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < light->nodes[node].peer_count; i++) {
        if (!light->nodes[node].peers[i].active || light->nodes[node].peers[i].leaving)
            continue;
        if (count < max)
            out[count] = light->nodes[node].peers[i].node;
        count++;
    }
    return count;
}

void fc_light_node_counts(const struct fc_light *light, uint32_t node, struct fc_light_counts *out)
{
    const struct fc_light_node *one = &light->nodes[node];
    *out = one->counts;
    out->sent[FC_LIGHT_PAYLOAD] = one->sent;
    out->sent_bytes[FC_LIGHT_PAYLOAD] = one->sent_bytes;
    out->received[FC_LIGHT_PAYLOAD] = one->received;
    out->received_bytes[FC_LIGHT_PAYLOAD] = one->received_bytes;
    out->deltas = one->deltas;
    out->duplicates = one->duplicates;
}

void fc_light_counts(const struct fc_light *light, struct fc_light_counts *out)
{
    *out = (struct fc_light_counts){0};
    for (uint32_t i = 0; i < light->config.nodes; i++) {
        struct fc_light_counts one;
        fc_light_node_counts(light, i, &one);
        for (int class = 0; class < FC_LIGHT_CLASSES; class ++) {
            out->sent[class] += one.sent[class];
            out->sent_bytes[class] += one.sent_bytes[class];
            out->received[class] += one.received[class];
            out->received_bytes[class] += one.received_bytes[class];
        }
        out->deltas += one.deltas;
        out->duplicates += one.duplicates;
        out->refused += one.refused;
        out->punished += one.punished;
    }
}

void fc_light_reset_counts(struct fc_light *light)
{
    for (uint32_t i = 0; i < light->config.nodes; i++) {
        struct fc_light_node *node = &light->nodes[i];
        node->counts = (struct fc_light_counts){0};
        node->sent = node->sent_bytes = node->received = node->received_bytes = 0;
        node->deltas = node->duplicates = 0;
    }
}
