#include "store/replica_priv.h"

#include <assert.h>
#include <string.h>

struct fc_version_key fc_version_key(uint32_t generation, fc_version version,
                                     const struct fc_hash *key_hash)
{
    struct fc_version_key key;
    fc_put_be32(key.b, generation);
    fc_put_be64(key.b + 4, version);
    memcpy(key.b + 12, key_hash->b, sizeof key_hash->b);
    return key;
}

struct fc_missing_key fc_missing_key(uint32_t generation, const struct fc_hash *key_hash)
{
    struct fc_missing_key key;
    key.b[0] = 'M';
    fc_put_be32(key.b + 1, generation);
    memcpy(key.b + 5, key_hash->b, sizeof key_hash->b);
    return key;
}

/* -- one row and what is kept in step with it -------------------------------------------------- */

enum fc_err fc_replica_entry_get(struct fc_txn *txn, uint32_t generation,
                                 const struct fc_hash *key_hash, struct fc_buf *hold,
                                 struct fc_entry *out)
{
    struct fc_entry_key key = fc_entry_key(generation, key_hash);
    struct fc_span value;
    enum fc_err err = fc_kv_get(txn, FC_TABLE_ENTRY, fc_span(key.b, sizeof key.b), &value);
    if (err != FC_OK)
        return err;
    size_t start = hold->len;
    fc_buf_append(hold, value.data, value.len);
    if (hold->failed)
        return FC_E_NOMEM;
    return fc_entry_parse(key_hash, fc_span(hold->data + start, value.len), out);
}

static enum fc_err version_del(struct fc_replica *replica, uint32_t generation,
                               const struct fc_entry *entry)
{
    struct fc_version_key key = fc_version_key(generation, entry->version, &entry->key_hash);
    enum fc_err err = fc_kv_del(replica->txn, FC_TABLE_BYVER, fc_span(key.b, sizeof key.b));
    return err == FC_E_MISSING ? FC_OK : err;
}

static enum fc_err version_put(struct fc_replica *replica, uint32_t generation,
                               const struct fc_entry *entry)
{
    struct fc_version_key key = fc_version_key(generation, entry->version, &entry->key_hash);
    return fc_kv_put(replica->txn, FC_TABLE_BYVER, fc_span(key.b, sizeof key.b), fc_span("", 0));
}

static enum fc_err missing_put(struct fc_replica *replica, struct fc_replica_row *row,
                               const struct fc_entry *entry)
{
    struct fc_missing_key key = fc_missing_key(row->feed.generation, &entry->key_hash);
    uint8_t value[40];
    memcpy(value, row->feed.participant.b, 32);
    fc_put_be64(value + 32, entry->size);
    row->feed.missing++;
    return fc_kv_put(replica->txn, FC_TABLE_LOCAL, fc_span(key.b, sizeof key.b),
                     fc_span(value, sizeof value));
}

/* Takes away what an entry's content state left beside its row. */
static enum fc_err content_del(struct fc_replica *replica, struct fc_replica_row *row,
                               const struct fc_hash *key_hash, enum fc_content_state state)
{
    struct fc_entry_key content = fc_entry_key(row->feed.generation, key_hash);
    struct fc_missing_key missing = fc_missing_key(row->feed.generation, key_hash);
    enum fc_err err = FC_OK;
    switch (state) {
    case FC_CONTENT_PRESENT:
        err = fc_kv_del(replica->txn, FC_TABLE_CONTENT, fc_span(content.b, sizeof content.b));
        break;
    case FC_CONTENT_MISSING:
        row->feed.missing -= row->feed.missing > 0 ? 1 : 0;
        err = fc_kv_del(replica->txn, FC_TABLE_LOCAL, fc_span(missing.b, sizeof missing.b));
        break;
    case FC_CONTENT_REFUSED:
        break;
    }
    return err == FC_E_MISSING ? FC_OK : err;
}

