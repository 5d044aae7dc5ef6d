/* Kills a process that acknowledges its work, again and again, and asks what is left of it. */
#ifndef FC_TESTS_CRASH_H
#define FC_TESTS_CRASH_H

#include <stdbool.h>
#include <stdint.h>

struct crash_job {
    /* In the child: opens what is to be tested and does work numbered `next`, `next` + 1, ...,
     * calling crash_acknowledge() when each is durable, until it is killed. */
    void (*work)(void *context, uint64_t next, int acks);
    /* In the parent, after the kill: how much is held. False when something is wrong. */
    bool (*held)(void *context, uint64_t *last);
    void *context;
    uint64_t seed;
    unsigned rounds;
    unsigned delay_us_max; /* the kill comes at a random moment before this, or later where little
                              is done by then */
};
struct crash_report {
    unsigned rounds;
    uint64_t acknowledged;
    unsigned busy_rounds; /* in which something was acknowledged */
    unsigned ahead;       /* in which more was held than had been acknowledged */
};

void crash_acknowledge(int acks, uint64_t number);
/* False, with a line on stderr, as soon as a round loses what was acknowledged, holds more than one
 * piece of work beyond it, or the child ends by itself. */
bool crash_run(const struct crash_job *job, struct crash_report *report);

#endif
