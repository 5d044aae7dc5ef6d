/* JSON in the one form that can be hashed: the JSON Canonicalization Scheme (RFC 8785), which is
 * what ECMAScript's JSON.stringify writes, with the members of objects in order.
 *
 * Refused, because another implementation might write it differently or could not hold it:
 * integers that no double holds exactly (RFC 8785, 3.1: numbers are doubles) or of more than 64
 * bits, numbers too large for a double, names that are there twice, U+0000 in a text, and what is
 * neither an object nor a list. */
#ifndef FC_NODE_JCS_H
#define FC_NODE_JCS_H

#include "store/bytes.h"

enum {
    FC_JCS_DEPTH_MAX = 128, /* arrays and objects within one another */
    FC_JCS_NUMBER_BYTES = 48,
};

/* Appends the canonical form. FC_E_FORMAT with a sentence in `fault`: these bytes have none;
 * FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_jcs_write(struct fc_span bytes, struct fc_buf *out, char *fault,
                                     size_t fault_bytes);
/* A finite number as ECMAScript writes it (ECMA-262, Number::toString): the fewest digits that read
 * back as the same number and, of those, the closest. */
char *fc_jcs_number(double value, char out[FC_JCS_NUMBER_BYTES]);

#endif
