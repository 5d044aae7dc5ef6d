#include "node/http_pulse.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "node/clock.h"

enum { BEAT_US = 200 * 1000 };

struct fc_http_pulse {
    struct fc_http_pulse_setup setup;
    pthread_mutex_t mutex;
    pthread_cond_t news;
    pthread_t thread;
    struct fc_arrival_mark mark;
    struct fc_http_waiter *waiters;
    unsigned count;
    bool ended; /* nobody may wait any more */
    bool stop;  /* the thread */
};

static void link_in(struct fc_http_pulse *pulse, struct fc_http_waiter *waiter)
{
    waiter->prev = NULL;
    waiter->next = pulse->waiters;
    if (waiter->next) {
        waiter->next->prev = waiter;
    }
    pulse->waiters = waiter;
    pulse->count++;
}

static void link_out(struct fc_http_pulse *pulse, struct fc_http_waiter *waiter)
{
    if (waiter->prev) {
        waiter->prev->next = waiter->next;
    } else {
        pulse->waiters = waiter->next;
    }
    if (waiter->next) {
        waiter->next->prev = waiter->prev;
    }
    pulse->count--;
}

static bool is_due(const struct fc_http_pulse *pulse, const struct fc_http_waiter *waiter,
                   uint64_t now_us)
{
    return pulse->ended || waiter->until_us <= now_us || waiter->after.epoch != pulse->mark.epoch ||
           waiter->after.index < pulse->mark.index;
}

/* Those that are due, in a list of their own. */
static struct fc_http_waiter *take_due(struct fc_http_pulse *pulse, uint64_t now_us)
{
    struct fc_http_waiter *due = NULL;
    for (struct fc_http_waiter *waiter = pulse->waiters, *next; waiter; waiter = next) {
        next = waiter->next;
        if (is_due(pulse, waiter, now_us)) {
            link_out(pulse, waiter);
            waiter->next = due;
            due = waiter;
        }
    }
    return due;
}

static uint64_t next_us(const struct fc_http_pulse *pulse, uint64_t now_us)
{
    uint64_t next = now_us + BEAT_US;
    for (const struct fc_http_waiter *waiter = pulse->waiters; waiter; waiter = waiter->next) {
        next = waiter->until_us < next ? waiter->until_us : next;
    }
    return next;
}

static void *run(void *arg)
{
    struct fc_http_pulse *pulse = arg;
    pthread_mutex_lock(&pulse->mutex);
    while (!pulse->stop) {
        uint64_t now_us = fc_clock_mono_us();
        struct fc_http_waiter *due = take_due(pulse, now_us);
        pthread_mutex_unlock(&pulse->mutex);
        while (due) {
            struct fc_http_waiter *next = due->next; /* once woken it is its owner's */
            pulse->setup.wake(due->link);
            due = next;
        }
        pulse->setup.beat(pulse->setup.ctx, now_us);
        pthread_mutex_lock(&pulse->mutex);
        uint64_t until_us = next_us(pulse, now_us);
        struct timespec until = {.tv_sec = (time_t)(until_us / 1000000),
                                 .tv_nsec = (long)(until_us % 1000000) * 1000};
        bool news = false;
        for (struct fc_http_waiter *at = pulse->waiters; at && !news; at = at->next) {
            news = is_due(pulse, at, now_us);
        }
        if (!news && !pulse->stop) {
            pthread_cond_timedwait(&pulse->news, &pulse->mutex, &until);
        }
    }
    pthread_mutex_unlock(&pulse->mutex);
    return NULL;
}

enum fc_err fc_pulse_create(const struct fc_http_pulse_setup *setup, struct fc_http_pulse **out)
{
    struct fc_http_pulse *pulse = calloc(1, sizeof *pulse);
    pthread_condattr_t attributes;
    *out = NULL;
    if (!pulse) {
        return FC_E_NOMEM;
    }
    pulse->setup = *setup;
    pulse->mark = setup->mark;
    int failed = pthread_mutex_init(&pulse->mutex, NULL) || pthread_condattr_init(&attributes) ||
                 pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) ||
                 pthread_cond_init(&pulse->news, &attributes);
    assert(!failed);
    pthread_condattr_destroy(&attributes);
    if (pthread_create(&pulse->thread, NULL, run, pulse) != 0) {
        pthread_cond_destroy(&pulse->news);
        pthread_mutex_destroy(&pulse->mutex);
        free(pulse);
        return FC_E_NOMEM;
    }
    *out = pulse;
    return FC_OK;
}

void fc_pulse_destroy(struct fc_http_pulse *pulse)
{
    if (!pulse) {
        return;
    }
    pthread_mutex_lock(&pulse->mutex);
    pulse->stop = true;
    pthread_cond_signal(&pulse->news);
    pthread_mutex_unlock(&pulse->mutex);
    pthread_join(pulse->thread, NULL);
    assert(!pulse->waiters);
    pthread_cond_destroy(&pulse->news);
    pthread_mutex_destroy(&pulse->mutex);
    free(pulse);
}

enum fc_err fc_pulse_wait(struct fc_http_pulse *pulse, struct fc_http_waiter *waiter)
{
    enum fc_err err = FC_OK;
    pthread_mutex_lock(&pulse->mutex);
    if (pulse->count == FC_PULSE_WAITERS_MAX) {
        err = FC_E_AGAIN;
    } else {
        link_in(pulse, waiter);
        pthread_cond_signal(&pulse->news);
    }
    pthread_mutex_unlock(&pulse->mutex);
    return err;
}

void fc_pulse_mark(struct fc_http_pulse *pulse, struct fc_arrival_mark mark)
{
    pthread_mutex_lock(&pulse->mutex);
    if (pulse->mark.epoch != mark.epoch || pulse->mark.index != mark.index) {
        pulse->mark = mark;
        pthread_cond_signal(&pulse->news);
    }
    pthread_mutex_unlock(&pulse->mutex);
}

unsigned fc_pulse_waiting(struct fc_http_pulse *pulse)
{
    pthread_mutex_lock(&pulse->mutex);
    unsigned count = pulse->count;
    pthread_mutex_unlock(&pulse->mutex);
    return count;
}

void fc_pulse_end(struct fc_http_pulse *pulse)
{
    pthread_mutex_lock(&pulse->mutex);
    pulse->ended = true;
    pthread_cond_signal(&pulse->news);
    pthread_mutex_unlock(&pulse->mutex);
}
