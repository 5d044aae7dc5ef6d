/* A command's way to the node: through the socket of a running one, else with the store opened
 * here. Either way the same request gets the same answer. */
#ifndef FC_NODE_CLIENT_H
#define FC_NODE_CLIENT_H

#include "node/cli.h"
#include "node/message.h"
#include "node/service.h"

struct fc_client;

/* Prints the one clear line and sets cli->status when it fails. FC_E_MISSING: neither a running
 * node nor a store (init and join come first); FC_E_LOCKED, and what opening a store may report. */
FC_MUST_USE enum fc_err fc_client_open(struct fc_cli *cli, struct fc_client **client);
void fc_client_close(struct fc_client *client); /* NULL is fine */
bool fc_client_running(const struct fc_client *client);
/* An opened store's service, to set its progress callback; NULL for a running node. */
struct fc_service *fc_client_service(struct fc_client *client);

/* Asks and waits. `arguments` is a packed array. The body's array is valid until the next call.
 * Returned is the answer's own code; fc_client_explain has what it says beside it.
 * FC_E_CLOSED when the node went away. */
FC_MUST_USE enum fc_err fc_client_call(struct fc_client *client, enum fc_verb verb,
                                       struct fc_span arguments, struct fc_span *body);
/* That, or what the error means where it says nothing. */
const char *fc_client_explain(const struct fc_client *client, enum fc_err err);
/* fc_cli_fail with that text. */
enum fc_exit fc_client_fail(struct fc_cli *cli, const struct fc_client *client, enum fc_err err,
                            const char *what);

/* Common calls. */
FC_MUST_USE enum fc_err fc_client_submit_record(struct fc_client *client, struct fc_span record,
                                                struct fc_hash *hash);
/* Appends the charter in force (`version` 0) or an older one. */
FC_MUST_USE enum fc_err fc_client_charter(struct fc_client *client, uint64_t version,
                                          struct fc_buf *record, bool *disputed);
FC_MUST_USE enum fc_err fc_client_record(struct fc_client *client, const struct fc_hash *hash,
                                         struct fc_buf *record);
/* Spans of `out` are valid until the next call. */
FC_MUST_USE enum fc_err fc_client_participant(struct fc_client *client, const struct fc_hash *id,
                                              struct fc_message_participant *out);
FC_MUST_USE enum fc_err fc_client_by_feed_key(struct fc_client *client, const struct fc_key *key,
                                              struct fc_message_participant *out);
/* A participant as people name it: 64 hexadecimal digits, at least 8 first ones, or the legal name
 * in full; only one may fit. Prints what is wrong and sets cli->status. */
FC_MUST_USE enum fc_err fc_client_find_participant(struct fc_cli *cli, struct fc_client *client,
                                                   const char *text, struct fc_hash *id);
/* Every participant in order of id. A non-zero return of `each` stops and is returned. */
FC_MUST_USE enum fc_err fc_client_participants(
    struct fc_client *client,
    enum fc_err (*each)(void *ctx, const struct fc_message_participant *participant), void *ctx);
/* Every entry of a feed in order of H(key). */
FC_MUST_USE enum fc_err fc_client_entries(
    struct fc_client *client, const struct fc_hash *participant,
    enum fc_err (*each)(void *ctx, const struct fc_message_entry *entry), void *ctx);
/* The entries under a key, in one feed or (NULL) in all. FC_E_MISSING. */
FC_MUST_USE enum fc_err fc_client_find(
    struct fc_client *client, const struct fc_hash *participant, struct fc_span key,
    enum fc_err (*each)(void *ctx, const struct fc_message_entry *entry), void *ctx);
/* Appends an entry's bytes. FC_E_MISSING, FC_E_WITHHELD, FC_E_CORRUPT. */
FC_MUST_USE enum fc_err fc_client_content(struct fc_client *client,
                                          const struct fc_hash *participant,
                                          const struct fc_hash *key_hash, struct fc_buf *out);
/* Every record in the order it arrived, heads included. */
FC_MUST_USE enum fc_err fc_client_records(struct fc_client *client,
                                          enum fc_err (*each)(void *ctx, uint64_t index,
                                                              const struct fc_record *record),
                                          void *ctx);

#endif
