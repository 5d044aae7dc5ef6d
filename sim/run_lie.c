/* Dishonest nodes run the real core; what they say, or hear, is changed on its way. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/spread_message.h"
#include "net/wire.h"
#include "sim/run_priv.h"
#include "store/kv_mem.h"

enum {
    SECOND_US = 1000000,
    FLOOD_EVERY_US = SECOND_US / 10,
    FLOOD_MESSAGES = 50,
    LIE_EVERY_US = 5 * SECOND_US,
    NEIGHBOURS_MAX = 256,
    GARBAGE_ONE_IN = 20,
    MADE_UP = 8, /* items in an announcement of what is not there */
};

/* -- who -------------------------------------------------------------------------------------- */

static enum fc_err refuse(struct fc_run *run, const struct fc_dishonest_spec *spec, const char *why)
{
    char line[16] = "";
    if (spec->line != 0)
        snprintf(line, sizeof line, ":%u", spec->line);
    snprintf(run->error->text, sizeof run->error->text, "%s%s: dishonest.%u (%s) %s",
             run->scenario->name, line, (unsigned)(spec - run->scenario->dishonest),
             fc_dishonesty_name(spec->kind), why);
    return FC_E_ARG;
}

/* From nodes that `may` and that no group has yet. */
static enum fc_err begin_group(struct fc_run *run, uint8_t *may, uint32_t group)
{
    const struct fc_dishonest_spec *spec = &run->scenario->dishonest[group];
    char why[96];
    uint32_t count, *list = fc_run_pick(run, &spec->pick, may, &count);
    uint32_t asked = fc_run_pick_asks(run, &spec->pick);
    if (!list)
        return FC_E_NOMEM;
    for (uint32_t i = 0; i < count; i++) {
        may[list[i]] = 0;
        run->honest[list[i]] = 0;
        run->liars[list[i]].kind = spec->kind;
        run->liars[list[i]].from_us = spec->from_us;
        fc_results_dishonest(run->results, list[i]);
    }
    free(list);
    if (fc_run_pick_fault(run, &spec->pick, count, why))
        return refuse(run, spec, why);
    snprintf(why, sizeof why, "is for %u nodes; apart from node 0 and other groups' there are %u",
             asked, count);
    if (count < asked)
        return refuse(run, spec, why);
    fc_run_alarm(run, spec->from_us + 1, FC_ACTION_LIE, group);
    return FC_OK;
}

/* Node 0 founds the federation and lets newcomers in: it stays honest. Nodes that are named come
 * before those that are drawn. */
enum fc_err fc_lie_begin(struct fc_run *run)
{
    const struct fc_scenario *scenario = run->scenario;
    enum fc_err err = FC_OK;
    if (scenario->dishonest_count == 0)
        return FC_OK;
    uint8_t *may = malloc(run->total);
    run->liars = calloc(run->total, sizeof *run->liars);
    if (!run->liars || !may)
        err = FC_E_NOMEM;
    else
        memset(may, 1, run->total);
    for (uint32_t i = 0; err == FC_OK && i < scenario->dishonest_count; i++) {
        const struct fc_dishonest_spec *spec = &scenario->dishonest[i];
        if (spec->kind == FC_DISHONEST_FORK && scenario->federation.store == FC_STORE_LMDB)
            err = refuse(run, spec, "needs federation.store: memory");
    }
    if (may)
        may[0] = 0;
    for (int named = 1; named >= 0; named--)
        for (uint32_t i = 0; err == FC_OK && i < scenario->dishonest_count; i++)
            if ((scenario->dishonest[i].pick.kind == FC_PICK_LIST) == named)
                err = begin_group(run, may, i);
    free(may);
    return err;
}

void fc_lie_finish(struct fc_run *run)
{
    for (uint32_t i = 0; run->liars && i < run->total; i++)
        if (run->liars[i].before)
            fc_kv_close(run->liars[i].before);
    free(run->liars);
}

