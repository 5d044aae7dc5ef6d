/* What making and checking a proof share. */
#ifndef FC_STORE_PROOF_PRIV_H
#define FC_STORE_PROOF_PRIV_H

#include "store/record.h"

bool fc_proof_governs(const struct fc_charter *charter, const struct fc_key *key); /* NULL: no */
/* A recovery certificate may differ from the one it rests on in r, feed key, incarnation (by as
 * much as r) and floor. */
bool fc_proof_extends(const struct fc_certificate *recovery, const struct fc_certificate *base);

#endif
