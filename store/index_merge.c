#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/index_heads.h"
#include "store/index_merge_priv.h"
#include "store/index_sheet.h"
#include "store/load_priv.h"
#include "store/wide.h"

enum {
    ITEMS_MAX = 16 * 1024 * 1024, /* in one pass, about */
    SLICE_ROWS = 4,               /* of what waits, that a commit merges at least */
    AHEAD = 12,                   /* items, that memory is fetched before it is used */
};

/* -- gathering --------------------------------------------------------------------------------- */

static uint32_t hash_of(struct fc_span key)
{
    uint64_t hash = 0xcbf29ce484222325u;
    size_t i = 0;
    for (; i + 8 <= key.len; i += 8) {
        uint64_t word;
        memcpy(&word, key.data + i, 8);
        hash = (hash ^ word) * 0xff51afd7ed558ccdu;
        hash ^= hash >> 32;
    }
    for (; i < key.len; i++)
        hash = (hash ^ key.data[i]) * 0x100000001b3u;
    return (uint32_t)(hash ^ hash >> 29);
}

static enum fc_err grow(struct fc_merge *merge)
{
    uint32_t cap = merge->cap ? 2 * merge->cap : 1024;
    struct fc_merge_target *targets = fc_wide_alloc(cap * sizeof *targets);
    uint32_t *table = targets ? fc_wide_alloc(2 * (size_t)cap * sizeof *table) : NULL;
    if (!table) {
        free(targets);
        return FC_E_NOMEM;
    }
    if (merge->count > 0)
        memcpy(targets, merge->targets, merge->count * sizeof *targets);
    memset(table, 0, 2 * (size_t)cap * sizeof *table);
    free(merge->targets);
    free(merge->table);
    merge->targets = targets;
    merge->table = table;
    merge->cap = cap;
    merge->table_size = 2 * cap;
    for (uint32_t i = 0; i < merge->count; i++) {
        uint32_t at = targets[i].hash & (merge->table_size - 1);
        while (table[at])
            at = (at + 1) & (merge->table_size - 1);
        table[at] = i + 1;
    }
    return FC_OK;
}

static bool is_target(const struct fc_merge *merge, const struct fc_merge_target *target,
                      const struct fc_merge_lookup *lookup)
{
    return target->hash == lookup->hash && target->tag == lookup->tag &&
           target->key_len == lookup->key.len &&
           memcmp(merge->keys.data + target->key, lookup->key.b, lookup->key.len) == 0;
}

static enum fc_err target_of(struct fc_merge *merge, const struct fc_merge_lookup *lookup,
                             uint32_t *target)
{
    if (merge->count == merge->cap) {
        enum fc_err err = grow(merge);
        if (err != FC_OK)
            return err;
    }
    uint32_t at = lookup->hash & (merge->table_size - 1);
    for (; merge->table[at]; at = (at + 1) & (merge->table_size - 1))
        if (is_target(merge, &merge->targets[merge->table[at] - 1], lookup)) {
            *target = merge->table[at] - 1;
            return FC_OK;
        }
    *target = merge->count;
    merge->table[at] = merge->count + 1;
    merge->targets[merge->count++] = (struct fc_merge_target){.key = (uint32_t)merge->keys.len,
                                                              .hash = lookup->hash,
                                                              .tag = lookup->tag,
                                                              .key_len = (uint8_t)lookup->key.len};
    fc_buf_append(&merge->keys, lookup->key.b, lookup->key.len);
    return fc_buf_check(&merge->keys);
}

/* Fetches what the look-ups of the batch will touch; the tables are larger than caches. */
static void fetch(const struct fc_merge *merge)
{
    if (merge->table_size == 0)
        return;
    for (uint32_t i = 0; i < merge->batch_count; i++)
        __builtin_prefetch(&merge->table[merge->batch[i].hash & (merge->table_size - 1)]);
    for (uint32_t i = 0; i < merge->batch_count; i++) {
        uint32_t place = merge->table[merge->batch[i].hash & (merge->table_size - 1)];
        if (place)
            __builtin_prefetch(&merge->targets[place - 1]);
    }
    for (uint32_t i = 0; i < merge->batch_count; i++) {
        uint32_t place = merge->table[merge->batch[i].hash & (merge->table_size - 1)];
        if (place)
            __builtin_prefetch(merge->keys.data + merge->targets[place - 1].key);
    }
}

