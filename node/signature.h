/* Whether an entry's document is signed by whom it says, as commands and the API tell it; DID
 * documents are looked up among the entries of the replica. */
#ifndef FC_NODE_SIGNATURE_H
#define FC_NODE_SIGNATURE_H

#include "node/client.h"
#include "store/credential.h"
#include "store/replica.h"

/* fc_credential_check by the wall clock. FC_E_NOMEM, errors of the calls to the node. */
FC_MUST_USE enum fc_err fc_signature_check(struct fc_client *client, struct fc_span content,
                                           struct fc_credential *out);
/* The same where the replica is at hand, a reader's too (store/reader.h). FC_E_NOMEM, the store's.
 */
FC_MUST_USE enum fc_err fc_signature_check_held(struct fc_replica *replica, struct fc_span content,
                                                uint64_t now_ms, struct fc_credential *out);
/* As a member "signature" of an open JSON object, and in lines for people. */
void fc_signature_json(struct fc_json *json, const struct fc_credential *credential);
void fc_signature_print(const struct fc_credential *credential, FILE *out);

#endif
