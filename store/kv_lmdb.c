#include "store/kv_lmdb.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/kv_lmdb_files.h"
#include "store/kv_lmdb_gate.h"
#include "store/kv_lmdb_pages.h"

enum { FORMAT = 1, READERS_MAX = 1024 };
static const char format_name[] = "fedcat.format"; /* beside the tables, not in one of them */

static const uint64_t map_bytes_default = (uint64_t)1 << 30;
static const uint64_t map_bytes_least = (uint64_t)256 << 10;
static const uint64_t map_bytes_most = (uint64_t)1 << 45;
static const uint64_t margin_bytes_max = (uint64_t)64 << 20;

static const char *const table_names[FC_TABLE_COUNT] = {
    [FC_TABLE_META] = "meta",       [FC_TABLE_RECORD] = "record", [FC_TABLE_ARRIVAL] = "arrival",
    [FC_TABLE_SUBJECT] = "subject", [FC_TABLE_FEED] = "feed",     [FC_TABLE_HEAD] = "head",
    [FC_TABLE_ENTRY] = "entry",     [FC_TABLE_BYVER] = "byver",   [FC_TABLE_DELETED] = "deleted",
    [FC_TABLE_CONTENT] = "content", [FC_TABLE_TREE] = "tree",     [FC_TABLE_LOCAL] = "local",
    [FC_TABLE_INDEX] = "index",     [FC_TABLE_STEP] = "step",
};

struct lmdb {
    struct fc_kv base;
    char *dir;
    char *data;
    int owner; /* the locked file */
    MDB_env *env;
    MDB_dbi tables[FC_TABLE_COUNT];
    uint64_t map_bytes;
    uint64_t map_bytes_max;
    unsigned open; /* transactions */
    struct lmdb_txn *writer;
    bool must_grow;           /* a transaction ran out of map */
    bool must_reopen;         /* the environment is not usable */
    struct fc_lmdb_gate gate; /* held shut while any of the above changes that a reader looks at */
    struct lmdb_reader *readers; /* changed and walked through only while the gate is shut */
};

struct lmdb_txn {
    struct fc_txn base;
    struct lmdb *lmdb;
    MDB_txn *txn;
    bool write;
    enum fc_err failed;
    struct lmdb_cursor *cursors;
    uint64_t changes; /* how many writes there were, for cursors to notice */
};

struct lmdb_reader {
    struct fc_kv_reader base;
    struct lmdb_txn at; /* its transaction is kept from one begin to the next; NULL: none */
    struct lmdb_reader *prev, *next;
};

enum place { PLACE_START, PLACE_KEY };

struct lmdb_cursor {
    struct fc_kv_cursor base;
    struct lmdb_txn *txn;
    struct lmdb_cursor *prev, *next;
    MDB_cursor *cursor;
    enum place place;
    bool on_row;      /* the library's cursor stands on the key... */
    uint64_t changes; /* ...as long as the transaction's count is this */
    size_t key_len;
    uint8_t key[FC_KV_KEY_BYTES_MAX];
};

static const struct fc_kv_ops lmdb_ops;

static MDB_val val(struct fc_span span)
{
    MDB_val val = {.mv_size = span.len};
    const void *data = span.data ? span.data : (const uint8_t *)"";
    memcpy(&val.mv_data, &data, sizeof data); /* the library does not write there */
    return val;
}

static struct fc_span span(MDB_val val)
{
    return fc_span(val.mv_data, val.mv_size);
}

static enum fc_err translate(int rc)
{
    switch (rc) {
    case MDB_SUCCESS:
        return FC_OK;
    case MDB_NOTFOUND:
        return FC_E_MISSING;
    case MDB_MAP_FULL:
        return FC_E_MAP_FULL;
    case MDB_PAGE_NOTFOUND:
    case MDB_CORRUPTED:
    case MDB_INVALID:
    case MDB_CURSOR_FULL:
    case MDB_PAGE_FULL:
    case MDB_INCOMPATIBLE:
        return FC_E_CORRUPT;
    case MDB_VERSION_MISMATCH:
        return FC_E_VERSION;
    case MDB_TXN_FULL:
    case MDB_READERS_FULL:
    case MDB_DBS_FULL:
        return FC_E_NOMEM;
    case MDB_BAD_TXN:
    case MDB_PANIC:
        return FC_E_IO;
    default:
        return fc_lmdb_errno(rc);
    }
}

