/* Words as people type them, stems, and what a query says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store/index_priv.h"

static char *words_of(const char *text, char *out)
{
    struct fc_word_reader reader = fc_word_reader(fc_span_str(text));
    struct fc_word word;
    out[0] = '\0';
    while (fc_word_next(&reader, &word)) {
        assert_true(word.at < word.end && word.end <= strlen(text));
        strncat(out, word.text, word.len);
        strcat(out, "|");
    }
    return out;
}

static void test_words_are_folded(void **state)
{
    static const char *const cases[][2] = {
        {"", ""},
        {"  , - ", ""},
        {"Gesundheit santé sante Übertragung", "gesundheit|sante|sante|ubertragung|"},
        {"ÜBERTRAGUNG Straße STRASSE", "ubertragung|strasse|strasse|"},
        {"l'hébergement d’objets", "l|hebergement|d|objets|"},
        {"object-storage S3/ISO27001", "object|storage|s3|iso27001|"},
        {"u\xcc\x88"
         "ber \xef\xac\x81n",
         "uber|fin|"}, /* a combining mark; a ligature */
        {"Łódź Ærø œuvre Đakovo", "lodz|aero|oeuvre|dakovo|"},
        {"Υγεία ΥΓΕΙΑ", "υγεια|υγεια|"},
        {"Здравје здравЈЕ", "здравје|здравје|"},
        {"co\xc2\xadoperation", "cooperation|"}, /* a soft hyphen */
        {"数据 data", "数|据|data|"},
        {"a\xff"
         "b\xc3",
         "a|b|"}, /* no UTF-8 */
    };
    char out[512];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(words_of(cases[i][0], out), cases[i][1]);
}

static void test_umlauts_are_written_out(void **state)
{
    static const char *const cases[][2] = {
        {"Übertragung", "uebertragung"},
        {"GRÜẞE", "gruesse"},
        {"Straßenbäume", "strassenbaeume"},
        {"u\xcc\x88"
         "ber",
         "ueber"}, /* a combining mark */
        {"Straße", ""},
        {"santé", ""},
        {"naïve", ""},
        {"", ""},
        {"ööööööööööööööööööööööööööööööööööö", ""}, /* no room */
    };
    char out[FC_WORD_BYTES_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t len = fc_word_written_out(fc_span_str(cases[i][0]), out);
        assert_int_equal(len, strlen(cases[i][1]));
        assert_memory_equal(out, cases[i][1], len);
    }
}

static void test_long_words_are_cut(void **state)
{
    char text[400], out[512];
    (void)state;
    memset(text, 'x', 300);
    strcpy(text + 300, " next");
    words_of(text, out);
    assert_int_equal(strcspn(out, "|"), FC_WORD_BYTES_MAX);
    assert_string_equal(out + FC_WORD_BYTES_MAX, "|next|");
    text[0] = '\0';
    for (int i = 0; i < 40; i++)
        strcat(text, "ж"); /* two bytes each: none is cut in half */
    words_of(text, out);
    assert_true(fc_utf8_valid(fc_span_str(out)));
    assert_int_equal(strcspn(out, "|"), FC_WORD_BYTES_MAX);
}

static void test_inflections_meet(void **state)
{
    static const char *const cases[][3] = {
        {"de", "ubertragung", "ubertragungen"}, {"en", "services", "service"},
        {"fr", "hebergement", "hebergements"},  {"nl", "diensten", "dienst"},
        {"es", "servicios", "servicio"},        {"it", "servizi", "servizio"},
        {"sv", "tjansterna", "tjanster"},       {"deu", "kliniken", "klinik"},
        {"pt-BR", "servicos", "servico"},
    };
    struct fc_stemmer *stemmer = NULL;
    char first[64];
    (void)state;
    assert_int_equal(fc_stemmer_create(&stemmer), FC_OK);
    for (int turn = 0; turn < 2; turn++) /* and from what it remembers */
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            int language = fc_stem_language(cases[i][0]);
            assert_true(language >= 0);
            struct fc_span stem = fc_stem(stemmer, language, fc_span_str(cases[i][1]));
            snprintf(first, sizeof first, "%.*s", (int)stem.len, (const char *)stem.data);
            stem = fc_stem(stemmer, language, fc_span_str(cases[i][2]));
            if (!fc_span_eq(stem, fc_span_str(first)))
                fail_msg("%s: %s is %s, %s is %.*s", cases[i][0], cases[i][1], first, cases[i][2],
                         (int)stem.len, (const char *)stem.data);
        }
    assert_int_equal(fc_stem_language("xx"), -1);
    assert_int_equal(fc_stem_language(NULL), fc_stem_language("en"));
    struct fc_span same = fc_stem(stemmer, -1, fc_span_str("sluzby"));
    assert_true(fc_span_eq(same, fc_span_str("sluzby")));
    fc_stemmer_destroy(stemmer);
}

