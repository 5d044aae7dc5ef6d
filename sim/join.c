#include "sim/join.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/csv.h"

/* -- Student's t ------------------------------------------------------------------------------ */

/* The continued fraction of the incomplete beta function, by Lentz's method (Abramowitz and Stegun,
 * Handbook of Mathematical Functions, 26.5.8). */
static double beta_fraction(double x, double a, double b)
{
    enum { TERMS = 400 };
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double fraction = d;
    for (int m = 1; m < TERMS; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        double terms[2] = {even, odd}, step = 1;
        for (int i = 0; i < 2; i++) {
            d = 1 + terms[i] * d;
            c = 1 + terms[i] / c;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            c = fabs(c) < tiny ? tiny : c;
            step = c * d;
            fraction *= step;
        }
        if (fabs(step - 1) < 1e-15)
            break;
    }
    return fraction;
}

/* The regularized incomplete beta function. */
static double beta_share(double x, double a, double b)
{
    if (x <= 0 || x >= 1)
        return x <= 0 ? 0 : 1;
    double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(1 - x));
    if (x < (a + 1) / (a + b + 2))
        return front * beta_fraction(x, a, b) / a;
    return 1 - front * beta_fraction(1 - x, b, a) / b;
}

double fc_student_t(double confidence, uint32_t freedom)
{
    double low = 0, high = 1;
    double outside = 1 - confidence;
    /* P(|T| > t) = I(n / (n + t^2); n / 2, 1 / 2); it falls with t */
    while (beta_share(freedom / (freedom + high * high), freedom / 2.0, 0.5) > outside &&
           high < 1e12)
        high *= 2;
    for (int i = 0; i < 200 && high - low > 1e-12 * high; i++) {
        double t = low + (high - low) / 2;
        if (beta_share(freedom / (freedom + t * t), freedom / 2.0, 0.5) > outside)
            low = t;
        else
            high = t;
    }
    return low + (high - low) / 2;
}

struct fc_figure fc_figure_of(const double *values, uint32_t count)
{
    struct fc_figure figure = {0, NAN, NAN, NAN, NAN, NAN};
    double squares = 0, mean = 0;
    for (uint32_t i = 0; i < count; i++) { /* Welford's recurrence */
        if (!isfinite(values[i]))
            continue;
        double off = values[i] - mean;
        figure.count++;
        mean += off / figure.count;
        squares += off * (values[i] - mean);
        figure.min = figure.count == 1 || values[i] < figure.min ? values[i] : figure.min;
        figure.max = figure.count == 1 || values[i] > figure.max ? values[i] : figure.max;
    }
    if (figure.count > 0)
        figure.mean = mean;
    if (figure.count > 1) {
        figure.deviation = sqrt(squares / (figure.count - 1));
        figure.half = fc_student_t(0.95, figure.count - 1) * figure.deviation / sqrt(figure.count);
    }
    return figure;
}

/* -- runs ------------------------------------------------------------------------------------- */

static enum fc_err room_for_run(struct fc_join *join)
{
    if (join->run_count == FC_JOIN_RUNS_MAX)
        return FC_E_BOUND;
    if (join->run_count & (join->run_count - 1)) /* grows at powers of two */
        return FC_OK;
    uint32_t cap = join->run_count ? join->run_count * 2 : 1;
    struct fc_summary *runs = realloc(join->runs, cap * sizeof *runs);
    if (!runs)
        return FC_E_NOMEM;
    join->runs = runs;
    return FC_OK;
}

static bool is_blank(struct fc_span line)
{
    for (size_t i = 0; i < line.len; i++)
        if (line.data[i] != ' ' && line.data[i] != '\t' && line.data[i] != '\r')
            return false;
    return true;
}

enum fc_err fc_join_add(struct fc_join *join, struct fc_span text, uint32_t *line)
{
    *line = 0;
    while (text.len > 0) {
        const uint8_t *newline = memchr(text.data, '\n', text.len);
        size_t len = newline ? (size_t)(newline - text.data) : text.len;
        struct fc_span row = fc_span(text.data, len);
        size_t past = newline ? len + 1 : len;
        text = fc_span(text.data + past, text.len - past);
        ++*line;
        if (is_blank(row))
            continue;
        enum fc_err err = room_for_run(join);
        if (err == FC_OK)
            err = fc_summary_parse(row, &join->runs[join->run_count]);
        if (err != FC_OK)
            return err;
        join->run_count++;
    }
    return FC_OK;
}

