#include <stdlib.h>
#include <string.h>

#include "store/index_memo.h"
#include "store/index_merge_priv.h"

/* -- words of texts ---------------------------------------------------------------------------- */

struct waiting { /* a word whose slot is being fetched */
    uint32_t hash, targets[2];
    enum fc_document_tier tier;
    int language;
    size_t len;
    char text[FC_WORD_BYTES_MAX];
};
static struct fc_span word_of(const struct waiting *waiting)
{
    return fc_span(waiting->text, waiting->len);
}

enum { WAITING_MAX = FC_MERGE_BATCH / 2 };
struct fc_bulk {
    struct fc_merge merge;
    struct waiting waiting[WAITING_MAX];
    uint32_t waiting_count;
    struct fc_buf hold;
    struct fc_word_sink sink;
    struct fc_memo *memo;
    uint32_t memo_chunk; /* whose rows it remembers */
};

static void look_for(struct fc_bulk *bulk, enum fc_document_tier tier, struct fc_span term)
{
    struct fc_merge_lookup *lookup = &bulk->merge.batch[bulk->merge.batch_count++];
    struct fc_index_key key = fc_index_key_item((uint8_t)tier, bulk->memo_chunk, term);
    lookup->key.len = key.len;
    memcpy(lookup->key.b, key.b, key.len);
    lookup->tag = (uint8_t)tier;
    lookup->hash = fc_merge_hash(fc_index_span(&key)) ^ lookup->tag * 0x9e3779b9u;
}

static bool remembers(struct fc_bulk *bulk, struct waiting *waiting)
{
    const struct fc_memo_slot *slot =
        fc_memo_find(bulk->memo, waiting->hash, waiting->language, waiting->text, waiting->len);
    if (!slot || !slot->word[waiting->tier])
        return false;
    waiting->targets[0] = slot->word[waiting->tier] - 1;
    waiting->targets[1] = slot->stem[waiting->tier] - 1;
    return true;
}

/* Rows of words that were not met before, or not in such a field; two look-ups each. */
static enum fc_err learn(struct fc_bulk *bulk, struct waiting *const *words, uint32_t count)
{
    struct fc_merge *merge = &bulk->merge;
    enum fc_err err = FC_OK;
    fc_merge_fetch(merge);
    for (uint32_t i = 0; i < 2 * count && err == FC_OK; i++)
        err = fc_merge_target_of(merge, &merge->batch[i], &words[i / 2]->targets[i % 2]);
    merge->batch_count = 0;
    for (uint32_t i = 0; i < count && err == FC_OK; i++) {
        struct fc_memo_slot *slot = fc_memo_find(bulk->memo, words[i]->hash, words[i]->language,
                                                 words[i]->text, words[i]->len);
        if (!slot)
            continue;
        slot->word[words[i]->tier] = words[i]->targets[0] + 1;
        slot->stem[words[i]->tier] = words[i]->targets[1] + 1;
    }
    return err;
}

static enum fc_err flush_words(void *ctx)
{
    struct fc_bulk *bulk = ctx;
    struct fc_merge *merge = &bulk->merge;
    struct fc_index *index = merge->replica->index;
    struct waiting *unknown[WAITING_MAX];
    uint32_t count = 0;
    /* Not as words come: a text that was written just now is slow to read in whole. */
    for (uint32_t i = 0; i < bulk->waiting_count; i++) {
        struct waiting *waiting = &bulk->waiting[i];
        waiting->hash = fc_memo_fetch(bulk->memo, waiting->language, waiting->text, waiting->len);
    }
    for (uint32_t i = 0; i < bulk->waiting_count; i++) {
        struct waiting *waiting = &bulk->waiting[i];
        if (remembers(bulk, waiting)) {
            __builtin_prefetch(&merge->targets[waiting->targets[0]], 1);
            __builtin_prefetch(&merge->targets[waiting->targets[1]], 1);
            continue;
        }
        unknown[count++] = waiting;
        look_for(bulk, waiting->tier, word_of(waiting));
        look_for(bulk, waiting->tier, fc_stem(index->stemmer, waiting->language, word_of(waiting)));
    }
    enum fc_err err = fc_merge_make_room(merge);
    if (err == FC_OK && count > 0)
        err = learn(bulk, unknown, count);
    for (uint32_t i = 0;
         i < bulk->waiting_count && err == FC_OK && index->terms < FC_INDEX_TERMS_MAX; i++)
        for (unsigned k = 0; k < 2; k++)
            index->terms +=
                fc_merge_take_target(merge, bulk->waiting[i].targets[k], index->next_doc, true);
    bulk->waiting_count = 0;
    return err;
}

static enum fc_err take_word(void *ctx, enum fc_document_tier tier, int language,
                             struct fc_span word)
{
    struct fc_bulk *bulk = ctx;
    struct waiting *waiting = &bulk->waiting[bulk->waiting_count++];
    waiting->tier = tier;
    waiting->language = language;
    waiting->len = word.len;
    memset(waiting->text, 0, FC_MEMO_TEXT_BYTES);
    memcpy(waiting->text, word.data, word.len);
    return bulk->waiting_count == WAITING_MAX ? flush_words(bulk) : FC_OK;
}

/* -- entries ----------------------------------------------------------------------------------- */

