/* RDF statements in memory (RDF 1.1 Concepts), for catalogues of others: terms are held once, and
 * statements are triples of their numbers. */
#ifndef FC_NODE_RDF_H
#define FC_NODE_RDF_H

#include "store/bytes.h"

enum {
    FC_RDF_TRIPLES_MAX = 8 * 1024 * 1024,
    FC_RDF_TERM_BYTES_MAX = 1024 * 1024,
    FC_RDF_INPUT_BYTES_MAX = 512 * 1024 * 1024,
};

enum fc_rdf_kind { FC_RDF_IRI = 1, FC_RDF_BLANK, FC_RDF_LITERAL };
struct fc_rdf_term {
    enum fc_rdf_kind kind;
    struct fc_span text;     /* the IRI, the blank node's label, the literal's text */
    struct fc_span datatype; /* of a literal: an IRI; empty for a plain one */
    struct fc_span language; /* of a literal; empty: none */
};
struct fc_rdf_term fc_rdf_iri(const char *iri); /* borrows the text, as the two below */
struct fc_rdf_term fc_rdf_blank(const char *label);
struct fc_rdf_term fc_rdf_literal(const char *text);

typedef uint32_t fc_rdf_id; /* of a term in one graph */
#define FC_RDF_NONE UINT32_MAX
struct fc_rdf_triple {
    fc_rdf_id s, p, o;
};

struct fc_rdf;
/* FC_E_NOMEM, FC_E_IO (no entropy for its table). */
FC_MUST_USE enum fc_err fc_rdf_create(struct fc_rdf **rdf);
void fc_rdf_destroy(struct fc_rdf *rdf); /* NULL is fine */

/* xsd:string is a plain literal, and a literal with a language has no datatype. FC_E_FORMAT: an IRI
 * or datatype that is none, text that is not UTF-8, a literal in the wrong place; FC_E_BOUND;
 * FC_E_NOMEM. Statements may be there twice until the graph is sorted. */
FC_MUST_USE enum fc_err fc_rdf_add(struct fc_rdf *rdf, const struct fc_rdf_term *s,
                                   const struct fc_rdf_term *p, const struct fc_rdf_term *o);
FC_MUST_USE enum fc_err fc_rdf_add_ids(struct fc_rdf *rdf, fc_rdf_id s, fc_rdf_id p, fc_rdf_id o);
FC_MUST_USE enum fc_err fc_rdf_intern(struct fc_rdf *rdf, const struct fc_rdf_term *term,
                                      fc_rdf_id *id);
/* How many bytes of text the graph takes from here on, those of terms it has counted again;
 * UINT64_MAX: any number. */
void fc_rdf_bound_text(struct fc_rdf *rdf, uint64_t bytes);
/* A term's number, FC_RDF_NONE when the graph has not got it. */
fc_rdf_id fc_rdf_find(const struct fc_rdf *rdf, const struct fc_rdf_term *term);
fc_rdf_id fc_rdf_find_iri(const struct fc_rdf *rdf, const char *iri);
/* Its texts are valid as long as the graph, and end with a NUL. */
struct fc_rdf_term fc_rdf_term(const struct fc_rdf *rdf, fc_rdf_id id);
uint32_t fc_rdf_term_count(const struct fc_rdf *rdf);
/* Whether it is this IRI. */
bool fc_rdf_is(const struct fc_rdf *rdf, fc_rdf_id id, const char *iri);

/* Puts statements in order of subject (by number), predicate and object (by text), each once. */
void fc_rdf_sort(struct fc_rdf *rdf);
/* All statements, or those of one subject (sorted graphs only). Valid until one is added. */
const struct fc_rdf_triple *fc_rdf_all(const struct fc_rdf *rdf, size_t *count);
const struct fc_rdf_triple *fc_rdf_of(const struct fc_rdf *rdf, fc_rdf_id s, size_t *count);
/* The first object of a predicate; FC_RDF_NONE. */
fc_rdf_id fc_rdf_object(const struct fc_rdf *rdf, fc_rdf_id s, const char *predicate);
bool fc_rdf_has_type(const struct fc_rdf *rdf, fc_rdf_id s, const char *type);
/* Keeps the statements of which `keep` is true. */
void fc_rdf_filter(struct fc_rdf *rdf, bool (*keep)(void *ctx, const struct fc_rdf_triple *triple),
                   void *ctx);

/* By bytes: IRIs before blank nodes before literals. */
int fc_rdf_term_cmp(const struct fc_rdf_term *a, const struct fc_rdf_term *b);

#endif
