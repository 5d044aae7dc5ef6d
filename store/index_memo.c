#include "store/index_memo.h"

#include <stdlib.h>
#include <string.h>

#include "store/wide.h"

enum { SLOTS = 256 * 1024, LINE_BYTES = 64 };

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

static uint32_t hash_of(int language, struct fc_span word)
{
    uint64_t hash = 0x9e3779b97f4a7c15u * (uint64_t)(language + 2);
    size_t i = 0;
    for (; i + 8 <= word.len; i += 8) {
        uint64_t part;
        memcpy(&part, word.data + i, 8);
        hash = (hash ^ part) * 0xff51afd7ed558ccdu;
        hash ^= hash >> 32;
    }
    for (; i < word.len; i++)
        hash = (hash ^ word.data[i]) * 0x100000001b3u;
    hash *= 0xc4ceb9fe1a85ec53u;
    return (uint32_t)(hash >> 32);
}

uint32_t fc_memo_fetch(const struct fc_memo *memo, int language, struct fc_span word)
{
    uint32_t hash = hash_of(language, word);
    __builtin_prefetch(&memo->slots[hash % SLOTS], 1);
    return hash;
}

struct fc_memo_slot *fc_memo_find(struct fc_memo *memo, uint32_t hash, int language,
                                  struct fc_span word)
{
    if (word.len > FC_MEMO_WORD_BYTES)
        return NULL;
    struct fc_memo_slot *slot = &memo->slots[hash % SLOTS];
    if (slot->epoch == memo->epoch && slot->hash == hash && slot->language == language &&
        slot->len == word.len && memcmp(slot->text, word.data, word.len) == 0)
        return slot;
    *slot = (struct fc_memo_slot){
        .hash = hash, .epoch = memo->epoch, .language = (int8_t)language, .len = (uint8_t)word.len};
    memcpy(slot->text, word.data, word.len);
    return slot;
}
