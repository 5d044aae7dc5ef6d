#include "store/index_sheet.h"

#include <assert.h>
#include <string.h>

#include "store/index_merge_priv.h"

enum { UNIT = 8 };
/* Five facets of several values each, a provider and a participant of one. */
_Static_assert(FC_SHEET_DOCS *(5 * ((4 + 4 * FC_INDEX_FACETS_MAX + UNIT - 1) / UNIT) + 2) <=
                   FC_SHEET_FAR,
               "every list has a place");

struct fc_index_key fc_sheet_key(uint32_t doc)
{
    return fc_index_key_doc('T', doc / FC_SHEET_DOCS);
}

bool fc_sheet_valid(struct fc_span row)
{
    return row.len >= FC_SHEET_BYTES && (row.len - FC_SHEET_BYTES) % UNIT == 0;
}

enum fc_err fc_sheet_list(struct fc_span row, uint32_t code, struct fc_span *numbers)
{
    size_t at = FC_SHEET_BYTES + (size_t)UNIT * (code & (FC_SHEET_FAR - 1));
    if (code < FC_SHEET_FAR || at + 4 > row.len)
        return FC_E_CORRUPT;
    uint32_t count = fc_sheet_number(fc_span(row.data + at, 4), 0);
    if (count == 0 || count > FC_INDEX_FACETS_MAX || (size_t)4 * count > row.len - at - 4)
        return FC_E_CORRUPT;
    *numbers = fc_span(row.data + at + 4, (size_t)4 * count);
    return FC_OK;
}

static void put32(uint8_t *to, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        to[i] = (uint8_t)(value >> 8 * i);
}

static void set_code(struct fc_buf *sheet, uint32_t place, unsigned facet, uint32_t code)
{
    uint8_t *at = sheet->data + (size_t)FC_SHEET_DOC_BYTES * place + 2 * facet;
    at[0] = (uint8_t)code;
    at[1] = (uint8_t)(code >> 8);
}

enum fc_err fc_sheet_clear(struct fc_buf *sheet)
{
    static const uint8_t none[FC_SHEET_BYTES];
    fc_buf_clear(sheet);
    fc_buf_append(sheet, none, sizeof none);
    return fc_buf_check(sheet);
}

