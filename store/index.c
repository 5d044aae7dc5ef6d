#include "store/index.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/index_heads.h"
#include "store/index_sheet.h"
#include "store/query_members.h"
#include "store/query_places.h"
#include "store/query_values.h"

enum fc_err fc_index_create(struct fc_index **out)
{
    struct fc_index *index = calloc(1, sizeof *index);
    *out = index;
    if (!index)
        return FC_E_NOMEM;
    index->stale = true;
    index->heads_after = FC_HEADS_AFTER;
    index->docs = fc_docs_create();
    enum fc_err err = index->docs ? fc_sayer_create(&index->sayer) : FC_E_NOMEM;
    if (err != FC_OK) {
        fc_index_destroy(index);
        *out = NULL;
    }
    return err;
}

void fc_index_destroy(struct fc_index *index)
{
    if (!index)
        return;
    fc_sayer_destroy(index->sayer);
    fc_docs_destroy(index->docs);
    fc_cards_destroy(index->cards);
    fc_places_destroy(index->places);
    fc_values_destroy(index->values);
    fc_members_destroy(index->members);
    fc_buf_finish(&index->value);
    free(index);
}

bool fc_index_changed(const struct fc_index *index)
{
    return index && index->changed;
}

enum fc_index_state fc_replica_index_state(const struct fc_replica *replica)
{
    if (!replica->index)
        return FC_INDEX_NONE;
    return replica->index->stale ? FC_INDEX_STALE : FC_INDEX_READY;
}

uint32_t fc_replica_index_waiting(const struct fc_replica *replica)
{
    return replica->index ? replica->index->pending : 0;
}

enum fc_err fc_index_settle_commit(struct fc_replica *replica)
{
    if (!replica->index) { /* it would fall behind */
        enum fc_err err = replica->index_forget
                              ? fc_kv_del(replica->txn, FC_TABLE_INDEX, fc_span("I", 1))
                              : FC_OK;
        return err == FC_E_MISSING ? FC_OK : err;
    }
    enum fc_err err = fc_index_merge(replica, false);
    return err == FC_OK && replica->index->changed ? fc_index_write(replica) : err;
}

void fc_index_committed(struct fc_replica *replica)
{
    replica->index_forget = false;
    if (replica->index)
        replica->index->changed = false;
}

static bool idle(const struct fc_replica *replica)
{
    return !replica->index || replica->index->stale;
}

enum fc_err fc_index_reset(struct fc_replica *replica, bool complete)
{
    struct fc_index *index = replica->index;
    struct fc_hash draw = fc_replica_draw(replica, "fedcat.index.1");
    index->epoch = fc_get_be64(draw.b);
    index->next_doc = index->pending = index->staged = index->purges = index->languages = 0;
    index->stale = !complete;
    index->changed = true;
    return fc_index_write(replica);
}

static enum fc_err del(struct fc_replica *replica, const struct fc_index_key *key)
{
    enum fc_err err = fc_kv_del(replica->txn, FC_TABLE_INDEX, fc_index_span(key));
    return err == FC_E_MISSING ? FC_OK : err;
}

static enum fc_err put(struct fc_replica *replica, const struct fc_index_key *key,
                       struct fc_span value)
{
    return fc_kv_put(replica->txn, FC_TABLE_INDEX, fc_index_span(key), value);
}

/* -- documents --------------------------------------------------------------------------------- */

enum fc_err fc_index_add_doc(struct fc_replica *replica, uint32_t generation, uint32_t doc,
                             const struct fc_hash *key_hash, struct fc_span said)
{
    struct fc_index_key by_entry = fc_index_key_entry(generation, key_hash);
    struct fc_index_doc row = {.generation = generation, .key_hash = *key_hash};
    struct fc_span bytes;
    uint8_t tag, number[4];
    fc_put_be32(number, doc);
    struct fc_span items = fc_span(said.data + FC_SAID_HEAD, said.len - FC_SAID_HEAD);
    while (fc_said_next(&items, &tag, &bytes))
        if (tag == FC_TAG_NAME && bytes.len <= FC_INDEX_NAME_BYTES)
            row.name = bytes;
    enum fc_err err = put(replica, &by_entry, fc_span(number, sizeof number));
    return err == FC_OK ? fc_index_doc_put(replica, doc, &row) : err;
}

