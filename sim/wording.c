#include "sim/wording.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct step {
    double size;
    const char *name;
};

/* Commas at thousands, in place. */
static void part_thousands(char *text, size_t room)
{
    size_t start = text[0] == '-', whole = strcspn(text + start, ".");
    for (size_t at = start + whole; at > start + 3;) {
        at -= 3;
        if (strlen(text) + 1 < room)
            memmove(text + at + 1, text + at, strlen(text + at) + 1);
        text[at] = ',';
    }
}

/* "1,234.5": so many digits count at least, none that say nothing after the point. */
static void write_digits(double value, int most, char out[FC_WORDING_MAX])
{
    int size = value != 0 ? (int)floor(log10(fabs(value))) : 0;
    int decimals = most - 1 - size;
    snprintf(out, FC_WORDING_MAX, "%.*f", decimals < 0 ? 0 : decimals > 12 ? 12 : decimals, value);
    if (strchr(out, '.')) {
        size_t len = strlen(out);
        while (out[len - 1] == '0')
            out[--len] = 0;
        if (out[len - 1] == '.')
            out[len - 1] = 0;
    }
    part_thousands(out, FC_WORDING_MAX);
}

/* The first step that the value reaches; steps end with the smallest. */
static void write_scaled(double value, const struct step *steps, char out[FC_WORDING_MAX])
{
    char digits[FC_WORDING_MAX];
    while (steps->size > 1 && fabs(value) < steps->size)
        steps++;
    write_digits(value / steps->size, 3, digits);
    snprintf(out, FC_WORDING_MAX, "%.36s %s", digits, steps->name);
}

/* Rounded down: 100 % is all. */
static void write_share(double value, char out[FC_WORDING_MAX])
{
    char digits[FC_WORDING_MAX];
    write_digits(floor(value * 1e6 + 1e-6) / 1e4, 7, digits);
    snprintf(out, FC_WORDING_MAX, "%.36s %%", digits);
}

void fc_wording_value(const char *unit, double value, char out[FC_WORDING_MAX])
{
    static const struct step times[] = {{1e6, "s"}, {1e3, "ms"}, {1, "us"}};
    static const struct step sizes[] = {
        {1e12, "TB"}, {1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}, {1, "B"}};
    if (!isfinite(value) || fabs(value) >= 1e30)
        snprintf(out, FC_WORDING_MAX, "%s", isnan(value) ? "none" : "beyond measure");
    else if (strcmp(unit, "us") == 0 || strcmp(unit, "s") == 0)
        value == 0 ? (void)snprintf(out, FC_WORDING_MAX, "0 s")
                   : write_scaled(unit[0] == 's' ? value * 1e6 : value, times, out);
    else if (strcmp(unit, "B") == 0)
        write_scaled(value, sizes, out);
    else if (strcmp(unit, "share") == 0)
        write_share(value, out);
    else
        write_digits(unit[0] == 0 ? round(value) : value, 3, out);
}

void fc_wording_expect(const struct fc_summary *summary, const struct fc_summary_expect *expect,
                       char out[FC_WORDING_MAX])
{
    bool heals = strcmp(expect->name, "converge") == 0 || strcmp(expect->name, "heal_bytes") == 0;
    if (!isnan(expect->value))
        fc_wording_value(expect->unit, expect->value, out);
    else if (heals && summary->value[FC_MEASURE_FAULTS] == 0)
        snprintf(out, FC_WORDING_MAX, "no fault ended");
    else if (heals)
        snprintf(out, FC_WORDING_MAX, "not in this run");
    else if (summary->value[FC_MEASURE_DELTAS] == 0)
        snprintf(out, FC_WORDING_MAX, "nothing was published");
    else
        snprintf(out, FC_WORDING_MAX, "none");
}
