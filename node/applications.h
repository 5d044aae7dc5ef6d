/* Requests for admission that came over HTTP and wait for governors: files in <home>/applications,
 * bounded in number, size and time. */
#ifndef FC_NODE_APPLICATIONS_H
#define FC_NODE_APPLICATIONS_H

#include "node/home.h"
#include "store/record.h"

enum {
    FC_APPLICATIONS_MAX = 256,
    FC_APPLICATION_BYTES_MAX = 16 * 1024,
    FC_APPLICATION_DAYS = 30,       /* then it is dropped */
    FC_APPLICATION_SAFE_HOURS = 24, /* before that it does not make room for others */
};

/* Checks that the bytes are one application, of this federation, signed by the keys it names.
 * FC_E_KNOWN: it waits already; FC_E_FORMAT, FC_E_ARG (a record of another type), FC_E_FEDERATION,
 * FC_E_SIGNATURE, FC_E_BOUND, FC_E_IO. */
FC_MUST_USE enum fc_err fc_applications_check(const struct fc_home *home,
                                              const struct fc_hash *federation,
                                              struct fc_span bytes, struct fc_hash *hash);
/* Keeps what was checked. When the most that may wait do, the oldest goes, if it has waited for
 * FC_APPLICATION_SAFE_HOURS; else FC_E_AGAIN. FC_E_IO, FC_E_FULL. */
FC_MUST_USE enum fc_err fc_applications_keep(const struct fc_home *home, struct fc_span bytes,
                                             const struct fc_hash *hash, uint64_t now_ms);
/* Drops those that came before a time, and counts them. */
FC_MUST_USE enum fc_err fc_applications_drop_before(const struct fc_home *home, uint64_t before_ms,
                                                    unsigned *dropped);
/* Calls back for each in order of hash; a non-zero return stops and is returned. */
FC_MUST_USE enum fc_err fc_applications_each(const struct fc_home *home, void *ctx,
                                             enum fc_err (*each)(void *ctx,
                                                                 const struct fc_record *record,
                                                                 uint64_t came_ms));
/* Removes those whose hashes begin with these digits, all or none: of what is no one's, or of
 * several, `*bad` is the index, under FC_E_MISSING, or FC_E_ARG (also for what are no digits). */
FC_MUST_USE enum fc_err fc_applications_drop(const struct fc_home *home,
                                             const char *const *prefixes, size_t count,
                                             size_t *bad);
/* Appends that one's record. As above. */
FC_MUST_USE enum fc_err fc_applications_read(const struct fc_home *home, const char *prefix,
                                             struct fc_buf *out);

#endif
