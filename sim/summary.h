/* What a whole run comes to: one value for each measure, and what the run was. A summary is one
 * line of JSON, so runs join by concatenation; docs/simulating-results.md has the schema. */
#ifndef FC_SIM_SUMMARY_H
#define FC_SIM_SUMMARY_H

#include "store/bytes.h"

/* name, unit (of an integer; "real" ones have "1", a plain number), what it says. Latencies are
 * from publication to acceptance by a node that was up all the while; percentiles are of deltas
 * published from `measure: from` on. A measure without a value (no fault, no delta) is null. */
#define FC_MEASURE_TABLE(X)                                                                        \
    X(NODES, "nodes", "", "nodes that took part")                                                  \
    X(NODES_UP, "nodes_up", "", "nodes up at the end")                                             \
    X(DELTAS, "deltas", "", "measured deltas")                                                     \
    X(RUN_US, "run_us", "us", "virtual time of the run")                                           \
    X(DELIVERIES, "deliveries", "", "pairs of delta and node that were delivered")                 \
    X(DELIVERY, "delivery", "1", "delivered share of the pairs that were wanted")                  \
    X(DELIVERY_MIN, "delivery_min", "1", "the same, of the delta that fared worst")                \
    X(ATOMIC, "atomic", "1", "share of deltas that reached every node")                            \
    X(LATENCY_MEAN_US, "latency_mean_us", "us", "latency to each node: mean")                      \
    X(LATENCY_P50_US, "latency_p50_us", "us", "latency to each node: median")                      \
    X(LATENCY_P95_US, "latency_p95_us", "us", "latency to each node: 95th percentile")             \
    X(LATENCY_P99_US, "latency_p99_us", "us", "latency to each node: 99th percentile")             \
    X(LATENCY_MAX_US, "latency_max_us", "us", "latency to each node: greatest")                    \
    X(LAST_MEAN_US, "last_mean_us", "us", "latency to a delta's last node: mean")                  \
    X(LAST_P50_US, "last_p50_us", "us", "latency to a delta's last node: median")                  \
    X(LAST_P95_US, "last_p95_us", "us", "latency to a delta's last node: 95th percentile")         \
    X(LAST_P99_US, "last_p99_us", "us", "latency to a delta's last node: 99th percentile")         \
    X(LAST_MAX_US, "last_max_us", "us", "latency to a delta's last node: greatest")                \
    X(LAST_RATIO_P99, "last_ratio_p99", "1",                                                       \
      "latency to the last node / direct latency to the farthest node: 99th percentile")           \
    X(RMR, "rmr", "1", "relative message redundancy: payloads / (nodes reached - 1) - 1, mean")    \
    X(DUPLICATES, "duplicates", "", "payloads that arrived where they were held already")          \
    X(LDH_MEAN, "ldh_mean", "1", "last delivery hop: hops to the farthest node, mean")             \
    X(LDH_MAX, "ldh_max", "", "last delivery hop: greatest")                                       \
    X(CONTROL, "control", "1", "control messages of dissemination for each delta, mean")           \
    X(BYTES, "bytes", "B", "bytes on all links from `measure: from` on")                           \
    X(BYTES_PAYLOAD, "bytes_payload_per_node", "B", "bytes sent by a node, mean: payload")         \
    X(BYTES_CONTROL, "bytes_control_per_node", "B", "the same: announcements, grafts, prunes")     \
    X(BYTES_MEMBERSHIP, "bytes_membership_per_node", "B", "the same: membership")                  \
    X(BYTES_SYNC, "bytes_sync_per_node", "B", "the same: catch-up and anti-entropy")               \
    X(BYTES_OTHER, "bytes_other_per_node", "B", "the same: all else")                              \
    X(BYTES_FLOOR, "bytes_floor", "B", "(encoded delta + contents) x nodes that wanted it")        \
    X(BYTES_RATIO, "bytes_ratio", "1", "bytes / bytes_floor")                                      \
    X(DEGREE_MEAN, "degree_mean", "1", "overlay at the end: links of a node, mean")                \
    X(DEGREE_MAX, "degree_max", "", "overlay at the end: links of a node, greatest")               \
    X(PATH_MEAN, "path_mean", "1", "overlay at the end: hops between two nodes, mean")             \
    X(DIAMETER, "diameter", "", "overlay at the end: hops between two nodes, greatest")            \
    X(CLUSTERING, "clustering", "1", "overlay at the end: clustering coefficient")                 \
    X(COMPONENTS, "components", "", "overlay at the end: connected parts")                         \
    X(FAULTS, "faults", "", "faults that ended")                                                   \
    X(CONVERGE_MAX_US, "converge_max_us", "us",                                                    \
      "end of a fault until all that was published before is everywhere: greatest")                \
    X(HEAL_BYTES, "heal_bytes", "B", "bytes of that time, those of newer deltas aside: sum")       \
    X(HEAL_MISSING, "heal_missing", "B", "bytes of what was missing as faults ended: sum")         \
    X(HEAL_RATIO, "heal_ratio", "1", "heal_bytes / heal_missing")                                  \
    X(EVENTS, "events", "", "events of the simulation")                                            \
    X(WALL_US, "wall_us", "us", "time the run took")                                               \
    X(CPU_US, "cpu_us", "us", "processor time the run took")                                       \
    X(EVENTS_PER_S, "events_per_s", "1", "events in a second of wall time")                        \
    X(RSS_BYTES, "rss_bytes", "B", "greatest resident memory")                                     \
    X(RSS_PER_NODE, "rss_bytes_per_node", "B", "the same / nodes")

