#include "store/replica_priv.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* One delta in the making. */
struct work {
    struct fc_replica *replica;
    const struct fc_author *author;
    const struct fc_certificate *certificate;
    struct fc_hash certificate_hash;
    struct fc_head head;
    uint32_t op_count;         /* of author->ops, those that are kept */
    struct fc_content *packed; /* contents of the puts that are kept */
    const struct fc_content **given;
    size_t *frame_ends; /* of packed[i] in `frames` */
    uint32_t packed_count;
    struct fc_buf frames, ops, hold, body, record;
};

static void work_finish(struct work *work)
{
    free(work->packed);
    free(work->given);
    free(work->frame_ends);
    fc_buf_finish(&work->frames);
    fc_buf_finish(&work->ops);
    fc_buf_finish(&work->hold);
    fc_buf_finish(&work->body);
    fc_buf_finish(&work->record);
}

/* -- what to publish --------------------------------------------------------------------------- */

static bool same_content(const struct fc_entry *entry, struct fc_span plain)
{
    if (entry->state != FC_CONTENT_PRESENT || entry->size != plain.len)
        return false;
    struct fc_hash commitment = fc_commitment(entry->salt, plain);
    return fc_hash_eq(&commitment, &entry->commitment);
}

static struct fc_hash draw_salt(struct work *work, const struct fc_hash *key_hash)
{
    struct fc_hash draw = fc_replica_draw(work->replica, "fedcat.salt.1");
    return fc_hash2("fedcat.salt.1", fc_span(draw.b, sizeof draw.b),
                    fc_span(key_hash->b, sizeof key_hash->b));
}

static enum fc_err pack_put(struct work *work, struct fc_op *op, const struct fc_content *content)
{
    struct fc_content *packed = &work->packed[work->packed_count];
    struct fc_hash salt = draw_salt(work, &op->key_hash);
    struct fc_codec *codec;
    *packed = (struct fc_content){.key_hash = op->key_hash, .compressed = true};
    memcpy(packed->salt, salt.b, sizeof packed->salt);
    op->size = content->bytes.len;
    op->commitment = fc_commitment(packed->salt, content->bytes);
    enum fc_err err = fc_replica_codec(work->replica, &codec);
    if (err == FC_OK)
        err = fc_content_pack(codec, content->bytes, &work->frames);
    work->frame_ends[work->packed_count++] = work->frames.len;
    return err;
}

/* Drops what would change nothing; a put that changes the status alone becomes one. */
static enum fc_err choose_put(struct work *work, struct fc_op *op, const struct fc_entry *old,
                              bool *keep)
{
    const struct fc_content *content =
        fc_contents_find(work->given, work->author->content_count, &op->key_hash);
    if (!content || content->compressed)
        return FC_E_ARG;
    if (content->bytes.len > FC_CONTENT_BYTES_MAX)
        return FC_E_BOUND;
    if (old && fc_span_eq(old->media_type, op->media_type) && same_content(old, content->bytes)) {
        *keep = old->status != op->status;
        op->kind = FC_OP_STATUS;
        return FC_OK;
    }
    return pack_put(work, op, content);
}

static enum fc_err choose_op(struct work *work, const struct fc_replica_row *row, struct fc_op *op,
                             bool *keep)
{
    struct fc_entry old;
    enum fc_err err = FC_E_MISSING;
    fc_buf_clear(&work->hold);
    if (row)
        err = fc_replica_entry_get(work->replica->txn, row->feed.generation, &op->key_hash,
                                   &work->hold, &old);
    if (err != FC_OK && err != FC_E_MISSING)
        return err;
    bool held = err == FC_OK;
    *keep = true;
    switch (op->kind) {
    case FC_OP_PUT:
        return choose_put(work, op, held ? &old : NULL, keep);
    case FC_OP_STATUS:
        *keep = held && old.status != op->status;
        return held ? FC_OK : FC_E_MISSING;
    case FC_OP_DELETE:
        return held ? FC_OK : FC_E_MISSING;
    }
    return FC_E_ARG;
}

/* What is held was signed under a key that is over: the new one signs it, changed or not. */
static bool opens_incarnation(const struct work *work, const struct fc_replica_row *row)
{
    return row && fc_version_incarnation(row->feed.version) < work->certificate->incarnation;
}

static enum fc_err choose_ops(struct work *work, const struct fc_replica_row *row)
{
    const struct fc_author *author = work->author;
    uint32_t ops_max = work->certificate->quota_ops;
    ops_max = ops_max < FC_OPS_MAX ? ops_max : FC_OPS_MAX;
    for (uint32_t i = 0; i < author->op_count; i++) {
        struct fc_op *op = &author->ops[i];
        bool keep;
        op->key_hash = fc_key_hash(op->key);
        enum fc_err err = choose_op(work, row, op, &keep);
        if (err != FC_OK)
            return err;
        if (keep && work->op_count == ops_max)
            return FC_E_BOUND;
        if (keep)
            author->ops[work->op_count++] = *op;
    }
    size_t start = 0;
    for (uint32_t i = 0; i < work->packed_count; i++) {
        work->packed[i].bytes = fc_span(work->frames.data + start, work->frame_ends[i] - start);
        start = work->frame_ends[i];
    }
    if (work->op_count == 0 && !author->heartbeat && !opens_incarnation(work, row))
        return FC_E_KNOWN;
    return fc_ops_write(author->ops, work->op_count, &work->ops);
}

/* -- who may publish --------------------------------------------------------------------------- */

