#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scenario_fields.h"

struct path { /* "faults.2.at" in parts */
    char part[3][64];
    uint32_t count;
};

static bool split(const char *key, size_t len, struct path *path)
{
    memset(path, 0, sizeof *path);
    while (len > 0 && key[len - 1] == ' ')
        len--;
    for (const char *end = key + len; key <= end && path->count < 3;) {
        const char *dot = memchr(key, '.', (size_t)(end - key));
        const char *stop = dot ? dot : end;
        if (stop == key || (size_t)(stop - key) >= sizeof path->part[0])
            return false;
        memcpy(path->part[path->count++], key, (size_t)(stop - key));
        key = stop + 1;
        if (!dot)
            return true;
    }
    return false;
}

static bool read_index(const char *text, uint32_t *index)
{
    char *end;
    if (!isdigit((unsigned char)*text) || strlen(text) > 4)
        return false;
    *index = (uint32_t)strtoul(text, &end, 10);
    return *end == 0;
}

/* Makes room for one more item and moves it in. */
static enum fc_err add_item(const struct fc_section *section, struct fc_scenario *scenario,
                            const void *item)
{
    uint8_t *items;
    uint32_t count = fc_section_count(section, scenario);
    memcpy(&items, (uint8_t *)scenario + section->offset, sizeof items);
    items = realloc(items, (size_t)(count + 1) * section->item_bytes);
    if (!items)
        return FC_E_NOMEM;
    memcpy(items + (size_t)count * section->item_bytes, item, section->item_bytes);
    count++;
    memcpy((uint8_t *)scenario + section->offset, &items, sizeof items);
    memcpy((uint8_t *)scenario + section->count_offset, &count, sizeof count);
    return FC_OK;
}

static enum fc_err set_item(const struct fc_scenario_source *source,
                            const struct fc_section *section, uint32_t index,
                            const struct fc_yaml_node *value, struct fc_scenario *scenario)
{
    void *held = fc_section_item(section, scenario, index);
    void *item = malloc(section->item_bytes);
    if (!item)
        return fc_scenario_fail(source, FC_E_NOMEM, NULL, "out of memory");
    enum fc_err err = fc_scenario_read_item(source, section, value, item);
    if (err == FC_OK && !held) {
        err = add_item(section, scenario, item);
        if (err != FC_OK) {
            fc_item_finish(section, item);
            fc_scenario_fail(source, err, NULL, "out of memory");
        }
    } else if (err == FC_OK) {
        memcpy((uint8_t *)item + section->line_offset, (uint8_t *)held + section->line_offset,
               sizeof(uint32_t));
        fc_item_finish(section, held);
        memcpy(held, item, section->item_bytes);
    }
    free(item);
    return err;
}

/* Another `what`: the item is written with it and read again, so that it has what goes with it. */
static enum fc_err set_word(const struct fc_scenario_source *source,
                            const struct fc_section *section, uint32_t index,
                            const struct fc_yaml_node *value, struct fc_scenario *scenario)
{
    const void *item = fc_section_item(section, scenario, index);
    uint8_t *scratch = calloc(1, section->item_bytes);
    struct fc_buf text = {0};
    struct fc_yaml_node root = {0};
    struct fc_yaml_fault fault;
    struct fc_field_fault field_fault = {.text = "out of memory"};
    enum fc_err err =
        scratch ? fc_field_read(&section->fields[0], value, scratch, &field_fault) : FC_E_NOMEM;
    if (err != FC_OK) {
        fc_scenario_fail_field(source, err, &field_fault);
        goto out;
    }
    fc_scenario_write_item(section, item, fc_item_word(section, scratch), &text);
    err = fc_buf_check(&text);
    if (err == FC_OK)
        err = fc_yaml_parse(fc_buf_span(&text), FC_SCENARIO_BYTES_MAX, &root, &fault);
    if (err != FC_OK)
        fc_scenario_fail(source, err, NULL, "out of memory");
    else
        err = set_item(source, section, index, &root, scenario);
out:
    fc_yaml_finish(&root);
    fc_buf_finish(&text);
    free(scratch);
    return err;
}

static const char *section_at(const void *ctx, uint32_t index)
{
    (void)ctx;
    return index + 1 < FC_SECTIONS ? fc_sections[index + 1].name : NULL;
}

static enum fc_err fail_key(const struct fc_scenario_source *source, const char *name)
{
    const char *near = fc_nearest(name, section_at, NULL);
    char shown[48];
    fc_yaml_show(name, shown, sizeof shown);
    if (near)
        return fc_scenario_fail(source, FC_E_FORMAT, NULL,
                                "there is no section '%s'; did you mean '%s'?", shown, near);
    return fc_scenario_fail(source, FC_E_FORMAT, NULL,
                            "there is no section '%s'; 'fedcat-sim list --keys' shows all keys",
                            shown);
}

