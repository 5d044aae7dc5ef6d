/* `fedcat export --format dcat-...`: every active entry this node shows, as DCAT-AP. */
#ifndef FC_NODE_EXPORT_DCAT_H
#define FC_NODE_EXPORT_DCAT_H

#include "node/client.h"
#include "node/dcat_export.h"

struct fc_export_dcat {
    enum fc_dcat_syntax syntax;
    const struct fc_hash *participant; /* only its feed; NULL: all */
    const char *base;                  /* address of the node's API; NULL: records are URNs */
    FILE *out;
};
/* Prints what is wrong; the status to return. */
enum fc_exit fc_export_dcat_run(struct fc_cli *cli, struct fc_client *client,
                                const struct fc_export_dcat *options);

#endif
