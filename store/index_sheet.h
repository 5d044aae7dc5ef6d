/* The facets of documents side by side: a row has a page of them, so that to count what some
 * documents have takes few rows and, of these, the bytes of those documents alone.
 *
 * A row is FC_SHEET_DOCS times a code of 16 bits for each facet, and a tail. A code is 0: none;
 * below FC_SHEET_FAR: a number; else the place in the tail, in units of 8 bytes, of a list: how
 * many numbers and the numbers, 32 bits each. All little-endian. A number is of a state its own, of
 * a provider that of row 'V', of a participant its generation, else that of row 'Z'. */
#ifndef FC_STORE_INDEX_SHEET_H
#define FC_STORE_INDEX_SHEET_H

#include "store/index_priv.h"

enum {
    FC_SHEET_DOCS = 1000, /* what fits four pages of the store, with a tail */
    FC_SHEET_DOC_BYTES = 2 * FC_FACETS,
    FC_SHEET_BYTES = FC_SHEET_DOCS * FC_SHEET_DOC_BYTES,
    FC_SHEET_FAR = 0x8000,
};

static inline uint32_t fc_sheet_code(const uint8_t *doc, unsigned facet)
{
    return (uint32_t)(doc[2 * facet] | doc[2 * facet + 1] << 8);
}
static inline uint32_t fc_sheet_number(struct fc_span numbers, size_t i)
{
    const uint8_t *at = numbers.data + 4 * i;
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}
struct fc_index_key fc_sheet_key(uint32_t doc);
/* Whether a row can be one at all; lists are checked as they are read. */
bool fc_sheet_valid(struct fc_span row);
/* What a code from FC_SHEET_FAR on stands for, 4 bytes a number. FC_E_CORRUPT. */
FC_MUST_USE enum fc_err fc_sheet_list(struct fc_span row, uint32_t code, struct fc_span *numbers);

/* For writing: a sheet without facets, and what one document has of one. FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_sheet_clear(struct fc_buf *sheet);
FC_MUST_USE enum fc_err fc_sheet_set(struct fc_buf *sheet, uint32_t place, unsigned facet,
                                     const uint32_t *numbers, size_t count);

/* [w] A merged document's state alone. */
FC_MUST_USE enum fc_err fc_sheet_put_state(struct fc_replica *replica, uint32_t doc,
                                           enum fc_status status);

/* -- values' numbers ----------------------------------------------------------------------------*/

uint32_t fc_value_of_state(struct fc_span name);                          /* 0: no state has it */
struct fc_index_key fc_value_key(unsigned facet, struct fc_span value);   /* 'Y' */
struct fc_index_key fc_value_key_number(unsigned facet, uint32_t number); /* 'Z' */
/* [w] A row 'B' was there or not, and is now: a value has its number from the first to the last. */
FC_MUST_USE enum fc_err fc_value_note(struct fc_replica *replica, unsigned facet,
                                      struct fc_span value, bool had, bool has, uint32_t *number);

#endif
