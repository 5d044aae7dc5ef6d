/* Writing JSON: straight into bytes, compact. */
#include <stdlib.h>
#include <string.h>

#include "node/clock.h"
#include "node/json.h"
#include "node/json_inside.h"
#include "store/pack.h"

enum { DEPTH_MAX = 16 };

struct fc_json {
    struct fc_buf out;
    size_t depth;
    bool array[DEPTH_MAX];
    bool any[DEPTH_MAX]; /* something stands in it already */
    bool top;            /* the top value has begun */
    bool failed;
};

struct fc_json *fc_json_create(void)
{
    return calloc(1, sizeof(struct fc_json));
}

void fc_json_destroy(struct fc_json *json)
{
    if (json) {
        fc_buf_finish(&json->out);
        free(json);
    }
}

static void put(struct fc_json *json, const char *text, size_t len)
{
    fc_buf_append(&json->out, text, len);
}

/* What in a string has to be escaped (RFC 8259, 7). */
static bool is_plain(uint8_t c)
{
    return c >= 0x20 && c != '"' && c != '\\';
}

static void put_escaped(struct fc_buf *out, uint8_t c)
{
    static const char digits[] = "0123456789abcdef";
    char text[6] = {'\\', 0};
    const char *found = strchr("\"\"\\\\\bb\ff\nn\rr\tt", c); /* character, letter; a NUL ends it */
    if (c && found) {
        text[1] = c == '"' || c == '\\' ? (char)c : found[1];
        fc_buf_append(out, text, 2);
        return;
    }
    memcpy(text, "\\u00", 4);
    text[4] = digits[c >> 4];
    text[5] = digits[c & 15];
    fc_buf_append(out, text, 6);
}

void fc_json_quote(struct fc_span text, struct fc_buf *out)
{
    fc_buf_append(out, "\"", 1);
    size_t start = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (!is_plain(text.data[i])) {
            fc_buf_append(out, text.data + start, i - start);
            put_escaped(out, text.data[i]);
            start = i + 1;
        }
    }
    if (text.len > start) {
        fc_buf_append(out, text.data + start, text.len - start);
    }
    fc_buf_append(out, "\"", 1);
}

/* The comma and the name before a value; false when there may be none. */
static bool begin(struct fc_json *json, const char *key)
{
    if (!json || json->failed) {
        return false;
    }
    if (json->depth == 0) {
        json->failed = json->top;
        json->top = true;
        return !json->failed;
    }
    size_t at = json->depth - 1;
    if (json->array[at] ? key != NULL : key == NULL) {
        json->failed = true;
        return false;
    }
    if (json->any[at]) {
        put(json, ",", 1);
    }
    json->any[at] = true;
    if (key) {
        fc_json_quote(fc_span_str(key), &json->out);
        put(json, ":", 1);
    }
    return true;
}

static void enter(struct fc_json *json, const char *key, bool array)
{
    if (!begin(json, key)) {
        return;
    }
    if (json->depth == DEPTH_MAX) {
        json->failed = true;
        return;
    }
    put(json, array ? "[" : "{", 1);
    json->array[json->depth] = array;
    json->any[json->depth++] = false;
}

void fc_json_object(struct fc_json *json, const char *key)
{
    enter(json, key, false);
}

void fc_json_array(struct fc_json *json, const char *key)
{
    enter(json, key, true);
}

void fc_json_end(struct fc_json *json)
{
    if (json && !json->failed && json->depth > 0) {
        json->depth--;
        put(json, json->array[json->depth] ? "]" : "}", 1);
    }
}

void fc_json_span(struct fc_json *json, const char *key, struct fc_span text)
{
    if (!fc_utf8_valid(text)) {
        fc_json_object(json, key);
        fc_json_hex(json, "hex", text.data, text.len);
        fc_json_end(json);
    } else if (begin(json, key)) {
        fc_json_quote(text, &json->out);
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
    static const char digits[] = "0123456789abcdef";
    if (!begin(json, key)) {
        return;
    }
    char *room = (char *)fc_buf_extend(&json->out, 2 * len + 2);
    if (!room) {
        return;
    }
    *room++ = '"';
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = ((const uint8_t *)bytes)[i];
        *room++ = digits[byte >> 4];
        *room++ = digits[byte & 15];
    }
    *room = '"';
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
    char text[24];
    const char *format = value > INT64_MAX ? "\"%llu\"" : "%llu";
    int len = format[0] == '"' ? snprintf(text, sizeof text, "\"%llu\"", (unsigned long long)value)
                               : snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    if (begin(json, key)) {
        put(json, text, (size_t)len);
    }
}

void fc_json_bool(struct fc_json *json, const char *key, bool value)
{
    if (begin(json, key)) {
        put(json, value ? "true" : "false", value ? 4 : 5);
    }
}

void fc_json_null(struct fc_json *json, const char *key)
{
    if (begin(json, key)) {
        put(json, "null", 4);
    }
}

void fc_json_time(struct fc_json *json, const char *key, uint64_t wall_ms)
{
    char text[FC_CLOCK_TEXT_BYTES];
    fc_json_text(json, key, wall_ms ? fc_clock_text(wall_ms, text) : NULL);
}

void fc_json_embed(struct fc_json *json, const char *key, struct fc_span bytes)
{
    struct fc_buf compact = {0};
    enum fc_err err = fc_json_compact(bytes, &compact);
    if (err == FC_OK && begin(json, key)) {
        put(json, (const char *)compact.data, compact.len);
    } else if (err == FC_E_JSON) {
        fc_json_span(json, key, bytes);
    } else if (json && err != FC_OK) {
        json->failed = true;
    }
    fc_buf_finish(&compact);
}

void fc_json_made(struct fc_json *json, const char *key, struct fc_span bytes)
{
    if (begin(json, key)) {
        put(json, (const char *)bytes.data, bytes.len);
    }
}

static void empty(struct fc_json *json)
{
    fc_buf_finish(&json->out);
    *json = (struct fc_json){0};
}

/* All of the value, closed. */
static enum fc_err whole(struct fc_json *json)
{
    if (!json || json->failed || json->out.failed || !json->top) {
        return FC_E_NOMEM;
    }
    while (json->depth > 0) {
        fc_json_end(json);
    }
    return fc_buf_check(&json->out);
}

enum fc_err fc_json_write(struct fc_json *json, struct fc_buf *out)
{
    enum fc_err err = whole(json);
    if (err == FC_OK && out->len == 0) {
        fc_buf_finish(out);
        *out = json->out;
        json->out = (struct fc_buf){0};
    } else if (err == FC_OK) {
        fc_buf_append(out, json->out.data, json->out.len);
        err = fc_buf_check(out);
    }
    if (json) {
        empty(json);
    }
    return err;
}

enum fc_err fc_json_print(struct fc_json *json, FILE *out, bool indent)
{
    enum fc_err err = whole(json);
    if (err == FC_OK && indent) {
        struct fc_buf pretty = {0};
        err = fc_json_indent(fc_buf_span(&json->out), &pretty);
        fc_buf_finish(&json->out);
        json->out = pretty;
    }
    if (err == FC_OK && (fwrite(json->out.data, 1, json->out.len, out) != json->out.len ||
                         fputc('\n', out) == EOF)) {
        err = FC_E_IO;
    }
    if (json) {
        empty(json);
    }
    return err;
}
