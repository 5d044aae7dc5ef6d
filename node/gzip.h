/* gzip (RFC 1952), for clients that know nothing better; zlib underneath. */
#ifndef FC_NODE_GZIP_H
#define FC_NODE_GZIP_H

#include "store/bytes.h"

/* Appends `plain` compressed, fast level. FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_gzip_pack(struct fc_span plain, struct fc_buf *out);

#endif
