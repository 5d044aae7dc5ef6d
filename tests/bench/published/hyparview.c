/* J. Leitao, J. Pereira, L. Rodrigues, "HyParView: a membership protocol for reliable gossip-based
 * broadcast", DSN 2007: N = 10,000, active view 5, passive view 30, 50 membership steps, then a
 * share of all nodes fails at once, and 1,000 messages are flooded over the active views without
 * another step. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/spread.h"
#include "net/view_hyparview.h"
#include "tests/bench/published/published.h"

enum { STEPS = 50, SPACING_US = PUBLISHED_SECOND, EARLY = 10 };

struct row {
    uint32_t failed_percent;
    bool at_once;             /* every node notices at once, not when it next sends */
    double mean, early, late; /* reliability of all, of the first ten, of the rest */
};

/* As if each had something to send: what a connection that is reset tells a real program. */
static void notice(struct overlay *overlay)
{
    uint64_t now_us = fc_network_now_us(fc_light_network(overlay->light));
    for (uint32_t i = 0; i < fc_light_count(overlay->light); i++) {
        if (fc_light_is_up(overlay->light, i))
            fc_view_hyparview.on_news(fc_light_view_of(overlay->light, i), now_us);
        fc_light_look(overlay->light, i);
    }
}

static void measure(struct overlay *overlay, const struct published *options, struct row *row)
{
    double sum = 0, early = 0;
    uint32_t count = (uint32_t)((uint64_t)options->nodes * row->failed_percent / 100);
    for (uint32_t i = 0; i < options->nodes; i++)
        fc_view_hyparview_hold(fc_light_view_of(overlay->light, i));
    overlay_crash(overlay, count);
    overlay_run(overlay, PUBLISHED_SECOND); /* links of the failed are gone; nobody has noticed */
    if (row->at_once)
        notice(overlay);
    for (uint32_t i = 0; i < options->messages; i++) {
        double share = overlay_broadcast(overlay, SPACING_US).reliability;
        sum += share;
        early += i < EARLY ? share : 0;
    }
    row->mean = sum / options->messages;
    row->early = early / (options->messages < EARLY ? options->messages : EARLY);
    row->late = options->messages > EARLY ? (sum - early) / (options->messages - EARLY) : 0;
}

/* The overlay is grown once; each share of failures goes on from a copy of the process. */
static int begin(struct overlay *overlay, const struct published *options, uint32_t percent,
                 bool at_once)
{
    int ends[2];
    fflush(stdout);
    if (pipe(ends) != 0) {
        perror("published: pipe");
        exit(1);
    }
    pid_t pid = fork();
    if (pid < 0) {
        perror("published: fork");
        exit(1);
    }
    if (pid == 0) {
        struct row row = {.failed_percent = percent, .at_once = at_once};
        measure(overlay, options, &row);
        _exit(write(ends[1], &row, sizeof row) == sizeof row ? 0 : 1);
    }
    close(ends[1]);
    return ends[0];
}

static struct row end(int from)
{
    struct row row;
    if (read(from, &row, sizeof row) != sizeof row) {
        fprintf(stderr, "published: a run ended early\n");
        exit(1);
    }
    close(from);
    return row;
}

static const uint32_t percents[] = {10, 20, 30, 40, 50, 60, 70, 80, 90, 95};
static const char *const published[] = {"100 %", "100 %", "100 %", "100 %",   "100 %",
                                        "100 %", "100 %", "100 %", "~99.5 %", "~91 %"};
enum { ROWS = sizeof percents / sizeof percents[0] };

static void print_all(struct overlay *overlay, const struct published *options)
{
    int from[2 * ROWS];
    uint32_t begun = 0;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    struct row rows[2];
    printf("%8s %12s | %10s %10s %10s | %10s %10s\n", "failed", "published", "measured", "first 10",
           "the rest", "at once", "first 10");
    for (uint32_t i = 0; i < 2 * ROWS; i++) {
        for (; begun < 2 * ROWS && begun < i + (uint32_t)cores; begun++)
            from[begun] = begin(overlay, options, percents[begun / 2], begun % 2);
        rows[i % 2] = end(from[i]);
        if (i % 2 == 0)
            continue;
        printf("%6u %% %12s | %8.2f %% %8.2f %% %8.2f %% | %8.2f %% %8.2f %%\n", percents[i / 2],
               published[i / 2], 100 * rows[0].mean, 100 * rows[0].early, 100 * rows[0].late,
               100 * rows[1].mean, 100 * rows[1].early);
        fflush(stdout);
    }
    while (wait(NULL) > 0)
        ;
}

void published_hyparview(const struct published *options)
{
    struct overlay overlay;
    printf("HyParView: reliability of %u messages right after failures, N = %u, seed %llu\n",
           options->messages, options->nodes, (unsigned long long)options->seed);
    overlay_grow(&overlay, options, &fc_spread_flood, STEPS);
    print_all(&overlay, options);
    puts("Measured: a failed neighbour is found when something is to be sent to it, or its place "
         "is asked for.\n"
         "At once: every node notices when its connection is reset, as programs over TCP do.\n"
         "Differences: repairs take time here (a dial and an answer are two round trips, the next "
         "candidate is tried up to\n"
         "100 ms later), so the first messages reach fewer nodes; in the paper's cycles they end "
         "within the message that\n"
         "found the failure. Who lost all neighbours, is sent nothing and asked by nobody does "
         "not notice; it is missed\n"
         "until it publishes. The paper does not say how such a node was told.");
    fc_light_destroy(overlay.light);
}
