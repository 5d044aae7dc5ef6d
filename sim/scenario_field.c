#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scenario_fields.h"
#include "store/record.h"

/* -- messages -----------------------------------------------------------------------------------
 */

static enum fc_err __attribute__((format(printf, 4, 5)))
fail(struct fc_field_fault *fault, enum fc_err err, const struct fc_yaml_node *at,
     const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(fault->text, sizeof fault->text, format, args);
    va_end(args);
    fault->at = at;
    return err;
}

void fc_buf_text(struct fc_buf *out, const char *text)
{
    fc_buf_append(out, text, strlen(text));
}

void fc_buf_quoted(struct fc_buf *out, const char *text)
{
    fc_buf_text(out, "\"");
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fc_buf_text(out, "\\");
        fc_buf_append(out, text, 1);
    }
    fc_buf_text(out, "\"");
}

/* Letters that must change, come or go to make one of the other; up to `max`. */
static unsigned distance(const char *a, const char *b, unsigned max)
{
    unsigned row[64];
    size_t len = strlen(b);
    if (len >= 64 || strlen(a) >= 64)
        return max + 1;
    for (unsigned j = 0; j <= len; j++)
        row[j] = j;
    for (; *a; a++) {
        unsigned corner = row[0]++;
        for (size_t j = 0; j < len; j++) {
            unsigned best = corner + (*a != b[j]);
            corner = row[j + 1];
            best = row[j] + 1 < best ? row[j] + 1 : best;
            row[j + 1] = corner + 1 < best ? corner + 1 : best;
        }
    }
    return row[len];
}

const char *fc_nearest(const char *name, const char *(*known)(const void *ctx, uint32_t index),
                       const void *ctx)
{
    const char *best = NULL, *candidate;
    unsigned least = (unsigned)strlen(name) / 3 + 2; /* farther is no slip of the hand */
    for (uint32_t i = 0; (candidate = known(ctx, i)); i++) {
        unsigned far = distance(name, candidate, least);
        if (far < least && far < strlen(candidate)) {
            least = far;
            best = candidate;
        }
    }
    return best;
}

static const char *word_at(const void *ctx, uint32_t index)
{
    return ((const char *const *)ctx)[index];
}

static enum fc_err fail_word(const struct fc_field *field, struct fc_field_fault *fault,
                             const struct fc_yaml_node *node)
{
    char list[256] = "", shown[48];
    size_t used = 0;
    const char *near = fc_nearest(node->text, word_at, field->words);
    for (uint32_t i = 0; field->words[i]; i++)
        used +=
            (size_t)snprintf(list + used, sizeof list - used, "%s%s",
                             i == 0 ? "" : (field->words[i + 1] ? ", " : " or "), field->words[i]);
    assert(used < sizeof list);
    fc_yaml_show(node->text, shown, sizeof shown);
    if (near)
        return fail(fault, FC_E_FORMAT, node, "%s is %s, not '%s'; did you mean '%s'?", field->name,
                    list, shown, near);
    return fail(fault, FC_E_FORMAT, node, "%s is %s, not '%s'", field->name, list, shown);
}

/* -- numbers ------------------------------------------------------------------------------------
 */

static void store(const struct fc_field *field, void *base, uint64_t value)
{
    uint8_t *at = (uint8_t *)base + field->offset;
    uint32_t narrow = (uint32_t)value;
    assert(field->bytes == 8 || (field->bytes == 4 && value <= UINT32_MAX));
    if (field->bytes == 8)
        memcpy(at, &value, sizeof value);
    else
        memcpy(at, &narrow, sizeof narrow);
}

static uint64_t fetch(const struct fc_field *field, const void *base)
{
    const uint8_t *at = (const uint8_t *)base + field->offset;
    uint64_t value;
    uint32_t narrow;
    if (field->bytes == 8) {
        memcpy(&value, at, sizeof value);
        return value;
    }
    memcpy(&narrow, at, sizeof narrow);
    return narrow;
}

static bool in_range(const struct fc_field *field, uint64_t value)
{
    if (field->quantity == FC_QUANTITY_OFFSET)
        return (int64_t)value >= (int64_t)field->min && (int64_t)value <= (int64_t)field->max;
    return value >= field->min && value <= field->max;
}

