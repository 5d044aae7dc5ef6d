#include "store/delta.h"

#include <assert.h>
#include <stdlib.h>

#include "store/pack.h"

const char *fc_status_name(enum fc_status status)
{
    switch (status) {
    case FC_STATUS_ACTIVE:
        return "active";
    case FC_STATUS_DEPRECATED:
        return "deprecated";
    case FC_STATUS_ENDED:
        return "ended";
    case FC_STATUS_REVOKED:
        return "revoked";
    }
    return NULL;
}

static bool op_valid(const struct fc_op *op)
{
    bool put = op->kind == FC_OP_PUT;
    if (!fc_text_valid(op->key, 1, FC_KEY_BYTES_MAX))
        return false;
    if (put && (!fc_text_valid(op->media_type, 1, FC_MEDIA_TYPE_BYTES_MAX) ||
                op->size > FC_CONTENT_BYTES_MAX))
        return false;
    return op->kind == FC_OP_DELETE ||
           ((put || op->kind == FC_OP_STATUS) && fc_status_name(op->status));
}

static void read_op(struct fc_unpack *in, struct fc_op *op)
{
    static const uint32_t widths[] = {[FC_OP_PUT] = 6, [FC_OP_STATUS] = 3, [FC_OP_DELETE] = 2};
    *op = (struct fc_op){0};
    uint32_t width = fc_unpack_array(in, 2, 6);
    op->kind = (enum fc_op_kind)fc_unpack_uint(in, FC_OP_DELETE);
    op->key = fc_unpack_str(in, FC_KEY_BYTES_MAX);
    if (in->err != FC_OK || op->kind < FC_OP_PUT || width != widths[op->kind]) {
        fc_unpack_fail(in, FC_E_FORMAT);
        return;
    }
    if (op->kind == FC_OP_PUT) {
        op->media_type = fc_unpack_str(in, FC_MEDIA_TYPE_BYTES_MAX);
        op->size = fc_unpack_uint(in, FC_CONTENT_BYTES_MAX);
    }
    if (op->kind != FC_OP_DELETE)
        op->status = (enum fc_status)fc_unpack_uint(in, FC_STATUS_REVOKED);
    if (op->kind == FC_OP_PUT)
        fc_unpack_fixed(in, op->commitment.b, sizeof op->commitment.b);
    if (in->err != FC_OK || !op_valid(op))
        fc_unpack_fail(in, FC_E_FORMAT);
    else
        op->key_hash = fc_key_hash(op->key);
}

static void write_op(struct fc_buf *out, const struct fc_op *op)
{
    switch (op->kind) {
    case FC_OP_PUT:
        fc_pack_array(out, 6);
        fc_pack_uint(out, op->kind);
        fc_pack_str(out, op->key);
        fc_pack_str(out, op->media_type);
        fc_pack_uint(out, op->size);
        fc_pack_uint(out, op->status);
        fc_pack_bin(out, fc_span(op->commitment.b, sizeof op->commitment.b));
        break;
    case FC_OP_STATUS:
        fc_pack_array(out, 3);
        fc_pack_uint(out, op->kind);
        fc_pack_str(out, op->key);
        fc_pack_uint(out, op->status);
        break;
    case FC_OP_DELETE:
        fc_pack_array(out, 2);
        fc_pack_uint(out, op->kind);
        fc_pack_str(out, op->key);
        break;
    }
}

static int compare_ops(const void *a, const void *b)
{
    const struct fc_op *left = a, *right = b;
    return fc_hash_cmp(&left->key_hash, &right->key_hash);
}

enum fc_err fc_ops_write(struct fc_op *ops, uint32_t count, struct fc_buf *out)
{
    size_t start = out->len;
    if (count > FC_OPS_MAX)
        return FC_E_BOUND;
    for (uint32_t i = 0; i < count; i++) {
        if (!op_valid(&ops[i]))
            return FC_E_ARG;
        ops[i].key_hash = fc_key_hash(ops[i].key);
    }
    if (count > 1)
        qsort(ops, count, sizeof *ops, compare_ops);
    for (uint32_t i = 1; i < count; i++)
        if (compare_ops(&ops[i - 1], &ops[i]) == 0)
            return FC_E_ARG;
    fc_pack_array(out, count);
    for (uint32_t i = 0; i < count && out->len - start <= FC_OPS_BYTES_MAX; i++)
        write_op(out, &ops[i]);
    if (fc_buf_check(out) != FC_OK)
        return FC_E_NOMEM;
    if (out->len - start <= FC_OPS_BYTES_MAX)
        return FC_OK;
    out->len = start;
    return FC_E_BOUND;
}

enum fc_err fc_ops_init(struct fc_ops *ops, struct fc_span bytes)
{
    struct fc_unpack in;
    struct fc_hash last = {{0}};
    struct fc_op op;
    *ops = (struct fc_ops){0};
    if (bytes.len > FC_OPS_BYTES_MAX)
        return FC_E_BOUND;
    fc_unpack_init(&in, bytes);
    uint32_t count = fc_unpack_array(&in, 0, FC_OPS_MAX);
    size_t start = in.pos;
    for (uint32_t i = 0; i < count && in.err == FC_OK; i++, last = op.key_hash) {
        read_op(&in, &op);
        if (i > 0 && fc_hash_cmp(&last, &op.key_hash) >= 0)
            fc_unpack_fail(&in, FC_E_FORMAT);
    }
    enum fc_err err = fc_unpack_end(&in);
    if (err == FC_OK)
        *ops = (struct fc_ops){.at = {bytes, start}, .count = count};
    return err;
}

bool fc_ops_next(struct fc_ops *ops, struct fc_op *out)
{
    struct fc_unpack in;
    if (ops->next == ops->count)
        return false;
    fc_unpack_init(&in, ops->at.bytes);
    in.pos = ops->at.pos;
    read_op(&in, out);
    assert(in.err == FC_OK); /* fc_ops_init has read it before */
    ops->at.pos = in.pos;
    ops->next++;
    return true;
}

struct fc_hash fc_ops_hash(struct fc_span bytes)
{
    return fc_hash("fedcat.ops.1", bytes);
}

enum fc_err fc_delta_parse(struct fc_span bytes, struct fc_delta *out)
{
    struct fc_unpack in;
    *out = (struct fc_delta){0};
    if (bytes.len > FC_DELTA_BYTES_MAX)
        return FC_E_BOUND;
    fc_unpack_init(&in, bytes);
    fc_unpack_array(&in, 2, 2);
    struct fc_span record = fc_unpack_bin(&in, FC_RECORD_BYTES_MAX);
    out->ops = fc_unpack_bin(&in, FC_OPS_BYTES_MAX);
    enum fc_err err = fc_unpack_end(&in);
    if (err == FC_OK)
        err = fc_record_parse(record, &out->record);
    if (err == FC_OK)
        err = fc_head_parse(&out->record, &out->head);
    if (err == FC_OK)
        err = fc_ops_init(&out->list, out->ops);
    if (err != FC_OK)
        return err;
    struct fc_hash hash = fc_ops_hash(out->ops);
    return fc_hash_eq(&hash, &out->head.ops) ? FC_OK : FC_E_FORMAT;
}

enum fc_err fc_delta_write(struct fc_span head_record, struct fc_span ops, struct fc_buf *out)
{
    if (head_record.len > FC_RECORD_BYTES_MAX || ops.len > FC_OPS_BYTES_MAX)
        return FC_E_BOUND;
    fc_pack_array(out, 2);
    fc_pack_bin(out, head_record);
    fc_pack_bin(out, ops);
    return fc_buf_check(out);
}
