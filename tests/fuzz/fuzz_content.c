/* Frames of contents and blocks: the first byte picks which; any bytes end within the bound. */
#include <stdlib.h>

#include "store/content.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { PLAIN_MAX = 64 * 1024 };
    struct fc_codec *codec;
    struct fc_buf plain = {0}, frame = {0}, again = {0};
    if (size < 1 || fc_codec_create(&codec) != FC_OK)
        return 0;
    bool block = data[0] & 1;
    struct fc_span bytes = fc_span(data + 1, size - 1);
    enum fc_err err = block ? fc_block_unpack(codec, bytes, PLAIN_MAX, &plain)
                            : fc_content_unpack(codec, bytes, PLAIN_MAX, &plain);
    if (plain.len > PLAIN_MAX || (err != FC_OK && plain.len != 0))
        abort();
    if (err == FC_OK) {
        err = block ? fc_block_pack(codec, fc_buf_span(&plain), &frame)
                    : fc_content_pack(codec, fc_buf_span(&plain), &frame);
        if (err == FC_OK)
            err = block ? fc_block_unpack(codec, fc_buf_span(&frame), plain.len, &again)
                        : fc_content_unpack(codec, fc_buf_span(&frame), plain.len, &again);
        if (err != FC_OK || !fc_span_eq(fc_buf_span(&plain), fc_buf_span(&again)))
            abort();
    }
    fc_buf_finish(&plain);
    fc_buf_finish(&frame);
    fc_buf_finish(&again);
    fc_codec_destroy(codec);
    return 0;
}
