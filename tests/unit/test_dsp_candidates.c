/* A catalogue asked with the help of the search index and by looking at every entry: the same
 * pages, whatever is asked and whatever the documents say. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "node/dsp_scan.h"
#include "tests/support/golden.h"
#include "tests/support/replica.h"
#include "tests/support/rng.h"

#define assert_ok(expression) assert_int_equal((expression), FC_OK)

enum { PARTIES = 3, RANDOM_DOCUMENTS = 60, VALUES_MAX = 8192 };

static const char policy[] = "[{\"@id\":\"urn:default\",\"@type\":\"Offer\"}]";

/* -- a node and what its documents say --------------------------------------------------------- */

struct value {
    const char *operand;
    char *text;
};
struct fixture {
    struct fc_test_federation fed;
    struct fc_test_party parties[PARTIES];
    struct fc_test_node node;
    struct value values[VALUES_MAX];
    size_t value_count;
    uint64_t rng;
    size_t by_index, compared;
};

static void setup(struct fixture *f, uint64_t seed)
{
    static const char *const labels[PARTIES] = {"acme", "other", "third"};
    memset(f, 0, sizeof *f);
    f->rng = seed;
    fc_test_federation_init(&f->fed, "candidates", 3);
    fc_test_node_init_index(&f->node, FC_TEST_MEMORY, &f->fed, "node");
    for (size_t i = 0; i < PARTIES; i++) {
        fc_test_party_init(&f->parties[i], &f->fed, labels[i]);
        fc_test_admit(&f->node, &f->fed, &f->parties[i]);
    }
}

static void teardown(struct fixture *f)
{
    for (size_t i = 0; i < f->value_count; i++)
        free(f->values[i].text);
    for (size_t i = 0; i < PARTIES; i++)
        fc_test_party_finish(&f->parties[i]);
    fc_test_node_finish(&f->node);
    fc_test_federation_finish(&f->fed);
}

static void note(struct fixture *f, const char *operand, const char *text)
{
    if (!text || strlen(text) > FC_DSP_PATTERN_BYTES_MAX)
        return;
    for (size_t i = 0; i < f->value_count; i++)
        if (f->values[i].operand == operand && strcmp(f->values[i].text, text) == 0)
            return;
    assert_true(f->value_count < VALUES_MAX);
    f->values[f->value_count++] = (struct value){operand, strdup(text)};
}

/* What might be asked about a document. */
static void note_document(struct fixture *f, const char *key, const char *content)
{
    struct fc_document document;
    if (fc_document_read(fc_span_str(content), &document, NULL) != FC_OK)
        return;
    note(f, "id", key);
    note(f, "name", document.name);
    note(f, "kind", document.kind);
    note(f, "country", document.country);
    note(f, "language", document.language);
    note(f, "provider", document.provider);
    note(f, "provider", document.provider_name);
    note(f, "license", document.license);
    for (uint32_t i = 0; i < document.keyword_count; i++)
        note(f, "keyword", document.keywords[i]);
    for (uint32_t i = 0; i < document.theme_count; i++)
        note(f, "theme", document.themes[i]);
    fc_document_finish(&document);
}

/* -- documents --------------------------------------------------------------------------------- */

static const char *const phrases[] = {
    "cloud",
    "Cloud Storage",
    "storage cloud",
    "Stor\u00e4ge",
    "cloud-storage",
    "+++",
    "...",
    "topic:energy",
    "https://t.example/theme#ENER",
    "http://t.example/theme/ENER",
    "ener",
    "t:ENER",
    "did:web:p.example",
    "P GmbH",
    "\u96f2\u7aef",
    " padded  twice ",
    "clouds",
    "a very long one that goes on and on, past all that anybody would call a keyword, word after "
    "word after word, until at last nobody knows any more how it began, and still it does not end, "
    "because it must be longer than what is kept of a keyword, two hundred and fifty-six bytes",
};
enum { PHRASES = sizeof phrases / sizeof phrases[0] };

static const char *phrase(struct fixture *f)
{
    return phrases[test_rng_below(&f->rng, PHRASES)];
}

static void add(struct fc_buf *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct fc_buf *out, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    fc_buf_append(out, text, (size_t)len);
}

