#include "tests/support/golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool write_file(const char *path, struct fc_span text)
{
    FILE *file = fopen(path, "wb");
    bool fine = file && fwrite(text.data, 1, text.len, file) == text.len;
    if (file)
        fclose(file);
    return fine;
}

bool fc_golden_read(const char *path, struct fc_buf *out)
{
    FILE *file = fopen(path, "rb");
    char chunk[4096];
    size_t len;
    if (!file)
        return false;
    while ((len = fread(chunk, 1, sizeof chunk, file)) > 0)
        fc_buf_append(out, chunk, len);
    fclose(file);
    return true;
}

static struct fc_span line_at(struct fc_span text, size_t *pos)
{
    const uint8_t *start = text.data + *pos;
    const uint8_t *end = memchr(start, '\n', text.len - *pos);
    size_t len = end ? (size_t)(end - start) : text.len - *pos;
    *pos += len + (end != NULL);
    return fc_span(start, len);
}

/* The first line that differs, with the three before it. */
static void show_difference(const char *path, struct fc_span old, struct fc_span now)
{
    struct fc_span before[3] = {{0}};
    size_t old_pos = 0, now_pos = 0;
    for (unsigned line = 1; old_pos < old.len || now_pos < now.len; line++) {
        struct fc_span a = old_pos < old.len ? line_at(old, &old_pos) : fc_span_str("(the end)");
        struct fc_span b = now_pos < now.len ? line_at(now, &now_pos) : fc_span_str("(the end)");
        if (fc_span_eq(a, b)) {
            before[0] = before[1];
            before[1] = before[2];
            before[2] = a;
            continue;
        }
        fprintf(stderr, "%s:%u is not what this says:\n", path, line);
        for (int i = 0; i < 3; i++)
            if (before[i].data)
                fprintf(stderr, " %.*s\n", (int)before[i].len, (const char *)before[i].data);
        fprintf(stderr, "-%.*s\n+%.*s\n", (int)a.len, (const char *)a.data, (int)b.len,
                (const char *)b.data);
        fprintf(stderr, "When the change is meant: FEDCAT_GOLDEN_WRITE=1, then read the diff.\n");
        return;
    }
}

static bool is_written(void)
{
    const char *write = getenv("FEDCAT_GOLDEN_WRITE");
    return write && strcmp(write, "1") == 0;
}

bool fc_golden_json(const char *path, json_t *value)
{
    char whole[4096];
    snprintf(whole, sizeof whole, "%s/%s", FEDCAT_SOURCE_DIR, path);
    bool same = value != NULL;
    if (same && is_written())
        same = json_dump_file(value, whole, JSON_INDENT(1)) == 0;
    json_t *frozen = json_load_file(whole, JSON_REJECT_DUPLICATES, NULL);
    same = same && frozen && json_equal(value, frozen);
    if (!same)
        fprintf(stderr, "%s is not what this says\n", whole);
    json_decref(value);
    json_decref(frozen);
    return same;
}

bool fc_golden_check(const char *path, struct fc_span text)
{
    char whole[4096];
    struct fc_buf old = {0};
    snprintf(whole, sizeof whole, "%s/%s", FEDCAT_SOURCE_DIR, path);
    if (is_written())
        return write_file(whole, text);
    bool found = fc_golden_read(whole, &old);
    bool same = found && fc_span_eq(fc_buf_span(&old), text);
    if (!found)
        fprintf(stderr, "%s: cannot be read\n", whole);
    else if (!same)
        show_difference(path, fc_buf_span(&old), text);
    fc_buf_finish(&old);
    return same;
}
