#include "sim/world.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/world_priv.h"
#include "store/kv_mem.h"

enum {
    LATENCY_US = 10000,
    SILENCE_US = 1000000,   /* a link that leads nowhere is noticed after this */
    IDLE_TICKS_MAX = 10000, /* at one moment: then the core spins */
};

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

enum fc_err fc_world_create(const struct fc_world_config *config, struct fc_world **out)
{
    uint8_t seed[32];
    *out = NULL;
    enum fc_err err = fc_crypto_init();
    struct fc_world *world = err == FC_OK ? calloc(1, sizeof *world) : NULL;
    if (!world)
        return err != FC_OK ? err : FC_E_NOMEM;
    world->config = *config;
    if (world->config.latency_us == 0)
        world->config.latency_us = LATENCY_US;
    if (world->config.governors == 0)
        world->config.governors = 3;
    fc_world_derive(world, "network", 0, 0, seed);
    fc_rng_init(&world->rng, seed);
    fc_hasher_init(&world->trace, "fedcat.trace.1");
    fc_world_found(world);
    *out = world;
    return FC_OK;
}

static struct fc_world_happening *take(struct fc_world *world, uint64_t until_us)
{
    struct fc_happening at;
    return fc_queue_take(&world->queue, until_us, &at) ? at.data : NULL;
}

static void free_happening(struct fc_world_happening *happening)
{
    fc_buf_finish(&happening->bytes);
    free(happening);
}

void fc_world_destroy(struct fc_world *world)
{
    if (!world)
        return;
    for (uint32_t i = 0; i < world->node_count; i++) {
        struct fc_world_node *node = world->nodes[i];
        fc_core_destroy(node->core);
        if (node->replica)
            fc_replica_close(node->replica);
        else
            fc_kv_close(node->kv);
        free(node);
    }
    for (struct fc_world_happening *at; (at = take(world, UINT64_MAX));)
        free_happening(at);
    fc_queue_finish(&world->queue);
    fc_memo_finish(&world->memo);
    fc_buf_finish(&world->charter_record);
    free(world->nodes);
    free(world->links);
    free(world);
}

/* -- trace ------------------------------------------------------------------------------------ */

static void line(struct fc_world *world, const char *text)
{
    if (world->config.line)
        world->config.line(world->config.ctx, text);
}

static void hash_event(struct fc_world *world, uint32_t from, uint32_t to, uint32_t what,
                       struct fc_span bytes)
{
    uint8_t numbers[20];
    fc_put_be64(numbers, world->now_us);
    fc_put_be32(numbers + 8, from);
    fc_put_be32(numbers + 12, to);
    fc_put_be32(numbers + 16, what);
    fc_hasher_add(&world->trace, fc_span(numbers, sizeof numbers));
    fc_hasher_add(&world->trace, bytes);
}

void fc_world_say(struct fc_world *world, const char *format, ...)
{
    char text[512];
    int len = snprintf(text, sizeof text, "%12.6f ", (double)world->now_us / 1e6);
    va_list args;
    va_start(args, format);
    vsnprintf(text + len, sizeof text - (size_t)len, format, args);
    va_end(args);
    hash_event(world, 0, 0, 0, fc_span_str(text));
    line(world, text);
}

static void say_message(struct fc_world *world, uint32_t from, uint32_t to, struct fc_span bytes)
{
    hash_event(world, from, to, 1, bytes);
    if (!world->config.line)
        return;
    struct fc_buf text = {0};
    fc_trace_print(&text, "%12.6f %s -> %s ", (double)world->now_us / 1e6, world->nodes[from]->name,
                   world->nodes[to]->name);
    fc_trace_message(world, bytes, &text);
    fc_buf_append(&text, "", 1);
    if (!text.failed)
        line(world, (const char *)text.data);
    fc_buf_finish(&text);
}

struct fc_hash fc_world_trace_hash(const struct fc_world *world)
{
    struct fc_hasher copy = world->trace;
    return fc_hasher_end(&copy);
}

