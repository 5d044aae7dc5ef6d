#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "net/spread_eager.h"
#include "net/spread_plumtree.h"
#include "net/view_hyparview.h"
#include "net/view_registry.h"
#include "sim/commands.h"
#include "sim/world.h"

struct options {
    uint32_t nodes, publish, active, fanout;
    const struct fc_view_ops *view;
    const struct fc_spread_ops *spread;
    uint64_t seed, latency_us, jitter_us;
    bool json, trace;
};

struct outcome {
    bool joined, spread, healed;
    uint64_t joined_us, spread_us, healed_us, total_us;
    uint32_t published;
    struct fc_digest digest;
};

static void print_line(void *ctx, const char *text)
{
    (void)ctx;
    puts(text);
}

static void seconds(uint64_t us, char out[32])
{
    snprintf(out, 32, "%" PRIu64 ".%03" PRIu64, us / 1000000, us / 1000 % 1000);
}

static bool add_nodes(struct fc_world *world, const struct options *options)
{
    for (uint32_t i = 0; i < options->nodes; i++) {
        char name[FC_WORLD_NAME_MAX];
        snprintf(name, sizeof name, "n%u", i + 1);
        uint32_t node = fc_world_add(world, name, i == 0 ? FC_WORLD_NONE : 0, false);
        fc_world_admit(world, node, 0);
    }
    return fc_world_converge(world, 600 * 1000000ull);
}

static bool publish(struct fc_world *world, uint32_t count, uint32_t *serial)
{
    for (uint32_t i = 0; i < count; i++) {
        char key[64], content[512];
        uint32_t node = *serial % fc_world_count(world);
        snprintf(key, sizeof key, "urn:example:offer:%u", ++*serial);
        snprintf(content, sizeof content,
                 "{\"@id\":\"%s\",\"name\":\"Offer %u of %s\",\"description\":\"Compute, storage "
                 "and a network between them, in a data centre cooled by sea water.\"}",
                 key, *serial, fc_world_name(world, node));
        if (fc_world_put(world, node, key, content) != FC_OK)
            return false;
        fc_world_run(world, 20000);
    }
    return true;
}

static void part(struct fc_world *world)
{
    for (uint32_t i = fc_world_count(world) / 2; i < fc_world_count(world); i++)
        fc_world_group(world, i, 1);
}

static bool play(struct fc_world *world, const struct options *options, struct outcome *out)
{
    uint32_t serial = 0;
    out->joined = add_nodes(world, options);
    out->joined_us = fc_world_now_us(world);
    bool fine = publish(world, options->publish, &serial);
    uint64_t start_us = fc_world_now_us(world);
    out->spread = fine && fc_world_converge(world, 600 * 1000000ull);
    out->spread_us = fc_world_now_us(world) - start_us;
    part(world);
    fc_world_run(world, 5 * 1000000ull);
    fine = fine && publish(world, options->publish / 2, &serial);
    fc_world_heal(world);
    start_us = fc_world_now_us(world);
    out->healed = fine && fc_world_converge(world, 600 * 1000000ull);
    out->healed_us = fc_world_now_us(world) - start_us;
    out->total_us = fc_world_now_us(world);
    out->published = serial;
    if (fc_replica_digest(fc_world_replica(world, 0), &out->digest) != FC_OK)
        return false;
    return out->joined && out->spread && out->healed;
}

