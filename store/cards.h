/* What searches show of documents, kept for the next search: the same ones are found again and
 * again, and to read one costs more than to find it. By commitment, which says what a content is;
 * within a bound of memory, in which those looked at last stay. */
#ifndef FC_STORE_CARDS_H
#define FC_STORE_CARDS_H

#include "store/crypto.h"
#include "store/document.h"

enum {
    FC_CARDS_BYTES_MAX = 8 * 1024 * 1024,
    FC_CARD_BYTES_MAX = 32 * 1024, /* a larger document is read each time */
};

struct fc_card_text { /* not the name */
    enum fc_document_tier tier;
    int language; /* as of fc_stem */
    struct fc_span text;
};
struct fc_card { /* spans with NULL data: the document says nothing */
    struct fc_span name, kind, provider, provider_name, country; /* provider: its identifier */
    int language;                                                /* the document's */
    const struct fc_card_text *texts;
    uint32_t text_count;
};

struct fc_cards;
struct fc_cards *fc_cards_create(void);        /* NULL without memory */
void fc_cards_destroy(struct fc_cards *cards); /* NULL is fine */
/* Borrowed until the next call; NULL: it is not here. */
const struct fc_card *fc_cards_find(struct fc_cards *cards, const struct fc_hash *commitment);
/* Reads a document and keeps what it says; one that cannot be read says nothing. FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_cards_read(struct fc_cards *cards, const struct fc_hash *commitment,
                                      struct fc_span plain, const struct fc_card **card);
size_t fc_cards_bytes(const struct fc_cards *cards); /* what is kept, as counted for the bound */

#endif