/* -- nodes ------------------------------------------------------------------------------------ */

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

bool fc_world_is_up(const struct fc_world *world, uint32_t node)
{
    return world->nodes[node]->up;
}

const char *fc_world_owner(const struct fc_world *world, const struct fc_hash *participant)
{
    for (uint32_t i = 0; i < world->node_count; i++)
        if (fc_hash_eq(&world->nodes[i]->participant, participant))
            return world->nodes[i]->name;
    return "?";
}

uint64_t fc_world_wall_ms(const struct fc_world *world, const struct fc_world_node *node)
{
    return (uint64_t)((int64_t)(FC_WORLD_EPOCH_MS + world->now_us / 1000) + node->skew_ms);
}

static void put(struct fc_world *world, struct fc_world_happening happening)
{
    struct fc_world_happening *copy = malloc(sizeof *copy);
    assert(copy);
    *copy = happening;
    enum fc_err err =
        fc_queue_put(&world->queue, &(struct fc_happening){.at_us = happening.at_us, .data = copy});
    assert(err == FC_OK);
}

static void schedule_tick(struct fc_world *world, uint32_t index)
{
    struct fc_world_node *node = world->nodes[index];
    uint64_t at_us = fc_core_deadline_us(node->core);
    if (at_us == UINT64_MAX)
        return;
    if (at_us < world->now_us)
        at_us = world->now_us;
    if (node->tick_at_us <= at_us)
        return; /* an earlier one is under way and will see to it */
    node->tick_at_us = at_us;
    put(world,
        (struct fc_world_happening){
            .at_us = at_us, .kind = FC_WORLD_HAPPENS_TICK, .node = index, .life = node->life});
}

static void carry_out(struct fc_world *world, uint32_t index, const struct fc_effects *effects);

static enum fc_err try_step(struct fc_world_node *node, const struct fc_event *event,
                            struct fc_effects *effects)
{
    enum fc_err err = fc_replica_begin(node->replica);
    if (err == FC_OK)
        err = fc_core_step(node->core, event, effects);
    if (err == FC_OK && node->fail_commit != FC_OK)
        err = node->fail_commit;
    node->fail_commit = FC_OK;
    if (err == FC_OK)
        return fc_replica_commit(node->replica);
    fc_replica_abort(node->replica);
    return err;
}

/* One event, one transaction; what comes of it leaves after the commit. */
static void step(struct fc_world *world, uint32_t index, struct fc_event event)
{
    struct fc_world_node *node = world->nodes[index];
    struct fc_effects effects = {0};
    if (!node->up)
        return;
    event.now_us = world->now_us;
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
    carry_out(world, index, &effects);
    fc_effects_finish(&effects);
    if (node->up)
        schedule_tick(world, index);
}

enum fc_err fc_world_local(struct fc_world *world, uint32_t at,
                           enum fc_err (*work)(void *ctx, struct fc_replica *replica), void *ctx)
{
    struct fc_world_node *node = world->nodes[at];
    if (!node->up)
        return FC_E_CLOSED;
    enum fc_err err = fc_replica_begin(node->replica);
    if (err == FC_OK)
        err = work(ctx, node->replica);
    if (err == FC_OK)
        err = fc_replica_commit(node->replica);
    else
        fc_replica_abort(node->replica);
    if (err == FC_OK)
        step(world, at, (struct fc_event){.kind = FC_EVENT_LOCAL});
    return err;
}

static enum fc_err open_replica(struct fc_world *world, uint32_t index)
{
    struct fc_world_node *node = world->nodes[index];
    struct fc_replica_config config = {.kv = node->kv,
                                       .verifier = fc_memo_verifier(&world->memo),
                                       .federation = world->federation,
                                       .create = node->life == 0};
    fc_world_derive(world, "replica", index, node->life, config.seed);
    return fc_replica_open(&config, &node->replica);
}

