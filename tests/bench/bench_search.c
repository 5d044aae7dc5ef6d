/* The search index beside SQLite FTS5: the same documents, the same questions, the same run. Times
 * of questions are of the processor; of building and of `search_put_*`, which use several threads
 * or wait for the disk, wall time: for both sides. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "store/document.h"
#include "store/query.h"
#include "tests/bench/bench.h"
#include "tests/bench/catalogue.h"
#include "tests/bench/fixture.h"
#include "tests/bench/fts.h"

enum { OPS = 4000, BLOCKS_A_TRANSACTION = 8, QUESTIONS_MAX = 1000 };
#define SECONDS_MAX 4.0 /* for one kind of question and side */

struct search {
    struct bench *bench;
    struct fixture fixture;
    struct fc_replica *replica;
    struct fts *fts;
    unsigned documents;
};

/* -- building ---------------------------------------------------------------------------------- */

static void load_all(struct search *search, struct fc_replica *from, struct fc_replica *to)
{
    struct fc_resume at = {0};
    struct fc_buf items = {0}, frames = {0}, head = {0};
    struct fc_load *load;
    struct fc_record record;
    bool done = false;
    bench_check(fc_replica_begin(to), "begin");
    bench_check(fc_load_begin(to, &search->fixture.party.id, FC_LOAD_WHOLE, &load), "load");
    for (unsigned block = 1; !done; block++) {
        fc_buf_clear(&items);
        fc_buf_clear(&frames);
        bench_check(fc_replica_read_changes(from, &search->fixture.party.id, 0, &at, FC_BLOCK_BYTES,
                                            &items, &frames, &done),
                    "read");
        bench_check(fc_load_add(load, fc_buf_span(&items), fc_buf_span(&frames)), "add");
        if (block % BLOCKS_A_TRANSACTION == 0) {
            bench_check(fc_replica_commit(to), "commit");
            bench_check(fc_kv_reserve(fc_replica_kv(to), 512u << 20), "reserve");
            bench_check(fc_replica_begin(to), "begin");
        }
    }
    bench_check(fc_replica_commit(to), "commit");
    bench_check(fc_kv_reserve(fc_replica_kv(to), 1024u << 20), "reserve");
    bench_check(fc_replica_begin(to), "begin");
    bench_check(fc_replica_head(from, &search->fixture.party.id, &head, NULL, NULL), "head");
    bench_check(fc_record_parse(fc_buf_span(&head), &record), "head");
    bench_check(fc_load_finish(load, &record, FC_TEST_NOW_MS), "finish");
    bench_check(fc_replica_commit(to), "commit");
    fc_buf_finish(&items);
    fc_buf_finish(&frames);
    fc_buf_finish(&head);
}

static uint64_t used_bytes(struct fc_replica *replica)
{
    struct fc_kv_stat stat;
    bench_check(fc_kv_stat(fc_replica_kv(replica), &stat), "stat");
    return stat.used_bytes;
}

struct texts { /* of one document, by tier */
    struct fc_buf tiers[FC_TIERS];
};

static void each_text(void *ctx, const struct fc_document_text *text)
{
    struct texts *texts = ctx;
    fc_buf_append(&texts->tiers[text->tier], text->text.data, text->text.len);
    fc_buf_append(&texts->tiers[text->tier], " ", 1);
}

static const char *text_of(struct fc_buf *buf)
{
    fc_buf_append(buf, "", 1);
    return (const char *)buf->data;
}

