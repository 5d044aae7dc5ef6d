#include "node/bootfile.h"

#include <stdlib.h>
#include <string.h>

#include "node/config.h"
#include "node/file.h"
#include "store/record.h"

void fc_bootfile_finish(struct fc_bootfile *file)
{
    free(file->nodes);
    fc_buf_finish(&file->charter);
    *file = (struct fc_bootfile){0};
}

enum fc_err fc_bootfile_add(struct fc_bootfile *file, const struct fc_key *key,
                            struct fc_span endpoint)
{
    if (endpoint.len > FC_TEXT_BYTES_MAX) {
        return FC_E_BOUND;
    }
    for (uint32_t i = 0; i < file->node_count; i++) {
        if (fc_key_eq(&file->nodes[i].key, key) &&
            fc_span_eq(fc_span_str(file->nodes[i].endpoint), endpoint)) {
            return FC_OK;
        }
    }
    if (file->node_count == FC_BOOTFILE_NODES_MAX) {
        return FC_E_BOUND;
    }
    struct fc_bootfile_node *grown =
        realloc(file->nodes, (file->node_count + 1) * sizeof *file->nodes);
    if (!grown) {
        return FC_E_NOMEM;
    }
    file->nodes = grown;
    struct fc_bootfile_node *node = &grown[file->node_count++];
    *node = (struct fc_bootfile_node){.key = *key};
    memcpy(node->endpoint, endpoint.data, endpoint.len);
    return FC_OK;
}

static enum fc_err fail(enum fc_err err, const char *text, char *fault, size_t fault_bytes)
{
    snprintf(fault, fault_bytes, "%s", text);
    return err;
}

/* The charter must be of version 1 and hash to the federation id. */
static enum fc_err take_charter(struct fc_span bytes, struct fc_bootfile *out, bool id_known,
                                char *fault, size_t fault_bytes)
{
    struct fc_record record;
    struct fc_charter charter;
    if (fc_record_parse(bytes, &record) != FC_OK || record.type != FC_RECORD_CHARTER ||
        fc_charter_parse(&record, &charter) != FC_OK || charter.version != 1) {
        return fail(FC_E_FORMAT, "holds no charter of version 1", fault, fault_bytes);
    }
    if (id_known && !fc_hash_eq(&out->federation, &record.hash)) {
        return fail(FC_E_FEDERATION, "its charter does not hash to its federation id", fault,
                    fault_bytes);
    }
    out->federation = record.hash;
    fc_buf_append(&out->charter, bytes.data, bytes.len);
    return fc_buf_check(&out->charter);
}

static enum fc_err take_nodes(const struct fc_json_value *nodes, struct fc_bootfile *out,
                              char *fault, size_t fault_bytes)
{
    for (size_t i = 0; i < fc_json_count(nodes); i++) {
        const struct fc_json_value *node = fc_json_at(nodes, i);
        const char *endpoint = fc_json_get_text(node, "endpoint");
        struct fc_key key;
        if (!endpoint || !fc_config_endpoint_fits(endpoint) ||
            fc_json_get_hex32(node, "key", key.b) != FC_OK) {
            return fail(FC_E_FORMAT, "a node needs an endpoint (tcp://host:port) and a key", fault,
                        fault_bytes);
        }
        enum fc_err err = fc_bootfile_add(out, &key, fc_span_str(endpoint));
        if (err != FC_OK) {
            return fail(err, "names too many nodes", fault, fault_bytes);
        }
    }
    return FC_OK;
}

static enum fc_err take_charter_hex(const char *hex, struct fc_bootfile *out, char *fault,
                                    size_t fault_bytes)
{
    struct fc_buf bytes = {0};
    size_t len = strlen(hex) / 2;
    uint8_t *room = fc_buf_extend(&bytes, len);
    enum fc_err err = room ? fc_unhex(hex, room, len) : FC_E_NOMEM;
    if (err == FC_OK && strlen(hex) != 2 * len) {
        err = FC_E_FORMAT;
    }
    if (err == FC_OK) {
        err = take_charter(fc_buf_span(&bytes), out, true, fault, fault_bytes);
    } else {
        snprintf(fault, fault_bytes, "its charter is no hexadecimal text");
    }
    fc_buf_finish(&bytes);
    return err;
}

static enum fc_err take_json(const struct fc_json_value *top, struct fc_bootfile *out, char *fault,
                             size_t fault_bytes)
{
    uint64_t format = 0;
    if (fc_json_get_uint(top, "fedcat", &format) != FC_OK) {
        return fail(FC_E_FORMAT, "is no bootstrap file: \"fedcat\": 1 is missing", fault,
                    fault_bytes);
    }
    if (format != 1) {
        return fail(FC_E_VERSION, "is in a newer format", fault, fault_bytes);
    }
    if (fc_json_get_hex32(top, "federation", out->federation.b) != FC_OK) {
        return fail(FC_E_FORMAT, "\"federation\" must be 64 hexadecimal digits", fault,
                    fault_bytes);
    }
    enum fc_err err = take_nodes(fc_json_get(top, "nodes"), out, fault, fault_bytes);
    const char *charter = fc_json_get_text(top, "charter");
    if (err == FC_OK && charter && *charter) {
        err = take_charter_hex(charter, out, fault, fault_bytes);
    }
    return err;
}

