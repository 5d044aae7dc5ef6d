/* Many nodes in one process, each a real core and replica on a memory store that is a clone of one
 * seeded store: what a node and a delta cost in memory, and what a step costs in time. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "net/core.h"
#include "net/view_message.h"
#include "net/view_registry.h"
#include "net/wire.h"
#include "sim/memo.h"
#include "store/kv_mem.h"
#include "tests/bench/bench.h"
#include "tests/support/keys.h"

enum { LINKS = 5, CONTENT_BYTES = 1024, IDLE_STEPS = 20000 };

struct author {
    struct fc_test_party party;
    struct fc_replica *replica;
};
struct node {
    struct fc_replica *replica;
    struct fc_core *core;
};
struct many {
    struct fc_test_federation fed;
    struct fc_memo memo;
    struct fc_shared *shared;
    struct fc_kv *seed;        /* charter and certificates */
    struct fc_replica *seeded; /* holds what all of them share */
    struct author *authors;
    uint32_t author_count;
    struct fc_key *keys; /* of all members' nodes */
    uint32_t key_count;
    struct fc_buf *messages; /* deltas, by version, then by feed */
    struct node *nodes;
    uint32_t node_count;
    uint64_t now_us;
    double step_s, commit_s;
};

static double cpu_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double allocated_bytes(void)
{
    struct mallinfo2 info = mallinfo2();
    return (double)(info.uordblks + info.hblkhd);
}

static struct fc_replica *open_on(struct many *many, struct fc_kv *kv, uint32_t number, bool create)
{
    struct fc_replica *replica;
    struct fc_replica_config config = {.kv = kv,
                                       .verifier = fc_memo_verifier(&many->memo),
                                       .federation = many->fed.id,
                                       .create = create,
                                       .shared = many->shared};
    fc_put_be32(config.seed, number);
    bench_check(fc_replica_open(&config, &replica), "replica");
    return replica;
}

static struct fc_replica *clone_of(struct many *many, struct fc_kv *from, uint32_t number)
{
    struct fc_kv *kv;
    bench_check(fc_kv_mem_clone(from, &kv), "clone");
    return open_on(many, kv, number, false);
}

static void add(struct fc_replica *replica, const struct fc_buf *record)
{
    bench_check(fc_replica_add_record(replica, fc_buf_span(record)), "record");
}

/* A store that holds the charter and a certificate for each member. */
static void seed(struct many *many, uint32_t members, uint32_t authors)
{
    struct fc_kv *kv;
    fc_test_federation_init(&many->fed, "many", 1);
    bench_check(fc_shared_create(fc_memo_verifier(&many->memo), &many->shared), "shared");
    bench_check(fc_kv_mem_create(&kv), "store");
    struct fc_replica *replica = open_on(many, kv, 0, true);
    many->authors = calloc(authors, sizeof *many->authors);
    many->keys = calloc(members, sizeof *many->keys);
    if (!many->authors || !many->keys)
        bench_die("out of memory");
    many->author_count = authors;
    many->key_count = members;
    bench_check(fc_replica_begin(replica), "begin");
    add(replica, &many->fed.charter_record);
    for (uint32_t i = 0; i < members; i++) {
        struct fc_test_party spare, *party = i < authors ? &many->authors[i].party : &spare;
        char label[32];
        snprintf(label, sizeof label, "m%u", i);
        fc_test_party_init(party, &many->fed, label);
        add(replica, &party->certificate_record);
        many->keys[i] = party->node.pub;
        if (i >= authors)
            fc_test_party_finish(party);
    }
    bench_check(fc_replica_commit(replica), "commit");
    bench_check(fc_kv_mem_clone(fc_replica_kv(replica), &many->seed), "clone");
    many->seeded = replica;
}

/* -- deltas ------------------------------------------------------------------------------------ */

struct made {
    const struct fc_test_party *party;
    struct fc_buf delta, contents;
};

static enum fc_err sign(void *ctx, struct fc_span head_body, struct fc_span ops,
                        const struct fc_content *contents, uint32_t count, struct fc_buf *record)
{
    struct made *made = ctx;
    size_t start = record->len;
    enum fc_err err = fc_record_sign(FC_RECORD_HEAD, head_body, &made->party->feed.secret, record);
    for (uint32_t i = 0; i < count; i++)
        fc_wire_put_content(&made->contents, NULL, &contents[i]);
    if (err != FC_OK)
        return err;
    return fc_delta_write(fc_span(record->data + start, record->len - start), ops, &made->delta);
}

/* Text that compresses to about half. */
static void write_content(uint32_t number, uint32_t version, char text[CONTENT_BYTES])
{
    char hex[65];
    for (size_t at = 0; at < CONTENT_BYTES; at += 64) {
        uint32_t words[3] = {number, version, (uint32_t)at};
        struct fc_hash hash = fc_hash("fedcat.bench.1", fc_span(words, sizeof words));
        fc_hex(hash.b, sizeof hash.b, hex);
        memcpy(text + at, hex, 64);
    }
}

