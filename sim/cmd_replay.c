#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cli.h"

struct options {
    struct fc_cli_choice choice;
    const char *node;
    double until_s, from_s;
    uint64_t lines; /* printed */
};

enum { OPT_UNTIL = 256, OPT_FROM, OPT_NODE };
static const struct argp_option options_table[] = {
    {0, 0, 0, 0, "What to see:", 2},
    {"until", OPT_UNTIL, "SECONDS", 0, "Stop there; default: play it whole", 2},
    {"from", OPT_FROM, "SECONDS", 0, "Print from here on; default: the last two seconds", 2},
    {"node", OPT_NODE, "NAME", 0, "Only lines that name this node", 2},
    {0},
};
static const char doc[] =
    "Plays a run again up to a moment and prints every message, what nodes log and what befalls "
    "them before it. When a promise of the protocol breaks, `run` and `check` print the command "
    "that shows it this way.\v"
    "Examples:\n"
    "  fedcat-sim replay check --seed 17 --until 12.304\n"
    "  fedcat-sim replay churn --small --seed 3 --until 30 --from 20 --node n7\n";

static double seconds(const char *text, const struct argp_state *state)
{
    char *end;
    double value = strtod(text, &end);
    if (*end == 's')
        end++;
    if (end == text || *end != 0 || !(value >= 0 && value < 1e9))
        argp_error(state, "a moment is given in seconds, like 12.5, not '%s'", text);
    return value;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->choice;
        break;
    case OPT_UNTIL:
        options->until_s = seconds(arg, state);
        break;
    case OPT_FROM:
        options->from_s = seconds(arg, state);
        break;
    case OPT_NODE:
        options->node = arg;
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

/* As a word of its own: n1 is not in n10. */
static bool names(const char *line, const char *node)
{
    size_t len = strlen(node);
    for (const char *at = line; (at = strstr(at, node)); at += len) {
        bool starts = at == line || !strchr("abcdefghijklmnopqrstuvwxyz0123456789", at[-1]);
        if (starts && (at[len] == 0 || !strchr("abcdefghijklmnopqrstuvwxyz0123456789", at[len])))
            return true;
    }
    return false;
}

static void print_line(void *ctx, const char *text)
{
    struct options *options = ctx;
    if (strtod(text, NULL) < options->from_s || (options->node && !names(text, options->node)))
        return;
    puts(text);
    options->lines++;
}

/* Nodes are n0, n1, ..., feeds beyond them are named alike, and those that join new12, new13, ...
 */
static bool is_known(const struct fc_scenario *scenario, const char *name)
{
    const struct fc_federation_spec *spec = &scenario->federation;
    uint32_t named = spec->feeds > spec->nodes ? spec->feeds : spec->nodes;
    bool joined = strncmp(name, "new", 3) == 0, joins = false;
    const char *digits = name + (joined ? 3 : 1);
    for (uint32_t i = 0; i < scenario->fault_count; i++)
        joins = joins || scenario->faults[i].kind == FC_FAULT_JOIN ||
                scenario->faults[i].kind == FC_FAULT_RANDOM;
    if ((!joined && name[0] != 'n') || digits[0] == 0 || strlen(digits) > 7 ||
        digits[strspn(digits, "0123456789")] != 0 || (digits[0] == '0' && digits[1] != 0))
        return false;
    unsigned long number = strtoul(digits, NULL, 10);
    return joined ? joins && number >= named : spec->nodes == 0 || number < named;
}

static bool is_fine(const struct options *options, const struct fc_scenario *scenario)
{
    const struct fc_federation_spec *spec = &scenario->federation;
    if (options->node && !is_known(scenario, options->node)) {
        fprintf(stderr, "fedcat-sim: --node: there is no '%s' in %s; nodes are n0 to n%u\n",
                options->node, scenario->name, spec->nodes ? spec->nodes - 1 : 0);
        return false;
    }
    if (options->until_s > 0 && options->from_s >= options->until_s) {
        fprintf(stderr, "fedcat-sim: --from %g is not before --until %g\n", options->from_s,
                options->until_s);
        return false;
    }
    return true;
}

static int play(struct options *options, const struct fc_scenario *scenario)
{
    struct fc_run_error error;
    struct fc_summary *summary = calloc(1, sizeof *summary);
    struct fc_scratch scratch = {0};
    double end_s = options->until_s > 0 ? options->until_s : (double)scenario->run_us / 1e6;
    if (options->from_s < 0)
        options->from_s = end_s > 2 ? end_s - 2 : 0;
    struct fc_run_config config = {.scenario = scenario,
                                   .until_us = (uint64_t)(options->until_s * 1e6 + 0.5),
                                   .log = true,
                                   .probe = strcmp(options->choice.name, "check") == 0,
                                   .line = print_line,
                                   .ctx = options};
    if (!summary || !fc_cli_make_scratch(scenario, &scratch)) {
        free(summary);
        return FC_EXIT_FAILED;
    }
    config.lmdb_dir = scratch.path;
    enum fc_err err = fc_run(&config, summary, &error);
    if (err != FC_OK)
        fprintf(stderr, "fedcat-sim: %s\n", error.text);
    else if (summary->failure[0] != 0)
        fprintf(stderr, "BROKEN at %s\n", summary->failure);
    else if (options->lines == 0)
        fprintf(stderr, "fedcat-sim: nothing happened from %g s on%s%s\n", options->from_s,
                options->node ? " that names " : "", options->node ? options->node : "");
    bool passed = err == FC_OK && summary->failure[0] == 0;
    fc_scratch_destroy(&scratch);
    free(summary);
    return passed ? EXIT_SUCCESS : err != FC_OK ? fc_cli_status(err) : FC_EXIT_FAILED;
}

int fc_cmd_replay(int argc, char **argv)
{
    static const struct argp_child children[] = {{&fc_cli_choice_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {options_table, parse, "SCENARIO", doc, children, NULL, NULL};
    struct options options = {.from_s = -1};
    struct fc_scenario scenario;
    argp_err_exit_status = FC_EXIT_USAGE;
    if (argp_parse(&argp, argc, argv, 0, NULL, &options) != 0)
        return FC_EXIT_USAGE;
    int status = fc_cli_open(&options.choice, &scenario);
    if (status == 0) {
        status = is_fine(&options, &scenario) ? play(&options, &scenario) : FC_EXIT_USAGE;
        fc_scenario_finish(&scenario);
    }
    fc_cli_choice_finish(&options.choice);
    return status;
}
