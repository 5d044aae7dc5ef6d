/* Keys that decentralised identifiers name. did:key and did:jwk hold their key themselves; any
 * other method's are in its DID document (DID Core 1.0), which is handed in. */
#ifndef FC_STORE_DID_H
#define FC_STORE_DID_H

#include "store/document_tree.h"
#include "store/jose.h"

enum fc_did_use { FC_DID_ASSERTION, FC_DID_PRESENTATION };

struct fc_did_key {
    struct fc_jose_key *key; /* owned */
    char algorithm[16];      /* the only one its publisher allows; empty: not said */
    char certificate[256];   /* subject of the certificate beside it, if it is of this key */
};
void fc_did_key_finish(struct fc_did_key *key);

/* Whether the identifier holds its key itself. */
bool fc_did_is_self_contained(const char *did);
/* The key of such an identifier. `key_id`: what the signature names, or NULL. */
FC_MUST_USE enum fc_err fc_did_self_key(const char *did, const char *key_id,
                                        struct fc_did_key *out);
/* The key `key_id` (a DID URL, a fragment, a bare name; NULL where there is but one) of a document.
 * FC_E_JSON: no document of this DID; FC_E_MISSING: no such key in it; FC_E_DENIED: the document
 * does not let it sign this; FC_E_FORMAT: no key that is known here; FC_E_BOUND; FC_E_REVOKED: its
 * secret half stands beside it; FC_E_NOMEM. The same of fc_did_self_key. */
FC_MUST_USE enum fc_err fc_did_document_key(struct fc_span document, const char *did,
                                            const char *key_id, enum fc_did_use use,
                                            struct fc_did_key *out);

#endif
