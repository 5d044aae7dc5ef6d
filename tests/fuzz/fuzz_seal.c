/* Sealed secrets: the form is checked before the passphrase is worked on. */
#include <assert.h>

#include "store/crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fc_buf out = {0};
    enum fc_err err = fc_unseal(fc_span_str("passphrase"), fc_span(data, size), &out);
    assert(err == FC_OK || out.len == 0);
    fc_buf_finish(&out);
    return 0;
}
