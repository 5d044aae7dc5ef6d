/* What words begin with: for the first bytes of words, the documents of a chunk that have such a
 * word. People who search while they type ask for that most, and it would be read from the rows of
 * hundreds of words otherwise.
 *
 * They are written for a chunk as a whole, once many of its documents are merged; until it happens
 * again, a chunk that has got more is searched word by word. Documents that are gone meanwhile may
 * still be named: what can be found is known elsewhere. */
#ifndef FC_STORE_INDEX_HEADS_H
#define FC_STORE_INDEX_HEADS_H

#include "store/index_priv.h"

enum {
    FC_HEAD_BYTES = 3,          /* of a word, or all it has */
    FC_HEADS_AFTER = 16 * 1024, /* documents that were merged: written again */
};

struct fc_index_key fc_heads_key(uint32_t chunk); /* of what follows */
/* Whether all merged documents of the chunk are in its heads. */
bool fc_heads_whole(struct fc_span row);
/* Rows of heads that begin so. */
struct fc_index_key fc_heads_key_from(uint32_t chunk, uint8_t tier, struct fc_span head);

/* [w] Documents were merged into a chunk. */
FC_MUST_USE enum fc_err fc_heads_note(struct fc_replica *replica, uint32_t chunk, uint32_t docs);
/* [w] Writes those of a chunk, if it is worth it by now. */
FC_MUST_USE enum fc_err fc_heads_settle(struct fc_replica *replica, uint32_t chunk);

/* Compares all heads there are with the words. FC_E_CORRUPT: they say something else, of documents
 * that are not `gone`. */
FC_MUST_USE enum fc_err fc_heads_check(struct fc_txn *txn,
                                       bool (*gone)(const void *ctx, uint32_t doc),
                                       const void *ctx);

#endif
