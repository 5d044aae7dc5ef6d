/* Messages between two nodes: bytes to structure and back. docs/protocol.md has every field.
 *
 * A message is one frame that holds one canonical array [kind, fields...]; what fc_wire_decode
 * accepts, fc_wire_encode writes back byte for byte. Spans point into what was decoded. */
#ifndef FC_NET_WIRE_H
#define FC_NET_WIRE_H

#include "net/riblt.h"
#include "store/content.h"
#include "store/delta.h"
#include "store/pack.h"
#include "store/tree.h"

enum {
    FC_WIRE_VERSION = 1,
    FC_WIRE_VERSIONS_MAX = 255,
    FC_PAGE_BYTES = 256 * 1024, /* a page of records is closed at this size */
    FC_PAGE_ROWS_MAX = 8192,
    FC_FETCH_MAX = 512,        /* items asked for at once */
    FC_SKETCH_SYMBOLS = 32768, /* of one message */
    FC_SKETCH_ITEMS = 65536,
    FC_CHARTERS_MAX = 2, /* in one message: a charter and its carry list */
    FC_WANT_MAX = 256,
    FC_PREFIXES_MAX = 64,
    FC_CREDIT_MAX = 16,
    FC_BLOCK_OPEN_BYTES = 3 * FC_BLOCK_BYTES, /* what a block is filled with, before it is packed */
    FC_ITEMS_BYTES_MAX = FC_BLOCK_OPEN_BYTES + 128 * 1024, /* of a block, unpacked */
    FC_FRAMES_BYTES_MAX = FC_BLOCK_OPEN_BYTES + FC_CONTENT_BYTES_MAX + 128 * 1024,
    FC_PUSH_CONTENT_BYTES = 1024 * 1024, /* contents that travel with a delta */
    FC_OPAQUE_BYTES_MAX = 64 * 1024,     /* a view's or spread's message */
};
_Static_assert(FC_PAGE_BYTES + FC_EVIDENCE_BYTES_MAX + FC_CARRY_BYTES_MAX < FC_FRAME_BYTES_MAX,
               "a page that overshoots by one record fits a frame");
_Static_assert(FC_SKETCH_SYMBOLS *FC_RIBLT_SYMBOL_BYTES < FC_FRAME_BYTES_MAX / 2 &&
                   FC_SKETCH_ITEMS * FC_RIBLT_ITEM_BYTES < FC_FRAME_BYTES_MAX / 2,
               "a sketch fits a frame");
_Static_assert(FC_DELTA_BYTES_MAX + FC_PUSH_CONTENT_BYTES + FC_OPS_MAX * 64 < FC_FRAME_BYTES_MAX,
               "a pushed delta fits a frame");

enum fc_wire_kind {
    FC_WIRE_HELLO = 1,
    FC_WIRE_GOODBYE = 2,
    FC_WIRE_CHARTERS = 3,
    FC_WIRE_PING = 4,
    FC_WIRE_PONG = 5,
    FC_WIRE_SYNC = 6,
    FC_WIRE_PAGE = 7,
    FC_WIRE_FETCH = 8,
    FC_WIRE_RECORDS = 9,
    FC_WIRE_RECORD = 10,
    FC_WIRE_DELTA = 11,
    FC_WIRE_FEED = 12,
    FC_WIRE_MORE = 13,
    FC_WIRE_BLOCK = 14,
    FC_WIRE_WALK = 15,
    FC_WIRE_NODES = 16,
    FC_WIRE_WANT = 17,
    FC_WIRE_CONTENTS = 18,
    FC_WIRE_VIEW = 19,
    FC_WIRE_SPREAD = 20,
    FC_WIRE_ANNOUNCE = 21,
    FC_WIRE_COMPARE = 22,
    FC_WIRE_SKETCH = 23,
};
const char *fc_wire_kind_name(enum fc_wire_kind kind); /* "HELLO"...; NULL for none */

