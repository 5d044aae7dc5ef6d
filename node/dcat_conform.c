#include "node/dcat_conform.h"

#include <stdlib.h>
#include <string.h>

#include "node/dcat_rules.h"
#include "node/rdf_names.h"
#include "store/document_text.h"

struct conforming {
    struct fc_rdf *rdf;
    struct fc_dcat_conformed *done;
    uint8_t *gone;               /* of each statement there was at the start of a pass */
    struct fc_rdf_triple *added; /* once the pass is over: lookups need a sorted graph */
    size_t added_count;
    enum fc_err err;
};

/* Texts that may be given a type. */

static bool all_of(struct fc_span text, const char *set)
{
    for (size_t i = 0; i < text.len; i++)
        if (!strchr(set, text.data[i]) || !text.data[i])
            return false;
    return text.len > 0;
}

static const char *date_type(struct fc_span text)
{
    static const char digits[] = "0123456789";
    const char *at = (const char *)text.data;
    uint64_t ms;
    if (text.len == 4 && all_of(text, digits))
        return FC_XSD "gYear";
    if (text.len == 7 && all_of(fc_span(at, 4), digits) && at[4] == '-' &&
        all_of(fc_span(at + 5, 2), digits) && memcmp(at + 5, "01", 2) >= 0 &&
        memcmp(at + 5, "12", 2) <= 0)
        return FC_XSD "gYearMonth";
    if (!fc_time_read(at, &ms) || strchr(at, ' ') || strchr(at, 't') || strchr(at, 'z'))
        return NULL;
    return strchr(at, 'T') ? FC_XSD "dateTime" : text.len == 10 ? FC_XSD "date" : NULL;
}

static bool is_decimal(struct fc_span text)
{
    const uint8_t *dot = memchr(text.data, '.', text.len);
    if (text.len > 0 && strchr("+-", text.data[0]))
        text = fc_span(text.data + 1, text.len - 1);
    return all_of(text, "0123456789.") && (!dot || !strchr((const char *)dot + 1, '.')) &&
           !(text.len == 1 && dot);
}

/* P1DT2H and its like (XML Schema 1.1 section 3.3.6.2). */
static bool is_duration(struct fc_span text)
{
    static const char day_parts[] = "YMD", time_parts[] = "HMS";
    const char *c = (const char *)text.data, *parts = day_parts;
    bool any = false, in_time = false;
    c += *c == '-';
    if (*c++ != 'P')
        return false;
    while (*c) {
        if (*c == 'T' && !in_time) {
            in_time = true;
            any = false;
            parts = time_parts;
            c++;
            continue;
        }
        size_t len = strspn(c, "0123456789");
        bool fraction = in_time && len > 0 && c[len] == '.';
        if (fraction)
            len += 1 + strspn(c + len + 1, "0123456789");
        const char *part = len > 0 && c[len] ? strchr(parts, c[len]) : NULL;
        if (!part || (fraction && *part != 'S'))
            return false;
        parts = part + 1;
        any = true;
        c += len + 1;
    }
    return any;
}

/* The datatype that a value of this kind has when its text is right; NULL: it is not. */
static const char *type_for(enum fc_dcat_value value, struct fc_span text)
{
    switch (value) {
    case FC_DCAT_DATE:
        return date_type(text);
    case FC_DCAT_DECIMAL:
        return is_decimal(text) ? FC_XSD "decimal" : NULL;
    case FC_DCAT_DURATION:
        return is_duration(text) ? FC_XSD "duration" : NULL;
    case FC_DCAT_COUNT:
        return all_of(text, "0123456789") ? FC_XSD "nonNegativeInteger" : NULL;
    case FC_DCAT_HEX:
        return text.len % 2 == 0 && all_of(text, "0123456789abcdefABCDEF") ? FC_XSD "hexBinary"
                                                                           : NULL;
    case FC_DCAT_ANY:
    case FC_DCAT_NODE:
    case FC_DCAT_IRI:
    case FC_DCAT_LITERAL:
    case FC_DCAT_RESOURCE:
        return NULL;
    }
    return NULL;
}

