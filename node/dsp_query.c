#include "node/dsp_query.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "store/document_text.h"

struct reading {
    struct fc_dsp_query *out;
    char *fault;
    size_t fault_bytes;
};

static enum fc_err refuse(struct reading *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static enum fc_err refuse(struct reading *r, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(r->fault, r->fault_bytes, format, args);
    va_end(args);
    return FC_E_FORMAT;
}

/* -- words ------------------------------------------------------------------------------------- */

static const char edc[] = "https://w3id.org/edc/v0.0.1/ns/";
static const struct {
    const char *prefix, *iri;
} prefixes[] = {
    {"edc", edc},
    {"dct", "http://purl.org/dc/terms/"},
    {"dcterms", "http://purl.org/dc/terms/"},
    {"dcat", "http://www.w3.org/ns/dcat#"},
    {"dspace", "https://w3id.org/dspace/2025/1/"},
};

/* Under a full name: which vocabulary, and the word in it. */
static const struct {
    const char *iri, *word;
    enum fc_dsp_field field;
} fields[] = {
    {"", "@id", FC_DSP_ID},
    {edc, "id", FC_DSP_ID},
    {"http://purl.org/dc/terms/", "identifier", FC_DSP_ID},
    {edc, "name", FC_DSP_NAME},
    {"http://purl.org/dc/terms/", "title", FC_DSP_NAME},
    {edc, "description", FC_DSP_DESCRIPTION},
    {"http://purl.org/dc/terms/", "description", FC_DSP_DESCRIPTION},
    {edc, "keyword", FC_DSP_KEYWORD},
    {"http://www.w3.org/ns/dcat#", "keyword", FC_DSP_KEYWORD},
    {edc, "theme", FC_DSP_THEME},
    {"http://www.w3.org/ns/dcat#", "theme", FC_DSP_THEME},
    {edc, "provider", FC_DSP_PROVIDER},
    {"http://purl.org/dc/terms/", "publisher", FC_DSP_PROVIDER},
    {edc, "participantId", FC_DSP_PARTICIPANT},
    {"https://w3id.org/dspace/2025/1/", "participantId", FC_DSP_PARTICIPANT},
    {edc, "kind", FC_DSP_KIND},
    {"http://purl.org/dc/terms/", "type", FC_DSP_KIND},
    {edc, "contenttype", FC_DSP_CONTENT_TYPE},
    {"http://www.w3.org/ns/dcat#", "mediaType", FC_DSP_CONTENT_TYPE},
    {edc, "country", FC_DSP_COUNTRY},
    {edc, "license", FC_DSP_LICENSE},
    {"http://purl.org/dc/terms/", "license", FC_DSP_LICENSE},
    {edc, "language", FC_DSP_LANGUAGE},
    {"http://purl.org/dc/terms/", "language", FC_DSP_LANGUAGE},
    {edc, "endpointURL", FC_DSP_ENDPOINT},
    {"http://www.w3.org/ns/dcat#", "endpointURL", FC_DSP_ENDPOINT},
    {edc, "issuer", FC_DSP_ISSUER},
    {edc, "validUntil", FC_DSP_VALID_UNTIL},
};
static const struct {
    const char *text;
    enum fc_dsp_operator op;
} operators[] = {
    {"=", FC_DSP_EQUAL},
    {"!=", FC_DSP_NOT_EQUAL},
    {"in", FC_DSP_IN},
    {"not in", FC_DSP_NOT_IN},
    {"like", FC_DSP_LIKE},
    {"ilike", FC_DSP_ILIKE},
    {"<", FC_DSP_LESS},
    {"<=", FC_DSP_LESS_OR_EQUAL},
    {">", FC_DSP_GREATER},
    {"contains", FC_DSP_CONTAINS},
    {">=", FC_DSP_GREATER_OR_EQUAL},
};

/* A word, a prefixed name or an IRI, perhaps in quotes as EDC writes names with dots in them.
 * False when no such operand is known. */
static bool find_field(const char *text, enum fc_dsp_field *field)
{
    char name[256];
    size_t len = strlen(text);
    bool quoted = len >= 2 && text[0] == '\'' && text[len - 1] == '\'';
    int put = snprintf(name, sizeof name, "%.*s", (int)(quoted ? len - 2 : len), text + quoted);
    if (put < 0 || (size_t)put >= sizeof name) {
        return false;
    }
    const char *colon = strchr(name, ':');
    const char *base = colon ? "" : edc, *word = name;
    for (size_t i = 0; colon && i < sizeof prefixes / sizeof prefixes[0]; i++) {
        size_t prefix = strlen(prefixes[i].prefix), iri = strlen(prefixes[i].iri);
        if (strncmp(name, prefixes[i].iri, iri) == 0) {
            base = prefixes[i].iri;
            word = name + iri;
        } else if ((size_t)(colon - name) == prefix &&
                   strncmp(name, prefixes[i].prefix, prefix) == 0) {
            base = prefixes[i].iri;
            word = colon + 1;
        }
    }
    base = name[0] == '@' ? "" : base;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (strcmp(fields[i].word, word) == 0 && strcmp(fields[i].iri, base) == 0) {
            *field = fields[i].field;
            return true;
        }
    }
    return false;
}