static enum fc_err replaced(struct fc_replica *replica, struct fc_replica_row *row,
                            const struct fc_entry *old, const struct fc_entry *entry, bool keeps)
{
    enum fc_err err = FC_OK;
    if (old->version != entry->version)
        err = version_del(replica, row->feed.generation, old);
    if (err == FC_OK && !keeps)
        err = content_del(replica, row, &entry->key_hash, old->state);
    row->feed.entries -= row->feed.entries > 0 ? 1 : 0;
    row->feed.bytes -= row->feed.bytes > old->size ? old->size : row->feed.bytes;
    return err;
}

static enum fc_err row_put(struct fc_replica *replica, const struct fc_replica_row *row,
                           const struct fc_entry *entry, bool fresh)
{
    fc_buf_clear(&replica->row);
    enum fc_err err = fc_entry_write(entry, &replica->row);
    if (err != FC_OK)
        return err;
    struct fc_entry_key key = fc_entry_key(row->feed.generation, &entry->key_hash);
    struct fc_span key_span = fc_span(key.b, sizeof key.b);
    struct fc_span value = fc_buf_span(&replica->row);
    return fresh ? fc_kv_append(replica->txn, FC_TABLE_ENTRY, key_span, value)
                 : fc_kv_put(replica->txn, FC_TABLE_ENTRY, key_span, value);
}

static enum fc_err content_put(struct fc_replica *replica, const struct fc_replica_row *row,
                               const struct fc_hash *key_hash, struct fc_span frame, bool fresh)
{
    struct fc_entry_key key = fc_entry_key(row->feed.generation, key_hash);
    struct fc_span key_span = fc_span(key.b, sizeof key.b);
    return fresh ? fc_kv_append(replica->txn, FC_TABLE_CONTENT, key_span, frame)
                 : fc_kv_put(replica->txn, FC_TABLE_CONTENT, key_span, frame);
}

enum fc_err fc_replica_entry_put(struct fc_replica *replica, struct fc_replica_row *row,
                                 const struct fc_entry *entry, struct fc_span frame, bool fresh)
{
    struct fc_entry old;
    enum fc_err err = FC_E_MISSING;
    fc_buf_clear(&replica->old);
    if (!fresh)
        err = fc_replica_entry_get(replica->txn, row->feed.generation, &entry->key_hash,
                                   &replica->old, &old);
    if (err != FC_OK && err != FC_E_MISSING)
        return err;
    bool held = err == FC_OK, present = entry->state == FC_CONTENT_PRESENT;
    bool keeps = held && present && old.state == FC_CONTENT_PRESENT;
    assert(!present || frame.data || keeps);
    err = fc_index_put(replica, row->feed.generation, held ? &old : NULL, entry, frame, keeps);
    if (err == FC_OK && held)
        err = replaced(replica, row, &old, entry, keeps);
    if (err == FC_OK)
        err = row_put(replica, row, entry, fresh);
    if (err == FC_OK && (!held || old.version != entry->version))
        err = version_put(replica, row->feed.generation, entry);
    if (err == FC_OK && present && frame.data)
        err = content_put(replica, row, &entry->key_hash, frame, fresh);
    if (err == FC_OK && entry->state == FC_CONTENT_MISSING)
        err = missing_put(replica, row, entry);
    row->feed.entries++;
    row->feed.bytes += entry->size;
    return err;
}

static enum fc_err deleted_put(struct fc_replica *replica, struct fc_replica_row *row,
                               const struct fc_hash *key_hash, fc_version version)
{
    struct fc_version_key key = fc_version_key(row->feed.generation, version, key_hash);
    row->deletes++;
    return fc_kv_put(replica->txn, FC_TABLE_DELETED, fc_span(key.b, sizeof key.b), fc_span("", 0));
}

