/* Questions as programs ask them: values chosen from facets, and what texts are shown. */
#include "tests/support/replica_case.h"

#include <stdio.h>
#include <string.h>

#include "store/index.h"
#include "store/query.h"

struct world {
    struct fc_test_federation fed;
    struct fc_test_party acme;
    struct fc_test_node node;
};

static void put(struct world *world, const char *key, const char *name, const char *country,
                const char *theme)
{
    char content[1024];
    snprintf(content, sizeof content,
             "{\"id\":\"https://x.example/%s\",\"type\":\"gx:ServiceOffering\",\"name\":\"%s\","
             "\"description\":\"Machines for %s\",\"gx:countryCode\":\"%s\",\"theme\":\"%s\"}",
             key, name, name, country, theme);
    char iri[64];
    snprintf(iri, sizeof iri, "https://x.example/%s", key);
    fc_test_publish_one(&world->node, &world->acme, iri, content);
}

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    if (!world)
        return -1;
    fc_test_federation_init(&world->fed, "query", 3);
    fc_test_party_init(&world->acme, &world->fed, "acme");
    fc_test_node_init_index(&world->node, *(const enum fc_test_backend *)*state, &world->fed, "n");
    fc_test_admit(&world->node, &world->fed, &world->acme);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    fc_test_node_finish(&world->node);
    fc_test_party_finish(&world->acme);
    fc_test_federation_finish(&world->fed);
    free(world);
    return 0;
}

static void merge(struct world *world)
{
    assert_ok(fc_replica_begin(world->node.replica));
    assert_ok(fc_index_merge(world->node.replica, true));
    assert_ok(fc_replica_commit(world->node.replica));
}

static void choose(struct fc_query *query, enum fc_facet facet, const char *a, const char *b)
{
    assert_ok(fc_query_choice(query));
    assert_ok(fc_query_term(query, fc_facet_field(facet), FC_QUERY_EQUAL, fc_span_str(a)));
    if (b)
        assert_ok(fc_query_term(query, fc_facet_field(facet), FC_QUERY_EQUAL, fc_span_str(b)));
}

/* "fr 2, de 1": a facet's values and counts in order. */
static const char *values_of(const struct fc_query_result *result, enum fc_facet facet, char *out,
                             size_t size)
{
    size_t len = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < result->facet_count; i++)
        for (uint32_t k = 0; result->facets[i].facet == facet && k < result->facets[i].value_count;
             k++) {
            const struct fc_query_value *value = &result->facets[i].values[k];
            len += (size_t)snprintf(out + len, size - len, "%s%.*s %u", k ? ", " : "",
                                    (int)value->value.len, (const char *)value->value.data,
                                    (unsigned)value->count);
        }
    return out;
}

static void expect(struct world *world, const struct fc_query *query, unsigned total,
                   const char *countries, const char *themes)
{
    struct fc_query_result *result;
    char text[256];
    assert_ok(fc_query_run(world->node.replica, query, &result));
    assert_int_equal(result->total, total);
    assert_int_equal(result->hit_count, total);
    assert_int_equal(result->facet_count, 2);
    assert_string_equal(values_of(result, FC_FACET_COUNTRY, text, sizeof text), countries);
    assert_string_equal(values_of(result, FC_FACET_THEME, text, sizeof text), themes);
    assert_true(result->facets[0].facet < result->facets[1].facet);
    fc_query_result_destroy(result);
}

static void check_choices(struct world *world)
{
    struct fc_query query;
    fc_query_init(&query);
    query.facets = 1u << FC_FACET_COUNTRY | 1u << FC_FACET_THEME;
    expect(world, &query, 5, "FR 3, DE 1, NL 1", "energy 3, health 2");
    choose(&query, FC_FACET_COUNTRY, "FR", NULL);
    expect(world, &query, 3, "FR 3, DE 1, NL 1", "energy 2, health 1");
    assert_ok(fc_query_term(&query, FC_QUERY_COUNTRY, FC_QUERY_EQUAL, fc_span_str("de")));
    expect(world, &query, 4, "FR 3, DE 1, NL 1", "energy 2, health 2");
    choose(&query, FC_FACET_THEME, "health", NULL);
    expect(world, &query, 2, "DE 1, FR 1", "energy 2, health 2");
    /* What is asked for in words narrows all of them down. */
    assert_ok(fc_query_parse(&query, fc_span_str("\"machines for wind\""), NULL));
    expect(world, &query, 1, "FR 1", "energy 1, health 1");
    fc_query_init(&query);
    query.facets = 1u << FC_FACET_COUNTRY | 1u << FC_FACET_THEME;
    assert_ok(fc_query_parse(&query, fc_span_str("country:FR"), NULL));
    expect(world, &query, 3, "FR 3", "energy 2, health 1");
}

