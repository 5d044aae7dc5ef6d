#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "store/index_priv.h"
#include "store/query_priv.h"

struct parser {
    struct fc_query *query;
    struct fc_span text;
    size_t pos;
    struct fc_query_fault *fault;
    enum fc_err err;
};

__attribute__((format(printf, 5, 6))) static void fail(struct parser *p, enum fc_err err, size_t at,
                                                       size_t len, const char *format, ...)
{
    if (p->err != FC_OK)
        return;
    p->err = err;
    if (!p->fault)
        return;
    va_list list;
    va_start(list, format);
    vsnprintf(p->fault->text, sizeof p->fault->text, format, list);
    va_end(list);
    p->fault->at = (uint16_t)at;
    p->fault->len = (uint16_t)len;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int peek(const struct parser *p, size_t ahead)
{
    return p->pos + ahead < p->text.len ? p->text.data[p->pos + ahead] : -1;
}

static void skip_spaces(struct parser *p)
{
    while (p->pos < p->text.len && is_space(p->text.data[p->pos]))
        p->pos++;
}

/* The value in quotes at `pos`; past them after. */
static struct fc_span quoted(struct parser *p)
{
    size_t start = p->pos++;
    while (p->pos < p->text.len && p->text.data[p->pos] != '"')
        p->pos++;
    if (p->pos == p->text.len) {
        fail(p, FC_E_FORMAT, start, 1, "this quote is not closed: add \" where the phrase ends");
        return (struct fc_span){0};
    }
    struct fc_span value = fc_span(p->text.data + start + 1, p->pos - start - 1);
    p->pos++;
    if (value.len == 0)
        fail(p, FC_E_FORMAT, start, 2, "there is nothing between these quotes");
    return value;
}

/* Up to a blank, or in a list up to a comma. */
static struct fc_span bare(struct parser *p, bool list)
{
    size_t start = p->pos;
    while (p->pos < p->text.len && !is_space(p->text.data[p->pos]) &&
           !(list && p->text.data[p->pos] == ','))
        p->pos++;
    return fc_span(p->text.data + start, p->pos - start);
}

static void add(struct parser *p, enum fc_query_field field, enum fc_query_match match,
                struct fc_span value, size_t at)
{
    enum fc_err err = p->err;
    if (err != FC_OK)
        return;
    if (match != FC_QUERY_EQUAL && !fc_query_has_word(value)) {
        fail(p, FC_E_FORMAT, at, value.len ? value.len : 1,
             "there is no letter or digit in this to look for");
        return;
    }
    err = fc_query_term(p->query, field, match, value);
    if (err == FC_E_BOUND)
        fail(p, err, at, value.len, "too much is asked at once: at most %d words in %d bytes",
             FC_QUERY_TERMS_MAX, FC_QUERY_TEXT_BYTES_MAX);
    else if (err != FC_OK)
        fail(p, FC_E_FORMAT, at, value.len, "%s: takes no such value", fc_query_field_name(field));
}

/* -- days -------------------------------------------------------------------------------------- */

static bool day(struct fc_span text, int32_t *out)
{
    return text.len == 10 && fc_index_day(text, out);
}

/* ">=2026-01-01", "<2027-01-01", "2026-01-01..2026-12-31", "2026-01-01". */
static void days(struct parser *p, enum fc_query_field field)
{
    size_t at = p->pos;
    struct fc_span value = bare(p, false);
    const uint8_t *data = value.data;
    int32_t low = INT32_MIN / 2, high = INT32_MAX / 2, said;
    size_t sign = 0;
    bool good;
    while (sign < value.len && sign < 2 &&
           (data[sign] == '<' || data[sign] == '>' || data[sign] == '='))
        sign++;
    if (value.len >= 22 && memcmp(data + 10, "..", 2) == 0) {
        good = day(fc_span(data, 10), &low) && day(fc_span(data + 12, value.len - 12), &high);
    } else {
        good = day(fc_span(data + sign, value.len - sign), &said);
        bool equal = sign == 2 && data[1] == '=';
        if (good && sign > 0 && data[0] == '>')
            low = equal ? said : said + 1;
        else if (good && sign > 0 && data[0] == '<')
            high = equal ? said : said - 1;
        else if (good)
            low = high = said;
    }
    if (!good)
        fail(p, FC_E_FORMAT, at, value.len ? value.len : 1,
             "a date is written 2026-12-31, with <, <=, > or >= before it, or a..b");
    else if (p->err == FC_OK && fc_query_range(p->query, field, low, high) != FC_OK)
        fail(p, FC_E_BOUND, at, value.len, "too much is asked at once");
}

/* -- values ------------------------------------------------------------------------------------ */

static void sort_by(struct parser *p)
{
    static const struct {
        const char *name;
        enum fc_query_sort sort;
    } sorts[] = {{"best", FC_QUERY_BEST},
                 {"newest", FC_QUERY_NEWEST},
                 {"oldest", FC_QUERY_OLDEST},
                 {"name", FC_QUERY_NAME_UP},
                 {"-name", FC_QUERY_NAME_DOWN}};
    size_t at = p->pos;
    struct fc_span value = bare(p, false);
    for (size_t i = 0; i < sizeof sorts / sizeof sorts[0]; i++)
        if (fc_span_eq(value, fc_span_str(sorts[i].name))) {
            p->query->sort = sorts[i].sort;
            return;
        }
    fail(p, FC_E_FORMAT, at, value.len ? value.len : 1,
         "sort by best, newest, oldest, name or -name");
}

static void text_value(struct parser *p, enum fc_query_field field)
{
    size_t at = p->pos;
    if (peek(p, 0) == '"') {
        struct fc_span value = quoted(p);
        add(p, field, FC_QUERY_PHRASE, value, at);
        return;
    }
    struct fc_span value = bare(p, false);
    enum fc_query_match match = FC_QUERY_WORD;
    if (value.len > 1 && value.data[value.len - 1] == '*')
        match = FC_QUERY_PREFIX;
    if (value.len > 1 && value.data[value.len - 1] == '~')
        match = FC_QUERY_TYPO;
    value.len -= match != FC_QUERY_WORD;
    if (field == FC_QUERY_PROVIDER && match == FC_QUERY_WORD && memchr(value.data, ':', value.len))
        match = FC_QUERY_EQUAL; /* an IRI */
    add(p, field, match, value, at);
}

static bool is_hexadecimal(struct fc_span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!memchr("0123456789abcdefABCDEF", text.data[i], 22))
            return false;
    return text.len >= 8 && text.len <= 64;
}