enum fc_err fc_replica_entry_delete(struct fc_replica *replica, struct fc_replica_row *row,
                                    const struct fc_hash *key_hash, fc_version version)
{
    struct fc_entry old;
    uint32_t generation = row->feed.generation;
    fc_buf_clear(&replica->old);
    enum fc_err err = fc_replica_entry_get(replica->txn, generation, key_hash, &replica->old, &old);
    if (err != FC_OK)
        return err;
    struct fc_entry_key key = fc_entry_key(generation, key_hash);
    err = fc_index_remove(replica, generation, &old);
    if (err == FC_OK)
        err = version_del(replica, generation, &old);
    if (err == FC_OK)
        err = content_del(replica, row, key_hash, old.state);
    if (err == FC_OK)
        err = fc_kv_del(replica->txn, FC_TABLE_ENTRY, fc_span(key.b, sizeof key.b));
    if (err == FC_OK && version)
        err = deleted_put(replica, row, key_hash, version);
    row->feed.entries -= row->feed.entries > 0 ? 1 : 0;
    row->feed.bytes -= row->feed.bytes > old.size ? old.size : row->feed.bytes;
    return err;
}

/* -- recent deletes ---------------------------------------------------------------------------- */

/* Deletes the oldest rows until `keep` are left, whole versions at a time. */
static enum fc_err deletes_drop(struct fc_replica *replica, struct fc_replica_row *row,
                                uint32_t keep)
{
    struct fc_kv_cursor *cursor = NULL;
    enum fc_err err = fc_kv_cursor_open(replica->txn, FC_TABLE_DELETED, &cursor);
    if (err != FC_OK)
        return err;
    uint8_t generation[4];
    fc_put_be32(generation, row->feed.generation);
    struct fc_span found, value;
    err = fc_kv_seek(cursor, fc_span(generation, sizeof generation), &found, &value);
    while (err == FC_OK && found.len == sizeof(struct fc_version_key) &&
           memcmp(found.data, generation, sizeof generation) == 0) {
        struct fc_version_key key;
        memcpy(key.b, found.data, sizeof key.b);
        fc_version version = fc_get_be64(key.b + 4);
        if (row->deletes <= keep && version > row->feed.deletes_from)
            break;
        err = fc_kv_del(replica->txn, FC_TABLE_DELETED, fc_span(key.b, sizeof key.b));
        row->deletes -= row->deletes > 0 ? 1 : 0;
        if (version > row->feed.deletes_from)
            row->feed.deletes_from = version;
        if (err == FC_OK)
            err = fc_kv_next(cursor, &found, &value);
    }
    fc_kv_cursor_close(cursor);
    return err == FC_E_MISSING ? FC_OK : err;
}

enum fc_err fc_replica_deletes_trim(struct fc_replica *replica, struct fc_replica_row *row)
{
    return row->deletes > FC_DELETES_KEPT ? deletes_drop(replica, row, FC_DELETES_KEPT) : FC_OK;
}

enum fc_err fc_replica_deletes_reset(struct fc_replica *replica, struct fc_replica_row *row,
                                     fc_version from)
{
    enum fc_err err = row->deletes ? deletes_drop(replica, row, 0) : FC_OK;
    row->feed.deletes_from = from;
    return err;
}

/* -- reading ----------------------------------------------------------------------------------- */

enum fc_err fc_replica_entry(struct fc_replica *replica, const struct fc_hash *participant,
                             const struct fc_hash *key_hash, struct fc_buf *hold,
                             struct fc_entry *out)
{
    struct fc_replica_row row;
    struct fc_replica_read read;
    enum fc_err err = fc_replica_row_get(replica, participant, &row);
    if (err == FC_OK)
        err = fc_replica_read_begin(replica, &read);
    if (err != FC_OK)
        return err;
    err = fc_replica_entry_get(read.txn, row.feed.generation, key_hash, hold, out);
    fc_replica_read_end(&read);
    return err;
}

struct holders {
    struct fc_replica *replica;
    const struct fc_hash *key_hash;
    struct fc_buf hold;
    enum fc_err (*each)(void *ctx, const struct fc_hash *participant, const struct fc_entry *entry);
    void *ctx;
};

