#include "store/pool.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { CHAINS_LEAST = 16, CHAINS_MOST = 1 << 30 };

/* What stands before a row of the pool's. */
struct entry {
    struct fc_pool *pool;
    struct entry *next; /* in the chain */
    uint32_t hash;
    uint32_t value_len;
};

struct fc_pool {
    size_t refs;
    size_t count;
    size_t chains; /* a power of two */
    uint64_t stamp;
    void *spare;
    void (*destroy)(void *spare);
    struct entry **heads;
};

static struct fc_row *row_of(struct entry *entry)
{
    return (struct fc_row *)(entry + 1);
}

static struct entry *entry_of(struct fc_row *row)
{
    return (struct entry *)row - 1;
}

struct fc_pool *fc_pool_create(void)
{
    struct fc_pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        return NULL;
    pool->refs = 1;
    pool->chains = CHAINS_LEAST;
    pool->heads = calloc(pool->chains, sizeof(struct entry *));
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
    if (pool->spare)
        pool->destroy(pool->spare);
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

static uint64_t mix(uint64_t hash, struct fc_span bytes)
{
    uint64_t word;
    for (size_t i = 0; i < bytes.len; i += sizeof word) {
        size_t left = bytes.len - i;
        word = 0;
        memcpy(&word, bytes.data + i, left < sizeof word ? left : sizeof word);
        hash = (hash ^ word) * 0xff51afd7ed558ccdu;
        hash ^= hash >> 32;
    }
    return hash;
}

/* Spreads, and is no more than that: who chooses the bytes can make them meet. */
static uint32_t hash_of(struct fc_span key, struct fc_span value)
{
    uint64_t hash = (key.len + 1) * 0x9e3779b97f4a7c15u + value.len;
    return (uint32_t)mix(mix(hash, key), value);
}

static struct entry **chain_of(struct fc_pool *pool, uint32_t hash)
{
    return &pool->heads[hash & (pool->chains - 1)];
}

/* Twice the chains; without the memory for it they only get longer. */
static void grow(struct fc_pool *pool)
{
    size_t old = pool->chains;
    struct entry **heads = pool->heads;
    struct entry **made = calloc(old * 2, sizeof(struct entry *));
    if (!made)
        return;
    pool->heads = made;
    pool->chains = old * 2;
    for (size_t i = 0; i < old; i++) {
        for (struct entry *entry = heads[i], *next; entry; entry = next) {
            struct entry **chain = chain_of(pool, entry->hash);
            next = entry->next;
            entry->next = *chain;
            *chain = entry;
        }
    }
    free(heads);
}

static void put_bytes(uint8_t *to, struct fc_span from)
{
    if (from.len)
        memcpy(to, from.data, from.len);
}

static struct fc_row *add(struct fc_pool *pool, struct fc_span key, struct fc_span value,
                          uint32_t hash)
{
    struct entry *entry = malloc(sizeof *entry + sizeof(struct fc_row) + key.len + value.len);
    if (!entry)
        return NULL;
    if (pool->count >= pool->chains && pool->chains < CHAINS_MOST)
        grow(pool);
    struct entry **chain = chain_of(pool, hash);
    *entry = (struct entry){
        .pool = pool, .next = *chain, .hash = hash, .value_len = (uint32_t)value.len};
    *chain = entry;
    pool->count++;
    struct fc_row *row = row_of(entry);
    *row = (struct fc_row){.refs = 1, .kind = FC_ROW_POOL, .key_len = (uint8_t)key.len};
    put_bytes(row->bytes, key);
    put_bytes(row->bytes + key.len, value);
    return row;
}

static bool same(struct entry *entry, struct fc_span key, struct fc_span value)
{
    const struct fc_row *row = row_of(entry);
    return row->key_len == key.len && entry->value_len == value.len &&
           fc_span_eq(fc_span(row->bytes, key.len), key) &&
           fc_span_eq(fc_span(row->bytes + key.len, value.len), value);
}

struct fc_row *fc_pool_take(struct fc_pool *pool, struct fc_span key, struct fc_span value)
{
    assert(key.len <= UINT8_MAX && value.len <= UINT32_MAX && key.len + value.len > 0);
    uint32_t hash = hash_of(key, value);
    for (struct entry *entry = *chain_of(pool, hash); entry; entry = entry->next) {
        if (entry->hash == hash && same(entry, key, value)) {
            row_of(entry)->refs++;
            return row_of(entry);
        }
    }
    return add(pool, key, value, hash);
}

struct fc_span fc_pool_value(const struct fc_row *row)
{
    assert(row->kind == FC_ROW_POOL);
    return fc_span(row->bytes + row->key_len, ((const struct entry *)row - 1)->value_len);
}

void fc_pool_row_release(struct fc_row *row)
{
    if (--row->refs)
        return;
    struct entry *entry = entry_of(row);
    struct fc_pool *pool = entry->pool;
    struct entry **link = chain_of(pool, entry->hash);
    while (*link != entry)
        link = &(*link)->next;
    *link = entry->next;
    pool->count--;
    free(entry);
    destroy_if_unused(pool);
}

void *fc_pool_borrow(struct fc_pool *pool)
{
    void *spare = pool->spare;
    pool->spare = NULL;
    return spare;
}

void fc_pool_give_back(struct fc_pool *pool, void *spare, void (*destroy)(void *spare))
{
    if (pool->spare) {
        destroy(spare);
        return;
    }
    pool->spare = spare;
    pool->destroy = destroy;
}

uint64_t fc_pool_stamp(struct fc_pool *pool)
{
    return ++pool->stamp;
}

size_t fc_pool_count(const struct fc_pool *pool)
{
    return pool->count;
}
