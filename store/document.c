#include "store/document.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "store/document_rules.h"
#include "store/document_text.h"
#include "store/document_tree.h"

enum {
    TOKENS_MAX = 64, /* JWTs in one document */
    WRAPS_MAX = 4,   /* a JWT in a presentation in a JWT ... */
    VALUE_DEPTH_MAX = 6,
    ITEMS_MAX = 256, /* of a list that are looked at for one field */
    VIA_MAX = 16,    /* other nodes that are asked in the subject's place */
    WORD_BYTES_MAX = 256,
    FIELD_BYTES_MAX = 2048,
    DESCRIPTION_BYTES_MAX = 16 * 1024,
};

struct subject {
    const struct fc_tree *node;
    const struct fc_tree *credential; /* that makes the statement; NULL for plain JSON-LD */
    const struct fc_document_kind *kind;
};
/* Everything found on the way; trees are borrowed from `owned`. */
struct reading {
    struct fc_document *out;
    struct fc_document_fault *fault;
    struct fc_tree *owned[2 * TOKENS_MAX + 1];
    size_t owned_count;
    const struct fc_tree *root;
    const struct fc_tree *presentation;
    const struct fc_tree *credentials[FC_DOCUMENT_SUBJECTS_MAX];
    size_t credential_count;
    struct subject *subjects;
    size_t subject_count, subject_cap;
    const struct subject *main;
    bool bare_jwt, jwt, enveloped;
    enum fc_err err;
};

static enum fc_err fail(struct reading *r, enum fc_err err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static enum fc_err fail(struct reading *r, enum fc_err err, const char *format, ...)
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

static const struct fc_document_kind *kind_of(const struct fc_tree *node)
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
static char *expand(struct reading *r, const struct subject *subject, const char *text)
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
        fail(r, FC_E_NOMEM, "out of memory");
        return NULL;
    }
    return made;
}

/* The same for a field: one that is too long says nothing. */
static char *expand_short(struct reading *r, const struct subject *subject, const char *text)
{
    char *iri = expand(r, subject, text);
    if (iri && strlen(iri) > FIELD_BYTES_MAX) {
        free(iri);
        return NULL;
    }
    return iri;
}

/* Taking a document apart. */

static void add_subject(struct reading *r, const struct fc_tree *node,
                        const struct fc_tree *credential)
{
    if (r->subject_count == r->subject_cap) {
        size_t cap = r->subject_cap ? r->subject_cap * 2 : 16;
        struct subject *subjects = realloc(r->subjects, cap * sizeof *subjects);
        if (!subjects) {
            fail(r, FC_E_NOMEM, "out of memory");
            return;
        }
        r->subjects = subjects;
        r->subject_cap = cap;
    }
    const struct fc_document_kind *kind = kind_of(node);
    if (credential) {
        const struct fc_document_kind *said = kind_of(credential);
        /* A credential about compliance is none about the service, though it names one; and
         * before 2022-10 the type stood on the credential alone. */
        if (strcmp(said->kind, "compliance") == 0 ||
            (kind->type[0] == '\0' && said->type[0] != '\0'))
            kind = said;
    }
    r->subjects[r->subject_count++] = (struct subject){node, credential, kind};
}

/* A reference alone, as "credentialSubject": "did:web:..." */
static void add_reference(struct reading *r, const struct fc_tree *text,
                          const struct fc_tree *credential)
{
    if (r->owned_count == sizeof r->owned / sizeof r->owned[0])
        return;
    struct fc_tree *node = fc_tree_create_reference(fc_tree_text(text));
    if (!node) {
        fail(r, FC_E_NOMEM, "out of memory");
        return;
    }
    r->owned[r->owned_count++] = node;
    add_subject(r, node, credential);
}

static void add_credential(struct reading *r, const struct fc_tree *credential)
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

static void take_token(struct reading *r, struct fc_span token, unsigned wraps);

