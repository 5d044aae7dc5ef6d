#include "sim/world_priv.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/kv_mem.h"

enum { IDLE_TICKS_MAX = 10000 };      /* at one moment: then the core spins */
#define LOST_DIAL (UINT64_C(1) << 63) /* tags of alarms that are the world's own */

static void happen(void *ctx, const struct fc_news *news);

void fc_world_derive(const struct fc_world *world, const char *label, uint64_t a, uint64_t b,
                     uint8_t seed[32])
{
    uint8_t numbers[24];
    fc_put_be64(numbers, world->config.seed);
    fc_put_be64(numbers + 8, a);
    fc_put_be64(numbers + 16, b);
    struct fc_hash hash =
        fc_hash2("fedcat.sim.1", fc_span(numbers, sizeof numbers), fc_span_str(label));
    memcpy(seed, hash.b, 32);
}

/* -- life ------------------------------------------------------------------------------------- */

static uint64_t latency(void *ctx, uint32_t from, uint32_t to)
{
    const struct fc_world *world = ctx;
    void *own = world->config.latency_ctx ? world->config.latency_ctx : world->config.ctx;
    return world->config.latency(own, from, to);
}

static bool accepts(void *ctx, uint32_t from, uint32_t to)
{
    const struct fc_world *world = ctx;
    return fc_core_admits(world->nodes[to]->core, &world->nodes[from]->node_key);
}

static enum fc_err make_network(struct fc_world *world)
{
    const struct fc_world_config *from = &world->config;
    uint8_t seed[32];
    fc_world_derive(world, "network", 0, 0, seed);
    struct fc_network_config config = {.seed = fc_get_be64(seed),
                                       .ctx = world,
                                       .latency_us = from->latency ? latency : NULL,
                                       .latency_same_us = from->latency_us,
                                       .jitter_us = from->jitter_us,
                                       .bandwidth_bps = from->bandwidth_bps,
                                       .access_bps = from->access_bps,
                                       .loss_ppm = from->loss_ppm,
                                       .duplicate_ppm = from->duplicate_ppm,
                                       .reorder_ppm = from->reorder_ppm,
                                       .queue_max = from->queue_max,
                                       .happen = happen,
                                       .accepts = accepts};
    return fc_network_create(&config, &world->network);
}

enum fc_err fc_world_create(const struct fc_world_config *config, struct fc_world **out)
{
    uint8_t seed[32];
    *out = NULL;
    enum fc_err err = fc_crypto_init();
    struct fc_world *world = err == FC_OK ? calloc(1, sizeof *world) : NULL;
    if (!world)
        return err != FC_OK ? err : FC_E_NOMEM;
    world->config = *config;
    if (world->config.governors == 0)
        world->config.governors = 3;
    fc_world_derive(world, "world", 0, 0, seed);
    fc_rng_init(&world->rng, seed);
    fc_hasher_init(&world->trace, "fedcat.trace.1");
    err = make_network(world);
    if (err == FC_OK)
        err = fc_shared_create(fc_memo_verifier(&world->memo), &world->shared);
    if (err == FC_OK)
        err = fc_kv_mem_create(&world->blank);
    if (err != FC_OK) {
        fc_world_destroy(world);
        return err;
    }
    fc_world_found(world);
    *out = world;
    return FC_OK;
}

void fc_world_destroy(struct fc_world *world)
{
    if (!world)
        return;
    for (uint32_t i = 0; i < world->node_count; i++)
        fc_world_node_destroy(world->nodes[i]);
    fc_kv_close(world->blank);
    fc_shared_destroy(world->shared);
    fc_network_destroy(world->network);
    fc_memo_finish(&world->memo);
    fc_numbers_finish(&world->by_key);
    fc_numbers_finish(&world->by_participant);
    fc_buf_finish(&world->charter_record);
    free(world->lost_dials);
    free(world->lost_dialler);
    free(world->lost_life);
    free(world->nodes);
    free(world);
}

/* -- asking ----------------------------------------------------------------------------------- */

uint32_t fc_world_count(const struct fc_world *world)
{
    return world->node_count;
}

const char *fc_world_name(const struct fc_world *world, uint32_t node)
{
    return world->nodes[node]->name;
}

struct fc_replica *fc_world_replica(const struct fc_world *world, uint32_t node)
{
    return world->nodes[node]->replica;
}

