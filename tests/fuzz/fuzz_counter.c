#include <stdlib.h>
#include <string.h>

#include "node/counter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input is a file without its hash, which no fuzzer would find; its key stands in it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fc_counter_state state;
    struct fc_content *contents = NULL;
    struct fc_key key = {{0}};
    struct fc_buf file = {0};
    if (fc_crypto_init() != FC_OK) {
        abort();
    }
    (void)!fc_counter_parse(fc_span(data, size), &key, &state, &contents);
    free(contents);
    uint8_t length[4];
    struct fc_hash sum = fc_hash("fedcat.count.1", fc_span(data, size));
    fc_put_be32(length, (uint32_t)size);
    fc_buf_append(&file, length, sizeof length);
    fc_buf_append(&file, data, size);
    fc_buf_append(&file, sum.b, sizeof sum.b);
    if (size > 36) {
        memcpy(key.b, data + 4, sizeof key.b); /* after the array, the format and bin8's two */
    }
    if (fc_counter_parse(fc_buf_span(&file), &key, &state, &contents) == FC_OK) {
        for (uint32_t i = 0; i < state.content_count; i++) {
            if (state.contents[i].bytes.len > size) {
                abort();
            }
        }
    }
    fc_buf_finish(&file);
    free(contents);
    return 0;
}
