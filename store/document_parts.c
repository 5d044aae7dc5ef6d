#include "store/document_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum fc_err fc_doc_fail(struct fc_doc *r, enum fc_err err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (r->fault && r->err == FC_OK)
        vsnprintf(r->fault->text, sizeof r->fault->text, format, args);
    va_end(args);
    if (r->err == FC_OK)
        r->err = err;
    return r->err;
}

const struct fc_document_kind *fc_doc_kind_of(const struct fc_tree *node)
{
    const struct fc_tree *types = fc_tree_types(node);
    const struct fc_document_kind *best = NULL;
    for (size_t i = 0; i < fc_tree_count(types); i++) {
        const char *type = fc_tree_text(fc_tree_at(types, i));
        const struct fc_document_kind *kind = type ? fc_document_kind(fc_iri_local(type)) : NULL;
        if (kind && (!best || kind->rank < best->rank))
            best = kind;
    }
    return best ? best : fc_document_kind("");
}

/* A heap copy of an absolute IRI, a compact one written out; NULL when it is none. */
char *fc_doc_expand(struct fc_doc *r, const struct fc_doc_subject *subject, const char *text)
{
    const char *colon = text ? strchr(text, ':') : NULL, *base = NULL;
    char *made;
    if (!colon || !fc_iri_ok(text))
        return NULL;
    if (strncmp(colon, "://", 3) != 0) {
        size_t len = (size_t)(colon - text);
        if (subject)
            base = fc_tree_prefix(subject->node, text, len);
        if (!base && subject && subject->credential)
            base = fc_tree_prefix(subject->credential, text, len);
        if (!base)
            base = fc_tree_prefix(r->root, text, len);
    }
    if ((base ? asprintf(&made, "%s%s", base, colon + 1) : asprintf(&made, "%s", text)) < 0) {
        fc_doc_fail(r, FC_E_NOMEM, "out of memory");
        return NULL;
    }
    return made;
}

/* The same for a field: one that is too long says nothing. */
char *fc_doc_expand_short(struct fc_doc *r, const struct fc_doc_subject *subject, const char *text)
{
    char *iri = fc_doc_expand(r, subject, text);
    if (iri && strlen(iri) > FC_DOC_FIELD_BYTES_MAX) {
        free(iri);
        return NULL;
    }
    return iri;
}

/* Taking a document apart. */

static void add_subject(struct fc_doc *r, const struct fc_tree *node,
                        const struct fc_tree *credential)
{
    if (r->subject_count == r->subject_cap) {
        size_t cap = r->subject_cap ? r->subject_cap * 2 : 16;
        struct fc_doc_subject *subjects = realloc(r->subjects, cap * sizeof *subjects);
        if (!subjects) {
            fc_doc_fail(r, FC_E_NOMEM, "out of memory");
            return;
        }
        r->subjects = subjects;
        r->subject_cap = cap;
    }
    const struct fc_document_kind *kind = fc_doc_kind_of(node);
    if (credential) {
        const struct fc_document_kind *said = fc_doc_kind_of(credential);
        /* A credential about compliance is none about the service, though it names one; and
         * before 2022-10 the type stood on the credential alone. */
        if (strcmp(said->kind, "compliance") == 0 ||
            (kind->type[0] == '\0' && said->type[0] != '\0'))
            kind = said;
    }
    r->subjects[r->subject_count++] = (struct fc_doc_subject){node, credential, kind};
}

/* A reference alone, as "credentialSubject": "did:web:..." */
static void add_reference(struct fc_doc *r, const struct fc_tree *text,
                          const struct fc_tree *credential)
{
    if (r->owned_count == sizeof r->owned / sizeof r->owned[0])
        return;
    struct fc_tree *node = fc_tree_create_reference(fc_tree_text(text));
    if (!node) {
        fc_doc_fail(r, FC_E_NOMEM, "out of memory");
        return;
    }
    r->owned[r->owned_count++] = node;
    add_subject(r, node, credential);
}

static void add_credential(struct fc_doc *r, const struct fc_tree *credential)
{
    const struct fc_tree *subjects = fc_tree_get(credential, "credentialSubject");
    if (r->credential_count < FC_DOCUMENT_SUBJECTS_MAX)
        r->credentials[r->credential_count++] = credential;
    for (size_t i = 0; i < fc_tree_count(subjects); i++) {
        const struct fc_tree *subject = fc_tree_at(subjects, i);
        if (fc_tree_is_object(subject))
            add_subject(r, subject, credential);
        else if (fc_tree_text(subject))
            add_reference(r, subject, credential);
    }
}

static void take_token(struct fc_doc *r, struct fc_span token, unsigned wraps);

