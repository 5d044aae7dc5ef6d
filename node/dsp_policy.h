/* Policies that documents publish (ODRL 2.2, under odrl:hasPolicy, gx:servicePolicy, gx:policy), as
 * offers of the Dataspace Protocol 2025-1: the same rules in the form its schema asks for. What
 * cannot be said in that form without loss is not said. */
#ifndef FC_NODE_DSP_POLICY_H
#define FC_NODE_DSP_POLICY_H

#include "node/statement.h"

enum {
    FC_DSP_POLICIES_MAX = 16,        /* of one document */
    FC_DSP_RULES_MAX = 64,           /* of one kind in a policy */
    FC_DSP_CONSTRAINTS_MAX = 64,     /* of one rule */
    FC_DSP_CONSTRAINT_DEPTH_MAX = 4, /* of and, or, xone within one another */
};
enum fc_dsp_policy {
    FC_DSP_POLICY_NONE,    /* the node publishes none */
    FC_DSP_POLICY_OFFERS,  /* all of them are in `out` */
    FC_DSP_POLICY_FOREIGN, /* one that is no ODRL, or that the protocol's form cannot hold */
};

/* What a policy may be about without saying more than that it is the dataset's own. */
struct fc_dsp_own {
    const char *const *ids;
    size_t count;
};
/* Appends a JSON array of the node's offers. FC_E_NOMEM. An offer without an identifier gets one
 * that follows from `key` and what it says: urn:fedcat:offer:<32 digits>. */
FC_MUST_USE enum fc_err fc_dsp_policy_write(const struct fc_statement *statement,
                                            const struct fc_json_value *node,
                                            const struct fc_dsp_own *own, struct fc_span key,
                                            struct fc_buf *out, enum fc_dsp_policy *outcome);

/* An operator's own policy out of a file, as the same array with one offer. FC_E_FORMAT, FC_E_JSON
 * with `fault`; FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_dsp_policy_default(struct fc_span file, struct fc_buf *out, char *fault,
                                              size_t fault_bytes);

#endif
