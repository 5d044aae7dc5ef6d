/* A write transaction that can be taken back to a mark: what makes one delta whole or nothing
 * inside a batch that goes on. Wraps the transaction of any backend and remembers the rows it
 * changes after the mark as they were; but writes to FC_TABLE_CONTENT, whose rows may be large and
 * many, wait for the release, and cursors do not see them before. */
#ifndef FC_STORE_KV_UNDO_H
#define FC_STORE_KV_UNDO_H

#include "store/kv.h"

/* Begins a write transaction of `kv`; ends with fc_kv_commit or fc_kv_abort as any other. A write
 * that failed sticks: commit then returns its error and undoes everything. */
FC_MUST_USE enum fc_err fc_kv_undo_begin(struct fc_kv *kv, struct fc_txn **txn);
/* From here on changes can be taken back; marks do not nest. */
void fc_kv_undo_mark(struct fc_txn *txn);
/* Puts every row back as it was at the mark, and forgets the mark. After a failed write it does
 * nothing and returns that error: the transaction can only be aborted. */
FC_MUST_USE enum fc_err fc_kv_undo_rollback(struct fc_txn *txn);
/* Forgets the mark and keeps the changes. The error of a write that failed, now or before. */
FC_MUST_USE enum fc_err fc_kv_undo_release(struct fc_txn *txn);

#endif