/* -- reading ----------------------------------------------------------------------------------- */

/* A value, out of the lists and value objects of expanded JSON-LD. */
static const struct fc_json_value *plain(const struct fc_json_value *value)
{
    while (fc_json_kind(value) == FC_JSON_ARRAY && fc_json_count(value) == 1) {
        value = fc_json_at(value, 0);
    }
    const struct fc_json_value *inner = fc_json_get(value, "@value");
    return inner ? inner : value;
}

static const char *keep(struct fc_dsp_query *query, const char *text)
{
    if (query->owned_count == query->owned_cap) {
        size_t cap = query->owned_cap ? 2 * query->owned_cap : 8;
        char **grown = realloc(query->owned, cap * sizeof *grown);
        if (!grown) {
            return NULL;
        }
        query->owned = grown;
        query->owned_cap = cap;
    }
    char *copy = strdup(text);
    if (copy) {
        query->owned[query->owned_count++] = copy;
    }
    return copy;
}

static enum fc_err add_right(struct reading *r, struct fc_dsp_criterion *criterion,
                             const struct fc_json_value *value)
{
    struct fc_buf text = {0};
    value = plain(value);
    enum fc_json_kind kind = fc_json_kind(value);
    if (kind == FC_JSON_NONE || kind == FC_JSON_NULL || kind == FC_JSON_ARRAY ||
        kind == FC_JSON_OBJECT) {
        return refuse(r, "operandRight takes texts, numbers and truth values");
    }
    if (criterion->right_count == FC_DSP_RIGHT_MAX) {
        return refuse(r, "operandRight takes at most %d values", FC_DSP_RIGHT_MAX);
    }
    enum fc_err err = FC_OK;
    const char *kept = fc_json_as_text(value);
    if (!kept) {
        err = fc_json_dump(value, &text);
        fc_buf_append(&text, "", 1);
        err = err == FC_OK ? fc_buf_check(&text) : err;
        kept = (const char *)text.data;
    }
    kept = err == FC_OK ? keep(r->out, kept) : NULL;
    fc_buf_finish(&text);
    criterion->rights[criterion->right_count] = kept;
    criterion->right_count += kept != NULL;
    return kept ? FC_OK : FC_E_NOMEM;
}