static void add_list(struct fixture *f, struct fc_buf *out, const char *name, uint32_t max)
{
    uint32_t count = test_rng_below(&f->rng, max);
    add(out, ",\"%s\":[", name);
    for (uint32_t i = 0; i < count; i++)
        switch (test_rng_below(&f->rng, 4)) {
        case 0:
            add(out, "%s{\"@id\":\"https://t.example/v%u\"}", i ? "," : "",
                test_rng_below(&f->rng, 20));
            break;
        case 1:
            add(out, "%s{\"@value\":\"%s\",\"@language\":\"de\"}", i ? "," : "", phrase(f));
            break;
        default:
            add(out, "%s\"%s\"", i ? "," : "", phrase(f));
        }
    add(out, "]");
}

/* A name now and then on the credential alone; more themes than the index keeps as values. */
static void make_document(struct fixture *f, const char *key, struct fc_buf *out)
{
    static const char *const types[] = {"gx:ServiceOffering", "dcat:Dataset", "gx:LegalPerson",
                                        "dcat:DataService", "gx:VirtualResource"};
    static const char *const countries[] = {"DE", "FR", "NLD", "ITA"};
    uint32_t name = test_rng_below(&f->rng, 3);
    fc_buf_clear(out);
    add(out, "{\"@context\":[\"https://www.w3.org/ns/credentials/v2\"],\"id\":\"%s\"", key);
    if (name == 0)
        add(out, ",\"name\":\"%s\"", phrase(f));
    add(out, ",\"credentialSubject\":{\"id\":\"%s#s\",\"type\":\"%s\"", key,
        types[test_rng_below(&f->rng, 5)]);
    if (name == 1)
        add(out, ",\"name\":{\"@value\":\"%s\"}", phrase(f));
    if (test_rng_below(&f->rng, 4))
        add(out, ",\"gx:providedBy\":\"%s\"", phrase(f));
    if (test_rng_below(&f->rng, 4))
        add(out, ",\"gx:countryCode\":\"%s\"", countries[test_rng_below(&f->rng, 4)]);
    if (test_rng_below(&f->rng, 4))
        add(out, ",\"gx:endpoint\":{\"gx:endpointURL\":\"https://api.example/\"}");
    add_list(f, out, "dcat:keyword", 4);
    add_list(f, out, "dcat:theme", test_rng_below(&f->rng, 4) ? 4 : 24);
    add(out, "}}");
    fc_buf_append(out, "", 1);
    assert_ok(fc_buf_check(out));
}

static void publish_random(struct fixture *f)
{
    struct fc_buf content = {0};
    char key[64];
    for (uint32_t i = 0; i < RANDOM_DOCUMENTS; i++) {
        snprintf(key, sizeof key, "https://x.example/%u", i);
        make_document(f, key, &content);
        note_document(f, key, (const char *)content.data);
        fc_test_publish_one(&f->node, &f->parties[test_rng_below(&f->rng, PARTIES)], key,
                            (const char *)content.data);
    }
    fc_buf_finish(&content);
}

static void publish_file(struct fixture *f, const struct fc_test_party *party, const char *path)
{
    struct fc_document document;
    struct fc_buf content = {0};
    assert_true(fc_golden_read(path, &content));
    fc_buf_append(&content, "", 1);
    assert_ok(fc_document_read(fc_span_str((char *)content.data), &document, NULL));
    note_document(f, document.key, (const char *)content.data);
    fc_test_publish_one(&f->node, party, document.key, (const char *)content.data);
    fc_document_finish(&document);
    fc_buf_finish(&content);
}

/* All files two folders below, the feeds by turns. */
static void publish_samples(struct fixture *f, const char *folder, unsigned depth)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, NULL, alphasort);
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.' && depth < 2)
            publish_samples(f, path, depth + 1);
        else if (entries[i]->d_name[0] != '.')
            publish_file(f, &f->parties[(size_t)i % PARTIES], path);
        free(entries[i]);
    }
    free(entries);
}

/* -- both ways --------------------------------------------------------------------------------- */

static void read_query(const char *filter, struct fc_dsp_query *query)
{
    struct fc_json_value *value = NULL;
    char fault[300];
    assert_ok(fc_json_parse(fc_span_str(filter), &value, NULL));
    if (fc_dsp_query_read(value, query, fault, sizeof fault) != FC_OK)
        fail_msg("%s: %s", filter, fault);
    fc_json_free(value);
}

