/* Random histories, against a model that keeps all links for ever and looks through all of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/network.h"
#include "tests/support/rng.h"

enum { NODES = 12, LINKS_MAX = 4000, EVENTS_MAX = 20000, NEWS_MAX = 20000, QUEUE_MAX = 5 };
#define NEVER         UINT64_MAX
#define BANDWIDTH_BPS 80000000u

enum what { MESSAGE, DIALLED, ANSWERED, DOWN, UNREACHED };
struct event {
    uint64_t at_us;
    enum what what;
    uint32_t link, end; /* of UNREACHED: who dialled, its life */
    uint64_t tag;
};
struct link {
    uint32_t node[2], queued[2], number;
    uint64_t last_us[2], free_ns[2];
    bool mine[2], open[2], blocked[2], cut;
};
struct news {
    uint64_t at_us, tag;
    enum fc_news_kind kind;
    uint32_t node, peer;
    bool inbound;
    uint32_t link; /* of the model, from 0; of the network, from 1 */
};
struct model {
    uint64_t now_us;
    struct link links[LINKS_MAX];
    uint32_t link_count;
    struct event events[EVENTS_MAX];
    uint32_t event_count;
    uint64_t timer_us[NODES], timer_order[NODES], order;
    uint32_t group[NODES], life[NODES];
    bool up[NODES];
    struct news news[NEWS_MAX];
    uint32_t news_count;
};
struct real {
    struct fc_network *network;
    struct news news[NEWS_MAX];
    uint32_t news_count;
};

static uint64_t latency_us(void *ctx, uint32_t from, uint32_t to)
{
    (void)ctx;
    return 1000 + 100 * from + 10 * to;
}

static void happen(void *ctx, const struct fc_news *news)
{
    struct real *real = ctx;
    assert_true(real->news_count < NEWS_MAX);
    real->news[real->news_count++] = (struct news){fc_network_now_us(real->network),
                                                   news->tag,
                                                   news->kind,
                                                   news->node,
                                                   news->peer,
                                                   news->inbound,
                                                   news->link};
}

/* -- the model -------------------------------------------------------------------------------- */

static void later(struct model *model, uint64_t at_us, enum what what, uint32_t link, uint32_t end,
                  uint64_t tag)
{
    assert_true(model->event_count < EVENTS_MAX);
    model->events[model->event_count++] = (struct event){at_us, what, link, end, tag};
}

static void say(struct model *model, enum fc_news_kind kind, uint32_t link, uint32_t end,
                uint64_t tag)
{
    const struct link *l = &model->links[link];
    assert_true(model->news_count < NEWS_MAX);
    model->news[model->news_count++] =
        (struct news){model->now_us, tag, kind, l->node[end], l->node[1 - end], end == 1, link};
}

static bool reaches(const struct model *model, uint32_t a, uint32_t b)
{
    return model->up[a] && model->up[b] && model->group[a] == model->group[b];
}

static void lose(struct model *model, uint32_t link, uint64_t noticed_us)
{
    struct link *l = &model->links[link];
    if (l->cut)
        return;
    l->cut = true;
    for (uint32_t end = 0; end < 2; end++)
        if (l->open[end])
            later(model, model->now_us + noticed_us, DOWN, link, end, 0);
}

static void dial(struct model *model, uint32_t from, uint32_t to)
{
    if (!model->up[from])
        return;
    if (from == to || !reaches(model, from, to)) {
        later(model, model->now_us + FC_NETWORK_SILENCE_US, UNREACHED, from, model->life[from], to);
        return;
    }
    assert_true(model->link_count < LINKS_MAX);
    struct link *l = &model->links[model->link_count];
    uint64_t there_us = model->now_us + latency_us(NULL, from, to);
    *l = (struct link){.node = {from, to}, .mine = {true, true}};
    l->last_us[1] = there_us;
    l->last_us[0] = there_us + latency_us(NULL, to, from);
    later(model, there_us, DIALLED, model->link_count++, 1, 0);
}

static enum fc_err post(struct model *model, uint32_t link, uint32_t end, uint64_t tag,
                        uint32_t bytes)
{
    struct link *l = &model->links[link];
    uint32_t to = 1 - end;
    if (!l->open[end])
        return FC_E_CLOSED;
    if (l->cut)
        return FC_OK;
    if (l->queued[to] >= QUEUE_MAX) {
        l->blocked[to] = true;
        return FC_E_AGAIN;
    }
    uint64_t at_ns = model->now_us * 1000;
    l->free_ns[to] = (l->free_ns[to] > at_ns ? l->free_ns[to] : at_ns) + bytes * 100;
    uint64_t at_us = (l->free_ns[to] + 999) / 1000 + latency_us(NULL, l->node[end], l->node[to]);
    if (at_us > l->last_us[to])
        l->last_us[to] = at_us;
    l->queued[to]++;
    later(model, l->last_us[to], MESSAGE, link, to, tag);
    return FC_OK;
}

