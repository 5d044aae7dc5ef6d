#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/summary.h"

/* -- writing ---------------------------------------------------------------------------------- */

static json_t *text_of(const char *text)
{
    char ascii[FC_SUMMARY_COMMAND_MAX];
    json_t *value = json_string(text);
    if (value)
        return value;
    size_t len = strnlen(text, sizeof ascii - 1);
    for (size_t i = 0; i < len; i++) /* no UTF-8 */
        ascii[i] = (char)((text[i] & 0x80) ? '?' : text[i]);
    ascii[len] = 0;
    return json_string(ascii);
}

static json_t *number_of(double value, bool integer)
{
    if (!isfinite(value))
        return json_null();
    if (integer && fabs(value) <= 9007199254740992.0)
        return json_integer((json_int_t)llround(value));
    return json_real(fabs(value) < 1e6 ? round(value * 1e9) / 1e9 : value);
}

static json_t *seed_of(uint64_t seed)
{
    char text[24];
    if (seed <= INT64_MAX)
        return json_integer((json_int_t)seed);
    snprintf(text, sizeof text, "%llu", (unsigned long long)seed);
    return json_string(text);
}

static int add_lists(json_t *root, const struct fc_summary *summary)
{
    json_t *sets = json_object(), *expects = json_array(), *measures = json_object();
    int lost = 0;
    for (uint32_t i = 0; i < summary->set_count; i++)
        lost |= json_object_set_new(sets, summary->sets[i].key, text_of(summary->sets[i].value));
    for (uint32_t i = 0; i < summary->expect_count; i++) {
        const struct fc_summary_expect *expect = &summary->expects[i];
        json_t *item = json_object();
        lost |= json_object_set_new(item, "name", text_of(expect->name));
        lost |= json_object_set_new(item, "unit", text_of(expect->unit));
        lost |= json_object_set_new(item, "bound", text_of(expect->at_least ? "min" : "max"));
        lost |= json_object_set_new(item, "limit", number_of(expect->limit, false));
        lost |= json_object_set_new(item, "value", number_of(expect->value, false));
        lost |= json_object_set_new(item, "met", json_boolean(expect->met));
        lost |= json_array_append_new(expects, item);
    }
    for (int i = 0; i < FC_MEASURE_COUNT; i++) {
        const struct fc_measure_info *info = fc_measure_info((enum fc_measure)i);
        lost |= json_object_set_new(
            measures, info->name,
            number_of(summary->value[i], fc_measure_is_integer((enum fc_measure)i)));
    }
    lost |= json_object_set_new(root, "set", sets);
    lost |= json_object_set_new(root, "expect", expects);
    lost |= json_object_set_new(root, "measures", measures);
    return lost;
}

static void write_json(const struct fc_summary *summary, json_t *scenario, struct fc_buf *out)
{
    json_t *root = json_object();
    int lost = json_object_set_new(root, "name", text_of(summary->name));
    lost |= json_object_set_new(root, "about", text_of(summary->about));
    lost |= json_object_set_new(root, "version", text_of(summary->version));
    lost |= json_object_set_new(root, "seed", seed_of(summary->seed));
    lost |= json_object_set_new(root, "trace", text_of(summary->trace));
    lost |= json_object_set_new(root, "command", text_of(summary->command));
    lost |= json_object_set_new(root, "failure", text_of(summary->failure));
    if (scenario)
        lost |= json_object_set_new(root, "scenario", scenario);
    lost |= add_lists(root, summary);
    char *line = lost == 0 ? json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(15)) : NULL;
    json_decref(root);
    if (line) {
        fc_buf_append(out, line, strlen(line));
        fc_buf_append(out, "\n", 1);
    } else {
        out->failed = true;
    }
    free(line);
}

void fc_summary_write_json(const struct fc_summary *summary, struct fc_buf *out)
{
    write_json(summary, NULL, out);
}

void fc_summary_write_json_with(const struct fc_summary *summary, struct fc_span scenario,
                                struct fc_buf *out)
{
    size_t before = out->len;
    write_json(summary, json_stringn((const char *)scenario.data, scenario.len), out);
    if (out->len - before <= FC_SUMMARY_LINE_MAX)
        return;
    out->len = before;
    write_json(summary, NULL, out);
}

/* -- reading ---------------------------------------------------------------------------------- */

static enum fc_err read_text(const json_t *value, char *out, size_t size)
{
    if (!value)
        return FC_OK;
    if (!json_is_string(value))
        return FC_E_FORMAT;
    if (json_string_length(value) >= size)
        return FC_E_BOUND;
    memcpy(out, json_string_value(value), json_string_length(value) + 1);
    return strlen(out) == json_string_length(value) ? FC_OK : FC_E_FORMAT;
}

static enum fc_err read_number(const json_t *value, double *out)
{
    if (!value || json_is_null(value))
        return FC_OK;
    if (!json_is_number(value))
        return FC_E_FORMAT;
    *out = json_number_value(value);
    return FC_OK;
}