static void run(struct fixture *f, const char *filter, const struct fc_dsp_place *from,
                uint64_t limit, uint64_t skip, bool every_entry, struct fc_dsp_scan *scan)
{
    *scan = (struct fc_dsp_scan){.default_policy = fc_span_str(policy),
                                 .limit = limit,
                                 .skip = skip,
                                 .at = *from,
                                 .every_entry = every_entry};
    read_query(filter, &scan->query);
    assert_ok(fc_dsp_scan_run(scan, f->node.replica, UINT64_MAX));
    assert_true(scan->done);
}

static void compare_page(struct fixture *f, const char *filter, const struct fc_dsp_place *from,
                         uint64_t limit, uint64_t skip, struct fc_dsp_place *next, bool *more)
{
    struct fc_dsp_scan quick, slow;
    run(f, filter, from, limit, skip, false, &quick);
    run(f, filter, from, limit, skip, true, &slow);
    if (!fc_span_eq(fc_buf_span(&quick.items), fc_buf_span(&slow.items)))
        fail_msg("%s: %.*s\nis not %.*s", filter, (int)quick.items.len, (char *)quick.items.data,
                 (int)slow.items.len, (char *)slow.items.data);
    assert_int_equal(quick.count, slow.count);
    assert_int_equal(quick.passed, slow.passed);
    assert_int_equal(quick.more, slow.more);
    assert_int_equal(quick.as_of_ms, slow.as_of_ms);
    for (int i = FC_DSP_NO_POLICY; i < FC_DSP_OUTCOMES; i++)
        assert_int_equal(quick.left_out[i], slow.left_out[i]);
    if (slow.more)
        assert_memory_equal(&quick.last.key_hash, &slow.last.key_hash, sizeof slow.last.key_hash);
    f->by_index += quick.candidates.found;
    f->compared++;
    *next = slow.last;
    *more = slow.more;
    fc_dsp_scan_finish(&quick);
    fc_dsp_scan_finish(&slow);
}

static void compare_all(struct fixture *f, const char *filter, uint64_t limit)
{
    struct fc_dsp_place place = {.placed = false}, next;
    bool more = true;
    compare_page(f, filter, &place, limit, 3, &next, &more);
    for (more = true; more; place = next)
        compare_page(f, filter, &place, limit, 0, &next, &more);
}

static void add_text(struct fc_buf *out, const char *text)
{
    struct fc_json *json = fc_json_create();
    fc_json_array(json, NULL);
    fc_json_text(json, NULL, text);
    fc_json_end(json);
    size_t start = out->len;
    assert_ok(fc_json_write(json, out));
    memmove(out->data + start, out->data + start + 1, out->len - start - 1); /* without [ and ] */
    out->len -= 2;
    fc_json_destroy(json);
}

static void add_criterion(struct fixture *f, struct fc_buf *out)
{
    static const char *const ops[] = {"=", "=", "contains", "in", "in", "!=", "not in", "like"};
    const char *op = ops[test_rng_below(&f->rng, 8)];
    const struct value *value = &f->values[test_rng_below(&f->rng, (uint32_t)f->value_count)];
    bool list = strstr(op, "in") && !strstr(op, "contains");
    char id[65];
    fc_hex(f->parties[test_rng_below(&f->rng, PARTIES)].id.b, 32, id);
    bool participant = test_rng_below(&f->rng, 8) == 0;
    add(out, "{\"operandLeft\":\"%s\",\"operator\":\"%s\",\"operandRight\":",
        participant ? "participantId" : value->operand, op);
    add(out, "%s", list ? "[" : "");
    add_text(out, participant ? id : value->text);
    for (uint32_t i = 0; list && i < test_rng_below(&f->rng, 3); i++) {
        add(out, ",");
        add_text(out, f->values[test_rng_below(&f->rng, (uint32_t)f->value_count)].text);
    }
    add(out, "%s}", list ? "]" : "");
}

static void compare_random(struct fixture *f, unsigned rounds)
{
    for (unsigned i = 0; i < rounds; i++) {
        struct fc_buf filter = {0};
        uint32_t count = 1 + test_rng_below(&f->rng, 2);
        add(&filter, "{\"filterExpression\":[");
        for (uint32_t k = 0; k < count; k++) {
            add(&filter, "%s", k ? "," : "");
            add_criterion(f, &filter);
        }
        add(&filter, "]}");
        fc_buf_append(&filter, "", 1);
        if (filter.len < FC_DSP_FILTER_BYTES_MAX)
            compare_all(f, (const char *)filter.data, 1 + test_rng_below(&f->rng, 30));
        fc_buf_finish(&filter);
    }
}

