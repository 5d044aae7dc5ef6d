/* YAML as a tree: what is taken, where it stands, and all that is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/yaml.h"

static enum fc_err parse(const char *text, struct fc_yaml_node *root, struct fc_yaml_fault *fault)
{
    return fc_yaml_parse(fc_span_str(text), 256 * 1024, root, fault);
}

static void a_tree_with_places(void **state)
{
    (void)state;
    struct fc_yaml_node root;
    struct fc_yaml_fault fault;
    assert_int_equal(parse("# about\nname: 'x y'\nlist:\n  - {a: 1, b: [2, 3]}\n  - |\n    text\n"
                           "empty:\n",
                           &root, &fault),
                     FC_OK);
    assert_int_equal(root.kind, FC_YAML_MAP);
    assert_int_equal(root.count, 3);
    assert_string_equal(root.keys[1].text, "list");
    assert_int_equal(root.keys[1].line, 3);
    assert_int_equal(root.keys[1].column, 1);
    const struct fc_yaml_node *name = fc_yaml_find(&root, "name");
    assert_string_equal(name->text, "x y");
    assert_true(name->quoted);
    assert_int_equal(name->line, 2);
    assert_int_equal(name->column, 7);
    const struct fc_yaml_node *list = fc_yaml_find(&root, "list");
    assert_int_equal(list->kind, FC_YAML_LIST);
    assert_int_equal(list->count, 2);
    const struct fc_yaml_node *b = fc_yaml_find(&list->nodes[0], "b");
    assert_string_equal(b->nodes[1].text, "3");
    assert_false(b->nodes[1].quoted);
    assert_int_equal(b->nodes[1].line, 4);
    assert_int_equal(b->nodes[1].column, 19);
    assert_true(list->nodes[1].quoted);
    assert_string_equal(list->nodes[1].text, "text\n");
    assert_string_equal(fc_yaml_find(&root, "empty")->text, "");
    assert_null(fc_yaml_find(&root, "none"));
    assert_null(fc_yaml_find(list, "a"));
    fc_yaml_finish(&root);
}

static void nothing_is_an_empty_map(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "\n\n", "# only words\n", "{}", "--- {}\n...\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct fc_yaml_node root;
        struct fc_yaml_fault fault;
        assert_int_equal(parse(texts[i], &root, &fault), FC_OK);
        assert_int_equal(root.kind, FC_YAML_MAP);
        assert_int_equal(root.count, 0);
        fc_yaml_finish(&root);
    }
}

static void what_is_refused_and_where(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum fc_err err;
        uint32_t line, column;
        const char *says;
    } cases[] = {
        {"a: 1\nb: 2\na: 3\n", FC_E_FORMAT, 3, 1, "key 'a' is given twice, first in line 1"},
        {"a: {b: 1, b: 2}\n", FC_E_FORMAT, 1, 11, "key 'b' is given twice"},
        {"a: &x 1\n", FC_E_FORMAT, 1, 4, "anchors are not taken"},
        {"a: &x [1]\n", FC_E_FORMAT, 1, 4, "anchors are not taken"},
        {"a: *x\n", FC_E_FORMAT, 1, 4, "aliases are not taken"},
        {"&x a: 1\n", FC_E_FORMAT, 1, 1, "anchors are not taken"},
        {"*x : 1\n", FC_E_FORMAT, 1, 1, "a key must be a word"},
        {"? [1, 2]\n: 3\n", FC_E_FORMAT, 1, 3, "a key must be a word"},
        {"a: !!int 5\n", FC_E_FORMAT, 1, 4, "tags are not taken"},
        {"a: !mine {b: 1}\n", FC_E_FORMAT, 1, 4, "tags are not taken"},
        {"a: 1\n---\nb: 2\n", FC_E_FORMAT, 2, 1, "a second document begins"},
        {"a: [1, 2\n", FC_E_FORMAT, 2, 1, "not YAML: "},
        {"a: 1\n b: 2\n", FC_E_FORMAT, 2, 3, "not YAML: "},
        {"a: 'x\n", FC_E_FORMAT, 2, 1, "not YAML: "},
        {"a: \"\\q\"\n", FC_E_FORMAT, 1, 5, "not YAML: "},
        {"a: \"x\\0y\"\n", FC_E_FORMAT, 1, 4, "without a zero"},
        {"a: 1\nb: \x01\n", FC_E_FORMAT, 2, 4, "a byte here stands for no letter"},
        {"a: 1\nb: \xff\n", FC_E_FORMAT, 2, 4, "a byte here stands for no letter"},
        {"a: [[[[[[[[1]]]]]]]]\n", FC_E_BOUND, 1, 11, "too deep"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fc_yaml_node root;
        struct fc_yaml_fault fault;
        assert_int_equal(parse(cases[i].text, &root, &fault), cases[i].err);
        if (!strstr(fault.text, cases[i].says) || fault.line != cases[i].line ||
            fault.column != cases[i].column)
            fail_msg("%s: %u:%u: %s", cases[i].text, fault.line, fault.column, fault.text);
        assert_null(root.nodes);
        fc_yaml_finish(&root);
    }
}

static void bounds_hold_at_their_edge(void **state)
{
    (void)state;
    struct fc_yaml_node root;
    struct fc_yaml_fault fault;
    char text[4096] = "";
    assert_int_equal(parse("a: [[[[[[[1]]]]]]]\n", &root, &fault), FC_OK);
    fc_yaml_finish(&root);
    size_t used = 0;
    for (int i = 0; i < FC_YAML_KEYS_MAX; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "k%d: 1\n", i);
    assert_int_equal(parse(text, &root, &fault), FC_OK);
    fc_yaml_finish(&root);
    snprintf(text + used, sizeof text - used, "more: 1\n");
    assert_int_equal(parse(text, &root, &fault), FC_E_BOUND);
    assert_string_equal(fault.text, "too many keys in one map");
    assert_int_equal(fault.line, FC_YAML_KEYS_MAX + 1);
    assert_int_equal(fc_yaml_parse(fc_span_str("a: 1\n"), 5, &root, &fault), FC_OK);
    fc_yaml_finish(&root);
    assert_int_equal(fc_yaml_parse(fc_span_str("a: 12\n"), 5, &root, &fault), FC_E_BOUND);
    assert_string_equal(fault.text, "larger than 5 bytes");
}

static void no_more_values_than_the_bound(void **state)
{
    (void)state;
    struct fc_yaml_node root;
    struct fc_yaml_fault fault;
    size_t len = 2 * FC_YAML_NODES_MAX + 2;
    char *text = malloc(len);
    memset(text, ',', len);
    for (size_t i = 1; i < len; i += 2)
        text[i] = '1';
    text[0] = '[';
    text[len - 1] = ']';
    text[len - 2] = ' ';
    text[len - 3] = ' '; /* the list and one less than the bound within it */
    assert_int_equal(fc_yaml_parse(fc_span(text, len), len, &root, &fault), FC_OK);
    assert_int_equal(root.count, FC_YAML_NODES_MAX - 1);
    fc_yaml_finish(&root);
    text[len - 3] = '1';
    assert_int_equal(fc_yaml_parse(fc_span(text, len), len, &root, &fault), FC_E_BOUND);
    assert_string_equal(fault.text, "too many values");
    free(text);
}

