/* A delta: a signed head with the operations that lead to it.
 *
 * Operations are one canonical array, ascending strictly by H(key), one per key:
 *     put    [1, key, media type, size, status, commitment]
 *     status [2, key, status]
 *     delete [3, key]
 * The head's `ops` is the hash of that array's exact bytes (personal "fedcat.ops.1"). Contents and
 * their salts travel beside the delta, never in it. */
#ifndef FC_STORE_DELTA_H
#define FC_STORE_DELTA_H

#include "store/record.h"

enum fc_op_kind { FC_OP_PUT = 1, FC_OP_STATUS = 2, FC_OP_DELETE = 3 };
enum fc_status {
    FC_STATUS_ACTIVE = 1,
    FC_STATUS_DEPRECATED = 2,
    FC_STATUS_ENDED = 3,
    FC_STATUS_REVOKED = 4,
};
const char *fc_status_name(enum fc_status status); /* "active"...; NULL for none */

struct fc_op {
    enum fc_op_kind kind;
    struct fc_span key;
    struct fc_hash key_hash; /* computed on reading */
    struct fc_span media_type;
    uint64_t size;
    enum fc_status status;
    struct fc_hash commitment;
};

/* Appends the array; `ops` are sorted in place by key_hash first. FC_E_ARG on a repeated key or an
 * op the reader would refuse, FC_E_BOUND past FC_OPS_MAX or FC_OPS_BYTES_MAX. */
FC_MUST_USE enum fc_err fc_ops_write(struct fc_op *ops, uint32_t count, struct fc_buf *out);

/* Reads op after op from an ops array that was checked whole by fc_ops_init. */
struct fc_ops {
    struct fc_unpack_state {
        struct fc_span bytes;
        size_t pos;
    } at;
    uint32_t count, next;
};
/* Checks every op, order and bounds. FC_E_FORMAT, FC_E_BOUND. */
FC_MUST_USE enum fc_err fc_ops_init(struct fc_ops *ops, struct fc_span bytes);
bool fc_ops_next(struct fc_ops *ops, struct fc_op *out); /* false at the end */
struct fc_hash fc_ops_hash(struct fc_span bytes);

/* A delta on the wire and at rest: [head record, ops]; both binary. */
struct fc_delta {
    struct fc_record record;
    struct fc_head head;
    struct fc_span ops;
    struct fc_ops list; /* the same, checked: read from a copy */
};
/* Checks form and that the ops hash to what the head says; not the signature. */
FC_MUST_USE enum fc_err fc_delta_parse(struct fc_span bytes, struct fc_delta *out);
FC_MUST_USE enum fc_err fc_delta_write(struct fc_span head_record, struct fc_span ops,
                                       struct fc_buf *out);

/* A content as it travels: salt and either the plain bytes or a zstd frame of them. */
struct fc_content {
    struct fc_hash key_hash;
    uint8_t salt[FC_SALT_BYTES];
    bool compressed; /* a frame of store/content.h, else plain */
    struct fc_span bytes;
};

#endif
