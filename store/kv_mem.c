#include "store/kv_mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/btree.h"

_Static_assert((int)FC_KV_KEY_BYTES_MAX <= (int)FC_BTREE_KEY_BYTES_MAX, "every key fits a tree");

struct mem {
    struct fc_kv base;
    struct fc_pool *pool; /* shared with clones */
    unsigned readers;
    struct mem_txn *writer;
    struct fc_btree trees[FC_TABLE_COUNT];
};

/* A reader has copies of all trees. A writer changes the store's own, and can put them back. */
struct mem_txn {
    struct fc_txn base;
    struct mem *mem;
    bool write;
    struct mem_cursor *cursors;
    uint64_t changes; /* how many writes there were, for cursors to notice */
    struct fc_btree_log *log;
    uint32_t changed; /* a bit for each table whose tree is in `trees` as it was */
    bool marked;
    uint32_t mark, kept; /* of those changed since the mark: as they were then in `marks` */
    struct fc_btree trees[FC_TABLE_COUNT];
    struct fc_btree marks[FC_TABLE_COUNT];
};
_Static_assert(FC_TABLE_COUNT <= 32, "a bit for each");

#define ALL ((1u << FC_TABLE_COUNT) - 1)
enum place { PLACE_START, PLACE_KEY };

struct mem_cursor {
    struct fc_kv_cursor base;
    struct mem_txn *txn;
    struct mem_cursor *prev, *next;
    enum fc_table table;
    enum place place;
    bool on_path;     /* the path leads to the key... */
    uint64_t changes; /* ...as long as the transaction's count is this */
    struct fc_btree_path path;
    size_t key_len;
    uint8_t key[FC_KV_KEY_BYTES_MAX];
};

static const struct fc_kv_ops mem_ops;

static void copy_trees(struct fc_btree *to, const struct fc_btree *from)
{
    for (unsigned i = 0; i < FC_TABLE_COUNT; i++)
        to[i] = fc_btree_copy(&from[i]);
}

static void finish_trees(struct fc_btree *trees, uint32_t which)
{
    for (unsigned i = 0; which != 0; i++, which >>= 1)
        if (which & 1)
            fc_btree_finish(&trees[i]);
}

static const struct fc_btree *tree_of(const struct mem_txn *txn, enum fc_table table)
{
    return txn->write ? &txn->mem->trees[table] : &txn->trees[table];
}

/* NULL without memory. */
static struct fc_btree *tree_to_change(struct mem_txn *txn, enum fc_table table)
{
    const uint32_t bit = 1u << table;
    struct fc_btree *tree = &txn->mem->trees[table];
    assert(txn->write);
    if (!txn->log)
        txn->log = fc_btree_log_create(txn->mem->pool);
    if (!txn->log)
        return NULL;
    txn->changes++;
    if ((txn->changed & bit) == 0)
        txn->trees[table] = *tree;
    txn->changed |= bit;
    if (txn->marked && (txn->kept & bit) == 0) {
        txn->marks[table] = *tree;
        txn->kept |= bit;
    }
    fc_btree_log_tag(txn->log, (uint8_t)table);
    return tree;
}

static void put_back(struct mem *mem, const struct fc_btree *trees, uint32_t which)
{
    for (unsigned i = 0; which != 0; i++, which >>= 1)
        if (which & 1)
            mem->trees[i] = trees[i];
}

static void mem_mark(struct fc_txn *base)
{
    struct mem_txn *txn = (struct mem_txn *)base;
    assert(txn->write && !txn->marked);
    txn->marked = true;
    txn->kept = 0;
    txn->mark = txn->log ? fc_btree_log_mark(txn->log) : 0;
}

static void mem_unmark(struct fc_txn *base, bool undo)
{
    struct mem_txn *txn = (struct mem_txn *)base;
    assert(txn->marked);
    if (undo && txn->log) {
        fc_btree_log_undo(txn->log, txn->mark);
        put_back(txn->mem, txn->marks, txn->kept);
        txn->changes++;
    }
    txn->kept = 0;
    txn->marked = false;
}

/* The trees as the last commit left them. */
static enum fc_err read_trees(const struct mem *mem, struct fc_btree *trees)
{
    const struct mem_txn *writer = mem->writer;
    for (unsigned i = 0; i < FC_TABLE_COUNT; i++) {
        if (!writer || (writer->changed >> i & 1) == 0) {
            trees[i] = fc_btree_copy(&mem->trees[i]);
            continue;
        }
        enum fc_err err = fc_btree_log_before(writer->log, (uint8_t)i, &mem->trees[i], &trees[i]);
        if (err != FC_OK) {
            finish_trees(trees, (1u << i) - 1);
            return err;
        }
    }
    return FC_OK;
}

