#include "store/verify_priv.h"

#include <string.h>

/* The heads kept of one feed. */
struct head_check {
    struct fc_verify *verify;
    struct fc_replica_row *row;
    struct fc_feed newest; /* what the row should say by the newest sound head; version 0: none */
};

static bool ops_sound(const struct fc_head *head, struct fc_span ops)
{
    struct fc_ops parsed;
    if (!ops.data)
        return true;
    struct fc_hash hash = fc_ops_hash(ops);
    return fc_hash_eq(&hash, &head->ops) && fc_ops_init(&parsed, ops) == FC_OK;
}

static bool signature_sound(const struct fc_verify *verify, const struct fc_record *record,
                            const struct fc_certificate *certificate)
{
    struct fc_signature signature;
    if (record->signature_count != 1)
        return false;
    fc_record_signature(record, 0, &signature);
    struct fc_verify_job job = {
        .key = certificate->feed_key, .hash = record->hash, .sig = signature.sig};
    if (!fc_key_eq(&signature.signer, &job.key))
        return false;
    verify->replica->verifier.verify(verify->replica->verifier.ctx, &job, 1);
    return job.valid;
}

/* Said to be what it is by the feed's row or by the head that follows it. */
static bool pinned(const struct head_check *check, const struct fc_record *record,
                   const struct fc_head *head)
{
    struct fc_head_key key = fc_head_key(&head->participant, head->version + 1);
    struct fc_span value, bytes, ops;
    struct fc_record next;
    struct fc_head next_head;
    if (fc_hash_eq(&record->hash, &check->row->feed.head_hash))
        return true;
    return fc_kv_get(check->verify->txn, FC_TABLE_HEAD, fc_span(key.b, sizeof key.b), &value) ==
               FC_OK &&
           fc_replica_head_parse(value, &bytes, &ops) == FC_OK &&
           fc_record_parse(bytes, &next) == FC_OK && next.type == FC_RECORD_HEAD &&
           fc_head_parse(&next, &next_head) == FC_OK &&
           fc_hash_eq(&next_head.previous, &record->hash);
}

/* Where the certificate is gone the signature was checked when the head came, and its hash is known
 * from elsewhere. */
static bool signed_rightly(const struct head_check *check, const struct fc_record *record,
                           const struct fc_head *head)
{
    const struct fc_held *held = fc_ledger_find(check->verify->ledger, &head->certificate);
    if (!held || held->record.type != FC_RECORD_CERTIFICATE)
        return pinned(check, record, head);
    return signature_sound(check->verify, record, &held->certificate);
}

static bool head_sound(struct head_check *check, struct fc_span key, struct fc_span value)
{
    struct fc_span bytes, ops;
    struct fc_record record;
    struct fc_head head;
    if (key.len != sizeof(struct fc_head_key) ||
        fc_replica_head_parse(value, &bytes, &ops) != FC_OK ||
        fc_record_parse(bytes, &record) != FC_OK || record.type != FC_RECORD_HEAD ||
        fc_head_parse(&record, &head) != FC_OK)
        return false;
    if (head.version != fc_get_be64(key.data + 32) ||
        !fc_hash_eq(&head.participant, &check->row->feed.participant) || !ops_sound(&head, ops) ||
        !signed_rightly(check, &record, &head))
        return false;
    check->newest.version = head.version; /* they come in order */
    check->newest.head_hash = record.hash;
    check->newest.certificate = head.certificate;
    check->newest.root = head.root;
    check->newest.time_ms = head.time_ms;
    return true;
}

static enum fc_err check_head(void *ctx, struct fc_span key, struct fc_span value)
{
    struct head_check *check = ctx;
    if (head_sound(check, key, value)) {
        check->row->heads++;
        return FC_OK;
    }
    fc_verify_report(check->verify, "a head is damaged", &check->row->feed.participant, NULL, true);
    return fc_verify_fix(check->verify, FC_FIX_DELETE, FC_TABLE_HEAD, key);
}

static bool same_head(const struct fc_feed *a, const struct fc_feed *b)
{
    return a->version == b->version && fc_hash_eq(&a->head_hash, &b->head_hash) &&
           fc_hash_eq(&a->root, &b->root) && fc_hash_eq(&a->certificate, &b->certificate) &&
           a->time_ms == b->time_ms;
}

/* The row falls back to the newest sound head; whether the entries are that head's, their root
 * tells. */
enum fc_err fc_verify_heads(struct fc_verify *verify, struct fc_replica_row *row)
{
    struct head_check check = {.verify = verify, .row = row};
    struct fc_feed *feed = &row->feed;
    struct fc_span prefix = fc_span(feed->participant.b, sizeof feed->participant.b);
    enum fc_err err = fc_verify_scan(verify, FC_TABLE_HEAD, prefix, check_head, &check);
    if (err == FC_OK && !same_head(&check.newest, feed)) {
        fc_verify_report(verify, "the feed's row does not match its head", &feed->participant, NULL,
                         true);
        feed->version = check.newest.version;
        feed->head_hash = check.newest.head_hash;
        feed->certificate = check.newest.certificate;
        feed->root = check.newest.root;
        feed->time_ms = check.newest.time_ms;
    }
    return err == FC_OK ? fc_verify_apply_fixes(verify, NULL) : err;
}
