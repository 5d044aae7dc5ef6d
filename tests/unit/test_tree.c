#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "store/kv_lmdb.h"
#include "store/kv_mem.h"
#include "store/tree.h"
#include "tests/support/kv_fault.h"
#include "tests/support/rng.h"
#include "tests/support/tempdir.h"
#include "tests/support/tree_model.h"

enum { GENERATION = 7, POOL = 3000 };

/* A store, its open write transaction, and what should be in it. */
struct bench {
    struct fc_kv *kv;
    struct fc_txn *txn;
    struct fc_hash pool[POOL]; /* ascending */
    uint64_t version[POOL];    /* 0: not there */
    uint64_t clock;
    char *dir; /* of the LMDB backend, or NULL */
};

static int by_hash(const void *a, const void *b)
{
    return memcmp(a, b, 32);
}

static bool on_disk = true;

static void open_lmdb(struct bench *bench)
{
    bench->dir = tempdir_create();
    const struct fc_kv_lmdb_config config = {.path = bench->dir, .create = true};
    assert_int_equal(fc_kv_lmdb_open(&config, &bench->kv), FC_OK);
    assert_int_equal(fc_kv_reserve(bench->kv, 256 << 20), FC_OK);
}

/* `*state` says at first which backend is wanted. */
static int setup(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    assert_int_equal(fc_crypto_init(), FC_OK);
    if (*state)
        open_lmdb(bench);
    else
        assert_int_equal(fc_kv_mem_create(&bench->kv), FC_OK);
    assert_int_equal(fc_kv_begin(bench->kv, true, &bench->txn), FC_OK);
    for (unsigned i = 0; i < POOL; i++)
        bench->pool[i] = test_tree_key(i);
    qsort(bench->pool, POOL, sizeof bench->pool[0], by_hash);
    *state = bench;
    return 0;
}

static int teardown(void **state)
{
    struct bench *bench = *state;
    fc_kv_abort(bench->txn);
    fc_kv_close(bench->kv);
    if (bench->dir)
        tempdir_destroy(bench->dir);
    free(bench);
    return 0;
}

static uint64_t tree_rows(struct bench *bench)
{
    struct fc_kv_cursor *cursor;
    struct fc_span key, value;
    uint64_t rows = 0;
    assert_int_equal(fc_kv_cursor_open(bench->txn, FC_TABLE_TREE, &cursor), FC_OK);
    enum fc_err err = fc_kv_seek(cursor, fc_span("", 0), &key, &value);
    for (; err == FC_OK; err = fc_kv_next(cursor, &key, &value))
        rows++;
    assert_int_equal(err, FC_E_MISSING);
    fc_kv_cursor_close(cursor);
    return rows;
}

static size_t live(const struct bench *bench, struct fc_entry *out)
{
    size_t count = 0;
    for (unsigned i = 0; i < POOL; i++)
        if (bench->version[i])
            out[count++] = test_tree_entry(&bench->pool[i], bench->version[i]);
    return count;
}

/* Puts or deletes pool members; `keys` gets what was touched. */
static void touch(struct bench *bench, unsigned index, uint64_t version)
{
    if (version) {
        struct fc_entry entry = test_tree_entry(&bench->pool[index], version);
        test_tree_put(bench->txn, GENERATION, &entry);
    } else if (bench->version[index]) {
        test_tree_delete(bench->txn, GENERATION, &bench->pool[index]);
    }
    bench->version[index] = version;
}

static struct fc_subtree update(struct bench *bench, const struct fc_hash *keys, size_t count)
{
    struct fc_subtree root;
    assert_int_equal(fc_tree_update(bench->txn, GENERATION, keys, count, &root), FC_OK);
    return root;
}

static struct fc_subtree update_one(struct bench *bench, unsigned index, uint64_t version)
{
    touch(bench, index, version);
    return update(bench, &bench->pool[index], 1);
}

