/* Reading a feed of credentials events into a feed of one's own: where it stands, kept on disk, and
 * what a page of it comes to. What to do with a document is the caller's. */
#ifndef FC_NODE_FOLLOW_H
#define FC_NODE_FOLLOW_H

#include "node/ces_event.h"
#include "node/fetch.h"
#include "node/home.h"

enum {
    FC_FOLLOW_PAGE = 20, /* events asked for at a time */
    FC_FOLLOW_PAGE_BYTES_MAX = 32 * 1024 * 1024,
    FC_FOLLOW_URL_BYTES_MAX = 2048,
    FC_FOLLOW_ID_BYTES_MAX = 512, /* of an event: longer ones are refused */
    FC_FOLLOW_PATIENCE_MS = 24 * 60 * 60 * 1000,
};

struct fc_follow_setup {
    const struct fc_home *home;
    const char *url;                   /* the service's, or that of its list of events */
    const char *type;                  /* NULL: events of any */
    const struct fc_hash *participant; /* whose feed it goes into */
    bool pointers;                     /* get the documents that v1 events point at */
    bool any_address;     /* also from this machine and private networks (node/address.h) */
    uint64_t patience_ms; /* a page waits so long for a document that cannot be had for now */
    void *ctx;
    /* One document. An error ends the page, which will come again. */
    enum fc_err (*document)(void *ctx, const char *place, struct fc_span bytes);
    /* An event that gives none, or none that can be had: a line for people. */
    void (*skip)(void *ctx, const char *place, const char *text);
    /* After a page: FC_OK once all its documents are safe. */
    enum fc_err (*page)(void *ctx);
};
struct fc_follow;
/* FC_E_ARG: no http or https URL, or too long; FC_E_FORMAT: what is on disk is damaged; FC_E_IO,
 * FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_follow_create(const struct fc_follow_setup *setup,
                                         struct fc_follow **follow);
void fc_follow_destroy(struct fc_follow *follow); /* NULL is fine */

/* The id of the last event that was taken in; "" before the first. */
const char *fc_follow_last(const struct fc_follow *follow);
/* Gets one page and goes through it; `*events` is how many there were: 0, this is the end for now.
 * Its last event is noted on disk when `page` said FC_OK. FC_E_STALE: the service does not know the
 * last event any more, the next page will be its first. FC_E_IO, FC_E_BOUND, FC_E_FORMAT (the
 * answer is no such list), FC_E_DENIED (a status of 4xx), FC_E_AGAIN (a status of 5xx or 429; what
 * an event points at cannot be had for now) with a sentence in `fault`; errors of the calls above.
 */
FC_MUST_USE enum fc_err fc_follow_step(struct fc_follow *follow, size_t *events, char *fault,
                                       size_t fault_bytes);

/* How long to wait after so many failures in a row: doubles from 1 s to 5 min. */
uint64_t fc_follow_backoff_ms(unsigned failures);

/* The URL of a page. Exposed for tests. Appends, NUL-terminated. */
void fc_follow_url(const char *url, const char *type, const char *last, struct fc_buf *out);

#endif
