#include "store/load_priv.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* -- loads of a replica ------------------------------------------------------------------------ */

void fc_load_transaction_ended(struct fc_replica *replica, bool committed)
{
    for (struct fc_load *load = replica->loads; load; load = load->next) {
        load->lost = load->lost || (load->touched && !committed);
        load->touched = false;
    }
}

bool fc_load_uses_generation(const struct fc_replica *replica, uint32_t generation)
{
    for (const struct fc_load *load = replica->loads; load; load = load->next)
        if (load->staged && !load->lost && load->row.feed.generation == generation)
            return true;
    return false;
}

void fc_load_forget_all(struct fc_replica *replica)
{
    while (replica->loads)
        fc_load_abort(replica->loads);
}

void fc_load_abort(struct fc_load *load)
{
    if (!load)
        return;
    struct fc_load **link = &load->replica->loads;
    while (*link != load)
        link = &(*link)->next;
    *link = load->next;
    free(load->items);
    fc_buf_finish(&load->bytes);
    fc_buf_finish(&load->queue);
    free(load);
}

enum fc_err fc_load_settle_takedown(struct fc_replica *replica, const struct fc_hash *participant,
                                    const struct fc_hash *key_hash)
{
    enum fc_err err = FC_OK;
    for (struct fc_load *load = replica->loads; load && err == FC_OK; load = load->next) {
        if (!load->staged || load->lost || !fc_hash_eq(&load->row.feed.participant, participant))
            continue;
        load->touched = true;
        err = fc_replica_content_settle(replica, &load->row, key_hash);
    }
    return err;
}

static void raise_bounds(struct fc_load *load, uint64_t entries, uint64_t bytes)
{
    load->entries_max = entries > load->entries_max ? entries : load->entries_max;
    load->bytes_max = bytes > load->bytes_max ? bytes : load->bytes_max;
}

/* A peer can make a load no larger than what the participant was admitted for, or has here. */
static enum fc_err read_bounds(struct fc_load *load, const struct fc_replica_row *held)
{
    struct fc_participant who;
    const struct fc_hash *participant = &load->row.feed.participant;
    if (fc_ledger_participant(load->replica->ledger, participant, &who) != FC_OK)
        return FC_E_UNKNOWN;
    raise_bounds(load, who.certificate->certificate.quota_entries,
                 who.certificate->certificate.quota_bytes);
    if (held)
        raise_bounds(load, held->feed.entries, held->feed.bytes);
    return FC_OK;
}

/* The head may stand under a certificate that was superseded by one with less. */
static void read_older_bounds(struct fc_load *load)
{
    const struct fc_ledger *ledger = load->replica->ledger;
    for (size_t i = fc_ledger_record_count(ledger); i-- > 0;) {
        const struct fc_held *held = fc_ledger_record_at(ledger, i);
        if (held->record.type == FC_RECORD_CERTIFICATE &&
            fc_hash_eq(&held->certificate.participant, &load->row.feed.participant))
            raise_bounds(load, held->certificate.quota_entries, held->certificate.quota_bytes);
    }
    load->older_bounds = true;
}

static bool within_bounds(struct fc_load *load, uint64_t size)
{
    const struct fc_feed *feed = &load->row.feed;
    for (;;) {
        if (feed->entries < load->entries_max && size <= load->bytes_max - feed->bytes)
            return true;
        if (load->older_bounds)
            return false;
        read_older_bounds(load);
    }
}

enum fc_err fc_load_begin(struct fc_replica *replica, const struct fc_hash *participant,
                          enum fc_load_mode mode, struct fc_load **out)
{
    assert(replica->txn);
    for (const struct fc_load *load = replica->loads; load; load = load->next)
        if (!load->lost && fc_hash_eq(&load->row.feed.participant, participant))
            return FC_E_AGAIN;
    struct fc_replica_row row;
    enum fc_err err = fc_replica_row_get(replica, participant, &row);
    if (err != FC_OK && err != FC_E_MISSING)
        return err;
    const struct fc_replica_row *held = err == FC_OK ? &row : NULL;
    struct fc_load *load = calloc(1, sizeof *load);
    if (!load)
        return FC_E_NOMEM;
    load->replica = replica;
    load->mode = mode;
    load->staged = mode == FC_LOAD_WHOLE || !held;
    load->row.feed.participant = *participant;
    err = read_bounds(load, held);
    if (err == FC_OK && load->staged) {
        load->touched = true;
        err = fc_replica_generation_new(replica, participant, &load->row.feed.generation);
    }
    if (err != FC_OK) {
        free(load);
        return err;
    }
    load->next = replica->loads;
    replica->loads = load;
    *out = load;
    return FC_OK;
}

struct fc_resume fc_load_at(const struct fc_load *load)
{
    return load->at;
}

