/* What the replica's sources share among themselves. */
#ifndef FC_STORE_REPLICA_PRIV_H
#define FC_STORE_REPLICA_PRIV_H

#include "store/content_memo.h"
#include "store/digest_memo.h"
#include "store/index.h"
#include "store/item.h"
#include "store/kv_undo.h"
#include "store/replica.h"

/* A feed's row: what is public of it and what only bounds the tables beside it. */
struct fc_replica_row {
    struct fc_feed feed;
    uint32_t deletes; /* rows of table DELETED */
    uint32_t heads;   /* rows of table HEAD */
};

struct fc_replica_state {
    uint64_t epoch;
    uint64_t index;      /* of the last arrival */
    uint64_t draws;      /* of entropy that must never repeat, over the store's whole life */
    uint32_t generation; /* the last one given out */
};

struct fc_shared {
    struct fc_ledger_pool *ledgers;
    struct fc_codec *codec;
    struct fc_content_memo *contents;
    struct fc_digest_memo *digests;
};

struct fc_replica {
    struct fc_kv *kv;
    struct fc_shared *shared; /* or NULL */
    struct fc_txn *txn;       /* the open write transaction, or NULL */
    struct fc_verifier verifier;
    uint8_t seed[32];
    struct fc_hash federation;
    struct fc_ledger *ledger;
    bool ledger_noted;      /* the store says which ledger it holds */
    struct fc_codec *codec; /* made when first needed; unused beside `shared` */
    struct fc_replica_state state;
    bool row_known; /* the row that was asked for last */
    struct fc_replica_row last_row;
    bool state_changed, ledger_changed, local_changed; /* since the last commit */
    bool heads_known;                                  /* `heads` and the digest's counts */
    bool digest_known;
    struct fc_heads_sum heads;
    struct fc_digest digest;
    uint64_t takedowns_local;
    uint8_t rove[36]; /* generation and H(key) of the last content wanted */
    struct fc_load *loads;
    struct fc_readers *readers;           /* told of every commit; or NULL */
    struct fc_index *index;               /* or NULL */
    bool at_commit;                       /* a reader's: `txn` sees one and does not write */
    bool index_forget;                    /* the store has one that this replica does not keep up */
    struct fc_buf row, old, plain, frame; /* scratch, each used by one function at a time */
};

/* A transaction to read from: the open one, or one of its own until the end. */
struct fc_replica_read {
    struct fc_txn *txn;
    bool own;
};
/* [w] Notes that this arrival brought this head (store/news.c). */
FC_MUST_USE enum fc_err fc_replica_step_add(struct fc_replica *replica,
                                            const struct fc_hash *participant, uint64_t index,
                                            const struct fc_head *head, uint64_t accepted_ms);
/* Where a feed's held head stands in the arrival log. FC_E_MISSING. */
FC_MUST_USE enum fc_err fc_replica_arrival_index(struct fc_txn *txn,
                                                 const struct fc_hash *participant,
                                                 uint64_t *index);
FC_MUST_USE enum fc_err fc_replica_read_begin(struct fc_replica *replica,
                                              struct fc_replica_read *read);
void fc_replica_read_end(struct fc_replica_read *read);

/* 32 bytes that no other draw of this store gives, for those who do not know the seed. */
struct fc_hash fc_replica_draw(struct fc_replica *replica, const char *personal);
/* -- generations: rows of one state of one feed, told apart by the first four bytes of their keys
 */

/* From here on they follow from the feed's participant, as replicas that share have it; below they
 * are counted, so that a new one's rows come last in their tables. */
#define FC_GENERATION_NAMED 0x80000000u

/* A new one, marked to be dropped unless fc_replica_generation_keep is called for it. */
FC_MUST_USE enum fc_err fc_replica_generation_new(struct fc_replica *replica,
                                                  const struct fc_hash *participant,
                                                  uint32_t *generation);
FC_MUST_USE enum fc_err fc_replica_generation_keep(struct fc_replica *replica, uint32_t generation);
FC_MUST_USE enum fc_err fc_replica_generation_drop(struct fc_replica *replica, uint32_t generation);

/* -- keys ------------------------------------------------------------------------------------- */

struct fc_version_key { /* of BYVER and DELETED: generation, version, H(key) */
    uint8_t b[44];
};
struct fc_version_key fc_version_key(uint32_t generation, fc_version version,
                                     const struct fc_hash *key_hash);
struct fc_head_key { /* participant, version */
    uint8_t b[40];
};
struct fc_head_key fc_head_key(const struct fc_hash *participant, fc_version version);
struct fc_missing_key { /* of LOCAL: 'M', generation, H(key) */
    uint8_t b[37];
};
struct fc_missing_key fc_missing_key(uint32_t generation, const struct fc_hash *key_hash);
struct fc_local_key { /* of LOCAL: 'T', participant, H(key); or 'P', charter */
    uint8_t b[65];
    size_t len;
};
struct fc_local_key fc_takedown_key(const struct fc_hash *participant,
                                    const struct fc_hash *key_hash);
