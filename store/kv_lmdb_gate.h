/* A gate for readers of a map: any number inside, or whoever moves the map, alone. */
#ifndef FC_STORE_KV_LMDB_GATE_H
#define FC_STORE_KV_LMDB_GATE_H

#include <pthread.h>
#include <stdbool.h>

struct fc_lmdb_gate {
    pthread_mutex_t mutex;
    pthread_cond_t moved;
    unsigned inside;
    bool shut;
};
void fc_lmdb_gate_init(struct fc_lmdb_gate *gate);
void fc_lmdb_gate_finish(struct fc_lmdb_gate *gate);
void fc_lmdb_gate_enter(struct fc_lmdb_gate *gate); /* waits while it is shut */
void fc_lmdb_gate_leave(struct fc_lmdb_gate *gate);
void fc_lmdb_gate_shut(struct fc_lmdb_gate *gate); /* waits until nobody is inside */
void fc_lmdb_gate_open(struct fc_lmdb_gate *gate);

#endif
