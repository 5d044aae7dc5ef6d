#include "node/search_body.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "node/json.h"
#include "node/search_form.h"

struct reading {
    struct fc_search_body *out;
    char *fault;
    enum fc_err err; /* the first failure stands */
};

__attribute__((format(printf, 3, 4))) static void fail(struct reading *r, enum fc_err err,
                                                       const char *format, ...)
{
    if (r->err != FC_OK) {
        return;
    }
    r->err = err;
    va_list list;
    va_start(list, format);
    vsnprintf(r->fault, FC_SEARCH_FAULT_BYTES, format, list);
    va_end(list);
}

bool fc_search_sort(struct fc_span name, enum fc_query_sort *sort)
{
    static const char *const names[] = {"best", "newest", "oldest", "name", "-name"};
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (fc_span_eq(name, fc_span_str(names[i]))) {
            *sort = (enum fc_query_sort)i;
            return true;
        }
    }
    return false;
}

/* -- values ------------------------------------------------------------------------------------ */

static struct fc_span text_of(struct reading *r, const struct fc_json_value *value,
                              const char *what)
{
    const char *text = fc_json_as_text(value);
    if (!text) {
        fail(r, FC_E_FORMAT, "%s takes a text.", what);
    }
    return fc_span_str(text ? text : "");
}

static bool bool_of(struct reading *r, const struct fc_json_value *value, const char *what)
{
    if (fc_json_kind(value) != FC_JSON_BOOL) {
        fail(r, FC_E_FORMAT, "%s takes true or false.", what);
    }
    return fc_json_as_bool(value);
}

static uint32_t number_of(struct reading *r, const struct fc_json_value *value, const char *what,
                          uint32_t max)
{
    int64_t number = fc_json_as_int(value);
    if (fc_json_kind(value) != FC_JSON_INT || number < 0 || number > max) {
        fail(r, FC_E_BOUND, "%s takes a whole number up to %u.", what, max);
        return 0;
    }
    return (uint32_t)number;
}

/* Each member is one of `names`, or it is told. */
static void only(struct reading *r, const struct fc_json_value *object, const char *what,
                 const char *const names[])
{
    const struct fc_json_value *value;
    const char *key;
    void *cursor = NULL;
    if (fc_json_kind(object) != FC_JSON_OBJECT) {
        fail(r, FC_E_FORMAT, "%s is an object.", what);
        return;
    }
    while ((key = fc_json_next(object, &cursor, &value))) {
        size_t i = 0;
        while (names[i] && strcmp(names[i], key) != 0) {
            i++;
        }
        if (!names[i]) {
            fail(r, FC_E_FORMAT, "%s has no member \"%.40s\".", what, key);
        }
    }
}

/* -- terms ------------------------------------------------------------------------------------- */

static enum fc_query_field field_of(struct reading *r, const struct fc_json_value *term)
{
    const struct fc_json_value *value = fc_json_get(term, "field");
    enum fc_query_field field = FC_QUERY_ANY;
    if (!value) {
        return field;
    }
    struct fc_span name = text_of(r, value, "\"field\"");
    if (r->err == FC_OK && fc_query_field_find(name, &field) != FC_OK) {
        fail(r, FC_E_FORMAT, "There is no field \"%.*s\".", (int)(name.len < 40 ? name.len : 40),
             (const char *)name.data);
    }
    return field;
}

static enum fc_query_match match_of(struct reading *r, const struct fc_json_value *term,
                                    enum fc_query_field field)
{
    static const char *const names[] = {"word", "exact", "prefix", "typo", "phrase", "equal"};
    const struct fc_json_value *value = fc_json_get(term, "match");
    if (!value) {
        return field <= FC_QUERY_DESCRIPTION ? FC_QUERY_WORD : FC_QUERY_EQUAL;
    }
    struct fc_span name = text_of(r, value, "\"match\"");
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (fc_span_eq(name, fc_span_str(names[i]))) {
            return (enum fc_query_match)i;
        }
    }
    fail(r, FC_E_FORMAT, "\"match\" takes word, exact, prefix, typo, phrase or equal.");
    return FC_QUERY_WORD;
}

static int32_t day_of(struct reading *r, const struct fc_json_value *term, const char *name,
                      int32_t unsaid)
{
    const struct fc_json_value *value = fc_json_get(term, name);
    int32_t day = unsaid;
    if (value) {
        struct fc_span text = text_of(r, value, "A date");
        if (r->err == FC_OK && (text.len != 10 || !fc_query_day(text, &day))) {
            fail(r, FC_E_FORMAT, "\"%s\" takes a date, 2026-12-31.", name);
        }
    }
    return day;
}

/* A value of a field whose values are a closed list. */
static struct fc_span known_of(struct reading *r, enum fc_query_field field, struct fc_span value)
{
    if (r->err == FC_OK && !fc_query_value(field, value, &value)) {
        fail(r, FC_E_FORMAT, "\"%s\" is one of %s.", fc_query_field_name(field),
             fc_query_values(field));
    }
    return value;
}

