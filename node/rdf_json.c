/* JSON-LD 1.1 as catalogues write it: contexts that stand in the document (prefixes, terms, their
 * types, languages and containers), and the words of DCAT-AP's own context by its address. Other
 * contexts are not fetched, and what this does not know is a fault, never read over. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/dcat_terms.h"
#include "node/json.h"
#include "node/rdf_names.h"
#include "node/rdf_read.h"
#include "store/document_text.h"

enum {
    DEPTH_MAX = 64,
    DEFINITIONS_MAX = 4096, /* in a context and those it stands in */
    DEFINITION_BYTES_MAX = 4096,
    CONTEXTS_MAX = 16,
};

enum container { AS_SET, AS_LIST, AS_LANGUAGES };
struct definition {
    const char *term; /* borrowed from the JSON */
    size_t term_len;
    char *iri;  /* owned, in full; or a keyword; NULL: the term means nothing */
    char *type; /* owned: "@id", "@vocab", a datatype; NULL */
    const char *language;
    enum container container;
};
struct context {
    const struct context *outer;
    struct definition *definitions;
    size_t count, outer_count;
    char *vocab;
    const char *language;
    bool dcat; /* the words of node/dcat_terms.h */
};

struct reading {
    struct fc_rdf *rdf;
    struct fc_rdf_fault *fault;
    unsigned depth;
    uint32_t blanks;
};

static enum fc_err refuse(struct reading *r, const char *where, const char *what)
{
    fc_rdf_say(r->fault, 0, 0, "\"%.80s\": %s", where, what);
    return FC_E_FORMAT;
}

/* Contexts. */

static const struct definition *find(const struct context *context, const char *term, size_t len)
{
    for (const struct context *c = context; c; c = c->outer)
        for (size_t i = c->count; i-- > 0;)
            if (c->definitions[i].term_len == len && memcmp(c->definitions[i].term, term, len) == 0)
                return &c->definitions[i];
    return NULL;
}

static const char *vocab_of(const struct context *context)
{
    while (context && !context->vocab)
        context = context->outer;
    return context ? context->vocab : NULL;
}

static const char *language_of(const struct context *context)
{
    while (context && !context->language)
        context = context->outer;
    return context ? context->language : NULL;
}

static bool has_dcat(const struct context *context)
{
    while (context && !context->dcat)
        context = context->outer;
    return context != NULL;
}

/* In full, on the heap: a keyword, an IRI, a blank node ("_:x"); NULL in *out when the word means
 * nothing. `vocab`: a property, type or term, else the id of a node. */
static enum fc_err expand(const struct context *context, const char *text, bool vocab, char **out)
{
    const char *colon = strchr(text, ':');
    char name[FC_RDF_NAME_BYTES];
    const struct definition *d = vocab ? find(context, text, strlen(text)) : NULL;
    int made = 0;
    *out = NULL;
    if (text[0] == '@' && !d)
        made = asprintf(out, "%s", text);
    else if (d)
        made = d->iri ? asprintf(out, "%s", d->iri) : 0;
    else if (colon && strncmp(text, "_:", 2) == 0)
        made = asprintf(out, "%s", text);
    else if (colon && strncmp(colon, "://", 3) != 0 &&
             (d = find(context, text, (size_t)(colon - text))) && d->iri)
        made = asprintf(out, "%s%s", d->iri, colon + 1);
    else if (colon)
        made = asprintf(out, "%s", text);
    else if (vocab && has_dcat(context) && fc_dcat_term(text) &&
             fc_rdf_full_name(fc_dcat_term(text)->name, name, sizeof name))
        made = asprintf(out, "%s", name);
    else if (vocab && vocab_of(context))
        made = asprintf(out, "%s%s", vocab_of(context), text);
    if (made < 0)
        *out = NULL;
    return made < 0 ? FC_E_NOMEM : FC_OK;
}

