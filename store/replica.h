/* The replica: one node's copy of the catalogue, over either backend.
 *
 * One writer: open a write transaction, do a batch of work, commit; send nothing that depends on
 * it before the commit returned FC_OK. After a failed commit or an abort the replica has reloaded
 * what it keeps in memory and stands where it stood at the last commit.
 *
 * Functions marked [w] need the write transaction open; the others read from it when it is open,
 * else from a read transaction of their own that ends with the call, unless they say otherwise. */
#ifndef FC_STORE_REPLICA_H
#define FC_STORE_REPLICA_H

#include "store/content.h"
#include "store/entry.h"
#include "store/kv.h"
#include "store/ledger.h"
#include "store/shared.h"
#include "store/tree.h"

struct fc_replica;

struct fc_replica_config {
    struct fc_kv *kv; /* owned by the replica from here on, also when open fails */
    struct fc_verifier verifier;
    uint8_t seed[32];          /* entropy for epochs and salts, from whoever runs this */
    struct fc_hash federation; /* zero: take the one in the store */
    bool create;               /* initialise an empty store for `federation` */
    struct fc_shared *shared;  /* borrowed; NULL: this replica stands alone */
    bool index;                /* keep a search index (store/index.h) */
};
/* FC_E_MISSING: the store is empty and create is not set. FC_E_FEDERATION, FC_E_VERSION,
 * FC_E_CORRUPT, FC_E_IO, FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_replica_open(const struct fc_replica_config *config,
                                        struct fc_replica **replica);
void fc_replica_close(struct fc_replica *replica); /* NULL is fine; aborts an open transaction */

struct fc_hash fc_replica_federation(const struct fc_replica *replica);
const struct fc_ledger *fc_replica_ledger(const struct fc_replica *replica);
struct fc_kv *fc_replica_kv(struct fc_replica *replica);

/* For blocks and contents; made when first needed. */
FC_MUST_USE enum fc_err fc_replica_codec(struct fc_replica *replica, struct fc_codec **codec);

FC_MUST_USE enum fc_err fc_replica_begin(struct fc_replica *replica);
FC_MUST_USE enum fc_err fc_replica_commit(struct fc_replica *replica);
void fc_replica_abort(struct fc_replica *replica);
bool fc_replica_writing(const struct fc_replica *replica);

/* -- search (store/query.h) ------------------------------------------------------------------- */

/* Whether there is an index to ask; one that is stale, of another version or not there yet while
 * the replica was opened with `index`, must be made again first. */
enum fc_index_state { FC_INDEX_NONE, FC_INDEX_STALE, FC_INDEX_READY };
enum fc_index_state fc_replica_index_state(const struct fc_replica *replica);
/* Entries that searches read one by one until they are merged into it. */
uint32_t fc_replica_index_waiting(const struct fc_replica *replica);
/* Makes the index again from the entries, in transactions of its own: none may be open. FC_E_ARG
 * without `index`; store errors, after which the index is stale and this may be called again. */
struct fc_index_progress {
    uint64_t done, total; /* entries */
};
FC_MUST_USE enum fc_err fc_replica_reindex(struct fc_replica *replica,
                                           void (*progress)(void *ctx,
                                                            const struct fc_index_progress *at),
                                           void *ctx);

/* -- records ---------------------------------------------------------------------------------- */

/* [w] Takes in any record but heads and applications: ledger, table, arrival log; drops what it
 * displaces; a removal drops the feed's entries, a takedown its content. Errors of fc_ledger_add.
 */
FC_MUST_USE enum fc_err fc_replica_add_record(struct fc_replica *replica, struct fc_span record);
/* [w] Settles rival charters here; see fc_ledger_pin. */
FC_MUST_USE enum fc_err fc_replica_pin(struct fc_replica *replica, const struct fc_hash *charter);
/* [w] A takedown on this node alone; `on` false lifts it (the content is missing until pulled). */
FC_MUST_USE enum fc_err fc_replica_takedown_local(struct fc_replica *replica,
                                                  const struct fc_hash *participant,
                                                  const struct fc_hash *key_hash,
                                                  struct fc_span reason, bool on);

