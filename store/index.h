/* The search index: terms by field, facets and columns of every entry of a replica, written in the
 * same transaction as the entries, so that it is never behind them and never says otherwise.
 *
 * A document is an entry under a number. What an entry says is worked out when it is put and kept
 * as one row; rows are merged into the bitmaps some at a time, at commits. Until then searches
 * read the rows themselves. A generation that is being loaded is indexed as it comes and seen when
 * it is flipped. Nothing of it is signed; it can be made again from the entries at any time.
 *
 * All functions do nothing for a replica without index. Errors are the store's; those of the
 * content indexed are none: what cannot be read is found by its key alone. */
#ifndef FC_STORE_INDEX_H
#define FC_STORE_INDEX_H

#include "store/replica.h"

enum {
    FC_INDEX_VERSION = 8,      /* of layout and extraction: another one is rebuilt */
    FC_INDEX_TERMS_MAX = 4096, /* of one document; what follows is not found */
    FC_INDEX_FACETS_MAX = 8,   /* values of one facet of one document */
    FC_INDEX_VALUE_BYTES = 64, /* of a facet's value; what is longer is cut */
    FC_INDEX_PROVIDER_BYTES = 120,
    FC_INDEX_NAME_BYTES = 32,   /* of a folded name, to sort by */
    FC_INDEX_PENDING_MAX = 256, /* rows that searches read before they are merged */
    FC_INDEX_PURGES_MAX = 2048, /* deleted documents, before they are taken out */
};

struct fc_index;
FC_MUST_USE enum fc_err fc_index_create(struct fc_index **index);
void fc_index_destroy(struct fc_index *index); /* NULL is fine */

/* What the replica tells it, each before the row in question changes. [w] */
/* `entry` takes the place of `old` (NULL: there was none); `keeps`: with the same content. `frame`
 * is the new content as kept, empty when it is not here. */
FC_MUST_USE enum fc_err fc_index_put(struct fc_replica *replica, uint32_t generation,
                                     const struct fc_entry *old, const struct fc_entry *entry,
                                     struct fc_span frame, bool keeps);
FC_MUST_USE enum fc_err fc_index_remove(struct fc_replica *replica, uint32_t generation,
                                        const struct fc_entry *old);
/* A generation: made for a load, held by its feed, dropped; its rows about to be deleted. */
FC_MUST_USE enum fc_err fc_index_generation_new(struct fc_replica *replica, uint32_t generation,
                                                const struct fc_hash *participant);
/* All entries of a load have come: most are indexed now, outside of what may be taken back. */
FC_MUST_USE enum fc_err fc_index_generation_through(struct fc_replica *replica,
                                                    uint32_t generation);
FC_MUST_USE enum fc_err fc_index_generation_keep(struct fc_replica *replica, uint32_t generation);
FC_MUST_USE enum fc_err fc_index_generation_drop(struct fc_replica *replica, uint32_t generation);
FC_MUST_USE enum fc_err fc_index_generation_tidy(struct fc_replica *replica, uint32_t generation,
                                                 uint32_t *left);
/* The ledger says something else of a participant now: frozen, contested, no member. */
FC_MUST_USE enum fc_err fc_index_settle(struct fc_replica *replica,
                                        const struct fc_hash *participant);
/* Merges what has waited long enough; everything with `all`. */
FC_MUST_USE enum fc_err fc_index_merge(struct fc_replica *replica, bool all);

/* The same of rows of generations that are not held yet. */
FC_MUST_USE enum fc_err fc_index_merge_staged(struct fc_replica *replica);
/* Before a commit, and after one that succeeded. */
FC_MUST_USE enum fc_err fc_index_settle_commit(struct fc_replica *replica);
void fc_index_committed(struct fc_replica *replica);

/* Reads what the store holds of it, also back from memory after a transaction was lost. */
FC_MUST_USE enum fc_err fc_index_open(struct fc_replica *replica, struct fc_txn *txn);
bool fc_index_changed(const struct fc_index *index); /* since the last commit; NULL: no */
/* [w] An empty index for an empty store, or in place of one that must not be trusted. */
FC_MUST_USE enum fc_err fc_index_reset(struct fc_replica *replica, bool complete);

/* What an index says, as sums over facts (entry, field, term) and the like: those of equal
 * catalogues are equal whatever numbers their documents have. `actual` of the rows there are,
 * `expected` of the entries. Reads everything. FC_E_CORRUPT for rows that contradict one another:
 * documents that are not there, words that the dictionary has elsewhere or not as often. */
struct fc_index_sums {
    uint64_t terms, facets, places; /* sums of hashes */
    uint64_t term_count, facet_count, documents;
};
FC_MUST_USE enum fc_err fc_index_sum_actual(struct fc_replica *replica, struct fc_index_sums *sums);
FC_MUST_USE enum fc_err fc_index_sum_expected(struct fc_replica *replica,
                                              struct fc_index_sums *sums);

#endif
