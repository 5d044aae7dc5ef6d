#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/batch.h"
#include "sim/cli.h"
#include "sim/join.h"

enum { VARY_MAX = 8, VALUES_MAX = 1000, JOBS_MAX = 10000000 };

struct vary {
    const char *key;
    size_t key_len;
    char *values[VALUES_MAX];
    uint32_t count;
};
struct options {
    struct fc_cli_choice choice;
    struct vary vary[VARY_MAX];
    uint32_t vary_count;
    uint64_t *seeds;
    uint32_t seed_count;
    uint32_t shard, shards, workers;
    const char *out;
    bool csv, quiet;
    /* under way */
    struct fc_scenario scenario;
    uint32_t *jobs; /* of this shard */
    uint32_t job_count;
    FILE *file;
    struct fc_join join;
    uint32_t failed;
    double shown_s;
    bool shown, lost, has_scenario; /* has_scenario: a line has it */
};

enum { OPT_VARY = 256, OPT_SEEDS, OPT_SHARD, OPT_CSV };
static const struct argp_option options_table[] = {
    {0, 0, 0, 0, "What to vary:", 2},
    {"vary", OPT_VARY, "KEY=V1,V2,...", 0,
     "Values of a key of the scenario; with several --vary, all combinations", 2},
    {"seeds", OPT_SEEDS, "A..B", 0, "Seeds for each combination: 1..10, or 1,5,9 (1..5)", 2},
    {"shard", OPT_SHARD, "I/N", 0,
     "Only every N-th run, beginning with the I-th (1 to N): for several machines, whose outputs "
     "are joined with cat; as CSV the first has the header",
     2},
    {"jobs", 'j', "N", 0, "Processes at once (one for each core)", 2},
    {0, 0, 0, 0, "What to write:", 3},
    {"output", 'o', "FILE", 0, "Summaries there, a line of JSON each, for `fedcat-sim report`", 3},
    {"csv", OPT_CSV, NULL, 0, "Summaries as CSV, on standard output or in FILE", 3},
    {"quiet", 'q', NULL, 0, "No progress, no table", 3},
    {0},
};
static const char doc[] =
    "Plays a scenario for all combinations of values and seeds, each run in a process of its own, "
    "over all cores, and prints means with their 95 % confidence intervals over the seeds.\v"
    "Examples:\n"
    "  fedcat-sim sweep first-run --vary federation.active=3,5,7 --seeds 1..10\n"
    "  fedcat-sim sweep churn --small --vary federation.spread=plumtree,flood \\\n"
    "      --vary links.loss=0%,1%,5% --seeds 1..20 --output loss.jsonl\n"
    "  fedcat-sim report loss.jsonl --output loss.html\n"
    "On a cluster (Slurm), and joined after:\n"
    "  #SBATCH --array=1-16\n"
    "  N=$SLURM_ARRAY_TASK_ID\n"
    "  fedcat-sim sweep churn --seeds 1..64 --shard $N/16 -o part-$N.jsonl\n"
    "  cat part-*.jsonl > all.jsonl\n"
    "With GNU parallel:\n"
    "  parallel fedcat-sim sweep churn --shard {}/8 -o part-{}.jsonl ::: {1..8}\n";

static void add_vary(struct options *options, const char *arg, struct argp_state *state)
{
    const char *list = strchr(arg, '=');
    struct fc_span value;
    if (!list || list == arg || options->vary_count == VARY_MAX)
        argp_error(state, "--vary takes KEY=V1,V2,..., at most %d of them, not '%s'", VARY_MAX,
                   arg);
    struct vary *vary = &options->vary[options->vary_count++];
    vary->key = arg;
    vary->key_len = (size_t)(list++ - arg);
    while (fc_scenario_next_value(&list, &value) && vary->count < VALUES_MAX)
        vary->values[vary->count++] = strndup((const char *)value.data, value.len);
    if (vary->count == 0)
        argp_error(state, "--vary %s has no values", arg);
}

