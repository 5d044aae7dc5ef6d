/* What travels between a node and a provider who keeps the key elsewhere: a delta prepared for
 * signing, and the same signed. Canonical arrays:
 *     ["fedcat.prepared.1", head body, ops, [content...]]
 *     ["fedcat.delta.1", delta, [content...]] */
#ifndef FC_NODE_BUNDLE_H
#define FC_NODE_BUNDLE_H

#include "node/cli.h"
#include "node/message.h"

enum { FC_BUNDLE_BYTES_MAX = 16 * 1024 * 1024 };

struct fc_bundle {
    bool is_signed;
    struct fc_span head_body, ops; /* of a prepared one */
    struct fc_span delta;          /* of a signed one */
    struct fc_content *contents;   /* owned */
    uint32_t content_count;
};
/* Whether the bytes are a bundle at all, rather than a record. */
bool fc_bundle_is(struct fc_span bytes);
/* Spans point into `bytes`. FC_E_FORMAT, FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_bundle_parse(struct fc_span bytes, struct fc_bundle *out);
void fc_bundle_finish(struct fc_bundle *bundle);
FC_MUST_USE enum fc_err fc_bundle_write(const struct fc_bundle *bundle, struct fc_buf *out);
/* On standard output: whose it is, its version, every operation, who signed; as JSON with --json.
 */
enum fc_exit fc_bundle_print(struct fc_cli *cli, const char *path, const struct fc_bundle *bundle);

#endif
