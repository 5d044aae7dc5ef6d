#include "sim/quantity.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/yaml.h"

/* `times` of the counted unit make one of this; `parts` of this make one counted unit. */
struct unit {
    const char *name;
    uint64_t times;
    bool written; /* fc_quantity_write may use it */
};
struct form {
    const char *name;
    const char *text;    /* what to write, for messages */
    const char *counted; /* the unit values are whole numbers of */
    unsigned decimals;   /* digits after the point that the bare unit of this kind has */
    const struct unit *units;
};

static const struct unit counts[] = {{"", 1, true}, {0}};
static const struct unit durations[] = {{"d", 86400000000, true}, {"h", 3600000000, true},
                                        {"min", 60000000, true},  {"s", 1000000, true},
                                        {"ms", 1000, true},       {"us", 1, true},
                                        {"µs", 1, false},         {0}};
static const struct unit offsets[] = {{"d", 86400000, true}, {"h", 3600000, true},
                                      {"min", 60000, true},  {"s", 1000, true},
                                      {"ms", 1, true},       {0}};
static const struct unit sizes[] = {
    {"TiB", 1ull << 40, true}, {"TB", 1000000000000, true}, {"GiB", 1u << 30, true},
    {"GB", 1000000000, true},  {"MiB", 1u << 20, true},     {"MB", 1000000, true},
    {"KiB", 1u << 10, true},   {"KB", 1000, true},          {"", 1, true},
    {"B", 1, false},           {"kB", 1000, false},         {0}};
static const struct unit shares[] = {{"%", 10000, false}, {"", 1000000, false}, {0}};
static const struct unit ratios[] = {{"", 1000000, false}, {"%", 10000, false}, {0}};
static const struct unit factors[] = {{"", 1000, false}, {0}};
static const struct unit rates[] = {{"/s", 3600, true}, {"/min", 60, true}, {"/h", 1, true}, {0}};
static const struct unit turnovers[] = {{"%/h", 10000, false}, {"/h", 1000000, false}, {0}};
static const struct unit bandwidths[] = {
    {"Tbit/s", 1000000000000, true}, {"Gbit/s", 1000000000, true}, {"Mbit/s", 1000000, true},
    {"kbit/s", 1000, true},          {"bit/s", 1, true},           {0}};

static const struct form forms[FC_QUANTITY_KINDS] = {
    [FC_QUANTITY_COUNT] = {"number", "a whole number", "1", 0, counts},
    [FC_QUANTITY_DURATION] = {"duration",
                              "a duration with its unit: 250 us, 20 ms, 10 s, 5 min, 1 h or 2 d",
                              "1 us", 0, durations},
    [FC_QUANTITY_OFFSET] = {"time", "a time forward or back: 250 ms, -5 s, 10 min or 1 h", "1 ms",
                            0, offsets},
    [FC_QUANTITY_SIZE] = {"size", "a size: 512, 4 KB, 1 MiB or 8 GB", "1 byte", 0, sizes},
    [FC_QUANTITY_SHARE] = {"share", "a share: 20 % or 0.2", "0.0001 %", 4, shares},
    [FC_QUANTITY_RATIO] = {"ratio", "a ratio: 1.15", "0.000001", 6, ratios},
    [FC_QUANTITY_FACTOR] = {"factor", "a factor: 2 or 2.5", "0.001", 3, factors},
    [FC_QUANTITY_RATE] = {"rate", "a rate: 10/s, 1/min or 5/h", "1/h", 0, rates},
    [FC_QUANTITY_TURNOVER] = {"turnover", "a share of the nodes in a time: 20 %/h", "0.0001 %/h", 4,
                              turnovers},
    [FC_QUANTITY_BANDWIDTH] = {"bandwidth", "a bandwidth: 64 kbit/s, 100 Mbit/s or 1 Gbit/s",
                               "1 bit/s", 0, bandwidths},
};

const char *fc_quantity_name(enum fc_quantity_kind kind)
{
    return forms[kind].name;
}

const char *fc_quantity_form(enum fc_quantity_kind kind)
{
    return forms[kind].text;
}

