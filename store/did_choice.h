/* Which DID document counts where a replica holds several under one DID: anyone may publish any
 * document, but only one participant's certificate names that DID, and governors signed it. */
#ifndef FC_STORE_DID_CHOICE_H
#define FC_STORE_DID_CHOICE_H

#include "store/credential.h"

struct fc_did_choice {
    const char *did; /* borrowed */
    struct fc_buf document;
    struct fc_credential_source source;
    bool any, clash;
};
/* Whether what a certificate names (its "DID or URL") speaks for a DID: it is that DID, or, for
 * did:web, an https URL on the same host. */
bool fc_did_is_vouched(const char *did, struct fc_span certificate_url);

void fc_did_choice_init(struct fc_did_choice *choice, const char *did);
void fc_did_choice_finish(struct fc_did_choice *choice);
/* One document that is an active entry under the DID, with its publisher's name and URL. */
FC_MUST_USE enum fc_err fc_did_choice_add(struct fc_did_choice *choice, struct fc_span document,
                                          struct fc_span name, struct fc_span certificate_url);
/* Appends the one that counts: those of a participant whose certificate names the DID before all
 * others, and all that are left must be the same bytes. FC_E_MISSING, FC_E_CONTESTED, FC_E_NOMEM.
 */
FC_MUST_USE enum fc_err fc_did_choice_take(const struct fc_did_choice *choice, struct fc_buf *out,
                                           struct fc_credential_source *source);

#endif