/* update == build == compute == the definition, and the same rows are kept either way. */
static void check_all_agree(struct bench *bench, const struct fc_subtree *updated)
{
    struct fc_entry *entries = calloc(POOL, sizeof *entries);
    assert_non_null(entries);
    size_t count = live(bench, entries);
    struct fc_hash wanted = test_tree_root(entries, count);
    struct fc_subtree computed, kept, built;
    uint64_t rows = tree_rows(bench);
    assert_int_equal(fc_tree_compute(bench->txn, GENERATION, &computed), FC_OK);
    assert_int_equal(fc_tree_root(bench->txn, GENERATION, &kept), FC_OK);
    assert_int_equal(fc_tree_build(bench->txn, GENERATION, &built), FC_OK);
    assert_int_equal(tree_rows(bench), rows);
    const struct fc_subtree *all[] = {updated, &computed, &kept, &built};
    for (size_t i = 0; i < 4; i++) {
        assert_memory_equal(all[i]->hash.b, wanted.b, 32);
        assert_int_equal(all[i]->count, count);
    }
    free(entries);
}

static void test_empty(void **state)
{
    struct bench *bench = *state;
    struct fc_subtree root = update(bench, NULL, 0);
    assert_true(fc_hash_is_zero(&root.hash));
    assert_int_equal(root.count, 0);
    check_all_agree(bench, &root);
    root = update(bench, bench->pool, 5); /* said to have changed, but nothing is there */
    check_all_agree(bench, &root);
    update_one(bench, 9, 1);
    root = update_one(bench, 9, 0);
    assert_true(fc_hash_is_zero(&root.hash));
    check_all_agree(bench, &root);
}

static void test_one_leaf(void **state)
{
    struct bench *bench = *state;
    struct fc_hash places[16] = {0};
    struct fc_buf leaf = {0};
    struct fc_entry entry = test_tree_entry(&bench->pool[3], 1);
    struct fc_subtree root = update_one(bench, 3, 1);
    assert_int_equal(fc_leaf_write(&entry, &leaf), FC_OK);
    places[0] = fc_leaf_hash(fc_buf_span(&leaf));
    struct fc_hash wanted = fc_tree_hash16(places, true);
    assert_memory_equal(root.hash.b, wanted.b, 32);
    wanted = fc_tree_hash16(places, false);
    assert_memory_not_equal(root.hash.b, wanted.b, 32);
    fc_buf_finish(&leaf);
}

static void test_split_and_collapse(void **state)
{
    struct bench *bench = *state;
    struct fc_subtree root, at_16 = {0};
    for (unsigned i = 0; i < 40; i++) {
        root = update_one(bench, i * 70, 1);
        if (i == 15)
            at_16 = root;
        assert_int_equal(tree_rows(bench) > 0, i >= 16);
        check_all_agree(bench, &root);
    }
    for (unsigned i = 40; i-- > 16;) {
        assert_true(tree_rows(bench) > 0);
        root = update_one(bench, i * 70, 0);
        check_all_agree(bench, &root);
    }
    assert_int_equal(tree_rows(bench), 0);
    assert_memory_equal(root.hash.b, at_16.hash.b, 32);
}

/* 40 keys alike in all but the last bits: inner nodes all the way down, and back in one step. */
static void test_deep_common_prefixes(void **state)
{
    struct bench *bench = *state;
    struct fc_hash keys[40];
    struct fc_subtree root, again;
    struct fc_entry entries[40];
    for (unsigned i = 0; i < 40; i++) {
        memset(&keys[i], 0xab, 32);
        keys[i].b[31] = (uint8_t)i;
        entries[i] = test_tree_entry(&keys[i], i + 1);
        test_tree_put(bench->txn, GENERATION, &entries[i]);
        root = update(bench, &keys[i], 1);
        struct fc_hash wanted = test_tree_root(entries, i + 1);
        assert_memory_equal(root.hash.b, wanted.b, 32);
    }
    assert_int_equal(tree_rows(bench), 63);
    assert_int_equal(fc_tree_build(bench->txn, GENERATION, &again), FC_OK);
    assert_memory_equal(root.hash.b, again.hash.b, 32);
    assert_int_equal(tree_rows(bench), 63);
    for (unsigned i = 0; i < 40; i++) {
        struct fc_buf proof = {0};
        struct fc_span leaf;
        bool present = false;
        assert_int_equal(fc_tree_prove(bench->txn, GENERATION, &keys[i], &proof), FC_OK);
        assert_int_equal(fc_tree_check(fc_buf_span(&proof), &root.hash, &keys[i], &present, &leaf),
                         FC_OK);
        assert_true(present);
        fc_buf_finish(&proof);
    }
    for (unsigned i = 16; i < 40; i++)
        test_tree_delete(bench->txn, GENERATION, &keys[i]);
    root = update(bench, keys + 16, 24);
    assert_int_equal(tree_rows(bench), 0);
    struct fc_hash wanted = test_tree_root(entries, 16);
    assert_memory_equal(root.hash.b, wanted.b, 32);
}