static enum fc_err read_seed(const json_t *value, uint64_t *out)
{
    if (!value)
        return FC_E_FORMAT;
    if (json_is_integer(value) && json_integer_value(value) >= 0) {
        *out = (uint64_t)json_integer_value(value);
        return FC_OK;
    }
    const char *text = json_string_value(value);
    char *end;
    if (!text || *text < '0' || *text > '9' || strlen(text) > 20)
        return FC_E_FORMAT;
    *out = strtoull(text, &end, 10);
    return *end == 0 ? FC_OK : FC_E_FORMAT;
}

static enum fc_err read_sets(json_t *object, struct fc_summary *out)
{
    const char *key;
    json_t *value;
    if (!object)
        return FC_OK;
    if (!json_is_object(object))
        return FC_E_FORMAT;
    if (json_object_size(object) > FC_SUMMARY_SETS_MAX)
        return FC_E_BOUND;
    json_object_foreach(object, key, value)
    {
        struct fc_summary_set *set = &out->sets[out->set_count++];
        if (strlen(key) >= sizeof set->key)
            return FC_E_BOUND;
        memcpy(set->key, key, strlen(key) + 1);
        enum fc_err err = read_text(value, set->value, sizeof set->value);
        if (err != FC_OK)
            return err;
    }
    return FC_OK;
}

static enum fc_err read_expects(json_t *array, struct fc_summary *out)
{
    size_t index;
    json_t *value;
    if (!array)
        return FC_OK;
    if (!json_is_array(array))
        return FC_E_FORMAT;
    if (json_array_size(array) > FC_SUMMARY_EXPECTS_MAX)
        return FC_E_BOUND;
    json_array_foreach(array, index, value)
    {
        struct fc_summary_expect *expect = &out->expects[out->expect_count++];
        expect->limit = expect->value = NAN;
        expect->met = json_is_true(json_object_get(value, "met"));
        enum fc_err err =
            read_text(json_object_get(value, "name"), expect->name, sizeof expect->name);
        if (err == FC_OK)
            err = read_text(json_object_get(value, "unit"), expect->unit, sizeof expect->unit);
        const char *bound = json_string_value(json_object_get(value, "bound"));
        expect->at_least = bound && strcmp(bound, "min") == 0;
        if (err == FC_OK)
            err = read_number(json_object_get(value, "limit"), &expect->limit);
        if (err == FC_OK)
            err = read_number(json_object_get(value, "value"), &expect->value);
        if (err != FC_OK)
            return err;
    }
    return FC_OK;
}

static enum fc_err read_measures(const json_t *object, struct fc_summary *out)
{
    enum fc_err err = json_is_object(object) ? FC_OK : FC_E_FORMAT;
    for (int i = 0; err == FC_OK && i < FC_MEASURE_COUNT; i++)
        err = read_number(json_object_get(object, fc_measure_info((enum fc_measure)i)->name),
                          &out->value[i]);
    return err;
}

static enum fc_err read_root(const json_t *root, struct fc_summary *out)
{
    const struct {
        const char *name;
        char *text;
        size_t size;
    } texts[] = {
        {"name", out->name, sizeof out->name},
        {"about", out->about, sizeof out->about},
        {"version", out->version, sizeof out->version},
        {"trace", out->trace, sizeof out->trace},
        {"command", out->command, sizeof out->command},
        {"failure", out->failure, sizeof out->failure},
    };
    enum fc_err err = json_is_object(root) ? FC_OK : FC_E_FORMAT;
    for (size_t i = 0; err == FC_OK && i < sizeof texts / sizeof texts[0]; i++)
        err = read_text(json_object_get(root, texts[i].name), texts[i].text, texts[i].size);
    if (err == FC_OK)
        err = read_seed(json_object_get(root, "seed"), &out->seed);
    if (err == FC_OK)
        err = read_sets(json_object_get(root, "set"), out);
    if (err == FC_OK)
        err = read_expects(json_object_get(root, "expect"), out);
    if (err == FC_OK)
        err = read_measures(json_object_get(root, "measures"), out);
    return err;
}

bool fc_summary_read_scenario(struct fc_span text, struct fc_buf *out)
{
    json_t *root = text.len <= FC_SUMMARY_LINE_MAX
                       ? json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, NULL)
                       : NULL;
    const json_t *scenario = json_object_get(root, "scenario");
    bool found = json_is_string(scenario);
    if (found)
        fc_buf_append(out, json_string_value(scenario), json_string_length(scenario));
    json_decref(root);
    return found;
}

enum fc_err fc_summary_parse(struct fc_span text, struct fc_summary *out)
{
    json_error_t fault;
    fc_summary_init(out);
    if (text.len > FC_SUMMARY_LINE_MAX)
        return FC_E_BOUND;
    json_t *root = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, &fault);
    if (!root)
        return json_error_code(&fault) == json_error_out_of_memory ? FC_E_NOMEM : FC_E_JSON;
    enum fc_err err = read_root(root, out);
    json_decref(root);
    return err;
}