static enum fc_err fail_range(const struct fc_field *field, enum fc_quantity_kind quantity,
                              const struct fc_yaml_node *node, struct fc_field_fault *fault)
{
    char min[FC_QUANTITY_TEXT_MAX], max[FC_QUANTITY_TEXT_MAX], shown[48];
    fc_quantity_write(quantity, field->min, min);
    fc_quantity_write(quantity, field->max, max);
    fc_yaml_show(node->text, shown, sizeof shown);
    return fail(fault, FC_E_BOUND, node, "'%s' is out of range; %s is from %s to %s%s%s%s", shown,
                field->name, min, max, field->word ? ", or '" : "", field->word ? field->word : "",
                field->word ? "'" : "");
}

static enum fc_err need_scalar(const struct fc_field *field, const struct fc_yaml_node *node,
                               struct fc_field_fault *fault)
{
    if (node->kind == FC_YAML_SCALAR)
        return FC_OK;
    return fail(fault, FC_E_FORMAT, node, "%s is one value, not a %s", field->name,
                node->kind == FC_YAML_LIST ? "list" : "map");
}

static enum fc_err read_quantity(const struct fc_field *field, enum fc_quantity_kind quantity,
                                 const struct fc_yaml_node *node, uint64_t *value,
                                 struct fc_field_fault *fault)
{
    struct fc_quantity_fault what;
    enum fc_err err = need_scalar(field, node, fault);
    if (err != FC_OK)
        return err;
    if (field->word && strcmp(node->text, field->word) == 0) {
        *value = field->word_value;
        return FC_OK;
    }
    err = fc_quantity_parse(quantity, node->text, value, &what);
    if (err != FC_OK && field->word)
        return fail(fault, err, node, "%s; or '%s'", what.text, field->word);
    if (err != FC_OK)
        return fail(fault, err, node, "%s", what.text);
    /* No time, no bandwidth: that is what the word says; no nodes are not. */
    bool word_is_zero = field->word && field->word_value == 0 && quantity != FC_QUANTITY_COUNT;
    if (!in_range(field, *value) && !(word_is_zero && *value == 0))
        return fail_range(field, quantity, node, fault);
    return FC_OK;
}

static enum fc_err read_sizes(const struct fc_field *field, const struct fc_yaml_node *node,
                              void *base, struct fc_field_fault *fault)
{
    uint64_t sizes[2];
    enum fc_err err = need_scalar(field, node, fault);
    if (err != FC_OK)
        return err;
    char *copy = strdup(node->text);
    if (!copy)
        return FC_E_NOMEM;
    char *dots = strstr(copy, "..");
    struct fc_yaml_node least = *node, most = *node;
    if (dots)
        *dots = 0;
    least.text = copy;
    most.text = dots ? dots + 2 : copy;
    err = read_quantity(field, FC_QUANTITY_SIZE, &least, &sizes[0], fault);
    if (err == FC_OK)
        err = read_quantity(field, FC_QUANTITY_SIZE, &most, &sizes[1], fault);
    if (err == FC_OK && sizes[0] > sizes[1])
        err = fail(fault, FC_E_FORMAT, node, "%s goes from the smaller to the larger size",
                   field->name);
    if (err == FC_OK)
        memcpy((uint8_t *)base + field->offset, sizes, sizeof sizes);
    fault->at = node;
    free(copy);
    return err;
}

/* -- words and texts ----------------------------------------------------------------------------
 */

static enum fc_err read_word(const struct fc_field *field, const struct fc_yaml_node *node,
                             void *base, struct fc_field_fault *fault)
{
    enum fc_err err = need_scalar(field, node, fault);
    if (err != FC_OK)
        return err;
    uint32_t index = 0;
    while (field->words[index] && strcmp(field->words[index], node->text) != 0)
        index++;
    if (!field->words[index])
        return fail_word(field, fault, node);
    if (field->kind == FC_FIELD_WORD) {
        store(field, base, index);
    } else {
        assert(strlen(node->text) < field->bytes);
        memset((uint8_t *)base + field->offset, 0, field->bytes);
        memcpy((uint8_t *)base + field->offset, node->text, strlen(node->text));
    }
    return FC_OK;
}

