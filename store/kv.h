/* Ordered tables of byte strings under transactions: what a replica is kept in.
 *
 * Two backends pass one suite: LMDB on disk (store/kv_lmdb.h) and memory (store/kv_mem.h). One
 * writer at a time; readers see the state at their begin. A commit of the LMDB backend is on the
 * disk when it returns. */
#ifndef FC_STORE_KV_H
#define FC_STORE_KV_H

#include "store/bytes.h"

enum fc_table {
    FC_TABLE_META,    /* name -> value */
    FC_TABLE_RECORD,  /* record hash -> record */
    FC_TABLE_ARRIVAL, /* arrival index -> what arrived */
    FC_TABLE_SUBJECT, /* subject -> arrival index; of a feed also when its head was accepted */
    FC_TABLE_FEED,    /* participant -> held head, generation, flags */
    FC_TABLE_HEAD,    /* participant, version -> head record and ops */
    FC_TABLE_ENTRY,   /* generation, H(key) -> leaf, key, salt, content state */
    FC_TABLE_BYVER,   /* generation, version, H(key) -> nothing */
    FC_TABLE_DELETED, /* generation, version, H(key) -> nothing */
    FC_TABLE_CONTENT, /* generation, H(key) -> frame */
    FC_TABLE_TREE,    /* generation, depth, prefix -> counts and hashes of children */
    FC_TABLE_LOCAL,   /* what this node alone decided: local takedowns, pins */
    FC_TABLE_INDEX,   /* for the search index */
    FC_TABLE_STEP,    /* arrivals of a feed's last heads; see store/news.c */
    FC_TABLE_COUNT,
};
enum {
    FC_KV_KEY_BYTES_MAX = 128, /* and no key is empty: FC_E_ARG */
    FC_KV_VALUE_BYTES_MAX = 64 * 1024 * 1024,
};

struct fc_kv;
struct fc_txn;
struct fc_kv_cursor;

/* FC_E_LOCKED when a writer is open in this process; FC_E_NOMEM; FC_E_IO; FC_E_MAP_FULL. */
FC_MUST_USE enum fc_err fc_kv_begin(struct fc_kv *kv, bool write, struct fc_txn **txn);
/* Ends the transaction whatever it returns: FC_OK and durable, or an error and undone.
 * FC_E_FULL, FC_E_IO, FC_E_MAP_FULL (the map has been grown: do the work again). */
FC_MUST_USE enum fc_err fc_kv_commit(struct fc_txn *txn);
void fc_kv_abort(struct fc_txn *txn); /* NULL is fine */

/* `value` points into the store: valid until the next write in this transaction, or its end.
 * FC_E_MISSING, FC_E_CORRUPT, FC_E_IO. */
FC_MUST_USE enum fc_err fc_kv_get(struct fc_txn *txn, enum fc_table table, struct fc_span key,
                                  struct fc_span *value);
/* Inserts or replaces. `key` and `value` must not point into the store. FC_E_FULL, FC_E_MAP_FULL,
 * FC_E_NOMEM, FC_E_IO, FC_E_BOUND, FC_E_ARG. After an error the transaction can only be aborted. */
FC_MUST_USE enum fc_err fc_kv_put(struct fc_txn *txn, enum fc_table table, struct fc_span key,
                                  struct fc_span value);
/* The same where the caller expects `key` to be the table's last: cheaper; falls back by itself. */
FC_MUST_USE enum fc_err fc_kv_append(struct fc_txn *txn, enum fc_table table, struct fc_span key,
                                     struct fc_span value);
/* FC_E_MISSING when there is none. */
FC_MUST_USE enum fc_err fc_kv_del(struct fc_txn *txn, enum fc_table table, struct fc_span key);

/* Cursors end with their transaction or at close, whichever is first. Writes to the same table
 * in between leave a cursor where it stood by key: next goes to the least key greater. */
FC_MUST_USE enum fc_err fc_kv_cursor_open(struct fc_txn *txn, enum fc_table table,
                                          struct fc_kv_cursor **cursor);
void fc_kv_cursor_close(struct fc_kv_cursor *cursor);
/* To the least key >= `key`; an empty `key` means the first of all. FC_E_MISSING past the end. */
FC_MUST_USE enum fc_err fc_kv_seek(struct fc_kv_cursor *cursor, struct fc_span key,
                                   struct fc_span *found, struct fc_span *value);
/* A cursor that was never moved goes to the first. FC_E_MISSING past the end. */
FC_MUST_USE enum fc_err fc_kv_next(struct fc_kv_cursor *cursor, struct fc_span *found,
                                   struct fc_span *value);
/* To the greatest key of the table that is < `key`; an empty `key` means the last of all. */
FC_MUST_USE enum fc_err fc_kv_seek_before(struct fc_kv_cursor *cursor, struct fc_span key,
                                          struct fc_span *found, struct fc_span *value);

