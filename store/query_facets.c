#include <stdlib.h>
#include <string.h>

#include "store/document_rules.h"
#include "store/index_sheet.h"
#include "store/query_places.h"
#include "store/query_values.h"

/* Values seen while counting. Those that sheets count come first, each once; a table, which grows
 * and is made when it is asked, finds what comes otherwise. */
struct counted {
    uint64_t count;
    uint32_t number; /* of a provider or a generation; else 0, once its text is known */
    struct fc_span text;
};
struct tally {
    struct counted *list;
    uint32_t count, cap;
    uint32_t *table; /* place in the list + 1 */
    uint32_t table_size, listed, last;
};
enum {
    VALUES_READ_MAX = 4096, /* of one facet and chunk: a feed that makes values up without end slows
                               nobody's search down */
    AHEAD = 8,              /* documents, that memory is fetched before it is read */
    DENSE_MIN = 8192,       /* documents of a chunk that bitmaps count sooner than sheets */
};

static uint32_t hash_of(const struct counted *value)
{
    uint64_t hash = 0xcbf29ce484222325u ^ value->number;
    for (size_t i = 0; i < value->text.len; i++)
        hash = (hash ^ value->text.data[i]) * 0x100000001b3u;
    hash *= 0xff51afd7ed558ccdu;
    return (uint32_t)(hash >> 32);
}

static bool equal(const struct counted *a, const struct counted *b)
{
    return a->number == b->number && fc_span_eq(a->text, b->text);
}

static enum fc_err tally_room(struct tally *tally)
{
    if (tally->count < tally->cap)
        return FC_OK;
    uint32_t cap = tally->cap ? 2 * tally->cap : 64;
    struct counted *list = realloc(tally->list, cap * sizeof *list);
    if (!list)
        return FC_E_NOMEM;
    tally->list = list;
    tally->cap = cap;
    return FC_OK;
}

/* Where a value stands in the table, or would. */
static uint32_t place_of(const struct tally *tally, const struct counted *value)
{
    uint32_t at = hash_of(value) & (tally->table_size - 1);
    while (tally->table[at] && !equal(&tally->list[tally->table[at] - 1], value))
        at = (at + 1) & (tally->table_size - 1);
    return at;
}

static enum fc_err tally_list(struct tally *tally)
{
    if (tally->listed == tally->count && tally->table_size >= 2 * tally->cap)
        return FC_OK;
    uint32_t *table = calloc(2 * (size_t)tally->cap, sizeof *table);
    if (!table)
        return FC_E_NOMEM;
    free(tally->table);
    tally->table = table;
    tally->table_size = 2 * tally->cap;
    for (uint32_t i = 0; i < tally->count; i++)
        table[place_of(tally, &tally->list[i])] = i + 1;
    tally->listed = tally->count;
    return FC_OK;
}

static enum fc_err tally_add(struct tally *tally, const struct counted *value, uint64_t count)
{
    if (tally->count > 0 && equal(&tally->list[tally->last], value)) {
        tally->list[tally->last].count += count;
        return FC_OK;
    }
    enum fc_err err = tally_room(tally);
    if (err == FC_OK)
        err = tally_list(tally);
    if (err != FC_OK)
        return err;
    uint32_t at = place_of(tally, value);
    if (!tally->table[at]) {
        tally->list[tally->count] = *value;
        tally->list[tally->count].count = 0;
        tally->table[at] = ++tally->count;
        tally->listed++;
    }
    tally->last = tally->table[at] - 1;
    tally->list[tally->last].count += count;
    return FC_OK;
}

static enum fc_err tally_text(struct tally *tally, struct fc_span text, uint64_t count)
{
    const struct counted value = {.text = text};
    return count > 0 ? tally_add(tally, &value, count) : FC_OK;
}

static void tally_finish(struct tally *tally)
{
    free(tally->list);
    free(tally->table);
}

/* -- values in sheets -------------------------------------------------------------------------- */