enum fc_err fc_bootfile_parse(struct fc_span bytes, struct fc_bootfile *out, char *fault,
                              size_t fault_bytes)
{
    *out = (struct fc_bootfile){0};
    fault[0] = 0;
    enum fc_err err;
    if (bytes.len > FC_BOOTFILE_BYTES_MAX) {
        return fail(FC_E_BOUND, "is too large for a bootstrap file", fault, fault_bytes);
    }
    if (bytes.len > 0 && bytes.data[0] == 0x93) { /* a record: an array of three */
        err = take_charter(bytes, out, false, fault, fault_bytes);
    } else {
        struct fc_json_value *top = NULL;
        struct fc_json_fault where = {0};
        err = fc_json_parse(bytes, &top, &where);
        if (err == FC_OK) {
            err = take_json(top, out, fault, fault_bytes);
        } else {
            snprintf(fault, fault_bytes, "line %u: %s", where.line, where.text);
        }
        fc_json_free(top);
    }
    if (err != FC_OK) {
        fc_bootfile_finish(out);
    }
    return err;
}

enum fc_err fc_bootfile_from_endpoint(const char *text, struct fc_bootfile *out)
{
    struct fc_key key;
    *out = (struct fc_bootfile){0};
    const char *hash = strchr(text, '#');
    if (!hash || hash - text > FC_TEXT_BYTES_MAX || strlen(hash + 1) != 129 || hash[65] != '@') {
        return FC_E_FORMAT;
    }
    char digits[65] = {0}, endpoint[FC_TEXT_BYTES_MAX + 1] = {0};
    memcpy(digits, hash + 1, 64);
    memcpy(endpoint, text, (size_t)(hash - text));
    if (!fc_config_endpoint_fits(endpoint) || fc_unhex(digits, key.b, 32) != FC_OK ||
        fc_unhex(hash + 66, out->federation.b, 32) != FC_OK) {
        return FC_E_FORMAT;
    }
    return fc_bootfile_add(out, &key, fc_span_str(endpoint));
}

enum fc_err fc_bootfile_print(const struct fc_bootfile *file, FILE *out)
{
    struct fc_json *json = fc_json_create();
    struct fc_record record;
    struct fc_charter charter;
    fc_json_object(json, NULL);
    fc_json_uint(json, "fedcat", 1);
    fc_json_hash(json, "federation", &file->federation);
    if (file->charter.len && fc_record_parse(fc_buf_span(&file->charter), &record) == FC_OK &&
        fc_charter_parse(&record, &charter) == FC_OK) {
        fc_json_span(json, "name", charter.name);
    }
    fc_json_array(json, "nodes");
    for (uint32_t i = 0; i < file->node_count; i++) {
        fc_json_object(json, NULL);
        fc_json_text(json, "endpoint", file->nodes[i].endpoint);
        fc_json_key(json, "key", &file->nodes[i].key);
        fc_json_end(json);
    }
    fc_json_end(json);
    if (file->charter.len) {
        fc_json_hex(json, "charter", file->charter.data, file->charter.len);
    }
    fc_json_end(json);
    enum fc_err err = fc_json_print(json, out, true);
    fc_json_destroy(json);
    return err;
}

enum fc_err fc_bootfile_load(const struct fc_home *home, struct fc_bootfile *out)
{
    struct fc_buf bytes = {0};
    char fault[200];
    char *path = fc_home_path(home, "bootstrap.json");
    *out = (struct fc_bootfile){0};
    enum fc_err err = path ? fc_file_read(path, FC_BOOTFILE_BYTES_MAX, &bytes) : FC_E_NOMEM;
    if (err == FC_OK) {
        err = fc_bootfile_parse(fc_buf_span(&bytes), out, fault, sizeof fault);
    }
    fc_buf_finish(&bytes);
    free(path);
    return err;
}

static void merge(struct fc_bootfile *file, const struct fc_bootfile *old)
{
    if (!fc_hash_eq(&file->federation, &old->federation)) {
        return;
    }
    for (uint32_t i = 0; i < old->node_count; i++) {
        /* A full list is no reason to fail: the new file's nodes come first. */
        if (fc_bootfile_add(file, &old->nodes[i].key, fc_span_str(old->nodes[i].endpoint)) !=
            FC_OK) {
            break;
        }
    }
    if (file->charter.len == 0) {
        fc_buf_append(&file->charter, old->charter.data, old->charter.len);
    }
}

enum fc_err fc_bootfile_save(const struct fc_home *home, struct fc_bootfile *file)
{
    struct fc_bootfile old;
    char *text = NULL, *path = fc_home_path(home, "bootstrap.json");
    size_t len = 0;
    if (fc_bootfile_load(home, &old) == FC_OK) {
        merge(file, &old);
    }
    fc_bootfile_finish(&old);
    FILE *memory = open_memstream(&text, &len);
    enum fc_err err = memory && path ? fc_bootfile_print(file, memory) : FC_E_NOMEM;
    if (memory && fclose(memory) != 0 && err == FC_OK) {
        err = FC_E_NOMEM;
    }
    if (err == FC_OK) {
        err = fc_file_write(path, fc_span(text, len), 0600, false);
    }
    free(text);
    free(path);
    return err;
}
