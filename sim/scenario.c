#include "sim/scenario.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/scenario_fields.h"

static enum fc_err preset_section(const struct fc_section *section, struct fc_scenario *scenario)
{
    enum fc_err err = FC_OK;
    if (section->item_bytes > 0)
        return FC_OK; /* an empty list */
    for (uint32_t i = 0; err == FC_OK && i < section->field_count; i++)
        err = fc_field_preset(&section->fields[i], (uint8_t *)scenario + section->offset);
    return err;
}

enum fc_err fc_scenario_init(struct fc_scenario *scenario, const char *name)
{
    enum fc_err err = FC_OK;
    memset(scenario, 0, sizeof *scenario);
    snprintf(scenario->name, sizeof scenario->name, "%s", name);
    for (uint32_t i = 0; err == FC_OK && i < FC_SECTIONS; i++)
        err = preset_section(&fc_sections[i], scenario);
    fc_topology_spec_init(&scenario->topology, FC_TOPOLOGY_WHOLE);
    scenario->topology.nodes = scenario->federation.nodes;
    if (err != FC_OK)
        fc_scenario_finish(scenario);
    return err;
}

static void finish_section(const struct fc_section *section, struct fc_scenario *scenario)
{
    void *items;
    if (section->item_bytes == 0) {
        for (uint32_t i = 0; i < section->field_count; i++)
            fc_field_finish(&section->fields[i], (uint8_t *)scenario + section->offset);
        return;
    }
    for (uint32_t i = 0; i < fc_section_count(section, scenario); i++)
        fc_item_finish(section, fc_section_item(section, scenario, i));
    memcpy(&items, (const uint8_t *)scenario + section->offset, sizeof items);
    free(items);
}

void fc_scenario_finish(struct fc_scenario *scenario)
{
    for (uint32_t i = 0; i < FC_SECTIONS; i++)
        finish_section(&fc_sections[i], scenario);
    free(scenario->topology_file);
    memset(scenario, 0, sizeof *scenario);
}

/* -- texts and files ----------------------------------------------------------------------------
 */

/* The node of "faults.2.countries", or of as much of it as there is. */
static const struct fc_yaml_node *find_place(const struct fc_yaml_node *root, const char *key)
{
    char part[64];
    int used;
    while (sscanf(key, "%63[^.]%n", part, &used) == 1) {
        const struct fc_yaml_node *next = NULL;
        if (root->kind == FC_YAML_LIST) {
            unsigned long index = strtoul(part, NULL, 10);
            next = index < root->count ? &root->nodes[index] : NULL;
        } else {
            next = fc_yaml_find(root, part);
        }
        if (!next)
            return root;
        root = next;
        key += used + (key[used] == '.');
    }
    return root;
}

static enum fc_err check_placed(const struct fc_scenario_source *source,
                                const struct fc_yaml_node *root, const struct fc_scenario *scenario)
{
    struct fc_scenario_clash clash;
    if (fc_scenario_find_clash(scenario, &clash) == FC_OK)
        return FC_OK;
    return fc_scenario_fail(source, FC_E_FORMAT, find_place(root, clash.key), "%s %s", clash.key,
                            clash.text);
}

/* A path within a file is from where the file is. */
static enum fc_err anchor(const char *directory, size_t len, char **path)
{
    if (!*path || (*path)[0] == '/' || len == 0)
        return FC_OK;
    char *joined = NULL;
    if (asprintf(&joined, "%.*s%s", (int)len, directory, *path) < 0)
        return FC_E_NOMEM;
    if (strlen(joined) >= FC_SCENARIO_TEXT_MAX) {
        free(joined);
        return FC_E_BOUND;
    }
    free(*path);
    *path = joined;
    return FC_OK;
}

static enum fc_err anchor_all(const struct fc_scenario_source *source,
                              const struct fc_yaml_node *root, size_t len, struct fc_scenario *out)
{
    enum fc_err err = anchor(source->name, len, &out->topology_file);
    for (uint32_t i = 0; err == FC_OK && i < out->fault_count; i++)
        err = anchor(source->name, len, &out->faults[i].path);
    if (err != FC_OK)
        return fc_scenario_fail(source, err, NULL, "a path in it is too long");
    if (out->topology_file && access(out->topology_file, R_OK) != 0)
        return fc_scenario_fail(source, FC_E_MISSING, find_place(root, "topology.file"),
                                "topology.file %s: %s", out->topology_file, strerror(errno));
    return FC_OK;
}

