/* What view and spread modules may ask of a light node. */
#include "sim/light_priv.h"

static struct fc_light_peer *open_peer(struct fc_light_node *node, const struct fc_key *key)
{
    uint32_t index = fc_light_node_of(node->light, key);
    struct fc_light_peer *peer = index != FC_LIGHT_NONE ? fc_light_peer_find(node, index) : NULL;
    return peer && fc_light_peer_is_open(peer) ? peer : NULL;
}

static uint64_t host_random(void *ctx, uint64_t below)
{
    struct fc_light_node *node = ctx;
    return fc_rng_below(&node->light->rng, below);
}

/* -- the registry: everybody ------------------------------------------------------------------ */

static void describe(uint32_t index, struct fc_view_node *out)
{
    *out = (struct fc_view_node){.key = fc_light_key(index), .can_dial = true};
    fc_put_be32(out->participant.b, index);
}

static bool host_find_node(void *ctx, const struct fc_key *key, struct fc_view_node *out)
{
    const struct fc_light_node *node = ctx;
    uint32_t index = fc_light_node_of(node->light, key);
    if (index == FC_LIGHT_NONE)
        return false;
    describe(index, out);
    return true;
}

static size_t host_node_count(void *ctx)
{
    const struct fc_light_node *node = ctx;
    return node->light->config.nodes;
}

static void host_node_at(void *ctx, size_t index, struct fc_view_node *out)
{
    (void)ctx;
    describe((uint32_t)index, out);
}

static bool host_draw_node(void *ctx, struct fc_view_node *out)
{
    const struct fc_light_node *node = ctx;
    describe((uint32_t)host_random(ctx, node->light->config.nodes), out);
    return true;
}

/* -- links ------------------------------------------------------------------------------------ */

static void host_dial(void *ctx, const struct fc_key *key)
{
    struct fc_light_node *node = ctx;
    uint32_t index = fc_light_node_of(node->light, key);
    if (index != FC_LIGHT_NONE)
        fc_light_peer_want(node, index);
}

static void host_drop(void *ctx, const struct fc_key *key)
{
    struct fc_light_node *node = ctx;
    uint32_t index = fc_light_node_of(node->light, key);
    if (index != FC_LIGHT_NONE)
        fc_light_peer_drop(node, index);
}

static void host_drop_for(void *ctx, const struct fc_key *key, const char *why)
{
    (void)why;
    host_drop(ctx, key);
}

static void host_punish(void *ctx, const struct fc_key *key, const char *why)
{
    struct fc_light_node *node = ctx;
    (void)why;
    node->counts.punished++;
    host_drop(ctx, key);
}

static void host_activate(void *ctx, const struct fc_key *key, bool active)
{
    struct fc_light_node *node = ctx;
    const struct fc_spread_ops *spread = node->light->config.spread;
    struct fc_light_peer *peer = open_peer(node, key);
    if (!peer || peer->active == active)
        return;
    peer->active = active;
    fc_light_peer_mark(node, peer);
    if (active)
        spread->on_open(fc_light_spread(node), key, fc_light_now_us(node));
    else
        spread->on_closed(fc_light_spread(node), key, fc_light_now_us(node));
}

static void host_retire(void *ctx, const struct fc_key *key)
{
    struct fc_light_node *node = ctx;
    const struct fc_spread_ops *spread = node->light->config.spread;
    struct fc_light_peer *peer = open_peer(node, key);
    if (!peer || !peer->active || peer->leaving)
        return;
    peer->leaving = true;
    if (spread->on_leaving)
        spread->on_leaving(fc_light_spread(node), key, fc_light_now_us(node));
}

static uint64_t host_round_trip_us(void *ctx, const struct fc_key *key)
{
    struct fc_light_node *node = ctx;
    const struct fc_light_peer *peer = open_peer(node, key);
    return peer ? fc_network_round_trip_us(node->light->network, fc_light_index(node),
                                           peer->link[peer->current])
                : 0;
}

/* -- sending ---------------------------------------------------------------------------------- */

static bool count(struct fc_light_node *node, const struct fc_light_peer *peer,
                  enum fc_light_class class, size_t bytes, enum fc_err err)
{
    const struct fc_light_config *config = &node->light->config;
    if (err != FC_OK) {
        node->counts.refused++;
        return false;
    }
    node->counts.sent[class]++;
    node->counts.sent_bytes[class] += bytes;
    if (config->sent)
        config->sent(config->ctx, fc_light_index(node), peer->node, class, (uint32_t)bytes);
    return true;
}