static void author_one(struct author *author, uint32_t number, uint32_t version,
                       struct fc_buf *message)
{
    char key[48], text[CONTENT_BYTES];
    snprintf(key, sizeof key, "https://offers.example/%u/%u", number, version);
    write_content(number, version, text);
    struct fc_op op = {.kind = FC_OP_PUT,
                       .key = fc_span_str(key),
                       .key_hash = fc_key_hash(fc_span_str(key)),
                       .media_type = fc_span_str("application/ld+json"),
                       .size = sizeof text,
                       .status = FC_STATUS_ACTIVE};
    struct fc_content content = {.key_hash = op.key_hash, .bytes = fc_span(text, sizeof text)};
    struct made made = {.party = &author->party};
    struct fc_author what = {.participant = author->party.id,
                             .ops = &op,
                             .op_count = 1,
                             .contents = &content,
                             .content_count = 1,
                             .now_ms = FC_TEST_NOW_MS,
                             .ctx = &made,
                             .sign = sign};
    fc_version held;
    bench_check(fc_replica_begin(author->replica), "begin");
    bench_check(fc_replica_author(author->replica, &what, &held), "author");
    bench_check(fc_replica_commit(author->replica), "commit");
    struct fc_wire wire = {.kind = FC_WIRE_DELTA,
                           .delta = {.mark = {.epoch = 7},
                                     .delta = fc_buf_span(&made.delta),
                                     .contents = {1, fc_buf_span(&made.contents)}}};
    bench_check(fc_wire_encode(&wire, message), "message");
    fc_buf_finish(&made.delta);
    fc_buf_finish(&made.contents);
}

static void author_all(struct many *many, uint32_t versions)
{
    many->messages = calloc((size_t)many->author_count * versions, sizeof *many->messages);
    if (!many->messages)
        bench_die("out of memory");
    for (uint32_t i = 0; i < many->author_count; i++) {
        many->authors[i].replica = clone_of(many, many->seed, i);
        for (uint32_t v = 0; v < versions; v++)
            author_one(&many->authors[i], i, v, &many->messages[v * many->author_count + i]);
        fc_replica_close(many->authors[i].replica);
        fc_test_party_finish(&many->authors[i].party);
    }
}

/* -- nodes ------------------------------------------------------------------------------------- */

static void step(struct many *many, struct node *node, const struct fc_event *event)
{
    struct fc_effects effects = {0};
    struct fc_event timed = *event;
    timed.now_us = many->now_us;
    timed.wall_ms = FC_TEST_NOW_MS + many->now_us / 1000;
    bench_check(fc_replica_begin(node->replica), "begin");
    bench_check(fc_core_step(node->core, &timed, &effects), "step");
    bench_check(fc_replica_commit(node->replica), "commit");
    fc_effects_finish(&effects);
}

static void say(struct many *many, struct node *node, fc_link link, const struct fc_wire *wire)
{
    struct fc_buf bytes = {0};
    bench_check(fc_wire_encode(wire, &bytes), "message");
    struct fc_event event = {.kind = FC_EVENT_MESSAGE, .link = link, .bytes = fc_buf_span(&bytes)};
    step(many, node, &event);
    fc_buf_finish(&bytes);
}

/* A neighbour with an empty log that asks to be active, as the view has it. */
static void link_up(struct many *many, struct node *node, fc_link link, const struct fc_key *key)
{
    const struct fc_held *charter = fc_ledger_charter(fc_replica_ledger(node->replica), NULL);
    struct fc_event event = {.kind = FC_EVENT_LINK_UP, .link = link, .key = *key, .inbound = true};
    step(many, node, &event);
    struct fc_wire hello = {.kind = FC_WIRE_HELLO,
                            .hello = {.version_min = FC_WIRE_VERSION,
                                      .version_max = FC_WIRE_VERSION,
                                      .federation = many->fed.id,
                                      .charter_version = 1,
                                      .charter = charter->record.hash,
                                      .node_key = *key,
                                      .epoch = 7}};
    say(many, node, link, &hello);
    struct fc_view_message ask = {.kind = FC_VIEW_NEIGHBOR, .priority = FC_VIEW_HIGH};
    struct fc_buf bytes = {0};
    fc_view_encode(&ask, &bytes);
    struct fc_wire view = {.kind = FC_WIRE_VIEW, .opaque = {.bytes = fc_buf_span(&bytes)}};
    say(many, node, link, &view);
    fc_buf_finish(&bytes);
}

static void open_node(struct many *many, uint32_t at)
{
    struct node *node = &many->nodes[at];
    node->replica = clone_of(many, many->seed, at);
    struct fc_core_config config = {.replica = node->replica,
                                    .verifier = fc_memo_verifier(&many->memo),
                                    .node_key = many->keys[at % many->key_count],
                                    .view = &fc_view_registry};
    fc_put_be32(config.seed, at);
    bench_check(fc_core_create(&config, &node->core), "core");
    for (uint32_t i = 0; i < LINKS; i++)
        link_up(many, node, i + 1, &many->keys[(at + 1 + i) % many->key_count]);
    struct fc_core_status status;
    fc_core_get_status(node->core, &status);
    if (status.open != LINKS)
        bench_die("%u of %d links are open", status.open, LINKS);
}

