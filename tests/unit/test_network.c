#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/network.h"

enum { MS = 1000, NEWS_MAX = 4096 };

struct heard {
    enum fc_news_kind kind;
    uint32_t node, link, peer;
    uint32_t inbound, bytes; /* no padding: compared as memory */
    uint64_t tag, at_us;
};
struct scene {
    struct fc_network *network;
    struct heard news[NEWS_MAX];
    uint32_t count;
    bool refuses;
    uint32_t delivered;
};

static void happen(void *ctx, const struct fc_news *news)
{
    struct scene *scene = ctx;
    assert_true(scene->count < NEWS_MAX);
    struct heard *heard = &scene->news[scene->count++];
    *heard = (struct heard){.kind = news->kind,
                            .node = news->node,
                            .link = news->link,
                            .peer = news->peer,
                            .inbound = news->inbound,
                            .tag = news->tag,
                            .at_us = fc_network_now_us(scene->network)};
    if (!news->bytes)
        return;
    heard->tag = news->bytes->data[0];
    heard->bytes = (uint32_t)news->bytes->len;
}

static bool accepts(void *ctx, uint32_t from, uint32_t to)
{
    (void)from, (void)to;
    return !((struct scene *)ctx)->refuses;
}

static void delivered(void *ctx, uint32_t from, uint32_t to, struct fc_span bytes)
{
    (void)from, (void)to, (void)bytes;
    ((struct scene *)ctx)->delivered++;
}

static void begin(struct fc_network_config config, struct scene *scene)
{
    config.ctx = scene;
    config.happen = happen;
    config.accepts = accepts;
    config.delivered = delivered;
    config.node_count = config.node_count ? config.node_count : 4;
    *scene = (struct scene){0};
    assert_int_equal(fc_network_create(&config, &scene->network), FC_OK);
    for (uint32_t i = 0; i < config.node_count; i++)
        fc_network_up(scene->network, i);
}

static void run(struct scene *scene, uint64_t for_us)
{
    scene->count = 0;
    fc_network_run(scene->network, fc_network_now_us(scene->network) + for_us);
}

/* A link of 0 and `to`, open at both ends. */
static uint32_t connect_to(struct scene *scene, uint32_t to)
{
    fc_network_dial(scene->network, 0, to);
    run(scene, 100 * MS);
    assert_int_equal(scene->count, 2);
    assert_int_equal(scene->news[1].kind, FC_NEWS_UP);
    return scene->news[1].link;
}

static void send(struct scene *scene, uint32_t from, uint32_t link, uint8_t what)
{
    assert_int_equal(fc_network_send(scene->network, from, link, fc_span(&what, 1)), FC_OK);
}

static void assert_heard(const struct scene *scene, uint32_t at, enum fc_news_kind kind,
                         uint32_t node, uint64_t at_us)
{
    assert_true(at < scene->count);
    assert_int_equal(scene->news[at].kind, kind);
    assert_int_equal(scene->news[at].node, node);
    assert_int_equal(scene->news[at].at_us, at_us);
}

static void the_dialled_end_is_up_first(void **state)
{
    (void)state;
    struct scene scene;
    begin((struct fc_network_config){0}, &scene);
    fc_network_dial(scene.network, 0, 1);
    run(&scene, 100 * MS);
    assert_int_equal(scene.count, 2);
    assert_heard(&scene, 0, FC_NEWS_UP, 1, 10 * MS);
    assert_true(scene.news[0].inbound);
    assert_int_equal(scene.news[0].peer, 0);
    assert_heard(&scene, 1, FC_NEWS_UP, 0, 20 * MS);
    assert_false(scene.news[1].inbound);
    assert_int_equal(scene.news[1].peer, 1);
    assert_int_equal(scene.news[0].link, scene.news[1].link);
    assert_int_equal(fc_network_link(scene.network, 0, 1), scene.news[0].link);
    assert_int_equal(fc_network_link(scene.network, 1, 0), scene.news[0].link);
    assert_int_equal(fc_network_link(scene.network, 1, 2), 0);
    assert_int_equal(fc_network_peer(scene.network, 1, scene.news[0].link), 0);
    fc_network_destroy(scene.network);
}

