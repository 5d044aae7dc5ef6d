/* The module alone, on hosts that are no more than a table of versions and a queue of messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/rng.h"
#include "net/spread_message.h"
#include "net/spread_plumtree.h"

enum { NODES_MAX = 40, FEEDS = 4, MS = 1000, SECOND_US = 1000000 };

enum what { PUSH, ANNOUNCE, MESSAGE };
struct parcel {
    uint64_t at_us, serial;
    enum what what;
    uint32_t from, to, life; /* of the link */
    struct fc_spread_item item;
    uint32_t tag;
    struct fc_buf bytes;
};
struct net;
struct node {
    struct net *net;
    uint32_t index;
    struct fc_spread *spread;
    fc_version held[FEEDS];
    uint64_t got_us[FEEDS];
    uint32_t pushed, duplicates, announced, said, grafts, prunes, missing, given_up, punished,
        dropped;
};
struct net {
    const struct fc_spread_ops *ops;
    struct node nodes[NODES_MAX];
    uint32_t count;
    bool linked[NODES_MAX][NODES_MAX];
    uint32_t life[NODES_MAX][NODES_MAX];
    uint64_t way_us[NODES_MAX][NODES_MAX];
    uint64_t now_us, serial;
    struct parcel *queue;
    uint32_t queued, cap;
    uint32_t lose_to, lose_from; /* the next push between these two is lost */
    bool lose;
    struct fc_rng rng;
};

static struct fc_key key_of(uint32_t node)
{
    struct fc_key key = {{0}};
    fc_put_be32(key.b, node + 1);
    return key;
}

static uint32_t node_of(const struct fc_key *key)
{
    return fc_get_be32(key->b) - 1;
}

static struct fc_arrival arrival_of(uint32_t feed, fc_version version)
{
    struct fc_arrival arrival = {.type = FC_RECORD_HEAD, .version = version, .index = version};
    fc_put_be32(arrival.subject.b, 100 + feed);
    return arrival;
}

static uint32_t feed_of(const struct fc_spread_item *item)
{
    return (uint32_t)(item->id >> 32) - 100;
}

static void put(struct net *net, enum what what, uint32_t from, uint32_t to, struct fc_span bytes,
                struct fc_spread_item item, uint32_t tag)
{
    if (net->queued == net->cap) {
        net->cap = net->cap ? 2 * net->cap : 64;
        net->queue = realloc(net->queue, net->cap * sizeof *net->queue);
        assert_non_null(net->queue);
    }
    struct parcel *parcel = &net->queue[net->queued++];
    *parcel = (struct parcel){.at_us = net->now_us + net->way_us[from][to],
                              .serial = net->serial++,
                              .what = what,
                              .from = from,
                              .to = to,
                              .life = net->life[from][to],
                              .item = item,
                              .tag = tag};
    fc_buf_append(&parcel->bytes, bytes.data, bytes.len);
}

static bool push_version(struct node *node, const struct fc_key *key, struct fc_spread_item item,
                         uint32_t tag)
{
    struct net *net = node->net;
    uint32_t to = node_of(key);
    assert_true(net->linked[node->index][to]);
    if (net->lose && net->lose_from == node->index && net->lose_to == to)
        net->lose = false;
    else
        put(net, PUSH, node->index, to, (struct fc_span){0}, item, tag);
    return true;
}

static bool host_push(void *ctx, const struct fc_key *key, const struct fc_arrival *arrival,
                      uint32_t tag)
{
    return push_version(ctx, key, fc_spread_item_of(arrival), tag);
}

static void host_note(void *ctx, const struct fc_key *key)
{
    (void)ctx, (void)key;
}

static bool host_holds(void *ctx, const struct fc_spread_item *item)
{
    const struct node *node = ctx;
    uint32_t feed = feed_of(item);
    return feed < FEEDS && node->held[feed] >= item->version;
}

static bool host_push_item(void *ctx, const struct fc_key *key, const struct fc_spread_item *item,
                           uint32_t tag)
{
    struct node *node = ctx;
    if (!host_holds(ctx, item))
        return false;
    return push_version(node, key, (struct fc_spread_item){item->id, node->held[feed_of(item)]},
                        tag);
}

