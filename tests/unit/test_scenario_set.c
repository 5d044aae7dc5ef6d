/* --set and --vary: every key by its path, at the edge of its bounds, and what is not one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scenario_fields.h"

static void begin(struct fc_scenario *scenario)
{
    assert_int_equal(fc_scenario_init(scenario, "t"), FC_OK);
}

static void set(struct fc_scenario *scenario, const char *assignment)
{
    struct fc_scenario_error error = {""};
    if (fc_scenario_set(scenario, assignment, &error) != FC_OK)
        fail_msg("%s", error.text);
}

static void text_is(const struct fc_scenario *scenario, const char *key, const char *value)
{
    struct fc_scenario_error error = {""};
    struct fc_buf text = {0};
    if (fc_scenario_get(scenario, key, &text, &error) != FC_OK)
        fail_msg("%s", error.text);
    fc_buf_append(&text, "", 1);
    assert_string_equal((const char *)text.data, value);
    fc_buf_finish(&text);
}

static void one_value_at_a_time(void **state)
{
    (void)state;
    struct fc_scenario s;
    begin(&s);
    set(&s, "about=Hello there");
    set(&s, "seed=18446744073709551615");
    set(&s, "federation.nodes=100");
    set(&s, "federation.view=hyparview");
    set(&s, "links.loss=1 %");
    set(&s, "links.bandwidth = 100 Mbit/s");
    set(&s, "run.for=10 min");
    set(&s, "measure.from=1 min");
    set(&s, "expect.delivery=99.5 %");
    set(&s, "topology.kind=watts-strogatz");
    set(&s, "topology.degree=6");
    set(&s, "topology.latency=5 ms..80 ms");
    set(&s, "small=[run.for=1 s, federation.nodes=5]");
    assert_string_equal(s.about, "Hello there");
    assert_int_equal(s.seed, UINT64_MAX);
    assert_int_equal(s.federation.nodes, 100);
    assert_int_equal(s.topology.nodes, 100);
    assert_string_equal(s.federation.view, "hyparview");
    assert_int_equal(s.links.loss_ppm, 10000);
    assert_int_equal(s.links.bandwidth_bps, 100000000);
    assert_int_equal(s.run_us, 600000000);
    assert_int_equal(s.expect.delivery_ppm_min, 995000);
    assert_int_equal(s.topology.degree, 6);
    assert_int_equal(s.topology.latency.kind, FC_LATENCY_UNIFORM);
    assert_int_equal(s.topology.latency.max_us, 80000);
    text_is(&s, "links.loss", "1 %");
    text_is(&s, "seed", "18446744073709551615");
    text_is(&s, "topology.latency", "5 ms..80 ms");
    text_is(&s, "topology.kind", "watts-strogatz");
    text_is(&s, "expect.converge", "any");
    set(&s, "links={loss: 2 %, jitter: 1 ms}");
    assert_int_equal(s.links.loss_ppm, 20000);
    assert_int_equal(s.links.bandwidth_bps, 100000000);
    struct fc_scenario_error error;
    assert_int_equal(fc_scenario_set_small(&s, &error), FC_OK);
    assert_int_equal(s.federation.nodes, 5);
    assert_int_equal(s.run_us, 1000000);
    assert_string_equal(s.about, "Hello there");
    fc_scenario_finish(&s);
}

static void items_of_lists(void **state)
{
    (void)state;
    struct fc_scenario s;
    begin(&s);
    set(&s, "workload.0={rate: 1/s}");
    set(&s, "workload.0.rate=5/s");
    set(&s, "workload.0.content=1 KB..2 KB");
    set(&s, "faults=[{what: crash, share: 5 %}, {what: heal}]");
    set(&s, "faults.2={what: partition, countries: [NO, DE], at: 5 s, for: 10 s}");
    assert_int_equal(s.workload_count, 1);
    assert_int_equal(s.workload[0].per_hour, 18000);
    assert_int_equal(s.workload[0].content_bytes_max, 2000);
    assert_int_equal(s.fault_count, 3);
    assert_int_equal(s.faults[2].at_us, 5000000);
    text_is(&s, "faults.2.countries", "[\"DE\", \"NO\"]");
    set(&s, "faults.2.nodes=[3, 1]");
    assert_int_equal(s.faults[2].pick.kind, FC_PICK_LIST);
    assert_int_equal(s.faults[2].pick.list[0], 1);
    /* another kind keeps what goes with it and drops the rest */
    set(&s, "faults.2.what=slow");
    assert_int_equal(s.faults[2].kind, FC_FAULT_SLOW);
    assert_int_equal(s.faults[2].at_us, 5000000);
    assert_int_equal(s.faults[2].for_us, 10000000);
    assert_int_equal(s.faults[2].pick.count, 2);
    assert_int_equal(s.faults[2].factor_milli, 10000);
    set(&s, "faults.2.what=heal");
    assert_int_equal(s.faults[2].for_us, 0);
    assert_int_equal(s.faults[2].pick.kind, FC_PICK_ALL);
    assert_null(s.faults[2].pick.list);
    set(&s, "faults.0={what: join, count: 2}");
    assert_int_equal(s.faults[0].kind, FC_FAULT_JOIN);
    set(&s, "faults=[]");
    assert_int_equal(s.fault_count, 0);
    fc_scenario_finish(&s);
}

