/* Records of every type: refused, or written back byte for byte. */
#include "tests/support/rewrite.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fc_test_rewrite_record(fc_span(data, size));
    return 0;
}