static enum fc_err fail(struct fc_quantity_fault *fault, enum fc_err err, const char *text,
                        const char *says, const char *more)
{
    char shown[48];
    fc_yaml_show(text, shown, sizeof shown);
    snprintf(fault->text, sizeof fault->text, "'%s' %s%s", shown, says, more);
    return err;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool add_digit(uint64_t *mantissa, char digit)
{
    return !__builtin_mul_overflow(*mantissa, 10u, mantissa) &&
           !__builtin_add_overflow(*mantissa, (uint64_t)(digit - '0'), mantissa);
}

/* Digits, and more after a point: mantissa / 10^decimals. NULL when it is none, or too long. */
static const char *read_number(const char *at, uint64_t *mantissa, unsigned *decimals)
{
    *mantissa = 0;
    *decimals = 0;
    if (!is_digit(*at))
        return NULL;
    for (; is_digit(*at); at++)
        if (!add_digit(mantissa, *at))
            return NULL;
    if (*at != '.')
        return at;
    const char *last = ++at;
    for (const char *digit = at; is_digit(*digit); digit++)
        if (*digit != '0')
            last = digit + 1; /* zeros at the end say nothing */
    if (!is_digit(*at))
        return NULL;
    for (; is_digit(*at); at++) {
        if (at >= last)
            continue;
        if (!add_digit(mantissa, *at))
            return NULL;
        (*decimals)++;
    }
    return at;
}

static const char *skip_blanks(const char *at)
{
    while (*at == ' ')
        at++;
    return at;
}

/* The unit that the text is, blanks within and after it aside. */
static const struct unit *find_unit(const struct unit *units, const char *text)
{
    for (const struct unit *unit = units; unit->name; unit++) {
        const char *at = skip_blanks(text), *name = unit->name;
        while (*name && *at == *name) {
            name++;
            at++;
            if (*at == ' ' && (*name == 0 || *name == '/' || name[-1] == '/'))
                at = skip_blanks(at);
        }
        if (*name == 0 && *at == 0)
            return unit;
    }
    return NULL;
}

static enum fc_err scale(uint64_t mantissa, unsigned decimals, uint64_t times, uint64_t *value)
{
    bool exact = true;
    while (decimals > 0 && times % 10 == 0) {
        times /= 10;
        decimals--;
    }
    if (__builtin_mul_overflow(mantissa, times, value))
        return FC_E_BOUND;
    for (; decimals > 0; decimals--) {
        exact = exact && *value % 10 == 0;
        *value /= 10;
    }
    return exact ? FC_OK : FC_E_FORMAT;
}

enum fc_err fc_quantity_parse(enum fc_quantity_kind kind, const char *text, uint64_t *value,
                              struct fc_quantity_fault *fault)
{
    const struct form *form = &forms[kind];
    const char *at = skip_blanks(text);
    bool minus = kind == FC_QUANTITY_OFFSET && *at == '-';
    uint64_t mantissa;
    unsigned decimals;
    if (kind == FC_QUANTITY_OFFSET && (*at == '-' || *at == '+'))
        at = skip_blanks(at + 1);
    at = read_number(at, &mantissa, &decimals);
    const struct unit *unit = at ? find_unit(form->units, at) : NULL;
    uint64_t times = unit ? unit->times : 1;
    if (at && !unit && mantissa == 0 && *skip_blanks(at) == 0)
        unit = form->units; /* nothing needs no unit */
    if (!unit)
        return fail(fault, FC_E_FORMAT, text, "is not ", form->text);
    enum fc_err err = scale(mantissa, decimals, times, value);
    if (err == FC_E_FORMAT)
        return fail(fault, FC_E_BOUND, text, "is no whole multiple of ", form->counted);
    if (err != FC_OK || (kind == FC_QUANTITY_OFFSET && *value > INT64_MAX))
        return fail(fault, FC_E_BOUND, text, "is too large", "");
    if (minus)
        *value = -*value;
    return FC_OK;
}

/* value / 10^decimals without zeros at the end. */
static void write_decimal(uint64_t value, unsigned decimals, const char *unit,
                          char out[FC_QUANTITY_TEXT_MAX])
{
    uint64_t one = 1;
    for (unsigned i = 0; i < decimals; i++)
        one *= 10;
    uint64_t fraction = value % one;
    while (decimals > 0 && fraction % 10 == 0) {
        fraction /= 10;
        decimals--;
    }
    if (decimals > 0)
        snprintf(out, FC_QUANTITY_TEXT_MAX, "%" PRIu64 ".%0*" PRIu64 "%s", value / one,
                 (int)decimals, fraction, unit);
    else
        snprintf(out, FC_QUANTITY_TEXT_MAX, "%" PRIu64 "%s", value / one, unit);
}

void fc_quantity_write(enum fc_quantity_kind kind, uint64_t value, char out[FC_QUANTITY_TEXT_MAX])
{
    const struct form *form = &forms[kind];
    if (kind == FC_QUANTITY_SHARE || kind == FC_QUANTITY_TURNOVER) {
        write_decimal(value, form->decimals, kind == FC_QUANTITY_SHARE ? " %" : " %/h", out);
        return;
    }
    if (form->decimals > 0) {
        write_decimal(value, form->decimals, "", out);
        return;
    }
    bool minus = kind == FC_QUANTITY_OFFSET && (int64_t)value < 0;
    if (minus)
        value = -value;
    const struct unit *best = NULL;
    for (const struct unit *unit = form->units; value > 0 && unit->name; unit++)
        if (unit->written && value % unit->times == 0 && (!best || unit->times > best->times))
            best = unit;
    if (!best) {
        snprintf(out, FC_QUANTITY_TEXT_MAX, "0");
        return;
    }
    bool tight = best->name[0] == 0 || best->name[0] == '/';
    snprintf(out, FC_QUANTITY_TEXT_MAX, "%s%" PRIu64 "%s%s", minus ? "-" : "", value / best->times,
             tight ? "" : " ", best->name);
}
