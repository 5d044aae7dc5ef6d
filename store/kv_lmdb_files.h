/* The files around an LMDB environment: its directory, its owner's lock, names that appear only
 * when what they name is whole. */
#ifndef FC_STORE_KV_LMDB_FILES_H
#define FC_STORE_KV_LMDB_FILES_H

#include "store/bytes.h"

/* What is in a store's directory. */
#define FC_LMDB_DATA  "data.mdb"
#define FC_LMDB_DRAFT "data.mdb.new" /* becomes data.mdb when complete */
#define FC_LMDB_OWNER "owner.lock"

/* `dir`/`name` on the heap, NULL when out of memory. */
char *fc_lmdb_path(const char *dir, const char *name);
/* What an errno of ours or of the library says: FC_E_FULL, FC_E_NOMEM, FC_E_MISSING or FC_E_IO. */
enum fc_err fc_lmdb_errno(int number);
/* Makes the directory, 0700, and syncs its parent; an existing one is FC_E_KNOWN. */
FC_MUST_USE enum fc_err fc_lmdb_make_dir(const char *path);
/* FC_E_LOCKED when someone holds it. The lock ends with close(*fd). */
FC_MUST_USE enum fc_err fc_lmdb_lock(const char *dir, int *fd);
/* Syncs the draft, gives it the data file's name, syncs the directory. */
FC_MUST_USE enum fc_err fc_lmdb_publish(const char *dir);
/* Whether a write that came out short did so for want of room. */
bool fc_lmdb_is_full(const char *dir);

#endif
