/* The commands that are connected to a running node: non-blocking, bounded, one request at a time
 * each. */
#ifndef FC_NODE_CLIENTS_H
#define FC_NODE_CLIENTS_H

#include <poll.h>

#include "store/bytes.h"

enum { FC_CLIENTS_MAX = 64 };

struct fc_clients_config {
    const char *path; /* of the socket; removed at the end */
    void *ctx;
    /* Answers one whole request: appends the response. */
    void (*answer)(void *ctx, struct fc_span request, struct fc_buf *response);
};
struct fc_clients;
/* FC_E_LOCKED another node listens there, FC_E_BOUND the path is too long, FC_E_IO, FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_clients_create(const struct fc_clients_config *config,
                                          struct fc_clients **clients);
void fc_clients_destroy(struct fc_clients *clients); /* NULL is fine */
/* Appends what to poll; returns how many, at most FC_CLIENTS_MAX + 1. */
uint32_t fc_clients_poll(const struct fc_clients *clients, struct pollfd *fds);
/* Takes in, answers and sends what it can without waiting. True when a request was answered. */
bool fc_clients_serve(struct fc_clients *clients);

#endif