static void test_days(void **state)
{
    static const struct {
        const char *text;
        bool good;
        int32_t day;
    } cases[] = {
        {"1970-01-01", true, 0},
        {"2027-06-30T00:00:00Z", true, 20999},
        {"1969-12-31", true, -1},
        {"2000-02-29", true, 11016},
        {"2026-13-01", false, 0},
        {"2026-00-01", false, 0},
        {"2026-01-32", false, 0},
        {"2026-1-1", false, 0},
        {"", false, 0},
        {"2026-01-01x", false, 0},
        {"9999-12-31", true, 2932896},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int32_t day = 0;
        assert_int_equal(fc_index_day(fc_span_str(cases[i].text), &day), cases[i].good);
        if (cases[i].good)
            assert_int_equal(day, cases[i].day);
    }
}

/* -- queries ----------------------------------------------------------------------------------- */

static void test_a_query_is_read(void **state)
{
    struct fc_query query;
    (void)state;
    fc_query_init(&query);
    const char *text = "health provider:ovh country:FR,DE \"object storage\" -beta stor* wrod~ "
                       "name:a OR b valid-until:>=2027-01-01 sort:newest";
    assert_int_equal(fc_query_parse(&query, fc_span_str(text), NULL), FC_OK);
    static const struct {
        enum fc_query_field field;
        enum fc_query_match match;
        const char *value;
    } terms[] = {
        {FC_QUERY_ANY, FC_QUERY_WORD, "health"},
        {FC_QUERY_PROVIDER, FC_QUERY_WORD, "ovh"},
        {FC_QUERY_COUNTRY, FC_QUERY_EQUAL, "FR"},
        {FC_QUERY_COUNTRY, FC_QUERY_EQUAL, "DE"},
        {FC_QUERY_ANY, FC_QUERY_PHRASE, "object storage"},
        {FC_QUERY_ANY, FC_QUERY_WORD, "beta"},
        {FC_QUERY_ANY, FC_QUERY_PREFIX, "stor"},
        {FC_QUERY_ANY, FC_QUERY_TYPO, "wrod"},
        {FC_QUERY_NAME, FC_QUERY_WORD, "a"},
        {FC_QUERY_ANY, FC_QUERY_WORD, "b"},
        {FC_QUERY_VALID_UNTIL, FC_QUERY_RANGE, ""},
    };
    assert_int_equal(query.term_count, sizeof terms / sizeof terms[0]);
    for (size_t i = 0; i < query.term_count; i++) {
        const struct fc_query_term *term = &query.terms[i];
        assert_int_equal(term->field, terms[i].field);
        assert_int_equal(term->match, terms[i].match);
        assert_true(
            fc_span_eq(fc_span(query.text + term->at, term->len), fc_span_str(terms[i].value)));
    }
    assert_int_equal(query.clause_count, 9);
    assert_int_equal(query.clauses[2].count, 2);
    assert_true(query.clauses[4].negated && !query.clauses[3].negated);
    assert_int_equal(query.clauses[7].count, 2);
    assert_int_equal(query.terms[10].low, 20819);
    assert_int_equal(query.sort, FC_QUERY_NEWEST);
}

