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
struct fc_ces_kind {
    const char *type; /* "eu.gaia-x.credential", "eu.fedcat.dataset", ...: for those who filter */
    const char *version; /* of the trust framework a credential is for: "22.10"; NULL: not known */
};
struct fc_ces_kind fc_ces_kind(struct fc_span content);
/* One event into an open array, or at the top. v1 points at a credential and holds no content but
 * its hash: of the canonical form (node/jcs.h) where there is one, else of the bytes; v2 holds the
 * bytes, in data_base64. */
void fc_ces_event_write(struct fc_json *json, const struct fc_ces_arrival *arrival,
                        enum fc_ces_form form, const struct fc_ces_kind *kind);

enum { FC_CES_POINTERS_MAX = 256 }; /* credentials that one event of v1 may point at */

/* An event of anyone's. Texts are the value's own. */
struct fc_ces_event {
    const char *id, *type, *source, *subject;
    struct fc_buf content; /* the document it holds, in data_base64 or data; empty: none */
    const struct fc_json_value *pointers; /* v1: subjects that stand for credentials elsewhere */
    size_t pointer_count;
};
/* FC_E_FORMAT with a sentence in `fault`; FC_E_NOMEM. Finish it either way. */
FC_MUST_USE enum fc_err fc_ces_event_read(const struct fc_json_value *value,
                                          struct fc_ces_event *out, char *fault,
                                          size_t fault_bytes);
void fc_ces_event_finish(struct fc_ces_event *event);

/* v1: where a credential is, and how to know it. */
struct fc_ces_pointer {
    const char *iri; /* the value's own */
    bool canonical;  /* the hash is of its canonical form (node/jcs.h), not of its bytes */
    struct fc_hash sha256;
};
/* FC_E_FORMAT with a sentence in `fault`: it names no credential, or no hash that can be checked
 * here. `iri` is filled in where there is one. */
FC_MUST_USE enum fc_err fc_ces_pointer_read(const struct fc_ces_event *event, size_t index,
                                            struct fc_ces_pointer *out, char *fault,
                                            size_t fault_bytes);
/* Whether the bytes are what it stands for: FC_E_SIGNATURE when not, FC_E_FORMAT when they have no
 * canonical form, with a sentence; FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_ces_pointer_check(const struct fc_ces_pointer *pointer,
                                             struct fc_span content, char *fault,
                                             size_t fault_bytes);

#endif
