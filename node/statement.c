#include "node/statement.h"

#include <string.h>

#include "store/document_rules.h"
#include "store/document_text.h"

/* -- values ------------------------------------------------------------------------------------ */

const struct fc_json_value *fc_statement_get(const struct fc_json_value *node, const char *name)
{
    const struct fc_json_value *value = fc_json_get(node, name);
    void *cursor = NULL;
    if (value || fc_json_kind(node) != FC_JSON_OBJECT) {
        return value;
    }
    for (const char *key; (key = fc_json_next(node, &cursor, &value));) {
        if (key[0] != '@' && strcmp(fc_iri_local(key), name) == 0) {
            return value;
        }
    }
    return NULL;
}

size_t fc_statement_count(const struct fc_json_value *value)
{
    return fc_json_kind(value) == FC_JSON_ARRAY ? fc_json_count(value) : value != NULL;
}

const struct fc_json_value *fc_statement_at(const struct fc_json_value *value, size_t index)
{
    return fc_json_kind(value) == FC_JSON_ARRAY ? fc_json_at(value, index) : value;
}

static const char *own_id(const struct fc_json_value *node)
{
    const char *id = fc_json_get_text(node, "@id");
    return id ? id : fc_json_get_text(node, "id");
}

const char *fc_statement_id(const struct fc_json_value *value)
{
    const char *text = fc_json_as_text(value);
    return text ? text : own_id(value);
}

const char *fc_statement_text(const struct fc_json_value *value)
{
    value = fc_statement_at(value, 0);
    const char *text = fc_json_as_text(value);
    return text ? text : fc_json_get_text(value, "@value");
}

static const struct fc_json_value *types_of(const struct fc_json_value *node)
{
    const struct fc_json_value *types = fc_json_get(node, "@type");
    return types ? types : fc_json_get(node, "type");
}

bool fc_statement_is(const struct fc_json_value *node, const char *type)
{
    const struct fc_json_value *types = types_of(node);
    for (size_t i = 0; i < fc_statement_count(types); i++) {
        const char *text = fc_json_as_text(fc_statement_at(types, i));
        if (text && strcmp(fc_iri_local(text), type) == 0) {
            return true;
        }
    }
    return false;
}

const struct fc_json_value *fc_statement_main(const struct fc_statement *statement,
                                              const char **type)
{
    const struct fc_json_value *best = NULL;
    const char *best_type = NULL;
    unsigned best_rank = 0;
    for (size_t i = 0; i < statement->count; i++) {
        const struct fc_json_value *types = types_of(statement->nodes[i]);
        for (size_t k = 0; k < fc_statement_count(types); k++) {
            const char *text = fc_json_as_text(fc_statement_at(types, k));
            unsigned rank = fc_document_kind(text ? fc_iri_local(text) : "")->rank;
            if (!best || rank < best_rank) {
                best = statement->nodes[i];
                best_rank = rank;
                best_type = text;
            }
        }
    }
    if (type) {
        *type = best_type;
    }
    return best ? best : statement->count > 0 ? statement->nodes[0] : NULL;
}

const struct fc_json_value *fc_statement_resolve(const struct fc_statement *statement,
                                                 const struct fc_json_value *value)
{
    const char *id = fc_statement_id(value);
    for (size_t i = 0; id && i < statement->count; i++) {
        const char *other = own_id(statement->nodes[i]);
        if (other && strcmp(other, id) == 0) {
            return statement->nodes[i];
        }
    }
    return value;
}

/* -- taking apart ------------------------------------------------------------------------------ */

static enum fc_err take(struct fc_statement *out, const struct fc_json_value *value,
                        unsigned depth);

static enum fc_err take_text(struct fc_statement *out, struct fc_span text, unsigned depth)
{
    struct fc_json_value *value = NULL;
    if (out->owned_count == FC_STATEMENT_OWNED_MAX) {
        return FC_OK;
    }
    enum fc_err err = fc_json_parse(text, &value, NULL);
    if (err != FC_OK) {
        return err;
    }
    out->owned[out->owned_count++] = value;
    return take(out, value, depth);
}

static enum fc_err take_token(struct fc_statement *out, struct fc_span token, unsigned depth)
{
    struct fc_jwt jwt;
    struct fc_buf payload = {0};
    if (!fc_jwt_split(token, &jwt)) {
        return FC_E_JSON;
    }
    enum fc_err err = fc_base64url_decode(jwt.payload, &payload);
    if (err == FC_OK) {
        err = take_text(out, fc_buf_span(&payload), depth + 1);
    }
    fc_buf_finish(&payload);
    return err == FC_E_FORMAT ? FC_E_JSON : err;
}

/* A reference is worth nothing as a node. */
static bool says_something(const struct fc_json_value *node)
{
    const struct fc_json_value *value;
    void *cursor = NULL;
    size_t members = 0;
    while (fc_json_next(node, &cursor, &value)) {
        members++;
    }
    return members > 1;
}

static void add(struct fc_statement *out, const struct fc_json_value *node)
{
    if (out->count < FC_STATEMENT_NODES_MAX && says_something(node)) {
        out->nodes[out->count++] = node;
    }
}

static enum fc_err take_members(struct fc_statement *out, const struct fc_json_value *node,
                                unsigned depth)
{
    static const char *const inside[] = {
        "credentialSubject",
        "verifiableCredential",
        "verifiableCredentials",
        "@graph",
        "claims",
        "selfDescriptionCredential",
        "jwtCredential",
        "vc",
        "vp",
    };
    enum fc_err err = FC_OK;
    for (size_t i = 0; err == FC_OK && i < sizeof inside / sizeof inside[0]; i++) {
        err = take(out, fc_statement_get(node, inside[i]), depth + 1);
    }
    return err;
}

static enum fc_err take(struct fc_statement *out, const struct fc_json_value *value, unsigned depth)
{
    const char *text = fc_statement_id(value);
    struct fc_span token = text ? fc_jwt_in_data_url(text) : fc_span(NULL, 0);
    struct fc_jwt jwt;
    enum fc_err err = FC_OK;
    if (!value || depth > FC_STATEMENT_DEPTH_MAX) {
        return FC_OK;
    }
    if (token.len > 0) {
        return take_token(out, token, depth);
    }
    switch (fc_json_kind(value)) {
    case FC_JSON_ARRAY:
        for (size_t i = 0; err == FC_OK && i < fc_json_count(value); i++) {
            err = take(out, fc_json_at(value, i), depth + 1);
        }
        return err;
    case FC_JSON_TEXT:
        return fc_jwt_split(fc_span_str(text), &jwt) ? take_token(out, fc_span_str(text), depth)
                                                     : FC_OK;
    case FC_JSON_OBJECT:
        err = take_members(out, value, depth);
        add(out, value);
        return err;
    case FC_JSON_NONE:
    case FC_JSON_NULL:
    case FC_JSON_BOOL:
    case FC_JSON_INT:
    case FC_JSON_REAL:
        return FC_OK;
    }
    return FC_OK;
}

enum fc_err fc_statement_read(struct fc_span content, struct fc_statement *out)
{
    struct fc_jwt jwt;
    out->count = 0;
    out->owned_count = 0;
    return fc_jwt_split(content, &jwt) ? take_token(out, content, 0) : take_text(out, content, 0);
}

void fc_statement_finish(struct fc_statement *statement)
{
    for (size_t i = 0; i < statement->owned_count; i++) {
        fc_json_free(statement->owned[i]);
    }
    statement->count = 0;
    statement->owned_count = 0;
}