/* Random batches of puts, changes and deletes; then a second history to the same entries. */
static void test_root_forgets_history(void **state)
{
    struct bench *bench = *state;
    struct fc_hash keys[400];
    struct fc_subtree root = {0};
    for (uint64_t seed = 1; seed <= 2; seed++) {
        uint64_t rng = seed;
        for (unsigned round = 0; round < 24; round++) {
            unsigned stride = 1 + test_rng_below(&rng, 60), count = 0;
            unsigned shrink = round % 8 >= 5 ? 80 : 25; /* percent deleted */
            for (unsigned i = test_rng_below(&rng, stride); i < POOL && count < 400;
                 i += 1 + test_rng_below(&rng, 2 * stride)) {
                bool gone = test_rng_below(&rng, 100) < shrink;
                touch(bench, i, gone ? 0 : ++bench->clock);
                keys[count++] = bench->pool[i];
            }
            root = update(bench, keys, count);
            check_all_agree(bench, &root);
        }
        /* The same entries, one by one in another order, after a detour over all others. */
        uint64_t saved[POOL];
        memcpy(saved, bench->version, sizeof saved);
        for (unsigned i = 0; i < POOL; i += 3)
            touch(bench, i, ++bench->clock);
        assert_int_equal(fc_tree_build(bench->txn, GENERATION, &root), FC_OK);
        struct fc_subtree twin = {0};
        for (unsigned n = 0; n < POOL; n++) {
            unsigned i = (unsigned)((n * 1237ull + seed) % POOL);
            twin = update_one(bench, i, saved[i]);
        }
        check_all_agree(bench, &twin);
    }
}

/* Generations and neighbours do not leak into each other. */
static void test_generations_are_apart(void **state)
{
    struct bench *bench = *state;
    struct fc_subtree root, other;
    for (unsigned i = 0; i < 100; i++) {
        struct fc_entry entry = test_tree_entry(&bench->pool[i], 1);
        test_tree_put(bench->txn, GENERATION - 1, &entry);
        test_tree_put(bench->txn, GENERATION + 1, &entry);
    }
    assert_int_equal(fc_tree_build(bench->txn, GENERATION - 1, &other), FC_OK);
    assert_int_equal(fc_tree_build(bench->txn, GENERATION + 1, &other), FC_OK);
    assert_int_equal(other.count, 100);
    uint64_t rows = tree_rows(bench);
    assert_int_equal(fc_tree_build(bench->txn, GENERATION, &root), FC_OK);
    assert_int_equal(root.count, 0);
    root = update_one(bench, 5, 1);
    assert_int_equal(root.count, 1);
    assert_int_equal(tree_rows(bench), rows);
    assert_int_equal(fc_tree_root(bench->txn, GENERATION - 1, &root), FC_OK);
    assert_memory_equal(&root, &other, sizeof root);
}

static void check_walk(struct bench *bench, const struct fc_prefix *prefix,
                       const struct fc_subtree *wanted)
{
    struct fc_subtree self, children[16];
    bool inner;
    assert_int_equal(fc_tree_node(bench->txn, GENERATION, prefix, &self, &inner, children), FC_OK);
    assert_int_equal(self.count, wanted->count);
    assert_memory_equal(self.hash.b, wanted->hash.b, 32);
    assert_int_equal(inner, wanted->count > 16);
    if (!inner)
        return;
    for (unsigned i = 0; i < 16; i++) {
        struct fc_prefix child = fc_prefix_child(*prefix, i);
        check_walk(bench, &child, &children[i]);
    }
}

