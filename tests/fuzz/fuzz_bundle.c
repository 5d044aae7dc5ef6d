#include <stdlib.h>
#include <string.h>

#include "node/bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fc_bundle bundle;
    struct fc_buf again = {0};
    bool named = fc_bundle_is(fc_span(data, size));
    if (fc_bundle_parse(fc_span(data, size), &bundle) == FC_OK) {
        if (!named || fc_bundle_write(&bundle, &again) != FC_OK ||
            !fc_span_eq(fc_buf_span(&again), fc_span(data, size))) {
            abort();
        }
        fc_bundle_finish(&bundle);
    }
    fc_buf_finish(&again);
    return 0;
}
