/* What the routes of the XFSC group share (node/xfsc.c has their table). */
#ifndef FC_NODE_XFSC_H
#define FC_NODE_XFSC_H

#include "node/http.h"
#include "node/xfsc_map.h"

enum { FC_XFSC_SLICE_US = 25 * 1000 }; /* of a handler's work at a time */

/* {code, message}, as the document has errors. */
void fc_xfsc_refuse(struct fc_http_call *call, unsigned status, const char *code,
                    const char *format, ...) __attribute__((format(printf, 4, 5)));
void fc_xfsc_refuse_err(struct fc_http_call *call, enum fc_err err, const char *what);

/* Fills in all but the entry; `hold` backs content and publisher. FC_E_NOMEM, store errors; a
 * content that is not here leaves `content` empty and says why. */
FC_MUST_USE enum fc_err fc_xfsc_asset_load(struct fc_replica *replica,
                                           const struct fc_hash *participant,
                                           const struct fc_entry *entry, struct fc_buf *hold,
                                           struct fc_xfsc_asset *out);
/* Entries of a key in all feeds, the one of `first` before the others (NULL: by participant). */
FC_MUST_USE enum fc_err fc_xfsc_by_id(
    struct fc_replica *replica, struct fc_span id, const struct fc_hash *first,
    enum fc_err (*each)(void *ctx, const struct fc_hash *participant, const struct fc_entry *entry),
    void *ctx);
/* The participant a valid token is for; false: none was sent, or none that is valid. */
bool fc_xfsc_caller(struct fc_http_call *call, struct fc_replica *replica, struct fc_hash *out);
/* The same, answering 401, 403 or 400 when there is none. */
bool fc_xfsc_authorize(struct fc_http_call *call, struct fc_replica *replica, struct fc_hash *out);
/* true or false of the query; an absent one leaves `*out` as it is. False: answered 400. */
bool fc_xfsc_query_bool(struct fc_http_call *call, const char *name, bool *out);
/* 64 hexadecimal digits. */
bool fc_xfsc_hash_read(struct fc_span text, struct fc_hash *out);

/* Handlers, by file. */
fc_http_handler fc_xfsc_list;                                       /* node/xfsc_list.c */
fc_http_handler fc_xfsc_add, fc_xfsc_update, fc_xfsc_delete;        /* node/xfsc_write.c */
fc_http_handler fc_xfsc_delete_by_id, fc_xfsc_revoke, fc_xfsc_join; /* the same */
fc_http_handler fc_xfsc_verify;                                     /* node/xfsc_verify.c */

#endif
