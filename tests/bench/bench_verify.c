/* How many heads per second a node can take as genuine: parsed, checked against the ops they commit
 * to, and their signatures verified on all cores. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/verify_pool.h"
#include "store/pack.h"
#include "tests/bench/bench.h"
#include "tests/bench/limits.h"
#include "tests/support/keys.h"

enum { HEADS = 2000, ROUNDS = 10, BATCH = 200 };

static void make_deltas(struct fc_test_party *party, struct fc_buf deltas[HEADS])
{
    struct fc_buf ops = {0};
    struct fc_hash root = {{1}};
    fc_pack_array(&ops, 0);
    for (int i = 0; i < HEADS; i++) {
        struct fc_buf head = {0};
        fc_test_next_head(party, fc_buf_span(&ops), &root, 1, 2048, &head);
        bench_check(fc_delta_write(fc_buf_span(&head), fc_buf_span(&ops), &deltas[i]), "delta");
        fc_buf_finish(&head);
    }
    fc_buf_finish(&ops);
}

static double verify_all(const struct fc_buf *deltas, const struct fc_key *key,
                         struct fc_verifier verifier)
{
    static struct fc_verify_job jobs[BATCH];
    double start = bench_now_s();
    for (int round = 0; round < ROUNDS; round++) {
        for (int from = 0; from < HEADS; from += BATCH) {
            for (int i = 0; i < BATCH; i++) {
                struct fc_delta delta;
                struct fc_signature signature;
                bench_check(fc_delta_parse(fc_buf_span(&deltas[from + i]), &delta), "delta");
                fc_record_signature(&delta.record, 0, &signature);
                jobs[i] = (struct fc_verify_job){
                    .key = *key, .hash = delta.record.hash, .sig = signature.sig};
            }
            verifier.verify(verifier.ctx, jobs, BATCH);
            for (int i = 0; i < BATCH; i++)
                if (!jobs[i].valid)
                    bench_die("a valid head was refused");
        }
    }
    return HEADS * ROUNDS / (bench_now_s() - start);
}

void bench_verify(struct bench *bench)
{
    static const char *const names[] = {"verify_per_s", NULL};
    static struct fc_buf deltas[HEADS];
    struct fc_test_federation fed;
    struct fc_test_party party;
    struct fc_verify_pool *pool;
    if (!bench_wants(bench, names))
        return;
    fc_test_federation_init(&fed, "bench", 3);
    fc_test_party_init(&party, &fed, "verify");
    make_deltas(&party, deltas);
    bench_check(fc_verify_pool_create(0, &pool), "threads");
    double value = verify_all(deltas, &party.feed.pub, fc_verify_pool_verifier(pool));
    double limit = limit_verify_per_s((unsigned)sysconf(_SC_NPROCESSORS_ONLN));
    bench_figure(bench, "verify_per_s", value, "1/s", BENCH_HIGHER, limit,
                 "libsodium alone on as many threads");
    fc_verify_pool_destroy(pool);
    for (int i = 0; i < HEADS; i++)
        fc_buf_finish(&deltas[i]);
    fc_test_party_finish(&party);
    fc_test_federation_finish(&fed);
}
