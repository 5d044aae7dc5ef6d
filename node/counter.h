/* "Never sign twice": what a feed key signed last, kept beside the key and synced to the disk
 * before a signature leaves. Never copied into a backup; a key without its counter cannot sign.
 *
 * Two files, KEY.count0 and KEY.count1, are written in turn, whole, with a serial number and a
 * hash: a write that was cut off leaves the other one. Each holds the last delta in full, so that
 * a crash between signing and committing loses nothing: what was signed is submitted again. */
#ifndef FC_NODE_COUNTER_H
#define FC_NODE_COUNTER_H

#include "store/delta.h"

struct fc_counter; /* open and locked against every other process */

struct fc_counter_state {
    uint64_t serial;            /* 0: nothing was ever signed */
    struct fc_hash participant; /* zero while nothing was signed */
    fc_version version;
    struct fc_hash head_hash;
    struct fc_span head_record, ops; /* the last delta; valid until the next advance */
    const struct fc_content *contents;
    uint32_t content_count;
};

/* A zero counter for a new key. FC_E_KNOWN when one is there. */
FC_MUST_USE enum fc_err fc_counter_create(const char *key_path, const struct fc_key *key);
/* FC_E_COUNTER: none, or of another key, or neither file is whole. FC_E_LOCKED, FC_E_IO, NOMEM. */
FC_MUST_USE enum fc_err fc_counter_open(const char *key_path, const struct fc_key *key,
                                        struct fc_counter **counter);
void fc_counter_close(struct fc_counter *counter); /* NULL is fine */
const struct fc_counter_state *fc_counter_state(const struct fc_counter *counter);

/* Whether `head` may be signed next: it follows the last signed one, or opens a later incarnation.
 * FC_E_COUNTER. */
FC_MUST_USE enum fc_err fc_counter_check(const struct fc_counter *counter,
                                         const struct fc_head *head);
/* Checks, writes and syncs. On FC_OK the signed record may leave. FC_E_COUNTER, FC_E_FORMAT (the
 * record is no head by this key), FC_E_FULL, FC_E_IO, FC_E_NOMEM: it must not. */
FC_MUST_USE enum fc_err fc_counter_advance(struct fc_counter *counter, struct fc_span head_record,
                                           struct fc_span ops, const struct fc_content *contents,
                                           uint32_t count);

/* The bytes of one file, checked whole; spans point into them. `*contents` are the state's, from
 * the heap: free them, also after a failure. FC_E_FORMAT, FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_counter_parse(struct fc_span bytes, const struct fc_key *key,
                                         struct fc_counter_state *state,
                                         struct fc_content **contents);

#endif
