#include "store/replica_priv.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char key_format[] = "format";
static const char key_federation[] = "federation";
static const char key_state[] = "state";
static const char key_ledger[] = "ledger";
static const char mark_drop[] = "drop:", mark_kept[] = "kept:";

enum { NAMED_TURNS = 4 };

/* -- what one row of META keeps ---------------------------------------------------------------- */

static enum fc_err state_write(struct fc_replica *replica)
{
    const struct fc_replica_state *state = &replica->state;
    struct fc_buf *row = &replica->row;
    fc_buf_clear(row);
    fc_pack_array(row, 4);
    fc_pack_uint(row, state->epoch);
    fc_pack_uint(row, state->index);
    fc_pack_uint(row, state->draws);
    fc_pack_uint(row, state->generation);
    if (row->failed)
        return FC_E_NOMEM;
    return fc_kv_put(replica->txn, FC_TABLE_META, fc_span_str(key_state), fc_buf_span(row));
}

static enum fc_err state_read(struct fc_replica *replica, struct fc_txn *txn)
{
    struct fc_span row;
    enum fc_err err = fc_kv_get(txn, FC_TABLE_META, fc_span_str(key_state), &row);
    if (err != FC_OK)
        return err == FC_E_MISSING ? FC_E_CORRUPT : err;
    struct fc_unpack in;
    fc_unpack_init(&in, row);
    (void)fc_unpack_array(&in, 4, 4);
    replica->state.epoch = fc_unpack_uint(&in, UINT64_MAX);
    replica->state.index = fc_unpack_uint(&in, UINT64_MAX);
    replica->state.draws = fc_unpack_uint(&in, UINT64_MAX);
    replica->state.generation = (uint32_t)fc_unpack_uint(&in, UINT32_MAX);
    return fc_unpack_end(&in) == FC_OK ? FC_OK : FC_E_CORRUPT;
}

struct fc_hash fc_replica_draw(struct fc_replica *replica, const char *personal)
{
    uint8_t count[8];
    fc_put_be64(count, ++replica->state.draws);
    replica->state_changed = true;
    return fc_hash2(personal, fc_span(replica->seed, sizeof replica->seed),
                    fc_span(count, sizeof count));
}

static uint64_t draw_epoch(struct fc_replica *replica)
{
    struct fc_hash draw = fc_replica_draw(replica, "fedcat.epoch.1");
    uint64_t epoch = fc_get_be64(draw.b);
    return epoch ? epoch : 1;
}

enum fc_err fc_replica_new_epoch(struct fc_replica *replica)
{
    assert(replica->txn);
    replica->state.epoch = draw_epoch(replica);
    replica->state_changed = true;
    return FC_OK;
}

struct fc_arrival_mark fc_replica_arrival_mark(const struct fc_replica *replica)
{
    return (struct fc_arrival_mark){.epoch = replica->state.epoch, .index = replica->state.index};
}

enum fc_err fc_replica_codec(struct fc_replica *replica, struct fc_codec **codec)
{
    if (replica->shared) {
        *codec = replica->shared->codec;
        return FC_OK;
    }
    enum fc_err err = replica->codec ? FC_OK : fc_codec_create(&replica->codec);
    *codec = replica->codec;
    return err;
}

/* -- transactions ------------------------------------------------------------------------------ */

enum fc_err fc_replica_read_begin(struct fc_replica *replica, struct fc_replica_read *read)
{
    *read = (struct fc_replica_read){.txn = replica->txn};
    if (read->txn)
        return FC_OK;
    read->own = true;
    return fc_kv_begin(replica->kv, false, &read->txn);
}

void fc_replica_read_end(struct fc_replica_read *read)
{
    if (read->own)
        fc_kv_abort(read->txn);
    *read = (struct fc_replica_read){0};
}

static enum fc_err reload_ledger(struct fc_replica *replica, struct fc_txn *txn);

/* Brings what is kept in memory back to what the store holds, where it may have changed. */
static enum fc_err reload(struct fc_replica *replica)
{
    struct fc_txn *txn = NULL;
    enum fc_err err = fc_kv_begin(replica->kv, false, &txn);
    if (err != FC_OK)
        return err;
    if (replica->state_changed)
        err = state_read(replica, txn);
    replica->state_changed = err != FC_OK;
    if (err == FC_OK && replica->ledger_changed)
        err = reload_ledger(replica, txn);
    if (err == FC_OK && replica->local_changed) {
        err = fc_replica_local_load(replica, txn);
        replica->local_changed = err != FC_OK;
    }
    if (err == FC_OK && fc_index_changed(replica->index))
        err = fc_index_open(replica, txn);
    fc_kv_abort(txn);
    return err;
}

