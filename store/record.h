/* Records: everything that is signed and gossiped.
 *
 * On the wire and at rest a record is the canonical array
 *     [type, body, [[signer, signature], ...]]
 * `body` is binary that holds a canonical array beginning [format, federation, ...]; a record's
 * hash is BLAKE2b-256 of the body's exact bytes, with a personal string by type ("fedcat.head.1"),
 * and each signature is Ed25519 over those 32 bytes. Signers ascend strictly, so the hash names the
 * statement and not who happened to sign it. docs/protocol.md has every field; tests/vectors
 * freezes the bytes. */
#ifndef FC_STORE_RECORD_H
#define FC_STORE_RECORD_H

#include "store/crypto.h"
#include "store/limits.h"

enum fc_record_type {
    FC_RECORD_CHARTER = 1,
    FC_RECORD_CARRY = 2, /* the list a charter's `carried` root commits to; unsigned */
    FC_RECORD_CERTIFICATE = 3,
    FC_RECORD_REVOCATION = 4,
    FC_RECORD_TAKEDOWN = 5,
    FC_RECORD_DESCRIPTOR = 6,
    FC_RECORD_EVIDENCE = 7, /* unsigned: it holds two signed records */
    FC_RECORD_CHECKPOINT = 8,
    FC_RECORD_HEAD = 9,
    FC_RECORD_APPLICATION = 10, /* a request for a certificate; travels by file, never gossiped */
};
/* "charter", "certificate"...; NULL for a number that is none. */
const char *fc_record_type_name(enum fc_record_type type);

struct fc_signature {
    struct fc_key signer;
    struct fc_sig sig;
};

/* A parsed envelope; spans point into the bytes it was read from. */
struct fc_record {
    enum fc_record_type type;
    struct fc_span bytes; /* the whole record */
    struct fc_span body;
    struct fc_hash hash;
    struct fc_hash federation; /* zero in a charter of version 1 */
    uint32_t signature_count;
    struct fc_span signatures; /* signature_count encoded pairs; read with fc_record_signature */
};
/* Reads the envelope and checks canonical form, bounds and the order of signers; the body's fields
 * are checked by the parsers below. A carry list and evidence bear no signature, a head, descriptor
 * or checkpoint at most one, an application at most two. FC_E_FORMAT, FC_E_BOUND. */
FC_MUST_USE enum fc_err fc_record_parse(struct fc_span bytes, struct fc_record *record);
/* Reads the body by the rules of its type and drops what it read. FC_E_FORMAT, FC_E_BOUND. */
FC_MUST_USE enum fc_err fc_record_check_body(const struct fc_record *record);
void fc_record_signature(const struct fc_record *record, uint32_t index, struct fc_signature *out);
/* True when `key` is among the signers and its signature verifies. */
bool fc_record_signed_by(const struct fc_record *record, const struct fc_key *key);

/* Writes a record around a body; signatures are sorted, repeats refused (FC_E_ARG). FC_E_ARG for a
 * body that is no canonical array, FC_E_BOUND for more signatures or bytes than the type may have,
 * FC_E_NOMEM. Appends. */
FC_MUST_USE enum fc_err fc_record_write(enum fc_record_type type, struct fc_span body,
                                        const struct fc_signature *signatures, uint32_t count,
                                        struct fc_buf *out);
/* Writes `record` with one more signature, by `secret`; one already there by that key is replaced.
 * How m governors sign one file after the other. Appends. */
FC_MUST_USE enum fc_err fc_record_cosign(const struct fc_record *record,
                                         const struct fc_sign_key *secret, struct fc_buf *out);
struct fc_hash fc_record_hash(enum fc_record_type type, struct fc_span body);

/* Versions of a feed: incarnation in the upper 16 bits, seq in the lower 48. */
typedef uint64_t fc_version;
static inline fc_version fc_version_make(uint16_t incarnation, uint64_t seq)
{
    return (fc_version)incarnation << 48 | (seq & 0xffffffffffffu);
}
static inline uint16_t fc_version_incarnation(fc_version version)
{
    return (uint16_t)(version >> 48);
}
static inline uint64_t fc_version_seq(fc_version version)
{
    return version & 0xffffffffffffu;
}
#define FC_SEQ_MAX 0xffffffffffffu

