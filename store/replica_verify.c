#include "store/verify_priv.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void fc_verify_report(struct fc_verify *verify, const char *text, const struct fc_hash *participant,
                      const struct fc_hash *key_hash, bool whole)
{
    struct fc_damage damage = {.text = text, .repaired = verify->repair && whole};
    if (participant)
        damage.participant = *participant;
    if (key_hash)
        damage.key_hash = *key_hash;
    verify->damages++;
    if (verify->found)
        verify->found(verify->ctx, &damage);
}

enum fc_err fc_verify_scan(struct fc_verify *verify, enum fc_table table, struct fc_span prefix,
                           enum fc_err (*each)(void *ctx, struct fc_span key, struct fc_span value),
                           void *ctx)
{
    struct fc_kv_cursor *cursor = NULL;
    struct fc_span key, value;
    enum fc_err err = fc_kv_cursor_open(verify->txn, table, &cursor);
    if (err != FC_OK)
        return err;
    err = fc_kv_seek(cursor, prefix, &key, &value);
    while (err == FC_OK && key.len >= prefix.len &&
           (prefix.len == 0 || memcmp(key.data, prefix.data, prefix.len) == 0)) {
        err = each(ctx, key, value);
        if (err != FC_OK)
            goto out;
        err = fc_kv_next(cursor, &key, &value);
    }
    if (err == FC_E_MISSING)
        err = FC_OK;
out:
    fc_kv_cursor_close(cursor);
    return err;
}

/* -- repairs ----------------------------------------------------------------------------------- */

enum fc_err fc_verify_fix(struct fc_verify *verify, enum fc_fix_kind kind, enum fc_table table,
                          struct fc_span key)
{
    struct fc_fix fix = {
        .kind = (uint8_t)kind, .table = (uint8_t)table, .key_len = (uint8_t)key.len};
    if (!verify->repair)
        return FC_OK;
    assert(key.len <= sizeof fix.key);
    memcpy(fix.key, key.data, key.len);
    fc_buf_append(&verify->fixes, &fix, sizeof fix);
    return fc_buf_check(&verify->fixes);
}

static enum fc_err miss(struct fc_verify *verify, const struct fc_replica_row *row,
                        const struct fc_entry *entry)
{
    struct fc_missing_key key = fc_missing_key(row->feed.generation, &entry->key_hash);
    uint8_t value[40];
    memcpy(value, row->feed.participant.b, 32);
    fc_put_be64(value + 32, entry->size);
    return fc_kv_put(verify->txn, FC_TABLE_LOCAL, fc_span(key.b, sizeof key.b),
                     fc_span(value, sizeof value));
}

static enum fc_err lose(struct fc_verify *verify, const struct fc_replica_row *row,
                        struct fc_span key, bool write)
{
    struct fc_buf hold = {0}, out = {0};
    struct fc_entry entry;
    struct fc_hash key_hash;
    memcpy(key_hash.b, key.data + 4, sizeof key_hash.b);
    enum fc_err err =
        fc_replica_entry_get(verify->txn, row->feed.generation, &key_hash, &hold, &entry);
    if (err == FC_OK && write) {
        entry.state = FC_CONTENT_MISSING;
        memset(entry.salt, 0, sizeof entry.salt);
        err = fc_entry_write(&entry, &out);
        if (err == FC_OK)
            err = fc_kv_put(verify->txn, FC_TABLE_ENTRY, key, fc_buf_span(&out));
    }
    if (err == FC_OK)
        err = miss(verify, row, &entry);
    fc_buf_finish(&hold);
    fc_buf_finish(&out);
    return err;
}

static enum fc_err apply_fix(struct fc_verify *verify, const struct fc_replica_row *row,
                             const struct fc_fix *fix)
{
    struct fc_span key = fc_span(fix->key, fix->key_len);
    enum fc_table table = (enum fc_table)fix->table;
    enum fc_err err = FC_OK;
    switch ((enum fc_fix_kind)fix->kind) {
    case FC_FIX_DELETE:
        err = fc_kv_del(verify->txn, table, key);
        return err == FC_E_MISSING ? FC_OK : err;
    case FC_FIX_PUT:
        return fc_kv_put(verify->txn, table, key, fc_span("", 0));
    case FC_FIX_LOSE:
        return lose(verify, row, key, true);
    case FC_FIX_MISS:
        return lose(verify, row, key, false);
    }
    return FC_OK;
}