static void free_context(struct context *context)
{
    for (size_t i = 0; i < context->count; i++) {
        free(context->definitions[i].iri);
        free(context->definitions[i].type);
    }
    free(context->definitions);
    free(context->vocab);
}

static enum fc_err read_container(struct reading *r, const char *term,
                                  const struct fc_json_value *value, struct definition *d)
{
    size_t count = fc_json_kind(value) == FC_JSON_ARRAY ? fc_json_count(value) : 1;
    for (size_t i = 0; i < count; i++) {
        const char *text =
            fc_json_as_text(fc_json_kind(value) == FC_JSON_ARRAY ? fc_json_at(value, i) : value);
        if (text && strcmp(text, "@list") == 0)
            d->container = AS_LIST;
        else if (text && strcmp(text, "@language") == 0)
            d->container = AS_LANGUAGES;
        else if (!text || strcmp(text, "@set") != 0)
            return refuse(r, term, "a @container other than @set, @list and @language");
    }
    return FC_OK;
}

static enum fc_err define_object(struct reading *r, struct context *context, const char *term,
                                 const struct fc_json_value *object, struct definition *d)
{
    const struct fc_json_value *value;
    const char *key, *id = term;
    void *cursor = NULL;
    enum fc_err err = FC_OK;
    while (err == FC_OK && (key = fc_json_next(object, &cursor, &value))) {
        const char *text = fc_json_as_text(value);
        if (strcmp(key, "@id") == 0 && text)
            id = text;
        else if (strcmp(key, "@type") == 0 && text)
            err = expand(context, text, true, &d->type);
        else if (strcmp(key, "@language") == 0 && text)
            d->language = text;
        else if (strcmp(key, "@language") == 0 && fc_json_kind(value) == FC_JSON_NULL)
            d->language = "";
        else if (strcmp(key, "@container") == 0)
            err = read_container(r, term, value, d);
        else if (strcmp(key, "@prefix") != 0 && strcmp(key, "@protected") != 0)
            err = refuse(r, term, "its definition has a part that is not read here");
    }
    return err == FC_OK ? expand(context, id, true, &d->iri) : err;
}

static enum fc_err define(struct reading *r, struct context *context, const char *term,
                          const struct fc_json_value *value)
{
    const char *text = fc_json_as_text(value);
    if (context->outer_count + context->count >= DEFINITIONS_MAX)
        return refuse(r, term, "more than 4,096 terms in a context");
    struct definition *grown =
        realloc(context->definitions, (context->count + 1) * sizeof *context->definitions);
    if (!grown)
        return FC_E_NOMEM;
    context->definitions = grown;
    struct definition d = {.term = term, .term_len = strlen(term)};
    enum fc_err err = FC_OK;
    if (text)
        err = expand(context, text, true, &d.iri);
    else if (fc_json_kind(value) == FC_JSON_OBJECT)
        err = define_object(r, context, term, value, &d);
    else if (fc_json_kind(value) != FC_JSON_NULL)
        err = refuse(r, term, "is no definition of a term");
    if (d.iri && strlen(d.iri) > DEFINITION_BYTES_MAX)
        err = refuse(r, term, "stands for more than 4,096 bytes");
    context->definitions[context->count++] = d;
    return err;
}

static bool is_dcat_context(const char *address)
{
    return strstr(address, "semiceu.github.io") && strstr(address, "DCAT-AP/releases/3");
}

/* Prefixes first: the order of members means nothing in JSON. */
static bool is_prefix(const char *key, const struct fc_json_value *value)
{
    const char *text = fc_json_as_text(value);
    return key[0] != '@' && text && strstr(text, "://");
}

