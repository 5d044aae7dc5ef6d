/* Messages of views: refused, or written back byte for byte. */
#include <stdlib.h>

#include "net/view_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fc_view_message message;
    struct fc_buf out = {0};
    if (fc_view_decode(fc_span(data, size), &message) == FC_OK) {
        fc_view_encode(&message, &out);
        if (!fc_span_eq(fc_buf_span(&out), fc_span(data, size)))
            abort();
    }
    fc_buf_finish(&out);
    return 0;
}