static bool is_resource(const struct fc_rdf *rdf, fc_rdf_id id)
{
    return fc_rdf_has_type(rdf, id, FC_DCAT "Catalog") ||
           fc_rdf_has_type(rdf, id, FC_DCAT "Dataset") ||
           fc_rdf_has_type(rdf, id, FC_DCAT "DataService") ||
           fc_rdf_has_type(rdf, id, FC_DCAT "DatasetSeries");
}

enum verdict { FITS, REPLACED, UNFIT };

/* Whether a value fits; or what takes its place. */
static enum verdict judge(struct conforming *c, const struct fc_dcat_rule *rule, fc_rdf_id object,
                          struct fc_rdf_term *instead)
{
    struct fc_rdf_term term = fc_rdf_term(c->rdf, object);
    const char *type;
    switch (rule->value) {
    case FC_DCAT_ANY:
        return FITS;
    case FC_DCAT_LITERAL:
        return term.kind == FC_RDF_LITERAL ? FITS : UNFIT;
    case FC_DCAT_RESOURCE:
        return is_resource(c->rdf, object) ? FITS : UNFIT;
    case FC_DCAT_NODE:
    case FC_DCAT_IRI:
        if (term.kind == FC_RDF_IRI || (term.kind == FC_RDF_BLANK && rule->value == FC_DCAT_NODE))
            return FITS;
        *instead = (struct fc_rdf_term){.kind = FC_RDF_IRI, .text = term.text};
        return term.kind == FC_RDF_LITERAL && fc_iri_ok((const char *)term.text.data) &&
                       strstr((const char *)term.text.data, "://")
                   ? REPLACED
                   : UNFIT;
    case FC_DCAT_DATE:
    case FC_DCAT_DECIMAL:
    case FC_DCAT_DURATION:
    case FC_DCAT_COUNT:
    case FC_DCAT_HEX:
        type = term.kind == FC_RDF_LITERAL ? type_for(rule->value, term.text) : NULL;
        if (!type)
            return UNFIT;
        if (fc_span_eq(term.datatype, fc_span_str(type)))
            return FITS;
        *instead = (struct fc_rdf_term){
            .kind = FC_RDF_LITERAL, .text = term.text, .datatype = fc_span_str(type)};
        return REPLACED;
    }
    return UNFIT;
}

/* A pass over one node. */

static void drop(struct conforming *c, size_t index)
{
    if (!c->gone[index])
        c->done->dropped++;
    c->gone[index] = 1;
}

static void replace(struct conforming *c, size_t index, const struct fc_rdf_triple *triple,
                    const struct fc_rdf_term *instead)
{
    fc_rdf_id object;
    enum fc_err err = fc_rdf_intern(c->rdf, instead, &object);
    if (err == FC_OK && c->added_count % 64 == 0) {
        struct fc_rdf_triple *grown = realloc(c->added, (c->added_count + 64) * sizeof *c->added);
        if (grown)
            c->added = grown;
        else
            err = FC_E_NOMEM;
    }
    if (err == FC_OK)
        c->added[c->added_count++] = (struct fc_rdf_triple){triple->s, triple->p, object};
    if (err == FC_OK) {
        c->gone[index] = 1;
        c->done->retyped++;
    } else if (err == FC_E_FORMAT) {
        drop(c, index);
    } else {
        c->err = err;
    }
}