static void report(const struct fc_world *world, const struct options *options,
                   const struct outcome *out, double wall_s)
{
    struct fc_world_stats stats;
    struct fc_hash trace = fc_world_trace_hash(world);
    char hash[65], digest[65], joined[32], spread[32], healed[32], total[32];
    bool fine = out->joined && out->spread && out->healed;
    fc_world_get_stats(world, &stats);
    fc_hex(trace.b, sizeof trace.b, hash);
    fc_hex(out->digest.hash.b, sizeof out->digest.hash.b, digest);
    seconds(out->joined_us, joined);
    seconds(out->spread_us, spread);
    seconds(out->healed_us, healed);
    seconds(out->total_us, total);
    if (options->json) {
        printf("{\"nodes\":%u,\"view\":\"%s\",\"spread\":\"%s\",\"seed\":%" PRIu64
               ",\"converged\":%s,\"deltas\":%u,"
               "\"joined_s\":%s,\"spread_s\":%s,\"healed_s\":%s,\"virtual_s\":%s,"
               "\"events\":%" PRIu64 ",\"messages\":%" PRIu64 ",\"bytes\":%" PRIu64
               ",\"signatures_checked\":%" PRIu64 ",\"feeds\":%" PRIu64 ",\"entries\":%" PRIu64
               ",\"digest\":\"%s\",\"trace\":\"%s\",\"wall_s\":%.3f}\n",
               options->nodes, options->view->name, options->spread->name, options->seed,
               fine ? "true" : "false", out->published, joined, spread, healed, total, stats.events,
               stats.messages, stats.bytes, stats.signatures_checked, out->digest.feeds,
               out->digest.entries, digest, hash, wall_s);
        return;
    }
    printf("%u nodes, view %s, spread %s, seed %" PRIu64 "\n", options->nodes, options->view->name,
           options->spread->name, options->seed);
    printf("  joined            %s, all in sync after %s s\n", out->joined ? "yes" : "NO", joined);
    printf("  %u deltas spread  %s, %s s after the last\n", options->publish,
           out->spread ? "yes" : "NO", spread);
    printf("  parted, healed    %s, in sync %s s after the parts were joined\n",
           out->healed ? "yes" : "NO", healed);
    printf("  catalogue         %" PRIu64 " entries in %" PRIu64 " feeds, digest %.16s\n",
           out->digest.entries, out->digest.feeds, digest);
    printf("  events            %" PRIu64 " in %s virtual seconds, %.2f s here (%.0f a second)\n",
           stats.events, total, wall_s, (double)stats.events / (wall_s > 0 ? wall_s : 1));
    printf("  on the wire       %" PRIu64 " messages, %" PRIu64 " bytes\n", stats.messages,
           stats.bytes);
    printf("  signatures        %" PRIu64 " asked for, %" PRIu64 " computed\n", stats.signatures,
           stats.signatures_checked);
    printf("  trace hash        %s\n", hash);
    if (!fine)
        printf("NOT CONVERGED. To see it: fedcat-sim run --nodes %u --publish %u --seed %" PRIu64
               " --view %s --spread %s --active %u --trace\n",
               options->nodes, options->publish, options->seed, options->view->name,
               options->spread->name,
               options->active ? options->active : options->view->active_default);
}