static void a_dial_fails_after_a_round_trip_or_a_silence(void **state)
{
    (void)state;
    struct scene scene;
    begin((struct fc_network_config){0}, &scene);
    scene.refuses = true;
    fc_network_dial(scene.network, 0, 1);
    run(&scene, 100 * MS);
    assert_int_equal(scene.count, 1);
    assert_heard(&scene, 0, FC_NEWS_DIAL_FAILED, 0, 20 * MS);
    assert_int_equal(scene.news[0].peer, 1);

    fc_network_down(scene.network, 2);
    fc_network_dial(scene.network, 0, 2);
    fc_network_dial(scene.network, 0, 0);
    fc_network_dial(scene.network, 0, 1000);
    run(&scene, 2000 * MS);
    assert_int_equal(scene.count, 3);
    for (uint32_t i = 0; i < 3; i++)
        assert_heard(&scene, i, FC_NEWS_DIAL_FAILED, 0, 1100 * MS);
    struct fc_network_stats stats;
    fc_network_get_stats(scene.network, &stats);
    assert_int_equal(stats.links, 0);
    fc_network_destroy(scene.network);
}

static void a_dial_is_lost_with_its_end(void **state)
{
    (void)state;
    struct scene scene;
    begin((struct fc_network_config){0}, &scene);
    fc_network_dial(scene.network, 0, 1); /* the dialled one dies before it arrives */
    fc_network_down(scene.network, 1);
    fc_network_dial(scene.network, 2, 3); /* the dialler dies, and is back before the answer */
    fc_network_down(scene.network, 2);
    fc_network_up(scene.network, 2);
    fc_network_dial(scene.network, 2, 1); /* out of reach, and the dialler dies */
    fc_network_down(scene.network, 2);
    fc_network_up(scene.network, 2);
    run(&scene, 5000 * MS);
    assert_int_equal(scene.count, 1);
    assert_heard(&scene, 0, FC_NEWS_DIAL_FAILED, 0, 1020 * MS);
    /* between the two ends */
    fc_network_dial(scene.network, 0, 3);
    run(&scene, 15 * MS);
    assert_int_equal(scene.count, 1);
    assert_heard(&scene, 0, FC_NEWS_UP, 3, 5010 * MS);
    fc_network_group(scene.network, 3, 1);
    run(&scene, 5000 * MS);
    assert_int_equal(scene.count, 2);
    assert_heard(&scene, 0, FC_NEWS_DIAL_FAILED, 0, 5020 * MS);
    assert_heard(&scene, 1, FC_NEWS_DOWN, 3, 6015 * MS);
    struct fc_network_stats stats;
    fc_network_get_stats(scene.network, &stats);
    assert_int_equal(stats.links, 0);
    fc_network_destroy(scene.network);
}

static void messages_keep_their_order(void **state)
{
    (void)state;
    struct scene scene;
    begin((struct fc_network_config){.seed = 5, .jitter_us = 50 * MS, .reorder_ppm = 300000},
          &scene);
    fc_network_dial(scene.network, 0, 1);
    run(&scene, 200 * MS);
    uint32_t link = scene.news[1].link;
    for (uint8_t i = 0; i < 100; i++)
        send(&scene, 0, link, i);
    run(&scene, 1000 * MS);
    assert_int_equal(scene.count, 100);
    for (uint8_t i = 0; i < 100; i++)
        assert_int_equal(scene.news[i].tag, i);
    assert_int_equal(scene.delivered, 100);
    struct fc_network_stats stats;
    fc_network_get_stats(scene.network, &stats);
    assert_true(stats.reordered > 10);
    fc_network_destroy(scene.network);
}

