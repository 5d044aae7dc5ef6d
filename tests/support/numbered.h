/* Numbered transactions: what number n writes follows from n, so that a store which holds the
 * first n of them can be told from one that holds anything else. */
#ifndef FC_TESTS_NUMBERED_H
#define FC_TESTS_NUMBERED_H

#include "store/kv.h"
#include "tests/support/kv_model.h"

/* Writes and deletes rows of FC_TABLE_ENTRY, and the number in FC_TABLE_META; does not commit. */
enum fc_err numbered_write(struct fc_txn *txn, uint64_t number);
void numbered_apply(struct kv_model *model, uint64_t number);
/* The last number the store holds, 0 when none. */
enum fc_err numbered_last(struct fc_txn *txn, uint64_t *number);
/* Whether the store holds what the first `*last` transactions leave, for its own last number. */
bool numbered_holds(struct fc_kv *kv, uint64_t *last);

#endif
