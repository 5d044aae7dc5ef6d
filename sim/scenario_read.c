#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scenario_fields.h"

enum fc_err fc_scenario_fail(const struct fc_scenario_source *source, enum fc_err err,
                             const struct fc_yaml_node *at, const char *format, ...)
{
    char *out = source->error->text;
    size_t room = sizeof source->error->text;
    int used = at && source->lines
                   ? snprintf(out, room, "%.200s:%u:%u: ", source->name, at->line, at->column)
                   : snprintf(out, room, "%.200s: ", source->name);
    va_list args;
    va_start(args, format);
    vsnprintf(out + used, room - (size_t)used, format, args);
    va_end(args);
    return err;
}

enum fc_err fc_scenario_fail_field(const struct fc_scenario_source *source, enum fc_err err,
                                   const struct fc_field_fault *fault)
{
    return fc_scenario_fail(source, err, fault->at, "%s", fault->text);
}

/* -- items of lists -----------------------------------------------------------------------------
 */

unsigned fc_item_word(const struct fc_section *section, const void *item)
{
    uint32_t word = 0;
    if (section->worded)
        memcpy(&word, (const uint8_t *)item + section->fields[0].offset, sizeof word);
    return word;
}

void fc_item_finish(const struct fc_section *section, void *item)
{
    for (uint32_t i = 0; i < section->field_count; i++)
        fc_field_finish(&section->fields[i], item);
}

uint32_t fc_section_count(const struct fc_section *section, const struct fc_scenario *scenario)
{
    uint32_t count;
    memcpy(&count, (const uint8_t *)scenario + section->count_offset, sizeof count);
    return count;
}

void *fc_section_item(const struct fc_section *section, const struct fc_scenario *scenario,
                      uint32_t index)
{
    uint8_t *items;
    memcpy(&items, (const uint8_t *)scenario + section->offset, sizeof items);
    return index < fc_section_count(section, scenario) ? items + (size_t)index * section->item_bytes
                                                       : NULL;
}

struct names {
    const struct fc_section *section;
    unsigned word;
};

static const char *field_at(const void *ctx, uint32_t index)
{
    const struct names *names = ctx;
    const struct fc_section *section = names->section;
    for (uint32_t i = 0; i < section->field_count; i++)
        if (fc_field_fits(&section->fields[i], names->word) && index-- == 0)
            return section->fields[i].name;
    return NULL;
}

/* The section where a key of this name belongs; NULL: nowhere, or in a list. */
static const char *home_of(const char *name)
{
    if (strcmp(name, "latency") == 0)
        return "topology";
    for (uint32_t i = 0; i < FC_SECTIONS; i++)
        if (fc_sections[i].item_bytes == 0 && fc_section_field(&fc_sections[i], name, 0))
            return i == FC_SECTION_FILE ? "the file itself" : fc_sections[i].name;
    return NULL;
}

static enum fc_err fail_unknown(const struct fc_scenario_source *source,
                                const struct fc_section *section, unsigned word,
                                const struct fc_yaml_node *key)
{
    struct names names = {section, word};
    char shown[48], list[300] = "";
    size_t used = 0;
    fc_yaml_show(key->text, shown, sizeof shown);
    for (uint32_t i = 0; section->worded && i < section->field_count; i++)
        for (uint32_t j = 0; section->fields[0].words[j]; j++)
            if (strcmp(section->fields[i].name, key->text) == 0 && section->fields[i].of >> j & 1)
                used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "",
                                         section->fields[0].words[j]);
    assert(used < sizeof list);
    if (used > 0)
        return fc_scenario_fail(source, FC_E_FORMAT, key, "'%s' is not for %s; it goes with %s",
                                shown, section->fields[0].words[word], list);
    const char *near = fc_nearest(key->text, field_at, &names);
    const char *home = near ? NULL : home_of(key->text);
    if (near)
        return fc_scenario_fail(source, FC_E_FORMAT, key,
                                "unknown key '%s' in %s; did you mean '%s'?", shown, section->name,
                                near);
    if (home)
        return fc_scenario_fail(source, FC_E_FORMAT, key,
                                "unknown key '%s' in %s; it belongs in %s", shown, section->name,
                                home);
    for (uint32_t i = 0; field_at(&names, i); i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "",
                                 field_at(&names, i));
    assert(used < sizeof list);
    return fc_scenario_fail(source, FC_E_FORMAT, key, "unknown key '%s' in %s; there is %s", shown,
                            section->name, list);
}

