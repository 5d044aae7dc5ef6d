/* Statements written out: Turtle, and JSON-LD with one fixed context of prefixes. */
#ifndef FC_NODE_RDF_WRITE_H
#define FC_NODE_RDF_WRITE_H

#include <stdio.h>

#include "node/json.h"
#include "node/rdf.h"

/* Turtle, in pieces: a graph after another, their blank nodes kept apart. */
struct fc_rdf_turtle;
FC_MUST_USE enum fc_err fc_rdf_turtle_create(FILE *out, struct fc_rdf_turtle **turtle);
/* Writes a sorted graph. FC_E_IO, FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_rdf_turtle_add(struct fc_rdf_turtle *turtle, const struct fc_rdf *rdf);
/* Ends the text; FC_E_IO when any of it could not be written. */
FC_MUST_USE enum fc_err fc_rdf_turtle_end(struct fc_rdf_turtle *turtle);
void fc_rdf_turtle_destroy(struct fc_rdf_turtle *turtle); /* NULL is fine */

/* JSON-LD. The context goes into an open object as "@context". */
void fc_rdf_json_context(struct fc_json *json);
/* Each subject of a sorted graph as a node, one value of an open array: `first` before all others,
 * then IRIs by text, then blank nodes. Blank nodes are named after their place in the graph, with
 * `label` before a number, whatever they were called: the same statements give the same text. Only
 * a graph of blank nodes alike in all that surrounds them and yet not alike can be named in two
 * ways. `work` grows as fc_rdf_blank_names says. FC_E_FORMAT: an IRI begins like one of our
 * prefixes and would be read as another; FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_rdf_json_nodes(struct fc_json *json, const struct fc_rdf *rdf,
                                          fc_rdf_id first, const char *label, uint64_t *work);
/* How every text begins that is made of these two: {"@context":{...},"@graph":[ */
FC_MUST_USE enum fc_err fc_rdf_json_head(struct fc_buf *out);

/* The names of blank nodes: for each term of the graph that is one, a number from 0 on; else
 * UINT32_MAX. free() it. `work`, unless it is NULL, grows by how many statements and blank nodes
 * were looked at. */
FC_MUST_USE enum fc_err fc_rdf_blank_names(const struct fc_rdf *rdf, uint32_t **names,
                                           uint64_t *work);

#endif
