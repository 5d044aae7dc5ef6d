/* The same check where the replica is at hand: on the threads that answer HTTP. */
#include <string.h>

#include "node/signature.h"
#include "store/did_choice.h"

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
    if (entry->status != FC_STATUS_ACTIVE ||
        fc_replica_hidden(search->replica, participant, entry->version)) {
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
    struct fc_hash key_hash = fc_key_hash(fc_span_str(did));
    fc_did_choice_init(&search.choice, did);
    enum fc_err err = fc_replica_holders(search.replica, &key_hash, add_document, &search);
    if (err == FC_OK) {
        err = fc_did_choice_take(&search.choice, out, source);
    }
    fc_did_choice_finish(&search.choice);
    return err;
}

enum fc_err fc_signature_check_held(struct fc_replica *replica, struct fc_span content,
                                    uint64_t now_ms, struct fc_credential *out)
{
    struct fc_credential_resolver resolver = {replica, find_document};
    return fc_credential_check(content, &resolver, now_ms, out);
}
