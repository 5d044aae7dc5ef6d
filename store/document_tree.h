/* JSON as a tree, read as JSON-LD without a processor: names are compared by their local part. */
#ifndef FC_STORE_DOCUMENT_TREE_H
#define FC_STORE_DOCUMENT_TREE_H

#include "store/document_strict.h"

/* A value of the tree; borrowed from its root. Every reader takes NULL and says nothing then. */
struct fc_tree;

/* Of a name that an object has twice the first stands; text ends at U+0000. `strict`: neither is
 * taken (store/document_strict.h). FC_E_JSON, with the fault; FC_E_BOUND for one that is deeper or
 * has more values than are read; FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_tree_load(struct fc_span text, bool strict, struct fc_tree **root,
                                     struct fc_strict_fault *fault);
struct fc_tree *fc_tree_create_reference(const char *id); /* {"id": id}; NULL: out of memory */
void fc_tree_destroy(struct fc_tree *root);

bool fc_tree_is_object(const struct fc_tree *value);
bool fc_tree_is_array(const struct fc_tree *value);
const char *fc_tree_text(const struct fc_tree *value); /* of a string; NULL */
/* Of a number that is whole and not negative, however it is written; false: it is none. */
bool fc_tree_uint(const struct fc_tree *value, uint64_t *out);
/* The items of an array; a value alone counts as one. */
size_t fc_tree_count(const struct fc_tree *value);
const struct fc_tree *fc_tree_at(const struct fc_tree *value, size_t index);
/* Members in the order in which they were written; starts with a NULL cursor, ends with NULL. */
const char *fc_tree_next(const struct fc_tree *object, void **cursor, const struct fc_tree **value);

/* By the name exactly, or by the local name where that is not there. */
const struct fc_tree *fc_tree_exact(const struct fc_tree *object, const char *name);
const struct fc_tree *fc_tree_get(const struct fc_tree *object, const char *name);
const struct fc_tree *fc_tree_types(const struct fc_tree *node); /* "@type" or "type" */
const char *fc_tree_id(const struct fc_tree *node);              /* "@id" or "id" */
bool fc_tree_has_type(const struct fc_tree *node, const char *local);
/* Whether a part of an IRI occurs in a node's own @context, or among its types. */
bool fc_tree_context_names(const struct fc_tree *node, const char *part);
bool fc_tree_type_names(const struct fc_tree *node, const char *part);
/* What a prefix stands for in a node's own @context; NULL. */
const char *fc_tree_prefix(const struct fc_tree *node, const char *prefix, size_t len);
bool fc_tree_is_json_ld(const struct fc_tree *node); /* by its keywords */

/* Completes an object that lacks a member; a time is written as text (RFC 3339). The value may be
 * of another tree, which must live as long. Without memory nothing is added. */
void fc_tree_complete(struct fc_tree *object, const char *name, const struct fc_tree *value);
void fc_tree_complete_time(struct fc_tree *object, const char *name, const struct fc_tree *seconds);
struct fc_tree *fc_tree_own(struct fc_tree *object, const char *name); /* an object within; NULL */

#endif
