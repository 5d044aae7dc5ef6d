/* How often one address may ask: token buckets in a table of fixed size. */
#ifndef FC_NODE_HTTP_RATE_H
#define FC_NODE_HTTP_RATE_H

#include "store/crypto.h"

struct fc_http_rate;
/* `seed` keeps others from choosing addresses that share a place. FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_http_rate_create(uint64_t rate_per_s, const struct fc_sip_key *seed,
                                            struct fc_http_rate **rate);
void fc_http_rate_destroy(struct fc_http_rate *rate); /* NULL is fine */
/* Whether a request of this address may be answered: up to the rate, and twice as many at once.
 * `address` is what one client is known by: 4 bytes, or the first 8 of an IPv6 address. Safe across
 * threads. */
bool fc_http_rate_take(struct fc_http_rate *rate, struct fc_span address, uint64_t now_us);

#endif
