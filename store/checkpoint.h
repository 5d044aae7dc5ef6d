/* Checkpoints: what a node's replica holds at a time, for its operator to sign and publish, so that
 * a split view or a withheld history shows, and a proof has a date. */
#ifndef FC_STORE_CHECKPOINT_H
#define FC_STORE_CHECKPOINT_H

#include "store/replica.h"

enum { FC_CHECKPOINT_LEAST_MS = 10 * 60 * 1000 }; /* between two of one node, unless configured */

/* How far apart a node's checkpoints are on average: at least `least_ms`, and so far that all nodes
 * together publish no more than 60 in that time. */
uint64_t fc_checkpoint_interval_ms(size_t nodes, uint64_t least_ms);
/* When the next one is due: the last one's time and an interval, within a quarter of it earlier or
 * later, which follows from key and time. `last_ms` 0: none was made, and one is due within a
 * quarter of an interval after `start_ms`. So nodes that start together do not publish together. */
uint64_t fc_checkpoint_due_ms(const struct fc_key *node_key, uint64_t last_ms, uint64_t start_ms,
                              size_t nodes, uint64_t least_ms);
/* Time of the latest that is held of a node; 0: none. */
uint64_t fc_checkpoint_last_ms(const struct fc_ledger *ledger, const struct fc_key *node_key);

/* Appends the body of a checkpoint of this replica now, to be signed (FC_RECORD_CHECKPOINT) with
 * the feed key of the participant that operates the node. FC_E_UNKNOWN before the first charter;
 * store errors. */
FC_MUST_USE enum fc_err fc_replica_checkpoint(struct fc_replica *replica,
                                              const struct fc_hash *participant,
                                              const struct fc_key *node_key, uint64_t now_ms,
                                              struct fc_buf *body);

#endif
