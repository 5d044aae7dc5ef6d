/* Words that a bulk load met before, and the rows their terms go to: texts say the same words over
 * and over, so most are folded, stemmed and looked up once for a whole chunk of documents.
 *
 * A slot is a line of the processor's cache. Each word has two that it may be in; those that come
 * first are the frequent ones and stay, the others push one another out.
 */
#ifndef FC_STORE_INDEX_MEMO_H
#define FC_STORE_INDEX_MEMO_H

#include <stddef.h>
#include <stdint.h>

#include "store/document.h"

enum { FC_MEMO_WORD_BYTES = 22 }; /* longer words are not remembered */
enum { FC_MEMO_TEXT_BYTES = 24 }; /* of a word that is handed in: padded with zeros */

struct fc_memo_slot {
    uint32_t hash, epoch;
    uint32_t word[FC_TIERS], stem[FC_TIERS]; /* row + 1; 0: not known */
    int8_t language;
    uint8_t len;
    char text[FC_MEMO_WORD_BYTES];
};
_Static_assert(sizeof(struct fc_memo_slot) == 64, "one line of a cache");

struct fc_memo;
struct fc_memo *fc_memo_create(void);       /* NULL without memory */
void fc_memo_destroy(struct fc_memo *memo); /* NULL is fine */
void fc_memo_forget(struct fc_memo *memo);
/* Fetches a word's slot into the processor's cache, and returns the hash to find it by. `len` is of
 * the word, of which FC_MEMO_TEXT_BYTES are read. */
uint32_t fc_memo_fetch(const struct fc_memo *memo, int language, const char *text, size_t len);
/* The slot of a word, empty when it was not met; NULL for a word that is too long. */
struct fc_memo_slot *fc_memo_find(struct fc_memo *memo, uint32_t hash, int language,
                                  const char *text, size_t len);

#endif
