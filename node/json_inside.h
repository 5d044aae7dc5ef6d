/* Between writing JSON (node/json_write.c) and reading it (node/json.c). */
#ifndef FC_NODE_JSON_INSIDE_H
#define FC_NODE_JSON_INSIDE_H

#include "store/bytes.h"

/* Appends a value on one line without spaces. FC_E_JSON when the bytes are none; FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_json_compact(struct fc_span bytes, struct fc_buf *out);
/* The same over many lines, for people. */
FC_MUST_USE enum fc_err fc_json_indent(struct fc_span bytes, struct fc_buf *out);

#endif