static bool is_seed(const char *assignment)
{
    return strncmp(assignment, "seed", 4) == 0 && (assignment[4] == '=' || assignment[4] == ' ');
}

/* One place says which seeds: the others would be passed over. */
static void set_seeds(struct options *options, const struct argp_state *state)
{
    const char *seed = options->choice.seed;
    for (uint32_t i = 0; i < options->choice.set_count; i++)
        if (is_seed(options->choice.sets[i]))
            argp_error(state, "the seeds of a sweep are said with --seeds, not --set seed");
    for (uint32_t i = 0; i < options->vary_count; i++)
        if (is_seed(options->vary[i].key))
            argp_error(state, "the seeds of a sweep are said with --seeds, not --vary seed");
    if (seed && options->seeds)
        argp_error(state, "--seed says one seed and --seeds several; keep one of them");
    if (!options->seeds)
        options->seeds = fc_cli_seeds(seed ? seed : "1..5", &options->seed_count);
    if (!options->seeds)
        exit(FC_EXIT_USAGE);
}

static void set_shard(struct options *options, const char *arg, struct argp_state *state)
{
    int end = 0;
    if (sscanf(arg, "%u/%u%n", &options->shard, &options->shards, &end) != 2 || arg[end] != 0 ||
        options->shard < 1 || options->shard > options->shards)
        argp_error(state, "--shard takes I/N with I from 1 to N, not '%s'", arg);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->choice;
        break;
    case OPT_VARY:
        add_vary(options, arg, state);
        break;
    case OPT_SEEDS:
        free(options->seeds);
        options->seeds = fc_cli_seeds(arg, &options->seed_count);
        if (!options->seeds)
            exit(FC_EXIT_USAGE);
        break;
    case OPT_SHARD:
        set_shard(options, arg, state);
        break;
    case 'j':
        options->workers = (uint32_t)strtoul(arg, NULL, 10);
        if (options->workers < 1 || options->workers > 1024)
            argp_error(state, "--jobs must be a number from 1 to 1024, not '%s'", arg);
        break;
    case 'o':
        options->out = arg;
        break;
    case OPT_CSV:
        options->csv = true;
        break;
    case 'q':
        options->quiet = true;
        break;
    case ARGP_KEY_END:
        if (!options->choice.name)
            argp_error(state, "say which scenario; `fedcat-sim list` shows them");
        set_seeds(options, state);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

/* -- one run ---------------------------------------------------------------------------------- */

/* Seeds change fastest, then the last key. */
static void settings(const struct options *options, uint32_t job, uint64_t *seed,
                     char sets[VARY_MAX][FC_SCENARIO_TEXT_MAX])
{
    *seed = options->seeds[job % options->seed_count];
    job /= options->seed_count;
    for (uint32_t i = options->vary_count; i-- > 0;) {
        const struct vary *vary = &options->vary[i];
        snprintf(sets[i], FC_SCENARIO_TEXT_MAX, "%.*s=%s", (int)vary->key_len, vary->key,
                 vary->values[job % vary->count]);
        job /= vary->count;
    }
}

/* On failure `out` is empty. */
static enum fc_err vary(const struct options *options, uint32_t job, struct fc_scenario *out,
                        char sets[VARY_MAX][FC_SCENARIO_TEXT_MAX], struct fc_scenario_error *error)
{
    uint64_t seed;
    settings(options, job, &seed, sets);
    enum fc_err err = fc_scenario_copy(&options->scenario, out);
    for (uint32_t i = 0; i < options->vary_count && err == FC_OK; i++)
        err = fc_scenario_set(out, sets[i], error);
    if (err == FC_OK)
        err = fc_scenario_check(out, error);
    if (err == FC_OK)
        out->seed = seed;
    else
        fc_scenario_finish(out);
    return err;
}

/* Every combination, before the first run: a slip in the last value would come to light after all
 * the others have been played. */
static int try_all(const struct options *options)
{
    char sets[VARY_MAX][FC_SCENARIO_TEXT_MAX];
    struct fc_scenario scenario;
    uint64_t combinations = 1;
    for (uint32_t i = 0; i < options->vary_count; i++)
        combinations *= options->vary[i].count;
    for (uint64_t i = 0; i < combinations; i++) {
        struct fc_scenario_error error = {{0}};
        enum fc_err err =
            vary(options, (uint32_t)(i * options->seed_count), &scenario, sets, &error);
        if (err == FC_OK) {
            fc_scenario_finish(&scenario);
            continue;
        }
        fprintf(stderr, "fedcat-sim: %s", error.text[0] ? error.text : fc_err_text(err));
        for (uint32_t j = 0; j < options->vary_count; j++)
            fprintf(stderr, "%s%s", j > 0 ? " " : "; with ", sets[j]);
        fprintf(stderr, "\n");
        return FC_EXIT_USAGE;
    }
    return 0;
}

static enum fc_err prepare(const struct options *options, uint32_t job, struct fc_scenario *out,
                           struct fc_cli_choice *choice, char sets[VARY_MAX][FC_SCENARIO_TEXT_MAX],
                           struct fc_scenario_error *error)
{
    enum fc_err err = vary(options, job, out, sets, error);
    if (err != FC_OK)
        return err;
    *choice = options->choice;
    choice->seed = NULL;
    choice->sets =
        calloc(options->choice.set_count + options->vary_count + 1u, sizeof *choice->sets);
    if (!choice->sets)
        return FC_E_NOMEM;
    for (uint32_t i = 0; i < options->choice.set_count; i++)
        choice->sets[i] = options->choice.sets[i];
    for (uint32_t i = 0; i < options->vary_count; i++)
        choice->sets[choice->set_count++] = sets[i];
    return FC_OK;
}

static int work(void *ctx, uint32_t number, FILE *out)
{
    const struct options *options = ctx;
    char texts[VARY_MAX][FC_SCENARIO_TEXT_MAX];
    struct fc_scenario scenario;
    struct fc_cli_choice choice;
    struct fc_scenario_error wrong = {{0}};
    struct fc_run_error error = {{0}};
    struct fc_summary_set sets[FC_SUMMARY_SETS_MAX];
    struct fc_summary *summary = calloc(1, sizeof *summary);
    struct fc_buf command = {0}, json = {0};
    enum fc_err err = prepare(options, options->jobs[number], &scenario, &choice, texts, &wrong);
    if (err != FC_OK || !summary) {
        fprintf(stderr, "fedcat-sim: %s\n", wrong.text[0] ? wrong.text : fc_err_text(err));
        return FC_EXIT_USAGE;
    }
    struct fc_scratch scratch;
    if (!fc_cli_make_scratch(&scenario, &scratch))
        return FC_EXIT_FAILED;
    fc_cli_command("run", &choice, &scenario, &command);
    struct fc_run_config config = {.scenario = &scenario,
                                   .command = (const char *)command.data,
                                   .lmdb_dir = scratch.path,
                                   .sets = sets,
                                   .set_count = fc_cli_sets(&choice, sets)};
    err = fc_run(&config, summary, &error);
    fc_scratch_destroy(&scratch);
    if (err != FC_OK) {
        fprintf(stderr, "fedcat-sim: %s\n", error.text);
        return fc_cli_status(err);
    }
    fc_summary_write_json(summary, &json);
    fwrite(json.data, 1, json.len, out);
    return fc_run_passed(summary) ? EXIT_SUCCESS : FC_EXIT_FAILED;
}

/* -- all of them ------------------------------------------------------------------------------ */

static FILE *target(const struct options *options)
{
    return options->file ? options->file : options->csv ? stdout : NULL;
}

/* At once, so that what is through is kept whatever comes. False: no more can be written. */
static bool put(const struct options *options, struct fc_span text)
{
    FILE *file = target(options);
    if (fwrite(text.data, 1, text.len, file) == text.len && fflush(file) == 0)
        return true;
    fprintf(stderr, "fedcat-sim: %s: %s\n", options->file ? options->out : "standard output",
            strerror(errno));
    return false;
}

/* The first line of JSON has the scenario, before it is varied. */
static bool write_line(struct options *options, const struct fc_summary *summary,
                       struct fc_span json)
{
    struct fc_buf line = {0};
    if (!target(options))
        return true;
    if (options->csv) {
        fc_summary_write_csv(summary, &line);
        json = fc_buf_span(&line);
    } else if (!options->has_scenario) {
        struct fc_buf yaml = {0};
        fc_scenario_write(&options->scenario, &yaml);
        fc_summary_write_json_with(summary, fc_buf_span(&yaml), &line);
        json = fc_buf_span(&line);
        line.failed = line.failed || yaml.failed;
        options->has_scenario = true;
        fc_buf_finish(&yaml);
    }
    bool done = !line.failed && put(options, json);
    fc_buf_finish(&line);
    return done;
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
    uint32_t line;
    (void)job;
    options->failed += status != 0;
    if (summary && fc_summary_parse(said, summary) == FC_OK) {
        clear_line(options);
        fc_cli_print_failure(summary);
        options->lost = !write_line(options, summary, said) ||
                        fc_join_add(&options->join, said, &line) != FC_OK;
    } else if (status < 0) {
        fprintf(stderr, "fedcat-sim: a run was ended by signal %d\n", -status);
    }
    free(summary);
    return !options->lost && status != FC_EXIT_USAGE;
}

static void progress(void *ctx, uint32_t told, double elapsed_s)
{
    struct options *options = ctx;
    if (options->quiet || elapsed_s < 2 || elapsed_s - options->shown_s < 0.2 ||
        !isatty(STDERR_FILENO))
        return;
    options->shown_s = elapsed_s;
    options->shown = true;
    fprintf(stderr, "\r%u of %u runs", told, options->job_count);
    if (told > 0) /* nothing is known of the pace before */
        fprintf(stderr, ", %.0f s left ", elapsed_s * (options->job_count - told) / told);
    fflush(stderr);
}

static void print_figure(const struct fc_join_group *group, enum fc_measure measure, double scale)
{
    const struct fc_figure *figure = &group->measure[measure];
    char text[32] = "-";
    if (figure->count > 1 && !isnan(figure->half))
        snprintf(text, sizeof text, "%.3g +-%.2g", figure->mean * scale, figure->half * scale);
    else if (figure->count != 0)
        snprintf(text, sizeof text, "%.3g", figure->mean * scale);
    printf(" %-18s", text);
}

/* "run.for=5s links.loss=1%"; "-" where nothing was set. */
static void name_group(const struct fc_join_group *group, struct fc_buf *out)
{
    fc_buf_clear(out);
    for (uint32_t i = 0; i < group->set_count; i++) {
        fc_buf_append(out, " ", i > 0);
        fc_buf_append(out, group->sets[i].key, strlen(group->sets[i].key));
        fc_buf_append(out, "=", 1);
        fc_buf_append(out, group->sets[i].value, strlen(group->sets[i].value));
    }
    fc_buf_append(out, "-", group->set_count == 0);
}

static void print_table(struct options *options)
{
    struct fc_buf name = {0};
    int width = 6;
    if (options->quiet || options->csv || fc_join_finish_groups(&options->join) != FC_OK)
        return;
    for (uint32_t i = 0; i < options->join.group_count; i++) {
        name_group(&options->join.groups[i], &name);
        width = (int)name.len > width ? (int)name.len : width;
    }
    printf("%-*s %-5s %-18s %-18s %-18s %-18s %s\n", width, "values", "runs", "delivered %",
           "p50 ms", "last p99 ms", "redundancy", "bytes ratio");
    for (uint32_t i = 0; i < options->join.group_count; i++) {
        const struct fc_join_group *group = &options->join.groups[i];
        name_group(group, &name);
        printf("%-*.*s %-5u", width, (int)name.len, (const char *)name.data, group->runs);
        print_figure(group, FC_MEASURE_DELIVERY, 100);
        print_figure(group, FC_MEASURE_LATENCY_P50_US, 1e-3);
        print_figure(group, FC_MEASURE_LAST_P99_US, 1e-3);
        print_figure(group, FC_MEASURE_RMR, 1);
        print_figure(group, FC_MEASURE_BYTES_RATIO, 1);
        printf("\n");
    }
    fc_buf_finish(&name);
}

static int plan(struct options *options)
{
    uint64_t total = options->seed_count;
    for (uint32_t i = 0; i < options->vary_count; i++)
        total *= options->vary[i].count;
    if (total > JOBS_MAX) {
        fprintf(stderr, "fedcat-sim: that is %" PRIu64 " runs, more than %d\n", total, JOBS_MAX);
        return FC_EXIT_USAGE;
    }
    options->jobs = calloc(total, sizeof *options->jobs);
    for (uint32_t i = 0; options->jobs && i < total; i++)
        if (options->shards == 0 || i % options->shards == options->shard - 1)
            options->jobs[options->job_count++] = i;
    return options->jobs ? 0 : FC_EXIT_FAILED;
}

static bool begin_output(struct options *options)
{
    struct fc_buf header = {0};
    options->file = options->out ? fopen(options->out, "w") : NULL;
    if (options->out && !options->file) {
        fprintf(stderr, "fedcat-sim: %s: %s\n", options->out, strerror(errno));
        return false;
    }
    if (!options->csv || options->shard > 1) /* shards are joined, the first of them in front */
        return true;
    fc_summary_write_csv_header(&header);
    bool done = !header.failed && put(options, fc_buf_span(&header));
    fc_buf_finish(&header);
    return done;
}

static int play(struct options *options)
{
    uint32_t ran = 0;
    if (!begin_output(options))
        return FC_EXIT_FAILED;
    struct fc_batch batch = {.count = options->job_count,
                             .workers = options->workers,
                             .ctx = options,
                             .work = work,
                             .done = done,
                             .progress = progress};
    enum fc_err err = fc_batch_run(&batch, &ran);
    clear_line(options);
    if (options->file && fclose(options->file) != 0)
        err = FC_E_IO;
    if (options->lost)
        return FC_EXIT_FAILED;
    if (err != FC_OK)
        fprintf(stderr, "fedcat-sim: %s\n", fc_err_text(err));
    print_table(options);
    if (options->failed != 0)
        fprintf(stderr, "%u of %u runs broke a promise or missed what was expected\n",
                options->failed, ran);
    return err == FC_OK && options->failed == 0 ? EXIT_SUCCESS : FC_EXIT_FAILED;
}

int fc_cmd_sweep(int argc, char **argv)
{
    static const struct argp_child children[] = {{&fc_cli_choice_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {options_table, parse, "SCENARIO", doc, children, NULL, NULL};
    struct options *options = calloc(1, sizeof *options);
    argp_err_exit_status = FC_EXIT_USAGE;
    if (!options || argp_parse(&argp, argc, argv, 0, NULL, options) != 0)
        return FC_EXIT_USAGE;
    int status = fc_cli_open(&options->choice, &options->scenario);
    if (status == 0) {
        status = plan(options);
        if (status == 0)
            status = try_all(options);
        if (status == 0)
            status = play(options);
        fc_scenario_finish(&options->scenario);
    }
    for (uint32_t i = 0; i < options->vary_count; i++)
        for (uint32_t j = 0; j < options->vary[i].count; j++)
            free(options->vary[i].values[j]);
    fc_join_finish(&options->join);
    fc_cli_choice_finish(&options->choice);
    free(options->seeds);
    free(options->jobs);
    free(options);
    return status;
}
