#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "store/query_priv.h"

/* -- memory of a result ------------------------------------------------------------------------ */

struct block {
    struct block *next;
    size_t used, size;
};
struct owned { /* what a result is allocated as */
    struct fc_query_result result;
    struct block *blocks;
};
enum { BLOCK_BYTES = 16 * 1024 };

void *fc_run_take(struct fc_run *run, size_t size)
{
    struct owned *owned = (struct owned *)run->result;
    struct block *block = owned->blocks;
    size = (size + 15) / 16 * 16;
    if (!block || block->size - block->used < size) {
        size_t head = (sizeof *block + 15) / 16 * 16;
        size_t room = head + size > BLOCK_BYTES ? head + size : (size_t)BLOCK_BYTES;
        block = malloc(room);
        if (!block) {
            run->err = FC_E_NOMEM;
            return NULL;
        }
        *block = (struct block){.next = owned->blocks, .used = head, .size = room};
        owned->blocks = block;
    }
    void *taken = (uint8_t *)block + block->used;
    block->used += size;
    return taken;
}

struct fc_span fc_run_keep(struct fc_run *run, struct fc_span bytes)
{
    uint8_t *copy = bytes.len ? fc_run_take(run, bytes.len) : NULL;
    if (!copy)
        return (struct fc_span){0};
    memcpy(copy, bytes.data, bytes.len);
    return fc_span(copy, bytes.len);
}

void fc_query_result_destroy(struct fc_query_result *result)
{
    struct owned *owned = (struct owned *)result;
    if (!owned)
        return;
    for (struct block *block = owned->blocks, *next; block; block = next) {
        next = block->next;
        free(block);
    }
    free(owned);
}

enum fc_err fc_run_get(struct fc_run *run, const struct fc_index_key *key, struct fc_span *row)
{
    struct fc_span found;
    enum fc_err err = fc_kv_seek(run->cursor, fc_index_span(key), &found, row);
    return err == FC_OK && !fc_span_eq(found, fc_index_span(key)) ? FC_E_MISSING : err;
}

enum fc_err fc_run_row(struct fc_run *run, uint32_t doc, struct fc_span *row)
{
    struct fc_index_key key = fc_index_key_page(doc);
    return fc_run_get(run, &key, row);
}

enum fc_err fc_run_doc(struct fc_run *run, uint32_t doc, struct fc_index_doc *out)
{
    struct fc_span row;
    enum fc_err err = fc_run_row(run, doc, &row);
    return err == FC_OK ? fc_index_doc_parse(row, doc, out) : err;
}

/* -- what can be found ------------------------------------------------------------------------- */

static enum fc_err add_pending(struct fc_run *run, uint32_t doc, struct fc_span row)
{
    struct fc_index_generation generation;
    struct fc_pending *pending = &run->pending[run->pending_count];
    enum fc_err err = fc_said_parse(row, &pending->said);
    if (err == FC_OK)
        err = fc_index_generation_get(run->txn, pending->said.generation, &generation);
    if (err != FC_OK)
        return err == FC_E_MISSING ? FC_E_CORRUPT : err;
    if (!fc_index_seen(&generation, pending->said.version))
        return FC_OK;
    pending->doc = doc;
    pending->contested = generation.contested;
    fc_docs_add(run->seen, doc);
    run->pending_count++;
    return FC_OK;
}

static enum fc_err read_pending(struct fc_run *run)
{
    struct fc_span key, value;
    uint32_t cap = 0;
    enum fc_err err = fc_kv_seek(run->cursor, fc_span("F", 1), &key, &value);
    while (err == FC_OK && key.len == 5 && key.data[0] == 'F') {
        if (run->pending_count == cap) {
            cap = cap ? 2 * cap : FC_INDEX_PENDING_MAX;
            struct fc_pending *more = realloc(run->pending, cap * sizeof *more);
            if (!more) {
                err = FC_E_NOMEM;
                break;
            }
            run->pending = more;
        }
        err = add_pending(run, fc_get_be32(key.data + 1), value);
        if (err == FC_OK)
            err = fc_kv_next(run->cursor, &key, &value);
    }
    return err == FC_E_MISSING ? FC_OK : err;
}

static enum fc_err read_seen(struct fc_run *run)
{
    const uint8_t prefix[2] = {'L', FC_SET_SEEN};
    run->seen = fc_docs_create();
    if (!run->seen)
        return FC_E_NOMEM;
    enum fc_err err = fc_index_docs_read(run->cursor, fc_span(prefix, sizeof prefix), run->seen);
    return err == FC_OK ? read_pending(run) : err;
}

