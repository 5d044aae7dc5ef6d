#include "store/bytes.h"

#include <stdlib.h>
#include <string.h>

struct fc_span fc_span_str(const char *text)
{
    return fc_span(text, strlen(text));
}

bool fc_span_eq(struct fc_span a, struct fc_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool fc_span_begins(struct fc_span bytes, struct fc_span prefix)
{
    return bytes.len >= prefix.len && fc_span_eq(fc_span(bytes.data, prefix.len), prefix);
}

int fc_span_cmp(struct fc_span a, struct fc_span b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len ? memcmp(a.data, b.data, len) : 0;
    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

void fc_buf_finish(struct fc_buf *buf)
{
    free(buf->data);
    *buf = (struct fc_buf){0};
}

void fc_buf_clear(struct fc_buf *buf)
{
    buf->len = 0;
    buf->failed = false;
}

uint8_t *fc_buf_extend(struct fc_buf *buf, size_t len)
{
    if (buf->failed)
        return NULL;
    if (len > buf->cap - buf->len) {
        size_t cap = buf->cap ? buf->cap : 256;
        while (cap - buf->len < len) {
            if (cap > SIZE_MAX / 2) {
                buf->failed = true;
                return NULL;
            }
            cap *= 2;
        }
        uint8_t *data = realloc(buf->data, cap);
        if (!data) {
            buf->failed = true;
            return NULL;
        }
        buf->data = data;
        buf->cap = cap;
    }
    uint8_t *room = buf->data + buf->len;
    buf->len += len;
    return room;
}

void fc_buf_append(struct fc_buf *buf, const void *data, size_t len)
{
    if (len == 0)
        return;
    uint8_t *room = fc_buf_extend(buf, len);
    if (room)
        memcpy(room, data, len);
}

enum fc_err fc_buf_check(const struct fc_buf *buf)
{
    return buf->failed ? FC_E_NOMEM : FC_OK;
}

uint8_t *fc_span_dup(struct fc_span span)
{
    uint8_t *copy = malloc(span.len + 1);
    if (!copy)
        return NULL;
    if (span.len)
        memcpy(copy, span.data, span.len);
    copy[span.len] = 0;
    return copy;
}

void fc_put_be32(uint8_t out[4], uint32_t value)
{
    for (int i = 3; i >= 0; i--, value >>= 8)
        out[i] = (uint8_t)value;
}

void fc_put_be64(uint8_t out[8], uint64_t value)
{
    for (int i = 7; i >= 0; i--, value >>= 8)
        out[i] = (uint8_t)value;
}

uint32_t fc_get_be32(const uint8_t in[4])
{
    uint32_t value = 0;
    for (int i = 0; i < 4; i++)
        value = value << 8 | in[i];
    return value;
}

uint64_t fc_get_be64(const uint8_t in[8])
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value = value << 8 | in[i];
    return value;
}

void fc_hex(const uint8_t *data, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[data[i] >> 4];
        out[2 * i + 1] = digits[data[i] & 15];
    }
    out[2 * len] = 0;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

enum fc_err fc_unhex(const char *text, uint8_t *out, size_t len)
{
    if (strlen(text) != 2 * len)
        return FC_E_FORMAT;
    for (size_t i = 0; i < len; i++) {
        int high = digit(text[2 * i]);
        int low = digit(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return FC_E_FORMAT;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return FC_OK;
}
