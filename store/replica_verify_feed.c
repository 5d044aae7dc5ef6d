#include "store/verify_priv.h"

#include <string.h>

/* One feed under examination; `row` becomes what its row should say. */
struct feed_check {
    struct fc_verify *verify;
    struct fc_replica_row row;
    const struct fc_hash *participant;
    bool tree_wrong;
};

/* -- entries ----------------------------------------------------------------------------------- */

static bool content_holds(struct feed_check *check, struct fc_span key,
                          const struct fc_entry *entry)
{
    struct fc_content content = {.key_hash = entry->key_hash, .compressed = true};
    struct fc_hash commitment;
    memcpy(content.salt, entry->salt, sizeof content.salt);
    return fc_kv_get(check->verify->txn, FC_TABLE_CONTENT, key, &content.bytes) == FC_OK &&
           fc_replica_content_commit(check->verify->replica, &content, entry->size, &commitment) ==
               FC_OK &&
           fc_hash_eq(&commitment, &entry->commitment);
}

static enum fc_err check_content(struct feed_check *check, struct fc_span key,
                                 const struct fc_entry *entry)
{
    struct fc_verify *verify = check->verify;
    struct fc_missing_key missing = fc_missing_key(check->row.feed.generation, &entry->key_hash);
    struct fc_span value;
    enum fc_err err = FC_OK;
    switch (entry->state) {
    case FC_CONTENT_PRESENT:
        if (content_holds(check, key, entry))
            return FC_OK;
        fc_verify_report(verify, "a content is damaged", check->participant, &entry->key_hash,
                         false);
        check->row.feed.missing += verify->repair ? 1 : 0;
        err = fc_verify_fix(verify, FC_FIX_DELETE, FC_TABLE_CONTENT, key);
        return err == FC_OK ? fc_verify_fix(verify, FC_FIX_LOSE, FC_TABLE_ENTRY, key) : err;
    case FC_CONTENT_MISSING:
        check->row.feed.missing++;
        err = fc_kv_get(verify->txn, FC_TABLE_LOCAL, fc_span(missing.b, sizeof missing.b), &value);
        if (err != FC_E_MISSING)
            return err;
        fc_verify_report(verify, "a missing content is not listed", check->participant,
                         &entry->key_hash, true);
        return fc_verify_fix(verify, FC_FIX_MISS, FC_TABLE_ENTRY, key);
    case FC_CONTENT_REFUSED:
        return FC_OK;
    }
    return FC_OK;
}

static enum fc_err check_version(struct feed_check *check, const struct fc_entry *entry)
{
    struct fc_version_key key =
        fc_version_key(check->row.feed.generation, entry->version, &entry->key_hash);
    struct fc_span key_span = fc_span(key.b, sizeof key.b), value;
    enum fc_err err = fc_kv_get(check->verify->txn, FC_TABLE_BYVER, key_span, &value);
    if (err != FC_E_MISSING)
        return err;
    fc_verify_report(check->verify, "an entry is not listed by its version", check->participant,
                     &entry->key_hash, true);
    return fc_verify_fix(check->verify, FC_FIX_PUT, FC_TABLE_BYVER, key_span);
}

static void step(struct fc_verify *verify)
{
    if (++verify->at.done % 256 == 0 && verify->progress)
        verify->progress(verify->ctx, &verify->at);
}

static enum fc_err check_entry(void *ctx, struct fc_span key, struct fc_span value)
{
    struct feed_check *check = ctx;
    struct fc_hash key_hash = {{0}}, actual;
    struct fc_entry entry;
    bool sound = key.len == sizeof(struct fc_entry_key);
    step(check->verify);
    if (sound) {
        memcpy(key_hash.b, key.data + 4, sizeof key_hash.b);
        sound = fc_entry_parse(&key_hash, value, &entry) == FC_OK;
    }
    if (sound) {
        actual = fc_key_hash(entry.key);
        sound = fc_hash_eq(&actual, &key_hash);
    }
    if (!sound) {
        fc_verify_report(check->verify, "an entry is damaged", check->participant, &key_hash,
                         false);
        check->tree_wrong = true;
        return fc_verify_fix(check->verify, FC_FIX_DELETE, FC_TABLE_ENTRY, key);
    }
    check->row.feed.entries++;
    check->row.feed.bytes += entry.size;
    enum fc_err err = check_content(check, key, &entry);
    return err == FC_OK ? check_version(check, &entry) : err;
}

