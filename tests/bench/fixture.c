#include "tests/bench/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/kv_lmdb.h"
#include "tests/bench/bench.h"
#include "tests/bench/offers.h"

void fixture_init(struct fixture *fixture, const char *label)
{
    *fixture = (struct fixture){
        .folder = "/var/tmp/fedcat-bench-XXXXXX", .key = offer_key, .write = offer_write};
    if (!mkdtemp(fixture->folder))
        bench_die("no folder under /var/tmp");
    fc_test_federation_init(&fixture->fed, "bench", 3);
    fc_test_party_init(&fixture->party, &fixture->fed, label);
}

void fixture_finish(struct fixture *fixture)
{
    char command[96];
    fc_test_party_finish(&fixture->party);
    fc_test_federation_finish(&fixture->fed);
    snprintf(command, sizeof command, "rm -rf '%s'", fixture->folder);
    if (system(command) != 0)
        fprintf(stderr, "bench: %s stays behind\n", fixture->folder);
}

void fixture_path(const struct fixture *fixture, const char *name, char path[128])
{
    snprintf(path, 128, "%s/%s", fixture->folder, name);
}

static struct fc_replica *open_store(const struct fixture *fixture, const char *name, bool index)
{
    char path[128];
    struct fc_kv *kv;
    struct fc_replica *replica;
    fixture_path(fixture, name, path);
    struct fc_kv_lmdb_config disk = {.path = path, .create = true};
    bench_check(fc_kv_lmdb_open(&disk, &kv), path);
    struct fc_replica_config config = {.kv = kv,
                                       .verifier = fc_verifier_plain(),
                                       .seed = {9},
                                       .federation = fixture->fed.id,
                                       .create = true,
                                       .index = index};
    bench_check(fc_replica_open(&config, &replica), "replica");
    bench_check(fc_replica_begin(replica), "begin");
    bench_check(fc_replica_add_record(replica, fc_buf_span(&fixture->fed.charter_record)),
                "charter");
    bench_check(fc_replica_add_record(replica, fc_buf_span(&fixture->party.certificate_record)),
                "certificate");
    bench_check(fc_replica_commit(replica), "commit");
    return replica;
}

struct fc_replica *fixture_open(const struct fixture *fixture, const char *name)
{
    return open_store(fixture, name, false);
}

struct fc_replica *fixture_open_index(const struct fixture *fixture, const char *name)
{
    return open_store(fixture, name, true);
}

void made_finish(struct made *made)
{
    for (uint32_t i = 0; i < made->count; i++)
        fc_buf_finish(&made->frames[i]);
    free(made->frames);
    free(made->contents);
    fc_buf_finish(&made->bytes);
}

struct signer {
    const struct fixture *fixture;
    struct made *made;
};

static void keep(struct made *made, const struct fc_content *contents, uint32_t count)
{
    made->contents = calloc(count, sizeof *made->contents);
    made->frames = calloc(count, sizeof *made->frames);
    made->count = count;
    for (uint32_t i = 0; i < count; i++) {
        made->contents[i] = contents[i];
        fc_buf_append(&made->frames[i], contents[i].bytes.data, contents[i].bytes.len);
        made->contents[i].bytes = fc_buf_span(&made->frames[i]);
    }
}

static enum fc_err sign(void *ctx, struct fc_span head_body, struct fc_span ops,
                        const struct fc_content *contents, uint32_t count, struct fc_buf *record)
{
    const struct signer *signer = ctx;
    size_t start = record->len;
    enum fc_err err =
        fc_record_sign(FC_RECORD_HEAD, head_body, &signer->fixture->party.feed.secret, record);
    if (err != FC_OK || !signer->made)
        return err;
    keep(signer->made, contents, count);
    return fc_delta_write(fc_span(record->data + start, record->len - start), ops,
                          &signer->made->bytes);
}

static void write_op(const struct fixture *fixture, uint64_t number, uint32_t revision,
                     struct fc_buf *key, struct fc_buf *offer, struct fc_op *op,
                     struct fc_content *content)
{
    fixture->key(number, key);
    fixture->write(number, revision, offer);
    *op = (struct fc_op){.kind = FC_OP_PUT,
                         .key = fc_buf_span(key),
                         .key_hash = fc_key_hash(fc_buf_span(key)),
                         .media_type = fc_span_str("application/ld+json"),
                         .size = offer->len,
                         .status = FC_STATUS_ACTIVE};
    *content = (struct fc_content){.key_hash = op->key_hash, .bytes = fc_buf_span(offer)};
}

void fixture_publish(struct fixture *fixture, struct fc_replica *replica, uint64_t from,
                     uint32_t count, uint32_t revision, struct made *made)
{
    struct fc_op *ops = calloc(count, sizeof *ops);
    struct fc_content *contents = calloc(count, sizeof *contents);
    struct fc_buf *buffers = calloc(2 * (size_t)count, sizeof *buffers);
    struct signer signer = {fixture, made};
    fc_version version;
    if (!ops || !contents || !buffers)
        bench_die("out of memory");
    for (uint32_t i = 0; i < count; i++)
        write_op(fixture, from + i, revision, &buffers[2 * i], &buffers[2 * i + 1], &ops[i],
                 &contents[i]);
    struct fc_author author = {.participant = fixture->party.id,
                               .ops = ops,
                               .op_count = count,
                               .contents = contents,
                               .content_count = count,
                               .now_ms = FC_TEST_NOW_MS,
                               .ctx = &signer,
                               .sign = sign};
    bench_check(fc_replica_begin(replica), "begin");
    bench_check(fc_replica_author(replica, &author, &version), "author");
    bench_check(fc_replica_commit(replica), "commit");
    for (uint32_t i = 0; i < 2 * count; i++)
        fc_buf_finish(&buffers[i]);
    free(buffers);
    free(contents);
    free(ops);
}