struct fc_core *fc_world_core(const struct fc_world *world, uint32_t node)
{
    return world->nodes[node]->core;
}

struct fc_hash fc_world_participant(const struct fc_world *world, uint32_t node)
{
    return world->nodes[node]->participant;
}

struct fc_key fc_world_node_key(const struct fc_world *world, uint32_t node)
{
    return world->nodes[node]->node_key;
}

uint32_t fc_world_node_of(const struct fc_world *world, const struct fc_key *key)
{
    return fc_numbers_get(&world->by_key, key->b);
}

bool fc_world_is_up(const struct fc_world *world, uint32_t node)
{
    return world->nodes[node]->up;
}

struct fc_network *fc_world_network(const struct fc_world *world)
{
    return world->network;
}

uint32_t fc_world_owner_of(const struct fc_world *world, const struct fc_hash *participant)
{
    return fc_numbers_get(&world->by_participant, participant->b);
}

const char *fc_world_owner_name(const struct fc_world *world, const struct fc_hash *participant)
{
    uint32_t owner = fc_world_owner_of(world, participant);
    return owner != FC_WORLD_NONE ? world->nodes[owner]->name : "?";
}

uint64_t fc_world_now_us(const struct fc_world *world)
{
    return fc_network_now_us(world->network);
}

uint64_t fc_world_wall_ms(const struct fc_world *world, const struct fc_world_node *node)
{
    return (uint64_t)((int64_t)(FC_WORLD_EPOCH_MS + fc_world_now_us(world) / 1000) + node->skew_ms);
}

/* -- a step ----------------------------------------------------------------------------------- */

static void schedule_tick(struct fc_world *world, struct fc_world_node *node)
{
    uint64_t now_us = fc_world_now_us(world);
    uint64_t at_us = fc_core_deadline_us(node->core);
    if (at_us < now_us)
        at_us = now_us;
    if (at_us == node->tick_at_us)
        return;
    node->tick_at_us = at_us;
    fc_network_timer(world->network, node->index, at_us);
}

static void carry_out(struct fc_world *world, struct fc_world_node *node,
                      const struct fc_effects *effects);

static enum fc_err try_step(struct fc_world_node *node, const struct fc_event *event,
                            struct fc_effects *effects)
{
    enum fc_err err = fc_replica_begin(node->replica);
    uint64_t before = fc_replica_arrival_mark(node->replica).index;
    if (err == FC_OK)
        err = fc_core_step(node->core, event, effects);
    if (err == FC_OK && node->fail_commit != FC_OK)
        err = node->fail_commit;
    node->fail_commit = FC_OK;
    if (err == FC_OK && node->disk_full && fc_replica_arrival_mark(node->replica).index != before)
        err = FC_E_FULL;
    if (err == FC_OK)
        return fc_replica_commit(node->replica);
    fc_replica_abort(node->replica);
    return err;
}

void fc_world_step(struct fc_world *world, uint32_t index, struct fc_event event)
{
    struct fc_world_node *node = world->nodes[index];
    struct fc_effects effects = {0};
    if (!node->up)
        return;
    event.now_us = fc_world_now_us(world);
    event.wall_ms = fc_world_wall_ms(world, node);
    enum fc_err err = try_step(node, &event, &effects);
    if (err != FC_OK) {
        fc_world_say(world, "%s: %s; starts afresh", node->name, fc_err_text(err));
        fc_effects_clear(&effects);
        event = (struct fc_event){
            .kind = FC_EVENT_RESET, .now_us = event.now_us, .wall_ms = event.wall_ms};
        err = try_step(node, &event, &effects);
        assert(err == FC_OK);
    }
    carry_out(world, node, &effects);
    fc_effects_finish(&effects);
    if (node->up)
        schedule_tick(world, node);
}

enum fc_err fc_world_local(struct fc_world *world, uint32_t at,
                           enum fc_err (*work)(void *ctx, struct fc_replica *replica), void *ctx)
{
    struct fc_world_node *node = world->nodes[at];
    if (!node->up)
        return FC_E_CLOSED;
    if (node->disk_full)
        return FC_E_FULL;
    enum fc_err err = fc_replica_begin(node->replica);
    if (err == FC_OK)
        err = work(ctx, node->replica);
    if (err == FC_OK)
        err = fc_replica_commit(node->replica);
    else
        fc_replica_abort(node->replica);
    if (err == FC_OK)
        fc_world_step(world, at, (struct fc_event){.kind = FC_EVENT_LOCAL});
    return err;
}

