#include "store/replica_priv.h"

#include <assert.h>
#include <string.h>

/* -- table HEAD: [head record, ops or nil] ----------------------------------------------------- */

enum fc_err fc_replica_head_parse(struct fc_span value, struct fc_span *record, struct fc_span *ops)
{
    *ops = (struct fc_span){0};
    struct fc_unpack in;
    fc_unpack_init(&in, value);
    (void)fc_unpack_array(&in, 2, 2);
    *record = fc_unpack_bin(&in, FC_RECORD_BYTES_MAX);
    if (!fc_unpack_nil(&in))
        *ops = fc_unpack_bin(&in, FC_OPS_BYTES_MAX);
    return fc_unpack_end(&in) == FC_OK ? FC_OK : FC_E_CORRUPT;
}

static enum fc_err head_put(struct fc_replica *replica, const struct fc_hash *participant,
                            fc_version version, struct fc_span record, struct fc_span ops)
{
    struct fc_buf *row = &replica->row;
    fc_buf_clear(row);
    fc_pack_array(row, 2);
    fc_pack_bin(row, record);
    if (ops.data)
        fc_pack_bin(row, ops);
    else
        fc_pack_nil(row);
    if (row->failed)
        return FC_E_NOMEM;
    struct fc_head_key key = fc_head_key(participant, version);
    return fc_kv_put(replica->txn, FC_TABLE_HEAD, fc_span(key.b, sizeof key.b), fc_buf_span(row));
}

/* The record of a kept head, in the store. */
static enum fc_err head_get(struct fc_txn *txn, const struct fc_hash *participant,
                            fc_version version, struct fc_span *record, struct fc_span *ops)
{
    struct fc_head_key key = fc_head_key(participant, version);
    struct fc_span value;
    enum fc_err err = fc_kv_get(txn, FC_TABLE_HEAD, fc_span(key.b, sizeof key.b), &value);
    return err == FC_OK ? fc_replica_head_parse(value, record, ops) : err;
}

enum fc_err fc_replica_heads_trim(struct fc_replica *replica, const struct fc_hash *participant,
                                  uint32_t count)
{
    struct fc_kv_cursor *cursor = NULL;
    enum fc_err err = fc_kv_cursor_open(replica->txn, FC_TABLE_HEAD, &cursor);
    if (err != FC_OK)
        return err;
    struct fc_head_key key = fc_head_key(participant, 0);
    struct fc_span found, value;
    err = fc_kv_seek(cursor, fc_span(key.b, sizeof key.b), &found, &value);
    for (; err == FC_OK && count > 0; count--) {
        if (found.len != sizeof key.b || memcmp(found.data, participant->b, 32) != 0)
            break;
        memcpy(key.b, found.data, sizeof key.b);
        err = fc_kv_del(replica->txn, FC_TABLE_HEAD, fc_span(key.b, sizeof key.b));
        if (err == FC_OK)
            err = fc_kv_next(cursor, &found, &value);
    }
    fc_kv_cursor_close(cursor);
    return err == FC_E_MISSING ? FC_OK : err;
}

static enum fc_err count_head(struct fc_replica *replica, struct fc_replica_row *row,
                              fc_version version)
{
    struct fc_span record, ops;
    enum fc_err err = head_get(replica->txn, &row->feed.participant, version, &record, &ops);
    if (err == FC_OK || err == FC_E_CORRUPT)
        return FC_OK; /* replaces one: a damaged feed comes back to the head it had */
    if (err != FC_E_MISSING)
        return err;
    if (row->heads < FC_HEADS_KEPT) {
        row->heads++;
        return FC_OK;
    }
    return fc_replica_heads_trim(replica, &row->feed.participant, row->heads - FC_HEADS_KEPT + 1);
}

enum fc_err fc_replica_hold(struct fc_replica *replica, struct fc_replica_row *row,
                            const struct fc_record *record, const struct fc_head *head,
                            struct fc_span ops, uint64_t now_ms)
{
    struct fc_feed *feed = &row->feed;
    enum fc_err err = count_head(replica, row, head->version);
    if (err == FC_OK)
        err = head_put(replica, &feed->participant, head->version, record->bytes, ops);
    if (err != FC_OK)
        return err;
    feed->version = head->version;
    feed->head_hash = record->hash;
    feed->certificate = head->certificate;
    feed->root = head->root;
    feed->time_ms = head->time_ms;
    feed->damaged = false;
    assert(feed->entries == head->entries && feed->bytes == head->bytes);
    err = fc_replica_row_store(replica, row);
    if (err == FC_OK)
        err = fc_replica_arrival_add(replica, FC_RECORD_HEAD, &feed->participant, &record->hash,
                                     head->version, now_ms);
    /* Replicas that share are simulated ones by the thousand, and nobody reads along there. */
    if (err == FC_OK && !replica->shared)
        err = fc_replica_step_add(replica, &feed->participant, replica->state.index, head, now_ms);
    return err;
}