static enum fc_err read_right(struct reading *r, struct fc_dsp_criterion *criterion,
                              const struct fc_json_value *right)
{
    const struct fc_json_value *list = fc_json_get(right, "@list");
    bool many = criterion->op == FC_DSP_IN || criterion->op == FC_DSP_NOT_IN;
    right = list ? list : right;
    if (!right) {
        return refuse(r, "a criterion has operandLeft, operator and operandRight");
    }
    if (!many) {
        enum fc_err err = add_right(r, criterion, right);
        bool pattern = criterion->op == FC_DSP_LIKE || criterion->op == FC_DSP_ILIKE;
        if (err == FC_OK && pattern && strlen(criterion->rights[0]) > FC_DSP_PATTERN_BYTES_MAX) {
            err = refuse(r, "a pattern has at most %d bytes", FC_DSP_PATTERN_BYTES_MAX);
        }
        return err;
    }
    if (fc_json_kind(right) != FC_JSON_ARRAY) {
        return refuse(r, "operandRight of \"in\" and \"not in\" is a list");
    }
    enum fc_err err = FC_OK;
    for (size_t i = 0; err == FC_OK && i < fc_json_count(right); i++) {
        err = add_right(r, criterion, fc_json_at(right, i));
    }
    return err;
}

static enum fc_err check_members(struct reading *r, const struct fc_json_value *object,
                                 const char *const *known, const char *what)
{
    const struct fc_json_value *value;
    void *cursor = NULL;
    if (fc_json_kind(object) != FC_JSON_OBJECT) {
        return refuse(r, "%s is an object", what);
    }
    for (const char *key; (key = fc_json_next(object, &cursor, &value));) {
        const char *local = key[0] == '@' ? key : fc_iri_local(key);
        bool found = false;
        for (size_t i = 0; known[i] && !found; i++) {
            found = strcmp(known[i], local) == 0;
        }
        if (!found) {
            return refuse(r, "%s has no \"%.80s\" here", what, key);
        }
    }
    return FC_OK;
}

static enum fc_err check_type(struct reading *r, const struct fc_json_value *object,
                              const char *type)
{
    if (fc_json_get(object, "@type") && !fc_statement_is(object, type)) {
        return refuse(r, "@type is %s here", type);
    }
    return FC_OK;
}

static enum fc_err read_criterion(struct reading *r, const struct fc_json_value *object)
{
    static const char *const known[] = {"@type", "operandLeft", "operator", "operandRight", NULL};
    struct fc_dsp_query *query = r->out;
    enum fc_err err = check_members(r, object, known, "a Criterion");
    if (err == FC_OK) {
        err = check_type(r, object, "Criterion");
    }
    if (err != FC_OK) {
        return err;
    }
    if (query->count == FC_DSP_CRITERIA_MAX) {
        return refuse(r, "filterExpression takes at most %d criteria", FC_DSP_CRITERIA_MAX);
    }
    struct fc_dsp_criterion *criterion = &query->criteria[query->count++];
    *criterion = (struct fc_dsp_criterion){.op = FC_DSP_EQUAL};
    const char *left = fc_json_as_text(plain(fc_statement_get(object, "operandLeft")));
    const char *text = fc_json_as_text(plain(fc_statement_get(object, "operator")));
    if (!left || !text) {
        return refuse(r, "a criterion has operandLeft, operator and operandRight");
    }
    if (!find_field(left, &criterion->field)) {
        return refuse(r, "operandLeft \"%.80s\" is not known here", left);
    }
    bool found = false;
    for (size_t i = 0; !found && i < sizeof operators / sizeof operators[0]; i++) {
        found = strcasecmp(operators[i].text, text) == 0;
        criterion->op = operators[i].op;
    }
    if (!found) {
        return refuse(r, "operator \"%.40s\" is not known here", text);
    }
    return read_right(r, criterion, fc_statement_get(object, "operandRight"));
}

static enum fc_err read_number(struct reading *r, const struct fc_json_value *spec,
                               const char *name, uint64_t min, uint64_t max, uint64_t *out)
{
    const struct fc_json_value *value = plain(fc_statement_get(spec, name));
    enum fc_json_kind kind = fc_json_kind(value);
    if (kind == FC_JSON_NONE || kind == FC_JSON_NULL) {
        return FC_OK;
    }
    int64_t number = kind == FC_JSON_INT ? fc_json_as_int(value) : -1;
    if (number < 0 || (uint64_t)number < min || (uint64_t)number > max) {
        return refuse(r, "%s is a whole number from %llu to %llu", name, (unsigned long long)min,
                      (unsigned long long)max);
    }
    *out = (uint64_t)number;
    return FC_OK;
}