static enum fc_err add_document(struct fc_replica *replica, uint32_t generation,
                                const struct fc_entry *entry, struct fc_span frame)
{
    struct fc_index *index = replica->index;
    struct fc_index_generation row;
    enum fc_err err = fc_index_generation_get(replica->txn, generation, &row);
    bool held = err == FC_OK && row.state == FC_GENERATION_HELD;
    if (err == FC_OK && fc_index_waits(&row, &entry->key_hash)) {
        index->staged++;
        index->changed = true;
        return FC_OK;
    }
    if (err == FC_OK)
        err = fc_say_frame(replica->index->sayer, generation, entry, frame);
    if (err != FC_OK)
        return err == FC_E_MISSING ? FC_E_CORRUPT : err;
    if (index->next_doc == UINT32_MAX)
        return FC_E_BOUND;
    struct fc_index_key waits = fc_index_key_doc(held ? 'F' : 'S', index->next_doc);
    struct fc_span said = fc_buf_span(&index->sayer->said);
    err = fc_index_add_doc(replica, generation, index->next_doc, &entry->key_hash, said);
    if (err == FC_OK)
        err = put(replica, &waits, said);
    index->languages |= index->sayer->languages;
    index->next_doc++;
    index->pending += held;
    index->staged += !held;
    index->changed = true;
    return err;
}

/* The rows that still wait to be merged go at once. FC_E_MISSING: it was merged. */
static enum fc_err remove_pending(struct fc_replica *replica, uint32_t doc)
{
    static const uint8_t kinds[] = {'F', 'S'};
    enum fc_err err = FC_E_MISSING;
    for (size_t i = 0; i < sizeof kinds && err == FC_E_MISSING; i++) {
        struct fc_index_key key = fc_index_key_doc(kinds[i], doc);
        err = fc_kv_del(replica->txn, FC_TABLE_INDEX, fc_index_span(&key));
    }
    return err;
}

/* What it said is worked out again, for the merge to take it out of the bitmaps. */
static enum fc_err purge(struct fc_replica *replica, uint32_t generation, uint32_t doc,
                         const struct fc_entry *old)
{
    struct fc_index *index = replica->index;
    struct fc_entry_key key = fc_entry_key(generation, &old->key_hash);
    struct fc_span frame = {0};
    enum fc_err err = FC_OK;
    if (old->state == FC_CONTENT_PRESENT)
        err = fc_kv_get(replica->txn, FC_TABLE_CONTENT, fc_span(key.b, sizeof key.b), &frame);
    if (err == FC_OK || err == FC_E_MISSING)
        err = fc_say_frame(replica->index->sayer, generation, old, frame);
    if (err != FC_OK)
        return err;
    struct fc_index_key purged = fc_index_key_doc('X', doc);
    index->purges++;
    index->changed = true;
    return put(replica, &purged, fc_buf_span(&index->sayer->said));
}

static enum fc_err unsee(struct fc_replica *replica, uint32_t generation, uint32_t doc)
{
    uint32_t chunk = doc >> FC_DOCS_CHUNK_BITS;
    struct fc_index_key keys[] = {fc_index_key_generation(generation, chunk),
                                  fc_index_key_set(FC_SET_SEEN, chunk),
                                  fc_index_key_set(FC_SET_CONTESTED, chunk)};
    enum fc_err err = FC_OK;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0] && err == FC_OK; i++)
        err = fc_index_docs_set(replica, &keys[i], doc, false);
    return err;
}

