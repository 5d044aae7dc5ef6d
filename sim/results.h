/* What is measured while a run goes on. The runner says what happens through the calls below; each
 * costs a few memory accesses, and nothing is kept for a delivery once its delta is everywhere.
 *
 *     struct fc_results *results;
 *     fc_results_create(&config, &results);
 *     fc_results_node(results, i, name, "DE", latitude, longitude);            each node, once
 *     fc_results_up(results, now_us, i, true);                                 and when it changes
 *     fc_results_publish(results, now_us, &delta);
 *     fc_results_message(results, now_us, from, to, class, bytes);             each one sent
 *     fc_results_payload(results, now_us, from, to, feed, version);            each one arriving
 *     fc_results_deliver(results, now_us, node, from, feed, version);          each one accepted
 *     fc_results_link(results, a, b, latency_us);                              overlay, at the end
 *     fc_results_finish(results, now_us, &cost, &summary);
 *     fc_results_write(results, &summary, scenario_yaml, dir);
 *
 * Calls in the order of time. Out of memory sticks, and fc_results_finish says so. */
#ifndef FC_SIM_RESULTS_H
#define FC_SIM_RESULTS_H

#include "sim/summary.h"

enum {
    FC_RESULTS_NONE = 0xffffffff, /* no node */
    FC_RESULTS_NODES_MAX = 1000000,
    FC_RESULTS_FAULTS_MAX = 1024,
    FC_RESULTS_INTERVALS_MAX = 20000,
    FC_RESULTS_LINKS_MAX = 1 << 22, /* pairs of nodes whose payloads are counted */
    FC_RESULTS_KEPT_MAX = 24,       /* deltas whose whole way is written down */
};

#define FC_RESULTS_NOWHERE INT32_MIN /* degrees of a node without a place */

enum fc_traffic {                        /* classes of message */
                  FC_TRAFFIC_PAYLOAD,    /* deltas on their way live, and contents */
                  FC_TRAFFIC_CONTROL,    /* announcements, grafts, prunes */
                  FC_TRAFFIC_MEMBERSHIP, /* hello, joins, neighbours, shuffles, keep-alives */
                  FC_TRAFFIC_SYNC,       /* catch-up, anti-entropy, checkpoints */
                  FC_TRAFFIC_OTHER,
                  FC_TRAFFIC_COUNT
};
const char *fc_traffic_name(enum fc_traffic traffic); /* "payload", ... */

struct fc_results_config {
    uint32_t nodes, feeds;
    uint64_t run_us;         /* expected; a longer one is fine */
    uint64_t measure_us;     /* figures are of deltas published, and bytes sent, from then on */
    uint64_t interval_us;    /* of series; 0: the greater of 1 s and run_us / 600 */
    uint64_t behind_us;      /* a node that lacks a delta for longer is behind; 0: 1 s */
    const char *events_path; /* raw trace, written as it comes; NULL: none */
};
struct fc_results;
/* FC_E_NOMEM, FC_E_ARG (no node, more than the maximum), FC_E_IO (events_path). */
FC_MUST_USE enum fc_err fc_results_create(const struct fc_results_config *config,
                                          struct fc_results **results);
void fc_results_destroy(struct fc_results *results); /* NULL is fine */

/* -- nodes ------------------------------------------------------------------------------------ */

/* Millionths of a degree, or FC_RESULTS_NOWHERE for both; country as ISO 3166-1 alpha-2 or "". May
 * be left out for one that is up at some time: "node-7". What is neither took no part, and no
 * figure is of it. */
void fc_results_node(struct fc_results *results, uint32_t node, const char *name,
                     const char *country, int32_t latitude_udeg, int32_t longitude_udeg);
/* All are down and honest at first. Dishonest ones are not wanted for any delivery. */
void fc_results_up(struct fc_results *results, uint64_t at_us, uint32_t node, bool up);
void fc_results_dishonest(struct fc_results *results, uint32_t node);
/* It is no member any more: from now on it is wanted for nothing, and what it published itself
 * counts as far as it has come. */
void fc_results_leave(struct fc_results *results, uint64_t at_us, uint32_t node);

/* -- traffic ---------------------------------------------------------------------------------- */

/* Each message as it is sent, whole bytes on the wire. */
void fc_results_message(struct fc_results *results, uint64_t at_us, uint32_t from, uint32_t to,
                        enum fc_traffic traffic, uint64_t bytes);