uint32_t fc_load_generation(const struct fc_load *load)
{
    if (load->staged)
        return load->row.feed.generation;
    struct fc_replica_row held;
    enum fc_err err = fc_replica_row_get(load->replica, &load->row.feed.participant, &held);
    return err == FC_OK ? held.feed.generation : 0;
}

enum fc_err fc_load_follow(struct fc_load *load)
{
    if (load->mode != FC_LOAD_WHOLE)
        return FC_E_ARG;
    load->mode = FC_LOAD_CHANGES;
    load->at = (struct fc_resume){0};
    return FC_OK;
}

/* -- gathering --------------------------------------------------------------------------------- */

void fc_load_forget_gathered(struct fc_load *load)
{
    load->item_count = 0;
    load->at = (struct fc_resume){0};
    fc_buf_clear(&load->bytes);
    fc_buf_clear(&load->queue);
}

static enum fc_err gather_room(struct fc_load *load, size_t bytes)
{
    size_t held = load->bytes.len + (load->item_count + 1) * sizeof load->items[0];
    if (held + bytes > FC_LOAD_GATHER_BYTES_MAX)
        return FC_E_BOUND;
    if (load->item_count < load->item_cap)
        return FC_OK;
    size_t cap = load->item_cap ? load->item_cap * 2 : 64;
    struct fc_load_item *items = realloc(load->items, cap * sizeof *items);
    if (!items)
        return FC_E_NOMEM;
    load->items = items;
    load->item_cap = cap;
    return FC_OK;
}

enum fc_err fc_load_gather(struct fc_load *load, const struct fc_item *item, struct fc_span frame)
{
    enum fc_err err = gather_room(load, item->key.len + item->media_type.len + frame.len);
    if (err != FC_OK)
        return err;
    struct fc_load_item *kept = &load->items[load->item_count];
    *kept = (struct fc_load_item){.key_hash = item->key_hash,
                                  .version = item->version,
                                  .size = item->size,
                                  .commitment = item->commitment,
                                  .offset = load->bytes.len,
                                  .frame_len = (uint32_t)frame.len,
                                  .key_len = (uint16_t)item->key.len,
                                  .media_type_len = (uint16_t)item->media_type.len,
                                  .status = (uint8_t)item->status,
                                  .deleted = item->deleted};
    memcpy(kept->salt, item->salt, sizeof kept->salt);
    fc_buf_append(&load->bytes, item->key.data, item->key.len);
    fc_buf_append(&load->bytes, item->media_type.data, item->media_type.len);
    fc_buf_append(&load->bytes, frame.data, frame.len);
    if (load->bytes.failed)
        return FC_E_NOMEM;
    load->item_count++;
    return FC_OK;
}

/* -- blocks ------------------------------------------------------------------------------------ */

enum fc_err fc_load_frame(const struct fc_item *item, struct fc_span *frames, struct fc_span *frame)
{
    if (item->frame_len > frames->len)
        return FC_E_FORMAT;
    *frame = fc_span(frames->data, item->frame_len);
    if (item->frame_len > 0)
        *frames = fc_span(frames->data + item->frame_len, frames->len - item->frame_len);
    return FC_OK;
}

enum fc_err fc_load_commit(struct fc_replica *replica, struct fc_item *item, struct fc_span frame)
{
    struct fc_content content = {.key_hash = item->key_hash, .compressed = true, .bytes = frame};
    memcpy(content.salt, item->salt, sizeof content.salt);
    return fc_replica_content_commit(replica, &content, item->size, &item->commitment);
}

/* Contents come open, in blocks that are compressed as a whole, and are packed to be kept. */
static enum fc_err pack_frame(struct fc_replica *replica, struct fc_span *frame)
{
    struct fc_codec *codec;
    struct fc_span plain;
    if (!fc_content_is_raw(*frame, &plain))
        return FC_OK;
    fc_buf_clear(&replica->frame);
    enum fc_err err = fc_replica_codec(replica, &codec);
    if (err == FC_OK)
        err = fc_content_pack(codec, plain, &replica->frame);
    *frame = fc_buf_span(&replica->frame);
    return err;
}

/* An entry that came without its content keeps the one held here, if that is it. */
static enum fc_err keep_content(struct fc_load *load, const struct fc_replica_row *row,
                                struct fc_entry *entry)
{
    struct fc_buf hold = {0};
    struct fc_entry old;
    enum fc_err err = fc_replica_entry_get(load->replica->txn, row->feed.generation,
                                           &entry->key_hash, &hold, &old);
    if (err == FC_OK && old.state == FC_CONTENT_PRESENT && old.size == entry->size &&
        fc_hash_eq(&old.commitment, &entry->commitment)) {
        entry->state = FC_CONTENT_PRESENT;
        memcpy(entry->salt, old.salt, sizeof entry->salt);
    }
    fc_buf_finish(&hold);
    return err == FC_E_MISSING ? FC_OK : err;
}