/* -- feeds ------------------------------------------------------------------------------------ */

struct fc_feed {
    struct fc_hash participant;
    uint32_t generation;
    fc_version version; /* of the held head; 0 when none is held yet */
    struct fc_hash head_hash;
    struct fc_hash certificate;
    struct fc_hash root;
    uint64_t entries, bytes, time_ms;
    fc_version deletes_from; /* recent deletes are complete for versions above this */
    uint64_t missing;        /* entries whose content is still to be pulled */
    uint64_t accepted_ms;    /* this node's clock when the held head was accepted */
    bool damaged;            /* its entries are not what the head says; see fc_replica_verify */
};
FC_MUST_USE enum fc_err fc_replica_feed(struct fc_replica *replica,
                                        const struct fc_hash *participant, struct fc_feed *out);
/* Calls back for each feed in order of participant; a non-zero return stops and is returned. */
FC_MUST_USE enum fc_err fc_replica_feeds(struct fc_replica *replica,
                                         enum fc_err (*each)(void *ctx, const struct fc_feed *feed),
                                         void *ctx);
/* Hash over (participant, version, head hash) of all held heads, ascending: equal digests mean
 * equal catalogues. Also counts. Damaged feeds are left out. */
struct fc_digest {
    struct fc_hash hash;
    uint64_t feeds, entries, bytes;
};
FC_MUST_USE enum fc_err fc_replica_digest(struct fc_replica *replica, struct fc_digest *out);

/* A held head and its ops, newest first, from `below` (exclusive; 0: from the newest). Spans are
 * valid during the callback. Only the last FC_HEADS_KEPT are kept. */
FC_MUST_USE enum fc_err fc_replica_history(
    struct fc_replica *replica, const struct fc_hash *participant, fc_version below,
    enum fc_err (*each)(void *ctx, struct fc_span head_record, struct fc_span ops), void *ctx);
/* Copies of the held head's record and, if `ops` is not NULL, its ops (empty when the head came by
 * catch-up and its ops are not held: *has_ops). Appended. FC_E_MISSING. */
FC_MUST_USE enum fc_err fc_replica_head(struct fc_replica *replica,
                                        const struct fc_hash *participant, struct fc_buf *record,
                                        struct fc_buf *ops, bool *has_ops);

/* How a head relates to what is held. `*key` is the key its signature must verify under.
 *   FC_OK           the next head: its delta applies
 *   FC_E_GAP        newer, but heads in between are missing, or a new incarnation, or the held
 *                   feed is damaged: catch up
 *   FC_E_KNOWN      the very head that is held
 *   FC_E_STALE      older
 *   FC_E_FUTURE     dated more than FC_SKEW_MS ahead of now_ms: keep it and come again
 *   FC_E_CONTESTED  forks from what is held; pass it to fc_replica_contest
 *   and the errors of fc_ledger_judge */
FC_MUST_USE enum fc_err fc_replica_judge(struct fc_replica *replica, const struct fc_record *record,
                                         const struct fc_head *head, uint64_t now_ms,
                                         struct fc_key *key);
/* [w] A head, its signature checked, that forks from a held one: makes and adds evidence. FC_E_ARG
 * when it does not fork. */
FC_MUST_USE enum fc_err fc_replica_contest(struct fc_replica *replica,
                                           const struct fc_record *record);
/* [w] Applies a delta for which fc_replica_judge said FC_OK and whose signature was checked: all of
 * it, or nothing. Contents may be partial: what is not given is missing; what does not match its
 * commitment is ignored and counted in *bad. FC_E_ROOT, FC_E_QUOTA, FC_E_FORMAT (an op on a key
 * that is not there), and store errors. */
FC_MUST_USE enum fc_err fc_replica_apply(struct fc_replica *replica, const struct fc_delta *delta,
                                         const struct fc_content *contents, uint32_t count,
                                         uint64_t now_ms, uint32_t *bad);

/* [w] The same for a delta that opens an incarnation on the very entries held here, of which
 * fc_replica_judge says FC_E_GAP: its signature was checked. FC_E_ROOT when it was made on other
 * entries, FC_E_GAP when it opens none, and the errors of fc_ledger_judge. */
