#include "sim/summary.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/csv.h"

static const struct fc_measure_info measures[FC_MEASURE_COUNT] = {
#define FC_MEASURE_INFO(id, name, unit, text) {name, unit, text},
    FC_MEASURE_TABLE(FC_MEASURE_INFO)
#undef FC_MEASURE_INFO
};

const struct fc_measure_info *fc_measure_info(enum fc_measure measure)
{
    return &measures[measure];
}

bool fc_measure_is_integer(enum fc_measure measure)
{
    return strcmp(measures[measure].unit, "1") != 0;
}

enum fc_measure fc_measure_find(const char *name)
{
    int i = 0;
    while (i < FC_MEASURE_COUNT && strcmp(measures[i].name, name) != 0)
        i++;
    return (enum fc_measure)i;
}

void fc_summary_init(struct fc_summary *summary)
{
    memset(summary, 0, sizeof *summary);
    for (int i = 0; i < FC_MEASURE_COUNT; i++)
        summary->value[i] = NAN;
}

static void add_sets(const struct fc_summary *summary, struct fc_buf *out)
{
    struct fc_buf text = {0};
    for (uint32_t i = 0; i < summary->set_count; i++) {
        if (i > 0)
            fc_buf_append(&text, ";", 1);
        fc_buf_append(&text, summary->sets[i].key, strlen(summary->sets[i].key));
        fc_buf_append(&text, "=", 1);
        fc_buf_append(&text, summary->sets[i].value, strlen(summary->sets[i].value));
    }
    fc_csv_span(out, fc_buf_span(&text));
    out->failed = out->failed || text.failed;
    fc_buf_finish(&text);
}

void fc_summary_write_csv_header(struct fc_buf *out)
{
    static const char *const names[] = {"name", "seed", "set", "version", "trace", "failure"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        fc_csv_text(out, names[i]);
    for (int i = 0; i < FC_MEASURE_COUNT; i++)
        fc_csv_text(out, measures[i].name);
    fc_csv_end(out);
}

void fc_summary_write_csv(const struct fc_summary *summary, struct fc_buf *out)
{
    fc_csv_text(out, summary->name);
    fc_csv_uint(out, summary->seed);
    add_sets(summary, out);
    fc_csv_text(out, summary->version);
    fc_csv_text(out, summary->trace);
    fc_csv_text(out, summary->failure);
    for (int i = 0; i < FC_MEASURE_COUNT; i++)
        fc_csv_real(out, summary->value[i], fc_measure_is_integer((enum fc_measure)i) ? 0 : 6);
    fc_csv_end(out);
}
