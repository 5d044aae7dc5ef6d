#include "node/batch.h"

#include <stdlib.h>
#include <string.h>

#include "store/document.h"

enum {
    CONTENT_BYTES_BATCH = 2 * 1024 * 1024,
    OPS_BYTES_BATCH = FC_OPS_BYTES_MAX * 9 / 10,
    OP_OVERHEAD = 64, /* what an op takes beside its texts */
};

struct item {
    char *place, *key, *media_type;
    uint8_t *bytes;
    size_t len;
};

struct seen {
    struct fc_hash key_hash;
    char *place; /* NULL: the slot is free */
};

struct fc_batch {
    struct fc_batch_config config;
    struct fc_batch_counts counts;
    struct item *items; /* room for ops_max */
    struct fc_op *ops;
    struct fc_content *contents;
    uint32_t count;
    size_t content_bytes, op_bytes;
    struct seen *seen; /* a hash table, at most half full */
    size_t seen_count, seen_cap;
};

enum fc_err fc_batch_create(const struct fc_batch_config *config, struct fc_batch **out)
{
    struct fc_batch *batch = calloc(1, sizeof *batch);
    *out = batch;
    if (!batch) {
        return FC_E_NOMEM;
    }
    batch->config = *config;
    batch->seen_cap = 1024;
    batch->items = calloc(config->ops_max, sizeof *batch->items);
    batch->ops = calloc(config->ops_max, sizeof *batch->ops);
    batch->contents = calloc(config->ops_max, sizeof *batch->contents);
    batch->seen = calloc(batch->seen_cap, sizeof *batch->seen);
    if (batch->items && batch->ops && batch->contents && batch->seen) {
        return FC_OK;
    }
    fc_batch_destroy(batch);
    *out = NULL;
    return FC_E_NOMEM;
}

static void clear(struct fc_batch *batch)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        free(batch->items[i].place);
        free(batch->items[i].key);
        free(batch->items[i].media_type);
        free(batch->items[i].bytes);
    }
    batch->count = 0;
    batch->content_bytes = batch->op_bytes = 0;
}

void fc_batch_destroy(struct fc_batch *batch)
{
    if (!batch) {
        return;
    }
    clear(batch);
    for (size_t i = 0; batch->seen && i < batch->seen_cap; i++) {
        free(batch->seen[i].place);
    }
    free(batch->seen);
    free(batch->items);
    free(batch->ops);
    free(batch->contents);
    free(batch);
}

struct fc_batch_counts fc_batch_counts(const struct fc_batch *batch)
{
    return batch->counts;
}

void fc_batch_fault(struct fc_batch *batch, const char *place, const char *text)
{
    batch->counts.failed++;
    batch->config.fault(batch->config.ctx, place, text);
}

static struct seen *slot_for(struct seen *table, size_t cap, const struct fc_hash *key_hash)
{
    size_t at = (size_t)fc_get_be64(key_hash->b) & (cap - 1);
    while (table[at].place && !fc_hash_eq(&table[at].key_hash, key_hash)) {
        at = (at + 1) & (cap - 1);
    }
    return &table[at];
}

static enum fc_err grow_seen(struct fc_batch *batch)
{
    size_t cap = batch->seen_cap * 2;
    struct seen *grown = calloc(cap, sizeof *grown);
    if (!grown) {
        return FC_E_NOMEM;
    }
    for (size_t i = 0; i < batch->seen_cap; i++) {
        if (batch->seen[i].place) {
            *slot_for(grown, cap, &batch->seen[i].key_hash) = batch->seen[i];
        }
    }
    free(batch->seen);
    batch->seen = grown;
    batch->seen_cap = cap;
    return FC_OK;
}

/* Remembers where a key was first met; false, with that place, when it was met before. */
static enum fc_err remember(struct fc_batch *batch, const char *key, const char *place,
                            const char **before)
{
    struct fc_hash key_hash = fc_key_hash(fc_span_str(key));
    struct seen *slot = slot_for(batch->seen, batch->seen_cap, &key_hash);
    *before = slot->place;
    if (*before) {
        return FC_OK;
    }
    slot->key_hash = key_hash;
    slot->place = strdup(place);
    if (!slot->place) {
        return FC_E_NOMEM;
    }
    return ++batch->seen_count * 2 > batch->seen_cap ? grow_seen(batch) : FC_OK;
}

/* A fault of these documents, not of the node, the disk or the way there. */
static bool is_theirs(enum fc_err err)
{
    return err == FC_E_QUOTA || err == FC_E_BOUND || err == FC_E_FORMAT || err == FC_E_ARG;
}

static enum fc_err send_some(struct fc_batch *batch, uint32_t from, uint32_t count,
                             uint32_t *changed)
{
    const struct fc_batch_config *config = &batch->config;
    const struct fc_op *ops = batch->ops + from;
    const struct fc_content *contents = batch->contents + from;
    return config->send
               ? config->send(config->ctx, ops, count, contents, count, changed)
               : fc_publisher_send(config->publisher, ops, count, contents, count, changed);
}

static const char *explain(const struct fc_batch *batch, enum fc_err err)
{
    const struct fc_batch_config *config = &batch->config;
    return config->explain ? config->explain(config->ctx, err)
                           : fc_client_explain(config->publisher->client, err);
}