/* Room for the items of a batch. */
static enum fc_err make_room(struct fc_merge *merge)
{
    if (merge->item_cap - merge->item_count >= FC_MERGE_BATCH)
        return FC_OK;
    uint32_t cap = merge->item_cap ? 2 * merge->item_cap : 4096;
    uint32_t *items = realloc(merge->items, cap * sizeof *items);
    if (!items)
        return FC_E_NOMEM;
    merge->items = items;
    merge->item_cap = cap;
    return FC_OK;
}

/* Nothing when the document was there already. There must be room for an item. */
static void take_target(struct fc_merge *merge, uint32_t number, uint32_t doc, bool in)
{
    struct fc_merge_target *target = &merge->targets[number];
    if (target->last == doc + 1)
        return;
    target->last = doc + 1;
    target->in += in;
    target->out += !in;
    merge->items[merge->item_count++] = number;
}

static enum fc_err look_up(struct fc_merge *merge, struct fc_merge_doc *merged)
{
    enum fc_err err = make_room(merge);
    fetch(merge);
    for (uint32_t i = 0; i < merge->batch_count && err == FC_OK; i++) {
        uint32_t target = 0;
        err = target_of(merge, &merge->batch[i], &target);
        if (err != FC_OK)
            break;
        if (merge->batch[i].tag == FC_TAG_PROVIDER)
            merged->provider = target + 1;
        take_target(merge, target, merged->doc, merged->in);
    }
    merge->batch_count = 0;
    return err;
}

static enum fc_err note(struct fc_merge *merge, struct fc_merge_doc *merged, uint8_t tag,
                        const struct fc_index_key *key)
{
    struct fc_merge_lookup *lookup = &merge->batch[merge->batch_count++];
    lookup->key.len = key->len;
    memcpy(lookup->key.b, key->b, key->len);
    lookup->tag = tag;
    lookup->hash = hash_of(fc_index_span(key)) ^ tag * 0x9e3779b9u;
    return merge->batch_count == FC_MERGE_BATCH ? look_up(merge, merged) : FC_OK;
}

/* Among the targets a provider goes by its own name. */
static struct fc_index_key provider_key(struct fc_span provider)
{
    struct fc_index_key key;
    key.len = provider.len < sizeof key.b ? provider.len : sizeof key.b;
    memcpy(key.b, provider.data, key.len);
    return key;
}

static enum fc_err note_items(struct fc_merge *merge, struct fc_span items,
                              struct fc_merge_doc *merged)
{
    uint32_t chunk = merged->doc >> FC_DOCS_CHUNK_BITS;
    struct fc_span bytes;
    uint8_t tag;
    enum fc_err err = FC_OK;
    while (err == FC_OK && fc_said_next(&items, &tag, &bytes)) {
        struct fc_index_key key;
        if (tag == FC_TAG_NAME)
            key = fc_index_key_name(bytes, merged->doc);
        else if (tag == FC_TAG_PROVIDER)
            key = provider_key(bytes);
        else
            key = fc_index_key_item(tag, chunk, bytes);
        err = note(merge, merged, tag, &key);
    }
    return err == FC_OK ? look_up(merge, merged) : err;
}

