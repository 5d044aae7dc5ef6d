/* What it costs one node to learn which of another's heads have moved on, when it has no cursor:
 * the two cores at work, a message at a time, by symbols as they choose themselves and by all
 * items. The floor is the bytes of the heads that differ, which cross the wire either way. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/inside.h"
#include "store/kv_mem.h"
#include "tests/bench/bench.h"
#include "tests/support/keys.h"

enum { HEADS_MAX = 10000, QUEUE_MAX = 4096 };

struct federation {
    struct fc_test_federation fed;
    struct fc_test_party *parties;
    uint32_t count;
};

static struct fc_replica *open_over(const struct federation *all, struct fc_kv *kv, bool create)
{
    struct fc_replica *replica;
    struct fc_replica_config config = {
        .kv = kv, .verifier = fc_verifier_plain(), .federation = all->fed.id, .create = create};
    bench_check(fc_replica_open(&config, &replica), "replica");
    return replica;
}

static struct fc_replica *clone(const struct federation *all, struct fc_replica *from)
{
    struct fc_kv *kv;
    bench_check(fc_kv_mem_clone(fc_replica_kv(from), &kv), "clone");
    return open_over(all, kv, false);
}

static enum fc_err sign(void *ctx, struct fc_span body, struct fc_span ops,
                        const struct fc_content *contents, uint32_t count, struct fc_buf *record)
{
    const struct fc_test_party *party = ctx;
    (void)ops, (void)contents, (void)count;
    return fc_record_sign(FC_RECORD_HEAD, body, &party->feed.secret, record);
}

/* Another head of each of the first so many feeds. */
static void move_on(const struct federation *all, struct fc_replica *replica, uint32_t count)
{
    bench_check(fc_replica_begin(replica), "begin");
    for (uint32_t i = 0; i < count; i++) {
        struct fc_author author = {.participant = all->parties[i].id,
                                   .heartbeat = true,
                                   .now_ms = FC_TEST_NOW_MS,
                                   .ctx = &all->parties[i],
                                   .sign = sign};
        fc_version version;
        bench_check(fc_replica_author(replica, &author, &version), "author");
    }
    bench_check(fc_replica_commit(replica), "commit");
}

static struct fc_replica *found(struct federation *all, uint32_t count)
{
    struct fc_kv *kv;
    all->count = count;
    all->parties = calloc(count, sizeof *all->parties);
    if (!all->parties)
        bench_die("out of memory");
    fc_test_federation_init(&all->fed, "reconcile", 1);
    bench_check(fc_kv_mem_create(&kv), "store");
    struct fc_replica *replica = open_over(all, kv, true);
    bench_check(fc_replica_begin(replica), "begin");
    bench_check(fc_replica_add_record(replica, fc_buf_span(&all->fed.charter_record)), "charter");
    for (uint32_t i = 0; i < count; i++) {
        char label[16];
        snprintf(label, sizeof label, "p%u", i);
        fc_test_party_init(&all->parties[i], &all->fed, label);
        bench_check(
            fc_replica_add_record(replica, fc_buf_span(&all->parties[i].certificate_record)),
            "certificate");
    }
    bench_check(fc_replica_commit(replica), "commit");
    move_on(all, replica, count);
    return replica;
}

/* -- two nodes -------------------------------------------------------------------------------- */

struct message {
    uint32_t to;
    struct fc_buf bytes;
};
struct pair {
    struct fc_replica *replicas[2];
    struct fc_core *cores[2];
    struct message queue[QUEUE_MAX];
    uint32_t first, count;
    uint64_t now_us;
    bool list;             /* all items, whatever the difference */
    size_t asked, records; /* bytes of node 0's questions and their answers, and of the records */
    uint32_t rounds;
    double seconds;
};

static bool is_of_interest(uint32_t from, enum fc_wire_kind kind)
{
    if (from == 0)
        return kind == FC_WIRE_SYNC || kind == FC_WIRE_COMPARE || kind == FC_WIRE_FETCH;
    return kind == FC_WIRE_PAGE || kind == FC_WIRE_SKETCH || kind == FC_WIRE_RECORDS;
}

/* Only node 0 asks, and no feed is loaded. */
static bool passes(uint32_t from, enum fc_wire_kind kind)
{
    return kind == FC_WIRE_HELLO || is_of_interest(from, kind);
}

static void enqueue(struct pair *pair, uint32_t from, struct fc_span bytes)
{
    struct fc_wire message;
    static const struct fc_riblt_item lowest;
    bench_check(fc_wire_decode(bytes, &message), "message");
    if (!passes(from, message.kind))
        return;
    struct message *place = &pair->queue[(pair->first + pair->count++) % QUEUE_MAX];
    *place = (struct message){.to = 1 - from};
    if (pair->list && message.kind == FC_WIRE_COMPARE && message.compare.after.len == 0)
        message.compare.after = fc_span(lowest.b, sizeof lowest.b);
    bench_check(fc_wire_encode(&message, &place->bytes), "message");
    if (message.kind == FC_WIRE_RECORDS)
        pair->records += place->bytes.len;
    else if (is_of_interest(from, message.kind))
        pair->asked += place->bytes.len;
    pair->rounds += from == 0 && is_of_interest(from, message.kind);
}

