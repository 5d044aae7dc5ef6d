#include "sim/yaml.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "store/pack.h"

struct reader {
    yaml_parser_t parser;
    struct fc_span text;
    uint32_t nodes;
    struct fc_yaml_fault *fault;
};

static enum fc_err fail(struct reader *reader, enum fc_err err, yaml_mark_t mark, const char *text)
{
    reader->fault->line = (uint32_t)mark.line + 1;
    reader->fault->column = (uint32_t)mark.column + 1;
    snprintf(reader->fault->text, sizeof reader->fault->text, "%s", text);
    return err;
}

/* The parser tells the place of what cannot be a character as an offset alone. */
static enum fc_err fail_at_offset(struct reader *reader, size_t offset)
{
    yaml_mark_t mark = {0};
    for (size_t i = 0; i < offset && i < reader->text.len; i++) {
        bool next = reader->text.data[i] == '\n';
        mark.line += next;
        mark.column = next ? 0 : mark.column + 1;
    }
    return fail(reader, FC_E_FORMAT, mark, "not text in UTF-8: a byte here stands for no letter");
}

static enum fc_err next(struct reader *reader, yaml_event_t *event)
{
    if (yaml_parser_parse(&reader->parser, event))
        return FC_OK;
    const yaml_parser_t *parser = &reader->parser;
    if (parser->error == YAML_MEMORY_ERROR)
        return FC_E_NOMEM;
    if (parser->error == YAML_READER_ERROR)
        return fail_at_offset(reader, parser->problem_offset);
    char text[sizeof reader->fault->text];
    snprintf(text, sizeof text, "not YAML: %s%s%s",
             parser->problem ? parser->problem : "it cannot be read", parser->context ? ", " : "",
             parser->context ? parser->context : "");
    return fail(reader, FC_E_FORMAT, parser->problem_mark, text);
}

static enum fc_err count_node(struct reader *reader, yaml_mark_t mark)
{
    if (++reader->nodes <= FC_YAML_NODES_MAX)
        return FC_OK;
    return fail(reader, FC_E_BOUND, mark, "too many values");
}

static enum fc_err plain_only(struct reader *reader, const yaml_event_t *event, const void *anchor,
                              const void *tag)
{
    if (anchor)
        return fail(reader, FC_E_FORMAT, event->start_mark,
                    "anchors are not taken here; write the value where it belongs");
    if (tag)
        return fail(reader, FC_E_FORMAT, event->start_mark,
                    "tags are not taken here; leave it out");
    return FC_OK;
}

static enum fc_err take_scalar(struct reader *reader, const yaml_event_t *event,
                               struct fc_yaml_node *node)
{
    const char *value = (const char *)event->data.scalar.value;
    enum fc_err err = plain_only(reader, event, event->data.scalar.anchor, event->data.scalar.tag);
    if (err != FC_OK)
        return err;
    struct fc_span text = fc_span(value, event->data.scalar.length);
    if (memchr(value, 0, text.len) || !fc_utf8_valid(text))
        return fail(reader, FC_E_FORMAT, event->start_mark, "text must be UTF-8 without a zero");
    node->kind = FC_YAML_SCALAR;
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    node->text = (char *)fc_span_dup(text);
    return node->text ? FC_OK : FC_E_NOMEM;
}

static enum fc_err make_room(struct fc_yaml_node *node)
{
    if (node->count < node->room)
        return FC_OK;
    uint32_t room = node->room ? 2 * node->room : 4;
    struct fc_yaml_node *nodes = realloc(node->nodes, room * sizeof *nodes);
    if (!nodes)
        return FC_E_NOMEM;
    node->nodes = nodes;
    if (node->kind == FC_YAML_MAP) {
        struct fc_yaml_node *keys = realloc(node->keys, room * sizeof *keys);
        if (!keys)
            return FC_E_NOMEM;
        node->keys = keys;
    }
    node->room = room;
    return FC_OK;
}

static enum fc_err take_key(struct reader *reader, const yaml_event_t *event,
                            const struct fc_yaml_node *map, struct fc_yaml_node *key)
{
    key->line = (uint32_t)event->start_mark.line + 1;
    key->column = (uint32_t)event->start_mark.column + 1;
    if (event->type != YAML_SCALAR_EVENT)
        return fail(reader, FC_E_FORMAT, event->start_mark, "a key must be a word");
    if (map->count == FC_YAML_KEYS_MAX)
        return fail(reader, FC_E_BOUND, event->start_mark, "too many keys in one map");
    enum fc_err err = count_node(reader, event->start_mark);
    if (err == FC_OK)
        err = take_scalar(reader, event, key);
    for (uint32_t i = 0; err == FC_OK && i < map->count; i++) {
        char text[120], shown[48];
        if (strcmp(map->keys[i].text, key->text) != 0)
            continue;
        fc_yaml_show(key->text, shown, sizeof shown);
        snprintf(text, sizeof text, "key '%s' is given twice, first in line %u", shown,
                 map->keys[i].line);
        err = fail(reader, FC_E_FORMAT, event->start_mark, text);
    }
    return err;
}

static enum fc_err take(struct reader *reader, const yaml_event_t *event, unsigned depth,
                        struct fc_yaml_node *node);

