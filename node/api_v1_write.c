/* Writing: documents by those who hold a token, signed deltas and records by whoever brings them,
 * since their signatures are what counts. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "node/api_v1.h"
#include "node/bundle.h"
#include "node/cli.h"
#include "node/http_text.h"
#include "store/document.h"
#include "store/pack.h"

/* -- one operation in a participant's feed ----------------------------------------------------- */

/* What was asked to be written, and how the entry had to be. */
struct writing {
    struct fc_hash participant, key_hash;
    bool conditional;
    struct fc_message_condition condition;
};

static void refuse_condition(struct fc_http_call *call)
{
    fc_http_fail(
        call, 412, "CONDITION",
        "The entry is not as the request's If-Match or If-None-Match wants it; nothing was "
        "done.");
}

/* If-Match and If-None-Match (RFC 9110, 13.1), looked at here and, since others write meanwhile,
 * once more by the daemon, which is asked for the entry that was seen. False: answered. */
static bool meets_condition(struct fc_http_call *call, struct writing *writing)
{
    const char *match = fc_http_header(call, "If-Match");
    const char *none = fc_http_header(call, "If-None-Match");
    struct fc_message_condition *condition = &writing->condition;
    char tag[FC_API_TAG_BYTES];
    struct fc_buf hold = {0};
    struct fc_entry entry;
    struct fc_replica *replica;
    if (!match && !none) {
        return true;
    }
    if (!(replica = fc_http_replica(call))) {
        return false;
    }
    enum fc_err err =
        fc_replica_entry(replica, &writing->participant, &writing->key_hash, &hold, &entry);
    condition->there = err == FC_OK;
    condition->key_hash = writing->key_hash;
    writing->conditional = true;
    bool met = !match;
    if (condition->there) {
        condition->commitment = entry.commitment;
        condition->status = entry.status;
        fc_api_entry_tag(&entry, tag);
        met = (!match || fc_etag_listed_strongly(match, tag)) && !fc_etag_listed(none, tag);
    }
    fc_buf_finish(&hold);
    if (err != FC_OK && err != FC_E_MISSING) {
        fc_http_fail_err(call, err, "the entry cannot be read");
    } else if (!met) {
        refuse_condition(call);
    }
    return met && (err == FC_OK || err == FC_E_MISSING);
}

static void then_authored(struct fc_http_call *call, enum fc_err code, struct fc_span text,
                          struct fc_span body)
{
    char version[FC_CLI_VERSION_BYTES], path[FC_API_ENTRY_PATH_BYTES];
    const struct writing *writing = fc_http_kept(call);
    struct fc_unpack in;
    if (code == FC_E_STALE && writing->conditional) {
        refuse_condition(call);
        return;
    }
    if (code != FC_OK) {
        fc_api_refuse(call, code, text, "this was not taken into the feed");
        return;
    }
    fc_unpack_init(&in, body);
    fc_unpack_array(&in, 2, 2);
    fc_version made = fc_unpack_uint(&in, UINT64_MAX);
    uint64_t count = fc_unpack_uint(&in, FC_OPS_MAX);
    fc_api_entry_path(&writing->participant, &writing->key_hash, path);
    struct fc_json *json = fc_json_create();
    fc_json_object(json, NULL);
    fc_json_hash(json, "participant", &writing->participant);
    fc_json_text(json, "version", fc_cli_version(made, version));
    fc_json_bool(json, "changed", count > 0);
    fc_json_hash(json, "key_hash", &writing->key_hash);
    fc_json_text(json, "href", path);
    fc_json_end(json);
    fc_http_set(call, "Location", path);
    fc_http_reply_json(call, 200, json);
}

static void author(struct fc_http_call *call, const struct fc_hash *participant,
                   const struct fc_op *op, const struct fc_content *content)
{
    struct fc_buf arguments = {0};
    struct writing *writing = calloc(1, sizeof *writing);
    if (!writing) {
        fc_http_fail_err(call, FC_E_NOMEM, NULL);
        return;
    }
    *writing = (struct writing){.participant = *participant, .key_hash = op->key_hash};
    fc_http_keep(call, writing, free);
    if (!meets_condition(call, writing)) {
        return;
    }
    fc_pack_array(&arguments, writing->conditional ? 4 : 3);
    fc_message_put_hash(&arguments, participant);
    fc_pack_array(&arguments, 1);
    fc_message_put_op(&arguments, op);
    fc_message_put_contents(&arguments, content, content ? 1 : 0);
    if (writing->conditional) {
        fc_message_put_condition(&arguments, &writing->condition);
    }
    if (fc_buf_check(&arguments) == FC_OK) {
        fc_http_ask(call, FC_VERB_AUTHOR, fc_buf_span(&arguments), then_authored);
    } else {
        fc_http_fail_err(call, FC_E_NOMEM, NULL);
    }
    fc_buf_finish(&arguments);
}

/* The participant a path names, if the token is good for it. False: answered. */
static bool may_write(struct fc_http_call *call, struct fc_hash *participant)
{
    if (!fc_http_param_hash(call, "participant", participant)) {
        return false;
    }
    if (!fc_http_may(call, participant)) {
        fc_http_fail(call, 403, "TOKEN", "This token is for another participant's feed.");
        return false;
    }
    return true;
}