/* One rule over a node's statements [from, to); how many values fit. */
static unsigned apply(struct conforming *c, const struct fc_dcat_rule *rule, size_t from, size_t to)
{
    char name[FC_RDF_NAME_BYTES];
    const char *property = fc_rdf_full_name(rule->property, name, sizeof name);
    unsigned fit = 0;
    for (size_t i = from; i < to && c->err == FC_OK; i++) {
        size_t count;
        struct fc_rdf_triple triple = fc_rdf_all(c->rdf, &count)[i];
        struct fc_rdf_term instead;
        if (c->gone[i] || !property || !fc_rdf_is(c->rdf, triple.p, property))
            continue;
        enum verdict verdict = judge(c, rule, triple.o, &instead);
        if (verdict == UNFIT || (rule->max && fit == rule->max)) {
            drop(c, i);
            continue;
        }
        fit++;
        if (verdict == REPLACED)
            replace(c, i, &triple, &instead);
    }
    return fit;
}

static void demote(struct conforming *c, size_t from, size_t to, const char *type)
{
    size_t count;
    const struct fc_rdf_triple *all = fc_rdf_all(c->rdf, &count);
    for (size_t i = from; i < to; i++)
        if (fc_rdf_is(c->rdf, all[i].p, FC_RDF_TYPE) && fc_rdf_is(c->rdf, all[i].o, type))
            c->gone[i] = 1;
    c->done->demoted++;
}

static void conform_node(struct conforming *c, size_t from, size_t to)
{
    const struct fc_dcat_rule *rule;
    size_t count;
    fc_rdf_id subject = fc_rdf_all(c->rdf, &count)[from].s;
    for (size_t i = 0; (rule = fc_dcat_rule_at(i)) && c->err == FC_OK;) {
        const char *type = rule->type;
        char name[FC_RDF_NAME_BYTES];
        const char *full = fc_rdf_full_name(type, name, sizeof name);
        bool is = full && fc_rdf_has_type(c->rdf, subject, full), lacks = false;
        for (; (rule = fc_dcat_rule_at(i)) && strcmp(rule->type, type) == 0; i++)
            if (is && apply(c, rule, from, to) < rule->min)
                lacks = true;
        if (lacks && full)
            demote(c, from, to, full);
    }
}

struct keeping {
    const uint8_t *gone;
    size_t count, at;
};
static bool keep(void *ctx, const struct fc_rdf_triple *triple)
{
    struct keeping *keeping = ctx;
    (void)triple;
    size_t at = keeping->at++;
    return at >= keeping->count || !keeping->gone[at];
}

/* Over all nodes once. What a node is may change through it, and with that what its neighbours
 * are taken for. */
static enum fc_err pass(struct conforming *c)
{
    size_t count, grown, to;
    fc_rdf_all(c->rdf, &count);
    c->gone = calloc(count + 1, 1);
    if (!c->gone)
        return FC_E_NOMEM;
    for (size_t from = 0; from < count && c->err == FC_OK; from = to) {
        fc_rdf_id subject = fc_rdf_all(c->rdf, &grown)[from].s;
        for (to = from; to < count && fc_rdf_all(c->rdf, &grown)[to].s == subject;)
            to++;
        conform_node(c, from, to);
    }
    struct keeping keeping = {c->gone, count, 0};
    fc_rdf_filter(c->rdf, keep, &keeping);
    for (size_t i = 0; i < c->added_count && c->err == FC_OK; i++)
        c->err = fc_rdf_add_ids(c->rdf, c->added[i].s, c->added[i].p, c->added[i].o);
    fc_rdf_sort(c->rdf);
    free(c->added);
    free(c->gone);
    return c->err;
}

enum fc_err fc_dcat_conform(struct fc_rdf *rdf, struct fc_dcat_conformed *done)
{
    enum { PASSES_MAX = 8 };
    enum fc_err err = FC_OK;
    uint64_t before = UINT64_MAX;
    for (int i = 0; i < PASSES_MAX && err == FC_OK; i++) {
        if (done->retyped + done->dropped + done->demoted == before)
            break;
        before = done->retyped + done->dropped + done->demoted;
        struct conforming c = {.rdf = rdf, .done = done};
        err = pass(&c);
    }
    return err;
}