struct sheets {
    struct fc_run *run;
    struct tally *tallies;
    uint32_t *counts[FC_FACETS], caps[FC_FACETS]; /* by number */
    uint32_t page;
    struct fc_span ahead; /* of the page; empty: none is read yet */
    struct fc_span row;   /* of what is being counted */
};

static enum fc_err count_number(struct sheets *sheets, unsigned facet, uint32_t number)
{
    uint32_t cap = sheets->caps[facet] ? sheets->caps[facet] : 256;
    const struct counted value = {.number = number};
    if (number == 0)
        return FC_E_CORRUPT;
    if (number >= FC_SHEET_FAR)
        return tally_add(&sheets->tallies[facet], &value, 1);
    while (cap <= number)
        cap *= 2;
    if (cap > sheets->caps[facet]) {
        uint32_t *counts = realloc(sheets->counts[facet], cap * sizeof *counts);
        if (!counts)
            return FC_E_NOMEM;
        memset(counts + sheets->caps[facet], 0, (cap - sheets->caps[facet]) * sizeof *counts);
        sheets->counts[facet] = counts;
        sheets->caps[facet] = cap;
    }
    sheets->counts[facet][number]++;
    return FC_OK;
}

static enum fc_err count_code(struct sheets *sheets, unsigned facet, uint32_t code)
{
    struct fc_span list;
    if (code < FC_SHEET_FAR)
        return count_number(sheets, facet, code);
    enum fc_err err = fc_sheet_list(sheets->row, code, &list);
    for (size_t i = 0; err == FC_OK && i < list.len / 4; i++)
        err = count_number(sheets, facet, fc_sheet_number(list, i));
    return err;
}

static enum fc_err turn_to(struct sheets *sheets, uint32_t doc)
{
    struct fc_span found;
    if (sheets->ahead.len > 0 && sheets->page == doc / FC_SHEET_DOCS)
        return FC_OK;
    struct fc_index_key key = fc_sheet_key(doc);
    enum fc_err err = fc_kv_seek(sheets->run->cursor, fc_index_span(&key), &found, &sheets->ahead);
    if (err != FC_OK)
        return err == FC_E_MISSING ? FC_E_CORRUPT : err;
    sheets->page = doc / FC_SHEET_DOCS;
    return fc_span_eq(found, fc_index_span(&key)) && fc_sheet_valid(sheets->ahead) ? FC_OK
                                                                                   : FC_E_CORRUPT;
}

static enum fc_err count_doc(struct sheets *sheets, const uint8_t *doc, const unsigned *facets,
                             unsigned wanted)
{
    enum fc_err err = FC_OK;
    for (unsigned k = 0; k < wanted && err == FC_OK; k++) {
        uint32_t code = fc_sheet_code(doc, facets[k]);
        if (code > 0 && code < sheets->caps[facets[k]]) /* never beyond FC_SHEET_FAR */
            sheets->counts[facets[k]][code]++;
        else if (code > 0)
            err = count_code(sheets, facets[k], code);
    }
    return err;
}

/* Few documents stand far apart: several are on their way while one is counted. */
static enum fc_err count_list(struct sheets *sheets, const uint32_t *list, size_t count,
                              const unsigned *facets, unsigned wanted)
{
    struct {
        struct fc_span row;
        const uint8_t *doc;
    } coming[AHEAD];
    enum fc_err err = FC_OK;
    for (size_t i = 0; i < count + AHEAD && err == FC_OK; i++) {
        size_t at = i % AHEAD;
        if (i >= AHEAD && i - AHEAD < count) {
            sheets->row = coming[at].row;
            err = count_doc(sheets, coming[at].doc, facets, wanted);
        }
        if (err == FC_OK && i < count)
            err = turn_to(sheets, list[i]);
        if (err == FC_OK && i < count) {
            coming[at].row = sheets->ahead;
            coming[at].doc = sheets->ahead.data + list[i] % FC_SHEET_DOCS * FC_SHEET_DOC_BYTES;
            __builtin_prefetch(coming[at].doc);
        }
    }
    return err;
}