static bool host_announce(void *ctx, const struct fc_key *key, struct fc_span bytes, bool last)
{
    struct node *node = ctx;
    (void)last;
    node->announced++;
    put(node->net, ANNOUNCE, node->index, node_of(key), bytes, (struct fc_spread_item){0}, 0);
    return true;
}

static void host_settle(void *ctx, const struct fc_key *key, bool known)
{
    struct node *node = ctx;
    (void)key;
    node->given_up += !known;
}

static void host_send(void *ctx, const struct fc_key *key, struct fc_span bytes)
{
    struct node *node = ctx;
    struct fc_spread_message message;
    assert_int_equal(fc_spread_decode(bytes, &message), FC_OK);
    node->said++;
    node->grafts += message.kind == FC_SPREAD_GRAFT;
    node->prunes += message.kind == FC_SPREAD_PRUNE;
    put(node->net, MESSAGE, node->index, node_of(key), bytes, (struct fc_spread_item){0}, 0);
}

static void host_missing(void *ctx, const struct fc_key *key, const struct fc_spread_item *item)
{
    struct node *node = ctx;
    (void)key, (void)item;
    node->missing++;
}

static uint64_t host_round_trip_us(void *ctx, const struct fc_key *key)
{
    const struct node *node = ctx;
    return 2 * node->net->way_us[node->index][node_of(key)];
}

static void cut(struct net *net, uint32_t a, uint32_t b)
{
    struct fc_key key_a = key_of(a), key_b = key_of(b);
    if (!net->linked[a][b])
        return;
    net->linked[a][b] = net->linked[b][a] = false;
    net->life[a][b]++;
    net->life[b][a]++;
    net->ops->on_closed(net->nodes[a].spread, &key_b, net->now_us);
    net->ops->on_closed(net->nodes[b].spread, &key_a, net->now_us);
}

static void host_drop(void *ctx, const struct fc_key *key, const char *why)
{
    struct node *node = ctx;
    assert_non_null(why);
    node->dropped++;
    cut(node->net, node->index, node_of(key));
}

static void host_punish(void *ctx, const struct fc_key *key, const char *why)
{
    struct node *node = ctx;
    assert_non_null(why);
    node->punished++;
    cut(node->net, node->index, node_of(key));
}

static uint64_t host_random(void *ctx, uint64_t below)
{
    struct node *node = ctx;
    return fc_rng_below(&node->net->rng, below);
}

static void add_node(struct net *net)
{
    struct node *node = &net->nodes[net->count];
    *node = (struct node){.net = net, .index = net->count++};
    struct fc_spread_host host = {.ctx = node,
                                  .push = host_push,
                                  .defer = host_note,
                                  .skip = host_note,
                                  .push_item = host_push_item,
                                  .announce = host_announce,
                                  .settle = host_settle,
                                  .send = host_send,
                                  .holds = host_holds,
                                  .missing = host_missing,
                                  .round_trip_us = host_round_trip_us,
                                  .drop = host_drop,
                                  .punish = host_punish,
                                  .random = host_random};
    assert_int_equal(net->ops->create(&host, &node->spread), FC_OK);
}

static void begin(struct net *net, const struct fc_spread_ops *ops, uint32_t count, uint8_t seed)
{
    uint8_t bytes[32] = {seed};
    *net = (struct net){.ops = ops};
    fc_rng_init(&net->rng, bytes);
    for (uint32_t i = 0; i < count; i++)
        add_node(net);
}

static void end(struct net *net)
{
    for (uint32_t i = 0; i < net->count; i++)
        net->ops->destroy(net->nodes[i].spread);
    for (uint32_t i = 0; i < net->queued; i++)
        fc_buf_finish(&net->queue[i].bytes);
    free(net->queue);
}

static void join(struct net *net, uint32_t a, uint32_t b, uint64_t way_us)
{
    struct fc_key key_a = key_of(a), key_b = key_of(b);
    if (a == b || net->linked[a][b])
        return;
    net->linked[a][b] = net->linked[b][a] = true;
    net->way_us[a][b] = net->way_us[b][a] = way_us;
    net->ops->on_open(net->nodes[a].spread, &key_b, net->now_us);
    net->ops->on_open(net->nodes[b].spread, &key_a, net->now_us);
}

