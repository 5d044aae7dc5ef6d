/* How many operations per second a replica on disk takes in from signed deltas of a thousand, every
 * one checked, hashed into the state tree, and synced. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/kv_lmdb.h"
#include "store/kv_mem.h"
#include "store/replica.h"
#include "tests/bench/bench.h"
#include "tests/bench/limits.h"
#include "tests/bench/offers.h"
#include "tests/support/keys.h"

enum { DELTAS = 20, OPS = 1000 };

struct made { /* one delta as it travels */
    struct fc_buf bytes;
    struct fc_content *contents;
    struct fc_buf *frames;
    uint32_t count;
};

static struct fc_replica *open_replica(struct fc_kv *kv, const struct fc_test_federation *fed,
                                       const struct fc_test_party *party)
{
    struct fc_replica *replica;
    struct fc_replica_config config = {.kv = kv,
                                       .verifier = fc_verifier_plain(),
                                       .seed = {9},
                                       .federation = fed->id,
                                       .create = true};
    bench_check(fc_replica_open(&config, &replica), "replica");
    bench_check(fc_replica_begin(replica), "begin");
    bench_check(fc_replica_add_record(replica, fc_buf_span(&fed->charter_record)), "charter");
    bench_check(fc_replica_add_record(replica, fc_buf_span(&party->certificate_record)),
                "certificate");
    bench_check(fc_replica_commit(replica), "commit");
    return replica;
}

struct signer {
    const struct fc_test_party *party;
    struct made *made;
};

static enum fc_err sign(void *ctx, struct fc_span head_body, struct fc_span ops,
                        const struct fc_content *contents, uint32_t count, struct fc_buf *record)
{
    struct signer *signer = ctx;
    struct made *made = signer->made;
    size_t start = record->len;
    enum fc_err err =
        fc_record_sign(FC_RECORD_HEAD, head_body, &signer->party->feed.secret, record);
    if (err == FC_OK)
        err = fc_delta_write(fc_span(record->data + start, record->len - start), ops, &made->bytes);
    made->contents = calloc(count, sizeof *made->contents);
    made->frames = calloc(count, sizeof *made->frames);
    made->count = count;
    for (uint32_t i = 0; i < count; i++) {
        made->contents[i] = contents[i];
        fc_buf_append(&made->frames[i], contents[i].bytes.data, contents[i].bytes.len);
        made->contents[i].bytes = fc_buf_span(&made->frames[i]);
    }
    return err;
}

static void make(struct fc_replica *replica, const struct fc_test_party *party, unsigned number,
                 struct made *made)
{
    static struct fc_op ops[OPS];
    static struct fc_content contents[OPS];
    static struct fc_buf keys[OPS], offers[OPS];
    struct signer signer = {party, made};
    fc_version version;
    for (unsigned i = 0; i < OPS; i++) {
        fc_buf_clear(&keys[i]);
        fc_buf_clear(&offers[i]);
        offer_key(number * OPS + i, &keys[i]);
        offer_write(number * OPS + i, 0, &offers[i]);
        ops[i] = (struct fc_op){.kind = FC_OP_PUT,
                                .key = fc_buf_span(&keys[i]),
                                .key_hash = fc_key_hash(fc_buf_span(&keys[i])),
                                .media_type = fc_span_str("application/ld+json"),
                                .size = offers[i].len,
                                .status = FC_STATUS_ACTIVE};
        contents[i] =
            (struct fc_content){.key_hash = ops[i].key_hash, .bytes = fc_buf_span(&offers[i])};
    }
    struct fc_author author = {.participant = party->id,
                               .ops = ops,
                               .op_count = OPS,
                               .contents = contents,
                               .content_count = OPS,
                               .now_ms = FC_TEST_NOW_MS,
                               .ctx = &signer,
                               .sign = sign};
    bench_check(fc_replica_begin(replica), "begin");
    bench_check(fc_replica_author(replica, &author, &version), "author");
    bench_check(fc_replica_commit(replica), "commit");
}

static double apply_all(struct fc_replica *replica, struct made made[DELTAS])
{
    double start = bench_now_s();
    for (int i = 0; i < DELTAS; i++) {
        struct fc_delta delta;
        struct fc_key key;
        uint32_t bad = 0;
        bench_check(fc_delta_parse(fc_buf_span(&made[i].bytes), &delta), "delta");
        bench_check(fc_replica_begin(replica), "begin");
        bench_check(fc_replica_judge(replica, &delta.record, &delta.head, FC_TEST_NOW_MS, &key),
                    "judge");
        if (!fc_record_signed_by(&delta.record, &key))
            bench_die("the signature of a head does not verify");
        bench_check(fc_replica_apply(replica, &delta, made[i].contents, made[i].count,
                                     FC_TEST_NOW_MS, &bad),
                    "apply");
        bench_check(fc_replica_commit(replica), "commit");
        if (bad > 0)
            bench_die("%u contents do not match", bad);
    }
    return DELTAS * OPS / (bench_now_s() - start);
}

/* The rows a put makes: entry, content, by-version, and its share of the tree. */
static double bare_puts(const char *path, const struct made made[DELTAS])
{
    size_t frames = 0;
    for (int i = 0; i < DELTAS; i++)
        for (uint32_t j = 0; j < made[i].count; j++)
            frames += made[i].contents[j].bytes.len;
    size_t sizes[] = {frames / (DELTAS * OPS), 190};
    return limit_lmdb_puts_per_s(path, DELTAS * OPS * 2, OPS * 2, sizes, 2) / 2;
}

void bench_apply(struct bench *bench)
{
    static const char *const names[] = {"apply_ops_per_s", NULL};
    static struct made made[DELTAS];
    struct fc_test_federation fed;
    struct fc_test_party party;
    struct fc_kv *memory, *disk;
    char folder[] = "/var/tmp/fedcat-bench-XXXXXX", store[64], bare[64], command[96];
    if (!bench_wants(bench, names))
        return;
    if (!mkdtemp(folder))
        bench_die("no folder under /var/tmp");
    snprintf(store, sizeof store, "%s/store", folder);
    snprintf(bare, sizeof bare, "%s/bare", folder);
    fc_test_federation_init(&fed, "bench", 3);
    fc_test_party_init(&party, &fed, "apply");
    bench_check(fc_kv_mem_create(&memory), "memory store");
    struct fc_replica *author = open_replica(memory, &fed, &party);
    for (unsigned i = 0; i < DELTAS; i++)
        make(author, &party, i, &made[i]);
    fc_replica_close(author);
    struct fc_kv_lmdb_config config = {.path = store, .create = true};
    bench_check(fc_kv_lmdb_open(&config, &disk), store);
    struct fc_replica *reader = open_replica(disk, &fed, &party);
    double value = apply_all(reader, made);
    fc_replica_close(reader);
    bench_figure(bench, "apply_ops_per_s", value, "1/s", BENCH_HIGHER, bare_puts(bare, made),
                 "LMDB alone, the same bytes put in as many synced transactions");
    for (int i = 0; i < DELTAS; i++) {
        for (uint32_t j = 0; j < made[i].count; j++)
            fc_buf_finish(&made[i].frames[j]);
        free(made[i].frames);
        free(made[i].contents);
        fc_buf_finish(&made[i].bytes);
    }
    fc_test_party_finish(&party);
    fc_test_federation_finish(&fed);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    if (system(command) != 0)
        bench_note(bench, "%s stays behind", folder);
}