enum fc_err fc_sheet_set(struct fc_buf *sheet, uint32_t place, unsigned facet,
                         const uint32_t *numbers, size_t count)
{
    uint8_t list[UNIT * ((4 + 4 * FC_INDEX_FACETS_MAX + UNIT - 1) / UNIT)] = {0};
    assert(place < FC_SHEET_DOCS && facet < FC_FACETS && count <= FC_INDEX_FACETS_MAX);
    if (count == 0 || (count == 1 && numbers[0] < FC_SHEET_FAR)) {
        set_code(sheet, place, facet, count ? numbers[0] : 0);
        return FC_OK;
    }
    size_t at = (sheet->len - FC_SHEET_BYTES) / UNIT;
    assert(at < FC_SHEET_FAR);
    put32(list, (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        put32(list + 4 + 4 * i, numbers[i]);
    fc_buf_append(sheet, list, (4 + 4 * count + UNIT - 1) / UNIT * UNIT);
    if (sheet->failed)
        return FC_E_NOMEM;
    set_code(sheet, place, facet, FC_SHEET_FAR | (uint32_t)at);
    return FC_OK;
}

/* -- merging ----------------------------------------------------------------------------------- */

/* What those documents have that do not change. */
static enum fc_err keep(struct fc_buf *sheet, struct fc_span old, const bool *changed)
{
    enum fc_err err = fc_sheet_valid(old) ? FC_OK : FC_E_CORRUPT;
    for (uint32_t place = 0; place < FC_SHEET_DOCS && err == FC_OK; place++) {
        const uint8_t *doc = old.data + (size_t)FC_SHEET_DOC_BYTES * place;
        for (unsigned facet = 0; facet < FC_FACETS && err == FC_OK && !changed[place]; facet++) {
            uint32_t code = fc_sheet_code(doc, facet), numbers[FC_INDEX_FACETS_MAX];
            struct fc_span list;
            if (code < FC_SHEET_FAR) {
                set_code(sheet, place, facet, code);
                continue;
            }
            err = fc_sheet_list(old, code, &list);
            for (size_t i = 0; err == FC_OK && i < list.len / 4; i++)
                numbers[i] = fc_sheet_number(list, i);
            if (err == FC_OK)
                err = fc_sheet_set(sheet, place, facet, numbers, list.len / 4);
        }
    }
    return err;
}

static enum fc_err set_doc(const struct fc_merge *merge, const struct fc_merge_doc *doc,
                           struct fc_buf *sheet)
{
    uint32_t numbers[FC_FACETS][FC_INDEX_FACETS_MAX], counts[FC_FACETS] = {0};
    enum fc_err err = FC_OK;
    for (uint32_t i = doc->first; i < doc->first + doc->count; i++) {
        const struct fc_merge_target *target = &merge->targets[merge->items[i]];
        unsigned facet = target->tag - FC_TAG_FACET;
        if (target->tag >= FC_TAG_FACET && facet < FC_FACET_PROVIDER && target->number > 0 &&
            counts[facet] < FC_INDEX_FACETS_MAX)
            numbers[facet][counts[facet]++] = target->number;
    }
    if (doc->provider)
        numbers[FC_FACET_PROVIDER][counts[FC_FACET_PROVIDER]++] =
            merge->targets[doc->provider - 1].number;
    numbers[FC_FACET_PARTICIPANT][counts[FC_FACET_PARTICIPANT]++] = doc->generation;
    for (unsigned facet = 0; facet < FC_FACETS && err == FC_OK; facet++)
        err = fc_sheet_set(sheet, doc->doc % FC_SHEET_DOCS, facet, numbers[facet], counts[facet]);
    return err;
}

static enum fc_err write_sheet(struct fc_merge *merge, const struct fc_merge_doc *docs,
                               size_t count)
{
    struct fc_txn *txn = merge->replica->txn;
    struct fc_buf *sheet = &merge->replica->index->value;
    struct fc_index_key key = fc_sheet_key(docs[0].doc);
    struct fc_span old;
    bool changed[FC_SHEET_DOCS] = {0};
    for (size_t i = 0; i < count; i++)
        changed[docs[i].doc % FC_SHEET_DOCS] = true;
    enum fc_err cleared = fc_sheet_clear(sheet);
    if (cleared != FC_OK)
        return cleared;
    enum fc_err err = fc_kv_get(txn, FC_TABLE_INDEX, fc_index_span(&key), &old);
    if (err == FC_OK)
        err = keep(sheet, old, changed);
    else if (err == FC_E_MISSING)
        err = FC_OK;
    for (size_t i = 0; i < count && err == FC_OK; i++)
        if (docs[i].in)
            err = set_doc(merge, &docs[i], sheet);
    return err == FC_OK ? fc_kv_put(txn, FC_TABLE_INDEX, fc_index_span(&key), fc_buf_span(sheet))
                        : err;
}

enum fc_err fc_merge_write_sheets(struct fc_merge *merge, const struct fc_merge_doc *docs,
                                  size_t count)
{
    enum fc_err err = FC_OK;
    for (size_t i = 0, end; i < count && err == FC_OK; i = end) {
        for (end = i + 1;
             end < count && docs[end].doc / FC_SHEET_DOCS == docs[i].doc / FC_SHEET_DOCS;)
            end++;
        err = write_sheet(merge, docs + i, end - i);
    }
    return err;
}

enum fc_err fc_sheet_put_state(struct fc_replica *replica, uint32_t doc, enum fc_status status)
{
    struct fc_buf *sheet = &replica->index->value;
    struct fc_index_key key = fc_sheet_key(doc);
    const char *name = fc_status_name(status);
    struct fc_span old;
    enum fc_err err = fc_kv_get(replica->txn, FC_TABLE_INDEX, fc_index_span(&key), &old);
    if (err != FC_OK || !fc_sheet_valid(old))
        return err == FC_OK || err == FC_E_MISSING ? FC_E_CORRUPT : err;
    fc_buf_clear(sheet);
    fc_buf_append(sheet, old.data, old.len);
    if (sheet->failed)
        return FC_E_NOMEM;
    set_code(sheet, doc % FC_SHEET_DOCS, FC_FACET_STATE,
             fc_value_of_state(fc_span_str(name ? name : "")));
    return fc_kv_put(replica->txn, FC_TABLE_INDEX, fc_index_span(&key), fc_buf_span(sheet));
}

/* -- values' numbers ----------------------------------------------------------------------------*/

uint32_t fc_value_of_state(struct fc_span name)
{
    for (uint32_t status = FC_STATUS_ACTIVE; status <= FC_STATUS_REVOKED; status++)
        if (fc_span_eq(name, fc_span_str(fc_status_name((enum fc_status)status))))
            return status;
    return 0;
}

static struct fc_index_key value_key(uint8_t kind, unsigned facet, const void *data, size_t len)
{
    struct fc_index_key key;
    assert(len + 2 <= sizeof key.b);
    key.b[0] = kind;
    key.b[1] = (uint8_t)facet;
    if (len > 0)
        memcpy(key.b + 2, data, len);
    key.len = 2 + len;
    return key;
}

struct fc_index_key fc_value_key(unsigned facet, struct fc_span value)
{
    return value_key('Y', facet, value.data, value.len);
}

struct fc_index_key fc_value_key_number(unsigned facet, uint32_t number)
{
    uint8_t bytes[4];
    fc_put_be32(bytes, number);
    return value_key('Z', facet, bytes, sizeof bytes);
}

/* One more than the last that is given. */
static enum fc_err next_number(struct fc_replica *replica, unsigned facet, uint32_t *number)
{
    struct fc_index_key after = value_key('Z', facet + 1, NULL, 0);
    struct fc_kv_cursor *cursor = NULL;
    struct fc_span key, value;
    *number = 1;
    enum fc_err err = fc_kv_cursor_open(replica->txn, FC_TABLE_INDEX, &cursor);
    if (err != FC_OK)
        return err;
    err = fc_kv_seek_before(cursor, fc_index_span(&after), &key, &value);
    if (err == FC_OK && key.len == 6 && key.data[0] == 'Z' && key.data[1] == facet)
        *number = fc_get_be32(key.data + 2) + 1;
    fc_kv_cursor_close(cursor);
    return err == FC_E_MISSING ? FC_OK : err;
}

static enum fc_err drop_value(struct fc_txn *txn, const struct fc_index_key *key, unsigned facet,
                              uint32_t number)
{
    struct fc_index_key by_number = fc_value_key_number(facet, number);
    enum fc_err err = fc_kv_del(txn, FC_TABLE_INDEX, fc_index_span(key));
    if (err == FC_OK)
        err = fc_kv_del(txn, FC_TABLE_INDEX, fc_index_span(&by_number));
    return err == FC_E_MISSING ? FC_E_CORRUPT : err;
}

enum fc_err fc_value_note(struct fc_replica *replica, unsigned facet, struct fc_span value,
                          bool had, bool has, uint32_t *number)
{
    struct fc_txn *txn = replica->txn;
    struct fc_index_key key = fc_value_key(facet, value);
    struct fc_span row;
    uint8_t out[8];
    uint32_t rows = 0;
    if (facet == FC_FACET_STATE) {
        *number = fc_value_of_state(value);
        return FC_OK;
    }
    enum fc_err err = fc_kv_get(txn, FC_TABLE_INDEX, fc_index_span(&key), &row);
    bool known = err == FC_OK;
    if ((known && row.len != sizeof out) || (err == FC_E_MISSING && had))
        return FC_E_CORRUPT;
    if (known) {
        *number = fc_get_be32(row.data);
        rows = fc_get_be32(row.data + 4);
    } else if (err != FC_E_MISSING || !has) {
        return err == FC_E_MISSING ? FC_OK : err;
    } else if ((err = next_number(replica, facet, number)) != FC_OK) {
        return err;
    }
    if (had == has)
        return FC_OK;
    rows = has ? rows + 1 : rows - (rows > 0);
    if (rows == 0)
        return drop_value(txn, &key, facet, *number);
    fc_put_be32(out, *number);
    fc_put_be32(out + 4, rows);
    err = fc_kv_put(txn, FC_TABLE_INDEX, fc_index_span(&key), fc_span(out, sizeof out));
    struct fc_index_key by_number = fc_value_key_number(facet, *number);
    return err == FC_OK && !known ? fc_kv_put(txn, FC_TABLE_INDEX, fc_index_span(&by_number), value)
                                  : err;
}