struct fc_local_key fc_pin_key(const struct fc_hash *charter);

/* -- feeds ------------------------------------------------------------------------------------ */

/* All but feed.accepted_ms. FC_E_MISSING when the feed is not held, or its row is damaged, which
 * fc_replica_verify reports. */
FC_MUST_USE enum fc_err fc_replica_row_get(struct fc_replica *replica,
                                           const struct fc_hash *participant,
                                           struct fc_replica_row *out);
/* Calls back for each in order of participant; what is written meanwhile is seen. A non-zero return
 * stops and is returned. */
FC_MUST_USE enum fc_err fc_replica_rows_each(struct fc_replica *replica,
                                             enum fc_err (*each)(void *ctx,
                                                                 const struct fc_replica_row *row),
                                             void *ctx);
/* Moves the cursor to the next row that parses, from the first that is not below `from` unless that
 * has NULL data. FC_E_MISSING past the end. */
FC_MUST_USE enum fc_err fc_replica_row_next(struct fc_kv_cursor *cursor, struct fc_span from,
                                            struct fc_replica_row *row);
/* The feed's row is about to become `row`, or to go (NULL): what is known of the digest follows. */
FC_MUST_USE enum fc_err fc_replica_digest_follow(struct fc_replica *replica,
                                                 const struct fc_hash *participant,
                                                 const struct fc_replica_row *row);
/* Takes the open transaction back to its mark; the error it comes to is `err`, or worse. */
FC_MUST_USE enum fc_err fc_replica_rollback(struct fc_replica *replica, enum fc_err err);
FC_MUST_USE enum fc_err fc_replica_row_store(struct fc_replica *replica,
                                             const struct fc_replica_row *row);
FC_MUST_USE enum fc_err fc_replica_row_parse(const struct fc_hash *participant,
                                             struct fc_span value, struct fc_replica_row *out);
/* Forgets a feed: its row, heads and arrival; its generation is left to be tidied. */
FC_MUST_USE enum fc_err fc_replica_feed_remove(struct fc_replica *replica,
                                               const struct fc_hash *participant);
/* Makes `head` the held one of a feed whose entries are already in place under
 * row->feed.generation: head, row, arrival. `ops` with NULL data: not known. */
FC_MUST_USE enum fc_err fc_replica_hold(struct fc_replica *replica, struct fc_replica_row *row,
                                        const struct fc_record *record, const struct fc_head *head,
                                        struct fc_span ops, uint64_t now_ms);
/* What the head is to the one held, leaving aside who may speak. */
FC_MUST_USE enum fc_err fc_replica_relate(struct fc_replica *replica,
                                          const struct fc_record *record,
                                          const struct fc_head *head);
/* Deletes the `count` oldest heads of a feed. */
FC_MUST_USE enum fc_err fc_replica_heads_trim(struct fc_replica *replica,
                                              const struct fc_hash *participant, uint32_t count);
/* A row of table HEAD; `ops` has NULL data when they are not held. */
FC_MUST_USE enum fc_err fc_replica_head_parse(struct fc_span value, struct fc_span *record,
                                              struct fc_span *ops);

/* -- arrival log ------------------------------------------------------------------------------ */

FC_MUST_USE enum fc_err fc_replica_arrival_add(struct fc_replica *replica, enum fc_record_type type,
                                               const struct fc_hash *subject,
                                               const struct fc_hash *hash, fc_version version,
                                               uint64_t accepted_ms);
/* When a feed's held head was accepted; 0 when that is not known. */
FC_MUST_USE enum fc_err fc_replica_arrival_accepted(struct fc_txn *txn,
                                                    const struct fc_hash *participant,
                                                    uint64_t *accepted_ms);
FC_MUST_USE enum fc_err fc_replica_arrival_drop(struct fc_replica *replica,
                                                enum fc_record_type type,
                                                const struct fc_hash *subject);
FC_MUST_USE enum fc_err fc_replica_arrival_parse(struct fc_span key, struct fc_span value,
                                                 struct fc_arrival *out);
/* The record an arrival is of, in the store. */
FC_MUST_USE enum fc_err fc_replica_arrival_record(struct fc_txn *txn, struct fc_arrival *arrival);

/* -- entries ---------------------------------------------------------------------------------- */

/* Makes `entry` the row of its key, in step with BYVER, CONTENT, the missing and `row`'s counts.
 * `frame` with NULL data keeps the content that is there when the state is PRESENT. `fresh`: the
 * generation has no such key and it comes in order. `entry` must not borrow from the store. */
FC_MUST_USE enum fc_err fc_replica_entry_put(struct fc_replica *replica, struct fc_replica_row *row,
                                             const struct fc_entry *entry, struct fc_span frame,
                                             bool fresh);
/* FC_E_MISSING when it is not there. `version` 0: not kept among the recent deletes. */
FC_MUST_USE enum fc_err fc_replica_entry_delete(struct fc_replica *replica,
                                                struct fc_replica_row *row,
                                                const struct fc_hash *key_hash, fc_version version);