enum fc_err fc_bulk_create(struct fc_replica *replica, struct fc_bulk **bulk)
{
    *bulk = calloc(1, sizeof **bulk);
    if (!*bulk)
        return FC_E_NOMEM;
    (*bulk)->merge.replica = replica;
    (*bulk)->merge.rows_max = FC_MERGE_ROWS_MAX;
    (*bulk)->sink = (struct fc_word_sink){take_word, flush_words, *bulk};
    (*bulk)->memo = fc_memo_create();
    if ((*bulk)->memo)
        return FC_OK;
    fc_bulk_destroy(*bulk);
    *bulk = NULL;
    return FC_E_NOMEM;
}

void fc_bulk_destroy(struct fc_bulk *bulk)
{
    if (!bulk)
        return;
    fc_memo_destroy(bulk->memo);
    fc_buf_finish(&bulk->hold);
    fc_merge_finish(&bulk->merge);
    free(bulk);
}

/* What an entry says: the words of its texts are noted at once, the rest is in index->said. */
static enum fc_err say_one(struct fc_bulk *bulk, uint32_t generation, const struct fc_entry *entry,
                           struct fc_span frame)
{
    struct fc_index *index = bulk->merge.replica->index;
    uint32_t chunk = index->next_doc >> FC_DOCS_CHUNK_BITS;
    if (chunk != bulk->memo_chunk)
        fc_memo_forget(bulk->memo);
    bulk->memo_chunk = chunk;
    bulk->waiting_count = 0;
    index->sink = &bulk->sink;
    enum fc_err err = fc_index_say_frame(bulk->merge.replica, generation, entry, frame);
    index->sink = NULL;
    return err;
}

static enum fc_err add_one(struct fc_bulk *bulk, uint32_t generation,
                           const struct fc_hash *key_hash, struct fc_span row)
{
    struct fc_replica *replica = bulk->merge.replica;
    struct fc_index *index = replica->index;
    struct fc_entry_key key = fc_entry_key(generation, key_hash);
    struct fc_entry entry;
    struct fc_span frame = {0};
    uint32_t first = bulk->merge.item_count;
    fc_buf_clear(&bulk->hold);
    fc_buf_append(&bulk->hold, row.data, row.len);
    if (bulk->hold.failed)
        return FC_E_NOMEM;
    if (fc_entry_parse(key_hash, fc_buf_span(&bulk->hold), &entry) != FC_OK)
        return FC_OK; /* a row that is damaged: fc_replica_verify reports it */
    enum fc_err err = FC_OK;
    if (entry.state == FC_CONTENT_PRESENT)
        err = fc_kv_get(replica->txn, FC_TABLE_CONTENT, fc_span(key.b, sizeof key.b), &frame);
    if (err == FC_OK || err == FC_E_MISSING)
        err = index->next_doc == UINT32_MAX ? FC_E_BOUND : say_one(bulk, generation, &entry, frame);
    if (err == FC_OK)
        err = fc_index_add_doc(replica, generation, index->next_doc, key_hash);
    if (err == FC_OK)
        err = fc_merge_note_row(&bulk->merge, index->next_doc, fc_buf_span(&index->said), 0, first);
    index->next_doc++;
    index->staged -= index->staged > 0;
    index->changed = true;
    return err;
}

static enum fc_err add_some(struct fc_bulk *bulk, uint32_t generation, struct fc_hash *upto,
                            uint32_t max, uint32_t *added, bool *done)
{
    struct fc_entry_key key = fc_entry_key(generation, upto);
    struct fc_kv_cursor *cursor = NULL;
    struct fc_span found, value, from = fc_span(key.b, sizeof key.b);
    enum fc_err err = fc_kv_cursor_open(bulk->merge.replica->txn, FC_TABLE_ENTRY, &cursor);
    if (err != FC_OK)
        return err;
    err = fc_kv_seek(cursor, from, &found, &value);
    if (err == FC_OK && fc_span_eq(found, from))
        err = fc_kv_next(cursor, &found, &value);
    while (err == FC_OK && *added < max && !fc_merge_full(&bulk->merge)) {
        if (found.len != sizeof key.b || memcmp(found.data, key.b, 4) != 0) {
            err = FC_E_MISSING;
            break;
        }
        memcpy(upto->b, found.data + 4, sizeof upto->b);
        err = add_one(bulk, generation, upto, value);
        (*added)++;
        if (err == FC_OK)
            err = fc_kv_next(cursor, &found, &value);
    }
    fc_kv_cursor_close(cursor);
    *done = err == FC_E_MISSING;
    return err == FC_E_MISSING ? FC_OK : err;
}

enum fc_err fc_bulk_add(struct fc_bulk *bulk, uint32_t generation, uint32_t max, uint32_t *added,
                        bool *done)
{
    struct fc_replica *replica = bulk->merge.replica;
    struct fc_index_generation row;
    *added = 0;
    *done = false;
    bulk->merge.generation_known = false;
    enum fc_err err = fc_index_generation_get(replica->txn, generation, &row);
    if (err == FC_OK)
        err = add_some(bulk, generation, &row.upto, max, added, done);
    return err == FC_OK ? fc_index_generation_put(replica, generation, &row) : err;
}

enum fc_err fc_bulk_write(struct fc_bulk *bulk)
{
    enum fc_err err = fc_merge_write_all(&bulk->merge);
    fc_merge_forget(&bulk->merge);
    fc_memo_forget(bulk->memo);
    return err;
}
