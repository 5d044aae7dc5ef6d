#include "store/content_memo.h"

#include <stdlib.h>
#include <string.h>

enum {
    PLACES = 8192, /* a power of two */
    CONTENT_MAX = 16 * 1024,
    BYTES_MAX = 64 * 1024 * 1024, /* in all */
};

struct known {
    struct fc_hash commitment;
    uint64_t size;
    uint8_t salt[FC_SALT_BYTES];
    bool compressed;
    size_t len;
    uint8_t bytes[];
};

struct fc_content_memo {
    struct known *places[PLACES]; /* by commitment: the last one at its place */
    size_t bytes;
};

struct fc_content_memo *fc_content_memo_create(void)
{
    return calloc(1, sizeof(struct fc_content_memo));
}

void fc_content_memo_destroy(struct fc_content_memo *memo)
{
    if (!memo)
        return;
    for (size_t i = 0; i < PLACES; i++)
        free(memo->places[i]);
    free(memo);
}

static struct known **place_of(struct fc_content_memo *memo, const struct fc_hash *commitment)
{
    return &memo->places[fc_get_be32(commitment->b) % PLACES];
}

bool fc_content_memo_knows(struct fc_content_memo *memo, const struct fc_content *content,
                           uint64_t size, const struct fc_hash *commitment)
{
    const struct known *known = *place_of(memo, commitment);
    return known && known->size == size && known->compressed == content->compressed &&
           fc_hash_eq(&known->commitment, commitment) &&
           memcmp(known->salt, content->salt, sizeof known->salt) == 0 &&
           fc_span_eq(fc_span(known->bytes, known->len), content->bytes);
}

void fc_content_memo_note(struct fc_content_memo *memo, const struct fc_content *content,
                          uint64_t size, const struct fc_hash *commitment)
{
    struct known **place = place_of(memo, commitment), *old = *place;
    size_t len = content->bytes.len, freed = old ? old->len : 0;
    if (len > CONTENT_MAX || memo->bytes - freed + len > BYTES_MAX)
        return;
    struct known *known = malloc(sizeof *known + len);
    if (!known)
        return;
    *known = (struct known){
        .commitment = *commitment, .size = size, .compressed = content->compressed, .len = len};
    memcpy(known->salt, content->salt, sizeof known->salt);
    if (len)
        memcpy(known->bytes, content->bytes.data, len);
    memo->bytes += len - freed;
    free(old);
    *place = known;
}