static enum fc_err check_right(struct work *work)
{
    const struct fc_hash *participant = &work->author->participant;
    struct fc_participant who;
    if (fc_ledger_participant(work->replica->ledger, participant, &who) != FC_OK)
        return FC_E_UNKNOWN;
    if (who.revocation)
        return FC_E_REVOKED;
    if (who.contested || who.recovery_frozen)
        return FC_E_CONTESTED;
    if (who.unsettled)
        return FC_E_DISPUTED;
    work->certificate = &who.certificate->certificate;
    work->certificate_hash = who.certificate->record.hash;
    return FC_OK;
}

/* The first head of an incarnation stands on the entries held here, whatever led to them: the root
 * says which they are. */
static enum fc_err start_head(struct work *work, const struct fc_replica_row *row)
{
    const struct fc_certificate *certificate = work->certificate;
    struct fc_head *head = &work->head;
    *head = (struct fc_head){.federation = work->replica->federation,
                             .certificate = work->certificate_hash,
                             .participant = work->author->participant,
                             .time_ms = work->author->now_ms};
    head->version = fc_version_make(certificate->incarnation, certificate->floor + 1);
    if (!row)
        return FC_OK;
    if (row->feed.damaged)
        return FC_E_CORRUPT;
    if (head->time_ms < row->feed.time_ms)
        head->time_ms = row->feed.time_ms;
    if (fc_version_incarnation(row->feed.version) > certificate->incarnation)
        return FC_E_STALE;
    if (fc_version_incarnation(row->feed.version) < certificate->incarnation)
        return FC_OK;
    if (fc_version_seq(row->feed.version) == FC_SEQ_MAX)
        return FC_E_BOUND;
    head->version = row->feed.version + 1;
    head->previous = row->feed.head_hash;
    return FC_OK;
}

/* -- signing ----------------------------------------------------------------------------------- */

static enum fc_err sign_head(struct work *work, struct fc_record *record)
{
    const struct fc_author *author = work->author;
    enum fc_err err = fc_head_body(&work->head, &work->body);
    if (err == FC_OK)
        err = author->sign(author->ctx, fc_buf_span(&work->body), fc_buf_span(&work->ops),
                           work->packed, work->packed_count, &work->record);
    if (err == FC_OK)
        err = fc_record_parse(fc_buf_span(&work->record), record);
    if (err != FC_OK)
        return err;
    if (record->type != FC_RECORD_HEAD || !fc_span_eq(record->body, fc_buf_span(&work->body)))
        return FC_E_FORMAT;
    return fc_record_signed_by(record, &work->certificate->feed_key) ? FC_OK : FC_E_SIGNATURE;
}

static enum fc_err author_marked(struct work *work, struct fc_change *change)
{
    struct fc_head *head = &work->head;
    struct fc_subtree root;
    struct fc_record record;
    struct fc_ops ops;
    const struct fc_feed *feed = &change->row->feed;
    enum fc_err err = fc_ops_init(&ops, fc_buf_span(&work->ops));
    if (err == FC_OK)
        err = fc_replica_row_start(work->replica, &head->participant, change->row);
    if (err == FC_OK)
        err = fc_change_apply(change, ops, &root);
    if (err != FC_OK)
        return err;
    if (feed->entries > work->certificate->quota_entries ||
        feed->bytes > work->certificate->quota_bytes)
        return FC_E_QUOTA;
    head->ops = fc_ops_hash(fc_buf_span(&work->ops));
    head->root = root.hash;
    head->entries = feed->entries;
    head->bytes = feed->bytes;
    err = sign_head(work, &record);
    if (err == FC_OK)
        err = fc_replica_hold(work->replica, change->row, &record, head, fc_buf_span(&work->ops),
                              work->author->now_ms);
    return err;
}

static enum fc_err publish(struct work *work)
{
    struct fc_replica *replica = work->replica;
    struct fc_replica_row row;
    struct fc_change change = {.replica = replica,
                               .row = &row,
                               .version = work->head.version,
                               .trusted = true,
                               .content_count = work->packed_count};
    enum fc_err err = fc_contents_sort(work->packed, work->packed_count, &change.contents);
    if (err != FC_OK)
        return err;
    fc_kv_undo_mark(replica->txn);
    err = author_marked(work, &change);
    if (err == FC_OK) {
        err = fc_kv_undo_release(replica->txn);
    } else {
        err = fc_replica_rollback(replica, err);
    }
    fc_change_finish(&change);
    return err;
}

enum fc_err fc_replica_author(struct fc_replica *replica, const struct fc_author *author,
                              fc_version *version)
{
    assert(replica->txn);
    struct work work = {.replica = replica, .author = author};
    struct fc_replica_row held;
    const struct fc_replica_row *row = NULL;
    struct fc_replica_state before = replica->state;
    enum fc_err err = fc_replica_row_get(replica, &author->participant, &held);
    if (err == FC_OK)
        row = &held;
    if (err == FC_OK || err == FC_E_MISSING)
        err = check_right(&work);
    if (err == FC_OK)
        err = start_head(&work, row);
    if (err == FC_OK)
        err = fc_contents_sort(author->contents, author->content_count, &work.given);
    if (err == FC_OK && author->op_count > 0) {
        work.packed = calloc(author->op_count, sizeof *work.packed);
        work.frame_ends = calloc(author->op_count, sizeof *work.frame_ends);
        err = work.packed && work.frame_ends ? FC_OK : FC_E_NOMEM;
    }
    if (err == FC_OK)
        err = choose_ops(&work, row);
    if (err == FC_OK)
        err = publish(&work);
    if (err == FC_OK)
        *version = work.head.version;
    else
        replica->state.index = before.index; /* but what was drawn is never drawn again */
    work_finish(&work);
    return err;
}