static void insert(struct search *search, uint64_t number, struct texts *texts)
{
    struct fc_buf json = {0}, key = {0};
    struct fc_document document;
    for (unsigned i = 0; i < FC_TIERS; i++)
        fc_buf_clear(&texts->tiers[i]);
    catalogue_write(number, 0, &json);
    catalogue_key(number, &key);
    bench_check(fc_document_index(fc_buf_span(&json), &document, each_text, texts), "document");
    const struct fts_document row = {
        .name = text_of(&texts->tiers[FC_TIER_NAME]),
        .keyword = text_of(&texts->tiers[FC_TIER_KEYWORD]),
        .provider = text_of(&texts->tiers[FC_TIER_PROVIDER]),
        .text = text_of(&texts->tiers[FC_TIER_TEXT]),
        .facets = {document.kind, document.country, document.themes[0], document.language,
                   document.labels[0], "active", document.provider,
                   "c1f0a2d4b6e8907152637485968778695a4b3c2d1e0f00112233445566778899"},
        .key = text_of(&key),
        .version = (int64_t)(number / OPS + 1),
    };
    fts_insert(search->fts, (int64_t)number, &row);
    fc_document_finish(&document);
    fc_buf_finish(&json);
    fc_buf_finish(&key);
}

static double build_fts(struct search *search)
{
    struct texts texts = {0};
    char path[128];
    fixture_path(&search->fixture, "fts.sqlite", path);
    search->fts = fts_create(path);
    double start = bench_now_s();
    for (unsigned i = 0; i < search->documents;) {
        fts_begin(search->fts);
        for (unsigned end = i + 16384; i < end && i < search->documents; i++)
            insert(search, i, &texts);
        fts_commit(search->fts);
    }
    double seconds = bench_now_s() - start;
    for (unsigned i = 0; i < FC_TIERS; i++)
        fc_buf_finish(&texts.tiers[i]);
    return search->documents / seconds;
}

static void build(struct search *search)
{
    struct bench *bench = search->bench;
    struct fc_replica *from = fixture_open(&search->fixture, "from");
    for (unsigned i = 0; i < search->documents; i += OPS) {
        unsigned count = search->documents - i < OPS ? search->documents - i : OPS;
        bench_check(fc_kv_reserve(fc_replica_kv(from), 256u << 20), "reserve");
        fixture_publish(&search->fixture, from, i, count, 0, NULL);
    }
    struct fc_replica *bare = fixture_open(&search->fixture, "bare");
    double start = bench_now_s();
    load_all(search, from, bare);
    double without = bench_now_s() - start;
    uint64_t bare_bytes = used_bytes(bare);
    fc_replica_close(bare);
    search->replica = fixture_open_index(&search->fixture, "index");
    double cpu = bench_cpu_s();
    start = bench_now_s();
    load_all(search, from, search->replica);
    double with = bench_now_s() - start;
    cpu = bench_cpu_s() - cpu;
    fc_replica_close(from);
    double fts = build_fts(search);
    uint64_t index_bytes = used_bytes(search->replica) - bare_bytes;
    bench_note(
        bench,
        "a whole feed of %u: %.2f s without index, %.2f s with (%.2f s of processor); FTS5 %.2f s",
        search->documents, without, with, cpu, search->documents / fts);
    bench_figure(bench, "search_build_per_s", search->documents / (with - without), "1/s",
                 BENCH_HIGHER, fts, "FTS5, inserting (more than 1 is worse)");
    bench_figure(bench, "search_bytes", (double)index_bytes, "B", BENCH_LOWER,
                 (double)fts_bytes(search->fts), "FTS5, with its texts");
}

/* -- asking ------------------------------------------------------------------------------------ */

static const char *const compared[] = {
    "compared: both after a whole load, FTS5 optimized; both fold accents and stem (FTS5: porter),",
    "both are warm, and hand back the best 20 with key, participant, version and state, read",
    "column by column; with snippets also name and text with what matched marked, kind, provider,",
    "country; with facets the 20 most frequent values of each of 8. Ours also counts what was",
    "found, parses the question, and names the feed's times.",
};

struct kind {
    const char *name;
    void (*ask)(uint64_t number, char *query, char *match, size_t size);
    bool facets, snippets;
};

static uint64_t scramble(uint64_t z)
{
    z = (z + 0x9e3779b97f4a7c15u) * 0xbf58476d1ce4e5b9u;
    return z ^ z >> 29;
}