static enum fc_err put_item(struct fc_load *load, struct fc_replica_row *row,
                            const struct fc_item *item, struct fc_span frame, bool fresh)
{
    struct fc_entry entry = {.key_hash = item->key_hash,
                             .version = item->version,
                             .status = item->status,
                             .commitment = item->commitment,
                             .media_type = item->media_type,
                             .size = item->size,
                             .key = item->key,
                             .state = FC_CONTENT_MISSING};
    bool withheld;
    enum fc_err err = fc_replica_withheld(load->replica, load->replica->txn, &row->feed.participant,
                                          &item->key_hash, &item->commitment, &withheld);
    if (err != FC_OK)
        return err;
    if (withheld)
        entry.state = FC_CONTENT_REFUSED;
    if (withheld || frame.len == 0)
        frame = (struct fc_span){0};
    if (frame.len > 0) {
        entry.state = FC_CONTENT_PRESENT;
        memcpy(entry.salt, item->salt, sizeof entry.salt);
    } else if (!withheld && !fresh) {
        err = keep_content(load, row, &entry);
    }
    if (err != FC_OK)
        return err;
    err = fc_replica_entry_put(load->replica, row, &entry, frame, fresh);
    return err == FC_E_ARG ? FC_E_FORMAT : err;
}

static enum fc_err stage_item(struct fc_load *load, const struct fc_item *item,
                              struct fc_span frame)
{
    if (item->deleted || fc_hash_cmp(&item->key_hash, &load->at.key_hash) <= 0)
        return FC_E_FORMAT;
    if (!within_bounds(load, item->size))
        return FC_E_BOUND;
    load->touched = true;
    load->at.key_hash = item->key_hash;
    return put_item(load, &load->row, item, frame, true);
}

static enum fc_err gather_item(struct fc_load *load, const struct fc_item *item,
                               struct fc_span frame)
{
    load->at = (struct fc_resume){
        .version = item->version, .key_hash = item->key_hash, .deletes = item->deleted};
    return fc_load_gather(load, item, frame);
}

enum fc_err fc_load_add(struct fc_load *load, struct fc_span items, struct fc_span frames)
{
    assert(load->replica->txn);
    if (load->lost)
        return FC_E_CLOSED;
    if (load->mode == FC_LOAD_WALK)
        return FC_E_ARG;
    struct fc_unpack in;
    struct fc_item item;
    struct fc_span frame;
    enum fc_err err = FC_OK;
    fc_unpack_init(&in, items);
    while (err == FC_OK && in.pos < in.len) {
        err = fc_item_read(&in, &item);
        if (err == FC_OK)
            err = fc_load_frame(&item, &frames, &frame);
        if (err == FC_OK && item.has_content)
            err = fc_load_commit(load->replica, &item, frame);
        if (err == FC_OK)
            err = pack_frame(load->replica, &frame);
        if (err == FC_OK)
            err = load->mode == FC_LOAD_WHOLE ? stage_item(load, &item, frame)
                                              : gather_item(load, &item, frame);
    }
    return err == FC_OK && frames.len > 0 ? FC_E_FORMAT : err;
}

/* -- finishing --------------------------------------------------------------------------------- */

static int compare_items(const void *a, const void *b)
{
    const struct fc_load_item *left = a, *right = b;
    int order = fc_hash_cmp(&left->key_hash, &right->key_hash);
    if (order != 0)
        return order;
    if (left->version != right->version)
        return left->version < right->version ? -1 : 1;
    return (left->offset > right->offset) - (left->offset < right->offset);
}

static enum fc_err apply_item(struct fc_load *load, struct fc_replica_row *row,
                              const struct fc_load_item *kept, fc_version deletes_as)
{
    if (kept->deleted) {
        enum fc_err err = fc_replica_entry_delete(load->replica, row, &kept->key_hash, deletes_as);
        return err == FC_E_MISSING ? FC_OK : err;
    }
    const uint8_t *text = load->bytes.data + kept->offset;
    struct fc_item item = {
        .key_hash = kept->key_hash,
        .key = fc_span(text, kept->key_len),
        .version = kept->version,
        .status = (enum fc_status)kept->status,
        .media_type = fc_span(text + kept->key_len, kept->media_type_len),
        .size = kept->size,
        .commitment = kept->commitment,
    };
    memcpy(item.salt, kept->salt, sizeof item.salt);
    struct fc_span frame = fc_span(text + kept->key_len + kept->media_type_len, kept->frame_len);
    return put_item(load, row, &item, frame, false);
}

/* Of several items with one key the last version stands. Deletes are kept under the head's version,
 * the latest they can be of: no root covers what the peer said, and a false version would keep them
 * from whoever asks here next. */
