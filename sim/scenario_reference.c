#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scenario_fields.h"

static void put_words(const char *const *words, struct fc_buf *out)
{
    for (uint32_t i = 0; words[i]; i++) {
        if (i > 0)
            fc_buf_text(out, words[i + 1] ? ", " : " or ");
        fc_buf_text(out, words[i]);
    }
}

static void put_range(const struct fc_field *field, const char *name,
                      enum fc_quantity_kind quantity, struct fc_buf *out)
{
    char text[FC_QUANTITY_TEXT_MAX];
    fc_buf_text(out, name);
    if (field->max != UINT64_MAX) {
        fc_quantity_write(quantity, field->min, text);
        fc_buf_text(out, ", ");
        fc_buf_text(out, text);
        fc_buf_text(out, " to ");
        fc_quantity_write(quantity, field->max, text);
        fc_buf_text(out, text);
    }
    if (field->word) {
        fc_buf_text(out, ", or ");
        fc_buf_text(out, field->word);
    }
}

static void put_value(const struct fc_field *field, struct fc_buf *out)
{
    char text[64];
    switch (field->kind) {
    case FC_FIELD_QUANTITY:
        put_range(field, fc_quantity_name(field->quantity), field->quantity, out);
        return;
    case FC_FIELD_SIZES:
        put_range(field, "size or two sizes", FC_QUANTITY_SIZE, out);
        return;
    case FC_FIELD_WORD:
    case FC_FIELD_NAME:
        put_words(field->words, out);
        return;
    case FC_FIELD_FLAG:
        fc_buf_text(out, "yes or no");
        return;
    case FC_FIELD_TEXT:
        snprintf(text, sizeof text, "text, up to %u bytes", (unsigned)field->max);
        fc_buf_text(out, text);
        return;
    case FC_FIELD_TEXTS:
        snprintf(text, sizeof text, "list of up to %u texts", (unsigned)field->max);
        fc_buf_text(out, text);
        return;
    case FC_FIELD_SHARE_OF:
        put_range(field, "share", FC_QUANTITY_SHARE, out);
        return;
    case FC_FIELD_COUNT_OF:
        put_range(field, "number", FC_QUANTITY_COUNT, out);
        return;
    case FC_FIELD_NODES:
        fc_buf_text(out, "list of numbers: [0, 5, 17]");
        return;
    case FC_FIELD_COUNTRIES:
        fc_buf_text(out, "list of codes: [DE, FR], or share");
        return;
    }
}

/* What stands when the key is left out. */
static void put_preset(const struct fc_section *section, const struct fc_field *field,
                       struct fc_buf *out)
{
    struct fc_scenario scratch = {0}; /* large enough for any section and item */
    size_t before = out->len;
    _Static_assert(sizeof scratch >= sizeof(struct fc_fault_spec), "an item fits");
    if (field->needed_by != 0 && field->needed_by == (field->of ? field->of : UINT32_MAX)) {
        fc_buf_text(out, "needed");
        return;
    }
    if (fc_field_preset(field, &scratch) == FC_OK && !fc_field_write(field, &scratch, out))
        out->len = before;
    fc_field_finish(field, &scratch);
    if (out->len == before && section->item_bytes > 0)
        fc_buf_text(out, "none");
}

/* The words of items that have it, or those that have it not, whichever are fewer; neither when all
 * have. */
static void put_bits(uint32_t bits, const char *(*word)(uint32_t index), uint32_t count,
                     struct fc_buf *out)
{
    uint32_t all = (1u << count) - 1;
    bool first = true, most = 2 * (uint32_t)__builtin_popcount(bits & all) > count;
    if ((bits & all) == all)
        return;
    fc_buf_text(out, most ? " (not of " : " (of ");
    for (uint32_t i = 0; i < count; i++) {
        if ((bits >> i & 1) == most)
            continue;
        fc_buf_text(out, first ? "" : ", ");
        fc_buf_text(out, word(i));
        first = false;
    }
    fc_buf_text(out, ")");
}

static const char *fault_word(uint32_t index)
{
    return fc_fault_words[index];
}

static const char *kind_word(uint32_t index)
{
    return fc_topology_kind_name((enum fc_topology_kind)index);
}

static void put_row(bool markdown, const char *key, struct fc_span value, struct fc_span preset,
                    struct fc_span help, struct fc_buf *out)
{
    fc_buf_text(out, markdown ? "| `" : "  ");
    fc_buf_text(out, key);
    if (!markdown) {
        for (size_t i = strlen(key); i < 16; i++)
            fc_buf_text(out, " ");
        fc_buf_append(out, value.data, value.len);
        if (preset.len) {
            fc_buf_text(out, " (");
            fc_buf_append(out, preset.data, preset.len);
            fc_buf_text(out, ")");
        }
        fc_buf_text(out, "\n                  ");
        fc_buf_append(out, help.data, help.len);
        fc_buf_text(out, "\n");
        return;
    }
    fc_buf_text(out, "` | ");
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] == '|')
            fc_buf_text(out, "\\");
        fc_buf_append(out, value.data + i, 1);
    }
    fc_buf_text(out, " | ");
    fc_buf_append(out, preset.data, preset.len);
    fc_buf_text(out, " | ");
    for (size_t i = 0; i < help.len; i++) {
        if (help.data[i] == '|')
            fc_buf_text(out, "\\");
        fc_buf_append(out, help.data + i, 1);
    }
    fc_buf_text(out, " |\n");
}

