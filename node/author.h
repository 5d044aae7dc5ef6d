/* Signing a feed's next delta with a key that lies here, under its counter. */
#ifndef FC_NODE_AUTHOR_H
#define FC_NODE_AUTHOR_H

#include "node/counter.h"
#include "node/home.h"
#include "node/keyfile.h"
#include "store/replica.h"

/* A feed key, opened with its counter. */
struct fc_author_key {
    struct fc_keyfile key;
    struct fc_counter *counter;
};
/* The unsealed feed key in `home` whose public half is `feed_key`. FC_E_MISSING none is here,
 * FC_E_PASSPHRASE it is sealed, and errors of fc_keyfile_open and fc_counter_open. */
FC_MUST_USE enum fc_err fc_author_key_find(const struct fc_home *home,
                                           const struct fc_key *feed_key,
                                           struct fc_author_key *out);
void fc_author_key_finish(struct fc_author_key *key);

/* Brings the held feed up to what the key signed last: a crash between signing and committing left
 * it behind. The replica's write transaction is open. *resumed when something was applied.
 * FC_E_COUNTER: the feed here is ahead of the counter, or so far behind that it must first catch
 * up from peers; errors of judging and applying. */
FC_MUST_USE enum fc_err fc_author_resume(struct fc_replica *replica,
                                         const struct fc_hash *participant,
                                         const struct fc_counter *counter, uint64_t now_ms,
                                         bool *resumed);
/* Resumes, then makes, signs and applies the next delta; `author`'s sign and ctx are set here.
 * `*ops` is how many operations it holds. Errors of fc_replica_author and the counter. */
FC_MUST_USE enum fc_err fc_author_sign(struct fc_replica *replica, struct fc_author *author,
                                       struct fc_author_key *key, fc_version *version,
                                       uint32_t *ops);
/* A head's body, prepared by any node, checked against the counter and signed: appends the signed
 * head record, which may leave then. */
FC_MUST_USE enum fc_err fc_author_sign_head(struct fc_author_key *key, struct fc_span head_body,
                                            struct fc_span ops, const struct fc_content *contents,
                                            uint32_t count, struct fc_buf *record);

#endif
