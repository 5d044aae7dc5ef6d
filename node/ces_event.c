#include "node/ces_event.h"

#include <stdio.h>
#include <string.h>

#include "node/base64.h"
#include "store/document.h"
#include "store/document_text.h"

enum { ID_BYTES = 88 }; /* epoch, index, version, participant, H(key) */

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

const char *fc_ces_type(struct fc_span content)
{
    struct fc_document document;
    const char *type = "eu.fedcat.document";
    if (fc_document_read(content, &document, NULL) == FC_OK) {
        type = type_of(&document);
    }
    fc_document_finish(&document);
    return type;
}

/* What v1 says of a credential: where it is and what its bytes hash to. */
static void write_pointer(struct fc_json *json, const struct fc_ces_arrival *arrival)
{
    char integrity[80] = "sha256-";
    struct fc_hash sha = fc_sha256(arrival->content);
    fc_hex(sha.b, 32, integrity + 7);
    fc_json_object(json, "data");
    fc_json_text(json, "type", "gx:compliance");
    fc_json_array(json, "credentialSubject");
    fc_json_object(json, NULL);
    fc_json_span(json, "id", arrival->key);
    fc_json_text(json, "type", "gx:compliance");
    fc_json_text(json, "gx:integrity", integrity);
    fc_json_span(json, "gx:type", arrival->media_type);
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
                        enum fc_ces_form form, const char *type)
{
    char id[FC_CES_ID_BYTES];
    fc_json_object(json, NULL);
    fc_json_text(json, "specversion", "1.0");
    fc_json_text(json, "type", type);
    fc_json_span(json, "source", arrival->source);
    fc_json_span(json, "subject", arrival->key);
    fc_json_text(json, "id", fc_ces_id_write(&arrival->id, id));
    fc_json_time(json, "time", arrival->time_ms);
    fc_json_time(json, "cesreceiveddate", arrival->accepted_ms);
    if (form == FC_CES_V2) {
        write_content(json, arrival);
    } else {
        fc_json_text(json, "datacontenttype", "application/json");
        write_pointer(json, arrival);
    }
    fc_json_end(json);
}

/* -- reading ----------------------------------------------------------------------------------- */

static enum fc_err fault_at(char *fault, size_t fault_bytes, const char *text)
{
    snprintf(fault, fault_bytes, "%s", text);
    return FC_E_FORMAT;
}

/* v1: the first subject that says which credential is meant. */
static void read_pointer(const struct fc_json_value *data, struct fc_ces_event *out)
{
    const struct fc_json_value *subjects = fc_json_get(data, "credentialSubject");
    bool many = fc_json_kind(subjects) == FC_JSON_ARRAY;
    for (size_t i = 0; i < (many ? fc_json_count(subjects) : 1) && !out->pointer; i++) {
        const struct fc_json_value *one = many ? fc_json_at(subjects, i) : subjects;
        const char *id = fc_json_get_text(one, "id");
        const char *integrity = fc_json_get_text(one, "gx:integrity");
        if (id && integrity && fc_iri_ok(id)) {
            out->pointer = id;
            if (strncmp(integrity, "sha256-", 7) == 0 && strlen(integrity) == 7 + 64) {
                memcpy(out->integrity, integrity + 7, 65);
            }
        }
    }
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
    read_pointer(data, out);
    return out->pointer ? FC_OK : fc_json_dump(data, &out->content);
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
    if (err == FC_OK && out->content.len > FC_CONTENT_BYTES_MAX) {
        err = fault_at(fault, fault_bytes, "the document is larger than entries may be");
    }
    return err;
}

void fc_ces_event_finish(struct fc_ces_event *event)
{
    fc_buf_finish(&event->content);
}