FC_MUST_USE enum fc_err fc_replica_apply_opening(struct fc_replica *replica,
                                                 const struct fc_delta *delta,
                                                 const struct fc_content *contents, uint32_t count,
                                                 uint64_t now_ms, uint32_t *bad);

/* [w] Makes the next delta of a feed from `ops` and plain contents (fc_content with compressed
 * false and no salt: salts are drawn here and commitments and sizes filled into the ops), applies
 * it, and asks `sign` to sign the head's body. Puts whose content equals what is held are dropped;
 * when nothing remains FC_E_KNOWN, unless `heartbeat` or this opens an incarnation. Whole or
 * nothing: an error of `sign` is returned and the replica is as before. `*version` gets the new
 * head's version.
 * FC_E_UNKNOWN no certificate; FC_E_MISSING a delete of what is not there; FC_E_QUOTA;
 * FC_E_REVOKED; FC_E_CONTESTED; FC_E_BOUND more than FC_OPS_MAX or the certificate's quota_ops. */
struct fc_author {
    struct fc_hash participant;
    struct fc_op *ops; /* any order; rewritten */
    uint32_t op_count;
    const struct fc_content *contents; /* matched to puts by key_hash; bytes are plain */
    uint32_t content_count;
    bool heartbeat;
    uint64_t now_ms;
    void *ctx;
    /* Appends the signed head record. `delta_ops` and `contents` (packed, salted) are what must be
     * kept beside the counter until the replica has committed. */
    enum fc_err (*sign)(void *ctx, struct fc_span head_body, struct fc_span delta_ops,
                        const struct fc_content *contents, uint32_t count, struct fc_buf *record);
};
FC_MUST_USE enum fc_err fc_replica_author(struct fc_replica *replica,
                                          const struct fc_author *author, fc_version *version);

/* -- entries ---------------------------------------------------------------------------------- */

/* Spans of `out` are copied into `hold`, which the caller clears and frees. FC_E_MISSING. */
FC_MUST_USE enum fc_err fc_replica_entry(struct fc_replica *replica,
                                         const struct fc_hash *participant,
                                         const struct fc_hash *key_hash, struct fc_buf *hold,
                                         struct fc_entry *out);
/* Entries of one feed in order of H(key), from `after` (exclusive, NULL: from the first). */
FC_MUST_USE enum fc_err fc_replica_entries(
    struct fc_replica *replica, const struct fc_hash *participant, const struct fc_hash *after,
    enum fc_err (*each)(void *ctx, const struct fc_entry *entry), void *ctx);
/* The entries of one key in all feeds, in order of participant, hidden ones too. Spans are valid
 * during the callback; what it returns other than FC_OK stops and is returned. */
FC_MUST_USE enum fc_err fc_replica_holders(
    struct fc_replica *replica, const struct fc_hash *key_hash,
    enum fc_err (*each)(void *ctx, const struct fc_hash *participant, const struct fc_entry *entry),
    void *ctx);
/* True when a freeze hides an entry of that version. */
bool fc_replica_hidden(const struct fc_replica *replica, const struct fc_hash *participant,
                       fc_version version);
/* Appends the plain content. FC_E_MISSING, FC_E_WITHHELD, FC_E_CORRUPT. */
FC_MUST_USE enum fc_err fc_replica_content(struct fc_replica *replica,
                                           const struct fc_hash *participant,
                                           const struct fc_hash *key_hash, struct fc_buf *out);
/* Why a content is withheld: appends the reason given. `*record` gets the takedown's hash; zero: it
 * is this node's own. FC_E_MISSING: nothing withholds it. */
FC_MUST_USE enum fc_err fc_replica_takedown_reason(struct fc_replica *replica,
                                                   const struct fc_hash *participant,
                                                   const struct fc_hash *key_hash,
                                                   const struct fc_hash *commitment,
                                                   struct fc_buf *reason, struct fc_hash *record);
