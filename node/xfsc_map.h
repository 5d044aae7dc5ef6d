/* Entries and participants as the XFSC Federated Catalogue 1.0 shows them: bytes in, JSON out. */
#ifndef FC_NODE_XFSC_MAP_H
#define FC_NODE_XFSC_MAP_H

#include "node/json.h"
#include "node/withheld.h"
#include "store/replica.h"

struct fc_xfsc_asset {
    struct fc_hash participant;
    struct fc_span publisher; /* its DID or URL, else its URN */
    struct fc_entry entry;
    struct fc_span content; /* empty: it is not here, and `lack` says why */
    char lack[FC_WITHHELD_BYTES];
    uint64_t changed_ms; /* this node's clock when it took in the version; 0: not known */
};
/* "active", "deprecated", "eol", "revoked". */
const char *fc_xfsc_status_name(enum fc_status status);
/* False when there is no such status. */
bool fc_xfsc_status_read(struct fc_span text, enum fc_status *status);

/* Members of schema Asset into an open object, but for its warnings. */
void fc_xfsc_asset_members(struct fc_json *json, const struct fc_xfsc_asset *asset);
/* "warnings": those of these sentences that are not empty or NULL; nothing when all are. */
void fc_xfsc_warnings(struct fc_json *json, const char *first, const char *second);
/* One item of a list: {meta, content}, either as wanted, with a word where there is no content;
 * `fits`: the answer has room for it. */
void fc_xfsc_item(struct fc_json *json, const struct fc_xfsc_asset *asset, bool with_meta,
                  bool with_content, bool fits);
/* Whether the credential's issuer, or whoever published it, is one of those. */
bool fc_xfsc_is_issued_by(const struct fc_xfsc_asset *asset, struct fc_span list);

/* Of a list as the document asks for it: values with commas between. False at the end. */
bool fc_xfsc_next(struct fc_span *list, struct fc_span *value);
/* "2022-03-01T13:00:00Z/2022-05-11T15:30:00Z". False: it is none. */
bool fc_xfsc_range_read(struct fc_span text, uint64_t *from_ms, uint64_t *to_ms);

/* A participant's DID or URL; its URN, in `own`, where the certificate says neither. */
enum { FC_XFSC_URN_BYTES = 96 };
struct fc_span fc_xfsc_participant_id(const struct fc_participant *participant,
                                      char own[FC_XFSC_URN_BYTES]);
/* Schema Participant; `credential`: what it publishes of itself, or empty. */
void fc_xfsc_participant(struct fc_json *json, const struct fc_participant *participant,
                         struct fc_span credential);

#endif
