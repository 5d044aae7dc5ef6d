#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "store/kv_mem.h"
#include "store/pack.h"
#include "store/tree.h"
#include "tests/support/golden.h"
#include "tests/support/rng.h"
#include "tests/support/tree_model.h"

enum { GENERATION = 1 };

struct bench {
    struct fc_kv *kv;
    struct fc_txn *txn;
    struct fc_subtree root;
};

static int setup(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    assert_int_equal(fc_crypto_init(), FC_OK);
    assert_int_equal(fc_kv_mem_create(&bench->kv), FC_OK);
    assert_int_equal(fc_kv_begin(bench->kv, true, &bench->txn), FC_OK);
    *state = bench;
    return 0;
}

static int teardown(void **state)
{
    struct bench *bench = *state;
    fc_kv_abort(bench->txn);
    fc_kv_close(bench->kv);
    free(bench);
    return 0;
}

static void fill(struct bench *bench, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++) {
        struct fc_hash key_hash = test_tree_key(i);
        struct fc_entry entry = test_tree_entry(&key_hash, i + 1);
        test_tree_put(bench->txn, GENERATION, &entry);
    }
    assert_int_equal(fc_tree_build(bench->txn, GENERATION, &bench->root), FC_OK);
}

static void prove(struct bench *bench, const struct fc_hash *key_hash, struct fc_buf *proof)
{
    fc_buf_clear(proof);
    assert_int_equal(fc_tree_prove(bench->txn, GENERATION, key_hash, proof), FC_OK);
}

static void check_present(struct bench *bench, unsigned number)
{
    struct fc_hash key_hash = test_tree_key(number);
    struct fc_entry wanted = test_tree_entry(&key_hash, number + 1), got;
    struct fc_buf proof = {0};
    struct fc_span leaf;
    bool present = false;
    prove(bench, &key_hash, &proof);
    assert_int_equal(
        fc_tree_check(fc_buf_span(&proof), &bench->root.hash, &key_hash, &present, &leaf), FC_OK);
    assert_true(present);
    assert_int_equal(fc_leaf_parse(leaf, &got), FC_OK);
    assert_memory_equal(got.key_hash.b, key_hash.b, 32);
    assert_memory_equal(got.commitment.b, wanted.commitment.b, 32);
    assert_int_equal(got.version, wanted.version);
    assert_int_equal(got.status, wanted.status);
    fc_buf_finish(&proof);
}

static void check_absent(struct bench *bench, const struct fc_hash *key_hash)
{
    struct fc_buf proof = {0};
    struct fc_span leaf;
    bool present = true;
    prove(bench, key_hash, &proof);
    assert_int_equal(
        fc_tree_check(fc_buf_span(&proof), &bench->root.hash, key_hash, &present, &leaf), FC_OK);
    assert_false(present);
    assert_int_equal(leaf.len, 0);
    fc_buf_finish(&proof);
}

static void test_presence_and_absence(void **state)
{
    struct bench *bench = *state;
    static const unsigned sizes[] = {0, 1, 2, 15, 16, 17, 18, 100, 257, 1000};
    unsigned have = 0;
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        fill(bench, have, sizes[s]);
        have = sizes[s];
        for (unsigned i = 0; i < have; i++)
            check_present(bench, i);
        for (unsigned i = have; i < have + 200; i++) {
            struct fc_hash key_hash = test_tree_key(i);
            check_absent(bench, &key_hash);
        }
    }
    /* the neighbours of one that is there, and both ends */
    struct fc_hash key_hash = test_tree_key(5);
    key_hash.b[31] ^= 1;
    check_absent(bench, &key_hash);
    memset(key_hash.b, 0, 32);
    check_absent(bench, &key_hash);
    memset(key_hash.b, 255, 32);
    check_absent(bench, &key_hash);
}

/* No other key, no other root, no changed, missing or added byte passes. */
static void check_tampering(struct bench *bench, const struct fc_hash *key_hash, bool there)
{
    struct fc_buf proof = {0};
    struct fc_span leaf;
    bool present;
    struct fc_hash other = *key_hash, root = bench->root.hash;
    prove(bench, key_hash, &proof);
    for (size_t i = 0; i < proof.len; i++) {
        for (unsigned flip = 1; flip < 256; flip += flip < 8 ? 1 : 31) {
            proof.data[i] ^= (uint8_t)flip;
            enum fc_err err = fc_tree_check(fc_buf_span(&proof), &root, key_hash, &present, &leaf);
            assert_true(err == FC_E_FORMAT || err == FC_E_ROOT);
            proof.data[i] ^= (uint8_t)flip;
        }
        assert_int_not_equal(
            fc_tree_check(fc_span(proof.data, i), &root, key_hash, &present, &leaf), FC_OK);
    }
    fc_buf_append(&proof, "", 1);
    assert_int_equal(fc_tree_check(fc_buf_span(&proof), &root, key_hash, &present, &leaf),
                     FC_E_FORMAT);
    proof.len--;
    root.b[17] ^= 4;
    assert_int_equal(fc_tree_check(fc_buf_span(&proof), &root, key_hash, &present, &leaf),
                     FC_E_ROOT);
    other.b[0] ^= 128; /* elsewhere, unless one bucket is all there is and shows both absent */
    enum fc_err err =
        fc_tree_check(fc_buf_span(&proof), &bench->root.hash, &other, &present, &leaf);
    bool one_bucket = proof.data[1] == 0;
    assert_int_equal(err == FC_OK, one_bucket && !there);
    fc_buf_finish(&proof);
}

