#include "node/ces_event.h"

#include <stdio.h>
#include <string.h>

#include "node/base64.h"
#include "node/jcs.h"
#include "node/statement.h"
#include "store/document.h"
#include "store/document_text.h"

enum { ID_BYTES = 88 }; /* epoch, index, version, participant, H(key) */
static const char jcs[] = "RFC8785:JCS";

/* -- identifiers ------------------------------------------------------------------------------- */

char *fc_ces_id_write(const struct fc_ces_id *id, char out[FC_CES_ID_BYTES])
{
    uint8_t packed[ID_BYTES];
    struct fc_buf text = {0};
    fc_put_be64(packed, id->epoch);
    fc_put_be64(packed + 8, id->mark.index);
    fc_put_be64(packed + 16, id->mark.version);
    memcpy(packed + 24, id->participant.b, 32);
    memcpy(packed + 56, id->mark.key_hash.b, 32);
    fc_base64url_encode(fc_span(packed, sizeof packed), &text);
    snprintf(out, FC_CES_ID_BYTES, "%.*s", (int)text.len, text.data ? (char *)text.data : "");
    fc_buf_finish(&text);
    return out;
}

enum fc_err fc_ces_id_read(struct fc_span text, struct fc_ces_id *out)
{
    struct fc_buf packed = {0};
    *out = (struct fc_ces_id){.epoch = 0};
    enum fc_err err = text.len < FC_CES_ID_BYTES ? fc_base64url_decode(text, &packed) : FC_E_FORMAT;
    if (err == FC_OK && packed.len != ID_BYTES) {
        err = FC_E_FORMAT;
    }
    if (err == FC_OK) {
        out->epoch = fc_get_be64(packed.data);
        out->mark.index = fc_get_be64(packed.data + 8);
        out->mark.version = fc_get_be64(packed.data + 16);
        memcpy(out->participant.b, packed.data + 24, 32);
        memcpy(out->mark.key_hash.b, packed.data + 56, 32);
    }
    fc_buf_finish(&packed);
    return err;
}

/* -- writing ----------------------------------------------------------------------------------- */

static const char *type_of(const struct fc_document *document)
{
    static const char *const types[][2] = {
        {"did", "eu.fedcat.did"},
        {"dataset", "eu.fedcat.dataset"},
        {"data service", "eu.fedcat.data-service"},
    };
    bool credential = document->format && (strcmp(document->format, "loire") == 0 ||
                                           strcmp(document->format, "tagus") == 0);
    if (credential) {
        return "eu.gaia-x.credential";
    }
    for (size_t i = 0; document->kind && i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(document->kind, types[i][0]) == 0) {
            return types[i][1];
        }
    }
    return "eu.fedcat.document";
}

struct fc_ces_kind fc_ces_kind(struct fc_span content)
{
    struct fc_document document;
    struct fc_ces_kind kind = {.type = "eu.fedcat.document"};
    if (fc_document_read(content, &document, NULL) == FC_OK) {
        bool tagus = document.format && strcmp(document.format, "tagus") == 0;
        kind = (struct fc_ces_kind){type_of(&document), tagus ? "22.10" : NULL};
    }
    fc_document_finish(&document);
    return kind;
}

/* The type of what it is about, as the credential has it. */
static void write_subject_type(struct fc_json *json, struct fc_span content)
{
    struct fc_statement statement;
    const char *type = NULL;
    if (fc_statement_read(content, &statement) == FC_OK) {
        (void)fc_statement_main(&statement, &type);
    }
    if (type) {
        fc_json_text(json, "gx:type", type);
    }
    fc_statement_finish(&statement);
}

static void write_integrity(struct fc_json *json, struct fc_span content)
{
    struct fc_buf canonical = {0};
    char integrity[80] = "sha256-", fault[200];
    bool has_form = fc_jcs_write(content, &canonical, fault, sizeof fault) == FC_OK;
    struct fc_hash sha = fc_sha256(has_form ? fc_buf_span(&canonical) : content);
    fc_hex(sha.b, 32, integrity + 7);
    fc_json_text(json, "gx:integrity", integrity);
    if (has_form) {
        fc_json_text(json, "gx:integrityNormalization", jcs);
    }
    fc_buf_finish(&canonical);
}

