/* A load: what load.c and load_walk.c share. */
#ifndef FC_STORE_LOAD_PRIV_H
#define FC_STORE_LOAD_PRIV_H

#include "store/replica_priv.h"

/* What changes and walks gather before they touch the feed; keys, media types and frames lie back
 * to back in the load's `bytes`. */
struct fc_load_item {
    struct fc_hash key_hash;
    fc_version version;
    uint64_t size;
    struct fc_hash commitment;
    size_t offset;
    uint32_t frame_len;
    uint16_t key_len, media_type_len;
    uint8_t salt[FC_SALT_BYTES];
    uint8_t status;
    bool deleted;
};

struct fc_load {
    struct fc_replica *replica;
    struct fc_load *next;
    enum fc_load_mode mode;
    bool staged;               /* rows go under a generation of its own */
    bool built;                /* the staged generation's tree stands */
    bool touched;              /* staged rows in the open transaction */
    bool lost;                 /* that transaction was undone */
    struct fc_replica_row row; /* of the staged generation */
    struct fc_resume at;
    uint64_t entries_max, bytes_max;
    bool older_bounds; /* of superseded certificates are in them */
    struct fc_load_item *items;
    size_t item_count, item_cap;
    struct fc_buf bytes;
    struct fc_buf queue; /* of struct fc_prefix: a walk's questions not asked yet */
};

enum { FC_LOAD_GATHER_BYTES_MAX = 32 * 1024 * 1024 };

/* The generation a load is compared with and applied to; 0 when the held feed is gone. */
uint32_t fc_load_generation(const struct fc_load *load);
/* FC_E_BOUND past FC_LOAD_GATHER_BYTES_MAX. */
FC_MUST_USE enum fc_err fc_load_gather(struct fc_load *load, const struct fc_item *item,
                                       struct fc_span frame);
/* The frame of an item that was just read, taken from the front of `frames`. FC_E_FORMAT. */
FC_MUST_USE enum fc_err fc_load_frame(const struct fc_item *item, struct fc_span *frames,
                                      struct fc_span *frame);
/* Sets what a content that came along commits to. FC_E_SIGNATURE when its size is another. */
FC_MUST_USE enum fc_err fc_load_commit(struct fc_replica *replica, struct fc_item *item,
                                       struct fc_span frame);
void fc_load_forget_gathered(struct fc_load *load);

#endif
