#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "store/document_priv.h"

/* Values. */

struct question {
    struct fc_doc *r;
    const struct fc_doc_subject *subject;
    const struct fc_document_rule *rule;
    const char *language; /* of the text that was taken */
};

/* The node that a reference means, or the value itself. */
static const struct fc_tree *resolve(const struct fc_doc *r, const struct fc_tree *value)
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
    for (size_t i = 0; i < fc_tree_count(array) && i < FC_DOC_ITEMS_MAX; i++) {
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
    if (!value || depth > FC_DOC_VALUE_DEPTH_MAX)
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
        for (size_t k = 0; !text && k < fc_tree_count(list) && k < FC_DOC_VIA_MAX; k++) {
            const struct fc_tree *other = resolve(q->r, fc_tree_at(list, k));
            if (fc_tree_is_object(other))
                text = answer(q, other, hops - 1);
        }
    }
    return text;
}

static char *copy_text(struct fc_doc *r, const char *text, size_t bytes_max)
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
        fc_doc_fail(r, FC_E_NOMEM, "out of memory");
    return copy;
}

static char *ask(struct question *q, enum fc_document_field field, size_t bytes_max)
{
    q->rule = fc_document_rule(field);
    q->language = NULL;
    const char *text = answer(q, q->subject->node, 2);
    if (!text && q->subject->credential) {
        text = answer(q, q->subject->credential, 0);
        q->r->from_credential |= text ? 1u << field : 0;
    }
    char *iri = text && q->rule->iris ? fc_doc_expand_short(q->r, q->subject, text) : NULL;
    return iri ? iri : copy_text(q->r, text, bytes_max);
}

/* Text and languages in lists: "a", ["a", "b"], {"en": ["a"], "de": ["b"]}. */
static void add_words(struct question *q, const struct fc_tree *value, char **words, uint32_t max,
                      uint32_t *count, unsigned depth)
{
    const char *key, *text = NULL;
    const struct fc_tree *item;
    void *cursor = NULL;
    if (!value || depth > FC_DOC_VALUE_DEPTH_MAX || *count == max)
        return;
    if (fc_tree_is_array(value)) {
        for (size_t i = 0; i < fc_tree_count(value) && i < FC_DOC_ITEMS_MAX; i++)
            add_words(q, fc_tree_at(value, i), words, max, count, depth + 1);
        return;
    }
    if (fc_tree_is_object(value) && !fc_tree_id(value) && !fc_tree_exact(value, "@value")) {
        while ((key = fc_tree_next(value, &cursor, &item)))
            if (fc_language_ok(key))
                add_words(q, item, words, max, count, depth + 1);
    }
    text = fc_tree_is_object(value) && fc_tree_id(value) ? value_text(q, resolve(q->r, value), 0)
                                                         : value_text(q, value, depth);
    for (uint32_t i = 0; text && i < *count; i++)
        if (strcmp(words[i], text) == 0)
            return;
    char *iri = text && q->rule->iris ? fc_doc_expand_short(q->r, q->subject, text) : NULL;
    char *word = iri ? iri : copy_text(q->r, text, FC_DOC_WORD_BYTES_MAX);
    if (word)
        words[(*count)++] = word;
}

static void ask_words(struct question *q, enum fc_document_field field, char **words, uint32_t max,
                      uint32_t *count)
{
    q->rule = fc_document_rule(field);
    for (size_t i = 0; q->rule->names[i]; i++)
        add_words(q, fc_tree_get(q->subject->node, q->rule->names[i]), words, max, count, 0);
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
    out->provider = fc_doc_expand_short(q->r, q->subject, text);
    q->rule = fc_document_rule(FC_FIELD_NAME);
    if (fc_tree_is_object(value) && (text = answer(q, value, 0)))
        out->provider_name = copy_text(q->r, text, FC_DOC_FIELD_BYTES_MAX);
    else if (fc_tree_is_object(node))
        out->provider_name = copy_text(q->r, answer(q, node, 0), FC_DOC_FIELD_BYTES_MAX);
    else if (!out->provider && text && strncmp(text, "_:", 2) != 0)
        out->provider_name = copy_text(q->r, text, FC_DOC_FIELD_BYTES_MAX);
}

