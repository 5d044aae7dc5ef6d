#include <inttypes.h>

#include "node/bundle.h"
#include "node/clock.h"

/* What a bundle holds, for whoever is about to sign it or wants to know what was signed. */
struct shown {
    struct fc_head head;
    struct fc_span ops;
    struct fc_key signer;
    bool is_signed, valid;
};

/* Both forms as one; FC_E_FORMAT also when the head is not that of the operations. */
static enum fc_err open_prepared(const struct fc_bundle *bundle, struct shown *out)
{
    struct fc_buf bytes = {0};
    struct fc_record record;
    enum fc_err err = fc_record_write(FC_RECORD_HEAD, bundle->head_body, NULL, 0, &bytes);
    if (err == FC_OK)
        err = fc_record_parse(fc_buf_span(&bytes), &record);
    if (err == FC_OK)
        err = fc_head_parse(&record, &out->head);
    if (err == FC_OK) {
        struct fc_hash hash = fc_ops_hash(bundle->ops);
        err = fc_hash_eq(&hash, &out->head.ops) ? FC_OK : FC_E_FORMAT;
    }
    out->ops = bundle->ops;
    fc_buf_finish(&bytes);
    return err;
}

static enum fc_err open_signed(const struct fc_bundle *bundle, struct shown *out)
{
    struct fc_delta delta;
    enum fc_err err = fc_delta_parse(bundle->delta, &delta);
    if (err == FC_OK && delta.record.signature_count == 1) {
        struct fc_signature signature;
        fc_record_signature(&delta.record, 0, &signature);
        out->signer = signature.signer;
        out->is_signed = true;
        out->valid = fc_record_signed_by(&delta.record, &signature.signer);
    }
    if (err == FC_OK) {
        out->head = delta.head;
        out->ops = delta.ops;
    }
    return err;
}

static const char *op_name(enum fc_op_kind kind)
{
    switch (kind) {
    case FC_OP_PUT:
        return "put";
    case FC_OP_STATUS:
        return "status";
    case FC_OP_DELETE:
        return "delete";
    }
    return "?";
}

static void op_json(struct fc_json *json, const struct fc_op *op)
{
    fc_json_object(json, NULL);
    fc_json_text(json, "op", op_name(op->kind));
    fc_json_span(json, "key", op->key);
    if (op->kind == FC_OP_PUT) {
        fc_json_span(json, "media_type", op->media_type);
        fc_json_uint(json, "size", op->size);
    }
    if (op->kind != FC_OP_DELETE)
        fc_json_text(json, "status", fc_status_name(op->status));
    fc_json_end(json);
}

static enum fc_exit print_json(struct fc_cli *cli, const struct shown *shown, struct fc_ops *ops)
{
    char version[FC_CLI_VERSION_BYTES];
    struct fc_op op;
    struct fc_json *json = fc_json_create();
    fc_json_object(json, NULL);
    fc_json_text(json, "type", shown->is_signed ? "delta" : "prepared delta");
    fc_json_hash(json, "participant", &shown->head.participant);
    fc_json_text(json, "version", fc_cli_version(shown->head.version, version));
    fc_json_time(json, "time", shown->head.time_ms);
    fc_json_hash(json, "root", &shown->head.root);
    fc_json_uint(json, "entries", shown->head.entries);
    if (shown->is_signed) {
        fc_json_key(json, "signer", &shown->signer);
        fc_json_bool(json, "valid", shown->valid);
    }
    fc_json_array(json, "ops");
    while (fc_ops_next(ops, &op))
        op_json(json, &op);
    fc_json_end(json);
    fc_json_end(json);
    return fc_cli_print_json(cli, json);
}

static void print_text(const struct shown *shown, struct fc_ops *ops)
{
    char version[FC_CLI_VERSION_BYTES], time[FC_CLOCK_TEXT_BYTES], hex[65];
    struct fc_op op;
    fc_hex(shown->head.participant.b, 32, hex);
    printf("%s of participant %.16s\n  version       %s, %s\n  entries       %" PRIu64
           " after it\n",
           shown->is_signed ? "delta" : "prepared delta", hex,
           fc_cli_version(shown->head.version, version), fc_clock_text(shown->head.time_ms, time),
           shown->head.entries);
    while (fc_ops_next(ops, &op)) {
        printf("  %-13s ", op_name(op.kind));
        fc_cli_put(stdout, op.key, FC_KEY_BYTES_MAX, false);
        if (op.kind == FC_OP_PUT)
            printf("  %" PRIu64 " bytes", op.size);
        if (op.kind == FC_OP_STATUS)
            printf("  %s", fc_status_name(op.status));
        putchar('\n');
    }
    fc_hex(shown->signer.b, 32, hex);
    if (shown->is_signed)
        printf("  signed by     %s %s\n", hex, shown->valid ? "valid" : "INVALID");
}

enum fc_exit fc_bundle_print(struct fc_cli *cli, const char *path, const struct fc_bundle *bundle)
{
    struct shown shown = {.is_signed = false};
    struct fc_ops ops;
    enum fc_err err =
        bundle->is_signed ? open_signed(bundle, &shown) : open_prepared(bundle, &shown);
    if (err == FC_OK)
        err = fc_ops_init(&ops, shown.ops);
    if (err != FC_OK)
        return fc_cli_fail(cli, err, "%s", path);
    if (cli->json)
        return print_json(cli, &shown, &ops);
    print_text(&shown, &ops);
    return FC_EXIT_OK;
}
