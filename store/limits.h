/* All bounds of the store and the protocol, in one place and held in relation to each other. */
#ifndef FC_STORE_LIMITS_H
#define FC_STORE_LIMITS_H

enum {
    FC_FORMAT = 1,       /* format of records, tree, contents */
    FC_STORE_FORMAT = 2, /* of a store's tables */
    FC_NESTING_MAX = 8,  /* arrays within arrays */
    FC_GOVERNORS_MAX = 64,
    FC_SIGNATURES_MAX = 2 * FC_GOVERNORS_MAX, /* a rotation is signed by old and new governors */
    FC_TEXT_BYTES_MAX = 512,                  /* a name, a country, a reason, a DID */
    FC_KEY_BYTES_MAX = 1024,                  /* an entry's subject IRI */
    FC_MEDIA_TYPE_BYTES_MAX = 128,
    FC_ENDPOINTS_MAX = 8,
    FC_RECORD_BYTES_MAX = 64 * 1024, /* any record but the two below */
    FC_EVIDENCE_BYTES_MAX = 2 * FC_RECORD_BYTES_MAX + 256,
    FC_CARRIED_MAX = 65536, /* hashes in a carry list */
    FC_CARRY_BYTES_MAX = FC_CARRIED_MAX * 34 + 1024,
    FC_OPS_MAX = 8192,              /* operations in one delta */
    FC_OPS_BYTES_MAX = 1024 * 1024, /* their encoding */
    FC_DELTA_BYTES_MAX = FC_OPS_BYTES_MAX + FC_RECORD_BYTES_MAX + 64,
    FC_CONTENT_BYTES_MAX = 1024 * 1024, /* one document */
    FC_SALT_BYTES = 16,
    FC_FRAME_BYTES_MAX = 4 * 1024 * 1024, /* one message on the wire */
    FC_BLOCK_BYTES = 256 * 1024,          /* a catch-up block is closed at this size */
    FC_BUCKET_MAX = 16,                   /* leaves a collapsed subtree may hold */
    FC_TREE_DEPTH_MAX = 64,               /* nibbles of H(key) */
    FC_HEADS_KEPT = 64,                   /* signed heads kept per feed for its history */
    FC_DELETES_KEPT = 16384,              /* recent deletes kept per feed */
    FC_SKEW_MS = 10 * 60 * 1000,          /* a head dated further ahead waits */
    FC_PEERS_ACTIVE_MAX = 64,
    FC_LINKS_MAX = 256,
};

_Static_assert(FC_DELTA_BYTES_MAX < FC_FRAME_BYTES_MAX / 2, "a delta and contents share a frame");
_Static_assert(FC_CARRY_BYTES_MAX < FC_FRAME_BYTES_MAX, "a carry list fits a frame");
_Static_assert(FC_BLOCK_BYTES + FC_CONTENT_BYTES_MAX + 64 * 1024 < FC_FRAME_BYTES_MAX,
               "a block that overshoots by one document still fits a frame");

#endif
