#include "node/interop_publish.h"

#include <string.h>

#include "node/http_text.h"
#include "node/interop.h"
#include "node/message.h"

static enum fc_err named(struct fc_http_call *call, struct fc_replica *replica,
                         struct fc_hash *participant)
{
    struct fc_participant self;
    struct fc_span text;
    char digits[65] = "";
    if (!fc_http_query(call, "participant", &text)) {
        if (!fc_interop_operator(fc_http_interop(call), fc_replica_ledger(replica), &self)) {
            return FC_E_DENIED;
        }
        *participant = self.id;
        return FC_OK;
    }
    if (text.len != 64) {
        return FC_E_ARG;
    }
    memcpy(digits, text.data, 64);
    return fc_unhex(digits, participant->b, 32) == FC_OK ? FC_OK : FC_E_ARG;
}

enum fc_err fc_interop_caller(struct fc_http_call *call, struct fc_replica *replica,
                              struct fc_hash *participant)
{
    struct fc_span text = fc_bearer(fc_http_header(call, "Authorization"));
    struct fc_token token;
    if (text.len == 0) {
        return FC_E_MISSING;
    }
    enum fc_err err = fc_http_token(call, text, &token);
    if (err == FC_OK && token.any) {
        return named(call, replica, participant);
    }
    *participant = token.participant;
    return err;
}

void fc_interop_author(struct fc_http_call *call, const struct fc_hash *participant,
                       const struct fc_op *op, struct fc_span content, fc_http_then *then)
{
    struct fc_buf arguments = {0};
    struct fc_content plain = {.key_hash = fc_key_hash(op->key), .bytes = content};
    fc_pack_array(&arguments, 3);
    fc_message_put_hash(&arguments, participant);
    fc_pack_array(&arguments, 1);
    fc_message_put_op(&arguments, op);
    fc_message_put_contents(&arguments, &plain, op->kind == FC_OP_PUT ? 1 : 0);
    if (arguments.failed) {
        fc_http_fail_err(call, FC_E_NOMEM, NULL);
    } else {
        fc_http_ask(call, FC_VERB_AUTHOR, fc_buf_span(&arguments), then);
    }
    fc_buf_finish(&arguments);
}
