#include "store/document_tree.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "store/document_text.h"

enum {
    DEPTH_MAX = 64,
    VALUES_MAX = 64 * 1024, /* jansson takes some hundred bytes for each */
};

/* jansson's readers do not change what they are given, but only some of them say so. */
static json_t *json(const struct fc_tree *value)
{
    return (json_t *)(uintptr_t)value;
}

static const struct fc_tree *tree(const json_t *value)
{
    return (const struct fc_tree *)value;
}

enum fc_err fc_tree_load(struct fc_span text, struct fc_tree **root, struct fc_tree_fault *fault)
{
    json_error_t error;
    struct fc_json_size size = fc_json_measure(text);
    *fault = (struct fc_tree_fault){0};
    if (size.depth > DEPTH_MAX || size.values > VALUES_MAX) {
        snprintf(fault->text, sizeof fault->text,
                 "JSON with %zu values nested %zu deep: at most %d and %d are read", size.values,
                 size.depth, VALUES_MAX, DEPTH_MAX);
        return FC_E_BOUND;
    }
    json_t *loaded = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, &error);
    if (!loaded) {
        fault->line = error.line > 0 ? (unsigned)error.line : 0;
        fault->column = error.column > 0 ? (unsigned)error.column : 0;
        snprintf(fault->text, sizeof fault->text, "%.*s", (int)sizeof fault->text - 1, error.text);
        return json_error_code(&error) == json_error_out_of_memory ? FC_E_NOMEM : FC_E_JSON;
    }
    *root = (struct fc_tree *)loaded;
    return FC_OK;
}

struct fc_tree *fc_tree_create_reference(const char *id)
{
    return (struct fc_tree *)json_pack("{s:s}", "id", id);
}

void fc_tree_destroy(struct fc_tree *root)
{
    json_decref((json_t *)root);
}

bool fc_tree_is_object(const struct fc_tree *value)
{
    return json_is_object(json(value));
}

bool fc_tree_is_array(const struct fc_tree *value)
{
    return json_is_array(json(value));
}

const char *fc_tree_text(const struct fc_tree *value)
{
    return json_string_value(json(value));
}

bool fc_tree_uint(const struct fc_tree *value, uint64_t *out)
{
    double number = json_number_value(json(value)); /* NumericDate may have a fraction */
    if (!json_is_number(json(value)) || !(number >= 0) || number >= 9e15)
        return false;
    *out = (uint64_t)number;
    return true;
}

size_t fc_tree_count(const struct fc_tree *value)
{
    return fc_tree_is_array(value) ? json_array_size(json(value)) : value != NULL;
}

const struct fc_tree *fc_tree_at(const struct fc_tree *value, size_t index)
{
    return fc_tree_is_array(value) ? tree(json_array_get(json(value), index)) : value;
}

const char *fc_tree_next(const struct fc_tree *object, void **cursor, const struct fc_tree **value)
{
    *cursor =
        *cursor ? json_object_iter_next(json(object), *cursor) : json_object_iter(json(object));
    *value = tree(json_object_iter_value(*cursor));
    return json_object_iter_key(*cursor);
}

const struct fc_tree *fc_tree_exact(const struct fc_tree *object, const char *name)
{
    return tree(json_object_get(json(object), name));
}

const struct fc_tree *fc_tree_get(const struct fc_tree *object, const char *name)
{
    const struct fc_tree *value = fc_tree_exact(object, name);
    const char *key;
    void *cursor = NULL;
    if (value)
        return value;
    while ((key = fc_tree_next(object, &cursor, &value)))
        if (key[0] != '@' && strcmp(fc_iri_local(key), name) == 0)
            return value;
    return NULL;
}

const struct fc_tree *fc_tree_types(const struct fc_tree *node)
{
    const struct fc_tree *types = fc_tree_exact(node, "@type");
    return types ? types : fc_tree_exact(node, "type");
}

const char *fc_tree_id(const struct fc_tree *node)
{
    const struct fc_tree *id = fc_tree_exact(node, "@id");
    return fc_tree_text(id ? id : fc_tree_exact(node, "id"));
}

bool fc_tree_has_type(const struct fc_tree *node, const char *local)
{
    const struct fc_tree *types = fc_tree_types(node);
    for (size_t i = 0; i < fc_tree_count(types); i++) {
        const char *type = fc_tree_text(fc_tree_at(types, i));
        if (type && strcmp(fc_iri_local(type), local) == 0)
            return true;
    }
    return false;
}

bool fc_tree_type_names(const struct fc_tree *node, const char *part)
{
    const struct fc_tree *types = fc_tree_types(node);
    for (size_t i = 0; i < fc_tree_count(types); i++) {
        const char *type = fc_tree_text(fc_tree_at(types, i));
        if (type && strstr(type, part))
            return true;
    }
    return false;
}

bool fc_tree_context_names(const struct fc_tree *node, const char *part)
{
    const struct fc_tree *context = fc_tree_exact(node, "@context"), *value;
    for (size_t i = 0; i < fc_tree_count(context); i++) {
        const struct fc_tree *item = fc_tree_at(context, i);
        const char *text = fc_tree_text(item);
        void *cursor = NULL;
        if (text && strstr(text, part))
            return true;
        while (fc_tree_next(item, &cursor, &value))
            if (fc_tree_text(value) && strstr(fc_tree_text(value), part))
                return true;
    }
    return false;
}

const char *fc_tree_prefix(const struct fc_tree *node, const char *prefix, size_t len)
{
    const struct fc_tree *context = fc_tree_exact(node, "@context"), *value;
    for (size_t i = 0; i < fc_tree_count(context); i++) {
        const char *key;
        void *cursor = NULL;
        while ((key = fc_tree_next(fc_tree_at(context, i), &cursor, &value))) {
            const char *base = fc_tree_text(value);
            if (base && strlen(key) == len && memcmp(key, prefix, len) == 0 && fc_iri_ok(base))
                return base;
        }
    }
    return NULL;
}

bool fc_tree_is_json_ld(const struct fc_tree *node)
{
    const struct fc_tree *value;
    const char *key;
    void *cursor = NULL;
    node = fc_tree_at(node, 0); /* expanded JSON-LD is an array, and has no context */
    while ((key = fc_tree_next(node, &cursor, &value)))
        if (key[0] == '@')
            return true;
    return false;
}

void fc_tree_complete(struct fc_tree *object, const char *name, const struct fc_tree *value)
{
    if (value && !fc_tree_get(object, name))
        json_object_set((json_t *)object, name, json(value));
}

void fc_tree_complete_time(struct fc_tree *object, const char *name, const struct fc_tree *seconds)
{
    char text[32];
    if (!json_is_integer(json(seconds)) || fc_tree_get(object, name))
        return;
    fc_time_text(json_integer_value(json(seconds)), text);
    if (text[0] != '\0')
        json_object_set_new((json_t *)object, name, json_string(text));
}

struct fc_tree *fc_tree_own(struct fc_tree *object, const char *name)
{
    json_t *value = json_object_get((json_t *)object, name);
    return json_is_object(value) ? (struct fc_tree *)value : NULL;
}
