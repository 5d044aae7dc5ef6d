/* Rateless invertible Bloom lookup tables: two sets are compared at a cost that follows from how
 * much they differ, not from how large they are (Yang, Gilad, Alizadeh, "Practical Rateless Set
 * Reconciliation", SIGCOMM 2024).
 *
 * One side sends coded symbols 0, 1, 2, ... of its set; the other takes its own set out of them and
 * peels what is left, until every symbol is empty: about 1.35 to 1.75 symbols for each item that
 * only one side has. Which symbols an item is in follows from the key and the item alone, in
 * integer arithmetic (docs/protocol.md), so all machines agree. A fresh key for each comparison
 * keeps others from making items that stand in each other's way. */
#ifndef FC_NET_RIBLT_H
#define FC_NET_RIBLT_H

#include "store/crypto.h"

enum {
    FC_RIBLT_ITEM_BYTES = 16,
    FC_RIBLT_SYMBOL_BYTES = 20, /* the items' sum, and that of their checks */
    FC_RIBLT_SYMBOLS_MAX = 131072,
    FC_RIBLT_TALLIES = 32,
};
struct fc_riblt_item {
    uint8_t b[FC_RIBLT_ITEM_BYTES];
};

/* Appends symbols from, from + 1, ... to before `to` of a set in any order, each item once. */
void fc_riblt_encode(const struct fc_sip_key *key, const struct fc_riblt_item *items,
                     uint32_t count, uint32_t from, uint32_t to, struct fc_buf *out);

/* The symbols an item is in: 0 first, then each next one. */
struct fc_riblt_walk {
    uint64_t state;
    uint32_t at;
};
struct fc_riblt_walk fc_riblt_walk(const struct fc_sip_key *key, const struct fc_riblt_item *item);
void fc_riblt_step(struct fc_riblt_walk *walk); /* `at` stops at UINT32_MAX */

/* Takes symbols in and gives what differs. All zero but for the key is a fresh one. */
struct fc_riblt_cell {
    uint64_t sum[2];
    uint32_t check;
};
struct fc_riblt {
    struct fc_sip_key key;
    struct fc_riblt_cell *cells;
    uint32_t cell_count;
    struct fc_riblt_item *items; /* found so far, of either side */
    uint32_t item_count, item_cap;
    uint32_t *queue; /* cells that may hold one item alone */
    uint32_t queue_count, queue_cap;
};
/* The next symbols, whole ones, and the own set, the same at each call.
 *   FC_E_BOUND   more than FC_RIBLT_SYMBOLS_MAX in all
 *   FC_E_FORMAT  not symbols of any set: more comes out than can be in them
 *   FC_E_NOMEM */
FC_MUST_USE enum fc_err fc_riblt_add(struct fc_riblt *riblt, const struct fc_riblt_item *own,
                                     uint32_t own_count, struct fc_span symbols);
/* Nothing is left in any symbol: `items` are all that differ. */
bool fc_riblt_is_done(const struct fc_riblt *riblt);
void fc_riblt_finish(struct fc_riblt *riblt);

/* A first guess of how much two sets differ, from a few numbers about each: how many items have a
 * bit of their hash set, for each of 32 bits (Alon, Matias, Szegedy, STOC 1996). Right to within a
 * quarter, as a standard deviation; exact where one item differs. */
struct fc_riblt_tally {
    uint32_t count;
    uint32_t ones[FC_RIBLT_TALLIES];
};
void fc_riblt_count(const struct fc_sip_key *key, const struct fc_riblt_item *items, uint32_t count,
                    struct fc_riblt_tally *out);
uint32_t fc_riblt_estimate(const struct fc_riblt_tally *a, const struct fc_riblt_tally *b);

#endif