static void what_the_dialled_end_says_at_once_comes_after_up(void **state)
{
    (void)state;
    struct scene scene;
    begin((struct fc_network_config){.seed = 3, .jitter_us = 20 * MS, .datagrams = true}, &scene);
    for (int i = 0; i < 50; i++) {
        fc_network_dial(scene.network, 0, 1);
        scene.count = 0;
        while (scene.count == 0)
            fc_network_step(scene.network, UINT64_MAX);
        send(&scene, 1, scene.news[0].link, 9);
        run(&scene, 100 * MS);
        assert_int_equal(scene.count, 2);
        assert_int_equal(scene.news[0].kind, FC_NEWS_UP);
        assert_int_equal(scene.news[1].kind, FC_NEWS_MESSAGE);
    }
    fc_network_destroy(scene.network);
}

static void down_comes_after_what_was_sent(void **state)
{
    (void)state;
    struct scene scene;
    begin((struct fc_network_config){.seed = 8, .jitter_us = 30 * MS}, &scene);
    uint32_t link = connect_to(&scene, 1);
    uint64_t now_us = fc_network_now_us(scene.network);
    send(&scene, 1, link, 7); /* towards the end that closes: nobody is there any more */
    for (uint8_t i = 0; i < 20; i++)
        send(&scene, 0, link, i);
    fc_network_close(scene.network, 0, link);
    const uint8_t late = 1;
    assert_int_equal(fc_network_send(scene.network, 0, link, fc_span(&late, 1)), FC_E_CLOSED);
    run(&scene, 1000 * MS);
    assert_int_equal(scene.count, 21);
    for (uint8_t i = 0; i < 20; i++) {
        assert_int_equal(scene.news[i].node, 1);
        assert_int_equal(scene.news[i].tag, i);
        assert_true(scene.news[i].at_us >= now_us + 10 * MS);
    }
    assert_int_equal(scene.news[20].kind, FC_NEWS_DOWN);
    assert_int_equal(scene.news[20].node, 1);
    assert_int_equal(fc_network_send(scene.network, 1, link, fc_span(&late, 1)), FC_E_CLOSED);
    fc_network_destroy(scene.network);
}

static void both_ends_may_close_at_once(void **state)
{
    (void)state;
    struct scene scene;
    begin((struct fc_network_config){0}, &scene);
    uint32_t link = connect_to(&scene, 1);
    fc_network_close(scene.network, 0, link);
    fc_network_close(scene.network, 1, link);
    fc_network_close(scene.network, 1, link);
    run(&scene, 1000 * MS);
    assert_int_equal(scene.count, 0);
    struct fc_network_stats stats;
    fc_network_get_stats(scene.network, &stats);
    assert_int_equal(stats.links, 0);
    fc_network_destroy(scene.network);
}

static void a_cut_loses_what_is_under_way(void **state)
{
    (void)state;
    struct scene scene;
    begin((struct fc_network_config){0}, &scene);
    uint32_t one = connect_to(&scene, 1), two = connect_to(&scene, 2);
    send(&scene, 0, one, 1);
    send(&scene, 2, two, 2);
    fc_network_cut(scene.network, 0, 1);
    send(&scene, 0, one, 3); /* it does not know yet */
    run(&scene, 1000 * MS);
    assert_int_equal(scene.count, 3);
    assert_heard(&scene, 0, FC_NEWS_MESSAGE, 0, 210 * MS);
    assert_heard(&scene, 1, FC_NEWS_DOWN, 0, 210 * MS);
    assert_heard(&scene, 2, FC_NEWS_DOWN, 1, 210 * MS);
    uint32_t three = connect_to(&scene, 3);
    assert_int_not_equal(three, two);
    fc_network_cut_all(scene.network, 0);
    run(&scene, 1000 * MS);
    assert_int_equal(scene.count, 4);
    struct fc_network_stats stats;
    fc_network_get_stats(scene.network, &stats);
    assert_int_equal(stats.links, 0);
    assert_int_equal(stats.links_max, 2);
    assert_int_equal(stats.dropped, 2);
    fc_network_destroy(scene.network);
}

