#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/index_priv.h"

/* -- keys -------------------------------------------------------------------------------------- */

static void add(struct fc_index_key *key, const void *data, size_t len)
{
    assert(key->len + len <= sizeof key->b);
    if (len > 0)
        memcpy(key->b + key->len, data, len);
    key->len += len;
}

static struct fc_index_key begin(uint8_t kind)
{
    struct fc_index_key key; /* of which the most is never used: not cleared */
    key.len = 1;
    key.b[0] = kind;
    return key;
}

static void add32(struct fc_index_key *key, uint32_t value)
{
    uint8_t bytes[4];
    fc_put_be32(bytes, value);
    add(key, bytes, sizeof bytes);
}

static void add16(struct fc_index_key *key, uint32_t value)
{
    const uint8_t bytes[2] = {(uint8_t)(value >> 8), (uint8_t)value};
    add(key, bytes, sizeof bytes);
}

struct fc_index_key fc_index_key_doc(uint8_t kind, uint32_t doc)
{
    struct fc_index_key key = begin(kind);
    add32(&key, doc);
    return key;
}

struct fc_index_key fc_index_key_entry(uint32_t generation, const struct fc_hash *key_hash)
{
    struct fc_index_key key = fc_index_key_doc('K', generation);
    add(&key, key_hash->b, sizeof key_hash->b);
    return key;
}

struct fc_index_key fc_index_key_item(uint8_t tag, uint32_t chunk, struct fc_span bytes)
{
    struct fc_index_key key;
    if (tag < FC_TIERS) {
        key = begin(FC_INDEX_POSTINGS);
        add16(&key, chunk);
        add(&key, &tag, 1);
    } else {
        uint8_t facet = (uint8_t)(tag - FC_TAG_FACET);
        key = begin('B');
        add(&key, &facet, 1);
        add16(&key, chunk);
    }
    add(&key, bytes.data, bytes.len);
    return key;
}

struct fc_index_key fc_index_key_generation(uint32_t generation, uint32_t chunk)
{
    struct fc_index_key key = fc_index_key_doc('G', generation);
    add16(&key, chunk);
    return key;
}

struct fc_index_key fc_index_key_set(enum fc_docs_set set, uint32_t chunk)
{
    struct fc_index_key key = begin('L');
    const uint8_t number = (uint8_t)set;
    add(&key, &number, 1);
    add16(&key, chunk);
    return key;
}

struct fc_index_key fc_index_key_column(enum fc_column column, uint32_t page)
{
    struct fc_index_key key = begin('C');
    const uint8_t number = (uint8_t)column;
    add(&key, &number, 1);
    add32(&key, page);
    return key;
}

struct fc_index_key fc_index_key_word(struct fc_span term)
{
    struct fc_index_key key = begin(FC_INDEX_WORDS);
    add(&key, term.data, term.len);
    return key;
}

struct fc_index_key fc_index_key_provider(struct fc_span provider)
{
    struct fc_index_key key = begin('U');
    struct fc_hash hash = fc_hash("fedcat.vendor.1", provider);
    add(&key, hash.b, 16);
    return key;
}

struct fc_index_key fc_index_key_name(struct fc_span name, uint32_t doc)
{
    struct fc_index_key key = begin('N');
    add(&key, name.data, name.len);
    add(&key, "", 1); /* a shorter name first */
    add32(&key, doc);
    return key;
}

/* -- rows -------------------------------------------------------------------------------------- */

enum { INFO_BYTES = 33, GENERATION_BYTES = 74, PLACES_BYTES = 13 };

enum fc_err fc_index_write(struct fc_replica *replica)
{
    const struct fc_index *index = replica->index;
    uint8_t row[INFO_BYTES];
    fc_put_be32(row, FC_INDEX_VERSION);
    fc_put_be64(row + 4, index->epoch);
    fc_put_be32(row + 12, index->next_doc);
    fc_put_be32(row + 16, index->pending);
    fc_put_be32(row + 20, index->staged);
    fc_put_be32(row + 24, index->purges);
    row[28] = !index->stale;
    fc_put_be32(row + 29, index->languages);
    return fc_kv_put(replica->txn, FC_TABLE_INDEX, fc_span("I", 1), fc_span(row, sizeof row));
}

