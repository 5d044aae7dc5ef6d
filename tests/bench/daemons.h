/* Real nodes for benchmarks: homes set up and run with the very commands an operator types. */
#ifndef FC_BENCH_DAEMONS_H
#define FC_BENCH_DAEMONS_H

#include <sys/types.h>

#include "node/client.h"
#include "tests/bench/bench.h"

struct daemon {
    char home[160];
    unsigned port;
    pid_t pid; /* 0: does not run */
    struct fc_cli cli;
    struct fc_client *client; /* open while it runs */
    double peak_anon_mb;      /* seen by daemon_sample */
};
struct federation {
    const struct bench *bench;
    char folder[96];
    struct daemon a, b;
};

/* A federation of one governor; nodes a and b, each the node of one participant; `hosted` more
 * participants (feed keys p0, p1...) whose keys lie on a. Nothing runs yet; a knows everyone, b
 * only a. */
void federation_init(struct federation *fed, const struct bench *bench, unsigned hosted);
void federation_finish(struct federation *fed); /* stops both and removes the folder */

/* Runs the program under test and waits; dies unless it succeeds. The list ends with NULL. */
void fedcat(const struct federation *fed, const struct daemon *daemon, ...)
    __attribute__((sentinel));

void daemon_start(const struct federation *fed, struct daemon *daemon);
void daemon_stop(struct daemon *daemon);
/* Waits until it takes requests, and opens the client. */
void daemon_open(struct daemon *daemon);
struct fc_digest daemon_digest(struct daemon *daemon);
void daemon_sample(struct daemon *daemon);
double daemon_cpu_s(const struct daemon *daemon);
double daemon_peak_rss_mb(const struct daemon *daemon);

#endif
