/* What is written reads back as the same scenario, whatever is in it; and the scenarios that come
 * with the program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scenario_fields.h"
#include "tests/support/rng.h"

/* -- the same, member by member -----------------------------------------------------------------
 */

#define SAME(member) assert_true(a->member == b->member)

static void same_text(const char *a, const char *b)
{
    assert_int_equal(a == NULL, b == NULL);
    if (a)
        assert_string_equal(a, b);
}

static void same_pick(const struct fc_pick *a, const struct fc_pick *b)
{
    SAME(kind);
    SAME(share_ppm);
    SAME(count);
    for (uint32_t i = 0; a->kind == FC_PICK_LIST && i < a->count; i++)
        SAME(list[i]);
    for (uint32_t i = 0; a->kind == FC_PICK_COUNTRIES && i < a->count; i++)
        assert_string_equal(a->countries[i], b->countries[i]);
}

static void same_workload(const struct fc_workload_spec *a, const struct fc_workload_spec *b)
{
    SAME(from_us);
    SAME(for_us);
    SAME(per_hour);
    SAME(even);
    SAME(in_turn);
    SAME(count);
    SAME(zipf_milli);
    SAME(burst);
    SAME(ops);
    SAME(content_bytes);
    SAME(content_bytes_max);
    SAME(update_ppm);
    SAME(delete_ppm);
}

static void same_fault(const struct fc_fault_spec *a, const struct fc_fault_spec *b)
{
    SAME(kind);
    SAME(at_us);
    SAME(for_us);
    SAME(parts);
    SAME(skew_ms);
    SAME(factor_milli);
    SAME(loss_ppm);
    SAME(per_hour);
    SAME(down_us);
    same_text(a->path, b->path);
    same_pick(&a->pick, &b->pick);
}

static void same_topology(const struct fc_topology_spec *a, const struct fc_topology_spec *b)
{
    SAME(kind);
    SAME(nodes);
    SAME(latency.kind);
    if (a->latency.kind != FC_LATENCY_MAP) { /* else of no meaning */
        SAME(latency.min_us);
        SAME(latency.max_us);
    }
    SAME(latency.inflation_permille);
    SAME(latency.hop_us);
    SAME(rows);
    SAME(probability);
    SAME(edges);
    SAME(degree);
    SAME(edges_per_node);
    SAME(hubs);
    SAME(hub_degree);
    SAME(giant);
    assert_string_equal(a->countries, b->countries);
}

static void same_federation(const struct fc_federation_spec *a, const struct fc_federation_spec *b)
{
    SAME(nodes);
    SAME(kind);
    SAME(store);
    SAME(start);
    SAME(join_over_us);
    SAME(feeds);
    SAME(governors);
    assert_string_equal(a->view, b->view);
    SAME(active);
    assert_string_equal(a->spread, b->spread);
    SAME(fanout);
    SAME(dials_only_ppm);
    SAME(checkpoints);
}

static void same(const struct fc_scenario *a, const struct fc_scenario *b)
{
    same_text(a->about, b->about);
    SAME(size);
    SAME(seed);
    same_federation(&a->federation, &b->federation);
    same_topology(&a->topology, &b->topology);
    same_text(a->topology_file, b->topology_file);
    SAME(links.jitter_us);
    SAME(links.bandwidth_bps);
    SAME(links.access_bps);
    SAME(links.loss_ppm);
    SAME(links.duplicate_ppm);
    SAME(links.reorder_ppm);
    SAME(links.queue_max);
    SAME(workload_count);
    for (uint32_t i = 0; i < a->workload_count; i++)
        same_workload(&a->workload[i], &b->workload[i]);
    SAME(fault_count);
    for (uint32_t i = 0; i < a->fault_count; i++)
        same_fault(&a->faults[i], &b->faults[i]);
    SAME(dishonest_count);
    for (uint32_t i = 0; i < a->dishonest_count; i++) {
        SAME(dishonest[i].kind);
        SAME(dishonest[i].from_us);
        same_pick(&a->dishonest[i].pick, &b->dishonest[i].pick);
    }
    SAME(run_us);
    SAME(settle_us);
    SAME(measure_us);
    SAME(expect.delivery_ppm_min);
    SAME(expect.redundancy_ppm_max);
    SAME(expect.bytes_ratio_ppm_max);
    SAME(expect.last_ratio_ppm_max);
    SAME(expect.converge_us_max);
    SAME(expect.heal_bytes_ratio_ppm_max);
    SAME(expect.memory_bytes_max);
    SAME(expect.speed_milli_min);
    SAME(small_count);
    for (uint32_t i = 0; i < a->small_count; i++)
        assert_string_equal(a->small[i], b->small[i]);
}