/* the map */

static uint64_t used_bytes(const struct lmdb *lmdb)
{
    MDB_envinfo info;
    MDB_stat stat;
    int rc = mdb_env_info(lmdb->env, &info);
    if (!rc)
        rc = mdb_env_stat(lmdb->env, &stat);
    assert(!rc);
    return (info.me_last_pgno + 1) * (uint64_t)stat.ms_psize;
}

static uint64_t margin_bytes(const struct lmdb *lmdb)
{
    uint64_t quarter = lmdb->map_bytes / 4;
    return quarter < margin_bytes_max ? quarter : margin_bytes_max;
}

static uint64_t map_limit(const struct lmdb *lmdb)
{
    return lmdb->map_bytes_max ? lmdb->map_bytes_max : map_bytes_most;
}

static enum fc_err set_map(struct lmdb *lmdb, uint64_t bytes)
{
    uint64_t limit = map_limit(lmdb);
    bytes = bytes < limit ? bytes : limit;
    if (bytes <= lmdb->map_bytes)
        return FC_OK;
    assert(!lmdb->open);
    fc_lmdb_gate_shut(&lmdb->gate);
    int rc = mdb_env_set_mapsize(lmdb->env, bytes);
    if (rc) /* the old map may be gone */
        lmdb->must_reopen = true;
    else
        lmdb->map_bytes = bytes;
    fc_lmdb_gate_open(&lmdb->gate);
    return translate(rc);
}

/* Doubles the map until there is room for `bytes` and the margin. */
static enum fc_err grow_for(struct lmdb *lmdb, uint64_t bytes)
{
    uint64_t used = used_bytes(lmdb), want = lmdb->map_bytes;
    while (want < map_limit(lmdb) && want - used < bytes + margin_bytes(lmdb))
        want *= 2;
    return set_map(lmdb, want);
}

/* The map's end was met: what to say, and what to do about it later. */
static enum fc_err note_map_full(struct lmdb *lmdb)
{
    if (lmdb->map_bytes >= map_limit(lmdb))
        return FC_E_FULL;
    lmdb->must_grow = true;
    return FC_E_MAP_FULL;
}

static enum fc_err grow_when_idle(struct lmdb *lmdb)
{
    if (lmdb->open || !lmdb->must_grow)
        return FC_OK;
    enum fc_err err = set_map(lmdb, lmdb->map_bytes * 2);
    if (!err)
        lmdb->must_grow = false;
    return err;
}

/* opening the environment */

static enum fc_err open_env(struct lmdb *lmdb, const char *path, unsigned flags)
{
    int rc = mdb_env_create(&lmdb->env);
    if (!rc)
        rc = mdb_env_set_maxdbs(lmdb->env, FC_TABLE_COUNT);
    if (!rc)
        rc = mdb_env_set_maxreaders(lmdb->env, READERS_MAX);
    if (!rc)
        rc = mdb_env_set_mapsize(lmdb->env, lmdb->map_bytes);
    if (!rc)
        rc = mdb_env_open(lmdb->env, path, flags | MDB_NOSUBDIR | MDB_NOTLS, 0600);
    if (!rc)
        return FC_OK;
    mdb_env_close(lmdb->env);
    lmdb->env = NULL;
    return translate(rc);
}

static enum fc_err open_tables(struct lmdb *lmdb, MDB_txn *txn, unsigned flags)
{
    int rc = 0;
    for (unsigned i = 0; i < FC_TABLE_COUNT && !rc; i++)
        rc = mdb_dbi_open(txn, table_names[i], flags, &lmdb->tables[i]);
    return rc == MDB_NOTFOUND ? FC_E_CORRUPT : translate(rc);
}

static enum fc_err check_format(MDB_txn *txn)
{
    MDB_dbi dbi;
    MDB_val value, key = val(fc_span_str(format_name));
    int rc = mdb_dbi_open(txn, NULL, 0, &dbi);
    if (!rc)
        rc = mdb_get(txn, dbi, &key, &value);
    if (rc)
        return rc == MDB_NOTFOUND ? FC_E_VERSION : translate(rc);
    return value.mv_size == 4 && fc_get_be32(value.mv_data) == FORMAT ? FC_OK : FC_E_VERSION;
}

