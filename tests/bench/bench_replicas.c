/* Two real nodes on loopback: a fresh replica, a catch-up after changes, and how soon a published
 * entry is visible at the other. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/clock.h"
#include "store/pack.h"
#include "tests/bench/daemons.h"
#include "tests/bench/limits.h"
#include "tests/bench/offers.h"

enum {
    ENTRIES = 100000,
    FEEDS = 100,
    CHANGED = 1000,
    PUBLISHES = 200,
    OFFER_BYTES = 2084,
    SEARCHED_FROM = 0xa00000
};

static struct limit_copy copy_limit;

/* Offers from, from + step, ...: `count` of them, one a line. */
static void write_offers(const char *path, uint64_t from, uint64_t step, uint32_t count,
                         uint32_t revision)
{
    FILE *file = fopen(path, "w");
    struct fc_buf line = {0};
    if (!file)
        bench_die("%s cannot be written", path);
    for (uint32_t i = 0; i < count; i++) {
        fc_buf_clear(&line);
        offer_write(from + i * step, revision, &line);
        fc_buf_append(&line, "\n", 1);
        if (fwrite(line.data, 1, line.len, file) != line.len)
            bench_die("%s cannot be written", path);
    }
    if (fclose(file) != 0)
        bench_die("%s cannot be written", path);
    fc_buf_finish(&line);
}

static void publish(const struct federation *fed, const char *as, uint64_t from, uint64_t step,
                    uint32_t count, uint32_t revision)
{
    char path[128];
    snprintf(path, sizeof path, "%s/offers.ndjson", fed->folder);
    write_offers(path, from, step, count, revision);
    fedcat(fed, &fed->a, "publish", path, "--as", as, "--quiet", NULL);
    unlink(path);
}

static void publish_all(const struct federation *fed, unsigned feeds)
{
    for (unsigned i = 0; i < feeds; i++) {
        char as[16];
        snprintf(as, sizeof as, "p%u", i);
        publish(fed, as, (uint64_t)i * (ENTRIES / feeds), 1, ENTRIES / feeds, 0);
    }
}

struct watched {
    double wall_s, cpu_s, wire_mb, anon_mb, rss_mb;
};

/* Starts b and waits until its catalogue is a's. */
static struct watched watch(struct federation *fed)
{
    struct watched seen = {0};
    struct fc_digest wanted = daemon_digest(&fed->a);
    double cpu = daemon_cpu_s(&fed->a);
    uint64_t wire = loopback_bytes();
    double start = bench_now_s();
    daemon_start(fed, &fed->b);
    daemon_open(&fed->b);
    for (;;) {
        struct fc_digest digest = daemon_digest(&fed->b);
        daemon_sample(&fed->a);
        daemon_sample(&fed->b);
        if (digest.entries == wanted.entries) {
            /* Heads of its own (a first heartbeat) may have come on either side meanwhile. */
            struct fc_digest now = daemon_digest(&fed->a);
            if (fc_hash_eq(&digest.hash, &now.hash))
                break;
        }
        if (bench_now_s() - start > 120)
            bench_die("b has %llu of %llu entries after two minutes",
                      (unsigned long long)digest.entries, (unsigned long long)wanted.entries);
        usleep(2000);
    }
    seen.wall_s = bench_now_s() - start;
    seen.wire_mb = (double)(loopback_bytes() - wire) / 1e6;
    seen.cpu_s = daemon_cpu_s(&fed->a) - cpu + daemon_cpu_s(&fed->b);
    seen.anon_mb = fed->a.peak_anon_mb + fed->b.peak_anon_mb;
    seen.rss_mb = daemon_peak_rss_mb(&fed->a) + daemon_peak_rss_mb(&fed->b);
    return seen;
}

static void figure(struct bench *bench, const char *name, const char *suffix, double value,
                   const char *unit, double limit, const char *limit_text)
{
    char full[64];
    snprintf(full, sizeof full, "%s%s", name, suffix);
    bench_figure(bench, full, value, unit, BENCH_LOWER, limit, limit_text);
}

