/* POST /verification: whether a credential is signed by whom it says. */
#include "node/clock.h"
#include "node/signature.h"
#include "node/xfsc.h"
#include "store/document.h"
#include "store/document_text.h"

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
    if (!replica) {
        return;
    }
    enum fc_err err = fc_document_read(fc_http_body(call), &document, &fault);
    if (err != FC_OK) {
        fc_xfsc_refuse(call, 400, "client_error", "line %u, column %u: %s.", fault.line,
                       fault.column, fault.text[0] ? fault.text : fc_err_text(err));
    } else {
        err =
            fc_signature_check_held(replica, fc_http_body(call), fc_http_now_ms(call), &credential);
        if (err == FC_OK) {
            judge(call, &credential, &document);
        } else {
            fc_xfsc_refuse_err(call, err, "The signature cannot be checked");
        }
    }
    fc_document_finish(&document);
}