/* One of several values: country:FR,DE or theme:"green energy",health */
static void value_list(struct parser *p, enum fc_query_field field)
{
    bool list = field != FC_QUERY_KEY;
    do {
        size_t at = p->pos;
        struct fc_span value = peek(p, 0) == '"' ? quoted(p) : bare(p, list);
        bool words = field == FC_QUERY_PARTICIPANT && !is_hexadecimal(value);
        struct fc_span known;
        if (value.len == 0)
            fail(p, FC_E_FORMAT, at, 1, "%s: wants a value", fc_query_field_name(field));
        else if (!fc_query_value(field, value, &known))
            fail(p, FC_E_FORMAT, at, value.len, "%s: is one of %s", fc_query_field_name(field),
                 fc_query_values(field));
        else
            add(p, field, words ? FC_QUERY_WORD : FC_QUERY_EQUAL, known, at);
    } while (p->err == FC_OK && list && peek(p, 0) == ',' && p->pos++ < p->text.len);
}

static bool looks_like_iri(struct fc_span word)
{
    for (size_t i = 0; i + 2 < word.len; i++)
        if (memcmp(word.data + i, "://", 3) == 0)
            return true;
    return word.len > 4 && memcmp(word.data, "did:", 4) == 0;
}

/* "field:" before a value; true when there is one. */
static bool field_name(struct parser *p, enum fc_query_field *field, bool *sort)
{
    size_t len = 0;
    *field = FC_QUERY_ANY;
    *sort = false;
    for (int c; (c = peek(p, len)) >= 0 && c != ':' && c != '"' && !is_space((uint8_t)c);)
        len++;
    if (len == 0 || peek(p, len) != ':')
        return false;
    struct fc_span name = fc_span(p->text.data + p->pos, len);
    size_t at = p->pos;
    struct fc_span whole = bare(p, false);
    p->pos = at;
    *sort = fc_span_eq(name, fc_span_str("sort"));
    if (!*sort && fc_query_field_find(name, field) != FC_OK) {
        if (looks_like_iri(whole))
            return false;
        fail(p, FC_E_FORMAT, at, len,
             "there is no field %.*s: name, keyword, provider, description, kind, country, theme, "
             "language, label, state, participant, valid-from, valid-until, key",
             (int)(len < 20 ? len : 20), (const char *)name.data);
    }
    p->pos += len + 1;
    return true;
}

