/* Tokens and applications: small files of a node's home, bounded and private. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/applications.h"
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
    char text[FC_TOKEN_TEXT_BYTES], other[FC_TOKEN_TEXT_BYTES], fault[FC_HOME_NAME_BYTES_MAX + 16];
    size_t count;
    assert_int_equal(fc_token_check(home, fc_span_str("fedcat_x"), &found), FC_E_DENIED);
    assert_int_equal(fc_token_list(home, &list, &count, fault), FC_OK);
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
    assert_int_equal(fc_token_list(home, &list, &count, fault), FC_OK);
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
    char text[FC_TOKEN_TEXT_BYTES], fault[FC_HOME_NAME_BYTES_MAX + 16];
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
    assert_int_equal(fc_token_check(home, fc_span_str(text), &found), FC_E_DENIED);
    assert_int_equal(fc_token_list(home, &list, &count, fault), FC_E_PERMISSION);
    assert_string_equal(fault, "shop.token");
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

static void applications_wait_in_bounded_number(void **state)
{
    const struct fc_home *home = *state;
    struct fc_test_federation fed, other;
    struct fc_buf record = {0}, again = {0};
    struct fc_hash hash;
    char digits[65];
    unsigned count = 0;
    fc_test_federation_init(&fed, "gaia", 3);
    fc_test_federation_init(&other, "other", 1);
    application(&fed, 0, &record);
    assert_int_equal(fc_applications_add(home, &other.id, fc_buf_span(&record), &hash),
                     FC_E_FEDERATION);
    assert_int_equal(fc_applications_add(home, &fed.id, fc_buf_span(&record), &hash), FC_OK);
    assert_int_equal(fc_applications_add(home, &fed.id, fc_buf_span(&record), &hash), FC_E_KNOWN);
    assert_int_equal(fc_applications_add(home, &fed.id, fc_buf_span(&fed.charter_record), &hash),
                     FC_E_ARG);
    record.data[record.len - 1] ^= 1; /* in a signature */
    assert_int_equal(fc_applications_add(home, &fed.id, fc_buf_span(&record), &hash),
                     FC_E_SIGNATURE);
    assert_int_equal(
        fc_applications_add(home, &fed.id, fc_span(record.data, record.len - 1), &hash),
        FC_E_FORMAT);
    assert_int_equal(fc_applications_add(home, &fed.id,
                                         fc_span(record.data, FC_APPLICATION_BYTES_MAX + 1), &hash),
                     FC_E_BOUND);
    for (unsigned i = 1; i <= FC_APPLICATIONS_MAX; i++) {
        fc_buf_clear(&record);
        application(&fed, i, &record);
        assert_int_equal(fc_applications_add(home, &fed.id, fc_buf_span(&record), &hash),
                         i < FC_APPLICATIONS_MAX ? FC_OK : FC_E_AGAIN);
    }
    assert_int_equal(fc_applications_each(home, &count, count_one), FC_OK);
    assert_int_equal(count, FC_APPLICATIONS_MAX);
    assert_int_equal(fc_applications_drop(home, "zz"), FC_E_ARG);
    assert_int_equal(fc_applications_drop(home, ""), FC_E_ARG);
    fc_hex(hash.b, 32, digits);
    assert_int_equal(fc_applications_read(home, digits, &again), FC_E_MISSING);
    fc_buf_clear(&record);
    application(&fed, 0, &record);
    hash = fc_test_parse(&record).hash;
    fc_hex(hash.b, 32, digits);
    assert_int_equal(fc_applications_read(home, digits, &again), FC_OK);
    assert_true(fc_span_eq(fc_buf_span(&again), fc_buf_span(&record)));
    assert_int_equal(fc_applications_drop(home, digits), FC_OK);
    assert_int_equal(fc_applications_drop(home, digits), FC_E_MISSING);
    fc_buf_finish(&record);
    fc_buf_finish(&again);
    fc_test_federation_finish(&fed);
    fc_test_federation_finish(&other);
}

int main(void)
{
    assert_int_equal(fc_crypto_init(), FC_OK);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(handed_out_once_and_revoked, setup, teardown),
        cmocka_unit_test_setup_teardown(files_are_private, setup, teardown),
        cmocka_unit_test_setup_teardown(names_and_numbers_are_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(applications_wait_in_bounded_number, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