/* A content as kept, to hand on; the frame is appended to `hold`. */
FC_MUST_USE enum fc_err fc_replica_content_frame(struct fc_replica *replica,
                                                 const struct fc_hash *participant,
                                                 const struct fc_hash *key_hash,
                                                 struct fc_buf *hold, struct fc_content *out);
/* [w] A content that was missing. FC_E_KNOWN; FC_E_MISSING no such entry; FC_E_SIGNATURE when it
 * does not match the commitment; FC_E_WITHHELD. */
FC_MUST_USE enum fc_err fc_replica_put_content(struct fc_replica *replica,
                                               const struct fc_hash *participant,
                                               const struct fc_content *content);
/* Up to `max` keys of entries whose content is missing, over all feeds from a roving place. */
struct fc_want {
    struct fc_hash participant;
    struct fc_hash key_hash;
    uint64_t size;
};
FC_MUST_USE enum fc_err fc_replica_wanted(struct fc_replica *replica, struct fc_want *out,
                                          uint32_t max, uint32_t *count);

/* Appends a proof of the state tree for H(key) against the held head. */
FC_MUST_USE enum fc_err fc_replica_prove(struct fc_replica *replica,
                                         const struct fc_hash *participant,
                                         const struct fc_hash *key_hash, struct fc_buf *out);

/* -- arrival log ------------------------------------------------------------------------------ */

struct fc_arrival_mark {
    uint64_t epoch; /* random; redrawn on init, restore and repair */
    uint64_t index; /* of the last arrival; 0: none */
};
struct fc_arrival_mark fc_replica_arrival_mark(const struct fc_replica *replica);
struct fc_arrival {
    uint64_t index;
    enum fc_record_type type;
    struct fc_hash subject; /* of a head: its participant; else the record's hash */
    struct fc_hash hash;    /* of the record */
    fc_version version;     /* of a head, else 0 */
    struct fc_span record;  /* the record's bytes, valid during the callback */
};
/* Arrivals above `after` in order. A subject appears once, at its latest arrival. */
FC_MUST_USE enum fc_err fc_replica_arrivals(struct fc_replica *replica, uint64_t after,
                                            enum fc_err (*each)(void *ctx,
                                                                const struct fc_arrival *arrival),
                                            void *ctx);
/* [w] A new epoch: after restore and repair. */
FC_MUST_USE enum fc_err fc_replica_new_epoch(struct fc_replica *replica);

/* -- catch-up: sending side ------------------------------------------------------------------- */

/* Entries for a peer that holds version `since` of a feed (0: nothing). Whole feeds go in order of
 * H(key), changes in order of (version, H(key)); `at` is where to go on, all zero at the start.
 * Appends items to `items` (see docs/protocol.md) and the contents as raw frames, back to back,
 * to `frames`, until their sum passes `bytes_max`. `*done` when nothing is left; deletes come last.
 * FC_E_GAP: deletes are not complete that far back, walk the tree instead. FC_E_MISSING. */
struct fc_resume {
    fc_version version;
    struct fc_hash key_hash;
    bool deletes; /* the entries are through */
};
FC_MUST_USE enum fc_err fc_replica_read_changes(struct fc_replica *replica,
                                                const struct fc_hash *participant, fc_version since,
                                                struct fc_resume *at, size_t bytes_max,
                                                struct fc_buf *items, struct fc_buf *frames,
                                                bool *done);
/* How much the above would send: entries and the sum of their sizes; of changes no more than some
 * thousands are counted. */
FC_MUST_USE enum fc_err fc_replica_count_changes(struct fc_replica *replica,
                                                 const struct fc_hash *participant,
                                                 fc_version since, uint64_t *entries,
                                                 uint64_t *bytes);
/* The subtree at a prefix, for a walk. Small ones (up to FC_BUCKET_MAX leaves) are sent as items;
 * larger ones as two levels of children, appended to `nodes`. */
FC_MUST_USE enum fc_err fc_replica_read_walk(struct fc_replica *replica,
                                             const struct fc_hash *participant,
                                             const struct fc_prefix *prefix, struct fc_buf *nodes,
                                             struct fc_buf *items, struct fc_buf *frames);