static void test_choices(void **state)
{
    struct world *world = *state;
    put(world, "1", "wind", "FR", "energy");
    put(world, "2", "sun", "FR", "energy");
    put(world, "3", "wind", "FR", "health");
    put(world, "4", "tide", "DE", "health");
    put(world, "5", "for the wind", "NL", "energy");
    check_choices(world); /* from rows that wait */
    merge(world);
    check_choices(world);
}

static void test_bad_choices(void **state)
{
    struct world *world = *state;
    struct fc_query query;
    struct fc_query_result *result;
    fc_query_init(&query);
    assert_ok(fc_query_choice(&query)); /* of nothing */
    assert_int_equal(fc_query_run(world->node.replica, &query, &result), FC_E_ARG);
    fc_query_init(&query);
    choose(&query, FC_FACET_KIND, "service", NULL); /* of two facets */
    assert_ok(fc_query_term(&query, FC_QUERY_COUNTRY, FC_QUERY_EQUAL, fc_span_str("FR")));
    assert_int_equal(fc_query_run(world->node.replica, &query, &result), FC_E_ARG);
    fc_query_init(&query);
    assert_ok(fc_query_choice(&query)); /* a word */
    assert_ok(fc_query_term(&query, FC_QUERY_PROVIDER, FC_QUERY_WORD, fc_span_str("x")));
    assert_int_equal(fc_query_run(world->node.replica, &query, &result), FC_E_ARG);
}

/* A name cannot turn around the text that it is shown in. */
static void test_directions(void **state)
{
    struct world *world = *state;
    struct fc_query query;
    struct fc_query_result *result;
    put(world, "1",
        "to\xe2\x80\xae"
        "evil\xe2\x80\xac\xe2\x81\xa6 end\xe2\x81\xa9",
        "FR", "energy");
    fc_query_init(&query);
    assert_ok(fc_query_parse(&query, fc_span_str("end"), NULL));
    assert_ok(fc_query_run(world->node.replica, &query, &result));
    assert_int_equal(result->hit_count, 1);
    const struct fc_query_text *name = &result->hits[0].name;
    assert_true(fc_span_eq(name->text, fc_span_str("toevil end")));
    assert_int_equal(name->mark_count, 1);
    assert_int_equal(name->marks[0].at, 7);
    assert_true(fc_span_eq(result->hits[0].snippet.text, fc_span_str("Machines for toevil end")));
    fc_query_result_destroy(result);
}

/* What is typed, or what is wrong with it and where. */
static void test_language(void **state)
{
    static const struct {
        const char *text, *fault; /* NULL: it is understood */
        unsigned at, clauses, negated;
    } cases[] = {
        {"a AND b", NULL, 0, 2, 0},
        {"a AND NOT b", NULL, 0, 2, 1},
        {"NOT a -b", NULL, 0, 2, 2},
        {"a OR b AND c", NULL, 0, 2, 0},
        {"ANDROID NOTE ORBIT and or not", NULL, 0, 6, 0},
        {"kind:data-service state:Active", NULL, 0, 2, 0},
        {"kind:\"data service\",DATA_SERVICE", NULL, 0, 1, 0},
        {"AND a", "AND stands", 0, 0, 0},
        {"a AND", "AND stands", 2, 0, 0},
        {"a AND AND b", "AND stands", 2, 0, 0},
        {"a AND OR b", "AND stands", 2, 0, 0},
        {"NOT", "NOT stands", 0, 0, 0},
        {"a NOT NOT b", "NOT stands", 2, 0, 0},
        {"OR a", "OR stands", 0, 0, 0},
        {"a OR NOT b", "OR stands", 4, 0, 0},
        {"kind:foo", "is one of service", 5, 0, 0},
        {"state:active,actve", "is one of active", 13, 0, 0},
        {"colour:red", "valid-from, valid-until, key", 0, 0, 0},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:x", "valid-from, valid-until, key", 0, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fc_query query;
        struct fc_query_fault fault;
        unsigned negated = 0;
        fc_query_init(&query);
        enum fc_err err = fc_query_parse(&query, fc_span_str(cases[i].text), &fault);
        assert_int_equal(err, cases[i].fault ? FC_E_FORMAT : FC_OK);
        if (cases[i].fault) {
            if (!strstr(fault.text, cases[i].fault) || fault.at != cases[i].at)
                fail_msg("%s: at %u, %s", cases[i].text, fault.at, fault.text);
            continue;
        }
        for (uint16_t k = 0; k < query.clause_count; k++)
            negated += query.clauses[k].negated;
        assert_int_equal(query.clause_count, cases[i].clauses);
        assert_int_equal(negated, cases[i].negated);
    }
}

static void test_values(void **state)
{
    struct fc_span known;
    (void)state;
    assert_true(fc_query_value(FC_QUERY_KIND, fc_span_str("DATA-service"), &known));
    assert_true(fc_span_eq(known, fc_span_str("data service")));
    assert_true(fc_query_value(FC_QUERY_COUNTRY, fc_span_str("Utopia"), &known));
    assert_false(fc_query_value(FC_QUERY_STATE, fc_span_str("activ"), &known));
    assert_int_equal(fc_query_character(fc_span_str("caf\xc3\xa9 x"), 6), 5);
}

