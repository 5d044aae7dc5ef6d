/* Writing through others' protocols: whose token a caller has, and one operation on that feed. The
 * groups answer in their protocols' own words, so the server's check of tokens is not theirs. */
#ifndef FC_NODE_INTEROP_PUBLISH_H
#define FC_NODE_INTEROP_PUBLISH_H

#include "node/http.h"
#include "node/token.h"
#include "store/document.h"

/* FC_OK with the participant whose feed is meant: the token's, or, of one that is good for all, the
 * one that "participant" names in the query, else the node's operator. FC_E_MISSING: no token;
 * FC_E_DENIED: none that is valid here, or not for that participant; FC_E_ARG: "participant" is no
 * id; store errors. */
FC_MUST_USE enum fc_err fc_interop_caller(struct fc_http_call *call, struct fc_replica *replica,
                                          struct fc_hash *participant);

/* Asks the daemon to sign one operation; `then` as in fc_http_ask. */
void fc_interop_author(struct fc_http_call *call, const struct fc_hash *participant,
                       const struct fc_op *op, struct fc_span content, fc_http_then *then);

#endif
