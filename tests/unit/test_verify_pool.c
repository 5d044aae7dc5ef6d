#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/verify_pool.h"

enum { JOBS = 700 };

/* Every third signature is broken in one way or another. */
static bool make_job(size_t i, struct fc_verify_job *job)
{
    uint8_t seed[32] = {(uint8_t)i, (uint8_t)(i >> 8), 7};
    struct fc_sign_key secret;
    fc_sign_key_from_seed(seed, &secret, &job->key);
    job->hash = fc_hash("fedcat.test", fc_span(&i, sizeof i));
    job->sig = fc_sign(&secret, &job->hash);
    job->valid = i % 2; /* whatever stood there before must not matter */
    if (i % 3 == 1)
        job->sig.b[i % 64] ^= 1;
    if (i % 3 == 2)
        job->hash.b[i % 32] ^= 0x80;
    return i % 3 == 0;
}

static void check_batch(struct fc_verifier verifier, const struct fc_verify_job *made, size_t count)
{
    struct fc_verify_job *jobs = malloc((count + 1) * sizeof *jobs);
    assert_non_null(jobs);
    memcpy(jobs, made, count * sizeof *jobs);
    memset(&jobs[count], 0x5a, sizeof *jobs);
    struct fc_verify_job guard = jobs[count];
    verifier.verify(verifier.ctx, jobs, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(jobs[i].valid, i % 3 == 0);
    assert_memory_equal(&jobs[count], &guard, sizeof guard);
    free(jobs);
}

static struct fc_verify_job *make_jobs(void)
{
    struct fc_verify_job *jobs = calloc(JOBS, sizeof *jobs);
    assert_non_null(jobs);
    for (size_t i = 0; i < JOBS; i++)
        make_job(i, &jobs[i]);
    return jobs;
}

static void answers_as_the_plain_verifier(void **state)
{
    const uint32_t threads[] = {0, 1, 2, 5};
    const size_t counts[] = {0, 1, 3, 4, 5, 17, 64, JOBS};
    struct fc_verify_job *jobs = make_jobs();
    (void)state;
    check_batch(fc_verifier_plain(), jobs, 64);
    for (size_t t = 0; t < sizeof threads / sizeof threads[0]; t++) {
        struct fc_verify_pool *pool = NULL;
        assert_int_equal(fc_verify_pool_create(threads[t], &pool), FC_OK);
        for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++)
            check_batch(fc_verify_pool_verifier(pool), jobs, counts[c]);
        fc_verify_pool_destroy(pool);
    }
    free(jobs);
}

static void survives_many_small_batches(void **state)
{
    struct fc_verify_job *jobs = make_jobs();
    struct fc_verify_pool *pool = NULL;
    (void)state;
    assert_int_equal(fc_verify_pool_create(4, &pool), FC_OK);
    for (size_t i = 0; i < 300; i++)
        check_batch(fc_verify_pool_verifier(pool), jobs, 4 + i % 9);
    fc_verify_pool_destroy(pool);
    free(jobs);
}

struct caller {
    pthread_t thread;
    struct fc_verifier verifier;
    struct fc_verify_job *jobs;
    size_t count;
};

static void *caller_main(void *arg)
{
    struct caller *caller = arg;
    for (int i = 0; i < 20; i++)
        caller->verifier.verify(caller->verifier.ctx, caller->jobs, caller->count);
    return NULL;
}

static void takes_batches_from_several_threads(void **state)
{
    struct fc_verify_pool *pool = NULL;
    struct caller callers[3];
    (void)state;
    assert_int_equal(fc_verify_pool_create(3, &pool), FC_OK);
    for (size_t i = 0; i < 3; i++) {
        callers[i].verifier = fc_verify_pool_verifier(pool);
        callers[i].jobs = make_jobs();
        callers[i].count = 20 + 7 * i;
        assert_int_equal(pthread_create(&callers[i].thread, NULL, caller_main, &callers[i]), 0);
    }
    for (size_t i = 0; i < 3; i++) {
        pthread_join(callers[i].thread, NULL);
        for (size_t k = 0; k < callers[i].count; k++)
            assert_int_equal(callers[i].jobs[k].valid, k % 3 == 0);
        free(callers[i].jobs);
    }
    fc_verify_pool_destroy(pool);
}

static void starts_and_stops(void **state)
{
    (void)state;
    fc_verify_pool_destroy(NULL);
    for (int i = 0; i < 50; i++) {
        struct fc_verify_pool *pool = NULL;
        assert_int_equal(fc_verify_pool_create(8, &pool), FC_OK);
        fc_verify_pool_destroy(pool);
    }
}

static int set_up(void **state)
{
    (void)state;
    return fc_crypto_init();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_as_the_plain_verifier),
        cmocka_unit_test(survives_many_small_batches),
        cmocka_unit_test(takes_batches_from_several_threads),
        cmocka_unit_test(starts_and_stops),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
