/* The nouns that requests and responses carry, each with its writer and reader. Spans read point
 * into the message. */
#ifndef FC_NODE_MESSAGE_H
#define FC_NODE_MESSAGE_H

#include "net/core.h"
#include "store/pack.h"
#include "store/replica.h"

void fc_message_put_hash(struct fc_buf *out, const struct fc_hash *hash);
struct fc_hash fc_message_get_hash(struct fc_unpack *in);
/* nil for NULL. */
void fc_message_put_hash_or_nil(struct fc_buf *out, const struct fc_hash *hash);
/* False for nil. */
bool fc_message_get_hash_or_nil(struct fc_unpack *in, struct fc_hash *hash);

struct fc_message_participant {
    struct fc_hash id;
    struct fc_span certificate;      /* the record that stands */
    enum fc_revocation_mode revoked; /* 0: not revoked */
    bool recovery_frozen, contested, unsettled;
    struct fc_feed feed; /* version 0: no head is held */
};
void fc_message_put_participant(struct fc_buf *out, const struct fc_message_participant *in);
void fc_message_get_participant(struct fc_unpack *in, struct fc_message_participant *out);

struct fc_message_entry {
    struct fc_hash participant;
    struct fc_entry entry; /* without its salt */
    bool hidden;           /* by a freeze */
};
void fc_message_put_entry(struct fc_buf *out, const struct fc_message_entry *in);
void fc_message_get_entry(struct fc_unpack *in, struct fc_message_entry *out);

/* How an entry has to be for what is asked to be done. */
struct fc_message_condition {
    struct fc_hash key_hash;
    bool there;
    struct fc_hash commitment; /* these two if it is there */
    enum fc_status status;
};
void fc_message_put_condition(struct fc_buf *out, const struct fc_message_condition *in);
void fc_message_get_condition(struct fc_unpack *in, struct fc_message_condition *out);

void fc_message_put_op(struct fc_buf *out, const struct fc_op *op);
void fc_message_get_op(struct fc_unpack *in, struct fc_op *out);

/* Contents, in an array. Reading takes `*contents` from the heap; free it. FC_E_NOMEM; a fault of
 * the bytes sticks to `in`. */
void fc_message_put_contents(struct fc_buf *out, const struct fc_content *contents, uint32_t count);
FC_MUST_USE enum fc_err fc_message_get_contents(struct fc_unpack *in, struct fc_content **contents,
                                                uint32_t *count);

struct fc_message_peer {
    struct fc_peer_info info;
    struct fc_span name;     /* of its operator; empty when not known */
    struct fc_span endpoint; /* empty when not known */
};
void fc_message_put_peer(struct fc_buf *out, const struct fc_message_peer *in);
void fc_message_get_peer(struct fc_unpack *in, struct fc_message_peer *out);

/* A node whose checkpoints are not this node's states. */
enum { FC_MESSAGE_WITNESSES_MAX = 16 };
struct fc_message_witness {
    struct fc_core_witness about;
    struct fc_span name; /* of its operator */
};
struct fc_message_status {
    struct fc_span version;    /* of the program */
    struct fc_hash federation; /* and its charter in force; version 0: none held */
    struct fc_hash charter;
    uint64_t charter_version;
    struct fc_span charter_name;
    bool disputed;
    struct fc_key node_key;
    struct fc_hash operator_id; /* zero: not admitted */
    bool running;
    uint64_t started_ms, now_ms;
    struct fc_digest digest;
    uint64_t participants, contested, missing, records;
    uint64_t newest_ms; /* latest time a participant signed */
    struct fc_core_status core;
    uint64_t links, handshakes, refused, bytes_in, bytes_out; /* of the transport */
    uint64_t used_bytes, map_bytes, epoch, arrivals;
    struct fc_span audit_name; /* operator of the node last compared with; empty: not known */
    uint32_t witness_count;    /* of those below; others are left out */
    struct fc_message_witness witnesses[FC_MESSAGE_WITNESSES_MAX];
};
void fc_message_put_status(struct fc_buf *out, const struct fc_message_status *in);
void fc_message_get_status(struct fc_unpack *in, struct fc_message_status *out);

#endif
