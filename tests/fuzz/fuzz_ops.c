/* Operations: refused, or read to the end and written back byte for byte. */
#include <assert.h>
#include <stdlib.h>

#include "store/delta.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fc_ops reader;
    struct fc_buf out = {0};
    if (fc_ops_init(&reader, fc_span(data, size)) != FC_OK)
        return 0;
    struct fc_op *ops = calloc(reader.count + 1, sizeof *ops);
    assert(ops);
    uint32_t count = 0;
    while (fc_ops_next(&reader, &ops[count]))
        count++;
    assert(count == reader.count);
    if (fc_ops_write(ops, count, &out) != FC_OK)
        abort();
    assert(fc_span_eq(fc_buf_span(&out), fc_span(data, size)));
    fc_buf_finish(&out);
    free(ops);
    return 0;
}