/* The order is the node's own (participant, then entry): it has no other to give. */
static enum fc_err read_order(struct reading *r, const struct fc_json_value *spec)
{
    const struct fc_json_value *by = plain(fc_statement_get(spec, "sortField"));
    const struct fc_json_value *order = plain(fc_statement_get(spec, "sortOrder"));
    const char *text = fc_json_as_text(order);
    if (fc_json_kind(by) != FC_JSON_NONE && fc_json_kind(by) != FC_JSON_NULL) {
        return refuse(r, "sortField is not possible here");
    }
    if (order && fc_json_kind(order) != FC_JSON_NULL &&
        (!text || (strcmp(text, "ASC") != 0 && strcmp(text, "DESC") != 0))) {
        return refuse(r, "sortOrder is ASC or DESC");
    }
    return FC_OK;
}

static enum fc_err read_spec(struct reading *r, const struct fc_json_value *spec)
{
    static const char *const known[] = {"@context",  "@type",     "offset",           "limit",
                                        "sortField", "sortOrder", "filterExpression", NULL};
    enum fc_err err = check_members(r, spec, known, "a QuerySpec");
    if (err == FC_OK) {
        err = check_type(r, spec, "QuerySpec");
    }
    if (err == FC_OK) {
        err = read_number(r, spec, "offset", 0, FC_DSP_OFFSET_MAX, &r->out->offset);
    }
    if (err == FC_OK) {
        err = read_number(r, spec, "limit", 1, INT32_MAX, &r->out->limit);
    }
    if (err == FC_OK) {
        err = read_order(r, spec);
    }
    const struct fc_json_value *list = fc_statement_get(spec, "filterExpression");
    list = fc_json_kind(list) == FC_JSON_NULL ? NULL : list;
    for (size_t i = 0; err == FC_OK && i < fc_statement_count(list); i++) {
        err = read_criterion(r, fc_statement_at(list, i));
    }
    return err;
}

static struct fc_hash hash_of(const struct fc_dsp_query *query)
{
    struct fc_hasher hasher;
    fc_hasher_init(&hasher, "fedcat.dspquery");
    for (size_t i = 0; i < query->count; i++) {
        const struct fc_dsp_criterion *criterion = &query->criteria[i];
        uint8_t head[3] = {(uint8_t)criterion->field, (uint8_t)criterion->op,
                           (uint8_t)criterion->right_count};
        fc_hasher_add(&hasher, fc_span(head, sizeof head));
        for (size_t k = 0; k < criterion->right_count; k++) {
            fc_hasher_add(&hasher, fc_span(criterion->rights[k], strlen(criterion->rights[k]) + 1));
        }
    }
    return fc_hasher_end(&hasher);
}

enum fc_err fc_dsp_query_read(const struct fc_json_value *filter, struct fc_dsp_query *out,
                              char *fault, size_t fault_bytes)
{
    struct reading r = {out, fault, fault_bytes};
    *out = (struct fc_dsp_query){.limit = FC_DSP_PAGE_DEFAULT};
    enum fc_json_kind kind = fc_json_kind(filter);
    enum fc_err err = FC_OK;
    fault[0] = 0;
    if (kind != FC_JSON_NONE && kind != FC_JSON_NULL && kind != FC_JSON_ARRAY &&
        kind != FC_JSON_OBJECT) {
        return refuse(&r, "filter is a QuerySpec, alone or in a list");
    }
    if (fc_statement_count(filter) > 1) {
        return refuse(&r, "filter takes one QuerySpec");
    }
    const struct fc_json_value *spec = fc_statement_at(filter, 0);
    if (spec && kind != FC_JSON_NULL) {
        err = fc_json_dump(spec, &out->filter);
        if (err == FC_OK && out->filter.len > FC_DSP_FILTER_BYTES_MAX) {
            err = refuse(&r, "filter has more than %d bytes", FC_DSP_FILTER_BYTES_MAX);
        }
        if (err == FC_OK) {
            err = read_spec(&r, spec);
        }
    }
    out->limit = out->limit > FC_DSP_PAGE_MAX ? FC_DSP_PAGE_MAX : out->limit;
    out->hash = hash_of(out);
    return err;
}

