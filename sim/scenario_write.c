#include <stdio.h>
#include <string.h>

#include "sim/scenario_fields.h"

void fc_scenario_write_item(const struct fc_section *section, const void *item, unsigned word,
                            struct fc_buf *out)
{
    bool first = true;
    fc_buf_text(out, "{");
    for (uint32_t i = 0; i < section->field_count; i++) {
        const struct fc_field *field = &section->fields[i];
        if (!fc_field_fits(field, word) || !fc_field_fits(field, fc_item_word(section, item)))
            continue;
        size_t before = out->len;
        if (!first)
            fc_buf_text(out, ", ");
        fc_buf_text(out, field->name);
        fc_buf_text(out, ": ");
        if (section->worded && i == 0)
            fc_buf_text(out, field->words[word]);
        else if (!fc_field_write(field, item, out)) {
            out->len = before;
            continue;
        }
        first = false;
    }
    fc_buf_text(out, "}");
}

static void write_map(const struct fc_section *section, const struct fc_scenario *scenario,
                      struct fc_buf *out)
{
    const char *indent = section->name[0] ? "  " : "";
    if (section->name[0]) {
        fc_buf_text(out, section->name);
        fc_buf_text(out, ":\n");
    }
    for (uint32_t i = 0; i < section->field_count; i++) {
        size_t before = out->len;
        fc_buf_text(out, indent);
        fc_buf_text(out, section->fields[i].name);
        fc_buf_text(out, ": ");
        if (fc_field_write(&section->fields[i], (const uint8_t *)scenario + section->offset, out))
            fc_buf_text(out, "\n");
        else
            out->len = before;
    }
}

static void write_list(const struct fc_section *section, const struct fc_scenario *scenario,
                       struct fc_buf *out)
{
    const void *item;
    fc_buf_text(out, section->name);
    fc_buf_text(out, fc_section_count(section, scenario) ? ":\n" : ": []\n");
    for (uint32_t i = 0; (item = fc_section_item(section, scenario, i)); i++) {
        fc_buf_text(out, "  - ");
        fc_scenario_write_item(section, item, fc_item_word(section, item), out);
        fc_buf_text(out, "\n");
    }
}

static void write_topology(const struct fc_scenario *scenario, struct fc_buf *out)
{
    struct fc_buf value = {0};
    char name[FC_TOPOLOGY_KEY_MAX];
    fc_buf_text(out, "topology:\n");
    for (uint32_t i = 0; fc_scenario_topology_key(scenario, i, name, &value); i++) {
        fc_buf_text(out, "  ");
        fc_buf_text(out, name);
        fc_buf_text(out, ": ");
        fc_buf_append(out, value.data, value.len);
        fc_buf_text(out, "\n");
        out->failed = out->failed || value.failed;
    }
    fc_buf_finish(&value);
}

void fc_scenario_write(const struct fc_scenario *scenario, struct fc_buf *out)
{
    for (uint32_t i = 0; i < FC_SECTIONS; i++) {
        const struct fc_section *section = &fc_sections[i];
        if (i == FC_SECTION_TOPOLOGY)
            write_topology(scenario, out);
        else if (section->item_bytes > 0)
            write_list(section, scenario, out);
        else
            write_map(section, scenario, out);
    }
}
