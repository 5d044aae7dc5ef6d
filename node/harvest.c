#include "node/harvest.h"

#include <stdlib.h>
#include <string.h>

#include "node/batch.h"
#include "node/dcat_split.h"
#include "store/document.h"

struct running {
    const struct fc_harvest *harvest;
    const struct fc_rdf *rdf;
    struct fc_harvest_counts *counts;
    struct fc_batch *batch;
    char **gone; /* keys, owned */
    size_t gone_cap;
    uint64_t done, total;
};

static bool in_scope(const struct fc_harvest *harvest, struct fc_span key)
{
    size_t len = harvest->prefix ? strlen(harvest->prefix) : 0;
    return key.len >= len && (len == 0 || memcmp(key.data, harvest->prefix, len) == 0);
}

/* What is gone. */

static enum fc_err remember_gone(struct running *run, struct fc_span key)
{
    if (run->counts->gone == run->gone_cap) {
        size_t cap = run->gone_cap ? run->gone_cap * 2 : 64;
        char **gone = realloc(run->gone, cap * sizeof(char *));
        if (!gone)
            return FC_E_NOMEM;
        run->gone = gone;
        run->gone_cap = cap;
    }
    char *copy = (char *)fc_span_dup(key);
    if (!copy)
        return FC_E_NOMEM;
    run->gone[run->counts->gone++] = copy;
    return FC_OK;
}

static enum fc_err look_at(void *ctx, const struct fc_message_entry *entry)
{
    struct running *run = ctx;
    struct fc_client *client = run->harvest->publisher->client;
    struct fc_buf content = {0};
    bool made_here = false;
    if (!in_scope(run->harvest, entry->entry.key))
        return FC_OK;
    char *key = (char *)fc_span_dup(entry->entry.key);
    if (!key)
        return FC_E_NOMEM;
    bool still = fc_dcat_has(run->rdf, key);
    free(key);
    if (still) {
        run->counts->held++;
        return FC_OK;
    }
    enum fc_err err =
        fc_client_content(client, &entry->participant, &entry->entry.key_hash, &content);
    if (err == FC_OK)
        err = fc_dcat_is_split(fc_buf_span(&content), &made_here);
    if (err == FC_OK && made_here) {
        run->counts->held++;
        err = remember_gone(run, entry->entry.key);
    }
    fc_buf_finish(&content);
    return err == FC_E_MISSING || err == FC_E_WITHHELD ? FC_OK : err;
}

/* Without a word from whoever runs it, an empty or cut catalogue takes nothing away. */
static bool may_delete(const struct fc_harvest *harvest, const struct fc_harvest_counts *counts)
{
    uint64_t gone = counts->gone, held = counts->held;
    if (harvest->keep || gone == 0)
        return true;
    if (harvest->limited)
        return harvest->percent ? gone * 100 <= held * harvest->deletes_max
                                : gone <= harvest->deletes_max;
    return gone < held &&
           (gone <= FC_HARVEST_DELETES_FREE || gone * 100 <= held * FC_HARVEST_DELETES_PERCENT);
}

static enum fc_err delete_gone(struct running *run)
{
    struct fc_publisher *publisher = run->harvest->publisher;
    struct fc_op *ops = calloc(publisher->ops_max, sizeof *ops);
    enum fc_err err = ops ? FC_OK : FC_E_NOMEM;
    uint64_t at = 0;
    while (err == FC_OK && at < run->counts->gone) {
        uint32_t count = 0, changed = 0;
        size_t bytes = 0;
        while (count < publisher->ops_max && at < run->counts->gone &&
               bytes < FC_OPS_BYTES_MAX / 2) {
            struct fc_span key = fc_span_str(run->gone[at++]);
            ops[count++] =
                (struct fc_op){.kind = FC_OP_DELETE, .key = key, .key_hash = fc_key_hash(key)};
            bytes += key.len + 64;
        }
        err = fc_publisher_send(publisher, ops, count, NULL, 0, &changed);
        if (err == FC_OK)
            run->counts->deleted += changed;
    }
    free(ops);
    return err;
}