/* Vowels written out for umlauts, where the word as it stands is in no document. */
static void test_umlauts(void **state)
{
    static const struct {
        const char *text;
        unsigned found;
    } cases[] = {{"uebertragung", 1}, {"UEBERTRAGUNG", 1}, {"faehre", 1},
                 {"queue", 1},        {"que", 1},          {"\"uebertragung\"", 0}};
    struct world *world = *state;
    put(world, "1",
        "\xc3\x9c"
        "bertragung",
        "DE", "energy");
    put(world, "2", "F\xc3\xa4hre", "DE", "energy");
    put(world, "3", "queue", "DE", "energy");
    put(world, "4", "que blu", "FR", "energy");
    merge(world);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fc_query query;
        struct fc_query_result *result;
        fc_query_init(&query);
        assert_ok(fc_query_parse(&query, fc_span_str(cases[i].text), NULL));
        assert_ok(fc_query_run(world->node.replica, &query, &result));
        if (result->total != cases[i].found)
            fail_msg("%s: %u", cases[i].text, (unsigned)result->total);
        fc_query_result_destroy(result);
    }
}

/* Who asks with an umlaut finds what was written without the key for it, marked as any word. */
static void check_written_out(struct world *world)
{
    static const struct {
        const char *text;
        unsigned found;
    } cases[] = {
        {"\u00fcbertragung", 2},       {"\u00dcBERTRAGUNG", 2},     {"\u00fcbertr*", 2},
        {"name:u\u0308bertragung", 2}, {"\"\u00fcbertragung\"", 1}, {"stra\u00dfe", 2},
        {"-\u00fcbertragung", 3},      {"ger\u00fcsts", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fc_query query;
        struct fc_query_result *result;
        char text[64];
        fc_query_init(&query);
        query.facets = 1u << FC_FACET_COUNTRY;
        assert_ok(fc_query_parse(&query, fc_span_str(cases[i].text), NULL));
        assert_ok(fc_query_run(world->node.replica, &query, &result));
        if (result->total != cases[i].found)
            fail_msg("%s: %u", cases[i].text, (unsigned)result->total);
        if (i < 4) {
            assert_string_equal(values_of(result, FC_FACET_COUNTRY, text, sizeof text),
                                "AT 1, DE 1");
            for (uint32_t k = 0; k < result->hit_count; k++) {
                assert_int_equal(result->hits[k].name.mark_count, 1);
                assert_int_equal(result->hits[k].name.marks[0].at, 0);
                assert_int_equal(result->hits[k].name.marks[0].len, result->hits[k].name.text.len);
                assert_int_equal(result->hits[k].score, result->hits[0].score);
            }
        }
        fc_query_result_destroy(result);
    }
}

static void test_umlauts_written_out(void **state)
{
    struct world *world = *state;
    put(world, "1", "Uebertragung", "AT", "energy");
    put(world, "2", "\u00dcbertragung", "DE", "energy");
    put(world, "3", "Strasse", "DE", "energy");
    put(world, "4", "Stra\u00dfe", "DE", "energy");
    put(world, "5", "Geruest", "DE", "energy");
    check_written_out(world); /* from rows that wait */
    merge(world);
    check_written_out(world);
}

/* A theme of the European vocabulary is named, a member as its certificate has it. */
static void test_names(void **state)
{
    struct world *world = *state;
    struct fc_query query;
    struct fc_query_result *result;
    put(world, "1", "wind", "DE",
        "http://publications.europa.eu/resource/authority/data-theme/GOVE");
    fc_query_init(&query);
    query.facets = 1u << FC_FACET_THEME;
    assert_ok(fc_query_run(world->node.replica, &query, &result));
    assert_true(fc_span_eq(result->facets[0].values[0].value, fc_span_str("gove")));
    assert_true(
        fc_span_eq(result->facets[0].values[0].name, fc_span_str("Government and public sector")));
    assert_true(fc_span_eq(result->hits[0].member, fc_span_str("acme")));
    fc_query_result_destroy(result);
}

#define ON(f, name, at)                                                                            \
    {                                                                                              \
#f name, f, setup, teardown, &fc_test_backends[at]                                         \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON(test_choices, " (memory)", 0),
        ON(test_choices, " (lmdb)", 1),
        ON(test_bad_choices, " (memory)", 0),
        ON(test_directions, " (memory)", 0),
        ON(test_language, "", 0),
        ON(test_values, "", 0),
        ON(test_umlauts, " (memory)", 0),
        ON(test_umlauts, " (lmdb)", 1),
        ON(test_umlauts_written_out, " (memory)", 0),
        ON(test_umlauts_written_out, " (lmdb)", 1),
        ON(test_names, " (memory)", 0),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