static enum fc_err put_format(MDB_txn *txn)
{
    MDB_dbi dbi;
    uint8_t bytes[4];
    fc_put_be32(bytes, FORMAT);
    MDB_val key = val(fc_span_str(format_name)), value = val(fc_span(bytes, sizeof bytes));
    int rc = mdb_dbi_open(txn, NULL, 0, &dbi);
    return translate(rc ? rc : mdb_put(txn, dbi, &key, &value, 0));
}

/* Opens the tables of an environment that was just opened, making them if asked. */
static enum fc_err enter(struct lmdb *lmdb, bool create)
{
    MDB_txn *txn;
    int rc = mdb_txn_begin(lmdb->env, NULL, create ? 0 : MDB_RDONLY, &txn);
    if (rc)
        return translate(rc);
    enum fc_err err = create ? put_format(txn) : check_format(txn);
    if (!err)
        err = open_tables(lmdb, txn, create ? MDB_CREATE : 0);
    if (!err)
        return translate(mdb_txn_commit(txn));
    mdb_txn_abort(txn);
    return err;
}

/* The data file appears under its name with its tables in it, or not at all. */
static enum fc_err create_data(struct lmdb *lmdb)
{
    char *draft = fc_lmdb_path(lmdb->dir, FC_LMDB_DRAFT);
    enum fc_err err = draft ? FC_OK : FC_E_NOMEM;
    if (!err && unlink(draft) && errno != ENOENT)
        err = fc_lmdb_errno(errno);
    if (!err)
        err = open_env(lmdb, draft, MDB_NOLOCK);
    if (err)
        goto out;
    err = enter(lmdb, true);
    mdb_env_close(lmdb->env);
    lmdb->env = NULL;
    if (!err)
        err = fc_lmdb_publish(lmdb->dir);
    if (err == FC_E_IO && fc_lmdb_is_full(lmdb->dir))
        err = FC_E_FULL;
    if (err)
        unlink(draft);
out:
    free(draft);
    return err;
}

static enum fc_err open_data(struct lmdb *lmdb)
{
    enum fc_err err = fc_lmdb_pages_check(lmdb->data, FC_LMDB_PAGES_HEAD);
    if (!err)
        err = open_env(lmdb, lmdb->data, 0);
    if (!err)
        err = enter(lmdb, false);
    if (err)
        return err;
    MDB_envinfo info;
    int rc = mdb_env_info(lmdb->env, &info);
    assert(!rc);
    lmdb->map_bytes = info.me_mapsize; /* at least what is used */
    lmdb->must_grow = lmdb->must_reopen = false;
    return FC_OK;
}

static enum fc_err reopen(struct lmdb *lmdb)
{
    fc_lmdb_gate_shut(&lmdb->gate);
    for (struct lmdb_reader *reader = lmdb->readers; reader; reader = reader->next) {
        mdb_txn_abort(reader->at.txn);
        reader->at.txn = NULL;
    }
    mdb_env_close(lmdb->env);
    lmdb->env = NULL;
    enum fc_err err = open_data(lmdb);
    if (err && lmdb->env) {
        mdb_env_close(lmdb->env);
        lmdb->env = NULL;
    }
    lmdb->must_reopen = err != FC_OK;
    fc_lmdb_gate_open(&lmdb->gate);
    return err;
}

/* transactions */

static enum fc_err prepare(struct lmdb *lmdb, bool write)
{
    enum fc_err err = FC_OK;
    if (write && lmdb->writer)
        return FC_E_LOCKED;
    if (lmdb->must_reopen)
        err = lmdb->open ? FC_E_IO : reopen(lmdb);
    if (err || !write)
        return err;
    if (lmdb->must_grow && lmdb->open)
        return FC_E_MAP_FULL;
    err = grow_when_idle(lmdb);
    if (!err && !lmdb->open)
        err = grow_for(lmdb, 0);
    return err;
}

/* The library gives an environment up when a meta page could not be written. */
static enum fc_err begin_txn(struct lmdb *lmdb, bool write, MDB_txn **txn)
{
    unsigned flags = write ? 0 : MDB_RDONLY;
    int rc = mdb_txn_begin(lmdb->env, NULL, flags, txn);
    if (rc != MDB_PANIC || lmdb->open)
        return translate(rc);
    enum fc_err err = reopen(lmdb);
    return err ? err : translate(mdb_txn_begin(lmdb->env, NULL, flags, txn));
}