static void take_statement(struct reading *r, const struct fc_tree *value, unsigned wraps)
{
    const char *text = fc_tree_is_object(value) ? fc_tree_id(value) : fc_tree_text(value);
    struct fc_span inside = text ? fc_jwt_in_data_url(text) : fc_span(NULL, 0);
    struct fc_jwt jwt;
    if (wraps > WRAPS_MAX) {
        fail(r, FC_E_BOUND, "credentials are wrapped into one another more than %d times",
             WRAPS_MAX);
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

static struct fc_tree *load(struct reading *r, struct fc_span text, const char *where)
{
    struct fc_tree *root = NULL;
    struct fc_tree_fault fault;
    enum fc_err err = fc_tree_load(text, &root, &fault);
    if (err == FC_OK) {
        r->owned[r->owned_count++] = root;
        return root;
    }
    if (r->fault && r->err == FC_OK && !where) {
        r->fault->line = fault.line;
        r->fault->column = fault.column;
    }
    fail(r, err, "%s%s%s", where ? where : "", where ? ": " : "", fault.text);
    return NULL;
}

static struct fc_tree *load_part(struct reading *r, struct fc_span part, const char *where)
{
    struct fc_buf bytes = {0};
    struct fc_tree *tree = NULL;
    enum fc_err err = fc_base64url_decode(part, &bytes);
    if (err != FC_OK)
        fail(r, err == FC_E_NOMEM ? err : FC_E_JSON, "%s: not base64url", where);
    else
        tree = load(r, fc_buf_span(&bytes), where);
    fc_buf_finish(&bytes);
    if (tree && !fc_tree_is_object(tree)) {
        fail(r, FC_E_JSON, "%s: not an object", where);
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

static void take_token(struct reading *r, struct fc_span token, unsigned wraps)
{
    struct fc_jwt jwt;
    if (!fc_jwt_split(token, &jwt)) {
        fail(r, FC_E_JSON, "an enveloped credential is no compact JWT");
        return;
    }
    /* Room for the two trees, and for one reference each. */
    if (r->owned_count + 4 > sizeof r->owned / sizeof r->owned[0]) {
        fail(r, FC_E_BOUND, "more than %d JWTs in one document", TOKENS_MAX);
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
static void take_node(struct reading *r, const struct fc_tree *node, unsigned depth)
{
    static const char *const held[] = {"dataset", "service", "catalog"};
    if (!fc_tree_is_object(node) || depth > VALUE_DEPTH_MAX || r->err != FC_OK)
        return;
    add_subject(r, node, NULL);
    for (size_t k = 0; k < sizeof held / sizeof held[0]; k++) {
        const struct fc_tree *list = fc_tree_get(node, held[k]);
        for (size_t i = 0; i < fc_tree_count(list); i++)
            if (kind_of(fc_tree_at(list, i))->dcat)
                take_node(r, fc_tree_at(list, i), depth + 1);
    }
}

static void take_list(struct reading *r, const struct fc_tree *list)
{
    for (size_t i = 0; i < fc_tree_count(list) && r->err == FC_OK; i++) {
        const struct fc_tree *item = fc_tree_at(list, i);
        if (fc_tree_get(item, "credentialSubject") || fc_tree_get(item, "verifiableCredential"))
            take_statement(r, item, 0);
        else
            take_node(r, item, 0);
    }
}

static bool is_did_document(const struct fc_tree *node)
{
    const char *id = fc_tree_id(node);
    return id && strncmp(id, "did:", 4) == 0 &&
           (fc_tree_get(node, "verificationMethod") || fc_tree_get(node, "assertionMethod") ||
            fc_tree_context_names(node, "ns/did/"));
}

static void take_root(struct reading *r, const struct fc_tree *root)
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

static void choose_main(struct reading *r)
{
    const struct subject *best = NULL;
    for (size_t i = 0; i < r->subject_count; i++) {
        const struct subject *subject = &r->subjects[i];
        if (!best || subject->kind->rank < best->kind->rank)
            best = subject;
    }
    r->main = best;
}

static char *node_iri(struct reading *r, const struct subject *subject, const struct fc_tree *node)
{
    const char *id = fc_tree_id(node);
    return id && fc_jwt_in_data_url(id).len == 0 ? expand(r, subject, id) : NULL;
}

/* The credential's own id, else its subject's. Several credentials: the presentation's id first. */
static void choose_key(struct reading *r)
{
    char *key = NULL;
    if (r->presentation && r->credential_count > 1)
        key = node_iri(r, NULL, r->presentation);
    if (!key && r->main && r->main->credential)
        key = node_iri(r, r->main, r->main->credential);
    if (!key && r->main)
        key = node_iri(r, r->main, r->main->node);
    if (!key && r->presentation)
        key = node_iri(r, NULL, r->presentation);
    for (size_t i = 0; !key && i < r->credential_count; i++)
        key = node_iri(r, NULL, r->credentials[i]);
    for (size_t i = 0; !key && i < r->subject_count && i < ITEMS_MAX; i++)
        key = node_iri(r, &r->subjects[i], r->subjects[i].node);
    if (!key && r->err == FC_OK && fc_tree_is_object(r->root))
        key = node_iri(r, NULL, r->root);
    r->out->key = key;
    if (!key)
        fail(r, FC_E_SUBJECT,
             "no identifier: give the credential an \"id\", or its subject an \"id\", that is an "
             "IRI such as https://... or did:...");
    else if (strlen(key) > FC_KEY_BYTES_MAX)
        fail(r, FC_E_BOUND, "the identifier has %zu bytes, at most %d are possible", strlen(key),
             FC_KEY_BYTES_MAX);
}

/* Values. */

struct question {
    struct reading *r;
    const struct subject *subject;
    const struct fc_document_rule *rule;
    const char *language; /* of the text that was taken */
};

/* The node that a reference means, or the value itself. */
static const struct fc_tree *resolve(const struct reading *r, const struct fc_tree *value)
{
    const char *id = fc_tree_is_object(value) ? fc_tree_id(value) : fc_tree_text(value);
    for (size_t i = 0; id && i < r->subject_count; i++) {
        const char *other = fc_tree_id(r->subjects[i].node);
        if (other && strcmp(other, id) == 0)
            return r->subjects[i].node;
    }
    return value;
}

static const char *value_text(struct question *q, const struct fc_tree *value, unsigned depth);

static const char *language_map_text(struct question *q, const struct fc_tree *map, unsigned depth)
{
    const char *key, *found = NULL, *language = NULL;
    const struct fc_tree *value;
    void *cursor = NULL;
    while ((key = fc_tree_next(map, &cursor, &value))) {
        if (!fc_language_ok(key) || strcmp(key, "id") == 0)
            continue;
        const char *text = value_text(q, value, depth + 1);
        if (!text || (found && strncmp(key, "en", 2) != 0))
            continue;
        found = text;
        language = key;
    }
    if (found)
        q->language = language;
    return found;
}

static const char *array_text(struct question *q, const struct fc_tree *array, unsigned depth)
{
    const char *found = NULL, *language = NULL;
    for (size_t i = 0; i < fc_tree_count(array) && i < ITEMS_MAX; i++) {
        q->language = NULL;
        const char *text = value_text(q, fc_tree_at(array, i), depth + 1);
        if (!text)
            continue;
        bool english = q->language && strncmp(q->language, "en", 2) == 0;
        if (!found || english) {
            found = text;
            language = q->language;
        }
        if (english)
            break;
    }
    q->language = language;
    return found;
}

static const char *object_text(struct question *q, const struct fc_tree *object, unsigned depth)
{
    static const char *const wraps[] = {"@value", "@list", "@set"};
    const char *text = NULL;
    for (size_t i = 0; i < sizeof wraps / sizeof wraps[0]; i++) {
        const struct fc_tree *value = fc_tree_exact(object, wraps[i]);
        if (!value)
            continue;
        text = value_text(q, value, depth + 1);
        const char *language = fc_tree_text(fc_tree_exact(object, "@language"));
        if (text && language)
            q->language = language;
        return text;
    }
    for (size_t i = 0; !text && q->rule->inside[i]; i++) {
        const struct fc_tree *value = fc_tree_get(object, q->rule->inside[i]);
        text = value ? value_text(q, value, depth + 1) : NULL;
    }
    if (!text && q->rule->iris)
        text = fc_tree_id(object);
    return text ? text : language_map_text(q, object, depth);
}

static const char *value_text(struct question *q, const struct fc_tree *value, unsigned depth)
{
    if (!value || depth > VALUE_DEPTH_MAX)
        return NULL;
    if (fc_tree_is_object(value))
        return object_text(q, value, depth);
    if (fc_tree_is_array(value))
        return array_text(q, value, depth);
    const char *text = fc_tree_text(value);
    return text && text[0] != '\0' ? text : NULL;
}

/* The answer a node gives to a rule, itself or through what it points at. */
static const char *answer(struct question *q, const struct fc_tree *node, unsigned hops)
{
    const char *text = NULL;
    for (size_t i = 0; !text && q->rule->names[i]; i++)
        text = value_text(q, fc_tree_get(node, q->rule->names[i]), 0);
    for (size_t i = 0; !text && hops > 0 && q->rule->via[i]; i++) {
        const struct fc_tree *list = fc_tree_get(node, q->rule->via[i]);
        for (size_t k = 0; !text && k < fc_tree_count(list) && k < VIA_MAX; k++) {
            const struct fc_tree *other = resolve(q->r, fc_tree_at(list, k));
            if (fc_tree_is_object(other))
                text = answer(q, other, hops - 1);
        }
    }
    return text;
}

static char *copy_text(struct reading *r, const char *text, size_t bytes_max)
{
    size_t len = text ? strlen(text) : 0;
    if (len == 0)
        return NULL;
    if (len > bytes_max) {
        len = bytes_max;
        while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80) /* not within a character */
            len--;
    }
    char *copy = (char *)fc_span_dup(fc_span(text, len));
    if (!copy)
        fail(r, FC_E_NOMEM, "out of memory");
    return copy;
}

static char *ask(struct question *q, enum fc_document_field field, size_t bytes_max)
{
    q->rule = fc_document_rule(field);
    q->language = NULL;
    const char *text = answer(q, q->subject->node, 2);
    if (!text && q->subject->credential)
        text = answer(q, q->subject->credential, 0);
    char *iri = text && q->rule->iris ? expand_short(q->r, q->subject, text) : NULL;
    return iri ? iri : copy_text(q->r, text, bytes_max);
}

/* Text and languages in lists: "a", ["a", "b"], {"en": ["a"], "de": ["b"]}. */
static void add_words(struct question *q, const struct fc_tree *value, char **words,
                      uint32_t *count, unsigned depth)
{
    const char *key, *text = NULL;
    const struct fc_tree *item;
    void *cursor = NULL;
    if (!value || depth > VALUE_DEPTH_MAX || *count == FC_DOCUMENT_WORDS_MAX)
        return;
    if (fc_tree_is_array(value)) {
        for (size_t i = 0; i < fc_tree_count(value) && i < ITEMS_MAX; i++)
            add_words(q, fc_tree_at(value, i), words, count, depth + 1);
        return;
    }
    if (fc_tree_is_object(value) && !fc_tree_id(value) && !fc_tree_exact(value, "@value")) {
        while ((key = fc_tree_next(value, &cursor, &item)))
            if (fc_language_ok(key))
                add_words(q, item, words, count, depth + 1);
    }
    text = fc_tree_is_object(value) && fc_tree_id(value) ? value_text(q, resolve(q->r, value), 0)
                                                         : value_text(q, value, depth);
    for (uint32_t i = 0; text && i < *count; i++)
        if (strcmp(words[i], text) == 0)
            return;
    char *iri = text && q->rule->iris ? expand_short(q->r, q->subject, text) : NULL;
    char *word = iri ? iri : copy_text(q->r, text, WORD_BYTES_MAX);
    if (word)
        words[(*count)++] = word;
}

static void ask_words(struct question *q, enum fc_document_field field, char **words,
                      uint32_t *count)
{
    q->rule = fc_document_rule(field);
    for (size_t i = 0; q->rule->names[i]; i++)
        add_words(q, fc_tree_get(q->subject->node, q->rule->names[i]), words, count, 0);
}

/* Who provides: an IRI, a name, or both, where the document holds a node for it. */
static void ask_provider(struct question *q)
{
    struct fc_document *out = q->r->out;
    const struct fc_document_rule *rule = fc_document_rule(FC_FIELD_PROVIDER);
    const struct fc_tree *value = NULL;
    for (size_t i = 0; !value && rule->names[i]; i++)
        value = fc_tree_at(fc_tree_get(q->subject->node, rule->names[i]), 0);
    if (!value)
        return;
    const struct fc_tree *node = resolve(q->r, value);
    const char *text = fc_tree_is_object(node) ? fc_tree_id(node) : fc_tree_text(node);
    out->provider = expand_short(q->r, q->subject, text);
    q->rule = fc_document_rule(FC_FIELD_NAME);
    if (fc_tree_is_object(value) && (text = answer(q, value, 0)))
        out->provider_name = copy_text(q->r, text, FIELD_BYTES_MAX);
    else if (fc_tree_is_object(node))
        out->provider_name = copy_text(q->r, answer(q, node, 0), FIELD_BYTES_MAX);
    else if (!out->provider && text && strncmp(text, "_:", 2) != 0)
        out->provider_name = copy_text(q->r, text, FIELD_BYTES_MAX);
}

/* Terms before 2023 are now and then given by their hash alone, which leads a reader nowhere. */
static void ask_terms(struct question *q)
{
    char *terms = ask(q, FC_FIELD_TERMS, FIELD_BYTES_MAX);
    if (terms && strlen(terms) == 64 && strspn(terms, "0123456789abcdefABCDEF") == 64) {
        free(terms);
        terms = NULL;
    }
    q->r->out->terms = terms;
}

static void ask_country(struct question *q)
{
    char *said = ask(q, FC_FIELD_COUNTRY, FIELD_BYTES_MAX);
    char code[4];
    if (said && fc_country_code(said, code)) {
        const char *alpha2 = fc_document_country(code);
        q->r->out->country = copy_text(q->r, alpha2 ? alpha2 : code, sizeof code);
    }
    free(said);
}

/* As a tag: the European vocabularies name languages by IRIs that end in a code. */
static void ask_language(struct question *q, const char *of_text)
{
    struct fc_document *out = q->r->out;
    char *said = ask(q, FC_FIELD_LANGUAGE, FIELD_BYTES_MAX);
    const char *code = said && fc_iri_ok(said) ? fc_iri_local(said) : said;
    if (!code || !fc_language_ok(code))
        code = of_text;
    const char *alpha2 = code ? fc_document_language(code) : NULL;
    out->language = copy_text(q->r, alpha2 ? alpha2 : code, WORD_BYTES_MAX);
    free(said);
}

static void ask_issuer(struct question *q)
{
    const struct fc_tree *credential = q->subject->credential;
    const struct fc_tree *issuer = credential ? fc_tree_get(credential, "issuer") : NULL;
    const char *text = fc_tree_is_object(issuer) ? fc_tree_id(issuer) : fc_tree_text(issuer);
    q->r->out->issuer = copy_text(q->r, text, FIELD_BYTES_MAX);
}

/* What the credential says of its own validity goes before what its subject may say. */
static void ask_dates(struct question *q)
{
    struct fc_document *out = q->r->out;
    struct subject credential = {q->subject->credential, NULL, q->subject->kind};
    struct question about = {.r = q->r, .subject = &credential};
    if (credential.node) {
        out->valid_from = ask(&about, FC_FIELD_VALID_FROM, FIELD_BYTES_MAX);
        out->valid_until = ask(&about, FC_FIELD_VALID_UNTIL, FIELD_BYTES_MAX);
    }
    if (!out->valid_from)
        out->valid_from = ask(q, FC_FIELD_VALID_FROM, FIELD_BYTES_MAX);
    if (!out->valid_until)
        out->valid_until = ask(q, FC_FIELD_VALID_UNTIL, FIELD_BYTES_MAX);
}

static void fill_fields(struct reading *r)
{
    struct fc_document *out = r->out;
    struct question q = {.r = r, .subject = r->main};
    out->name = ask(&q, FC_FIELD_NAME, FIELD_BYTES_MAX);
    const char *language = q.language;
    out->description = ask(&q, FC_FIELD_DESCRIPTION, DESCRIPTION_BYTES_MAX);
    if (!language)
        language = q.language;
    ask_language(&q, language);
    ask_terms(&q);
    out->endpoint = ask(&q, FC_FIELD_ENDPOINT, FIELD_BYTES_MAX);
    out->license = ask(&q, FC_FIELD_LICENSE, FIELD_BYTES_MAX);
    ask_provider(&q);
    ask_country(&q);
    ask_issuer(&q);
    ask_words(&q, FC_FIELD_KEYWORDS, out->keywords, &out->keyword_count);
    ask_words(&q, FC_FIELD_THEMES, out->themes, &out->theme_count);
    ask_dates(&q);
}

static void fill_subjects(struct reading *r)
{
    struct fc_document *out = r->out;
    for (size_t i = 0; i < r->subject_count && i < ITEMS_MAX; i++) {
        char *iri = node_iri(r, &r->subjects[i], r->subjects[i].node);
        bool known = !iri || strlen(iri) > FC_KEY_BYTES_MAX;
        for (uint32_t k = 0; !known && k < out->subject_count; k++)
            known = strcmp(out->subjects[k], iri) == 0;
        if (known || out->subject_count == FC_DOCUMENT_SUBJECTS_MAX)
            free(iri);
        else
            out->subjects[out->subject_count++] = iri;
    }
}

/* What kind of document it is. */

static const char *proof_of(const struct fc_tree *node)
{
    const struct fc_tree *proof = node ? fc_tree_get(node, "proof") : NULL;
    proof = fc_tree_at(proof, 0);
    if (!fc_tree_is_object(proof))
        return NULL;
    return fc_tree_has_type(proof, "JsonWebSignature2020") ? "jws-2020" : "data-integrity";
}

static void fill_proof(struct reading *r)
{
    const char *proof = NULL;
    if (r->enveloped && !r->bare_jwt)
        proof = "enveloped";
    else if (r->bare_jwt || r->jwt)
        proof = "jwt";
    if (!proof && r->main)
        proof = proof_of(r->main->credential);
    if (!proof)
        proof = proof_of(r->presentation);
    for (size_t i = 0; !proof && r->presentation == NULL && i < r->credential_count; i++)
        proof = proof_of(r->credentials[i]);
    r->out->proof = proof ? proof : "none";
}

static const char *media_type_of(const struct reading *r, bool did)
{
    bool context = fc_tree_exact(r->root, "@context") != NULL;
    if (r->bare_jwt)
        return r->presentation ? "application/vp+jwt" : "application/vc+jwt";
    if (did)
        return context ? "application/did+ld+json" : "application/did+json";
    if (context &&
        (r->presentation == r->root || fc_tree_has_type(r->root, "VerifiablePresentation") ||
         fc_tree_has_type(r->root, "EnvelopedVerifiablePresentation")))
        return "application/vp+ld+json";
    if (context && (fc_tree_get(r->root, "credentialSubject") ||
                    fc_tree_has_type(r->root, "EnvelopedVerifiableCredential")))
        return "application/vc+ld+json";
    return fc_tree_is_json_ld(r->root) ? "application/ld+json" : "application/json";
}

static const char *format_of(const struct reading *r, bool did)
{
    const struct fc_tree *credential = r->main ? r->main->credential : NULL;
    if (did)
        return "did";
    if (credential &&
        (fc_tree_context_names(credential, "2018/credentials/v1") ||
         (r->presentation && fc_tree_context_names(r->presentation, "2018/credentials/v1"))))
        return "tagus";
    if (credential)
        return "loire";
    if (r->main && (r->main->kind->dcat || fc_tree_context_names(r->root, "ns/dcat#") ||
                    fc_tree_context_names(r->root, "w3id.org/dspace")))
        return "dcat";
    if (r->main && (fc_tree_context_names(r->main->node, "trustframework#") ||
                    fc_tree_context_names(r->main->node, "registry.gaia-x.eu")))
        return "tagus";
    if (r->main && (fc_tree_context_names(r->main->node, "w3id.org/gaia-x") ||
                    fc_tree_type_names(r->main->node, "w3id.org/gaia-x")))
        return "loire";
    return "json";
}

static const char *kind_name(const struct reading *r, bool did)
{
    if (did)
        return "did";
    if (!r->main)
        return r->credential_count > 0 ? "credential" : "other";
    if (r->main->kind->type[0] == '\0' && r->main->credential)
        return "credential";
    return r->main->kind->kind;
}

static void describe(struct reading *r)
{
    bool did = is_did_document(r->root);
    choose_main(r);
    choose_key(r);
    if (r->err != FC_OK)
        return;
    fill_proof(r);
    r->out->media_type = copy_text(r, media_type_of(r, did), FC_MEDIA_TYPE_BYTES_MAX);
    r->out->format = copy_text(r, format_of(r, did), FIELD_BYTES_MAX);
    r->out->kind = copy_text(r, kind_name(r, did), FIELD_BYTES_MAX);
    fill_subjects(r);
    if (r->main)
        fill_fields(r);
}

static void read_bytes(struct reading *r, struct fc_span bytes)
{
    struct fc_jwt jwt;
    if (bytes.len > FC_CONTENT_BYTES_MAX) {
        fail(r, FC_E_BOUND, "%zu bytes: at most %d are taken", bytes.len, FC_CONTENT_BYTES_MAX);
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

enum fc_err fc_document_read(struct fc_span bytes, struct fc_document *out,
                             struct fc_document_fault *fault)
{
    struct reading r = {.out = out, .fault = fault};
    *out = (struct fc_document){.proof = "none"};
    if (fault)
        *fault = (struct fc_document_fault){0};
    read_bytes(&r, bytes);
    if (r.err == FC_OK)
        describe(&r);
    while (r.owned_count > 0)
        fc_tree_destroy(r.owned[--r.owned_count]);
    free(r.subjects);
    if (r.err != FC_OK)
        fc_document_finish(out);
    return r.err;
}

void fc_document_finish(struct fc_document *document)
{
    char *texts[] = {
        document->key,     document->media_type,  document->kind,       document->format,
        document->name,    document->description, document->provider,   document->provider_name,
        document->country, document->issuer,      document->terms,      document->endpoint,
        document->license, document->language,    document->valid_from, document->valid_until,
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        free(texts[i]);
    for (uint32_t i = 0; i < document->keyword_count; i++)
        free(document->keywords[i]);
    for (uint32_t i = 0; i < document->theme_count; i++)
        free(document->themes[i]);
    for (uint32_t i = 0; i < document->subject_count; i++)
        free(document->subjects[i]);
    *document = (struct fc_document){.proof = "none"};
}
