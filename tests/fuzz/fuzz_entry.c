/* Rows and leaves of entries: refused, or written back byte for byte. */
#include <assert.h>
#include <stdlib.h>

#include "store/entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fc_hash key_hash = {{0}};
    struct fc_entry entry;
    struct fc_buf out = {0};
    struct fc_span bytes = fc_span(data, size);
    bool row = fc_entry_parse(&key_hash, bytes, &entry) == FC_OK;
    if (row && fc_entry_write(&entry, &out) != FC_OK)
        abort();
    assert(!row || fc_span_eq(fc_buf_span(&out), bytes));
    fc_buf_clear(&out);
    bool leaf = fc_leaf_parse(bytes, &entry) == FC_OK;
    if (leaf && fc_leaf_write(&entry, &out) != FC_OK)
        abort();
    assert(!leaf || fc_span_eq(fc_buf_span(&out), bytes));
    fc_buf_finish(&out);
    return 0;
}