/* Reads {key: value} into the section, so that an unknown key is told as in a file. */
static enum fc_err set_in_map(const struct fc_scenario_source *source,
                              const struct fc_section *section, char *key,
                              const struct fc_yaml_node *value, struct fc_scenario *scenario)
{
    struct fc_yaml_node name = {.kind = FC_YAML_SCALAR, .text = key}, held = *value;
    const struct fc_yaml_node map = {
        .kind = FC_YAML_MAP, .count = 1, .keys = &name, .nodes = &held};
    return fc_section_read(source, section, &map, scenario);
}

static enum fc_err set_in_list(const struct fc_scenario_source *source,
                               const struct fc_section *section, const struct path *path,
                               const struct fc_yaml_node *value, struct fc_scenario *scenario)
{
    uint32_t index, count = fc_section_count(section, scenario);
    struct fc_field_fault fault;
    if (!read_index(path->part[1], &index) || index > count ||
        (index == count && path->count == 3) || index >= FC_SCENARIO_LIST_MAX)
        return fc_scenario_fail(source, FC_E_FORMAT, NULL,
                                "%s has %u items; say which, as %s.0 (%s.%u={...} adds one)",
                                section->name, count, section->name, section->name, count);
    if (path->count == 2)
        return set_item(source, section, index, value, scenario);
    void *item = fc_section_item(section, scenario, index);
    unsigned word = fc_item_word(section, item);
    const struct fc_field *field = fc_section_field(section, path->part[2], word);
    if (section->worded && field == &section->fields[0])
        return set_word(source, section, index, value, scenario);
    if (!field) {
        char known[300] = "";
        size_t used = 0;
        for (uint32_t i = 0; i < section->field_count; i++)
            if (fc_field_fits(&section->fields[i], word))
                used += (size_t)snprintf(known + used, sizeof known - used, "%s%s",
                                         used ? ", " : "", section->fields[i].name);
        return fc_scenario_fail(source, FC_E_FORMAT, NULL, "%s.%u has no key '%s'; it has %s",
                                section->name, index, path->part[2], known);
    }
    enum fc_err err = fc_field_read(field, value, item, &fault);
    return err == FC_OK ? FC_OK : fc_scenario_fail_field(source, err, &fault);
}

static enum fc_err set_node(const struct fc_scenario_source *source, struct path *path,
                            const struct fc_yaml_node *value, struct fc_scenario *scenario)
{
    const struct fc_section *section = fc_section_find(path->part[0]);
    const struct fc_field *field =
        fc_section_field(&fc_sections[FC_SECTION_FILE], path->part[0], 0);
    struct fc_field_fault fault;
    if (field && path->count == 1) {
        enum fc_err err = fc_field_read(field, value, scenario, &fault);
        return err == FC_OK ? FC_OK : fc_scenario_fail_field(source, err, &fault);
    }
    if (!section)
        return fail_key(source, path->part[0]);
    if (path->count == 1)
        return fc_section_read(source, section, value, scenario);
    if (section->item_bytes > 0)
        return set_in_list(source, section, path, value, scenario);
    if (path->count == 3)
        return fc_scenario_fail(source, FC_E_FORMAT, NULL, "a key of %s has no keys within",
                                section->name);
    return set_in_map(source, section, path->part[1], value, scenario);
}

/* A map that fails halfway must leave nothing behind: none of its sections holds memory, but for
 * the topology's file. */
static enum fc_err set_whole(const struct fc_scenario_source *source, struct path *path,
                             const struct fc_yaml_node *value, struct fc_scenario *scenario)
{
    struct fc_scenario saved = *scenario;
    bool topology = strcmp(path->part[0], "topology") == 0;
    if (topology && saved.topology_file) {
        scenario->topology_file = strdup(saved.topology_file);
        if (!scenario->topology_file) {
            *scenario = saved;
            return fc_scenario_fail(source, FC_E_NOMEM, NULL, "out of memory");
        }
    }
    enum fc_err err = set_node(source, path, value, scenario);
    if (err != FC_OK && topology) {
        free(scenario->topology_file);
        *scenario = saved;
    } else if (err != FC_OK) {
        const struct fc_section *section = fc_section_find(path->part[0]);
        if (section && section->item_bytes == 0)
            *scenario = saved;
    } else if (topology) {
        free(saved.topology_file);
    }
    return err;
}

static bool sets_nodes(const struct path *path, const struct fc_yaml_node *value)
{
    if (strcmp(path->part[0], "federation") != 0)
        return false;
    return path->count > 1 ? strcmp(path->part[1], "nodes") == 0
                           : value->kind == FC_YAML_MAP && fc_yaml_find(value, "nodes");
}