enum fc_goodbye {
    FC_GOODBYE_PROTOCOL = 1,   /* no version in common, or a message out of place */
    FC_GOODBYE_FEDERATION = 2, /* of another federation */
    FC_GOODBYE_MEMBER = 3,     /* not a node of a member */
    FC_GOODBYE_DUPLICATE = 4,  /* another link between the two stays */
    FC_GOODBYE_BUSY = 5,       /* links_max reached, or asks too much */
    FC_GOODBYE_INVALID = 6,    /* sent what no honest node sends */
    FC_GOODBYE_AVOIDED = 7,    /* was found dishonest not long ago */
    FC_GOODBYE_SILENT = 8,     /* no answer in time */
    FC_GOODBYE_KEY = 9,        /* the node key said is not the link's */
    FC_GOODBYE_SHUTDOWN = 10,
    FC_GOODBYE_SPARE = 11, /* not among the peers of its view */
};

/* A list inside a message: `count` items, back to back. */
struct fc_wire_list {
    uint32_t count;
    struct fc_span bytes;
};
/* Where a sender stands in its arrival log: all that arrived above `prev` and up to `index` is in
 * this message, or known to be with the receiver. */
struct fc_wire_mark {
    uint64_t epoch, prev, index;
};

struct fc_wire_hello {
    uint64_t version_min, version_max;
    struct fc_hash federation;
    uint64_t charter_version; /* in force; 0: none yet */
    struct fc_hash charter;
    struct fc_key node_key;
    struct fc_span certificate, descriptor; /* records; empty when not held */
    uint64_t epoch, index;                  /* arrival mark */
    struct fc_hash heads, records;          /* digests, see docs/protocol.md */
};
struct fc_wire_goodbye {
    uint64_t code; /* enum fc_goodbye; others are taken as they come */
    struct fc_span text;
};
struct fc_wire_charters {
    bool last;
    struct fc_wire_list records;
};
struct fc_wire_ping { /* and pong */
    uint64_t nonce;
    struct fc_wire_mark mark;
};
struct fc_wire_sync {
    uint64_t epoch, after;
    struct fc_hash heads, records;
};
struct fc_wire_page {
    uint64_t epoch;
    uint64_t next;  /* rows up to here are in this page */
    uint64_t index; /* the last arrival */
    struct fc_wire_list rows;
};
struct fc_wire_fetch {
    struct fc_sip_key key;
    struct fc_span items; /* FC_RIBLT_ITEM_BYTES each */
};
struct fc_wire_records {
    uint64_t looked; /* how many of the asked items were looked at; ask again for the others */
    struct fc_wire_list records;
};
struct fc_wire_record {
    struct fc_wire_mark mark;
    uint32_t tag; /* of the module that spreads news */
    struct fc_span record;
};
struct fc_wire_delta {
    struct fc_wire_mark mark;
    uint32_t tag;
    struct fc_span delta;
    struct fc_wire_list contents;
};
struct fc_wire_feed {
    uint64_t id;
    struct fc_hash participant;
    fc_version since;
    bool whole;
    uint64_t credit; /* blocks */
};
struct fc_wire_more {
    uint64_t id;
    uint64_t credit; /* 0: stop */
};
enum fc_wire_mode {
    FC_MODE_WHOLE = 1,   /* the whole feed, in order of H(key) */
    FC_MODE_CHANGES = 2, /* what changed since */
    FC_MODE_WALK = 3,    /* deletes are not complete that far back: walk the tree */
    FC_MODE_NONE = 4,    /* nothing newer is held here */
};
struct fc_wire_block {
    uint64_t id;
    enum fc_wire_mode mode;
    bool done;
    uint64_t entries, bytes; /* about how much is to come in all; 0 but in the first block */
    struct fc_span head;     /* in the first and the last block, else empty */
    struct fc_span items;    /* packed with fc_block_pack, or empty */
    struct fc_span frames;   /* the same */
};
struct fc_wire_walk {
    uint64_t id;
    struct fc_hash participant;
    struct fc_wire_list prefixes;
};
struct fc_wire_nodes {
    uint64_t id;
    struct fc_span head; /* what the nodes belong to; empty: no such feed */
    struct fc_wire_list places;
};
struct fc_wire_want {
    uint64_t id;
    struct fc_wire_list wants;
};
struct fc_wire_contents {
    uint64_t id;
    uint64_t looked;
    struct fc_wire_list contents;
};
struct fc_wire_opaque { /* view and spread */
    struct fc_span bytes;
};
struct fc_wire_announce {
    struct fc_wire_mark mark;
    struct fc_span bytes; /* as of spread */
};
/* What do we hold that the other does not? See net/holding.h for items. */
struct fc_wire_compare {
    struct fc_sip_key key;
    struct fc_riblt_tally tally;
    bool tallied;         /* the tally's bits travel too; else its count alone */
    uint64_t index, from; /* more symbols from here on, if that is still the last arrival */
    uint64_t want;        /* symbols; 0: as the tally suggests */
    struct fc_span after; /* an item: answer with items above it, not with symbols; or empty */
    struct fc_hash heads, records;
};
struct fc_wire_sketch {
    uint64_t epoch, index;         /* the answerer's arrivals, when its items were looked at */
    uint64_t count;                /* of its items */
    uint64_t from;                 /* of the symbols; 0 when they begin afresh */
    bool more;                     /* items go on */
    struct fc_span symbols, items; /* one of them; the items ascend */
};

