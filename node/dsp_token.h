/* Where a client stands in a catalogue: what a page's links carry. Opaque to the client, and worth
 * nothing to one that makes its own: it says what any request may ask for. */
#ifndef FC_NODE_DSP_TOKEN_H
#define FC_NODE_DSP_TOKEN_H

#include "node/dsp_query.h"

struct fc_dsp_place { /* after that entry, in the order of (participant, H(key)) */
    bool placed;      /* false: at the start */
    struct fc_hash participant, key_hash;
};
struct fc_dsp_token {
    uint64_t offset; /* of the page's first dataset, among all that match */
    uint64_t skip;   /* datasets to pass over from `place` on */
    uint64_t limit;
    struct fc_dsp_place place;
    struct fc_span filter; /* compact JSON; empty: none */
};
/* Appends it in base64url. */
void fc_dsp_token_write(const struct fc_dsp_token *token, struct fc_buf *out);
/* `hold` backs the filter. FC_E_FORMAT, FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_dsp_token_read(struct fc_span text, struct fc_buf *hold,
                                          struct fc_dsp_token *out);

#endif
