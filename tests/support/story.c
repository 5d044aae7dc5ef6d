#include "tests/support/story.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void keep_line(void *ctx, const char *text)
{
    struct fc_story *story = ctx;
    fc_buf_append(&story->text, text, strlen(text));
    fc_buf_append(&story->text, "\n", 1);
}

void fc_story_begin(struct fc_story *story, uint64_t seed)
{
    *story = (struct fc_story){.liar = FC_WORLD_NONE};
    story->config = (struct fc_world_config){
        .seed = seed, .jitter_us = 4000, .ctx = story, .line = keep_line, .log = true};
    enum fc_err err = fc_world_create(&story->config, &story->world);
    assert(err == FC_OK);
}

void fc_story_federation(struct fc_story *story, const char *const *names, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t node = fc_world_add(story->world, names[i], i == 0 ? FC_WORLD_NONE : 0, false);
        fc_world_admit(story->world, node, 0);
    }
    bool joined = fc_world_converge(story->world, 30 * 1000000ull);
    assert(joined);
}

static bool write_file(const char *path, const struct fc_buf *text)
{
    FILE *file = fopen(path, "wb");
    bool fine = file && fwrite(text->data, 1, text->len, file) == text->len;
    if (file)
        fclose(file);
    return fine;
}

static bool read_file(const char *path, struct fc_buf *text)
{
    FILE *file = fopen(path, "rb");
    char chunk[4096];
    size_t len;
    if (!file)
        return false;
    while ((len = fread(chunk, 1, sizeof chunk, file)) > 0)
        fc_buf_append(text, chunk, len);
    fclose(file);
    return true;
}

static struct fc_span line_at(const struct fc_buf *text, size_t *pos)
{
    const uint8_t *start = text->data + *pos;
    const uint8_t *end = memchr(start, '\n', text->len - *pos);
    size_t len = end ? (size_t)(end - start) : text->len - *pos;
    *pos += len + (end != NULL);
    return fc_span(start, len);
}

/* The first line that differs, with the three before it. */
static void show_difference(const char *path, const struct fc_buf *old, const struct fc_buf *now)
{
    struct fc_span before[3] = {{0}};
    size_t old_pos = 0, now_pos = 0;
    for (unsigned line = 1; old_pos < old->len || now_pos < now->len; line++) {
        struct fc_span a = old_pos < old->len ? line_at(old, &old_pos) : fc_span_str("(the end)");
        struct fc_span b = now_pos < now->len ? line_at(now, &now_pos) : fc_span_str("(the end)");
        if (fc_span_eq(a, b)) {
            before[0] = before[1];
            before[1] = before[2];
            before[2] = a;
            continue;
        }
        fprintf(stderr, "%s:%u is not what happened:\n", path, line);
        for (int i = 0; i < 3; i++)
            if (before[i].data)
                fprintf(stderr, " %.*s\n", (int)before[i].len, (const char *)before[i].data);
        fprintf(stderr, "-%.*s\n+%.*s\n", (int)a.len, (const char *)a.data, (int)b.len,
                (const char *)b.data);
        fprintf(stderr, "When the change is meant: FEDCAT_GOLDEN_WRITE=1, then read the diff.\n");
        return;
    }
}

bool fc_story_end(struct fc_story *story, const char *name)
{
    char path[4096];
    struct fc_buf old = {0};
    const char *write = getenv("FEDCAT_GOLDEN_WRITE");
    snprintf(path, sizeof path, "%s/tests/golden/%s.trace", FEDCAT_SOURCE_DIR, name);
    bool same;
    if (write && strcmp(write, "1") == 0) {
        same = write_file(path, &story->text);
    } else {
        bool found = read_file(path, &old);
        same = found && fc_span_eq(fc_buf_span(&old), fc_buf_span(&story->text));
        if (!found)
            fprintf(stderr, "%s: cannot be read\n", path);
        else if (!same)
            show_difference(path, &old, &story->text);
    }
    fc_world_destroy(story->world);
    fc_buf_finish(&story->text);
    fc_buf_finish(&story->false_head);
    fc_buf_finish(&old);
    return same;
}