static void who_is_down_hears_nothing(void **state)
{
    (void)state;
    struct scene scene;
    begin((struct fc_network_config){0}, &scene);
    uint32_t link = connect_to(&scene, 1);
    send(&scene, 0, link, 1);
    send(&scene, 1, link, 2);
    fc_network_timer(scene.network, 1, 500 * MS);
    fc_network_alarm(scene.network, 600 * MS, 1, 77);
    fc_network_down(scene.network, 1);
    fc_network_up(scene.network, 1); /* a new life: nothing of the old one */
    run(&scene, 1000 * MS);
    assert_int_equal(scene.count, 2);
    assert_heard(&scene, 0, FC_NEWS_DOWN, 0, 110 * MS);
    assert_heard(&scene, 1, FC_NEWS_ALARM, 1, 600 * MS);
    assert_int_equal(scene.news[1].tag, 77);
    fc_network_destroy(scene.network);
}

static void parts_do_not_reach_each_other(void **state)
{
    (void)state;
    struct scene scene;
    begin((struct fc_network_config){0}, &scene);
    connect_to(&scene, 1);
    connect_to(&scene, 2);
    fc_network_group(scene.network, 0, 5);
    fc_network_group(scene.network, 1, 5);
    run(&scene, 2000 * MS);
    /* 0 left 1 behind for a moment: both links are lost */
    assert_int_equal(scene.count, 4);
    assert_heard(&scene, 0, FC_NEWS_DOWN, 0, 1200 * MS);
    assert_true(fc_network_reaches(scene.network, 0, 1));
    assert_false(fc_network_reaches(scene.network, 0, 2));
    connect_to(&scene, 1);
    fc_network_isolate(scene.network, 1);
    fc_network_isolate(scene.network, 2);
    assert_false(fc_network_reaches(scene.network, 1, 2));
    run(&scene, 2000 * MS);
    assert_int_equal(scene.count, 2);
    fc_network_heal(scene.network);
    connect_to(&scene, 2);
    fc_network_destroy(scene.network);
}

static void a_full_link_is_blocked_until_half_is_through(void **state)
{
    (void)state;
    struct scene scene;
    begin((struct fc_network_config){.queue_max = 4}, &scene);
    uint32_t link = connect_to(&scene, 1);
    for (uint8_t i = 0; i < 4; i++) {
        send(&scene, 0, link, i);
        run(&scene, MS);
    }
    const uint8_t more = 4;
    assert_int_equal(fc_network_send(scene.network, 0, link, fc_span(&more, 1)), FC_E_AGAIN);
    assert_int_equal(fc_network_post(scene.network, 0, link, 1, 1), FC_E_AGAIN);
    send(&scene, 1, link, 9); /* the other way is free */
    run(&scene, 100 * MS);
    assert_int_equal(scene.count, 6);
    assert_heard(&scene, 0, FC_NEWS_MESSAGE, 1, 110 * MS);
    assert_heard(&scene, 1, FC_NEWS_MESSAGE, 1, 111 * MS);
    assert_heard(&scene, 2, FC_NEWS_WRITABLE, 0, 111 * MS);
    assert_int_equal(scene.news[2].link, link);
    struct fc_network_stats stats;
    fc_network_get_stats(scene.network, &stats);
    assert_int_equal(stats.blocked, 2);
    fc_network_destroy(scene.network);
}

static void a_line_carries_so_much(void **state)
{
    (void)state;
    struct scene scene;
    /* 8 Mbit/s: a byte a microsecond; the node's own line is twice that */
    begin((struct fc_network_config){.bandwidth_bps = 8000000, .access_bps = 16000000}, &scene);
    uint32_t one = connect_to(&scene, 1), two = connect_to(&scene, 2);
    uint64_t now_us = fc_network_now_us(scene.network);
    assert_int_equal(fc_network_post(scene.network, 0, one, 1, 1000), FC_OK);
    assert_int_equal(fc_network_post(scene.network, 0, one, 2, 1000), FC_OK);
    assert_int_equal(fc_network_post(scene.network, 0, two, 3, 1000), FC_OK);
    assert_int_equal(fc_network_post(scene.network, 1, one, 4, 100), FC_OK);
    run(&scene, 100 * MS);
    assert_int_equal(scene.count, 4);
    assert_heard(&scene, 0, FC_NEWS_MESSAGE, 0, now_us + 10 * MS + 50 + 100);
    assert_heard(&scene, 1, FC_NEWS_MESSAGE, 1, now_us + 10 * MS + 500 + 1000);
    assert_heard(&scene, 2, FC_NEWS_MESSAGE, 1, now_us + 10 * MS + 500 + 2000);
    assert_heard(&scene, 3, FC_NEWS_MESSAGE, 2, now_us + 10 * MS + 1500 + 1000);
    assert_int_equal(scene.news[3].tag, 3);
    struct fc_network_stats stats;
    fc_network_get_stats(scene.network, &stats);
    assert_int_equal(stats.bytes, 3100);
    fc_network_destroy(scene.network);
}

