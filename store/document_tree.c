#include "store/document_tree.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "store/document_text.h"

enum {
    DEPTH_MAX = 64,
    VALUES_MAX = 64 * 1024,
    BLOCK_BYTES = 12 * 1024,
};

enum kind { KIND_OTHER, KIND_INTEGER, KIND_REAL, KIND_TEXT, KIND_ARRAY, KIND_OBJECT };

/* Values lie in blocks that go with their root. */
struct block {
    struct block *next;
    size_t used, size;
};
struct arena {
    struct block *blocks;
};

struct fc_tree {
    enum kind kind;
    unsigned count;               /* of an array or object */
    const char *key, *local;      /* of a member, and what remains without its namespace */
    struct arena *arena;          /* of an object, for what is added */
    struct fc_tree *next;         /* beside it */
    struct fc_tree *first, *last; /* within it */
    const struct fc_tree **items; /* of an array */
    union {
        const char *text;
        int64_t integer;
        double real;
    };
};
struct root { /* in front of the top value */
    struct arena arena;
    struct fc_tree *top;
};

static void *take(struct arena *arena, size_t size)
{
    size_t align = alignof(max_align_t);
    struct block *block = arena->blocks;
    size = (size + align - 1) / align * align;
    if (!block || block->size - block->used < size) {
        size_t room = block ? 2 * block->size : (size_t)BLOCK_BYTES;
        size_t head = (sizeof *block + align - 1) / align * align;
        room = room < head + size ? head + size : room;
        block = malloc(room);
        if (!block)
            return NULL;
        *block = (struct block){.next = arena->blocks, .used = head, .size = room};
        arena->blocks = block;
    }
    void *taken = (uint8_t *)block + block->used;
    block->used += size;
    return taken;
}

static void free_blocks(struct arena *arena)
{
    for (struct block *block = arena->blocks, *next; block; block = next) {
        next = block->next;
        free(block);
    }
}

static const char *copy(struct arena *arena, const void *text, size_t len)
{
    char *made = take(arena, len + 1);
    if (made) {
        memcpy(made, text, len);
        made[len] = '\0';
    }
    return made;
}

/* -- reading ----------------------------------------------------------------------------------- */

struct reader {
    struct root *root;
    struct fc_tree *open[DEPTH_MAX + 1];
    unsigned depth;
    const char *key;
    unsigned values;
    bool failed, bound; /* no memory; too deep, or too many */
};

static struct fc_tree *add(struct reader *reader, enum kind kind)
{
    reader->bound = reader->bound || ++reader->values > VALUES_MAX;
    struct fc_tree *value = reader->bound ? NULL : take(&reader->root->arena, sizeof *value);
    if (!value) {
        reader->failed = true;
        return NULL;
    }
    *value = (struct fc_tree){.kind = kind, .arena = &reader->root->arena};
    if (reader->depth == 0) {
        reader->root->top = value;
        return value;
    }
    struct fc_tree *within = reader->open[reader->depth - 1];
    if (within->kind == KIND_OBJECT) {
        value->key = reader->key;
        value->local = fc_iri_local(reader->key);
    }
    if (within->last)
        within->last->next = value;
    else
        within->first = value;
    within->last = value;
    within->count++;
    return value;
}

static int on_other(void *ctx)
{
    return add(ctx, KIND_OTHER) != NULL;
}

static int on_bool(void *ctx, int value)
{
    (void)value;
    return add(ctx, KIND_OTHER) != NULL;
}

static int on_number(void *ctx, const char *text, size_t len)
{
    char digits[64];
    bool whole =
        len < 20 && !memchr(text, '.', len) && !memchr(text, 'e', len) && !memchr(text, 'E', len);
    bool known = len < sizeof digits; /* a longer one says nothing that is asked for */
    struct fc_tree *value = add(ctx, whole ? KIND_INTEGER : known ? KIND_REAL : KIND_OTHER);
    if (value && known) {
        memcpy(digits, text, len);
        digits[len] = '\0';
        if (whole)
            value->integer = strtoll(digits, NULL, 10);
        else
            value->real = strtod(digits, NULL);
    }
    return value != NULL;
}

static int on_text(void *ctx, const unsigned char *text, size_t len)
{
    struct reader *reader = ctx;
    struct fc_tree *value = add(reader, KIND_TEXT);
    if (value)
        value->text = copy(&reader->root->arena, text, len);
    reader->failed = reader->failed || !value || !value->text;
    return !reader->failed;
}