/* -- what lies beside the entries -------------------------------------------------------------- */

/* True when there is a sound row for H(key). */
static bool entry_at(struct feed_check *check, const uint8_t *key_hash_bytes,
                     struct fc_entry *entry)
{
    struct fc_hash key_hash;
    memcpy(key_hash.b, key_hash_bytes, sizeof key_hash.b);
    struct fc_entry_key key = fc_entry_key(check->row.feed.generation, &key_hash);
    struct fc_span value;
    return fc_kv_get(check->verify->txn, FC_TABLE_ENTRY, fc_span(key.b, sizeof key.b), &value) ==
               FC_OK &&
           fc_entry_parse(&key_hash, value, entry) == FC_OK;
}

static enum fc_err stray(struct feed_check *check, const char *text, enum fc_table table,
                         struct fc_span key)
{
    fc_verify_report(check->verify, text, check->participant, NULL, true);
    return fc_verify_fix(check->verify, FC_FIX_DELETE, table, key);
}

static enum fc_err check_byver(void *ctx, struct fc_span key, struct fc_span value)
{
    struct feed_check *check = ctx;
    struct fc_entry entry;
    (void)value;
    if (key.len == sizeof(struct fc_version_key) && entry_at(check, key.data + 12, &entry) &&
        entry.version == fc_get_be64(key.data + 4))
        return FC_OK;
    return stray(check, "a version is listed for no entry", FC_TABLE_BYVER, key);
}

static enum fc_err check_stray_content(void *ctx, struct fc_span key, struct fc_span value)
{
    struct feed_check *check = ctx;
    struct fc_entry entry;
    (void)value;
    if (key.len == sizeof(struct fc_entry_key) && entry_at(check, key.data + 4, &entry) &&
        entry.state == FC_CONTENT_PRESENT)
        return FC_OK;
    return stray(check, "a content belongs to no entry", FC_TABLE_CONTENT, key);
}

static enum fc_err check_stray_missing(void *ctx, struct fc_span key, struct fc_span value)
{
    struct feed_check *check = ctx;
    struct fc_entry entry;
    if (key.len == sizeof(struct fc_missing_key) && value.len == 40 &&
        entry_at(check, key.data + 5, &entry) && entry.state == FC_CONTENT_MISSING)
        return FC_OK;
    return stray(check, "a missing content belongs to no entry", FC_TABLE_LOCAL, key);
}

static enum fc_err check_deleted(void *ctx, struct fc_span key, struct fc_span value)
{
    struct feed_check *check = ctx;
    (void)value;
    if (key.len != sizeof(struct fc_version_key))
        return stray(check, "a delete is damaged", FC_TABLE_DELETED, key);
    check->row.deletes++;
    return FC_OK;
}

static enum fc_err check_rows(struct feed_check *check)
{
    struct fc_verify *verify = check->verify;
    uint8_t prefix[5] = {'M'};
    fc_put_be32(prefix + 1, check->row.feed.generation);
    struct fc_span generation = fc_span(prefix + 1, 4);
    enum fc_err err = fc_verify_scan(verify, FC_TABLE_ENTRY, generation, check_entry, check);
    if (err == FC_OK)
        err = fc_verify_apply_fixes(verify, &check->row);
    if (err == FC_OK)
        err = fc_verify_scan(verify, FC_TABLE_BYVER, generation, check_byver, check);
    if (err == FC_OK)
        err = fc_verify_scan(verify, FC_TABLE_CONTENT, generation, check_stray_content, check);
    if (err == FC_OK)
        err = fc_verify_scan(verify, FC_TABLE_DELETED, generation, check_deleted, check);
    if (err == FC_OK)
        err = fc_verify_scan(verify, FC_TABLE_LOCAL, fc_span(prefix, sizeof prefix),
                             check_stray_missing, check);
    return err == FC_OK ? fc_verify_apply_fixes(verify, &check->row) : err;
}

/* -- the tree ---------------------------------------------------------------------------------- */