/* Of the documents of one chunk the facets in `which`. */
static enum fc_err count_sheets(struct sheets *sheets, const struct fc_docs *docs, uint32_t chunk,
                                uint32_t which)
{
    uint32_t list[1024], from = chunk << FC_DOCS_CHUNK_BITS, last = from | (FC_DOCS_CHUNK - 1);
    unsigned facets[FC_FACETS], wanted = 0;
    enum fc_err err = FC_OK;
    for (unsigned facet = 0; facet < FC_FACETS; facet++)
        if (which & 1u << facet)
            facets[wanted++] = facet;
    for (bool more = wanted > 0; more && err == FC_OK;) {
        size_t count = fc_docs_up(docs, from, list, sizeof list / sizeof list[0]);
        more = count > 0 && list[count - 1] < last;
        while (count > 0 && list[count - 1] > last)
            count--;
        err = count_list(sheets, list, count, facets, wanted);
        if (more)
            from = list[count - 1] + 1;
    }
    return err;
}

/* Lists what was counted by number; those found in tails alone, which are greater, are there. */
static enum fc_err list_counts(struct sheets *sheets, unsigned facet)
{
    struct tally *tally = &sheets->tallies[facet];
    enum fc_err err = FC_OK;
    for (uint32_t number = 1; number < sheets->caps[facet] && err == FC_OK; number++) {
        uint32_t count = sheets->counts[facet][number];
        if (count == 0)
            continue;
        err = tally_room(tally);
        if (err == FC_OK)
            tally->list[tally->count++] = (struct counted){.number = number, .count = count};
    }
    return err;
}

/* The cursor stands at the value with this number; those asked for ascend, mostly by one. */
static enum fc_err go_to_value(struct fc_kv_cursor *cursor, unsigned facet, uint32_t number,
                               uint32_t before, struct fc_span *text)
{
    enum { STEPS_MAX = 4 };
    struct fc_index_key key = fc_value_key_number(facet, number);
    struct fc_span found = {0};
    enum fc_err err = FC_OK;
    bool near = before > 0 && number > before && number - before <= STEPS_MAX;
    for (uint32_t i = 0; near && err == FC_OK && i < number - before; i++) {
        err = fc_kv_next(cursor, &found, text);
        if (err == FC_OK && fc_span_eq(found, fc_index_span(&key)))
            return FC_OK;
    }
    err = fc_kv_seek(cursor, fc_index_span(&key), &found, text);
    if (err == FC_OK && !fc_span_eq(found, fc_index_span(&key)))
        err = FC_E_MISSING;
    return err == FC_E_MISSING ? FC_E_CORRUPT : err;
}

/* A facet's values by their texts. */
static enum fc_err read_values(struct sheets *sheets, unsigned facet)
{
    struct tally *tally = &sheets->tallies[facet];
    enum fc_err err = FC_OK;
    uint32_t before = 0;
    for (uint32_t i = 0; i < tally->count && err == FC_OK; i++) {
        struct counted *value = &tally->list[i];
        if (facet == FC_FACET_STATE) {
            const char *name = fc_status_name((enum fc_status)value->number);
            err = name ? FC_OK : FC_E_CORRUPT;
            value->text = fc_span_str(name ? name : "");
        } else if (!fc_run_value_text(sheets->run, facet, value->number, &value->text)) {
            err = go_to_value(sheets->run->cursor, facet, value->number, before, &value->text);
            if (err == FC_OK)
                fc_run_keep_value(sheets->run, facet, value->number, value->text);
            before = value->number; /* where the cursor stands */
        }
        value->number = 0;
    }
    tally->listed = 0;
    return err;
}

static bool in_bitmaps(unsigned facet)
{
    return facet != FC_FACET_PROVIDER && facet != FC_FACET_PARTICIPANT;
}

