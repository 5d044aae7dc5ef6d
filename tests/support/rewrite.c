#include "tests/support/rewrite.h"

#include <assert.h>

enum fc_err fc_test_rewrite_body(const struct fc_record *record, struct fc_buf *out)
{
    struct fc_charter charter;
    struct fc_carry carry;
    struct fc_certificate certificate;
    struct fc_revocation revocation;
    struct fc_takedown takedown;
    struct fc_descriptor descriptor;
    struct fc_evidence evidence;
    struct fc_checkpoint checkpoint;
    struct fc_head head;
    struct fc_application application;
    enum fc_err err;
    switch (record->type) {
#define REWRITE(TYPE, name)                                                                        \
    case FC_RECORD_##TYPE:                                                                         \
        err = fc_##name##_parse(record, &name);                                                    \
        if (err == FC_OK && fc_##name##_body(&name, out) != FC_OK)                                 \
            assert(!"the writer refuses what the reader took");                                    \
        return err
        REWRITE(CHARTER, charter);
        REWRITE(CARRY, carry);
        REWRITE(CERTIFICATE, certificate);
        REWRITE(REVOCATION, revocation);
        REWRITE(TAKEDOWN, takedown);
        REWRITE(DESCRIPTOR, descriptor);
        REWRITE(EVIDENCE, evidence);
        REWRITE(CHECKPOINT, checkpoint);
        REWRITE(HEAD, head);
        REWRITE(APPLICATION, application);
#undef REWRITE
    }
    return FC_E_FORMAT;
}

bool fc_test_rewrite_record(struct fc_span bytes)
{
    struct fc_record record;
    struct fc_signature signatures[FC_SIGNATURES_MAX];
    struct fc_buf body = {0}, again = {0};
    bool good = false;
    if (fc_record_parse(bytes, &record) == FC_OK && fc_test_rewrite_body(&record, &body) == FC_OK) {
        assert(fc_span_eq(record.body, fc_buf_span(&body)));
        for (uint32_t i = 0; i < record.signature_count; i++)
            fc_record_signature(&record, i, &signatures[i]);
        enum fc_err err = fc_record_write(record.type, fc_buf_span(&body), signatures,
                                          record.signature_count, &again);
        assert(err == FC_OK);
        (void)err;
        assert(fc_span_eq(bytes, fc_buf_span(&again)));
        good = true;
    }
    fc_buf_finish(&body);
    fc_buf_finish(&again);
    return good;
}