static bool is_pick(const struct fc_field *field)
{
    return field->kind == FC_FIELD_SHARE_OF || field->kind == FC_FIELD_COUNT_OF ||
           field->kind == FC_FIELD_NODES || field->kind == FC_FIELD_COUNTRIES;
}

static enum fc_err find_missing(const struct fc_scenario_source *source,
                                const struct fc_section *section, unsigned word,
                                const struct fc_yaml_node *node)
{
    for (uint32_t i = 0; i < section->field_count; i++) {
        const struct fc_field *field = &section->fields[i];
        if (!(field->needed_by >> word & 1) || fc_yaml_find(node, field->name))
            continue;
        bool is_quantity = field->kind == FC_FIELD_QUANTITY;
        return fc_scenario_fail(
            source, FC_E_FORMAT, node, "%s is missing %s%s (%s)%s%s", field->name,
            section->worded && i > 0 ? "for " : "in an item of ",
            section->worded && i > 0 ? section->fields[0].words[word] : section->name, field->help,
            is_quantity ? "; write " : "", is_quantity ? fc_quantity_form(field->quantity) : "");
    }
    return FC_OK;
}

static enum fc_err read_keys(const struct fc_scenario_source *source,
                             const struct fc_section *section, unsigned word,
                             const struct fc_yaml_node *node, void *base)
{
    const char *picked = NULL;
    for (uint32_t i = 0; i < node->count; i++) {
        const struct fc_field *field = fc_section_field(section, node->keys[i].text, word);
        struct fc_field_fault fault;
        if (!field)
            return fail_unknown(source, section, word, &node->keys[i]);
        if (is_pick(field) && picked)
            return fc_scenario_fail(source, FC_E_FORMAT, &node->keys[i],
                                    "which nodes is said twice, by '%s' and '%s'; keep one", picked,
                                    field->name);
        if (is_pick(field))
            picked = field->name;
        enum fc_err err = fc_field_read(field, &node->nodes[i], base, &fault);
        if (err != FC_OK)
            return fc_scenario_fail_field(source, err, &fault);
    }
    return FC_OK;
}

enum fc_err fc_scenario_read_item(const struct fc_scenario_source *source,
                                  const struct fc_section *section, const struct fc_yaml_node *node,
                                  void *item)
{
    struct fc_field_fault fault;
    enum fc_err err = FC_OK;
    memset(item, 0, section->item_bytes);
    if (node->kind != FC_YAML_MAP)
        return fc_scenario_fail(source, FC_E_FORMAT, node,
                                "an item of %s is a map, such as {%s: ...}", section->name,
                                section->worded ? section->fields[0].name : "rate");
    if (section->worded) {
        const struct fc_yaml_node *word = fc_yaml_find(node, section->fields[0].name);
        if (!word)
            return find_missing(source, section, 0, node);
        err = fc_field_read(&section->fields[0], word, item, &fault);
        if (err != FC_OK)
            return fc_scenario_fail_field(source, err, &fault);
    }
    unsigned word = fc_item_word(section, item);
    for (uint32_t i = section->worded ? 1 : 0; err == FC_OK && i < section->field_count; i++)
        if (fc_field_fits(&section->fields[i], word))
            err = fc_field_preset(&section->fields[i], item);
    if (err == FC_OK)
        err = read_keys(source, section, word, node, item);
    if (err == FC_OK)
        err = find_missing(source, section, word, node);
    if (source->lines)
        memcpy((uint8_t *)item + section->line_offset, &node->line, sizeof node->line);
    if (err != FC_OK)
        fc_item_finish(section, item);
    return err;
}

/* -- sections -----------------------------------------------------------------------------------
 */

static bool is_nothing(const struct fc_yaml_node *node)
{
    return node->kind == FC_YAML_SCALAR && !node->quoted && node->text[0] == 0;
}

