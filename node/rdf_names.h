/* Namespaces of the vocabularies that DCAT-AP draws on, and the prefixes they are written with. */
#ifndef FC_NODE_RDF_NAMES_H
#define FC_NODE_RDF_NAMES_H

#include <stddef.h>

#define FC_RDF_NS   "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
#define FC_RDF_TYPE FC_RDF_NS "type"
#define FC_XSD      "http://www.w3.org/2001/XMLSchema#"
#define FC_DCAT     "http://www.w3.org/ns/dcat#"
#define FC_DCT      "http://purl.org/dc/terms/"
#define FC_FOAF     "http://xmlns.com/foaf/0.1/"
#define FC_PROV     "http://www.w3.org/ns/prov#"
#define FC_HYDRA    "http://www.w3.org/ns/hydra/core#"

/* prefix, namespace; in order of prefix */
#define FC_RDF_PREFIX_TABLE(X)                                                                     \
    X("adms", "http://www.w3.org/ns/adms#")                                                        \
    X("dcat", FC_DCAT)                                                                             \
    X("dcatap", "http://data.europa.eu/r5r/")                                                      \
    X("dct", FC_DCT)                                                                               \
    X("foaf", FC_FOAF)                                                                             \
    X("hydra", FC_HYDRA)                                                                           \
    X("locn", "http://www.w3.org/ns/locn#")                                                        \
    X("odrl", "http://www.w3.org/ns/odrl/2/")                                                      \
    X("org", "http://www.w3.org/ns/org#")                                                          \
    X("owl", "http://www.w3.org/2002/07/owl#")                                                     \
    X("prov", FC_PROV)                                                                             \
    X("rdf", FC_RDF_NS)                                                                            \
    X("rdfs", "http://www.w3.org/2000/01/rdf-schema#")                                             \
    X("schema", "http://schema.org/")                                                              \
    X("skos", "http://www.w3.org/2004/02/skos/core#")                                              \
    X("spdx", "http://spdx.org/rdf/terms#")                                                        \
    X("time", "http://www.w3.org/2006/time#")                                                      \
    X("vcard", "http://www.w3.org/2006/vcard/ns#")                                                 \
    X("xsd", FC_XSD)

struct fc_rdf_prefix {
    const char *prefix, *ns;
};
/* Ends with a NULL prefix. */
const struct fc_rdf_prefix *fc_rdf_prefixes(void);

/* "dcat:Dataset" in full; NULL when the prefix is unknown or the room is too small. */
const char *fc_rdf_full_name(const char *name, char *out, size_t size);
enum { FC_RDF_NAME_BYTES = 96 }; /* room for any name of our tables in full */

#endif
