#include "store/content.h"

#include <assert.h>
#include <stdlib.h>
#include <zstd.h>

#include "store/dictionary.h"

enum {
    FORMAT_RAW = 1,
    FORMAT_DICTIONARY_1 = 2, /* contents: zstd with dictionary 1 */
    FORMAT_PLAIN = 3,        /* blocks: zstd without a dictionary */
    CONTENT_LEVEL = 3,
    BLOCK_LEVEL = 1,
};

/* Every part is made when it is first needed: most replicas of a simulation need none. */
struct fc_codec {
    ZSTD_CCtx *content_pack;
    ZSTD_CCtx *block_pack;
    ZSTD_DCtx *unpack;
    ZSTD_CDict *pack_dictionary;
    ZSTD_DDict *unpack_dictionary;
};

enum fc_err fc_codec_create(struct fc_codec **codec)
{
    *codec = calloc(1, sizeof **codec);
    return *codec ? FC_OK : FC_E_NOMEM;
}

void fc_codec_destroy(struct fc_codec *codec)
{
    if (!codec)
        return;
    ZSTD_freeCCtx(codec->content_pack);
    ZSTD_freeCCtx(codec->block_pack);
    ZSTD_freeDCtx(codec->unpack);
    ZSTD_freeCDict(codec->pack_dictionary);
    ZSTD_freeDDict(codec->unpack_dictionary);
    free(codec);
}

/* Frames say the size of their content and nothing that is known anyway. */
static ZSTD_CCtx *packer_create(int level)
{
    ZSTD_CCtx *packer = ZSTD_createCCtx();
    if (!packer)
        return NULL;
    size_t codes[] = {
        ZSTD_CCtx_setParameter(packer, ZSTD_c_compressionLevel, level),
        ZSTD_CCtx_setParameter(packer, ZSTD_c_contentSizeFlag, 1),
        ZSTD_CCtx_setParameter(packer, ZSTD_c_checksumFlag, 0),
        ZSTD_CCtx_setParameter(packer, ZSTD_c_dictIDFlag, 0),
    };
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        assert(!ZSTD_isError(codes[i]));
    return packer;
}

static enum fc_err ready_content_pack(struct fc_codec *codec)
{
    struct fc_span dictionary = fc_dictionary_1();
    if (!codec->pack_dictionary)
        codec->pack_dictionary = ZSTD_createCDict(dictionary.data, dictionary.len, CONTENT_LEVEL);
    if (!codec->pack_dictionary)
        return FC_E_NOMEM;
    if (codec->content_pack)
        return FC_OK;
    codec->content_pack = packer_create(CONTENT_LEVEL);
    if (!codec->content_pack)
        return FC_E_NOMEM;
    size_t code = ZSTD_CCtx_refCDict(codec->content_pack, codec->pack_dictionary);
    assert(!ZSTD_isError(code));
    return FC_OK;
}

static enum fc_err ready_block_pack(struct fc_codec *codec)
{
    if (!codec->block_pack)
        codec->block_pack = packer_create(BLOCK_LEVEL);
    return codec->block_pack ? FC_OK : FC_E_NOMEM;
}

static enum fc_err ready_unpack(struct fc_codec *codec, bool dictionary)
{
    struct fc_span bytes = fc_dictionary_1();
    if (!codec->unpack)
        codec->unpack = ZSTD_createDCtx();
    if (dictionary && !codec->unpack_dictionary)
        codec->unpack_dictionary = ZSTD_createDDict(bytes.data, bytes.len);
    return codec->unpack && (!dictionary || codec->unpack_dictionary) ? FC_OK : FC_E_NOMEM;
}

static enum fc_err pack(ZSTD_CCtx *packer, uint8_t format, struct fc_span plain, struct fc_buf *out)
{
    size_t start = out->len, room = ZSTD_compressBound(plain.len);
    uint8_t *frame = fc_buf_extend(out, 1 + room);
    if (!frame)
        return FC_E_NOMEM;
    size_t len = ZSTD_compress2(packer, frame + 1, room, plain.data, plain.len);
    if (ZSTD_isError(len)) {
        out->len = start;
        return FC_E_NOMEM; /* the room suffices, so nothing else can fail */
    }
    frame[0] = format;
    out->len = start + 1 + len;
    if (len < plain.len)
        return FC_OK;
    out->len = start;
    const uint8_t raw = FORMAT_RAW;
    fc_buf_append(out, &raw, 1);
    fc_buf_append(out, plain.data, plain.len);
    return fc_buf_check(out);
}