static void take_statement(struct fc_doc *r, const struct fc_tree *value, unsigned wraps)
{
    const char *text = fc_tree_is_object(value) ? fc_tree_id(value) : fc_tree_text(value);
    struct fc_span inside = text ? fc_jwt_in_data_url(text) : fc_span(NULL, 0);
    struct fc_jwt jwt;
    if (wraps > FC_DOC_WRAPS_MAX) {
        fc_doc_fail(r, FC_E_BOUND, "credentials are wrapped into one another more than %d times",
                    FC_DOC_WRAPS_MAX);
        return;
    }
    if (inside.len > 0) {
        r->enveloped = true;
        take_token(r, inside, wraps + 1);
    } else if (text && !fc_tree_is_object(value)) {
        if (fc_jwt_split(fc_span_str(text), &jwt)) {
            r->jwt = true;
            take_token(r, fc_span_str(text), wraps + 1);
        }
    } else if (fc_tree_get(value, "verifiableCredential")) {
        const struct fc_tree *list = fc_tree_get(value, "verifiableCredential");
        if (!r->presentation)
            r->presentation = value;
        for (size_t i = 0; i < fc_tree_count(list) && r->err == FC_OK; i++)
            take_statement(r, fc_tree_at(list, i), wraps + 1);
    } else if (fc_tree_get(value, "credentialSubject")) {
        add_credential(r, value);
    }
}

static struct fc_tree *load(struct fc_doc *r, struct fc_span text, const char *where)
{
    struct fc_tree *root = NULL;
    struct fc_strict_fault fault;
    enum fc_err err = fc_tree_load(text, !r->lenient, &root, &fault);
    if (err == FC_OK) {
        r->owned[r->owned_count++] = root;
        return root;
    }
    if (r->fault && r->err == FC_OK && !where) {
        r->fault->line = fault.line;
        r->fault->column = fault.column;
    }
    fc_doc_fail(r, err, "%s%s%s", where ? where : "", where ? ": " : "", fault.text);
    return NULL;
}

static struct fc_tree *load_part(struct fc_doc *r, struct fc_span part, const char *where)
{
    struct fc_buf bytes = {0};
    struct fc_tree *tree = NULL;
    enum fc_err err = fc_base64url_decode(part, &bytes);
    if (err != FC_OK)
        fc_doc_fail(r, err == FC_E_NOMEM ? err : FC_E_JSON, "%s: not base64url", where);
    else
        tree = load(r, fc_buf_span(&bytes), where);
    fc_buf_finish(&bytes);
    if (tree && !fc_tree_is_object(tree)) {
        fc_doc_fail(r, FC_E_JSON, "%s: not an object", where);
        return NULL;
    }
    return tree;
}

/* Claims of the JWT that say what the credential leaves out (VC 1.1 section 6.3.1, RFC 7519). */
static void merge_claims(struct fc_tree *statement, const struct fc_tree *header,
                         const struct fc_tree *payload)
{
    if (!fc_tree_id(statement))
        fc_tree_complete(statement, "id", fc_tree_exact(payload, "jti"));
    fc_tree_complete(statement, "issuer", fc_tree_exact(payload, "iss"));
    fc_tree_complete(statement, "issuer", fc_tree_exact(header, "iss"));
    if (!fc_tree_get(statement, "issuanceDate"))
        fc_tree_complete_time(statement, "validFrom", fc_tree_exact(payload, "nbf"));
    if (!fc_tree_get(statement, "expirationDate"))
        fc_tree_complete_time(statement, "validUntil", fc_tree_exact(payload, "exp"));
}

static void take_token(struct fc_doc *r, struct fc_span token, unsigned wraps)
{
    struct fc_jwt jwt;
    if (!fc_jwt_split(token, &jwt)) {
        fc_doc_fail(r, FC_E_JSON, "an enveloped credential is no compact JWT");
        return;
    }
    /* Room for the two trees, and for one reference each. */
    if (r->owned_count + 4 > sizeof r->owned / sizeof r->owned[0]) {
        fc_doc_fail(r, FC_E_BOUND, "more than %d JWTs in one document", FC_DOC_TOKENS_MAX);
        return;
    }
    struct fc_tree *header = load_part(r, jwt.header, "header of a JWT");
    struct fc_tree *payload = header ? load_part(r, jwt.payload, "payload of a JWT") : NULL;
    if (!payload)
        return;
    struct fc_tree *statement = fc_tree_own(payload, "vc");
    if (!statement)
        statement = fc_tree_own(payload, "vp");
    if (!statement)
        statement = payload;
    merge_claims(statement, header, payload);
    take_statement(r, statement, wraps);
}

/* Nodes of plain JSON-LD: those of a graph, and what a catalogue holds. */
static void take_node(struct fc_doc *r, const struct fc_tree *node, unsigned depth)
{
    static const char *const held[] = {"dataset", "service", "catalog"};
    if (!fc_tree_is_object(node) || depth > FC_DOC_VALUE_DEPTH_MAX || r->err != FC_OK)
        return;
    add_subject(r, node, NULL);
    for (size_t k = 0; k < sizeof held / sizeof held[0]; k++) {
        const struct fc_tree *list = fc_tree_get(node, held[k]);
        for (size_t i = 0; i < fc_tree_count(list); i++)
            if (fc_doc_kind_of(fc_tree_at(list, i))->dcat)
                take_node(r, fc_tree_at(list, i), depth + 1);
    }
}

