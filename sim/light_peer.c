#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/light_priv.h"

#define NEVER UINT64_MAX
enum { DIAL_MIN_US = 1000000, DIAL_MAX_US = 60000000, ATTEMPTS_MAX = 6 };
_Static_assert((DIAL_MIN_US << ATTEMPTS_MAX) >= DIAL_MAX_US, "enough doublings");

static uint32_t place_of(const struct fc_light_node *node, uint32_t peer)
{
    uint32_t low = 0, high = node->peer_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (node->peers[middle].node < peer)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct fc_light_peer *fc_light_peer_find(const struct fc_light_node *node, uint32_t peer)
{
    uint32_t at = place_of(node, peer);
    return at < node->peer_count && node->peers[at].node == peer ? &node->peers[at] : NULL;
}

static struct fc_light_peer *get(struct fc_light_node *node, uint32_t peer)
{
    uint32_t at = place_of(node, peer);
    if (at < node->peer_count && node->peers[at].node == peer)
        return &node->peers[at];
    if (node->peer_count == node->peer_cap) {
        node->peer_cap = node->peer_cap ? 2 * node->peer_cap : 8;
        node->peers = realloc(node->peers, node->peer_cap * sizeof *node->peers);
        assert(node->peers);
    }
    memmove(node->peers + at + 1, node->peers + at, (node->peer_count - at) * sizeof *node->peers);
    node->peer_count++;
    node->peers[at] = (struct fc_light_peer){.node = peer, .dial_at_us = NEVER};
    return &node->peers[at];
}

static void forget_if_idle(struct fc_light_node *node, uint32_t peer)
{
    uint32_t at = place_of(node, peer);
    if (at == node->peer_count || node->peers[at].node != peer)
        return;
    const struct fc_light_peer *idle = &node->peers[at];
    if (idle->wanted || idle->dialling || fc_light_peer_is_open(idle))
        return;
    node->peer_count--;
    memmove(node->peers + at, node->peers + at + 1, (node->peer_count - at) * sizeof *node->peers);
}

bool fc_light_peer_is_open(const struct fc_light_peer *peer)
{
    return peer->link[0] != 0 || peer->link[1] != 0;
}

static void set_dial(struct fc_light_node *node, struct fc_light_peer *peer, uint64_t at_us)
{
    node->waiting += (at_us != NEVER) - (peer->dial_at_us != NEVER);
    peer->dial_at_us = at_us;
}

static void dial(struct fc_light_node *node, struct fc_light_peer *peer)
{
    set_dial(node, peer, NEVER);
    peer->dialling = true;
    fc_network_dial(node->light->network, fc_light_index(node), peer->node);
}

static void dial_later(struct fc_light_node *node, struct fc_light_peer *peer)
{
    uint64_t wait_us = (uint64_t)DIAL_MIN_US << peer->attempts;
    if (wait_us > DIAL_MAX_US)
        wait_us = DIAL_MAX_US;
    if (peer->attempts < ATTEMPTS_MAX)
        peer->attempts++;
    set_dial(node, peer, fc_light_now_us(node) + fc_rng_jitter(&node->light->rng, wait_us));
}

void fc_light_peer_mark(struct fc_light_node *node, const struct fc_light_peer *peer)
{
    for (int side = 0; side < 2; side++)
        if (peer->link[side] != 0)
            fc_network_mark(node->light->network, fc_light_index(node), peer->link[side],
                            peer->active);
}

void fc_light_peer_want(struct fc_light_node *node, uint32_t index)
{
    struct fc_light_peer *peer = get(node, index);
    if (peer->wanted)
        return;
    peer->wanted = true;
    if (!peer->dialling && !fc_light_peer_is_open(peer))
        dial(node, peer);
}

/* Its last link is gone. */
static void closed(struct fc_light_node *node, uint32_t index)
{
    const struct fc_light *light = node->light;
    struct fc_light_peer *peer = fc_light_peer_find(node, index);
    const struct fc_key key = fc_light_key(index);
    bool was_active = peer->active;
    peer->active = peer->leaving = false;
    if (peer->wanted)
        dial_later(node, peer);
    if (was_active)
        light->config.spread->on_closed(fc_light_spread(node), &key, fc_light_now_us(node));
    light->config.view->on_closed(fc_light_view(node), &key, fc_light_now_us(node));
    forget_if_idle(node, index);
}

static void close_links(struct fc_light_node *node, struct fc_light_peer *peer)
{
    for (int i = 0; i < 2; i++) {
        uint32_t link = peer->link[i];
        peer->link[i] = 0;
        if (link != 0)
            fc_network_close(node->light->network, fc_light_index(node), link);
    }
}

void fc_light_peer_drop(struct fc_light_node *node, uint32_t index)
{
    struct fc_light_peer *peer = fc_light_peer_find(node, index);
    if (!peer)
        return;
    peer->wanted = false;
    peer->attempts = 0;
    set_dial(node, peer, NEVER);
    if (fc_light_peer_is_open(peer)) {
        close_links(node, peer);
        closed(node, index);
    } else {
        forget_if_idle(node, index);
    }
}

void fc_light_peer_up(struct fc_light_node *node, const struct fc_news *news)
{
    const struct fc_light *light = node->light;
    const struct fc_key key = fc_light_key(news->peer);
    int side = news->inbound ? 1 : 0;
    struct fc_light_peer *peer = get(node, news->peer);
    if (!news->inbound)
        peer->dialling = false;
    if (peer->link[side] != 0) { /* it dials anew: it gave up what is open here */
        close_links(node, peer);
        closed(node, news->peer);
        peer = get(node, news->peer);
    }
    bool was_open = fc_light_peer_is_open(peer);
    peer->link[side] = news->link;
    fc_light_peer_mark(node, peer);
    set_dial(node, peer, NEVER);
    if (was_open)
        return;
    peer->current = (uint8_t)side;
    peer->attempts = 0;
    light->config.view->on_open(fc_light_view(node), &key, news->inbound, fc_light_now_us(node));
}

void fc_light_peer_down(struct fc_light_node *node, const struct fc_news *news)
{
    struct fc_light_peer *peer = fc_light_peer_find(node, news->peer);
    for (int side = 0; peer && side < 2; side++) {
        if (peer->link[side] != news->link)
            continue;
        peer->link[side] = 0;
        peer->current = (uint8_t)(1 - side);
        if (peer->link[1 - side] == 0)
            closed(node, news->peer);
        return;
    }
}

void fc_light_peer_failed(struct fc_light_node *node, const struct fc_news *news)
{
    const struct fc_key key = fc_light_key(news->peer);
    struct fc_light_peer *peer = get(node, news->peer);
    peer->dialling = false;
    if (!fc_light_peer_is_open(peer)) {
        if (peer->wanted)
            dial_later(node, peer);
        node->light->config.view->on_unreachable(fc_light_view(node), &key, fc_light_now_us(node));
    }
    forget_if_idle(node, news->peer);
}

void fc_light_peer_tick(struct fc_light_node *node)
{
    if (node->waiting == 0)
        return;
    for (uint32_t i = 0; i < node->peer_count; i++)
        if (node->peers[i].dial_at_us <= fc_light_now_us(node))
            dial(node, &node->peers[i]);
}

uint64_t fc_light_peer_deadline_us(const struct fc_light_node *node)
{
    uint64_t deadline_us = NEVER;
    if (node->waiting == 0)
        return NEVER;
    for (uint32_t i = 0; i < node->peer_count; i++)
        if (node->peers[i].dial_at_us < deadline_us)
            deadline_us = node->peers[i].dial_at_us;
    return deadline_us;
}