/* The size a frame says its content has, when it is one whole frame and nothing besides. */
static enum fc_err frame_size(struct fc_span frame, uint64_t *size)
{
    static const uint8_t magic[4] = {0x28, 0xb5, 0x2f, 0xfd}; /* RFC 8878, 3.1.1 */
    if (frame.len < 4 || !fc_span_eq(fc_span(frame.data, 4), fc_span(magic, 4)))
        return FC_E_FORMAT;
    unsigned long long said = ZSTD_getFrameContentSize(frame.data, frame.len);
    if (said == ZSTD_CONTENTSIZE_ERROR || said == ZSTD_CONTENTSIZE_UNKNOWN ||
        ZSTD_getDictID_fromFrame(frame.data, frame.len) != 0 ||
        ZSTD_findFrameCompressedSize(frame.data, frame.len) != frame.len)
        return FC_E_FORMAT;
    *size = said;
    return FC_OK;
}

static enum fc_err unpack(struct fc_codec *codec, bool dictionary, struct fc_span frame,
                          size_t len_max, struct fc_buf *out)
{
    uint64_t size;
    enum fc_err err = frame_size(frame, &size);
    if (err == FC_OK && size > len_max)
        err = FC_E_BOUND;
    if (err == FC_OK)
        err = ready_unpack(codec, dictionary);
    if (err != FC_OK)
        return err;
    size_t start = out->len;
    uint8_t nothing;
    uint8_t *plain = size > 0 ? fc_buf_extend(out, (size_t)size) : &nothing;
    if (!plain)
        return FC_E_NOMEM;
    size_t len =
        ZSTD_decompress_usingDDict(codec->unpack, plain, (size_t)size, frame.data, frame.len,
                                   dictionary ? codec->unpack_dictionary : NULL);
    if (!ZSTD_isError(len) && len == size)
        return FC_OK;
    out->len = start;
    return FC_E_FORMAT;
}

/* `format` is the compressed one of this kind of frame. */
static enum fc_err open_frame(struct fc_codec *codec, uint8_t format, struct fc_span frame,
                              size_t len_max, struct fc_buf *out)
{
    if (frame.len == 0)
        return FC_E_FORMAT;
    struct fc_span rest = fc_span(frame.data + 1, frame.len - 1);
    if (frame.data[0] == format)
        return unpack(codec, format == FORMAT_DICTIONARY_1, rest, len_max, out);
    if (frame.data[0] != FORMAT_RAW)
        return FC_E_FORMAT;
    if (rest.len > len_max)
        return FC_E_BOUND;
    fc_buf_append(out, rest.data, rest.len);
    return fc_buf_check(out);
}

enum fc_err fc_content_pack(struct fc_codec *codec, struct fc_span plain, struct fc_buf *out)
{
    if (plain.len > FC_CONTENT_BYTES_MAX)
        return FC_E_BOUND;
    enum fc_err err = ready_content_pack(codec);
    return err == FC_OK ? pack(codec->content_pack, FORMAT_DICTIONARY_1, plain, out) : err;
}

enum fc_err fc_content_unpack(struct fc_codec *codec, struct fc_span frame, size_t len_max,
                              struct fc_buf *out)
{
    return open_frame(codec, FORMAT_DICTIONARY_1, frame, len_max, out);
}

enum fc_err fc_content_open(struct fc_codec *codec, struct fc_span frame, size_t len_max,
                            struct fc_buf *out)
{
    size_t start = out->len;
    const uint8_t raw = FORMAT_RAW;
    fc_buf_append(out, &raw, 1);
    enum fc_err err = fc_content_unpack(codec, frame, len_max, out);
    if (err != FC_OK)
        out->len = start;
    return err;
}

bool fc_content_is_raw(struct fc_span frame, struct fc_span *plain)
{
    if (frame.len == 0 || frame.data[0] != FORMAT_RAW)
        return false;
    *plain = fc_span(frame.data + 1, frame.len - 1);
    return true;
}

enum fc_err fc_block_pack(struct fc_codec *codec, struct fc_span plain, struct fc_buf *out)
{
    if (plain.len > FC_FRAME_BYTES_MAX)
        return FC_E_BOUND;
    enum fc_err err = ready_block_pack(codec);
    return err == FC_OK ? pack(codec->block_pack, FORMAT_PLAIN, plain, out) : err;
}

enum fc_err fc_block_unpack(struct fc_codec *codec, struct fc_span block, size_t len_max,
                            struct fc_buf *out)
{
    return open_frame(codec, FORMAT_PLAIN, block, len_max, out);
}

enum fc_err fc_zstd_pack(struct fc_codec *codec, struct fc_span plain, struct fc_buf *out)
{
    if (plain.len > FC_FRAME_BYTES_MAX)
        return FC_E_BOUND;
    enum fc_err err = ready_block_pack(codec);
    size_t start = out->len, room = ZSTD_compressBound(plain.len);
    uint8_t *frame = err == FC_OK ? fc_buf_extend(out, room) : NULL;
    if (!frame)
        return FC_E_NOMEM;
    size_t len = ZSTD_compress2(codec->block_pack, frame, room, plain.data, plain.len);
    out->len = start + (ZSTD_isError(len) ? 0 : len);
    return ZSTD_isError(len) ? FC_E_NOMEM : FC_OK;
}
