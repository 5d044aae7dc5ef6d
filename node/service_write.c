/* Taking in records, deltas and documents. */
#include <stdio.h>
#include <stdlib.h>

#include "node/author.h"
#include "node/service_call.h"

static void say(struct fc_call *call, const char *text)
{
    snprintf(call->text, sizeof call->text, "%s", text);
}

/* A provider's first delta after a recovery stands on the entries it was prepared on. */
static enum fc_err submit_opening(struct fc_call *call, const struct fc_delta *delta,
                                  const struct fc_content *contents, uint32_t count, uint32_t *bad)
{
    enum fc_err err =
        fc_replica_apply_opening(call->replica, delta, contents, count, call->now_ms, bad);
    if (err == FC_E_ROOT) {
        say(call,
            "it was prepared on other entries than are held here: hand it in at the node that "
            "prepared it");
    }
    return err;
}

static enum fc_err submit_head(struct fc_call *call, const struct fc_delta *delta,
                               const struct fc_content *contents, uint32_t count)
{
    struct fc_key key;
    uint32_t bad = 0;
    enum fc_err err =
        fc_replica_judge(call->replica, &delta->record, &delta->head, call->now_ms, &key);
    bool gap = err == FC_E_GAP;
    if ((err == FC_OK || gap || err == FC_E_CONTESTED) &&
        !fc_record_signed_by(&delta->record, &key)) {
        err = FC_E_SIGNATURE;
    }
    if (err == FC_E_CONTESTED && fc_replica_contest(call->replica, &delta->record) == FC_OK) {
        call->service->changed = true;
        say(call, "its signer signed another delta at this version: the feed is contested now");
    }
    if (err == FC_E_KNOWN) {
        return FC_OK; /* handed in before: the answer may have been lost */
    }
    if (err == FC_OK) {
        err = fc_replica_apply(call->replica, delta, contents, count, call->now_ms, &bad);
    } else if (err == FC_E_GAP) {
        err = submit_opening(call, delta, contents, count, &bad);
    }
    if (err == FC_OK) {
        call->service->changed = true;
        if (bad > 0) {
            snprintf(call->text, sizeof call->text,
                     "%u contents do not match what was signed and were left out", bad);
        }
    }
    return err;
}

enum fc_err fc_service_submit_delta(struct fc_call *call)
{
    struct fc_delta delta;
    struct fc_content *contents = NULL;
    uint32_t count = 0;
    struct fc_span bytes = fc_unpack_bin(&call->in, FC_DELTA_BYTES_MAX);
    enum fc_err err = fc_message_get_contents(&call->in, &contents, &count);
    if (err == FC_OK) {
        err = fc_call_ready(call);
    }
    if (err == FC_OK) {
        err = fc_delta_parse(bytes, &delta);
    }
    if (err == FC_OK) {
        err = submit_head(call, &delta, contents, count);
    }
    if (err == FC_OK) {
        fc_pack_array(&call->body, 1);
        fc_pack_uint(&call->body, delta.head.version);
    }
    free(contents);
    return err;
}

enum fc_err fc_service_submit_record(struct fc_call *call)
{
    struct fc_record record;
    struct fc_span bytes = fc_unpack_bin(&call->in, FC_CARRY_BYTES_MAX);
    enum fc_err err = fc_call_ready(call);
    if (err == FC_OK) {
        err = fc_record_parse(bytes, &record);
    }
    if (err == FC_OK && record.type == FC_RECORD_HEAD) {
        say(call, "a head comes with its operations: submit the delta");
        err = FC_E_ARG;
    } else if (err == FC_OK && record.type == FC_RECORD_APPLICATION) {
        say(call, "an application is for governors: fedcat admit");
        err = FC_E_ARG;
    }
    if (err == FC_OK) {
        err = fc_replica_add_record(call->replica, bytes);
        call->service->changed = call->service->changed || err == FC_OK;
    }
    if (err == FC_OK || err == FC_E_KNOWN) {
        fc_pack_array(&call->body, 2);
        fc_message_put_hash(&call->body, &record.hash);
        fc_pack_uint(&call->body, (uint64_t)record.type);
        err = FC_OK;
    }
    return err;
}

struct batch {
    struct fc_author author;
    struct fc_message_condition condition;
    bool conditional;
    struct fc_op *ops;
    struct fc_content *contents;
};

