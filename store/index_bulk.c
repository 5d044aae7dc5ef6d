#include <stdlib.h>
#include <string.h>

#include "store/index_heads.h"
#include "store/index_lexicon.h"
#include "store/index_merge_priv.h"
#include "store/index_team.h"

struct fc_bulk {
    struct fc_merge merge; /* all but the terms of texts */
    struct fc_lexicon *lexicon;
    struct fc_team *team;
    struct fc_buf hold;
    uint32_t chunk; /* of the documents in it + 1; 0: there is none */
};

/* -- entries ----------------------------------------------------------------------------------- */

enum fc_err fc_bulk_create(struct fc_replica *replica, struct fc_bulk **bulk)
{
    *bulk = calloc(1, sizeof **bulk);
    if (!*bulk)
        return FC_E_NOMEM;
    (*bulk)->merge.replica = replica;
    (*bulk)->merge.rows_max = FC_MERGE_ROWS_MAX;
    (*bulk)->lexicon = fc_lexicon_create();
    (*bulk)->team = fc_team_create(0, replica->index->sayer);
    if ((*bulk)->lexicon && (*bulk)->team)
        return FC_OK;
    fc_bulk_destroy(*bulk);
    *bulk = NULL;
    return FC_E_NOMEM;
}

void fc_bulk_destroy(struct fc_bulk *bulk)
{
    if (!bulk)
        return;
    fc_team_destroy(bulk->team);
    fc_lexicon_destroy(bulk->lexicon);
    fc_buf_finish(&bulk->hold);
    fc_merge_finish(&bulk->merge);
    free(bulk);
}

static enum fc_err keep(struct fc_bulk *bulk, const struct fc_team_said *entry)
{
    struct fc_replica *replica = bulk->merge.replica;
    struct fc_span words = entry->words;
    struct fc_said_word word;
    enum fc_err err = fc_lexicon_begin(bulk->lexicon, (uint16_t)(entry->doc % FC_DOCS_CHUNK));
    while (err == FC_OK && fc_said_word_next(&words, &word))
        err = fc_lexicon_take(bulk->lexicon, word.tier, word.language, word.text);
    if (err == FC_OK)
        err =
            fc_index_add_doc(replica, entry->generation, entry->doc, &entry->key_hash, entry->said);
    replica->index->languages |= entry->languages;
    return err == FC_OK ? fc_merge_note_row(&bulk->merge, entry->doc, entry->said, 0) : err;
}

/* What the team has worked out, until it has room again, or all of it. */
static enum fc_err keep_said(struct fc_bulk *bulk, bool all)
{
    struct fc_team_said entry;
    enum fc_err err = FC_OK;
    while (err == FC_OK && (all || fc_team_full(bulk->team))) {
        err = fc_team_take(bulk->team, &entry);
        if (err == FC_OK)
            err = keep(bulk, &entry);
    }
    return err == FC_E_MISSING ? FC_OK : err;
}

static enum fc_err add_one(struct fc_bulk *bulk, uint32_t generation,
                           const struct fc_hash *key_hash, struct fc_span row)
{
    struct fc_replica *replica = bulk->merge.replica;
    struct fc_index *index = replica->index;
    struct fc_entry_key key = fc_entry_key(generation, key_hash);
    struct fc_team_entry given = {
        .doc = index->next_doc, .generation = generation, .key_hash = *key_hash, .row = row};
    struct fc_entry entry;
    if (fc_entry_parse(key_hash, row, &entry) != FC_OK)
        return FC_OK; /* a row that is damaged: fc_replica_verify reports it */
    if (index->next_doc == UINT32_MAX)
        return FC_E_BOUND;
    enum fc_err err = FC_OK;
    if (entry.state == FC_CONTENT_PRESENT)
        err = fc_kv_get(replica->txn, FC_TABLE_CONTENT, fc_span(key.b, sizeof key.b), &given.frame);
    if (err == FC_OK || err == FC_E_MISSING)
        err = fc_team_put(bulk->team, &given);
    if (err != FC_OK)
        return err;
    bulk->chunk = (index->next_doc >> FC_DOCS_CHUNK_BITS) + 1;
    index->next_doc++;
    index->staged -= index->staged > 0;
    index->changed = true;
    return FC_OK;
}

