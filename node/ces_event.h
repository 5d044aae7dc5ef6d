/* Credentials events (the Gaia-X clearing houses' Credentials Events Service): an entry's arrival
 * as a CloudEvent (CloudEvents 1.0.2, JSON format), and such an event read. Bytes in, JSON out. */
#ifndef FC_NODE_CES_EVENT_H
#define FC_NODE_CES_EVENT_H

#include "node/json.h"
#include "store/news.h"

/* Where an event stands in this node's arrival log; its id is this in base64url. */
struct fc_ces_id {
    uint64_t epoch;
    struct fc_news_mark mark;
    struct fc_hash participant;
};
enum { FC_CES_ID_BYTES = 128 };
char *fc_ces_id_write(const struct fc_ces_id *id, char out[FC_CES_ID_BYTES]);
/* FC_E_FORMAT: none of this program's; FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_ces_id_read(struct fc_span text, struct fc_ces_id *out);

enum fc_ces_form { FC_CES_V1 = 1, FC_CES_V2 = 2 };
struct fc_ces_arrival {
    struct fc_ces_id id;
    struct fc_span source; /* who signed it in: a DID, a URL, or urn:fedcat:participant:... */
    uint64_t accepted_ms, time_ms;
    struct fc_span key, media_type, content;
    struct fc_hash commitment;
};
/* "eu.gaia-x.credential", "eu.fedcat.dataset", ...: what an entry is to those who filter. */
const char *fc_ces_type(struct fc_span content);
/* One event into an open array, or at the top. v1 points at what a credential is about and holds no
 * content but the hash of it; v2 holds the bytes, in data_base64. */
void fc_ces_event_write(struct fc_json *json, const struct fc_ces_arrival *arrival,
                        enum fc_ces_form form, const char *type);

/* An event of anyone's. Texts are the value's own. */
struct fc_ces_event {
    const char *id, *type, *source, *subject;
    struct fc_buf content; /* the document it holds, in data_base64 or data; empty: none */
    const char *pointer;   /* v1: the IRI of the credential, where it holds none; or NULL */
    char integrity[65];    /* v1: the SHA-256 said of it, in hexadecimal; or "" */
};
/* FC_E_FORMAT with a sentence in `fault`; FC_E_NOMEM. Finish it either way. */
FC_MUST_USE enum fc_err fc_ces_event_read(const struct fc_json_value *value,
                                          struct fc_ces_event *out, char *fault,
                                          size_t fault_bytes);
void fc_ces_event_finish(struct fc_ces_event *event);

#endif