static enum fc_err mem_begin(struct fc_kv *kv, bool write, struct fc_txn **txn)
{
    struct mem *mem = (struct mem *)kv;
    if (write && mem->writer)
        return FC_E_LOCKED;
    struct mem_txn *made = malloc(sizeof *made);
    if (!made)
        return FC_E_NOMEM;
    made->base.ops = &mem_ops;
    made->mem = mem;
    made->write = write;
    made->cursors = NULL;
    made->log = NULL;
    made->marked = false;
    made->changes = 0;
    made->changed = made->kept = 0;
    if (write) {
        mem->writer = made;
    } else if (read_trees(mem, made->trees) == FC_OK) {
        mem->readers++;
    } else {
        free(made);
        return FC_E_NOMEM;
    }
    *txn = &made->base;
    return FC_OK;
}

static void mem_cursor_close(struct fc_kv_cursor *base)
{
    struct mem_cursor *cursor = (struct mem_cursor *)base;
    if (cursor->prev)
        cursor->prev->next = cursor->next;
    else
        cursor->txn->cursors = cursor->next;
    if (cursor->next)
        cursor->next->prev = cursor->prev;
    free(cursor);
}

static void end(struct mem_txn *txn)
{
    while (txn->cursors)
        mem_cursor_close(&txn->cursors->base);
    if (txn->write) {
        txn->mem->writer = NULL;
    } else {
        finish_trees(txn->trees, ALL);
        txn->mem->readers--;
    }
    free(txn);
}

static void mem_abort(struct fc_txn *base)
{
    struct mem_txn *txn = (struct mem_txn *)base;
    fc_btree_log_destroy(txn->log);
    if (txn->write)
        put_back(txn->mem, txn->trees, txn->changed);
    end(txn);
}

static enum fc_err mem_commit(struct fc_txn *base)
{
    struct mem_txn *txn = (struct mem_txn *)base;
    if (txn->log)
        fc_btree_log_keep(txn->log);
    end(txn);
    return FC_OK;
}

static enum fc_err mem_get(struct fc_txn *base, enum fc_table table, struct fc_span key,
                           struct fc_span *value)
{
    return fc_btree_get(tree_of((struct mem_txn *)base, table), key, value);
}

static enum fc_err mem_put(struct fc_txn *base, enum fc_table table, struct fc_span key,
                           struct fc_span value, bool append)
{
    (void)append;
    struct mem_txn *txn = (struct mem_txn *)base;
    /* What arrived when is like in no two stores. */
    bool alone = table == FC_TABLE_ARRIVAL || table == FC_TABLE_SUBJECT || table == FC_TABLE_STEP;
    struct fc_btree *tree = tree_to_change(txn, table);
    return tree ? fc_btree_put(tree, txn->log, txn->mem->pool, alone, key, value) : FC_E_NOMEM;
}

static enum fc_err mem_del(struct fc_txn *base, enum fc_table table, struct fc_span key)
{
    struct mem_txn *txn = (struct mem_txn *)base;
    struct fc_btree *tree = tree_to_change(txn, table);
    return tree ? fc_btree_del(tree, txn->log, key) : FC_E_NOMEM;
}

static enum fc_err mem_cursor_open(struct fc_txn *base, enum fc_table table,
                                   struct fc_kv_cursor **cursor)
{
    struct mem_txn *txn = (struct mem_txn *)base;
    struct mem_cursor *made = malloc(sizeof *made);
    if (!made)
        return FC_E_NOMEM;
    made->base.ops = &mem_ops;
    made->txn = txn;
    made->table = table;
    made->place = PLACE_START;
    made->on_path = false;
    made->prev = NULL;
    made->next = txn->cursors;
    if (made->next)
        made->next->prev = made;
    txn->cursors = made;
    *cursor = &made->base;
    return FC_OK;
}

static void stand_at(struct mem_cursor *cursor, struct fc_span key)
{
    cursor->place = PLACE_KEY;
    cursor->on_path = false;
    cursor->key_len = key.len;
    if (key.len)
        memcpy(cursor->key, key.data, key.len);
}

static enum fc_err stand_on_path(struct mem_cursor *cursor, struct fc_span *found,
                                 struct fc_span *value)
{
    fc_btree_row(&cursor->path, found, value);
    stand_at(cursor, *found);
    cursor->on_path = true;
    cursor->changes = cursor->txn->changes;
    return FC_OK;
}