/* Records in the store were checked when they came. */
static void trust(void *ctx, struct fc_verify_job *jobs, size_t count)
{
    (void)ctx;
    for (size_t i = 0; i < count; i++)
        jobs[i].valid = true;
}

/* -- which ledger the store holds, for replicas that share them: its id and how many checkpoints */

static enum fc_err ledger_note(struct fc_replica *replica)
{
    struct fc_span key = fc_span_str(key_ledger);
    if (!replica->shared) {
        if (!replica->ledger_noted)
            return FC_OK;
        enum fc_err err = fc_kv_del(replica->txn, FC_TABLE_META, key);
        return err == FC_E_MISSING ? FC_OK : err;
    }
    struct fc_ledger_id id = fc_ledger_id(replica->ledger);
    uint8_t note[40];
    memcpy(note, id.b, sizeof id.b);
    fc_put_be64(note + 32, fc_ledger_checkpoint_count(replica->ledger));
    return fc_kv_put(replica->txn, FC_TABLE_META, key, fc_span(note, sizeof note));
}

/* FC_E_MISSING: it must be filled from its records. */
static enum fc_err open_noted(struct fc_replica *replica, struct fc_txn *txn,
                              struct fc_ledger **ledger)
{
    struct fc_span note;
    struct fc_ledger_id id;
    enum fc_err err = fc_kv_get(txn, FC_TABLE_META, fc_span_str(key_ledger), &note);
    replica->ledger_noted = err == FC_OK;
    if (err == FC_OK && (!replica->shared || note.len != 40))
        err = FC_E_MISSING;
    if (err != FC_OK)
        return err;
    memcpy(id.b, note.data, sizeof id.b);
    bool checkpoints = fc_get_be64(note.data + 32) > 0;
    err = fc_ledger_pool_open(replica->shared->ledgers, &replica->federation, &id, ledger);
    if (err == FC_OK && checkpoints)
        err = fc_replica_checkpoints_load(txn, *ledger);
    return err;
}

static enum fc_err fill_ledger(struct fc_replica *replica, struct fc_txn *txn,
                               struct fc_ledger **ledger)
{
    enum fc_err err =
        fc_replica_ledger_load(replica, txn, (struct fc_verifier){NULL, trust}, ledger);
    if (err == FC_OK && replica->shared)
        fc_ledger_pool_join(replica->shared->ledgers, *ledger);
    else if (err == FC_OK)
        fc_ledger_verify_with(*ledger, replica->verifier);
    return err;
}

static enum fc_err reload_ledger(struct fc_replica *replica, struct fc_txn *txn)
{
    struct fc_ledger *ledger = NULL;
    enum fc_err err = open_noted(replica, txn, &ledger);
    if (err == FC_E_MISSING)
        err = fill_ledger(replica, txn, &ledger);
    if (err != FC_OK) {
        fc_ledger_destroy(ledger);
        return err;
    }
    fc_ledger_destroy(replica->ledger);
    replica->ledger = ledger;
    replica->ledger_changed = false;
    return FC_OK;
}

static bool stale(const struct fc_replica *replica)
{
    return replica->state_changed || replica->ledger_changed || replica->local_changed ||
           fc_index_changed(replica->index);
}

enum fc_err fc_replica_begin(struct fc_replica *replica)
{
    if (replica->txn)
        return FC_E_LOCKED;
    enum fc_err err = stale(replica) ? reload(replica) : FC_OK;
    if (err != FC_OK)
        return err;
    return fc_kv_undo_begin(replica->kv, &replica->txn);
}

static void ended(struct fc_replica *replica, bool committed)
{
    replica->txn = NULL;
    fc_load_transaction_ended(replica, committed);
    if (committed) {
        replica->state_changed = replica->ledger_changed = replica->local_changed = false;
        fc_index_committed(replica);
        return;
    }
    replica->heads_known = replica->row_known = false;
    /* A reload that fails now is tried again by the next begin, which reports it. */
    if (stale(replica))
        (void)!reload(replica);
}

