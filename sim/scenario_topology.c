/* The `topology:` section: keys and values are those of fc_topology_params. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scenario_fields.h"

static const char *kind_at(const void *ctx, uint32_t index)
{
    (void)ctx;
    return index < FC_TOPOLOGY_KINDS ? fc_topology_kind_name((enum fc_topology_kind)index) : NULL;
}

/* Names of parameters have a dash where keys have an underscore; `nodes` is the federation's. */
static bool is_param(const struct fc_topology_param *param)
{
    return strcmp(param->name, "nodes") != 0;
}

static const char *key_at(const void *ctx, uint32_t index)
{
    const struct fc_topology_spec *spec = ctx;
    if (index < 2)
        return index == 0 ? "kind" : "file";
    index -= 2;
    for (const struct fc_topology_param *param = fc_topology_params; param->name; param++)
        if (is_param(param) && (param->kinds >> spec->kind & 1) && index-- == 0)
            return param->name;
    return NULL;
}

static void swap(char *text, char from, char to)
{
    for (; *text; text++)
        if (*text == from)
            *text = to;
}

static enum fc_err set_kind(const struct fc_scenario_source *source,
                            const struct fc_yaml_node *value, struct fc_scenario *out)
{
    enum fc_topology_kind kind;
    char shown[48];
    if (value->kind != FC_YAML_SCALAR)
        return fc_scenario_fail(source, FC_E_FORMAT, value, "kind is one word");
    if (fc_topology_kind_find(value->text, &kind) != FC_OK) {
        const char *near = fc_nearest(value->text, kind_at, NULL);
        char list[200] = "";
        size_t used = 0;
        for (uint32_t i = 0; i < FC_TOPOLOGY_KINDS && used < sizeof list; i++)
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "",
                                     kind_at(NULL, i));
        fc_yaml_show(value->text, shown, sizeof shown);
        if (near)
            return fc_scenario_fail(source, FC_E_FORMAT, value,
                                    "there is no topology '%s'; did you mean '%s'?", shown, near);
        return fc_scenario_fail(source, FC_E_FORMAT, value,
                                "there is no topology '%s'; there is %s", shown, list);
    }
    fc_topology_spec_init(&out->topology, kind);
    free(out->topology_file);
    out->topology_file = NULL;
    return FC_OK;
}

static enum fc_err set_file(const struct fc_scenario_source *source,
                            const struct fc_yaml_node *value, struct fc_scenario *out)
{
    static const struct fc_field field = {
        .name = "file", .kind = FC_FIELD_TEXT, .min = 1, .max = FC_SCENARIO_TEXT_MAX - 1};
    struct fc_field_fault fault;
    char *file = NULL;
    enum fc_err err = fc_field_read(&field, value, &file, &fault);
    if (err != FC_OK)
        return fc_scenario_fail_field(source, err, &fault);
    fc_topology_spec_init(&out->topology, FC_TOPOLOGY_WHOLE);
    free(out->topology_file);
    out->topology_file = file;
    return FC_OK;
}

/* A value as the command line of `topology` has it: "10 ms" without blanks, lists with commas. */
static enum fc_err flatten(const struct fc_yaml_node *value, struct fc_buf *out)
{
    for (uint32_t i = 0; i < (value->kind == FC_YAML_LIST ? value->count : 1); i++) {
        const struct fc_yaml_node *item = value->kind == FC_YAML_LIST ? &value->nodes[i] : value;
        if (item->kind != FC_YAML_SCALAR)
            return FC_E_FORMAT;
        if (i > 0)
            fc_buf_text(out, ",");
        for (const char *at = item->text; *at; at++)
            if (*at != ' ')
                fc_buf_append(out, at, 1);
    }
    fc_buf_append(out, "", 1);
    return fc_buf_check(out);
}

