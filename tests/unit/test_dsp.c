/* Entries as datasets, policies as offers, queries, places in a catalogue. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/dsp_token.h"
#include "node/interop.h"

#define assert_ok(expression) assert_int_equal((expression), FC_OK)

/* -- datasets ---------------------------------------------------------------------------------- */

#define SERVICE(more)                                                                              \
    "{\"id\":\"https://x.example/1\",\"type\":[\"VerifiableCredential\"],\"credentialSubject\":{"  \
    "\"id\":\"https://x.example/1#s\",\"type\":\"gx:ServiceOffering\",\"gx:name\":\"One\"" more    \
    "}}"
#define ENDPOINT     ",\"gx:endpoint\":{\"gx:endpointURL\":\"HTTPS://api.example/1\"}"
#define OFFER(rules) ",\"odrl:hasPolicy\":{\"@type\":\"odrl:Offer\"" rules "}"
#define USE          ",\"odrl:permission\":[{\"odrl:action\":{\"@id\":\"odrl:use\"}}]"
#define CONSTRAINED(constraint)                                                                    \
    OFFER(",\"permission\":{\"action\":\"use\",\"constraint\":" constraint "}")

static enum fc_dsp_outcome dataset_of(const char *key, const char *content,
                                      const char *default_policy, char **text)
{
    struct fc_dsp_offer offer;
    struct fc_hash participant = {{1}};
    struct fc_buf out = {0};
    enum fc_dsp_outcome outcome;
    assert_ok(
        fc_dsp_offer_read(fc_span_str(key), &participant, fc_span_str(content), &offer, &outcome));
    if (outcome == FC_DSP_DATASET) {
        assert_ok(fc_dsp_dataset_write(&offer, fc_span_str(content), fc_span_str(default_policy),
                                       false, &out, &outcome));
    }
    assert_true(outcome == FC_DSP_DATASET || out.len == 0);
    *text = (char *)fc_span_dup(fc_buf_span(&out));
    assert_non_null(*text);
    fc_buf_finish(&out);
    fc_dsp_offer_finish(&offer);
    return outcome;
}

static enum fc_dsp_outcome dataset(const char *content, const char *default_policy, char **text)
{
    return dataset_of("https://x.example/1", content, default_policy, text);
}

static void expect(const char *content, enum fc_dsp_outcome outcome, const char *const *parts)
{
    char *text;
    assert_int_equal(dataset(content, "", &text), outcome);
    for (; parts && *parts; parts++) {
        if (!strstr(text, *parts)) {
            print_error("no %s in %s\n", *parts, text);
            fail();
        }
    }
    free(text);
}

static void test_a_dataset(void **state)
{
    (void)state;
    expect(SERVICE(ENDPOINT OFFER(USE)), FC_DSP_DATASET,
           (const char *[]){"\"@id\":\"https://x.example/1\"", "\"@type\":\"Dataset\"",
                            "\"dct:title\":\"One\"", "\"action\":\"use\"", "\"@type\":\"Offer\"",
                            "\"@id\":\"urn:fedcat:offer:", "\"format\":\"https\"",
                            "\"endpointURL\":\"HTTPS://api.example/1\"", NULL});
    expect(
        "{\"@id\":\"urn:d\",\"@type\":\"dcat:Dataset\",\"dct:title\":\"D\",\"dcat:distribution\":"
        "[{\"@type\":\"dcat:Distribution\",\"dct:format\":\"CSV\",\"dcat:downloadURL\":{\"@id\":"
        "\"https://x.example/d.csv\"}},{\"dcat:accessService\":{\"@id\":\"urn:s\",\"dcat:"
        "endpointURL\":\"https://s.example/\"},\"dcat:mediaType\":\"text/turtle\"}]" OFFER(USE) "}",
        FC_DSP_DATASET,
        (const char *[]){"\"format\":\"CSV\"", "\"@id\":\"https://x.example/d.csv\"",
                         "\"format\":\"text/turtle\"", "\"@id\":\"urn:s\"", NULL});
}