static void close_end(struct model *model, uint32_t link, uint32_t end)
{
    struct link *l = &model->links[link];
    uint32_t to = 1 - end;
    if (!l->open[end])
        return;
    l->open[end] = l->mine[end] = false;
    uint64_t at_us = model->now_us + latency_us(NULL, l->node[end], l->node[to]);
    if (!l->cut && l->mine[to])
        later(model, at_us > l->last_us[to] ? at_us : l->last_us[to], DOWN, link, to, 0);
}

static void down(struct model *model, uint32_t node)
{
    if (!model->up[node])
        return;
    model->up[node] = false;
    model->life[node]++;
    model->timer_us[node] = NEVER;
    for (uint32_t i = model->link_count; i-- > 0;)
        for (uint32_t end = 0; end < 2; end++)
            if (model->links[i].node[end] == node && model->links[i].mine[end]) {
                model->links[i].mine[end] = model->links[i].open[end] = false;
                lose(model, i, latency_us(NULL, node, model->links[i].node[1 - end]));
            }
}

static void group(struct model *model, uint32_t node, uint32_t number)
{
    model->group[node] = number;
    for (uint32_t i = model->link_count; i-- > 0;)
        for (uint32_t end = 0; end < 2; end++)
            if (model->links[i].node[end] == node && model->links[i].mine[end] &&
                !reaches(model, node, model->links[i].node[1 - end]))
                lose(model, i, FC_NETWORK_SILENCE_US);
}

static void happens(struct model *model, struct event at)
{
    struct link *l = &model->links[at.link];
    uint32_t end = at.end;
    switch (at.what) {
    case MESSAGE:
        l->queued[end]--;
        if (!l->cut && l->open[end])
            say(model, FC_NEWS_MESSAGE, at.link, end, at.tag);
        if (l->blocked[end] && l->queued[end] <= QUEUE_MAX / 2) {
            l->blocked[end] = false;
            if (l->open[1 - end])
                say(model, FC_NEWS_WRITABLE, at.link, 1 - end, 0);
        }
        break;
    case DIALLED:
        if (l->mine[0])
            later(model, l->last_us[0] + (l->cut ? FC_NETWORK_SILENCE_US : 0), ANSWERED, at.link, 0,
                  0);
        l->open[1] = !l->cut;
        l->mine[1] = !l->cut;
        if (!l->cut)
            say(model, FC_NEWS_UP, at.link, 1, 0);
        break;
    case ANSWERED:
        if (!l->mine[0])
            break;
        l->open[0] = !l->cut;
        l->mine[0] = !l->cut;
        say(model, l->cut ? FC_NEWS_DIAL_FAILED : FC_NEWS_UP, at.link, 0, 0);
        break;
    case DOWN:
        if (!l->open[end])
            break;
        l->open[end] = l->mine[end] = false;
        say(model, FC_NEWS_DOWN, at.link, end, 0);
        break;
    case UNREACHED:
        if (model->up[at.link] && model->life[at.link] == at.end)
            model->news[model->news_count++] = (struct news){.at_us = model->now_us,
                                                             .kind = FC_NEWS_DIAL_FAILED,
                                                             .node = at.link,
                                                             .peer = (uint32_t)at.tag};
        break;
    }
}

static bool step(struct model *model, uint64_t until_us)
{
    uint32_t best = 0, node = 0;
    for (uint32_t i = 1; i < model->event_count; i++)
        if (model->events[i].at_us < model->events[best].at_us)
            best = i;
    for (uint32_t i = 1; i < NODES; i++)
        if (model->timer_us[i] < model->timer_us[node] ||
            (model->timer_us[i] == model->timer_us[node] &&
             model->timer_order[i] < model->timer_order[node]))
            node = i;
    uint64_t event_us = model->event_count ? model->events[best].at_us : NEVER;
    uint64_t timer_us = model->timer_us[node];
    if (event_us <= timer_us && event_us <= until_us) {
        struct event at = model->events[best];
        model->event_count--;
        memmove(model->events + best, model->events + best + 1,
                (model->event_count - best) * sizeof at);
        model->now_us = at.at_us;
        happens(model, at);
        return true;
    }
    if (timer_us > until_us)
        return false;
    model->now_us = timer_us;
    model->timer_us[node] = NEVER;
    model->news[model->news_count++] =
        (struct news){.at_us = timer_us, .kind = FC_NEWS_TIMER, .node = node};
    return true;
}

/* -- both ------------------------------------------------------------------------------------- */