static void alternative(struct parser *p)
{
    enum fc_query_field field;
    bool sort;
    (void)field_name(p, &field, &sort);
    if (p->err != FC_OK)
        return;
    if (fc_query_is_day(field))
        days(p, field);
    else if (fc_query_is_text(field))
        text_value(p, field);
    else
        value_list(p, field);
}

/* Words in quotes are looked up in the texts, which is not done for one of several. */
static void refuse_phrases(struct parser *p, size_t at)
{
    const struct fc_query_clause *clause = &p->query->clauses[p->query->clause_count - 1];
    for (uint16_t i = 0; i < clause->count; i++) {
        const struct fc_query_term *term = &p->query->terms[clause->first + i];
        if (term->match == FC_QUERY_PHRASE && memchr(p->query->text + term->at, ' ', term->len))
            fail(p, FC_E_FORMAT, at, p->pos - at, "words in quotes cannot stand beside OR");
    }
}

/* One of the words in capitals that say how others stand to one another. */
static bool at_word(const struct parser *p, const char *word)
{
    size_t len = 0;
    for (; word[len]; len++)
        if (peek(p, len) != word[len])
            return false;
    return peek(p, len) < 0 || is_space((uint8_t)peek(p, len));
}

/* All parts must hold anyway: AND between two says nothing. */
static void skip_and(struct parser *p)
{
    size_t at = p->pos;
    if (!at_word(p, "AND"))
        return;
    p->pos += 3;
    skip_spaces(p);
    if (p->query->clause_count == 0 || p->pos == p->text.len || at_word(p, "AND") ||
        at_word(p, "OR"))
        fail(p, FC_E_FORMAT, at, 3, "AND stands between two words");
}

/* "-word", "NOT word"; past it after. */
static bool negation(struct parser *p)
{
    size_t at = p->pos;
    if (at_word(p, "NOT")) {
        p->pos += 3;
        skip_spaces(p);
        if (p->pos == p->text.len || at_word(p, "AND") || at_word(p, "OR") || at_word(p, "NOT"))
            fail(p, FC_E_FORMAT, at, 3, "NOT stands before a word");
        return true;
    }
    bool negated = peek(p, 0) == '-' && peek(p, 1) >= 0 && !is_space((uint8_t)peek(p, 1));
    p->pos += negated;
    return negated;
}

static void clause(struct parser *p)
{
    skip_and(p);
    size_t at = p->pos;
    bool negated = negation(p);
    enum fc_query_field field;
    bool sort;
    size_t start = p->pos;
    if (p->err != FC_OK)
        return;
    if (at_word(p, "OR"))
        fail(p, FC_E_FORMAT, start, 2, "OR stands between two words");
    (void)field_name(p, &field, &sort);
    if (sort && !negated) {
        sort_by(p);
        return;
    }
    p->pos = start;
    if (p->err == FC_OK && fc_query_clause(p->query, negated) != FC_OK)
        fail(p, FC_E_BOUND, at, 1, "too much is asked at once: at most %d parts",
             FC_QUERY_CLAUSES_MAX);
    if (p->err == FC_OK)
        alternative(p);
    for (skip_spaces(p); p->err == FC_OK && at_word(p, "OR"); skip_spaces(p)) {
        p->pos += 2;
        skip_spaces(p);
        if (p->pos == p->text.len || at_word(p, "AND") || at_word(p, "OR") || at_word(p, "NOT"))
            fail(p, FC_E_FORMAT, p->pos - 1, 1, "OR stands between two words");
        else
            alternative(p);
        if (p->err == FC_OK)
            refuse_phrases(p, at);
    }
}

enum fc_err fc_query_parse(struct fc_query *query, struct fc_span text,
                           struct fc_query_fault *fault)
{
    struct parser p = {.query = query, .text = text, .fault = fault};
    if (fault)
        *fault = (struct fc_query_fault){0};
    if (text.len > FC_QUERY_TEXT_BYTES_MAX)
        fail(&p, FC_E_BOUND, 0, 0, "a query has at most %d bytes", FC_QUERY_TEXT_BYTES_MAX);
    else if (!fc_utf8_valid(text))
        fail(&p, FC_E_FORMAT, 0, 0, "this is not UTF-8 text");
    else if (memchr(text.data ? (const void *)text.data : "", '\0', text.len))
        fail(&p, FC_E_FORMAT, 0, 0, "there is a zero byte in this");
    for (skip_spaces(&p); p.err == FC_OK && p.pos < text.len; skip_spaces(&p))
        clause(&p);
    return p.err;
}