/* A ring, and as many chords. */
static void weave(struct net *net)
{
    for (uint32_t i = 0; i < net->count; i++)
        join(net, i, (i + 1) % net->count, 5 * MS + fc_rng_below(&net->rng, 20 * MS));
    for (uint32_t i = 0; i < net->count; i++)
        join(net, i, (uint32_t)fc_rng_below(&net->rng, net->count),
             5 * MS + fc_rng_below(&net->rng, 20 * MS));
}

static void deliver(struct net *net, const struct parcel *parcel)
{
    struct node *to = &net->nodes[parcel->to];
    struct fc_key from = key_of(parcel->from);
    if (!net->linked[parcel->from][parcel->to] ||
        parcel->life != net->life[parcel->from][parcel->to])
        return;
    if (parcel->what == ANNOUNCE) {
        net->ops->on_announce(to->spread, &from, fc_buf_span(&parcel->bytes), net->now_us);
    } else if (parcel->what == MESSAGE) {
        net->ops->on_message(to->spread, &from, fc_buf_span(&parcel->bytes), net->now_us);
    } else {
        uint32_t feed = feed_of(&parcel->item);
        struct fc_arrival arrival = arrival_of(feed, parcel->item.version);
        to->pushed++;
        if (to->held[feed] >= parcel->item.version) {
            to->duplicates++;
            net->ops->on_duplicate(to->spread, &arrival, &from, parcel->tag, net->now_us);
        } else {
            to->held[feed] = parcel->item.version;
            to->got_us[feed] = net->now_us;
            net->ops->on_accepted(to->spread, &arrival, FC_SPREAD_PUSHED, &from, parcel->tag,
                                  net->now_us);
        }
    }
}

/* The next thing that happens: a parcel, or some node's tick. False: nothing until then. */
static bool step(struct net *net, uint64_t until_us)
{
    uint32_t first = net->queued, ticking = net->count;
    uint64_t at_us = until_us;
    for (uint32_t i = 0; i < net->count; i++) {
        uint64_t due_us = net->ops->deadline_us(net->nodes[i].spread);
        if (due_us < at_us) {
            at_us = due_us;
            ticking = i;
        }
    }
    for (uint32_t i = 0; i < net->queued; i++) {
        const struct parcel *parcel = &net->queue[i];
        if (parcel->at_us > at_us || (first < net->queued && parcel->at_us == at_us &&
                                      parcel->serial > net->queue[first].serial))
            continue;
        at_us = parcel->at_us;
        first = i;
    }
    if (at_us >= until_us)
        return false;
    if (at_us > net->now_us)
        net->now_us = at_us;
    if (first < net->queued) {
        struct parcel parcel = net->queue[first];
        net->queue[first] = net->queue[--net->queued];
        deliver(net, &parcel);
        fc_buf_finish(&parcel.bytes);
    } else {
        net->ops->on_tick(net->nodes[ticking].spread, net->now_us);
    }
    return true;
}

static void run(struct net *net, uint64_t for_us)
{
    uint64_t until_us = net->now_us + for_us;
    while (step(net, until_us))
        ;
    net->now_us = until_us;
}

static void publish(struct net *net, uint32_t node, uint32_t feed)
{
    struct fc_arrival arrival = arrival_of(feed, ++net->nodes[node].held[feed]);
    net->nodes[node].got_us[feed] = net->now_us;
    net->ops->on_accepted(net->nodes[node].spread, &arrival, FC_SPREAD_OWN, NULL, 0, net->now_us);
}

static void reset(struct net *net)
{
    for (uint32_t i = 0; i < net->count; i++) {
        struct node *node = &net->nodes[i];
        node->pushed = node->duplicates = node->announced = node->said = 0;
        node->grafts = node->prunes = node->missing = 0;
    }
}

