/* Catalogues of others as statements. Nothing is fetched. */
#ifndef FC_NODE_RDF_READ_H
#define FC_NODE_RDF_READ_H

#include "node/rdf.h"

enum fc_rdf_syntax {
    FC_RDF_TURTLE = 1,
    FC_RDF_NTRIPLES,
    FC_RDF_XML,
    FC_RDF_JSON_LD, /* what node/rdf_json.c says of it */
};
/* By a name ("turtle", "ntriples", "rdfxml", "jsonld"); 0 when it is none. */
enum fc_rdf_syntax fc_rdf_syntax(const char *name);
/* By a file's ending, else by its first bytes; 0 when neither tells. */
enum fc_rdf_syntax fc_rdf_guess(const char *path, struct fc_span bytes);

struct fc_rdf_fault {
    unsigned line, column; /* 0: not known */
    char text[200];        /* what is wrong and what to do */
};
/* Adds what the bytes say. FC_E_FORMAT and FC_E_BOUND with the fault, FC_E_NOMEM; the graph is then
 * of no use. `base`: what relative IRIs are relative to; NULL: they are a fault. */
FC_MUST_USE enum fc_err fc_rdf_read(struct fc_rdf *rdf, enum fc_rdf_syntax syntax,
                                    struct fc_span bytes, const char *base,
                                    struct fc_rdf_fault *fault);

/* One syntax each; fc_rdf_read calls them. */
FC_MUST_USE enum fc_err fc_rdf_read_turtle(struct fc_rdf *rdf, bool ntriples, struct fc_span bytes,
                                           const char *base, struct fc_rdf_fault *fault);
FC_MUST_USE enum fc_err fc_rdf_read_xml(struct fc_rdf *rdf, struct fc_span bytes, const char *base,
                                        struct fc_rdf_fault *fault);
/* Whether all of an XML document is in these bytes of UTF-8: FC_E_FORMAT with the fault when its
 * document type declares entities that are elsewhere, or parameter entities, which might, or it
 * says that it is in another encoding. What is no XML is for its reader to refuse. */
FC_MUST_USE enum fc_err fc_rdf_xml_prolog(struct fc_span bytes, struct fc_rdf_fault *fault);
FC_MUST_USE enum fc_err fc_rdf_read_json(struct fc_rdf *rdf, struct fc_span bytes,
                                         struct fc_rdf_fault *fault);
/* Writes a fault's text unless there is one already. */
void fc_rdf_say(struct fc_rdf_fault *fault, unsigned line, unsigned column, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void fc_rdf_say_bound(struct fc_rdf_fault *fault, unsigned line);

#endif