static enum fc_err read_list(const struct fc_scenario_source *source,
                             const struct fc_section *section, const struct fc_yaml_node *node,
                             struct fc_scenario *out)
{
    uint32_t wanted = is_nothing(node) ? 0 : node->count, count = 0;
    enum fc_err err = FC_OK;
    if (node->kind != FC_YAML_LIST && !is_nothing(node))
        return fc_scenario_fail(source, FC_E_FORMAT, node,
                                "%s is a list; begin each item with '- '", section->name);
    if (wanted > FC_SCENARIO_LIST_MAX)
        return fc_scenario_fail(source, FC_E_BOUND, node, "%s has %u items; at most %u are taken",
                                section->name, wanted, FC_SCENARIO_LIST_MAX);
    uint8_t *items = calloc(wanted + 1, section->item_bytes);
    if (!items)
        return fc_scenario_fail(source, FC_E_NOMEM, NULL, "out of memory");
    while (err == FC_OK && count < wanted) {
        err = fc_scenario_read_item(source, section, &node->nodes[count],
                                    items + (size_t)count * section->item_bytes);
        count += err == FC_OK;
    }
    if (err != FC_OK) {
        while (count-- > 0)
            fc_item_finish(section, items + (size_t)count * section->item_bytes);
        free(items);
        return err;
    }
    void *held;
    memcpy(&held, (uint8_t *)out + section->offset, sizeof held);
    for (uint32_t i = 0; i < fc_section_count(section, out); i++)
        fc_item_finish(section, fc_section_item(section, out, i));
    free(held);
    memcpy((uint8_t *)out + section->offset, &items, sizeof items);
    memcpy((uint8_t *)out + section->count_offset, &count, sizeof count);
    return FC_OK;
}

enum fc_err fc_section_read(const struct fc_scenario_source *source,
                            const struct fc_section *section, const struct fc_yaml_node *node,
                            struct fc_scenario *out)
{
    if (section->item_bytes > 0)
        return read_list(source, section, node, out);
    if (is_nothing(node))
        return FC_OK;
    if (node->kind != FC_YAML_MAP)
        return fc_scenario_fail(source, FC_E_FORMAT, node, "%s is a map of keys and values",
                                section->name);
    if (section == &fc_sections[FC_SECTION_TOPOLOGY])
        return fc_scenario_topology_read(source, node, out);
    return read_keys(source, section, 0, node, (uint8_t *)out + section->offset);
}

static const char *top_at(const void *ctx, uint32_t index)
{
    const struct fc_section *file = &fc_sections[FC_SECTION_FILE];
    (void)ctx;
    if (index < file->field_count)
        return file->fields[index].name;
    index -= file->field_count;
    return index + 1 < FC_SECTIONS ? fc_sections[index + 1].name : NULL;
}

static enum fc_err read_top(const struct fc_scenario_source *source, const struct fc_yaml_node *key,
                            const struct fc_yaml_node *value, struct fc_scenario *out)
{
    const struct fc_section *section = fc_section_find(key->text);
    const struct fc_field *field = fc_section_field(&fc_sections[FC_SECTION_FILE], key->text, 0);
    char shown[48], near[64] = "";
    struct fc_field_fault fault;
    if (section)
        return fc_section_read(source, section, value, out);
    if (field) {
        enum fc_err err = fc_field_read(field, value, out, &fault);
        return err == FC_OK ? FC_OK : fc_scenario_fail_field(source, err, &fault);
    }
    fc_yaml_show(key->text, shown, sizeof shown);
    const char *known = fc_nearest(key->text, top_at, NULL);
    const char *home = known ? NULL : home_of(key->text);
    if (known)
        snprintf(near, sizeof near, "; did you mean '%s'?", known);
    else if (home)
        snprintf(near, sizeof near, "; it belongs in %s", home);
    return fc_scenario_fail(source, FC_E_FORMAT, key, "unknown key '%s'%s", shown, near);
}

enum fc_err fc_scenario_read(const struct fc_scenario_source *source,
                             const struct fc_yaml_node *root, struct fc_scenario *out)
{
    enum fc_err err = FC_OK;
    if (root->kind != FC_YAML_MAP)
        return fc_scenario_fail(source, FC_E_FORMAT, root,
                                "a scenario is keys and values, such as 'run: {for: 10 min}'");
    for (uint32_t i = 0; err == FC_OK && i < root->count; i++)
        err = read_top(source, &root->keys[i], &root->nodes[i], out);
    const struct fc_yaml_node *federation = fc_yaml_find(root, "federation");
    if (out->topology_file && !(federation && fc_yaml_find(federation, "nodes")))
        out->federation.nodes = 0;
    out->topology.nodes = out->federation.nodes;
    return err;
}
