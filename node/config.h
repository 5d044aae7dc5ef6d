/* fedcat.yaml: the node's one configuration file. docs/operating.md and fedcat.yaml(5) explain it.
 */
#ifndef FC_NODE_CONFIG_H
#define FC_NODE_CONFIG_H

#include "net/core.h"
#include "node/home.h"

enum fc_log_format { FC_LOG_TEXT, FC_LOG_JSON };

struct fc_config_log {
    enum fc_log_format format;
    enum fc_log_level level;
};
enum { FC_HTTP_RATE_DEFAULT = 500 };
struct fc_config_http {
    char *listen;      /* "127.0.0.1:7480"; "": no HTTP */
    bool listen_given; /* else, when that is taken, another port of this machine will do */
    char *tls_certificate, *tls_key; /* PEM files; "": no TLS */
    char **cors;                     /* origins whose pages may read; "*": all */
    uint32_t cors_count;
    uint32_t threads, connections_max;
    uint32_t connections_per_address_max; /* 0: no limit */
    uint32_t request_seconds; /* in which a request must be whole, and a client must move on */
    char *dsp_default_policy; /* a file with an ODRL offer; "": none */
    uint32_t rate_per_second; /* of requests from one address; 0: FC_HTTP_RATE_DEFAULT, and none for
                                 this machine's own */
};
struct fc_config {
    char **listen; /* endpoints to bind; none: the node only dials out */
    uint32_t listen_count;
    char **announce; /* endpoints as others reach it; none: those it listens on, if they are not
                        wildcards */
    uint32_t announce_count;
    char *region;        /* of the node, for its descriptor; "" when not given */
    char *operator_name; /* keys/feed-<operator>.key; "operator" when not given */
    struct fc_config_log log;
    struct fc_config_http http;
    uint32_t checkpoint_seconds; /* between signed checkpoints, at least; 0: none */
    uint32_t peers_max;          /* 0: the default */
};

/* All from their defaults. FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_config_default(struct fc_config **config);
/* Reads and checks the file's text. On FC_E_FORMAT `fault` says what and where ("line 3: ..."). */
FC_MUST_USE enum fc_err fc_config_parse(struct fc_span text, struct fc_config **config, char *fault,
                                        size_t fault_bytes);
/* From a node's home; the defaults when there is no file. As above, and FC_E_IO. */
FC_MUST_USE enum fc_err fc_config_load(const struct fc_home *home, struct fc_config **config,
                                       char *fault, size_t fault_bytes);
void fc_config_free(struct fc_config *config); /* NULL is fine */
/* The text of a new file with these values, commented. */
FC_MUST_USE enum fc_err fc_config_write(const struct fc_config *config, struct fc_buf *out);
/* "tcp://host:port", host and port not empty. */
bool fc_config_endpoint_fits(const char *text);

#endif
