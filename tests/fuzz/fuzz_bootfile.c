#include <stdlib.h>
#include <string.h>

#include "node/bootfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fc_bootfile boot;
    char fault[100];
    if (fc_crypto_init() != FC_OK) {
        abort();
    }
    if (fc_bootfile_parse(fc_span(data, size), &boot, fault, sizeof fault) == FC_OK) {
        if (boot.node_count > FC_BOOTFILE_NODES_MAX) {
            abort();
        }
        fc_bootfile_finish(&boot);
    }
    char *text = (char *)fc_span_dup(fc_span(data, size));
    if (text && fc_bootfile_from_endpoint(text, &boot) == FC_OK) {
        fc_bootfile_finish(&boot);
    }
    free(text);
    return 0;
}
