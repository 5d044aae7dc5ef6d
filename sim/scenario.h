/* What a run is made of: a scenario file and a seed are the whole input of a run.
 *
 * Files are YAML, a few lines with comments; anything that is not known or does not fit is refused
 * with file, line, column and what to write instead. All values have a default.
 * Times carry units (250 us, 20 ms, 10 s, 5 min, 1 h, 2 d), sizes too (512, 4 KB, 1 MiB), shares
 * are percent or parts (20 %, 0.2), rates are events per time (10/s, 1/min, 20 %/h of the nodes).
 * scenario_fields.h has the tables that all of this follows: reading, checking, writing, --set and
 * the reference of the keys. */
#ifndef FC_SIM_SCENARIO_H
#define FC_SIM_SCENARIO_H

#include "sim/topology.h"

enum {
    FC_SCENARIO_NODES_MAX = 1000000,
    FC_SCENARIO_FULL_NODES_MAX = 200000,
    FC_SCENARIO_LMDB_NODES_MAX = 500,
    FC_SCENARIO_LIST_MAX = 256,  /* workloads, faults, dishonest groups, each */
    FC_SCENARIO_PICK_MAX = 1024, /* nodes or countries named one by one */
    FC_SCENARIO_SMALL_MAX = 32,  /* assignments */
    FC_SCENARIO_NAME_MAX = 64,   /* bytes, with the NUL */
    FC_SCENARIO_TEXT_MAX = 512,  /* bytes of `about`, of a path, of an assignment */
    FC_SCENARIO_BYTES_MAX = 256 * 1024,
};
#define FC_SCENARIO_ANY UINT64_MAX /* of an expectation: not asked for; in 32 bits UINT32_MAX */

enum fc_scenario_size {
    FC_SIZE_SMALL, /* seconds */
    FC_SIZE_LARGE, /* minutes and gigabytes */
};
enum fc_node_kind {
    FC_NODE_FULL,  /* the whole core over a replica, as the daemon runs it */
    FC_NODE_LIGHT, /* view and spread modules only, messages without content: for 100,000 nodes */
};
enum fc_store_kind { FC_STORE_MEMORY, FC_STORE_LMDB };
enum fc_start_kind {
    FC_START_SEEDED, /* all are members from the start and share one registry */
    FC_START_JOIN,   /* they come in one after the other, over join_over_us, through node 0 */
};
struct fc_federation_spec {
    uint32_t nodes; /* 12; 0: as many as topology_file has, known when it is loaded */
    bool nodes_set; /* by fc_scenario_set: a topology.file that is set later leaves it alone */
    enum fc_node_kind kind;
    enum fc_store_kind store;
    enum fc_start_kind start;
    uint64_t join_over_us;
    uint32_t feeds;     /* participants that publish, node i mod nodes hosts feed i; 0: as nodes */
    uint32_t governors; /* 3 */
    char view[24];      /* registry, hyparview, all, static (the topology's own edges) */
    uint32_t active;    /* 0: the view's own */
    char spread[24];    /* plumtree, plumtree-shared, eager, flood, example */
    uint32_t fanout;    /* of eager */
    uint32_t dials_only_ppm; /* share of nodes without an endpoint */
    bool checkpoints;
};

/* One-way latency is the topology's. */
struct fc_links_spec {
    uint64_t jitter_us;     /* uniform, 0 to this much more */
    uint64_t bandwidth_bps; /* of each link and direction, bits a second; 0: any */
    uint64_t access_bps;    /* of each node's own line out; 0: any */
    uint32_t loss_ppm;      /* of messages: seen as delay on ordered links (retransmission) */
    uint32_t duplicate_ppm; /* ordered links drop the copy */
    uint32_t reorder_ppm;   /* ordered links wait for what was overtaken, as TCP does */
    uint32_t queue_max;     /* messages under way before a link is blocked; 0: any */
};

/* Nodes a fault or a behaviour is for. Chosen once, by the run's seed. */
enum fc_pick_kind { FC_PICK_ALL, FC_PICK_SHARE, FC_PICK_COUNT, FC_PICK_LIST, FC_PICK_COUNTRIES };
struct fc_pick {
    enum fc_pick_kind kind;
    uint32_t share_ppm, count;
    uint32_t *list;       /* count of them, ascending, each once */
    char (*countries)[3]; /* ISO 3166-1 alpha-2, count of them, ascending; with count 0 share_ppm of
                             all countries, chosen at random */
};