static bool has_context(const struct fc_json_value *message)
{
    const struct fc_json_value *context = fc_json_get(message, "@context");
    for (size_t i = 0; i < fc_json_count(context); i++) {
        const char *text = fc_json_as_text(fc_json_at(context, i));
        if (text && strcmp(text, "https://w3id.org/dspace/2025/1/context.jsonld") == 0) {
            return true;
        }
    }
    return false;
}

enum fc_err fc_dsp_message_read(struct fc_span body, struct fc_dsp_query *out, char *fault,
                                size_t fault_bytes)
{
    struct fc_json_value *message = NULL;
    struct fc_json_fault at = {0};
    struct reading r = {out, fault, fault_bytes};
    *out = (struct fc_dsp_query){.limit = FC_DSP_PAGE_DEFAULT};
    enum fc_err err = fc_json_parse(body, &message, &at);
    if (err != FC_OK) {
        (void)refuse(&r, "the body is no JSON: line %u, column %u: %s", at.line, at.column,
                     at.text);
        return err;
    }
    const char *type = fc_json_get_text(message, "@type");
    if (!type || strcmp(fc_iri_local(type), "CatalogRequestMessage") != 0) {
        err = refuse(&r, "the body is a CatalogRequestMessage: say so in @type");
    } else if (!has_context(message)) {
        err = refuse(&r, "@context is a list that has "
                         "https://w3id.org/dspace/2025/1/context.jsonld in it");
    } else {
        err = fc_dsp_query_read(fc_statement_get(message, "filter"), out, fault, fault_bytes);
    }
    fc_json_free(message);
    return err;
}

void fc_dsp_query_finish(struct fc_dsp_query *query)
{
    for (size_t i = 0; i < query->owned_count; i++) {
        free(query->owned[i]);
    }
    free(query->owned);
    fc_buf_finish(&query->filter);
    query->owned = NULL;
    query->owned_count = query->owned_cap = 0;
    query->count = 0;
}

/* -- matching ---------------------------------------------------------------------------------- */

/* SQL's patterns: % is any run of bytes, _ one character. Backtracks to the last % only. */
static bool is_like(const char *text, const char *pattern, bool fold)
{
    const char *star = NULL, *resume = NULL;
    while (*text) {
        bool same = fold ? tolower((unsigned char)*pattern) == tolower((unsigned char)*text)
                         : *pattern == *text;
        if (*pattern == '%') {
            star = ++pattern;
            resume = text;
        } else if (*pattern && (same || *pattern == '_')) {
            bool any = *pattern++ == '_' && *text != '_';
            text++;
            while (any && ((unsigned char)*text & 0xc0) == 0x80) {
                text++;
            }
        } else if (star) {
            pattern = star;
            text = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '%') {
        pattern++;
    }
    return *pattern == 0;
}

/* Numbers as numbers when both are, anything else by its bytes. */
static int compare(const char *a, const char *b)
{
    char *end_a = NULL, *end_b = NULL;
    double x = strtod(a, &end_a), y = strtod(b, &end_b);
    if (*a && *b && *end_a == 0 && *end_b == 0) {
        return x < y ? -1 : x > y;
    }
    return strcmp(a, b);
}

static bool is_in(const struct fc_dsp_criterion *criterion, const char *value)
{
    for (size_t i = 0; i < criterion->right_count; i++) {
        if (strcmp(criterion->rights[i], value) == 0) {
            return true;
        }
    }
    return false;
}

static bool holds(const struct fc_dsp_criterion *criterion, const char *value)
{
    const char *right = criterion->right_count > 0 ? criterion->rights[0] : "";
    switch (criterion->op) {
    case FC_DSP_EQUAL:
    case FC_DSP_NOT_EQUAL: /* turned round by the caller */
    case FC_DSP_CONTAINS:
    case FC_DSP_IN:
    case FC_DSP_NOT_IN:
        return is_in(criterion, value);
    case FC_DSP_LIKE:
        return is_like(value, right, false);
    case FC_DSP_ILIKE:
        return is_like(value, right, true);
    case FC_DSP_LESS:
        return compare(value, right) < 0;
    case FC_DSP_LESS_OR_EQUAL:
        return compare(value, right) <= 0;
    case FC_DSP_GREATER:
        return compare(value, right) > 0;
    case FC_DSP_GREATER_OR_EQUAL:
        return compare(value, right) >= 0;
    }
    return false;
}

static bool any_holds(const struct fc_dsp_criterion *criterion, char *const *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (values[i] && holds(criterion, values[i])) {
            return true;
        }
    }
    return false;
}

