#include "store/shared.h"

#include <stdlib.h>

#include "store/replica_priv.h"

enum fc_err fc_shared_create(struct fc_verifier verifier, struct fc_shared **out)
{
    struct fc_shared *shared = calloc(1, sizeof *shared);
    enum fc_err err = shared ? fc_codec_create(&shared->codec) : FC_E_NOMEM;
    if (err == FC_OK && !(shared->ledgers = fc_ledger_pool_create(verifier)))
        err = FC_E_NOMEM;
    if (err == FC_OK && !(shared->contents = fc_content_memo_create()))
        err = FC_E_NOMEM;
    if (err == FC_OK && !(shared->digests = fc_digest_memo_create()))
        err = FC_E_NOMEM;
    if (err != FC_OK)
        fc_shared_destroy(shared);
    else
        *out = shared;
    return err;
}

void fc_shared_destroy(struct fc_shared *shared)
{
    if (!shared)
        return;
    fc_ledger_pool_destroy(shared->ledgers);
    fc_codec_destroy(shared->codec);
    fc_content_memo_destroy(shared->contents);
    fc_digest_memo_destroy(shared->digests);
    free(shared);
}

struct fc_ledger_pool *fc_shared_ledgers(struct fc_shared *shared)
{
    return shared->ledgers;
}
