#include <stdlib.h>
#include <string.h>

#include "store/query_priv.h"

/* Values seen while counting, by a table that grows. */
struct counted {
    uint64_t count;
    uint32_t number; /* of a column's value */
    uint8_t len;
    uint8_t text[FC_INDEX_VALUE_BYTES];
};
struct tally {
    struct counted *list;
    uint32_t count, cap;
    uint32_t *table; /* place in the list + 1 */
    uint32_t table_size, last;
};
/* Of one facet and chunk: a feed that makes values up without end slows nobody's search down. */
enum { VALUES_READ_MAX = 4096 };

static uint32_t hash_of(const struct counted *value)
{
    uint64_t hash = 0xcbf29ce484222325u ^ value->number;
    for (size_t i = 0; i < value->len; i++)
        hash = (hash ^ value->text[i]) * 0x100000001b3u;
    hash *= 0xff51afd7ed558ccdu;
    return (uint32_t)(hash >> 32);
}

static bool equal(const struct counted *a, const struct counted *b)
{
    return a->number == b->number && a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

static enum fc_err grow(struct tally *tally)
{
    uint32_t cap = tally->cap ? 2 * tally->cap : 32;
    struct counted *list = realloc(tally->list, cap * sizeof *list);
    if (list)
        tally->list = list;
    uint32_t *table = list ? calloc(2 * cap, sizeof *table) : NULL;
    if (!table)
        return FC_E_NOMEM;
    free(tally->table);
    tally->table = table;
    tally->cap = cap;
    tally->table_size = 2 * cap;
    for (uint32_t i = 0; i < tally->count; i++) {
        uint32_t at = hash_of(&list[i]) & (tally->table_size - 1);
        while (table[at])
            at = (at + 1) & (tally->table_size - 1);
        table[at] = i + 1;
    }
    return FC_OK;
}

static enum fc_err tally_add(struct tally *tally, const struct counted *value, uint64_t count)
{
    if (tally->count > 0 && equal(&tally->list[tally->last], value)) {
        tally->list[tally->last].count += count;
        return FC_OK;
    }
    if (tally->count == tally->cap) {
        enum fc_err err = grow(tally);
        if (err != FC_OK)
            return err;
    }
    uint32_t at = hash_of(value) & (tally->table_size - 1);
    while (tally->table[at] && !equal(&tally->list[tally->table[at] - 1], value))
        at = (at + 1) & (tally->table_size - 1);
    if (!tally->table[at]) {
        tally->list[tally->count] = *value;
        tally->list[tally->count].count = 0;
        tally->table[at] = ++tally->count;
    }
    tally->last = tally->table[at] - 1;
    tally->list[tally->last].count += count;
    return FC_OK;
}

static enum fc_err tally_text(struct tally *tally, struct fc_span text, uint64_t count)
{
    struct counted value = {.len = (uint8_t)text.len};
    if (count == 0 || text.len > sizeof value.text)
        return FC_OK;
    memcpy(value.text, text.data, text.len);
    return tally_add(tally, &value, count);
}

static void tally_finish(struct tally *tally)
{
    free(tally->list);
    free(tally->table);
}

/* -- values in bitmaps ------------------------------------------------------------------------- */

static enum fc_err count_chunk(struct fc_run *run, struct fc_kv_cursor *cursor, enum fc_facet facet,
                               uint32_t chunk, const struct fc_docs_bits *bits, struct tally *tally)
{
    struct fc_index_key from =
        fc_index_key_item((uint8_t)(FC_TAG_FACET + facet), chunk, (struct fc_span){0});
    struct fc_span key, value;
    uint32_t rows = 0, count;
    (void)run;
    enum fc_err err = fc_kv_seek(cursor, fc_index_span(&from), &key, &value);
    while (err == FC_OK && key.len > from.len && memcmp(key.data, from.b, from.len) == 0 &&
           rows++ < VALUES_READ_MAX) {
        err = fc_docs_common(bits, value, &count);
        if (err == FC_OK)
            err = tally_text(tally, fc_span(key.data + from.len, key.len - from.len), count);
        if (err == FC_OK)
            err = fc_kv_next(cursor, &key, &value);
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
        docs ? fc_index_docs_all(run->txn, fc_span(prefix, sizeof prefix), docs) : FC_E_NOMEM;
    for (uint32_t i = 0; i < run->pending_count && err == FC_OK; i++)
        if (run->pending[i].contested)
            fc_docs_add(docs, run->pending[i].doc);
    if (err == FC_OK)
        err = tally_text(tally, fc_span_str("contested"), fc_docs_count_and(docs, run->found));
    fc_docs_destroy(docs);
    return err;
}

static enum fc_err count_values(struct fc_run *run, enum fc_facet facet, struct tally *tally)
{
    struct fc_kv_cursor *cursor = NULL;
    struct fc_docs_bits bits;
    enum fc_err err = fc_kv_cursor_open(run->txn, FC_TABLE_INDEX, &cursor);
    if (err != FC_OK)
        return err;
    for (uint32_t chunk = 0; err == FC_OK; chunk++) {
        chunk = fc_docs_chunk(run->found, chunk);
        if (chunk == UINT32_MAX)
            break;
        fc_docs_open(run->found, chunk, &bits);
        err = count_chunk(run, cursor, facet, chunk, &bits, tally);
    }
    fc_kv_cursor_close(cursor);
    if (err == FC_OK)
        err = count_pending(run, facet, tally);
    if (err == FC_OK && facet == FC_FACET_STATE)
        err = count_contested(run, tally);
    return err;
}

/* -- values in columns ------------------------------------------------------------------------- */

struct page {
    uint32_t number;
    struct fc_span row;
};

static enum fc_err column_at(struct fc_run *run, enum fc_column column, uint32_t doc,
                             struct page *page, uint32_t *value)
{
    uint32_t number = doc / FC_COLUMN_PAGE;
    if (page->number != number || !page->row.data) {
        struct fc_index_key key = fc_index_key_column(column, number);
        enum fc_err err = fc_kv_get(run->txn, FC_TABLE_INDEX, fc_index_span(&key), &page->row);
        if (err != FC_OK || page->row.len != (size_t)4 * FC_COLUMN_PAGE)
            return err == FC_E_MISSING || err == FC_OK ? FC_E_CORRUPT : err;
        page->number = number;
    }
    *value = fc_get_be32(page->row.data + (size_t)4 * (doc % FC_COLUMN_PAGE));
    return FC_OK;
}

static enum fc_err count_merged(struct fc_run *run, enum fc_column column,
                                const struct fc_docs *docs, struct tally *tally)
{
    uint32_t list[1024], from = 0;
    struct page page = {0};
    enum fc_err err = FC_OK;
    for (size_t count = 1; count > 0 && err == FC_OK;) {
        count = fc_docs_up(docs, from, list, sizeof list / sizeof list[0]);
        for (size_t i = 0; i < count && err == FC_OK; i++) {
            struct counted value = {0};
            err = column_at(run, column, list[i], &page, &value.number);
            if (err == FC_OK && value.number > 0)
                err = tally_add(tally, &value, 1);
        }
        if (count > 0)
            from = list[count - 1] + 1;
    }
    return err;
}

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

static enum fc_err count_column(struct fc_run *run, enum fc_facet facet, struct tally *tally)
{
    bool provider = facet == FC_FACET_PROVIDER;
    struct fc_docs *docs = fc_docs_copy(run->found);
    enum fc_err err = docs ? FC_OK : FC_E_NOMEM;
    for (uint32_t i = 0; i < run->pending_count && err == FC_OK; i++) {
        struct counted value = {.number = run->pending[i].said.generation};
        if (!fc_docs_has(docs, run->pending[i].doc))
            continue;
        fc_docs_remove(docs, run->pending[i].doc);
        if (provider)
            err = pending_provider(run, i, &value.number);
        if (err == FC_OK && value.number > 0)
            err = tally_add(tally, &value, 1);
    }
    if (err == FC_OK)
        err = count_merged(run, provider ? FC_COLUMN_PROVIDER : FC_COLUMN_GENERATION, docs, tally);
    fc_docs_destroy(docs);
    return err;
}

/* -- the answer -------------------------------------------------------------------------------- */

static int compare_counted(const void *a, const void *b)
{
    const struct counted *left = a, *right = b;
    if (left->count != right->count)
        return left->count > right->count ? -1 : 1;
    if (left->number != right->number)
        return left->number < right->number ? -1 : 1;
    return fc_span_cmp(fc_span(left->text, left->len), fc_span(right->text, right->len));
}

static enum fc_err name_provider(struct fc_run *run, uint32_t number, struct fc_query_value *out)
{
    struct fc_index_key key = fc_index_key_doc('V', number);
    struct fc_span row = {0}, items;
    enum fc_err err = FC_OK;
    uint8_t tag;
    if (number >= WAITING_NUMBER) {
        items = run->pending[number - WAITING_NUMBER].said.items;
        while (fc_said_next(&items, &tag, &row))
            if (tag == FC_TAG_PROVIDER)
                break;
    } else {
        err = fc_kv_get(run->txn, FC_TABLE_INDEX, fc_index_span(&key), &row);
    }
    out->value = out->name = fc_run_keep(run, row);
    return err == FC_E_MISSING ? FC_E_CORRUPT : err;
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
    qsort(tally->list, tally->count, sizeof *tally->list, compare_counted);
    uint32_t listed = tally->count < max ? tally->count : max;
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
            out->values[i].value = out->values[i].name =
                fc_run_keep(run, fc_span(value->text, value->len));
    }
    return err;
}

enum fc_err fc_run_facets(struct fc_run *run)
{
    enum fc_err err = FC_OK;
    for (unsigned i = 0; i < FC_FACETS && err == FC_OK; i++) {
        enum fc_facet facet = (enum fc_facet)i;
        struct tally tally = {0};
        if (!(run->query->facets & 1u << i))
            continue;
        if (facet == FC_FACET_PROVIDER || facet == FC_FACET_PARTICIPANT)
            err = count_column(run, facet, &tally);
        else
            err = count_values(run, facet, &tally);
        if (err == FC_OK)
            err = answer(run, facet, &tally);
        tally_finish(&tally);
    }
    return err;
}