/* -- anything that a scenario can be ------------------------------------------------------------
 */

static uint64_t between(uint64_t *rng, uint64_t min, uint64_t max)
{
    uint64_t span = max - min, value = test_rng(rng);
    if (test_rng_below(rng, 6) == 0)
        return test_rng_below(rng, 2) ? min : max;
    if (span != UINT64_MAX)
        value %= span + 1;
    if (test_rng_below(rng, 2)) /* as people write it */
        value -= value % (test_rng_below(rng, 2) ? 1000000 : 1000);
    return min + value;
}

static char *random_text(uint64_t *rng, size_t len_min, size_t len_max)
{
    static const char *const letters[] = {"a", "Z", "0",  " ", "\"", "\\",         "'",  ":",
                                          "#", "{", "],", "&", "é",  "\U0001f600", "- ", "%"};
    size_t len = len_min + test_rng_below(rng, (uint32_t)(len_max - len_min));
    char *text = calloc(1, len_max + 8);
    while (strlen(text) < len)
        strcat(text, letters[test_rng_below(rng, 16)]);
    if (strlen(text) > len_max)
        strcpy(text, "x");
    return text;
}

static void random_pick(uint64_t *rng, struct fc_pick *pick)
{
    static const char codes[][3] = {"AT", "DE", "FR", "NO", "PT"};
    free(pick->list);
    free(pick->countries);
    *pick = (struct fc_pick){.kind = (enum fc_pick_kind)test_rng_below(rng, 5)};
    if (pick->kind == FC_PICK_SHARE || pick->kind == FC_PICK_COUNTRIES)
        pick->share_ppm = (uint32_t)between(rng, 1, 1000000);
    if (pick->kind == FC_PICK_COUNT)
        pick->count = (uint32_t)between(rng, 1, 100);
    if (pick->kind == FC_PICK_LIST) {
        pick->count = 1 + test_rng_below(rng, 9);
        pick->list = calloc(pick->count, sizeof *pick->list);
        for (uint32_t i = 0; i < pick->count; i++)
            pick->list[i] = 10 * i + test_rng_below(rng, 10);
    }
    if (pick->kind == FC_PICK_COUNTRIES && test_rng_below(rng, 2)) {
        pick->share_ppm = 0;
        pick->count = 1 + test_rng_below(rng, 5);
        pick->countries = calloc(pick->count, sizeof *pick->countries);
        for (uint32_t i = 0; i < pick->count; i++)
            memcpy(pick->countries[i], codes[i], 2);
    }
}

static void random_quantity(uint64_t *rng, const struct fc_field *field, uint8_t *at)
{
    uint64_t value = between(rng, field->min, field->max);
    if (field->word && test_rng_below(rng, 3) == 0)
        value = field->word_value;
    uint32_t narrow = (uint32_t)value;
    if (field->bytes == 8)
        memcpy(at, &value, 8);
    else
        memcpy(at, &narrow, 4);
}