static void test_tampering(void **state)
{
    struct bench *bench = *state;
    struct fc_hash present = test_tree_key(3), absent = test_tree_key(300);
    fill(bench, 0, 12);
    check_tampering(bench, &present, true);
    check_tampering(bench, &absent, false);
    fill(bench, 12, 200);
    check_tampering(bench, &present, true);
    check_tampering(bench, &absent, false);
}

struct parts {
    unsigned depth;
    uint32_t siblings;
    bool nils;
    bool present;
    unsigned position;
    uint32_t leaves;
};

static enum fc_err check_made(const struct parts *parts, struct fc_span leaf_bytes)
{
    struct fc_buf proof = {0};
    struct fc_hash hash = {{1}};
    struct fc_span leaf;
    bool present;
    fc_pack_array(&proof, 4);
    fc_pack_uint(&proof, parts->depth);
    fc_pack_array(&proof, parts->siblings);
    for (uint32_t i = 0; i < parts->siblings; i++) {
        if (parts->nils)
            fc_pack_nil(&proof);
        else
            fc_pack_bin(&proof, fc_span(hash.b, 32));
    }
    if (parts->present)
        fc_pack_uint(&proof, parts->position);
    else
        fc_pack_nil(&proof);
    fc_pack_array(&proof, parts->leaves);
    for (uint32_t i = 0; i < parts->leaves; i++)
        fc_pack_bin(&proof, leaf_bytes);
    enum fc_err err = fc_tree_check(fc_buf_span(&proof), &hash, &hash, &present, &leaf);
    fc_buf_finish(&proof);
    return err;
}

static void test_bounds_at_the_edge(void **state)
{
    struct fc_hash key_hash = {{1}};
    struct fc_entry entry = test_tree_entry(&key_hash, 1);
    struct fc_buf leaf = {0};
    (void)state;
    assert_int_equal(fc_leaf_write(&entry, &leaf), FC_OK);
    struct fc_span bytes = fc_buf_span(&leaf);
    struct parts parts = {.depth = 64, .siblings = 256};
    assert_int_equal(check_made(&parts, bytes), FC_E_ROOT);
    parts.siblings = 260;
    assert_int_equal(check_made(&parts, bytes), FC_E_FORMAT);
    parts.depth = 65;
    assert_int_equal(check_made(&parts, bytes), FC_E_FORMAT);
    parts = (struct parts){.depth = 64, .siblings = 260, .present = true, .leaves = 1};
    assert_int_equal(check_made(&parts, bytes), FC_E_ROOT);
    parts.siblings = 261;
    assert_int_equal(check_made(&parts, bytes), FC_E_FORMAT);
    parts = (struct parts){.siblings = 4, .present = true, .position = 15, .leaves = 1};
    assert_int_equal(check_made(&parts, bytes), FC_E_ROOT);
    parts.position = 16;
    assert_int_equal(check_made(&parts, bytes), FC_E_FORMAT);
    parts.position = 0;
    parts.leaves = 2;
    assert_int_equal(check_made(&parts, bytes), FC_E_FORMAT);
    parts.leaves = 0;
    assert_int_equal(check_made(&parts, bytes), FC_E_FORMAT);
    key_hash.b[0] = 0; /* absent: other leaves, ascending */
    entry.key_hash = key_hash;
    fc_buf_clear(&leaf);
    assert_int_equal(fc_leaf_write(&entry, &leaf), FC_OK);
    parts = (struct parts){.leaves = 1};
    assert_int_equal(check_made(&parts, fc_buf_span(&leaf)), FC_E_ROOT);
    parts.leaves = 17;
    assert_int_equal(check_made(&parts, fc_buf_span(&leaf)), FC_E_FORMAT);
    fc_buf_finish(&leaf);
}

