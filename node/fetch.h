/* Getting things over HTTP: one request at a time, bounded in size and time. */
#ifndef FC_NODE_FETCH_H
#define FC_NODE_FETCH_H

#include "store/bytes.h"

struct fc_fetch_setup {
    uint64_t timeout_ms; /* for one request, redirects included */
    size_t bytes_max;    /* of an answer, unpacked */
    const char *accept;  /* media types */
    /* Addresses come from others: only those of the Internet are asked (node/address.h), also
     * behind a name or a redirect, and no proxy, which would ask in our place. */
    bool public_only;
};
struct fc_fetch;
FC_MUST_USE enum fc_err fc_fetch_create(const struct fc_fetch_setup *setup,
                                        struct fc_fetch **fetch);
void fc_fetch_destroy(struct fc_fetch *fetch); /* NULL is fine */

/* http and https; up to five redirects, of https to https only. Appends the body, whatever the
 * status. FC_E_BOUND: larger than allowed; FC_E_IO: no answer; FC_E_ARG: no URL to ask;
 * FC_E_DENIED: an address that is not asked; `fault` is a sentence. FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_fetch_get(struct fc_fetch *fetch, const char *url, struct fc_buf *out,
                                     unsigned *status, char *fault, size_t fault_bytes);

#endif
