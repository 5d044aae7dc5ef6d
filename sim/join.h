/* Runs of the same scenario and settings with different seeds, taken together: means with their
 * 95 % confidence intervals (Student's t, two-sided). */
#ifndef FC_SIM_JOIN_H
#define FC_SIM_JOIN_H

#include "sim/summary.h"

struct fc_figure {
    uint32_t count; /* runs that have the value; what follows is NAN where it is not defined */
    double mean, deviation, half; /* of the sample; mean - half to mean + half */
    double min, max;
};
/* Over `count` values, NAN ones aside. */
struct fc_figure fc_figure_of(const double *values, uint32_t count);
/* t with P(|T| <= t) = confidence for so many degrees of freedom (> 0). */
double fc_student_t(double confidence, uint32_t freedom);

struct fc_join_group { /* runs that differ in nothing but their seeds */
    char name[FC_SUMMARY_NAME_MAX];
    struct fc_summary_set sets[FC_SUMMARY_SETS_MAX];
    uint32_t set_count, runs, failures;
    struct fc_figure measure[FC_MEASURE_COUNT];
};
struct fc_join {
    struct fc_summary *runs;      /* owned, in the order of the input */
    struct fc_join_group *groups; /* in the order of their first run */
    uint32_t run_count, group_count;
};
enum { FC_JOIN_RUNS_MAX = 20000 };
/* Adds the summaries of a text of JSON lines; empty lines are fine. On failure `line` (from 1) says
 * where. FC_E_JSON, FC_E_FORMAT, FC_E_BOUND, FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_join_add(struct fc_join *join, struct fc_span json_lines,
                                    uint32_t *line);
/* Groups and figures of all that was added. FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_join_finish_groups(struct fc_join *join);
/* name, set, measure, unit, runs, mean, deviation, ci95_low, ci95_high, min, max. */
void fc_join_write_csv(const struct fc_join *join, struct fc_buf *out);
void fc_join_finish(struct fc_join *join);

#endif
