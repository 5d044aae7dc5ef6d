/* Borrowed and owned runs of bytes. */
#ifndef FC_STORE_BYTES_H
#define FC_STORE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/err.h"

/* Borrowed: valid as long as whoever lent it says. */
struct fc_span {
    const uint8_t *data;
    size_t len;
};

static inline struct fc_span fc_span(const void *data, size_t len)
{
    return (struct fc_span){(const uint8_t *)data, len};
}
struct fc_span fc_span_str(const char *text); /* without the NUL */
bool fc_span_eq(struct fc_span a, struct fc_span b);
bool fc_span_begins(struct fc_span bytes, struct fc_span prefix);
/* Orders by bytes, a prefix first; <0, 0, >0. */
int fc_span_cmp(struct fc_span a, struct fc_span b);

/* Owned and growing; all zero is empty. A failed growth sets `failed` and later appends do
 * nothing, so a run of appends needs one check at its end. */
struct fc_buf {
    uint8_t *data;
    size_t len;
    size_t cap;
    bool failed;
};

void fc_buf_finish(struct fc_buf *buf); /* frees; buf is empty after */
void fc_buf_clear(struct fc_buf *buf);  /* len 0, keeps the memory, clears failed */
void fc_buf_append(struct fc_buf *buf, const void *data, size_t len);
uint8_t *fc_buf_extend(struct fc_buf *buf, size_t len); /* uninitialised room, NULL on failure */
/* FC_OK or FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_buf_check(const struct fc_buf *buf);
static inline struct fc_span fc_buf_span(const struct fc_buf *buf)
{
    return fc_span(buf->data, buf->len);
}
/* A heap copy of the span with a NUL after it; NULL when out of memory. Free with free(). */
uint8_t *fc_span_dup(struct fc_span span);

/* Big-endian, for keys that must sort. */
void fc_put_be32(uint8_t out[4], uint32_t value);
void fc_put_be64(uint8_t out[8], uint64_t value);
uint32_t fc_get_be32(const uint8_t in[4]);
uint64_t fc_get_be64(const uint8_t in[8]);

/* Lower-case hexadecimal. `out` holds 2 * len + 1 bytes. */
void fc_hex(const uint8_t *data, size_t len, char *out);
/* Reads exactly 2 * len digits; FC_E_FORMAT otherwise. */
FC_MUST_USE enum fc_err fc_unhex(const char *text, uint8_t *out, size_t len);

#endif
