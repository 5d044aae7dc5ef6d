/* JSON for people's tools: what --json prints, and the small files people pass around. Documents of
 * the catalogue are read in store/document.c. */
#ifndef FC_NODE_JSON_H
#define FC_NODE_JSON_H

#include <stdio.h>

#include "store/bytes.h"
#include "store/crypto.h"

/* -- writing ---------------------------------------------------------------------------------- */

/* Builds one value. `key` is NULL inside an array and at the top. Failures stick and are reported
 * by fc_json_print and fc_json_write. The first call makes the top value. */
struct fc_json;
struct fc_json *fc_json_create(void); /* NULL when out of memory; every call below takes NULL */
void fc_json_destroy(struct fc_json *json);

void fc_json_object(struct fc_json *json, const char *key); /* until fc_json_end */
void fc_json_array(struct fc_json *json, const char *key);  /* until fc_json_end */
void fc_json_end(struct fc_json *json);
void fc_json_text(struct fc_json *json, const char *key, const char *text); /* NULL: null */
void fc_json_span(struct fc_json *json, const char *key, struct fc_span text);
void fc_json_hex(struct fc_json *json, const char *key, const void *bytes, size_t len);
void fc_json_hash(struct fc_json *json, const char *key, const struct fc_hash *hash);
void fc_json_key(struct fc_json *json, const char *key, const struct fc_key *public_key);
void fc_json_uint(struct fc_json *json, const char *key, uint64_t value); /* above 2^63: as text */
void fc_json_bool(struct fc_json *json, const char *key, bool value);
void fc_json_null(struct fc_json *json, const char *key);
/* Milliseconds of Unix time as "2026-03-01T12:00:00Z"; 0 as null. */
void fc_json_time(struct fc_json *json, const char *key, uint64_t wall_ms);
/* Bytes that are JSON themselves go in as that value, any others as text or, where they are not
 * UTF-8, as {"hex": ...}. */
void fc_json_embed(struct fc_json *json, const char *key, struct fc_span bytes);

/* Bytes that fc_json_write or fc_json_dump made, as they are. */
void fc_json_made(struct fc_json *json, const char *key, struct fc_span bytes);

/* Prints the value, on one line or indented, with a newline, and empties the builder. FC_E_NOMEM,
 * FC_E_IO. */
FC_MUST_USE enum fc_err fc_json_print(struct fc_json *json, FILE *out, bool indent);

/* Appends the value, on one line without a newline, and empties the builder. FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_json_write(struct fc_json *json, struct fc_buf *out);

/* -- reading ---------------------------------------------------------------------------------- */

struct fc_json_fault {
    unsigned line, column;
    char text[160];
};
struct fc_json_value; /* opaque; children belong to the value that was parsed */
/* FC_E_JSON with `fault` filled in, if not NULL; FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_json_parse(struct fc_span bytes, struct fc_json_value **value,
                                      struct fc_json_fault *fault);
void fc_json_free(struct fc_json_value *value); /* NULL is fine */
/* NULL when `value` is no object or has no such member. */
const struct fc_json_value *fc_json_get(const struct fc_json_value *value, const char *key);
size_t fc_json_count(const struct fc_json_value *value); /* of an array; else 0 */
const struct fc_json_value *fc_json_at(const struct fc_json_value *value, size_t index);
enum fc_json_kind {
    FC_JSON_NONE, /* no value at all */
    FC_JSON_NULL,
    FC_JSON_BOOL,
    FC_JSON_INT,
    FC_JSON_REAL,
    FC_JSON_TEXT,
    FC_JSON_ARRAY,
    FC_JSON_OBJECT,
};
enum fc_json_kind fc_json_kind(const struct fc_json_value *value); /* NULL: FC_JSON_NONE */
bool fc_json_as_bool(const struct fc_json_value *value);
int64_t fc_json_as_int(const struct fc_json_value *value);
double fc_json_as_real(const struct fc_json_value *value); /* of an integer, too */
/* Members in the order in which they were written; starts with a NULL cursor, ends with NULL. */
const char *fc_json_next(const struct fc_json_value *object, void **cursor,
                         const struct fc_json_value **value);
/* Appends the value on one line. FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_json_dump(const struct fc_json_value *value, struct fc_buf *out);
/* Text of a member, NULL when it is absent or no text. */
const char *fc_json_get_text(const struct fc_json_value *value, const char *key);
const char *fc_json_as_text(const struct fc_json_value *value);
/* FC_E_MISSING, FC_E_FORMAT. */
FC_MUST_USE enum fc_err fc_json_get_uint(const struct fc_json_value *value, const char *key,
                                         uint64_t *out);
/* A member of 64 hexadecimal digits. FC_E_MISSING, FC_E_FORMAT. */
FC_MUST_USE enum fc_err fc_json_get_hex32(const struct fc_json_value *value, const char *key,
                                          uint8_t out[32]);

#endif