static enum fc_err read_flag(const struct fc_field *field, const struct fc_yaml_node *node,
                             void *base, struct fc_field_fault *fault)
{
    enum fc_err err = need_scalar(field, node, fault);
    if (err != FC_OK)
        return err;
    bool yes = strcmp(node->text, "yes") == 0 || strcmp(node->text, "true") == 0;
    if (!yes && strcmp(node->text, "no") != 0 && strcmp(node->text, "false") != 0) {
        char shown[48];
        fc_yaml_show(node->text, shown, sizeof shown);
        return fail(fault, FC_E_FORMAT, node, "%s is yes or no, not '%s'", field->name, shown);
    }
    memcpy((uint8_t *)base + field->offset, &yes, sizeof yes);
    return FC_OK;
}

/* One line that every YAML reader takes in double quotes as it stands. */
static bool is_line(struct fc_span text, size_t len_min, size_t len_max)
{
    static const char *const breaks[] = {"\u2028", "\u2029", "\ufeff", "\ufffe", "\uffff"};
    if (!fc_text_valid(text, len_min, len_max))
        return false;
    for (size_t i = 0; i + 3 <= text.len; i++)
        for (size_t j = 0; j < sizeof breaks / sizeof breaks[0]; j++)
            if (memcmp(text.data + i, breaks[j], 3) == 0)
                return false;
    return true;
}

static enum fc_err read_text(const struct fc_field *field, size_t len_min, size_t len_max,
                             const struct fc_yaml_node *node, char **out,
                             struct fc_field_fault *fault)
{
    enum fc_err err = need_scalar(field, node, fault);
    if (err != FC_OK)
        return err;
    if (strlen(node->text) > len_max)
        return fail(fault, FC_E_BOUND, node, "%s has %zu bytes; at most %zu are taken", field->name,
                    strlen(node->text), len_max);
    if (!is_line(fc_span_str(node->text), len_min, len_max))
        return fail(fault, FC_E_BOUND, node, "%s is one line of %zu to %zu bytes", field->name,
                    len_min, len_max);
    *out = strdup(node->text);
    return *out ? FC_OK : FC_E_NOMEM;
}

static void free_texts(char **texts, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        free(texts[i]);
    free(texts);
}

static enum fc_err need_list(const struct fc_field *field, const struct fc_yaml_node *node,
                             uint32_t max, struct fc_field_fault *fault)
{
    if (node->kind != FC_YAML_LIST)
        return fail(fault, FC_E_FORMAT, node, "%s is a list, such as [%s]", field->name,
                    field->kind == FC_FIELD_NODES   ? "0, 5, 17"
                    : field->kind == FC_FIELD_TEXTS ? "federation.nodes=20"
                                                    : "DE, FR");
    if (node->count > max)
        return fail(fault, FC_E_BOUND, node, "%s has %u items; at most %u are taken", field->name,
                    node->count, max);
    return FC_OK;
}

static enum fc_err read_texts(const struct fc_field *field, const struct fc_yaml_node *node,
                              void *base, struct fc_field_fault *fault)
{
    enum fc_err err = need_list(field, node, (uint32_t)field->max, fault);
    char **texts = err == FC_OK ? calloc(node->count + 1, sizeof *texts) : NULL;
    uint32_t count = 0;
    if (err == FC_OK && !texts)
        err = FC_E_NOMEM;
    for (; err == FC_OK && count < node->count; count++)
        err = read_text(field, 1, FC_SCENARIO_TEXT_MAX - 1, &node->nodes[count], &texts[count],
                        fault);
    if (err != FC_OK) {
        if (texts)
            free_texts(texts, count);
        return err;
    }
    uint8_t *at = (uint8_t *)base + field->offset;
    fc_field_finish(field, base);
    memcpy(at, &texts, sizeof texts);
    memcpy(at + sizeof texts, &count, sizeof count);
    return FC_OK;
}

/* -- picking nodes ------------------------------------------------------------------------------
 */