enum fc_err fc_merge_note_row(struct fc_merge *merge, uint32_t doc, struct fc_span row,
                              uint8_t kind)
{
    struct fc_said said;
    uint32_t first = merge->item_count;
    bool in = kind != 'X';
    enum fc_err err = fc_said_parse(row, &said);
    if (err == FC_OK && in && (!merge->generation_known || merge->generation != said.generation)) {
        err = fc_index_generation_get(merge->replica->txn, said.generation, &merge->row);
        merge->generation = said.generation;
        merge->generation_known = err == FC_OK;
    }
    if (err != FC_OK)
        return err;
    struct fc_merge_doc merged = {
        .doc = doc, .generation = said.generation, .in = in, .kind = kind, .first = first};
    if (in) {
        merged.from = said.from;
        merged.until = said.until;
        merged.seen = fc_index_seen(&merge->row, said.version);
        merged.contested = merge->row.contested && merge->row.state == FC_GENERATION_HELD;
    }
    const char *status = fc_status_name(said.status);
    struct fc_index_key key =
        fc_index_key_item(FC_TAG_FACET + FC_FACET_STATE, doc >> FC_DOCS_CHUNK_BITS,
                          fc_span_str(status ? status : ""));
    err = note(merge, &merged, FC_TAG_FACET + FC_FACET_STATE, &key);
    if (err == FC_OK)
        err = note_items(merge, said.items, &merged);
    merged.count = merge->item_count - first;
    fc_buf_append(&merge->docs, &merged, sizeof merged);
    return err == FC_OK ? fc_buf_check(&merge->docs) : err;
}

bool fc_merge_full(const struct fc_merge *merge)
{
    return merge->docs.len >= merge->rows_max * sizeof(struct fc_merge_doc) ||
           merge->item_count >= ITEMS_MAX;
}

static enum fc_err gather(struct fc_merge *merge, uint8_t kind)
{
    struct fc_kv_cursor *cursor = NULL;
    struct fc_span key, value;
    enum fc_err err = fc_kv_cursor_open(merge->replica->txn, FC_TABLE_INDEX, &cursor);
    if (err != FC_OK)
        return err;
    err = fc_kv_seek(cursor, fc_span(&kind, 1), &key, &value);
    while (err == FC_OK && key.len == 5 && key.data[0] == kind && !fc_merge_full(merge)) {
        err = fc_merge_note_row(merge, fc_get_be32(key.data + 1), value, kind);
        if (err == FC_OK)
            err = fc_kv_next(cursor, &key, &value);
    }
    fc_kv_cursor_close(cursor);
    return err == FC_E_MISSING ? FC_OK : err;
}

/* -- writing ----------------------------------------------------------------------------------- */

static struct fc_span key_of(const struct fc_merge *merge, const struct fc_merge_target *target)
{
    return fc_span(merge->keys.data + target->key, target->key_len);
}

/* Lays the documents out by target; each target's `in` and `out` become where its own end. */
static enum fc_err scatter(struct fc_merge *merge)
{
    const struct fc_merge_doc *docs = (const struct fc_merge_doc *)(const void *)merge->docs.data;
    const uint32_t *items = merge->items;
    merge->list = fc_wide_alloc((merge->item_count + (size_t)1) * sizeof *merge->list);
    if (!merge->list)
        return FC_E_NOMEM;
    uint32_t at = 0;
    for (uint32_t i = 0; i < merge->count; i++) {
        struct fc_merge_target *target = &merge->targets[i];
        uint32_t out = target->out, in = target->in;
        target->out = at;
        target->in = at + out;
        at += out + in;
    }
    uint32_t all = merge->item_count;
    for (size_t i = 0; i < merge->docs.len / sizeof *docs; i++)
        for (uint32_t k = docs[i].first; k < docs[i].first + docs[i].count; k++) {
            struct fc_merge_target *target = &merge->targets[items[k]];
            if (k + 2 * AHEAD < all) { /* neither lies in a cache */
                __builtin_prefetch(&merge->targets[items[k + 2 * AHEAD]]);
                __builtin_prefetch(&merge->list[merge->targets[items[k + AHEAD]].in], 1);
            }
            merge->list[docs[i].in ? target->in++ : target->out++] = docs[i].doc;
        }
    return FC_OK;
}

enum { WORD_AT = 4 }; /* in a key of postings: past kind, chunk, tier */