static bool participant_holds(const struct fc_dsp_criterion *criterion,
                              const struct fc_hash *participant)
{
    char digits[65], *value = digits;
    fc_hex(participant->b, 32, digits);
    return any_holds(criterion, &value, 1);
}

static bool field_holds(const struct fc_dsp_criterion *criterion, const struct fc_dsp_offer *offer)
{
    const struct fc_document *document = &offer->document;
    char *value, *name = document->provider_name;
    switch (criterion->field) {
    case FC_DSP_ID:
        if ((value = (char *)fc_span_dup(offer->key))) {
            bool same = any_holds(criterion, &value, 1);
            free(value);
            return same;
        }
        return false;
    case FC_DSP_NAME:
        return any_holds(criterion, (char *const *)&document->name, 1);
    case FC_DSP_DESCRIPTION:
        return any_holds(criterion, (char *const *)&document->description, 1);
    case FC_DSP_KEYWORD:
        return any_holds(criterion, document->keywords, document->keyword_count);
    case FC_DSP_THEME:
        return any_holds(criterion, document->themes, document->theme_count);
    case FC_DSP_PROVIDER:
        return any_holds(criterion, (char *const *)&document->provider, 1) ||
               any_holds(criterion, &name, 1);
    case FC_DSP_PARTICIPANT:
        return participant_holds(criterion, &offer->participant);
    case FC_DSP_KIND:
        return any_holds(criterion, (char *const *)&document->kind, 1);
    case FC_DSP_CONTENT_TYPE:
        return any_holds(criterion, (char *const *)&document->media_type, 1);
    case FC_DSP_COUNTRY:
        return any_holds(criterion, (char *const *)&document->country, 1);
    case FC_DSP_LICENSE:
        return any_holds(criterion, (char *const *)&document->license, 1);
    case FC_DSP_LANGUAGE:
        return any_holds(criterion, (char *const *)&document->language, 1);
    case FC_DSP_ENDPOINT:
        return any_holds(criterion, (char *const *)&document->endpoint, 1);
    case FC_DSP_ISSUER:
        return any_holds(criterion, (char *const *)&document->issuer, 1);
    case FC_DSP_VALID_UNTIL:
        return any_holds(criterion, (char *const *)&document->valid_until, 1);
    }
    return false;
}

static bool is_turned(const struct fc_dsp_criterion *criterion)
{
    return criterion->op == FC_DSP_NOT_EQUAL || criterion->op == FC_DSP_NOT_IN;
}

bool fc_dsp_query_matches(const struct fc_dsp_query *query, const struct fc_dsp_offer *offer)
{
    for (size_t i = 0; i < query->count; i++) {
        const struct fc_dsp_criterion *criterion = &query->criteria[i];
        if (field_holds(criterion, offer) == is_turned(criterion)) {
            return false;
        }
    }
    return true;
}

bool fc_dsp_query_may_match(const struct fc_dsp_query *query, const struct fc_hash *participant)
{
    for (size_t i = 0; i < query->count; i++) {
        const struct fc_dsp_criterion *criterion = &query->criteria[i];
        if (criterion->field == FC_DSP_PARTICIPANT &&
            participant_holds(criterion, participant) == is_turned(criterion)) {
            return false;
        }
    }
    return true;
}
