/* Makes a store's search index one of the version before: age_index STORE. What has to be done
 * about such a store is so tested without a program of that version. */
#include <stdio.h>
#include <string.h>

#include "store/index.h"
#include "store/kv_lmdb.h"

static enum fc_err age(struct fc_kv *kv)
{
    struct fc_txn *txn = NULL;
    struct fc_span value;
    uint8_t row[256];
    enum fc_err err = fc_kv_begin(kv, true, &txn);
    if (err != FC_OK)
        return err;
    err = fc_kv_get(txn, FC_TABLE_INDEX, fc_span("I", 1), &value);
    if (err == FC_OK &&
        (value.len > sizeof row || value.len < 4 || fc_get_be32(value.data) != FC_INDEX_VERSION))
        err = FC_E_VERSION;
    if (err == FC_OK) {
        memcpy(row, value.data, value.len);
        fc_put_be32(row, FC_INDEX_VERSION - 1);
        err = fc_kv_put(txn, FC_TABLE_INDEX, fc_span("I", 1), fc_span(row, value.len));
    }
    if (err == FC_OK)
        return fc_kv_commit(txn);
    fc_kv_abort(txn);
    return err;
}

int main(int argc, char **argv)
{
    const struct fc_kv_lmdb_config config = {.path = argc == 2 ? argv[1] : ""};
    struct fc_kv *kv = NULL;
    enum fc_err err = argc == 2 ? fc_kv_lmdb_open(&config, &kv) : FC_E_ARG;
    if (err == FC_OK)
        err = age(kv);
    fc_kv_close(kv);
    if (err != FC_OK)
        fprintf(stderr, "age_index: %s: %s\n", config.path, fc_err_text(err));
    return err != FC_OK;
}
