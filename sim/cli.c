#include "sim/cli.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sim/check.h"
#include "sim/wording.h"

/* -- which scenario --------------------------------------------------------------------------- */

enum { OPT_SMALL = 1024, OPT_SET, OPT_STORE };
static const struct argp_option choice_options[] = {
    {0, 0, 0, 0, "Which scenario:", 1},
    {"nodes", 'n', "N", 0, "Short for --set federation.nodes=N", 1},
    {"seed", 's', "S", 0, "Short for --set seed=S: everything random follows from it", 1},
    {"store", OPT_STORE, "memory|lmdb", 0, "Short for --set federation.store=...", 1},
    {"set", OPT_SET, "KEY=VALUE", 0,
     "Change a value of the scenario, as `fedcat-sim list --keys` names it; may be repeated", 1},
    {"small", OPT_SMALL, NULL, 0, "The scenario's own small variant: seconds", 1},
    {0},
};

static error_t parse_choice(int key, char *arg, struct argp_state *state)
{
    struct fc_cli_choice *choice = state->input;
    const char **sets;
    switch (key) {
    case 'n':
        choice->nodes = arg;
        break;
    case 's':
        choice->seed = arg;
        break;
    case OPT_STORE:
        choice->store = arg;
        break;
    case OPT_SMALL:
        choice->small = true;
        break;
    case OPT_SET:
        sets = realloc(choice->sets, (choice->set_count + 1u) * sizeof *sets);
        if (!sets)
            argp_failure(state, FC_EXIT_FAILED, 0, "out of memory");
        choice->sets = sets;
        choice->sets[choice->set_count++] = arg;
        break;
    case ARGP_KEY_ARG:
        if (choice->name)
            argp_error(state, "one scenario at a time, not '%s' too", arg);
        choice->name = arg;
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

const struct argp fc_cli_choice_argp = {choice_options, parse_choice, NULL, NULL, NULL, NULL, NULL};

void fc_cli_choice_finish(struct fc_cli_choice *choice)
{
    free(choice->sets);
}

static enum fc_err set_short(struct fc_scenario *scenario, const char *key, const char *value,
                             struct fc_scenario_error *error)
{
    char text[FC_SCENARIO_TEXT_MAX];
    if (!value)
        return FC_OK;
    snprintf(text, sizeof text, "%s=%s", key, value);
    return fc_scenario_set(scenario, text, error);
}

int fc_cli_open(const struct fc_cli_choice *choice, struct fc_scenario *scenario)
{
    struct fc_scenario_error error = {{0}};
    bool is_check = strcmp(choice->name, "check") == 0;
    enum fc_err err = is_check ? fc_check_scenario(choice->seed, scenario, &error)
                               : fc_scenario_open(choice->name, scenario, &error);
    if (err != FC_OK) {
        fprintf(stderr, "fedcat-sim: %s\n", error.text[0] ? error.text : fc_err_text(err));
        return FC_EXIT_USAGE;
    }
    if (choice->small)
        err = fc_scenario_set_small(scenario, &error);
    if (err == FC_OK)
        err = set_short(scenario, "federation.nodes", choice->nodes, &error);
    if (err == FC_OK)
        err = set_short(scenario, "seed", choice->seed, &error);
    if (err == FC_OK)
        err = set_short(scenario, "federation.store", choice->store, &error);
    for (uint32_t i = 0; i < choice->set_count && err == FC_OK; i++)
        err = fc_scenario_set(scenario, choice->sets[i], &error);
    if (err == FC_OK)
        err = fc_scenario_check(scenario, &error);
    if (err == FC_OK)
        return 0;
    fprintf(stderr, "fedcat-sim: %s\n", error.text[0] ? error.text : fc_err_text(err));
    fc_scenario_finish(scenario);
    return FC_EXIT_USAGE;
}

int fc_cli_status(enum fc_err err)
{
    bool here = err == FC_E_NOMEM || err == FC_E_IO || err == FC_E_FULL || err == FC_E_AGAIN;
    return here ? FC_EXIT_FAILED : FC_EXIT_USAGE;
}

static void note_set(struct fc_summary_set *set, const char *key, size_t key_len, const char *value)
{
    snprintf(set->key, sizeof set->key, "%.*s", (int)key_len, key);
    snprintf(set->value, sizeof set->value, "%s", value);
}

uint32_t fc_cli_sets(const struct fc_cli_choice *choice,
                     struct fc_summary_set sets[FC_SUMMARY_SETS_MAX])
{
    static const char nodes[] = "federation.nodes", store[] = "federation.store";
    uint32_t count = 0;
    if (choice->nodes)
        note_set(&sets[count++], nodes, strlen(nodes), choice->nodes);
    if (choice->store)
        note_set(&sets[count++], store, strlen(store), choice->store);
    for (uint32_t i = 0; i < choice->set_count && count < FC_SUMMARY_SETS_MAX; i++) {
        size_t len = strcspn(choice->sets[i], "=");
        note_set(&sets[count++], choice->sets[i], len,
                 choice->sets[i] + len + (choice->sets[i][len] == '='));
    }
    return count;
}

static void append(struct fc_buf *out, const char *text)
{
    fc_buf_append(out, text, strlen(text));
}

/* In single quotes where a shell would see more in it. */
static void append_word(struct fc_buf *out, const char *word)
{
    bool plain = word[0] != 0 && word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTU"
                                                   "VWXYZ0123456789_-./=:,%+")] == 0;
    append(out, plain ? " " : " '");
    for (const char *at = word; *at; at++)
        if (*at == '\'')
            append(out, "'\\''");
        else
            fc_buf_append(out, at, 1);
    append(out, plain ? "" : "'");
}

