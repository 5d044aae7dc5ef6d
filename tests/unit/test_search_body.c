/* A search as a program writes it, and what is wrong with one, in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "node/search_body.h"

static struct fc_search_body body;
static char fault[FC_SEARCH_FAULT_BYTES];

static enum fc_err read_body(const char *json)
{
    return fc_search_body_read(fc_span_str(json), &body, fault);
}

static void expect_term(unsigned at, enum fc_query_field field, enum fc_query_match match,
                        const char *value)
{
    const struct fc_query_term *term = &body.query.terms[at];
    assert_int_equal(term->field, field);
    assert_int_equal(term->match, match);
    assert_int_equal(term->len, strlen(value));
    assert_memory_equal(body.query.text + term->at, value, term->len);
}

static void test_whole(void **state)
{
    (void)state;
    assert_int_equal(
        read_body("{\"q\":\"storage\",\"clauses\":[{\"any\":[{\"field\":\"name\",\"match\":"
                  "\"prefix\",\"value\":\"stor\"},{\"value\":\"disk\"}]},{\"any\":[{\"field\":"
                  "\"kind\",\"value\":\"dataset\"}],\"not\":true},{\"any\":[{\"field\":"
                  "\"valid-until\",\"from\":\"1970-01-02\"}]}],\"chosen\":{\"country\":[\"FR\","
                  "\"DE\"]},\"facets\":[\"kind\",\"label\"],\"facet_values\":3,\"sort\":\"-name\","
                  "\"limit\":0,\"offset\":7,\"snippets\":false}"),
        FC_OK);
    const struct fc_query *query = &body.query;
    assert_int_equal(query->clause_count, 5);
    assert_int_equal(query->term_count, 7);
    expect_term(0, FC_QUERY_ANY, FC_QUERY_WORD, "storage");
    expect_term(1, FC_QUERY_NAME, FC_QUERY_PREFIX, "stor");
    expect_term(2, FC_QUERY_ANY, FC_QUERY_WORD, "disk");
    expect_term(3, FC_QUERY_KIND, FC_QUERY_EQUAL, "dataset");
    assert_int_equal(query->terms[4].low, 1);
    assert_int_equal(query->terms[4].high, INT32_MAX / 2);
    expect_term(6, FC_QUERY_COUNTRY, FC_QUERY_EQUAL, "DE");
    assert_false(query->clauses[1].negated);
    assert_int_equal(query->clauses[1].count, 2);
    assert_true(query->clauses[2].negated);
    assert_false(query->clauses[3].chosen);
    assert_true(query->clauses[4].chosen);
    assert_int_equal(query->facets, 1u << FC_FACET_KIND | 1u << FC_FACET_LABEL);
    assert_int_equal(query->facet_values, 3);
    assert_int_equal(query->sort, FC_QUERY_NAME_DOWN);
    assert_int_equal(query->limit, 0);
    assert_int_equal(query->offset, 7);
    assert_false(query->snippets);
}

static void test_defaults(void **state)
{
    (void)state;
    assert_int_equal(read_body("{\"cursor\":null}"), FC_OK);
    assert_int_equal(body.query.clause_count, 0);
    assert_int_equal(body.query.limit, 20);
    assert_true(body.query.snippets);
    assert_int_equal(body.query.cursor.len, 0);
    assert_int_equal(read_body("{\"cursor\":\"0102\"}"), FC_OK);
    assert_int_equal(body.query.cursor.len, 4);
}

static void test_faults(void **state)
{
    static const struct {
        const char *json, *words;
    } cases[] = {
        {"", "no JSON"},
        {"[]", "A search is an object"},
        {"{\"kind\":\"service\"}", "no member \"kind\""},
        {"{\"q\":7}", "\"q\" takes a text"},
        {"{\"q\":\"colour:red\"}", "At character 1 of \"q\": there is no field colour"},
        {"{\"clauses\":{}}", "is a list"},
        {"{\"clauses\":[{\"any\":[]}]}", "one term or more"},
        {"{\"clauses\":[{\"all\":[]}]}", "no member \"all\""},
        {"{\"clauses\":[{\"any\":[{\"value\":\"x\"}],\"not\":\"no\"}]}", "true or false"},
        {"{\"clauses\":[{\"any\":[{\"field\":\"colour\",\"value\":\"red\"}]}]}",
         "no field \"colour\""},
        {"{\"clauses\":[{\"any\":[{\"value\":\"x\",\"match\":\"like\"}]}]}", "phrase or equal"},
        {"{\"clauses\":[{\"any\":[{\"value\":\"--\"}]}]}", "no letter or digit"},
        {"{\"clauses\":[{\"any\":[{\"field\":\"name\"}]}]}", "\"value\" takes a text"},
        {"{\"clauses\":[{\"any\":[{\"field\":\"kind\",\"match\":\"prefix\",\"value\":\"did\"}]}]}",
         "not matched like that"},
        {"{\"clauses\":[{\"any\":[{\"field\":\"valid-until\",\"value\":\"2026-01-01\"}]}]}",
         "no member \"value\""},
        {"{\"clauses\":[{\"any\":[{\"field\":\"valid-until\"}]}]}", "\"from\", \"to\" or both"},
        {"{\"clauses\":[{\"any\":[{\"field\":\"valid-until\",\"to\":\"soon\"}]}]}", "2026-12-31"},
        {"{\"clauses\":[{\"any\":[{\"match\":\"phrase\",\"value\":\"a b\"},{\"value\":\"c\"}]}]}",
         "only term of its clause"},
        {"{\"chosen\":{\"colour\":[\"red\"]}}", "no member \"colour\""},
        {"{\"chosen\":{\"kind\":[]}}", "one value or more"},
        {"{\"chosen\":{\"kind\":[\"servce\"]}}", "\"kind\" is one of service, data-service"},
        {"{\"clauses\":[{\"any\":[{\"field\":\"state\",\"value\":\"actve\"}]}]}",
         "is one of active"},
        {"{\"facets\":[\"all\",\"kind,state\"]}", "\"facets\" takes"},
        {"{\"limit\":201}", "up to 200"},
        {"{\"limit\":-1}", "up to 200"},
        {"{\"offset\":10001}", "up to 10000"},
        {"{\"facet_values\":101}", "up to 100"},
        {"{\"sort\":\"price\"}", "\"sort\" takes"},
        {"{\"cursor\":\"00\",\"offset\":1}", "do not go together"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_not_equal(read_body(cases[i].json), FC_OK);
        if (!strstr(fault, cases[i].words)) {
            fail_msg("%s: \"%s\" instead of \"%s\"", cases[i].json, fault, cases[i].words);
        }
    }
}

/* As many clauses and terms as a query has, and one more. */
static void test_bounds(void **state)
{
    char json[16 * 1024];
    (void)state;
    for (unsigned more = 0; more < 2; more++) {
        size_t len = (size_t)snprintf(json, sizeof json, "{\"clauses\":[");
        for (unsigned i = 0; i < FC_QUERY_CLAUSES_MAX + more; i++) {
            len += (size_t)snprintf(json + len, sizeof json - len,
                                    "%s{\"any\":[{\"value\":\"x\"}]}", i ? "," : "");
        }
        snprintf(json + len, sizeof json - len, "]}");
        assert_int_equal(read_body(json), more ? FC_E_BOUND : FC_OK);
        len = (size_t)snprintf(json, sizeof json, "{\"clauses\":[{\"any\":[");
        for (unsigned i = 0; i < FC_QUERY_TERMS_MAX + more; i++) {
            len += (size_t)snprintf(json + len, sizeof json - len, "%s{\"value\":\"x\"}",
                                    i ? "," : "");
        }
        snprintf(json + len, sizeof json - len, "]}]}");
        assert_int_equal(read_body(json), more ? FC_E_BOUND : FC_OK);
    }
    assert_non_null(strstr(fault, "Too much is asked at once"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
