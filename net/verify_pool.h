/* Verifies batches of signatures on all cores. */
#ifndef FC_NET_VERIFY_POOL_H
#define FC_NET_VERIFY_POOL_H

#include "store/crypto.h"

struct fc_verify_pool;
/* `threads` 0: one per online core. FC_E_NOMEM, FC_E_IO. */
FC_MUST_USE enum fc_err fc_verify_pool_create(uint32_t threads, struct fc_verify_pool **pool);
void fc_verify_pool_destroy(struct fc_verify_pool *pool); /* NULL is fine */
struct fc_verifier fc_verify_pool_verifier(struct fc_verify_pool *pool);

#endif