enum fc_measure {
#define FC_MEASURE_ENUM(id, name, unit, text) FC_MEASURE_##id,
    FC_MEASURE_TABLE(FC_MEASURE_ENUM)
#undef FC_MEASURE_ENUM
        FC_MEASURE_COUNT
};
struct fc_measure_info {
    const char *name, *unit, *text;
};
const struct fc_measure_info *fc_measure_info(enum fc_measure measure);
bool fc_measure_is_integer(enum fc_measure measure); /* written without decimals */
/* FC_MEASURE_COUNT where there is none of that name. */
enum fc_measure fc_measure_find(const char *name);

enum {
    FC_SUMMARY_NAME_MAX = 128,
    FC_SUMMARY_SETS_MAX = 16,
    FC_SUMMARY_SET_MAX = 256,
    FC_SUMMARY_COMMAND_MAX = 2048,
    FC_SUMMARY_LINE_MAX = 64 * 1024,
    FC_SUMMARY_EXPECTS_MAX = 8,
};
struct fc_summary_set { /* a value that `--set` or a sweep gave: "federation.nodes", "100" */
    char key[FC_SUMMARY_NAME_MAX];
    char value[FC_SUMMARY_SET_MAX];
};
struct fc_summary_expect {          /* a line of `expect:` and how it went */
    char name[FC_SUMMARY_NAME_MAX]; /* the key, "bytes_ratio" */
    char unit[8];                   /* of both values: "share", "1", "s", "B" */
    bool at_least;                  /* else at most */
    double limit, value;
    bool met;
};
struct fc_summary {
    char name[FC_SUMMARY_NAME_MAX]; /* of the scenario */
    char about[FC_SUMMARY_SET_MAX];
    char version[32];
    char trace[65];                       /* hash of the trace, hexadecimal */
    char command[FC_SUMMARY_COMMAND_MAX]; /* repeats the run */
    char failure[FC_SUMMARY_SET_MAX];     /* the invariant that broke; "" */
    uint64_t seed;
    struct fc_summary_set sets[FC_SUMMARY_SETS_MAX];
    uint32_t set_count;
    struct fc_summary_expect expects[FC_SUMMARY_EXPECTS_MAX];
    uint32_t expect_count;
    double value[FC_MEASURE_COUNT]; /* NAN: none */
};
void fc_summary_init(struct fc_summary *summary); /* no value, no text */

/* Appends the summary as one object and a newline. */
void fc_summary_write_json(const struct fc_summary *summary, struct fc_buf *out);
/* The same with a member `scenario` beside the others: a text that all runs of a sweep have in
 * common stands with one of them. Left out where the line would be too long to be read again. */
void fc_summary_write_json_with(const struct fc_summary *summary, struct fc_span scenario,
                                struct fc_buf *out);
/* Appends that text, of one object. False: there is none. */
bool fc_summary_read_scenario(struct fc_span json, struct fc_buf *out);
/* One object, on one line or several. Names that are not known are passed over, so that newer
 * files can be read. FC_E_JSON, FC_E_FORMAT (a value of another kind), FC_E_BOUND, FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_summary_parse(struct fc_span json, struct fc_summary *out);

/* Fixed columns: name, seed, set, version, trace, failure, then every measure. */
void fc_summary_write_csv_header(struct fc_buf *out);
void fc_summary_write_csv(const struct fc_summary *summary, struct fc_buf *out);

#endif
