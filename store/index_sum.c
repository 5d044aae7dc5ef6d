#include <stdlib.h>
#include <string.h>

#include "store/index_heads.h"
#include "store/index_sheet.h"

/* Facts are hashed with the entry they are of, not with its number, and added up: the order in
 * which they are met does not matter. */

enum { FACT_CONTESTED = 0x40, FACT_FROM, FACT_UNTIL, FACT_SHEET = 0x50 /* + enum fc_facet */ };

static uint64_t mix(uint64_t z)
{
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static uint64_t fact(uint64_t entry, uint8_t tag, struct fc_span bytes)
{
    uint64_t hash = 0xcbf29ce484222325u ^ tag;
    for (size_t i = 0; i < bytes.len; i++)
        hash = (hash ^ bytes.data[i]) * 0x100000001b3u;
    return mix(entry ^ mix(hash));
}

static uint64_t entry_of(const struct fc_hash *participant, const struct fc_hash *key_hash)
{
    struct fc_hash hash = fc_hash2("fedcat.fact.1", fc_span(participant->b, sizeof participant->b),
                                   fc_span(key_hash->b, sizeof key_hash->b));
    return fc_get_be64(hash.b) | 2; /* never one of the two below */
}

static void add_place(struct fc_index_sums *sums, uint64_t entry, uint8_t tag, struct fc_span bytes)
{
    sums->places += fact(entry, tag, bytes);
}

static void add_day(struct fc_index_sums *sums, uint64_t entry, uint8_t tag, uint32_t day)
{
    uint8_t bytes[4];
    fc_put_be32(bytes, day);
    add_place(sums, entry, tag, fc_span(bytes, sizeof bytes));
}

/* All that one document's row says. */
static enum fc_err add_said(struct fc_index_sums *sums, uint64_t entry, struct fc_span row,
                            const struct fc_index_generation *generation)
{
    struct fc_said said;
    struct fc_span bytes;
    uint8_t tag;
    enum fc_err err = fc_said_parse(row, &said);
    if (err != FC_OK)
        return err;
    const char *status = fc_status_name(said.status);
    sums->documents += fc_index_seen(generation, said.version);
    sums->facets += fact(entry, FC_TAG_FACET + FC_FACET_STATE, fc_span_str(status ? status : ""));
    sums->facet_count++;
    if (status)
        add_place(sums, entry, FACT_SHEET + FC_FACET_STATE, fc_span_str(status));
    if (generation->contested)
        add_place(sums, entry, FACT_CONTESTED, (struct fc_span){0});
    if (fc_index_seen(generation, said.version))
        add_place(sums, entry, 'L', (struct fc_span){0});
    add_day(sums, entry, FACT_FROM, said.from);
    add_day(sums, entry, FACT_UNTIL, said.until);
    while (fc_said_next(&said.items, &tag, &bytes)) {
        uint64_t sum = fact(entry, tag, bytes);
        if (tag < FC_TIERS) {
            sums->terms += sum;
            sums->term_count++;
        } else if (tag < FC_TAG_PROVIDER) {
            sums->facets += sum;
            sums->facet_count++;
            add_place(sums, entry, (uint8_t)(FACT_SHEET + tag - FC_TAG_FACET), bytes);
        } else {
            sums->places += sum;
        }
    }
    return FC_OK;
}

/* -- what the entries say ---------------------------------------------------------------------- */

struct expecting {
    struct fc_replica *replica;
    struct fc_txn *txn;
    struct fc_index_sums *sums;
    struct fc_index_generation generation;
    uint32_t number;
};

static enum fc_err expect_entry(struct expecting *expecting, const struct fc_entry *entry)
{
    struct fc_replica *replica = expecting->replica;
    struct fc_entry_key key = fc_entry_key(expecting->number, &entry->key_hash);
    struct fc_span frame = {0};
    enum fc_err err = FC_OK;
    if (entry->state == FC_CONTENT_PRESENT)
        err = fc_kv_get(expecting->txn, FC_TABLE_CONTENT, fc_span(key.b, sizeof key.b), &frame);
    if (err == FC_OK || err == FC_E_MISSING)
        err = fc_say_frame(replica->index->sayer, expecting->number, entry, frame);
    return err == FC_OK
               ? add_said(expecting->sums,
                          entry_of(&expecting->generation.participant, &entry->key_hash),
                          fc_buf_span(&replica->index->sayer->said), &expecting->generation)
               : err;
}

static enum fc_err expect_feed(void *ctx, const struct fc_replica_row *row)
{
    struct expecting *expecting = ctx;
    struct fc_kv_cursor *cursor = NULL;
    struct fc_span key, value;
    uint8_t prefix[4];
    expecting->number = row->feed.generation;
    expecting->generation = (struct fc_index_generation){.participant = row->feed.participant,
                                                         .state = FC_GENERATION_HELD};
    fc_index_judge(expecting->replica, &expecting->generation);
    fc_put_be32(prefix, row->feed.generation);
    enum fc_err err = fc_kv_cursor_open(expecting->txn, FC_TABLE_ENTRY, &cursor);
    if (err != FC_OK)
        return err;
    err = fc_kv_seek(cursor, fc_span(prefix, sizeof prefix), &key, &value);
    while (err == FC_OK && key.len == 36 && memcmp(key.data, prefix, sizeof prefix) == 0) {
        struct fc_entry entry;
        struct fc_hash key_hash;
        memcpy(key_hash.b, key.data + 4, sizeof key_hash.b);
        if (fc_entry_parse(&key_hash, value, &entry) == FC_OK) /* else for others to report */
            err = expect_entry(expecting, &entry);
        if (err == FC_OK)
            err = fc_kv_next(cursor, &key, &value);
    }
    fc_kv_cursor_close(cursor);
    return err == FC_E_MISSING ? FC_OK : err;
}

enum fc_err fc_index_sum_expected(struct fc_replica *replica, struct fc_index_sums *sums)
{
    struct fc_replica_read read;
    *sums = (struct fc_index_sums){0};
    if (fc_replica_index_state(replica) != FC_INDEX_READY)
        return FC_E_MISSING;
    enum fc_err err = fc_replica_read_begin(replica, &read);
    if (err != FC_OK)
        return err;
    struct expecting expecting = {.replica = replica, .txn = read.txn, .sums = sums};
    err = fc_replica_rows_each(replica, expect_feed, &expecting);
    fc_replica_read_end(&read);
    return err;
}

/* -- what the index says ----------------------------------------------------------------------- */

/* By document: 0 there is none, 1 no feed's (staged, dropped, or waits to be taken out), else the
 * entry. Every row that speaks of a document that is not there is a false fact. */
struct auditing {
    struct fc_txn *txn;
    struct fc_index_sums *sums;
    uint64_t *entries;
    uint32_t count;
    struct fc_docs *docs;
    uint64_t words; /* sum over rows with a word, less what the dictionary says: nothing is left */
};

static enum fc_err scan(struct auditing *auditing, struct fc_span prefix,
                        enum fc_err (*each)(struct auditing *auditing, struct fc_span key,
                                            struct fc_span value))
{
    struct fc_kv_cursor *cursor = NULL;
    struct fc_span key, value;
    enum fc_err err = fc_kv_cursor_open(auditing->txn, FC_TABLE_INDEX, &cursor);
    if (err != FC_OK)
        return err;
    err = fc_kv_seek(cursor, prefix, &key, &value);
    while (err == FC_OK && key.len >= prefix.len &&
           memcmp(key.data, prefix.data, prefix.len) == 0) {
        err = each(auditing, key, value);
        if (err == FC_OK)
            err = fc_kv_next(cursor, &key, &value);
    }
    fc_kv_cursor_close(cursor);
    return err == FC_E_MISSING ? FC_OK : err;
}

static uint64_t entry_at(const struct auditing *auditing, uint32_t doc)
{
    return doc < auditing->count ? auditing->entries[doc] : 0;
}

static enum fc_err add_doc(struct auditing *auditing, uint32_t number, struct fc_span row)
{
    struct fc_index_doc doc;
    struct fc_index_generation generation;
    uint32_t found;
    enum fc_err err = fc_index_doc_parse(row, number, &doc);
    if (err == FC_E_MISSING)
        return FC_OK;
    if (err == FC_OK && number >= auditing->count)
        err = FC_E_CORRUPT;
    if (err == FC_OK)
        err = fc_index_generation_get(auditing->txn, doc.generation, &generation);
    if (err == FC_OK)
        err = fc_index_doc_find(auditing->txn, doc.generation, &doc.key_hash, &found);
    if (err == FC_OK && found != number)
        err = FC_E_CORRUPT;
    if (err != FC_OK)
        return err == FC_E_MISSING ? FC_E_CORRUPT : err;
    auditing->entries[number] = generation.state == FC_GENERATION_HELD
                                    ? entry_of(&generation.participant, &doc.key_hash)
                                    : 1;
    return FC_OK;
}

static enum fc_err each_doc(struct auditing *auditing, struct fc_span key, struct fc_span value)
{
    uint64_t first = key.len == 5 ? (uint64_t)fc_get_be32(key.data + 1) * FC_DOC_PAGE : UINT64_MAX;
    enum fc_err err = first < auditing->count ? FC_OK : FC_E_CORRUPT;
    for (uint32_t i = 0; i < FC_DOC_PAGE && err == FC_OK; i++)
        err = add_doc(auditing, (uint32_t)first + i, value);
    return err;
}

static enum fc_err each_purge(struct auditing *auditing, struct fc_span key, struct fc_span value)
{
    uint32_t doc = key.len == 5 ? fc_get_be32(key.data + 1) : UINT32_MAX;
    (void)value;
    if (doc >= auditing->count || auditing->entries[doc] != 0)
        return FC_E_CORRUPT;
    auditing->entries[doc] = 1;
    return FC_OK;
}

static enum fc_err each_pending(struct auditing *auditing, struct fc_span key, struct fc_span value)
{
    struct fc_index_generation generation;
    struct fc_said said;
    uint64_t entry = key.len == 5 ? entry_at(auditing, fc_get_be32(key.data + 1)) : 0;
    enum fc_err err = fc_said_parse(value, &said);
    if (err == FC_OK && entry == 0)
        err = FC_E_CORRUPT;
    if (err == FC_OK)
        err = fc_index_generation_get(auditing->txn, said.generation, &generation);
    if (err != FC_OK || entry == 1)
        return err;
    return add_said(auditing->sums, entry, value, &generation);
}

/* Adds a fact for each document of a row. */
static enum fc_err add_row(struct auditing *auditing, uint32_t chunk, struct fc_span value,
                           uint8_t tag, struct fc_span bytes, uint64_t *sum, uint64_t *count)
{
    uint32_t list[1024], from = 0;
    struct fc_docs *docs = fc_docs_create();
    enum fc_err err = docs ? fc_docs_unpack(docs, chunk, value) : FC_E_NOMEM;
    for (size_t read = 1; read > 0 && err == FC_OK;) {
        read = fc_docs_up(docs, from, list, sizeof list / sizeof list[0]);
        for (size_t i = 0; i < read; i++) {
            uint64_t entry = entry_at(auditing, list[i]);
            if (entry == 1)
                continue;
            *sum += fact(entry, tag, bytes);
            *count += 1;
        }
        if (read > 0)
            from = list[read - 1] + 1;
    }
    fc_docs_destroy(docs);
    return err;
}

static uint32_t chunk_at(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 8 | bytes[1];
}

static uint64_t word_hash(struct fc_span word)
{
    return fact(0, FC_INDEX_WORDS, word);
}

/* Searches look for a word's rows where the dictionary has them, and nowhere else. What whole
 * values are found by is no word. */
static enum fc_err check_places(struct auditing *auditing, uint32_t chunk, uint8_t tier,
                                struct fc_span word)
{
    struct fc_word_places places;
    if (!fc_term_is_word(word))
        return tier < FC_TIERS ? FC_OK : FC_E_CORRUPT;
    enum fc_err err = fc_word_places_get(auditing->txn, word, &places);
    if (err != FC_OK)
        return err == FC_E_MISSING ? FC_E_CORRUPT : err;
    auditing->words += word_hash(word);
    return tier < FC_TIERS && places.tiers & 1u << tier && places.chunks & fc_word_chunk(chunk)
               ? FC_OK
               : FC_E_CORRUPT;
}

static enum fc_err each_term(struct auditing *auditing, struct fc_span key, struct fc_span value)
{
    struct fc_index_sums *sums = auditing->sums;
    if (key.len < 5)
        return FC_E_CORRUPT;
    uint32_t chunk = chunk_at(key.data + 1);
    struct fc_span word = fc_span(key.data + 4, key.len - 4);
    enum fc_err err = check_places(auditing, chunk, key.data[3], word);
    return err == FC_OK
               ? add_row(auditing, chunk, value, key.data[3], word, &sums->terms, &sums->term_count)
               : err;
}

static enum fc_err each_word(struct auditing *auditing, struct fc_span key, struct fc_span value)
{
    struct fc_word_places places;
    enum fc_err err = fc_word_places_parse(value, &places);
    if (err == FC_OK && places.rows == 0)
        err = FC_E_CORRUPT;
    if (err == FC_OK)
        auditing->words -= places.rows * word_hash(fc_span(key.data + 1, key.len - 1));
    return err;
}

static enum fc_err each_facet(struct auditing *auditing, struct fc_span key, struct fc_span value)
{
    struct fc_index_sums *sums = auditing->sums;
    if (key.len < 5)
        return FC_E_CORRUPT;
    return add_row(auditing, chunk_at(key.data + 2), value, (uint8_t)(FC_TAG_FACET + key.data[1]),
                   fc_span(key.data + 4, key.len - 4), &sums->facets, &sums->facet_count);
}

static enum fc_err each_set(struct auditing *auditing, struct fc_span key, struct fc_span value)
{
    struct fc_index_sums *sums = auditing->sums;
    uint64_t count = 0;
    if (key.len != 4)
        return FC_E_CORRUPT;
    uint8_t tag = key.data[1] == FC_SET_SEEN ? 'L' : FACT_CONTESTED;
    enum fc_err err = add_row(auditing, chunk_at(key.data + 2), value, tag, (struct fc_span){0},
                              &sums->places, &count);
    sums->documents += tag == 'L' ? count : 0;
    return err;
}

/* A document's name, and that it is in the order of names. */
static enum fc_err each_name(struct auditing *auditing, struct fc_span key, struct fc_span value)
{
    (void)value;
    uint64_t entry = key.len >= 6 ? entry_at(auditing, fc_get_be32(key.data + key.len - 4)) : 0;
    if (entry == 0)
        return FC_E_CORRUPT;
    if (entry != 1)
        add_place(auditing->sums, entry, FC_TAG_NAME, fc_span(key.data + 1, key.len - 6));
    return FC_OK;
}

static void add_column(struct auditing *auditing, enum fc_column column, uint64_t entry,
                       uint32_t value)
{
    switch (column) {
    case FC_COLUMN_FROM:
        add_day(auditing->sums, entry, FACT_FROM, value);
        break;
    case FC_COLUMN_UNTIL:
        add_day(auditing->sums, entry, FACT_UNTIL, value);
        break;
    }
}

static enum fc_err each_page(struct auditing *auditing, struct fc_span key, struct fc_span value)
{
    if (key.len != 6 || key.data[1] >= FC_COLUMNS || value.len != (size_t)4 * FC_COLUMN_PAGE)
        return FC_E_CORRUPT;
    uint32_t base = fc_get_be32(key.data + 2) * FC_COLUMN_PAGE;
    for (uint32_t i = 0; i < FC_COLUMN_PAGE; i++) {
        uint64_t entry = entry_at(auditing, base + i);
        bool merged = fc_docs_has(auditing->docs, base + i);
        if (entry > 1 && merged)
            add_column(auditing, (enum fc_column)key.data[1], entry,
                       fc_get_be32(value.data + 4 * i));
    }
    return FC_OK;
}

/* One number of a document's in a sheet; that of a participant is the generation. */
static enum fc_err add_number(struct auditing *auditing, uint32_t doc, unsigned facet,
                              uint32_t number)
{
    uint64_t entry = entry_at(auditing, doc);
    struct fc_index_key key = facet == FC_FACET_PROVIDER ? fc_index_key_doc('V', number)
                                                         : fc_value_key_number(facet, number);
    struct fc_index_doc row;
    struct fc_span text;
    enum fc_err err = FC_OK;
    if (facet == FC_FACET_PARTICIPANT) {
        err = fc_index_doc_get(auditing->txn, doc, &row);
        return err == FC_E_MISSING || (err == FC_OK && row.generation != number) ? FC_E_CORRUPT
                                                                                 : err;
    }
    if (facet == FC_FACET_STATE) {
        const char *name = fc_status_name((enum fc_status)number);
        text = fc_span_str(name ? name : "");
    } else {
        err = fc_kv_get(auditing->txn, FC_TABLE_INDEX, fc_index_span(&key), &text);
    }
    if (err == FC_OK)
        add_place(auditing->sums, entry,
                  facet == FC_FACET_PROVIDER ? FC_TAG_PROVIDER : (uint8_t)(FACT_SHEET + facet),
                  text);
    return err == FC_E_MISSING ? FC_E_CORRUPT : err;
}

static enum fc_err add_sheet_doc(struct auditing *auditing, uint32_t doc, struct fc_span row)
{
    const uint8_t *codes = row.data + (size_t)FC_SHEET_DOC_BYTES * (doc % FC_SHEET_DOCS);
    enum fc_err err = fc_sheet_code(codes, FC_FACET_PARTICIPANT) > 0 ? FC_OK : FC_E_CORRUPT;
    for (unsigned facet = 0; facet < FC_FACETS && err == FC_OK; facet++) {
        uint32_t code = fc_sheet_code(codes, facet);
        struct fc_span list;
        if (code > 0 && code < FC_SHEET_FAR) {
            err = add_number(auditing, doc, facet, code);
        } else if (code >= FC_SHEET_FAR) {
            err = fc_sheet_list(row, code, &list);
            for (size_t i = 0; err == FC_OK && i < list.len / 4; i++)
                err = add_number(auditing, doc, facet, fc_sheet_number(list, i));
        }
    }
    return err;
}

static enum fc_err each_sheet(struct auditing *auditing, struct fc_span key, struct fc_span value)
{
    if (key.len != 5 || !fc_sheet_valid(value))
        return FC_E_CORRUPT;
    uint32_t base = fc_get_be32(key.data + 1) * FC_SHEET_DOCS;
    enum fc_err err = FC_OK;
    for (uint32_t i = 0; i < FC_SHEET_DOCS && err == FC_OK; i++)
        if (entry_at(auditing, base + i) > 1 && fc_docs_has(auditing->docs, base + i))
            err = add_sheet_doc(auditing, base + i, value);
    return err;
}

/* A value and its number name each other. */
static enum fc_err each_value(struct auditing *auditing, struct fc_span key, struct fc_span value)
{
    struct fc_span text;
    if (key.len < 3 || value.len != 8 || fc_get_be32(value.data + 4) == 0)
        return FC_E_CORRUPT;
    struct fc_index_key by_number = fc_value_key_number(key.data[1], fc_get_be32(value.data));
    enum fc_err err = fc_kv_get(auditing->txn, FC_TABLE_INDEX, fc_index_span(&by_number), &text);
    if (err == FC_OK && !fc_span_eq(text, fc_span(key.data + 2, key.len - 2)))
        err = FC_E_CORRUPT;
    return err == FC_E_MISSING ? FC_E_CORRUPT : err;
}

static enum fc_err each_merged(struct auditing *auditing, struct fc_span key, struct fc_span value)
{
    return key.len == 7 ? fc_docs_unpack(auditing->docs, chunk_at(key.data + 5), value)
                        : FC_E_CORRUPT;
}

static bool is_gone(const void *ctx, uint32_t doc)
{
    return entry_at(ctx, doc) == 0;
}

static enum fc_err audit(struct auditing *auditing)
{
    static const struct {
        const char *prefix;
        enum fc_err (*each)(struct auditing *auditing, struct fc_span key, struct fc_span value);
    } steps[] = {
        {"D", each_doc},  {"X", each_purge}, {"F", each_pending}, {"G", each_merged},
        {"p", each_term}, {"o", each_word},  {"B", each_facet},   {"L", each_set},
        {"N", each_name}, {"C", each_page},  {"T", each_sheet},   {"Y", each_value},
    };
    enum fc_err err = FC_OK;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && err == FC_OK; i++)
        err = scan(auditing, fc_span(steps[i].prefix, 1), steps[i].each);
    if (err == FC_OK)
        err = fc_heads_check(auditing->txn, is_gone, auditing);
    return err == FC_OK && auditing->words != 0 ? FC_E_CORRUPT : err;
}

enum fc_err fc_index_sum_actual(struct fc_replica *replica, struct fc_index_sums *sums)
{
    struct fc_replica_read read;
    struct auditing auditing = {.sums = sums};
    *sums = (struct fc_index_sums){0};
    if (fc_replica_index_state(replica) != FC_INDEX_READY)
        return FC_E_MISSING;
    enum fc_err err = fc_replica_read_begin(replica, &read);
    if (err != FC_OK)
        return err;
    auditing.txn = read.txn;
    auditing.count = replica->index->next_doc;
    auditing.entries = calloc((size_t)auditing.count + 1, sizeof *auditing.entries);
    auditing.docs = fc_docs_create();
    err = auditing.entries && auditing.docs ? audit(&auditing) : FC_E_NOMEM;
    free(auditing.entries);
    fc_docs_destroy(auditing.docs);
    fc_replica_read_end(&read);
    return err;
}
