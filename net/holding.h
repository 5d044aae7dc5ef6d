/* What a node holds, as the items two nodes compare: one of 16 bytes for each head and each other
 * record, under a key of that comparison alone (docs/protocol.md).
 *
 * A record's item is SipHash-128 of its hash. A head's is 6 bytes of SipHash-128 of its
 * participant, the tag; then its version, big-endian; then two bytes of the same SipHash added
 * (xor) to the first two of its hash. So whoever is shown an item of a feed it holds can tell which
 * head is newer. Of a contested feed version and hash count as zero: nodes hold different heads of
 * it for good. */
#ifndef FC_NET_HOLDING_H
#define FC_NET_HOLDING_H

#include "net/riblt.h"
#include "store/replica.h"

struct fc_riblt_item fc_holding_head(const struct fc_sip_key *key,
                                     const struct fc_hash *participant, fc_version version,
                                     const struct fc_hash *hash);
struct fc_riblt_item fc_holding_record(const struct fc_sip_key *key, const struct fc_hash *hash);
/* `newer` is `item`, or of the same feed and not older. */
bool fc_holding_covers(const struct fc_riblt_item *newer, const struct fc_riblt_item *item);

/* Calls back for all that digests are over: heads of feeds that are not damaged, in order of
 * participant, then all other records. A non-zero return stops and is returned. */
struct fc_held_item {
    struct fc_riblt_item item;
    const struct fc_feed *feed;   /* of a head, else NULL */
    const struct fc_held *record; /* of any other, else NULL */
};
FC_MUST_USE enum fc_err fc_holding_each(struct fc_replica *replica, const struct fc_sip_key *key,
                                        enum fc_err (*each)(void *ctx,
                                                            const struct fc_held_item *held),
                                        void *ctx);

struct fc_holding {
    struct fc_riblt_item *items; /* the heads' first */
    uint32_t count, cap, heads;
};
/* FC_E_NOMEM. Finish it either way. */
FC_MUST_USE enum fc_err fc_holding_make(struct fc_replica *replica, const struct fc_sip_key *key,
                                        struct fc_holding *out);
void fc_holding_finish(struct fc_holding *holding);
/* Sorts items and keeps those that are not held here, nor something newer of the same feed. Returns
 * how many; `*here` is how many were held. FC_E_NOMEM comes back in `*err`. */
uint32_t fc_holding_lacking(const struct fc_holding *holding, struct fc_riblt_item *items,
                            uint32_t count, uint32_t *here, enum fc_err *err);
int fc_holding_compare(const void *a, const void *b); /* items, for qsort */

#endif