/* Copies the row of a key into `hold` and parses it from there. FC_E_MISSING. */
FC_MUST_USE enum fc_err fc_replica_entry_get(struct fc_txn *txn, uint32_t generation,
                                             const struct fc_hash *key_hash, struct fc_buf *hold,
                                             struct fc_entry *out);
/* Takes all recent deletes away: they are complete for versions above `from` only. */
FC_MUST_USE enum fc_err fc_replica_deletes_reset(struct fc_replica *replica,
                                                 struct fc_replica_row *row, fc_version from);
/* Keeps as many as FC_DELETES_KEPT allows. */
FC_MUST_USE enum fc_err fc_replica_deletes_trim(struct fc_replica *replica,
                                                struct fc_replica_row *row);
/* Whether a takedown, of governors or of this node, covers a content. */
FC_MUST_USE enum fc_err fc_replica_withheld(struct fc_replica *replica, struct fc_txn *txn,
                                            const struct fc_hash *participant,
                                            const struct fc_hash *key_hash,
                                            const struct fc_hash *commitment, bool *withheld);
/* Checks a content against size and commitment and gives the frame to keep, which lies in the
 * content or in replica->frame. FC_E_SIGNATURE when it does not match. */
FC_MUST_USE enum fc_err fc_replica_content_check(struct fc_replica *replica,
                                                 const struct fc_content *content, uint64_t size,
                                                 const struct fc_hash *commitment,
                                                 struct fc_span *frame);
/* What a content of that size commits to. FC_E_SIGNATURE when it has another size. */
FC_MUST_USE enum fc_err fc_replica_content_commit(struct fc_replica *replica,
                                                  const struct fc_content *content, uint64_t size,
                                                  struct fc_hash *commitment);
/* Drops a content because it is withheld, or lets it be pulled again. */
FC_MUST_USE enum fc_err fc_replica_content_reset(struct fc_replica *replica,
                                                 struct fc_replica_row *row,
                                                 const struct fc_hash *key_hash,
                                                 enum fc_content_state state);
/* The same as the takedowns in force say. */
FC_MUST_USE enum fc_err fc_replica_content_settle(struct fc_replica *replica,
                                                  struct fc_replica_row *row,
                                                  const struct fc_hash *key_hash);

/* -- changes ---------------------------------------------------------------------------------- */

/* Contents by H(key); `*sorted` is the caller's to free. */
FC_MUST_USE enum fc_err fc_contents_sort(const struct fc_content *contents, uint32_t count,
                                         const struct fc_content ***sorted);
const struct fc_content *fc_contents_find(const struct fc_content *const *sorted, uint32_t count,
                                          const struct fc_hash *key_hash);

/* One delta on its way into the rows of a feed. */
struct fc_change {
    struct fc_replica *replica;
    struct fc_replica_row *row;
    fc_version version;
    bool trusted; /* the contents were packed here */
    const struct fc_content **contents;
    uint32_t content_count, used, bad;
    struct fc_buf hold;
};
/* Applies the ops to rows and tree; FC_E_FORMAT when one is for a key that is not there. */
FC_MUST_USE enum fc_err fc_change_apply(struct fc_change *change, struct fc_ops ops,
                                        struct fc_subtree *root);
void fc_change_finish(struct fc_change *change);
FC_MUST_USE enum fc_err fc_replica_row_start(struct fc_replica *replica,
                                             const struct fc_hash *participant,
                                             struct fc_replica_row *row);

/* -- catch-up --------------------------------------------------------------------------------- */

/* Loads whose rows were staged in a transaction that was lost cannot go on. */
void fc_load_transaction_ended(struct fc_replica *replica, bool committed);
bool fc_load_uses_generation(const struct fc_replica *replica, uint32_t generation);
void fc_load_forget_all(struct fc_replica *replica);
/* What is staged heeds a takedown that comes, or is lifted, meanwhile. */
FC_MUST_USE enum fc_err fc_load_settle_takedown(struct fc_replica *replica,
                                                const struct fc_hash *participant,
                                                const struct fc_hash *key_hash);

/* -- readers on other threads ----------------------------------------------------------------- */

/* What the open transaction would make of the replica, for those who see it once it is committed.
 * FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_readers_offer(struct fc_readers *readers);

/* -- ledger ----------------------------------------------------------------------------------- */

/* A ledger filled from the store, and what this node alone decided. */
FC_MUST_USE enum fc_err fc_replica_ledger_load(struct fc_replica *replica, struct fc_txn *txn,
                                               struct fc_verifier verifier,
                                               struct fc_ledger **ledger);
/* Adds the checkpoints that the store holds. */
FC_MUST_USE enum fc_err fc_replica_checkpoints_load(struct fc_txn *txn, struct fc_ledger *ledger);
FC_MUST_USE enum fc_err fc_replica_local_load(struct fc_replica *replica, struct fc_txn *txn);

#endif