static void what_cannot_be_set_changes_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *assignment, *says;
    } cases[] = {
        {"", ": write key=value, such as federation.nodes=100"},
        {"federation.nodes", "federation.nodes: write key=value"},
        {"=5", "=5: write key=value"},
        {"federation..nodes=5", "write key=value"},
        {"a.b.c.d=5", "write key=value"},
        {"federation.nodes=", "federation.nodes=: there is no value after the '='"},
        {"federation.nods=5", "unknown key 'nods' in federation; did you mean 'nodes'?"},
        {"federation.nodes.x=5", "a key of federation has no keys within"},
        {"federaton.nodes=5", "there is no section 'federaton'; did you mean 'federation'?"},
        {"qqqq.nodes=5", "there is no section 'qqqq'; 'fedcat-sim list --keys'"},
        {"federation.nodes=many", "federation.nodes=many: 'many' is not a whole number"},
        {"federation.nodes=[1", "not YAML: "},
        {"links.loss=96 %", "'96 %' is out of range; loss is from 0 % to 95 %"},
        {"links={jitter: 3 ms, loss: 96 %}", "'96 %' is out of range"},
        {"topology={kind: ring, degree: 4}", "topology ring has no key 'degree'"},
        {"topology.kind=rong", "did you mean 'ring'?"},
        {"topology.degree=4", "topology whole has no key 'degree'"},
        {"workload.1={rate: 1/s}", "workload has 1 items; say which, as workload.0 (workload.1="},
        {"workload.1.rate=1/s", "workload has 1 items"},
        {"workload.x.rate=1/s", "workload has 1 items"},
        {"workload.0.rat=1/s", "workload.0 has no key 'rat'; it has from, for, rate"},
        {"workload.0.rate=1", "'1' is not a rate"},
        {"workload.0={from: 1 s}", "rate is missing in an item of workload"},
        {"workload=5", "workload is a list"},
        {"faults.0.parts=2", "faults.0 has no key 'parts'; it has what, at, for, share"},
        {"faults.0.what=skew", "skew is missing for skew"},
        {"faults.0.what=scew", "did you mean 'skew'?"},
        {"faults.0.nodes=[4, 4]", "nodes has 4 twice"},
        {"faults.0.countries=[4]", "a country is two capital letters"},
        {"small=[1, {}]", "small is one value, not a map"},
        {"about=[x]", "about is one value, not a list"},
    };
    struct fc_scenario s;
    struct fc_buf before = {0}, after = {0};
    begin(&s);
    set(&s, "workload=[{rate: 1/s}]");
    set(&s, "faults=[{what: crash, nodes: [1, 2]}]");
    fc_scenario_write(&s, &before);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fc_scenario_error error = {""};
        const char *assignment = cases[i].assignment;
        if (strncmp(assignment, "workload.1=", 11) == 0)
            assignment = "workload.2={rate: 1/s}";
        if (fc_scenario_set(&s, assignment, &error) == FC_OK)
            fail_msg("%s was taken", assignment);
        if (!strstr(error.text, cases[i].says))
            fail_msg("%s: \"%s\" does not say \"%s\"", assignment, error.text, cases[i].says);
        fc_buf_clear(&after);
        fc_scenario_write(&s, &after);
        assert_true(fc_span_eq(fc_buf_span(&before), fc_buf_span(&after)));
    }
    fc_buf_finish(&before);
    fc_buf_finish(&after);
    fc_scenario_finish(&s);
}

