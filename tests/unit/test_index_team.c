/* What a team says of entries, against what one sayer says of them one after another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/content.h"
#include "store/index_team.h"
#include "tests/support/rng.h"

enum { ENTRIES = 6000 };

struct given {
    struct fc_buf row, frame;
    struct fc_hash key_hash;
};
struct bench {
    struct fc_sayer *own, *plain;
    struct fc_codec *codec;
    struct given *given;
};

/* Mostly an offer of some hundred words; now and then none, one in raw bytes, or one with so many
 * words that it fills a batch or has more terms than are kept. */
static void make_content(struct bench *bench, uint64_t *seed, uint64_t kind, struct fc_buf *frame,
                         size_t *size)
{
    struct fc_buf plain = {0};
    char text[64];
    unsigned words = kind == 0 ? 9000 : kind == 1 ? 2500 : (unsigned)test_rng_below(seed, 60);
    fc_buf_append(&plain, "{\"id\":\"x\",\"type\":\"gx:ServiceOffering\",\"gx:name\":\"", 49);
    for (unsigned i = 0; i < words; i++) {
        uint64_t word = test_rng_below(seed, kind < 2 ? 100000 : 300);
        int len = snprintf(text, sizeof text, "Rechenzentren%c%u ", (int)('a' + word % 26),
                           (unsigned)word);
        fc_buf_append(&plain, text, (size_t)len);
    }
    fc_buf_append(&plain, "\",\"gx:countryCode\":\"FR\"}", 24);
    *size = plain.len;
    if (kind == 2) { /* damaged: found by its key alone */
        fc_buf_append(frame, "\2nonsense", 9);
    } else if (kind != 3) {
        assert_int_equal(fc_content_pack(bench->codec, fc_buf_span(&plain), frame), FC_OK);
    }
    fc_buf_finish(&plain);
}

static void make_entry(struct bench *bench, uint64_t *seed, struct given *given, unsigned number)
{
    char key[64];
    int len = snprintf(key, sizeof key, "https://offers.example/%u", number);
    struct fc_entry entry = {.version = fc_version_make(1, number + 1),
                             .status = FC_STATUS_ACTIVE,
                             .media_type = fc_span_str("application/ld+json"),
                             .key = fc_span(key, (size_t)len),
                             .state = FC_CONTENT_PRESENT};
    size_t size;
    make_content(bench, seed, test_rng_below(seed, 200), &given->frame, &size);
    entry.size = size;
    given->key_hash = fc_hash("fedcat.key.1", entry.key);
    assert_int_equal(fc_entry_write(&entry, &given->row), FC_OK);
}

static void compare_said(struct bench *bench, const struct fc_team_said *said, unsigned number)
{
    const struct given *given = &bench->given[number];
    struct fc_entry entry;
    assert_int_equal(said->doc, number);
    assert_int_equal(said->generation, number % 7);
    assert_true(fc_hash_eq(&said->key_hash, &given->key_hash));
    assert_int_equal(fc_entry_parse(&given->key_hash, fc_buf_span(&given->row), &entry), FC_OK);
    assert_int_equal(fc_say_apart(bench->plain, number % 7, &entry, fc_buf_span(&given->frame)),
                     FC_OK);
    assert_true(fc_span_eq(said->said, fc_buf_span(&bench->plain->said)));
    assert_true(fc_span_eq(said->words, fc_buf_span(&bench->plain->words)));
}

static void put(struct bench *bench, struct fc_team *team, unsigned number)
{
    const struct given *given = &bench->given[number];
    const struct fc_team_entry entry = {.doc = number,
                                        .generation = number % 7,
                                        .key_hash = given->key_hash,
                                        .row = fc_buf_span(&given->row),
                                        .frame = fc_buf_span(&given->frame)};
    assert_int_equal(fc_team_put(team, &entry), FC_OK);
}

static void run(struct bench *bench, uint32_t threads, uint64_t seed, unsigned count)
{
    struct fc_team *team = fc_team_create(threads, bench->own);
    struct fc_team_said said;
    unsigned in = 0, out = 0;
    assert_non_null(team);
    assert_int_equal(fc_team_take(team, &said), FC_E_MISSING);
    while (out < count) {
        unsigned some = (unsigned)test_rng_below(&seed, 3000);
        for (; some > 0 && in < count && !fc_team_full(team); some--)
            put(bench, team, in++);
        some = (unsigned)test_rng_below(&seed, 2000);
        for (; some > 0 && out < in; some--) {
            assert_int_equal(fc_team_take(team, &said), FC_OK);
            compare_said(bench, &said, out++);
        }
    }
    assert_int_equal(fc_team_take(team, &said), FC_E_MISSING);
    fc_team_destroy(team);
}

static void it_says_what_one_says(void **state)
{
    struct bench *bench = *state;
    run(bench, 1, 1, 700);
    run(bench, 2, 2, ENTRIES);
    run(bench, 5, 3, ENTRIES);
    run(bench, 0, 4, 700);
    run(bench, 2, 5, 1);
}

static void what_is_within_can_be_left(void **state)
{
    struct bench *bench = *state;
    for (uint32_t threads = 1; threads < 4; threads++) {
        struct fc_team *team = fc_team_create(threads, bench->own);
        struct fc_team_said said;
        unsigned in = 0;
        assert_non_null(team);
        while (!fc_team_full(team))
            put(bench, team, in++);
        assert_int_equal(fc_team_take(team, &said), FC_OK);
        fc_team_destroy(team);
    }
    fc_team_destroy(NULL);
}

static void a_row_that_is_none_is_told(void **state)
{
    struct bench *bench = *state;
    struct fc_team *team = fc_team_create(2, bench->own);
    struct fc_team_said said;
    struct fc_team_entry entry = {.row = fc_span_str("x")};
    assert_non_null(team);
    assert_int_equal(fc_team_put(team, &entry), FC_OK);
    assert_int_equal(fc_team_take(team, &said), FC_E_CORRUPT);
    fc_team_destroy(team);
}

static int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    uint64_t seed = 1;
    *state = bench;
    if (!bench || fc_sayer_create(&bench->own) != FC_OK ||
        fc_sayer_create(&bench->plain) != FC_OK || fc_codec_create(&bench->codec) != FC_OK)
        return 1;
    bench->given = calloc(ENTRIES, sizeof *bench->given);
    for (unsigned i = 0; bench->given && i < ENTRIES; i++)
        make_entry(bench, &seed, &bench->given[i], i);
    return !bench->given;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    for (unsigned i = 0; i < ENTRIES; i++) {
        fc_buf_finish(&bench->given[i].row);
        fc_buf_finish(&bench->given[i].frame);
    }
    free(bench->given);
    fc_sayer_destroy(bench->own);
    fc_sayer_destroy(bench->plain);
    fc_sayer_destroy(NULL);
    fc_codec_destroy(bench->codec);
    free(bench);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_says_what_one_says),
        cmocka_unit_test(what_is_within_can_be_left),
        cmocka_unit_test(a_row_that_is_none_is_told),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
