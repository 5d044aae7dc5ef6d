/* Entries that a query may match, found in the search index instead of by looking at every entry:
 * never fewer than match, in the order of pages. What remains is for fc_dsp_query_matches. */
#ifndef FC_NODE_DSP_CANDIDATES_H
#define FC_NODE_DSP_CANDIDATES_H

#include "node/dsp_token.h"
#include "store/query.h"

/* With more of them, some are met often enough by looking at one entry after the other. */
enum { FC_DSP_CANDIDATES_MAX = 4096 };

struct fc_dsp_candidates { /* all zero: not found, look at every entry */
    bool found;
    struct fc_dsp_place *list; /* in the order of (participant, H(key)) */
    size_t count;
};
/* `found` stays false where no criterion is one of the index, where too many entries are left, and
 * where there is no index to ask. Store errors; FC_E_NOMEM. Finish it either way. */
FC_MUST_USE enum fc_err fc_dsp_candidates_find(struct fc_replica *replica,
                                               const struct fc_dsp_query *query,
                                               struct fc_dsp_candidates *out);
void fc_dsp_candidates_finish(struct fc_dsp_candidates *candidates);
/* The first candidate of a participant, or of a later one; `count`: there is none. */
size_t fc_dsp_candidates_of(const struct fc_dsp_candidates *candidates,
                            const struct fc_hash *participant);

/* What the index is asked; false: nothing that it could narrow down. */
bool fc_dsp_candidates_query(const struct fc_dsp_query *query, struct fc_query *out);

#endif
