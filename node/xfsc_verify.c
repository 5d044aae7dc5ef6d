/* POST /verification: whether a credential is signed by whom it says. */
#include "node/clock.h"
#include "node/signature.h"
#include "node/statement.h"
#include "node/xfsc.h"
#include "store/document.h"
#include "store/document_text.h"

/* What there is to say of a document, however far it was checked. */
struct findings {
    const char *issuer, *validator, *public_key; /* NULL: none */
    uint64_t issued_ms;
    enum fc_credential_period period;
    bool checked;          /* its signatures */
    bool unvouched;        /* the key is of a DID document of someone else's */
    bool semantics_waived; /* nobody wanted them checked */
};

static void write_warnings(struct fc_json *json, const struct findings *findings)
{
    fc_json_array(json, "warnings");
    if (!findings->checked) {
        fc_json_text(json, NULL, "Signatures were not checked, as was asked for.");
    }
    fc_json_text(json, NULL,
                 findings->semantics_waived
                     ? "Schemas and status lists were not checked."
                     : "Semantics, schemas and status lists were not checked: this node does not.");
    if (findings->unvouched) {
        fc_json_text(json, NULL,
                     "The DID document was published by a participant whose certificate does not "
                     "name that DID.");
    }
    if (findings->period == FC_CREDENTIAL_EXPIRED) {
        fc_json_text(json, NULL, "The credential has expired.");
    } else if (findings->period == FC_CREDENTIAL_NOT_YET) {
        fc_json_text(json, NULL, "The credential is not valid yet.");
    }
    fc_json_end(json);
}

static void reply_verified(struct fc_http_call *call, const struct findings *findings,
                           const struct fc_document *document)
{
    if (!findings->issuer || !findings->issuer[0] || findings->issued_ms == 0) {
        fc_xfsc_refuse(call, 422, "verification_error", "%sthe credential does not say %s.",
                       findings->checked ? "The signature is right, but "
                                         : "The signature was not checked, but ",
                       findings->issued_ms == 0 ? "when it was issued" : "who issued it");
        return;
    }
    struct fc_json *json = fc_json_create();
    fc_json_object(json, NULL);
    fc_json_time(json, "verificationTimestamp", fc_http_now_ms(call));
    fc_json_text(json, "lifecycleStatus", "active");
    fc_json_text(json, "issuer", findings->issuer);
    fc_json_time(json, "issuedDateTime", findings->issued_ms);
    fc_json_array(json, "validatorDids");
    if (findings->validator) {
        fc_json_text(json, NULL, findings->validator);
    }
    fc_json_end(json);
    write_warnings(json, findings);
    if (document->name) {
        fc_json_text(json, "name", document->name);
    }
    if (findings->public_key) {
        fc_json_text(json, "publicKey", findings->public_key);
    }
    fc_json_end(json);
    fc_http_reply_json(call, 200, json);
}

/* -- what is asked for ------------------------------------------------------------------------- */

struct flags {
    bool semantics, vc, vp, base_class;
};

static bool is_presentation(struct fc_span content)
{
    struct fc_statement statement;
    bool found = false;
    if (fc_statement_read(content, &statement) == FC_OK) {
        for (size_t i = 0; i < statement.count && !found; i++) {
            found = fc_statement_is(statement.nodes[i], "VerifiablePresentation") ||
                    fc_statement_is(statement.nodes[i], "EnvelopedVerifiablePresentation");
        }
    }
    fc_statement_finish(&statement);
    return found;
}

/* `*signatures`: whether they are to be checked. False: it asks for what is not done here, and has
 * been answered. */
static bool read_flags(struct fc_http_call *call, struct flags *flags, bool *signatures)
{
    struct fc_span text;
    *flags = (struct flags){.vc = true, .vp = true};
    if (!fc_xfsc_query_bool(call, "verifySemantics", &flags->semantics) ||
        !fc_xfsc_query_bool(call, "verifyVCSignature", &flags->vc) ||
        !fc_xfsc_query_bool(call, "verifyVPSignature", &flags->vp) ||
        !fc_xfsc_query_bool(call, "requireBaseClass", &flags->base_class)) {
        return false;
    }
    if (flags->semantics || flags->base_class || fc_http_query(call, "framework", &text)) {
        fc_xfsc_refuse(call, 400, "client_error",
                       "This node does not check semantics, against no trust framework: leave out "
                       "%s.",
                       flags->semantics    ? "verifySemantics=true"
                       : flags->base_class ? "requireBaseClass=true"
                                           : "framework");
        return false;
    }
    *signatures = flags->vc;
    if (flags->vc != flags->vp && is_presentation(fc_http_body(call))) {
        fc_xfsc_refuse(call, 400, "client_error",
                       "The signatures of a presentation and of the credentials in it are checked "
                       "together: verifyVCSignature and verifyVPSignature have to agree.");
        return false;
    }
    return true;
}

/* -- the answer -------------------------------------------------------------------------------- */

static void judge(struct fc_http_call *call, const struct fc_credential *credential,
                  const struct fc_document *document, struct findings *findings)
{
    if (credential->state != FC_CREDENTIAL_VERIFIED) {
        fc_xfsc_refuse(call, 422, "verification_error", "The signature: %s%s%s.",
                       fc_credential_state_name(credential->state), credential->why[0] ? ": " : "",
                       credential->why);
        return;
    }
    findings->issuer = findings->validator = credential->issuer;
    findings->public_key = credential->key_id;
    findings->unvouched = credential->source.text[0] && !credential->source.vouched;
    findings->period = credential->period;
    if (credential->valid_from_ms > 0) {
        findings->issued_ms = credential->valid_from_ms;
    }
    reply_verified(call, findings, document);
}

/* As the document itself has them. */
static void read_dates(const struct fc_document *document, uint64_t now_ms,
                       struct findings *findings)
{
    uint64_t until_ms = 0;
    if (document->valid_from) {
        (void)fc_time_read(document->valid_from, &findings->issued_ms);
    }
    if (document->valid_until) {
        (void)fc_time_read(document->valid_until, &until_ms);
    }
    findings->period = until_ms > 0 && until_ms < now_ms ? FC_CREDENTIAL_EXPIRED
                       : findings->issued_ms > now_ms    ? FC_CREDENTIAL_NOT_YET
                                                         : FC_CREDENTIAL_CURRENT;
}

static void verify(struct fc_http_call *call, struct fc_replica *replica,
                   const struct fc_document *document)
{
    struct fc_credential credential;
    struct flags flags;
    struct findings findings = {.issuer = document->issuer};
    struct fc_span text;
    if (!read_flags(call, &flags, &findings.checked)) {
        return;
    }
    findings.semantics_waived = fc_http_query(call, "verifySemantics", &text);
    read_dates(document, fc_http_now_ms(call), &findings);
    if (!findings.checked) {
        reply_verified(call, &findings, document);
        return;
    }
    enum fc_err err =
        fc_signature_check_held(replica, fc_http_body(call), fc_http_now_ms(call), &credential);
    if (err == FC_OK) {
        judge(call, &credential, document, &findings);
    } else {
        fc_xfsc_refuse_err(call, err, "The signature cannot be checked");
    }
}

void fc_xfsc_verify(struct fc_http_call *call)
{
    struct fc_replica *replica = fc_http_replica(call);
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
        verify(call, replica, &document);
    }
    fc_document_finish(&document);
}