static void loss_is_delay_and_holds_up_what_follows(void **state)
{
    (void)state;
    struct scene scene;
    begin((struct fc_network_config){.seed = 1, .loss_ppm = 300000}, &scene);
    fc_network_dial(scene.network, 0, 1);
    run(&scene, 60000 * MS);
    assert_int_equal(scene.count, 2);
    uint32_t link = scene.news[1].link, lost = 0;
    uint64_t before_us = 0;
    for (uint32_t i = 0; i < 200; i++)
        send(&scene, 0, link, (uint8_t)i);
    uint64_t now_us = fc_network_now_us(scene.network);
    run(&scene, 600000 * MS);
    assert_int_equal(scene.count, 200);
    for (uint32_t i = 0; i < 200; i++) {
        assert_int_equal(scene.news[i].tag, i);
        uint64_t took_us = scene.news[i].at_us - now_us;
        /* 10 ms, and 200, 600, 1400 ... more */
        assert_true(took_us == 10 * MS || (took_us - 10 * MS) % (200 * MS) == 0);
        assert_true(took_us >= before_us);
        lost += took_us > before_us;
        before_us = took_us;
    }
    assert_true(lost >= 2);
    struct fc_network_stats stats;
    fc_network_get_stats(scene.network, &stats);
    assert_in_range(stats.lost, 50, 130);
    /* nothing comes through: the link is reset in the end */
    fc_network_lose(scene.network, 1, 1000000);
    send(&scene, 0, link, 1);
    run(&scene, 3600000ull * MS);
    assert_int_equal(scene.count, 2);
    assert_int_equal(scene.news[0].kind, FC_NEWS_DOWN);
    fc_network_dial(scene.network, 0, 1);
    run(&scene, 3600000ull * MS);
    assert_int_equal(scene.count, 1);
    assert_int_equal(scene.news[0].kind, FC_NEWS_DIAL_FAILED);
    fc_network_destroy(scene.network);
}

static void datagrams_are_lost_doubled_and_overtake(void **state)
{
    (void)state;
    struct scene scene;
    uint32_t seen[1000] = {0}, lost = 0, twice = 0, overtaken = 0;
    begin((struct fc_network_config){.seed = 2,
                                     .datagrams = true,
                                     .jitter_us = MS,
                                     .duplicate_ppm = 100000,
                                     .reorder_ppm = 100000},
          &scene);
    uint32_t link = connect_to(&scene, 1);
    fc_network_lose(scene.network, 0, 100000);
    for (uint32_t i = 0; i < 1000; i++) {
        assert_int_equal(fc_network_post(scene.network, 0, link, i, 10), FC_OK);
        scene.count = 0;
    }
    const uint8_t bytes = 5;
    for (int i = 0; i < 100; i++)
        assert_int_equal(fc_network_send(scene.network, 1, link, fc_span(&bytes, 1)), FC_OK);
    run(&scene, 1000 * MS);
    uint64_t before = 0;
    for (uint32_t i = 0; i < scene.count; i++) {
        if (scene.news[i].node != 1)
            continue;
        overtaken += scene.news[i].tag < before;
        before = scene.news[i].tag;
        seen[before]++;
    }
    for (uint32_t i = 0; i < 1000; i++) {
        lost += seen[i] == 0;
        twice += seen[i] == 2;
        assert_true(seen[i] <= 2);
    }
    assert_in_range(lost, 60, 150);
    assert_in_range(twice, 55, 140);
    assert_true(overtaken > 100);
    fc_network_destroy(scene.network);
}

