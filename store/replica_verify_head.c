#include "store/verify_priv.h"

#include <string.h>

/* The heads kept of one feed. */
struct head_check {
    struct fc_verify *verify;
    struct fc_replica_row *row;
    bool held_seen;
};

static bool ops_sound(const struct fc_head *head, struct fc_span ops)
{
    struct fc_ops parsed;
    if (!ops.data)
        return true;
    struct fc_hash hash = fc_ops_hash(ops);
    return fc_hash_eq(&hash, &head->ops) && fc_ops_init(&parsed, ops) == FC_OK;
}

/* A certificate that was superseded since may be gone; its heads were checked when they came. */
static bool signature_sound(const struct fc_verify *verify, const struct fc_record *record,
                            const struct fc_head *head)
{
    const struct fc_held *certificate = fc_ledger_find(verify->ledger, &head->certificate);
    if (!certificate || certificate->record.type != FC_RECORD_CERTIFICATE)
        return true;
    struct fc_signature signature;
    if (record->signature_count != 1)
        return false;
    fc_record_signature(record, 0, &signature);
    struct fc_verify_job job = {
        .key = certificate->certificate.feed_key, .hash = record->hash, .sig = signature.sig};
    if (!fc_key_eq(&signature.signer, &job.key))
        return false;
    verify->replica->verifier.verify(verify->replica->verifier.ctx, &job, 1);
    return job.valid;
}

static bool matches_row(const struct fc_record *record, const struct fc_head *head,
                        const struct fc_feed *feed)
{
    return fc_hash_eq(&record->hash, &feed->head_hash) && fc_hash_eq(&head->root, &feed->root) &&
           fc_hash_eq(&head->certificate, &feed->certificate) && head->time_ms == feed->time_ms;
}

static bool head_sound(struct head_check *check, struct fc_span key, struct fc_span value)
{
    struct fc_span bytes, ops;
    struct fc_record record;
    struct fc_head head;
    const struct fc_feed *feed = &check->row->feed;
    if (key.len != sizeof(struct fc_head_key) ||
        fc_replica_head_parse(value, &bytes, &ops) != FC_OK ||
        fc_record_parse(bytes, &record) != FC_OK || record.type != FC_RECORD_HEAD ||
        fc_head_parse(&record, &head) != FC_OK)
        return false;
    fc_version version = fc_get_be64(key.data + 32);
    if (head.version != version || !fc_hash_eq(&head.participant, &feed->participant) ||
        !ops_sound(&head, ops) || !signature_sound(check->verify, &record, &head))
        return false;
    if (version == feed->version)
        check->held_seen = matches_row(&record, &head, feed);
    return version != feed->version || check->held_seen;
}

static enum fc_err check_head(void *ctx, struct fc_span key, struct fc_span value)
{
    struct head_check *check = ctx;
    if (head_sound(check, key, value)) {
        check->row->heads++;
        return FC_OK;
    }
    bool held = key.len == sizeof(struct fc_head_key) &&
                fc_get_be64(key.data + 32) == check->row->feed.version;
    if (!held)
        fc_verify_report(check->verify, "a head of the history is damaged",
                         &check->row->feed.participant, NULL, true);
    return fc_verify_fix(check->verify, FC_FIX_DELETE, FC_TABLE_HEAD, key);
}

enum fc_err fc_verify_heads(struct fc_verify *verify, struct fc_replica_row *row,
                            bool *held_damaged)
{
    struct head_check check = {.verify = verify, .row = row};
    const struct fc_hash *participant = &row->feed.participant;
    enum fc_err err = fc_verify_scan(
        verify, FC_TABLE_HEAD, fc_span(participant->b, sizeof participant->b), check_head, &check);
    *held_damaged = !check.held_seen;
    if (err == FC_OK && !check.held_seen)
        fc_verify_report(verify, "the feed's head is damaged", participant, NULL, false);
    return err == FC_OK ? fc_verify_apply_fixes(verify, NULL) : err;
}
