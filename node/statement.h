/* What a document states, as JSON: the nodes that its credentials, graphs and presentations speak
 * about, with JWTs opened. Names are compared by what follows their namespace or prefix, as
 * store/document.h does; that one says what a document is, this one hands out parts of it. */
#ifndef FC_NODE_STATEMENT_H
#define FC_NODE_STATEMENT_H

#include "node/json.h"

enum { FC_STATEMENT_NODES_MAX = 128, FC_STATEMENT_OWNED_MAX = 64, FC_STATEMENT_DEPTH_MAX = 8 };

struct fc_statement {
    const struct fc_json_value
        *nodes[FC_STATEMENT_NODES_MAX]; /* subjects, before what wraps them */
    size_t count;
    struct fc_json_value *owned[FC_STATEMENT_OWNED_MAX];
    size_t owned_count;
};
/* What goes beyond the bounds is left out. FC_E_JSON, FC_E_NOMEM; finish it either way. */
FC_MUST_USE enum fc_err fc_statement_read(struct fc_span content, struct fc_statement *out);
void fc_statement_finish(struct fc_statement *statement);

/* A member by its name, or by its local name; NULL. */
const struct fc_json_value *fc_statement_get(const struct fc_json_value *node, const char *name);
/* The items of an array; a value alone counts as one, NULL as none. */
size_t fc_statement_count(const struct fc_json_value *value);
const struct fc_json_value *fc_statement_at(const struct fc_json_value *value, size_t index);
/* "@id" or "id" of a node, or a text that stands for it; NULL. */
const char *fc_statement_id(const struct fc_json_value *value);
/* The text of a literal, an {"@value": ...}, or a list's first; NULL. */
const char *fc_statement_text(const struct fc_json_value *value);
/* Whether one of the types of a node has that local name. */
bool fc_statement_is(const struct fc_json_value *node, const char *type);
/* What the document is about: the node of the best kind (store/document_rules.h), the first of
 * several; NULL when there is none. `type`, if not NULL, gets the type that says so, as published,
 * else NULL. */
const struct fc_json_value *fc_statement_main(const struct fc_statement *statement,
                                              const char **type);
/* The node of that identifier, else `value` itself. */
const struct fc_json_value *fc_statement_resolve(const struct fc_statement *statement,
                                                 const struct fc_json_value *value);

#endif
