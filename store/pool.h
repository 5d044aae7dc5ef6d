/* Rows kept once however often they are put: what many memory stores hold in common. */
#ifndef FC_STORE_POOL_H
#define FC_STORE_POOL_H

#include "store/bytes.h"

struct fc_pool;

/* A row's head; key and value follow. The pool's own have kind FC_ROW_POOL, and a length before
 * their head that is larger than this one can say. */
enum fc_row_kind { FC_ROW_POOL, FC_ROW_OWN, FC_ROW_APART };
struct fc_row {
    uint32_t refs;
    uint8_t kind; /* enum fc_row_kind */
    uint8_t key_len;
    uint16_t value_len; /* not of the pool's own */
    uint8_t bytes[];
};

struct fc_pool *fc_pool_create(void); /* NULL when out of memory */
struct fc_pool *fc_pool_retain(struct fc_pool *pool);
/* The pool ends with its last reference and its last row. NULL is fine. */
void fc_pool_release(struct fc_pool *pool);
/* The row of this key and value, made if need be, with a reference for the caller; NULL when out of
 * memory. A key is at most 255 bytes, a value less than 4 GiB; not both are empty. */
struct fc_row *fc_pool_take(struct fc_pool *pool, struct fc_span key, struct fc_span value);
struct fc_span fc_pool_value(const struct fc_row *row);
void fc_pool_row_release(struct fc_row *row);
uint64_t fc_pool_stamp(struct fc_pool *pool); /* a number, each time another; never 0 */
/* What its users need time and again is kept between times: one of it, which `destroy` ends with
 * the pool. NULL when there is none; what is given back while there is one is destroyed. */
void *fc_pool_borrow(struct fc_pool *pool);
void fc_pool_give_back(struct fc_pool *pool, void *spare, void (*destroy)(void *spare));
size_t fc_pool_count(const struct fc_pool *pool); /* of different rows */

#endif
