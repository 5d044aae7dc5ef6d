#include "sim/memo.h"

#include <stdlib.h>
#include <string.h>

/* What was asked, with the verdict in the last bit; zero marks a free place. */
static struct fc_hash digest(const struct fc_verify_job *job)
{
    struct fc_hasher hasher;
    fc_hasher_init(&hasher, "fedcat.memo.1");
    fc_hasher_add(&hasher, fc_span(job->key.b, sizeof job->key.b));
    fc_hasher_add(&hasher, fc_span(job->hash.b, sizeof job->hash.b));
    fc_hasher_add(&hasher, fc_span(job->sig.b, sizeof job->sig.b));
    struct fc_hash hash = fc_hasher_end(&hasher);
    hash.b[31] = (uint8_t)((hash.b[31] & 0xfc) | 2);
    return hash;
}

static struct fc_hash *place_of(const struct fc_memo *memo, const struct fc_hash *hash)
{
    uint64_t at = fc_get_be64(hash->b) & (memo->cap - 1);
    while (!fc_hash_is_zero(&memo->seen[at])) {
        if (memcmp(memo->seen[at].b, hash->b, 31) == 0 &&
            (memo->seen[at].b[31] & 0xfe) == hash->b[31])
            break;
        at = (at + 1) & (memo->cap - 1);
    }
    return &memo->seen[at];
}

static bool grow(struct fc_memo *memo)
{
    struct fc_memo larger = *memo;
    larger.cap = memo->cap ? 2 * memo->cap : 1024;
    larger.seen = calloc(larger.cap, sizeof *larger.seen);
    if (!larger.seen)
        return false;
    for (uint64_t i = 0; i < memo->cap; i++) {
        struct fc_hash key = memo->seen[i];
        if (fc_hash_is_zero(&key))
            continue;
        key.b[31] &= 0xfe;
        *place_of(&larger, &key) = memo->seen[i];
    }
    free(memo->seen);
    *memo = larger;
    return true;
}

static void verify(void *ctx, struct fc_verify_job *jobs, size_t count)
{
    struct fc_memo *memo = ctx;
    for (size_t i = 0; i < count; i++) {
        memo->asked++;
        bool room = 2 * memo->count < memo->cap || grow(memo);
        struct fc_hash hash = digest(&jobs[i]);
        struct fc_hash *place = room ? place_of(memo, &hash) : NULL;
        if (place && !fc_hash_is_zero(place)) {
            jobs[i].valid = (place->b[31] & 1) != 0;
            continue;
        }
        jobs[i].valid = fc_verify(&jobs[i].key, &jobs[i].hash, &jobs[i].sig);
        memo->computed++;
        if (place) {
            *place = hash;
            place->b[31] |= jobs[i].valid;
            memo->count++;
        }
    }
}

void fc_memo_note(struct fc_memo *memo, const struct fc_key *key, const struct fc_hash *hash,
                  const struct fc_sig *sig)
{
    const struct fc_verify_job job = {*key, *hash, *sig, true};
    if (2 * memo->count >= memo->cap && !grow(memo))
        return;
    struct fc_hash seen = digest(&job);
    struct fc_hash *place = place_of(memo, &seen);
    if (!fc_hash_is_zero(place))
        return;
    *place = seen;
    place->b[31] |= 1;
    memo->count++;
}

void fc_memo_finish(struct fc_memo *memo)
{
    free(memo->seen);
    *memo = (struct fc_memo){0};
}

struct fc_verifier fc_memo_verifier(struct fc_memo *memo)
{
    return (struct fc_verifier){.ctx = memo, .verify = verify};
}
