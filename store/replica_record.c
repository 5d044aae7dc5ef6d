#include "store/replica_priv.h"

#include <assert.h>
#include <string.h>

struct fc_local_key fc_pin_key(const struct fc_hash *charter)
{
    struct fc_local_key key = {.len = 33};
    key.b[0] = 'P';
    memcpy(key.b + 1, charter->b, 32);
    return key;
}

/* -- filling a ledger from the store ----------------------------------------------------------- */

static enum fc_err refill_one(struct fc_ledger *ledger, struct fc_txn *txn,
                              const struct fc_hash *hash, bool *waits)
{
    struct fc_span bytes;
    struct fc_record record;
    enum fc_err err = fc_kv_get(txn, FC_TABLE_RECORD, fc_span(hash->b, sizeof hash->b), &bytes);
    *waits = false;
    if (err == FC_E_MISSING || (err == FC_OK && fc_record_parse(bytes, &record) != FC_OK))
        return FC_OK; /* damaged: fc_replica_verify says so, peers have it */
    if (err != FC_OK)
        return err;
    struct fc_ledger_change change = {0};
    err = fc_ledger_add(ledger, &record, &change);
    fc_buf_finish(&change.evidence);
    /* What another record stands in for now may be refused until that one is here again. */
    *waits = err != FC_OK && err != FC_E_KNOWN && err != FC_E_STALE;
    return err == FC_E_NOMEM ? err : FC_OK;
}

/* One pass over `hashes`; those that wait for another record are left in it. */
static enum fc_err refill_pass(struct fc_ledger *ledger, struct fc_txn *txn, struct fc_buf *hashes)
{
    size_t left = 0;
    for (size_t at = 0; at < hashes->len; at += sizeof(struct fc_hash)) {
        struct fc_hash hash;
        bool waits;
        memcpy(hash.b, hashes->data + at, sizeof hash.b);
        enum fc_err err = refill_one(ledger, txn, &hash, &waits);
        if (err != FC_OK)
            return err;
        if (waits) {
            memcpy(hashes->data + left, hash.b, sizeof hash.b);
            left += sizeof hash.b;
        }
    }
    hashes->len = left;
    return FC_OK;
}

/* Of one type; FC_RECORD_HEAD: of all but heads. */
static enum fc_err list_arrived(struct fc_txn *txn, enum fc_record_type type, struct fc_buf *hashes)
{
    struct fc_kv_cursor *cursor = NULL;
    struct fc_span key, value;
    enum fc_err err = fc_kv_cursor_open(txn, FC_TABLE_ARRIVAL, &cursor);
    if (err != FC_OK)
        return err;
    err = fc_kv_seek(cursor, fc_span(NULL, 0), &key, &value);
    while (err == FC_OK) {
        struct fc_arrival arrival;
        if (fc_replica_arrival_parse(key, value, &arrival) == FC_OK &&
            (type == FC_RECORD_HEAD ? arrival.type != type : arrival.type == type))
            fc_buf_append(hashes, arrival.hash.b, sizeof arrival.hash.b);
        err = fc_kv_next(cursor, &key, &value);
    }
    fc_kv_cursor_close(cursor);
    if (err != FC_E_MISSING)
        return err;
    return fc_buf_check(hashes);
}

/* Calls back for each key of LOCAL that begins with `kind`. */
static enum fc_err each_local(struct fc_txn *txn, uint8_t kind,
                              void (*each)(void *ctx, struct fc_span key), void *ctx)
{
    struct fc_kv_cursor *cursor = NULL;
    struct fc_span key, value;
    enum fc_err err = fc_kv_cursor_open(txn, FC_TABLE_LOCAL, &cursor);
    if (err != FC_OK)
        return err;
    err = fc_kv_seek(cursor, fc_span(&kind, 1), &key, &value);
    while (err == FC_OK && key.data[0] == kind) {
        each(ctx, key);
        err = fc_kv_next(cursor, &key, &value);
    }
    fc_kv_cursor_close(cursor);
    return err == FC_E_MISSING ? FC_OK : err;
}

static void pin_again(void *ctx, struct fc_span key)
{
    struct fc_hash charter;
    if (key.len != 33)
        return;
    memcpy(charter.b, key.data + 1, sizeof charter.b);
    /* A pin of a charter that is not held comes to bear when it is. */
    (void)!fc_ledger_pin(ctx, &charter);
}

