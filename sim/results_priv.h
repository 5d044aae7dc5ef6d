/* What recording keeps, for the files that record, reckon and write. */
#ifndef FC_SIM_RESULTS_PRIV_H
#define FC_SIM_RESULTS_PRIV_H

#include <stdio.h>

#include "sim/histogram.h"
#include "sim/results.h"

enum {
    FC_HOPS_UNKNOWN = 0xff, /* came by catch-up, or from one whose hops are unknown */
    FC_HOPS_MAX = 0xfe,
    FC_SAMPLES_MAX = 16, /* deltas kept beside the fastest and the slowest */
    FC_CHANGES_MAX = 1 << 22,
};
enum fc_result_state { FC_STATE_DOWN, FC_STATE_UP, FC_STATE_BEHIND };

struct fc_result_node {
    char *name; /* NULL: by its number */
    char country[3];
    int32_t latitude_udeg, longitude_udeg;
    bool here; /* named, or up at some time: the numbers of others are those of feeds alone */
    bool up, known, dishonest, left;
    uint8_t state;
    uint32_t degree;
    uint64_t up_since_us;
    uint64_t bytes_out[FC_TRAFFIC_COUNT], bytes_in[FC_TRAFFIC_COUNT];
    uint64_t delivered, duplicates;
};

struct fc_result_arrival {
    uint32_t node, from, after_us; /* 0xffffffff: that or more */
    uint8_t hops;
    bool timed; /* the node was up all the while */
};
/* What is kept of a delta until it is everywhere. */
struct fc_result_flight {
    uint64_t *wanted, *have; /* a bit for each node */
    uint8_t *hops;
    struct fc_result_arrival *arrivals; /* of wanted nodes, in the order of time */
    uint32_t arrival_cap;
};
struct fc_result_delta {
    uint32_t node, feed;
    uint64_t version, bytes, at_us, farthest_direct_us;
    uint32_t older;                  /* published before it in this feed; FC_RESULTS_NONE */
    uint32_t open_older, open_newer; /* the same of those that are open */
    uint32_t open_index;             /* where it stands among all open ones */
    uint32_t wanted, reached, timed, arrivals;
    uint32_t hops_known, hops_max;
    uint64_t hops_sum, payloads, duplicates;
    uint64_t p50_us, p95_us, p99_us, last_us; /* of timed arrivals, when it is closed */
    bool measured;
    struct fc_result_flight flight; /* arrivals alone outlive it, where it was kept */
};

struct fc_result_interval {
    uint32_t up, behind, published;
    uint64_t missing_pairs; /* at its end: of deltas that are late and nodes that are up */
    uint64_t delivered, payloads, duplicates;
    uint64_t bytes[FC_TRAFFIC_COUNT];
};
struct fc_result_change {
    uint32_t interval, node;
    uint8_t state;
};
struct fc_result_fault {
    char what[32];
    uint32_t nodes;
    uint64_t at_us, end_us, last_us; /* end UINT64_MAX: goes on */
    uint64_t missing_bytes, bytes_before, bytes_newer, bytes;
    bool active, converged;
};
struct fc_result_link {
    uint32_t a, b;
    uint64_t latency_us;
};
struct fc_result_pair { /* open addressing; from == to: free */
    uint32_t from, to;
    uint64_t payloads;
};

struct fc_results {
    struct fc_results_config config;
    bool failed, finished;
    FILE *events;
    int events_error; /* the first errno of writing them; 0: none */
    uint32_t words;   /* of a bitmap over nodes */
    struct fc_result_node *nodes;
    uint64_t *up_honest; /* bitmap: up and honest */
    uint32_t up_count, here_count;
    struct fc_result_delta *deltas;
    uint32_t delta_count, delta_cap;
    uint32_t *feed_newest, *feed_open; /* by feed */
    uint32_t *open;                    /* deltas that some wanted node lacks */
    uint32_t open_count, open_cap;
    struct fc_histogram *to_each;
    struct fc_result_interval *intervals;
    uint32_t interval_count, interval_cap, interval_now;
    struct fc_result_change *changes;
    uint32_t change_count, change_cap;
    uint64_t *scratch; /* bitmap */
    struct fc_result_fault *faults;
    uint32_t fault_count, fault_cap, fault_active;
    struct fc_result_link *links;
    uint32_t link_count, link_cap;
    struct fc_result_pair *pairs;
    uint32_t pair_count, pair_cap; /* a power of two */
    uint32_t fastest, slowest, samples[FC_SAMPLES_MAX];
    uint32_t sample_count, sample_stride, closed_count;
    uint64_t bytes_all, bytes_measured[FC_TRAFFIC_COUNT], control_measured, end_us;
};

/* Everything up to this time is over: samples what is due. */
void fc_results_clock(struct fc_results *results, uint64_t at_us);
/* Reckons the figures of a delta and lets its flight go. */
void fc_results_close(struct fc_results *results, uint32_t delta);
/* Open deltas and the nodes that are up: what is missing. */
uint32_t fc_results_missing(const struct fc_results *results, const struct fc_result_delta *delta);
/* The kept delta whose time to the last node is nearest to the median; FC_RESULTS_NONE. */
uint32_t fc_results_median(const struct fc_results *results);
uint64_t fc_results_payloads_of(const struct fc_results *results, uint32_t from, uint32_t to);
/* FC_E_IO, FC_E_FULL (errno says more): not all of the raw trace was written. */
enum fc_err fc_results_events_close(struct fc_results *results);
/* FC_E_IO or FC_E_FULL. */
enum fc_err fc_results_failure(int error);
bool fc_results_room(struct fc_results *results, void *array, uint32_t *cap, uint32_t count,
                     size_t size);

#endif