static void a_file_takes_the_place_of_a_kind(void **state)
{
    (void)state;
    struct fc_scenario s;
    struct fc_scenario_error error;
    begin(&s);
    set(&s, "topology.file=x.graphml");
    assert_int_equal(s.federation.nodes, 0);
    text_is(&s, "topology.file", "\"x.graphml\"");
    text_is(&s, "federation.nodes", "file");
    assert_int_equal(fc_scenario_set(&s, "topology.degree=4", &error), FC_E_FORMAT);
    assert_int_equal(fc_scenario_set(&s, "topology={kind: ring, file: y}", &error), FC_E_FORMAT);
    assert_string_equal(s.topology_file, "x.graphml");
    set(&s, "topology={file: z.edges}");
    assert_string_equal(s.topology_file, "z.edges");
    set(&s, "topology.kind=ring");
    assert_null(s.topology_file);
    assert_int_equal(fc_scenario_check(&s, &error), FC_E_FORMAT);
    assert_string_equal(error.text, "t: federation.nodes is 'file', which needs topology.file");
    set(&s, "federation.nodes=7");
    assert_int_equal(fc_scenario_check(&s, &error), FC_OK);
    fc_scenario_finish(&s);
}

/* -- every field, at its edges ------------------------------------------------------------------
 */

static const char *needed(unsigned word)
{
    switch ((enum fc_fault_kind)word) {
    case FC_FAULT_SKEW:
        return ", skew: 1 s";
    case FC_FAULT_LOSS:
        return ", loss: 1 %";
    case FC_FAULT_CHURN:
        return ", rate: 1 %/h";
    case FC_FAULT_TRACE:
        return ", path: x";
    case FC_FAULT_JOIN:
        return ", count: 1";
    case FC_FAULT_RANDOM:
        return ", rate: 1/h";
    case FC_FAULT_CRASH:
    case FC_FAULT_RESTART:
    case FC_FAULT_PARTITION:
    case FC_FAULT_HEAL:
    case FC_FAULT_ISOLATE:
    case FC_FAULT_CUT:
    case FC_FAULT_DISK_FULL:
    case FC_FAULT_SLOW:
    case FC_FAULT_REVOKE:
    case FC_FAULT_RECOVER:
    case FC_FAULT_ROTATE:
    case FC_FAULT_KINDS:
        return "";
    }
    return "";
}

static bool takes(struct fc_scenario *s, const struct fc_section *section, unsigned word,
                  const struct fc_field *field, const char *value)
{
    struct fc_scenario_error error;
    char text[400];
    if (section->item_bytes > 0 && section->worded)
        snprintf(text, sizeof text, "%s=[{what: %s%s}]", section->name,
                 section->fields[0].words[word],
                 section == &fc_sections[FC_SECTION_FAULTS] ? needed(word) : "");
    else if (section->item_bytes > 0)
        snprintf(text, sizeof text, "%s=[{rate: 1/s}]", section->name);
    if (section->item_bytes > 0)
        set(s, text);
    snprintf(text, sizeof text, "%s%s%s=%s", section->name,
             section->item_bytes ? ".0." : (section->name[0] ? "." : ""), field->name, value);
    return fc_scenario_set(s, text, &error) == FC_OK;
}

static unsigned try_edges(struct fc_scenario *s, const struct fc_section *section, unsigned word,
                          const struct fc_field *field)
{
    enum fc_quantity_kind kind = field->quantity;
    char text[FC_QUANTITY_TEXT_MAX];
    bool offset = kind == FC_QUANTITY_OFFSET;
    if (field->kind == FC_FIELD_SIZES)
        kind = FC_QUANTITY_SIZE;
    else if (field->kind == FC_FIELD_SHARE_OF)
        kind = FC_QUANTITY_SHARE;
    else if (field->kind == FC_FIELD_COUNT_OF)
        kind = FC_QUANTITY_COUNT;
    else if (field->kind != FC_FIELD_QUANTITY)
        return 0;
    fc_quantity_write(kind, field->min, text);
    assert_true(takes(s, section, word, field, text));
    fc_quantity_write(kind, field->max, text);
    assert_true(takes(s, section, word, field, text));
    if (field->max != UINT64_MAX) {
        fc_quantity_write(kind, field->max + 1, text);
        assert_false(takes(s, section, word, field, text));
    }
    if (offset || (field->min > 0 && !(field->min == 1 && field->word && !field->word_value))) {
        fc_quantity_write(kind, field->min - 1, text);
        assert_false(takes(s, section, word, field, text));
    }
    assert_int_equal(takes(s, section, word, field, "any"),
                     field->word != NULL && strcmp(field->word, "any") == 0);
    if (field->word)
        assert_true(takes(s, section, word, field, field->word));
    return 1;
}

static unsigned try_words(struct fc_scenario *s, const struct fc_section *section, unsigned word,
                          const struct fc_field *field)
{
    if (field->kind != FC_FIELD_WORD && field->kind != FC_FIELD_NAME)
        return 0;
    for (uint32_t i = 0; field->words[i]; i++)
        if (!section->worded)
            assert_true(takes(s, section, word, field, field->words[i]));
    assert_false(takes(s, section, word, field, "Full"));
    assert_false(takes(s, section, word, field, "''"));
    return 1;
}