static enum fc_err take_child(struct reader *reader, yaml_event_t *event, unsigned depth,
                              struct fc_yaml_node *node)
{
    enum fc_err err = make_room(node);
    if (err != FC_OK)
        return err;
    struct fc_yaml_node *child = &node->nodes[node->count];
    *child = (struct fc_yaml_node){0};
    if (node->kind == FC_YAML_MAP) {
        struct fc_yaml_node *key = &node->keys[node->count];
        *key = (struct fc_yaml_node){0};
        err = take_key(reader, event, node, key);
        yaml_event_delete(event);
        if (err == FC_OK)
            err = next(reader, event);
    }
    node->count++; /* a child in parts is freed with the others */
    return err == FC_OK ? take(reader, event, depth, child) : err;
}

/* Up to the end of the list or map that has begun. */
static enum fc_err take_children(struct reader *reader, unsigned depth, struct fc_yaml_node *node)
{
    enum fc_err err = FC_OK;
    bool end = false;
    while (err == FC_OK && !end) {
        yaml_event_t event;
        err = next(reader, &event);
        if (err != FC_OK)
            return err;
        end = event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT;
        if (!end)
            err = take_child(reader, &event, depth, node);
        yaml_event_delete(&event);
    }
    return err;
}

static enum fc_err take(struct reader *reader, const yaml_event_t *event, unsigned depth,
                        struct fc_yaml_node *node)
{
    bool list = event->type == YAML_SEQUENCE_START_EVENT;
    enum fc_err err = count_node(reader, event->start_mark);
    node->line = (uint32_t)event->start_mark.line + 1;
    node->column = (uint32_t)event->start_mark.column + 1;
    if (err != FC_OK)
        return err;
    if (event->type == YAML_ALIAS_EVENT)
        return fail(reader, FC_E_FORMAT, event->start_mark,
                    "aliases are not taken here; write the value again");
    if (event->type == YAML_SCALAR_EVENT)
        return take_scalar(reader, event, node);
    assert(list || event->type == YAML_MAPPING_START_EVENT);
    node->kind = list ? FC_YAML_LIST : FC_YAML_MAP;
    err = list ? plain_only(reader, event, event->data.sequence_start.anchor,
                            event->data.sequence_start.tag)
               : plain_only(reader, event, event->data.mapping_start.anchor,
                            event->data.mapping_start.tag);
    if (err != FC_OK)
        return err;
    if (depth == FC_YAML_DEPTH_MAX)
        return fail(reader, FC_E_BOUND, event->start_mark, "lists and maps within others too deep");
    return take_children(reader, depth + 1, node);
}

static enum fc_err take_document(struct reader *reader, struct fc_yaml_node *root)
{
    enum fc_err err = FC_OK;
    bool taken = false, more = true;
    while (err == FC_OK && more) {
        yaml_event_t event;
        err = next(reader, &event);
        if (err != FC_OK)
            return err;
        more = event.type != YAML_STREAM_END_EVENT;
        if (event.type == YAML_DOCUMENT_START_EVENT && taken)
            err = fail(reader, FC_E_FORMAT, event.start_mark,
                       "a second document begins; one file holds one");
        if (event.type == YAML_SCALAR_EVENT || event.type == YAML_SEQUENCE_START_EVENT ||
            event.type == YAML_MAPPING_START_EVENT || event.type == YAML_ALIAS_EVENT) {
            taken = true;
            err = take(reader, &event, 0, root);
        }
        yaml_event_delete(&event);
    }
    return err;
}

enum fc_err fc_yaml_parse(struct fc_span text, size_t bytes_max, struct fc_yaml_node *root,
                          struct fc_yaml_fault *fault)
{
    struct reader reader = {.text = text, .fault = fault};
    *root = (struct fc_yaml_node){.kind = FC_YAML_MAP, .line = 1, .column = 1};
    *fault = (struct fc_yaml_fault){.line = 1, .column = 1, .text = "out of memory"};
    if (text.len > bytes_max) {
        fault->line = fault->column = 0; /* of the whole */
        snprintf(fault->text, sizeof fault->text, "larger than %zu bytes", bytes_max);
        return FC_E_BOUND;
    }
    if (!yaml_parser_initialize(&reader.parser))
        return FC_E_NOMEM;
    yaml_parser_set_input_string(&reader.parser, text.len ? text.data : (const uint8_t *)"",
                                 text.len);
    enum fc_err err = take_document(&reader, root);
    yaml_parser_delete(&reader.parser);
    if (err != FC_OK)
        fc_yaml_finish(root);
    return err;
}

void fc_yaml_finish(struct fc_yaml_node *root)
{
    for (uint32_t i = 0; i < root->count; i++) {
        fc_yaml_finish(&root->nodes[i]);
        if (root->keys)
            free(root->keys[i].text);
    }
    free(root->nodes);
    free(root->keys);
    free(root->text);
    *root = (struct fc_yaml_node){0};
}

const struct fc_yaml_node *fc_yaml_find(const struct fc_yaml_node *map, const char *key)
{
    if (map->kind != FC_YAML_MAP)
        return NULL;
    for (uint32_t i = 0; i < map->count; i++)
        if (strcmp(map->keys[i].text, key) == 0)
            return &map->nodes[i];
    return NULL;
}

void fc_yaml_show(const char *text, char *out, size_t out_bytes)
{
    size_t len = strlen(text), used = 0;
    bool cut = len >= out_bytes;
    size_t take = cut ? out_bytes - 4 : len;
    for (size_t i = 0; i < take; i++)
        out[used++] = text[i] > 0x1f && text[i] < 0x7f ? text[i] : '?';
    if (cut)
        for (int i = 0; i < 3; i++)
            out[used++] = '.';
    out[used] = 0;
}
