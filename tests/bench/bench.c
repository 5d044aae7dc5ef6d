#include "tests/bench/bench.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "store/crypto.h"

double bench_now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double bench_cpu_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void bench_die(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    fputs("bench: ", stderr);
    vfprintf(stderr, format, list);
    fputc('\n', stderr);
    va_end(list);
    exit(1);
}

void bench_check(int err, const char *what)
{
    if (err != FC_OK)
        bench_die("%s: %s", what, fc_err_text((enum fc_err)err));
}

void bench_note(const struct bench *bench, const char *format, ...)
{
    va_list list;
    if (bench->json)
        return;
    va_start(list, format);
    fputs("  ", stdout);
    vprintf(format, list);
    fputc('\n', stdout);
    va_end(list);
    fflush(stdout);
}

bool bench_wants(const struct bench *bench, const char *const *names)
{
    if (!bench->only)
        return true;
    for (; *names; names++)
        if (strstr(*names, bench->only))
            return true;
    return false;
}

void bench_figure(struct bench *bench, const char *name, double value, const char *unit,
                  enum bench_better better, double limit, const char *limit_text)
{
    if (bench->only && !strstr(name, bench->only))
        return;
    double ratio = 0;
    if (limit > 0 && value > 0)
        ratio = better == BENCH_HIGHER ? limit / value : value / limit;
    if (bench->json) {
        printf("{\"name\":\"%s\",\"value\":%.6g,\"unit\":\"%s\"", name, value, unit);
        if (limit > 0)
            printf(",\"limit\":%.6g,\"ratio\":%.4g,\"limit_is\":\"%s\"", limit, ratio, limit_text);
        puts("}");
    } else {
        if (bench->printed == 0)
            printf("%-28s %12s %-6s %12s %7s  %s\n", "figure", "value", "unit", "limit", "ratio",
                   "the limit is");
        if (limit > 0)
            printf("%-28s %12.6g %-6s %12.6g %6.2fx  %s\n", name, value, unit, limit, ratio,
                   limit_text);
        else
            printf("%-28s %12.6g %-6s\n", name, value, unit);
    }
    bench->printed++;
    fflush(stdout);
}

static const char usage[] =
    "usage: bench [--json] [--only NAME] [--many NODES,MEMBERS,FEEDS,DELTAS] [--documents N] "
    "--fedcat PROGRAM\n"
    "Prints figures, each beside a limit measured in the same run. A ratio of 1 is the limit\n"
    "itself, more is worse. --only runs figures whose name has NAME in it. --many sets the size "
    "of\n"
    "the figures many_*: nodes in one process, 200,1000,100,1000 if not said.\n"
    "--documents is for the figures search_*, 100000 if not said.\n";

int main(int argc, char **argv)
{
    struct bench bench = {
        .nodes = 200, .members = 1000, .feeds = 100, .deltas = 1000, .documents = 100000};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            bench.json = true;
        } else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc) {
            bench.only = argv[++i];
        } else if (strcmp(argv[i], "--fedcat") == 0 && i + 1 < argc) {
            bench.fedcat = argv[++i];
        } else if (strcmp(argv[i], "--many") == 0 && i + 1 < argc) {
            if (sscanf(argv[++i], "%u,%u,%u,%u", &bench.nodes, &bench.members, &bench.feeds,
                       &bench.deltas) != 4)
                bench_die("--many takes four numbers");
        } else if (strcmp(argv[i], "--documents") == 0 && i + 1 < argc) {
            bench.documents = (unsigned)strtoul(argv[++i], NULL, 10);
            if (bench.documents < 1000)
                bench_die("--documents takes a number, 1000 at least");
        } else {
            fputs(usage, strcmp(argv[i], "--help") == 0 ? stdout : stderr);
            return strcmp(argv[i], "--help") == 0 ? 0 : 2;
        }
    }
    bench_check(fc_crypto_init(), "libsodium");
    bench_verify(&bench);
    bench_apply(&bench);
    bench_load(&bench);
    bench_many(&bench);
    bench_reconcile(&bench);
    bench_replicas(&bench);
    bench_flood(&bench);
    bench_search(&bench);
    if (bench.printed == 0)
        bench_die("no figure has '%s' in its name", bench.only ? bench.only : "");
    return 0;
}
