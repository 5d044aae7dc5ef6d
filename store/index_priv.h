/* The index's rows, all of table INDEX; numbers in keys are big-endian.
 *
 *   'I'                            -> version, epoch, next document, rows waiting, complete,
 *                                     languages
 *   'A' generation                 -> participant, state, contested, greatest version seen, last
 *                                     entry indexed while it is loaded
 *   'K' generation, H(key)         -> document
 *   'D' page                       -> of FC_DOC_PAGE documents generation, H(key), folded name
 *   'F' document                   -> what it says: held, waits to be merged
 *   'S' document                   -> the same of a generation that is being loaded
 *   'X' document                   -> what it said: waits to be taken out
 *   'B' facet, chunk, value        -> documents
 *   'G' generation, chunk          -> documents merged
 *   'L' set, chunk                 -> documents: 0 seen, 1 of contested feeds
 *   'C' column, page               -> a number for each of FC_COLUMN_PAGE documents
 *   'T' page                       -> the facets of documents (store/index_sheet.h)
 *   'Y' facet, value               -> its number, how many rows 'B' have it; of those in bitmaps
 *   'Z' facet, number              -> the value
 *   'H' chunk                      -> whether words' first bytes are known (store/index_heads.h)
 *   'H' chunk, tier, first bytes   -> documents
 *   'V' number                     -> a provider
 *   'U' hash of a provider         -> its number, how many documents have it
 *   'N' folded name, document      -> nothing
 *   'o' term                       -> how many 'p' rows have it, and where: the dictionary
 *   'p' chunk, tier, term          -> documents (store/docs.h); these two last: loads append
 */
#ifndef FC_STORE_INDEX_PRIV_H
#define FC_STORE_INDEX_PRIV_H

#include "store/cards.h"
#include "store/docs.h"
#include "store/document.h"
#include "store/index.h"
#include "store/query.h"
#include "store/replica_priv.h"
#include "store/stem.h"
#include "store/words.h"

enum { FC_INDEX_WORDS = 'o', FC_INDEX_POSTINGS = 'p' };
enum { FC_COLUMN_PAGE = 480 }; /* numbers: a value of 1,920 bytes */
enum fc_column {
    FC_COLUMN_FROM, /* days + FC_DAY_ZERO; 0: not said */
    FC_COLUMN_UNTIL,
};
enum { FC_COLUMNS = FC_COLUMN_UNTIL + 1 };
#define FC_DAY_ZERO 0x40000000

enum fc_docs_set { FC_SET_SEEN, FC_SET_CONTESTED };
enum { FC_SETS = FC_SET_CONTESTED + 1 };

/* What a document says: a head and items (tag, length, bytes), tags 0..FC_TIERS-1 terms. */
enum {
    FC_TAG_FACET = 0x10, /* + enum fc_facet */
    FC_TAG_PROVIDER = 0x20,
    FC_TAG_NAME = 0x21,
    FC_SAID_HEAD = 21,
};
struct fc_said {
    uint32_t generation;
    fc_version version;
    enum fc_status status;
    uint32_t from, until; /* as in the columns */
    struct fc_span items;
};
FC_MUST_USE enum fc_err fc_said_parse(struct fc_span row, struct fc_said *out);
void fc_said_head(uint8_t out[FC_SAID_HEAD], const struct fc_said *said);
/* False at the end. */
bool fc_said_next(struct fc_span *items, uint8_t *tag, struct fc_span *bytes);

enum fc_generation_state { FC_GENERATION_STAGED, FC_GENERATION_HELD, FC_GENERATION_DROPPED };
struct fc_index_generation {
    struct fc_hash participant;
    enum fc_generation_state state;
    bool contested;
    fc_version seen_max; /* later ones a freeze hides */
    struct fc_hash upto; /* while staged: entries above are not indexed yet */
};
/* Entries that are loaded are indexed by the thousands, behind what has come. */
static inline bool fc_index_waits(const struct fc_index_generation *generation,
                                  const struct fc_hash *key_hash)
{
    return generation->state == FC_GENERATION_STAGED &&
           fc_hash_cmp(key_hash, &generation->upto) > 0;
}
static inline bool fc_index_seen(const struct fc_index_generation *generation, fc_version version)
{
    return generation->state == FC_GENERATION_HELD && version <= generation->seen_max;
}

struct fc_index {
    struct fc_sayer *sayer;
    bool stale;   /* must be rebuilt: not kept up, not asked */
    bool changed; /* what 'I' keeps, since the last commit */
    uint64_t epoch;
    uint32_t next_doc;
    uint32_t pending, purges; /* rows 'F', 'X', or more */
    uint32_t staged;          /* rows 'S' and entries not indexed yet, about */
    uint32_t languages;       /* a bit for those of fc_stem that documents' words are stemmed in */
    uint32_t heads_after;     /* FC_HEADS_AFTER; less, for tests */
    struct fc_buf value, key_text;
    struct fc_docs *docs;
    struct fc_cards *cards;     /* NULL until one is wanted */
    struct fc_places *places;   /* store/query_places.h; the same */
    struct fc_values *values;   /* store/query_values.h; the same */
    struct fc_members *members; /* store/query_members.h; the same */
};