static int on_key(void *ctx, const unsigned char *text, size_t len)
{
    struct reader *reader = ctx;
    reader->key = copy(&reader->root->arena, text, len);
    reader->failed = reader->failed || !reader->key;
    return !reader->failed;
}

static int on_open(struct reader *reader, enum kind kind)
{
    reader->bound = reader->bound || reader->depth >= DEPTH_MAX;
    struct fc_tree *value = add(reader, kind);
    if (!value) {
        reader->failed = true;
        return 0;
    }
    reader->open[reader->depth++] = value;
    return 1;
}

static int on_object(void *ctx)
{
    return on_open(ctx, KIND_OBJECT);
}

static int on_array(void *ctx)
{
    return on_open(ctx, KIND_ARRAY);
}

static int on_object_end(void *ctx)
{
    ((struct reader *)ctx)->depth--;
    return 1;
}

static int on_array_end(void *ctx)
{
    struct reader *reader = ctx;
    struct fc_tree *array = reader->open[--reader->depth];
    if (array->count == 0)
        return 1;
    array->items = take(&reader->root->arena, array->count * sizeof *array->items);
    if (!array->items) {
        reader->failed = true;
        return 0;
    }
    size_t at = 0;
    for (const struct fc_tree *item = array->first; item; item = item->next)
        array->items[at++] = item;
    return 1;
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_other,
    .yajl_boolean = on_bool,
    .yajl_number = on_number,
    .yajl_string = on_text,
    .yajl_start_map = on_object,
    .yajl_map_key = on_key,
    .yajl_end_map = on_object_end,
    .yajl_start_array = on_array,
    .yajl_end_array = on_array_end,
};

static enum fc_err read_text(struct fc_span text, struct reader *reader,
                             struct fc_strict_fault *fault)
{
    yajl_handle parser = yajl_alloc(&callbacks, NULL, reader);
    if (!parser)
        return FC_E_NOMEM;
    yajl_status status = yajl_parse(parser, text.data, text.len);
    if (status == yajl_status_ok)
        status = yajl_complete_parse(parser);
    yajl_free(parser);
    if (reader->failed)
        return reader->bound ? FC_E_BOUND : FC_E_NOMEM;
    const struct fc_tree *top = reader->root->top;
    if (status == yajl_status_ok && top && top->kind >= KIND_ARRAY)
        return FC_OK;
    snprintf(fault->text, sizeof fault->text, "not JSON, or neither an object nor an array");
    return FC_E_JSON;
}

enum fc_err fc_tree_load(struct fc_span text, bool strict, struct fc_tree **root,
                         struct fc_strict_fault *fault)
{
    struct fc_json_size size = {0};
    *fault = (struct fc_strict_fault){0};
    *root = NULL;
    if (strict) /* jansson takes some hundred bytes for each value, before any is counted */
        size = fc_json_measure(text);
    if (size.depth > DEPTH_MAX || size.values > VALUES_MAX) {
        snprintf(fault->text, sizeof fault->text,
                 "JSON with %zu values nested %zu deep: at most %d and %d are read", size.values,
                 size.depth, VALUES_MAX, DEPTH_MAX);
        return FC_E_BOUND;
    }
    enum fc_err err = strict ? fc_strict_check(text, fault) : FC_OK;
    if (err != FC_OK)
        return err;
    struct arena arena = {0};
    struct root *made = take(&arena, sizeof *made);
    if (!made)
        return FC_E_NOMEM;
    *made = (struct root){.arena = arena};
    struct reader reader = {.root = made};
    err = read_text(text, &reader, fault);
    if (err != FC_OK) {
        arena = made->arena;
        free_blocks(&arena);
        return err;
    }
    *root = made->top;
    return FC_OK;
}

struct fc_tree *fc_tree_create_reference(const char *id)
{
    struct arena arena = {0};
    struct root *made = take(&arena, sizeof *made);
    if (!made)
        return NULL;
    *made = (struct root){.arena = arena};
    struct reader reader = {.root = made};
    bool whole = on_object(&reader) && on_key(&reader, (const unsigned char *)"id", 2) &&
                 on_text(&reader, (const unsigned char *)id, strlen(id));
    if (whole)
        return made->top;
    arena = made->arena;
    free_blocks(&arena);
    return NULL;
}

void fc_tree_destroy(struct fc_tree *top)
{
    if (!top)
        return;
    struct arena arena = *top->arena; /* which lies in one of its own blocks */
    free_blocks(&arena);
}