static bool lies_now(const struct fc_run *run, uint32_t node)
{
    return node < run->total && !run->honest[node] &&
           fc_run_now_us(run) >= run->liars[node].from_us;
}

/* -- what is said ----------------------------------------------------------------------------- */

static void replace(struct fc_buf *bytes, const struct fc_wire *message)
{
    struct fc_buf lied = {0};
    if (fc_wire_encode(message, &lied) == FC_OK) {
        fc_buf_finish(bytes);
        *bytes = lied;
    } else {
        fc_buf_finish(&lied);
    }
}

static bool is_own(struct fc_run *run, uint32_t node, const struct fc_wire *message)
{
    struct fc_delta delta;
    struct fc_hash own = fc_world_participant(run->fleet.world, node);
    return message->kind == FC_WIRE_DELTA &&
           fc_delta_parse(message->delta.delta, &delta) == FC_OK &&
           fc_hash_eq(&delta.head.participant, &own);
}

/* It passes nothing on, and says that there is nothing. */
static bool withhold(struct fc_run *run, uint32_t node, struct fc_buf *bytes)
{
    struct fc_wire message;
    if (fc_wire_decode(fc_buf_span(bytes), &message) != FC_OK)
        return true;
    const struct fc_wire_list none = {0};
    if (message.kind == FC_WIRE_DELTA || message.kind == FC_WIRE_RECORD)
        return is_own(run, node, &message);
    if (message.kind == FC_WIRE_ANNOUNCE || message.kind == FC_WIRE_NODES)
        return false;
    if (message.kind == FC_WIRE_PAGE) {
        message.page.rows = none;
        message.page.next = message.page.index;
    } else if (message.kind == FC_WIRE_RECORDS) {
        message.records.records = none;
    } else if (message.kind == FC_WIRE_CONTENTS) {
        message.contents.contents = none;
    } else if (message.kind == FC_WIRE_BLOCK) {
        message.block =
            (struct fc_wire_block){.id = message.block.id, .mode = FC_MODE_NONE, .done = true};
    } else {
        return true;
    }
    replace(bytes, &message);
    return true;
}

/* What would bring it up to date does not reach it. */
static bool stay_behind(const struct fc_buf *bytes)
{
    enum fc_traffic traffic = fc_traffic_of(fc_buf_span(bytes));
    struct fc_wire message;
    if (traffic == FC_TRAFFIC_PAYLOAD)
        return false;
    if (traffic != FC_TRAFFIC_SYNC || fc_wire_decode(fc_buf_span(bytes), &message) != FC_OK)
        return true;
    return message.kind == FC_WIRE_SYNC || message.kind == FC_WIRE_FETCH ||
           message.kind == FC_WIRE_FEED || message.kind == FC_WIRE_MORE ||
           message.kind == FC_WIRE_WALK;
}

/* A bit of what was signed. */
static void spoil_signature(struct fc_buf *bytes)
{
    struct fc_wire message;
    struct fc_delta delta;
    struct fc_signature signature;
    if (fc_wire_decode(fc_buf_span(bytes), &message) != FC_OK || message.kind != FC_WIRE_DELTA ||
        fc_delta_parse(message.delta.delta, &delta) != FC_OK)
        return;
    fc_record_signature(&delta.record, 0, &signature);
    uint8_t *at = memmem(bytes->data, bytes->len, signature.sig.b, sizeof signature.sig.b);
    if (at)
        at[7] ^= 4;
}

static void garble(struct fc_run *run, struct fc_buf *bytes)
{
    if (bytes->len == 0 || fc_rng_below(&run->rng, GARBAGE_ONE_IN) != 0)
        return;
    for (uint32_t i = 0; i < 1 + bytes->len / 64; i++)
        bytes->data[fc_rng_below(&run->rng, bytes->len)] = (uint8_t)fc_rng_next(&run->rng);
}