static void random_field(uint64_t *rng, const struct fc_field *field, void *base)
{
    uint8_t *at = (uint8_t *)base + field->offset;
    uint32_t words = 0;
    uint64_t sizes[2];
    switch (field->kind) {
    case FC_FIELD_QUANTITY:
        random_quantity(rng, field, at);
        return;
    case FC_FIELD_SIZES:
        sizes[0] = between(rng, field->min, field->max);
        sizes[1] = test_rng_below(rng, 2) ? sizes[0] : between(rng, sizes[0], field->max);
        memcpy(at, sizes, sizeof sizes);
        return;
    case FC_FIELD_WORD:
    case FC_FIELD_NAME:
        while (field->words[words])
            words++;
        words = test_rng_below(rng, words);
        if (field->kind == FC_FIELD_WORD) {
            memcpy(at, &words, sizeof words);
        } else {
            memset(at, 0, field->bytes);
            memcpy(at, field->words[words], strlen(field->words[words]));
        }
        return;
    case FC_FIELD_FLAG:
        *(bool *)at = test_rng_below(rng, 2) != 0;
        return;
    case FC_FIELD_TEXT:
        free(*(char **)(void *)at);
        *(char **)(void *)at = random_text(rng, field->min, field->max);
        return;
    case FC_FIELD_TEXTS:
    case FC_FIELD_SHARE_OF:
    case FC_FIELD_COUNT_OF:
    case FC_FIELD_NODES:
    case FC_FIELD_COUNTRIES:
        return; /* by hand */
    }
}

static void random_item(uint64_t *rng, const struct fc_section *section, void *item)
{
    random_field(rng, &section->fields[0], item);
    unsigned word = fc_item_word(section, item);
    for (uint32_t i = 1; i < section->field_count; i++)
        if (fc_field_fits(&section->fields[i], word))
            random_field(rng, &section->fields[i], item);
    if (section == &fc_sections[FC_SECTION_FAULTS]) {
        struct fc_fault_spec *fault = item;
        if (fc_field_fits(fc_section_field(section, "share", FC_FAULT_CRASH), word))
            random_pick(rng, &fault->pick);
        if (fault->kind == FC_FAULT_JOIN)
            fault->pick = (struct fc_pick){.kind = FC_PICK_COUNT, .count = 3};
    }
    if (section == &fc_sections[FC_SECTION_DISHONEST])
        random_pick(rng, &((struct fc_dishonest_spec *)item)->pick);
}

static void random_topology(uint64_t *rng, struct fc_scenario *scenario)
{
    static const char *const tries[][2] = {
        {"latency", "map"},
        {"latency", "250us"},
        {"latency", "1.5ms..60s"},
        {"latency", "1s..59.5s"},
        {"inflation", "1.234"},
        {"inflation", "10"},
        {"hop", "0us"},
        {"hop", "60s"},
        {"countries", "DE,NO,PT"},
        {"hubs", "7"},
        {"hub-degree", "3"},
        {"rows", "12"},
        {"probability", "0.3"},
        {"probability", "1e-9"},
        {"probability", "0.1234567890123"},
        {"edges", "20000000"},
        {"degree", "10000"},
        {"edges-per-node", "1"},
        {"giant", "yes"},
        {"giant", "no"},
    };
    struct fc_topology_fault fault;
    if (test_rng_below(rng, 6) == 0) {
        scenario->topology_file = random_text(rng, 1, 511);
        fc_topology_spec_init(&scenario->topology, FC_TOPOLOGY_WHOLE);
        scenario->federation.nodes = 0;
        return;
    }
    fc_topology_spec_init(&scenario->topology,
                          (enum fc_topology_kind)test_rng_below(rng, FC_TOPOLOGY_KINDS));
    for (int i = 0; i < 8; i++) {
        uint32_t at = test_rng_below(rng, sizeof tries / sizeof tries[0]);
        enum fc_err err =
            fc_topology_spec_set(&scenario->topology, tries[at][0], tries[at][1], &fault);
        assert_true(err == FC_OK || err == FC_E_MISSING);
    }
}

