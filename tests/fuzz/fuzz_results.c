#include <stdlib.h>
#include <string.h>

#include "sim/csv.h"
#include "sim/join.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read is written, read again and written the same. */
static void summary(struct fc_span text)
{
    struct fc_summary first, again;
    struct fc_buf once = {0}, twice = {0};
    if (fc_summary_parse(text, &first) == FC_OK) {
        fc_summary_write_json(&first, &once);
        if (fc_buf_check(&once) != FC_OK)
            abort();
        enum fc_err err = fc_summary_parse(fc_buf_span(&once), &again);
        if (err == FC_E_BOUND) /* escapes have made it longer */
            goto out;
        if (err != FC_OK)
            abort();
        fc_summary_write_json(&again, &twice);
        if (!fc_span_eq(fc_buf_span(&once), fc_buf_span(&twice)))
            abort();
    }
out:
    fc_buf_finish(&once);
    fc_buf_finish(&twice);
}

static void rows(struct fc_span text)
{
    struct fc_csv *csv = malloc(sizeof *csv), *again = malloc(sizeof *again);
    struct fc_buf out = {0};
    if (!csv || !again)
        abort();
    fc_csv_init(csv, text);
    while (fc_csv_next(csv) == FC_OK) {
        fc_buf_clear(&out);
        for (uint32_t i = 0; i < csv->count; i++)
            fc_csv_span(&out, csv->fields[i]);
        fc_csv_end(&out);
        fc_csv_init(again, fc_buf_span(&out));
        enum fc_err err = fc_csv_next(again);
        if (err == FC_E_BOUND) /* quotes have made it longer */
            continue;
        if (err != FC_OK || again->count != csv->count)
            abort();
        for (uint32_t i = 0; i < csv->count; i++)
            if (csv->fields[i].len != again->fields[i].len)
                abort();
    }
    fc_buf_finish(&out);
    free(csv);
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fc_join join = {0};
    struct fc_buf out = {0};
    uint32_t line;
    summary(fc_span(data, size));
    rows(fc_span(data, size));
    if (fc_join_add(&join, fc_span(data, size), &line) == FC_OK &&
        fc_join_finish_groups(&join) == FC_OK)
        fc_join_write_csv(&join, &out);
    fc_join_finish(&join);
    fc_buf_finish(&out);
    return 0;
}
