#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "sim/results_priv.h"

/* -- samples ---------------------------------------------------------------------------------- */

uint32_t fc_results_missing(const struct fc_results *results, const struct fc_result_delta *delta)
{
    uint32_t count = 0;
    for (uint32_t i = 0; delta->flight.have && i < results->words; i++)
        count += (uint32_t)__builtin_popcountll(delta->flight.wanted[i] & ~delta->flight.have[i] &
                                                results->up_honest[i]);
    return count;
}

static void note_state(struct fc_results *results, uint32_t node, uint8_t state)
{
    struct fc_result_node *it = &results->nodes[node];
    if (it->state == state)
        return;
    it->state = state;
    if (results->change_count >= FC_CHANGES_MAX ||
        !fc_results_room(results, &results->changes, &results->change_cap, results->change_count,
                         sizeof *results->changes))
        return;
    results->changes[results->change_count++] =
        (struct fc_result_change){results->interval_now, node, state};
}

/* The end of an interval: which nodes lack something for longer than is usual. */
static void sample(struct fc_results *results, uint64_t at_us)
{
    uint64_t *behind = results->scratch;
    struct fc_result_interval *interval = &results->intervals[results->interval_now];
    memset(behind, 0, results->words * sizeof *behind);
    interval->missing_pairs = 0;
    for (uint32_t i = 0; i < results->open_count; i++) {
        const struct fc_result_delta *delta = &results->deltas[results->open[i]];
        uint32_t missing = 0;
        if (delta->at_us + results->config.behind_us > at_us)
            continue;
        for (uint32_t w = 0; w < results->words; w++) {
            uint64_t lacks =
                delta->flight.wanted[w] & ~delta->flight.have[w] & results->up_honest[w];
            behind[w] |= lacks;
            missing += (uint32_t)__builtin_popcountll(lacks);
        }
        interval->missing_pairs += missing;
    }
    interval->up = results->up_count;
    interval->behind = 0;
    for (uint32_t node = 0; node < results->config.nodes; node++) {
        bool is_behind = behind[node / 64] >> node % 64 & 1;
        interval->behind += is_behind;
        note_state(results, node,
                   is_behind                 ? FC_STATE_BEHIND
                   : results->nodes[node].up ? FC_STATE_UP
                                             : FC_STATE_DOWN);
    }
}

/* Faults whose older deltas are everywhere among the nodes that are up need no more counting. */
static void settle_faults(struct fc_results *results)
{
    for (uint32_t f = 0; f < results->fault_count && results->fault_active > 0; f++) {
        struct fc_result_fault *fault = &results->faults[f];
        bool missing = false;
        for (uint32_t i = 0; fault->active && !missing && i < results->open_count; i++) {
            const struct fc_result_delta *delta = &results->deltas[results->open[i]];
            missing = delta->at_us < fault->end_us && fc_results_missing(results, delta) > 0;
        }
        if (!fault->active || missing)
            continue;
        fault->active = false;
        fault->converged = true;
        results->fault_active--;
    }
}

void fc_results_clock(struct fc_results *results, uint64_t at_us)
{
    uint64_t interval = at_us / results->config.interval_us;
    if (at_us > results->end_us)
        results->end_us = at_us;
    if (interval >= FC_RESULTS_INTERVALS_MAX)
        interval = FC_RESULTS_INTERVALS_MAX - 1;
    while (results->interval_now < interval) {
        if (!fc_results_room(results, &results->intervals, &results->interval_cap,
                             results->interval_now, sizeof *results->intervals))
            return;
        sample(results, (results->interval_now + 1) * results->config.interval_us);
        settle_faults(results);
        results->interval_count = ++results->interval_now;
    }
}

bool fc_results_is_converged(const struct fc_results *results)
{
    for (uint32_t i = 0; i < results->open_count; i++)
        if (fc_results_missing(results, &results->deltas[results->open[i]]) > 0)
            return false;
    return true;
}

/* -- faults ----------------------------------------------------------------------------------- */

