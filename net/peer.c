#include <stdlib.h>
#include <string.h>

#include "net/inside.h"

/* Place of `key` in the sorted list, or where it would be. */
static uint32_t place_of(const struct fc_core *core, const struct fc_key *key)
{
    uint64_t head = fc_get_be64(key->b);
    uint32_t low = 0, high = core->peer_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        uint64_t there = core->peer_heads[middle];
        if (there < head || (there == head && fc_key_cmp(&core->peers[middle]->key, key) < 0))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct fc_peer *fc_peer_find(struct fc_core *core, const struct fc_key *key)
{
    uint32_t at = place_of(core, key);
    if (at < core->peer_count && fc_key_eq(&core->peers[at]->key, key))
        return core->peers[at];
    return NULL;
}

/* Forgets the peer that was used least recently, of those nothing hangs on. */
static void evict(struct fc_core *core)
{
    uint32_t oldest = core->peer_count;
    for (uint32_t i = 0; i < core->peer_count; i++) {
        const struct fc_peer *peer = core->peers[i];
        if (peer->session || peer->wanted || peer->avoid_until_us > core->now_us)
            continue;
        if (oldest == core->peer_count || peer->used_us < core->peers[oldest]->used_us)
            oldest = i;
    }
    if (oldest == core->peer_count)
        return;
    free(core->peers[oldest]);
    core->peer_count--;
    memmove(core->peers + oldest, core->peers + oldest + 1,
            (core->peer_count - oldest) * sizeof(*core->peers));
    memmove(core->peer_heads + oldest, core->peer_heads + oldest + 1,
            (core->peer_count - oldest) * sizeof(*core->peer_heads));
}

static bool grow(struct fc_core *core)
{
    uint32_t cap = core->peer_cap ? 2 * core->peer_cap : 16;
    struct fc_peer **peers = realloc(core->peers, cap * sizeof(*peers));
    if (peers)
        core->peers = peers;
    uint64_t *heads = peers ? realloc(core->peer_heads, cap * sizeof(*heads)) : NULL;
    if (!heads)
        return false;
    core->peer_heads = heads;
    core->peer_cap = cap;
    return true;
}

struct fc_peer *fc_peer_get(struct fc_core *core, const struct fc_key *key)
{
    struct fc_peer *peer = fc_peer_find(core, key);
    if (peer)
        return peer;
    if (core->peer_count >= FC_PEERS_KEPT)
        evict(core);
    if (core->peer_count == core->peer_cap && !grow(core)) {
        core->err = FC_E_NOMEM;
        return NULL;
    }
    peer = calloc(1, sizeof *peer);
    if (!peer) {
        core->err = FC_E_NOMEM;
        return NULL;
    }
    peer->key = *key;
    peer->dial_at_us = FC_NEVER;
    peer->used_us = core->now_us;
    core->peers_changed = true;
    uint32_t at = place_of(core, key);
    memmove(core->peers + at + 1, core->peers + at, (core->peer_count - at) * sizeof(*core->peers));
    memmove(core->peer_heads + at + 1, core->peer_heads + at,
            (core->peer_count - at) * sizeof(*core->peer_heads));
    core->peers[at] = peer;
    core->peer_heads[at] = fc_get_be64(key->b);
    core->peer_count++;
    return peer;
}

void fc_peer_dial_later(struct fc_core *core, struct fc_peer *peer)
{
    uint64_t wait_us = FC_DIAL_MIN_US;
    for (uint32_t i = 0; i < peer->attempts && wait_us < FC_DIAL_MAX_US; i++)
        wait_us *= 2;
    wait_us = fc_earlier(wait_us, FC_DIAL_MAX_US);
    peer->attempts++;
    core->peers_changed = true;
    peer->dialling = false;
    peer->dial_at_us = core->now_us + fc_rng_jitter(&core->rng, wait_us);
    if (peer->dial_at_us < peer->avoid_until_us)
        peer->dial_at_us = peer->avoid_until_us;
}

void fc_peer_strike(struct fc_core *core, struct fc_peer *peer)
{
    uint32_t doublings =
        peer->strikes < FC_AVOID_DOUBLINGS_MAX ? peer->strikes : FC_AVOID_DOUBLINGS_MAX;
    peer->strikes++;
    peer->avoid_until_us = core->now_us + ((uint64_t)FC_AVOID_US << doublings);
}

/* The next of a node's endpoints in turn; empty when none is known. */
static struct fc_span endpoint_of(struct fc_core *core, struct fc_peer *peer)
{
    struct fc_node node;
    uint32_t turn = peer->endpoint_next++;
    if (fc_ledger_node(fc_replica_ledger(core->config.replica), &peer->key, &node) == FC_OK &&
        node.endpoint_count != 0)
        return node.endpoints[turn % node.endpoint_count];
    for (uint32_t i = 0; i < core->config.bootstrap_count; i++)
        if (fc_key_eq(&core->bootstrap[i].key, &peer->key))
            return core->bootstrap[i].endpoint;
    return (struct fc_span){0};
}

static void dial(struct fc_core *core, struct fc_peer *peer)
{
    struct fc_span endpoint = endpoint_of(core, peer);
    if (endpoint.len == 0) {
        peer->dial_at_us = FC_NEVER;
        return;
    }
    peer->dialling = true;
    peer->used_us = core->now_us;
    peer->dial_at_us = core->now_us + 3 * FC_GREETING_US;
    fc_effects_dial(core->effects, &peer->key, endpoint);
}

void fc_peer_run(struct fc_core *core)
{
    if (fc_peer_deadline_us(core) > core->now_us)
        return;
    core->peers_changed = true;
    for (uint32_t i = 0; i < core->peer_count; i++) {
        struct fc_peer *peer = core->peers[i];
        if (peer->session || peer->dial_at_us > core->now_us)
            continue;
        if (peer->dialling)
            fc_peer_dial_later(core, peer); /* whoever dials for us never reported back */
        else if (peer->wanted)
            dial(core, peer);
        else
            peer->dial_at_us = FC_NEVER;
    }
}

uint64_t fc_peer_deadline_us(struct fc_core *core)
{
    uint64_t deadline_us = FC_NEVER;
    if (!core->peers_changed)
        return core->peers_due_us;
    for (uint32_t i = 0; i < core->peer_count; i++)
        if (!core->peers[i]->session && (core->peers[i]->wanted || core->peers[i]->dialling))
            deadline_us = fc_earlier(deadline_us, core->peers[i]->dial_at_us);
    core->peers_due_us = deadline_us;
    core->peers_changed = false;
    return deadline_us;
}

void fc_peer_membership(struct fc_core *core)
{
    for (uint32_t i = 0; i < core->peer_count; i++) {
        struct fc_peer *peer = core->peers[i];
        if (peer->wanted && !peer->session && !peer->dialling && peer->dial_at_us == FC_NEVER)
            peer->dial_at_us = core->now_us;
    }
    core->peers_changed = true;
}
