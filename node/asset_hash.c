#include "node/asset_hash.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "node/clock.h"
#include "store/news.h"

/* A feed and how far it has been read. */
struct progress {
    struct fc_hash participant;
    fc_version version; /* after this entry */
    struct fc_hash key_hash;
    fc_version through; /* up to this version of the feed */
    uint64_t missing;   /* contents that had not come yet then */
};
/* What is found must be looked at: it is the beginning of a hash of what was once. */
struct row {
    uint64_t sha;
    uint64_t key;
    uint32_t feed; /* + 1; 0: free */
};
enum { ROWS_FIRST = 1024, FEEDS_MAX = 1 << 20 };

struct fc_asset_hashes {
    pthread_mutex_t mutex;
    struct row *rows; /* open addressing, at most half full */
    size_t cap, used;
    struct progress *feeds;
    size_t feed_count, feed_cap;

    /* while it is brought up to date */
    struct fc_replica *replica;
    struct fc_buf content;
    uint64_t until_us;
    size_t feed;
};

enum fc_err fc_asset_hashes_create(struct fc_asset_hashes **out)
{
    struct fc_asset_hashes *hashes = calloc(1, sizeof *hashes);
    *out = NULL;
    if (!hashes || pthread_mutex_init(&hashes->mutex, NULL) != 0) {
        free(hashes);
        return FC_E_NOMEM;
    }
    *out = hashes;
    return FC_OK;
}

void fc_asset_hashes_destroy(struct fc_asset_hashes *hashes)
{
    if (hashes) {
        pthread_mutex_destroy(&hashes->mutex);
        fc_buf_finish(&hashes->content);
        free(hashes->rows);
        free(hashes->feeds);
        free(hashes);
    }
}

/* -- rows -------------------------------------------------------------------------------------- */

static void place(struct row *rows, size_t cap, const struct row *row, size_t *used)
{
    size_t at = (size_t)row->sha & (cap - 1);
    while (rows[at].feed != 0) {
        if (memcmp(&rows[at], row, sizeof *row) == 0) {
            return;
        }
        at = (at + 1) & (cap - 1);
    }
    rows[at] = *row;
    (*used)++;
}

static enum fc_err grow(struct fc_asset_hashes *hashes)
{
    size_t cap = hashes->cap ? 2 * hashes->cap : ROWS_FIRST, used = 0;
    struct row *rows = calloc(cap, sizeof *rows);
    if (!rows) {
        return FC_E_NOMEM;
    }
    for (size_t i = 0; i < hashes->cap; i++) {
        if (hashes->rows[i].feed != 0) {
            place(rows, cap, &hashes->rows[i], &used);
        }
    }
    free(hashes->rows);
    hashes->rows = rows;
    hashes->cap = cap;
    hashes->used = used;
    return FC_OK;
}

static enum fc_err add(struct fc_asset_hashes *hashes, const struct fc_hash *sha,
                       const struct fc_hash *key_hash)
{
    struct row row;
    memset(&row, 0, sizeof row); /* its padding is compared too */
    row.sha = fc_get_be64(sha->b);
    row.key = fc_get_be64(key_hash->b);
    row.feed = (uint32_t)hashes->feed + 1;
    if (hashes->used >= FC_ASSET_HASHES_MAX) {
        return FC_OK;
    }
    enum fc_err err = 2 * (hashes->used + 1) > hashes->cap ? grow(hashes) : FC_OK;
    if (err == FC_OK) {
        place(hashes->rows, hashes->cap, &row, &hashes->used);
    }
    return err;
}

/* -- keeping up -------------------------------------------------------------------------------- */

static enum fc_err hash_entry(void *ctx, const struct fc_entry *entry)
{
    struct fc_asset_hashes *hashes = ctx;
    struct progress *progress = &hashes->feeds[hashes->feed];
    enum fc_err err = FC_OK;
    if (entry->state == FC_CONTENT_PRESENT) {
        fc_buf_clear(&hashes->content);
        err = fc_replica_content(hashes->replica, &progress->participant, &entry->key_hash,
                                 &hashes->content);
        if (err == FC_OK) {
            struct fc_hash sha = fc_sha256(fc_buf_span(&hashes->content));
            err = add(hashes, &sha, &entry->key_hash);
        } else if (err == FC_E_MISSING || err == FC_E_WITHHELD || err == FC_E_CORRUPT) {
            err = FC_OK;
        }
    }
    if (err == FC_OK) {
        progress->version = entry->version;
        progress->key_hash = entry->key_hash;
        err = fc_clock_mono_us() >= hashes->until_us ? FC_E_AGAIN : FC_OK;
    }
    return err;
}