void fc_cli_command(const char *verb, const struct fc_cli_choice *choice,
                    const struct fc_scenario *scenario, struct fc_buf *out)
{
    char seed[32];
    snprintf(seed, sizeof seed, "%" PRIu64, scenario->seed);
    append(out, "fedcat-sim ");
    append(out, verb);
    append_word(out, choice->name);
    append(out, choice->small ? " --small" : "");
    append(out, " --seed ");
    append(out, seed);
    if (choice->nodes) {
        append(out, " --nodes");
        append_word(out, choice->nodes);
    }
    if (choice->store) {
        append(out, " --store");
        append_word(out, choice->store);
    }
    for (uint32_t i = 0; i < choice->set_count; i++) {
        append(out, " --set");
        append_word(out, choice->sets[i]);
    }
    fc_buf_append(out, "", 1);
}

/* -- progress --------------------------------------------------------------------------------- */

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void fc_cli_meter_start(struct fc_cli_meter *meter, bool quiet)
{
    *meter = (struct fc_cli_meter){.on = !quiet && isatty(STDERR_FILENO), .started_s = now_s()};
}

void fc_cli_meter_show(void *ctx, const struct fc_run_progress *progress)
{
    struct fc_cli_meter *meter = ctx;
    double at_s = now_s();
    if (!meter->on || at_s - meter->started_s < 2 || at_s - meter->shown_s < 0.2)
        return;
    meter->shown_s = at_s;
    meter->shown = true;
    double done = progress->end_us ? (double)progress->now_us / (double)progress->end_us : 1;
    double left_s = done > 0 ? (at_s - meter->started_s) * (1 - done) / done : 0;
    fprintf(stderr,
            "\r%s %5.1f %%  %.1f of %.1f s, %" PRIu64 " deltas, %.1f M events, %.0f s left ",
            progress->settling ? "settling" : "running ", 100 * done,
            (double)progress->now_us / 1e6, (double)progress->end_us / 1e6, progress->published,
            (double)progress->events / 1e6, left_s);
    fflush(stderr);
}

void fc_cli_meter_end(struct fc_cli_meter *meter)
{
    if (meter->shown)
        fprintf(stderr, "\r\033[K");
}

/* -- results ---------------------------------------------------------------------------------- */

static void print_row(const char *label, const char *text)
{
    printf("  %-36s %s\n", label, text);
}

static void print_as(const struct fc_summary *summary, const char *label, enum fc_measure measure,
                     const char *unit)
{
    char text[FC_WORDING_MAX];
    fc_wording_value(unit, summary->value[measure], text);
    if (!isnan(summary->value[measure]))
        print_row(label, text);
}

static void print_value(const struct fc_summary *summary, const char *label,
                        enum fc_measure measure)
{
    print_as(summary, label, measure, fc_measure_info(measure)->unit);
}

static void print_dissemination(const struct fc_summary *summary)
{
    print_as(summary, "delivered", FC_MEASURE_DELIVERY, "share");
    print_value(summary, "latency to a node, median", FC_MEASURE_LATENCY_P50_US);
    print_value(summary, "                   99th percentile", FC_MEASURE_LATENCY_P99_US);
    print_value(summary, "latency to the last, 99th percentile", FC_MEASURE_LAST_P99_US);
    print_value(summary, "  / direct to the farthest", FC_MEASURE_LAST_RATIO_P99);
    print_value(summary, "message redundancy", FC_MEASURE_RMR);
    print_value(summary, "last delivery hop, mean", FC_MEASURE_LDH_MEAN);
    print_value(summary, "control messages for a delta", FC_MEASURE_CONTROL);
    print_value(summary, "bytes / what had to be sent", FC_MEASURE_BYTES_RATIO);
}

