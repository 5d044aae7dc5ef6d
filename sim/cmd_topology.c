#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/commands.h"
#include "sim/topology.h"

enum { EXIT_USAGE = 2, SETTINGS_MAX = 64 };
enum { OPT_FORMAT = 256, OPT_FROM, OPT_JSON, OPT_SOURCES, OPT_PARAM = 512 };

struct options {
    const char *kind;
    const char *files[2];
    unsigned file_count;
    const char *output;
    enum fc_topology_format format, from;
    uint64_t seed;
    uint32_t sources;
    bool json;
    struct {
        const char *name, *value;
    } settings[SETTINGS_MAX];
    unsigned setting_count;
};

static int fail(const struct fc_topology_fault *fault)
{
    fprintf(stderr, "fedcat-sim topology: %s\n", fault->text);
    return EXIT_FAILURE;
}

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

static enum fc_topology_format format_of(const char *name, const struct argp_state *state)
{
    static const char *const names[] = {[FC_TOPOLOGY_GRAPHML] = "graphml",
                                        [FC_TOPOLOGY_EDGES] = "edges",
                                        [FC_TOPOLOGY_SITES] = "sites",
                                        [FC_TOPOLOGY_MATRIX] = "matrix"};
    for (int i = FC_TOPOLOGY_GRAPHML; i <= FC_TOPOLOGY_MATRIX; i++)
        if (strcmp(names[i], name) == 0)
            return (enum fc_topology_format)i;
    argp_error(state, "a format is graphml, edges, sites or matrix, not '%s'", name);
    return FC_TOPOLOGY_BY_NAME;
}

/* Applied when the kind is known. */
static void note_setting(struct options *options, const char *name, const char *value,
                         const struct argp_state *state)
{
    if (options->setting_count == SETTINGS_MAX)
        argp_error(state, "too many options");
    options->settings[options->setting_count].name = name;
    options->settings[options->setting_count++].value = value;
}

static error_t parse_common(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case OPT_FORMAT:
        options->format = format_of(arg, state);
        return 0;
    case OPT_FROM:
        options->from = format_of(arg, state);
        return 0;
    case OPT_JSON:
        options->json = true;
        return 0;
    case OPT_SOURCES:
        options->sources = (uint32_t)number(arg, 1, FC_TOPOLOGY_NODES_MAX, "--sources", state);
        return 0;
    case 'o':
        options->output = arg;
        return 0;
    case 's':
        options->seed = number(arg, 0, UINT64_MAX, "--seed", state);
        return 0;
    }
    if (key >= OPT_PARAM && key < OPT_PARAM + SETTINGS_MAX) {
        note_setting(options, fc_topology_params[key - OPT_PARAM].name, arg ? arg : "yes", state);
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

/* "t.graphml: 100 nodes, 291 edges, digest 0123456789abcdef" */
static void say_what(const struct fc_topology *topology, const char *path)
{
    struct fc_hash digest = fc_topology_digest(topology);
    char hex[65];
    fc_hex(digest.b, sizeof digest.b, hex);
    if (strcmp(path, "-") == 0)
        return;
    printf("%s: %u nodes, ", path, topology->node_count);
    if (topology->whole)
        printf("whole");
    else
        printf("%" PRIu64 " edges", topology->edge_count);
    printf(", digest %.16s\n", hex);
}

static int save(const struct fc_topology *topology, const char *path,
                enum fc_topology_format format)
{
    struct fc_topology_fault fault = {{0}};
    if (fc_topology_save(topology, path, format, &fault) != FC_OK)
        return fail(&fault);
    say_what(topology, path);
    return EXIT_SUCCESS;
}

/* -- generate --------------------------------------------------------------------------------- */

static const char generate_doc[] =
    "Makes a topology and writes it as GraphML, an edge list, or CSV. It follows from the "
    "parameters and the seed alone, on every machine.";
static const char generate_examples[] =
    "Random graphs are drawn until one is connected. Latencies are one way, in whole microseconds, "
    "and frozen into the file.\n\n"
    "Examples:\n"
    "  fedcat-sim topology generate map --nodes 1000 -o europe.graphml\n"
    "  fedcat-sim topology generate two-tier --countries DE,FR -o tiers.graphml\n"
    "  fedcat-sim topology generate barabasi-albert --latency map -o ba.graphml\n"
    "  fedcat-sim topology generate erdos-renyi --latency 5ms..80ms -o er.edges\n"
    "  fedcat-sim topology generate regular --degree 5 --seed 7 -o r5.graphml\n"
    "  fedcat-sim topology generate map --format matrix -o latencies.csv\n";

/* The kinds come from their table. */
static char *generate_filter(int key, const char *text, void *input)
{
    (void)input;
    if (key != ARGP_KEY_HELP_POST_DOC)
        return (char *)(uintptr_t)text;
    char *out = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&out, &len);
    if (!file)
        return (char *)(uintptr_t)text;
    fprintf(file, "Kinds, each with its own options besides nodes and latency:\n");
    for (int kind = 0; kind < FC_TOPOLOGY_KINDS; kind++) {
        fprintf(file, "  %-16s %s", fc_topology_kind_name((enum fc_topology_kind)kind),
                fc_topology_kind_summary((enum fc_topology_kind)kind));
        const char *before = "\n                   ";
        for (const struct fc_topology_param *param = fc_topology_params; param->name; param++)
            if (param->kinds != (1u << FC_TOPOLOGY_KINDS) - 1 && param->kinds >> kind & 1) {
                fprintf(file, "%s--%s", before, param->name);
                before = " ";
            }
        fprintf(file, "\n");
    }
    fprintf(file, "\n%s", generate_examples);
    fclose(file);
    return out;
}