/* Counts `docs`, all merged, but for what is left to bitmaps. */
static enum fc_err count_documents(struct sheets *sheets, const struct fc_docs *docs)
{
    uint32_t wanted = sheets->run->counting, numbers = 0;
    enum fc_err err = FC_OK;
    for (unsigned facet = 0; facet < FC_FACETS; facet++)
        if (!in_bitmaps(facet))
            numbers |= 1u << facet;
    for (uint32_t chunk = 0; err == FC_OK; chunk++) {
        chunk = fc_docs_chunk(docs, chunk);
        if (chunk == UINT32_MAX)
            break;
        bool dense = fc_docs_count_chunk(docs, chunk) > DENSE_MIN;
        err = count_sheets(sheets, docs, chunk, dense ? wanted & numbers : wanted);
    }
    for (unsigned facet = 0; facet < FC_FACETS && err == FC_OK; facet++) {
        err = list_counts(sheets, facet);
        if (err == FC_OK && in_bitmaps(facet))
            err = read_values(sheets, facet);
    }
    return err;
}

/* -- values in bitmaps ------------------------------------------------------------------------- */

/* A text that does not outlast the next row. */
static enum fc_err tally_key(struct fc_run *run, struct tally *tally, struct fc_span text,
                             uint64_t count)
{
    uint32_t before = tally->count;
    enum fc_err err = tally_text(tally, text, count);
    if (err == FC_OK && tally->count > before)
        tally->list[before].text = fc_run_keep(run, text);
    return err == FC_OK ? run->err : err;
}

static enum fc_err count_chunk(struct fc_run *run, enum fc_facet facet, uint32_t chunk,
                               const struct fc_docs_bits *bits, struct tally *tally)
{
    struct fc_index_key from =
        fc_index_key_item((uint8_t)(FC_TAG_FACET + facet), chunk, (struct fc_span){0});
    struct fc_span key, value;
    uint32_t rows = 0, count;
    enum fc_err err = fc_kv_seek(run->cursor, fc_index_span(&from), &key, &value);
    while (err == FC_OK && key.len > from.len && memcmp(key.data, from.b, from.len) == 0 &&
           rows++ < VALUES_READ_MAX) {
        err = fc_docs_common(bits, value, &count);
        if (err == FC_OK)
            err = tally_key(run, tally, fc_span(key.data + from.len, key.len - from.len), count);
        if (err == FC_OK)
            err = fc_kv_next(run->cursor, &key, &value);
    }
    return err == FC_E_MISSING ? FC_OK : err;
}

static enum fc_err count_pending(struct fc_run *run, enum fc_facet facet, struct tally *tally)
{
    enum fc_err err = FC_OK;
    for (uint32_t i = 0; i < run->pending_count && err == FC_OK; i++) {
        const struct fc_pending *pending = &run->pending[i];
        struct fc_span items = pending->said.items, bytes;
        uint8_t tag;
        if (!fc_docs_has(run->found, pending->doc))
            continue;
        if (facet == FC_FACET_STATE) {
            const char *name = fc_status_name(pending->said.status);
            err = tally_text(tally, fc_span_str(name ? name : ""), name != NULL);
        }
        while (err == FC_OK && fc_said_next(&items, &tag, &bytes))
            if (tag == FC_TAG_FACET + facet)
                err = tally_text(tally, bytes, 1);
    }
    return err;
}

/* What is contested is so beside its status. */
static enum fc_err count_contested(struct fc_run *run, struct tally *tally)
{
    const uint8_t prefix[2] = {'L', FC_SET_CONTESTED};
    struct fc_docs *docs = fc_docs_create();
    enum fc_err err =
        docs ? fc_index_docs_read(run->cursor, fc_span(prefix, sizeof prefix), docs) : FC_E_NOMEM;
    for (uint32_t i = 0; i < run->pending_count && err == FC_OK; i++)
        if (run->pending[i].contested)
            fc_docs_add(docs, run->pending[i].doc);
    if (err == FC_OK)
        err = tally_text(tally, fc_span_str("contested"), fc_docs_count_and(docs, run->found));
    fc_docs_destroy(docs);
    return err;
}

