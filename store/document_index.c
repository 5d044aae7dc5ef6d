#include <string.h>

#include "store/document_priv.h"

/* Everything that is said, in every language, where store/document.c chooses one answer. */
struct texts {
    struct fc_doc *r;
    const struct fc_document_rule *rule;
    enum fc_document_tier tier;
    bool iris; /* what is referred to counts, by its last part or, of a provider, as it is */
    size_t left;
};

static void emit(struct texts *texts, const char *text, const char *language)
{
    size_t len = text ? strlen(text) : 0;
    if (len == 0 || texts->left == 0)
        return;
    if (fc_iri_ok(text) && texts->tier != FC_TIER_PROVIDER) {
        if (!texts->iris)
            return;
        text = fc_iri_local(text);
        len = strlen(text);
    }
    if (len > texts->left)
        len = texts->left;
    texts->left -= len;
    const struct fc_document_text said = {texts->tier, language, fc_span(text, len)};
    texts->r->each(texts->r->ctx, &said);
}

static void walk(struct texts *texts, const struct fc_tree *value, const char *language,
                 unsigned depth);

static bool walk_wrapped(struct texts *texts, const struct fc_tree *object, const char *language,
                         unsigned depth)
{
    static const char *const wraps[] = {"@value", "@list", "@set"};
    const char *said = fc_tree_text(fc_tree_exact(object, "@language"));
    for (size_t i = 0; i < sizeof wraps / sizeof wraps[0]; i++) {
        const struct fc_tree *value = fc_tree_exact(object, wraps[i]);
        if (value) {
            walk(texts, value, said ? said : language, depth + 1);
            return true;
        }
    }
    return false;
}

static void walk_object(struct texts *texts, const struct fc_tree *object, const char *language,
                        unsigned depth)
{
    const struct fc_tree *value;
    const char *key;
    void *cursor = NULL;
    if (walk_wrapped(texts, object, language, depth))
        return;
    for (size_t i = 0; texts->rule->inside[i]; i++)
        walk(texts, fc_tree_get(object, texts->rule->inside[i]), language, depth + 1);
    if (texts->iris)
        emit(texts, fc_tree_id(object), NULL);
    while ((key = fc_tree_next(object, &cursor, &value)))
        if (fc_language_ok(key) && strcmp(key, "id") != 0)
            walk(texts, value, key, depth + 1);
}

static void walk(struct texts *texts, const struct fc_tree *value, const char *language,
                 unsigned depth)
{
    if (!value || depth > FC_DOC_VALUE_DEPTH_MAX || texts->left == 0)
        return;
    if (fc_tree_is_object(value)) {
        walk_object(texts, value, language, depth);
    } else if (fc_tree_is_array(value)) {
        for (size_t i = 0; i < fc_tree_count(value) && i < FC_DOC_ITEMS_MAX; i++)
            walk(texts, fc_tree_at(value, i), language, depth + 1);
    } else {
        emit(texts, fc_tree_text(value), language);
    }
}

static void walk_field(struct texts *texts, const struct fc_tree *node,
                       enum fc_document_field field, enum fc_document_tier tier)
{
    texts->rule = fc_document_rule(field);
    texts->tier = tier;
    texts->iris = texts->rule->iris;
    for (size_t i = 0; texts->rule->names[i]; i++)
        walk(texts, fc_tree_get(node, texts->rule->names[i]), NULL, 0);
}

/* Who provides: by the IRI, and by the name of the node that stands in its place. */
static void walk_provider(struct texts *texts, const struct fc_tree *node)
{
    const struct fc_document_rule *rule = fc_document_rule(FC_FIELD_PROVIDER);
    for (size_t i = 0; rule->names[i]; i++) {
        const struct fc_tree *value = fc_tree_get(node, rule->names[i]);
        texts->rule = fc_document_rule(FC_FIELD_NAME);
        texts->tier = FC_TIER_PROVIDER;
        texts->iris = true;
        walk(texts, value, NULL, 0);
        for (size_t k = 0; k < fc_tree_count(value) && k < FC_DOC_VIA_MAX; k++)
            if (fc_tree_is_object(fc_tree_at(value, k)))
                walk_field(texts, fc_tree_at(value, k), FC_FIELD_NAME, FC_TIER_PROVIDER);
    }
}

/* Name and description may stand on the credential alone. */
static void walk_credential(struct texts *texts, const struct fc_doc *r)
{
    if (r->from_credential & 1u << FC_FIELD_NAME)
        walk_field(texts, r->main->credential, FC_FIELD_NAME, FC_TIER_NAME);
    if (r->from_credential & 1u << FC_FIELD_DESCRIPTION)
        walk_field(texts, r->main->credential, FC_FIELD_DESCRIPTION, FC_TIER_TEXT);
}

static void walk_subject(struct texts *texts, const struct fc_tree *node)
{
    walk_field(texts, node, FC_FIELD_NAME, FC_TIER_NAME);
    walk_field(texts, node, FC_FIELD_KEYWORDS, FC_TIER_KEYWORD);
    walk_field(texts, node, FC_FIELD_THEMES, FC_TIER_KEYWORD);
    walk_field(texts, node, FC_FIELD_LABELS, FC_TIER_KEYWORD);
    walk_field(texts, node, FC_FIELD_STANDARDS, FC_TIER_KEYWORD);
    walk_provider(texts, node);
    walk_field(texts, node, FC_FIELD_DESCRIPTION, FC_TIER_TEXT);
}

/* What the document is about comes first: the bounds cut what comes last. */
void fc_doc_texts(struct fc_doc *r)
{
    struct texts texts = {.r = r, .left = FC_DOCUMENT_TEXT_BYTES_MAX};
    if (r->out->provider_name) {
        texts.tier = FC_TIER_PROVIDER;
        emit(&texts, r->out->provider_name, NULL);
    }
    if (r->main) {
        walk_credential(&texts, r);
        walk_subject(&texts, r->main->node);
    }
    for (size_t i = 0; i < r->subject_count && i < FC_DOCUMENT_SUBJECTS_MAX; i++)
        if (&r->subjects[i] != r->main)
            walk_subject(&texts, r->subjects[i].node);
}
