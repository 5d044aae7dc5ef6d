/* What of a request's head is refused because a program on its way may read it in another way
 * (RFC 9112, 11.2): where a proxy and this server disagree on where a request ends, what is left of
 * one is answered as if it were the next. Its fields are looked at one after another; nothing is
 * copied. */
#ifndef FC_NODE_HTTP_FRAMING_H
#define FC_NODE_HTTP_FRAMING_H

#include "store/bytes.h"

struct fc_http_framing {
    struct fc_span at; /* what was looked at last; no data: where lines end is not looked at */
    const uint8_t *begin;
    bool host_wanted;
    unsigned hosts, lengths, codings;
    bool one_chunked; /* the one coding is "chunked" */
    bool old;         /* HTTP/1.0 */
    /* the first thing found against it; NULL: nothing */
    const char *fault;
    const char *code;
    unsigned status;
};

/* The first line. With `in_place` the parts of it, and then those of the fields, lie where they
 * were received, so that their distances tell how lines ended, and whether a NUL hides some of
 * one. */
void fc_http_framing_line(struct fc_http_framing *framing, struct fc_span method,
                          struct fc_span target, struct fc_span version, bool in_place);
/* A field, in the order in which they came. False: there is something against it. */
bool fc_http_framing_field(struct fc_http_framing *framing, struct fc_span name,
                           struct fc_span value);
/* The head as a whole, of `head_bytes` with its empty line (looked at when in place). False: as
 * above. */
bool fc_http_framing_end(struct fc_http_framing *framing, size_t head_bytes);
/* Whether the body comes in chunks. */
bool fc_http_framing_chunked(const struct fc_http_framing *framing);

#endif
