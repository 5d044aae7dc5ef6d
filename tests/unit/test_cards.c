/* What is kept of documents says what they say, within its bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/cards.h"
#include "store/stem.h"
#include "tests/support/rng.h"

enum { TEXT_MAX = 128 * 1024 };

static struct fc_hash number(uint32_t value)
{
    uint8_t bytes[4];
    fc_put_be32(bytes, value);
    return fc_hash("fedcat.test", fc_span(bytes, sizeof bytes));
}

/* A document with so many words in its description. */
static struct fc_span write(char *out, uint32_t value, unsigned words)
{
    int len = sprintf(out,
                      "{\"@id\":\"https://a.example/%u\",\"type\":\"gx:ServiceOffering\","
                      "\"gx:name\":{\"@value\":\"Name %u\",\"@language\":\"de\"},"
                      "\"gx:countryCode\":\"FR\",\"gx:keyword\":[\"k%u\"],\"gx:description\":\"",
                      value, value, value);
    for (unsigned i = 0; i < words; i++)
        len += sprintf(out + len, "w%u ", value + i);
    len += sprintf(out + len, "\"}");
    return fc_span(out, (size_t)len);
}

static bool is(struct fc_span span, const char *text)
{
    return fc_span_eq(span, fc_span_str(text));
}

static void a_card_says_what_the_document_says(void **state)
{
    char *text = malloc(TEXT_MAX);
    struct fc_cards *cards = fc_cards_create();
    const struct fc_card *card = NULL;
    struct fc_hash one = number(1);
    (void)state;
    assert_non_null(text);
    assert_non_null(cards);
    assert_null(fc_cards_find(cards, &one));
    assert_int_equal(fc_cards_read(cards, &one, write(text, 7, 3), &card), FC_OK);
    memset(text, 'x', TEXT_MAX); /* it has its own copy */
    for (unsigned again = 0; again < 2; again++) {
        assert_true(is(card->name, "Name 7") && is(card->kind, "service"));
        assert_true(is(card->country, "FR"));
        assert_null(card->provider.data);
        assert_int_equal(card->language, fc_stem_language("de"));
        bool keyword = false, described = false;
        for (uint32_t i = 0; i < card->text_count; i++) {
            assert_int_not_equal(card->texts[i].tier, FC_TIER_NAME);
            keyword = keyword ||
                      (card->texts[i].tier == FC_TIER_KEYWORD && is(card->texts[i].text, "k7"));
            described = described || (card->texts[i].tier == FC_TIER_TEXT &&
                                      is(card->texts[i].text, "w7 w8 w9 "));
        }
        assert_true(keyword && described);
        assert_ptr_equal(fc_cards_find(cards, &one), card);
    }
    fc_cards_destroy(cards);
    fc_cards_destroy(NULL);
    free(text);
}

static void what_cannot_be_read_says_nothing(void **state)
{
    struct fc_cards *cards = fc_cards_create();
    const struct fc_card *card = NULL;
    struct fc_hash one = number(1);
    (void)state;
    assert_non_null(cards);
    assert_int_equal(fc_cards_read(cards, &one, fc_span_str("{\"name\":"), &card), FC_OK);
    assert_true(!card->name.data && !card->kind.data && card->text_count == 0);
    assert_ptr_equal(fc_cards_find(cards, &one), card);
    fc_cards_destroy(cards);
}

static void large_ones_are_not_kept(void **state)
{
    char *text = malloc(TEXT_MAX);
    struct fc_cards *cards = fc_cards_create();
    const struct fc_card *card = NULL;
    struct fc_hash one = number(1), two = number(2);
    (void)state;
    assert_non_null(text);
    assert_non_null(cards);
    assert_int_equal(fc_cards_read(cards, &one, write(text, 1, 9000), &card), FC_OK);
    assert_true(is(card->name, "Name 1")); /* it can be shown all the same */
    assert_null(fc_cards_find(cards, &one));
    assert_int_equal(fc_cards_bytes(cards), 0);
    assert_int_equal(fc_cards_read(cards, &two, write(text, 2, 9000), &card), FC_OK);
    assert_true(is(card->name, "Name 2"));
    fc_cards_destroy(cards);
    free(text);
}

/* Whatever is read, the bound holds, and a card that is found is the right one; those looked at
 * again and again stay. */
static void it_stays_within_its_bound(void **state)
{
    enum { READS = 20000, OFTEN = 20 };
    char *text = malloc(TEXT_MAX), name[32];
    struct fc_cards *cards = fc_cards_create();
    uint64_t seed = 3;
    unsigned found = 0, missed = 0;
    size_t most = 0;
    (void)state;
    assert_non_null(text);
    assert_non_null(cards);
    for (unsigned i = 0; i < READS; i++) {
        bool often = i % 8 == 0;
        uint32_t value = (uint32_t)test_rng_below(&seed, often ? OFTEN : 30000);
        struct fc_hash commitment = number(value);
        const struct fc_card *card = fc_cards_find(cards, &commitment);
        found += often && card;
        missed += often && !card;
        if (!card) {
            struct fc_span plain = write(text, value, (unsigned)test_rng_below(&seed, 500));
            assert_int_equal(fc_cards_read(cards, &commitment, plain, &card), FC_OK);
            assert_ptr_equal(fc_cards_find(cards, &commitment), card);
        }
        snprintf(name, sizeof name, "Name %u", (unsigned)value);
        assert_true(is(card->name, name));
        assert_in_range(fc_cards_bytes(cards), 1, FC_CARDS_BYTES_MAX);
        most = fc_cards_bytes(cards) > most ? fc_cards_bytes(cards) : most;
    }
    assert_in_range(most, FC_CARDS_BYTES_MAX / 2, FC_CARDS_BYTES_MAX); /* it was met */
    assert_in_range(missed, OFTEN, found / 10);
    fc_cards_destroy(cards);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_card_says_what_the_document_says),
        cmocka_unit_test(what_cannot_be_read_says_nothing),
        cmocka_unit_test(large_ones_are_not_kept),
        cmocka_unit_test(it_stays_within_its_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
