/* An entry as it is kept (a row) and as it is hashed (a leaf of the state tree). */
#ifndef FC_STORE_ENTRY_H
#define FC_STORE_ENTRY_H

#include "store/delta.h"

enum fc_content_state {
    FC_CONTENT_PRESENT = 1,
    FC_CONTENT_MISSING = 2, /* announced, still to be pulled */
    FC_CONTENT_REFUSED = 3, /* withheld by a takedown */
};
const char *fc_content_state_name(enum fc_content_state state);

struct fc_entry {
    struct fc_hash key_hash;
    fc_version version; /* the delta that last put it or changed its status */
    enum fc_status status;
    struct fc_hash commitment;
    struct fc_span media_type;
    uint64_t size;
    struct fc_span key;
    uint8_t salt[FC_SALT_BYTES]; /* zero while the content is missing or refused */
    enum fc_content_state state;
};

/* Row: [version, status, commitment, media type, size, key, salt, state]; H(key) is in the table's
 * key. Append; parse borrows from `row`. FC_E_CORRUPT: rows are our own. */
FC_MUST_USE enum fc_err fc_entry_write(const struct fc_entry *entry, struct fc_buf *out);
FC_MUST_USE enum fc_err fc_entry_parse(const struct fc_hash *key_hash, struct fc_span row,
                                       struct fc_entry *out);

/* Leaf: [H(key), version, status, commitment, media type, size], personal "fedcat.leaf.1". The
 * parser fills the leaf's fields; the others are zero. */
FC_MUST_USE enum fc_err fc_leaf_write(const struct fc_entry *entry, struct fc_buf *out);
FC_MUST_USE enum fc_err fc_leaf_parse(struct fc_span leaf, struct fc_entry *out);
struct fc_hash fc_leaf_hash(struct fc_span leaf);

/* Keys of the tables ENTRY and CONTENT: generation (4, big-endian) and H(key). */
struct fc_entry_key {
    uint8_t b[36];
};
struct fc_entry_key fc_entry_key(uint32_t generation, const struct fc_hash *key_hash);

#endif
