/* Makes statements of others fit DCAT-AP 3.0.1 without inventing any: a date or number that lacks
 * its type gets it, a text that is an IRI becomes one where one must stand, what does not fit is
 * left out, and a node that lacks what its class must have loses that class. */
#ifndef FC_NODE_DCAT_CONFORM_H
#define FC_NODE_DCAT_CONFORM_H

#include "node/rdf.h"

struct fc_dcat_conformed {
    uint64_t retyped, dropped, demoted;
};
/* A sorted graph, in place; adds to `done`. The graph is sorted after. FC_E_NOMEM, FC_E_BOUND. */
FC_MUST_USE enum fc_err fc_dcat_conform(struct fc_rdf *rdf, struct fc_dcat_conformed *done);

#endif
