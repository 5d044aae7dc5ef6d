/* Plays a scenario: nodes, network, workload, faults and dishonest nodes as it says, measures what
 * happens, and checks the protocol's promises while it runs and at the end. A scenario and its
 * seed are the whole input. */
#ifndef FC_SIM_RUN_H
#define FC_SIM_RUN_H

#include "sim/results.h"
#include "sim/scenario.h"

struct fc_run_progress {
    uint64_t now_us, end_us; /* virtual */
    uint32_t up;
    uint64_t published, events;
    bool settling; /* the run is over, it waits for convergence */
};
struct fc_run_config {
    const struct fc_scenario *scenario; /* checked */
    const char *out_dir;                /* where the files of results go; NULL: nowhere */
    const char *events_path;            /* raw event trace; NULL: none */
    const char *command;                /* that repeats the run, for the summary */
    const struct fc_summary_set *sets;  /* values that were given, for the summary */
    uint32_t set_count;
    const char *lmdb_dir; /* where LMDB replicas go, when the scenario wants them */
    uint64_t until_us;    /* stop there; 0: at its end */
    bool log;             /* what nodes log is among the lines */
    bool probe;           /* when all is over: is news still told at once? */
    void *ctx;
    void (*line)(void *ctx, const char *text);                           /* NULL: no lines */
    void (*progress)(void *ctx, const struct fc_run_progress *progress); /* NULL: none */
};
struct fc_run_error {
    char text[512];
};
/* Fills the summary; `failure` in it is not empty when a promise was broken, and an unmet
 * expectation is marked. FC_E_ARG: the scenario asks for what cannot be done (one line in `error`);
 * FC_E_NOMEM, FC_E_IO, FC_E_FULL. */
FC_MUST_USE enum fc_err fc_run(const struct fc_run_config *config, struct fc_summary *summary,
                               struct fc_run_error *error);
/* No promise broken and every expectation met. */
bool fc_run_passed(const struct fc_summary *summary);

#endif
