/* What the groups of /v1 share. */
#ifndef FC_NODE_API_V1_H
#define FC_NODE_API_V1_H

#include "node/http.h"
#include "node/message.h"

enum { FC_API_PAGE_DEFAULT = 100, FC_API_PAGE_MAX = 1000 };
static const char fc_api_record_type[] = "application/vnd.fedcat.record";
static const char fc_api_proof_type[] = "application/vnd.fedcat.proof";

/* How fresh an answer is: "Fedcat-Feed: version=1.42, signed=2026-03-01T12:00:00Z", and ",
 * contested" where that holds. */
void fc_api_note_feed(struct fc_http_call *call, struct fc_replica *replica,
                      const struct fc_feed *feed);
/* "/v1/participants/<id>/entries/<H(key)>". Returns `out`. */
enum { FC_API_ENTRY_PATH_BYTES = 192 };
char *fc_api_entry_path(const struct fc_hash *participant, const struct fc_hash *key_hash,
                        char out[FC_API_ENTRY_PATH_BYTES]);
/* One value: what `fedcat list --json` says, and where it is; with `about` (NULL: without) also
 * what the document says of itself, null where that is nothing or it is not here, and with
 * `signature` whether it is signed by whom it says, null where it is not here, and when the version
 * that it has was signed and came here. */
struct fc_api_about {
    bool signature;
    uint64_t now_ms;
};
void fc_api_entry_json(struct fc_json *json, struct fc_replica *replica,
                       const struct fc_hash *participant, const struct fc_entry *entry,
                       const struct fc_api_about *about);
/* An entry's ETag is over its commitment, its status and whether its content is here. */
enum { FC_API_TAG_BYTES = 48 };
char *fc_api_entry_tag(const struct fc_entry *entry, char out[FC_API_TAG_BYTES]);
/* "limit" and "after" of a page. False: the call has been answered. */
bool fc_api_page(struct fc_http_call *call, uint64_t *limit, struct fc_hash *after, bool *resumed);
/* What is known of a participant; feed version 0: nothing of its feed is held. Spans are the
 * ledger's. */
FC_MUST_USE enum fc_err fc_api_participant_read(struct fc_replica *replica,
                                                const struct fc_participant *participant,
                                                struct fc_message_participant *out);
/* The participant a path names, with its feed if one is held (version 0: none). False: answered. */
bool fc_api_participant(struct fc_http_call *call, struct fc_replica *replica, struct fc_hash *id,
                        struct fc_message_participant *out);
/* Answers with an error of the service, in its words if it gave some. */
void fc_api_refuse(struct fc_http_call *call, enum fc_err code, struct fc_span text,
                   const char *what);

#endif