enum fc_err fc_verify_apply_fixes(struct fc_verify *verify, const struct fc_replica_row *row)
{
    enum fc_err err = FC_OK;
    for (size_t at = 0; at < verify->fixes.len && err == FC_OK; at += sizeof(struct fc_fix)) {
        struct fc_fix fix;
        memcpy(&fix, verify->fixes.data + at, sizeof fix);
        err = apply_fix(verify, row, &fix);
    }
    fc_buf_clear(&verify->fixes);
    return err;
}

/* -- records ----------------------------------------------------------------------------------- */

static enum fc_err check_record(void *ctx, struct fc_span key, struct fc_span value)
{
    struct fc_verify *verify = ctx;
    struct fc_record record;
    if (fc_record_parse(value, &record) == FC_OK &&
        fc_span_eq(key, fc_span(record.hash.b, sizeof record.hash.b)))
        return FC_OK;
    fc_verify_report(verify, "a record is damaged", NULL, NULL, false);
    return fc_verify_fix(verify, FC_FIX_DELETE, FC_TABLE_RECORD, key);
}

static bool signed_by_its_signers(struct fc_verify *verify, const struct fc_record *record)
{
    const struct fc_verifier *verifier = &verify->replica->verifier;
    for (uint32_t i = 0; i < record->signature_count; i++) {
        struct fc_signature signature;
        fc_record_signature(record, i, &signature);
        struct fc_verify_job job = {
            .key = signature.signer, .hash = record->hash, .sig = signature.sig};
        verifier->verify(verifier->ctx, &job, 1);
        if (!job.valid)
            return false;
    }
    return true;
}

/* A record that no ledger takes may wait for another that is not here, which is no damage, or be
 * taken for another's because its signature is hurt. */
static enum fc_err check_left_out(void *ctx, struct fc_span key, struct fc_span value)
{
    struct fc_verify *verify = ctx;
    struct fc_record record;
    if (fc_record_parse(value, &record) != FC_OK || fc_ledger_find(verify->ledger, &record.hash) ||
        signed_by_its_signers(verify, &record))
        return FC_OK;
    fc_verify_report(verify, "a record's signatures do not hold", NULL, NULL, false);
    return fc_verify_fix(verify, FC_FIX_DELETE, FC_TABLE_RECORD, key);
}

/* Fills a ledger anew, and with that checks every signature but those of heads. */
static enum fc_err check_signatures(struct fc_verify *verify)
{
    enum fc_err err = fc_replica_ledger_load(verify->replica, verify->txn,
                                             verify->replica->verifier, &verify->ledger);
    if (err == FC_OK)
        err = fc_verify_scan(verify, FC_TABLE_RECORD, (struct fc_span){0}, check_left_out, verify);
    return err == FC_OK ? fc_verify_apply_fixes(verify, NULL) : err;
}

static enum fc_err check_records(struct fc_verify *verify)
{
    enum fc_err err =
        fc_verify_scan(verify, FC_TABLE_RECORD, (struct fc_span){0}, check_record, verify);
    if (err == FC_OK)
        err = fc_verify_apply_fixes(verify, NULL);
    return err == FC_OK ? check_signatures(verify) : err;
}

/* -- arrival log ------------------------------------------------------------------------------- */

static void subject_of(const struct fc_arrival *arrival, uint8_t key[33])
{
    key[0] = (uint8_t)arrival->type;
    memcpy(key + 1, arrival->subject.b, 32);
}

static bool arrival_stands(struct fc_verify *verify, struct fc_span key, struct fc_span value)
{
    struct fc_arrival arrival;
    struct fc_record record;
    uint8_t subject[33];
    struct fc_span index;
    if (fc_replica_arrival_parse(key, value, &arrival) != FC_OK ||
        fc_replica_arrival_record(verify->txn, &arrival) != FC_OK ||
        fc_record_parse(arrival.record, &record) != FC_OK || record.type != arrival.type ||
        !fc_hash_eq(&record.hash, &arrival.hash))
        return false;
    subject_of(&arrival, subject);
    if (arrival.index > verify->replica->state.index)
        return false;
    struct fc_replica_row row;
    if (arrival.type == FC_RECORD_HEAD &&
        (fc_replica_row_get(verify->replica, &arrival.subject, &row) != FC_OK || row.feed.damaged ||
         row.feed.version != arrival.version))
        return false;
    return fc_kv_get(verify->txn, FC_TABLE_SUBJECT, fc_span(subject, sizeof subject), &index) ==
               FC_OK &&
           index.len >= key.len && fc_span_eq(fc_span(index.data, key.len), key);
}