/* What a document is written in, by its media type (RFC 6839). */
enum family { NEITHER, JSON, JWT };
static enum family family_of(struct fc_span type)
{
    static const struct {
        const char *suffix;
        enum family family;
    } rows[] = {{"json", JSON}, {"jwt", JWT}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t len = strlen(rows[i].suffix);
        if (type.len > len + 1 &&
            strncasecmp((const char *)type.data + type.len - len, rows[i].suffix, len) == 0 &&
            strchr("+/", type.data[type.len - len - 1])) {
            return rows[i].family;
        }
    }
    return NEITHER;
}

/* Types that say nothing of what is in a body: what is found there counts. */
static bool says_nothing(struct fc_span type)
{
    static const char *const rows[] = {"application/json", "application/octet-stream",
                                       "application/x-www-form-urlencoded"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (type.len == strlen(rows[i]) &&
            strncasecmp((const char *)type.data, rows[i], type.len) == 0) {
            return true;
        }
    }
    return type.len == 0;
}

/* The type that was given, or that of what was found. False: answered. */
static bool media_type_of(struct fc_http_call *call, const struct fc_document *document,
                          struct fc_span *type)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "!#$&^_.+-/";
    const char *given = fc_http_header(call, "Content-Type");
    struct fc_span found = fc_span_str(document->media_type);
    *type = fc_span(given, given ? strcspn(given, "; \t") : 0);
    if (says_nothing(*type)) {
        *type = found;
        return true;
    }
    bool fits = type->len <= FC_MEDIA_TYPE_BYTES_MAX && strspn(given, plain) >= type->len &&
                family_of(*type) == family_of(found);
    if (!fits) {
        fc_http_fail(call, 415, "MEDIA_TYPE",
                     "This is %s, and its Content-Type says otherwise: %s/%s, or another that ends "
                     "in +%s, or none.",
                     family_of(found) == JWT ? "a JWT" : "JSON", "application",
                     family_of(found) == JWT ? "vc+jwt" : "ld+json",
                     family_of(found) == JWT ? "jwt" : "json");
    }
    return fits;
}

static void refuse_document(struct fc_http_call *call, enum fc_err err,
                            const struct fc_document_fault *fault)
{
    const char *text = fault->text[0] ? fault->text : fc_err_text(err);
    if (fault->line > 0) {
        fc_http_fail(call, fc_http_status_of(err), fc_err_name(err), "line %u, column %u: %s",
                     fault->line, fault->column, text);
    } else {
        fc_http_fail(call, fc_http_status_of(err), fc_err_name(err), "%s", text);
    }
}

static void post_entry(struct fc_http_call *call)
{
    struct fc_hash participant;
    struct fc_document document = {0};
    struct fc_document_fault fault = {0};
    struct fc_span body = fc_http_body(call);
    if (!may_write(call, &participant)) {
        return;
    }
    struct fc_op op = {.kind = FC_OP_PUT, .size = body.len, .status = FC_STATUS_ACTIVE};
    enum fc_err err = fc_document_read(body, &document, &fault);
    if (err != FC_OK) {
        refuse_document(call, err, &fault);
    } else if (media_type_of(call, &document, &op.media_type)) {
        op.key = fc_span_str(document.key);
        op.key_hash = fc_key_hash(op.key);
        struct fc_content content = {.key_hash = op.key_hash, .bytes = body};
        author(call, &participant, &op, &content);
    }
    fc_document_finish(&document);
}

/* The key behind H(key) in a path: operations name keys. False: answered. */
static bool find_key(struct fc_http_call *call, const struct fc_hash *participant,
                     struct fc_buf *hold, struct fc_op *op)
{
    struct fc_entry entry;
    struct fc_replica *replica;
    if (!fc_http_param_hash(call, "key", &op->key_hash) || !(replica = fc_http_replica(call))) {
        return false;
    }
    enum fc_err err = fc_replica_entry(replica, participant, &op->key_hash, hold, &entry);
    if (err == FC_E_MISSING) {
        fc_http_fail(call, 404, "MISSING", "This feed has no such entry.");
    } else if (err != FC_OK) {
        fc_http_fail_err(call, err, "the entry cannot be read");
    }
    op->key = entry.key;
    return err == FC_OK;
}

static void delete_entry(struct fc_http_call *call)
{
    struct fc_hash participant;
    struct fc_buf hold = {0};
    struct fc_op op = {.kind = FC_OP_DELETE};
    if (may_write(call, &participant) && find_key(call, &participant, &hold, &op)) {
        author(call, &participant, &op, NULL);
    }
    fc_buf_finish(&hold);
}

static bool read_status(struct fc_span body, enum fc_status *status)
{
    for (int i = FC_STATUS_ACTIVE; i <= FC_STATUS_REVOKED; i++) {
        if (fc_span_eq(body, fc_span_str(fc_status_name((enum fc_status)i)))) {
            *status = (enum fc_status)i;
            return true;
        }
    }
    return false;
}

