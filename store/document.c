#include "store/document.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "store/document_rules.h"
#include "store/document_text.h"

enum {
    DEPTH_MAX = 64,         /* of the JSON */
    VALUES_MAX = 64 * 1024, /* jansson takes some hundred bytes for each */
    TOKENS_MAX = 64,        /* JWTs in one document */
    WRAPS_MAX = 4,          /* a JWT in a presentation in a JWT ... */
    VALUE_DEPTH_MAX = 6,
    ITEMS_MAX = 256, /* of a list that are looked at for one field */
    VIA_MAX = 16,    /* other nodes that are asked in the subject's place */
    WORD_BYTES_MAX = 256,
    FIELD_BYTES_MAX = 2048,
    DESCRIPTION_BYTES_MAX = 16 * 1024,
};

struct subject {
    const json_t *node;
    const json_t *credential; /* that makes the statement; NULL for plain JSON-LD */
    const struct fc_document_kind *kind;
};
/* Everything found on the way; trees are borrowed from `owned`. */
struct reading {
    struct fc_document *out;
    struct fc_document_fault *fault;
    json_t *owned[2 * TOKENS_MAX + 1];
    size_t owned_count;
    const json_t *root;
    const json_t *presentation;
    const json_t *credentials[FC_DOCUMENT_SUBJECTS_MAX];
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

/* Reading JSON-LD without a processor: names are compared by their local part. */

static const json_t *get(const json_t *object, const char *name)
{
    const char *key;
    json_t *value;
    json_t *exact = json_object_get(object, name);
    if (exact || !json_is_object(object))
        return exact;
    /* jansson iterates over objects it does not change */
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        if (key[0] != '@' && strcmp(fc_iri_local(key), name) == 0)
            return value;
    }
    return NULL;
}

static const char *get_text(const json_t *object, const char *name)
{
    return json_string_value(get(object, name));
}

/* The one item of what may stand alone or in an array. */
static size_t item_count(const json_t *value)
{
    return json_is_array(value) ? json_array_size(value) : value != NULL;
}

static const json_t *item_at(const json_t *value, size_t index)
{
    return json_is_array(value) ? json_array_get(value, index) : value;
}

static const char *raw_id(const json_t *node)
{
    const json_t *id = json_object_get(node, "@id");
    if (!id)
        id = json_object_get(node, "id");
    return json_string_value(id);
}

static const struct fc_document_kind *kind_of(const json_t *node)
{
    const json_t *types = json_object_get(node, "@type");
    const struct fc_document_kind *best = NULL;
    if (!types)
        types = json_object_get(node, "type");
    for (size_t i = 0; i < item_count(types); i++) {
        const char *type = json_string_value(item_at(types, i));
        const struct fc_document_kind *kind = type ? fc_document_kind(fc_iri_local(type)) : NULL;
        if (kind && (!best || kind->rank < best->rank))
            best = kind;
    }
    return best ? best : fc_document_kind("");
}

static bool has_type(const json_t *node, const char *wanted)
{
    const json_t *types = json_object_get(node, "@type");
    if (!types)
        types = json_object_get(node, "type");
    for (size_t i = 0; i < item_count(types); i++) {
        const char *type = json_string_value(item_at(types, i));
        if (type && strcmp(fc_iri_local(type), wanted) == 0)
            return true;
    }
    return false;
}

static bool context_names(const json_t *node, const char *part)
{
    const json_t *context = json_object_get(node, "@context");
    for (size_t i = 0; i < item_count(context); i++) {
        const json_t *item = item_at(context, i);
        const char *text = json_string_value(item), *key;
        json_t *value;
        if (text && strstr(text, part))
            return true;
        json_object_foreach((json_t *)(uintptr_t)item, key, value)
        {
            if (json_is_string(value) && strstr(json_string_value(value), part))
                return true;
        }
    }
    return false;
}

