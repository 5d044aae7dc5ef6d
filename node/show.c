#include "node/show.h"

#include <stdio.h>
#include <string.h>

#include "node/clock.h"
#include "store/document.h"

static void add_word(char out[FC_SHOW_STATE_BYTES], const char *word)
{
    size_t len = strlen(out);
    snprintf(out + len, FC_SHOW_STATE_BYTES - len, "%s%s", len ? ", " : "", word);
}

char *fc_show_entry_state(const struct fc_message_entry *entry, char out[FC_SHOW_STATE_BYTES])
{
    const char *status = fc_status_name(entry->entry.status);
    out[0] = 0;
    add_word(out, status ? status : "?");
    if (entry->hidden) {
        add_word(out, "hidden");
    }
    if (entry->entry.state != FC_CONTENT_PRESENT) {
        const char *state = fc_content_state_name(entry->entry.state);
        add_word(out, state ? state : "?");
    }
    return out;
}

void fc_show_entry_json(struct fc_json *json, const struct fc_message_entry *entry)
{
    char version[FC_CLI_VERSION_BYTES];
    fc_json_span(json, "key", entry->entry.key);
    fc_json_hash(json, "participant", &entry->participant);
    fc_json_text(json, "version", fc_cli_version(entry->entry.version, version));
    fc_json_text(json, "status", fc_status_name(entry->entry.status));
    fc_json_text(json, "content", fc_content_state_name(entry->entry.state));
    fc_json_bool(json, "hidden", entry->hidden);
    fc_json_span(json, "media_type", entry->entry.media_type);
    fc_json_uint(json, "size", entry->entry.size);
    fc_json_hash(json, "commitment", &entry->entry.commitment);
}

void fc_show_participant_read(const struct fc_message_participant *message,
                              struct fc_show_participant *out)
{
    struct fc_record record;
    *out = (struct fc_show_participant){.message = *message};
    if (fc_record_parse(message->certificate, &record) != FC_OK ||
        fc_certificate_parse(&record, &out->certificate) != FC_OK) {
        out->certificate = (struct fc_certificate){0};
    }
}

char *fc_show_participant_state(const struct fc_show_participant *participant, uint64_t now_ms,
                                char out[FC_SHOW_STATE_BYTES])
{
    const struct fc_message_participant *message = &participant->message;
    const struct fc_certificate *certificate = &participant->certificate;
    out[0] = 0;
    if (message->revoked == FC_REVOKE_REMOVE) {
        add_word(out, "revoked");
    } else if (message->revoked == FC_REVOKE_FREEZE || message->recovery_frozen) {
        add_word(out, "frozen");
    }
    if (message->contested) {
        add_word(out, "contested");
    }
    if (message->unsettled) {
        add_word(out, "unsettled");
    }
    if (certificate->not_after_ms && now_ms > certificate->not_after_ms) {
        add_word(out, "expired");
    }
    if (now_ms < certificate->not_before_ms) {
        add_word(out, "not yet valid");
    }
    uint64_t age_ms = now_ms > message->feed.time_ms ? now_ms - message->feed.time_ms : 0;
    if (message->feed.version && certificate->heartbeat_ms &&
        age_ms > 3 * certificate->heartbeat_ms) {
        add_word(out, "silent");
    }
    if (!out[0]) {
        add_word(out, "ok");
    }
    return out;
}

void fc_show_participant_json(struct fc_json *json, const struct fc_show_participant *participant)
{
    const struct fc_message_participant *message = &participant->message;
    const struct fc_certificate *certificate = &participant->certificate;
    char version[FC_CLI_VERSION_BYTES], state[FC_SHOW_STATE_BYTES];
    uint64_t now_ms = fc_clock_wall_ms();
    fc_json_hash(json, "participant", &message->id);
    fc_json_span(json, "name", certificate->name);
    fc_json_span(json, "country", certificate->country);
    fc_json_span(json, "url", certificate->url);
    fc_json_text(json, "state", fc_show_participant_state(participant, now_ms, state));
    fc_json_bool(json, "contested", message->contested);
    fc_json_bool(json, "revoked", message->revoked != 0);
    fc_json_uint(json, "g", certificate->g);
    fc_json_uint(json, "r", certificate->r);
    fc_json_uint(json, "incarnation", certificate->incarnation);
    fc_json_key(json, "feed_key", &certificate->feed_key);
    fc_json_time(json, "not_before", certificate->not_before_ms);
    fc_json_time(json, "not_after", certificate->not_after_ms);
    fc_json_text(json, "version",
                 message->feed.version ? fc_cli_version(message->feed.version, version) : NULL);
    fc_json_hash(json, "head", &message->feed.head_hash);
    fc_json_hash(json, "root", &message->feed.root);
    fc_json_uint(json, "entries", message->feed.entries);
    fc_json_uint(json, "bytes", message->feed.bytes);
    fc_json_uint(json, "missing", message->feed.missing);
    fc_json_time(json, "signed", message->feed.time_ms);
    fc_json_time(json, "accepted", message->feed.accepted_ms);
    if (message->feed.time_ms) {
        fc_json_uint(json, "age_ms",
                     now_ms > message->feed.time_ms ? now_ms - message->feed.time_ms : 0);
    }
}

/* -- heads and operations -----------------------------------------------------------------------
 */

const char *fc_show_op(enum fc_op_kind kind)
{
    switch (kind) {
    case FC_OP_PUT:
        return "put";
    case FC_OP_STATUS:
        return "status";
    case FC_OP_DELETE:
        return "delete";
    }
    return "?";
}

