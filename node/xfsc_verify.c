/* POST /verification: whether a credential is signed by whom it says. */
#include <string.h>

#include "node/clock.h"
#include "node/xfsc.h"
#include "store/credential.h"
#include "store/did_choice.h"
#include "store/document.h"
#include "store/document_text.h"

struct search {
    struct fc_replica *replica;
    struct fc_did_choice choice;
};

static enum fc_err add_document(void *ctx, const struct fc_hash *participant,
                                const struct fc_entry *entry)
{
    struct search *search = ctx;
    struct fc_participant about;
    struct fc_buf content = {0};
    if (entry->status != FC_STATUS_ACTIVE) {
        return FC_OK;
    }
    enum fc_err err = fc_replica_content(search->replica, participant, &entry->key_hash, &content);
    if (err == FC_OK) {
        err = fc_ledger_participant(fc_replica_ledger(search->replica), participant, &about);
    }
    if (err == FC_OK) {
        const struct fc_certificate *certificate = &about.certificate->certificate;
        err = fc_did_choice_add(&search->choice, fc_buf_span(&content), certificate->name,
                                certificate->url);
    }
    fc_buf_finish(&content);
    return err == FC_E_MISSING || err == FC_E_WITHHELD || err == FC_E_CORRUPT ? FC_OK : err;
}

static enum fc_err find_document(void *ctx, const char *did, struct fc_buf *out,
                                 struct fc_credential_source *source)
{
    struct search search = {.replica = ctx};
    if (strlen(did) > FC_KEY_BYTES_MAX) {
        return FC_E_MISSING;
    }
    fc_did_choice_init(&search.choice, did);
    enum fc_err err = fc_xfsc_by_id(search.replica, fc_span_str(did), NULL, add_document, &search);
    if (err == FC_OK) {
        err = fc_did_choice_take(&search.choice, out, source);
    }
    fc_did_choice_finish(&search.choice);
    return err;
}

static void write_warnings(struct fc_json *json, const struct fc_credential *credential)
{
    fc_json_array(json, "warnings");
    fc_json_text(
        json, NULL,
        "Signatures and dates were checked; semantics, schemas and status lists were not.");
    if (credential->source.text[0] && !credential->source.vouched) {
        fc_json_text(json, NULL,
                     "The DID document was published by a participant whose certificate does not "
                     "name that DID.");
    }
    if (credential->period == FC_CREDENTIAL_EXPIRED) {
        fc_json_text(json, NULL, "The credential has expired.");
    } else if (credential->period == FC_CREDENTIAL_NOT_YET) {
        fc_json_text(json, NULL, "The credential is not valid yet.");
    }
    fc_json_end(json);
}

static void reply_verified(struct fc_http_call *call, const struct fc_credential *credential,
                           const struct fc_document *document, uint64_t issued_ms)
{
    struct fc_json *json = fc_json_create();
    fc_json_object(json, NULL);
    fc_json_time(json, "verificationTimestamp", fc_http_now_ms(call));
    fc_json_text(json, "lifecycleStatus", "active");
    fc_json_text(json, "issuer", credential->issuer);
    fc_json_time(json, "issuedDateTime", issued_ms);
    fc_json_array(json, "validatorDids");
    fc_json_text(json, NULL, credential->issuer);
    fc_json_end(json);
    write_warnings(json, credential);
    if (document->name) {
        fc_json_text(json, "name", document->name);
    }
    fc_json_text(json, "publicKey", credential->key_id);
    fc_json_end(json);
    fc_http_reply_json(call, 200, json);
}

static void judge(struct fc_http_call *call, const struct fc_credential *credential,
                  const struct fc_document *document)
{
    uint64_t issued_ms = credential->valid_from_ms;
    if (issued_ms == 0 && document->valid_from) {
        (void)fc_time_read(document->valid_from, &issued_ms);
    }
    if (credential->state == FC_CREDENTIAL_VERIFIED && issued_ms > 0) {
        reply_verified(call, credential, document, issued_ms);
    } else if (credential->state == FC_CREDENTIAL_VERIFIED) {
        fc_xfsc_refuse(call, 422, "verification_error",
                       "The signature is right, but the credential does not say when it was "
                       "issued.");
    } else {
        fc_xfsc_refuse(call, 422, "verification_error", "The signature: %s%s%s.",
                       fc_credential_state_name(credential->state), credential->why[0] ? ": " : "",
                       credential->why);
    }
}

void fc_xfsc_verify(struct fc_http_call *call)
{
    struct fc_replica *replica = fc_http_replica(call);
    struct fc_credential credential;
    struct fc_document document = {.key = NULL};
    struct fc_document_fault fault = {.text = ""};
    struct fc_credential_resolver resolver = {replica, find_document};
    if (!replica) {
        return;
    }
    enum fc_err err = fc_document_read(fc_http_body(call), &document, &fault);
    if (err != FC_OK) {
        fc_xfsc_refuse(call, 400, "client_error", "line %u, column %u: %s.", fault.line,
                       fault.column, fault.text[0] ? fault.text : fc_err_text(err));
    } else {
        err = fc_credential_check(fc_http_body(call), &resolver, fc_http_now_ms(call), &credential);
        if (err == FC_OK) {
            judge(call, &credential, &document);
        } else {
            fc_xfsc_refuse_err(call, err, "The signature cannot be checked");
        }
    }
    fc_document_finish(&document);
}