/* -- effects ---------------------------------------------------------------------------------- */

/* A key or an endpoint that is nobody's: silence. */
static void dial_nobody(struct fc_world *world, const struct fc_world_node *node,
                        const struct fc_key *key)
{
    if (world->lost_count == world->lost_cap) {
        world->lost_cap = world->lost_cap ? 2 * world->lost_cap : 64;
        world->lost_dials = realloc(world->lost_dials, world->lost_cap * sizeof *world->lost_dials);
        world->lost_dialler =
            realloc(world->lost_dialler, world->lost_cap * sizeof *world->lost_dialler);
        world->lost_life = realloc(world->lost_life, world->lost_cap * sizeof *world->lost_life);
        assert(world->lost_dials && world->lost_dialler && world->lost_life);
    }
    world->lost_dials[world->lost_count] = *key;
    world->lost_dialler[world->lost_count] = node->index;
    world->lost_life[world->lost_count] = node->life;
    fc_network_alarm(world->network, fc_world_now_us(world) + FC_NETWORK_SILENCE_US, node->index,
                     LOST_DIAL | world->lost_count++);
}

static void dial(struct fc_world *world, const struct fc_world_node *node,
                 const struct fc_effect *effect)
{
    uint32_t to = fc_numbers_get(&world->by_key, effect->key.b);
    if (to == FC_NUMBERS_NONE ||
        !fc_span_eq(fc_span_str(world->nodes[to]->endpoint), effect->bytes))
        dial_nobody(world, node, &effect->key);
    else
        fc_network_dial(world->network, node->index, to);
}

static void send(struct fc_world *world, const struct fc_world_node *node, fc_link link,
                 struct fc_span bytes)
{
    struct fc_buf changed = {0};
    uint32_t to = fc_network_peer(world->network, node->index, link);
    struct fc_span sent = bytes;
    if (world->config.tamper && to != FC_WORLD_NONE) {
        fc_buf_append(&changed, bytes.data, bytes.len);
        if (!world->config.tamper(world->config.ctx, node->index, to, &changed)) {
            fc_buf_finish(&changed);
            return;
        }
        sent = fc_buf_span(&changed);
    }
    enum fc_err err = fc_network_send(world->network, node->index, link, sent);
    if (err == FC_E_AGAIN)
        fc_world_step(world, node->index,
                      (struct fc_event){.kind = FC_EVENT_BLOCKED, .link = link, .bytes = bytes});
    else if (err == FC_OK && world->config.observer.sent)
        world->config.observer.sent(world->config.observer.ctx, node->index, to, sent);
    fc_buf_finish(&changed);
}

static void carry_out(struct fc_world *world, struct fc_world_node *node,
                      const struct fc_effects *effects)
{
    for (size_t i = 0; i < effects->count; i++) {
        const struct fc_effect *effect = &effects->list[i];
        switch (effect->kind) {
        case FC_EFFECT_SEND:
            send(world, node, effect->link, effect->bytes);
            break;
        case FC_EFFECT_DIAL:
            dial(world, node, effect);
            break;
        case FC_EFFECT_CLOSE:
            fc_network_close(world->network, node->index, effect->link);
            break;
        case FC_EFFECT_LOG:
            if (world->config.log)
                fc_trace_log(world, node->index, effect->bytes);
            break;
        }
    }
}

/* -- what happens ----------------------------------------------------------------------------- */

static void on_message(struct fc_world *world, const struct fc_news *news)
{
    struct fc_span bytes = fc_buf_span(news->bytes);
    fc_trace_arrival(world, news->peer, news->node, bytes);
    if (world->config.observer.arrived)
        world->config.observer.arrived(world->config.observer.ctx, news->peer, news->node, bytes);
    fc_world_step(world, news->node,
                  (struct fc_event){.kind = FC_EVENT_MESSAGE, .link = news->link, .bytes = bytes});
    fc_world_describe(world, news->node);
}

