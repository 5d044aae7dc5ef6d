#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/run_priv.h"

enum { HOST_TRIES = 32, KEY_BYTES = 48 };

enum fc_err fc_work_begin(struct fc_run *run)
{
    const struct fc_scenario *scenario = run->scenario;
    run->feeds = calloc(run->fleet.feeds, sizeof *run->feeds);
    run->published_by = calloc(scenario->workload_count + 1u, sizeof *run->published_by);
    if (!run->feeds || !run->published_by)
        return FC_E_NOMEM;
    for (uint32_t i = 0; i < scenario->workload_count; i++)
        fc_run_alarm(run, scenario->workload[i].from_us, FC_ACTION_PUBLISH, i);
    return FC_OK;
}

void fc_work_finish(struct fc_run *run)
{
    for (uint32_t i = 0; run->feeds && i < run->fleet.feeds; i++)
        free(run->feeds[i].live);
    free(run->feeds);
    free(run->published_by);
    free(run->popularity);
}

/* -- whose turn ------------------------------------------------------------------------------- */

/* Zipf: the feed at rank k is 1 / k^s as popular as the first. */
static bool weigh(struct fc_run *run, uint32_t zipf_milli)
{
    double sum = 0;
    if (run->popularity && run->popularity_milli == zipf_milli)
        return true;
    if (!run->popularity)
        run->popularity = calloc(run->fleet.feeds, sizeof *run->popularity);
    if (!run->popularity)
        return false;
    for (uint32_t i = 0; i < run->fleet.feeds; i++) {
        sum += pow(i + 1.0, -(double)zipf_milli / 1000);
        run->popularity[i] = sum;
    }
    run->popularity_milli = zipf_milli;
    return true;
}