/* What is there. */

static void tell(struct running *run, const char *name, const char *text)
{
    run->counts->failed++;
    run->harvest->fault(run->harvest->ctx, name, text);
}

static void split_fault(void *ctx, const char *name, const char *text)
{
    tell(ctx, name, text);
}

static void batch_fault(void *ctx, const char *place, const char *text)
{
    tell(ctx, place, text);
}

/* The document must be found under the IRI that it is known by. */
static enum fc_err check(struct running *run, const char *iri, struct fc_span document, bool *good)
{
    struct fc_document about;
    struct fc_document_fault fault;
    *good = false;
    if (!in_scope(run->harvest, fc_span_str(iri))) {
        tell(run, iri, "does not begin with the prefix that was given");
        return FC_OK;
    }
    enum fc_err err = fc_document_read(document, &about, &fault);
    if (err == FC_E_NOMEM)
        return err;
    if (err != FC_OK)
        tell(run, iri, fault.text);
    else if (strcmp(about.key, iri) != 0)
        tell(run, iri, "something else in its description would give it another key");
    else
        *good = true;
    fc_document_finish(&about);
    return FC_OK;
}

static enum fc_err take(void *ctx, const char *iri, struct fc_span document)
{
    struct running *run = ctx;
    struct fc_publisher *publisher = run->harvest->publisher;
    struct fc_hash key_hash = fc_key_hash(fc_span_str(iri));
    struct fc_buf held = {0};
    bool good = false;
    run->harvest->progress(run->harvest->ctx, ++run->done, run->total);
    enum fc_err err = check(run, iri, document, &good);
    if (err != FC_OK || !good)
        return err;
    err = fc_client_content(publisher->client, &publisher->participant, &key_hash, &held);
    bool known = err == FC_OK;
    if (err == FC_E_MISSING || err == FC_E_WITHHELD)
        err = FC_OK;
    if (err == FC_OK && known && fc_span_eq(fc_buf_span(&held), document)) {
        run->counts->unchanged++;
    } else if (err == FC_OK) {
        known ? run->counts->changed++ : run->counts->fresh++;
        if (!run->harvest->dry_run)
            err = fc_batch_add(run->batch, iri, document);
    }
    fc_buf_finish(&held);
    return err;
}

static enum fc_err put_all(struct running *run)
{
    struct fc_batch_config config = {.ops_max = run->harvest->publisher->ops_max,
                                     .publisher = run->harvest->publisher,
                                     .ctx = run,
                                     .fault = batch_fault};
    struct fc_dcat_split split = {run, take, split_fault};
    enum fc_err err = fc_batch_create(&config, &run->batch);
    if (err == FC_OK)
        err = fc_dcat_split(run->rdf, &split);
    if (err == FC_OK)
        err = fc_batch_flush(run->batch);
    fc_batch_destroy(run->batch);
    return err;
}

enum fc_err fc_harvest_run(const struct fc_harvest *harvest, const struct fc_rdf *rdf,
                           struct fc_harvest_counts *counts)
{
    struct running run = {.harvest = harvest, .rdf = rdf, .counts = counts};
    struct fc_publisher *publisher = harvest->publisher;
    *counts = (struct fc_harvest_counts){0};
    run.total = fc_dcat_count(rdf);
    enum fc_err err = fc_client_entries(publisher->client, &publisher->participant, look_at, &run);
    if (err == FC_E_MISSING) /* nothing was published yet */
        err = FC_OK;
    if (err == FC_OK && !may_delete(harvest, counts))
        err = FC_E_DENIED;
    if (err == FC_OK)
        err = put_all(&run);
    if (err == FC_OK && !harvest->keep && harvest->dry_run)
        counts->deleted = counts->gone;
    else if (err == FC_OK && !harvest->keep)
        err = delete_gone(&run);
    for (uint64_t i = 0; i < counts->gone; i++)
        free(run.gone[i]);
    free(run.gone);
    return err;
}
