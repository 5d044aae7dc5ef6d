/* Every type of record shown to people and as JSON; hostile text does not reach a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "node/record_file.h"
#include "tests/support/keys.h"
#include "tests/support/ledger.h"

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

static void what_travels_by_file_is_shown(void **state)
{
    struct fc_test_federation fed;
    struct fc_test_party party;
    struct fc_buf record = {0}, body = {0}, one = {0}, other = {0};
    (void)state;
    fc_test_federation_init(&fed, "files", 3);
    fc_test_party_init(&party, &fed, "shown");

    struct fc_application application = {.wanted = party.certificate};
    application.wanted.g = 0;
    application.wanted.charter = (struct fc_hash){{0}};
    assert_int_equal(fc_application_body(&application, &body), FC_OK);
    fc_test_sign(FC_RECORD_APPLICATION, &body, &party.feed, 1, &record);
    shows(&record, "application of", "\"type\":\"application\"");

    fc_buf_clear(&record);
    struct fc_hash root = {{1}};
    struct fc_buf ops = {0};
    struct fc_op none = {0};
    assert_int_equal(fc_ops_write(&none, 0, &ops), FC_OK);
    fc_test_next_head(&party, fc_buf_span(&ops), &root, 1, 10, &one);
    struct fc_head rival = party.head;
    rival.time_ms++;
    fc_test_head(&party, &rival, &other);
    fc_test_evidence(&fed, &one, &other, &record);
    shows(&record, "evidence of two heads", "\"second\":\"head 1.1 of");

    fc_test_rotate(&fed, "next", 3, &party.certificate_hash, 1);
    shows(&fed.carry_record, "carry list of charter 2: 1 records", "\"carried\":1");
    shows(&fed.charter_record, "charter 2 of", "\"version\":2");
    fc_buf_finish(&record);
    fc_buf_finish(&body);
    fc_buf_finish(&one);
    fc_buf_finish(&other);
    fc_buf_finish(&ops);
    fc_test_party_finish(&party);
    fc_test_federation_finish(&fed);
}

/* A certificate whose name has had one byte replaced, envelope intact. */
static void spoil(const struct fc_buf *good, const char *name, uint8_t byte, struct fc_buf *out)
{
    fc_buf_clear(out);
    fc_buf_append(out, good->data, good->len);
    uint8_t *found = memmem(out->data, out->len, name, strlen(name));
    assert_non_null(found);
    found[2] = byte;
}

static void hostile_text_reaches_no_terminal(void **state)
{
    static const uint8_t bytes[] = {0x00, 0x07, 0x0a, 0x1b, 0x7f, 0x9b, 0xff};
    struct fc_test_federation fed;
    struct fc_test_party party;
    struct fc_buf record = {0};
    (void)state;
    fc_test_federation_init(&fed, "hostile", 1);
    fc_test_party_init(&party, &fed, "mallory");
    party.certificate.name = fc_span_str("Mallory Hosting");
    fc_test_certify(&party, &fed);
    for (size_t i = 0; i < sizeof bytes; i++) {
        char line[FC_RECORD_LINE_BYTES];
        spoil(&party.certificate_record, "Mallory Hosting", bytes[i], &record);
        struct fc_record parsed;
        bool is_text = bytes[i] > 0 && bytes[i] < 0x80;
        assert_int_equal(fc_record_parse(fc_buf_span(&record), &parsed) == FC_OK, is_text);
        if (!is_text)
            continue;
        assert_string_equal(fc_record_line(&parsed, line), "certificate");
        shows(&record, "INVALID", "\"valid\":false"); /* and its text not at all */
        char *text = printed(&record, false), *json = printed(&record, true);
        assert_null(strstr(text, "llory"));
        assert_null(strstr(json, "llory"));
        free(text);
        free(json);
    }
    fc_buf_finish(&record);
    fc_test_party_finish(&party);
    fc_test_federation_finish(&fed);
}

/* Cut where there is no more room, and never within a character. */
static void long_names_are_cut_between_characters(void **state)
{
    struct fc_test_federation fed;
    struct fc_test_party party;
    (void)state;
    fc_test_federation_init(&fed, "long", 1);
    fc_test_party_init(&party, &fed, "long");
    for (size_t shift = 0; shift < 4; shift++) {
        char name[400] = "abc", line[FC_RECORD_LINE_BYTES];
        name[shift] = 0;
        while (strlen(name) + 4 < sizeof name)
            strcat(name, "\xf0\x9f\x8c\x8d");
        party.certificate.name = fc_span_str(name);
        fc_test_certify(&party, &fed);
        struct fc_record record = fc_test_parse(&party.certificate_record);
        fc_record_line(&record, line);
        assert_true(fc_text_valid(fc_span_str(line), 90, sizeof line));
        assert_non_null(strstr(line, " ("));

        struct fc_ledger *ledger = fc_test_ledger(&fed);
        char signer[80];
        assert_int_equal(fc_test_ledger_add(ledger, &fed.charter_record), FC_OK);
        assert_int_equal(fc_test_ledger_add(ledger, &party.certificate_record), FC_OK);
        fc_record_signer(ledger, &party.feed.pub, signer, sizeof signer);
        assert_true(fc_text_valid(fc_span_str(signer), 70, sizeof signer));
        fc_ledger_destroy(ledger);
    }
    fc_test_party_finish(&party);
    fc_test_federation_finish(&fed);
}

static void signers_have_names(void **state)
{
    struct fc_test_federation fed;
    struct fc_test_party party;
    struct fc_test_key stranger = fc_test_key("stranger", 1);
    char name[80], hex[17];
    (void)state;
    fc_test_federation_init(&fed, "names", 3);
    fc_test_party_init(&party, &fed, "acme");
    struct fc_ledger *ledger = fc_test_ledger(&fed);
    assert_int_equal(fc_test_ledger_add(ledger, &fed.charter_record), FC_OK);
    assert_int_equal(fc_test_ledger_add(ledger, &party.certificate_record), FC_OK);

    struct fc_span governor = fed.charter.governors[1].name;
    fc_record_signer(ledger, &fed.governors[1].pub, name, sizeof name);
    assert_true(fc_span_eq(fc_span_str(name), governor));
    fc_record_signer(ledger, &party.recovery.pub, name, sizeof name);
    assert_true(fc_span_eq(fc_span_str(name), party.certificate.name));
    fc_hex(stranger.pub.b, 8, hex);
    fc_record_signer(ledger, &stranger.pub, name, sizeof name);
    assert_string_equal(name, hex);
    fc_record_signer(NULL, &fed.governors[1].pub, name, sizeof name);
    assert_int_equal(strlen(name), 16);
    fc_record_signer(ledger, &fed.governors[1].pub, name, 3); /* little room */
    assert_int_equal(strlen(name), 2);
    fc_ledger_destroy(ledger);
    fc_test_party_finish(&party);
    fc_test_federation_finish(&fed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_shown),
        cmocka_unit_test(what_travels_by_file_is_shown),
        cmocka_unit_test(hostile_text_reaches_no_terminal),
        cmocka_unit_test(long_names_are_cut_between_characters),
        cmocka_unit_test(signers_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