static enum fc_err read_context_object(struct reading *r, struct context *context,
                                       const struct fc_json_value *object)
{
    const struct fc_json_value *value;
    const char *key;
    enum fc_err err = FC_OK;
    const char *vocab = fc_json_get_text(object, "@vocab");
    for (int pass = 0; pass < 2 && err == FC_OK; pass++) {
        void *cursor = NULL;
        while (err == FC_OK && (key = fc_json_next(object, &cursor, &value))) {
            if (key[0] != '@' && is_prefix(key, value) == (pass == 0))
                err = define(r, context, key, value);
            else if (pass == 1 && key[0] == '@' && strcmp(key, "@vocab") != 0 &&
                     strcmp(key, "@language") != 0 && strcmp(key, "@version") != 0 &&
                     strcmp(key, "@protected") != 0)
                err = refuse(r, key, "not read in a context here: write IRIs in full");
        }
        if (pass == 0 && vocab && err == FC_OK) {
            free(context->vocab);
            err = expand(context, vocab, true, &context->vocab);
        }
    }
    if (fc_json_get_text(object, "@language"))
        context->language = fc_json_get_text(object, "@language");
    return err;
}

static enum fc_err read_context(struct reading *r, struct context *context,
                                const struct fc_json_value *value)
{
    bool list = fc_json_kind(value) == FC_JSON_ARRAY;
    size_t count = list ? fc_json_count(value) : 1;
    enum fc_err err =
        count > CONTEXTS_MAX ? refuse(r, "@context", "more than 16 in a list") : FC_OK;
    for (size_t i = 0; i < count && err == FC_OK; i++) {
        const struct fc_json_value *one = list ? fc_json_at(value, i) : value;
        const char *address = fc_json_as_text(one);
        if (address && is_dcat_context(address))
            context->dcat = true;
        else if (address)
            err = refuse(r, address,
                         "this context is not known here and none is fetched: expand the file "
                         "first, or write Turtle");
        else if (fc_json_kind(one) == FC_JSON_OBJECT)
            err = read_context_object(r, context, one);
        else
            err = refuse(r, "@context", "neither an object nor an address");
    }
    return err;
}

/* Values. */

struct place { /* where a value stands: the statement it completes */
    fc_rdf_id subject;
    const char *predicate; /* in full */
    const struct definition *definition;
    const struct fc_dcat_term *dcat;
    bool reverse;
};

static enum fc_err say(struct reading *r, const struct place *place, fc_rdf_id object)
{
    struct fc_rdf_term predicate = fc_rdf_iri(place->predicate);
    fc_rdf_id p;
    enum fc_err err = fc_rdf_intern(r->rdf, &predicate, &p);
    if (err == FC_OK)
        err = place->reverse ? fc_rdf_add_ids(r->rdf, object, p, place->subject)
                             : fc_rdf_add_ids(r->rdf, place->subject, p, object);
    if (err == FC_E_BOUND)
        fc_rdf_say_bound(r->fault, 0);
    return err == FC_E_FORMAT ? refuse(r, place->predicate, "is no IRI of a property") : err;
}

static enum fc_err say_term(struct reading *r, const struct place *place,
                            const struct fc_rdf_term *term)
{
    fc_rdf_id object;
    enum fc_err err = fc_rdf_intern(r->rdf, term, &object);
    if (err == FC_E_FORMAT)
        return refuse(r, place->predicate, "has a value that is no IRI, type or language");
    return err == FC_OK ? say(r, place, object) : err;
}

/* A node by its id; blank ones of the document and ours are kept apart by a letter. */
static enum fc_err node_id(struct reading *r, const struct context *context, const char *id,
                           bool vocab, fc_rdf_id *out)
{
    char *iri = NULL, label[32];
    struct fc_rdf_term term;
    enum fc_err err = FC_OK;
    if (!id) {
        snprintf(label, sizeof label, "n%u", r->blanks++);
        term = fc_rdf_blank(label);
    } else {
        err = expand(context, id, vocab, &iri);
        if (err != FC_OK || !iri)
            return err != FC_OK ? err : refuse(r, id, "no absolute IRI");
        if (strncmp(iri, "_:", 2) == 0) {
            iri[0] = 'd'; /* "d:x": no label of ours has a colon */
            term = fc_rdf_blank(iri);
        } else {
            term = fc_rdf_iri(iri);
        }
    }
    err = fc_rdf_intern(r->rdf, &term, out);
    free(iri);
    return err == FC_E_FORMAT ? refuse(r, id ? id : "_:", "no absolute IRI") : err;
}

