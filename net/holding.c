#include "net/holding.h"

#include <stdlib.h>
#include <string.h>

enum { TAG_BYTES = 6, VERSION_AT = TAG_BYTES, HASH_AT = TAG_BYTES + 8 };

struct fc_riblt_item fc_holding_record(const struct fc_sip_key *key, const struct fc_hash *hash)
{
    struct fc_sip128 sip = fc_sip128(key, fc_span(hash->b, sizeof hash->b));
    struct fc_riblt_item item;
    memcpy(item.b, sip.b, sizeof item.b);
    return item;
}

struct fc_riblt_item fc_holding_head(const struct fc_sip_key *key,
                                     const struct fc_hash *participant, fc_version version,
                                     const struct fc_hash *hash)
{
    struct fc_riblt_item item = fc_holding_record(key, participant);
    fc_put_be64(item.b + VERSION_AT, version);
    item.b[HASH_AT] ^= hash->b[0];
    item.b[HASH_AT + 1] ^= hash->b[1];
    return item;
}

int fc_holding_compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct fc_riblt_item));
}

static int compare_tags(const struct fc_riblt_item *a, const struct fc_riblt_item *b)
{
    return memcmp(a->b, b->b, TAG_BYTES);
}

static fc_version version_of(const struct fc_riblt_item *item)
{
    return fc_get_be64(item->b + VERSION_AT);
}

bool fc_holding_covers(const struct fc_riblt_item *newer, const struct fc_riblt_item *item)
{
    return fc_holding_compare(newer, item) == 0 ||
           (compare_tags(newer, item) == 0 && version_of(newer) >= version_of(item));
}

struct walk {
    const struct fc_sip_key *key;
    const struct fc_ledger *ledger;
    enum fc_err (*each)(void *ctx, const struct fc_held_item *held);
    void *ctx;
};

static enum fc_err walk_feed(void *ctx, const struct fc_feed *feed)
{
    const struct walk *walk = ctx;
    if (feed->damaged || feed->version == 0)
        return FC_OK;
    static const struct fc_hash none;
    bool contested = fc_ledger_contested(walk->ledger, &feed->participant,
                                         fc_version_incarnation(feed->version));
    struct fc_held_item held = {.item = fc_holding_head(walk->key, &feed->participant,
                                                        contested ? 0 : feed->version,
                                                        contested ? &none : &feed->head_hash),
                                .feed = feed};
    return walk->each(walk->ctx, &held);
}

enum fc_err fc_holding_each(struct fc_replica *replica, const struct fc_sip_key *key,
                            enum fc_err (*each)(void *ctx, const struct fc_held_item *held),
                            void *ctx)
{
    const struct fc_ledger *ledger = fc_replica_ledger(replica);
    struct walk walk = {key, ledger, each, ctx};
    enum fc_err err = fc_replica_feeds(replica, walk_feed, &walk);
    size_t count = fc_ledger_record_count(ledger);
    for (size_t i = 0; i < count && err == FC_OK; i++) {
        const struct fc_held *record = fc_ledger_record_at(ledger, i);
        struct fc_held_item held = {.item = fc_holding_record(key, &record->record.hash),
                                    .record = record};
        err = each(ctx, &held);
    }
    return err;
}

static enum fc_err add(void *ctx, const struct fc_held_item *held)
{
    struct fc_holding *holding = ctx;
    if (holding->count == holding->cap) {
        uint32_t cap = holding->cap ? 2 * holding->cap : 256;
        struct fc_riblt_item *items = realloc(holding->items, cap * sizeof *items);
        if (!items)
            return FC_E_NOMEM;
        holding->items = items;
        holding->cap = cap;
    }
    holding->items[holding->count++] = held->item;
    holding->heads += held->feed != NULL;
    return FC_OK;
}

enum fc_err fc_holding_make(struct fc_replica *replica, const struct fc_sip_key *key,
                            struct fc_holding *out)
{
    *out = (struct fc_holding){0};
    return fc_holding_each(replica, key, add, out);
}

void fc_holding_finish(struct fc_holding *holding)
{
    free(holding->items);
    *holding = (struct fc_holding){0};
}

static uint32_t first_of_tag(const struct fc_riblt_item *items, uint32_t count,
                             const struct fc_riblt_item *item)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (compare_tags(&items[middle], item) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t fc_holding_lacking(const struct fc_holding *holding, struct fc_riblt_item *items,
                            uint32_t count, uint32_t *here, enum fc_err *err)
{
    uint8_t *settled = calloc(count ? count : 1, 1);
    uint32_t kept = 0;
    *here = 0;
    *err = settled ? FC_OK : FC_E_NOMEM;
    if (!settled)
        return 0;
    if (count != 0)
        qsort(items, count, sizeof *items, fc_holding_compare);
    for (uint32_t i = 0; i < holding->count && count != 0; i++) {
        const struct fc_riblt_item *own = &holding->items[i];
        for (uint32_t j = first_of_tag(items, count, own);
             j < count && compare_tags(&items[j], own) == 0; j++) {
            bool same = fc_holding_compare(&items[j], own) == 0;
            *here += same;
            if (same || (i < holding->heads && version_of(own) > version_of(&items[j])))
                settled[j] = 1;
        }
    }
    for (uint32_t i = 0; i < count; i++)
        if (!settled[i])
            items[kept++] = items[i];
    free(settled);
    return kept;
}
