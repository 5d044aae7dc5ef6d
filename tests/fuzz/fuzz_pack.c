/* The cursor under every other decoder: what it steps over is written back byte for byte. */
#include <assert.h>

#include "store/pack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void rewrite(struct fc_unpack *in, struct fc_buf *out)
{
    uint8_t tag = in->data[in->pos];
    if (fc_unpack_nil(in)) {
        fc_pack_nil(out);
    } else if (tag < 0x80 || (tag >= 0xcc && tag <= 0xcf)) {
        fc_pack_uint(out, fc_unpack_uint(in, UINT64_MAX));
    } else if (tag >= 0xc4 && tag <= 0xc6) {
        fc_pack_bin(out, fc_unpack_bin(in, SIZE_MAX));
    } else if ((tag & 0xe0) == 0xa0 || (tag >= 0xd9 && tag <= 0xdb)) {
        fc_pack_str(out, fc_unpack_str(in, SIZE_MAX));
    } else {
        uint32_t count = fc_unpack_array(in, 0, UINT32_MAX);
        fc_pack_array(out, count);
        for (uint32_t i = 0; i < count; i++)
            rewrite(in, out);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fc_unpack in;
    struct fc_buf out = {0};
    fc_unpack_init(&in, fc_span(data, size));
    struct fc_span whole = fc_unpack_any(&in);
    if (in.err != FC_OK)
        return 0;
    fc_unpack_init(&in, whole);
    rewrite(&in, &out);
    assert(fc_unpack_end(&in) == FC_OK);
    assert(fc_span_eq(fc_buf_span(&out), whole));
    fc_buf_finish(&out);
    return 0;
}
