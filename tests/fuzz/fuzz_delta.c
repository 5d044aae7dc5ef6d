/* Deltas: refused, or written back byte for byte. */
#include <assert.h>
#include <stdlib.h>

#include "store/delta.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fc_delta delta;
    struct fc_buf out = {0};
    if (fc_delta_parse(fc_span(data, size), &delta) != FC_OK)
        return 0;
    if (fc_delta_write(delta.record.bytes, delta.ops, &out) != FC_OK)
        abort();
    assert(fc_span_eq(fc_buf_span(&out), fc_span(data, size)));
    fc_buf_finish(&out);
    return 0;
}