static void batch_finish(struct batch *batch)
{
    free(batch->ops);
    free(batch->contents);
}

/* Whether the entry is still as whoever asks knows it. */
static enum fc_err check_condition(struct fc_call *call, const struct batch *batch)
{
    const struct fc_message_condition *wanted = &batch->condition;
    struct fc_buf hold = {0};
    struct fc_entry entry;
    if (!batch->conditional) {
        return FC_OK;
    }
    enum fc_err err = fc_replica_entry(call->replica, &batch->author.participant, &wanted->key_hash,
                                       &hold, &entry);
    bool there = err == FC_OK;
    if (there || err == FC_E_MISSING) {
        bool same = there == wanted->there &&
                    (!there || (fc_hash_eq(&entry.commitment, &wanted->commitment) &&
                                entry.status == wanted->status));
        err = same ? FC_OK : FC_E_STALE;
    }
    if (err == FC_E_STALE) {
        say(call, "the entry is another than the one that was asked about");
    }
    fc_buf_finish(&hold);
    return err;
}

static enum fc_err read_batch(struct fc_call *call, struct batch *batch)
{
    *batch = (struct batch){0};
    batch->author.participant = fc_message_get_hash(&call->in);
    batch->author.now_ms = call->now_ms;
    batch->author.op_count = fc_unpack_array(&call->in, 0, FC_OPS_MAX);
    batch->ops = calloc(batch->author.op_count + 1, sizeof *batch->ops);
    if (!batch->ops) {
        return FC_E_NOMEM;
    }
    for (uint32_t i = 0; i < batch->author.op_count && call->in.err == FC_OK; i++) {
        fc_message_get_op(&call->in, &batch->ops[i]);
    }
    enum fc_err err =
        fc_message_get_contents(&call->in, &batch->contents, &batch->author.content_count);
    if (err == FC_OK && call->arguments > 3) {
        batch->conditional = true;
        fc_message_get_condition(&call->in, &batch->condition);
    }
    batch->author.ops = batch->ops;
    batch->author.contents = batch->contents;
    batch->author.heartbeat = batch->author.op_count == 0;
    if (err == FC_OK) {
        err = fc_call_ready(call);
    }
    return err == FC_OK ? check_condition(call, batch) : err;
}

static enum fc_err no_key(struct fc_call *call, enum fc_err err)
{
    if (err == FC_E_PASSPHRASE) {
        say(call, "the participant's feed key is sealed");
    }
    return err == FC_E_MISSING ? FC_E_NO_KEY : err;
}

enum fc_err fc_service_author(struct fc_call *call)
{
    struct batch batch;
    struct fc_author_key key = {0};
    struct fc_participant owner;
    fc_version version = 0;
    uint32_t ops = 0;
    enum fc_err err = read_batch(call, &batch);
    if (err == FC_OK) {
        err = fc_ledger_participant(fc_replica_ledger(call->replica), &batch.author.participant,
                                    &owner);
    }
    if (err == FC_OK) {
        err = no_key(call, fc_author_key_find(call->service->home,
                                              &owner.certificate->certificate.feed_key, &key));
    }
    if (err == FC_OK) {
        err = fc_author_sign(call->replica, &batch.author, &key, &version, &ops);
    }
    if (err == FC_E_KNOWN) {
        struct fc_feed feed;
        ops = 0;
        err = fc_replica_feed(call->replica, &batch.author.participant, &feed);
        version = err == FC_OK ? feed.version : 0;
        err = err == FC_E_MISSING ? FC_OK : err;
    }
    if (err == FC_OK) {
        call->service->changed = true;
        fc_pack_array(&call->body, 2);
        fc_pack_uint(&call->body, version);
        fc_pack_uint(&call->body, ops);
    }
    fc_author_key_finish(&key);
    batch_finish(&batch);
    return err;
}

/* Takes what would be signed, and refuses to sign: the replica stays as it was. */
static enum fc_err capture(void *ctx, struct fc_span head_body, struct fc_span delta_ops,
                           const struct fc_content *contents, uint32_t count, struct fc_buf *record)
{
    struct fc_buf *out = ctx;
    (void)record;
    fc_pack_array(out, 3);
    fc_pack_bin(out, head_body);
    fc_pack_bin(out, delta_ops);
    fc_message_put_contents(out, contents, count);
    enum fc_err err = fc_buf_check(out);
    return err == FC_OK ? FC_E_CLOSED : err;
}

