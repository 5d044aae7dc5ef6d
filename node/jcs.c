#include "node/jcs.h"

#include <assert.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "node/json.h"
#include "node/json_inside.h"
#include "store/document_text.h"

/* -- numbers ----------------------------------------------------------------------------------- */

enum { DIGITS_MAX = 17 }; /* tell any two doubles apart */

/* value = 0.d1d2d3... * 10^point */
struct digits {
    char text[DIGITS_MAX + 1]; /* without a zero at its end */
    int count, point;
};

/* Neither printf's nor strtod's decimal point, which depend on the locale, is looked at. */
static void round_to(double value, int count, struct digits *out)
{
    char text[64];
    out->count = 0;
    snprintf(text, sizeof text, "%.*e", count - 1, value);
    for (const char *c = text; *c != 'e'; c++) {
        if (*c >= '0' && *c <= '9') {
            out->text[out->count++] = *c;
        }
    }
    out->text[out->count] = 0;
    out->point = atoi(strchr(text, 'e') + 1) + 1;
}

static bool reads_as(const struct digits *digits, double value)
{
    char text[64];
    snprintf(text, sizeof text, "%se%d", digits->text, digits->point - digits->count);
    return strtod(text, NULL) == value;
}

/* The next larger number of as many digits. */
static void step_up(struct digits *digits)
{
    int i = digits->count - 1;
    while (i >= 0 && digits->text[i] == '9') {
        digits->text[i--] = '0';
    }
    if (i >= 0) {
        digits->text[i]++;
    } else {
        digits->text[0] = '1';
        digits->point++;
    }
}

/* Whether a number of so many digits reads back. The nearest does if any does, but at a power of
 * two: below it doubles lie twice as close, so that the nearest may miss where the next larger one
 * does not. */
static bool fits(double value, int count, struct digits *out)
{
    round_to(value, count, out);
    if (reads_as(out, value)) {
        return true;
    }
    step_up(out);
    return reads_as(out, value);
}

/* A decimal number of up to 15 digits comes back from a double as it was (C11, 5.2.4.2.2: DBL_DIG),
 * so that with 15 digits there are zeros behind a shorter one. That does not hold below DBL_MIN. */
