/* The states a node's replica was in of late, so that what another says it holds, or held, can be
 * told from a state that was never here. Only states that lasted a while are kept: others saw them
 * too, whatever the order in which news came to them. */
#ifndef FC_NET_HISTORY_H
#define FC_NET_HISTORY_H

#include "store/crypto.h"

enum { FC_HISTORY_MAX = 256 };
struct fc_moment {
    uint8_t heads[16], records[16]; /* of the digests, the first bytes */
    uint64_t index;                 /* the last arrival then */
    uint64_t from_ms, until_ms;     /* wall clock; until 0: it is now */
    uint64_t feeds, entries;
};
struct fc_history { /* all zero is empty */
    struct fc_moment *ring;
    uint32_t count, cap, next;
};
void fc_history_finish(struct fc_history *history);
/* The latest ends now, and this begins. The same digests again prolong it. */
FC_MUST_USE enum fc_err fc_history_add(struct fc_history *history, const struct fc_moment *moment,
                                       const struct fc_hash *heads, const struct fc_hash *records);
/* The state noted last is no more. */
void fc_history_end(struct fc_history *history, uint64_t now_ms);
/* The latest with these digests; `records` NULL: whatever they were. NULL: none. */
const struct fc_moment *fc_history_find(const struct fc_history *history,
                                        const struct fc_hash *heads, const struct fc_hash *records);
/* The first that is kept; NULL: none. */
const struct fc_moment *fc_history_first(const struct fc_history *history);
/* The last that began at this time or before; NULL: none. */
const struct fc_moment *fc_history_at(const struct fc_history *history, uint64_t time_ms);

#endif
