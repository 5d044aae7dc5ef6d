/* What the sources of fc_replica_verify share. */
#ifndef FC_STORE_VERIFY_PRIV_H
#define FC_STORE_VERIFY_PRIV_H

#include "store/replica_priv.h"

struct fc_verify {
    struct fc_replica *replica;
    struct fc_txn *txn;
    bool repair;
    uint64_t damages;
    struct fc_ledger *ledger; /* filled anew, every signature checked */
    struct fc_verify_progress at;
    uint32_t *generations; /* of the feeds held, ascending */
    size_t generation_count, generation_cap;
    void (*found)(void *ctx, const struct fc_damage *damage);
    void (*progress)(void *ctx, const struct fc_verify_progress *at);
    void *ctx;
    struct fc_buf fixes; /* of struct fc_fix: done when the table they change is not being read */
};

enum fc_fix_kind {
    FC_FIX_DELETE, /* the row */
    FC_FIX_PUT,    /* a row with an empty value */
    FC_FIX_LOSE,   /* the content of the ENTRY row: it becomes missing */
    FC_FIX_MISS,   /* a missing content's row in LOCAL */
};
struct fc_fix {
    uint8_t kind, table, key_len;
    uint8_t key[FC_KV_KEY_BYTES_MAX];
};

/* Reports; participant and key_hash may be NULL. `whole`: a repair leaves nothing to fetch. */
void fc_verify_report(struct fc_verify *verify, const char *text, const struct fc_hash *participant,
                      const struct fc_hash *key_hash, bool whole);
/* Nothing when this is no repair. */
FC_MUST_USE enum fc_err fc_verify_fix(struct fc_verify *verify, enum fc_fix_kind kind,
                                      enum fc_table table, struct fc_span key);
/* store/replica_verify_step.c */
FC_MUST_USE enum fc_err fc_verify_steps(struct fc_verify *verify);
FC_MUST_USE enum fc_err fc_verify_apply_fixes(struct fc_verify *verify,
                                              const struct fc_replica_row *row);
/* Calls back for the rows of a table whose keys begin with `prefix`. */
FC_MUST_USE enum fc_err fc_verify_scan(
    struct fc_verify *verify, enum fc_table table, struct fc_span prefix,
    enum fc_err (*each)(void *ctx, struct fc_span key, struct fc_span value), void *ctx);
/* How many feeds hold it; one more; one less. */
size_t fc_verify_generation_count(const struct fc_verify *verify, uint32_t generation);
FC_MUST_USE enum fc_err fc_verify_generation_add(struct fc_verify *verify, uint32_t generation);
void fc_verify_generation_remove(struct fc_verify *verify, uint32_t generation);
FC_MUST_USE enum fc_err fc_verify_feed(struct fc_verify *verify, const struct fc_replica_row *row);
FC_MUST_USE enum fc_err fc_verify_heads(struct fc_verify *verify, struct fc_replica_row *row);

#endif
