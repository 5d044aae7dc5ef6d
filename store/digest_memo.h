/* Remembers the digests of sets of heads: where many nodes come to hold the same, one of them goes
 * over all its feeds. */
#ifndef FC_STORE_DIGEST_MEMO_H
#define FC_STORE_DIGEST_MEMO_H

#include "store/crypto.h"

/* Which heads are held, as a sum over their hashes. It tells sets of honest hashes apart, and is
 * shown to nobody. */
struct fc_heads_sum {
    uint64_t words[4];
};
void fc_heads_add(struct fc_heads_sum *sum, const struct fc_hash *head);
void fc_heads_take(struct fc_heads_sum *sum, const struct fc_hash *head);

struct fc_digest_memo;
struct fc_digest_memo *fc_digest_memo_create(void);       /* NULL when out of memory */
void fc_digest_memo_destroy(struct fc_digest_memo *memo); /* NULL is fine */

/* True, and the digest of exactly these heads. */
bool fc_digest_memo_find(const struct fc_digest_memo *memo, const struct fc_heads_sum *heads,
                         struct fc_hash *digest);
/* Old ones give way. */
void fc_digest_memo_note(struct fc_digest_memo *memo, const struct fc_heads_sum *heads,
                         const struct fc_hash *digest);

#endif
