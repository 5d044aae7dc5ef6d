#include "node/http_rate.h"

#include <pthread.h>
#include <stdlib.h>

#include "net/bucket.h"

enum { SETS = 1024, WAYS = 4 };

struct fc_http_rate {
    pthread_mutex_t mutex;
    struct fc_http_rate_setup setup;
    struct place {
        uint64_t name;     /* of the address; 0: free */
        uint64_t asked_us; /* the last time */
        struct fc_bucket bucket;
    } places[SETS][WAYS];
};

enum fc_err fc_http_rate_create(const struct fc_http_rate_setup *setup, struct fc_http_rate **out)
{
    struct fc_http_rate *rate = calloc(1, sizeof *rate);
    *out = NULL;
    if (!rate) {
        return FC_E_NOMEM;
    }
    if (pthread_mutex_init(&rate->mutex, NULL) != 0) {
        free(rate);
        return FC_E_NOMEM;
    }
    rate->setup = *setup;
    *out = rate;
    return FC_OK;
}

void fc_http_rate_destroy(struct fc_http_rate *rate)
{
    if (rate) {
        pthread_mutex_destroy(&rate->mutex);
        free(rate);
    }
}

/* The address's own place, a free one, one whose bucket is full again, or the one that
 * asked longest ago. */
static struct place *find(struct fc_http_rate *rate, uint64_t name, uint64_t now_us)
{
    struct place *set = rate->places[name % SETS], *free_one = NULL, *oldest = set;
    for (int i = 0; i < WAYS; i++) {
        if (set[i].name == name) {
            return &set[i];
        }
        if (!free_one && (set[i].name == 0 || fc_bucket_full(&set[i].bucket, now_us))) {
            free_one = &set[i];
        }
        if (set[i].asked_us < oldest->asked_us) {
            oldest = &set[i];
        }
    }
    struct place *place = free_one ? free_one : oldest;
    place->name = name;
    fc_bucket_init(&place->bucket, rate->setup.count, rate->setup.burst, now_us);
    return place;
}

bool fc_http_rate_take(struct fc_http_rate *rate, struct fc_span address, uint64_t now_us)
{
    uint64_t name = fc_sip(&rate->setup.seed, address) | 1;
    now_us /= rate->setup.period_s; /* what buckets take for a second is the period */
    pthread_mutex_lock(&rate->mutex);
    struct place *place = find(rate, name, now_us);
    bool taken = fc_bucket_take(&place->bucket, 1, now_us);
    place->asked_us = now_us;
    pthread_mutex_unlock(&rate->mutex);
    return taken;
}