/* The service has an identifier of its own, not the dataset's. */
static void has_service(const char *key, const char *content, const char *service)
{
    char *text, part[200];
    assert_int_equal(dataset_of(key, content, "", &text), FC_DSP_DATASET);
    snprintf(part, sizeof part, "\"accessService\":{\"@id\":\"%s\",\"@type\":\"DataService\"",
             service);
    assert_non_null(strstr(text, part));
    free(text);
}

#define DISTRIBUTION(id)                                                                           \
    "{\"@id\":\"https://x.example/1\",\"@type\":\"dcat:Dataset\",\"dcat:distribution\":{"          \
    "\"dcat:accessService\":{\"@id\":\"" id                                                        \
    "\",\"dcat:endpointURL\":\"https://s.example/\"}}" OFFER(USE) "}"

static void test_services(void **state)
{
    (void)state;
    has_service("https://x.example/1", SERVICE(ENDPOINT OFFER(USE)), "https://x.example/1#access");
    has_service("https://x.example/1#a", SERVICE(ENDPOINT OFFER(USE)),
                "https://x.example/1#a-access");
    has_service("HTTPS://api.example/1", SERVICE(ENDPOINT OFFER(USE)),
                "HTTPS://api.example/1#access");
    has_service("https://x.example/1", DISTRIBUTION("urn:s"), "urn:s");
    has_service("https://x.example/1", DISTRIBUTION("https://x.example/1"),
                "https://x.example/1#access");
}

static void test_what_is_left_out(void **state)
{
    (void)state;
    expect(SERVICE(ENDPOINT), FC_DSP_NO_POLICY, NULL);
    expect(SERVICE(ENDPOINT ",\"gx:policy\":\"\""), FC_DSP_NO_POLICY, NULL);
    expect(SERVICE(OFFER(USE)), FC_DSP_NO_ENDPOINT, NULL);
    expect(SERVICE(",\"gx:endpoint\":\"no address\"" OFFER(USE)), FC_DSP_NO_ENDPOINT, NULL);
    expect("{\"id\":\"urn:p\",\"type\":\"gx:LegalPerson\"}", FC_DSP_OTHER, NULL);
    expect("nothing", FC_DSP_OTHER, NULL);
    static const char *const foreign[] = {
        SERVICE(ENDPOINT ",\"gx:policy\":\"default: allow\""),
        SERVICE(ENDPOINT OFFER("")),
        SERVICE(ENDPOINT ",\"odrl:hasPolicy\":{\"@id\":\"https://elsewhere.example/p\"}"),
        SERVICE(ENDPOINT ",\"odrl:hasPolicy\":{\"@type\":\"odrl:Agreement\"" USE "}"),
        SERVICE(ENDPOINT OFFER(USE ",\"odrl:target\":\"urn:another\"")),
        SERVICE(ENDPOINT OFFER(USE ",\"odrl:inheritFrom\":\"urn:p\"")),
        SERVICE(
            ENDPOINT OFFER(",\"permission\":[{\"action\":\"use\",\"target\":\"urn:another\"}]")),
        SERVICE(ENDPOINT OFFER(",\"permission\":[{\"action\":[\"use\",\"print\"]}]")),
        SERVICE(ENDPOINT OFFER(
            ",\"permission\":[{\"action\":{\"value\":\"print\",\"refinement\":[]}}]")),
        SERVICE(ENDPOINT CONSTRAINED(
            "{\"leftOperand\":\"count\",\"operator\":\"about\",\"rightOperand\":\"1\"}")),
        SERVICE(ENDPOINT CONSTRAINED("{\"leftOperand\":\"count\",\"operator\":\"eq\"}")),
        SERVICE(ENDPOINT CONSTRAINED(
            "{\"leftOperand\":\"count\",\"operator\":\"eq\",\"rightOperand\":null}")),
        SERVICE(ENDPOINT CONSTRAINED("{\"and\":[],\"or\":[]}")),
        SERVICE(
            ENDPOINT CONSTRAINED("{\"and\":{\"and\":{\"and\":{\"and\":{\"and\":{\"leftOperand\":"
                                 "\"a\",\"operator\":\"eq\",\"rightOperand\":\"b\"}}}}}}")),
    };
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        expect(foreign[i], FC_DSP_FOREIGN, NULL);
    }
}