/* -- clauses ----------------------------------------------------------------------------------- */

/* Several words in quotes: whether they follow one another is for the texts to say. */
static bool is_phrase(const struct fc_query *query, const struct fc_query_term *term)
{
    struct fc_word_reader reader = fc_word_reader(fc_span(query->text + term->at, term->len));
    struct fc_word word;
    return term->match == FC_QUERY_PHRASE && fc_word_next(&reader, &word) &&
           fc_word_next(&reader, &word);
}

static void merge_unit(struct fc_unit *unit, struct fc_unit *more)
{
    for (unsigned tier = 0; tier < FC_TIERS; tier++) {
        if (!unit->tiers[tier]) {
            unit->tiers[tier] = more->tiers[tier];
        } else {
            fc_docs_or(unit->tiers[tier], more->tiers[tier]);
            fc_docs_destroy(more->tiers[tier]);
        }
        more->tiers[tier] = NULL;
    }
}

/* Documents that hold one of a clause's terms. */
static enum fc_err clause_docs(struct fc_run *run, const struct fc_query_clause *clause,
                               struct fc_unit *unit, struct fc_docs **docs)
{
    enum fc_err err = FC_OK;
    uint32_t forms = run->form_count;
    for (uint16_t i = 0; i < clause->count && err == FC_OK; i++) {
        uint16_t number = (uint16_t)(clause->first + i);
        struct fc_unit more = {0};
        struct fc_docs *term = NULL;
        err = fc_run_term(run, &run->query->terms[number], clause->negated ? NULL : &more, &term);
        if (i == 0) {
            *docs = term;
        } else {
            fc_docs_or(*docs, term);
            fc_docs_destroy(term);
        }
        merge_unit(unit, &more);
        if (is_phrase(run->query, &run->query->terms[number]))
            run->phrases[run->phrase_count++] = (struct fc_phrase){number, clause->negated};
    }
    if (clause->negated)
        run->form_count = forms;
    if (err == FC_OK && !*docs)
        *docs = fc_docs_create();
    return err == FC_OK && !*docs ? FC_E_NOMEM : err;
}

/* 16 times the binary logarithm, rounded down. */
static uint32_t log16(uint64_t value)
{
    uint32_t whole = 63 - (uint32_t)__builtin_clzll(value | 1), fraction = 0;
    uint64_t mantissa = whole >= 31 ? value >> (whole - 31) : value << (31 - whole);
    for (unsigned bit = 0; bit < 4; bit++) {
        mantissa = mantissa * mantissa >> 31;
        fraction <<= 1;
        if (mantissa >> 32) {
            fraction |= 1;
            mantissa >>= 1;
        }
    }
    return 16 * whole + fraction;
}

static uint32_t rarity(uint64_t all, uint64_t having)
{
    uint32_t weight = log16(2 + 2 * all / (having + 1));
    return weight > 1000 ? 1000 : weight;
}

/* A rarer word takes the place of the most frequent one when there is no room. */
static void take_unit(struct fc_run *run, struct fc_unit *unit)
{
    uint32_t place = run->unit_count;
    if (place == FC_UNITS_MAX) {
        place = 0;
        for (uint32_t i = 1; i < FC_UNITS_MAX; i++)
            if (run->units[i].weight < run->units[place].weight)
                place = i;
        if (run->units[place].weight >= unit->weight)
            return;
        for (unsigned tier = 0; tier < FC_TIERS; tier++)
            fc_docs_destroy(run->units[place].tiers[tier]);
    } else {
        run->unit_count++;
    }
    run->units[place] = *unit;
    *unit = (struct fc_unit){0};
}

static void drop_unit(struct fc_unit *unit)
{
    for (unsigned tier = 0; tier < FC_TIERS; tier++)
        fc_docs_destroy(unit->tiers[tier]);
}

static bool has_tiers(const struct fc_unit *unit)
{
    for (unsigned tier = 0; tier < FC_TIERS; tier++)
        if (unit->tiers[tier])
            return true;
    return false;
}

static enum fc_facet facet_of(const struct fc_run *run, const struct fc_query_clause *clause)
{
    unsigned facet = 0;
    enum fc_query_field field = run->query->terms[clause->first].field;
    while (facet < FC_FACETS - 1 && fc_facet_field((enum fc_facet)facet) != field)
        facet++;
    return (enum fc_facet)facet;
}