/* What v1 says of a credential: where it is and what it hashes to. */
static void write_pointer(struct fc_json *json, const struct fc_ces_arrival *arrival,
                          const char *version)
{
    fc_json_object(json, "data");
    fc_json_text(json, "type", "gx:compliance");
    fc_json_array(json, "credentialSubject");
    fc_json_object(json, NULL);
    fc_json_text(json, "type", "gx:compliance");
    fc_json_span(json, "id", arrival->key);
    write_integrity(json, arrival->content);
    if (version) {
        fc_json_text(json, "gx:version", version);
    }
    write_subject_type(json, arrival->content);
    fc_json_end(json);
    fc_json_end(json);
    fc_json_end(json);
}

static void write_content(struct fc_json *json, const struct fc_ces_arrival *arrival)
{
    struct fc_buf text = {0};
    fc_base64_encode(arrival->content, &text);
    fc_json_span(json, "datacontenttype", arrival->media_type);
    fc_json_span(json, "data_base64", fc_buf_span(&text));
    fc_buf_finish(&text);
}

void fc_ces_event_write(struct fc_json *json, const struct fc_ces_arrival *arrival,
                        enum fc_ces_form form, const struct fc_ces_kind *kind)
{
    char id[FC_CES_ID_BYTES];
    fc_json_object(json, NULL);
    fc_json_text(json, "specversion", "1.0");
    fc_json_text(json, "type", kind->type);
    fc_json_span(json, "source", arrival->source);
    fc_json_span(json, "subject", arrival->key);
    fc_json_text(json, "id", fc_ces_id_write(&arrival->id, id));
    fc_json_time(json, "time", arrival->time_ms);
    fc_json_time(json, "cesreceiveddate", arrival->accepted_ms);
    if (form == FC_CES_V2) {
        write_content(json, arrival);
    } else {
        fc_json_text(json, "datacontenttype", "application/json");
        write_pointer(json, arrival, kind->version);
    }
    fc_json_end(json);
}

/* -- reading ----------------------------------------------------------------------------------- */

static enum fc_err fault_at(char *fault, size_t fault_bytes, const char *text)
{
    snprintf(fault, fault_bytes, "%s", text);
    return FC_E_FORMAT;
}

/* v1: a hash among the subjects makes them pointers. */
static bool read_pointers(const struct fc_json_value *data, struct fc_ces_event *out)
{
    const struct fc_json_value *subjects = fc_json_get(data, "credentialSubject");
    bool many = fc_json_kind(subjects) == FC_JSON_ARRAY, found = false;
    size_t count = many ? fc_json_count(subjects) : 1;
    for (size_t i = 0; i < count && !found; i++) {
        found = fc_json_get(many ? fc_json_at(subjects, i) : subjects, "gx:integrity");
    }
    out->pointers = found ? subjects : NULL;
    out->pointer_count = found ? count : 0;
    return found;
}

static enum fc_err read_data(const struct fc_json_value *value, struct fc_ces_event *out,
                             char *fault, size_t fault_bytes)
{
    const struct fc_json_value *data = fc_json_get(value, "data");
    const char *coded = fc_json_get_text(value, "data_base64");
    if (coded) {
        enum fc_err err = fc_base64_decode(fc_span_str(coded), &out->content);
        return err == FC_E_FORMAT ? fault_at(fault, fault_bytes, "data_base64 is no base 64") : err;
    }
    if (fc_json_as_text(data)) {
        const char *text = fc_json_as_text(data);
        fc_buf_append(&out->content, text, strlen(text));
        return fc_buf_check(&out->content);
    }
    if (fc_json_kind(data) != FC_JSON_OBJECT) {
        return fault_at(fault, fault_bytes, "there is neither data nor data_base64");
    }
    if (!read_pointers(data, out)) {
        return fc_json_dump(data, &out->content);
    }
    return out->pointer_count <= FC_CES_POINTERS_MAX
               ? FC_OK
               : fault_at(fault, fault_bytes, "it points at more credentials than events may");
}

