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
/* What an export leaves out, as its content cannot be had. */
struct fc_export_absent {
    uint64_t missing, withheld;
};
/* Counts FC_E_MISSING and FC_E_WITHHELD, and says whether it is one of them. */
bool fc_export_is_absent(struct fc_export_absent *absent, enum fc_err err);
/* "12 entries exported, 2 were taken down" */
void fc_export_note(const struct fc_cli *cli, const char *what, uint64_t written,
                    const struct fc_export_absent *absent);

/* Prints what is wrong; the status to return. */
enum fc_exit fc_export_dcat_run(struct fc_cli *cli, struct fc_client *client,
                                const struct fc_export_dcat *options);

#endif