/* One more row, or one less, that has a word; `row`: its key. */
static enum fc_err count_word(struct fc_replica *replica, struct fc_span row, bool more)
{
    struct fc_span word = fc_span(row.data + WORD_AT, row.len - WORD_AT);
    struct fc_index_key key = fc_index_key_word(word);
    struct fc_word_places places = {0};
    enum fc_err err = fc_word_places_get(replica->txn, word, &places);
    if (err != FC_OK && err != FC_E_MISSING)
        return err;
    if (!more && places.rows <= 1)
        return err == FC_OK ? fc_kv_del(replica->txn, FC_TABLE_INDEX, fc_index_span(&key)) : FC_OK;
    places.rows += more ? 1 : -1u;
    if (more) {
        places.tiers |= (uint8_t)(1u << row.data[WORD_AT - 1]);
        places.chunks |= fc_word_chunk((uint32_t)row.data[1] << 8 | row.data[2]);
    }
    return fc_word_places_put(replica, word, &places);
}

static enum fc_err write_docs(struct fc_merge *merge, struct fc_merge_target *target,
                              uint32_t start)
{
    struct fc_replica *replica = merge->replica;
    struct fc_buf *value = &replica->index->value;
    struct fc_span key = key_of(merge, target), row = {0};
    const uint8_t *chunk = key.data + (target->tag < FC_TIERS ? 1 : 2);
    enum fc_err err = fc_kv_get(replica->txn, FC_TABLE_INDEX, key, &row);
    bool had = err == FC_OK;
    if (err != FC_OK && err != FC_E_MISSING)
        return err;
    fc_buf_clear(value);
    err = fc_docs_patch((uint32_t)chunk[0] << 8 | chunk[1], had ? row : (struct fc_span){0},
                        merge->list + start, target->out - start, merge->list + target->out,
                        target->in - target->out, value);
    if (err != FC_OK)
        return err;
    if (value->len > 0)
        err = fc_kv_put(replica->txn, FC_TABLE_INDEX, key, fc_buf_span(value));
    else if (had)
        err = fc_kv_del(replica->txn, FC_TABLE_INDEX, key);
    if (err == FC_OK && target->tag < FC_TIERS && had != (value->len > 0) &&
        fc_term_is_word(fc_span(key.data + WORD_AT, 1)))
        err = count_word(replica, key, !had);
    if (err == FC_OK && target->tag >= FC_TAG_FACET)
        err = fc_value_note(replica, key.data[1], fc_span(key.data + 4, key.len - 4), had,
                            value->len > 0, &target->number);
    return err;
}

static enum fc_err last_provider(struct fc_replica *replica, uint32_t *number)
{
    static const uint8_t after[] = {'V' + 1};
    struct fc_kv_cursor *cursor = NULL;
    struct fc_span key, value;
    enum fc_err err = fc_kv_cursor_open(replica->txn, FC_TABLE_INDEX, &cursor);
    if (err != FC_OK)
        return err;
    err = fc_kv_seek_before(cursor, fc_span(after, sizeof after), &key, &value);
    *number = err == FC_OK && key.len == 5 && key.data[0] == 'V' ? fc_get_be32(key.data + 1) : 0;
    fc_kv_cursor_close(cursor);
    return err == FC_E_MISSING ? FC_OK : err;
}

/* Counts a provider's documents; its number is given with the first and goes with the last. */
static enum fc_err write_provider(struct fc_merge *merge, struct fc_merge_target *target,
                                  uint32_t in, uint32_t out)
{
    struct fc_txn *txn = merge->replica->txn;
    struct fc_span name = key_of(merge, target), row;
    struct fc_index_key key = fc_index_key_provider(name);
    uint8_t value[8];
    uint32_t count = 0;
    enum fc_err err = fc_kv_get(txn, FC_TABLE_INDEX, fc_index_span(&key), &row);
    bool had = err == FC_OK && row.len == 8;
    if (err != FC_OK && err != FC_E_MISSING)
        return err;
    if (had) {
        target->number = fc_get_be32(row.data);
        count = fc_get_be32(row.data + 4);
    } else {
        err = last_provider(merge->replica, &target->number);
        target->number++;
        if (err == FC_E_MISSING)
            err = FC_OK;
        if (err != FC_OK)
            return err;
    }
    count = count + in > out ? count + in - out : 0;
    struct fc_index_key by_number = fc_index_key_doc('V', target->number);
    if (count == 0) {
        err = had ? fc_kv_del(txn, FC_TABLE_INDEX, fc_index_span(&key)) : FC_OK;
        return err == FC_OK && had ? fc_kv_del(txn, FC_TABLE_INDEX, fc_index_span(&by_number))
                                   : err;
    }
    fc_put_be32(value, target->number);
    fc_put_be32(value + 4, count);
    err = fc_kv_put(txn, FC_TABLE_INDEX, fc_index_span(&key), fc_span(value, sizeof value));
    return err == FC_OK && !had ? fc_kv_put(txn, FC_TABLE_INDEX, fc_index_span(&by_number), name)
                                : err;
}