static uint32_t sum(const struct net *net, size_t offset)
{
    uint32_t total = 0;
    for (uint32_t i = 0; i < net->count; i++)
        total += *(const uint32_t *)(const void *)((const char *)&net->nodes[i] + offset);
    return total;
}
#define SUM(net, field) sum(net, offsetof(struct node, field))

static void all_have(struct net *net, uint32_t feed, fc_version version)
{
    for (uint32_t i = 0; i < net->count; i++)
        assert_int_equal(net->nodes[i].held[feed], version);
}

/* The first news floods; after it each feed has a tree of its own, and nothing comes twice. */
static void a_tree_is_built(void **state)
{
    (void)state;
    static const struct fc_spread_ops *const ops[] = {&fc_spread_plumtree,
                                                      &fc_spread_plumtree_shared};
    for (uint8_t seed = 0; seed < 20; seed++) {
        struct net net;
        begin(&net, ops[seed % 2], 24, seed);
        weave(&net);
        run(&net, SECOND_US);
        for (fc_version version = 1; version <= 6; version++) {
            reset(&net);
            publish(&net, 3, 0);
            run(&net, SECOND_US);
            all_have(&net, 0, version);
            if (version >= 3)
                assert_int_equal(SUM(&net, duplicates), 0);
        }
        assert_int_equal(SUM(&net, pushed), net.count - 1);
        assert_int_equal(SUM(&net, given_up), 0);
        end(&net);
    }
}

/* Each feed's news takes the quickest way there is, to everyone. */
static void each_tree_is_the_shortest(void **state)
{
    (void)state;
    for (uint8_t seed = 0; seed < 20; seed++) {
        struct net net;
        uint64_t far_us[NODES_MAX];
        begin(&net, &fc_spread_plumtree, 24, seed);
        weave(&net);
        run(&net, SECOND_US);
        for (int i = 0; i < 3; i++) {
            publish(&net, 7, 1);
            run(&net, SECOND_US);
        }
        memset(far_us, 0xff, sizeof far_us);
        far_us[7] = 0;
        for (uint32_t round = 0; round < net.count; round++)
            for (uint32_t a = 0; a < net.count; a++)
                for (uint32_t b = 0; b < net.count; b++)
                    if (net.linked[a][b] && far_us[a] != UINT64_MAX &&
                        far_us[a] + net.way_us[a][b] < far_us[b])
                        far_us[b] = far_us[a] + net.way_us[a][b];
        uint64_t start_us = net.now_us;
        publish(&net, 7, 1);
        run(&net, SECOND_US);
        for (uint32_t i = 0; i < net.count; i++)
            assert_in_range(net.nodes[i].got_us[1] - start_us, far_us[i],
                            far_us[i] + far_us[i] / 8 + 5 * MS);
        end(&net);
    }
}

/* A push is lost: who lacks it hears of it, and asks. */
static void what_is_lost_is_grafted(void **state)
{
    (void)state;
    struct net net;
    begin(&net, &fc_spread_plumtree, 3, 1);
    join(&net, 0, 1, 10 * MS);
    join(&net, 1, 2, 10 * MS);
    join(&net, 0, 2, 15 * MS);
    run(&net, SECOND_US);
    publish(&net, 0, 0);
    run(&net, SECOND_US);
    reset(&net);
    net.lose = true;
    net.lose_from = 0;
    net.lose_to = 2;
    publish(&net, 0, 0);
    run(&net, 50 * MS);
    assert_int_equal(net.nodes[2].held[0], 1);
    run(&net, 2 * (uint64_t)SECOND_US);
    assert_int_equal(net.nodes[2].held[0], 2);
    assert_true(net.nodes[2].missing > 0);
    assert_true(net.nodes[2].grafts > 0);
    for (int i = 0; i < 3; i++) { /* and the way from the source is found again */
        reset(&net);
        publish(&net, 0, 0);
        run(&net, SECOND_US);
    }
    assert_int_equal(net.nodes[2].got_us[0] - net.nodes[0].got_us[0], 15 * MS);
    assert_int_equal(SUM(&net, pushed), 2);
    end(&net);
}

