#include "store/body.h"

#include <string.h>

#include "store/pack.h"

static void *at(void *object, size_t offset)
{
    return (uint8_t *)object + offset;
}

static const void *at_const(const void *object, size_t offset)
{
    return (const uint8_t *)object + offset;
}

static uint64_t get_number(const struct fc_field *field, const void *object)
{
    const void *from = at_const(object, field->offset);
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;
    bool flag;
    switch (field->kind) {
    case FC_FIELD_U16:
        memcpy(&u16, from, sizeof u16);
        return u16;
    case FC_FIELD_U32:
        memcpy(&u32, from, sizeof u32);
        return u32;
    case FC_FIELD_U64:
        memcpy(&u64, from, sizeof u64);
        return u64;
    case FC_FIELD_FLAG:
        memcpy(&flag, from, sizeof flag);
        return flag;
    case FC_FIELD_HASH:
    case FC_FIELD_TEXT:
    case FC_FIELD_COUNTRY:
    case FC_FIELD_BINARY:
    case FC_FIELD_HASHES:
    case FC_FIELD_ENDPOINTS:
    case FC_FIELD_GOVERNORS:
        break;
    }
    return 0;
}

static void set_number(const struct fc_field *field, void *object, uint64_t number)
{
    void *to = at(object, field->offset);
    uint16_t u16 = (uint16_t)number;
    uint32_t u32 = (uint32_t)number;
    bool flag = number != 0;
    switch (field->kind) {
    case FC_FIELD_U16:
        memcpy(to, &u16, sizeof u16);
        break;
    case FC_FIELD_U32:
        memcpy(to, &u32, sizeof u32);
        break;
    case FC_FIELD_U64:
        memcpy(to, &number, sizeof number);
        break;
    case FC_FIELD_FLAG:
        memcpy(to, &flag, sizeof flag);
        break;
    case FC_FIELD_HASH:
    case FC_FIELD_TEXT:
    case FC_FIELD_COUNTRY:
    case FC_FIELD_BINARY:
    case FC_FIELD_HASHES:
    case FC_FIELD_ENDPOINTS:
    case FC_FIELD_GOVERNORS:
        break;
    }
}

static uint32_t get_count(const struct fc_field *field, const void *object)
{
    uint32_t count;
    memcpy(&count, at_const(object, field->offset_count), sizeof count);
    return count;
}

static void set_count(const struct fc_field *field, void *object, uint32_t count)
{
    memcpy(at(object, field->offset_count), &count, sizeof count);
}

static bool country_valid(struct fc_span text)
{
    return text.len == 2 && text.data[0] >= 'A' && text.data[0] <= 'Z' && text.data[1] >= 'A' &&
           text.data[1] <= 'Z';
}

static bool hashes_ascend(struct fc_span hashes, uint32_t count)
{
    if (hashes.len != (size_t)count * sizeof(struct fc_hash))
        return false;
    for (size_t i = sizeof(struct fc_hash); i < hashes.len; i += sizeof(struct fc_hash))
        if (memcmp(hashes.data + i - sizeof(struct fc_hash), hashes.data + i,
                   sizeof(struct fc_hash)) >= 0)
            return false;
    return true;
}

static bool endpoints_valid(const struct fc_span *endpoints, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (!fc_endpoint_valid(endpoints[i]))
            return false;
    return true;
}

static bool governors_valid(const struct fc_governor *governors, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct fc_governor *governor = &governors[i];
        if (!fc_text_valid(governor->name, 1, FC_TEXT_BYTES_MAX) ||
            !country_valid(governor->country) || fc_key_is_zero(&governor->key))
            return false;
        if (i > 0 && fc_key_cmp(&governors[i - 1].key, &governor->key) >= 0)
            return false;
    }
    return true;
}

/* The one place that says whether a member may be in a record, for reader and writer. */
static bool field_valid(const struct fc_field *field, const void *object)
{
    const void *from = at_const(object, field->offset);
    const struct fc_span *span = from;
    uint32_t count;
    uint64_t number;
    switch (field->kind) {
    case FC_FIELD_HASH:
        return field->least == 0 || !fc_hash_is_zero(from);
    case FC_FIELD_U16:
    case FC_FIELD_U32:
    case FC_FIELD_U64:
    case FC_FIELD_FLAG:
        number = get_number(field, object);
        return number >= field->least && number <= field->most;
    case FC_FIELD_TEXT:
        return fc_text_valid(*span, field->least, field->most);
    case FC_FIELD_COUNTRY:
        return country_valid(*span);
    case FC_FIELD_BINARY:
        return span->len >= field->least && span->len <= field->most;
    case FC_FIELD_HASHES:
        count = get_count(field, object);
        return count <= field->most && hashes_ascend(*span, count);
    case FC_FIELD_ENDPOINTS:
        count = get_count(field, object);
        return count <= field->most && endpoints_valid(from, count);
    case FC_FIELD_GOVERNORS:
        count = get_count(field, object);
        return count >= field->least && count <= field->most && governors_valid(from, count);
    }
    return false;
}

static void read_endpoints(struct fc_unpack *in, const struct fc_field *field, void *object)
{
    struct fc_span *endpoints = at(object, field->offset);
    uint32_t count = fc_unpack_array(in, 0, (uint32_t)field->most);
    for (uint32_t i = 0; i < count; i++)
        endpoints[i] = fc_unpack_str(in, FC_TEXT_BYTES_MAX);
    set_count(field, object, count);
}

