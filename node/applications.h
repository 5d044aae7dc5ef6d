/* Requests for admission that came over HTTP and wait for governors: files in <home>/applications,
 * bounded in number and size. */
#ifndef FC_NODE_APPLICATIONS_H
#define FC_NODE_APPLICATIONS_H

#include "node/home.h"
#include "store/record.h"

enum { FC_APPLICATIONS_MAX = 256, FC_APPLICATION_BYTES_MAX = 16 * 1024 };

/* Checks that the bytes are one application, of this federation, signed by the keys it names, and
 * keeps them. FC_E_KNOWN: it waits already; FC_E_AGAIN: too many wait; FC_E_FORMAT, FC_E_ARG (a
 * record of another type), FC_E_FEDERATION, FC_E_SIGNATURE, FC_E_BOUND, FC_E_IO, FC_E_FULL. */
FC_MUST_USE enum fc_err fc_applications_add(const struct fc_home *home,
                                            const struct fc_hash *federation, struct fc_span bytes,
                                            struct fc_hash *hash);
/* Calls back for each in order of hash; a non-zero return stops and is returned. */
FC_MUST_USE enum fc_err fc_applications_each(const struct fc_home *home, void *ctx,
                                             enum fc_err (*each)(void *ctx,
                                                                 const struct fc_record *record,
                                                                 uint64_t came_ms));
/* Removes the one whose hash begins with these digits. FC_E_MISSING; FC_E_ARG: several do, or they
 * are no digits. */
FC_MUST_USE enum fc_err fc_applications_drop(const struct fc_home *home, const char *prefix);
/* Appends that one's record. As above. */
FC_MUST_USE enum fc_err fc_applications_read(const struct fc_home *home, const char *prefix,
                                             struct fc_buf *out);

#endif