/* Those of chunks that have many documents of `docs`. */
static enum fc_err count_dense(struct sheets *sheets, const struct fc_docs *docs)
{
    struct fc_docs_bits bits;
    enum fc_err err = FC_OK;
    for (uint32_t chunk = 0; err == FC_OK; chunk++) {
        chunk = fc_docs_chunk(docs, chunk);
        if (chunk == UINT32_MAX)
            break;
        if (fc_docs_count_chunk(docs, chunk) <= DENSE_MIN)
            continue;
        fc_docs_open(docs, chunk, &bits);
        for (unsigned facet = 0; facet < FC_FACETS && err == FC_OK; facet++)
            if (in_bitmaps(facet) && sheets->run->counting & 1u << facet)
                err = count_chunk(sheets->run, (enum fc_facet)facet, chunk, &bits,
                                  &sheets->tallies[facet]);
    }
    return err;
}

/* Beside what documents say themselves. */
static enum fc_err count_located(struct fc_run *run, struct tally *tally)
{
    const struct fc_located *list;
    uint32_t count;
    enum fc_err err = fc_run_located(run, &list, &count);
    for (uint32_t i = 0; i < count && err == FC_OK; i++)
        err = tally_text(tally, fc_span_str(list[i].country),
                         fc_docs_count_and(list[i].docs, run->found));
    return err;
}

/* -- values that wait -------------------------------------------------------------------------- */

/* A provider whose documents all wait has no number yet; FC_E_MISSING. */
static enum fc_err provider_number(struct fc_run *run, struct fc_span provider, uint32_t *number)
{
    struct fc_index_key key = fc_index_key_provider(provider);
    struct fc_span row;
    enum fc_err err = fc_kv_get(run->txn, FC_TABLE_INDEX, fc_index_span(&key), &row);
    if (err == FC_OK && row.len != 8)
        return FC_E_CORRUPT;
    if (err == FC_OK)
        *number = fc_get_be32(row.data);
    return err;
}

/* Providers that wait are numbered behind the others, by the first row that names them. */
enum { WAITING_NUMBER = 0x80000000u >> 1 };

static enum fc_err pending_provider(struct fc_run *run, uint32_t place, uint32_t *number)
{
    struct fc_span items = run->pending[place].said.items, provider, other;
    uint8_t tag;
    *number = 0;
    while (fc_said_next(&items, &tag, &provider))
        if (tag == FC_TAG_PROVIDER)
            break;
    if (items.len == 0 && tag != FC_TAG_PROVIDER)
        return FC_OK;
    enum fc_err err = tag == FC_TAG_PROVIDER ? provider_number(run, provider, number) : FC_OK;
    if (err != FC_E_MISSING)
        return err;
    for (uint32_t i = 0; i <= place; i++) {
        struct fc_span others = run->pending[i].said.items;
        while (fc_said_next(&others, &tag, &other))
            if (tag == FC_TAG_PROVIDER && fc_span_eq(other, provider)) {
                *number = WAITING_NUMBER + i;
                return FC_OK;
            }
    }
    return FC_OK;
}

static enum fc_err count_numbers(struct fc_run *run, enum fc_facet facet, struct tally *tally)
{
    enum fc_err err = FC_OK;
    for (uint32_t i = 0; i < run->pending_count && err == FC_OK; i++) {
        struct counted value = {.number = run->pending[i].said.generation};
        if (!fc_docs_has(run->found, run->pending[i].doc))
            continue;
        if (facet == FC_FACET_PROVIDER)
            err = pending_provider(run, i, &value.number);
        if (err == FC_OK && value.number > 0)
            err = tally_add(tally, &value, 1);
    }
    return err;
}

static enum fc_err count_waiting(struct fc_run *run, enum fc_facet facet, struct tally *tally)
{
    if (!in_bitmaps(facet))
        return count_numbers(run, facet, tally);
    enum fc_err err = count_pending(run, facet, tally);
    if (err == FC_OK && facet == FC_FACET_COUNTRY)
        err = count_located(run, tally);
    return err == FC_OK && facet == FC_FACET_STATE ? count_contested(run, tally) : err;
}

