/* What a replica took in, entry by entry, in the order in which it came: for those who read along
 * and come back later. The arrival log says which head came when, and drops what is superseded; for
 * each feed the arrivals of its last FC_STEPS_KEPT heads are kept beside it, so that an entry's
 * version tells when it came. What is older counts as having come with the oldest of them: a reader
 * that was away for longer meets some entries again, and misses none. */
#ifndef FC_STORE_NEWS_H
#define FC_STORE_NEWS_H

#include "store/replica.h"

enum { FC_STEPS_KEPT = 64 };

/* After this entry; all zero: from the start. Of the arrival mark's epoch, as any cursor. */
struct fc_news_mark {
    uint64_t index; /* of the arrival */
    fc_version version;
    struct fc_hash key_hash;
};
struct fc_news {
    uint64_t index;
    struct fc_hash participant;
    uint64_t accepted_ms; /* this node's clock when it took the head in */
    uint64_t time_ms;     /* the participant's, signed */
    struct fc_entry entry;
};
/* Entries as they are now, in order of (arrival, version, H(key)); each once. Spans are valid
 * during the callback; a non-zero return stops and is returned. Entries that were deleted are not
 * among them, nor feeds that are damaged. */
FC_MUST_USE enum fc_err fc_replica_news(struct fc_replica *replica,
                                        const struct fc_news_mark *after,
                                        enum fc_err (*each)(void *ctx, const struct fc_news *news),
                                        void *ctx);
/* When an entry's version of a feed came. FC_E_MISSING: no arrival is known that brought it. */
FC_MUST_USE enum fc_err fc_replica_news_arrival(struct fc_replica *replica,
                                                const struct fc_hash *participant,
                                                fc_version version, struct fc_news *out);

/* Entries of one feed in order of (version, H(key)), after that one. */
FC_MUST_USE enum fc_err fc_replica_since(
    struct fc_replica *replica, const struct fc_hash *participant, fc_version version,
    const struct fc_hash *key_hash, enum fc_err (*each)(void *ctx, const struct fc_entry *entry),
    void *ctx);

#endif