static enum fc_err lmdb_begin(struct fc_kv *kv, bool write, struct fc_txn **txn)
{
    struct lmdb *lmdb = (struct lmdb *)kv;
    enum fc_err err = prepare(lmdb, write);
    if (err)
        return err;
    struct lmdb_txn *made = calloc(1, sizeof *made);
    if (!made)
        return FC_E_NOMEM;
    err = begin_txn(lmdb, write, &made->txn);
    if (err) {
        free(made);
        return err;
    }
    made->base.ops = &lmdb_ops;
    made->lmdb = lmdb;
    made->write = write;
    lmdb->open++;
    if (write)
        lmdb->writer = made;
    *txn = &made->base;
    return FC_OK;
}

static void lmdb_cursor_close(struct fc_kv_cursor *base)
{
    struct lmdb_cursor *cursor = (struct lmdb_cursor *)base;
    if (cursor->prev)
        cursor->prev->next = cursor->next;
    else
        cursor->txn->cursors = cursor->next;
    if (cursor->next)
        cursor->next->prev = cursor->prev;
    mdb_cursor_close(cursor->cursor);
    free(cursor);
}

static void close_cursors(struct lmdb_txn *txn)
{
    while (txn->cursors)
        lmdb_cursor_close(&txn->cursors->base);
}

/* After the library's transaction has ended. */
static void forget(struct lmdb_txn *txn)
{
    struct lmdb *lmdb = txn->lmdb;
    lmdb->open--;
    if (txn->write)
        lmdb->writer = NULL;
    free(txn);
    if (grow_when_idle(lmdb))
        lmdb->must_grow = true; /* the next begin tries again, and reports */
}

static void lmdb_abort(struct fc_txn *base)
{
    struct lmdb_txn *txn = (struct lmdb_txn *)base;
    close_cursors(txn);
    mdb_txn_abort(txn->txn);
    forget(txn);
}

static enum fc_err fail(struct lmdb_txn *txn, int rc)
{
    enum fc_err err = translate(rc);
    if (rc == MDB_MAP_FULL)
        err = note_map_full(txn->lmdb);
    if (rc == EIO && fc_lmdb_is_full(txn->lmdb->dir)) /* the library's name for a short write */
        err = FC_E_FULL;
    if (!txn->failed)
        txn->failed = err;
    return txn->failed;
}

static enum fc_err lmdb_commit(struct fc_txn *base)
{
    struct lmdb_txn *txn = (struct lmdb_txn *)base;
    enum fc_err err = txn->failed;
    if (err) {
        lmdb_abort(base);
        return err;
    }
    close_cursors(txn);
    int rc = mdb_txn_commit(txn->txn);
    if (rc)
        err = fail(txn, rc);
    forget(txn);
    return err;
}

static enum fc_err lmdb_get(struct fc_txn *base, enum fc_table table, struct fc_span key,
                            struct fc_span *value)
{
    struct lmdb_txn *txn = (struct lmdb_txn *)base;
    MDB_val k = val(key), v;
    int rc = mdb_get(txn->txn, txn->lmdb->tables[table], &k, &v);
    if (rc)
        return translate(rc);
    *value = span(v);
    return FC_OK;
}

static enum fc_err lmdb_put(struct fc_txn *base, enum fc_table table, struct fc_span key,
                            struct fc_span value, bool append)
{
    struct lmdb_txn *txn = (struct lmdb_txn *)base;
    assert(txn->write);
    if (txn->failed)
        return txn->failed;
    MDB_val k = val(key), v = val(value);
    int rc = MDB_KEYEXIST;
    txn->changes++;
    if (append)
        rc = mdb_put(txn->txn, txn->lmdb->tables[table], &k, &v, MDB_APPEND);
    if (rc == MDB_KEYEXIST)
        rc = mdb_put(txn->txn, txn->lmdb->tables[table], &k, &v, 0);
    return rc ? fail(txn, rc) : FC_OK;
}

static enum fc_err lmdb_del(struct fc_txn *base, enum fc_table table, struct fc_span key)
{
    struct lmdb_txn *txn = (struct lmdb_txn *)base;
    assert(txn->write);
    if (txn->failed)
        return txn->failed;
    MDB_val k = val(key);
    txn->changes++;
    int rc = mdb_del(txn->txn, txn->lmdb->tables[table], &k, NULL);
    if (rc == MDB_NOTFOUND)
        return FC_E_MISSING;
    return rc ? fail(txn, rc) : FC_OK;
}