struct fc_wire {
    enum fc_wire_kind kind;
    union {
        struct fc_wire_hello hello;
        struct fc_wire_goodbye goodbye;
        struct fc_wire_charters charters;
        struct fc_wire_ping ping;
        struct fc_wire_sync sync;
        struct fc_wire_page page;
        struct fc_wire_fetch fetch;
        struct fc_wire_records records;
        struct fc_wire_record record;
        struct fc_wire_delta delta;
        struct fc_wire_feed feed;
        struct fc_wire_more more;
        struct fc_wire_block block;
        struct fc_wire_walk walk;
        struct fc_wire_nodes nodes;
        struct fc_wire_want want;
        struct fc_wire_contents contents;
        struct fc_wire_opaque opaque;
        struct fc_wire_announce announce;
        struct fc_wire_compare compare;
        struct fc_wire_sketch sketch;
    };
};

/* Checks the whole message, items of lists too. FC_E_FORMAT, FC_E_BOUND. */
FC_MUST_USE enum fc_err fc_wire_decode(struct fc_span bytes, struct fc_wire *out);
/* Appends. FC_E_NOMEM; FC_E_BOUND when it would not fit a frame. */
FC_MUST_USE enum fc_err fc_wire_encode(const struct fc_wire *message, struct fc_buf *out);

/* The begin of a RECORD or DELTA; what follows the tag is appended by the caller, encoded once for
 * all receivers. */
void fc_wire_push(struct fc_buf *out, enum fc_wire_kind kind, const struct fc_wire_mark *mark,
                  uint32_t tag);

/* Items of lists, one writer and one reader each. A reader steps `at`, which fc_wire_items sets to
 * a list's begin; it fails, as fc_unpack does, on bytes that were not checked. */
void fc_wire_items(struct fc_unpack *at, const struct fc_wire_list *list);
static inline bool fc_wire_more_items(const struct fc_unpack *at)
{
    return at->err == FC_OK && at->pos < at->len;
}

/* Row of a page: [index, record]. */
struct fc_wire_row {
    uint64_t index;
    struct fc_span record;
};
void fc_wire_put_row(struct fc_buf *out, const struct fc_wire_row *row);
void fc_wire_get_row(struct fc_unpack *at, struct fc_wire_row *row);

/* A record: binary. */
struct fc_span fc_wire_get_record(struct fc_unpack *at);

/* A content beside a delta: [H(key), salt, compressed, bytes]; in an answer to a want the
 * participant comes first. */
void fc_wire_put_content(struct fc_buf *out, const struct fc_hash *participant,
                         const struct fc_content *content);
void fc_wire_get_content(struct fc_unpack *at, struct fc_hash *participant,
                         struct fc_content *content);

/* A want: [participant, H(key)]. */
void fc_wire_put_want(struct fc_buf *out, const struct fc_hash *participant,
                      const struct fc_hash *key_hash);
void fc_wire_get_want(struct fc_unpack *at, struct fc_hash *participant, struct fc_hash *key_hash);

/* A prefix: [depth, bits]; a place of the tree: [depth, bits, nodes, items, frames]. */
void fc_wire_put_prefix(struct fc_buf *out, const struct fc_prefix *prefix);
void fc_wire_get_prefix(struct fc_unpack *at, struct fc_prefix *prefix);
struct fc_wire_place {
    struct fc_prefix prefix;
    struct fc_span nodes, items, frames;
};
void fc_wire_put_place(struct fc_buf *out, const struct fc_wire_place *place);
void fc_wire_get_place(struct fc_unpack *at, struct fc_wire_place *place);

#endif