/* -- the answer -------------------------------------------------------------------------------- */

static int compare_counted(const void *a, const void *b)
{
    const struct counted *left = a, *right = b;
    if (left->count != right->count)
        return left->count > right->count ? -1 : 1;
    if (left->number != right->number)
        return left->number < right->number ? -1 : 1;
    return fc_span_cmp(left->text, right->text);
}

/* Brings the first `max` of a list to its front, in order. */
static void select_first(struct counted *list, uint32_t count, uint32_t max)
{
    enum { INSERT_MAX = 32 };
    if (max > INSERT_MAX) {
        qsort(list, count, sizeof *list, compare_counted);
        return;
    }
    for (uint32_t i = 1; i < count; i++) {
        uint32_t at = i < max ? i : max - 1;
        struct counted value = list[i];
        if (i >= max && compare_counted(&list[at], &value) < 0)
            continue;
        if (i >= max)
            list[i] = list[at];
        for (; at > 0 && compare_counted(&value, &list[at - 1]) < 0; at--)
            list[at] = list[at - 1];
        list[at] = value;
    }
}

/* An identifier stands in the documents; a name, perhaps, in the provider's own. */
static enum fc_err name_by_entry(struct fc_run *run, struct fc_query_value *out)
{
    const struct fc_place *place;
    struct fc_span name = {0};
    enum fc_err err = fc_run_place(run, out->value, FC_PLACE_NOWHERE, &place);
    if (err == FC_OK && place)
        err = fc_run_place_name(run, place, &name);
    if (err == FC_OK && name.len > 0)
        out->name = name;
    return err;
}

static enum fc_err name_provider(struct fc_run *run, uint32_t number, struct fc_query_value *out)
{
    struct fc_index_key key = fc_index_key_doc('V', number);
    struct fc_span row = {0}, items;
    enum fc_err err = FC_OK;
    uint8_t tag;
    if (fc_run_value_text(run, FC_FACET_PROVIDER, number, &row)) {
        /* it is known */
    } else if (number >= WAITING_NUMBER) {
        items = run->pending[number - WAITING_NUMBER].said.items;
        while (fc_said_next(&items, &tag, &row))
            if (tag == FC_TAG_PROVIDER)
                break;
    } else {
        err = fc_kv_get(run->txn, FC_TABLE_INDEX, fc_index_span(&key), &row);
        if (err == FC_OK)
            fc_run_keep_value(run, FC_FACET_PROVIDER, number, row);
    }
    if (err != FC_OK)
        return err == FC_E_MISSING ? FC_E_CORRUPT : err;
    out->value = out->name = fc_run_keep(run, row);
    return name_by_entry(run, out);
}

static enum fc_err name_participant(struct fc_run *run, uint32_t generation,
                                    struct fc_query_value *out)
{
    struct fc_index_generation row;
    struct fc_participant who;
    char id[65];
    enum fc_err err = fc_index_generation_get(run->txn, generation, &row);
    if (err != FC_OK)
        return err == FC_E_MISSING ? FC_E_CORRUPT : err;
    fc_hex(row.participant.b, sizeof row.participant.b, id);
    out->value = out->name = fc_run_keep(run, fc_span(id, 64));
    if (fc_ledger_participant(run->replica->ledger, &row.participant, &who) == FC_OK)
        out->name = fc_run_keep(run, who.certificate->certificate.name);
    return FC_OK;
}

