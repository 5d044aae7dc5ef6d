#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/commands.h"
#include "sim/report.h"

struct input {
    const char **paths;
    uint32_t count;
    const char *output;
};

static const char doc[] =
    "Makes a page with the figures and plots of a run, or of the runs of a sweep: one HTML file "
    "that "
    "needs no network and nothing beside it.\v"
    "A directory is what `fedcat-sim run --output` wrote. Files have a line of JSON for each run, "
    "as "
    "`fedcat-sim sweep` writes them; several are taken together, and so are several directories. "
    "\"-\" as the output is standard output.\n\n"
    "Examples:\n"
    "  fedcat-sim run churn --small --output churn/\n"
    "  fedcat-sim report churn/ --output churn.html\n"
    "  fedcat-sim sweep first-run --vary federation.active=3,5,7 -o active.jsonl\n"
    "  fedcat-sim report active.jsonl --output active.html\n"
    "  fedcat-sim report churn/summary.json active.jsonl -o - > all.html";

static const struct argp_option options[] = {
    {"output", 'o', "FILE", 0, "Where the page goes (report.html)", 0}, {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;
    switch (key) {
    case 'o':
        input->output = arg;
        return 0;
    case ARGP_KEY_ARG:
        input->paths[input->count++] = arg;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state,
                   "say what of: a directory that `run --output` wrote, or files of a sweep");
        return EINVAL;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int fc_cmd_report(int argc, char **argv)
{
    static const struct argp argp = {options, parse, "DIR|SUMMARIES...", doc, NULL, NULL, NULL};
    struct fc_report_error error;
    struct input input = {.output = "report.html"};
    input.paths = calloc((size_t)argc + 1, sizeof *input.paths);
    if (!input.paths) {
        fprintf(stderr, "fedcat-sim: out of memory\n");
        return EXIT_FAILURE;
    }
    char title[] = "fedcat-sim report"; /* argp names itself by it */
    argp_err_exit_status = 2;
    argv[0] = title;
    int status = argp_parse(&argp, argc, argv, 0, NULL, &input) == 0 ? EXIT_SUCCESS : 2;
    if (status == EXIT_SUCCESS &&
        fc_report_write(input.paths, input.count, input.output, &error) != FC_OK) {
        fprintf(stderr, "fedcat-sim: %s\n", error.text);
        status = EXIT_FAILURE;
    } else if (status == EXIT_SUCCESS && strcmp(input.output, "-") != 0) {
        printf("%s\n", input.output);
    }
    free(input.paths);
    return status;
}