static void shortest(double value, struct digits *out)
{
    int low = value < DBL_MIN ? 1 : DBL_DIG, high = DIGITS_MAX;
    while (low < high) {
        int middle = value < DBL_MIN ? (low + high) / 2 : low;
        if (fits(value, middle, out)) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    bool found = fits(value, low, out);
    assert(found);
    while (out->count > 1 && out->text[out->count - 1] == '0') {
        out->text[--out->count] = 0;
    }
}

char *fc_jcs_number(double value, char out[FC_JCS_NUMBER_BYTES])
{
    static const char zeros[] = "00000000000000000000";
    struct digits digits;
    const char *sign = value < 0 ? "-" : "";
    assert(isfinite(value));
    if (value == 0) {
        strcpy(out, "0"); /* of either sign */
        return out;
    }
    shortest(fabs(value), &digits);
    const char *text = digits.text;
    int count = digits.count, point = digits.point;
    if (point > 21 || point <= -6) {
        snprintf(out, FC_JCS_NUMBER_BYTES, "%s%c%s%se%+d", sign, text[0], count > 1 ? "." : "",
                 text + 1, point - 1);
    } else if (point <= 0) {
        snprintf(out, FC_JCS_NUMBER_BYTES, "%s0.%.*s%s", sign, -point, zeros, text);
    } else if (point < count) {
        snprintf(out, FC_JCS_NUMBER_BYTES, "%s%.*s.%s", sign, point, text, text + point);
    } else {
        snprintf(out, FC_JCS_NUMBER_BYTES, "%s%s%.*s", sign, text, point - count, zeros);
    }
    return out;
}

/* Below 2^53 every integer is a double, and above it those that are. */
static bool is_exact(int64_t value)
{
    double nearest = (double)value;
    return nearest >= -0x1p63 && nearest < 0x1p63 && (int64_t)nearest == value;
}

/* -- values ------------------------------------------------------------------------------------ */

struct writer {
    struct fc_buf *out;
    char *fault;
    size_t fault_bytes;
};
struct member {
    const char *name;
    const struct fc_json_value *value;
};

static enum fc_err write_value(struct writer *writer, const struct fc_json_value *value);

static void put(struct writer *writer, const char *text)
{
    fc_buf_append(writer->out, text, strlen(text));
}

static enum fc_err refuse(struct writer *writer, const char *text)
{
    snprintf(writer->fault, writer->fault_bytes, "%s", text);
    return FC_E_FORMAT;
}

/* By UTF-16 code units (RFC 8785, 3.2.3). UTF-8 has the order of code points, which differs for
 * those above U+FFFF: their surrogates come before U+E000 to U+FFFF. */
static int compare_names(const void *a, const void *b)
{
    const uint8_t *x = (const uint8_t *)((const struct member *)a)->name;
    const uint8_t *y = (const uint8_t *)((const struct member *)b)->name;
    while (*x && *x == *y) {
        x++;
        y++;
    }
    bool x_high = *x >= 0xf0, y_high = *y >= 0xf0;
    if (*x >= 0xee && *y >= 0xee && x_high != y_high) {
        return x_high ? -1 : 1;
    }
    return *x < *y ? -1 : *x > *y;
}

static enum fc_err write_members(struct writer *writer, const struct member *members, size_t count)
{
    enum fc_err err = FC_OK;
    put(writer, "{");
    for (size_t i = 0; i < count && err == FC_OK; i++) {
        put(writer, i > 0 ? "," : "");
        fc_json_quote(fc_span_str(members[i].name), writer->out);
        put(writer, ":");
        err = write_value(writer, members[i].value);
    }
    put(writer, "}");
    return err;
}

static enum fc_err write_object(struct writer *writer, const struct fc_json_value *object)
{
    void *cursor = NULL;
    struct member *members = NULL;
    size_t count = 0, cap = 0;
    struct member one;
    while ((one.name = fc_json_next(object, &cursor, &one.value))) {
        if (count == cap) {
            cap = cap ? 2 * cap : 16;
            struct member *grown = realloc(members, cap * sizeof *members);
            if (!grown) {
                free(members);
                return FC_E_NOMEM;
            }
            members = grown;
        }
        members[count++] = one;
    }
    if (count > 1) {
        qsort(members, count, sizeof *members, compare_names);
    }
    enum fc_err err = write_members(writer, members, count);
    free(members);
    return err;
}

static enum fc_err write_array(struct writer *writer, const struct fc_json_value *array)
{
    enum fc_err err = FC_OK;
    put(writer, "[");
    for (size_t i = 0; i < fc_json_count(array) && err == FC_OK; i++) {
        put(writer, i > 0 ? "," : "");
        err = write_value(writer, fc_json_at(array, i));
    }
    put(writer, "]");
    return err;
}

static enum fc_err write_number(struct writer *writer, const struct fc_json_value *value)
{
    char text[FC_JCS_NUMBER_BYTES];
    if (fc_json_kind(value) == FC_JSON_INT && !is_exact(fc_json_as_int(value))) {
        return refuse(writer, "it has an integer that no double holds exactly");
    }
    put(writer, fc_jcs_number(fc_json_as_real(value), text));
    return FC_OK;
}

static enum fc_err write_value(struct writer *writer, const struct fc_json_value *value)
{
    enum fc_err err = FC_OK;
    switch (fc_json_kind(value)) {
    case FC_JSON_NONE:
    case FC_JSON_NULL:
        put(writer, "null");
        break;
    case FC_JSON_BOOL:
        put(writer, fc_json_as_bool(value) ? "true" : "false");
        break;
    case FC_JSON_INT:
    case FC_JSON_REAL:
        err = write_number(writer, value);
        break;
    case FC_JSON_TEXT:
        fc_json_quote(fc_span_str(fc_json_as_text(value)), writer->out);
        break;
    case FC_JSON_ARRAY:
        err = write_array(writer, value);
        break;
    case FC_JSON_OBJECT:
        err = write_object(writer, value);
        break;
    }
    return err;
}

enum fc_err fc_jcs_write(struct fc_span bytes, struct fc_buf *out, char *fault, size_t fault_bytes)
{
    struct fc_json_value *value = NULL;
    struct fc_json_fault at = {.line = 0};
    struct writer writer = {.out = out, .fault = fault, .fault_bytes = fault_bytes};
    size_t before = out->len;
    fault[0] = 0;
    if (fc_json_measure(bytes).depth > FC_JCS_DEPTH_MAX) {
        return refuse(&writer, "it nests more deeply than is canonicalized here");
    }
    enum fc_err err = fc_json_parse(bytes, &value, &at);
    if (err == FC_OK) {
        err = write_value(&writer, value);
    } else if (err == FC_E_JSON) {
        snprintf(fault, fault_bytes, "it is no JSON that can be canonicalized: line %u: %s",
                 at.line, at.text);
        err = FC_E_FORMAT;
    }
    fc_json_free(value);
    if (err == FC_OK) {
        err = fc_buf_check(out);
    } else if (!out->failed) {
        out->len = before;
    }
    return err;
}
