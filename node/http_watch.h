/* Connections whose requests do not come to their end. Sockets stay their owner's; every function
 * but creation and destruction may be called by any thread. */
#ifndef FC_NODE_HTTP_WATCH_H
#define FC_NODE_HTTP_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "store/err.h"

struct fc_watches;
struct fc_watch; /* one connection */

FC_MUST_USE enum fc_err fc_watches_create(struct fc_watches **watches); /* FC_E_NOMEM */
void fc_watches_destroy(struct fc_watches *watches);                    /* NULL is fine */

/* A connection from now on; NULL when there is no memory, which all below take. */
struct fc_watch *fc_watch_begin(struct fc_watches *watches, int fd, uint64_t now_us);
void fc_watch_end(struct fc_watches *watches, struct fc_watch *watch);
/* A request's first line has come; the request is whole and being answered; it was answered. */
void fc_watch_line(struct fc_watches *watches, struct fc_watch *watch, uint64_t now_us);
void fc_watch_whole(struct fc_watches *watches, struct fc_watch *watch);
void fc_watch_answered(struct fc_watches *watches, struct fc_watch *watch, uint64_t now_us);
/* Whether a first line has ever come. */
bool fc_watch_spoke(const struct fc_watch *watch);

/* Shuts the sockets of requests that are not whole after `patience_us`, and of connections that
 * have been without one for twice as long. The former are told so first unless `silent` (what is
 * sent would be no TLS); their number comes back. */
unsigned fc_watches_sweep(struct fc_watches *watches, uint64_t now_us, uint64_t patience_us,
                          bool silent);

#endif
