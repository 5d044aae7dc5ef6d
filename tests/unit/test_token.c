/* Tokens and applications: small files of a node's home, bounded and private. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/applications.h"
#include "node/clock.h"
#include "node/file.h"
#include "node/token.h"
#include "tests/support/keys.h"
#include "tests/support/tempdir.h"

static int setup(void **state)
{
    struct fc_home *home = calloc(1, sizeof *home);
    home->path = tempdir_create();
    *state = home;
    return 0;
}

static int teardown(void **state)
{
    struct fc_home *home = *state;
    tempdir_destroy(home->path);
    free(home);
    return 0;
}

static struct fc_token named(const char *name, const struct fc_hash *participant)
{
    struct fc_token token = {.any = !participant};
    snprintf(token.name, sizeof token.name, "%s", name);
    if (participant) {
        token.participant = *participant;
    }
    return token;
}

static void handed_out_once_and_revoked(void **state)
{
    const struct fc_home *home = *state;
    const struct fc_hash acme = {{7}};
    struct fc_token token = named("shop", &acme), all = named("all", NULL), found, *list;
    char text[FC_TOKEN_TEXT_BYTES], other[FC_TOKEN_TEXT_BYTES];
    size_t count;
    assert_int_equal(fc_token_check(home, fc_span_str("fedcat_x"), &found), FC_E_DENIED);
    assert_int_equal(fc_token_list(home, &list, &count), FC_OK);
    assert_int_equal(count, 0);
    assert_int_equal(fc_token_new(home, &token, text), FC_OK);
    assert_int_equal(fc_token_new(home, &token, other), FC_E_KNOWN);
    assert_int_equal(fc_token_new(home, &all, other), FC_OK);
    assert_int_equal(fc_token_check(home, fc_span_str(text), &found), FC_OK);
    assert_string_equal(found.name, "shop");
    assert_false(found.any);
    assert_memory_equal(&found.participant, &acme, sizeof acme);
    assert_int_equal(fc_token_check(home, fc_span_str(other), &found), FC_OK);
    assert_true(found.any);
    assert_int_equal(fc_token_list(home, &list, &count), FC_OK);
    assert_int_equal(count, 2);
    assert_string_equal(list[0].name, "all");
    assert_true(list[1].created_ms > 0);
    free(list);
    text[20] = text[20] == 'a' ? 'b' : 'a';
    assert_int_equal(fc_token_check(home, fc_span_str(text), &found), FC_E_DENIED);
    assert_string_equal(found.name, "");
    assert_int_equal(fc_token_revoke(home, "all"), FC_OK);
    assert_int_equal(fc_token_revoke(home, "all"), FC_E_MISSING);
    assert_int_equal(fc_token_check(home, fc_span_str(other), &found), FC_E_DENIED);
}

/* What is on the disk does not let anyone in, and is for its owner alone. */
static void files_are_private(void **state)
{
    const struct fc_home *home = *state;
    struct fc_token token = named("shop", NULL), found, *list;
    char text[FC_TOKEN_TEXT_BYTES];
    struct fc_buf bytes = {0};
    struct stat status;
    size_t count;
    assert_int_equal(fc_token_new(home, &token, text), FC_OK);
    char *path = fc_home_path(home, "tokens/shop.token");
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(fc_file_read(path, 4096, &bytes), FC_OK);
    fc_buf_append(&bytes, "", 1);
    assert_null(strstr((char *)bytes.data, text + 7));
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(fc_token_check(home, fc_span_str(text), &found), FC_E_PERMISSION);
    assert_string_equal(found.name, "shop");
    struct fc_token other = named("other", NULL);
    char other_text[FC_TOKEN_TEXT_BYTES];
    assert_int_equal(fc_token_new(home, &other, other_text), FC_OK);
    assert_int_equal(fc_token_check(home, fc_span_str(other_text), &found), FC_OK);
    assert_int_equal(fc_token_list(home, &list, &count), FC_OK);
    assert_int_equal(count, 2);
    assert_int_equal(list[0].fault, FC_OK);
    assert_string_equal(list[1].name, "shop");
    assert_int_equal(list[1].fault, FC_E_PERMISSION);
    free(list);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(fc_token_check(home, fc_span_str(text), &found), FC_OK);
    for (size_t cut = 0; cut + 1 < bytes.len; cut += 7) { /* damaged: it counts for nothing */
        unlink(path);
        assert_int_equal(fc_file_write(path, fc_span(bytes.data, cut), 0600, true), FC_OK);
        assert_int_equal(fc_token_check(home, fc_span_str(text), &found), FC_E_DENIED);
    }
    fc_buf_finish(&bytes);
    free(path);
}

