/* Sets of documents of the index, by number, as compressed bitmaps (Roaring: Lemire et al.,
 * "Consistently faster and smaller compressed bitmaps with Roaring", 2016). In the store a set is
 * cut into chunks of FC_DOCS_CHUNK numbers, so that a change touches a small value. */
#ifndef FC_STORE_DOCS_H
#define FC_STORE_DOCS_H

#include "store/bytes.h"

enum { FC_DOCS_CHUNK_BITS = 16 };
#define FC_DOCS_CHUNK (1u << FC_DOCS_CHUNK_BITS)

/* NULL stands for the empty set wherever one is only read. */
struct fc_docs;
struct fc_docs *fc_docs_create(void); /* NULL: out of memory, as everywhere below */
struct fc_docs *fc_docs_copy(const struct fc_docs *docs);
void fc_docs_destroy(struct fc_docs *docs); /* NULL is fine */

void fc_docs_add(struct fc_docs *docs, uint32_t doc);
void fc_docs_add_many(struct fc_docs *docs, const uint32_t *list, size_t count);
void fc_docs_remove(struct fc_docs *docs, uint32_t doc);
bool fc_docs_has(const struct fc_docs *docs, uint32_t doc);
uint64_t fc_docs_count(const struct fc_docs *docs);
uint64_t fc_docs_count_chunk(const struct fc_docs *docs, uint32_t chunk);
uint64_t fc_docs_count_and(const struct fc_docs *a, const struct fc_docs *b);
void fc_docs_or(struct fc_docs *docs, const struct fc_docs *other); /* in place */
void fc_docs_and(struct fc_docs *docs, const struct fc_docs *other);
void fc_docs_minus(struct fc_docs *docs, const struct fc_docs *other);
struct fc_docs *fc_docs_and_of(const struct fc_docs *a, const struct fc_docs *b);
struct fc_docs *fc_docs_minus_of(const struct fc_docs *a, const struct fc_docs *b);

/* Up to `max` numbers below `below`, descending; or from `from` on, ascending. Returns how many. */
size_t fc_docs_down(const struct fc_docs *docs, uint32_t below, uint32_t *out, size_t max);
size_t fc_docs_up(const struct fc_docs *docs, uint32_t from, uint32_t *out, size_t max);

/* The value a chunk is kept as: numbers, runs or bits, whichever is shortest. Appends. All numbers
 * of the set must be of that chunk, and there must be one. FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_docs_pack(const struct fc_docs *docs, uint32_t chunk,
                                     struct fc_buf *out);
/* The same of the last 16 bits of numbers, in order and each once, or laid open. */
FC_MUST_USE enum fc_err fc_docs_pack_list(const uint16_t *list, size_t count, struct fc_buf *out);
struct fc_docs_bits;
FC_MUST_USE enum fc_err fc_docs_pack_bits(const struct fc_docs_bits *bits, struct fc_buf *out);
/* Adds what a value holds. FC_E_CORRUPT, FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_docs_unpack(struct fc_docs *docs, uint32_t chunk, struct fc_span value);

/* What a value is after numbers of that chunk are taken out and others put in; `value` may be
 * empty. Appends; nothing when no number is left. FC_E_CORRUPT, FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_docs_patch(uint32_t chunk, struct fc_span value, const uint32_t *out,
                                      size_t out_count, const uint32_t *in, size_t in_count,
                                      struct fc_buf *patched);

/* One chunk of a set laid open, to count many values against. */
enum { FC_DOCS_FEW = 256 };
struct fc_docs_bits {
    uint64_t words[FC_DOCS_CHUNK / 64];
    uint32_t count;
    uint16_t few[FC_DOCS_FEW]; /* the first of them, in order */
};
void fc_docs_open(const struct fc_docs *docs, uint32_t chunk, struct fc_docs_bits *bits);
/* Adds what a value holds; and takes all over into a set. FC_E_CORRUPT, FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_docs_bits_add(struct fc_docs_bits *bits, struct fc_span value);
FC_MUST_USE enum fc_err fc_docs_take(struct fc_docs *docs, uint32_t chunk,
                                     const struct fc_docs_bits *bits);
/* How many numbers a value has in common with it. FC_E_CORRUPT. */
FC_MUST_USE enum fc_err fc_docs_common(const struct fc_docs_bits *bits, struct fc_span value,
                                       uint32_t *count);
/* The first chunk from `from` on that a set has numbers in; UINT32_MAX: there is none. */
uint32_t fc_docs_chunk(const struct fc_docs *docs, uint32_t from);

#endif