enum fc_err fc_replica_commit(struct fc_replica *replica)
{
    assert(replica->txn);
    enum fc_err err = fc_index_settle_commit(replica);
    if (err == FC_OK && replica->state_changed)
        err = state_write(replica);
    bool noting = replica->ledger_changed || (replica->shared && !replica->ledger_noted);
    if (err == FC_OK && noting)
        err = ledger_note(replica);
    if (err == FC_OK && replica->readers)
        err = fc_readers_offer(replica->readers);
    if (err == FC_OK)
        err = fc_kv_commit(replica->txn);
    else
        fc_kv_abort(replica->txn);
    if (err == FC_OK && noting)
        replica->ledger_noted = replica->shared != NULL;
    ended(replica, err == FC_OK);
    return err;
}

void fc_replica_abort(struct fc_replica *replica)
{
    if (!replica->txn)
        return;
    fc_kv_abort(replica->txn);
    ended(replica, false);
}

enum fc_err fc_replica_rollback(struct fc_replica *replica, enum fc_err err)
{
    enum fc_err lost = fc_kv_undo_rollback(replica->txn);
    replica->heads_known = replica->row_known = false;
    return lost != FC_OK ? lost : err;
}

bool fc_replica_writing(const struct fc_replica *replica)
{
    return replica->txn != NULL;
}

/* -- generations ------------------------------------------------------------------------------- */

struct mark_key { /* of META: what is known of a generation */
    uint8_t b[9];
};

static struct mark_key mark_key(const char mark[5], uint32_t generation)
{
    struct mark_key key;
    memcpy(key.b, mark, 5);
    fc_put_be32(key.b + 5, generation);
    return key;
}

static enum fc_err mark_put(struct fc_replica *replica, const char mark[5], uint32_t generation)
{
    struct mark_key key = mark_key(mark, generation);
    return fc_kv_put(replica->txn, FC_TABLE_META, fc_span(key.b, sizeof key.b), fc_span("", 1));
}

static enum fc_err mark_del(struct fc_replica *replica, const char mark[5], uint32_t generation)
{
    struct mark_key key = mark_key(mark, generation);
    enum fc_err err = fc_kv_del(replica->txn, FC_TABLE_META, fc_span(key.b, sizeof key.b));
    return err == FC_E_MISSING ? FC_OK : err;
}

static enum fc_err is_marked(struct fc_replica *replica, const char mark[5], uint32_t generation,
                             bool *marked)
{
    struct mark_key key = mark_key(mark, generation);
    struct fc_span value;
    enum fc_err err = fc_kv_get(replica->txn, FC_TABLE_META, fc_span(key.b, sizeof key.b), &value);
    *marked = err == FC_OK;
    return err == FC_E_MISSING ? FC_OK : err;
}

enum fc_err fc_replica_generation_drop(struct fc_replica *replica, uint32_t generation)
{
    enum fc_err err = mark_put(replica, mark_drop, generation);
    if (err == FC_OK && generation >= FC_GENERATION_NAMED)
        err = mark_del(replica, mark_kept, generation);
    return err == FC_OK ? fc_index_generation_drop(replica, generation) : err;
}

enum fc_err fc_replica_generation_keep(struct fc_replica *replica, uint32_t generation)
{
    enum fc_err err = mark_del(replica, mark_drop, generation);
    if (err == FC_OK && generation >= FC_GENERATION_NAMED)
        err = mark_put(replica, mark_kept, generation);
    return err == FC_OK ? fc_index_generation_keep(replica, generation) : err;
}

/* A generation that follows from the feed's name, so that its rows are the same in other stores;
 * 0 when others have taken it. */
static enum fc_err draw_named(struct fc_replica *replica, const struct fc_hash *participant,
                              uint32_t *generation)
{
    for (uint8_t turn = 0; turn < NAMED_TURNS; turn++) {
        struct fc_hash hash = *participant;
        bool kept = false, dropped = false;
        if (turn > 0)
            hash = fc_hash2("fedcat.turn.1", fc_span(participant->b, sizeof participant->b),
                            fc_span(&turn, 1));
        *generation = FC_GENERATION_NAMED | fc_get_be32(hash.b);
        enum fc_err err = is_marked(replica, mark_kept, *generation, &kept);
        if (err == FC_OK)
            err = is_marked(replica, mark_drop, *generation, &dropped);
        if (err != FC_OK || (!kept && !dropped))
            return err;
    }
    *generation = 0;
    return FC_OK;
}

