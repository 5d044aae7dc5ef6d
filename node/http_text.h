/* What a client's bytes say: paths, queries, header fields. Bounded, and without memory of its own.
 */
#ifndef FC_NODE_HTTP_TEXT_H
#define FC_NODE_HTTP_TEXT_H

#include "store/bytes.h"

/* Appends `text` with its %XX read; with `plus`, '+' is a space. FC_E_FORMAT for a broken escape or
 * a NUL; FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_percent_decode(struct fc_span text, bool plus, struct fc_buf *out);
/* Appends `text` with all but unreserved characters (RFC 3986, 2.3) escaped. */
void fc_percent_encode(struct fc_span text, struct fc_buf *out);

/* The next name and value of a query, both still encoded; `*rest` moves on. False at its end. */
bool fc_query_next(struct fc_span *rest, struct fc_span *name, struct fc_span *value);

enum { FC_PATTERN_PARAMS_MAX = 6 };
struct fc_pattern_param {
    struct fc_span name;  /* in the pattern */
    struct fc_span value; /* in the path, still encoded */
};
/* Whether a path fits a route's pattern (node/http.h), and what its names stand for. */
bool fc_pattern_match(const char *pattern, struct fc_span path,
                      struct fc_pattern_param params[FC_PATTERN_PARAMS_MAX], size_t *count);

enum fc_coding { FC_CODING_NONE, FC_CODING_GZIP, FC_CODING_ZSTD };
const char *fc_coding_name(enum fc_coding coding); /* "gzip"; NULL for none */
/* The one to use for an Accept-Encoding (RFC 9110, 12.5.3): the most wanted, zstd before gzip. NULL
 * is none. */
enum fc_coding fc_coding_choose(const char *accept_encoding);

/* Whether an If-None-Match (RFC 9110, 13.1.2) holds the tag `tag`, with or without the suffix of a
 * coding; "*" holds any. */
bool fc_etag_listed(const char *if_none_match, const char *tag);

/* Whether an If-Match (RFC 9110, 13.1.1) holds it: as above, and weak tags count for nothing. */
bool fc_etag_listed_strongly(const char *if_match, const char *tag);

/* The token of "Bearer <token>"; empty when it is none. */
struct fc_span fc_bearer(const char *authorization);

/* Whether an Accept (RFC 9110, 12.5.1) takes a media type at all ("text/event-stream"). NULL takes
 * any. Quality 0 refuses. */
bool fc_accepts(const char *accept, const char *media_type);

/* Two runs of bytes in a time that depends on their lengths only. */
bool fc_equal_quietly(struct fc_span a, struct fc_span b);

#endif