static void test_a_fault_has_a_place(void **state)
{
    static const struct {
        const char *text;
        enum fc_err err;
        uint16_t at;
        const char *says;
    } cases[] = {
        {"cloud colour:red", FC_E_FORMAT, 6, "no field colour"},
        {"a \"b c", FC_E_FORMAT, 2, "not closed"},
        {"\"\"", FC_E_FORMAT, 0, "nothing between"},
        {"a OR ", FC_E_FORMAT, 4, "OR stands"},
        {"country:", FC_E_FORMAT, 8, "wants a value"},
        {"a ***", FC_E_FORMAT, 2, "no letter"},
        {"valid-until:soon", FC_E_FORMAT, 12, "2026-12-31"},
        {"sort:size", FC_E_FORMAT, 5, "sort by"},
        {"x OR \"b c\"", FC_E_FORMAT, 0, "beside OR"},
        {"\xff", FC_E_FORMAT, 0, "UTF-8"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fc_query query;
        struct fc_query_fault fault;
        fc_query_init(&query);
        enum fc_err err = fc_query_parse(&query, fc_span_str(cases[i].text), &fault);
        if (err != cases[i].err || fault.at != cases[i].at || !strstr(fault.text, cases[i].says))
            fail_msg("%s: %s at %u: %s", cases[i].text, fc_err_name(err), fault.at, fault.text);
        fc_query_init(&query);
        assert_int_equal(fc_query_parse(&query, fc_span_str(cases[i].text), NULL), cases[i].err);
    }
}

static void test_bounds_of_a_query(void **state)
{
    char text[2 * FC_QUERY_TEXT_BYTES_MAX];
    struct fc_query query;
    struct fc_query_fault fault;
    (void)state;
    memset(text, 'a', sizeof text);
    fc_query_init(&query);
    assert_int_equal(fc_query_parse(&query, fc_span(text, FC_QUERY_TEXT_BYTES_MAX), &fault), FC_OK);
    fc_query_init(&query);
    assert_int_equal(fc_query_parse(&query, fc_span(text, FC_QUERY_TEXT_BYTES_MAX + 1), &fault),
                     FC_E_BOUND);
    for (unsigned i = 0; i < sizeof text; i++)
        text[i] = i % 2 ? ' ' : 'a';
    fc_query_init(&query);
    assert_int_equal(fc_query_parse(&query, fc_span(text, 2 * FC_QUERY_CLAUSES_MAX), &fault),
                     FC_OK);
    fc_query_init(&query);
    assert_int_equal(fc_query_parse(&query, fc_span(text, 2 * FC_QUERY_CLAUSES_MAX + 2), &fault),
                     FC_E_BOUND);
    for (unsigned i = 0; i < sizeof text; i++)
        text[i] = i % 2 ? ',' : 'a';
    memcpy(text, "country:", 8);
    fc_query_init(&query);
    assert_int_equal(fc_query_parse(&query, fc_span(text, 8 + 2 * FC_QUERY_TERMS_MAX - 1), &fault),
                     FC_OK);
    fc_query_init(&query);
    assert_int_equal(fc_query_parse(&query, fc_span(text, 8 + 2 * FC_QUERY_TERMS_MAX + 1), &fault),
                     FC_E_BOUND);
}

/* -- sets -------------------------------------------------------------------------------------- */

/* Few numbers are counted in another way than many. */
static void check_common(const struct fc_docs *docs, struct fc_span value, uint32_t chunk)
{
    static const uint32_t counts[] = {1, FC_DOCS_FEW, FC_DOCS_FEW + 1};
    static struct fc_docs_bits bits;
    for (unsigned c = 0; c < sizeof counts / sizeof counts[0]; c++)
        for (uint32_t step = 1; step <= 251; step += 125) {
            struct fc_docs *other = fc_docs_create();
            uint32_t common;
            for (uint32_t i = 0; i < counts[c]; i++)
                fc_docs_add(other, (chunk << FC_DOCS_CHUNK_BITS) + (i * step + 3) % FC_DOCS_CHUNK);
            fc_docs_open(other, chunk, &bits);
            assert_int_equal(bits.count, counts[c]);
            assert_int_equal(fc_docs_common(&bits, value, &common), FC_OK);
            assert_int_equal(common, fc_docs_count_and(docs, other));
            fc_docs_destroy(other);
        }
}

static void has_exactly(const struct fc_docs *docs, const uint32_t *list, size_t count)
{
    static uint32_t read[FC_DOCS_CHUNK + 1];
    assert_int_equal(fc_docs_count(docs), count);
    assert_int_equal(fc_docs_up(docs, 0, read, FC_DOCS_CHUNK + 1), count);
    assert_memory_equal(read, list, count * sizeof *list);
    assert_int_equal(fc_docs_down(docs, UINT32_MAX, read, FC_DOCS_CHUNK + 1), count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(read[i], list[count - 1 - i]);
}

/* A set as it was read, with another form of itself; what comes of it is written again. */
static void check_algebra(struct fc_span value, const uint32_t *list, size_t count, uint32_t chunk)
{
    struct fc_docs *docs = fc_docs_create(), *half = fc_docs_create();
    struct fc_buf out = {0};
    fc_docs_add_many(half, list + count / 2, count - count / 2);
    assert_int_equal(fc_docs_unpack(docs, chunk, value), FC_OK);
    struct fc_docs *both = fc_docs_and_of(docs, half), *rest = fc_docs_minus_of(docs, half);
    has_exactly(both, list + count / 2, count - count / 2);
    has_exactly(rest, list, count / 2);
    fc_docs_or(rest, both);
    has_exactly(rest, list, count);
    fc_docs_remove(docs, list[0]);
    has_exactly(docs, list + 1, count - 1);
    if (count > 1)
        assert_int_equal(fc_docs_pack(docs, chunk, &out), FC_OK);
    fc_docs_and(docs, half);
    has_exactly(docs, list + (count / 2 ? count / 2 : 1), count - (count / 2 ? count / 2 : 1));
    assert_int_equal(fc_docs_pack(both, chunk, &out), FC_OK);
    assert_int_equal(fc_docs_pack(rest, chunk, &out), FC_OK);
    fc_buf_finish(&out);
    fc_docs_destroy(docs);
    fc_docs_destroy(half);
    fc_docs_destroy(both);
    fc_docs_destroy(rest);
}

static void check_set(const uint32_t *list, size_t count, uint32_t chunk)
{
    struct fc_docs *docs = fc_docs_create(), *again = fc_docs_create();
    struct fc_buf value = {0}, patched = {0};
    static struct fc_docs_bits bits;
    uint32_t common;
    fc_docs_add_many(docs, list, count);
    assert_int_equal(fc_docs_pack(docs, chunk, &value), FC_OK);
    assert_int_equal(fc_docs_unpack(again, chunk, fc_buf_span(&value)), FC_OK);
    has_exactly(again, list, count);
    assert_int_equal(fc_docs_pack(again, chunk, &patched), FC_OK);
    assert_true(fc_span_eq(fc_buf_span(&patched), fc_buf_span(&value)));
    fc_buf_clear(&patched);
    check_algebra(fc_buf_span(&value), list, count, chunk);
    fc_docs_open(docs, chunk, &bits);
    assert_int_equal(fc_docs_common(&bits, fc_buf_span(&value), &common), FC_OK);
    assert_int_equal(common, count);
    check_common(docs, fc_buf_span(&value), chunk);
    /* Half of it out, then in again. */
    assert_int_equal(fc_docs_patch(chunk, fc_buf_span(&value), list, count / 2, NULL, 0, &patched),
                     FC_OK);
    fc_buf_clear(&value);
    assert_int_equal(fc_docs_patch(chunk, fc_buf_span(&patched), NULL, 0, list, count / 2, &value),
                     FC_OK);
    fc_docs_destroy(again);
    again = fc_docs_create();
    assert_int_equal(fc_docs_unpack(again, chunk, fc_buf_span(&value)), FC_OK);
    assert_int_equal(fc_docs_count_and(docs, again), count);
    fc_docs_destroy(docs);
    fc_docs_destroy(again);
    fc_buf_finish(&value);
    fc_buf_finish(&patched);
}

static void test_sets_of_every_form(void **state)
{
    static uint32_t list[FC_DOCS_CHUNK];
    static const struct {
        uint32_t count, step;
    } cases[] = {{1, 1},    {2, 7},    {4, 1},    {5, 3},     {300, 1},   {300, 2},  {4096, 1},
                 {4096, 5}, {4097, 1}, {4097, 7}, {30000, 2}, {65536, 1}, {65535, 1}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (uint32_t chunk = 0; chunk < 3; chunk += 2) {
            uint32_t first = chunk << FC_DOCS_CHUNK_BITS;
            uint32_t spare = FC_DOCS_CHUNK - 1 - (cases[i].count - 1) * cases[i].step;
            for (uint32_t k = 0; k < cases[i].count; k++)
                list[k] = first + k * cases[i].step;
            check_set(list, cases[i].count, chunk);
            for (uint32_t k = 0; k < cases[i].count; k++)
                list[k] += spare; /* to the chunk's last number */
            check_set(list, cases[i].count, chunk);
        }
}

static void test_damaged_sets_are_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } cases[] = {
        {"", 0},
        {"A", 1},
        {"A\1", 2},
        {"A\1\0\2", 4},
        {"A\2\0\1\0", 5},         /* descending */
        {"A\1\0\1\0", 5},         /* twice */
        {"R\5\0\1\0", 5},         /* ends before it begins */
        {"R\1\0\5\0\5\0\6\0", 9}, /* overlap */
        {"R\1\0\5", 4},
        {"B\1\1\1", 4},
        {"X\1\0", 3},
    };
    (void)state;
    struct fc_docs *docs = fc_docs_create();
    static struct fc_docs_bits bits;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fc_span value = fc_span(cases[i].bytes, cases[i].len);
        assert_int_equal(fc_docs_unpack(docs, 0, value), FC_E_CORRUPT);
        assert_int_equal(fc_docs_bits_add(&bits, value), FC_E_CORRUPT);
    }
    assert_int_equal(fc_docs_count(docs), 0);
    fc_docs_destroy(docs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_are_folded),
        cmocka_unit_test(test_umlauts_are_written_out),
        cmocka_unit_test(test_long_words_are_cut),
        cmocka_unit_test(test_inflections_meet),
        cmocka_unit_test(test_days),
        cmocka_unit_test(test_a_query_is_read),
        cmocka_unit_test(test_a_fault_has_a_place),
        cmocka_unit_test(test_bounds_of_a_query),
        cmocka_unit_test(test_sets_of_every_form),
        cmocka_unit_test(test_damaged_sets_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