static void open_all(struct many *many, uint32_t count)
{
    many->nodes = calloc(count, sizeof *many->nodes);
    if (!many->nodes)
        bench_die("out of memory");
    many->node_count = count;
    for (uint32_t i = 0; i < count; i++)
        open_node(many, i);
}

static void deliver(struct many *many, uint32_t at, const struct fc_buf *message)
{
    struct fc_event event = {
        .kind = FC_EVENT_MESSAGE, .link = 1 + at % LINKS, .bytes = fc_buf_span(message)};
    step(many, &many->nodes[at], &event);
}

/* Each node takes the feeds in another order. */
static void deliver_all(struct many *many, uint32_t versions)
{
    for (uint32_t v = 0; v < versions; v++) {
        for (uint32_t i = 0; i < many->author_count; i++) {
            many->now_us += 1000;
            for (uint32_t at = 0; at < many->node_count; at++) {
                uint32_t feed = (uint32_t)((i + (uint64_t)at * 7919) % many->author_count);
                deliver(many, at, &many->messages[v * many->author_count + feed]);
            }
        }
    }
    for (uint32_t at = 0; at < many->node_count; at++) {
        struct fc_digest first, digest;
        bench_check(fc_replica_digest(many->nodes[0].replica, &first), "digest");
        bench_check(fc_replica_digest(many->nodes[at].replica, &digest), "digest");
        if (digest.entries != (uint64_t)versions * many->author_count ||
            !fc_hash_eq(&digest.hash, &first.hash))
            bench_die("node %u holds %llu entries", at, (unsigned long long)digest.entries);
    }
}

static void finish(struct many *many, uint32_t messages)
{
    for (uint32_t i = 0; i < many->node_count; i++) {
        fc_core_destroy(many->nodes[i].core);
        fc_replica_close(many->nodes[i].replica);
    }
    for (uint32_t i = 0; i < messages; i++)
        fc_buf_finish(&many->messages[i]);
    fc_replica_close(many->seeded);
    fc_kv_close(many->seed);
    fc_shared_destroy(many->shared);
    fc_memo_finish(&many->memo);
    fc_test_federation_finish(&many->fed);
    free(many->messages);
    free(many->nodes);
    free(many->authors);
    free(many->keys);
}

static double idle_us(struct many *many)
{
    struct fc_event tick = {.kind = FC_EVENT_TICK};
    double start = cpu_s();
    for (uint32_t i = 0; i < IDLE_STEPS; i++)
        step(many, &many->nodes[i % many->node_count], &tick);
    return (cpu_s() - start) * 1e6 / IDLE_STEPS;
}

void bench_many(struct bench *bench)
{
    static const char *const names[] = {"many_node_bytes",  "many_open_us", "many_delta_bytes",
                                        "many_delivery_us", "many_idle_us", NULL};
    if (!bench_wants(bench, names))
        return;
    uint32_t nodes = bench->nodes, members = bench->members, feeds = bench->feeds;
    uint32_t versions = bench->deltas / feeds;
    if (versions == 0 || feeds > members || nodes == 0 || members <= LINKS)
        bench_die("feeds must be members, and each have a delta; more than %d members", LINKS);
    struct many many = {.now_us = 1};
    bench_note(bench, "%u nodes, %u members, %u feeds, %u deltas to each node", nodes, members,
               feeds, versions * feeds);
    double empty = allocated_bytes();
    seed(&many, members, feeds);
    bench_note(bench, "%.0f bytes for each member, shared by all nodes",
               (allocated_bytes() - empty) / members);
    author_all(&many, versions);
    double before = allocated_bytes(), start = cpu_s();
    open_all(&many, nodes);
    double opened = allocated_bytes(), opened_s = cpu_s();
    bench_figure(bench, "many_node_bytes", (opened - before) / nodes, "B", BENCH_LOWER, 0, NULL);
    bench_figure(bench, "many_open_us", (opened_s - start) * 1e6 / nodes, "us", BENCH_LOWER, 0,
                 NULL);
    double idle = idle_us(&many);
    start = cpu_s();
    deliver_all(&many, versions);
    double deliveries = (double)nodes * versions * feeds;
    bench_figure(bench, "many_delivery_us", (cpu_s() - start) * 1e6 / deliveries, "us", BENCH_LOWER,
                 0, NULL);
    bench_figure(bench, "many_delta_bytes", (allocated_bytes() - opened) / deliveries, "B",
                 BENCH_LOWER, 0, NULL);
    bench_figure(bench, "many_idle_us", idle, "us", BENCH_LOWER, 0, NULL);
    finish(&many, versions * feeds);
}
