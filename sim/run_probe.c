/* A last look at how news travels: with all faults over, one node goes, and others publish at once.
 * Trees that it was part of must be mended by themselves, long before a cursor would show a gap. */
#include <stdio.h>

#include "sim/run_priv.h"

enum {
    SECOND_US = 1000000,
    FEEDS_MAX = 16,
    CALM_US = 20 * SECOND_US, /* neighbours are found and trees have grown */
    GONE_US = SECOND_US / 2,
    ARRIVES_US = 6 * SECOND_US,
    LOSS_PPM_MAX = 10000,
};

struct probe {
    uint32_t feed;
    fc_version version;
};

static uint32_t publish_all(struct fc_run *run, struct probe *probes)
{
    uint32_t count = 0;
    for (uint32_t feed = 0; feed < run->fleet.feeds && count < FEEDS_MAX; feed++) {
        char key[48];
        struct fc_world_op op = {.key = key, .content = "{\"name\":\"The last\"}"};
        struct fc_publication publication = {.feed = feed, .ops = &op, .count = 1};
        snprintf(key, sizeof key, "urn:example:%u:probe:%llu", feed,
                 (unsigned long long)fc_run_now_us(run));
        if (!fc_promise_counts(run, fc_fleet_host(&run->fleet, feed)) ||
            fc_fleet_publish(&run->fleet, &publication) != FC_OK)
            continue;
        run->feeds[feed].acknowledged = publication.version;
        probes[count++] = (struct probe){feed, publication.version};
    }
    return count;
}

static void run_for(struct fc_run *run, uint64_t us)
{
    fc_network_run(fc_fleet_network(&run->fleet), fc_run_now_us(run) + us);
}

/* Someone who counts and publishes nothing of the probe. */
static void take_one_down(struct fc_run *run)
{
    for (uint32_t i = run->fleet.nodes; i-- > 1;) {
        if (!fc_promise_counts(run, i))
            continue;
        fc_run_say(run, "%s goes, to see what becomes of the news", fc_fleet_name(&run->fleet, i));
        fc_fleet_crash(&run->fleet, i);
        return;
    }
}

static void check_all(struct fc_run *run, const struct probe *probes, uint32_t count)
{
    struct fc_world *world = run->fleet.world;
    for (uint32_t i = 0; i < fc_world_count(world); i++) {
        for (uint32_t j = 0; j < count && fc_promise_counts(run, i); j++) {
            struct fc_hash owner = fc_world_participant(world, probes[j].feed);
            struct fc_feed feed = {0};
            if (fc_replica_feed(fc_world_replica(world, i), &owner, &feed) != FC_OK ||
                feed.version < probes[j].version)
                fc_promise_broken(
                    run, "%s was not told of %s %u.%llu within %d s of a calm network",
                    fc_world_name(world, i), fc_world_name(world, probes[j].feed),
                    fc_version_incarnation(probes[j].version),
                    (unsigned long long)fc_version_seq(probes[j].version), ARRIVES_US / SECOND_US);
        }
    }
}

void fc_probe(struct fc_run *run)
{
    struct probe probes[FEEDS_MAX];
    if (run->fleet.light || run->failure[0] != 0 || run->scenario->dishonest_count != 0 ||
        run->scenario->links.loss_ppm > LOSS_PPM_MAX)
        return;
    run_for(run, CALM_US);
    publish_all(run, probes); /* trees that stand */
    run_for(run, ARRIVES_US);
    take_one_down(run);
    run_for(run, GONE_US);
    uint32_t count = publish_all(run, probes);
    run_for(run, ARRIVES_US);
    check_all(run, probes, count);
}
