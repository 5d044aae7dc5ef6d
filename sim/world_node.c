#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/world_priv.h"
#include "store/kv_lmdb.h"
#include "store/kv_mem.h"

/* -- making nodes ----------------------------------------------------------------------------- */

static void make_keys(struct fc_world *world, struct fc_world_node *node)
{
    uint8_t seed[32];
    struct fc_box_key box;
    fc_world_derive(world, "feed", node->index, 1, seed);
    fc_sign_key_from_seed(seed, &node->feed_key, &node->feed_public);
    fc_world_derive(world, "recovery", node->index, 0, seed);
    fc_sign_key_from_seed(seed, &node->recovery_key, &node->recovery_public);
    fc_world_derive(world, "node", node->index, 0, seed);
    fc_box_key_from_seed(seed, &box, &node->node_key);
    node->participant = fc_participant_id(&node->feed_public, &node->recovery_public);
    fc_numbers_put(&world->by_key, node->node_key.b, node->index);
    fc_numbers_put(&world->by_participant, node->participant.b, node->index);
}

struct fc_world_node *fc_world_node_make(struct fc_world *world, const char *name, bool dials_only)
{
    if (world->node_count == world->node_cap) {
        world->node_cap = world->node_cap ? 2 * world->node_cap : 16;
        world->nodes = realloc(world->nodes, world->node_cap * sizeof(*world->nodes));
        assert(world->nodes);
    }
    struct fc_world_node *node = calloc(1, sizeof *node);
    assert(node);
    node->world = world;
    node->index = world->node_count;
    world->nodes[world->node_count++] = node;
    snprintf(node->name, sizeof node->name, "%s", name);
    memcpy(node->country, "FR", 3);
    if (!dials_only)
        snprintf(node->endpoint, sizeof node->endpoint, "tcp://%s.example:7400", name);
    node->incarnation = 1;
    make_keys(world, node);
    uint32_t number = fc_network_add(world->network);
    assert(number == node->index);
    return node;
}

void fc_world_node_destroy(struct fc_world_node *node)
{
    fc_core_destroy(node->core);
    if (node->replica)
        fc_replica_close(node->replica);
    else if (node->kv)
        fc_kv_close(node->kv);
    free(node->contacts);
    free(node);
}

void fc_world_country(struct fc_world *world, uint32_t index, const char country[3])
{
    memcpy(world->nodes[index]->country, country, 2);
}

void fc_world_contacts(struct fc_world *world, uint32_t index, const uint32_t *list, uint32_t count)
{
    struct fc_world_node *node = world->nodes[index];
    free(node->contacts);
    node->contacts = malloc((count ? count : 1) * sizeof *list);
    assert(node->contacts);
    if (count != 0)
        memcpy(node->contacts, list, count * sizeof *list);
    node->contact_count = count;
}

/* -- starting --------------------------------------------------------------------------------- */

static void observe_pushed(void *ctx, const struct fc_key *from, const struct fc_hash *participant,
                           fc_version version)
{
    const struct fc_world_node *node = ctx;
    const struct fc_world_observer *observer = &node->world->config.observer;
    observer->pushed(observer->ctx, node->index, fc_numbers_get(&node->world->by_key, from->b),
                     fc_world_owner_of(node->world, participant), version);
}

static void observe_accepted(void *ctx, const struct fc_key *from, const struct fc_arrival *head)
{
    const struct fc_world_node *node = ctx;
    const struct fc_world_observer *observer = &node->world->config.observer;
    observer->accepted(observer->ctx, node->index,
                       from ? fc_numbers_get(&node->world->by_key, from->b) : FC_WORLD_NONE,
                       fc_world_owner_of(node->world, &head->subject), head);
}

static enum fc_err open_store(const struct fc_world *world, struct fc_world_node *node)
{
    char path[4096];
    if (node->kv)
        return FC_OK;
    if (!world->config.lmdb_dir)
        return fc_kv_mem_clone(world->blank, &node->kv);
    snprintf(path, sizeof path, "%s/%s", world->config.lmdb_dir, node->name);
    struct fc_kv_lmdb_config config = {.path = path, .create = true};
    return fc_kv_lmdb_open(&config, &node->kv);
}

