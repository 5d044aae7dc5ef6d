#include "tests/support/story.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/golden.h"

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

bool fc_story_end(struct fc_story *story, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "tests/golden/%s.trace", name);
    bool same = fc_golden_check(path, fc_buf_span(&story->text));
    fc_world_destroy(story->world);
    fc_buf_finish(&story->text);
    fc_buf_finish(&story->false_head);
    return same;
}