static void random_lists(uint64_t *rng, struct fc_scenario *scenario)
{
    static const int lists[] = {FC_SECTION_WORKLOAD, FC_SECTION_FAULTS, FC_SECTION_DISHONEST};
    for (int i = 0; i < 3; i++) {
        const struct fc_section *section = &fc_sections[lists[i]];
        uint32_t count = test_rng_below(rng, 5);
        uint8_t *items = calloc(count + 1, section->item_bytes);
        for (uint32_t j = 0; j < count; j++)
            random_item(rng, section, items + j * section->item_bytes);
        memcpy((uint8_t *)scenario + section->offset, &items, sizeof items);
        memcpy((uint8_t *)scenario + section->count_offset, &count, sizeof count);
    }
    scenario->small_count = test_rng_below(rng, 4);
    scenario->small = calloc(scenario->small_count + 1, sizeof *scenario->small);
    for (uint32_t i = 0; i < scenario->small_count; i++)
        assert_true(asprintf(&scenario->small[i], "seed=%u", (unsigned)test_rng_below(rng, 1000)) >
                    0);
}

static void drop(struct fc_scenario *scenario, const struct fc_section *section, uint32_t index)
{
    uint32_t last = fc_section_count(section, scenario) - 1;
    void *item = fc_section_item(section, scenario, index);
    fc_item_finish(section, item);
    memmove(item, fc_section_item(section, scenario, last), section->item_bytes);
    memcpy((uint8_t *)scenario + section->count_offset, &last, sizeof last);
}

/* What does not go together is taken back, until the rest does. */
static void make_fit(struct fc_scenario *scenario)
{
    struct fc_scenario_clash clash;
    while (fc_scenario_find_clash(scenario, &clash) != FC_OK) {
        char part[64];
        sscanf(clash.key, "%63[^.]", part);
        const char *rest = clash.key + strlen(part) + 1;
        const struct fc_section *section = fc_section_find(part);
        assert_non_null(section);
        if (section->item_bytes > 0) {
            drop(scenario, section, (uint32_t)strtoul(rest, NULL, 10));
            continue;
        }
        if (section == &fc_sections[FC_SECTION_TOPOLOGY]) {
            fc_topology_spec_init(&scenario->topology, FC_TOPOLOGY_WHOLE);
            continue;
        }
        const struct fc_field *field = fc_section_field(section, rest, 0);
        assert_non_null(field);
        assert_int_equal(fc_field_preset(field, (uint8_t *)scenario + section->offset), FC_OK);
    }
    scenario->topology.nodes = scenario->federation.nodes;
}

static void random_scenario(uint64_t *rng, struct fc_scenario *scenario)
{
    assert_int_equal(fc_scenario_init(scenario, "random"), FC_OK);
    for (uint32_t i = 0; i < FC_SECTIONS; i++)
        for (uint32_t j = 0; fc_sections[i].item_bytes == 0 && j < fc_sections[i].field_count; j++)
            random_field(rng, &fc_sections[i].fields[j],
                         (uint8_t *)scenario + fc_sections[i].offset);
    random_topology(rng, scenario);
    random_lists(rng, scenario);
    if (test_rng_below(rng, 4))
        scenario->run_us = 366 * 86400000000;
    if (test_rng_below(rng, 2))
        scenario->federation.kind = FC_NODE_FULL;
    make_fit(scenario);
}

static void any_scenario_reads_back(void **state)
{
    (void)state;
    uint64_t rng = 11;
    struct fc_buf text = {0};
    unsigned faults = 0, workloads = 0, liars = 0;
    for (int i = 0; i < 3000; i++) {
        struct fc_scenario a, b;
        struct fc_scenario_error error;
        random_scenario(&rng, &a);
        fc_buf_clear(&text);
        fc_scenario_write(&a, &text);
        if (fc_scenario_parse("again", fc_buf_span(&text), &b, &error) != FC_OK)
            fail_msg("%s\n%.*s", error.text, (int)text.len, (const char *)text.data);
        same(&a, &b);
        fc_scenario_finish(&b);
        assert_int_equal(fc_scenario_copy(&a, &b), FC_OK);
        same(&a, &b);
        assert_string_equal(b.name, "random");
        faults += a.fault_count;
        workloads += a.workload_count;
        liars += a.dishonest_count;
        fc_scenario_finish(&a);
        fc_scenario_finish(&b);
    }
    assert_true(faults > 500 && workloads > 500 && liars > 200);
    fc_buf_finish(&text);
}

