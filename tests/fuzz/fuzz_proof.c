/* Proofs from anyone. First byte: whether signatures are believed, so that what lies behind them is
 * reached too; then the federation id, then the proof. */
#include <stdlib.h>
#include <string.h>

#include "store/proof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void believe(void *ctx, struct fc_verify_job *jobs, size_t count)
{
    (void)ctx;
    for (size_t i = 0; i < count; i++)
        jobs[i].valid = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct fc_verifier credulous = {NULL, believe};
    struct fc_hash federation;
    struct fc_proof proof;
    if (size < 33)
        return 0;
    memcpy(federation.b, data + 1, 32);
    struct fc_span bytes = fc_span(data + 33, size - 33);
    enum fc_err err =
        fc_proof_check(bytes, &federation, data[0] & 1 ? credulous : fc_verifier_plain(), &proof);
    if (err == FC_OK &&
        (proof.key.len > FC_KEY_BYTES_MAX || (proof.has_content && !proof.present) ||
         proof.content.len > FC_CONTENT_BYTES_MAX))
        abort();
    return 0;
}