static enum fc_err open_replica(struct fc_world *world, struct fc_world_node *node)
{
    enum fc_err err = open_store(world, node);
    if (err != FC_OK)
        return err;
    struct fc_replica_config config = {.kv = node->kv,
                                       .verifier = fc_memo_verifier(&world->memo),
                                       .federation = world->federation,
                                       .create = node->life == 0,
                                       .shared = world->shared};
    fc_world_derive(world, "replica", node->index, node->life, config.seed);
    return fc_replica_open(&config, &node->replica);
}

static enum fc_err start_core(struct fc_world *world, struct fc_world_node *node)
{
    const struct fc_world_observer *observer = &world->config.observer;
    struct fc_bootstrap *bootstrap = calloc(node->contact_count + 1u, sizeof *bootstrap);
    if (!bootstrap)
        return FC_E_NOMEM;
    for (uint32_t i = 0; i < node->contact_count; i++) {
        const struct fc_world_node *contact = world->nodes[node->contacts[i]];
        bootstrap[i] = (struct fc_bootstrap){.key = contact->node_key,
                                             .endpoint = fc_span_str(contact->endpoint)};
    }
    struct fc_core_config config = {
        .replica = node->replica,
        .verifier = fc_memo_verifier(&world->memo),
        .node_key = node->node_key,
        .participant = node->participant,
        .bootstrap = bootstrap,
        .bootstrap_count = node->contact_count,
        .view = world->config.view,
        .spread = world->config.spread,
        .spread_fanout = world->config.spread_fanout,
        .peers_active_max = world->config.peers_active_max,
        .observer = {.ctx = node,
                     .pushed = observer->pushed ? observe_pushed : NULL,
                     .accepted = observer->accepted ? observe_accepted : NULL}};
    fc_world_derive(world, "core", node->index, node->life, config.seed);
    enum fc_err err = fc_core_create(&config, &node->core);
    free(bootstrap);
    return err;
}

static enum fc_err take_charter(struct fc_world *world, struct fc_world_node *node)
{
    enum fc_err err = fc_replica_begin(node->replica);
    if (err == FC_OK)
        err = fc_replica_add_record(node->replica, fc_buf_span(&world->charter_record));
    if (err == FC_OK)
        err = fc_replica_commit(node->replica);
    return err;
}

void fc_world_start(struct fc_world *world, uint32_t index)
{
    struct fc_world_node *node = world->nodes[index];
    if (node->up)
        return;
    enum fc_err err = open_replica(world, node);
    if (err == FC_OK && node->life == 0 && node->founder)
        err = take_charter(world, node);
    if (err == FC_OK)
        err = start_core(world, node);
    assert(err == FC_OK);
    node->up = true;
    node->life++;
    node->tick_at_us = UINT64_MAX;
    fc_network_up(world->network, index);
    if (world->config.observer.life)
        world->config.observer.life(world->config.observer.ctx, index, true);
    fc_world_step(world, index, (struct fc_event){.kind = FC_EVENT_TICK});
}

uint32_t fc_world_prepare(struct fc_world *world, const char *name, uint32_t bootstrap,
                          bool dials_only)
{
    struct fc_world_node *node = fc_world_node_make(world, name, dials_only);
    node->founder = bootstrap == FC_WORLD_NONE;
    if (!node->founder)
        fc_world_contacts(world, node->index, &bootstrap, 1);
    return node->index;
}

uint32_t fc_world_add(struct fc_world *world, const char *name, uint32_t bootstrap, bool dials_only)
{
    uint32_t node = fc_world_prepare(world, name, bootstrap, dials_only);
    fc_world_start(world, node);
    return node;
}

/* -- stores on the disk ----------------------------------------------------------------------- */