/* A delta that was pushed or pulled live arrives at `to`, before the node has looked at it: counts
 * as a duplicate where it is held already. */
void fc_results_payload(struct fc_results *results, uint64_t at_us, uint32_t from, uint32_t to,
                        uint32_t feed, uint64_t version);

/* -- deltas ----------------------------------------------------------------------------------- */

struct fc_results_delta {
    uint32_t node, feed;
    uint64_t version;            /* greater than any before of that feed */
    uint64_t bytes;              /* encoded signed delta + contents as they travel */
    uint64_t farthest_direct_us; /* one way, to the farthest honest node that is up; 0: unknown */
};
/* Wanted by every honest node that is up now, the publisher aside; what is down at the end and did
 * not get it is excused. */
void fc_results_publish(struct fc_results *results, uint64_t at_us,
                        const struct fc_results_delta *delta);
/* The node holds this version of the feed now, and with it every older one. `from`: who sent it
 * (hops are counted by it), or FC_RESULTS_NONE. May be said again. */
void fc_results_deliver(struct fc_results *results, uint64_t at_us, uint32_t node, uint32_t from,
                        uint32_t feed, uint64_t version);

/* -- faults ----------------------------------------------------------------------------------- */

/* What happened ("partition", "crash"), in a word, and to how many nodes. Returns a number for the
 * end of it. */
uint32_t fc_results_fault(struct fc_results *results, uint64_t at_us, const char *what,
                          uint32_t nodes);
/* It is over (healed, restarted): convergence is measured from here. */
void fc_results_fault_end(struct fc_results *results, uint64_t at_us, uint32_t fault);

/* -- raw trace -------------------------------------------------------------------------------- */

struct fc_results_event {
    uint64_t at_us;
    const char *kind;    /* "send", "arrive", "up", "down", "publish", "deliver", ... */
    uint32_t node, peer; /* FC_RESULTS_NONE: none */
    const char *class;   /* of a message; NULL */
    uint64_t bytes;      /* 0: not written */
    uint32_t feed;       /* FC_RESULTS_NONE: no delta */
    uint64_t version;
    const char *what; /* of a fault; NULL: none */
    uint32_t fault;   /* its number, where there is one */
};
bool fc_results_wants_events(const struct fc_results *results);
/* Without events_path nothing happens. That a file took no more is said by fc_results_finish. */
void fc_results_event(struct fc_results *results, const struct fc_results_event *event);

/* -- the end ---------------------------------------------------------------------------------- */

/* A link of the overlay, once for each pair. */
void fc_results_link(struct fc_results *results, uint32_t a, uint32_t b, uint64_t latency_us);
uint32_t fc_results_link_count(const struct fc_results *results);
void fc_results_link_at(const struct fc_results *results, uint32_t index, uint32_t *a, uint32_t *b);

struct fc_results_cost { /* of the machine */
    uint64_t wall_us, cpu_us, rss_bytes, events;
};
/* Wall and processor time since an earlier reading of this process (NULL: since it began, as far
 * as the processor goes) and its greatest resident memory; leaves `events` alone. */
void fc_results_cost_read(struct fc_results_cost *cost, const struct fc_results_cost *since);

/* Fills the measures; name, seed, trace, command, sets, expects and what a topology library knows
 * (PATH_MEAN, DIAMETER, CLUSTERING, COMPONENTS) are the caller's to fill. FC_E_NOMEM when something
 * was lost on the way; FC_E_IO, FC_E_FULL: the raw trace is not whole (errno says more). */
FC_MUST_USE enum fc_err fc_results_finish(struct fc_results *results, uint64_t at_us,
                                          const struct fc_results_cost *cost,
                                          struct fc_summary *summary);
/* Whether every honest node that is up holds all that was published (before finish, too). */
bool fc_results_is_converged(const struct fc_results *results);

/* Makes the directory when it is not there, and tries whether files can be written in it: said
 * before a run is better than after it. FC_E_IO (errno says more), FC_E_FULL, FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_results_prepare(const char *dir);
/* Writes the files of docs/simulating-results.md into a directory, which is made when it is not
 * there. FC_E_IO (errno says more), FC_E_FULL, FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_results_write(const struct fc_results *results,
                                         const struct fc_summary *summary,
                                         struct fc_span scenario_yaml, const char *dir);

/* The columns of one of those files, with commas; NULL where it is no table. */
const char *fc_results_columns(const char *name);

#endif