static bool say(struct fc_light_node *node, const struct fc_key *key, enum fc_light_kind kind,
                struct fc_span bytes)
{
    struct fc_light *light = node->light;
    const struct fc_light_peer *peer = open_peer(node, key);
    const uint8_t first = (uint8_t)kind;
    if (!peer)
        return false;
    fc_buf_clear(&light->message);
    fc_buf_append(&light->message, &first, 1);
    fc_buf_append(&light->message, bytes.data, bytes.len);
    if (light->message.failed)
        return false;
    enum fc_err err = fc_network_send(light->network, fc_light_index(node),
                                      peer->link[peer->current], fc_buf_span(&light->message));
    return count(node, peer, kind == FC_LIGHT_SAYS_VIEW ? FC_LIGHT_VIEW : FC_LIGHT_SPREAD,
                 light->message.len, err);
}

static void host_send_view(void *ctx, const struct fc_key *key, struct fc_span bytes)
{
    say(ctx, key, FC_LIGHT_SAYS_VIEW, bytes);
}

static void host_send_spread(void *ctx, const struct fc_key *key, struct fc_span bytes)
{
    say(ctx, key, FC_LIGHT_SAYS_SPREAD, bytes);
}

static bool host_announce(void *ctx, const struct fc_key *key, struct fc_span bytes, bool last)
{
    (void)last; /* there is no cursor to move */
    return say(ctx, key, FC_LIGHT_SAYS_ANNOUNCE, bytes);
}

static bool push(struct fc_light_node *node, const struct fc_key *key, uint32_t delta, uint32_t tag)
{
    struct fc_light *light = node->light;
    const struct fc_light_peer *peer = open_peer(node, key);
    if (!peer)
        return false;
    uint32_t size = light->deltas[delta].size;
    enum fc_err err = fc_network_post(light->network, fc_light_index(node),
                                      peer->link[peer->current], (uint64_t)tag << 32 | delta, size);
    if (err != FC_OK) {
        node->counts.refused++;
        return false;
    }
    node->sent++;
    node->sent_bytes += size;
    if (light->config.sent)
        light->config.sent(light->config.ctx, fc_light_index(node), peer->node, FC_LIGHT_PAYLOAD,
                           size);
    return true;
}

static bool host_push(void *ctx, const struct fc_key *key, const struct fc_arrival *arrival,
                      uint32_t tag)
{
    return push(ctx, key, (uint32_t)(arrival->index - 1), tag);
}

static bool host_holds(void *ctx, const struct fc_spread_item *item)
{
    const struct fc_light_node *node = ctx;
    uint32_t delta = fc_light_delta_of(node->light, item);
    return delta != FC_LIGHT_NONE && fc_light_holds(node, delta);
}

static bool host_push_item(void *ctx, const struct fc_key *key, const struct fc_spread_item *item,
                           uint32_t tag)
{
    struct fc_light_node *node = ctx;
    return host_holds(node, item) && push(node, key, fc_light_delta_of(node->light, item), tag);
}

/* How a peer comes to know, and what it misses, moves cursors elsewhere; here there is none. */
static void host_settled_for(void *ctx, const struct fc_key *key)
{
    (void)ctx, (void)key;
}

static void host_settle(void *ctx, const struct fc_key *key, bool known)
{
    (void)ctx, (void)key, (void)known;
}

static void host_missing(void *ctx, const struct fc_key *key, const struct fc_spread_item *item)
{
    (void)ctx, (void)key, (void)item;
}

/* -- both ------------------------------------------------------------------------------------- */

struct fc_view_host fc_light_view_host(struct fc_light_node *node)
{
    const struct fc_light_config *config = &node->light->config;
    return (struct fc_view_host){.ctx = node,
                                 .find_node = host_find_node,
                                 .node_count = host_node_count,
                                 .node_at = host_node_at,
                                 .draw_node = host_draw_node,
                                 .dial = host_dial,
                                 .drop = host_drop,
                                 .send = host_send_view,
                                 .activate = host_activate,
                                 .retire = host_retire,
                                 .round_trip_us = host_round_trip_us,
                                 .punish = host_punish,
                                 .random = host_random,
                                 .self = fc_light_key(fc_light_index(node)),
                                 .active_max = config->active_max ? config->active_max
                                                                  : config->view->active_default};
}

struct fc_spread_host fc_light_spread_host(struct fc_light_node *node)
{
    return (struct fc_spread_host){.ctx = node,
                                   .push = host_push,
                                   .defer = host_settled_for,
                                   .skip = host_settled_for,
                                   .push_item = host_push_item,
                                   .announce = host_announce,
                                   .settle = host_settle,
                                   .send = host_send_spread,
                                   .holds = host_holds,
                                   .missing = host_missing,
                                   .round_trip_us = host_round_trip_us,
                                   .drop = host_drop_for,
                                   .punish = host_punish,
                                   .random = host_random,
                                   .fanout = node->light->config.fanout};
}
