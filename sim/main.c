#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/cli.h"
#include "store/crypto.h"

/* What jemalloc(3) looks for: a million small rows, read here and there by one thread, are found
 * sooner in large pages, and are all given back at the end. */
extern const char *malloc_conf;
const char *malloc_conf = "thp:always,metadata_thp:always,dirty_decay_ms:-1,narenas:1";

struct command {
    const char *name, *about;
    int (*run)(int argc, char **argv);
};
static const struct command commands[] = {
    {"run", "Play a scenario once", fc_cmd_run},
    {"sweep", "Play it for many values and seeds, over all cores", fc_cmd_sweep},
    {"check", "Random federations with random faults, all promises checked", fc_cmd_check},
    {"replay", "Play a run again up to a moment, and see what happened", fc_cmd_replay},
    {"report", "A page with figures and plots from results", fc_cmd_report},
    {"topology", "Generate, convert and describe networks", fc_cmd_topology},
    {"list", "The scenarios that come with the program, and their keys", fc_cmd_list},
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void help(FILE *out)
{
    fprintf(out, "Usage: fedcat-sim COMMAND [OPTION...]\n"
                 "Runs whole federations in one process: the node's own code over a virtual "
                 "network and clock.\n\n");
    for (int i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].about);
    fprintf(out, "\nfedcat-sim COMMAND --help says more. To begin with:\n"
                 "  fedcat-sim run first-run\n"
                 "  fedcat-sim run churn --small --output churn/ && fedcat-sim report churn/\n"
                 "  fedcat-sim sweep first-run --vary federation.active=3,5,7 --seeds 1..10\n");
}

static bool is(const char *arg, const char *a, const char *b)
{
    return strcmp(arg, a) == 0 || strcmp(arg, b) == 0;
}

/* Whatever was printed has arrived, or the status says so: argp's help ends the program too. */
static void close_output(void)
{
    bool lost = ferror(stdout) != 0;
    errno = 0;
    if (fclose(stdout) == 0 && !lost)
        return;
    fprintf(stderr, "fedcat-sim: standard output: %s\n",
            errno ? strerror(errno) : "not all of it could be written");
    _exit(FC_EXIT_FAILED);
}

int main(int argc, char **argv)
{
    atexit(close_output);
    argp_program_version = "fedcat-sim " FEDCAT_VERSION;
    if (argc < 2) {
        help(stderr);
        return FC_EXIT_USAGE;
    }
    if (is(argv[1], "--help", "-?") || is(argv[1], "help", "-h")) {
        help(stdout);
        return EXIT_SUCCESS;
    }
    if (is(argv[1], "--version", "-V")) {
        puts(argp_program_version);
        return EXIT_SUCCESS;
    }
    if (fc_crypto_init() != FC_OK)
        return FC_EXIT_FAILED;
    for (int i = 0; i < COMMANDS; i++) {
        if (strcmp(argv[1], commands[i].name) != 0)
            continue;
        char title[32];
        snprintf(title, sizeof title, "fedcat-sim %s", commands[i].name);
        argv[1] = title;
        return commands[i].run(argc - 1, argv + 1);
    }
    fprintf(stderr, "fedcat-sim: there is no command '%s'\n\n", argv[1]);
    help(stderr);
    return FC_EXIT_USAGE;
}
