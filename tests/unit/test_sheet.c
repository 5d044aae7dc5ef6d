/* Sheets of facets: what is written is read, and nothing beyond a row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "store/index_sheet.h"

static void check(const struct fc_buf *sheet, uint32_t place, unsigned facet,
                  const uint32_t *numbers, size_t count)
{
    struct fc_span row = fc_buf_span(sheet), list;
    uint32_t code = fc_sheet_code(row.data + (size_t)FC_SHEET_DOC_BYTES * place, facet);
    if (count == 0 || (count == 1 && numbers[0] < FC_SHEET_FAR)) {
        assert_int_equal(code, count ? numbers[0] : 0);
        return;
    }
    assert_true(code >= FC_SHEET_FAR);
    assert_int_equal(fc_sheet_list(row, code, &list), FC_OK);
    assert_int_equal(list.len, 4 * count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(fc_sheet_number(list, i), numbers[i]);
}

/* As many lists, and as long ones, as there can be. */
static void test_full(void **state)
{
    uint32_t numbers[FC_INDEX_FACETS_MAX];
    struct fc_buf sheet = {0};
    (void)state;
    assert_int_equal(fc_sheet_clear(&sheet), FC_OK);
    for (uint32_t pass = 0; pass < 2; pass++)
        for (uint32_t place = 0; place < FC_SHEET_DOCS; place++)
            for (unsigned facet = 0; facet < FC_FACETS; facet++) {
                size_t count = facet < FC_FACET_STATE ? FC_INDEX_FACETS_MAX : 1;
                for (size_t i = 0; i < count; i++)
                    numbers[i] = UINT32_MAX - place - facet - (uint32_t)i;
                if (facet == FC_FACET_STATE)
                    numbers[0] = FC_STATUS_ENDED;
                if (pass == 0)
                    assert_int_equal(fc_sheet_set(&sheet, place, facet, numbers, count), FC_OK);
                else
                    check(&sheet, place, facet, numbers, count);
            }
    assert_true(fc_sheet_valid(fc_buf_span(&sheet)));
    fc_buf_finish(&sheet);
}

static void test_edges(void **state)
{
    const uint32_t near[] = {FC_SHEET_FAR - 1}, far[] = {FC_SHEET_FAR}, two[] = {1, 2};
    const struct {
        const uint32_t *numbers;
        size_t count, bytes; /* of the tail */
    } cases[] = {{near, 0, 0}, {near, 1, 0}, {far, 1, 8}, {two, 2, 16}};
    struct fc_buf sheet = {0};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(fc_sheet_clear(&sheet), FC_OK);
        assert_int_equal(fc_sheet_set(&sheet, FC_SHEET_DOCS - 1, FC_FACET_PARTICIPANT,
                                      cases[i].numbers, cases[i].count),
                         FC_OK);
        assert_int_equal(sheet.len, FC_SHEET_BYTES + cases[i].bytes);
        check(&sheet, FC_SHEET_DOCS - 1, FC_FACET_PARTICIPANT, cases[i].numbers, cases[i].count);
    }
    fc_buf_finish(&sheet);
}

/* Rows that are none, and lists that end beyond theirs. */
static void test_damaged(void **state)
{
    const uint32_t two[] = {7, 8};
    struct fc_buf sheet = {0};
    struct fc_span list;
    (void)state;
    assert_int_equal(fc_sheet_clear(&sheet), FC_OK);
    assert_int_equal(fc_sheet_set(&sheet, 0, 0, two, 2), FC_OK);
    struct fc_span row = fc_buf_span(&sheet);
    assert_int_equal(fc_sheet_list(row, FC_SHEET_FAR, &list), FC_OK);
    assert_int_equal(fc_sheet_list(row, FC_SHEET_FAR | 1, &list), FC_E_CORRUPT); /* 8 numbers */
    assert_int_equal(fc_sheet_list(row, FC_SHEET_FAR | 2, &list), FC_E_CORRUPT);
    assert_int_equal(fc_sheet_list(row, UINT16_MAX, &list), FC_E_CORRUPT);
    assert_int_equal(fc_sheet_list(row, 0, &list), FC_E_CORRUPT);
    row.len -= 8;
    assert_true(fc_sheet_valid(row));
    assert_int_equal(fc_sheet_list(row, FC_SHEET_FAR, &list), FC_E_CORRUPT);
    row.len--;
    assert_false(fc_sheet_valid(row));
    row.len = FC_SHEET_BYTES;
    assert_true(fc_sheet_valid(row));
    row.len--;
    assert_false(fc_sheet_valid(row));
    const uint32_t counts[] = {0, FC_INDEX_FACETS_MAX + 1};
    for (size_t i = 0; i < 2; i++) {
        sheet.data[FC_SHEET_BYTES] = (uint8_t)counts[i];
        assert_int_equal(fc_sheet_list(fc_buf_span(&sheet), FC_SHEET_FAR, &list), FC_E_CORRUPT);
    }
    fc_buf_finish(&sheet);
}

/* A page of documents: one that is there, one that is not, and rows that are none. */
static void test_documents(void **state)
{
    enum { SLOT = 37 + FC_INDEX_NAME_BYTES };
    uint8_t bytes[FC_DOC_PAGE * SLOT + 1] = {0};
    uint8_t *slot = bytes + SLOT * (FC_DOC_PAGE - 1);
    struct fc_span row = fc_span(bytes, sizeof bytes - 1);
    struct fc_index_doc doc;
    (void)state;
    fc_put_be32(slot, 7);
    memset(slot + 4, 0xab, 32);
    slot[36] = 3;
    memcpy(slot + 37, "abc", 3);
    assert_int_equal(fc_index_doc_parse(row, FC_DOC_PAGE - 1, &doc), FC_OK);
    assert_int_equal(doc.generation, 7);
    assert_int_equal(doc.key_hash.b[31], 0xab);
    assert_true(fc_span_eq(doc.name, fc_span_str("abc")));
    assert_int_equal(fc_index_doc_parse(row, 5 * FC_DOC_PAGE, &doc), FC_E_MISSING);
    slot[36] = FC_INDEX_NAME_BYTES;
    assert_int_equal(fc_index_doc_parse(row, FC_DOC_PAGE - 1, &doc), FC_OK);
    slot[36]++;
    assert_int_equal(fc_index_doc_parse(row, FC_DOC_PAGE - 1, &doc), FC_E_CORRUPT);
    row.len--;
    assert_int_equal(fc_index_doc_parse(row, 0, &doc), FC_E_CORRUPT);
    row.len += 2;
    assert_int_equal(fc_index_doc_parse(row, 0, &doc), FC_E_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_documents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
