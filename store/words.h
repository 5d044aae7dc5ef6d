/* Text cut into words and folded as people type it: case, accents and compatibility forms do not
 * matter ("Übertragung" is "ubertragung", "ﬁn" is "fin", "Straße" is "strasse"). Words are runs of
 * letters, digits and marks (Unicode categories L, N, M); apostrophes and hyphens divide. Scripts
 * that are written without spaces (Han, kana, Thai, Lao, Khmer, Burmese) give a word a character.
 */
#ifndef FC_STORE_WORDS_H
#define FC_STORE_WORDS_H

#include "store/bytes.h"

enum { FC_WORD_BYTES_MAX = 60 }; /* of a folded word; what is longer is cut */

struct fc_word_reader {
    struct fc_span text;
    size_t pos;
};
struct fc_word {
    size_t at, end; /* in the text */
    size_t len;
    char text[FC_WORD_BYTES_MAX]; /* not terminated */
};
static inline struct fc_word_reader fc_word_reader(struct fc_span text)
{
    return (struct fc_word_reader){.text = text};
}
/* False at the end. Bytes that are not UTF-8 divide words. */
bool fc_word_next(struct fc_word_reader *reader, struct fc_word *word);

/* "Übertragung" as "uebertragung": a word, as it stands in a text, folded with its umlauts written
 * out, as those do whose keyboard has no such key. 0: it has none, or is too long. */
size_t fc_word_written_out(struct fc_span word, char out[FC_WORD_BYTES_MAX]);

/* A whole value folded, words and what stands between them; cut at `max`, not within a character.
 * Blanks become single spaces, none at the ends. Returns the length. */
size_t fc_fold(struct fc_span text, char *out, size_t max);

#endif
