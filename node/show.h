/* How nouns look, for people and as JSON. */
#ifndef FC_NODE_SHOW_H
#define FC_NODE_SHOW_H

#include "node/cli.h"
#include "node/message.h"

/* Fields of an entry into an open JSON object; its participant's id among them. */
void fc_show_entry_json(struct fc_json *json, const struct fc_message_entry *entry);
/* "active", or "active, hidden, missing" where there is more to say. Returns `out`. */
enum { FC_SHOW_STATE_BYTES = 64 };
char *fc_show_entry_state(const struct fc_message_entry *entry, char out[FC_SHOW_STATE_BYTES]);

/* A participant with the certificate read. */
struct fc_show_participant {
    struct fc_message_participant message;
    struct fc_certificate certificate; /* zero when it cannot be read */
};
void fc_show_participant_read(const struct fc_message_participant *message,
                              struct fc_show_participant *out);
/* Fields into an open JSON object. */
void fc_show_participant_json(struct fc_json *json, const struct fc_show_participant *participant);
/* "ok", or "contested", "revoked", "frozen", "expired"... Returns `out`. */
char *fc_show_participant_state(const struct fc_show_participant *participant, uint64_t now_ms,
                                char out[FC_SHOW_STATE_BYTES]);

/* "put", "status", "delete". */
const char *fc_show_op(enum fc_op_kind kind);
/* One value each; `ops` NULL: they are not held. */
void fc_show_op_json(struct fc_json *json, const struct fc_op *op);
void fc_show_head_json(struct fc_json *json, const char *key, const struct fc_record *record,
                       const struct fc_head *head, struct fc_ops *ops);

/* The answer to "in sync?": "in sync", "catching up", "no peers", "not running". */
const char *fc_show_sync(const struct fc_message_status *status);
const char *fc_show_witness(enum fc_witness_view view);
const char *fc_show_peer_state(enum fc_peer_state state);
void fc_show_status_json(struct fc_json *json, const struct fc_message_status *status);
void fc_show_peer_json(struct fc_json *json, const struct fc_message_peer *peer);

/* What a document says of itself (store/document.h), as a JSON object; null when it says nothing.
 */
void fc_show_document_json(struct fc_json *json, const char *key, struct fc_span content);
/* The same in lines, and in one line: kind, name, provider, country. */
void fc_show_document(struct fc_span content, FILE *out);
void fc_show_document_line(struct fc_span content, FILE *out);

#endif