enum fc_err fc_scenario_set(struct fc_scenario *scenario, const char *assignment,
                            struct fc_scenario_error *error)
{
    char shown[120];
    fc_yaml_show(assignment, shown, sizeof shown);
    const struct fc_scenario_source source = {shown, false, error};
    const char *equals = strchr(assignment, '=');
    struct fc_yaml_node value;
    struct fc_yaml_fault fault;
    struct path path;
    if (!equals || !split(assignment, (size_t)(equals - assignment), &path))
        return fc_scenario_fail(&source, FC_E_FORMAT, NULL,
                                "write key=value, such as federation.nodes=100");
    enum fc_err err = fc_yaml_parse(fc_span_str(equals + 1), FC_SCENARIO_BYTES_MAX, &value, &fault);
    if (err != FC_OK)
        return fc_scenario_fail(&source, err, NULL, "%s", fault.text);
    if (value.kind == FC_YAML_MAP && value.count == 0) /* nothing at all */
        err = fc_scenario_fail(&source, FC_E_FORMAT, NULL, "there is no value after the '='");
    bool had_file = scenario->topology_file != NULL;
    if (err == FC_OK)
        err = set_whole(&source, &path, &value, scenario);
    if (err == FC_OK && sets_nodes(&path, &value))
        scenario->federation.nodes_set = scenario->federation.nodes != 0;
    if (err == FC_OK && !had_file && scenario->topology_file && !scenario->federation.nodes_set)
        scenario->federation.nodes = 0;
    if (err == FC_OK)
        scenario->topology.nodes = scenario->federation.nodes;
    fc_yaml_finish(&value);
    return err;
}

enum fc_err fc_scenario_set_small(struct fc_scenario *scenario, struct fc_scenario_error *error)
{
    struct fc_scenario copy;
    enum fc_err err = fc_scenario_copy(scenario, &copy);
    if (err != FC_OK) {
        snprintf(error->text, sizeof error->text, "%s: out of memory", scenario->name);
        return err;
    }
    for (uint32_t i = 0; err == FC_OK && i < scenario->small_count; i++)
        err = fc_scenario_set(&copy, scenario->small[i], error);
    copy.federation.nodes_set = scenario->federation.nodes_set; /* these are the scenario's own */
    if (err == FC_OK) {
        struct fc_scenario held = *scenario;
        *scenario = copy;
        copy = held;
    }
    fc_scenario_finish(&copy);
    return err;
}

/* -- asking -------------------------------------------------------------------------------------
 */

static bool get_topology(const struct fc_scenario *scenario, const char *key, struct fc_buf *out)
{
    struct fc_buf value = {0};
    char name[FC_TOPOLOGY_KEY_MAX];
    bool found = false;
    for (uint32_t i = 0; !found && fc_scenario_topology_key(scenario, i, name, &value); i++)
        found = strcmp(name, key) == 0;
    if (found)
        fc_buf_append(out, value.data, value.len);
    fc_buf_finish(&value);
    return found;
}

static bool get(const struct fc_scenario *scenario, const struct path *path, struct fc_buf *out)
{
    const struct fc_section *section = fc_section_find(path->part[0]);
    const struct fc_field *field;
    uint32_t index = 0;
    if (path->count == 1) {
        field = fc_section_field(&fc_sections[FC_SECTION_FILE], path->part[0], 0);
        return field && fc_field_write(field, scenario, out);
    }
    if (!section || (path->count == 3) != (section->item_bytes > 0))
        return false;
    if (section == &fc_sections[FC_SECTION_TOPOLOGY])
        return get_topology(scenario, path->part[1], out);
    if (path->count == 2) {
        field = fc_section_field(section, path->part[1], 0);
        return field && fc_field_write(field, (const uint8_t *)scenario + section->offset, out);
    }
    const void *item =
        read_index(path->part[1], &index) ? fc_section_item(section, scenario, index) : NULL;
    if (!item)
        return false;
    field = fc_section_field(section, path->part[2], fc_item_word(section, item));
    return field && fc_field_write(field, item, out);
}

enum fc_err fc_scenario_get(const struct fc_scenario *scenario, const char *key, struct fc_buf *out,
                            struct fc_scenario_error *error)
{
    char shown[120];
    struct path path;
    fc_yaml_show(key, shown, sizeof shown);
    const struct fc_scenario_source source = {shown, false, error};
    size_t before = out->len;
    if (split(key, strlen(key), &path) && get(scenario, &path, out))
        return fc_buf_check(out);
    out->len = before;
    return fc_scenario_fail(&source, FC_E_FORMAT, NULL, "this scenario has no such value");
}

bool fc_scenario_next_value(const char **list, struct fc_span *value)
{
    const char *at = *list;
    int depth = 0;
    char quote = 0;
    while (*at == ' ' || *at == ',')
        at++;
    const char *start = at;
    for (; *at && (quote || depth > 0 || *at != ','); at++) {
        if (quote)
            quote = *at == quote ? 0 : quote;
        else if (*at == '"' || *at == '\'')
            quote = *at;
        else if (*at == '[' || *at == '{')
            depth++;
        else if ((*at == ']' || *at == '}') && depth > 0)
            depth--;
    }
    const char *end = at;
    while (end > start && end[-1] == ' ')
        end--;
    *list = at;
    *value = fc_span(start, (size_t)(end - start));
    return end > start;
}
