#include "sim/report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/assets.h"
#include "sim/join.h"
#include "sim/results.h"

/* What a file may take up in the page. Tables of more have every nth row shown; a list of changes
 * would say something else then, and is left out. */
enum { PART_BYTES_MAX = 4 * 1024 * 1024, LINES_BYTES_MAX = 64 * 1024 * 1024 };
struct part {
    const char *name;
    bool table, thins;
};
static const struct part parts[] = {
    {"scenario.yaml", false, false}, {"deltas.csv", true, true},  {"series.csv", true, false},
    {"latency.csv", true, false},    {"nodes.csv", true, true},   {"links.csv", true, true},
    {"faults.csv", true, false},     {"states.csv", true, false}, {"spread.csv", true, true},
};

__attribute__((format(printf, 3, 4))) static enum fc_err fail(enum fc_err err,
                                                              struct fc_report_error *error,
                                                              const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    return err;
}

/* -- text for the page ------------------------------------------------------------------------ */

/* Within a JSON string that stands in a script element: nothing in it can end the element. */
static void add_escaped(struct fc_buf *out, struct fc_span text)
{
    char code[8];
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.data[i];
        if (byte >= 0x20 && byte != '"' && byte != '\\' && byte != '<' && byte != '>' &&
            byte != '&') {
            fc_buf_append(out, &byte, 1);
            continue;
        }
        fc_buf_append(out, code, (size_t)snprintf(code, sizeof code, "\\u%04x", byte));
    }
}

static void add_text(struct fc_buf *out, const char *text)
{
    fc_buf_append(out, text, strlen(text));
}

static void add_string(struct fc_buf *out, const char *text)
{
    add_text(out, "\"");
    add_escaped(out, fc_span_str(text));
    add_text(out, "\"");
}

static void add_measures(struct fc_buf *out)
{
    add_text(out, "\"measures\":[");
    for (int i = 0; i < FC_MEASURE_COUNT; i++) {
        const struct fc_measure_info *info = fc_measure_info((enum fc_measure)i);
        add_text(out, i > 0 ? ",{\"name\":" : "{\"name\":");
        add_string(out, info->name);
        add_text(out, ",\"unit\":");
        add_string(out, info->unit);
        add_text(out, ",\"text\":");
        add_string(out, info->text);
        add_text(out, "}");
    }
    add_text(out, "]");
}

/* -- a run's directory ------------------------------------------------------------------------ */

static enum fc_err check_header(const char *path, const char *line, const char *columns,
                                struct fc_report_error *error)
{
    size_t len = strlen(columns);
    if (strncmp(line, columns, len) == 0 && (line[len] == '\n' || line[len] == ','))
        return FC_OK;
    return fail(FC_E_FORMAT, error,
                "%s: the columns are not those that fedcat-sim writes (docs/simulating-results.md)",
                path);
}

static uint32_t fields_of(const char *line)
{
    uint32_t fields = 1;
    bool quoted = false;
    for (; *line; line++) {
        quoted = *line == '"' ? !quoted : quoted;
        fields += *line == ',' && !quoted;
    }
    return fields;
}

static enum fc_err check_row(const char *path, const char *line, size_t len, uint64_t number,
                             uint32_t fields, struct fc_report_error *error)
{
    if (line[len - 1] == '\n' && fields_of(line) == fields)
        return FC_OK;
    return fail(FC_E_FORMAT, error,
                "%s:%llu: the row is cut short, or has other columns than the "
                "first",
                path, (unsigned long long)number + 1);
}

/* The header and every `step`th row. */
static enum fc_err add_lines(FILE *file, const char *path, const struct part *part, uint64_t step,
                             struct fc_buf *out, struct fc_report_error *error)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t got;
    uint32_t fields = 0;
    enum fc_err err = FC_OK;
    for (uint64_t number = 0; err == FC_OK && (got = getline(&line, &cap, file)) > 0; number++) {
        if (number == 0 && part->table) {
            err = check_header(path, line, fc_results_columns(part->name), error);
            fields = fields_of(line);
        }
        if (err == FC_OK && part->table)
            err = check_row(path, line, (size_t)got, number, fields, error);
        if (number == 0 || (number - 1) % step == 0)
            add_escaped(out, fc_span(line, (size_t)got));
    }
    free(line);
    if (err == FC_OK && ferror(file))
        err = fail(FC_E_IO, error, "%s: %s", path, strerror(errno));
    return err;
}