static bool same_setting(const struct fc_join_group *group, const struct fc_summary *run)
{
    bool same = strcmp(group->name, run->name) == 0 && group->set_count == run->set_count;
    for (uint32_t i = 0; same && i < run->set_count; i++)
        same = strcmp(group->sets[i].key, run->sets[i].key) == 0 &&
               strcmp(group->sets[i].value, run->sets[i].value) == 0;
    return same;
}

static uint32_t group_of(struct fc_join *join, const struct fc_summary *run)
{
    for (uint32_t i = join->group_count; i-- > 0;) /* runs of one setting often follow each other */
        if (same_setting(&join->groups[i], run))
            return i;
    struct fc_join_group *group = &join->groups[join->group_count];
    memset(group, 0, sizeof *group);
    memcpy(group->name, run->name, sizeof group->name);
    memcpy(group->sets, run->sets, sizeof group->sets);
    group->set_count = run->set_count;
    return join->group_count++;
}

static void reckon(struct fc_join *join, const uint32_t *member, double *values)
{
    for (uint32_t g = 0; g < join->group_count; g++) {
        for (int measure = 0; measure < FC_MEASURE_COUNT; measure++) {
            uint32_t count = 0;
            for (uint32_t i = 0; i < join->run_count; i++)
                if (member[i] == g)
                    values[count++] = join->runs[i].value[measure];
            join->groups[g].measure[measure] = fc_figure_of(values, count);
        }
    }
}

enum fc_err fc_join_finish_groups(struct fc_join *join)
{
    uint32_t *member = malloc((join->run_count + 1) * sizeof *member);
    double *values = malloc((join->run_count + 1) * sizeof *values);
    free(join->groups);
    join->group_count = 0;
    join->groups = calloc(join->run_count + 1, sizeof *join->groups);
    enum fc_err err = member && values && join->groups ? FC_OK : FC_E_NOMEM;
    for (uint32_t i = 0; err == FC_OK && i < join->run_count; i++) {
        member[i] = group_of(join, &join->runs[i]);
        join->groups[member[i]].runs++;
        join->groups[member[i]].failures += join->runs[i].failure[0] != 0;
    }
    if (err == FC_OK)
        reckon(join, member, values);
    free(member);
    free(values);
    return err;
}

static void write_figure(const struct fc_join_group *group, enum fc_measure measure,
                         struct fc_buf *out)
{
    const struct fc_figure *figure = &group->measure[measure];
    struct fc_buf sets = {0};
    for (uint32_t i = 0; i < group->set_count; i++) {
        fc_buf_append(&sets, ";", i > 0);
        fc_buf_append(&sets, group->sets[i].key, strlen(group->sets[i].key));
        fc_buf_append(&sets, "=", 1);
        fc_buf_append(&sets, group->sets[i].value, strlen(group->sets[i].value));
    }
    fc_csv_text(out, group->name);
    fc_csv_span(out, fc_buf_span(&sets));
    fc_csv_text(out, fc_measure_info(measure)->name);
    fc_csv_text(out, fc_measure_info(measure)->unit);
    fc_csv_uint(out, figure->count);
    fc_csv_real(out, figure->mean, 6);
    fc_csv_real(out, figure->deviation, 6);
    fc_csv_real(out, figure->mean - figure->half, 6);
    fc_csv_real(out, figure->mean + figure->half, 6);
    fc_csv_real(out, figure->min, 6);
    fc_csv_real(out, figure->max, 6);
    fc_csv_end(out);
    out->failed = out->failed || sets.failed;
    fc_buf_finish(&sets);
}

void fc_join_write_csv(const struct fc_join *join, struct fc_buf *out)
{
    static const char *const names[] = {"name",      "set",  "measure",   "unit",
                                        "runs",      "mean", "deviation", "ci95_low",
                                        "ci95_high", "min",  "max"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        fc_csv_text(out, names[i]);
    fc_csv_end(out);
    for (uint32_t g = 0; g < join->group_count; g++)
        for (int i = 0; i < FC_MEASURE_COUNT; i++)
            if (join->groups[g].measure[i].count > 0)
                write_figure(&join->groups[g], (enum fc_measure)i, out);
}

void fc_join_finish(struct fc_join *join)
{
    free(join->runs);
    free(join->groups);
    memset(join, 0, sizeof *join);
}
