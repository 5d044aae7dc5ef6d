/* JSON of anyone: refused in words, or canonical, which is its own canonical form. */
#include <assert.h>

#include "node/jcs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fc_buf once = {0}, twice = {0};
    char fault[200];
    enum fc_err err = fc_jcs_write(fc_span(data, size), &once, fault, sizeof fault);
    if (err == FC_OK) {
        err = fc_jcs_write(fc_buf_span(&once), &twice, fault, sizeof fault);
        /* an integer of 1e19 to 1e21 is written in digits, which are more than can be read */
        assert(err != FC_OK || fc_span_eq(fc_buf_span(&once), fc_buf_span(&twice)));
    } else {
        assert(err == FC_E_NOMEM || fault[0] != 0);
        assert(once.len == 0);
    }
    fc_buf_finish(&once);
    fc_buf_finish(&twice);
    return 0;
}