static enum fc_err check_arrival(void *ctx, struct fc_span key, struct fc_span value)
{
    struct fc_verify *verify = ctx;
    if (arrival_stands(verify, key, value))
        return FC_OK;
    fc_verify_report(verify, "an arrival is damaged or of nothing that is here", NULL, NULL, true);
    return fc_verify_fix(verify, FC_FIX_DELETE, FC_TABLE_ARRIVAL, key);
}

static enum fc_err check_subject(void *ctx, struct fc_span key, struct fc_span value)
{
    struct fc_verify *verify = ctx;
    struct fc_span arrival;
    if (key.len == 33 && value.len == (key.data[0] == FC_RECORD_HEAD ? 14 : 8)) {
        enum fc_err err =
            fc_kv_get(verify->txn, FC_TABLE_ARRIVAL, fc_span(value.data, 8), &arrival);
        if (err != FC_E_MISSING)
            return err;
    }
    fc_verify_report(verify, "a subject points to no arrival", NULL, NULL, true);
    return fc_verify_fix(verify, FC_FIX_DELETE, FC_TABLE_SUBJECT, key);
}

/* Whatever is held and has no arrival gets one. */
static enum fc_err arrive(struct fc_verify *verify, enum fc_record_type type,
                          const struct fc_hash *subject, const struct fc_hash *hash,
                          fc_version version)
{
    struct fc_arrival arrival = {.type = type, .subject = *subject};
    uint8_t key[33];
    struct fc_span index;
    subject_of(&arrival, key);
    enum fc_err err = fc_kv_get(verify->txn, FC_TABLE_SUBJECT, fc_span(key, sizeof key), &index);
    if (err != FC_E_MISSING)
        return err;
    fc_verify_report(verify, "a record is not in the arrival log", NULL, NULL, true);
    return verify->repair ? fc_replica_arrival_add(verify->replica, type, subject, hash, version, 0)
                          : FC_OK;
}

static enum fc_err check_arrived(void *ctx, struct fc_span key, struct fc_span value)
{
    struct fc_record record;
    (void)key;
    if (fc_record_parse(value, &record) != FC_OK)
        return FC_OK; /* reported with the records */
    return arrive(ctx, record.type, &record.hash, &record.hash, 0);
}

static enum fc_err check_head_arrived(void *ctx, const struct fc_replica_row *row)
{
    const struct fc_feed *feed = &row->feed;
    if (feed->damaged)
        return FC_OK;
    return arrive(ctx, FC_RECORD_HEAD, &feed->participant, &feed->head_hash, feed->version);
}

static enum fc_err check_arrivals(struct fc_verify *verify)
{
    const struct fc_span all = {0};
    enum fc_err err = fc_verify_scan(verify, FC_TABLE_ARRIVAL, all, check_arrival, verify);
    if (err == FC_OK)
        err = fc_verify_apply_fixes(verify, NULL);
    if (err == FC_OK)
        err = fc_verify_scan(verify, FC_TABLE_SUBJECT, all, check_subject, verify);
    if (err == FC_OK)
        err = fc_verify_apply_fixes(verify, NULL);
    if (err == FC_OK)
        err = fc_verify_scan(verify, FC_TABLE_RECORD, all, check_arrived, verify);
    if (err == FC_OK)
        err = fc_replica_rows_each(verify->replica, check_head_arrived, verify);
    return err == FC_OK ? fc_verify_steps(verify) : err;
}

/* -- feeds ------------------------------------------------------------------------------------- */

static enum fc_err check_row(void *ctx, struct fc_span key, struct fc_span value)
{
    struct fc_verify *verify = ctx;
    struct fc_replica_row row;
    struct fc_hash participant = {{0}};
    if (key.len == sizeof participant.b) {
        memcpy(participant.b, key.data, sizeof participant.b);
        if (fc_replica_row_parse(&participant, value, &row) == FC_OK)
            return FC_OK;
    }
    fc_verify_report(verify, "a feed's row is damaged", &participant, NULL, false);
    return fc_verify_fix(verify, FC_FIX_DELETE, FC_TABLE_FEED, key);
}

static enum fc_err check_stray_head(void *ctx, struct fc_span key, struct fc_span value)
{
    struct fc_verify *verify = ctx;
    struct fc_hash participant;
    struct fc_replica_row row;
    (void)value;
    if (key.len == sizeof(struct fc_head_key)) {
        memcpy(participant.b, key.data, sizeof participant.b);
        enum fc_err err = fc_replica_row_get(verify->replica, &participant, &row);
        if (err != FC_E_MISSING)
            return err;
    }
    fc_verify_report(verify, "a head belongs to no feed", NULL, NULL, true);
    return fc_verify_fix(verify, FC_FIX_DELETE, FC_TABLE_HEAD, key);
}

