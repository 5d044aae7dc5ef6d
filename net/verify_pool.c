#include "net/verify_pool.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    THREADS_MAX = 256,
    INLINE_MAX = 3, /* waking a thread costs about as much as one signature */
    CHUNK_MAX = 16,
};

struct fc_verify_pool {
    pthread_mutex_t callers; /* one batch at a time */
    pthread_mutex_t lock;    /* guards what follows */
    pthread_cond_t work, done;
    struct fc_verify_job *jobs;
    size_t count, chunk, next, unfinished;
    bool stopping;
    uint32_t worker_count;
    pthread_t workers[];
};

static void verify_run(struct fc_verify_job *jobs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        jobs[i].valid = fc_verify(&jobs[i].key, &jobs[i].hash, &jobs[i].sig);
}

/* Takes one chunk of the batch and verifies it; called, and returns, with the lock held. */
static void help(struct fc_verify_pool *pool)
{
    struct fc_verify_job *jobs = pool->jobs + pool->next;
    size_t count = pool->count - pool->next;
    if (count > pool->chunk)
        count = pool->chunk;
    pool->next += count;
    pthread_mutex_unlock(&pool->lock);
    verify_run(jobs, count);
    pthread_mutex_lock(&pool->lock);
    assert(pool->unfinished >= count);
    pool->unfinished -= count;
    if (pool->unfinished == 0)
        pthread_cond_signal(&pool->done);
}

static void *worker_main(void *arg)
{
    struct fc_verify_pool *pool = arg;
    pthread_mutex_lock(&pool->lock);
    while (!pool->stopping) {
        if (pool->next < pool->count)
            help(pool);
        else
            pthread_cond_wait(&pool->work, &pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

static void pool_verify(void *ctx, struct fc_verify_job *jobs, size_t count)
{
    struct fc_verify_pool *pool = ctx;
    if (count <= INLINE_MAX || pool->worker_count == 0) {
        verify_run(jobs, count);
        return;
    }
    pthread_mutex_lock(&pool->callers);
    pthread_mutex_lock(&pool->lock);
    pool->jobs = jobs;
    pool->count = pool->unfinished = count;
    pool->next = 0;
    pool->chunk = count / (4 * (pool->worker_count + 1)) + 1;
    if (pool->chunk > CHUNK_MAX)
        pool->chunk = CHUNK_MAX;
    pthread_cond_broadcast(&pool->work);
    while (pool->next < pool->count)
        help(pool);
    while (pool->unfinished > 0)
        pthread_cond_wait(&pool->done, &pool->lock);
    pool->jobs = NULL;
    pool->count = pool->next = 0;
    pthread_mutex_unlock(&pool->lock);
    pthread_mutex_unlock(&pool->callers);
}

enum fc_err fc_verify_pool_create(uint32_t threads, struct fc_verify_pool **pool)
{
    struct fc_verify_pool *made;
    if (threads == 0) {
        long online = sysconf(_SC_NPROCESSORS_ONLN);
        threads = online > 0 ? (uint32_t)online : 1;
    }
    if (threads > THREADS_MAX)
        threads = THREADS_MAX;
    made = calloc(1, sizeof *made + (threads - 1) * sizeof made->workers[0]);
    if (!made)
        return FC_E_NOMEM;
    pthread_mutex_init(&made->callers, NULL);
    pthread_mutex_init(&made->lock, NULL);
    pthread_cond_init(&made->work, NULL);
    pthread_cond_init(&made->done, NULL);
    while (made->worker_count < threads - 1) {
        if (pthread_create(&made->workers[made->worker_count], NULL, worker_main, made) != 0) {
            fc_verify_pool_destroy(made);
            return FC_E_IO;
        }
        made->worker_count++;
    }
    *pool = made;
    return FC_OK;
}

void fc_verify_pool_destroy(struct fc_verify_pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->stopping = true;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    for (uint32_t i = 0; i < pool->worker_count; i++)
        pthread_join(pool->workers[i], NULL);
    pthread_cond_destroy(&pool->done);
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->lock);
    pthread_mutex_destroy(&pool->callers);
    free(pool);
}

struct fc_verifier fc_verify_pool_verifier(struct fc_verify_pool *pool)
{
    return (struct fc_verifier){pool, pool_verify};
}
