/* Base 64 (RFC 4648), both alphabets. base64url is read in store/document_text.h. */
#ifndef FC_NODE_BASE64_H
#define FC_NODE_BASE64_H

#include "store/bytes.h"

void fc_base64_encode(struct fc_span bytes, struct fc_buf *out);    /* section 4, padded */
void fc_base64url_encode(struct fc_span bytes, struct fc_buf *out); /* section 5, unpadded */
/* Section 4, padded or not; white space is no part of it. FC_E_FORMAT, FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_base64_decode(struct fc_span text, struct fc_buf *out);

#endif