static enum fc_err check_feed(void *ctx, const struct fc_replica_row *row)
{
    return fc_verify_feed(ctx, row);
}

static enum fc_err check_feeds(struct fc_verify *verify)
{
    const struct fc_span all = {0};
    enum fc_err err = fc_verify_scan(verify, FC_TABLE_FEED, all, check_row, verify);
    if (err == FC_OK)
        err = fc_verify_scan(verify, FC_TABLE_HEAD, all, check_stray_head, verify);
    if (err == FC_OK)
        err = fc_verify_apply_fixes(verify, NULL);
    return err == FC_OK ? fc_replica_rows_each(verify->replica, check_feed, verify) : err;
}

/* -- generations ------------------------------------------------------------------------------- */

/* The first that is not below. */
static size_t generation_place(const struct fc_verify *verify, uint32_t generation)
{
    size_t low = 0, high = verify->generation_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (verify->generations[middle] < generation)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t fc_verify_generation_count(const struct fc_verify *verify, uint32_t generation)
{
    size_t first = generation_place(verify, generation), at = first;
    while (at < verify->generation_count && verify->generations[at] == generation)
        at++;
    return at - first;
}

enum fc_err fc_verify_generation_add(struct fc_verify *verify, uint32_t generation)
{
    if (verify->generation_count == verify->generation_cap) {
        size_t cap = verify->generation_cap ? 2 * verify->generation_cap : 64;
        uint32_t *list = realloc(verify->generations, cap * sizeof *list);
        if (!list)
            return FC_E_NOMEM;
        verify->generations = list;
        verify->generation_cap = cap;
    }
    uint32_t *place = verify->generations + generation_place(verify, generation);
    size_t above = verify->generation_count - (size_t)(place - verify->generations);
    memmove(place + 1, place, above * sizeof *place);
    *place = generation;
    verify->generation_count++;
    return FC_OK;
}

void fc_verify_generation_remove(struct fc_verify *verify, uint32_t generation)
{
    uint32_t *place = verify->generations + generation_place(verify, generation);
    verify->generation_count--;
    size_t above = verify->generation_count - (size_t)(place - verify->generations);
    memmove(place, place + 1, above * sizeof *place);
}

static bool feed_has_generation(const struct fc_verify *verify, uint32_t generation)
{
    return fc_verify_generation_count(verify, generation) > 0;
}

static bool generation_dropped(struct fc_verify *verify, uint32_t generation)
{
    uint8_t key[9] = "drop:";
    struct fc_span value;
    fc_put_be32(key + 5, generation);
    return fc_kv_get(verify->txn, FC_TABLE_META, fc_span(key, sizeof key), &value) == FC_OK;
}

/* Rows that were found under a generation. */
static enum fc_err check_generation(struct fc_verify *verify, uint32_t generation)
{
    struct fc_replica *replica = verify->replica;
    if (generation < FC_GENERATION_NAMED && generation > replica->state.generation) {
        fc_verify_report(verify, "a generation was never given out", NULL, NULL, true);
        if (verify->repair) {
            replica->state.generation = generation;
            replica->state_changed = true;
        }
    }
    if (feed_has_generation(verify, generation) || fc_load_uses_generation(replica, generation) ||
        generation_dropped(verify, generation))
        return FC_OK;
    fc_verify_report(verify, "rows belong to no feed", NULL, NULL, true);
    return verify->repair ? fc_replica_generation_drop(replica, generation) : FC_OK;
}

static enum fc_err check_generations(struct fc_verify *verify, enum fc_table table)
{
    uint8_t from[4] = {0};
    enum fc_err err = FC_OK;
    while (err == FC_OK) {
        struct fc_kv_cursor *cursor = NULL;
        struct fc_span key, value;
        uint32_t generation = 0;
        err = fc_kv_cursor_open(verify->txn, table, &cursor);
        if (err != FC_OK)
            return err;
        err = fc_kv_seek(cursor, fc_span(from, sizeof from), &key, &value);
        if (err == FC_OK && key.len >= 4)
            generation = fc_get_be32(key.data);
        fc_kv_cursor_close(cursor);
        if (err == FC_OK)
            err = check_generation(verify, generation);
        if (generation == UINT32_MAX)
            break;
        fc_put_be32(from, generation + 1);
    }
    return err == FC_E_MISSING ? FC_OK : err;
}

static enum fc_err check_drop(void *ctx, struct fc_span key, struct fc_span value)
{
    struct fc_verify *verify = ctx;
    (void)value;
    if (key.len != 9 || !feed_has_generation(verify, fc_get_be32(key.data + 5)))
        return FC_OK;
    fc_verify_report(verify, "a feed's rows are marked to be dropped", NULL, NULL, true);
    return fc_verify_fix(verify, FC_FIX_DELETE, FC_TABLE_META, key);
}

static enum fc_err check_orphans(struct fc_verify *verify)
{
    static const enum fc_table tables[] = {FC_TABLE_ENTRY, FC_TABLE_BYVER, FC_TABLE_DELETED,
                                           FC_TABLE_CONTENT, FC_TABLE_TREE};
    enum fc_err err =
        fc_verify_scan(verify, FC_TABLE_META, fc_span_str("drop:"), check_drop, verify);
    if (err == FC_OK)
        err = fc_verify_apply_fixes(verify, NULL);
    for (unsigned i = 0; i < sizeof tables / sizeof tables[0] && err == FC_OK; i++)
        err = check_generations(verify, tables[i]);
    return err;
}

/* -- search index ------------------------------------------------------------------------------ */

/* Repairs change rows under the index: it is made again by whoever asked for them. */
static enum fc_err check_index(struct fc_verify *verify)
{
    struct fc_index_sums actual, expected;
    if (fc_replica_index_state(verify->replica) != FC_INDEX_READY)
        return FC_OK;
    enum fc_err err = fc_index_sum_expected(verify->replica, &expected);
    if (err == FC_OK)
        err = fc_index_sum_actual(verify->replica, &actual);
    if (err == FC_E_CORRUPT || (err == FC_OK && memcmp(&actual, &expected, sizeof actual) != 0)) {
        fc_verify_report(verify, "the search index is not what the entries say", NULL, NULL, true);
        err = FC_OK;
    }
    return err == FC_OK && verify->repair && verify->damages > 0
               ? fc_index_reset(verify->replica, false)
               : err;
}

/* -- the whole --------------------------------------------------------------------------------- */

static enum fc_err verify_all(struct fc_verify *verify)
{
    enum fc_err err = fc_kv_check(verify->replica->kv);
    if (err == FC_E_CORRUPT) {
        fc_verify_report(verify,
                         "the store's structure is damaged: restore a backup, or start an "
                         "empty store that loads from peers",
                         NULL, NULL, false);
        return FC_OK;
    }
    if (err == FC_OK)
        err = check_records(verify);
    if (err == FC_OK)
        err = check_orphans(verify);
    if (err == FC_OK)
        err = check_feeds(verify);
    if (err == FC_OK)
        err = check_arrivals(verify);
    if (err == FC_OK)
        err = check_index(verify);
    if (err == FC_OK && verify->repair && verify->damages > 0)
        err = fc_replica_new_epoch(verify->replica);
    return err;
}

/* The ledger that was filled anew takes the place of the one that may hold what is gone now. */
static void take_ledger(struct fc_verify *verify)
{
    struct fc_replica *replica = verify->replica;
    if (verify->repair && verify->damages > 0 && verify->ledger) {
        fc_ledger_destroy(replica->ledger);
        replica->ledger = verify->ledger;
        if (replica->shared)
            fc_ledger_pool_join(replica->shared->ledgers, replica->ledger);
        replica->ledger_changed = true;
        verify->ledger = NULL;
    }
    fc_ledger_destroy(verify->ledger);
}

static enum fc_err count_row(void *ctx, const struct fc_replica_row *row)
{
    struct fc_verify *verify = ctx;
    verify->at.total += row->feed.entries;
    return fc_verify_generation_add(verify, row->feed.generation);
}

enum fc_err fc_replica_verify(struct fc_replica *replica, bool repair,
                              void (*found)(void *ctx, const struct fc_damage *damage),
                              void (*progress)(void *ctx, const struct fc_verify_progress *at),
                              void *ctx)
{
    assert(!repair || replica->txn);
    struct fc_verify verify = {
        .replica = replica, .repair = repair, .found = found, .progress = progress, .ctx = ctx};
    struct fc_replica_read read;
    enum fc_err err = fc_replica_read_begin(replica, &read);
    if (err != FC_OK)
        return err;
    verify.txn = read.txn;
    err = fc_replica_rows_each(replica, count_row, &verify);
    if (err == FC_OK || err == FC_E_CORRUPT) /* which is for verify_all to report */
        err = verify_all(&verify);
    take_ledger(&verify);
    fc_replica_read_end(&read);
    fc_buf_finish(&verify.fixes);
    free(verify.generations);
    return err;
}