static void a_slow_node_is_slow_both_ways(void **state)
{
    (void)state;
    struct scene scene;
    begin((struct fc_network_config){0}, &scene);
    uint32_t link = connect_to(&scene, 1);
    fc_network_slow(scene.network, 1, 2500);
    uint64_t now_us = fc_network_now_us(scene.network);
    send(&scene, 0, link, 1);
    send(&scene, 1, link, 2);
    run(&scene, 1000 * MS);
    assert_heard(&scene, 0, FC_NEWS_MESSAGE, 1, now_us + 25 * MS);
    assert_heard(&scene, 1, FC_NEWS_MESSAGE, 0, now_us + 25 * MS);
    fc_network_slow(scene.network, 1, 1000);
    send(&scene, 0, link, 1);
    now_us = fc_network_now_us(scene.network);
    run(&scene, 1000 * MS);
    assert_heard(&scene, 0, FC_NEWS_MESSAGE, 1, now_us + 10 * MS);
    fc_network_destroy(scene.network);
}

static void a_node_has_one_timer(void **state)
{
    (void)state;
    struct scene scene;
    begin((struct fc_network_config){.node_count = 200}, &scene);
    fc_network_timer(scene.network, 0, 50 * MS);
    fc_network_timer(scene.network, 1, 50 * MS);
    fc_network_timer(scene.network, 2, 10 * MS);
    fc_network_timer(scene.network, 2, 90 * MS); /* later */
    fc_network_timer(scene.network, 3, 95 * MS);
    fc_network_timer(scene.network, 3, 20 * MS); /* earlier */
    fc_network_timer(scene.network, 4, 30 * MS);
    fc_network_timer(scene.network, 4, UINT64_MAX); /* not at all */
    fc_network_alarm(scene.network, 50 * MS, 9, 1);
    run(&scene, 100 * MS);
    assert_int_equal(scene.count, 5);
    assert_heard(&scene, 0, FC_NEWS_TIMER, 3, 20 * MS);
    assert_heard(&scene, 1, FC_NEWS_ALARM, 9, 50 * MS); /* timers come last */
    assert_heard(&scene, 2, FC_NEWS_TIMER, 0, 50 * MS);
    assert_heard(&scene, 3, FC_NEWS_TIMER, 1, 50 * MS);
    assert_heard(&scene, 4, FC_NEWS_TIMER, 2, 90 * MS);
    struct fc_network_stats stats;
    fc_network_get_stats(scene.network, &stats);
    uint64_t memory = stats.memory_bytes;
    for (uint64_t i = 0; i < 100000; i++) /* nothing is left of those set before */
        fc_network_timer(scene.network, (uint32_t)(i % 200), 1000 * MS + i * 7919 % 1000000);
    run(&scene, 5000 * MS);
    assert_int_equal(scene.count, 200);
    for (uint32_t i = 1; i < 200; i++)
        assert_true(scene.news[i].at_us >= scene.news[i - 1].at_us);
    fc_network_get_stats(scene.network, &stats);
    assert_true(stats.memory_bytes < memory + 16384);
    fc_network_timer(scene.network, 0, 1); /* past */
    run(&scene, 0);
    assert_int_equal(scene.count, 1);
    fc_network_destroy(scene.network);
}

static void records_of_links_are_used_again(void **state)
{
    (void)state;
    struct scene scene;
    struct fc_network_stats stats;
    uint32_t last = 0, most = 0;
    begin((struct fc_network_config){0}, &scene);
    for (int i = 0; i < 1000; i++) {
        uint32_t a = connect_to(&scene, 1), b = connect_to(&scene, 2);
        assert_int_not_equal(a, last);
        last = b;
        most = a > most ? a : most;
        fc_network_close(scene.network, 0, a);
        fc_network_cut(scene.network, 0, 2);
        run(&scene, 100 * MS);
    }
    assert_true(most <= 8);
    fc_network_get_stats(scene.network, &stats);
    assert_int_equal(stats.links, 0);
    assert_int_equal(stats.links_max, 2);
    fc_network_destroy(scene.network);
}

