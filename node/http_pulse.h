/* Calls that wait for news or for time to pass, and the thread that wakes them. */
#ifndef FC_NODE_HTTP_PULSE_H
#define FC_NODE_HTTP_PULSE_H

#include "store/replica.h"

enum { FC_PULSE_WAITERS_MAX = 512 };

struct fc_http_waiter {
    struct fc_arrival_mark after;
    uint64_t until_us;
    void *link;
    struct fc_http_waiter *prev, *next;
};

struct fc_http_pulse_setup {
    void (*wake)(void *link); /* one that waited; on the pulse's thread */
    void *ctx;
    void (*beat)(void *ctx, uint64_t now_us); /* a few times a second, on the same */
    struct fc_arrival_mark mark;
};
struct fc_http_pulse;
FC_MUST_USE enum fc_err fc_pulse_create(const struct fc_http_pulse_setup *setup,
                                        struct fc_http_pulse **pulse);
void fc_pulse_destroy(struct fc_http_pulse *pulse); /* NULL is fine; nobody waits any more */

/* `waiter` is woken once: by an arrival after `after`, or at once when there is one already, by
 * time, or by the end. FC_E_AGAIN: too many wait. */
FC_MUST_USE enum fc_err fc_pulse_wait(struct fc_http_pulse *pulse, struct fc_http_waiter *waiter);
void fc_pulse_mark(struct fc_http_pulse *pulse, struct fc_arrival_mark mark);
unsigned fc_pulse_waiting(struct fc_http_pulse *pulse);
void fc_pulse_end(struct fc_http_pulse *pulse); /* wakes all, and at once those that come */

#endif
