#include "store/digest_memo.h"

#include <stdlib.h>
#include <string.h>

enum { PLACES = 4096 }; /* a power of two */

struct known {
    bool used;
    struct fc_heads_sum heads;
    struct fc_hash digest;
};
struct fc_digest_memo {
    struct known places[PLACES]; /* by the sum: the last one at its place */
};

void fc_heads_add(struct fc_heads_sum *sum, const struct fc_hash *head)
{
    for (int i = 0; i < 4; i++)
        sum->words[i] += fc_get_be64(head->b + 8 * i);
}

void fc_heads_take(struct fc_heads_sum *sum, const struct fc_hash *head)
{
    for (int i = 0; i < 4; i++)
        sum->words[i] -= fc_get_be64(head->b + 8 * i);
}

struct fc_digest_memo *fc_digest_memo_create(void)
{
    return calloc(1, sizeof(struct fc_digest_memo));
}

void fc_digest_memo_destroy(struct fc_digest_memo *memo)
{
    free(memo);
}

bool fc_digest_memo_find(const struct fc_digest_memo *memo, const struct fc_heads_sum *heads,
                         struct fc_hash *digest)
{
    const struct known *known = &memo->places[heads->words[0] % PLACES];
    if (!known->used || memcmp(&known->heads, heads, sizeof *heads) != 0)
        return false;
    *digest = known->digest;
    return true;
}

void fc_digest_memo_note(struct fc_digest_memo *memo, const struct fc_heads_sum *heads,
                         const struct fc_hash *digest)
{
    memo->places[heads->words[0] % PLACES] =
        (struct known){.used = true, .heads = *heads, .digest = *digest};
}
