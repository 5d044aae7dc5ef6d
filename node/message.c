#include "node/message.h"

#include <stdlib.h>
#include <string.h>

enum {
    PARTICIPANT_FIELDS = 16,
    ENTRY_FIELDS = 10,
    OP_FIELDS = 6,
    CONTENT_FIELDS = 4,
    CONDITION_FIELDS = 3
};
enum { PEER_FIELDS = 14, STATUS_NUMBERS = 30, STATUS_FIELDS = 19 + STATUS_NUMBERS };
enum { WITNESS_FIELDS = 8 };

void fc_message_put_hash(struct fc_buf *out, const struct fc_hash *hash)
{
    fc_pack_bin(out, fc_span(hash->b, sizeof hash->b));
}

struct fc_hash fc_message_get_hash(struct fc_unpack *in)
{
    struct fc_hash hash;
    fc_unpack_fixed(in, hash.b, sizeof hash.b);
    return hash;
}

void fc_message_put_hash_or_nil(struct fc_buf *out, const struct fc_hash *hash)
{
    if (hash) {
        fc_message_put_hash(out, hash);
    } else {
        fc_pack_nil(out);
    }
}

bool fc_message_get_hash_or_nil(struct fc_unpack *in, struct fc_hash *hash)
{
    if (fc_unpack_nil(in)) {
        return false;
    }
    *hash = fc_message_get_hash(in);
    return true;
}

static void put_key(struct fc_buf *out, const struct fc_key *key)
{
    fc_pack_bin(out, fc_span(key->b, sizeof key->b));
}

void fc_message_put_participant(struct fc_buf *out, const struct fc_message_participant *in)
{
    fc_pack_array(out, PARTICIPANT_FIELDS);
    fc_message_put_hash(out, &in->id);
    fc_pack_bin(out, in->certificate);
    fc_pack_uint(out, (uint64_t)in->revoked);
    fc_pack_uint(out, in->recovery_frozen);
    fc_pack_uint(out, in->contested);
    fc_pack_uint(out, in->unsettled);
    fc_pack_uint(out, in->feed.version);
    fc_message_put_hash(out, &in->feed.head_hash);
    fc_message_put_hash(out, &in->feed.certificate);
    fc_message_put_hash(out, &in->feed.root);
    fc_pack_uint(out, in->feed.entries);
    fc_pack_uint(out, in->feed.bytes);
    fc_pack_uint(out, in->feed.time_ms);
    fc_pack_uint(out, in->feed.deletes_from);
    fc_pack_uint(out, in->feed.missing);
    fc_pack_uint(out, in->feed.accepted_ms);
}

void fc_message_get_participant(struct fc_unpack *in, struct fc_message_participant *out)
{
    *out = (struct fc_message_participant){0};
    fc_unpack_array(in, PARTICIPANT_FIELDS, PARTICIPANT_FIELDS);
    out->id = out->feed.participant = fc_message_get_hash(in);
    out->certificate = fc_unpack_bin(in, FC_RECORD_BYTES_MAX);
    out->revoked = (enum fc_revocation_mode)fc_unpack_uint(in, FC_REVOKE_REMOVE);
    out->recovery_frozen = fc_unpack_uint(in, 1) == 1;
    out->contested = fc_unpack_uint(in, 1) == 1;
    out->unsettled = fc_unpack_uint(in, 1) == 1;
    out->feed.version = fc_unpack_uint(in, UINT64_MAX);
    out->feed.head_hash = fc_message_get_hash(in);
    out->feed.certificate = fc_message_get_hash(in);
    out->feed.root = fc_message_get_hash(in);
    out->feed.entries = fc_unpack_uint(in, UINT64_MAX);
    out->feed.bytes = fc_unpack_uint(in, UINT64_MAX);
    out->feed.time_ms = fc_unpack_uint(in, UINT64_MAX);
    out->feed.deletes_from = fc_unpack_uint(in, UINT64_MAX);
    out->feed.missing = fc_unpack_uint(in, UINT64_MAX);
    out->feed.accepted_ms = fc_unpack_uint(in, UINT64_MAX);
}

void fc_message_put_entry(struct fc_buf *out, const struct fc_message_entry *in)
{
    fc_pack_array(out, ENTRY_FIELDS);
    fc_message_put_hash(out, &in->participant);
    fc_message_put_hash(out, &in->entry.key_hash);
    fc_pack_uint(out, in->entry.version);
    fc_pack_uint(out, (uint64_t)in->entry.status);
    fc_message_put_hash(out, &in->entry.commitment);
    fc_pack_str(out, in->entry.media_type);
    fc_pack_uint(out, in->entry.size);
    fc_pack_str(out, in->entry.key);
    fc_pack_uint(out, (uint64_t)in->entry.state);
    fc_pack_uint(out, in->hidden);
}

