#include "node/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/cli.h"
#include "node/clock.h"
#include "node/json.h"

static const char *level_name(enum fc_log_level level)
{
    switch (level) {
    case FC_LOG_ERROR:
        return "error";
    case FC_LOG_WARNING:
        return "warning";
    case FC_LOG_INFO:
        return "info";
    case FC_LOG_DEBUG:
        return "debug";
    }
    return "?";
}

/* sd-daemon(3)'s priorities. */
static const char *level_prefix(enum fc_log_level level)
{
    switch (level) {
    case FC_LOG_ERROR:
        return "<3>";
    case FC_LOG_WARNING:
        return "<4>";
    case FC_LOG_INFO:
        return "<6>";
    case FC_LOG_DEBUG:
        return "<7>";
    }
    return "";
}

void fc_log_init(struct fc_log *log, const struct fc_config_log *config)
{
    log->format = config->format;
    log->level = config->level;
    log->journal = getenv("JOURNAL_STREAM") != NULL;
}

static void say_json(enum fc_log_level level, const char *text)
{
    struct fc_json *json = fc_json_create();
    fc_json_object(json, NULL);
    fc_json_time(json, "time", fc_clock_wall_ms());
    fc_json_text(json, "level", level_name(level));
    fc_json_text(json, "text", text);
    fc_json_end(json);
    if (fc_json_print(json, stderr, false) != FC_OK) {
        fprintf(stderr, "%s\n", text);
    }
    fc_json_destroy(json);
}

void fc_log_say(const struct fc_log *log, enum fc_log_level level, const char *format, ...)
{
    char text[1024], time[FC_CLOCK_TEXT_BYTES];
    va_list args;
    if (level > log->level) {
        return;
    }
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (log->format == FC_LOG_JSON) {
        say_json(level, text);
        return;
    }
    if (log->journal) {
        fputs(level_prefix(level), stderr);
    } else {
        fprintf(stderr, "%s %-7s ", fc_clock_text(fc_clock_wall_ms(), time), level_name(level));
    }
    /* Texts hold names from records: nothing in them may move the cursor. */
    fc_cli_put(stderr, fc_span_str(text), sizeof text, false);
    fputc('\n', stderr);
}
