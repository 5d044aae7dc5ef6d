#include "tests/support/kv_fault.h"

#include <assert.h>
#include <stdlib.h>

struct fc_kv_fault {
    struct fc_kv base;
    struct fc_kv *inner;
    bool armed;
    uint64_t left;
    enum fc_err err;
};

struct fault_txn {
    struct fc_txn base;
    struct fc_kv_fault *fault;
    struct fc_txn *inner;
};

static const struct fc_kv_ops fault_ops;

static struct fc_kv_fault *fault_of(struct fc_kv *kv)
{
    return (struct fc_kv_fault *)kv;
}

static struct fault_txn *txn_of(struct fc_txn *txn)
{
    return (struct fault_txn *)txn;
}

static enum fc_err spend(struct fc_kv_fault *fault)
{
    if (!fault->armed)
        return FC_OK;
    if (fault->left == 0)
        return fault->err;
    fault->left--;
    return FC_OK;
}

static enum fc_err fault_begin(struct fc_kv *kv, bool write, struct fc_txn **out)
{
    struct fault_txn *txn = calloc(1, sizeof *txn);
    assert(txn);
    txn->base.ops = &fault_ops;
    txn->fault = fault_of(kv);
    enum fc_err err = fc_kv_begin(txn->fault->inner, write, &txn->inner);
    if (err != FC_OK) {
        free(txn);
        return err;
    }
    *out = &txn->base;
    return FC_OK;
}

static void fault_abort(struct fc_txn *txn)
{
    fc_kv_abort(txn_of(txn)->inner);
    free(txn);
}

static enum fc_err fault_commit(struct fc_txn *txn)
{
    enum fc_err err = spend(txn_of(txn)->fault);
    if (err != FC_OK) {
        fault_abort(txn);
        return err;
    }
    err = fc_kv_commit(txn_of(txn)->inner);
    free(txn);
    return err;
}

static enum fc_err fault_get(struct fc_txn *txn, enum fc_table table, struct fc_span key,
                             struct fc_span *value)
{
    return fc_kv_get(txn_of(txn)->inner, table, key, value);
}

static enum fc_err fault_put(struct fc_txn *txn, enum fc_table table, struct fc_span key,
                             struct fc_span value, bool append)
{
    enum fc_err err = spend(txn_of(txn)->fault);
    if (err != FC_OK)
        return err;
    return append ? fc_kv_append(txn_of(txn)->inner, table, key, value)
                  : fc_kv_put(txn_of(txn)->inner, table, key, value);
}

static enum fc_err fault_del(struct fc_txn *txn, enum fc_table table, struct fc_span key)
{
    enum fc_err err = spend(txn_of(txn)->fault);
    return err == FC_OK ? fc_kv_del(txn_of(txn)->inner, table, key) : err;
}

static enum fc_err fault_cursor_open(struct fc_txn *txn, enum fc_table table,
                                     struct fc_kv_cursor **cursor)
{
    return fc_kv_cursor_open(txn_of(txn)->inner, table, cursor);
}

static enum fc_err fault_stat(struct fc_kv *kv, struct fc_kv_stat *stat)
{
    return fc_kv_stat(fault_of(kv)->inner, stat);
}

static enum fc_err fault_reserve(struct fc_kv *kv, uint64_t bytes)
{
    return fc_kv_reserve(fault_of(kv)->inner, bytes);
}

static enum fc_err fault_backup(struct fc_kv *kv, const char *path)
{
    return fc_kv_backup(fault_of(kv)->inner, path);
}

static enum fc_err fault_check(struct fc_kv *kv)
{
    return fc_kv_check(fault_of(kv)->inner);
}

static void fault_close(struct fc_kv *kv)
{
    fc_kv_close(fault_of(kv)->inner);
    free(kv);
}

static const struct fc_kv_ops fault_ops = {.begin = fault_begin,
                                           .commit = fault_commit,
                                           .abort = fault_abort,
                                           .get = fault_get,
                                           .put = fault_put,
                                           .del = fault_del,
                                           .cursor_open = fault_cursor_open,
                                           .stat = fault_stat,
                                           .reserve = fault_reserve,
                                           .backup = fault_backup,
                                           .check = fault_check,
                                           .close = fault_close};

struct fc_kv *fc_kv_fault_create(struct fc_kv *inner, struct fc_kv_fault **out)
{
    struct fc_kv_fault *fault = calloc(1, sizeof *fault);
    assert(fault);
    fault->base.ops = &fault_ops;
    fault->inner = inner;
    *out = fault;
    return &fault->base;
}

void fc_kv_fault_arm(struct fc_kv_fault *fault, uint64_t writes, enum fc_err err)
{
    fault->armed = true;
    fault->left = writes;
    fault->err = err;
}

void fc_kv_fault_disarm(struct fc_kv_fault *fault)
{
    fault->armed = false;
}

struct fc_kv *fc_kv_fault_inner(struct fc_kv_fault *fault)
{
    return fault->inner;
}
