#include <string.h>

#include "store/replica_priv.h"

static void hash_add(struct fc_hasher *hasher, const struct fc_feed *feed)
{
    struct fc_head_key key = fc_head_key(&feed->participant, feed->version);
    fc_hasher_add(hasher, fc_span(key.b, sizeof key.b));
    fc_hasher_add(hasher, fc_span(feed->head_hash.b, sizeof feed->head_hash.b));
}

/* A damaged feed's entries are not what its head says, so it is no part of the digest. */
static void count_in(struct fc_replica *replica, const struct fc_feed *feed)
{
    if (feed->damaged)
        return;
    fc_heads_add(&replica->heads, &feed->head_hash);
    replica->digest.feeds++;
    replica->digest.entries += feed->entries;
    replica->digest.bytes += feed->bytes;
}

static void count_out(struct fc_replica *replica, const struct fc_feed *feed)
{
    if (feed->damaged)
        return;
    fc_heads_take(&replica->heads, &feed->head_hash);
    replica->digest.feeds--;
    replica->digest.entries -= feed->entries;
    replica->digest.bytes -= feed->bytes;
}

static enum fc_err go_over_rows(struct fc_replica *replica, struct fc_txn *txn)
{
    struct fc_kv_cursor *cursor = NULL;
    struct fc_hasher hasher;
    struct fc_replica_row row;
    replica->heads = (struct fc_heads_sum){{0}};
    replica->digest = (struct fc_digest){0};
    fc_hasher_init(&hasher, "fedcat.digest.1");
    enum fc_err err = fc_kv_cursor_open(txn, FC_TABLE_FEED, &cursor);
    if (err != FC_OK)
        return err;
    while ((err = fc_replica_row_next(cursor, (struct fc_span){0}, &row)) == FC_OK) {
        count_in(replica, &row.feed);
        if (!row.feed.damaged)
            hash_add(&hasher, &row.feed);
    }
    fc_kv_cursor_close(cursor);
    replica->digest.hash = fc_hasher_end(&hasher);
    return err == FC_E_MISSING ? FC_OK : err;
}

static bool is_remembered(struct fc_replica *replica)
{
    return replica->heads_known && replica->shared &&
           fc_digest_memo_find(replica->shared->digests, &replica->heads, &replica->digest.hash);
}

static enum fc_err find_digest(struct fc_replica *replica)
{
    struct fc_replica_read read;
    if (is_remembered(replica))
        return FC_OK;
    replica->heads_known = false;
    enum fc_err err = fc_replica_read_begin(replica, &read);
    if (err != FC_OK)
        return err;
    err = go_over_rows(replica, read.txn);
    fc_replica_read_end(&read);
    replica->heads_known = err == FC_OK;
    if (err == FC_OK && replica->shared)
        fc_digest_memo_note(replica->shared->digests, &replica->heads, &replica->digest.hash);
    return err;
}

enum fc_err fc_replica_digest(struct fc_replica *replica, struct fc_digest *out)
{
    enum fc_err err = FC_OK;
    if (!replica->heads_known || !replica->digest_known) {
        err = find_digest(replica);
        replica->digest_known = err == FC_OK;
    }
    *out = replica->digest;
    return err;
}

enum fc_err fc_replica_digest_follow(struct fc_replica *replica, const struct fc_hash *participant,
                                     const struct fc_replica_row *row)
{
    struct fc_replica_row old;
    if (!replica->heads_known)
        return FC_OK;
    const struct fc_heads_sum before = replica->heads;
    enum fc_err err = fc_replica_row_get(replica, participant, &old);
    if (err == FC_OK)
        count_out(replica, &old.feed);
    else if (err != FC_E_MISSING)
        return err;
    if (row)
        count_in(replica, &row->feed);
    if (memcmp(&before, &replica->heads, sizeof before) != 0)
        replica->digest_known = false;
    return FC_OK;
}