static enum fc_err read_node(struct reading *r, const struct context *outer,
                             const struct fc_json_value *object, const struct place *place);
static enum fc_err read_value(struct reading *r, const struct context *context,
                              const struct fc_json_value *value, const struct place *place);

/* Canonical lexical forms (JSON-LD 1.1 API section 8.6). */
static const char *number_text(const struct fc_json_value *value, bool as_double, char out[64])
{
    double real = fc_json_as_real(value);
    if (fc_json_kind(value) == FC_JSON_INT && !as_double) {
        snprintf(out, 64, "%lld", (long long)fc_json_as_int(value));
        return "integer";
    }
    if (!as_double && real == floor(real) && fabs(real) < 1e21) {
        snprintf(out, 64, "%.0f", real);
        return "integer";
    }
    char digits[64];
    snprintf(digits, sizeof digits, "%.15E", real);
    char *mark = strchr(digits, 'E');
    int exponent = mark ? atoi(mark + 1) : 0;
    char *end = mark ? mark : digits + strlen(digits);
    while (end > digits + 1 && end[-1] == '0' && end[-2] != '.')
        end--;
    snprintf(out, 64, "%.*sE%d", (int)(end - digits), digits, exponent);
    return "double";
}

static enum fc_err scalar(struct reading *r, const struct context *context,
                          const struct fc_json_value *value, const char *type, const char *language,
                          const struct place *place)
{
    char number[64], datatype[FC_RDF_NAME_BYTES];
    const char *native = NULL;
    struct fc_rdf_term term = {.kind = FC_RDF_LITERAL};
    bool as_double = type && strcmp(type, FC_XSD "double") == 0;
    (void)context;
    switch (fc_json_kind(value)) {
    case FC_JSON_TEXT:
        term.text = fc_span_str(fc_json_as_text(value));
        if (language && language[0])
            term.language = fc_span_str(language);
        break;
    case FC_JSON_BOOL:
        term.text = fc_span_str(fc_json_as_bool(value) ? "true" : "false");
        native = "boolean";
        break;
    case FC_JSON_INT:
    case FC_JSON_REAL:
        native = number_text(value, as_double, number);
        term.text = fc_span_str(number);
        break;
    case FC_JSON_NONE:
    case FC_JSON_NULL:
        return FC_OK;
    case FC_JSON_ARRAY:
    case FC_JSON_OBJECT:
        return refuse(r, place->predicate, "an object where a value must stand");
    }
    if (type) {
        term.datatype = fc_span_str(type);
    } else if (native) {
        snprintf(datatype, sizeof datatype, FC_XSD "%s", native);
        term.datatype = fc_span_str(datatype);
    }
    return say_term(r, place, &term);
}

/* A value as its term has it read. */
static enum fc_err coerced(struct reading *r, const struct context *context,
                           const struct fc_json_value *value, const struct place *place)
{
    char name[FC_RDF_NAME_BYTES];
    const char *type = place->definition ? place->definition->type : NULL;
    const char *language = place->definition && place->definition->language
                               ? place->definition->language
                               : language_of(context);
    if (!place->definition && place->dcat && place->dcat->type)
        type = place->dcat->type[0] == '@' ? place->dcat->type
                                           : fc_rdf_full_name(place->dcat->type, name, sizeof name);
    bool is_id = type && strcmp(type, "@id") == 0, is_vocab = type && strcmp(type, "@vocab") == 0;
    if ((is_id || is_vocab) && fc_json_kind(value) == FC_JSON_TEXT) {
        fc_rdf_id object;
        enum fc_err err = node_id(r, context, fc_json_as_text(value), is_vocab, &object);
        return err == FC_OK ? say(r, place, object) : err;
    }
    if (type && type[0] == '@' && !is_id && !is_vocab && strcmp(type, "@none") != 0)
        return refuse(r, place->predicate, "a @type of values that is not read here");
    return scalar(r, context, value, type && type[0] != '@' ? type : NULL,
                  type && type[0] != '@' ? NULL : language, place);
}

