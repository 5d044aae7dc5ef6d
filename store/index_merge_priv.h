/* What the merge and bulk loads share: rows that change, gathered document by document and then
 * written in the order of their keys. */
#ifndef FC_STORE_INDEX_MERGE_PRIV_H
#define FC_STORE_INDEX_MERGE_PRIV_H

#include "store/index_priv.h"

enum {
    FC_MERGE_ROWS_MAX = FC_DOCS_CHUNK, /* of one pass */
    FC_MERGE_BATCH = 32,               /* items that are looked up together */
};

/* A row that changes: all documents that come to it or go from it. */
struct fc_merge_target {
    uint32_t key, hash; /* where the key lies in `keys` */
    uint32_t in, out;   /* how many; while filling, where the next one goes */
    uint32_t number;    /* of a provider, a facet's value */
    uint32_t last;      /* document that came last + 1 */
    uint8_t tag, key_len;
};
struct fc_merge_doc {                                /* one document */
    uint32_t doc, generation, from, until, provider; /* provider: target + 1 */
    uint32_t first, count;                           /* its targets, in `items` */
    bool in, seen, contested;
    uint8_t kind; /* of the row it came from */
};
struct fc_merge_lookup {
    struct fc_index_key key;
    uint32_t hash;
    uint8_t tag;
};
struct fc_merge {
    struct fc_replica *replica;
    size_t rows_max; /* of one pass */
    struct fc_merge_target *targets;
    uint32_t count, cap;
    uint32_t *table; /* target + 1 by hash */
    uint32_t table_size;
    struct fc_buf keys, docs; /* of docs: struct fc_merge_doc */
    uint32_t *items;          /* targets, document by document */
    uint32_t item_count, item_cap;
    struct fc_merge_lookup batch[FC_MERGE_BATCH];
    uint32_t batch_count;
    uint32_t *list;      /* documents by target, those that go before */
    uint32_t generation; /* the one read last */
    bool generation_known;
    struct fc_index_generation row;
};

/* What a row says. */
FC_MUST_USE enum fc_err fc_merge_note_row(struct fc_merge *merge, uint32_t doc, struct fc_span row,
                                          uint8_t kind);
bool fc_merge_full(const struct fc_merge *merge);
FC_MUST_USE enum fc_err fc_merge_write_all(struct fc_merge *merge);
/* `docs` by number. */
FC_MUST_USE enum fc_err fc_merge_write_sheets(struct fc_merge *merge,
                                              const struct fc_merge_doc *docs, size_t count);
void fc_merge_forget(struct fc_merge *merge); /* what was gathered */
void fc_merge_finish(struct fc_merge *merge);

#endif
