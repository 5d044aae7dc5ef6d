#include "store/replica_priv.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static int compare_contents(const void *a, const void *b)
{
    const struct fc_content *const *left = a, *const *right = b;
    return fc_hash_cmp(&(*left)->key_hash, &(*right)->key_hash);
}

enum fc_err fc_contents_sort(const struct fc_content *contents, uint32_t count,
                             const struct fc_content ***sorted)
{
    *sorted = NULL;
    if (count == 0)
        return FC_OK;
    *sorted = malloc(count * sizeof **sorted);
    if (!*sorted)
        return FC_E_NOMEM;
    for (uint32_t i = 0; i < count; i++)
        (*sorted)[i] = &contents[i];
    qsort(*sorted, count, sizeof **sorted, compare_contents);
    return FC_OK;
}

const struct fc_content *fc_contents_find(const struct fc_content *const *sorted, uint32_t count,
                                          const struct fc_hash *key_hash)
{
    struct fc_content key = {.key_hash = *key_hash};
    const struct fc_content *wanted = &key;
    if (count == 0)
        return NULL;
    const struct fc_content *const *found =
        bsearch(&wanted, sorted, count, sizeof *sorted, compare_contents);
    return found ? *found : NULL;
}

/* -- operations -------------------------------------------------------------------------------- */

/* What a put leaves of its content: given here, kept from before, withheld, or still to come. */
static enum fc_err settle_content(struct fc_change *change, const struct fc_entry *old,
                                  const struct fc_content *content, struct fc_entry *entry,
                                  struct fc_span *frame)
{
    struct fc_replica *replica = change->replica;
    bool withheld;
    enum fc_err err = fc_replica_withheld(replica, replica->txn, &change->row->feed.participant,
                                          &entry->key_hash, &entry->commitment, &withheld);
    *frame = (struct fc_span){0};
    entry->state = withheld ? FC_CONTENT_REFUSED : FC_CONTENT_MISSING;
    if (err != FC_OK || withheld)
        return err;
    if (old && old->state == FC_CONTENT_PRESENT && old->size == entry->size &&
        fc_hash_eq(&old->commitment, &entry->commitment)) {
        entry->state = FC_CONTENT_PRESENT;
        memcpy(entry->salt, old->salt, sizeof entry->salt);
        return FC_OK;
    }
    if (!content)
        return FC_OK;
    if (change->trusted) { /* packed and committed to a moment ago */
        *frame = content->bytes;
    } else {
        err = fc_replica_content_check(replica, content, entry->size, &entry->commitment, frame);
        if (err == FC_E_SIGNATURE) {
            change->bad++;
            return FC_OK;
        }
    }
    entry->state = FC_CONTENT_PRESENT;
    memcpy(entry->salt, content->salt, sizeof entry->salt);
    return err;
}

static enum fc_err apply_put(struct fc_change *change, const struct fc_op *op,
                             const struct fc_entry *old)
{
    struct fc_entry entry = {.key_hash = op->key_hash,
                             .version = change->version,
                             .status = op->status,
                             .commitment = op->commitment,
                             .media_type = op->media_type,
                             .size = op->size,
                             .key = op->key};
    struct fc_span frame;
    const struct fc_content *content =
        fc_contents_find(change->contents, change->content_count, &op->key_hash);
    change->used += content ? 1 : 0;
    enum fc_err err = settle_content(change, old, content, &entry, &frame);
    if (err != FC_OK)
        return err;
    return fc_replica_entry_put(change->replica, change->row, &entry, frame, false);
}

static enum fc_err apply_op(struct fc_change *change, const struct fc_op *op)
{
    struct fc_replica *replica = change->replica;
    struct fc_entry old;
    fc_buf_clear(&change->hold);
    enum fc_err err = fc_replica_entry_get(replica->txn, change->row->feed.generation,
                                           &op->key_hash, &change->hold, &old);
    if (err != FC_OK && err != FC_E_MISSING)
        return err;
    bool held = err == FC_OK;
    if (!held && op->kind != FC_OP_PUT)
        return FC_E_FORMAT;
    switch (op->kind) {
    case FC_OP_PUT:
        return apply_put(change, op, held ? &old : NULL);
    case FC_OP_STATUS:
        old.version = change->version;
        old.status = op->status;
        return fc_replica_entry_put(replica, change->row, &old, (struct fc_span){0}, false);
    case FC_OP_DELETE:
        return fc_replica_entry_delete(replica, change->row, &op->key_hash, change->version);
    }
    return FC_E_FORMAT;
}

enum fc_err fc_change_apply(struct fc_change *change, struct fc_ops ops, struct fc_subtree *root)
{
    struct fc_op op;
    enum fc_err err = FC_OK;
    struct fc_hash *keys = malloc((ops.count + 1) * sizeof *keys);
    if (!keys)
        return FC_E_NOMEM;
    size_t count = 0;
    while (err == FC_OK && fc_ops_next(&ops, &op)) {
        keys[count++] = op.key_hash;
        err = apply_op(change, &op);
    }
    if (err == FC_OK)
        err = fc_replica_deletes_trim(change->replica, change->row);
    if (err == FC_OK)
        err = fc_tree_update(change->replica->txn, change->row->feed.generation, keys, count, root);
    free(keys);
    change->bad += change->content_count - change->used;
    return err;
}

