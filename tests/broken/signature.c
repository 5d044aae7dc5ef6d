/* Every signature passes, in the core, the ledger and the replica. */
#include "sim/memo.h"

struct fc_verifier __wrap_fc_memo_verifier(struct fc_memo *memo);

static void nod(void *ctx, struct fc_verify_job *jobs, size_t count)
{
    (void)ctx;
    for (size_t i = 0; i < count; i++)
        jobs[i].valid = true;
}

struct fc_verifier __wrap_fc_memo_verifier(struct fc_memo *memo)
{
    return (struct fc_verifier){.ctx = memo, .verify = nod};
}