/* Where a feed stands in the list; they are few, and come in order. */
static enum fc_err find_feed(struct fc_asset_hashes *hashes, const struct fc_hash *participant,
                             size_t *at)
{
    size_t low = 0;
    for (; low < hashes->feed_count; low++) {
        if (fc_hash_eq(&hashes->feeds[low].participant, participant)) {
            *at = low;
            return FC_OK;
        }
    }
    if (hashes->feed_count == FEEDS_MAX) {
        return FC_E_BOUND;
    }
    if (hashes->feed_count == hashes->feed_cap) {
        size_t cap = hashes->feed_cap ? 2 * hashes->feed_cap : 16;
        struct progress *feeds = realloc(hashes->feeds, cap * sizeof *feeds);
        if (!feeds) {
            return FC_E_NOMEM;
        }
        hashes->feeds = feeds;
        hashes->feed_cap = cap;
    }
    *at = hashes->feed_count++;
    hashes->feeds[*at] = (struct progress){.participant = *participant};
    return FC_OK;
}

static enum fc_err update_feed(void *ctx, const struct fc_feed *feed)
{
    struct fc_asset_hashes *hashes = ctx;
    enum fc_err err = find_feed(hashes, &feed->participant, &hashes->feed);
    if (err != FC_OK) {
        return err == FC_E_BOUND ? FC_OK : err;
    }
    struct progress *progress = &hashes->feeds[hashes->feed];
    if (feed->version < progress->through || feed->missing < progress->missing) {
        /* It went back, or contents came that were passed over: once more from the start. */
        *progress = (struct progress){.participant = feed->participant};
    }
    if (feed->version == progress->through && feed->missing == progress->missing) {
        return FC_OK;
    }
    err = fc_replica_since(hashes->replica, &feed->participant, progress->version,
                           &progress->key_hash, hash_entry, hashes);
    if (err == FC_OK) {
        progress->through = feed->version;
        progress->missing = feed->missing;
    }
    return err;
}

enum fc_err fc_asset_hashes_update(struct fc_asset_hashes *hashes, struct fc_replica *replica,
                                   uint64_t until_us)
{
    pthread_mutex_lock(&hashes->mutex);
    hashes->replica = replica;
    hashes->until_us = until_us;
    enum fc_err err = fc_replica_feeds(replica, update_feed, hashes);
    hashes->replica = NULL;
    pthread_mutex_unlock(&hashes->mutex);
    return err;
}

/* -- finding ----------------------------------------------------------------------------------- */

struct finding {
    struct fc_replica *replica;
    const struct fc_hash *sha;
    const struct fc_hash *participant;
    uint64_t key;
    enum fc_err (*each)(void *ctx, const struct fc_hash *participant,
                        const struct fc_hash *key_hash);
    void *ctx;
};

static enum fc_err check(void *ctx, const struct fc_entry *entry)
{
    struct finding *finding = ctx;
    struct fc_buf content = {0};
    if (fc_get_be64(entry->key_hash.b) != finding->key) {
        return FC_E_CLOSED; /* past those that begin so */
    }
    enum fc_err err =
        fc_replica_content(finding->replica, finding->participant, &entry->key_hash, &content);
    if (err == FC_OK) {
        struct fc_hash sha = fc_sha256(fc_buf_span(&content));
        if (fc_hash_eq(&sha, finding->sha)) {
            err = finding->each(finding->ctx, finding->participant, &entry->key_hash);
        }
    } else if (err == FC_E_MISSING || err == FC_E_WITHHELD || err == FC_E_CORRUPT) {
        err = FC_OK;
    }
    fc_buf_finish(&content);
    return err;
}

/* The greatest hash below all that begin with `key`; false when there is none. */
static bool before(uint64_t key, struct fc_hash *out)
{
    memset(out->b, 0xff, sizeof out->b);
    fc_put_be64(out->b, key - 1);
    return key > 0;
}

enum { FOUND_MAX = 64 };
struct candidate {
    struct fc_hash participant;
    uint64_t key;
};

static size_t candidates(struct fc_asset_hashes *hashes, uint64_t sha,
                         struct candidate out[FOUND_MAX])
{
    size_t count = 0;
    pthread_mutex_lock(&hashes->mutex);
    size_t at = (size_t)sha & (hashes->cap - 1);
    while (hashes->cap > 0 && hashes->rows[at].feed != 0 && count < FOUND_MAX) {
        const struct row *row = &hashes->rows[at];
        if (row->sha == sha) {
            out[count++] = (struct candidate){hashes->feeds[row->feed - 1].participant, row->key};
        }
        at = (at + 1) & (hashes->cap - 1);
    }
    pthread_mutex_unlock(&hashes->mutex);
    return count;
}

enum fc_err fc_asset_hashes_find(struct fc_asset_hashes *hashes, struct fc_replica *replica,
                                 const struct fc_hash *sha256,
                                 enum fc_err (*each)(void *ctx, const struct fc_hash *participant,
                                                     const struct fc_hash *key_hash),
                                 void *ctx)
{
    struct candidate found[FOUND_MAX];
    size_t count = candidates(hashes, fc_get_be64(sha256->b), found);
    enum fc_err err = FC_OK;
    for (size_t i = 0; i < count && err == FC_OK; i++) {
        struct finding finding = {replica, sha256, &found[i].participant, found[i].key, each, ctx};
        struct fc_hash after;
        bool some = before(found[i].key, &after);
        err = fc_replica_entries(replica, &found[i].participant, some ? &after : NULL, check,
                                 &finding);
        err = err == FC_E_CLOSED || err == FC_E_MISSING ? FC_OK : err;
    }
    return err;
}