static void take(struct reading *r, enum fc_err err, enum fc_query_field field)
{
    const char *name = fc_query_field_name(field);
    if (err == FC_E_BOUND) {
        fail(r, err, "Too much is asked at once: at most %d clauses and %d terms in %d bytes.",
             FC_QUERY_CLAUSES_MAX, FC_QUERY_TERMS_MAX, FC_QUERY_TEXT_BYTES_MAX);
    } else if (err != FC_OK) {
        fail(r, FC_E_FORMAT, "%s%s%s takes no such value, or is not matched like that.",
             name[0] ? "\"" : "Any text", name, name[0] ? "\"" : "");
    }
}

static void read_range(struct reading *r, const struct fc_json_value *term,
                       enum fc_query_field field)
{
    static const char *const names[] = {"field", "from", "to", NULL};
    only(r, term, "A term of days", names);
    int32_t from = day_of(r, term, "from", INT32_MIN / 2);
    int32_t to = day_of(r, term, "to", INT32_MAX / 2);
    if (!fc_json_get(term, "from") && !fc_json_get(term, "to")) {
        fail(r, FC_E_FORMAT, "\"%s\" takes \"from\", \"to\" or both.", fc_query_field_name(field));
    }
    if (r->err == FC_OK) {
        take(r, fc_query_range(&r->out->query, field, from, to), field);
    }
}

static void read_term(struct reading *r, const struct fc_json_value *term)
{
    static const char *const names[] = {"field", "match", "value", NULL};
    enum fc_query_field field = field_of(r, term);
    if (field == FC_QUERY_VALID_FROM || field == FC_QUERY_VALID_UNTIL) {
        read_range(r, term, field);
        return;
    }
    only(r, term, "A term", names);
    enum fc_query_match match = match_of(r, term, field);
    struct fc_span value = known_of(r, field, text_of(r, fc_json_get(term, "value"), "\"value\""));
    if (r->err == FC_OK && match != FC_QUERY_EQUAL && !fc_query_has_word(value)) {
        fail(r, FC_E_FORMAT, "\"%.*s\" has no letter or digit to look for.",
             (int)(value.len < 40 ? value.len : 40), (const char *)value.data);
    }
    if (r->err == FC_OK) {
        take(r, fc_query_term(&r->out->query, field, match, value), field);
    }
}

/* -- clauses ----------------------------------------------------------------------------------- */

static void read_clause(struct reading *r, const struct fc_json_value *clause)
{
    static const char *const names[] = {"any", "not", NULL};
    const struct fc_json_value *any = fc_json_get(clause, "any"),
                               *negation = fc_json_get(clause, "not");
    only(r, clause, "A clause", names);
    bool negated = negation && bool_of(r, negation, "\"not\"");
    if (fc_json_count(any) == 0) {
        fail(r, FC_E_FORMAT, "\"any\" of a clause is a list of one term or more.");
    }
    if (r->err == FC_OK) {
        take(r, fc_query_clause(&r->out->query, negated), FC_QUERY_ANY);
    }
    for (size_t i = 0; i < fc_json_count(any) && r->err == FC_OK; i++) {
        read_term(r, fc_json_at(any, i));
    }
}

static void read_clauses(struct reading *r, const struct fc_json_value *clauses)
{
    if (fc_json_kind(clauses) != FC_JSON_ARRAY) {
        fail(r, FC_E_FORMAT, "\"clauses\" is a list.");
    }
    for (size_t i = 0; i < fc_json_count(clauses) && r->err == FC_OK; i++) {
        read_clause(r, fc_json_at(clauses, i));
    }
}

/* {"kind": ["service", "dataset"]}: as the fields of GET. */
static void read_chosen(struct reading *r, const struct fc_json_value *chosen)
{
    static const char *const names[] = {"kind",  "country",  "theme",       "language", "label",
                                        "state", "provider", "participant", NULL};
    only(r, chosen, "\"chosen\"", names);
    for (unsigned i = 0; i < FC_FACETS && r->err == FC_OK; i++) {
        enum fc_query_field field = fc_facet_field((enum fc_facet)i);
        const struct fc_json_value *values = fc_json_get(chosen, fc_facet_name((enum fc_facet)i));
        if (values && fc_json_count(values) == 0) {
            fail(r, FC_E_FORMAT, "\"%s\" of \"chosen\" is a list of one value or more.",
                 fc_facet_name((enum fc_facet)i));
        }
        if (values && r->err == FC_OK) {
            take(r, fc_query_choice(&r->out->query), field);
        }
        for (size_t k = 0; k < fc_json_count(values) && r->err == FC_OK; k++) {
            struct fc_span value =
                known_of(r, field, text_of(r, fc_json_at(values, k), "A value of \"chosen\""));
            if (r->err == FC_OK) {
                take(r, fc_query_term(&r->out->query, field, FC_QUERY_EQUAL, value), field);
            }
        }
    }
}

/* -- the whole --------------------------------------------------------------------------------- */