uint32_t fc_results_fault(struct fc_results *results, uint64_t at_us, const char *what,
                          uint32_t nodes)
{
    fc_results_clock(results, at_us);
    if (results->fault_count >= FC_RESULTS_FAULTS_MAX ||
        !fc_results_room(results, &results->faults, &results->fault_cap, results->fault_count,
                         sizeof *results->faults))
        return FC_RESULTS_NONE;
    struct fc_result_fault *fault = &results->faults[results->fault_count];
    *fault = (struct fc_result_fault){.nodes = nodes, .at_us = at_us, .end_us = UINT64_MAX};
    snprintf(fault->what, sizeof fault->what, "%s", what);
    return results->fault_count++;
}

void fc_results_fault_end(struct fc_results *results, uint64_t at_us, uint32_t index)
{
    fc_results_clock(results, at_us);
    if (index >= results->fault_count || results->faults[index].end_us != UINT64_MAX)
        return;
    struct fc_result_fault *fault = &results->faults[index];
    fault->end_us = fault->last_us = at_us;
    fault->bytes_before = results->bytes_all;
    for (uint32_t i = 0; i < results->open_count; i++) {
        const struct fc_result_delta *delta = &results->deltas[results->open[i]];
        if (delta->at_us < at_us)
            fault->missing_bytes += delta->bytes * fc_results_missing(results, delta);
    }
    fault->active = true;
    results->fault_active++;
}

/* -- the end ---------------------------------------------------------------------------------- */

void fc_results_link(struct fc_results *results, uint32_t a, uint32_t b, uint64_t latency_us)
{
    if (!fc_results_room(results, &results->links, &results->link_cap, results->link_count,
                         sizeof *results->links))
        return;
    results->links[results->link_count++] = (struct fc_result_link){a, b, latency_us};
    results->nodes[a].degree++;
    results->nodes[b].degree++;
}

uint32_t fc_results_link_count(const struct fc_results *results)
{
    return results->link_count;
}

void fc_results_link_at(const struct fc_results *results, uint32_t index, uint32_t *a, uint32_t *b)
{
    *a = results->links[index].a;
    *b = results->links[index].b;
}

static uint64_t microseconds(struct timeval time)
{
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_usec;
}

void fc_results_cost_read(struct fc_results_cost *cost, const struct fc_results_cost *since)
{
    struct rusage usage;
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    (void)getrusage(RUSAGE_SELF, &usage);
    cost->wall_us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
    cost->cpu_us = microseconds(usage.ru_utime) + microseconds(usage.ru_stime);
    cost->rss_bytes = (uint64_t)usage.ru_maxrss * 1024;
    if (since) {
        cost->wall_us -= since->wall_us;
        cost->cpu_us -= since->cpu_us;
    }
}

struct reckoning { /* over measured deltas */
    uint64_t deltas, wanted, reached, whole, timed_deltas, last_sum_us, hops_sum, hops_count;
    uint64_t hops_max, duplicates, floor;
    double worst, rmr_sum;
    uint64_t rmr_count;
    uint64_t *last_us;
    double *ratios;
    uint32_t ratio_count;
};

static void reckon_delta(struct reckoning *sum, const struct fc_result_delta *delta)
{
    double share = delta->wanted > 0 ? (double)delta->reached / delta->wanted : 1;
    sum->deltas++;
    sum->wanted += delta->wanted;
    sum->reached += delta->reached;
    sum->whole += delta->reached == delta->wanted;
    sum->duplicates += delta->duplicates;
    sum->floor += delta->bytes * delta->wanted;
    sum->worst = share < sum->worst ? share : sum->worst;
    if (delta->reached > 0) {
        sum->rmr_sum += (double)delta->payloads / delta->reached - 1;
        sum->rmr_count++;
    }
    if (delta->hops_known > 0) {
        sum->hops_sum += delta->hops_max;
        sum->hops_count++;
        sum->hops_max = delta->hops_max > sum->hops_max ? delta->hops_max : sum->hops_max;
    }
    if (delta->timed == 0)
        return;
    sum->last_us[sum->timed_deltas++] = delta->last_us;
    sum->last_sum_us += delta->last_us;
    if (delta->farthest_direct_us > 0)
        sum->ratios[sum->ratio_count++] =
            (double)delta->last_us / (double)delta->farthest_direct_us;
}