static enum fc_err apply_gathered(struct fc_load *load, struct fc_replica_row *row,
                                  fc_version deletes_as, struct fc_subtree *root)
{
    struct fc_txn *txn = load->replica->txn;
    uint32_t generation = row->feed.generation;
    if (load->item_count == 0)
        return fc_tree_root(txn, generation, root);
    struct fc_hash *keys = malloc(load->item_count * sizeof *keys);
    if (!keys)
        return FC_E_NOMEM;
    qsort(load->items, load->item_count, sizeof load->items[0], compare_items);
    size_t count = 0;
    enum fc_err err = FC_OK;
    for (size_t i = 0; i < load->item_count && err == FC_OK; i++) {
        const struct fc_load_item *item = &load->items[i];
        if (i + 1 < load->item_count && fc_hash_eq(&item->key_hash, &item[1].key_hash))
            continue;
        keys[count++] = item->key_hash;
        err = apply_item(load, row, item, deletes_as);
    }
    if (err == FC_OK)
        err = fc_tree_update(txn, generation, keys, count, root);
    free(keys);
    return err;
}

/* A staged generation takes the held one's place. */
static enum fc_err flip(struct fc_load *load, struct fc_replica_row *row)
{
    struct fc_replica_row held;
    enum fc_err err = fc_replica_row_get(load->replica, &row->feed.participant, &held);
    if (err == FC_OK) {
        row->heads = held.heads;
        err = fc_replica_generation_drop(load->replica, held.feed.generation);
    } else if (err == FC_E_MISSING) {
        err = FC_OK;
    }
    return err == FC_OK ? fc_replica_generation_keep(load->replica, row->feed.generation) : err;
}

static enum fc_err settle_deletes(struct fc_load *load, struct fc_replica_row *row,
                                  bool keep_deletes, fc_version version)
{
    return keep_deletes ? fc_replica_deletes_trim(load->replica, row)
                        : fc_replica_deletes_reset(load->replica, row, version);
}

static enum fc_err finish_marked(struct fc_load *load, struct fc_replica_row *row,
                                 const struct fc_record *record, const struct fc_head *head,
                                 uint64_t now_ms)
{
    struct fc_subtree root;
    bool keep_deletes =
        !load->staged && load->mode == FC_LOAD_CHANGES &&
        fc_version_incarnation(row->feed.version) == fc_version_incarnation(head->version);
    enum fc_err err = apply_gathered(load, row, keep_deletes ? head->version : 0, &root);
    if (err == FC_OK && (!fc_hash_eq(&root.hash, &head->root) ||
                         row->feed.entries != head->entries || row->feed.bytes != head->bytes))
        err = FC_E_ROOT;
    if (err == FC_OK)
        err = settle_deletes(load, row, keep_deletes, head->version);
    if (err == FC_OK && load->staged)
        err = flip(load, row);
    if (err == FC_OK)
        err = fc_replica_hold(load->replica, row, record, head, (struct fc_span){0}, now_ms);
    return err;
}

static enum fc_err prepare(struct fc_load *load, struct fc_replica_row *row)
{
    if (!load->staged)
        return fc_replica_row_get(load->replica, &load->row.feed.participant, row);
    *row = load->row;
    if (load->built)
        return FC_OK;
    struct fc_subtree root;
    load->touched = load->built = true;
    enum fc_err err = fc_tree_build(load->replica->txn, row->feed.generation, &root);
    return err == FC_OK ? fc_index_generation_through(load->replica, row->feed.generation) : err;
}

enum fc_err fc_load_finish(struct fc_load *load, const struct fc_record *record, uint64_t now_ms)
{
    struct fc_replica *replica = load->replica;
    struct fc_replica_state before = replica->state;
    struct fc_replica_row row;
    struct fc_head head;
    struct fc_key key;
    assert(replica->txn);
    if (load->lost)
        return FC_E_CLOSED;
    enum fc_err err = record->type == FC_RECORD_HEAD ? fc_head_parse(record, &head) : FC_E_ARG;
    if (err == FC_OK && !fc_hash_eq(&head.participant, &load->row.feed.participant))
        err = FC_E_ARG;
    if (err == FC_OK)
        err = fc_replica_judge(replica, record, &head, now_ms, &key);
    if (err == FC_OK || err == FC_E_GAP)
        err = prepare(load, &row);
    if (err != FC_OK)
        return err;
    fc_kv_undo_mark(replica->txn);
    err = finish_marked(load, &row, record, &head, now_ms);
    if (err == FC_OK) {
        err = fc_kv_undo_release(replica->txn);
        if (err == FC_OK)
            fc_load_abort(load);
        return err;
    }
    err = fc_replica_rollback(replica, err);
    replica->state = before;
    fc_load_forget_gathered(load);
    return err;
}