/* -- keys -------------------------------------------------------------------------------------- */

struct fc_index_key {
    size_t len;
    uint8_t b[FC_KV_KEY_BYTES_MAX];
};
static inline struct fc_span fc_index_span(const struct fc_index_key *key)
{
    return fc_span(key->b, key->len);
}
struct fc_index_key fc_index_key_doc(uint8_t kind, uint32_t doc); /* 'F', 'S', 'X', 'A', 'V' */
struct fc_index_key fc_index_key_entry(uint32_t generation, const struct fc_hash *key_hash);
/* 'p', or with a facet's tag 'B'. */
struct fc_index_key fc_index_key_item(uint8_t tag, uint32_t chunk, struct fc_span bytes);
struct fc_index_key fc_index_key_generation(uint32_t generation, uint32_t chunk);
struct fc_index_key fc_index_key_set(enum fc_docs_set set, uint32_t chunk);
struct fc_index_key fc_index_key_column(enum fc_column column, uint32_t page);
struct fc_index_key fc_index_key_word(struct fc_span term);
struct fc_index_key fc_index_key_provider(struct fc_span provider);
struct fc_index_key fc_index_key_name(struct fc_span name, uint32_t doc);

/* -- rows -------------------------------------------------------------------------------------- */

FC_MUST_USE enum fc_err fc_index_generation_get(struct fc_txn *txn, uint32_t generation,
                                                struct fc_index_generation *out);
FC_MUST_USE enum fc_err fc_index_generation_put(struct fc_replica *replica, uint32_t generation,
                                                const struct fc_index_generation *row);
/* What the ledger says of a participant's entries. */
void fc_index_judge(const struct fc_replica *replica, struct fc_index_generation *row);
struct fc_index_doc {
    uint32_t generation;
    struct fc_hash key_hash;
    struct fc_span name;
};
/* Documents lie side by side, so that a page is found among few and a document without a search. */
enum { FC_DOC_PAGE = 59 }; /* what fits a page of the store */
struct fc_index_key fc_index_key_page(uint32_t doc);
/* One of a page, whose row is borrowed. FC_E_MISSING, FC_E_CORRUPT. */
FC_MUST_USE enum fc_err fc_index_doc_parse(struct fc_span row, uint32_t doc,
                                           struct fc_index_doc *out);
void fc_index_doc_prefetch(struct fc_span row, uint32_t doc);
/* [w] A name has FC_INDEX_NAME_BYTES at most. */
FC_MUST_USE enum fc_err fc_index_doc_put(struct fc_replica *replica, uint32_t doc,
                                         const struct fc_index_doc *said);
FC_MUST_USE enum fc_err fc_index_doc_del(struct fc_replica *replica, uint32_t doc);
FC_MUST_USE enum fc_err fc_index_doc_get(struct fc_txn *txn, uint32_t doc,
                                         struct fc_index_doc *out);
FC_MUST_USE enum fc_err fc_index_doc_find(struct fc_txn *txn, uint32_t generation,
                                          const struct fc_hash *key_hash, uint32_t *doc);
/* Adds a row's documents to `docs`; nothing when there is no such row. */
FC_MUST_USE enum fc_err fc_index_docs_get(struct fc_txn *txn, const struct fc_index_key *key,
                                          uint32_t chunk, struct fc_docs *docs);
/* Writes a chunk of documents, or deletes the row when there are none. */
FC_MUST_USE enum fc_err fc_index_docs_put(struct fc_replica *replica,
                                          const struct fc_index_key *key, uint32_t chunk,
                                          const struct fc_docs *docs);
FC_MUST_USE enum fc_err fc_index_docs_set(struct fc_replica *replica,
                                          const struct fc_index_key *key, uint32_t doc, bool on);
/* Adds the documents of all chunks under `prefix`, whose keys end in a chunk. */
FC_MUST_USE enum fc_err fc_index_docs_read(struct fc_kv_cursor *cursor, struct fc_span prefix,
                                           struct fc_docs *docs);
FC_MUST_USE enum fc_err fc_index_docs_all(struct fc_txn *txn, struct fc_span prefix,
                                          struct fc_docs *docs);
FC_MUST_USE enum fc_err fc_index_write(struct fc_replica *replica); /* 'I' */

/* Where a word's rows are, so that they are not looked for elsewhere. What was there once may still
 * be named while any row has the word. */
