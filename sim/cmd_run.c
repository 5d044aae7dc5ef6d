#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cli.h"

struct options {
    struct fc_cli_choice choice;
    const char *out, *events;
    bool json, quiet, trace;
};

enum { OPT_JSON = 256, OPT_TRACE, OPT_EVENTS };
static const struct argp_option options_table[] = {
    {0, 0, 0, 0, "What to keep and show:", 2},
    {"output", 'o', "DIR", 0,
     "Write the results there: summary, deltas, series, nodes and links, as CSV and JSON, for "
     "`fedcat-sim report DIR` and your own tools",
     2},
    {"events", OPT_EVENTS, "FILE", 0, "Write each event as a line of JSON", 2},
    {"json", OPT_JSON, NULL, 0, "Print the summary as one JSON object", 2},
    {"trace", OPT_TRACE, NULL, 0, "Print each message, readable, and what nodes log", 2},
    {"quiet", 'q', NULL, 0, "No progress", 2},
    {0},
};
static const char doc[] =
    "Plays a scenario: a name that `fedcat-sim list` shows, or a file (with a / or ending in "
    ".yaml). The nodes run the very code of the daemon over a virtual network and clock; a "
    "scenario "
    "and a seed give the same run, and trace hash, each time.\n"
    "Status 0: every promise of the protocol held and every expectation of the scenario was met; "
    "1: not so; 2: the command line or the scenario is wrong.\v"
    "Examples:\n"
    "  fedcat-sim run first-run\n"
    "  fedcat-sim run churn --nodes 200 --seed 7 --output churn/\n"
    "  fedcat-sim run first-run --set links.loss='5 %' --set run.for=1h\n"
    "  fedcat-sim run first-run --nodes 3 --trace | less\n"
    "  fedcat-sim run ./mine.yaml --json | jq .measures.delivery\n";

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->choice;
        break;
    case 'o':
        options->out = arg;
        break;
    case OPT_EVENTS:
        options->events = arg;
        break;
    case OPT_JSON:
        options->json = true;
        break;
    case OPT_TRACE:
        options->trace = true;
        break;
    case 'q':
        options->quiet = true;
        break;
    case ARGP_KEY_END:
        if (!options->choice.name)
            argp_error(state, "say which scenario; `fedcat-sim list` shows them");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static void print_line(void *ctx, const char *text)
{
    (void)ctx;
    puts(text);
}

/* Before the run, which may take an hour. */
static bool can_write(const struct options *options)
{
    if (!options->out || fc_results_prepare(options->out) == FC_OK)
        return true;
    fprintf(stderr, "fedcat-sim: %s: %s\n", options->out, strerror(errno));
    return false;
}

static int play(const struct options *options, const struct fc_scenario *scenario)
{
    struct fc_cli_meter meter;
    struct fc_run_error error;
    struct fc_summary_set sets[FC_SUMMARY_SETS_MAX];
    struct fc_buf command = {0}, json = {0};
    struct fc_summary *summary = calloc(1, sizeof *summary);
    struct fc_scratch scratch = {0};
    if (!summary || !fc_cli_make_scratch(scenario, &scratch)) {
        free(summary);
        return FC_EXIT_FAILED;
    }
    fc_cli_command("run", &options->choice, scenario, &command);
    fc_cli_meter_start(&meter, options->quiet || options->trace);
    struct fc_run_config config = {.scenario = scenario,
                                   .out_dir = options->out,
                                   .events_path = options->events,
                                   .command = (const char *)command.data,
                                   .lmdb_dir = scratch.path,
                                   .log = options->trace,
                                   .probe = strcmp(options->choice.name, "check") == 0,
                                   .line = options->trace ? print_line : NULL,
                                   .ctx = &meter,
                                   .progress = fc_cli_meter_show,
                                   .sets = sets,
                                   .set_count = fc_cli_sets(&options->choice, sets)};
    enum fc_err err = fc_run(&config, summary, &error);
    fc_cli_meter_end(&meter);
    int status = err == FC_OK && fc_run_passed(summary) ? EXIT_SUCCESS : FC_EXIT_FAILED;
    if (err != FC_OK) {
        fprintf(stderr, "fedcat-sim: %s\n", error.text);
        status = fc_cli_status(err);
    } else if (options->json) {
        fc_summary_write_json(summary, &json);
        fwrite(json.data, 1, json.len, stdout);
    } else {
        fc_cli_print_summary(summary, scenario);
    }
    if (err == FC_OK)
        fc_cli_print_failure(summary);
    fc_scratch_destroy(&scratch);
    fc_buf_finish(&command);
    fc_buf_finish(&json);
    free(summary);
    return status;
}

int fc_cmd_run(int argc, char **argv)
{
    static const struct argp_child children[] = {{&fc_cli_choice_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {options_table, parse, "SCENARIO", doc, children, NULL, NULL};
    struct options options = {0};
    struct fc_scenario scenario;
    argp_err_exit_status = FC_EXIT_USAGE;
    if (argp_parse(&argp, argc, argv, 0, NULL, &options) != 0)
        return FC_EXIT_USAGE;
    int status = fc_cli_open(&options.choice, &scenario);
    if (status == 0) {
        status = can_write(&options) ? play(&options, &scenario) : FC_EXIT_FAILED;
        fc_scenario_finish(&scenario);
    }
    fc_cli_choice_finish(&options.choice);
    return status;
}
