/* Snowball stems of folded words: what inflections have in common. Taken of the folded word, so
 * that a document and who looks for it agree however accents were typed. Languages without an
 * algorithm keep the word itself; text whose language is not said is read as English, in which most
 * documents that do not say are written. */
#ifndef FC_STORE_STEM_H
#define FC_STORE_STEM_H

#include "store/bytes.h"

enum { FC_STEM_LANGUAGES = 19 };

struct fc_stemmer; /* not for two threads at once */
FC_MUST_USE enum fc_err fc_stemmer_create(struct fc_stemmer **stemmer);
void fc_stemmer_destroy(struct fc_stemmer *stemmer); /* NULL is fine */

/* By a language tag ("de", "pt-BR", "deu"); NULL: not said. -1: no algorithm, words stay. */
int fc_stem_language(const char *tag);
/* The stem, valid until the next call; the word itself where it is one. `language` from above. */
struct fc_span fc_stem(struct fc_stemmer *stemmer, int language, struct fc_span word);

/* Whether stems of folded words begin with the letter that the word begins with. */
bool fc_stem_keeps_first(int language);

#endif