enum fc_err fc_replica_head(struct fc_replica *replica, const struct fc_hash *participant,
                            struct fc_buf *record, struct fc_buf *ops, bool *has_ops)
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
    struct fc_span record_bytes, ops_bytes;
    err = head_get(read.txn, participant, row.feed.version, &record_bytes, &ops_bytes);
    if (err == FC_OK) {
        fc_buf_append(record, record_bytes.data, record_bytes.len);
        if (ops)
            fc_buf_append(ops, ops_bytes.data, ops_bytes.len);
        if (has_ops)
            *has_ops = ops_bytes.data != NULL;
        err = record->failed || (ops && ops->failed) ? FC_E_NOMEM : FC_OK;
    }
    fc_replica_read_end(&read);
    return err;
}

enum fc_err fc_replica_history(
    struct fc_replica *replica, const struct fc_hash *participant, fc_version below,
    enum fc_err (*each)(void *ctx, struct fc_span head_record, struct fc_span ops), void *ctx)
{
    struct fc_replica_row row;
    enum fc_err err = fc_replica_row_get(replica, participant, &row);
    if (err != FC_OK)
        return err;
    struct fc_head_key key = fc_head_key(participant, below ? below : row.feed.version + 1);
    struct fc_replica_read read;
    struct fc_kv_cursor *cursor = NULL;
    err = fc_replica_read_begin(replica, &read);
    if (err != FC_OK)
        return err;
    err = fc_kv_cursor_open(read.txn, FC_TABLE_HEAD, &cursor);
    while (err == FC_OK) {
        struct fc_span found, value, record, ops;
        err = fc_kv_seek_before(cursor, fc_span(key.b, sizeof key.b), &found, &value);
        if (err == FC_OK && memcmp(found.data, participant->b, 32) != 0)
            err = FC_E_MISSING;
        if (err != FC_OK) {
            err = err == FC_E_MISSING ? FC_OK : err;
            break;
        }
        memcpy(key.b, found.data, sizeof key.b);
        err = fc_replica_head_parse(value, &record, &ops);
        if (err == FC_OK)
            err = each(ctx, record, ops);
    }
    if (cursor)
        fc_kv_cursor_close(cursor);
    fc_replica_read_end(&read);
    return err;
}

/* -- judging ----------------------------------------------------------------------------------- */

struct kept {
    struct fc_record record; /* in the store */
    struct fc_head head;
};

static enum fc_err kept_get(struct fc_txn *txn, const struct fc_hash *participant,
                            fc_version version, struct kept *out)
{
    struct fc_span record, ops;
    enum fc_err err = head_get(txn, participant, version, &record, &ops);
    if (err == FC_OK &&
        (fc_record_parse(record, &out->record) != FC_OK || out->record.type != FC_RECORD_HEAD ||
         fc_head_parse(&out->record, &out->head) != FC_OK))
        err = FC_E_CORRUPT;
    return err == FC_E_CORRUPT ? FC_E_MISSING : err;
}

/* A kept head that cannot stand beside this one: another of the same version, or a neighbour of
 * which one of the two says it never was. Appends its record; FC_E_MISSING when there is none. */
static enum fc_err find_rival(struct fc_replica *replica, const struct fc_record *record,
                              const struct fc_head *head, struct fc_buf *rival)
{
    struct fc_replica_read read;
    enum fc_err err = fc_replica_read_begin(replica, &read);
    if (err != FC_OK)
        return err;
    struct kept kept;
    bool forks = false;
    err = kept_get(read.txn, &head->participant, head->version, &kept);
    if (err == FC_OK)
        forks = !fc_hash_eq(&kept.record.hash, &record->hash);
    if ((err == FC_OK || err == FC_E_MISSING) && !forks && !fc_hash_is_zero(&head->previous)) {
        err = kept_get(read.txn, &head->participant, head->version - 1, &kept);
        if (err == FC_OK)
            forks = !fc_hash_eq(&kept.record.hash, &head->previous);
    }
    if ((err == FC_OK || err == FC_E_MISSING) && !forks) {
        err = kept_get(read.txn, &head->participant, head->version + 1, &kept);
        if (err == FC_OK)
            forks = !fc_hash_eq(&kept.head.previous, &record->hash);
    }
    if (forks) {
        fc_buf_append(rival, kept.record.bytes.data, kept.record.bytes.len);
        err = fc_buf_check(rival);
    } else if (err == FC_OK) {
        err = FC_E_MISSING;
    }
    fc_replica_read_end(&read);
    return err;
}

