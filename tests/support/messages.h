/* One message of every kind, encoded. */
#ifndef FC_TESTS_SUPPORT_MESSAGES_H
#define FC_TESTS_SUPPORT_MESSAGES_H

#include "net/wire.h"

/* Appends the sample of a kind; aborts on failure. */
void fc_test_message(enum fc_wire_kind kind, struct fc_buf *out);
/* Decodes and encodes again; aborts when what was taken comes back otherwise. False: refused. */
bool fc_test_rewrite_message(struct fc_span bytes);

#endif