static enum fc_err start_core(struct fc_world *world, uint32_t index)
{
    struct fc_world_node *node = world->nodes[index];
    struct fc_bootstrap bootstrap = {{{0}}, {0}};
    struct fc_core_config config = {.replica = node->replica,
                                    .verifier = fc_memo_verifier(&world->memo),
                                    .node_key = node->node_key,
                                    .participant = node->participant,
                                    .view = world->config.view,
                                    .peers_active_max = world->config.peers_active_max};
    if (node->bootstrap != FC_WORLD_NONE) {
        bootstrap.key = world->nodes[node->bootstrap]->node_key;
        bootstrap.endpoint = fc_span_str(world->nodes[node->bootstrap]->endpoint);
        config.bootstrap = &bootstrap;
        config.bootstrap_count = 1;
    }
    fc_world_derive(world, "core", index, node->life, config.seed);
    return fc_core_create(&config, &node->core);
}

static void start(struct fc_world *world, uint32_t index)
{
    struct fc_world_node *node = world->nodes[index];
    enum fc_err err = open_replica(world, index);
    assert(err == FC_OK);
    if (node->life == 0 && node->bootstrap == FC_WORLD_NONE) {
        err = fc_replica_begin(node->replica);
        if (err == FC_OK)
            err = fc_replica_add_record(node->replica, fc_buf_span(&world->charter_record));
        if (err == FC_OK)
            err = fc_replica_commit(node->replica);
        assert(err == FC_OK);
    }
    err = start_core(world, index);
    assert(err == FC_OK);
    node->up = true;
    node->tick_at_us = UINT64_MAX;
    step(world, index, (struct fc_event){.kind = FC_EVENT_TICK});
}

uint32_t fc_world_add(struct fc_world *world, const char *name, uint32_t bootstrap, bool dials_only)
{
    uint8_t seed[32];
    uint32_t index = world->node_count;
    if (world->node_count == world->node_cap) {
        world->node_cap = world->node_cap ? 2 * world->node_cap : 16;
        world->nodes = realloc(world->nodes, world->node_cap * sizeof(*world->nodes));
        assert(world->nodes);
    }
    struct fc_world_node *node = calloc(1, sizeof *node);
    assert(node);
    world->nodes[world->node_count++] = node;
    snprintf(node->name, sizeof node->name, "%s", name);
    if (!dials_only)
        snprintf(node->endpoint, sizeof node->endpoint, "tcp://%s.example:7400", name);
    node->bootstrap = bootstrap;
    fc_world_derive(world, "feed", index, 1, seed);
    fc_sign_key_from_seed(seed, &node->feed_key, &node->feed_public);
    fc_world_derive(world, "recovery", index, 0, seed);
    fc_sign_key_from_seed(seed, &node->recovery_key, &node->recovery_public);
    fc_world_derive(world, "node", index, 0, seed);
    fc_box_key_from_seed(seed, &node->box, &node->node_key);
    node->participant = fc_participant_id(&node->feed_public, &node->recovery_public);
    node->incarnation = 1;
    enum fc_err err = fc_kv_mem_create(&node->kv);
    assert(err == FC_OK);
    start(world, index);
    return index;
}

/* -- links ------------------------------------------------------------------------------------ */

static bool reaches(const struct fc_world *world, uint32_t a, uint32_t b)
{
    return world->nodes[a]->up && world->nodes[b]->up &&
           world->nodes[a]->group == world->nodes[b]->group;
}

static uint64_t latency(struct fc_world *world, uint32_t from, uint32_t to)
{
    uint64_t way_us = world->config.latency ? world->config.latency(world->config.ctx, from, to)
                                            : world->config.latency_us;
    return way_us + fc_rng_below(&world->rng, world->config.jitter_us + 1);
}