/* What a prefix stands for in a node's own @context. */
static const char *prefix_of(const json_t *node, const char *prefix, size_t len)
{
    const json_t *context = json_object_get(node, "@context");
    for (size_t i = 0; i < item_count(context); i++) {
        const char *key;
        json_t *value;
        json_object_foreach((json_t *)(uintptr_t)item_at(context, i), key, value)
        {
            if (strlen(key) == len && memcmp(key, prefix, len) == 0 && json_is_string(value) &&
                fc_iri_ok(json_string_value(value)))
                return json_string_value(value);
        }
    }
    return NULL;
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
            base = prefix_of(subject->node, text, len);
        if (!base && subject && subject->credential)
            base = prefix_of(subject->credential, text, len);
        if (!base)
            base = prefix_of(r->root, text, len);
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

static void add_subject(struct reading *r, const json_t *node, const json_t *credential)
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
static void add_reference(struct reading *r, const json_t *text, const json_t *credential)
{
    if (r->owned_count == sizeof r->owned / sizeof r->owned[0])
        return;
    json_t *node = json_pack("{s:s}", "id", json_string_value(text));
    if (!node) {
        fail(r, FC_E_NOMEM, "out of memory");
        return;
    }
    r->owned[r->owned_count++] = node;
    add_subject(r, node, credential);
}

static void add_credential(struct reading *r, const json_t *credential)
{
    const json_t *subjects = get(credential, "credentialSubject");
    if (r->credential_count < FC_DOCUMENT_SUBJECTS_MAX)
        r->credentials[r->credential_count++] = credential;
    for (size_t i = 0; i < item_count(subjects); i++) {
        const json_t *subject = item_at(subjects, i);
        if (json_is_object(subject))
            add_subject(r, subject, credential);
        else if (json_is_string(subject))
            add_reference(r, subject, credential);
    }
}

static void take_token(struct reading *r, struct fc_span token, unsigned wraps);

static void take_statement(struct reading *r, const json_t *value, unsigned wraps)
{
    const char *text = json_is_object(value) ? raw_id(value) : json_string_value(value);
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
    } else if (json_is_string(value)) {
        if (fc_jwt_split(fc_span_str(text), &jwt)) {
            r->jwt = true;
            take_token(r, fc_span_str(text), wraps + 1);
        }
    } else if (get(value, "verifiableCredential")) {
        const json_t *list = get(value, "verifiableCredential");
        if (!r->presentation)
            r->presentation = value;
        for (size_t i = 0; i < item_count(list) && r->err == FC_OK; i++)
            take_statement(r, item_at(list, i), wraps + 1);
    } else if (get(value, "credentialSubject")) {
        add_credential(r, value);
    }
}

/* Where JSON is at fault, in words for one line. */
static enum fc_err bad_json(struct reading *r, const json_error_t *error, const char *where)
{
    if (r->fault && r->err == FC_OK && !where) {
        r->fault->line = error->line > 0 ? (unsigned)error->line : 0;
        r->fault->column = error->column > 0 ? (unsigned)error->column : 0;
    }
    return fail(r, FC_E_JSON, "%s%s%s", where ? where : "", where ? ": " : "", error->text);
}

static json_t *load(struct reading *r, struct fc_span text, const char *where)
{
    json_error_t error;
    struct fc_json_size size = fc_json_measure(text);
    if (size.depth > DEPTH_MAX || size.values > VALUES_MAX) {
        fail(r, FC_E_BOUND, "JSON with %zu values nested %zu deep: at most %d and %d are read",
             size.values, size.depth, VALUES_MAX, DEPTH_MAX);
        return NULL;
    }
    json_t *tree = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, &error);
    if (!tree)
        bad_json(r, &error, where);
    else
        r->owned[r->owned_count++] = tree;
    return tree;
}

static json_t *load_part(struct reading *r, struct fc_span part, const char *where)
{
    struct fc_buf bytes = {0};
    json_t *tree = NULL;
    enum fc_err err = fc_base64url_decode(part, &bytes);
    if (err != FC_OK)
        fail(r, err == FC_E_NOMEM ? err : FC_E_JSON, "%s: not base64url", where);
    else
        tree = load(r, fc_buf_span(&bytes), where);
    fc_buf_finish(&bytes);
    if (tree && !json_is_object(tree)) {
        fail(r, FC_E_JSON, "%s: not an object", where);
        return NULL;
    }
    return tree;
}

