/* Names under which governors admitted participants, word by word and by stems, as entries' names
 * are indexed. They stand in certificates alone, which are few and seldom change: their words are
 * gathered once and kept for all commits that have the same certificates. */
#ifndef FC_STORE_QUERY_MEMBERS_H
#define FC_STORE_QUERY_MEMBERS_H

#include "store/query_priv.h"

struct fc_member_word {
    struct fc_span text;
    uint32_t participant; /* its place in the ledger */
};

void fc_members_destroy(struct fc_members *members); /* NULL is fine */

/* Words that begin so, in order; borrowed for the length of the run. */
FC_MUST_USE enum fc_err fc_run_member_words(struct fc_run *run, struct fc_span prefix,
                                            const struct fc_member_word **words, uint32_t *count);
/* Adds entries of a participant that could name a provider and name none: it stands for them. */
FC_MUST_USE enum fc_err fc_run_member_docs(struct fc_run *run, uint32_t participant,
                                           struct fc_docs *docs);
/* The name of who published a document of `generation`, borrowed; empty: no member. */
FC_MUST_USE enum fc_err fc_run_member_name(struct fc_run *run, uint32_t generation,
                                           struct fc_span *name);

#endif