/* The default is for those that publish none, never for those that publish another. */
static void test_the_default_policy(void **state)
{
    (void)state;
    char *text;
    const char *policy = "[{\"@id\":\"urn:default\"}]";
    assert_int_equal(dataset(SERVICE(ENDPOINT), policy, &text), FC_DSP_DATASET);
    assert_non_null(strstr(text, "urn:default"));
    free(text);
    assert_int_equal(dataset(SERVICE(ENDPOINT OFFER(USE)), policy, &text), FC_DSP_DATASET);
    assert_null(strstr(text, "urn:default"));
    free(text);
    assert_int_equal(dataset(SERVICE(ENDPOINT ",\"gx:policy\":\"rego\""), policy, &text),
                     FC_DSP_FOREIGN);
    free(text);
}

static void test_rules_are_kept(void **state)
{
    (void)state;
    expect(SERVICE(ENDPOINT CONSTRAINED(
               "{\"leftOperand\":\"odrl:count\",\"operator\":{\"@id\":\"odrl:lteq\"},"
               "\"rightOperand\":5,\"unit\":\"urn:u\"}")),
           FC_DSP_DATASET,
           (const char *[]){
               "\"leftOperand\":\"count\",\"operator\":\"lteq\",\"rightOperand\":{\"@value\":5}",
               "\"unit\":\"urn:u\"", NULL});
    expect(SERVICE(ENDPOINT CONSTRAINED(
               "{\"or\":{\"@list\":[{\"leftOperand\":\"a\",\"operator\":\"eq\","
               "\"rightOperand\":[\"b\"]}]}}")),
           FC_DSP_DATASET, (const char *[]){"\"or\":[{\"leftOperand\":\"a\"", NULL});
    expect(SERVICE(ENDPOINT OFFER(USE
                                  ",\"uid\":\"urn:policy\",\"assigner\":\"urn:me\",\"prohibition\":"
                                  "{\"action\":\"odrl:sell\",\"target\":\"https://x.example/1#s\"},"
                                  "\"duty\":[{\"action\":\"attribute\"}]")),
           FC_DSP_DATASET,
           (const char *[]){"\"@id\":\"urn:policy\"", "\"assigner\":\"urn:me\"",
                            "\"prohibition\":[{\"action\":\"sell\"}]",
                            "\"obligation\":[{\"action\":\"attribute\"}]", NULL});
}

static void test_an_operators_policy(void **state)
{
    (void)state;
    struct fc_buf out = {0};
    char fault[300];
    assert_ok(fc_dsp_policy_default(
        fc_span_str("{\"@type\":\"Offer\",\"permission\":{\"action\":\"use\"}}"), &out, fault,
        sizeof fault));
    assert_int_equal(out.data[0], '[');
    fc_buf_clear(&out);
    assert_int_equal(
        fc_dsp_policy_default(fc_span_str("{\"@type\":\"Offer\"}"), &out, fault, sizeof fault),
        FC_E_FORMAT);
    assert_non_null(strstr(fault, "no ODRL offer"));
    assert_int_equal(fc_dsp_policy_default(fc_span_str("{"), &out, fault, sizeof fault), FC_E_JSON);
    assert_int_equal(out.len, 0);
    fc_buf_finish(&out);
}

/* -- queries ----------------------------------------------------------------------------------- */

static enum fc_err read_filter(const char *filter, struct fc_dsp_query *query)
{
    struct fc_json_value *value;
    struct fc_buf message = {0};
    char fault[300];
    fc_buf_append(&message, "{\"filter\":", 10);
    fc_buf_append(&message, filter, strlen(filter));
    fc_buf_append(&message, "}", 1);
    assert_ok(fc_json_parse(fc_buf_span(&message), &value, NULL));
    fc_buf_finish(&message);
    enum fc_err err = fc_dsp_query_read(fc_json_get(value, "filter"), query, fault, sizeof fault);
    assert_true((err == FC_OK) == (fault[0] == 0));
    fc_json_free(value);
    return err;
}

