#include "tests/support/replica.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/kv_lmdb.h"
#include "store/kv_mem.h"
#include "tests/support/tempdir.h"

static void must(enum fc_err err)
{
    if (err != FC_OK)
        fprintf(stderr, "unexpected: %s\n", fc_err_text(err));
    assert(err == FC_OK);
}

/* -- nodes ------------------------------------------------------------------------------------- */

static struct fc_kv *store_open(struct fc_test_node *node, bool create)
{
    struct fc_kv *kv = NULL;
    if (node->backend != FC_TEST_LMDB) {
        must(fc_kv_mem_create(&kv));
        return kv;
    }
    const struct fc_kv_lmdb_config config = {.path = node->path, .create = create};
    must(fc_kv_lmdb_open(&config, &kv));
    return kv;
}

static struct fc_shared *shared;
static unsigned shared_nodes;

struct fc_shared *fc_test_shared(void)
{
    return shared;
}

static void node_open(struct fc_test_node *node, struct fc_kv *kv, bool create)
{
    struct fc_replica_config config = {.kv = fc_kv_fault_create(kv, &node->fault),
                                       .verifier = fc_verifier_plain(),
                                       .federation = node->federation,
                                       .create = create,
                                       .index = node->index};
    if (node->backend == FC_TEST_SHARED)
        config.shared = shared;
    memcpy(config.seed, node->seed, sizeof config.seed);
    must(fc_replica_open(&config, &node->replica));
}

static void node_init(struct fc_test_node *node, enum fc_test_backend backend,
                      const struct fc_test_federation *fed, const char *label, bool index)
{
    *node = (struct fc_test_node){.backend = backend, .federation = fed->id, .index = index};
    fc_test_seed(label, 0, node->seed);
    if (backend == FC_TEST_LMDB)
        node->path = tempdir_create();
    if (backend == FC_TEST_SHARED && shared_nodes++ == 0)
        must(fc_shared_create(fc_verifier_plain(), &shared));
    node_open(node, store_open(node, true), true);
}

void fc_test_node_init(struct fc_test_node *node, enum fc_test_backend backend,
                       const struct fc_test_federation *fed, const char *label)
{
    node_init(node, backend, fed, label, false);
}

void fc_test_node_init_index(struct fc_test_node *node, enum fc_test_backend backend,
                             const struct fc_test_federation *fed, const char *label)
{
    node_init(node, backend, fed, label, true);
}

void fc_test_node_reopen(struct fc_test_node *node)
{
    struct fc_kv *kv = NULL;
    if (node->backend != FC_TEST_LMDB) {
        struct fc_kv *inner = fc_kv_fault_inner(node->fault);
        must(fc_kv_mem_clone(inner, &kv));
        fc_replica_close(node->replica);
    } else {
        fc_replica_close(node->replica);
        kv = store_open(node, false);
    }
    fc_test_seed("reopened", node->seed[0], node->seed);
    node_open(node, kv, false);
}

void fc_test_node_finish(struct fc_test_node *node)
{
    fc_replica_close(node->replica);
    node->replica = NULL;
    if (node->backend == FC_TEST_SHARED && --shared_nodes == 0) {
        fc_shared_destroy(shared);
        shared = NULL;
    }
    if (node->path)
        tempdir_destroy(node->path);
    node->path = NULL;
}

enum fc_err fc_test_add(struct fc_test_node *node, const struct fc_buf *record)
{
    must(fc_replica_begin(node->replica));
    enum fc_err err = fc_replica_add_record(node->replica, fc_buf_span(record));
    if (err == FC_OK)
        must(fc_replica_commit(node->replica));
    else
        fc_replica_abort(node->replica);
    return err;
}

void fc_test_admit(struct fc_test_node *node, const struct fc_test_federation *fed,
                   const struct fc_test_party *party)
{
    enum fc_err err = fc_test_add(node, &fed->charter_record);
    assert(err == FC_OK || err == FC_E_KNOWN);
    must(fc_test_add(node, &party->certificate_record));
}

/* -- publishing -------------------------------------------------------------------------------- */

static void batch_room(struct fc_test_batch *batch)
{
    if (!batch->ops) {
        batch->ops = calloc(FC_TEST_BATCH_MAX, sizeof *batch->ops);
        batch->contents = calloc(FC_TEST_BATCH_MAX, sizeof *batch->contents);
    }
    assert(batch->ops && batch->contents && batch->op_count < FC_TEST_BATCH_MAX);
}

void fc_test_batch_finish(struct fc_test_batch *batch)
{
    free(batch->ops);
    free(batch->contents);
    *batch = (struct fc_test_batch){0};
}