static enum fc_err value_object(struct reading *r, const struct context *context,
                                const struct fc_json_value *object, const struct place *place)
{
    const char *type_name = fc_json_get_text(object, "@type");
    const char *language = fc_json_get_text(object, "@language");
    char *type = NULL;
    enum fc_err err = type_name ? expand(context, type_name, true, &type) : FC_OK;
    if (err == FC_OK && type && type[0] == '@')
        err = refuse(r, place->predicate, "a @type of values that is not read here");
    if (err == FC_OK)
        err = scalar(r, context, fc_json_get(object, "@value"), type, language, place);
    free(type);
    return err;
}

static enum fc_err language_map(struct reading *r, const struct fc_json_value *map,
                                const struct place *place)
{
    const struct fc_json_value *value;
    const char *language;
    void *cursor = NULL;
    enum fc_err err = FC_OK;
    while (err == FC_OK && (language = fc_json_next(map, &cursor, &value))) {
        bool list = fc_json_kind(value) == FC_JSON_ARRAY;
        size_t count = list ? fc_json_count(value) : 1;
        const char *tag = strcmp(language, "@none") == 0 ? NULL : language;
        for (size_t i = 0; i < count && err == FC_OK; i++)
            err = scalar(r, NULL, list ? fc_json_at(value, i) : value, NULL, tag, place);
    }
    return err;
}

static bool is_language_map(const struct fc_json_value *object)
{
    const struct fc_json_value *value;
    const char *key;
    void *cursor = NULL;
    bool any = false;
    while ((key = fc_json_next(object, &cursor, &value))) {
        enum fc_json_kind kind = fc_json_kind(value);
        if (!fc_language_ok(key) || (kind != FC_JSON_TEXT && kind != FC_JSON_ARRAY))
            return false;
        any = true;
    }
    return any;
}

static enum fc_err read_list(struct reading *r, const struct context *context,
                             const struct fc_json_value *items, const struct place *place)
{
    bool array = fc_json_kind(items) == FC_JSON_ARRAY;
    size_t count = array ? fc_json_count(items) : fc_json_kind(items) != FC_JSON_NONE;
    struct place link = *place;
    enum fc_err err = FC_OK;
    for (size_t i = 0; i < count && err == FC_OK; i++) {
        fc_rdf_id cell;
        err = node_id(r, context, NULL, false, &cell);
        if (err == FC_OK)
            err = say(r, &link, cell);
        link = (struct place){.subject = cell, .predicate = FC_RDF_NS "rest"};
        struct place first = {cell, FC_RDF_NS "first", place->definition, place->dcat, false};
        if (err == FC_OK)
            err = read_value(r, context, array ? fc_json_at(items, i) : items, &first);
    }
    struct fc_rdf_term nil = fc_rdf_iri(FC_RDF_NS "nil");
    return err == FC_OK ? say_term(r, &link, &nil) : err;
}

static enum fc_err read_array(struct reading *r, const struct context *context,
                              const struct fc_json_value *array, const struct place *place)
{
    enum fc_err err = FC_OK;
    for (size_t i = 0; i < fc_json_count(array) && err == FC_OK; i++)
        err = read_value(r, context, fc_json_at(array, i), place);
    return err;
}