static void read_text(struct reading *r, const struct fc_json_value *q)
{
    struct fc_query_fault fault;
    struct fc_span text = text_of(r, q, "\"q\"");
    enum fc_err err = r->err == FC_OK ? fc_query_parse(&r->out->query, text, &fault) : FC_OK;
    if (err != FC_OK) {
        fail(r, err, "At character %u of \"q\": %s.", fc_query_character(text, fault.at) + 1u,
             fault.text);
    }
}

static void read_facets(struct reading *r, const struct fc_json_value *facets)
{
    if (fc_json_kind(facets) != FC_JSON_ARRAY) {
        fail(r, FC_E_FORMAT, "\"facets\" is a list.");
    }
    for (size_t i = 0; i < fc_json_count(facets) && r->err == FC_OK; i++) {
        struct fc_span name = text_of(r, fc_json_at(facets, i), "A facet");
        if (r->err == FC_OK && (name.len == 0 || memchr(name.data, ',', name.len) ||
                                !fc_search_facets(name, &r->out->query.facets))) {
            fail(r, FC_E_FORMAT,
                 "\"facets\" takes kind, country, theme, language, label, state, provider, "
                 "participant.");
        }
    }
}

static void read_cursor(struct reading *r, const struct fc_json_value *value)
{
    struct fc_span cursor = text_of(r, value, "\"cursor\"");
    if (cursor.len > sizeof r->out->cursor) {
        fail(r, FC_E_FORMAT, "\"cursor\" takes what \"next\" of the page before said.");
        return;
    }
    memcpy(r->out->cursor, cursor.data, cursor.len);
    r->out->query.cursor = fc_span(r->out->cursor, cursor.len);
}

static void read_page(struct reading *r, const struct fc_json_value *body)
{
    struct fc_query *query = &r->out->query;
    const struct fc_json_value *value;
    if ((value = fc_json_get(body, "facets"))) {
        read_facets(r, value);
    }
    if ((value = fc_json_get(body, "facet_values"))) {
        query->facet_values = number_of(r, value, "\"facet_values\"", FC_QUERY_FACET_VALUES_MAX);
    }
    if ((value = fc_json_get(body, "sort")) &&
        !fc_search_sort(text_of(r, value, "\"sort\""), &query->sort)) {
        fail(r, FC_E_FORMAT, "\"sort\" takes best, newest, oldest, name or -name.");
    }
    if ((value = fc_json_get(body, "limit"))) {
        query->limit = number_of(r, value, "\"limit\"", FC_QUERY_LIMIT_MAX);
    }
    if ((value = fc_json_get(body, "offset"))) {
        query->offset = number_of(r, value, "\"offset\"", FC_QUERY_OFFSET_MAX);
    }
    if ((value = fc_json_get(body, "snippets"))) {
        query->snippets = bool_of(r, value, "\"snippets\"");
    }
    if ((value = fc_json_get(body, "cursor")) && fc_json_kind(value) != FC_JSON_NULL) {
        read_cursor(r, value);
    }
    if (query->cursor.len > 0 && query->offset > 0) {
        fail(r, FC_E_FORMAT, "\"cursor\" and \"offset\" do not go together.");
    }
}

/* Several words in quotes are looked up in the texts, which is not done for one of several. */
static void refuse_phrases(struct reading *r)
{
    const struct fc_query *query = &r->out->query;
    for (uint16_t i = 0; i < query->clause_count; i++) {
        const struct fc_query_clause *clause = &query->clauses[i];
        for (uint16_t k = 0; clause->count > 1 && k < clause->count; k++) {
            if (query->terms[clause->first + k].match == FC_QUERY_PHRASE) {
                fail(r, FC_E_FORMAT, "A phrase is the only term of its clause.");
            }
        }
    }
}

enum fc_err fc_search_body_read(struct fc_span bytes, struct fc_search_body *out,
                                char fault[FC_SEARCH_FAULT_BYTES])
{
    static const char *const names[] = {"q",    "clauses", "chosen", "facets",   "facet_values",
                                        "sort", "limit",   "offset", "snippets", "cursor",
                                        NULL};
    struct reading r = {.out = out, .fault = fault};
    struct fc_json_fault at;
    struct fc_json_value *body = NULL;
    const struct fc_json_value *part;
    memset(out, 0, sizeof *out);
    fault[0] = '\0';
    fc_query_init(&out->query);
    enum fc_err err = fc_json_parse(bytes, &body, &at);
    if (err != FC_OK) {
        fail(&r, err, "The body is no JSON: line %u, column %u: %s.", at.line, at.column, at.text);
        return err;
    }
    only(&r, body, "A search", names);
    if ((part = fc_json_get(body, "q"))) {
        read_text(&r, part);
    }
    if ((part = fc_json_get(body, "clauses"))) {
        read_clauses(&r, part);
    }
    if ((part = fc_json_get(body, "chosen"))) {
        read_chosen(&r, part);
    }
    read_page(&r, body);
    refuse_phrases(&r);
    fc_json_free(body);
    return r.err;
}
