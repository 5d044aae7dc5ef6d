/* Files of records: split whole or not at all, and read within their bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "node/file.h"
#include "node/record_file.h"
#include "tests/support/keys.h"
#include "tests/support/tempdir.h"

struct fixture {
    struct fc_test_federation fed;
    struct fc_test_party party;
};

static int setup(void **state)
{
    struct fixture *at = calloc(1, sizeof *at);
    assert_non_null(at);
    fc_test_federation_init(&at->fed, "file", 3);
    fc_test_party_init(&at->party, &at->fed, "one");
    *state = at;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *at = *state;
    fc_test_party_finish(&at->party);
    fc_test_federation_finish(&at->fed);
    free(at);
    return 0;
}

static void put(struct fc_buf *out, const struct fc_buf *record)
{
    fc_buf_append(out, record->data, record->len);
}

static void records_lie_back_to_back(void **state)
{
    struct fixture *at = *state;
    struct fc_record_file file = {0};
    put(&file.bytes, &at->fed.charter_record);
    put(&file.bytes, &at->party.certificate_record);
    put(&file.bytes, &at->fed.charter_record);
    assert_int_equal(fc_record_file_split(&file), FC_OK);
    assert_int_equal(file.count, 3);
    assert_ptr_equal(fc_record_file_last(&file, FC_RECORD_CHARTER), &file.records[2]);
    assert_true(fc_hash_eq(&fc_record_file_last(&file, FC_RECORD_CERTIFICATE)->hash,
                           &at->party.certificate_hash));
    assert_null(fc_record_file_last(&file, FC_RECORD_REVOCATION));
    fc_record_file_finish(&file);
}

static void a_cut_file_is_refused_wherever_it_is_cut(void **state)
{
    struct fixture *at = *state;
    struct fc_buf whole = {0};
    put(&whole, &at->fed.charter_record);
    put(&whole, &at->party.certificate_record);
    for (size_t len = 0; len <= whole.len; len++) {
        struct fc_record_file file = {0};
        fc_buf_append(&file.bytes, whole.data, len);
        bool boundary = len == whole.len || len == at->fed.charter_record.len;
        assert_int_equal(fc_record_file_split(&file) == FC_OK, boundary);
        fc_record_file_finish(&file);
    }
    fc_buf_finish(&whole);
}

static void what_is_no_record_is_refused(void **state)
{
    static const char *const others[] = {
        "",     "charter", "{\"json\": true}", "\x93\x01\x02\x03", "\xdd\xff\xff\xff\xff",
        "\xc1", "\n"};
    struct fixture *at = *state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct fc_record_file file = {0};
        fc_buf_append(&file.bytes, others[i], strlen(others[i]));
        assert_int_equal(fc_record_file_split(&file), FC_E_FORMAT);
        fc_record_file_finish(&file);
        if (i == 0)
            continue;
        put(&file.bytes, &at->fed.charter_record); /* nor behind a good one */
        fc_buf_append(&file.bytes, others[i], strlen(others[i]));
        assert_int_equal(fc_record_file_split(&file), FC_E_FORMAT);
        fc_record_file_finish(&file);
    }
}

static void many_records_are_taken(void **state)
{
    struct fixture *at = *state;
    struct fc_record_file file = {0};
    for (int i = 0; i < 1000; i++)
        put(&file.bytes, &at->party.certificate_record);
    assert_int_equal(fc_record_file_split(&file), FC_OK);
    assert_int_equal(file.count, 1000);
    for (size_t i = 0; i < file.count; i++)
        assert_true(fc_hash_eq(&file.records[i].hash, &at->party.certificate_hash));
    fc_record_file_finish(&file);
}

static void a_file_is_read_up_to_its_bound(void **state)
{
    struct fixture *at = *state;
    struct fc_record_file file;
    char path[1100];
    char *directory = tempdir_create();
    snprintf(path, sizeof path, "%s/records", directory);
    assert_int_equal(fc_record_file_read(path, &file), FC_E_MISSING);
    assert_null(file.bytes.data);
    assert_int_equal(fc_file_write(path, fc_buf_span(&at->fed.charter_record), 0644, false), FC_OK);
    assert_int_equal(fc_record_file_read(path, &file), FC_OK);
    assert_int_equal(file.count, 1);
    fc_record_file_finish(&file);
    assert_int_equal(truncate(path, FC_RECORD_FILE_BYTES_MAX), 0); /* zeros: small numbers */
    assert_int_equal(fc_record_file_read(path, &file), FC_E_FORMAT);
    assert_int_equal(truncate(path, (off_t)FC_RECORD_FILE_BYTES_MAX + 1), 0);
    assert_int_equal(fc_record_file_read(path, &file), FC_E_BOUND);
    assert_null(file.records);
    assert_int_equal(fc_record_file_read(directory, &file), FC_E_IO);
    tempdir_destroy(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_lie_back_to_back),
        cmocka_unit_test(a_cut_file_is_refused_wherever_it_is_cut),
        cmocka_unit_test(what_is_no_record_is_refused),
        cmocka_unit_test(many_records_are_taken),
        cmocka_unit_test(a_file_is_read_up_to_its_bound),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
