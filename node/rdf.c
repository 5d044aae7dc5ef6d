#include "node/rdf.h"

#include <stdlib.h>
#include <string.h>

#include "node/entropy.h"
#include "node/rdf_names.h"
#include "store/crypto.h"
#include "store/document_text.h"
#include "store/pack.h"

struct term { /* its texts follow it, each with a NUL */
    enum fc_rdf_kind kind;
    uint32_t text_len, extra_len; /* extra: datatype or language */
    bool has_language;
    char texts[];
};

struct fc_rdf {
    struct fc_sip_key key;
    struct term **terms;
    uint32_t term_count, term_cap;
    uint32_t *slots; /* a hash table of numbers + 1, at most half full */
    size_t slot_cap;
    struct fc_rdf_triple *triples;
    size_t triple_count, triple_cap;
    uint64_t text_left; /* bytes that terms may still be given in */
};

struct fc_rdf_term fc_rdf_iri(const char *iri)
{
    return (struct fc_rdf_term){.kind = FC_RDF_IRI, .text = fc_span_str(iri)};
}

struct fc_rdf_term fc_rdf_blank(const char *label)
{
    return (struct fc_rdf_term){.kind = FC_RDF_BLANK, .text = fc_span_str(label)};
}

struct fc_rdf_term fc_rdf_literal(const char *text)
{
    return (struct fc_rdf_term){.kind = FC_RDF_LITERAL, .text = fc_span_str(text)};
}

enum fc_err fc_rdf_create(struct fc_rdf **out)
{
    struct fc_rdf *rdf = calloc(1, sizeof *rdf);
    *out = rdf;
    if (!rdf)
        return FC_E_NOMEM;
    rdf->slot_cap = 256;
    rdf->text_left = UINT64_MAX;
    rdf->slots = calloc(rdf->slot_cap, sizeof *rdf->slots);
    enum fc_err err = rdf->slots ? fc_entropy_fill(rdf->key.b, sizeof rdf->key.b) : FC_E_NOMEM;
    if (err != FC_OK) {
        fc_rdf_destroy(rdf);
        *out = NULL;
    }
    return err;
}

void fc_rdf_destroy(struct fc_rdf *rdf)
{
    if (!rdf)
        return;
    for (uint32_t i = 0; i < rdf->term_count; i++)
        free(rdf->terms[i]);
    free(rdf->terms);
    free(rdf->slots);
    free(rdf->triples);
    free(rdf);
}

/* Terms. */

static struct fc_rdf_term view(const struct term *term)
{
    struct fc_rdf_term out = {.kind = term->kind, .text = fc_span(term->texts, term->text_len)};
    struct fc_span extra = fc_span(term->texts + term->text_len + 1, term->extra_len);
    if (term->has_language)
        out.language = extra;
    else
        out.datatype = extra;
    return out;
}

static bool same(const struct fc_rdf_term *a, const struct fc_rdf_term *b)
{
    return a->kind == b->kind && fc_span_eq(a->text, b->text) &&
           fc_span_eq(a->datatype, b->datatype) && fc_span_eq(a->language, b->language);
}

int fc_rdf_term_cmp(const struct fc_rdf_term *a, const struct fc_rdf_term *b)
{
    int order = (a->kind > b->kind) - (a->kind < b->kind);
    if (order == 0)
        order = fc_span_cmp(a->text, b->text);
    if (order == 0)
        order = fc_span_cmp(a->datatype, b->datatype);
    return order ? order : fc_span_cmp(a->language, b->language);
}

/* A literal as it is held: xsd:string says nothing, nor does a datatype beside a language. */
static struct fc_rdf_term held_as(const struct fc_rdf_term *term)
{
    struct fc_rdf_term out = *term;
    if (out.kind != FC_RDF_LITERAL || out.language.len > 0 ||
        fc_span_eq(out.datatype, fc_span_str(FC_XSD "string")))
        out.datatype = fc_span(NULL, 0);
    if (out.kind != FC_RDF_LITERAL)
        out.language = fc_span(NULL, 0);
    return out;
}

