/* Where the HTTP server listens, and what it shows of itself there: without the library. */
#ifndef FC_NODE_HTTP_LISTEN_H
#define FC_NODE_HTTP_LISTEN_H

#include "node/config.h"

/* A socket that listens where the configuration says; where it does not, and the usual port is
 * taken, at any port of this machine. FC_E_LOCKED, FC_E_ARG; `fault` says more. */
FC_MUST_USE enum fc_err fc_http_listen(const struct fc_config_http *config, int *fd, char *fault,
                                       size_t fault_bytes);
/* "http://127.0.0.1:7480" */
void fc_http_listen_url(int fd, bool tls, char *out, size_t out_bytes);
/* Whether none but this machine reaches it. */
bool fc_http_listen_is_loopback(int fd);
/* A certificate or key, NUL-terminated; free it. Errors of the file; `fault` says more. */
FC_MUST_USE enum fc_err fc_http_pem_read(const char *path, char **out, char *fault,
                                         size_t fault_bytes);

#endif