static void set_missing(json_t *object, const char *name, const json_t *value)
{
    if (value && !get(object, name))
        json_object_set(object, name, (json_t *)(uintptr_t)value);
}

static void set_missing_time(json_t *object, const char *name, const json_t *seconds)
{
    char text[32];
    if (!json_is_integer(seconds) || get(object, name))
        return;
    fc_time_text(json_integer_value(seconds), text);
    if (text[0] != '\0')
        json_object_set_new(object, name, json_string(text));
}

/* Claims of the JWT that say what the credential leaves out (VC 1.1 section 6.3.1, RFC 7519). */
static void merge_claims(json_t *statement, const json_t *header, const json_t *payload)
{
    if (!raw_id(statement))
        set_missing(statement, "id", json_object_get(payload, "jti"));
    set_missing(statement, "issuer", json_object_get(payload, "iss"));
    set_missing(statement, "issuer", json_object_get(header, "iss"));
    if (!get(statement, "issuanceDate"))
        set_missing_time(statement, "validFrom", json_object_get(payload, "nbf"));
    if (!get(statement, "expirationDate"))
        set_missing_time(statement, "validUntil", json_object_get(payload, "exp"));
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
    json_t *header = load_part(r, jwt.header, "header of a JWT");
    json_t *payload = header ? load_part(r, jwt.payload, "payload of a JWT") : NULL;
    if (!payload)
        return;
    json_t *statement = json_object_get(payload, "vc");
    if (!json_is_object(statement))
        statement = json_object_get(payload, "vp");
    if (!json_is_object(statement))
        statement = payload;
    merge_claims(statement, header, payload);
    take_statement(r, statement, wraps);
}

/* Nodes of plain JSON-LD: those of a graph, and what a catalogue holds. */
static void take_node(struct reading *r, const json_t *node, unsigned depth)
{
    static const char *const held[] = {"dataset", "service", "catalog"};
    if (!json_is_object(node) || depth > VALUE_DEPTH_MAX || r->err != FC_OK)
        return;
    add_subject(r, node, NULL);
    for (size_t k = 0; k < sizeof held / sizeof held[0]; k++) {
        const json_t *list = get(node, held[k]);
        for (size_t i = 0; i < item_count(list); i++)
            if (kind_of(item_at(list, i))->dcat)
                take_node(r, item_at(list, i), depth + 1);
    }
}

static void take_list(struct reading *r, const json_t *list)
{
    for (size_t i = 0; i < item_count(list) && r->err == FC_OK; i++) {
        const json_t *item = item_at(list, i);
        if (get(item, "credentialSubject") || get(item, "verifiableCredential"))
            take_statement(r, item, 0);
        else
            take_node(r, item, 0);
    }
}

static bool is_did_document(const json_t *node)
{
    const char *id = raw_id(node);
    return id && strncmp(id, "did:", 4) == 0 &&
           (get(node, "verificationMethod") || get(node, "assertionMethod") ||
            context_names(node, "ns/did/"));
}

