/* How many operations per second a replica on disk takes in from signed deltas of a thousand, every
 * one checked, hashed into the state tree, and synced. */
#include "store/replica.h"
#include "tests/bench/bench.h"
#include "tests/bench/fixture.h"
#include "tests/bench/limits.h"

enum { DELTAS = 20, OPS = 1000 };

static double apply_all(struct fc_replica *replica, const struct made made[DELTAS])
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

/* The two large rows a put makes, entry and content; by-version and tree come on top. */
static double bare_puts(const struct fixture *fixture, const struct made made[DELTAS])
{
    char path[128];
    size_t frames = 0;
    for (int i = 0; i < DELTAS; i++)
        for (uint32_t j = 0; j < made[i].count; j++)
            frames += made[i].contents[j].bytes.len;
    size_t sizes[] = {frames / (DELTAS * OPS), 190};
    fixture_path(fixture, "bare", path);
    return limit_lmdb_puts_per_s(path, DELTAS * OPS * 2, OPS * 2, sizes, 2) / 2;
}

void bench_apply(struct bench *bench)
{
    static const char *const names[] = {"apply_ops_per_s", NULL};
    static struct made made[DELTAS];
    struct fixture fixture;
    if (!bench_wants(bench, names))
        return;
    fixture_init(&fixture, "apply");
    struct fc_replica *author = fixture_open(&fixture, "author");
    for (unsigned i = 0; i < DELTAS; i++)
        fixture_publish(&fixture, author, (uint64_t)i * OPS, OPS, 0, &made[i]);
    fc_replica_close(author);
    struct fc_replica *reader = fixture_open(&fixture, "reader");
    double value = apply_all(reader, made);
    fc_replica_close(reader);
    bench_figure(bench, "apply_ops_per_s", value, "1/s", BENCH_HIGHER, bare_puts(&fixture, made),
                 "LMDB alone, the same rows put in as many synced transactions");
    for (int i = 0; i < DELTAS; i++)
        made_finish(&made[i]);
    fixture_finish(&fixture);
}
