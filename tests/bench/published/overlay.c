#include <stdio.h>
#include <stdlib.h>

#include "net/view_hyparview.h"
#include "tests/bench/published/published.h"

enum { LATENCY_US = 10 * PUBLISHED_MS, JOIN_EVERY_US = 20 * PUBLISHED_MS, DELTA_BYTES = 500 };

void overlay_run(struct overlay *overlay, uint64_t for_us)
{
    struct fc_network *network = fc_light_network(overlay->light);
    fc_network_run(network, fc_network_now_us(network) + for_us);
}

void overlay_grow(struct overlay *overlay, const struct published *options,
                  const struct fc_spread_ops *spread, uint32_t steps)
{
    uint8_t seed[32] = {'p', 'u', 'b', 'l', 'i', 's', 'h', 'e', 'd'};
    struct fc_light_config config = {
        .seed = options->seed,
        .nodes = options->nodes,
        .feeds = 1,
        .view = &fc_view_hyparview,
        .spread = spread,
        /* A crashed process refuses: as in the papers, who tries to reach it knows at once. */
        .links = {.latency_same_us = LATENCY_US,
                  .jitter_us = LATENCY_US / 5,
                  .silence_us = 2 * LATENCY_US},
    };
    enum fc_err err = fc_light_create(&config, &overlay->light);
    if (err != FC_OK) {
        fprintf(stderr, "published: %s\n", fc_err_text(err));
        exit(1);
    }
    fc_put_be64(seed + 16, options->seed);
    fc_rng_init(&overlay->rng, seed);
    for (uint32_t i = 0; i < options->nodes; i++) {
        fc_light_start(overlay->light, i, i == 0 ? FC_LIGHT_NONE : 0);
        overlay_run(overlay, JOIN_EVERY_US);
    }
    overlay_run(overlay, (uint64_t)steps * FC_HYPARVIEW_STEP_US);
}

uint32_t overlay_up(const struct overlay *overlay)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < fc_light_count(overlay->light); i++)
        count += fc_light_is_up(overlay->light, i);
    return count;
}

uint32_t overlay_random_up(struct overlay *overlay)
{
    uint32_t node;
    do
        node = (uint32_t)fc_rng_below(&overlay->rng, fc_light_count(overlay->light));
    while (!fc_light_is_up(overlay->light, node));
    return node;
}

void overlay_crash(struct overlay *overlay, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        fc_light_crash(overlay->light, overlay_random_up(overlay));
}

struct broadcast overlay_broadcast(struct overlay *overlay, uint64_t wait_us)
{
    struct fc_light_counts counts;
    fc_light_reset_counts(overlay->light);
    uint32_t delta = fc_light_publish(overlay->light, overlay_random_up(overlay), 0, DELTA_BYTES);
    overlay_run(overlay, wait_us);
    fc_light_counts(overlay->light, &counts);
    const struct fc_light_delta *seen = fc_light_delta(overlay->light, delta);
    struct broadcast out = {
        .reliability = (double)seen->delivered / overlay_up(overlay),
        .payload = counts.sent[FC_LIGHT_PAYLOAD],
        .control = counts.sent[FC_LIGHT_SPREAD],
        .view = counts.sent[FC_LIGHT_VIEW],
        .hops = seen->hops_max,
        .last_s = (double)(seen->last_us - seen->published_us) / PUBLISHED_SECOND,
    };
    if (seen->delivered > 1)
        out.redundancy = (double)counts.received[FC_LIGHT_PAYLOAD] / (seen->delivered - 1) - 1;
    return out;
}