/* Every value that any document has, alone. */
static void compare_values(struct fixture *f)
{
    for (size_t i = 0; i < f->value_count; i++) {
        struct fc_buf filter = {0};
        add(&filter, "{\"filterExpression\":[{\"operandLeft\":\"%s\",\"operator\":\"=\",",
            f->values[i].operand);
        add(&filter, "\"operandRight\":");
        add_text(&filter, f->values[i].text);
        add(&filter, "}]}");
        fc_buf_append(&filter, "", 1);
        compare_all(f, (const char *)filter.data, 100);
        fc_buf_finish(&filter);
    }
}

static void report(const struct fixture *f)
{
    print_message("%zu pages compared, %zu of them found by the index\n", f->compared, f->by_index);
    assert_true(f->by_index * 3 > f->compared);
}

static void the_samples_both_ways(void **state)
{
    static struct fixture f;
    (void)state;
    setup(&f, 1);
    publish_samples(&f, FEDCAT_SOURCE_DIR "/node/samples", 0);
    compare_values(&f);
    compare_random(&f, 100);
    report(&f);
    teardown(&f);
}

/* Changed, deleted, ended and frozen entries among them. */
static void random_catalogues_both_ways(void **state)
{
    static struct fixture f;
    (void)state;
    uint64_t seeds = getenv("FEDCAT_SANITIZED") ? 1 : 3;
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        struct fc_test_batch batch = {0};
        struct fc_buf record = {0};
        setup(&f, seed);
        publish_random(&f);
        publish_random(&f); /* under the same keys, some in another feed */
        for (unsigned i = 0; i < 20; i++) {
            static const char *const keys[] = {"https://x.example/1", "https://x.example/2"};
            fc_test_batch_status(&batch, keys[0], FC_STATUS_ENDED);
            fc_test_batch_delete(&batch, keys[1]);
            /* FC_E_MISSING where that feed has no such entry */
            (void)!fc_test_publish(&f.node, &f.parties[i % PARTIES], &batch, NULL);
            fc_test_batch_finish(&batch);
        }
        compare_values(&f);
        fc_test_revocation(&f.parties[1], &f.fed, fc_version_make(1, 40), FC_REVOKE_FREEZE,
                           &record);
        assert_ok(fc_test_add(&f.node, &record));
        compare_random(&f, 60);
        report(&f);
        fc_buf_finish(&record);
        teardown(&f);
    }
}

/* -- when the index is asked ------------------------------------------------------------------- */

static bool is_asked(const char *criterion)
{
    struct fc_dsp_query query;
    struct fc_query ask;
    char filter[1024];
    snprintf(filter, sizeof filter, "{\"filterExpression\":[%s]}", criterion);
    read_query(filter, &query);
    bool asked = fc_dsp_candidates_query(&query, &ask);
    fc_dsp_query_finish(&query);
    return asked;
}
#define CRITERION(left, op, right)                                                                 \
    "{\"operandLeft\":\"" left "\",\"operator\":\"" op "\",\"operandRight\":" right "}"

static void only_what_the_index_keeps_is_asked(void **state)
{
    static const char *const asked[] = {
        CRITERION("kind", "=", "\"service\""),
        CRITERION("kind", "in", "[\"service\",\"dataset\"]"),
        CRITERION("id", "in", "[\"urn:a\",\"urn:b\"]"),
        CRITERION("name", "=", "\"Cloud Storage\""),
        CRITERION("keyword", "contains", "\"cloud\""),
        CRITERION("theme", "=", "\"https://t.example/theme#ENER\""),
        CRITERION("provider", "=", "\"did:web:p\""),
        CRITERION("country", "in", "[\"DE\"]"),
        CRITERION("language", "in", "[]"), /* and nothing is found */
        CRITERION("name", "like", "\"C%\"") "," CRITERION("kind", "=", "\"service\""),
    };
    static const char *const left[] = {
        CRITERION("kind", "!=", "\"service\""),
        CRITERION("kind", "not in", "[\"service\"]"),
        CRITERION("name", "like", "\"C%\""),
        CRITERION("name", "=", "\"+++\""),
        CRITERION("name", "=", "\"topic:energy\""),
        CRITERION("name", "<", "\"C\""),
        CRITERION("keyword", "=", "\"topic:energy\""),
        CRITERION("theme", "=", "\"https://t.example/\""),
        CRITERION("license", "=", "\"MIT\""),
        CRITERION("participantId", "=",
                  "\"0000000000000000000000000000000000000000000000000000000000000000\""),
        CRITERION("kind", "=", "\"\""),
    };
    (void)state;
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++)
        if (!is_asked(asked[i]))
            fail_msg("%s is not asked of the index", asked[i]);
    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++)
        if (is_asked(left[i]))
            fail_msg("%s is asked of the index", left[i]);
}

