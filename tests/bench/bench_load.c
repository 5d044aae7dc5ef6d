/* A whole feed from one replica on disk into another, through the very functions that catch-up
 * uses, without a network between them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/kv_lmdb.h"
#include "store/replica.h"
#include "tests/bench/bench.h"
#include "tests/bench/fixture.h"
#include "tests/bench/limits.h"

enum { DELTAS = 25, OPS = 4000, BLOCKS_A_TRANSACTION = 8 };

static void fill(struct fixture *fixture, struct fc_replica *replica)
{
    for (unsigned i = 0; i < DELTAS; i++)
        fixture_publish(fixture, replica, (uint64_t)i * OPS, OPS, 0, NULL);
}

static uint64_t load(struct fixture *fixture, struct fc_replica *from, struct fc_replica *to)
{
    struct fc_resume at = {0};
    struct fc_buf items = {0}, frames = {0}, head = {0};
    struct fc_load *load;
    struct fc_record record;
    uint64_t bytes = 0;
    bool done = false;
    bench_check(fc_replica_begin(to), "begin");
    bench_check(fc_load_begin(to, &fixture->party.id, FC_LOAD_WHOLE, &load), "load");
    for (unsigned block = 1; !done; block++) {
        fc_buf_clear(&items);
        fc_buf_clear(&frames);
        bench_check(fc_replica_read_changes(from, &fixture->party.id, 0, &at, FC_BLOCK_BYTES,
                                            &items, &frames, &done),
                    "read");
        bytes += items.len + frames.len;
        bench_check(fc_load_add(load, fc_buf_span(&items), fc_buf_span(&frames)), "add");
        if (block % BLOCKS_A_TRANSACTION == 0) {
            bench_check(fc_replica_commit(to), "commit");
            bench_check(fc_replica_begin(to), "begin");
        }
    }
    bench_check(fc_replica_head(from, &fixture->party.id, &head, NULL, NULL), "head");
    bench_check(fc_record_parse(fc_buf_span(&head), &record), "head");
    bench_check(fc_load_finish(load, &record, FC_TEST_NOW_MS), "finish");
    bench_check(fc_replica_commit(to), "commit");
    fc_buf_finish(&items);
    fc_buf_finish(&frames);
    fc_buf_finish(&head);
    return bytes;
}

void bench_load(struct bench *bench)
{
    static const char *const names[] = {"load_entries_per_s", NULL};
    struct fixture fixture;
    if (!bench_wants(bench, names))
        return;
    fixture_init(&fixture, "load");
    struct fc_replica *from = fixture_open(&fixture, "from");
    struct fc_replica *to = fixture_open(&fixture, "to");
    fill(&fixture, from);
    double start = bench_now_s();
    uint64_t bytes = load(&fixture, from, to);
    double value = DELTAS * OPS / (bench_now_s() - start);
    size_t sizes[] = {(size_t)(bytes / (DELTAS * OPS)), 150};
    char bare[128];
    fixture_path(&fixture, "bare", bare);
    double limit = limit_lmdb_puts_per_s(bare, DELTAS * OPS * 2, OPS * 2, sizes, 2) / 2;
    bench_figure(bench, "load_entries_per_s", value, "1/s", BENCH_HIGHER, limit,
                 "LMDB alone, the same bytes put in synced transactions");
    fc_replica_close(from);
    fc_replica_close(to);
    fixture_finish(&fixture);
}