static void fresh_and_resync(struct bench *bench, unsigned feeds, const char *suffix)
{
    static const char copy[] = "the raw bytes over one CURVE socket";
    struct federation fed;
    federation_init(&fed, bench, feeds);
    publish_all(&fed, feeds);
    daemon_start(&fed, &fed.a);
    daemon_open(&fed.a);
    struct watched fresh = watch(&fed);
    figure(bench, "fresh_wall_s", suffix, fresh.wall_s, "s", copy_limit.wall_s, copy);
    figure(bench, "fresh_wire_mb", suffix, fresh.wire_mb, "MB", copy_limit.wire_mb, copy);
    figure(bench, "fresh_cpu_s", suffix, fresh.cpu_s, "s", 0, NULL);
    figure(bench, "fresh_peak_mb", suffix, fresh.anon_mb, "MB", 0, NULL);
    figure(bench, "fresh_peak_rss_mb", suffix, fresh.rss_mb, "MB", 0, NULL);
    daemon_stop(&fed.b);
    for (unsigned i = 0; i < (feeds < 10 ? feeds : 10); i++) {
        char as[16];
        unsigned share = feeds < 10 ? feeds : 10;
        snprintf(as, sizeof as, "p%u", i);
        publish(&fed, as, (uint64_t)i * (ENTRIES / feeds), feeds < 10 ? ENTRIES / CHANGED : 10,
                CHANGED / share, 1);
    }
    struct watched resync = watch(&fed);
    double share = (double)CHANGED / ENTRIES;
    figure(bench, "resync_wall_s", suffix, resync.wall_s, "s", copy_limit.wall_s * share,
           "what changed, raw over one CURVE socket");
    figure(bench, "resync_wire_mb", suffix, resync.wire_mb, "MB", copy_limit.wire_mb * share,
           "what changed, raw over one CURVE socket");
    federation_finish(&fed);
}

/* -- visible ----------------------------------------------------------------------------------- */

static void author_one(struct federation *fed, const struct fc_hash *participant, uint64_t number,
                       struct fc_hash *key_hash)
{
    struct fc_buf arguments = {0}, key = {0}, offer = {0};
    struct fc_span body;
    offer_key(number, &key);
    offer_write(number, 0, &offer);
    struct fc_op op = {.kind = FC_OP_PUT,
                       .key = fc_buf_span(&key),
                       .key_hash = fc_key_hash(fc_buf_span(&key)),
                       .media_type = fc_span_str("application/ld+json"),
                       .size = offer.len,
                       .status = FC_STATUS_ACTIVE};
    struct fc_content content = {.key_hash = op.key_hash, .bytes = fc_buf_span(&offer)};
    fc_pack_array(&arguments, 3);
    fc_message_put_hash(&arguments, participant);
    fc_pack_array(&arguments, 1);
    fc_message_put_op(&arguments, &op);
    fc_message_put_contents(&arguments, &content, 1);
    bench_check(fc_client_call(fed->a.client, FC_VERB_AUTHOR, fc_buf_span(&arguments), &body),
                "publish");
    *key_hash = op.key_hash;
    fc_buf_finish(&arguments);
    fc_buf_finish(&key);
    fc_buf_finish(&offer);
}

static bool visible(struct federation *fed, const struct fc_hash *participant,
                    const struct fc_hash *key_hash)
{
    struct fc_buf arguments = {0};
    struct fc_span body;
    fc_pack_array(&arguments, 2);
    fc_message_put_hash(&arguments, participant);
    fc_message_put_hash(&arguments, key_hash);
    enum fc_err err =
        fc_client_call(fed->b.client, FC_VERB_CONTENT, fc_buf_span(&arguments), &body);
    fc_buf_finish(&arguments);
    if (err != FC_OK && err != FC_E_MISSING)
        bench_check(err, "asking b");
    return err == FC_OK;
}