static enum fc_err read_object(struct reading *r, const struct context *context,
                               const struct fc_json_value *object, const struct place *place)
{
    bool plain = place->dcat && !place->definition && !place->dcat->type;
    if (fc_json_get(object, "@value"))
        return value_object(r, context, object, place);
    if (fc_json_get(object, "@list"))
        return read_list(r, context, fc_json_get(object, "@list"), place);
    if (fc_json_get(object, "@set"))
        return read_value(r, context, fc_json_get(object, "@set"), place);
    if ((place->definition && place->definition->container == AS_LANGUAGES) ||
        (plain && is_language_map(object)))
        return language_map(r, object, place);
    return read_node(r, context, object, place);
}

static enum fc_err read_value(struct reading *r, const struct context *context,
                              const struct fc_json_value *value, const struct place *place)
{
    enum fc_err err;
    if (++r->depth > DEPTH_MAX)
        return refuse(r, place->predicate, "nested too deeply");
    if (fc_json_kind(value) == FC_JSON_ARRAY)
        err = read_array(r, context, value, place);
    else if (fc_json_kind(value) == FC_JSON_OBJECT)
        err = read_object(r, context, value, place);
    else
        err = coerced(r, context, value, place);
    r->depth--;
    return err;
}

/* Nodes. */

static enum fc_err read_types(struct reading *r, const struct context *context, fc_rdf_id node,
                              const struct fc_json_value *value)
{
    bool list = fc_json_kind(value) == FC_JSON_ARRAY;
    size_t count = list ? fc_json_count(value) : 1;
    struct place place = {.subject = node, .predicate = FC_RDF_TYPE};
    enum fc_err err = FC_OK;
    for (size_t i = 0; i < count && err == FC_OK; i++) {
        const char *text = fc_json_as_text(list ? fc_json_at(value, i) : value);
        char *iri = NULL;
        if (!text)
            return refuse(r, "@type", "not a text");
        err = expand(context, text, true, &iri);
        if (err == FC_OK && iri) {
            struct fc_rdf_term type = fc_rdf_iri(iri);
            err = say_term(r, &place, &type);
        }
        free(iri);
    }
    return err;
}

static enum fc_err read_reverse(struct reading *r, const struct context *context, fc_rdf_id node,
                                const struct fc_json_value *object)
{
    const struct fc_json_value *value;
    const char *key;
    void *cursor = NULL;
    enum fc_err err = FC_OK;
    while (err == FC_OK && (key = fc_json_next(object, &cursor, &value))) {
        char *predicate = NULL;
        err = expand(context, key, true, &predicate);
        struct place place = {node, predicate, find(context, key, strlen(key)), NULL, true};
        if (err == FC_OK && predicate)
            err = read_value(r, context, value, &place);
        free(predicate);
    }
    return err;
}

static enum fc_err read_nodes(struct reading *r, const struct context *context,
                              const struct fc_json_value *value)
{
    bool list = fc_json_kind(value) == FC_JSON_ARRAY;
    size_t count = list ? fc_json_count(value) : 1;
    enum fc_err err = FC_OK;
    for (size_t i = 0; i < count && err == FC_OK; i++) {
        const struct fc_json_value *one = list ? fc_json_at(value, i) : value;
        err = fc_json_kind(one) == FC_JSON_OBJECT ? read_node(r, context, one, NULL)
                                                  : refuse(r, "@graph", "holds what is no object");
    }
    return err;
}

static enum fc_err read_keyword(struct reading *r, const struct context *context, fc_rdf_id node,
                                const char *keyword, const struct fc_json_value *value, bool named)
{
    if (strcmp(keyword, "@id") == 0 || strcmp(keyword, "@context") == 0 ||
        strcmp(keyword, "@index") == 0)
        return FC_OK;
    if (strcmp(keyword, "@type") == 0)
        return read_types(r, context, node, value);
    if (strcmp(keyword, "@reverse") == 0)
        return read_reverse(r, context, node, value);
    if (strcmp(keyword, "@included") == 0)
        return read_nodes(r, context, value);
    if (strcmp(keyword, "@graph") == 0)
        return named ? refuse(r, "@graph", "a named graph; catalogues have none")
                     : read_nodes(r, context, value);
    return refuse(r, keyword, "not read here");
}