static void run(struct model *model, struct real *real, uint64_t for_us)
{
    uint64_t until_us = model->now_us + for_us;
    model->news_count = real->news_count = 0;
    while (step(model, until_us))
        ;
    model->now_us = until_us;
    fc_network_run(real->network, until_us);
    assert_int_equal(fc_network_now_us(real->network), until_us);
    assert_int_equal(real->news_count, model->news_count);
    for (uint32_t i = 0; i < real->news_count; i++) {
        const struct news *got = &real->news[i], *want = &model->news[i];
        assert_int_equal(got->at_us, want->at_us);
        assert_int_equal(got->kind, want->kind);
        assert_int_equal(got->node, want->node);
        assert_int_equal(got->tag, want->tag);
        if (got->kind == FC_NEWS_TIMER)
            continue;
        assert_int_equal(got->peer, want->peer);
        if (got->kind == FC_NEWS_DIAL_FAILED)
            continue;
        assert_int_equal(got->inbound, want->inbound);
        struct link *link = &model->links[want->link];
        if (link->number == 0)
            link->number = got->link;
        assert_int_equal(got->link, link->number);
    }
}

static void do_something(struct model *model, struct real *real, uint64_t *rng, uint64_t tag)
{
    uint32_t node = test_rng_below(rng, NODES), other = test_rng_below(rng, NODES);
    uint32_t link = 0, end = test_rng_below(rng, 2), bytes = test_rng_below(rng, 5000);
    if (model->link_count)
        link = model->link_count - 1 -
               test_rng_below(rng, model->link_count < 40 ? model->link_count : 40);
    uint32_t number = model->link_count ? model->links[link].number : 0;
    uint64_t at_us = model->now_us + test_rng_below(rng, 3000);
    uint32_t what = test_rng_below(rng, 100);
    if (what < 60) {
        for (uint32_t i = what % 12; i-- > 0 && number != 0 && model->links[link].open[end];)
            assert_int_equal(
                fc_network_post(real->network, model->links[link].node[end], number, tag, bytes),
                post(model, link, end, tag, bytes));
    } else if (what < 80) {
        fc_network_dial(real->network, node, other);
        dial(model, node, other);
    } else if (what < 85) {
        if (number != 0 && model->links[link].open[end]) {
            fc_network_close(real->network, model->links[link].node[end], number);
            close_end(model, link, end);
        }
    } else if (what < 86) {
        fc_network_down(real->network, node);
        down(model, node);
    } else if (what < 88) {
        fc_network_up(real->network, node);
        model->up[node] = true;
    } else if (what < 89) {
        fc_network_group(real->network, node, other % 3 == 0);
        if (model->group[node] != (other % 3 == 0))
            group(model, node, other % 3 == 0);
    } else if (what < 90) {
        fc_network_heal(real->network);
        memset(model->group, 0, sizeof model->group);
    } else {
        fc_network_timer(real->network, node, at_us);
        if (model->timer_us[node] != at_us)
            model->timer_order[node] = model->order++;
        model->timer_us[node] = at_us;
    }
}

static void random_histories_are_those_of_the_model(void **state)
{
    (void)state;
    static struct model model;
    static struct real real;
    uint64_t heard[FC_NEWS_ALARM + 1] = {0};
    for (uint64_t seed = 1; seed <= 60; seed++) {
        uint64_t rng = seed;
        memset(&model, 0, sizeof model);
        struct fc_network_config config = {.node_count = NODES,
                                           .ctx = &real,
                                           .latency_us = latency_us,
                                           .bandwidth_bps = BANDWIDTH_BPS,
                                           .queue_max = QUEUE_MAX,
                                           .happen = happen};
        assert_int_equal(fc_network_create(&config, &real.network), FC_OK);
        for (uint32_t i = 0; i < NODES; i++) {
            model.timer_us[i] = NEVER;
            model.up[i] = true;
            fc_network_up(real.network, i);
        }
        for (uint64_t i = 0; i < 3000; i++) {
            do_something(&model, &real, &rng, i);
            if (test_rng_below(&rng, 3) == 0) {
                run(&model, &real, test_rng_below(&rng, 1000));
                for (uint32_t n = 0; n < real.news_count; n++)
                    heard[real.news[n].kind]++;
            }
        }
        for (uint32_t i = 0; i < NODES; i++) {
            fc_network_down(real.network, i);
            down(&model, i);
        }
        run(&model, &real, 100000000);
        struct fc_network_stats stats;
        fc_network_get_stats(real.network, &stats);
        assert_int_equal(stats.links, 0);
        assert_true(stats.links_max < 400);
        fc_network_destroy(real.network);
    }
    for (int kind = FC_NEWS_MESSAGE; kind <= FC_NEWS_TIMER; kind++)
        assert_true(heard[kind] > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_histories_are_those_of_the_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