static int run(const struct options *options)
{
    struct fc_world_config config = {.seed = options->seed,
                                     .latency_us = options->latency_us,
                                     .jitter_us = options->jitter_us,
                                     .peers_active_max = options->active,
                                     .view = options->view,
                                     .spread = options->spread,
                                     .spread_fanout = options->fanout,
                                     .line = options->trace ? print_line : NULL,
                                     .log = options->trace};
    struct fc_world *world;
    struct outcome outcome = {0};
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    enum fc_err err = fc_world_create(&config, &world);
    if (err != FC_OK) {
        fprintf(stderr, "fedcat-sim: %s\n", fc_err_text(err));
        return EXIT_FAILURE;
    }
    bool fine = play(world, options, &outcome);
    clock_gettime(CLOCK_MONOTONIC, &end);
    double wall_s =
        (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
    report(world, options, &outcome, wall_s);
    fc_world_destroy(world);
    return fine ? EXIT_SUCCESS : EXIT_FAILURE;
}

static const char doc[] =
    "Runs a whole federation in one process: the node's own protocol code over a virtual network "
    "and a virtual clock. A first node founds it, the others join through it, all publish, the "
    "network falls into two halves that go on publishing, and is joined again. The run succeeds "
    "when every replica ends with the same catalogue.\v"
    "The same options and seed give the same trace hash on every machine.\n\n"
    "Networks to run on are made and looked at with fedcat-sim topology (see its --help).\n\n"
    "Examples:\n"
    "  fedcat-sim run\n"
    "  fedcat-sim run --nodes 40 --publish 200 --seed 7\n"
    "  fedcat-sim run --nodes 100 --view registry --active 5 --spread plumtree\n"
    "  fedcat-sim run --nodes 3 --publish 2 --trace | less     every message, readable\n"
    "  for s in 1 2 3; do fedcat-sim run --seed $s --json; done  one JSON object a line\n";

enum {
    OPT_JITTER = 256,
    OPT_LATENCY,
    OPT_TRACE,
    OPT_JSON,
    OPT_VIEW,
    OPT_ACTIVE,
    OPT_SPREAD,
    OPT_FANOUT
};
static const struct argp_option argp_options[] = {
    {"nodes", 'n', "N", 0, "Nodes in the federation, 1 to 1000 (12)", 0},
    {"seed", 's', "S", 0, "Everything random follows from it (1)", 0},
    {"publish", 'p', "K", 0, "Deltas published while all is well; half as many while parted (50)",
     0},
    {"latency", OPT_LATENCY, "US", 0, "One way, in microseconds (10000)", 0},
    {"jitter", OPT_JITTER, "US", 0, "At most so much more, in microseconds (5000)", 0},
    {"view", OPT_VIEW, "NAME", 0,
     "How nodes choose whom to hold links with: all, registry or hyparview (all)", 0},
    {"active", OPT_ACTIVE, "N", 0, "Links each node holds at most, 1 to 64 (all: 64, others: 5)",
     0},
    {"spread", OPT_SPREAD, "NAME", 0,
     "How news travels over them: flood, plumtree, plumtree-shared or eager (flood)", 0},
    {"fanout", OPT_FANOUT, "K", 0, "Links that eager pushes to, 1 to 64 (4)", 0},
    {"trace", OPT_TRACE, NULL, 0, "Print every message and what the nodes log", 0},
    {"json", OPT_JSON, NULL, 0, "Print the result as one JSON object", 0},
    {0},
};

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

static const struct fc_view_ops *view_of(const char *name, const struct argp_state *state)
{
    static const struct fc_view_ops *const views[] = {&fc_view_all, &fc_view_registry,
                                                      &fc_view_hyparview};
    for (size_t i = 0; i < sizeof views / sizeof views[0]; i++)
        if (strcmp(name, views[i]->name) == 0)
            return views[i];
    argp_error(state, "--view must be all, registry or hyparview, not '%s'", name);
    return NULL;
}

static const struct fc_spread_ops *spread_of(const char *name, const struct argp_state *state)
{
    static const struct fc_spread_ops *const spreads[] = {
        &fc_spread_flood, &fc_spread_plumtree, &fc_spread_plumtree_shared, &fc_spread_eager};
    for (size_t i = 0; i < sizeof spreads / sizeof spreads[0]; i++)
        if (strcmp(name, spreads[i]->name) == 0)
            return spreads[i];
    argp_error(state, "--spread must be flood, plumtree, plumtree-shared or eager, not '%s'", name);
    return NULL;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case 'n':
        options->nodes = (uint32_t)number(arg, 1, 1000, "--nodes", state);
        break;
    case 's':
        options->seed = number(arg, 0, UINT64_MAX, "--seed", state);
        break;
    case 'p':
        options->publish = (uint32_t)number(arg, 0, 1000000, "--publish", state);
        break;
    case OPT_LATENCY:
        options->latency_us = number(arg, 1, 60000000, "--latency", state);
        break;
    case OPT_JITTER:
        options->jitter_us = number(arg, 0, 60000000, "--jitter", state);
        break;
    case OPT_VIEW:
        options->view = view_of(arg, state);
        break;
    case OPT_ACTIVE:
        options->active = (uint32_t)number(arg, 1, 64, "--active", state);
        break;
    case OPT_SPREAD:
        options->spread = spread_of(arg, state);
        break;
    case OPT_FANOUT:
        options->fanout = (uint32_t)number(arg, 1, 64, "--fanout", state);
        break;
    case OPT_TRACE:
        options->trace = true;
        break;
    case OPT_JSON:
        options->json = true;
        break;
    case ARGP_KEY_ARG:
        if (state->arg_num != 0 || strcmp(arg, "run") != 0)
            argp_error(state, "unknown command '%s'; there are: run, topology", arg);
        break;
    case ARGP_KEY_END:
        if (state->arg_num == 0)
            argp_error(state, "say what to do: fedcat-sim run");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

int main(int argc, char **argv)
{
    static const struct argp argp = {argp_options, parse, "run", doc, NULL, NULL, NULL};
    argp_program_version = "fedcat-sim " FEDCAT_VERSION;
    struct options options = {.view = &fc_view_all,
                              .spread = &fc_spread_flood,
                              .nodes = 12,
                              .publish = 50,
                              .seed = 1,
                              .latency_us = 10000,
                              .jitter_us = 5000};
    if (argc > 1 && strcmp(argv[1], "topology") == 0)
        return fc_cmd_topology(argc - 1, argv + 1);
    argp_err_exit_status = 2;
    if (argp_parse(&argp, argc, argv, 0, NULL, &options) != 0)
        return EXIT_FAILURE;
    return run(&options);
}