enum fc_err fc_replica_generation_new(struct fc_replica *replica, const struct fc_hash *participant,
                                      uint32_t *generation)
{
    enum fc_err err = FC_OK;
    *generation = 0;
    if (replica->shared)
        err = draw_named(replica, participant, generation);
    if (err == FC_OK && *generation == 0) {
        if (replica->state.generation == FC_GENERATION_NAMED - 1)
            return FC_E_BOUND;
        *generation = ++replica->state.generation;
        replica->state_changed = true;
    }
    if (err == FC_OK)
        err = fc_replica_generation_drop(replica, *generation);
    return err == FC_OK ? fc_index_generation_new(replica, *generation, participant) : err;
}

/* Deletes rows whose keys begin with `prefix`; *left goes down by one for each. */
static enum fc_err delete_range(struct fc_txn *txn, enum fc_table table, struct fc_span prefix,
                                uint32_t *left)
{
    struct fc_kv_cursor *cursor = NULL;
    enum fc_err err = fc_kv_cursor_open(txn, table, &cursor);
    if (err != FC_OK)
        return err;
    struct fc_span found, value;
    err = fc_kv_seek(cursor, prefix, &found, &value);
    while (err == FC_OK && *left > 0 && found.len >= prefix.len &&
           memcmp(found.data, prefix.data, prefix.len) == 0) {
        uint8_t key[FC_KV_KEY_BYTES_MAX];
        size_t len = found.len;
        memcpy(key, found.data, len);
        err = fc_kv_del(txn, table, fc_span(key, len));
        (*left)--;
        if (err == FC_OK)
            err = fc_kv_next(cursor, &found, &value);
    }
    fc_kv_cursor_close(cursor);
    return err == FC_E_MISSING ? FC_OK : err;
}

static enum fc_err tidy_generation(struct fc_replica *replica, uint32_t generation, uint32_t *left)
{
    static const enum fc_table tables[] = {FC_TABLE_CONTENT, FC_TABLE_BYVER, FC_TABLE_DELETED,
                                           FC_TABLE_TREE, FC_TABLE_ENTRY};
    uint8_t prefix[4];
    fc_put_be32(prefix, generation);
    enum fc_err err = fc_index_generation_tidy(replica, generation, left);
    for (unsigned i = 0; i < sizeof tables / sizeof tables[0] && err == FC_OK && *left > 0; i++)
        err = delete_range(replica->txn, tables[i], fc_span(prefix, sizeof prefix), left);
    uint8_t missing[5] = {'M', prefix[0], prefix[1], prefix[2], prefix[3]};
    if (err == FC_OK && *left > 0)
        err = delete_range(replica->txn, FC_TABLE_LOCAL, fc_span(missing, sizeof missing), left);
    if (err == FC_OK && *left > 0)
        err = mark_del(replica, mark_drop, generation);
    return err;
}

/* The first dropped generation above `after` that no load is filling. */
static enum fc_err next_dropped(struct fc_replica *replica, uint32_t after, uint32_t *generation)
{
    struct fc_kv_cursor *cursor = NULL;
    enum fc_err err = fc_kv_cursor_open(replica->txn, FC_TABLE_META, &cursor);
    if (err != FC_OK)
        return err;
    struct mark_key key = mark_key(mark_drop, after + 1);
    struct fc_span found, value;
    err = fc_kv_seek(cursor, fc_span(key.b, sizeof key.b), &found, &value);
    while (err == FC_OK) {
        if (found.len != sizeof key.b || memcmp(found.data, key.b, 5) != 0) {
            err = FC_E_MISSING;
            break;
        }
        *generation = fc_get_be32(found.data + 5);
        if (!fc_load_uses_generation(replica, *generation))
            break;
        err = fc_kv_next(cursor, &found, &value);
    }
    fc_kv_cursor_close(cursor);
    return err;
}

enum fc_err fc_replica_tidy(struct fc_replica *replica, uint32_t rows_max, bool *more)
{
    assert(replica->txn);
    uint32_t left = rows_max, generation = 0;
    enum fc_err err = next_dropped(replica, 0, &generation);
    while (err == FC_OK && left > 0) {
        err = tidy_generation(replica, generation, &left);
        if (err == FC_OK && left > 0)
            err = next_dropped(replica, generation, &generation);
    }
    *more = err == FC_OK;
    if (err == FC_OK || err == FC_E_MISSING) {
        enum fc_err merged = fc_index_merge(replica, true);
        err = merged == FC_OK ? err : merged;
    }
    return err == FC_E_MISSING ? FC_OK : err;
}

/* -- open and close ---------------------------------------------------------------------------- */