/* It holds documents of one chunk. */
static bool is_full(const struct fc_bulk *bulk)
{
    uint32_t next = bulk->merge.replica->index->next_doc;
    return fc_merge_full(&bulk->merge) || fc_lexicon_full(bulk->lexicon) ||
           (bulk->chunk > 0 && bulk->chunk != (next >> FC_DOCS_CHUNK_BITS) + 1);
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
    while (err == FC_OK && *added < max && !is_full(bulk)) {
        if (found.len != sizeof key.b || memcmp(found.data, key.b, 4) != 0) {
            err = FC_E_MISSING;
            break;
        }
        memcpy(upto->b, found.data + 4, sizeof upto->b);
        err = add_one(bulk, generation, upto, value);
        (*added)++;
        if (err == FC_OK)
            err = keep_said(bulk, false);
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

/* -- postings ---------------------------------------------------------------------------------- */

/* Whether the first key from `from` on is of that kind. */
static enum fc_err find_key(struct fc_txn *txn, struct fc_span from, uint8_t kind, bool *found)
{
    struct fc_kv_cursor *cursor = NULL;
    struct fc_span key, value;
    enum fc_err err = fc_kv_cursor_open(txn, FC_TABLE_INDEX, &cursor);
    if (err != FC_OK)
        return err;
    err = fc_kv_seek(cursor, from, &key, &value);
    *found = err == FC_OK && key.data[0] == kind;
    fc_kv_cursor_close(cursor);
    return err == FC_E_MISSING ? FC_OK : err;
}

static enum fc_err append_row(struct fc_bulk *bulk, const struct fc_index_key *key,
                              const struct fc_lexicon_row *row)
{
    struct fc_replica *replica = bulk->merge.replica;
    struct fc_buf *value = &replica->index->value;
    fc_buf_clear(value);
    enum fc_err err = fc_docs_pack_list(row->docs, row->count, value);
    return err == FC_OK
               ? fc_kv_append(replica->txn, FC_TABLE_INDEX, fc_index_span(key), fc_buf_span(value))
               : err;
}

/* `*had`: there was such a row already. */
static enum fc_err extend_row(struct fc_bulk *bulk, const struct fc_index_key *key,
                              const struct fc_lexicon_row *row, bool *had)
{
    struct fc_replica *replica = bulk->merge.replica;
    struct fc_buf *value = &replica->index->value;
    struct fc_span old = {0};
    enum fc_err err = fc_kv_get(replica->txn, FC_TABLE_INDEX, fc_index_span(key), &old);
    if (err != FC_OK && err != FC_E_MISSING)
        return err;
    *had = err == FC_OK;
    fc_buf_clear(&bulk->hold);
    uint32_t *docs = (uint32_t *)(void *)fc_buf_extend(&bulk->hold, row->count * sizeof *docs);
    if (!docs)
        return FC_E_NOMEM;
    for (uint32_t i = 0; i < row->count; i++)
        docs[i] = (bulk->chunk - 1) << FC_DOCS_CHUNK_BITS | row->docs[i];
    fc_buf_clear(value);
    err = fc_docs_patch(bulk->chunk - 1, old, NULL, 0, docs, row->count, value);
    return err == FC_OK
               ? fc_kv_put(replica->txn, FC_TABLE_INDEX, fc_index_span(key), fc_buf_span(value))
               : err;
}

/* `made`: a byte each, set for those that were not there before. */
static enum fc_err write_rows(struct fc_bulk *bulk, uint32_t rows, uint8_t *made)
{
    struct fc_index_key key = fc_index_key_item(0, bulk->chunk - 1, (struct fc_span){0});
    bool later = false; /* rows of this chunk or of another: none can be appended */
    enum fc_err err =
        find_key(bulk->merge.replica->txn, fc_span(key.b, key.len - 1), FC_INDEX_POSTINGS, &later);
    for (uint32_t i = 0; i < rows && err == FC_OK; i++) {
        struct fc_lexicon_row row;
        bool had = false;
        fc_lexicon_row(bulk->lexicon, i, &row);
        key = fc_index_key_item((uint8_t)row.tier, bulk->chunk - 1, row.term);
        err = later ? extend_row(bulk, &key, &row, &had) : append_row(bulk, &key, &row);
        made[i] = !had;
    }
    return err;
}

static enum fc_err add_places(struct fc_replica *replica, struct fc_span word,
                              struct fc_word_places *places)
{
    struct fc_word_places old = {0};
    enum fc_err err = fc_word_places_get(replica->txn, word, &old);
    if (err != FC_OK && err != FC_E_MISSING)
        return err;
    places->rows += old.rows;
    places->tiers |= old.tiers;
    places->chunks |= old.chunks;
    return fc_word_places_put(replica, word, places);
}

/* The rows of one word, at the fronts of their tiers; `*word` is empty when there are none. */
static void take_front(const struct fc_lexicon *lexicon, uint32_t at[FC_TIERS], const uint8_t *made,
                       struct fc_span *word, struct fc_word_places *places)
{
    struct fc_lexicon_row fronts[FC_TIERS];
    *word = (struct fc_span){0};
    for (unsigned i = 0; i < FC_TIERS; i++) {
        if (at[i] == fc_lexicon_tier(lexicon, i + 1))
            continue;
        fc_lexicon_term(lexicon, at[i], &fronts[i]);
        if (word->len == 0 || fc_span_cmp(fronts[i].term, *word) < 0)
            *word = fronts[i].term;
    }
    for (unsigned i = 0; i < FC_TIERS; i++) {
        if (at[i] == fc_lexicon_tier(lexicon, i + 1) || !fc_span_eq(fronts[i].term, *word))
            continue;
        places->rows += made[at[i]];
        places->tiers |= (uint8_t)(made[at[i]] << i);
        at[i]++;
    }
}

/* The dictionary, word by word. `fresh`: there is none, and no postings. */
static enum fc_err write_words(struct fc_bulk *bulk, const uint8_t *made, bool fresh)
{
    struct fc_replica *replica = bulk->merge.replica;
    uint32_t at[FC_TIERS];
    struct fc_span word;
    enum fc_err err = FC_OK;
    for (unsigned i = 0; i < FC_TIERS; i++)
        at[i] = fc_lexicon_tier(bulk->lexicon, i);
    while (err == FC_OK) {
        struct fc_word_places places = {.chunks = fc_word_chunk(bulk->chunk - 1)};
        take_front(bulk->lexicon, at, made, &word, &places);
        if (word.len == 0)
            break;
        if (places.rows > 0 && fc_term_is_word(word))
            err = fresh ? fc_word_places_append(replica, word, &places)
                        : add_places(replica, word, &places);
    }
    return err;
}

static enum fc_err write_postings(struct fc_bulk *bulk)
{
    uint32_t rows;
    enum fc_err err =
        fc_lexicon_close(bulk->lexicon, bulk->merge.replica->index->sayer->stemmer, &rows);
    if (err != FC_OK)
        return err;
    const uint8_t first = FC_INDEX_WORDS;
    bool words = false, postings = false;
    uint8_t *made = calloc(rows + (size_t)1, 1);
    err = made ? find_key(bulk->merge.replica->txn, fc_span(&first, 1), FC_INDEX_WORDS, &words)
               : FC_E_NOMEM;
    if (err == FC_OK && !words)
        err = find_key(bulk->merge.replica->txn, fc_span(&first, 1), FC_INDEX_POSTINGS, &postings);
    bool fresh = !words && !postings;
    if (err == FC_OK && fresh) { /* all rows will be new: words first, in the order of the keys */
        memset(made, 1, rows);
        err = write_words(bulk, made, true);
    }
    if (err == FC_OK)
        err = write_rows(bulk, rows, made);
    if (err == FC_OK && !fresh)
        err = write_words(bulk, made, false);
    free(made);
    return err;
}

enum fc_err fc_bulk_write(struct fc_bulk *bulk)
{
    enum fc_err err = keep_said(bulk, true);
    if (err == FC_OK)
        err = fc_merge_write_all(&bulk->merge);
    if (err == FC_OK && bulk->chunk > 0)
        err = write_postings(bulk);
    if (err == FC_OK && bulk->chunk > 0)
        err = fc_heads_settle(bulk->merge.replica, bulk->chunk - 1);
    fc_merge_forget(&bulk->merge);
    fc_lexicon_forget(bulk->lexicon);
    bulk->chunk = 0;
    return err;
}
