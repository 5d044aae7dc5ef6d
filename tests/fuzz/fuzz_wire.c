/* Messages: refused, or written back byte for byte. */
#include "tests/support/messages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fc_test_rewrite_message(fc_span(data, size));
    return 0;
}