static enum fc_err add_part(const char *dir, const struct part *part, struct fc_buf *out,
                            struct fc_report_error *error)
{
    char *path, number[32];
    struct stat about;
    if (asprintf(&path, "%s/%s", dir, part->name) < 0)
        return fail(FC_E_NOMEM, error, "out of memory");
    FILE *file = fopen(path, "re");
    enum fc_err err = FC_OK;
    if (!file || fstat(fileno(file), &about) != 0) {
        err = fail(FC_E_IO, error, "%s: %s", path, strerror(errno));
        goto out;
    }
    uint64_t step = (uint64_t)about.st_size / PART_BYTES_MAX + 1;
    bool whole = step == 1, shown = whole || part->thins;
    add_text(out, ",");
    add_string(out, part->name);
    snprintf(number, sizeof number, ":{\"step\":%lu,", shown ? (unsigned long)step : 0ul);
    add_text(out, number);
    add_text(out, "\"text\":\"");
    if (shown)
        err = add_lines(file, path, part, step, out, error);
    add_text(out, "\"}");
out:
    if (file)
        (void)fclose(file);
    free(path);
    return err;
}

static enum fc_err read_lines(const char *path, struct fc_buf *out, struct fc_report_error *error)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return fail(errno == ENOENT ? FC_E_MISSING : FC_E_IO, error, "%s: %s", path,
                    strerror(errno));
    enum fc_err err = FC_OK;
    size_t got = 1;
    while (err == FC_OK && got > 0) {
        uint8_t *room = fc_buf_extend(out, 1 << 16);
        if (!room) {
            err = fail(FC_E_NOMEM, error, "out of memory");
            break;
        }
        got = fread(room, 1, 1 << 16, file);
        out->len -= (1 << 16) - got;
        if (out->len > LINES_BYTES_MAX)
            err = fail(FC_E_BOUND, error, "%s: larger than %d MiB", path, LINES_BYTES_MAX >> 20);
    }
    if (err == FC_OK && ferror(file))
        err = fail(FC_E_IO, error, "%s: %s", path, strerror(errno));
    (void)fclose(file);
    return err;
}

/* What a sweep varies, of the line that has it. */
static void find_scenario(struct fc_span lines, struct fc_buf *scenario)
{
    for (size_t at = 0; at < lines.len && scenario->len == 0;) {
        const uint8_t *end = memchr(lines.data + at, '\n', lines.len - at);
        size_t len = end ? (size_t)(end - lines.data) - at : lines.len - at;
        bool may = memmem(lines.data + at, len, "\"scenario\"", 10) != NULL;
        if (may)
            (void)fc_summary_read_scenario(fc_span(lines.data + at, len), scenario);
        at += len + 1;
    }
}

static enum fc_err add_summaries(const char *path, bool is_dir, struct fc_join *join,
                                 struct fc_buf *scenario, struct fc_report_error *error)
{
    struct fc_buf text = {0};
    char *inside = NULL;
    uint32_t line = 0;
    if (is_dir && asprintf(&inside, "%s/summary.json", path) < 0)
        return fail(FC_E_NOMEM, error, "out of memory");
    const char *from = is_dir ? inside : path;
    enum fc_err err = read_lines(from, &text, error);
    if (err == FC_E_MISSING && is_dir)
        (void)fail(err, error,
                   "%s: no summary.json in it; `fedcat-sim run ... --output %s` writes one", path,
                   path);
    if (err == FC_OK) {
        err = fc_join_add(join, fc_buf_span(&text), &line);
        if (err != FC_OK)
            (void)fail(err, error, "%s:%u: no summary of a run: %s", from, (unsigned)line,
                       fc_err_text(err));
        find_scenario(fc_buf_span(&text), scenario);
    }
    free(inside);
    fc_buf_finish(&text);
    return err;
}

/* -- the whole page --------------------------------------------------------------------------- */

static void add_runs(const struct fc_join *join, struct fc_buf *out)
{
    struct fc_buf text = {0};
    add_text(out, "\"runs\":\"");
    for (uint32_t i = 0; i < join->run_count; i++) {
        fc_buf_clear(&text);
        fc_summary_write_json(&join->runs[i], &text);
        add_escaped(out, fc_buf_span(&text));
    }
    add_text(out, "\"");
    out->failed = out->failed || text.failed;
    fc_buf_finish(&text);
}