enum fc_err fc_index_remove(struct fc_replica *replica, uint32_t generation,
                            const struct fc_entry *old)
{
    uint32_t doc;
    if (idle(replica))
        return FC_OK;
    enum fc_err err = fc_index_doc_find(replica->txn, generation, &old->key_hash, &doc);
    if (err != FC_OK)
        return err == FC_E_MISSING ? FC_OK : err;
    struct fc_index_key by_entry = fc_index_key_entry(generation, &old->key_hash);
    err = remove_pending(replica, doc);
    if (err == FC_E_MISSING) {
        err = purge(replica, generation, doc, old);
        if (err == FC_OK)
            err = unsee(replica, generation, doc);
    }
    if (err == FC_OK)
        err = del(replica, &by_entry);
    return err == FC_OK ? fc_index_doc_del(replica, doc) : err;
}

/* -- a change of status alone ------------------------------------------------------------------ */

static enum fc_err touch_pending(struct fc_replica *replica, uint8_t kind, uint32_t doc,
                                 const struct fc_entry *entry)
{
    struct fc_buf *said = &replica->index->sayer->said;
    struct fc_index_key key = fc_index_key_doc(kind, doc);
    struct fc_said head;
    struct fc_span row;
    enum fc_err err = fc_kv_get(replica->txn, FC_TABLE_INDEX, fc_index_span(&key), &row);
    if (err == FC_OK)
        err = fc_said_parse(row, &head);
    if (err != FC_OK)
        return err;
    fc_buf_clear(said);
    fc_buf_append(said, row.data, row.len);
    if (said->failed)
        return FC_E_NOMEM;
    head.version = entry->version;
    head.status = entry->status;
    fc_said_head(said->data, &head);
    return put(replica, &key, fc_buf_span(said));
}

static enum fc_err set_status(struct fc_replica *replica, uint32_t doc, enum fc_status status,
                              bool on)
{
    const char *name = fc_status_name(status);
    struct fc_index_key key = fc_index_key_item(
        FC_TAG_FACET + FC_FACET_STATE, doc >> FC_DOCS_CHUNK_BITS, fc_span_str(name ? name : ""));
    return fc_index_docs_set(replica, &key, doc, on);
}

static enum fc_err touch(struct fc_replica *replica, uint32_t generation,
                         const struct fc_entry *old, const struct fc_entry *entry)
{
    struct fc_index_generation row;
    uint32_t doc;
    enum fc_err err = fc_index_doc_find(replica->txn, generation, &entry->key_hash, &doc);
    if (err != FC_OK) /* it waits */
        return err == FC_E_MISSING ? FC_OK : err;
    err = touch_pending(replica, 'F', doc, entry);
    if (err == FC_E_MISSING)
        err = touch_pending(replica, 'S', doc, entry);
    if (err != FC_E_MISSING)
        return err;
    err = set_status(replica, doc, old->status, false);
    if (err == FC_OK)
        err = set_status(replica, doc, entry->status, true);
    if (err == FC_OK)
        err = fc_sheet_put_state(replica, doc, entry->status);
    if (err == FC_OK)
        err = fc_index_generation_get(replica->txn, generation, &row);
    if (err != FC_OK)
        return err;
    struct fc_index_key seen = fc_index_key_set(FC_SET_SEEN, doc >> FC_DOCS_CHUNK_BITS);
    return fc_index_docs_set(replica, &seen, doc, fc_index_seen(&row, entry->version));
}

enum fc_err fc_index_put(struct fc_replica *replica, uint32_t generation,
                         const struct fc_entry *old, const struct fc_entry *entry,
                         struct fc_span frame, bool keeps)
{
    if (idle(replica))
        return FC_OK;
    if (keeps && !frame.data)
        return touch(replica, generation, old, entry);
    enum fc_err err = old ? fc_index_remove(replica, generation, old) : FC_OK;
    if (entry->state != FC_CONTENT_PRESENT)
        frame = (struct fc_span){0};
    return err == FC_OK ? add_document(replica, generation, entry, frame) : err;
}

/* -- generations ------------------------------------------------------------------------------- */

enum fc_err fc_index_generation_new(struct fc_replica *replica, uint32_t generation,
                                    const struct fc_hash *participant)
{
    const struct fc_index_generation row = {.participant = *participant};
    return idle(replica) ? FC_OK : fc_index_generation_put(replica, generation, &row);
}