/* Links go, and the trees are mended before the next news: it needs no timer. */
static void lost_parents_are_replaced(void **state)
{
    (void)state;
    uint32_t late = 0, broadcasts = 0;
    for (uint8_t seed = 0; seed < 20; seed++) {
        struct net net;
        begin(&net, &fc_spread_plumtree, 24, seed);
        weave(&net);
        run(&net, SECOND_US);
        for (int i = 0; i < 3; i++) {
            publish(&net, 0, 0);
            run(&net, SECOND_US);
        }
        for (uint32_t i = 0; i < 6; i++) {
            uint32_t a = (uint32_t)fc_rng_below(&net.rng, net.count);
            cut(&net, a, (a + 1) % net.count);
            join(&net, a, (uint32_t)fc_rng_below(&net.rng, net.count), 10 * MS);
            run(&net, SECOND_US);
            reset(&net);
            publish(&net, 0, 0);
            run(&net, 3 * (uint64_t)SECOND_US);
            all_have(&net, 0, net.nodes[0].held[0]);
            broadcasts++;
            late += SUM(&net, missing) != 0;
        }
        end(&net);
    }
    assert_in_range(late, 0, broadcasts / 10);
}

/* After the first node, which published. */
static uint32_t late_nodes(const struct net *net, uint64_t than_us)
{
    uint32_t late = 0;
    for (uint32_t i = 1; i < net->count; i++)
        late += net->nodes[i].got_us[0] > net->nodes[0].got_us[0] + than_us;
    return late;
}

static void leave(struct net *net, uint32_t a, uint32_t b)
{
    struct fc_key key_a = key_of(a), key_b = key_of(b);
    net->ops->on_leaving(net->nodes[a].spread, &key_b, net->now_us);
    run(net, net->way_us[a][b]);
    if (net->linked[a][b])
        net->ops->on_leaving(net->nodes[b].spread, &key_a, net->now_us);
}

/* A link is given up, as views do it, with news at any moment of it: nothing waits for a graft. */
static void trees_move_off_a_link_that_leaves(void **state)
{
    (void)state;
    uint32_t late = 0, duplicates = 0, broadcasts = 0;
    for (uint8_t seed = 0; seed < 40; seed++) {
        struct net net;
        begin(&net, &fc_spread_plumtree, 24, seed);
        weave(&net);
        run(&net, SECOND_US);
        for (int i = 0; i < 4; i++) {
            publish(&net, 0, 0);
            run(&net, SECOND_US);
        }
        for (uint32_t i = 0; i < 6; i++) {
            uint32_t a = (uint32_t)fc_rng_below(&net.rng, net.count);
            join(&net, a, (uint32_t)fc_rng_below(&net.rng, net.count), 10 * MS);
            run(&net, 50 * MS);
            reset(&net);
            leave(&net, a, (a + 1) % net.count);
            run(&net, fc_rng_below(&net.rng, 1500 * MS));
            publish(&net, 0, 0);
            run(&net, 2 * (uint64_t)SECOND_US);
            all_have(&net, 0, net.nodes[0].held[0]);
            late += late_nodes(&net, 250 * MS);
            cut(&net, a, (a + 1) % net.count);
            publish(&net, 0, 0);
            run(&net, 2 * (uint64_t)SECOND_US);
            all_have(&net, 0, net.nodes[0].held[0]);
            broadcasts += 2;
            late += late_nodes(&net, 250 * MS);
            duplicates += SUM(&net, duplicates);
        }
        end(&net);
    }
    printf("%u broadcasts over links that leave: %u nodes late, %u duplicates\n", broadcasts, late,
           duplicates);
    assert_in_range(late, 0, broadcasts / 100);
    assert_in_range(duplicates, 0, broadcasts);
}

static void a_quicker_link_is_taken(void **state)
{
    (void)state;
    struct net net;
    begin(&net, &fc_spread_plumtree, 3, 1);
    join(&net, 0, 1, 50 * MS);
    join(&net, 0, 2, 5 * MS);
    run(&net, SECOND_US);
    publish(&net, 0, 0);
    run(&net, SECOND_US);
    join(&net, 2, 1, 5 * MS);
    run(&net, SECOND_US);
    reset(&net);
    publish(&net, 0, 0);
    run(&net, SECOND_US);
    assert_int_equal(net.nodes[1].got_us[0] - net.nodes[0].got_us[0], 10 * MS);
    assert_int_equal(SUM(&net, pushed), 2);
    assert_int_equal(SUM(&net, duplicates), 0);
    end(&net);
}

