/* A catalogue to search: service offerings in Loire form of about 1.1 to 2 KB in six languages,
 * from a number alone. Words follow Zipf's law over 60,000 a language; one stands in nine documents
 * of ten; 2,000 providers, 14 countries, 40 themes and 8 labels are as uneven. */
#ifndef FC_BENCH_CATALOGUE_H
#define FC_BENCH_CATALOGUE_H

#include "store/bytes.h"

#define CATALOGUE_COMMON "daten" /* in nine of ten */

/* Appends document `number` as JSON. */
void catalogue_write(uint64_t number, uint32_t revision, struct fc_buf *out);
/* Its id alone. */
void catalogue_key(uint64_t number, struct fc_buf *out);
/* Word of a language (0..5) by rank: small ranks are frequent. */
void catalogue_word(unsigned language, uint32_t rank, char out[32]);

#endif