static void write_endpoints(struct fc_buf *out, const struct fc_field *field, const void *object)
{
    const struct fc_span *endpoints = at_const(object, field->offset);
    uint32_t count = get_count(field, object);
    fc_pack_array(out, count);
    for (uint32_t i = 0; i < count; i++)
        fc_pack_str(out, endpoints[i]);
}

static void read_governors(struct fc_unpack *in, const struct fc_field *field, void *object)
{
    struct fc_governor *governors = at(object, field->offset);
    uint32_t count = fc_unpack_array(in, 1, (uint32_t)field->most);
    for (uint32_t i = 0; i < count; i++) {
        fc_unpack_array(in, 3, 3);
        governors[i].name = fc_unpack_str(in, FC_TEXT_BYTES_MAX);
        governors[i].country = fc_unpack_str(in, 2);
        fc_unpack_fixed(in, governors[i].key.b, sizeof governors[i].key.b);
    }
    set_count(field, object, count);
}

static void write_governors(struct fc_buf *out, const struct fc_field *field, const void *object)
{
    const struct fc_governor *governors = at_const(object, field->offset);
    uint32_t count = get_count(field, object);
    fc_pack_array(out, count);
    for (uint32_t i = 0; i < count; i++) {
        fc_pack_array(out, 3);
        fc_pack_str(out, governors[i].name);
        fc_pack_str(out, governors[i].country);
        fc_pack_bin(out, fc_span(governors[i].key.b, sizeof governors[i].key.b));
    }
}

static void read_hashes(struct fc_unpack *in, const struct fc_field *field, void *object)
{
    struct fc_span *hashes = at(object, field->offset);
    *hashes = fc_unpack_bin(in, field->most * sizeof(struct fc_hash));
    set_count(field, object, (uint32_t)(hashes->len / sizeof(struct fc_hash)));
}

static void read_field(struct fc_unpack *in, const struct fc_field *field, void *object)
{
    struct fc_span *span = at(object, field->offset);
    switch (field->kind) {
    case FC_FIELD_HASH:
        fc_unpack_fixed(in, at(object, field->offset), sizeof(struct fc_hash));
        break;
    case FC_FIELD_U16:
    case FC_FIELD_U32:
    case FC_FIELD_U64:
    case FC_FIELD_FLAG:
        set_number(field, object, fc_unpack_uint(in, field->most));
        break;
    case FC_FIELD_TEXT:
        *span = fc_unpack_str(in, field->most);
        break;
    case FC_FIELD_COUNTRY:
        *span = fc_unpack_str(in, 2);
        break;
    case FC_FIELD_BINARY:
        *span = fc_unpack_bin(in, field->most);
        break;
    case FC_FIELD_HASHES:
        read_hashes(in, field, object);
        break;
    case FC_FIELD_ENDPOINTS:
        read_endpoints(in, field, object);
        break;
    case FC_FIELD_GOVERNORS:
        read_governors(in, field, object);
        break;
    }
}

static void write_field(struct fc_buf *out, const struct fc_field *field, const void *object)
{
    const struct fc_span *span = at_const(object, field->offset);
    switch (field->kind) {
    case FC_FIELD_HASH:
        fc_pack_bin(out, fc_span(span, sizeof(struct fc_hash)));
        break;
    case FC_FIELD_U16:
    case FC_FIELD_U32:
    case FC_FIELD_U64:
    case FC_FIELD_FLAG:
        fc_pack_uint(out, get_number(field, object));
        break;
    case FC_FIELD_TEXT:
    case FC_FIELD_COUNTRY:
        fc_pack_str(out, *span);
        break;
    case FC_FIELD_BINARY:
    case FC_FIELD_HASHES:
        fc_pack_bin(out, *span);
        break;
    case FC_FIELD_ENDPOINTS:
        write_endpoints(out, field, object);
        break;
    case FC_FIELD_GOVERNORS:
        write_governors(out, field, object);
        break;
    }
}

static bool object_valid(const struct fc_body *body, const void *object)
{
    for (uint32_t i = 0; i < body->field_count; i++)
        if (!field_valid(&body->fields[i], object))
            return false;
    return !body->rule || body->rule(object);
}

enum fc_err fc_body_read(const struct fc_body *body, const struct fc_record *record, void *object)
{
    struct fc_unpack in;
    memset(object, 0, body->size);
    if (record->type != body->type)
        return FC_E_FORMAT;
    fc_unpack_init(&in, record->body);
    fc_unpack_array(&in, body->field_count + 1, body->field_count + 1);
    if (fc_unpack_uint(&in, FC_FORMAT) != FC_FORMAT)
        fc_unpack_fail(&in, FC_E_FORMAT);
    for (uint32_t i = 0; i < body->field_count && in.err == FC_OK; i++)
        read_field(&in, &body->fields[i], object);
    enum fc_err err = fc_unpack_end(&in);
    if (err == FC_OK && !object_valid(body, object))
        err = FC_E_FORMAT;
    return err;
}

enum fc_err fc_body_write(const struct fc_body *body, const void *object, struct fc_buf *out)
{
    if (!object_valid(body, object))
        return FC_E_ARG;
    fc_pack_array(out, body->field_count + 1);
    fc_pack_uint(out, FC_FORMAT);
    for (uint32_t i = 0; i < body->field_count; i++)
        write_field(out, &body->fields[i], object);
    return fc_buf_check(out);
}
