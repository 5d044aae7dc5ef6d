#include "node/gzip.h"

#include <stdint.h>
#include <zlib.h>

enum { LEVEL = 1, GZIP_WINDOW = 15 + 16, MEMORY_LEVEL = 8 };

enum fc_err fc_gzip_pack(struct fc_span plain, struct fc_buf *out)
{
    z_stream stream = {.zalloc = Z_NULL};
    if (plain.len > UINT32_MAX / 2 || deflateInit2(&stream, LEVEL, Z_DEFLATED, GZIP_WINDOW,
                                                   MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
        return FC_E_NOMEM;
    }
    size_t start = out->len, room = deflateBound(&stream, plain.len);
    uint8_t *at = fc_buf_extend(out, room);
    int result = Z_MEM_ERROR;
    if (at) {
        /* It does not write there; its type says so only when it is built to. */
        stream.next_in = (Bytef *)(uintptr_t)plain.data;
        stream.avail_in = (uInt)plain.len;
        stream.next_out = at;
        stream.avail_out = (uInt)room;
        result = deflate(&stream, Z_FINISH);
        out->len = start + stream.total_out;
    }
    deflateEnd(&stream);
    return result == Z_STREAM_END ? FC_OK : FC_E_NOMEM;
}
