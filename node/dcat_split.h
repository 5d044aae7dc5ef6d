/* A catalogue taken apart: each dataset, data service and dataset series with all that describes it
 * becomes one document. */
#ifndef FC_NODE_DCAT_SPLIT_H
#define FC_NODE_DCAT_SPLIT_H

#include "node/rdf.h"

struct fc_dcat_split {
    void *ctx;
    /* `document` is JSON-LD in canonical form: the same statements give the same bytes. A return
     * that is not FC_OK stops and is returned. */
    enum fc_err (*each)(void *ctx, const char *iri, struct fc_span document);
    /* One that cannot become a document; `name`: its IRI, else what tells it apart. */
    void (*fault)(void *ctx, const char *name, const char *text);
};
/* Gives every entry of a sorted graph, in order of IRI. A document holds the entry's statements,
 * those of blank nodes it leads to, and those of other nodes it leads to within two steps, save
 * other entries, catalogues and their records. FC_E_NOMEM and what `each` returned. */
FC_MUST_USE enum fc_err fc_dcat_split(const struct fc_rdf *rdf, const struct fc_dcat_split *split);
/* Whether the graph has an entry of this IRI, and how many it has that have an IRI. */
bool fc_dcat_has(const struct fc_rdf *rdf, const char *iri);
size_t fc_dcat_count(const struct fc_rdf *rdf);
/* Whether a document was made here. FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_dcat_is_split(struct fc_span document, bool *is);

#endif
