/* The words a load gathers, against a plain list of (tier, term, document). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/index_lexicon.h"
#include "tests/support/rng.h"

enum { FACTS_MAX = 400 * 1000 };

struct fact {
    uint8_t tier, len;
    uint16_t doc;
    char term[FC_WORD_BYTES_MAX];
};
struct bench {
    struct fc_lexicon *lexicon;
    struct fc_stemmer *stemmer, *plain; /* one of them is the lexicon's */
    struct fact *facts;
    size_t count;
};

static int compare(const void *a, const void *b)
{
    const struct fact *left = a, *right = b;
    if (left->tier != right->tier)
        return left->tier - right->tier;
    int order = fc_span_cmp(fc_span(left->term, left->len), fc_span(right->term, right->len));
    return order ? order : left->doc - right->doc;
}

static void note(struct bench *bench, unsigned tier, uint16_t doc, struct fc_span term)
{
    struct fact *fact = &bench->facts[bench->count++];
    assert_true(bench->count <= FACTS_MAX);
    memset(fact, 0, sizeof *fact);
    fact->tier = (uint8_t)tier;
    fact->doc = doc;
    fact->len = (uint8_t)term.len;
    memcpy(fact->term, term.data, term.len);
}

static void say(struct bench *bench, unsigned tier, int language, uint16_t doc, const char *word,
                size_t len)
{
    struct fc_span span = fc_span(word, len);
    assert_int_equal(fc_lexicon_take(bench->lexicon, (enum fc_document_tier)tier, language, span),
                     FC_OK);
    note(bench, tier, doc, span);
    note(bench, tier, doc, fc_stem(bench->plain, language, span));
}

/* Words of all lengths, many of which begin alike, with zeros within. */
static size_t random_word(uint64_t *seed, char *out)
{
    static const char *const parts[] = {"cloud", "s", "ing", "rechen", "zentrum", "e", "\0", "\1"};
    size_t len = 0;
    unsigned count = 1 + (unsigned)test_rng_below(seed, 9);
    for (unsigned i = 0; i < count; i++) {
        unsigned which = (unsigned)test_rng_below(seed, test_rng_below(seed, 8) ? 6 : 8);
        size_t more = which < 6 ? strlen(parts[which]) : 1;
        if (len + more > FC_WORD_BYTES_MAX)
            break;
        memcpy(out + len, parts[which], more);
        len += more;
    }
    return len;
}

static void compare_rows(struct bench *bench)
{
    struct fc_lexicon_row row, term;
    uint32_t rows, number = 0;
    assert_int_equal(fc_lexicon_close(bench->lexicon, bench->stemmer, &rows), FC_OK);
    qsort(bench->facts, bench->count, sizeof *bench->facts, compare);
    for (size_t i = 0, end; i < bench->count; i = end) {
        const struct fact *fact = &bench->facts[i];
        uint32_t docs = 0;
        assert_true(number < rows);
        fc_lexicon_row(bench->lexicon, number++, &row);
        fc_lexicon_term(bench->lexicon, number - 1, &term);
        assert_true(fc_span_eq(term.term, row.term) && term.tier == row.tier);
        assert_in_range(number - 1, fc_lexicon_tier(bench->lexicon, row.tier),
                        fc_lexicon_tier(bench->lexicon, row.tier + 1u) - 1);
        assert_int_equal(row.tier, fact->tier);
        assert_true(fc_span_eq(row.term, fc_span(fact->term, fact->len)));
        for (end = i; end < bench->count && bench->facts[end].tier == fact->tier &&
                      bench->facts[end].len == fact->len &&
                      memcmp(bench->facts[end].term, fact->term, fact->len) == 0;
             end++) {
            if (end > i && bench->facts[end].doc == bench->facts[end - 1].doc)
                continue;
            assert_true(docs < row.count);
            assert_int_equal(row.docs[docs++], bench->facts[end].doc);
        }
        assert_int_equal(docs, row.count);
    }
    assert_int_equal(number, rows);
    assert_int_equal(fc_lexicon_tier(bench->lexicon, FC_TIERS), rows);
}

static void gather(struct bench *bench, uint64_t seed, unsigned documents, unsigned words)
{
    char word[FC_WORD_BYTES_MAX];
    bench->count = 0;
    fc_lexicon_forget(bench->lexicon);
    for (unsigned i = 0; i < documents; i++) {
        uint16_t doc = (uint16_t)(i * 65535u / documents);
        unsigned count = (unsigned)test_rng_below(&seed, words);
        assert_int_equal(fc_lexicon_begin(bench->lexicon, doc), FC_OK);
        for (unsigned k = 0; k < count; k++) {
            size_t len = random_word(&seed, word);
            say(bench, (unsigned)test_rng_below(&seed, FC_TIERS), (int)test_rng_below(&seed, 4) - 1,
                doc, word, len);
        }
    }
    compare_rows(bench);
}

static void rows_are_what_documents_say(void **state)
{
    struct bench *bench = *state;
    gather(bench, 1, 0, 1);
    gather(bench, 2, 1, 3);
    for (uint64_t seed = 3; seed < 12; seed++)
        gather(bench, seed, 20, 40);
    gather(bench, 12, 2000, 60);
    gather(bench, 13, 3, 2000);
}

/* More different words than its first table holds, one at the longest, and one document with all.
 */
/* As many words as may wait, none of them looked at before the end, each with a stem. */
static void the_last_words_have_room(void **state)
{
    struct bench *bench = *state;
    char word[16];
    assert_int_equal(fc_lexicon_begin(bench->lexicon, 7), FC_OK);
    for (char c = 'a'; c < 'a' + 15; c++) {
        snprintf(word, sizeof word, "cloud%cings", c);
        say(bench, FC_TIER_NAME, fc_stem_language("en"), 7, word, strlen(word));
    }
    compare_rows(bench);
}

static void it_grows(void **state)
{
    struct bench *bench = *state;
    char word[FC_WORD_BYTES_MAX + 1];
    bench->count = 0;
    fc_lexicon_forget(bench->lexicon);
    for (uint16_t doc = 0; doc < 3; doc++) {
        assert_int_equal(fc_lexicon_begin(bench->lexicon, doc), FC_OK);
        for (unsigned i = 0; i < 50000; i++) {
            int len = snprintf(word, sizeof word, i % 7 ? "%uq" : "%056uqqqq", i / (doc + 1));
            say(bench, FC_TIER_TEXT, -1, doc, word, (size_t)len);
        }
    }
    compare_rows(bench);
}

static int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    *state = bench;
    bench->lexicon = fc_lexicon_create();
    bench->facts = malloc(FACTS_MAX * sizeof *bench->facts);
    return !(bench->lexicon && bench->facts && fc_stemmer_create(&bench->stemmer) == FC_OK &&
             fc_stemmer_create(&bench->plain) == FC_OK);
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    fc_lexicon_destroy(bench->lexicon);
    fc_lexicon_destroy(NULL);
    fc_stemmer_destroy(bench->stemmer);
    fc_stemmer_destroy(bench->plain);
    free(bench->facts);
    free(bench);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_are_what_documents_say, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_last_words_have_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_grows, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