static void names_and_numbers_are_bounded(void **state)
{
    const struct fc_home *home = *state;
    char text[FC_TOKEN_TEXT_BYTES], name[16];
    static const char *const bad[] = {"", "../x", ".x", "-x", "a b", "a/b"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct fc_token token = named(bad[i], NULL);
        assert_int_equal(fc_token_new(home, &token, text), FC_E_ARG);
        assert_int_equal(fc_token_revoke(home, bad[i]), FC_E_ARG);
    }
    for (int i = 0; i <= FC_TOKENS_MAX; i++) {
        snprintf(name, sizeof name, "t%d", i);
        struct fc_token token = named(name, NULL);
        assert_int_equal(fc_token_new(home, &token, text), i < FC_TOKENS_MAX ? FC_OK : FC_E_BOUND);
    }
}

/* -- applications ------------------------------------------------------------------------------ */

static void application(const struct fc_test_federation *fed, unsigned number, struct fc_buf *out)
{
    struct fc_test_party party;
    struct fc_buf body = {0};
    char label[16];
    snprintf(label, sizeof label, "late %u", number);
    fc_test_party_init(&party, fed, label);
    struct fc_application wanted = {.wanted = party.certificate};
    wanted.wanted.g = wanted.wanted.r = 0;
    wanted.wanted.charter = (struct fc_hash){{0}};
    assert_int_equal(fc_application_body(&wanted, &body), FC_OK);
    const struct fc_test_key keys[] = {party.feed, party.recovery};
    fc_test_sign(FC_RECORD_APPLICATION, &body, keys, 2, out);
    fc_buf_finish(&body);
    fc_test_party_finish(&party);
}

static enum fc_err count_one(void *ctx, const struct fc_record *record, uint64_t came_ms)
{
    unsigned *count = ctx;
    assert_int_equal(record->type, FC_RECORD_APPLICATION);
    assert_true(came_ms > 0);
    (*count)++;
    return FC_OK;
}

struct waiting {
    struct fc_test_federation fed, other;
    struct fc_buf record;
    uint64_t now_ms;
};

static void waiting_init(struct waiting *waiting)
{
    *waiting = (struct waiting){.now_ms = fc_clock_wall_ms()};
    fc_test_federation_init(&waiting->fed, "gaia", 3);
    fc_test_federation_init(&waiting->other, "other", 1);
}

static void waiting_finish(struct waiting *waiting)
{
    fc_buf_finish(&waiting->record);
    fc_test_federation_finish(&waiting->fed);
    fc_test_federation_finish(&waiting->other);
}

/* One more, from now on in `record`. */
static enum fc_err hand_in(const struct fc_home *home, struct waiting *waiting, unsigned number)
{
    struct fc_hash hash;
    fc_buf_clear(&waiting->record);
    application(&waiting->fed, number, &waiting->record);
    enum fc_err err =
        fc_applications_check(home, &waiting->fed.id, fc_buf_span(&waiting->record), &hash);
    return err == FC_OK
               ? fc_applications_keep(home, fc_buf_span(&waiting->record), &hash, waiting->now_ms)
               : err;
}

static unsigned how_many(const struct fc_home *home)
{
    unsigned count = 0;
    assert_int_equal(fc_applications_each(home, &count, count_one), FC_OK);
    return count;
}

/* The id of one that was handed in; it came `hours` ago. */
static void came(const struct fc_home *home, struct waiting *waiting, unsigned number,
                 uint64_t hours, char digits[65])
{
    char *path = NULL;
    struct timespec times[2] = {{.tv_sec = (time_t)(waiting->now_ms / 1000 - hours * 3600)}};
    times[1] = times[0];
    fc_buf_clear(&waiting->record);
    application(&waiting->fed, number, &waiting->record);
    struct fc_hash hash = fc_test_parse(&waiting->record).hash;
    fc_hex(hash.b, 32, digits);
    assert_true(asprintf(&path, "%s/applications/%s.fcr", home->path, digits) > 0);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    free(path);
}

static enum fc_err drop(const struct fc_home *home, const char *prefix)
{
    size_t bad;
    return fc_applications_drop(home, &prefix, 1, &bad);
}

static void what_is_no_application_does_not_wait(void **state)
{
    const struct fc_home *home = *state;
    struct waiting waiting;
    struct fc_hash hash;
    waiting_init(&waiting);
    assert_int_equal(hand_in(home, &waiting, 0), FC_OK);
    assert_int_equal(hand_in(home, &waiting, 0), FC_E_KNOWN);
    struct fc_span record = fc_buf_span(&waiting.record);
    const struct fc_hash *id = &waiting.fed.id;
    assert_int_equal(fc_applications_check(home, &waiting.other.id, record, &hash),
                     FC_E_FEDERATION);
    assert_int_equal(
        fc_applications_check(home, id, fc_buf_span(&waiting.fed.charter_record), &hash), FC_E_ARG);
    waiting.record.data[record.len - 1] ^= 1; /* in a signature */
    assert_int_equal(fc_applications_check(home, id, record, &hash), FC_E_SIGNATURE);
    assert_int_equal(fc_applications_check(home, id, fc_span(record.data, record.len - 1), &hash),
                     FC_E_FORMAT);
    assert_int_equal(
        fc_applications_check(home, id, fc_span(record.data, FC_APPLICATION_BYTES_MAX + 1), &hash),
        FC_E_BOUND);
    assert_int_equal(how_many(home), 1);
    waiting_finish(&waiting);
}