static size_t slot_of(const struct fc_rdf *rdf, const struct fc_rdf_term *term)
{
    uint64_t hash = fc_sip(&rdf->key, term->text) ^ (uint64_t)term->kind * 0x9e3779b97f4a7c15u;
    if (term->datatype.len + term->language.len > 0)
        hash ^= 3 * fc_sip(&rdf->key, term->language.len ? term->language : term->datatype);
    size_t at = (size_t)hash & (rdf->slot_cap - 1);
    while (rdf->slots[at]) {
        struct fc_rdf_term other = view(rdf->terms[rdf->slots[at] - 1]);
        if (same(term, &other))
            break;
        at = (at + 1) & (rdf->slot_cap - 1);
    }
    return at;
}

static enum fc_err grow_slots(struct fc_rdf *rdf)
{
    uint32_t *grown = calloc(rdf->slot_cap * 2, sizeof *grown);
    if (!grown)
        return FC_E_NOMEM;
    free(rdf->slots);
    rdf->slots = grown;
    rdf->slot_cap *= 2;
    for (uint32_t i = 0; i < rdf->term_count; i++) {
        struct fc_rdf_term term = view(rdf->terms[i]);
        rdf->slots[slot_of(rdf, &term)] = i + 1;
    }
    return FC_OK;
}

static bool iri_ok(struct fc_span text)
{
    char small[512], *copy = small;
    if (text.len == 0 || memchr(text.data, 0, text.len))
        return false;
    if (text.len >= sizeof small)
        copy = (char *)fc_span_dup(text);
    else
        memcpy(small, text.data, text.len);
    if (!copy)
        return false;
    copy[text.len] = '\0';
    bool ok = fc_iri_ok(copy);
    if (copy != small)
        free(copy);
    return ok;
}

/* Letters, then subtags of letters and digits (RFC 5646, as Turtle writes them). */
static bool language_ok(struct fc_span tag)
{
    size_t part = 0;
    bool first = true;
    for (size_t i = 0; i < tag.len; i++) {
        uint8_t c = tag.data[i] | 0x20;
        bool letter = c >= 'a' && c <= 'z', digit = tag.data[i] >= '0' && tag.data[i] <= '9';
        if (tag.data[i] == '-' && part > 0) {
            part = 0;
            first = false;
        } else if (!letter && (!digit || first)) {
            return false;
        } else if (++part > 8) {
            return false;
        }
    }
    return part > 0 && tag.len <= 64;
}

static enum fc_err check_term(const struct fc_rdf_term *term)
{
    if (term->text.len > FC_RDF_TERM_BYTES_MAX || term->datatype.len > FC_RDF_TERM_BYTES_MAX)
        return FC_E_BOUND;
    if (!fc_utf8_valid(term->text) ||
        (term->text.len && memchr(term->text.data, 0, term->text.len)))
        return FC_E_FORMAT;
    if (term->kind == FC_RDF_IRI)
        return iri_ok(term->text) ? FC_OK : FC_E_FORMAT;
    if (term->kind == FC_RDF_BLANK)
        return term->text.len > 0 ? FC_OK : FC_E_FORMAT;
    if ((term->datatype.len && (!fc_utf8_valid(term->datatype) || !iri_ok(term->datatype))) ||
        (term->language.len && !language_ok(term->language)))
        return FC_E_FORMAT;
    return FC_OK;
}

static struct term *make(const struct fc_rdf_term *from)
{
    struct fc_span extra = from->language.len ? from->language : from->datatype;
    struct term *term = calloc(1, sizeof *term + from->text.len + extra.len + 2);
    if (!term)
        return NULL;
    term->kind = from->kind;
    term->text_len = (uint32_t)from->text.len;
    term->extra_len = (uint32_t)extra.len;
    term->has_language = from->language.len > 0;
    if (from->text.len)
        memcpy(term->texts, from->text.data, from->text.len);
    if (extra.len)
        memcpy(term->texts + from->text.len + 1, extra.data, extra.len);
    return term;
}