enum fc_err fc_index_open(struct fc_replica *replica, struct fc_txn *txn)
{
    struct fc_index *index = replica->index;
    struct fc_span row;
    enum fc_err err = fc_kv_get(txn, FC_TABLE_INDEX, fc_span("I", 1), &row);
    if (!index) {
        replica->index_forget = err == FC_OK;
        return err == FC_E_MISSING ? FC_OK : err;
    }
    index->stale = true;
    index->changed = false;
    index->next_doc = index->pending = index->staged = index->purges = index->languages = 0;
    if (err == FC_E_MISSING)
        return FC_OK;
    if (err != FC_OK || row.len != INFO_BYTES || fc_get_be32(row.data) != FC_INDEX_VERSION)
        return err;
    index->epoch = fc_get_be64(row.data + 4);
    index->next_doc = fc_get_be32(row.data + 12);
    index->pending = fc_get_be32(row.data + 16);
    index->staged = fc_get_be32(row.data + 20);
    index->purges = fc_get_be32(row.data + 24);
    index->stale = row.data[28] != 1;
    index->languages = fc_get_be32(row.data + 29);
    return FC_OK;
}

enum fc_err fc_word_places_parse(struct fc_span row, struct fc_word_places *out)
{
    if (row.len != PLACES_BYTES)
        return FC_E_CORRUPT;
    out->rows = fc_get_be32(row.data);
    out->tiers = row.data[4];
    out->chunks = fc_get_be64(row.data + 5);
    return FC_OK;
}

enum fc_err fc_word_places_get(struct fc_txn *txn, struct fc_span word, struct fc_word_places *out)
{
    struct fc_index_key key = fc_index_key_word(word);
    struct fc_span row;
    enum fc_err err = fc_kv_get(txn, FC_TABLE_INDEX, fc_index_span(&key), &row);
    return err == FC_OK ? fc_word_places_parse(row, out) : err;
}

static struct fc_span places_row(const struct fc_word_places *places, uint8_t row[PLACES_BYTES])
{
    fc_put_be32(row, places->rows);
    row[4] = places->tiers;
    fc_put_be64(row + 5, places->chunks);
    return fc_span(row, PLACES_BYTES);
}

enum fc_err fc_word_places_put(struct fc_replica *replica, struct fc_span word,
                               const struct fc_word_places *places)
{
    struct fc_index_key key = fc_index_key_word(word);
    uint8_t row[PLACES_BYTES];
    return fc_kv_put(replica->txn, FC_TABLE_INDEX, fc_index_span(&key), places_row(places, row));
}

enum fc_err fc_word_places_append(struct fc_replica *replica, struct fc_span word,
                                  const struct fc_word_places *places)
{
    struct fc_index_key key = fc_index_key_word(word);
    uint8_t row[PLACES_BYTES];
    return fc_kv_append(replica->txn, FC_TABLE_INDEX, fc_index_span(&key), places_row(places, row));
}

enum fc_err fc_index_generation_get(struct fc_txn *txn, uint32_t generation,
                                    struct fc_index_generation *out)
{
    struct fc_index_key key = fc_index_key_doc('A', generation);
    struct fc_span row;
    enum fc_err err = fc_kv_get(txn, FC_TABLE_INDEX, fc_index_span(&key), &row);
    if (err != FC_OK)
        return err;
    if (row.len != GENERATION_BYTES || row.data[32] > FC_GENERATION_DROPPED)
        return FC_E_CORRUPT;
    memcpy(out->participant.b, row.data, 32);
    out->state = (enum fc_generation_state)row.data[32];
    out->contested = row.data[33] == 1;
    out->seen_max = fc_get_be64(row.data + 34);
    memcpy(out->upto.b, row.data + 42, 32);
    return FC_OK;
}

enum fc_err fc_index_generation_put(struct fc_replica *replica, uint32_t generation,
                                    const struct fc_index_generation *row)
{
    struct fc_index_key key = fc_index_key_doc('A', generation);
    uint8_t value[GENERATION_BYTES];
    memcpy(value, row->participant.b, 32);
    value[32] = (uint8_t)row->state;
    value[33] = row->contested;
    fc_put_be64(value + 34, row->seen_max);
    memcpy(value + 42, row->upto.b, 32);
    return fc_kv_put(replica->txn, FC_TABLE_INDEX, fc_index_span(&key),
                     fc_span(value, sizeof value));
}

/* A slot: generation, H(key), how long the name is, the name; without generation it is empty. */
enum {
    SLOT_NAME = 37,
    SLOT_BYTES = SLOT_NAME + FC_INDEX_NAME_BYTES,
    DOC_PAGE_BYTES = FC_DOC_PAGE * SLOT_BYTES,
};
_Static_assert(DOC_PAGE_BYTES <= 4096 - 16, "a page of documents takes one of the store");