static bool matches(const char *left, const char *op, const char *right)
{
    static const char content[] =
        SERVICE(",\"gx:keyword\":[\"compute\",\"edge\"],\"gx:providedBy\":{\"id\":\"did:web:p\"}");
    struct fc_dsp_query query;
    struct fc_dsp_offer offer;
    struct fc_hash participant = {{1}};
    enum fc_dsp_outcome outcome;
    char filter[600];
    snprintf(filter, sizeof filter,
             "[{\"@type\":\"QuerySpec\",\"filterExpression\":[{\"@type\":\"Criterion\","
             "\"operandLeft\":\"%s\",\"operator\":\"%s\",\"operandRight\":%s}]}]",
             left, op, right);
    assert_ok(read_filter(filter, &query));
    assert_ok(fc_dsp_offer_read(fc_span_str("https://x.example/1"), &participant,
                                fc_span_str(content), &offer, &outcome));
    bool found = fc_dsp_query_matches(&query, &offer);
    fc_dsp_offer_finish(&offer);
    fc_dsp_query_finish(&query);
    return found;
}

static void test_operators(void **state)
{
    (void)state;
    assert_true(matches("https://w3id.org/edc/v0.0.1/ns/id", "=", "\"https://x.example/1\""));
    assert_true(matches("'https://w3id.org/edc/v0.0.1/ns/id'", "=", "\"https://x.example/1\""));
    assert_false(matches("id", "=", "\"https://x.example/2\""));
    assert_true(matches("@id", "!=", "\"https://x.example/2\""));
    assert_true(matches("dct:title", "=", "\"One\""));
    assert_true(matches("name", "in", "[\"Two\",\"One\"]"));
    assert_false(matches("name", "not in", "[\"Two\",\"One\"]"));
    assert_false(matches("name", "in", "[]"));
    assert_true(matches("name", "like", "\"O%e\""));
    assert_true(matches("name", "like", "\"_n_\""));
    assert_false(matches("name", "like", "\"o%\""));
    assert_true(matches("name", "ilike", "\"o%\""));
    assert_false(matches("name", "like", "\"On\""));
    assert_true(matches("dcat:keyword", "contains", "\"edge\""));
    assert_true(matches("keyword", "=", "\"compute\""));
    assert_false(matches("keyword", "contains", "\"ed\""));
    assert_true(matches("name", "<", "\"P\""));
    assert_false(matches("name", ">", "\"P\""));
    assert_true(matches("name", "<=", "\"One\""));
    assert_true(matches("name", ">=", "\"One\""));
    assert_true(matches("provider", "=", "\"did:web:p\""));
    assert_true(matches("kind", "=", "\"service\""));
    assert_false(matches("country", "=", "\"DE\"")); /* it says none */
    assert_true(matches("country", "!=", "\"DE\""));
}

static void test_expanded_json_ld(void **state)
{
    (void)state;
    struct fc_dsp_query query;
    assert_ok(read_filter("{\"@type\":[\"https://w3id.org/edc/v0.0.1/ns/QuerySpec\"],"
                          "\"https://w3id.org/edc/v0.0.1/ns/offset\":[{\"@value\":5}],"
                          "\"https://w3id.org/edc/v0.0.1/ns/filterExpression\":[{"
                          "\"https://w3id.org/edc/v0.0.1/ns/operandLeft\":[{\"@value\":\"id\"}],"
                          "\"https://w3id.org/edc/v0.0.1/ns/operator\":[{\"@value\":\"=\"}],"
                          "\"https://w3id.org/edc/v0.0.1/ns/operandRight\":[{\"@value\":\"x\"}]}]}",
                          &query));
    assert_int_equal(query.offset, 5);
    assert_int_equal(query.count, 1);
    assert_string_equal(query.criteria[0].rights[0], "x");
    fc_dsp_query_finish(&query);
}