void fc_index_judge(const struct fc_replica *replica, struct fc_index_generation *row)
{
    struct fc_participant who;
    row->contested = false;
    row->seen_max = 0;
    if (fc_ledger_participant(replica->ledger, &row->participant, &who) != FC_OK)
        return;
    row->contested = who.contested || who.recovery_frozen || who.revocation;
    row->seen_max = UINT64_MAX;
    if (who.revocation)
        row->seen_max = who.revocation->revocation.mode == FC_REVOKE_REMOVE
                            ? 0
                            : who.revocation->revocation.last_valid;
}

/* Takes the documents of later versions than `seen_max` out of `docs`. */
static enum fc_err hide_later(struct fc_replica *replica, uint32_t generation, fc_version seen_max,
                              struct fc_docs *docs)
{
    static const struct fc_hash first;
    struct fc_kv_cursor *cursor = NULL;
    struct fc_span found, value;
    if (seen_max == UINT64_MAX)
        return FC_OK;
    struct fc_version_key key = fc_version_key(generation, seen_max + 1, &first);
    enum fc_err err = fc_kv_cursor_open(replica->txn, FC_TABLE_BYVER, &cursor);
    if (err != FC_OK)
        return err;
    err = fc_kv_seek(cursor, fc_span(key.b, sizeof key.b), &found, &value);
    while (err == FC_OK && found.len == sizeof key.b && memcmp(found.data, key.b, 4) == 0) {
        struct fc_hash key_hash;
        uint32_t doc;
        memcpy(key_hash.b, found.data + 12, sizeof key_hash.b);
        err = fc_index_doc_find(replica->txn, generation, &key_hash, &doc);
        if (err == FC_OK)
            fc_docs_remove(docs, doc);
        if (err == FC_OK || err == FC_E_MISSING)
            err = fc_kv_next(cursor, &found, &value);
    }
    fc_kv_cursor_close(cursor);
    return err == FC_E_MISSING ? FC_OK : err;
}

/* Makes those documents of a generation that are in `members` the ones of it in a set. */
static enum fc_err set_members(struct fc_replica *replica, enum fc_docs_set set,
                               const struct fc_docs *all, const struct fc_docs *members)
{
    struct fc_docs *docs = fc_docs_create(), *added = fc_docs_create();
    enum fc_err err = docs && added ? FC_OK : FC_E_NOMEM;
    for (uint32_t chunk = 0; err == FC_OK; chunk++) {
        chunk = fc_docs_chunk(all, chunk);
        if (chunk == UINT32_MAX)
            break;
        uint32_t *list = malloc(FC_DOCS_CHUNK * sizeof *list);
        struct fc_docs *before = list ? fc_docs_create() : NULL;
        struct fc_index_key key = fc_index_key_set(set, chunk);
        err = before ? fc_index_docs_get(replica->txn, &key, chunk, before) : FC_E_NOMEM;
        if (err == FC_OK) {
            fc_docs_minus(before, all);
            size_t count = fc_docs_up(members, chunk << FC_DOCS_CHUNK_BITS, list, FC_DOCS_CHUNK);
            while (count > 0 && list[count - 1] >> FC_DOCS_CHUNK_BITS != chunk)
                count--;
            fc_docs_add_many(before, list, count);
            err = fc_index_docs_put(replica, &key, chunk, before);
        }
        fc_docs_destroy(before);
        free(list);
    }
    fc_docs_destroy(docs);
    fc_docs_destroy(added);
    return err;
}