static enum fc_err send_range(struct fc_batch *batch, uint32_t from, uint32_t to, bool *full)
{
    uint32_t changed = 0, count = to - from;
    enum fc_err err = *full ? FC_E_QUOTA : send_some(batch, from, count, &changed);
    if (err == FC_OK) {
        batch->counts.published += changed;
        batch->counts.unchanged += changed < count ? count - changed : 0;
        return FC_OK;
    }
    if (!is_theirs(err)) {
        return err;
    }
    if (count == 1 || *full) {
        /* One more entry than the quota allows: the rest need not be tried one by one. */
        *full = *full || err == FC_E_QUOTA;
        for (uint32_t i = from; i < to; i++) {
            fc_batch_fault(batch, batch->items[i].place, explain(batch, err));
        }
        return FC_OK;
    }
    err = send_range(batch, from, from + count / 2, full);
    return err == FC_OK ? send_range(batch, from + count / 2, to, full) : err;
}

enum fc_err fc_batch_flush(struct fc_batch *batch)
{
    bool full = false;
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct item *item = &batch->items[i];
        batch->ops[i] = (struct fc_op){
            .kind = FC_OP_PUT,
            .key = fc_span_str(item->key),
            .key_hash = fc_key_hash(fc_span_str(item->key)),
            .media_type = fc_span_str(item->media_type),
            .size = item->len,
            .status = FC_STATUS_ACTIVE,
        };
        batch->contents[i] = (struct fc_content){
            .key_hash = batch->ops[i].key_hash,
            .bytes = fc_span(item->bytes, item->len),
        };
    }
    enum fc_err err = batch->count ? send_range(batch, 0, batch->count, &full) : FC_OK;
    if (err != FC_OK) {
        for (uint32_t i = 0; i < batch->count; i++) {
            batch->counts.failed++;
        }
    }
    clear(batch);
    return err;
}

static bool fits(const struct fc_batch *batch, size_t content_bytes, size_t op_bytes)
{
    return batch->count < batch->config.ops_max &&
           batch->content_bytes + content_bytes <= CONTENT_BYTES_BATCH &&
           batch->op_bytes + op_bytes <= OPS_BYTES_BATCH;
}

static enum fc_err append(struct fc_batch *batch, const char *place, struct fc_span bytes,
                          const struct fc_document *document)
{
    size_t op_bytes = strlen(document->key) + strlen(document->media_type) + OP_OVERHEAD;
    enum fc_err err = FC_OK;
    if (batch->count > 0 && !fits(batch, bytes.len, op_bytes)) {
        err = fc_batch_flush(batch);
    }
    if (err != FC_OK) {
        return err;
    }
    struct item *item = &batch->items[batch->count];
    *item = (struct item){
        .place = strdup(place),
        .key = strdup(document->key),
        .media_type = strdup(document->media_type),
        .bytes = fc_span_dup(bytes),
        .len = bytes.len,
    };
    batch->count++;
    batch->content_bytes += bytes.len;
    batch->op_bytes += op_bytes;
    return item->place && item->key && item->media_type && item->bytes ? FC_OK : FC_E_NOMEM;
}

static void document_fault(struct fc_batch *batch, const char *place, enum fc_err err,
                           const struct fc_document_fault *fault)
{
    char *where = NULL;
    /* A place in NDJSON has its line already; a document there is one line. */
    const char *colon = strrchr(place, ':');
    bool lined = colon && colon[1] && strspn(colon + 1, "0123456789") == strlen(colon + 1);
    int made = fault->line == 0 ? asprintf(&where, "%s", place)
               : lined          ? asprintf(&where, "%s:%u", place, fault->column)
                                : asprintf(&where, "%s:%u:%u", place, fault->line, fault->column);
    fc_batch_fault(batch, made < 0 ? place : where,
                   fault->text[0] ? fault->text : fc_err_text(err));
    if (made >= 0) {
        free(where);
    }
}

static enum fc_err check_key(struct fc_batch *batch, const char *place,
                             const struct fc_document *document, bool *good)
{
    const char *before = NULL;
    *good = false;
    if (!document->key || !*document->key || !document->media_type) {
        fc_batch_fault(batch, place, fc_err_text(FC_E_SUBJECT));
        return FC_OK;
    }
    if (strlen(document->key) > FC_KEY_BYTES_MAX) {
        fc_batch_fault(batch, place, "its identifier is longer than 1,024 bytes");
        return FC_OK;
    }
    enum fc_err err = remember(batch, document->key, place, &before);
    if (err == FC_OK && before) {
        char *text = NULL;
        if (asprintf(&text, "the same entry as %s: %s", before, document->key) < 0) {
            return FC_E_NOMEM;
        }
        fc_batch_fault(batch, place, text);
        free(text);
        return FC_OK;
    }
    *good = err == FC_OK;
    return err;
}

enum fc_err fc_batch_add(struct fc_batch *batch, const char *place, struct fc_span bytes)
{
    struct fc_document document = {0};
    struct fc_document_fault fault = {0};
    bool good = false;
    enum fc_err err = fc_document_read(bytes, &document, &fault);
    if (err == FC_E_NOMEM) {
        return err;
    }
    if (err != FC_OK) {
        document_fault(batch, place, err, &fault);
        return FC_OK;
    }
    err = check_key(batch, place, &document, &good);
    if (err == FC_OK && good) {
        err = append(batch, place, bytes, &document);
    }
    fc_document_finish(&document);
    return err;
}