static void test_nodes_at_every_prefix(void **state)
{
    struct bench *bench = *state;
    const struct fc_prefix top = {0};
    struct fc_subtree root;
    for (unsigned i = 0; i < POOL; i++)
        touch(bench, i, 1);
    assert_int_equal(fc_tree_build(bench->txn, GENERATION, &root), FC_OK);
    check_walk(bench, &top, &root);
    /* below a bucket: the leaves that share the prefix, and nothing */
    struct fc_prefix deep = top;
    for (unsigned i = 0; i < 64; i++)
        deep = fc_prefix_child(deep,
                               i % 2 ? bench->pool[0].b[i / 2] & 15 : bench->pool[0].b[i / 2] >> 4);
    assert_true(fc_prefix_covers(&deep, &bench->pool[0]));
    assert_false(fc_prefix_covers(&deep, &bench->pool[1]));
    bool inner;
    assert_int_equal(fc_tree_node(bench->txn, GENERATION, &deep, &root, &inner, NULL), FC_OK);
    assert_int_equal(root.count, 1);
    assert_false(inner);
    deep.bits.b[31] ^= 1;
    assert_int_equal(fc_tree_node(bench->txn, GENERATION, &deep, &root, &inner, NULL), FC_OK);
    assert_int_equal(root.count, 0);
}

/* A row that was damaged, or is missing, is an error. */
static void test_damaged_rows(void **state)
{
    struct bench *bench = *state;
    const uint8_t key[5] = {0, 0, 0, GENERATION, 0};
    struct fc_subtree root;
    struct fc_span row;
    uint8_t copy[1024];
    for (unsigned i = 0; i < 200; i++)
        touch(bench, i * 7, 1);
    assert_int_equal(fc_tree_build(bench->txn, GENERATION, &root), FC_OK);
    assert_int_equal(fc_kv_get(bench->txn, FC_TABLE_TREE, fc_span(key, 5), &row), FC_OK);
    assert_true(row.len < sizeof copy);
    size_t len = row.len;
    memcpy(copy, row.data, len);
    for (size_t cut = 0; cut < len; cut++) {
        assert_int_equal(fc_kv_put(bench->txn, FC_TABLE_TREE, fc_span(key, 5), fc_span(copy, cut)),
                         FC_OK);
        assert_int_equal(fc_tree_root(bench->txn, GENERATION, &root), FC_E_CORRUPT);
    }
    memset(copy + len, 255, 20);
    assert_int_equal(fc_kv_put(bench->txn, FC_TABLE_TREE, fc_span(key, 5), fc_span(copy, len + 20)),
                     FC_OK);
    assert_int_equal(fc_tree_root(bench->txn, GENERATION, &root), FC_E_CORRUPT);
    assert_int_equal(fc_kv_del(bench->txn, FC_TABLE_TREE, fc_span(key, 5)), FC_OK);
    assert_int_equal(fc_tree_root(bench->txn, GENERATION, &root), FC_E_CORRUPT);
    assert_int_equal(fc_tree_build(bench->txn, GENERATION, &root), FC_OK);
    check_all_agree(bench, &root);
}

