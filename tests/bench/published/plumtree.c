/* J. Leitao, J. Pereira, L. Rodrigues, "Epidemic broadcast trees", SRDS 2007: N = 10,000 over
 * HyParView with an active view of 5, one tree for all sources. Stable: messages of one broadcast.
 * Then 50 nodes fail in each cycle, a membership step and a broadcast. */
#include <stdio.h>

#include "net/spread_plumtree.h"
#include "net/view_hyparview.h"
#include "tests/bench/published/published.h"

enum { STEPS = 50, FAILURES = 50 };

static void head(void)
{
    printf("%6s %10s %10s %12s %12s %6s %8s %10s\n", "cycle", "payload", "control", "redundancy",
           "reliability", "hops", "last s", "membership");
}

static void row(uint32_t cycle, const struct broadcast *one)
{
    printf("%6u %10llu %10llu %12.4f %10.2f %% %6u %8.3f %10llu\n", cycle,
           (unsigned long long)one->payload, (unsigned long long)one->control, one->redundancy,
           100 * one->reliability, one->hops, one->last_s, (unsigned long long)one->view);
    fflush(stdout);
}

static struct broadcast cycles(struct overlay *overlay, uint32_t count, uint32_t failures,
                               double *lowest)
{
    struct broadcast sum = {0};
    *lowest = 1;
    head();
    for (uint32_t i = 1; i <= count; i++) {
        overlay_crash(overlay, failures);
        struct broadcast one = overlay_broadcast(overlay, FC_HYPARVIEW_STEP_US);
        if (i <= 5 || i == count || one.reliability < 1)
            row(i, &one);
        *lowest = one.reliability < *lowest ? one.reliability : *lowest;
        if (i <= 2 && failures == 0)
            continue; /* the tree is being made */
        sum.payload += one.payload;
        sum.control += one.control;
        sum.redundancy += one.redundancy;
        sum.reliability += one.reliability;
    }
    uint32_t of = failures == 0 ? count - 2 : count;
    sum.payload /= of;
    sum.control /= of;
    sum.redundancy /= of;
    sum.reliability /= of;
    return sum;
}

void published_plumtree(const struct published *options)
{
    struct overlay overlay;
    double lowest;
    printf("Plumtree, one tree, over HyParView: N = %u, seed %llu\n", options->nodes,
           (unsigned long long)options->seed);
    overlay_grow(&overlay, options, &fc_spread_plumtree_shared, STEPS);
    struct broadcast stable = cycles(&overlay, options->cycles, 0, &lowest);
    uint32_t links = 0;
    for (uint32_t i = 0; i < options->nodes; i++)
        links += fc_light_neighbours(overlay.light, i, NULL, 0);
    printf("\nStable, a broadcast, after two cycles     measured    published\n"
           "payload messages                        %10llu        9,999\n"
           "control messages                        %10llu       29,986\n"
           "redundancy                              %10.4f            0\n"
           "reliability                             %8.2f %%        100 %%\n"
           "Each end of a link that is not in the tree announces once: %u ends of active links, "
           "less two for each of\n"
           "%u tree links, are %u. Fewer: who has heard an announcement of a message does not "
           "announce it back\n"
           "to that peer, and an announcement that waits for others goes with them.\n\n",
           (unsigned long long)stable.payload, (unsigned long long)stable.control,
           stable.redundancy, 100 * stable.reliability, links, options->nodes - 1,
           links - 2 * (options->nodes - 1));
    printf("%u nodes fail in each of %u cycles\n", FAILURES, options->cycles);
    struct broadcast failing = cycles(&overlay, options->cycles, FAILURES, &lowest);
    printf("\n%u failures a cycle                       measured    published\n"
           "reliability, mean                       %8.3f %%        100 %%\n"
           "reliability, lowest                     %8.3f %%\n"
           "redundancy                              %10.4f\n",
           FAILURES, 100 * failing.reliability, 100 * lowest, failing.redundancy);
    fc_light_destroy(overlay.light);
}