/* Terms before 2023 are now and then given by their hash alone, which leads a reader nowhere. */
static void ask_terms(struct question *q)
{
    char *terms = ask(q, FC_FIELD_TERMS, FC_DOC_FIELD_BYTES_MAX);
    if (terms && strlen(terms) == 64 && strspn(terms, "0123456789abcdefABCDEF") == 64) {
        free(terms);
        terms = NULL;
    }
    q->r->out->terms = terms;
}

static void ask_country(struct question *q)
{
    char *said = ask(q, FC_FIELD_COUNTRY, FC_DOC_FIELD_BYTES_MAX);
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
    char *said = ask(q, FC_FIELD_LANGUAGE, FC_DOC_FIELD_BYTES_MAX);
    const char *code = said && fc_iri_ok(said) ? fc_iri_local(said) : said;
    if (!code || !fc_language_ok(code))
        code = of_text;
    const char *alpha2 = code ? fc_document_language(code) : NULL;
    out->language = copy_text(q->r, alpha2 ? alpha2 : code, FC_DOC_WORD_BYTES_MAX);
    free(said);
}

static void ask_issuer(struct question *q)
{
    const struct fc_tree *credential = q->subject->credential;
    const struct fc_tree *issuer = credential ? fc_tree_get(credential, "issuer") : NULL;
    const char *text = fc_tree_is_object(issuer) ? fc_tree_id(issuer) : fc_tree_text(issuer);
    q->r->out->issuer = copy_text(q->r, text, FC_DOC_FIELD_BYTES_MAX);
}

/* What the credential says of its own validity goes before what its subject may say. */
static void ask_dates(struct question *q)
{
    struct fc_document *out = q->r->out;
    struct fc_doc_subject credential = {q->subject->credential, NULL, q->subject->kind};
    struct question about = {.r = q->r, .subject = &credential};
    if (credential.node) {
        out->valid_from = ask(&about, FC_FIELD_VALID_FROM, FC_DOC_FIELD_BYTES_MAX);
        out->valid_until = ask(&about, FC_FIELD_VALID_UNTIL, FC_DOC_FIELD_BYTES_MAX);
    }
    if (!out->valid_from)
        out->valid_from = ask(q, FC_FIELD_VALID_FROM, FC_DOC_FIELD_BYTES_MAX);
    if (!out->valid_until)
        out->valid_until = ask(q, FC_FIELD_VALID_UNTIL, FC_DOC_FIELD_BYTES_MAX);
}

static void fill_fields(struct fc_doc *r)
{
    struct fc_document *out = r->out;
    struct question q = {.r = r, .subject = r->main};
    out->name = ask(&q, FC_FIELD_NAME, FC_DOC_FIELD_BYTES_MAX);
    const char *language = q.language;
    out->description = ask(&q, FC_FIELD_DESCRIPTION, FC_DOC_DESCRIPTION_BYTES_MAX);
    if (!language)
        language = q.language;
    ask_language(&q, language);
    ask_terms(&q);
    out->endpoint = ask(&q, FC_FIELD_ENDPOINT, FC_DOC_FIELD_BYTES_MAX);
    out->license = ask(&q, FC_FIELD_LICENSE, FC_DOC_FIELD_BYTES_MAX);
    ask_provider(&q);
    ask_country(&q);
    ask_issuer(&q);
    ask_words(&q, FC_FIELD_KEYWORDS, out->keywords, FC_DOCUMENT_WORDS_MAX, &out->keyword_count);
    ask_words(&q, FC_FIELD_THEMES, out->themes, FC_DOCUMENT_WORDS_MAX, &out->theme_count);
    ask_words(&q, FC_FIELD_LABELS, out->labels, FC_DOCUMENT_LABELS_MAX, &out->label_count);
    ask_dates(&q);
}