struct fc_workload_spec {     /* an item of `workload:` */
    uint64_t from_us, for_us; /* for 0: to the end of the run */
    uint64_t per_hour;        /* deltas in the federation, Poisson; exactly even when `even` */
    bool even;
    bool in_turn;        /* each feed in turn */
    uint64_t count;      /* stop after so many; 0: any */
    uint32_t zipf_milli; /* exponent x 1000 of feed popularity; 0: all alike */
    uint32_t burst;      /* deltas at once each time; 1 */
    uint32_t ops;        /* operations in a delta; 1 */
    uint64_t content_bytes, content_bytes_max; /* as stored, after compression; uniform between */
    uint32_t update_ppm, delete_ppm;           /* else a new entry */
    uint32_t line;                             /* in the scenario file; 0: from elsewhere */
};

enum fc_fault_kind {
    FC_FAULT_CRASH, /* what was not synced is lost; for: restarts after */
    FC_FAULT_RESTART,
    FC_FAULT_PARTITION, /* those picked against the rest (or: parts: N equal random parts); for */
    FC_FAULT_HEAL,
    FC_FAULT_ISOLATE,   /* each of those picked on its own; for */
    FC_FAULT_CUT,       /* links of those picked are reset once */
    FC_FAULT_DISK_FULL, /* commits fail; for */
    FC_FAULT_SKEW,      /* clock by skew_ms; for */
    FC_FAULT_SLOW,      /* latency x factor; for */
    FC_FAULT_LOSS,      /* other loss on their links; for */
    FC_FAULT_CHURN, /* per_hour of picked nodes crash and come back after down_us (exponential) */
    FC_FAULT_TRACE, /* churn from a file: lines `time_s node up|down` */
    FC_FAULT_JOIN, /* pick.count new members with a node each, through random ones; for: spread over
                    */
    FC_FAULT_REVOKE, /* governance: of the operators of picked nodes */
    FC_FAULT_RECOVER,
    FC_FAULT_ROTATE, /* of the charter */
    FC_FAULT_RANDOM, /* any of the above at random times, per_hour: what `check` uses */
    FC_FAULT_KINDS
};
struct fc_fault_spec { /* an item of `faults:` */
    enum fc_fault_kind kind;
    uint64_t at_us, for_us; /* for 0: for good */
    struct fc_pick pick;
    uint32_t parts;
    int64_t skew_ms;
    uint32_t factor_milli, loss_ppm;
    uint64_t per_hour; /* of RANDOM: events; of CHURN: parts per million of the nodes an hour */
    uint64_t down_us;
    char *path;
    uint32_t line; /* in the scenario file; 0: from elsewhere */
};

enum fc_dishonesty {
    FC_DISHONEST_FORK,      /* signs two heads at one version */
    FC_DISHONEST_WITHHOLD,  /* forwards and serves nothing of others' */
    FC_DISHONEST_STALE,     /* answers with an old state */
    FC_DISHONEST_FLOOD,     /* sends many messages of little use */
    FC_DISHONEST_SIGNATURE, /* sends records with invalid signatures */
    FC_DISHONEST_ROOT,      /* signs heads whose root leads nowhere */
    FC_DISHONEST_ANNOUNCE,  /* announces what it does not have */
    FC_DISHONEST_GARBAGE,   /* messages with bytes changed at random */
    FC_DISHONEST_KINDS
};
/* An item of `dishonest:`. Groups do not overlap, and node 0 is in none. */
struct fc_dishonest_spec {
    enum fc_dishonesty kind;
    struct fc_pick pick;
    uint64_t from_us;
    uint32_t line; /* in the scenario file; 0: from elsewhere */
};

/* What the run must show; each is checked at the end and a miss is said and ends with status 1.
 * FC_SCENARIO_ANY, in 32 bits UINT32_MAX: not asked for. */
struct fc_expect_spec {
    uint32_t delivery_ppm_min;    /* of (delta, honest live node) pairs */
    uint32_t redundancy_ppm_max;  /* payload pushes beyond one for each node */
    uint32_t bytes_ratio_ppm_max; /* all bytes / ((delta + contents) x nodes) */
    uint32_t last_ratio_ppm_max;  /* p99 of time to the last node / direct latency to farthest */
    uint64_t converge_us_max;     /* after the last fault healed */
    uint32_t heal_bytes_ratio_ppm_max; /* bytes after healing / bytes missing */
    uint64_t memory_bytes_max;         /* of the process; not part of the trace */
    uint32_t speed_milli_min;          /* virtual time / time here; not part of the trace */
};

