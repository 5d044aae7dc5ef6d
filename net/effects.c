#include "net/effects.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fc_effect *add(struct fc_effects *effects, enum fc_effect_kind kind)
{
    if (effects->count == effects->cap) {
        size_t cap = effects->cap ? 2 * effects->cap : 16;
        struct fc_effect *list = realloc(effects->list, cap * sizeof *list);
        if (!list) {
            effects->failed = true;
            return NULL;
        }
        effects->list = list;
        effects->cap = cap;
    }
    struct fc_effect *effect = &effects->list[effects->count++];
    memset(effect, 0, sizeof *effect);
    effect->kind = kind;
    return effect;
}

/* Each run of bytes has a block of its own, so that none moves when another is added. */
static bool own(struct fc_effects *effects, struct fc_buf *bytes, struct fc_span *out)
{
    bool failed = bytes->failed;
    if (!failed && effects->block_count == effects->block_cap) {
        size_t cap = effects->block_cap ? 2 * effects->block_cap : 16;
        struct fc_buf *blocks = realloc(effects->blocks, cap * sizeof *blocks);
        failed = blocks == NULL;
        if (blocks) {
            effects->blocks = blocks;
            effects->block_cap = cap;
        }
    }
    if (failed) {
        effects->failed = true;
        fc_buf_finish(bytes);
        return false;
    }
    effects->blocks[effects->block_count++] = *bytes;
    effects->bytes += bytes->len;
    *out = fc_buf_span(bytes);
    *bytes = (struct fc_buf){0};
    return true;
}

void fc_effects_send(struct fc_effects *effects, fc_link link, struct fc_buf *message)
{
    struct fc_span bytes;
    if (!own(effects, message, &bytes))
        return;
    struct fc_effect *effect = add(effects, FC_EFFECT_SEND);
    if (effect) {
        effect->link = link;
        effect->bytes = bytes;
    }
}

void fc_effects_dial(struct fc_effects *effects, const struct fc_key *key, struct fc_span endpoint)
{
    struct fc_buf copy = {0};
    struct fc_span bytes;
    fc_buf_append(&copy, endpoint.data, endpoint.len);
    if (!own(effects, &copy, &bytes))
        return;
    struct fc_effect *effect = add(effects, FC_EFFECT_DIAL);
    if (effect) {
        effect->key = *key;
        effect->bytes = bytes;
    }
}

void fc_effects_close(struct fc_effects *effects, fc_link link)
{
    struct fc_effect *effect = add(effects, FC_EFFECT_CLOSE);
    if (effect)
        effect->link = link;
}

void fc_effects_log(struct fc_effects *effects, enum fc_log_level level, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (len < 0)
        return;
    /* Words of peers may be in it: they begin no lines and move no cursors. */
    for (unsigned char *at = (unsigned char *)text; *at; at++) {
        if (at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0)
            at[0] = at[1] = '?';
        if (*at < 0x20 || *at == 0x7f)
            *at = '?';
    }
    struct fc_buf copy = {0};
    struct fc_span bytes;
    fc_buf_append(&copy, text, (size_t)len < sizeof text ? (size_t)len : sizeof text - 1);
    if (!own(effects, &copy, &bytes))
        return;
    struct fc_effect *effect = add(effects, FC_EFFECT_LOG);
    if (effect) {
        effect->level = level;
        effect->bytes = bytes;
    }
}

void fc_effects_clear(struct fc_effects *effects)
{
    for (size_t i = 0; i < effects->block_count; i++)
        fc_buf_finish(&effects->blocks[i]);
    effects->block_count = 0;
    effects->count = 0;
    effects->bytes = 0;
    effects->failed = false;
}

void fc_effects_finish(struct fc_effects *effects)
{
    fc_effects_clear(effects);
    free(effects->blocks);
    free(effects->list);
    *effects = (struct fc_effects){0};
}