void fc_test_batch_put(struct fc_test_batch *batch, const char *key, const char *content)
{
    batch_room(batch);
    batch->ops[batch->op_count++] = (struct fc_op){.kind = FC_OP_PUT,
                                                   .key = fc_span_str(key),
                                                   .media_type = fc_span_str("application/json"),
                                                   .status = FC_STATUS_ACTIVE};
    batch->contents[batch->content_count++] = (struct fc_content){
        .key_hash = fc_key_hash(fc_span_str(key)), .bytes = fc_span_str(content)};
}

void fc_test_batch_status(struct fc_test_batch *batch, const char *key, enum fc_status status)
{
    batch_room(batch);
    batch->ops[batch->op_count++] =
        (struct fc_op){.kind = FC_OP_STATUS, .key = fc_span_str(key), .status = status};
}

void fc_test_batch_delete(struct fc_test_batch *batch, const char *key)
{
    batch_room(batch);
    batch->ops[batch->op_count++] = (struct fc_op){.kind = FC_OP_DELETE, .key = fc_span_str(key)};
}

struct signer {
    const struct fc_test_party *party;
    enum fc_err err;
};

static enum fc_err sign(void *ctx, struct fc_span head_body, struct fc_span delta_ops,
                        const struct fc_content *contents, uint32_t count, struct fc_buf *record)
{
    const struct signer *signer = ctx;
    struct fc_ops ops;
    must(fc_ops_init(&ops, delta_ops));
    for (uint32_t i = 0; i < count; i++)
        assert(contents[i].compressed && contents[i].bytes.len > 0);
    if (signer->err != FC_OK)
        return signer->err;
    return fc_record_sign(FC_RECORD_HEAD, head_body, &signer->party->feed.secret, record);
}

static enum fc_err author_batch(struct fc_test_node *node, const struct fc_test_party *party,
                                struct fc_test_batch *batch, fc_version *version)
{
    struct signer signer = {.party = party, .err = batch->sign_err};
    struct fc_author author = {.participant = party->id,
                               .ops = batch->ops,
                               .op_count = batch->op_count,
                               .contents = batch->contents,
                               .content_count = batch->content_count,
                               .heartbeat = batch->heartbeat,
                               .now_ms = batch->now_ms ? batch->now_ms : FC_TEST_NOW_MS,
                               .ctx = &signer,
                               .sign = sign};
    enum fc_err err = fc_replica_author(node->replica, &author, version);
    batch->op_count = batch->content_count = 0;
    batch->heartbeat = false;
    return err;
}

enum fc_err fc_test_author(struct fc_test_node *node, const struct fc_test_party *party,
                           struct fc_test_batch *batch)
{
    fc_version version = 0;
    return author_batch(node, party, batch, &version);
}

enum fc_err fc_test_publish(struct fc_test_node *node, const struct fc_test_party *party,
                            struct fc_test_batch *batch, fc_version *version)
{
    fc_version made = 0;
    must(fc_replica_begin(node->replica));
    enum fc_err err = author_batch(node, party, batch, &made);
    if (err == FC_OK)
        err = fc_replica_commit(node->replica);
    else
        fc_replica_abort(node->replica);
    if (version)
        *version = made;
    return err;
}

void fc_test_publish_one(struct fc_test_node *node, const struct fc_test_party *party,
                         const char *key, const char *content)
{
    struct fc_test_batch batch = {0};
    fc_test_batch_put(&batch, key, content);
    must(fc_test_publish(node, party, &batch, NULL));
    fc_test_batch_finish(&batch);
}

/* -- passing on -------------------------------------------------------------------------------- */

struct fc_record fc_test_head_of(struct fc_test_node *from, const struct fc_hash *participant,
                                 struct fc_buf *hold)
{
    struct fc_record record;
    must(fc_replica_head(from->replica, participant, hold, NULL, NULL));
    must(fc_record_parse(fc_buf_span(hold), &record));
    return record;
}

enum fc_err fc_test_judge(struct fc_test_node *from, struct fc_test_node *to,
                          const struct fc_hash *participant)
{
    struct fc_buf hold = {0};
    struct fc_head head;
    struct fc_key key;
    struct fc_record record = fc_test_head_of(from, participant, &hold);
    must(fc_head_parse(&record, &head));
    enum fc_err err = fc_replica_judge(to->replica, &record, &head, head.time_ms, &key);
    if (err == FC_OK || err == FC_E_GAP || err == FC_E_CONTESTED)
        assert(fc_record_signed_by(&record, &key));
    fc_buf_finish(&hold);
    return err;
}

