/* The ledger: who may speak. Holds charters, carry lists, certificates, revocations, takedowns,
 * descriptors, evidence and checkpoints, and decides from the set of them alone: never from their
 * order of arrival, never from a clock (DESIGN: acceptance).
 *
 * In memory; the replica keeps the records and fills a ledger when it opens. */
#ifndef FC_STORE_LEDGER_H
#define FC_STORE_LEDGER_H

#include "store/record.h"

struct fc_ledger;

FC_MUST_USE enum fc_err fc_ledger_create(const struct fc_hash *federation,
                                         struct fc_verifier verifier, struct fc_ledger **ledger);
void fc_ledger_destroy(struct fc_ledger *ledger); /* NULL is fine */
/* What `ledger` is now, as an object of its own that stays so while `ledger` changes: for readers
 * on other threads. It costs the list of checkpoints; `ledger` is copied when it next changes, if
 * this one is still there. Made and destroyed on the thread that changes `ledger`; not for a ledger
 * of a pool. FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_ledger_share(const struct fc_ledger *ledger, struct fc_ledger **out);
/* Another verifier from here on. Not for a ledger of a pool, which has its own. */
void fc_ledger_verify_with(struct fc_ledger *ledger, struct fc_verifier verifier);

/* What a record is about; of records with one subject a ledger keeps the one that stands (both,
 * where two together are evidence). 33 bytes: type and a hash. */
struct fc_subject {
    uint8_t b[33];
};

struct fc_ledger_change {
    struct fc_subject subject;
    uint32_t displaced_count; /* records this one supersedes: the replica drops them */
    struct fc_hash displaced[2];
    bool charter, membership, feeds; /* what callers should look at again */
    struct fc_hash participant;      /* zero when the change is not about one */
    struct fc_buf evidence;          /* a new evidence record this addition revealed, or empty;
                                        add it too. The caller frees it */
};

/* Adds any record but a head or an application. Checks signatures against the charter or
 * certificate the record names. The bytes are copied.
 *   FC_OK            it stands, or is kept because with another it is evidence
 *   FC_E_KNOWN       the same record is held
 *   FC_E_STALE       one that stands above it is held; nothing is kept
 *   FC_E_UNKNOWN     it names a charter or certificate that is not held, or is a carry list no held
 *                    charter asks for while others wait, or a recovery certificate that extends
 *                    none that is held: come again
 *   FC_E_DENIED      a charter whose version does not follow, evidence of no contradiction, more
 *                    nodes than a feed key may describe
 *   FC_E_AGAIN       nothing more of what does not count, and no more rivals of a charter
 *   FC_E_ARG         a head or an application
 *   FC_E_FEDERATION, FC_E_SIGNATURE, FC_E_QUORUM, FC_E_FORMAT, FC_E_BOUND
 *   FC_E_NOMEM       the ledger may be half changed: destroy it
 * A charter is held without its carry list, but comes into force with it. A record that does not
 * count, because of the charter it was signed under, is held all the same: a later record or a pin
 * may make it count. */
FC_MUST_USE enum fc_err fc_ledger_add(struct fc_ledger *ledger, const struct fc_record *record,
                                      struct fc_ledger_change *change);

/* Settles rival charters for this node; a pin of one takes back that of another. Kept by the
 * replica, given again after each create.
 * FC_E_MISSING when no such charter is held. */
FC_MUST_USE enum fc_err fc_ledger_pin(struct fc_ledger *ledger, const struct fc_hash *charter);

/* Borrowed from the ledger until the next add. */
struct fc_held {
    struct fc_record record;
    union {
        struct fc_charter charter;
        struct fc_carry carry;
        struct fc_certificate certificate;
        struct fc_revocation revocation;
        struct fc_takedown takedown;
        struct fc_descriptor descriptor;
        struct fc_evidence evidence;
        struct fc_checkpoint checkpoint;
    };
};

/* The charter in force; NULL before the first. `*disputed`, if not NULL: governance is halted. */
const struct fc_held *fc_ledger_charter(const struct fc_ledger *ledger, bool *disputed);
const struct fc_held *fc_ledger_charter_version(const struct fc_ledger *ledger, uint64_t version);
/* The list that a charter of that version, in force or before, commits to; NULL when it carries
 * nothing. */