static void long_values_are_left_out(void **state)
{
    static const struct {
        const char *operand;
        size_t max;
    } edges[] = {{"keyword", 200}, {"name", 200}, {"theme", 200}, {"provider", 120}};
    (void)state;
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++)
        for (size_t extra = 0; extra < 2; extra++) {
            char value[256] = "", criterion[512];
            memset(value, 'v', edges[i].max + extra);
            snprintf(criterion, sizeof criterion,
                     "{\"operandLeft\":\"%s\",\"operator\":\"=\",\"operandRight\":\"%s\"}",
                     edges[i].operand, value);
            assert_int_equal(is_asked(criterion), extra == 0);
        }
}

static bool is_found(struct fixture *f, const char *filter, size_t *count)
{
    struct fc_dsp_candidates candidates;
    struct fc_dsp_query query;
    read_query(filter, &query);
    assert_ok(fc_dsp_candidates_find(f->node.replica, &query, &candidates));
    bool found = candidates.found;
    *count = candidates.count;
    fc_dsp_candidates_finish(&candidates);
    fc_dsp_query_finish(&query);
    return found;
}

static void too_many_are_looked_at_one_by_one(void **state)
{
    static struct fixture f;
    static char keys[FC_DSP_CANDIDATES_MAX][64], contents[FC_DSP_CANDIDATES_MAX][128];
    struct fc_test_batch batch = {0};
    size_t count;
    const char *filter = "{\"filterExpression\":[" CRITERION("kind", "=", "\"dataset\"") "]}";
    (void)state;
    setup(&f, 1);
    for (size_t i = 0; i < FC_DSP_CANDIDATES_MAX; i++) {
        snprintf(keys[i], sizeof keys[i], "https://x.example/%zu", i);
        snprintf(contents[i], sizeof contents[i],
                 "{\"@id\":\"https://x.example/%zu\",\"@type\":\"dcat:Dataset\"}", i);
        fc_test_batch_put(&batch, keys[i], contents[i]);
        if (i % 1024 == 1023)
            assert_ok(fc_test_publish(&f.node, &f.parties[0], &batch, NULL));
    }
    fc_test_batch_finish(&batch);
    assert_true(is_found(&f, filter, &count));
    assert_int_equal(count, FC_DSP_CANDIDATES_MAX);
    fc_test_publish_one(&f.node, &f.parties[1], "urn:more",
                        "{\"@id\":\"urn:more\",\"@type\":\"dcat:Dataset\"}");
    assert_false(is_found(&f, filter, &count));
    assert_int_equal(count, 0);
    teardown(&f);
}

/* A replica that keeps no index answers all the same. */
static void without_an_index(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    size_t count;
    (void)state;
    assert_non_null(f);
    setup(f, 1);
    fc_test_node_finish(&f->node);
    fc_test_node_init(&f->node, FC_TEST_MEMORY, &f->fed, "node");
    fc_test_admit(&f->node, &f->fed, &f->parties[0]);
    fc_test_publish_one(&f->node, &f->parties[0], "urn:a",
                        "{\"@id\":\"urn:a\",\"@type\":\"dcat:Dataset\"}");
    assert_false(
        is_found(f, "{\"filterExpression\":[" CRITERION("kind", "=", "\"dataset\"") "]}", &count));
    compare_all(f, "{\"filterExpression\":[" CRITERION("kind", "=", "\"dataset\"") "]}", 10);
    teardown(f);
    free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_samples_both_ways),
        cmocka_unit_test(random_catalogues_both_ways),
        cmocka_unit_test(only_what_the_index_keeps_is_asked),
        cmocka_unit_test(long_values_are_left_out),
        cmocka_unit_test(too_many_are_looked_at_one_by_one),
        cmocka_unit_test(without_an_index),
    };
    return fc_crypto_init() == FC_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
