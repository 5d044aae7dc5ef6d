/* What nodes with trees say to each other: bytes to structure and back. docs/protocol.md has the
 * fields. All is canonical; what is taken is written back byte for byte. */
#ifndef FC_NET_SPREAD_MESSAGE_H
#define FC_NET_SPREAD_MESSAGE_H

#include "net/spread.h"
#include "store/pack.h"

enum {
    FC_SPREAD_NEWS_MAX = 512,    /* in an announcement */
    FC_SPREAD_ITEMS_MAX = 512,   /* in another message */
    FC_SPREAD_GROUPS_MAX = 8192, /* the same */
    FC_SPREAD_FAR_US = 100,      /* unit of distances from a source, along its tree */
    FC_SPREAD_FAR_UNKNOWN = 0xffff,
};

/* An announced item: [id, incarnation, seq, hops, far]. */
struct fc_spread_news {
    struct fc_spread_item item;
    uint32_t hops; /* a push would carry; 0: it came by no push, and none is on its way */
    uint32_t far;  /* from the source to the announcer */
};

enum fc_spread_kind {
    FC_SPREAD_GRAFT = 1, /* push me these groups from now on, and these items now */
    FC_SPREAD_PRUNE = 2, /* announce these groups to me, no more */
    FC_SPREAD_WANT = 3,  /* push me these items now */
    FC_SPREAD_FAR = 4,   /* how far I am from the source of these groups */
};
struct fc_spread_list {
    uint32_t count;
    struct fc_span bytes;
};
struct fc_spread_message {
    enum fc_spread_kind kind;
    bool rest;                    /* of a graft: all groups but these */
    struct fc_spread_list groups; /* 32 bits each */
    struct fc_spread_list items;
    struct fc_span distances; /* fc_spread_put_far */
};

/* FC_E_FORMAT, FC_E_BOUND: all is checked, items too; lists point into the bytes. */
FC_MUST_USE enum fc_err fc_spread_decode(struct fc_span bytes, struct fc_spread_message *out);
void fc_spread_encode(const struct fc_spread_message *message, struct fc_buf *out);
/* An announcement: a list of news. */
FC_MUST_USE enum fc_err fc_spread_decode_news(struct fc_span bytes, struct fc_spread_list *out);
void fc_spread_encode_news(const struct fc_spread_list *list, struct fc_buf *out);

/* One writer and one reader each. Readers step `at`, count times. */
void fc_spread_put_news(struct fc_buf *out, const struct fc_spread_news *news);
void fc_spread_get_news(struct fc_unpack *at, struct fc_spread_news *news);
void fc_spread_put_item(struct fc_buf *out, const struct fc_spread_item *item);
void fc_spread_get_item(struct fc_unpack *at, struct fc_spread_item *item);
static inline void fc_spread_put_group(struct fc_buf *out, uint32_t group)
{
    fc_pack_uint(out, group);
}
static inline uint32_t fc_spread_get_group(struct fc_unpack *at)
{
    return (uint32_t)fc_unpack_uint(at, UINT32_MAX);
}

/* A group and its distance: six bytes. */
enum { FC_SPREAD_FAR_BYTES = 6 };
static inline void fc_spread_put_far(struct fc_buf *out, uint32_t group, uint16_t far)
{
    uint8_t bytes[FC_SPREAD_FAR_BYTES];
    fc_put_be32(bytes, group);
    bytes[4] = (uint8_t)(far >> 8);
    bytes[5] = (uint8_t)far;
    fc_buf_append(out, bytes, sizeof bytes);
}
static inline uint32_t fc_spread_get_far(struct fc_span distances, size_t index, uint16_t *far)
{
    const uint8_t *bytes = distances.data + index * FC_SPREAD_FAR_BYTES;
    *far = (uint16_t)(bytes[4] << 8 | bytes[5]);
    return fc_get_be32(bytes);
}

#endif