static void depth_alone_takes_no_time(void **state)
{
    (void)state;
    struct fc_yaml_node root;
    struct fc_yaml_fault fault;
    size_t len = 256 * 1024;
    char *text = malloc(len);
    static const char openers[] = "[{?-";
    for (size_t i = 0; openers[i]; i++) {
        memset(text, openers[i], len);
        for (size_t j = 1; openers[i] == '?' || openers[i] == '-' ? j < len : false; j += 2)
            text[j] = ' ';
        enum fc_err err = fc_yaml_parse(fc_span(text, len), len, &root, &fault);
        assert_true(err == FC_E_BOUND || err == FC_E_FORMAT);
    }
    free(text);
}

static void shown_text_is_fit_for_a_line(void **state)
{
    (void)state;
    char out[10];
    fc_yaml_show("abc", out, sizeof out);
    assert_string_equal(out, "abc");
    fc_yaml_show("123456789", out, sizeof out);
    assert_string_equal(out, "123456789");
    fc_yaml_show("1234567890", out, sizeof out);
    assert_string_equal(out, "123456...");
    fc_yaml_show("a\n\x1b\xc3\xa9", out, sizeof out);
    assert_string_equal(out, "a????");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tree_with_places),
        cmocka_unit_test(nothing_is_an_empty_map),
        cmocka_unit_test(what_is_refused_and_where),
        cmocka_unit_test(bounds_hold_at_their_edge),
        cmocka_unit_test(no_more_values_than_the_bound),
        cmocka_unit_test(depth_alone_takes_no_time),
        cmocka_unit_test(shown_text_is_fit_for_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