/* `directory` is how much of the source's name is the file's directory; NULL: it is no file. */
static enum fc_err parse(const struct fc_scenario_source *source, const char *name,
                         struct fc_span text, bool check, const size_t *directory,
                         struct fc_scenario *out)
{
    struct fc_yaml_node root;
    struct fc_yaml_fault fault;
    memset(out, 0, sizeof *out);
    enum fc_err err = fc_yaml_parse(text, FC_SCENARIO_BYTES_MAX, &root, &fault);
    if (err != FC_OK) {
        const struct fc_yaml_node at = {.line = fault.line, .column = fault.column};
        return fc_scenario_fail(source, err, fault.line > 0 ? &at : NULL, "%s", fault.text);
    }
    err = fc_scenario_init(out, name);
    if (err != FC_OK)
        fc_scenario_fail(source, err, NULL, "out of memory");
    else
        err = fc_scenario_read(source, &root, out);
    if (err == FC_OK && check)
        err = check_placed(source, &root, out);
    if (err == FC_OK && check)
        err = fc_scenario_check_small(source, fc_yaml_find(&root, "small"), out);
    if (err == FC_OK && directory)
        err = anchor_all(source, &root, *directory, out);
    if (err != FC_OK)
        fc_scenario_finish(out);
    fc_yaml_finish(&root);
    return err;
}

enum fc_err fc_scenario_parse(const char *name, struct fc_span text, struct fc_scenario *out,
                              struct fc_scenario_error *error)
{
    const struct fc_scenario_source source = {name, true, error};
    return parse(&source, name, text, true, NULL, out);
}

static enum fc_err read_file(const struct fc_scenario_source *source, const char *path,
                             struct fc_buf *text)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return fc_scenario_fail(source, errno == ENOENT ? FC_E_MISSING : FC_E_IO, NULL, "%s",
                                strerror(errno));
    uint8_t *room = fc_buf_extend(text, FC_SCENARIO_BYTES_MAX + 1);
    if (room)
        text->len = fread(room, 1, FC_SCENARIO_BYTES_MAX + 1, file);
    bool failed = ferror(file) != 0;
    fclose(file);
    if (!room)
        return fc_scenario_fail(source, FC_E_NOMEM, NULL, "out of memory");
    return failed ? fc_scenario_fail(source, FC_E_IO, NULL, "cannot be read") : FC_OK;
}

enum fc_err fc_scenario_load(const char *path, struct fc_scenario *out,
                             struct fc_scenario_error *error)
{
    const struct fc_scenario_source source = {path, true, error};
    struct fc_buf text = {0};
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    size_t len = strlen(base), directory = (size_t)(base - path);
    char name[FC_SCENARIO_NAME_MAX];
    memset(out, 0, sizeof *out);
    if (len > 5 && strcmp(base + len - 5, ".yaml") == 0)
        len -= 5;
    snprintf(name, sizeof name, "%.*s", (int)(len < sizeof name ? len : sizeof name - 1), base);
    enum fc_err err = read_file(&source, path, &text);
    if (err == FC_OK)
        err = parse(&source, name, fc_buf_span(&text), true, &directory, out);
    fc_buf_finish(&text);
    return err;
}

enum fc_err fc_scenario_copy(const struct fc_scenario *scenario, struct fc_scenario *out)
{
    struct fc_scenario_error error;
    const struct fc_scenario_source source = {scenario->name, false, &error};
    struct fc_buf text = {0};
    memset(out, 0, sizeof *out);
    fc_scenario_write(scenario, &text);
    enum fc_err err = fc_buf_check(&text);
    if (err == FC_OK)
        err = parse(&source, scenario->name, fc_buf_span(&text), false, NULL, out);
    fc_buf_finish(&text);
    for (uint32_t i = 0; err == FC_OK && i < out->workload_count; i++)
        out->workload[i].line = scenario->workload[i].line;
    for (uint32_t i = 0; err == FC_OK && i < out->fault_count; i++)
        out->faults[i].line = scenario->faults[i].line;
    for (uint32_t i = 0; err == FC_OK && i < out->dishonest_count; i++)
        out->dishonest[i].line = scenario->dishonest[i].line;
    out->federation.nodes_set = scenario->federation.nodes_set;
    return err;
}
