/* Remembers verdicts on signatures: hundreds of nodes check the same one, once is enough. The
 * verdict is that of fc_verify, by the exact key, hash and signature. */
#ifndef FC_SIM_MEMO_H
#define FC_SIM_MEMO_H

#include "store/crypto.h"

struct fc_memo {
    struct fc_hash *seen; /* open addressing; of key, hash, signature and verdict */
    uint64_t count, cap;
    uint64_t asked, computed;
};
/* A signature just made verifies. */
void fc_memo_note(struct fc_memo *memo, const struct fc_key *key, const struct fc_hash *hash,
                  const struct fc_sig *sig);
void fc_memo_finish(struct fc_memo *memo);
struct fc_verifier fc_memo_verifier(struct fc_memo *memo);

#endif
