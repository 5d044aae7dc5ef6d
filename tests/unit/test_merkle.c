#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/limits.h"
#include "store/merkle.h"

static struct fc_hash number(uint32_t i)
{
    struct fc_hash hash = {{0}};
    fc_put_be32(hash.b, i);
    hash.b[31] = 1;
    return hash;
}

static struct fc_hash pair(struct fc_hash left, struct fc_hash right)
{
    return fc_hash2("fedcat.merkle.1", fc_span(left.b, 32), fc_span(right.b, 32));
}

static struct fc_span make(struct fc_hash *hashes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        hashes[i] = number(i);
    return fc_span(hashes, count * sizeof *hashes);
}

static void assert_root(uint32_t count, struct fc_hash expected)
{
    struct fc_hash hashes[8];
    struct fc_hash root = fc_merkle_root(make(hashes, count));
    assert_true(fc_hash_eq(&root, &expected));
}

/* The shape, written out. */
static void test_shape(void **state)
{
    (void)state;
    struct fc_hash n[8];
    make(n, 8);
    struct fc_hash four = pair(pair(n[0], n[1]), pair(n[2], n[3]));
    assert_root(0, (struct fc_hash){{0}});
    assert_root(1, n[0]);
    assert_root(2, pair(n[0], n[1]));
    assert_root(3, pair(pair(n[0], n[1]), n[2]));
    assert_root(4, four);
    assert_root(5, pair(four, n[4]));
    assert_root(6, pair(four, pair(n[4], n[5])));
    assert_root(7, pair(four, pair(pair(n[4], n[5]), n[6])));
}

static void test_every_proof(void **state)
{
    (void)state;
    struct fc_hash hashes[70], path[FC_MERKLE_PROOF_MAX];
    for (uint32_t count = 1; count <= 70; count++) {
        struct fc_span all = make(hashes, count);
        struct fc_hash root = fc_merkle_root(all);
        for (uint32_t i = 0; i < count; i++) {
            uint32_t steps = fc_merkle_prove(all, i, path);
            assert_true(fc_merkle_check(&root, count, i, &hashes[i], path, steps));
            struct fc_hash other = number(1000);
            assert_false(fc_merkle_check(&root, count, i, &other, path, steps));
            assert_false(fc_merkle_check(&root, count, count, &hashes[i], path, steps));
            assert_false(fc_merkle_check(&root, count, (i + 1) % count, &hashes[i], path, steps) &&
                         count > 1);
            if (steps > 0) {
                assert_false(fc_merkle_check(&root, count, i, &hashes[i], path, steps - 1));
                path[steps / 2].b[7] ^= 1;
                assert_false(fc_merkle_check(&root, count, i, &hashes[i], path, steps));
                path[steps / 2].b[7] ^= 1;
            }
            if (steps < FC_MERKLE_PROOF_MAX) {
                path[steps] = number(5);
                assert_false(fc_merkle_check(&root, count, i, &hashes[i], path, steps + 1));
            }
        }
    }
}

static void test_largest(void **state)
{
    (void)state;
    struct fc_hash *hashes = calloc(FC_CARRIED_MAX, sizeof *hashes);
    struct fc_hash path[FC_MERKLE_PROOF_MAX];
    assert_non_null(hashes);
    struct fc_span all = make(hashes, FC_CARRIED_MAX);
    struct fc_hash root = fc_merkle_root(all);
    static const uint32_t at[] = {0, 1, FC_CARRIED_MAX / 2, FC_CARRIED_MAX - 1};
    for (int i = 0; i < 4; i++) {
        uint32_t steps = fc_merkle_prove(all, at[i], path);
        assert_int_equal(steps, 16);
        assert_true(fc_merkle_check(&root, FC_CARRIED_MAX, at[i], &hashes[at[i]], path, steps));
    }
    free(hashes);
}

/* A root commits to the list: an inner hash does not pass for a member. */
static void test_inner_node_is_no_member(void **state)
{
    (void)state;
    struct fc_hash n[4];
    struct fc_hash root = fc_merkle_root(make(n, 4));
    struct fc_hash inner = pair(n[0], n[1]), sibling = pair(n[2], n[3]);
    assert_false(fc_merkle_check(&root, 4, 0, &inner, &sibling, 1));
    assert_true(fc_merkle_check(&root, 2, 0, &inner, &sibling, 1)); /* hence the count is signed */
    assert_false(fc_merkle_check(&root, 0, 0, &inner, &sibling, 1));
}

static void test_absurd_counts(void **state)
{
    (void)state;
    struct fc_hash leaf = number(1), path[40];
    memset(path, 0, sizeof path);
    assert_false(fc_merkle_check(&leaf, UINT32_MAX, UINT32_MAX - 1, &leaf, path, 40));
    assert_false(fc_merkle_check(&leaf, UINT32_MAX, 0, &leaf, path, 0));
    assert_true(fc_merkle_check(&leaf, 1, 0, &leaf, NULL, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shape),         cmocka_unit_test(test_every_proof),
        cmocka_unit_test(test_largest),       cmocka_unit_test(test_inner_node_is_no_member),
        cmocka_unit_test(test_absurd_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
