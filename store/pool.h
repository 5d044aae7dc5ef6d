/* Byte strings kept once however often they are put: what many memory stores hold in common. */
#ifndef FC_STORE_POOL_H
#define FC_STORE_POOL_H

#include "store/bytes.h"

struct fc_pool;

struct fc_pool_blob {
    struct fc_pool *pool;
    struct fc_pool_blob *next; /* in the pool's chain */
    uint32_t refs;
    uint32_t len;
    uint64_t hash;
    uint8_t bytes[];
};

struct fc_pool *fc_pool_create(void); /* NULL when out of memory */
struct fc_pool *fc_pool_retain(struct fc_pool *pool);
/* The pool ends with its last reference and its last blob. NULL is fine. */
void fc_pool_release(struct fc_pool *pool);
/* The blob of these bytes, made if need be, with a reference for the caller; NULL when out of
 * memory. */
struct fc_pool_blob *fc_pool_take(struct fc_pool *pool, struct fc_span bytes);
void fc_pool_blob_release(struct fc_pool_blob *blob);
size_t fc_pool_count(const struct fc_pool *pool); /* of different blobs */

#endif
