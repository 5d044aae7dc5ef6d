/* Every type of record shown to people and as JSON; hostile text does not reach a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "node/record_file.h"
#include "tests/support/keys.h"

static char *printed(const struct fc_buf *record, bool as_json)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    struct fc_record parsed = fc_test_parse(record);
    assert_non_null(out);
    if (as_json) {
        struct fc_json *json = fc_json_create();
        fc_record_json(json, NULL, &parsed, NULL);
        assert_int_equal(fc_json_print(json, out, false), FC_OK);
        fc_json_destroy(json);
    } else {
        fc_record_print(&parsed, NULL, out);
    }
    fclose(out);
    return text;
}

static void shows(const struct fc_buf *record, const char *line, const char *json_part)
{
    char *text = printed(record, false), *json = printed(record, true);
    struct fc_json_value *value = NULL;
    assert_non_null(strstr(text, line));
    assert_non_null(strstr(json, json_part));
    assert_int_equal(fc_json_parse(fc_span_str(json), &value, NULL), FC_OK);
    fc_json_free(value);
    for (const char *c = text; *c; c++)
        assert_true((unsigned char)*c >= 32 || *c == '\n');
    free(text);
    free(json);
}

static void every_type_is_shown(void **state)
{
    struct fc_test_federation fed;
    struct fc_test_party party;
    struct fc_buf record = {0};
    struct fc_hash root = {{1}};
    struct fc_test_box node = fc_test_box("node", 1);
    (void)state;
    fc_test_federation_init(&fed, "text", 3);
    fc_test_party_init(&party, &fed, "shown");
    shows(&fed.charter_record, "charter 1 of", "\"governors\":[{");
    shows(&party.certificate_record, "certificate of", "\"feed_key\":\"");
    fc_test_descriptor(&party, &node, "tcp://node.example:7400", 1, &record);
    shows(&record, "tcp://node.example:7400", "\"endpoints\":[\"tcp://node.example:7400\"]");
    fc_buf_clear(&record);
    fc_test_revocation(&party, &fed, fc_version_make(1, 7), FC_REVOKE_FREEZE, &record);
    shows(&record, "freeze", "\"last_valid\":\"1.7\"");
    fc_buf_clear(&record);
    fc_test_takedown(&party, &fed, &root, &root, &record);
    shows(&record, "takedown", "\"commitment\":\"");
    fc_buf_clear(&record);
    fc_test_checkpoint(&party, &fed, &root, 3, 400, &record);
    shows(&record, "checkpoint", "\"feeds\":3");
    fc_buf_clear(&record);
    struct fc_buf ops = {0};
    struct fc_op none = {0};
    assert_int_equal(fc_ops_write(&none, 0, &ops), FC_OK);
    fc_test_next_head(&party, fc_buf_span(&ops), &root, 1, 10, &record);
    shows(&record, "head 1.1 of", "\"version\":\"1.1\"");
    fc_buf_finish(&ops);
    fc_buf_finish(&record);
    fc_test_party_finish(&party);
    fc_test_federation_finish(&fed);
}

static void a_file_is_records_back_to_back(void **state)
{
    struct fc_test_federation fed;
    struct fc_test_party party;
    struct fc_record_file file = {0};
    (void)state;
    fc_test_federation_init(&fed, "file", 1);
    fc_test_party_init(&party, &fed, "one");
    fc_buf_append(&file.bytes, fed.charter_record.data, fed.charter_record.len);
    fc_buf_append(&file.bytes, party.certificate_record.data, party.certificate_record.len);
    assert_int_equal(fc_record_file_split(&file), FC_OK);
    assert_int_equal(file.count, 2);
    assert_true(fc_hash_eq(&fc_record_file_last(&file, FC_RECORD_CERTIFICATE)->hash,
                           &party.certificate_hash));
    assert_null(fc_record_file_last(&file, FC_RECORD_REVOCATION));
    fc_record_file_finish(&file);

    fc_buf_append(&file.bytes, fed.charter_record.data, fed.charter_record.len - 1);
    assert_int_not_equal(fc_record_file_split(&file), FC_OK);
    fc_record_file_finish(&file);
    assert_int_not_equal(fc_record_file_split(&file), FC_OK); /* empty */
    fc_record_file_finish(&file);
    fc_test_party_finish(&party);
    fc_test_federation_finish(&fed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_shown),
        cmocka_unit_test(a_file_is_records_back_to_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