/* Reading on other threads than the store's own, one thread at a time each. What it sees is the
 * last commit at its begin. Be short: the map cannot grow while a reader is between begin and end,
 * and waits for it. Readers are closed before the store. */
struct fc_kv_reader;
/* FC_E_ARG: the backend is for one thread (memory). FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_kv_reader_open(struct fc_kv *kv, struct fc_kv_reader **reader);
void fc_kv_reader_close(struct fc_kv_reader *reader); /* NULL is fine; not between begin and end */
/* `*txn` is for fc_kv_get and cursors, until the end; it is not committed or aborted. FC_E_IO,
 * FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_kv_reader_begin(struct fc_kv_reader *reader, struct fc_txn **txn);
void fc_kv_reader_end(struct fc_kv_reader *reader);
/* Of a read transaction, the number of the commit it sees; of a write transaction, of the one it
 * may become: one more than that of the last. 0 where commits are not counted (memory). */
uint64_t fc_kv_txn_number(const struct fc_txn *txn);

struct fc_kv_stat {
    uint64_t used_bytes; /* on disk, or in memory */
    uint64_t map_bytes;  /* room before the map must grow; 0 where it has no map */
    uint64_t rows[FC_TABLE_COUNT];
};
FC_MUST_USE enum fc_err fc_kv_stat(struct fc_kv *kv, struct fc_kv_stat *stat);
/* Makes room for a write transaction of about `bytes`, so that it does not end in FC_E_MAP_FULL.
 * No transaction may be open in this process. */
FC_MUST_USE enum fc_err fc_kv_reserve(struct fc_kv *kv, uint64_t bytes);
/* A consistent compacted copy at `path` (a new file or directory), synced. FC_E_KNOWN when there is
 * something already; FC_E_CORRUPT, and no copy, when the store is damaged; FC_E_FULL, FC_E_IO. */
FC_MUST_USE enum fc_err fc_kv_backup(struct fc_kv *kv, const char *path);
/* Reads every page and row; FC_E_CORRUPT when the structure is damaged. */
FC_MUST_USE enum fc_err fc_kv_check(struct fc_kv *kv);
void fc_kv_close(struct fc_kv *kv); /* NULL is fine */

/* What a backend provides; fc_kv_* above dispatch to it. The objects begin with `ops`. */
struct fc_kv_ops;
struct fc_kv {
    const struct fc_kv_ops *ops;
};
struct fc_txn {
    const struct fc_kv_ops *ops;
};
struct fc_kv_cursor {
    const struct fc_kv_ops *ops;
};
struct fc_kv_reader {
    const struct fc_kv_ops *ops;
};
struct fc_kv_ops {
    enum fc_err (*begin)(struct fc_kv *kv, bool write, struct fc_txn **txn);
    enum fc_err (*commit)(struct fc_txn *txn);
    void (*abort)(struct fc_txn *txn);
    enum fc_err (*get)(struct fc_txn *txn, enum fc_table table, struct fc_span key,
                       struct fc_span *value);
    enum fc_err (*put)(struct fc_txn *txn, enum fc_table table, struct fc_span key,
                       struct fc_span value, bool append);
    enum fc_err (*del)(struct fc_txn *txn, enum fc_table table, struct fc_span key);
    enum fc_err (*cursor_open)(struct fc_txn *txn, enum fc_table table,
                               struct fc_kv_cursor **cursor);
    void (*cursor_close)(struct fc_kv_cursor *cursor);
    enum fc_err (*seek)(struct fc_kv_cursor *cursor, struct fc_span key, struct fc_span *found,
                        struct fc_span *value);
    enum fc_err (*next)(struct fc_kv_cursor *cursor, struct fc_span *found, struct fc_span *value);
    enum fc_err (*seek_before)(struct fc_kv_cursor *cursor, struct fc_span key,
                               struct fc_span *found, struct fc_span *value);
    enum fc_err (*stat)(struct fc_kv *kv, struct fc_kv_stat *stat);
    enum fc_err (*reserve)(struct fc_kv *kv, uint64_t bytes);
    enum fc_err (*backup)(struct fc_kv *kv, const char *path);
    enum fc_err (*check)(struct fc_kv *kv);
    void (*close)(struct fc_kv *kv);
    uint64_t (*number)(const struct fc_txn *txn); /* NULL: commits are not counted */
    /* NULL: for one thread. */
    enum fc_err (*reader_open)(struct fc_kv *kv, struct fc_kv_reader **reader);
    void (*reader_close)(struct fc_kv_reader *reader);
    enum fc_err (*reader_begin)(struct fc_kv_reader *reader, struct fc_txn **txn);
    void (*reader_end)(struct fc_kv_reader *reader);
    /* NULL where a part of a transaction cannot be undone: store/kv_undo.h does it then. One mark
     * at a time; it ends at unmark, or with the transaction. */
    void (*mark)(struct fc_txn *txn);
    void (*unmark)(struct fc_txn *txn, bool undo);
};

#endif
