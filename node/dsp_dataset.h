/* An entry as a dataset of the Dataspace Protocol 2025-1: bytes in, JSON out. Only what its schema
 * can hold becomes one, and nothing is made up: rules come from the document or from the operator's
 * default, addresses from the document. A distribution that names no format has the scheme of its
 * address ("https"). */
#ifndef FC_NODE_DSP_DATASET_H
#define FC_NODE_DSP_DATASET_H

#include "node/dsp_policy.h"
#include "store/document.h"

enum fc_dsp_outcome {
    FC_DSP_DATASET,     /* it is one */
    FC_DSP_OTHER,       /* about something else: a participant, a credential */
    FC_DSP_NO_POLICY,   /* without one, and there is no default */
    FC_DSP_FOREIGN,     /* its policy is no ODRL, or more than the protocol's form can hold */
    FC_DSP_NO_ENDPOINT, /* it says nowhere where it is to be had */
};
enum { FC_DSP_OUTCOMES = FC_DSP_NO_ENDPOINT + 1 };

/* What an entry offers, before its terms are looked at. */
struct fc_dsp_offer {
    struct fc_span key; /* the entry's; borrowed */
    struct fc_hash participant;
    struct fc_document document;
};
/* FC_DSP_OTHER, or FC_DSP_DATASET: it may be one. FC_E_NOMEM. Finish it either way. */
FC_MUST_USE enum fc_err fc_dsp_offer_read(struct fc_span key, const struct fc_hash *participant,
                                          struct fc_span content, struct fc_dsp_offer *out,
                                          enum fc_dsp_outcome *outcome);
void fc_dsp_offer_finish(struct fc_dsp_offer *offer);

/* Appends the dataset as a JSON object when the outcome is FC_DSP_DATASET. `content` is what the
 * offer was read from; `default_policy` is an array of fc_dsp_policy_default, or empty; `root`:
 * with the @context that an answer of its own needs. FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_dsp_dataset_write(const struct fc_dsp_offer *offer,
                                             struct fc_span content, struct fc_span default_policy,
                                             bool root, struct fc_buf *out,
                                             enum fc_dsp_outcome *outcome);

/* "@context": [the protocol's own]. */
void fc_dsp_context(struct fc_json *json);

#endif
