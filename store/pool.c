#include "store/pool.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { CHAINS_LEAST = 16 };

struct fc_pool {
    size_t refs;
    size_t count;
    size_t chains; /* a power of two */
    struct fc_pool_blob **heads;
};

struct fc_pool *fc_pool_create(void)
{
    struct fc_pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        return NULL;
    pool->refs = 1;
    pool->chains = CHAINS_LEAST;
    pool->heads = calloc(pool->chains, sizeof(struct fc_pool_blob *));
    if (pool->heads)
        return pool;
    free(pool);
    return NULL;
}

struct fc_pool *fc_pool_retain(struct fc_pool *pool)
{
    pool->refs++;
    return pool;
}

static void destroy_if_unused(struct fc_pool *pool)
{
    if (pool->refs || pool->count)
        return;
    free(pool->heads);
    free(pool);
}

void fc_pool_release(struct fc_pool *pool)
{
    if (!pool)
        return;
    assert(pool->refs);
    pool->refs--;
    destroy_if_unused(pool);
}

/* Spreads, and is no more than that: who chooses the bytes can make them meet. */
static uint64_t hash_of(struct fc_span bytes)
{
    uint64_t hash = bytes.len * 0x9e3779b97f4a7c15u, word;
    for (size_t i = 0; i < bytes.len; i += sizeof word) {
        size_t left = bytes.len - i;
        word = 0;
        memcpy(&word, bytes.data + i, left < sizeof word ? left : sizeof word);
        hash = (hash ^ word) * 0xff51afd7ed558ccdu;
        hash ^= hash >> 32;
    }
    return hash;
}

static struct fc_pool_blob **chain_of(struct fc_pool *pool, uint64_t hash)
{
    return &pool->heads[hash & (pool->chains - 1)];
}

/* Twice the chains; without the memory for it they only get longer. */
static void grow(struct fc_pool *pool)
{
    size_t old = pool->chains;
    struct fc_pool_blob **heads = pool->heads;
    struct fc_pool_blob **made = calloc(old * 2, sizeof(struct fc_pool_blob *));
    if (!made)
        return;
    pool->heads = made;
    pool->chains = old * 2;
    for (size_t i = 0; i < old; i++) {
        for (struct fc_pool_blob *blob = heads[i], *next; blob; blob = next) {
            struct fc_pool_blob **chain = chain_of(pool, blob->hash);
            next = blob->next;
            blob->next = *chain;
            *chain = blob;
        }
    }
    free(heads);
}

static struct fc_pool_blob *add(struct fc_pool *pool, struct fc_span bytes, uint64_t hash)
{
    struct fc_pool_blob *blob = malloc(sizeof *blob + bytes.len);
    if (!blob)
        return NULL;
    if (pool->count >= pool->chains)
        grow(pool);
    struct fc_pool_blob **chain = chain_of(pool, hash);
    blob->pool = pool;
    blob->next = *chain;
    blob->refs = 1;
    blob->len = (uint32_t)bytes.len;
    blob->hash = hash;
    memcpy(blob->bytes, bytes.data, bytes.len);
    *chain = blob;
    pool->count++;
    return blob;
}

struct fc_pool_blob *fc_pool_take(struct fc_pool *pool, struct fc_span bytes)
{
    assert(bytes.len && bytes.len <= UINT32_MAX);
    uint64_t hash = hash_of(bytes);
    for (struct fc_pool_blob *blob = *chain_of(pool, hash); blob; blob = blob->next) {
        if (blob->hash == hash && fc_span_eq(fc_span(blob->bytes, blob->len), bytes)) {
            blob->refs++;
            return blob;
        }
    }
    return add(pool, bytes, hash);
}

void fc_pool_blob_release(struct fc_pool_blob *blob)
{
    if (--blob->refs)
        return;
    struct fc_pool *pool = blob->pool;
    struct fc_pool_blob **link = chain_of(pool, blob->hash);
    while (*link != blob)
        link = &(*link)->next;
    *link = blob->next;
    pool->count--;
    free(blob);
    destroy_if_unused(pool);
}

size_t fc_pool_count(const struct fc_pool *pool)
{
    return pool->count;
}