static error_t parse_generate(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;
    if (key == ARGP_KEY_ARG) {
        if (options->kind)
            argp_error(state, "'%s' is one word too many", arg);
        options->kind = arg;
        return 0;
    }
    if (key == ARGP_KEY_END) {
        if (!options->kind)
            argp_error(state, "which kind? For example: map, barabasi-albert");
        return 0;
    }
    return parse_common(key, arg, state);
}

static void fill_generate(struct argp_option *out)
{
    static const struct argp_option fixed[] = {
        {"seed", 's', "S", 0, "Everything random follows from it (1)", 0},
        {"output", 'o', "FILE", 0, "Where to; its ending says the format (standard output)", 0},
        {"format", OPT_FORMAT, "F", 0, "graphml, edges, sites or matrix, whatever the ending", 0},
    };
    int key = OPT_PARAM;
    for (const struct fc_topology_param *param = fc_topology_params; param->name; param++)
        *out++ = (struct argp_option){
            param->name,    key++,
            param->value,   strcmp(param->name, "giant") == 0 ? OPTION_ARG_OPTIONAL : 0,
            param->summary, 0};
    memcpy(out, fixed, sizeof fixed);
    out[sizeof fixed / sizeof fixed[0]] = (struct argp_option){0};
}

/* What does not fit together is a matter of usage. */
static int make(const struct options *options, struct fc_topology *out)
{
    struct fc_topology_spec spec;
    struct fc_topology_fault fault = {{0}};
    enum fc_topology_kind kind;
    enum fc_err err = fc_topology_kind_find(options->kind, &kind);
    if (err != FC_OK) {
        fprintf(stderr, "fedcat-sim topology: no kind '%s'; there are", options->kind);
        for (int i = 0; i < FC_TOPOLOGY_KINDS; i++)
            fprintf(stderr, "%s %s", i ? "," : "", fc_topology_kind_name((enum fc_topology_kind)i));
        fprintf(stderr, "\n");
        return EXIT_USAGE;
    }
    fc_topology_spec_init(&spec, kind);
    for (unsigned i = 0; i < options->setting_count && err == FC_OK; i++)
        err = fc_topology_spec_set(&spec, options->settings[i].name, options->settings[i].value,
                                   &fault);
    if (err == FC_OK)
        err = fc_topology_generate(&spec, options->seed, out, &fault);
    if (err == FC_OK)
        return EXIT_SUCCESS;
    fail(&fault);
    return err == FC_E_NOMEM || err == FC_E_AGAIN ? EXIT_FAILURE : EXIT_USAGE;
}