/* -- those that come with the program -----------------------------------------------------------
 */

static void shipped_scenarios_are_complete(void **state)
{
    (void)state;
    struct fc_scenario_file file;
    const struct fc_expect_spec nothing = {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX,
                                           UINT64_MAX, UINT32_MAX, UINT64_MAX, UINT32_MAX};
    uint32_t count = 0;
    for (; fc_scenario_shipped(count, &file); count++) {
        struct fc_scenario scenario, again;
        struct fc_scenario_error error = {""};
        struct fc_buf text = {0};
        if (fc_scenario_open(file.name, &scenario, &error) != FC_OK)
            fail_msg("%s", error.text);
        assert_string_equal(scenario.name, file.name);
        assert_true(scenario.about[0] != 0);
        assert_true(memcmp(&scenario.expect, &nothing, sizeof nothing) != 0);
        assert_true(scenario.workload_count > 0);
        assert_true(scenario.small_count > 0);
        fc_scenario_write(&scenario, &text);
        assert_int_equal(fc_scenario_parse(file.name, fc_buf_span(&text), &again, &error), FC_OK);
        same(&scenario, &again);
        fc_scenario_finish(&again);
        if (fc_scenario_set_small(&scenario, &error) != FC_OK ||
            fc_scenario_check(&scenario, &error) != FC_OK)
            fail_msg("%s", error.text);
        assert_true(scenario.federation.nodes <= 50 || scenario.federation.kind == FC_NODE_LIGHT);
        assert_true(scenario.run_us <= 60000000 || scenario.federation.kind == FC_NODE_LIGHT);
        fc_scenario_finish(&scenario);
        fc_buf_finish(&text);
    }
    assert_true(count >= 24);
    assert_false(fc_scenario_shipped(count, &file));
}

/* The page holds the reference as the program prints it:
 * fedcat-sim list --markdown, between the marks. */
static void the_page_has_every_key(void **state)
{
    (void)state;
    struct fc_buf want = {0}, page = {0};
    FILE *file = fopen(FEDCAT_SOURCE_DIR "/docs/simulating-scenarios.md", "r");
    char chunk[4096];
    size_t got;
    assert_non_null(file);
    while ((got = fread(chunk, 1, sizeof chunk, file)) > 0)
        fc_buf_append(&page, chunk, got);
    fclose(file);
    fc_scenario_reference(true, &want);
    fc_buf_append(&page, "", 1);
    fc_buf_append(&want, "", 1);
    assert_non_null(strstr((const char *)page.data, (const char *)want.data));
    fc_buf_finish(&want);
    fc_buf_finish(&page);
}

/* The page's own examples. */
static void the_page_shows_what_works(void **state)
{
    (void)state;
    FILE *file = fopen(FEDCAT_SOURCE_DIR "/docs/simulating-scenarios.md", "r");
    char line[1000];
    struct fc_buf example = {0};
    bool within = false;
    unsigned count = 0;
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        struct fc_scenario scenario;
        struct fc_scenario_error error;
        if (within && strcmp(line, "```\n") == 0) {
            if (fc_scenario_parse("example", fc_buf_span(&example), &scenario, &error) != FC_OK)
                fail_msg("%s", error.text);
            fc_scenario_finish(&scenario);
            fc_buf_clear(&example);
            within = false;
            count++;
        } else if (within) {
            fc_buf_append(&example, line, strlen(line));
        } else {
            within = strcmp(line, "```yaml\n") == 0;
        }
    }
    fclose(file);
    assert_true(count >= 2);
    fc_buf_finish(&example);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_scenario_reads_back),
        cmocka_unit_test(shipped_scenarios_are_complete),
        cmocka_unit_test(the_page_has_every_key),
        cmocka_unit_test(the_page_shows_what_works),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