static void take_list(struct fc_doc *r, const struct fc_tree *list)
{
    for (size_t i = 0; i < fc_tree_count(list) && r->err == FC_OK; i++) {
        const struct fc_tree *item = fc_tree_at(list, i);
        if (fc_tree_get(item, "credentialSubject") || fc_tree_get(item, "verifiableCredential"))
            take_statement(r, item, 0);
        else
            take_node(r, item, 0);
    }
}

bool fc_doc_is_did(const struct fc_tree *node)
{
    const char *id = fc_tree_id(node);
    return id && strncmp(id, "did:", 4) == 0 &&
           (fc_tree_get(node, "verificationMethod") || fc_tree_get(node, "assertionMethod") ||
            fc_tree_context_names(node, "ns/did/"));
}

static void take_root(struct fc_doc *r, const struct fc_tree *root)
{
    const char *token = fc_tree_text(fc_tree_get(root, "jwtCredential"));
    const char *id = fc_tree_id(root);
    if (token) {
        r->jwt = true;
        take_token(r, fc_span_str(token), 0);
    } else if (fc_tree_get(root, "selfDescriptionCredential")) {
        take_statement(r, fc_tree_get(root, "selfDescriptionCredential"), 0);
    } else if (fc_tree_is_array(fc_tree_get(root, "claims"))) {
        take_list(r, fc_tree_get(root, "claims"));
        take_list(r, fc_tree_get(root, "verifiableCredentials"));
    } else if (fc_tree_get(root, "credentialSubject") ||
               fc_tree_get(root, "verifiableCredential") ||
               (id && fc_jwt_in_data_url(id).len > 0)) {
        take_statement(r, root, 0);
    } else if (fc_tree_exact(root, "@graph")) {
        take_list(r, fc_tree_exact(root, "@graph"));
    } else if (fc_tree_is_array(root)) {
        take_list(r, root);
    } else {
        take_node(r, root, 0);
    }
}

/* What the document is about, and under which key it is kept. */

void fc_doc_choose_main(struct fc_doc *r)
{
    const struct fc_doc_subject *best = NULL;
    for (size_t i = 0; i < r->subject_count; i++) {
        const struct fc_doc_subject *subject = &r->subjects[i];
        if (!best || subject->kind->rank < best->kind->rank)
            best = subject;
    }
    r->main = best;
}

char *fc_doc_node_iri(struct fc_doc *r, const struct fc_doc_subject *subject,
                      const struct fc_tree *node)
{
    const char *id = fc_tree_id(node);
    return id && fc_jwt_in_data_url(id).len == 0 ? fc_doc_expand(r, subject, id) : NULL;
}

/* The credential's own id, else its subject's. Several credentials: the presentation's id first. */
void fc_doc_choose_key(struct fc_doc *r)
{
    char *key = NULL;
    if (r->presentation && r->credential_count > 1)
        key = fc_doc_node_iri(r, NULL, r->presentation);
    if (!key && r->main && r->main->credential)
        key = fc_doc_node_iri(r, r->main, r->main->credential);
    if (!key && r->main)
        key = fc_doc_node_iri(r, r->main, r->main->node);
    if (!key && r->presentation)
        key = fc_doc_node_iri(r, NULL, r->presentation);
    for (size_t i = 0; !key && i < r->credential_count; i++)
        key = fc_doc_node_iri(r, NULL, r->credentials[i]);
    for (size_t i = 0; !key && i < r->subject_count && i < FC_DOC_ITEMS_MAX; i++)
        key = fc_doc_node_iri(r, &r->subjects[i], r->subjects[i].node);
    if (!key && r->err == FC_OK && fc_tree_is_object(r->root))
        key = fc_doc_node_iri(r, NULL, r->root);
    r->out->key = key;
    if (!key && r->lenient)
        return;
    if (!key)
        fc_doc_fail(
            r, FC_E_SUBJECT,
            "no identifier: give the credential an \"id\", or its subject an \"id\", that is an "
            "IRI such as https://... or did:...");
    else if (strlen(key) > FC_KEY_BYTES_MAX && !r->lenient)
        fc_doc_fail(r, FC_E_BOUND, "the identifier has %zu bytes, at most %d are possible",
                    strlen(key), FC_KEY_BYTES_MAX);
}

void fc_doc_take_apart(struct fc_doc *r, struct fc_span bytes)
{
    struct fc_jwt jwt;
    if (bytes.len > FC_CONTENT_BYTES_MAX) {
        fc_doc_fail(r, FC_E_BOUND, "%zu bytes: at most %d are taken", bytes.len,
                    FC_CONTENT_BYTES_MAX);
        return;
    }
    if (fc_jwt_split(bytes, &jwt)) {
        r->bare_jwt = true;
        take_token(r, bytes, 0);
        if (r->err == FC_OK)
            r->root = r->owned[1];
        return;
    }
    r->root = load(r, bytes, NULL);
    if (r->root)
        take_root(r, r->root);
}