static enum fc_err write_target(struct fc_merge *merge, struct fc_merge_target *target,
                                uint32_t start)
{
    struct fc_txn *txn = merge->replica->txn;
    if (target->tag == FC_TAG_PROVIDER)
        return write_provider(merge, target, target->in - target->out, target->out - start);
    if (target->tag != FC_TAG_NAME)
        return write_docs(merge, target, start);
    if (target->in > target->out)
        return fc_kv_put(txn, FC_TABLE_INDEX, key_of(merge, target), fc_span("", 0));
    enum fc_err err = fc_kv_del(txn, FC_TABLE_INDEX, key_of(merge, target));
    return err == FC_E_MISSING ? FC_OK : err;
}

struct order {
    uint64_t head[3]; /* the key's first bytes, to compare at once */
    uint32_t target;
};

static int compare(const void *a, const void *b, void *ctx)
{
    const struct fc_merge *merge = ctx;
    const struct order *left = a, *right = b;
    for (unsigned i = 0; i < 3; i++)
        if (left->head[i] != right->head[i])
            return left->head[i] < right->head[i] ? -1 : 1;
    return fc_span_cmp(key_of(merge, &merge->targets[left->target]),
                       key_of(merge, &merge->targets[right->target]));
}

static enum fc_err write_targets(struct fc_merge *merge)
{
    struct order *order = fc_wide_alloc((merge->count + 1) * sizeof *order);
    uint32_t *starts = fc_wide_alloc((merge->count + 1) * sizeof *starts);
    enum fc_err err = order && starts ? FC_OK : FC_E_NOMEM;
    for (uint32_t i = 0; i < merge->count && err == FC_OK; i++) {
        struct fc_span key = key_of(merge, &merge->targets[i]);
        uint8_t head[24] = {0};
        memcpy(head, key.data, key.len < sizeof head ? key.len : sizeof head);
        order[i] =
            (struct order){{fc_get_be64(head), fc_get_be64(head + 8), fc_get_be64(head + 16)}, i};
        starts[i] = i == 0 ? 0 : merge->targets[i - 1].in;
    }
    if (err == FC_OK)
        qsort_r(order, merge->count, sizeof *order, compare, merge);
    for (uint32_t i = 0; i < merge->count && err == FC_OK; i++) {
        if (i + 2 * AHEAD < merge->count) {
            const struct fc_merge_target *next = &merge->targets[order[i + AHEAD].target];
            __builtin_prefetch(&merge->targets[order[i + 2 * AHEAD].target]);
            __builtin_prefetch(&starts[order[i + 2 * AHEAD].target]);
            __builtin_prefetch(merge->keys.data + next->key);
            __builtin_prefetch(&merge->list[next->out]);
        }
        err = write_target(merge, &merge->targets[order[i].target], starts[order[i].target]);
    }
    free(order);
    free(starts);
    return err;
}

/* -- per document ------------------------------------------------------------------------------ */

static int compare_docs(const void *a, const void *b)
{
    const struct fc_merge_doc *left = a, *right = b;
    if (left->doc != right->doc)
        return left->doc < right->doc ? -1 : 1;
    return left->in - right->in;
}

