#include <string.h>

#include "store/query_priv.h"

static const char *const names[FC_QUERY_FIELDS] = {
    [FC_QUERY_ANY] = "",
    [FC_QUERY_NAME] = "name",
    [FC_QUERY_KEYWORD] = "keyword",
    [FC_QUERY_PROVIDER] = "provider",
    [FC_QUERY_DESCRIPTION] = "description",
    [FC_QUERY_KIND] = "kind",
    [FC_QUERY_COUNTRY] = "country",
    [FC_QUERY_THEME] = "theme",
    [FC_QUERY_LANGUAGE] = "language",
    [FC_QUERY_LABEL] = "label",
    [FC_QUERY_STATE] = "state",
    [FC_QUERY_PARTICIPANT] = "participant",
    [FC_QUERY_VALID_FROM] = "valid-from",
    [FC_QUERY_VALID_UNTIL] = "valid-until",
    [FC_QUERY_KEY] = "key",
};
static const struct {
    const char *name;
    enum fc_query_field field;
} aliases[] = {
    {"domain", FC_QUERY_THEME},        {"lang", FC_QUERY_LANGUAGE}, {"text", FC_QUERY_DESCRIPTION},
    {"title", FC_QUERY_NAME},          {"status", FC_QUERY_STATE},  {"type", FC_QUERY_KIND},
    {"certification", FC_QUERY_LABEL}, {"id", FC_QUERY_KEY},
};

static const struct {
    const char *name;
    enum fc_query_field field;
} facets[FC_FACETS] = {
    [FC_FACET_KIND] = {"kind", FC_QUERY_KIND},
    [FC_FACET_COUNTRY] = {"country", FC_QUERY_COUNTRY},
    [FC_FACET_THEME] = {"theme", FC_QUERY_THEME},
    [FC_FACET_LANGUAGE] = {"language", FC_QUERY_LANGUAGE},
    [FC_FACET_LABEL] = {"label", FC_QUERY_LABEL},
    [FC_FACET_STATE] = {"state", FC_QUERY_STATE},
    [FC_FACET_PROVIDER] = {"provider", FC_QUERY_PROVIDER},
    [FC_FACET_PARTICIPANT] = {"participant", FC_QUERY_PARTICIPANT},
};

const char *fc_query_field_name(enum fc_query_field field)
{
    return names[field];
}

const char *fc_facet_name(enum fc_facet facet)
{
    return facets[facet].name;
}

const char *fc_query_source_name(enum fc_query_source source)
{
    switch (source) {
    case FC_SAID_NOWHERE:
        return NULL;
    case FC_SAID_DOCUMENT:
        return "document";
    case FC_SAID_PROVIDER:
        return "provider";
    case FC_SAID_MEMBER:
        return "certificate";
    }
    return NULL;
}

enum fc_query_field fc_facet_field(enum fc_facet facet)
{
    return facets[facet].field;
}

static uint8_t plain(uint8_t c)
{
    if (c == '_' || c == ' ')
        return '-';
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static bool same(struct fc_span text, const char *name)
{
    if (text.len != strlen(name))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (plain(text.data[i]) != plain((uint8_t)name[i]))
            return false;
    return true;
}

static const char *const kinds[] = {
    "service",    "data service", "dataset", "participant", "resource",
    "compliance", "credential",   "did",     "other",       NULL};
static const char *const states[] = {"active", "deprecated", "ended", "revoked", "contested", NULL};

bool fc_query_value(enum fc_query_field field, struct fc_span value, struct fc_span *known)
{
    const char *const *list = field == FC_QUERY_KIND    ? kinds
                              : field == FC_QUERY_STATE ? states
                                                        : NULL;
    *known = value;
    for (size_t i = 0; list && list[i]; i++)
        if (same(value, list[i])) {
            *known = fc_span_str(list[i]);
            return true;
        }
    return !list;
}

const char *fc_query_values(enum fc_query_field field)
{
    if (field == FC_QUERY_KIND)
        return "service, data-service, dataset, participant, resource, compliance, credential, "
               "did, other";
    return field == FC_QUERY_STATE ? "active, deprecated, ended, revoked, contested" : NULL;
}

uint32_t fc_query_character(struct fc_span text, uint16_t at)
{
    uint32_t count = 0;
    for (size_t i = 0; i < at && i < text.len; i++)
        count += (text.data[i] & 0xc0) != 0x80;
    return count;
}

enum fc_err fc_query_field_find(struct fc_span name, enum fc_query_field *field)
{
    for (unsigned i = FC_QUERY_NAME; i < FC_QUERY_FIELDS; i++)
        if (same(name, names[i])) {
            *field = (enum fc_query_field)i;
            return FC_OK;
        }
    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++)
        if (same(name, aliases[i].name)) {
            *field = aliases[i].field;
            return FC_OK;
        }
    return FC_E_MISSING;
}