static void fill_subjects(struct fc_doc *r)
{
    struct fc_document *out = r->out;
    for (size_t i = 0; i < r->subject_count && i < FC_DOC_ITEMS_MAX; i++) {
        char *iri = fc_doc_node_iri(r, &r->subjects[i], r->subjects[i].node);
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

static void fill_proof(struct fc_doc *r)
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

static const char *media_type_of(const struct fc_doc *r, bool did)
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

static const char *format_of(const struct fc_doc *r, bool did)
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

static const char *kind_name(const struct fc_doc *r, bool did)
{
    if (did)
        return "did";
    if (!r->main)
        return r->credential_count > 0 ? "credential" : "other";
    if (r->main->kind->type[0] == '\0' && r->main->credential)
        return "credential";
    return r->main->kind->kind;
}

static void describe(struct fc_doc *r)
{
    bool did = fc_doc_is_did(r->root);
    fc_doc_choose_main(r);
    fc_doc_choose_key(r);
    if (r->err != FC_OK)
        return;
    fill_proof(r);
    r->out->media_type = copy_text(r, media_type_of(r, did), FC_MEDIA_TYPE_BYTES_MAX);
    r->out->format = copy_text(r, format_of(r, did), FC_DOC_FIELD_BYTES_MAX);
    r->out->kind = copy_text(r, kind_name(r, did), FC_DOC_FIELD_BYTES_MAX);
    fill_subjects(r);
    if (r->main) {
        r->out->subject = fc_doc_node_iri(r, r->main, r->main->node);
        fill_fields(r);
    }
    if (r->each)
        fc_doc_texts(r);
}

static bool is_blank(struct fc_span text)
{
    size_t i = 0;
    while (i < text.len && memchr(" \t\r\n", text.data[i], 4))
        i++;
    return i == text.len;
}

static enum fc_err read_document(struct fc_doc *r, struct fc_span bytes)
{
    *r->out = (struct fc_document){.proof = "none"};
    if (r->fault)
        *r->fault = (struct fc_document_fault){0};
    if (is_blank(bytes))
        fc_doc_fail(r, FC_E_JSON, "the document is empty");
    else
        fc_doc_take_apart(r, bytes);
    if (r->err == FC_OK)
        describe(r);
    while (r->owned_count > 0)
        fc_tree_destroy(r->owned[--r->owned_count]);
    free(r->subjects);
    if (r->err != FC_OK)
        fc_document_finish(r->out);
    return r->err;
}

enum fc_err fc_document_read(struct fc_span bytes, struct fc_document *out,
                             struct fc_document_fault *fault)
{
    struct fc_doc r = {.out = out, .fault = fault};
    return read_document(&r, bytes);
}

enum fc_err fc_document_index(struct fc_span bytes, struct fc_document *out,
                              void (*each)(void *ctx, const struct fc_document_text *text),
                              void *ctx)
{
    struct fc_doc r = {.out = out, .lenient = true, .each = each, .ctx = ctx};
    return read_document(&r, bytes);
}

void fc_document_finish(struct fc_document *document)
{
    char *texts[] = {
        document->key,     document->media_type,  document->kind,       document->format,
        document->name,    document->description, document->provider,   document->provider_name,
        document->country, document->issuer,      document->terms,      document->endpoint,
        document->license, document->language,    document->valid_from, document->valid_until,
        document->subject,
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        free(texts[i]);
    for (uint32_t i = 0; i < document->keyword_count; i++)
        free(document->keywords[i]);
    for (uint32_t i = 0; i < document->theme_count; i++)
        free(document->themes[i]);
    for (uint32_t i = 0; i < document->label_count; i++)
        free(document->labels[i]);
    for (uint32_t i = 0; i < document->subject_count; i++)
        free(document->subjects[i]);
    *document = (struct fc_document){.proof = "none"};
}
