/* Canonical MessagePack: arrays, unsigned integers, binary, UTF-8 strings and nil, each in its
 * shortest form and nothing else. What the reader accepts, the writer writes back byte for byte.
 * https://github.com/msgpack/msgpack/blob/master/spec.md */
#ifndef FC_STORE_PACK_H
#define FC_STORE_PACK_H

#include "store/bytes.h"

void fc_pack_array(struct fc_buf *out, uint32_t count);
void fc_pack_uint(struct fc_buf *out, uint64_t value);
void fc_pack_bin(struct fc_buf *out, struct fc_span bytes);
void fc_pack_str(struct fc_buf *out, struct fc_span text);
void fc_pack_nil(struct fc_buf *out);

/* A bounded cursor over bytes that may come from anyone. The first fault sticks: later reads
 * return empty values, and fc_unpack_end reports it. Spans point into the input. */
struct fc_unpack {
    const uint8_t *data;
    size_t len;
    size_t pos;
    enum fc_err err;
};

void fc_unpack_init(struct fc_unpack *in, struct fc_span bytes);
/* An array header. Fails when `count` is not within min..max, or cannot fit what is left. Here and
 * below FC_E_BOUND is for what is well formed and beyond a maximum, FC_E_FORMAT for the rest. */
uint32_t fc_unpack_array(struct fc_unpack *in, uint32_t min, uint32_t max);
uint64_t fc_unpack_uint(struct fc_unpack *in, uint64_t max);
struct fc_span fc_unpack_bin(struct fc_unpack *in, size_t len_max);
/* Binary of exactly `len` bytes, copied; zeros on a fault. */
void fc_unpack_fixed(struct fc_unpack *in, uint8_t *out, size_t len);
/* Valid UTF-8 without NUL. */
struct fc_span fc_unpack_str(struct fc_unpack *in, size_t len_max);
/* True, consuming it, when the next value is nil. */
bool fc_unpack_nil(struct fc_unpack *in);
/* Steps over one value, whole, and returns its bytes. Nesting beyond FC_NESTING_MAX fails. */
struct fc_span fc_unpack_any(struct fc_unpack *in);
/* Marks the input as at fault; keeps an earlier fault. */
void fc_unpack_fail(struct fc_unpack *in, enum fc_err err);
/* The rule for text by itself: UTF-8 as RFC 3629 has it, and no NUL. */
bool fc_utf8_valid(struct fc_span text);
/* FC_OK when no fault and everything was consumed; the fault, or FC_E_FORMAT. */
FC_MUST_USE enum fc_err fc_unpack_end(const struct fc_unpack *in);

#endif
