/* What is remembered of a word is of that word, however many others fall on its slots. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "store/index_memo.h"

enum { WORDS = 1500 * 1000, LANGUAGES = 3 }; /* more than there are slots */

static struct fc_memo_slot *find(struct fc_memo *memo, int language, const char *word)
{
    char text[FC_MEMO_TEXT_BYTES] = {0};
    size_t len = strlen(word);
    memcpy(text, word, len < sizeof text ? len : sizeof text);
    return fc_memo_find(memo, fc_memo_fetch(memo, language, text, len), language, text, len);
}

static void test_words_keep_their_own(void **state)
{
    struct fc_memo *memo = fc_memo_create();
    unsigned kept = 0;
    (void)state;
    assert_non_null(memo);
    for (unsigned pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < WORDS; i++) {
            char word[FC_MEMO_TEXT_BYTES];
            snprintf(word, sizeof word, "%uw", i / LANGUAGES);
            struct fc_memo_slot *slot = find(memo, (int)(i % LANGUAGES) - 1, word);
            assert_non_null(slot);
            assert_true(slot->word[0] == 0 || slot->word[0] == i + 1);
            kept += pass == 1 && slot->word[0] != 0;
            slot->word[0] = i + 1;
        }
    assert_in_range(kept, WORDS / 10, WORDS);
    fc_memo_forget(memo);
    assert_int_equal(find(memo, -1, "0w")->word[0], 0);
    fc_memo_destroy(memo);
}

static void test_long_words(void **state)
{
    struct fc_memo *memo = fc_memo_create();
    (void)state;
    assert_non_null(memo);
    assert_non_null(find(memo, 0, "abcdefghijklmnopqrstuv"));
    assert_null(find(memo, 0, "abcdefghijklmnopqrstuvw"));
    fc_memo_destroy(memo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_keep_their_own),
        cmocka_unit_test(test_long_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