/* What was chosen from a facet's values narrows down all but the counts of that facet. */
static enum fc_err apply_choice(struct fc_run *run, const struct fc_query_clause *clause)
{
    struct fc_unit unit = {0};
    struct fc_docs **chosen = &run->chosen[facet_of(run, clause)], *docs = NULL;
    enum fc_err err = clause_docs(run, clause, &unit, &docs);
    if (err == FC_OK && !run->open && !(run->open = fc_docs_copy(run->found)))
        err = FC_E_NOMEM;
    if (err == FC_OK)
        fc_docs_and(run->found, docs);
    if (err == FC_OK && *chosen)
        fc_docs_and(*chosen, docs);
    if (err == FC_OK && !*chosen) {
        *chosen = docs;
        docs = NULL;
    }
    drop_unit(&unit);
    fc_docs_destroy(docs);
    return err;
}

static enum fc_err apply_clause(struct fc_run *run, const struct fc_query_clause *clause)
{
    struct fc_unit unit = {0};
    struct fc_docs *docs = NULL;
    uint32_t phrases = run->phrase_count;
    enum fc_err err = clause_docs(run, clause, &unit, &docs);
    if (err == FC_OK && clause->negated && run->phrase_count == phrases)
        fc_docs_minus(run->found, docs);
    if (err == FC_OK && !clause->negated) {
        unit.weight = rarity(fc_docs_count(run->seen), fc_docs_count_and(docs, run->seen));
        fc_docs_and(run->found, docs);
        if (has_tiers(&unit))
            take_unit(run, &unit);
    }
    drop_unit(&unit);
    fc_docs_destroy(docs);
    return err;
}

static enum fc_err find(struct fc_run *run)
{
    run->found = fc_docs_copy(run->seen);
    enum fc_err err = run->found ? FC_OK : FC_E_NOMEM;
    for (uint16_t i = 0; i < run->query->clause_count && err == FC_OK; i++)
        if (!run->query->clauses[i].chosen)
            err = apply_clause(run, &run->query->clauses[i]);
    for (uint16_t i = 0; i < run->query->clause_count && err == FC_OK; i++)
        if (run->query->clauses[i].chosen)
            err = apply_choice(run, &run->query->clauses[i]);
    return err == FC_OK && run->phrase_count > 0 ? fc_run_phrases(run) : err;
}

/* -- the whole --------------------------------------------------------------------------------- */

uint64_t fc_run_identify(const struct fc_run *run)
{
    const struct fc_query *query = run->query;
    struct fc_hasher hasher;
    fc_hasher_init(&hasher, "fedcat.query.1");
    fc_hasher_add(&hasher, fc_span(query->text, query->text_len));
    for (uint16_t i = 0; i < query->clause_count; i++) {
        const struct fc_query_clause *clause = &query->clauses[i];
        const uint8_t bytes[3] = {(uint8_t)clause->count,
                                  (uint8_t)(clause->negated | clause->chosen << 1),
                                  (uint8_t)query->sort};
        fc_hasher_add(&hasher, fc_span(bytes, sizeof bytes));
    }
    for (uint16_t i = 0; i < query->term_count; i++) {
        const struct fc_query_term *term = &query->terms[i];
        uint8_t bytes[14] = {(uint8_t)term->field, (uint8_t)term->match, (uint8_t)(term->len >> 8),
                             (uint8_t)term->len};
        fc_put_be32(bytes + 4, (uint32_t)term->low);
        fc_put_be32(bytes + 8, (uint32_t)term->high);
        fc_hasher_add(&hasher, fc_span(bytes, sizeof bytes));
    }
    struct fc_hash hash = fc_hasher_end(&hasher);
    return fc_get_be64(hash.b);
}

/* Values of one facet, and not negated. */
static bool is_choice(const struct fc_query *query, const struct fc_query_clause *clause)
{
    bool good = false;
    enum fc_query_field field = query->terms[clause->first].field;
    for (unsigned facet = 0; facet < FC_FACETS; facet++)
        good = good || fc_facet_field((enum fc_facet)facet) == field;
    for (uint16_t i = 0; i < clause->count; i++) {
        const struct fc_query_term *term = &query->terms[clause->first + i];
        good = good && term->field == field && term->match == FC_QUERY_EQUAL;
    }
    return good && clause->count > 0 && !clause->negated;
}