static int by_value(const void *left, const void *right)
{
    const uint64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

static int by_ratio(const void *left, const void *right)
{
    const double *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

static uint64_t rank_of(uint64_t count, double share)
{
    uint64_t rank = (uint64_t)ceil(share * (double)count);
    return rank > 0 ? rank - 1 : 0;
}

static void fill_latency(const struct fc_results *results, struct reckoning *sum, double *value)
{
    const struct fc_histogram *each = results->to_each;
    static const double shares[] = {0.5, 0.95, 0.99};
    if (each->count > 0) {
        value[FC_MEASURE_LATENCY_MEAN_US] = (double)each->sum / (double)each->count;
        for (int i = 0; i < 3; i++)
            value[FC_MEASURE_LATENCY_P50_US + i] = (double)fc_histogram_quantile(each, shares[i]);
        value[FC_MEASURE_LATENCY_MAX_US] = (double)each->max;
    }
    uint64_t count = sum->timed_deltas;
    if (count > 0) {
        qsort(sum->last_us, count, sizeof *sum->last_us, by_value);
        value[FC_MEASURE_LAST_MEAN_US] = (double)sum->last_sum_us / (double)count;
        for (int i = 0; i < 3; i++)
            value[FC_MEASURE_LAST_P50_US + i] = (double)sum->last_us[rank_of(count, shares[i])];
        value[FC_MEASURE_LAST_MAX_US] = (double)sum->last_us[count - 1];
    }
    if (sum->ratio_count > 0) {
        qsort(sum->ratios, sum->ratio_count, sizeof *sum->ratios, by_ratio);
        value[FC_MEASURE_LAST_RATIO_P99] = sum->ratios[rank_of(sum->ratio_count, 0.99)];
    }
}

/* To divide by. */
static double nodes_of(const struct fc_results *results)
{
    return results->here_count > 0 ? results->here_count : 1;
}

static void fill_traffic(const struct fc_results *results, const struct reckoning *sum,
                         double *value)
{
    uint64_t bytes = 0;
    for (int i = 0; i < FC_TRAFFIC_COUNT; i++) {
        bytes += results->bytes_measured[i];
        value[FC_MEASURE_BYTES_PAYLOAD + i] =
            (double)results->bytes_measured[i] / nodes_of(results);
    }
    value[FC_MEASURE_BYTES] = (double)bytes;
    value[FC_MEASURE_BYTES_FLOOR] = (double)sum->floor;
    if (sum->floor > 0)
        value[FC_MEASURE_BYTES_RATIO] = (double)bytes / (double)sum->floor;
    if (sum->deltas > 0)
        value[FC_MEASURE_CONTROL] = (double)results->control_measured / (double)sum->deltas;
    value[FC_MEASURE_DUPLICATES] = (double)sum->duplicates;
    if (sum->rmr_count > 0)
        value[FC_MEASURE_RMR] = sum->rmr_sum / (double)sum->rmr_count;
}

static void fill_deltas(const struct reckoning *sum, double *value)
{
    value[FC_MEASURE_DELTAS] = (double)sum->deltas;
    value[FC_MEASURE_DELIVERIES] = (double)sum->reached;
    if (sum->deltas == 0)
        return;
    value[FC_MEASURE_DELIVERY] = sum->wanted > 0 ? (double)sum->reached / (double)sum->wanted : 1.0;
    value[FC_MEASURE_DELIVERY_MIN] = sum->worst;
    value[FC_MEASURE_ATOMIC] = (double)sum->whole / (double)sum->deltas;
    if (sum->hops_count > 0) {
        value[FC_MEASURE_LDH_MEAN] = (double)sum->hops_sum / (double)sum->hops_count;
        value[FC_MEASURE_LDH_MAX] = (double)sum->hops_max;
    }
}

static void fill_faults(const struct fc_results *results, double *value)
{
    uint64_t ended = 0, slowest_us = 0, bytes = 0, missing = 0;
    bool all = true;
    for (uint32_t i = 0; i < results->fault_count; i++) {
        const struct fc_result_fault *fault = &results->faults[i];
        if (fault->end_us == UINT64_MAX)
            continue;
        ended++;
        all = all && fault->converged;
        bytes += fault->bytes;
        missing += fault->missing_bytes;
        if (fault->last_us - fault->end_us > slowest_us)
            slowest_us = fault->last_us - fault->end_us;
    }
    value[FC_MEASURE_FAULTS] = (double)ended;
    if (ended == 0)
        return;
    if (all)
        value[FC_MEASURE_CONVERGE_MAX_US] = (double)slowest_us;
    value[FC_MEASURE_HEAL_BYTES] = (double)bytes;
    value[FC_MEASURE_HEAL_MISSING] = (double)missing;
    if (missing > 0)
        value[FC_MEASURE_HEAL_RATIO] = (double)bytes / (double)missing;
}

static void fill_cost(const struct fc_results *results, const struct fc_results_cost *cost,
                      double *value)
{
    uint32_t most = 0;
    for (uint32_t i = 0; i < results->config.nodes; i++)
        most = results->nodes[i].degree > most ? results->nodes[i].degree : most;
    if (results->link_count > 0) {
        value[FC_MEASURE_DEGREE_MEAN] = 2.0 * results->link_count / nodes_of(results);
        value[FC_MEASURE_DEGREE_MAX] = most;
    }
    value[FC_MEASURE_NODES] = results->here_count;
    value[FC_MEASURE_NODES_UP] = results->up_count;
    value[FC_MEASURE_RUN_US] = (double)results->end_us;
    value[FC_MEASURE_EVENTS] = (double)cost->events;
    value[FC_MEASURE_WALL_US] = (double)cost->wall_us;
    value[FC_MEASURE_CPU_US] = (double)cost->cpu_us;
    if (cost->wall_us > 0)
        value[FC_MEASURE_EVENTS_PER_S] = (double)cost->events * 1e6 / (double)cost->wall_us;
    value[FC_MEASURE_RSS_BYTES] = (double)cost->rss_bytes;
    value[FC_MEASURE_RSS_PER_NODE] = (double)cost->rss_bytes / nodes_of(results);
}

/* What is down and did not get a delta is excused from it; every delta gets its figures. */
static void excuse(struct fc_results *results)
{
    for (uint32_t i = results->open_count; i-- > 0;) {
        struct fc_result_delta *delta = &results->deltas[results->open[i]];
        delta->wanted = delta->reached + fc_results_missing(results, delta);
        fc_results_close(results, results->open[i]);
    }
}

enum fc_err fc_results_finish(struct fc_results *results, uint64_t at_us,
                              const struct fc_results_cost *cost, struct fc_summary *summary)
{
    struct reckoning sum = {.worst = 1};
    fc_results_clock(results, at_us);
    if (fc_results_room(results, &results->intervals, &results->interval_cap, results->interval_now,
                        sizeof *results->intervals)) {
        sample(results, at_us);
        results->interval_count = results->interval_now + 1;
    }
    settle_faults(results);
    excuse(results);
    results->finished = true;
    sum.last_us = malloc((results->delta_count + 1) * sizeof *sum.last_us);
    sum.ratios = malloc((results->delta_count + 1) * sizeof *sum.ratios);
    if (sum.last_us && sum.ratios) {
        for (uint32_t i = 0; i < results->delta_count; i++)
            if (results->deltas[i].measured)
                reckon_delta(&sum, &results->deltas[i]);
        fill_deltas(&sum, summary->value);
        fill_latency(results, &sum, summary->value);
        fill_traffic(results, &sum, summary->value);
        fill_faults(results, summary->value);
        fill_cost(results, cost, summary->value);
    } else {
        results->failed = true;
    }
    free(sum.last_us);
    free(sum.ratios);
    if (results->failed)
        return FC_E_NOMEM;
    return fc_results_events_close(results);
}

uint32_t fc_results_median(const struct fc_results *results)
{
    uint64_t lasts[FC_SAMPLES_MAX];
    uint32_t count = results->sample_count;
    for (uint32_t i = 0; i < count; i++)
        lasts[i] = results->deltas[results->samples[i]].last_us;
    if (count == 0)
        return FC_RESULTS_NONE;
    qsort(lasts, count, sizeof *lasts, by_value);
    for (uint32_t i = 0; i < count; i++)
        if (results->deltas[results->samples[i]].last_us == lasts[count / 2])
            return results->samples[i];
    return FC_RESULTS_NONE;
}
