#include "tests/support/numbered.h"

#include <string.h>

#include "tests/support/rng.h"

enum { CHANGES = 6, KEYS = 96, VALUE_BYTES_MAX = 9000 };

struct change {
    bool del;
    uint8_t key[8];
    uint8_t value[VALUE_BYTES_MAX];
    size_t len;
};

static void make_change(struct change *change, uint64_t number, unsigned index)
{
    uint64_t rng = number * CHANGES + index;
    fc_put_be64(change->key, test_rng_below(&rng, KEYS) * 0x9e3779b97f4a7c15u);
    change->del = test_rng_below(&rng, 4) == 0;
    uint32_t bound = test_rng_below(&rng, 16) == 0 ? VALUE_BYTES_MAX : 300;
    change->len = test_rng_below(&rng, bound);
    memset(change->value, (int)(number * 31 + index), change->len);
}

static struct fc_span last_key(void)
{
    return fc_span_str("last");
}

enum fc_err numbered_write(struct fc_txn *txn, uint64_t number)
{
    struct change change;
    uint8_t bytes[8];
    enum fc_err err = FC_OK;
    for (unsigned i = 0; i < CHANGES && !err; i++) {
        make_change(&change, number, i);
        struct fc_span key = fc_span(change.key, sizeof change.key);
        if (change.del)
            err = fc_kv_del(txn, FC_TABLE_ENTRY, key);
        else
            err = fc_kv_put(txn, FC_TABLE_ENTRY, key, fc_span(change.value, change.len));
        if (err == FC_E_MISSING)
            err = FC_OK;
    }
    fc_put_be64(bytes, number);
    return err ? err : fc_kv_put(txn, FC_TABLE_META, last_key(), fc_span(bytes, sizeof bytes));
}

void numbered_apply(struct kv_model *model, uint64_t number)
{
    struct change change;
    for (unsigned i = 0; i < CHANGES; i++) {
        make_change(&change, number, i);
        struct fc_span key = fc_span(change.key, sizeof change.key);
        if (change.del)
            kv_model_del(model, key);
        else
            kv_model_put(model, key, fc_span(change.value, change.len));
    }
}

enum fc_err numbered_last(struct fc_txn *txn, uint64_t *number)
{
    struct fc_span value;
    *number = 0;
    enum fc_err err = fc_kv_get(txn, FC_TABLE_META, last_key(), &value);
    if (err)
        return err == FC_E_MISSING ? FC_OK : err;
    if (value.len != 8)
        return FC_E_CORRUPT;
    *number = fc_get_be64(value.data);
    return FC_OK;
}

bool numbered_holds(struct fc_kv *kv, uint64_t *last)
{
    struct kv_model model = {0};
    struct fc_txn *txn;
    if (fc_kv_begin(kv, false, &txn))
        return false;
    bool same = numbered_last(txn, last) == FC_OK;
    for (uint64_t i = 1; same && i <= *last; i++)
        numbered_apply(&model, i);
    same = same && kv_model_matches(&model, txn, FC_TABLE_ENTRY);
    fc_kv_abort(txn);
    kv_model_finish(&model);
    return same;
}