static int generate(int argc, char **argv)
{
    struct argp_option list[SETTINGS_MAX];
    fill_generate(list);
    const struct argp argp = {list, parse_generate,  "KIND", generate_doc,
                              NULL, generate_filter, NULL};
    struct options options = {.output = "-", .seed = 1};
    struct fc_topology topology;
    if (argp_parse(&argp, argc, argv, 0, NULL, &options) != 0)
        return EXIT_FAILURE;
    int status = make(&options, &topology);
    if (status == EXIT_SUCCESS) {
        status = save(&topology, options.output, options.format);
        fc_topology_finish(&topology);
    }
    return status;
}

/* -- reading files ---------------------------------------------------------------------------- */

enum { LATENCY = OPT_PARAM - 1, INFLATION = OPT_PARAM - 2, HOP = OPT_PARAM - 3 };
#define READING_OPTIONS                                                                            \
    {"from", OPT_FROM, "F", 0, "graphml or edges, whatever the ending", 0},                        \
        {"latency",                                                                                \
         LATENCY,                                                                                  \
         "TIME",                                                                                   \
         0,                                                                                        \
         "For edges that have none: 10ms, 5ms..80ms or map (the map where both ends have "         \
         "coordinates, else 10ms)",                                                                \
         0},                                                                                       \
        {"inflation",                                                                              \
         INFLATION,                                                                                \
         "X",                                                                                      \
         0,                                                                                        \
         "With map: a fibre's length over the great circle's "                                     \
         "(1.5)",                                                                                  \
         0},                                                                                       \
    {                                                                                              \
        "hop", HOP, "TIME", 0, "With map: added to each latency (1ms)", 0                          \
    }

static error_t parse_files(int key, char *arg, struct argp_state *state, unsigned count)
{
    struct options *options = state->input;
    switch (key) {
    case LATENCY:
        note_setting(options, "latency", arg, state);
        return 0;
    case INFLATION:
        note_setting(options, "inflation", arg, state);
        return 0;
    case HOP:
        note_setting(options, "hop", arg, state);
        return 0;
    case ARGP_KEY_ARG:
        if (options->file_count == count)
            argp_error(state, "'%s' is one word too many", arg);
        options->files[options->file_count++] = arg;
        return 0;
    case ARGP_KEY_END:
        if (options->file_count < count)
            argp_error(state, count == 1 ? "which file?" : "from which file, and into which?");
        return 0;
    }
    return parse_common(key, arg, state);
}

static int load(const struct options *options, struct fc_topology *out)
{
    struct fc_topology_spec spec;
    struct fc_topology_fault fault = {{0}};
    bool chosen = false;
    fc_topology_spec_init(&spec, FC_TOPOLOGY_TWO_TIER);
    for (unsigned i = 0; i < options->setting_count; i++) {
        if (fc_topology_spec_set(&spec, options->settings[i].name, options->settings[i].value,
                                 &fault) != FC_OK) {
            fail(&fault);
            return EXIT_USAGE;
        }
        chosen = true;
    }
    if (fc_topology_load(options->files[0], options->from, chosen ? &spec.latency : NULL,
                         options->seed, out, &fault) != FC_OK)
        return fail(&fault);
    return EXIT_SUCCESS;
}

/* -- convert ---------------------------------------------------------------------------------- */

static const char convert_doc[] =
    "Reads a topology and writes it in another format, checked and with its latencies frozen in "
    "whole microseconds.\v"
    "GraphML: edges have latency_us, or latency_ms or weight in milliseconds; nodes name, country, "
    "lat, lon and hub. An edge list has lines 'a b latency_us', # begins a comment; it keeps names "
    "and edges, GraphML keeps everything. 'sites' and 'matrix' are CSV and only written.\n\n"
    "Examples:\n"
    "  fedcat-sim topology convert zoo.graphml zoo.edges\n"
    "  fedcat-sim topology convert links.txt l.graphml --latency 5ms..80ms --seed 7\n"
    "  fedcat-sim topology convert europe.graphml europe.csv --format matrix\n";
static const struct argp_option convert_options[] = {
    READING_OPTIONS,
    {"seed", 's', "S", 0, "A range of latencies is drawn from it (1)", 0},
    {"format", OPT_FORMAT, "F", 0, "graphml, edges, sites or matrix, whatever the ending", 0},
    {0},
};

static error_t parse_convert(int key, char *arg, struct argp_state *state)
{
    return parse_files(key, arg, state, 2);
}

