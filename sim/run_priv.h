/* The inside of a run, for the files that make it up. */
#ifndef FC_SIM_RUN_PRIV_H
#define FC_SIM_RUN_PRIV_H

#include "net/rng.h"
#include "sim/fleet.h"
#include "sim/numbers.h"
#include "sim/traffic.h"

/* What alarms are for: kind and number share the tag. */
enum fc_action {
    FC_ACTION_START,      /* a node */
    FC_ACTION_PUBLISH,    /* a workload's next */
    FC_ACTION_FAULT,      /* a fault begins */
    FC_ACTION_FAULT_END,  /* and ends */
    FC_ACTION_CHURN,      /* a churning fault's next */
    FC_ACTION_RETURN,     /* a node that churned is back */
    FC_ACTION_TRACE,      /* the next line of a churn trace */
    FC_ACTION_LIE,        /* a dishonest group acts */
    FC_ACTION_RANDOM,     /* a random fault */
    FC_ACTION_CHECKPOINT, /* a node's next */
};

struct fc_feed_work { /* what a feed has published */
    uint32_t *live;   /* serials of its entries */
    uint32_t count, cap, next;
    fc_version acknowledged; /* the last version that was acknowledged to its owner */
};
struct fc_churn_row {
    uint64_t at_us;
    uint32_t node;
    bool up;
};
struct fc_active_fault {
    struct fc_fault_spec spec;
    uint32_t *nodes; /* picked */
    uint32_t count;
    uint32_t number; /* in the results */
    bool begun, ended;
    struct fc_churn_row *rows; /* of a trace */
    uint32_t row_count, row_next;
};
struct fc_liar {
    enum fc_dishonesty kind;
    uint64_t from_us;
    struct fc_kv *before; /* its store as it was before it published: to publish otherwise */
};
struct fc_signed { /* every head that was signed */
    uint32_t owner;
    fc_version version;
    struct fc_hash hash;
};

struct fc_run {
    struct fc_run_config config;
    const struct fc_scenario *scenario; /* `own` */
    struct fc_scenario own;             /* with as many nodes as a topology's file has */
    struct fc_run_error *error;
    struct fc_topology topology;
    struct fc_fleet fleet;
    struct fc_results *results;
    struct fc_results *events;  /* the same, where a raw trace is asked for; else NULL */
    struct fc_rng rng;          /* of everything the run itself chooses */
    struct fc_hasher trace;     /* of light nodes; a world has its own */
    uint32_t total, feed_total; /* nodes and feeds, those that join later too */

    struct fc_feed_work *feeds;
    double *popularity; /* cumulative, of feeds, for the workload it was made for */
    uint32_t popularity_milli;
    uint64_t *published_by; /* of each workload */
    uint64_t published, last_publish_us;
    uint64_t turn; /* of feeds that publish in turn */

    struct fc_active_fault *faults;
    uint32_t fault_count, fault_cap;
    uint8_t *faulty; /* of each node: how many faults keep it down */

    struct fc_liar *liars; /* one for each node; NULL: all are honest */
    uint8_t *honest;       /* of each node */
    uint8_t *left;         /* of each node: its operator was revoked */
    uint8_t *checkpointed; /* the first is drawn */

    struct fc_signed *heads;
    uint64_t head_count, head_cap;
    struct fc_numbers head_index; /* by hash */
    struct fc_numbers first_head; /* by owner and version: the first signed there */
    struct fc_numbers verified;   /* heads whose signatures were looked at, at the end */
    char failure[256];            /* the first broken promise */
    uint64_t failure_us;
    uint32_t apart[2]; /* honest nodes that did not hold the same at the last look */
};