static void on_timer(struct fc_world *world, struct fc_world_node *node)
{
    uint64_t now_us = fc_world_now_us(world);
    node->tick_at_us = UINT64_MAX;
    node->idle_ticks = node->ticked_us == now_us ? node->idle_ticks + 1 : 0;
    node->ticked_us = now_us;
    assert(node->idle_ticks < IDLE_TICKS_MAX);
    fc_world_step(world, node->index, (struct fc_event){.kind = FC_EVENT_TICK});
}

static void on_alarm(struct fc_world *world, const struct fc_news *news)
{
    uint64_t number = news->tag & ~LOST_DIAL;
    if ((news->tag & LOST_DIAL) == 0) {
        if (world->config.observer.alarm)
            world->config.observer.alarm(world->config.observer.ctx, news->tag);
        return;
    }
    const struct fc_world_node *node = world->nodes[world->lost_dialler[number]];
    if (node->up && node->life == world->lost_life[number])
        fc_world_step(
            world, node->index,
            (struct fc_event){.kind = FC_EVENT_DIAL_FAILED, .key = world->lost_dials[number]});
}

static void happen(void *ctx, const struct fc_news *news)
{
    struct fc_world *world = ctx;
    struct fc_event event = {.link = news->link, .inbound = news->inbound};
    if (news->peer < world->node_count)
        event.key = world->nodes[news->peer]->node_key;
    switch (news->kind) {
    case FC_NEWS_MESSAGE:
        on_message(world, news);
        return;
    case FC_NEWS_UP:
        event.kind = FC_EVENT_LINK_UP;
        fc_trace_event(world, news->node, news->peer, 2, (struct fc_span){0});
        break;
    case FC_NEWS_DOWN:
        event.kind = FC_EVENT_LINK_DOWN;
        break;
    case FC_NEWS_DIAL_FAILED:
        event.kind = FC_EVENT_DIAL_FAILED;
        event.link = 0;
        break;
    case FC_NEWS_WRITABLE:
        event.kind = FC_EVENT_WRITABLE;
        break;
    case FC_NEWS_TIMER:
        on_timer(world, world->nodes[news->node]);
        return;
    case FC_NEWS_ALARM:
        on_alarm(world, news);
        return;
    }
    fc_world_step(world, news->node, event);
}

/* -- time ------------------------------------------------------------------------------------- */

void fc_world_run(struct fc_world *world, uint64_t for_us)
{
    fc_network_run(world->network, fc_world_now_us(world) + for_us);
}

void fc_world_alarm(struct fc_world *world, uint64_t at_us, uint64_t tag)
{
    assert((tag & LOST_DIAL) == 0);
    fc_network_alarm(world->network, at_us, 0, tag);
}

static enum fc_err add_missing(void *ctx, const struct fc_feed *feed)
{
    uint64_t *missing = ctx;
    *missing += feed->missing;
    return FC_OK;
}

bool fc_world_is_converged(const struct fc_world *world)
{
    struct fc_digest first = {0}, digest;
    size_t records = 0;
    bool any = false;
    for (uint32_t i = 0; i < world->node_count; i++) {
        const struct fc_world_node *node = world->nodes[i];
        uint64_t missing = 0;
        if (!node->up)
            continue;
        if (fc_replica_digest(node->replica, &digest) != FC_OK ||
            fc_replica_feeds(node->replica, add_missing, &missing) != FC_OK || missing != 0)
            return false;
        size_t held = fc_ledger_record_count(fc_replica_ledger(node->replica));
        if (any && (held != records || !fc_hash_eq(&first.hash, &digest.hash)))
            return false;
        first = digest;
        records = held;
        any = true;
    }
    return true;
}

bool fc_world_converge(struct fc_world *world, uint64_t within_us)
{
    const uint64_t stride_us = 100000;
    for (uint64_t spent_us = 0; spent_us < within_us; spent_us += stride_us) {
        if (fc_world_is_converged(world))
            return true;
        fc_world_run(world, stride_us);
    }
    return fc_world_is_converged(world);
}

void fc_world_get_stats(const struct fc_world *world, struct fc_world_stats *out)
{
    struct fc_network_stats network;
    fc_network_get_stats(world->network, &network);
    *out = (struct fc_world_stats){.events = network.events,
                                   .messages = network.messages,
                                   .bytes = network.bytes,
                                   .blocked = network.blocked,
                                   .signatures = world->memo.asked,
                                   .signatures_checked = world->memo.computed};
}
