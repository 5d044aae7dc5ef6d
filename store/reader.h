/* Reading a replica on other threads than the one that writes it.
 *
 * A reader sees one commit, whole: tables, ledger and arrival mark of the same moment, and never
 * waits for a disk. Each commit offers what it makes of the ledger before it happens, under the
 * number it will have; a reader begins, asks the store which commit it sees, and takes what was
 * offered under that number. */
#ifndef FC_STORE_READER_H
#define FC_STORE_READER_H

#include "store/replica.h"

/* What a replica shows to its readers: one for a replica, made, and destroyed before the replica is
 * closed, on the thread that writes it, with no transaction open. */
struct fc_readers;
/* FC_E_ARG: the replica shares with others, or is kept in memory. FC_E_NOMEM, FC_E_IO. */
FC_MUST_USE enum fc_err fc_readers_create(struct fc_replica *replica, struct fc_readers **readers);
void fc_readers_destroy(struct fc_readers *readers); /* NULL is fine; its readers are closed */

/* For one thread at a time each; opened and closed on any. */
struct fc_reader;
FC_MUST_USE enum fc_err fc_reader_open(struct fc_readers *readers, struct fc_reader **reader);
void fc_reader_close(struct fc_reader *reader); /* NULL is fine */

/* `*replica` stands at the last commit and does not move until the end. Of replica.h, all that is
 * not marked [w] is for it but fc_replica_begin, fc_replica_wanted and fc_replica_kv. Be short:
 * while the store's map must grow, the writer waits for readers. FC_E_IO, FC_E_NOMEM, FC_E_AGAIN
 * (the store is being opened anew after a failed write). */
FC_MUST_USE enum fc_err fc_reader_begin(struct fc_reader *reader, struct fc_replica **replica);
void fc_reader_end(struct fc_reader *reader);

#endif