static uint32_t draw_feed(struct fc_run *run, const struct fc_workload_spec *work)
{
    uint32_t feeds = run->fleet.feeds;
    if (work->in_turn)
        return (uint32_t)(run->turn++ % feeds);
    if (work->zipf_milli == 0 || !weigh(run, work->zipf_milli))
        return (uint32_t)fc_rng_below(&run->rng, feeds);
    double at = (double)(fc_rng_next(&run->rng) >> 11) / 9007199254740992.0;
    at *= run->popularity[feeds - 1];
    uint32_t low = 0, high = feeds - 1;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (run->popularity[middle] <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* A feed whose node can publish now; FC_NUMBERS_NONE: none was found. */
static uint32_t choose_feed(struct fc_run *run, const struct fc_workload_spec *work)
{
    for (int i = 0; i < HOST_TRIES; i++) {
        uint32_t feed = draw_feed(run, work);
        if (fc_fleet_is_up(&run->fleet, fc_fleet_host(&run->fleet, feed)))
            return feed;
    }
    return FC_NUMBERS_NONE;
}

/* -- what ------------------------------------------------------------------------------------- */

struct batch {
    struct fc_world_op *ops;
    char (*keys)[KEY_BYTES];
    uint8_t *contents;
    uint32_t count;
    uint64_t content_bytes;
};

static bool remember(struct fc_feed_work *feed, uint32_t serial)
{
    if (feed->count == feed->cap) {
        uint32_t cap = feed->cap ? 2 * feed->cap : 8;
        uint32_t *live = realloc(feed->live, cap * sizeof *live);
        if (!live)
            return false;
        feed->live = live;
        feed->cap = cap;
    }
    feed->live[feed->count++] = serial;
    return true;
}

/* Bytes that no compression makes smaller: they stand for what is left after it. */
static void fill_content(struct fc_run *run, uint8_t *out, uint64_t len)
{
    for (uint64_t i = 0; i < len; i += 8) {
        uint64_t word = fc_rng_next(&run->rng);
        memcpy(out + i, &word, len - i < 8 ? len - i : 8);
    }
}

static void add_op(struct fc_run *run, const struct fc_workload_spec *work, uint32_t feed_index,
                   struct batch *batch)
{
    struct fc_feed_work *feed = &run->feeds[feed_index];
    struct fc_world_op *op = &batch->ops[batch->count];
    char *key = batch->keys[batch->count];
    uint64_t dice = fc_rng_below(&run->rng, 1000000);
    uint64_t span = work->content_bytes_max > work->content_bytes
                        ? work->content_bytes_max - work->content_bytes
                        : 0;
    uint64_t len = work->content_bytes + fc_rng_below(&run->rng, span + 1);
    bool deletes = dice < work->delete_ppm && feed->count > 1;
    bool updates = !deletes && dice < (uint64_t)work->delete_ppm + work->update_ppm && feed->count;
    uint32_t serial = feed->next;
    if (deletes || updates) {
        uint32_t at = (uint32_t)fc_rng_below(&run->rng, feed->count);
        serial = feed->live[at];
        if (deletes)
            feed->live[at] = feed->live[--feed->count];
    } else if (remember(feed, serial)) {
        feed->next++;
    }
    snprintf(key, KEY_BYTES, "urn:example:%u:%u", feed_index, serial);
    for (uint32_t i = 0; i < batch->count; i++)
        if (strcmp(batch->keys[i], key) == 0)
            return; /* one operation for each key */
    uint8_t *content = batch->contents + batch->content_bytes;
    *op = (struct fc_world_op){.key = key};
    if (!deletes) {
        fill_content(run, content, len);
        op->content = (const char *)content;
        op->content_len = len;
        batch->content_bytes += len;
    }
    batch->count++;
}

static bool make_batch(struct fc_run *run, const struct fc_workload_spec *work, uint32_t feed,
                       struct batch *batch)
{
    uint64_t len_max = work->content_bytes_max > work->content_bytes ? work->content_bytes_max
                                                                     : work->content_bytes;
    batch->ops = calloc(work->ops, sizeof *batch->ops);
    batch->keys = calloc(work->ops, sizeof *batch->keys);
    batch->contents = malloc(work->ops * len_max + 8);
    if (!batch->ops || !batch->keys || !batch->contents)
        return false;
    for (uint32_t i = 0; i < work->ops; i++)
        add_op(run, work, feed, batch);
    return batch->count != 0;
}

/* -- publishing ------------------------------------------------------------------------------- */

static uint64_t farthest_us(const struct fc_run *run, uint32_t from)
{
    uint64_t far_us = 0;
    if (!fc_fleet_knows_ways(&run->fleet))
        return 0;
    for (uint32_t i = 0; i < run->fleet.nodes; i++) {
        if (i == from || !run->honest[i] || run->left[i] || !fc_fleet_is_up(&run->fleet, i))
            continue;
        uint64_t us = fc_fleet_latency_us(&run->fleet, from, i);
        far_us = us > far_us ? us : far_us;
    }
    return far_us;
}

/* Told before the nodes are: the first of them may hear within the call. */
static void publish(struct fc_run *run, const struct fc_workload_spec *work)
{
    struct batch batch = {0};
    uint32_t feed = choose_feed(run, work);
    if (feed == FC_NUMBERS_NONE)
        return;
    if (make_batch(run, work, feed, &batch)) {
        struct fc_publication publication = {.feed = feed,
                                             .ops = batch.ops,
                                             .count = batch.count,
                                             .content_bytes = batch.content_bytes};
        uint32_t node = fc_fleet_host(&run->fleet, feed);
        fc_lie_publishing(run, node);
        enum fc_err err = fc_fleet_publish(&run->fleet, &publication);
        if (err == FC_OK) {
            struct fc_results_delta delta = {.node = node,
                                             .feed = feed,
                                             .version = publication.version,
                                             .bytes = publication.bytes,
                                             .farthest_direct_us = farthest_us(run, node)};
            run->published++;
            run->last_publish_us = fc_run_now_us(run);
            run->feeds[feed].acknowledged = publication.version;
            if (run->honest[node] && !run->left[node])
                fc_results_publish(run->results, fc_run_now_us(run), &delta);
            fc_lie_published(run, node, feed);
        } else if (err != FC_E_FULL && err != FC_E_CONTESTED && err != FC_E_REVOKED &&
                   err != FC_E_DENIED && err != FC_E_DISPUTED && err != FC_E_UNKNOWN &&
                   err != FC_E_MISSING && err != FC_E_SIGNATURE && err != FC_E_COUNTER) {
            fc_promise_broken(run, "%s cannot publish: %s", fc_fleet_name(&run->fleet, node),
                              fc_err_text(err));
        }
    }
    free(batch.ops);
    free(batch.keys);
    free(batch.contents);
}

void fc_work_alarm(struct fc_run *run, uint32_t index)
{
    const struct fc_workload_spec *work = &run->scenario->workload[index];
    uint64_t end_us = work->for_us ? work->from_us + work->for_us : run->scenario->run_us;
    uint64_t now_us = fc_run_now_us(run);
    if (now_us > end_us || now_us > run->scenario->run_us || work->per_hour == 0)
        return;
    for (uint32_t i = 0; i < work->burst; i++) {
        if (work->count != 0 && run->published_by[index] >= work->count)
            return;
        run->published_by[index]++;
        publish(run, work);
    }
    uint64_t mean_us = UINT64_C(3600000000) * work->burst / work->per_hour;
    uint64_t wait_us = work->even ? mean_us : fc_run_wait_us(run, mean_us);
    fc_run_alarm(run, now_us + (wait_us ? wait_us : 1), FC_ACTION_PUBLISH, index);
}