enum fc_err fc_replica_ledger_load(struct fc_replica *replica, struct fc_txn *txn,
                                   struct fc_verifier verifier, struct fc_ledger **out)
{
    struct fc_buf hashes = {0};
    struct fc_ledger *ledger = NULL;
    size_t before;
    enum fc_err err = fc_ledger_create(&replica->federation, verifier, &ledger);
    if (err == FC_OK)
        err = list_arrived(txn, FC_RECORD_HEAD, &hashes);
    do {
        before = hashes.len;
        if (err == FC_OK)
            err = refill_pass(ledger, txn, &hashes);
        if (err == FC_OK)
            err = each_local(txn, 'P', pin_again, ledger);
    } while (err == FC_OK && hashes.len > 0 && hashes.len < before);
    fc_buf_finish(&hashes);
    if (err != FC_OK) {
        fc_ledger_destroy(ledger);
        return err;
    }
    *out = ledger;
    return FC_OK;
}

enum fc_err fc_replica_checkpoints_load(struct fc_txn *txn, struct fc_ledger *ledger)
{
    struct fc_buf hashes = {0};
    enum fc_err err = list_arrived(txn, FC_RECORD_CHECKPOINT, &hashes);
    if (err == FC_OK)
        err = refill_pass(ledger, txn, &hashes);
    fc_buf_finish(&hashes);
    return err;
}

static void count_takedown(void *ctx, struct fc_span key)
{
    (void)key;
    (*(uint64_t *)ctx)++;
}

enum fc_err fc_replica_local_load(struct fc_replica *replica, struct fc_txn *txn)
{
    replica->takedowns_local = 0;
    return each_local(txn, 'T', count_takedown, &replica->takedowns_local);
}

/* -- taking a record in ------------------------------------------------------------------------ */

static enum fc_err drop_displaced(struct fc_replica *replica, const struct fc_hash *hash)
{
    struct fc_span key = fc_span(hash->b, sizeof hash->b), value;
    struct fc_record record;
    enum fc_err err = fc_kv_get(replica->txn, FC_TABLE_RECORD, key, &value);
    if (err == FC_E_MISSING)
        return FC_OK;
    if (err == FC_OK && fc_record_parse(value, &record) != FC_OK)
        err = FC_E_CORRUPT;
    if (err == FC_OK)
        err = fc_replica_arrival_drop(replica, record.type, hash);
    return err == FC_OK ? fc_kv_del(replica->txn, FC_TABLE_RECORD, key) : err;
}

static enum fc_err keep_record(struct fc_replica *replica, const struct fc_record *record,
                               const struct fc_ledger_change *change)
{
    enum fc_err err = FC_OK;
    for (uint32_t i = 0; i < change->displaced_count && err == FC_OK; i++)
        if (!fc_hash_eq(&change->displaced[i], &record->hash))
            err = drop_displaced(replica, &change->displaced[i]);
    if (err == FC_OK)
        err = fc_kv_put(replica->txn, FC_TABLE_RECORD,
                        fc_span(record->hash.b, sizeof record->hash.b), record->bytes);
    if (err == FC_OK)
        err = fc_replica_arrival_add(replica, record->type, &record->hash, &record->hash, 0, 0);
    return err;
}

static enum fc_err settle_feed(struct fc_replica *replica, const struct fc_hash *participant)
{
    struct fc_participant who;
    bool removed = fc_ledger_participant(replica->ledger, participant, &who) == FC_OK &&
                   who.revocation && who.revocation->revocation.mode == FC_REVOKE_REMOVE;
    return removed ? fc_replica_feed_remove(replica, participant)
                   : fc_index_settle(replica, participant);
}

static enum fc_err settle_row(void *ctx, const struct fc_replica_row *row)
{
    return settle_feed(ctx, &row->feed.participant);
}

/* A new charter may bring certificates and revocations to bear that were not in force before. */
static enum fc_err settle_all(struct fc_replica *replica)
{
    return fc_replica_rows_each(replica, settle_row, replica);
}

static enum fc_err settle_takedown(struct fc_replica *replica, const struct fc_hash *participant,
                                   const struct fc_hash *key_hash)
{
    struct fc_replica_row row;
    enum fc_err err = fc_replica_row_get(replica, participant, &row);
    if (err == FC_OK)
        err = fc_replica_content_settle(replica, &row, key_hash);
    else if (err == FC_E_MISSING)
        return fc_load_settle_takedown(replica, participant, key_hash);
    if (err == FC_OK)
        err = fc_replica_row_store(replica, &row);
    return err == FC_OK ? fc_load_settle_takedown(replica, participant, key_hash) : err;
}

