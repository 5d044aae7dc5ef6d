#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/batch.h"
#include "sim/check.h"
#include "sim/cli.h"

struct options {
    uint64_t first, count;
    double for_s;
    uint32_t workers;
    bool json, quiet, keep_going;
    const char *print;
    /* so far */
    uint32_t failed;
    double virtual_s, deltas, events;
    double shown_s;
    bool shown;
};

enum { OPT_JSON = 256, OPT_FIRST, OPT_FOR, OPT_PRINT, OPT_KEEP };
static const struct argp_option options_table[] = {
    {"count", 'c', "N", 0, "Seeds to try (1000)", 0},
    {"first", OPT_FIRST, "S", 0, "The first of them (1)", 0},
    {"for", OPT_FOR, "SECONDS", 0, "Start no more after so long; without --count, any number", 0},
    {"jobs", 'j', "N", 0, "Processes at once (one for each core)", 0},
    {"keep-going", OPT_KEEP, NULL, 0, "Go on after a failure", 0},
    {"print", OPT_PRINT, "S", 0, "Print the scenario of seed S, and run nothing", 0},
    {"json", OPT_JSON, NULL, 0, "A summary for each seed, as a line of JSON", 0},
    {"quiet", 'q', NULL, 0, "No progress", 0},
    {0},
};
static const char doc[] =
    "Plays random small federations, each from one seed: random links, workloads, crashes, "
    "partitions, full disks, skewed clocks, governance, dishonest nodes. While they run and at the "
    "end every promise of the protocol is checked: nothing acknowledged is lost, nothing unsigned "
    "is held, no honest node signs twice, honest nodes converge and know it, replicas are sound.\n"
    "A failure says what broke, when and where, and the command that shows it.\v"
    "Examples:\n"
    "  fedcat-sim check\n"
    "  fedcat-sim check --for 3600 --first 100000\n"
    "  fedcat-sim check --print 17 > seed-17.yaml\n";

static uint64_t number(const char *text, uint64_t min, uint64_t max, const char *what,
                       const struct argp_state *state)
{
    char *end;
    unsigned long long value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != 0 || value < min || value > max)
        argp_error(state, "%s must be a number from %" PRIu64 " to %" PRIu64 ", not '%s'", what,
                   min, max, text);
    return value;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case 'c':
        options->count = number(arg, 1, 100000000, "--count", state);
        break;
    case 'j':
        options->workers = (uint32_t)number(arg, 1, 1024, "--jobs", state);
        break;
    case 'q':
        options->quiet = true;
        break;
    case OPT_FIRST:
        options->first = number(arg, 0, UINT64_MAX / 2, "--first", state);
        break;
    case OPT_FOR:
        options->for_s = (double)number(arg, 1, 100000000, "--for", state);
        break;
    case OPT_KEEP:
        options->keep_going = true;
        break;
    case OPT_PRINT:
        options->print = arg;
        number(arg, 0, UINT64_MAX, "--print", state);
        break;
    case OPT_JSON:
        options->json = true;
        break;
    case ARGP_KEY_ARG:
        argp_error(state, "check takes no '%s'; see --help", arg);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static int print_scenario(const char *seed)
{
    struct fc_scenario scenario;
    struct fc_scenario_error error;
    struct fc_buf text = {0};
    if (fc_check_scenario(seed, &scenario, &error) != FC_OK) {
        fprintf(stderr, "fedcat-sim: %s\n", error.text);
        return FC_EXIT_FAILED;
    }
    fc_scenario_write(&scenario, &text);
    fwrite(text.data, 1, text.len, stdout);
    fc_buf_finish(&text);
    fc_scenario_finish(&scenario);
    return EXIT_SUCCESS;
}