static void put_fields(bool markdown, const struct fc_section *section, struct fc_buf *out)
{
    struct fc_buf value = {0}, preset = {0}, help = {0};
    for (uint32_t i = 0; i < section->field_count; i++) {
        const struct fc_field *field = &section->fields[i];
        fc_buf_clear(&value);
        fc_buf_clear(&preset);
        fc_buf_clear(&help);
        put_value(field, &value);
        put_preset(section, field, &preset);
        fc_buf_text(&help, field->help);
        if (field->of) /* of faults alone */
            put_bits(field->of, fault_word, FC_FAULT_KINDS, &help);
        put_row(markdown, field->name, fc_buf_span(&value), fc_buf_span(&preset),
                fc_buf_span(&help), out);
    }
    fc_buf_finish(&value);
    fc_buf_finish(&preset);
    fc_buf_finish(&help);
}

static void put_topology(bool markdown, struct fc_buf *out)
{
    struct fc_buf text = {0};
    char key[FC_TOPOLOGY_KEY_MAX];
    for (uint32_t i = 0; i < FC_TOPOLOGY_KINDS; i++) {
        if (i > 0)
            fc_buf_text(&text, i + 1 < FC_TOPOLOGY_KINDS ? ", " : " or ");
        fc_buf_text(&text, kind_word(i));
    }
    put_row(markdown, "kind", fc_buf_span(&text), fc_span_str("whole"),
            fc_span_str("How it is made; the other keys follow from it"), out);
    put_row(
        markdown, "file", fc_span_str("path"), fc_span_str("none"),
        fc_span_str("Instead of a kind: GraphML or an edge list; from the scenario's directory"),
        out);
    for (const struct fc_topology_param *param = fc_topology_params; param->name; param++) {
        if (strcmp(param->name, "nodes") == 0)
            continue;
        snprintf(key, sizeof key, "%s", param->name);
        for (char *at = key; *at; at++)
            *at = *at == '-' ? '_' : *at;
        fc_buf_clear(&text);
        fc_buf_text(&text, param->summary);
        put_bits(param->kinds, kind_word, FC_TOPOLOGY_KINDS, &text);
        put_row(markdown, key, fc_span_str(param->value), fc_span_str(""), fc_buf_span(&text), out);
    }
    fc_buf_finish(&text);
}

static void put_meanings_head(bool markdown, const char *key, struct fc_buf *out)
{
    fc_buf_text(out, markdown ? "\n| `" : "\n  ");
    fc_buf_text(out, key);
    fc_buf_text(out, markdown ? "` | what it is |\n| --- | --- |\n" : ":\n");
}

static void put_meaning(bool markdown, const char *word, const char *meaning, struct fc_buf *out)
{
    fc_buf_text(out, markdown ? "| `" : "    ");
    fc_buf_text(out, word);
    fc_buf_text(out, markdown ? "` | " : " ");
    for (size_t i = strlen(word); !markdown && i < 15; i++)
        fc_buf_text(out, " ");
    fc_buf_text(out, meaning);
    fc_buf_text(out, markdown ? " |\n" : "\n");
}

static void put_meanings(bool markdown, const struct fc_section *section, struct fc_buf *out)
{
    for (uint32_t i = 0; i < section->field_count; i++) {
        const struct fc_field *field = &section->fields[i];
        if (!field->meanings)
            continue;
        put_meanings_head(markdown, field->name, out);
        for (uint32_t j = 0; field->words[j]; j++)
            put_meaning(markdown, field->words[j], field->meanings[j], out);
    }
    if (section != &fc_sections[FC_SECTION_TOPOLOGY])
        return;
    put_meanings_head(markdown, "kind", out);
    for (uint32_t i = 0; i < FC_TOPOLOGY_KINDS; i++)
        put_meaning(markdown, kind_word(i), fc_topology_kind_summary((enum fc_topology_kind)i),
                    out);
}

void fc_scenario_reference(bool markdown, struct fc_buf *out)
{
    for (uint32_t i = 0; i < FC_SECTIONS; i++) {
        const struct fc_section *section = &fc_sections[i];
        const char *name = section->name[0] ? section->name : "(top)";
        if (i > 0)
            fc_buf_text(out, "\n");
        fc_buf_text(out, markdown ? "### `" : "");
        fc_buf_text(out, section->name[0] || markdown ? name : "Keys of the file");
        fc_buf_text(out, markdown ? "`\n\n" : ": ");
        fc_buf_text(out, section->help);
        fc_buf_text(out, markdown ? ".\n\n| key | value | default | what it says |\n"
                                    "| --- | --- | --- | --- |\n"
                                  : "\n");
        if (i == FC_SECTION_TOPOLOGY)
            put_topology(markdown, out);
        else
            put_fields(markdown, section, out);
        put_meanings(markdown, section, out);
    }
}