static void rare(uint64_t number, char *query, char *match, size_t size)
{
    char word[32];
    catalogue_word((unsigned)(number % 6), 3000 + (uint32_t)(scramble(number) % 20000), word);
    snprintf(query, size, "%s", word);
    snprintf(match, size, "\"%s\"", word);
}

static void two(uint64_t number, char *query, char *match, size_t size)
{
    char one[32], other[32];
    catalogue_word((unsigned)(number % 6), (uint32_t)(scramble(number) % 60), one);
    catalogue_word((unsigned)(number % 6), 20 + (uint32_t)(scramble(number + 1) % 2000), other);
    snprintf(query, size, "%s %s", one, other);
    snprintf(match, size, "\"%s\" \"%s\"", one, other);
}

static void common(uint64_t number, char *query, char *match, size_t size)
{
    (void)number;
    snprintf(query, size, "%s", CATALOGUE_COMMON);
    snprintf(match, size, "\"%s\"", CATALOGUE_COMMON);
}

static void prefix(uint64_t number, char *query, char *match, size_t size)
{
    char word[32];
    catalogue_word((unsigned)(number % 6), (uint32_t)(scramble(number) % 400), word);
    size_t len = 3; /* characters, not within one */
    while (((unsigned char)word[len] & 0xc0) == 0x80)
        len++;
    word[len] = '\0';
    snprintf(query, size, "%s*", word);
    snprintf(match, size, "\"%s\"*", word);
}

static const struct kind kinds[] = {
    {"search_rare", rare, false, false},       {"search_two", two, false, false},
    {"search_common", common, false, false},   {"search_prefix", prefix, false, false},
    {"search_two_facets", two, true, false},   {"search_common_facets", common, true, false},
    {"search_two_snippets", two, false, true},
};

