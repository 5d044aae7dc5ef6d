/* Reading the catalogue. */
#include <stdio.h>

#include "node/service_call.h"
#include "store/proof.h"

struct listing {
    struct fc_page page;
    struct fc_hash participant;
};

static void put_entry(struct fc_call *call, const struct fc_hash *participant,
                      const struct fc_entry *entry, struct fc_buf *out)
{
    struct fc_message_entry message = {
        .participant = *participant,
        .entry = *entry,
        .hidden = fc_replica_hidden(call->replica, participant, entry->version),
    };
    fc_message_put_entry(out, &message);
}

static enum fc_err list_entry(void *ctx, const struct fc_entry *entry)
{
    struct listing *listing = ctx;
    if (!fc_page_room(&listing->page)) {
        return FC_E_AGAIN;
    }
    put_entry(listing->page.call, &listing->participant, entry, &listing->page.items);
    listing->page.count++;
    return FC_OK;
}

enum fc_err fc_service_list(struct fc_call *call)
{
    struct fc_hash after;
    struct listing listing = {.page = {.call = call}};
    listing.participant = fc_message_get_hash(&call->in);
    bool resumed = fc_message_get_hash_or_nil(&call->in, &after);
    listing.page.max = (uint32_t)fc_unpack_uint(&call->in, UINT16_MAX);
    enum fc_err err = fc_call_ready(call);
    if (err == FC_OK) {
        err = fc_replica_entries(call->replica, &listing.participant, resumed ? &after : NULL,
                                 list_entry, &listing);
    }
    return fc_page_end(&listing.page, err);
}

struct finding {
    struct fc_call *call;
    struct fc_buf found;
    uint32_t count;
};

static enum fc_err put_holder(void *ctx, const struct fc_hash *participant,
                              const struct fc_entry *entry)
{
    struct finding *finding = ctx;
    put_entry(finding->call, participant, entry, &finding->found);
    finding->count++;
    return FC_OK;
}

static enum fc_err put_one(struct finding *finding, const struct fc_hash *participant,
                           const struct fc_hash *key_hash)
{
    struct fc_buf hold = {0};
    struct fc_entry entry;
    enum fc_err err =
        fc_replica_entry(finding->call->replica, participant, key_hash, &hold, &entry);
    if (err == FC_OK) {
        err = put_holder(finding, participant, &entry);
    }
    fc_buf_finish(&hold);
    return err;
}

enum fc_err fc_service_find(struct fc_call *call)
{
    struct fc_hash participant;
    bool one = fc_message_get_hash_or_nil(&call->in, &participant);
    struct fc_span key = fc_unpack_str(&call->in, FC_KEY_BYTES_MAX);
    struct finding finding = {.call = call};
    struct fc_hash key_hash = fc_key_hash(key);
    enum fc_err err = fc_call_ready(call);
    if (err == FC_OK && one) {
        err = put_one(&finding, &participant, &key_hash);
    } else if (err == FC_OK) {
        err = fc_replica_holders(call->replica, &key_hash, put_holder, &finding);
    }
    if (err == FC_OK) {
        err = fc_buf_check(&finding.found);
    }
    if (err == FC_OK && finding.count == 0) {
        err = FC_E_MISSING;
    }
    if (err == FC_OK) {
        fc_pack_array(&call->body, finding.count);
        fc_buf_append(&call->body, finding.found.data, finding.found.len);
    }
    fc_buf_finish(&finding.found);
    return err;
}

enum fc_err fc_service_content(struct fc_call *call)
{
    struct fc_hash participant = fc_message_get_hash(&call->in);
    struct fc_hash key_hash = fc_message_get_hash(&call->in);
    struct fc_buf content = {0};
    enum fc_err err = fc_call_ready(call);
    if (err == FC_OK) {
        err = fc_replica_content(call->replica, &participant, &key_hash, &content);
    }
    if (err == FC_OK) {
        fc_pack_array(&call->body, 1);
        fc_pack_bin(&call->body, fc_buf_span(&content));
    }
    fc_buf_finish(&content);
    return err;
}

static enum fc_err put_head(void *ctx, struct fc_span head_record, struct fc_span ops)
{
    struct fc_page *page = ctx;
    if (!fc_page_room(page)) {
        return FC_E_AGAIN;
    }
    fc_pack_array(&page->items, 2);
    fc_pack_bin(&page->items, head_record);
    fc_pack_bin(&page->items, ops);
    page->count++;
    return FC_OK;
}

enum fc_err fc_service_history(struct fc_call *call)
{
    struct fc_hash participant = fc_message_get_hash(&call->in);
    fc_version below = fc_unpack_uint(&call->in, UINT64_MAX);
    struct fc_page page = {.call = call, .max = (uint32_t)fc_unpack_uint(&call->in, UINT16_MAX)};
    enum fc_err err = fc_call_ready(call);
    if (err == FC_OK) {
        err = fc_replica_history(call->replica, &participant, below, put_head, &page);
    }
    return fc_page_end(&page, err);
}

enum fc_err fc_service_prove(struct fc_call *call)
{
    struct fc_hash participant = fc_message_get_hash(&call->in);
    struct fc_span key = fc_unpack_str(&call->in, FC_KEY_BYTES_MAX);
    struct fc_buf proof = {0};
    enum fc_err err = fc_call_ready(call);
    if (err == FC_OK) {
        err = fc_proof_write(call->replica, &participant, key, &proof);
    }
    if (err == FC_OK) {
        fc_pack_array(&call->body, 1);
        fc_pack_bin(&call->body, fc_buf_span(&proof));
    }
    fc_buf_finish(&proof);
    return err;
}