static enum fc_err show(struct fc_replica *replica, uint32_t generation,
                        const struct fc_index_generation *row)
{
    struct fc_index_key prefix = fc_index_key_doc('G', generation);
    struct fc_docs *all = fc_docs_create(), *seen = NULL;
    bool held = row->state == FC_GENERATION_HELD;
    enum fc_err err =
        all ? fc_index_docs_all(replica->txn, fc_index_span(&prefix), all) : FC_E_NOMEM;
    if (err == FC_OK) {
        seen = held && row->seen_max > 0 ? fc_docs_copy(all) : fc_docs_create();
        err = seen ? FC_OK : FC_E_NOMEM;
    }
    if (err == FC_OK && fc_docs_count(seen) > 0)
        err = hide_later(replica, generation, row->seen_max, seen);
    if (err == FC_OK)
        err = set_members(replica, FC_SET_SEEN, all, seen);
    if (err == FC_OK)
        err = set_members(replica, FC_SET_CONTESTED, all, held && row->contested ? all : NULL);
    fc_docs_destroy(all);
    fc_docs_destroy(seen);
    return err;
}

static enum fc_err change(struct fc_replica *replica, uint32_t generation,
                          const struct fc_index_generation *row)
{
    enum fc_err err = fc_index_generation_put(replica, generation, row);
    return err == FC_OK ? show(replica, generation, row) : err;
}

/* All that waits in a generation. */
static enum fc_err index_rest(struct fc_replica *replica, uint32_t generation)
{
    struct fc_bulk *bulk = NULL;
    uint32_t added;
    bool done = false;
    enum fc_err err = fc_bulk_create(replica, &bulk);
    while (err == FC_OK && !done) {
        err = fc_bulk_add(bulk, generation, UINT32_MAX, &added, &done);
        if (err == FC_OK)
            err = fc_bulk_write(bulk);
    }
    fc_bulk_destroy(bulk);
    return err;
}

/* Of a small feed what waits is made rows of its own, which one merge takes in with others'. */
enum { FEW = 1024 };

static enum fc_err add_rest(struct fc_replica *replica, uint32_t generation,
                            const struct fc_hash *upto)
{
    struct fc_entry_key key = fc_entry_key(generation, upto);
    struct fc_buf hold = {0};
    struct fc_kv_cursor *cursor = NULL;
    struct fc_span found, value, from = fc_span(key.b, sizeof key.b);
    enum fc_err err = fc_kv_cursor_open(replica->txn, FC_TABLE_ENTRY, &cursor);
    if (err == FC_OK)
        err = fc_kv_seek(cursor, from, &found, &value);
    while (err == FC_OK && found.len == sizeof key.b && memcmp(found.data, key.b, 4) == 0) {
        struct fc_entry entry;
        struct fc_hash key_hash;
        struct fc_span frame = {0};
        memcpy(key_hash.b, found.data + 4, sizeof key_hash.b);
        memcpy(key.b, found.data, sizeof key.b);
        fc_buf_clear(&hold);
        err = fc_replica_entry_get(replica->txn, generation, &key_hash, &hold, &entry);
        if (err == FC_OK && fc_hash_cmp(&key_hash, upto) > 0) {
            if (entry.state == FC_CONTENT_PRESENT)
                err = fc_kv_get(replica->txn, FC_TABLE_CONTENT, from, &frame);
            if (err == FC_OK || err == FC_E_MISSING)
                err = add_document(replica, generation, &entry, frame);
        }
        if (err == FC_OK)
            err = fc_kv_next(cursor, &found, &value);
    }
    if (cursor)
        fc_kv_cursor_close(cursor);
    fc_buf_finish(&hold);
    return err == FC_E_MISSING ? FC_OK : err;
}

enum fc_err fc_index_generation_through(struct fc_replica *replica, uint32_t generation)
{
    return idle(replica) || replica->index->staged <= FEW ? FC_OK : index_rest(replica, generation);
}

enum fc_err fc_index_generation_keep(struct fc_replica *replica, uint32_t generation)
{
    struct fc_index_generation row;
    if (idle(replica))
        return FC_OK;
    /* What was staged is merged before it can be found: searches do not read those rows. */
    enum fc_err err = fc_index_merge_staged(replica);
    bool few = replica->index->staged <= FEW;
    if (err == FC_OK && !few)
        err = index_rest(replica, generation);
    if (err == FC_OK)
        err = fc_index_generation_get(replica->txn, generation, &row);
    if (err != FC_OK)
        return err == FC_E_MISSING ? FC_E_CORRUPT : err;
    struct fc_hash upto = row.upto;
    row.state = FC_GENERATION_HELD;
    fc_index_judge(replica, &row);
    err = change(replica, generation, &row);
    return err == FC_OK && few ? add_rest(replica, generation, &upto) : err;
}