static enum fc_err look_in(void *ctx, const struct fc_replica_row *row)
{
    struct holders *holders = ctx;
    struct fc_replica_read read;
    struct fc_entry entry;
    enum fc_err err = fc_replica_read_begin(holders->replica, &read);
    if (err != FC_OK)
        return err;
    fc_buf_clear(&holders->hold);
    err = fc_replica_entry_get(read.txn, row->feed.generation, holders->key_hash, &holders->hold,
                               &entry);
    fc_replica_read_end(&read);
    if (err != FC_OK)
        return err == FC_E_MISSING ? FC_OK : err;
    return holders->each(holders->ctx, &row->feed.participant, &entry);
}

enum fc_err fc_replica_holders(struct fc_replica *replica, const struct fc_hash *key_hash,
                               enum fc_err (*each)(void *ctx, const struct fc_hash *participant,
                                                   const struct fc_entry *entry),
                               void *ctx)
{
    struct holders holders = {replica, key_hash, {0}, each, ctx};
    enum fc_err err = fc_replica_rows_each(replica, look_in, &holders);
    fc_buf_finish(&holders.hold);
    return err;
}

enum fc_err fc_replica_entries(struct fc_replica *replica, const struct fc_hash *participant,
                               const struct fc_hash *after,
                               enum fc_err (*each)(void *ctx, const struct fc_entry *entry),
                               void *ctx)
{
    static const struct fc_hash first;
    struct fc_replica_row row;
    enum fc_err err = fc_replica_row_get(replica, participant, &row);
    if (err != FC_OK)
        return err;
    struct fc_entry_key key = fc_entry_key(row.feed.generation, after ? after : &first);
    struct fc_replica_read read;
    struct fc_kv_cursor *cursor = NULL;
    struct fc_span found, value;
    err = fc_replica_read_begin(replica, &read);
    if (err != FC_OK)
        return err;
    err = fc_kv_cursor_open(read.txn, FC_TABLE_ENTRY, &cursor);
    if (err == FC_OK)
        err = fc_kv_seek(cursor, fc_span(key.b, sizeof key.b), &found, &value);
    if (err == FC_OK && after && fc_span_eq(found, fc_span(key.b, sizeof key.b)))
        err = fc_kv_next(cursor, &found, &value);
    while (err == FC_OK && found.len == sizeof key.b && memcmp(found.data, key.b, 4) == 0) {
        struct fc_hash key_hash;
        struct fc_entry entry;
        memcpy(key_hash.b, found.data + 4, sizeof key_hash.b);
        err = fc_entry_parse(&key_hash, value, &entry);
        if (err == FC_OK)
            err = each(ctx, &entry);
        if (err != FC_OK)
            goto out;
        err = fc_kv_next(cursor, &found, &value);
    }
    if (err == FC_E_MISSING)
        err = FC_OK;
out:
    fc_kv_cursor_close(cursor);
    fc_replica_read_end(&read);
    return err;
}

bool fc_replica_hidden(const struct fc_replica *replica, const struct fc_hash *participant,
                       fc_version version)
{
    struct fc_participant who;
    /* A rotation that did not carry the certificate over ended the participant's membership. */
    if (fc_ledger_participant(replica->ledger, participant, &who) != FC_OK)
        return true;
    if (!who.revocation)
        return false;
    const struct fc_revocation *revocation = &who.revocation->revocation;
    return revocation->mode == FC_REVOKE_REMOVE || version > revocation->last_valid;
}

enum fc_err fc_replica_prove(struct fc_replica *replica, const struct fc_hash *participant,
                             const struct fc_hash *key_hash, struct fc_buf *out)
{
    struct fc_replica_row row;
    struct fc_replica_read read;
    enum fc_err err = fc_replica_row_get(replica, participant, &row);
    if (err == FC_OK && row.feed.damaged)
        err = FC_E_MISSING;
    if (err == FC_OK)
        err = fc_replica_read_begin(replica, &read);
    if (err != FC_OK)
        return err;
    err = fc_tree_prove(read.txn, row.feed.generation, key_hash, out);
    fc_replica_read_end(&read);
    return err;
}