static int convert(int argc, char **argv)
{
    static const struct argp argp = {
        convert_options, parse_convert, "FROM TO", convert_doc, NULL, NULL, NULL};
    struct options options = {.seed = 1};
    struct fc_topology topology;
    if (argp_parse(&argp, argc, argv, 0, NULL, &options) != 0)
        return EXIT_FAILURE;
    int status = load(&options, &topology);
    if (status == EXIT_SUCCESS) {
        status = save(&topology, options.files[1], options.format);
        fc_topology_finish(&topology);
    }
    return status;
}

/* -- describe --------------------------------------------------------------------------------- */

static const char describe_doc[] =
    "Says what a topology is like: size, degrees, diameter, paths, clustering, latencies.\v"
    "Paths are measured from every node, or in a large graph from evenly spaced ones; the diameter "
    "is then the longest path that was seen.\n\n"
    "Examples:\n"
    "  fedcat-sim topology describe ba.graphml\n"
    "  fedcat-sim topology describe links.txt --latency 20ms --json\n";
static const struct argp_option describe_options[] = {
    READING_OPTIONS,
    {"seed", 's', "S", 0, "A range of latencies is drawn from it (1)", 0},
    {"sources", OPT_SOURCES, "N", 0,
     "Measure paths from at most so many nodes (as many as take some seconds)", 0},
    {"json", OPT_JSON, NULL, 0, "Print one JSON object", 0},
    {0},
};

static error_t parse_describe(int key, char *arg, struct argp_state *state)
{
    return parse_files(key, arg, state, 1);
}

static void print_json(const struct fc_topology *topology, const struct fc_topology_shape *shape,
                       const char *digest)
{
    const char *before = "";
    printf("{\"nodes\":%u,\"whole\":%s,\"edges\":%" PRIu64 ",\"countries\":%u,\"components\":%u,"
           "\"largest_component\":%u,\"degree_min\":%u,\"degree_mean\":%.6f,\"degree_max\":%u,"
           "\"clustering\":%.6f,\"sources\":%u,\"diameter_hops\":%u,\"path_hops_mean\":%.6f,"
           "\"path_us_mean\":%.1f,\"path_us_max\":%" PRIu64 ",\"link_us_min\":%u,"
           "\"link_us_median\":%u,\"link_us_mean\":%.1f,\"link_us_p99\":%u,\"link_us_max\":%u,"
           "\"degrees\":[",
           topology->node_count, topology->whole ? "true" : "false", topology->edge_count,
           topology->region_count, shape->components, shape->largest, shape->degree_min,
           shape->degree_mean, shape->degree_max, shape->clustering, shape->sources,
           shape->diameter_hops, shape->path_hops_mean, shape->path_us_mean, shape->path_us_max,
           shape->link_us_min, shape->link_us_median, shape->link_us_mean, shape->link_us_p99,
           shape->link_us_max);
    for (uint32_t i = 0; i <= shape->degree_max; i++)
        if (shape->degree_counts[i]) {
            printf("%s[%u,%u]", before, i, shape->degree_counts[i]);
            before = ",";
        }
    printf("],\"digest\":\"%s\"}\n", digest);
}

/* Up to twelve degrees one by one; more in steps that double. */
static void print_degrees(const struct fc_topology_shape *shape)
{
    uint32_t different = 0;
    for (uint32_t i = 0; i <= shape->degree_max; i++)
        different += shape->degree_counts[i] > 0;
    for (uint64_t from = 0; from <= shape->degree_max;) {
        uint64_t to = different <= 12 || from < 2 ? from : 2 * from - 1;
        uint64_t nodes = 0;
        for (uint64_t i = from; i <= to && i <= shape->degree_max; i++)
            nodes += shape->degree_counts[i];
        if (nodes > 0 && from == to)
            printf("    %" PRIu64 " links: %" PRIu64 " nodes\n", from, nodes);
        else if (nodes > 0)
            printf("    %" PRIu64 " to %" PRIu64 " links: %" PRIu64 " nodes\n", from, to, nodes);
        from = to + 1;
    }
}