void fc_change_finish(struct fc_change *change)
{
    fc_buf_finish(&change->hold);
    free(change->contents);
}

/* A feed that is not held yet starts with a generation of its own. */
enum fc_err fc_replica_row_start(struct fc_replica *replica, const struct fc_hash *participant,
                                 struct fc_replica_row *row)
{
    enum fc_err err = fc_replica_row_get(replica, participant, row);
    if (err != FC_E_MISSING)
        return err;
    *row = (struct fc_replica_row){.feed.participant = *participant};
    err = fc_replica_generation_new(replica, participant, &row->feed.generation);
    return err == FC_OK ? fc_replica_generation_keep(replica, row->feed.generation) : err;
}

/* -- deltas of others -------------------------------------------------------------------------- */

static enum fc_err check_quota(const struct fc_replica *replica, const struct fc_delta *delta)
{
    const struct fc_held *held = fc_ledger_find(replica->ledger, &delta->head.certificate);
    if (!held || held->record.type != FC_RECORD_CERTIFICATE)
        return FC_E_UNKNOWN;
    return delta->list.count > held->certificate.quota_ops ? FC_E_QUOTA : FC_OK;
}

static enum fc_err apply_marked(struct fc_change *change, const struct fc_delta *delta,
                                uint64_t now_ms)
{
    struct fc_replica *replica = change->replica;
    const struct fc_head *head = &delta->head;
    struct fc_subtree root;
    enum fc_err err = fc_replica_row_start(replica, &head->participant, change->row);
    if (err == FC_OK)
        err = fc_change_apply(change, delta->list, &root);
    if (err != FC_OK)
        return err;
    const struct fc_feed *feed = &change->row->feed;
    if (!fc_hash_eq(&root.hash, &head->root) || feed->entries != head->entries ||
        feed->bytes != head->bytes)
        return FC_E_ROOT;
    return fc_replica_hold(replica, change->row, &delta->record, head, delta->ops, now_ms);
}

static enum fc_err apply(struct fc_replica *replica, const struct fc_delta *delta,
                         const struct fc_content *contents, uint32_t count, uint64_t now_ms,
                         uint32_t *bad)
{
    struct fc_replica_row row;
    struct fc_change change = {
        .replica = replica, .row = &row, .version = delta->head.version, .content_count = count};
    struct fc_replica_state before = replica->state;
    enum fc_err err = check_quota(replica, delta);
    if (err == FC_OK)
        err = fc_contents_sort(contents, count, &change.contents);
    if (err != FC_OK)
        return err;
    fc_kv_undo_mark(replica->txn);
    err = apply_marked(&change, delta, now_ms);
    if (err == FC_OK) {
        err = fc_kv_undo_release(replica->txn);
    } else {
        err = fc_replica_rollback(replica, err);
        replica->state = before;
    }
    *bad = change.bad;
    fc_change_finish(&change);
    return err;
}

enum fc_err fc_replica_apply(struct fc_replica *replica, const struct fc_delta *delta,
                             const struct fc_content *contents, uint32_t count, uint64_t now_ms,
                             uint32_t *bad)
{
    assert(replica->txn);
    *bad = 0;
    enum fc_err err = fc_replica_relate(replica, &delta->record, &delta->head);
    return err == FC_OK ? apply(replica, delta, contents, count, now_ms, bad) : err;
}

/* FC_E_GAP when it does not. */
static enum fc_err opens_incarnation(struct fc_replica *replica, const struct fc_head *head)
{
    struct fc_replica_row row;
    const struct fc_held *named = fc_ledger_find(replica->ledger, &head->certificate);
    if (!named || named->record.type != FC_RECORD_CERTIFICATE ||
        fc_version_seq(head->version) != named->certificate.floor + 1 ||
        !fc_hash_is_zero(&head->previous))
        return FC_E_GAP;
    enum fc_err err = fc_replica_row_get(replica, &head->participant, &row);
    if (err != FC_OK)
        return err == FC_E_MISSING ? FC_OK : err;
    bool opens = !row.feed.damaged && head->time_ms >= row.feed.time_ms &&
                 fc_version_incarnation(head->version) > fc_version_incarnation(row.feed.version);
    return opens ? FC_OK : FC_E_GAP;
}

enum fc_err fc_replica_apply_opening(struct fc_replica *replica, const struct fc_delta *delta,
                                     const struct fc_content *contents, uint32_t count,
                                     uint64_t now_ms, uint32_t *bad)
{
    assert(replica->txn);
    struct fc_key key;
    *bad = 0;
    enum fc_err err = opens_incarnation(replica, &delta->head);
    if (err == FC_OK)
        err = fc_ledger_judge(replica->ledger, &delta->head, &key);
    return err == FC_OK ? apply(replica, delta, contents, count, now_ms, bad) : err;
}
