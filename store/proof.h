/* A proof that stands alone: what someone without a node checks against a federation id they trust.
 *
 * Canonical array: [format, charters, certificates, carry proofs, head record, state proof,
 * participant, key, salt or nil, content or nil, checkpoints]. docs/protocol.md, "Proofs". */
#ifndef FC_STORE_PROOF_H
#define FC_STORE_PROOF_H

#include "store/replica.h"

enum {
    FC_PROOF_CHARTERS_MAX = 256,
    FC_PROOF_CHECKPOINTS_MAX = 4,
    FC_PROOF_STATE_BYTES_MAX = 32 * 1024,
    FC_PROOF_BYTES_MAX = 32 * 1024 * 1024,
};

/* Appends a proof for `key` in `participant`'s feed: inclusion with the content if it is here, or
 * absence. FC_E_MISSING: no such feed. FC_E_UNKNOWN: records that vouch for it are not held.
 * FC_E_BOUND: more charters than a proof may have. */
FC_MUST_USE enum fc_err fc_proof_write(struct fc_replica *replica,
                                       const struct fc_hash *participant, struct fc_span key,
                                       struct fc_buf *out);

struct fc_proof {
    bool present;
    struct fc_hash participant;
    struct fc_span name, country, url; /* of the participant */
    struct fc_span key;
    struct fc_entry entry; /* when present */
    bool has_content;
    struct fc_span content; /* matches the commitment */
    fc_version version;
    uint64_t time_ms; /* signed by the participant */
    uint64_t charter_version;
    struct fc_span charter_name;
    uint32_t certificate_signatures; /* of governors, verified */
    uint64_t checkpoint_ms;          /* latest attached checkpoint, 0: none */
};
/* Checks everything from the charter of version 1, whose hash must be `federation`. Needs no store.
 * FC_E_FORMAT, FC_E_FEDERATION, FC_E_QUORUM, FC_E_SIGNATURE, FC_E_ROOT, FC_E_DENIED. */
FC_MUST_USE enum fc_err fc_proof_check(struct fc_span proof, const struct fc_hash *federation,
                                       struct fc_verifier verifier, struct fc_proof *out);

#endif
