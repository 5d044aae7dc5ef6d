/* A search as a program writes it: the structured form of store/query.h in JSON (docs/api.md). */
#ifndef FC_NODE_SEARCH_BODY_H
#define FC_NODE_SEARCH_BODY_H

#include "store/query.h"

enum { FC_SEARCH_BODY_BYTES_MAX = 64 * 1024, FC_SEARCH_FAULT_BYTES = 240 };

struct fc_search_body {
    struct fc_query query; /* its cursor lies in `cursor`: not to be copied */
    char cursor[FC_QUERY_CURSOR_BYTES_MAX];
};
/* FC_E_JSON, FC_E_FORMAT, FC_E_BOUND, FC_E_NOMEM; `fault` says what is wrong, where, and what to
 * do, as a sentence. */
FC_MUST_USE enum fc_err fc_search_body_read(struct fc_span bytes, struct fc_search_body *out,
                                            char fault[FC_SEARCH_FAULT_BYTES]);
/* "best", "newest", "oldest", "name", "-name"; false: it is none. */
bool fc_search_sort(struct fc_span name, enum fc_query_sort *sort);

#endif