/* A prune and news cross on their way: whatever the moment, a parent is left. */
static void a_prune_crosses_news(void **state)
{
    (void)state;
    for (uint64_t after_us = 0; after_us < 1200 * MS; after_us += 3 * MS) {
        struct net net;
        begin(&net, &fc_spread_plumtree, 3, 1);
        join(&net, 0, 1, 20 * MS);
        join(&net, 0, 2, 5 * MS);
        run(&net, SECOND_US);
        publish(&net, 0, 0);
        run(&net, SECOND_US);
        join(&net, 2, 1, 5 * MS);
        run(&net, after_us);
        net.way_us[2][1] = net.way_us[1][2] = 16 * MS; /* the former parent is quicker again */
        publish(&net, 0, 0);
        run(&net, 2 * (uint64_t)SECOND_US);
        reset(&net);
        publish(&net, 0, 0);
        run(&net, SECOND_US);
        assert_int_equal(SUM(&net, missing), 0);
        end(&net);
    }
}

/* Who comes later is brought everything over one link, and what is new to all over that too. */
static void a_newcomer_is_brought_everything(void **state)
{
    (void)state;
    struct net net;
    begin(&net, &fc_spread_plumtree, 6, 1);
    for (uint32_t i = 0; i < 5; i++)
        join(&net, i, (i + 1) % 5, 10 * MS);
    run(&net, SECOND_US);
    for (int i = 0; i < 2; i++)
        for (uint32_t feed = 0; feed < 2; feed++) {
            publish(&net, feed, feed);
            run(&net, SECOND_US);
        }
    join(&net, 5, 3, 10 * MS);
    join(&net, 5, 1, 20 * MS);
    run(&net, SECOND_US);
    reset(&net);
    for (uint32_t feed = 0; feed < 2; feed++) {
        publish(&net, feed, feed);
        run(&net, SECOND_US);
        assert_int_equal(net.nodes[5].held[feed], 3);
    }
    assert_int_equal(net.nodes[5].missing, 0);
    assert_int_equal(SUM(&net, pushed), 2 * 5);
    publish(&net, 5, 2); /* and it publishes itself */
    run(&net, SECOND_US);
    all_have(&net, 2, 1);
    end(&net);
}

/* What was caught up is announced as that, and asked for at once, outside of any tree. */
static void what_was_caught_up_is_wanted(void **state)
{
    (void)state;
    struct net net;
    begin(&net, &fc_spread_plumtree, 3, 1);
    join(&net, 0, 1, 10 * MS);
    join(&net, 1, 2, 10 * MS);
    run(&net, SECOND_US);
    struct fc_arrival arrival = arrival_of(0, 5);
    net.nodes[0].held[0] = 5;
    net.ops->on_accepted(net.nodes[0].spread, &arrival, FC_SPREAD_FETCHED, NULL, 0, net.now_us);
    run(&net, 500 * MS);
    all_have(&net, 0, 5);
    assert_int_equal(SUM(&net, duplicates), 0);
    end(&net);
}

static struct fc_buf lie(uint64_t id)
{
    struct fc_buf items = {0}, bytes = {0};
    fc_spread_put_news(&items, &(struct fc_spread_news){{id, 9}, 3, 100});
    fc_spread_encode_news(&(struct fc_spread_list){1, fc_buf_span(&items)}, &bytes);
    fc_buf_finish(&items);
    return bytes;
}