static enum fc_err answer(struct fc_run *run, enum fc_facet facet, struct tally *tally)
{
    struct fc_query_facet *out = &run->result->facets[run->result->facet_count++];
    uint32_t max = run->query->facet_values ? run->query->facet_values : 20;
    enum fc_err err = FC_OK;
    *out = (struct fc_query_facet){.facet = facet};
    if (tally->count == 0)
        return FC_OK;
    uint32_t listed = tally->count < max ? tally->count : max;
    select_first(tally->list, tally->count, max);
    out->values = fc_run_take(run, listed * sizeof *out->values);
    if (!out->values)
        return FC_E_NOMEM;
    out->value_count = listed;
    out->others = tally->count - listed;
    for (uint32_t i = 0; i < listed && err == FC_OK; i++) {
        const struct counted *value = &tally->list[i];
        out->values[i] = (struct fc_query_value){.count = value->count};
        if (facet == FC_FACET_PROVIDER)
            err = name_provider(run, value->number, &out->values[i]);
        else if (facet == FC_FACET_PARTICIPANT)
            err = name_participant(run, value->number, &out->values[i]);
        else
            out->values[i].value = out->values[i].name = fc_run_keep(run, value->text);
        const char *theme = facet == FC_FACET_THEME ? fc_document_theme(value->text) : NULL;
        if (theme)
            out->values[i].name = fc_span_str(theme);
    }
    return err;
}

/* The documents of `found` whose rows are merged; *made when it is not `found` itself. */
static const struct fc_docs *merged_of(struct fc_run *run, struct fc_docs **made)
{
    if (run->pending_count > 0) {
        *made = fc_docs_copy(run->found);
        for (uint32_t i = 0; *made && i < run->pending_count; i++)
            fc_docs_remove(*made, run->pending[i].doc);
    }
    return run->pending_count > 0 ? *made : run->found;
}

/* Of what is found, the facets at hand. */
static enum fc_err count_facets(struct fc_run *run)
{
    struct tally tallies[FC_FACETS] = {0};
    struct sheets sheets = {.run = run, .tallies = tallies};
    struct fc_docs *made = NULL;
    const struct fc_docs *docs = merged_of(run, &made);
    enum fc_err err = docs ? count_documents(&sheets, docs) : FC_E_NOMEM;
    if (err == FC_OK)
        err = count_dense(&sheets, docs);
    for (unsigned facet = 0; facet < FC_FACETS; facet++) {
        if (err == FC_OK && run->counting & 1u << facet) {
            err = count_waiting(run, (enum fc_facet)facet, &tallies[facet]);
            if (err == FC_OK)
                err = answer(run, (enum fc_facet)facet, &tallies[facet]);
        }
        tally_finish(&tallies[facet]);
        free(sheets.counts[facet]);
    }
    fc_docs_destroy(made);
    return err;
}

/* A facet that values were chosen from, of what all else finds. */
static enum fc_err count_openly(struct fc_run *run, enum fc_facet facet)
{
    struct fc_docs *found = run->found, *wider = fc_docs_copy(run->open);
    if (!wider)
        return FC_E_NOMEM;
    for (unsigned other = 0; other < FC_FACETS; other++)
        if (other != facet && run->chosen[other])
            fc_docs_and(wider, run->chosen[other]);
    run->found = wider;
    run->counting = 1u << facet;
    enum fc_err err = count_facets(run);
    run->found = found;
    fc_docs_destroy(wider);
    return err;
}

static int compare_facets(const void *a, const void *b)
{
    const struct fc_query_facet *left = a, *right = b;
    return (left->facet > right->facet) - (left->facet < right->facet);
}

enum fc_err fc_run_facets(struct fc_run *run)
{
    uint32_t openly = 0;
    enum fc_err err = FC_OK;
    for (unsigned facet = 0; facet < FC_FACETS; facet++)
        if (run->chosen[facet])
            openly |= run->query->facets & 1u << facet;
    run->counting = run->query->facets & ~openly;
    if (run->counting)
        err = count_facets(run);
    for (unsigned facet = 0; facet < FC_FACETS && err == FC_OK; facet++)
        if (openly & 1u << facet)
            err = count_openly(run, (enum fc_facet)facet);
    if (err == FC_OK)
        qsort(run->result->facets, run->result->facet_count, sizeof *run->result->facets,
              compare_facets);
    return err;
}