void fc_message_get_entry(struct fc_unpack *in, struct fc_message_entry *out)
{
    *out = (struct fc_message_entry){0};
    fc_unpack_array(in, ENTRY_FIELDS, ENTRY_FIELDS);
    out->participant = fc_message_get_hash(in);
    out->entry.key_hash = fc_message_get_hash(in);
    out->entry.version = fc_unpack_uint(in, UINT64_MAX);
    out->entry.status = (enum fc_status)fc_unpack_uint(in, FC_STATUS_REVOKED);
    out->entry.commitment = fc_message_get_hash(in);
    out->entry.media_type = fc_unpack_str(in, FC_MEDIA_TYPE_BYTES_MAX);
    out->entry.size = fc_unpack_uint(in, UINT64_MAX);
    out->entry.key = fc_unpack_str(in, FC_KEY_BYTES_MAX);
    out->entry.state = (enum fc_content_state)fc_unpack_uint(in, FC_CONTENT_REFUSED);
    out->hidden = fc_unpack_uint(in, 1) == 1;
}

void fc_message_put_condition(struct fc_buf *out, const struct fc_message_condition *in)
{
    fc_pack_array(out, CONDITION_FIELDS);
    fc_message_put_hash(out, &in->key_hash);
    fc_message_put_hash_or_nil(out, in->there ? &in->commitment : NULL);
    fc_pack_uint(out, in->there ? (uint64_t)in->status : 0);
}

void fc_message_get_condition(struct fc_unpack *in, struct fc_message_condition *out)
{
    *out = (struct fc_message_condition){.there = false};
    fc_unpack_array(in, CONDITION_FIELDS, CONDITION_FIELDS);
    out->key_hash = fc_message_get_hash(in);
    out->there = fc_message_get_hash_or_nil(in, &out->commitment);
    out->status = (enum fc_status)fc_unpack_uint(in, FC_STATUS_REVOKED);
}

void fc_message_put_op(struct fc_buf *out, const struct fc_op *op)
{
    fc_pack_array(out, OP_FIELDS);
    fc_pack_uint(out, (uint64_t)op->kind);
    fc_pack_str(out, op->key);
    fc_pack_str(out, op->media_type);
    fc_pack_uint(out, op->size);
    fc_pack_uint(out, (uint64_t)op->status);
    fc_message_put_hash(out, &op->commitment);
}

void fc_message_get_op(struct fc_unpack *in, struct fc_op *out)
{
    *out = (struct fc_op){0};
    fc_unpack_array(in, OP_FIELDS, OP_FIELDS);
    uint64_t kind = fc_unpack_uint(in, FC_OP_DELETE);
    out->kind = (enum fc_op_kind)kind;
    out->key = fc_unpack_str(in, FC_KEY_BYTES_MAX);
    out->media_type = fc_unpack_str(in, FC_MEDIA_TYPE_BYTES_MAX);
    out->size = fc_unpack_uint(in, FC_CONTENT_BYTES_MAX);
    out->status = (enum fc_status)fc_unpack_uint(in, FC_STATUS_REVOKED);
    out->commitment = fc_message_get_hash(in);
    out->key_hash = fc_key_hash(out->key);
    if (kind == 0 || out->key.len == 0) {
        fc_unpack_fail(in, FC_E_FORMAT);
    }
}

void fc_message_put_contents(struct fc_buf *out, const struct fc_content *contents, uint32_t count)
{
    fc_pack_array(out, count);
    for (uint32_t i = 0; i < count; i++) {
        fc_pack_array(out, CONTENT_FIELDS);
        fc_message_put_hash(out, &contents[i].key_hash);
        fc_pack_bin(out, fc_span(contents[i].salt, FC_SALT_BYTES));
        fc_pack_uint(out, contents[i].compressed);
        fc_pack_bin(out, contents[i].bytes);
    }
}