static enum fc_err read_member(struct reading *r, const struct context *context, fc_rdf_id node,
                               const char *key, const struct fc_json_value *value, bool named)
{
    char *predicate = NULL;
    enum fc_err err = expand(context, key, true, &predicate);
    if (err == FC_OK && predicate && predicate[0] == '@') {
        err = read_keyword(r, context, node, predicate, value, named);
    } else if (err == FC_OK && predicate) {
        const struct definition *d = find(context, key, strlen(key));
        struct place place = {node, predicate, d,
                              !d && has_dcat(context) ? fc_dcat_term(key) : NULL, false};
        err = d && d->container == AS_LIST ? read_list(r, context, value, &place)
                                           : read_value(r, context, value, &place);
    } else if (err == FC_OK) {
        err = refuse(r, key, "no term of the context, and no IRI");
    }
    free(predicate);
    return err;
}

/* The member that is "@id", or a term that stands for it. */
static const char *id_of(const struct context *context, const struct fc_json_value *object)
{
    const struct fc_json_value *value;
    const char *key;
    void *cursor = NULL;
    while ((key = fc_json_next(object, &cursor, &value))) {
        const struct definition *d = find(context, key, strlen(key));
        if (strcmp(key, "@id") == 0 || (d && d->iri && strcmp(d->iri, "@id") == 0))
            return fc_json_as_text(value);
    }
    return NULL;
}

static enum fc_err read_members(struct reading *r, const struct context *context,
                                const struct fc_json_value *object, const struct place *place)
{
    const struct fc_json_value *value;
    const char *key, *id = id_of(context, object);
    void *cursor = NULL;
    fc_rdf_id node;
    enum fc_err err = node_id(r, context, id, false, &node);
    if (err == FC_OK && place)
        err = say(r, place, node);
    while (err == FC_OK && (key = fc_json_next(object, &cursor, &value)))
        err = read_member(r, context, node, key, value, id != NULL || place != NULL);
    return err;
}

static enum fc_err read_node(struct reading *r, const struct context *outer,
                             const struct fc_json_value *object, const struct place *place)
{
    const struct fc_json_value *given = fc_json_get(object, "@context");
    struct context context = {.outer = outer,
                              .outer_count = outer ? outer->outer_count + outer->count : 0};
    if (++r->depth > DEPTH_MAX)
        return refuse(r, "@graph", "nested too deeply");
    enum fc_err err = given ? read_context(r, &context, given) : FC_OK;
    if (err == FC_OK)
        err = read_members(r, given ? &context : outer, object, place);
    free_context(&context);
    r->depth--;
    return err;
}

enum fc_err fc_rdf_read_json(struct fc_rdf *rdf, struct fc_span bytes, struct fc_rdf_fault *fault)
{
    struct reading r = {.rdf = rdf, .fault = fault};
    struct fc_json_value *root = NULL;
    struct fc_json_fault json = {0};
    enum fc_err err = fc_json_parse(bytes, &root, &json);
    if (err != FC_OK) {
        fc_rdf_say(fault, json.line, json.column, "%s", json.text);
        return err == FC_E_NOMEM ? err : FC_E_FORMAT;
    }
    if (fc_json_kind(root) != FC_JSON_OBJECT && fc_json_kind(root) != FC_JSON_ARRAY)
        err = refuse(&r, "JSON-LD", "neither an object nor an array");
    else
        err = read_nodes(&r, NULL, root);
    if (err == FC_E_BOUND)
        fc_rdf_say_bound(fault, 0);
    if (err == FC_E_FORMAT)
        fc_rdf_say(fault, 0, 0, "a value that is too large or no text");
    fc_json_free(root);
    return err;
}
