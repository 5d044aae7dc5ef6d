/* The bootstrap file: what a new node needs to find and trust a federation.
 *
 *     {"fedcat": 1, "federation": "<hex>", "name": "...",
 *      "nodes": [{"endpoint": "tcp://host:7400", "key": "<hex>"}, ...],
 *      "charter": "<the record of version 1, hex>"}
 *
 * The charter's hash is the federation id, so a file that was tampered with shows. */
#ifndef FC_NODE_BOOTFILE_H
#define FC_NODE_BOOTFILE_H

#include "node/home.h"
#include "node/json.h"
#include "store/crypto.h"
#include "store/limits.h"

enum { FC_BOOTFILE_NODES_MAX = 64, FC_BOOTFILE_BYTES_MAX = 1024 * 1024 };

struct fc_bootfile_node {
    struct fc_key key;
    char endpoint[FC_TEXT_BYTES_MAX + 1];
};
struct fc_bootfile {
    struct fc_hash federation;
    struct fc_bootfile_node *nodes;
    uint32_t node_count;
    struct fc_buf charter; /* empty when not given */
};
void fc_bootfile_finish(struct fc_bootfile *file);

/* From the JSON above, or from a charter's record of version 1 as it is. `fault` says what is
 * wrong. FC_E_JSON, FC_E_FORMAT, FC_E_BOUND, FC_E_FEDERATION the charter is of another, NOMEM. */
FC_MUST_USE enum fc_err fc_bootfile_parse(struct fc_span bytes, struct fc_bootfile *out,
                                          char *fault, size_t fault_bytes);
/* From "tcp://host:port#<node key>@<federation id>". FC_E_FORMAT, FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_bootfile_from_endpoint(const char *text, struct fc_bootfile *out);
/* Writes the file's JSON. */
FC_MUST_USE enum fc_err fc_bootfile_print(const struct fc_bootfile *file, FILE *out);
FC_MUST_USE enum fc_err fc_bootfile_add(struct fc_bootfile *file, const struct fc_key *key,
                                        struct fc_span endpoint);

/* The one that was joined with, in the node's home. FC_E_MISSING. */
FC_MUST_USE enum fc_err fc_bootfile_load(const struct fc_home *home, struct fc_bootfile *out);
/* Keeps it there, with the nodes of an older one of the same federation after its own. */
FC_MUST_USE enum fc_err fc_bootfile_save(const struct fc_home *home, struct fc_bootfile *file);

#endif