static int by_number(const void *a, const void *b)
{
    uint32_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

static int by_code(const void *a, const void *b)
{
    return memcmp(a, b, 2);
}

static enum fc_err read_nodes(const struct fc_field *field, const struct fc_yaml_node *node,
                              struct fc_pick *pick, struct fc_field_fault *fault)
{
    enum fc_err err = need_list(field, node, FC_SCENARIO_PICK_MAX, fault);
    if (err == FC_OK && node->count == 0)
        err = fail(fault, FC_E_FORMAT, node, "%s is an empty list", field->name);
    if (err != FC_OK)
        return err;
    *pick = (struct fc_pick){.kind = FC_PICK_LIST, .count = node->count};
    pick->list = calloc(node->count, sizeof *pick->list);
    if (!pick->list)
        return FC_E_NOMEM;
    for (uint32_t i = 0; err == FC_OK && i < node->count; i++) {
        uint64_t value = 0;
        err = read_quantity(field, FC_QUANTITY_COUNT, &node->nodes[i], &value, fault);
        pick->list[i] = (uint32_t)value;
    }
    qsort(pick->list, pick->count, sizeof *pick->list, by_number);
    for (uint32_t i = 1; err == FC_OK && i < pick->count; i++)
        if (pick->list[i - 1] == pick->list[i])
            err = fail(fault, FC_E_FORMAT, node, "%s has %u twice", field->name, pick->list[i]);
    return err;
}

static enum fc_err read_countries(const struct fc_field *field, const struct fc_yaml_node *node,
                                  struct fc_pick *pick, struct fc_field_fault *fault)
{
    uint64_t share;
    *pick = (struct fc_pick){.kind = FC_PICK_COUNTRIES};
    if (node->kind == FC_YAML_SCALAR) {
        enum fc_err err = read_quantity(field, FC_QUANTITY_SHARE, node, &share, fault);
        pick->share_ppm = err == FC_OK ? (uint32_t)share : 0;
        if (err == FC_E_FORMAT)
            return fail(fault, err, node, "%s is a list of codes, [DE, FR], or a share, 33 %%",
                        field->name);
        return err;
    }
    enum fc_err err = need_list(field, node, FC_SCENARIO_PICK_MAX, fault);
    if (err == FC_OK && node->count == 0)
        err = fail(fault, FC_E_FORMAT, node, "%s is an empty list", field->name);
    if (err != FC_OK)
        return err;
    pick->count = node->count;
    pick->countries = calloc(node->count, sizeof *pick->countries);
    if (!pick->countries)
        return FC_E_NOMEM;
    for (uint32_t i = 0; i < node->count; i++) {
        const char *code = node->nodes[i].kind == FC_YAML_SCALAR ? node->nodes[i].text : "";
        if (strlen(code) != 2 || code[0] < 'A' || code[0] > 'Z' || code[1] < 'A' || code[1] > 'Z')
            return fail(fault, FC_E_FORMAT, &node->nodes[i],
                        "a country is two capital letters, such as DE");
        memcpy(pick->countries[i], code, 2);
    }
    qsort(pick->countries, pick->count, sizeof *pick->countries, by_code);
    for (uint32_t i = 1; i < pick->count; i++)
        if (memcmp(pick->countries[i - 1], pick->countries[i], 2) == 0)
            return fail(fault, FC_E_FORMAT, node, "%s has %s twice", field->name,
                        pick->countries[i]);
    return FC_OK;
}

static void finish_pick(struct fc_pick *pick)
{
    free(pick->list);
    free(pick->countries);
    *pick = (struct fc_pick){0};
}

static enum fc_err read_pick(const struct fc_field *field, const struct fc_yaml_node *node,
                             void *base, struct fc_field_fault *fault)
{
    struct fc_pick *pick = (struct fc_pick *)(void *)((uint8_t *)base + field->offset);
    struct fc_pick fresh = {0};
    uint64_t value = 0;
    enum fc_err err = FC_OK;
    bool share = field->kind == FC_FIELD_SHARE_OF;
    if (field->kind == FC_FIELD_NODES)
        err = read_nodes(field, node, &fresh, fault);
    else if (field->kind == FC_FIELD_COUNTRIES)
        err = read_countries(field, node, &fresh, fault);
    else
        err = read_quantity(field, share ? FC_QUANTITY_SHARE : FC_QUANTITY_COUNT, node, &value,
                            fault);
    if (err != FC_OK) {
        finish_pick(&fresh);
        return err;
    }
    if (share)
        fresh = (struct fc_pick){.kind = FC_PICK_SHARE, .share_ppm = (uint32_t)value};
    else if (field->kind == FC_FIELD_COUNT_OF)
        fresh = (struct fc_pick){.kind = FC_PICK_COUNT, .count = (uint32_t)value};
    finish_pick(pick);
    *pick = fresh;
    return FC_OK;
}

static void write_number(struct fc_buf *out, enum fc_quantity_kind quantity, uint64_t value)
{
    char text[FC_QUANTITY_TEXT_MAX];
    fc_quantity_write(quantity, value, text);
    fc_buf_text(out, text);
}

static bool write_pick(const struct fc_field *field, const struct fc_pick *pick, struct fc_buf *out)
{
    static const enum fc_pick_kind kinds[] = {
        [FC_FIELD_SHARE_OF] = FC_PICK_SHARE,
        [FC_FIELD_COUNT_OF] = FC_PICK_COUNT,
        [FC_FIELD_NODES] = FC_PICK_LIST,
        [FC_FIELD_COUNTRIES] = FC_PICK_COUNTRIES,
    };
    if (pick->kind != kinds[field->kind])
        return false;
    bool share =
        field->kind == FC_FIELD_SHARE_OF || (field->kind == FC_FIELD_COUNTRIES && pick->count == 0);
    if (share || field->kind == FC_FIELD_COUNT_OF) {
        write_number(out, share ? FC_QUANTITY_SHARE : FC_QUANTITY_COUNT,
                     share ? pick->share_ppm : pick->count);
        return true;
    }
    for (uint32_t i = 0; i < pick->count; i++) {
        fc_buf_text(out, i == 0 ? "[" : ", ");
        if (field->kind == FC_FIELD_NODES)
            write_number(out, FC_QUANTITY_COUNT, pick->list[i]);
        else
            fc_buf_quoted(out, pick->countries[i]); /* NO is Norway, not a refusal */
    }
    fc_buf_text(out, "]");
    return true;
}

/* -- any field ----------------------------------------------------------------------------------
 */

enum fc_err fc_field_read(const struct fc_field *field, const struct fc_yaml_node *node, void *base,
                          struct fc_field_fault *fault)
{
    uint64_t value;
    char *text = NULL, **held = (char **)(void *)((uint8_t *)base + field->offset);
    enum fc_err err = FC_OK;
    *fault = (struct fc_field_fault){.at = node, .text = "out of memory"};
    switch (field->kind) {
    case FC_FIELD_QUANTITY:
        err = read_quantity(field, field->quantity, node, &value, fault);
        if (err == FC_OK)
            store(field, base, value);
        return err;
    case FC_FIELD_SIZES:
        return read_sizes(field, node, base, fault);
    case FC_FIELD_WORD:
    case FC_FIELD_NAME:
        return read_word(field, node, base, fault);
    case FC_FIELD_FLAG:
        return read_flag(field, node, base, fault);
    case FC_FIELD_TEXT:
        err = read_text(field, field->min, field->max, node, &text, fault);
        if (err == FC_OK) {
            free(*held);
            *held = text;
        }
        return err;
    case FC_FIELD_TEXTS:
        return read_texts(field, node, base, fault);
    case FC_FIELD_SHARE_OF:
    case FC_FIELD_COUNT_OF:
    case FC_FIELD_NODES:
    case FC_FIELD_COUNTRIES:
        return read_pick(field, node, base, fault);
    }
    return FC_E_FORMAT;
}

static void write_quantity(const struct fc_field *field, const void *base, struct fc_buf *out)
{
    uint64_t value = fetch(field, base);
    if (field->word && value == field->word_value)
        fc_buf_text(out, field->word);
    else
        write_number(out, field->quantity, value);
}

static void write_sizes(const uint64_t sizes[2], struct fc_buf *out)
{
    write_number(out, FC_QUANTITY_SIZE, sizes[0]);
    if (sizes[0] == sizes[1])
        return;
    fc_buf_text(out, "..");
    write_number(out, FC_QUANTITY_SIZE, sizes[1]);
}

static void write_texts(char *const *texts, uint32_t count, struct fc_buf *out)
{
    fc_buf_text(out, "[");
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            fc_buf_text(out, ", ");
        fc_buf_quoted(out, texts[i]);
    }
    fc_buf_text(out, "]");
}

