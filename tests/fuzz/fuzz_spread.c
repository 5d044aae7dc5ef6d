/* What modules that spread news say to each other: refused, or written back byte for byte. The
 * first byte says which of the two forms the rest is. */
#include <stdlib.h>

#include "net/spread_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fc_spread_message message;
    struct fc_spread_list news;
    struct fc_buf out = {0};
    if (size == 0)
        return 0;
    struct fc_span bytes = fc_span(data + 1, size - 1);
    bool taken = data[0] % 2 == 0 ? fc_spread_decode(bytes, &message) == FC_OK
                                  : fc_spread_decode_news(bytes, &news) == FC_OK;
    if (taken && data[0] % 2 == 0)
        fc_spread_encode(&message, &out);
    else if (taken)
        fc_spread_encode_news(&news, &out);
    if (taken && !fc_span_eq(fc_buf_span(&out), bytes))
        abort();
    fc_buf_finish(&out);
    return 0;
}