enum fc_err fc_scenario_topology_set(const struct fc_scenario_source *source, const char *key,
                                     const struct fc_yaml_node *key_place,
                                     const struct fc_yaml_node *value, struct fc_scenario *out)
{
    struct fc_topology_fault fault = {0};
    struct fc_topology_spec spec = out->topology;
    struct fc_buf text = {0};
    char name[48];
    if (strcmp(key, "kind") == 0)
        return set_kind(source, value, out);
    if (strcmp(key, "file") == 0)
        return set_file(source, value, out);
    if (out->topology_file)
        return fc_scenario_fail(source, FC_E_FORMAT, key_place,
                                "topology is the file's; leave the other keys out");
    fc_yaml_show(key, name, sizeof name);
    swap(name, '_', '-');
    if (strcmp(name, "nodes") == 0)
        return fc_scenario_fail(source, FC_E_FORMAT, key_place,
                                "unknown key 'nodes' in topology; it belongs in federation");
    enum fc_err err = flatten(value, &text);
    if (err == FC_OK)
        err = fc_topology_spec_set(&spec, name, (const char *)text.data, &fault);
    else if (err == FC_E_FORMAT)
        snprintf(fault.text, sizeof fault.text, "%s is one value or a list of values", name);
    fc_buf_finish(&text);
    swap(name, '-', '_');
    if (err == FC_E_MISSING) {
        const char *near = fc_nearest(key, key_at, &out->topology);
        return fc_scenario_fail(source, FC_E_FORMAT, key_place, "topology %s has no key '%s'%s%s%s",
                                fc_topology_kind_name(out->topology.kind), name,
                                near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    }
    if (err != FC_OK)
        return fc_scenario_fail(source, err, value, "%s", fault.text);
    out->topology = spec;
    return FC_OK;
}

enum fc_err fc_scenario_topology_read(const struct fc_scenario_source *source,
                                      const struct fc_yaml_node *map, struct fc_scenario *out)
{
    const struct fc_yaml_node *kind = fc_yaml_find(map, "kind"), *file = fc_yaml_find(map, "file");
    enum fc_err err = FC_OK;
    if (kind && file)
        return fc_scenario_fail(source, FC_E_FORMAT, file,
                                "topology has a kind or a file; leave one out");
    if (kind || file)
        err = kind ? set_kind(source, kind, out) : set_file(source, file, out);
    for (uint32_t i = 0; err == FC_OK && i < map->count; i++)
        if (&map->nodes[i] != kind && &map->nodes[i] != file)
            err = fc_scenario_topology_set(source, map->keys[i].text, &map->keys[i], &map->nodes[i],
                                           out);
    return err;
}

/* -- writing ------------------------------------------------------------------------------------
 */

static void write_time(uint32_t us, struct fc_buf *out)
{
    char text[FC_QUANTITY_TEXT_MAX];
    fc_quantity_write(FC_QUANTITY_DURATION, us, text);
    if (strstr(text, "min") || strchr(text, 'h')) /* the topology's own times end at seconds */
        snprintf(text, sizeof text, "%u s", us / 1000000);
    fc_buf_text(out, us == 0 ? "0 us" : text);
}

static void write_latency(const struct fc_latency *latency, struct fc_buf *out)
{
    if (latency->kind == FC_LATENCY_MAP) {
        fc_buf_text(out, "map");
        return;
    }
    write_time(latency->min_us, out);
    if (latency->kind == FC_LATENCY_UNIFORM) {
        fc_buf_text(out, "..");
        write_time(latency->max_us, out);
    }
}

static void write_uint(uint64_t value, struct fc_buf *out)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, value);
    fc_buf_text(out, text);
}

static void write_factor(uint32_t permille, struct fc_buf *out)
{
    char text[FC_QUANTITY_TEXT_MAX];
    fc_quantity_write(FC_QUANTITY_FACTOR, permille, text);
    fc_buf_text(out, text);
}

static void write_double(double value, struct fc_buf *out)
{
    char text[48];
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    fc_buf_text(out, text);
}

static void write_countries(const char *countries, struct fc_buf *out)
{
    fc_buf_text(out, "[");
    for (const char *at = countries; *at; at += at[2] ? 3 : 2) {
        char code[3] = {at[0], at[1], 0};
        fc_buf_text(out, at == countries ? "" : ", ");
        fc_buf_quoted(out, code);
    }
    fc_buf_text(out, "]");
}

/* False: it is as the kind has it, and no value says so. */
static bool write_param(const struct fc_topology_spec *spec, const char *name, struct fc_buf *out)
{
    size_t before = out->len;
    if (strcmp(name, "latency") == 0)
        write_latency(&spec->latency, out);
    else if (strcmp(name, "inflation") == 0)
        write_factor(spec->latency.inflation_permille, out);
    else if (strcmp(name, "hop") == 0)
        write_time(spec->latency.hop_us, out);
    else if (strcmp(name, "countries") == 0 && spec->countries[0])
        write_countries(spec->countries, out);
    else if (strcmp(name, "hubs") == 0)
        write_uint(spec->hubs, out);
    else if (strcmp(name, "hub-degree") == 0)
        write_uint(spec->hub_degree, out);
    else if (strcmp(name, "rows") == 0 && spec->rows > 0)
        write_uint(spec->rows, out);
    else if (strcmp(name, "probability") == 0 && spec->probability >= 0)
        write_double(spec->probability, out);
    else if (strcmp(name, "edges") == 0 && spec->edges > 0)
        write_uint(spec->edges, out);
    else if (strcmp(name, "degree") == 0)
        write_uint(spec->degree, out);
    else if (strcmp(name, "edges-per-node") == 0)
        write_uint(spec->edges_per_node, out);
    else if (strcmp(name, "giant") == 0)
        fc_buf_text(out, spec->giant ? "yes" : "no");
    return out->len > before;
}

bool fc_scenario_topology_key(const struct fc_scenario *scenario, uint32_t index,
                              char name[FC_TOPOLOGY_KEY_MAX], struct fc_buf *value)
{
    const char *param = scenario->topology_file ? "file" : "kind";
    fc_buf_clear(value);
    if (index == 0 && scenario->topology_file)
        fc_buf_quoted(value, scenario->topology_file);
    else if (index == 0)
        fc_buf_text(value, fc_topology_kind_name(scenario->topology.kind));
    else if (scenario->topology_file)
        return false;
    for (uint32_t i = 2; index > 0; i++) { /* after kind and file */
        param = key_at(&scenario->topology, i);
        if (!param)
            return false;
        index -= write_param(&scenario->topology, param, value);
        if (index > 0)
            fc_buf_clear(value);
    }
    snprintf(name, FC_TOPOLOGY_KEY_MAX, "%s", param);
    swap(name, '-', '_');
    return true;
}
