#include "node/signature.h"

#include <string.h>

#include "node/clock.h"
#include "node/show.h"
#include "store/did_choice.h"

struct search {
    struct fc_client *client;
    struct fc_did_choice choice;
};

static enum fc_err add_document(void *ctx, const struct fc_message_entry *entry)
{
    struct search *search = ctx;
    struct fc_message_participant message;
    struct fc_show_participant participant = {0};
    struct fc_buf content = {0};
    if (entry->hidden || entry->entry.status != FC_STATUS_ACTIVE)
        return FC_OK;
    enum fc_err err =
        fc_client_content(search->client, &entry->participant, &entry->entry.key_hash, &content);
    if (err == FC_OK)
        err = fc_client_participant(search->client, &entry->participant, &message);
    if (err == FC_OK) {
        fc_show_participant_read(&message, &participant);
        err = fc_did_choice_add(&search->choice, fc_buf_span(&content),
                                participant.certificate.name, participant.certificate.url);
    }
    fc_buf_finish(&content);
    return err == FC_E_MISSING || err == FC_E_WITHHELD ? FC_OK : err;
}

static enum fc_err find_document(void *ctx, const char *did, struct fc_buf *out,
                                 struct fc_credential_source *source)
{
    struct search search = {.client = ctx};
    if (strlen(did) > FC_KEY_BYTES_MAX)
        return FC_E_MISSING;
    fc_did_choice_init(&search.choice, did);
    enum fc_err err = fc_client_find(search.client, NULL, fc_span_str(did), add_document, &search);
    if (err == FC_OK)
        err = fc_did_choice_take(&search.choice, out, source);
    fc_did_choice_finish(&search.choice);
    return err;
}

enum fc_err fc_signature_check(struct fc_client *client, struct fc_span content,
                               struct fc_credential *out)
{
    struct fc_credential_resolver resolver = {client, find_document};
    return fc_credential_check(content, &resolver, fc_clock_wall_ms(), out);
}

static const char *period_name(enum fc_credential_period period)
{
    switch (period) {
    case FC_CREDENTIAL_CURRENT:
        return "current";
    case FC_CREDENTIAL_NOT_YET:
        return "not yet valid";
    case FC_CREDENTIAL_EXPIRED:
        return "expired";
    }
    return "?";
}

static void add_text(struct fc_json *json, const char *key, const char *text)
{
    fc_json_text(json, key, text[0] ? text : NULL);
}

static void add_why(struct fc_json *json, const struct fc_credential *credential)
{
    add_text(json, "why", credential->why);
    fc_json_text(json, "why_code", fc_credential_code_name(credential->code));
    fc_json_object(json, "why_about");
    for (unsigned at = 0; fc_credential_about_name(credential->code, at); at++)
        fc_json_text(json, fc_credential_about_name(credential->code, at), credential->about[at]);
    fc_json_end(json);
}

void fc_signature_json(struct fc_json *json, const struct fc_credential *credential)
{
    fc_json_object(json, "signature");
    fc_json_text(json, "state", fc_credential_state_name(credential->state));
    add_why(json, credential);
    if (credential->state != FC_CREDENTIAL_UNSIGNED) {
        add_text(json, "issuer", credential->issuer);
        add_text(json, "key_id", credential->key_id);
        add_text(json, "algorithm", credential->algorithm);
        add_text(json, "certificate", credential->certificate);
        add_text(json, "key_published_by", credential->source.text);
        fc_json_bool(json, "key_vouched", credential->source.vouched);
        fc_json_time(json, "valid_from", credential->valid_from_ms);
        fc_json_time(json, "valid_until", credential->valid_until_ms);
        fc_json_text(json, "period", period_name(credential->period));
        fc_json_uint(json, "signatures", credential->tokens);
    }
    fc_json_end(json);
}

static void print_line(FILE *out, const char *name, const char *text)
{
    if (!text[0])
        return;
    fprintf(out, "%-14s", name);
    fc_cli_put(out, fc_span_str(text), FC_KEY_BYTES_MAX, false);
    fputc('\n', out);
}

void fc_signature_print(const struct fc_credential *credential, FILE *out)
{
    const struct fc_credential_source *source = &credential->source;
    fprintf(out, "%-14s%s", "signature", fc_credential_state_name(credential->state));
    if (credential->why[0]) {
        fputs(": ", out);
        fc_cli_put(out, fc_span_str(credential->why), FC_CREDENTIAL_WHY_BYTES, false);
    }
    fputc('\n', out);
    if (credential->state == FC_CREDENTIAL_UNSIGNED)
        return;
    print_line(out, "  key", credential->key_id);
    print_line(out, "  algorithm", credential->algorithm);
    print_line(out, "  certificate", credential->certificate);
    if (source->text[0]) {
        fprintf(out, "%-14s", "  key from");
        fc_cli_put(out, fc_span_str(source->text), sizeof source->text, false);
        fputs(source->vouched ? ", whose certificate names it\n"
                              : ", whose certificate does not name it\n",
              out);
    }
    if (credential->period != FC_CREDENTIAL_CURRENT)
        print_line(out, "  period", period_name(credential->period));
}