/* A zero sibling has one form, nil. */
static void test_zero_sibling_is_nil(void **state)
{
    struct bench *bench = *state;
    struct fc_hash key_hash = test_tree_key(0);
    struct fc_buf proof = {0}, twin = {0};
    static const struct fc_hash zero;
    struct fc_span leaf;
    bool present;
    fill(bench, 0, 1);
    prove(bench, &key_hash, &proof);
    static const uint8_t head[] = {0x94, 0x00, 0x94, 0xc0, 0xc0, 0xc0, 0xc0, 0x00, 0x91};
    assert_memory_equal(proof.data, head, sizeof head);
    fc_buf_append(&twin, proof.data, 3);
    fc_pack_bin(&twin, fc_span(zero.b, 32));
    fc_buf_append(&twin, proof.data + 4, proof.len - 4);
    assert_int_equal(
        fc_tree_check(fc_buf_span(&twin), &bench->root.hash, &key_hash, &present, &leaf),
        FC_E_FORMAT);
    fc_buf_finish(&proof);
    fc_buf_finish(&twin);
}

static void test_sizes(void **state)
{
    struct bench *bench = *state;
    struct fc_buf proof = {0};
    static const unsigned sizes[] = {1000, 100000};
    unsigned have = 0;
    for (size_t s = 0; s < 2; s++) {
        size_t present = 0, absent = 0, largest = 0;
        fill(bench, have, sizes[s]);
        have = sizes[s];
        for (unsigned i = 0; i < 500; i++) {
            struct fc_hash key_hash = test_tree_key(i);
            prove(bench, &key_hash, &proof);
            present += proof.len;
            largest = proof.len > largest ? proof.len : largest;
            key_hash = test_tree_key(have + i);
            prove(bench, &key_hash, &proof);
            absent += proof.len;
        }
        print_message("%u entries: inclusion %zu bytes (at most %zu), absence %zu\n", have,
                      present / 500, largest, absent / 500);
        assert_true(largest < 1000);
    }
    fc_buf_finish(&proof);
}

/* -- vectors ---------------------------------------------------------------------------------- */

static json_t *hex(struct fc_span bytes)
{
    char *text = malloc(2 * bytes.len + 1);
    assert_non_null(text);
    fc_hex(bytes.data, bytes.len, text);
    json_t *string = json_string(text);
    free(text);
    return string;
}

static json_t *vector_entry(const struct fc_entry *entry)
{
    struct fc_buf leaf = {0};
    assert_int_equal(fc_leaf_write(entry, &leaf), FC_OK);
    struct fc_hash hash = fc_leaf_hash(fc_buf_span(&leaf));
    json_t *object =
        json_pack("{s:o, s:o, s:o}", "key_hash", hex(fc_span(entry->key_hash.b, 32)), "leaf",
                  hex(fc_buf_span(&leaf)), "leaf_hash", hex(fc_span(hash.b, 32)));
    fc_buf_finish(&leaf);
    return object;
}

static json_t *vector_proof(struct bench *bench, unsigned number, bool present)
{
    struct fc_hash key_hash = test_tree_key(number);
    struct fc_buf proof = {0};
    prove(bench, &key_hash, &proof);
    json_t *object = json_pack("{s:o, s:b, s:o}", "key_hash", hex(fc_span(key_hash.b, 32)),
                               "present", present, "proof", hex(fc_buf_span(&proof)));
    fc_buf_finish(&proof);
    return object;
}

static json_t *vectors_make(struct bench *bench)
{
    static const unsigned sizes[] = {0, 1, 2, 16, 17, 40};
    json_t *cases = json_array();
    unsigned have = 0;
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        json_t *entries = json_array(), *proofs = json_array();
        fill(bench, have, sizes[s]);
        have = sizes[s];
        for (unsigned i = 0; i < have; i++) {
            struct fc_hash key_hash = test_tree_key(i);
            struct fc_entry entry = test_tree_entry(&key_hash, i + 1);
            json_array_append_new(entries, vector_entry(&entry));
        }
        if (have)
            json_array_append_new(proofs, vector_proof(bench, have / 2, true));
        json_array_append_new(proofs, vector_proof(bench, 1000, false));
        json_array_append_new(cases, json_pack("{s:i, s:o, s:o, s:o}", "count", (int)have, "root",
                                               hex(fc_span(bench->root.hash.b, 32)), "entries",
                                               entries, "proofs", proofs));
    }
    return json_pack("{s:s, s:o}", "about",
                     "State tree: leaves, roots and proofs of inclusion and absence. Keys are "
                     "BLAKE2b-256 of https://offers.example/<n>, personal fedcat.key.1.",
                     "cases", cases);
}

/* FEDCAT_GOLDEN_WRITE=1 writes them anew; otherwise what is frozen must come out. */
static void test_vectors(void **state)
{
    assert_true(fc_golden_json("tests/vectors/tree.json", vectors_make(*state)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_presence_and_absence, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tampering, setup, teardown),
        cmocka_unit_test(test_bounds_at_the_edge),
        cmocka_unit_test_setup_teardown(test_zero_sibling_is_nil, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sizes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_vectors, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
