/* The words of DCAT-AP's own JSON-LD context, which is never fetched. */
#ifndef FC_NODE_DCAT_TERMS_H
#define FC_NODE_DCAT_TERMS_H

struct fc_dcat_term {
    const char *word, *name; /* name: with a prefix of node/rdf_names.h */
    const char *type;        /* of its values: "@id", a datatype's name, NULL */
};
const struct fc_dcat_term *fc_dcat_term(const char *word); /* NULL: no word of it */

#endif
