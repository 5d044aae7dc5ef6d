/* The node's Unix socket: frames of a big-endian length in 4 bytes, then that many bytes. */
#ifndef FC_NODE_SOCKET_H
#define FC_NODE_SOCKET_H

#include "store/bytes.h"

/* Binds and listens at `path` with mode 0600; a socket nobody listens on is replaced. FC_E_LOCKED
 * somebody does; FC_E_BOUND the path is too long; FC_E_IO. */
FC_MUST_USE enum fc_err fc_socket_listen(const char *path, int *fd);
/* FC_E_MISSING nobody listens there; FC_E_IO, FC_E_BOUND. */
FC_MUST_USE enum fc_err fc_socket_connect(const char *path, int *fd);
/* The process at the other end runs as our user or as root. */
bool fc_socket_trusted(int fd);

/* For commands: waits. FC_E_CLOSED when the other end goes away. */
FC_MUST_USE enum fc_err fc_socket_send(int fd, struct fc_span payload);
FC_MUST_USE enum fc_err fc_socket_receive(int fd, size_t bytes_max, struct fc_buf *out);

#endif
