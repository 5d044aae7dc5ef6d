#include "sim/csv.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* A field begins: a comma before it unless it is the first of its row. */
static void begin(struct fc_buf *out)
{
    if (out->len > 0 && out->data[out->len - 1] != '\n')
        fc_buf_append(out, ",", 1);
}

void fc_csv_span(struct fc_buf *out, struct fc_span text)
{
    bool first = out->len == 0 || out->data[out->len - 1] == '\n';
    bool quoted = first && text.len == 0; /* a row is never an empty line */
    begin(out);
    for (size_t i = 0; i < text.len; i++)
        quoted = quoted || text.data[i] == ',' || text.data[i] == '"';
    if (quoted)
        fc_buf_append(out, "\"", 1);
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.data[i];
        if (byte == '"')
            fc_buf_append(out, "\"", 1);
        if (byte < 0x20 || byte == 0x7f)
            byte = ' ';
        fc_buf_append(out, &byte, 1);
    }
    if (quoted)
        fc_buf_append(out, "\"", 1);
}

void fc_csv_text(struct fc_buf *out, const char *text)
{
    fc_csv_span(out, fc_span_str(text));
}

void fc_csv_uint(struct fc_buf *out, uint64_t value)
{
    char text[24];
    begin(out);
    fc_buf_append(out, text, (size_t)snprintf(text, sizeof text, "%" PRIu64, value));
}

void fc_csv_real(struct fc_buf *out, double value, unsigned decimals)
{
    char text[400];
    begin(out);
    if (isfinite(value))
        fc_buf_append(out, text, (size_t)snprintf(text, sizeof text, "%.*f", (int)decimals, value));
}

void fc_csv_micro(struct fc_buf *out, int64_t millionths)
{
    char text[32];
    int64_t whole = millionths / 1000000, part = millionths % 1000000;
    begin(out);
    int len = snprintf(text, sizeof text, "%s%" PRId64 ".%06" PRId64, millionths < 0 ? "-" : "",
                       whole < 0 ? -whole : whole, part < 0 ? -part : part);
    fc_buf_append(out, text, (size_t)len);
}

void fc_csv_end(struct fc_buf *out)
{
    fc_buf_append(out, "\n", 1);
}

void fc_csv_init(struct fc_csv *csv, struct fc_span text)
{
    csv->rest = text;
    csv->line = csv->count = 0;
}

/* The quoted field that begins at `text`; returns what it takes up, 0 when it is malformed. */
static size_t unquote(struct fc_span text, char *room, size_t *len)
{
    *len = 0;
    for (size_t i = 1; i < text.len; i++) {
        if (text.data[i] != '"') {
            room[(*len)++] = (char)text.data[i];
            continue;
        }
        if (i + 1 == text.len || text.data[i + 1] == ',')
            return i + 1;
        if (text.data[++i] != '"')
            return 0;
        room[(*len)++] = '"';
    }
    return 0;
}

static enum fc_err split(struct fc_csv *csv, struct fc_span row)
{
    size_t used = 0;
    csv->count = 0;
    for (;;) {
        size_t taken = 0;
        if (csv->count == FC_CSV_COLUMNS_MAX)
            return FC_E_BOUND;
        struct fc_span *field = &csv->fields[csv->count++];
        if (row.len > 0 && row.data[0] == '"') {
            size_t len;
            taken = unquote(row, csv->room + used, &len);
            if (taken == 0)
                return FC_E_FORMAT;
            *field = fc_span(csv->room + used, len);
            used += len;
        } else {
            while (taken < row.len && row.data[taken] != ',')
                if (row.data[taken++] == '"')
                    return FC_E_FORMAT;
            *field = fc_span(row.data, taken);
        }
        if (taken == row.len)
            return FC_OK;
        row = fc_span(row.data + taken + 1, row.len - taken - 1);
    }
}

enum fc_err fc_csv_next(struct fc_csv *csv)
{
    if (csv->rest.len == 0)
        return FC_E_MISSING;
    const uint8_t *newline = memchr(csv->rest.data, '\n', csv->rest.len);
    size_t len = newline ? (size_t)(newline - csv->rest.data) : csv->rest.len;
    struct fc_span row = fc_span(csv->rest.data, len);
    size_t past = newline ? len + 1 : len;
    csv->rest = fc_span(csv->rest.data + past, csv->rest.len - past);
    csv->line++;
    if (row.len > 0 && row.data[row.len - 1] == '\r')
        row.len--;
    return row.len > FC_CSV_LINE_MAX ? FC_E_BOUND : split(csv, row);
}
