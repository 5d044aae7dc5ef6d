/* One case run over both backends, and over memory that is shared: two nodes of one federation,
 * both with Acme admitted. */
#ifndef FC_TESTS_SUPPORT_REPLICA_CASE_H
#define FC_TESTS_SUPPORT_REPLICA_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "tests/support/replica.h"

struct fc_test_case {
    enum fc_test_backend backend;
    struct fc_test_federation fed;
    struct fc_test_party acme, other;
    struct fc_test_node a, b;
};

static inline int fc_test_case_setup(void **state)
{
    struct fc_test_case *test = calloc(1, sizeof *test);
    if (!test)
        return -1;
    test->backend = *(const enum fc_test_backend *)*state;
    fc_test_federation_init(&test->fed, "replica", 3);
    fc_test_party_init(&test->acme, &test->fed, "acme");
    fc_test_party_init(&test->other, &test->fed, "other");
    fc_test_node_init(&test->a, test->backend, &test->fed, "node a");
    fc_test_node_init(&test->b, test->backend, &test->fed, "node b");
    fc_test_admit(&test->a, &test->fed, &test->acme);
    fc_test_admit(&test->b, &test->fed, &test->acme);
    *state = test;
    return 0;
}

static inline int fc_test_case_teardown(void **state)
{
    struct fc_test_case *test = *state;
    fc_test_node_finish(&test->a);
    fc_test_node_finish(&test->b);
    fc_test_party_finish(&test->acme);
    fc_test_party_finish(&test->other);
    fc_test_federation_finish(&test->fed);
    free(test);
    return 0;
}

static enum fc_test_backend fc_test_backends[] = {FC_TEST_MEMORY, FC_TEST_LMDB, FC_TEST_SHARED};
#define FC_TEST_ON(f, name, at)                                                                    \
    {                                                                                              \
#f name, f, fc_test_case_setup, fc_test_case_teardown, &fc_test_backends[at]               \
    }
#define FC_TEST_BOTH(f)                                                                            \
    FC_TEST_ON(f, " (memory)", 0), FC_TEST_ON(f, " (lmdb)", 1), FC_TEST_ON(f, " (shared)", 2)

#define assert_ok(expression) assert_int_equal((expression), FC_OK)

#endif