static void applications_wait_in_bounded_number_and_time(void **state)
{
    const struct fc_home *home = *state;
    struct waiting waiting;
    struct fc_buf again = {0};
    char digits[65];
    waiting_init(&waiting);
    for (unsigned i = 0; i < FC_APPLICATIONS_MAX; i++)
        assert_int_equal(hand_in(home, &waiting, i), FC_OK);
    assert_int_equal(hand_in(home, &waiting, 300), FC_E_AGAIN);
    /* the oldest makes room, once it has waited for a day */
    came(home, &waiting, 5, FC_APPLICATION_SAFE_HOURS - 1, digits);
    assert_int_equal(hand_in(home, &waiting, 300), FC_E_AGAIN);
    came(home, &waiting, 5, FC_APPLICATION_SAFE_HOURS, digits);
    assert_int_equal(hand_in(home, &waiting, 300), FC_OK);
    assert_int_equal(how_many(home), FC_APPLICATIONS_MAX);
    assert_int_equal(fc_applications_read(home, digits, &again), FC_E_MISSING);
    assert_int_equal(hand_in(home, &waiting, 301), FC_E_AGAIN);
    /* what is too old goes by itself */
    came(home, &waiting, 6, FC_APPLICATION_DAYS * 24 - 1, digits);
    came(home, &waiting, 7, FC_APPLICATION_DAYS * 24 + 1, digits);
    assert_int_equal(hand_in(home, &waiting, 301), FC_OK);
    assert_int_equal(how_many(home), FC_APPLICATIONS_MAX);
    assert_int_equal(fc_applications_read(home, digits, &again), FC_E_MISSING);
    fc_buf_finish(&again);
    waiting_finish(&waiting);
}

static void applications_are_dropped(void **state)
{
    const struct fc_home *home = *state;
    struct waiting waiting;
    struct fc_buf again = {0};
    char digits[4][65];
    size_t bad = 9;
    unsigned dropped = 9;
    waiting_init(&waiting);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(hand_in(home, &waiting, i), FC_OK);
        came(home, &waiting, i, i, digits[i]);
    }
    assert_int_equal(fc_applications_read(home, digits[3], &again), FC_OK);
    assert_true(fc_span_eq(fc_buf_span(&again), fc_buf_span(&waiting.record)));
    assert_int_equal(drop(home, "zz"), FC_E_ARG);
    assert_int_equal(drop(home, ""), FC_E_ARG);
    const char *const some[] = {digits[0], digits[1], "0123456789"};
    assert_int_equal(fc_applications_drop(home, some, 3, &bad), FC_E_MISSING);
    assert_int_equal(bad, 2);
    assert_int_equal(how_many(home), 4);
    const char *const twice[] = {digits[0], digits[1], digits[0]};
    assert_int_equal(fc_applications_drop(home, twice, 3, &bad), FC_OK);
    assert_int_equal(how_many(home), 2);
    assert_int_equal(drop(home, digits[0]), FC_E_MISSING);
    uint64_t before_ms = waiting.now_ms - 3 * 3600 * 1000;
    assert_int_equal(fc_applications_drop_before(home, before_ms - 1000, &dropped), FC_OK);
    assert_int_equal(dropped, 0);
    assert_int_equal(fc_applications_drop_before(home, before_ms + 1000, &dropped), FC_OK);
    assert_int_equal(dropped, 1);
    assert_int_equal(fc_applications_drop_before(home, UINT64_MAX, &dropped), FC_OK);
    assert_int_equal(dropped, 1);
    assert_int_equal(how_many(home), 0);
    fc_buf_finish(&again);
    waiting_finish(&waiting);
}

int main(void)
{
    assert_int_equal(fc_crypto_init(), FC_OK);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(handed_out_once_and_revoked, setup, teardown),
        cmocka_unit_test_setup_teardown(files_are_private, setup, teardown),
        cmocka_unit_test_setup_teardown(names_and_numbers_are_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_no_application_does_not_wait, setup, teardown),
        cmocka_unit_test_setup_teardown(applications_wait_in_bounded_number_and_time, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(applications_are_dropped, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
