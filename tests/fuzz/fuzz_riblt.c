/* Coded symbols from anyone: whatever they are, what comes out is bounded by them, and symbols of a
 * real set, with what the input makes of the first bytes, still end. */
#include <stdlib.h>
#include <string.h>

#include "net/riblt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OWN = 20 };

static void take(const struct fc_riblt_item *own, struct fc_span symbols, size_t step)
{
    struct fc_riblt riblt = {.key = {{7}}};
    enum fc_err err = FC_OK;
    for (size_t at = 0; at < symbols.len && err == FC_OK; at += step) {
        size_t len = symbols.len - at < step ? symbols.len - at : step;
        err = fc_riblt_add(&riblt, own, OWN, fc_span(symbols.data + at, len));
        if (riblt.item_count > riblt.cell_count)
            abort();
    }
    fc_riblt_finish(&riblt);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fc_riblt_item own[OWN], other[OWN];
    const struct fc_sip_key key = {{7}};
    struct fc_buf symbols = {0};
    for (uint8_t i = 0; i < OWN; i++) {
        own[i] = (struct fc_riblt_item){{i, 1}};
        other[i] = (struct fc_riblt_item){{i, (uint8_t)(i % 4 != 0)}};
    }
    if (size > 0)
        take(own, fc_span(data + 1, size - 1), (size_t)(data[0] + 1) * FC_RIBLT_SYMBOL_BYTES);
    fc_riblt_encode(&key, other, OWN, 0, 40, &symbols);
    for (size_t i = 0; i < size && i < symbols.len; i++)
        symbols.data[i] ^= data[i];
    take(own, fc_buf_span(&symbols), symbols.len);
    fc_buf_finish(&symbols);
    return 0;
}