bool fc_lie_tamper(void *ctx, uint32_t from, uint32_t to, struct fc_buf *message)
{
    struct fc_run *run = ctx;
    if (lies_now(run, to) && run->liars[to].kind == FC_DISHONEST_STALE && !stay_behind(message))
        return false;
    if (!lies_now(run, from))
        return true;
    if (run->liars[from].kind == FC_DISHONEST_WITHHOLD)
        return withhold(run, from, message);
    if (run->liars[from].kind == FC_DISHONEST_SIGNATURE)
        spoil_signature(message);
    else if (run->liars[from].kind == FC_DISHONEST_GARBAGE)
        garble(run, message);
    return true;
}

/* -- what is said without being asked --------------------------------------------------------- */

static void say_to_all(struct fc_run *run, uint32_t node, const struct fc_wire *message)
{
    uint32_t peers[NEIGHBOURS_MAX];
    struct fc_buf bytes = {0};
    uint32_t count = fc_fleet_neighbours(&run->fleet, node, peers, NEIGHBOURS_MAX);
    if (fc_wire_encode(message, &bytes) == FC_OK)
        for (uint32_t i = 0; i < count && i < NEIGHBOURS_MAX; i++)
            if (peers[i] != FC_WORLD_NONE)
                fc_world_inject(run->fleet.world, node, peers[i], fc_buf_span(&bytes));
    fc_buf_finish(&bytes);
}

static struct fc_wire_mark next_mark(struct fc_run *run, uint32_t node)
{
    struct fc_arrival_mark mark = fc_replica_arrival_mark(fc_world_replica(run->fleet.world, node));
    return (struct fc_wire_mark){mark.epoch, mark.index, mark.index + 1};
}

static void flood(struct fc_run *run, uint32_t node)
{
    for (int i = 0; i < FLOOD_MESSAGES; i++) {
        struct fc_wire message = {.kind = FC_WIRE_PING, .ping = {.nonce = fc_rng_next(&run->rng)}};
        message.ping.mark = next_mark(run, node);
        if (i % 10 == 0)
            message = (struct fc_wire){.kind = FC_WIRE_SYNC, .sync = {.epoch = 1}};
        say_to_all(run, node, &message);
    }
}

static void claim_false_root(struct fc_run *run, uint32_t node)
{
    struct fc_buf head = {0};
    struct fc_feed feed;
    struct fc_hash own = fc_world_participant(run->fleet.world, node);
    if (fc_replica_feed(fc_world_replica(run->fleet.world, node), &own, &feed) != FC_OK ||
        feed.version == 0)
        return;
    fc_world_false_head(run->fleet.world, node, node, &head);
    struct fc_wire message = {.kind = FC_WIRE_RECORD,
                              .record = {next_mark(run, node), 1, fc_buf_span(&head)}};
    say_to_all(run, node, &message);
    fc_buf_finish(&head);
}

static void announce_nothing(struct fc_run *run, uint32_t node)
{
    struct fc_buf list = {0}, bytes = {0};
    for (int i = 0; i < MADE_UP; i++) {
        uint32_t feed = (uint32_t)fc_rng_below(&run->rng, run->fleet.feeds);
        struct fc_hash owner = fc_world_participant(run->fleet.world, feed);
        struct fc_spread_news news = {
            .item = {fc_get_be64(owner.b), fc_version_make(1, 1000000 + run->published)},
            .hops = 1};
        fc_spread_put_news(&list, &news);
    }
    const struct fc_spread_list all = {MADE_UP, fc_buf_span(&list)};
    fc_spread_encode_news(&all, &bytes);
    struct fc_wire message = {.kind = FC_WIRE_ANNOUNCE,
                              .announce = {next_mark(run, node), fc_buf_span(&bytes)}};
    say_to_all(run, node, &message);
    fc_buf_finish(&list);
    fc_buf_finish(&bytes);
}