static void take_root(struct reading *r, const json_t *root)
{
    const char *token = get_text(root, "jwtCredential");
    const char *id = raw_id(root);
    if (token) {
        r->jwt = true;
        take_token(r, fc_span_str(token), 0);
    } else if (get(root, "selfDescriptionCredential")) {
        take_statement(r, get(root, "selfDescriptionCredential"), 0);
    } else if (json_is_array(get(root, "claims"))) {
        take_list(r, get(root, "claims"));
        take_list(r, get(root, "verifiableCredentials"));
    } else if (get(root, "credentialSubject") || get(root, "verifiableCredential") ||
               (id && fc_jwt_in_data_url(id).len > 0)) {
        take_statement(r, root, 0);
    } else if (json_object_get(root, "@graph")) {
        take_list(r, json_object_get(root, "@graph"));
    } else if (json_is_array(root)) {
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

static char *node_iri(struct reading *r, const struct subject *subject, const json_t *node)
{
    const char *id = raw_id(node);
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
    if (!key && r->err == FC_OK && json_is_object(r->root))
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
static const json_t *resolve(const struct reading *r, const json_t *value)
{
    const char *id = json_is_object(value) ? raw_id(value) : json_string_value(value);
    for (size_t i = 0; id && i < r->subject_count; i++) {
        const char *other = raw_id(r->subjects[i].node);
        if (other && strcmp(other, id) == 0)
            return r->subjects[i].node;
    }
    return value;
}

static const char *value_text(struct question *q, const json_t *value, unsigned depth);

static const char *language_map_text(struct question *q, const json_t *map, unsigned depth)
{
    const char *key, *found = NULL, *language = NULL;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)map, key, value)
    {
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

static const char *array_text(struct question *q, const json_t *array, unsigned depth)
{
    const char *found = NULL, *language = NULL;
    for (size_t i = 0; i < json_array_size(array) && i < ITEMS_MAX; i++) {
        q->language = NULL;
        const char *text = value_text(q, json_array_get(array, i), depth + 1);
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

static const char *object_text(struct question *q, const json_t *object, unsigned depth)
{
    static const char *const wraps[] = {"@value", "@list", "@set"};
    const char *text = NULL;
    for (size_t i = 0; i < sizeof wraps / sizeof wraps[0]; i++) {
        const json_t *value = json_object_get(object, wraps[i]);
        if (!value)
            continue;
        text = value_text(q, value, depth + 1);
        const char *language = json_string_value(json_object_get(object, "@language"));
        if (text && language)
            q->language = language;
        return text;
    }
    for (size_t i = 0; !text && q->rule->inside[i]; i++) {
        const json_t *value = get(object, q->rule->inside[i]);
        text = value ? value_text(q, value, depth + 1) : NULL;
    }
    if (!text && q->rule->iris)
        text = raw_id(object);
    return text ? text : language_map_text(q, object, depth);
}

static const char *value_text(struct question *q, const json_t *value, unsigned depth)
{
    if (!value || depth > VALUE_DEPTH_MAX)
        return NULL;
    if (json_is_object(value))
        return object_text(q, value, depth);
    if (json_is_array(value))
        return array_text(q, value, depth);
    const char *text = json_string_value(value);
    return text && text[0] != '\0' ? text : NULL;
}

/* The answer a node gives to a rule, itself or through what it points at. */
static const char *answer(struct question *q, const json_t *node, unsigned hops)
{
    const char *text = NULL;
    for (size_t i = 0; !text && q->rule->names[i]; i++)
        text = value_text(q, get(node, q->rule->names[i]), 0);
    for (size_t i = 0; !text && hops > 0 && q->rule->via[i]; i++) {
        const json_t *list = get(node, q->rule->via[i]);
        for (size_t k = 0; !text && k < item_count(list) && k < VIA_MAX; k++) {
            const json_t *other = resolve(q->r, item_at(list, k));
            if (json_is_object(other))
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
static void add_words(struct question *q, const json_t *value, char **words, uint32_t *count,
                      unsigned depth)
{
    const char *key, *text = NULL;
    json_t *item;
    if (!value || depth > VALUE_DEPTH_MAX || *count == FC_DOCUMENT_WORDS_MAX)
        return;
    if (json_is_array(value)) {
        for (size_t i = 0; i < json_array_size(value) && i < ITEMS_MAX; i++)
            add_words(q, json_array_get(value, i), words, count, depth + 1);
        return;
    }
    if (json_is_object(value) && !raw_id(value) && !json_object_get(value, "@value")) {
        json_object_foreach((json_t *)(uintptr_t)value, key, item)
        {
            if (fc_language_ok(key))
                add_words(q, item, words, count, depth + 1);
        }
    }
    text = json_is_object(value) && raw_id(value) ? value_text(q, resolve(q->r, value), 0)
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
        add_words(q, get(q->subject->node, q->rule->names[i]), words, count, 0);
}

/* Who provides: an IRI, a name, or both, where the document holds a node for it. */
static void ask_provider(struct question *q)
{
    struct fc_document *out = q->r->out;
    const struct fc_document_rule *rule = fc_document_rule(FC_FIELD_PROVIDER);
    const json_t *value = NULL;
    for (size_t i = 0; !value && rule->names[i]; i++)
        value = item_at(get(q->subject->node, rule->names[i]), 0);
    if (!value)
        return;
    const json_t *node = resolve(q->r, value);
    const char *text = json_is_object(node) ? raw_id(node) : json_string_value(node);
    out->provider = expand_short(q->r, q->subject, text);
    q->rule = fc_document_rule(FC_FIELD_NAME);
    if (json_is_object(value) && (text = answer(q, value, 0)))
        out->provider_name = copy_text(q->r, text, FIELD_BYTES_MAX);
    else if (json_is_object(node))
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
    const json_t *credential = q->subject->credential;
    const json_t *issuer = credential ? get(credential, "issuer") : NULL;
    const char *text = json_is_object(issuer) ? raw_id(issuer) : json_string_value(issuer);
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

static const char *proof_of(const json_t *node)
{
    const json_t *proof = node ? get(node, "proof") : NULL;
    proof = item_at(proof, 0);
    if (!json_is_object(proof))
        return NULL;
    return has_type(proof, "JsonWebSignature2020") ? "jws-2020" : "data-integrity";
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

/* JSON-LD shows itself by keywords; expanded JSON-LD has no context. */
static bool is_json_ld(const json_t *node)
{
    const char *key;
    json_t *value;
    node = item_at(node, 0);
    json_object_foreach((json_t *)(uintptr_t)node, key, value)
    {
        if (key[0] == '@')
            return true;
    }
    return false;
}

static const char *media_type_of(const struct reading *r, bool did)
{
    bool context = json_object_get(r->root, "@context") != NULL;
    if (r->bare_jwt)
        return r->presentation ? "application/vp+jwt" : "application/vc+jwt";
    if (did)
        return context ? "application/did+ld+json" : "application/did+json";
    if (context && (r->presentation == r->root || has_type(r->root, "VerifiablePresentation") ||
                    has_type(r->root, "EnvelopedVerifiablePresentation")))
        return "application/vp+ld+json";
    if (context &&
        (get(r->root, "credentialSubject") || has_type(r->root, "EnvelopedVerifiableCredential")))
        return "application/vc+ld+json";
    return is_json_ld(r->root) ? "application/ld+json" : "application/json";
}

static bool type_names(const json_t *node, const char *part)
{
    const json_t *types = json_object_get(node, "@type");
    for (size_t i = 0; i < item_count(types); i++) {
        const char *type = json_string_value(item_at(types, i));
        if (type && strstr(type, part))
            return true;
    }
    return false;
}

static const char *format_of(const struct reading *r, bool did)
{
    const json_t *credential = r->main ? r->main->credential : NULL;
    if (did)
        return "did";
    if (credential && (context_names(credential, "2018/credentials/v1") ||
                       (r->presentation && context_names(r->presentation, "2018/credentials/v1"))))
        return "tagus";
    if (credential)
        return "loire";
    if (r->main && (r->main->kind->dcat || context_names(r->root, "ns/dcat#") ||
                    context_names(r->root, "w3id.org/dspace")))
        return "dcat";
    if (r->main && (context_names(r->main->node, "trustframework#") ||
                    context_names(r->main->node, "registry.gaia-x.eu")))
        return "tagus";
    if (r->main && (context_names(r->main->node, "w3id.org/gaia-x") ||
                    type_names(r->main->node, "w3id.org/gaia-x")))
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
        json_decref(r.owned[--r.owned_count]);
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
