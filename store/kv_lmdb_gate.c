#include "store/kv_lmdb_gate.h"

#include <assert.h>

void fc_lmdb_gate_init(struct fc_lmdb_gate *gate)
{
    *gate = (struct fc_lmdb_gate){0};
    int failed = pthread_mutex_init(&gate->mutex, NULL) || pthread_cond_init(&gate->moved, NULL);
    assert(!failed); /* neither allocates with default attributes */
}

void fc_lmdb_gate_finish(struct fc_lmdb_gate *gate)
{
    assert(gate->inside == 0 && !gate->shut);
    pthread_cond_destroy(&gate->moved);
    pthread_mutex_destroy(&gate->mutex);
}

void fc_lmdb_gate_enter(struct fc_lmdb_gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    while (gate->shut)
        pthread_cond_wait(&gate->moved, &gate->mutex);
    gate->inside++;
    pthread_mutex_unlock(&gate->mutex);
}

void fc_lmdb_gate_leave(struct fc_lmdb_gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    gate->inside--;
    if (gate->inside == 0)
        pthread_cond_broadcast(&gate->moved);
    pthread_mutex_unlock(&gate->mutex);
}

void fc_lmdb_gate_shut(struct fc_lmdb_gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    while (gate->shut)
        pthread_cond_wait(&gate->moved, &gate->mutex);
    gate->shut = true; /* none comes in any more, so the wait ends */
    while (gate->inside > 0)
        pthread_cond_wait(&gate->moved, &gate->mutex);
    pthread_mutex_unlock(&gate->mutex);
}

void fc_lmdb_gate_open(struct fc_lmdb_gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    gate->shut = false;
    pthread_cond_broadcast(&gate->moved);
    pthread_mutex_unlock(&gate->mutex);
}