enum fc_err fc_message_get_contents(struct fc_unpack *in, struct fc_content **contents,
                                    uint32_t *count)
{
    /* The header's count was held against the bytes that are left, so it bounds the memory. */
    *count = fc_unpack_array(in, 0, FC_OPS_MAX);
    *contents = calloc(*count ? *count : 1, sizeof **contents);
    if (!*contents) {
        return FC_E_NOMEM;
    }
    for (uint32_t i = 0; i < *count && in->err == FC_OK; i++) {
        struct fc_content *content = &(*contents)[i];
        fc_unpack_array(in, CONTENT_FIELDS, CONTENT_FIELDS);
        content->key_hash = fc_message_get_hash(in);
        fc_unpack_fixed(in, content->salt, FC_SALT_BYTES);
        content->compressed = fc_unpack_uint(in, 1) == 1;
        content->bytes = fc_unpack_bin(in, FC_CONTENT_BYTES_MAX + 64);
    }
    return FC_OK;
}

void fc_message_put_peer(struct fc_buf *out, const struct fc_message_peer *in)
{
    const struct fc_peer_info *info = &in->info;
    fc_pack_array(out, PEER_FIELDS);
    put_key(out, &info->key);
    fc_message_put_hash(out, &info->participant);
    fc_pack_uint(out, (uint64_t)info->state);
    fc_pack_uint(out, info->inbound);
    fc_pack_uint(out, info->in_sync);
    fc_pack_uint(out, info->behind);
    fc_pack_uint(out, info->synced_ms);
    fc_pack_uint(out, info->round_trip_us);
    fc_pack_uint(out, info->bytes_in);
    fc_pack_uint(out, info->bytes_out);
    fc_pack_uint(out, info->messages_in);
    fc_pack_uint(out, info->messages_out);
    fc_pack_str(out, in->name);
    fc_pack_str(out, in->endpoint);
}

void fc_message_get_peer(struct fc_unpack *in, struct fc_message_peer *out)
{
    struct fc_peer_info *info = &out->info;
    *out = (struct fc_message_peer){0};
    fc_unpack_array(in, PEER_FIELDS, PEER_FIELDS);
    fc_unpack_fixed(in, info->key.b, sizeof info->key.b);
    info->participant = fc_message_get_hash(in);
    info->state = (enum fc_peer_state)fc_unpack_uint(in, FC_PEER_OPEN);
    info->inbound = fc_unpack_uint(in, 1) == 1;
    info->in_sync = fc_unpack_uint(in, 1) == 1;
    info->behind = fc_unpack_uint(in, UINT64_MAX);
    info->synced_ms = fc_unpack_uint(in, UINT64_MAX);
    info->round_trip_us = fc_unpack_uint(in, UINT64_MAX);
    info->bytes_in = fc_unpack_uint(in, UINT64_MAX);
    info->bytes_out = fc_unpack_uint(in, UINT64_MAX);
    info->messages_in = fc_unpack_uint(in, UINT64_MAX);
    info->messages_out = fc_unpack_uint(in, UINT64_MAX);
    out->name = fc_unpack_str(in, FC_TEXT_BYTES_MAX);
    out->endpoint = fc_unpack_str(in, FC_TEXT_BYTES_MAX);
}

/* The status is mostly numbers, in one order for writer and reader. */
static void status_numbers(struct fc_message_status *status, uint64_t *numbers[STATUS_NUMBERS])
{
    uint64_t *list[STATUS_NUMBERS] = {
        &status->started_ms,
        &status->now_ms,
        &status->digest.feeds,
        &status->digest.entries,
        &status->digest.bytes,
        &status->participants,
        &status->contested,
        &status->missing,
        &status->records,
        &status->newest_ms,
        &status->core.synced_ms,
        &status->core.contents_wanted,
        &status->core.deltas_in,
        &status->core.deltas_duplicate,
        &status->core.deltas_refused,
        &status->links,
        &status->handshakes,
        &status->refused,
        &status->bytes_in,
        &status->bytes_out,
        &status->used_bytes,
        &status->map_bytes,
        &status->epoch,
        &status->arrivals,
        &status->core.audit.count,
        &status->core.audit.found,
        &status->core.audit.fetched,
        &status->core.audit.last_ms,
        &status->core.witnessed,
        &status->core.witnessed_ms,
    };
    memcpy(numbers, list, sizeof list);
}

static void put_witness(struct fc_buf *out, const struct fc_message_witness *in)
{
    fc_pack_array(out, WITNESS_FIELDS);
    put_key(out, &in->about.node_key);
    fc_pack_uint(out, (uint64_t)in->about.view);
    fc_pack_uint(out, in->about.since_ms);
    fc_pack_uint(out, in->about.time_ms);
    fc_pack_uint(out, in->about.as_of_ms);
    fc_pack_uint(out, in->about.feeds);
    fc_pack_uint(out, in->about.own_feeds);
    fc_pack_str(out, in->name);
}

