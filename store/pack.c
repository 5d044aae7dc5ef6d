#include "store/pack.h"

#include <msgpack.h>
#include <string.h>

#include "store/limits.h"

static int write_bytes(void *ctx, const char *data, size_t len)
{
    fc_buf_append(ctx, data, len);
    return 0;
}

static msgpack_packer packer(struct fc_buf *out)
{
    msgpack_packer packer;
    msgpack_packer_init(&packer, out, write_bytes);
    return packer;
}

void fc_pack_array(struct fc_buf *out, uint32_t count)
{
    msgpack_packer to = packer(out);
    msgpack_pack_array(&to, count);
}

void fc_pack_uint(struct fc_buf *out, uint64_t value)
{
    msgpack_packer to = packer(out);
    msgpack_pack_uint64(&to, value);
}

void fc_pack_bin(struct fc_buf *out, struct fc_span bytes)
{
    if (bytes.len > UINT32_MAX) {
        out->failed = true;
        return;
    }
    msgpack_packer to = packer(out);
    msgpack_pack_bin(&to, bytes.len);
    fc_buf_append(out, bytes.data, bytes.len);
}

void fc_pack_str(struct fc_buf *out, struct fc_span text)
{
    if (text.len > UINT32_MAX) {
        out->failed = true;
        return;
    }
    msgpack_packer to = packer(out);
    msgpack_pack_str(&to, text.len);
    fc_buf_append(out, text.data, text.len);
}

void fc_pack_nil(struct fc_buf *out)
{
    msgpack_packer to = packer(out);
    msgpack_pack_nil(&to);
}

enum kind { UINT, BIN, STR, ARRAY, NIL };

/* What a value begins with: `number` is its value, its length or its count. */
struct lead {
    enum kind kind;
    uint64_t number;
};

/* Forms with a number after the tag; `least` is the first number no shorter form can hold. A width
 * of 0: no form of ours. */
enum { FORM_FIRST = 0xc0, FORM_LAST = 0xdf };
static const struct form {
    enum kind kind;
    uint8_t width;
    uint64_t least;
} forms[FORM_LAST - FORM_FIRST + 1] = {
    [0xc4 - FORM_FIRST] = {BIN, 1, 0},
    [0xc5 - FORM_FIRST] = {BIN, 2, 0x100},
    [0xc6 - FORM_FIRST] = {BIN, 4, 0x10000},
    [0xcc - FORM_FIRST] = {UINT, 1, 0x80},
    [0xcd - FORM_FIRST] = {UINT, 2, 0x100},
    [0xce - FORM_FIRST] = {UINT, 4, 0x10000},
    [0xcf - FORM_FIRST] = {UINT, 8, (uint64_t)1 << 32},
    [0xd9 - FORM_FIRST] = {STR, 1, 0x20},
    [0xda - FORM_FIRST] = {STR, 2, 0x100},
    [0xdb - FORM_FIRST] = {STR, 4, 0x10000},
    [0xdc - FORM_FIRST] = {ARRAY, 2, 0x10},
    [0xdd - FORM_FIRST] = {ARRAY, 4, 0x10000},
};

static bool read_long_lead(struct fc_unpack *in, uint8_t tag, struct lead *lead)
{
    if (tag < FORM_FIRST || tag > FORM_LAST)
        return false;
    const struct form *form = &forms[tag - FORM_FIRST];
    if (form->width == 0 || in->len - in->pos < form->width)
        return false;
    uint64_t number = 0;
    for (unsigned i = 0; i < form->width; i++)
        number = number << 8 | in->data[in->pos++];
    *lead = (struct lead){form->kind, number};
    return number >= form->least;
}

/* Anything but the kinds of ours, and any form that is not the shortest, is a fault. */
static bool read_lead(struct fc_unpack *in, struct lead *lead)
{
    if (in->err != FC_OK)
        return false;
    bool good = false;
    if (in->pos < in->len) {
        uint8_t tag = in->data[in->pos++];
        good = true;
        if (tag < 0x80)
            *lead = (struct lead){UINT, tag};
        else if (tag >= 0x90 && tag <= 0x9f)
            *lead = (struct lead){ARRAY, tag & 0x0f};
        else if (tag >= 0xa0 && tag <= 0xbf)
            *lead = (struct lead){STR, tag & 0x1f};
        else if (tag == 0xc0)
            *lead = (struct lead){NIL, 0};
        else
            good = read_long_lead(in, tag, lead);
    }
    if (!good)
        fc_unpack_fail(in, FC_E_FORMAT);
    return good;
}

static bool read_kind(struct fc_unpack *in, enum kind kind, struct lead *lead)
{
    if (!read_lead(in, lead))
        return false;
    if (lead->kind == kind)
        return true;
    fc_unpack_fail(in, FC_E_FORMAT);
    return false;
}