static int compare(const void *a, const void *b)
{
    const double *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

struct timing {
    double median_ms, p99_ms, per_s;
    uint64_t hits, total;
    unsigned asked;
};

static void ask_ours(struct search *search, const struct kind *kind, const char *text,
                     struct timing *timing)
{
    struct fc_query query;
    struct fc_query_result *result = NULL;
    fc_query_init(&query);
    query.snippets = kind->snippets;
    query.facets = kind->facets ? FC_FACETS_ALL : 0;
    bench_check(fc_query_parse(&query, fc_span_str(text), NULL), text);
    bench_check(fc_query_run(search->replica, &query, &result), text);
    timing->hits += result->hit_count;
    timing->total += result->total;
    fc_query_result_destroy(result);
}

static void ask_theirs(struct search *search, const struct kind *kind, const char *match,
                       struct timing *timing)
{
    timing->hits += kind->facets     ? fts_facets(search->fts, match)
                    : kind->snippets ? fts_snippets(search->fts, match)
                                     : fts_search(search->fts, match);
}

/* Milliseconds of processor that one question takes. */
static double ask_one(struct search *search, const struct kind *kind, bool fts, unsigned number,
                      struct timing *timing)
{
    char text[128], match[128];
    kind->ask(number, text, match, sizeof text);
    double start = bench_cpu_s();
    if (fts)
        ask_theirs(search, kind, match, timing);
    else
        ask_ours(search, kind, text, timing);
    return (bench_cpu_s() - start) * 1000;
}

/* Other questions come first, a second long at most: neither side's pages are met for the first
 * time while it is timed. */
static struct timing time_kind(struct search *search, const struct kind *kind, bool fts)
{
    static double times[QUESTIONS_MAX];
    struct timing timing = {0};
    double began = bench_now_s();
    for (unsigned i = 0; i < QUESTIONS_MAX && bench_now_s() - began < 1; i++)
        (void)ask_one(search, kind, fts, QUESTIONS_MAX + i, &timing);
    timing = (struct timing){0};
    began = bench_now_s();
    for (unsigned i = 0; i < QUESTIONS_MAX && bench_now_s() - began < SECONDS_MAX; i++) {
        times[timing.asked] = ask_one(search, kind, fts, i, &timing);
        timing.asked++;
    }
    for (unsigned i = 0; i < timing.asked; i++)
        timing.per_s += times[i] / 1000;
    timing.per_s = timing.asked / timing.per_s;
    qsort(times, timing.asked, sizeof times[0], compare);
    timing.median_ms = times[timing.asked / 2];
    timing.p99_ms = times[timing.asked * 99 / 100];
    return timing;
}

static void ask(struct search *search, const struct kind *kind)
{
    struct timing ours = time_kind(search, kind, false), theirs = time_kind(search, kind, true);
    char name[64];
    bench_note(search->bench,
               "%s: median %.3f ms, p99 %.3f ms (%u asked, %.0f found on average); FTS5 median "
               "%.2f ms, p99 %.2f ms (%u): %.0f times",
               kind->name, ours.median_ms, ours.p99_ms, ours.asked, (double)ours.total / ours.asked,
               theirs.median_ms, theirs.p99_ms, theirs.asked, theirs.median_ms / ours.median_ms);
    snprintf(name, sizeof name, "%s_ms", kind->name);
    bench_figure(search->bench, name, ours.median_ms, "ms", BENCH_LOWER, theirs.median_ms,
                 "FTS5's median (more than 1 is worse)");
    snprintf(name, sizeof name, "%s_p99_ms", kind->name);
    bench_figure(search->bench, name, ours.p99_ms, "ms", BENCH_LOWER, theirs.p99_ms, "FTS5's p99");
    snprintf(name, sizeof name, "%s_per_s", kind->name);
    bench_figure(search->bench, name, ours.per_s, "1/s", BENCH_HIGHER, theirs.per_s, "FTS5's rate");
}

/* One document at a time, as they come while the node runs. */
static void put_singly(struct search *search)
{
    enum { COUNT = 600 };
    static double times[COUNT];
    if (search->documents + COUNT > search->fixture.party.certificate.quota_entries) {
        bench_note(search->bench, "search_put: the participant may not publish more");
        return;
    }
    for (unsigned i = 0; i < COUNT; i++) {
        double start = bench_now_s();
        fixture_publish(&search->fixture, search->replica, search->documents + i, 1, 0, NULL);
        times[i] = (bench_now_s() - start) * 1000;
    }
    qsort(times, COUNT, sizeof times[0], compare);
    bench_figure(search->bench, "search_put_ms", times[COUNT / 2], "ms", BENCH_LOWER, 0, NULL);
    bench_figure(search->bench, "search_put_p99_ms", times[COUNT * 99 / 100], "ms", BENCH_LOWER, 0,
                 NULL);
    bench_figure(search->bench, "search_put_most_ms", times[COUNT - 1], "ms", BENCH_LOWER, 0, NULL);
}

static bool wants(const struct bench *bench, const char *name)
{
    return !bench->only || strstr(name, bench->only) || strstr(bench->only, name) == bench->only;
}

void bench_search(struct bench *bench)
{
    struct search search = {.bench = bench, .documents = bench->documents};
    bool any = wants(bench, "search_build_per_s") || wants(bench, "search_bytes") ||
               wants(bench, "search_put");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        any = any || wants(bench, kinds[i].name);
    if (!any)
        return;
    fixture_init(&search.fixture, "search");
    search.fixture.key = catalogue_key;
    search.fixture.write = catalogue_write;
    build(&search);
    fts_optimize(search.fts);
    for (size_t i = 0; i < sizeof compared / sizeof compared[0]; i++)
        bench_note(bench, "%s", compared[i]);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (wants(bench, kinds[i].name))
            ask(&search, &kinds[i]);
    if (wants(bench, "search_put"))
        put_singly(&search);
    fts_destroy(search.fts);
    fc_replica_close(search.replica);
    fixture_finish(&search.fixture);
}