struct fc_index_key fc_index_key_page(uint32_t doc)
{
    return fc_index_key_doc('D', doc / FC_DOC_PAGE);
}

enum fc_err fc_index_doc_parse(struct fc_span row, uint32_t doc, struct fc_index_doc *out)
{
    if (row.len != DOC_PAGE_BYTES)
        return FC_E_CORRUPT;
    const uint8_t *slot = row.data + (size_t)SLOT_BYTES * (doc % FC_DOC_PAGE);
    out->generation = fc_get_be32(slot);
    if (out->generation == 0)
        return FC_E_MISSING;
    if (slot[SLOT_NAME - 1] > FC_INDEX_NAME_BYTES)
        return FC_E_CORRUPT;
    memcpy(out->key_hash.b, slot + 4, sizeof out->key_hash.b);
    out->name = fc_span(slot + SLOT_NAME, slot[SLOT_NAME - 1]);
    return FC_OK;
}

void fc_index_doc_prefetch(struct fc_span row, uint32_t doc)
{
    enum { LINE_BYTES = 64 };
    if (row.len != DOC_PAGE_BYTES)
        return;
    for (size_t at = 0; at < SLOT_BYTES; at += LINE_BYTES)
        __builtin_prefetch(row.data + (size_t)SLOT_BYTES * (doc % FC_DOC_PAGE) + at);
}

enum fc_err fc_index_doc_get(struct fc_txn *txn, uint32_t doc, struct fc_index_doc *out)
{
    struct fc_index_key key = fc_index_key_page(doc);
    struct fc_span row;
    enum fc_err err = fc_kv_get(txn, FC_TABLE_INDEX, fc_index_span(&key), &row);
    return err == FC_OK ? fc_index_doc_parse(row, doc, out) : err;
}

/* Changes one slot; a page without documents goes. */
static enum fc_err set_slot(struct fc_replica *replica, uint32_t doc,
                            const uint8_t slot[SLOT_BYTES])
{
    static const uint8_t none[DOC_PAGE_BYTES];
    struct fc_index_key key = fc_index_key_page(doc);
    uint8_t page[DOC_PAGE_BYTES] = {0};
    struct fc_span row;
    enum fc_err err = fc_kv_get(replica->txn, FC_TABLE_INDEX, fc_index_span(&key), &row);
    if (err == FC_OK && row.len != sizeof page)
        return FC_E_CORRUPT;
    if (err == FC_OK)
        memcpy(page, row.data, sizeof page);
    else if (err != FC_E_MISSING)
        return err;
    memcpy(page + (size_t)SLOT_BYTES * (doc % FC_DOC_PAGE), slot, SLOT_BYTES);
    if (memcmp(page, none, sizeof page) != 0)
        return fc_kv_put(replica->txn, FC_TABLE_INDEX, fc_index_span(&key),
                         fc_span(page, sizeof page));
    return err == FC_OK ? fc_kv_del(replica->txn, FC_TABLE_INDEX, fc_index_span(&key)) : FC_OK;
}

enum fc_err fc_index_doc_put(struct fc_replica *replica, uint32_t doc,
                             const struct fc_index_doc *said)
{
    uint8_t slot[SLOT_BYTES] = {0};
    assert(said->generation > 0 && said->name.len <= FC_INDEX_NAME_BYTES);
    fc_put_be32(slot, said->generation);
    memcpy(slot + 4, said->key_hash.b, sizeof said->key_hash.b);
    slot[SLOT_NAME - 1] = (uint8_t)said->name.len;
    if (said->name.len > 0)
        memcpy(slot + SLOT_NAME, said->name.data, said->name.len);
    return set_slot(replica, doc, slot);
}

enum fc_err fc_index_doc_del(struct fc_replica *replica, uint32_t doc)
{
    const uint8_t slot[SLOT_BYTES] = {0};
    return set_slot(replica, doc, slot);
}

enum fc_err fc_index_doc_find(struct fc_txn *txn, uint32_t generation,
                              const struct fc_hash *key_hash, uint32_t *doc)
{
    struct fc_index_key key = fc_index_key_entry(generation, key_hash);
    struct fc_span row;
    enum fc_err err = fc_kv_get(txn, FC_TABLE_INDEX, fc_index_span(&key), &row);
    if (err == FC_OK && row.len != 4)
        err = FC_E_CORRUPT;
    if (err == FC_OK)
        *doc = fc_get_be32(row.data);
    return err;
}