static void step(struct pair *pair, uint32_t node, struct fc_event *event)
{
    struct fc_effects effects = {0};
    event->now_us = pair->now_us += 10;
    event->wall_ms = FC_TEST_NOW_MS;
    event->link = 1;
    double start = bench_now_s();
    bench_check(fc_replica_begin(pair->replicas[node]), "begin");
    bench_check(fc_core_step(pair->cores[node], event, &effects), "step");
    bench_check(fc_replica_commit(pair->replicas[node]), "commit");
    pair->seconds += bench_now_s() - start;
    for (size_t i = 0; i < effects.count; i++)
        if (effects.list[i].kind == FC_EFFECT_SEND)
            enqueue(pair, node, effects.list[i].bytes);
    fc_effects_finish(&effects);
}

static void link_up(struct pair *pair, const struct federation *all)
{
    for (uint32_t i = 2; i-- > 0;) {
        struct fc_event event = {
            .kind = FC_EVENT_LINK_UP, .key = all->parties[1 - i].node.pub, .inbound = i == 1};
        step(pair, i, &event);
    }
}

static void exchange(struct pair *pair, const struct federation *all, struct fc_replica *behind,
                     struct fc_replica *ahead)
{
    pair->replicas[0] = behind;
    pair->replicas[1] = ahead;
    for (uint32_t i = 0; i < 2; i++) {
        struct fc_core_config config = {.replica = pair->replicas[i],
                                        .verifier = fc_verifier_plain(),
                                        .seed = {(uint8_t)i},
                                        .node_key = all->parties[i].node.pub,
                                        .participant = all->parties[i].id};
        bench_check(fc_core_create(&config, &pair->cores[i]), "core");
    }
    link_up(pair, all);
    while (pair->count != 0) {
        struct message message = pair->queue[pair->first];
        pair->first = (pair->first + 1) % QUEUE_MAX;
        pair->count--;
        struct fc_event event = {.kind = FC_EVENT_MESSAGE, .bytes = fc_buf_span(&message.bytes)};
        step(pair, message.to, &event);
        fc_buf_finish(&message.bytes);
        if (pair->cores[0]->session_count != 0) /* as if all feeds had been loaded meanwhile */
            fc_pending_clear(pair->cores[0]->sessions[0]);
    }
    const struct fc_sync *sync = &pair->cores[0]->sessions[0]->sync;
    if (sync->state != FC_SYNC_IDLE || sync->reached < sync->index)
        bench_die("the comparison did not come to an end");
    for (uint32_t i = 0; i < 2; i++)
        fc_core_destroy(pair->cores[i]);
}

static void run(const struct federation *all, struct fc_replica *base, struct fc_replica *ahead,
                bool list, struct pair *pair)
{
    struct fc_replica *behind = clone(all, base);
    *pair = (struct pair){.list = list};
    exchange(pair, all, behind, ahead);
    fc_replica_close(behind);
}

static void measure(struct bench *bench, const struct federation *all, struct fc_replica *base,
                    uint32_t changed)
{
    static struct pair symbols, items;
    char name[64];
    struct fc_replica *ahead = clone(all, base);
    move_on(all, ahead, changed);
    run(all, base, ahead, false, &symbols);
    run(all, base, ahead, true, &items);
    fc_replica_close(ahead);
    snprintf(name, sizeof name, "reconcile_%u_of_%u", changed, all->count);
    double floor = symbols.records ? (double)symbols.records : 1;
    bench_figure(bench, name, (double)(symbols.asked + symbols.records), "bytes", BENCH_LOWER,
                 changed ? floor : 0, "the records that differ, alone");
    bench_note(bench,
               "to find them: %zu bytes in %u rounds, %.1f ms for both; by all items %zu in %u, "
               "%.1f ms; their records %zu",
               symbols.asked, symbols.rounds, symbols.seconds * 1e3, items.asked, items.rounds,
               items.seconds * 1e3, symbols.records);
}

void bench_reconcile(struct bench *bench)
{
    static const uint32_t sizes[] = {100, HEADS_MAX}, changes[] = {0, 1, 10, 1000, HEADS_MAX};
    static const char *const names[] = {"reconcile_0_of_100", "reconcile_1_of_10000", NULL};
    if (bench->only && !strstr(bench->only, "reconcile") && !bench_wants(bench, names))
        return;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct federation all;
        struct fc_replica *base = found(&all, sizes[i]);
        for (size_t j = 0; j < sizeof changes / sizeof *changes; j++)
            if (changes[j] < sizes[i])
                measure(bench, &all, base, changes[j]);
        measure(bench, &all, base, sizes[i]);
        fc_replica_close(base);
        for (uint32_t j = 0; j < all.count; j++)
            fc_test_party_finish(&all.parties[j]);
        free(all.parties);
        fc_test_federation_finish(&all.fed);
    }
}