const struct fc_held *fc_ledger_carry(const struct fc_ledger *ledger, uint64_t version);
/* Any held record by hash; NULL. */
const struct fc_held *fc_ledger_find(const struct fc_ledger *ledger, const struct fc_hash *hash);
/* One whose hash begins so, or NULL. */
const struct fc_held *fc_ledger_find_prefix(const struct fc_ledger *ledger,
                                            const uint8_t prefix[8]);

struct fc_participant {
    struct fc_hash id;
    const struct fc_held *certificate; /* the one that stands */
    const struct fc_held *revocation;  /* that covers it, or NULL */
    bool recovery_frozen; /* two recovery certificates at one (g, r): frozen until g + 1 */
    bool contested;       /* evidence against the standing incarnation */
    bool unsettled;       /* the certificate hangs on a disputed charter */
};
/* FC_E_MISSING when no certificate is held. */
FC_MUST_USE enum fc_err fc_ledger_participant(const struct fc_ledger *ledger,
                                              const struct fc_hash *id, struct fc_participant *out);
size_t fc_ledger_participant_count(const struct fc_ledger *ledger);
/* In ascending order of id, index < count. */
void fc_ledger_participant_at(const struct fc_ledger *ledger, size_t index,
                              struct fc_participant *out);
bool fc_ledger_contested(const struct fc_ledger *ledger, const struct fc_hash *participant,
                         uint16_t incarnation);

/* Judges a head by the certificate it names and what is known of its participant; the signature is
 * the caller's to check, against `*key`. FC_OK; FC_E_UNKNOWN certificate; FC_E_DENIED (incarnation,
 * floor, a certificate that does not count); FC_E_DISPUTED (it hangs on a disputed charter);
 * FC_E_QUOTA; FC_E_REVOKED (beyond the last valid version, or removed, or frozen); FC_E_CONTESTED;
 * FC_E_STALE (an incarnation older than the standing one, above its floor). */
FC_MUST_USE enum fc_err fc_ledger_judge(const struct fc_ledger *ledger, const struct fc_head *head,
                                        struct fc_key *key);
/* Puts the two records in order and checks that they are evidence; appends an evidence record.
 * FC_E_ARG when they are not. */
FC_MUST_USE enum fc_err fc_ledger_evidence(const struct fc_ledger *ledger, struct fc_span first,
                                           struct fc_span second, struct fc_buf *out);

/* NULL or the takedown that covers this content. */
const struct fc_held *fc_ledger_takedown(const struct fc_ledger *ledger,
                                         const struct fc_hash *participant,
                                         const struct fc_hash *key_hash,
                                         const struct fc_hash *commitment);

/* Nodes: from descriptors, and from certificates whose first node has no descriptor yet. */
struct fc_node {
    struct fc_key key;
    struct fc_hash participant;
    uint32_t endpoint_count;
    struct fc_span endpoints[FC_ENDPOINTS_MAX];
    struct fc_span region;
    const struct fc_held *descriptor; /* NULL: known from the certificate */
};
/* Those of one participant that hold their place; 0 when it has none, or is not known. */
size_t fc_ledger_participant_node_count(const struct fc_ledger *ledger, const struct fc_hash *id);
void fc_ledger_participant_node_at(const struct fc_ledger *ledger, const struct fc_hash *id,
                                   size_t index, struct fc_node *out);
size_t fc_ledger_node_count(const struct fc_ledger *ledger);
void fc_ledger_node_at(const struct fc_ledger *ledger, size_t index, struct fc_node *out);
/* FC_E_MISSING when `key` is no member's node, or its operator is revoked. */
FC_MUST_USE enum fc_err fc_ledger_node(const struct fc_ledger *ledger, const struct fc_key *key,
                                       struct fc_node *out);

/* A certificate, revocation or takedown that is held and counts: what a next charter carries over.
 */
bool fc_ledger_in_force(const struct fc_ledger *ledger, const struct fc_hash *record);

/* Over the hashes of all records held but checkpoints, ascending: equal digests mean equal
 * decisions. Worked out when first asked for after a change. FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_ledger_digest(const struct fc_ledger *ledger, struct fc_hash *out);

/* In ascending order of hash, index < count. */
size_t fc_ledger_checkpoint_count(const struct fc_ledger *ledger);
const struct fc_held *fc_ledger_checkpoint_at(const struct fc_ledger *ledger, size_t index);

/* Every record held, in no particular order; index < count. */
size_t fc_ledger_record_count(const struct fc_ledger *ledger);
const struct fc_held *fc_ledger_record_at(const struct fc_ledger *ledger, size_t index);

#endif