void fc_show_op_json(struct fc_json *json, const struct fc_op *op)
{
    fc_json_object(json, NULL);
    fc_json_text(json, "op", fc_show_op(op->kind));
    fc_json_span(json, "key", op->key);
    if (op->kind == FC_OP_PUT) {
        fc_json_span(json, "media_type", op->media_type);
        fc_json_uint(json, "size", op->size);
        fc_json_hash(json, "commitment", &op->commitment);
    }
    if (op->kind != FC_OP_DELETE) {
        fc_json_text(json, "status", fc_status_name(op->status));
    }
    fc_json_end(json);
}

void fc_show_head_json(struct fc_json *json, const char *key, const struct fc_record *record,
                       const struct fc_head *head, struct fc_ops *ops)
{
    char version[FC_CLI_VERSION_BYTES];
    struct fc_op op;
    fc_json_object(json, key);
    fc_json_text(json, "version", fc_cli_version(head->version, version));
    fc_json_time(json, "signed", head->time_ms);
    fc_json_hash(json, "head", &record->hash);
    fc_json_hash(json, "previous", &head->previous);
    fc_json_hash(json, "root", &head->root);
    fc_json_uint(json, "entries", head->entries);
    fc_json_uint(json, "bytes", head->bytes);
    if (ops) {
        fc_json_array(json, "ops");
        while (fc_ops_next(ops, &op)) {
            fc_show_op_json(json, &op);
        }
        fc_json_end(json);
    } else {
        fc_json_null(json, "ops");
    }
    fc_json_end(json);
}

/* -- documents --------------------------------------------------------------------------------- */

struct field {
    const char *name;
    size_t offset; /* of a char pointer in struct fc_document */
};
static const struct field fields[] = {
    {"kind", offsetof(struct fc_document, kind)},
    {"format", offsetof(struct fc_document, format)},
    {"name", offsetof(struct fc_document, name)},
    {"description", offsetof(struct fc_document, description)},
    {"provider", offsetof(struct fc_document, provider)},
    {"provider_name", offsetof(struct fc_document, provider_name)},
    {"country", offsetof(struct fc_document, country)},
    {"issuer", offsetof(struct fc_document, issuer)},
    {"terms", offsetof(struct fc_document, terms)},
    {"endpoint", offsetof(struct fc_document, endpoint)},
    {"license", offsetof(struct fc_document, license)},
    {"language", offsetof(struct fc_document, language)},
    {"valid_from", offsetof(struct fc_document, valid_from)},
    {"valid_until", offsetof(struct fc_document, valid_until)},
};

static const char *value_of(const struct fc_document *document, const struct field *field)
{
    return *(char *const *)((const char *)document + field->offset);
}

static void words_json(struct fc_json *json, const char *key, char *const *words, uint32_t count)
{
    fc_json_array(json, key);
    for (uint32_t i = 0; i < count; i++) {
        fc_json_text(json, NULL, words[i]);
    }
    fc_json_end(json);
}

void fc_show_document_json(struct fc_json *json, const char *key, struct fc_span content)
{
    struct fc_document document = {0};
    if (fc_document_read(content, &document, NULL) != FC_OK) {
        fc_json_null(json, key);
        return;
    }
    fc_json_object(json, key);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const char *value = value_of(&document, &fields[i]);
        if (value) {
            fc_json_text(json, fields[i].name, value);
        }
    }
    words_json(json, "keywords", document.keywords, document.keyword_count);
    words_json(json, "themes", document.themes, document.theme_count);
    words_json(json, "subjects", document.subjects, document.subject_count);
    fc_json_text(json, "signed_as", document.proof);
    fc_json_end(json);
    fc_document_finish(&document);
}

static void print_words(FILE *out, const char *name, char *const *words, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        fprintf(out, "%-14s", i == 0 ? name : "");
        fc_cli_put(out, fc_span_str(words[i]), FC_KEY_BYTES_MAX, false);
        fputc('\n', out);
    }
}

void fc_show_document(struct fc_span content, FILE *out)
{
    struct fc_document document = {0};
    if (fc_document_read(content, &document, NULL) != FC_OK) {
        fputs("the document says nothing of itself that is known here\n", out);
        return;
    }
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const char *value = value_of(&document, &fields[i]);
        if (value) {
            fprintf(out, "%-14s", fields[i].name);
            fc_cli_put(out, fc_span_str(value), FC_KEY_BYTES_MAX, false);
            fputc('\n', out);
        }
    }
    print_words(out, "keywords", document.keywords, document.keyword_count);
    print_words(out, "themes", document.themes, document.theme_count);
    print_words(out, "subjects", document.subjects, document.subject_count);
    fprintf(out, "%-14s%s\n", "signed as", document.proof ? document.proof : "not signed");
    fc_document_finish(&document);
}

void fc_show_document_line(struct fc_span content, FILE *out)
{
    struct fc_document document = {0};
    if (fc_document_read(content, &document, NULL) != FC_OK) {
        return;
    }
    const char *provider = document.provider_name ? document.provider_name : document.provider;
    fprintf(out, "%-12s ", document.kind ? document.kind : "");
    fc_cli_put(out, fc_span_str(document.name ? document.name : "(no name)"), 60, false);
    if (provider) {
        fputs("  by ", out);
        fc_cli_put(out, fc_span_str(provider), 60, false);
    }
    if (document.country) {
        fputs("  ", out);
        fc_cli_put(out, fc_span_str(document.country), 12, false);
    }
    fc_document_finish(&document);
}
