#include "node/dsp_candidates.h"

#include <stdlib.h>
#include <string.h>

#include "store/document_text.h"
#include "store/index.h"
#include "store/words.h"

/* -- the question ------------------------------------------------------------------------------ */

/* Of a document's names and keywords longer ones are cut, perhaps within a word. */
enum { TEXT_BYTES_MAX = 200 };

static bool has_word(const char *text)
{
    struct fc_word_reader reader = fc_word_reader(fc_span_str(text));
    struct fc_word word;
    return fc_word_next(&reader, &word);
}

/* Adds one value to the clause at hand; false: what has it cannot be found by the index. */
static bool add_value(struct fc_query *query, enum fc_dsp_field field, const char *value)
{
    struct fc_span span = fc_span_str(value);
    switch (field) {
    case FC_DSP_ID:
        return fc_query_term(query, FC_QUERY_KEY, FC_QUERY_EQUAL, span) == FC_OK;
    case FC_DSP_KIND:
        return fc_query_term(query, FC_QUERY_KIND, FC_QUERY_EQUAL, span) == FC_OK;
    case FC_DSP_COUNTRY:
        return fc_query_term(query, FC_QUERY_COUNTRY, FC_QUERY_EQUAL, span) == FC_OK;
    case FC_DSP_LANGUAGE:
        return fc_query_term(query, FC_QUERY_LANGUAGE, FC_QUERY_EQUAL, span) == FC_OK;
    case FC_DSP_PARTICIPANT:
        return span.len == 64 &&
               fc_query_term(query, FC_QUERY_PARTICIPANT, FC_QUERY_EQUAL, span) == FC_OK;
    case FC_DSP_PROVIDER:
        return span.len <= FC_INDEX_PROVIDER_BYTES &&
               fc_query_term(query, FC_QUERY_PROVIDER, FC_QUERY_EQUAL, span) == FC_OK;
    case FC_DSP_NAME: /* the index takes none that reads as an IRI */
    case FC_DSP_KEYWORD:
        return span.len <= TEXT_BYTES_MAX && !fc_iri_ok(value) && has_word(value) &&
               fc_query_term(query, field == FC_DSP_NAME ? FC_QUERY_NAME : FC_QUERY_KEYWORD,
                             FC_QUERY_EXACT, span) == FC_OK;
    case FC_DSP_THEME: /* the first few are values, all of them words */
        value = fc_iri_ok(value) ? fc_iri_local(value) : value;
        span = fc_span_str(value);
        return span.len <= TEXT_BYTES_MAX && has_word(value) &&
               fc_query_term(query, FC_QUERY_THEME, FC_QUERY_EQUAL, span) == FC_OK &&
               fc_query_term(query, FC_QUERY_ANY, FC_QUERY_EXACT, span) == FC_OK;
    case FC_DSP_DESCRIPTION:
    case FC_DSP_CONTENT_TYPE:
    case FC_DSP_LICENSE:
    case FC_DSP_ENDPOINT:
    case FC_DSP_ISSUER:
    case FC_DSP_VALID_UNTIL:
        return false;
    }
    return false;
}

static bool is_equality(enum fc_dsp_operator op)
{
    return op == FC_DSP_EQUAL || op == FC_DSP_CONTAINS || op == FC_DSP_IN;
}

/* A clause for a criterion, whole or not at all. */
static bool add_clause(struct fc_query *query, const struct fc_dsp_criterion *criterion)
{
    uint16_t clauses = query->clause_count, terms = query->term_count, len = query->text_len;
    bool fine = is_equality(criterion->op) && fc_query_clause(query, false) == FC_OK;
    for (size_t i = 0; i < criterion->right_count && fine; i++)
        fine = add_value(query, criterion->field, criterion->rights[i]);
    if (!fine) {
        query->clause_count = clauses;
        query->term_count = terms;
        query->text_len = len;
    }
    return fine;
}

bool fc_dsp_candidates_query(const struct fc_dsp_query *query, struct fc_query *out)
{
    bool narrows = false;
    fc_query_init(out);
    out->sort = FC_QUERY_OLDEST;
    out->limit = FC_QUERY_LIMIT_MAX;
    out->snippets = false;
    for (size_t i = 0; i < query->count; i++) {
        bool added = add_clause(out, &query->criteria[i]);
        /* Feeds are told apart without the index. */
        narrows = narrows || (added && query->criteria[i].field != FC_DSP_PARTICIPANT);
    }
    return narrows;
}

/* -- the answer -------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    const struct fc_dsp_place *left = a, *right = b;
    int order = fc_hash_cmp(&left->participant, &right->participant);
    return order ? order : fc_hash_cmp(&left->key_hash, &right->key_hash);
}

static enum fc_err take_hits(struct fc_dsp_candidates *out, const struct fc_query_result *result)
{
    struct fc_dsp_place *list =
        realloc(out->list, (out->count + result->hit_count + 1) * sizeof *list);
    if (!list)
        return FC_E_NOMEM;
    out->list = list;
    for (uint32_t i = 0; i < result->hit_count; i++)
        list[out->count++] =
            (struct fc_dsp_place){true, result->hits[i].participant, result->hits[i].key_hash};
    return FC_OK;
}

/* FC_E_BOUND: too many. */
static enum fc_err take_page(struct fc_replica *replica, const struct fc_query *query,
                             struct fc_dsp_candidates *out, struct fc_buf *next)
{
    struct fc_query_result *result = NULL;
    enum fc_err err = fc_query_run(replica, query, &result);
    if (err != FC_OK)
        return err;
    fc_buf_clear(next);
    if (result->total > FC_DSP_CANDIDATES_MAX)
        err = FC_E_BOUND;
    if (err == FC_OK)
        err = take_hits(out, result);
    if (err == FC_OK && result->next.len > 0) {
        fc_buf_append(next, result->next.data, result->next.len);
        err = fc_buf_check(next);
    }
    fc_query_result_destroy(result);
    return err;
}

enum fc_err fc_dsp_candidates_find(struct fc_replica *replica, const struct fc_dsp_query *query,
                                   struct fc_dsp_candidates *out)
{
    struct fc_query *ask = malloc(sizeof *ask);
    struct fc_buf next = {0};
    enum fc_err err = FC_OK;
    *out = (struct fc_dsp_candidates){0};
    if (!ask)
        return FC_E_NOMEM;
    if (fc_dsp_candidates_query(query, ask)) {
        do {
            err = take_page(replica, ask, out, &next);
            ask->cursor = fc_buf_span(&next);
        } while (err == FC_OK && next.len > 0);
        out->found = err == FC_OK;
    }
    if (out->found)
        qsort(out->list, out->count, sizeof *out->list, compare);
    else
        fc_dsp_candidates_finish(out);
    /* Without an index that can be asked, the entries themselves are there still. */
    if (err == FC_E_BOUND || err == FC_E_MISSING || err == FC_E_STALE || err == FC_E_CORRUPT)
        err = FC_OK;
    fc_buf_finish(&next);
    free(ask);
    return err;
}

void fc_dsp_candidates_finish(struct fc_dsp_candidates *candidates)
{
    free(candidates->list);
    *candidates = (struct fc_dsp_candidates){0};
}

size_t fc_dsp_candidates_of(const struct fc_dsp_candidates *candidates,
                            const struct fc_hash *participant)
{
    size_t low = 0, high = candidates->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (fc_hash_cmp(&candidates->list[middle].participant, participant) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