static void dial(struct fc_world *world, uint32_t from, const struct fc_effect *effect)
{
    struct fc_world_happening up = {
        .kind = FC_WORLD_HAPPENS_UP, .node = from, .life = world->nodes[from]->life};
    uint32_t to = 0;
    memcpy(up.key, effect->key.b, sizeof up.key);
    while (to < world->node_count &&
           !fc_span_eq(fc_span_str(world->nodes[to]->endpoint), effect->bytes))
        to++;
    uint64_t way_us = latency(world, from, to < world->node_count ? to : from);
    if (to == world->node_count || !reaches(world, from, to) ||
        !fc_key_eq(&world->nodes[to]->node_key, &effect->key) ||
        !fc_core_admits(world->nodes[to]->core, &world->nodes[from]->node_key)) {
        up.kind = FC_WORLD_HAPPENS_DIAL_FAILED;
        up.at_us = world->now_us +
                   (to < world->node_count && reaches(world, from, to) ? 2 * way_us : SILENCE_US);
        put(world, up);
        return;
    }
    if (world->link_count == world->link_cap) {
        world->link_cap = world->link_cap ? 2 * world->link_cap : 64;
        world->links = realloc(world->links, world->link_cap * sizeof *world->links);
        assert(world->links);
    }
    struct fc_world_link *link = &world->links[world->link_count];
    *link = (struct fc_world_link){.node = {from, to}};
    up.link = world->link_count++;
    up.at_us = world->now_us + 2 * way_us;
    link->last_us[0] = up.at_us;
    link->last_us[1] = world->now_us + way_us;
    put(world, up);
    up.at_us = link->last_us[1];
    up.node = to;
    up.life = world->nodes[to]->life;
    up.inbound = true;
    memcpy(up.key, world->nodes[from]->node_key.b, sizeof up.key);
    put(world, up);
}

static struct fc_world_link *link_of(struct fc_world *world, fc_link number)
{
    return number != 0 && number <= world->link_count ? &world->links[number - 1] : NULL;
}

static void send(struct fc_world *world, uint32_t from, fc_link number, struct fc_span bytes)
{
    struct fc_world_link *link = link_of(world, number);
    assert(link && (link->node[0] == from || link->node[1] == from));
    int end = link->node[0] == from ? 1 : 0;
    uint32_t to = link->node[end];
    if (link->cut || !link->open[1 - end])
        return;
    if (world->config.queue_max != 0 && link->queued[end] >= world->config.queue_max) {
        link->blocked[end] = true;
        world->stats.blocked++;
        step(world, from,
             (struct fc_event){.kind = FC_EVENT_BLOCKED, .link = number, .bytes = bytes});
        return;
    }
    struct fc_world_happening message = {
        .kind = FC_WORLD_HAPPENS_MESSAGE, .node = to, .link = number - 1};
    fc_buf_append(&message.bytes, bytes.data, bytes.len);
    if (world->config.tamper &&
        !world->config.tamper(world->config.ctx, from, to, &message.bytes)) {
        fc_buf_finish(&message.bytes);
        return;
    }
    uint64_t at_us = world->now_us + latency(world, from, to);
    message.at_us = at_us > link->last_us[end] ? at_us : link->last_us[end];
    link->last_us[end] = message.at_us;
    link->queued[end]++;
    put(world, message);
}

/* The far end hears of it after all that was sent before. */
static void close_link(struct fc_world *world, uint32_t from, fc_link number)
{
    struct fc_world_link *link = link_of(world, number);
    assert(link && (link->node[0] == from || link->node[1] == from));
    int end = link->node[0] == from ? 1 : 0;
    if (!link->open[1 - end])
        return;
    link->open[1 - end] = false;
    uint64_t at_us = world->now_us + latency(world, from, link->node[end]);
    put(world, (struct fc_world_happening){.kind = FC_WORLD_HAPPENS_DOWN,
                                           .at_us = at_us > link->last_us[end] ? at_us
                                                                               : link->last_us[end],
                                           .node = link->node[end],
                                           .link = number - 1});
}