static enum fc_err relate_apart(struct fc_replica *replica, const struct fc_record *record,
                                const struct fc_head *head, enum fc_err otherwise)
{
    struct fc_buf rival = {0};
    enum fc_err err = find_rival(replica, record, head, &rival);
    fc_buf_finish(&rival);
    if (err == FC_OK)
        return FC_E_CONTESTED;
    return err == FC_E_MISSING ? otherwise : err;
}

/* Of a feed that is not held only the very first head can be applied as a delta: a later
 * incarnation's first head stands on entries that are not here. */
static enum fc_err relate_first(const struct fc_replica *replica, const struct fc_head *head)
{
    const struct fc_held *certificate = fc_ledger_find(replica->ledger, &head->certificate);
    bool first = certificate && certificate->record.type == FC_RECORD_CERTIFICATE &&
                 fc_version_incarnation(head->version) == 1 &&
                 fc_version_seq(head->version) == certificate->certificate.floor + 1;
    return first ? FC_OK : FC_E_GAP;
}

enum fc_err fc_replica_relate(struct fc_replica *replica, const struct fc_record *record,
                              const struct fc_head *head)
{
    struct fc_replica_row row;
    enum fc_err err = fc_replica_row_get(replica, &head->participant, &row);
    if (err != FC_OK)
        return err == FC_E_MISSING ? relate_first(replica, head) : err;
    const struct fc_feed *held = &row.feed;
    if (head->version < held->version)
        return relate_apart(replica, record, head, FC_E_STALE);
    if (held->damaged)
        return relate_apart(replica, record, head, FC_E_GAP);
    if (head->version == held->version)
        return fc_hash_eq(&record->hash, &held->head_hash) ? FC_E_KNOWN : FC_E_CONTESTED;
    if (fc_version_incarnation(head->version) != fc_version_incarnation(held->version))
        return FC_E_GAP;
    if (head->version == held->version + 1 && !fc_hash_eq(&head->previous, &held->head_hash))
        return FC_E_CONTESTED;
    if (head->time_ms < held->time_ms)
        return FC_E_DENIED;
    return head->version == held->version + 1 ? FC_OK : FC_E_GAP;
}

/* A newcomer takes a contested feed as it finds it: nodes agree that it is contested, not on its
 * content. */
static bool newcomer(const struct fc_replica_row *row, const struct fc_head *head)
{
    return !row || row->feed.damaged ||
           fc_version_incarnation(row->feed.version) < fc_version_incarnation(head->version);
}

enum fc_err fc_replica_judge(struct fc_replica *replica, const struct fc_record *record,
                             const struct fc_head *head, uint64_t now_ms, struct fc_key *key)
{
    struct fc_replica_row held;
    enum fc_err err = fc_replica_row_get(replica, &head->participant, &held);
    if (err != FC_OK && err != FC_E_MISSING)
        return err;
    const struct fc_replica_row *row = err == FC_OK ? &held : NULL;
    enum fc_err verdict = fc_ledger_judge(replica->ledger, head, key);
    if (row && !row->feed.damaged && fc_hash_eq(&row->feed.head_hash, &record->hash))
        return FC_E_KNOWN;
    bool contested = verdict == FC_E_CONTESTED && newcomer(row, head);
    if (contested)
        verdict = FC_OK;
    if (verdict == FC_OK)
        verdict = fc_replica_relate(replica, record, head);
    if (verdict == FC_OK && contested)
        verdict = FC_E_GAP;
    bool future = head->time_ms > now_ms && head->time_ms - now_ms > FC_SKEW_MS;
    return future && (verdict == FC_OK || verdict == FC_E_GAP) ? FC_E_FUTURE : verdict;
}

enum fc_err fc_replica_contest(struct fc_replica *replica, const struct fc_record *record)
{
    assert(replica->txn);
    struct fc_head head;
    struct fc_buf rival = {0}, evidence = {0};
    enum fc_err err = record->type == FC_RECORD_HEAD ? fc_head_parse(record, &head) : FC_E_ARG;
    if (err == FC_OK)
        err = find_rival(replica, record, &head, &rival);
    if (err == FC_E_MISSING)
        err = FC_E_ARG;
    if (err == FC_OK)
        err = fc_ledger_evidence(replica->ledger, fc_buf_span(&rival), record->bytes, &evidence);
    if (err == FC_OK)
        err = fc_replica_add_record(replica, fc_buf_span(&evidence));
    fc_buf_finish(&rival);
    fc_buf_finish(&evidence);
    return err == FC_E_KNOWN ? FC_OK : err;
}