/* -- looking ----------------------------------------------------------------------------------- */

bool fc_tree_is_object(const struct fc_tree *value)
{
    return value && value->kind == KIND_OBJECT;
}

bool fc_tree_is_array(const struct fc_tree *value)
{
    return value && value->kind == KIND_ARRAY;
}

const char *fc_tree_text(const struct fc_tree *value)
{
    return value && value->kind == KIND_TEXT ? value->text : NULL;
}

bool fc_tree_uint(const struct fc_tree *value, uint64_t *out)
{
    double number = -1; /* NumericDate may have a fraction */
    if (value && value->kind == KIND_INTEGER)
        number = (double)value->integer;
    else if (value && value->kind == KIND_REAL)
        number = value->real;
    if (!(number >= 0) || number >= 9e15)
        return false;
    *out = (uint64_t)number;
    return true;
}

size_t fc_tree_count(const struct fc_tree *value)
{
    return fc_tree_is_array(value) ? value->count : value != NULL;
}

const struct fc_tree *fc_tree_at(const struct fc_tree *value, size_t index)
{
    if (!fc_tree_is_array(value))
        return value;
    return index < value->count ? value->items[index] : NULL;
}

const char *fc_tree_next(const struct fc_tree *object, void **cursor, const struct fc_tree **value)
{
    const struct fc_tree *before = *cursor;
    const struct fc_tree *member = before                      ? before->next
                                   : fc_tree_is_object(object) ? object->first
                                                               : NULL;
    *cursor = (void *)(uintptr_t)member;
    *value = member;
    return member ? member->key : NULL;
}

const struct fc_tree *fc_tree_exact(const struct fc_tree *object, const char *name)
{
    if (!fc_tree_is_object(object))
        return NULL;
    for (const struct fc_tree *member = object->first; member; member = member->next)
        if (member->key[0] == name[0] && strcmp(member->key, name) == 0)
            return member;
    return NULL;
}

const struct fc_tree *fc_tree_get(const struct fc_tree *object, const char *name)
{
    const struct fc_tree *found = NULL;
    if (!fc_tree_is_object(object))
        return NULL;
    for (const struct fc_tree *member = object->first; member; member = member->next) {
        if (member->local[0] != name[0] || strcmp(member->local, name) != 0) {
            if (member->key[0] == name[0] && strcmp(member->key, name) == 0)
                return member; /* a name that looks like an IRI */
            continue;
        }
        if (member->key == member->local)
            return member;
        if (!found && member->key[0] != '@')
            found = member;
    }
    return found;
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

/* A member that shows a value of this or another tree. */
static struct fc_tree *complete(struct fc_tree *object, const char *name)
{
    if (!fc_tree_is_object(object) || fc_tree_get(object, name))
        return NULL;
    struct fc_tree *member = take(object->arena, sizeof *member);
    const char *key = member ? copy(object->arena, name, strlen(name)) : NULL;
    if (!key)
        return NULL;
    *member = (struct fc_tree){.key = key, .local = key, .arena = object->arena};
    if (object->last)
        object->last->next = member;
    else
        object->first = member;
    object->last = member;
    object->count++;
    return member;
}

void fc_tree_complete(struct fc_tree *object, const char *name, const struct fc_tree *value)
{
    struct fc_tree *member = value ? complete(object, name) : NULL;
    if (!member)
        return;
    member->kind = value->kind;
    member->count = value->count;
    member->first = value->first;
    member->last = value->last;
    member->items = value->items;
    if (value->kind == KIND_INTEGER)
        member->integer = value->integer;
    else if (value->kind == KIND_REAL)
        member->real = value->real;
    else
        member->text = value->text;
}

void fc_tree_complete_time(struct fc_tree *object, const char *name, const struct fc_tree *seconds)
{
    char text[32];
    if (!seconds || seconds->kind != KIND_INTEGER || fc_tree_get(object, name))
        return;
    fc_time_text(seconds->integer, text);
    const char *made = text[0] != '\0' ? copy(object->arena, text, strlen(text)) : NULL;
    struct fc_tree *member = made ? complete(object, name) : NULL;
    if (!member)
        return;
    member->kind = KIND_TEXT;
    member->text = made;
}

struct fc_tree *fc_tree_own(struct fc_tree *object, const char *name)
{
    const struct fc_tree *value = fc_tree_exact(object, name);
    return fc_tree_is_object(value) ? (struct fc_tree *)(uintptr_t)value : NULL;
}