static void test_refusals(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\"x\"",
        "5",
        "[5]",
        "[[]]",
        "[{},{}]",
        "{\"colour\":1}",
        "{\"@type\":\"Other\"}",
        "{\"limit\":0}",
        "{\"limit\":-1}",
        "{\"limit\":1.5}",
        "{\"limit\":\"5\"}",
        "{\"offset\":-1}",
        "{\"offset\":100000001}",
        "{\"sortField\":\"name\"}",
        "{\"sortOrder\":\"UP\"}",
        "{\"filterExpression\":[5]}",
        "{\"filterExpression\":[{}]}",
        "{\"filterExpression\":[{\"operandLeft\":\"id\",\"operator\":\"=\"}]}",
        "{\"filterExpression\":[{\"operandLeft\":\"colour\",\"operator\":\"=\",\"operandRight\":"
        "\"x\"}]}",
        "{\"filterExpression\":[{\"operandLeft\":\"urn:id\",\"operator\":\"=\",\"operandRight\":"
        "\"x\"}]}",
        "{\"filterExpression\":[{\"operandLeft\":\"id\",\"operator\":\"~\",\"operandRight\":\"x\"}]"
        "}",
        "{\"filterExpression\":[{\"operandLeft\":\"id\",\"operator\":\"in\",\"operandRight\":\"x\"}"
        "]}",
        "{\"filterExpression\":[{\"operandLeft\":\"id\",\"operator\":\"=\",\"operandRight\":[\"x\","
        "\"y\"]}]}",
        "{\"filterExpression\":[{\"operandLeft\":\"id\",\"operator\":\"=\",\"operandRight\":\"x\","
        "\"more\":1}]}",
    };
    struct fc_dsp_query query;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (read_filter(bad[i], &query) != FC_E_FORMAT) {
            print_error("taken: %s\n", bad[i]);
            fail();
        }
        fc_dsp_query_finish(&query);
    }
    static const char *const good[] = {"[]",
                                       "null",
                                       "{}",
                                       "[{}]",
                                       "{\"limit\":1}",
                                       "{\"offset\":100000000}",
                                       "{\"sortOrder\":\"ASC\"}",
                                       "{\"filterExpression\":[]}",
                                       "{\"sortField\":null}"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_ok(read_filter(good[i], &query));
        fc_dsp_query_finish(&query);
    }
}

/* -- bounds, each at its edge ------------------------------------------------------------------ */

static void repeat(struct fc_buf *out, const char *part, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fc_buf_append(out, i ? "," : "", i ? 1 : 0);
        fc_buf_append(out, part, strlen(part));
    }
}

static enum fc_err with(const char *before, const char *part, size_t count, const char *after)
{
    struct fc_buf text = {0};
    struct fc_dsp_query query;
    fc_buf_append(&text, before, strlen(before));
    repeat(&text, part, count);
    fc_buf_append(&text, after, strlen(after) + 1);
    enum fc_err err = read_filter((const char *)text.data, &query);
    fc_dsp_query_finish(&query);
    fc_buf_finish(&text);
    return err;
}

static void test_bounds_of_queries(void **state)
{
    (void)state;
    const char *criterion = "{\"operandLeft\":\"id\",\"operator\":\"=\",\"operandRight\":\"x\"}";
    const char *list = "{\"filterExpression\":[{\"operandLeft\":\"id\",\"operator\":\"in\","
                       "\"operandRight\":[";
    assert_ok(with("{\"filterExpression\":[", criterion, FC_DSP_CRITERIA_MAX, "]}"));
    assert_int_equal(with("{\"filterExpression\":[", criterion, FC_DSP_CRITERIA_MAX + 1, "]}"),
                     FC_E_FORMAT);
    assert_ok(with(list, "\"x\"", FC_DSP_RIGHT_MAX, "]}]}"));
    assert_int_equal(with(list, "\"x\"", FC_DSP_RIGHT_MAX + 1, "]}]}"), FC_E_FORMAT);
    char pattern[FC_DSP_PATTERN_BYTES_MAX + 2] = "";
    const char *like = "{\"filterExpression\":[{\"operandLeft\":\"id\",\"operator\":\"like\","
                       "\"operandRight\":\"";
    memset(pattern, '%', FC_DSP_PATTERN_BYTES_MAX);
    assert_ok(with(like, pattern, 1, "\"}]}"));
    pattern[FC_DSP_PATTERN_BYTES_MAX] = '%';
    assert_int_equal(with(like, pattern, 1, "\"}]}"), FC_E_FORMAT);
    char *long_text = malloc(FC_DSP_FILTER_BYTES_MAX + 16);
    const char *frame = "{\"filterExpression\":[{\"operandLeft\":\"id\",\"operator\":\"=\","
                        "\"operandRight\":\"";
    size_t rest = FC_DSP_FILTER_BYTES_MAX - strlen(frame) - strlen("\"}]}");
    memset(long_text, 'x', rest + 1);
    long_text[rest] = 0;
    assert_ok(with(frame, long_text, 1, "\"}]}"));
    long_text[rest] = 'x';
    long_text[rest + 1] = 0;
    assert_int_equal(with(frame, long_text, 1, "\"}]}"), FC_E_FORMAT);
    free(long_text);
}