void fc_rdf_bound_text(struct fc_rdf *rdf, uint64_t bytes)
{
    rdf->text_left = bytes;
}

enum fc_err fc_rdf_intern(struct fc_rdf *rdf, const struct fc_rdf_term *given, fc_rdf_id *id)
{
    struct fc_rdf_term term = held_as(given);
    size_t len = term.text.len + term.datatype.len + term.language.len;
    if (len > rdf->text_left)
        return FC_E_BOUND;
    rdf->text_left -= len;
    size_t at = slot_of(rdf, &term);
    if (rdf->slots[at]) {
        *id = rdf->slots[at] - 1;
        return FC_OK;
    }
    enum fc_err err = check_term(&term);
    if (err != FC_OK)
        return err;
    if (rdf->term_count == rdf->term_cap) {
        uint32_t cap = rdf->term_cap ? rdf->term_cap * 2 : 64;
        struct term **terms = realloc(rdf->terms, cap * sizeof(struct term *));
        if (!terms)
            return FC_E_NOMEM;
        rdf->terms = terms;
        rdf->term_cap = cap;
    }
    rdf->terms[rdf->term_count] = make(&term);
    if (!rdf->terms[rdf->term_count])
        return FC_E_NOMEM;
    *id = rdf->term_count++;
    rdf->slots[at] = rdf->term_count;
    return (size_t)rdf->term_count * 2 > rdf->slot_cap ? grow_slots(rdf) : FC_OK;
}

fc_rdf_id fc_rdf_find(const struct fc_rdf *rdf, const struct fc_rdf_term *given)
{
    struct fc_rdf_term term = held_as(given);
    size_t at = slot_of(rdf, &term);
    return rdf->slots[at] ? rdf->slots[at] - 1 : FC_RDF_NONE;
}

fc_rdf_id fc_rdf_find_iri(const struct fc_rdf *rdf, const char *iri)
{
    struct fc_rdf_term term = fc_rdf_iri(iri);
    return fc_rdf_find(rdf, &term);
}

struct fc_rdf_term fc_rdf_term(const struct fc_rdf *rdf, fc_rdf_id id)
{
    return view(rdf->terms[id]);
}

uint32_t fc_rdf_term_count(const struct fc_rdf *rdf)
{
    return rdf->term_count;
}

bool fc_rdf_is(const struct fc_rdf *rdf, fc_rdf_id id, const char *iri)
{
    if (id == FC_RDF_NONE)
        return false;
    struct fc_rdf_term term = view(rdf->terms[id]);
    return term.kind == FC_RDF_IRI && fc_span_eq(term.text, fc_span_str(iri));
}

/* Statements. */

enum fc_err fc_rdf_add_ids(struct fc_rdf *rdf, fc_rdf_id s, fc_rdf_id p, fc_rdf_id o)
{
    if (rdf->triple_count == FC_RDF_TRIPLES_MAX)
        return FC_E_BOUND;
    if (rdf->terms[s]->kind == FC_RDF_LITERAL || rdf->terms[p]->kind != FC_RDF_IRI)
        return FC_E_FORMAT;
    if (rdf->triple_count == rdf->triple_cap) {
        size_t cap = rdf->triple_cap ? rdf->triple_cap * 2 : 64;
        struct fc_rdf_triple *triples = realloc(rdf->triples, cap * sizeof *triples);
        if (!triples)
            return FC_E_NOMEM;
        rdf->triples = triples;
        rdf->triple_cap = cap;
    }
    rdf->triples[rdf->triple_count++] = (struct fc_rdf_triple){s, p, o};
    return FC_OK;
}

enum fc_err fc_rdf_add(struct fc_rdf *rdf, const struct fc_rdf_term *s, const struct fc_rdf_term *p,
                       const struct fc_rdf_term *o)
{
    fc_rdf_id ids[3];
    enum fc_err err = fc_rdf_intern(rdf, s, &ids[0]);
    if (err == FC_OK)
        err = fc_rdf_intern(rdf, p, &ids[1]);
    if (err == FC_OK)
        err = fc_rdf_intern(rdf, o, &ids[2]);
    return err == FC_OK ? fc_rdf_add_ids(rdf, ids[0], ids[1], ids[2]) : err;
}