bool fc_query_is_text(enum fc_query_field field)
{
    return field <= FC_QUERY_DESCRIPTION;
}

bool fc_query_is_day(enum fc_query_field field)
{
    return field == FC_QUERY_VALID_FROM || field == FC_QUERY_VALID_UNTIL;
}

bool fc_query_takes(enum fc_query_field field, enum fc_query_match match)
{
    if (fc_query_is_day(field))
        return match == FC_QUERY_RANGE;
    if (fc_query_is_text(field))
        return match != FC_QUERY_RANGE && (match != FC_QUERY_EQUAL || field == FC_QUERY_PROVIDER);
    if (field == FC_QUERY_PARTICIPANT)
        return match == FC_QUERY_EQUAL || match == FC_QUERY_WORD;
    return match == FC_QUERY_EQUAL;
}

/* -- building ---------------------------------------------------------------------------------- */

void fc_query_init(struct fc_query *query)
{
    memset(query, 0, sizeof *query);
    query->limit = 20;
    query->snippets = true;
}

enum fc_err fc_query_clause(struct fc_query *query, bool negated)
{
    if (query->clause_count == FC_QUERY_CLAUSES_MAX)
        return FC_E_BOUND;
    query->clauses[query->clause_count++] =
        (struct fc_query_clause){.first = query->term_count, .negated = negated};
    return FC_OK;
}

enum fc_err fc_query_choice(struct fc_query *query)
{
    enum fc_err err = fc_query_clause(query, false);
    if (err == FC_OK)
        query->clauses[query->clause_count - 1].chosen = true;
    return err;
}

static enum fc_err add(struct fc_query *query, const struct fc_query_term *term)
{
    if (query->clause_count == 0)
        return FC_E_ARG;
    if (query->term_count == FC_QUERY_TERMS_MAX)
        return FC_E_BOUND;
    query->terms[query->term_count++] = *term;
    query->clauses[query->clause_count - 1].count++;
    return FC_OK;
}

bool fc_query_has_word(struct fc_span value)
{
    struct fc_word_reader reader = fc_word_reader(value);
    struct fc_word word;
    return fc_word_next(&reader, &word);
}

bool fc_query_day(struct fc_span text, int32_t *day)
{
    return fc_index_day(text, day);
}

enum fc_err fc_query_term(struct fc_query *query, enum fc_query_field field,
                          enum fc_query_match match, struct fc_span value)
{
    if (!fc_query_takes(field, match) || match == FC_QUERY_RANGE || value.len == 0 ||
        !fc_utf8_valid(value))
        return FC_E_ARG;
    if (value.len > (size_t)FC_QUERY_TEXT_BYTES_MAX - query->text_len)
        return FC_E_BOUND;
    const struct fc_query_term term = {
        .field = field, .match = match, .at = query->text_len, .len = (uint16_t)value.len};
    enum fc_err err = add(query, &term);
    if (err != FC_OK)
        return err;
    memcpy(query->text + query->text_len, value.data, value.len);
    query->text_len = (uint16_t)(query->text_len + value.len);
    return FC_OK;
}

enum fc_err fc_query_range(struct fc_query *query, enum fc_query_field field, int32_t low_day,
                           int32_t high_day)
{
    if (!fc_query_is_day(field))
        return FC_E_ARG;
    const struct fc_query_term term = {
        .field = field, .match = FC_QUERY_RANGE, .low = low_day, .high = high_day};
    return add(query, &term);
}
