/* What a client's bytes say: paths, queries, header fields. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "node/http_text.h"

static void decodes(const char *text, bool plus, const char *expected)
{
    struct fc_buf out = {0};
    enum fc_err err = fc_percent_decode(fc_span_str(text), plus, &out);
    if (!expected) {
        assert_int_equal(err, FC_E_FORMAT);
        assert_int_equal(out.len, 0);
    } else {
        assert_int_equal(err, FC_OK);
        assert_int_equal(out.len, strlen(expected));
        assert_memory_equal(out.len ? out.data : (const uint8_t *)"", expected, out.len);
    }
    fc_buf_finish(&out);
}

static void percent_signs(void **state)
{
    (void)state;
    decodes("", false, "");
    decodes("plain", false, "plain");
    decodes("https%3A%2f%2Fa.example%2F%C3%A9", false, "https://a.example/é");
    decodes("a+b", true, "a b");
    decodes("a+b", false, "a+b");
    decodes("%", false, NULL);
    decodes("%4", false, NULL);
    decodes("%4g", false, NULL);
    decodes("%00", false, NULL);
    decodes("x%2", false, NULL);
    decodes("%25%32%35", false, "%25");
}

static void what_is_encoded_decodes_to_itself(void **state)
{
    (void)state;
    uint8_t all[255];
    struct fc_buf encoded = {0}, decoded = {0};
    for (int i = 0; i < 255; i++) {
        all[i] = (uint8_t)(i + 1);
    }
    fc_percent_encode(fc_span(all, sizeof all), &encoded);
    assert_int_equal(fc_percent_decode(fc_buf_span(&encoded), true, &decoded), FC_OK);
    assert_int_equal(decoded.len, sizeof all);
    assert_memory_equal(decoded.data, all, sizeof all);
    fc_buf_finish(&encoded);
    fc_buf_finish(&decoded);
}

static void queries(void **state)
{
    (void)state;
    struct fc_span rest = fc_span_str("&a=1&&b&c==x&=y"), name, value;
    static const char *const expected[][2] = {{"a", "1"}, {"b", ""}, {"c", "=x"}, {"", "y"}};
    for (int i = 0; i < 4; i++) {
        assert_true(fc_query_next(&rest, &name, &value));
        assert_true(fc_span_eq(name, fc_span_str(expected[i][0])));
        assert_true(fc_span_eq(value, fc_span_str(expected[i][1])));
    }
    assert_false(fc_query_next(&rest, &name, &value));
}

static bool fits(const char *pattern, const char *path, const char *first, const char *second)
{
    struct fc_pattern_param params[FC_PATTERN_PARAMS_MAX];
    size_t count;
    if (!fc_pattern_match(pattern, fc_span_str(path), params, &count)) {
        return false;
    }
    assert_int_equal(count, (first != NULL) + (second != NULL));
    assert_true(!first || fc_span_eq(params[0].value, fc_span_str(first)));
    assert_true(!second || fc_span_eq(params[1].value, fc_span_str(second)));
    return true;
}

static void patterns(void **state)
{
    (void)state;
    assert_true(fits("/", "/", NULL, NULL));
    assert_false(fits("/", "/x", NULL, NULL));
    assert_false(fits("/v1", "v1", NULL, NULL));
    assert_false(fits("/v1", "", NULL, NULL));
    assert_true(fits("/v1/a", "/v1/a", NULL, NULL));
    assert_false(fits("/v1/a", "/v1/a/", NULL, NULL));
    assert_false(fits("/v1/a", "/v1/ab", NULL, NULL));
    assert_false(fits("/v1/a", "/v1", NULL, NULL));
    assert_true(fits("/p/{id}/e/{key}", "/p/1/e/a%2Fb", "1", "a%2Fb"));
    assert_false(fits("/p/{id}/e/{key}", "/p//e/x", NULL, NULL));
    assert_false(fits("/p/{id}", "/p/", NULL, NULL));
    assert_false(fits("/p/{id}", "/p/1/2", NULL, NULL));
    assert_true(fits("/page/{rest*}", "/page/css/a.css", "css/a.css", NULL));
    assert_true(fits("/page/{rest*}", "/page/", "", NULL));
    assert_false(fits("/page/{rest*}", "/page", NULL, NULL));
    assert_false(fits("/page/{rest*}", "/pages/x", NULL, NULL));
    assert_true(fits("/{rest*}", "/", "", NULL));
    assert_false(fits("/{a}/{b}/{c}/{d}/{e}/{f}/{g}", "/1/2/3/4/5/6/7", NULL, NULL));
}

static void codings(void **state)
{
    (void)state;
    assert_int_equal(fc_coding_choose(NULL), FC_CODING_NONE);
    assert_int_equal(fc_coding_choose(""), FC_CODING_NONE);
    assert_int_equal(fc_coding_choose("gzip"), FC_CODING_GZIP);
    assert_int_equal(fc_coding_choose("deflate, GZIP;q=0.5 , br"), FC_CODING_GZIP);
    assert_int_equal(fc_coding_choose("gzip, zstd"), FC_CODING_ZSTD);
    assert_int_equal(fc_coding_choose("gzip, zstd;q=0.9"), FC_CODING_GZIP);
    assert_int_equal(fc_coding_choose("gzip;q=0"), FC_CODING_NONE);
    assert_int_equal(fc_coding_choose("*"), FC_CODING_ZSTD);
    assert_int_equal(fc_coding_choose("zstd;q=0, *"), FC_CODING_GZIP);
    assert_int_equal(fc_coding_choose("gzip;q=2, zstd;q=x"), FC_CODING_NONE);
    assert_int_equal(fc_coding_choose("gzip;q=1.001"), FC_CODING_NONE);
    assert_int_equal(fc_coding_choose("gzip;x=1;q=0.001"), FC_CODING_GZIP);
    assert_null(fc_coding_name(FC_CODING_NONE));
}

static void etags(void **state)
{
    (void)state;
    assert_false(fc_etag_listed(NULL, "ab"));
    assert_true(fc_etag_listed("\"ab\"", "ab"));
    assert_true(fc_etag_listed("\"x\", W/\"ab\"", "ab"));
    assert_true(fc_etag_listed("\"ab-gzip\"", "ab"));
    assert_true(fc_etag_listed_strongly("\"x\", \"ab-gzip\"", "ab"));
    assert_true(fc_etag_listed_strongly("*", "ab"));
    assert_false(fc_etag_listed_strongly("W/\"ab\"", "ab"));
    assert_false(fc_etag_listed_strongly("\"abc\"", "ab"));
    assert_true(fc_etag_listed("\"ab-zstd\" ", "ab"));
    assert_true(fc_etag_listed("*", "ab"));
    assert_false(fc_etag_listed("\"abc\"", "ab"));
    assert_false(fc_etag_listed("\"ab-br\"", "ab"));
    assert_false(fc_etag_listed("ab", "ab"));
    assert_false(fc_etag_listed("\"a\"", "ab"));
    assert_false(fc_etag_listed("\"", "ab"));
}

static void bearers(void **state)
{
    (void)state;
    assert_int_equal(fc_bearer(NULL).len, 0);
    assert_int_equal(fc_bearer("Basic abc").len, 0);
    assert_int_equal(fc_bearer("Bearer").len, 0);
    assert_int_equal(fc_bearer("Bearer  ").len, 0);
    assert_true(fc_span_eq(fc_bearer("bearer  abc "), fc_span_str("abc")));
    assert_true(fc_equal_quietly(fc_span_str("abc"), fc_span_str("abc")));
    assert_false(fc_equal_quietly(fc_span_str("abc"), fc_span_str("abd")));
    assert_false(fc_equal_quietly(fc_span_str("abc"), fc_span_str("abcd")));
}

static void accepts(void **state)
{
    (void)state;
    assert_true(fc_accepts(NULL, "text/html"));
    assert_true(fc_accepts("text/html", "text/html"));
    assert_true(fc_accepts("text/*;q=0.1", "text/html"));
    assert_true(fc_accepts("application/json, */*;q=0.2", "text/html"));
    assert_false(fc_accepts("application/json", "text/html"));
    assert_false(fc_accepts("text/html;q=0, */*", "text/html"));
    assert_false(fc_accepts("", "text/html"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percent_signs), cmocka_unit_test(what_is_encoded_decodes_to_itself),
        cmocka_unit_test(queries),       cmocka_unit_test(patterns),
        cmocka_unit_test(codings),       cmocka_unit_test(etags),
        cmocka_unit_test(bearers),       cmocka_unit_test(accepts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