/* Length of the UTF-8 sequence at `s`, 0 when it is none or NUL (RFC 3629, table in section 4). */
static size_t utf8_step(const uint8_t *s, size_t len)
{
    if (s[0] >= 0x01 && s[0] <= 0x7f)
        return 1;
    size_t more = s[0] >= 0xc2 && s[0] <= 0xdf   ? 1
                  : s[0] >= 0xe0 && s[0] <= 0xef ? 2
                  : s[0] >= 0xf0 && s[0] <= 0xf4 ? 3
                                                 : 0;
    if (more == 0 || len <= more)
        return 0;
    uint8_t low = s[0] == 0xe0 ? 0xa0 : s[0] == 0xf0 ? 0x90 : 0x80;
    uint8_t high = s[0] == 0xed ? 0x9f : s[0] == 0xf4 ? 0x8f : 0xbf;
    if (s[1] < low || s[1] > high)
        return 0;
    for (size_t i = 2; i <= more; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    return more + 1;
}

/* Whether eight bytes are all of 0x01 to 0x7f. */
static bool is_plain(const uint8_t *s)
{
    const uint64_t ones = 0x0101010101010101u, tops = ones << 7;
    uint64_t word;
    memcpy(&word, s, sizeof word);
    return ((word | (word - ones)) & tops) == 0;
}

bool fc_utf8_valid(struct fc_span text)
{
    for (size_t at = 0; at < text.len;) {
        if (text.len - at >= 8 && is_plain(text.data + at)) {
            at += 8;
            continue;
        }
        size_t step = utf8_step(text.data + at, text.len - at);
        if (step == 0)
            return false;
        at += step;
    }
    return true;
}

static struct fc_span take(struct fc_unpack *in, uint64_t len)
{
    if (len > in->len - in->pos) {
        fc_unpack_fail(in, FC_E_FORMAT);
        return fc_span(NULL, 0);
    }
    struct fc_span span = fc_span(in->data + in->pos, (size_t)len);
    in->pos += (size_t)len;
    return span;
}

void fc_unpack_init(struct fc_unpack *in, struct fc_span bytes)
{
    *in = (struct fc_unpack){bytes.data, bytes.len, 0, FC_OK};
}

void fc_unpack_fail(struct fc_unpack *in, enum fc_err err)
{
    if (in->err == FC_OK)
        in->err = err;
}

uint32_t fc_unpack_array(struct fc_unpack *in, uint32_t min, uint32_t max)
{
    struct lead lead;
    if (!read_kind(in, ARRAY, &lead))
        return 0;
    if (lead.number > max && min < max)
        fc_unpack_fail(in, FC_E_BOUND);
    else if (lead.number < min || lead.number > max || lead.number > in->len - in->pos)
        fc_unpack_fail(in, FC_E_FORMAT);
    return in->err == FC_OK ? (uint32_t)lead.number : 0;
}

uint64_t fc_unpack_uint(struct fc_unpack *in, uint64_t max)
{
    struct lead lead;
    if (!read_kind(in, UINT, &lead))
        return 0;
    if (lead.number > max)
        fc_unpack_fail(in, FC_E_BOUND);
    return in->err == FC_OK ? lead.number : 0;
}

static struct fc_span read_run(struct fc_unpack *in, enum kind kind, size_t len_max)
{
    struct lead lead;
    if (!read_kind(in, kind, &lead))
        return fc_span(NULL, 0);
    if (lead.number > len_max) {
        fc_unpack_fail(in, FC_E_BOUND);
        return fc_span(NULL, 0);
    }
    return take(in, lead.number);
}

struct fc_span fc_unpack_bin(struct fc_unpack *in, size_t len_max)
{
    return read_run(in, BIN, len_max);
}

void fc_unpack_fixed(struct fc_unpack *in, uint8_t *out, size_t len)
{
    struct fc_span bytes = read_run(in, BIN, len);
    if (in->err == FC_OK && bytes.len == len) {
        memcpy(out, bytes.data, len);
        return;
    }
    memset(out, 0, len);
    fc_unpack_fail(in, FC_E_FORMAT);
}

struct fc_span fc_unpack_str(struct fc_unpack *in, size_t len_max)
{
    struct fc_span text = read_run(in, STR, len_max);
    if (fc_utf8_valid(text))
        return text;
    fc_unpack_fail(in, FC_E_FORMAT);
    return fc_span(NULL, 0);
}

bool fc_unpack_nil(struct fc_unpack *in)
{
    if (in->err != FC_OK || in->pos >= in->len || in->data[in->pos] != 0xc0)
        return false;
    in->pos++;
    return true;
}

/* Steps over one value, but not into an array: *count says how many values follow in it. */
static bool step_over(struct fc_unpack *in, uint64_t *count)
{
    struct lead lead;
    if (!read_lead(in, &lead))
        return false;
    switch (lead.kind) {
    case UINT:
    case NIL:
        break;
    case BIN:
        take(in, lead.number);
        break;
    case STR:
        if (!fc_utf8_valid(take(in, lead.number)))
            fc_unpack_fail(in, FC_E_FORMAT);
        break;
    case ARRAY:
        if (lead.number > in->len - in->pos)
            fc_unpack_fail(in, FC_E_FORMAT);
        *count = lead.number;
        return true;
    }
    return false;
}

struct fc_span fc_unpack_any(struct fc_unpack *in)
{
    uint64_t left[FC_NESTING_MAX + 1] = {1}; /* values still to come at each depth */
    size_t start = in->pos;
    unsigned depth = 0;
    while (in->err == FC_OK) {
        while (depth > 0 && left[depth] == 0)
            depth--;
        if (left[depth] == 0)
            return fc_span(in->data + start, in->pos - start);
        left[depth]--;
        uint64_t count;
        if (!step_over(in, &count))
            continue;
        if (depth == FC_NESTING_MAX)
            fc_unpack_fail(in, FC_E_FORMAT);
        else
            left[++depth] = count;
    }
    return fc_span(NULL, 0);
}

enum fc_err fc_unpack_end(const struct fc_unpack *in)
{
    if (in->err != FC_OK)
        return in->err;
    return in->pos == in->len ? FC_OK : FC_E_FORMAT;
}
