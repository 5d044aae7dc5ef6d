#include "node/bundle.h"

#include <stdlib.h>

static const char prepared_name[] = "fedcat.prepared.1";
static const char signed_name[] = "fedcat.delta.1";
enum { NAME_BYTES_MAX = 32, PREPARED_FIELDS = 4, SIGNED_FIELDS = 3 };

bool fc_bundle_is(struct fc_span bytes)
{
    struct fc_unpack in;
    fc_unpack_init(&in, bytes);
    fc_unpack_array(&in, SIGNED_FIELDS, PREPARED_FIELDS);
    struct fc_span name = fc_unpack_str(&in, NAME_BYTES_MAX);
    return in.err == FC_OK && (fc_span_eq(name, fc_span_str(prepared_name)) ||
                               fc_span_eq(name, fc_span_str(signed_name)));
}

enum fc_err fc_bundle_parse(struct fc_span bytes, struct fc_bundle *out)
{
    struct fc_unpack in;
    *out = (struct fc_bundle){0};
    fc_unpack_init(&in, bytes);
    uint32_t fields = fc_unpack_array(&in, SIGNED_FIELDS, PREPARED_FIELDS);
    struct fc_span name = fc_unpack_str(&in, NAME_BYTES_MAX);
    out->is_signed = fields == SIGNED_FIELDS;
    if (!fc_span_eq(name, fc_span_str(out->is_signed ? signed_name : prepared_name))) {
        return FC_E_FORMAT;
    }
    if (out->is_signed) {
        out->delta = fc_unpack_bin(&in, FC_DELTA_BYTES_MAX);
    } else {
        out->head_body = fc_unpack_bin(&in, FC_RECORD_BYTES_MAX);
        out->ops = fc_unpack_bin(&in, FC_OPS_BYTES_MAX);
    }
    enum fc_err err = fc_message_get_contents(&in, &out->contents, &out->content_count);
    if (err == FC_OK) {
        err = fc_unpack_end(&in);
    }
    if (err != FC_OK) {
        fc_bundle_finish(out);
    }
    return err;
}

void fc_bundle_finish(struct fc_bundle *bundle)
{
    free(bundle->contents);
    bundle->contents = NULL;
    bundle->content_count = 0;
}

enum fc_err fc_bundle_write(const struct fc_bundle *bundle, struct fc_buf *out)
{
    if (bundle->is_signed) {
        fc_pack_array(out, SIGNED_FIELDS);
        fc_pack_str(out, fc_span_str(signed_name));
        fc_pack_bin(out, bundle->delta);
    } else {
        fc_pack_array(out, PREPARED_FIELDS);
        fc_pack_str(out, fc_span_str(prepared_name));
        fc_pack_bin(out, bundle->head_body);
        fc_pack_bin(out, bundle->ops);
    }
    fc_message_put_contents(out, bundle->contents, bundle->content_count);
    return fc_buf_check(out);
}
