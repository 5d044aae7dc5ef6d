#include "node/dsp_token.h"

#include "node/base64.h"
#include "store/document_text.h"
#include "store/pack.h"

enum { FORMAT = 1, TEXT_BYTES_MAX = 2 * FC_DSP_FILTER_BYTES_MAX };

void fc_dsp_token_write(const struct fc_dsp_token *token, struct fc_buf *out)
{
    struct fc_buf packed = {0};
    fc_pack_array(&packed, 6);
    fc_pack_uint(&packed, FORMAT);
    fc_pack_uint(&packed, token->offset);
    fc_pack_uint(&packed, token->skip);
    fc_pack_uint(&packed, token->limit);
    if (token->place.placed) {
        fc_pack_array(&packed, 2);
        fc_pack_bin(&packed, fc_span(token->place.participant.b, 32));
        fc_pack_bin(&packed, fc_span(token->place.key_hash.b, 32));
    } else {
        fc_pack_nil(&packed);
    }
    fc_pack_bin(&packed, token->filter);
    fc_base64url_encode(fc_buf_span(&packed), out);
    out->failed = out->failed || packed.failed;
    fc_buf_finish(&packed);
}

enum fc_err fc_dsp_token_read(struct fc_span text, struct fc_buf *hold, struct fc_dsp_token *out)
{
    struct fc_unpack in;
    *out = (struct fc_dsp_token){.limit = 0};
    fc_buf_clear(hold);
    enum fc_err err = text.len <= TEXT_BYTES_MAX ? fc_base64url_decode(text, hold) : FC_E_FORMAT;
    if (err != FC_OK) {
        return err;
    }
    fc_unpack_init(&in, fc_buf_span(hold));
    (void)fc_unpack_array(&in, 6, 6);
    uint64_t format = fc_unpack_uint(&in, FORMAT);
    out->offset = fc_unpack_uint(&in, UINT32_MAX);
    out->skip = fc_unpack_uint(&in, FC_DSP_OFFSET_MAX);
    out->limit = fc_unpack_uint(&in, FC_DSP_PAGE_MAX);
    out->place.placed = !fc_unpack_nil(&in);
    if (out->place.placed) {
        (void)fc_unpack_array(&in, 2, 2);
        fc_unpack_fixed(&in, out->place.participant.b, 32);
        fc_unpack_fixed(&in, out->place.key_hash.b, 32);
    }
    out->filter = fc_unpack_bin(&in, FC_DSP_FILTER_BYTES_MAX);
    err = fc_unpack_end(&in);
    return err == FC_OK && (format != FORMAT || out->limit == 0) ? FC_E_FORMAT : err;
}
