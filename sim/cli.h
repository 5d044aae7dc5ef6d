/* What the commands of fedcat-sim share: which scenario, with which changes, and how people see it.
 */
#ifndef FC_SIM_CLI_H
#define FC_SIM_CLI_H

#include <argp.h>

#include "sim/commands.h"
#include "sim/run.h"
#include "sim/scratch.h"

enum { FC_EXIT_FAILED = 1, FC_EXIT_USAGE = 2 };

/* The options that choose a scenario and change it: a child of a command's argp, whose input is
 * this. Zero it first; finish it at the end. */
struct fc_cli_choice {
    const char *name;  /* a scenario, or a file */
    const char **sets; /* key=value, in their order; borrowed from argv */
    uint32_t set_count;
    const char *nodes, *seed, *store; /* short for --set; NULL: as the scenario says */
    bool small;
};
extern const struct argp fc_cli_choice_argp;
void fc_cli_choice_finish(struct fc_cli_choice *choice);
/* Opens and changes the scenario; on failure says why on stderr and returns an exit status, else 0.
 */
int fc_cli_open(const struct fc_cli_choice *choice, struct fc_scenario *scenario);
/* The exit status for a run that could not be played: the machine's fault, or the scenario's. */
int fc_cli_status(enum fc_err err);
/* The values that were given, for the summary; how many. */
uint32_t fc_cli_sets(const struct fc_cli_choice *choice,
                     struct fc_summary_set sets[FC_SUMMARY_SETS_MAX]);
/* "fedcat-sim VERB NAME --seed S ...": what repeats the run. Appends a NUL. */
void fc_cli_command(const char *verb, const struct fc_cli_choice *choice,
                    const struct fc_scenario *scenario, struct fc_buf *out);

/* A line on stderr that is written over as the run goes on, where stderr is a terminal. */
struct fc_cli_meter {
    bool on;
    double started_s, shown_s;
    bool shown;
};
void fc_cli_meter_start(struct fc_cli_meter *meter, bool quiet);
void fc_cli_meter_show(void *meter, const struct fc_run_progress *progress);
void fc_cli_meter_end(struct fc_cli_meter *meter);

/* The result for people. */
void fc_cli_print_summary(const struct fc_summary *summary, const struct fc_scenario *scenario);
/* Says on stderr what was broken and the one command that shows it again. */
void fc_cli_print_failure(const struct fc_summary *summary);
/* "1..10", "1,5,9" or "7": seeds, ascending as written. NULL with a line on stderr; `*count` of
 * them, the caller's to free. */
uint64_t *fc_cli_seeds(const char *text, uint32_t *count);

/* Where LMDB replicas go, for a scenario that has them; else none. False, with a line on stderr: it
 * cannot be made. */
bool fc_cli_make_scratch(const struct fc_scenario *scenario, struct fc_scratch *scratch);

#endif
