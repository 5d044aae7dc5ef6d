/* Bodies of records by table: one row a field, from which both the reader and the writer work, so
 * that they cannot drift apart. Used by store/record_body.c alone. */
#ifndef FC_STORE_BODY_H
#define FC_STORE_BODY_H

#include "store/record.h"

enum fc_field_kind {
    FC_FIELD_HASH, /* 32 bytes of binary; least 1: not all zero */
    FC_FIELD_U16,  /* numbers from least to most */
    FC_FIELD_U32,
    FC_FIELD_U64,
    FC_FIELD_FLAG,      /* bool as 0 or 1 */
    FC_FIELD_TEXT,      /* span of least to most bytes */
    FC_FIELD_COUNTRY,   /* span of two capital letters */
    FC_FIELD_BINARY,    /* span of least to most bytes */
    FC_FIELD_HASHES,    /* count x 32 bytes of binary, ascending strictly */
    FC_FIELD_ENDPOINTS, /* array of text */
    FC_FIELD_GOVERNORS, /* array of [name, country, key], keys ascending strictly */
};

struct fc_field {
    enum fc_field_kind kind;
    size_t offset;       /* of the member */
    size_t offset_count; /* of the uint32_t with the count, where there is one */
    uint64_t least, most;
};

struct fc_body {
    enum fc_record_type type;
    size_t size; /* of the struct */
    const struct fc_field *fields;
    uint32_t field_count;
    bool (*rule)(const void *object); /* what no field can say alone; NULL: nothing */
};

/* FC_E_FORMAT, FC_E_BOUND. */
FC_MUST_USE enum fc_err fc_body_read(const struct fc_body *body, const struct fc_record *record,
                                     void *object);
/* FC_E_ARG when the reader would refuse it; nothing is appended then. FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_body_write(const struct fc_body *body, const void *object,
                                      struct fc_buf *out);

#endif