static void print_rest(const struct fc_summary *summary)
{
    print_value(summary, "links of a node, mean", FC_MEASURE_DEGREE_MEAN);
    print_value(summary, "hops between two nodes, mean", FC_MEASURE_PATH_MEAN);
    print_value(summary, "clustering", FC_MEASURE_CLUSTERING);
    print_value(summary, "converged after a fault, at most", FC_MEASURE_CONVERGE_MAX_US);
    print_value(summary, "bytes of healing / missing", FC_MEASURE_HEAL_RATIO);
    print_value(summary, "events", FC_MEASURE_EVENTS);
    print_as(summary, "events a second, here", FC_MEASURE_EVENTS_PER_S, "");
    print_value(summary, "memory of a node", FC_MEASURE_RSS_PER_NODE);
    print_value(summary, "time it took", FC_MEASURE_WALL_US);
    print_value(summary, "  of a processor", FC_MEASURE_CPU_US);
}

static void print_expectations(const struct fc_summary *summary)
{
    for (uint32_t i = 0; i < summary->expect_count; i++) {
        const struct fc_summary_expect *expect = &summary->expects[i];
        char label[64], limit[FC_WORDING_MAX], value[FC_WORDING_MAX];
        snprintf(label, sizeof label, "expected %.40s", expect->name);
        fc_wording_value(expect->unit, expect->limit, limit);
        fc_wording_expect(summary, expect, value);
        printf("  %-36s %s %s, and it is: %s%s\n", label, expect->at_least ? "at least" : "at most",
               limit, value, expect->met ? "" : "   NOT MET");
    }
}

void fc_cli_print_summary(const struct fc_summary *summary, const struct fc_scenario *scenario)
{
    const struct fc_federation_spec *federation = &scenario->federation;
    char deltas[FC_WORDING_MAX], nodes[FC_WORDING_MAX];
    fc_wording_value("", summary->value[FC_MEASURE_DELTAS], deltas);
    fc_wording_value("", federation->nodes, nodes);
    printf("%s: %s\n", summary->name, summary->about);
    printf("  %s node%s, %s view, %s, seed %" PRIu64 ", %s delta%s measured over %.1f s\n", nodes,
           federation->nodes == 1 ? "" : "s", federation->view, federation->spread, summary->seed,
           deltas, summary->value[FC_MEASURE_DELTAS] == 1 ? "" : "s",
           summary->value[FC_MEASURE_RUN_US] / 1e6);
    print_dissemination(summary);
    print_rest(summary);
    print_expectations(summary);
    printf("  %-36s %.16s\n", "trace hash", summary->trace);
}

void fc_cli_print_failure(const struct fc_summary *summary)
{
    const char *rest = strstr(summary->command, " run ");
    if (summary->failure[0] == 0)
        return;
    fprintf(stderr, "BROKEN at %s\n", summary->failure);
    if (rest)
        fprintf(stderr, "see it again: fedcat-sim replay %s --until %.6f\n", rest + 5,
                strtod(summary->failure, NULL));
}

uint64_t *fc_cli_seeds(const char *text, uint32_t *count)
{
    enum { SEEDS_MAX = 1000000 };
    unsigned long long first, last;
    int end = 0;
    uint64_t *seeds = NULL;
    *count = 0;
    if (sscanf(text, "%llu..%llu%n", &first, &last, &end) == 2 && text[end] == 0 && first <= last &&
        last - first < SEEDS_MAX) {
        seeds = calloc(last - first + 1, sizeof *seeds);
        for (unsigned long long seed = first; seeds && seed <= last; seed++)
            seeds[(*count)++] = seed;
        return seeds;
    }
    seeds = calloc(strlen(text) / 2 + 1, sizeof *seeds);
    while (seeds && sscanf(text, "%llu%n", &first, &end) == 1 && text[0] != '-') {
        seeds[(*count)++] = first;
        text += end;
        if (*text == 0)
            return seeds;
        if (*text++ != ',')
            break;
    }
    fprintf(stderr, "fedcat-sim: seeds are written 1..10, or 1,5,9, at most a million of them\n");
    free(seeds);
    return NULL;
}

bool fc_cli_make_scratch(const struct fc_scenario *scenario, struct fc_scratch *scratch)
{
    *scratch = (struct fc_scratch){0};
    enum fc_err err =
        scenario->federation.store == FC_STORE_LMDB ? fc_scratch_create(scratch) : FC_OK;
    if (err != FC_OK)
        fprintf(stderr, "fedcat-sim: a directory for LMDB in %s: %s\n",
                getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp",
                err == FC_E_IO ? strerror(errno) : fc_err_text(err));
    return err == FC_OK;
}