/* Every stored node must be what its children, and in the end the rows, say. */
static enum fc_err check_node(struct feed_check *check, const struct fc_prefix *prefix,
                              const struct fc_subtree *expected)
{
    struct fc_subtree self, children[16];
    bool inner;
    enum fc_err err = fc_tree_node(check->verify->txn, check->row.feed.generation, prefix, &self,
                                   &inner, children);
    if (err == FC_E_CORRUPT || (err == FC_OK && (!fc_hash_eq(&self.hash, &expected->hash) ||
                                                 self.count != expected->count ||
                                                 inner != (self.count > FC_BUCKET_MAX)))) {
        check->tree_wrong = true;
        return FC_OK;
    }
    for (unsigned i = 0; i < 16 && err == FC_OK && inner && !check->tree_wrong; i++) {
        struct fc_prefix child = fc_prefix_child(*prefix, i);
        if (children[i].count > 0)
            err = check_node(check, &child, &children[i]);
    }
    return err;
}

static enum fc_err check_tree(struct feed_check *check, struct fc_subtree *actual)
{
    struct fc_verify *verify = check->verify;
    uint32_t generation = check->row.feed.generation;
    const struct fc_prefix top = {0};
    bool rows_dropped = check->tree_wrong;
    enum fc_err err = fc_tree_compute(verify->txn, generation, actual);
    if (err == FC_E_CORRUPT) { /* of a row that was reported */
        *actual = (struct fc_subtree){0};
        return FC_OK;
    }
    if (err == FC_OK && !check->tree_wrong)
        err = check_node(check, &top, actual);
    if (err != FC_OK || !check->tree_wrong)
        return err;
    if (!rows_dropped)
        fc_verify_report(verify, "the state tree is damaged", check->participant, NULL, true);
    return verify->repair ? fc_tree_build(verify->txn, generation, actual) : FC_OK;
}

/* -- the feed ---------------------------------------------------------------------------------- */

static bool same_counts(const struct fc_replica_row *a, const struct fc_replica_row *b)
{
    return a->feed.entries == b->feed.entries && a->feed.bytes == b->feed.bytes &&
           a->feed.missing == b->feed.missing && a->deletes == b->deletes && a->heads == b->heads;
}

/* No other feed's, and one that was given out. */
static bool generation_sound(const struct fc_verify *verify, uint32_t generation)
{
    return fc_verify_generation_count(verify, generation) == 1 && generation > 0 &&
           (generation >= FC_GENERATION_NAMED || generation <= verify->replica->state.generation);
}

static enum fc_err check_generation(struct feed_check *check)
{
    struct fc_verify *verify = check->verify;
    uint32_t *generation = &check->row.feed.generation;
    if (generation_sound(verify, *generation))
        return FC_OK;
    fc_verify_report(verify, "the feed's generation is damaged", check->participant, NULL, false);
    if (!verify->repair)
        return FC_OK;
    fc_verify_generation_remove(verify, *generation);
    enum fc_err err = fc_replica_generation_new(verify->replica, check->participant, generation);
    if (err == FC_OK)
        err = fc_replica_generation_keep(verify->replica, *generation);
    return err == FC_OK ? fc_verify_generation_add(verify, *generation) : err;
}

static enum fc_err store_row(struct fc_verify *verify, const struct fc_replica_row *row)
{
    enum fc_err err = fc_replica_row_store(verify->replica, row);
    if (err == FC_OK && row->feed.damaged)
        err = fc_replica_arrival_drop(verify->replica, FC_RECORD_HEAD, &row->feed.participant);
    return err;
}

enum fc_err fc_verify_feed(struct fc_verify *verify, const struct fc_replica_row *row)
{
    struct feed_check check = {
        .verify = verify, .row = *row, .participant = &row->feed.participant};
    struct fc_feed *feed = &check.row.feed;
    uint64_t damages = verify->damages;
    struct fc_subtree root = {0};
    feed->entries = feed->bytes = feed->missing = 0;
    check.row.deletes = check.row.heads = 0;
    enum fc_err err = check_generation(&check);
    if (err == FC_OK)
        err = fc_verify_heads(verify, &check.row);
    if (err == FC_OK)
        err = check_rows(&check);
    if (err == FC_OK)
        err = check_tree(&check, &root);
    if (err != FC_OK)
        return err;
    bool root_wrong = feed->version == 0 || !fc_hash_eq(&root.hash, &feed->root);
    if (root_wrong && !row->feed.damaged)
        fc_verify_report(verify, "the entries are not those its head was signed over",
                         check.participant, NULL, false);
    if (!same_counts(&check.row, row) && verify->damages == damages)
        fc_verify_report(verify, "the feed's counts are wrong", check.participant, NULL, true);
    if (verify->damages == damages || !verify->repair)
        return FC_OK;
    feed->damaged = root_wrong;
    return store_row(verify, &check.row);
}