/* cursors */

static enum fc_err lmdb_cursor_open(struct fc_txn *base, enum fc_table table,
                                    struct fc_kv_cursor **cursor)
{
    struct lmdb_txn *txn = (struct lmdb_txn *)base;
    struct lmdb_cursor *made = malloc(sizeof *made);
    if (!made)
        return FC_E_NOMEM;
    int rc = mdb_cursor_open(txn->txn, txn->lmdb->tables[table], &made->cursor);
    if (rc) {
        free(made);
        return translate(rc);
    }
    made->base.ops = &lmdb_ops;
    made->txn = txn;
    made->place = PLACE_START;
    made->on_row = false;
    made->prev = NULL;
    made->next = txn->cursors;
    if (made->next)
        made->next->prev = made;
    txn->cursors = made;
    *cursor = &made->base;
    return FC_OK;
}

static void stand_at(struct lmdb_cursor *cursor, struct fc_span key)
{
    cursor->place = PLACE_KEY;
    cursor->on_row = false;
    cursor->key_len = key.len;
    if (key.len)
        memcpy(cursor->key, key.data, key.len);
}

/* Where the library's cursor was just moved to. */
static enum fc_err stand_on(struct lmdb_cursor *cursor, MDB_val key, MDB_val data,
                            struct fc_span *found, struct fc_span *value)
{
    if (!key.mv_size || key.mv_size > FC_KV_KEY_BYTES_MAX)
        return FC_E_CORRUPT;
    *found = span(key);
    *value = span(data);
    stand_at(cursor, *found);
    cursor->on_row = true;
    cursor->changes = cursor->txn->changes;
    return FC_OK;
}

static int move_to(struct lmdb_cursor *cursor, struct fc_span key, MDB_val *found, MDB_val *data)
{
    *found = val(key);
    return mdb_cursor_get(cursor->cursor, found, data, key.len ? MDB_SET_RANGE : MDB_FIRST);
}

static enum fc_err lmdb_seek(struct fc_kv_cursor *base, struct fc_span key, struct fc_span *found,
                             struct fc_span *value)
{
    struct lmdb_cursor *cursor = (struct lmdb_cursor *)base;
    MDB_val k, v;
    int rc = move_to(cursor, key, &k, &v);
    if (!rc)
        return stand_on(cursor, k, v, found, value);
    stand_at(cursor, key);
    return translate(rc);
}

static enum fc_err lmdb_next(struct fc_kv_cursor *base, struct fc_span *found,
                             struct fc_span *value)
{
    struct lmdb_cursor *cursor = (struct lmdb_cursor *)base;
    struct fc_span at = fc_span(cursor->key, cursor->key_len);
    MDB_val k, v;
    int rc;
    if (cursor->place == PLACE_START) {
        rc = mdb_cursor_get(cursor->cursor, &k, &v, MDB_FIRST);
    } else if (cursor->on_row && cursor->changes == cursor->txn->changes) {
        rc = mdb_cursor_get(cursor->cursor, &k, &v, MDB_NEXT);
    } else {
        rc = move_to(cursor, at, &k, &v);
        if (!rc && fc_span_eq(span(k), at))
            rc = mdb_cursor_get(cursor->cursor, &k, &v, MDB_NEXT);
    }
    if (!rc)
        return stand_on(cursor, k, v, found, value);
    cursor->on_row = false;
    return translate(rc);
}

static enum fc_err lmdb_seek_before(struct fc_kv_cursor *base, struct fc_span key,
                                    struct fc_span *found, struct fc_span *value)
{
    struct lmdb_cursor *cursor = (struct lmdb_cursor *)base;
    MDB_val k, v;
    int rc = key.len ? move_to(cursor, key, &k, &v) : MDB_NOTFOUND;
    if (!rc)
        rc = mdb_cursor_get(cursor->cursor, &k, &v, MDB_PREV);
    else if (rc == MDB_NOTFOUND)
        rc = mdb_cursor_get(cursor->cursor, &k, &v, MDB_LAST);
    if (!rc)
        return stand_on(cursor, k, v, found, value);
    cursor->place = PLACE_START;
    cursor->on_row = false;
    return translate(rc);
}

/* readers on other threads */