/* Contents of the puts in `ops` that `from` has; returns how many. */
static uint32_t collect(struct fc_test_node *from, const struct fc_hash *participant,
                        struct fc_span ops_bytes, struct fc_content *contents, struct fc_buf *holds)
{
    struct fc_ops ops;
    struct fc_op op;
    uint32_t count = 0;
    must(fc_ops_init(&ops, ops_bytes));
    while (fc_ops_next(&ops, &op)) {
        if (op.kind != FC_OP_PUT)
            continue;
        enum fc_err err = fc_replica_content_frame(from->replica, participant, &op.key_hash,
                                                   &holds[count], &contents[count]);
        count += err == FC_OK ? 1 : 0;
    }
    return count;
}

static enum fc_err apply(struct fc_test_node *to, const struct fc_delta *delta,
                         const struct fc_content *contents, uint32_t count)
{
    struct fc_key key;
    uint32_t bad;
    enum fc_err err =
        fc_replica_judge(to->replica, &delta->record, &delta->head, delta->head.time_ms, &key);
    if (err != FC_OK)
        return err;
    assert(fc_record_signed_by(&delta->record, &key));
    must(fc_replica_begin(to->replica));
    err = fc_replica_apply(to->replica, delta, contents, count, delta->head.time_ms, &bad);
    if (err == FC_OK)
        return fc_replica_commit(to->replica);
    fc_replica_abort(to->replica);
    return err;
}

enum fc_err fc_test_pass_delta(struct fc_test_node *from, struct fc_test_node *to,
                               const struct fc_hash *participant, bool contents)
{
    struct fc_buf record = {0}, ops = {0}, bytes = {0};
    struct fc_delta delta;
    bool has_ops;
    must(fc_replica_head(from->replica, participant, &record, &ops, &has_ops));
    assert(has_ops);
    must(fc_delta_write(fc_buf_span(&record), fc_buf_span(&ops), &bytes));
    must(fc_delta_parse(fc_buf_span(&bytes), &delta));
    struct fc_content *given = calloc(FC_OPS_MAX, sizeof *given);
    struct fc_buf *holds = calloc(FC_OPS_MAX, sizeof *holds);
    assert(given && holds);
    uint32_t count = contents ? collect(from, participant, delta.ops, given, holds) : 0;
    enum fc_err err = apply(to, &delta, given, count);
    for (uint32_t i = 0; i < FC_OPS_MAX; i++)
        fc_buf_finish(&holds[i]);
    free(holds);
    free(given);
    fc_buf_finish(&record);
    fc_buf_finish(&ops);
    fc_buf_finish(&bytes);
    return err;
}

enum fc_err fc_test_walk(struct fc_test_node *from, struct fc_load *load,
                         const struct fc_hash *participant, uint32_t next_max)
{
    struct fc_buf nodes = {0}, items = {0}, frames = {0};
    struct fc_prefix ask[4096] = {{0}}, next[64];
    uint32_t asked = 1;
    enum fc_err err = FC_OK;
    assert(next_max > 0 && next_max <= 64);
    while (asked > 0 && err == FC_OK) {
        struct fc_prefix prefix = ask[--asked];
        uint32_t count = 0;
        fc_buf_clear(&nodes);
        fc_buf_clear(&items);
        fc_buf_clear(&frames);
        err = fc_replica_read_walk(from->replica, participant, &prefix, &nodes, &items, &frames);
        if (err == FC_OK)
            err = fc_load_walk(load, &prefix, fc_buf_span(&nodes), fc_buf_span(&items),
                               fc_buf_span(&frames), next, next_max, &count);
        assert(asked + count <= 4096);
        memcpy(ask + asked, next, count * sizeof next[0]);
        asked += count;
    }
    fc_buf_finish(&nodes);
    fc_buf_finish(&items);
    fc_buf_finish(&frames);
    return err;
}

/* Each block in a transaction of its own. */
static enum fc_err stream(struct fc_test_node *from, struct fc_test_node *to, struct fc_load *load,
                          const struct fc_hash *participant, fc_version since, size_t block_bytes)
{
    struct fc_buf items = {0}, frames = {0};
    struct fc_resume at = {0};
    bool done = false;
    enum fc_err err = FC_OK;
    while (!done && err == FC_OK) {
        fc_buf_clear(&items);
        fc_buf_clear(&frames);
        err = fc_replica_read_changes(from->replica, participant, since, &at, block_bytes, &items,
                                      &frames, &done);
        if (err == FC_OK)
            err = fc_load_add(load, fc_buf_span(&items), fc_buf_span(&frames));
        if (err == FC_OK && items.len > 0) {
            struct fc_resume stands = fc_load_at(load);
            assert(fc_hash_eq(&stands.key_hash, &at.key_hash) || at.deletes);
            must(fc_replica_commit(to->replica));
            must(fc_replica_begin(to->replica));
        }
    }
    fc_buf_finish(&items);
    fc_buf_finish(&frames);
    return err;
}