/* A message may be kept by who gets it; nobody else frees it then. */
static struct fc_buf kept;
static void keep(void *ctx, const struct fc_news *news)
{
    (void)ctx;
    if (!news->bytes)
        return;
    kept = *news->bytes;
    *news->bytes = (struct fc_buf){0};
}

static void a_message_may_be_taken_over(void **state)
{
    (void)state;
    struct fc_network *network;
    struct fc_network_config config = {.node_count = 2, .happen = keep};
    assert_int_equal(fc_network_create(&config, &network), FC_OK);
    fc_network_up(network, 0);
    fc_network_up(network, 1);
    fc_network_dial(network, 0, 1);
    fc_network_run(network, 100 * MS);
    assert_int_equal(fc_network_send(network, 0, 1, fc_span("hello", 5)), FC_OK);
    assert_int_equal(fc_network_send(network, 0, 1, fc_span(NULL, 0)), FC_OK);
    fc_network_run(network, 105 * MS);
    fc_network_step(network, 110 * MS);
    assert_true(fc_span_eq(fc_buf_span(&kept), fc_span_str("hello")));
    fc_buf_append(&kept, " again", 6);
    fc_buf_finish(&kept);
    assert_int_equal(fc_network_send(network, 1, 1, fc_span("lost with the network", 21)), FC_OK);
    fc_network_destroy(network);
}

static void the_same_seed_gives_the_same_run(void **state)
{
    (void)state;
    static struct scene scene[3];
    for (int i = 0; i < 3; i++) {
        begin((struct fc_network_config){.seed = i == 2 ? 12 : 11,
                                         .jitter_us = 5 * MS,
                                         .loss_ppm = 50000,
                                         .reorder_ppm = 50000,
                                         .bandwidth_bps = 1000000},
              &scene[i]);
        for (uint32_t k = 1; k < 4; k++)
            fc_network_dial(scene[i].network, 0, k);
        fc_network_run(scene[i].network, 10000 * MS);
        for (uint32_t k = 0; k < 300; k++)
            assert_int_equal(fc_network_post(scene[i].network, 0,
                                             fc_network_link(scene[i].network, 0, 1 + k % 3), k, k),
                             FC_OK);
        fc_network_run(scene[i].network, 100000 * MS);
        fc_network_destroy(scene[i].network);
    }
    assert_int_equal(scene[0].count, 306);
    assert_int_equal(scene[1].count, 306);
    assert_memory_equal(scene[0].news, scene[1].news, 306 * sizeof scene[0].news[0]);
    assert_memory_not_equal(scene[0].news, scene[2].news, 306 * sizeof scene[0].news[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_dialled_end_is_up_first),
        cmocka_unit_test(a_dial_fails_after_a_round_trip_or_a_silence),
        cmocka_unit_test(a_dial_is_lost_with_its_end),
        cmocka_unit_test(messages_keep_their_order),
        cmocka_unit_test(what_the_dialled_end_says_at_once_comes_after_up),
        cmocka_unit_test(down_comes_after_what_was_sent),
        cmocka_unit_test(both_ends_may_close_at_once),
        cmocka_unit_test(a_cut_loses_what_is_under_way),
        cmocka_unit_test(who_is_down_hears_nothing),
        cmocka_unit_test(parts_do_not_reach_each_other),
        cmocka_unit_test(a_full_link_is_blocked_until_half_is_through),
        cmocka_unit_test(a_line_carries_so_much),
        cmocka_unit_test(loss_is_delay_and_holds_up_what_follows),
        cmocka_unit_test(datagrams_are_lost_doubled_and_overtake),
        cmocka_unit_test(a_slow_node_is_slow_both_ways),
        cmocka_unit_test(a_node_has_one_timer),
        cmocka_unit_test(records_of_links_are_used_again),
        cmocka_unit_test(a_message_may_be_taken_over),
        cmocka_unit_test(the_same_seed_gives_the_same_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
