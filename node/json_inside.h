/* What writing JSON (node/json_write.c), reading it (node/json.c) and its canonical form
 * (node/jcs.c) have of one another. */
#ifndef FC_NODE_JSON_INSIDE_H
#define FC_NODE_JSON_INSIDE_H

#include "store/bytes.h"

/* Appends a value on one line without spaces. FC_E_JSON when the bytes are none; FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_json_compact(struct fc_span bytes, struct fc_buf *out);
/* The same over many lines, for people. */
FC_MUST_USE enum fc_err fc_json_indent(struct fc_span bytes, struct fc_buf *out);
/* Appends UTF-8 text as a string of JSON, with the shortest escapes and no more of them than there
 * must be: what RFC 8785, 3.2.2.2 asks for. */
void fc_json_quote(struct fc_span text, struct fc_buf *out);

#endif