static void carry_out(struct fc_world *world, uint32_t index, const struct fc_effects *effects)
{
    for (size_t i = 0; i < effects->count; i++) {
        const struct fc_effect *effect = &effects->list[i];
        switch (effect->kind) {
        case FC_EFFECT_SEND:
            send(world, index, effect->link, effect->bytes);
            break;
        case FC_EFFECT_DIAL:
            dial(world, index, effect);
            break;
        case FC_EFFECT_CLOSE:
            close_link(world, index, effect->link);
            break;
        case FC_EFFECT_LOG:
            if (world->config.log)
                fc_world_say(world, "%s: %.*s", world->nodes[index]->name, (int)effect->bytes.len,
                             (const char *)effect->bytes.data);
            break;
        }
    }
}

/* What is under way is lost; both ends notice after a while. */
static void cut(struct fc_world *world, struct fc_world_link *link, uint64_t noticed_us)
{
    if (link->cut)
        return;
    link->cut = true;
    for (int end = 0; end < 2; end++)
        put(world, (struct fc_world_happening){.kind = FC_WORLD_HAPPENS_DOWN,
                                               .at_us = world->now_us + noticed_us,
                                               .node = link->node[end],
                                               .link = (uint32_t)(link - world->links)});
}

void fc_world_cut(struct fc_world *world, uint32_t a, uint32_t b)
{
    fc_world_say(world, "link %s - %s is cut", world->nodes[a]->name, world->nodes[b]->name);
    for (uint32_t i = 0; i < world->link_count; i++) {
        struct fc_world_link *link = &world->links[i];
        if ((link->node[0] == a && link->node[1] == b) ||
            (link->node[0] == b && link->node[1] == a))
            cut(world, link, world->config.latency_us);
    }
}

void fc_world_inject(struct fc_world *world, uint32_t from, uint32_t to, struct fc_span message)
{
    for (uint32_t i = world->link_count; i-- > 0;) {
        struct fc_world_link *link = &world->links[i];
        bool out = link->node[0] == from && link->node[1] == to;
        bool in = link->node[1] == from && link->node[0] == to;
        if ((out || in) && link->open[0] && link->open[1] && !link->cut) {
            send(world, from, i + 1, message);
            return;
        }
    }
}

/* -- faults ----------------------------------------------------------------------------------- */

void fc_world_crash(struct fc_world *world, uint32_t index)
{
    struct fc_world_node *node = world->nodes[index];
    struct fc_kv *survives = NULL;
    if (!node->up)
        return;
    fc_world_say(world, "%s crashes", node->name);
    enum fc_err err = fc_kv_mem_clone(node->kv, &survives);
    assert(err == FC_OK);
    fc_core_destroy(node->core);
    fc_replica_close(node->replica);
    node->core = NULL;
    node->replica = NULL;
    node->kv = survives;
    node->up = false;
    node->life++;
    for (uint32_t i = 0; i < world->link_count; i++)
        if (world->links[i].node[0] == index || world->links[i].node[1] == index)
            cut(world, &world->links[i], world->config.latency_us);
}

void fc_world_restart(struct fc_world *world, uint32_t index)
{
    if (world->nodes[index]->up)
        return;
    fc_world_say(world, "%s starts again", world->nodes[index]->name);
    start(world, index);
}

void fc_world_group(struct fc_world *world, uint32_t index, uint32_t group)
{
    fc_world_say(world, "%s is now in part %u", world->nodes[index]->name, group);
    world->nodes[index]->group = group;
    for (uint32_t i = 0; i < world->link_count; i++) {
        struct fc_world_link *link = &world->links[i];
        if (world->nodes[link->node[0]]->group != world->nodes[link->node[1]]->group)
            cut(world, link, SILENCE_US);
    }
}

void fc_world_heal(struct fc_world *world)
{
    fc_world_say(world, "the parts are joined");
    for (uint32_t i = 0; i < world->node_count; i++)
        world->nodes[i]->group = 0;
}

void fc_world_skew(struct fc_world *world, uint32_t node, int64_t skew_ms)
{
    world->nodes[node]->skew_ms = skew_ms;
}

void fc_world_fail_commit(struct fc_world *world, uint32_t node, enum fc_err err)
{
    world->nodes[node]->fail_commit = err;
}