static void get_witness(struct fc_unpack *in, struct fc_message_witness *out)
{
    fc_unpack_array(in, WITNESS_FIELDS, WITNESS_FIELDS);
    fc_unpack_fixed(in, out->about.node_key.b, sizeof out->about.node_key.b);
    out->about.view = (enum fc_witness_view)fc_unpack_uint(in, FC_WITNESS_WITHHELD);
    out->about.since_ms = fc_unpack_uint(in, UINT64_MAX);
    out->about.time_ms = fc_unpack_uint(in, UINT64_MAX);
    out->about.as_of_ms = fc_unpack_uint(in, UINT64_MAX);
    out->about.feeds = fc_unpack_uint(in, UINT64_MAX);
    out->about.own_feeds = fc_unpack_uint(in, UINT64_MAX);
    out->name = fc_unpack_str(in, FC_TEXT_BYTES_MAX);
}

void fc_message_put_status(struct fc_buf *out, const struct fc_message_status *in)
{
    struct fc_message_status copy = *in;
    uint64_t *numbers[STATUS_NUMBERS];
    fc_pack_array(out, STATUS_FIELDS);
    fc_pack_str(out, in->version);
    fc_message_put_hash(out, &in->federation);
    fc_message_put_hash(out, &in->charter);
    fc_pack_uint(out, in->charter_version);
    fc_pack_str(out, in->charter_name);
    fc_pack_uint(out, in->disputed);
    put_key(out, &in->node_key);
    fc_message_put_hash(out, &in->operator_id);
    fc_pack_uint(out, in->running);
    fc_message_put_hash(out, &in->digest.hash);
    fc_pack_uint(out, in->core.open);
    fc_pack_uint(out, in->core.dialling);
    fc_pack_uint(out, in->core.in_sync_with);
    fc_pack_uint(out, in->core.loading);
    status_numbers(&copy, numbers);
    for (size_t i = 0; i < STATUS_NUMBERS; i++) {
        fc_pack_uint(out, *numbers[i]);
    }
    put_key(out, &in->core.audit.peer);
    fc_pack_uint(out, in->core.audit.lacking);
    fc_pack_uint(out, in->core.audit.ahead);
    fc_pack_str(out, in->audit_name);
    fc_pack_array(out, in->witness_count);
    for (uint32_t i = 0; i < in->witness_count; i++) {
        put_witness(out, &in->witnesses[i]);
    }
}

void fc_message_get_status(struct fc_unpack *in, struct fc_message_status *out)
{
    uint64_t *numbers[STATUS_NUMBERS];
    *out = (struct fc_message_status){0};
    fc_unpack_array(in, STATUS_FIELDS, STATUS_FIELDS);
    out->version = fc_unpack_str(in, FC_TEXT_BYTES_MAX);
    out->federation = fc_message_get_hash(in);
    out->charter = fc_message_get_hash(in);
    out->charter_version = fc_unpack_uint(in, UINT64_MAX);
    out->charter_name = fc_unpack_str(in, FC_TEXT_BYTES_MAX);
    out->disputed = fc_unpack_uint(in, 1) == 1;
    fc_unpack_fixed(in, out->node_key.b, sizeof out->node_key.b);
    out->operator_id = fc_message_get_hash(in);
    out->running = fc_unpack_uint(in, 1) == 1;
    out->digest.hash = fc_message_get_hash(in);
    out->core.open = (uint32_t)fc_unpack_uint(in, UINT32_MAX);
    out->core.dialling = (uint32_t)fc_unpack_uint(in, UINT32_MAX);
    out->core.in_sync_with = (uint32_t)fc_unpack_uint(in, UINT32_MAX);
    out->core.loading = (uint32_t)fc_unpack_uint(in, UINT32_MAX);
    status_numbers(out, numbers);
    for (size_t i = 0; i < STATUS_NUMBERS; i++) {
        *numbers[i] = fc_unpack_uint(in, UINT64_MAX);
    }
    fc_unpack_fixed(in, out->core.audit.peer.b, sizeof out->core.audit.peer.b);
    out->core.audit.lacking = (uint32_t)fc_unpack_uint(in, UINT32_MAX);
    out->core.audit.ahead = (uint32_t)fc_unpack_uint(in, UINT32_MAX);
    out->audit_name = fc_unpack_str(in, FC_TEXT_BYTES_MAX);
    out->witness_count = fc_unpack_array(in, 0, FC_MESSAGE_WITNESSES_MAX);
    for (uint32_t i = 0; i < out->witness_count; i++) {
        get_witness(in, &out->witnesses[i]);
    }
}