static int by_terms(const void *a, const void *b, void *ctx)
{
    const struct fc_rdf *rdf = ctx;
    const struct fc_rdf_triple *x = a, *y = b;
    if (x->s != y->s)
        return x->s < y->s ? -1 : 1;
    const fc_rdf_id pairs[2][2] = {{x->p, y->p}, {x->o, y->o}};
    for (size_t i = 0; i < 2; i++) {
        if (pairs[i][0] == pairs[i][1])
            continue;
        struct fc_rdf_term left = view(rdf->terms[pairs[i][0]]);
        struct fc_rdf_term right = view(rdf->terms[pairs[i][1]]);
        return fc_rdf_term_cmp(&left, &right);
    }
    return 0;
}

void fc_rdf_sort(struct fc_rdf *rdf)
{
    size_t kept = 0;
    if (rdf->triple_count == 0)
        return;
    qsort_r(rdf->triples, rdf->triple_count, sizeof *rdf->triples, by_terms, rdf);
    for (size_t i = 1; i < rdf->triple_count; i++)
        if (memcmp(&rdf->triples[kept], &rdf->triples[i], sizeof *rdf->triples) != 0)
            rdf->triples[++kept] = rdf->triples[i];
    rdf->triple_count = kept + 1;
}

const struct fc_rdf_triple *fc_rdf_all(const struct fc_rdf *rdf, size_t *count)
{
    *count = rdf->triple_count;
    return rdf->triples;
}

/* Where in a sorted graph the first statement is, or would be, that is like another in its first
 * terms. */
static size_t seek(const struct fc_rdf *rdf, struct fc_rdf_triple like, unsigned terms)
{
    size_t low = 0, high = rdf->triple_count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        struct fc_rdf_triple at = rdf->triples[mid];
        if (terms < 3)
            at.o = like.o;
        if (terms < 2)
            at.p = like.p;
        if (by_terms(&at, &like, (void *)(uintptr_t)rdf) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

const struct fc_rdf_triple *fc_rdf_of(const struct fc_rdf *rdf, fc_rdf_id s, size_t *count)
{
    size_t first = seek(rdf, (struct fc_rdf_triple){.s = s}, 1);
    *count = 0;
    if (s != FC_RDF_NONE)
        *count = seek(rdf, (struct fc_rdf_triple){.s = s + 1}, 1) - first;
    return *count ? &rdf->triples[first] : NULL;
}

fc_rdf_id fc_rdf_object(const struct fc_rdf *rdf, fc_rdf_id s, const char *predicate)
{
    const struct fc_rdf_triple sought = {.s = s, .p = fc_rdf_find_iri(rdf, predicate)};
    if (sought.p == FC_RDF_NONE)
        return FC_RDF_NONE;
    size_t at = seek(rdf, sought, 2);
    bool is = at < rdf->triple_count && rdf->triples[at].s == s && rdf->triples[at].p == sought.p;
    return is ? rdf->triples[at].o : FC_RDF_NONE;
}

bool fc_rdf_has_type(const struct fc_rdf *rdf, fc_rdf_id s, const char *type)
{
    const struct fc_rdf_triple sought = {s, fc_rdf_find_iri(rdf, FC_RDF_TYPE),
                                         fc_rdf_find_iri(rdf, type)};
    if (sought.p == FC_RDF_NONE || sought.o == FC_RDF_NONE)
        return false;
    size_t at = seek(rdf, sought, 3);
    return at < rdf->triple_count && memcmp(&rdf->triples[at], &sought, sizeof sought) == 0;
}

void fc_rdf_filter(struct fc_rdf *rdf, bool (*keep)(void *ctx, const struct fc_rdf_triple *triple),
                   void *ctx)
{
    size_t kept = 0;
    for (size_t i = 0; i < rdf->triple_count; i++)
        if (keep(ctx, &rdf->triples[i]))
            rdf->triples[kept++] = rdf->triples[i];
    rdf->triple_count = kept;
}