/* -- catch-up: receiving side ----------------------------------------------------------------- */

/* A load brings a feed to a head that was judged and whose signature was checked. It touches the
 * held feed only in fc_load_finish, after the root was found right. Whole loads stage their rows
 * under a generation of their own over any number of transactions; changes and walks are gathered
 * in memory up to a bound (FC_E_BOUND beyond: load the feed whole instead). One load per feed.
 * Loads live until finish or abort, across transactions; a restart drops them. */
enum fc_load_mode { FC_LOAD_WHOLE, FC_LOAD_CHANGES, FC_LOAD_WALK };
struct fc_load;
/* [w] FC_E_AGAIN when the feed is being loaded already, FC_E_UNKNOWN without a certificate. */
FC_MUST_USE enum fc_err fc_load_begin(struct fc_replica *replica, const struct fc_hash *participant,
                                      enum fc_load_mode mode, struct fc_load **load);
/* [w] Items and frames as fc_replica_read_changes or _read_walk wrote them. Contents that do not
 * match what was said of them are FC_E_SIGNATURE; FC_E_FORMAT, FC_E_BOUND (more than quotas allow,
 * or than may be gathered), FC_E_CLOSED (its rows went with a lost transaction), store errors. */
FC_MUST_USE enum fc_err fc_load_add(struct fc_load *load, struct fc_span items,
                                    struct fc_span frames);
/* Turns a whole load that is through into one of changes on top of it: the feed moved on meanwhile
 * and `since` is the version of the head at its first block. */
FC_MUST_USE enum fc_err fc_load_follow(struct fc_load *load);
/* A walk's next question. Give it what a peer sent for a prefix; it compares with the held tree and
 * appends the prefixes to ask for. Nothing appended and nothing outstanding: finish. */
FC_MUST_USE enum fc_err fc_load_walk(struct fc_load *load, const struct fc_prefix *prefix,
                                     struct fc_span nodes, struct fc_span items,
                                     struct fc_span frames, struct fc_prefix *next,
                                     uint32_t next_max, uint32_t *next_count);
/* [w] Checks the root against the head's and makes it the held state. FC_E_ROOT leaves the load
 * open (walk, or abort) with what was gathered forgotten; so do the errors of fc_replica_judge,
 * when the feed has moved on meanwhile. FC_OK ends it. */
FC_MUST_USE enum fc_err fc_load_finish(struct fc_load *load, const struct fc_record *head,
                                       uint64_t now_ms);
/* Where a load stands: what to give fc_replica_read_changes on another peer to go on. */
struct fc_resume fc_load_at(const struct fc_load *load);
void fc_load_abort(struct fc_load *load); /* NULL is fine; its rows go with fc_replica_tidy */

/* -- housekeeping ----------------------------------------------------------------------------- */

/* [w] Removes rows of dropped generations, about `rows_max` of them; *more when some are left. What
 * waits in the search index is merged, and what was deleted leaves it. */
FC_MUST_USE enum fc_err fc_replica_tidy(struct fc_replica *replica, uint32_t rows_max, bool *more);

/* Recomputes every hash, signature, root, count and index entry. Calls `found` for each damage with
 * a line for people, the feed (zero: not a feed's) and, where it is one entry, H(key). With
 * `repair` (then [w]): what can be rebuilt is (tree, by-version, counts); damaged contents become
 * missing, damaged rows go and the feed is marked to be loaded again, so that peers fill them in;
 * the search index is stale then (fc_replica_reindex). FC_OK: it ran through; the answer is whether
 * `found` was called. */
struct fc_damage {
    const char *text;
    struct fc_hash participant;
    struct fc_hash key_hash;
    bool repaired; /* nothing to fetch */
};
struct fc_verify_progress {
    uint64_t done, total; /* entries */
};
FC_MUST_USE enum fc_err fc_replica_verify(struct fc_replica *replica, bool repair,
                                          void (*found)(void *ctx, const struct fc_damage *damage),
                                          void (*progress)(void *ctx,
                                                           const struct fc_verify_progress *at),
                                          void *ctx);

#endif
