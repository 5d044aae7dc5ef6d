#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "node/cli.h"
#include "node/clock.h"

const char *fc_cli_bold(const struct fc_cli *cli)
{
    return cli->colour ? "\033[1m" : "";
}

const char *fc_cli_red(const struct fc_cli *cli)
{
    return cli->colour ? "\033[31m" : "";
}

const char *fc_cli_green(const struct fc_cli *cli)
{
    return cli->colour ? "\033[32m" : "";
}

const char *fc_cli_dim(const struct fc_cli *cli)
{
    return cli->colour ? "\033[2m" : "";
}

const char *fc_cli_plain(const struct fc_cli *cli)
{
    return cli->colour ? "\033[0m" : "";
}

/* How many bytes the UTF-8 character at `at` has; 0 where it is broken or a control character. */
static size_t printable(const uint8_t *at, size_t left)
{
    if (at[0] < 0x80) {
        return at[0] >= 0x20 && at[0] != 0x7f ? 1 : 0;
    }
    size_t len = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
    if (at[0] < 0xc2 || at[0] > 0xf4 || len > left || (at[0] == 0xc2 && at[1] < 0xa0)) {
        return 0;
    }
    for (size_t i = 1; i < len; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return len;
}

/* U+202A to U+202E, U+2066 to U+2069: the text behind one would be shown in another order. */
static bool turns(const uint8_t *at, size_t len)
{
    return len == 3 && at[0] == 0xe2 &&
           ((at[1] == 0x80 && at[2] >= 0xaa && at[2] <= 0xae) ||
            (at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9));
}

/* Whether a text has more than so many characters to show. */
static bool is_longer(struct fc_span text, unsigned columns)
{
    unsigned count = 0;
    for (size_t at = 0, len; at < text.len && count <= columns; at += len ? len : 1) {
        len = printable(text.data + at, text.len - at);
        count += !turns(text.data + at, len);
    }
    return count > columns;
}

void fc_cli_put(FILE *out, struct fc_span text, unsigned columns, bool pad)
{
    enum { CUT_VISIBLY = 4 }; /* columns: in fewer are codes */
    unsigned shown = 0;
    size_t at = 0;
    bool cut = columns >= CUT_VISIBLY && is_longer(text, columns);
    while (at < text.len && shown + cut < columns) {
        size_t len = printable(text.data + at, text.len - at);
        if (turns(text.data + at, len)) {
            at += len;
            continue;
        }
        if (len) {
            fwrite(text.data + at, 1, len, out);
        } else {
            fputc('?', out);
        }
        at += len ? len : 1;
        shown++;
    }
    if (cut) {
        fputs("\xe2\x80\xa6", out);
        shown++;
    }
    for (; pad && shown < columns; shown++) {
        fputc(' ', out);
    }
}

enum fc_exit fc_cli_print_json(struct fc_cli *cli, struct fc_json *json)
{
    enum fc_err err = fc_json_print(json, stdout, isatty(STDOUT_FILENO) == 1);
    fc_json_destroy(json);
    return err == FC_OK ? FC_EXIT_OK : fc_cli_fail(cli, err, "cannot print");
}

enum fc_err fc_cli_hash(const char *text, struct fc_hash *hash)
{
    return strlen(text) == 64 ? fc_unhex(text, hash->b, 32) : FC_E_FORMAT;
}

enum fc_err fc_cli_key(const char *text, struct fc_key *key)
{
    return strlen(text) == 64 ? fc_unhex(text, key->b, 32) : FC_E_FORMAT;
}

enum fc_err fc_cli_uint(const char *text, uint64_t max, uint64_t *out)
{
    char *end = NULL;
    if (!isdigit((unsigned char)text[0])) {
        return FC_E_FORMAT;
    }
    errno = 0;
    uintmax_t value = strtoumax(text, &end, 10);
    if (*end != 0) {
        return FC_E_FORMAT;
    }
    if (errno == ERANGE || value > max) {
        return FC_E_BOUND;
    }
    *out = value;
    return FC_OK;
}

enum fc_err fc_cli_duration(const char *text, uint64_t *out_ms)
{
    static const struct {
        const char *unit;
        uint64_t ms;
    } units[] = {{"", 1}, {"ms", 1}, {"s", 1000}, {"min", 60000}, {"h", 3600000}, {"d", 86400000}};
    char *end = NULL;
    if (!isdigit((unsigned char)text[0])) {
        return FC_E_FORMAT;
    }
    errno = 0;
    uintmax_t value = strtoumax(text, &end, 10);
    for (size_t i = 0; errno == 0 && i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(end, units[i].unit) == 0 && value <= INT64_MAX / units[i].ms) {
            *out_ms = value * units[i].ms;
            return FC_OK;
        }
    }
    return FC_E_FORMAT;
}

enum fc_err fc_cli_time(const char *text, uint64_t *out_ms)
{
    static const char *const formats[] = {"%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%MZ"};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        struct tm utc = {0};
        char *end = strptime(text, formats[i], &utc);
        time_t seconds = end && *end == 0 ? timegm(&utc) : -1;
        if (seconds >= 0) {
            *out_ms = (uint64_t)seconds * 1000;
            return FC_OK;
        }
    }
    return FC_E_FORMAT;
}

char *fc_cli_version(fc_version version, char out[FC_CLI_VERSION_BYTES])
{
    snprintf(out, FC_CLI_VERSION_BYTES, "%u.%" PRIu64, fc_version_incarnation(version),
             fc_version_seq(version));
    return out;
}

void fc_progress_start(struct fc_progress *progress, const struct fc_cli *cli, const char *what)
{
    *progress = (struct fc_progress){
        .cli = cli,
        .what = what,
        .started_us = fc_clock_mono_us(),
    };
}

void fc_progress_show(struct fc_progress *progress, uint64_t done, uint64_t total)
{
    uint64_t now_us = fc_clock_mono_us();
    if (progress->cli->quiet || now_us - progress->started_us < 2000000 ||
        now_us - progress->shown_us < 100000 || !isatty(STDERR_FILENO)) {
        return;
    }
    progress->shown_us = now_us;
    progress->shown = true;
    if (total) {
        fprintf(stderr, "\r%s %" PRIu64 " of %" PRIu64 " (%.0f %%)\033[K", progress->what, done,
                total, 100.0 * (double)done / (double)total);
    } else {
        fprintf(stderr, "\r%s %" PRIu64 "\033[K", progress->what, done);
    }
    fflush(stderr);
}

void fc_progress_end(struct fc_progress *progress)
{
    if (progress->shown) {
        fputs("\r\033[K", stderr);
        progress->shown = false;
    }
}
