#include "tests/support/tree_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct fc_hash test_tree_key(uint64_t number)
{
    char text[64];
    snprintf(text, sizeof text, "https://offers.example/%llu", (unsigned long long)number);
    return fc_key_hash(fc_span_str(text));
}

struct fc_entry test_tree_entry(const struct fc_hash *key_hash, uint64_t version)
{
    struct fc_entry entry = {
        .key_hash = *key_hash,
        .version = fc_version_make(1, version),
        .status = version % 5 == 4 ? FC_STATUS_DEPRECATED : FC_STATUS_ACTIVE,
        .commitment =
            fc_hash2("fedcat.test", fc_span(key_hash->b, 32), fc_span(&version, sizeof version)),
        .media_type = fc_span_str("application/ld+json"),
        .size = 1000 + version % 1000,
        .key = fc_span_str("https://offers.example/"),
        .state = FC_CONTENT_PRESENT,
    };
    memset(entry.salt, (int)(version & 255), sizeof entry.salt);
    return entry;
}

void test_tree_put(struct fc_txn *txn, uint32_t generation, const struct fc_entry *entry)
{
    struct fc_entry_key key = fc_entry_key(generation, &entry->key_hash);
    struct fc_buf row = {0};
    assert_int_equal(fc_entry_write(entry, &row), FC_OK);
    assert_int_equal(
        fc_kv_put(txn, FC_TABLE_ENTRY, fc_span(key.b, sizeof key.b), fc_buf_span(&row)), FC_OK);
    fc_buf_finish(&row);
}

void test_tree_delete(struct fc_txn *txn, uint32_t generation, const struct fc_hash *key_hash)
{
    struct fc_entry_key key = fc_entry_key(generation, key_hash);
    assert_int_equal(fc_kv_del(txn, FC_TABLE_ENTRY, fc_span(key.b, sizeof key.b)), FC_OK);
}

static int by_key(const void *a, const void *b)
{
    return memcmp(((const struct fc_entry *)a)->key_hash.b,
                  ((const struct fc_entry *)b)->key_hash.b, 32);
}

/* The binary tree over `count` places, written as the definition has it. */
static struct fc_hash binary(const struct fc_hash *places, unsigned count, const char *personal)
{
    static const struct fc_hash zero;
    uint8_t both[64];
    if (count == 1)
        return places[0];
    struct fc_hash left = binary(places, count / 2, personal);
    struct fc_hash right = binary(places + count / 2, count / 2, personal);
    if (memcmp(&left, &zero, 32) == 0 && memcmp(&right, &zero, 32) == 0)
        return zero;
    memcpy(both, left.b, 32);
    memcpy(both + 32, right.b, 32);
    return fc_hash(personal, fc_span(both, sizeof both));
}

static struct fc_hash subtree(const struct fc_entry *entries, size_t count, unsigned depth)
{
    struct fc_hash places[16] = {0};
    if (count <= 16) {
        for (size_t i = 0; i < count; i++) {
            struct fc_buf leaf = {0};
            assert_int_equal(fc_leaf_write(&entries[i], &leaf), FC_OK);
            places[i] = fc_leaf_hash(fc_buf_span(&leaf));
            fc_buf_finish(&leaf);
        }
        return binary(places, 16, "fedcat.bucket.1");
    }
    for (size_t at = 0, end; at < count; at = end) {
        uint8_t byte = entries[at].key_hash.b[depth / 2];
        unsigned nibble = depth % 2 ? byte & 15 : byte >> 4;
        for (end = at; end < count; end++) {
            byte = entries[end].key_hash.b[depth / 2];
            if ((depth % 2 ? byte & 15u : byte >> 4u) != nibble)
                break;
        }
        places[nibble] = subtree(entries + at, end - at, depth + 1);
    }
    return binary(places, 16, "fedcat.node.1");
}

struct fc_hash test_tree_root(struct fc_entry *entries, size_t count)
{
    if (count)
        qsort(entries, count, sizeof *entries, by_key);
    return subtree(entries, count, 0);
}