static enum fc_err read_identity(struct fc_replica *replica, struct fc_txn *txn)
{
    struct fc_span value;
    enum fc_err err = fc_kv_get(txn, FC_TABLE_META, fc_span_str(key_format), &value);
    if (err != FC_OK)
        return err;
    if (value.len != 4 || fc_get_be32(value.data) != FC_STORE_FORMAT)
        return FC_E_VERSION;
    err = fc_kv_get(txn, FC_TABLE_META, fc_span_str(key_federation), &value);
    if (err == FC_E_MISSING || (err == FC_OK && value.len != sizeof replica->federation.b))
        return FC_E_CORRUPT;
    if (err != FC_OK)
        return err;
    struct fc_hash held;
    memcpy(held.b, value.data, sizeof held.b);
    if (!fc_hash_is_zero(&replica->federation) && !fc_hash_eq(&held, &replica->federation))
        return FC_E_FEDERATION;
    replica->federation = held;
    return FC_OK;
}

static enum fc_err read_store(struct fc_replica *replica)
{
    struct fc_txn *txn = NULL;
    enum fc_err err = fc_kv_begin(replica->kv, false, &txn);
    if (err != FC_OK)
        return err;
    err = read_identity(replica, txn);
    if (err == FC_OK)
        err = fc_index_open(replica, txn);
    fc_kv_abort(txn);
    if (err != FC_OK)
        return err;
    replica->state_changed = replica->ledger_changed = true;
    replica->local_changed = true;
    return reload(replica);
}

static enum fc_err initialise(struct fc_replica *replica)
{
    if (fc_hash_is_zero(&replica->federation))
        return FC_E_ARG;
    enum fc_err err = fc_kv_undo_begin(replica->kv, &replica->txn);
    if (err != FC_OK)
        return err;
    uint8_t format[4];
    fc_put_be32(format, FC_STORE_FORMAT);
    replica->state.epoch = draw_epoch(replica);
    err = replica->index ? fc_index_reset(replica, true) : FC_OK;
    if (err == FC_OK)
        err = fc_kv_put(replica->txn, FC_TABLE_META, fc_span_str(key_format),
                        fc_span(format, sizeof format));
    if (err == FC_OK)
        err = fc_kv_put(replica->txn, FC_TABLE_META, fc_span_str(key_federation),
                        fc_span(replica->federation.b, sizeof replica->federation.b));
    if (err == FC_OK)
        err = state_write(replica);
    if (err == FC_OK)
        err = fc_kv_commit(replica->txn);
    else
        fc_kv_abort(replica->txn);
    replica->txn = NULL;
    return err;
}

enum fc_err fc_replica_open(const struct fc_replica_config *config, struct fc_replica **out)
{
    *out = NULL;
    struct fc_replica *replica = calloc(1, sizeof *replica);
    if (!replica) {
        fc_kv_close(config->kv);
        return FC_E_NOMEM;
    }
    replica->kv = config->kv;
    replica->shared = config->shared;
    replica->verifier = config->verifier;
    replica->federation = config->federation;
    memcpy(replica->seed, config->seed, sizeof replica->seed);
    enum fc_err err = config->index ? fc_index_create(&replica->index) : FC_OK;
    if (err == FC_OK)
        err = read_store(replica);
    if (err == FC_E_MISSING && config->create) {
        do
            err = initialise(replica);
        while (err == FC_E_MAP_FULL);
        if (err == FC_OK)
            err = read_store(replica);
    }
    if (err != FC_OK) {
        fc_replica_close(replica);
        return err;
    }
    *out = replica;
    return FC_OK;
}

void fc_replica_close(struct fc_replica *replica)
{
    if (!replica)
        return;
    assert(!replica->readers);
    fc_kv_abort(replica->txn);
    replica->txn = NULL;
    fc_load_forget_all(replica);
    fc_ledger_destroy(replica->ledger);
    fc_codec_destroy(replica->codec);
    fc_index_destroy(replica->index);
    fc_kv_close(replica->kv);
    fc_buf_finish(&replica->row);
    fc_buf_finish(&replica->old);
    fc_buf_finish(&replica->plain);
    fc_buf_finish(&replica->frame);
    fc_wipe(replica->seed, sizeof replica->seed);
    free(replica);
}

struct fc_hash fc_replica_federation(const struct fc_replica *replica)
{
    return replica->federation;
}

const struct fc_ledger *fc_replica_ledger(const struct fc_replica *replica)
{
    return replica->ledger;
}

struct fc_kv *fc_replica_kv(struct fc_replica *replica)
{
    return replica->kv;
}