static void put_status(struct fc_http_call *call)
{
    struct fc_hash participant;
    struct fc_buf hold = {0};
    struct fc_op op = {.kind = FC_OP_STATUS};
    struct fc_json_value *value = NULL;
    const char *word = NULL;
    if (!may_write(call, &participant)) {
        return;
    }
    if (fc_json_parse(fc_http_body(call), &value, NULL) == FC_OK) {
        word = fc_json_get_text(value, "status");
    }
    if (!word || !read_status(fc_span_str(word), &op.status)) {
        fc_http_fail(call, 400, "STATUS",
                     "This takes {\"status\": \"active\", \"deprecated\", \"ended\" or "
                     "\"revoked\"}.");
    } else if (find_key(call, &participant, &hold, &op)) {
        author(call, &participant, &op, NULL);
    }
    fc_json_free(value);
    fc_buf_finish(&hold);
}

/* -- what was signed elsewhere ----------------------------------------------------------------- */

static void then_delta(struct fc_http_call *call, enum fc_err code, struct fc_span text,
                       struct fc_span body)
{
    char version[FC_CLI_VERSION_BYTES];
    struct fc_unpack in;
    if (code != FC_OK) {
        fc_api_refuse(call, code, text, "this delta was not taken");
        return;
    }
    fc_unpack_init(&in, body);
    fc_unpack_array(&in, 1, 1);
    fc_version made = fc_unpack_uint(&in, UINT64_MAX);
    struct fc_json *json = fc_json_create();
    fc_json_object(json, NULL);
    fc_json_text(json, "version", fc_cli_version(made, version));
    fc_json_span(json, "note", text);
    fc_json_end(json);
    fc_http_reply_json(call, 200, json);
}

static void post_delta(struct fc_http_call *call)
{
    struct fc_bundle bundle = {0};
    struct fc_buf arguments = {0};
    enum fc_err err = fc_bundle_parse(fc_http_body(call), &bundle);
    if (err == FC_OK && !bundle.is_signed) {
        fc_http_fail(call, 400, "UNSIGNED", "This delta is prepared, not signed: fedcat sign.");
    } else if (err == FC_OK) {
        fc_pack_array(&arguments, 2);
        fc_pack_bin(&arguments, bundle.delta);
        fc_message_put_contents(&arguments, bundle.contents, bundle.content_count);
        fc_http_ask(call, FC_VERB_SUBMIT_DELTA, fc_buf_span(&arguments), then_delta);
    } else {
        fc_http_fail(call, 400, fc_err_name(err),
                     "This is no signed delta, as fedcat sign writes them.");
    }
    fc_buf_finish(&arguments);
    fc_bundle_finish(&bundle);
}

static void then_record(struct fc_http_call *call, enum fc_err code, struct fc_span text,
                        struct fc_span body)
{
    struct fc_unpack in;
    char path[96] = "/v1/records/";
    if (code != FC_OK) {
        fc_api_refuse(call, code, text, "this record was not taken");
        return;
    }
    fc_unpack_init(&in, body);
    fc_unpack_array(&in, 2, 2);
    struct fc_hash hash = fc_message_get_hash(&in);
    enum fc_record_type type = (enum fc_record_type)fc_unpack_uint(&in, UINT16_MAX);
    fc_hex(hash.b, 32, path + strlen(path));
    struct fc_json *json = fc_json_create();
    fc_json_object(json, NULL);
    fc_json_hash(json, "record", &hash);
    fc_json_text(json, "type", fc_record_type_name(type));
    fc_json_text(json, "href", path);
    fc_json_end(json);
    fc_http_set(call, "Location", path);
    fc_http_reply_json(call, 200, json);
}

static void post_record(struct fc_http_call *call)
{
    struct fc_buf arguments = {0};
    struct fc_record record;
    if (fc_record_parse(fc_http_body(call), &record) != FC_OK) {
        fc_http_fail(call, 400, "FORMAT", "This is no record, as fedcat's governance writes them.");
        return;
    }
    fc_pack_array(&arguments, 1);
    fc_pack_bin(&arguments, fc_http_body(call));
    fc_http_ask(call, FC_VERB_SUBMIT_RECORD, fc_buf_span(&arguments), then_record);
    fc_buf_finish(&arguments);
}

static const struct fc_http_route routes[] = {
    {FC_HTTP_POST, "/v1/participants/{participant}/entries", post_entry, FC_CONTENT_BYTES_MAX,
     FC_HTTP_TOKEN},
    {FC_HTTP_DELETE, "/v1/participants/{participant}/entries/{key}", delete_entry, 0,
     FC_HTTP_TOKEN},
    {FC_HTTP_PUT, "/v1/participants/{participant}/entries/{key}/status", put_status, 1024,
     FC_HTTP_TOKEN},
    {FC_HTTP_POST, "/v1/deltas", post_delta, FC_REQUEST_BYTES_MAX - 4096, 0},
    {FC_HTTP_POST, "/v1/records", post_record, FC_CARRY_BYTES_MAX, 0},
};
const struct fc_http_group fc_api_v1_write = {"write", routes, sizeof routes / sizeof routes[0]};