static int compare_generations(const void *a, const void *b)
{
    const struct fc_merge_doc *left = a, *right = b;
    if (left->generation != right->generation)
        return left->generation < right->generation ? -1 : 1;
    return compare_docs(a, b);
}

static uint32_t column_value(const struct fc_merge_doc *merged, enum fc_column column)
{
    if (!merged->in)
        return 0;
    switch (column) {
    case FC_COLUMN_FROM:
        return merged->from;
    case FC_COLUMN_UNTIL:
        return merged->until;
    }
    return 0;
}

static enum fc_err write_column(struct fc_merge *merge, const struct fc_merge_doc *docs,
                                size_t count, enum fc_column column)
{
    struct fc_txn *txn = merge->replica->txn;
    uint8_t page[FC_COLUMN_PAGE * 4];
    enum fc_err err = FC_OK;
    for (size_t i = 0; i < count && err == FC_OK;) {
        uint32_t number = docs[i].doc / FC_COLUMN_PAGE;
        struct fc_index_key key = fc_index_key_column(column, number);
        struct fc_span row;
        memset(page, 0, sizeof page);
        err = fc_kv_get(txn, FC_TABLE_INDEX, fc_index_span(&key), &row);
        if (err == FC_OK && row.len == sizeof page)
            memcpy(page, row.data, sizeof page);
        else if (err != FC_E_MISSING)
            return err == FC_OK ? FC_E_CORRUPT : err;
        for (; i < count && docs[i].doc / FC_COLUMN_PAGE == number; i++)
            fc_put_be32(page + 4 * (docs[i].doc % FC_COLUMN_PAGE), column_value(&docs[i], column));
        err = fc_kv_put(txn, FC_TABLE_INDEX, fc_index_span(&key), fc_span(page, sizeof page));
    }
    return err;
}

static enum fc_err add_docs(struct fc_replica *replica, const struct fc_index_key *key,
                            uint32_t chunk, const struct fc_docs *more)
{
    struct fc_docs *docs = fc_docs_copy(more);
    if (!docs)
        return FC_E_NOMEM;
    enum fc_err err = fc_index_docs_get(replica->txn, key, chunk, docs);
    if (err == FC_OK)
        err = fc_index_docs_put(replica, key, chunk, docs);
    fc_docs_destroy(docs);
    return err;
}

/* Documents of one generation and chunk. */
static enum fc_err write_sets(struct fc_replica *replica, const struct fc_merge_doc *docs,
                              size_t count)
{
    uint32_t chunk = docs[0].doc >> FC_DOCS_CHUNK_BITS;
    struct fc_docs *sets[3] = {fc_docs_create(), fc_docs_create(), fc_docs_create()};
    const struct fc_index_key keys[3] = {fc_index_key_generation(docs[0].generation, chunk),
                                         fc_index_key_set(FC_SET_SEEN, chunk),
                                         fc_index_key_set(FC_SET_CONTESTED, chunk)};
    enum fc_err err = sets[0] && sets[1] && sets[2] ? FC_OK : FC_E_NOMEM;
    for (size_t i = 0; i < count && err == FC_OK; i++) {
        if (!docs[i].in)
            continue;
        fc_docs_add(sets[0], docs[i].doc);
        if (docs[i].seen)
            fc_docs_add(sets[1], docs[i].doc);
        if (docs[i].contested)
            fc_docs_add(sets[2], docs[i].doc);
    }
    for (size_t i = 0; i < 3; i++) {
        if (err == FC_OK && fc_docs_count(sets[i]) > 0)
            err = add_docs(replica, &keys[i], chunk, sets[i]);
        fc_docs_destroy(sets[i]);
    }
    return err;
}

/* Documents by number. */
static enum fc_err note_chunks(struct fc_replica *replica, const struct fc_merge_doc *docs,
                               size_t count)
{
    enum fc_err err = FC_OK;
    for (size_t i = 0; i < count && err == FC_OK;) {
        uint32_t chunk = docs[i].doc >> FC_DOCS_CHUNK_BITS, in = 0;
        for (; i < count && docs[i].doc >> FC_DOCS_CHUNK_BITS == chunk; i++)
            in += docs[i].in;
        if (in > 0)
            err = fc_heads_note(replica, chunk, in);
    }
    return err;
}