static enum fc_err settle(struct fc_replica *replica, const struct fc_record *record,
                          const struct fc_ledger_change *change)
{
    struct fc_takedown takedown;
    if (change->charter)
        return settle_all(replica);
    if (record->type == FC_RECORD_TAKEDOWN && fc_takedown_parse(record, &takedown) == FC_OK)
        return settle_takedown(replica, &takedown.participant, &takedown.key);
    if (!fc_hash_is_zero(&change->participant))
        return settle_feed(replica, &change->participant);
    return FC_OK;
}

enum fc_err fc_replica_add_record(struct fc_replica *replica, struct fc_span bytes)
{
    assert(replica->txn);
    struct fc_record record;
    struct fc_ledger_change change = {0};
    enum fc_err err = fc_record_parse(bytes, &record);
    if (err == FC_OK)
        err = fc_ledger_add(replica->ledger, &record, &change);
    if (err == FC_E_NOMEM) /* it may hold half of it */
        replica->ledger_changed = true;
    if (err == FC_OK) {
        replica->ledger_changed = true;
        err = keep_record(replica, &record, &change);
        if (err == FC_OK)
            err = settle(replica, &record, &change);
    }
    if (err == FC_OK && change.evidence.len > 0) {
        err = fc_replica_add_record(replica, fc_buf_span(&change.evidence));
        if (err == FC_E_KNOWN || err == FC_E_STALE)
            err = FC_OK;
    }
    fc_buf_finish(&change.evidence);
    return err;
}

/* Pins are given to a ledger in any order, so those that this one takes back must go. */
static enum fc_err drop_rival_pins(struct fc_replica *replica, const struct fc_hash *charter)
{
    const struct fc_held *chosen = fc_ledger_find(replica->ledger, charter);
    enum fc_err err = FC_OK;
    for (size_t i = 0; i < fc_ledger_record_count(replica->ledger); i++) {
        const struct fc_held *rival = fc_ledger_record_at(replica->ledger, i);
        if (rival == chosen || rival->record.type != FC_RECORD_CHARTER ||
            !fc_hash_eq(&rival->charter.previous, &chosen->charter.previous))
            continue;
        struct fc_local_key key = fc_pin_key(&rival->record.hash);
        err = fc_kv_del(replica->txn, FC_TABLE_LOCAL, fc_span(key.b, key.len));
        if (err != FC_OK && err != FC_E_MISSING)
            return err;
    }
    return FC_OK;
}

enum fc_err fc_replica_pin(struct fc_replica *replica, const struct fc_hash *charter)
{
    assert(replica->txn);
    enum fc_err err = fc_ledger_pin(replica->ledger, charter);
    if (err != FC_OK)
        return err;
    replica->ledger_changed = true;
    err = drop_rival_pins(replica, charter);
    if (err != FC_OK)
        return err;
    struct fc_local_key key = fc_pin_key(charter);
    err = fc_kv_put(replica->txn, FC_TABLE_LOCAL, fc_span(key.b, key.len), fc_span("", 0));
    return err == FC_OK ? settle_all(replica) : err;
}

enum fc_err fc_replica_takedown_local(struct fc_replica *replica, const struct fc_hash *participant,
                                      const struct fc_hash *key_hash, struct fc_span reason,
                                      bool on)
{
    assert(replica->txn);
    if (reason.len > FC_TEXT_BYTES_MAX)
        return FC_E_BOUND;
    struct fc_local_key key = fc_takedown_key(participant, key_hash);
    struct fc_span key_span = fc_span(key.b, key.len), value;
    enum fc_err err = fc_kv_get(replica->txn, FC_TABLE_LOCAL, key_span, &value);
    bool held = err == FC_OK;
    if (err != FC_OK && err != FC_E_MISSING)
        return err;
    if (!on && !held)
        return FC_E_MISSING;
    replica->local_changed = true;
    err = on ? fc_kv_put(replica->txn, FC_TABLE_LOCAL, key_span, reason)
             : fc_kv_del(replica->txn, FC_TABLE_LOCAL, key_span);
    if (err != FC_OK)
        return err;
    if (on != held)
        replica->takedowns_local += on ? 1 : (uint64_t)-1;
    return settle_takedown(replica, participant, key_hash);
}
