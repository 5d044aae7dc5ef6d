#include "store/index_memo.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "store/wide.h"

enum { SLOTS = 512 * 1024, LINE_BYTES = 64 };

struct fc_memo {
    struct fc_memo_slot *slots; /* within `memory`, on a line's beginning */
    void *memory;
    uint32_t epoch; /* slots of earlier ones are empty */
};

struct fc_memo *fc_memo_create(void)
{
    struct fc_memo *memo = calloc(1, sizeof *memo);
    if (!memo)
        return NULL;
    memo->memory = fc_wide_alloc((SLOTS + 1) * sizeof *memo->slots);
    if (!memo->memory) {
        free(memo);
        return NULL;
    }
    memset(memo->memory, 0, (SLOTS + 1) * sizeof *memo->slots);
    uintptr_t at = (uintptr_t)memo->memory;
    memo->slots = (struct fc_memo_slot *)((at + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES);
    memo->epoch = 1;
    return memo;
}

void fc_memo_destroy(struct fc_memo *memo)
{
    if (!memo)
        return;
    free(memo->memory);
    free(memo);
}

void fc_memo_forget(struct fc_memo *memo)
{
    if (++memo->epoch != 0)
        return;
    memset(memo->slots, 0, SLOTS * sizeof *memo->slots);
    memo->epoch = 1;
}

static uint32_t hash_of(int language, const char *text, size_t len)
{
    uint64_t parts[FC_MEMO_TEXT_BYTES / 8], hash = len * 64 + (uint64_t)(language + 2);
    memcpy(parts, text, sizeof parts);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        hash = (hash ^ parts[i]) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 29;
    }
    return (uint32_t)((hash * 0xff51afd7ed558ccdu) >> 32);
}

static bool holds(const struct fc_memo *memo, const struct fc_memo_slot *slot, uint32_t hash,
                  int language, const char *text, size_t len)
{
    return slot->hash == hash && slot->epoch == memo->epoch && slot->language == language &&
           slot->len == len && memcmp(slot->text, text, FC_MEMO_WORD_BYTES) == 0;
}

uint32_t fc_memo_fetch(const struct fc_memo *memo, int language, const char *text, size_t len)
{
    uint32_t hash = hash_of(language, text, len);
    const struct fc_memo_slot *pair = &memo->slots[hash % SLOTS & ~1u];
    __builtin_prefetch(pair, 1);
    __builtin_prefetch(pair + 1, 1);
    return hash;
}

struct fc_memo_slot *fc_memo_find(struct fc_memo *memo, uint32_t hash, int language,
                                  const char *text, size_t len)
{
    struct fc_memo_slot *pair = &memo->slots[hash % SLOTS & ~1u];
    if (len > FC_MEMO_WORD_BYTES)
        return NULL;
    for (unsigned i = 0; i < 2; i++)
        if (holds(memo, &pair[i], hash, language, text, len))
            return &pair[i];
    struct fc_memo_slot *slot = &pair[pair->epoch == memo->epoch];
    *slot = (struct fc_memo_slot){
        .hash = hash, .epoch = memo->epoch, .language = (int8_t)language, .len = (uint8_t)len};
    memcpy(slot->text, text, FC_MEMO_WORD_BYTES);
    return slot;
}