enum fc_err fc_index_generation_drop(struct fc_replica *replica, uint32_t generation)
{
    struct fc_index_generation row;
    if (idle(replica))
        return FC_OK;
    enum fc_err err = fc_index_generation_get(replica->txn, generation, &row);
    if (err != FC_OK)
        return err == FC_E_MISSING ? FC_OK : err;
    if (row.state != FC_GENERATION_HELD)
        return FC_OK;
    row.state = FC_GENERATION_DROPPED;
    return change(replica, generation, &row);
}

enum fc_err fc_index_settle(struct fc_replica *replica, const struct fc_hash *participant)
{
    struct fc_replica_row feed;
    struct fc_index_generation row, before;
    if (idle(replica))
        return FC_OK;
    enum fc_err err = fc_replica_row_get(replica, participant, &feed);
    if (err == FC_OK)
        err = fc_index_generation_get(replica->txn, feed.feed.generation, &row);
    if (err != FC_OK)
        return err == FC_E_MISSING ? FC_OK : err;
    before = row;
    fc_index_judge(replica, &row);
    if (row.contested == before.contested && row.seen_max == before.seen_max)
        return FC_OK;
    return change(replica, feed.feed.generation, &row);
}

/* -- tidying ----------------------------------------------------------------------------------- */

/* The next entry of a generation that is indexed; FC_E_MISSING. */
static enum fc_err next_entry(struct fc_replica *replica, uint32_t generation,
                              struct fc_hash *key_hash)
{
    struct fc_index_key prefix = fc_index_key_doc('K', generation);
    struct fc_kv_cursor *cursor = NULL;
    struct fc_span key, value;
    enum fc_err err = fc_kv_cursor_open(replica->txn, FC_TABLE_INDEX, &cursor);
    if (err != FC_OK)
        return err;
    err = fc_kv_seek(cursor, fc_index_span(&prefix), &key, &value);
    if (err == FC_OK && (key.len != 37 || memcmp(key.data, prefix.b, prefix.len) != 0))
        err = FC_E_MISSING;
    if (err == FC_OK)
        memcpy(key_hash->b, key.data + 5, sizeof key_hash->b);
    fc_kv_cursor_close(cursor);
    return err;
}

static enum fc_err delete_generation(struct fc_replica *replica, uint32_t generation)
{
    struct fc_index_key row = fc_index_key_doc('A', generation);
    enum fc_err err = del(replica, &row);
    for (uint32_t chunk = 0;
         err == FC_OK && chunk <= replica->index->next_doc >> FC_DOCS_CHUNK_BITS; chunk++) {
        struct fc_index_key key = fc_index_key_generation(generation, chunk);
        err = del(replica, &key);
    }
    return err;
}

enum fc_err fc_index_generation_tidy(struct fc_replica *replica, uint32_t generation,
                                     uint32_t *left)
{
    struct fc_buf hold = {0};
    enum fc_err err = FC_OK;
    if (idle(replica))
        return FC_OK;
    while (err == FC_OK && *left > 0) {
        struct fc_hash key_hash;
        struct fc_entry entry;
        err = next_entry(replica, generation, &key_hash);
        if (err != FC_OK)
            break;
        fc_buf_clear(&hold);
        err = fc_replica_entry_get(replica->txn, generation, &key_hash, &hold, &entry);
        if (err == FC_E_MISSING)
            err = FC_E_CORRUPT;
        if (err == FC_OK)
            err = fc_index_remove(replica, generation, &entry);
        (*left)--;
    }
    fc_buf_finish(&hold);
    /* Rows 'X' still speak of the generation, which they need not be asked about. */
    if (err == FC_E_MISSING)
        err = delete_generation(replica, generation);
    return err;
}
