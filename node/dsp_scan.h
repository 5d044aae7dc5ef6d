/* Going through the replica for the datasets of one page, in the order of (participant, H(key)), in
 * slices short enough that no other client waits for it. */
#ifndef FC_NODE_DSP_SCAN_H
#define FC_NODE_DSP_SCAN_H

#include "node/dsp_candidates.h"
#include "node/withheld.h"
#include "store/replica.h"

struct fc_dsp_scan {
    /* what is looked for: set before the first slice */
    struct fc_dsp_query query;
    struct fc_span default_policy;
    uint64_t limit, skip;
    bool every_entry;       /* without asking the index: the same answers, later */
    struct fc_dsp_place at; /* how far it came */

    /* what was found */
    struct fc_buf items;                /* datasets, with commas between */
    uint64_t count, passed;             /* in the page; those passed over by `skip` */
    bool more;                          /* there is one after the page */
    bool done;                          /* with the page, or with the catalogue */
    struct fc_dsp_place last;           /* the page's last, or how far nothing was found */
    uint64_t left_out[FC_DSP_OUTCOMES]; /* between the page's first and last */
    uint64_t as_of_ms; /* the oldest signed time of the feeds it comes from; 0: none */

    /* while it goes on */
    bool asked;
    struct fc_dsp_candidates candidates;
    uint64_t until_us;
    uint64_t pending[FC_DSP_OUTCOMES];
    struct fc_buf content;
    struct fc_replica *replica;
    const struct fc_feed *feed;
};
/* Where the search index can say which entries may match, looks at those alone. Goes on until the
 * page is full, the catalogue is through, or `until_us` of the monotonic clock has come. Errors of
 * the store. */
FC_MUST_USE enum fc_err fc_dsp_scan_run(struct fc_dsp_scan *scan, struct fc_replica *replica,
                                        uint64_t until_us);
void fc_dsp_scan_finish(struct fc_dsp_scan *scan);

/* The dataset of one entry, wherever it is held: appends it with its context. FC_E_MISSING: no feed
 * has an entry of that key that can be a dataset; FC_E_WITHHELD: nor would have, but for a
 * takedown. Then `lack` says why, or is empty and `*outcome` does. */
FC_MUST_USE enum fc_err fc_dsp_find(struct fc_replica *replica, struct fc_span key,
                                    struct fc_span default_policy, struct fc_buf *out,
                                    struct fc_feed *feed, enum fc_dsp_outcome *outcome,
                                    char lack[FC_WITHHELD_BYTES]);

#endif
