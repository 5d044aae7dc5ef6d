/* Figures, each beside a limit measured in the same run. */
#ifndef FC_BENCH_H
#define FC_BENCH_H

#include <stdbool.h>
#include <stdint.h>

/* A figure's direction decides how its ratio reads: 1.00 is the limit, more is worse. */
enum bench_better { BENCH_HIGHER, BENCH_LOWER };

struct bench {
    bool json;
    const char *only;                       /* part of a name, or NULL */
    const char *fedcat;                     /* the program under test */
    unsigned nodes, members, feeds, deltas; /* of the figures many_* */
    unsigned documents;                     /* of the figures search_* */
    unsigned printed;
};

/* Prints one figure. `limit` 0: nothing to hold it against. */
void bench_figure(struct bench *bench, const char *name, double value, const char *unit,
                  enum bench_better better, double limit, const char *limit_text);
bool bench_wants(const struct bench *bench, const char *const *names);
void bench_note(const struct bench *bench, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
double bench_now_s(void);
double bench_cpu_s(void); /* of this process, all threads: steadier where others run beside it */
/* Ends the program with a line that says what failed. */
void bench_die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
void bench_check(int err, const char *what); /* dies unless 0; the error's text is printed */

void bench_verify(struct bench *bench);    /* verify_per_s */
void bench_apply(struct bench *bench);     /* apply_ops_per_s */
void bench_load(struct bench *bench);      /* load_entries_per_s */
void bench_reconcile(struct bench *bench); /* reconcile_*_of_*: heads changed of all */
void bench_many(struct bench *bench);      /* many_*: nodes in one process */
void bench_replicas(struct bench *bench);  /* fresh_*, resync_*, visible_*, found_*: two nodes */
void bench_search(struct bench *bench);    /* search_*: the index beside SQLite FTS5 */
void bench_flood(struct bench *bench);     /* flood_*: the simulator */

#endif