/* -- documents --------------------------------------------------------------------------------- */

enum fc_err fc_index_docs_get(struct fc_txn *txn, const struct fc_index_key *key, uint32_t chunk,
                              struct fc_docs *docs)
{
    struct fc_span row;
    enum fc_err err = fc_kv_get(txn, FC_TABLE_INDEX, fc_index_span(key), &row);
    if (err == FC_OK)
        err = fc_docs_unpack(docs, chunk, row);
    return err == FC_E_MISSING ? FC_OK : err;
}

enum fc_err fc_index_docs_put(struct fc_replica *replica, const struct fc_index_key *key,
                              uint32_t chunk, const struct fc_docs *docs)
{
    struct fc_buf *value = &replica->index->value;
    if (fc_docs_count(docs) == 0) {
        enum fc_err err = fc_kv_del(replica->txn, FC_TABLE_INDEX, fc_index_span(key));
        return err == FC_E_MISSING ? FC_OK : err;
    }
    fc_buf_clear(value);
    enum fc_err err = fc_docs_pack(docs, chunk, value);
    return err == FC_OK
               ? fc_kv_put(replica->txn, FC_TABLE_INDEX, fc_index_span(key), fc_buf_span(value))
               : err;
}

enum fc_err fc_index_docs_set(struct fc_replica *replica, const struct fc_index_key *key,
                              uint32_t doc, bool on)
{
    uint32_t chunk = doc >> FC_DOCS_CHUNK_BITS;
    struct fc_docs *docs = fc_docs_create();
    if (!docs)
        return FC_E_NOMEM;
    enum fc_err err = fc_index_docs_get(replica->txn, key, chunk, docs);
    if (err == FC_OK && fc_docs_has(docs, doc) != on) {
        if (on)
            fc_docs_add(docs, doc);
        else
            fc_docs_remove(docs, doc);
        err = fc_index_docs_put(replica, key, chunk, docs);
    }
    fc_docs_destroy(docs);
    return err;
}

enum fc_err fc_index_docs_read(struct fc_kv_cursor *cursor, struct fc_span prefix,
                               struct fc_docs *docs)
{
    struct fc_span key, value;
    enum fc_err err = fc_kv_seek(cursor, prefix, &key, &value);
    while (err == FC_OK && key.len == prefix.len + 2 &&
           memcmp(key.data, prefix.data, prefix.len) == 0) {
        err = fc_docs_unpack(docs, (uint32_t)key.data[prefix.len] << 8 | key.data[prefix.len + 1],
                             value);
        if (err == FC_OK)
            err = fc_kv_next(cursor, &key, &value);
    }
    return err == FC_E_MISSING ? FC_OK : err;
}

enum fc_err fc_index_docs_all(struct fc_txn *txn, struct fc_span prefix, struct fc_docs *docs)
{
    struct fc_kv_cursor *cursor = NULL;
    enum fc_err err = fc_kv_cursor_open(txn, FC_TABLE_INDEX, &cursor);
    if (err != FC_OK)
        return err;
    err = fc_index_docs_read(cursor, prefix, docs);
    fc_kv_cursor_close(cursor);
    return err;
}

/* -- what a document says ---------------------------------------------------------------------- */

void fc_said_head(uint8_t out[FC_SAID_HEAD], const struct fc_said *said)
{
    fc_put_be32(out, said->generation);
    fc_put_be64(out + 4, said->version);
    out[12] = (uint8_t)said->status;
    fc_put_be32(out + 13, said->from);
    fc_put_be32(out + 17, said->until);
}

enum fc_err fc_said_parse(struct fc_span row, struct fc_said *out)
{
    if (row.len < FC_SAID_HEAD)
        return FC_E_CORRUPT;
    out->generation = fc_get_be32(row.data);
    out->version = fc_get_be64(row.data + 4);
    out->status = (enum fc_status)row.data[12];
    out->from = fc_get_be32(row.data + 13);
    out->until = fc_get_be32(row.data + 17);
    out->items = fc_span(row.data + FC_SAID_HEAD, row.len - FC_SAID_HEAD);
    return FC_OK;
}

bool fc_said_next(struct fc_span *items, uint8_t *tag, struct fc_span *bytes)
{
    if (items->len < 2 || items->len - 2 < items->data[1])
        return false;
    *tag = items->data[0];
    *bytes = fc_span(items->data + 2, items->data[1]);
    *items = fc_span(items->data + 2 + bytes->len, items->len - 2 - bytes->len);
    return true;
}