static inline uint64_t fc_run_now_us(const struct fc_run *run)
{
    return fc_fleet_now_us(&run->fleet);
}
static inline void fc_run_alarm(struct fc_run *run, uint64_t at_us, enum fc_action action,
                                uint32_t number)
{
    fc_fleet_alarm(&run->fleet, at_us, (uint64_t)action << 32 | number);
}
/* Unless a fault keeps it down; later, when it cannot be let in yet. */
void fc_run_start(struct fc_run *run, uint32_t node);
/* An exponential time with this mean. */
uint64_t fc_run_wait_us(struct fc_run *run, uint64_t mean_us);
/* A line of the trace. */
void fc_run_say(struct fc_run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* run_event.c: into the raw trace, where there is one. Kinds are those of
 * docs/simulating-results.md. */
void fc_event_message(struct fc_run *run, const char *kind, uint32_t node, uint32_t peer,
                      enum fc_traffic traffic, uint64_t bytes);
void fc_event_accepted(struct fc_run *run, uint32_t node, uint32_t from, uint32_t feed,
                       fc_version version);
void fc_event_life(struct fc_run *run, uint32_t node, bool up);
void fc_event_fault(struct fc_run *run, const char *kind, const struct fc_active_fault *fault);

/* run_files.c: the files of results, into the directory that was asked for. FC_E_IO, FC_E_FULL,
 * FC_E_NOMEM, with a line. */
FC_MUST_USE enum fc_err fc_run_write(struct fc_run *run, const struct fc_summary *summary);

/* run_pick.c: the nodes a pick names, ascending, among those that `may` (one byte for each node;
 * NULL: all). NULL: out of memory. */
uint32_t *fc_run_pick(struct fc_run *run, const struct fc_pick *pick, const uint8_t *may,
                      uint32_t *count);
/* What is wrong with a pick that names countries and found so many: one of them is neither on the
 * map nor in the topology's file, or nobody is there. NULL: nothing. */
const char *fc_run_pick_fault(const struct fc_run *run, const struct fc_pick *pick, uint32_t found,
                              char text[96]);
/* How many it wants; of countries one at least. */
uint32_t fc_run_pick_asks(const struct fc_run *run, const struct fc_pick *pick);

/* run_work.c */
enum fc_err fc_work_begin(struct fc_run *run);
void fc_work_alarm(struct fc_run *run, uint32_t workload);
void fc_work_finish(struct fc_run *run);

/* run_fault.c */
enum fc_err fc_fault_begin_all(struct fc_run *run);
void fc_fault_alarm(struct fc_run *run, enum fc_action action, uint32_t number);
void fc_fault_end_all(struct fc_run *run); /* the network is whole, all are up */
void fc_fault_finish(struct fc_run *run);

/* run_lie.c */
enum fc_err fc_lie_begin(struct fc_run *run);
void fc_lie_alarm(struct fc_run *run, uint32_t group);
bool fc_lie_tamper(void *ctx, uint32_t from, uint32_t to, struct fc_buf *message);
/* Around each publication at a node. */
void fc_lie_publishing(struct fc_run *run, uint32_t node);
void fc_lie_published(struct fc_run *run, uint32_t node, uint32_t feed);
void fc_lie_finish(struct fc_run *run);

/* run_promise.c: DESIGN's promises */
void fc_promise_signed(struct fc_run *run, uint32_t owner, fc_version version,
                       const struct fc_hash *hash);
void fc_promise_accepted(struct fc_run *run, uint32_t node, uint32_t owner,
                         const struct fc_arrival *head);
void fc_promise_started(struct fc_run *run, uint32_t node);
/* All honest nodes that are up and reach each other hold the same. */
bool fc_promise_is_converged(struct fc_run *run);
bool fc_promise_all_know(struct fc_run *run); /* that they are in sync */
/* Honest, up, and a member's by the charter in force. */
bool fc_promise_counts(struct fc_run *run, uint32_t node);
void fc_promise_end(struct fc_run *run, bool converged);
void fc_promise_broken(struct fc_run *run, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void fc_promise_finish(struct fc_run *run);

/* run_probe.c */
void fc_probe(struct fc_run *run);

#endif