/* The one entry whose key has that number among its words, as a person's search finds it. */
static bool found(struct federation *fed, uint64_t number)
{
    struct fc_buf arguments = {0};
    struct fc_span body;
    struct fc_unpack in;
    char word[16];
    snprintf(word, sizeof word, "%06x", (unsigned)number);
    fc_pack_array(&arguments, 4);
    fc_pack_str(&arguments, fc_span_str(word));
    fc_pack_uint(&arguments, 20);
    fc_pack_uint(&arguments, 0);
    fc_pack_str(&arguments, fc_span_str(""));
    bench_check(fc_client_call(fed->b.client, FC_VERB_SEARCH, fc_buf_span(&arguments), &body),
                "searching at b");
    fc_unpack_init(&in, body);
    fc_unpack_array(&in, 7, 7);
    uint64_t total = fc_unpack_uint(&in, UINT64_MAX);
    fc_buf_finish(&arguments);
    return total > 0;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* From before an entry is handed to a until b has it: its content, or, with `searched`, a hit. */
static void sight_times(struct federation *fed, const struct fc_hash *participant, uint64_t from,
                        bool searched, double times[PUBLISHES])
{
    for (uint64_t i = 0; i < PUBLISHES; i++) {
        struct fc_hash key_hash;
        double start = bench_now_s();
        author_one(fed, participant, from + i, &key_hash);
        while (searched ? !found(fed, from + i) : !visible(fed, participant, &key_hash)) {
            if (bench_now_s() - start > 20)
                bench_die("an entry did not become visible within 20 s");
            sched_yield();
        }
        times[i] = (bench_now_s() - start) * 1e3;
        usleep(20000);
    }
    qsort(times, PUBLISHES, sizeof times[0], by_value);
}

static void sight_figures(struct bench *bench, const char *median, const char *p99,
                          const double times[PUBLISHES])
{
    static const char there_and_back[] = "a round trip over one CURVE socket";
    figure(bench, median, "", times[PUBLISHES / 2], "ms", copy_limit.round_trip_ms, there_and_back);
    figure(bench, p99, "", times[PUBLISHES * 99 / 100], "ms", copy_limit.round_trip_ms,
           there_and_back);
}

static void visible_figures(struct bench *bench)
{
    static double times[PUBLISHES];
    struct federation fed;
    struct fc_hash participant;
    federation_init(&fed, bench, 1);
    publish(&fed, "p0", 1000000, 1, 1000, 0);
    daemon_start(&fed, &fed.a);
    daemon_open(&fed.a);
    (void)watch(&fed);
    if (fc_client_find_participant(&fed.a.cli, fed.a.client, "Participant 0", &participant) !=
        FC_OK)
        bench_die("the participant is not there");
    sight_times(&fed, &participant, 0, false, times);
    sight_figures(bench, "visible_median_ms", "visible_p99_ms", times);
    if (found(&fed, SEARCHED_FROM))
        bench_die("what was not published yet is found");
    sight_times(&fed, &participant, SEARCHED_FROM, true, times);
    sight_figures(bench, "found_median_ms", "found_p99_ms", times);
    federation_finish(&fed);
}

void bench_replicas(struct bench *bench)
{
    static const char *const many[] = {
        "fresh_wall_s",      "fresh_wire_mb", "fresh_cpu_s",    "fresh_peak_mb",
        "fresh_peak_rss_mb", "resync_wall_s", "resync_wire_mb", NULL};
    static const char *const one[] = {"fresh_wall_s_one_feed",      "fresh_wire_mb_one_feed",
                                      "fresh_cpu_s_one_feed",       "fresh_peak_mb_one_feed",
                                      "fresh_peak_rss_mb_one_feed", "resync_wall_s_one_feed",
                                      "resync_wire_mb_one_feed",    NULL};
    static const char *const sight[] = {"visible_median_ms", "visible_p99_ms", "found_median_ms",
                                        "found_p99_ms", NULL};
    bool wants_many = bench_wants(bench, many), wants_one = bench_wants(bench, one),
         wants_sight = bench_wants(bench, sight);
    if (!wants_many && !wants_one && !wants_sight)
        return;
    if (!bench->fedcat)
        bench_die("--fedcat PROGRAM is needed for these figures");
    copy_limit = limit_curve_copy((uint64_t)ENTRIES * OFFER_BYTES);
    if (wants_many)
        fresh_and_resync(bench, FEEDS, "");
    if (wants_one)
        fresh_and_resync(bench, 1, "_one_feed");
    if (wants_sight)
        visible_figures(bench);
}