enum fc_err fc_ces_event_read(const struct fc_json_value *value, struct fc_ces_event *out,
                              char *fault, size_t fault_bytes)
{
    *out = (struct fc_ces_event){.id = fc_json_get_text(value, "id"),
                                 .type = fc_json_get_text(value, "type"),
                                 .source = fc_json_get_text(value, "source"),
                                 .subject = fc_json_get_text(value, "subject")};
    const char *version = fc_json_get_text(value, "specversion");
    fault[0] = 0;
    if (fc_json_kind(value) != FC_JSON_OBJECT || !version || strcmp(version, "1.0") != 0) {
        return fault_at(fault, fault_bytes, "this is no CloudEvent of specversion 1.0");
    }
    if (!out->type || !out->type[0] || !out->source || !out->source[0]) {
        return fault_at(fault, fault_bytes, "a CloudEvent has a type and a source");
    }
    enum fc_err err = read_data(value, out, fault, fault_bytes);
    if (err == FC_OK && out->content.len == 0 && out->pointer_count == 0) {
        err = fault_at(fault, fault_bytes, "the document it holds is empty");
    }
    if (err == FC_OK && out->content.len > FC_CONTENT_BYTES_MAX) {
        err = fault_at(fault, fault_bytes, "the document is larger than entries may be");
    }
    return err;
}

void fc_ces_event_finish(struct fc_ces_event *event)
{
    fc_buf_finish(&event->content);
}

/* -- pointers ---------------------------------------------------------------------------------- */

static bool read_hash(const char *integrity, struct fc_hash *out)
{
    return integrity && strncmp(integrity, "sha256-", 7) == 0 && strlen(integrity) == 7 + 64 &&
           fc_unhex(integrity + 7, out->b, 32) == FC_OK;
}

enum fc_err fc_ces_pointer_read(const struct fc_ces_event *event, size_t index,
                                struct fc_ces_pointer *out, char *fault, size_t fault_bytes)
{
    bool many = fc_json_kind(event->pointers) == FC_JSON_ARRAY;
    const struct fc_json_value *one = many ? fc_json_at(event->pointers, index) : event->pointers;
    const struct fc_json_value *form = fc_json_get(one, "gx:integrityNormalization");
    const char *id = fc_json_get_text(one, "id"), *name = fc_json_as_text(form);
    *out = (struct fc_ces_pointer){.iri = id && fc_iri_ok(id) ? id : NULL,
                                   .canonical = name && strcmp(name, jcs) == 0};
    fault[0] = 0;
    if (!out->iri) {
        return fault_at(fault, fault_bytes, "points at a credential without an id that is an IRI");
    }
    if (!read_hash(fc_json_get_text(one, "gx:integrity"), &out->sha256)) {
        return fault_at(fault, fault_bytes,
                        "gx:integrity is not \"sha256-\" with 64 hexadecimal digits, so that "
                        "nobody could tell whether it is what was meant");
    }
    if (form && !out->canonical) {
        return fault_at(fault, fault_bytes,
                        "gx:integrityNormalization is another than RFC8785:JCS");
    }
    return FC_OK;
}

enum fc_err fc_ces_pointer_check(const struct fc_ces_pointer *pointer, struct fc_span content,
                                 char *fault, size_t fault_bytes)
{
    struct fc_buf canonical = {0};
    enum fc_err err = FC_OK;
    fault[0] = 0;
    if (pointer->canonical) {
        err = fc_jcs_write(content, &canonical, fault, fault_bytes);
        content = fc_buf_span(&canonical);
    }
    if (err == FC_OK) {
        struct fc_hash sha = fc_sha256(content);
        err = fc_hash_eq(&sha, &pointer->sha256) ? FC_OK : FC_E_SIGNATURE;
    }
    if (err == FC_E_SIGNATURE) {
        snprintf(fault, fault_bytes, "what is there does not hash to gx:integrity");
    }
    fc_buf_finish(&canonical);
    return err;
}
