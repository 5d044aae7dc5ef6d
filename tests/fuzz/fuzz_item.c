/* Catch-up items and walk nodes: refused, or written back byte for byte. */
#include <stdlib.h>

#include "store/item.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_equal(const struct fc_buf *written, struct fc_span bytes)
{
    if (!fc_span_eq(fc_buf_span(written), bytes))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fc_buf out = {0};
    struct fc_unpack in;
    struct fc_item item;
    struct fc_walk_node nodes[16];
    fc_unpack_init(&in, fc_span(data, size));
    while (in.pos < in.len) {
        size_t start = in.pos;
        if (fc_item_read(&in, &item) != FC_OK)
            break;
        fc_buf_clear(&out);
        fc_item_write(&item, &out);
        must_equal(&out, fc_span(data + start, in.pos - start));
    }
    if (fc_walk_nodes_parse(fc_span(data, size), nodes) == FC_OK) {
        fc_buf_clear(&out);
        fc_walk_nodes_write(nodes, &out);
        must_equal(&out, fc_span(data, size));
    }
    fc_buf_finish(&out);
    return 0;
}
