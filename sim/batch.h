/* Many runs, each in a process of its own, over all cores: a crash of one is its own.
 * They end with the process that started them, however that ends. */
#ifndef FC_SIM_BATCH_H
#define FC_SIM_BATCH_H

#include <stdio.h>

#include "store/bytes.h"

struct fc_batch {
    uint32_t count;   /* jobs, numbered from 0 */
    uint32_t workers; /* at once; 0: as many as there are cores */
    double for_s;     /* start none after so long; 0: any time */
    void *ctx;
    /* In a process of its own: does the job and writes what it has to say. Its exit status. */
    int (*work)(void *ctx, uint32_t job, FILE *out);
    /* In the parent, in the order of jobs: what it wrote, and how it ended: an exit status, or
     * minus the signal that killed it. False: no more jobs are started. */
    bool (*done)(void *ctx, uint32_t job, struct fc_span said, int status);
    /* Now and then. */
    void (*progress)(void *ctx, uint32_t done, double elapsed_s);
};
/* How many jobs ran. FC_E_NOMEM, FC_E_IO. */
FC_MUST_USE enum fc_err fc_batch_run(const struct fc_batch *batch, uint32_t *ran);

#endif