static enum fc_err lmdb_reader_open(struct fc_kv *kv, struct fc_kv_reader **out)
{
    struct lmdb *lmdb = (struct lmdb *)kv;
    struct lmdb_reader *reader = calloc(1, sizeof *reader);
    if (!reader)
        return FC_E_NOMEM;
    reader->base.ops = reader->at.base.ops = &lmdb_ops;
    reader->at.lmdb = lmdb;
    fc_lmdb_gate_shut(&lmdb->gate);
    reader->next = lmdb->readers;
    if (reader->next)
        reader->next->prev = reader;
    lmdb->readers = reader;
    fc_lmdb_gate_open(&lmdb->gate);
    *out = &reader->base;
    return FC_OK;
}

static void lmdb_reader_close(struct fc_kv_reader *base)
{
    struct lmdb_reader *reader = (struct lmdb_reader *)base;
    struct lmdb *lmdb = reader->at.lmdb;
    fc_lmdb_gate_shut(&lmdb->gate);
    if (reader->prev)
        reader->prev->next = reader->next;
    else
        lmdb->readers = reader->next;
    if (reader->next)
        reader->next->prev = reader->prev;
    mdb_txn_abort(reader->at.txn);
    fc_lmdb_gate_open(&lmdb->gate);
    free(reader);
}

static enum fc_err lmdb_reader_begin(struct fc_kv_reader *base, struct fc_txn **txn)
{
    struct lmdb_reader *reader = (struct lmdb_reader *)base;
    struct lmdb *lmdb = reader->at.lmdb;
    fc_lmdb_gate_enter(&lmdb->gate);
    int rc = EIO;
    if (lmdb->env && !lmdb->must_reopen)
        rc = reader->at.txn ? mdb_txn_renew(reader->at.txn)
                            : mdb_txn_begin(lmdb->env, NULL, MDB_RDONLY, &reader->at.txn);
    if (rc) {
        fc_lmdb_gate_leave(&lmdb->gate);
        return translate(rc);
    }
    *txn = &reader->at.base;
    return FC_OK;
}

static void lmdb_reader_end(struct fc_kv_reader *base)
{
    struct lmdb_reader *reader = (struct lmdb_reader *)base;
    close_cursors(&reader->at);
    mdb_txn_reset(reader->at.txn);
    fc_lmdb_gate_leave(&reader->at.lmdb->gate);
}

static uint64_t lmdb_number(const struct fc_txn *base)
{
    return mdb_txn_id(((const struct lmdb_txn *)base)->txn);
}

/* the whole store */

static enum fc_err lmdb_stat(struct fc_kv *kv, struct fc_kv_stat *stat)
{
    struct lmdb *lmdb = (struct lmdb *)kv;
    struct fc_txn *txn;
    enum fc_err err = lmdb_begin(kv, false, &txn);
    if (err)
        return err;
    for (unsigned i = 0; i < FC_TABLE_COUNT && !err; i++) {
        MDB_stat table;
        err = translate(mdb_stat(((struct lmdb_txn *)txn)->txn, lmdb->tables[i], &table));
        if (!err)
            stat->rows[i] = table.ms_entries;
    }
    lmdb_abort(txn);
    stat->used_bytes = used_bytes(lmdb);
    stat->map_bytes = lmdb->map_bytes;
    return err;
}

static enum fc_err lmdb_reserve(struct fc_kv *kv, uint64_t bytes)
{
    struct lmdb *lmdb = (struct lmdb *)kv;
    assert(!lmdb->open);
    if (bytes > map_limit(lmdb) / 4)
        return FC_E_FULL;
    enum fc_err err = lmdb->must_reopen ? reopen(lmdb) : FC_OK;
    if (!err)
        err = grow_when_idle(lmdb);
    if (!err) /* twice: a changed row takes a whole page, and splits leave pages half empty */
        err = grow_for(lmdb, bytes * 2);
    return !err && lmdb->map_bytes - used_bytes(lmdb) < bytes ? FC_E_FULL : err;
}

static enum fc_err lmdb_check(struct fc_kv *kv)
{
    struct lmdb *lmdb = (struct lmdb *)kv;
    return fc_lmdb_pages_check(lmdb->data, FC_LMDB_PAGES_ALL);
}