struct fc_governor {
    struct fc_span name;
    struct fc_span country; /* ISO 3166-1 alpha-2 */
    struct fc_key key;
};

struct fc_charter {
    struct fc_hash federation; /* zero in version 1, whose record hash IS the federation id */
    uint64_t version;          /* 1, 2, ... */
    struct fc_span name;
    uint32_t governor_count;
    struct fc_governor governors[FC_GOVERNORS_MAX]; /* keys ascend strictly */
    uint32_t quorum;       /* signatures for the next charter: more than half, at most all */
    uint32_t admit;        /* signatures for certificates, revocations, takedowns: 1..count */
    uint32_t format;       /* FC_FORMAT */
    uint64_t heartbeat_ms; /* default for certificates */
    uint64_t quota_entries, quota_bytes;
    uint32_t quota_ops, quota_nodes;
    struct fc_hash previous; /* zero in version 1 */
    uint32_t carried_count;
    struct fc_hash carried; /* fc_merkle_root of the carry list; zero when empty */
};

struct fc_carry {
    struct fc_hash federation;
    uint64_t version; /* of the charter that commits to this list */
    uint32_t count;
    struct fc_span hashes; /* count x 32 bytes, ascending strictly */
};

struct fc_descriptor {
    struct fc_hash federation;
    struct fc_hash participant;                 /* operator */
    struct fc_key node_key;                     /* Curve25519 */
    uint32_t endpoint_count;                    /* 0: the node only dials out */
    struct fc_span endpoints[FC_ENDPOINTS_MAX]; /* "tcp://host:port" */
    struct fc_span region;
    uint64_t seq; /* the higher stands, of equals the lower hash */
    uint64_t time_ms;
    bool retired; /* gives the place up */
};

struct fc_certificate {
    struct fc_hash federation;
    struct fc_hash participant; /* fc_participant_id of the first feed and recovery keys */
    uint64_t g, r;              /* ordered by (g, r); the first is (1, 0) */
    struct fc_hash charter;     /* hash of the charter it was issued under */
    struct fc_span name;        /* legal name */
    struct fc_span country;
    struct fc_span url; /* DID or URL */
    struct fc_key feed_key;
    struct fc_key recovery_key;
    uint16_t incarnation; /* from 1 */
    uint64_t floor;       /* the incarnation's first head has seq floor + 1 and no previous head */
    uint64_t quota_entries, quota_bytes;
    uint32_t quota_ops, quota_nodes;
    uint64_t heartbeat_ms;
    struct fc_key node_key; /* first node, or zero */
    uint32_t endpoint_count;
    struct fc_span endpoints[FC_ENDPOINTS_MAX];
    uint64_t not_before_ms, not_after_ms; /* flags entries by the reader's clock, nothing else */
};

/* Every number in a record but a version: JSON carries it exactly, and sums do not overflow. */
#define FC_NUMBER_MAX 0x1fffffffffffffu

enum fc_revocation_mode { FC_REVOKE_FREEZE = 1, FC_REVOKE_REMOVE = 2 };

struct fc_revocation {
    struct fc_hash federation;
    struct fc_hash charter;
    struct fc_hash participant;
    uint64_t g; /* covers certificates up to this g, with every r */
    fc_version last_valid;
    struct fc_hash last_head; /* zero when unknown */
    enum fc_revocation_mode mode;
    struct fc_span reason;
};

struct fc_takedown {
    struct fc_hash federation;
    struct fc_hash charter;
    struct fc_hash participant;
    struct fc_hash key; /* H(key) */
    struct fc_hash commitment;
    struct fc_span reason;
};

struct fc_evidence { /* two whole records that one key should not both have signed */
    struct fc_hash federation;
    struct fc_span first; /* the one with the lower hash */
    struct fc_span second;
};

struct fc_checkpoint {
    struct fc_hash federation;
    struct fc_hash participant; /* operator */
    struct fc_key node_key;
    struct fc_hash charter;
    struct fc_hash digest; /* fc_replica_digest over all heads */
    uint64_t feeds, entries;
    uint64_t time_ms;
};

