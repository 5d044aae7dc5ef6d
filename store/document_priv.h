/* A document taken apart: what the sources of fc_document share. */
#ifndef FC_STORE_DOCUMENT_PRIV_H
#define FC_STORE_DOCUMENT_PRIV_H

#include "store/document.h"
#include "store/document_rules.h"
#include "store/document_text.h"
#include "store/document_tree.h"

enum {
    FC_DOC_TOKENS_MAX = 64, /* JWTs in one document */
    FC_DOC_WRAPS_MAX = 4,   /* a JWT in a presentation in a JWT ... */
    FC_DOC_VALUE_DEPTH_MAX = 6,
    FC_DOC_ITEMS_MAX = 256, /* of a list that are looked at for one field */
    FC_DOC_VIA_MAX = 16,    /* other nodes that are asked in the subject's place */
    FC_DOC_WORD_BYTES_MAX = 256,
    FC_DOC_FIELD_BYTES_MAX = 2048,
    FC_DOC_DESCRIPTION_BYTES_MAX = 16 * 1024,
};

struct fc_doc_subject {
    const struct fc_tree *node;
    const struct fc_tree *credential; /* that makes the statement; NULL for plain JSON-LD */
    const struct fc_document_kind *kind;
};
/* Everything found on the way; trees are borrowed from `owned`. */
struct fc_doc {
    struct fc_document *out;
    struct fc_document_fault *fault;
    struct fc_tree *owned[2 * FC_DOC_TOKENS_MAX + 1];
    size_t owned_count;
    const struct fc_tree *root;
    const struct fc_tree *presentation;
    const struct fc_tree *credentials[FC_DOCUMENT_SUBJECTS_MAX];
    size_t credential_count;
    struct fc_doc_subject *subjects;
    size_t subject_count, subject_cap;
    const struct fc_doc_subject *main;
    uint32_t from_credential; /* 1 << field: of main, that its subject does not say */
    bool lenient;             /* what is held, whatever it is; see fc_document_index */
    bool bare_jwt, jwt, enveloped;
    enum fc_err err;
    void (*each)(void *ctx, const struct fc_document_text *text); /* or NULL */
    void *ctx;
};

/* The first failure stands: `err`, with a line for people. */
enum fc_err fc_doc_fail(struct fc_doc *r, enum fc_err err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
const struct fc_document_kind *fc_doc_kind_of(const struct fc_tree *node);
/* A heap copy of an absolute IRI, a compact one written out; NULL when it is none. */
char *fc_doc_expand(struct fc_doc *r, const struct fc_doc_subject *subject, const char *text);
/* The same for a field: one that is too long says nothing. */
char *fc_doc_expand_short(struct fc_doc *r, const struct fc_doc_subject *subject, const char *text);
char *fc_doc_node_iri(struct fc_doc *r, const struct fc_doc_subject *subject,
                      const struct fc_tree *node);
bool fc_doc_is_did(const struct fc_tree *node);

/* Finds root, credentials and subjects; r->err says how it went. */
void fc_doc_take_apart(struct fc_doc *r, struct fc_span bytes);
void fc_doc_choose_main(struct fc_doc *r);
void fc_doc_choose_key(struct fc_doc *r);
/* Calls r->each for all text of all subjects. */
void fc_doc_texts(struct fc_doc *r);

#endif