static enum fc_err mem_seek(struct fc_kv_cursor *base, struct fc_span key, struct fc_span *found,
                            struct fc_span *value)
{
    struct mem_cursor *cursor = (struct mem_cursor *)base;
    if (fc_btree_seek(tree_of(cursor->txn, cursor->table), key, &cursor->path))
        return stand_on_path(cursor, found, value);
    stand_at(cursor, key);
    return FC_E_MISSING;
}

static enum fc_err mem_next(struct fc_kv_cursor *base, struct fc_span *found, struct fc_span *value)
{
    struct mem_cursor *cursor = (struct mem_cursor *)base;
    const struct fc_btree *tree = tree_of(cursor->txn, cursor->table);
    bool there;
    if (cursor->place == PLACE_START)
        there = fc_btree_seek(tree, fc_span(NULL, 0), &cursor->path);
    else if (cursor->on_path && cursor->changes == cursor->txn->changes)
        there = fc_btree_next(tree, &cursor->path);
    else
        there = fc_btree_seek_after(tree, fc_span(cursor->key, cursor->key_len), &cursor->path);
    if (there)
        return stand_on_path(cursor, found, value);
    cursor->on_path = false;
    return FC_E_MISSING;
}

static enum fc_err mem_seek_before(struct fc_kv_cursor *base, struct fc_span key,
                                   struct fc_span *found, struct fc_span *value)
{
    struct mem_cursor *cursor = (struct mem_cursor *)base;
    if (fc_btree_seek_before(tree_of(cursor->txn, cursor->table), key, &cursor->path))
        return stand_on_path(cursor, found, value);
    cursor->place = PLACE_START;
    return FC_E_MISSING;
}

static enum fc_err mem_stat(struct fc_kv *kv, struct fc_kv_stat *stat)
{
    const struct mem *mem = (struct mem *)kv;
    stat->used_bytes = sizeof *mem;
    for (unsigned i = 0; i < FC_TABLE_COUNT; i++) {
        stat->rows[i] = mem->trees[i].rows;
        stat->used_bytes += mem->trees[i].bytes;
    }
    return FC_OK;
}

static enum fc_err mem_reserve(struct fc_kv *kv, uint64_t bytes)
{
    (void)bytes;
    const struct mem *mem = (struct mem *)kv;
    assert(!mem->readers && !mem->writer);
    return FC_OK;
}

static enum fc_err mem_backup(struct fc_kv *kv, const char *path)
{
    (void)kv;
    (void)path;
    return FC_E_ARG;
}

static enum fc_err mem_check(struct fc_kv *kv)
{
    const struct mem *mem = (struct mem *)kv;
    enum fc_err err = FC_OK;
    for (unsigned i = 0; i < FC_TABLE_COUNT && !err; i++)
        err = fc_btree_check(&mem->trees[i]);
    return err;
}

static void mem_close(struct fc_kv *kv)
{
    struct mem *mem = (struct mem *)kv;
    assert(!mem->readers && !mem->writer);
    finish_trees(mem->trees, ALL);
    fc_pool_release(mem->pool);
    free(mem);
}

static const struct fc_kv_ops mem_ops = {
    .begin = mem_begin,
    .commit = mem_commit,
    .abort = mem_abort,
    .get = mem_get,
    .put = mem_put,
    .del = mem_del,
    .cursor_open = mem_cursor_open,
    .cursor_close = mem_cursor_close,
    .seek = mem_seek,
    .next = mem_next,
    .seek_before = mem_seek_before,
    .stat = mem_stat,
    .reserve = mem_reserve,
    .backup = mem_backup,
    .check = mem_check,
    .close = mem_close,
    .mark = mem_mark,
    .unmark = mem_unmark,
};

static struct mem *create(struct fc_pool *pool)
{
    struct mem *mem = pool ? calloc(1, sizeof *mem) : NULL;
    if (!mem) {
        fc_pool_release(pool);
        return NULL;
    }
    mem->base.ops = &mem_ops;
    mem->pool = pool;
    return mem;
}

enum fc_err fc_kv_mem_create(struct fc_kv **kv)
{
    struct mem *mem = create(fc_pool_create());
    *kv = mem ? &mem->base : NULL;
    return mem ? FC_OK : FC_E_NOMEM;
}

enum fc_err fc_kv_mem_clone(struct fc_kv *from, struct fc_kv **kv)
{
    const struct mem *source = (struct mem *)from;
    assert(source->base.ops == &mem_ops && !source->writer);
    struct mem *mem = create(fc_pool_retain(source->pool));
    *kv = mem ? &mem->base : NULL;
    if (!mem)
        return FC_E_NOMEM;
    copy_trees(mem->trees, source->trees);
    return FC_OK;
}
