#include "node/json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "node/clock.h"

enum { DEPTH_MAX = 16 };

struct fc_json {
    json_t *open[DEPTH_MAX];
    size_t depth;
    json_t *top;
    bool failed;
};

struct fc_json *fc_json_create(void)
{
    return calloc(1, sizeof(struct fc_json));
}

static void empty(struct fc_json *json)
{
    json_decref(json->top);
    *json = (struct fc_json){0};
}

void fc_json_destroy(struct fc_json *json)
{
    if (json) {
        empty(json);
        free(json);
    }
}

/* Takes the reference to `value`. */
static bool add(struct fc_json *json, const char *key, json_t *value)
{
    if (!json || json->failed || !value) {
        json_decref(value);
        if (json) {
            json->failed = true;
        }
        return false;
    }
    if (json->depth == 0) {
        if (json->top) {
            json_decref(value);
            json->failed = true;
            return false;
        }
        json->top = value;
        return true;
    }
    json_t *parent = json->open[json->depth - 1];
    int failed = json_is_object(parent) && key ? json_object_set_new(parent, key, value)
                                               : json_array_append_new(parent, value);
    json->failed = failed != 0;
    return !json->failed;
}

static void enter(struct fc_json *json, const char *key, json_t *container)
{
    if (!add(json, key, container)) {
        return;
    }
    if (json->depth == DEPTH_MAX) {
        json->failed = true;
        return;
    }
    json->open[json->depth++] = container;
}

void fc_json_object(struct fc_json *json, const char *key)
{
    enter(json, key, json_object());
}

void fc_json_array(struct fc_json *json, const char *key)
{
    enter(json, key, json_array());
}

void fc_json_end(struct fc_json *json)
{
    if (json && json->depth > 0) {
        json->depth--;
    }
}

void fc_json_span(struct fc_json *json, const char *key, struct fc_span text)
{
    json_t *value =
        json_stringn((const char *)(text.len ? text.data : (const uint8_t *)""), text.len);
    if (value) {
        add(json, key, value);
    } else {
        fc_json_object(json, key);
        fc_json_hex(json, "hex", text.data, text.len);
        fc_json_end(json);
    }
}

void fc_json_text(struct fc_json *json, const char *key, const char *text)
{
    if (text) {
        fc_json_span(json, key, fc_span_str(text));
    } else {
        fc_json_null(json, key);
    }
}

void fc_json_hex(struct fc_json *json, const char *key, const void *bytes, size_t len)
{
    char *hex = malloc(2 * len + 1);
    if (!hex) {
        add(json, key, NULL);
        return;
    }
    fc_hex(bytes, len, hex);
    add(json, key, json_string(hex));
    free(hex);
}

void fc_json_hash(struct fc_json *json, const char *key, const struct fc_hash *hash)
{
    fc_json_hex(json, key, hash->b, sizeof hash->b);
}

void fc_json_key(struct fc_json *json, const char *key, const struct fc_key *public_key)
{
    fc_json_hex(json, key, public_key->b, sizeof public_key->b);
}

void fc_json_uint(struct fc_json *json, const char *key, uint64_t value)
{
    if (value > INT64_MAX) {
        char text[24];
        snprintf(text, sizeof text, "%llu", (unsigned long long)value);
        add(json, key, json_string(text));
        return;
    }
    add(json, key, json_integer((json_int_t)value));
}

void fc_json_bool(struct fc_json *json, const char *key, bool value)
{
    add(json, key, json_boolean(value));
}

void fc_json_null(struct fc_json *json, const char *key)
{
    add(json, key, json_null());
}

void fc_json_time(struct fc_json *json, const char *key, uint64_t wall_ms)
{
    char text[FC_CLOCK_TEXT_BYTES];
    fc_json_text(json, key, wall_ms ? fc_clock_text(wall_ms, text) : NULL);
}

void fc_json_embed(struct fc_json *json, const char *key, struct fc_span bytes)
{
    json_t *value = json_loadb((const char *)bytes.data, bytes.len, JSON_DECODE_ANY, NULL);
    if (value) {
        add(json, key, value);
    } else {
        fc_json_span(json, key, bytes);
    }
}

enum fc_err fc_json_print(struct fc_json *json, FILE *out, bool indent)
{
    if (!json) {
        return FC_E_NOMEM;
    }
    enum fc_err err = json->failed || !json->top ? FC_E_NOMEM : FC_OK;
    size_t flags = JSON_ENCODE_ANY | (indent ? JSON_INDENT(2) : JSON_COMPACT);
    if (err == FC_OK && (json_dumpf(json->top, out, flags) != 0 || fputc('\n', out) == EOF)) {
        err = FC_E_IO;
    }
    empty(json);
    return err;
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
