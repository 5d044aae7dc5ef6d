/* Reading and writing again: what every decoder must survive. */
#ifndef FC_TESTS_SUPPORT_REWRITE_H
#define FC_TESTS_SUPPORT_REWRITE_H

#include "store/record.h"

/* Parses the body and appends it as the writer of its type has it; aborts when the writer refuses
 * what the reader took. */
FC_MUST_USE enum fc_err fc_test_rewrite_body(const struct fc_record *record, struct fc_buf *out);
/* False when the bytes are refused; true when they are a record that is written back byte for byte,
 * signatures and all; aborts when they are taken and come back otherwise. */
bool fc_test_rewrite_record(struct fc_span bytes);

#endif