/* Announced and never served: nothing is asked of such a peer for a while, then its link goes. */
static void who_does_not_serve_is_dropped(void **state)
{
    (void)state;
    struct net net;
    begin(&net, &fc_spread_plumtree, 2, 1);
    join(&net, 0, 1, 10 * MS);
    run(&net, SECOND_US);
    struct fc_key liar = key_of(1);
    for (uint64_t i = 0; i < 200 && net.nodes[0].dropped == 0; i++) {
        struct fc_buf bytes = lie(1000 + i);
        net.ops->on_announce(net.nodes[0].spread, &liar, fc_buf_span(&bytes), net.now_us);
        fc_buf_finish(&bytes);
        run(&net, 30 * (uint64_t)SECOND_US);
    }
    assert_int_equal(net.nodes[0].dropped, 1);
    assert_in_range(net.nodes[0].grafts, 24, 80);
    end(&net);
}

static void bytes_that_are_none_are_punished(void **state)
{
    (void)state;
    struct net net;
    begin(&net, &fc_spread_plumtree, 2, 1);
    struct fc_key other = key_of(1);
    join(&net, 0, 1, 10 * MS);
    net.ops->on_message(net.nodes[0].spread, &other, fc_span_str("nonsense"), net.now_us);
    assert_int_equal(net.nodes[0].punished, 1);
    join(&net, 0, 1, 10 * MS);
    net.ops->on_announce(net.nodes[0].spread, &other, fc_span_str("nonsense"), net.now_us);
    assert_int_equal(net.nodes[0].punished, 2);
    end(&net);
}

/* More links than it can number, and more news than it can remember: the cursor has the rest. */
static void all_is_bounded(void **state)
{
    (void)state;
    struct net net;
    begin(&net, &fc_spread_plumtree, NODES_MAX, 1);
    for (uint32_t i = 1; i < net.count; i++)
        join(&net, 0, i, 10 * MS);
    run(&net, SECOND_US);
    publish(&net, 0, 0);
    run(&net, SECOND_US);
    uint32_t have = 0;
    for (uint32_t i = 0; i < net.count; i++)
        have += net.nodes[i].held[0] == 1;
    assert_int_equal(have, 33); /* itself and 32 links */
    for (uint32_t i = 0; i < 20000; i++) {
        struct fc_arrival arrival = {.type = FC_RECORD_HEAD, .version = 1, .index = i};
        fc_put_be32(arrival.subject.b, 5000 + i);
        net.ops->on_accepted(net.nodes[0].spread, &arrival, FC_SPREAD_FETCHED, NULL, 0, net.now_us);
    }
    assert_true(net.nodes[0].given_up > 0);
    end(&net);
}

/* Whatever two modules say to each other, changed on the way: nothing worse than a lost link. */
static void changed_bytes_do_no_harm(void **state)
{
    (void)state;
    for (uint8_t seed = 0; seed < 50; seed++) {
        struct net net;
        begin(&net, &fc_spread_plumtree, 12, seed);
        weave(&net);
        run(&net, SECOND_US);
        for (int i = 0; i < 10; i++) {
            publish(&net, i % 3, (uint32_t)(i % 3));
            for (int j = 0; j < 200; j++) {
                if (net.queued != 0) {
                    struct fc_buf *bytes = &net.queue[fc_rng_below(&net.rng, net.queued)].bytes;
                    if (bytes->len != 0)
                        bytes->data[fc_rng_below(&net.rng, bytes->len)] ^=
                            (uint8_t)fc_rng_next(&net.rng);
                }
                step(&net, net.now_us + 200 * MS);
            }
            run(&net, SECOND_US);
        }
        end(&net);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tree_is_built),
        cmocka_unit_test(each_tree_is_the_shortest),
        cmocka_unit_test(what_is_lost_is_grafted),
        cmocka_unit_test(lost_parents_are_replaced),
        cmocka_unit_test(trees_move_off_a_link_that_leaves),
        cmocka_unit_test(a_quicker_link_is_taken),
        cmocka_unit_test(a_prune_crosses_news),
        cmocka_unit_test(a_newcomer_is_brought_everything),
        cmocka_unit_test(what_was_caught_up_is_wanted),
        cmocka_unit_test(who_does_not_serve_is_dropped),
        cmocka_unit_test(bytes_that_are_none_are_punished),
        cmocka_unit_test(all_is_bounded),
        cmocka_unit_test(changed_bytes_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