struct fc_scenario {
    char name[FC_SCENARIO_NAME_MAX]; /* the file's name without directory and .yaml */
    char *about;                     /* one line; never NULL */
    enum fc_scenario_size size;
    uint64_t seed;
    struct fc_federation_spec federation;
    struct fc_topology_spec topology; /* nodes: as federation.nodes, kept so by parse and set */
    char *topology_file;              /* in its place; NULL: none */
    struct fc_links_spec links;
    struct fc_workload_spec *workload;
    uint32_t workload_count;
    struct fc_fault_spec *faults;
    uint32_t fault_count;
    struct fc_dishonest_spec *dishonest;
    uint32_t dishonest_count;
    uint64_t run_us;     /* `run: for` */
    uint64_t settle_us;  /* at most so long after it until all have converged; 120 s */
    uint64_t measure_us; /* `measure: from`: figures are of deltas published from then on */
    struct fc_expect_spec expect;
    char **small; /* assignments that make it a matter of seconds */
    uint32_t small_count;
};

/* One line for people: "path:line:column: what is wrong; what to do". */
struct fc_scenario_error {
    char text[512];
};

/* A scenario of defaults alone: no workload, no faults. FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_scenario_init(struct fc_scenario *scenario, const char *name);
/* Reads and checks a whole file; paths in it are taken from its directory. FC_E_FORMAT, FC_E_BOUND,
 * FC_E_NOMEM, FC_E_IO, FC_E_MISSING; `out` is all zero then and needs no finish. */
FC_MUST_USE enum fc_err fc_scenario_load(const char *path, struct fc_scenario *out,
                                         struct fc_scenario_error *error);
/* A text in place of a file. FC_E_FORMAT, FC_E_BOUND, FC_E_NOMEM; `out` as above. */
FC_MUST_USE enum fc_err fc_scenario_parse(const char *name, struct fc_span text,
                                          struct fc_scenario *out, struct fc_scenario_error *error);
/* A file where the name has a '/' or ends in .yaml, else a shipped scenario. As fc_scenario_load.
 */
FC_MUST_USE enum fc_err fc_scenario_open(const char *name, struct fc_scenario *out,
                                         struct fc_scenario_error *error);
/* FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_scenario_copy(const struct fc_scenario *scenario,
                                         struct fc_scenario *out);
void fc_scenario_finish(struct fc_scenario *scenario); /* all zero is fine */

/* `federation.nodes=100`, `workload.0.rate=10/s`, `faults.2={at: 5 s, what: heal}` (one more than
 * there are: added), `faults=[]`; the value is written as in a file. Not the checks across fields:
 * they come when all is set. On error the scenario is as before. */
FC_MUST_USE enum fc_err fc_scenario_set(struct fc_scenario *scenario, const char *assignment,
                                        struct fc_scenario_error *error);
/* The scenario's own assignments for a quick look, `small:`. */
FC_MUST_USE enum fc_err fc_scenario_set_small(struct fc_scenario *scenario,
                                              struct fc_scenario_error *error);
/* One value as text that fc_scenario_set takes, for columns of results. FC_E_FORMAT: no such key,
 * or not one value. */
FC_MUST_USE enum fc_err fc_scenario_get(const struct fc_scenario *scenario, const char *key,
                                        struct fc_buf *out, struct fc_scenario_error *error);
/* The next value of a list like "3,5,7" or "[0, 1],[2]"; commas within brackets or quotes do not
 * part. False at its end. `value` is within the list, blanks around it left out. */
bool fc_scenario_next_value(const char **list, struct fc_span *value);

/* Checks across fields; load, parse and open have done it, set has not. FC_E_FORMAT. */
FC_MUST_USE enum fc_err fc_scenario_check(const struct fc_scenario *scenario,
                                          struct fc_scenario_error *error);
/* Every value, defaults included, as a file that parses to the same scenario (but for `name` and
 * lines): for replay and report. */
void fc_scenario_write(const struct fc_scenario *scenario, struct fc_buf *out);

const char *fc_fault_name(enum fc_fault_kind kind);
const char *fc_dishonesty_name(enum fc_dishonesty kind);

/* Scenarios that come with the program, by name. */
struct fc_scenario_file {
    const char *name;
    struct fc_span text;
};
/* In the order of names; false past the last. */
bool fc_scenario_shipped(uint32_t index, struct fc_scenario_file *out);

/* The reference of all keys: for a terminal, or as Markdown for docs/. */
void fc_scenario_reference(bool markdown, struct fc_buf *out);

#endif
