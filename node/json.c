#include "node/json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "node/json_inside.h"

static int append(const char *bytes, size_t len, void *out)
{
    fc_buf_append(out, bytes, len);
    return ((struct fc_buf *)out)->failed ? -1 : 0;
}

static enum fc_err rewrite(struct fc_span bytes, size_t flags, struct fc_buf *out)
{
    json_error_t error = {0};
    json_t *value = json_loadb((const char *)bytes.data, bytes.len, JSON_DECODE_ANY, &error);
    if (!value) {
        return json_error_code(&error) == json_error_out_of_memory ? FC_E_NOMEM : FC_E_JSON;
    }
    int failed = json_dump_callback(value, append, out, JSON_ENCODE_ANY | flags);
    json_decref(value);
    return failed ? FC_E_NOMEM : FC_OK;
}

enum fc_err fc_json_compact(struct fc_span bytes, struct fc_buf *out)
{
    return rewrite(bytes, JSON_COMPACT, out);
}

enum fc_err fc_json_indent(struct fc_span bytes, struct fc_buf *out)
{
    return rewrite(bytes, JSON_INDENT(2), out);
}

/* A value handed out is jansson's own; the name is only a veil over its type. */
static json_t *unveil(const struct fc_json_value *value)
{
    union {
        const struct fc_json_value *veiled;
        json_t *plain;
    } u = {.veiled = value};
    return u.plain;
}

static struct fc_json_value *veil(json_t *value)
{
    return (struct fc_json_value *)(void *)value;
}

enum fc_err fc_json_parse(struct fc_span bytes, struct fc_json_value **value,
                          struct fc_json_fault *fault)
{
    json_error_t error = {0};
    json_t *top = json_loadb((const char *)bytes.data, bytes.len, JSON_REJECT_DUPLICATES, &error);
    *value = veil(top);
    if (top) {
        return FC_OK;
    }
    if (fault) {
        fault->line = error.line > 0 ? (unsigned)error.line : 0;
        fault->column = error.column > 0 ? (unsigned)error.column : 0;
        snprintf(fault->text, sizeof fault->text, "%s", error.text);
    }
    return json_error_code(&error) == json_error_out_of_memory ? FC_E_NOMEM : FC_E_JSON;
}

void fc_json_free(struct fc_json_value *value)
{
    json_decref(unveil(value));
}

const struct fc_json_value *fc_json_get(const struct fc_json_value *value, const char *key)
{
    return veil(json_object_get(unveil(value), key));
}

size_t fc_json_count(const struct fc_json_value *value)
{
    return json_array_size(unveil(value));
}

const struct fc_json_value *fc_json_at(const struct fc_json_value *value, size_t index)
{
    return veil(json_array_get(unveil(value), index));
}

enum fc_json_kind fc_json_kind(const struct fc_json_value *value)
{
    static const enum fc_json_kind kinds[] = {
        [JSON_OBJECT] = FC_JSON_OBJECT, [JSON_ARRAY] = FC_JSON_ARRAY, [JSON_STRING] = FC_JSON_TEXT,
        [JSON_INTEGER] = FC_JSON_INT,   [JSON_REAL] = FC_JSON_REAL,   [JSON_TRUE] = FC_JSON_BOOL,
        [JSON_FALSE] = FC_JSON_BOOL,    [JSON_NULL] = FC_JSON_NULL,
    };
    return value ? kinds[json_typeof(unveil(value))] : FC_JSON_NONE;
}

bool fc_json_as_bool(const struct fc_json_value *value)
{
    return json_is_true(unveil(value));
}

int64_t fc_json_as_int(const struct fc_json_value *value)
{
    return json_integer_value(unveil(value));
}

double fc_json_as_real(const struct fc_json_value *value)
{
    return json_number_value(unveil(value));
}

const char *fc_json_next(const struct fc_json_value *object, void **cursor,
                         const struct fc_json_value **value)
{
    json_t *plain = unveil(object);
    *cursor = *cursor ? json_object_iter_next(plain, *cursor) : json_object_iter(plain);
    *value = veil(json_object_iter_value(*cursor));
    return json_object_iter_key(*cursor);
}

enum fc_err fc_json_dump(const struct fc_json_value *value, struct fc_buf *out)
{
    int failed = json_dump_callback(unveil(value), append, out, JSON_COMPACT | JSON_ENCODE_ANY);
    return failed ? FC_E_NOMEM : fc_buf_check(out);
}

const char *fc_json_as_text(const struct fc_json_value *value)
{
    return json_string_value(unveil(value));
}

const char *fc_json_get_text(const struct fc_json_value *value, const char *key)
{
    return fc_json_as_text(fc_json_get(value, key));
}

enum fc_err fc_json_get_uint(const struct fc_json_value *value, const char *key, uint64_t *out)
{
    json_t *member = unveil(fc_json_get(value, key));
    if (!member) {
        return FC_E_MISSING;
    }
    if (!json_is_integer(member) || json_integer_value(member) < 0) {
        return FC_E_FORMAT;
    }
    *out = (uint64_t)json_integer_value(member);
    return FC_OK;
}

enum fc_err fc_json_get_hex32(const struct fc_json_value *value, const char *key, uint8_t out[32])
{
    if (!fc_json_get(value, key)) {
        return FC_E_MISSING;
    }
    const char *text = fc_json_get_text(value, key);
    return text && strlen(text) == 64 ? fc_unhex(text, out, 32) : FC_E_FORMAT;
}