/* Whichever write of an update fails, the error comes back; aborted, nothing has changed. */
static void test_writes_that_fail(void **state)
{
    struct bench *bench = *state;
    struct fc_kv_fault *fault;
    struct fc_hash keys[200];
    struct fc_subtree before, after, root;
    enum fc_err err = FC_E_FULL;
    uint64_t failures = 0;
    for (unsigned i = 0; i < 600; i++)
        touch(bench, i, 1);
    assert_int_equal(fc_tree_build(bench->txn, GENERATION, &before), FC_OK);
    assert_int_equal(fc_kv_commit(bench->txn), FC_OK);
    bench->kv = fc_kv_fault_create(bench->kv, &fault);
    for (; err != FC_OK; failures++) {
        assert_int_equal(fc_kv_begin(bench->kv, true, &bench->txn), FC_OK);
        for (unsigned i = 0; i < 200; i++) {
            keys[i] = bench->pool[i * 4];
            struct fc_entry entry = test_tree_entry(&keys[i], 9);
            if (i < 120 && i * 4 < 600)
                test_tree_delete(bench->txn, GENERATION, &keys[i]);
            else
                test_tree_put(bench->txn, GENERATION, &entry);
        }
        fc_kv_fault_arm(fault, failures, FC_E_FULL);
        err = fc_tree_update(bench->txn, GENERATION, keys, 200, &after);
        fc_kv_fault_disarm(fault);
        if (err == FC_OK)
            break;
        assert_int_equal(err, FC_E_FULL);
        fc_kv_abort(bench->txn);
        assert_int_equal(fc_kv_begin(bench->kv, false, &bench->txn), FC_OK);
        assert_int_equal(fc_tree_root(bench->txn, GENERATION, &root), FC_OK);
        assert_memory_equal(&root, &before, sizeof root);
        fc_kv_abort(bench->txn);
    }
    assert_true(failures > 10);
    assert_int_equal(fc_tree_compute(bench->txn, GENERATION, &root), FC_OK);
    assert_memory_equal(&root, &after, sizeof root);
}

/* Time and memory do not grow with what is not touched: a hundred thousand rows, built, changed. */
static void test_a_hundred_thousand(void **state)
{
    struct bench *bench = *state;
    struct fc_subtree root, computed;
    enum { MANY = 100000 };
    struct timespec start, end;
    for (unsigned i = 0; i < MANY; i++) {
        struct fc_hash key_hash = test_tree_key(i);
        struct fc_entry entry = test_tree_entry(&key_hash, i + 1);
        test_tree_put(bench->txn, GENERATION, &entry);
    }
    clock_gettime(CLOCK_MONOTONIC, &start);
    assert_int_equal(fc_tree_build(bench->txn, GENERATION, &root), FC_OK);
    clock_gettime(CLOCK_MONOTONIC, &end);
    assert_int_equal(root.count, MANY);
    print_message("built over %d rows in %.0f ms, %llu nodes\n", MANY,
                  (double)(end.tv_sec - start.tv_sec) * 1e3 +
                      (double)(end.tv_nsec - start.tv_nsec) / 1e6,
                  (unsigned long long)tree_rows(bench));
    struct fc_hash keys[1000];
    for (unsigned i = 0; i < 1000; i++) {
        keys[i] = test_tree_key(i * 100);
        struct fc_entry entry = test_tree_entry(&keys[i], MANY + i);
        test_tree_put(bench->txn, GENERATION, &entry);
    }
    qsort(keys, 1000, sizeof keys[0], by_hash);
    clock_gettime(CLOCK_MONOTONIC, &start);
    root = update(bench, keys, 1000);
    clock_gettime(CLOCK_MONOTONIC, &end);
    print_message("1000 changes in %.1f ms\n", (double)(end.tv_sec - start.tv_sec) * 1e3 +
                                                   (double)(end.tv_nsec - start.tv_nsec) / 1e6);
    assert_int_equal(fc_tree_compute(bench->txn, GENERATION, &computed), FC_OK);
    assert_memory_equal(&root, &computed, sizeof root);
}

#define ON_BOTH(test)                                                                              \
    cmocka_unit_test_setup_teardown(test, setup, teardown),                                        \
    {                                                                                              \
#test " on LMDB", test, setup, teardown, &on_disk                                          \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(test_empty),
        ON_BOTH(test_one_leaf),
        ON_BOTH(test_split_and_collapse),
        ON_BOTH(test_deep_common_prefixes),
        ON_BOTH(test_root_forgets_history),
        ON_BOTH(test_generations_are_apart),
        ON_BOTH(test_nodes_at_every_prefix),
        ON_BOTH(test_damaged_rows),
        ON_BOTH(test_writes_that_fail),
        ON_BOTH(test_a_hundred_thousand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
