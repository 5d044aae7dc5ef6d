/* The words of many documents of one chunk, as a bulk load gathers them. Texts say the same words
 * over and over: a word is kept once for each language and field that has it, a document is a list
 * of numbers. At the end each word is stemmed once, and the rows that words and stems come to are
 * told in the order of their keys.
 *
 * Words wait in small batches while what they will touch is fetched from memory; what is kept of
 * one is small, so that most of it stays in the processor's cache. */
#ifndef FC_STORE_INDEX_LEXICON_H
#define FC_STORE_INDEX_LEXICON_H

#include "store/document.h"
#include "store/stem.h"
#include "store/words.h"

enum { FC_LEXICON_ITEMS_MAX = 16 * 1024 * 1024 }; /* words of all documents together, about */

struct fc_lexicon;
struct fc_lexicon *fc_lexicon_create(void);             /* NULL without memory */
void fc_lexicon_destroy(struct fc_lexicon *lexicon);    /* NULL is fine */
void fc_lexicon_forget(struct fc_lexicon *lexicon);     /* all that was gathered */
bool fc_lexicon_full(const struct fc_lexicon *lexicon); /* close it and forget */

/* What follows is of document `low` of the chunk, a greater one than the last. */
FC_MUST_USE enum fc_err fc_lexicon_begin(struct fc_lexicon *lexicon, uint16_t low);
/* A folded word, 1 to FC_WORD_BYTES_MAX bytes. `language` as of fc_stem; -1: it has no stem.
 * FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_lexicon_take(struct fc_lexicon *lexicon, enum fc_document_tier tier,
                                        int language, struct fc_span word);

struct fc_lexicon_row { /* spans live until the next call */
    enum fc_document_tier tier;
    struct fc_span term;
    const uint16_t *docs; /* in order, each once */
    uint32_t count;
};
/* Works the rows out; nothing is taken after that. FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_lexicon_close(struct fc_lexicon *lexicon, struct fc_stemmer *stemmer,
                                         uint32_t *rows);
/* By tier, then by term, as keys of postings are ordered. */
void fc_lexicon_row(struct fc_lexicon *lexicon, uint32_t number, struct fc_lexicon_row *row);
/* Its tier and term alone. */
void fc_lexicon_term(const struct fc_lexicon *lexicon, uint32_t number, struct fc_lexicon_row *row);
/* The first row of a tier; of FC_TIERS, how many there are. */
uint32_t fc_lexicon_tier(const struct fc_lexicon *lexicon, unsigned tier);

#endif