/* -- time ------------------------------------------------------------------------------------- */

static void on_message(struct fc_world *world, const struct fc_world_happening *at)
{
    struct fc_world_link *link = &world->links[at->link];
    int end = link->node[1] == at->node ? 1 : 0;
    uint32_t from = link->node[1 - end];
    link->queued[end]--;
    if (!link->cut && link->open[end]) {
        world->stats.messages++;
        world->stats.bytes += at->bytes.len;
        say_message(world, from, at->node, fc_buf_span(&at->bytes));
        step(world, at->node,
             (struct fc_event){
                 .kind = FC_EVENT_MESSAGE, .link = at->link + 1, .bytes = fc_buf_span(&at->bytes)});
    }
    link = &world->links[at->link]; /* the list may have moved */
    if (link->blocked[end] && link->queued[end] <= world->config.queue_max / 2) {
        link->blocked[end] = false;
        if (link->open[1 - end])
            step(world, from, (struct fc_event){.kind = FC_EVENT_WRITABLE, .link = at->link + 1});
    }
}

static void on_tick(struct fc_world *world, const struct fc_world_happening *at)
{
    struct fc_world_node *node = world->nodes[at->node];
    if (!node->up || node->life != at->life || node->tick_at_us != at->at_us)
        return;
    node->tick_at_us = UINT64_MAX;
    step(world, at->node, (struct fc_event){.kind = FC_EVENT_TICK});
    bool again = node->tick_at_us == world->now_us;
    node->idle_ticks = again ? node->idle_ticks + 1 : 0;
    assert(node->idle_ticks < IDLE_TICKS_MAX);
}

static void on_up(struct fc_world *world, const struct fc_world_happening *at)
{
    struct fc_world_link *link = &world->links[at->link];
    struct fc_event event = {
        .kind = FC_EVENT_LINK_UP, .link = at->link + 1, .inbound = at->inbound};
    if (link->cut || world->nodes[at->node]->life != at->life)
        return;
    memcpy(event.key.b, at->key, sizeof event.key.b);
    link->open[at->inbound ? 1 : 0] = true;
    hash_event(world, at->node, at->link, 2, (struct fc_span){0});
    step(world, at->node, event);
}

static void happen(struct fc_world *world, const struct fc_world_happening *at)
{
    struct fc_event event = {.kind = FC_EVENT_DIAL_FAILED, .link = 0};
    int end;
    world->stats.events++;
    switch (at->kind) {
    case FC_WORLD_HAPPENS_MESSAGE:
        on_message(world, at);
        break;
    case FC_WORLD_HAPPENS_UP:
        on_up(world, at);
        break;
    case FC_WORLD_HAPPENS_DOWN:
        end = world->links[at->link].node[1] == at->node ? 1 : 0;
        if (!world->links[at->link].open[end])
            break;
        world->links[at->link].open[end] = false;
        step(world, at->node, (struct fc_event){.kind = FC_EVENT_LINK_DOWN, .link = at->link + 1});
        break;
    case FC_WORLD_HAPPENS_DIAL_FAILED:
        if (world->nodes[at->node]->life != at->life)
            break;
        memcpy(event.key.b, at->key, sizeof event.key.b);
        step(world, at->node, event);
        break;
    case FC_WORLD_HAPPENS_TICK:
        on_tick(world, at);
        break;
    }
    if (at->kind == FC_WORLD_HAPPENS_MESSAGE)
        fc_world_describe(world, at->node);
}

uint64_t fc_world_now_us(const struct fc_world *world)
{
    return world->now_us;
}

void fc_world_run(struct fc_world *world, uint64_t for_us)
{
    uint64_t until_us = world->now_us + for_us;
    for (struct fc_world_happening *at; (at = take(world, until_us));) {
        world->now_us = at->at_us;
        happen(world, at);
        free_happening(at);
    }
    world->now_us = until_us;
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
    *out = world->stats;
    out->signatures = world->memo.asked;
    out->signatures_checked = world->memo.computed;
}