static enum fc_err check(const struct fc_query *query)
{
    if (query->limit > FC_QUERY_LIMIT_MAX || query->offset > FC_QUERY_OFFSET_MAX ||
        query->facet_values > FC_QUERY_FACET_VALUES_MAX ||
        query->cursor.len > FC_QUERY_CURSOR_BYTES_MAX ||
        query->text_len > FC_QUERY_TEXT_BYTES_MAX || query->term_count > FC_QUERY_TERMS_MAX ||
        query->clause_count > FC_QUERY_CLAUSES_MAX)
        return FC_E_BOUND;
    if ((query->facets & ~(uint32_t)FC_FACETS_ALL) || (query->offset > 0 && query->cursor.len > 0))
        return FC_E_ARG;
    for (uint16_t i = 0; i < query->term_count; i++)
        if (query->terms[i].at + query->terms[i].len > query->text_len ||
            !fc_query_takes(query->terms[i].field, query->terms[i].match))
            return FC_E_ARG;
    for (uint16_t i = 0; i < query->clause_count; i++) {
        const struct fc_query_clause *clause = &query->clauses[i];
        if (clause->first + clause->count > query->term_count)
            return FC_E_ARG;
        if (clause->chosen && !is_choice(query, clause))
            return FC_E_ARG;
        for (uint16_t k = 0; clause->count > 1 && k < clause->count; k++)
            if (is_phrase(query, &query->terms[clause->first + k]))
                return FC_E_ARG;
    }
    return FC_OK;
}

static enum fc_err answer(struct fc_run *run)
{
    struct fc_ranked *page = NULL;
    struct fc_buf next = {0};
    uint32_t count = 0;
    enum fc_err err = fc_kv_cursor_open(run->txn, FC_TABLE_INDEX, &run->cursor);
    if (err == FC_OK)
        err = read_seen(run);
    if (err == FC_OK)
        err = find(run);
    if (err == FC_OK) {
        run->result->total = fc_docs_count(run->found);
        run->result->entries = fc_docs_count(run->seen);
        err = fc_run_page(run, &page, &count, &next);
    }
    if (err == FC_OK)
        err = fc_run_hits(run, page, count);
    if (err == FC_OK && run->query->facets)
        err = fc_run_facets(run);
    if (err == FC_OK)
        run->result->next = fc_run_keep(run, fc_buf_span(&next));
    free(page);
    fc_buf_finish(&next);
    return err == FC_OK ? run->err : err;
}

static void finish(struct fc_run *run)
{
    for (uint32_t i = 0; i < run->unit_count; i++)
        drop_unit(&run->units[i]);
    fc_docs_destroy(run->seen);
    fc_docs_destroy(run->found);
    fc_docs_destroy(run->open);
    fc_docs_destroy(run->nobodys);
    for (unsigned facet = 0; facet < FC_FACETS; facet++)
        fc_docs_destroy(run->chosen[facet]);
    if (run->cursor)
        fc_kv_cursor_close(run->cursor);
    free(run->pending);
    free(run);
}

enum fc_err fc_query_run(struct fc_replica *replica, const struct fc_query *query,
                         struct fc_query_result **result)
{
    struct fc_replica_read read;
    *result = NULL;
    enum fc_err err = check(query);
    if (err == FC_OK && fc_replica_index_state(replica) != FC_INDEX_READY)
        err = FC_E_MISSING;
    if (err != FC_OK)
        return err;
    struct fc_run *run = malloc(sizeof *run);
    struct owned *owned = calloc(1, sizeof *owned);
    err = run && owned ? fc_replica_read_begin(replica, &read) : FC_E_NOMEM;
    if (err != FC_OK) {
        free(run);
        free(owned);
        return err;
    }
    memset(run, 0, offsetof(struct fc_run, forms));
    run->replica = replica;
    run->index = replica->index;
    run->query = query;
    run->txn = read.txn;
    run->number = read.own || replica->at_commit ? fc_kv_txn_number(read.txn) : 0;
    run->chunks = (replica->index->next_doc >> FC_DOCS_CHUNK_BITS) + 1;
    run->result = &owned->result;
    err = answer(run);
    finish(run);
    fc_replica_read_end(&read);
    if (err != FC_OK)
        fc_query_result_destroy(&owned->result);
    else
        *result = &owned->result;
    return err;
}