static enum fc_err write_documents(struct fc_merge *merge)
{
    struct fc_merge_doc *docs = (struct fc_merge_doc *)(void *)merge->docs.data;
    size_t count = merge->docs.len / sizeof *docs;
    enum fc_err err = FC_OK;
    if (count == 0)
        return FC_OK;
    qsort(docs, count, sizeof *docs, compare_docs);
    err = note_chunks(merge->replica, docs, count);
    for (unsigned column = 0; column < FC_COLUMNS && err == FC_OK; column++)
        err = write_column(merge, docs, count, (enum fc_column)column);
    if (err == FC_OK)
        err = fc_merge_write_sheets(merge, docs, count);
    qsort(docs, count, sizeof *docs, compare_generations);
    for (size_t i = 0, end; i < count && err == FC_OK; i = end) {
        for (end = i + 1; end < count && docs[end].generation == docs[i].generation &&
                          docs[end].doc >> FC_DOCS_CHUNK_BITS == docs[i].doc >> FC_DOCS_CHUNK_BITS;)
            end++;
        err = write_sets(merge->replica, docs + i, end - i);
    }
    return err;
}

/* Rows that were gathered go. */
static enum fc_err delete_rows(struct fc_merge *merge)
{
    const struct fc_merge_doc *docs = (const struct fc_merge_doc *)(const void *)merge->docs.data;
    struct fc_index *index = merge->replica->index;
    enum fc_err err = FC_OK;
    for (size_t i = 0; i < merge->docs.len / sizeof *docs && err == FC_OK; i++) {
        if (docs[i].kind == 0) /* gathered from entries */
            continue;
        struct fc_index_key key = fc_index_key_doc(docs[i].kind, docs[i].doc);
        uint32_t *count = docs[i].kind == 'X'   ? &index->purges
                          : docs[i].kind == 'S' ? &index->staged
                                                : &index->pending;
        err = fc_kv_del(merge->replica->txn, FC_TABLE_INDEX, fc_index_span(&key));
        *count -= *count > 0;
    }
    return err == FC_E_MISSING ? FC_E_CORRUPT : err;
}

void fc_merge_forget(struct fc_merge *merge)
{
    free(merge->list);
    merge->list = NULL;
    merge->count = merge->batch_count = 0;
    merge->generation_known = false;
    fc_buf_clear(&merge->keys);
    merge->item_count = 0;
    fc_buf_clear(&merge->docs);
    if (merge->table)
        memset(merge->table, 0, merge->table_size * sizeof *merge->table);
}

void fc_merge_finish(struct fc_merge *merge)
{
    free(merge->targets);
    free(merge->table);
    free(merge->list);
    free(merge->items);
    fc_buf_finish(&merge->keys);
    fc_buf_finish(&merge->docs);
}

enum fc_err fc_merge_write_all(struct fc_merge *merge)
{
    enum fc_err err = scatter(merge);
    if (err == FC_OK)
        err = write_targets(merge);
    if (err == FC_OK)
        err = delete_rows(merge);
    return err == FC_OK ? write_documents(merge) : err;
}

/* Of chunks that documents were merged into, and of the last that is full. */
static enum fc_err settle_heads(struct fc_replica *replica, const struct fc_merge *merge)
{
    const struct fc_merge_doc *docs = (const struct fc_merge_doc *)(const void *)merge->docs.data;
    uint32_t last = replica->index->next_doc >> FC_DOCS_CHUNK_BITS, seen = UINT32_MAX;
    enum fc_err err = last > 0 ? fc_heads_settle(replica, last - 1) : FC_OK;
    for (size_t i = 0; i < merge->docs.len / sizeof *docs && err == FC_OK; i++) {
        uint32_t chunk = docs[i].doc >> FC_DOCS_CHUNK_BITS;
        if (chunk != seen)
            err = fc_heads_settle(replica, chunk);
        seen = chunk;
    }
    return err;
}