static enum fc_err copy_table(struct fc_txn *from, struct fc_txn *to, enum fc_table table)
{
    struct fc_kv_cursor *cursor = NULL;
    struct fc_span key, value;
    enum fc_err err = fc_kv_cursor_open(from, table, &cursor);
    if (err != FC_OK)
        return err;
    err = fc_kv_seek(cursor, fc_span(NULL, 0), &key, &value);
    while (err == FC_OK) {
        err = fc_kv_append(to, table, key, value);
        if (err == FC_OK)
            err = fc_kv_next(cursor, &key, &value);
    }
    fc_kv_cursor_close(cursor);
    return err == FC_E_MISSING ? FC_OK : err;
}

static enum fc_err copy_store(struct fc_kv *from, struct fc_kv *to)
{
    struct fc_kv_stat stat;
    struct fc_txn *read = NULL, *write = NULL;
    enum fc_err err = fc_kv_stat(from, &stat);
    if (err == FC_OK)
        err = fc_kv_reserve(to, 4 * stat.used_bytes);
    if (err == FC_OK)
        err = fc_kv_begin(from, false, &read);
    if (err == FC_OK)
        err = fc_kv_begin(to, true, &write);
    for (unsigned i = 0; i < FC_TABLE_COUNT && err == FC_OK; i++)
        err = copy_table(read, write, (enum fc_table)i);
    if (err == FC_OK)
        err = fc_kv_commit(write);
    else
        fc_kv_abort(write);
    fc_kv_abort(read);
    return err;
}

/* What a node starts from: a clone in memory, or a copy on the disk. */
static enum fc_err give_store(struct fc_world *world, struct fc_world_node *node,
                              struct fc_kv *seeded)
{
    if (!world->config.lmdb_dir)
        return fc_kv_mem_clone(seeded, &node->kv);
    enum fc_err err = open_store(world, node);
    return err == FC_OK ? copy_store(seeded, node->kv) : err;
}

/* -- members from the start ------------------------------------------------------------------- */

static enum fc_err add_member(struct fc_world *world, struct fc_replica *replica,
                              struct fc_world_node *node)
{
    struct fc_buf record = {0};
    node->g = 1;
    fc_world_certificate(world, node, world->governors, world->charter.admit, &record);
    enum fc_err err = fc_replica_add_record(replica, fc_buf_span(&record));
    fc_buf_clear(&record);
    if (err == FC_OK) {
        fc_world_descriptor(world, node, &record);
        err = fc_replica_add_record(replica, fc_buf_span(&record));
    }
    node->described = true;
    fc_buf_finish(&record);
    return err;
}

static enum fc_err add_first_head(struct fc_world *world, struct fc_replica *replica,
                                  uint32_t owner)
{
    char key[64];
    struct fc_world_op op = {.key = key, .content = "{\"name\":\"The first offer\"}"};
    snprintf(key, sizeof key, "urn:example:%s:first", world->nodes[owner]->name);
    return fc_world_author(world, owner, replica, &op, 1, FC_WORLD_EPOCH_MS);
}

static enum fc_err fill(struct fc_world *world, struct fc_replica *replica, uint32_t feeds)
{
    const uint32_t batch = 1024;
    enum fc_err err = fc_replica_begin(replica);
    if (err == FC_OK)
        err = fc_replica_add_record(replica, fc_buf_span(&world->charter_record));
    for (uint32_t i = 0; i < world->node_count && err == FC_OK; i++) {
        err = add_member(world, replica, world->nodes[i]);
        if (err == FC_OK && i % batch == batch - 1)
            err = fc_replica_commit(replica);
        if (err == FC_OK && !fc_replica_writing(replica))
            err = fc_replica_begin(replica);
    }
    for (uint32_t i = 0; i < feeds && err == FC_OK; i++)
        err = add_first_head(world, replica, i);
    return err == FC_OK ? fc_replica_commit(replica) : err;
}