bool fc_field_write(const struct fc_field *field, const void *base, struct fc_buf *out)
{
    const uint8_t *at = (const uint8_t *)base + field->offset;
    char *const *text = (char *const *)(const void *)at;
    uint32_t count;
    switch (field->kind) {
    case FC_FIELD_QUANTITY:
        write_quantity(field, base, out);
        return true;
    case FC_FIELD_SIZES:
        write_sizes((const uint64_t *)(const void *)at, out);
        return true;
    case FC_FIELD_WORD:
        fc_buf_text(out, field->words[fetch(field, base)]);
        return true;
    case FC_FIELD_NAME:
        fc_buf_text(out, (const char *)at);
        return true;
    case FC_FIELD_FLAG:
        fc_buf_text(out, *(const bool *)at ? "yes" : "no");
        return true;
    case FC_FIELD_TEXT:
        if (*text)
            fc_buf_quoted(out, *text);
        return *text != NULL;
    case FC_FIELD_TEXTS:
        memcpy(&count, at + sizeof(char **), sizeof count);
        write_texts((char *const *)*text, count, out);
        return true;
    case FC_FIELD_SHARE_OF:
    case FC_FIELD_COUNT_OF:
    case FC_FIELD_NODES:
    case FC_FIELD_COUNTRIES:
        return write_pick(field, (const struct fc_pick *)(const void *)at, out);
    }
    return false;
}

