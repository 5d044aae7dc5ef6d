/* Words that a bulk load met before, and the rows their terms go to: texts say the same words over
 * and over, so most are folded, stemmed and looked up once for a whole chunk of documents.
 *
 * A slot is a line of the processor's cache. Words that fall on the same slot push one another out.
 */
#ifndef FC_STORE_INDEX_MEMO_H
#define FC_STORE_INDEX_MEMO_H

#include <stdint.h>

#include "store/document.h"

enum { FC_MEMO_WORD_BYTES = 22 }; /* longer words are not remembered */

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
/* Fetches a word's slot into the processor's cache, and returns the hash to find it by. */
uint32_t fc_memo_fetch(const struct fc_memo *memo, int language, struct fc_span word);
/* The slot of a word, empty when it was not met; NULL for a word that is too long. */
struct fc_memo_slot *fc_memo_find(struct fc_memo *memo, uint32_t hash, int language,
                                  struct fc_span word);

#endif