static enum fc_err copy_to(struct lmdb *lmdb, const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return fc_lmdb_errno(errno);
    enum fc_err err = translate(mdb_env_copyfd2(lmdb->env, fd, MDB_CP_COMPACT));
    if (!err && fsync(fd))
        err = fc_lmdb_errno(errno);
    if (close(fd) && !err)
        err = fc_lmdb_errno(errno);
    return err;
}

static enum fc_err lmdb_backup(struct fc_kv *kv, const char *path)
{
    struct lmdb *lmdb = (struct lmdb *)kv;
    char *draft = fc_lmdb_path(path, FC_LMDB_DRAFT);
    if (!draft)
        return FC_E_NOMEM;
    bool made = false;
    enum fc_err err = lmdb->must_reopen ? FC_E_IO : lmdb_check(kv); /* damage is not copied */
    if (!err) {
        err = fc_lmdb_make_dir(path);
        made = !err;
    }
    if (!err)
        err = copy_to(lmdb, draft);
    if (!err)
        err = fc_lmdb_publish(path);
    if (err && made) {
        unlink(draft);
        rmdir(path);
    }
    free(draft);
    return err;
}

static void lmdb_close(struct fc_kv *kv)
{
    struct lmdb *lmdb = (struct lmdb *)kv;
    assert(!lmdb->open && !lmdb->readers);
    fc_lmdb_gate_finish(&lmdb->gate);
    if (lmdb->env)
        mdb_env_close(lmdb->env);
    if (lmdb->owner >= 0)
        close(lmdb->owner);
    free(lmdb->dir);
    free(lmdb->data);
    free(lmdb);
}

static const struct fc_kv_ops lmdb_ops = {
    .begin = lmdb_begin,
    .commit = lmdb_commit,
    .abort = lmdb_abort,
    .get = lmdb_get,
    .put = lmdb_put,
    .del = lmdb_del,
    .cursor_open = lmdb_cursor_open,
    .cursor_close = lmdb_cursor_close,
    .seek = lmdb_seek,
    .next = lmdb_next,
    .seek_before = lmdb_seek_before,
    .stat = lmdb_stat,
    .reserve = lmdb_reserve,
    .backup = lmdb_backup,
    .check = lmdb_check,
    .close = lmdb_close,
    .number = lmdb_number,
    .reader_open = lmdb_reader_open,
    .reader_close = lmdb_reader_close,
    .reader_begin = lmdb_reader_begin,
    .reader_end = lmdb_reader_end,
};

static enum fc_err open_dir(struct lmdb *lmdb, bool create)
{
    enum fc_err err = FC_OK;
    if (create) {
        err = fc_lmdb_make_dir(lmdb->dir);
        err = err == FC_E_KNOWN ? FC_OK : err;
    } else if (access(lmdb->data, F_OK)) {
        err = fc_lmdb_errno(errno);
    }
    if (!err)
        err = fc_lmdb_lock(lmdb->dir, &lmdb->owner);
    if (!err && access(lmdb->data, F_OK))
        err = errno == ENOENT && create ? create_data(lmdb) : fc_lmdb_errno(errno);
    return err ? err : open_data(lmdb);
}

static uint64_t first_map_bytes(const struct fc_kv_lmdb_config *config)
{
    uint64_t bytes = config->map_bytes ? config->map_bytes : map_bytes_default;
    if (config->map_bytes_max && bytes > config->map_bytes_max)
        bytes = config->map_bytes_max;
    return bytes < map_bytes_least ? map_bytes_least : bytes;
}

enum fc_err fc_kv_lmdb_open(const struct fc_kv_lmdb_config *config, struct fc_kv **kv)
{
    *kv = NULL;
    struct lmdb *lmdb = calloc(1, sizeof *lmdb);
    if (!lmdb)
        return FC_E_NOMEM;
    lmdb->base.ops = &lmdb_ops;
    fc_lmdb_gate_init(&lmdb->gate);
    lmdb->owner = -1;
    lmdb->map_bytes = first_map_bytes(config);
    lmdb->map_bytes_max = config->map_bytes_max;
    lmdb->dir = strdup(config->path);
    lmdb->data = fc_lmdb_path(config->path, FC_LMDB_DATA);
    enum fc_err err = lmdb->dir && lmdb->data ? open_dir(lmdb, config->create) : FC_E_NOMEM;
    if (err) {
        lmdb_close(&lmdb->base);
        return err;
    }
    *kv = &lmdb->base;
    return FC_OK;
}