/* -- places ------------------------------------------------------------------------------------ */

static void test_tokens(void **state)
{
    (void)state;
    struct fc_dsp_token token = {.offset = 7,
                                 .skip = 3,
                                 .limit = 50,
                                 .place = {true, {{1}}, {{2}}},
                                 .filter = fc_span_str("{}")};
    struct fc_dsp_token read;
    struct fc_buf text = {0}, hold = {0};
    fc_dsp_token_write(&token, &text);
    assert_ok(fc_dsp_token_read(fc_buf_span(&text), &hold, &read));
    assert_true(read.offset == 7 && read.skip == 3 && read.limit == 50 && read.place.placed);
    assert_true(fc_hash_eq(&read.place.participant, &token.place.participant));
    assert_true(fc_span_eq(read.filter, token.filter));
    for (size_t len = 0; len < text.len; len++) {
        assert_int_not_equal(fc_dsp_token_read(fc_span(text.data, len), &hold, &read), FC_OK);
    }
    token.limit = 0;
    fc_buf_clear(&text);
    fc_dsp_token_write(&token, &text);
    assert_int_not_equal(fc_dsp_token_read(fc_buf_span(&text), &hold, &read), FC_OK);
    fc_buf_finish(&text);
    fc_buf_finish(&hold);
}

static void test_places_remembered(void **state)
{
    (void)state;
    struct fc_interop_setup setup = {.dsp_default_policy = ""};
    struct fc_interop *interop;
    struct fc_hash query = {{1}}, other = {{2}};
    struct fc_dsp_place place = {.placed = true}, found;
    char fault[100];
    assert_ok(fc_interop_create(&setup, &interop, fault, sizeof fault));
    assert_int_equal(fc_interop_recall(interop, &query, 100, &found), 0);
    assert_false(found.placed);
    for (uint64_t i = 1; i <= FC_INTEROP_PLACES_MAX + 1; i++) {
        place.key_hash.b[0] = (uint8_t)i;
        fc_interop_remember(interop, &query, 10 * i, &place);
    }
    assert_int_equal(fc_interop_recall(interop, &query, 35, &found), 30);
    assert_int_equal(found.key_hash.b[0], 3);
    assert_int_equal(fc_interop_recall(interop, &query, 15, &found), 0); /* the oldest went */
    assert_int_equal(fc_interop_recall(interop, &other, 35, &found), 0);
    fc_interop_destroy(interop);
    setup.dsp_default_policy = "/nowhere/policy.json";
    assert_int_equal(fc_interop_create(&setup, &interop, fault, sizeof fault), FC_E_MISSING);
    assert_non_null(strstr(fault, "/nowhere/policy.json"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_dataset),        cmocka_unit_test(test_services),
        cmocka_unit_test(test_what_is_left_out), cmocka_unit_test(test_the_default_policy),
        cmocka_unit_test(test_rules_are_kept),   cmocka_unit_test(test_an_operators_policy),
        cmocka_unit_test(test_operators),        cmocka_unit_test(test_expanded_json_ld),
        cmocka_unit_test(test_refusals),         cmocka_unit_test(test_bounds_of_queries),
        cmocka_unit_test(test_tokens),           cmocka_unit_test(test_places_remembered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