struct fc_head {
    struct fc_hash federation;
    struct fc_hash certificate;
    struct fc_hash participant;
    fc_version version;
    uint64_t time_ms;
    struct fc_hash previous; /* zero for an incarnation's first head */
    struct fc_hash ops;      /* hash of the ops' encoding; of an empty one for a heartbeat */
    struct fc_hash root;
    uint64_t entries, bytes; /* live entries, and the sum of their sizes */
};

struct fc_application {
    struct fc_certificate wanted; /* g 0, r 0, charter zero; signed by feed and recovery key */
};

/* "tcp://host:port": a DNS name, an IPv4 address or an IPv6 address in brackets, and 1..65535. */
bool fc_endpoint_valid(struct fc_span endpoint);
/* UTF-8 without control characters, `len_min` to `len_max` bytes: the rule for text in records. */
bool fc_text_valid(struct fc_span text, size_t len_min, size_t len_max);

/* Readers of a body whose record has the type; FC_E_FORMAT, FC_E_BOUND. Rules a reader can check
 * alone (quorum over half, first keys, version 1 without previous, incarnation >= 1) are checked.
 */
FC_MUST_USE enum fc_err fc_charter_parse(const struct fc_record *record, struct fc_charter *out);
FC_MUST_USE enum fc_err fc_carry_parse(const struct fc_record *record, struct fc_carry *out);
FC_MUST_USE enum fc_err fc_certificate_parse(const struct fc_record *record,
                                             struct fc_certificate *out);
FC_MUST_USE enum fc_err fc_revocation_parse(const struct fc_record *record,
                                            struct fc_revocation *out);
FC_MUST_USE enum fc_err fc_takedown_parse(const struct fc_record *record, struct fc_takedown *out);
FC_MUST_USE enum fc_err fc_descriptor_parse(const struct fc_record *record,
                                            struct fc_descriptor *out);
FC_MUST_USE enum fc_err fc_evidence_parse(const struct fc_record *record, struct fc_evidence *out);
FC_MUST_USE enum fc_err fc_checkpoint_parse(const struct fc_record *record,
                                            struct fc_checkpoint *out);
FC_MUST_USE enum fc_err fc_head_parse(const struct fc_record *record, struct fc_head *out);
FC_MUST_USE enum fc_err fc_application_parse(const struct fc_record *record,
                                             struct fc_application *out);

/* Writers of a body; append. FC_E_ARG when the reader would refuse it, FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_charter_body(const struct fc_charter *in, struct fc_buf *out);
FC_MUST_USE enum fc_err fc_carry_body(const struct fc_carry *in, struct fc_buf *out);
FC_MUST_USE enum fc_err fc_certificate_body(const struct fc_certificate *in, struct fc_buf *out);
FC_MUST_USE enum fc_err fc_revocation_body(const struct fc_revocation *in, struct fc_buf *out);
FC_MUST_USE enum fc_err fc_takedown_body(const struct fc_takedown *in, struct fc_buf *out);
FC_MUST_USE enum fc_err fc_descriptor_body(const struct fc_descriptor *in, struct fc_buf *out);
FC_MUST_USE enum fc_err fc_evidence_body(const struct fc_evidence *in, struct fc_buf *out);
FC_MUST_USE enum fc_err fc_checkpoint_body(const struct fc_checkpoint *in, struct fc_buf *out);
FC_MUST_USE enum fc_err fc_head_body(const struct fc_head *in, struct fc_buf *out);
FC_MUST_USE enum fc_err fc_application_body(const struct fc_application *in, struct fc_buf *out);

/* Body, signed by one key, as a record: the common case. Appends. */
FC_MUST_USE enum fc_err fc_record_sign(enum fc_record_type type, struct fc_span body,
                                       const struct fc_sign_key *secret, struct fc_buf *out);

/* The id a participant keeps for life: hash of its first feed key and recovery key. */
struct fc_hash fc_participant_id(const struct fc_key *feed_key, const struct fc_key *recovery_key);
/* H(key): where an entry stands in the state tree. */
struct fc_hash fc_key_hash(struct fc_span key);
/* H(salt || content). */
struct fc_hash fc_commitment(const uint8_t salt[FC_SALT_BYTES], struct fc_span content);

#endif
