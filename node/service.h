/* What a node does for its own users: the one implementation of every command over an open replica.
 * A running node answers requests that come through its socket; when none runs, a command opens the
 * store and calls the same handler (node/client.h).
 *
 * A request is the canonical array [format, verb, arguments], a response [code, text, body];
 * `arguments` and `body` are binary that holds a canonical array, whose fields stand beside the
 * verb below. A name in capitals is a structure of node/message.h. Long answers are asked for page
 * by page: nothing is kept between two requests. */
#ifndef FC_NODE_SERVICE_H
#define FC_NODE_SERVICE_H

#include "net/core.h"
#include "net/transport.h"
#include "node/home.h"
#include "store/replica.h"

enum { FC_SERVICE_FORMAT = 1, FC_SERVICE_PAGE_BYTES = 512 * 1024 };
enum {
    /* A batch of documents with their frames' overhead, and room. */
    FC_REQUEST_BYTES_MAX = 8 * 1024 * 1024,
    FC_RESPONSE_BYTES_MAX = 8 * 1024 * 1024,
};

/*   verb            writes  arguments -> body */
#define FC_VERB_TABLE(X)                                                                           \
    X(STATUS, 1, false)       /* [] -> STATUS */                                                   \
    X(PEERS, 2, false)        /* [] -> [PEER...] */                                                \
    X(DIGEST, 3, false)       /* [] -> [hash, feeds, entries, bytes] */                            \
    X(PARTICIPANTS, 4, false) /* [after id or nil, max] -> [[PARTICIPANT...], more] */             \
    X(PARTICIPANT, 5, false)  /* [id] -> PARTICIPANT */                                            \
    X(BY_FEED_KEY, 6, false)  /* [feed key] -> PARTICIPANT */                                      \
    X(LIST, 7, false)         /* [participant, after H(key) or nil, max] -> [[ENTRY...], more] */  \
    X(FIND, 8, false)         /* [participant or nil, key] -> [ENTRY...] of every feed */          \
    X(CONTENT, 9, false)      /* [participant, H(key)] -> [content] */                             \
    X(HISTORY, 10, false)     /* [participant, below, max] -> [[[head record, ops]...], more] */   \
    X(PROVE, 11, false)       /* [participant, key] -> [proof] */                                  \
    X(RECORDS, 12, false)     /* [after index, max] -> [[[index, type, record]...], more] */       \
    X(RECORD, 13, false)      /* [hash] -> [record] */                                             \
    X(CHARTER, 14, false)     /* [version, 0: in force] -> [record, disputed] */                   \
    X(BOOTSTRAP, 15, false)   /* [] -> [federation, [[node key, [endpoint...]]...], [record...]]*/ \
    X(SUBMIT_RECORD, 16, true)  /* [record] -> [hash, type] */                                     \
    X(SUBMIT_DELTA, 17, true)   /* [delta, [CONTENT...]] -> [version] */                           \
    X(AUTHOR, 18, true)         /* [participant, [OP...], [CONTENT...]], and perhaps a CONDITION   \
                                   -> [version, ops] */                                            \
    X(PREPARE, 19, true)        /* the same -> [head body, ops, [CONTENT...]] */                   \
    X(TAKEDOWN_LOCAL, 20, true) /* [participant, H(key), reason, on] -> [] */                      \
    X(PIN, 21, true)            /* [charter hash] -> [] */                                         \
    X(VERIFY, 22, true)         /* [repair] -> [[[text, participant, H(key), repaired]...], n] */  \
    X(BACKUP, 23, false)        /* [absolute path] -> [] */                                        \
    X(SEARCH, 24, false)        /* [query, limit, facets, cursor] -> [total, at most, entries, as  \
                                   of, [HIT...], [[facet, [[value, name, count]...],               \
                                   others]...], cursor] (store/query.h) */                         \
    X(REINDEX, 25, false)       /* [] -> [entries]; in transactions of its own */

enum fc_verb {
#define FC_VERB_ENUM(name, number, writes) FC_VERB_##name = number,
    FC_VERB_TABLE(FC_VERB_ENUM)
#undef FC_VERB_ENUM
};
/* "status"...; NULL for a number that is none. */
const char *fc_verb_name(enum fc_verb verb);
bool fc_verb_writes(enum fc_verb verb);

struct fc_service {
    struct fc_replica *replica; /* borrowed, as all of these */
    const struct fc_home *home; /* whose unsealed feed keys AUTHOR may use */
    struct fc_key node_key;
    struct fc_hash operator_id;     /* zero before it is admitted */
    struct fc_core *core;           /* NULL: the node does not run */
    struct fc_transport *transport; /* NULL: the node does not run */
    const char *const *announced;   /* this node's endpoints as others dial them */
    uint32_t announced_count;
    uint64_t started_ms; /* 0: does not run */
    bool changed;        /* set by a handler that took something in */
    void (*progress)(void *ctx, uint64_t done, uint64_t total); /* of a verify; or NULL */
    void *progress_ctx;
};

/* Writes a request around packed arguments. Appends. */
void fc_service_request(enum fc_verb verb, struct fc_span arguments, struct fc_buf *out);
/* FC_E_FORMAT, FC_E_VERSION. */
FC_MUST_USE enum fc_err fc_service_parse(struct fc_span request, enum fc_verb *verb,
                                         struct fc_span *arguments);
void fc_service_response(enum fc_err code, const char *text, struct fc_span body,
                         struct fc_buf *out);
/* The code of a response and what came with it. FC_E_FORMAT when it is none. */
FC_MUST_USE enum fc_err fc_service_read(struct fc_span response, enum fc_err *code,
                                        struct fc_span *text, struct fc_span *body);

/* Answers one request: appends a response, also for an error. A verb that writes needs the
 * replica's write transaction open; the caller commits before the response leaves. Returned is
 * FC_OK, or the store error after which the transaction can only be aborted. */
FC_MUST_USE enum fc_err fc_service_handle(struct fc_service *service, struct fc_span request,
                                          uint64_t now_ms, struct fc_buf *response);
/* The same with a transaction of its own, tried again when the map had to grow. Two AUTHOR requests
 * never share a transaction: a counter keeps one delta, so the one before must be durable. */
FC_MUST_USE enum fc_err fc_service_run(struct fc_service *service, struct fc_span request,
                                       uint64_t now_ms, struct fc_buf *response);

#endif