/* Rows of these kinds; `rows` of them, or with 0 however many there are. */
static enum fc_err run_passes(struct fc_replica *replica, const char *kinds, uint32_t rows)
{
    struct fc_merge *merge = calloc(1, sizeof *merge);
    enum fc_err err = merge ? FC_OK : FC_E_NOMEM;
    bool more = true;
    replica->index->changed = true;
    while (err == FC_OK && more) {
        fc_merge_forget(merge);
        merge->replica = replica;
        merge->rows_max = rows ? rows : FC_MERGE_ROWS_MAX;
        for (const char *kind = kinds; *kind && err == FC_OK; kind++)
            err = gather(merge, (uint8_t)*kind);
        more = rows == 0 && fc_merge_full(merge);
        if (err == FC_OK)
            err = fc_merge_write_all(merge);
        if (err == FC_OK)
            err = settle_heads(replica, merge);
    }
    if (merge)
        fc_merge_finish(merge);
    free(merge);
    return err;
}

/* -- when -------------------------------------------------------------------------------------- */

enum fc_err fc_index_merge_staged(struct fc_replica *replica)
{
    struct fc_kv_cursor *cursor = NULL;
    struct fc_span key, value;
    enum fc_err err = fc_kv_cursor_open(replica->txn, FC_TABLE_INDEX, &cursor);
    if (err != FC_OK)
        return err;
    err = fc_kv_seek(cursor, fc_span("S", 1), &key, &value);
    bool any = err == FC_OK && key.len == 5 && key.data[0] == 'S';
    fc_kv_cursor_close(cursor);
    if (any)
        return run_passes(replica, "S", 0);
    return err == FC_E_MISSING ? FC_OK : err;
}

/* Loads fill chunks: so a large one writes each row of the index once. */
static enum fc_err follow_loads(struct fc_replica *replica)
{
    struct fc_bulk *bulk = NULL;
    uint32_t room = FC_DOCS_CHUNK - replica->index->next_doc % FC_DOCS_CHUNK;
    if (replica->index->staged < room)
        return FC_OK;
    enum fc_err err = fc_bulk_create(replica, &bulk);
    for (const struct fc_load *load = replica->loads; load && err == FC_OK && room > 0;
         load = load->next) {
        uint32_t added = 0;
        bool done;
        if (!load->staged || load->lost)
            continue;
        err = fc_bulk_add(bulk, load->row.feed.generation, room, &added, &done);
        room -= added;
    }
    if (err == FC_OK)
        err = fc_bulk_write(bulk);
    fc_bulk_destroy(bulk);
    /* What was counted and is no longer there, of loads that were given up, is no reason to look
     * again at every commit. */
    if (room > 0)
        replica->index->staged = 0;
    return err;
}

/* As many rows as have come since, and never many at once unless many came at once: a writer that
 * comes with one row does not wait for those of all others. */
static enum fc_err merge_over(struct fc_replica *replica, const char *kind, uint32_t count,
                              uint32_t may_wait)
{
    uint32_t over = count > may_wait ? count - may_wait : 0;
    if (over == 0)
        return FC_OK;
    if (over > FC_INDEX_PENDING_MAX)
        return run_passes(replica, kind, 0);
    return run_passes(replica, kind, over > SLICE_ROWS ? over : SLICE_ROWS);
}

enum fc_err fc_index_merge(struct fc_replica *replica, bool all)
{
    struct fc_index *index = replica->index;
    enum fc_err err = FC_OK;
    if (!index || index->stale)
        return FC_OK;
    if (!all) {
        err = merge_over(replica, "F", index->pending, FC_INDEX_PENDING_MAX);
        if (err == FC_OK)
            err = merge_over(replica, "X", index->purges, FC_INDEX_PURGES_MAX);
    } else if (index->pending + index->purges > 0) {
        err = run_passes(replica, "XF", 0);
        if (err == FC_OK)
            index->pending = index->purges = 0;
    }
    return err == FC_OK ? follow_loads(replica) : err;
}
