/* How much one address may ask for: token buckets in a table of fixed size. */
#ifndef FC_NODE_HTTP_RATE_H
#define FC_NODE_HTTP_RATE_H

#include "store/crypto.h"

struct fc_http_rate;
struct fc_http_rate_setup {
    uint64_t count, period_s; /* so many in that time */
    uint64_t burst;           /* and so many at once */
    struct fc_sip_key seed;   /* keeps others from choosing addresses that share a place */
};
/* FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_http_rate_create(const struct fc_http_rate_setup *setup,
                                            struct fc_http_rate **rate);
void fc_http_rate_destroy(struct fc_http_rate *rate); /* NULL is fine */
/* Whether this address may have one more. `address` is what one client is known by: 4 bytes, or the
 * first of an IPv6 address. Safe across threads. */
bool fc_http_rate_take(struct fc_http_rate *rate, struct fc_span address, uint64_t now_us);

#endif