struct fc_word_places {
    uint32_t rows;
    uint8_t tiers;   /* a bit each */
    uint64_t chunks; /* a bit for those with the same last six bits */
};
static inline uint64_t fc_word_chunk(uint32_t chunk)
{
    return 1ull << (chunk & 63);
}
FC_MUST_USE enum fc_err fc_word_places_parse(struct fc_span row, struct fc_word_places *out);
FC_MUST_USE enum fc_err fc_word_places_get(struct fc_txn *txn, struct fc_span word,
                                           struct fc_word_places *out);
FC_MUST_USE enum fc_err fc_word_places_put(struct fc_replica *replica, struct fc_span word,
                                           const struct fc_word_places *places);
/* The same of words in order, before there are postings. */
FC_MUST_USE enum fc_err fc_word_places_append(struct fc_replica *replica, struct fc_span word,
                                              const struct fc_word_places *places);

/* -- extraction -------------------------------------------------------------------------------- */

struct fc_index_slot {
    uint32_t stamp, offset;
};
enum { FC_INDEX_SLOTS = 4 * FC_INDEX_TERMS_MAX };

/* Works out what entries say. Each thread has its own. */
struct fc_sayer {
    struct fc_stemmer *stemmer;
    struct fc_codec *codec;
    struct fc_buf said;                         /* what the entry says: a row 'F' */
    struct fc_buf words;                        /* with _apart, what it says in words */
    struct fc_buf plain;                        /* its content */
    struct fc_index_slot slots[FC_INDEX_SLOTS]; /* terms of the document at hand */
    uint32_t stamp, terms, facets[FC_FACETS];
    uint32_t word_count;
    uint32_t languages; /* of its texts: a bit each, as of fc_stem */
    bool apart;
};
FC_MUST_USE enum fc_err fc_sayer_create(struct fc_sayer **sayer);
void fc_sayer_destroy(struct fc_sayer *sayer); /* NULL is fine */

/* Writes what an entry says into sayer->said. `plain` with NULL data: no content. */
FC_MUST_USE enum fc_err fc_say(struct fc_sayer *sayer, uint32_t generation,
                               const struct fc_entry *entry, struct fc_span plain);
/* The same of the content that is kept; a content that is damaged counts as none. */
FC_MUST_USE enum fc_err fc_say_frame(struct fc_sayer *sayer, uint32_t generation,
                                     const struct fc_entry *entry, struct fc_span frame);
/* Its terms of tiers go into sayer->words, as they stand in texts: a load stems each word once. */
FC_MUST_USE enum fc_err fc_say_apart(struct fc_sayer *sayer, uint32_t generation,
                                     const struct fc_entry *entry, struct fc_span frame);
struct fc_said_word {
    enum fc_document_tier tier;
    int language; /* as of fc_stem; -1: it has no stem */
    struct fc_span text;
};
/* False at the end. */
bool fc_said_word_next(struct fc_span *words, struct fc_said_word *word);
/* What a whole value is found by, as a term of its tier. */
enum fc_term { /* with which no word begins */
               FC_TERM_EQUAL = 1,
               FC_TERM_PLACE = 2,  /* of a participant's own document: who it is, and its country */
               FC_TERM_NOBODY = 3, /* it could name a provider, and names none */
};
enum {
    FC_INDEX_EQUAL_BYTES = 17,
    FC_INDEX_PLACE_BYTES = FC_INDEX_EQUAL_BYTES + 3, /* a country's code at the end, or nothing */
    FC_INDEX_EQUAL_TEXT_MAX = 2048,
};
static inline bool fc_term_is_word(struct fc_span term)
{
    return term.data[0] > FC_TERM_NOBODY;
}
void fc_index_equal_term(struct fc_span value, uint8_t out[FC_INDEX_EQUAL_BYTES]);
/* A facet's value as it is kept and compared; returns its length. */
size_t fc_index_facet_value(enum fc_facet facet, struct fc_span text,
                            char out[FC_INDEX_VALUE_BYTES]);
/* Days since 1970-01-01 of an RFC 3339 date or time; false: it is none. */
bool fc_index_day(struct fc_span text, int32_t *day);

/* -- many at once ------------------------------------------------------------------------------ */

/* Entries of whole generations, gathered and then written together. */
struct fc_bulk;
FC_MUST_USE enum fc_err fc_bulk_create(struct fc_replica *replica, struct fc_bulk **bulk);
void fc_bulk_destroy(struct fc_bulk *bulk); /* NULL is fine */
/* Gathers entries that wait in a staged generation, up to `max`, until there are none (*done) or
 * it is full: write then. */
FC_MUST_USE enum fc_err fc_bulk_add(struct fc_bulk *bulk, uint32_t generation, uint32_t max,
                                    uint32_t *added, bool *done);
FC_MUST_USE enum fc_err fc_bulk_write(struct fc_bulk *bulk);
/* Rows 'K' and 'D' of a document that says so. */
FC_MUST_USE enum fc_err fc_index_add_doc(struct fc_replica *replica, uint32_t generation,
                                         uint32_t doc, const struct fc_hash *key_hash,
                                         struct fc_span said);

#endif