enum fc_err fc_service_prepare(struct fc_call *call)
{
    struct batch batch;
    fc_version version;
    enum fc_err err = read_batch(call, &batch);
    if (err == FC_OK) {
        batch.author.ctx = &call->body;
        batch.author.sign = capture;
        err = fc_replica_author(call->replica, &batch.author, &version);
        err = err == FC_E_CLOSED ? FC_OK : err;
    }
    batch_finish(&batch);
    return err;
}

enum fc_err fc_service_takedown_local(struct fc_call *call)
{
    struct fc_hash participant = fc_message_get_hash(&call->in);
    struct fc_hash key_hash = fc_message_get_hash(&call->in);
    struct fc_span reason = fc_unpack_str(&call->in, FC_TEXT_BYTES_MAX);
    bool on = fc_unpack_uint(&call->in, 1) == 1;
    enum fc_err err = fc_call_ready(call);
    if (err == FC_OK) {
        err = fc_replica_takedown_local(call->replica, &participant, &key_hash, reason, on);
    }
    if (err == FC_OK) {
        call->service->changed = true;
        fc_pack_array(&call->body, 0);
    }
    return err;
}

enum fc_err fc_service_pin(struct fc_call *call)
{
    struct fc_hash charter = fc_message_get_hash(&call->in);
    enum fc_err err = fc_call_ready(call);
    if (err == FC_OK) {
        err = fc_replica_pin(call->replica, &charter);
    }
    if (err == FC_OK) {
        call->service->changed = true;
        fc_pack_array(&call->body, 0);
    }
    return err;
}

struct damages {
    struct fc_call *call;
    struct fc_buf found;
    uint32_t listed;
    uint64_t count;
};

static void add_damage(void *ctx, const struct fc_damage *damage)
{
    enum { LISTED_MAX = 1000 };
    struct damages *damages = ctx;
    damages->count++;
    if (damages->listed == LISTED_MAX) {
        return;
    }
    damages->listed++;
    fc_pack_array(&damages->found, 4);
    fc_pack_str(&damages->found, fc_span_str(damage->text));
    fc_message_put_hash(&damages->found, &damage->participant);
    fc_message_put_hash(&damages->found, &damage->key_hash);
    fc_pack_uint(&damages->found, damage->repaired);
}

static void tell_progress(void *ctx, const struct fc_verify_progress *at)
{
    struct damages *damages = ctx;
    const struct fc_service *service = damages->call->service;
    if (service->progress) {
        service->progress(service->progress_ctx, at->done, at->total);
    }
}

enum fc_err fc_service_verify(struct fc_call *call)
{
    bool repair = fc_unpack_uint(&call->in, 1) == 1;
    struct damages damages = {.call = call};
    enum fc_err err = fc_call_ready(call);
    if (err == FC_OK) {
        err = fc_replica_verify(call->replica, repair, add_damage, tell_progress, &damages);
    }
    if (err == FC_OK && repair && damages.count > 0) {
        /* What peers were told of this log may not be true any more. */
        err = fc_replica_new_epoch(call->replica);
        call->service->changed = true;
    }
    if (err == FC_OK) {
        fc_pack_array(&call->body, 2);
        fc_pack_array(&call->body, damages.listed);
        fc_buf_append(&call->body, damages.found.data, damages.found.len);
        fc_pack_uint(&call->body, damages.count);
        err = fc_buf_check(&damages.found);
    }
    fc_buf_finish(&damages.found);
    return err;
}

enum fc_err fc_service_backup(struct fc_call *call)
{
    struct fc_span path = fc_unpack_str(&call->in, 4096);
    enum fc_err err = fc_call_ready(call);
    if (err == FC_OK && (path.len == 0 || path.data[0] != '/')) {
        say(call, "a backup goes to an absolute path");
        err = FC_E_ARG;
    }
    char *text = err == FC_OK ? (char *)fc_span_dup(path) : NULL;
    if (err == FC_OK) {
        err = text ? fc_kv_backup(fc_replica_kv(call->replica), text) : FC_E_NOMEM;
    }
    if (err == FC_OK) {
        fc_pack_array(&call->body, 0);
    }
    free(text);
    return err;
}