void fc_lie_alarm(struct fc_run *run, uint32_t group)
{
    enum fc_dishonesty kind = run->scenario->dishonest[group].kind;
    bool again =
        kind == FC_DISHONEST_FLOOD || kind == FC_DISHONEST_ROOT || kind == FC_DISHONEST_ANNOUNCE;
    if (!again || fc_run_now_us(run) > run->scenario->run_us)
        return;
    for (uint32_t i = 0; i < run->fleet.nodes; i++) {
        if (!lies_now(run, i) || run->liars[i].kind != kind || !fc_fleet_is_up(&run->fleet, i))
            continue;
        if (kind == FC_DISHONEST_FLOOD)
            flood(run, i);
        else if (kind == FC_DISHONEST_ROOT)
            claim_false_root(run, i);
        else
            announce_nothing(run, i);
    }
    uint64_t wait_us = kind == FC_DISHONEST_FLOOD ? FLOOD_EVERY_US : LIE_EVERY_US;
    fc_run_alarm(run, fc_run_now_us(run) + wait_us, FC_ACTION_LIE, group);
}

/* -- forking ---------------------------------------------------------------------------------- */

void fc_lie_publishing(struct fc_run *run, uint32_t node)
{
    struct fc_kv *now = NULL;
    if (!lies_now(run, node) || run->liars[node].kind != FC_DISHONEST_FORK)
        return;
    if (fc_kv_mem_clone(fc_replica_kv(fc_world_replica(run->fleet.world, node)), &now) != FC_OK)
        return;
    if (run->liars[node].before)
        fc_kv_close(run->liars[node].before);
    run->liars[node].before = now;
}

/* The other head at the same version, for one half of the neighbours. */
static void tell_other(struct fc_run *run, uint32_t node, struct fc_replica *other)
{
    struct fc_hash own = fc_world_participant(run->fleet.world, node);
    struct fc_buf record = {0}, ops = {0}, delta = {0}, bytes = {0};
    uint32_t peers[NEIGHBOURS_MAX];
    bool has_ops;
    if (fc_replica_head(other, &own, &record, &ops, &has_ops) == FC_OK && has_ops &&
        fc_delta_write(fc_buf_span(&record), fc_buf_span(&ops), &delta) == FC_OK) {
        struct fc_wire message = {
            .kind = FC_WIRE_DELTA,
            .delta = {.mark = next_mark(run, node), .tag = 1, .delta = fc_buf_span(&delta)}};
        uint32_t count = fc_fleet_neighbours(&run->fleet, node, peers, NEIGHBOURS_MAX);
        if (fc_wire_encode(&message, &bytes) == FC_OK)
            for (uint32_t i = 0; i < count && i < NEIGHBOURS_MAX; i += 2)
                if (peers[i] != FC_WORLD_NONE)
                    fc_world_inject(run->fleet.world, node, peers[i], fc_buf_span(&bytes));
    }
    fc_buf_finish(&record);
    fc_buf_finish(&ops);
    fc_buf_finish(&delta);
    fc_buf_finish(&bytes);
}

void fc_lie_published(struct fc_run *run, uint32_t node, uint32_t feed)
{
    struct fc_replica *other = NULL;
    struct fc_world_op op = {.key = "urn:example:fork", .content = "{\"name\":\"The other\"}"};
    if (!lies_now(run, node) || run->liars[node].kind != FC_DISHONEST_FORK ||
        !run->liars[node].before || feed != node)
        return;
    struct fc_kv *before = run->liars[node].before;
    run->liars[node].before = NULL;
    if (fc_world_open_aside(run->fleet.world, before, &other) != FC_OK)
        return;
    enum fc_err err = fc_replica_begin(other);
    if (err == FC_OK)
        err = fc_world_author(run->fleet.world, feed, other, &op, 1,
                              FC_WORLD_EPOCH_MS + fc_run_now_us(run) / 1000);
    if (err == FC_OK)
        err = fc_replica_commit(other);
    if (err == FC_OK)
        tell_other(run, node, other);
    fc_replica_close(other);
}