enum fc_err fc_field_preset(const struct fc_field *field, void *base)
{
    uint8_t *at = (uint8_t *)base + field->offset;
    memset(at, 0, field->bytes);
    switch (field->kind) {
    case FC_FIELD_QUANTITY:
    case FC_FIELD_WORD:
        store(field, base, field->preset);
        return FC_OK;
    case FC_FIELD_SIZES:
        memcpy(at, &field->preset, sizeof field->preset);
        memcpy(at + sizeof field->preset, &field->preset, sizeof field->preset);
        return FC_OK;
    case FC_FIELD_NAME:
        memcpy(at, field->words[0], strlen(field->words[0]));
        return FC_OK;
    case FC_FIELD_FLAG:
        *at = field->preset != 0;
        return FC_OK;
    case FC_FIELD_TEXT: /* one that may be empty is never NULL */
        if (field->min == 0)
            *(char **)(void *)at = strdup("");
        return field->min == 0 && !*(char **)(void *)at ? FC_E_NOMEM : FC_OK;
    case FC_FIELD_TEXTS:
    case FC_FIELD_SHARE_OF:
    case FC_FIELD_COUNT_OF:
    case FC_FIELD_NODES:
    case FC_FIELD_COUNTRIES:
        return FC_OK;
    }
    return FC_OK;
}

void fc_field_finish(const struct fc_field *field, void *base)
{
    uint8_t *at = (uint8_t *)base + field->offset;
    uint32_t count = 0;
    switch (field->kind) {
    case FC_FIELD_QUANTITY:
    case FC_FIELD_SIZES:
    case FC_FIELD_WORD:
    case FC_FIELD_NAME:
    case FC_FIELD_FLAG:
        return;
    case FC_FIELD_TEXT:
        free(*(char **)(void *)at);
        memset(at, 0, sizeof(char *));
        return;
    case FC_FIELD_TEXTS:
        memcpy(&count, at + sizeof(char **), sizeof count);
        free_texts(*(char ***)(void *)at, count);
        memset(at, 0, sizeof(char **));
        memset(at + sizeof(char **), 0, sizeof count);
        return;
    case FC_FIELD_SHARE_OF:
    case FC_FIELD_COUNT_OF:
    case FC_FIELD_NODES:
    case FC_FIELD_COUNTRIES:
        finish_pick((struct fc_pick *)(void *)at);
        return;
    }
}
