/* What view and spread modules say to each other, as people read it: of whole nodes and light ones.
 */
#ifndef FC_SIM_TRACE_H
#define FC_SIM_TRACE_H

#include "store/bytes.h"
#include "store/crypto.h"

enum { FC_TRACE_NAME_MAX = 24 };
/* Who is meant: both write a name, or leave it as it is. */
struct fc_trace_names {
    const void *ctx;
    void (*owner)(const void *ctx, uint32_t begin, char name[FC_TRACE_NAME_MAX]); /* of an id */
    void (*node)(const void *ctx, const struct fc_key *key, char name[FC_TRACE_NAME_MAX]);
};

void fc_trace_print(struct fc_buf *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void fc_trace_view(const struct fc_trace_names *names, struct fc_span bytes, struct fc_buf *out);
void fc_trace_spread(const struct fc_trace_names *names, struct fc_span bytes, struct fc_buf *out);
void fc_trace_news(const struct fc_trace_names *names, struct fc_span bytes, struct fc_buf *out);

#endif
