/* A token from anyone: what is read is written back the same. */
#include <stdlib.h>

#include "node/ces_event.h"
#include "node/dsp_token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fc_dsp_token token;
    struct fc_ces_id id;
    struct fc_buf hold = {0}, back = {0};
    char text[FC_CES_ID_BYTES];
    if (fc_dsp_token_read(fc_span(data, size), &hold, &token) == FC_OK) {
        fc_dsp_token_write(&token, &back);
        if (!fc_span_eq(fc_buf_span(&back), fc_span(data, size))) {
            abort();
        }
    }
    if (fc_ces_id_read(fc_span(data, size), &id) == FC_OK &&
        !fc_span_eq(fc_span_str(fc_ces_id_write(&id, text)), fc_span(data, size))) {
        abort();
    }
    fc_buf_finish(&hold);
    fc_buf_finish(&back);
    return 0;
}