/* In a process of its own. */
static int work(void *ctx, uint32_t job, FILE *out)
{
    const struct options *options = ctx;
    char seed[32], command[128];
    struct fc_scenario scenario;
    struct fc_scenario_error wrong;
    struct fc_run_error error;
    struct fc_buf json = {0};
    struct fc_summary *summary = calloc(1, sizeof *summary);
    snprintf(seed, sizeof seed, "%" PRIu64, options->first + job);
    snprintf(command, sizeof command, "fedcat-sim run check --seed %s", seed);
    if (!summary || fc_check_scenario(seed, &scenario, &wrong) != FC_OK)
        return FC_EXIT_FAILED;
    struct fc_run_config config = {.scenario = &scenario, .command = command, .probe = true};
    enum fc_err err = fc_run(&config, summary, &error);
    if (err == FC_OK)
        fc_summary_write_json(summary, &json);
    else
        fprintf(stderr, "seed %s: %s\n", seed, error.text);
    fwrite(json.data, 1, json.len, out);
    bool passed = err == FC_OK && fc_run_passed(summary);
    fc_buf_finish(&json);
    fc_scenario_finish(&scenario);
    free(summary);
    return passed ? EXIT_SUCCESS : FC_EXIT_FAILED;
}

static void clear_line(struct options *options)
{
    if (options->shown)
        fprintf(stderr, "\r\033[K");
    options->shown = false;
}

static bool done(void *ctx, uint32_t job, struct fc_span said, int status)
{
    struct options *options = ctx;
    struct fc_summary *summary = calloc(1, sizeof *summary);
    bool known = summary && fc_summary_parse(said, summary) == FC_OK;
    if (known && options->json)
        fwrite(said.data, 1, said.len, stdout);
    if (known) {
        options->virtual_s += summary->value[FC_MEASURE_RUN_US] / 1e6;
        options->deltas += summary->value[FC_MEASURE_DELTAS];
        options->events += summary->value[FC_MEASURE_EVENTS];
    }
    if (status != 0) {
        options->failed++;
        clear_line(options);
        if (known)
            fc_cli_print_failure(summary);
        else
            fprintf(stderr,
                    "BROKEN: seed %" PRIu64 " ended with %s %d\nsee it again: fedcat-sim replay "
                    "check --seed %" PRIu64 "\n",
                    options->first + job, status < 0 ? "signal" : "status",
                    status < 0 ? -status : status, options->first + job);
    }
    free(summary);
    return status == 0 || options->keep_going;
}

static void progress(void *ctx, uint32_t told, double elapsed_s)
{
    struct options *options = ctx;
    if (options->quiet || elapsed_s < 2 || elapsed_s - options->shown_s < 0.2 ||
        !isatty(STDERR_FILENO))
        return;
    options->shown_s = elapsed_s;
    options->shown = true;
    double left_s = told ? elapsed_s * (double)(options->count - told) / told : 0;
    if (options->for_s > 0 && options->for_s - elapsed_s < left_s)
        left_s = options->for_s - elapsed_s;
    fprintf(stderr, "\r%u of %" PRIu64 " seeds, %u broken, %.0f s left ", told, options->count,
            options->failed, left_s);
    fflush(stderr);
}

int fc_cmd_check(int argc, char **argv)
{
    static const struct argp argp = {options_table, parse, NULL, doc, NULL, NULL, NULL};
    struct options options = {.first = 1};
    uint32_t ran = 0;
    argp_err_exit_status = FC_EXIT_USAGE;
    if (argp_parse(&argp, argc, argv, 0, NULL, &options) != 0)
        return FC_EXIT_USAGE;
    if (options.print)
        return print_scenario(options.print);
    if (options.count == 0)
        options.count = options.for_s > 0 ? 100000000 : 1000;
    struct fc_batch batch = {.count = (uint32_t)options.count,
                             .workers = options.workers,
                             .for_s = options.for_s,
                             .ctx = &options,
                             .work = work,
                             .done = done,
                             .progress = progress};
    enum fc_err err = fc_batch_run(&batch, &ran);
    clear_line(&options);
    if (err != FC_OK)
        fprintf(stderr, "fedcat-sim: %s\n", fc_err_text(err));
    if (!options.json)
        printf("%u seeds, %u broken: %.0f deltas and %.1f M events in %.0f virtual seconds\n", ran,
               options.failed, options.deltas, options.events / 1e6, options.virtual_s);
    return err == FC_OK && options.failed == 0 ? EXIT_SUCCESS : FC_EXIT_FAILED;
}
