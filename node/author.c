#include "node/author.h"

#include <stdlib.h>

enum fc_err fc_author_key_find(const struct fc_home *home, const struct fc_key *feed_key,
                               struct fc_author_key *out)
{
    char **names = NULL;
    size_t count = 0;
    *out = (struct fc_author_key){0};
    enum fc_err err = fc_home_keys(home, "feed", &names, &count);
    bool found = false;
    for (size_t i = 0; i < count && err == FC_OK && !found; i++) {
        char *path = NULL;
        struct fc_keyfile key;
        err = fc_home_key_path(home, "feed", names[i], &path);
        /* A key that cannot be read is a fault only when it is the one that is wanted. */
        if (err == FC_OK && fc_keyfile_read(path, &key) == FC_OK &&
            fc_key_eq(&key.public_key, feed_key)) {
            found = true;
            err = key.sealed ? FC_E_PASSPHRASE : fc_keyfile_open(path, fc_span(NULL, 0), &out->key);
            if (err == FC_OK) {
                err = fc_counter_open(path, feed_key, &out->counter);
            }
        }
        free(path);
    }
    fc_home_keys_free(names, count);
    if (err != FC_OK) {
        fc_author_key_finish(out);
        return err;
    }
    return found ? FC_OK : FC_E_MISSING;
}

void fc_author_key_finish(struct fc_author_key *key)
{
    fc_keyfile_wipe(&key->key);
    fc_counter_close(key->counter);
    key->counter = NULL;
}

static enum fc_err submit_last(struct fc_replica *replica, const struct fc_counter_state *last,
                               uint64_t now_ms)
{
    struct fc_buf bytes = {0};
    struct fc_delta delta;
    struct fc_key signer;
    uint32_t bad = 0;
    enum fc_err err = fc_delta_write(last->head_record, last->ops, &bytes);
    if (err == FC_OK) {
        err = fc_delta_parse(fc_buf_span(&bytes), &delta);
    }
    if (err == FC_OK) {
        err = fc_replica_judge(replica, &delta.record, &delta.head, now_ms, &signer);
    }
    if ((err == FC_OK || err == FC_E_GAP) && !fc_record_signed_by(&delta.record, &signer)) {
        err = FC_E_SIGNATURE;
    }
    if (err == FC_OK) {
        err = fc_replica_apply(replica, &delta, last->contents, last->content_count, now_ms, &bad);
    } else if (err == FC_E_GAP) {
        err = fc_replica_apply_opening(replica, &delta, last->contents, last->content_count, now_ms,
                                       &bad);
    }
    fc_buf_finish(&bytes);
    return err == FC_E_GAP ? FC_E_COUNTER : err;
}

enum fc_err fc_author_resume(struct fc_replica *replica, const struct fc_hash *participant,
                             const struct fc_counter *counter, uint64_t now_ms, bool *resumed)
{
    const struct fc_counter_state *last = fc_counter_state(counter);
    struct fc_participant owner;
    struct fc_feed feed = {0};
    *resumed = false;
    enum fc_err err = fc_ledger_participant(fc_replica_ledger(replica), participant, &owner);
    if (err != FC_OK) {
        return err == FC_E_MISSING ? FC_E_UNKNOWN : err;
    }
    err = fc_replica_feed(replica, participant, &feed);
    if (err != FC_OK && err != FC_E_MISSING) {
        return err;
    }
    uint16_t incarnation = owner.certificate->certificate.incarnation;
    if (last->serial == 0 || fc_version_incarnation(last->version) < incarnation) {
        /* Nothing of the standing incarnation was signed: the feed must hold none of it. */
        bool none = feed.version == 0 || fc_version_incarnation(feed.version) < incarnation;
        return none ? FC_OK : FC_E_COUNTER;
    }
    if (!fc_hash_eq(&last->participant, participant)) {
        return FC_E_COUNTER;
    }
    if (feed.version == last->version && fc_hash_eq(&feed.head_hash, &last->head_hash)) {
        return FC_OK;
    }
    if (feed.version >= last->version) {
        return FC_E_COUNTER;
    }
    err = submit_last(replica, last, now_ms);
    *resumed = err == FC_OK;
    return err;
}

struct signing {
    struct fc_author_key *key;
    uint32_t ops;
};

enum fc_err fc_author_sign_head(struct fc_author_key *key, struct fc_span head_body,
                                struct fc_span ops, const struct fc_content *contents,
                                uint32_t count, struct fc_buf *record)
{
    size_t start = record->len;
    enum fc_err err = fc_record_sign(FC_RECORD_HEAD, head_body, &key->key.sign, record);
    if (err == FC_OK) {
        err = fc_counter_advance(key->counter, fc_span(record->data + start, record->len - start),
                                 ops, contents, count);
    }
    if (err != FC_OK) {
        record->len = start; /* the signature does not leave */
    }
    return err;
}

static enum fc_err sign(void *ctx, struct fc_span head_body, struct fc_span delta_ops,
                        const struct fc_content *contents, uint32_t count, struct fc_buf *record)
{
    struct signing *signing = ctx;
    struct fc_ops ops;
    enum fc_err err = fc_ops_init(&ops, delta_ops);
    if (err == FC_OK) {
        signing->ops = ops.count;
        err = fc_author_sign_head(signing->key, head_body, delta_ops, contents, count, record);
    }
    return err;
}

enum fc_err fc_author_sign(struct fc_replica *replica, struct fc_author *author,
                           struct fc_author_key *key, fc_version *version, uint32_t *ops)
{
    bool resumed;
    struct signing signing = {.key = key};
    enum fc_err err =
        fc_author_resume(replica, &author->participant, key->counter, author->now_ms, &resumed);
    if (err == FC_OK) {
        author->ctx = &signing;
        author->sign = sign;
        err = fc_replica_author(replica, author, version);
    }
    *ops = signing.ops;
    return err;
}
