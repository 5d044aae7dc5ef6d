/* Questions on their way from HTTP threads to the daemon's, and answers back: a bounded queue. */
#ifndef FC_NODE_HTTP_ASKS_H
#define FC_NODE_HTTP_ASKS_H

#include "store/bytes.h"

enum { FC_ASKS_MAX = 256, FC_ASKS_BYTES_MAX = 64 * 1024 * 1024 };

struct fc_http_ask; /* one question */
struct fc_http_asks;
/* `answered` is called, on another thread, when an answer is there to be taken. FC_E_IO,
 * FC_E_NOMEM.
 */
FC_MUST_USE enum fc_err fc_asks_create(void (*answered)(void *link), struct fc_http_asks **asks);
void fc_asks_destroy(struct fc_http_asks *asks); /* NULL is fine; all answers have been taken */

/* Takes over `request`. FC_E_AGAIN: too many, or too much; FC_E_CLOSED; FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_asks_put(struct fc_http_asks *asks, struct fc_buf *request,
                                    uint64_t deadline_us, void *link, struct fc_http_ask **ask);
/* Moves the response into `response`, once `answered` was called. FC_E_AGAIN: time ran out before
 * the daemon came to it, it was not begun; FC_E_IO: time ran out while the daemon was at it;
 * FC_E_CLOSED: the daemon stops. The question is gone then. */
FC_MUST_USE enum fc_err fc_asks_take(struct fc_http_asks *asks, struct fc_http_ask *ask,
                                     struct fc_buf *response);

/* The daemon's side. */
int fc_asks_fd(const struct fc_http_asks *asks);
/* Answers up to `max`; true when there was one. */
bool fc_asks_serve(struct fc_http_asks *asks, unsigned max, void *ctx,
                   void (*answer)(void *ctx, struct fc_span request, struct fc_buf *response));

/* The clock's side: gives up on those whose time has run out. */
void fc_asks_expire(struct fc_http_asks *asks, uint64_t now_us);
void fc_asks_close(struct fc_http_asks *asks); /* on all of them, and on those that come */

#endif