enum fc_err fc_test_catch_up(struct fc_test_node *from, struct fc_test_node *to,
                             const struct fc_hash *participant, enum fc_load_mode mode,
                             size_t block_bytes)
{
    struct fc_buf hold = {0};
    struct fc_load *load = NULL;
    struct fc_feed held = {0};
    struct fc_record record = fc_test_head_of(from, participant, &hold);
    bool holds = fc_replica_feed(to->replica, participant, &held) == FC_OK;
    must(fc_replica_begin(to->replica));
    enum fc_err err = fc_load_begin(to->replica, participant, mode, &load);
    if (err == FC_OK && mode == FC_LOAD_WALK)
        err = fc_test_walk(from, load, participant, 64);
    else if (err == FC_OK)
        err = stream(from, to, load, participant,
                     mode == FC_LOAD_CHANGES && holds ? held.version : 0, block_bytes);
    if (err == FC_OK)
        err = fc_load_finish(load, &record, FC_TEST_NOW_MS);
    if (err == FC_OK) {
        must(fc_replica_commit(to->replica));
    } else {
        fc_load_abort(load);
        fc_replica_abort(to->replica);
    }
    fc_buf_finish(&hold);
    return err;
}

/* -- looking ----------------------------------------------------------------------------------- */

static void add_row(struct fc_hasher *hasher, struct fc_span row)
{
    uint8_t len[8];
    fc_put_be64(len, row.len);
    fc_hasher_add(hasher, fc_span(len, sizeof len));
    fc_hasher_add(hasher, row);
}

struct fc_hash fc_test_fingerprint(struct fc_test_node *node)
{
    struct fc_txn *txn = NULL;
    struct fc_hasher hasher;
    fc_hasher_init(&hasher, "test.rows");
    must(fc_kv_begin(fc_replica_kv(node->replica), false, &txn));
    for (int table = 0; table < FC_TABLE_COUNT; table++) {
        struct fc_kv_cursor *cursor = NULL;
        struct fc_span key, value;
        must(fc_kv_cursor_open(txn, (enum fc_table)table, &cursor));
        enum fc_err err = fc_kv_seek(cursor, fc_span(NULL, 0), &key, &value);
        while (err == FC_OK) {
            uint8_t number = (uint8_t)table;
            fc_hasher_add(&hasher, fc_span(&number, 1));
            add_row(&hasher, key);
            add_row(&hasher, value);
            err = fc_kv_next(cursor, &key, &value);
        }
        assert(err == FC_E_MISSING);
        fc_kv_cursor_close(cursor);
    }
    fc_kv_abort(txn);
    return fc_hasher_end(&hasher);
}

static void count_damage(void *ctx, const struct fc_damage *damage)
{
    assert(damage->text && damage->text[0]);
    (*(unsigned *)ctx)++;
}

unsigned fc_test_verify(struct fc_test_node *node, bool repair)
{
    unsigned found = 0;
    if (repair)
        must(fc_replica_begin(node->replica));
    must(fc_replica_verify(node->replica, repair, count_damage, NULL, &found));
    if (repair)
        must(fc_replica_commit(node->replica));
    return found;
}

struct fc_feed fc_test_feed(struct fc_test_node *node, const struct fc_hash *participant)
{
    struct fc_feed feed = {0};
    enum fc_err err = fc_replica_feed(node->replica, participant, &feed);
    assert(err == FC_OK || err == FC_E_MISSING);
    return feed;
}

void fc_test_expect(struct fc_test_node *node, const struct fc_hash *participant, const char *key,
                    const char *expected)
{
    struct fc_buf content = {0};
    struct fc_hash key_hash = fc_key_hash(fc_span_str(key));
    enum fc_err err = fc_replica_content(node->replica, participant, &key_hash, &content);
    if (expected) {
        must(err);
        assert(fc_span_eq(fc_buf_span(&content), fc_span_str(expected)));
    } else {
        assert(err == FC_E_MISSING || err == FC_E_WITHHELD);
    }
    fc_buf_finish(&content);
}

void fc_test_expect_equal(struct fc_test_node *a, struct fc_test_node *b)
{
    struct fc_digest left, right;
    must(fc_replica_digest(a->replica, &left));
    must(fc_replica_digest(b->replica, &right));
    assert(fc_hash_eq(&left.hash, &right.hash));
    assert(left.feeds == right.feeds && left.entries == right.entries && left.bytes == right.bytes);
    unsigned found = fc_test_verify(a, false) + fc_test_verify(b, false);
    assert(found == 0);
}
