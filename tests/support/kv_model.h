/* What a store should hold, kept in a plain sorted array, to compare a store with. */
#ifndef FC_TESTS_KV_MODEL_H
#define FC_TESTS_KV_MODEL_H

#include "store/kv.h"

struct kv_model_row {
    struct fc_buf key;
    struct fc_buf value;
};

struct kv_model {
    struct kv_model_row *rows;
    size_t count;
};

void kv_model_finish(struct kv_model *model);
void kv_model_copy(struct kv_model *to, const struct kv_model *from);
/* The first row whose key is not less. */
size_t kv_model_find(const struct kv_model *model, struct fc_span key, bool *equal);
void kv_model_put(struct kv_model *model, struct fc_span key, struct fc_span value);
bool kv_model_del(struct kv_model *model, struct fc_span key);
/* Whether the table holds exactly the model's rows, walked by a cursor and got one by one. */
bool kv_model_matches(const struct kv_model *model, struct fc_txn *txn, enum fc_table table);

#endif