void fc_world_seed(struct fc_world *world, const struct fc_world_member *members, uint32_t count,
                   uint32_t feeds)
{
    struct fc_replica *replica = NULL;
    struct fc_replica_config config = {.verifier = fc_memo_verifier(&world->memo),
                                       .federation = world->federation,
                                       .create = true,
                                       .shared = world->shared};
    assert(world->node_count == 0 && feeds <= count);
    for (uint32_t i = 0; i < count; i++) {
        struct fc_world_node *node =
            fc_world_node_make(world, members[i].name, members[i].dials_only);
        memcpy(node->country, members[i].country, 2);
    }
    world->seeding = true;
    enum fc_err err = fc_kv_mem_clone(world->blank, &config.kv);
    fc_world_derive(world, "seeded", 0, 0, config.seed);
    if (err == FC_OK)
        err = fc_replica_open(&config, &replica);
    if (err == FC_OK)
        err = fill(world, replica, feeds);
    for (uint32_t i = 0; i < count && err == FC_OK; i++)
        err = give_store(world, world->nodes[i], config.kv);
    assert(err == FC_OK);
    world->seeding = false;
    fc_replica_close(replica);
}

enum fc_err fc_world_open_aside(struct fc_world *world, struct fc_kv *kv,
                                struct fc_replica **replica)
{
    struct fc_replica_config config = {.kv = kv,
                                       .verifier = fc_memo_verifier(&world->memo),
                                       .federation = world->federation,
                                       .shared = world->shared};
    fc_world_derive(world, "aside", fc_world_now_us(world), 0, config.seed);
    return fc_replica_open(&config, replica);
}

/* -- faults ----------------------------------------------------------------------------------- */

void fc_world_crash(struct fc_world *world, uint32_t index)
{
    struct fc_world_node *node = world->nodes[index];
    struct fc_kv *survives = NULL;
    if (!node->up)
        return;
    fc_world_say(world, "%s crashes", node->name);
    if (!world->config.lmdb_dir) {
        enum fc_err err = fc_kv_mem_clone(node->kv, &survives);
        assert(err == FC_OK);
    }
    fc_core_destroy(node->core);
    fc_replica_close(node->replica);
    node->core = NULL;
    node->replica = NULL;
    node->kv = survives;
    node->up = false;
    fc_network_down(world->network, index);
    if (world->config.observer.life)
        world->config.observer.life(world->config.observer.ctx, index, false);
}

void fc_world_restart(struct fc_world *world, uint32_t index)
{
    if (world->nodes[index]->up)
        return;
    fc_world_say(world, "%s starts again", world->nodes[index]->name);
    fc_world_start(world, index);
}

void fc_world_group(struct fc_world *world, uint32_t index, uint32_t group)
{
    fc_world_say(world, "%s is now in part %u", world->nodes[index]->name, group);
    fc_network_group(world->network, index, group);
}

void fc_world_heal(struct fc_world *world)
{
    fc_world_say(world, "the parts are joined");
    fc_network_heal(world->network);
}

void fc_world_cut(struct fc_world *world, uint32_t a, uint32_t b)
{
    fc_world_say(world, "link %s - %s is cut", world->nodes[a]->name, world->nodes[b]->name);
    fc_network_cut(world->network, a, b);
}

void fc_world_inject(struct fc_world *world, uint32_t from, uint32_t to, struct fc_span message)
{
    uint32_t link = fc_network_link(world->network, from, to);
    if (link != 0 && fc_network_send(world->network, from, link, message) == FC_OK &&
        world->config.observer.sent)
        world->config.observer.sent(world->config.observer.ctx, from, to, message);
}

void fc_world_skew(struct fc_world *world, uint32_t node, int64_t skew_ms)
{
    world->nodes[node]->skew_ms = skew_ms;
}

void fc_world_fail_commit(struct fc_world *world, uint32_t node, enum fc_err err)
{
    world->nodes[node]->fail_commit = err;
}

void fc_world_disk_full(struct fc_world *world, uint32_t node, bool full)
{
    world->nodes[node]->disk_full = full;
}

bool fc_world_can_govern(const struct fc_world *world, uint32_t index)
{
    const struct fc_world_node *node = world->nodes[index];
    bool disputed = true;
    const struct fc_held *charter =
        node->up ? fc_ledger_charter(fc_replica_ledger(node->replica), &disputed) : NULL;
    return charter && !disputed && !node->disk_full &&
           fc_hash_eq(&charter->record.hash, &world->charter_hash);
}
