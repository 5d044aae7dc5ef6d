/* One entry of the catalogue as statements of DCAT. */
#ifndef FC_NODE_DCAT_ENTRY_H
#define FC_NODE_DCAT_ENTRY_H

#include "node/dcat_export.h"

/* Adds what the entry's document says, its own statements where it is DCAT that can be read, else
 * those that its fields make. The graph is not sorted. FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_dcat_entry_describe(struct fc_rdf *rdf,
                                               const struct fc_dcat_entry *entry);

/* The catalogue's property that lists a node of the graph: "dcat:dataset" and so on, in full; NULL
 * for one that no property lists. *record: whether the node may have a dcat:CatalogRecord. */
const char *fc_dcat_entry_listed(const struct fc_rdf *rdf, fc_rdf_id node, bool *record);

/* A statement of texts; an object that is no IRI is left out. FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_dcat_say_iri(struct fc_rdf *rdf, const char *s, const char *p,
                                        const char *o);
FC_MUST_USE enum fc_err fc_dcat_say_text(struct fc_rdf *rdf, const char *s, const char *p,
                                         struct fc_span text, const char *datatype,
                                         const char *language);

#endif