static void add_joined(struct fc_join *join, struct fc_buf *out)
{
    struct fc_buf text = {0};
    if (fc_join_finish_groups(join) != FC_OK)
        out->failed = true;
    fc_join_write_csv(join, &text);
    add_text(out, ",\"joined\":\"");
    add_escaped(out, fc_buf_span(&text));
    add_text(out, "\"");
    out->failed = out->failed || text.failed;
    fc_buf_finish(&text);
}

static enum fc_err add_data(const char *const *paths, uint32_t count, struct fc_buf *out,
                            struct fc_report_error *error)
{
    struct fc_join join = {0};
    struct fc_buf scenario = {0};
    bool one = false;
    enum fc_err err = FC_OK;
    for (uint32_t i = 0; err == FC_OK && i < count; i++) {
        struct stat about;
        bool is_dir = stat(paths[i], &about) == 0 && S_ISDIR(about.st_mode);
        one = count == 1 && is_dir;
        err = add_summaries(paths[i], is_dir, &join, &scenario, error);
    }
    if (err == FC_OK && join.run_count == 0)
        err = fail(FC_E_MISSING, error, "%s: no run in it", paths[0]);
    if (err == FC_OK) {
        add_text(out, "{\"version\":");
        add_string(out, FEDCAT_VERSION);
        add_text(out, one ? ",\"kind\":\"run\"," : ",\"kind\":\"sweep\",");
        add_measures(out);
        add_text(out, ",");
        add_runs(&join, out);
        if (!one)
            add_joined(&join, out);
        if (!one && scenario.len > 0) {
            add_text(out, ",\"scenario\":\"");
            add_escaped(out, fc_buf_span(&scenario));
            add_text(out, "\"");
        }
        add_text(out, ",\"files\":{\"\":0");
        for (size_t i = 0; one && err == FC_OK && i < sizeof parts / sizeof parts[0]; i++)
            err = add_part(paths[0], &parts[i], out, error);
        add_text(out, "}}");
    }
    if (err == FC_OK && fc_buf_check(out) != FC_OK)
        err = fail(FC_E_NOMEM, error, "out of memory");
    fc_join_finish(&join);
    fc_buf_finish(&scenario);
    return err;
}

static bool put(FILE *file, struct fc_span bytes)
{
    return fwrite(bytes.data, 1, bytes.len, file) == bytes.len;
}

static bool put_page(FILE *file, struct fc_span data)
{
    static const char head[] =
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src "
        "'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:\">\n"
        "<title>fedcat-sim report</title>\n<style>\n";
    const struct fc_span pieces[] = {
        fc_span_str(head),
        fc_asset_page_css(),
        fc_span_str("</style>\n</head>\n<body>\n"),
        fc_asset_page_html(),
        fc_span_str("<script type=\"application/json\" id=\"data\">"),
        data,
        fc_span_str("</script>\n<script type=\"application/json\" id=\"europe\">"),
        fc_asset_europe(),
        fc_span_str("</script>\n<script>"),
        fc_asset_echarts(),
        fc_span_str("</script>\n<script>\n"),
        fc_asset_data_js(),
        fc_asset_plots_js(),
        fc_asset_run_js(),
        fc_asset_map_js(),
        fc_asset_sweep_js(),
        fc_asset_page_js(),
        fc_span_str("</script>\n</body>\n</html>\n"),
    };
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++)
        if (!put(file, pieces[i]))
            return false;
    return true;
}

enum fc_err fc_report_write(const char *const *paths, uint32_t count, const char *out,
                            struct fc_report_error *error)
{
    struct fc_buf data = {0};
    bool standard = strcmp(out, "-") == 0;
    enum fc_err err = add_data(paths, count, &data, error);
    if (err == FC_OK) {
        FILE *file = standard ? stdout : fopen(out, "we");
        bool done = file && put_page(file, fc_buf_span(&data));
        if (file && (standard ? fflush(file) : fclose(file)) != 0)
            done = false;
        if (!done)
            err =
                fail(errno == ENOSPC ? FC_E_FULL : FC_E_IO, error, "%s: %s", out, strerror(errno));
    }
    fc_buf_finish(&data);
    return err;
}