static void print_text(const struct fc_topology *topology, const struct fc_topology_shape *shape,
                       const char *path, const char *digest)
{
    printf("%s\n", path);
    printf("  nodes        %u", topology->node_count);
    if (topology->region_count > 0)
        printf(" in %u %s", topology->region_count,
               topology->region_count == 1 ? "country" : "countries");
    printf("\n");
    if (topology->whole)
        printf("  links        any pair may talk\n");
    else
        printf("  links        %" PRIu64 ", in %u %s\n", topology->edge_count, shape->components,
               shape->components == 1 ? "part" : "parts");
    printf("  one way      %.3f ms at least, median %.3f, 99th percentile %.3f, at most %.3f\n",
           shape->link_us_min / 1e3, shape->link_us_median / 1e3, shape->link_us_p99 / 1e3,
           shape->link_us_max / 1e3);
    if (!topology->whole) {
        printf("  degree       %u to %u, mean %.2f\n", shape->degree_min, shape->degree_max,
               shape->degree_mean);
        print_degrees(shape);
        printf("  clustering   %.4f\n", shape->clustering);
        printf("  paths        %.2f hops on average, %u at most%s\n", shape->path_hops_mean,
               shape->diameter_hops, shape->sources < topology->node_count ? " of those seen" : "");
        printf("  quickest     %.3f ms on average, %.3f at most\n", shape->path_us_mean / 1e3,
               (double)shape->path_us_max / 1e3);
    }
    if (shape->sources < topology->node_count)
        printf("  measured     from %u of the nodes\n", shape->sources);
    printf("  digest       %s\n", digest);
}

static int describe(int argc, char **argv)
{
    static const struct argp argp = {
        describe_options, parse_describe, "FILE", describe_doc, NULL, NULL, NULL};
    struct options options = {.seed = 1};
    struct fc_topology topology;
    struct fc_topology_shape shape;
    char digest[65];
    if (argp_parse(&argp, argc, argv, 0, NULL, &options) != 0)
        return EXIT_FAILURE;
    int status = load(&options, &topology);
    if (status != EXIT_SUCCESS)
        return status;
    enum fc_err err = fc_topology_describe(&topology, options.sources, &shape);
    if (err != FC_OK) {
        fprintf(stderr, "fedcat-sim topology: %s: %s\n", options.files[0], fc_err_text(err));
        fc_topology_finish(&topology);
        return EXIT_FAILURE;
    }
    struct fc_hash hash = fc_topology_digest(&topology);
    fc_hex(hash.b, sizeof hash.b, digest);
    if (options.json)
        print_json(&topology, &shape, digest);
    else
        print_text(&topology, &shape, options.files[0], digest);
    fc_topology_shape_finish(&shape);
    fc_topology_finish(&topology);
    return EXIT_SUCCESS;
}

/* -- the command ------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    char title[32]; /* argp names itself by it */
    int (*run)(int argc, char **argv);
    const char *summary;
} verbs[] = {
    {"generate", "fedcat-sim topology generate", generate, "make one of a kind, from a seed"},
    {"describe", "fedcat-sim topology describe", describe, "say what one in a file is like"},
    {"convert", "fedcat-sim topology convert", convert,
     "check a file and write it in another format"},
};

static void print_help(FILE *out)
{
    fprintf(out, "Usage: fedcat-sim topology VERB ...\n"
                 "Who can talk to whom in a simulation, where they stand and how far apart.\n\n");
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        fprintf(out, "  %-10s %s\n", verbs[i].name, verbs[i].summary);
    fprintf(out, "\nfedcat-sim topology VERB --help says more, with examples. To begin with:\n"
                 "  fedcat-sim topology generate map --nodes 1000 -o europe.graphml\n"
                 "  fedcat-sim topology describe europe.graphml\n");
}

int fc_cmd_topology(int argc, char **argv)
{
    argp_err_exit_status = EXIT_USAGE;
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
                     strcmp(argv[1], "-?") == 0)) {
        print_help(stdout);
        return EXIT_SUCCESS;
    }
    for (size_t i = 0; argc > 1 && i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(argv[1], verbs[i].name) == 0) {
            char title[sizeof verbs[i].title];
            memcpy(title, verbs[i].title, sizeof title);
            argv[1] = title;
            return verbs[i].run(argc - 1, argv + 1);
        }
    if (argc > 1)
        fprintf(stderr, "fedcat-sim topology: there is no '%s'\n\n", argv[1]);
    print_help(stderr);
    return EXIT_USAGE;
}
