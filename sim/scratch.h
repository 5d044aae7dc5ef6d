/* A directory that goes with the process, however it ends: a child that outlives it sees to that,
 * also when a signal it cannot catch, or an assertion, ends the process. */
#ifndef FC_SIM_SCRATCH_H
#define FC_SIM_SCRATCH_H

#include <sys/types.h>

#include "store/bytes.h"

struct fc_scratch { /* all zero: none */
    char *path;
    int lifeline; /* the child removes the directory once nobody holds it open */
    pid_t keeper;
};
/* In $TMPDIR, or /tmp. FC_E_IO (errno says more), FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_scratch_create(struct fc_scratch *scratch);
void fc_scratch_destroy(struct fc_scratch *scratch); /* the directory is gone when it returns */

#endif