static void every_bound_holds_at_its_edge(void **state)
{
    (void)state;
    struct fc_scenario s;
    unsigned tried = 0;
    begin(&s);
    for (uint32_t i = 0; i < FC_SECTIONS; i++) {
        const struct fc_section *section = &fc_sections[i];
        unsigned words = 1;
        while (section->worded && section->fields[0].words[words])
            words++;
        for (unsigned word = 0; word < words; word++)
            for (uint32_t j = 0; j < section->field_count; j++)
                if (fc_field_fits(&section->fields[j], word))
                    tried += try_edges(&s, section, word, &section->fields[j]) +
                             try_words(&s, section, word, &section->fields[j]);
    }
    assert_true(tried >= 150);
    fc_scenario_finish(&s);
}

/* What the tables say, said again: a slip there must not go unseen. */
static void bounds_are_what_the_protocol_needs(void **state)
{
    (void)state;
    static const struct {
        const char *assignment;
        bool fine;
    } cases[] = {
        {"federation.nodes=1000000", true},
        {"federation.nodes=1000001", false},
        {"federation.governors=64", true},
        {"federation.governors=65", false},
        {"federation.governors=0", false},
        {"federation.active=64", true},
        {"federation.active=65", false},
        {"federation.active=0", false},
        {"federation.dials_only=90 %", true},
        {"federation.dials_only=91 %", false},
        {"links.loss=95 %", true},
        {"links.loss=1", false},
        {"links.duplicate=100 %", true},
        {"links.bandwidth=999 bit/s", false},
        {"links.jitter=60 s", true},
        {"links.jitter=61 s", false},
        {"workload.0.ops=8192", true},
        {"workload.0.ops=8193", false},
        {"workload.0.content=1 MiB", true},
        {"workload.0.content=1048577", false},
        {"workload.0.burst=0", false},
        {"workload.0.updates=100 %", true},
        {"workload.0.rate=0/s", false},
        {"expect.delivery=101 %", false},
        {"run.for=366 d", true},
        {"run.for=367 d", false},
    };
    struct fc_scenario s;
    struct fc_scenario_error error;
    begin(&s);
    set(&s, "workload=[{rate: 1/s}]");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if ((fc_scenario_set(&s, cases[i].assignment, &error) == FC_OK) != cases[i].fine)
            fail_msg("%s", cases[i].assignment);
    fc_scenario_finish(&s);
}

static void lists_of_values(void **state)
{
    (void)state;
    static const struct {
        const char *list;
        const char *values[5];
    } cases[] = {
        {"3,5,7", {"3", "5", "7"}},
        {" 1 % , 2 % ", {"1 %", "2 %"}},
        {"[0, 1],[2]", {"[0, 1]", "[2]"}},
        {"{what: crash, share: 5 %},{what: heal}", {"{what: crash, share: 5 %}", "{what: heal}"}},
        {"\"a,b\",'c,d'", {"\"a,b\"", "'c,d'"}},
        {"x,,y,", {"x", "y"}},
        {"1]2,3", {"1]2", "3"}},
        {"", {NULL}},
        {" , ", {NULL}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *list = cases[i].list;
        struct fc_span value;
        size_t count = 0;
        for (; fc_scenario_next_value(&list, &value); count++) {
            assert_true(count < 5 && cases[i].values[count]);
            assert_true(fc_span_eq(value, fc_span_str(cases[i].values[count])));
        }
        assert_true(count == 5 || cases[i].values[count] == NULL);
    }
}

static void what_is_not_there_is_not_got(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "",           "federation",    "federation.x",    "x",       "faults.0.at",   "faults",
        "workload.0", "topology.file", "topology.degree", "a.b.c.d", "faults.0.share"};
    struct fc_scenario s;
    struct fc_buf text = {0};
    begin(&s);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct fc_scenario_error error;
        assert_int_equal(fc_scenario_get(&s, keys[i], &text, &error), FC_E_FORMAT);
        assert_non_null(strstr(error.text, "no such value"));
        assert_int_equal(text.len, 0);
    }
    fc_buf_finish(&text);
    fc_scenario_finish(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_value_at_a_time),
        cmocka_unit_test(items_of_lists),
        cmocka_unit_test(what_cannot_be_set_changes_nothing),
        cmocka_unit_test(a_file_takes_the_place_of_a_kind),
        cmocka_unit_test(every_bound_holds_at_its_edge),
        cmocka_unit_test(bounds_are_what_the_protocol_needs),
        cmocka_unit_test(lists_of_values),
        cmocka_unit_test(what_is_not_there_is_not_got),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
